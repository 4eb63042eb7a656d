//! Lines of text taken apart into fields: comma-separated values and their kin.
//!
//! Written here because every message has to name its line, which the usual crate miscounts after CR LF and blank lines,
//! and because files separated by runs of blanks go the same way.

use std::io::{self, BufRead, Read};
use std::ops::Range;

/// The longest row in bytes. A file that is no text may have no line end at all, and shall not fill the memory.
const LONGEST: usize = 64 << 20;

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    /// One byte: a comma, a semicolon or a tab. Fields may stand in double quotes.
    Byte(u8),
    /// Any number of blanks. A quote is a character like any other.
    Blanks,
}

impl Separator {
    /// What separates the fields of a text that starts like this.
    ///
    /// The first of tab, semicolon and comma that stands in the first line outside quotes, and equally often in the second;
    /// else the first of them that stands in the first line at all; else blanks.
    pub(crate) fn of(start: &[u8]) -> Self {
        let mut lines = start
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.trim_ascii().is_empty());
        let first = lines.next().unwrap_or_default();
        let second = lines.next().unwrap_or(first);
        let present = |&byte: &u8| count(first, byte) > 0;
        let candidates = || [b'\t', b';', b','].into_iter().filter(present);
        candidates()
            .find(|&byte| count(first, byte) == count(second, byte))
            .or_else(|| candidates().next())
            .map_or(Self::Blanks, Self::Byte)
    }
}

/// How often a byte stands in a line, outside double quotes.
fn count(line: &[u8], wanted: u8) -> usize {
    let mut quoted = false;
    let mut count = 0;
    for &byte in line.trim_ascii() {
        quoted ^= byte == b'"';
        count += usize::from(byte == wanted && !quoted);
    }
    count
}

/// One row: its fields without their quotes and without blanks around them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    text: Vec<u8>,
    fields: Vec<Range<usize>>,
    /// The line it starts in, counted from 1.
    pub(crate) line: u64,
}

impl Row {
    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The fields in order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.iter().map(|field| &self.text[field.clone()])
    }

    /// Takes over fields that were split elsewhere: their bytes end to end, and where each ends.
    pub(crate) fn set(&mut self, text: &[u8], ends: &[usize]) {
        self.text.clear();
        self.text.extend_from_slice(text);
        self.fields.clear();
        let mut start = 0;
        for &end in ends {
            let field = &text[start..end];
            let from = start + (field.len() - field.trim_ascii_start().len());
            self.fields.push(from..from + field.trim_ascii().len());
            start = end;
        }
    }

    /// Splits the text where there are no quotes.
    fn split(&mut self, separator: Separator) {
        self.fields.clear();
        let text = &self.text;
        let trimmed = |start: usize, end: usize| {
            let field = &text[start..end];
            let blank = field.len() - field.trim_ascii_start().len();
            start + blank..start + blank + field.trim_ascii().len()
        };
        let mut start = 0;
        for (end, &byte) in text.iter().enumerate() {
            match separator {
                Separator::Byte(separator) if byte == separator => {}
                Separator::Blanks if byte.is_ascii_whitespace() => {}
                _ => continue,
            }
            if separator != Separator::Blanks || end > start {
                self.fields.push(trimmed(start, end));
            }
            start = end + 1;
        }
        if separator != Separator::Blanks || text.len() > start {
            self.fields.push(trimmed(start, text.len()));
        }
    }

    /// Splits the text where a field that starts with a quote goes on to the next single quote; `""` in it is one quote.
    /// False where the text ends before that quote comes.
    fn split_quoted(&mut self, separator: u8) -> bool {
        self.fields.clear();
        let mut out = Vec::with_capacity(self.text.len());
        let mut rest = &self.text[..];
        loop {
            let start = out.len();
            let field = rest.trim_ascii_start();
            if let Some(quoted) = field.strip_prefix(b"\"") {
                let Some(after) = unquote(quoted, &mut out) else {
                    return false;
                };
                rest = after;
            }
            let end = rest.iter().position(|&byte| byte == separator);
            out.extend_from_slice(rest[..end.unwrap_or(rest.len())].trim_ascii());
            self.fields.push(start..out.len());
            match end {
                Some(end) => rest = &rest[end + 1..],
                None => break,
            }
        }
        self.text = out;
        true
    }
}

/// Appends the text before the closing quote and returns what follows it; `None` where there is no closing quote.
fn unquote<'a>(mut text: &'a [u8], out: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let end = text.iter().position(|&byte| byte == b'"')?;
        out.extend_from_slice(&text[..end]);
        text = &text[end + 1..];
        match text.strip_prefix(b"\"") {
            Some(more) => {
                out.push(b'"');
                text = more;
            }
            None => return Some(text),
        }
    }
}

/// Reads row after row; blank lines are passed over.
#[derive(Debug)]
pub(crate) struct Rows<R> {
    reader: R,
    separator: Separator,
    /// The lines read so far.
    lines: u64,
}

impl<R: BufRead> Rows<R> {
    /// The rows of a text in UTF-8, without its byte order mark.
    pub(crate) fn new(reader: R, separator: Separator) -> Self {
        Self {
            reader,
            separator,
            lines: 0,
        }
    }

    /// Counts lines from here, where the text is a later part of another.
    pub(crate) fn after(mut self, lines: u64) -> Self {
        self.lines = lines;
        self
    }

