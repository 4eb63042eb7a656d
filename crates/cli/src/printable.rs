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
    fn lines_stay_where_there_may_be_several() {
        let text = "a\tb\r\nc\rd\n";
        assert_eq!(printable(text), "a\tb\r\nc\\rd\n");
        assert_eq!(on_one_line(text), "a\\tb\\r\\nc\\rd\\n");
    }
}
