//! Whether a classifier is right as often as it says.

use std::fmt::Write as _;

use crate::{
    Figure,
    export::svg::{Anchor, Svg},
    layout::{
        axis::{self, Axis, Frame},
        theme::{self, AXIS, INK, LABEL, MARGIN, heading_width},
        ticks,
    },
    marks::mark_legend::{self, Key, Swatch},
};

/// Predictions whose confidence lies in one range.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReliabilityBin {
    /// Lower end of the range of confidences, 0 to 1.
    pub low: f64,
    /// Upper end of the range of confidences, 0 to 1.
    pub high: f64,
    /// Predictions in the bin; without any, the bin has no point.
    pub count: u64,
    /// Mean confidence of the predictions, 0 to 1.
    pub confidence: f64,
    /// Share of the predictions that are right, 0 to 1.
    pub accuracy: f64,
    /// Lower and upper end of the interval around the accuracy, such as Wilson's.
    pub accuracy_interval: (f64, f64),
}

/// A reliability diagram: accuracy over confidence.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reliability {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Bins by rising confidence.
    pub bins: Vec<ReliabilityBin>,
    /// Expected calibration error, 0 to 1; one that is not finite is not shown.
    pub calibration_error: f64,
    /// Small line under the title.
    pub note: Option<String>,
}

const SIDE: f64 = 340.0;
/// Height of the bars under the diagram, and the gap to it.
const SHARES: f64 = 80.0;
const BETWEEN: f64 = 14.0;
const DASH: &str = "5 3";
/// Under the lower plot: tick labels and the name of the axis.
const UNDER: f64 = 40.0;

/// Draws a reliability diagram: the accuracy of each bin over its mean confidence, with its interval and the diagonal of
/// perfect calibration; below it, which share of the predictions each bin holds.
///
/// The CSV is `kind,low,high,count,share,confidence,accuracy,accuracy_low,accuracy_high,value`: a row of kind `bin` for
/// each bin, and one of kind `calibration_error` with its value.
pub fn reliability(reliability: &Reliability) -> Figure {
    let bins = bins(reliability);
    let most = bins.iter().map(|(_, share)| *share).fold(0.0, f64::max);
    let share_axis = Axis::linear(0.0, if most > 0.0 { 1.08 * most } else { 1.0 }, 4);
    let unit = Axis::linear(0.0, 1.0, 10);
    let ticks = unit.label_width().max(share_axis.label_width());
    let left = (MARGIN + LABEL + 8.0 + ticks + 8.0).ceil();
    let heading = heading_width(&reliability.title, reliability.note.as_deref());
    let width = (left + SIDE + 2.0 * MARGIN).max(heading);

    let mut svg = Svg::default();
    let top = svg.heading(&reliability.title, reliability.note.as_deref(), width) + 4.0;
    let top = draw_error(&mut svg, reliability.calibration_error, top);
    let key = Key::of(entries(&bins), width - 2.0 * MARGIN);
    key.draw(&mut svg, (MARGIN, top));
    let frame = Frame {
        left,
        top: top + key.height(),
        right: left + SIDE,
        bottom: top + key.height() + SIDE,
    };
    draw_accuracies(&mut svg, &bins, &unit, &frame);
    let below = Frame {
        top: frame.bottom + BETWEEN,
        bottom: frame.bottom + BETWEEN + SHARES,
        ..frame
    };
    draw_shares(&mut svg, &bins, (&unit, &share_axis), &below);
    axis::name_x(&mut svg, &below, "confidence");
    let height = below.bottom + UNDER + MARGIN / 2.0;
    Figure::new(svg, csv(reliability), (width, height))
}

/// Bins with the share of all predictions that each holds.
fn bins(reliability: &Reliability) -> Vec<(&ReliabilityBin, f64)> {
    let counts = reliability.bins.iter().map(|bin| bin.count as f64);
    let total = counts.sum::<f64>().max(1.0);
    let bins = reliability.bins.iter();
    bins.map(|bin| (bin, bin.count as f64 / total)).collect()
}

impl ReliabilityBin {
    /// Confidence and accuracy, where the bin has a point.
    fn point(&self) -> Option<(f64, f64)> {
        let finite = self.confidence.is_finite() && self.accuracy.is_finite();
        (self.count > 0 && finite).then_some((self.confidence, self.accuracy))
    }

    /// Both ends of the interval, where they can be drawn.
    fn interval(&self) -> Option<(f64, f64)> {
        let (low, high) = self.accuracy_interval;
        (low.is_finite() && high.is_finite() && low < high).then_some((low, high))
    }
}

fn entries(bins: &[(&ReliabilityBin, f64)]) -> Vec<(Swatch, String)> {
    let mut entries = vec![(Swatch::Line(AXIS, DASH), "perfect calibration".to_owned())];
    let shown = |(bin, _): &(&ReliabilityBin, f64)| bin.point().is_some();
    if bins
        .iter()
        .filter(|bin| shown(bin))
        .any(|(bin, _)| bin.interval().is_some())
    {
        entries.push((Swatch::Interval, "interval of the accuracy".to_owned()));
    }
    entries
}

