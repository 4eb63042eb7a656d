//! What each column of a table is taken for.

use std::ops::Range;

use crate::error::content_of as content;
use crate::frame::{Cells, Frame, MISSING, Place, Words};
use crate::source::{ColumnFacts, ColumnRole, Source, TargetKind};
use crate::summary::Summary;
use crate::{Error, parallel, times};

use super::dates::are_dates;
use super::pixels;
use super::truth::{flag, truth};

/// Different words of a column that become columns of their own, at most. With more of them the column most likely names its rows.
const MOST_CATEGORIES: usize = 64;
/// Names that a message lists, at most.
const MOST_LISTED: usize = 20;

/// What each column is taken for: places count from 0.
pub(super) struct Chosen {
    pub(super) inputs: Vec<Input>,
    pub(super) target: Option<Target>,
    pub(super) index: Option<usize>,
    pub(super) group: Option<usize>,
    /// The columns whose numbers were dates.
    dates: Vec<usize>,
    /// Whether the target is an input, too.
    target_is_input: bool,
    /// Whether the column that names the rows was found, not asked for.
    found_index: bool,
    /// The column of texts, which is then the one input.
    text: Option<usize>,
}

/// The column that the targets come from.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) place: usize,
    /// What it was asked for as; nothing for a plain label, whose fields are classes as they stand there.
    pub(super) kind: Option<TargetKind>,
}

/// A column to learn from.
pub(super) struct Input {
    /// The name that it has for the model.
    pub(super) name: String,
    pub(super) place: usize,
    pub(super) kind: Kind,
}

/// What is learned of a column.
pub(super) enum Kind {
    Number,
    /// A truth value.
    Flag,
    /// One column of 0 and 1 for each of these words.
    Category(Vec<String>),
}

impl Kind {
    /// How many values a cell becomes.
    fn width(&self) -> usize {
        match self {
            Self::Number | Self::Flag => 1,
            Self::Category(words) => words.len(),
        }
    }
}

impl Chosen {
    pub(super) fn of(source: &Source, frame: &Frame) -> Result<Self, Error> {
        let choice = &source.columns;
        let optional = source.learned.is_some();
        let place = |field, wanted: &Option<String>| match wanted {
            Some(wanted) => place(source, frame, field, wanted, optional),
            None => Ok(None),
        };
        let index = place("index", &choice.index)?;
        // By the first rules such a column was learned as any other.
        let may_count = source.rules != 1 && index.is_none() && choice.only.is_empty();
        let counted = may_count && counts_rows(frame);
        let mut chosen = Self {
            inputs: Vec::new(),
            target: target(source, frame, optional)?,
            index: if counted { Some(0) } else { index },
            group: place("group", &choice.group)?,
            dates: places(source, frame, "dates", &choice.dates, optional)?,
            target_is_input: source.target_is_input,
            found_index: counted,
            text: None,
        };
        if let (Some(column), true) = (source.missing_in.first(), source.missing.is_empty()) {
            let expected = "words that stand for a missing cell there (`--missing 0`)";
            return Err(source.refuse("missing_in", expected, format!("`{column}` alone")));
        }
        // Who reads the file has followed it; here it is seen whether it is there.
        places(source, frame, "missing_in", &source.missing_in, optional)?;
        chosen.inputs = match &source.learned {
            Some(learned) => learned_inputs(source, frame, &chosen, learned)?,
            None => inputs(source, frame, &chosen)?,
        };
        if !chosen.inputs.is_empty() {
            return Ok(chosen);
        }
        let what = match (&source.target, &source.label) {
            (Some(_), _) => "a column beside the target",
            (None, Some(_)) => "a column beside the label",
            (None, None) => "a column with a known number or word",
        };
        Err(content(&frame.origin, what, "none"))
    }

    /// A table of which one column holds texts, and the place of that column.
    pub(super) fn of_texts(
        source: &Source,
        frame: &Frame,
        column: &str,
    ) -> Result<(Self, usize), Error> {
        let choice = &source.columns;
        let optional = source.texts.learned.is_some();
        let asked = |field, wanted: &Option<String>| match wanted {
            Some(wanted) => place(source, frame, field, wanted, optional),
            None => Ok(None),
        };
        let text = place(source, frame, "text", column, false)?.expect("it must be there");
        let chosen = Self {
            inputs: Vec::new(),
            target: target(source, frame, optional)?,
            index: asked("index", &choice.index)?,
            group: asked("group", &choice.group)?,
            dates: Vec::new(),
            target_is_input: false,
            found_index: false,
            text: Some(text),
        };
        if chosen.is_taken(text) {
            let expected = "a column of its own, beside target, label, index and group";
            return Err(source.refuse("text", expected, format!("`{column}`")));
        }
        Ok((chosen, text))
    }

