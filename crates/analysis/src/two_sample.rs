//! Synthetic rows beside real ones: can they be told apart, column by column, together, and are they copies?

use std::iter::zip;

use crate::interval::wilson;
use crate::sample::sample;
use crate::{Matrix, Neighbor, nearest};

/// How well the nearest other row tells real from synthetic rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoSample {
    /// The share of rows whose nearest other row is of their own kind: 0.5 where they cannot be told apart, 1 where they can,
    /// below 0.5 where synthetic rows are copies of real ones.
    pub accuracy: f64,
    /// Its 95 % interval (Wilson).
    pub interval: (f64, f64),
    /// The rows of each kind that were held against each other.
    pub rows: usize,
}

/// Neighbours that are asked for, so that ties are seen.
const TIES: usize = 16;

/// The classifier two-sample test by leave-one-out nearest neighbours (Lopez-Paz and Oquab 2017), on equally many real and
/// synthetic rows: of the larger set, rows are drawn by `seed`.
///
/// Distances are Euclidean, so columns should be scaled alike. Where several other rows are equally near, their shares count (up to
/// 15 of them), as tables of whole numbers have many.
///
/// # Panics
///
/// Where the numbers of columns differ, or one of the two has no rows.
pub fn nearest_neighbor_two_sample(real: Matrix, synthetic: Matrix, seed: u64) -> TwoSample {
    assert_same_columns(real, synthetic);
    let rows = real.len().min(synthetic.len());
    assert!(rows > 0, "both kinds have rows");
    // By turns: of equally near rows the lower indices come first, which must favour neither.
    let places = zip(
        sample(real.len(), rows, seed),
        sample(synthetic.len(), rows, seed),
    );
    let pooled: Vec<f32> = places
        .flat_map(|(ours, theirs)| [real.row(ours), synthetic.row(theirs)].concat())
        .collect();
    let pooled = Matrix::new(&pooled, real.columns());
    let found = nearest(pooled, pooled, TIES);
    let hits: f64 = found
        .iter()
        .enumerate()
        .map(|(index, neighbors)| own_share(index, neighbors))
        .sum();
    let count = pooled.len() as f64;
    TwoSample {
        accuracy: hits / count,
        interval: wilson(hits, count),
        rows,
    }
}

/// Of the nearest others of a row, which are equally near, the share of its own kind: even and odd places are the kinds.
fn own_share(index: usize, neighbors: &[Neighbor]) -> f64 {
    let others = || neighbors.iter().filter(|neighbor| neighbor.index != index);
    let least = others().next().expect("a pair has another row").distance;
    let tied = others().take_while(|neighbor| neighbor.distance == least);
    let (own, all) = tied.fold((0, 0), |(own, all), neighbor| {
        (own + usize::from(neighbor.index % 2 == index % 2), all + 1)
    });
    f64::from(own as u32) / f64::from(all)
}

/// The Kolmogorov-Smirnov statistic of each column: the largest difference of the shares of rows up to a value, 0 for the same
/// distribution, 1 for ranges that do not meet.
///
/// # Panics
///
/// Where the numbers of columns differ, or one of the two has no rows.
pub fn kolmogorov_smirnov(real: Matrix, synthetic: Matrix) -> Vec<f64> {
    assert_same_columns(real, synthetic);
    assert!(
        !real.is_empty() && !synthetic.is_empty(),
        "both kinds have rows"
    );
    let statistic = |column| {
        largest_difference(
            &sorted_column(real, column),
            &sorted_column(synthetic, column),
        )
    };
    (0..real.columns()).map(statistic).collect()
}

/// The largest difference of two cumulative distributions, each of sorted values.
fn largest_difference(first: &[f32], second: &[f32]) -> f64 {
    let (mut left, mut right, mut largest) = (0, 0, 0.0_f64);
    while left < first.len() && right < second.len() {
        let value = first[left].min(second[right]);
        left += first[left..].partition_point(|other| *other <= value);
        right += second[right..].partition_point(|other| *other <= value);
        let difference = left as f64 / first.len() as f64 - right as f64 / second.len() as f64;
        largest = largest.max(difference.abs());
    }
    largest
}

