//! Arrays as PyTorch and JAX users store them: `.safetensors` files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use crate::array::{Array, Element, Kind, LARGEST};
use crate::error::{content, content_of, unreadable};
use crate::named_arrays::{self, NamedArrays};
use crate::source::{Parts, Source};
use crate::{Error, formats};

/// Loads the arrays of a file; what they hold is told by their names ([`named_arrays`]).
///
/// # Errors
/// [`Error::Content`] with the file and array, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(|failure| unreadable(path, failure))?;
    if bytes.len() as u64 > LARGEST {
        let expected = format!("at most {} MiB", LARGEST >> 20);
        return Err(content(path, expected, "more"));
    }
    of_bytes(source, &path.display().to_string(), &bytes)
}

/// Reads the bytes of a file, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    of_bytes(&Source::named("bytes"), "bytes", bytes).map(drop)
}

fn of_bytes(source: &Source, origin: &str, bytes: &[u8]) -> Result<Parts, Error> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| content_of(origin, "a whole safetensors file", error.to_string()))?;
    let mut read = |name: &str| -> Result<Array, Error> {
        let origin = format!("{origin}: {name}");
        let view = file
            .tensor(name)
            .map_err(|error| content_of(&origin, "an array", error.to_string()))?;
        let shape = view.shape().to_vec();
        if view.dtype() == Dtype::BF16 {
            // The upper half of a float of 4 bytes.
            let halves = view.data().chunks_exact(2);
            let bytes = halves.flat_map(|half| [0, 0, half[0], half[1]]).collect();
            let element = Element::little(Kind::Float, 4);
            return Array::new(origin, element, shape, false, (bytes, 0));
        }
        let Some(element) = element(view.dtype()) else {
            let expected = "an array of whole numbers or floats of 2 to 8 bytes";
            let found = format!("{:?}", view.dtype());
            return Err(content_of(&origin, expected, found));
        };
        Array::new(origin, element, shape, false, (view.data().to_vec(), 0))
    };
    let names = file.names().into_iter().map(str::to_owned).collect();
    let arrays = NamedArrays {
        origin: origin.to_owned(),
        names,
        asked: formats::member(source),
        is_matlab: false,
        read: &mut read,
    };
    named_arrays::load(source, arrays)
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
        Dtype::F32 => (Kind::Float, 4),
        Dtype::F64 => (Kind::Float, 8),
        _ => return None,
    };
    Some(Element::little(kind, size))
}
