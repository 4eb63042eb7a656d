//! What scores mean: the limit above which a sample is flagged, p-values and ranks.

use espejo_analysis::{Threshold, benjamini_hochberg, p_values, ranks, smallest_p_value, ties};
use espejo_train::{ScoreRule, Trained};

use crate::calibration::Ordinary;
use crate::compact_number::compact;
use crate::outliers;
use crate::output::{counted, message, usage};
use crate::sample_columns::scored_rows;

/// A limit, and the scores of ordinary samples that it was made from.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The rule that made it.
    pub threshold: Threshold,
    /// A sample with a higher score is flagged.
    pub value: f64,
    /// The scores of the ordinary samples.
    pub calibration: Vec<f64>,
    /// Where these come from, in words.
    pub origin: String,
    /// Whether the run was trained on them.
    pub trained_on: bool,
}

impl Limit {
    /// Scores ordinary samples and takes the limit from them. Known anomalies among them are left out, except where the rule needs
    /// both kinds.
    pub fn of(
        trained: &Trained,
        ordinary: &Ordinary,
        rule: ScoreRule,
        threshold: Threshold,
        names: &[String],
    ) -> anyhow::Result<Self> {
        let scores = trained.score_rows(&ordinary.samples, rule, false)?.values;
        let rows = scored_rows(&ordinary.samples);
        let has_labels = !names.is_empty() && !rows.classes().is_empty();
        let labels = match has_labels {
            true => Some(outliers::of(names, &rows)?),
            false => None,
        };
        let value = |scores: &[f64], labels| {
            threshold
                .limit(scores, labels)
                .map_err(|error| usage(error.to_string(), "see `espejo score --help`"))
        };
        let (calibration, value) = match (&labels, threshold) {
            (Some(labels), Threshold::BestF1) => {
                let value = value(&scores, Some(labels))?;
                (scores, value)
            }
            (Some(labels), _) => {
                let ordinary = kept(&scores, labels);
                let value = value(&ordinary, None)?;
                (ordinary, value)
            }
            (None, _) => {
                let value = value(&scores, None)?;
                (scores, value)
            }
        };
        Ok(Self {
            threshold,
            value,
            calibration,
            origin: ordinary.origin.clone(),
            trained_on: ordinary.trained_on,
        })
    }
}

/// The scores of those that are no anomalies.
fn kept(scores: &[f64], labels: &[bool]) -> Vec<f64> {
    let pairs = scores.iter().zip(labels);
    let ordinary: Vec<f64> = pairs
        .filter(|(_, anomaly)| !**anomaly)
        .map(|(score, _)| *score)
        .collect();
    if ordinary.len() < scores.len() {
        message(&format!(
            "note: {} known anomalies among the calibration samples are left out",
            scores.len() - ordinary.len()
        ));
    }
    ordinary
}

/// What is made of the scores of samples.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The limit.
    pub limit: Limit,
    /// The false discovery rate by which samples are flagged in place of the limit.
    pub fdr: Option<f64>,
    /// The place of each sample, 1 for the highest score.
    pub ranks: Vec<usize>,
    /// The p-value of each sample; none where the run was trained on the ordinary samples.
    pub p: Option<Vec<f64>>,
    /// Whether each sample is flagged.
    pub flags: Vec<bool>,
}

impl Judgement {
    /// Holds scores against a limit, or against the false discovery rate `fdr`.
    pub fn new(scores: &[f64], limit: Limit, fdr: Option<f64>) -> Self {
        let p = (!limit.trained_on).then(|| p_values(&limit.calibration, scores));
        let flags = match (fdr, &p) {
            (Some(rate), Some(p)) => benjamini_hochberg(p, rate),
            _ => scores.iter().map(|score| *score > limit.value).collect(),
        };
        Self {
            ranks: ranks(scores),
            limit,
            fdr,
            p,
            flags,
        }
    }

    /// What was decided, in sentences.
    pub fn summary(&self, scores: &[f64], kind: &str) -> String {
        let limit = &self.limit;
        let flagged = self.flags.iter().filter(|flag| **flag).count();
        let from = format!(
            "{} {}",
            counted(limit.calibration.len(), "sample"),
            limit.origin
        );
        let by = match self.fdr {
            Some(rate) => format!("a false discovery rate of {rate} ({from})"),
            None => format!(
                "{kind} > {} ({}, {from})",
                compact(limit.value, 6),
                limit.threshold
            ),
        };
        let mut text = format!("{flagged} of {} flagged by {by}", scores.len());
        if self.p.is_some() {
            let least = smallest_p_value(limit.calibration.len());
            text += &format!("\np-values are multiples of {least:.6}");
            let ties = ties(&limit.calibration, scores);
            if ties > 0 {
                text += &format!(
                    "; {ties} scores equal one of the calibration samples, which counts against them"
                );
            }
        }
        text
    }
}
