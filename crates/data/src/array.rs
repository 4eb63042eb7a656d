//! One NumPy array: its header read strictly, its elements as images, as rows of a table or as labels.

use crate::delimited_text::shown;
use std::fmt;

use crate::error::content_of as content;
use crate::source::{Source, TargetKind};
use crate::{Error, Facts, Samples, Shape};

/// The values of a part, in the order of [`Samples`].
pub(crate) enum Values {
    Numbers {
        columns: Vec<String>,
        /// Row-major.
        numbers: Vec<f64>,
    },
    Pixels {
        shape: Shape,
        levels: u8,
        pixels: Vec<u8>,
        /// The value beside 0 where there is no third one.
        full: Option<u8>,
    },
}

impl Values {
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Pixels { shape, .. } => *shape,
            Self::Numbers { columns, .. } => Shape {
                channels: 1,
                height: 1,
                width: columns.len(),
            },
        }
    }

    pub(crate) fn samples(self, facts: Facts) -> Result<Samples, Error> {
        match self {
            Self::Numbers { columns, numbers } => {
                let width = columns.len();
                let column = |place| numbers.iter().skip(place).step_by(width).copied().collect();
                let numbers = (0..width).map(column).collect();
                Samples::table(facts, columns, numbers)
            }
            Self::Pixels {
                shape,
                levels,
                pixels,
                ..
            } => Samples::pictures(facts, shape, levels, pixels),
        }
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

    /// No target as yet, of the same kind as these.
    fn none_alike(&self) -> Self {
        match self {
            Self::Classes(_) => Self::Classes(Vec::new()),
            Self::Numbers(_) => Self::Numbers(Vec::new()),
        }
    }

    /// The number to predict of a row, if there is one.
    fn number(&self, row: usize) -> Option<f64> {
        match self {
            Self::Classes(_) => None,
            Self::Numbers(values) => values.get(row).copied(),
        }
    }

    /// Takes over the target of a row, if there is one.
    fn take_over(&mut self, from: &Self, row: usize) {
        match (self, from) {
            (Self::Classes(to), Self::Classes(from)) => to.extend(from.get(row).cloned()),
            (Self::Numbers(to), Self::Numbers(from)) => to.extend(from.get(row)),
            _ => {}
        }
    }
}

/// A row that is left out or refused, and why.
struct Broken {
    origin: String,
    expected: String,
    found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            expected,
            found,
        } = self;
        write!(f, "{origin}: expected {expected}, found {found}")
    }
}

/// A column of a table that is no input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// The place of the column, counted from 0.
    pub(crate) place: usize,
    /// What it was asked for as; nothing for a plain label.
    pub(crate) kind: Option<TargetKind>,
}

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
}

/// One array, its elements still as they were written.
#[derive(Debug)]
pub(crate) struct Array {
    /// The file, and the name in it, for messages.
    pub(crate) origin: String,
    kind: Kind,
    /// Bytes of one element.
    size: usize,
    big_endian: bool,
    /// Whether the first axis, not the last, runs fastest.
    fortran: bool,
    pub(crate) shape: Vec<usize>,
    file: Vec<u8>,
    /// Where the elements start in the file.
    start: usize,
}

impl Array {
    pub(crate) fn parse(origin: String, file: Vec<u8>) -> Result<Self, Error> {
        let damaged = |found: &str| content(&origin, "a NumPy array", found);
        let Some((text, start)) = header_text(&file) else {
            return Err(damaged("no header of version 1 to 3"));
        };
        let Some(header) = Header::parse(text) else {
            return Err(damaged(&format!("the header {}", shown(text.as_bytes()))));
        };
        let Some((kind, size, big_endian)) = element(&header.descr) else {
            let expected = "an array of whole numbers or floats of up to 8 bytes";
            return Err(content(&origin, expected, shown(header.descr.as_bytes())));
        };
        let sizes = header.shape.iter();
        let claimed = sizes.copied().try_fold(size, usize::checked_mul);
        if claimed != Some(file.len() - start) {
            let expected = match claimed {
                Some(bytes) => format!("{bytes} bytes for the shape {:?}", header.shape),
                None => format!("a shape that fits memory, not {:?}", header.shape),
            };
            return Err(content(
                &origin,
                expected,
                format!("{} bytes", file.len() - start),
            ));
        }
        if header.shape.contains(&0) {
            let found = format!("the shape {:?}", header.shape);
            return Err(content(&origin, "at least one sample", found));
        }
        Ok(Self {
            origin,
            kind,
            size,
            big_endian,
            fortran: header.fortran,
            shape: header.shape,
            file,
            start,
        })
    }

