//! Arrays of two dimensions as tables.

use std::sync::Arc;

use crate::Error;
use crate::array::{Array, Held};
use crate::error::content_of as content;
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::row_store::{RowStore, StoredColumn, is_too_large};
use crate::source::Source;
use crate::summary::{Summary, take_rows};

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
        let is_stored = is_too_large((rows as u64).saturating_mul(width as u64), source.memory);
        let mut columns = match is_stored {
            true => Vec::new(),
            false => vec![Vec::with_capacity(rows); width],
        };
        let mut summaries = vec![Summary::NONE; width];
        let (mut kept, mut skipped) = (Vec::new(), Vec::new());
        let mut before = 0;
        self.blocks(&[0, 1], &mut |block| {
            let start = kept.len();
            for (at, row) in block.chunks_exact(width).enumerate() {
                match self.bad(source, before + at, row) {
                    None => kept.push((before + at) as u32),
                    Some((origin, expected, found)) if source.skip_bad => {
                        skipped.push(format!("{origin}: expected {expected}, found {found}"));
                    }
                    Some((origin, expected, found)) => {
                        return Err(content(&origin, expected, found));
                    }
                }
            }
            let rows = kept[start..].iter().map(|&row| row as usize - before);
            match is_stored {
                true => {
                    rows.for_each(|row| take_rows(&mut summaries, &block[row * width..][..width]))
                }
                false => {
                    for (place, column) in columns.iter_mut().enumerate() {
                        column.extend(rows.clone().map(|row| block[row * width + place]));
                    }
                }
            }
            before += block.len() / width;
            Ok(true)
        })?;
        let cells: Vec<Cells> = match is_stored {
            false => columns.into_iter().map(Cells::Numbers).collect(),
            true => {
                let table = Arc::new(RowStore::of_array(self)?);
                let places = (!skipped.is_empty()).then(|| kept.clone().into());
                let columns = StoredColumn::all(&table, kept.len(), places.as_ref(), &summaries);
                columns.into_iter().map(Cells::Stored).collect()
            }
        };
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
                    Cells::Numbers(kept.iter().map(|&row| of[row as usize]).collect())
                }
                Held::Classes(names) => Cells::Words(words(names, &kept)),
            },
        }));
        Ok(Frame {
            origin: self.origin.clone(),
            columns,
            place: Place::Row,
            places: kept.iter().map(|&row| u64::from(row) + 1).collect(),
            rows: kept.iter().map(|&row| u64::from(row)).collect(),
            is_named: false,
            skipped,
        })
    }

    /// Why a row is not one to learn from: where it is, what belongs there, what is there.
    fn bad(
        &self,
        source: &Source,
        row: usize,
        numbers: &[f64],
    ) -> Option<(String, String, String)> {
        let is_bad = |value: &f64| value.is_infinite() || source.rules == 1 && value.is_nan();
        // Whole rows first, which nearly all are.
        if !numbers.iter().fold(false, |any, value| any | is_bad(value)) {
            return None;
        }
        let place = numbers.iter().position(is_bad)?;
        let origin = format!("{}: row {}", self.origin, row + 1);
        let expected = format!("a finite number in column {}", place + 1);
        Some((origin, expected, numbers[place].to_string()))
    }
}

/// The names of these rows.
fn words(names: &[String], kept: &[u32]) -> Words {
    let mut words = Words::default();
    let mut known = std::collections::HashMap::new();
    for &row in kept {
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
