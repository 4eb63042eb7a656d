//! How many groups there are, where nobody says.

use std::ops::RangeInclusive;

use crate::{Covariance, Matrix, Mixture, STARTS, k_means, silhouette};

/// Numbers of groups that are tried where nobody says otherwise.
pub const COUNTS: RangeInclusive<usize> = 1..=12;

/// A number of groups, and what spoke for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountScore {
    /// The number of groups.
    pub count: usize,
    /// The Bayesian information criterion (the less, the better), or the mean silhouette (the more, the better).
    pub score: f64,
}

/// The number of components whose mixture has the least Bayesian information criterion, and that of each number tried; of equals
/// the fewest. Numbers above that of the rows are not tried; none is chosen where none was.
pub fn choose_count_by_bic(
    rows: Matrix,
    counts: RangeInclusive<usize>,
    covariance: Covariance,
    seed: u64,
) -> (Option<usize>, Vec<CountScore>) {
    let counts = counts.filter(|count| (1..=rows.len()).contains(count));
    let score = |count| CountScore {
        count,
        score: Mixture::fit(rows, count, covariance, seed).bic(rows),
    };
    let scores: Vec<_> = counts.map(score).collect();
    let best = scores.iter().min_by(|a, b| a.score.total_cmp(&b.score));
    (best.map(|best| best.count), scores)
}

/// The number of groups whose k-means has the largest mean silhouette, and that of each number tried; of equals the fewest. One
/// group has no silhouette and is never chosen; none is where no number has one.
pub fn choose_count_by_silhouette(
    rows: Matrix,
    counts: RangeInclusive<usize>,
    seed: u64,
) -> (Option<usize>, Vec<CountScore>) {
    let counts = counts.filter(|count| (2..=rows.len()).contains(count));
    let score = |count| {
        let labels = k_means(rows, count, STARTS, seed).labels;
        silhouette(rows, &labels, seed).map(|score| CountScore { count, score })
    };
    let scores: Vec<_> = counts.filter_map(score).collect();
    // The last of equals is taken: the order is reversed.
    let best = scores
        .iter()
        .rev()
        .max_by(|a, b| a.score.total_cmp(&b.score));
    (best.map(|best| best.count), scores)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Three round groups, 10 apart, each number a sum of twelve uniform ones: nearly normal with variance 1.
    fn three_groups() -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || (0..12).map(|_| random.random::<f32>()).sum::<f32>() - 6.0;
        let centers = [[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]];
        (0..300)
            .flat_map(|row| centers[row % 3].map(|center| center + normal()))
            .collect()
    }

    #[test]
    fn three_groups_are_found_to_be_three() {
        let rows = three_groups();
        let rows = Matrix::new(&rows, 2);
        for covariance in [Covariance::Full, Covariance::Diagonal] {
            let (best, scores) = choose_count_by_bic(rows, 1..=6, covariance, 0);
            assert_eq!((best, scores.len()), (Some(3), 6), "{scores:?}");
        }
        let (best, scores) = choose_count_by_silhouette(rows, 1..=6, 0);
        assert_eq!((best, scores.len()), (Some(3), 5), "{scores:?}");
    }

    #[test]
    fn one_group_is_found_to_be_one() {
        let rows = three_groups();
        let one: Vec<f32> = rows.chunks(6).flat_map(|rows| [rows[0], rows[1]]).collect();
        let (best, scores) =
            choose_count_by_bic(Matrix::new(&one, 2), 1..=4, Covariance::Diagonal, 0);
        assert_eq!(best, Some(1), "{scores:?}");
    }

    #[test]
    fn no_more_groups_than_rows_are_tried() {
        let rows = Matrix::new(&[1.0, 5.0], 1);
        assert_eq!(
            choose_count_by_bic(rows, COUNTS, Covariance::Full, 0)
                .1
                .len(),
            2
        );
        assert_eq!(choose_count_by_silhouette(rows, COUNTS, 0), (None, vec![]));
    }
}
