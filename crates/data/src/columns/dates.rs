//! Columns of dates as numbers: days since 1970-01-01 UTC.

use crate::Error;
use crate::delimited_text::shown;
use crate::error::content_of as content;
use crate::frame::{Cells, Frame, MISSING, Words};
use crate::source::{Source, TargetKind};
use crate::times::{self, Reading};

use super::chosen::place;

/// What a column of dates may hold, for messages.
const FORMS: &str =
    "as 2026-11-29, 2026-11-29T10:30Z, 29.11.2026, 11/29/2026, 29 Nov 2026 or 20261129";

/// Makes numbers of the words of the columns that `source` calls dates.
///
/// Where the year stands last, the rows of a column say together whether the day stands before the month: one day over 12 does.
///
/// # Errors
/// [`Error::Content`] with the line for what is no date, unless `source.skip_bad` has its row left out, and for a column whose days
/// and months cannot be told apart; [`Error::Selection`] for a column that is not there, or is no input.
pub(super) fn become_numbers(source: &Source, frame: &mut Frame) -> Result<(), Error> {
    refuse_other_uses(source, frame)?;
    for wanted in &source.columns.dates {
        let is_optional = source.learned.is_some();
        let Some(place) = place(source, frame, "dates", wanted, is_optional)? else {
            continue;
        };
        let column = &frame.columns[place];
        let words = match &column.cells {
            Cells::Words(words) => words,
            // Without any known cell nothing tells that it held dates.
            Cells::Numbers(all) if all.iter().all(|number| number.is_nan()) => continue,
            Cells::Numbers(numbers) => {
                let Some(days) = of_numbers(numbers) else {
                    let expected = format!("dates in column `{}`, {FORMS}", column.name);
                    return Err(content(&frame.origin, expected, "numbers"));
                };
                frame.columns[place].cells = Cells::Numbers(days);
                continue;
            }
            Cells::Stored(_) => unreachable!("columns that are asked for are brought in"),
        };
        let readings: Vec<_> = words.names.iter().map(|word| times::read(word)).collect();
        leave_out_others(source, frame, place, &readings)?;
        let days = days(frame, place, &readings)?;
        frame.columns[place].cells = Cells::Numbers(days);
    }
    Ok(())
}

/// The days of dates that are numbers of eight digits; none where one of them is no date.
fn of_numbers(numbers: &[f64]) -> Option<Vec<f64>> {
    let day = |number: &f64| match number.is_nan() {
        true => Some(f64::NAN),
        false => times::read_number(*number),
    };
    numbers.iter().map(day).collect()
}

/// Whether all words are dates.
pub(super) fn are_dates(words: &Words) -> bool {
    !words.names.is_empty() && words.names.iter().all(|word| times::read(word).is_some())
}

/// Refuses dates for columns whose words are names.
fn refuse_other_uses(source: &Source, frame: &Frame) -> Result<(), Error> {
    let find = |wanted: &String| place(source, frame, "dates", wanted, true);
    let classes = source.target.as_ref();
    let classes = classes.filter(|target| target.kind == TargetKind::Classes);
    let others = [
        (source.columns.index.as_ref(), "names the rows"),
        (source.columns.group.as_ref(), "keeps rows together"),
        (source.label.as_ref(), "holds the classes"),
        (classes.map(|target| &target.column), "holds the classes"),
    ];
    for (other, what) in others {
        let Some(other) = other.map(find).transpose()?.flatten() else {
            continue;
        };
        for wanted in &source.columns.dates {
            if find(wanted)? == Some(other) {
                let found = format!("`{wanted}`, which {what}");
                return Err(source.refuse("dates", "columns of numbers to be", found));
            }
        }
    }
    Ok(())
}

/// Leaves out the rows whose words are no dates, where that is allowed.
fn leave_out_others(
    source: &Source,
    frame: &mut Frame,
    place: usize,
    readings: &[Option<Reading>],
) -> Result<(), Error> {
    if readings.iter().all(Option::is_some) {
        return Ok(());
    }
    let column = &frame.columns[place];
    let Cells::Words(words) = &column.cells else {
        return Ok(());
    };
    let (mut kept, mut skipped) = (Vec::with_capacity(frame.len()), Vec::new());
    let expected = format!("a date in column `{}`, {FORMS}", column.name);
    for (row, &code) in words.codes.iter().enumerate() {
        if code == MISSING || readings[code as usize].is_some() {
            kept.push(row);
            continue;
        }
        let word = &words.names[code as usize];
        let (origin, found) = (frame.at(row), shown(word.as_bytes()));
        if !source.skip_bad {
            let hint = format!(
                " (`--missing {word}` takes it for a missing cell, `--skip-bad` leaves the row out)"
            );
            return Err(content(&origin, expected, found + &hint));
        }
        skipped.push(format!("{origin}: expected {expected}, found {found}"));
    }
    frame.keep(&kept)?;
    frame.skipped.extend(skipped);
    Ok(())
}

/// The days of each row; NaN where there is none.
fn days(frame: &Frame, place: usize, readings: &[Option<Reading>]) -> Result<Vec<f64>, Error> {
    let column = &frame.columns[place];
    let Cells::Words(words) = &column.cells else {
        return Ok(Vec::new());
    };
    let used: Vec<(usize, Reading)> = words
        .codes
        .iter()
        .enumerate()
        .filter_map(|(row, &code)| Some((row, (*readings.get(code as usize)?)?)))
        .collect();
    let only = |is_so: fn(&Reading) -> bool| used.iter().find(|(_, reading)| is_so(reading));
    let by_day = only(|reading| reading.month_first.is_none());
    let by_month = only(|reading| reading.day_first.is_none());
    let unlike = only(|reading| reading.day_first != reading.month_first);
    let word = |row: usize| shown(words.get(row).unwrap_or_default().as_bytes());
    let name = &column.name;
    let is_day_first = match (by_day, by_month, unlike) {
        (Some((day, _)), Some((month, _)), _) => {
            let (first, other) = (day.min(month), day.max(month));
            let which = if first == day { "day" } else { "month" };
            let expected = format!(
                "the {which} first in column `{name}`, as in {} of `{}`",
                word(*first),
                frame.at(*first)
            );
            return Err(content(&frame.at(*other), expected, word(*other)));
        }
        (_, Some(_), _) => false,
        (None, None, Some((row, _))) => {
            let expected = format!(
                "a day over 12 in column `{name}`, which tells whether the day or the month stands first"
            );
            let found = format!(
                "none in {} rows, as {} (write the year first, as in 2026-11-29, or leave the column out by `--drop {name}`)",
                frame.len(),
                word(*row)
            );
            return Err(content(&frame.at(*row), expected, found));
        }
        _ => true,
    };
    let mut days = vec![f64::NAN; frame.len()];
    for (row, reading) in used {
        let known = match is_day_first {
            true => reading.day_first,
            false => reading.month_first,
        };
        days[row] = known.expect("no row speaks against this order");
    }
    Ok(days)
}
