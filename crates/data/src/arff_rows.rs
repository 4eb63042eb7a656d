//! The rows of an ARFF file, dense or sparse, as columns.

use std::collections::HashMap;

use crate::arff_line::{Line, OpenQuote};
use crate::delimited_text::shown;
use crate::error::content_of;
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::frame_size::FrameSize;
use crate::source::Source;
use crate::{Error, RowNumbers};

/// A column as it is declared.
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What the values of a column are.
pub(crate) enum Kind {
    Number,
    /// One of these words.
    Nominal(Vec<String>),
    /// Any word.
    Word,
}

/// A table as its rows come in.
pub(crate) struct Rows {
    origin: String,
    columns: Vec<Growing>,
    places: RowNumbers,
    /// The number of each row among all rows.
    rows: RowNumbers,
    skip_bad: bool,
    skipped: Vec<String>,
    size: FrameSize,
    /// The row that is being read, kept for its room.
    row: Vec<Value>,
}

/// A column as it grows.
struct Growing {
    name: String,
    kind: Kind,
    numbers: Vec<f64>,
    codes: Vec<u32>,
    /// The words known so far, and their codes.
    known: HashMap<String, u32>,
}

/// A value that keeps the rules of its column.
#[derive(Clone)]
enum Value {
    Number(f64),
    Code(u32),
    /// A word that may be new.
    Word(String),
}

/// What belongs in a place, and what is there.
type Broken = (String, String);