    /// The element that is written in these bytes.
    fn value(&self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        little[..self.size].copy_from_slice(bytes);
        if self.big_endian {
            little[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(little);
        let unused = 64 - 8 * self.size as u32;
        match (self.kind, self.size) {
            (Kind::Unsigned, _) => bits as f64,
            (Kind::Signed, _) => ((bits << unused) as i64 >> unused) as f64,
            (Kind::Float, 2) => half(bits as u16),
            (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
            (Kind::Float, _) => f64::from_bits(bits),
        }
    }

    /// Hands on every element, with the axes in this order, the last of them running fastest.
    fn each(&self, axes: &[usize], mut take: impl FnMut(f64)) {
        if !self.fortran && axes.is_sorted() {
            let elements = self.file[self.start..].chunks_exact(self.size);
            return elements.for_each(|bytes| take(self.value(bytes)));
        }
        let stride = |axis: usize| -> usize {
            match self.fortran {
                true => self.shape[..axis].iter().product(),
                false => self.shape[axis + 1..].iter().product(),
            }
        };
        let lengths: Vec<_> = axes.iter().map(|&axis| self.shape[axis]).collect();
        let strides: Vec<_> = axes.iter().map(|&axis| stride(axis) * self.size).collect();
        let mut index = vec![0; axes.len()];
        let mut place = self.start;
        for _ in 0..lengths.iter().product() {
            take(self.value(&self.file[place..][..self.size]));
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

    /// The rows of a table without its target column, and their targets: those of the column, or else those held.
    pub(crate) fn table(
        &self,
        source: &Source,
        target: Option<Column>,
        held: &Held,
        skipped: &mut Vec<String>,
    ) -> Result<(Values, Held), Error> {
        let width = self.shape[1];
        let is_input = |place: &usize| Some(*place) != target.map(|target| target.place);
        let columns: Vec<_> = (0..width).filter(is_input).collect();
        let mut values = Vec::new();
        self.each(&[0, 1], |value| values.push(value));
        let mut numbers = Vec::with_capacity(values.len());
        let mut kept = match target {
            Some(target) => Held::none(target.kind),
            None => held.none_alike(),
        };
        for (row, values) in values.chunks_exact(width).enumerate() {
            if let Some(broken) = self.broken(row, values, &columns, target, held) {
                if !source.skip_bad {
                    return Err(content(&broken.origin, broken.expected, broken.found));
                }
                skipped.push(broken.to_string());
                continue;
            }
            numbers.extend(columns.iter().map(|&place| values[place]));
            match target {
                Some(target) => {
                    let name = (target.place + 1).to_string();
                    self.append(&mut kept, target.kind, &name, row, values[target.place])?;
                }
                None => kept.take_over(held, row),
            }
        }
        if numbers.is_empty() {
            let found = format!("{} rows with other values", self.shape[0]);
            return Err(content(&self.origin, "a row of finite numbers", found));
        }
        let columns = columns
            .iter()
            .map(|place| (place + 1).to_string())
            .collect();
        Ok((Values::Numbers { columns, numbers }, kept))
    }

    /// What is not finite in a row, if anything: an input or a number to predict.
    fn broken(
        &self,
        row: usize,
        values: &[f64],
        columns: &[usize],
        target: Option<Column>,
        held: &Held,
    ) -> Option<Broken> {
        let to_predict = target.filter(|target| target.kind == Some(TargetKind::Numbers));
        let to_predict = to_predict.map(|target| target.place);
        let mut places = columns.iter().copied().chain(to_predict);
        let broken = |expected, found| Broken {
            origin: format!("{}: row {}", self.origin, row + 1),
            expected,
            found,
        };
        if let Some(place) = places.find(|&place| !values[place].is_finite()) {
            let expected = format!("a finite number in column {}", place + 1);
            return Some(broken(expected, values[place].to_string()));
        }
        let number = held.number(row).filter(|number| !number.is_finite())?;
        let expected = "a finite number to predict".to_owned();
        Some(broken(expected, number.to_string()))
    }

    /// One target for each of so many samples, out of an array called like this.
    pub(crate) fn targets(
        &self,
        samples: usize,
        kind: Option<TargetKind>,
        name: &str,
    ) -> Result<Held, Error> {
        let count = self.shape.first().copied().unwrap_or(0);
        if count != samples || !matches!(self.shape[..], [_] | [_, 1]) {
            let what = if kind.is_none() { "label" } else { "target" };
            let expected = format!("one {what} for each of {samples} samples");
            let found = format!("the shape {:?}", self.shape);
            return Err(content(&self.origin, expected, found));
        }
        let mut values = Vec::new();
        self.each(&[0], |value| values.push(value));
        let mut held = Held::none(kind);
        for (row, value) in values.into_iter().enumerate() {
            self.append(&mut held, kind, name, row, value)?;
        }
        Ok(held)
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

    pub(crate) fn pictures(&self) -> Result<Values, Error> {
        let Some((axes, shape)) = picture_axes(&self.shape) else {
            let expected = "a table of 2 dimensions, or images of 3, or of 4 with 1 or 3 channels";
            let found = format!("the shape {:?}", self.shape);
            return Err(content(&self.origin, expected, found));
        };
        let (most, scale) = match self.kind {
            Kind::Float => (1.0, 255.0),
            _ => (255.0, 1.0),
        };
        let mut pixels = Vec::new();
        let mut outside = None;
        let mut two_valued = true;
        self.each(axes, |value| {
            if !(0.0..=most).contains(&value) && outside.is_none() {
                outside = Some((pixels.len() / shape.pixels(), value));
            }
            two_valued &= value == 0.0 || value == 1.0;
            pixels.push((value * scale + 0.5) as u8);
        });
        if let Some((image, value)) = outside {
            let origin = format!("{}: image {}", self.origin, image + 1);
            return Err(content(
                &origin,
                format!("pixels of 0 to {most}"),
                value.to_string(),
            ));
        }
        Ok(Values::Pixels {
            shape,
            levels: 255,
            pixels,
            full: two_valued.then_some(scale as u8),
        })
    }
}

/// The axes of images in the order of [`Samples`], and the shape of one image.
fn picture_axes(shape: &[usize]) -> Option<(&'static [usize], Shape)> {
    let of = |channels, height, width| Shape {
        channels,
        height,
        width,
    };
    match *shape {
        [_, height, width] => Some((&[0, 1, 2], of(1, height, width))),
        [_, height, width, channels @ (1 | 3)] => {
            Some((&[0, 3, 1, 2], of(channels, height, width)))
        }
        [_, channels @ (1 | 3), height, width] => {
            Some((&[0, 1, 2, 3], of(channels, height, width)))
        }
        _ => None,
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

/// Kind, bytes and byte order of an element that is described like this (`<f4`).
fn element(descr: &str) -> Option<(Kind, usize, bool)> {
    let (kind, size) = match descr.get(1..)? {
        "b1" | "u1" => (Kind::Unsigned, 1),
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
    match descr.as_bytes()[0] {
        b'<' => Some((kind, size, false)),
        b'>' => Some((kind, size, true)),
        b'|' if size == 1 => Some((kind, size, false)),
        _ => None,
    }
}

/// The header of an array file, and where its elements start.
fn header_text(file: &[u8]) -> Option<(&str, usize)> {
    let rest = file.strip_prefix(b"\x93NUMPY")?;
    let (length, start) = match *rest {
        [1, 0, a, b, ..] => (u32::from(u16::from_le_bytes([a, b])), 10),
        [2 | 3, 0, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]), 12),
        _ => return None,
    };
    let end = usize::try_from(length).ok()?.checked_add(start)?;
    let text = std::str::from_utf8(file.get(start..end)?).ok()?;
    Some((text, end))
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
