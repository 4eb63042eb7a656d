//! A folder of files that are one table: the parts of a data set as Hugging Face lays them out.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{content, unreadable};
use crate::source::{Parts, Source};
use crate::{Error, arrow, parquet};

/// What the library `datasets` writes beside the folders of a set that it saves.
const SAVED: &str = "dataset_dict.json";

/// The files of a data set, by its parts.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shards {
    /// The folder, for messages.
    pub(crate) origin: String,
    pub(crate) form: Form,
    /// The files of the training part, in the order of their names; at least one.
    pub(crate) train: Vec<PathBuf>,
    /// Those of the test part, or where there is none of the validation part.
    pub(crate) test: Vec<PathBuf>,
    /// What of the folder is in neither.
    pub(crate) left_out: Vec<String>,
}

/// A form of such files.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Form {
    #[default]
    Parquet,
    Arrow,
}

impl Form {
    /// Who reads such files.
    pub(crate) fn load(self) -> fn(&Source, Shards) -> Result<Parts, Error> {
        match self {
            Self::Parquet => parquet::load_shards,
            Self::Arrow => arrow::load_shards,
        }
    }

    /// Who says whether such files are a table.
    pub(crate) fn is_table(self) -> fn(&Shards) -> Result<bool, Error> {
        match self {
            Self::Parquet => parquet::is_table_of,
            Self::Arrow => arrow::is_table_of,
        }
    }

    /// How the names of such files end.
    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Parquet => &["parquet"],
            Self::Arrow => &["arrow", "feather", "ipc", "arrows"],
        }
    }
}

/// What a file is part of, by the words of its name.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Train,
    Validation,
    Test,
}

/// The files of a folder, or else of the folder `data` in it, or of the folders in one that `datasets` saved; none where there are
/// no such files.
///
/// A name with the word `train`, `validation` or `test` in it says the part. Without such a word in any name, all files are
/// training data.
///
/// # Errors
/// [`Error::Content`] where only some names say their part, or all say another than training; [`Error::Io`].
pub(crate) fn find(folder: &Path) -> Result<Option<Shards>, Error> {
    if folder.join(SAVED).is_file() {
        return saved(folder);
    }
    let data = folder.join("data");
    for folder_of_files in [folder, &data] {
        if !folder_of_files.is_dir() {
            continue;
        }
        let parquet = files(folder_of_files, Form::Parquet)?;
        let arrow = files(folder_of_files, Form::Arrow)?;
        let left_out = match parquet.is_empty() {
            true => Vec::new(),
            false => arrow
                .iter()
                .map(|file| not_read(file, "Arrow among Parquet files"))
                .collect(),
        };
        let (form, files) = match parquet.is_empty() {
            true => (Form::Arrow, arrow),
            false => (Form::Parquet, parquet),
        };
        if !files.is_empty() {
            let named = files
                .into_iter()
                .map(|file| (part_of(&file), file))
                .collect();
            let mut shards = by_parts(folder, form, named)?;
            shards.left_out.extend(left_out);
            return Ok(Some(shards));
        }
    }
    Ok(None)
}

/// The parts of a set that `datasets` saved: a folder of Arrow files each.
fn saved(folder: &Path) -> Result<Option<Shards>, Error> {
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for inner in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        match part_of(&inner) {
            None => others.push(not_read(
                &inner,
                "neither training, validation nor test part",
            )),
            part => {
                let files = files(&inner, Form::Arrow)?.into_iter();
                named.extend(files.map(|file| (part, file)));
            }
        }
    }
    let mut shards = by_parts(folder, Form::Arrow, named)?;
    shards.left_out.extend(others);
    Ok(Some(shards))
}

/// Files by their parts.
fn by_parts(
    folder: &Path,
    form: Form,
    files: Vec<(Option<Part>, PathBuf)>,
) -> Result<Shards, Error> {
    let part = |wanted: Option<Part>| -> Vec<PathBuf> {
        let files = files.iter().filter(|(part, _)| *part == wanted);
        files.map(|(_, file)| file.clone()).collect()
    };
    let origin = folder.display().to_string();
    let plain = part(None);
    if plain.len() == files.len() && !plain.is_empty() {
        return Ok(Shards {
            origin,
            form,
            train: plain,
            ..Shards::default()
        });
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
        let kept = |file: &PathBuf| not_read(file, "the validation part, beside a test part");
        left_out.extend(validation.iter().map(kept));
    }
    Ok(Shards {
        origin,
        form,
        train,
        test,
        left_out,
    })
}

fn not_read(path: &Path, why: &str) -> String {
    format!("{}: {why}", path.display())
}

/// The files of a form in a folder, by name; not what `datasets` keeps there of former steps.
fn files(folder: &Path, form: Form) -> Result<Vec<PathBuf>, Error> {
    let is_one = |path: &PathBuf| {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let ending = ending.to_lowercase();
        let name = name(path);
        let is_kept = !name.starts_with('.') && !name.starts_with("cache-");
        form.endings().contains(&&*ending) && is_kept && path.is_file()
    };
    Ok(entries(folder)?.into_iter().filter(is_one).collect())
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| unreadable(folder, source);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
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
            &["data-00000-of-00001.arrow", "state.json", "cache-1.arrow"],
            &["data-00000-of-00001.arrow"],
            &[],
            0,
        );
        check(
            &["a.parquet", "a.feather", "data/b.parquet"],
            &["a.parquet"],
            &[],
            1,
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
    fn folders_that_datasets_saved_are_parts() {
        check(
            &[
                "dataset_dict.json",
                "train/data-00000-of-00002.arrow",
                "train/data-00001-of-00002.arrow",
                "train/dataset_info.json",
                "test/data-00000-of-00001.arrow",
                "validation/data-00000-of-00001.arrow",
                "unsupervised/data-00000-of-00001.arrow",
            ],
            &["data-00000-of-00002.arrow", "data-00001-of-00002.arrow"],
            &["data-00000-of-00001.arrow"],
            2,
        );
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
