//! Element-wise activations and their derivatives.

use burn::tensor::{Tensor, activation};
use espejo_kernels::{Activation as Fused, SelfGated, normal_cdf, self_gated};
use serde::{Deserialize, Serialize};

/// An element-wise activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// f(a) = a.
    Linear,
    /// f(a) = max(0, a).
    Relu,
    /// f(a) = a where a > 0, else 0.01 a.
    LeakyRelu,
    /// f(a) = a where a > 0, else eᵃ - 1 (Clevert et al. 2015).
    Elu,
    /// f(a) = a Φ(a), with the exact normal distribution function Φ (Hendrycks and Gimpel 2016).
    Gelu,
    /// f(a) = a σ(a), also called swish (Elfwing et al. 2017).
    Silu,
    /// f(a) = tanh a, in (-1, 1).
    Tanh,
    /// f(a) = σ(a) = 1 / (1 + e⁻ᵃ), in (0, 1).
    Sigmoid,
}

/// Slope of the leaky rectifier on its negative side.
const LEAK: f64 = 0.01;

impl Activation {
    /// Every activation, in the order in which messages list them.
    pub const ALL: [Self; 8] = [
        Self::Linear,
        Self::Relu,
        Self::LeakyRelu,
        Self::Elu,
        Self::Gelu,
        Self::Silu,
        Self::Tanh,
        Self::Sigmoid,
    ];

    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
            Self::Elu => "elu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Tanh => "tanh",
            Self::Sigmoid => "sigmoid",
        }
    }

    /// f(a), element by element.
    pub fn forward<const D: usize>(self, a: Tensor<D>) -> Tensor<D> {
        match self.fused() {
            Some(fused) => fused.compose(a),
            None if self == Self::Silu => self_gated(a, SelfGated::Silu),
            None => self_gated(a, SelfGated::Gelu),
        }
    }

    /// The activation as the fused operations know it: they have those whose slope is known from their output.
    pub fn fused(self) -> Option<Fused> {
        match self {
            Self::Linear => Some(Fused::Linear),
            Self::Relu => Some(Fused::Relu),
            Self::LeakyRelu => Some(Fused::LeakyRelu),
            Self::Elu => Some(Fused::Elu),
            Self::Tanh => Some(Fused::Tanh),
            Self::Sigmoid => Some(Fused::Sigmoid),
            Self::Gelu | Self::Silu => None,
        }
    }

    /// f'(a), element by element, composed of differentiable operations (the contractive penalty differentiates it again).
    pub fn derivative<const D: usize>(self, a: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Linear => a.ones_like(),
            Self::Relu => step(a),
            Self::LeakyRelu => step(a).mul_scalar(1.0 - LEAK).add_scalar(LEAK),
            Self::Elu => a.clamp_max(0.0).exp(),
            Self::Gelu => {
                // Φ(a) + a φ(a)
                let density = a.clone().square().mul_scalar(-0.5).exp();
                let density = density.mul_scalar(1.0 / (2.0 * std::f64::consts::PI).sqrt());
                normal_cdf(a.clone()) + a * density
            }
            Self::Silu => {
                // σ + a σ (1 - σ)
                let s = activation::sigmoid(a.clone());
                s.clone() + a * s.clone() * (-s + 1.0)
            }
            Self::Tanh => -activation::tanh(a).square() + 1.0,
            Self::Sigmoid => {
                let s = activation::sigmoid(a);
                s.clone() * (-s + 1.0)
            }
        }
    }
}

/// 1 where a > 0, else 0.
fn step<const D: usize>(a: Tensor<D>) -> Tensor<D> {
    let on = a.clone().greater_scalar(0.0);
    a.zeros_like().mask_fill(on, 1.0)
}
