//! The metrics of a net with targets beside its baselines, and of each class, as tables for people.

use std::fmt::Write as _;

use espejo_train::{Baseline, ClassReport, Metrics};

use crate::compact_number::compact;
use crate::sample_kind::SampleKind;

/// Classes that are listed without `--json`, at most: the others are in `run.json`.
const MOST_CLASSES: usize = 30;

/// Accuracy and cross-entropy of a classifier, or error and explained variance of a regressor, beside its baselines.
pub fn prediction_table(metrics: &Metrics, baselines: &[Baseline], kind: SampleKind) -> String {
    let columns = match metrics.get("accuracy") {
        Some(_) => [
            ("accuracy", "accuracy"),
            ("cross_entropy", "cross-entropy, nats"),
        ],
        None => [("rmse", "root mean squared error"), ("r2", "R2")],
    };
    let width = |title: &str| title.len().max(10);
    let line = |name: &str, cells: [String; 2]| {
        let [(_, first), (_, second)] = columns;
        let line = format!(
            "{name:<18}  {:>a$}  {:>b$}",
            cells[0],
            cells[1],
            a = width(first),
            b = width(second)
        );
        format!("{}\n", line.trim_end())
    };
    let cells = |get: &dyn Fn(&str) -> Option<f64>| columns.map(|(key, _)| number(get(key)));
    let mut text = line("", columns.map(|(_, title)| title.to_owned()));
    text += &line("model", cells(&|key| metrics.get(key)));
    for baseline in baselines {
        text += &line(&baseline.name(kind.word()), cells(&|key| baseline.get(key)));
    }
    let interval = (metrics.get("accuracy_low"), metrics.get("accuracy_high"));
    if let (Some(low), Some(high)) = interval {
        let _ = write!(text, "accuracy, 95 % interval {low:.4} to {high:.4}");
    }
    if let Some(error) = metrics.get("calibration_error") {
        let _ = writeln!(text, "; expected calibration error {error:.4}");
    }
    text
}

/// Recall and precision of each class; empty where there are no classes.
pub fn class_table(classes: &[ClassReport]) -> String {
    if classes.is_empty() {
        return String::new();
    }
    let names = classes.iter().map(|class| class.name.chars().count());
    let width = names.max().unwrap_or(0).clamp(5, 30);
    let mut text = format!(
        "\n{:<width$}  {:>7}  {:>6}  {:>9}\n",
        "class", "samples", "recall", "precision"
    );
    for class in classes.iter().take(MOST_CLASSES) {
        let name: String = class.name.chars().take(width).collect();
        let _ = writeln!(
            text,
            "{name:<width$}  {:>7}  {:>6}  {:>9}",
            class.samples,
            number(class.recall),
            number(class.precision)
        );
    }
    if let Some(more) = classes
        .len()
        .checked_sub(MOST_CLASSES)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "and {more} more classes: `--json` gives all");
    }
    text
}

fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| compact(value, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_line() {
        let class = |name: &str, recall| ClassReport {
            name: name.to_owned(),
            samples: 2,
            recall,
            precision: Some(1.0),
        };
        let text = class_table(&[class("cat", Some(0.5)), class("dog", None)]);
        assert_eq!(
            text,
            "\nclass  samples  recall  precision\n\
             cat          2  0.5000     1.0000\n\
             dog          2       –     1.0000\n"
        );
        assert_eq!(class_table(&[]), "");
    }
}
