//! Images on the host, and how far two of them are apart.

use burn::tensor::{DType, Tensor};
use espejo_data::Samples;
use espejo_nets::Range;
use rand::{Rng, RngExt};

use crate::Error;

/// Images as rows of values in [0, 1], each `[channels, height, width]` row-major; noise may take values out of the range.
/// Codes too are rows.
pub type Rows = Vec<Vec<f32>>;

/// The samples as rows: images with values in [0, 1], tables as they are.
///
/// # Errors
///
/// [`Error::Data`] where they lie in a file that cannot be read.
pub fn unit_rows(samples: &Samples) -> Result<Rows, Error> {
    let mut values = Vec::with_capacity(samples.len() * samples.shape().pixels());
    samples.read(0..samples.len(), 0.0, &mut values)?;
    Ok(values
        .chunks_exact(samples.shape().pixels())
        .map(<[f32]>::to_vec)
        .collect())
}

/// Puts 0 in place of each missing number (NaN): the mean of a standardised column.
pub fn fill_missing(values: &mut [f32]) {
    let missing = values.iter_mut().filter(|value| value.is_nan());
    missing.for_each(|value| *value = 0.0);
}

/// The values of samples on a device, brought to [0, 1] and laid end to end.
pub(crate) fn unit_values(samples: Tensor<2>, range: Range) -> Vec<f32> {
    numbers(in_unit(samples, range))
}

/// Samples of a range brought to [0, 1].
pub(crate) fn in_unit(samples: Tensor<2>, range: Range) -> Tensor<2> {
    match range {
        Range::Unit => samples,
        _ => (samples - range.low()).div_scalar(1.0 - range.low()),
    }
}

/// The rows of a tensor.
pub(crate) fn rows(tensor: Tensor<2>) -> Rows {
    let [_, width] = tensor.dims();
    let values = numbers(tensor);
    let rows = values.chunks_exact(width.max(1));
    rows.map(<[f32]>::to_vec).collect()
}

/// The numbers of a tensor, row behind row. Those of 32 bits are not gone through one by one.
pub(crate) fn numbers(tensor: Tensor<2>) -> Vec<f32> {
    let data = tensor.into_data();
    match data.dtype() {
        DType::F32 => data.try_into_vec().expect("they are of 32 bits"),
        _ => data.iter().collect(),
    }
}

/// The targets of a batch as [`unit_values`], with NaN where `known` says 0: a missing cell has no error.
pub(crate) fn unit_targets(targets: Tensor<2>, known: Option<Tensor<2>>, range: Range) -> Vec<f32> {
    let mut values = unit_values(targets, range);
    if let Some(known) = known.map(Tensor::into_data) {
        let cells = values.iter_mut().zip(known.iter::<f32>());
        let missing = cells.filter(|(_, known)| *known == 0.0);
        missing.for_each(|(cell, _)| *cell = f32::NAN);
    }
    values
}

/// A standard normal number, by Box and Muller (1958).
pub(crate) fn normal(rng: &mut impl Rng) -> f32 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let angle = 2.0 * std::f64::consts::PI * rng.random::<f64>();
    (radius * angle.cos()) as f32
}

/// ‖a - b‖², summed in f64.
pub fn squared_error(a: &[f32], b: &[f32]) -> f64 {
    // Side by side: one sum would wait for each of its additions.
    const LANES: usize = 8;
    let square = |a: f32, b: f32| (f64::from(a) - f64::from(b)).powi(2);
    let (a, more) = a.as_chunks::<LANES>();
    let (b, last) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += square(a[lane], b[lane]);
        }
    }
    let rest: f64 = more.iter().zip(last).map(|(a, b)| square(*a, *b)).sum();
    sums.iter().sum::<f64>() + rest
}

/// Pixels on the wrong side of one half.
pub fn wrong_pixels(output: &[f32], target: &[f32]) -> usize {
    output
        .iter()
        .zip(target)
        .filter(|(o, t)| (**o > 0.5) != (**t > 0.5))
        .count()
}

/// The image of `known` with the smallest squared distance to `row`; the first of several.
///
/// # Panics
///
/// When `known` is empty.
pub fn nearest<'a>(row: &[f32], known: &'a [Vec<f32>]) -> &'a [f32] {
    let distances = known
        .iter()
        .map(|picture| (squared_error(picture, row), picture));
    let (_, picture) = distances
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .expect("there are known pictures");
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        assert_eq!(squared_error(&[0.0, 1.0, 0.5], &[1.0, 1.0, 0.0]), 1.25);
        assert_eq!(wrong_pixels(&[0.4, 0.6, 0.5], &[1.0, 1.0, 0.0]), 1);
        let known = vec![vec![0.0, 0.0], vec![1.0, 1.0]];
        assert_eq!(nearest(&[0.9, 0.2], &known), [1.0, 1.0]);
        assert_eq!(nearest(&[0.5, 0.5], &known), [0.0, 0.0]);
    }
}
