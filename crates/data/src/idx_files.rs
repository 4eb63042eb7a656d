//! Files in idx form given by their path, of any type of numbers and number of dimensions: one's own, KMNIST, QMNIST.
//!
//! The sets that are known by name are read in [`idx`](crate::idx), in a stream.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::array::{Array, Element, Kind, LARGEST};
use crate::error::{content, content_of, unreadable};
use crate::idx::unpack;
use crate::named_arrays::{self, Extent, NamedArrays};
use crate::pixel_store::{Sink, fill};
use crate::source::{Parts, Source};

/// Dimensions, at most.
const MOST: u8 = 8;

/// Where the words of a name that say its form start: in `train-images-idx3-ubyte`, `train-images.idx3-ubyte.gz` or `x.idx`,
/// in small letters.
fn form(name: &str) -> Option<usize> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    if let Some(stem) = name.strip_suffix(".idx") {
        return Some(stem.len());
    }
    let at = name.rfind("idx")?;
    let (digit, kind) = name[at + 3..].split_once('-')?;
    let is_digit = digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit();
    let is_kind = ["ubyte", "byte", "short", "int", "float", "double"].contains(&kind);
    let is_apart = name[..at].ends_with(['-', '.', '_']);
    (is_digit && is_kind && is_apart).then(|| at - 1)
}

/// Whether a file of this name is in idx form.
pub(crate) fn is_name(name: &str) -> bool {
    form(&name.to_lowercase()).is_some()
}

/// The name of the array in such a file: without the form, and from the word on that says the part (`train-images` of
/// `emnist-letters-train-images-idx3-ubyte`).
fn array_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.to_lowercase();
    let name = &name[..form(&name)?];
    let part = ["train", "t10k", "test", "val"];
    let start = part.iter().filter_map(|part| name.find(part)).min();
    Some(name[start.unwrap_or(0)..].to_owned())
}

/// The idx files of a folder, by name.
pub(crate) fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |failure| unreadable(folder, failure);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with('.') && is_name(&name) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Loads a file, with the labels of its part that lie beside it.
///
/// # Errors
/// [`Error::Content`] with the file, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    beside(source, path, named_arrays::load)
}

/// Whether a file holds a table, by its header.
///
/// # Errors
/// As [`load`], as far as the header goes.
pub(crate) fn is_table(source: &Source, path: &Path) -> Result<bool, Error> {
    beside(source, path, named_arrays::is_table)
}

/// What `make` makes of a file and the labels that lie beside it.
fn beside<T>(
    source: &Source,
    path: &Path,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let asked = array_name(path).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let part = asked.split(['-', '_', '.']).next().unwrap_or_default();
    let mut files = in_folder(folder)?;
    files.retain(|file| {
        let is_this = file.file_name() == path.file_name();
        let name = array_name(file).unwrap_or_default();
        is_this || (name != asked && name.starts_with(part) && name.contains("label"))
    });
    of_files(source, path, files, Some(&asked), make)
}

/// Loads the idx files of a folder: images and labels of its parts.
///
/// # Errors
/// [`Error::Content`] with the file, or [`Error::Io`].
pub(crate) fn load_folder(
    source: &Source,
    folder: &Path,
    files: Vec<PathBuf>,
) -> Result<Parts, Error> {
    of_files(source, folder, files, None, named_arrays::load)
}

fn of_files<T>(
    source: &Source,
    origin: &Path,
    files: Vec<PathBuf>,
    asked: Option<&str>,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut named: Vec<(String, PathBuf)> = Vec::new();
    for file in files {
        let name = array_name(&file).unwrap_or_default();
        match named.iter().find(|(known, _)| *known == name) {
            // The same file as it is and packed.
            Some((_, other)) if is_packed(other) != is_packed(&file) => {}
            Some((_, other)) => {
                let expected = "one file of each part (one of several sets by its path)";
                let found = format!("`{}` and `{}`", shown(other), shown(&file));
                return Err(content(origin, expected, found));
            }
            None => named.push((name, file)),
        }
    }
    let mut read = |name: &str, extent: Extent| {
        let known = named.iter().find(|(known, _)| known == name);
        let (_, path) = known.expect("only names that were given are read");
        let mut array = read_file(path, (extent, source))?;
        // The EMNIST files have their images on their side.
        if shown(path).to_lowercase().starts_with("emnist-") && array.shape.len() == 3 {
            array.reorder(&[0, 2, 1]);
        }
        Ok(array)
    };
    let arrays = NamedArrays {
        origin: origin.display().to_string(),
        names: named.iter().map(|(name, _)| name.clone()).collect(),
        asked,
        is_matlab: false,
        read: &mut read,
    };
    make(source, arrays)
}

