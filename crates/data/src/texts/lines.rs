//! Texts on standard input, one a line.

use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use super::corpus::Corpus;
use super::files::{LARGEST, push};
use crate::error::{content_of as content, unreadable};
use crate::samples::Identity;
use crate::source::{Parts, Source};
use crate::{Error, Facts, Samples};

/// What standard input is called in messages.
const ORIGIN: &str = "standard input";

/// Loads the texts that come through standard input.
///
/// # Errors
/// [`Error::Content`] with the line of a text that is no UTF-8 or has no word, unless `source.skip_bad` has it left out; or [`Error::Io`].
pub(crate) fn load(source: &Source) -> Result<Parts, Error> {
    read(source, io::stdin().lock())
}

/// Reads bytes as texts, one a line, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    read(&Source::named("-"), bytes).map(drop)
}

fn read(source: &Source, mut lines: impl BufRead) -> Result<Parts, Error> {
    let mut corpus = Corpus::default();
    let (mut rows, mut skipped, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for line in 0u64.. {
        bytes.clear();
        let read = (&mut lines).take(LARGEST + 2).read_until(b'\n', &mut bytes);
        if read.map_err(|failure| unreadable(Path::new(ORIGIN), failure))? == 0 {
            break;
        }
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let place = format!("{ORIGIN}:{}", line + 1);
        match push(&mut corpus, text) {
            Ok(()) => rows.push(line),
            Err(mut fault) => {
                fault.line = None;
                if !source.skip_bad || text.len() as u64 > LARGEST {
                    return Err(fault.error(&place));
                }
                skipped.push(fault.skipped(&place));
            }
        }
    }
    if rows.is_empty() {
        let found = match skipped.first() {
            Some(first) => format!("none among {}, {first}", skipped.len()),
            None => "none".to_owned(),
        };
        return Err(content(ORIGIN, "a text a line", found));
    }
    let texts = (0..rows.len() as u32).collect();
    let facts = Facts {
        name: source.name.clone(),
        captions: rows.iter().map(|row| (row + 1).to_string()).collect(),
        identity: Identity {
            rows: rows.into_iter().collect(),
            ..Identity::default()
        },
        ..Facts::default()
    };
    Ok(Parts {
        train: Samples::texts(facts, Arc::new(corpus), texts)?,
        test: None,
        skipped,
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], skip_bad: bool) -> Result<Parts, Error> {
        let source = Source {
            skip_bad,
            ..Source::named("-")
        };
        read(&source, text)
    }

    #[test]
    fn each_line_is_a_text_that_is_called_by_its_number() {
        let parts = lines(b"good\r\nbad film\nno end", false).expect("three");
        let names: Vec<&str> = (0..3).map(|index| parts.train.caption(index)).collect();
        assert_eq!(names, ["1", "2", "3"]);
    }

    #[test]
    fn a_line_without_a_word_is_named_or_counted() {
        let error = lines(b"good\n\nbad\n", false).err().expect("it is refused");
        assert_eq!(
            error.to_string(),
            "`standard input:2`: expected a text with words, found none (`--skip-bad` leaves the text out)"
        );
        let parts = lines(b"good\n\nbad\n\xff", true).expect("two are good");
        assert_eq!(parts.skipped.len(), 2);
        assert_eq!((parts.train.caption(1), parts.train.row(1)), ("3", 2));
        assert!(lines(b"", false).is_err() && lines(b"\n\n", true).is_err());
    }
}
