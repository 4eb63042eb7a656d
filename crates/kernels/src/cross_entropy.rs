//! The Bernoulli cross-entropy of logits, with its gradient, in one pass.

use pulp::{Simd, WithSimd};

use crate::math::{exp, ln, log1p};
use crate::threads::sum_of;
use crate::vectors::arch;

/// Numbers that are summed side by side.
const LANES: usize = 16;
/// Numbers of one part: their sum is taken in single precision, that of the parts in double.
const PART: usize = 256 * LANES;

/// -Σ t ln σ(z) + (1-t) ln(1-σ(z)) in nats over all logits z and targets t, divided by `rows`.
///
/// # Panics
///
/// Where there are not as many targets as logits.
pub fn value(logits: &[f32], targets: &[f32], rows: usize) -> f32 {
    assert_eq!(logits.len(), targets.len(), "a target for each logit");
    let parts = logits.chunks(PART).zip(targets.chunks(PART));
    sum_of(parts, |(logits, targets)| {
        arch().dispatch(Value { logits, targets })
    }) / rows as f32
}

/// [`value`] of the logits, whose gradient (σ(z) - t) / rows takes their place.
///
/// # Panics
///
/// Where there are not as many targets as logits.
pub fn value_and_gradient(logits: &mut [f32], targets: &[f32], rows: usize) -> f32 {
    assert_eq!(logits.len(), targets.len(), "a target for each logit");
    let share = 1.0 / rows as f32;
    let parts = logits.chunks_mut(PART).zip(targets.chunks(PART));
    sum_of(parts, |(logits, targets)| {
        arch().dispatch(Gradient {
            logits,
            targets,
            share,
        })
    }) / rows as f32
}

/// -Σ t ln p + (1-t) ln(1-p) in nats over probabilities p in [0, 1] and targets t, with 0 ln 0 = 0, in double precision. A target that is NaN is
/// missing, and adds nothing.
///
/// # Panics
///
/// Where there are not as many targets as probabilities.
pub fn of_probabilities(probabilities: &[f32], targets: &[f32]) -> f64 {
    assert_eq!(
        probabilities.len(),
        targets.len(),
        "a target for each probability"
    );
    arch().dispatch(OfProbabilities {
        probabilities,
        targets,
    })
}

/// Probabilities that many targets are held against: their logarithms are taken once.
#[derive(Clone, Debug)]
pub struct LogProbabilities {
    /// ln p
    ones: Vec<f64>,
    /// ln (1-p)
    zeros: Vec<f64>,
}

impl LogProbabilities {
    /// The logarithms of these probabilities and of what they leave.
    pub fn new(probabilities: &[f32]) -> Self {
        let both = probabilities.iter().map(|p| logarithms(*p).into());
        let (ones, zeros) = both.unzip();
        Self { ones, zeros }
    }

    /// [`of_probabilities`], to the bit.
    ///
    /// # Panics
    ///
    /// Where there are not as many targets as probabilities.
    pub fn cross_entropy(&self, targets: &[f32]) -> f64 {
        assert_eq!(
            self.ones.len(),
            targets.len(),
            "a target for each probability"
        );
        let logarithms = self;
        arch().dispatch(OfLogarithms {
            logarithms,
            targets,
        })
    }
}

struct OfLogarithms<'a> {
    logarithms: &'a LogProbabilities,
    targets: &'a [f32],
}

impl WithSimd for OfLogarithms<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sums = [0.0; LANES];
        let (ones, more_ones) = self.logarithms.ones.as_chunks::<LANES>();
        let (zeros, more_zeros) = self.logarithms.zeros.as_chunks::<LANES>();
        let (targets, last) = self.targets.as_chunks::<LANES>();
        for ((ones, zeros), targets) in ones.iter().zip(zeros).zip(targets) {
            for lane in 0..LANES {
                sums[lane] += nats_of([ones[lane], zeros[lane]], targets[lane].into());
            }
        }
        let more = more_ones.iter().zip(more_zeros).zip(last);
        for (sum, ((one, zero), target)) in sums.iter_mut().zip(more) {
            *sum += nats_of([*one, *zero], (*target).into());
        }
        sums.iter().sum()
    }
}

