//! Arrays of two dimensions as tables.

use std::borrow::Cow;
use std::sync::Arc;

use crate::array::{Array, GoOn, Held};
use crate::error::content_of as content;
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::row_store::{RowStore, StoredColumn, is_too_large};
use crate::source::Source;
use crate::summary::{Summary, take_rows};
use crate::{Error, RowNumbers};

impl Array {
    /// The rows of a table with columns called by their number, and behind them, where it is `held` elsewhere, a column of targets
    /// of this name. What is more than memory shall hold stays where it lies. NaN is a missing cell; a row with an infinite number is refused, or left out where `source.skip_bad` says so.
    ///
    /// # Errors
    /// [`Error::Content`] with the row.
    pub(crate) fn frame(
        &self,
        source: &Source,
        held: Option<(&str, &Held)>,
    ) -> Result<Frame, Error> {
        let (rows, width) = (self.shape[0], self.shape[1]);
        let numbers = (rows as u64).saturating_mul(width as u64);
        let unseen = match may_stay_unseen(source, rows, width) {
            true => RowStore::unseen(self),
            false => None,
        };
        let (cells, skipped) = match unseen {
            Some(table) => (self.unseen_cells(table)?, Vec::new()),
            None if is_too_large(numbers, source.memory) => self.stored_cells(source)?,
            None => self.cells_in_memory(source)?,
        };
        let kept = kept(rows, &skipped);
        let mut columns: Vec<Column> = (1..)
            .zip(cells)
            .map(|(number, cells): (usize, _)| Column {
                name: number.to_string(),
                cells,
            })
            .collect();
        columns.extend(held.map(|(name, held)| Column {
            name: name.to_owned(),
            cells: match held {
                Held::Numbers(of) => {
                    Cells::Numbers(kept.iter().map(|row| of[row as usize]).collect())
                }
                Held::Classes(names) => Cells::Words(words(names, &kept)),
            },
        }));
        Ok(Frame {
            origin: self.origin.clone(),
            columns,
            place: Place::Row,
            places: kept.iter().map(|row| row + 1).collect(),
            rows: kept,
            is_named: false,
            skipped: skipped.into_iter().map(|bad| bad.said()).collect(),
        })
    }

    /// The columns, and the rows that were left out.
    fn cells_in_memory(&self, source: &Source) -> Result<(Vec<Cells>, Vec<BadRow>), Error> {
        let (rows, width) = (self.shape[0], self.shape[1]);
        let mut columns = vec![Vec::with_capacity(rows); width];
        let (mut skipped, mut before) = (Vec::new(), 0);
        self.blocks(&[0, 1], &mut |block| {
            let bad = self.bad_rows(source, before, block);
            let good = without(&bad, before, block, width);
            for (place, column) in columns.iter_mut().enumerate() {
                column.extend(good.iter().skip(place).step_by(width));
            }
            before += block.len() / width;
            leave_out(source, &mut skipped, bad)
        })?;
        Ok((columns.into_iter().map(Cells::Numbers).collect(), skipped))
    }

    /// The columns, which stay where they lie, and the rows that were left out.
    fn stored_cells(&self, source: &Source) -> Result<(Vec<Cells>, Vec<BadRow>), Error> {
        let (rows, width) = (self.shape[0], self.shape[1]);
        let mut summaries = vec![Summary::NONE; width];
        let mut skipped = Vec::new();
        let make = |first: usize, block: &[f64]| {
            let mut found = vec![Summary::NONE; width];
            take_rows(&mut found, block);
            if found
                .iter()
                .all(|of| is_good(source, of, block.len() / width))
            {
                return (found, Vec::new());
            }
            let bad = self.bad_rows(source, first, block);
            found.fill(Summary::NONE);
            take_rows(&mut found, &without(&bad, first, block, width));
            (found, bad)
        };
        self.made_of_blocks(&[0, 1], make, &mut |(found, bad)| {
            for (summary, found) in summaries.iter_mut().zip(found) {
                *summary = summary.and(found);
            }
            leave_out(source, &mut skipped, bad)
        })?;
        let table = Arc::new(RowStore::of_array(self)?);
        let kept = kept(rows, &skipped);
        let places = (!skipped.is_empty()).then(|| kept.iter().map(|row| row as u32).collect());
        let columns = StoredColumn::all(&table, kept.len(), places.as_ref(), &summaries);
        Ok((columns.into_iter().map(Cells::Stored).collect(), skipped))
    }

