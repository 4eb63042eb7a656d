//! The rule of the last scoring, kept with the run in `threshold.json`.

use std::io::ErrorKind;

use anyhow::Context;
use espejo_analysis::Threshold;
use espejo_train::{Error, Folder, ScoreKind, read_text, write_file};
use serde_json::{Value, json};

use crate::judgement::Limit;

/// The file in the run's folder.
const NAME: &str = "threshold.json";

/// Keeps how the limit of a kind of score was made.
pub fn write(folder: &Folder, kind: ScoreKind, limit: &Limit) -> anyhow::Result<()> {
    let value = json!({
        "score": kind.name(),
        "threshold": limit.threshold.to_string(),
        "limit": limit.value,
        "calibration": limit.origin,
        "calibration_samples": limit.calibration.len(),
    });
    let text = format!("{value:#}\n");
    Ok(write_file(&folder.path().join(NAME), text.as_bytes())?)
}

/// The rule that was used last, and the limit that it made.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What was measured.
    pub kind: ScoreKind,
    /// The limit above which a sample is flagged.
    pub limit: f64,
    /// All that is known of it.
    pub facts: Value,
}

/// The rule of the last scoring, where there was one.
pub fn last(folder: &Folder) -> anyhow::Result<Option<Stored>> {
    let Some(facts) = facts(folder)? else {
        return Ok(None);
    };
    let kind = facts["score"].as_str().and_then(|name| name.parse().ok());
    match (kind, facts["limit"].as_f64()) {
        (Some(kind), Some(limit)) => Ok(Some(Stored { kind, limit, facts })),
        _ => Err(damaged(
            folder.path().join(NAME),
            "it names no score and no limit".to_owned(),
        )),
    }
}

/// The rule that was used last with a kind of score.
pub fn read(folder: &Folder, kind: ScoreKind) -> anyhow::Result<Option<Threshold>> {
    let Some(value) = facts(folder)? else {
        return Ok(None);
    };
    let path = folder.path().join(NAME);
    let (Some(score), Some(rule)) = (value["score"].as_str(), value["threshold"].as_str()) else {
        return Err(damaged(
            path,
            "it names no score and no threshold".to_owned(),
        ));
    };
    if score != kind.name() {
        return Ok(None);
    }
    match rule.parse() {
        Ok(threshold) => Ok(Some(threshold)),
        Err(_) => Err(damaged(path, format!("its threshold is `{rule}`"))),
    }
}

/// What the file says; null where it is no JSON.
fn facts(folder: &Folder) -> anyhow::Result<Option<Value>> {
    let path = folder.path().join(NAME);
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
        }
    };
    Ok(Some(serde_json::from_str(&text).unwrap_or_default()))
}

fn damaged(path: std::path::PathBuf, message: String) -> anyhow::Error {
    let hint = Some("delete it, or give `--threshold`".to_owned());
    Error::Checkpoint {
        path,
        message,
        hint,
    }
    .into()
}
