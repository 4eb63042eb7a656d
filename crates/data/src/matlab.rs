//! MATLAB's `.mat` files of version 5 (which 6 and 7 write too, the latter packed), and the way to those of version 7.3.
//!
//! The format: MAT-File Format, The MathWorks, <https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf>. A file is a
//! header and elements, each a tag of type and size before its data. An array is an element that holds further ones: flags,
//! sizes, name and numbers; a packed element holds one array. A struct holds an array for each of its fields, which is named
//! `struct.field` here.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::ZlibDecoder;

use crate::array::{Array, Element, Kind, LARGEST};
use crate::error::{content, content_of, unreadable};
use crate::named_arrays::{self, Extent, NamedArrays};
use crate::pixel_store::Store;
use crate::source::{Parts, Source};
use crate::{Error, formats};

/// Bytes before the first element.
const HEADER: usize = 128;

/// Structs within structs, at most.
const DEEPEST: usize = 8;

/// Types of elements.
const ARRAY: u32 = 14;
const PACKED: u32 = 15;

/// The class of an array that holds arrays by name.
const STRUCT: u8 = 2;

/// Loads the arrays of a file; what they hold is told by their names ([`named_arrays`]).
///
/// # Errors
/// [`Error::Content`] with the file and array, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    match bytes_of(path)? {
        Some(bytes) => of_bytes(
            source,
            &path.display().to_string(),
            &bytes,
            named_arrays::load,
        ),
        None => of_version_7_3(source, path),
    }
}

/// Whether a file holds a table, by the headers of its arrays.
///
/// # Errors
/// As [`load`], as far as the headers go.
pub(crate) fn is_table(source: &Source, path: &Path) -> Result<bool, Error> {
    match bytes_of(path)? {
        Some(bytes) => of_bytes(
            source,
            &path.display().to_string(),
            &bytes,
            named_arrays::is_table,
        ),
        None => is_table_of_version_7_3(source, path),
    }
}

/// The bytes of a file; none where it is of version 7.3.
fn bytes_of(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(|failure| unreadable(path, failure))?;
    let read = (&mut file).take(HEADER as u64).read_to_end(&mut bytes);
    read.map_err(|failure| unreadable(path, failure))?;
    if bytes.starts_with(b"MATLAB 7.3") || bytes.starts_with(b"\x89HDF") {
        return Ok(None);
    }
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|failure| unreadable(path, failure))?;
    if bytes.len() as u64 > LARGEST {
        let expected = format!("at most {} MiB", LARGEST >> 20);
        return Err(content(path, expected, "more"));
    }
    Ok(Some(bytes))
}

#[cfg(feature = "hdf5")]
use crate::hdf5::{is_table as is_table_of_version_7_3, load as of_version_7_3};

#[cfg(not(feature = "hdf5"))]
fn is_table_of_version_7_3(source: &Source, path: &Path) -> Result<bool, Error> {
    of_version_7_3(source, path).map(|parts| parts.train.is_table())
}

#[cfg(not(feature = "hdf5"))]
fn of_version_7_3(_: &Source, path: &Path) -> Result<Parts, Error> {
    let expected = "a file of version 5 to 7 (`save -v7`), as this build reads no HDF5";
    Err(content(path, expected, "version 7.3"))
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let source = Source::named("bytes");
    of_bytes(&source, "bytes", bytes, named_arrays::load).map(drop)
}

