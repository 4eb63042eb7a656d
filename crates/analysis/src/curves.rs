//! The ROC and precision-recall curves, and what is read off them. Equal scores are one step of a curve.

use crate::interval::wilson;
use crate::ranking::{Step, positives, steps};

/// Points of a curve that a figure needs at most.
const POINTS: usize = 500;

/// A point of a curve: across, up.
pub type CurvePoint = (f64, f64);

/// Points of the ROC curve, (false positive rate, true positive rate) from (0, 0) to (1, 1); none where there is one class only.
///
/// At most 500 of them, spaced evenly along the curve.
///
/// # Panics
///
/// Where there is not a label for each score.
pub fn roc_curve(scores: &[f64], labels: &[bool]) -> Option<Vec<CurvePoint>> {
    let anomalies = positives(labels);
    let normal = labels.len() - anomalies;
    if anomalies == 0 || normal == 0 {
        return None;
    }
    let rate = |count: usize, of: usize| count as f64 / of as f64;
    let point = |step: Step| {
        (
            rate(step.false_alarms(), normal),
            rate(step.hits, anomalies),
        )
    };
    let steps = steps(scores, labels).into_iter().map(point);
    Some(thinned(
        &std::iter::once((0.0, 0.0)).chain(steps).collect::<Vec<_>>(),
    ))
}

/// Points of the precision-recall curve, (recall, precision) from the highest score to the lowest; none where there is no anomaly.
///
/// It begins with the rows of the highest score, not with an invented point (0, 1). At most 500 points, spaced evenly along the
/// curve.
///
/// # Panics
///
/// Where there is not a label for each score.
pub fn precision_recall_curve(scores: &[f64], labels: &[bool]) -> Option<Vec<CurvePoint>> {
    let anomalies = positives(labels);
    let point = |step: Step| (recall(step, anomalies), precision(step));
    let steps = steps(scores, labels).into_iter().map(point);
    (anomalies > 0).then(|| thinned(&steps.collect::<Vec<_>>()))
}

/// The average precision, Σ (recall(k) - recall(k-1)) · precision(k) over the steps; none where there is no anomaly.
///
/// A random score gets about the share of anomalies. There is no interpolation between steps.
///
/// # Panics
///
/// Where there is not a label for each score.
pub fn average_precision(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let anomalies = positives(labels);
    let mut before = 0.0;
    let mut area = 0.0;
    for step in steps(scores, labels) {
        let recall = recall(step, anomalies);
        area += (recall - before) * precision(step);
        before = recall;
    }
    (anomalies > 0).then_some(area)
}

/// The 95 % interval of an average precision over so many anomalies: that of a share among the anomalies (the binomial interval of Boyd,
/// Eng and Page 2013, by Wilson's form, which has no end beyond 0 and 1).
///
/// It takes the anomalies for what the average is taken over, and says nothing about other shares of anomalies: average
/// precision grows with that share.
pub fn average_precision_interval(average_precision: f64, anomalies: usize) -> (f64, f64) {
    let count = anomalies as f64;
    wilson(average_precision * count, count)
}

/// The limit with the highest F1 and what it gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestF1 {
    /// A score above it is flagged.
    pub limit: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The share of the flagged rows that are anomalies.
    pub precision: f64,
    /// The share of the anomalies that are flagged.
    pub recall: f64,
}

/// The limit with the highest F1 on these rows; of several the one that flags fewest rows; none where there is no anomaly.
///
/// It lies halfway between the lowest score that is flagged and the next one below. It was chosen with the labels: the F1 of the
/// same rows flatters.
///
/// # Panics
///
/// Where there is not a label for each score.
pub fn best_f1(scores: &[f64], labels: &[bool]) -> Option<BestF1> {
    let anomalies = positives(labels);
    let steps = steps(scores, labels);
    let f1 = |step: Step| 2.0 * step.hits as f64 / (step.flagged + anomalies) as f64;
    let mut best = 0;
    for (place, step) in steps.iter().enumerate() {
        if f1(*step) > f1(steps[best]) {
            best = place;
        }
    }
    let step = *steps.get(best).filter(|_| anomalies > 0)?;
    Some(BestF1 {
        limit: limit_below(step.score, steps.get(best + 1).map(|next| next.score)),
        f1: f1(step),
        precision: precision(step),
        recall: recall(step, anomalies),
    })
}

/// A limit that flags `score` and not the next one below.
fn limit_below(score: f64, next: Option<f64>) -> f64 {
    match next {
        None => score.next_down(),
        // The middle of two neighbouring numbers is rounded to one of them.
        Some(next) if next.midpoint(score) < score => next.midpoint(score),
        Some(next) => next,
    }
}

