//! Tables and images in Parquet files, as pandas, Polars, Spark and Hugging Face write them.
//!
//! Read column by column through the crate's own readers, not by way of Arrow's arrays, whose crates would triple the time
//! that this one takes to build.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use ::parquet::data_type::ByteArrayType;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::FileMetaData;
use ::parquet::file::reader::FileReader;

use crate::Error;
use crate::columnar::meaning::Leaf;
use crate::columnar::{self, After, Count, Failure, Files, Readings, Result, Table, Take, broken};
use crate::error::{content, content_of, unreadable};
use crate::foreign_panics::guarded;
use crate::frame_size::FrameSize;
use crate::hugging_face::Features;
use crate::parallel;
use crate::picture_files::Packed;
use crate::shards::Shards;
use crate::source::{Parts, Source};

use bounded::{Bounded, Pages};
use column::Taking;
use leaves::{Levels, leaves};

const WHOLE: &str = "a whole Parquet file";

/// Loads a table, or images, from a file.
///
/// # Errors
/// As [`columnar::load`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    columnar::load(source, path, open)
}

/// Whether a file holds a table, and not images, by its schema.
///
/// # Errors
/// As [`load`], as far as the schema goes.
pub(crate) fn is_table(_: &Source, path: &Path) -> Result<bool, Error> {
    columnar::is_table(path.display().to_string(), vec![path.to_owned()], open)
}

/// Whether the files of a folder hold a table, and not images, by their schema.
///
/// # Errors
/// As [`is_table`].
pub(crate) fn is_table_of(shards: &Shards) -> Result<bool, Error> {
    columnar::is_table(shards.origin.clone(), shards.train.clone(), open)
}

/// Loads a table, or images, from the files of a folder, which follow one another.
///
/// # Errors
/// As [`columnar::load`].
pub(crate) fn load_shards(source: &Source, shards: Shards) -> Result<Parts, Error> {
    columnar::load_shards(source, shards, open)
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    columnar::try_bytes(bytes, open)
}

/// Parquet files that hold the same columns and follow one another.
struct Shelf {
    paths: Vec<PathBuf>,
    /// The levels of each column.
    levels: Vec<Levels>,
}

impl From<ParquetError> for Failure {
    fn from(error: ParquetError) -> Self {
        Self::Reader(error.to_string())
    }
}

pub(crate) fn open(origin: String, paths: Vec<PathBuf>) -> Result<Table, Error> {
    let mut rows = 0u64;
    let mut bytes = 0;
    let mut first: Option<(Vec<(Leaf, Levels)>, Features)> = None;
    for path in &paths {
        let reader = Bounded::open(path)?;
        let metadata = reader.metadata();
        let read = metadata.row_groups().iter();
        let read = read.map(|group| u64::try_from(group.num_rows()).unwrap_or(u64::MAX));
        rows = read.fold(rows, u64::saturating_add);
        let length = path.metadata();
        bytes += length.map_err(|failure| unreadable(path, failure))?.len();
        let leaves = leaves(metadata.file_metadata().schema_descr());
        match &first {
            None => first = Some((leaves, features(metadata.file_metadata()))),
            Some((known, _)) if *known == leaves => {}
            Some(_) => {
                let expected = format!("the columns of `{}`", paths[0].display());
                return Err(content(path, expected, "others"));
            }
        }
    }
    let (leaves, features) = first.unwrap_or_default();
    if leaves.is_empty() {
        return Err(content_of(&origin, "at least one column", "none"));
    }
    let (leaves, levels) = leaves.into_iter().unzip();
    Ok(Table {
        size: FrameSize::of_file(&origin, bytes),
        origin,
        leaves,
        features,
        rows,
        files: Box::new(Shelf { paths, levels }),
    })
}

impl Files for Shelf {
    fn whole(&self) -> &'static str {
        WHOLE
    }

    fn read(&self, table: &Table, mut readings: Readings, after: After) -> Result<Readings, Error> {
        let Some(after) = after else {
            self.take_in(table, &mut readings, &self.paths, 0..usize::MAX)?;
            return Ok(readings);
        };
        for path in &self.paths {
            for group in 0..Bounded::open(path)?.num_row_groups() {
                let path = std::slice::from_ref(path);
                self.take_in(table, &mut readings, path, group..group + 1)?;
                after(&mut readings)?;
            }
        }
        Ok(readings)
    }

    fn pictures(
        &self,
        table: &Table,
        picture: &Leaf,
        at_a_time: usize,
        take: Take,
    ) -> Result<u64, Error> {
        let mut count = 0;
        let defined = self.levels[picture.index].defined;
        for path in &self.paths {
            let reader = Bounded::open(path)?;
            for group in 0..reader.num_row_groups() {
                let column = column_reader(&reader, group, picture.index, &table.size);
                let failed = |failure| table.failed(&picture.name, failure);
                let column = match column.map_err(failed)? {
                    ColumnReader::ByteArrayColumnReader(column) => column,
                    _ => return Err(failed(broken("bytes", "another type"))),
                };
                count += hand_out(column, defined, at_a_time, take, &failed)?;
            }
        }
        Ok(count)
    }
}