    /// Whether a column is no input whatever it holds.
    fn is_taken(&self, place: usize) -> bool {
        let target = self.target.filter(|_| !self.target_is_input);
        [target.map(|target| target.place), self.index, self.group].contains(&Some(place))
    }

    /// Whether the inputs are numbers and there is nothing beside them but what names the rows, so that a part of the rows says what it
    /// says among all of them.
    pub(super) fn is_plain(&self, frame: &Frame) -> bool {
        let is_number = |input: &Input| matches!(input.kind, Kind::Number);
        let may_count = self.index.is_none() && has_nameless_first(frame);
        let beside = self.target.is_some() || self.group.is_some() || !self.dates.is_empty();
        self.inputs.iter().all(is_number) && !beside && !may_count
    }

    /// The names that a model sees.
    pub(super) fn learned(&self) -> Vec<String> {
        let names = self.inputs.iter().flat_map(|input| match &input.kind {
            Kind::Number | Kind::Flag => vec![input.name.clone()],
            Kind::Category(words) => {
                let name = |word: &String| format!("{}={word}", input.name);
                words.iter().map(name).collect()
            }
        });
        names.collect()
    }

    /// What every column of the file holds and is taken for.
    pub(super) fn facts(&self, frame: &Frame) -> Vec<ColumnFacts> {
        let cells = frame.len() * frame.columns.len();
        let held = parallel::map(cells, Vec::from_iter(&frame.columns), |column| {
            held(&column.cells)
        });
        let columns = frame.columns.iter().zip(held).enumerate();
        let facts = columns.map(|(place, (column, (missing, range, words)))| {
            let role = self.role(place);
            let truth = match (role, &column.cells) {
                (ColumnRole::Flag, Cells::Words(words)) => Some(truth(&words.names)),
                _ => None,
            };
            ColumnFacts {
                name: column.name.clone(),
                role,
                missing,
                range,
                words,
                values: self.values(place),
                truth_words: truth,
            }
        });
        facts.collect()
    }

    /// The places of the values that a column becomes among those that a model sees.
    fn values(&self, place: usize) -> Range<usize> {
        let mut start = 0;
        for input in &self.inputs {
            let end = start + input.kind.width();
            if input.place == place {
                return start..end;
            }
            start = end;
        }
        0..0
    }

    fn role(&self, place: usize) -> ColumnRole {
        if self.target.is_some_and(|target| target.place == place) {
            return ColumnRole::Target;
        }
        if self.text == Some(place) {
            return ColumnRole::Text;
        }
        if self.index == Some(place) {
            return ColumnRole::Index;
        }
        if self.group == Some(place) {
            return ColumnRole::Group;
        }
        match self.inputs.iter().find(|input| input.place == place) {
            Some(input) => match input.kind {
                Kind::Number if self.dates.contains(&place) => ColumnRole::Date,
                Kind::Number => ColumnRole::Number,
                Kind::Flag => ColumnRole::Flag,
                Kind::Category(_) => ColumnRole::Category,
            },
            None => ColumnRole::Dropped,
        }
    }

    /// What every column of a table holds, and what a user should know of that.
    pub(super) fn told(&self, source: &Source, frame: &Frame) -> (Vec<ColumnFacts>, Vec<String>) {
        let columns = self.facts(frame);
        let notes = self.notes(source, frame, &columns, frame.len());
        (columns, notes)
    }

    /// What a user should know of the columns with these facts, of so many rows; less where a model has learned already what they are, or they are
    /// pixels.
    pub(super) fn notes(
        &self,
        source: &Source,
        frame: &Frame,
        facts: &[ColumnFacts],
        rows: usize,
    ) -> Vec<String> {
        let mut notes = Vec::new();
        if !frame.is_named && frame.place == Place::Line {
            notes
                .push("the table has no header: its columns are called by their number".to_owned());
        }
        if self.found_index {
            let name = &facts[0].name;
            notes.push(format!(
                "column `{name}` has no name and counts the rows: it names them and is no input"
            ));
        }
        if source.learned.is_some() {
            notes.extend(self.unknown_words(frame));
        } else if source.shape.is_none() {
            notes.extend(kinds(frame, facts));
            notes.extend(pixels_hint(facts));
        }
        for facts in facts.iter().filter(|facts| is_input(facts)) {
            let (name, missing) = (&facts.name, facts.missing);
            if missing > 0 {
                notes.push(format!("column `{name}` misses {missing} of {rows} cells"));
            }
        }
        notes
    }

