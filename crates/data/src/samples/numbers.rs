//! The numbers of a table: as its file holds them, in double precision, or scaled, in single precision; or in a store.

use std::ops::Range;
use std::sync::Arc;

use super::Values;
use super::permuted::Permuted;
use super::rows::Rows;
use crate::row_store::RowSink;
use crate::texts::{Corpus, TextRows};
use crate::{Error, Facts, Samples, Shape};

/// The numbers of a table, by the place of a row; NaN where a cell is missing.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    /// As a file holds them, `[columns][n]`: seconds since 1970 need more digits than a single-precision number has.
    Raw(Arc<[Vec<f64>]>),
    /// Truth values, a byte each, 0 or 1, row-major `[n, columns]`.
    Flags {
        /// How many columns there are.
        width: usize,
        /// All rows.
        cells: Arc<[u8]>,
    },
    /// As a model sees them, row-major `[n, columns]`.
    Scaled {
        /// How many numbers a sample has.
        width: usize,
        /// How far the first number of a sample is from that of the next: `width`, or less where samples are windows that share rows.
        step: usize,
        /// All rows.
        rows: Arc<Vec<f32>>,
    },
    /// More than memory shall hold.
    Rows(Rows),
    /// Texts by the words of a vocabulary, sparse.
    Texts(Arc<TextRows>),
    /// Texts as they left their files, which have no numbers yet.
    Corpus(Arc<Corpus>),
    /// Rows that were handed on as they were read: they are known by name, and their numbers are gone.
    Passed,
}

/// Why texts of a corpus are not read: it never leaves this crate.
const NO_NUMBERS: &str = "texts get their numbers before anybody reads them";
/// Why rows that were handed on are not read: who has them asked for their names alone.
const GONE: &str = "these rows were handed on, and not kept";

/// Why a number that lies in a file is read without an error to hand on: whoever opened the file went through all of it.
pub(super) const READABLE: &str = "a file that was read once can be read again";

impl Numbers {
    /// Writes a row in single precision, in another order where there is one.
    pub(super) fn read(
        &self,
        row: usize,
        permuted: Option<&Permuted>,
        out: &mut [f32],
    ) -> Result<(), Error> {
        match self {
            Self::Rows(rows) => rows.read(&[row], permuted, out)?,
            Self::Raw(columns) => {
                assert_eq!(out.len(), columns.len(), "room for a row");
                for (place, out) in out.iter_mut().enumerate() {
                    let place = permuted.map_or(place, |permuted| permuted.order[place] as usize);
                    *out = columns[place][row] as f32;
                }
            }
            Self::Flags { width, cells } => {
                let row = &cells[row * width..][..*width];
                assert_eq!(out.len(), row.len(), "room for a row");
                match permuted {
                    None => {
                        (out.iter_mut().zip(row)).for_each(|(out, cell)| *out = f32::from(*cell))
                    }
                    Some(permuted) => permuted.apply(row, out, f32::from),
                }
            }
            Self::Scaled { width, step, rows } => {
                let row = &rows[row * step..][..*width];
                match permuted {
                    None => out.copy_from_slice(row),
                    Some(permuted) => permuted.apply(row, out, |number| number),
                }
            }
            Self::Texts(rows) => match permuted {
                None => rows.read(row, out),
                Some(permuted) => {
                    let mut stored = vec![0.0; rows.width()];
                    rows.read(row, &mut stored);
                    permuted.apply(&stored, out, |number| number);
                }
            },
            Self::Corpus(_) => panic!("{NO_NUMBERS}"),
            Self::Passed => panic!("{GONE}"),
        }
        Ok(())
    }

    /// A number in double precision.
    ///
    /// # Panics
    /// Where it lies in a file that can no longer be read.
    fn at(&self, row: usize, column: usize) -> f64 {
        match self {
            Self::Rows(rows) => rows.at(row, column).expect(READABLE),
            Self::Raw(columns) => columns[column][row],
            Self::Flags { width, cells } => f64::from(cells[row * width + column]),
            Self::Scaled { step, rows, .. } => f64::from(rows[row * step + column]),
            Self::Texts(rows) => rows.at(row, column),
            Self::Corpus(_) => panic!("{NO_NUMBERS}"),
            Self::Passed => panic!("{GONE}"),
        }
    }
}

/// Whether one of these is no number. Some at a time, so that no look waits for the one before.
fn has_nan<T: Copy>(numbers: &[T], is_nan: impl Fn(T) -> bool) -> bool {
    let mut chunks = numbers.chunks(256);
    chunks.any(|chunk| (chunk.iter()).fold(false, |any, &number| any | is_nan(number)))
}

