//! Intervals by the bootstrap over rows, where each row was predicted in several rounds, as by a repeated cross-validation.
//!
//! A draw takes as many rows as there are, with replacement, and each with its predictions of all rounds (Efron and Tibshirani 1993,
//! chapter 13; rows are the clusters): predictions of one row are no evidence of their own. The interval says how much a value would
//! differ on other rows; what other trainings would change is in it only as far as the rounds differ.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::ranking::descending;

/// Rows that all draws together take, about; and the fewest and the most draws.
const DRAWN_ROWS: usize = 20_000_000;
const FEWEST: usize = 200;
const MOST: usize = 2000;
/// Places of a curve.
const PLACES: u64 = 100;

/// A value with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// On the rows as they are.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// A place of a curve: across, up, and the 95 % interval of the latter.
pub type Place = (f64, Estimate);

/// How well rows are ranked, as the mean over the rounds.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledCurves {
    /// The area under the ROC curve.
    pub roc_auc: Estimate,
    /// The average precision.
    pub average_precision: Estimate,
    /// The true positive rate at the false positive rates 0, 0.01, ..., 1; interpolated linearly between the steps.
    pub roc: Vec<Place>,
    /// The precision at the recalls 0.01, ..., 1: that of the first step that has it.
    pub precision_recall: Vec<Place>,
}

/// The draws of a bootstrap, a function of the number of rows and a seed: all that is held against each other shares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    rows: usize,
    seed: u64,
}

impl Bootstrap {
    /// The draws over so many rows.
    pub fn new(rows: usize, seed: u64) -> Self {
        Self { rows, seed }
    }

    /// How many draws there are: 2,000, and fewer from 10,000 rows on.
    pub fn draws(self) -> usize {
        (DRAWN_ROWS / self.rows.max(1)).clamp(FEWEST, MOST)
    }

    /// How often each row is in a draw.
    fn weights(self, draw: usize) -> Vec<u64> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(draw as u64);
        let mut weights = vec![0; self.rows];
        for _ in 0..self.rows {
            weights[random.random_range(0..self.rows)] += 1;
        }
        weights
    }

    /// The mean of a number of each row.
    ///
    /// # Panics
    ///
    /// Where there is not a number for each row, or no row.
    pub fn mean(self, numbers: &[f64]) -> Estimate {
        assert_eq!(numbers.len(), self.rows, "a number for each row");
        let rows = self.rows as f64;
        let mean = |draw: usize| {
            let weighted = self.weights(draw).into_iter().zip(numbers);
            weighted
                .map(|(weight, number)| weight as f64 * number)
                .sum::<f64>()
                / rows
        };
        let drawn = (0..self.draws()).map(mean).collect();
        estimate(numbers.iter().sum::<f64>() / rows, drawn)
    }

    /// How well the scores of each round rank the rows; none where there is one class only.
    ///
    /// Draws of one class only are left out.
    ///
    /// # Panics
    ///
    /// Where there is no round, or not a score and a label for each row.
    pub fn curves(self, rounds: &[Vec<f64>], labels: &[bool]) -> Option<PooledCurves> {
        assert!(!rounds.is_empty(), "there are rounds");
        assert_eq!(labels.len(), self.rows, "a label for each row");
        let rounds: Vec<Ranked> = rounds
            .iter()
            .map(|scores| Ranked::of(scores, labels))
            .collect();
        let value = mean_reading(&rounds, &vec![1; self.rows])?;
        let drawn = (0..self.draws()).filter_map(|draw| mean_reading(&rounds, &self.weights(draw)));
        let drawn: Vec<Reading> = drawn.collect();
        let of = |read: &dyn Fn(&Reading) -> f64| {
            estimate(read(&value), drawn.iter().map(read).collect())
        };
        let place = |at: u64| at as f64 / PLACES as f64;
        Some(PooledCurves {
            roc_auc: of(&|reading| reading.area),
            average_precision: of(&|reading| reading.average_precision),
            roc: (0..=PLACES)
                .map(|at| (place(at), of(&|reading| reading.roc[at as usize])))
                .collect(),
            precision_recall: (1..=PLACES)
                .map(|at| (place(at), of(&|reading| reading.precision[at as usize - 1])))
                .collect(),
        })
    }
}

