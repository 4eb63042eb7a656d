//! What is known of a run as `run.json`, `model.txt`, `metrics.csv` and the progress line.

use std::collections::BTreeMap;

use std::fmt::Write as _;

use espejo_data::{Samples, Targets, counted};
use espejo_mlp::Counts;
use espejo_nets::Model;

use crate::Error;
use crate::baselines::Baseline;
use crate::classical::Solution;
use crate::findings::Finding;
use crate::folds::FoldsReport;
use crate::metrics::Metrics;
use crate::model::AnyModel;
use crate::prepare::Prepared;
use crate::run_report::{
    ClassReport, DataReport, DeviceReport, EpochCounts, ExchangeReport, ModelReport, PartMetrics,
    RunReport, Seconds, Status, TargetReport, VERSION, WindowReport,
};
use crate::training_state::TrainingState;
use burn::module::Module;

/// The results of a finished run.
#[derive(Clone, Debug)]
pub struct Results {
    /// The best model on the training samples.
    pub train: Metrics,
    /// The best model on the test samples.
    pub test: Metrics,
    /// What one gets without training.
    pub baselines: Vec<Baseline>,
    /// Every class of the test samples, for a classifier.
    pub classes: Vec<ClassReport>,
}

impl Results {
    /// A measure of the baseline that goes by `key` ("pca", "majority", ...); none where there is no such baseline or measure.
    #[must_use]
    pub fn baseline(&self, key: &str, measure: &str) -> Option<f64> {
        let found = self.baselines.iter().find(|baseline| baseline.key == key);
        found?.get(measure)
    }
}

/// The `data` part of `run.json`.
///
/// # Errors
///
/// [`Error::Data`](crate::Error::Data) where the samples lie in a file that cannot be read.
pub fn data_report(prepared: &Prepared) -> Result<DataReport, Error> {
    let (train, test) = (&prepared.train, &prepared.test);
    let shape = train.shape();
    // Labels are no part of what an autoencoder learns.
    let targets = prepared.spec.task.has_targets();
    let (learned, held_out) = (targets, prepared.held_out && targets);
    let skipped = prepared.skipped.len();
    Ok(DataReport {
        name: prepared.config.data.name.clone(),
        sha256: Some(train.sha256()?),
        train: train.len(),
        test: test.len(),
        held_out: prepared.held_out,
        shape: [shape.channels, shape.height, shape.width],
        test_sha256: prepared.held_out.then(|| test.sha256()).transpose()?,
        targets_sha256: train.targets_sha256().filter(|_| learned),
        test_targets_sha256: test.targets_sha256().filter(|_| held_out),
        target: target_report(train).filter(|_| learned),
        skipped: (skipped > 0).then_some(skipped),
        missing: missing(prepared),
        notes: prepared.notes.clone(),
        window: window_report(prepared),
    })
}

/// How windows were cut, and from how many rows.
fn window_report(prepared: &Prepared) -> Option<WindowReport> {
    let window = prepared.train.window()?;
    Some(WindowReport {
        length: window.length,
        stride: window.stride,
        train_rows: prepared.train.points().len(),
        test_rows: prepared.test.points().len(),
    })
}

/// The missing cells of each column of the file that has some.
fn missing(prepared: &Prepared) -> BTreeMap<String, usize> {
    let columns = prepared.columns.iter().filter(|column| column.missing > 0);
    columns
        .map(|column| (column.name.clone(), column.missing))
        .collect()
}

fn target_report(samples: &Samples) -> Option<TargetReport> {
    match samples.targets() {
        Targets::None => None,
        Targets::Classes { names, .. } => Some(TargetReport::Classes(names.to_vec())),
        Targets::Numbers { columns, .. } => Some(TargetReport::Columns(columns.to_vec())),
    }
}

/// The `model` part of `run.json`.
pub fn model_report(prepared: &Prepared, model: &AnyModel) -> ModelReport {
    ModelReport {
        kind: prepared.spec.kind.name().to_owned(),
        layers: prepared.spec.architecture.sizes(),
        architecture: prepared.spec.architecture.title.clone(),
        latent: prepared.spec.latent(),
        parameters: model.num_params(),
        non_trainable: non_trainable(model),
    }
}

