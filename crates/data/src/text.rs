//! Pictures as text, for the terminal.

use crate::Images;

/// From paper to full ink.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Between two pictures of a row.
const GAP: &str = "  ";

/// The pictures as text, `columns` of them side by side (at least one), the caption over each.
///
/// A pixel is two characters wide, so that it looks square: `██` or blank in two-valued pictures, one of five shades in grey
/// ones; colour shows as the mean of its channels. A caption wider than its picture is cut and ends in `…`. Lines carry no
/// blanks at their end; an empty line stands between rows of pictures, a line end after the last line.
pub fn as_text(images: &Images, columns: usize) -> String {
    let shape = images.shape();
    let indices: Vec<_> = (0..images.len()).collect();
    let mut rows = Vec::new();
    for indices in indices.chunks(columns.max(1)) {
        let mut lines = vec![line(indices, |index| {
            caption(images.caption(index), 2 * shape.width)
        })];
        for y in 0..shape.height {
            lines.push(line(indices, |index| {
                (0..shape.width)
                    .flat_map(|x| [shade(images, index, y, x); 2])
                    .collect()
            }));
        }
        rows.push(lines.concat());
    }
    rows.join("\n")
}

/// One line through these pictures.
fn line(indices: &[usize], part: impl Fn(usize) -> String) -> String {
    let parts: Vec<_> = indices.iter().map(|&index| part(index)).collect();
    format!("{}\n", parts.join(GAP).trim_end())
}

/// The caption, cut or filled to `width` characters.
fn caption(caption: &str, width: usize) -> String {
    if caption.chars().count() <= width {
        return format!("{caption:width$}");
    }
    caption.chars().take(width - 1).chain(['…']).collect()
}

/// The mean of the channels at a pixel, as the nearest shade.
fn shade(images: &Images, index: usize, y: usize, x: usize) -> char {
    let shape = images.shape();
    let ink: usize = images
        .image(index)
        .chunks(shape.height * shape.width)
        .map(|channel| usize::from(channel[y * shape.width + x]))
        .sum();
    let full = usize::from(images.levels()) * shape.channels;
    SHADES[(ink * (SHADES.len() - 1) + full / 2) / full]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Selection, Shape, load};

    fn check(images: &Images, columns: usize, lines: &[&str]) {
        let expected: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(as_text(images, columns), expected);
    }

    #[test]
    fn glyphs_stand_side_by_side_under_their_captions() {
        let selection = Selection {
            letters: Some("$ L".to_owned()),
            ..Selection::default()
        };
        let images = load("fonts:all", &selection).expect("all three are there");
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
        assert_eq!(as_text(&images, 0), as_text(&images, 1));
        assert_eq!(as_text(&images.select(&[]), 2), "");
    }

    #[test]
    fn grey_has_five_shades_colour_its_mean_and_captions_are_cut() {
        let shape = |channels, width| Shape {
            channels,
            height: 1,
            width,
        };
        let images = |shape, pixels| {
            let captions = vec!["a long one".to_owned()];
            Images::new(
                "mine".to_owned(),
                shape,
                255,
                pixels,
                captions,
                vec![],
                vec![],
            )
            .expect("the parts fit")
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
