//! One layer with its weights: every kind takes rows and gives rows.

use burn::module::Module;
use burn::nn::{BatchNorm, Dropout, Linear};
use burn::tensor::Tensor;
use espejo_kernels::Activation as Fused;

use crate::Activation;
use crate::conv::{Conv, Map, Transposed};
use crate::embedding::Embedding;
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
            Self::Transposed(conv) => conv.forward(x),
            Self::Pool(pool) => pool.forward(x),
            Self::MaxPool(pool) => pool.forward(x),
            Self::Upsample(upsample) => upsample.forward(x),
            Self::BatchNorm(norm) => {
                let ([batch, values], [channels]) = (x.dims(), norm.gamma.dims());
                let maps = x.reshape([batch, channels, values / channels]);
                norm.forward(maps).reshape([batch, values])
            }
            // Burn's follows the device, as its batch normalisation does: on one without gradients it is the identity.
            Self::Dropout(dropout) => dropout.forward(x),
            Self::Embedding(embedding) => embedding.forward(x),
            Self::Skip(skip) => skip.forward(x),
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

    /// Shape of what comes out for one sample, where the layer itself fixes it: all but batch normalisation and dropout.
    pub fn output(&self) -> Option<Map> {
        match self {
            Self::Linear(linear) => Some([linear.weight.dims()[1], 1, 1]),
            Self::Conv(conv) => Some(conv.output()),
            Self::Transposed(conv) => Some(conv.output()),
            Self::Pool(pool) => Some(pool.output()),
            Self::MaxPool(pool) => Some(pool.output()),
            Self::Upsample(upsample) => Some(upsample.output()),
            Self::BatchNorm(_) | Self::Dropout(_) => None,
            Self::Embedding(embedding) => Some(embedding.output()),
            Self::Skip(skip) => Some(skip.output()),
        }
    }

    /// The sum of the squared weights, in two stages for the sake of f32: `[1]`. Biases are left out, and so are the vectors of an
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
            | Self::Embedding(_) => return None,
        };
        Some(rows.square().sum_dim(1).sum())
    }
}

fn fully_connected(linear: &Linear, x: Tensor<2>, activation: Fused) -> Tensor<2> {
    let bias = linear.bias.as_ref().expect("every layer has one");
    espejo_kernels::linear(x, linear.weight.val(), bias.val(), activation)
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
