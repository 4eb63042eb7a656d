//! What can be wrong with a data set, said so that it can be mended.

use std::io;
use std::path::{Path, PathBuf};

use crate::manifests::manifest;

/// A data set that cannot be had, with what was expected and what was found.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is where a path leads.
    #[error("cannot read `{path}`: there is no such file or folder")]
    NoFile {
        /// The path as asked for.
        path: String,
        /// What to do about it.
        hint: String,
    },

    /// No data set has this name.
    #[error("no data set `{name}`: expected {accepted}")]
    UnknownDataSet {
        /// The name as asked for.
        name: String,
        /// What a name may be.
        accepted: String,
        /// The name that may be meant.
        suggestion: Option<&'static str>,
    },

    /// The data set has no glyph for one of the letters asked for.
    #[error("no glyph `{letter}` in `{set}`, which has {available}")]
    UnknownGlyph {
        /// The data set as asked for.
        set: String,
        /// All the letters asked for.
        letters: String,
        /// The first of them that is missing, spelled as captions are.
        letter: String,
        /// The captions of the data set, with a space between them.
        available: String,
        /// The smallest font set with a glyph for each of the letters, if there is one.
        suggestion: Option<&'static str>,
    },

    /// A field of [`Selection`](crate::Selection) or [`Source`](crate::Source) has a value that this data set cannot serve.
    #[error("`{field}` of `{set}`: expected {expected}, found {found}")]
    Selection {
        /// The field of [`Selection`](crate::Selection) or [`Source`](crate::Source).
        field: &'static str,
        /// The data set as asked for.
        set: String,
        /// What the field takes.
        expected: String,
        /// What it was given.
        found: String,
    },

    /// The content is not that of a data set: a damaged file, wrong lengths, or values out of their range.
    #[error("`{origin}`: expected {expected}, found {found}")]
    Content {
        /// The data set, or the file and line that hold it.
        origin: String,
        /// What belongs there.
        expected: String,
        /// What is there.
        found: String,
    },

    /// A column that is to hold classes has a number with a fraction.
    #[error(
        "`{origin}`: expected a class (a word or a whole number) in column `{column}`, found {found}"
    )]
    NoClass {
        /// The file, and the line or row.
        origin: String,
        /// The column.
        column: String,
        /// The field as it stands there, in backticks.
        found: String,
    },

    /// The images of a folder are not of one size.
    #[error("`{}`: expected {expected} pixels as in `{first}`, found {found}", path.display())]
    Sizes {
        /// The first image of another size.
        path: PathBuf,
        /// The name of the first image.
        first: String,
        /// Height and width of the first image.
        expected: String,
        /// Height and width of this one.
        found: String,
        /// Height and width that both can be brought to.
        common: String,
    },

    /// The files of a data set are not there.
    #[error("`{name}` is not in `{}`: there is no `{file}`", directory.display())]
    Missing {
        /// The data set.
        name: String,
        /// The folder that should hold its files.
        directory: PathBuf,
        /// The first file that is missing.
        file: String,
        /// All files that belong there, and where they come from, as a line for the user.
        hint: String,
    },

    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// A file could not be fetched from any of its addresses.
    #[error("cannot fetch `{file}`: {reason}")]
    Fetch {
        /// The file.
        file: String,
        /// What went wrong at the last address tried.
        reason: String,
        /// What to do about it.
        hint: String,
    },
}

impl Error {
    /// What to do about it, as a line for the user; `None` where the message already says all.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownDataSet { suggestion, .. } => Some(match suggestion {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`espejo data list` shows what each data set holds".to_owned(),
            }),
            Self::UnknownGlyph {
                letters,
                suggestion,
                ..
            } => suggestion.map(|set| format!("`{set}` has every letter of `{letters}`")),
            Self::Selection {
                field: "fraction", ..
            } => Some("`first` takes a number of samples, `fraction` a part of them".to_owned()),
            Self::NoClass { .. } => Some(
                "a number to predict is for regression: take the column as numbers, not as classes"
                    .to_owned(),
            ),
            Self::Sizes { common, .. } => Some(format!(
                "`--size {common}` brings all images to one size, each cut to this form; `--fit pad` or `--fit stretch` keeps all of it"
            )),
            Self::NoFile { hint, .. } | Self::Missing { hint, .. } | Self::Fetch { hint, .. } => {
                Some(hint.clone())
            }
            Self::Io { path, source, .. } => room_hint(path, source),
            Self::Selection { .. } | Self::Content { .. } => None,
        }
    }
}

/// What to do where the system has no memory for a file, or no room in the folder of temporary files; none for other errors.
pub fn room_hint(path: &Path, source: &io::Error) -> Option<String> {
    // The folder itself, or a file right in it: runs may lie further below.
    let folder = std::env::temp_dir();
    let is_temporary = path == folder || path.parent() == Some(folder.as_path());
    match source.kind() {
        io::ErrorKind::OutOfMemory => Some(
            "`--limit N` takes fewer samples, and `--device-memory MIB` lets more of them stay on the disk".to_owned(),
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded if is_temporary => Some(
            "set TMPDIR to a folder with more room, or take fewer samples with `--limit N`".to_owned(),
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if is_temporary => {
            Some("set TMPDIR to a folder that you may write to".to_owned())
        }
        _ => None,
    }
}

/// Says that a file of a set is not in its folder, and how to get all of them.
pub(crate) fn missing(set: &str, folder: &Path, file: &str, files: &str) -> Error {
    let by_hand = manifest(set).is_some_and(|manifest| manifest.places.is_empty());
    let does = if by_hand {
        "says where they come from"
    } else {
        "gets them"
    };
    Error::Missing {
        name: set.to_owned(),
        directory: folder.to_owned(),
        file: file.to_owned(),
        hint: format!("`espejo data fetch {set}` {does}: {files}"),
    }
}

/// Says that a file holds something else than it should.
pub(crate) fn content(path: &Path, expected: impl Into<String>, found: impl Into<String>) -> Error {
    content_of(&path.display().to_string(), expected, found)
}

/// Says that a part of a file, or what has no file, holds something else than it should.
pub(crate) fn content_of(
    origin: &str,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Error {
    Error::Content {
        origin: origin.to_owned(),
        expected: expected.into(),
        found: found.into(),
    }
}

/// Says that a file could not be read: damaged where a decoder says so, out of reach where the system does.
pub(crate) fn unreadable(path: &Path, source: io::Error) -> Error {
    // Memory that there is not says nothing of the file.
    if source.raw_os_error().is_none() && source.kind() != io::ErrorKind::OutOfMemory {
        return content(path, "a whole file", source.to_string());
    }
    Error::Io {
        action: "read",
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
