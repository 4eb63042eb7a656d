//! What an output is held against its target by: summed over the values of a sample, mean over the batch.

use burn::tensor::{Tensor, activation};
use espejo_kernels::cross_entropy;
use serde::{Deserialize, Serialize};

use crate::{Activation, Batch};

/// How far an output is from its target.
///
/// Every value is **per sample**: summed over the values of the target, then averaged over the batch, the same in training and
/// evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criterion {
    /// Bernoulli cross-entropy in nats, from logits, for targets in [0, 1].
    Bce,
    /// ½‖t - o‖².
    Mse,
    /// Σ|t - o|.
    Mae,
    /// Σ ln cosh(t - o).
    LogCosh,
    /// Σ σ²(1 - exp(-(t - o)² / 2σ²)), the correntropy-induced loss (Liu, Pokharel and Príncipe 2007): ½‖t - o‖² for
    /// small errors, at most σ² a value, so that outliers cannot dominate.
    Correntropy {
        /// Kernel width σ, in values of the target.
        width: f64,
    },
    /// Σ ½(1+t) ln((1+t)/(1+o)) + ½(1-t) ln((1-t)/(1-o)) in nats, for targets in [-1, 1] and a tanh output.
    Entropic,
    /// Categorical cross-entropy -Σ t ln softmax(logits) in nats, for targets that are the probabilities of classes: one-hot
    /// rows, or softened ones.
    SoftmaxCrossEntropy,
}

impl Criterion {
    /// The names in configurations and on the command line.
    pub const NAMES: [&'static str; 7] = [
        "bce",
        "mse",
        "mae",
        "log-cosh",
        "correntropy",
        "entropic",
        "cross-entropy",
    ];

    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::LogCosh => "log-cosh",
            Self::Correntropy { .. } => "correntropy",
            Self::Entropic => "entropic",
            Self::SoftmaxCrossEntropy => "cross-entropy",
        }
    }

    /// The name of the term in the logs of a net with targets; a column cannot have a hyphen in its name.
    pub fn term(self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::LogCosh => "log_cosh",
            Self::Correntropy { .. } => "correntropy",
            Self::Entropic => "entropic",
            Self::SoftmaxCrossEntropy => "cross_entropy",
        }
    }

    /// The unit of the value, for axes and messages.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Bce | Self::Entropic | Self::SoftmaxCrossEntropy => "nats per sample",
            Self::Mse => "½ squared error per sample",
            Self::Mae => "absolute error per sample",
            Self::LogCosh => "log-cosh per sample",
            Self::Correntropy { .. } => "correntropy loss per sample",
        }
    }

    /// What a net with these logits gives out: probabilities for the categorical cross-entropy, else `output(logits)`.
    pub fn outputs(self, logits: Tensor<2>, output: Activation) -> Tensor<2> {
        match self {
            Self::SoftmaxCrossEntropy => activation::softmax(logits, 1), // [batch, classes]
            _ => output.forward(logits),                                 // [batch, values]
        }
    }

    /// The loss of each sample: `[batch, 1]`.
    ///
    /// `logits` `[batch, values]` is the net's output before its last activation `output`. The cross-entropies work on the
    /// logits themselves and are finite for every finite logit; the others see `output(logits)`.
    pub fn per_sample(self, logits: Tensor<2>, target: Tensor<2>, output: Activation) -> Tensor<2> {
        self.per_value(logits, target, output).sum_dim(1) // [batch, 1]
    }

    /// The loss of each value: `[batch, values]`; otherwise as [`per_sample`](Self::per_sample).
    pub fn per_value(self, logits: Tensor<2>, target: Tensor<2>, output: Activation) -> Tensor<2> {
        match self {
            // max(z, 0) - z t + ln(1 + e^-|z|), which overflows for no z.
            Self::Bce => {
                let softplus = logits.clone().abs().neg().exp().log1p();
                logits.clone().clamp_min(0.0) - logits * target + softplus
            }
            Self::Entropic => {
                // The cross-entropy of t = (1+x)/2 and σ(2z) = (1+tanh z)/2, less the entropy of t.
                let (t, entropy) = bernoulli(target);
                Self::Bce.per_value(logits.mul_scalar(2.0), t, Activation::Sigmoid) - entropy
            }
            Self::SoftmaxCrossEntropy => -(activation::log_softmax(logits, 1) * target),
            Self::Mse => (output.forward(logits) - target).square().mul_scalar(0.5),
            Self::Mae => (output.forward(logits) - target).abs(),
            Self::LogCosh => log_cosh(output.forward(logits) - target),
            Self::Correntropy { width } => {
                let squared = (output.forward(logits) - target).square();
                let kernel = squared.mul_scalar(-0.5 / (width * width)).exp();
                (-kernel + 1.0).mul_scalar(width * width)
            }
        }
    }

    /// The mean loss of a batch: `[1]`; otherwise as [`per_sample`](Self::per_sample).
    pub fn mean(self, logits: Tensor<2>, target: Tensor<2>, output: Activation) -> Tensor<1> {
        match self {
            // One fused operation where the device has it.
            Self::Bce => cross_entropy(logits, target),
            Self::Entropic => {
                let (target, entropy) = bernoulli(target);
                cross_entropy(logits.mul_scalar(2.0), target) - mean_of_sums(entropy)
            }
            // In two stages: one running sum of a whole batch in f32 is off in the fifth digit.
            _ => self.per_sample(logits, target, output).mean(),
        }
    }

    /// The mean loss of a batch over its known targets: `[1]`. What is not known adds nothing, to the value and to the gradient.
    pub fn of_batch(self, logits: Tensor<2>, batch: &Batch, output: Activation) -> Tensor<1> {
        let target = batch.targets.clone();
        match batch.known.clone() {
            None => self.mean(logits, target, output),
            Some(known) => mean_of_sums(self.per_value(logits, target, output) * known),
        }
    }
}

