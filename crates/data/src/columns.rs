//! From a table as its file holds it to samples: which columns are inputs, and what the others are.

mod chosen;
mod dates;
mod pixels;
mod targets;
mod texts;
mod truth;

use std::sync::Arc;

use crate::classes::{self, Classes};
use crate::delimited_text::shown;
use crate::error::content_of as content;
use crate::frame::{Cells, Frame, MISSING};
use crate::samples::Identity;
use crate::source::{Parts, Source};
use crate::{Error, Facts, Samples};

use chosen::{Chosen, Input, Kind};
use truth::flag;

/// Makes the samples of a table.
///
/// - A column of numbers is an input as it is; one of truth values is 0 and 1; one of other words is a column of 0 and 1 for each
///   different word. What is missing stays missing, in each of these columns.
/// - The column `source.label` becomes the classes, sorted as numbers where all of them are numbers, otherwise as texts. The column
///   `source.target` likewise becomes the classes, each a word or a whole number, or the numbers to predict.
/// - The columns `source.columns.dates` become days since 1970.
/// - `source.columns` says which columns are inputs. A nameless first column that counts the rows names them.
/// - With `source.shape`, the inputs of a row are the pixels of an image.
/// - With `source.learned`, the inputs are those that a model learned.
/// - With `source.texts.column`, that column is the one input, and its fields are texts.
///
/// A row without its class or number to predict is an error, or left out and listed where `source.skip_bad` says so.
///
/// # Errors
/// [`Error::Content`] with the line or row, [`Error::NoClass`] for a class with a fraction, which is never left out, and
/// [`Error::Selection`] for a column that is not there.
pub(crate) fn parts(
    source: &Source,
    mut train: Frame,
    mut test: Option<Frame>,
) -> Result<Parts, Error> {
    if let Some(column) = &source.texts.column {
        return texts::parts(source, column, train);
    }
    for frame in [&mut train].into_iter().chain(&mut test) {
        dates::become_numbers(source, frame)?;
    }
    let chosen = Chosen::of(source, &train)?;
    let columns = chosen.facts(&train);
    let mut notes = chosen.notes(source, &train, &columns, train.len());
    let mut skipped = Vec::new();
    let names: Option<Vec<String>> = test.is_some().then(|| chosen.learned());
    let train = samples(source, &chosen, train, &mut skipped)?;
    let test = match test {
        None => None,
        Some(frame) => {
            let source = Source {
                learned: names,
                ..source.clone()
            };
            let chosen = Chosen::of(&source, &frame)?;
            let test = samples(&source, &chosen, frame, &mut skipped)?;
            Some(test)
        }
    };
    let (train, test) = same_classes(train, test)?;
    let (train, test, note) = match source.shape {
        Some(shape) => pixels::images(source, shape, train, test)?,
        None => (train, test, None),
    };
    notes.extend(note);
    Ok(Parts {
        train,
        test,
        skipped,
        notes,
        columns,
    })
}

/// The columns of a table of numbers that a model learned, any part of whose rows becomes samples without the others.
pub(crate) struct PlainColumns(Chosen);

impl PlainColumns {
    /// The columns of a table of which no row is read as yet; none where what a row becomes depends on other rows, or something is wrong
    /// with them.
    pub(crate) fn of(source: &Source, frame: &Frame) -> Option<Self> {
        let chosen = Chosen::of(source, frame).ok()?;
        (source.learned.is_some() && chosen.is_plain(frame)).then_some(Self(chosen))
    }

    /// Some of the rows, at least one.
    ///
    /// # Errors
    /// As [`parts`].
    pub(crate) fn samples(&self, source: &Source, frame: Frame) -> Result<Samples, Error> {
        samples(source, &self.0, frame, &mut Vec::new())
    }

    /// What a user should know of a table of so many rows, with the missing cells of each column of the file; `frame` has none of its rows.
    pub(crate) fn notes(
        &self,
        source: &Source,
        frame: &Frame,
        rows: usize,
        missing: &[usize],
    ) -> Vec<String> {
        let mut facts = self.0.facts(frame);
        for (facts, &missing) in facts.iter_mut().zip(missing) {
            facts.missing = missing;
        }
        self.0.notes(source, frame, &facts, rows)
    }
}

/// Both parts with the classes of either.
fn same_classes(
    train: Samples,
    test: Option<Samples>,
) -> Result<(Samples, Option<Samples>), Error> {
    let Some(test) = test else {
        return Ok((train, None));
    };
    if test.classes() == train.classes() {
        return Ok((train, Some(test)));
    }
    let mut all = Classes::default();
    for name in train.classes().iter().chain(test.classes()) {
        if !all.push(name) {
            let expected = format!("at most {} classes", classes::MOST);
            return Err(content(test.name(), expected, "more"));
        }
    }
    let (_, names) = all.sorted();
    Ok((train.relabelled(&names)?, Some(test.relabelled(&names)?)))
}

