//! From values to places on the paper.

use crate::{
    export::svg::{Anchor, Svg, push_number},
    layout::{
        font,
        theme::{AXIS, LABEL, RULE, SOFT_INK, TICK},
        ticks::{self, Tick},
    },
};

/// Logarithmic axes reach neither further than this nor over more.
const MOST_DECADES: f64 = 1e300;
/// Least room between two labels of a horizontal axis.
const BETWEEN: f64 = 6.0;

/// The axes' part of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Frame {
    pub(crate) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f64 {
        self.bottom - self.top
    }
}

/// The values an axis shows, and how.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) log: bool,
    pub(crate) ticks: Vec<Tick>,
}

impl Axis {
    /// A linear axis from `low` to `high` with at most `most` ticks.
    pub(crate) fn linear(low: f64, high: f64, most: usize) -> Self {
        let (low, high) = opened(low, high);
        let ticks = ticks::linear(low, high, most);
        Self {
            low,
            high,
            log: false,
            ticks,
        }
    }

    /// A logarithmic axis; `low` must be positive.
    pub(crate) fn logarithmic(low: f64, high: f64, most: usize) -> Self {
        // Beyond these, ratios and powers of ten are not finite.
        let high = high.min(MOST_DECADES);
        let low = low.max(high / MOST_DECADES).max(1.0 / MOST_DECADES);
        let (low, high) = match high / low {
            ratio if ratio > 1.0 + 1e-9 => (low, high),
            _ => (low / 2.0, low * 2.0),
        };
        let ticks = ticks::logarithmic(low, high, most);
        Self {
            low,
            high,
            log: true,
            ticks,
        }
    }

    /// Whether labels touch on a horizontal axis that is `width` units long.
    pub(crate) fn crowded(&self, width: f64) -> bool {
        let ends = |(value, text): &Tick| {
            let half = font::width(text, TICK) / 2.0;
            let middle = self.share(*value) * width;
            (middle - half, middle + half)
        };
        let touch = |pair: &[Tick]| ends(&pair[0]).1 + BETWEEN > ends(&pair[1]).0;
        self.ticks.windows(2).any(touch)
    }

    /// Where `value` stands between the two ends of the axis: 0 at `low`, 1 at `high`.
    pub(crate) fn share(&self, value: f64) -> f64 {
        if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// The horizontal place of a value.
    pub(crate) fn x(&self, value: f64, frame: &Frame) -> f64 {
        frame.left + self.share(value) * frame.width()
    }

    /// The vertical place of a value, `low` at the bottom.
    pub(crate) fn y(&self, value: f64, frame: &Frame) -> f64 {
        frame.bottom - self.share(value) * frame.height()
    }

    /// Width of the widest tick label.
    pub(crate) fn label_width(&self) -> f64 {
        let widths = self.ticks.iter().map(|(_, text)| font::width(text, TICK));
        widths.fold(0.0, f64::max)
    }
}

/// Least and greatest of finite values.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let values = values.filter(|value| value.is_finite());
    values.fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// A range, opened where it has no width.
fn opened(low: f64, high: f64) -> (f64, f64) {
    if high - low > 1e-12 * low.abs().max(high.abs()) && high > low {
        return (low, high);
    }
    let half = if low == 0.0 { 0.5 } else { 0.1 * low.abs() };
    (low - half, low + half)
}

/// Rules, ticks and tick labels of the vertical axis, and its name at `label_x`.
pub(crate) fn draw_y(svg: &mut Svg, axis: &Axis, frame: &Frame, label: &str, label_x: f64) {
    let mut rules = String::new();
    let mut marks = String::new();
    for (value, text) in &axis.ticks {
        let y = axis.y(*value, frame).round();
        segment(&mut rules, (frame.left, y), (frame.right, y));
        segment(&mut marks, (frame.left - 4.0, y), (frame.left, y));
        let at = (frame.left - 7.0, y + 0.36 * TICK);
        svg.text(at, text, TICK, SOFT_INK, Anchor::End);
    }
    svg.stroke(&rules, RULE, 1.0, "");
    segment(
        &mut marks,
        (frame.left, frame.top),
        (frame.left, frame.bottom),
    );
    svg.stroke(&marks, AXIS, 1.0, "");
    if !label.is_empty() {
        let middle = (frame.top + frame.bottom) / 2.0;
        let label = font::fit(label, LABEL, frame.height());
        svg.upward_text((label_x, middle), &label, LABEL, SOFT_INK);
    }
}

/// Rules and ticks of the horizontal axis; with `labels` also what is written at them.
pub(crate) fn draw_x(svg: &mut Svg, axis: &Axis, frame: &Frame, labels: bool) {
    let mut rules = String::new();
    let mut marks = String::new();
    for (value, text) in &axis.ticks {
        let x = axis.x(*value, frame).round();
        segment(&mut rules, (x, frame.top), (x, frame.bottom));
        segment(&mut marks, (x, frame.bottom), (x, frame.bottom + 4.0));
        if labels {
            let at = (x, frame.bottom + 7.0 + TICK * 0.75);
            svg.text(at, text, TICK, SOFT_INK, Anchor::Middle);
        }
    }
    svg.stroke(&rules, RULE, 1.0, "");
    segment(
        &mut marks,
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    );
    svg.stroke(&marks, AXIS, 1.0, "");
}

/// The name of the horizontal axis, centred under its tick labels.
pub(crate) fn name_x(svg: &mut Svg, frame: &Frame, label: &str) {
    let at = ((frame.left + frame.right) / 2.0, frame.bottom + 36.0);
    let label = font::fit(label, LABEL, frame.width());
    svg.text(at, &label, LABEL, SOFT_INK, Anchor::Middle);
}

/// Appends one straight line to path data.
pub(crate) fn segment(path: &mut String, from: (f64, f64), to: (f64, f64)) {
    for (command, (x, y)) in [('M', from), ('L', to)] {
        path.push(command);
        push_number(path, x);
        path.push(' ');
        push_number(path, y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ends_are_opened() {
        let axis = Axis::linear(3.0, 3.0, 5);
        assert_eq!((axis.low, axis.high), (2.7, 3.3));
        assert_eq!(Axis::linear(0.0, 0.0, 5).share(0.0), 0.5);
        assert!((Axis::logarithmic(3.0, 3.0, 5).share(3.0) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn labels_touch_on_a_short_axis() {
        // 1, 3, 10 and so on to 10000.
        let axis = Axis::logarithmic(1.0, 15_000.0, 10);
        assert_eq!(axis.ticks.len(), 9);
        assert!(!axis.crowded(560.0));
        assert!(axis.crowded(200.0));
    }

    #[test]
    fn a_decade_is_half_of_two() {
        let axis = Axis::logarithmic(1.0, 100.0, 5);
        assert!((axis.share(10.0) - 0.5).abs() < 1e-12);
    }
}