    /// The columns, which stay where they lie, and of which no more is read than says whether each has a known number.
    fn unseen_cells(&self, table: RowStore) -> Result<Vec<Cells>, Error> {
        let mut summaries = vec![Summary::NONE; table.width()];
        self.blocks(&[0, 1], &mut |block| {
            take_rows(&mut summaries, block);
            Ok(summaries.iter().any(|summary| summary.known == 0))
        })?;
        let columns = StoredColumn::unseen(&Arc::new(table), self.shape[0], &summaries);
        Ok(columns.into_iter().map(Cells::Stored).collect())
    }

    /// The rows of a block, whose first has this number, that are none to learn from.
    fn bad_rows(&self, source: &Source, first: usize, block: &[f64]) -> Vec<BadRow> {
        let is_bad = |value: &f64| is_bad(source, *value);
        let bad = |(at, numbers): (usize, &[f64])| {
            // Whole rows first, which nearly all are.
            if !numbers.iter().fold(false, |any, value| any | is_bad(value)) {
                return None;
            }
            let place = numbers.iter().position(is_bad)?;
            Some(BadRow {
                row: first + at,
                origin: format!("{}: row {}", self.origin, first + at + 1),
                expected: format!("a finite number in column {}", place + 1),
                found: numbers[place].to_string(),
            })
        };
        let rows = block.chunks_exact(self.shape[1]).enumerate();
        rows.filter_map(bad).collect()
    }
}

/// Whether a limit draws some of so many rows, and nothing asks for others of them: for what its columns of targets, names or dates say, for
/// what they mean as pixels, or for what is to be left out.
fn may_stay_unseen(source: &Source, rows: usize, width: usize) -> bool {
    let target = source.target.as_ref().map(|target| &target.column);
    let asked = source
        .label
        .iter()
        .chain(target)
        .chain(source.columns.names());
    let is_column =
        |name: &String| matches!(name.parse(), Ok(number) if (1..=width).contains(&number));
    source.selection.limit.is_some_and(|limit| limit < rows)
        && !(source.skip_bad || source.rules == 1 || source.shape.is_some())
        && !asked.into_iter().any(is_column)
}

/// A row that cannot be learned from.
struct BadRow {
    /// Its number, counted from 0.
    row: usize,
    /// Where it is, what belongs there, and what is there.
    origin: String,
    expected: String,
    found: String,
}

impl BadRow {
    fn said(&self) -> String {
        let Self {
            origin,
            expected,
            found,
            ..
        } = self;
        format!("{origin}: expected {expected}, found {found}")
    }
}

/// Whether a number makes its row bad.
fn is_bad(source: &Source, value: f64) -> bool {
    value.is_infinite() || source.rules == 1 && value.is_nan()
}

/// Whether none of so many numbers of a column makes its row bad.
fn is_good(source: &Source, of: &Summary, count: usize) -> bool {
    let is_finite = of.low > f64::NEG_INFINITY && of.high < f64::INFINITY;
    is_finite && (source.rules != 1 || of.known == count)
}

/// Takes note of bad rows where they may be left out.
///
/// # Errors
/// [`Error::Content`] with the first of them where they may not.
fn leave_out(source: &Source, skipped: &mut Vec<BadRow>, bad: Vec<BadRow>) -> GoOn {
    match bad.first() {
        Some(bad) if !source.skip_bad => Err(content(
            &bad.origin,
            bad.expected.as_str(),
            bad.found.as_str(),
        )),
        _ => {
            skipped.extend(bad);
            Ok(true)
        }
    }
}

/// The rows of a block, whose first has this number, without the bad ones.
fn without<'a>(bad: &[BadRow], first: usize, block: &'a [f64], width: usize) -> Cow<'a, [f64]> {
    if bad.is_empty() {
        return Cow::Borrowed(block);
    }
    let mut bad = bad.iter().map(|bad| bad.row).peekable();
    let rows = block.chunks_exact(width).zip(first..);
    let good = rows.filter(|(_, row)| bad.next_if_eq(row).is_none());
    Cow::Owned(good.flat_map(|(row, _)| row.iter().copied()).collect())
}

/// The numbers of the rows that stay, counted from 0.
fn kept(rows: usize, skipped: &[BadRow]) -> RowNumbers {
    let mut kept = RowNumbers::default();
    let mut start = 0;
    for end in skipped
        .iter()
        .map(|bad| bad.row as u64)
        .chain([rows as u64])
    {
        kept.append(&(start..end).into(), 0);
        start = end + 1;
    }
    kept
}

/// The names of these rows.
fn words(names: &[String], kept: &RowNumbers) -> Words {
    let mut words = Words::default();
    let mut known = std::collections::HashMap::new();
    for row in kept.iter() {
        let code = match names.get(row as usize) {
            None => MISSING,
            Some(name) => *known.entry(name).or_insert_with(|| {
                words.names.push(name.clone());
                words.names.len() as u32 - 1
            }),
        };
        words.codes.push(code);
    }
    words
}
