//! Arrays as PyTorch and JAX users store them: `.safetensors` files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;

use crate::array::{Array, Element, Kind};
use crate::error::{content_of, unreadable};
use crate::named_arrays::{self, Extent, NamedArrays};
use crate::pixel_store::Store;
use crate::source::{Parts, Source};
use crate::{Error, formats};

/// Bytes of a header, at most, as the crate takes them.
const LONGEST: u64 = 100_000_000;

/// Loads the arrays of a file; what they hold is told by their names ([`named_arrays`]).
///
/// # Errors
/// [`Error::Content`] with the file and array, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    open(source, path, named_arrays::load)
}

/// Whether a file holds a table, by its header.
///
/// # Errors
/// As [`load`], as far as the header goes.
pub(crate) fn is_table(source: &Source, path: &Path) -> Result<bool, Error> {
    open(source, path, named_arrays::is_table)
}

/// What `make` makes of the arrays of a file, which stay where they lie.
fn open<T>(
    source: &Source,
    path: &Path,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let failed = |failure| unreadable(path, failure);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let bytes = |start, bytes| {
        let file = file.try_clone().map_err(failed)?;
        Store::given(file, path, start, bytes)
    };
    arrays(
        source,
        &path.display().to_string(),
        (&file, length),
        &bytes,
        make,
    )
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let source = Source::named("bytes");
    let part = |start: u64, length: u64| {
        let part = bytes[start as usize..][..length as usize].to_vec();
        Ok(Store::Memory(part))
    };
    let length = bytes.len() as u64;
    arrays(&source, "bytes", (bytes, length), &part, named_arrays::load).map(drop)
}

/// The arrays of a file of this length, of which `bytes` gives those from a place on, so many.
fn arrays<T>(
    source: &Source,
    origin: &str,
    (mut file, length): (impl Read, u64),
    bytes: &dyn Fn(u64, u64) -> Result<Store, Error>,
    make: impl FnOnce(&Source, NamedArrays) -> Result<T, Error>,
) -> Result<T, Error> {
    let damaged = |found: String| content_of(origin, "a whole safetensors file", found);
    let mut size = [0; 8];
    let (mut text, mut read) = (Vec::new(), 0);
    if file.read_exact(&mut size).is_ok() {
        read = u64::from_le_bytes(size);
        if read > LONGEST {
            return Err(damaged("header too large".to_owned()));
        }
        let header = file.take(read).read_to_end(&mut text);
        header.map_err(|failure| damaged(failure.to_string()))?;
    }
    if read == 0 || text.len() as u64 != read {
        return Err(damaged(format!(
            "{length} bytes, which are no whole header"
        )));
    }
    // Holds the places of the arrays against each other: they follow one another without a gap.
    let metadata: Metadata =
        serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let start = 8 + read;
    let end = start.saturating_add(metadata.data_len() as u64);
    if end != length {
        return Err(damaged(format!(
            "{length} bytes for arrays that end at {end}"
        )));
    }
    let mut read = |name: &str, extent: Extent| -> Result<Array, Error> {
        let origin = format!("{origin}: {name}");
        let info = metadata.info(name);
        let info = info.ok_or_else(|| content_of(&origin, "an array", "none of this name"))?;
        let Some(element) = element(info.dtype) else {
            let expected = "an array of whole numbers or floats of 2 to 8 bytes";
            let found = format!("{:?}", info.dtype);
            return Err(content_of(&origin, expected, found));
        };
        let shape = info.shape.clone();
        if extent == Extent::Header {
            return Ok(Array::header(origin, element, shape, false));
        }
        let (first, behind) = info.data_offsets;
        let store = bytes(start + first as u64, behind.saturating_sub(first) as u64)?;
        Array::new(origin, element, shape, false, (store, 0))
    };
    let named = NamedArrays {
        origin: origin.to_owned(),
        names: metadata.tensors().into_keys().collect(),
        asked: formats::member(source),
        is_matlab: false,
        read: &mut read,
    };
    make(source, named)
}

fn element(dtype: Dtype) -> Option<Element> {
    let (kind, size) = match dtype {
        Dtype::BOOL => (Kind::Bool, 1),
        Dtype::U8 => (Kind::Unsigned, 1),
        Dtype::U16 => (Kind::Unsigned, 2),
        Dtype::U32 => (Kind::Unsigned, 4),
        Dtype::U64 => (Kind::Unsigned, 8),
        Dtype::I8 => (Kind::Signed, 1),
        Dtype::I16 => (Kind::Signed, 2),
        Dtype::I32 => (Kind::Signed, 4),
        Dtype::I64 => (Kind::Signed, 8),
        Dtype::F16 => (Kind::Float, 2),
        Dtype::BF16 => (Kind::Brain, 2),
        Dtype::F32 => (Kind::Float, 4),
        Dtype::F64 => (Kind::Float, 8),
        _ => return None,
    };
    Some(Element::little(kind, size))
}
