//! What an output is held against its target by: summed over the values of a sample, mean over the batch.

use std::ops::Range;

use burn::tensor::{Tensor, activation, s};
use espejo_kernels::cross_entropy;
use espejo_kernels::sums::{mean, row_sums};

use crate::{Activation, Batch, Layers};

/// How far an output is from its target.
///
/// Every value is **per sample**: summed over the values of the target, then averaged over the batch, the same in training and
/// evaluation.
#[derive(Clone, Debug, PartialEq)]
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
    /// A row of numbers and categories: ½(t - o)² of each number, and the categorical cross-entropy of each category, in nats.
    Mixed {
        /// The one-hot values of each category, ascending, none within another; all other values are numbers.
        categories: Vec<Range<usize>>,
    },
}

impl Criterion {
    /// The names in configurations and on the command line.
    pub const NAMES: [&'static str; 8] = [
        "bce",
        "mse",
        "mae",
        "log-cosh",
        "correntropy",
        "entropic",
        "cross-entropy",
        "mixed",
    ];

    /// The name in configurations and on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::LogCosh => "log-cosh",
            Self::Correntropy { .. } => "correntropy",
            Self::Entropic => "entropic",
            Self::SoftmaxCrossEntropy => "cross-entropy",
            Self::Mixed { .. } => "mixed",
        }
    }

    /// The name of the term in the logs of a net with targets; a column cannot have a hyphen in its name.
    pub fn term(&self) -> &'static str {
        match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::LogCosh => "log_cosh",
            Self::Correntropy { .. } => "correntropy",
            Self::Entropic => "entropic",
            Self::SoftmaxCrossEntropy => "cross_entropy",
            Self::Mixed { .. } => "mixed",
        }
    }

    /// The unit of the value, for axes and messages.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Bce | Self::Entropic | Self::SoftmaxCrossEntropy => "nats per sample",
            Self::Mse => "½ squared error per sample",
            Self::Mae => "absolute error per sample",
            Self::LogCosh => "log-cosh per sample",
            Self::Correntropy { .. } => "correntropy loss per sample",
            Self::Mixed { .. } => "½ squared error and nats per sample",
        }
    }

    /// What layers with the logits of [`per_sample`](Self::per_sample) at their end give out for `inputs`: `[batch, outputs]`.
    pub fn outputs_of(&self, layers: &Layers, inputs: Tensor<2>) -> Tensor<2> {
        match self {
            Self::SoftmaxCrossEntropy | Self::Mixed { .. } => {
                self.outputs(layers.forward_logits(inputs), layers.last_activation())
            }
            // The last activation goes with the last layer where the device has both in one operation.
            _ => layers.forward(inputs),
        }
    }

    /// What a net with these logits gives out: probabilities for a categorical cross-entropy, else `output(logits)`.
    pub fn outputs(&self, logits: Tensor<2>, output: Activation) -> Tensor<2> {
        match self {
            Self::SoftmaxCrossEntropy => activation::softmax(logits, 1), // [batch, classes]
            Self::Mixed { categories } => {
                by_parts(categories, [logits], |part, [logits]| match part {
                    Part::Numbers => output.forward(logits),
                    Part::Category => activation::softmax(logits, 1),
                })
            }
            _ => output.forward(logits), // [batch, values]
        }
    }

    /// The loss of each sample: `[batch, 1]`.
    ///
    /// `logits` `[batch, values]` is the net's output before its last activation `output`. The cross-entropies work on the
    /// logits themselves and are finite for every finite logit; the others see `output(logits)`.
    pub fn per_sample(
        &self,
        logits: Tensor<2>,
        target: Tensor<2>,
        output: Activation,
    ) -> Tensor<2> {
        row_sums(self.per_value(logits, target, output)) // [batch, 1]
    }

    /// The loss of each value: `[batch, values]`; otherwise as [`per_sample`](Self::per_sample).
    pub fn per_value(&self, logits: Tensor<2>, target: Tensor<2>, output: Activation) -> Tensor<2> {
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
            Self::Mixed { categories } => by_parts(
                categories,
                [logits, target],
                |part, [logits, target]| match part {
                    Part::Numbers => Self::Mse.per_value(logits, target, output),
                    Part::Category => Self::SoftmaxCrossEntropy.per_value(logits, target, output),
                },
            ),
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
    pub fn mean(&self, logits: Tensor<2>, target: Tensor<2>, output: Activation) -> Tensor<1> {
        match self {
            // One fused operation where the device has it.
            Self::Bce => cross_entropy(logits, target),
            Self::Entropic => {
                let (target, entropy) = bernoulli(target);
                cross_entropy(logits.mul_scalar(2.0), target) - mean_of_sums(entropy)
            }
            // In two stages: one running sum of a whole batch in f32 is off in the fifth digit.
            _ => mean(self.per_sample(logits, target, output)),
        }
    }

    /// The mean loss of a batch over its known targets: `[1]`. What is not known adds nothing, to the value and to the gradient.
    pub fn of_batch(&self, logits: Tensor<2>, batch: &Batch, output: Activation) -> Tensor<1> {
        let target = batch.targets.clone();
        match batch.known.clone() {
            None => self.mean(logits, target, output),
            Some(known) => mean_of_sums(self.per_value(logits, target, output) * known),
        }
    }
}