impl Samples {
    /// The numbers of one column of a table in double precision, in the order of the samples; NaN where a cell is missing.
    ///
    /// # Panics
    /// Where these are images, or `column` is not below the number of [`columns`](Self::columns); or where the numbers lie in a file that
    /// can no longer be read.
    pub fn column(&self, column: usize) -> impl ExactSizeIterator<Item = f64> {
        let Values::Numbers { numbers, .. } = &self.values else {
            panic!("images have no columns");
        };
        let stored = self.stored_column(column);
        // All at once, for in a store the rows lie whole.
        let gathered = self.stored_rows().map(|_| {
            let mut column = Vec::with_capacity(self.len());
            let width = self.shape.pixels();
            let gathered = self.visit_stored(&mut |_, block| {
                column.extend(block.iter().skip(stored).step_by(width));
                Ok(true)
            });
            gathered.expect(READABLE);
            column
        });
        (0..self.len()).map(move |index| match &gathered {
            Some(column) => column[index],
            None => numbers.at(self.place(index), stored),
        })
    }

    /// Whether a column of a table may have a number whose amount is above `bound`, as far as that is known without going through all of
    /// them.
    ///
    /// # Panics
    /// Where these are images.
    pub fn may_exceed(&self, column: usize, bound: f64) -> bool {
        match self.stored_rows() {
            Some(rows) => {
                let range = rows.range(column);
                range.is_none_or(|(low, high)| low < -bound || high > bound)
            }
            None => true,
        }
    }

    /// The place at which a column is stored.
    pub(super) fn stored_column(&self, column: usize) -> usize {
        match &self.permuted {
            Some(permuted) => permuted.order[column] as usize,
            None => column,
        }
    }

    /// The number of a sample in a stored column.
    pub(super) fn number(&self, index: usize, column: usize) -> f64 {
        let Values::Numbers { numbers, .. } = &self.values else {
            panic!("images have no columns");
        };
        numbers.at(self.place(index), column)
    }

    /// Whether a cell of a table is missing; of windows, whether one of the rows is that they were cut from.
    pub fn has_missing(&self) -> bool {
        let points = self.points();
        let Values::Numbers { numbers, .. } = &points.values else {
            return false;
        };
        match (numbers, &points.places) {
            (Numbers::Scaled { rows, .. }, None) => has_nan(rows, f32::is_nan),
            (Numbers::Scaled { width, step, rows }, Some(places)) => {
                let mut rows = places
                    .iter()
                    .map(|&at| &rows[at as usize * step..][..*width]);
                rows.any(|row| has_nan(row, f32::is_nan))
            }
            (Numbers::Raw(columns), None) => {
                let mut columns = columns.iter();
                columns.any(|column| has_nan(column, f64::is_nan))
            }
            (Numbers::Raw(columns), Some(places)) => {
                let mut columns = columns.iter();
                columns.any(|column| places.iter().any(|&at| column[at as usize].is_nan()))
            }
            (Numbers::Rows(rows), _) => {
                let has_missing = rows.has_missing(points.len(), &|index| points.place(index));
                has_missing.expect(READABLE)
            }
            (Numbers::Passed, _) => panic!("{GONE}"),
            (Numbers::Flags { .. } | Numbers::Texts(_) | Numbers::Corpus(_), _) => false,
        }
    }

    /// Rows that were handed on as they were read: who they are, without their numbers, which nobody may ask for.
    ///
    /// # Errors
    /// [`Error::Content`] where the parts break a rule of [`Facts`].
    pub(crate) fn passed(facts: Facts, columns: Vec<String>, count: usize) -> Result<Self, Error> {
        let shape = Shape {
            channels: 1,
            height: 1,
            width: columns.len(),
        };
        let values = Values::Numbers {
            columns: columns.into(),
            numbers: Numbers::Passed,
        };
        Self::of(facts, shape, values, count)
    }

    /// The one-hot columns of each category of a table, ascending; empty where the columns are [permuted](Self::permuted), which
    /// tears them apart.
    pub fn categories(&self) -> &[Range<usize>] {
        match &self.permuted {
            Some(_) => &[],
            None => &self.categories,
        }
    }

    /// A table some of whose columns are 0 and 1 for each word of a category.
    pub(crate) fn with_categories(self, categories: Vec<Range<usize>>) -> Self {
        Self {
            categories: categories.into(),
            ..self
        }
    }

