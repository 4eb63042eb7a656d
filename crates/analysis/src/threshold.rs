//! Limits above which a score is called an anomaly.

use std::fmt;
use std::str::FromStr;

use crate::conformal::{ascending, p_value, smallest_p_value};
use crate::curves::best_f1;

/// How a limit is found from calibration scores: those of rows that are taken for normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// This quantile of the scores, between two of them linearly (as numpy).
    Quantile(f64),
    /// Their mean plus so many standard deviations (with n below, as numpy).
    MeanSd(f64),
    /// Their median plus so many times 1.4826 median absolute deviations, which are a standard deviation where scores are normally
    /// distributed. Where more than half of the scores are equal, it is the median.
    Mad(f64),
    /// The highest F1 of the calibration scores, which need labels here.
    BestF1,
    /// The limit above which a conformal p-value is at or below this level.
    Conformal(f64),
}

/// What a threshold may be written as.
const FORMS: &str =
    "`quantile:.99`, `mean+sd`, `mean+2sd`, `mad:3.5`, `best-f1` or `conformal:.05`";

/// A standard deviation in median absolute deviations of the normal distribution, 1 / its .75 quantile.
const MAD_TO_SD: f64 = 1.4826;

/// Why there is no limit.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ThresholdError {
    /// There are no calibration rows.
    #[error("threshold `{0}` needs calibration rows, and there are none")]
    NoRows(Threshold),
    /// There are too few for the level.
    #[error(
        "threshold `{threshold}` needs at least {needed} calibration rows, and there are {found}"
    )]
    FewRows {
        /// What was asked for.
        threshold: Threshold,
        /// The rows that it needs.
        needed: usize,
        /// The rows that there are.
        found: usize,
    },
    /// A score is no finite number.
    #[error("calibration row {row} has the score {score}: expected a finite number")]
    NotFinite {
        /// Counted from 1.
        row: usize,
        /// The score.
        score: f64,
    },
    /// Labels are needed and not given.
    #[error("threshold `best-f1` needs labels of the calibration rows, and there are none")]
    NoLabels,
    /// There is not a label for each row.
    #[error(
        "threshold `best-f1` needs a label for each of {rows} calibration rows, and there are {labels}"
    )]
    LabelsMissing {
        /// Calibration rows.
        rows: usize,
        /// Labels.
        labels: usize,
    },
    /// All labels are the same.
    #[error(
        "threshold `best-f1` needs anomalies and normal rows among the calibration rows, and {rows} of {rows} are {class}"
    )]
    OneClass {
        /// Calibration rows.
        rows: usize,
        /// What they all are.
        class: &'static str,
    },
}

impl Threshold {
    /// The limit: a score above it is flagged, one that equals it is not.
    ///
    /// For `conformal` it is a calibration score: with n of them and k = ⌊level · (n + 1)⌋ the k-th largest. A score above it has
    /// at most k - 1 calibration scores at or above itself, so that its p-value, (1 + those) / (n + 1), is at or below the level; a
    /// score that equals it or lies below has at least k, and a p-value above the level. Flags by the limit and by
    /// [`p_values`](crate::p_values) are therefore the same, ties included.
    ///
    /// # Errors
    ///
    /// [`ThresholdError`] where there are no calibration rows, fewer than a conformal level can be told with (n < 1 / level - 1), a score
    /// among them that is not finite, or, for `best-f1`, no labels of two classes.
    pub fn limit(
        &self,
        calibration: &[f64],
        labels: Option<&[bool]>,
    ) -> Result<f64, ThresholdError> {
        if calibration.is_empty() {
            return Err(ThresholdError::NoRows(*self));
        }
        if let Some(row) = calibration.iter().position(|score| !score.is_finite()) {
            let score = calibration[row];
            return Err(ThresholdError::NotFinite {
                row: row + 1,
                score,
            });
        }
        match *self {
            Self::Quantile(share) => Ok(quantile(&ascending(calibration), share)),
            Self::MeanSd(factor) => Ok(mean_sd(calibration, factor)),
            Self::Mad(factor) => Ok(median_mad(calibration, factor)),
            Self::BestF1 => best_f1_limit(calibration, labels),
            Self::Conformal(level) => conformal_limit(*self, calibration, level),
        }
    }
}

/// A quantile of ascending scores, linear between two of them.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * place.fract()
}

fn mean_sd(scores: &[f64], factor: f64) -> f64 {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let squares: f64 = scores.iter().map(|score| (score - mean).powi(2)).sum();
    mean + factor * (squares / count).sqrt()
}

fn median_mad(scores: &[f64], factor: f64) -> f64 {
    let median = quantile(&ascending(scores), 0.5);
    let deviations: Vec<f64> = scores.iter().map(|score| (score - median).abs()).collect();
    median + factor * MAD_TO_SD * quantile(&ascending(&deviations), 0.5)
}

