//! Tables in text: one row a line, its fields separated by commas, semicolons, tabs or blanks.

mod blocks;
mod cells;
mod in_parts;
mod in_place;
mod places;
mod plain;
mod records;
mod refill;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use memchr::memchr_iter;

use crate::delimited_text::{Row, Separator, shown};
use crate::error::unreadable;
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::row_store::{Spill, is_too_large};
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, RowNumbers, columns, parallel, texts};

use blocks::{Block, Blocks, Rest};
use cells::{Cell, Writing};
use in_place::Room;
use records::Records;
use sample::Sample;

pub use in_parts::{PassedRows, load_in_parts};
pub(crate) use refill::try_refill;
pub use refill::{FilledCell, TextTable};

/// How many bytes of a file are looked at to tell its separator, its header and what its columns hold.
const START: u64 = 64 << 10;
/// Plain lines between others that make these seldom.
const FEW: usize = 64;
/// After how many rows it is asked whether they are more than memory shall hold, where one thread reads.
const AT_A_TIME: usize = 1 << 14;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const GZIP: &[u8] = b"\x1f\x8b";

/// Loads a table from a text file in UTF-8, packed by gzip or not, or from standard input where the path is `-`.
///
/// Its columns are numbers or words, as its first 64 KiB say. Empty fields, `NA`, `NaN`, `null`, `?` and their like are missing
/// cells, and what `source.missing` names. A field of a column of numbers that is neither is an error, or its row is left out
/// and listed where `source.skip_bad` says so. What becomes of the columns is said in [`columns::parts`].
///
/// # Errors
/// [`Error::Content`] with the line, or [`Error::Io`]; and those of [`columns::parts`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    columns::parts(source, frame(source, path)?, None)
}

/// Reads a table as its file holds it, with the errors of [`load`] that are the file's.
pub(crate) fn frame(source: &Source, path: &Path) -> Result<Frame, Error> {
    if path == Path::new("-") {
        return read(source, path, io::stdin().lock(), None);
    }
    let (reader, length) = open(path)?;
    read(source, path, reader, length)
}

/// A file of text, unpacked where it is packed by gzip, and how long it is where that is known.
fn open(path: &Path) -> Result<(Box<dyn Read>, Option<u64>), Error> {
    let reading = |failure| unreadable(path, failure);
    let mut file = BufReader::with_capacity(START as usize, File::open(path).map_err(reading)?);
    let length = file.get_ref().metadata().map_err(reading)?.len();
    Ok(match file.fill_buf().map_err(reading)?.starts_with(GZIP) {
        true => (Box::new(MultiGzDecoder::new(file)), None),
        false => (Box::new(file), Some(length)),
    })
}

/// Reads the bytes of a table, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let source = Source::named("bytes");
    let frame = read(&source, Path::new("bytes"), bytes, None)?;
    columns::parts(&source, frame, None).map(drop)
}

/// Reads the bytes of a table whose first column holds texts, and forgets them.
pub(crate) fn try_texts(bytes: &[u8]) -> Result<(), Error> {
    let mut source = Source::named("bytes");
    source.texts.column = Some("1".to_owned());
    let frame = read(&source, Path::new("bytes"), bytes, None)?;
    columns::parts(&source, frame, None).map(drop)
}

/// Reads a table from its bytes, and their number where it is known; the path is for messages.
fn read(
    source: &Source,
    path: &Path,
    reader: impl Read,
    length: Option<u64>,
) -> Result<Frame, Error> {
    read_by(parallel::threads(), source, path, reader, length)
}