/// The value with the 2.5 % and 97.5 % quantiles of what was drawn; both ends at the value where nothing was.
fn estimate(value: f64, mut drawn: Vec<f64>) -> Estimate {
    drawn.sort_by(f64::total_cmp);
    let quantile = |part: f64| {
        let at = part * (drawn.len().max(1) - 1) as f64;
        drawn.get(at.round() as usize).copied().unwrap_or(value)
    };
    Estimate {
        value,
        low: quantile(0.025),
        high: quantile(0.975),
    }
}

/// The rows of a round from the highest score to the lowest, equal scores together.
struct Ranked {
    steps: Vec<Vec<(usize, bool)>>,
}

impl Ranked {
    fn of(scores: &[f64], labels: &[bool]) -> Self {
        assert_eq!(scores.len(), labels.len(), "a score for each row");
        let order = descending(scores);
        let steps = order.chunk_by(|a, b| scores[*a] == scores[*b]);
        let step = |rows: &[usize]| rows.iter().map(|row| (*row, labels[*row])).collect();
        Self {
            steps: steps.map(step).collect(),
        }
    }
}

/// What is read off the curves of a round.
struct Reading {
    area: f64,
    average_precision: f64,
    /// At the false positive rates 0, 0.01, ..., 1.
    roc: Vec<f64>,
    /// At the recalls 0.01, ..., 1.
    precision: Vec<f64>,
}

/// The mean reading of the rounds, each row counted as often as it weighs; none without rows of both classes.
fn mean_reading(rounds: &[Ranked], weights: &[u64]) -> Option<Reading> {
    let readings = rounds.iter().map(|round| reading(round, weights));
    let readings: Vec<Reading> = readings.collect::<Option<_>>()?;
    let count = readings.len() as f64;
    let mean = |read: &dyn Fn(&Reading) -> f64| readings.iter().map(read).sum::<f64>() / count;
    Some(Reading {
        area: mean(&|reading| reading.area),
        average_precision: mean(&|reading| reading.average_precision),
        roc: (0..=PLACES as usize)
            .map(|at| mean(&|reading| reading.roc[at]))
            .collect(),
        precision: (0..PLACES as usize)
            .map(|at| mean(&|reading| reading.precision[at]))
            .collect(),
    })
}

