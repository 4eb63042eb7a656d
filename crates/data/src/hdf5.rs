//! HDF5 files, and those of MATLAB 7.3, which are such behind a header of 512 bytes.
//!
//! The format: <https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>.

use std::io::Read;
use std::path::Path;

use hdf5_pure::{Datatype, DatatypeByteOrder, File, FloatingPointLayout, Group};

use crate::array::{Array, Element, Kind, LARGEST};
use crate::error::{content, content_of, unreadable};
use crate::named_arrays::{self, Extent, NamedArrays};
use crate::pixel_store::{Sink, Store};
use crate::source::{Parts, Source};
use crate::{Error, formats};

/// Bytes of an array that are read at a time where it does not stay in memory.
const BLOCK: u64 = 16 << 20;

/// Groups within groups, at most.
const DEEPEST: usize = 8;

/// Arrays of a file, at most.
const MOST: usize = 10_000;

/// What a file of MATLAB 7.3 starts with.
const MATLAB: &[u8] = b"MATLAB 7.3 MAT-file";

/// Loads the arrays of a file, named by their path in it (`train/x`); what they hold is told by these names
/// ([`named_arrays`]).
///
/// # Errors
/// [`Error::Content`] with the file and array, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    open(source, path, named_arrays::load)
}

/// Whether a file holds a table, by the headers of its arrays.
///
/// # Errors
/// As [`load`], as far as the headers go.
pub(crate) fn is_table(source: &Source, path: &Path) -> Result<bool, Error> {
    open(source, path, named_arrays::is_table)
}

fn open<T>(
    source: &Source,
    path: &Path,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut start = Vec::new();
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| file.take(MATLAB.len() as u64).read_to_end(&mut start));
    read.map_err(|failure| unreadable(path, failure))?;
    let file = File::open_streaming(path)
        .map_err(|error| content(path, "a whole HDF5 file", error.to_string()))?;
    of_file(
        source,
        &path.display().to_string(),
        &file,
        start == MATLAB,
        make,
    )
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let file = File::from_bytes(bytes.to_vec())
        .map_err(|error| content_of("bytes", "a whole HDF5 file", error.to_string()))?;
    of_file(
        &Source::named("bytes"),
        "bytes",
        &file,
        bytes.starts_with(MATLAB),
        named_arrays::load,
    )
    .map(drop)
}

fn of_file<T>(
    source: &Source,
    origin: &str,
    file: &File,
    is_matlab: bool,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut names = Vec::new();
    collect(&file.root(), "", DEEPEST, &mut names)
        .map_err(|error| content_of(origin, "groups of arrays", error.to_string()))?;
    if names.len() > MOST {
        let found = names.len().to_string();
        return Err(content_of(origin, format!("at most {MOST} arrays"), found));
    }
    let mut read = |name: &str, extent: Extent| {
        let origin = format!("{origin}: {name}");
        read_array((file, name), origin, is_matlab, (extent, source))
    };
    let arrays = NamedArrays {
        origin: origin.to_owned(),
        names,
        asked: formats::member(source),
        is_matlab,
        read: &mut read,
    };
    make(source, arrays)
}

/// The paths of all arrays below a group.
fn collect(
    group: &Group,
    path: &str,
    deeper: usize,
    names: &mut Vec<String>,
) -> Result<(), hdf5_pure::Error> {
    names.extend(group.datasets()?.iter().map(|name| format!("{path}{name}")));
    if deeper == 0 || names.len() > MOST {
        return Ok(());
    }
    for name in group.groups()? {
        // What MATLAB keeps of its cells and objects.
        if !name.starts_with('#') {
            collect(
                &group.group(&name)?,
                &format!("{path}{name}/"),
                deeper - 1,
                names,
            )?;
        }
    }
    Ok(())
}