/// The samples of one part.
fn samples(
    source: &Source,
    chosen: &Chosen,
    mut frame: Frame,
    skipped: &mut Vec<String>,
) -> Result<Samples, Error> {
    if frame.len() == 0 {
        let found = match frame.skipped.first() {
            Some(first) => format!("none among {}, {first}", frame.skipped.len()),
            None => "none".to_owned(),
        };
        return Err(content(&frame.origin, "a row of numbers", found));
    }
    skipped.append(&mut frame.skipped);
    let targets = targets::of(source, chosen, &frame)?;
    let kept = targets.kept;
    if kept.as_ref().is_some_and(Vec::is_empty) {
        let found = format!("none among {}, {}", frame.len(), targets.skipped[0]);
        return Err(content(&frame.origin, "a row of numbers", found));
    }
    skipped.extend(targets.skipped);
    let facts = Facts {
        name: source.name.clone(),
        labels: targets.labels,
        classes: targets.classes,
        identity: identity(chosen, &mut frame, kept.as_deref()),
        ..Facts::default()
    };
    let (mut names, mut numbers) = (Vec::new(), Vec::new());
    let mut categories = Vec::new();
    for input in &chosen.inputs {
        let start = names.len();
        input.append(&mut frame, kept.as_deref(), &mut names, &mut numbers)?;
        if matches!(input.kind, Kind::Category(_)) {
            categories.push(start..names.len());
        }
    }
    let samples = Samples::table(facts, names, numbers)?.with_categories(categories);
    let samples = match targets.numbers {
        Some(numbers) => samples.with_targets(numbers)?,
        None => samples,
    };
    Ok(match source.rules {
        1 => samples.single(),
        _ => samples,
    })
}

/// What the rows are called, and which belong together.
fn identity(chosen: &Chosen, frame: &mut Frame, kept: Option<&[usize]>) -> Identity {
    let words = |place: usize| -> Arc<[Arc<str>]> {
        let text = |row: usize| -> Arc<str> {
            match &frame.columns[place].cells {
                Cells::Words(words) => words.get(row).unwrap_or("").into(),
                Cells::Numbers(numbers) => numbers[row].to_string().into(),
            }
        };
        rows(frame.len(), kept).map(text).collect()
    };
    let names = chosen
        .index
        .map(|place| (frame.columns[place].name.clone(), words(place)));
    let groups = chosen.group.map(words);
    Identity {
        rows: match kept {
            // Moved, as the numbers are.
            None => std::mem::take(&mut frame.rows),
            Some(kept) => kept.iter().map(|&row| frame.rows[row]).collect(),
        },
        names,
        groups,
    }
}

/// The rows that are kept.
fn rows(count: usize, kept: Option<&[usize]>) -> impl ExactSizeIterator<Item = usize> {
    let kept = kept.map(<[usize]>::to_vec);
    let count = kept.as_ref().map_or(count, Vec::len);
    (0..count).map(move |at| kept.as_ref().map_or(at, |kept| kept[at]))
}

impl Input {
    /// Appends the columns that a model sees of it.
    fn append(
        &self,
        frame: &mut Frame,
        kept: Option<&[usize]>,
        names: &mut Vec<String>,
        numbers: &mut Vec<Vec<f64>>,
    ) -> Result<(), Error> {
        let count = frame.len();
        let cells = &mut frame.columns[self.place].cells;
        match (&self.kind, cells) {
            (Kind::Category(categories), Cells::Words(words)) => {
                for category in categories {
                    names.push(format!("{}={category}", self.name));
                    let cell = |row: usize| match words.get(row) {
                        Some(word) => f64::from(u8::from(word == category)),
                        None => f64::NAN,
                    };
                    numbers.push(rows(count, kept).map(cell).collect());
                }
            }
            (Kind::Flag, Cells::Words(words)) => {
                if let Some(word) = words.names.iter().find(|word| flag(word).is_none()) {
                    let expected = format!("numbers or truth values in column `{}`", self.name);
                    return Err(content(&frame.origin, expected, shown(word.as_bytes())));
                }
                let value = |word: &String| flag(word).map_or(f64::NAN, f64::from);
                let values: Vec<f64> = words.names.iter().map(value).collect();
                let cell = |row: usize| match words.codes[row] {
                    MISSING => f64::NAN,
                    code => values[code as usize],
                };
                names.push(self.name.clone());
                numbers.push(rows(count, kept).map(cell).collect());
            }
            (Kind::Number | Kind::Flag, Cells::Numbers(all)) => {
                names.push(self.name.clone());
                // Moved, not copied: a table may be a good part of the memory.
                numbers.push(match kept {
                    None => std::mem::take(all),
                    Some(kept) => kept.iter().map(|&row| all[row]).collect(),
                });
            }
            // Without any known cell nothing tells that it held words.
            (Kind::Category(categories), Cells::Numbers(all)) if all.iter().all(|n| n.is_nan()) => {
                for category in categories {
                    names.push(format!("{}={category}", self.name));
                    numbers.push(vec![f64::NAN; rows(count, kept).len()]);
                }
            }
            (kind, _) => {
                let (expected, found) = match kind {
                    Kind::Category(_) => ("words", "numbers"),
                    Kind::Number | Kind::Flag => ("numbers", "words"),
                };
                let expected = format!("{expected} in column `{}`", self.name);
                return Err(content(&frame.origin, expected, found));
            }
        }
        Ok(())
    }
}
