//! How far a row lies from the training rows, by its k-th nearest (Ramaswamy, Rastogi, Shim 2000).

use crate::Matrix;
use crate::threads::for_rows;

/// Training rows side by side in one pass over the columns.
const LANES: usize = 8;
/// Query rows for which a block of training rows is read from memory once.
const QUERIES: usize = 32;

/// The Euclidean distance of each query to its `k`-th nearest training row, or to the farthest where there are fewer.
///
/// Exact: every pair is measured, in double precision, columns in order, so that the distance of a row is the same with any number of
/// threads. A training row is its own nearest row, at 0: ask for `k + 1` where the queries are the training rows.
///
/// # Panics
///
/// Where `k` is 0, there is no training row or the columns differ.
pub fn nearest_distance(training: Matrix, queries: Matrix, k: usize, threads: usize) -> Vec<f64> {
    assert!(k > 0, "the first is the nearest");
    assert!(!training.is_empty(), "there are training rows");
    assert_eq!(training.columns(), queries.columns(), "the same columns");
    let k = k.min(training.len());
    let blocks = blocks(training);
    for_rows(queries.len(), threads, |range, distances| {
        let parts = distances.chunks_mut(QUERIES);
        for (place, part) in parts.enumerate() {
            let first = range.start + place * QUERIES;
            measure(&blocks, training.len(), queries, first, k, part);
        }
    })
}

/// Training rows column by column, [`LANES`] rows at a time; places beyond the last row are zero and not looked at.
fn blocks(training: Matrix) -> Vec<[f64; LANES]> {
    let mut blocks = vec![[0.0; LANES]; training.len().div_ceil(LANES) * training.columns()];
    for (place, row) in training.rows().enumerate() {
        let block = &mut blocks[place / LANES * training.columns()..];
        for (lanes, value) in block.iter_mut().zip(row) {
            lanes[place % LANES] = f64::from(*value);
        }
    }
    blocks
}

/// The distances of the queries from `first` on.
fn measure(
    blocks: &[[f64; LANES]],
    count: usize,
    queries: Matrix,
    first: usize,
    k: usize,
    distances: &mut [f64],
) {
    let rows: Vec<Vec<f64>> = (first..first + distances.len())
        .map(|row| queries.row(row).iter().map(|v| f64::from(*v)).collect())
        .collect();
    let mut nearest = vec![vec![f64::INFINITY; k]; rows.len()];
    for (place, block) in blocks.chunks_exact(queries.columns()).enumerate() {
        let filled = LANES.min(count - place * LANES);
        for (row, nearest) in rows.iter().zip(&mut nearest) {
            for square in &squares(block, row)[..filled] {
                keep(nearest, *square);
            }
        }
    }
    for (distance, nearest) in distances.iter_mut().zip(&nearest) {
        *distance = nearest[k - 1].sqrt();
    }
}

/// The squared distances of a row to those of a block.
fn squares(block: &[[f64; LANES]], row: &[f64]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (lanes, value) in block.iter().zip(row) {
        for (sum, other) in sums.iter_mut().zip(lanes) {
            let difference = value - other;
            *sum += difference * difference;
        }
    }
    sums
}

/// Puts a square among the smallest, which are in order.
fn keep(nearest: &mut [f64], square: f64) {
    let last = nearest.len() - 1;
    if square < nearest[last] {
        let place = nearest.partition_point(|other| *other <= square);
        nearest[place..].rotate_right(1);
        nearest[place] = square;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        let training = [0.0, 0.0, 3.0, 4.0, 6.0, 8.0];
        let training = Matrix::new(&training, 2);
        let asked = [0.0, 0.0, 3.0, 4.0];
        let of = |k| nearest_distance(training, Matrix::new(&asked, 2), k, 1);
        assert_eq!(of(1), [0.0, 0.0]);
        assert_eq!(of(2), [5.0, 5.0]);
        assert_eq!(of(3), [10.0, 5.0]);
        assert_eq!(of(9), [10.0, 5.0]);
    }

    /// 1,003 training rows are no whole blocks, 701 queries no whole parts.
    #[test]
    fn distances_are_those_of_a_plain_sort_with_any_number_of_threads() {
        let values = |count: usize, times: usize| -> Vec<f32> {
            (0..count * 5)
                .map(|k| (k * times % 997) as f32 / 31.0)
                .collect()
        };
        let (training, asked) = (values(1003, 7919), values(701, 104_729));
        let (training, asked) = (Matrix::new(&training, 5), Matrix::new(&asked, 5));
        let found = nearest_distance(training, asked, 7, 1);
        for threads in [2, 3, 16] {
            assert_eq!(found, nearest_distance(training, asked, 7, threads));
        }
        for (row, found) in asked.rows().zip(&found) {
            let square = |other: &[f32]| -> f64 {
                let pairs = row.iter().zip(other);
                pairs
                    .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                    .sum()
            };
            let mut all: Vec<f64> = training.rows().map(square).collect();
            all.sort_by(f64::total_cmp);
            assert_eq!(*found, all[6].sqrt());
        }
    }
}