/// Reads a table by so many threads, all to the same frame.
fn read_by(
    threads: usize,
    source: &Source,
    path: &Path,
    reader: impl Read,
    length_of_text: Option<u64>,
) -> Result<Frame, Error> {
    let failed = |line, failure| failed(path, line, failure);
    let (mut table, sample, start, reader) = begin(source, path, reader)?;
    let all = Cursor::new(start).chain(reader);
    let mut spill = Spill::new(source);
    if sample.whole || threads == 1 {
        table.take_all(records(all, 0, &sample), Some(&mut spill), failed)?;
        return table.finish(spill);
    }
    let mut blocks = Blocks::new(all);
    let empty = table.clone();
    let (mut bytes, mut rest) = (0, None);
    if let Some(length) = length_of_text {
        let room = (length, source.memory);
        (bytes, rest) = table.fill_in_place(&mut blocks, &sample, threads, room, failed)?;
    }
    if rest.is_none() {
        let part = |block: &Block, ()| {
            let mut part = empty.clone();
            part.take_block(block, &sample, None, failed)?;
            Ok((part, block.text.len()))
        };
        let merge = |(part, length): (Table, usize)| {
            bytes += length as u64;
            table.append_table(part);
            table.spill(&mut spill)?;
            if table.spilled == 0 {
                table.make_room(bytes, length_of_text, source.memory);
            }
            Ok(())
        };
        let always = |_: &Block| Some(());
        rest = blocks::in_parallel(&mut blocks, threads, always, part, merge, failed)?;
    }
    if let Some(Rest::Records(block) | Rest::NoRoom(block)) = rest {
        let all = Cursor::new(block.text).chain(blocks.into_rest());
        table.take_all(records(all, block.lines, &sample), Some(&mut spill), failed)?;
    }
    table.finish(spill)
}

/// What the start of a text says of the table in it, which has no row as yet, with that start and the reader behind it.
fn begin<R: Read>(
    source: &Source,
    path: &Path,
    mut reader: R,
) -> Result<(Table, Sample, Vec<u8>, R), Error> {
    let mut start = Vec::new();
    let read = (&mut reader).take(START).read_to_end(&mut start);
    read.map_err(|failure| failed(path, 1, failure))?;
    let whole = (start.len() as u64) < START;
    if start.starts_with(BYTE_ORDER_MARK) {
        start.drain(..BYTE_ORDER_MARK.len());
    }
    let sample = Sample::of(&start, whole, source);
    let table = Table::new(source, origin(path), &sample)?;
    Ok((table, sample, start, reader))
}

/// What a text is called in messages.
fn origin(path: &Path) -> String {
    match path.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => path.display().to_string(),
    }
}

/// What reading said of a line.
fn failed(path: &Path, line: u64, failure: io::Error) -> Error {
    match failure.kind() {
        io::ErrorKind::InvalidData => Error::Content {
            origin: format!("{}:{line}", origin(path)),
            expected: "rows of fields".to_owned(),
            found: failure.to_string(),
        },
        _ => unreadable(path, failure),
    }
}

/// The records of a text of which so many lines are read already.
fn records<R: Read>(text: R, lines: u64, sample: &Sample) -> Records<BufReader<R>> {
    let text = BufReader::with_capacity(START as usize, text);
    Records::new(text, sample.separator).after(lines)
}

/// A table as it is read.
#[derive(Clone)]
struct Table {
    /// How the cells of each column are written.
    writings: Vec<Writing>,
    /// The line of the first row.
    line: u64,
    has_header: bool,
    frame: Frame,
    /// The place of each word among those of its column, for columns of words.
    known: Vec<Option<HashMap<Vec<u8>, u32>>>,
    /// The data rows read so far, with those left out.
    rows: u64,
    skip_bad: bool,
    /// Whether a missing number makes a row bad.
    missing_is_bad: bool,
    /// The column that holds texts.
    text: Option<usize>,
    /// How many rows are no longer in the columns, but for their words: they have gone to a store, or to where they stay.
    spilled: usize,
}

/// What belongs in a place, and what is there.
struct Bad {
    expected: String,
    found: String,
}

