//! The sum of squared numbers, of which a penalty on weights is made, and its gradient.

use pulp::{Simd, WithSimd};

use crate::buffers;
use crate::simd_loops::pairs;
use crate::threads::{each, sum_of};
use crate::vectors::arch;

/// Numbers that are summed side by side.
const LANES: usize = 16;
/// Numbers of one part: the sum of their squares is taken in single precision, that of the parts in double.
const PART: usize = 256 * LANES;

/// Σ x²
pub fn value(x: &[f32]) -> f32 {
    sum_of(x.chunks(PART), |x| arch().dispatch(Squares(x)))
}

/// 2 slope x: the gradient at x, given the one at [`value`].
pub fn gradient(x: &[f32], slope: f32) -> Vec<f32> {
    let mut gradient = buffers::take(x.len());
    let parts = gradient.chunks_mut(PART).zip(x.chunks(PART));
    let slope = 2.0 * slope;
    each(parts.collect(), |(gradient, x): (&mut [f32], &[f32])| {
        pairs(gradient, x, |gradient, x| *gradient = slope * x);
    });
    gradient
}

/// The sum over a part.
struct Squares<'a>(&'a [f32]);

impl WithSimd for Squares<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let mut sums = [0.0; LANES];
        let (x, rest) = self.0.as_chunks::<LANES>();
        for x in x {
            for lane in 0..LANES {
                sums[lane] += x[lane] * x[lane];
            }
        }
        for (sum, x) in sums.iter_mut().zip(rest) {
            *sum += x * x;
        }
        sums.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn values_and_gradients_are_those_of_double_precision() {
        for len in [0, 1, 15, 17, PART, 3 * PART + 5, 1 << 20] {
            let x = numbers(len, 1);
            let exact: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
            let found = f64::from(value(&x));
            assert!((found - exact).abs() <= 1e-6 * exact, "{found} for {exact}");
            let exact = x.iter().map(|x| (2.0 * 0.3_f32) * x);
            assert!(gradient(&x, 0.3).into_iter().eq(exact), "of {len}");
        }
    }
}