/// Parameters that are no part of the gradient: running means and variances of batch normalisation.
fn non_trainable(model: &AnyModel) -> usize {
    model.table().iter().map(|(_, row)| row.non_trainable).sum()
}

/// What `run.json` needs to know of a run.
pub(crate) struct RunFacts<'a> {
    pub prepared: &'a Prepared,
    pub model: &'a AnyModel,
    pub command: &'a str,
    pub started: &'a str,
    pub state: &'a TrainingState,
    pub epoch_median: Option<f64>,
    pub exchange: Option<ExchangeReport>,
    pub solution: Option<&'a Solution>,
    pub data: &'a DataReport,
    pub folds: Option<&'a FoldsReport>,
}

/// The whole of `run.json`.
pub(crate) fn run_report(
    facts: &RunFacts<'_>,
    status: Status,
    reason: Option<&str>,
    results: Option<&Results>,
    findings: &[Finding],
) -> RunReport {
    let RunFacts {
        prepared, state, ..
    } = facts;
    let train = &prepared.config.train;
    let (used, why) = prepared.device_words();
    RunReport {
        version: VERSION,
        status,
        reason: reason.map(str::to_owned),
        espejo: env!("CARGO_PKG_VERSION").to_owned(),
        command: facts.command.to_owned(),
        started: facts.started.to_owned(),
        identity: state.run.clone(),
        seed: train.seed,
        ranks: prepared.exchange.size(),
        device: DeviceReport {
            requested: prepared.chosen.requested.clone(),
            used,
            why,
            vector_width: prepared.chosen.vector_width(),
        },
        data: facts.data.clone(),
        model: model_report(prepared, facts.model),
        parameters: facts.model.num_params(),
        epochs: EpochCounts {
            requested: match facts.solution {
                None => train.epochs,
                Some(_) => train.iterations(),
            },
            completed: state.epoch,
            best: state.best_epoch,
        },
        seconds: Seconds {
            total: state.seconds,
            first_epoch: state.first_epoch_seconds,
            per_epoch_median: facts.epoch_median,
        },
        samples_per_second: samples_per_second(facts),
        exchange: facts.exchange,
        metrics: results.map(|results| PartMetrics {
            train: results.train.clone(),
            test: results.test.clone(),
        }),
        baselines: results.map(|results| results.baselines.clone()),
        classes: results.map_or(Vec::new(), |results| results.classes.clone()),
        folds: facts.folds.cloned(),
        findings: findings.to_vec(),
        optimizer: facts.solution.map(|solution| solution.report(train)),
    }
}

/// Training samples a second; in double precision those of all evaluations.
fn samples_per_second(facts: &RunFacts<'_>) -> Option<f64> {
    let copies = facts.prepared.config.noise.copies.max(1);
    let samples = (facts.prepared.train.len() * copies) as f64;
    let (samples, seconds) = match facts.solution {
        None => (samples, facts.epoch_median?),
        Some(solution) => {
            let evaluations = solution.counts.evaluations as f64;
            (samples * evaluations, facts.state.seconds)
        }
    };
    (seconds > 0.0).then_some(samples / seconds)
}

/// Every layer: its part of the model, what it is, what it gives, its parameters.
pub fn layer_rows(model: &AnyModel) -> Vec<[String; 4]> {
    let rows = model.table().into_iter();
    rows.map(|(part, row)| {
        [
            part.to_owned(),
            row.kind,
            shape_text(&row.output),
            row.parameters.to_string(),
        ]
    })
    .collect()
}