fn is_packed(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"))
}

fn shown(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Reads a file, of which as much stays in memory as the source says.
fn read_file(path: &Path, (extent, source): (Extent, &Source)) -> Result<Array, Error> {
    let failed = |failure| unreadable(path, failure);
    let file = BufReader::new(File::open(path).map_err(failed)?);
    parse(
        &path.display().to_string(),
        unpack(file).map_err(failed)?,
        (extent, source),
        failed,
    )
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let failed = |failure| unreadable(Path::new("bytes"), failure);
    let source = Source {
        memory: usize::MAX,
        ..Source::named("bytes")
    };
    let whole = (Extent::Whole, &source);
    parse("bytes", unpack(bytes).map_err(failed)?, whole, failed).map(drop)
}

/// The array of a file; takes in no more than its header claims.
fn parse(
    origin: &str,
    mut file: impl Read,
    (extent, source): (Extent, &Source),
    failed: impl Fn(std::io::Error) -> Error,
) -> Result<Array, Error> {
    let mut magic = [0; 4];
    let length = fill(&mut file, &mut magic).map_err(&failed)?;
    let (kind, size) = match magic {
        [0, 0, 0x08, _] => (Kind::Unsigned, 1),
        [0, 0, 0x09, _] => (Kind::Signed, 1),
        [0, 0, 0x0b, _] => (Kind::Signed, 2),
        [0, 0, 0x0c, _] => (Kind::Signed, 4),
        [0, 0, 0x0d, _] => (Kind::Float, 4),
        [0, 0, 0x0e, _] => (Kind::Float, 8),
        _ => (Kind::Bool, 0),
    };
    if length < magic.len() || size == 0 || !(1..=MOST).contains(&magic[3]) {
        let expected = format!(
            "numbers in idx form, starting with `0000`, a type of 08 to 0e and 1 to {MOST} dimensions"
        );
        let found: String = magic[..length]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        return Err(content_of(origin, expected, format!("`{found}`")));
    }
    let mut sizes = vec![0; 4 * usize::from(magic[3])];
    let length = fill(&mut file, &mut sizes).map_err(&failed)?;
    if length < sizes.len() {
        let expected = format!("the sizes of {} dimensions", magic[3]);
        return Err(content_of(origin, expected, format!("{length} bytes")));
    }
    let (sizes, _) = sizes.as_chunks::<4>();
    let mut shape: Vec<_> = sizes
        .iter()
        .map(|size| u32::from_be_bytes(*size) as usize)
        .collect();
    let claimed = shape
        .iter()
        .try_fold(size as u64, |bytes, &size| bytes.checked_mul(size as u64));
    let Some(claimed) = claimed.filter(|&bytes| bytes <= LARGEST) else {
        let expected = format!("at most {} MiB", LARGEST >> 20);
        return Err(content_of(origin, expected, format!("the shape {shape:?}")));
    };
    let element = Element {
        kind,
        size,
        big_endian: true,
    };
    let origin = origin.to_owned();
    let array = |file: &mut dyn Read, shape: Vec<usize>| match extent {
        Extent::Header => Ok(Array::header(origin.clone(), element, shape, false)),
        Extent::Whole => {
            let store = Sink::of(source, source.memory).fill(
                &mut file.take(claimed + 1),
                LARGEST + 1,
                |failure| failed(failure.unwrap_or_else(|| std::io::Error::other("more"))),
            )?;
            Array::new(origin.clone(), element, shape, false, (store, 0))
        }
    };
    // QMNIST's labels: eight numbers of which the first is the class.
    if shape.len() == 2 && shape[1] == 8 && (kind, size) == (Kind::Signed, 4) {
        let mut array = array(&mut file, shape)?;
        array.only_first_column();
        return Ok(array);
    }
    // Some files of labels have a second dimension of one.
    if shape.len() > 1 && shape[1..].iter().all(|&size| size == 1) {
        shape.truncate(1);
    }
    array(&mut file, shape)
}
