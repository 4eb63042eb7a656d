//! One layer: a value says what it is, and every kind takes rows and gives rows.

use burn::module::{Module, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig, Linear};
use burn::tensor::{Device, Tensor};
use espejo_kernels::Activation as Fused;
use rand::Rng;

use crate::conv::{Conv, Map, Transposed, halved};
use crate::resample::{Pool, Upsample};
use crate::{Activation, Initializer};

/// What a layer is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerConfig {
    /// Fully connected.
    Linear {
        /// Values that come in.
        inputs: usize,
        /// Values that go out.
        outputs: usize,
    },
    /// A convolution; the kernel is odd, a stride of 2 halves the size, rounded up.
    Conv {
        /// Channels, height, width of what comes in.
        input: Map,
        /// Channels that go out.
        outputs: usize,
        /// Height and width of the kernel.
        kernel: usize,
        /// 1 or 2.
        stride: usize,
    },
    /// A transposed convolution of stride 2.
    Transposed {
        /// Channels, height, width of what comes in.
        input: Map,
        /// Channels that go out.
        outputs: usize,
        /// Height and width of the kernel, odd.
        kernel: usize,
        /// Height and width of what goes out: twice what comes in, or one less.
        output: [usize; 2],
    },
    /// The maximum of each 2x2 square.
    Pool {
        /// Channels, height, width of what comes in.
        input: Map,
    },
    /// Each value twice in both directions.
    Upsample {
        /// Channels, height, width of what comes in.
        input: Map,
        /// Height and width of what goes out: twice what comes in, or one less.
        output: [usize; 2],
    },
    /// Batch normalisation (Ioffe and Szegedy 2015): over the batch while training, by running means afterwards.
    BatchNorm {
        /// Shape of what comes in; each channel has its mean and variance. Dense values are channels of 1x1.
        input: Map,
    },
}

/// A layer with its weights, `[batch, values]` to `[batch, values]`.
#[derive(Module, Debug)]
pub enum Layer {
    /// Fully connected.
    Linear(Linear),
    /// A convolution.
    Conv(Conv),
    /// A transposed convolution.
    Transposed(Transposed),
    /// The maximum of each 2x2 square.
    Pool(Pool),
    /// Each value twice in both directions.
    Upsample(Upsample),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
}

/// One row of a layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// What it is, e.g. `linear + tanh`.
    pub kind: String,
    /// Shape of what comes out for one sample.
    pub output: Vec<usize>,
    /// Numbers in it.
    pub parameters: usize,
    /// How many of them are not trained but measured: the running means and variances of batch normalisation.
    pub measured: usize,
}

impl LayerConfig {
    /// Shape of what comes out; dense values are channels of 1x1.
    pub fn output(&self) -> Map {
        match *self {
            Self::Linear { outputs, .. } => [outputs, 1, 1],
            Self::Conv {
                input,
                outputs,
                stride,
                ..
            } => [
                outputs,
                input[1].div_ceil(stride),
                input[2].div_ceil(stride),
            ],
            Self::Transposed {
                outputs, output, ..
            } => [outputs, output[0], output[1]],
            Self::Pool { input } => [input[0], halved(input[1]), halved(input[2])],
            Self::Upsample { input, output } => [input[0], output[0], output[1]],
            Self::BatchNorm { input } => input,
        }
    }

    /// Values that come out.
    pub fn output_size(&self) -> usize {
        self.output().iter().product()
    }

    /// Numbers in it, `usize::MAX` where they cannot be counted.
    pub fn parameters(&self) -> usize {
        let weights = |inputs: usize, outputs: usize, area: usize| {
            inputs
                .saturating_mul(outputs)
                .saturating_mul(area)
                .saturating_add(outputs)
        };
        match *self {
            Self::Linear { inputs, outputs } => weights(inputs, outputs, 1),
            Self::Conv {
                input,
                outputs,
                kernel,
                ..
            }
            | Self::Transposed {
                input,
                outputs,
                kernel,
                ..
            } => weights(input[0], outputs, kernel.saturating_mul(kernel)),
            Self::Pool { .. } | Self::Upsample { .. } => 0,
            Self::BatchNorm { input } => input[0].saturating_mul(4),
        }
    }

    /// The layer with first weights from `rng`.
    pub fn init(&self, initializer: Initializer, rng: &mut impl Rng, device: &Device) -> Layer {
        match *self {
            Self::Linear { inputs, outputs } => {
                Layer::Linear(initializer.linear(inputs, outputs, rng, device))
            }
            Self::Conv {
                input,
                outputs,
                kernel,
                stride,
            } => {
                let (sizes, steps) = ((input, outputs), (kernel, stride));
                Layer::Conv(Conv::init(sizes, steps, initializer, rng, device))
            }
            Self::Transposed {
                input,
                outputs,
                kernel,
                output,
            } => {
                let (sizes, steps) = ((input, outputs), (kernel, output));
                Layer::Transposed(Transposed::init(sizes, steps, initializer, rng, device))
            }
            Self::Pool { input } => Layer::Pool(Pool::new(input)),
            Self::Upsample { input, output } => Layer::Upsample(Upsample::new(input, output)),
            Self::BatchNorm { input } => {
                Layer::BatchNorm(BatchNormConfig::new(input[0]).init(device))
            }
        }
    }
}

