//! Scores as CSV, as JSON and in sentences.

use std::fmt::Write as _;

use espejo_analysis::EventCounts;
use espejo_train::{ScoreRule, Scores};
use serde_json::{Value, json};

use crate::csv_cell::csv_field;
use crate::detectors::{self, Found};
use crate::event_counts;
use crate::judgement::Judgement;
use crate::output::usage;
use crate::sample_columns::Chosen;

/// Scored samples, part by part, and what was made of their scores.
pub struct ScoreTable<'a> {
    /// The samples; of windows over a series the rows that they cover.
    pub parts: &'a [Chosen],
    /// Whether these rows are a series.
    pub is_series: bool,
    /// Their scores.
    pub scores: &'a Scores,
    /// What these mean.
    pub judgement: &'a Judgement,
    /// Whether each sample is a known anomaly.
    pub labels: Option<&'a [bool]>,
    /// What the shares of a score belong to; empty for images.
    pub names: &'a [String],
    /// The model and the data it is shown, for titles.
    pub subject: &'a str,
}

impl ScoreTable<'_> {
    /// The places of the samples to print: all in their order, or the `top` with the highest scores.
    pub fn order(&self, top: Option<usize>) -> anyhow::Result<Vec<usize>> {
        let count = self.scores.values.len();
        let Some(top) = top else {
            return Ok((0..count).collect());
        };
        if !(1..=count).contains(&top) {
            return Err(usage(
                format!("`--top` is {top}"),
                format!("give 1 to {count}"),
            ));
        }
        Ok(self.highest(top))
    }

    /// The places of the samples with the highest scores, the highest first, equals in their order.
    pub fn highest(&self, count: usize) -> Vec<usize> {
        let ranks = &self.judgement.ranks;
        let mut order: Vec<usize> = (0..ranks.len()).collect();
        order.sort_by_key(|index| ranks[*index]);
        order.truncate(count);
        order
    }

    /// The part and the place in it of a sample.
    pub fn place(&self, mut index: usize) -> (&Chosen, usize) {
        for part in self.parts {
            match index.checked_sub(part.samples.len()) {
                Some(rest) => index = rest,
                None => return (part, index),
            }
        }
        unreachable!("there are as many scores as samples")
    }

    /// One line a sample.
    pub fn as_csv(&self, order: &[usize]) -> String {
        let judgement = self.judgement;
        let mut text = "sample,caption,score,rank".to_owned();
        let p = if judgement.p.is_some() { ",p" } else { "" };
        let label = if self.labels.is_some() {
            ",outlier"
        } else {
            ""
        };
        let _ = write!(text, "{p},flag{label}");
        for name in self.names {
            let _ = write!(text, ",{}", csv_field(&format!("from {name}")));
        }
        text += &self.parts[0].header();
        text.push('\n');
        for &index in order {
            let (part, place) = self.place(index);
            let _ = write!(
                text,
                "{index},{},{},{}",
                csv_field(part.samples.caption(place)),
                self.scores.values[index],
                judgement.ranks[index],
            );
            if let Some(p) = &judgement.p {
                let _ = write!(text, ",{}", p[index]);
            }
            let _ = write!(text, ",{}", u8::from(judgement.flags[index]));
            if let Some(labels) = self.labels {
                let _ = write!(text, ",{}", u8::from(labels[index]));
            }
            if !self.names.is_empty() {
                for share in &self.scores.shares[index] {
                    let _ = write!(text, ",{share}");
                }
            }
            text += &part.cells(place);
            text.push('\n');
        }
        text
    }

    /// The same as one object.
    pub fn as_json(
        &self,
        order: &[usize],
        rule: ScoreRule,
        found: &[Found],
        figures: &[String],
    ) -> Value {
        let (judgement, limit) = (self.judgement, &self.judgement.limit);
        let sample = |&index: &usize| {
            let (part, place) = self.place(index);
            let mut value = json!({
                "sample": index,
                "row": part.samples.row(place),
                "caption": part.samples.caption(place),
                "score": self.scores.values[index],
                "rank": judgement.ranks[index],
                "flag": judgement.flags[index],
            });
            if let Some(p) = &judgement.p {
                value["p"] = json!(p[index]);
            }
            if let Some(labels) = self.labels {
                value["outlier"] = json!(labels[index]);
            }
            if !self.names.is_empty() {
                value["shares"] = json!(self.scores.shares[index]);
            }
            value
        };
        let mut value = json!({
            "score": rule.kind.name(),
            "threshold": limit.threshold.to_string(),
            "limit": limit.value,
            "fdr": judgement.fdr,
            "calibration": limit.origin,
            "calibration_samples": limit.calibration.len(),
            "flagged": judgement.flags.iter().filter(|flag| **flag).count(),
            "columns": self.names,
            "samples": order.iter().map(sample).collect::<Vec<_>>(),
            "detectors": found.iter().map(Found::as_json).collect::<Vec<_>>(),
            "figures": figures,
        });
        if let Some(counts) = self.events() {
            value["events"] = event_counts::as_json(&counts);
        }
        value
    }

    /// What flags find of the known events of a series.
    fn events(&self) -> Option<EventCounts> {
        let labels = self.labels.filter(|_| self.is_series)?;
        let flags = &self.judgement.flags;
        Some(event_counts::count(self.parts, flags, labels))
    }

    /// What was decided, and how well anomalies are found where they are known.
    pub fn summary(&self, kind: &str, found: &[Found]) -> String {
        let mut text = self.judgement.summary(&self.scores.values, kind);
        if let Some(labels) = self.labels {
            let what = match self.is_series {
                true => "rows of known anomalies",
                false => "known anomalies",
            };
            let pairs = || self.judgement.flags.iter().zip(labels);
            let caught = pairs().filter(|(flag, label)| **flag && **label).count();
            let false_alarms = pairs().filter(|(flag, label)| **flag && !**label).count();
            if let Some(counts) = self.events() {
                let _ = write!(text, "\n{}", event_counts::sentences(&counts));
            }
            let _ = write!(
                text,
                "\n{caught} of {} {what} flagged, {false_alarms} false alarms among {} others\n{}",
                labels.iter().filter(|label| **label).count(),
                labels.iter().filter(|label| !**label).count(),
                detectors::table(found)
            );
        }
        text
    }
}
