//! Codes on a plane: a few points with names, or a cloud with classes.

use std::fmt::Write as _;

use crate::{
    Figure,
    axis::{self, Axis, Frame},
    cloud,
    csv::field,
    font,
    labels::{self, Label},
    legend::{self, Legend},
    panel::extent,
    svg::{Anchor, Svg},
    theme::{self, LABEL, MARGIN, SOFT_INK, TICK},
};

/// One point of a map.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// Horizontal value.
    pub x: f64,
    /// Vertical value.
    pub y: f64,
    /// Name beside the point.
    pub label: Option<String>,
    /// Index into the map's classes.
    pub class: Option<usize>,
}

/// A map of points.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scatter {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Name of the horizontal axis.
    pub x_label: String,
    /// Name of the vertical axis.
    pub y_label: String,
    /// The points; those that are not finite are not drawn.
    pub points: Vec<Point>,
    /// Names of the classes, for the legend; may be empty.
    pub classes: Vec<String>,
    /// Least and greatest x, least and greatest y; without it, those of the points and a little more.
    pub range: Option<[(f64, f64); 2]>,
    /// Small line under the title.
    pub note: Option<String>,
}

const PLOT: (f64, f64) = (580.0, 460.0);
/// From this many points on, marks are pixels.
const CLOUD: usize = 2000;
const LONGEST_LABEL: f64 = 90.0;

/// Draws a map. Labels stand where they cover neither each other nor a point, with a thin line where that is further
/// away; the legend stands outside the plot. The CSV is `x,y,label,class`.
pub fn scatter(s: &Scatter) -> Figure {
    let [x, y] = axes(s);
    let is_cloud = s.points.len() > CLOUD;
    let legend = Legend::of(&s.classes, PLOT.1, !is_cloud);
    let label_room = if s.y_label.is_empty() {
        0.0
    } else {
        LABEL + 8.0
    };
    let left = (MARGIN + label_room + y.label_width() + 8.0).ceil();
    let width = left + PLOT.0 + 4.0 + legend.width() + MARGIN;

    let mut svg = Svg::default();
    let top = svg.heading(&s.title, s.note.as_deref(), width) + 4.0;
    let (right, bottom) = (left + PLOT.0, top + PLOT.1);
    let frame = Frame {
        left,
        top,
        right,
        bottom,
    };
    axis::draw_x(&mut svg, &x, &frame, true);
    axis::draw_y(&mut svg, &y, &frame, &s.y_label, MARGIN + LABEL * 0.8);
    axis::name_x(&mut svg, &frame, &s.x_label);

    let on_paper = |point: &&Point| inside(point.x, &x) && inside(point.y, &y);
    let shown: Vec<(&Point, (f64, f64))> = s
        .points
        .iter()
        .filter(on_paper)
        .map(|point| (point, (x.x(point.x, &frame), y.y(point.y, &frame))))
        .collect();
    draw_marks(&mut svg, s, &shown, &frame);
    draw_labels(&mut svg, &shown, &frame);
    if is_cloud && s.classes.len() > theme::CLASSES.len() {
        draw_class_names(&mut svg, s, &shown, &frame);
    }
    legend.draw(&mut svg, (right + 12.0, top));
    tell_missing(&mut svg, s.points.len() - shown.len(), &frame);
    Figure::new(svg, csv(s), (width, bottom + 40.0 + MARGIN / 2.0))
}

fn inside(value: f64, axis: &Axis) -> bool {
    value >= axis.low && value <= axis.high
}

fn axes(s: &Scatter) -> [Axis; 2] {
    let finite = || {
        s.points
            .iter()
            .filter(|point| point.x.is_finite() && point.y.is_finite())
    };
    let range = |given: Option<(f64, f64)>, values: &mut dyn Iterator<Item = f64>| {
        let given = given.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high);
        given.unwrap_or_else(|| {
            let (low, high) = extent(values).unwrap_or((-1.0, 1.0));
            let air = 0.04 * (high - low);
            (low - air, high + air)
        })
    };
    let x = range(
        s.range.map(|range| range[0]),
        &mut finite().map(|point| point.x),
    );
    let y = range(
        s.range.map(|range| range[1]),
        &mut finite().map(|point| point.y),
    );
    [Axis::linear(x.0, x.1, 9), Axis::linear(y.0, y.1, 8)]
}

/// Radius and opacity of a mark among this many.
fn mark_size(count: usize) -> (f64, f64) {
    match count {
        0..=150 => (3.2, 0.9),
        151..=500 => (2.8, 0.75),
        501..=CLOUD => (2.2, 0.65),
        2001..=10_000 => (1.6, 0.55),
        10_001..=30_000 => (1.2, 0.5),
        _ => (1.0, 0.45),
    }
}