impl Layer {
    /// `[batch, inputs]` to `[batch, outputs]`, without the activation that follows.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Linear(linear) => fully_connected(linear, x, Fused::Linear),
            Self::Conv(conv) => conv.forward(x, Fused::Linear),
            Self::Transposed(conv) => conv.forward(x),
            Self::Pool(pool) => pool.forward(x),
            Self::Upsample(upsample) => upsample.forward(x),
            Self::BatchNorm(norm) => normalized(norm, x),
        }
    }

    /// The same with the activation that follows, in one piece where that is to be had.
    pub fn activated(&self, x: Tensor<2>, activation: Activation) -> Tensor<2> {
        match (self, activation.fused()) {
            (Self::Linear(linear), Some(activation)) => fully_connected(linear, x, activation),
            (Self::Conv(conv), Some(activation)) => conv.forward(x, activation),
            _ => activation.forward(self.forward(x)),
        }
    }

    /// Values that come out for one sample, where the layer itself fixes them: all but batch normalisation.
    pub fn output(&self) -> Option<Map> {
        match self {
            Self::Linear(linear) => Some([linear.weight.dims()[1], 1, 1]),
            Self::Conv(conv) => Some(conv.output()),
            Self::Transposed(conv) => Some(conv.output()),
            Self::Pool(pool) => Some(pool.output()),
            Self::Upsample(upsample) => Some(upsample.output()),
            Self::BatchNorm(_) => None,
        }
    }

    /// The sum of the squared weights, biases left out, in two stages for the sake of f32: `[1]`.
    fn squares(&self) -> Option<Tensor<1>> {
        let rows: Tensor<2> = match self {
            Self::Linear(linear) => linear.weight.val(),
            Self::Conv(conv) => conv.weight.val().flatten(1, 3),
            Self::Transposed(conv) => conv.weight.val().flatten(1, 3),
            Self::Pool(_) | Self::Upsample(_) | Self::BatchNorm(_) => return None,
        };
        Some(rows.square().sum_dim(1).sum())
    }

    /// The row of this layer in a table; `before` is the shape of what comes in.
    pub fn describe(&self, activation: Activation, before: Map) -> LayerInfo {
        let output = self.output().unwrap_or(before);
        let (kind, measured) = match self {
            Self::Linear(_) => ("linear".to_owned(), 0),
            Self::Conv(conv) => {
                let [_, _, k, _] = conv.weight.dims();
                let halves = if conv.stride() == 2 { " / 2" } else { "" };
                (format!("conv {k}x{k}{halves}"), 0)
            }
            Self::Transposed(conv) => {
                let [_, _, k, _] = conv.weight.dims();
                (format!("transposed conv {k}x{k} * 2"), 0)
            }
            Self::Pool(_) => ("max pool 2x2".to_owned(), 0),
            Self::Upsample(_) => ("upsample * 2".to_owned(), 0),
            Self::BatchNorm(norm) => ("batch norm".to_owned(), 2 * norm.gamma.dims()[0]),
        };
        let kind = match activation {
            Activation::Linear => kind,
            activation => format!("{kind} + {}", activation.name()),
        };
        let flat = output[1..] == [1, 1];
        LayerInfo {
            kind,
            output: if flat {
                vec![output[0]]
            } else {
                output.to_vec()
            },
            parameters: self.num_params(),
            measured,
        }
    }
}

fn fully_connected(linear: &Linear, x: Tensor<2>, activation: Fused) -> Tensor<2> {
    let bias = linear.bias.as_ref().expect("every layer has one");
    espejo_kernels::linear(x, linear.weight.val(), bias.val(), activation)
}

/// What Burn's own layer does, through our kernel: by the statistics of the batch where a gradient may be asked for and the layer is
/// not frozen, else by the running ones. `[batch, channels * area]` to the same.
fn normalized(norm: &BatchNorm, x: Tensor<2>) -> Tensor<2> {
    let (device, epsilon) = (x.device(), norm.epsilon);
    let (gamma, beta) = (norm.gamma.val(), norm.beta.val()); // [channels]
    if device.is_autodiff() && norm.training.is_enabled() {
        let (y, mean, variance) = espejo_kernels::batch_norm(x, gamma, beta, epsilon);
        follow(&norm.running_mean, mean, norm.momentum);
        follow(&norm.running_var, variance, norm.momentum);
        return y;
    }
    let running = |state: &RunningState<Tensor<1>>| state.value().to_device(&device);
    let (mean, variance) = (running(&norm.running_mean), running(&norm.running_var)); // [channels]
    espejo_kernels::batch_norm_inference(x, mean, variance, gamma, beta, epsilon)
}

/// Moves a running statistic, `[channels]`, a part of the way to that of a batch. As in Burn, and unlike PyTorch, the running
/// variance follows the biased one, so that checkpoints of runs before this kernel mean the same.
fn follow(state: &RunningState<Tensor<1>>, of_batch: Tensor<1>, momentum: f64) {
    let before = state.value_sync().to_device(&of_batch.device());
    let after = before.mul_scalar(1.0 - momentum) + of_batch.mul_scalar(momentum);
    state.update(after.detach());
}

/// Half the sum of the squared weights of some layers, biases and batch normalisation left out: `[1]`.
///
/// # Panics
///
/// Without a layer that has weights.
pub fn half_squares<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Tensor<1> {
    let sum = layers
        .into_iter()
        .filter_map(Layer::squares)
        .reduce(|sum, next| sum + next)
        .expect("there are layers with weights");
    sum.mul_scalar(0.5)
}
