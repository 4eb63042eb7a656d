//! What can go wrong between a configuration and a trained model, and the exit code of each.

use std::io;
use std::path::{Path, PathBuf};

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

    /// The program's exit code: 1 failed, 2 usage or configuration, 3 data, 4 device, 5 checkpoint.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config { .. } => 2,
            Self::Data(
                espejo_data::Error::UnknownDataSet { .. }
                | espejo_data::Error::UnknownGlyph { .. }
                | espejo_data::Error::Selection { .. },
            ) => 2,
            Self::Data(espejo_data::Error::NoRoom { .. }) => 1,
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
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::PermissionDenied => {
                    Some("choose a folder you may write to with `--out DIR`".into())
                }
                io::ErrorKind::StorageFull
                | io::ErrorKind::FileTooLarge
                | io::ErrorKind::QuotaExceeded => {
                    Some("free some space, or choose another folder with `--out DIR`".into())
                }
                _ => None,
            },
        }
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
            source,
        })
    }
}
