//! One layer with its weights: every kind takes rows and gives rows.

use burn::module::{Module, RunningState};
use burn::nn::{BatchNorm, Dropout, GaussianNoise, Linear};
use burn::tensor::{Distribution, Tensor};
use espejo_kernels::dropout::Rule;
use espejo_kernels::{Activation as Fused, Inputs};

use crate::Activation;
use crate::conv::{Conv, Map, Transposed};
use crate::embedding::Embedding;
use crate::mask::Mask;
use crate::part::{drawn_seed, first_row, random_like};
use crate::resample::{MaxPool, Pool, Upsample};
use crate::skip::Skip;

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
    /// The maximum of each window of any other kind.
    MaxPool(MaxPool),
    /// Each value twice in both directions.
    Upsample(Upsample),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Random zeros while training.
    Dropout(Dropout),
    /// Gaussian noise while training.
    Noise(GaussianNoise),
    /// Values beside which of them are missing.
    Mask(Mask),
    /// A learned vector for each token id.
    Embedding(Embedding),
    /// Layers with a way around them.
    Skip(Skip),
}

impl Layer {
    /// `[batch, inputs]` to `[batch, outputs]`, without the activation that follows.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Linear(linear) => fully_connected(linear, x, Fused::Linear),
            Self::Conv(conv) => conv.forward(x, Fused::Linear),
            Self::Transposed(conv) => conv.forward(x, Fused::Linear),
            Self::Pool(pool) => pool.forward(x),
            Self::MaxPool(pool) => pool.forward(x),
            Self::Upsample(upsample) => upsample.forward(x),
            Self::BatchNorm(norm) => normalized(norm, x),
            Self::Dropout(dropout) => dropped(dropout, x),
            Self::Noise(noise) => noisy(noise, x),
            Self::Mask(mask) => mask.forward(x),
            Self::Embedding(embedding) => embedding.forward(x),
            Self::Skip(skip) => skip.forward(x),
        }
    }

    /// Layer and activation in one, as one fused operation where there is one.
    pub fn activated(&self, x: impl Into<Inputs>, activation: Activation) -> Tensor<2> {
        let x = x.into();
        match (self, activation.fused()) {
            (Self::Linear(linear), Some(activation)) => fully_connected(linear, x, activation),
            (Self::Linear(linear), None) => {
                activation.forward(fully_connected(linear, x, Fused::Linear))
            }
            (Self::Conv(conv), Some(activation)) => conv.forward(x.into_tensor(), activation),
            (Self::Transposed(conv), Some(activation)) => conv.forward(x.into_tensor(), activation),
            _ => activation.forward(self.forward(x.into_tensor())),
        }
    }

    /// Shape of what comes out for one sample, where the layer itself fixes it: all but batch normalisation, dropout and noise.
    pub fn output(&self) -> Option<Map> {
        match self {
            Self::Linear(linear) => Some([linear.weight.dims()[1], 1, 1]),
            Self::Conv(conv) => Some(conv.output()),
            Self::Transposed(conv) => Some(conv.output()),
            Self::Pool(pool) => Some(pool.output()),
            Self::MaxPool(pool) => Some(pool.output()),
            Self::Upsample(upsample) => Some(upsample.output()),
            Self::BatchNorm(_) | Self::Dropout(_) | Self::Noise(_) => None,
            Self::Mask(mask) => Some(mask.output()),
            Self::Embedding(embedding) => Some(embedding.output()),
            Self::Skip(skip) => Some(skip.output()),
        }
    }

    /// The sum of the squared weights: `[1]`. Biases are left out, and so are the vectors of an
    /// embedding, which are looked up and not multiplied by anything.
    fn squares(&self) -> Option<Tensor<1>> {
        let rows: Tensor<2> = match self {
            Self::Linear(linear) => linear.weight.val(),
            Self::Conv(conv) => conv.weight.val().flatten(1, 3),
            Self::Transposed(conv) => conv.weight.val().flatten(1, 3),
            Self::Skip(skip) => return sum_of_squares(skip.inner().stack()),
            Self::Pool(_)
            | Self::MaxPool(_)
            | Self::Upsample(_)
            | Self::BatchNorm(_)
            | Self::Dropout(_)
            | Self::Noise(_)
            | Self::Mask(_)
            | Self::Embedding(_) => return None,
        };
        Some(espejo_kernels::sum_of_squares(rows))
    }
}

/// What Burn's own layer does, with a draw that does not depend on which rows of a batch are here: on a device without gradients it is the
/// identity. On the processor what is dropped follows from a seed that is drawn from the device: to draw a number for each takes longer than the layers
/// around it.
fn dropped(dropout: &Dropout, x: Tensor<2>) -> Tensor<2> {
    if dropout.prob == 0.0 || !dropout.training.is_enabled() || !x.device().is_autodiff() {
        return x;
    }
    let (kept, device, [_, values]) = (1.0 - dropout.prob, x.device(), x.dims());
    let rule = || Rule {
        seed: drawn_seed(&device),
        kept,
        first: first_row() * values,
    };
    espejo_kernels::dropped(x, rule, |x| {
        let mask = random_like(&x, Distribution::Bernoulli(kept)); // [batch, values]
        (x * mask) * (1.0 / kept)
    })
}

/// Adds the noise where the device has gradients, as Burn's own forward pass does, but drawn in the precision of `x`: Burn draws single
/// precision, to which it cannot add double.
fn noisy(noise: &GaussianNoise, x: Tensor<2>) -> Tensor<2> {
    if noise.std == 0.0 || !noise.training.is_enabled() || !x.device().is_autodiff() {
        return x;
    }
    let drawn = random_like(&x, Distribution::Normal(0.0, noise.std)); // [batch, values]
    x + drawn
}

fn fully_connected(linear: &Linear, x: impl Into<Inputs>, activation: Fused) -> Tensor<2> {
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

/// The sum of the squared weights of some layers, where any has weights: `[1]`.
fn sum_of_squares<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Option<Tensor<1>> {
    let each = layers.into_iter().filter_map(Layer::squares);
    each.reduce(|sum, next| sum + next)
}

/// Half the sum of the squared weights of some layers; biases, batch normalisation and embeddings are left out: `[1]`.
///
/// # Panics
///
/// Without a layer that has weights.
pub fn half_squares<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> Tensor<1> {
    let sum = sum_of_squares(layers).expect("there are layers with weights");
    sum.mul_scalar(0.5)
}
