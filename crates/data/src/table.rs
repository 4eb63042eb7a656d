//! Tables of numbers in text: one row a line, its fields separated by commas, semicolons, tabs or blanks.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use crate::classes::{self, Classes, class_name};
use crate::delimited_text::{Row, Rows, Separator, shown};
use crate::error::unreadable;
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets};

/// How many bytes of a file are looked at to tell its separator.
const START: u64 = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Loads a table from a text file in UTF-8.
///
/// The first row is a header where the label's name stands in it, where it has texts and no number, or where a column has a
/// text in it and a number in the second row. So rows of numbers that end with a word are data from the first on, read with
/// `--label` or refused with a message that names it.
///
/// The column called `source.label` (or, where there is no such name, the one with this number, counted from 1) becomes
/// the classes, sorted as numbers where all of them are numbers, otherwise as texts. The column called `source.target`
/// likewise becomes the classes, each a word or a whole number, or the numbers to predict. Every other field must be a
/// finite number; a row that breaks this is an error, or left out and listed where `source.skip_bad` says so.
///
/// # Errors
/// [`Error::Content`] with the line, [`Error::NoClass`] for a class with a fraction, which is never left out,
/// [`Error::Selection`] for a label or target that is no column, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    let reading = |failure| unreadable(path, failure);
    read(source, path, File::open(path).map_err(reading)?)
}

/// Reads the bytes of a table, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    read(&Source::named("bytes"), Path::new("bytes"), bytes).map(drop)
}

/// Reads a table from its bytes; the path is for messages.
fn read(source: &Source, path: &Path, mut reader: impl Read) -> Result<Parts, Error> {
    let origin = path.display().to_string();
    let failed = |line: u64, failure: io::Error| match failure.kind() {
        io::ErrorKind::InvalidData => {
            let rule = Rule::new("rows of fields", failure.to_string());
            rule.broken(&origin, line)
        }
        _ => unreadable(path, failure),
    };
    let mut start = Vec::new();
    let sample = (&mut reader).take(START).read_to_end(&mut start);
    sample.map_err(|failure| failed(1, failure))?;
    if start.starts_with(BYTE_ORDER_MARK) {
        start.drain(..BYTE_ORDER_MARK.len());
    }
    let separator = Separator::of(&start);
    let whole = BufReader::with_capacity(START as usize, Cursor::new(start).chain(reader));
    let mut rows = Rows::new(whole, separator);

    let (mut first, mut row) = (Row::default(), Row::default());
    if !rows
        .next(&mut first)
        .map_err(|failure| failed(1, failure))?
    {
        return Err(Rule::new("a table of numbers", "an empty file").broken_file(&origin));
    }
    let mut more = rows
        .next(&mut row)
        .map_err(|failure| failed(first.line + 1, failure))?;
    let mut table = Table::new(source, origin.clone(), &first, more.then_some(&row))?;
    if !table.header {
        table.take(&first)?;
    }
    while more {
        table.take(&row)?;
        let line = row.line + 1;
        more = rows
            .next(&mut row)
            .map_err(|failure| failed(line, failure))?;
    }
    table.finish(source)
}

/// What belongs in a place, and what is there.
struct Rule {
    expected: String,
    found: String,
    /// The column of classes that has a number with a fraction: the whole column is another thing, not one row bad.
    no_class: Option<String>,
}

impl Rule {
    fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
            no_class: None,
        }
    }

    fn broken(self, origin: &str, line: u64) -> Error {
        self.broken_file(&format!("{origin}:{line}"))
    }

    fn broken_file(self, origin: &str) -> Error {
        let (origin, found) = (origin.to_owned(), self.found);
        match self.no_class {
            Some(column) => Error::NoClass {
                origin,
                column,
                found,
            },
            None => Error::Content {
                origin,
                expected: self.expected,
                found,
            },
        }
    }
}

/// The column that is taken out of the inputs.
#[derive(Clone, Copy)]
struct Target {
    /// The place among the columns, counted from 0.
    place: usize,
    /// What it was asked for as: nothing for a plain label, whose fields are classes as they stand there.
    kind: Option<TargetKind>,
}

/// A table as it is read.
struct Table {
    /// The file, for messages.
    origin: String,
    /// Whether the first row holds the names.
    header: bool,
    /// The line of the first row.
    line: u64,
    /// Every column: its name in the header, or its number.
    names: Vec<String>,
    /// The column that is no input.
    target: Option<Target>,
    numbers: Vec<f32>,
    classes: Classes,
    /// The numbers to predict.
    to_predict: Vec<f32>,
    skip_bad: bool,
    skipped: Vec<String>,
}

