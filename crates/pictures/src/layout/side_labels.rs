//! Names beside a plot at the heights they belong to, and the horizontal lines that are told there.

use crate::{
    export::svg::{Anchor, Svg},
    layout::{
        axis::{Axis, Frame},
        dodge::dodge,
        font,
        theme::{LABEL, SOFT_INK},
        ticks,
    },
};

/// Height of a name.
pub(crate) const PITCH: f64 = 15.0;
/// The connecting line and the sample of the line before a name.
const SWATCH: f64 = 32.0;
/// Type size of the names.
const NAME: f64 = LABEL - 1.0;
const LONGEST_NAME: f64 = 300.0;
const BASELINE: &str = "#666666";
const FINE_DASH: &str = "2 3";

/// What stands before a name.
pub(crate) enum Sample {
    /// Colour, width and dash of its line.
    Line(&'static str, f64, &'static str),
    /// Colour and radius of its dots, which end nowhere.
    Dot(&'static str, f64),
    /// The way to a baseline that is off the paper.
    Arrow(&'static str),
}

/// A name beside the plot, and where it belongs.
pub(crate) struct Name {
    pub(crate) target: f64,
    pub(crate) sample: Sample,
    pub(crate) text: String,
}

impl Name {
    /// The name of a line in the plot, cut where it is wider than `room`.
    pub(crate) fn of_line(
        name: &str,
        target: f64,
        (colour, width, dash): (&'static str, f64, &'static str),
        room: f64,
    ) -> Self {
        Self {
            target,
            sample: Sample::Line(colour, width, dash),
            text: font::fit(name, NAME, room),
        }
    }

    /// The name of loose dots in the plot, alike.
    pub(crate) fn of_dots(
        name: &str,
        target: f64,
        (colour, radius): (&'static str, f64),
        room: f64,
    ) -> Self {
        Self {
            target,
            sample: Sample::Dot(colour, radius),
            text: font::fit(name, NAME, room),
        }
    }
}

/// Room at the right for the widest of these texts; a little without any.
pub(crate) fn width(widest: f64) -> f64 {
    if widest == 0.0 {
        return 8.0;
    }
    (widest.min(LONGEST_NAME) + SWATCH).ceil() + 2.0
}

/// What is left of the room between a plot and `right` for a text.
pub(crate) fn text_room(frame: &Frame, right: f64) -> f64 {
    right - (frame.right + SWATCH)
}

/// Width of a name.
pub(crate) fn text_width(name: &str) -> f64 {
    font::width(&font::visible(name), NAME)
}

/// Width of a baseline's name with the value that may follow it.
pub(crate) fn baseline_width((name, value): &(String, f64), y: &Axis) -> f64 {
    text_width(name) + font::width(&told(*value, y), NAME)
}

/// What a baseline's name is followed by: the value, where the axis does not show it.
fn told(value: f64, y: &Axis) -> String {
    match on_paper(value, y) {
        true => String::new(),
        false => format!(" {}", ticks::short(value)),
    }
}

/// Whether an axis shows a value.
pub(crate) fn on_paper(value: f64, y: &Axis) -> bool {
    value >= y.low && value <= y.high
}

/// Whether a baseline is at most `far` ranges of the data away from it, and so worth widening the axis for.
pub(crate) fn near(value: f64, (low, high): (f64, f64), far: f64, log: bool) -> bool {
    if !value.is_finite() {
        return false;
    }
    if log {
        return value > low / far && value < high * far;
    }
    // Data without width, such as one epoch, says nothing about scale but its own size.
    let span = if high > low {
        high - low
    } else {
        high.abs().max(1e-3)
    };
    value >= low - far * span && value <= high + far * span
}

/// Draws the lines of the baselines that the axis shows.
pub(crate) fn draw_baselines(svg: &mut Svg, baselines: &[(String, f64)], y: &Axis, frame: &Frame) {
    for (_, value) in baselines.iter().filter(|(_, value)| on_paper(*value, y)) {
        let at = y.y(*value, frame);
        let line = [(frame.left, at), (frame.right, at)];
        svg.line(line, BASELINE, 1.2, FINE_DASH);
    }
}

/// The names of baselines: beside their lines, or, with an arrow, at the edge behind which they are.
pub(crate) fn of_baselines(
    baselines: &[(String, f64)],
    y: &Axis,
    frame: &Frame,
    room: f64,
) -> Vec<Name> {
    let of = |(name, value): &(String, f64)| {
        let told = told(*value, y);
        let (target, sample) = if told.is_empty() {
            (y.y(*value, frame), Sample::Line(BASELINE, 1.2, FINE_DASH))
        } else if *value > y.high {
            (frame.top, Sample::Arrow("↑"))
        } else {
            let arrow = if value.is_nan() { "" } else { "↓" };
            (frame.bottom, Sample::Arrow(arrow))
        };
        Name {
            target,
            sample,
            text: font::fit(name, NAME, room - font::width(&told, NAME)) + &told,
        }
    };
    baselines.iter().map(of).collect()
}

/// Writes names at the right of the plot, moved apart.
pub(crate) fn draw(svg: &mut Svg, names: &[Name], frame: &Frame) {
    let start = frame.right + SWATCH;
    let knee = frame.right + 12.0;
    let targets: Vec<f64> = names.iter().map(|name| name.target).collect();
    let half = PITCH / 2.0;
    let placed = dodge(&targets, PITCH, (frame.top + half, frame.bottom - half));
    for (name, at) in names.iter().zip(placed) {
        match name.sample {
            Sample::Line(colour, width, dash) => {
                let connection = [(frame.right + 2.0, name.target), (knee, at)];
                svg.line(connection, colour, 0.7, "");
                svg.line([(knee, at), (start - 4.0, at)], colour, width, dash);
            }
            Sample::Dot(colour, radius) => {
                svg.dot(((knee + start - 4.0) / 2.0, at), radius, colour)
            }
            Sample::Arrow(arrow) => {
                let middle = ((knee + start - 4.0) / 2.0, at + 4.0);
                svg.text(middle, arrow, NAME, SOFT_INK, Anchor::Middle);
            }
        }
        let at = (start, at + 4.0);
        svg.text(at, &name.text, NAME, SOFT_INK, Anchor::Start);
    }
}
