//! Reconstruction losses: summed over the outputs of a sample.

use pulp::{Simd, WithSimd};

use crate::simd_vector::{Wide, vectors, vectors_mut};
use crate::{Activation, math};

/// How far an output is from its target; every value is per sample, summed over its outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Bernoulli cross-entropy in nats, for targets in [0, 1] and a sigmoid output.
    Bce,
    /// ½‖x - x̂‖².
    Mse,
    /// Σ|x - x̂|.
    Mae,
    /// Σ ln cosh(x - x̂).
    LogCosh,
    /// Σ σ²(1 - exp(-(x - x̂)² / 2σ²)) (Liu, Pokharel and Príncipe 2007).
    Correntropy {
        /// Kernel width σ.
        width: f64,
    },
    /// Σ ½(1+x) ln((1+x)/(1+x̂)) + ½(1-x) ln((1-x)/(1-x̂)) in nats, for targets in [-1, 1] and a tanh output.
    Entropic,
}

impl Loss {
    /// The one last activation that it can be used with; any without.
    pub(crate) fn output(self) -> Option<Activation> {
        match self {
            Self::Bce => Some(Activation::Sigmoid),
            Self::Entropic => Some(Activation::Tanh),
            Self::Mse | Self::Mae | Self::LogCosh | Self::Correntropy { .. } => None,
        }
    }

    /// What is taken off the cross-entropy of a sample with these targets: their entropy for [`Loss::Entropic`].
    pub(crate) fn entropy(self, targets: &[f64]) -> f64 {
        if self != Self::Entropic {
            return 0.0;
        }
        let share = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
        targets
            .iter()
            .map(|x| share(f64::midpoint(1.0, *x)) + share(f64::midpoint(1.0, -x)))
            .sum()
    }
}

/// The losses of padded samples, and what they say of the outputs.
///
/// The cross-entropies see the logits, before the last activation, and the others its values; `deltas` takes the slope of the
/// loss by just these.
pub(crate) struct Score<'a> {
    pub(crate) loss: Loss,
    /// `[outputs, width]`, logits or values.
    pub(crate) outputs: &'a [f64],
    /// `[outputs, width]`.
    pub(crate) targets: &'a [f64],
    /// `[width]`.
    pub(crate) losses: &'a mut [f64],
    /// `[outputs, width]`.
    pub(crate) deltas: Option<&'a mut [f64]>,
}

impl WithSimd for Score<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.loss {
            Loss::Bce => self.logits(
                simd,
                1.0,
                #[inline(always)]
                |t| t,
            ),
            // σ(2z) = (1 + tanh z) / 2.
            Loss::Entropic => self.logits(
                simd,
                2.0,
                #[inline(always)]
                |t| t.mul_add(t.like(0.5), t.like(0.5)),
            ),
            Loss::Mse => self.errors(
                simd,
                #[inline(always)]
                |d| (d * d * 0.5, d),
            ),
            Loss::Mae => self.errors(
                simd,
                #[inline(always)]
                |d| absolute(d),
            ),
            Loss::LogCosh => self.errors(
                simd,
                #[inline(always)]
                |d| log_cosh(d),
            ),
            Loss::Correntropy { width } => {
                let square = width * width;
                self.errors(
                    simd,
                    #[inline(always)]
                    |d| {
                        let (e, less_one) = math::exp_and_m1(d * d * (-0.5 / square));
                        (less_one * -square, d * e)
                    },
                );
            }
        }
    }
}

/// Outputs after which a product of factors up to 2 has to be turned into a logarithm.
const FACTORS: usize = 512;

impl Score<'_> {
    /// Σ ln(1 + eᵃ) - t a, where a is `scale` times the logit and t what `probability` makes of the target.
    #[inline(always)]
    fn logits<S: Simd>(self, simd: S, scale: f64, probability: impl Fn(Wide<S>) -> Wide<S>) {
        let losses = vectors_mut::<S>(self.losses);
        let width = losses.len();
        let (outputs, targets) = (vectors::<S>(self.outputs), vectors::<S>(self.targets));
        let mut deltas = self.deltas.map(vectors_mut::<S>);
        for (lane, loss) in losses.iter_mut().enumerate() {
            let mut sum = Wide::splat(simd, 0.0);
            // ln(1 + eᵃ) = max(a, 0) + ln(1 + e⁻ˡᵃˡ), and the sum of the logarithms is that of 1 + `product`, where
            // small numbers are not lost.
            let mut product = sum;
            for (row, at) in (lane..outputs.len()).step_by(width).enumerate() {
                if row % FACTORS == FACTORS - 1 {
                    sum = sum + math::ln_1p(product);
                    product = sum.like(0.0);
                }
                let a = Wide(simd, outputs[at]) * scale;
                let t = probability(Wide(simd, targets[at]));
                let e = math::exp(-a.abs());
                sum = sum + t.neg_mul_add(a, a.at_least(0.0));
                product = e.mul_add(product, e + product);
                if let Some(deltas) = &mut deltas {
                    let below = a.less_than(a.like(0.0));
                    let sigmoid = below.select(e, a.like(1.0)) / (e + 1.0);
                    deltas[at] = ((sigmoid - t) * scale).1;
                }
            }
            *loss = (sum + math::ln_1p(product)).1;
        }
    }

    /// Σ of what `piece` makes of the difference between a value and its target, with its slope.
    #[inline(always)]
    fn errors<S: Simd>(self, simd: S, piece: impl Fn(Wide<S>) -> (Wide<S>, Wide<S>)) {
        let losses = vectors_mut::<S>(self.losses);
        let width = losses.len();
        let (outputs, targets) = (vectors::<S>(self.outputs), vectors::<S>(self.targets));
        let mut deltas = self.deltas.map(vectors_mut::<S>);
        for (lane, loss) in losses.iter_mut().enumerate() {
            let mut sum = Wide::splat(simd, 0.0);
            for at in (lane..outputs.len()).step_by(width) {
                let (part, slope) = piece(Wide(simd, outputs[at]) - Wide(simd, targets[at]));
                sum = sum + part;
                if let Some(deltas) = &mut deltas {
                    deltas[at] = slope.1;
                }
            }
            *loss = sum.1;
        }
    }
}

/// |d| and its sign, 0 at 0.
#[inline(always)]
fn absolute<S: Simd>(d: Wide<S>) -> (Wide<S>, Wide<S>) {
    let below = d.less_than(d.like(0.0)).select(d.like(-1.0), d.like(0.0));
    (d.abs(), d.positive().select(d.like(1.0), below))
}

/// ln cosh d and tanh d, exact for small d as well: cosh d = 1 + (e⁻ˡᵈˡ - 1)² / 2e⁻ˡᵈˡ.
#[inline(always)]
fn log_cosh<S: Simd>(d: Wide<S>) -> (Wide<S>, Wide<S>) {
    let size = d.abs();
    // Beyond 300 it is a straight line.
    let bent = size.at_most(300.0);
    let (e, less_one) = math::exp_and_m1(-bent);
    let value = math::ln_1p(less_one * less_one / (e + e)) + (size - bent);
    let double = less_one * (less_one + 2.0);
    let slope = double / (double + 2.0);
    (value, d.less_than(d.like(0.0)).select(slope, -slope))
}
