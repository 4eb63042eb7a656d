//! Tables in ARFF, the text form of Weka and OpenML: <https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/>.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use crate::arff_line::{Line, OpenQuote};
use crate::arff_rows::{Attribute, Kind, Rows};
use crate::delimited_text::shown;
use crate::error::{content_of, unreadable};
use crate::frame::Frame;
use crate::source::{Parts, Source};
use crate::{Error, columns};

/// Loads a table from an ARFF file.
///
/// # Errors
/// Those of [`frame`] and [`columns::parts`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    columns::parts(source, frame(source, path)?, None)
}

/// Reads an ARFF file: dense rows or sparse ones, in which what is absent is 0 or the first word that is declared.
///
/// Numbers (`numeric`, `real`, `integer`) are numbers; nominal, `string` and `date` attributes are words, the nominal ones
/// in the order that the file declares. `?` is missing. The weight of a row, `{5}` at its end, is read over.
///
/// # Errors
/// [`Error::Content`] with the line for what is no ARFF; a row that breaks the rules of its attributes is left out and
/// listed where `source.skip_bad` says so. [`Error::Io`] where the file cannot be read.
pub(crate) fn frame(source: &Source, path: &Path) -> Result<Frame, Error> {
    let reading = |failure| unreadable(path, failure);
    let file = File::open(path).map_err(reading)?;
    let bytes = file.metadata().map_err(reading)?.len();
    read(source, path, bytes, BufReader::with_capacity(1 << 16, file))
}

/// Reads the bytes of a table, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let (source, path) = (Source::named("bytes"), Path::new("bytes"));
    read(&source, path, bytes.len() as u64, bytes).map(drop)
}

/// Reads a table of so many bytes; the path is for messages.
fn read(source: &Source, path: &Path, bytes: u64, reader: impl BufRead) -> Result<Frame, Error> {
    let origin = path.display().to_string();
    let mut lines = Lines {
        path,
        reader,
        line: Vec::new(),
        number: 0,
    };
    let attributes = declarations(&origin, &mut lines)?;
    let mut rows = Rows::new(source, origin, attributes, bytes);
    while let Some((number, text)) = lines.next()? {
        rows.take(number, &text)?;
    }
    Ok(rows.finish())
}

/// The lines of a file that hold more than blanks and a comment.
struct Lines<'a, R> {
    path: &'a Path,
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<'_, R> {
    /// The next line and its number, counted from 1.
    fn next(&mut self) -> Result<Option<(u64, String)>, Error> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line);
            if read.map_err(|failure| unreadable(self.path, failure))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let text = decoded(&self.line);
            if !Line::new(&text).is_done() {
                return Ok(Some((self.number, text)));
            }
        }
    }
}

/// A line as text: UTF-8, or else Latin-1, in which the older files of OpenML are written.
fn decoded(line: &[u8]) -> String {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Reads what stands before the rows, the line `@data` with it.
fn declarations(origin: &str, lines: &mut Lines<impl BufRead>) -> Result<Vec<Attribute>, Error> {
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut names = std::collections::HashSet::new();
    while let Some((number, text)) = lines.next()? {
        let at = format!("{origin}:{number}");
        let mut line = Line::new(&text);
        let keyword = line.word(&[]).map_err(|quote| open_quote(&at, quote))?;
        match &*keyword.text.to_lowercase() {
            // The name of the table says nothing of its rows.
            "@relation" => {}
            "@attribute" => {
                let attribute = attribute(&at, line)?;
                if !names.insert(attribute.name.clone()) {
                    let found = format!("another `{}`", attribute.name);
                    return Err(content_of(&at, "an attribute of a new name", found));
                }
                attributes.push(attribute);
            }
            "@data" if attributes.is_empty() => {
                return Err(content_of(&at, "an `@attribute` before the data", "none"));
            }
            "@data" => return Ok(attributes),
            _ => {
                let expected = "`@relation`, `@attribute` or `@data`";
                return Err(content_of(&at, expected, shown(keyword.text.as_bytes())));
            }
        }
    }
    let found = format!("the end after {} attributes", attributes.len());
    Err(content_of(origin, "a line `@data`", found))
}

/// What follows `@attribute`: a name and a type.
fn attribute(at: &str, mut line: Line) -> Result<Attribute, Error> {
    let name = line.word(&['{']).map_err(|quote| open_quote(at, quote))?;
    let name = name.text.into_owned();
    if name.is_empty() {
        return Err(content_of(at, "the name of an attribute", "none"));
    }
    if line.eat('{') {
        let kind = Kind::Nominal(nominal(at, &name, line)?);
        return Ok(Attribute { name, kind });
    }
    let kind = line.word(&['{']).map_err(|quote| open_quote(at, quote))?;
    let kind = match &*kind.text.to_lowercase() {
        "numeric" | "real" | "integer" => Kind::Number,
        // The form of a date that may follow is not needed: dates stay words.
        "string" | "date" => Kind::Word,
        _ => {
            let expected = format!(
                "`numeric`, `real`, `integer`, `string`, `date` or `{{a, b}}` as the type of attribute `{name}`"
            );
            return Err(content_of(at, expected, shown(kind.text.as_bytes())));
        }
    };
    Ok(Attribute { name, kind })
}

/// The words of a nominal attribute, up to the brace that ends them.
fn nominal(at: &str, name: &str, mut line: Line) -> Result<Vec<String>, Error> {
    let mut words: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    let mut is_first = true;
    loop {
        if line.eat('}') {
            return Ok(words);
        }
        if !is_first && !line.is_done() && !line.eat(',') {
            let expected = format!("a comma or `}}` in the words of attribute `{name}`");
            return Err(content_of(at, expected, shown(line.rest().as_bytes())));
        }
        if line.is_done() {
            let expected = format!("`}}` after the words of attribute `{name}`");
            return Err(content_of(at, expected, "the end of the line"));
        }
        is_first = false;
        let word = line.value(&['}']).map_err(|quote| open_quote(at, quote))?;
        if word.text.is_empty() && !word.is_quoted {
            continue;
        }
        if known.insert(word.text.clone().into_owned()) {
            words.push(word.text.into_owned());
        }
    }
}

pub(crate) fn open_quote(at: &str, _: OpenQuote) -> Error {
    content_of(
        at,
        "a quote that is closed",
        "none before the end of the line",
    )
}

#[cfg(test)]
mod tests;
