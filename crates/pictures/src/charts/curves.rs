//! Curves over a common horizontal axis, one panel under the other.

use std::fmt::Write as _;

use crate::{
    Figure,
    charts::curves::panel::Layout,
    export::{csv::field, svg::Svg},
    layout::{
        axis::{self, Axis, Frame},
        side_labels,
        theme::{self, LABEL, MARGIN},
    },
};

mod panel;

/// One curve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Name beside the end of the curve; empty for none.
    pub name: String,
    /// Points `(x, y)` in the order they are joined; those that are not finite are not drawn.
    pub points: Vec<(f64, f64)>,
    /// Whether the curve is dashed.
    pub dashed: bool,
    /// Whether every point has a dot; without it, the points of a curve of at most 25.
    pub marks: bool,
    /// Whether the points are not joined: a cloud of small dots, for points in no order. Of more than 5,000 those that would hide behind another
    /// dot are not drawn.
    pub loose: bool,
    /// The range around the curve, such as least to greatest over seeds: `(x, low, high)` in the order of x, shaded.
    pub band: Vec<(f64, f64, f64)>,
    /// Error bars `(x, low, high)`, such as an interval at each point; say in the vertical axis' name what they are. Where
    /// several curves of a panel have them, curves are moved aside by a few units, so that their bars stand apart.
    pub bars: Vec<(f64, f64, f64)>,
    /// Which of the ten colours the curve has, so that one thing has one colour in every panel; its place in the panel where it is
    /// `None`.
    pub colour: Option<usize>,
    /// So many neighbouring points are averaged into the curve that is drawn, over a pale one of the points themselves. 0 or 1: the
    /// points alone.
    pub smooth: usize,
}

impl Series {
    /// The class colour of the curve that is at this place in its panel.
    fn colour(&self, place: usize) -> &'static str {
        theme::colour(self.colour.unwrap_or(place))
    }
}

/// One vertical axis with the curves that share it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Panel {
    /// Small title above the panel; may be empty.
    pub title: String,
    /// Name of the vertical axis.
    pub y_label: String,
    /// The curves.
    pub series: Vec<Series>,
    /// Horizontal lines to compare with, by name. The axis is widened to show them; one further than 50 ranges of the
    /// data away is only named, with its value, at the edge.
    pub baselines: Vec<(String, f64)>,
    /// Logarithmic vertical axis; where a value is not positive the axis is linear all the same.
    pub log_y: bool,
}

/// Panels over a common horizontal axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curves {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Small text under the title.
    pub note: Option<String>,
    /// Name of the common horizontal axis.
    pub x_label: String,
    /// The panels, from top to bottom.
    pub panels: Vec<Panel>,
    /// Logarithmic horizontal axis; where an x is not positive the axis is linear all the same.
    pub log_x: bool,
    /// Stretches `(from, to)` of the horizontal axis that are shaded in every panel, such as known events; say in the axis' name what
    /// they are.
    pub shaded: Vec<(f64, f64)>,
}

const WIDTH: f64 = 720.0;
/// Names beside the plot take room from it up to this width; for longer ones the figure grows.
const USUAL_SIDE: f64 = 204.0;