/// The layer table, as Keras prints it.
pub fn layer_table(prepared: &Prepared, model: &AnyModel) -> String {
    let rows = layer_rows(model);
    let header = ["part", "layer", "output", "parameters"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows
            .iter()
            .chain([&header])
            .map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths = [0, 1, 2, 3].map(width);
    let line = |row: &[String; 4]| {
        format!(
            "{:<a$}  {:<b$}  {:<c$}  {:>d$}\n",
            row[0],
            row[1],
            row[2],
            row[3],
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3]
        )
    };
    let rule = "─".repeat(widths.iter().sum::<usize>() + 6) + "\n";
    let shape = prepared.train.shape();
    let columns = counted(prepared.train.points().shape().pixels(), "column");
    let values = match (prepared.train.window(), prepared.train.is_table()) {
        (Some(window), _) => format!("windows of {}, {columns}", counted(window.length, "row")),
        (None, true) => columns,
        (None, false) => format!("{shape}, {}", counted(shape.pixels(), "pixel")),
    };
    let mut text = format!(
        "{} on {} ({values})\n",
        prepared.spec.kind.name(),
        prepared.config.data.name,
    );
    text += &rule;
    text += &line(&header);
    text += &rule;
    rows.iter().for_each(|row| text += &line(row));
    text += &rule;
    let total = model.num_params();
    text += &format!(
        "parameters {total} ({:.1} KiB as 32-bit floats)\n",
        total as f64 * 4.0 / 1024.0
    );
    let fixed = non_trainable(model);
    if fixed > 0 {
        text += &format!(
            "of these {fixed} are non-trainable: running means and variances of batch normalisation\n"
        );
    }
    text
}

/// `32x14x14`, or `[2]` for a row of values.
fn shape_text(shape: &[usize]) -> String {
    match shape {
        [size] => format!("[{size}]"),
        sizes => sizes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("x"),
    }
}

/// One epoch, as it is logged.
#[derive(Clone, Debug)]
pub struct EpochReport {
    /// Counted from 1; in double precision an iteration, 0 for the first weights and one more than are complete within one.
    pub epoch: usize,
    /// Epochs asked for.
    pub epochs: usize,
    /// In double precision: what it has cost so far.
    pub counts: Option<Counts>,
    /// The learning rate, where there is one that is known.
    pub learning_rate: Option<f64>,
    /// Seconds of this epoch, evaluation included; in double precision since the row before.
    pub seconds: f64,
    /// Training loss with the weights of the full objective, mean over the epoch.
    pub loss: f64,
    /// Terms of the training loss, unweighted.
    pub terms: Vec<(String, f64)>,
    /// The evaluation after this epoch, if there was one, and whether its loss is the best so far.
    pub test: Option<(Metrics, bool)>,
    /// The measures of an evaluation that have a column.
    pub columns: &'static [&'static str],
    /// What the samples are called, for their pace: `img` or `rows`.
    pub unit: &'static str,
    /// Training samples per second.
    pub samples_per_second: f64,
    /// Dimensions of the latent code.
    pub latent: usize,
    /// Optimiser steps done and asked for; none where each epoch is one, and in double precision.
    pub steps: Option<(usize, usize)>,
    /// The part of the training that is done, in [0, 1].
    pub part: f64,
    /// Seconds to go at the pace so far; none before there is a pace.
    pub eta: Option<f64>,
}

/// Seconds for what is left of a training, at the pace at which `done` of it took `seconds`; none where nothing is done yet.
pub(crate) fn seconds_left(seconds: f64, done: f64, left: f64) -> Option<f64> {
    Some(seconds * left / done).filter(|seconds| done > 0.0 && seconds.is_finite())
}

impl EpochReport {
    /// Whether it is a row within an iteration.
    pub(crate) fn is_within(&self) -> bool {
        self.counts
            .is_some_and(|counts| self.epoch > counts.iterations)
    }

    /// The first column names of `metrics.csv`, with the terms of this run.
    pub(crate) fn csv_header(&self) -> String {
        let mut header = "epoch,learning_rate,seconds,train_loss".to_owned();
        for (name, _) in &self.terms {
            let _ = write!(header, ",train_{name}");
        }
        header += ",test_loss";
        for (name, _) in &self.terms {
            let _ = write!(header, ",test_{name}");
        }
        for name in self.columns {
            let _ = write!(header, ",test_{name}");
        }
        if self.counts.is_some() {
            header += ",evaluations,gradients";
        }
        header
    }

