//! What a list of runs says of each: where it stands, and its main measure beside what one gets without training.

use serde::Serialize;

use crate::Error;
use crate::baselines::Baseline;
use crate::config::RunConfig;
use crate::half::HALF;
use crate::metrics::Metrics;
use crate::run_names::NamedRun;
use crate::run_report::{DataReport, RunReport, Status};

/// A run in a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ListedRun {
    /// Name below the folder of runs.
    pub name: String,
    /// The folder.
    pub run: String,
    /// When it was started, in RFC 3339.
    pub started: Option<String>,
    /// `running`, `completed`, `stopped`, `failed` as in `run.json`; `killed` where nobody trains a run that says `running`,
    /// `exported` for half of a model, `damaged` where it cannot be read.
    pub status: String,
    /// What is damaged, or why training failed or ended early.
    pub reason: Option<String>,
    /// The data set.
    pub data: String,
    /// The family of the model.
    pub model: String,
    /// The layers in a few words.
    pub architecture: String,
    /// Numbers in the model.
    pub parameters: Option<usize>,
    /// Epochs done; iterations in double precision.
    pub epochs: Option<usize>,
    /// Seconds of training.
    pub seconds: Option<f64>,
    /// The main measure on the test samples; none where training did not complete.
    pub result: Option<Compared>,
}

/// A measure of a run beside that of a baseline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// Which measure.
    pub measure: MainMeasure,
    /// Of the best model, on the test samples.
    pub value: f64,
    /// The name of the baseline: PCA of the same size, and where there is none the best.
    pub baseline: Option<String>,
    /// The same measure of it.
    pub baseline_value: Option<f64>,
    /// Whether the model is better than the baseline.
    pub better: Option<bool>,
}

/// The one measure by which runs on the same data are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MainMeasure {
    /// Of a classifier: the greater the better.
    Accuracy,
    /// Of a regressor, in the target's unit: the less the better.
    Rmse,
    /// Of autoencoders: the less the better.
    SquaredError,
}

impl MainMeasure {
    /// All of them; of a run the first that it has.
    pub const ALL: [Self; 3] = [Self::Accuracy, Self::Rmse, Self::SquaredError];

    /// That of a run with these metrics.
    pub fn of(test: &Metrics) -> Option<Self> {
        let is_there = |measure: &Self| test.get(measure.key()).is_some();
        Self::ALL.into_iter().find(is_there)
    }

    /// Its key in `run.json`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Rmse => "rmse",
            Self::SquaredError => "squared_error",
        }
    }

    /// As it is told to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Rmse => "RMSE",
            Self::SquaredError => "squared error",
        }
    }

    /// Whether `a` is better than `b`.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Accuracy => a > b,
            Self::Rmse | Self::SquaredError => a < b,
        }
    }
}

/// What a list says of a run; one that cannot be read says so in its place.
pub fn listed_run(named: &NamedRun) -> ListedRun {
    let start = ListedRun {
        name: named.name.clone(),
        run: named.folder.path().display().to_string(),
        ..ListedRun::default()
    };
    match read(named, start.clone()) {
        Ok(listed) => listed,
        Err(error) => ListedRun {
            status: "damaged".to_owned(),
            reason: Some(error.to_string()),
            ..start
        },
    }
}

fn read(named: &NamedRun, start: ListedRun) -> Result<ListedRun, Error> {
    let path = named.folder.path();
    let config = named.folder.config()?;
    if path.join("run.json").exists() {
        return Ok(of_report(named, &config, named.folder.report()?, start));
    }
    let status = match (path.join(HALF).exists(), named.folder.is_being_trained()) {
        (true, _) => "exported",
        (false, true) => "running",
        (false, false) => "killed",
    };
    Ok(ListedRun {
        status: status.to_owned(),
        data: data_name(&config.data.name),
        model: config.model.kind.name().to_owned(),
        ..start
    })
}

