//! What can go wrong between a configuration and a trained model, and the exit code of each.

use std::io;
use std::path::{Path, PathBuf};

/// What is said of a file of another version.
pub(crate) const OTHER_VERSION: &str = "it was written for another version of espejo";
/// The exit code of a program that has no memory left.
pub const OUT_OF_MEMORY: u8 = 7;

/// Why a run cannot start, go on, or be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A configuration that cannot be run.
    #[error("{message}")]
    Config {
        /// What is wrong, and what was expected.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A data set that is not there, or a selection that it cannot give.
    #[error(transparent)]
    Data(#[from] espejo_data::Error),
    /// A device that this build or this machine does not have.
    #[error("{message}")]
    Device {
        /// What was asked for and what there is.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A run folder or checkpoint that is damaged, or that belongs to another model.
    #[error("`{}`: {message}", path.display())]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What was expected and what was found.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A training whose loss or weights are no longer finite.
    #[error("epoch {epoch}: `{term}` is {value}")]
    Diverged {
        /// The epoch, counted from 1.
        epoch: usize,
        /// The loss term, or `weights`.
        term: String,
        /// NaN or infinity.
        value: f64,
        /// The folder of the run, which keeps its last good checkpoint.
        run: PathBuf,
        /// Whether it was in double precision, where gradients are not clipped.
        double: bool,
    },
    /// A training that ended with finite numbers far above those of the mean and of its own first weights.
    #[error("{message}")]
    FarWorse {
        /// The epoch, its error and that of the mean.
        message: String,
        /// The flag to try.
        advice: Option<String>,
        /// The folder of the run, which keeps its checkpoints.
        run: PathBuf,
    },
    /// A result that is no finite number.
    #[error("the {what} of row {row} is {value}")]
    NotFinite {
        /// What was computed.
        what: &'static str,
        /// The row of the sample in its file, counted from 0 as in the column `row` of results.
        row: u64,
        /// NaN or infinity.
        value: f64,
    },
    /// A file that could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, e.g. `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// An unusable configuration.
    pub(crate) fn config(message: impl Into<String>, hint: impl Into<Option<String>>) -> Self {
        Self::Config {
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A damaged or foreign checkpoint.
    pub(crate) fn checkpoint(
        path: &Path,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) -> Self {
        Self::Checkpoint {
            path: path.to_owned(),
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The same, told of the file of a run in which the configuration stands: it is the run then that is damaged.
    pub fn of_file(self, path: &Path) -> Self {
        match self {
            Self::Config { message, hint } => Self::checkpoint(path, message, hint),
            other => other,
        }
    }

    /// A file of a run that cannot be read: out of reach where the system has no memory for it, else damaged.
    pub(crate) fn unread(path: &Path, source: io::Error, hint: impl Into<Option<String>>) -> Self {
        if source.kind() == io::ErrorKind::OutOfMemory {
            return Self::Io {
                action: "read",
                path: path.to_owned(),
                source,
            };
        }
        Self::checkpoint(path, source.to_string(), hint)
    }

    /// The program's exit code: 1 failed, 2 usage or configuration, 3 data, 4 device, 5 checkpoint, 7 no memory left.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. } => 2,
            Self::Data(
                espejo_data::Error::UnknownDataSet { .. }
                | espejo_data::Error::UnknownGlyph { .. }
                | espejo_data::Error::Selection { .. },
            ) => 2,
            Self::Data(espejo_data::Error::Io { source, .. }) | Self::Io { source, .. }
                if source.kind() == io::ErrorKind::OutOfMemory =>
            {
                OUT_OF_MEMORY
            }
            Self::Data(_) => 3,
            Self::Device { .. } => 4,
            Self::Checkpoint { .. } => 5,
            Self::Diverged { .. }
            | Self::FarWorse { .. }
            | Self::NotFinite { .. }
            | Self::Io { .. } => 1,
        }
    }

    /// What to do about it, for a line of its own.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config { hint, .. }
            | Self::Device { hint, .. }
            | Self::Checkpoint { hint, .. } => hint.clone(),
            Self::Data(error) => error.hint(),
            Self::Diverged { run, double, .. } => {
                let advice = match double {
                    true => "try a lower `--lr`, another optimiser, or another loss",
                    false => "try a lower `--lr`, `--set train.clip_norm=1`, or another loss",
                };
                let kept = run.join("checkpoints");
                let stays = || {
                    format!(
                        "{advice}; the last good checkpoint stays in `{}`",
                        kept.display()
                    )
                };
                Some(if kept.is_dir() {
                    stays()
                } else {
                    advice.to_owned()
                })
            }
            Self::FarWorse { advice, run, .. } => {
                let kept = run.join("checkpoints").join("best");
                let advice = advice.as_deref().unwrap_or("--lr 0.001");
                Some(format!(
                    "try `{advice}`; the best checkpoint stays in `{}`",
                    kept.display()
                ))
            }
            Self::NotFinite { .. } => Some(
                "look for values in that row that are far beyond those the run learned, or try `--checkpoint last`"
                    .to_owned(),
            ),
            Self::Io { path, source, .. } => espejo_data::room_hint(path, source)
                .or_else(|| hint_of(source).map(str::to_owned)),
        }
    }
}

/// What to do where the system would not write.
fn hint_of(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("choose a folder you may write to with `--out DIR`")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            Some("free some space, or choose another folder with `--out DIR`")
        }
        _ => None,
    }
}

/// Adds the file and the action to what the system said.
pub(crate) trait AtPath<T> {
    /// The error of `action` on `path`.
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, action: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            action,
            path: path.to_owned(),
            source: without_aside(source),
        })
    }
}

/// What the system said, without the place aside that `tempfile` adds to it: nobody has asked for that file. Its error hides the one
/// that it is made of, so that only the words can be taken apart.
fn without_aside(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path \"") {
        Some((said, _)) if error.raw_os_error().is_none() => {
            io::Error::new(error.kind(), said.to_owned())
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_memory_has_an_exit_code_of_its_own_wherever_a_file_is_read() {
        let want = || io::Error::from(io::ErrorKind::OutOfMemory);
        let path = Path::new("runs/r/checkpoints/best/model.safetensors");
        let of_run = Error::unread(path, want(), None);
        let of_data = Error::Data(espejo_data::Error::Io {
            action: "read",
            path: path.to_owned(),
            source: want(),
        });
        for error in [of_run, of_data] {
            assert_eq!(error.exit_code(), OUT_OF_MEMORY, "{error}");
            assert!(
                error
                    .hint()
                    .is_some_and(|hint| hint.contains("--device-memory")),
                "{error}"
            );
        }
        let gone = Error::unread(path, io::ErrorKind::NotFound.into(), None);
        assert_eq!(gone.exit_code(), 5);
    }
}