impl Table {
    /// The table that starts with these rows, without any row as yet.
    fn new(
        source: &Source,
        origin: String,
        first: &Row,
        second: Option<&Row>,
    ) -> Result<Self, Error> {
        let texts: Vec<_> = first.fields().map(String::from_utf8_lossy).collect();
        let header = is_named(source, &texts) || is_header(first, second);
        let target = target_of(source, &texts, header)?;
        let name = |(place, text): (usize, &Cow<str>)| match header && !text.is_empty() {
            true => text.to_string(),
            false => (place + 1).to_string(),
        };
        Ok(Self {
            origin,
            header,
            line: first.line,
            names: texts.iter().enumerate().map(name).collect(),
            target,
            numbers: Vec::new(),
            classes: Classes::default(),
            to_predict: Vec::new(),
            skip_bad: source.skip_bad,
            skipped: Vec::new(),
        })
    }

    /// Takes a row in, or leaves it out where that is allowed.
    fn take(&mut self, row: &Row) -> Result<(), Error> {
        let before = self.numbers.len();
        let Err(rule) = self.append(row) else {
            return Ok(());
        };
        if !self.skip_bad || rule.no_class.is_some() {
            return Err(rule.broken(&self.origin, row.line));
        }
        self.numbers.truncate(before);
        let Rule {
            expected, found, ..
        } = rule;
        self.skipped.push(format!(
            "{}:{}: expected {expected}, found {found}",
            self.origin, row.line
        ));
        Ok(())
    }

    fn append(&mut self, row: &Row) -> Result<(), Rule> {
        if row.len() != self.names.len() {
            let expected = format!("{} fields as in line {}", self.names.len(), self.line);
            return Err(Rule::new(expected, row.len().to_string()));
        }
        let mut target = None;
        for (place, field) in row.fields().enumerate() {
            if let Some(column) = self.target.filter(|target| target.place == place) {
                target = Some((column, field));
                continue;
            }
            match number(field) {
                Some(number) => self.numbers.push(number),
                None => return Err(self.no_number(place, field)),
            }
        }
        match target {
            Some((target, field)) => self.append_target(target, field),
            None => Ok(()),
        }
    }

    /// Takes in the field of a row that is no input.
    fn append_target(&mut self, target: Target, field: &[u8]) -> Result<(), Rule> {
        let text = String::from_utf8_lossy(field);
        let class = match target.kind {
            Some(TargetKind::Numbers) => match number(field) {
                Some(number) => {
                    self.to_predict.push(number);
                    return Ok(());
                }
                None => return Err(self.no_number(target.place, field)),
            },
            None if field.is_empty() => return Err(Rule::new("a label", shown(b""))),
            None => text,
            Some(TargetKind::Classes) => match class_name(&text).filter(|_| !field.is_empty()) {
                Some(class) => class,
                None => return Err(self.no_class(target.place, field)),
            },
        };
        match self.classes.push(&class) {
            true => Ok(()),
            false => {
                let expected = format!("at most {} classes", classes::MOST);
                Err(Rule::new(expected, format!("another, {}", shown(field))))
            }
        }
    }

    /// Why a field is not a class.
    fn no_class(&self, place: usize, field: &[u8]) -> Rule {
        let name = &self.names[place];
        let expected = format!("a class (a word or a whole number) in column `{name}`");
        let finite = parse(field).is_some_and(f64::is_finite);
        Rule {
            no_class: finite.then(|| name.clone()),
            ..Rule::new(expected, shown(field))
        }
    }

    /// Why a field is not a number to learn from.
    fn no_number(&self, place: usize, field: &[u8]) -> Rule {
        let name = &self.names[place];
        let mut rule = Rule::new(format!("a number in column `{name}`"), shown(field));
        match parse(field) {
            Some(number) if number.is_finite() => {
                rule.expected = format!("a number within ±{:e} in column `{name}`", f32::MAX);
            }
            Some(_) => rule.expected = format!("a finite number in column `{name}`"),
            None if self.target.is_none() && !field.is_empty() => {
                rule.found += &format!(" (a column of classes goes to `--label {name}`)");
            }
            None => {}
        }
        rule
    }

