//! Names at the left of the rows of a table.

use crate::{
    export::svg::{Anchor, Svg},
    layout::{
        font,
        theme::{SOFT_INK, TICK},
    },
};

/// From the names to the table.
const GAP: f64 = 7.0;

/// Width of the widest name, at most `longest`.
pub(crate) fn width(names: &[String], longest: f64) -> f64 {
    let widths = names
        .iter()
        .map(|name| font::width(&font::visible(name), TICK));
    widths.fold(0.0, f64::max).min(longest)
}

/// Draws the names of rows that are `pitch` units high, at the left of a table whose upper left corner is here. Of rows
/// lower than a line of text not all are named.
pub(crate) fn draw(
    svg: &mut Svg,
    names: &[String],
    (left, top): (f64, f64),
    pitch: f64,
    longest: f64,
) {
    let stride = ((TICK + 1.0) / pitch).ceil().max(1.0) as usize;
    for (row, name) in names.iter().enumerate().step_by(stride) {
        let name = font::fit(name, TICK, longest);
        let middle = top + (row as f64 + 0.5) * pitch - 0.5;
        let at = (left - GAP, middle + 0.36 * TICK);
        svg.text(at, &name, TICK, SOFT_INK, Anchor::End);
    }
}