/// Reads an array, of which as much stays in memory as the source says.
fn read_array(
    (file, name): (&File, &str),
    origin: String,
    is_matlab: bool,
    (extent, source): (Extent, &Source),
) -> Result<Array, Error> {
    let damaged = |error: hdf5_pure::Error| content_of(&origin, "a whole array", error.to_string());
    let data = file.dataset(name).map_err(damaged)?;
    let sizes = data.shape().map_err(damaged)?;
    let datatype = data.datatype().map_err(damaged)?;
    let Some(element) = element(&datatype) else {
        let expected = "an array of whole numbers or floats of up to 8 bytes";
        let found = data.dtype().map_err(damaged)?.to_string();
        return Err(content_of(&origin, expected, found));
    };
    let bytes = sizes
        .iter()
        .try_fold(element.size as u64, |bytes, &size| bytes.checked_mul(size));
    let Some(bytes) = bytes.filter(|&bytes| bytes <= LARGEST) else {
        let expected = format!("an array of at most {} MiB", LARGEST >> 20);
        return Err(content_of(
            &origin,
            expected,
            format!("the shape {sizes:?}"),
        ));
    };
    let mut shape: Vec<_> = sizes.iter().map(|&size| size as usize).collect();
    // MATLAB's first axis runs fastest, and HDF5's last: it stores its axes in reverse.
    if is_matlab {
        shape.reverse();
    }
    if extent == Extent::Header {
        return Ok(Array::header(origin, element, shape, is_matlab));
    }
    if bytes <= source.memory as u64 {
        let bytes = data.read_raw().map_err(damaged)?;
        return Array::new(origin, element, shape, is_matlab, (Store::Memory(bytes), 0));
    }
    let rows = sizes.first().copied().unwrap_or(1).max(1);
    // Whole chunks, so that none is unpacked twice.
    let chunk = data.chunk_shape().map_err(damaged)?;
    let chunk = chunk
        .and_then(|sizes| sizes.first().copied())
        .unwrap_or(1)
        .max(1);
    let at_a_time = (BLOCK * rows / bytes / chunk).max(1).saturating_mul(chunk);
    let mut sink = Sink::of(source, 0);
    for start in (0..rows).step_by(usize::try_from(at_a_time).unwrap_or(usize::MAX)) {
        sink.push(&data.read_raw_rows(start, at_a_time).map_err(damaged)?)?;
    }
    Array::new(origin, element, shape, is_matlab, (sink.finish()?, 0))
}

fn element(datatype: &Datatype) -> Option<Element> {
    let (kind, size, order) = match datatype {
        Datatype::FixedPoint {
            size,
            byte_order,
            layout,
        } if layout.bit_offset == 0 && u64::from(layout.bit_precision) == 8 * u64::from(*size) => {
            let kind = if layout.signed {
                Kind::Signed
            } else {
                Kind::Unsigned
            };
            (kind, *size, byte_order)
        }
        Datatype::FloatingPoint {
            size,
            byte_order,
            layout,
        } => match (size, layout) {
            (8, &FloatingPointLayout::IEEE754_BINARY64) => (Kind::Float, 8, byte_order),
            (4, &FloatingPointLayout::IEEE754_BINARY32) => (Kind::Float, 4, byte_order),
            (2, layout) if layout.exponent_size == 5 && layout.exponent_bias == 15 => {
                (Kind::Float, 2, byte_order)
            }
            _ => return None,
        },
        // h5py's truth values.
        Datatype::Enumeration {
            base_type, members, ..
        } => {
            let names: Vec<_> = members.iter().map(|member| member.name.as_str()).collect();
            return match names[..] {
                ["FALSE", "TRUE"] => element(base_type).map(|element| Element {
                    kind: Kind::Bool,
                    ..element
                }),
                _ => None,
            };
        }
        _ => return None,
    };
    if !matches!(size, 1 | 2 | 4 | 8) {
        return None;
    }
    Some(Element {
        kind,
        size: size as usize,
        big_endian: match order {
            DatatypeByteOrder::LittleEndian => false,
            DatatypeByteOrder::BigEndian => true,
            DatatypeByteOrder::Vax => return None,
        },
    })
}
