//! The data sets by name, and how any of them is loaded.

use std::path::{Path, PathBuf};

use crate::{Error, Samples, Selection, Shape, fonts};

/// A data set that [`load`] knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// The name that [`load`] takes.
    pub name: &'static str,
    /// The name in running text.
    pub title: &'static str,
    /// Its training samples; all samples where it has no official test part.
    pub train: usize,
    /// The samples of its official test part, 0 where it has none.
    pub test: usize,
    /// The shape of each sample.
    pub shape: Shape,
    /// What it holds, in one line.
    pub about: &'static str,
    /// Its folder in the data directory; none for what is built in.
    pub folder: Option<&'static str>,
}

/// What to load, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// A name of [`names`], a folder of pictures, or a `.csv`, `.npy` or `.npz` file.
    pub name: String,
    /// The data directory; without it that of [`directory`].
    pub directory: Option<PathBuf>,
    /// What to take of it.
    pub selection: Selection,
    /// The part to keep out of training, above 0 and under 1, for sets without an official test part.
    pub test_fraction: Option<f64>,
    /// The seed of that split and of `limit`.
    pub seed: u64,
    /// Height and width to bring pictures to.
    pub size: Option<[usize; 2]>,
    /// Whether colour becomes grey.
    pub grey: bool,
    /// The column of a table that holds the labels, by its name or its number counted from 1.
    pub label: Option<String>,
    /// Whether what cannot be read is left out and counted, where otherwise it is an error.
    pub skip_bad: bool,
    /// Bytes of pictures to keep in memory, at most; more go to a temporary file.
    pub memory: usize,
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

impl Source {
    /// All of a data set, at most a gibibyte of it in memory.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            directory: None,
            selection: Selection::default(),
            test_fraction: None,
            seed: 42,
            size: None,
            grey: false,
            label: None,
            skip_bad: false,
            memory: 1 << 30,
        }
    }
}
