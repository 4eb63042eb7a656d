//! Arrays of two dimensions as tables.

use crate::Error;
use crate::array::{Array, Held};
use crate::error::content_of as content;
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::source::Source;

impl Array {
    /// The rows of a table with columns called by their number, and behind them, where it is `held` elsewhere, a column of targets
    /// of this name. NaN is a missing cell; a row with an infinite number is refused, or left out where `source.skip_bad` says so.
    ///
    /// # Errors
    /// [`Error::Content`] with the row.
    pub(crate) fn frame(
        &self,
        source: &Source,
        held: Option<(&str, &Held)>,
    ) -> Result<Frame, Error> {
        let width = self.shape[1];
        let mut columns = vec![Vec::with_capacity(self.shape[0]); width];
        let mut place = 0;
        self.each(&[0, 1], |value| {
            columns[place].push(value);
            place = (place + 1) % width;
        });
        let (mut kept, mut skipped) = (Vec::new(), Vec::new());
        for row in 0..self.shape[0] {
            let is_bad = |value: f64| value.is_infinite() || source.rules == 1 && value.is_nan();
            let Some(place) = columns.iter().position(|column| is_bad(column[row])) else {
                kept.push(row);
                continue;
            };
            let origin = format!("{}: row {}", self.origin, row + 1);
            let expected = format!("a finite number in column {}", place + 1);
            let found = columns[place][row].to_string();
            if !source.skip_bad {
                return Err(content(&origin, expected, found));
            }
            skipped.push(format!("{origin}: expected {expected}, found {found}"));
        }
        let is_whole = skipped.is_empty();
        let numbers = |numbers: Vec<f64>| match is_whole {
            true => numbers,
            false => kept.iter().map(|&row| numbers[row]).collect(),
        };
        let mut columns: Vec<Column> = (1..)
            .zip(columns)
            .map(|(number, of): (usize, _)| Column {
                name: number.to_string(),
                cells: Cells::Numbers(numbers(of)),
            })
            .collect();
        columns.extend(held.map(|(name, held)| Column {
            name: name.to_owned(),
            cells: match held {
                Held::Numbers(of) => Cells::Numbers(numbers(of.clone())),
                Held::Classes(names) => Cells::Words(words(names, &kept)),
            },
        }));
        Ok(Frame {
            origin: self.origin.clone(),
            columns,
            place: Place::Row,
            places: kept.iter().map(|&row| row as u64 + 1).collect(),
            rows: kept.iter().map(|&row| row as u64).collect(),
            is_named: false,
            skipped,
        })
    }
}

/// The names of these rows.
fn words(names: &[String], kept: &[usize]) -> Words {
    let mut words = Words::default();
    let mut known = std::collections::HashMap::new();
    for &row in kept {
        let code = match names.get(row) {
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
