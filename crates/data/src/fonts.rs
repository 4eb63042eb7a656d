//! The three bitmap fonts of 7x5 pixels, built in. Source and terms: `datasets/fonts7x5.md`.

use std::ops::Range;
use std::sync::OnceLock;

use crate::{Error, Facts, Samples, Shape};

/// The shape of a glyph.
pub(crate) const SHAPE: Shape = Shape {
    channels: 1,
    height: 7,
    width: 5,
};

/// The file: a header, then a row a glyph.
pub(crate) const CSV: &str = include_str!("../../../datasets/fonts7x5.csv");

const ORIGIN: &str = "datasets/fonts7x5.csv";
const HEADER: &str = "font,index,codepoint,symbol,row0,row1,row2,row3,row4,row5,row6";
const FONTS: usize = 3;
const GLYPHS_PER_FONT: usize = 32;
const FIRST_CODE_POINT: u8 = 0x20;

/// The rows of a glyph from the top; the bit 0x10 is the leftmost of 5 pixels.
type Glyph = [u8; SHAPE.height];

/// The glyphs of these fonts (0 to 2), in order, under the name asked for.
pub(crate) fn load(name: &str, fonts: Range<usize>) -> Samples {
    static GLYPHS: OnceLock<Vec<Glyph>> = OnceLock::new();
    let glyphs =
        GLYPHS.get_or_init(|| parse(CSV).expect("the built-in file is whole, a test says"));
    let places = fonts.start * GLYPHS_PER_FONT..fonts.end * GLYPHS_PER_FONT;
    let pixels = glyphs[places.clone()].iter().flatten().flat_map(|row| {
        let columns = 0..SHAPE.width;
        columns.map(move |column| row >> (SHAPE.width - 1 - column) & 1)
    });
    let captions = places.clone().map(|place| caption(character(place)));
    let labels = places.map(|place| (place / GLYPHS_PER_FONT - fonts.start) as u16);
    let facts = Facts {
        name: name.to_owned(),
        captions: captions.collect(),
        labels: labels.collect(),
        classes: fonts
            .clone()
            .map(|font| format!("font{}", font + 1))
            .collect(),
        ..Facts::default()
    };
    Samples::pictures(facts, SHAPE, 1, pixels.collect())
        .expect("a glyph has 35 bits, a caption and a font")
}

/// The smallest font set with a glyph for each of these letters.
pub(crate) fn set_with(letters: &str) -> Option<&'static str> {
    [
        ("fonts:1", ' '..='?'),
        ("fonts:2", '@'..='_'),
        ("fonts:3", '`'..='\u{7f}'),
        ("fonts:all", ' '..='\u{7f}'),
    ]
    .into_iter()
    .find(|(_, characters)| letters.chars().all(|letter| characters.contains(&letter)))
    .map(|(set, _)| set)
}

/// How captions and messages spell a character: what cannot be seen gets a name.
pub(crate) fn caption(character: char) -> String {
    match character {
        ' ' => "SPACE".to_owned(),
        '\u{7f}' => "DEL".to_owned(),
        // These are printable; only literals in Rust escape them.
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    }
}

/// Reads the file strictly: whatever the place of a row fixes must be there to the letter, only the pixels are free.
pub(crate) fn parse(csv: &str) -> Result<Vec<Glyph>, Error> {
    let mut lines = csv.lines();
    let header = lines.next().unwrap_or_default();
    if header != HEADER {
        return Err(refuse(
            1,
            format!("the header `{HEADER}`"),
            format!("`{header}`"),
        ));
    }
    let lines: Vec<_> = lines.collect();
    if lines.len() != FONTS * GLYPHS_PER_FONT {
        return Err(Error::Content {
            origin: ORIGIN.to_owned(),
            expected: format!("{} glyphs", FONTS * GLYPHS_PER_FONT),
            found: lines.len().to_string(),
        });
    }
    lines
        .iter()
        .enumerate()
        .map(|(place, line)| parse_row(place, line))
        .collect()
}

fn parse_row(place: usize, line: &str) -> Result<Glyph, Error> {
    let number = place + 2; // the header is line 1
    let start = format!(
        "font{},{},{:#04x},{},",
        place / GLYPHS_PER_FONT + 1,
        place % GLYPHS_PER_FONT,
        u32::from(character(place)),
        quoted(&caption(character(place))),
    );
    let Some(rows) = line.strip_prefix(&start) else {
        return Err(refuse(
            number,
            format!("a row starting with `{start}`"),
            format!("`{line}`"),
        ));
    };
    let rows: Vec<_> = rows.split(',').collect();
    if rows.len() != SHAPE.height {
        return Err(refuse(
            number,
            format!("{} rows of pixels", SHAPE.height),
            rows.len().to_string(),
        ));
    }
    let mut glyph = Glyph::default();
    for (row, text) in glyph.iter_mut().zip(rows) {
        // There are only 32 ways to write a row: no second spelling gets through.
        *row = (0..1 << SHAPE.width)
            .find(|bits| format!("{bits:#04x}") == text)
            .ok_or_else(|| {
                let expected = "a row of pixels of 0x00 to 0x1f".to_owned();
                refuse(number, expected, format!("`{text}`"))
            })?;
    }
    Ok(glyph)
}

/// The character at a place of the file, 0 to 95.
fn character(place: usize) -> char {
    char::from(FIRST_CODE_POINT + place as u8)
}

