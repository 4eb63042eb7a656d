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
use crate::frame::{Cells, Frame};
use crate::samples::Identity;
use crate::samples::rows::{self, Rows};
use crate::source::{ColumnFacts, Parts, Source};
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
    for frame in [&mut train].into_iter().chain(&mut test) {
        bring_in(source, frame)?;
    }
    if let Some(column) = &source.texts.column {
        return texts::parts(source, column, train);
    }
    for frame in [&mut train].into_iter().chain(&mut test) {
        dates::become_numbers(source, frame)?;
    }
    let chosen = Chosen::of(source, &train)?;
    let is_unseen = train.is_unseen();
    let (columns, mut notes) = match is_unseen {
        true => (Vec::new(), Vec::new()),
        false => chosen.told(source, &train),
    };
    let unseen = is_unseen.then(|| train.clone());
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
        unseen: unseen.map(|frame| Unseen { chosen, frame }),
    })
}

/// A table that lies in a store, of which nobody has looked at all rows.
pub(crate) struct Unseen {
    chosen: Chosen,
    frame: Frame,
}

impl Unseen {
    /// What these samples of it hold: what each column is like, and what a user should know of that.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn told(
        mut self,
        source: &Source,
        samples: &Samples,
    ) -> Result<(Vec<ColumnFacts>, Vec<String>), Error> {
        self.frame.keep(&samples.places())?;
        Ok(self.chosen.told(source, &self.frame))
    }
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

/// Brings the columns into memory that are more than inputs, where the table lies in a store: targets, names, groups and dates.
fn bring_in(source: &Source, frame: &mut Frame) -> Result<(), Error> {
    let target = source.target.as_ref().map(|target| &target.column);
    let asked = source.columns.names().chain(&source.label).chain(target);
    let asked: Vec<&String> = asked.chain(&source.texts.column).collect();
    for place in 0..frame.columns.len() {
        let name = &frame.columns[place].name;
        let is_asked = asked
            .iter()
            .any(|asked| *asked == name || **asked == (place + 1).to_string());
        if is_asked || place == 0 && chosen::is_nameless(name) && frame.is_named {
            frame.bring_in(place)?;
        }
    }
    Ok(())
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
    let (mut names, mut inputs) = (Vec::new(), Vec::new());
    let mut categories = Vec::new();
    let mut store = None;
    for input in &chosen.inputs {
        let start = names.len();
        if let Cells::Stored(stored) = &frame.columns[input.place].cells {
            store = Some((stored.table.clone(), stored.places.clone()));
        }
        input.append(&mut frame, &mut names, &mut inputs)?;
        if matches!(input.kind, Kind::Category(_)) {
            categories.push(start..names.len());
        }
    }
    let kept = kept.as_deref();
    let samples = match store {
        Some((table, places)) => {
            let table = Rows::new(table, places, inputs);
            Samples::stored_table(facts, names, table, (frame.len(), kept))?
        }
        None => {
            let count = frame.len();
            let numbers = inputs
                .into_iter()
                .map(|input| in_memory(input, count, kept));
            Samples::table(facts, names, numbers.collect())?
        }
    };
    let samples = samples.with_categories(categories);
    let samples = match targets.numbers {
        Some(numbers) => samples.with_targets(numbers)?,
        None => samples,
    };
    Ok(match source.rules {
        1 => samples.single(),
        _ => samples,
    })
}

/// The numbers of these rows of an input that lies in memory.
fn in_memory(input: rows::Input, count: usize, kept: Option<&[usize]>) -> Vec<f64> {
    match (input, kept) {
        // Moved, not copied: a table may be a good part of the memory.
        (rows::Input::Numbers(all), None) => all,
        (input, kept) => kept_rows(count, kept)
            .map(|row| input.number(row, &[]))
            .collect(),
    }
}

/// What the rows are called, and which belong together.
fn identity(chosen: &Chosen, frame: &mut Frame, kept: Option<&[usize]>) -> Identity {
    let words = |place: usize| -> Arc<[Arc<str>]> {
        let text = |row: usize| -> Arc<str> {
            match &frame.columns[place].cells {
                Cells::Words(words) => words.get(row).unwrap_or("").into(),
                Cells::Numbers(numbers) => numbers[row].to_string().into(),
                Cells::Stored(_) => unreachable!("columns that are asked for are brought in"),
            }
        };
        kept_rows(frame.len(), kept).map(text).collect()
    };
    let names = chosen
        .index
        .map(|place| (frame.columns[place].name.clone(), words(place)));
    let groups = chosen.group.map(words);
    Identity {
        rows: match kept {
            // Moved, as the numbers are.
            None => std::mem::take(&mut frame.rows),
            Some(kept) => frame.rows.select(kept.iter().copied()),
        },
        names,
        groups,
    }
}

/// The rows that are kept.
fn kept_rows(count: usize, kept: Option<&[usize]>) -> impl ExactSizeIterator<Item = usize> {
    let kept = kept.map(<[usize]>::to_vec);
    let count = kept.as_ref().map_or(count, Vec::len);
    (0..count).map(move |at| kept.as_ref().map_or(at, |kept| kept[at]))
}

impl Input {
    /// Appends the columns that a model sees of it, which takes their numbers out of the table.
    fn append(
        &self,
        frame: &mut Frame,
        names: &mut Vec<String>,
        inputs: &mut Vec<rows::Input>,
    ) -> Result<(), Error> {
        let count = frame.len();
        let cells = &mut frame.columns[self.place].cells;
        match (&self.kind, cells) {
            (Kind::Category(categories), Cells::Words(words)) => {
                let codes: Arc<[u32]> = words.codes.as_slice().into();
                for category in categories {
                    names.push(format!("{}={category}", self.name));
                    let is_it = |word: &String| f64::from(u8::from(word == category));
                    inputs.push(rows::Input::Words {
                        codes: codes.clone(),
                        values: words.names.iter().map(is_it).collect(),
                    });
                }
            }
            (Kind::Flag, Cells::Words(words)) => {
                if let Some(word) = words.names.iter().find(|word| flag(word).is_none()) {
                    let expected = format!("numbers or truth values in column `{}`", self.name);
                    return Err(content(&frame.origin, expected, shown(word.as_bytes())));
                }
                let value = |word: &String| flag(word).map_or(f64::NAN, f64::from);
                names.push(self.name.clone());
                inputs.push(rows::Input::Words {
                    codes: words.codes.as_slice().into(),
                    values: words.names.iter().map(value).collect(),
                });
            }
            (Kind::Number | Kind::Flag, Cells::Numbers(all)) => {
                names.push(self.name.clone());
                inputs.push(rows::Input::Numbers(std::mem::take(all)));
            }
            (Kind::Number | Kind::Flag, Cells::Stored(stored)) => {
                names.push(self.name.clone());
                inputs.push(rows::Input::Stored(stored.column));
            }
            // Without any known cell nothing tells that it held words.
            (Kind::Category(categories), cells) if has_no_number(cells) => {
                for category in categories {
                    names.push(format!("{}={category}", self.name));
                    inputs.push(rows::Input::Numbers(vec![f64::NAN; count]));
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

/// Whether no number of a column is known.
fn has_no_number(cells: &Cells) -> bool {
    match cells {
        Cells::Numbers(all) => all.iter().all(|number| number.is_nan()),
        Cells::Stored(stored) => stored.summary.known == 0,
        Cells::Words(_) => false,
    }
}
