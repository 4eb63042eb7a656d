//! How near the predictions of a regression are to their targets.

use std::fmt::Write as _;

use crate::{
    Figure,
    charts::scatter_plot,
    export::svg::{Anchor, Svg},
    layout::{
        axis::{self, Axis, Frame, extent},
        theme::{self, AXIS, LABEL, MARGIN, SOFT_INK, TICK, heading_width},
    },
    marks::{
        class_legend,
        mark_legend::{Key, Swatch},
        raster_points,
    },
};

/// Predictions of one column over their targets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParityPlot {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Name and unit of the column, for both axes; may be empty.
    pub column: String,
    /// Target and prediction of each row; those that are not finite are not drawn.
    pub points: Vec<(f64, f64)>,
    /// Small line under the title.
    pub note: Option<String>,
}

const SIDE: f64 = 400.0;
const DASH: &str = "5 3";
/// Under the plot: tick labels and the name of the axis.
const UNDER: f64 = 40.0;

/// Draws predictions over targets on equal axes, with the diagonal on which both are the same. Above 2,000 points the
/// marks are pixels. The CSV is `target,prediction`.
pub fn parity_plot(plot: &ParityPlot) -> Figure {
    let finite = |(target, prediction): &(f64, f64)| target.is_finite() && prediction.is_finite();
    let shown: Vec<(f64, f64)> = plot.points.iter().copied().filter(finite).collect();
    let axis = common_axis(&shown);
    let left = (MARGIN + LABEL + 8.0 + axis.label_width() + 8.0).ceil();
    let heading = heading_width(&plot.title, plot.note.as_deref());
    let width = (left + SIDE + 2.0 * MARGIN).max(heading);

    let mut svg = Svg::default();
    let top = svg.heading(&plot.title, plot.note.as_deref(), width) + 4.0;
    let entry = (
        Swatch::Line(AXIS, DASH),
        "prediction equals target".to_owned(),
    );
    let key = Key::of(vec![entry], width - 2.0 * MARGIN);
    key.draw(&mut svg, (MARGIN, top));
    let frame = Frame {
        left,
        top: top + key.height(),
        right: left + SIDE,
        bottom: top + key.height() + SIDE,
    };
    let named = |what: &str| match plot.column.as_str() {
        "" => what.to_owned(),
        column => format!("{column}, {what}"),
    };
    axis::draw_x(&mut svg, &axis, &frame, true);
    axis::draw_y(
        &mut svg,
        &axis,
        &frame,
        &named("prediction"),
        MARGIN + LABEL * 0.8,
    );
    axis::name_x(&mut svg, &frame, &named("target"));
    let diagonal = [(frame.left, frame.bottom), (frame.right, frame.top)];
    svg.line(diagonal, AXIS, 1.2, DASH);
    draw_points(&mut svg, &shown, &axis, &frame);
    let missing = scatter_plot::missing_text(plot.points.len() - shown.len());
    let at = (frame.right, frame.top - 11.0);
    svg.text(at, &missing, TICK, SOFT_INK, Anchor::End);
    let height = frame.bottom + UNDER + MARGIN / 2.0;
    Figure::new(svg, csv(plot), (width, height))
}

/// From the least to the greatest of targets and predictions, and a little more.
fn common_axis(points: &[(f64, f64)]) -> Axis {
    let values = points
        .iter()
        .flat_map(|(target, prediction)| [*target, *prediction]);
    let (low, high) = extent(values).unwrap_or((0.0, 1.0));
    let air = 0.04 * (high - low);
    Axis::linear(low - air, high + air, 8)
}

fn draw_points(svg: &mut Svg, points: &[(f64, f64)], axis: &Axis, frame: &Frame) {
    let (radius, alpha) = scatter_plot::mark_size(points.len());
    let place =
        |(target, prediction): &(f64, f64)| (axis.x(*target, frame), axis.y(*prediction, frame));
    let colour = theme::colour(0);
    if points.len() > scatter_plot::CLOUD {
        let mark = |point| raster_points::Mark {
            at: place(point),
            colour: theme::rgb(colour),
        };
        let marks: Vec<raster_points::Mark> = points.iter().map(mark).collect();
        return raster_points::draw(svg, &marks, radius, alpha, frame);
    }
    for point in points {
        class_legend::mark(svg, place(point), radius, 0, colour, alpha);
    }
}

fn csv(plot: &ParityPlot) -> String {
    let mut csv = String::from("target,prediction\n");
    for (target, prediction) in &plot.points {
        let _ = writeln!(csv, "{target},{prediction}");
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_holds_targets_and_predictions() {
        let axis = common_axis(&[(0.0, 2.0), (10.0, 5.0)]);
        assert_eq!((axis.low, axis.high), (-0.4, 10.4));
        let axis = common_axis(&[]);
        assert_eq!((axis.low, axis.high), (-0.04, 1.04));
    }
}
