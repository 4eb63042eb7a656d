//! The header of an array in NumPy's format, read strictly.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1 to 3.

use std::io::Read;

use crate::Error;
use crate::array::{Array, Element, Kind};
use crate::delimited_text::shown;
use crate::error::content_of as content;
use crate::pixel_store::{Store, fill};

/// Bytes of a header, at most: NumPy itself reads no longer ones than 10,000.
const LONGEST: u64 = 1 << 20;

/// What the start of a file in NumPy's format says.
pub(crate) struct Npy {
    pub(crate) element: Element,
    pub(crate) shape: Vec<usize>,
    pub(crate) is_fortran: bool,
    /// Where the elements start.
    pub(crate) start: u64,
}

impl Npy {
    /// Reads the header, and nothing behind it; the origin is for messages.
    ///
    /// # Errors
    /// [`Error::Content`] where it is none of an array of numbers, and what `failed` makes of what reading says.
    pub(crate) fn read(
        origin: &str,
        file: &mut impl Read,
        failed: &dyn Fn(std::io::Error) -> Error,
    ) -> Result<Self, Error> {
        let damaged = |found: &str| content(origin, "a NumPy array", found);
        let Some((text, start)) = header_text(file).map_err(failed)? else {
            return Err(damaged("no header of version 1 to 3"));
        };
        let Some(header) = Header::parse(&text) else {
            return Err(damaged(&format!("the header {}", shown(text.as_bytes()))));
        };
        let Some(element) = element(&header.descr) else {
            let expected = "an array of whole numbers or floats of up to 8 bytes";
            return Err(content(origin, expected, shown(header.descr.as_bytes())));
        };
        Ok(Self {
            element,
            shape: header.shape,
            is_fortran: header.fortran,
            start,
        })
    }

    /// The array without its elements.
    pub(crate) fn header(self, origin: String) -> Array {
        Array::header(origin, self.element, self.shape, self.is_fortran)
    }

    /// The array whose elements are the bytes of a store from `start` on.
    ///
    /// # Errors
    /// As [`Array::new`].
    pub(crate) fn array(
        self,
        origin: String,
        (store, start): (Store, u64),
    ) -> Result<Array, Error> {
        let (element, shape) = (self.element, self.shape);
        Array::new(origin, element, shape, self.is_fortran, (store, start))
    }
}

/// The array of the bytes of a file in NumPy's format; the origin is for messages.
pub(crate) fn parse(origin: String, file: Vec<u8>) -> Result<Array, Error> {
    let unread = |failure: std::io::Error| content(&origin, "a NumPy array", failure.to_string());
    let npy = Npy::read(&origin, &mut &file[..], &unread)?;
    let start = npy.start;
    npy.array(origin, (Store::Memory(file), start))
}

/// How an element is written that is described like this (`<f4`).
fn element(descr: &str) -> Option<Element> {
    let (kind, size) = match descr.get(1..)? {
        "b1" => (Kind::Bool, 1),
        "u1" => (Kind::Unsigned, 1),
        "u2" => (Kind::Unsigned, 2),
        "u4" => (Kind::Unsigned, 4),
        "u8" => (Kind::Unsigned, 8),
        "i1" => (Kind::Signed, 1),
        "i2" => (Kind::Signed, 2),
        "i4" => (Kind::Signed, 4),
        "i8" => (Kind::Signed, 8),
        "f2" => (Kind::Float, 2),
        "f4" => (Kind::Float, 4),
        "f8" => (Kind::Float, 8),
        _ => return None,
    };
    let big_endian = match descr.as_bytes()[0] {
        b'<' => false,
        b'>' => true,
        b'|' if size == 1 => false,
        _ => return None,
    };
    Some(Element {
        kind,
        size,
        big_endian,
    })
}

/// The header of an array file, and where its elements start; none where the file is another.
fn header_text(file: &mut impl Read) -> std::io::Result<Option<(String, u64)>> {
    let mut magic = [0; 8];
    let length = fill(file, &mut magic)?;
    // The length of the header takes 2 bytes in the first version, 4 in the others.
    let wide = match magic {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0] => 2,
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, 0] => 4,
        _ => return Ok(None),
    };
    let mut digits = [0; 4];
    if length < magic.len() || fill(file, &mut digits[..wide])? < wide {
        return Ok(None);
    }
    let length = u64::from(u32::from_le_bytes(digits));
    let mut text = Vec::new();
    let read = file.take(length.min(LONGEST)).read_to_end(&mut text)?;
    let text = String::from_utf8(text).ok();
    let text = text.filter(|_| read as u64 == length);
    Ok(text.map(|text| (text, 8 + wide as u64 + length)))
}

/// What a header says: a Python dictionary with three entries.
struct Header {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parse(text: &str) -> Option<Self> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        while !rest.is_empty() {
            let (key, after) = string(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            let after = match key {
                "descr" if descr.is_none() => {
                    let (value, after) = string(value)?;
                    descr = Some(value.to_owned());
                    after
                }
                "fortran_order" if fortran.is_none() => {
                    let word = value.len() - value.trim_start_matches(char::is_alphabetic).len();
                    fortran = Some(match &value[..word] {
                        "True" => true,
                        "False" => false,
                        _ => return None,
                    });
                    &value[word..]
                }
                "shape" if shape.is_none() => {
                    let (value, after) = value.strip_prefix('(')?.split_once(')')?;
                    shape = Some(tuple(value)?);
                    after
                }
                _ => return None,
            };
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(rest) => rest.trim_start(),
                None if after.is_empty() => after,
                None => return None,
            };
        }
        Some(Self {
            descr: descr?,
            fortran: fortran?,
            shape: shape?,
        })
    }
}

/// A Python string without escapes at the start of the text, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|&c| c == '\'' || c == '"')?;
    text[1..].split_once(quote)
}

/// The sizes between the parentheses of a Python tuple; Python 2 wrote some of them with an `L`.
fn tuple(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    let sizes = text.split(',').map(|size| {
        let size = size.trim();
        let digits = size.strip_suffix('L').unwrap_or(size);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    });
    sizes.collect()
}
