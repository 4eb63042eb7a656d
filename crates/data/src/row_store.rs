//! Tables that are more than memory shall hold: rows of numbers that are read where they lie, in the file that they came in or in an
//! unnamed temporary one.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::array::{Array, Element, GoOn, Kind};
use crate::error::content_of as content;
use crate::pixel_store::{Sink, Store};
use crate::summary::{Summary, take_rows};
use crate::{Error, Source};

/// Bytes of rows that are read at a time, about; in tests so few that there are several blocks.
const BLOCK: usize = if cfg!(test) { 256 } else { 4 << 20 };

#[cfg(test)]
pub(crate) mod tests;

/// Bytes that a number takes in memory until it is scaled and after that: in double and in single precision.
const BYTES: u64 = 8 + 4;

/// Whether so many numbers are more than memory shall hold.
pub(crate) fn is_too_large(numbers: u64, memory: usize) -> bool {
    numbers.saturating_mul(BYTES) > memory as u64
}

/// Rows of numbers, one after another, each a column.
#[derive(Debug)]
pub(crate) struct RowStore {
    store: Arc<Store>,
    /// Where the first row starts.
    start: u64,
    element: Element,
    width: usize,
    /// How many rows there are, and what is known of each column; nothing where nobody has looked at all of them.
    known: OnceLock<(usize, Vec<Summary>)>,
    /// What its rows are called in messages, where nobody has held them against what a table may hold.
    unseen: Option<String>,
}

/// A column of a table in a store.
#[derive(Clone, Debug)]
pub(crate) struct StoredColumn {
    pub(crate) table: Arc<RowStore>,
    /// The place of each row in the store; without it, all in order.
    pub(crate) places: Option<Arc<[u32]>>,
    pub(crate) rows: usize,
    pub(crate) column: usize,
    pub(crate) summary: Summary,
}

impl RowStore {
    /// The rows of a table, which stay where they lie if they lie one after another.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::NoRoom`].
    pub(crate) fn of_array(table: &Array) -> Result<Self, Error> {
        let width = table.shape[1];
        if let Some((store, start)) = table.rows_in_order() {
            return Ok(Self {
                store,
                start,
                element: table.element,
                width,
                known: OnceLock::new(),
                unseen: None,
            });
        }
        let mut sink = RowSink::new(width);
        table.blocks(&[0, 1], &mut |block| sink.push(block).map(|()| true))?;
        sink.finish()
    }

    /// The rows of a table where they lie, of which nobody looks at more than are used; none where they do not lie one after another.
    pub(crate) fn unseen(table: &Array) -> Option<Self> {
        let (store, start) = table.rows_in_order()?;
        Some(Self {
            store,
            start,
            element: table.element,
            width: table.shape[1],
            known: OnceLock::new(),
            unseen: Some(table.origin.clone()),
        })
    }

    /// Whether nobody has looked at all rows.
    pub(crate) fn is_unseen(&self) -> bool {
        self.unseen.is_some()
    }

    /// The same rows, so many of which, at these places, were now looked at: nobody uses another.
    ///
    /// # Errors
    /// [`Error::Content`] for a row with an infinite number, and [`Error::Io`].
    pub(crate) fn seen(&self, rows: usize, places: &[u32]) -> Result<Self, Error> {
        let summaries = self.summaries(rows, Some(places))?;
        let is_finite = |of: &Summary| of.low > f64::NEG_INFINITY && of.high < f64::INFINITY;
        if !summaries.iter().all(is_finite) {
            self.visit(rows, &in_places(Some(places)), &mut |first, block| {
                let Some(at) = block.iter().position(|number| number.is_infinite()) else {
                    return Ok(true);
                };
                let origin = self.unseen.as_deref().unwrap_or_default();
                let row = places[first + at / self.width] + 1;
                let expected = format!("a finite number in column {}", at % self.width + 1);
                let origin = format!("{origin}: row {row}");
                Err(content(&origin, expected, block[at].to_string()))
            })?;
        }
        Ok(Self {
            store: self.store.clone(),
            known: (rows, summaries).into(),
            unseen: None,
            ..*self
        })
    }

    /// How many numbers a row has.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// What is known of a column, of all rows; none where nobody has looked at all of them.
    pub(crate) fn summary(&self, column: usize) -> Option<Summary> {
        self.known.get().map(|(_, summaries)| summaries[column])
    }

