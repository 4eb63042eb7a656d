//! What is said of a path that leads nowhere, and of a file that holds no data set.

use std::path::{Path, PathBuf};

use crate::Error;
use crate::formats::{format_of, named_array};

/// Names of files less alike than this (Jaro-Winkler, 0 to 1) are not suggested.
const LIKENESS: f64 = 0.85;

/// Whether a name is meant for a file or folder: it has a separator, or ends like a file.
pub(crate) fn is_path(name: &str) -> bool {
    let path = Path::new(name);
    let ends_like_a_file = path.extension().is_some_and(|ending| {
        let ending = ending.to_string_lossy();
        (2..=5).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphanumeric())
    });
    name.contains(std::path::is_separator)
        || ends_like_a_file
        || format_of(path).is_some()
        || named_array(name).is_some()
}

/// Whether a folder is that of a run, whose figures would be taken for images.
pub(crate) fn is_run(path: &Path) -> bool {
    path.join("config.toml").is_file() && path.join("checkpoints").is_dir()
}

/// Says that nothing is at a path, and what may be meant.
pub(crate) fn no_file(name: &str) -> Error {
    let path = Path::new(named_array(name).map_or(name, |(file, _)| file));
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let hint = if !folder.is_dir() {
        format!("there is no folder `{}` either", folder.display())
    } else if let Some(near) = nearest(path, &folder) {
        format!("did you mean `{}`?", near.display())
    } else {
        let from = std::env::current_dir().unwrap_or(folder);
        match path.is_absolute() {
            true => "look for a slip in the path".to_owned(),
            false => format!(
                "a path is taken from the current folder, `{}`",
                from.display()
            ),
        }
    };
    Error::NoFile {
        path: name.to_owned(),
        hint,
    }
}

/// The file or folder beside it whose name is most like that of this path, if any is like it at all.
fn nearest(path: &Path, folder: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let known = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let alike = known.map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), known));
    let near = alike.filter(|(likeness, _)| *likeness > LIKENESS);
    // Equal likeness is settled by name, so that the message does not hang on the order of a folder.
    let (_, nearest) = near.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))?;
    Some(path.with_file_name(nearest))
}

/// What a file is that holds no data set, by its ending.
pub(crate) fn kind_of_file(path: &Path) -> String {
    let Some(ending) = path.extension() else {
        return "a file without an ending".to_owned();
    };
    let ending = ending.to_string_lossy().to_lowercase();
    let kind = match ending.as_str() {
        "toml" => "a configuration, which `espejo train --config FILE` takes",
        "zip" | "7z" | "rar" | "gz" | "xz" | "bz2" | "zst" => "a packed file: unpack it first",
        "xls" | "xlsx" | "ods" => "a spreadsheet: save its sheet as `.csv`",
        "json" | "jsonl" | "xml" | "yaml" | "yml" | "sqlite" | "db" => {
            "data in another form: write it as `.csv` or `.npy`"
        }
        "pdf" | "doc" | "docx" | "odt" | "md" | "html" | "svg" => "a document",
        "pkl" | "pickle" | "pt" | "pth" | "onnx" => {
            "a file of another program: write its numbers as `.npy` or `.safetensors`"
        }
        _ => return format!("`.{ending}`"),
    };
    format!("`.{ending}`, {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_told_from_names_of_sets() {
        for name in [
            "a.csv",
            "a/b",
            "photo.jpg",
            "x.pdf",
            "a.npz:images",
            "a.csv.gz",
        ] {
            assert!(is_path(name), "{name}");
        }
        for name in ["fonts:1", "cats", "fonts.", "v1.2", ""] {
            assert!(!is_path(name), "{name}");
        }
    }

    #[test]
    fn a_slip_in_the_name_of_a_file_is_helped() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("measured.csv"), "1,2\n").expect("writable");
        let hint = |name: &str| {
            let error = no_file(&path(name).to_string_lossy());
            error.hint().expect("it has one")
        };
        let near = format!("did you mean `{}`?", path("measured.csv").display());
        assert_eq!(hint("mesured.csv"), near);
        assert_eq!(hint("Measured.csv"), near);
        assert_eq!(hint("other.png"), "look for a slip in the path");
    }

    #[test]
    fn a_file_that_holds_no_data_set_is_called_what_it_is() {
        let kind = |name: &str| kind_of_file(Path::new(name));
        assert_eq!(
            kind("a.toml"),
            "`.toml`, a configuration, which `espejo train --config FILE` takes"
        );
        assert_eq!(kind("a.zip"), "`.zip`, a packed file: unpack it first");
        assert_eq!(kind("a.qqq"), "`.qqq`");
        assert_eq!(kind("a"), "a file without an ending");
    }
}
