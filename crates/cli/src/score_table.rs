//! Scores as CSV, as JSON and in sentences.

use std::fmt::Write as _;
use std::io;

use espejo_analysis::EventCounts;
use espejo_train::{ScoreRule, Scores};
use serde_json::{Value, json};

use crate::csv_cell::csv_field;
use crate::csv_lines::{push_field, write_lines};
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

    /// Writes one line a sample.
    pub fn write_csv(&self, order: &[usize], out: &mut dyn io::Write) -> io::Result<()> {
        let judgement = self.judgement;
        let mut head = "sample,caption,score,rank".to_owned();
        let p = if judgement.p.is_some() { ",p" } else { "" };
        let label = if self.labels.is_some() {
            ",outlier"
        } else {
            ""
        };
        let _ = write!(head, "{p},flag{label}");
        for name in self.names {
            let _ = write!(head, ",{}", csv_field(&format!("from {name}")));
        }
        head += &self.parts[0].header();
        head.push('\n');
        out.write_all(head.as_bytes())?;
        write_lines(out, order.len(), |at, line| self.csv_line(order[at], line))
    }

    /// Appends the line of a sample.
    fn csv_line(&self, index: usize, line: &mut String) {
        let judgement = self.judgement;
        let (part, place) = self.place(index);
        let _ = write!(line, "{index},");
        push_field(line, part.samples.caption(place));
        let _ = write!(
            line,
            ",{},{}",
            self.scores.values[index], judgement.ranks[index]
        );
        if let Some(p) = &judgement.p {
            let _ = write!(line, ",{}", p[index]);
        }
        line.push_str(if judgement.flags[index] { ",1" } else { ",0" });
        if let Some(labels) = self.labels {
            line.push_str(if labels[index] { ",1" } else { ",0" });
        }
        if !self.names.is_empty() {
            for share in &self.scores.shares[index] {
                let _ = write!(line, ",{share}");
            }
        }
        part.push_cells(place, line);
        line.push('\n');
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
