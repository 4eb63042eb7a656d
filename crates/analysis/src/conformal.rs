//! How rare a score is among rows that were never trained on, as a p-value, and which of many p-values are discoveries.

/// The conformal p-value of each score: (1 + the number of calibration scores at or above it) / (n + 1), for n calibration rows
/// (Vovk, Gammerman, Shafer 2005; Bates et al. 2023).
///
/// A calibration score that equals the score counts as above it, against a discovery. Where the row is drawn like the calibration
/// rows, its p-value is at or below any level with at most the probability of that level. A NaN gets no meaningful p-value; the
/// caller refuses it earlier.
pub fn p_values(calibration: &[f64], scores: &[f64]) -> Vec<f64> {
    debug_assert!(!calibration.iter().chain(scores).any(|score| score.is_nan()));
    let sorted = ascending(calibration);
    let p_value = |score: &f64| {
        let below = sorted.partition_point(|other| other < score);
        p_value(sorted.len() - below, sorted.len())
    };
    scores.iter().map(p_value).collect()
}

/// The p-value of a row that has `at_or_above` of `count` calibration scores at or above its own.
pub(crate) fn p_value(at_or_above: usize, count: usize) -> f64 {
    (1 + at_or_above) as f64 / (count + 1) as f64
}

/// The smallest p-value that `count` calibration rows can give, 1 / (count + 1).
pub fn smallest_p_value(count: usize) -> f64 {
    p_value(0, count)
}

/// The number of scores that equal a calibration score, whose p-values are therefore larger than without ties.
pub fn ties(calibration: &[f64], scores: &[f64]) -> usize {
    let sorted = ascending(calibration);
    let tied = |score: &&f64| {
        let below = sorted.partition_point(|other| other < *score);
        sorted.get(below) == Some(*score)
    };
    scores.iter().filter(tied).count()
}

/// Which rows are discoveries: those whose [`adjusted_p_values`] are at or below `rate`.
///
/// Among all rows that are flagged, the expected share of normal ones is then at most `rate` (Benjamini, Hochberg 1995), also
/// with conformal p-values, though they share their calibration rows (Bates et al. 2023).
pub fn benjamini_hochberg(p: &[f64], rate: f64) -> Vec<bool> {
    let adjusted = adjusted_p_values(p);
    adjusted.iter().map(|p| *p <= rate).collect()
}

/// The smallest false discovery rate at which each row would be flagged by Benjamini and Hochberg's rule.
///
/// For the k-th smallest of m p-values this is the least of p(j) · m / j over all j ≥ k, at most 1.
pub fn adjusted_p_values(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut least: f64 = 1.0;
    for (place, row) in order.into_iter().enumerate().rev() {
        least = least.min(p[row] * p.len() as f64 / (place + 1) as f64);
        adjusted[row] = least;
    }
    adjusted
}

/// The scores from the smallest to the largest.
pub(crate) fn ascending(scores: &[f64]) -> Vec<f64> {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_count_what_is_at_or_above() {
        let calibration = [3.0, 1.0, 2.0, 2.0];
        let p = p_values(&calibration, &[0.0, 1.0, 2.0, 2.5, 3.0, 4.0]);
        assert_eq!(p, [1.0, 1.0, 0.8, 0.4, 0.4, 0.2]);
        assert_eq!(smallest_p_value(4), 0.2);
    }

    #[test]
    fn without_calibration_rows_every_p_value_is_one() {
        assert_eq!(p_values(&[], &[-1.0, 1.0]), [1.0, 1.0]);
    }

    #[test]
    fn ties_count_scores_that_equal_a_calibration_score() {
        assert_eq!(ties(&[3.0, 1.0, 2.0, 2.0], &[2.0, 2.0, 0.5, 3.0, -0.0]), 3);
        assert_eq!(ties(&[], &[1.0]), 0);
        assert_eq!(ties(&[0.0], &[-0.0]), 1);
    }

    /// Benjamini and Hochberg's own example (1995, section 3.2): of 15 p-values, four are discoveries at .05.
    #[test]
    fn the_example_of_the_paper_has_four_discoveries() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let flagged = benjamini_hochberg(&p, 0.05);
        assert_eq!(flagged.iter().filter(|flag| **flag).count(), 4);
        assert!(flagged[..4].iter().all(|flag| *flag));
    }

    #[test]
    fn a_large_p_value_is_pulled_down_by_the_next_larger_one() {
        assert_eq!(
            adjusted_p_values(&[0.5, 0.25, 0.625, 0.625]),
            [0.625, 0.625, 0.625, 0.625]
        );
        assert_eq!(adjusted_p_values(&[]), []);
    }
}