    /// Says where a column holds words that the model has not learned.
    fn unknown_words(&self, frame: &Frame) -> Vec<String> {
        let mut notes = Vec::new();
        for input in &self.inputs {
            let (Kind::Category(known), Cells::Words(words)) =
                (&input.kind, &frame.columns[input.place].cells)
            else {
                continue;
            };
            let is_known: Vec<bool> = words
                .names
                .iter()
                .map(|name| known.contains(name))
                .collect();
            let codes = words.codes.iter().filter(|&&code| code != MISSING);
            let rows = codes.filter(|&&code| !is_known[code as usize]).count();
            if rows > 0 {
                let name = &input.name;
                notes.push(format!(
                    "column `{name}` has a word that the run has not learned in {rows} rows: there it is none of the words learned"
                ));
            }
        }
        notes
    }
}

/// What a column holds: how many cells are missing, the least and the greatest number, how many different words.
fn held(cells: &Cells) -> (usize, Option<(f64, f64)>, Option<usize>) {
    match cells {
        Cells::Numbers(numbers) => {
            let summary = Summary::of(numbers);
            (numbers.len() - summary.known, summary.range(), None)
        }
        Cells::Stored(of) => (of.rows - of.summary.known, of.summary.range(), None),
        Cells::Words(words) => (missing(words), None, Some(words.names.len())),
    }
}

/// What the columns of a table to learn from are like.
fn kinds(frame: &Frame, facts: &[ColumnFacts]) -> Vec<String> {
    let mut notes = Vec::new();
    let rows = frame.len();
    let mut tell = |what: &str, is_so: &dyn Fn(&ColumnFacts) -> bool| {
        let found: Vec<_> = facts.iter().filter(|facts| is_so(facts)).collect();
        if !found.is_empty() {
            let names = listed(found.iter().map(|facts| &facts.name));
            notes.push(format!("{what}: {names}"));
        }
    };
    tell("left out, without a known cell", &|facts| {
        facts.role == ColumnRole::Dropped && facts.missing == rows
    });
    tell("never changes", &|facts| {
        let is_constant = match facts.range {
            Some((low, high)) => low == high,
            None => facts.words == Some(1),
        };
        is_input(facts) && is_constant && rows > 1
    });
    let categories = facts
        .iter()
        .filter(|facts| facts.role == ColumnRole::Category);
    notes.extend(categories.map(|facts| {
        let (name, words) = (&facts.name, facts.words.unwrap_or(0));
        let hint = match is_dated(frame, name) {
            true => format!(" (they are dates: `--dates {name}` makes days since 1970 of them)"),
            false => String::new(),
        };
        format!(
            "column `{name}` holds {words} different words: one column of 0 and 1 for each{hint}"
        )
    }));
    let dates = facts.iter().filter(|facts| facts.role == ColumnRole::Date);
    notes.extend(dates.filter_map(|facts| {
        let (name, (low, high)) = (&facts.name, facts.range?);
        let (low, high) = (times::words(low), times::words(high));
        Some(format!(
            "column `{name}` holds dates, {low} to {high}: days since 1970-01-01 UTC"
        ))
    }));
    notes
}

/// A hint where columns seem to be the pixels of images.
fn pixels_hint(facts: &[ColumnFacts]) -> Option<String> {
    let inputs = || facts.iter().filter(|facts| is_input(facts));
    let (count, shape) = pixels::seeming(inputs().map(|facts| &facts.name))?;
    let others = match inputs().count() == count {
        true => "",
        false => ", where `--label` or `--drop` takes the other columns out",
    };
    Some(format!(
        "{count} columns are called like pixels: `--shape {shape}` makes images of the rows{others}"
    ))
}

/// Whether a column holds words that are all dates.
fn is_dated(frame: &Frame, name: &str) -> bool {
    let mut columns = frame.columns.iter();
    columns.any(|column| {
        let Cells::Words(words) = &column.cells else {
            return false;
        };
        column.name == name && are_dates(words)
    })
}

fn is_input(facts: &ColumnFacts) -> bool {
    matches!(
        facts.role,
        ColumnRole::Number | ColumnRole::Flag | ColumnRole::Category | ColumnRole::Date
    )
}

