//! The lines of `forward`.

use super::modules::{is_dense, is_even, reached};
use super::{needs_logits, number, values};
use crate::graph::runs;
use crate::{Activation, Graph, Join, Kind, Layer, Loss, Map, Measure, Score};

/// Lines under construction; the values on their way are called `x`.
#[derive(Default)]
pub struct Forward {
    pub lines: Vec<String>,
    /// Skips that were begun.
    skips: usize,
    /// How the values lie: as maps, or as rows.
    maps: Option<Map>,
    /// Whether what stands before the last activation is kept as `logits`.
    keeps_logits: bool,
}

impl Forward {
    /// All of it.
    pub fn graph(&mut self, graph: &Graph) {
        self.lines.extend(values::entered(&graph.input));
        self.keeps_logits = graph
            .score
            .as_ref()
            .is_some_and(|score| needs_logits(&score.measure));
        if graph.score.is_some() {
            self.line("target = x");
        }
        let last = graph.layers.len();
        for (place, layer) in (1..).zip(&graph.layers) {
            self.layer(layer, place == last);
        }
        self.lay_in_rows();
        let has_heads = graph.outputs.iter().any(|output| output.head.is_some());
        if has_heads {
            self.line("hidden = x");
        }
        for output in &graph.outputs {
            if let Some(head) = &output.head {
                self.line("x = hidden");
                self.maps = None;
                self.layer(head, false);
                self.lay_in_rows();
            }
            if graph.tells_class {
                self.line("outputs[\"class\"] = x.argmax(dim=1)");
            }
            if graph.score.is_some() {
                self.line("result = x");
            }
            self.lines.extend(values::left(&output.signal));
            self.line(&format!("outputs[\"{}\"] = x", output.signal.name));
        }
        if let Some(score) = &graph.score {
            self.score(score, graph);
        }
    }

    fn line(&mut self, text: &str) {
        self.lines.push(text.to_owned());
    }

    fn lay_in_rows(&mut self) {
        if self.maps.take().is_some() {
            self.line("x = x.flatten(1)");
        }
    }

    fn lay_in_maps(&mut self, map: Map) {
        if self.maps != Some(map) {
            let [channels, height, width] = map;
            self.line(&format!("x = x.reshape(-1, {channels}, {height}, {width})"));
        }
        self.maps = Some(map);
    }

    fn layer(&mut self, layer: &Layer, is_last: bool) {
        let module = reached(layer);
        match &layer.kind {
            Kind::Dense { .. } => {
                self.lay_in_rows();
                self.line(&format!("x = {module}(x)"));
            }
            Kind::Conv { padding, .. } => {
                self.lay_in_maps(layer.input);
                if !is_even(*padding) {
                    self.pad(*padding, "");
                }
                self.line(&format!("x = {module}(x)"));
                self.maps = Some(layer.output);
            }
            Kind::Transposed { .. } => {
                self.lay_in_maps(layer.input);
                self.line(&format!("x = {module}(x)"));
                self.maps = Some(layer.output);
            }
            Kind::MaxPool {
                kernel,
                stride,
                padding,
            } => {
                self.lay_in_maps(layer.input);
                if *padding != [(0, 0); 2] {
                    self.pad(*padding, ", value=float(\"-inf\")");
                }
                let [height, width] = kernel;
                self.line(&format!(
                    "x = F.max_pool2d(x, ({height}, {width}), stride={stride})"
                ));
                self.maps = Some(layer.output);
            }
            Kind::Upsample => {
                self.lay_in_maps(layer.input);
                let [_, height, width] = layer.output;
                self.line(&format!(
                    "x = F.interpolate(x, scale_factor=2, mode=\"nearest\")[:, :, :{height}, :{width}]"
                ));
                self.maps = Some(layer.output);
            }
            Kind::BatchNorm { .. } => {
                match is_dense(layer) {
                    true => self.lay_in_rows(),
                    false => self.lay_in_maps(layer.input),
                }
                self.line(&format!("x = {module}(x)"));
            }
            Kind::Embedding { weight } => {
                self.lay_in_rows();
                let last = weight.shape[0] - 1;
                self.line(&format!(
                    "x = {module}(x.clamp(0, {last}).long()).transpose(1, 2).unsqueeze(2)"
                ));
                self.maps = Some(layer.output);
            }
            Kind::Skip { layers, join } => self.skip(layers, *join),
            Kind::Identity => {}
            Kind::Softmax { parts, numbers } => {
                self.lay_in_rows();
                let width = layer.output.iter().product();
                self.softmax(parts, *numbers, width);
            }
        }
        if is_last && self.keeps_logits {
            let rows = if self.maps.is_some() {
                ".flatten(1)"
            } else {
                ""
            };
            self.line(&format!("logits = x{rows}"));
        }
        if layer.activation != Activation::Linear {
            let value = activated(layer.activation, "x");
            self.line(&format!("x = {value}"));
        }
    }

