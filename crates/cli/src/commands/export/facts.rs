//! What a file says of itself beside what it computes.

use espejo_train::{Folder, Trained};
use serde_json::{Value, json};

use super::Part;
use crate::stored_threshold::Stored;

/// Names and values for the file's own metadata; each value is JSON.
pub fn facts(
    trained: &Trained,
    folder: &Folder,
    (part, normalised): (Part, bool),
    stored: Option<&Stored>,
) -> Vec<(String, String)> {
    let samples = trained.test();
    let rows = samples.points().unpermuted();
    let mut all: Vec<(&str, Value)> = vec![
        ("espejo.version", json!(env!("CARGO_PKG_VERSION"))),
        ("espejo.run", json!(run_name(folder))),
        ("espejo.model", json!(trained.config().model.kind.name())),
        ("espejo.part", json!(part.name())),
        ("espejo.epoch", json!(trained.epoch())),
        ("espejo.normalised", json!(normalised)),
    ];
    match samples.is_table() {
        true => {
            all.push(("espejo.columns", json!(columns(trained))));
            if !rows.categories().is_empty() {
                let ranges = rows.categories().iter();
                let ranges: Vec<_> = ranges.map(|range| [range.start, range.end]).collect();
                all.push(("espejo.categories", json!(ranges)));
            }
        }
        false => {
            let (low, high) = match (normalised, samples.pixel_range()) {
                (true, _) => (trained.normalised_low(), 1.0),
                (false, Some(range)) => (range.low, range.high),
                (false, None) => (0.0, f64::from(samples.levels())),
            };
            all.push(("espejo.pixel_range", json!([low, high])));
        }
    }
    if let Some(window) = samples.window() {
        all.push(("espejo.window", json!(window)));
    }
    if trained.prepared().spec.task.has_targets() {
        match samples.target_columns() {
            [] => all.push(("espejo.classes", json!(samples.classes()))),
            columns => all.push(("espejo.targets", json!(columns))),
        }
    }
    if let Some(stored) = stored {
        all.push(("espejo.threshold", stored.facts.clone()));
    }
    let all = all.into_iter();
    all.map(|(key, value)| (key.to_owned(), value.to_string()))
        .collect()
}

/// The last part of a run folder's path.
pub fn run_name(folder: &Folder) -> String {
    let name = folder.path().file_name();
    name.unwrap_or_default().to_string_lossy().into_owned()
}

/// The names of the values of a sample, in the order of the file.
fn columns(trained: &Trained) -> Vec<String> {
    let samples = trained.test();
    let rows = samples.points().unpermuted();
    let names = rows.columns();
    match samples.window() {
        None => names.to_vec(),
        Some(window) => (0..window.length)
            .flat_map(|row| names.iter().map(move |name| format!("{name}[{row}]")))
            .collect(),
    }
}