fn missing(words: &Words) -> usize {
    let codes = words.codes.iter();
    codes.filter(|&&code| code == MISSING).count()
}

/// All columns that are not taken for something else, or those asked for.
fn inputs(source: &Source, frame: &Frame, chosen: &Chosen) -> Result<Vec<Input>, Error> {
    let choice = &source.columns;
    let dropped = places(source, frame, "drop", &choice.drop, false)?;
    let asked = places(source, frame, "columns", &choice.only, false)?;
    let all: Vec<usize> = match asked.is_empty() {
        true => (0..frame.columns.len()).collect(),
        false => asked.clone(),
    };
    let mut inputs: Vec<Input> = Vec::new();
    for place in all {
        let is_known = inputs.iter().any(|input| input.place == place);
        if is_known || chosen.is_taken(place) || dropped.contains(&place) {
            continue;
        }
        if let Some(kind) = kind(frame, place)? {
            let name = frame.columns[place].name.clone();
            inputs.push(Input { name, place, kind });
        }
    }
    Ok(inputs)
}

/// What can be learned of a column; nothing where no cell is known.
fn kind(frame: &Frame, place: usize) -> Result<Option<Kind>, Error> {
    let column = &frame.columns[place];
    let words = match &column.cells {
        Cells::Numbers(numbers) => {
            let is_known = numbers.iter().any(|number| !number.is_nan());
            return Ok(is_known.then_some(Kind::Number));
        }
        Cells::Stored(of) => return Ok((of.summary.known > 0).then_some(Kind::Number)),
        Cells::Words(words) => words,
    };
    if words.names.is_empty() {
        return Ok(None);
    }
    if words.names.iter().all(|name| flag(name).is_some()) {
        return Ok(Some(Kind::Flag));
    }
    let count = words.names.len();
    if count > MOST_CATEGORIES {
        let (name, rows) = (&column.name, frame.len());
        let expected =
            format!("numbers, or at most {MOST_CATEGORIES} different words, in column `{name}`");
        let dates = match are_dates(words) {
            true => format!("`--dates {name}` makes days since 1970 of it, "),
            false => String::new(),
        };
        let found = format!(
            "{count} words in {rows} rows, as `{}` ({dates}`--drop {name}` leaves the column out, `--index {name}` names the rows by \
             it, `--label {name}` takes it for classes)",
            words.names[0].chars().take(40).collect::<String>()
        );
        return Err(content(&frame.origin, expected, found));
    }
    Ok(Some(Kind::Category(words.names.clone())))
}

/// The inputs that a model learned, found in another file.
fn learned_inputs(
    source: &Source,
    frame: &Frame,
    chosen: &Chosen,
    learned: &[String],
) -> Result<Vec<Input>, Error> {
    let named = |names: &[String]| names.iter().any(|name| name.parse::<usize>().is_err());
    if !frame.is_named || !named(learned) {
        return by_place(source, frame, chosen, learned);
    }
    let find = |name: &str| frame.columns.iter().position(|column| column.name == name);
    let mut inputs: Vec<Input> = Vec::new();
    for name in learned {
        if let Some(place) = find(name) {
            let kind = match frame.columns[place].cells {
                Cells::Numbers(_) | Cells::Stored(_) => Kind::Number,
                Cells::Words(_) => Kind::Flag,
            };
            inputs.push(Input {
                name: name.clone(),
                place,
                kind,
            });
            continue;
        }
        let splits = name
            .match_indices('=')
            .map(|(at, _)| (&name[..at], &name[at + 1..]));
        let found = splits
            .filter_map(|(column, word)| Some((find(column)?, column, word)))
            .next();
        let Some((place, column, word)) = found else {
            let names: Vec<_> = frame.columns.iter().map(|column| &column.name).collect();
            let expected = format!("a column `{name}`, which the run learned");
            return Err(content(&frame.origin, expected, listed(names.into_iter())));
        };
        match inputs.last_mut() {
            Some(Input {
                place: last,
                kind: Kind::Category(words),
                ..
            }) if *last == place => {
                words.push(word.to_owned());
            }
            _ => inputs.push(Input {
                name: column.to_owned(),
                place,
                kind: Kind::Category(vec![word.to_owned()]),
            }),
        }
    }
    Ok(inputs)
}

