//! HDF5 files, and those of MATLAB 7.3, which are such behind a header of 512 bytes.
//!
//! The format: <https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>.

use std::io::Read;
use std::path::Path;

use hdf5_pure::{Datatype, DatatypeByteOrder, File, FloatingPointLayout, Group};

use crate::array::{Array, Element, Kind, LARGEST};
use crate::error::{content, content_of, unreadable};
use crate::named_arrays::{self, NamedArrays};
use crate::source::{Parts, Source};
use crate::{Error, formats};

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
    let mut start = Vec::new();
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| file.take(MATLAB.len() as u64).read_to_end(&mut start));
    read.map_err(|failure| unreadable(path, failure))?;
    let file = File::open_streaming(path)
        .map_err(|error| content(path, "a whole HDF5 file", error.to_string()))?;
    of_file(source, &path.display().to_string(), &file, start == MATLAB)
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
    )
    .map(drop)
}

fn of_file(source: &Source, origin: &str, file: &File, is_matlab: bool) -> Result<Parts, Error> {
    let mut names = Vec::new();
    collect(&file.root(), "", DEEPEST, &mut names)
        .map_err(|error| content_of(origin, "groups of arrays", error.to_string()))?;
    if names.len() > MOST {
        let found = names.len().to_string();
        return Err(content_of(origin, format!("at most {MOST} arrays"), found));
    }
    let mut read = |name: &str| {
        let origin = format!("{origin}: {name}");
        read_array(file, name, origin, is_matlab)
    };
    let arrays = NamedArrays {
        origin: origin.to_owned(),
        names,
        asked: formats::member(source),
        is_matlab,
        read: &mut read,
    };
    named_arrays::load(source, arrays)
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

fn read_array(file: &File, name: &str, origin: String, is_matlab: bool) -> Result<Array, Error> {
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
    if bytes.is_none_or(|bytes| bytes > LARGEST) {
        let expected = format!("an array of at most {} MiB", LARGEST >> 20);
        return Err(content_of(
            &origin,
            expected,
            format!("the shape {sizes:?}"),
        ));
    }
    let mut shape: Vec<_> = sizes.iter().map(|&size| size as usize).collect();
    let bytes = data.read_raw().map_err(damaged)?;
    // MATLAB's first axis runs fastest, and HDF5's last: it stores its axes in reverse.
    if is_matlab {
        shape.reverse();
    }
    Array::new(origin, element, shape, is_matlab, (bytes, 0))
}

fn element(datatype: &Datatype) -> Option<Element> {
    let (kind, size, order) = match datatype {
        Datatype::FixedPoint {
            size,
            byte_order,
            layout,
        } if layout.bit_offset == 0 && u32::from(layout.bit_precision) == 8 * size => {
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
