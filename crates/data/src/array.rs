//! One array, whatever file it came in: its elements as rows of a table or as labels; as images in [`images`].
//!
//! An array is its header and where its elements lie, in memory or in a file: these are read in blocks, and converted by their type.

use std::sync::Arc;

use crate::error::content_of as content;
use crate::pixel_range::PixelRange;
use crate::pixel_store::Store;
use crate::source::TargetKind;
use crate::{Error, Facts, Samples, Shape};

/// The images of a part.
pub(crate) struct Values {
    pub(crate) shape: Shape,
    pub(crate) levels: u8,
    pub(crate) store: Store,
    pub(crate) range: PixelRange,
}

impl Values {
    pub(crate) fn samples(self, facts: Facts) -> Result<Samples, Error> {
        let samples = Samples::stored(facts, self.shape, self.levels, self.store)?;
        Ok(samples.with_pixel_range(self.range))
    }
}

/// The targets of a part, one a sample.
#[derive(Debug)]
pub(crate) enum Held {
    /// The names of classes; none where nothing is known.
    Classes(Vec<String>),
    /// Numbers to predict.
    Numbers(Vec<f64>),
}

impl Held {
    /// No target as yet, of this kind.
    pub(crate) fn none(kind: Option<TargetKind>) -> Self {
        match kind {
            Some(TargetKind::Numbers) => Self::Numbers(Vec::new()),
            Some(TargetKind::Classes) | None => Self::Classes(Vec::new()),
        }
    }
}

/// Bytes of an array or of a whole file of arrays, at most: an archive may unpack to far more than it is.
pub(crate) const LARGEST: u64 = 4 << 30;

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Unsigned,
    Signed,
    Float,
    /// The upper half of a float of 4 bytes: bfloat16.
    Brain,
}

/// How one element is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) kind: Kind,
    /// Bytes of one element: 1, 2, 4 or 8, of a float not 1.
    pub(crate) size: usize,
    pub(crate) big_endian: bool,
}

impl Element {
    /// Elements whose lowest byte stands first.
    pub(crate) fn little(kind: Kind, size: usize) -> Self {
        Self {
            kind,
            size,
            big_endian: false,
        }
    }

    /// Appends the numbers that are written in these bytes.
    pub(crate) fn append(self, bytes: &[u8], out: &mut Vec<f64>) {
        let big = self.big_endian;
        match (self.kind, self.size) {
            (Kind::Bool | Kind::Unsigned, 1) => out.extend(bytes.iter().map(|&b| f64::from(b))),
            (Kind::Bool | Kind::Unsigned, 2) => {
                append(bytes, big, out, |b| f64::from(u16::from_le_bytes(b)));
            }
            (Kind::Bool | Kind::Unsigned, 4) => {
                append(bytes, big, out, |b| f64::from(u32::from_le_bytes(b)));
            }
            (Kind::Bool | Kind::Unsigned, _) => {
                append(bytes, big, out, |b| u64::from_le_bytes(b) as f64);
            }
            (Kind::Signed, 1) => append(bytes, big, out, |b| f64::from(i8::from_le_bytes(b))),
            (Kind::Signed, 2) => append(bytes, big, out, |b| f64::from(i16::from_le_bytes(b))),
            (Kind::Signed, 4) => append(bytes, big, out, |b| f64::from(i32::from_le_bytes(b))),
            (Kind::Signed, _) => append(bytes, big, out, |b| i64::from_le_bytes(b) as f64),
            (Kind::Brain, _) => append(bytes, big, out, |b| {
                f64::from(f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16))
            }),
            (Kind::Float, 2) => append(bytes, big, out, |b| half(u16::from_le_bytes(b))),
            (Kind::Float, 4) => append(bytes, big, out, |b| f64::from(f32::from_le_bytes(b))),
            (Kind::Float, _) => append(bytes, big, out, f64::from_le_bytes),
        }
    }

    /// Whether elements may have a fraction, or be no number at all.
    pub(crate) fn is_float(self) -> bool {
        matches!(self.kind, Kind::Float | Kind::Brain)
    }

    /// Whether each element is a byte that is its own number.
    pub(crate) fn is_byte(self) -> bool {
        self.size == 1 && self.kind != Kind::Signed
    }
}

