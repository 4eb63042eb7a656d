//! Tables in text whose missing cells are written in, while every other byte stays what it was.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::cells::{Cell, Writing};
use super::places::{Places, is_blank};
use super::sample::Sample;
use super::{BYTE_ORDER_MARK, GZIP, START, read};
use crate::catalogue::{selected, text_path};
use crate::delimited_text::{Separator, shown};
use crate::error::{content_of as content, unreadable};
use crate::source::{Loaded, Source};
use crate::{Error, columns};

/// A table in text with all of its bytes, unpacked where they were packed.
#[derive(Clone, Debug)]
pub struct TextTable {
    source: Source,
    path: PathBuf,
    bytes: Vec<u8>,
    /// Whether the bytes came packed by gzip.
    packed: bool,
}

/// What is written into a missing cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledCell {
    /// The number of its row among all rows of the file, counted from 0, as [`Samples::row`](crate::Samples::row) has it.
    pub row: u64,
    /// The place of its column in the file, counted from 0.
    pub column: usize,
    /// A number as Rust writes it, or a word.
    pub text: String,
    /// Whether it is a number, which gets a decimal comma where the file has such.
    pub is_number: bool,
}

impl TextTable {
    /// Reads all bytes of the table that `source` names; `-` is standard input.
    ///
    /// # Errors
    /// [`Error::Content`] where it is no table in text, [`Error::Io`] where it cannot be read, and those of
    /// [`load`](crate::load) where there is nothing of this name.
    pub fn open(source: Source) -> Result<Self, Error> {
        let path = text_path(&source)?.to_owned();
        let reading = |failure| unreadable(&path, failure);
        let mut bytes = Vec::new();
        match path == Path::new("-") {
            true => io::stdin().lock().read_to_end(&mut bytes),
            false => File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)),
        }
        .map_err(reading)?;
        let packed = bytes.starts_with(GZIP);
        if packed {
            let mut unpacked = Vec::new();
            let read = MultiGzDecoder::new(&bytes[..]).read_to_end(&mut unpacked);
            read.map_err(reading)?;
            bytes = unpacked;
        }
        Ok(Self {
            source,
            path,
            bytes,
            packed,
        })
    }

    /// The bytes of the table.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the bytes came packed by gzip.
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// The samples of the table, as [`load`](crate::load) gives them.
    ///
    /// # Errors
    /// Those of [`load`](crate::load).
    pub fn load(&self) -> Result<Loaded, Error> {
        let length = Some(self.bytes.len() as u64);
        let frame = read(&self.source, &self.path, Cursor::new(&self.bytes), length)?;
        selected(&self.source, columns::parts(&self.source, frame, None)?)
    }

    /// The bytes of the table with these cells written in, which are missing and come by row, then by column. Delimiters, quotes, blanks, line ends, comments,
    /// and all other cells stay as they are.
    ///
    /// # Errors
    /// [`Error::Content`] for a cell that is not there or not missing, and for a word that a table without quotes cannot hold.
    pub fn refill(&self, cells: &[FilledCell]) -> Result<Vec<u8>, Error> {
        let text = &self.bytes[..];
        let start = &text[..text.len().min(START as usize)];
        let mark = if start.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len()
        } else {
            0
        };
        let sample = Sample::of(&start[mark..], start.len() < START as usize, &self.source);
        let width = sample.rows.first().map_or(0, |row| row.len());
        let mut places = Places::new(text, mark, sample.separator);
        let mut is_header = sample.header;
        let (mut out, mut copied, mut row) = (Vec::with_capacity(text.len()), 0, 0);
        let mut cells = cells.iter().peekable();
        while let (Some(next), Some(fields)) = (cells.peek().copied(), places.next()) {
            let is_data = !std::mem::take(&mut is_header) && !is_blank(text, fields, width);
            if !is_data {
                continue;
            }
            while let Some(cell) = cells.next_if(|cell| cell.row == row) {
                let field = fields
                    .get(cell.column)
                    .cloned()
                    .ok_or_else(|| self.not_there(next))?;
                out.extend_from_slice(&text[copied..field.start]);
                let written = self.written(&text[field.clone()], cell, &sample)?;
                out.extend_from_slice(&written);
                copied = field.end;
            }
            row += 1;
        }
        if let Some(cell) = cells.next() {
            return Err(self.not_there(cell));
        }
        out.extend_from_slice(&text[copied..]);
        Ok(out)
    }

    fn not_there(&self, cell: &FilledCell) -> Error {
        let expected = format!("a cell in row {}, column {}", cell.row, cell.column + 1);
        content(&self.origin(), expected, "none")
    }

    fn origin(&self) -> String {
        match self.path.to_str() {
            Some("-") => "standard input".to_owned(),
            _ => self.path.display().to_string(),
        }
    }

    /// A field with its value written in, blanks and quotes around it as they were.
    fn written(&self, field: &[u8], cell: &FilledCell, sample: &Sample) -> Result<Vec<u8>, Error> {
        let (inside, in_quotes) = inside(field, sample.separator);
        let is_odd =
            !in_quotes && sample.separator != Separator::Blanks && field.starts_with(b"\"");
        let is_missing = match is_odd {
            true => is_missing(&sample.writing, &without_quotes(field)),
            false => is_missing(&sample.writing, &field[inside.clone()]),
        };
        if !is_missing {
            let expected = format!("a missing cell in row {}", cell.row);
            return Err(content(&self.origin(), expected, shown(field)));
        }
        let text = match cell.is_number && sample.writing.decimal_comma {
            true => cell.text.replace('.', ","),
            false => cell.text.clone(),
        };
        let Separator::Byte(separator) = sample.separator else {
            if text.is_empty() || text.contains(char::is_whitespace) || text.starts_with('#') {
                let expected = format!("a word without blanks for row {}", cell.row);
                return Err(content(&self.origin(), expected, shown(text.as_bytes())));
            }
            return Ok(text.into_bytes());
        };
        let (before, after) = (&field[..inside.start], &field[inside.end..]);
        Ok(match (in_quotes, needs_quotes(&text, separator)) {
            (true, _) => [before, text.replace('"', "\"\"").as_bytes(), after].concat(),
            (false, false) => [before, text.as_bytes(), after].concat(),
            // A quote counts as one where it opens the field: what stands before it would make it a character.
            (false, true) => format!("\"{}\"", text.replace('"', "\"\"")).into_bytes(),
        })
    }
}