/// Writes the calibration error; returns where the rest begins.
fn draw_error(svg: &mut Svg, error: f64, top: f64) -> f64 {
    if !error.is_finite() {
        return top;
    }
    let text = format!("expected calibration error {}", ticks::plain(error, 3));
    let at = (MARGIN, top + LABEL - 1.0);
    svg.text(at, &text, LABEL, INK, Anchor::Start);
    top + LABEL + 6.0
}

/// The upper plot.
fn draw_accuracies(svg: &mut Svg, bins: &[(&ReliabilityBin, f64)], unit: &Axis, frame: &Frame) {
    axis::draw_x(svg, unit, frame, false);
    axis::draw_y(svg, unit, frame, "accuracy", label_x());
    let diagonal = [(frame.left, frame.bottom), (frame.right, frame.top)];
    svg.line(diagonal, AXIS, 1.2, DASH);
    let place = |(confidence, accuracy): (f64, f64)| {
        let (x, y) = (confidence.clamp(0.0, 1.0), accuracy.clamp(0.0, 1.0));
        (unit.x(x, frame), unit.y(y, frame))
    };
    let mut line = String::new();
    let points: Vec<(f64, f64)> = bins
        .iter()
        .filter_map(|(bin, _)| bin.point())
        .map(place)
        .collect();
    for pair in points.windows(2) {
        axis::segment(&mut line, pair[0], pair[1]);
    }
    svg.stroke(&line, theme::colour(0), 1.8, "");
    for (bin, _) in bins {
        let (Some(point), Some((low, high))) = (bin.point(), bin.interval()) else {
            continue;
        };
        let (x, top) = place((point.0, high));
        let (_, bottom) = place((point.0, low));
        mark_legend::interval(svg, x, (top, bottom), 3.5);
    }
    points
        .into_iter()
        .for_each(|at| svg.dot(at, 3.4, theme::colour(0)));
}

/// The lower plot.
fn draw_shares(
    svg: &mut Svg,
    bins: &[(&ReliabilityBin, f64)],
    (x, y): (&Axis, &Axis),
    frame: &Frame,
) {
    axis::draw_x(svg, x, frame, true);
    axis::draw_y(svg, y, frame, "share", label_x());
    for (bin, share) in bins.iter().filter(|(_, share)| *share > 0.0) {
        let end = |value: f64| {
            x.x(
                if value.is_nan() {
                    0.0
                } else {
                    value.clamp(0.0, 1.0)
                },
                frame,
            )
        };
        let (left, right, top) = (end(bin.low), end(bin.high), y.y(*share, frame));
        let width = (right - left - 1.0).max(1.0);
        let height = frame.bottom - top;
        svg.rect(left + 0.5, top, width, height, theme::colour(0));
    }
}

/// Baseline of the names of the vertical axes.
fn label_x() -> f64 {
    MARGIN + LABEL * 0.8
}

fn csv(reliability: &Reliability) -> String {
    let mut csv = String::from(
        "kind,low,high,count,share,confidence,accuracy,accuracy_low,accuracy_high,value\n",
    );
    for (bin, share) in bins(reliability) {
        let (low, high) = bin.accuracy_interval;
        let ends = format!("{},{}", bin.low, bin.high);
        let means = format!("{},{}", bin.confidence, bin.accuracy);
        let _ = writeln!(
            csv,
            "bin,{ends},{},{share},{means},{low},{high},",
            bin.count
        );
    }
    let error = reliability.calibration_error;
    let _ = writeln!(csv, "calibration_error,,,,,,,,,{error}");
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(count: u64, confidence: f64) -> ReliabilityBin {
        ReliabilityBin {
            count,
            confidence,
            accuracy: 0.5,
            accuracy_interval: (0.4, 0.6),
            ..ReliabilityBin::default()
        }
    }

    #[test]
    fn shares_are_of_all_predictions() {
        let of = |counts: &[u64]| {
            let value = Reliability {
                bins: counts.iter().map(|count| bin(*count, 0.5)).collect(),
                ..Reliability::default()
            };
            bins(&value)
                .iter()
                .map(|(_, share)| *share)
                .collect::<Vec<f64>>()
        };
        assert_eq!(of(&[1, 3]), [0.25, 0.75]);
        assert_eq!(of(&[0, 0]), [0.0, 0.0]);
    }

    #[test]
    fn a_bin_without_predictions_has_no_point() {
        assert_eq!(bin(2, 0.7).point(), Some((0.7, 0.5)));
        assert_eq!(bin(0, 0.7).point(), None);
        assert_eq!(bin(2, f64::NAN).point(), None);
    }
}
