//! Missing cells filled by the rows that are nearest in what is known.

use std::ops::Range;

use crate::Matrix;
use crate::parallel::{cores, map_pieces};

/// Rows that a thread fills at a time.
const PIECE: usize = 16;

/// The mean of the known cells (that are no NaN) of each column; 0 where none is known.
pub fn known_means(rows: Matrix) -> Vec<f64> {
    let mut sums = vec![(0.0, 0_usize); rows.columns()];
    for row in rows.rows() {
        for ((sum, count), value) in sums
            .iter_mut()
            .zip(row)
            .filter(|(_, value)| !value.is_nan())
        {
            *sum += f64::from(*value);
            *count += 1;
        }
    }
    let mean = |(sum, count): (f64, usize)| if count == 0 { 0.0 } else { sum / count as f64 };
    sums.into_iter().map(mean).collect()
}

/// The cells of `rows` with each missing one (NaN) as the mean of the `k` rows of `train` that are nearest and know it, one row after the
/// other.
///
/// Distances go over the columns that both rows know, scaled up by the share of these, as those of scikit-learn's `KNNImputer`; of equal
/// distances the lower index comes first. Where fewer than `k` rows know a cell, all of these count; where no row that knows it has a
/// known column in common, the mean of the column stands.
///
/// # Panics
///
/// Where `train` and `rows` have different numbers of columns, or `k` is 0.
pub fn impute_nearest(train: Matrix, rows: Matrix, k: usize) -> Vec<f32> {
    assert_eq!(train.columns(), rows.columns(), "rows of the same columns");
    assert!(k > 0, "a neighbour at least");
    let means = known_means(train);
    let fill = |places: Range<usize>| {
        let filled = places.flat_map(|place| filled(train, rows.row(place), k, &means));
        filled.collect()
    };
    map_pieces(rows.len(), PIECE, cores(), fill)
}

/// One row with its missing cells filled.
fn filled(train: Matrix, row: &[f32], k: usize, means: &[f64]) -> Vec<f32> {
    if !row.iter().any(|value| value.is_nan()) {
        return row.to_vec();
    }
    let distances: Vec<f64> = train.rows().map(|other| distance(row, other)).collect();
    let cell = |(column, value): (usize, &f32)| match value.is_nan() {
        false => *value,
        true => mean_of_nearest(train, column, &distances, k).unwrap_or(means[column]) as f32,
    };
    row.iter().enumerate().map(cell).collect()
}

/// The mean of a column over the `k` nearest rows that know it; nothing where none does at a known distance.
fn mean_of_nearest(train: Matrix, column: usize, distances: &[f64], k: usize) -> Option<f64> {
    let mut nearest: Vec<(f64, f64)> = Vec::with_capacity(k + 1); // distances in order, with the cells
    for (row, &distance) in train.rows().zip(distances) {
        let farthest = nearest.last().filter(|_| nearest.len() == k);
        let is_near = farthest.is_none_or(|(farthest, _)| distance < *farthest);
        if row[column].is_nan() || distance.is_nan() || !is_near {
            continue;
        }
        let place = nearest.partition_point(|(other, _)| *other <= distance);
        nearest.insert(place, (distance, f64::from(row[column])));
        nearest.truncate(k);
    }
    let sum: f64 = nearest.iter().map(|(_, cell)| cell).sum();
    (!nearest.is_empty()).then(|| sum / nearest.len() as f64)
}

/// The mean squared difference over the columns that both rows know; NaN where there are none.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let difference = f64::from(*a) - f64::from(*b);
        if !difference.is_nan() {
            sum += difference * difference;
            count += 1.0;
        }
    }
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f32 = f32::NAN;

    fn check(train: &[[f32; 3]], row: [f32; 3], k: usize, expected: [f32; 3]) {
        let train = train.concat();
        let found = impute_nearest(Matrix::new(&train, 3), Matrix::new(&row, 3), k);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_cell_is_the_mean_of_the_nearest_that_know_it() {
        let train = [
            [0.0, 0.0, 1.0],
            [1.0, 0.0, 3.0],
            [9.0, 9.0, 50.0],
            [0.1, 0.0, NAN],
        ];
        check(&train, [0.0, 0.0, NAN], 1, [0.0, 0.0, 1.0]);
        check(&train, [0.0, 0.0, NAN], 2, [0.0, 0.0, 2.0]);
        // All that know it, where they are fewer.
        check(&train, [0.0, 0.0, NAN], 9, [0.0, 0.0, 18.0]);
        check(&train, [5.0, 5.0, 5.0], 2, [5.0, 5.0, 5.0]);
    }

    /// Squared differences are a mean over the common columns: one known column that is off by 1 is nearer than two that are off by 1 and 2.
    #[test]
    fn rows_that_know_less_are_no_nearer_for_that() {
        let train = [[1.0, 2.0, 10.0], [2.0, NAN, 20.0], [1.0, NAN, 30.0]];
        check(&train, [0.0, 0.0, NAN], 1, [0.0, 0.0, 30.0]);
        check(&train, [0.0, 0.0, NAN], 2, [0.0, 0.0, 20.0]);
    }

    #[test]
    fn without_a_common_column_the_mean_stands() {
        let train = [[NAN, 1.0, 4.0], [NAN, 2.0, 8.0]];
        check(&train, [7.0, NAN, NAN], 1, [7.0, 1.5, 6.0]);
        check(&[[NAN, 1.0, 2.0]], [NAN, 1.0, 2.0], 1, [0.0, 1.0, 2.0]);
    }
}