/// The inputs that a model learned, where columns have no names: in the order of the file.
fn by_place(
    source: &Source,
    frame: &Frame,
    chosen: &Chosen,
    learned: &[String],
) -> Result<Vec<Input>, Error> {
    let dropped = places(source, frame, "drop", &source.columns.drop, true)?;
    let asked = places(source, frame, "columns", &source.columns.only, true)?;
    let all = match asked.is_empty() {
        true => (0..frame.columns.len()).collect(),
        false => asked,
    };
    let places: Vec<usize> = all
        .into_iter()
        .filter(|place| !chosen.is_taken(*place) && !dropped.contains(place))
        .collect();
    if places.len() != learned.len() {
        let expected = format!("{} columns, as the run learned", learned.len());
        return Err(content(&frame.origin, expected, places.len().to_string()));
    }
    let input = |(place, name): (usize, &String)| Input {
        name: name.clone(),
        place,
        kind: match frame.columns[place].cells {
            Cells::Numbers(_) | Cells::Stored(_) => Kind::Number,
            Cells::Words(_) => Kind::Flag,
        },
    };
    Ok(places.into_iter().zip(learned).map(input).collect())
}

/// The column that is to be predicted or holds the labels, if one is asked for.
fn target(source: &Source, frame: &Frame, optional: bool) -> Result<Option<Target>, Error> {
    let place = |field, wanted: &str| place(source, frame, field, wanted, optional);
    let label = match &source.label {
        Some(label) => place("label", label)?.map(|place| (label, place)),
        None => None,
    };
    let Some(target) = &source.target else {
        return Ok(label.map(|(_, place)| Target { place, kind: None }));
    };
    let place = place("target", &target.column)?;
    match (label, place) {
        (Some((label, other)), Some(place)) if other != place => {
            Err(source.two_targets(label, &target.column))
        }
        (_, place) => Ok(place.map(|place| Target {
            place,
            kind: Some(target.kind),
        })),
    }
}

/// The places of these columns; those that may be absent are passed over.
fn places(
    source: &Source,
    frame: &Frame,
    field: &'static str,
    wanted: &[String],
    optional: bool,
) -> Result<Vec<usize>, Error> {
    let places = wanted.iter();
    places
        .filter_map(|wanted| place(source, frame, field, wanted, optional).transpose())
        .collect()
}

/// The place of the column with this name, or else with this number, counted from 1; none where it may be absent.
pub(super) fn place(
    source: &Source,
    frame: &Frame,
    field: &'static str,
    wanted: &str,
    optional: bool,
) -> Result<Option<usize>, Error> {
    let names = || frame.columns.iter().map(|column| &column.name);
    let named = names().position(|name| name == wanted);
    if let Some(place) = named.filter(|_| frame.is_named) {
        return Ok(Some(place));
    }
    let width = frame.columns.len();
    match wanted.parse() {
        Ok(number @ 1usize..) if number <= width => Ok(Some(number - 1)),
        _ if optional => Ok(None),
        _ => {
            let numbers = format!("a column by its number, 1 to {width}");
            let expected = match frame.is_named {
                true => format!("one of {}, or {numbers}", listed(names())),
                false => numbers,
            };
            Err(source.refuse(field, expected, format!("`{wanted}`")))
        }
    }
}

/// The first names, in backticks.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = names.len() > MOST_LISTED;
    let mut list: Vec<_> = names
        .take(MOST_LISTED)
        .map(|name| format!("`{name}`"))
        .collect();
    if more {
        list.push("...".to_owned());
    }
    list.join(", ")
}

/// Whether a column of this name has none in its file, as the index that pandas and R write.
pub(super) fn is_nameless(name: &str) -> bool {
    matches!(name, "1" | "Unnamed: 0" | "__index_level_0__")
}

/// Whether the first column has no name and counts the rows, as the index that pandas and R write.
fn counts_rows(frame: &Frame) -> bool {
    let (Some(first), true) = (frame.columns.first(), frame.is_named) else {
        return false;
    };
    let Cells::Numbers(numbers) = &first.cells else {
        return false;
    };
    let starts = |from: f64| {
        let mut rows = numbers.iter().zip(frame.rows.iter());
        rows.all(|(&number, row)| number == row as f64 + from)
    };
    has_nameless_first(frame) && numbers.len() > 1 && (starts(0.0) || starts(1.0))
}

/// Whether the first of several columns has no name in a file that has names.
fn has_nameless_first(frame: &Frame) -> bool {
    let first = frame.columns.first();
    let is_nameless = first.is_some_and(|first| is_nameless(&first.name));
    is_nameless && frame.is_named && frame.columns.len() > 1
}
