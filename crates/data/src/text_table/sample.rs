//! What the first rows of a text say of all of them: its separator, its header, and what each column holds.

use std::borrow::Cow;

use super::cells::{Cell, Writing, has_decimal_comma};
use super::records::Records;
use crate::delimited_text::{Row, Separator};
use crate::source::Source;

/// The first rows of a text.
pub(super) struct Sample {
    pub(super) separator: Separator,
    /// How cells are written where further words stand for a missing one.
    pub(super) writing: Writing,
    /// The same without such words.
    pub(super) plain: Writing,
    /// Whether the first row holds the names.
    pub(super) header: bool,
    /// A row of names that stood in a comment above rows without a header, as `# time, x, y`.
    pub(super) commented_names: Option<Vec<String>>,
    pub(super) rows: Vec<Row>,
    /// Whether the text ends with them.
    pub(super) whole: bool,
}

impl Sample {
    /// Looks at the start of a text, which is all of it where it is `whole`. What is wrong with it is told by who reads it all.
    pub(super) fn of(start: &[u8], whole: bool, source: &Source) -> Self {
        let lines = without_comments(start);
        let separator = Separator::of(&lines);
        let mut records = Records::new(start, separator);
        let (mut rows, mut row) = (Vec::new(), Row::default());
        while records.next(&mut row).unwrap_or(false) {
            rows.push(row.clone());
        }
        // The last row may be cut in two.
        if !whole && rows.len() > 1 {
            rows.pop();
        }
        let writing = Writing {
            missing: source.missing.clone(),
            decimal_comma: separator != Separator::Byte(b',')
                && rows.iter().flat_map(Row::fields).any(has_decimal_comma),
        };
        let plain = Writing {
            missing: Vec::new(),
            ..writing.clone()
        };
        let header = match (source.header, rows.first()) {
            (Some(header), _) => header,
            (None, Some(first)) => {
                let second = rows.get(1);
                // The first rules took a row of years for numbers.
                let counts = || source.rules != 1 && is_row_of_years(&writing, first, second);
                is_named(source, first) || is_header(&writing, first, second) || counts()
            }
            (None, None) => false,
        };
        let commented_names = match rows.first() {
            Some(first) if !header => commented_names(start, separator, first.len()),
            _ => None,
        };
        Self {
            separator,
            writing,
            plain,
            header,
            commented_names,
            rows,
            whole,
        }
    }

    /// Whether a column holds words: where hardly any of its known fields is a number. One bad field among numbers is a fault of
    /// its row, not another kind of column.
    pub(super) fn is_words(&self, place: usize, writing: &Writing) -> bool {
        let rows = self.rows.iter().skip(usize::from(self.header));
        let (mut words, mut numbers) = (0, 0);
        for row in rows {
            match row.fields().nth(place).map(|field| writing.cell(field)) {
                Some(Cell::Word) => words += 1,
                Some(Cell::Number(_) | Cell::Infinite) => numbers += 1,
                Some(Cell::Missing) | None => {}
            }
        }
        words > 0 && words >= numbers
    }
}

/// The lines that are no comments.
fn without_comments(start: &[u8]) -> Vec<u8> {
    let lines = start.split_inclusive(|&byte| byte == b'\n');
    let kept = lines.filter(|line| !line.starts_with(b"#"));
    kept.flatten().copied().collect()
}

/// The names in the last comment above the first row, where they are as many as there are columns.
fn commented_names(start: &[u8], separator: Separator, width: usize) -> Option<Vec<String>> {
    let lines = start.split(|&byte| byte == b'\n');
    let comments = lines.take_while(|line| line.starts_with(b"#"));
    let last = comments.last()?.strip_prefix(b"#")?;
    let mut records = Records::new(last, separator);
    let mut row = Row::default();
    let is_row = records.next(&mut row).ok()? && row.len() == width && width > 1;
    let names = row
        .fields()
        .map(|field| String::from_utf8_lossy(field).into_owned());
    is_row.then(|| names.collect())
}

/// Whether a column asked for stands by its name in the first row.
fn is_named(source: &Source, first: &Row) -> bool {
    let target = source.target.as_ref().map(|target| &target.column);
    let asked = source
        .label
        .iter()
        .chain(target)
        .chain(&source.texts.column)
        .chain(source.columns.asked())
        .chain(&source.missing_in);
    let texts: Vec<Cow<str>> = first.fields().map(String::from_utf8_lossy).collect();
    let is_number = |name: &str| name.parse::<f64>().is_ok();
    asked
        .filter(|name| !is_number(name))
        .any(|name| texts.iter().any(|text| text == name))
}

/// Whether the first row names the columns: where it has words and no number, or where a column has a word in it and a number in
/// the second row.
fn is_header(writing: &Writing, first: &Row, second: Option<&Row>) -> bool {
    let is_word = |field: &[u8]| writing.cell(field) == Cell::Word;
    let is_number = |field: &[u8]| matches!(writing.cell(field), Cell::Number(_));
    if !first.fields().any(is_number) {
        return first.fields().any(is_word);
    }
    let below = second.into_iter().flat_map(Row::fields);
    let mut pairs = first.fields().zip(below);
    pairs.any(|(name, below)| is_word(name) && is_number(below))
}

/// Whether the first row counts up evenly, as years do, and the second does not.
fn is_row_of_years(writing: &Writing, first: &Row, second: Option<&Row>) -> bool {
    let counts = |row: &Row| {
        counts_up(row.fields().map(|field| match writing.cell(field) {
            Cell::Number(number) => Some(number),
            _ => None,
        }))
    };
    counts(first) && second.is_some_and(|second| !counts(second))
}

/// Whether these are at least four whole numbers of three and more digits, each one more than that before.
fn counts_up(numbers: impl Iterator<Item = Option<f64>>) -> bool {
    let numbers: Option<Vec<f64>> = numbers.collect();
    numbers.is_some_and(|numbers| {
        numbers.len() >= 4
            && numbers[0] >= 100.0
            && numbers[0].fract() == 0.0
            && numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0)
    })
}
