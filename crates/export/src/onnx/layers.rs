//! Layers and activations as nodes.

use std::ops::Range;

use super::builder::{Builder, Flow, Form};
use crate::graph::runs;
use crate::proto::{AttributeProto, INT64};
use crate::{Activation, Join, Kind, Layer};

/// What became of values on their way through layers.
pub struct Through {
    /// Behind the last layer.
    pub end: Flow,
    /// Before the activation of the last layer.
    pub logits: Flow,
}

impl Builder {
    /// Values through layers, one after the other.
    pub fn through(&mut self, layers: &[Layer], start: Flow) -> Through {
        let mut through = Through {
            end: start.clone(),
            logits: start,
        };
        for layer in layers {
            through.logits = self.before_activation(layer, &through.end);
            through.end = self.activated(layer.activation, through.logits.clone());
        }
        through
    }

    /// Values through one layer and its activation.
    pub fn layer(&mut self, layer: &Layer, flow: Flow) -> Flow {
        let logits = self.before_activation(layer, &flow);
        self.activated(layer.activation, logits)
    }

    fn before_activation(&mut self, layer: &Layer, flow: &Flow) -> Flow {
        let weights: Vec<String> = layer
            .tensors()
            .into_iter()
            .map(|(part, tensor)| self.weights(format!("{}.{part}", layer.name), tensor))
            .collect();
        let weights: Vec<&str> = weights.iter().map(String::as_str).collect();
        let width: usize = layer.output.iter().product();
        let (value, is_rows) = match &layer.kind {
            Kind::Dense { .. } => {
                let x = self.rows(flow);
                let transposed = AttributeProto::int("transB", 1);
                let inputs = [&[x.as_str()], &weights[..]].concat();
                (self.node("Gemm", &inputs, vec![transposed]), true)
            }
            Kind::Conv {
                stride, padding, ..
            } => {
                let x = self.maps(flow, layer.input);
                let inputs = [&[x.as_str()], &weights[..]].concat();
                let attributes = vec![strides(*stride), pads(*padding)];
                (self.node("Conv", &inputs, attributes), false)
            }
            Kind::Transposed {
                padding, missing, ..
            } => {
                let x = self.maps(flow, layer.input);
                let inputs = [&[x.as_str()], &weights[..]].concat();
                let attributes = vec![
                    strides(2),
                    pads([(*padding, *padding); 2]),
                    AttributeProto::ints("output_padding", *missing),
                ];
                (self.node("ConvTranspose", &inputs, attributes), false)
            }
            Kind::MaxPool {
                kernel,
                stride,
                padding,
            } => {
                let x = self.maps(flow, layer.input);
                let kernel = AttributeProto::ints("kernel_shape", *kernel);
                let attributes = vec![kernel, strides(*stride), pads(*padding)];
                (self.node("MaxPool", &[&x], attributes), false)
            }
            Kind::Upsample => (self.upsampled(layer, flow), false),
            Kind::BatchNorm { epsilon, .. } => {
                // Dense values are channels themselves.
                let is_dense = layer.input[1] * layer.input[2] == 1;
                let x = match is_dense {
                    true => self.rows(flow),
                    false => self.maps(flow, layer.input),
                };
                let inputs = [&[x.as_str()], &weights[..]].concat();
                let epsilon = AttributeProto::float("epsilon", *epsilon);
                let y = self.node("BatchNormalization", &inputs, vec![epsilon]);
                (y, is_dense)
            }
            Kind::Embedding { weight } => {
                (self.looked_up(flow, weights[0], weight.shape[0]), false)
            }
            Kind::Skip { layers, join } => {
                let y = self.through(layers, flow.clone()).end;
                let (x, y) = (self.rows(flow), self.rows(&y));
                let joined = match join {
                    Join::Add => self.plain("Add", &[&x, &y]),
                    Join::Concat => self.side_by_side(&[&x, &y]),
                };
                (joined, true)
            }
            Kind::Identity => return flow.clone(),
            Kind::Softmax { parts, numbers } => {
                let x = self.rows(flow);
                (self.softmax_of_parts(&x, parts, *numbers, width), true)
            }
        };
        let form = match is_rows {
            true => Form::Rows(width),
            false => Form::Maps(layer.output),
        };
        Flow { value, form }
    }

