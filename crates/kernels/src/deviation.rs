//! How far outputs are from their targets: what training asks for with its gradient, and what an evaluation asks for of each row.

use pulp::{Simd, WithSimd};

use crate::cross_entropy::{self, nats};
use crate::threads;
use crate::vectors::arch;

/// Numbers that are summed side by side.
const LANES: usize = 16;
/// Numbers whose sum is taken in single precision; the sums of more are added in double.
const PART: usize = 256 * LANES;

/// A loss that is known together with its gradient, and what the outputs behind it are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FusedLoss {
    /// -Σ t ln σ(z) + (1-t) ln(1-σ(z)) in nats, of logits z; the outputs are σ(z).
    CrossEntropy,
    /// ½ Σ (o - t)², of the outputs o themselves.
    HalfSquares,
}

/// What is to be found of each row; what is not stays 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The loss alone.
    Loss,
    /// What is told by the outputs themselves: all but the loss.
    Outputs,
    /// Both.
    All,
}

/// How far the outputs of a row are from its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deviation {
    /// The loss, summed over the row.
    pub loss: f64,
    /// Σ (o - t)².
    pub squares: f64,
    /// Outputs that are not on the same side of one half as their target.
    pub wrong: usize,
}

impl FusedLoss {
    /// The loss of `rows` rows, mean over them; its gradient takes the place of what the layers gave.
    ///
    /// # Panics
    ///
    /// Where there are not as many targets as values.
    pub fn value_and_gradient(self, values: &mut [f32], targets: &[f32], rows: usize) -> f32 {
        match self {
            Self::CrossEntropy => cross_entropy::value_and_gradient(values, targets, rows),
            Self::HalfSquares => half_squares(values, targets, rows),
        }
    }

    /// How far each of `rows` rows of `values` is from its targets.
    ///
    /// # Panics
    ///
    /// Where there are not as many targets as values.
    pub(crate) fn deviations(
        self,
        wanted: Wanted,
        values: &[f32],
        targets: &[f32],
        rows: usize,
    ) -> Vec<Deviation> {
        assert_eq!(values.len(), targets.len(), "a target for each value");
        let mut found = vec![Deviation::default(); rows];
        arch().dispatch(Rows {
            loss: self,
            wanted,
            values,
            targets,
            width: values.len() / rows.max(1),
            found: &mut found,
        });
        found
    }
}

/// ½ Σ (o - t)² over `rows` rows, mean over them; the gradient (o - t) / rows takes the place of the outputs.
fn half_squares(outputs: &mut [f32], targets: &[f32], rows: usize) -> f32 {
    assert_eq!(outputs.len(), targets.len(), "a target for each output");
    let share = (1.0 / rows as f64) as f32;
    let mut sums = vec![0.0; outputs.len().div_ceil(PART)];
    let parts = outputs.chunks_mut(PART).zip(targets.chunks(PART));
    let parts = parts.zip(&mut sums);
    let work = |((outputs, targets), sum): ((&mut [f32], &[f32]), &mut f32)| {
        *sum = arch().dispatch(HalfSquares {
            outputs,
            targets,
            share,
        });
    };
    if parts.len() < 3 {
        parts.for_each(work);
    } else {
        threads::each(parts.collect(), work);
    }
    let sum: f64 = sums.into_iter().map(f64::from).sum();
    (0.5 * sum / rows as f64) as f32
}

/// The squares of a part, whose outputs become `share` of the gradient.
struct HalfSquares<'a> {
    outputs: &'a mut [f32],
    targets: &'a [f32],
    share: f32,
}

impl WithSimd for HalfSquares<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut sums = [0.0; LANES];
        let (outputs, more) = self.outputs.as_chunks_mut::<LANES>();
        let (targets, last) = self.targets.as_chunks::<LANES>();
        for (outputs, targets) in outputs.iter_mut().zip(targets) {
            for lane in 0..LANES {
                let apart = outputs[lane] - targets[lane];
                sums[lane] += apart * apart;
                outputs[lane] = self.share * apart;
            }
        }
        for ((sum, output), target) in sums.iter_mut().zip(more).zip(last) {
            let apart = *output - target;
            *sum += apart * apart;
            *output = self.share * apart;
        }
        sums.iter().sum()
    }
}

/// Rows that are measured one after the other.
struct Rows<'a> {
    loss: FusedLoss,
    wanted: Wanted,
    values: &'a [f32],
    targets: &'a [f32],
    width: usize,
    found: &'a mut [Deviation],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let values = self.values.chunks_exact(self.width);
        let rows = values.zip(self.targets.chunks_exact(self.width));
        for (found, (values, targets)) in self.found.iter_mut().zip(rows) {
            *found = match (self.loss, self.wanted) {
                (FusedLoss::CrossEntropy, Wanted::All) => {
                    of_row(values, targets, |logit, target| {
                        let (value, slope) = nats(logit, target);
                        (value, slope, logit > 0.0)
                    })
                }
                // The halves of it: either has an exponential, and a division of its own.
                (FusedLoss::CrossEntropy, Wanted::Loss) => {
                    of_row(values, targets, |logit, target| {
                        (nats(logit, target).0, 0.0, target > 0.5)
                    })
                }
                (FusedLoss::CrossEntropy, Wanted::Outputs) => {
                    of_row(values, targets, |logit, target| {
                        (0.0, nats(logit, target).1, logit > 0.0)
                    })
                }
                (FusedLoss::HalfSquares, wanted) => of_row(values, targets, |output, target| {
                    let apart = output - target;
                    match wanted {
                        Wanted::Loss => (0.5 * apart * apart, 0.0, target > 0.5),
                        Wanted::Outputs => (0.0, apart, output > 0.5),
                        Wanted::All => (0.5 * apart * apart, apart, output > 0.5),
                    }
                }),
            };
        }
    }
}

