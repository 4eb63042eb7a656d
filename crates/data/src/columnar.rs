//! Tables and images in files of typed columns: what the readers of Parquet and Arrow have in common.

pub(crate) mod meaning;
mod pictures;
pub(crate) mod reading;
mod spilling;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::{content_of, unreadable};
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::frame_size::FrameSize;
use crate::hugging_face::Features;
use crate::picture_files::Packed;
use crate::row_store::is_too_large;
use crate::shards::Shards;
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, RowNumbers, columns};

use meaning::{Leaf, Meaning};
use reading::Reading;
use spilling::{Spilling, Stored};

/// Opens files that hold the same columns and follow one another; the text is what they are called in messages.
pub(crate) type Open = fn(String, Vec<PathBuf>) -> Result<Table, Error>;

/// The files of a table, which hold the same columns and follow one another.
pub(crate) struct Table {
    /// The file, or the folder of them, for messages.
    pub(crate) origin: String,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) features: Features,
    pub(crate) rows: u64,
    pub(crate) size: FrameSize,
    pub(crate) files: Box<dyn Files>,
}

/// Columns as they are taken in, each or why it cannot be.
pub(crate) type Readings = Vec<(Leaf, Result<Reading>)>;

/// What is done with columns of which some rows have been taken in; none where all rows are to be taken in at once.
pub(crate) type After<'a> = Option<&'a mut dyn FnMut(&mut Readings) -> Result<(), Error>>;

/// What takes in images, some at a time.
pub(crate) type Take<'a> = &'a mut dyn FnMut(Vec<Packed>) -> Result<(), Error>;

/// Files of one format.
pub(crate) trait Files {
    /// What damage is refused as: "a whole Parquet file".
    fn whole(&self) -> &'static str;

    /// Takes in all rows of these columns, on all cores. After some of them `after` gets the columns so far, all of one length, and may take
    /// numbers out of them.
    fn read(&self, table: &Table, readings: Readings, after: After) -> Result<Readings, Error>;

    /// Hands out the images of a column, about so many at a time, and says how many rows there were.
    fn pictures(
        &self,
        table: &Table,
        picture: &Leaf,
        at_a_time: usize,
        take: Take,
    ) -> Result<u64, Error>;
}

/// Why a column cannot be read.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the crate that reads it says.
    Reader(String),
    /// What belongs there, and what is there.
    Broken(String, String),
    Whole(Error),
}

/// What is read of a column, or why it cannot be.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Counts the bytes of a table before they are there, and says when they are too many.
pub(crate) type Count<'a> = &'a dyn Fn(u64) -> Result<()>;

pub(crate) fn broken(expected: impl Into<String>, found: impl Into<String>) -> Failure {
    Failure::Broken(expected.into(), found.into())
}

/// Says that a column has fewer values than it claims.
pub(crate) fn short() -> Failure {
    broken("as many values as its levels say", "others")
}

/// Loads a table, or images, from a file.
///
/// # Errors
/// [`Error::Content`] with the file and the column or row, [`Error::Selection`] for a label or target that is no column, or
/// [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path, open: Open) -> Result<Parts, Error> {
    let origin = path.display().to_string();
    parts(source, open(origin, vec![path.to_owned()])?, None)
}

/// Whether files hold a table, and not images, by their schema.
///
/// # Errors
/// As [`load`], as far as the schema goes.
pub(crate) fn is_table(origin: String, files: Vec<PathBuf>, open: Open) -> Result<bool, Error> {
    open(origin, files).map(|table| table.picture().is_none())
}

/// Loads a table, or images, from the files of a folder, which follow one another.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_shards(source: &Source, shards: Shards, open: Open) -> Result<Parts, Error> {
    let train = open(shards.origin.clone(), shards.train)?;
    let test = match shards.test.is_empty() {
        true => None,
        false => Some(open(shards.origin, shards.test)?),
    };
    let mut parts = parts(source, train, test)?;
    parts.notes.extend(shards.left_out);
    Ok(parts)
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8], open: Open) -> Result<(), Error> {
    let failed = |failure| unreadable(Path::new("bytes"), failure);
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    std::io::Write::write_all(&mut file, bytes).map_err(failed)?;
    load(&Source::named("bytes"), file.path(), open).map(drop)
}

