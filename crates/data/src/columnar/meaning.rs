//! What the values of a column stand for, and how each of them is taken in.

use super::{Count, Failure, Result, broken};
use crate::growing::Growing;
use crate::times;

/// A column of plain values, alone or inside lists and structures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf {
    /// Its place among all of them.
    pub(crate) index: usize,
    /// The name of its column in the table; what lies in a structure has a point in it.
    pub(crate) name: String,
    /// How many lists it lies in.
    pub(crate) depth: i16,
    pub(crate) meaning: Meaning,
}

/// What the values of a column stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meaning {
    /// `false` and `true`.
    Truth,
    Whole {
        is_signed: bool,
    },
    Half,
    Float,
    Double,
    /// A whole number of so many digits after the point.
    Decimal {
        scale: i32,
    },
    Text,
    Date,
    /// A time of the day in parts of a second.
    Time {
        per_second: i64,
    },
    Moment {
        per_second: i64,
        is_universal: bool,
    },
    /// Nothing: the column of a table that has no value in it.
    Nothing,
    /// Bytes that may be an image.
    Bytes,
    /// What no column of a table can be.
    Unknown(&'static str),
}

impl Meaning {
    /// Whether these are dates or times.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Time { .. } | Self::Moment { .. })
    }

    /// What is found where numbers, words or times are expected; none where these are such.
    pub(crate) fn is_no_column(self) -> Option<&'static str> {
        match self {
            Self::Unknown(found) => Some(found),
            Self::Bytes => Some("bytes"),
            _ => None,
        }
    }

    /// A column of such values without any as yet; `is_name` says that each of their digits counts.
    pub(crate) fn column(self, is_name: bool) -> Growing {
        match self {
            Self::Whole { .. } if is_name => Growing::words(),
            _ if self.is_time() && !is_name => Growing::numbers(),
            Self::Whole { .. }
            | Self::Half
            | Self::Float
            | Self::Double
            | Self::Decimal { .. }
            | Self::Nothing => Growing::numbers(),
            _ => Growing::words(),
        }
    }
}

/// Takes in a whole number by what it stands for.
pub(crate) fn push_integer(column: &mut Growing, meaning: Meaning, value: i64) {
    match meaning {
        Meaning::Decimal { scale } => column.push_number(decimal(value.into(), scale)),
        Meaning::Date => column.push_time(value as f64 * 86_400.0, || times::date(value)),
        Meaning::Time { per_second } => {
            let word = || times::time(value, per_second);
            column.push_time(value as f64 / per_second as f64, word);
        }
        Meaning::Moment {
            per_second,
            is_universal,
        } => {
            let word = || times::moment(value, per_second, is_universal);
            column.push_time(times::seconds(value, per_second), word);
        }
        _ => column.push_whole(value.into()),
    }
}

/// Takes in a truth value.
pub(crate) fn push_truth(column: &mut Growing, truth: bool) {
    column.push_word(if truth { "true" } else { "false" });
}

/// Takes in a word; a new one takes room.
pub(crate) fn push_text(column: &mut Growing, text: &str, count: Count) -> Result<()> {
    match column.push_word(text) {
        true => count(2 * text.len() as u64 + 64),
        false => Ok(()),
    }
}

/// The number nearest to a whole one of so many digits after the point.
pub(crate) fn decimal(whole: i128, scale: i32) -> f64 {
    // Text is rounded once, where a division would round twice.
    format!("{whole}e{}", -i64::from(scale))
        .parse()
        .unwrap_or(f64::NAN)
}

/// Says that a decimal has more digits than any reader takes.
pub(crate) fn long_decimal(bytes: usize) -> Failure {
    let found = format!("one of {bytes} bytes");
    broken("decimals of at most 38 digits", found)
}

/// The number of 16 bits with 5 of them for the exponent.
pub(crate) fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_and_decimals() {
        for (bits, number) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2f64.powi(-24)),
            (0x2e66, 0.0999755859375),
            (0xfc00, f64::NEG_INFINITY),
        ] {
            assert_eq!(half(bits), number);
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(decimal(-12345, 3), -12.345);
        assert_eq!(decimal(1, 40), 1e-40);
        assert_eq!(decimal(7, -2), 700.0);
    }
}
