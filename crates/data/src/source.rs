//! What is asked of a loader, and what it answers.

use std::ops::Range;
use std::path::PathBuf;

use crate::columns::Unseen;
use crate::{Error, FitKind, PixelRange, RowShape, Samples, Selection, Shape, TextChoice};

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

impl DataSet {
    /// Whether it is a table whose columns can be chosen by name, as those of a file.
    pub fn has_columns(&self) -> bool {
        matches!(self.name, "boston" | "logistic-map" | "pima")
    }
}

/// What to load, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// A name of [`names`](crate::names), a folder of images, or a `.csv`, `.arff`, `.parquet`, `.npy` or `.npz` file. Behind a file of several
    /// arrays may stand the name of the one with the samples: `FILE.npz:NAME`.
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
    /// How images of another form are brought to it.
    pub fit: FitKind,
    /// Whether colour becomes grey.
    pub grey: bool,
    /// The column of a table that holds the labels, by its name or its number counted from 1.
    pub label: Option<String>,
    /// How many of the most frequent words of the training part a model sees of texts; without it 10,000, and of the table that `imdb` is where
    /// `texts` asks for nothing 1,000.
    pub words: Option<usize>,
    /// Whether, and how, texts are samples.
    pub texts: TextChoice,
    /// Which columns of a table are taken, and what for.
    pub columns: ColumnChoice,
    /// Whether the first row of a text holds the names of the columns; without it, what the first rows look like decides.
    pub header: Option<bool>,
    /// Words or numbers that stand for a missing cell of a table, beside the usual ones (an empty field, `NA`, `NaN`, `null`, `?`).
    pub missing: Vec<String>,
    /// The columns in which those stand for a missing cell, by name or number counted from 1; every column where there are none.
    pub missing_in: Vec<String>,
    /// The columns that a model learned, in its order: other data is brought to these, by name where both have names. A column of
    /// words that became several is named as in `colour=red`.
    pub learned: Option<Vec<String>>,
    /// The rules by which numbers are kept and parts are drawn: 2, or 1 for a run of before there was a second version, which then
    /// finds its numbers in single precision and the parts that it had.
    pub rules: u8,
    /// The column of a table that is to be predicted. Together with `label` only where both are the same column.
    pub target: Option<TargetColumn>,
    /// Whether the column of `target` is learned from as well, as the past of a series is.
    pub target_is_input: bool,
    /// What the numbers of images mean; without it, that is told by the numbers. For arrays, idx files of other numbers than
    /// bytes, and images of 16 bits or floats.
    pub pixel_range: Option<PixelRange>,
    /// The image that each row of a table is; without it, rows are rows.
    pub shape: Option<RowShape>,
    /// Whether what cannot be read is left out and counted, where otherwise it is an error.
    pub skip_bad: bool,
    /// Bytes of samples to keep in memory, at most; more lie in a file, that which they came in or a temporary one.
    pub memory: usize,
    /// A folder for what is more than that, in place of temporary files of this process alone: what several processes read lies there once, and
    /// so once in memory. Who names it removes it.
    pub shared: Option<PathBuf>,
}

/// Which columns of a table are taken, by name or by number counted from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnChoice {
    /// The inputs, in this order; all columns where there are none.
    pub only: Vec<String>,
    /// Columns that are passed over.
    pub drop: Vec<String>,
    /// The column that names each row: an identity, or a time. It is no input.
    pub index: Option<String>,
    /// The column whose rows of one value stay together when a part is drawn, as those of one patient. It is no input.
    pub group: Option<String>,
    /// Columns of words that are dates, which become days since 1970-01-01 UTC, the time of day being a part of a day.
    pub dates: Vec<String>,
}

impl ColumnChoice {
    /// All columns asked for.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &String> {
        self.only.iter().chain(&self.drop).chain(self.names())
    }

    /// The columns whose fields are read as words, even where they look like numbers.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.index.iter().chain(&self.group).chain(&self.dates)
    }
}

/// What a column of a table holds, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnFacts {
    /// Its name, or its number, counted from 1.
    pub name: String,
    /// What it is taken for.
    pub role: ColumnRole,
    /// Cells that are missing.
    pub missing: usize,
    /// The least and the greatest number, where it holds known numbers.
    pub range: Option<(f64, f64)>,
    /// How many different words it holds, where it holds words.
    pub words: Option<usize>,
    /// Which values of a sample come of it, by their places among [`Samples::columns`]; none where it is no input.
    pub values: Range<usize>,
    /// How it writes false and true, where it holds truth values in words.
    pub truth_words: Option<[String; 2]>,
}

