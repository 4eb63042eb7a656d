//! How good the numbers of a regressor are.

use crate::metrics::Measure;

/// `rmse`, the root of the mean squared error over all columns, and `r2`, the share of the variance explained, mean over the
/// columns that vary; left out where none does.
///
/// `errors` are mean squared errors, one a column in its unit squared; `variances` those of the samples measured.
pub(crate) fn measures(errors: &[f64], variances: &[f64]) -> Vec<Measure> {
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let pairs = errors.iter().zip(variances);
    let varying = pairs.filter(|(_, variance)| **variance > 0.0);
    let explained: Vec<f64> = varying
        .map(|(error, variance)| 1.0 - error / variance)
        .collect();
    let mut measures = vec![Measure::new("rmse", mean.sqrt())];
    if !explained.is_empty() {
        let r2 = explained.iter().sum::<f64>() / explained.len() as f64;
        measures.push(Measure::new("r2", r2));
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_errors_and_shares() {
        let found = measures(&[1.0, 7.0], &[4.0, 14.0]);
        assert_eq!(
            found,
            [Measure::new("rmse", 2.0), Measure::new("r2", 0.625)]
        );
    }

    #[test]
    fn a_column_that_does_not_vary_has_nothing_to_explain() {
        assert_eq!(measures(&[4.0], &[0.0]), [Measure::new("rmse", 2.0)]);
    }
}
