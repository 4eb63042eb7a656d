//! What a field of a text says: a number, a word, or nothing.

/// What stands for a missing cell in the files of spreadsheets, pandas, R, Weka and SQL.
pub(super) const MISSING: [&str; 13] = [
    "", "\"\"", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "null", "NULL", "None", "<NA>", "?",
];

/// How the cells of a text are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Writing {
    /// Further words, or numbers, that stand for a missing cell.
    pub(super) missing: Vec<String>,
    /// Whether numbers have a decimal comma, and a point or blank between thousands.
    pub(super) decimal_comma: bool,
}

/// What a field says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    Missing,
    /// A finite number.
    Number(f64),
    /// `inf` and what else is beyond a double-precision number.
    Infinite,
    Word,
}

impl Writing {
    /// Whether a number is missing only where a field is empty or a word, and has a decimal point.
    pub(super) fn is_plain(&self) -> bool {
        self.missing.is_empty() && !self.decimal_comma
    }

    /// What a field says.
    pub(super) fn cell(&self, field: &[u8]) -> Cell {
        let Ok(text) = std::str::from_utf8(field) else {
            return Cell::Word;
        };
        // The usual case first: a plain number.
        let number = match text.parse::<f64>() {
            Ok(number) if !number.is_nan() => Some(number),
            _ if self.is_missing_word(text) => return Cell::Missing,
            Ok(_) => return Cell::Missing,
            Err(_) => grouped(text, self.decimal_comma),
        };
        // Under a decimal comma `1.234` is a thousand and more.
        let number = match self.decimal_comma && text.contains('.') {
            true => grouped(text, true).or(number),
            false => number,
        };
        match number {
            None => Cell::Word,
            Some(number) if self.is_missing_number(text, number) => Cell::Missing,
            Some(number) if number.is_finite() => Cell::Number(number),
            Some(_) => Cell::Infinite,
        }
    }

    /// Whether a field is missing where it is not asked whether it is a number.
    pub(super) fn is_missing(&self, field: &[u8]) -> bool {
        let text = std::str::from_utf8(field).unwrap_or("word");
        self.is_missing_word(text)
            || !self.missing.is_empty()
                && (text.parse()).is_ok_and(|number| self.is_missing_number(text, number))
    }

    fn is_missing_word(&self, text: &str) -> bool {
        MISSING.contains(&text) || self.missing.iter().any(|missing| missing == text)
    }

    fn is_missing_number(&self, text: &str, number: f64) -> bool {
        let mut missing = self.missing.iter();
        missing.any(|missing| missing == text || missing.parse() == Ok(number))
    }
}

/// A number with separators between its thousands: `1,234,567.8`, or `1.234.567,8` and `1 234,5` where commas are decimal.
fn grouped(text: &str, decimal_comma: bool) -> Option<f64> {
    let (group, point) = if decimal_comma {
        ('.', ',')
    } else {
        (',', '.')
    };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let is_group =
        |c: char| c == group || decimal_comma && matches!(c, ' ' | '\u{a0}' | '\u{202f}');
    let parts: Vec<&str> = whole.split(is_group).collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_grouped = match &parts[..] {
        [only] => digits(only) && fraction.is_some(),
        [first, rest @ ..] => {
            digits(first)
                && first.len() <= 3
                && !first.starts_with('0')
                && rest.iter().all(|p| digits(p) && p.len() == 3)
        }
        [] => false,
    };
    if !is_grouped {
        return None;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let fraction = fraction.unwrap_or("0");
    let plain = format!("{sign}{}.{fraction}", parts.concat());
    plain.parse().ok()
}

/// Whether a field is a number with a decimal comma, and no number otherwise.
pub(super) fn has_decimal_comma(field: &[u8]) -> bool {
    let text = std::str::from_utf8(field).unwrap_or("");
    text.contains(',') && grouped(text, false).is_none() && grouped(text, true).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(decimal_comma: bool, missing: &[&str], field: &str, expected: Cell) {
        let writing = Writing {
            missing: missing.iter().map(|&word| word.to_owned()).collect(),
            decimal_comma,
        };
        assert_eq!(writing.cell(field.as_bytes()), expected, "{field}");
    }

    #[test]
    fn numbers_as_people_write_them() {
        let number = Cell::Number;
        for (field, value) in [
            ("1", 1.0),
            ("-2.5", -2.5),
            ("+3e2", 300.0),
            (".5", 0.5),
            ("1700000000.25", 1_700_000_000.25),
            ("1,234", 1234.0),
            ("-1,234,567.5", -1_234_567.5),
        ] {
            check(false, &[], field, number(value));
        }
        for (field, value) in [
            ("0,346", 0.346),
            ("-1.234,5", -1234.5),
            ("1.234", 1234.0),
            ("1 234,5", 1234.5),
            ("2.5", 2.5),
            ("7", 7.0),
            ("1,5e-3", 1.5e-3),
        ] {
            check(true, &[], field, number(value));
        }
        for field in [
            "1,23",
            "12,34,5",
            "1,,234",
            "red",
            "1.2.3",
            "2024-01-02",
            ",",
        ] {
            check(false, &[], field, Cell::Word);
        }
        check(false, &[], "inf", Cell::Infinite);
        check(false, &[], "1e999", Cell::Infinite);
    }

    #[test]
    fn missing_cells_in_every_dialect_and_by_choice() {
        for field in ["", "NA", "NaN", "nan", "null", "?", "None", "-nan"] {
            check(false, &[], field, Cell::Missing);
        }
        for field in ["-999", "-999.0", "-9.99e2", "none at all"] {
            check(false, &["-999", "none at all"], field, Cell::Missing);
        }
        check(false, &["-999"], "-998", Cell::Number(-998.0));
        check(true, &["-9"], "-9", Cell::Missing);
        let writing = Writing {
            missing: vec!["-9".to_owned()],
            ..Writing::default()
        };
        assert!(
            writing.is_missing(b"-9.0") && writing.is_missing(b"NA") && !writing.is_missing(b"red")
        );
    }

    #[test]
    fn a_decimal_comma_is_seen() {
        for (field, expected) in [
            ("0,346", true),
            ("1,23", true),
            ("1,234", false),
            ("1.234,5", true),
            ("1,2,3", false),
            ("a,b", false),
        ] {
            assert_eq!(has_decimal_comma(field.as_bytes()), expected, "{field}");
        }
    }
}
