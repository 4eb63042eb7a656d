//! Tables and images in Parquet files, as pandas, Polars, Spark and Hugging Face write them.
//!
//! Read column by column through the crate's own readers, not by way of Arrow's arrays, whose crates would triple the time
//! that this one takes to build.

use std::collections::HashSet;
use std::fs::File;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::FileMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};

use crate::error::{content, content_of, unreadable};
use crate::frame::{Cells, Column, Frame, MISSING, Place, Words};
use crate::frame_size::FrameSize;
use crate::hugging_face::Features;
use crate::shards::Shards;
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, columns};

use column::Reading;
use leaves::{Leaf, Meaning, leaves};

/// Loads a table, or images, from a file.
///
/// # Errors
/// [`Error::Content`] with the file and the column or row, [`Error::Selection`] for a label or target that is no column, or
/// [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    let origin = path.display().to_string();
    let train = Table::open(origin, vec![path.to_owned()])?;
    parts(source, train, None)
}

/// Loads a table, or images, from the files of a folder, which follow one another.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_shards(source: &Source, shards: Shards) -> Result<Parts, Error> {
    let train = Table::open(shards.origin.clone(), shards.train)?;
    let test = match shards.test.is_empty() {
        true => None,
        false => Some(Table::open(shards.origin, shards.test)?),
    };
    let mut parts = parts(source, train, test)?;
    parts.notes.extend(shards.left_out);
    Ok(parts)
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

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let failed = |failure| unreadable(Path::new("bytes"), failure);
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    std::io::Write::write_all(&mut file, bytes).map_err(failed)?;
    let source = Source::named("bytes");
    load(&source, file.path()).map(drop)
}

/// The files of a table, which hold the same columns and follow one another.
struct Table {
    /// The file, or the folder of them, for messages.
    origin: String,
    files: Vec<PathBuf>,
    leaves: Vec<Leaf>,
    features: Features,
    rows: u64,
    size: FrameSize,
}

/// A column of a file, and the columns of the table that it becomes.
type Read<'a> = (&'a Leaf, Result<Vec<Column>, Failure>);

/// Why a column cannot be read.
#[derive(Debug)]
enum Failure {
    /// The crate says so.
    Reader(ParquetError),
    /// What belongs there, and what is there.
    Broken(String, String),
    Whole(Error),
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        Self::Reader(error)
    }
}

