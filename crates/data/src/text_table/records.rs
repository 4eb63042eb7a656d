//! Records of comma-separated values with the lines that they stand in.
//!
//! The `csv` crate splits the fields. It counts lines from where it stopped reading, which is before the line feed of CR LF and
//! before blank lines, so the lines of messages are counted here, from the bytes that go by.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use crate::delimited_text::{Row, Rows, Separator};

/// The longest line in bytes. A file that is no text may have no line end at all, and shall not fill the memory.
const LONGEST: u64 = 64 << 20;

/// Reads record after record.
pub(super) enum Records<R> {
    /// Fields between commas, semicolons or tabs.
    Csv {
        reader: Box<csv::Reader<Lines<R>>>,
        record: csv::ByteRecord,
    },
    /// Fields between blanks.
    Blanks(Rows<R>),
}

impl<R: BufRead> Records<R> {
    /// The records of a text without its byte order mark; lines that start with `#` are passed over.
    pub(super) fn new(reader: R, separator: Separator) -> Self {
        match separator {
            Separator::Blanks => Self::Blanks(Rows::new(reader, separator)),
            Separator::Byte(delimiter) => Self::Csv {
                reader: Box::new(
                    csv::ReaderBuilder::new()
                        .delimiter(delimiter)
                        .has_headers(false)
                        .flexible(true)
                        .comment(Some(b'#'))
                        .trim(csv::Trim::All)
                        .from_reader(Lines::new(reader)),
                ),
                record: csv::ByteRecord::new(),
            },
        }
    }

    /// Reads the next record; false at the end.
    ///
    /// # Errors
    /// What reading said, or `InvalidData` for a line of more than 64 MiB or a quote that is not closed.
    pub(super) fn next(&mut self, row: &mut Row) -> io::Result<bool> {
        let (reader, record) = match self {
            Self::Blanks(rows) => loop {
                if !rows.next(row)? {
                    return Ok(false);
                }
                if !row
                    .fields()
                    .next()
                    .is_some_and(|first| first.starts_with(b"#"))
                {
                    return Ok(true);
                }
            },
            Self::Csv { reader, record } => (reader, record),
        };
        if !reader.read_byte_record(record).map_err(failure)? {
            return Ok(false);
        }
        let end = reader.position().byte();
        let text = record.as_slice();
        let within = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let lines = reader.get_mut();
        let last = lines.passed(end);
        if lines.ended && lines.quotes % 2 == 1 && within > 0 {
            return Err(invalid("a quote that is not closed"));
        }
        row.set(text, record.len(), |place| record.range(place));
        row.line = last - within;
        Ok(true)
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn failure(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(failure) => failure,
        _ => invalid("what is no text"),
    }
}

/// A reader that notes where lines end.
pub(super) struct Lines<R> {
    inner: R,
    /// Bytes read so far.
    read: u64,
    /// Where the line feeds stand that no record has passed as yet.
    feeds: VecDeque<u64>,
    /// How many were passed.
    passed: u64,
    /// Quotes read so far.
    quotes: u64,
    /// Where the last line began.
    line_start: u64,
    /// Whether all has been read.
    ended: bool,
}

impl<R> Lines<R> {
    fn new(inner: R) -> Self {
        Self {
            inner,
            read: 0,
            feeds: VecDeque::new(),
            passed: 0,
            quotes: 0,
            line_start: 0,
            ended: false,
        }
    }

    /// The line, counted from 1, in which a record ends that stops at this byte.
    fn passed(&mut self, end: u64) -> u64 {
        let mut ends_line = false;
        while let Some(&feed) = self.feeds.front().filter(|&&feed| feed < end) {
            self.feeds.pop_front();
            self.passed += 1;
            ends_line = feed + 1 == end;
        }
        // The line feed that ends a record belongs to its line.
        self.passed + u64::from(!ends_line)
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        for (place, &byte) in out[..count].iter().enumerate() {
            match byte {
                b'\n' => {
                    self.line_start = self.read + place as u64;
                    self.feeds.push_back(self.line_start);
                }
                b'"' => self.quotes += 1,
                _ => {}
            }
        }
        self.read += count as u64;
        self.ended |= count == 0 && !out.is_empty();
        if self.read - self.line_start > LONGEST {
            return Err(invalid("a row of more than 64 MiB"));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(u64, &[&str])]) {
        let mut records = Records::new(text.as_bytes(), Separator::Byte(b','));
        let mut row = Row::default();
        for (line, fields) in expected {
            assert!(records.next(&mut row).expect("it is text"), "{text:?}");
            let found: Vec<_> = row.fields().map(String::from_utf8_lossy).collect();
            assert_eq!(
                (row.line, &found[..]),
                (
                    *line,
                    &fields.iter().map(|&f| f.into()).collect::<Vec<_>>()[..]
                ),
                "{text:?}"
            );
        }
        assert!(!records.next(&mut row).expect("it is text"), "{text:?}");
    }

    #[test]
    fn records_know_their_lines_whatever_ends_them() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "", "1,2", "", "# a note", "\"x", "y\",3", "4,5"].join(end);
            let two = format!("x{end}y");
            let expected: [(u64, &[&str]); 4] = [
                (1, &["a", "b"]),
                (3, &["1", "2"]),
                (6, &[&two, "3"]),
                (8, &["4", "5"]),
            ];
            check(&text, &expected);
            check(&(text + end), &expected);
        }
        check("", &[]);
        check("\n\n", &[]);
        check("a\n\n\nb", &[(1, &["a"]), (4, &["b"])]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        let mut records = Records::new("a,b\n1,\"2\n3,4\n".as_bytes(), Separator::Byte(b','));
        let mut row = Row::default();
        assert!(records.next(&mut row).expect("a row"));
        let error = records.next(&mut row).expect_err("an open quote");
        assert_eq!(error.to_string(), "a quote that is not closed");
    }
}
