//! The operations as Burn sees them: an extension of the backends that keep their numbers in memory, with the backward pass
//! written by hand. Each file has one operation: its forward pass, and what is kept for the backward pass.
// Burn's ndarray backend is deprecated in 0.22, but still one of ours.
#![allow(deprecated)]

mod batch_norm;
mod conv;
mod cross_entropy;
mod dropout;
mod linear;
mod pool;
mod self_gated;
mod squares;
mod upsample;
mod window_conv;
mod window_pool;

pub(crate) use conv::Conv;
pub(crate) use window_conv::WindowConv;

use std::sync::Arc;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata, backend_extension};
use burn::tensor::Shape;

use crate::activation::Activation;
use crate::dropout::Rule;
use crate::in_memory::Host;
use crate::self_gated::SelfGated;
use crate::sparse_rows::SparseRows;
use crate::tensor::Map;
use crate::window_pool::Windows;

/// Operations that are computed in one piece. Images are rows: `[batch, channels * height * width]`.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff
)]
pub(crate) trait Fused: Backend {
    /// f(x W + b): `[batch, inputs]` to `[batch, outputs]`.
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    /// f(x W + b) of rows all of which are sparse: `[batch, inputs]` to `[batch, outputs]`.
    fn sparse_linear(
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        of: (Arc<SparseRows>, Activation),
    ) -> FloatTensor<Self>;