impl Rows {
    /// No rows as yet, of a file of so many bytes.
    pub(crate) fn new(
        source: &Source,
        origin: String,
        attributes: Vec<Attribute>,
        bytes: u64,
    ) -> Self {
        Self {
            size: FrameSize::of_file(&origin, bytes),
            origin,
            columns: attributes.into_iter().map(Growing::new).collect(),
            places: RowNumbers::default(),
            rows: RowNumbers::default(),
            skip_bad: source.skip_bad,
            skipped: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Takes a row in, or leaves it out where that is allowed.
    pub(crate) fn take(&mut self, number: u64, text: &str) -> Result<(), Error> {
        self.size.add(self.columns.len() as u64 * 8)?;
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        let read = match Line::new(text) {
            line if line.rest().starts_with('{') => self.sparse(line, &mut row),
            line => self.dense(line, &mut row),
        };
        match read {
            Ok(()) => {
                self.rows
                    .push((self.places.len() + self.skipped.len()) as u64);
                self.places.push(number);
                let columns = self.columns.iter_mut().zip(row.drain(..));
                columns.for_each(|(column, value)| column.push(value));
            }
            Err((expected, found)) if self.skip_bad => {
                let at = format!("{}:{number}", self.origin);
                self.skipped
                    .push(format!("{at}: expected {expected}, found {found}"));
            }
            Err((expected, found)) => {
                let at = format!("{}:{number}", self.origin);
                return Err(content_of(&at, expected, found));
            }
        }
        self.row = row;
        Ok(())
    }

    /// A value for each column, with commas between them or, where there is no comma, blanks.
    fn dense(&self, mut line: Line, row: &mut Vec<Value>) -> Result<(), Broken> {
        let with_commas = self.columns.len() == 1 || has_comma(line)?;
        let mut count = 0;
        loop {
            let word = match with_commas {
                true => line.value(&[])?,
                false => line.word(&[])?,
            };
            if let Some(column) = self.columns.get(count) {
                row.push(column.value(&word.text, word.is_quoted)?);
            }
            count += 1;
            let more = match with_commas {
                true => line.eat(','),
                false => !line.is_done(),
            };
            if !more || (count == self.columns.len() && is_weight(line)) {
                break;
            }
        }
        if !line.is_done() && !is_weight(line) {
            return Err(("a comma".to_owned(), shown(line.rest().as_bytes())));
        }
        match count == self.columns.len() {
            true => Ok(()),
            false => {
                let expected = format!("{} values, one for each attribute", self.columns.len());
                Err((expected, count.to_string()))
            }
        }
    }

    /// The number of a column, counted from 0, and its value, in braces.
    fn sparse(&self, mut line: Line, row: &mut Vec<Value>) -> Result<(), Broken> {
        row.extend(self.columns.iter().map(Growing::absent));
        let mut given = std::collections::HashSet::new();
        line.eat('{');
        while !line.eat('}') {
            let place = line.word(&[',', '}'])?.text;
            let index: Option<usize> = place.parse().ok();
            let Some((index, column)) =
                index.and_then(|index| Some((index, self.columns.get(index)?)))
            else {
                let last = self.columns.len() - 1;
                let expected = format!("the number of an attribute, 0 to {last}");
                return Err((expected, shown(place.as_bytes())));
            };
            if !given.insert(index) {
                let expected = format!("one value of attribute {index}");
                return Err((expected, "two".to_owned()));
            }
            let word = line.value(&['}'])?;
            row[index] = column.value(&word.text, word.is_quoted)?;
            if !line.eat(',') && !line.rest().starts_with('}') {
                let expected = "a comma or `}` after a value".to_owned();
                let found = match line.is_done() {
                    true => "the end of the line".to_owned(),
                    false => shown(line.rest().as_bytes()),
                };
                return Err((expected, found));
            }
        }
        line.eat(',');
        match line.is_done() || is_weight(line) {
            true => Ok(()),
            false => {
                let expected = "nothing but a weight after `}`".to_owned();
                Err((expected, shown(line.rest().as_bytes())))
            }
        }
    }

    /// All rows that were taken in.
    pub(crate) fn finish(self) -> Frame {
        Frame {
            origin: self.origin,
            columns: self.columns.into_iter().map(Growing::finish).collect(),
            place: Place::Line,
            places: self.places,
            rows: self.rows,
            is_named: true,
            skipped: self.skipped,
        }
    }
}

impl Growing {
    fn new(attribute: Attribute) -> Self {
        let known = match &attribute.kind {
            Kind::Nominal(words) => (0..)
                .zip(words)
                .map(|(code, word)| (word.clone(), code))
                .collect(),
            _ => HashMap::new(),
        };
        Self {
            name: attribute.name,
            kind: attribute.kind,
            numbers: Vec::new(),
            codes: Vec::new(),
            known,
        }
    }

    /// The value that a field stands for.
    fn value(&self, text: &str, is_quoted: bool) -> Result<Value, Broken> {
        let is_missing = text == "?" && !is_quoted;
        let name = &self.name;
        match &self.kind {
            Kind::Number if is_missing => Ok(Value::Number(f64::NAN)),
            Kind::Number => match text.parse() {
                Ok(number) => Ok(Value::Number(number)),
                Err(_) => {
                    let expected = format!("a number or `?` in column `{name}`");
                    Err((expected, shown(text.as_bytes())))
                }
            },
            _ if is_missing => Ok(Value::Code(MISSING)),
            Kind::Nominal(words) => match self.known.get(text) {
                Some(&code) => Ok(Value::Code(code)),
                None => {
                    let expected = format!("{} in column `{name}`", any_of(words));
                    Err((expected, shown(text.as_bytes())))
                }
            },
            Kind::Word => Ok(Value::Word(text.to_owned())),
        }
    }

    /// The value of a column that a sparse row does not name. A string has no zero: it is missing.
    fn absent(&self) -> Value {
        match &self.kind {
            Kind::Number => Value::Number(0.0),
            Kind::Nominal(words) if !words.is_empty() => Value::Code(0),
            Kind::Nominal(_) | Kind::Word => Value::Code(MISSING),
        }
    }

    fn push(&mut self, value: Value) {
        match value {
            Value::Number(number) => self.numbers.push(number),
            Value::Code(code) => self.codes.push(code),
            Value::Word(word) => {
                let next = self.known.len() as u32;
                self.codes.push(*self.known.entry(word).or_insert(next));
            }
        }
    }

    fn finish(self) -> Column {
        let cells = match self.kind {
            Kind::Number => Cells::Numbers(self.numbers),
            Kind::Nominal(names) => Cells::Words(Words {
                codes: self.codes,
                names,
            }),
            Kind::Word => {
                let mut names = vec![String::new(); self.known.len()];
                for (word, code) in self.known {
                    names[code as usize] = word;
                }
                Cells::Words(Words {
                    codes: self.codes,
                    names,
                })
            }
        };
        Column {
            name: self.name,
            cells,
        }
    }
}

/// Whether a comma stands outside quotes.
fn has_comma(mut line: Line) -> Result<bool, Broken> {
    while !line.is_done() {
        line.word(&[','])?;
        if line.rest().starts_with(',') {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what follows is the weight of a row.
fn is_weight(mut line: Line) -> bool {
    line.eat('{')
        && line
            .word(&['}'])
            .is_ok_and(|word| word.text.parse::<f64>().is_ok())
        && line.eat('}')
        && line.is_done()
}

/// The first words, in backticks.
fn any_of(words: &[String]) -> String {
    const MOST: usize = 10;
    let mut list: Vec<_> = words
        .iter()
        .take(MOST)
        .map(|word| shown(word.as_bytes()))
        .collect();
    if words.len() > MOST {
        list.push(format!("... ({} words)", words.len()));
    }
    match words {
        [] => "`?`".to_owned(),
        _ => format!("one of {}", list.join(", ")),
    }
}

impl From<OpenQuote> for Broken {
    fn from(_: OpenQuote) -> Self {
        let expected = "a quote that is closed".to_owned();
        (expected, "none before the end of the line".to_owned())
    }
}
