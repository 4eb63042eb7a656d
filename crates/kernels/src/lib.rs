//! The few fused operations where training spends its time.
//!
//! Each is one function on tensors. On the CPU it runs own code: everything in one pass over the numbers, vectors of the width
//! that the machine has, all cores, and a backward pass written by hand. On every other device it is the plain composition of Burn's
//! operations, which that device fuses itself. Both give the same numbers and gradients, to rounding.

pub mod activation;
pub mod allocator;
pub mod batch_norm;
pub mod buffers;
pub mod conv;
pub mod correlation;
pub mod cross_entropy;
mod dense_net;
mod dense_vae;
mod deviation;
mod dispatched;
pub mod dropout;
pub mod environment;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod fused;
pub mod gemm;
pub mod half_precision;
pub mod images;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod in_memory;
mod inputs;
pub mod linear;
mod math;
mod net_errors;
mod optimizer_step;
mod parameter_gradient;
pub mod pool;
mod posterior;
mod random_numbers;
mod row_products;
mod scratch;
pub mod self_gated;
pub mod simd_loops;
pub mod sparse_rows;
pub mod squares;
pub mod sums;
mod tensor;
pub mod threads;
mod turning;
pub mod upsample;
pub mod vectors;
pub mod window_conv;
pub mod window_pool;

#[cfg(test)]
mod testing;

pub use crate::{
    activation::Activation,
    dense_net::{DenseNet, DenseParameters},
    dense_vae::{DenseVae, VaeSamples},
    deviation::{Deviation, FusedLoss},
    inputs::Inputs,
    net_errors::{NetErrors, PosteriorSums},
    optimizer_step::Step,
    parameter_gradient::{Factors, ParameterGradient},
    posterior::Divergence,
    random_numbers::Law,
    self_gated::SelfGated,
    tensor::{
        Map, Sliding, batch_norm, batch_norm_inference, conv, cross_entropy, dropped, in_memory,
        linear, max_pool, max_pool_of_windows, normal_cdf, pooled_conv, random, self_gated,
        sum_of_squares, transposed_conv, upsample, upsampled_conv, window_conv, zeros_with_slope,
    },
    window_pool::Windows,
};