impl Table {
    /// The table that starts like this, without any row as yet.
    fn new(source: &Source, origin: String, sample: &Sample) -> Result<Self, Error> {
        let Some(first) = sample.rows.first() else {
            return Err(Error::Content {
                origin,
                expected: "a table of numbers".to_owned(),
                found: "an empty file".to_owned(),
            });
        };
        let names = names(sample, first, source.rules);
        let is_meant = |asked: &String, place: usize| {
            *asked == names[place] || !names.contains(asked) && *asked == (place + 1).to_string()
        };
        let as_words = |place: usize| words_asked_for(source).any(|asked| is_meant(asked, place));
        let writing = |place: usize| {
            let mut asked = source.missing_in.iter();
            match asked.len() == 0 || asked.any(|asked| is_meant(asked, place)) {
                true => &sample.writing,
                false => &sample.plain,
            }
        };
        let text = source.texts.column.as_ref().and_then(|text| {
            let named = names.iter().position(|name| name == text);
            named.or_else(|| text.parse::<usize>().ok()?.checked_sub(1))
        });
        let known: Vec<_> = (0..names.len())
            .map(|place| {
                let is_words = as_words(place) || sample.is_words(place, writing(place));
                is_words.then(HashMap::new)
            })
            .collect();
        let columns = names.iter().zip(&known).map(|(name, words)| Column {
            name: name.clone(),
            cells: match words {
                Some(_) => Cells::Words(Words::default()),
                None => Cells::Numbers(Vec::new()),
            },
        });
        Ok(Self {
            writings: (0..names.len())
                .map(|place| writing(place).clone())
                .collect(),
            line: first.line,
            has_header: sample.header,
            frame: Frame {
                origin,
                columns: columns.collect(),
                place: Place::Line,
                places: RowNumbers::default(),
                rows: RowNumbers::default(),
                is_named: sample.header || sample.commented_names.is_some(),
                skipped: Vec::new(),
            },
            known,
            rows: 0,
            skip_bad: source.skip_bad,
            missing_is_bad: source.rules == 1,
            text,
            spilled: 0,
        })
    }

    /// Takes all rows of a text in; what reading says is told by `failed` with the line. What is more than memory shall hold goes to
    /// `spill`.
    fn take_all(
        &mut self,
        mut records: Records<impl BufRead>,
        spill: Option<&mut Spill<'_>>,
        failed: impl Fn(u64, io::Error) -> Error,
    ) -> Result<(), Error> {
        let taken = self.take_some(&mut records, u64::MAX, spill, failed);
        taken.map(drop)
    }

    /// Takes the next rows of a text in, at most so many; whether there may be more. What is more than memory shall hold goes to `spill`.
    fn take_some(
        &mut self,
        records: &mut Records<impl BufRead>,
        most: u64,
        mut spill: Option<&mut Spill<'_>>,
        failed: impl Fn(u64, io::Error) -> Error,
    ) -> Result<bool, Error> {
        let mut row = Row::default();
        let mut line = records.lines();
        // Records that a carriage return alone ends are all in one line.
        let mut header = self.has_header;
        while self.rows < most {
            let is_row = records.next(&mut row);
            if !is_row.map_err(|failure| failed(line + 1, failure))? {
                return Ok(false);
            }
            line = row.line;
            if header && line == self.line {
                header = false;
            } else {
                self.take(&row)?;
            }
            if self.frame.len() - self.spilled >= AT_A_TIME
                && let Some(spill) = &mut spill
            {
                self.spill(spill)?;
            }
        }
        Ok(true)
    }

    /// Takes all rows of a block in, usual ones at once; their numbers go to `room`, where there is one, which has room for all rows.
    fn take_block(
        &mut self,
        block: &Block,
        sample: &Sample,
        mut room: Option<&mut Room>,
        failed: impl Fn(u64, io::Error) -> Error + Copy,
    ) -> Result<(), Error> {
        let Some(separator) = self.plain_separator(sample) else {
            let records = records(&block.text[..], block.lines, sample);
            return self.take_all(records, None, failed);
        };
        if room.is_none() {
            self.reserve(block.rows);
        }
        let mut numbers = vec![0.0; self.frame.columns.len()];
        let (mut line, mut text) = (block.lines, &block.text[..]);
        // Lines read at once since the last others, and how many of these go to the reader of records together.
        let (mut plain, mut others) = (0, 1);
        while !text.is_empty() {
            let is_header = self.has_header && line + 1 == self.line;
            let length = plain::row(text, separator, &mut numbers);
            let mut push = || self.push_row(line + 1, &numbers, room.as_deref_mut());
            let length = length.filter(|_| !is_header && push());
            if let Some(length) = length {
                (line, text, plain) = (line + 1, &text[length..], plain + 1);
                continue;
            }
            // To make a reader costs some lines: where others are frequent, more and more of them go there.
            others = if plain < FEW { 2 * others } else { 1 };
            let mut ends = memchr_iter(b'\n', text);
            let end = ends.nth(others - 1).map_or(text.len(), |end| end + 1);
            let (lines, rest) = text.split_at(end);
            if room.is_some() {
                self.spilled = self.frame.len();
            }
            self.take_all(records(lines, line, sample), None, failed)?;
            if let Some(room) = &mut room {
                room.take_from(&mut self.frame.columns);
            }
            line += memchr_iter(b'\n', lines).count() as u64;
            (text, plain) = (rest, 0);
        }
        Ok(())
    }