fn of_bytes<T>(
    source: &Source,
    origin: &str,
    bytes: &[u8],
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let is_big_endian = match bytes.get(HEADER - 4..HEADER) {
        Some([0, 1, b'I', b'M']) => false,
        Some([1, 0, b'M', b'I']) => true,
        _ => {
            let expected = "a MATLAB file of version 5 to 7.3 (`save -v7`)";
            return Err(content_of(origin, expected, "another header"));
        }
    };
    let elements = Elements {
        bytes: &bytes[HEADER..],
        is_big_endian,
    };
    let damaged = || {
        content_of(
            origin,
            "whole elements",
            "an element that is cut off or damaged",
        )
    };
    let mut found = Vec::new();
    for element in elements {
        let (kind, stored) = element.ok_or_else(damaged)?;
        let Some(data) = unpacked(kind, stored, is_big_endian).ok_or_else(damaged)? else {
            continue;
        };
        let array = Elements {
            bytes: &data,
            is_big_endian,
        };
        let mut names = Vec::new();
        walk(array, "", DEEPEST, &mut |name, _| {
            names.push(name.to_owned())
        })
        .ok_or_else(damaged)?;
        found.extend(names.into_iter().map(|name| (name, (kind, stored))));
    }
    let mut read = |name: &str, extent: Extent| -> Result<Array, Error> {
        let origin = format!("{origin}: {name}");
        let damaged = |what: &str| content_of(&origin, "an array of numbers", what);
        let known = found.iter().find(|(known, _)| known == name);
        let (_, (kind, data)) = known.ok_or_else(|| damaged("none of this name"))?;
        let data = unpacked(*kind, data, is_big_endian).flatten();
        let data = data.ok_or_else(|| damaged("a damaged one"))?;
        let array = Elements {
            bytes: &data,
            is_big_endian,
        };
        let mut result = None;
        let walked = walk(array, "", DEEPEST, &mut |known, numbers| {
            if known == name && result.is_none() {
                result = Some(numbers.array(origin.clone(), is_big_endian, extent));
            }
        });
        walked.ok_or_else(|| damaged("a damaged one"))?;
        result.unwrap_or_else(|| Err(damaged("none of this name")))
    };
    let arrays = NamedArrays {
        origin: origin.to_owned(),
        names: found.iter().map(|(name, _)| name.clone()).collect(),
        asked: formats::member(source),
        is_matlab: true,
        read: &mut read,
    };
    make(source, arrays)
}

/// The data of an element that is an array, packed or not; nothing for another element.
fn unpacked(kind: u32, data: &[u8], is_big_endian: bool) -> Option<Option<Cow<'_, [u8]>>> {
    match kind {
        ARRAY => Some(Some(data.into())),
        PACKED => {
            let mut bytes = Vec::new();
            let read = ZlibDecoder::new(data)
                .take(LARGEST + 1)
                .read_to_end(&mut bytes);
            read.ok().filter(|&bytes| bytes as u64 <= LARGEST)?;
            let mut elements = Elements {
                bytes: &bytes,
                is_big_endian,
            };
            let (kind, data) = elements.next()??;
            if kind != ARRAY {
                return Some(None);
            }
            let length = data.len();
            // The tag of an array is never of the small form.
            bytes.drain(..8);
            bytes.truncate(length);
            Some(Some(bytes.into()))
        }
        _ => Some(None),
    }
}

/// The numbers of an array, as they are written.
struct Numbers<'a> {
    class: u8,
    is_logical: bool,
    is_complex: bool,
    sizes: Vec<usize>,
    /// Their type and bytes; nothing where the array holds no numbers.
    data: Option<(u32, &'a [u8])>,
}

