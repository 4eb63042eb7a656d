//! A column of texts as samples.

use std::sync::Arc;

use super::chosen::Chosen;
use super::{identity, kept_rows, targets};
use crate::error::content_of as content;
use crate::frame::{Cells, Frame, MISSING};
use crate::source::{Parts, Source};
use crate::texts::Corpus;
use crate::{ColumnFacts, ColumnRole, Error, Facts, Samples};

/// Makes the samples of a column of texts; the other columns are targets, names and groups, or nothing.
///
/// # Errors
/// As [`super::parts`].
pub(super) fn parts(source: &Source, column: &str, mut frame: Frame) -> Result<Parts, Error> {
    let (chosen, place) = Chosen::of_texts(source, &frame, column)?;
    let columns = chosen.facts(&frame);
    let notes = left_out(&columns);
    let mut skipped = std::mem::take(&mut frame.skipped);
    if frame.len() == 0 {
        let found = match skipped.first() {
            Some(first) => format!("none among {}, {first}", skipped.len()),
            None => "none".to_owned(),
        };
        return Err(content(&frame.origin, "a row with a text", found));
    }
    let corpus = take(source, place, &mut frame, &mut skipped)?;
    let targets = targets::of(source, &chosen, &frame)?;
    let kept = targets.kept.as_deref();
    if kept.is_some_and(<[usize]>::is_empty) {
        let found = format!("none among {}, {}", frame.len(), targets.skipped[0]);
        return Err(content(&frame.origin, "a row with a text", found));
    }
    let identity = identity(&chosen, &mut frame, kept);
    let Cells::Words(texts) = &frame.columns[place].cells else {
        unreachable!("a column of numbers was refused");
    };
    let numbers = kept_rows(frame.len(), kept).map(|row| texts.codes[row]);
    let facts = Facts {
        name: source.name.clone(),
        labels: targets.labels,
        classes: targets.classes,
        identity,
        ..Facts::default()
    };
    let samples = Samples::texts(facts, Arc::new(corpus), numbers.collect())?;
    let train = match targets.numbers {
        Some(numbers) => samples.with_targets(numbers)?,
        None => samples,
    };
    skipped.extend(targets.skipped);
    Ok(Parts {
        train,
        test: None,
        skipped,
        notes,
        columns,
        unseen: None,
    })
}

/// The different texts of a column, and the rows left out that have none with a word.
fn take(
    source: &Source,
    place: usize,
    frame: &mut Frame,
    skipped: &mut Vec<String>,
) -> Result<Corpus, Error> {
    let column = &frame.columns[place];
    let Cells::Words(texts) = &column.cells else {
        let expected = format!("texts in column `{}`", column.name);
        return Err(content(&frame.origin, expected, "numbers"));
    };
    let mut corpus = Corpus::default();
    let has_words: Vec<bool> = texts
        .names
        .iter()
        .map(|text| corpus.push(text) > 0)
        .collect();
    let is_good = |row: &usize| {
        let code = texts.codes[*row];
        code != MISSING && has_words[code as usize]
    };
    let good: Vec<usize> = (0..frame.len()).filter(is_good).collect();
    if good.len() == frame.len() {
        return Ok(corpus);
    }
    let expected = format!("a text with words in column `{}`", column.name);
    for row in (0..frame.len()).filter(|row| !is_good(row)) {
        let at = frame.at(row);
        if !source.skip_bad || good.is_empty() {
            let found = "none (`--skip-bad` leaves the row out)";
            return Err(content(&at, expected, found));
        }
        skipped.push(format!("{at}: expected {expected}, found none"));
    }
    frame.keep(&good)?;
    Ok(corpus)
}

/// Says which columns are passed over.
fn left_out(columns: &[ColumnFacts]) -> Vec<String> {
    let names: Vec<String> = columns
        .iter()
        .filter(|facts| facts.role == ColumnRole::Dropped)
        .map(|facts| format!("`{}`", facts.name))
        .take(20)
        .collect();
    match names.is_empty() {
        true => Vec::new(),
        false => vec![format!("left out, beside the texts: {}", names.join(", "))],
    }
}