    /// What separates the fields, where a line of plain numbers is a row of this table as it stands.
    fn plain_separator(&self, sample: &Sample) -> Option<u8> {
        let Separator::Byte(separator) = sample.separator else {
            return None;
        };
        let is_number = |column: &Column| matches!(column.cells, Cells::Numbers(_));
        let are_plain =
            self.frame.columns.iter().all(is_number) && self.writings.iter().all(Writing::is_plain);
        are_plain.then_some(separator)
    }

    /// Takes in a row of numbers that stands in a line, NaN where one is missing, to `room` where there is one; false where that makes the row
    /// bad.
    fn push_row(&mut self, line: u64, numbers: &[f64], room: Option<&mut Room>) -> bool {
        if self.missing_is_bad && numbers.iter().any(|number| number.is_nan()) {
            return false;
        }
        match room {
            Some(room) => room.push(numbers),
            None => {
                for (column, number) in self.frame.columns.iter_mut().zip(numbers) {
                    if let Cells::Numbers(all) = &mut column.cells {
                        all.push(*number);
                    }
                }
            }
        }
        self.rows += 1;
        self.frame.places.push(line);
        self.frame.rows.push(self.rows - 1);
        true
    }

    /// Makes room for so many further rows.
    fn reserve(&mut self, rows: usize) {
        for column in &mut self.frame.columns {
            match &mut column.cells {
                Cells::Numbers(numbers) => numbers.reserve(rows),
                Cells::Stored(_) => {}
                Cells::Words(words) => words.codes.reserve(rows),
            }
        }
    }

    /// Makes room for all rows of a text of so many bytes, of which some gave the rows that are there: a column that grows is copied again
    /// and again. None where they are more than memory shall hold.
    fn make_room(&mut self, bytes: u64, of: Option<u64>, memory: usize) {
        let rows = self.frame.len() as u64;
        let Some(expected) = of.and_then(|of| self.expected_rows(bytes, of)) else {
            return;
        };
        let numbers = expected.saturating_mul(self.frame.columns.len() as u64);
        if is_too_large(numbers, memory) {
            return;
        }
        let capacity = |column: &Column| match &column.cells {
            Cells::Numbers(numbers) => numbers.capacity(),
            Cells::Words(words) => words.codes.capacity(),
            Cells::Stored(_) => usize::MAX,
        };
        let least = self.frame.columns.iter().map(capacity).min();
        if expected > least.unwrap_or(usize::MAX) as u64 {
            self.reserve((expected - rows) as usize);
        }
    }

    /// About how many rows a text of so many bytes has, of which some gave the rows that are there; nothing where no more follow.
    fn expected_rows(&self, bytes: u64, of: u64) -> Option<u64> {
        if of <= bytes || bytes == 0 {
            return None;
        }
        // Somewhat more, for rows are not of one length; what is not used takes no memory.
        Some((self.frame.len() as f64 * of as f64 / bytes as f64 * 1.02) as u64)
    }