fn precision(step: Step) -> f64 {
    step.hits as f64 / step.flagged as f64
}

fn recall(step: Step, anomalies: usize) -> f64 {
    step.hits as f64 / anomalies as f64
}

/// At most [`POINTS`] of the points, the first and the last among them, spaced evenly by the distance covered.
fn thinned(points: &[CurvePoint]) -> Vec<CurvePoint> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let distance = |a: CurvePoint, b: CurvePoint| (a.0 - b.0).abs() + (a.1 - b.1).abs();
    let total: f64 = points.windows(2).map(|two| distance(two[0], two[1])).sum();
    let between = (POINTS - 2) as f64;
    let mut kept = vec![points[0]];
    let mut covered = 0.0;
    let mut part = 0;
    for two in points[..points.len() - 1].windows(2) {
        covered += distance(two[0], two[1]);
        let here = ((covered / total * between) as usize).min(POINTS - 2);
        if here > part {
            part = here;
            kept.push(two[1]);
        }
    }
    kept.push(points[points.len() - 1]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_an_average_precision_is_that_of_a_share_of_the_anomalies() {
        assert_eq!(average_precision_interval(0.8, 10), wilson(8.0, 10.0));
        assert_eq!(average_precision_interval(1.0, 5).1, 1.0);
        assert_eq!(average_precision_interval(0.3, 0), (0.0, 1.0));
    }

    const SCORES: [f64; 5] = [0.9, 0.8, 0.8, 0.4, 0.1];
    const LABELS: [bool; 5] = [true, true, false, false, true];

    #[test]
    fn a_step_of_equal_scores_goes_across_and_up_at_once() {
        let third = 1.0 / 3.0;
        assert_eq!(
            roc_curve(&SCORES, &LABELS).expect("both classes"),
            [
                (0.0, 0.0),
                (0.0, third),
                (0.5, 2.0 * third),
                (1.0, 2.0 * third),
                (1.0, 1.0)
            ]
        );
        assert_eq!(
            precision_recall_curve(&SCORES, &LABELS).expect("anomalies"),
            [
                (third, 1.0),
                (2.0 * third, 2.0 * third),
                (2.0 * third, 0.5),
                (1.0, 0.6)
            ]
        );
    }

    #[test]
    fn the_average_precision_by_hand() {
        let expected = (1.0 + 2.0 / 3.0 + 0.6) / 3.0;
        let found = average_precision(&SCORES, &LABELS).expect("anomalies");
        assert!((found - expected).abs() < 1e-15);
    }

    #[test]
    fn what_is_not_there_has_no_curve() {
        assert_eq!(roc_curve(&[1.0], &[true]), None);
        assert_eq!(precision_recall_curve(&[1.0], &[false]), None);
        assert_eq!(average_precision(&[1.0], &[false]), None);
        assert_eq!(best_f1(&[1.0], &[false]), None);
        assert_eq!(best_f1(&[], &[]), None);
    }

    #[test]
    fn the_best_limit_flags_what_its_f1_says() {
        let found = best_f1(&[5.0, 4.0, 3.0, 1.0], &[true, true, false, false]).expect("anomalies");
        assert_eq!((found.limit, found.f1), (3.5, 1.0));
        // All or nothing: flagging everything has F1 2/3, flagging nothing 0.
        let found = best_f1(&[2.0, 2.0], &[true, false]).expect("anomalies");
        assert_eq!((found.precision, found.recall), (0.5, 1.0));
        assert!(found.limit < 2.0);
    }

    #[test]
    fn a_limit_between_neighbouring_numbers_parts_them() {
        let next = 1.0_f64;
        let limit = limit_below(next.next_up(), Some(next));
        assert!(limit >= next && limit < next.next_up());
    }

    #[test]
    fn a_long_curve_is_thinned_and_keeps_its_ends() {
        let scores: Vec<f64> = (0..10_000).map(f64::from).collect();
        let labels: Vec<bool> = (0..10_000).map(|k| k * 7919 % 10 < 3).collect();
        let curve = roc_curve(&scores, &labels).expect("both classes");
        assert!((400..=500).contains(&curve.len()), "{}", curve.len());
        assert_eq!((curve[0], curve[curve.len() - 1]), ((0.0, 0.0), (1.0, 1.0)));
        let gap = |two: &[CurvePoint]| two[1].0 - two[0].0 + two[1].1 - two[0].1;
        assert!(curve.windows(2).all(|two| gap(two) < 2.0 * 2.0 / 498.0));
    }
}