fn broken(expected: impl Into<String>, found: impl Into<String>) -> Failure {
    Failure::Broken(expected.into(), found.into())
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, Error> {
    let file = File::open(path).map_err(|failure| unreadable(path, failure))?;
    SerializedFileReader::new(file)
        .map_err(|error| content(path, "a whole Parquet file", error.to_string()))
}

impl Table {
    fn open(origin: String, files: Vec<PathBuf>) -> Result<Self, Error> {
        let mut rows = 0u64;
        let mut bytes = 0;
        let mut first: Option<(Vec<Leaf>, Features)> = None;
        for path in &files {
            let reader = open(path)?;
            let metadata = reader.metadata();
            let read = metadata.row_groups().iter();
            let read = read.map(|group| u64::try_from(group.num_rows()).unwrap_or(u64::MAX));
            rows = read.fold(rows, u64::saturating_add);
            bytes += path
                .metadata()
                .map_err(|failure| unreadable(path, failure))?
                .len();
            let leaves = leaves(metadata.file_metadata().schema_descr());
            match &first {
                None => first = Some((leaves, features(metadata.file_metadata()))),
                Some((known, _)) if *known == leaves => {}
                Some(_) => {
                    let expected = format!("the columns of `{}`", files[0].display());
                    return Err(content(path, expected, "others"));
                }
            }
        }
        let (leaves, features) = first.unwrap_or_default();
        if leaves.is_empty() {
            return Err(content_of(&origin, "at least one column", "none"));
        }
        Ok(Self {
            size: FrameSize::of_file(&origin, bytes),
            origin,
            files,
            leaves,
            features,
            rows,
        })
    }

    /// Reads these columns, on all cores.
    fn frame(&self, source: &Source, leaves: &[Leaf]) -> Result<Frame, Error> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let threads = threads.clamp(1, leaves.len().max(1));
        let share = move |at: usize| leaves.iter().skip(at).step_by(threads);
        let shares: Vec<_> = thread::scope(|scope| {
            let spawn = |at| {
                scope.spawn(move || self.columns(share(at), &|leaf| self.is_name(source, leaf)))
            };
            let workers: Vec<_> = (0..threads).map(spawn).collect();
            workers.into_iter().map(|worker| worker.join()).collect()
        });
        let mut read = Vec::with_capacity(leaves.len());
        for share in shares {
            // The crate panics on some damage that it does not foresee.
            let Ok(columns) = share else {
                let found = "damage past which it cannot be read";
                return Err(content_of(&self.origin, "a whole Parquet file", found));
            };
            read.extend(columns?);
        }
        read.sort_by_key(|(leaf, _)| leaf.index);
        let mut frame = Frame {
            origin: self.origin.clone(),
            columns: Vec::new(),
            place: Place::Row,
            places: Vec::new(),
            rows: Vec::new(),
            is_named: true,
            skipped: Vec::new(),
        };
        for (leaf, columns) in read {
            match columns.and_then(|columns| self.named(columns)) {
                Ok(columns) => frame.columns.extend(columns),
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
            self.size.add(16 * self.rows)?;
            frame.places = (1..=self.rows).collect();
            frame.rows = (0..self.rows).collect();
        }
        let mut names = HashSet::new();
        let twice = frame
            .columns
            .iter()
            .find(|column| !names.insert(&column.name));
        if let Some(column) = twice {
            let found = format!("two called `{}`", column.name);
            return Err(content_of(&self.origin, "columns of distinct names", found));
        }
        Ok(frame)
    }

    /// Reads these columns one by one.
    fn columns<'a>(
        &self,
        leaves: impl Iterator<Item = &'a Leaf>,
        is_name: &dyn Fn(&Leaf) -> bool,
    ) -> Result<Vec<Read<'a>>, Error> {
        let readings = leaves.map(|leaf| (leaf, Ok(Reading::new(leaf.clone(), is_name(leaf)))));
        let mut readings: Vec<(_, Result<_, Failure>)> = readings.collect();
        let count = |bytes| self.size.add(bytes).map_err(Failure::Whole);
        for path in &self.files {
            let reader = open(path)?;
            for (leaf, reading) in &mut readings {
                let Ok(into) = reading else { continue };
                if let Err(failure) = read_into(&reader, leaf, into, &count) {
                    *reading = Err(failure);
                }
            }
        }
        let rows = |read: usize| match read as u64 == self.rows {
            true => Ok(()),
            false => Err(broken(format!("{} rows", self.rows), read.to_string())),
        };
        let finish = |reading: Reading| {
            rows(reading.rows)?;
            reading.finish()
        };
        let readings = readings.into_iter();
        Ok(readings
            .map(|(leaf, reading)| (leaf, reading.and_then(finish)))
            .collect())
    }

    /// Columns whose numbers the schema calls classes, as words.
    fn named(&self, columns: Vec<Column>) -> Result<Vec<Column>, Failure> {
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
                    codes: codes.collect::<Result<_, _>>()?,
                    names: names.clone(),
                });
            }
            Ok(column)
        };
        columns.into_iter().map(named).collect()
    }

    /// Says why a column cannot be read.
    fn failed(&self, column: &str, failure: Failure) -> Error {
        let origin = format!("{}: column `{column}`", self.origin);
        match failure {
            Failure::Reader(error) => content_of(&origin, "a whole column", error.to_string()),
            Failure::Broken(expected, found) => content_of(&origin, expected, found),
            Failure::Whole(error) => error,
        }
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
        let number = (leaf.index + 1).to_string();
        let is_it = |name: &String| *name == leaf.name || *name == number;
        asked.any(is_it) || classes.is_some_and(|target| is_it(&target.column))
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

/// Takes in a column of a file.
fn read_into(
    reader: &SerializedFileReader<File>,
    leaf: &Leaf,
    into: &mut Reading,
    count: column::Count,
) -> Result<(), Failure> {
    match leaf.meaning {
        Meaning::Unknown(found) => return Err(broken("numbers, words or times", found)),
        Meaning::Bytes => return Err(broken("numbers, words or times", "bytes")),
        _ => {}
    }
    for group in 0..reader.num_row_groups() {
        into.read(
            reader.get_row_group(group)?.get_column_reader(leaf.index)?,
            count,
        )?;
    }
    Ok(())
}

/// What Hugging Face wrote down of the columns.
fn features(metadata: &FileMetaData) -> Features {
    let pairs = metadata.key_value_metadata().into_iter().flatten();
    let mut pairs = pairs.filter(|pair| pair.key == "huggingface");
    let text = pairs.next().and_then(|pair| pair.value.as_deref());
    text.map(Features::parse).unwrap_or_default()
}

mod column;
mod leaves;
mod pictures;
#[cfg(test)]
mod tests;
