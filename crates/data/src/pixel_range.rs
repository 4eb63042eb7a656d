//! What the numbers of an image mean: which of them is black, and which white.

use serde::{Deserialize, Serialize};

use crate::array::Kind;

/// What the numbers of a file become as pixels: `low` becomes 0 and `high` full, what lies between is spread evenly.
///
/// A set whose files say no range, or use only a part of it, is stretched by the least and the greatest number found in it.
/// Who reads further files of the kind gives the same range to [`Source::pixel_range`](crate::Source::pixel_range).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PixelRange {
    /// What becomes 0.
    pub low: f64,
    /// What becomes full.
    pub high: f64,
}

/// How far a number may lie outside of a range by rounding, in parts of it.
const ROUNDING: f64 = 1e-6;

/// Whole numbers up to this are stretched: a quarter of what a byte can say (6 bits of grey, and what counts to 16 or 64).
const DIM: f64 = 64.0;

impl PixelRange {
    /// Pixels of a byte as they are.
    pub const BYTES: Self = Self::new(0.0, 255.0);
    /// Floats of 0 to 1.
    pub(crate) const UNIT: Self = Self::new(0.0, 1.0);
    /// All that 16 bits can say.
    pub(crate) const SIXTEEN_BITS: Self = Self::new(0.0, 65535.0);

    const fn new(low: f64, high: f64) -> Self {
        Self { low, high }
    }

    /// The pixel that this number becomes, 0 to 255; what is outside becomes the nearest.
    pub(crate) fn pixel(self, value: f64) -> u8 {
        let part = (value - self.low) / (self.high - self.low);
        (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
    }

    /// Whether all of these numbers are in it, but for rounding.
    fn holds(self, found: &Observed) -> bool {
        let slack = ROUNDING * (self.high - self.low).abs();
        found.low >= self.low - slack && found.high <= self.high + slack
    }
}

/// The numbers of a set, as far as their meaning needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observed {
    low: f64,
    high: f64,
    /// Whether all of them are whole.
    is_whole: bool,
    /// What the type of the numbers can say, where that is a range.
    natural: Option<PixelRange>,
}

/// How the numbers of a set are read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) range: PixelRange,
    /// Whether all of them are 0 or 1.
    pub(crate) is_two_valued: bool,
    /// What the user is to know of it.
    pub(crate) note: Option<String>,
}

impl Observed {
    /// Nothing as yet, of numbers of this kind and size.
    pub(crate) fn none(kind: Kind, size: usize) -> Self {
        Self {
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            is_whole: true,
            natural: match (kind, size) {
                (Kind::Unsigned, 2) => Some(PixelRange::SIXTEEN_BITS),
                (Kind::Signed, 1) => Some(PixelRange::new(-128.0, 127.0)),
                _ => None,
            },
        }
    }

    /// Takes in a number.
    pub(crate) fn take(&mut self, value: f64) {
        self.take_all(&[value]);
    }

    /// Takes in numbers.
    pub(crate) fn take_all(&mut self, values: &[f64]) {
        let (eights, rest) = values.as_chunks::<8>();
        let (mut lows, mut highs) = ([self.low; 8], [self.high; 8]);
        for eight in eights {
            for (at, &value) in eight.iter().enumerate() {
                lows[at] = lows[at].min(value);
                highs[at] = highs[at].max(value);
            }
        }
        let low = lows.iter().chain(rest).copied();
        let high = highs.iter().chain(rest).copied();
        self.low = low.fold(self.low, f64::min);
        self.high = high.fold(self.high, f64::max);
        self.is_whole = self.is_whole && values.iter().all(|value| value.fract() == 0.0);
    }

    /// Takes in whole numbers of a byte.
    pub(crate) fn take_bytes(&mut self, bytes: &[u8]) {
        let low = bytes.iter().copied().min().map(f64::from);
        let high = bytes.iter().copied().max().map(f64::from);
        self.low = low.map_or(self.low, |low| self.low.min(low));
        self.high = high.map_or(self.high, |high| self.high.max(high));
    }

    /// Whether numbers of a byte need no further look: they use more of it than what is stretched.
    pub(crate) fn is_bright(&self) -> bool {
        self.high > DIM
    }