fn parts(source: &Source, train: Table, test: Option<Table>) -> Result<Parts, Error> {
    if train.picture().is_some() {
        return pictures::parts(source, &train, test.as_ref());
    }
    let test = test.map(|test| test.frame(source, &test.leaves));
    let frame = train.frame(source, &train.leaves)?;
    let mut parts = columns::parts(source, frame, test.transpose()?)?;
    parts.notes.extend(train.note_of_times(&parts));
    Ok(parts)
}

impl Table {
    /// Reads these columns.
    ///
    /// # Errors
    /// [`Error::Content`] with the column, or where it stands in [`Frame::skipped`] as `source.skip_bad` says. A column that can be
    /// none of a table is no error where nobody asks for it: it has no known cell then.
    pub(crate) fn frame(&self, source: &Source, leaves: &[Leaf]) -> Result<Frame, Error> {
        let begun = leaves
            .iter()
            .map(|leaf| (leaf.clone(), self.begin(source, leaf)));
        let mut frame = Frame {
            origin: self.origin.clone(),
            columns: Vec::new(),
            place: Place::Row,
            places: RowNumbers::default(),
            rows: RowNumbers::default(),
            is_named: true,
            skipped: Vec::new(),
        };
        let mut unread = Vec::new();
        let (read, mut stored) = self.read_or_spill(source, begun.collect())?;
        for (leaf, reading) in read {
            let mut of_this = stored.remove(&leaf.index).into_iter().flatten();
            let columns = reading.and_then(|reading| self.finish(reading));
            let columns = columns.map(|mut columns| {
                for (column, stored) in columns.iter_mut().zip(&mut of_this) {
                    column.cells = Cells::Stored(stored);
                }
                columns
            });
            match columns {
                Ok(columns) => frame.columns.extend(columns),
                Err(_) if self.is_unwanted(source, &leaf) => {
                    unread.push((frame.columns.len() + unread.len(), leaf.name));
                }
                Err(failure) => {
                    let error = self.failed(&leaf.name, failure);
                    match source.skip_bad {
                        true => frame.skipped.push(error.to_string()),
                        false => return Err(error),
                    }
                }
            }
        }
        // How many rows the file claims is believed only once a column holds as many.
        if !frame.columns.is_empty() {
            self.size
                .add((8 * unread.len() as u64).saturating_mul(self.rows))?;
            frame.places = (1..self.rows + 1).into();
            frame.rows = (0..self.rows).into();
            for (place, name) in unread {
                let cells = Cells::Numbers(vec![f64::NAN; frame.rows.len()]);
                frame.columns.insert(place, Column { name, cells });
            }
        }
        self.refuse_twice(&frame)?;
        Ok(frame)
    }

    /// Reads columns; the numbers of those that are more than memory shall hold go to a store, by the place of their leaf.
    fn read_or_spill(&self, source: &Source, begun: Readings) -> Result<(Readings, Stored), Error> {
        let cells = self.rows.saturating_mul(begun.len() as u64);
        let has_lists = begun.iter().any(|(leaf, _)| leaf.depth > 0);
        if !has_lists && !is_too_large(cells, source.memory) {
            return Ok((self.files.read(self, begun, None)?, Stored::new()));
        }
        let mut spilling = Spilling::new(self, source);
        let mut after = |readings: &mut Readings| spilling.take(readings);
        let mut read = self.files.read(self, begun, Some(&mut after))?;
        let stored = spilling.finish(&mut read)?;
        Ok((read, stored))
    }

    fn refuse_twice(&self, frame: &Frame) -> Result<(), Error> {
        let mut names = HashSet::new();
        let mut columns = frame.columns.iter();
        match columns.find(|column| !names.insert(&column.name)) {
            Some(column) => {
                let found = format!("two called `{}`", column.name);
                Err(content_of(&self.origin, "columns of distinct names", found))
            }
            None => Ok(()),
        }
    }

    fn begin(&self, source: &Source, leaf: &Leaf) -> Result<Reading> {
        match leaf.meaning.is_no_column() {
            Some(found) => Err(broken("numbers, words or times", found)),
            None => Ok(Reading::new(leaf.clone(), self.is_name(source, leaf))),
        }
    }

    fn finish(&self, reading: Reading) -> Result<Vec<Column>> {
        if reading.rows as u64 != self.rows {
            let found = reading.rows.to_string();
            return Err(broken(format!("{} rows", self.rows), found));
        }
        self.named(reading.finish()?)
    }

