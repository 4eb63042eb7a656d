//! Records of comma-separated values with the lines that they stand in.
//!
//! `csv-core`, the parser of the `csv` crate, splits the fields. Where records begin is found here, so that messages name the right
//! line after CR LF, blank lines and quoted line feeds, and so that an open quote at the end of a file does not swallow the rest of it.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::delimited_text::{Row, Rows, Separator};

/// The longest record in bytes. A file that is no text may have no line end at all, and shall not fill the memory.
const LONGEST: usize = 64 << 20;

/// Reads record after record.
pub(super) enum Records<R> {
    /// Fields between commas, semicolons or tabs.
    Csv(Box<Csv<R>>),
    /// Fields between blanks.
    Blanks(Rows<R>),
}

impl<R: BufRead> Records<R> {
    /// The records of a text without its byte order mark; blank lines, and those that start with `#`, are passed over.
    pub(super) fn new(reader: R, separator: Separator) -> Self {
        match separator {
            Separator::Blanks => Self::Blanks(Rows::new(reader, separator)),
            Separator::Byte(delimiter) => Self::Csv(Box::new(Csv::new(reader, delimiter))),
        }
    }

    /// Counts lines from here, where the text is a later part of another.
    pub(super) fn after(self, lines: u64) -> Self {
        match self {
            Self::Blanks(rows) => Self::Blanks(rows.after(lines)),
            Self::Csv(records) => Self::Csv(Box::new(Csv { lines, ..*records })),
        }
    }

    /// The lines read so far.
    pub(super) fn lines(&self) -> u64 {
        match self {
            Self::Blanks(rows) => rows.lines(),
            Self::Csv(records) => records.lines,
        }
    }

    /// Reads the next record; false at the end.
    ///
    /// # Errors
    /// What reading said, or `InvalidData` for a record of more than 64 MiB or a quote that is not closed.
    pub(super) fn next(&mut self, row: &mut Row) -> io::Result<bool> {
        match self {
            Self::Csv(records) => records.next(row),
            Self::Blanks(rows) => loop {
                if !rows.next(row)? {
                    return Ok(false);
                }
                let first = row.fields().next();
                if !first.is_some_and(|first| first.starts_with(b"#")) {
                    return Ok(true);
                }
            },
        }
    }
}

/// Records of fields that a byte separates.
pub(super) struct Csv<R> {
    inner: R,
    parser: Reader,
    /// Line feeds passed so far.
    lines: u64,
    /// The bytes of the fields, end to end, and where each field ends.
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Csv<R> {
    fn new(inner: R, delimiter: u8) -> Self {
        Self {
            inner,
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            lines: 0,
            text: vec![0; 1 << 10],
            ends: vec![0; 1 << 6],
        }
    }

    fn next(&mut self, row: &mut Row) -> io::Result<bool> {
        if !self.skip_to_record()? {
            return Ok(false);
        }
        row.line = self.lines + 1;
        let (mut written, mut fields, mut quotes) = (0, 0, 0);
        loop {
            let input = self.inner.fill_buf()?;
            let at_end = input.is_empty();
            let (text, ends) = (&mut self.text[written..], &mut self.ends[fields..]);
            let (result, read, wrote, ended) = self.parser.read_record(input, text, ends);
            for byte in &input[..read] {
                self.lines += u64::from(*byte == b'\n');
                quotes += usize::from(*byte == b'"');
            }
            self.inner.consume(read);
            (written, fields) = (written + wrote, fields + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if written >= LONGEST => {
                    return Err(invalid("a row of more than 64 MiB"));
                }
                ReadRecordResult::OutputFull => self.text.resize(2 * self.text.len(), 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(2 * self.ends.len(), 0),
                ReadRecordResult::Record | ReadRecordResult::End if at_end && quotes % 2 == 1 => {
                    return Err(invalid("a quote that is not closed"));
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Ok(false),
            }
        }
        row.set(&self.text[..written], &self.ends[..fields]);
        Ok(true)
    }

    /// Passes over blank lines and comments; false where nothing follows.
    fn skip_to_record(&mut self) -> io::Result<bool> {
        let mut in_comment = false;
        loop {
            let input = self.inner.fill_buf()?;
            let Some(&first) = input.first() else {
                return Ok(false);
            };
            match first {
                b'\n' => {
                    self.lines += 1;
                    in_comment = false;
                }
                b'\r' => {}
                b'#' => in_comment = true,
                _ if !in_comment => return Ok(true),
                _ => {}
            }
            self.inner.consume(1);
        }
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
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
