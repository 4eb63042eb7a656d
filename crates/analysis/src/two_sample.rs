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

/// The Kolmogorov-Smirnov statistic of two lists of numbers, in double precision; none where one of them has no number.
///
/// What is missing (NaN) is left out.
pub fn kolmogorov_smirnov_of(first: &[f64], second: &[f64]) -> Option<f64> {
    let sorted = |values: &[f64]| {
        let known = values.iter().copied().filter(|value| !value.is_nan());
        let mut known: Vec<f64> = known.collect();
        known.sort_unstable_by(f64::total_cmp);
        known
    };
    let (first, second) = (sorted(first), sorted(second));
    (!first.is_empty() && !second.is_empty()).then(|| largest_difference(&first, &second))
}

/// The total variation distance of two distributions over the same words, half the sum of the differences of their shares: 0 for the
/// same shares, 1 where they have no word in common.
///
/// # Panics
///
/// Where the numbers of words differ.
pub fn total_variation(first: &[f64], second: &[f64]) -> f64 {
    assert_eq!(first.len(), second.len(), "a share for each word");
    let differences = zip(first, second).map(|(first, second)| (first - second).abs());
    differences.sum::<f64>() / 2.0
}

/// The largest difference of two cumulative distributions, each of sorted values.
fn largest_difference<T: PartialOrd + Copy>(first: &[T], second: &[T]) -> f64 {
    let (mut left, mut right, mut largest) = (0, 0, 0.0_f64);
    while left < first.len() && right < second.len() {
        let value = match first[left] < second[right] {
            true => first[left],
            false => second[right],
        };
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
    /// The columns whose correlations lie furthest apart; none where there is no pair.
    pub between: Option<(usize, usize)>,
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
    let differences: Vec<(f64, (usize, usize))> = pairs
        .filter_map(|(first, second)| {
            let [ours, theirs] = [&ours, &theirs].map(|all| correlation(all, first, second));
            Some(((ours? - theirs?).abs(), (first, second)))
        })
        .collect();
    let pairs = differences.len();
    // The last of equals is taken: the order is reversed.
    let largest = differences.iter().rev().max_by(|a, b| a.0.total_cmp(&b.0));
    CorrelationDifference {
        largest: largest.map_or(0.0, |(difference, _)| *difference),
        mean: differences
            .iter()
            .map(|(difference, _)| difference)
            .sum::<f64>()
            / pairs.max(1) as f64,
        pairs,
        between: largest.map(|(_, pair)| *pair),
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
    summary(&sorted(distances_to(train, rows)))
}

/// The distance of each row to its nearest row of `train`; nothing where either has no rows.
fn distances_to(train: Matrix, rows: Matrix) -> Vec<f64> {
    let found = nearest(train, rows, 1);
    let distances = found.iter().flatten().map(|neighbor| neighbor.distance);
    distances.collect()
}

/// The distance of each row to the nearest of the others.
fn distances_to_others(rows: Matrix) -> Vec<f64> {
    let found = nearest(rows, rows, 2);
    let of_another = found.iter().enumerate().filter_map(|(own, neighbors)| {
        let mut others = neighbors.iter().filter(|neighbor| neighbor.index != own);
        others.next().map(|neighbor| neighbor.distance)
    });
    of_another.collect()
}

fn sorted(mut distances: Vec<f64>) -> Vec<f64> {
    distances.sort_unstable_by(f64::total_cmp);
    distances
}

/// Sorted distances in short; none where there are none.
fn summary(distances: &[f64]) -> Option<DistanceSummary> {
    if distances.is_empty() {
        return None;
    }
    let copies =
        distances.partition_point(|distance| *distance == 0.0) as f64 / distances.len() as f64;
    Some(DistanceSummary {
        quantiles: QUANTILES.map(|share| quantile(distances, share)),
        copies,
    })
}

/// How near synthetic rows lie to training rows, beside how near real rows lie that a model has not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearness {
    /// The distances of the synthetic rows.
    pub synthetic: DistanceSummary,
    /// The distances of the real rows.
    pub real: DistanceSummary,
    /// The distance under which a twentieth of the real rows lie.
    pub limit: f64,
    /// The share of the synthetic rows that lie nearer than that: about 0.05 for new rows of the same distribution, more where
    /// training rows are repeated.
    pub nearer: f64,
    /// Its 95 % interval (Wilson), of the synthetic rows alone: with n real rows the limit has an error of its own, about as that of n rows.
    pub interval: (f64, f64),
}

/// Holds the distances of synthetic rows to their nearest training row against those of real rows that were held out, or, without
/// these, against those of the training rows to the nearest other one. None where there are no rows of a kind, or a single training
/// row.
///
/// The limit is the distance of a real row (the highest one with at most a twentieth of the real rows under it), so that tables of few
/// different rows, where many real distances are 0, are not accused of what real rows do as well.
///
/// # Panics
///
/// Where the numbers of columns differ.
pub fn nearness(train: Matrix, held_out: Option<Matrix>, synthetic: Matrix) -> Option<Nearness> {
    let real = sorted(match held_out {
        Some(rows) => distances_to(train, rows),
        None => distances_to_others(train),
    });
    let synthetic = sorted(distances_to(train, synthetic));
    let limit = *real.get((real.len() as f64 * QUANTILES[1]) as usize)?;
    let hits = synthetic.partition_point(|distance| *distance < limit) as f64;
    let count = synthetic.len() as f64;
    Some(Nearness {
        synthetic: summary(&synthetic)?,
        real: summary(&real)?,
        limit,
        nearer: hits / count,
        interval: wilson(hits, count),
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
    fn the_statistic_keeps_double_precision_and_leaves_out_what_is_missing() {
        let at = |more: f64| 1_700_000_000.0 + more;
        let (first, second) = ([at(1.0), at(2.0), f64::NAN], [at(2.0), at(3.0)]);
        assert_eq!(kolmogorov_smirnov_of(&first, &second), Some(0.5));
        assert_eq!(kolmogorov_smirnov_of(&first, &[f64::NAN]), None);
    }

    #[test]
    fn shares_differ_by_half_the_sum_of_their_differences() {
        assert_eq!(total_variation(&[0.5, 0.5, 0.0], &[0.25, 0.5, 0.25]), 0.25);
        assert_eq!(total_variation(&[1.0, 0.0], &[0.0, 1.0]), 1.0);
        assert_eq!(total_variation(&[0.2, 0.8], &[0.2, 0.8]), 0.0);
    }

    #[test]
    fn a_generator_that_repeats_training_rows_is_caught() {
        let [train, held_out, new] = [1, 2, 3].map(|seed| uniform(2_000, seed));
        let [train, held_out, new] = [&train, &held_out, &new].map(|rows| Matrix::new(rows, 2));
        let copied = nearness(train, Some(held_out), train).expect("there are rows");
        assert_eq!((copied.nearer, copied.synthetic.copies), (1.0, 1.0));
        let honest = nearness(train, Some(held_out), new).expect("there are rows");
        // A twentieth, with a standard deviation of 0.009: the limit has an error as well.
        assert!((0.02..0.08).contains(&honest.nearer), "{honest:?}");
        assert_eq!(honest.real.copies, 0.0);
    }

    #[test]
    fn without_held_out_rows_training_rows_stand_in_for_them() {
        let [train, new] = [1, 2].map(|seed| uniform(2_000, seed));
        let [train, new] = [&train, &new].map(|rows| Matrix::new(rows, 2));
        assert_eq!(
            nearness(train, None, train).expect("there are rows").nearer,
            1.0
        );
        let honest = nearness(train, None, new).expect("there are rows");
        // A twentieth, with a standard deviation of 0.009: the limit has an error as well.
        assert!((0.02..0.08).contains(&honest.nearer), "{honest:?}");
        assert_eq!(
            nearness(Matrix::new(&[1.0], 1), None, Matrix::new(&[1.0], 1)),
            None
        );
    }

    #[test]
    fn equal_rows_are_no_copying_where_real_rows_are_equal_too() {
        let rows = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        let rows = Matrix::new(&rows, 1);
        let found = nearness(rows, Some(rows), rows).expect("there are rows");
        assert_eq!(
            (found.nearer, found.limit, found.real.copies),
            (0.0, 0.0, 1.0)
        );
    }

    /// Each column is right, and no two of them belong together.
    #[test]
    fn a_generator_of_independent_columns_is_caught() {
        let pairs = |seed| -> Vec<f32> {
            let noise = uniform(2_000, seed);
            let pair = |pair: &[f32]| [pair[0], pair[0] + 0.05 * pair[1]];
            noise.chunks_exact(2).flat_map(pair).collect()
        };
        let (real, held_out, other) = (pairs(1), pairs(2), pairs(3));
        let independent: Vec<f32> = (0..1_000)
            .flat_map(|row| [held_out[2 * row], other[2 * row + 1]])
            .collect();
        let [real, held_out, independent] =
            [&real, &held_out, &independent].map(|rows| Matrix::new(rows, 2));
        assert!(
            kolmogorov_smirnov(real, independent)
                .iter()
                .all(|found| *found < 0.08)
        );
        assert!(correlation_difference(real, independent).largest > 0.9);
        assert!(correlation_difference(real, held_out).largest < 0.05);
        let told_apart = nearest_neighbor_two_sample(real, independent, 0);
        assert!(told_apart.interval.0 > 0.7, "{told_apart:?}");
        let honest = nearest_neighbor_two_sample(real, held_out, 0);
        assert!(
            honest.interval.0 < 0.5 && honest.interval.1 > 0.5,
            "{honest:?}"
        );
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
        assert_eq!(found.between, Some((0, 1)));
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
                pairs: 0,
                between: None,
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