fn best_f1_limit(scores: &[f64], labels: Option<&[bool]>) -> Result<f64, ThresholdError> {
    let labels = labels.ok_or(ThresholdError::NoLabels)?;
    let rows = scores.len();
    if labels.len() != rows {
        let labels = labels.len();
        return Err(ThresholdError::LabelsMissing { rows, labels });
    }
    if labels.iter().all(|label| *label == labels[0]) {
        let class = if labels[0] { "anomalies" } else { "normal" };
        return Err(ThresholdError::OneClass { rows, class });
    }
    Ok(best_f1(scores, labels).expect("there are anomalies").limit)
}

fn conformal_limit(
    threshold: Threshold,
    scores: &[f64],
    level: f64,
) -> Result<f64, ThresholdError> {
    let count = scores.len();
    if smallest_p_value(count) > level {
        return Err(ThresholdError::FewRows {
            threshold,
            needed: rows_needed(level),
            found: count,
        });
    }
    let sorted = ascending(scores);
    // How many calibration scores may lie at or above one that is flagged, by the very division that gives p-values.
    let mut allowed = (level * (count + 1) as f64) as usize;
    while p_value(allowed, count) > level {
        allowed -= 1;
    }
    Ok(sorted[count - 1 - allowed])
}

/// The fewest calibration rows with which a p-value can be at or below the level.
fn rows_needed(level: f64) -> usize {
    let rows = (1.0 / level) as usize;
    // Division rounds: the answer is one of these.
    (rows.saturating_sub(2)..=rows)
        .find(|rows| smallest_p_value(*rows) <= level)
        .unwrap_or(rows.saturating_add(1))
}

/// Why a threshold was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseThresholdError(String);

impl FromStr for Threshold {
    type Err = ParseThresholdError;

    /// Reads one of the accepted forms, with any number in place of the one there.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |expected: &str| {
            Err(ParseThresholdError(format!(
                "threshold `{text}` needs {expected}; accepted are {FORMS}"
            )))
        };
        if text == "best-f1" {
            return Ok(Self::BestF1);
        }
        if let Some(factor) = text
            .strip_prefix("mean+")
            .and_then(|t| t.strip_suffix("sd"))
        {
            return match (factor, number(factor)) {
                ("", _) => Ok(Self::MeanSd(1.0)),
                (_, Some(factor)) if factor > 0.0 => Ok(Self::MeanSd(factor)),
                _ => refused("a number above 0 before `sd`"),
            };
        }
        let (kind, parameter) = text.split_once(':').unwrap_or((text, ""));
        match (kind, number(parameter)) {
            ("quantile", Some(share)) if (0.0..=1.0).contains(&share) => Ok(Self::Quantile(share)),
            ("quantile", _) => refused("a share from 0 to 1 after the colon"),
            ("mad", Some(factor)) if factor > 0.0 => Ok(Self::Mad(factor)),
            ("mad", _) => refused("a number above 0 after the colon"),
            ("conformal", Some(level)) if level > 0.0 && level < 1.0 => Ok(Self::Conformal(level)),
            ("conformal", _) => refused("a level between 0 and 1 after the colon"),
            _ => Err(ParseThresholdError(format!(
                "unknown threshold `{text}`, expected {FORMS}"
            ))),
        }
    }
}

/// A finite number.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

