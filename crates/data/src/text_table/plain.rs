//! The usual line of a table, read at once: plain numbers and missing cells between separators. Whatever else stands in a line is left to the reader of
//! records, and both give the same, to the bit.

use super::cells::MISSING;

/// Powers of ten that a double-precision number holds exactly.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// The same as whole numbers, as far as [`DIGITS`].
const TENS: [u64; DIGITS + 1] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
    1_000_000_000_000,
    10_000_000_000_000,
    100_000_000_000_000,
    1_000_000_000_000_000,
    10_000_000_000_000_000,
    100_000_000_000_000_000,
    1_000_000_000_000_000_000,
];
/// Whole numbers up to here are exact in double precision.
const EXACT: u64 = 1 << 53;
/// Digits that a 64-bit whole number surely holds.
const DIGITS: usize = 18;

/// Reads the numbers of a row to `out`, NaN where one is missing, and gives the length of the line with its end; nothing where the line
/// holds anything else, or more or fewer fields than `out`.
///
/// The text is that of some whole lines, from the start of the row on.
pub(super) fn row(text: &[u8], separator: u8, out: &mut [f64]) -> Option<usize> {
    let last = out.len().checked_sub(1)?;
    // A blank line is no row.
    if matches!(text.first(), None | Some(b'\n' | b'\r')) {
        return None;
    }
    let mut at = 0;
    for (place, out) in out.iter_mut().enumerate() {
        while text.get(at) == Some(&b' ') {
            at += 1;
        }
        let (number, length) = field(&text[at..], separator)?;
        *out = number;
        at += length;
        if place < last {
            if text.get(at) != Some(&separator) {
                return None;
            }
            at += 1;
        }
    }
    match &text[at..] {
        [] => Some(at),
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    }
}

/// The number that a text begins with and its length, or NaN where a missing cell stands there.
fn field(text: &[u8], separator: u8) -> Option<(f64, usize)> {
    let is_end = |byte: u8| byte == separator || matches!(byte, b'\n' | b'\r');
    let ends = |at: usize| text.get(at).is_none_or(|byte| is_end(*byte));
    if let Some((number, length)) = decimal(text).filter(|(_, length)| ends(*length)) {
        return Some((number, length));
    }
    let length = text.iter().position(|byte| is_end(*byte));
    let length = length.unwrap_or(text.len());
    let field = &text[..length];
    if MISSING.iter().any(|word| word.as_bytes() == field) {
        return Some((f64::NAN, length));
    }
    // Exponents and more digits than fit.
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let is_number = field.iter().all(is_part);
    let number: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    (is_number && number.is_finite()).then_some((number, length))
}

/// A decimal number without an exponent that a text begins with, and its length; nothing where that cannot be had exactly from one
/// division (Clinger 1990).
fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let is_negative = text.first() == Some(&b'-');
    let start = usize::from(is_negative);
    let (whole, count) = digits(text, start)?;
    let mut at = start + count;
    let (mut mantissa, mut decimals) = (whole, 0);
    if text.get(at) == Some(&b'.') {
        let (fraction, length) = digits(text, at + 1)?;
        if count + length > DIGITS {
            return None;
        }
        mantissa = whole * TENS[length] + fraction;
        decimals = length;
        at += 1 + length;
    }
    if count + decimals == 0 || mantissa > EXACT {
        return None;
    }
    let number = mantissa as f64 / POWERS[decimals];
    Some((if is_negative { -number } else { number }, at))
}

/// The whole number that the digits from a place on make, and how many there are; nothing for more than a 64-bit number holds.
fn digits(text: &[u8], start: usize) -> Option<(u64, usize)> {
    let (mut number, mut count) = (0, 0);
    while let Some(bytes) = text.get(start + count..start + count + 8) {
        let bytes = u64::from_le_bytes(bytes.try_into().ok()?);
        let (value, found) = up_to_eight(bytes);
        if count + found > DIGITS {
            return None;
        }
        number = number * TENS[found] + value;
        count += found;
        if found < 8 {
            return Some((number, count));
        }
    }
    // Near the end of the text, one after the other.
    for &byte in &text[(start + count).min(text.len())..] {
        if !byte.is_ascii_digit() {
            break;
        }
        if count == DIGITS {
            return None;
        }
        number = number * 10 + u64::from(byte - b'0');
        count += 1;
    }
    Some((number, count))
}