struct OfProbabilities<'a> {
    probabilities: &'a [f32],
    targets: &'a [f32],
}

impl WithSimd for OfProbabilities<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sums = [0.0; LANES];
        let (probabilities, more) = self.probabilities.as_chunks::<LANES>();
        let (targets, last) = self.targets.as_chunks::<LANES>();
        for (probabilities, targets) in probabilities.iter().zip(targets) {
            for lane in 0..LANES {
                sums[lane] += nats_of(logarithms(probabilities[lane]), targets[lane].into());
            }
        }
        for ((sum, probability), target) in sums.iter_mut().zip(more).zip(last) {
            *sum += nats_of(logarithms(*probability), (*target).into());
        }
        sums.iter().sum()
    }
}

/// ln p and ln (1-p).
#[inline(always)]
fn logarithms(p: f32) -> [f64; 2] {
    let p = f64::from(p);
    [p, 1.0 - p].map(ln)
}

/// -(t ln p + (1-t) ln(1-p)).
#[inline(always)]
fn nats_of([one, zero]: [f64; 2], t: f64) -> f64 {
    // A comparison with NaN is false.
    let of = |ln: f64, t: f64| if t.abs() > 0.0 { -t * ln } else { 0.0 };
    of(one, t) + of(zero, 1.0 - t)
}

/// The sum over a part.
struct Value<'a> {
    logits: &'a [f32],
    targets: &'a [f32],
}

impl WithSimd for Value<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut sums = [0.0; LANES];
        let (logits, more) = self.logits.as_chunks::<LANES>();
        let (targets, last) = self.targets.as_chunks::<LANES>();
        for (logits, targets) in logits.iter().zip(targets) {
            for lane in 0..LANES {
                sums[lane] += nats(logits[lane], targets[lane]).0;
            }
        }
        for ((sum, logit), target) in sums.iter_mut().zip(more).zip(last) {
            *sum += nats(*logit, *target).0;
        }
        sums.iter().sum()
    }
}

/// The sum over a part, whose logits become `share` of its gradient.
struct Gradient<'a> {
    logits: &'a mut [f32],
    targets: &'a [f32],
    share: f32,
}

impl WithSimd for Gradient<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut sums = [0.0; LANES];
        let (logits, more) = self.logits.as_chunks_mut::<LANES>();
        let (targets, last) = self.targets.as_chunks::<LANES>();
        for (logits, targets) in logits.iter_mut().zip(targets) {
            for lane in 0..LANES {
                let (value, slope) = nats(logits[lane], targets[lane]);
                sums[lane] += value;
                logits[lane] = self.share * slope;
            }
        }
        for ((sum, logit), target) in sums.iter_mut().zip(more).zip(last) {
            let (value, slope) = nats(*logit, *target);
            *sum += value;
            *logit = self.share * slope;
        }
        sums.iter().sum()
    }
}