/// Reads bytes as a table and fills its missing cells, and asserts that nothing else changes.
pub(crate) fn try_refill(bytes: &[u8]) -> Result<(), Error> {
    let table = TextTable {
        source: Source::named("bytes"),
        path: PathBuf::from("bytes"),
        bytes: bytes.to_vec(),
        packed: false,
    };
    assert_eq!(
        table.refill(&[])?,
        bytes,
        "without cells to fill it comes back"
    );
    let loaded = table.load()?;
    let mut cells = Vec::new();
    for at in 0..loaded.train.len() {
        for (column, facts) in loaded.columns.iter().enumerate() {
            let mut cell = facts
                .values
                .clone()
                .take(1)
                .flat_map(|value| loaded.train.column(value).nth(at));
            if cell.next().is_some_and(f64::is_nan) {
                cells.push(FilledCell {
                    row: loaded.train.row(at),
                    column,
                    text: "1".to_owned(),
                    is_number: true,
                });
            }
        }
    }
    let filled = table.refill(&cells).expect("they are there, and missing");
    let digits = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'1').count();
    assert!(digits(&filled) >= digits(bytes), "each cell is filled");
    Ok(())
}

/// Whether the inside of a field is a missing cell in a column of any kind.
fn is_missing(writing: &Writing, inside: &[u8]) -> bool {
    writing.is_missing(inside) || writing.cell(inside) == Cell::Missing
}

/// Whether a word has to stand in quotes.
fn needs_quotes(text: &str, separator: u8) -> bool {
    let is_special = |byte| [separator, b'"', b'\n', b'\r'].contains(&byte);
    text.trim() != text || text.starts_with('#') || text.bytes().any(is_special)
}

/// The text of a field whose closing quote is not its end, as in `"N"A`.
fn without_quotes(field: &[u8]) -> Vec<u8> {
    let quoted = &field[1..];
    let end = closing_quote(quoted).unwrap_or(quoted.len());
    let inside = &quoted[..end];
    let after = quoted.get(end + 1..).unwrap_or_default();
    let text = [inside, after].concat();
    text.trim_ascii().to_vec()
}

