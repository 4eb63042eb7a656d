//! Arrays as NumPy writes them: `.npy` files and `.npz` archives of such.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use crate::array::{Array, LARGEST};
use crate::array_parts::{Part, parts};
use crate::error::{content_of as content, unreadable};
use crate::named_arrays::{self, NamedArrays};
use crate::npy_header::parse;
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
    let reading = |failure| unreadable(path, failure);
    let origin = path.display().to_string();
    let mut file = File::open(path).map_err(reading)?;
    let mut magic = Vec::new();
    let start = (&mut file).take(2).read_to_end(&mut magic);
    start.map_err(reading)?;
    if magic == *b"PK" {
        return archive(source, &origin, BufReader::new(file));
    }
    if let Some(name) = formats::member(source) {
        let found = format!("`:{name}`");
        return Err(content(
            &origin,
            "no name behind it, for it is one array",
            found,
        ));
    }
    alone(source, parse(origin, fs::read(path).map_err(reading)?)?)
}

/// The sizes of a `.npy` file and its numbers in double precision, row-major, whatever they mean.
///
/// # Errors
/// [`Error::Content`] where it is no array of numbers, or [`Error::Io`].
pub fn read_npy(path: &Path) -> Result<(Vec<usize>, Vec<f64>), Error> {
    let bytes = fs::read(path).map_err(|failure| unreadable(path, failure))?;
    let array = parse(path.display().to_string(), bytes)?;
    let axes: Vec<usize> = (0..array.shape.len()).collect();
    let mut numbers = Vec::with_capacity(array.shape.iter().product());
    array.each(&axes, |number| numbers.push(number));
    Ok((array.shape, numbers))
}

/// Reads the bytes of an array or an archive, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let source = Source::named("bytes");
    if bytes.starts_with(b"PK") {
        return archive(&source, "bytes", std::io::Cursor::new(bytes)).map(drop);
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

/// Loads an archive; the origin is for messages.
fn archive(source: &Source, origin: &str, reader: impl Read + Seek) -> Result<Parts, Error> {
    let damaged = |failure: zip::result::ZipError| {
        content(origin, "a zip archive of arrays", failure.to_string())
    };
    let mut archive = ZipArchive::new(reader).map_err(damaged)?;
    let files = archive.file_names();
    let names = files.filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()));
    let names = names.collect();
    let mut read = |name: &str| -> Result<Array, Error> {
        let origin = format!("{origin}: {name}");
        let mut entry = archive.by_name(&format!("{name}.npy")).map_err(damaged)?;
        let mut bytes = Vec::new();
        match (&mut entry).take(LARGEST + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 > LARGEST => {
                let expected = format!("an array of at most {} MiB", LARGEST >> 20);
                Err(content(&origin, expected, "more"))
            }
            Ok(_) => parse(origin, bytes),
            Err(failure) => Err(content(&origin, "an array", failure.to_string())),
        }
    };
    let arrays = NamedArrays {
        origin: origin.to_owned(),
        names,
        asked: formats::member(source),
        is_matlab: false,
        read: &mut read,
    };
    named_arrays::load(source, arrays)
}

#[cfg(test)]
mod tests;