    /// Takes in what was seen elsewhere of the same set.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.is_whole &= other.is_whole;
        if self.natural != other.natural {
            self.natural = None;
        }
    }

    /// What the type of the numbers says of them: of floats that they are 0 to 1.
    pub(crate) fn plain(&self) -> PixelRange {
        self.natural.unwrap_or(PixelRange::UNIT)
    }

    /// Whether these are whole numbers of up to 255, other than 0 and 1 alone.
    pub(crate) fn is_bytes(&self) -> bool {
        self.is_whole && self.high > 1.0 && PixelRange::BYTES.holds(self)
    }

    /// What these numbers mean. A range that is given is obeyed; otherwise it is told by the numbers.
    pub(crate) fn reading(&self, given: Option<PixelRange>) -> Reading {
        let plain = |range| Reading {
            range,
            is_two_valued: false,
            note: None,
        };
        if let Some(range) = given {
            return plain(range);
        }
        if self.is_whole && PixelRange::UNIT.holds(self) {
            return Reading {
                is_two_valued: true,
                ..plain(PixelRange::UNIT)
            };
        }
        let is_dim = self.high <= DIM;
        // What fits the first of these is that; each is tried only where the ones before are too narrow.
        let known = [
            (PixelRange::UNIT, true),
            (PixelRange::new(-1.0, 1.0), true),
            (PixelRange::BYTES, !is_dim),
        ];
        let known = known
            .into_iter()
            .find(|(range, may)| *may && range.holds(self));
        if let Some((range, _)) = known {
            return plain(range);
        }
        match self.natural {
            // A camera of 16 bits that uses nearly all of them.
            Some(range) if self.high >= 0.9 * range.high => return plain(range),
            Some(range) if range.low < 0.0 => return plain(range),
            _ => {}
        }
        self.stretched()
    }

    /// Stretched by the numbers themselves; from 0 on where they are counts that leave little below.
    fn stretched(&self) -> Reading {
        let low = match self.low >= 0.0 && self.high <= DIM {
            true => 0.0,
            false => self.low,
        };
        let range = match self.high > low {
            true => PixelRange::new(low, self.high),
            false => PixelRange::new(low, low + 1.0),
        };
        let note = format!(
            "pixels of {} to {} are stretched to 0 to 255",
            range.low, range.high
        );
        Reading {
            range,
            is_two_valued: false,
            note: Some(note),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, size: usize, values: &[f64], low: f64, high: f64, is_noted: bool) {
        let mut observed = Observed::none(kind, size);
        values.iter().for_each(|&value| observed.take(value));
        let reading = observed.reading(None);
        assert_eq!(reading.range, PixelRange::new(low, high), "{values:?}");
        assert_eq!(reading.note.is_some(), is_noted, "{values:?}");
    }

    #[test]
    fn the_numbers_tell_what_they_mean() {
        let float = |values: &[f64], low, high, is_noted| {
            check(Kind::Float, 4, values, low, high, is_noted);
        };
        float(&[0.0, 0.5, 1.000_000_12], 0.0, 1.0, false);
        float(&[-1e-7, 0.5], 0.0, 1.0, false);
        float(&[-1.0, 0.5, 1.0], -1.0, 1.0, false);
        float(&[0.0, 254.7], 0.0, 255.0, false);
        float(&[0.0, 16.0], 0.0, 16.0, true);
        float(&[-2.5, 3.5], -2.5, 3.5, true);
        float(&[0.0, 1020.0], 0.0, 1020.0, true);
        check(Kind::Unsigned, 1, &[0.0, 255.0], 0.0, 255.0, false);
        check(Kind::Unsigned, 1, &[3.0, 16.0], 0.0, 16.0, true);
        check(Kind::Unsigned, 2, &[0.0, 65_000.0], 0.0, 65_535.0, false);
        check(Kind::Unsigned, 2, &[40.0, 1020.0], 40.0, 1020.0, true);
        check(Kind::Signed, 1, &[-100.0, 100.0], -128.0, 127.0, false);
        check(Kind::Signed, 2, &[-1000.0, 3000.0], -1000.0, 3000.0, true);
        check(Kind::Signed, 4, &[7.0, 7.0], 0.0, 7.0, true);
        check(Kind::Signed, 4, &[700.0, 700.0], 700.0, 701.0, true);
        check(Kind::Signed, 4, &[-1.0, 1.0], -1.0, 1.0, false);
    }

    #[test]
    fn a_range_that_is_given_is_obeyed() {
        let mut observed = Observed::none(Kind::Unsigned, 1);
        observed.take(200.0);
        let reading = observed.reading(Some(PixelRange::new(0.0, 16.0)));
        assert_eq!(reading.range.pixel(200.0), 255);
        assert_eq!(reading.range.pixel(8.0), 128);
        assert_eq!(reading.note, None);
    }
}