/// Where in a field its text stands, without the blanks around it, and whether quotes stand around these.
fn inside(field: &[u8], separator: Separator) -> (Range<usize>, bool) {
    let quoted = field
        .strip_prefix(b"\"")
        .filter(|_| separator != Separator::Blanks);
    let closed = quoted.and_then(|quoted| Some((quoted, closing_quote(quoted)?)));
    match closed.filter(|(quoted, end)| quoted[end + 1..].trim_ascii().is_empty()) {
        Some((quoted, end)) => {
            let trimmed = trimmed(&quoted[..end]);
            (1 + trimmed.start..1 + trimmed.end, true)
        }
        None => (trimmed(field), false),
    }
}

/// The place of the quote that closes a field, of which two quotes in a row are one character.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text[at..].iter().position(|&byte| byte == b'"')?;
        match text.get(at + 1) {
            Some(b'"') => at += 2,
            _ => return Some(at),
        }
    }
}

/// The part of a text without the blanks around it; its end where it is all blank.
fn trimmed(text: &[u8]) -> Range<usize> {
    let start = text.len() - text.trim_ascii_start().len();
    start..start + text[start..].trim_ascii_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str, missing: &[&str]) -> TextTable {
        TextTable {
            source: Source {
                missing: missing.iter().map(|&word| word.to_owned()).collect(),
                ..Source::named("a.csv")
            },
            path: "a.csv".into(),
            bytes: text.as_bytes().to_vec(),
            packed: false,
        }
    }

    fn cell(row: u64, column: usize, text: &str) -> FilledCell {
        FilledCell {
            row,
            column,
            text: text.to_owned(),
            is_number: text.parse::<f64>().is_ok(),
        }
    }

    /// Writes cells into a text, and holds it against another.
    fn check(text: &str, cells: &[(u64, usize, &str)], expected: &str) {
        let cells: Vec<_> = cells
            .iter()
            .map(|(row, column, word)| cell(*row, *column, word))
            .collect();
        let found = table(text, &[]).refill(&cells).expect(text);
        assert_eq!(String::from_utf8(found).expect("text"), expected);
    }

    #[test]
    fn only_the_cells_asked_for_change() {
        check(
            "a,b\n1,\n,4\n",
            &[(0, 1, "2.5"), (1, 0, "3")],
            "a,b\n1,2.5\n3,4\n",
        );
        check("a,b\n1,2\n", &[], "a,b\n1,2\n");
        // Windows line ends, a mark of the byte order, no line end at the end.
        check(
            "\u{feff}a,b\r\n1,NA\r\n\r\n5,",
            &[(0, 1, "2"), (1, 1, "6")],
            "\u{feff}a,b\r\n1,2\r\n\r\n5,6",
        );
        // Blanks and quotes stay where they were.
        check(
            "a, b ,c\n1, NA ,\"x\"\n2,  ,\"?\"\n",
            &[(0, 1, "7"), (1, 1, "8"), (1, 2, "y")],
            "a, b ,c\n1, 7 ,\"x\"\n2,  8,\"y\"\n",
        );
        check(
            "a;b\n1,5;\n;2,5\n",
            &[(0, 1, "0.25"), (1, 0, "-3")],
            "a;b\n1,5;0,25\n-3;2,5\n",
        );
        check("a\tb\n1\tnull\n", &[(0, 1, "2")], "a\tb\n1\t2\n");
        check(
            "  a   b\n  1  NA\n# note NA\n NaN  4 \n",
            &[(0, 1, "2"), (1, 0, "3")],
            "  a   b\n  1  2\n# note NA\n 3  4 \n",
        );
        // Comments and blank lines are no rows; a field of two lines is one row.
        check(
            "# from, here\na,b\n# more\n\"two\nlines\",\n\n,3\n",
            &[(0, 1, "1"), (1, 0, "x")],
            "# from, here\na,b\n# more\n\"two\nlines\",1\n\nx,3\n",
        );
        // Rows without a header.
        check("1,2\n,4\n", &[(1, 0, "3")], "1,2\n3,4\n");
    }

    #[test]
    fn words_stand_in_quotes_where_they_have_to() {
        check(
            "a,b\n1,\n2,\"\"\n3,  \n",
            &[(0, 1, "x,y"), (1, 1, "5\" pipe"), (2, 1, "#1")],
            "a,b\n1,\"x,y\"\n2,\"5\"\" pipe\"\n3,\"#1\"\n",
        );
        let error = table("a b\n1 NA\n", &[])
            .refill(&[cell(0, 1, "two words")])
            .expect_err("no quotes there");
        assert_eq!(
            error.to_string(),
            "`a.csv`: expected a word without blanks for row 0, found `two words`"
        );
    }

    #[test]
    fn what_is_known_is_never_overwritten() {
        for (row, column, message) in [
            (0, 0, "`a.csv`: expected a missing cell in row 0, found `1`"),
            (
                0,
                5,
                "`a.csv`: expected a cell in row 0, column 6, found none",
            ),
            (
                9,
                0,
                "`a.csv`: expected a cell in row 9, column 1, found none",
            ),
        ] {
            let error = table("a,b\n1,\n", &[])
                .refill(&[cell(row, column, "2")])
                .expect_err(message);
            assert_eq!(error.to_string(), message);
        }
        let filled = table("a,b\n1,-999\n", &["-999"]).refill(&[cell(0, 1, "2")]);
        assert_eq!(filled.expect("it is missing"), b"a,b\n1,2\n");
    }

    /// Random bytes of the characters that matter.
    #[test]
    fn any_text_is_filled_or_refused() {
        let mut random = crate::test_random::random();
        let mut filled = 0;
        for _ in 0..4000 {
            let length = random(40);
            let text: Vec<u8> = (0..length)
                .map(|_| b"a1,,,NA\"\"\n\n\r #?"[random(15)])
                .collect();
            filled += usize::from(try_refill(&text).is_ok());
        }
        assert!(filled > 100, "{filled}");
    }

    /// Whatever the text: without cells it comes back, and with all of its missing cells written in none is missing any more.
    #[test]
    fn a_filled_table_reads_as_one_without_holes() {
        let mut random = crate::test_random::random();
        let mut filled = 0;
        for _ in 0..3000 {
            let rows = 1 + random(4);
            let mut text = "a,b,c\n".to_owned();
            for _ in 0..rows {
                let fields: Vec<&str> = (0..3)
                    .map(|_| ["1", "2.5", "", " NA", "\"\"", "\"3\"", "\" ? \"", "-4 "][random(8)])
                    .collect();
                text += &fields.join(",");
                text += ["\n", "\r\n", "\n\n", "\n# x,\n"][random(4)];
            }
            let table = table(&text, &[]);
            assert_eq!(table.refill(&[]).expect("it is text"), text.as_bytes());
            let Ok(loaded) = table.load() else {
                continue;
            };
            let cells: Vec<FilledCell> = (0..loaded.train.len())
                .flat_map(|at| {
                    let facts = loaded
                        .columns
                        .iter()
                        .enumerate()
                        .filter(|(_, facts)| !facts.values.is_empty());
                    let missing = |facts: &crate::ColumnFacts| {
                        loaded
                            .train
                            .column(facts.values.start)
                            .nth(at)
                            .is_some_and(f64::is_nan)
                    };
                    let places = facts
                        .filter(|(_, facts)| missing(facts))
                        .map(|(place, _)| place);
                    places
                        .map(|place| cell(loaded.train.row(at), place, "7.25"))
                        .collect::<Vec<_>>()
                })
                .collect();
            filled += cells.len();
            let bytes = table.refill(&cells).expect("they are missing");
            let again = TextTable {
                bytes,
                ..table.clone()
            }
            .load()
            .expect("it is a table");
            for (place, facts) in loaded
                .columns
                .iter()
                .enumerate()
                .filter(|(_, facts)| !facts.values.is_empty())
            {
                let at = again.columns[place].values.start;
                let pairs = loaded
                    .train
                    .column(facts.values.start)
                    .zip(again.train.column(at));
                pairs.for_each(|(before, after)| {
                    assert_eq!(after, if before.is_nan() { 7.25 } else { before }, "{text}")
                });
            }
        }
        assert!(filled > 3000, "{filled}");
    }
}
