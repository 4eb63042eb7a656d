//! A folder of files that are one table: the parts of a data set as Hugging Face lays them out.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::{content, unreadable};

/// How the names of such files end.
const ENDING: &str = "parquet";

/// The files of a data set, by its parts.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shards {
    /// The folder, for messages.
    pub(crate) origin: String,
    /// The files of the training part, in the order of their names; at least one.
    pub(crate) train: Vec<PathBuf>,
    /// Those of the test part, or where there is none of the validation part.
    pub(crate) test: Vec<PathBuf>,
    /// What of the folder is in neither.
    pub(crate) left_out: Vec<String>,
}

/// What a file is part of, by the words of its name.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// The files of a folder, or else of the folder `data` in it; none where there are no such files.
///
/// A name with the word `train`, `validation` or `test` in it says the part. Without such a word in any name, all files are
/// training data.
///
/// # Errors
/// [`Error::Content`] where only some names say their part, or all say another than training; [`Error::Io`].
pub(crate) fn find(folder: &Path) -> Result<Option<Shards>, Error> {
    let mut files = files(folder)?;
    if files.is_empty() {
        let data = folder.join("data");
        if data.is_dir() {
            files = self::files(&data)?;
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let part = |wanted: Option<Part>| -> Vec<PathBuf> {
        let files = files.iter().filter(|file| part_of(file) == wanted);
        files.cloned().collect()
    };
    let origin = folder.display().to_string();
    let plain = part(None);
    if plain.len() == files.len() {
        return Ok(Some(Shards {
            origin,
            train: files,
            ..Shards::default()
        }));
    }
    let expected = "files named after their part, as `train-00000-of-00002.parquet`";
    if let Some(plain) = plain.first() {
        return Err(content(
            folder,
            expected,
            format!("`{}` among such", name(plain)),
        ));
    }
    let (train, validation) = (part(Some(Part::Train)), part(Some(Part::Validation)));
    let mut test = part(Some(Part::Test));
    if train.is_empty() {
        return Err(content(folder, expected, "none of the training part"));
    }
    let mut left_out = Vec::new();
    if test.is_empty() {
        test = validation;
    } else {
        let kept = |file: &PathBuf| {
            format!(
                "{}: the validation part, beside a test part",
                file.display()
            )
        };
        left_out.extend(validation.iter().map(kept));
    }
    Ok(Some(Shards {
        origin,
        train,
        test,
        left_out,
    }))
}

/// The files of the form in a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| unreadable(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        if ending.eq_ignore_ascii_case(ENDING) && !name(&path).starts_with('.') && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn part_of(file: &Path) -> Option<Part> {
    let name = name(file).to_lowercase();
    name.split(|c: char| !c.is_alphabetic())
        .find_map(|word| match word {
            "train" | "training" => Some(Part::Train),
            "validation" | "valid" | "val" | "dev" => Some(Part::Validation),
            "test" | "testing" | "eval" => Some(Part::Test),
            _ => None,
        })
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the training and the test files that are found among these.
    fn check(names: &[&str], train: &[&str], test: &[&str], left_out: usize) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        let found = find(folder.path())
            .expect("whole parts")
            .unwrap_or_default();
        let names = |files: &[PathBuf]| Vec::from_iter(files.iter().map(|file| name(file)));
        assert_eq!(
            (names(&found.train), names(&found.test)),
            (
                train.iter().map(|&name| name.to_owned()).collect(),
                test.iter().map(|&name| name.to_owned()).collect(),
            )
        );
        assert_eq!(found.left_out.len(), left_out);
    }

    #[test]
    fn names_say_the_parts() {
        check(
            &[
                "README.md",
                "data/train-00001-of-00002.parquet",
                "data/train-00000-of-00002.parquet",
                "data/test-00000-of-00001.parquet",
                "data/validation-00000-of-00001.parquet",
            ],
            &[
                "train-00000-of-00002.parquet",
                "train-00001-of-00002.parquet",
            ],
            &["test-00000-of-00001.parquet"],
            1,
        );
        check(
            &["b.parquet", "a.PARQUET", "c.png"],
            &["a.PARQUET", "b.parquet"],
            &[],
            0,
        );
        check(
            &["train.parquet", "val.parquet"],
            &["train.parquet"],
            &["val.parquet"],
            0,
        );
        check(&["a.png", "data/b.png"], &[], &[], 0);
    }

    #[test]
    fn what_says_no_part_among_such_is_refused() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str| fs::write(folder.path().join(name), "").expect("a file");
        write("test.parquet");
        let error = find(folder.path())
            .expect_err("nothing to train on")
            .to_string();
        assert!(
            error.ends_with("found none of the training part"),
            "{error}"
        );
        write("train.parquet");
        write("other.parquet");
        let error = find(folder.path()).expect_err("another").to_string();
        assert!(
            error.ends_with("found `other.parquet` among such"),
            "{error}"
        );
    }
}