/// The sum over each row, mean over rows: `[batch, n]` to `[1]`, in two stages for the sake of f32.
pub(crate) fn mean_of_sums(values: Tensor<2>) -> Tensor<1> {
    values.sum_dim(1).mean()
}

/// Targets x in [-1, 1] as probabilities t = (1+x)/2, and the entropy of each, both `[batch, values]`.
fn bernoulli(x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let t = (x + 1.0).mul_scalar(0.5); // [batch, values]
    let entropy = -(plogp(t.clone()) + plogp(-t.clone() + 1.0)); // [batch, values]
    (t, entropy)
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn row(values: &[f32]) -> Tensor<2> {
        Tensor::<1>::from_floats(values, &Device::flex()).unsqueeze() // [1, values]
    }

    /// Keras 3.15.1 clips probabilities to 1e-7 and gives 16.118 nats, whatever the logit.
    #[test]
    fn a_dead_pixel_costs_what_its_logit_says() {
        for bce in [
            Criterion::Bce.mean(row(&[-100.0]), row(&[1.0]), Activation::Sigmoid),
            Criterion::Bce
                .per_sample(row(&[-100.0]), row(&[1.0]), Activation::Sigmoid)
                .mean(),
        ] {
            assert_eq!(bce.into_scalar::<f32>(), 100.0);
        }
    }

    /// What is not known adds nothing: the loss of the known values alone.
    #[test]
    fn an_unknown_target_is_no_part_of_the_loss() {
        let (logits, target) = ([0.3, -0.7, 1.1], [0.2, 0.0, 0.9]);
        let batch = |known: Option<&[f32]>| Batch {
            known: known.map(row),
            ..Batch::new(row(&logits), row(&target))
        };
        for criterion in [
            Criterion::Mse,
            Criterion::Bce,
            Criterion::Mae,
            Criterion::LogCosh,
            Criterion::Entropic,
        ] {
            let loss = |logits: &[f32], batch: &Batch| {
                criterion
                    .of_batch(row(logits), batch, Activation::Tanh)
                    .into_scalar::<f32>()
            };
            let known = loss(&logits, &batch(Some(&[1.0, 0.0, 1.0])));
            let alone = Batch::same(row(&[0.2, 0.9]));
            assert!(
                (known - loss(&[0.3, 1.1], &alone)).abs() < 1e-6,
                "{criterion:?}"
            );
            let all = loss(&logits, &batch(None));
            assert!(
                (all - loss(&logits, &batch(Some(&[1.0; 3])))).abs() < 1e-6,
                "{criterion:?}"
            );
        }
    }
}
