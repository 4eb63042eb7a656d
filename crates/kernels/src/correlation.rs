//! Sums of numbers under a window.

use pulp::{Simd, WithSimd};

use crate::vectors::arch;

/// Σ `window[i] * values[at + i * step]` over i, for every `at` where the window ends inside.
///
/// # Panics
///
/// Where the window is empty, or longer than the values.
pub fn correlate(values: &[f64], step: usize, window: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; values.len() - (window.len() - 1) * step];
    arch().dispatch(Correlation {
        values,
        step,
        window,
        sums: &mut sums,
    });
    sums
}

struct Correlation<'a> {
    values: &'a [f64],
    step: usize,
    window: &'a [f64],
    sums: &'a mut [f64],
}

impl WithSimd for Correlation<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (i, weight) in self.window.iter().enumerate() {
            let values = &self.values[i * self.step..];
            for (sum, value) in self.sums.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_along_rows_and_columns() {
        let values: Vec<f64> = (0..40).map(|at| f64::from(at * at % 11)).collect();
        for step in [1, 8] {
            let window = [0.5, -1.0, 2.0];
            let found = correlate(&values, step, &window);
            let sum = |at: usize| (0..3).map(|i| window[i] * values[at + i * step]).sum();
            let expected: Vec<f64> = (0..40 - 2 * step).map(sum).collect();
            assert_eq!(found, expected);
        }
    }
}
