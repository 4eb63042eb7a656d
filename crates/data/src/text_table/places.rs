//! Where the cells of a text stand among its bytes.

use std::ops::Range;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use crate::delimited_text::Separator;

/// Walks the records of a text that [`Records`](super::records::Records) reads, and says which bytes each field is.
pub(super) struct Places<'a> {
    text: &'a [u8],
    at: usize,
    separator: Separator,
    parser: Reader,
    /// What the parser makes of a field, which nobody looks at.
    unused: Vec<u8>,
    fields: Vec<Range<usize>>,
}

impl<'a> Places<'a> {
    /// The records of a text from a place on.
    pub(super) fn new(text: &'a [u8], start: usize, separator: Separator) -> Self {
        let delimiter = match separator {
            Separator::Byte(byte) => byte,
            Separator::Blanks => b' ',
        };
        Self {
            text,
            at: start,
            separator,
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            unused: vec![0; 1 << 10],
            fields: Vec::new(),
        }
    }

    /// The bytes of each field of the next record, with their quotes and blanks; none at the end.
    pub(super) fn next(&mut self) -> Option<&[Range<usize>]> {
        self.fields.clear();
        let is_there = match self.separator {
            Separator::Byte(_) => self.skip_to_record() && self.csv(),
            Separator::Blanks => self.blanks(),
        };
        is_there.then_some(&self.fields)
    }

    /// Passes over blank lines and comments, as `Csv::skip_to_record` does; false where nothing follows.
    fn skip_to_record(&mut self) -> bool {
        let mut in_comment = false;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'\n' => in_comment = false,
                b'\r' => {}
                b'#' => in_comment = true,
                _ if !in_comment => return true,
                _ => {}
            }
            self.at += 1;
        }
        false
    }

    /// Takes the fields of a record in; false where there is none.
    fn csv(&mut self) -> bool {
        let mut start = self.at;
        loop {
            let rest = &self.text[self.at..];
            let (result, read, _) = self.parser.read_field(rest, &mut self.unused);
            self.at += read;
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::End => return false,
                ReadFieldResult::Field { record_end } => {
                    // Only the end of the text ends a field without a byte of its own.
                    self.fields.push(start..self.at - usize::from(read > 0));
                    start = self.at;
                    if record_end {
                        return true;
                    }
                }
            }
        }
    }

    /// Takes the fields of the next line in that has some and is no comment; false where there is none.
    fn blanks(&mut self) -> bool {
        while self.at < self.text.len() {
            let start = self.at;
            let line = self.text[start..].split_inclusive(|&byte| byte == b'\n');
            let line = line.into_iter().next().unwrap_or_default();
            self.at += line.len();
            let mut from = start;
            for field in line.split(u8::is_ascii_whitespace) {
                if !field.is_empty() {
                    self.fields.push(from..from + field.len());
                }
                from += field.len() + 1;
            }
            match self.fields.first() {
                Some(first) if self.text[first.start] != b'#' => return true,
                _ => self.fields.clear(),
            }
        }
        false
    }
}

/// Whether a record is a line of blanks, where one field does not make a row.
pub(super) fn is_blank(text: &[u8], fields: &[Range<usize>], width: usize) -> bool {
    let [only] = fields else {
        return false;
    };
    let field = &text[only.clone()];
    let is_empty = |text: &[u8]| text.trim_ascii().is_empty();
    let in_quotes = || field.strip_prefix(b"\"")?.strip_suffix(b"\"");
    width > 1 && (is_empty(field) || in_quotes().is_some_and(is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delimited_text::Row;
    use crate::test_random::random;
    use crate::text_table::records::Records;

    /// The text of a field as a reader of CSV sees it.
    fn unquoted(field: &[u8]) -> Vec<u8> {
        let Some(quoted) = field.strip_prefix(b"\"") else {
            return field.trim_ascii().to_vec();
        };
        let (mut out, mut open, mut at) = (Vec::new(), true, 0);
        while at < quoted.len() {
            match (open, quoted[at], quoted.get(at + 1)) {
                (true, b'"', Some(b'"')) => {
                    out.push(b'"');
                    at += 1;
                }
                (true, b'"', _) => open = false,
                (_, byte, _) => out.push(byte),
            }
            at += 1;
        }
        out.trim_ascii().to_vec()
    }

    /// Both walks see the same records, and each place holds the text of its field.
    fn check(text: &[u8], separator: Separator) {
        let mut records = Records::new(text, separator);
        let mut places = Places::new(text, 0, separator);
        let mut row = Row::default();
        while records.next(&mut row).unwrap_or(false) {
            let found: Option<Vec<Vec<u8>>> = places.next().map(|fields| {
                let field = |field: &Range<usize>| match separator {
                    Separator::Byte(_) => unquoted(&text[field.clone()]),
                    Separator::Blanks => text[field.clone()].to_vec(),
                };
                fields.iter().map(field).collect()
            });
            let expected: Vec<Vec<u8>> = row.fields().map(<[u8]>::to_vec).collect();
            let shown = || String::from_utf8_lossy(text).into_owned();
            assert_eq!(found, Some(expected), "{:?}", shown());
        }
    }

    #[test]
    fn places_are_those_of_the_fields() {
        for text in [
            "a,b\r\n\r\n1, NA \n# note, with, commas\n\"x\"\"y\", \"\",3\n\"two\nlines\",",
            "\n\n1,2\r3,4\r\n,\n",
            "\"a\"b,c\n,,\n\"\",\"\"",
        ] {
            check(text.as_bytes(), Separator::Byte(b','));
        }
        check(b"  1  2\t3 \r\n# note\n\n 4 5", Separator::Blanks);
    }

    /// Random texts of the characters that matter.
    #[test]
    fn places_are_those_of_the_fields_in_any_text() {
        let mut random = random();
        for _ in 0..4000 {
            let length = random(40);
            let text: Vec<u8> = (0..length)
                .map(|_| b"a1,,;\"\"\n\n\r #"[random(12)])
                .collect();
            check(&text, Separator::Byte(b','));
            check(&text, Separator::Byte(b';'));
            check(&text, Separator::Blanks);
        }
    }
}
