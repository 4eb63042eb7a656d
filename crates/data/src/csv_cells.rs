//! Cells of comma-separated files that are written: quoted where they have to be, and guarded where a spreadsheet would compute them.

use std::borrow::Cow;

/// What a spreadsheet takes for the start of a formula, as OWASP lists it: full-width forms too, and white space that it skips.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
/// Stands before what shall be taken for a text; a spreadsheet does not show it.
const GUARD: char = '\'';

/// A cell as it stands in a file, quoted where RFC 4180 asks for it.
pub fn csv_field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A text with an apostrophe before it where a spreadsheet would compute it: it begins like a formula, and is neither a number nor a
/// sign alone, which many tables have for a word.
///
/// ```
/// use espejo_data::{guarded, unguarded};
///
/// assert_eq!(guarded("=1+1"), "'=1+1");
/// assert_eq!(guarded("-1.5"), "-1.5");
/// assert_eq!(unguarded("'=1+1"), "=1+1");
/// ```
pub fn guarded(text: &str) -> Cow<'_, str> {
    match is_formula(text) && text.parse::<f64>().is_err() {
        true => Cow::Owned(format!("{GUARD}{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text that [`guarded`] made this of.
pub fn unguarded(text: &str) -> &str {
    let bare = text.strip_prefix(GUARD).filter(|bare| is_formula(bare));
    bare.unwrap_or(text)
}

/// Whether a text begins like a formula, whatever guards stand before it: so that what was guarded can be told from what has an
/// apostrophe of its own.
fn is_formula(text: &str) -> bool {
    let bare = text.trim_start_matches(GUARD);
    bare.starts_with(FORMULA) && bare.chars().nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_guarded() {
        let cases = [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+a", "'+a"),
            ("-a", "'-a"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("\ra", "'\ra"),
            ("＝1+1", "'＝1+1"),
            ("-", "-"),
            ("+", "+"),
            ("'-", "'-"),
            ("--", "'--"),
            ("-1-1", "'-1-1"),
            ("-1.5e3", "-1.5e3"),
            ("+7", "+7"),
            ("-inf", "-inf"),
            ("a=1", "a=1"),
            ("'a'", "'a'"),
            ("'=a", "''=a"),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(guarded(text), expected, "{text:?}");
            assert_eq!(unguarded(expected), text, "{expected:?}");
        }
    }

    #[test]
    fn only_fields_that_need_it_are_quoted() {
        let cases = [
            ("plain text", "plain text"),
            (",", "\",\""),
            ("\"", "\"\"\"\""),
            ("two\nlines", "\"two\nlines\""),
        ];
        for (text, expected) in cases {
            assert_eq!(csv_field(text), expected);
        }
    }
}