    /// The row in `metrics.csv`; the test columns stay empty where there was no evaluation.
    pub(crate) fn csv_row(&self) -> String {
        let optional =
            |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let rate = optional(self.learning_rate);
        let mut row = format!("{},{rate},{:.6},{}", self.epoch, self.seconds, self.loss);
        for (_, value) in &self.terms {
            let _ = write!(row, ",{value}");
        }
        let test = self.test.as_ref().map(|(test, _)| test);
        let _ = write!(row, ",{}", optional(test.map(|test| test.loss)));
        for index in 0..self.terms.len() {
            let _ = write!(row, ",{}", optional(test.map(|test| test.terms[index].1)));
        }
        for name in self.columns {
            let _ = write!(row, ",{}", optional(test.and_then(|test| test.get(name))));
        }
        if let Some(counts) = self.counts {
            let _ = write!(row, ",{},{}", counts.evaluations, counts.gradients);
        }
        row
    }

    /// The progress line, e.g.
    /// `ep 12/50  step 24/100  train 271.8 (rec 267.4 kl 4.4)  test 272.3*  active 2/2  31k img/s  eta 0:41`.
    pub fn line(&self) -> String {
        let width = self.epochs.to_string().len();
        let (word, cost) = match self.counts {
            None => ("ep", String::new()),
            Some(counts) => ("it", format!("  evals {}", counts.evaluations)),
        };
        let steps = self.steps.map_or(String::new(), |(done, all)| {
            format!("  step {done:>width$}/{all}", width = all.to_string().len())
        });
        let mut line = format!(
            "{word} {:>width$}/{}{steps}{cost}  train {}",
            self.epoch,
            self.epochs,
            short(self.loss)
        );
        if self.terms.len() > 1 {
            let terms: Vec<String> = self
                .terms
                .iter()
                .map(|(name, value)| format!("{} {}", abbreviation(name), short(*value)))
                .collect();
            let _ = write!(line, " ({})", terms.join(" "));
        }
        if let Some((test, best)) = &self.test {
            let _ = write!(
                line,
                "  test {}{}",
                short(test.loss),
                if *best { "*" } else { "" }
            );
            line += &self.measures(test);
        }
        let _ = write!(line, "  {} {}/s", rate(self.samples_per_second), self.unit);
        if let Some(eta) = self.eta {
            let _ = write!(line, "  eta {}", clock(eta));
        }
        line
    }

    /// What the words of the progress lines mean, for whoever sees the first of them.
    pub fn legend(&self) -> String {
        let mut words = Vec::new();
        match (self.counts, self.steps) {
            (Some(_), _) => words.push("it = iteration, evals = evaluations of the loss"),
            (None, Some(_)) => words.push("ep = epoch, step = optimizer step"),
            (None, None) => words.push("ep = epoch, of one step each"),
        }
        words.push(match self.counts {
            Some(_) => "train = loss",
            None => "train = mean loss during the epoch",
        });
        if self.terms.len() > 1 {
            words.push("in brackets its terms");
        }
        words.push("test = loss after it, * the lowest so far");
        // The first line need not have an evaluation: what may come is told as well.
        if self.unit == "img" && self.columns.contains(&"wrong_pixels_mean") {
            words.push("wrong px = wrong pixels per image, of two-valued images");
        }
        if self.terms.iter().any(|(name, _)| name == "kl") {
            words.push("active = code dimensions in use");
        }
        words.push("eta = time left");
        words.join("; ")
    }
}

impl EpochReport {
    /// The measures of an evaluation that tell a person most, for the progress line.
    fn measures(&self, test: &Metrics) -> String {
        let mut text = String::new();
        let wrong = (test.get("wrong_pixels_mean"), test.get("wrong_pixels_max"));
        if let (Some(mean), Some(max)) = wrong {
            let _ = write!(text, "  wrong px {mean:.2} (max {max})");
        }
        if let Some(active) = test.get("active_units") {
            let _ = write!(text, "  active {active}/{}", self.latent);
        }
        if let Some(accuracy) = test.get("accuracy") {
            let _ = write!(text, "  accuracy {accuracy:.4}");
        }
        if let Some(r2) = test.get("r2") {
            let _ = write!(text, "  R2 {r2:.4}");
        }
        text
    }
}