    fn finish(self, source: &Source) -> Result<Parts, Error> {
        let width = self.names.len() - usize::from(self.target.is_some());
        if width == 0 {
            let what = match source.target {
                Some(_) => "target",
                None => "label",
            };
            let rule = Rule::new(format!("a column beside the {what}"), "none");
            return Err(rule.broken_file(&self.origin));
        }
        if self.numbers.is_empty() {
            let found = match self.skipped.first() {
                Some(first) => format!("none among {}, {first}", self.skipped.len()),
                None => "none".to_owned(),
            };
            return Err(Rule::new("a row of numbers", found).broken_file(&self.origin));
        }
        let (labels, classes) = self.classes.sorted();
        let mut columns = self.names;
        let target = self.target.map(|target| columns.remove(target.place));
        let facts = Facts {
            name: source.name.clone(),
            captions: Vec::new(),
            labels,
            classes,
        };
        let mut numbers = self.numbers;
        numbers.shrink_to_fit();
        let mut train = Samples::table(facts, columns, numbers)?;
        if let (Some(column), false) = (target, self.to_predict.is_empty()) {
            train = train.with_targets(Targets::Numbers {
                columns: [column].into(),
                values: self.to_predict.into(),
            })?;
        }
        Ok(Parts {
            train,
            test: None,
            skipped: self.skipped,
            notes: Vec::new(),
        })
    }
}

/// Whether the column asked for stands by its name in the first row.
fn is_named(source: &Source, texts: &[Cow<str>]) -> bool {
    let target = source.target.as_ref().map(|target| &target.column);
    let mut names = source.label.iter().chain(target);
    names.any(|name| !is_number(name.as_bytes()) && texts.iter().any(|text| text == name))
}

/// The column that is no input, if one is asked for.
fn target_of(source: &Source, texts: &[Cow<str>], header: bool) -> Result<Option<Target>, Error> {
    let place_of = |field, wanted: &str| match texts.iter().position(|text| text == wanted) {
        Some(place) if header => Ok(place),
        _ => place(source, field, wanted, header.then_some(texts), texts.len()),
    };
    let of_label = match &source.label {
        Some(label) => Some((label, place_of("label", label)?)),
        None => None,
    };
    let Some(target) = &source.target else {
        return Ok(of_label.map(|(_, place)| Target { place, kind: None }));
    };
    let place = place_of("target", &target.column)?;
    match of_label {
        Some((label, other)) if other != place => Err(source.two_targets(label, &target.column)),
        _ => Ok(Some(Target {
            place,
            kind: Some(target.kind),
        })),
    }
}

/// Whether the first row names the columns; see [`load`].
fn is_header(first: &Row, second: Option<&Row>) -> bool {
    let is_text = |field: &[u8]| !field.is_empty() && !is_number(field);
    if !first.fields().any(is_number) {
        return first.fields().any(is_text);
    }
    let mut pairs = first.fields().zip(second.into_iter().flat_map(Row::fields));
    pairs.any(|(name, below)| is_text(name) && is_number(below))
}

/// The place of the column that is called by its number.
fn place(
    source: &Source,
    field: &'static str,
    wanted: &str,
    names: Option<&[Cow<str>]>,
    width: usize,
) -> Result<usize, Error> {
    match wanted.parse() {
        Ok(number @ 1usize..) if number <= width => Ok(number - 1),
        _ => {
            let numbers = format!("a column by its number, 1 to {width}");
            let expected = match names {
                Some(names) => format!("one of {}, or {numbers}", listed(names)),
                None => numbers,
            };
            Err(source.refuse(field, expected, format!("`{wanted}`")))
        }
    }
}

/// The first names, in backticks.
fn listed(names: &[Cow<str>]) -> String {
    const MOST: usize = 20;
    let mut list: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if list.len() > MOST {
        list.truncate(MOST);
        list.push("...".to_owned());
    }
    list.join(", ")
}

fn parse(field: &[u8]) -> Option<f64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn is_number(field: &[u8]) -> bool {
    parse(field).is_some()
}

