//! The one font of all figures: its metrics for layout, and texts made fit to be shown.

use std::{collections::HashMap, sync::OnceLock};

use skrifa::{FontRef, MetadataProvider, instance::LocationRef, prelude::Size};

/// The family name inside the font files.
pub(crate) const FAMILY: &str = "DejaVu Sans";
/// What the renderer reads.
pub(crate) const TTF: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.ttf");
/// What an SVG file carries: the same glyphs, packed to 18 kB.
pub(crate) const WOFF2: &[u8] = include_bytes!("../../assets/DejaVuSans-subset.woff2");

/// A text is broken into at most this many lines.
const MOST_LINES: usize = 3;
/// Behind these a word may be broken.
const SIGNS: [char; 6] = ['/', '_', '-', ',', '.', ':'];

/// Advance of each character of the font, in units of the type size.
fn advances() -> &'static HashMap<char, f64> {
    static ADVANCES: OnceLock<HashMap<char, f64>> = OnceLock::new();
    ADVANCES.get_or_init(|| {
        let font = FontRef::new(TTF).expect("the built-in font is well formed");
        let metrics = font.glyph_metrics(Size::new(1.0), LocationRef::default());
        let of = |(code, glyph)| {
            let letter = char::from_u32(code)?;
            Some((letter, f64::from(metrics.advance_width(glyph)?)))
        };
        font.charmap().mappings().filter_map(of).collect()
    })
}

/// Width of a shown text; the font has no kerning, so it is the sum of the advances.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let advances = advances();
    let of = |letter| advances.get(&letter).copied().unwrap_or(0.6);
    size * text.chars().map(of).sum::<f64>()
}

/// `text` with everything replaced that would be invisible or is not in the font:
/// a blank text is `␣`, DEL is spelled, other control characters are `^A` to `^_`, unknown letters are `□`.
pub(crate) fn visible(text: &str) -> String {
    if !text.is_empty() && text.chars().all(|letter| letter == ' ') {
        return "␣".repeat(text.len().min(8));
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{7f}' => shown.push_str("DEL"),
            '\0'..='\u{1f}' => {
                shown.push('^');
                shown.push(char::from(b'@' + letter as u8));
            }
            _ if advances().contains_key(&letter) => shown.push(letter),
            _ => shown.push('□'),
        }
    }
    shown
}

/// The text made visible, and cut with an ellipsis where it is wider than `room`.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    let shown = visible(text);
    if width(&shown, size) <= room {
        return shown;
    }
    let mut kept = String::new();
    let mut used = width("…", size);
    for letter in shown.chars() {
        used += width(letter.encode_utf8(&mut [0; 4]), size);
        if used > room {
            break;
        }
        kept.push(letter);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// A text in few lines of at most this width, broken at blanks; `None` where it needs more.
pub(crate) fn wrap(text: &str, size: f64, room: f64) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for word in visible(text).split(' ') {
        let joined = lines.last().map(|line| format!("{line} {word}"));
        match (joined, lines.last_mut()) {
            (Some(joined), Some(line)) if width(&joined, size) <= room => *line = joined,
            _ if width(word, size) <= room => lines.push(word.to_owned()),
            _ => return None,
        }
    }
    (lines.len() <= MOST_LINES).then_some(lines)
}

/// A text in at most `most` lines of this width: broken at blanks, a word that is wider behind a sign such as `_` or `/`, else between
/// letters. What needs more lines is cut, and the last line ends in an ellipsis.
pub(crate) fn lines(text: &str, size: f64, room: f64, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(&visible(text), size, room) {
        match lines.last_mut() {
            Some(line)
                if line.is_empty()
                    || width(&format!("{line}{}", piece.trim_end()), size) <= room =>
            {
                line.push_str(&piece);
            }
            _ => lines.push(piece),
        }
    }
    if lines.len() > most.max(1) {
        let rest = lines.split_off(most.max(1) - 1).concat();
        lines.push(fit(&rest, size, room));
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

/// A text in pieces after each of which a line may end, none wider than `room` unless it is one letter.
fn pieces(text: &str, size: f64, room: f64) -> Vec<String> {
    let fits = |piece: &str| width(piece.trim_end(), size) <= room;
    let mut pieces = Vec::new();
    for word in text.split_inclusive(' ') {
        if fits(word) {
            pieces.push(word.to_owned());
            continue;
        }
        for part in word.split_inclusive(SIGNS) {
            if fits(part) {
                pieces.push(part.to_owned());
            } else {
                pieces.extend(part.chars().map(String::from));
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_then_at_signs_then_anywhere() {
        let room = width("T-shirt/", 11.0);
        assert_eq!(lines("T-shirt/top", 11.0, room, 2), ["T-shirt/", "top"]);
        let room = width("beach_", 11.0) + 0.1;
        assert_eq!(lines("beach_001", 11.0, room, 2), ["beach_", "001"]);
        let room = width("mmm", 11.0) + 0.1;
        assert_eq!(lines("mmmmm", 11.0, room, 3), ["mmm", "mm"]);
        let room = width("Ankle ", 11.0);
        assert_eq!(lines("Ankle boot", 11.0, room, 3), ["Ankle", "boot"]);
        assert_eq!(lines("", 11.0, 5.0, 3), [""]);
    }

    #[test]
    fn only_what_needs_too_many_lines_is_cut() {
        let room = width("three", 11.0) + 0.1;
        let cut = lines("one two three four", 11.0, room, 2);
        assert_eq!(cut.len(), 2);
        assert!(
            cut[1].ends_with('…') && width(&cut[1], 11.0) <= room,
            "{cut:?}"
        );
        let whole = lines("one two three four", 11.0, room, 4);
        assert_eq!(whole, ["one", "two", "three", "four"]);
    }

    #[test]
    fn widths_are_those_of_the_font() {
        // DejaVu Sans has 2048 units an em; `i` is 569 wide, `M` 1767, a digit 1303.
        assert!((width("i", 2048.0) - 569.0).abs() < 0.01);
        assert!((width("Mi0", 2048.0) - (1767.0 + 569.0 + 1303.0)).abs() < 0.01);
    }

    #[test]
    fn invisible_characters_get_a_stand_in() {
        assert_eq!(visible(" "), "␣");
        assert_eq!(visible("\u{7f}"), "DEL");
        assert_eq!(visible("\u{1b}"), "^[");
        assert_eq!(visible("a β ½ − × → ∞ x̂ é ж"), "a β ½ − × → ∞ x̂ é ж");
        assert_eq!(visible("字"), "□");
        assert_eq!(visible(""), "");
    }

    #[test]
    fn long_texts_end_in_an_ellipsis_and_fit() {
        let cut = fit("a rather long label", 10.0, 50.0);
        assert!(cut.starts_with("a rat") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut, 10.0) <= 50.0);
        assert_eq!(fit("short", 10.0, 50.0), "short");
    }

    #[test]
    fn texts_are_broken_at_blanks() {
        let room = width("entropy and", 11.0);
        let lines = wrap("entropy and momentum", 11.0, room).expect("two lines");
        assert_eq!(lines, ["entropy and", "momentum"]);
        assert_eq!(wrap("", 11.0, 10.0), Some(vec![String::new()]));
        assert_eq!(wrap("one two three four", 11.0, width("three", 11.0)), None);
        assert_eq!(wrap("35-17-8-2-8-17-35", 11.0, 40.0), None);
    }
}
