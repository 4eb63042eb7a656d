//! `run.json` as a type: what is written is what is read, here and by the program.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::baselines::Baseline;
use crate::findings::Finding;
use crate::folds::FoldsReport;
use crate::metrics::{Measure, Metrics};

/// How a run ended, or that it has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Training goes on.
    Running,
    /// All epochs, or an early stop by its own rule.
    Completed,
    /// Interrupted after saving.
    Stopped,
    /// Ended by an error.
    Failed,
}

impl Status {
    /// The word in `run.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// The version of this format.
pub(crate) const VERSION: u32 = 1;

/// The whole of `run.json`. Keys that are not there, as in runs of an older version, are empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Version of this format: 1.
    pub version: u32,
    /// How the run ended, or that it has not.
    pub status: Status,
    /// Why it ended before its last epoch, if it did.
    #[serde(default)]
    pub reason: Option<String>,
    /// The version of Espejo that wrote it.
    #[serde(default)]
    pub espejo: String,
    /// The command that started the run.
    #[serde(default)]
    pub command: String,
    /// When it was started, in RFC 3339.
    #[serde(default)]
    pub started: String,
    /// What its checkpoints know it by; runs of before have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// Processes of its last session, each with a device of its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub ranks: usize,
    /// Where it was trained.
    #[serde(default)]
    pub device: DeviceReport,
    /// What it learned from.
    #[serde(default)]
    pub data: DataReport,
    /// What was trained.
    #[serde(default)]
    pub model: ModelReport,
    /// Numbers in the model.
    #[serde(default)]
    pub parameters: usize,
    /// How long it was trained.
    #[serde(default)]
    pub epochs: EpochCounts,
    /// How many seconds that took.
    #[serde(default)]
    pub seconds: Seconds,
    /// Training samples per second.
    #[serde(default)]
    pub samples_per_second: Option<f64>,
    /// What the processes of its last session have told each other, where there were several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeReport>,
    /// The metrics of the best model; none where training did not complete.
    #[serde(default)]
    pub metrics: Option<PartMetrics>,
    /// What one gets without training.
    #[serde(default, with = "baseline_map")]
    pub baselines: Option<Vec<Baseline>>,
    /// Every class of the test samples, for a classifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassReport>,
    /// What a cross-validation says, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<FoldsReport>,
    /// Whether the result is any good, what is wrong with it and what to try; empty where training did not end, and in older runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What a training in double precision has cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimizer: Option<OptimizerReport>,
}

/// The ranks of a run whose report says nothing of them.
fn one() -> usize {
    1
}

// Serde wants this signature.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_one(ranks: &usize) -> bool {
    *ranks == 1
}

/// The `exchange` part: what the ranks of a training cost each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExchangeReport {
    /// Exchanges, one a step of the optimiser.
    pub steps: usize,
    /// Bytes that each rank gives into one.
    pub bytes: usize,
    /// The median of what one takes, with waiting for the other ranks.
    pub milliseconds: f64,
    /// The least: what it takes where nothing else goes on.
    pub least_milliseconds: f64,
}

/// The `device` part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceReport {
    /// What the configuration asks for.
    pub requested: String,
    /// What was used.
    pub used: String,
    /// Why.
    pub why: String,
    /// Bits of the vectors that own code worked with, on a processor: bytes are the same where this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_width: Option<usize>,
}

/// The `data` part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataReport {
    /// The set as asked for.
    pub name: String,
    /// SHA-256 of the training samples.
    pub sha256: Option<String>,
    /// Training samples.
    pub train: usize,
    /// Test samples.
    pub test: usize,
    /// Whether the test samples were kept out of training.
    pub held_out: bool,
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// SHA-256 of the test samples, where they were kept out of training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_sha256: Option<String>,
    /// SHA-256 of the targets of the training samples, where the model learns targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets_sha256: Option<String>,
    /// SHA-256 of the targets of the test samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_targets_sha256: Option<String>,
    /// What is learned beside the samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetReport>,
    /// Samples that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<usize>,
    /// The missing cells of each column of a table that has some, in all of its file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<String, usize>,
    /// What the reader of the data found that its user should know, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How windows were cut, where samples are windows over a series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowReport>,
}

/// Windows over a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowReport {
    /// Rows of a window.
    pub length: usize,
    /// Rows from the start of one window to that of the next.
    pub stride: usize,
    /// Rows that the training windows were cut from.
    pub train_rows: usize,
    /// Rows that the test windows were cut from.
    pub test_rows: usize,
}

/// What is learned beside the samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetReport {
    /// Classes, by name.
    Classes(Vec<String>),
    /// Numbers, by the names of their columns.
    Columns(Vec<String>),
}