    /// The lines read so far.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Reads the next row; false at the end.
    ///
    /// # Errors
    /// What reading said, or `InvalidData` for a row of more than 64 MiB or a quote that is not closed.
    pub(crate) fn next(&mut self, row: &mut Row) -> io::Result<bool> {
        loop {
            row.text.clear();
            if !self.line(&mut row.text)? {
                return Ok(false);
            }
            if !row.text.trim_ascii().is_empty() {
                break;
            }
        }
        row.line = self.lines;
        match self.separator {
            Separator::Byte(separator) if row.text.contains(&b'"') => {
                while !row.split_quoted(separator) {
                    self.up_to_quote(&mut row.text)?;
                }
            }
            separator => row.split(separator),
        }
        Ok(true)
    }

    /// Appends lines up to the next that has a quote, with a line feed between them.
    fn up_to_quote(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        loop {
            text.push(b'\n');
            let start = text.len();
            if !self.line(text)? {
                return Err(invalid("a quote that is not closed"));
            }
            if text[start..].contains(&b'"') {
                return Ok(());
            }
        }
    }

    /// Appends the next line without its end; false where there is none.
    fn line(&mut self, text: &mut Vec<u8>) -> io::Result<bool> {
        let room = LONGEST.saturating_sub(text.len());
        let read = (&mut self.reader)
            .take(room as u64)
            .read_until(b'\n', text)?;
        if read == room {
            return Err(invalid("a row of more than 64 MiB"));
        }
        self.lines += 1;
        if text.ends_with(b"\n") {
            text.pop();
            if text.ends_with(b"\r") {
                text.pop();
            }
        }
        Ok(read > 0)
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A field as it stands in messages: in backticks, on one line, and not too long.
pub(crate) fn shown(field: &[u8]) -> String {
    const LONGEST: usize = 40;
    if field.is_empty() {
        return "an empty field".to_owned();
    }
    let text = String::from_utf8_lossy(field);
    let short: String = text.chars().take(LONGEST).collect();
    let dots = if short.len() < text.len() { "..." } else { "" };
    format!("`{}{dots}`", short.escape_debug())
}

/// A field as it stands in a comma-separated file: in quotes where it has to.
pub(crate) fn quoted(field: &str) -> String {
    match field.contains(['"', ',', ';', '\t', '\n', '\r']) || field.trim() != field {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(separator: Separator, text: &str, expected: &[(u64, &[&str])]) {
        let mut rows = Rows::new(text.as_bytes(), separator);
        let mut row = Row::default();
        for (line, fields) in expected {
            assert!(rows.next(&mut row).expect("it is text"), "{text}");
            let found: Vec<_> = row.fields().map(String::from_utf8_lossy).collect();
            assert_eq!(row.line, *line, "{text}");
            assert_eq!(found, *fields, "{text}");
        }
        assert!(!rows.next(&mut row).expect("it is text"), "{text}");
    }

    #[test]
    fn rows_know_their_lines_whatever_ends_them() {
        let comma = Separator::Byte(b',');
        check(
            comma,
            "a,b\n\n1, 2 \n",
            &[(1, &["a", "b"]), (3, &["1", "2"])],
        );
        check(comma, "a,b\r\n\r\n1,", &[(1, &["a", "b"]), (3, &["1", ""])]);
        check(
            comma,
            "\"x, y\",\"a \"\"b\"\"\"\r\n\"two\r\nlines\" ,5\n7,8",
            &[
                (1, &["x, y", "a \"b\""]),
                (2, &["two\nlines", "5"]),
                (4, &["7", "8"]),
            ],
        );
        check(comma, "5\" pipe,2\n", &[(1, &["5\" pipe", "2"])]);
        check(
            Separator::Blanks,
            "  1   2\t3 \n\n4 5 6",
            &[(1, &["1", "2", "3"]), (3, &["4", "5", "6"])],
        );
        check(comma, "", &[]);
        check(comma, " \n", &[]);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        let mut rows = Rows::new(&b"1,\"2\n3,4\n"[..], Separator::Byte(b','));
        let error = rows.next(&mut Row::default()).expect_err("open quote");
        assert_eq!(error.to_string(), "a quote that is not closed");
    }

    #[test]
    fn the_separator_is_seen_in_the_first_two_lines() {
        for (text, separator) in [
            ("a,b\n1,2\n", Separator::Byte(b',')),
            ("a;b\n1,5;2,5\n", Separator::Byte(b';')),
            ("1,5;2,5\n", Separator::Byte(b';')),
            ("a\tb, c\n1\t2\n", Separator::Byte(b'\t')),
            ("a; b,c\n1,2\n", Separator::Byte(b',')),
            ("\"a;b\",c\n1,2", Separator::Byte(b',')),
            ("1 2 3\n4 5 6\n", Separator::Blanks),
            ("a\n1\n", Separator::Blanks),
            ("", Separator::Blanks),
        ] {
            assert_eq!(Separator::of(text.as_bytes()), separator, "{text}");
        }
    }

    #[test]
    fn fields_in_messages_are_short_and_quoted_fields_come_back() {
        assert_eq!(shown(b""), "an empty field");
        assert_eq!(shown(b"a\nb"), r"`a\nb`");
        assert_eq!(shown(&[b'x'; 50]), format!("`{}...`", "x".repeat(40)));
        for name in ["plain", "a,b", "a\"b\"", " x", "two\nlines", ""] {
            let line = format!("{},1", quoted(name));
            let mut row = Row::default();
            let found = Rows::new(line.as_bytes(), Separator::Byte(b',')).next(&mut row);
            assert!(found.expect("it is text"));
            assert_eq!(row.fields().next(), Some(name.as_bytes()));
        }
    }
}
