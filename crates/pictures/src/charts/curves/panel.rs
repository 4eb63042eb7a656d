//! One panel of a figure of curves.

use std::collections::HashSet;

use crate::{
    charts::curves::{Panel, Series},
    export::svg::{Anchor, Svg, number, push_number},
    layout::{
        axis::{self, Axis, Frame},
        font,
        side_labels::{self, Name},
        theme::{INK, LABEL},
    },
};

/// A baseline further away than this many ranges of the data is not drawn.
const FAR: f64 = 50.0;
const DASH: &str = "5 3";
/// At most this many points of a curve have dots without being asked for.
const FEW: usize = 25;
/// Radius of the dots of a curve, and of points that are not joined.
const DOT: f64 = 2.4;
const LOOSE_DOT: f64 = 1.7;
/// More dots than these are thinned, and the side of the squares that have one dot each then: it covers the whole square.
const MANY: usize = 5_000;
const SQUARE: f64 = 2.0;
/// Half the width of the end of an error bar, and from the bar of one curve to that of the next.
const CAP: f64 = 2.5;
const BETWEEN_BARS: f64 = 4.0;
/// A logarithmic axis reaches so many times under the least and over the greatest point for the ends of ranges.
const FAR_ENDS: f64 = 10.0;

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
        let named = self.series.iter().filter(|series| !series.name.is_empty());
        named.count() + self.baselines.len()
    }
}

/// The points that can be drawn.
pub(crate) fn finite(series: &Series) -> impl Iterator<Item = (f64, f64)> + '_ {
    let points = series.points.iter().copied();
    points.filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// The ranges of a series that can be drawn: the band and the bars.
pub(crate) fn ranges(series: &Series) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    finite_ranges(&series.band).chain(finite_ranges(&series.bars))
}

fn finite_ranges(ranges: &[(f64, f64, f64)]) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
    let finite = |(x, low, high): &(f64, f64, f64)| [x, low, high].iter().all(|v| v.is_finite());
    ranges.iter().copied().filter(finite)
}

/// The vertical axis: the data, the baselines that are not too far, and a little air.
pub(crate) fn y_axis(panel: &Panel, height: f64) -> Axis {
    let most = (height / 26.0) as usize;
    let points = panel.series.iter().flat_map(finite).map(|(_, y)| y);
    let points = axis::extent(points);
    let log = panel.log_y && points.is_none_or(|(low, _)| low > 0.0);
    let ranges = panel.series.iter().flat_map(ranges);
    let ends = ranges.flat_map(|(_, low, high)| [low, high]);
    // A range that reaches to zero and below, as a mean less a deviation may, does not unmake a logarithmic axis.
    let shown = |value: &f64| match points {
        Some((low, high)) if log => *value >= low / FAR_ENDS && *value <= high * FAR_ENDS,
        _ => true,
    };
    let points = points.into_iter().flat_map(|(low, high)| [low, high]);
    let data = points.chain(ends.filter(shown));
    let baselines = panel.baselines.iter().map(|(_, value)| *value);
    let (low, high) = match axis::extent(data).or_else(|| axis::extent(baselines.clone())) {
        Some(extent) => extent,
        None => return Axis::linear(0.0, 1.0, most),
    };
    let log = log && low > 0.0;
    let shown = baselines.filter(|value| side_labels::near(*value, (low, high), FAR, log));
    let (low, high) = axis::extent(shown.chain([low, high])).unwrap_or((low, high));
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

/// Room at the right for the names of these panels.
pub(crate) fn side_width(panels: &[Panel], axes: &[Axis]) -> f64 {
    let of_panel = |(panel, y): (&Panel, &Axis)| {
        let series = panel.series.iter();
        let series = series.map(|series| side_labels::text_width(&series.name));
        let baselines = panel.baselines.iter();
        let baselines = baselines.map(|baseline| side_labels::baseline_width(baseline, y));
        series.chain(baselines).fold(0.0, f64::max)
    };
    side_labels::width(panels.iter().zip(axes).map(of_panel).fold(0.0, f64::max))
}

/// Stretches of the horizontal axis as pale areas under all that a panel draws; a short one is as wide as a line.
pub(crate) fn shade(svg: &mut Svg, stretches: &[(f64, f64)], x: &Axis, frame: &Frame) {
    for (from, to) in stretches {
        let place = |value: &f64| x.x(*value, frame).clamp(frame.left, frame.right);
        let (left, right) = (place(from), place(to));
        let (width, height) = ((right - left).max(1.0), frame.bottom - frame.top);
        svg.raw(&format!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{INK}" fill-opacity="0.14"/>"#,
            number(left),
            number(frame.top),
            number(width),
            number(height)
        ));
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
    // A cloud of dots would hide them, and they hide no curve.
    let is_cloud = panel.series.iter().any(|series| series.loose);
    if !is_cloud {
        side_labels::draw_baselines(svg, &panel.baselines, y, frame);
    }
    let plot = Plot { x, y, frame };
    let shaded = panel.series.iter().filter(|series| !series.band.is_empty());
    let opacity = (0.7 / shaded.count() as f64).clamp(0.1, 0.18);
    for (index, series) in panel.series.iter().enumerate() {
        plot.draw_band(svg, series, series.colour(index), opacity);
    }
    let barred = |series: &&Series| !series.bars.is_empty();
    let count = panel.series.iter().filter(barred).count() as f64;
    let mut shift = -0.5 * BETWEEN_BARS * (count - 1.0);
    for (index, series) in panel.series.iter().enumerate() {
        let colour = series.colour(index);
        if barred(&series) {
            plot.draw_bars(svg, series, colour, shift);
            plot.draw_series(svg, series, colour, shift);
            shift += BETWEEN_BARS;
        } else {
            plot.draw_series(svg, series, colour, 0.0);
        }
    }
    if is_cloud {
        side_labels::draw_baselines(svg, &panel.baselines, y, frame);
    }
    side_labels::draw(svg, &names(panel, y, layout), frame);
}

/// The axes of a panel and the part of the paper between them.
struct Plot<'a> {
    x: &'a Axis,
    y: &'a Axis,
    frame: &'a Frame,
}