impl fmt::Display for Threshold {
    /// The form that [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantile(share) => write!(f, "quantile:{share}"),
            Self::MeanSd(1.0) => f.write_str("mean+sd"),
            Self::MeanSd(factor) => write!(f, "mean+{factor}sd"),
            Self::Mad(factor) => write!(f, "mad:{factor}"),
            Self::BestF1 => f.write_str("best-f1"),
            Self::Conformal(level) => write!(f, "conformal:{level}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p_values;

    fn limit(threshold: &str, scores: &[f64]) -> f64 {
        let threshold: Threshold = threshold.parse().expect("a threshold");
        threshold.limit(scores, None).expect("a limit")
    }

    fn refused(threshold: &str, scores: &[f64], labels: Option<&[bool]>) -> String {
        let threshold: Threshold = threshold.parse().expect("a threshold");
        let error = threshold.limit(scores, labels);
        error.expect_err("there is no limit").to_string()
    }

    #[test]
    fn known_limits() {
        assert_eq!(limit("quantile:.5", &[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(limit("quantile:1", &[4.0, 1.0]), 4.0);
        assert_eq!(limit("quantile:0", &[4.0, 1.0]), 1.0);
        assert_eq!(limit("mean+sd", &[1.0, 3.0]), 3.0);
        assert_eq!(limit("mean+2sd", &[1.0, 3.0]), 4.0);
        assert_eq!(limit("mean+sd", &[5.0]), 5.0);
        let mad = limit("mad:2", &[1.0, 2.0, 3.0, 4.0, 100.0]);
        assert_eq!(mad, 3.0 + 2.0 * 1.4826);
        assert_eq!(limit("mad:3.5", &[1.0, 1.0, 1.0, 9.0]), 1.0);
        let labels = [true, false, false, true];
        let best = Threshold::BestF1.limit(&[9.0, 1.0, 2.0, 8.0], Some(&labels));
        assert_eq!(best, Ok(5.0));
    }

    #[test]
    fn with_19_rows_the_largest_is_the_limit_at_a_level_of_a_twentieth() {
        let scores: Vec<f64> = (0..19).map(f64::from).collect();
        assert_eq!(limit("conformal:.05", &scores), 18.0);
        assert_eq!(limit("conformal:.1", &scores), 17.0);
        assert_eq!(limit("conformal:.149", &scores), 17.0);
        assert_eq!(
            refused("conformal:.05", &scores[1..], None),
            "threshold `conformal:0.05` needs at least 19 calibration rows, and there are 18"
        );
    }

    /// The fewest rows with which a limit exists are those that the error asks for.
    #[test]
    fn the_rows_asked_for_are_enough_and_one_less_is_not() {
        for level in [
            0.5,
            0.3,
            0.1,
            0.07,
            0.05,
            0.03,
            0.01,
            0.003,
            0.999,
            1.0 / 3.0,
            1.0 / 49.0,
        ] {
            let needed = rows_needed(level);
            assert!(needed >= 1 && smallest_p_value(needed) <= level, "{level}");
            assert!(smallest_p_value(needed - 1) > level, "{level}");
        }
    }

    #[test]
    fn flags_by_the_limit_are_flags_by_the_p_value_with_ties_too() {
        for count in 1..120_u32 {
            let ties = 1 + count % 5;
            let calibration: Vec<f64> =
                (0..count).map(|k| f64::from(k * 37 % 101 / ties)).collect();
            let scores: Vec<f64> = (0..220).map(|k| f64::from(k) / 2.0 - 3.0).collect();
            let p = p_values(&calibration, &scores);
            for level in [0.01, 0.05, 0.1, 0.15, 0.3, 0.5, 0.7, 0.95] {
                let Ok(limit) = Threshold::Conformal(level).limit(&calibration, None) else {
                    assert!(p.iter().all(|p| *p > level));
                    continue;
                };
                for (score, p) in scores.iter().zip(&p) {
                    assert_eq!(*score > limit, *p <= level, "{count} {level} {score} {p}");
                }
            }
        }
    }

    #[test]
    fn what_gives_no_limit_is_refused_in_words() {
        assert_eq!(
            refused("mean+3sd", &[], None),
            "threshold `mean+3sd` needs calibration rows, and there are none"
        );
        assert_eq!(
            refused("mad:3.5", &[1.0, f64::NAN], None),
            "calibration row 2 has the score NaN: expected a finite number"
        );
        assert_eq!(
            refused("best-f1", &[1.0], None),
            "threshold `best-f1` needs labels of the calibration rows, and there are none"
        );
        assert_eq!(
            refused("best-f1", &[1.0, 2.0], Some(&[true])),
            "threshold `best-f1` needs a label for each of 2 calibration rows, and there are 1"
        );
        assert_eq!(
            refused("best-f1", &[1.0, 2.0], Some(&[false, false])),
            "threshold `best-f1` needs anomalies and normal rows among the calibration rows, and 2 of 2 are normal"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "quantile:0.99",
            "mean+sd",
            "mean+2sd",
            "mean+2.5sd",
            "mad:3.5",
            "best-f1",
            "conformal:0.05",
        ] {
            assert_eq!(
                text.parse::<Threshold>().map(|t| t.to_string()).as_deref(),
                Ok(text)
            );
        }
        assert_eq!("quantile:.99".parse(), Ok(Threshold::Quantile(0.99)));
        assert_eq!("mean+1sd".parse(), Ok(Threshold::MeanSd(1.0)));
    }

    #[test]
    fn words_that_are_no_threshold_are_refused_with_the_accepted_ones() {
        let refused = |text: &str| text.parse::<Threshold>().expect_err(text).to_string();
        assert_eq!(
            refused("top"),
            "unknown threshold `top`, expected `quantile:.99`, `mean+sd`, `mean+2sd`, `mad:3.5`, `best-f1` or `conformal:.05`"
        );
        assert!(refused("quantile:99").starts_with("threshold `quantile:99` needs a share from 0 to 1 after the colon; accepted are `quantile"));
        assert!(refused("conformal:0").contains("a level between 0 and 1"));
        assert!(refused("conformal").contains("a level between 0 and 1"));
        assert!(refused("mad:-1").contains("a number above 0"));
        assert!(refused("mad:inf").contains("a number above 0"));
        assert!(refused("mean+xsd").contains("a number above 0 before `sd`"));
        assert!(refused("mean+0sd").contains("a number above 0 before `sd`"));
        assert!(refused("best-f1:3").starts_with("unknown threshold"));
    }
}