/// A field as CSV writes it: in quotes where it holds a comma or a quote, and that doubled.
fn quoted(field: &str) -> String {
    match field.contains([',', '"']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

fn refuse(line: usize, expected: String, found: String) -> Error {
    Error::Content {
        origin: format!("{ORIGIN}:{line}"),
        expected,
        found,
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::{Selection, Source};

    fn font(number: usize) -> Samples {
        super::load("font", number - 1..number)
    }

    fn pixels(font: &Samples, index: usize) -> Vec<u8> {
        font.pixels(index).expect("in memory")
    }

    fn distance(a: &[u8], b: &[u8]) -> usize {
        a.iter().zip(b).filter(|(a, b)| a != b).count()
    }

    /// The glyph at `index` has these rows.
    fn check(images: &Samples, caption: &str, rows: [u8; 7]) {
        let index = images.position(caption).expect(caption);
        let bits: Vec<_> = pixels(images, index)
            .chunks(5)
            .map(|row| row.iter().fold(0, |bits, pixel| bits << 1 | pixel))
            .collect();
        assert_eq!(bits, rows, "{caption}");
    }

    #[test]
    fn the_file_is_the_documented_one() {
        let digest = Sha256::digest(CSV.as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let page = include_str!("../../../datasets/fonts7x5.md");
        assert!(page.contains(&digest), "{digest}");
        assert!(parse(CSV).is_ok());
    }

    #[test]
    fn glyphs_are_as_drawn() {
        let all = super::load("fonts:all", 0..3);
        check(&all, "$", [0x04, 0x0f, 0x14, 0x0e, 0x05, 0x1e, 0x04]);
        check(&all, "3", [0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e]);
        check(&all, "\"", [0x09, 0x09, 0x12, 0, 0, 0, 0]);
        check(&all, ",", [0, 0, 0, 0, 0x04, 0x04, 0x08]);
        check(&all, "SPACE", [0; 7]);
        check(&all, "DEL", [0x1f; 7]);
    }

    #[test]
    fn fonts_have_32_different_glyphs_each() {
        for (number, first, last) in [(1, "SPACE", "?"), (2, "@", "_"), (3, "`", "DEL")] {
            let font = font(number);
            assert_eq!((font.len(), font.levels()), (32, 1));
            assert_eq!((font.caption(0), font.caption(31)), (first, last));
            assert_eq!(font.classes(), [format!("font{number}")]);
            assert_eq!(font.label(31), Some(0));
            for i in 0..32 {
                assert!(
                    (0..i).all(|j| pixels(&font, i) != pixels(&font, j)),
                    "{}",
                    font.caption(i)
                );
            }
        }
    }

    #[test]
    fn the_three_fonts_follow_one_another() {
        let all = super::load("fonts:all", 0..3);
        let fonts = [font(1), font(2), font(3)];
        for index in 0..all.len() {
            let font = &fonts[index / GLYPHS_PER_FONT];
            assert_eq!(pixels(&all, index), pixels(font, index % GLYPHS_PER_FONT));
        }
        assert_eq!(all.classes(), ["font1", "font2", "font3"]);
        assert_eq!(
            [31, 32, 95].map(|i| all.label(i)),
            [Some(0), Some(1), Some(2)]
        );
    }

    /// The mean over glyphs of ‖x - m‖², m being the mean glyph: what a network must beat.
    #[test]
    fn the_mean_image_misses_by_known_numbers() {
        for (number, expected) in [(1, 6.912), (2, 7.112), (3, 7.155)] {
            let font = font(number);
            let mut ink = [0.0_f64; 35];
            for index in 0..font.len() {
                for (sum, pixel) in ink.iter_mut().zip(pixels(&font, index)) {
                    *sum += f64::from(pixel);
                }
            }
            // A pixel that is set in a share p of the glyphs has the variance p (1 - p).
            let miss: f64 = ink.map(|n| n / 32.0 * (1.0 - n / 32.0)).iter().sum();
            assert!((miss - expected).abs() < 5e-4, "font{number}: {miss}");
        }
    }

    #[test]
    fn the_closest_capitals_differ_by_three_pixels() {
        let font = font(2);
        let mut pairs = Vec::new();
        for i in 0..font.len() {
            for j in i + 1..font.len() {
                let pair = format!("{}{}", font.caption(i), font.caption(j));
                pairs.push((distance(&pixels(&font, i), &pixels(&font, j)), pair));
            }
        }
        pairs.sort();
        let closest = ["CG", "CO", "PR"].map(|pair| (3, pair.to_owned()));
        assert_eq!(pairs[..3], closest);
        assert_eq!(pairs[3].0, 4);
    }

    #[test]
    fn the_smallest_set_with_all_letters_is_found() {
        for (letters, set) in [
            ("12 ", Some("fonts:1")),
            ("AZ_", Some("fonts:2")),
            ("`\u{7f}", Some("fonts:3")),
            ("Aa", Some("fonts:all")),
            ("Añ", None),
        ] {
            assert_eq!(set_with(letters), set, "{letters}");
            let selection = Selection {
                letters: Some(letters.to_owned()),
                ..Selection::default()
            };
            let known = crate::load(&Source {
                selection,
                ..Source::named(set.unwrap_or("fonts:all"))
            });
            assert_eq!(known.is_ok(), set.is_some(), "{letters}");
        }
    }
}
