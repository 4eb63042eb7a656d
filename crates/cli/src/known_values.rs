//! Samples as plain numbers, for methods that take no missing ones.

use espejo_data::Samples;
use espejo_train::unit_rows;

/// The values of samples one after the other, 0 where one is missing: the mean of a standardised column.
pub fn filled(samples: &Samples) -> anyhow::Result<Vec<f32>> {
    let values = unit_rows(samples)?.concat().into_iter();
    Ok(values
        .map(|value| if value.is_nan() { 0.0 } else { value })
        .collect())
}

/// The class of each sample, by its place among the classes.
pub fn labels(samples: &Samples) -> Vec<usize> {
    let label = |index| samples.label(index).unwrap_or(0);
    (0..samples.len()).map(label).collect()
}