    /// Replaces the numbers of a table by scaled ones, row-major in the order of [`columns`](Self::columns); all else stays as
    /// it is.
    ///
    /// # Panics
    /// Where these are images, or there are fewer or more numbers.
    pub(crate) fn with_scaled(&self, scaled: Vec<f32>) -> Self {
        let width = self.shape.pixels();
        assert!(
            self.series.is_none(),
            "rows are scaled before windows are cut"
        );
        assert_eq!(scaled.len(), self.len() * width, "a number for each cell");
        let Values::Numbers { columns, .. } = &self.values else {
            panic!("images have no columns");
        };
        let stored = match &self.permuted {
            Some(permuted) => permuted.undo(&scaled),
            None => scaled,
        };
        let rows = Arc::new(stored);
        Self {
            values: Values::Numbers {
                columns: columns.clone(),
                numbers: Numbers::Scaled {
                    width,
                    step: width,
                    rows,
                },
            },
            places: None,
            ..self.clone()
        }
    }

    /// A table with these numbers, one a column, in place of its missing cells, in double precision; all else stays as it is.
    ///
    /// # Panics
    /// Where these are images or windows, or there is not one number a column.
    pub(crate) fn filled(&self, values: &[f64]) -> Self {
        assert!(
            self.series.is_none() && self.permuted.is_none(),
            "rows are filled before all else"
        );
        let Values::Numbers { columns, .. } = &self.values else {
            panic!("images have no columns");
        };
        assert_eq!(values.len(), columns.len(), "a number for each column");
        if let Some(rows) = self.stored_rows() {
            return self.with_numbers(Numbers::Rows(rows.filled(values)));
        }
        let column = |(place, value): (usize, &f64)| {
            let known = |number: f64| if number.is_nan() { *value } else { number };
            self.column(place).map(known).collect()
        };
        let numbers = values.iter().enumerate().map(column).collect();
        Self {
            values: Values::Numbers {
                columns: columns.clone(),
                numbers: Numbers::Raw(numbers),
            },
            places: None,
            ..self.clone()
        }
    }

    /// The same samples with other numbers.
    pub(super) fn with_numbers(&self, numbers: Numbers) -> Self {
        let Values::Numbers { columns, .. } = &self.values else {
            panic!("images have no columns");
        };
        let columns = columns.clone();
        Self {
            values: Values::Numbers { columns, numbers },
            ..self.clone()
        }
    }

    /// A table that lies in a store, its numbers in memory.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn brought_in(&self) -> Result<Self, Error> {
        let mut columns = vec![Vec::with_capacity(self.len()); self.shape.pixels()];
        let width = columns.len();
        self.visit_stored(&mut |_, block| {
            for (place, column) in columns.iter_mut().enumerate() {
                column.extend(block.iter().skip(place).step_by(width));
            }
            Ok(true)
        })?;
        Ok(Self {
            places: None,
            ..self.with_numbers(Numbers::Raw(columns.into()))
        })
    }

    /// The rows of two tables, one behind the other, in a store, where those of one of them lie there; none otherwise.
    pub(super) fn joined_in_store(&self, more: &Self) -> Result<Option<Values>, Error> {
        let Values::Numbers { columns, .. } = &self.values else {
            return Ok(None);
        };
        if self.stored_rows().is_none() && more.stored_rows().is_none() {
            return Ok(None);
        }
        let width = self.shape.pixels();
        let mut sink = RowSink::new(width);
        for part in [self, more] {
            if part.stored_rows().is_some() {
                part.visit_stored(&mut |_, block| sink.push(block).map(|()| true))?;
                continue;
            }
            for index in 0..part.len() {
                let row: Vec<f64> = (0..width).map(|at| part.number(index, at)).collect();
                sink.push(&row)?;
            }
        }
        let inputs = (0..width).map(super::rows::Input::Stored).collect();
        let rows = Rows::new(Arc::new(sink.finish()?), None, inputs);
        Ok(Some(Values::Numbers {
            columns: columns.clone(),
            numbers: Numbers::Rows(rows),
        }))
    }

    /// A table with its numbers rounded to single precision, as runs of configuration version 1 keep them.
    pub(crate) fn single(&self) -> Self {
        if let Some(rows) = self.stored_rows() {
            return self.with_numbers(Numbers::Rows(rows.single()));
        }
        let Values::Numbers {
            columns,
            numbers: Numbers::Raw(numbers),
        } = &self.values
        else {
            return self.clone();
        };
        let round = |numbers: &Vec<f64>| numbers.iter().map(|&n| f64::from(n as f32)).collect();
        Self {
            values: Values::Numbers {
                columns: columns.clone(),
                numbers: Numbers::Raw(numbers.iter().map(round).collect()),
            },
            ..self.clone()
        }
    }
}