/// Appends the numbers that `number` makes of elements of `N` bytes, whose lowest byte it gets first.
fn append<const N: usize>(
    bytes: &[u8],
    big_endian: bool,
    out: &mut Vec<f64>,
    number: impl Fn([u8; N]) -> f64,
) {
    let (elements, _) = bytes.as_chunks::<N>();
    match big_endian {
        false => out.extend(elements.iter().map(|element| number(*element))),
        true => out.extend(elements.iter().map(|element| {
            let mut element = *element;
            element.reverse();
            number(element)
        })),
    }
}

/// One array, its elements still as they were written.
#[derive(Debug)]
pub(crate) struct Array {
    /// The file, and the name in it, for messages.
    pub(crate) origin: String,
    pub(crate) element: Element,
    pub(crate) shape: Vec<usize>,
    /// Bytes from one index to the next, along each axis.
    strides: Vec<usize>,
    store: Arc<Store>,
    /// Where the elements start there.
    start: u64,
}

impl Array {
    /// An array whose elements are the bytes of `store` from `start` on; the last axis runs fastest, or the first where
    /// `is_fortran` says so.
    ///
    /// # Errors
    /// [`Error::Content`] where there are more or fewer bytes than the shape says, or none.
    pub(crate) fn new(
        origin: String,
        element: Element,
        shape: Vec<usize>,
        is_fortran: bool,
        (store, start): (Store, u64),
    ) -> Result<Self, Error> {
        let found = usize::try_from(store.len().saturating_sub(start)).unwrap_or(usize::MAX);
        let claimed = shape
            .iter()
            .copied()
            .try_fold(element.size, usize::checked_mul);
        if claimed != Some(found) {
            let expected = match claimed {
                Some(bytes) => format!("{bytes} bytes for the shape {shape:?}"),
                None => format!("a shape that fits memory, not {shape:?}"),
            };
            return Err(content(&origin, expected, format!("{found} bytes")));
        }
        if shape.contains(&0) {
            let found = format!("the shape {shape:?}");
            return Err(content(&origin, "at least one sample", found));
        }
        Ok(Self {
            store: Arc::new(store),
            start,
            ..Self::header(origin, element, shape, is_fortran)
        })
    }

    /// What the header of an array says, without any of its elements.
    pub(crate) fn header(
        origin: String,
        element: Element,
        shape: Vec<usize>,
        is_fortran: bool,
    ) -> Self {
        let stride = |axis: usize| -> usize {
            let faster = match is_fortran {
                true => &shape[..axis],
                false => &shape[axis + 1..],
            };
            let size = faster.iter().copied();
            size.fold(element.size, usize::saturating_mul)
        };
        Self {
            strides: (0..shape.len()).map(stride).collect(),
            origin,
            element,
            shape,
            store: Arc::new(Store::Memory(Vec::new())),
            start: 0,
        }
    }

    /// Whether these are rows of a table.
    pub(crate) fn is_table(&self) -> bool {
        self.shape.len() == 2
    }

    /// Puts the axes into another order.
    pub(crate) fn reorder(&mut self, axes: &[usize]) {
        self.shape = axes.iter().map(|&axis| self.shape[axis]).collect();
        self.strides = axes.iter().map(|&axis| self.strides[axis]).collect();
    }

    /// An array of this one alone: a set of one sample.
    pub(crate) fn into_set_of_one(mut self) -> Self {
        let elements: usize = self.shape.iter().product();
        self.strides.insert(0, elements * self.element.size);
        self.shape.insert(0, 1);
        self
    }