/// A finite number as it is kept.
fn number(field: &[u8]) -> Option<f32> {
    let number = parse(field)? as f32;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::TargetColumn;

    fn load(text: &[u8], label: Option<&str>, skip_bad: bool) -> Result<Parts, Error> {
        let source = Source {
            label: label.map(str::to_owned),
            skip_bad,
            ..Source::named("a.csv")
        };
        read(&source, Path::new("a.csv"), text)
    }

    /// The columns, the numbers and the labels by name that come out.
    fn check(
        text: &str,
        label: Option<&str>,
        columns: &[&str],
        numbers: &[f32],
        labels: &[&str],
    ) -> Samples {
        let table = load(text.as_bytes(), label, false).expect(text).train;
        let mut found = Vec::new();
        table
            .read(0..table.len(), 0.0, &mut found)
            .expect("it is in memory");
        assert_eq!(table.columns(), columns, "{text}");
        assert_eq!(found, numbers, "{text}");
        let names = (0..table.len()).filter_map(|row| table.label(row));
        let names: Vec<_> = names.map(|label| &table.classes()[label]).collect();
        assert_eq!(names, labels, "{text}");
        table
    }

    fn fails(text: &str, label: Option<&str>, message: &str) {
        let error = load(text.as_bytes(), label, false).err().expect(message);
        assert_eq!(error.to_string(), message, "{text}");
    }

    #[test]
    fn any_separator_with_and_without_a_header() {
        for text in [
            "a,b\n1,-2.5\n3e2,.5\n",
            "\u{feff}a,b\r\n1,-2.5\r\n3e2,.5",
            "a; b\n1; -2.5\n\n+3e2; 0.5\n",
            "a\tb\n1\t-2.5\n300\t0.5\n",
            "  a  b\n  1 -2.5\n300  0.5\n",
            "\"a\",\"b\"\n\"1\",\"-2.5\"\n300,0.5\n",
        ] {
            check(text, None, &["a", "b"], &[1.0, -2.5, 300.0, 0.5], &[]);
        }
        check("1,2\n3,4\n", None, &["1", "2"], &[1.0, 2.0, 3.0, 4.0], &[]);
        check("1,2\n", None, &["1", "2"], &[1.0, 2.0], &[]);
        check("7\n8\n", None, &["1"], &[7.0, 8.0], &[]);
        // Years are numbers, but `id` is none, and below it stands one.
        check("id,2019\n1,5\n", None, &["id", "2019"], &[1.0, 5.0], &[]);
        // A hole in the second row makes no names of numbers.
        check(
            "1,red\n2,red\n",
            Some("2"),
            &["1"],
            &[1.0, 2.0],
            &["red", "red"],
        );
        let parts = load(b"1,red\n2,\n", Some("2"), true).expect("one row is good");
        assert_eq!((parts.train.len(), parts.skipped.len()), (1, 1));
        check(",a\n0,5\n", None, &["1", "a"], &[0.0, 5.0], &[]);
    }

    #[test]
    fn the_label_becomes_sorted_classes() {
        let iris = "5.1,3.5,setosa\n4.9,3,versicolor\n5,3,setosa\n";
        let numbers = [5.1, 3.5, 4.9, 3.0, 5.0, 3.0];
        let labels = ["setosa", "versicolor", "setosa"];
        check(iris, Some("3"), &["1", "2"], &numbers, &labels);
        let named = format!("a,b,kind\n{iris}");
        for label in ["kind", "3"] {
            check(&named, Some(label), &["a", "b"], &numbers, &labels);
        }
        let table = check(
            "y x\n10 1\n9 2\n-1 3\n",
            Some("y"),
            &["x"],
            &[1.0, 2.0, 3.0],
            &["10", "9", "-1"],
        );
        assert_eq!(table.classes(), ["-1", "9", "10"]);
        // The name of a column goes before its number.
        check(
            "a,1\n5,6\n7,8\n",
            Some("1"),
            &["a"],
            &[5.0, 7.0],
            &["6", "8"],
        );
    }

    #[test]
    fn what_is_no_number_is_named_with_its_line_and_column() {
        for (text, message) in [
            (
                "a,kind\n\n1,red\n",
                "`a.csv:3`: expected a number in column `kind`, found `red` (a column of classes goes to `--label kind`)",
            ),
            (
                "1,2,red\n3,4,blue\n",
                "`a.csv:1`: expected a number in column `3`, found `red` (a column of classes goes to `--label 3`)",
            ),
            (
                "a,b\r\n1,2\r\n3,\r\n",
                "`a.csv:3`: expected a number in column `b`, found an empty field",
            ),
            (
                "a,b\n1,NaN\n",
                "`a.csv:2`: expected a finite number in column `b`, found `NaN`",
            ),
            (
                "a,b\n1,-inf\n",
                "`a.csv:2`: expected a finite number in column `b`, found `-inf`",
            ),
            (
                "a,b\n1,1e39\n",
                "`a.csv:2`: expected a number within ±3.4028235e38 in column `b`, found `1e39`",
            ),
            (
                "a,b\n1,2\n1\n",
                "`a.csv:3`: expected 2 fields as in line 1, found 1",
            ),
            (
                "a,b\n1,\"2\n3,4\n",
                "`a.csv:2`: expected rows of fields, found a quote that is not closed",
            ),
            (
                "",
                "`a.csv`: expected a table of numbers, found an empty file",
            ),
            ("a,b\n", "`a.csv`: expected a row of numbers, found none"),
        ] {
            fails(text, None, message);
        }
        fails(
            "1,red\n2,\n",
            Some("2"),
            "`a.csv:2`: expected a label, found an empty field",
        );
        fails(
            "1\n2\n",
            Some("1"),
            "`a.csv`: expected a column beside the label, found none",
        );
        fails(
            "a,b\n1,2\n",
            Some("c"),
            "`label` of `a.csv`: expected one of `a`, `b`, or a column by its number, 1 to 2, found `c`",
        );
        fails(
            "1,2\n",
            Some("0"),
            "`label` of `a.csv`: expected a column by its number, 1 to 2, found `0`",
        );
    }

    fn load_target(
        text: &str,
        label: Option<&str>,
        column: &str,
        kind: TargetKind,
        skip_bad: bool,
    ) -> Result<Parts, Error> {
        let source = Source {
            label: label.map(str::to_owned),
            target: Some(TargetColumn {
                column: column.to_owned(),
                kind,
            }),
            skip_bad,
            ..Source::named("a.csv")
        };
        read(&source, Path::new("a.csv"), text.as_bytes())
    }

    fn refuses(parts: Result<Parts, Error>, message: &str) {
        let error = parts.err().expect(message);
        assert_eq!(error.to_string(), message);
    }

    const HOUSES: &str = "rooms,price,kind\n3,1.5,1\n4,-2e2,2.0\n5,7,+1\n";

    #[test]
    fn numbers_to_predict_are_no_input() {
        let numbers = "rooms,price\n3,1.5\n4,-2e2\n";
        for column in ["price", "2"] {
            let parts = load_target(numbers, None, column, TargetKind::Numbers, false);
            let train = parts.expect("it has numbers").train;
            assert_eq!(train.columns(), ["rooms"]);
            assert_eq!(train.target_columns(), ["price"]);
            assert_eq!(train.target_row(0), Some(&[1.5][..]));
            assert_eq!(train.target_row(1), Some(&[-200.0][..]));
            assert_eq!((train.label(0), train.caption(1)), (None, "1"));
        }
        let parts = load_target("1,2\n3,4\n", None, "1", TargetKind::Numbers, false);
        let train = parts.expect("it has numbers").train;
        assert_eq!(
            (train.columns(), train.target_columns()),
            (&["2".to_owned()][..], &["1".to_owned()][..])
        );
        assert_eq!(train.target_row(1), Some(&[3.0][..]));
    }

    #[test]
    fn a_whole_number_is_the_same_class_in_every_spelling() {
        let parts = load_target(HOUSES, None, "kind", TargetKind::Classes, false);
        let train = parts.expect("it has classes").train;
        assert_eq!(train.columns(), ["rooms", "price"]);
        assert_eq!(
            (train.classes(), train.class_counts()),
            (&["1".to_owned(), "2".to_owned()][..], vec![2, 1])
        );
        assert_eq!([0, 1, 2].map(|row| train.label(row)), [0, 1, 0].map(Some));
        assert_eq!(train.caption(1), "2");
        let words = load_target("a,b\n1,red\n2,3\n", None, "b", TargetKind::Classes, false);
        assert_eq!(
            words.expect("a word is a class").train.classes(),
            ["3", "red"]
        );
    }

    #[test]
    fn a_number_with_a_fraction_is_no_class_and_the_message_says_what_it_is_for() {
        for skip_bad in [false, true] {
            let parts = load_target(
                "a,price\n1,2\n3,2.75\n",
                None,
                "price",
                TargetKind::Classes,
                skip_bad,
            );
            let error = parts.err().expect("a fraction");
            assert_eq!(
                error.to_string(),
                "`a.csv:3`: expected a class (a word or a whole number) in column `price`, found `2.75`"
            );
            let hint =
                "a number to predict is for regression: take the column as numbers, not as classes";
            assert_eq!(error.hint().as_deref(), Some(hint));
        }
        // A plain label stays a class as it stands there.
        check("a,b\n1,2.75\n", Some("b"), &["a"], &[1.0], &["2.75"]);
    }

    #[test]
    fn targets_that_are_not_there_are_named_with_their_line() {
        for (text, kind, message) in [
            (
                "a,y\n1,\n",
                TargetKind::Numbers,
                "`a.csv:2`: expected a number in column `y`, found an empty field",
            ),
            (
                "a,y\n1,2\n1,red\n",
                TargetKind::Numbers,
                "`a.csv:3`: expected a number in column `y`, found `red`",
            ),
            (
                "a,y\n1,inf\n",
                TargetKind::Numbers,
                "`a.csv:2`: expected a finite number in column `y`, found `inf`",
            ),
            (
                "a,y\n1,\n",
                TargetKind::Classes,
                "`a.csv:2`: expected a class (a word or a whole number) in column `y`, found an empty field",
            ),
            (
                "a,y\n1,NaN\n",
                TargetKind::Classes,
                "`a.csv:2`: expected a class (a word or a whole number) in column `y`, found `NaN`",
            ),
            (
                "y\n1\n",
                TargetKind::Numbers,
                "`a.csv`: expected a column beside the target, found none",
            ),
            (
                "a,b\n1,2\n",
                TargetKind::Classes,
                "`target` of `a.csv`: expected one of `a`, `b`, or a column by its number, 1 to 2, found `y`",
            ),
        ] {
            refuses(load_target(text, None, "y", kind, false), message);
        }
        let text = "a,y\n1,2\n3,\n5,x\n7,8\n";
        let parts = load_target(text, None, "y", TargetKind::Numbers, true).expect("two are good");
        assert_eq!(parts.train.len(), 2);
        assert_eq!(parts.train.target_row(1), Some(&[8.0][..]));
        assert_eq!(
            parts.skipped[1],
            "a.csv:4: expected a number in column `y`, found `x`"
        );
    }

    #[test]
    fn label_and_target_are_one_column_or_refused() {
        for label in ["kind", "3"] {
            let parts = load_target(HOUSES, Some(label), "kind", TargetKind::Classes, false);
            assert_eq!(parts.expect("one column").train.classes(), ["1", "2"]);
        }
        refuses(
            load_target(HOUSES, Some("kind"), "price", TargetKind::Numbers, false),
            "`target` of `a.csv`: expected the column of `label`, or no `label`, found `price` beside the label `kind`",
        );
    }

    #[test]
    fn bad_rows_are_left_out_and_listed_where_allowed() {
        let text = b"a,b,y\n1,2,x\n3,,x\n4\n5,6,z\n7,8,\n";
        let parts = load(text, Some("y"), true).expect("two rows are good");
        let mut numbers = Vec::new();
        parts
            .train
            .read(0..2, 0.0, &mut numbers)
            .expect("in memory");
        assert_eq!(numbers, [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(parts.train.classes(), ["x", "z"]);
        assert_eq!(
            parts.skipped,
            [
                "a.csv:3: expected a number in column `b`, found an empty field",
                "a.csv:4: expected 3 fields as in line 1, found 1",
                "a.csv:6: expected a label, found an empty field",
            ]
        );
        let error = load(b"a\nx\ny\n", None, true)
            .err()
            .expect("no row is good");
        assert_eq!(
            error.to_string(),
            "`a.csv`: expected a row of numbers, found none among 2, a.csv:2: expected a number in column `a`, \
             found `x` (a column of classes goes to `--label a`)"
        );
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let valid = b"a,\"b\"\"c\",kind\r\n1,2.5,red\r\n-3e2,4,\"blue, dark\"\r\n5,6,7\r\n";
        let mut random = crate::test_random::random();
        for _ in 0..20_000 {
            let mut bytes = valid.to_vec();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                match random(3) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes[at] = b",;\t \"\r\n0.e-\0"[random(12)],
                    _ => bytes.truncate(at.max(1)),
                }
            }
            for label in [None, Some("kind"), Some("3")] {
                let _ = load(&bytes, label, random(2) == 0);
            }
            let text = String::from_utf8_lossy(&bytes);
            for kind in [TargetKind::Classes, TargetKind::Numbers] {
                let _ = load_target(&text, None, "3", kind, random(2) == 0);
            }
        }
    }
}
