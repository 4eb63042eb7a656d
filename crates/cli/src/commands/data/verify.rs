//! `espejo data verify`: the files of data sets against their official checksums.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_data::{FileState, State, directory_or, names, verify};
use serde_json::json;

use crate::completion;
use crate::output::{self, counted, shown};

/// The arguments of `espejo data verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// Data sets [default: all that are there]
    #[arg(add = completion::data_sets())]
    pub names: Vec<String>,
    /// Directory of the data sets [default: $ESPEJO_DATA, else the platform's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Verifies files. A damaged one is an error with exit code 3, and so is a missing one: of a data set that was named, or of one that has some of its files.
pub fn check(args: &VerifyArgs, json: bool) -> anyhow::Result<()> {
    let wanted = &args.names;
    let directory = directory_or(args.data_dir.as_deref()).map_err(espejo_train::Error::from)?;
    let mut sets = Vec::new();
    for name in asked(wanted) {
        let files = verify(&name, &directory).map_err(espejo_train::Error::from)?;
        // A data set that is not there at all is reported only where it was asked for by name.
        let absent = files.iter().all(|file| file.state == State::Missing);
        if !(wanted.is_empty() && absent) {
            sets.push((name, files));
        }
    }
    if json {
        let sets = sets.iter().map(|(name, files)| {
            let files = files
                .iter()
                .map(|file| json!({ "file": file.file, "state": word(file) }));
            json!({ "name": name, "files": files.collect::<Vec<_>>() })
        });
        output::json(&json!({ "directory": shown(&directory), "sets": sets.collect::<Vec<_>>() }))?;
    } else {
        output::text(&listed(&sets, &directory))?;
    }
    for (name, files) in &sets {
        for file in files {
            if let Some(error) = refused(name, file, &directory) {
                return Err(espejo_train::Error::from(error).into());
            }
        }
    }
    Ok(())
}

/// The error of a damaged or missing file.
fn refused(set: &str, file: &FileState, directory: &Path) -> Option<espejo_data::Error> {
    let known = names().iter().find(|known| known.name == set);
    let folder = directory.join(known.and_then(|set| set.folder).unwrap_or(set));
    match &file.state {
        State::Damaged { found } => Some(espejo_data::Error::Content {
            origin: shown(&folder.join(&file.file)),
            expected: "the official file".to_owned(),
            found: format!("another, with SHA-256 {found}; `espejo data fetch {set}` replaces it"),
        }),
        State::Missing => Some(espejo_data::Error::Missing {
            name: set.to_owned(),
            directory: folder,
            file: file.file.clone(),
            hint: format!("`espejo data fetch {set}` gets what is missing"),
        }),
        State::Right | State::Unknown => None,
    }
}

/// Data sets to check: those named, else all that have files.
fn asked(wanted: &[String]) -> Vec<String> {
    if !wanted.is_empty() {
        return wanted.to_vec();
    }
    let sets = names().iter().filter(|set| set.folder.is_some());
    sets.map(|set| set.name.to_owned()).collect()
}

fn word(file: &FileState) -> &'static str {
    match file.state {
        State::Right => "right",
        State::Missing => "missing",
        State::Damaged { .. } => "damaged",
        State::Unknown => "present, but without a checksum on record",
    }
}

fn listed(sets: &[(String, Vec<FileState>)], directory: &Path) -> String {
    let mut text = format!("{}\n", shown(directory));
    if sets.is_empty() {
        text += "there is no data set yet; `espejo data fetch NAME` downloads one\n";
    }
    for (name, files) in sets {
        text += &format!("{name}\n");
        if files.iter().all(|file| file.state == State::Unknown) {
            text += &format!(
                "  {}, without checksums on record\n",
                counted(files.len(), "file")
            );
            continue;
        }
        for file in files {
            text += &format!("  {:<48}  {}\n", file.file, word(file));
            if let State::Damaged { found } = &file.state {
                text += &format!("    its SHA-256 is {found}\n");
            }
        }
    }
    text
}