    /// Columns whose numbers the schema calls classes, as words.
    fn named(&self, columns: Vec<Column>) -> Result<Vec<Column>> {
        let named = |mut column: Column| {
            if let (Some(names), Cells::Numbers(numbers)) =
                (self.features.classes.get(&column.name), &column.cells)
            {
                let codes = numbers
                    .iter()
                    .enumerate()
                    .map(|(row, &number)| match number {
                        // What has no class is -1 there.
                        _ if number.is_nan() || number == -1.0 => Ok(MISSING),
                        _ if number >= 0.0 && number < names.len() as f64 => Ok(number as u32),
                        _ => Err(broken(
                            format!("a class, 0 to {}", names.len() as i64 - 1),
                            format!("{number} in row {}", row + 1),
                        )),
                    });
                column.cells = Cells::Words(Words {
                    codes: codes.collect::<Result<_>>()?,
                    names: names.clone(),
                });
            }
            Ok(column)
        };
        columns.into_iter().map(named).collect()
    }

    /// Says why a column cannot be read.
    pub(crate) fn failed(&self, column: &str, failure: Failure) -> Error {
        let origin = format!("{}: column `{column}`", self.origin);
        match failure {
            Failure::Reader(error) => content_of(&origin, "a whole column", error),
            Failure::Broken(expected, found) => content_of(&origin, expected, found),
            Failure::Whole(error) => error,
        }
    }

    /// Says that the files are damaged so that their reader gave up.
    pub(crate) fn damaged(&self) -> Error {
        let found = "damage past which it cannot be read";
        content_of(&self.origin, self.files.whole(), found)
    }

    /// The column that holds images, where one does: the one that its writer calls so, or of a structure of bytes and a
    /// path, or the only one of bytes.
    fn picture(&self) -> Option<&Leaf> {
        let bytes = || {
            let leaves = self.leaves.iter();
            leaves.filter(|leaf| leaf.meaning == Meaning::Bytes && leaf.depth == 0)
        };
        let stem = |leaf: &Leaf| leaf.name.strip_suffix(".bytes").map(str::to_owned);
        let named = bytes().find(|leaf| {
            let name = stem(leaf).unwrap_or_else(|| leaf.name.clone());
            self.features.images.contains(&name)
        });
        let with_path = || {
            bytes()
                .find(|leaf| stem(leaf).is_some_and(|stem| self.leaf(&(stem + ".path")).is_some()))
        };
        let only = || bytes().next().filter(|_| bytes().count() == 1);
        named.or_else(with_path).or_else(only)
    }

    /// Whether a column is asked for as names or classes, so that each digit of its values counts.
    fn is_name(&self, source: &Source, leaf: &Leaf) -> bool {
        if self.features.classes.contains_key(&leaf.name) {
            return false;
        }
        let classes = source.target.as_ref();
        let classes = classes.filter(|target| target.kind == TargetKind::Classes);
        let mut asked = source.columns.names().chain(&source.label);
        let is_it = |name: &String| is_called(leaf, name);
        asked.any(is_it) || classes.is_some_and(|target| is_it(&target.column))
    }

    /// Whether a column that can be none of a table is left out by the choice of others.
    fn is_unwanted(&self, source: &Source, leaf: &Leaf) -> bool {
        let choice = &source.columns;
        let is_it = |name: &String| is_called(leaf, name);
        let target = source.target.as_ref().map(|target| &target.column);
        let mut others = choice.names().chain(&source.label).chain(target);
        let is_chosen = choice.only.is_empty() || choice.only.iter().any(is_it);
        let is_dropped = choice.drop.iter().any(is_it);
        leaf.meaning.is_no_column().is_some()
            && (!is_chosen || is_dropped || source.learned.is_some())
            && !others.any(is_it)
    }

    /// Says which columns to learn from are times.
    fn note_of_times(&self, parts: &Parts) -> Option<String> {
        let is_input = |leaf: &&Leaf| {
            let mut inputs = parts.train.columns().iter();
            leaf.meaning.is_time() && inputs.any(|name| *name == leaf.name)
        };
        let times = self.leaves.iter().filter(is_input);
        let times: Vec<_> = times.map(|leaf| format!("`{}`", leaf.name)).collect();
        (!times.is_empty()).then(|| {
            let times = times.join(", ");
            format!("dates are seconds since 1970, times of the day since midnight: {times}")
        })
    }

    fn leaf(&self, name: &str) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.name == name)
    }
}

/// Whether a column is called so, by its name or its number.
fn is_called(leaf: &Leaf, name: &str) -> bool {
    *name == leaf.name || *name == (leaf.index + 1).to_string()
}
