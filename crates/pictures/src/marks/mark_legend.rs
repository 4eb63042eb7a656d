//! What the marks of a plot mean, in lines above it.

use crate::{
    export::svg::{Anchor, Svg, number},
    layout::{
        font,
        theme::{INK, LABEL, SOFT_INK},
    },
};

const SIZE: f64 = LABEL - 1.0;
const LINE: f64 = 17.0;
const SWATCH: f64 = 14.0;
const TO_TEXT: f64 = 6.0;
const BETWEEN: f64 = 18.0;
const LONGEST: f64 = 300.0;
/// From the last line to the plot.
const UNDER: f64 = 6.0;

/// What stands before an explanation.
pub(crate) enum Swatch {
    /// An area of this colour.
    Fill(&'static str),
    /// The mark of a value to compare with.
    Reference,
    /// One run.
    Run,
    /// From low to high.
    Interval,
    /// A line of this colour and dash.
    Line(&'static str, &'static str),
    /// A frame of this colour.
    Ring(&'static str),
}

/// Explanations in as many lines as they need.
pub(crate) struct Key {
    /// Swatch, text, and place in the key.
    entries: Vec<(Swatch, String, (f64, f64))>,
    height: f64,
}

impl Key {
    /// Lays explanations out in lines of at most `room` units.
    pub(crate) fn of(entries: Vec<(Swatch, String)>, room: f64) -> Self {
        let (mut x, mut y) = (0.0, 0.0);
        let mut placed = Vec::new();
        for (swatch, text) in entries {
            let text = font::fit(&text, SIZE, LONGEST.min(room - SWATCH - TO_TEXT));
            let width = entry_width(&text);
            if x > 0.0 && x + width > room {
                (x, y) = (0.0, y + LINE);
            }
            placed.push((swatch, text, (x, y)));
            x += width + BETWEEN;
        }
        let height = if placed.is_empty() {
            0.0
        } else {
            y + LINE + UNDER
        };
        Self {
            entries: placed,
            height,
        }
    }

    /// Height with the gap under it; 0 without entries.
    pub(crate) fn height(&self) -> f64 {
        self.height
    }

    pub(crate) fn draw(&self, svg: &mut Svg, (left, top): (f64, f64)) {
        for (swatch, text, (x, y)) in &self.entries {
            let (x, middle) = (left + x, top + y + LINE / 2.0);
            draw_swatch(svg, swatch, (x + SWATCH / 2.0, middle));
            let at = (x + SWATCH + TO_TEXT, middle + 0.36 * SIZE);
            svg.text(at, text, SIZE, SOFT_INK, Anchor::Start);
        }
    }
}

/// Width of an explanation with its swatch, cut where it is very long.
pub(crate) fn entry_width(text: &str) -> f64 {
    SWATCH + TO_TEXT + font::width(&font::visible(text), SIZE).min(LONGEST).ceil()
}

fn draw_swatch(svg: &mut Svg, swatch: &Swatch, (x, y): (f64, f64)) {
    match swatch {
        Swatch::Fill(colour) => svg.rect(x - 6.0, y - 6.0, 12.0, 12.0, colour),
        Swatch::Reference => reference(svg, (x, y), 7.0),
        Swatch::Run => run(svg, (x, y)),
        Swatch::Interval => interval(svg, x, (y - 6.0, y + 6.0), 3.0),
        Swatch::Line(colour, dash) => svg.line([(x - 7.0, y), (x + 7.0, y)], colour, 1.4, dash),
        Swatch::Ring(colour) => {
            let [left, top] = [x - 5.0, y - 5.0].map(number);
            svg.raw(&format!(
                r#"<rect x="{left}" y="{top}" width="10" height="10" fill="none" stroke="{colour}" stroke-width="2"/>"#
            ));
        }
    }
}

/// A thick line across, for a value to compare with. It is darker than any bar, and has no edge of white: across a bar that would be
/// a slit.
pub(crate) fn reference(svg: &mut Svg, (x, y): (f64, f64), half: f64) {
    svg.line([(x - half, y), (x + half, y)], INK, 2.4, "");
}

/// A small ring for one run.
pub(crate) fn run(svg: &mut Svg, (x, y): (f64, f64)) {
    let [x, y] = [x, y].map(number);
    svg.raw(&format!(
        r##"<circle cx="{x}" cy="{y}" r="2.2" fill="#ffffff" stroke="{INK}" stroke-width="0.9"/>"##
    ));
}

/// A line from one height to another with a cap at each end, readable over any colour.
pub(crate) fn interval(svg: &mut Svg, x: f64, (top, bottom): (f64, f64), cap: f64) {
    let mut path = String::new();
    for [from, to] in [
        [(x, top), (x, bottom)],
        [(x - cap, top), (x + cap, top)],
        [(x - cap, bottom), (x + cap, bottom)],
    ] {
        crate::layout::axis::segment(&mut path, from, to);
    }
    // A narrow edge: a wide one would be a slit in a bar.
    svg.stroke(&path, "#ffffff", 2.0, "");
    svg.stroke(&path, INK, 1.2, "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_flow_into_lines() {
        let entries = || (0..3).map(|_| (Swatch::Run, "a name".to_owned())).collect();
        let one = Key::of(entries(), 1000.0);
        assert_eq!(one.height(), LINE + UNDER);
        let two = Key::of(entries(), 2.0 * entry_width("a name") + BETWEEN);
        assert_eq!(two.height(), 2.0 * LINE + UNDER);
        assert_eq!(two.entries[2].2, (0.0, LINE));
        assert_eq!(Key::of(vec![], 10.0).height(), 0.0);
    }
}