fn of_report(
    named: &NamedRun,
    config: &RunConfig,
    report: RunReport,
    start: ListedRun,
) -> ListedRun {
    let killed = report.status == Status::Running && !named.folder.is_being_trained();
    let result = report.metrics.as_ref().and_then(|metrics| {
        let sample = sample_word(&report.data);
        if let Some(folds) = &report.folds {
            // Of a model that learned every sample, what nets did with those that they had not seen.
            let (test, baselines) = folds.means();
            return compared(&test, &baselines, sample);
        }
        let baselines = report.baselines.as_deref().unwrap_or_default();
        compared(&metrics.test, baselines, sample)
    });
    ListedRun {
        started: Some(report.started).filter(|started| !started.is_empty()),
        status: match killed {
            true => "killed".to_owned(),
            false => report.status.name().to_owned(),
        },
        reason: report.reason,
        data: data_name(&config.data.name),
        model: config.model.kind.name().to_owned(),
        architecture: report.model.architecture,
        parameters: Some(report.model.parameters),
        epochs: Some(report.epochs.completed),
        seconds: Some(report.seconds.total),
        result,
        ..start
    }
}

/// Of a file or folder its name, and not the way there.
fn data_name(name: &str) -> String {
    let file = std::path::Path::new(name).file_name();
    file.map_or(name.to_owned(), |file| file.to_string_lossy().into_owned())
}

fn sample_word(data: &DataReport) -> &'static str {
    match (data.window.is_some(), data.shape) {
        (true, _) => "window",
        (false, [1, 1, _]) => "row",
        (false, _) => "image",
    }
}

/// The main measure of a run beside that of PCA, and where there is none beside the best of its baselines.
fn compared(test: &Metrics, baselines: &[Baseline], sample: &str) -> Option<Compared> {
    let measure = MainMeasure::of(test)?;
    let value = test.get(measure.key())?;
    let known = |baseline: &'_ Baseline| baseline.get(measure.key());
    let pca = baselines.iter().find(|baseline| baseline.key == "pca");
    let best = baselines
        .iter()
        .reduce(|best, other| match (known(best), known(other)) {
            (Some(a), Some(b)) if !measure.is_better(b, a) => best,
            (Some(_), None) => best,
            _ => other,
        });
    let baseline = pca.or(best);
    let baseline_value = baseline.and_then(known);
    Some(Compared {
        measure,
        value,
        baseline: baseline.map(|baseline| baseline.name(sample)),
        baseline_value,
        better: baseline_value.map(|other| measure.is_better(value, other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Measure;

    fn baseline(key: &str, measure: &str, value: f64) -> Baseline {
        Baseline {
            key: key.to_owned(),
            measures: vec![Measure::new(measure, value)],
        }
    }

    fn check(measure: &str, value: f64, baselines: &[Baseline], expected: (&str, f64, bool)) {
        let test = Metrics {
            measures: vec![Measure::new(measure, value)],
            ..Metrics::default()
        };
        let found = compared(&test, baselines, "row").expect("a measure");
        let name = found.baseline.as_deref().expect("a baseline");
        let baseline = found.baseline_value.expect("its measure");
        assert_eq!(
            (name, baseline, found.better),
            (expected.0, expected.1, Some(expected.2))
        );
    }

    #[test]
    fn a_run_stands_beside_pca_else_beside_its_best_baseline() {
        let error = "squared_error";
        let reconstruction = [
            baseline("mean_image", error, 7.0),
            baseline("pca", error, 9.0),
        ];
        check(error, 8.0, &reconstruction, ("pca", 9.0, true));
        let denoising = [
            baseline("identity", error, 3.0),
            baseline("median", error, 1.0),
            baseline("nearest", error, 2.0),
        ];
        check(error, 1.5, &denoising, ("median 3x3", 1.0, false));
        let classes = [
            baseline("majority", "accuracy", 0.2),
            baseline("linear", "accuracy", 0.8),
        ];
        check("accuracy", 0.9, &classes, ("linear model", 0.8, true));
        let alone = [baseline("mean_image", error, 7.0)];
        check(error, 8.0, &alone, ("mean row", 7.0, false));
    }
}
