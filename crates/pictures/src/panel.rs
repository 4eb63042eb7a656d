//! One panel of a figure of curves.

use crate::{
    axis::{self, Axis, Frame},
    curves::{Panel, Series},
    dodge::dodge,
    font,
    svg::{Anchor, Svg, number, push_number},
    theme::{self, INK, LABEL, SOFT_INK},
    ticks,
};

/// Height of a name beside the plot.
pub(crate) const PITCH: f64 = 15.0;
/// The connecting line and the sample of the line before a name.
const SWATCH: f64 = 32.0;
/// Type size of the names.
const NAME: f64 = LABEL - 1.0;
const LONGEST_NAME: f64 = 170.0;
/// A baseline further away than this many ranges of the data is not drawn.
const FAR: f64 = 50.0;
const BASELINE: &str = "#666666";
const DASH: &str = "5 3";
const FINE_DASH: &str = "2 3";

/// Where a panel is drawn.
pub(crate) struct Layout {
    pub(crate) frame: Frame,
    /// Where names beside the plot must end.
    pub(crate) side_right: f64,
    /// Baseline of the vertical axis' name.
    pub(crate) label_x: f64,
}

impl Panel {
    /// How many names stand beside the plot.
    pub(crate) fn names(&self) -> usize {
        self.series.len() + self.baselines.len()
    }
}

/// The points that can be drawn.
pub(crate) fn finite(series: &Series) -> impl Iterator<Item = (f64, f64)> + '_ {
    let points = series.points.iter().copied();
    points.filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// Least and greatest of finite values.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let values = values.filter(|value| value.is_finite());
    values.fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// The vertical axis: the data, the baselines that are not too far, and a little air.
pub(crate) fn y_axis(panel: &Panel, height: f64) -> Axis {
    let most = (height / 26.0) as usize;
    let data = panel.series.iter().flat_map(finite).map(|(_, y)| y);
    let baselines = panel.baselines.iter().map(|(_, value)| *value);
    let (low, high) = match extent(data).or_else(|| extent(baselines.clone())) {
        Some(extent) => extent,
        None => return Axis::linear(0.0, 1.0, most),
    };
    let log = panel.log_y && low > 0.0;
    let shown = baselines.filter(|value| near(*value, (low, high), log));
    let (low, high) = extent(shown.chain([low, high])).unwrap_or((low, high));
    if log {
        let air = (high / low).powf(0.04);
        return Axis::logarithmic(low / air, high * air, most);
    }
    let air = 0.04 * (high - low);
    // A quantity that starts at zero, as most losses do, keeps its zero at the bottom.
    let bottom = if low >= 0.0 && low < air {
        0.0
    } else {
        low - air
    };
    Axis::linear(bottom, high + air, most)
}

/// Whether a baseline is worth widening the range for.
fn near(value: f64, (low, high): (f64, f64), log: bool) -> bool {
    if !value.is_finite() {
        return false;
    }
    if log {
        return value > low / FAR && value < high * FAR;
    }
    // Data without width, such as one epoch, says nothing about scale but its own size.
    let span = if high > low {
        high - low
    } else {
        high.abs().max(1e-3)
    };
    value >= low - FAR * span && value <= high + FAR * span
}

/// Room at the right for the names of these panels.
pub(crate) fn side_width(panels: &[Panel], axes: &[Axis]) -> f64 {
    let of_panel = |(panel, y): (&Panel, &Axis)| {
        let series = panel.series.iter().map(|series| (&series.name, 0.0));
        let baselines = panel.baselines.iter();
        let baselines = baselines.map(|(name, value)| (name, name_width(&told(*value, y))));
        let names = series.chain(baselines);
        let widths = names.map(|(name, more)| name_width(&font::visible(name)) + more);
        widths.fold(0.0, f64::max)
    };
    let widest = panels.iter().zip(axes).map(of_panel).fold(0.0, f64::max);
    if widest == 0.0 {
        return 8.0;
    }
    (widest.min(LONGEST_NAME) + SWATCH).ceil() + 2.0
}

fn name_width(text: &str) -> f64 {
    font::width(text, NAME)
}

/// What a baseline's name is followed by: the value, where the axis does not show it.
fn told(value: f64, y: &Axis) -> String {
    match on_paper(value, y) {
        true => String::new(),
        false => format!(" {}", ticks::short(value)),
    }
}

/// Draws a panel; only the `last` one has numbers under it.
pub(crate) fn draw(
    svg: &mut Svg,
    panel: &Panel,
    (x, y): (&Axis, &Axis),
    layout: &Layout,
    last: bool,
) {
    let frame = &layout.frame;
    if !panel.title.is_empty() {
        let title = font::fit(&panel.title, LABEL, frame.width());
        let at = (frame.left, frame.top - 7.0);
        svg.text(at, &title, LABEL, INK, Anchor::Start);
    }
    axis::draw_x(svg, x, frame, last);
    axis::draw_y(svg, y, frame, &panel.y_label, layout.label_x);
    for (_, value) in panel
        .baselines
        .iter()
        .filter(|(_, value)| on_paper(*value, y))
    {
        let at = y.y(*value, frame);
        svg.line(
            [(frame.left, at), (frame.right, at)],
            BASELINE,
            1.2,
            FINE_DASH,
        );
    }
    for (index, series) in panel.series.iter().enumerate() {
        draw_series(svg, series, theme::colour(index), (x, y), frame);
    }
    names(svg, panel, y, layout);
}

