//! Images as text, for the terminal.

use crate::{Error, Samples};

/// From paper to full ink.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Between two images of a row.
const GAP: &str = "  ";

/// The images as text, `columns` of them side by side (at least one), the caption over each.
///
/// A pixel is two characters wide, so that it looks square: `██` or blank in two-valued images, one of five shades in grey
/// ones; colour shows as the mean of its channels. A caption wider than its image is cut and ends in `…`. Lines carry no
/// blanks at their end; an empty line stands between rows of images, a line end after the last line.
///
/// # Errors
/// [`Error::Io`] where the pixels lie in a file that cannot be read.
///
/// # Panics
/// Where these are rows of a table.
pub fn as_text(pictures: &Samples, columns: usize) -> Result<String, Error> {
    as_text_shrunk(pictures, columns, 1)
}

/// The images as text, as [`as_text`] gives them, where each square of `side` by `side` pixels is drawn as one, their mean.
///
/// # Errors
/// [`Error::Io`] where the pixels lie in a file that cannot be read.
///
/// # Panics
/// Where these are rows of a table, or `side` is 0.
pub fn as_text_shrunk(pictures: &Samples, columns: usize, side: usize) -> Result<String, Error> {
    let shape = pictures.shape();
    let (height, width) = (shape.height.div_ceil(side), shape.width.div_ceil(side));
    let indices: Vec<_> = (0..pictures.len()).collect();
    let mut rows = Vec::new();
    for indices in indices.chunks(columns.max(1)) {
        let mut pixels = Vec::new();
        for &index in indices {
            pixels.push(pictures.pixels(index)?);
        }
        let captions = indices.iter().map(|&index| pictures.caption(index));
        let mut lines = vec![line(captions.map(|text| caption(text, 2 * width)))];
        for y in 0..height {
            lines.push(line(pixels.iter().map(|pixels| {
                (0..width)
                    .flat_map(|x| [shade(pictures, pixels, side, (y, x)); 2])
                    .collect()
            })));
        }
        rows.push(lines.concat());
    }
    Ok(rows.join("\n"))
}

/// One line through the images of a row.
fn line(parts: impl Iterator<Item = String>) -> String {
    let parts: Vec<_> = parts.collect();
    format!("{}\n", parts.join(GAP).trim_end())
}

/// The caption, cut or filled to `width` characters.
fn caption(caption: &str, width: usize) -> String {
    if caption.chars().count() <= width {
        return format!("{caption:width$}");
    }
    caption.chars().take(width - 1).chain(['…']).collect()
}

/// The mean of the channels over a square of pixels, as the nearest shade. At the right and lower edge it may be cut.
fn shade(pictures: &Samples, pixels: &[u8], side: usize, (y, x): (usize, usize)) -> char {
    let shape = pictures.shape();
    let of = |place: usize, end: usize| place * side..((place + 1) * side).min(end);
    let (rows, columns) = (of(y, shape.height), of(x, shape.width));
    let (mut ink, mut count) = (0, 0);
    for channel in pixels.chunks(shape.height * shape.width) {
        for row in rows.clone() {
            for column in columns.clone() {
                ink += usize::from(channel[row * shape.width + column]);
                count += 1;
            }
        }
    }
    let full = usize::from(pictures.levels()) * count;
    SHADES[(ink * (SHADES.len() - 1) + full / 2) / full]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Selection, Shape, Source, load};

    fn check(images: &Samples, columns: usize, lines: &[&str]) {
        let expected: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(as_text(images, columns).expect("in memory"), expected);
    }

    #[test]
    fn glyphs_stand_side_by_side_under_their_captions() {
        let selection = Selection {
            letters: Some("$ L".to_owned()),
            ..Selection::default()
        };
        let source = Source {
            selection,
            ..Source::named("fonts:all")
        };
        let images = load(&source).expect("all three are there").train;
        check(
            &images,
            2,
            &[
                "$           SPACE",
                "    ██",
                "  ████████",
                "██  ██",
                "  ██████",
                "    ██  ██",
                "████████",
                "    ██",
                "",
                "L",
                "██",
                "██",
                "██",
                "██",
                "██",
                "██",
                "██████████",
            ],
        );
        let text = |images, columns| as_text(images, columns).expect("in memory");
        assert_eq!(text(&images, 0), text(&images, 1));
        assert_eq!(text(&images.select(&[]), 2), "");
    }

    #[test]
    fn grey_has_five_shades_colour_its_mean_and_captions_are_cut() {
        let shape = |channels, width| Shape {
            channels,
            height: 1,
            width,
        };
        let images = |shape, pixels| {
            let facts = Facts {
                name: "mine".to_owned(),
                captions: vec!["a long one".to_owned()],
                ..Facts::default()
            };
            Samples::pictures(facts, shape, 255, pixels).expect("the parts fit")
        };
        check(
            &images(shape(1, 4), vec![255, 190, 128, 64]),
            1,
            &["a long …", "██▓▓▒▒░░"],
        );
        check(
            &images(shape(3, 2), vec![255, 255, 255, 0, 255, 128]),
            1,
            &["a l…", "██▒▒"],
        );
    }
}
