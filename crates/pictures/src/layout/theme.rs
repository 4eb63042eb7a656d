//! Colours and sizes of every figure, in one place. Sizes are in SVG units; a PNG has two pixels a unit.

use crate::layout::font;

/// Ten colours that can be told apart as dots of three pixels, by readers with each kind of colour-blindness too. The first two are
/// Petroff's (arXiv 2107.02270); the others were searched for the greatest least distance in Oklab, as everybody sees them and in
/// the simulations of Machado, Oliveira and Fernandes (2009), none of them grey or pale.
pub(crate) const CLASSES: [&str; 10] = [
    "#3f90da", "#ffa90e", "#ff0301", "#8b31f2", "#1d8a0e", "#a91773", "#ba7282", "#17d7ff",
    "#4d3a00", "#3c20c3",
];

pub(crate) const INK: &str = "#222222";
pub(crate) const SOFT_INK: &str = "#555555";
pub(crate) const AXIS: &str = "#888888";
pub(crate) const RULE: &str = "#e8e8e8";
pub(crate) const LEADER: &str = "#aaaaaa";
pub(crate) const FRAME: &str = "#c8c8c8";

/// What a reader shall look at, in no class's colour.
pub(crate) const MARK: &str = "#e0218a";

pub(crate) const TITLE: f64 = 15.0;
pub(crate) const LABEL: f64 = 12.0;
pub(crate) const TICK: f64 = 11.0;

/// No title or note makes a figure wider than this.
const WIDEST_HEADING: f64 = 560.0;

/// White space around a figure.
pub(crate) const MARGIN: f64 = 12.0;

/// Width of a figure in which neither title nor note is cut, as far as that is no reason to grow further.
pub(crate) fn heading_width(title: &str, note: Option<&str>) -> f64 {
    let note = font::visible(note.unwrap_or_default());
    let title = font::width(&font::visible(title), TITLE);
    (title.max(font::width(&note, TICK)) + 2.0 * MARGIN).min(WIDEST_HEADING)
}

/// Colour of series `index`; colours come round again after ten.
pub(crate) fn colour(index: usize) -> &'static str {
    CLASSES[index % CLASSES.len()]
}

/// A `#rrggbb` colour as bytes.
pub(crate) fn rgb(colour: &str) -> [u8; 3] {
    let value = u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or(0);
    let [_, red, green, blue] = value.to_be_bytes();
    [red, green, blue]
}