/// Draws curves, such as losses over epochs, or accuracies with their intervals over the number of labels. Names stand beside the curves' ends, never on the data. Where there are
/// more points than pixels, the extremes of each pixel column are drawn; the CSV (`panel,kind,name,x,y`) holds them all.
/// The kinds of its rows are `series` and `baseline`, and for the ends of ranges `band_low`, `band_high`, `bar_low` and `bar_high`, of
/// what is shaded `shaded_from` and `shaded_to`.
pub fn curves(curves: &Curves) -> Figure {
    let mut svg = Svg::default();
    let heights = panel_heights(&curves.panels);
    let axes: Vec<Axis> = curves
        .panels
        .iter()
        .zip(&heights)
        .map(|(panel, height)| panel::y_axis(panel, *height))
        .collect();
    let tick_width = axes.iter().map(Axis::label_width).fold(0.0, f64::max);
    let named = curves.panels.iter().any(|panel| !panel.y_label.is_empty());
    let label_room = if named { LABEL + 8.0 } else { 0.0 };
    let left = (MARGIN + label_room + tick_width + 8.0).ceil();
    let side = panel::side_width(&curves.panels, &axes);
    let width = WIDTH + (side - USUAL_SIDE).max(0.0);
    let top = svg.heading(&curves.title, curves.note.as_deref(), width);
    let right = width - side - MARGIN;
    let x_axis = x_axis(curves, right - left);
    let mut layout = Layout {
        frame: Frame {
            left,
            top,
            right,
            bottom: top,
        },
        side_right: width - MARGIN,
        label_x: MARGIN + LABEL * 0.8,
    };
    for (index, (panel, (y_axis, height))) in curves
        .panels
        .iter()
        .zip(axes.iter().zip(heights))
        .enumerate()
    {
        let frame = &mut layout.frame;
        frame.top = frame.bottom + if index > 0 { 12.0 } else { 4.0 };
        frame.top += if panel.title.is_empty() { 0.0 } else { 20.0 };
        frame.bottom = frame.top + height;
        let last = index + 1 == curves.panels.len();
        panel::shade(&mut svg, &curves.shaded, &x_axis, &layout.frame);
        panel::draw(&mut svg, panel, (&x_axis, y_axis), &layout, last);
    }
    axis::name_x(&mut svg, &layout.frame, &curves.x_label);
    let under = if curves.x_label.is_empty() {
        24.0
    } else {
        40.0
    };
    let height = layout.frame.bottom + under + MARGIN / 2.0;
    Figure::new(svg, csv(curves), (width, height))
}

/// One panel is tall, many are low; a panel is as tall as its names need.
fn panel_heights(panels: &[Panel]) -> Vec<f64> {
    let usual: f64 = match panels.len() {
        0 | 1 => 300.0,
        2 => 200.0,
        3 => 160.0,
        _ => 130.0,
    };
    let need = |panel: &Panel| side_labels::PITCH * panel.names() as f64;
    panels.iter().map(|panel| usual.max(need(panel))).collect()
}

/// From the first to the last finite point of all panels, `width` units long; whole numbers get whole ticks.
fn x_axis(curves: &Curves, width: f64) -> Axis {
    let series = || curves.panels.iter().flat_map(|panel| &panel.series);
    let points = series().flat_map(panel::finite).map(|(x, _)| x);
    let ranges = series().flat_map(panel::ranges).map(|(x, ..)| x);
    let places: Vec<f64> = points.chain(ranges).collect();
    let (low, high) = axis::extent(places.iter().copied()).unwrap_or((0.0, 1.0));
    let log = curves.log_x && low > 0.0 && !places.is_empty();
    // Error bars at the ends need room beside the axes.
    let air = if series().any(|series| !series.bars.is_empty()) {
        0.03
    } else {
        0.0
    };
    let (low, high) = match log {
        true => (low / (high / low).powf(air), high * (high / low).powf(air)),
        false => (low - air * (high - low), high + air * (high - low)),
    };
    if log {
        let with = |most| Axis::logarithmic(low, high, most);
        let open = (2..=10).rev().map(with).find(|axis| !axis.crowded(width));
        return open.unwrap_or_else(|| with(1));
    }
    let whole = places.iter().all(|x| x.fract() == 0.0);
    match (whole, high > low) {
        (true, true) => Axis::linear(low, high, (high - low).ceil().min(10.0) as usize),
        (true, false) => Axis::linear(low - 1.0, high + 1.0, 2),
        (false, _) => Axis::linear(low, high, 8),
    }
}

fn csv(curves: &Curves) -> String {
    let mut csv = String::from("panel,kind,name,x,y\n");
    for (from, to) in &curves.shaded {
        let _ = write!(csv, ",shaded_from,,{from},\n,shaded_to,,{to},\n");
    }
    for (index, panel) in curves.panels.iter().enumerate() {
        let title = match panel.title.as_str() {
            "" => (index + 1).to_string(),
            title => field(title),
        };
        for series in &panel.series {
            let start = format!("{title},series,{}", field(&series.name));
            for (x, y) in &series.points {
                let _ = writeln!(csv, "{start},{x},{y}");
            }
            for (kind, ranges) in [("band", &series.band), ("bar", &series.bars)] {
                let name = field(&series.name);
                for (x, low, high) in ranges {
                    let _ = writeln!(csv, "{title},{kind}_low,{name},{x},{low}");
                    let _ = writeln!(csv, "{title},{kind}_high,{name},{x},{high}");
                }
            }
        }
        for (name, value) in &panel.baselines {
            let _ = writeln!(csv, "{title},baseline,{},,{value}", field(name));
        }
    }
    csv
}
