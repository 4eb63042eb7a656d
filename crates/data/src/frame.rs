//! A table as its file holds it: typed columns, before any of them is chosen, scaled or predicted.
//!
//! Every format of tables gives a [`Frame`]; what becomes of its columns is decided in one place for all of them.

use std::sync::Arc;

use crate::row_store::{StoredColumn, in_places};
use crate::{Error, RowNumbers};

/// The code of a word that is missing.
pub(crate) const MISSING: u32 = u32::MAX;

/// A table as its file holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    /// The file, for messages.
    pub(crate) origin: String,
    /// All of one length, with distinct names.
    pub(crate) columns: Vec<Column>,
    /// What the place of a row is called in messages.
    pub(crate) place: Place,
    /// The place of each row in its file, counted from 1, ascending.
    pub(crate) places: RowNumbers,
    /// The number of each row among all rows of the file, counted from 0, with those that were left out.
    pub(crate) rows: RowNumbers,
    /// Whether the names of the columns stand in the file; else they are numbers, counted from 1.
    pub(crate) is_named: bool,
    /// What was left out because it could not be read: the file and place, and why.
    pub(crate) skipped: Vec<String>,
}

/// What rows are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Lines of a text: `file.csv:7`.
    Line,
    /// Rows of a file that has no lines: `file.parquet: row 7`.
    Row,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Its name in the file, or its number, counted from 1.
    pub(crate) name: String,
    /// A value for each row.
    pub(crate) cells: Cells,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cells {
    /// Numbers; NaN where one is missing.
    Numbers(Vec<f64>),
    /// Numbers of a table that is more than memory shall hold; NaN where one is missing.
    Stored(StoredColumn),
    /// Words, truth values (`false` and `true`), or times as they are written.
    Words(Words),
}

/// Words, each kept once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// An index into `names` for each row, or [`MISSING`].
    pub(crate) codes: Vec<u32>,
    /// The distinct words, in the order that the file declares, or of their first appearance.
    pub(crate) names: Vec<String>,
}

impl Frame {
    /// A table that no file holds: columns of numbers by name, all of one length, whose first row has this number.
    pub(crate) fn numbered(origin: &str, columns: Vec<(&str, Vec<f64>)>, first: u64) -> Self {
        let rows = columns.first().map_or(0, |(_, numbers)| numbers.len()) as u64;
        let column = |(name, numbers): (&str, _)| Column {
            name: name.to_owned(),
            cells: Cells::Numbers(numbers),
        };
        Self {
            origin: origin.to_owned(),
            columns: columns.into_iter().map(column).collect(),
            place: Place::Row,
            places: (first + 1..first + rows + 1).into(),
            rows: (first..first + rows).into(),
            is_named: true,
            skipped: Vec::new(),
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the numbers lie in a store of which nobody has looked at all rows.
    pub(crate) fn is_unseen(&self) -> bool {
        let mut columns = self.columns.iter();
        columns.any(|column| match &column.cells {
            Cells::Stored(stored) => stored.table.is_unseen(),
            Cells::Numbers(_) | Cells::Words(_) => false,
        })
    }

    /// Keeps these rows alone, which ascend.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    pub(crate) fn keep(&mut self, rows: &[usize]) -> Result<(), Error> {
        self.keep_stored(rows)?;
        for column in &mut self.columns {
            match &mut column.cells {
                Cells::Numbers(numbers) => {
                    *numbers = rows.iter().map(|&row| numbers[row]).collect()
                }
                Cells::Words(words) => {
                    words.codes = rows.iter().map(|&row| words.codes[row]).collect()
                }
                Cells::Stored(_) => {}
            }
        }
        self.places = self.places.select(rows.iter().copied());
        self.rows = self.rows.select(rows.iter().copied());
        Ok(())
    }

    /// The columns of the store, which is one for all of them, hold these rows alone.
    fn keep_stored(&mut self, rows: &[usize]) -> Result<(), Error> {
        let stored = |column: &Column| match &column.cells {
            Cells::Stored(stored) => Some(stored.clone()),
            _ => None,
        };
        let Some(any) = self.columns.iter().find_map(stored) else {
            return Ok(());
        };
        let before = in_places(any.places.as_deref());
        let places: Arc<[u32]> = rows.iter().map(|&row| before(row) as u32).collect();
        let summaries = any.table.summaries(rows.len(), Some(&places))?;
        for column in &mut self.columns {
            if let Cells::Stored(stored) = &mut column.cells {
                stored.places = Some(places.clone());
                stored.rows = rows.len();
                stored.summary = summaries[stored.column];
            }
        }
        Ok(())
    }

    /// Brings the numbers of a column into memory, where they lie elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    pub(crate) fn bring_in(&mut self, place: usize) -> Result<(), Error> {
        if let Some(column) = self.columns.get_mut(place)
            && let Cells::Stored(stored) = &column.cells
        {
            column.cells = Cells::Numbers(stored.numbers()?);
        }
        Ok(())
    }

    /// Where a row stands, for messages.
    pub(crate) fn at(&self, row: usize) -> String {
        let origin = &self.origin;
        let place = self.places.get(row).expect("a row of the table");
        match self.place {
            Place::Line => format!("{origin}:{place}"),
            Place::Row => format!("{origin}: row {place}"),
        }
    }
}

impl Words {
    /// The word of a row; none where it is missing.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let code = self.codes[row];
        (code != MISSING).then(|| self.names[code as usize].as_str())
    }
}