/// max(z, 0) - z t + ln(1 + e^-|z|), without overflow, and its slope σ(z) - t.
#[inline(always)]
pub(crate) fn nats(z: f32, t: f32) -> (f32, f32) {
    let e = exp(-z.abs());
    let positive = if z < 0.0 { 0.0 } else { z };
    let s = 1.0 / (1.0 + e);
    let sigmoid = if z < 0.0 { e * s } else { s };
    (positive - z * t + log1p(e), sigmoid - t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    fn exact(z: f32, t: f32) -> (f64, f64) {
        let (z, t) = (f64::from(z), f64::from(t));
        (
            z.max(0.0) - z * t + (-z.abs()).exp().ln_1p(),
            1.0 / (1.0 + (-z).exp()) - t,
        )
    }

    #[test]
    fn values_and_gradients_are_exact() {
        for (rows, width) in [(1, 1), (3, 35), (32, 35), (19, 784), (40, 1023)] {
            let logits: Vec<f32> = numbers(rows * width, 1).iter().map(|z| 12.0 * z).collect();
            let targets: Vec<f32> = numbers(rows * width, 2).iter().map(|t| t.abs()).collect();
            let pairs = logits.iter().zip(&targets).map(|(z, t)| exact(*z, *t));
            let sum: f64 = pairs.clone().map(|(value, _)| value).sum();
            let mut gradient = logits.clone();
            let found = value_and_gradient(&mut gradient, &targets, rows);
            assert_eq!(found, value(&logits, &targets, rows));
            let mean = sum / rows as f64;
            assert!(
                (f64::from(found) - mean).abs() < 1e-6 * mean,
                "{found} for {mean}"
            );
            for (found, (_, slope)) in gradient.iter().zip(pairs) {
                assert!((f64::from(*found) * rows as f64 - slope).abs() < 5e-7);
            }
        }
    }

    #[test]
    fn probabilities_have_the_nats_of_double_precision() {
        let probabilities: Vec<f32> = (0..1003).map(|at| (at as f32 / 1003.0).powi(3)).collect();
        let targets: Vec<f32> = (0..1003)
            .map(|at| [0.0, 1.0, 0.25, f32::NAN][(at * 7 + 1) % 4])
            .collect();
        let known = probabilities.iter().zip(&targets).skip(1);
        let known = known.filter(|(_, target)| !target.is_nan());
        let nats = |p: f64, t: f64| if t == 0.0 { 0.0 } else { -t * p.ln() };
        let exact: f64 = known
            .map(|(p, t)| (f64::from(*p), f64::from(*t)))
            .map(|(p, t)| nats(p, t) + nats(1.0 - p, 1.0 - t))
            .sum();
        let found = of_probabilities(&probabilities[1..], &targets[1..]);
        assert!((found / exact - 1.0).abs() < 1e-14, "{found} for {exact}");
        let once = LogProbabilities::new(&probabilities[1..]);
        assert_eq!(once.cross_entropy(&targets[1..]), found);
        assert_eq!(of_probabilities(&[0.0, 1.0], &[0.0, 1.0]), 0.0);
        assert_eq!(of_probabilities(&[0.0], &[0.5]), f64::INFINITY);
        assert_eq!(of_probabilities(&[0.3], &[f32::NAN]), 0.0);
    }

    /// A net that is nearly always right has a small loss, of which as many digits are right as of a large one.
    #[test]
    fn a_small_loss_is_exact() {
        for size in [5.0, 10.0, 15.0, 30.0] {
            let logits: Vec<f32> = (numbers(5000, 1).iter())
                .map(|z| (size + z) * z.signum())
                .collect();
            let targets: Vec<f32> = logits.iter().map(|z| (1.0 + z.signum()) / 2.0).collect();
            let exact = |(z, t): (&f32, &f32)| {
                let (z, t) = (f64::from(*z), f64::from(*t));
                z.max(0.0) - z * t + (-z.abs()).exp().ln_1p()
            };
            let expected: f64 = logits.iter().zip(&targets).map(exact).sum();
            let found = f64::from(value(&logits, &targets, 1));
            assert!(
                (found / expected - 1.0).abs() < 1e-5,
                "{found} for {expected}"
            );
        }
    }

    #[test]
    fn sure_and_undecided_logits() {
        let mut logits = [0.0, 100.0, -100.0, 100.0];
        let value = value_and_gradient(&mut logits, &[1.0, 1.0, 0.0, 0.0], 1);
        assert!((value - (std::f32::consts::LN_2 + 100.0)).abs() < 1e-5);
        assert_eq!(logits[0], -0.5);
        assert!(logits[1].abs() < 1e-30 && logits[2].abs() < 1e-30 && logits[3] == 1.0);
        assert!(value_and_gradient(&mut [f32::NAN], &[0.5], 1).is_nan());
    }
}