    /// Whether no number of a column is known to be missing.
    pub(crate) fn is_whole(&self, column: usize) -> bool {
        let known = self.known.get();
        known.is_some_and(|(rows, summaries)| summaries[column].known == *rows)
    }

    /// Holds the file against what it was.
    ///
    /// # Errors
    /// As [`Store::check`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.store.check()
    }

    /// Appends these rows.
    fn read(
        &self,
        rows: Range<usize>,
        bytes: &mut Vec<u8>,
        out: &mut Vec<f64>,
    ) -> Result<(), Error> {
        let row = self.width * self.element.size;
        bytes.resize(rows.len() * row, 0);
        let start = self.start + rows.start as u64 * row as u64;
        self.store.read(start, bytes)?;
        self.element.append(bytes, out);
        Ok(())
    }

    /// Hands on so many rows, whose places in the store `place` says, in this order: some of them at a time, with the number of the first,
    /// for as long as `take` says to go on.
    ///
    /// # Errors
    /// What `take` says, and [`Error::Io`].
    pub(crate) fn visit(
        &self,
        count: usize,
        place: &dyn Fn(usize) -> usize,
        take: &mut dyn FnMut(usize, &[f64]) -> GoOn,
    ) -> Result<(), Error> {
        let most = (BLOCK / (self.width * self.element.size)).max(1);
        let (mut bytes, mut block, mut all) = (Vec::new(), Vec::new(), Vec::new());
        let mut index = 0;
        while index < count {
            let first = place(index);
            // As many as ascend within the reach of a block.
            let (mut end, mut behind) = (index + 1, first + 1);
            while end < count && (behind..first + most).contains(&place(end)) {
                behind = place(end) + 1;
                end += 1;
            }
            block.clear();
            if behind - first == end - index {
                self.read(first..behind, &mut bytes, &mut block)?;
            } else if behind - first <= 8 * (end - index) {
                all.clear();
                self.read(first..behind, &mut bytes, &mut all)?;
                for at in index..end {
                    block.extend_from_slice(&all[(place(at) - first) * self.width..][..self.width]);
                }
            } else {
                for at in index..end {
                    self.read(place(at)..place(at) + 1, &mut bytes, &mut block)?;
                }
            }
            if !take(index, &block)? {
                break;
            }
            index = end;
        }
        Ok(())
    }

    /// What is known of each column, of so many rows at these places.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn summaries(
        &self,
        rows: usize,
        places: Option<&[u32]>,
    ) -> Result<Vec<Summary>, Error> {
        let mut summaries = vec![Summary::NONE; self.width];
        self.visit(rows, &in_places(places), &mut |_, block| {
            take_rows(&mut summaries, block);
            Ok(true)
        })?;
        Ok(summaries)
    }
}

/// The place of each row in a store.
pub(crate) fn in_places(places: Option<&[u32]>) -> impl Fn(usize) -> usize {
    move |row| places.map_or(row, |places| places[row] as usize)
}

impl StoredColumn {
    /// All columns of a table, of so many rows at these places.
    pub(crate) fn all(
        table: &Arc<RowStore>,
        rows: usize,
        places: Option<&Arc<[u32]>>,
        summaries: &[Summary],
    ) -> Vec<Self> {
        if places.is_none() {
            // They are of all rows; who comes first says the same.
            let _ = table.known.set((rows, summaries.to_vec()));
        }
        let column = |(column, summary): (usize, &Summary)| Self {
            table: table.clone(),
            places: places.cloned(),
            rows,
            column,
            summary: *summary,
        };
        summaries.iter().enumerate().map(column).collect()
    }

    /// All columns of a table of so many rows, of which nobody has looked at all: of each is said at least whether a number is known.
    pub(crate) fn unseen(table: &Arc<RowStore>, rows: usize, summaries: &[Summary]) -> Vec<Self> {
        let column = |(column, summary): (usize, &Summary)| Self {
            table: table.clone(),
            places: None,
            rows,
            column,
            summary: *summary,
        };
        summaries.iter().enumerate().map(column).collect()
    }

