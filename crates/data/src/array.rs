//! One array, whatever file it came in: its elements as rows of a table or as labels; as images in [`images`].

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

    /// The element that is written in these bytes.
    pub(crate) fn value(self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        little[..self.size].copy_from_slice(bytes);
        if self.big_endian {
            little[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(little);
        let unused = 64 - 8 * self.size as u32;
        match (self.kind, self.size) {
            (Kind::Bool | Kind::Unsigned, _) => bits as f64,
            (Kind::Signed, _) => ((bits << unused) as i64 >> unused) as f64,
            (Kind::Float, 2) => half(bits as u16),
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
        }
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
    file: Vec<u8>,
    /// Where the elements start in the file.
    start: usize,
}

impl Array {
    /// An array whose elements are the bytes of `file` from `start` on; the last axis runs fastest, or the first where
    /// `is_fortran` says so.
    ///
    /// # Errors
    /// [`Error::Content`] where there are more or fewer bytes than the shape says, or none.
    pub(crate) fn new(
        origin: String,
        element: Element,
        shape: Vec<usize>,
        is_fortran: bool,
        (file, start): (Vec<u8>, usize),
    ) -> Result<Self, Error> {
        let found = file.len().saturating_sub(start);
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
        let stride = |axis: usize| -> usize {
            let faster = match is_fortran {
                true => &shape[..axis],
                false => &shape[axis + 1..],
            };
            element.size * faster.iter().product::<usize>()
        };
        Ok(Self {
            strides: (0..shape.len()).map(stride).collect(),
            origin,
            element,
            shape,
            file,
            start,
        })
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

    /// Hands on every element, with the axes in this order, the last of them running fastest.
    pub(crate) fn each(&self, axes: &[usize], mut take: impl FnMut(f64)) {
        let size = self.element.size;
        let lengths: Vec<_> = axes.iter().map(|&axis| self.shape[axis]).collect();
        let strides: Vec<_> = axes.iter().map(|&axis| self.strides[axis]).collect();
        let faster = |place: usize| lengths[place + 1..].iter().product::<usize>() * size;
        if (0..axes.len()).all(|place| strides[place] == faster(place)) {
            let elements = lengths.iter().product::<usize>() * size;
            let elements = self.file[self.start..][..elements].chunks_exact(size);
            return elements.for_each(|bytes| take(self.element.value(bytes)));
        }
        let mut index = vec![0; axes.len()];
        let mut place = self.start;
        for _ in 0..lengths.iter().product() {
            take(self.element.value(&self.file[place..][..size]));
            for axis in (0..axes.len()).rev() {
                index[axis] += 1;
                place += strides[axis];
                if index[axis] < lengths[axis] {
                    break;
                }
                place -= strides[axis] * lengths[axis];
                index[axis] = 0;
            }
        }
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
            && let Some(classes) = self.one_hot()
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
        let mut values = Vec::new();
        let axes: Vec<_> = (0..self.shape.len()).collect();
        self.each(&axes, |value| values.push(value));
        let mut held = Held::none(kind);
        for (row, value) in values.into_iter().enumerate() {
            self.append(&mut held, kind, name, row, value)?;
        }
        Ok(held)
    }

    /// The place of the only one in each row of a table of zeros and ones; `None` where it is another table.
    fn one_hot(&self) -> Option<Vec<String>> {
        let width = self.shape[1];
        let mut classes = Vec::with_capacity(self.shape[0]);
        let (mut place, mut one) = (0, None);
        let mut is_one_hot = true;
        self.each(&[0, 1], |value| {
            is_one_hot &= value == 0.0 || (value == 1.0 && one.is_none());
            if value == 1.0 {
                one = Some(place);
            }
            place += 1;
            if place == width {
                is_one_hot &= one.is_some();
                classes.push(one.unwrap_or(0).to_string());
                (place, one) = (0, None);
            }
        });
        is_one_hot.then_some(classes)
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

mod images;
mod table;
pub(crate) use images::pixels;