fn abbreviation(term: &str) -> &str {
    match term {
        "reconstruction" => "rec",
        "weight_decay" => "decay",
        "cross_entropy" => "xent",
        "accuracy" => "acc",
        other => other,
    }
}

/// Four significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude >= 1000.0 => format!("{value:.0}"),
        magnitude if magnitude >= 100.0 => format!("{value:.1}"),
        magnitude if magnitude >= 10.0 => format!("{value:.2}"),
        magnitude if magnitude >= 0.001 || magnitude == 0.0 => format!("{value:.4}"),
        _ => format!("{value:.1e}"),
    }
}

fn rate(per_second: f64) -> String {
    match per_second {
        // No time has passed that a clock could tell.
        rate if !rate.is_finite() => "–".to_owned(),
        rate if rate >= 1e6 => format!("{:.1}M", rate / 1e6),
        rate if rate >= 1e4 => format!("{:.0}k", rate / 1e3),
        rate if rate >= 1e3 => format!("{:.1}k", rate / 1e3),
        rate => format!("{rate:.0}"),
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.round().max(0.0) as u64;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours >= 48 {
        format!("{} days", hours / 24)
    } else if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Measure;

    #[test]
    fn a_pace_that_is_not_known_yet_is_no_number() {
        assert_eq!(seconds_left(5.0, 0.0, 1.0), None);
        assert_eq!(seconds_left(5.0, 0.25, 0.75), Some(15.0));
        assert_eq!(rate(f64::NAN), "–");
        assert_eq!(rate(f64::INFINITY), "–");
        assert_eq!(clock(3725.4), "1:02:05");
        assert_eq!(clock(0.0), "0:00");
    }

    #[test]
    fn the_progress_lines_read_as_documented() {
        let metrics = Metrics {
            loss: 272.3,
            terms: vec![("reconstruction".into(), 272.3)],
            measures: vec![
                Measure::new("squared_error", 1.0),
                Measure::count("active_units", 2.0),
            ],
        };
        let report = EpochReport {
            epoch: 12,
            epochs: 50,
            counts: None,
            learning_rate: Some(1e-3),
            seconds: 1.0,
            loss: 271.84,
            terms: vec![("reconstruction".into(), 267.42), ("kl".into(), 4.42)],
            test: Some((metrics, true)),
            columns: &["squared_error", "wrong_pixels_mean"],
            unit: "img",
            samples_per_second: 31_234.0,
            latent: 2,
            steps: Some((24, 100)),
            part: 0.24,
            eta: Some(41.2),
        };
        let expected = "ep 12/50  step  24/100  train 271.8 (rec 267.4 kl 4.4200)  test 272.3*  active 2/2  31k img/s  eta 0:41";
        assert_eq!(report.line(), expected);
        let counts = Counts {
            evaluations: 25,
            gradients: 25,
            iterations: 12,
        };
        let double = EpochReport {
            counts: Some(counts),
            learning_rate: None,
            steps: None,
            terms: vec![("reconstruction".into(), 271.84)],
            ..report
        };
        let expected =
            "it 12/50  evals 25  train 271.8  test 272.3*  active 2/2  31k img/s  eta 0:41";
        assert_eq!(double.line(), expected);
        assert!(double.csv_header().ends_with(",evaluations,gradients"));
        assert!(double.csv_row().starts_with("12,,1.000000,271.84,"));
        assert!(double.csv_row().ends_with(",1,,25,25"));
        let first = EpochReport {
            samples_per_second: f64::INFINITY,
            eta: None,
            ..double
        };
        assert!(
            first.line().ends_with("active 2/2  – img/s"),
            "{}",
            first.line()
        );
    }

    #[test]
    fn time_left_is_told_once_there_is_a_pace() {
        assert_eq!(seconds_left(2.0, 1.0, 4.0), Some(8.0));
        assert_eq!(seconds_left(0.003, 0.0, 5000.0), None);
        assert_eq!(seconds_left(0.0, 0.0, 0.0), None);
        assert_eq!(seconds_left(1.0, 1.0, 0.0), Some(0.0));
        assert_eq!(clock(3725.0), "1:02:05");
        assert_eq!(clock(1e9), "11574 days");
    }
}