impl Plot<'_> {
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.x(x, self.frame), self.y.y(y, self.frame))
    }

    /// Where an end of a range stands, at the edge of the paper where the axis does not reach it.
    fn end(&self, x: f64, value: f64) -> (f64, f64) {
        let value = value.clamp(self.y.low, self.y.high);
        self.place((x, value))
    }

    /// The range around a curve, as a pale area in its colour.
    fn draw_band(&self, svg: &mut Svg, series: &Series, colour: &str, opacity: f64) {
        let ranges: Vec<(f64, f64, f64)> = finite_ranges(&series.band).collect();
        if ranges.len() < 2 {
            return;
        }
        let high: Vec<_> = ranges
            .iter()
            .map(|(x, _, high)| self.end(*x, *high))
            .collect();
        let low: Vec<_> = ranges
            .iter()
            .map(|(x, low, _)| self.end(*x, *low))
            .collect();
        let mut outline = thin(&high);
        outline.extend(thin(&low).into_iter().rev());
        let (path, opacity) = (path(&outline), number(opacity));
        svg.raw(&format!(
            r#"<path d="{path}z" fill="{colour}" fill-opacity="{opacity}"/>"#
        ));
    }

    /// A line with caps from low to high at each place, moved aside so that those of several curves stay apart.
    fn draw_bars(&self, svg: &mut Svg, series: &Series, colour: &str, shift: f64) {
        let mut bars = String::new();
        for (place, low, high) in finite_ranges(&series.bars) {
            let ((x, top), (_, bottom)) = (self.end(place, high), self.end(place, low));
            let x = x + shift;
            axis::segment(&mut bars, (x, top), (x, bottom));
            axis::segment(&mut bars, (x - CAP, top), (x + CAP, top));
            axis::segment(&mut bars, (x - CAP, bottom), (x + CAP, bottom));
        }
        svg.stroke(&bars, colour, 1.2, "");
    }

    /// A curve with error bars is moved aside with them, so that its points stand on them.
    fn draw_series(&self, svg: &mut Svg, series: &Series, colour: &str, shift: f64) {
        let points: Vec<(f64, f64)> = finite(series).collect();
        let on_paper = |points: &[(f64, f64)]| -> Vec<(f64, f64)> {
            let places = points.iter().map(|point| self.place(*point));
            places.map(|(x, y)| (x + shift, y)).collect()
        };
        let mut all = on_paper(&points);
        if series.smooth > 1 {
            svg.raw(&format!(
                r#"<path d="{}" fill="none" stroke="{colour}" stroke-opacity="0.3" stroke-width="0.8"/>"#,
                path(&thin(&all))
            ));
            all = on_paper(&running_mean(&points, series.smooth));
        }
        if series.loose {
            if all.len() > MANY {
                all = apart(all);
            }
            all.into_iter()
                .for_each(|at| svg.dot(at, LOOSE_DOT, colour));
            return;
        }
        let path = path(&thin(&all));
        if all.len() > 1 {
            svg.stroke(&path, colour, 1.8, if series.dashed { DASH } else { "" });
        }
        if series.marks || all.len() <= FEW {
            all.into_iter().for_each(|at| svg.dot(at, DOT, colour));
        }
    }
}