    /// f(x ∗ weight + bias), or its maxima, as `conv` says: weight `[outputs, inputs, kernel, kernel]`.
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
    ) -> FloatTensor<Self>;

    /// f(x ∗ weight + bias) with any window, as `conv` says: weight `[outputs, inputs, kernel rows, kernel columns]`, or `[inputs, outputs, ...]`
    /// where it is turned around.
    fn window_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: WindowConv,
    ) -> FloatTensor<Self>;

    /// The maximum of each window of 2 x 2 pixels.
    fn max_pool(x: FloatTensor<Self>, map: Map) -> FloatTensor<Self>;

    /// The maximum of each window: `[batch, channels * rows * columns]` to `[batch, channels * rows' * columns']`.
    fn window_pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self>;

    /// Numbers dropped by a rule, and the others divided by the share that is kept.
    fn dropout(x: FloatTensor<Self>, rule: Rule) -> FloatTensor<Self>;

    /// f(x), number by number, of any shape.
    fn self_gated(x: FloatTensor<Self>, activation: SelfGated) -> FloatTensor<Self>;

    /// Each pixel twice in both directions, up to `size`.
    fn upsample(x: FloatTensor<Self>, map: Map, size: [usize; 2]) -> FloatTensor<Self>;

    /// The mean cross-entropy of rows of logits: `[batch, width]` to `[1]`. Gradients reach the logits alone.
    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Σ x²: `[rows, width]` to `[1]`.
    fn sum_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Batch normalisation by the statistics of the batch: y, and the mean and the biased variance of each channel, `[channels]`
    /// both, which no gradient reaches.
    fn batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Batch normalisation by a given mean and variance, `[channels]` both.
    fn batch_norm_inference(
        x: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

/// Hands on the gradients that were asked for, each with the node that it is for, its numbers and its shape.
fn register<B: Host, const N: usize>(
    gradients: &mut Gradients,
    all: [(Option<NodeId>, Option<Vec<f32>>, Shape); N],
) {
    for (node, numbers, shape) in all {
        if let (Some(node), Some(numbers)) = (node, numbers) {
            gradients.register::<B>(node, B::tensor(numbers, shape));
        }
    }
}

/// Each operation by `forward` of its file. What nobody else holds of the input is used again.
macro_rules! fused_in_memory {
    ($backend:ty) => {
        impl Fused for $backend {
            fn linear(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                activation: Activation,
            ) -> FloatTensor<Self> {
                let (y, _) = linear::forward::<Self>(&x, &weight, &bias, activation);
                Self::recycle(x);
                y
            }

            fn sparse_linear(
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                (rows, activation): (Arc<SparseRows>, Activation),
            ) -> FloatTensor<Self> {
                linear::sparse_forward::<Self>(&rows, &weight, &bias, activation)
            }

            fn conv(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                conv: Conv,
            ) -> FloatTensor<Self> {
                let (y, _) = conv::forward::<Self>(conv, &x, &weight, &bias);
                Self::recycle(x);
                y
            }

            fn window_conv(
                x: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                bias: FloatTensor<Self>,
                conv: WindowConv,
            ) -> FloatTensor<Self> {
                let y = window_conv::forward::<Self>(&x, &weight, &bias, conv);
                Self::recycle(x);
                y
            }

            fn max_pool(x: FloatTensor<Self>, map: Map) -> FloatTensor<Self> {
                let (y, _) = pool::forward::<Self>(&x, map);
                Self::recycle(x);
                y
            }

            fn window_pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self> {
                let (y, _) = window_pool::forward::<Self>(&x, windows);
                Self::recycle(x);
                y
            }

            fn dropout(x: FloatTensor<Self>, rule: Rule) -> FloatTensor<Self> {
                dropout::forward::<Self>(x, rule)
            }

            fn self_gated(x: FloatTensor<Self>, activation: SelfGated) -> FloatTensor<Self> {
                let y = self_gated::forward::<Self>(&x, activation);
                Self::recycle(x);
                y
            }

            fn upsample(x: FloatTensor<Self>, map: Map, size: [usize; 2]) -> FloatTensor<Self> {
                let y = upsample::forward::<Self>(&x, map, size);
                Self::recycle(x);
                y
            }

            fn cross_entropy(
                logits: FloatTensor<Self>,
                targets: FloatTensor<Self>,
            ) -> FloatTensor<Self> {
                cross_entropy::value::<Self>(&logits, &targets)
            }

            fn sum_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self> {
                squares::value::<Self>(&x)
            }

            fn batch_norm(
                x: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                epsilon: f64,
            ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
                let input = batch_norm::Input::<Self> { x, gamma, beta };
                let (output, _) = batch_norm::forward(&input, epsilon);
                Self::recycle(input.x);
                output
            }

            fn batch_norm_inference(
                x: FloatTensor<Self>,
                mean: FloatTensor<Self>,
                variance: FloatTensor<Self>,
                gamma: FloatTensor<Self>,
                beta: FloatTensor<Self>,
                epsilon: f64,
            ) -> FloatTensor<Self> {
                let input = batch_norm::Input::<Self> { x, gamma, beta };
                let y = batch_norm::inference(&input, &mean, &variance, epsilon);
                Self::recycle(input.x);
                y
            }
        }
    };
}

#[cfg(feature = "flex")]
fused_in_memory!(burn::backend::Flex);
#[cfg(feature = "ndarray")]
fused_in_memory!(burn::backend::NdArray);

impl<B: Host, C: CheckpointStrategy> Fused for Autodiff<B, C> {
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        linear::tracked::<B, C>(x, weight, bias, activation)
    }

    fn sparse_linear(
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        (rows, activation): (Arc<SparseRows>, Activation),
    ) -> FloatTensor<Self> {
        linear::sparse_tracked::<B, C>(rows, weight, bias, activation)
    }

    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: Conv,
    ) -> FloatTensor<Self> {
        conv::tracked::<B, C>(x, weight, bias, conv)
    }

    fn window_conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        conv: WindowConv,
    ) -> FloatTensor<Self> {
        window_conv::tracked::<B, C>(x, weight, bias, conv)
    }

    fn max_pool(x: FloatTensor<Self>, map: Map) -> FloatTensor<Self> {
        pool::tracked::<B, C>(x, map)
    }

    fn window_pool(x: FloatTensor<Self>, windows: Windows) -> FloatTensor<Self> {
        window_pool::tracked::<B, C>(x, windows)
    }

    fn dropout(x: FloatTensor<Self>, rule: Rule) -> FloatTensor<Self> {
        dropout::tracked::<B, C>(x, rule)
    }

    fn self_gated(x: FloatTensor<Self>, activation: SelfGated) -> FloatTensor<Self> {
        self_gated::tracked::<B, C>(x, activation)
    }

    fn upsample(x: FloatTensor<Self>, map: Map, size: [usize; 2]) -> FloatTensor<Self> {
        upsample::tracked::<B, C>(x, map, size)
    }

    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self> {
        cross_entropy::tracked::<B, C>(logits, targets)
    }

    fn sum_of_squares(x: FloatTensor<Self>) -> FloatTensor<Self> {
        squares::tracked::<B, C>(x)
    }

    fn batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        batch_norm::tracked::<B, C>(batch_norm::Input { x, gamma, beta }, epsilon)
    }

    // Training goes here only through layers that are frozen: Burn's own operations are fast enough, and differentiable.
    fn batch_norm_inference(
        x: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let (shape, channels) = (x.shape(), gamma.shape()[0]);
        let maps = [shape[0], channels, shape[1] / channels].into();
        let maps = Self::float_reshape(x, maps); // [batch, channels, area]
        let y = <Self as ModuleOps<Self>>::batch_norm(maps, gamma, beta, mean, variance, epsilon);
        Self::float_reshape(y, shape) // [batch, channels * area]
    }
}