/// What a row comes to; `of` gives the loss of a value, how far its output is from the target, and whether that is above one half.
#[inline(always)]
fn of_row(values: &[f32], targets: &[f32], of: impl Fn(f32, f32) -> (f32, f32, bool)) -> Deviation {
    let mut all = Deviation::default();
    for (values, targets) in values.chunks(PART).zip(targets.chunks(PART)) {
        let (mut losses, mut squares) = ([0.0; LANES], [0.0; LANES]);
        let mut wrong = [0_u32; LANES];
        let mut add = |lane: usize, value: f32, target: f32| {
            let (loss, apart, is_above) = of(value, target);
            losses[lane] += loss;
            squares[lane] += apart * apart;
            wrong[lane] += u32::from(is_above != (target > 0.5));
        };
        let (values, more) = values.as_chunks::<LANES>();
        let (targets, last) = targets.as_chunks::<LANES>();
        for (values, targets) in values.iter().zip(targets) {
            for lane in 0..LANES {
                add(lane, values[lane], targets[lane]);
            }
        }
        for (lane, (value, target)) in more.iter().zip(last).enumerate() {
            add(lane, *value, *target);
        }
        all.loss += f64::from(losses.iter().sum::<f32>());
        all.squares += f64::from(squares.iter().sum::<f32>());
        all.wrong += wrong.iter().sum::<u32>() as usize;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// By the definitions, in double precision.
    fn exact(loss: FusedLoss, value: f32, target: f32) -> (f64, f64) {
        let (z, t) = (f64::from(value), f64::from(target));
        match loss {
            FusedLoss::CrossEntropy => (
                z.max(0.0) - z * t + (-z.abs()).exp().ln_1p(),
                1.0 / (1.0 + (-z).exp()) - t,
            ),
            FusedLoss::HalfSquares => (0.5 * (z - t) * (z - t), z - t),
        }
    }

    #[test]
    fn values_gradients_and_rows_are_those_of_the_definitions() {
        for (rows, width) in [(1, 1), (3, 35), (5, 100), (2, 9000)] {
            for loss in [FusedLoss::CrossEntropy, FusedLoss::HalfSquares] {
                let values: Vec<f32> = numbers(rows * width, 1).iter().map(|z| 4.0 * z).collect();
                let targets: Vec<f32> = numbers(rows * width, 2).iter().map(|t| t.abs()).collect();
                let pairs: Vec<(f64, f64)> = (values.iter().zip(&targets))
                    .map(|(value, target)| exact(loss, *value, *target))
                    .collect();
                let of = |wanted| loss.deviations(wanted, &values, &targets, rows);
                let found = of(Wanted::All);
                for (all, (half, other)) in
                    (found.iter()).zip(of(Wanted::Loss).iter().zip(&of(Wanted::Outputs)))
                {
                    let only = |loss| Deviation {
                        loss,
                        ..Deviation::default()
                    };
                    assert_eq!(*half, only(all.loss), "{loss:?}");
                    assert_eq!(*other, Deviation { loss: 0.0, ..*all }, "{loss:?}");
                }
                let mut total = 0.0;
                for (row, found) in found.iter().enumerate() {
                    let part = row * width..(row + 1) * width;
                    let value: f64 = pairs[part.clone()].iter().map(|(value, _)| value).sum();
                    let squares: f64 = pairs[part.clone()].iter().map(|(_, d)| d * d).sum();
                    assert!((found.loss - value).abs() < 1e-6 * value, "{loss:?}");
                    assert!((found.squares - squares).abs() < 2e-6 * squares, "{loss:?}");
                    let wrong = part.filter(|at| {
                        let output = pairs[*at].1 + f64::from(targets[*at]);
                        (output > 0.5) != (targets[*at] > 0.5)
                    });
                    assert_eq!(found.wrong, wrong.count(), "{loss:?}");
                    total += value;
                }
                let mut gradient = values.clone();
                let value = loss.value_and_gradient(&mut gradient, &targets, rows);
                let mean = total / rows as f64;
                assert!((f64::from(value) - mean).abs() < 1e-6 * mean, "{loss:?}");
                for (found, (_, slope)) in gradient.iter().zip(&pairs) {
                    let apart = f64::from(*found) * rows as f64 - slope;
                    assert!(apart.abs() < 5e-7 * (1.0 + slope.abs()), "{loss:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_so() {
        for loss in [FusedLoss::CrossEntropy, FusedLoss::HalfSquares] {
            let found = loss.deviations(Wanted::All, &[f32::NAN, 1.0, 0.5, 1.0], &[0.5; 4], 2);
            assert!(found[0].loss.is_nan() && found[0].squares.is_nan());
            assert!(found[1].loss.is_finite());
        }
    }
}
