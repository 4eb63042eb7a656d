//! Arrays as NumPy writes them: `.npy` files and `.npz` archives of such.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use crate::array::{Array, LARGEST};
use crate::array_parts::{Part, parts};
use crate::error::{content_of as content, unreadable};
use crate::named_arrays::{self, Extent, NamedArrays};
use crate::npy_header::{Npy, parse};
use crate::pixel_store::{Sink, Store};
use crate::source::{Parts, Source};
use crate::{Error, formats};

/// Loads an array, or the arrays of an archive.
///
/// - Two dimensions, `[rows, columns]`, are a table with columns called by their number, counted from 1; where
///   `source.label` is such a number, that column becomes the classes; where `source.target` is, it becomes the classes or
///   the numbers to predict.
/// - Three, `[n, height, width]`, and four, `[n, height, width, channels]` or `[n, channels, height, width]` with 1 or 3
///   channels (the first where both would do), are images. What their numbers mean is told by the numbers
///   ([`PixelRange`](crate::PixelRange)). Where all are 0 or 1 the images are two-valued.
/// - What the arrays of an archive hold is told by their names ([`named_arrays`]).
///
/// Rows of a table that have a number that is not finite are an error, or left out and listed where `source.skip_bad`
/// says so.
///
/// # Errors
/// [`Error::Content`] with the file and array, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    match opened_archive(source, path)? {
        None => alone(source, array(path, path)?),
        Some(file) => archive(source, path, file, named_arrays::load),
    }
}

/// Whether a file holds a table, by its headers.
///
/// # Errors
/// As [`load`], as far as the headers go.
pub(crate) fn is_table(source: &Source, path: &Path) -> Result<bool, Error> {
    match opened_archive(source, path)? {
        None => Ok(array(path, path)?.is_table()),
        Some(file) => archive(source, path, file, named_arrays::is_table),
    }
}

/// The array of a `.npy` file, its elements where they lie.
///
/// # Errors
/// [`Error::Content`] where it is no array of numbers, or [`Error::Io`].
pub(crate) fn array(path: &Path, shown: &Path) -> Result<Array, Error> {
    let failed = |failure| unreadable(shown, failure);
    let mut file = File::open(path).map_err(failed)?;
    let origin = shown.display().to_string();
    let npy = Npy::read(&origin, &mut file, &failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let bytes = bytes.saturating_sub(npy.start);
    let store = Store::given(file, shown, npy.start, bytes)?;
    npy.array(origin, (store, 0))
}

/// A file where it is an archive; none where it is one array, of which no name may be asked for.
fn opened_archive(source: &Source, path: &Path) -> Result<Option<BufReader<File>>, Error> {
    let reading = |failure| unreadable(path, failure);
    let mut file = BufReader::new(File::open(path).map_err(reading)?);
    if file.fill_buf().map_err(reading)?.starts_with(b"PK") {
        return Ok(Some(file));
    }
    match formats::member(source) {
        None => Ok(None),
        Some(name) => {
            let expected = "no name behind it, for it is one array";
            let found = format!("`:{name}`");
            Err(content(&path.display().to_string(), expected, found))
        }
    }
}

/// The sizes of a `.npy` file and its numbers in double precision, row-major, whatever they mean.
///
/// # Errors
/// [`Error::Content`] where it is no array of numbers, or [`Error::Io`].
pub fn read_npy(path: &Path) -> Result<(Vec<usize>, Vec<f64>), Error> {
    let array = array(path, path)?;
    let numbers = array.numbers()?;
    Ok((array.shape, numbers))
}

/// Reads the bytes of an array or an archive, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let source = Source::named("bytes");
    if bytes.starts_with(b"PK") {
        let bytes = std::io::Cursor::new(bytes);
        return archive(&source, Path::new("bytes"), bytes, named_arrays::load).map(drop);
    }
    alone(&source, parse("bytes".to_owned(), bytes.to_vec())?).map(drop)
}

/// One array as a set.
fn alone(source: &Source, data: Array) -> Result<Parts, Error> {
    let part = Part {
        data,
        labels: None,
        class_names: HashMap::new(),
    };
    parts(source, vec![part], Vec::new())
}

/// What `make` makes of the arrays of an archive; the path is for messages, and for arrays that stay where they lie.
fn archive<T>(
    source: &Source,
    path: &Path,
    reader: impl Read + Seek,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let origin = path.display().to_string();
    let damaged = |failure: zip::result::ZipError| {
        content(&origin, "a zip archive of arrays", failure.to_string())
    };
    let mut archive = ZipArchive::new(reader).map_err(damaged)?;
    let files = archive.file_names();
    let names = files.filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()));
    let names = names.collect();
    let mut read = |name: &str, extent: Extent| -> Result<Array, Error> {
        let origin = format!("{origin}: {name}");
        let mut entry = archive.by_name(&format!("{name}.npy")).map_err(damaged)?;
        let failed = |failure: std::io::Error| content(&origin, "an array", failure.to_string());
        let npy = Npy::read(&origin, &mut entry, &failed)?;
        if extent == Extent::Header {
            return Ok(npy.header(origin));
        }
        let bytes = entry.size().saturating_sub(npy.start);
        let is_plain = entry.compression() == CompressionMethod::Stored && !entry.encrypted();
        let place = entry.data_start().filter(|_| is_plain);
        if let Some(place) = place.filter(|_| bytes > source.memory as u64 && path.is_file()) {
            // Read to the end once, where its checksum is held against it; after that it is read where it lies.
            io::copy(&mut entry, &mut io::sink()).map_err(failed)?;
            let file = File::open(path).map_err(|failure| unreadable(path, failure))?;
            let store = Store::given(file, path, place + npy.start, bytes)?;
            return npy.array(origin, (store, 0));
        }
        let store =
            Sink::of(source, source.memory).fill(&mut entry, LARGEST, |failure| match failure {
                Some(failure) => failed(failure),
                None => content(
                    &origin,
                    format!("an array of at most {} MiB", LARGEST >> 20),
                    "more",
                ),
            })?;
        npy.array(origin, (store, 0))
    };
    let arrays = NamedArrays {
        origin: origin.clone(),
        names,
        asked: formats::member(source),
        is_matlab: false,
        read: &mut read,
    };
    make(source, arrays)
}

#[cfg(test)]
mod tests;
