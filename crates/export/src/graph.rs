//! What a net computes, as plain numbers.

use std::ops::Range;

use serde::Serialize;

/// Channels, height and width; dense values are channels of 1x1.
pub type Map = [usize; 3];

/// A net from one input to its outputs. All values of a sample are in one row, `[batch, values]`, unless a signal's shape says otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct Graph {
    /// What it is called in the file.
    pub name: String,
    /// What comes in.
    pub input: Signal,
    /// The layers that all outputs have in common, in order.
    pub layers: Vec<Layer>,
    /// What goes out.
    pub outputs: Vec<Output>,
    /// Whether there is an output `class` beside the first: the place of its largest value, the first of equal ones.
    pub tells_class: bool,
    /// How unusual a sample is, for a net that gives back what comes in.
    pub score: Option<Score>,
}

/// Values that enter or leave a graph.
#[derive(Clone, Debug, Serialize)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// Sizes of one sample, without the batch.
    pub shape: Vec<usize>,
    /// What the numbers mean.
    pub values: Values,
    /// The net's value i is value `order[i]` outside; empty where the order is the same.
    pub order: Vec<usize>,
    /// Whether NaN stands for a missing value, of which the net sees 0.
    pub has_holes: bool,
}

/// What the numbers of a signal mean.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// What the net itself works on, in single precision.
    Plain,
    /// Numbers of columns in their own units, in double precision.
    Columns(Columns),
    /// Pixels as they stand in a file, in single precision.
    Pixels(Pixels),
}

/// How each value of a row is scaled: the net sees `(x - shift) / scale`, or where there are knots the part of them that lies below x.
#[derive(Clone, Debug, Serialize)]
pub struct Columns {
    /// One a value.
    pub shift: Vec<f64>,
    /// One a value, above 0.
    pub scale: Vec<f64>,
    /// Ascending quantiles, evenly apart, at least two; none where a value is shifted and scaled. All that are there are equally many.
    pub knots: Vec<Vec<f64>>,
}

/// How pixels become what the net sees: those of `low` its `net_low`, those of `high` its 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pixels {
    /// The pixel value that is black.
    pub low: f64,
    /// The pixel value that is white.
    pub high: f64,
    /// Steps between them to which pixels were rounded before training; none where pixels are whole numbers anyway.
    pub steps: Option<u8>,
    /// What the net sees of black: 0 or -1.
    pub net_low: f64,
}

/// What goes out.
#[derive(Clone, Debug, Serialize)]
pub struct Output {
    /// Its name, shape and meaning.
    pub signal: Signal,
    /// A layer of its own behind the common ones.
    pub head: Option<Layer>,
}

/// How unusual samples are: the outputs `contributions` (what each value adds), `score` (their sum) and `flag` (score > limit).
#[derive(Clone, Debug, Serialize)]
pub struct Score {
    /// What is measured between what comes in and what goes out.
    pub measure: Measure,
    /// The score above which a sample is flagged.
    pub limit: f64,
}

/// What a score measures of each value; x is what the net sees, y what it gives.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// ((y - x) / span)².
    SquaredError {
        /// The range of the values: 1, or 2 where they go from -1.
        span: f64,
    },
    /// The loss that the net was trained with.
    Loss(Loss),
}

/// A loss, value by value; z is what the last layer gives before its activation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// max(z, 0) - z x + ln(1 + e^-|z|).
    Bce,
    /// ½(y - x)².
    Mse,
    /// |y - x|.
    Mae,
    /// ln cosh(y - x).
    LogCosh,
    /// σ²(1 - exp(-(y - x)² / 2σ²)).
    Correntropy {
        /// σ.
        width: f64,
    },
}

/// A layer and the activation behind it.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// The place in the net: weights are called `{name}.weight` and so on.
    pub name: String,
    /// Shape of what comes in.
    pub input: Map,
    /// Shape of what goes out.
    pub output: Map,
    /// What it does.
    pub kind: Kind,
    /// What follows, element by element.
    pub activation: Activation,
}

