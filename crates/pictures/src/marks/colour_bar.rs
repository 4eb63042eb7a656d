//! What colours mean: a bar with values beside it.

use crate::{
    export::{
        raster::{self, Compression, Raster},
        svg::{Anchor, Svg},
    },
    layout::{
        font,
        theme::{SOFT_INK, TICK},
    },
    marks::colour::Rgb,
};

/// Height of the bar, where there is room.
pub(crate) const HEIGHT: f64 = 150.0;
/// Least height of the bar beside a low table: enough for some values.
pub(crate) const LEAST_HEIGHT: f64 = 84.0;
/// Room for the bar and short values.
pub(crate) const WIDTH: f64 = 52.0;
const BAR: f64 = 12.0;

/// Room for the title over the bar.
pub(crate) fn text_width(title: &str) -> f64 {
    font::width(&font::visible(title), TICK).ceil()
}

/// Draws the title, the bar with the colours of the shares 0 (below) to 1, and texts at their shares; returns where it ends.
pub(crate) fn draw(
    svg: &mut Svg,
    title: &str,
    marks: &[(f64, String)],
    colour: impl Fn(f64) -> Rgb,
    (left, top): (f64, f64),
    height: f64,
) -> f64 {
    let title = font::visible(title);
    svg.text((left, top + TICK), &title, TICK, SOFT_INK, Anchor::Start);
    let top = top + if title.is_empty() { 0.0 } else { TICK + 10.0 };
    let steps = height.round().max(2.0) as u32;
    let step = |index: u32| {
        let [red, green, blue] = colour(1.0 - f64::from(index) / f64::from(steps - 1));
        [red, green, blue, 255]
    };
    let raster = Raster {
        width: 1,
        height: steps,
        channels: 4,
        bytes: (0..steps).flat_map(step).collect(),
    };
    // Encoding so few bytes in memory does not fail.
    if let Ok(png) = raster::encode(&raster, Compression::Balanced) {
        svg.image((left, top), (BAR, height), &png, true);
    }
    for (share, text) in marks {
        let y = top + height * (1.0 - share);
        let at = (left + BAR + 5.0, y + 0.36 * TICK);
        svg.text(at, text, TICK, SOFT_INK, Anchor::Start);
    }
    top + height
}