fn mark_colour(s: &Scatter, point: &Point) -> &'static str {
    match point.class {
        Some(class) => theme::colour(class),
        None if s.classes.is_empty() => theme::colour(0),
        None => theme::AXIS,
    }
}

fn draw_marks(svg: &mut Svg, s: &Scatter, shown: &[(&Point, (f64, f64))], frame: &Frame) {
    let (radius, alpha) = mark_size(shown.len());
    if s.points.len() > CLOUD {
        let mark = |(point, at): &(&Point, (f64, f64))| cloud::Mark {
            at: *at,
            colour: mark_colour(s, point),
        };
        let marks: Vec<cloud::Mark> = shown.iter().map(mark).collect();
        return cloud::draw(svg, &marks, radius, alpha, frame);
    }
    for (point, at) in shown {
        legend::mark(
            svg,
            *at,
            radius,
            point.class.unwrap_or(0),
            mark_colour(s, point),
            alpha,
        );
    }
}

fn draw_labels(svg: &mut Svg, shown: &[(&Point, (f64, f64))], frame: &Frame) {
    let named = shown
        .iter()
        .filter_map(|(point, at)| Some((point.label.as_deref()?, *at)));
    let named: Vec<(String, (f64, f64))> = named
        .map(|(text, at)| (font::fit(text, TICK, LONGEST_LABEL), at))
        .collect();
    let label = |(text, at): &(String, (f64, f64))| Label {
        point: *at,
        width: font::width(text, TICK) + 2.0,
        height: TICK,
    };
    let boxes: Vec<Label> = named.iter().map(label).collect();
    let marks: Vec<(f64, f64)> = shown.iter().map(|(_, at)| *at).collect();
    let (radius, _) = mark_size(shown.len());
    let placed = labels::place(&boxes, &marks, radius, frame);
    let mut leaders = String::new();
    for ((_, at), place) in named.iter().zip(&placed) {
        if let Some([from, to]) = place.and_then(|place| labels::leader(&place, *at, radius)) {
            axis::segment(&mut leaders, from, to);
        }
    }
    svg.stroke(&leaders, theme::LEADER, 0.6, "");
    for ((text, _), place) in named.iter().zip(placed) {
        if let Some(place) = place {
            let at = ((place.left + place.right) / 2.0, place.bottom - 0.15 * TICK);
            svg.text_over(at, text, TICK, 2.0);
        }
    }
}

/// Where colours repeat, a cloud is read by the names of its classes, each near the median of its points.
fn draw_class_names(svg: &mut Svg, s: &Scatter, shown: &[(&Point, (f64, f64))], frame: &Frame) {
    let mut names: Vec<(String, Label)> = Vec::new();
    for (class, name) in s.classes.iter().enumerate() {
        let of_class = || shown.iter().filter(|(point, _)| point.class == Some(class));
        let text = font::fit(name, LABEL, LONGEST_LABEL);
        let width = font::width(&text, LABEL) + 4.0;
        let middle = [
            median(of_class().map(|(_, at)| at.0)),
            median(of_class().map(|(_, at)| at.1)),
        ];
        if let [Some(x), Some(y)] = middle {
            // The label's first choice is right of its point; this brings it over the median.
            let point = (x - width / 2.0, y);
            names.push((
                text,
                Label {
                    point,
                    width,
                    height: LABEL,
                },
            ));
        }
    }
    let (texts, boxes): (Vec<String>, Vec<Label>) = names.into_iter().unzip();
    let placed = labels::place(&boxes, &[], 0.0, frame);
    for (text, place) in texts.iter().zip(placed) {
        if let Some(place) = place {
            let middle = (place.left + place.right) / 2.0;
            svg.text_over((middle, place.bottom - 0.15 * LABEL), text, LABEL, 3.0);
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Says how many points lie outside the frame or are not finite, so that no reader takes the rest for all.
fn tell_missing(svg: &mut Svg, missing: usize, frame: &Frame) {
    let text = match missing {
        0 => return,
        1 => "1 point not shown".to_owned(),
        many => format!("{many} points not shown"),
    };
    let at = (frame.right, frame.bottom + 36.0);
    svg.text(at, &text, TICK, SOFT_INK, Anchor::End);
}

fn csv(s: &Scatter) -> String {
    let mut csv = String::with_capacity(24 * s.points.len() + 16);
    csv.push_str("x,y,label,class\n");
    for point in &s.points {
        let label = point.label.as_deref().map(field).unwrap_or_default();
        let _ = write!(csv, "{},{},{label},", point.x, point.y);
        if let Some(class) = point.class {
            let number = || class.to_string();
            csv.push_str(&s.classes.get(class).map_or_else(number, |name| field(name)));
        }
        csv.push('\n');
    }
    csv
}
