//! Numbers as the page carries them: base64 of little-endian arrays.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// A number in half precision, as its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half(pub u16);

/// The nearest number of half precision; of two equally near ones that whose last bit is 0, as IEEE 754 has it.
pub fn half(value: f32) -> Half {
    let bits = value.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let size = bits & 0x7fff_ffff;
    if size > 0x7f80_0000 {
        return Half(sign | 0x7e00);
    }
    // 65,520 is half way to the first number beyond the range.
    if size >= 0x477f_f000 {
        return Half(sign | 0x7c00);
    }
    // Below 2^-14 numbers are multiples of 2^-24, above that the fraction loses 13 bits.
    if size < 0x3880_0000 {
        let steps = f64::from(f32::from_bits(size)) * f64::from(1u32 << 24);
        return Half(sign | steps.round_ties_even() as u16);
    }
    let rounded = size + 0x0fff + ((size >> 13) & 1);
    Half(sign | ((rounded - 0x3800_0000) >> 13) as u16)
}

/// A number as it is after half precision.
pub fn half_rounded(value: f32) -> f32 {
    let bits = half(value).0;
    let (exponent, fraction) = (i32::from((bits >> 10) & 31), f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction > 0.0 => f32::NAN,
        31 => f32::INFINITY,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Single precision.
pub(crate) fn singles(values: &[f32]) -> Value {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    json!({ "kind": "f32", "data": base64(&bytes) })
}

/// Half precision.
pub(crate) fn halves(values: &[f32]) -> Value {
    let bytes: Vec<u8> = values
        .iter()
        .flat_map(|v| half(*v).0.to_le_bytes())
        .collect();
    json!({ "kind": "f16", "data": base64(&bytes) })
}

/// Whole numbers of 16 bits.
pub(crate) fn shorts(values: &[u16]) -> String {
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    base64(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_that_of_the_standard() {
        for (value, bits) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (65520.0, 0x7c00),
            (f32::INFINITY, 0x7c00),
            (6.103_515_6e-5, 0x0400),
            (5.960_464_5e-8, 0x0001),
            (2.980_232_2e-8, 0x0000),
            (0.1, 0x2e66),
            // Half way between two numbers: to the even one.
            (1.000_488_3, 0x3c00),
            (1.001_464_8, 0x3c02),
        ] {
            assert_eq!(half(value), Half(bits), "{value}");
        }
        assert!(half_rounded(f32::NAN).is_nan());
    }

    #[test]
    fn what_fits_comes_back() {
        for value in [0.5, -3.25, 1024.0, 5.960_464_5e-8, 6.0e-5_f32] {
            let once = half_rounded(value);
            assert_eq!(half_rounded(once), once);
            assert!((once - value).abs() <= value.abs() * 1e-3, "{value} {once}");
        }
    }
}
