//! Ordinary least squares, as a baseline of a regressor.

use espejo_data::Samples;
use nalgebra::{DMatrix, DVector};

use crate::Error;
use crate::host_rows::{Rows, fill_missing};

/// Columns that the normal equations are solved for, at most: the work grows with their cube.
pub(crate) const MOST_COLUMNS: usize = 1024;
/// Rows that are read at once.
const CHUNK: usize = 4096;
/// What is added to the variances, as a share of their mean, so that columns that repeat each other have a solution.
const RIDGE: f64 = 1e-10;

/// A linear function with the least squared error on some rows.
pub(crate) struct LeastSquares {
    input_means: DVector<f64>,
    target_means: DVector<f64>,
    weights: DMatrix<f64>, // [inputs, targets]
}

impl LeastSquares {
    /// Fits `targets` (a row for each sample); missing inputs are 0, the mean of a standardised column.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read.
    ///
    /// # Panics
    ///
    /// When there are no samples.
    pub(crate) fn fit(samples: &Samples, targets: &Rows) -> Result<Self, Error> {
        let (inputs, outputs) = (samples.shape().pixels(), targets[0].len());
        let count = samples.len() as f64;
        let mut input_means = DVector::zeros(inputs);
        for_rows(samples, |_, row| input_means += row)?;
        input_means /= count;
        let row =
            |at: usize| DVector::from_iterator(outputs, targets[at].iter().map(|t| f64::from(*t)));
        let mut target_means = DVector::zeros(outputs);
        (0..targets.len()).for_each(|at| target_means += row(at));
        target_means /= count;
        let mut covariance = DMatrix::<f64>::zeros(inputs, inputs);
        let mut with_targets = DMatrix::<f64>::zeros(inputs, outputs);
        for_rows(samples, |at, seen| {
            let centred = seen - &input_means;
            covariance.syger(1.0, &centred, &centred, 1.0);
            with_targets.ger(1.0, &centred, &(row(at) - &target_means), 1.0);
        })?;
        let trace = covariance.trace();
        let ridge = if trace > 0.0 {
            RIDGE * trace / inputs as f64
        } else {
            1.0
        };
        (0..inputs).for_each(|at| covariance[(at, at)] += ridge);
        // `syger` fills the lower triangle, which is all that the factor is taken from.
        let factor = covariance.cholesky();
        let weights = factor.map_or_else(
            || DMatrix::zeros(inputs, outputs),
            |factor| factor.solve(&with_targets),
        );
        Ok(Self {
            input_means,
            target_means,
            weights,
        })
    }

    /// What it gives for samples, a row for each.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub(crate) fn predict(&self, samples: &Samples) -> Result<Rows, Error> {
        let mut rows = Rows::with_capacity(samples.len());
        for_rows(samples, |_, seen| {
            let given = self.weights.tr_mul(&(seen - &self.input_means)) + &self.target_means;
            rows.push(given.iter().map(|number| *number as f32).collect());
        })?;
        Ok(rows)
    }
}

/// Hands every sample to `take`, with its place.
fn for_rows(samples: &Samples, mut take: impl FnMut(usize, &DVector<f64>)) -> Result<(), Error> {
    let width = samples.shape().pixels();
    let mut values = Vec::with_capacity(CHUNK.min(samples.len()) * width);
    for start in (0..samples.len()).step_by(CHUNK) {
        values.clear();
        samples.read(start..(start + CHUNK).min(samples.len()), 0.0, &mut values)?;
        fill_missing(&mut values);
        for (at, row) in values.chunks_exact(width).enumerate() {
            let row = DVector::from_iterator(width, row.iter().map(|value| f64::from(*value)));
            take(start + at, &row);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use espejo_data::Facts;

    fn table(columns: Vec<Vec<f64>>) -> Samples {
        let names = (0..columns.len()).map(|at| at.to_string()).collect();
        Samples::table(Facts::default(), names, columns).expect("a table")
    }

    #[test]
    fn a_linear_target_is_found_exactly() {
        let samples = table(vec![vec![0.0, 1.0, 2.0, 5.0], vec![1.0, -1.0, 0.0, 2.0]]);
        let target = |a: f32, b: f32| vec![3.0 * a - 2.0 * b + 7.0, b];
        let targets = vec![
            target(0.0, 1.0),
            target(1.0, -1.0),
            target(2.0, 0.0),
            target(5.0, 2.0),
        ];
        let fitted = LeastSquares::fit(&samples, &targets).expect("in memory");
        let found = fitted.predict(&samples).expect("in memory");
        let pairs = found.iter().flatten().zip(targets.iter().flatten());
        assert!(
            pairs.clone().all(|(a, b)| (a - b).abs() < 1e-5),
            "{found:?}"
        );
    }

    /// By numpy 2.4.6, `lstsq([[1, x]], y)` for x = 0, 1, 2 and y = 0, 1, 5: intercept -.5, slope 2.5.
    #[test]
    fn what_is_not_linear_is_met_with_the_least_squared_error() {
        let samples = table(vec![vec![0.0, 1.0, 2.0]]);
        let targets = vec![vec![0.0], vec![1.0], vec![5.0]];
        let fitted = LeastSquares::fit(&samples, &targets).expect("in memory");
        let found = fitted.predict(&samples).expect("in memory").concat();
        let expected = [-0.5, 2.0, 4.5];
        assert!(
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-6),
            "{found:?}"
        );
    }

    #[test]
    fn columns_that_repeat_each_other_or_never_change_have_a_solution() {
        let samples = table(vec![vec![0.0, 1.0], vec![0.0, 1.0], vec![4.0, 4.0]]);
        let targets = vec![vec![1.0], vec![3.0]];
        let fitted = LeastSquares::fit(&samples, &targets).expect("in memory");
        let found = fitted.predict(&samples).expect("in memory").concat();
        assert!(
            (found[0] - 1.0).abs() < 1e-4 && (found[1] - 3.0).abs() < 1e-4,
            "{found:?}"
        );
        let flat = table(vec![vec![2.0, 2.0]]);
        let found = LeastSquares::fit(&flat, &targets).and_then(|fitted| fitted.predict(&flat));
        assert_eq!(found.expect("in memory").concat(), [2.0, 2.0]);
    }
}
