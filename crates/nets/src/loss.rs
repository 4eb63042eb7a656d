//! Reconstruction losses: summed over pixels, mean over the batch.

use burn::tensor::Tensor;
use espejo_kernels::cross_entropy;
use serde::{Deserialize, Serialize};

use crate::Activation;

/// How far a reconstruction is from its picture.
///
/// Every value is **per sample**: summed over pixels, then averaged over the batch, the same in training and evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reconstruction {
    /// Bernoulli cross-entropy in nats, from logits, for pixels in [0, 1].
    Bce,
    /// ½‖x - x̂‖².
    Mse,
    /// Σ|x - x̂|.
    Mae,
    /// Σ ln cosh(x - x̂).
    LogCosh,
    /// Σ σ²(1 - exp(-(x - x̂)² / 2σ²)), the correntropy-induced loss (Liu, Pokharel and Príncipe 2007): ½‖x - x̂‖² for
    /// small errors, at most σ² a pixel, so that outliers cannot dominate.
    Correntropy {
        /// Kernel width σ, in pixel values.
        width: f64,
    },
    /// Σ ½(1+x) ln((1+x)/(1+x̂)) + ½(1-x) ln((1-x)/(1-x̂)) in nats, for pixels in [-1, 1] and a tanh output.
    Entropic,
}

impl Reconstruction {
    /// The names in configurations and on the command line.
    pub const NAMES: [&'static str; 6] =
        ["bce", "mse", "mae", "log-cosh", "correntropy", "entropic"];

    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::LogCosh => "log-cosh",
            Self::Correntropy { .. } => "correntropy",
            Self::Entropic => "entropic",
        }
    }

    /// The unit of the value, for axes and messages.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Bce | Self::Entropic => "nats a picture",
            Self::Mse => "½ squared error a picture",
            Self::Mae => "absolute error a picture",
            Self::LogCosh => "log-cosh a picture",
            Self::Correntropy { .. } => "correntropy loss a picture",
        }
    }

    /// The mean loss of a batch: `[1]`.
    ///
    /// `logits` `[batch, pixels]` is the decoder's output before its last activation `output`. The cross-entropies work on
    /// the logits themselves and are finite for every finite logit; the others see `output(logits)`.
    pub fn value(self, logits: Tensor<2>, target: Tensor<2>, output: Activation) -> Tensor<1> {
        let pixels = match self {
            Self::Bce => return cross_entropy(logits, target),
            Self::Entropic => return entropic(logits, target),
            Self::Mse => (output.forward(logits) - target).square().mul_scalar(0.5),
            Self::Mae => (output.forward(logits) - target).abs(),
            Self::LogCosh => log_cosh(output.forward(logits) - target),
            Self::Correntropy { width } => {
                let squared = (output.forward(logits) - target).square();
                let kernel = squared.mul_scalar(-0.5 / (width * width)).exp();
                (-kernel + 1.0).mul_scalar(width * width)
            }
        }; // [batch, pixels]
        per_sample(pixels)
    }
}

/// The sum over each row, mean over rows: `[batch, n]` to `[1]`. In two stages, because one running sum of a whole batch
/// in f32 is off in the fifth digit.
pub(crate) fn per_sample(values: Tensor<2>) -> Tensor<1> {
    values.sum_dim(1).mean()
}

/// The cross-entropy of t = (1+x)/2 and σ(2z) = (1+tanh z)/2, less the entropy of t.
fn entropic(z: Tensor<2>, x: Tensor<2>) -> Tensor<1> {
    let t = (x + 1.0).mul_scalar(0.5);
    let entropy = -(plogp(t.clone()) + plogp(-t.clone() + 1.0)); // [batch, pixels]
    cross_entropy(z.mul_scalar(2.0), t) - per_sample(entropy)
}

/// p ln p, 0 at p = 0.
fn plogp(p: Tensor<2>) -> Tensor<2> {
    p.clone() * p.clamp_min(f64::from(f32::MIN_POSITIVE)).log()
}

/// ln cosh d = |d| + ln(1 + e^-2|d|) - ln 2, without overflow.
fn log_cosh(d: Tensor<2>) -> Tensor<2> {
    let d = d.abs();
    d.clone() + d.mul_scalar(-2.0).exp().log1p() - std::f64::consts::LN_2
}
