//! Scores in their order, held against labels: who comes first, and how many of the first are anomalies.

use crate::interval::wilson;
use crate::parallel;

/// The rank of each score: 1 for the highest; equal scores share the lowest of their ranks (1, 2, 2, 4).
///
/// The caller refuses a NaN earlier.
pub fn ranks(scores: &[f64]) -> Vec<usize> {
    let order = descending(scores);
    let mut ranks = vec![0; scores.len()];
    let mut rank = 1;
    for (place, row) in order.iter().enumerate() {
        if place > 0 && scores[order[place - 1]] != scores[*row] {
            rank = place + 1;
        }
        ranks[*row] = rank;
    }
    ranks
}

/// The places of the scores from the highest to the lowest; equal ones as they stand.
pub(crate) fn descending(scores: &[f64]) -> Vec<usize> {
    debug_assert!(!scores.iter().any(|score| score.is_nan()));
    let cores = parallel::cores();
    let piece = scores.len().div_ceil(cores).max(PIECE);
    // Each place beside its key: what is compared lies side by side, and no two are equal.
    let mut keyed = parallel::map_pieces(scores.len(), piece, cores, |places| {
        let mut keyed: Vec<_> = places
            .map(|place| (falling(scores[place]), place))
            .collect();
        keyed.sort_unstable();
        keyed
    });
    // Pieces that are sorted are runs, which this sort only merges.
    keyed.sort();
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Places that a thread sorts, at least.
const PIECE: usize = 1 << 15;

/// A number that is the smaller the higher a score is.
fn falling(score: f64) -> u64 {
    // A zero is a zero, whatever its sign.
    let bits = (score + 0.0).to_bits();
    // As they stand the bits of positive numbers rise with them; those of negative ones fall.
    match bits >> 63 {
        0 => !(bits | 1 << 63),
        _ => bits,
    }
}

/// What is flagged by a limit just below a score: the rows that have it or a higher one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// The score.
    pub score: f64,
    /// Rows flagged.
    pub flagged: usize,
    /// Anomalies among them.
    pub hits: usize,
}

impl Step {
    /// Rows flagged that are no anomalies.
    pub fn false_alarms(self) -> usize {
        self.flagged - self.hits
    }
}

/// One step for each different score, the highest first: rows with equal scores can only be flagged together.
///
/// # Panics
///
/// Where there is not a label for each score.
pub(crate) fn steps(scores: &[f64], labels: &[bool]) -> Vec<Step> {
    assert_eq!(scores.len(), labels.len(), "a label for each score");
    let mut steps: Vec<Step> = Vec::new();
    let mut hits = 0;
    for (place, row) in descending(scores).into_iter().enumerate() {
        hits += usize::from(labels[row]);
        let step = Step {
            score: scores[row],
            flagged: place + 1,
            hits,
        };
        match steps.last_mut() {
            Some(last) if last.score == step.score => *last = step,
            _ => steps.push(step),
        }
    }
    steps
}

/// The number of anomalies.
pub(crate) fn positives(labels: &[bool]) -> usize {
    labels.iter().filter(|label| **label).count()
}

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// How many were hit; no whole number where equal scores straddle the end.
    pub hits: f64,
    /// Of how many.
    pub count: usize,
    /// The share, `hits` / `count`.
    pub value: f64,
    /// The lower end of the interval (Wilson 1927).
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The share of anomalies among the `k` highest scores, or among all where there are fewer; none where there is no row.
///
/// Where equal scores straddle the end, the mean over all orders of them counts, so that the order of the rows does not matter.
///
/// # Panics
///
/// Where there is not a label for each score.
pub fn precision_at(scores: &[f64], labels: &[bool], k: usize) -> Option<Share> {
    let count = k.min(scores.len());
    let steps = steps(scores, labels);
    let end = steps.partition_point(|step| step.flagged < count);
    let last = steps.get(end).filter(|_| count > 0)?;
    let (flagged, hits) = match end {
        0 => (0, 0),
        _ => (steps[end - 1].flagged, steps[end - 1].hits),
    };
    let tied = (last.hits - hits) as f64 / (last.flagged - flagged) as f64;
    let hits = hits as f64 + tied * (count - flagged) as f64;
    let (low, high) = wilson(hits, count as f64);
    Some(Share {
        hits,
        count,
        value: hits / count as f64,
        low,
        high,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_share_the_lowest_rank() {
        assert_eq!(ranks(&[1.0, 7.0, 3.0, 7.0, 0.5]), [4, 1, 3, 1, 5]);
        assert_eq!(ranks(&[2.0, 3.0, 2.0, 1.0]), [2, 1, 2, 4]);
        assert_eq!(ranks(&[0.0, -0.0]), [1, 1]);
        assert_eq!(ranks(&[]), Vec::<usize>::new());
    }

    #[test]
    fn many_scores_fall_and_equal_ones_stand_as_they_did() {
        let scores: Vec<f64> = (0..100_000_u32)
            .map(|place| f64::from(place.wrapping_mul(2_654_435_761) >> 20) - 2000.0)
            .collect();
        let mut expected: Vec<usize> = (0..scores.len()).collect();
        expected.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        assert_eq!(descending(&scores), expected);
        let few = [
            0.0,
            -1.5,
            f64::INFINITY,
            1e-300,
            -0.0,
            f64::NEG_INFINITY,
            2.0,
        ];
        assert_eq!(descending(&few), [2, 6, 3, 0, 4, 1, 5]);
    }

    #[test]
    fn equal_scores_are_one_step() {
        let scores = [1.0, 2.0, 2.0, 3.0];
        let found = steps(&scores, &[false, true, false, true]);
        let found: Vec<_> = found.iter().map(|s| (s.score, s.flagged, s.hits)).collect();
        assert_eq!(found, [(3.0, 1, 1), (2.0, 3, 2), (1.0, 4, 2)]);
    }

    #[test]
    fn precision_at_k_counts_the_highest_scores() {
        let scores = [5.0, 4.0, 3.0, 2.0, 1.0];
        let labels = [true, false, true, true, false];
        let value = |k| precision_at(&scores, &labels, k).map(|share| share.value);
        assert_eq!(value(0), None);
        assert_eq!(value(1), Some(1.0));
        assert_eq!(value(2), Some(0.5));
        assert_eq!(value(4), Some(0.75));
        assert_eq!(value(9), Some(0.6));
        assert_eq!(precision_at(&[], &[], 3), None);
    }

    /// Two of three tied rows are anomalies: with one place left, two thirds of a hit are expected.
    #[test]
    fn ties_at_the_end_count_by_their_mean() {
        let scores = [3.0, 1.0, 1.0, 1.0];
        let share = precision_at(&scores, &[true, true, true, false], 2);
        let share = share.expect("there are rows");
        assert!((share.hits - 5.0 / 3.0).abs() < 1e-15);
        assert_eq!((share.low, share.high), wilson(share.hits, 2.0));
    }
}
