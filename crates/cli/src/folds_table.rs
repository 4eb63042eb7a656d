//! What a cross-validation says of a configuration, as a table for people.

use std::fmt::Write as _;

use espejo_train::{Baseline, FoldMeasure, FoldsReport};

use crate::compact_number::compact;
use crate::sample_kind::SampleKind;

/// The measures that are shown, the first ones first, as far as they are there; at most [`SHOWN`] of them.
const MEASURES: [(&str, &str); 8] = [
    ("accuracy", "accuracy"),
    ("cross_entropy", "cross-entropy, nats"),
    ("roc_auc", "ROC area"),
    ("average_precision", "average precision"),
    ("rmse", "root mean squared error"),
    ("r2", "R2"),
    ("reconstruction", "reconstruction"),
    ("squared_error", "squared error"),
];
const SHOWN: usize = 4;
/// The least room of a column.
const WIDTH: usize = 17;

/// Means and deviations over the folds beside the baselines, and what all predictions together say.
pub fn folds_table(report: &FoldsReport, kind: SampleKind) -> String {
    let shown: Vec<(&str, &str)> = MEASURES
        .into_iter()
        .filter(|(key, _)| report.measures.contains_key(*key))
        .take(SHOWN)
        .collect();
    let folds = report.folds * report.repeats;
    let mut text = format!(
        "\ncross-validation in {:.1} s: mean ± standard deviation over {folds} held-out folds ({} folds{}{})\n",
        report.seconds,
        report.folds,
        match report.repeats {
            1 => String::new(),
            repeats => format!(", {repeats} repeats"),
        },
        if report.stratified {
            ", each class in its proportion"
        } else {
            ""
        }
    );
    let width = |title: &str| title.len().max(WIDTH);
    let line = |name: &str, cells: &[String]| {
        let mut line = format!("{name:<18}");
        for (cell, (_, title)) in cells.iter().zip(&shown) {
            let _ = write!(line, "  {cell:>a$}", a = width(title));
        }
        format!("{}\n", line.trim_end())
    };
    let titles: Vec<String> = shown.iter().map(|(_, title)| (*title).to_owned()).collect();
    text += &line("", &titles);
    let cells = |of: &dyn Fn(&str) -> Option<FoldMeasure>| -> Vec<String> {
        let cell = |(key, _): &(&str, &str)| match of(key) {
            Some(found) => format!("{} ± {}", compact(found.mean, 4), compact(found.sd, 4)),
            None => "–".to_owned(),
        };
        shown.iter().map(cell).collect()
    };
    text += &line("model", &cells(&|key| report.measures.get(key).copied()));
    for (key, measures) in &report.baselines {
        let baseline = Baseline {
            key: key.clone(),
            measures: Vec::new(),
        };
        let name = baseline.name(kind.word());
        text += &line(&name, &cells(&|key| measures.get(key).copied()));
    }
    text + &together(report)
}

/// What the predictions of all folds together say, with intervals.
fn together(report: &FoldsReport) -> String {
    let found = MEASURES.iter().filter_map(|(key, title)| {
        let measure = report.measures.get(*key)?;
        let (value, low, high) = (measure.pooled?, measure.low?, measure.high?);
        Some(format!("{title} {value:.4} ({low:.4} to {high:.4})"))
    });
    let found: Vec<String> = found.collect();
    let (Some(draws), false) = (report.draws, found.is_empty()) else {
        return String::new();
    };
    let mut text = format!(
        "all held-out predictions, 95 % interval by {draws} draws of a bootstrap over samples:\n  {}\n",
        found.join("\n  ")
    );
    if let Some(positive) = &report.positive {
        let _ = writeln!(text, "  areas are those of ranking by p({positive})");
    }
    text
}