/// What a layer does.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// W x + b.
    Dense {
        /// `[outputs, inputs]`
        weight: Tensor,
        /// `[outputs]`
        bias: Tensor,
    },
    /// A convolution (cross-correlation, as in every framework).
    Conv {
        /// `[outputs, inputs, height, width]`
        weight: Tensor,
        /// `[outputs]`
        bias: Tensor,
        /// In both directions.
        stride: usize,
        /// Zeros before and after, of height and of width.
        padding: [(usize, usize); 2],
    },
    /// A transposed convolution of stride 2.
    Transposed {
        /// `[inputs, outputs, kernel, kernel]`
        weight: Tensor,
        /// `[outputs]`
        bias: Tensor,
        /// Rows and columns taken off on each side.
        padding: usize,
        /// Rows below and columns on the right that are added to the result.
        missing: [usize; 2],
    },
    /// The maximum of each window; places beyond the edges never are.
    MaxPool {
        /// Height and width of a window.
        kernel: [usize; 2],
        /// In both directions.
        stride: usize,
        /// Places before and after, of height and of width.
        padding: [(usize, usize); 2],
    },
    /// Each value twice in both directions, cut off where that is one more than the layer's output has.
    Upsample,
    /// weight (x - mean) / √(variance + ε) + bias, channel by channel.
    BatchNorm {
        /// `[channels]`
        weight: Tensor,
        /// `[channels]`
        bias: Tensor,
        /// `[channels]`, stored as `running_mean`
        mean: Tensor,
        /// `[channels]`, stored as `running_var`
        variance: Tensor,
        /// ε.
        epsilon: f64,
    },
    /// Looks up a row of the table for each id; `[dimension, 1, ids]` goes out. Ids beyond the table take its ends.
    Embedding {
        /// `[vocabulary, dimension]`
        weight: Tensor,
    },
    /// Layers whose input also goes around them.
    Skip {
        /// The layers.
        layers: Vec<Layer>,
        /// How both ways come together.
        join: Join,
    },
    /// Nothing, before an activation.
    Identity,
    /// The softmax over these values each; `numbers` is the activation of all others. What a net with such an end gives out.
    Softmax {
        /// Ascending, none within another.
        parts: Vec<Range<usize>>,
        /// The activation of the others.
        numbers: Activation,
    },
}

/// How the two ways of a skip come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// The input, then the output beside it.
    Concat,
    /// Their sum.
    Add,
}

/// An element-wise activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// a.
    Linear,
    /// max(0, a).
    Relu,
    /// a where a > 0, else 0.01 a.
    LeakyRelu,
    /// a where a > 0, else eᵃ - 1.
    Elu,
    /// ½ a (1 + erf(a / √2)).
    Gelu,
    /// a / (1 + e⁻ᵃ).
    Silu,
    /// tanh a.
    Tanh,
    /// 1 / (1 + e⁻ᵃ).
    Sigmoid,
}

/// Numbers of a shape, row-major.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tensor {
    /// Its sizes.
    pub shape: Vec<usize>,
    /// As many as the sizes make.
    pub values: Vec<f32>,
}

impl Tensor {
    /// Numbers of a shape.
    pub fn new(shape: impl Into<Vec<usize>>, values: Vec<f32>) -> Self {
        Self {
            shape: shape.into(),
            values,
        }
    }
}

impl Signal {
    /// Values as the net itself works on them.
    pub fn plain(name: &str, shape: impl Into<Vec<usize>>) -> Self {
        Self {
            name: name.to_owned(),
            shape: shape.into(),
            values: Values::Plain,
            order: Vec::new(),
            has_holes: false,
        }
    }

    /// Values of a sample.
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether numbers are in double precision.
    pub fn is_double(&self) -> bool {
        matches!(self.values, Values::Columns(_))
    }

    /// The type of the numbers, as NumPy calls it.
    pub fn kind(&self) -> &'static str {
        match self.is_double() {
            true => "float64",
            false => "float32",
        }
    }
}

impl Columns {
    /// The values that have knots.
    pub fn quantiles(&self) -> Vec<usize> {
        let places = self.knots.iter().enumerate();
        places
            .filter_map(|(place, knots)| (!knots.is_empty()).then_some(place))
            .collect()
    }
}

