//! What is asked of a loader, and what it answers.

use std::path::PathBuf;

use crate::{Error, Samples, Selection, Shape};

/// A data set that [`load`](crate::load) knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// The name that [`load`](crate::load) takes.
    pub name: &'static str,
    /// The name in running text.
    pub title: &'static str,
    /// The number of training samples; of all samples where it has no official test part.
    pub train: usize,
    /// The samples of its official test part, 0 where it has none.
    pub test: usize,
    /// The shape of each sample.
    pub shape: Shape,
    /// Whether its samples are rows of a table, not images.
    pub is_table: bool,
    /// What it holds, in one line.
    pub about: &'static str,
    /// The folder of its files in the data directory; none for what is built in.
    pub folder: Option<&'static str>,
}

/// What to load, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// A name of [`names`](crate::names), a folder of images, or a `.csv`, `.arff`, `.parquet`, `.npy` or `.npz` file.
    pub name: String,
    /// The data directory; without it that of `ESPEJO_DATA`, or else the user's own.
    pub directory: Option<PathBuf>,
    /// What to take of it.
    pub selection: Selection,
    /// Which samples are kept out of training.
    pub hold_out: HoldOut,
    /// The seed of that split and of `limit`.
    pub seed: u64,
    /// Height and width to bring images to.
    pub size: Option<[usize; 2]>,
    /// Whether colour becomes grey.
    pub grey: bool,
    /// The column of a table that holds the labels, by its name or its number counted from 1.
    pub label: Option<String>,
    /// The column of a table that is to be predicted. Together with `label` only where both are the same column.
    pub target: Option<TargetColumn>,
    /// Whether what cannot be read is left out and counted, where otherwise it is an error.
    pub skip_bad: bool,
    /// Bytes of images to keep in memory, at most; more go to a temporary file.
    pub memory: usize,
}

/// The samples that are kept out of training, to measure on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum HoldOut {
    /// The official test part of the set, or none where it has none.
    #[default]
    Official,
    /// A part of the samples, above 0 and under 1, drawn at random; for sets without an official test part.
    Fraction(f64),
    /// A fold of several of equal size, each sample being in exactly one of them; for sets without an official test part.
    Fold {
        /// Which of them, 1 to `of`.
        index: usize,
        /// How many folds there are, 2 to as many as there are samples.
        of: usize,
    },
}

/// A column of a table that is to be predicted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetColumn {
    /// The name of the column, or its number counted from 1. In an `.npz` file it may be an array of its own.
    pub column: String,
    /// What its values are.
    pub kind: TargetKind,
}

/// What the values of a column to predict are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// Classes, each a word or a whole number.
    Classes,
    /// Finite numbers.
    Numbers,
}

/// A loaded data set.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The samples to learn from.
    pub train: Samples,
    /// The samples kept out of training, where there are such.
    pub test: Option<Samples>,
    /// What was left out because it could not be read: the file (and row), and why.
    pub skipped: Vec<String>,
}

/// What a loader finds: whole parts, before any selection.
pub(crate) struct Parts {
    pub(crate) train: Samples,
    pub(crate) test: Option<Samples>,
    pub(crate) skipped: Vec<String>,
}

impl Source {
    /// All of a data set, at most a gibibyte of it in memory.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            directory: None,
            selection: Selection::default(),
            hold_out: HoldOut::Official,
            seed: 42,
            size: None,
            grey: false,
            label: None,
            target: None,
            skip_bad: false,
            memory: 1 << 30,
        }
    }

    /// Says that a field has a value that this set cannot serve.
    pub(crate) fn refuse(
        &self,
        field: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Error {
        Error::Selection {
            field,
            set: self.name.clone(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// Says that `label` and `target` are two columns.
    pub(crate) fn two_targets(&self, label: &str, target: &str) -> Error {
        let found = format!("`{target}` beside the label `{label}`");
        self.refuse("target", "the column of `label`, or no `label`", found)
    }
}
