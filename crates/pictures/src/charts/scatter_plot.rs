//! The drawing of a map of points, as large in a figure of its own as beside other images.

use crate::{
    Point, Scatter,
    export::svg::{Anchor, Svg, number},
    layout::{
        axis::{self, Axis, Frame, extent},
        font,
        theme::{self, LABEL, MARGIN, SOFT_INK, TICK},
    },
    marks::{
        class_legend::{self, Legend},
        colour::{self, Rgb},
        density::{self, Density},
        draw_order::interleave,
        point_labels::{self, Label},
        raster_points,
    },
};

const PLOT: (f64, f64) = (580.0, 460.0);
/// Above this many points, marks are pixels.
pub(crate) const CLOUD: usize = 2000;
const LONGEST_LABEL: f64 = 90.0;
/// Among more points than this, names yield to the legend unless they are as short as those of letters.
const NAMED: usize = 40;
const SHORT_NAME: usize = 3;
/// Size and greatest width of the name of a class over its points.
const NAME: f64 = 13.0;
const LONGEST_NAME: f64 = 140.0;
/// Free paper around it.
const AROUND_NAME: (f64, f64) = (12.0, 6.0);
/// Under the plot: tick labels and the name of the axis.
const UNDER: f64 = 40.0;

/// A point and its place on the paper.
type Shown<'a> = (&'a Point, (f64, f64));

/// What the points of a map are drawn as.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// Vectors with labels.
    Marks,
    /// Pixels with the names of the classes.
    Cloud,
    /// Counts in cells.
    Density,
}

/// A map with its axes, ready to be drawn.
pub(crate) struct Map<'a> {
    scatter: &'a Scatter,
    style: Style,
    x: Axis,
    y: Axis,
    legend: Legend,
    /// From the left edge to the plot.
    left: f64,
}

impl<'a> Map<'a> {
    /// The map of a scatter; without a range of its own it shows these places too.
    pub(crate) fn of(scatter: &'a Scatter, places: &[(f64, f64)]) -> Self {
        let [x, y] = axes(scatter, places);
        let style = style(scatter);
        let label_room = if scatter.y_label.is_empty() {
            0.0
        } else {
            LABEL + 8.0
        };
        Self {
            left: (MARGIN + label_room + y.label_width() + 8.0).ceil(),
            legend: Legend::of(&scatter.classes, PLOT.1, style == Style::Marks),
            scatter,
            style,
            x,
            y,
        }
    }

    /// Width and height with all that stands around the plot.
    pub(crate) fn size(&self) -> (f64, f64) {
        let side = match self.style {
            Style::Density => density::scale_width(),
            _ => self.legend.width(),
        };
        let width = self.left + PLOT.0 + 4.0 + side + MARGIN;
        (width, PLOT.1 + UNDER + MARGIN / 2.0)
    }

    /// Draws the map with its upper left corner here.
    pub(crate) fn draw(&self, svg: &mut Svg, origin: (f64, f64)) {
        let scatter = self.scatter;
        let frame = self.frame(origin);
        axis::draw_x(svg, &self.x, &frame, true);
        let label_x = origin.0 + MARGIN + LABEL * 0.8;
        axis::draw_y(svg, &self.y, &frame, &scatter.y_label, label_x);
        axis::name_x(svg, &frame, &scatter.x_label);
        let on_paper = |point: &&Point| inside(point.x, &self.x) && inside(point.y, &self.y);
        let place = |point: &'a Point| (point, self.place((point.x, point.y), &frame));
        let shown: Vec<Shown> = scatter.points.iter().filter(on_paper).map(place).collect();
        self.draw_points(svg, &shown, &frame);
        tell_missing(svg, scatter.points.len() - shown.len(), &frame);
    }

    /// Where a place of the map stands on the paper, at the edge where it is outside; `origin` as for `draw`.
    pub(crate) fn at(&self, (x, y): (f64, f64), origin: (f64, f64)) -> (f64, f64) {
        let clamped = |value: f64, axis: &Axis| value.max(axis.low).min(axis.high);
        let place = (clamped(x, &self.x), clamped(y, &self.y));
        self.place(place, &self.frame(origin))
    }

    fn place(&self, (x, y): (f64, f64), frame: &Frame) -> (f64, f64) {
        (self.x.x(x, frame), self.y.y(y, frame))
    }