/// The mean of up to `window` points around each. At the start, where curves fall fast, as many on one side as on the other; at the
/// end all that are left, for the last value is read off and shall not be that of one point.
fn running_mean(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    if window < 2 {
        return points.to_vec();
    }
    let half = window / 2;
    let mut sums = vec![0.0];
    for (_, y) in points {
        sums.push(sums.last().copied().unwrap_or(0.0) + y);
    }
    let mean = |(index, (x, _)): (usize, &(f64, f64))| {
        let from = index - half.min(index);
        let to = (2 * index - from + 1)
            .min(index + half + 1)
            .min(points.len());
        (*x, (sums[to] - sums[from]) / (to - from) as f64)
    };
    points.iter().enumerate().map(mean).collect()
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

/// The first of the points in each square.
fn apart(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let mut taken = HashSet::new();
    let square = |at: f64| (at / SQUARE).floor() as i64;
    points.retain(|(x, y)| taken.insert((square(*x), square(*y))));
    points
}

/// The names of the curves at their ends, and those of the baselines.
fn names(panel: &Panel, y: &Axis, layout: &Layout) -> Vec<Name> {
    let frame = &layout.frame;
    let room = side_labels::text_room(frame, layout.side_right);
    let of = |(index, series): (usize, &Series)| {
        if series.loose {
            let dots = (series.colour(index), LOOSE_DOT);
            return Name::of_dots(&series.name, frame.top, dots, room);
        }
        let points: Vec<(f64, f64)> = finite(series).collect();
        let end = running_mean(&points, series.smooth).last().copied();
        let target = end.map_or(frame.top, |point| y.y(point.1, frame));
        let dash = if series.dashed { DASH } else { "" };
        Name::of_line(
            &series.name,
            target,
            (series.colour(index), 1.8, dash),
            room,
        )
    };
    let named = panel.series.iter().enumerate();
    let named = named.filter(|(_, series)| !series.name.is_empty());
    let mut names: Vec<Name> = named.map(of).collect();
    names.extend(side_labels::of_baselines(&panel.baselines, y, frame, room));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_dots_that_hide_each_other_the_first_stays() {
        let points = vec![(0.0, 0.0), (1.9, 1.9), (2.0, 1.9), (-0.1, 0.0), (3.9, 0.0)];
        assert_eq!(apart(points), [(0.0, 0.0), (2.0, 1.9), (-0.1, 0.0)]);
    }

    #[test]
    fn a_running_mean_is_that_of_the_points_around() {
        let points: Vec<(f64, f64)> = [9.0, 3.0, 3.0, 6.0, 0.0]
            .iter()
            .enumerate()
            .map(|(x, y)| (x as f64, *y))
            .collect();
        let means = |window| -> Vec<f64> {
            let means = running_mean(&points, window);
            means.iter().map(|(_, y)| *y).collect()
        };
        assert_eq!(means(3), [9.0, 5.0, 4.0, 3.0, 3.0]);
        assert_eq!(means(1), [9.0, 3.0, 3.0, 6.0, 0.0]);
        assert_eq!(running_mean(&[], 5), []);
    }
}
