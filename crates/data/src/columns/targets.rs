//! The classes, or the numbers to predict, of the rows of a table.

use crate::classes::{self, Classes, class_name};
use crate::delimited_text::shown;
use crate::frame::{Cells, Column, Frame};
use crate::source::{Source, TargetKind};
use crate::{Error, Targets};

use super::chosen::Chosen;

/// What the rows have for targets.
#[derive(Default)]
pub(super) struct Found {
    /// A label for each row that is kept; none where there are no classes.
    pub(super) labels: Vec<u16>,
    pub(super) classes: Vec<String>,
    /// The numbers to predict of each row that is kept.
    pub(super) numbers: Option<Targets>,
    /// The rows that are kept; all where there is nothing.
    pub(super) kept: Option<Vec<usize>>,
    /// What was left out, and why.
    pub(super) skipped: Vec<String>,
}

/// Why a row cannot be learned from.
struct Bad {
    expected: String,
    found: String,
    /// Whether the whole column is another thing, not one row bad.
    is_no_class: bool,
}

/// The targets of all rows.
///
/// # Errors
/// [`Error::Content`] for a row without its target, unless `source.skip_bad` has it left out; [`Error::NoClass`].
pub(super) fn of(source: &Source, chosen: &Chosen, frame: &Frame) -> Result<Found, Error> {
    let Some(target) = chosen.target else {
        return Ok(Found::default());
    };
    let column = &frame.columns[target.place];
    let (mut classes, mut numbers) = (Classes::default(), Vec::new());
    let (mut kept, mut skipped) = (Vec::with_capacity(frame.len()), Vec::new());
    for row in 0..frame.len() {
        let taken = match target.kind {
            Some(TargetKind::Numbers) => number(column, row).map(|number| numbers.push(number)),
            kind => class(column, row, kind.is_some(), &mut classes),
        };
        let Err(bad) = taken else {
            kept.push(row);
            continue;
        };
        let origin = frame.at(row);
        if bad.is_no_class {
            return Err(Error::NoClass {
                origin,
                column: column.name.clone(),
                found: bad.found,
            });
        }
        let (expected, found) = (bad.expected, bad.found);
        if !source.skip_bad {
            return Err(Error::Content {
                origin,
                expected,
                found,
            });
        }
        skipped.push(format!("{origin}: expected {expected}, found {found}"));
    }
    let (labels, classes) = classes.sorted();
    let is_number = target.kind == Some(TargetKind::Numbers);
    Ok(Found {
        labels,
        classes,
        numbers: is_number.then(|| Targets::Numbers {
            columns: [column.name.clone()].into(),
            values: numbers.into(),
        }),
        kept: (!skipped.is_empty()).then_some(kept),
        skipped,
    })
}

fn number(column: &Column, row: usize) -> Result<f64, Bad> {
    let found = match &column.cells {
        Cells::Numbers(numbers) if numbers[row].is_finite() => return Ok(numbers[row]),
        Cells::Numbers(_) | Cells::Stored(_) => missing_cell(column),
        Cells::Words(words) => words
            .get(row)
            .map_or_else(|| missing_cell(column), |w| shown(w.as_bytes())),
    };
    Err(Bad {
        expected: format!("a number in column `{}`", column.name),
        found,
        is_no_class: false,
    })
}

/// A missing cell in words, with how many of its column are missing.
fn missing_cell(column: &Column) -> String {
    let missing = match &column.cells {
        Cells::Numbers(numbers) => numbers.iter().filter(|number| number.is_nan()).count(),
        Cells::Stored(stored) => stored.rows - stored.summary.known,
        Cells::Words(words) => {
            let rows = 0..words.codes.len();
            rows.filter(|row| words.get(*row).is_none()).count()
        }
    };
    match missing {
        0 | 1 => "a missing cell".to_owned(),
        count => format!("a missing cell, one of {count} in this column"),
    }
}

/// Takes in the class of a row: a word or a whole number where `strict`, else whatever stands there.
fn class(column: &Column, row: usize, strict: bool, classes: &mut Classes) -> Result<(), Bad> {
    let text = match &column.cells {
        Cells::Words(words) => words.get(row).map(str::to_owned),
        // The sum makes -0 a plain 0.
        Cells::Numbers(numbers) => Some(numbers[row])
            .filter(|n| !n.is_nan())
            .map(|n| (n + 0.0).to_string()),
        Cells::Stored(_) => unreachable!("columns that are asked for are brought in"),
    };
    let bad = |expected: String, found: String, is_no_class| Bad {
        expected,
        found,
        is_no_class,
    };
    let name = &column.name;
    let expected = match strict {
        true => format!("a class (a word or a whole number) in column `{name}`"),
        false => "a label".to_owned(),
    };
    let Some(text) = text else {
        return Err(bad(expected, missing_cell(column), false));
    };
    let class = match strict {
        true => class_name(&text),
        false => Some(text.as_str().into()),
    };
    let Some(class) = class else {
        return Err(bad(expected, shown(text.as_bytes()), true));
    };
    match classes.push(&class) {
        true => Ok(()),
        false => {
            let expected = format!("at most {} classes", classes::MOST);
            Err(bad(
                expected,
                format!("another, {}", shown(text.as_bytes())),
                false,
            ))
        }
    }
}