    fn upsampled(&mut self, layer: &Layer, flow: &Flow) -> String {
        let x = self.maps(flow, layer.input);
        let scales = self.floats(&[1.0, 1.0, 2.0, 2.0]);
        let attributes = vec![
            AttributeProto::word("mode", "nearest"),
            AttributeProto::word("coordinate_transformation_mode", "asymmetric"),
            AttributeProto::word("nearest_mode", "floor"),
        ];
        let y = self.node("Resize", &[&x, "", &scales], attributes);
        let [_, height, width] = layer.output;
        if [height, width] == [2 * layer.input[1], 2 * layer.input[2]] {
            return y;
        }
        let start = self.ints(&[0, 0]);
        let end = self.ints(&[height as i64, width as i64]);
        let axes = self.ints(&[2, 3]);
        self.plain("Slice", &[&y, &start, &end, &axes])
    }

    /// The rows of a table, as maps of one row: `[batch, dimension, 1, ids]`.
    fn looked_up(&mut self, flow: &Flow, table: &str, vocabulary: usize) -> String {
        let ids = self.rows(flow);
        // Clipped before it is a whole number: what a float beyond them becomes depends on the runtime.
        let (first, last) = (self.float(0.0), self.float(vocabulary as f64 - 1.0));
        let ids = self.plain("Clip", &[&ids, &first, &last]);
        let ids = self.cast(&ids, INT64);
        let vectors = self.plain("Gather", &[table, &ids]); // [batch, ids, dimension]
        let order = AttributeProto::ints("perm", [0, 2, 1]);
        let vectors = self.node("Transpose", &[&vectors], vec![order]);
        let axis = self.ints(&[2]);
        self.plain("Unsqueeze", &[&vectors, &axis])
    }

    /// Rows that stand side by side.
    pub fn side_by_side(&mut self, rows: &[&str]) -> String {
        match rows {
            [alone] => (*alone).to_owned(),
            _ => self.node("Concat", rows, vec![AttributeProto::int("axis", 1)]),
        }
    }

    fn softmax_of_parts(
        &mut self,
        x: &str,
        parts: &[Range<usize>],
        numbers: Activation,
        width: usize,
    ) -> String {
        let runs = runs(parts, width);
        let mut done = Vec::new();
        for (range, is_part) in &runs {
            let value = match runs.len() {
                1 => x.to_owned(),
                _ => self.columns(x, range),
            };
            done.push(match is_part {
                true => self.node("Softmax", &[&value], vec![AttributeProto::int("axis", 1)]),
                false => self.activation(numbers, &value),
            });
        }
        let done: Vec<&str> = done.iter().map(String::as_str).collect();
        self.side_by_side(&done)
    }

    fn activated(&mut self, activation: Activation, flow: Flow) -> Flow {
        Flow {
            value: self.activation(activation, &flow.value),
            form: flow.form,
        }
    }

    fn activation(&mut self, activation: Activation, x: &str) -> String {
        match activation {
            Activation::Linear => x.to_owned(),
            Activation::Relu => self.plain("Relu", &[x]),
            Activation::LeakyRelu => self.node(
                "LeakyRelu",
                &[x],
                vec![AttributeProto::float("alpha", 0.01)],
            ),
            Activation::Elu => self.node("Elu", &[x], vec![AttributeProto::float("alpha", 1.0)]),
            Activation::Gelu => {
                let root = self.float(std::f64::consts::FRAC_1_SQRT_2);
                let scaled = self.plain("Mul", &[x, &root]);
                let erf = self.plain("Erf", &[&scaled]);
                let (one, half) = (self.float(1.0), self.float(0.5));
                let sum = self.plain("Add", &[&erf, &one]);
                let part = self.plain("Mul", &[&sum, &half]);
                self.plain("Mul", &[x, &part])
            }
            Activation::Silu => {
                let part = self.plain("Sigmoid", &[x]);
                self.plain("Mul", &[x, &part])
            }
            Activation::Tanh => self.plain("Tanh", &[x]),
            Activation::Sigmoid => self.plain("Sigmoid", &[x]),
        }
    }
}

fn strides(stride: usize) -> AttributeProto {
    AttributeProto::ints("strides", [stride; 2])
}

/// All that stands before, then all that stands after.
fn pads([(top, bottom), (left, right)]: [(usize, usize); 2]) -> AttributeProto {
    AttributeProto::ints("pads", [top, left, bottom, right])
}