/// The `model` part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelReport {
    /// The family.
    pub kind: String,
    /// Values of a sample, then after each layer that has weights.
    pub layers: Vec<usize>,
    /// The layers in a few words.
    pub architecture: String,
    /// Dimensions of the latent code; 0 without one.
    pub latent: usize,
    /// Numbers in it.
    pub parameters: usize,
    /// How many of them are no part of the gradient: running means and variances of batch normalisation.
    pub non_trainable: usize,
}

/// The `epochs` part; iterations in double precision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EpochCounts {
    /// Asked for.
    pub requested: usize,
    /// Done.
    pub completed: usize,
    /// The one with the lowest test loss; 0 before the first evaluation.
    pub best: usize,
}

/// The `seconds` part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seconds {
    /// Over all sessions.
    pub total: f64,
    /// Seconds of the first epoch, which on a GPU compiles kernels.
    pub first_epoch: f64,
    /// Median of this session's epochs.
    pub per_epoch_median: Option<f64>,
}

/// The `metrics` part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartMetrics {
    /// On the training samples.
    pub train: Metrics,
    /// On the test samples.
    pub test: Metrics,
}

/// One class of the test samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassReport {
    /// Name of the class.
    pub name: String,
    /// Test samples of it.
    pub samples: u64,
    /// The share of them that is given this class; none without a sample.
    pub recall: Option<f64>,
    /// The share of what is given this class that is of it; none where nothing is.
    pub precision: Option<f64>,
}

/// The `optimizer` part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptimizerReport {
    /// Name of the optimiser.
    pub name: String,
    /// `double`.
    pub precision: String,
    /// `exact` or `finite`.
    pub gradient: String,
    /// Evaluations of the loss, counted as scipy does.
    pub evaluations: usize,
    /// Gradients among them.
    pub gradients: usize,
    /// Iterations.
    pub iterations: usize,
    /// Why it ended.
    pub ended: Option<String>,
}

impl RunReport {
    /// The report as JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("a report is plain values")
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metrics {
    /// Reads the map back. Which of its numbers are terms of the loss is not written, so all are measures.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::deserialize(deserializer)?;
        let loss = map.get("loss").and_then(Value::as_f64);
        Ok(Self {
            loss: loss.ok_or_else(|| D::Error::missing_field("loss"))?,
            terms: Vec::new(),
            measures: measures(map.into_iter().filter(|(name, _)| name != "loss")),
        })
    }
}

/// The numbers of a map; what is none is left out.
fn measures(entries: impl IntoIterator<Item = (String, Value)>) -> Vec<Measure> {
    let measure = |(name, value): (String, Value)| {
        Some(Measure {
            whole: value.is_u64(),
            value: value.as_f64()?,
            name,
        })
    };
    entries.into_iter().filter_map(measure).collect()
}

/// Baselines are a map by their keys.
pub(crate) mod baseline_map {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        baselines: &Option<Vec<Baseline>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let map = baselines.as_deref().map(crate::baselines::to_json);
        map.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Baseline>>, D::Error> {
        let map: Option<Map<String, Value>> = Option::deserialize(deserializer)?;
        let baseline = |(key, entry): (String, Value)| Baseline {
            key,
            measures: match entry {
                Value::Object(entry) => measures(entry),
                _ => Vec::new(),
            },
        };
        Ok(map.map(|map| map.into_iter().map(baseline).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report of the version before, as far as it differs.
    const OLD: &str = r#"{
        "version": 1, "status": "completed", "reason": null, "espejo": "0.1.0", "seed": 42,
        "epochs": { "requested": 5, "completed": 5, "best": 4 },
        "metrics": {
            "train": { "loss": 1.5, "reconstruction": 1.5, "squared_error": 0.25 },
            "test": { "loss": 2.5, "reconstruction": 2.5, "squared_error": 0.5, "wrong_pixels_mean": 0.5, "wrong_pixels_max": 3 }
        },
        "baselines": { "pca": { "components": 2, "squared_error": 4.0 } }
    }"#;

    #[test]
    fn a_report_of_an_older_version_is_read() {
        let report: RunReport = serde_json::from_str(OLD).expect("it reads");
        assert_eq!(report.status, Status::Completed);
        let metrics = report.metrics.as_ref().expect("it completed");
        assert_eq!(metrics.test.get("wrong_pixels_max"), Some(3.0));
        let baselines = report.baselines.as_deref().expect("it completed");
        assert_eq!(baselines[0].get("components"), Some(2.0));
        assert_eq!(report.findings, []);
    }

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let report: RunReport = serde_json::from_str(OLD).expect("it reads");
        let (old, new): (Value, Value) =
            (serde_json::from_str(OLD).expect("JSON"), report.to_json());
        for key in ["metrics", "baselines", "epochs", "status"] {
            assert_eq!(old[key].to_string(), new[key].to_string(), "{key}");
        }
    }
}
