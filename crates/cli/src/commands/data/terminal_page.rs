//! Images as text, as many as a terminal shows at once.

use espejo_data::{Samples, Shape, as_text_shrunk};

use crate::figures::spread_over;
use crate::output::counted;
use crate::terminal;

/// Columns and lines where results go to no terminal.
const WIDTH: usize = 96;
/// Lines of images without being asked for more, on a terminal with less, too: it scrolls back.
const LINES: usize = 100;
/// Characters of a pixel, and blanks between two images.
const PIXEL: usize = 2;
const GAP: usize = 2;

/// How images are laid out.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    /// Side of the square of pixels that is drawn as one.
    side: usize,
    columns: usize,
    /// Rows of images on one page.
    rows: usize,
}

impl Layout {
    fn new(shape: Shape, width: usize, lines: usize) -> Self {
        let side = (PIXEL * shape.width).div_ceil(width.max(PIXEL)).max(1);
        let drawn = PIXEL * shape.width.div_ceil(side);
        // Its caption and the line after it.
        let high = shape.height.div_ceil(side) + 2;
        Self {
            side,
            columns: ((width + GAP) / (drawn + GAP)).max(1),
            rows: (lines / high).max(1),
        }
    }
}

/// Images as text: all of `some` where so many were asked for, else a page of them; and how to see more of the `all` there are.
pub fn page(some: &Samples, all: usize, asked_for: bool) -> anyhow::Result<String> {
    let lines = terminal::height().unwrap_or(0).max(LINES);
    let layout = Layout::new(some.shape(), terminal::width().unwrap_or(WIDTH), lines);
    let shown = match asked_for {
        true => some.clone(),
        false => spread_over(some, layout.columns * layout.rows),
    };
    let text = as_text_shrunk(&shown, layout.columns, layout.side);
    Ok(text.map_err(espejo_train::Error::from)? + &notes(&layout, shown.len(), all))
}

/// What the page does not show.
fn notes(layout: &Layout, shown: usize, all: usize) -> String {
    let mut text = String::new();
    if shown < all {
        text += &format!(
            "\n{shown} of {}; `--first N` shows the first N, `--png FILE` draws more of them\n",
            counted(all, "image")
        );
    }
    if layout.side > 1 {
        text += &format!(
            "\neach square of {side}x{side} pixels is drawn as one: the terminal is too narrow; `--png FILE` draws all pixels\n",
            side = layout.side
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(height: usize, width: usize, terminal: usize, expected: (usize, usize, usize)) {
        let shape = Shape {
            channels: 1,
            height,
            width,
        };
        let layout = Layout::new(shape, terminal, LINES);
        let found = (layout.side, layout.columns, layout.rows);
        assert_eq!(found, expected, "{height}x{width} at {terminal}");
    }

    #[test]
    fn images_stand_side_by_side_as_the_terminal_has_room() {
        check(28, 28, 80, (1, 1, 3));
        check(28, 28, 200, (1, 3, 3));
        check(7, 5, 96, (1, 8, 11));
        check(7, 5, 10, (1, 1, 11));
    }

    #[test]
    fn images_wider_than_the_terminal_are_shrunk_until_they_fit() {
        check(64, 64, 80, (2, 1, 2));
        check(64, 64, 128, (1, 1, 1));
        check(64, 64, 200, (1, 1, 1));
        check(1000, 1000, 80, (25, 1, 2));
        check(500, 4, 80, (1, 8, 1));
    }

    #[test]
    fn what_is_not_shown_is_told() {
        let layout = Layout {
            side: 2,
            columns: 1,
            rows: 1,
        };
        let text = notes(&layout, 1, 60_000);
        assert!(text.contains("\n1 of 60000 images; `--first N`"), "{text}");
        assert!(text.contains("2x2 pixels"), "{text}");
        assert_eq!(notes(&Layout { side: 1, ..layout }, 3, 3), "");
    }
}