impl Graph {
    /// Every layer, those inside of others and the heads among them.
    pub fn all_layers(&self) -> Vec<&Layer> {
        let mut all = Vec::new();
        let heads = self
            .outputs
            .iter()
            .filter_map(|output| output.head.as_ref());
        self.layers
            .iter()
            .chain(heads)
            .for_each(|layer| layer.collect(&mut all));
        all
    }

    /// Every output with its name, the type of its numbers as NumPy calls it, and the sizes of one sample.
    pub fn ports(&self) -> Vec<(String, &'static str, Vec<usize>)> {
        let mut ports: Vec<_> = self
            .outputs
            .iter()
            .map(|output| {
                let signal = &output.signal;
                (signal.name.clone(), signal.kind(), signal.shape.clone())
            })
            .collect();
        if self.tells_class {
            ports.push(("class".to_owned(), "int64", Vec::new()));
        }
        if self.score.is_some() {
            let shape = self.input.shape.clone();
            ports.push(("contributions".to_owned(), "float32", shape));
            ports.push(("score".to_owned(), "float64", Vec::new()));
            ports.push(("flag".to_owned(), "bool", Vec::new()));
        }
        ports
    }

    /// Numbers in all layers.
    pub fn parameters(&self) -> usize {
        let tensors = self.all_layers().into_iter().flat_map(Layer::tensors);
        tensors.map(|(_, tensor)| tensor.values.len()).sum()
    }
}

impl Layer {
    fn collect<'a>(&'a self, all: &mut Vec<&'a Self>) {
        all.push(self);
        if let Kind::Skip { layers, .. } = &self.kind {
            layers.iter().for_each(|layer| layer.collect(all));
        }
    }

    /// Moves the weights out, those of layers inside too, in the order in which [`all_layers`](Graph::all_layers) and
    /// [`tensors`](Self::tensors) name them; what is left has sizes without numbers.
    pub fn take_weights(&mut self, into: &mut Vec<f32>) {
        let mut take = |tensors: &mut [&mut Tensor]| {
            for tensor in tensors {
                into.append(&mut tensor.values);
            }
        };
        match &mut self.kind {
            Kind::Dense { weight, bias }
            | Kind::Conv { weight, bias, .. }
            | Kind::Transposed { weight, bias, .. } => take(&mut [weight, bias]),
            Kind::BatchNorm {
                weight,
                bias,
                mean,
                variance,
                ..
            } => take(&mut [weight, bias, mean, variance]),
            Kind::Embedding { weight } => take(&mut [weight]),
            Kind::Skip { layers, .. } => {
                layers.iter_mut().for_each(|layer| layer.take_weights(into));
            }
            Kind::MaxPool { .. } | Kind::Upsample | Kind::Identity | Kind::Softmax { .. } => {}
        }
    }

    /// The weights with the last part of their names; those of layers inside are theirs.
    pub fn tensors(&self) -> Vec<(&'static str, &Tensor)> {
        match &self.kind {
            Kind::Dense { weight, bias }
            | Kind::Conv { weight, bias, .. }
            | Kind::Transposed { weight, bias, .. } => vec![("weight", weight), ("bias", bias)],
            Kind::BatchNorm {
                weight,
                bias,
                mean,
                variance,
                ..
            } => vec![
                ("weight", weight),
                ("bias", bias),
                ("running_mean", mean),
                ("running_var", variance),
            ],
            Kind::Embedding { weight } => vec![("weight", weight)],
            Kind::MaxPool { .. }
            | Kind::Upsample
            | Kind::Skip { .. }
            | Kind::Identity
            | Kind::Softmax { .. } => Vec::new(),
        }
    }
}

/// The runs of a row of `width` values, in order: whether each is a part that a softmax is taken of, or numbers.
pub(crate) fn runs(parts: &[Range<usize>], width: usize) -> Vec<(Range<usize>, bool)> {
    let mut runs = Vec::new();
    let mut start = 0;
    for part in parts {
        runs.push((start..part.start, false));
        runs.push((part.clone(), true));
        start = part.end;
    }
    runs.push((start..width, false));
    runs.retain(|(range, _)| !range.is_empty());
    runs
}