    /// The numbers of the column, in memory.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn numbers(&self) -> Result<Vec<f64>, Error> {
        let mut numbers = Vec::with_capacity(self.rows);
        let place = in_places(self.places.as_deref());
        self.table.visit(self.rows, &place, &mut |_, block| {
            let rows = block.chunks_exact(self.table.width);
            numbers.extend(rows.map(|row| row[self.column]));
            Ok(true)
        })?;
        Ok(numbers)
    }
}

/// Columns are equal where they are the same column of the same rows.
impl PartialEq for StoredColumn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table)
            && (self.column, &self.places) == (other.column, &other.places)
    }
}

/// Takes rows in, and writes them to a temporary file.
#[derive(Debug)]
pub(crate) struct RowSink {
    sink: Sink,
    width: usize,
    bytes: Vec<u8>,
}

impl RowSink {
    /// No row as yet, of so many numbers each.
    pub(crate) fn new(width: usize) -> Self {
        Self::to(Sink::new(0), width)
    }

    fn to(sink: Sink, width: usize) -> Self {
        Self {
            sink,
            width,
            bytes: Vec::new(),
        }
    }

    /// Appends rows.
    ///
    /// # Errors
    /// As [`Sink::push`].
    pub(crate) fn push(&mut self, rows: &[f64]) -> Result<(), Error> {
        self.bytes.clear();
        self.bytes
            .extend(rows.iter().flat_map(|number| number.to_le_bytes()));
        self.sink.push(&self.bytes)
    }

    /// All rows that were pushed.
    ///
    /// # Errors
    /// As [`Sink::push`].
    pub(crate) fn finish(self) -> Result<RowStore, Error> {
        Ok(RowStore {
            store: Arc::new(self.sink.finish()?),
            start: 0,
            element: Element::little(Kind::Float, 8),
            width: self.width,
            known: OnceLock::new(),
            unseen: None,
        })
    }
}

/// Columns of numbers that go to a store, row by row, once they are more than memory shall hold.
#[derive(Debug)]
pub(crate) struct Spill<'a> {
    source: &'a Source,
    begun: Option<(RowSink, Vec<Summary>)>,
    rows: usize,
}

impl<'a> Spill<'a> {
    /// Nothing as yet, of which as much may stay in memory as the source says.
    pub(crate) fn new(source: &'a Source) -> Self {
        Self {
            source,
            begun: None,
            rows: 0,
        }
    }

    /// Whether so many numbers, which are in memory, have to go.
    pub(crate) fn is_due(&self, numbers: usize) -> bool {
        self.begun.is_some() || is_too_large(numbers as u64, self.source.memory)
    }

    /// How many rows have gone.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Takes the numbers of these columns, which are the same each time and of one length.
    ///
    /// # Errors
    /// As [`Sink::push`].
    ///
    /// # Panics
    /// Where there are more or fewer columns than before.
    pub(crate) fn take(&mut self, columns: &[Vec<f64>]) -> Result<(), Error> {
        let width = columns.len();
        let (sink, summaries) = self.begun.get_or_insert_with(|| {
            let sink = RowSink::to(Sink::of(self.source, 0), width);
            (sink, vec![Summary::NONE; width])
        });
        assert_eq!(summaries.len(), width, "the same columns each time");
        for (summary, column) in summaries.iter_mut().zip(columns) {
            *summary = summary.and(Summary::of(column));
        }
        let rows = columns.first().map_or(0, Vec::len);
        let at_a_time = (BLOCK / (8 * width.max(1))).max(1);
        let mut block = Vec::new();
        for start in (0..rows).step_by(at_a_time) {
            let end = (start + at_a_time).min(rows);
            block.clear();
            block.extend((start..end).flat_map(|row| columns.iter().map(move |of| of[row])));
            sink.push(&block)?;
        }
        self.rows += rows;
        Ok(())
    }

    /// The columns of all rows that went; none where all stayed in memory.
    ///
    /// # Errors
    /// As [`Sink::push`].
    pub(crate) fn finish(self) -> Result<Option<Vec<StoredColumn>>, Error> {
        let Some((sink, summaries)) = self.begun else {
            return Ok(None);
        };
        let table = Arc::new(sink.finish()?);
        Ok(Some(StoredColumn::all(&table, self.rows, None, &summaries)))
    }
}
