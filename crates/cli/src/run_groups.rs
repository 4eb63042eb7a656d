//! Runs that differ by their seed alone, together: their measures with intervals, and how two such groups differ.

use std::collections::BTreeMap;

use espejo_analysis::{MeanInterval, mean_interval};
use espejo_train::{Folder, MainMeasure, RunConfig, RunReport};
use toml::{Table, Value};

use crate::compact_number::compact;

/// A run that completed.
pub struct Member {
    /// How it is called.
    pub name: String,
    pub folder: Folder,
    pub config: RunConfig,
    pub report: RunReport,
}

/// Runs of one setting.
pub struct Group {
    /// What tells it from other groups.
    pub label: String,
    pub members: Vec<Member>,
}

/// Keys that leave what is learned as it is, and the seed, which repeats it.
const NO_SETTING: [(&str, &str); 8] = [
    ("train", "seed"),
    ("train", "device"),
    ("train", "device_memory"),
    ("train", "vector_width"),
    ("train", "checkpoint_every"),
    ("train", "checkpoint_seconds"),
    ("train", "samples_every"),
    ("data", "directory"),
];

impl Member {
    /// The configuration as keys and values, but for the seed and what changes no number.
    pub fn setting(&self) -> BTreeMap<String, String> {
        let mut table = Table::try_from(&self.config).unwrap_or_default();
        for (section, key) in NO_SETTING {
            if let Some(Value::Table(inner)) = table.get_mut(section) {
                inner.remove(key);
            }
        }
        let mut keys = BTreeMap::new();
        for (section, value) in table {
            match value {
                Value::Table(inner) => keys.extend(
                    inner
                        .into_iter()
                        .map(|(key, value)| (format!("{section}.{key}"), shown(&value))),
                ),
                value => {
                    keys.insert(section, shown(&value));
                }
            }
        }
        keys
    }

    /// A measure of the best model on the test samples.
    pub fn get(&self, measure: &str) -> Option<f64> {
        let test = &self.report.metrics.as_ref()?.test;
        match measure {
            "loss" => Some(test.loss),
            other => test.get(other),
        }
    }

    /// The main measure, where it was measured.
    pub fn main_measure(&self) -> Option<MainMeasure> {
        MainMeasure::of(&self.report.metrics.as_ref()?.test)
    }

    /// What the measures are of: the test samples with their targets, the samples that were learned where none were kept out.
    pub fn measured_on(&self) -> (Option<&str>, Option<&str>) {
        let data = &self.report.data;
        match data.held_out {
            true => (
                data.test_sha256.as_deref(),
                data.test_targets_sha256.as_deref(),
            ),
            false => (data.sha256.as_deref(), data.targets_sha256.as_deref()),
        }
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Group {
    /// A measure over the seeds.
    pub fn measured(&self, measure: &str) -> Option<MeanInterval> {
        let values: Option<Vec<f64>> = self
            .members
            .iter()
            .map(|member| member.get(measure))
            .collect();
        mean_interval(&values?)
    }

    /// The mean of a number of each run.
    pub fn mean(&self, of: impl Fn(&RunReport) -> f64) -> f64 {
        let sum: f64 = self.members.iter().map(|member| of(&member.report)).sum();
        sum / self.members.len() as f64
    }

    /// The pairs of runs of two groups that share a seed.
    fn pairs<'a>(&'a self, other: &'a Self) -> Vec<(&'a Member, &'a Member)> {
        let seed = |member: &Member| member.report.seed;
        let pair = |mine: &'a Member| {
            let theirs = other
                .members
                .iter()
                .find(|theirs| seed(theirs) == seed(mine));
            theirs.map(|theirs| (mine, theirs))
        };
        self.members.iter().filter_map(pair).collect()
    }

    /// Why measures of two groups say nothing beside each other; none where they do.
    pub fn not_comparable(&self, other: &Self) -> Option<&'static str> {
        let pairs = self.pairs(other);
        let same = |(a, b): &(&Member, &Member)| a.measured_on() == b.measured_on();
        let alike = match pairs.is_empty() {
            false => pairs.iter().all(same),
            true => {
                let first = |group: &'_ Self| {
                    group.members.first().map(|member| {
                        let (samples, targets) = member.measured_on();
                        (samples.map(str::to_owned), targets.map(str::to_owned))
                    })
                };
                first(self) == first(other)
            }
        };
        let measure = |group: &Self| group.members.first().and_then(Member::main_measure);
        match (alike, measure(self) == measure(other)) {
            (false, _) => Some("measured on other samples"),
            (true, false) => Some("another kind of measure"),
            (true, true) => None,
        }
    }

    /// Whether both minimise the same loss, so that its values can be compared.
    pub fn same_loss(&self, other: &Self) -> bool {
        let objective = |group: &Self| {
            let setting = group
                .members
                .first()
                .map(Member::setting)
                .unwrap_or_default();
            let of_loss = |key: &str| key.starts_with("objective.") || key == "model.kind";
            let keys = setting.into_iter().filter(|(key, _)| of_loss(key));
            keys.collect::<BTreeMap<_, _>>()
        };
        objective(self) == objective(other)
    }

    /// By how much a measure of this group is above that of another: from run to run where they share seeds.
    pub fn above(&self, other: &Self, measure: &str) -> Option<MeanInterval> {
        let pairs = self.pairs(other);
        let difference = |(a, b): &(&Member, &Member)| Some(a.get(measure)? - b.get(measure)?);
        let differences: Option<Vec<f64>> = pairs.iter().map(difference).collect();
        mean_interval(&differences?)
    }
}

/// A mean with its interval, as in `1.2345 (1.1000 to 1.3690)`.
pub fn with_interval(found: &MeanInterval) -> String {
    let mean = compact(found.mean, 4);
    match found.interval {
        None => mean,
        Some((low, high)) => format!("{mean} ({} to {})", compact(low, 4), compact(high, 4)),
    }
}

/// A mean with its interval as JSON.
pub fn interval_json(found: Option<MeanInterval>) -> serde_json::Value {
    let Some(found) = found else {
        return serde_json::Value::Null;
    };
    serde_json::json!({
        "count": found.count, "mean": found.mean,
        "low": found.interval.map(|(low, _)| low), "high": found.interval.map(|(_, high)| high),
    })
}
