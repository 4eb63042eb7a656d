//! One step of a first-order optimiser: what becomes of each parameter, by its gradient and what is kept of those before.

use burn::tensor::Tensor;

use crate::parameter_gradient::Factors;
use crate::simd_loops::{fours, pairs, triples};
use crate::{buffers, threads};

/// A step with all its numbers: m and v are the first and second thing kept for a parameter w with gradient g, zero at first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// w ← w - rate g.
    Sgd {
        /// The learning rate.
        rate: f64,
    },
    /// m ← momentum m + g; w ← w - rate m.
    Momentum {
        /// The learning rate.
        rate: f64,
        /// How much of m stays.
        momentum: f64,
    },
    /// m ← decay m + (1 - decay) g²; w ← w - rate g / (√m + ε), or g / √(m + ε) (Hinton, lecture 6e of Neural networks for machine
    /// learning, 2012).
    Rmsprop {
        /// The learning rate.
        rate: f64,
        /// How much of m stays.
        decay: f64,
        /// ε
        epsilon: f64,
        /// Whether ε stands under the root.
        inside: bool,
    },
    /// m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; w ← shrink w - rate m / (bias √v + ε) (Kingma and Ba, Adam, ICLR 2015;
    /// Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019).
    Adam {
        /// The learning rate, divided by 1 - β₁ᵗ in step t.
        rate: f64,
        /// β₁ and β₂
        betas: [f64; 2],
        /// 1 / √(1 - β₂ᵗ) in step t.
        bias: f64,
        /// ε
        epsilon: f64,
        /// 1, or less where weights decay.
        shrink: f64,
    },
}

/// Parameters of one part.
const PART: usize = 1 << 14;

struct Part<'a> {
    weights: &'a mut [f32],
    gradient: &'a [f32],
    moments: [&'a mut [f32]; 2],
}