    fn pad(&mut self, [(top, bottom), (left, right)]: [(usize, usize); 2], value: &str) {
        self.line(&format!(
            "x = F.pad(x, ({left}, {right}, {top}, {bottom}){value})"
        ));
    }

    fn skip(&mut self, layers: &[Layer], join: Join) {
        self.skips += 1;
        let around = format!("around{}", self.skips);
        self.lay_in_rows();
        self.line(&format!("{around} = x"));
        let keeps = std::mem::take(&mut self.keeps_logits);
        layers.iter().for_each(|layer| self.layer(layer, false));
        self.keeps_logits = keeps;
        self.lay_in_rows();
        self.line(&match join {
            Join::Add => format!("x = {around} + x"),
            Join::Concat => format!("x = torch.cat([{around}, x], dim=1)"),
        });
    }

    fn softmax(&mut self, parts: &[std::ops::Range<usize>], numbers: Activation, width: usize) {
        let runs = runs(parts, width);
        let mut done = Vec::new();
        for (range, is_part) in &runs {
            let columns = match runs.len() {
                1 => "x".to_owned(),
                _ => format!("x[:, {}:{}]", range.start, range.end),
            };
            done.push(match is_part {
                true => format!("{columns}.softmax(dim=1)"),
                false => activated(numbers, &columns),
            });
        }
        self.line(&format!("x = torch.cat([{}], dim=1)", done.join(", ")));
    }

    fn score(&mut self, score: &Score, graph: &Graph) {
        let parts = match &score.measure {
            Measure::SquaredError { span } => {
                format!("((result - target) / {}) ** 2", number(*span))
            }
            Measure::Loss(Loss::Bce) => {
                "logits.clamp(min=0) - logits * target + F.softplus(-logits.abs())".to_owned()
            }
            Measure::Loss(Loss::Mse) => "0.5 * (result - target) ** 2".to_owned(),
            Measure::Loss(Loss::Mae) => "(result - target).abs()".to_owned(),
            Measure::Loss(Loss::LogCosh) => {
                let size = "(result - target).abs()";
                let log = number(std::f64::consts::LN_2);
                format!("{size} + F.softplus(-2 * {size}) - {log}")
            }
            Measure::Loss(Loss::Correntropy { width }) => {
                let square = number(width * width);
                format!(
                    "{square} * (1 - torch.exp((result - target) ** 2 * {}))",
                    number(-0.5 / (width * width))
                )
            }
        };
        self.line(&format!("parts = {parts}"));
        if graph.input.has_holes {
            self.line("parts = torch.where(missing, torch.zeros_like(parts), parts)");
        }
        self.line("outputs[\"score\"] = parts.double().sum(dim=1)");
        let limit = number(score.limit);
        self.line(&format!("outputs[\"flag\"] = outputs[\"score\"] > {limit}"));
        self.line("x = parts");
        self.lines.extend(values::in_outer_order(&graph.input));
        self.lines.extend(values::shaped(&graph.input));
        self.line("outputs[\"contributions\"] = x");
    }
}

fn activated(activation: Activation, x: &str) -> String {
    match activation {
        Activation::Linear => x.to_owned(),
        Activation::Relu => format!("F.relu({x})"),
        Activation::LeakyRelu => format!("F.leaky_relu({x}, 0.01)"),
        Activation::Elu => format!("F.elu({x})"),
        Activation::Gelu => format!("F.gelu({x})"),
        Activation::Silu => format!("F.silu({x})"),
        Activation::Tanh => format!("torch.tanh({x})"),
        Activation::Sigmoid => format!("torch.sigmoid({x})"),
    }
}