fn sorted_column(rows: Matrix, column: usize) -> Vec<f32> {
    let mut values: Vec<f32> = rows.rows().map(|row| row[column]).collect();
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// How far the correlations of two sets of rows lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CorrelationDifference {
    /// The largest absolute difference.
    pub largest: f64,
    /// The mean absolute difference.
    pub mean: f64,
    /// The pairs of columns that were held against each other.
    pub pairs: usize,
}

/// The absolute differences of the correlations of each pair of columns. A column that is constant in either set has none, and is
/// left out; both differences are 0 where no pair is left.
///
/// # Panics
///
/// Where the numbers of columns differ.
pub fn correlation_difference(real: Matrix, synthetic: Matrix) -> CorrelationDifference {
    assert_same_columns(real, synthetic);
    let [ours, theirs] = [real, synthetic].map(standard_columns);
    let correlation = |columns: &[Option<Vec<f64>>], first: usize, second: usize| {
        let (first, second) = (columns[first].as_ref()?, columns[second].as_ref()?);
        Some(
            zip(first, second)
                .map(|(first, second)| first * second)
                .sum::<f64>(),
        )
    };
    let pairs =
        (0..real.columns()).flat_map(|second| (0..second).map(move |first| (first, second)));
    let differences: Vec<f64> = pairs
        .filter_map(|(first, second)| {
            Some((correlation(&ours, first, second)? - correlation(&theirs, first, second)?).abs())
        })
        .collect();
    let pairs = differences.len();
    CorrelationDifference {
        largest: differences.iter().copied().fold(0.0, f64::max),
        mean: differences.iter().sum::<f64>() / pairs.max(1) as f64,
        pairs,
    }
}

/// Each column less its mean, of length 1; none where it is constant.
fn standard_columns(rows: Matrix) -> Vec<Option<Vec<f64>>> {
    let standard = |column: usize| {
        let first = f64::from(rows.rows().next()?[column]);
        // Less the first value, so that a constant column is exactly 0.
        let mut values: Vec<f64> = rows
            .rows()
            .map(|row| f64::from(row[column]) - first)
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter_mut().for_each(|value| *value -= mean);
        let norm = values.iter().map(|value| value * value).sum::<f64>().sqrt();
        (norm > 0.0).then(|| values.iter().map(|value| value / norm).collect())
    };
    (0..rows.columns()).map(standard).collect()
}

/// The distances of rows to their nearest training row, in short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DistanceSummary {
    /// The quantiles of [`QUANTILES`], between two rows by a straight line.
    pub quantiles: [f64; QUANTILES.len()],
    /// The share of rows that are a training row.
    pub copies: f64,
}

/// Which quantiles a summary of distances has.
pub const QUANTILES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

/// The distances of `rows` to their nearest row of `train`, in short; none where either has no rows.
///
/// Memorising shows where synthetic rows lie nearer to the training rows than real rows do that were held out: ask for both.
///
/// # Panics
///
/// Where the numbers of columns differ.
pub fn distances_to_nearest(train: Matrix, rows: Matrix) -> Option<DistanceSummary> {
    let found = nearest(train, rows, 1);
    let mut distances: Vec<f64> = found
        .iter()
        .flatten()
        .map(|neighbor| neighbor.distance)
        .collect();
    if distances.is_empty() {
        return None;
    }
    distances.sort_unstable_by(f64::total_cmp);
    let copies =
        distances.partition_point(|distance| *distance == 0.0) as f64 / distances.len() as f64;
    Some(DistanceSummary {
        quantiles: QUANTILES.map(|share| quantile(&distances, share)),
        copies,
    })
}

/// A quantile of sorted values, between two of them by a straight line.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