impl Numbers<'_> {
    fn array(&self, origin: String, is_big_endian: bool, extent: Extent) -> Result<Array, Error> {
        let refuse = |found: String| content_of(&origin, "an array of real numbers", found);
        let Some((kind, bytes)) = self.data.filter(|_| !self.is_complex) else {
            return Err(refuse(match self.class {
                1 => "a cell array".to_owned(),
                2 => "an array of structs".to_owned(),
                4 => "text".to_owned(),
                5 => "a sparse matrix".to_owned(),
                6..=15 => "complex numbers".to_owned(),
                class => format!("class {class}"),
            }));
        };
        // Whole numbers may be written in fewer bytes than those of their class.
        let (kind, size) = match kind {
            1 => (Kind::Signed, 1),
            2 if self.is_logical => (Kind::Bool, 1),
            2 => (Kind::Unsigned, 1),
            3 => (Kind::Signed, 2),
            4 => (Kind::Unsigned, 2),
            5 => (Kind::Signed, 4),
            6 => (Kind::Unsigned, 4),
            7 => (Kind::Float, 4),
            9 => (Kind::Float, 8),
            12 => (Kind::Signed, 8),
            13 => (Kind::Unsigned, 8),
            kind => return Err(refuse(format!("elements of type {kind}"))),
        };
        let element = Element {
            kind,
            size,
            big_endian: is_big_endian,
        };
        let sizes = self.sizes.clone();
        if extent == Extent::Header {
            return Ok(Array::header(origin, element, sizes, true));
        }
        let store = Store::Memory(bytes.to_vec());
        Array::new(origin, element, sizes, true, (store, 0))
    }
}

/// Hands on each array of numbers below an array, with its name. `None` where it is damaged.
fn walk<'a>(
    mut array: Elements<'a>,
    path: &str,
    deeper: usize,
    each: &mut dyn FnMut(&str, Numbers<'a>),
) -> Option<()> {
    let (_, flags) = array.next()??;
    let flags = array.number(flags.get(..4)?);
    let (_, sizes) = array.next()??;
    let sizes: Vec<_> = sizes
        .chunks_exact(4)
        .map(|size| array.number(size) as usize)
        .collect();
    let (_, name) = array.next()??;
    let name = format!("{path}{}", String::from_utf8_lossy(name));
    let class = flags as u8;
    let of = |data| Numbers {
        class,
        is_logical: flags & 0x200 != 0,
        is_complex: flags & 0x800 != 0,
        sizes: sizes.clone(),
        data,
    };
    match class {
        STRUCT if sizes.iter().all(|&size| size == 1) && deeper > 0 => {
            let (_, length) = array.next()??;
            let length = array.number(length.get(..4)?) as usize;
            let (_, fields) = array.next()??;
            if length == 0 {
                return None;
            }
            for field in fields.chunks_exact(length) {
                let (_, value) = array.next()??;
                let field = field.split(|&byte| byte == 0).next().unwrap_or_default();
                let path = format!("{name}.{}", String::from_utf8_lossy(field));
                let value = Elements {
                    bytes: value,
                    ..array
                };
                // An empty field is an array without any element of its own.
                if !value.bytes.is_empty() {
                    walk(value, &path, deeper - 1, each)?;
                }
            }
        }
        6..=15 => each(&name, of(Some(array.next()??))),
        _ => each(&name, of(None)),
    }
    Some(())
}

/// Elements one after another. Gives `None` once for one that is cut off, and then ends.
#[derive(Clone, Copy)]
struct Elements<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Elements<'a> {
    fn number(&self, bytes: &[u8]) -> u32 {
        let bytes = [0, 1, 2, 3].map(|at| bytes.get(at).copied().unwrap_or(0));
        match self.is_big_endian {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        }
    }

    fn take(&mut self) -> Option<(u32, &'a [u8])> {
        let tag = self.number(self.bytes.get(..4)?);
        let (kind, size, start) = match tag >> 16 {
            0 => (tag, self.number(self.bytes.get(4..8)?) as usize, 8),
            // The small form: up to 4 bytes behind a tag of 4.
            size => (tag & 0xffff, size as usize, 4),
        };
        let end = start + size;
        let data = self.bytes.get(start..end)?;
        // All but packed elements are filled up to 8 bytes.
        let next = match (start, kind) {
            (4, _) => 8,
            (_, PACKED) => end,
            _ => end.next_multiple_of(8),
        };
        self.bytes = self.bytes.get(next..).unwrap_or_default();
        (start == 8 || size <= 4).then_some((kind, data))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Option<(u32, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        let element = self.take();
        if element.is_none() {
            self.bytes = &[];
        }
        Some(element)
    }
}