fn on_paper(value: f64, y: &Axis) -> bool {
    value >= y.low && value <= y.high
}

fn draw_series(
    svg: &mut Svg,
    series: &Series,
    colour: &str,
    (x, y): (&Axis, &Axis),
    frame: &Frame,
) {
    let points = finite(series).map(|point| (x.x(point.0, frame), y.y(point.1, frame)));
    let all: Vec<(f64, f64)> = points.collect();
    let path = path(&thin(&all));
    if all.len() > 1 {
        svg.stroke(&path, colour, 1.8, if series.dashed { DASH } else { "" });
    }
    if all.len() <= 25 {
        for (x, y) in all {
            let (x, y) = (number(x), number(y));
            svg.raw(&format!(
                r#"<circle cx="{x}" cy="{y}" r="2.4" fill="{colour}"/>"#
            ));
        }
    }
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::with_capacity(points.len() * 14);
    for (index, (x, y)) in points.iter().enumerate() {
        path.push(if index == 0 { 'M' } else { 'L' });
        push_number(&mut path, *x);
        path.push(' ');
        push_number(&mut path, *y);
    }
    path
}

/// The first, lowest, highest and last point of each run within one half unit (one PNG pixel), in their order:
/// the drawn line covers the very pixels of the whole one.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let column = |point: &(f64, f64)| (point.0 * 2.0).floor();
    let mut kept = Vec::new();
    for run in points.chunk_by(|a, b| column(a) == column(b)) {
        let by_height = |a: &&usize, b: &&usize| run[**a].1.total_cmp(&run[**b].1);
        let indices: Vec<usize> = (0..run.len()).collect();
        let lowest = indices.iter().min_by(by_height).copied().unwrap_or(0);
        let highest = indices.iter().max_by(by_height).copied().unwrap_or(0);
        let mut chosen = [0, lowest, highest, run.len() - 1];
        chosen.sort_unstable();
        let mut previous = None;
        for index in chosen {
            if previous != Some(index) {
                kept.push(run[index]);
            }
            previous = Some(index);
        }
    }
    kept
}

/// What stands before a name.
enum Sample {
    /// Colour, width and dash of its line.
    Line(&'static str, f64, &'static str),
    /// The way to a baseline that is off the paper.
    Arrow(&'static str),
}

/// A name beside the plot, and where it belongs.
struct Name {
    target: f64,
    sample: Sample,
    text: String,
}

fn names(svg: &mut Svg, panel: &Panel, y: &Axis, layout: &Layout) {
    let frame = &layout.frame;
    let start = frame.right + SWATCH;
    let knee = frame.right + 12.0;
    let entries = entries(panel, y, frame, layout.side_right - start);
    let targets: Vec<f64> = entries.iter().map(|entry| entry.target).collect();
    let half = PITCH / 2.0;
    let placed = dodge(&targets, PITCH, (frame.top + half, frame.bottom - half));
    for (entry, at) in entries.iter().zip(placed) {
        match entry.sample {
            Sample::Line(colour, width, dash) => {
                let connection = [(frame.right + 2.0, entry.target), (knee, at)];
                svg.line(connection, colour, 0.7, "");
                svg.line([(knee, at), (start - 4.0, at)], colour, width, dash);
            }
            Sample::Arrow(arrow) => {
                let middle = ((knee + start - 4.0) / 2.0, at + 4.0);
                svg.text(middle, arrow, NAME, SOFT_INK, Anchor::Middle);
            }
        }
        svg.text(
            (start, at + 4.0),
            &entry.text,
            NAME,
            SOFT_INK,
            Anchor::Start,
        );
    }
}

fn entries(panel: &Panel, y: &Axis, frame: &Frame, room: f64) -> Vec<Name> {
    let mut entries = Vec::new();
    for (index, series) in panel.series.iter().enumerate() {
        let end = finite(series).last();
        let dash = if series.dashed { DASH } else { "" };
        entries.push(Name {
            target: end.map_or(frame.top, |point| y.y(point.1, frame)),
            sample: Sample::Line(theme::colour(index), 1.8, dash),
            text: font::fit(&series.name, NAME, room),
        });
    }
    for (name, value) in &panel.baselines {
        let told = told(*value, y);
        let (target, sample) = if told.is_empty() {
            (y.y(*value, frame), Sample::Line(BASELINE, 1.2, FINE_DASH))
        } else if *value > y.high {
            (frame.top, Sample::Arrow("↑"))
        } else {
            let arrow = if value.is_nan() { "" } else { "↓" };
            (frame.bottom, Sample::Arrow(arrow))
        };
        let text = font::fit(name, NAME, room - name_width(&told)) + &told;
        entries.push(Name {
            target,
            sample,
            text,
        });
    }
    entries
}