impl Shelf {
    /// Takes in these row groups, as far as there are so many, of each of these files, on all cores.
    fn take_in(
        &self,
        table: &Table,
        readings: &mut Readings,
        paths: &[PathBuf],
        groups: Range<usize>,
    ) -> Result<(), Error> {
        let threads = parallel::threads();
        let share = readings.len().div_ceil(threads).max(1);
        let (size, levels) = (&table.size, &self.levels);
        let shares: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = readings
                .chunks_mut(share)
                .map(|share| {
                    let groups = groups.clone();
                    scope.spawn(move || columns(size, (paths, groups), levels, share))
                })
                .collect();
            workers.into_iter().map(|worker| worker.join()).collect()
        });
        for share in shares {
            // The crate panics on some damage that it does not foresee.
            share.map_err(|_| table.damaged())??;
        }
        Ok(())
    }
}

/// Takes in these columns one by one.
fn columns(
    size: &FrameSize,
    (paths, groups): (&[PathBuf], Range<usize>),
    levels: &[Levels],
    readings: &mut [(Leaf, Result<columnar::reading::Reading>)],
) -> Result<(), Error> {
    let count: Count = &|bytes| size.add(bytes).map_err(Failure::Whole);
    for path in paths {
        let reader = Bounded::open(path)?;
        for (leaf, reading) in &mut *readings {
            let Ok(into) = reading else { continue };
            let levels = levels[leaf.index];
            let mut taking = Taking {
                into,
                levels,
                count,
            };
            let mut groups = groups.start..groups.end.min(reader.num_row_groups());
            let read = groups.try_for_each(|group| {
                taking.read(column_reader(&reader, group, leaf.index, size)?)
            });
            if let Err(failure) = read {
                *reading = Err(failure);
            }
        }
    }
    Ok(())
}

/// The reader of a column of a row group, whose pages are no larger than their file can hold.
fn column_reader(
    reader: &Bounded,
    group: usize,
    index: usize,
    size: &FrameSize,
) -> Result<ColumnReader> {
    let group = reader.get_row_group(group)?;
    let column = group.metadata().schema_descr().column(index);
    reader.check_pages(group.metadata().column(index), size.most())?;
    let pages = Pages::new(group.get_column_page_reader(index)?);
    Ok(get_column_reader(column, Box::new(pages)))
}

/// Hands out the images of a row group, and says how many rows it has.
fn hand_out(
    mut column: ColumnReaderImpl<ByteArrayType>,
    whole: i16,
    at_a_time: usize,
    take: &mut dyn FnMut(Vec<Packed>) -> Result<(), Error>,
    failed: &dyn Fn(Failure) -> Error,
) -> Result<u64, Error> {
    let mut count = 0;
    loop {
        let (mut values, mut defined) = (Vec::new(), Vec::new());
        let read =
            guarded(|| column.read_records(at_a_time, Some(&mut defined), None, &mut values));
        let (rows, ..) = read.map_err(|error| failed(Failure::Reader(error)))?;
        if rows == 0 {
            return Ok(count);
        }
        count += rows as u64;
        let mut values = values.into_iter();
        let is_there = |row: usize| defined.get(row).is_none_or(|&level| level == whole);
        let packed = (0..rows).map(|row| {
            let bytes = is_there(row).then(|| values.next()).flatten();
            bytes.map_or(Packed::Nothing, |bytes| {
                Packed::Bytes(bytes.data().to_vec())
            })
        });
        take(packed.collect())?;
    }
}

/// What Hugging Face wrote down of the columns.
fn features(metadata: &FileMetaData) -> Features {
    let pairs = metadata.key_value_metadata().into_iter().flatten();
    let mut pairs = pairs.filter(|pair| pair.key == "huggingface");
    let text = pairs.next().and_then(|pair| pair.value.as_deref());
    text.map(Features::parse).unwrap_or_default()
}

mod bounded;
mod column;
mod leaves;
#[cfg(test)]
mod tests;