    /// Hands the numbers over that are more than memory shall hold.
    fn spill(&mut self, spill: &mut Spill<'_>) -> Result<(), Error> {
        let columns = self.frame.columns.iter_mut();
        let mut columns: Vec<&mut Vec<f64>> = columns
            .filter_map(|column| match &mut column.cells {
                Cells::Numbers(numbers) => Some(numbers),
                Cells::Words(_) | Cells::Stored(_) => None,
            })
            .collect();
        let rows = self.frame.places.len() - self.spilled;
        if columns.is_empty() || rows == 0 || !spill.is_due(rows.saturating_mul(columns.len())) {
            return Ok(());
        }
        let taken: Vec<_> = columns
            .iter_mut()
            .map(|column| std::mem::take(*column))
            .collect();
        spill.take(&taken)?;
        self.spilled = spill.rows();
        Ok(())
    }

    /// The table, its numbers where they are.
    fn finish(mut self, mut spill: Spill<'_>) -> Result<Frame, Error> {
        self.spill(&mut spill)?;
        let mut stored = spill.finish()?.into_iter().flatten();
        for column in &mut self.frame.columns {
            if let Cells::Numbers(_) = &column.cells
                && let Some(stored) = stored.next()
            {
                column.cells = Cells::Stored(stored);
            }
        }
        Ok(self.frame)
    }

    /// Takes in the rows of a table that was read from the next part of the same text.
    fn append_table(&mut self, next: Self) {
        let known = self.known.iter_mut().zip(next.known);
        let columns = self.frame.columns.iter_mut().zip(next.frame.columns);
        for ((column, more), known) in columns.zip(known) {
            match (&mut column.cells, more.cells, known) {
                (Cells::Numbers(numbers), Cells::Numbers(more), _) => numbers.extend(more),
                (Cells::Words(words), Cells::Words(more), (Some(known), Some(of_more))) => {
                    words.append(known, &more.codes, of_more);
                }
                _ => unreachable!("parts of one text have the same columns"),
            }
        }
        self.frame.rows.append(&next.frame.rows, self.rows);
        self.frame.places.append(&next.frame.places, 0);
        self.frame.skipped.extend(next.frame.skipped);
        self.rows += next.rows;
    }

    /// Takes a row in, or leaves it out where that is allowed.
    fn take(&mut self, row: &Row) -> Result<(), Error> {
        let width = self.frame.columns.len();
        // A line of blanks, where one field does not make a row.
        if row.len() == 1 && width > 1 && row.fields().next().is_some_and(<[u8]>::is_empty) {
            return Ok(());
        }
        self.rows += 1;
        let Err(bad) = self.append(row) else {
            self.frame.places.push(row.line);
            self.frame.rows.push(self.rows - 1);
            return Ok(());
        };
        let origin = format!("{}:{}", self.frame.origin, row.line);
        let Bad { expected, found } = bad;
        if !self.skip_bad {
            return Err(Error::Content {
                origin,
                expected,
                found,
            });
        }
        let kept = self.frame.places.len();
        let kept_numbers = kept - self.spilled;
        for column in &mut self.frame.columns {
            match &mut column.cells {
                Cells::Numbers(numbers) => numbers.truncate(kept_numbers),
                Cells::Stored(_) => {}
                Cells::Words(words) => words.codes.truncate(kept),
            }
        }
        let skipped = format!("{origin}: expected {expected}, found {found}");
        self.frame.skipped.push(skipped);
        Ok(())
    }

    fn append(&mut self, row: &Row) -> Result<(), Bad> {
        let columns = &mut self.frame.columns;
        if row.len() != columns.len() {
            return Err(Bad {
                expected: format!("{} fields as in line {}", columns.len(), self.line),
                found: row.len().to_string(),
            });
        }
        let fields = row.fields().zip(&mut self.known).zip(&self.writings);
        for (place, (column, ((field, known), writing))) in
            columns.iter_mut().zip(fields).enumerate()
        {
            match &mut column.cells {
                Cells::Words(words) if self.text == Some(place) => {
                    check_text(&column.name, field)?;
                    let known = known.as_mut().expect("a column of words has its places");
                    words.push(known, field, false);
                }
                Cells::Numbers(numbers) => {
                    let number = match writing.cell(field) {
                        Cell::Number(number) => number,
                        Cell::Missing if !self.missing_is_bad => f64::NAN,
                        cell => return Err(no_number(&column.name, cell, field)),
                    };
                    numbers.push(number);
                }
                Cells::Words(words) => {
                    let known = known.as_mut().expect("a column of words has its places");
                    words.push(known, field, writing.is_missing(field));
                }
                Cells::Stored(_) => unreachable!("columns go to a store when all is read"),
            }
        }
        Ok(())
    }
}