/// What a run of values of a row is.
#[derive(Clone, Copy)]
enum Part {
    /// Numbers, side by side.
    Numbers,
    /// The one-hot values of one category.
    Category,
}

/// Works on the values of each part of a row apart, `[batch, part]`, and puts what comes out side by side again: `[batch, values]`.
fn by_parts<const N: usize>(
    categories: &[Range<usize>],
    tensors: [Tensor<2>; N],
    work: impl Fn(Part, [Tensor<2>; N]) -> Tensor<2>,
) -> Tensor<2> {
    let [_, values] = tensors[0].dims();
    let mut done = Vec::with_capacity(2 * categories.len() + 1);
    let mut push = |part, range: Range<usize>| {
        if !range.is_empty() {
            let of = |tensor: &Tensor<2>| tensor.clone().slice(s![.., range.clone()]);
            done.push(work(part, tensors.each_ref().map(of)));
        }
    };
    let mut start = 0;
    for category in categories {
        push(Part::Numbers, start..category.start);
        push(Part::Category, category.clone());
        start = category.end;
    }
    push(Part::Numbers, start..values);
    Tensor::cat(done, 1) // [batch, values]
}

/// The sum over each row, mean over rows: `[batch, n]` to `[1]`, in two stages for the sake of f32.
pub(crate) fn mean_of_sums(values: Tensor<2>) -> Tensor<1> {
    mean(row_sums(values))
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

    /// Keras 3.15.1 on JAX 0.10.2 and on PyTorch 2.15.0: `binary_crossentropy([[1]], sigmoid([[-100]]))` is that of the probability 1e-7, to which it
    /// clips. Ours goes on with the logit.
    #[test]
    fn a_dead_pixel_costs_what_its_logit_says() {
        let keras = 16.118_095_f32;
        assert_eq!(-(1e-7_f32.ln()), keras);
        for logit in [-17.0, -100.0] {
            for bce in [
                Criterion::Bce.mean(row(&[logit]), row(&[1.0]), Activation::Sigmoid),
                Criterion::Bce
                    .per_sample(row(&[logit]), row(&[1.0]), Activation::Sigmoid)
                    .mean(),
            ] {
                let ours = bce.into_scalar::<f32>();
                assert!((ours + logit).abs() < 1e-5 && ours > keras, "{ours}");
            }
        }
    }

    /// PyTorch 2.15.0 in double precision: half the `mse_loss` of the first and last value and the `cross_entropy` of those between.
    #[test]
    fn numbers_and_categories_have_losses_of_their_own() {
        let device = Device::flex().autodiff();
        let rows = |rows: [[f32; 5]; 2]| Tensor::<2>::from_data(rows, &device);
        let logits = rows([[0.3, -0.7, 1.1, 0.2, -0.4], [0.0, 2.0, -1.0, 0.5, 0.9]]).require_grad();
        let target = rows([[0.2, 0.0, 1.0, 0.0, 0.9], [1.0, 1.0, 0.0, 0.0, -0.3]]);
        let mixed = Criterion::Mixed {
            categories: std::iter::once(1..4).collect(),
        };
        let close = |found: Tensor<2>, expected: &[f32]| {
            let found: Vec<f32> = found.into_data().iter().collect();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{found} against {expected}"
                );
            }
        };
        let linear = Activation::Linear;
        let values = mixed.per_sample(logits.clone(), target.clone(), linear);
        close(values, &[1.302_265, 1.461_311_3]);
        let gradients = mixed.mean(logits.clone(), target, linear).backward();
        close(
            logits.grad(&gradients).expect("it is asked for"),
            &[
                0.05,
                0.052_580_38,
                -0.181_907_24,
                0.129_326_87,
                -0.65, //
                -0.5,
                -0.107_201_48,
                0.019_556_287,
                0.087_645_195,
                0.6,
            ],
        );
        let outputs = mixed.outputs(logits.inner(), linear);
        let sums = outputs.clone().slice(s![.., 1..4]).sum_dim(1);
        close(sums, &[1.0, 1.0]);
        close(outputs.slice(s![.., 0..1]), &[0.3, 0.0]);
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

    /// A batch may be a whole table, and a row a large image.
    #[test]
    fn losses_of_ten_million_values_are_those_of_double_precision() {
        let device = Device::flex();
        for (criterion, shape) in [
            (Criterion::Mse, [10_000_000, 1]),
            (Criterion::Bce, [10_000_000, 1]),
            (Criterion::LogCosh, [4_000_000, 1]),
            (Criterion::Mae, [2, 5_000_000]),
        ] {
            let filled = |value: f32| Tensor::<2>::full(shape, value, &device);
            let one = criterion.mean(row(&[0.3]), row(&[0.7]), Activation::Tanh);
            let expected = f64::from(one.into_scalar::<f32>()) * shape[1] as f64;
            let batch = Batch {
                known: Some(filled(1.0)),
                ..Batch::new(filled(0.3), filled(0.7))
            };
            for found in [
                criterion.of_batch(filled(0.3), &batch, Activation::Tanh),
                criterion.mean(filled(0.3), filled(0.7), Activation::Tanh),
            ] {
                let found = f64::from(found.into_scalar::<f32>());
                assert!(
                    (found / expected - 1.0).abs() < 1e-5,
                    "{criterion:?} of {shape:?}: {found}, expected {expected}"
                );
            }
        }
    }
}