impl Step {
    /// How many numbers are kept for a parameter.
    pub fn moments(&self) -> usize {
        match self {
            Self::Sgd { .. } => 0,
            Self::Momentum { .. } | Self::Rmsprop { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// Takes the step in one pass, with `scale` times the gradient. Moments that are not kept are empty slices.
    ///
    /// # Panics
    ///
    /// Where the slices that are used have other lengths than the weights.
    pub fn apply(
        &self,
        weights: &mut [f32],
        gradient: &[f32],
        scale: f32,
        moments: [&mut [f32]; 2],
    ) {
        let len = weights.len();
        self.check(len, gradient.len(), &moments);
        let mut moments = moments.map(|moment| moment.chunks_mut(PART));
        let parts = weights.chunks_mut(PART).zip(gradient.chunks(PART));
        let parts = parts.map(|(weights, gradient)| Part {
            weights,
            gradient,
            moments: moments
                .each_mut()
                .map(|chunks| chunks.next().unwrap_or_default()),
        });
        if len <= 2 * PART {
            parts.for_each(|part| self.apply_part(part, scale));
        } else {
            threads::each(parts.collect(), |part| self.apply_part(part, scale));
        }
    }

    /// [`apply`](Self::apply) with a gradient that is a product: each thread works a part of it out, and uses it while it lies in its cache.
    ///
    /// # Panics
    ///
    /// As [`apply`](Self::apply).
    pub fn apply_product(
        &self,
        weights: &mut [f32],
        gradient: &Factors,
        scale: f32,
        moments: [&mut [f32]; 2],
    ) {
        self.check(weights.len(), gradient.len(), &moments);
        let [m, v] = moments;
        let mut rest = [weights, m, v];
        let parts = gradient.parts().map(|rows| {
            let len = gradient.len_of(&rows);
            // Moments that are not kept stay empty.
            let cut = rest.each_mut().map(|rest| {
                let part = rest.split_off_mut(..len.min(rest.len()));
                part.unwrap_or_default()
            });
            (rows, cut)
        });
        threads::each(parts.collect(), |(rows, [weights, m, v])| {
            let mut product = buffers::take(weights.len());
            gradient.part(rows, &mut product);
            let part = Part {
                weights,
                gradient: &product,
                moments: [m, v],
            };
            self.apply_part(part, scale);
            buffers::give(product);
        });
    }

    /// Whether there are as many numbers as a step of `len` weights needs.
    fn check(&self, len: usize, gradient: usize, moments: &[&mut [f32]; 2]) {
        assert_eq!(gradient, len, "a gradient for each weight");
        let kept = [1, 2].map(|moment| if moment <= self.moments() { len } else { 0 });
        assert_eq!(
            moments.each_ref().map(|moment| moment.len()),
            kept,
            "moments of each weight"
        );
    }

    fn apply_part(&self, part: Part<'_>, scale: f32) {
        let Part {
            weights: w,
            gradient: g,
            moments: [m, v],
        } = part;
        let few = |number: f64| number as f32;
        match *self {
            Self::Sgd { rate } => {
                let rate = few(rate) * scale;
                pairs(w, g, |w, g| *w -= rate * g);
            }
            Self::Momentum { rate, momentum } => {
                let (rate, momentum) = (few(rate), few(momentum));
                triples(w, g, m, |w, g, m| {
                    *m = momentum * *m + scale * g;
                    *w -= rate * *m;
                });
            }
            Self::Rmsprop {
                rate,
                decay,
                epsilon,
                inside,
            } => {
                let (rate, keep, take, epsilon) =
                    (few(rate), few(decay), few(1.0 - decay), few(epsilon));
                let (within, beside) = if inside {
                    (epsilon, 0.0)
                } else {
                    (0.0, epsilon)
                };
                triples(w, g, m, |w, g, m| {
                    let g = scale * g;
                    *m = keep * *m + take * (g * g);
                    *w -= rate * g / ((*m + within).sqrt() + beside);
                });
            }
            Self::Adam {
                rate,
                betas,
                bias,
                epsilon,
                shrink,
            } => {
                let [keep_m, keep_v] = betas.map(few);
                let [take_m, take_v] = betas.map(|beta| few(1.0 - beta));
                let (rate, bias, epsilon, shrink) =
                    (few(rate), few(bias), few(epsilon), few(shrink));
                fours(w, g, [m, v], |w, g, m, v| {
                    let g = scale * g;
                    *m = keep_m * *m + take_m * g;
                    *v = keep_v * *v + take_v * (g * g);
                    *w = shrink * *w - rate * *m / (bias * v.sqrt() + epsilon);
                });
            }
        }
    }

    /// Takes the step in Burn's own operations, on vectors of all parameters; moments are made in the first step.
    pub fn compose(
        &self,
        weights: Tensor<1>,
        gradient: Tensor<1>,
        moments: &mut Vec<Tensor<1>>,
    ) -> Tensor<1> {
        match *self {
            Self::Sgd { rate } => weights - gradient.mul_scalar(rate),
            Self::Momentum { rate, momentum } => {
                weights - blend(moments, 0, [momentum, 1.0], gradient).mul_scalar(rate)
            }
            Self::Rmsprop {
                rate,
                decay,
                epsilon,
                inside,
            } => {
                let square = blend(moments, 0, [decay, 1.0 - decay], gradient.clone().square());
                let root = match inside {
                    true => (square + epsilon).sqrt(),
                    false => square.sqrt() + epsilon,
                };
                weights - gradient.mul_scalar(rate) / root
            }
            Self::Adam {
                rate,
                betas,
                bias,
                epsilon,
                shrink,
            } => {
                let mean = blend(moments, 0, [betas[0], 1.0 - betas[0]], gradient.clone());
                let square = blend(moments, 1, [betas[1], 1.0 - betas[1]], gradient.square());
                let kept = if shrink == 1.0 {
                    weights
                } else {
                    weights.mul_scalar(shrink)
                };
                kept - mean.mul_scalar(rate) / (square.sqrt().mul_scalar(bias) + epsilon)
            }
        }
    }
}

/// Moment `index` becomes `keep` of itself plus `take` of `new`.
fn blend(
    moments: &mut Vec<Tensor<1>>,
    index: usize,
    [keep, take]: [f64; 2],
    new: Tensor<1>,
) -> Tensor<1> {
    let new = if take == 1.0 {
        new
    } else {
        new.mul_scalar(take)
    };
    if index < moments.len() {
        let old = moments[index].extract();
        moments[index] = old.mul_scalar(keep) + new;
    } else {
        moments.push(new);
    }
    moments[index].clone()
}