impl Words {
    fn push(&mut self, known: &mut HashMap<Vec<u8>, u32>, field: &[u8], is_missing: bool) {
        let code = match is_missing {
            true => MISSING,
            false => self.code(known, field),
        };
        self.codes.push(code);
    }

    /// The code of a word, a new one where it was not known.
    fn code(&mut self, known: &mut HashMap<Vec<u8>, u32>, word: &[u8]) -> u32 {
        if let Some(&code) = known.get(word) {
            return code;
        }
        let code = self.names.len() as u32;
        known.insert(word.to_vec(), code);
        self.names.push(String::from_utf8_lossy(word).into_owned());
        code
    }

    /// Appends words by codes of their own, which `of_more` gives.
    fn append(
        &mut self,
        known: &mut HashMap<Vec<u8>, u32>,
        more: &[u32],
        of_more: HashMap<Vec<u8>, u32>,
    ) {
        let mut words: Vec<(u32, Vec<u8>)> = of_more
            .into_iter()
            .map(|(word, code)| (code, word))
            .collect();
        // In the order that they came in, as one thread would have met them.
        words.sort_unstable();
        let words = words.iter();
        let codes: Vec<u32> = words.map(|(_, word)| self.code(known, word)).collect();
        let code = |&code: &u32| codes.get(code as usize).copied().unwrap_or(MISSING);
        self.codes.extend(more.iter().map(code));
    }
}

/// Refuses a field that is no text to learn from.
fn check_text(column: &str, field: &[u8]) -> Result<(), Bad> {
    let hint = "(`--skip-bad` leaves the row out)";
    let text = texts::checked(field).map_err(|fault| Bad {
        expected: format!("{} in column `{column}`", fault.expected),
        found: format!("{} {hint}", fault.found),
    })?;
    if texts::has_words(text) {
        return Ok(());
    }
    Err(Bad {
        expected: format!("a text with words in column `{column}`"),
        found: format!("none {hint}"),
    })
}

/// Why a field is not a number to learn from.
fn no_number(column: &str, cell: Cell, field: &[u8]) -> Bad {
    let (kind, hint) = match cell {
        Cell::Infinite => ("a finite number", String::new()),
        Cell::Missing => ("a number", String::new()),
        Cell::Number(_) | Cell::Word => {
            let word = String::from_utf8_lossy(field);
            let hint = format!(
                " (`--missing {word}` takes it for a missing cell, `--skip-bad` leaves the row out, `--drop {column}` the column)"
            );
            ("a number", hint)
        }
    };
    Bad {
        expected: format!("{kind} in column `{column}`"),
        found: shown(field) + &hint,
    }
}

/// The name of each column: from the header, or its number.
fn names(sample: &Sample, first: &Row, rules: u8) -> Vec<String> {
    let given: Vec<String> = match &sample.commented_names {
        Some(names) => names.clone(),
        None if sample.header => {
            let texts = first.fields().map(String::from_utf8_lossy);
            texts.map(std::borrow::Cow::into_owned).collect()
        }
        None => vec![String::new(); first.len()],
    };
    let mut names: Vec<String> = Vec::with_capacity(given.len());
    for (place, name) in given.into_iter().enumerate() {
        let number = (place + 1).to_string();
        names.push(match name {
            name if name.is_empty() => number,
            // Of two columns with one name the second is called by its number, too.
            name if rules != 1 && names.contains(&name) => format!("{name}.{number}"),
            name => name,
        });
    }
    names
}

/// The columns whose fields are names, however they are written.
fn words_asked_for(source: &Source) -> impl Iterator<Item = &String> {
    let target = source.target.as_ref();
    let target = target.filter(|target| target.kind == TargetKind::Classes);
    let target = target.map(|target| &target.column);
    source
        .label
        .iter()
        .chain(target)
        .chain(&source.texts.column)
        .chain(source.columns.names())
}