fn assert_same_columns(real: Matrix, synthetic: Matrix) {
    assert_eq!(
        real.columns(),
        synthetic.columns(),
        "real and synthetic rows have different numbers of columns"
    );
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn uniform(count: usize, seed: u64) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| random.random()).collect()
    }

    #[test]
    fn rows_far_apart_are_told_apart() {
        let (real, synthetic) = (uniform(200, 1), uniform(300, 2));
        let far: Vec<f32> = synthetic.iter().map(|value| value + 5.0).collect();
        let found = nearest_neighbor_two_sample(Matrix::new(&real, 2), Matrix::new(&far, 2), 0);
        assert_eq!((found.accuracy, found.rows), (1.0, 100));
        assert!(found.interval.0 > 0.97 && found.interval.1 == 1.0);
    }

    #[test]
    fn rows_of_one_distribution_are_not() {
        let (real, synthetic) = (uniform(4_000, 1), uniform(4_000, 2));
        let found =
            nearest_neighbor_two_sample(Matrix::new(&real, 2), Matrix::new(&synthetic, 2), 0);
        assert!((found.accuracy - 0.5).abs() < 0.03, "{found:?}");
    }

    #[test]
    fn copies_are_below_one_half() {
        let real = uniform(200, 1);
        let found = nearest_neighbor_two_sample(Matrix::new(&real, 2), Matrix::new(&real, 2), 0);
        assert_eq!(found.accuracy, 0.0);
    }

    #[test]
    fn a_table_of_few_values_favours_neither() {
        let whole = |seed| -> Vec<f32> {
            uniform(600, seed)
                .iter()
                .map(|value| (value * 3.0).floor())
                .collect()
        };
        let (real, synthetic) = (whole(1), whole(2));
        let found =
            nearest_neighbor_two_sample(Matrix::new(&real, 2), Matrix::new(&synthetic, 2), 0);
        assert!((found.accuracy - 0.5).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn the_statistic_of_a_column_is_the_largest_step_between_two_distributions() {
        let (first, second) = ([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0]);
        let statistic =
            |a: &[f32], b: &[f32]| kolmogorov_smirnov(Matrix::new(a, 1), Matrix::new(b, 1))[0];
        assert_eq!(statistic(&first, &second), 0.5);
        assert_eq!(statistic(&first, &first), 0.0);
        assert_eq!(statistic(&first, &[9.0]), 1.0);
    }

    #[test]
    fn opposite_columns_differ_by_two() {
        let (rising, falling) = (
            [0.0, 0.0, 1.0, 1.0, 2.0, 2.0],
            [0.0, 2.0, 1.0, 1.0, 2.0, 0.0],
        );
        let found = correlation_difference(Matrix::new(&rising, 2), Matrix::new(&falling, 2));
        assert_relative_eq!(found.largest, 2.0, epsilon = 1e-12);
        assert_eq!((found.mean, found.pairs), (found.largest, 1));
    }

    #[test]
    fn a_constant_column_has_no_correlation() {
        let constant = [0.1, 1.0, 0.1, 2.0, 0.1, 5.0];
        let found = correlation_difference(Matrix::new(&constant, 2), Matrix::new(&constant, 2));
        assert_eq!(
            found,
            CorrelationDifference {
                largest: 0.0,
                mean: 0.0,
                pairs: 0
            }
        );
    }

    #[test]
    fn copies_show_as_distances_of_nought() {
        let train = [0.0, 10.0];
        let found = distances_to_nearest(
            Matrix::new(&train, 1),
            Matrix::new(&[0.0, 1.0, 2.0, 10.0, 14.0], 1),
        );
        let found = found.expect("there are rows");
        assert_eq!(found.copies, 0.4);
        assert_eq!(
            [found.quantiles[0], found.quantiles[3], found.quantiles[6]],
            [0.0, 1.0, 4.0]
        );
        assert_eq!(
            distances_to_nearest(Matrix::new(&train, 1), Matrix::new(&[], 1)),
            None
        );
    }
}
