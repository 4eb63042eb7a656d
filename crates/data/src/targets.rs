//! What is to be predicted of each sample: a class, or numbers.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::Error;
use crate::error::content_of as content;

/// What is to be predicted of each sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Targets {
    /// Nothing is known beside the samples themselves.
    #[default]
    None,
    /// A class of each sample: for classification.
    Classes {
        /// `[n]`, each an index into `names`.
        labels: Arc<[u16]>,
        /// The names of the classes.
        names: Arc<[String]>,
    },
    /// Numbers of each sample: for regression.
    Numbers {
        /// The names of the numbers.
        columns: Arc<[String]>,
        /// Row-major `[n, columns]`, each finite.
        values: Arc<[f64]>,
    },
}

impl Targets {
    /// The targets of these labels; none where there are no labels.
    pub(crate) fn of_labels(labels: Vec<u16>, names: Vec<String>) -> Self {
        match labels.is_empty() {
            true => Self::None,
            false => Self::Classes {
                labels: labels.into(),
                names: names.into(),
            },
        }
    }

    /// Holds the targets against the number of samples and against their own rules; the origin is for messages.
    pub(crate) fn check(&self, origin: &str, count: usize) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Classes { labels, names } => check_classes(origin, count, labels, names.len()),
            Self::Numbers { columns, values } => check_numbers(origin, count, columns, values),
        }
    }

    /// The targets of the samples at these indices.
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::None => Self::None,
            Self::Classes { labels, names } => Self::Classes {
                labels: indices.iter().map(|&index| labels[index]).collect(),
                names: names.clone(),
            },
            Self::Numbers { columns, values } => {
                let width = columns.len();
                let row = |&index: &usize| &values[index * width..][..width];
                Self::Numbers {
                    columns: columns.clone(),
                    values: indices.iter().flat_map(row).copied().collect(),
                }
            }
        }
    }

    /// The SHA-256 that [`Samples::targets_sha256`](crate::Samples::targets_sha256) documents.
    pub(crate) fn sha256(&self) -> Option<String> {
        let mut hasher = Sha256::new();
        match self {
            Self::None => return None,
            Self::Classes { labels, names } => {
                head(&mut hasher, b"espejo classes 1", labels.len(), names);
                labels
                    .iter()
                    .for_each(|label| hasher.update(label.to_le_bytes()));
            }
            Self::Numbers { columns, values } => {
                let rows = values.len() / columns.len();
                head(&mut hasher, b"espejo targets 1", rows, columns);
                values
                    .iter()
                    .for_each(|value| hasher.update((*value as f32).to_le_bytes()));
            }
        }
        let digest = hasher.finalize();
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The part of the hash before labels and values.
fn head(hasher: &mut Sha256, magic: &[u8; 16], count: usize, names: &[String]) {
    hasher.update(magic);
    for size in [count, names.len()] {
        hasher.update((size as u64).to_le_bytes());
    }
    for name in names {
        // With its length, so that no two lists of names give the same bytes.
        hasher.update((name.len() as u64).to_le_bytes());
        hasher.update(name);
    }
}

fn check_classes(origin: &str, count: usize, labels: &[u16], classes: usize) -> Result<(), Error> {
    if labels.len() != count {
        let found = format!("{} labels for {count} samples", labels.len());
        return Err(content(origin, "one label a sample or none at all", found));
    }
    let unknown = |&label: &u16| usize::from(label) >= classes;
    match labels.iter().position(unknown) {
        None => Ok(()),
        Some(at) => {
            let found = format!("{} for sample {at}", labels[at]);
            Err(content(origin, format!("labels below {classes}"), found))
        }
    }
}

fn check_numbers(
    origin: &str,
    count: usize,
    columns: &[String],
    values: &[f64],
) -> Result<(), Error> {
    let width = columns.len();
    if width == 0 {
        return Err(content(origin, "at least one column of targets", "none"));
    }
    if count.checked_mul(width) != Some(values.len()) {
        let expected = format!("{width} targets for each of {count} samples");
        return Err(content(origin, expected, values.len().to_string()));
    }
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let (row, column) = (at / width + 1, &columns[at % width]);
            let found = format!("{} in row {row}, column `{column}`", values[at]);
            Err(content(origin, "finite numbers as targets", found))
        }
    }
}