/// The number that the first of eight bytes make, as far as they are digits, and how many these are. The first byte is the lowest.
fn up_to_eight(bytes: u64) -> (u64, usize) {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    // A digit less its zero is at most 9: with 6 more it does not reach the upper half of its byte.
    let values = bytes ^ ZEROS;
    let others = (values | values.wrapping_add(0x0606_0606_0606_0606)) & 0xf0f0_f0f0_f0f0_f0f0;
    let count = (others.trailing_zeros() / 8) as usize;
    if count == 0 {
        return (0, 0);
    }
    // Zeros in front, then pairs, fours and eights of digits.
    let digits = values << (64 - 8 * count);
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let eight = (fours * 10_000 + (fours >> 32)) & 0xffff_ffff;
    (eight, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_random::random;

    /// A row of one column is read as Rust reads its number, or not at all.
    fn check(field: &str) -> bool {
        let text = format!("{field}\n");
        let mut out = [0.0];
        let Some(length) = row(text.as_bytes(), b',', &mut out) else {
            return false;
        };
        let expected: f64 = field.trim().parse().expect("it is a number");
        assert_eq!(
            (out[0].to_bits(), length),
            (expected.to_bits(), text.len()),
            "{field}"
        );
        true
    }

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        for field in [
            "0",
            "-0",
            "7",
            "-12.5",
            ".5",
            "5.",
            "0.1",
            "1234567.654321",
            "12345678",
            "123456789",
            "999999999999999999",
            "9007199254740993",
            "0.000000000000000001",
            "1234567890123456789012345",
            "0.30000000000000004",
            "1.797e308",
            "-4.9e-324",
            "+1E3",
            " 2.25",
            "1.0000000000000002220446049250313",
        ] {
            assert!(check(field), "{field}");
        }
        for field in [
            "inf", "1e999", "1 2", "1.2.3", "-", ".", "1e", "x", "\"1\"", "1 ",
        ] {
            assert!(!check(field), "{field}");
        }
    }

    #[test]
    fn random_numbers_are_those_of_the_standard_library() {
        let mut random = random();
        for _ in 0..200_000 {
            let (whole, decimals) = (random(21), random(20));
            let mut digits = |count: usize| -> String {
                (0..count)
                    .map(|_| char::from(b'0' + random(10) as u8))
                    .collect()
            };
            let field = format!("{}.{}", digits(whole), digits(decimals));
            if whole + decimals > 0 {
                assert!(check(&field) && check(&format!("-{field}")), "{field}");
            }
        }
    }

    #[test]
    fn rows_end_where_their_lines_do() {
        let read = |text: &str, width: usize| {
            let mut out = vec![0.0; width];
            let length = row(text.as_bytes(), b',', &mut out)?;
            Some((out, length))
        };
        assert_eq!(read("1,-2.5,3\n4", 3), Some((vec![1.0, -2.5, 3.0], 9)));
        assert_eq!(read("1,2\r\n4", 2), Some((vec![1.0, 2.0], 5)));
        assert_eq!(read("1,2", 2), Some((vec![1.0, 2.0], 3)));
        let (row, length) = read(",2,NA\n", 3).expect("missing cells");
        assert!(row[0].is_nan() && row[1] == 2.0 && row[2].is_nan() && length == 6);
        for text in [
            "", "\n", "\r\n", "1,2,3\n", "1\n2\n", "1,2 \n", "1,na\n", "1,2\r3", "# 1,2\n", "1;2\n",
        ] {
            assert_eq!(read(text, 2), None, "{text:?}");
        }
    }
}