    fn frame(&self, (left, top): (f64, f64)) -> Frame {
        Frame {
            left: left + self.left,
            top,
            right: left + self.left + PLOT.0,
            bottom: top + PLOT.1,
        }
    }

    fn draw_points(&self, svg: &mut Svg, shown: &[Shown], frame: &Frame) {
        let scatter = self.scatter;
        draw_circles(svg, &scatter.circles, (&self.x, &self.y), frame);
        let places = || -> Vec<(f64, f64)> { shown.iter().map(|(_, at)| *at).collect() };
        let side = (frame.right + 12.0, frame.top);
        if self.style == Style::Density {
            let density = Density::of(&places(), frame);
            density.draw(svg, frame);
            return density::draw_scale(svg, density.most(), side);
        }
        if scatter.density {
            Density::of(&places(), frame).shade(svg, frame);
        }
        if self.style == Style::Cloud {
            draw_cloud(svg, scatter, shown, frame);
            draw_class_names(svg, scatter, shown, frame);
        } else {
            draw_marks(svg, scatter, shown);
            if names_points(scatter) {
                draw_labels(svg, shown, frame);
            }
        }
        self.legend.draw(svg, side);
    }
}

/// Whether points have their names, which yield to a legend where they are many and long.
fn names_points(scatter: &Scatter) -> bool {
    let is_long = |point: &&Point| {
        let label = point.label.as_deref().unwrap_or_default();
        label.chars().count() > SHORT_NAME
    };
    let few = scatter.points.len() <= NAMED;
    // A few long names among letters, such as that of the blank, take no room from the others.
    let long = scatter.points.iter().filter(is_long).count();
    scatter.classes.is_empty() || few || 4 * long <= scatter.points.len()
}

fn style(scatter: &Scatter) -> Style {
    let classless =
        scatter.classes.is_empty() && scatter.points.iter().all(|point| point.class.is_none());
    match scatter.points.len() > CLOUD {
        false => Style::Marks,
        true if classless => Style::Density,
        true => Style::Cloud,
    }
}

fn inside(value: f64, axis: &Axis) -> bool {
    value >= axis.low && value <= axis.high
}

/// Both axes; where the map has no range they hold its points and these places.
fn axes(scatter: &Scatter, places: &[(f64, f64)]) -> [Axis; 2] {
    let points = scatter.points.iter().map(|point| (point.x, point.y));
    let all = points.chain(places.iter().copied());
    let finite: Vec<(f64, f64)> = all
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .collect();
    let range = |given: Option<(f64, f64)>, values: &mut dyn Iterator<Item = f64>| {
        let given = given.filter(|(low, high)| low.is_finite() && high.is_finite() && low < high);
        given.unwrap_or_else(|| {
            let (low, high) = extent(values).unwrap_or((-1.0, 1.0));
            let air = 0.04 * (high - low);
            (low - air, high + air)
        })
    };
    let x = range(
        scatter.range.map(|range| range[0]),
        &mut finite.iter().map(|at| at.0),
    );
    let y = range(
        scatter.range.map(|range| range[1]),
        &mut finite.iter().map(|at| at.1),
    );
    let [x, y] = with_circles([x, y], &scatter.circles);
    [Axis::linear(x.0, x.1, 9), Axis::linear(y.0, y.1, 8)]
}

/// Ranges widened for circles around the origin, and to the same scale; as they are without circles.
fn with_circles(ranges: [(f64, f64); 2], circles: &[f64]) -> [(f64, f64); 2] {
    let radius = 1.08 * circles.iter().copied().fold(0.0, f64::max);
    if radius == 0.0 {
        return ranges;
    }
    let ranges = ranges.map(|(low, high)| (low.min(-radius), high.max(radius)));
    let [x, y] = ranges.map(|(low, high)| high - low);
    // Values a unit of paper, on the axis that needs more of them.
    let scale = (x / PLOT.0).max(y / PLOT.1);
    let widened = |(low, high): (f64, f64), length: f64| {
        let more = (scale * length - (high - low)) / 2.0;
        (low - more, high + more)
    };
    [widened(ranges[0], PLOT.0), widened(ranges[1], PLOT.1)]
}