fn reading(round: &Ranked, weights: &[u64]) -> Option<Reading> {
    let rows = || round.steps.iter().flatten();
    let positives: u64 = rows()
        .filter(|(_, label)| *label)
        .map(|(row, _)| weights[*row])
        .sum();
    let negatives = rows().map(|(row, _)| weights[*row]).sum::<u64>() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (of_positives, of_negatives) = (1.0 / positives as f64, 1.0 / negatives as f64);
    let (mut hits, mut alarms) = (0, 0);
    let (mut area, mut average_precision) = (0.0, 0.0);
    let (mut roc, mut precision) = (Vec::new(), Vec::new());
    for step in &round.steps {
        let (hits_before, alarms_before) = (hits, alarms);
        for (row, label) in step {
            let count = if *label { &mut hits } else { &mut alarms };
            *count += weights[*row];
        }
        if hits + alarms == hits_before + alarms_before {
            continue;
        }
        let across = (alarms - alarms_before) as f64;
        area += across * (hits + hits_before) as f64 / 2.0;
        // The places that the step goes past: at the start of a step straight up, the curve is already at its top.
        while roc.len() as u64 * negatives < alarms * PLACES {
            let at = roc.len() as f64 * negatives as f64 / PLACES as f64;
            let part = (at - alarms_before as f64) / across;
            let up = hits_before as f64 + part * (hits - hits_before) as f64;
            roc.push(up * of_positives);
        }
        let flagged = hits as f64 / (hits + alarms) as f64;
        average_precision += (hits - hits_before) as f64 * flagged;
        while (precision.len() as u64 + 1) * positives <= hits * PLACES
            && precision.len() as u64 != PLACES
        {
            precision.push(flagged);
        }
    }
    roc.resize(PLACES as usize + 1, 1.0);
    Some(Reading {
        area: area * of_positives * of_negatives,
        average_precision: average_precision * of_positives,
        roc,
        precision,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{average_precision, roc_auc};

    /// Scores of two normal-like clouds, a third of them of the class that scores higher, with ties.
    fn rows(count: usize) -> (Vec<f64>, Vec<bool>) {
        let labels: Vec<bool> = (0..count).map(|row| row % 3 == 0).collect();
        let noise = |row: usize| (row * 7919 % 101) as f64 / 101.0;
        let score = |row: usize| {
            (10.0 * (noise(row) + 0.4 * f64::from(u8::from(row.is_multiple_of(3))))).round()
        };
        ((0..count).map(score).collect(), labels)
    }

    #[test]
    fn one_round_has_the_areas_of_its_scores() {
        let (scores, labels) = rows(500);
        let found = Bootstrap::new(500, 1)
            .curves(std::slice::from_ref(&scores), &labels)
            .expect("both classes");
        let auc = roc_auc(&scores, &labels).expect("both classes");
        assert!((found.roc_auc.value - auc.value).abs() < 1e-12);
        let precision = average_precision(&scores, &labels).expect("positives");
        assert!((found.average_precision.value - precision).abs() < 1e-12);
        // The bootstrap and DeLong's standard error agree about the width.
        let (own, delong) = (found.roc_auc.high - found.roc_auc.low, auc.high - auc.low);
        assert!((own / delong - 1.0).abs() < 0.15, "{own} {delong}");
        assert_eq!(found.roc.len(), 101);
        assert_eq!(found.roc[100].1.value, 1.0);
        assert_eq!(found.precision_recall.len(), 100);
        // To find all of a class takes all rows at most.
        let all = found.precision_recall[99].1.value;
        assert!((167.0 / 500.0..0.5).contains(&all), "{all}");
    }

    /// By hand: the curve of (0, 0), (0, 1/2), (1/2, 1/2), (1/2, 1), (1, 1), and precisions 1 up to a recall of 1/2 and 2/3 after it.
    #[test]
    fn curves_of_four_rows_by_hand() {
        let labels = [true, false, true, false];
        let found = Bootstrap::new(4, 1)
            .curves(&[vec![4.0, 3.0, 2.0, 1.0]], &labels)
            .expect("both");
        let roc = |at: usize| found.roc[at].1.value;
        assert_eq!([roc(0), roc(49), roc(50), roc(100)], [0.5, 0.5, 1.0, 1.0]);
        let precision = |at: usize| found.precision_recall[at - 1].1.value;
        assert_eq!([precision(1), precision(50)], [1.0, 1.0]);
        assert!((precision(51) - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(found.roc_auc.value, 0.75);
    }

    #[test]
    fn rounds_are_averaged_and_the_same_rounds_are_no_more_evidence() {
        let (scores, labels) = rows(300);
        let inverse: Vec<f64> = scores.iter().map(|score| -score).collect();
        let bootstrap = Bootstrap::new(300, 7);
        let both = bootstrap
            .curves(&[scores.clone(), inverse], &labels)
            .expect("both");
        assert!((both.roc_auc.value - 0.5).abs() < 1e-12);
        let once = bootstrap.curves(std::slice::from_ref(&scores), &labels);
        let thrice = bootstrap.curves(&[scores.clone(), scores.clone(), scores], &labels);
        let width =
            |found: Option<PooledCurves>| found.map(|found| found.roc_auc.high - found.roc_auc.low);
        let (once, thrice) = (width(once).expect("both"), width(thrice).expect("both"));
        assert!((once - thrice).abs() < 1e-9);
    }

    #[test]
    fn the_interval_of_a_share_is_about_that_of_the_normal_distribution() {
        let numbers: Vec<f64> = (0..1000)
            .map(|row| f64::from(u8::from(row % 4 == 0)))
            .collect();
        let found = Bootstrap::new(1000, 3).mean(&numbers);
        assert_eq!(found.value, 0.25);
        let expected = 1.96 * (0.25_f64 * 0.75 / 1000.0).sqrt();
        for half in [found.high - 0.25, 0.25 - found.low] {
            assert!((half / expected - 1.0).abs() < 0.1, "{half} {expected}");
        }
        assert_eq!(found, Bootstrap::new(1000, 3).mean(&numbers));
        assert_ne!(found, Bootstrap::new(1000, 4).mean(&numbers));
    }

    #[test]
    fn one_class_has_no_curve() {
        assert_eq!(
            Bootstrap::new(2, 1).curves(&[vec![1.0, 2.0]], &[true, true]),
            None
        );
    }

    #[test]
    fn many_rows_get_fewer_draws() {
        let draws = [100, 10_000, 50_000, 1_000_000].map(|rows| Bootstrap::new(rows, 1).draws());
        assert_eq!(draws, [2000, 2000, 400, 200]);
    }
}
