//! Tables of numbers in text: one row a line, its fields separated by commas, semicolons, tabs or blanks.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use crate::catalogue::{Parts, Source};
use crate::error::unreadable;
use crate::rows::{Row, Rows, Separator, shown};
use crate::{Error, Facts, Samples};

/// As much of a file is looked at to tell its separator.
const START: u64 = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Loads a table from a text file in UTF-8.
///
/// The first row is a header where the label's name stands in it, where it has texts and no number, or where a column has a
/// text in it and a number in the second row. So rows of numbers that end with a word are data from the first on, read with
/// `--label` or refused with a message that names it.
///
/// The column called `source.label` (or, where there is no such name, the one with this number, counted from 1) becomes
/// the classes, sorted as numbers where all of them are numbers, otherwise as texts. Every other field must be a finite
/// number; a row that breaks this is an error, or left out and listed where `source.skip_bad` says so.
///
/// # Errors
/// [`Error::Content`] with the line, [`Error::Selection`] for a label that is no column, or [`Error::Io`].
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
}

impl Rule {
    fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self {
            expected: expected.into(),
            found: found.into(),
        }
    }

    fn broken(self, origin: &str, line: u64) -> Error {
        self.broken_file(&format!("{origin}:{line}"))
    }

    fn broken_file(self, origin: &str) -> Error {
        Error::Content {
            origin: origin.to_owned(),
            expected: self.expected,
            found: self.found,
        }
    }
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
    /// The place of the label among the columns.
    label: Option<usize>,
    numbers: Vec<f32>,
    classes: Classes,
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
        let wanted = source.label.as_deref();
        let named = wanted.and_then(|name| texts.iter().position(|text| text == name));
        let by_name = named.filter(|&place| !is_number(texts[place].as_bytes()));
        let header = by_name.is_some() || is_header(first, second);
        let label = match wanted {
            Some(_) if header && named.is_some() => named,
            Some(wanted) => Some(place(
                source,
                wanted,
                header.then_some(&texts),
                first.len(),
            )?),
            None => None,
        };
        let name = |(place, text): (usize, &std::borrow::Cow<str>)| match header && !text.is_empty()
        {
            true => text.to_string(),
            false => (place + 1).to_string(),
        };
        Ok(Self {
            origin,
            header,
            line: first.line,
            names: texts.iter().enumerate().map(name).collect(),
            label,
            numbers: Vec::new(),
            classes: Classes::default(),
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
        if !self.skip_bad {
            return Err(rule.broken(&self.origin, row.line));
        }
        self.numbers.truncate(before);
        let Rule { expected, found } = rule;
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
        let mut label = None;
        for (place, field) in row.fields().enumerate() {
            if Some(place) == self.label {
                label = Some(field);
                continue;
            }
            match number(field) {
                Some(number) => self.numbers.push(number),
                None => return Err(self.no_number(place, field)),
            }
        }
        match label {
            Some([]) => Err(Rule::new("a label", shown(b""))),
            Some(label) => self.classes.push(&String::from_utf8_lossy(label)),
            None => Ok(()),
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
            None if self.label.is_none() && !field.is_empty() => {
                rule.found += &format!(" (a column of classes goes to `--label {name}`)");
            }
            None => {}
        }
        rule
    }

    fn finish(self, source: &Source) -> Result<Parts, Error> {
        let width = self.names.len() - usize::from(self.label.is_some());
        if width == 0 {
            let rule = Rule::new("a column beside the label", "none");
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
        let columns = self.names.into_iter().enumerate();
        let columns = columns.filter(|&(place, _)| Some(place) != self.label);
        let facts = Facts {
            name: source.name.clone(),
            captions: Vec::new(),
            labels,
            classes,
        };
        let mut numbers = self.numbers;
        numbers.shrink_to_fit();
        Ok(Parts {
            train: Samples::table(facts, columns.map(|(_, name)| name).collect(), numbers)?,
            test: None,
            skipped: self.skipped,
        })
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

/// The place of the label column that is called by its number.
fn place(
    source: &Source,
    wanted: &str,
    names: Option<&Vec<std::borrow::Cow<str>>>,
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
            Err(Error::Selection {
                field: "label",
                set: source.name.clone(),
                expected,
                found: format!("`{wanted}`"),
            })
        }
    }
}

/// The first names, in backticks.
fn listed(names: &[std::borrow::Cow<str>]) -> String {
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

/// Labels as they come, and their classes.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// Each class and its number in the order of appearance.
    known: HashMap<String, u16>,
    labels: Vec<u16>,
}

impl Classes {
    /// The most classes that labels can tell apart.
    const MOST: usize = 1 << 16;

    fn push(&mut self, name: &str) -> Result<(), Rule> {
        let label = match self.known.get(name) {
            Some(&label) => label,
            None => {
                let Ok(label) = u16::try_from(self.known.len()) else {
                    let found = format!("another, {}", shown(name.as_bytes()));
                    return Err(Rule::new(format!("at most {} classes", Self::MOST), found));
                };
                self.known.insert(name.to_owned(), label);
                label
            }
        };
        self.labels.push(label);
        Ok(())
    }

    /// Takes in labels that are no text.
    ///
    /// # Errors
    /// [`Error::Content`] where there are more than 65,536 classes.
    pub(crate) fn extend(
        &mut self,
        origin: &str,
        labels: impl IntoIterator<Item = String>,
    ) -> Result<(), Error> {
        labels
            .into_iter()
            .try_for_each(|label| self.push(&label))
            .map_err(|rule| rule.broken_file(origin))
    }

    /// The labels as places among the sorted classes, and the classes: sorted as numbers where all of them are numbers.
    pub(crate) fn sorted(self) -> (Vec<u16>, Vec<String>) {
        let mut classes: Vec<_> = self.known.into_iter().collect();
        if classes.iter().all(|(name, _)| is_number(name.as_bytes())) {
            let value = |name: &str| parse(name.as_bytes()).unwrap_or(f64::NAN);
            classes.sort_by(|(a, _), (b, _)| match value(a).total_cmp(&value(b)) {
                Ordering::Equal => a.cmp(b),
                order => order,
            });
        } else {
            classes.sort();
        }
        let mut places = vec![0; classes.len()];
        for (place, (_, label)) in (0..=u16::MAX).zip(&classes) {
            places[usize::from(*label)] = place;
        }
        let labels = self.labels.iter().map(|&label| places[usize::from(label)]);
        (
            labels.collect(),
            classes.into_iter().map(|(name, _)| name).collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut random = crate::damage::random();
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
        }
    }
}
