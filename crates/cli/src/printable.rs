//! Texts as a terminal may see them: names, labels and paths come from anywhere, and may hold what steers it.

use std::borrow::Cow;

/// A text whose lines and tabs stay as they are; any other character that steers a terminal, or hides what stands there, is told by
/// its number, as in `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |here, next| {
        matches!(here, '\n' | '\t') || (here == '\r' && next == Some('\n'))
    })
}

/// A text that is one line, whatever it holds.
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |_, _| false)
}

/// Whether a character is seen as something else than itself: control characters, marks that turn the direction of writing or have
/// no width, and ends of lines.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
        )
        || ('\u{2028}'..='\u{202e}').contains(&c)
        || ('\u{2060}'..='\u{2069}').contains(&c)
}

/// Digits of a number, before the point or behind it, from which on it is told with an exponent.
const LONG: usize = 22;

/// A text whose numbers of more digits than anybody reads, such as `1000000000000000000000000000000`, are told as `1e30`. What could
/// be part of a name stays.
pub fn short_numbers(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let (mut shown, mut copied, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        let whole = digits(at);
        if whole == 0 {
            at += 1;
            continue;
        }
        let point = at + whole;
        let fraction = match bytes.get(point) {
            Some(b'.') => digits(point + 1),
            _ => 0,
        };
        let end = point + fraction + usize::from(fraction > 0);
        let is_name = |byte: &u8| {
            byte.is_ascii_alphanumeric() || b"_./`\\".contains(byte) || !byte.is_ascii()
        };
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let is_alone = !before.is_some_and(is_name) && !bytes.get(end).is_some_and(is_name);
        let number: Option<f64> = text[at..end].parse().ok();
        if let Some(number) = number.filter(|_| is_alone && whole.max(fraction) >= LONG) {
            shown.push_str(&text[copied..at]);
            shown.push_str(&with_exponent(number));
            copied = end;
        }
        at = end;
    }
    match copied {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(shown + &text[copied..]),
    }
}

fn with_exponent(number: f64) -> String {
    let exact = format!("{number:e}");
    match exact.len() {
        0..=10 => exact,
        _ => format!("{number:.3e}"),
    }
}

fn escaped(text: &str, stays: impl Fn(char, Option<char>) -> bool) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text.chars();
    while let Some(here) = rest.next() {
        match is_hidden(here) && !stays(here, rest.clone().next()) {
            true => shown.extend(here.escape_default()),
            false => shown.push(here),
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_told_by_its_number() {
        let cases = [
            ("plain, mañana 漢字 👍", "plain, mañana 漢字 👍"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a\u{7}\u{8}\u{7f}", "a\\u{7}\\u{8}\\u{7f}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            ("a\u{200b}b\u{2066}c", "a\\u{200b}b\\u{2066}c"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected);
            assert_eq!(on_one_line(text), expected);
        }
    }

    #[test]
    fn numbers_of_hundreds_of_digits_are_told_with_an_exponent() {
        let huge = f64::MAX.to_string();
        let tiny = 1e-30.to_string();
        let cases = [
            (
                "train 475064903497695924722323161088*  wrong".to_owned(),
                "train 4.751e29*  wrong".to_owned(),
            ),
            (
                format!("is -{huge}, expected"),
                "is -1.798e308, expected".to_owned(),
            ),
            (
                format!("{tiny} to {huge}.5"),
                "1e-30 to 1.798e308".to_owned(),
            ),
            (
                "1000000000000000000000000000000.0".to_owned(),
                "1e30".to_owned(),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(short_numbers(&text), expected);
        }
        for text in [
            "0.30000000000000004",
            "18446744073709551616",
            "`1234567890123456789012345`",
            "data/1234567890123456789012345",
            "1234567890123456789012345.csv",
            "run-1234567890123456789012345a",
            "",
        ] {
            assert_eq!(short_numbers(text), text);
        }
    }

    #[test]
    fn lines_stay_where_there_may_be_several() {
        let text = "a\tb\r\nc\rd\n";
        assert_eq!(printable(text), "a\tb\r\nc\\rd\n");
        assert_eq!(on_one_line(text), "a\\tb\\r\\nc\\rd\\n");
    }
}
