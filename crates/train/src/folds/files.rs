//! The folder `folds` of a run: a file for each fold, by which an interrupted cross-validation goes on, and tables of all of them.

use std::fmt::Write as _;
use std::fs;

use espejo_data::{Samples, Targets, csv_field, guarded};

use super::Fold;
use crate::Error;
use crate::config::RunConfig;
use crate::error::AtPath;
use crate::folder::Folder;
use crate::plain_files::{check_folder, read_text};

const FOLDER: &str = "folds";

fn name((repeat, fold): (usize, usize)) -> String {
    format!("{FOLDER}/r{repeat}-f{fold}.json")
}

/// A fold that was trained before with this configuration; none where it has to be trained.
pub(super) fn kept(folder: &Folder, config: &RunConfig, place: (usize, usize)) -> Option<Fold> {
    let text = read_text(&folder.path().join(name(place))).ok()?;
    let fold: Fold = serde_json::from_str(&text).ok()?;
    // A run may be resumed for more epochs, and nothing else of what its folds depend on.
    (fold.epochs == config.train.epochs).then_some(fold)
}

/// Keeps a fold.
pub(super) fn keep(folder: &Folder, fold: &Fold) -> Result<(), Error> {
    let path = folder.path().join(FOLDER);
    check_folder(&path)?;
    fs::create_dir_all(&path).at("create", &path)?;
    let text = serde_json::to_string(fold).expect("a fold is plain values");
    folder.write(&name((fold.repeat, fold.fold)), &(text + "\n"))
}

/// Every fold of a run, repeat after repeat; empty where it has no cross-validation, or none that came to its end.
///
/// # Errors
///
/// [`Error::Checkpoint`] where the configuration or a file is damaged.
pub fn folds_of(folder: &Folder) -> Result<Vec<Fold>, Error> {
    let Some((repeats, of)) = folder.config()?.folds() else {
        return Ok(Vec::new());
    };
    let parse = |text: &str, _: &str| serde_json::from_str::<Fold>(text);
    let places = (1..=repeats).flat_map(|repeat| (1..=of).map(move |fold| (repeat, fold)));
    let folds: Option<Vec<Fold>> = places
        .map(|place| folder.read(&name(place), &parse))
        .collect::<Result<_, _>>()?;
    Ok(folds.unwrap_or_default())
}

/// Writes `curves.csv` and, of a net with targets, `predictions.csv`.
pub(super) fn write_tables(
    folder: &Folder,
    folds: &[Fold],
    samples: &Samples,
) -> Result<(), Error> {
    folder.write(&format!("{FOLDER}/curves.csv"), &curves(folds))?;
    match predictions(folds, samples) {
        Some(text) => folder.write(&format!("{FOLDER}/predictions.csv"), &text),
        None => Ok(()),
    }
}

/// A row for each fold and epoch.
fn curves(folds: &[Fold]) -> String {
    let Some(first) = folds.first() else {
        return String::new();
    };
    let names: Vec<&String> = first.curve.columns.keys().collect();
    let mut text = "repeat,fold,epoch".to_owned();
    names.iter().for_each(|name| text += &format!(",{name}"));
    text.push('\n');
    for fold in folds {
        for (at, epoch) in fold.curve.epochs.iter().enumerate() {
            let _ = write!(text, "{},{},{epoch}", fold.repeat, fold.fold);
            for name in &names {
                let value = fold
                    .curve
                    .columns
                    .get(*name)
                    .and_then(|column| column.get(at));
                let _ = write!(text, ",{}", value.map(f64::to_string).unwrap_or_default());
            }
            text.push('\n');
        }
    }
    text
}

/// A row for each sample and repeat: what is true, and what the net that had not seen it gives, with the linear model's beside it.
fn predictions(folds: &[Fold], samples: &Samples) -> Option<String> {
    let (truth, outputs): (&[&str], Vec<String>) = match samples.targets() {
        Targets::None => return None,
        Targets::Classes { names, .. } => (
            &["class"],
            names.iter().map(|name| format!("p({name})")).collect(),
        ),
        Targets::Numbers { columns, .. } => (&[], columns.to_vec()),
    };
    let of_numbers = truth.is_empty();
    if folds.iter().any(|fold| fold.outputs.is_empty()) {
        return None;
    }
    let quoted = |text: &str| csv_field(&guarded(text));
    let mut header: Vec<String> = ["repeat", "fold", "sample"].map(str::to_owned).to_vec();
    header.extend(truth.iter().map(|name| (*name).to_owned()));
    if of_numbers {
        header.extend(outputs.iter().map(|name| format!("true {name}")));
    }
    header.extend(outputs.iter().cloned());
    header.extend(outputs.iter().map(|name| format!("linear {name}")));
    let header: Vec<String> = header.iter().map(|name| quoted(name)).collect();
    let mut text = header.join(",") + "\n";
    for fold in folds {
        for (row, (given, linear)) in fold.rows.iter().zip(fold.outputs.iter().zip(&fold.linear)) {
            let _ = write!(text, "{},{},{row}", fold.repeat, fold.fold);
            if let Some(label) = samples.label(*row) {
                let _ = write!(text, ",{}", quoted(&samples.classes()[label]));
            }
            for number in samples.target_row(*row).into_iter().flatten() {
                let _ = write!(text, ",{number}");
            }
            for number in given.iter().chain(linear) {
                let _ = write!(text, ",{number}");
            }
            text.push('\n');
        }
    }
    Some(text)
}