    /// Keeps of a table its first column alone.
    ///
    /// # Panics
    /// Where this is no table.
    pub(crate) fn only_first_column(&mut self) {
        assert_eq!(self.shape.len(), 2, "a table");
        self.shape.truncate(1);
        self.strides.truncate(1);
    }

    /// Takes each row of a table for an image of this height and width, in which the pixels of a column follow each other.
    ///
    /// # Panics
    /// Where this is no table, or its rows have another number of columns.
    pub(crate) fn rows_as_columns_of_pixels(&mut self, height: usize, width: usize) {
        assert_eq!(self.shape[1..], [height * width]);
        let (row, pixel) = (self.strides[0], self.strides[1]);
        self.shape = vec![self.shape[0], height, width];
        self.strides = vec![row, pixel, pixel * height];
    }

    /// One target for each of so many samples, out of an array called like this: a number each, or, where they are to be
    /// classes, a row each with a one in the place of the class and zeros beside it.
    pub(crate) fn targets(
        &self,
        samples: usize,
        kind: Option<TargetKind>,
        name: &str,
    ) -> Result<Held, Error> {
        if let [count, width] = self.shape[..]
            && count == samples
            && width > 1
            && kind != Some(TargetKind::Numbers)
            && let Some(classes) = self.one_hot()?
        {
            return Ok(Held::Classes(classes));
        }
        // Axes of one index are no axes: labels come as `[n, 1]` and `[1, n]` too.
        let longer = self.shape.iter().filter(|&&length| length > 1).count();
        if longer > 1 || self.shape.iter().product::<usize>() != samples || self.shape.is_empty() {
            let what = if kind.is_none() { "label" } else { "target" };
            let expected = format!("one {what} for each of {samples} samples");
            let found = format!("the shape {:?}", self.shape);
            return Err(content(&self.origin, expected, found));
        }
        let values = self.numbers()?;
        let mut held = Held::none(kind);
        for (row, value) in values.into_iter().enumerate() {
            self.append(&mut held, kind, name, row, value)?;
        }
        Ok(held)
    }

    /// The place of the only one in each row of a table of zeros and ones; `None` where it is another table.
    fn one_hot(&self) -> Result<Option<Vec<String>>, Error> {
        let width = self.shape[1];
        let mut classes = Vec::new();
        let mut is_one_hot = true;
        self.blocks(&[0, 1], &mut |block| {
            for row in block.chunks_exact(width) {
                let one = row.iter().position(|value| *value == 1.0);
                let others = row.iter().filter(|value| **value != 0.0).count();
                is_one_hot &= one.is_some() && others == 1;
                classes.push(one.unwrap_or(0).to_string());
            }
            Ok(is_one_hot)
        })?;
        Ok(is_one_hot.then_some(classes))
    }

    /// Takes in the target of a row.
    fn append(
        &self,
        held: &mut Held,
        kind: Option<TargetKind>,
        column: &str,
        row: usize,
        value: f64,
    ) -> Result<(), Error> {
        let names = match held {
            Held::Numbers(values) => {
                values.push(value);
                return Ok(());
            }
            Held::Classes(names) => names,
        };
        if value.fract() == 0.0 {
            // The sum makes -0 a plain 0.
            names.push((value + 0.0).to_string());
            return Ok(());
        }
        let origin = format!("{}: row {}", self.origin, row + 1);
        if kind.is_some() && value.is_finite() {
            return Err(Error::NoClass {
                origin,
                column: column.to_owned(),
                found: format!("`{value}`"),
            });
        }
        let found = value.to_string();
        Err(content(&origin, "a whole number as label", found))
    }
}

/// A float of two bytes: sign, 5 bits of exponent, 10 bits of fraction (IEEE 754 binary16).
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

mod blocks;
mod images;
mod table;
#[cfg(test)]
mod tests;
pub(crate) use blocks::GoOn;
pub(crate) use images::pixels;