impl ColumnFacts {
    /// The columns that became inputs, in the order of the values that a model sees, whose names are `columns`. None where these are not all
    /// theirs: sets that are built in, and arrays, say nothing of their columns.
    pub fn inputs<'a>(facts: &'a [Self], columns: &[String]) -> Option<Vec<&'a Self>> {
        let mut inputs: Vec<_> = facts.iter().filter(|of| !of.values.is_empty()).collect();
        inputs.sort_by_key(|of| of.values.start);
        let width: usize = inputs.iter().map(|of| of.values.len()).sum();
        (width == columns.len()).then_some(inputs)
    }

    /// The words of a category, by the names `column=word` of its values among `columns`.
    pub fn words_among(&self, columns: &[String]) -> Vec<String> {
        let word = |name: &String| name[(self.name.len() + 1).min(name.len())..].to_owned();
        columns[self.values.clone()].iter().map(word).collect()
    }
}

/// What a column of a table is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    /// A number to learn from.
    Number,
    /// A truth value to learn from, 0 or 1.
    Flag,
    /// A word to learn from, as one column of 0 and 1 for each different word.
    Category,
    /// A date to learn from, as days since 1970-01-01.
    Date,
    /// The classes, or the numbers to predict.
    Target,
    /// What names the rows.
    Index,
    /// What keeps rows together.
    Group,
    /// Nothing: it is passed over.
    Dropped,
    /// Texts to learn from.
    Text,
}

/// The samples that are kept out of training, to measure on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum HoldOut {
    /// The official test part of the set, or none where it has none.
    #[default]
    Official,
    /// A part of the samples, above 0 and under 1, drawn at random; for sets without an official test part.
    Fraction(f64),
    /// The last part of the samples, above 0 and under 1, as for rows in the order of time; for sets without an official test part.
    Last(f64),
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
    /// What the user should know of how the files were taken, a sentence each: arrays and files that are no part of the set,
    /// labels that could not be used, a stretched range of pixels.
    pub notes: Vec<String>,
    /// The columns of a table as they stand in its file; empty for images.
    pub columns: Vec<ColumnFacts>,
}

/// What a loader finds: whole parts, before any selection.
pub(crate) struct Parts {
    pub(crate) train: Samples,
    pub(crate) test: Option<Samples>,
    pub(crate) skipped: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) columns: Vec<ColumnFacts>,
    /// The table of which only the samples that a limit draws are looked at; `columns` and some notes come when they are.
    pub(crate) unseen: Option<Unseen>,
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
            fit: FitKind::Stretch,
            grey: false,
            label: None,
            words: None,
            texts: TextChoice::default(),
            columns: ColumnChoice::default(),
            header: None,
            missing: Vec::new(),
            missing_in: Vec::new(),
            learned: None,
            rules: 2,
            target: None,
            target_is_input: false,
            pixel_range: None,
            shape: None,
            skip_bad: false,
            memory: 1 << 30,
            shared: None,
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

    /// Refuses what is asked of the columns of a table where there are none.
    pub(crate) fn refuse_table_columns(&self) -> Result<(), Error> {
        if let Some(shape) = self.shape {
            return Err(self.refuse("shape", "a table whose rows are images", shape.to_string()));
        }
        let choice = &self.columns;
        let asked = [
            ("columns", choice.only.first()),
            ("drop", choice.drop.first()),
            ("index", choice.index.as_ref()),
            ("group", choice.group.as_ref()),
            ("dates", choice.dates.first()),
            ("missing", self.missing.first()),
            ("missing_in", self.missing_in.first()),
        ];
        match asked
            .into_iter()
            .find_map(|(field, asked)| Some((field, asked?)))
        {
            Some((field, asked)) => {
                Err(self.refuse(field, "a table with columns", format!("`{asked}`")))
            }
            None => Ok(()),
        }
    }

    /// Says that `label` and `target` are two columns.
    pub(crate) fn two_targets(&self, label: &str, target: &str) -> Error {
        let found = format!("`{target}` beside the label `{label}`");
        self.refuse("target", "the column of `label`, or no `label`", found)
    }
}
