//! A table in text, whose missing cells a run fills.

use espejo_data::{ColumnFacts, ColumnRole, FilledCell, Loaded, Samples, TextTable};

use super::Imputed;
use super::columns::{ColumnKind, ImputedColumn};
use crate::Error;
use crate::config::{DataConfig, RunConfig, SplitKind};
use crate::trained::Trained;

/// A table in text with the rows that a run sees of it.
#[derive(Clone, Debug)]
pub struct HoledTable {
    text: TextTable,
    columns: Vec<ColumnFacts>,
    /// Its rows, scaled as the run's own; missing cells are NaN.
    pub samples: Samples,
    /// Rows that could not be read and stay as they are: the line, and why.
    pub skipped: Vec<String>,
    /// What the reader found that its user should know, in sentences.
    pub notes: Vec<String>,
}

impl Trained {
    /// The table in a text file, `-` for standard input, or without a name that which the run was trained on. It has the columns that the run
    /// learned; others stay as they are.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where it cannot be read, has not the columns of the run, or is no text; [`Error::Config`] where the run learned no
    /// table.
    pub fn holed_table(&self, name: Option<&str>) -> Result<HoledTable, Error> {
        self.check_table()?;
        let mut config = self.config().clone();
        config.data = whole_table(&config, name);
        let text = TextTable::open(self.other_source(&config)?)?;
        let Loaded {
            train,
            skipped,
            notes,
            columns,
            ..
        } = text.load()?;
        Ok(HoledTable {
            samples: self.treated(train, &config.data.name)?,
            text,
            columns,
            skipped,
            notes,
        })
    }

    /// Refuses runs that learned no rows of a table.
    pub(crate) fn check_table(&self) -> Result<(), Error> {
        self.whole()?;
        let (message, hint) = match (self.test().is_table(), self.test().window()) {
            (true, None) => return Ok(()),
            (true, Some(_)) => (
                "this run learned windows of a series, and only rows have their missing cells filled",
                "train without `--window`",
            ),
            (false, _) => (
                "this run learned images, which have no missing cells",
                "train on a table, as in `espejo train measured.csv`",
            ),
        };
        Err(Error::config(message, Some(hint.to_owned())))
    }
}

/// The data of a run with all rows of a table; what it says of classes is of no use for holes.
fn whole_table(config: &RunConfig, name: Option<&str>) -> DataConfig {
    let data = &config.data;
    let mut drop = data.drop.clone();
    drop.extend(data.label.iter().chain(&data.target).cloned());
    DataConfig {
        name: name.unwrap_or(&data.name).to_owned(),
        drop,
        label: None,
        target: None,
        classes: Vec::new(),
        first: None,
        fraction: None,
        limit: None,
        test_fraction: None,
        fold: None,
        split: SplitKind::Random,
        ..data.clone()
    }
}

impl HoledTable {
    /// Whether the file was packed by gzip: it comes back unpacked.
    pub fn is_packed(&self) -> bool {
        self.text.is_packed()
    }

    /// The bytes of the table with the cells of `imputed` written in, words as `word` gives them; everything else is as it was, to the
    /// byte.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] for a word that a table without quotes cannot hold.
    pub fn refilled(
        &self,
        imputed: &Imputed,
        word: impl Fn(String) -> String,
    ) -> Result<Vec<u8>, Error> {
        let columns: Vec<(usize, ColumnKind)> = imputed
            .columns
            .iter()
            .map(|column| self.column(column))
            .collect();
        let mut cells: Vec<FilledCell> = imputed
            .cells
            .iter()
            .map(|cell| {
                let (place, kind) = &columns[cell.column];
                FilledCell {
                    row: cell.row,
                    column: *place,
                    text: word(kind.text(cell.value)),
                    is_number: *kind == ColumnKind::Number,
                }
            })
            .collect();
        // The run may have its columns in another order than the file.
        cells.sort_by_key(|cell| (cell.row, cell.column));
        Ok(self.text.refill(&cells)?)
    }

    /// The place in the file of a column of the run, and how the file writes its cells.
    fn column(&self, column: &ImputedColumn) -> (usize, ColumnKind) {
        let mut columns = self.columns.iter().enumerate();
        let (place, facts) = columns
            .find(|(_, facts)| facts.values == column.values)
            .expect("the file has the columns of the run");
        let is_known = facts.range.is_some();
        let kind = match (facts.role, &facts.truth_words) {
            (ColumnRole::Flag, Some(words)) => ColumnKind::Flag(words.clone()),
            (ColumnRole::Number, _) if is_known => ColumnKind::Number,
            (ColumnRole::Date, _) => ColumnKind::Date,
            // Where no cell is known, cells are written as in the table of the training.
            _ => column.kind.clone(),
        };
        (place, kind)
    }
}