/// Thin circles around the origin, as far as they are on the paper.
fn draw_circles(svg: &mut Svg, circles: &[f64], (x, y): (&Axis, &Axis), frame: &Frame) {
    for radius in circles {
        let (left, right) = (x.x(-radius, frame), x.x(*radius, frame));
        let places = [(left + right) / 2.0, y.y(0.0, frame), (right - left) / 2.0];
        let [middle, height, radius] = places.map(number);
        svg.raw(&format!(
            r#"<circle cx="{middle}" cy="{height}" r="{radius}" fill="none" stroke="{SOFT_INK}" stroke-width="1" stroke-dasharray="4 3"/>"#
        ));
    }
}

/// Radius and opacity of a mark among this many.
pub(crate) fn mark_size(count: usize) -> (f64, f64) {
    match count {
        0..=150 => (3.2, 0.9),
        151..=500 => (2.8, 0.75),
        501..=CLOUD => (2.2, 0.65),
        2001..=10_000 => (1.6, 0.75),
        10_001..=30_000 => (1.2, 0.65),
        _ => (1.0, 0.55),
    }
}

/// Colours of the points' classes; grey for those without one in a map that has classes.
fn colours(scatter: &Scatter) -> impl Fn(&Point) -> Rgb {
    let colours = colour::of_classes(scatter.classes.len());
    let classless = match scatter.classes.is_empty() {
        true => colours[0],
        false => theme::rgb(theme::AXIS),
    };
    move |point| {
        let of = |class: usize| colours[class % colours.len()];
        point.class.map_or(classless, of)
    }
}

fn draw_marks(svg: &mut Svg, scatter: &Scatter, shown: &[Shown]) {
    let (radius, alpha) = mark_size(shown.len());
    let colour = colours(scatter);
    for (point, at) in shown {
        let class = point.class.unwrap_or(0);
        class_legend::mark(svg, *at, radius, class, &colour::hex(colour(point)), alpha);
    }
}

fn draw_cloud(svg: &mut Svg, scatter: &Scatter, shown: &[Shown], frame: &Frame) {
    let (radius, alpha) = mark_size(shown.len());
    let colour = colours(scatter);
    let turns = colour::of_classes(scatter.classes.len()).len();
    // Points of one colour share their turn; turn 0 is left to the points that have no class.
    let class = |(point, _): &Shown| point.class.map_or(0, |class| class % turns + 1);
    let classes: Vec<usize> = shown.iter().map(class).collect();
    let mark = |index: usize| raster_points::Mark {
        at: shown[index].1,
        colour: colour(shown[index].0),
    };
    let marks: Vec<raster_points::Mark> = interleave(&classes).into_iter().map(mark).collect();
    raster_points::draw(svg, &marks, radius, alpha, frame);
}

fn draw_labels(svg: &mut Svg, shown: &[Shown], frame: &Frame) {
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
    let placed = point_labels::place(&boxes, &marks, radius, frame);
    let mut leaders = String::new();
    for ((_, at), place) in named.iter().zip(&placed) {
        if let Some([from, to]) = place.and_then(|place| point_labels::leader(&place, *at, radius))
        {
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

/// A cloud is read by the names of its classes, each near the median of its points.
fn draw_class_names(svg: &mut Svg, scatter: &Scatter, shown: &[Shown], frame: &Frame) {
    let mut names: Vec<(String, Label)> = Vec::new();
    for (class, name) in scatter.classes.iter().enumerate() {
        let of_class = || shown.iter().filter(|(point, _)| point.class == Some(class));
        let text = font::fit(name, NAME, LONGEST_NAME);
        let width = font::width(&text, NAME) + AROUND_NAME.0;
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
                    height: NAME + AROUND_NAME.1,
                },
            ));
        }
    }
    let (texts, boxes): (Vec<String>, Vec<Label>) = names.into_iter().unzip();
    let placed = point_labels::place(&boxes, &[], 0.0, frame);
    for (text, place) in texts.iter().zip(placed) {
        if let Some(place) = place {
            let middle = (place.left + place.right) / 2.0;
            let bottom = place.bottom - AROUND_NAME.1 / 2.0;
            svg.text_over((middle, bottom - 0.15 * NAME), text, NAME, 3.5);
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
    let at = (frame.right, frame.bottom + 36.0);
    svg.text(at, &missing_text(missing), TICK, SOFT_INK, Anchor::End);
}

/// How many points are missing, in words; empty where none is.
pub(crate) fn missing_text(missing: usize) -> String {
    match missing {
        0 => String::new(),
        1 => "1 point not shown".to_owned(),
        many => format!("{many} points not shown"),
    }
}
