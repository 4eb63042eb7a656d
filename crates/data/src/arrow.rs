//! Tables and images in Arrow's files and streams, and Feather, as pandas, Polars and Hugging Face write them.
//!
//! Record batches are read one after another, the columns of each on all cores.

mod column;
mod leaves;
mod messages;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::thread;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::reader::{read_dictionary, read_record_batch};
use arrow_schema::{ArrowError, SchemaRef};

use crate::Error;
use crate::columnar::meaning::Leaf;
use crate::columnar::{self, After, Count, Failure, Files, Readings, Table, Take};
use crate::error::{content, content_of};
use crate::foreign_panics::guarded;
use crate::frame_size::FrameSize;
use crate::hugging_face::Features;
use crate::parallel;
use crate::picture_files::Packed;
use crate::shards::Shards;
use crate::source::{Parts, Source};

use leaves::{Way, leaves};
use messages::{Index, Kind, Message, WHOLE};

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

/// Arrow files that hold the same columns and follow one another.
struct Shelf {
    files: Vec<(PathBuf, Index)>,
    /// The way to each column.
    ways: Vec<Way>,
}

fn open(origin: String, paths: Vec<PathBuf>) -> Result<Table, Error> {
    let (mut rows, mut bytes) = (0u64, 0u64);
    let mut files: Vec<(PathBuf, Index)> = Vec::with_capacity(paths.len());
    for path in paths {
        let index = Index::of(&path)?;
        rows = rows.saturating_add(index.rows);
        bytes = bytes.saturating_add(index.length);
        if let Some((first, known)) = files.first()
            && known.schema.fields() != index.schema.fields()
        {
            let expected = format!("the columns of `{}`", first.display());
            return Err(content(&path, expected, "others"));
        }
        files.push((path, index));
    }
    let schema = files.first().map(|(_, index)| index.schema.clone());
    let (leaves, ways) = schema
        .as_ref()
        .map(|schema| leaves(schema))
        .unwrap_or_default();
    if leaves.is_empty() {
        return Err(content_of(&origin, "at least one column", "none"));
    }
    let features =
        schema.and_then(|schema| Some(Features::parse(schema.metadata().get("huggingface")?)));
    Ok(Table {
        size: FrameSize::of_file(&origin, bytes),
        origin,
        leaves,
        features: features.unwrap_or_default(),
        rows,
        files: Box::new(Shelf { files, ways }),
    })
}

impl Files for Shelf {
    fn whole(&self) -> &'static str {
        WHOLE
    }

    fn read(
        &self,
        table: &Table,
        mut readings: Readings,
        mut after: After,
    ) -> Result<Readings, Error> {
        let threads = parallel::threads();
        let share = readings.len().div_ceil(threads).max(1);
        let size = &table.size;
        self.each(table, &mut |batch| {
            thread::scope(|scope| {
                let shares = readings.chunks_mut(share);
                let workers: Vec<_> = shares
                    .map(|share| scope.spawn(move || take_in(batch, &self.ways, share, size)))
                    .collect();
                let joined: Vec<_> = workers.into_iter().map(|worker| worker.join()).collect();
                joined
                    .into_iter()
                    .try_for_each(|share| share.map_err(|_| table.damaged()))
            })?;
            match &mut after {
                Some(after) => (**after)(&mut readings),
                None => Ok(()),
            }
        })?;
        Ok(readings)
    }

    fn pictures(
        &self,
        table: &Table,
        picture: &Leaf,
        at_a_time: usize,
        take: Take,
    ) -> Result<u64, Error> {
        let way = &self.ways[picture.index];
        let mut count = 0;
        self.each(table, &mut |batch| {
            let failed = |failure| table.failed(&picture.name, failure);
            let read = batch.columns(&[way.root]).map_err(failed)?;
            let images = column::images(read.column(0), way).map_err(failed)?;
            count += read.num_rows() as u64;
            let mut rows = 0..read.num_rows();
            while !rows.is_empty() {
                let some = rows.by_ref().take(at_a_time.max(1));
                let packed = some.map(|row| images(row).map_or(Packed::Nothing, Packed::Bytes));
                take(packed.collect())?;
            }
            Ok(())
        })?;
        Ok(count)
    }
}

/// A record batch that is not yet unpacked.
struct Batch<'a> {
    message: &'a Message,
    schema: &'a SchemaRef,
    dictionaries: &'a HashMap<i64, ArrayRef>,
}

impl Shelf {
    /// Hands out the record batches of all files.
    fn each(
        &self,
        table: &Table,
        take: &mut dyn FnMut(&Batch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for (path, index) in &self.files {
            let mut dictionaries = HashMap::new();
            let mut messages = index.messages(path)?;
            while let Some(message) = messages.next(&table.size)? {
                match message.kind {
                    Kind::Dictionary => {
                        let read = guarded(|| message.dictionary(&index.schema, &mut dictionaries));
                        read.map_err(|found| content(path, WHOLE, found))?;
                    }
                    Kind::Batch => take(&Batch {
                        message: &message,
                        schema: &index.schema,
                        dictionaries: &dictionaries,
                    })?,
                }
            }
        }
        Ok(())
    }
}

impl Message {
    fn dictionary(
        &self,
        schema: &SchemaRef,
        known: &mut HashMap<i64, ArrayRef>,
    ) -> Result<(), ArrowError> {
        let message = self.message()?;
        match message.header_as_dictionary_batch() {
            Some(batch) => read_dictionary(&self.body, batch, schema, known, &message.version()),
            None => Err(ArrowError::IpcError("no dictionary".to_owned())),
        }
    }
}

impl Batch<'_> {
    /// These columns of the schema, unpacked.
    fn columns(&self, roots: &[usize]) -> columnar::Result<RecordBatch> {
        let read = guarded(|| {
            let message = self.message.message()?;
            let Some(batch) = message.header_as_record_batch() else {
                return Err(ArrowError::IpcError("no record batch".to_owned()));
            };
            let (schema, version) = (self.schema.clone(), message.version());
            let known = self.dictionaries;
            read_record_batch(
                &self.message.body,
                batch,
                schema,
                known,
                Some(roots),
                &version,
            )
        });
        read.map_err(Failure::Reader)
    }
}

/// Takes in what a batch holds of these columns.
fn take_in(batch: &Batch, ways: &[Way], readings: &mut Readings_, size: &FrameSize) {
    let count: Count = &|bytes| size.add(bytes).map_err(Failure::Whole);
    let wanted = readings.iter().filter(|(_, reading)| reading.is_ok());
    let mut roots: Vec<_> = wanted.map(|(leaf, _)| ways[leaf.index].root).collect();
    roots.dedup();
    // All at once, unless one of them is damaged: then that one is to be told.
    let all = batch.columns(&roots);
    for (leaf, reading) in readings {
        let Ok(into) = reading else { continue };
        let way = &ways[leaf.index];
        let place = roots.iter().position(|root| *root == way.root);
        let taken = match (&all, place) {
            (Ok(all), Some(place)) => column::take(into, all.column(place), way, count),
            _ => batch
                .columns(&[way.root])
                .and_then(|alone| column::take(into, alone.column(0), way, count)),
        };
        if let Err(failure) = taken {
            *reading = Err(failure);
        }
    }
}

/// Some of the columns that are taken in.
type Readings_ = [(Leaf, columnar::Result<columnar::reading::Reading>)];
