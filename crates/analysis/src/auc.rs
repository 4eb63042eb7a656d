//! The area under the ROC curve, with its interval.

use crate::interval::NORMAL_95;
use crate::ranking::descending;

/// An area under the ROC curve with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auc {
    /// The probability that an anomaly scores higher than a normal row; equal scores count as half.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The area under the ROC curve and its 95 % interval; none where there is one class only.
///
/// The interval is value ± 1.96 standard errors (DeLong, DeLong, Clarke-Pearson 1988, by the ranks of Sun and Xu 2014), cut to
/// \[0, 1\] as pROC does. It is too narrow for an area near 1 with few anomalies: where nothing overlaps, both ends are 1. With a
/// single row in one of the classes there is no variance to estimate, and the interval is (0, 1).
///
/// # Panics
///
/// Where there is not a label for each score.
pub fn roc_auc(scores: &[f64], labels: &[bool]) -> Option<Auc> {
    assert_eq!(scores.len(), labels.len(), "a label for each score");
    let of =
        |class: bool| -> Vec<usize> { (0..labels.len()).filter(|k| labels[*k] == class).collect() };
    let (anomalies, normal) = (of(true), of(false));
    if anomalies.is_empty() || normal.is_empty() {
        return None;
    }
    let all = midranks(scores, &(0..scores.len()).collect::<Vec<_>>());
    // For an anomaly the share of normal rows below it; for a normal row that of anomalies below it.
    let shares = |class: &[usize], others: usize| -> Vec<f64> {
        let own = midranks(scores, class);
        let pairs = class.iter().zip(own);
        pairs
            .map(|(row, own)| (all[*row] - own) / others as f64)
            .collect()
    };
    let wins = shares(&anomalies, normal.len());
    let losses = shares(&normal, anomalies.len());
    let value = mean(&wins);
    let error =
        (variance(&wins) / wins.len() as f64 + variance(&losses) / losses.len() as f64).sqrt();
    let half = NORMAL_95 * error;
    let (low, high) = if half.is_nan() {
        (0.0, 1.0)
    } else {
        ((value - half).max(0.0), (value + half).min(1.0))
    };
    Some(Auc { value, low, high })
}

/// The rank of each of `rows` among them, 1 for the lowest score; equal scores have the mean of their ranks.
fn midranks(scores: &[f64], rows: &[usize]) -> Vec<f64> {
    let picked: Vec<f64> = rows.iter().map(|row| scores[*row]).collect();
    let mut order = descending(&picked);
    order.reverse();
    let mut ranks = vec![0.0; rows.len()];
    let mut before = 0;
    for tied in order.chunk_by(|a, b| picked[*a] == picked[*b]) {
        let rank = before as f64 + (tied.len() + 1) as f64 / 2.0;
        for row in tied {
            ranks[*row] = rank;
        }
        before += tied.len();
    }
    ranks
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The variance with n - 1 below; NaN for one value.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    squares / (values.len() as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(scores: &[f64], labels: &[bool]) -> f64 {
        roc_auc(scores, labels).expect("both classes").value
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let labels = [true, true, false, false];
        assert_eq!(area(&[4.0, 3.0, 2.0, 1.0], &labels), 1.0);
        assert_eq!(area(&[1.0, 2.0, 3.0, 4.0], &labels), 0.0);
        assert_eq!(area(&[1.0; 4], &labels), 0.5);
        assert_eq!(area(&[4.0, 2.0, 3.0, 1.0], &labels), 0.75);
        assert_eq!(area(&[4.0, 2.0, 2.0, 1.0], &labels), 0.875);
    }

    #[test]
    fn one_class_has_no_area() {
        assert_eq!(roc_auc(&[1.0, 2.0], &[true, true]), None);
        assert_eq!(roc_auc(&[1.0, 2.0], &[false, false]), None);
        assert_eq!(roc_auc(&[], &[]), None);
    }

    #[test]
    fn a_single_anomaly_says_nothing_about_the_variance() {
        let found = roc_auc(&[3.0, 2.0, 1.0], &[true, false, false]).expect("both classes");
        assert_eq!((found.value, found.low, found.high), (1.0, 0.0, 1.0));
    }

    /// By hand: wins 1 and 1/2, losses 1/2 and 1 below; variances 1/8 each, standard error sqrt(1/8).
    #[test]
    fn the_interval_is_cut_at_one() {
        let labels = [true, true, false, false];
        let found = roc_auc(&[4.0, 2.0, 3.0, 1.0], &labels).expect("both classes");
        let half = NORMAL_95 * 0.125_f64.sqrt();
        assert!((found.low - (0.75 - half)).abs() < 1e-15);
        assert_eq!(found.high, 1.0);
    }
}
