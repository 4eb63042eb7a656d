//! Bars in their axes: where each stands, and where its value can be written.

use crate::{
    charts::bars::{Bar, Bars},
    export::svg::{Anchor, Svg},
    layout::{
        axis::{Axis, Frame, extent, segment},
        column_labels::Across,
        font, side_labels,
        theme::{self, AXIS},
        ticks,
    },
    marks::{colour, mark_legend},
};

const HEIGHT: f64 = 280.0;
/// Least and greatest width of a plot whose bars need neither more nor less.
const WIDTHS: (f64, f64) = (240.0, 580.0);
/// A plot grows to this width for names of groups that shall stand level, and to the next for values.
const WIDE: f64 = 660.0;
const WIDEST: f64 = 840.0;
/// From one bar to the next, where there is room.
const USUAL_PITCH: f64 = 52.0;
/// Bars are never closer than this: a value can be written upright over each.
const LEAST_PITCH: f64 = 13.0;
const WIDEST_BAR: f64 = 44.0;
/// Room between two groups, in pitches.
const BETWEEN: f64 = 0.8;
/// Type size of the values.
const VALUE: f64 = 10.0;
/// Between a value and what is under it.
const AIR: f64 = 3.0;
/// A baseline further away than this many ranges of the data is not drawn.
const FAR: f64 = 4.0;

/// Where bars stand along the horizontal axis.
pub(crate) struct Columns {
    groups: usize,
    series: usize,
    /// Width of a group with its share of the room between groups.
    slot: f64,
    /// From one bar to the next.
    pitch: f64,
    /// Whether values read upwards, because they are wider than a bar's room.
    upright: bool,
}

impl Columns {
    pub(crate) fn of(bars: &Bars) -> Self {
        let most = bars.series.iter().map(|series| series.bars.len()).max();
        let groups = most.unwrap_or(0).max(bars.groups.len()).max(1);
        let series = bars.series.len().max(1);
        let in_slot = series as f64 + BETWEEN;
        let usual = (groups as f64 * in_slot * USUAL_PITCH).clamp(WIDTHS.0, WIDTHS.1);
        let names = Across::level_pitch(&bars.groups) * groups as f64;
        let names = if names > WIDE { 0.0 } else { names };
        let level = usual.max(names);
        let texts = texts(bars);
        let widths = texts.iter().map(|text| font::width(text, VALUE));
        let label = widths.fold(0.0, f64::max) + 3.0;
        let for_labels = label * groups as f64 * in_slot;
        let upright = for_labels > WIDEST;
        let least = if upright {
            LEAST_PITCH * groups as f64 * in_slot
        } else {
            for_labels
        };
        let slot = (level.max(least) / groups as f64).ceil();
        Self {
            groups,
            series,
            slot,
            pitch: (slot / in_slot).min(1.5 * USUAL_PITCH),
            upright,
        }
    }

    /// Width of a group with its share of the room between groups.
    pub(crate) fn slot(&self) -> f64 {
        self.slot
    }

    /// Width of the plot.
    pub(crate) fn width(&self) -> f64 {
        self.slot * self.groups as f64
    }

    /// The middle of a bar, from the left edge of the plot.
    fn middle(&self, group: usize, series: usize) -> f64 {
        let from_middle = series as f64 - (self.series as f64 - 1.0) / 2.0;
        (group as f64 + 0.5) * self.slot + from_middle * self.pitch
    }

    /// Width of a bar.
    fn bar(&self) -> f64 {
        (0.84 * self.pitch).min(WIDEST_BAR)
    }
}

/// What is written over each bar, series by series; nothing where there is none.
fn texts(bars: &Bars) -> Vec<String> {
    let all = bars.series.iter().flat_map(|series| &series.bars);
    let values: Vec<f64> = all.map(|bar| bar.value).collect();
    let texts = values.iter().zip(ticks::brief(&values));
    let shown = |(value, text): (&f64, String)| match value.is_finite() {
        true => text,
        false => String::new(),
    };
    texts.map(shown).collect()
}

/// A value and the box it is written in.
struct Label {
    text: String,
    colour: String,
    place: Frame,
}

/// Bars, their vertical axis, and the part of the paper between the axes.
pub(crate) struct BarPlot<'a> {
    bars: &'a Bars,
    pub(crate) columns: Columns,
    pub(crate) y: Axis,
    pub(crate) frame: Frame,
}

impl<'a> BarPlot<'a> {
    /// A plot with its upper left corner at the origin, its axis long enough for the values over the bars.
    pub(crate) fn of(bars: &'a Bars, columns: Columns) -> Self {
        let frame = Frame {
            left: 0.0,
            top: 0.0,
            right: columns.width(),
            bottom: HEIGHT,
        };
        let mut room = (2.0, 0.0);
        let mut plot = Self {
            bars,
            columns,
            y: axis(bars, room),
            frame,
        };
        // More room moves the bars, and with them what their values must keep clear of: a few rounds settle it.
        for _ in 0..6 {
            let (above, below) = plot.overflow();
            if above <= 0.0 && below <= 0.0 {
                break;
            }
            room.0 = (room.0 + above.max(0.0)).min(HEIGHT / 3.0);
            room.1 = (room.1 + below.max(0.0)).min(HEIGHT / 3.0);
            plot.y = axis(bars, room);
        }
        plot
    }

    /// How far values reach over and under the frame.
    fn overflow(&self) -> (f64, f64) {
        let labels = self.labels();
        let above = labels.iter().map(|label| self.frame.top - label.place.top);
        let below = labels
            .iter()
            .map(|label| label.place.bottom - self.frame.bottom);
        (above.fold(0.0, f64::max), below.fold(0.0, f64::max))
    }

    /// Each bar with the index of its series and its middle.
    fn all(&self) -> impl Iterator<Item = (&'a Bar, usize, f64)> + '_ {
        let series = self.bars.series.iter().enumerate();
        series.flat_map(move |(index, series)| {
            let of = move |(group, bar)| {
                let x = self.frame.left + self.columns.middle(group, index);
                (bar, index, x)
            };
            series.bars.iter().enumerate().map(of)
        })
    }

    /// The height of a value on the paper, at the edge where the axis does not reach it.
    fn at(&self, value: f64) -> f64 {
        let shown = value.clamp(self.y.low, self.y.high);
        self.y.y(shown, &self.frame)
    }

    /// Where bars begin.
    fn ground(&self) -> f64 {
        match self.y.log {
            true => self.frame.bottom,
            false => self.at(0.0),
        }
    }

    /// The ends of a bar's interval on the paper; an end that is not there is the value.
    fn interval(&self, bar: &Bar) -> Option<(f64, f64)> {
        let given = [bar.low, bar.high].into_iter().flatten();
        if !bar.value.is_finite() || !given.clone().any(f64::is_finite) {
            return None;
        }
        let (low, high) = extent(given.chain([bar.value]))?;
        Some((self.at(high), self.at(low)))
    }

    pub(crate) fn draw(&self, svg: &mut Svg) {
        let (ground, width) = (self.ground(), self.columns.bar());
        for (bar, series, x) in self.all().filter(|(bar, ..)| bar.value.is_finite()) {
            let value = self.at(bar.value);
            let (top, height) = (value.min(ground), (value - ground).abs());
            svg.rect(x - width / 2.0, top, width, height, theme::colour(series));
        }
        let mut line = String::new();
        let ground = ground.round();
        segment(
            &mut line,
            (self.frame.left, ground),
            (self.frame.right, ground),
        );
        svg.stroke(&line, AXIS, 1.0, "");
        side_labels::draw_baselines(svg, &self.bars.baselines, &self.y, &self.frame);
        for (bar, _, x) in self.all() {
            self.draw_marks(svg, bar, x);
        }
        for label in self.labels() {
            self.draw_label(svg, &label);
        }
    }

    /// The interval, the single runs and the reference of a bar.
    fn draw_marks(&self, svg: &mut Svg, bar: &Bar, x: f64) {
        let width = self.columns.bar();
        if let Some(ends) = self.interval(bar) {
            mark_legend::interval(svg, x, ends, (width / 5.0).min(4.0));
        }
        if let Some(value) = bar.reference.filter(|value| value.is_finite()) {
            let half = (width / 2.0 + 3.0).min(self.columns.pitch / 2.0 - 0.7);
            mark_legend::reference(svg, (x, self.at(value)), half);
        }
        let runs: Vec<f64> = finite(&bar.runs).collect();
        let step = (0.8 * width / runs.len().max(1) as f64).min(7.0);
        for (index, value) in runs.iter().enumerate() {
            let from_middle = index as f64 - (runs.len() as f64 - 1.0) / 2.0;
            mark_legend::run(svg, (x + from_middle * step, self.at(*value)));
        }
    }

    fn draw_label(&self, svg: &mut Svg, label: &Label) {
        let Frame { left, right, .. } = label.place;
        let (middle, length) = ((left + right) / 2.0, label.place.height());
        if self.columns.upright {
            // Rules of the axis do not cross an upright number.
            svg.rect(left, label.place.top, right - left, length, "#ffffff");
            let at = (middle + 0.36 * VALUE, label.place.bottom);
            svg.turned_text(at, -90.0, &label.text, VALUE, &label.colour, Anchor::Start);
        } else {
            let at = (middle, label.place.bottom - 0.1 * VALUE);
            svg.text_over_in(&label.colour, at, &label.text, VALUE, 2.0);
        }
    }

    fn labels(&self) -> Vec<Label> {
        let texts = texts(self.bars);
        let shown = self.all().zip(texts);
        let shown = shown.filter(|(_, text)| !text.is_empty());
        shown.map(|(bar, text)| self.label(bar, text)).collect()
    }

    /// The value of a bar, in the nearest free place over it, or under it where it is negative. It has a dark shade of
    /// the bar's colour, so that nobody takes it for the value of the mark it may stand on.
    fn label(&self, (bar, series, x): (&Bar, usize, f64), text: String) -> Label {
        let length = font::width(&text, VALUE);
        let (width, height) = match self.columns.upright {
            true => (VALUE, length),
            false => (length, VALUE),
        };
        let down = bar.value < 0.0 && !self.y.log;
        let top = free(self.at(bar.value), height, &self.obstacles(bar), down);
        let place = Frame {
            left: x - width / 2.0,
            top,
            right: x + width / 2.0,
            bottom: top + height,
        };
        Label {
            text,
            colour: colour::dark(theme::colour(series)),
            place,
        }
    }

    /// From where to where a bar's column is taken by its marks, and by the lines that cross it.
    fn obstacles(&self, bar: &Bar) -> Vec<(f64, f64)> {
        let around = |value: f64, reach: f64| (self.at(value) - reach, self.at(value) + reach);
        let lines = self.bars.baselines.iter().map(|(_, value)| *value);
        let lines = lines.filter(|value| side_labels::on_paper(*value, &self.y));
        let runs = finite(&bar.runs).map(|value| around(value, 2.7));
        let reference = bar.reference.filter(|value| value.is_finite());
        let reference = reference.map(|value| around(value, 2.0));
        lines
            .map(|value| around(value, 0.8))
            .chain(runs)
            .chain(reference)
            .chain(self.interval(bar))
            .collect()
    }
}

fn finite(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    values.iter().copied().filter(|value| value.is_finite())
}

/// The top of a box of this height, as near over `from` (or under it) as no obstacle lets it stand nearer.
fn free(from: f64, height: f64, obstacles: &[(f64, f64)], down: bool) -> f64 {
    // Upwards is the mirror image of downwards.
    let sign = if down { 1.0 } else { -1.0 };
    let mut taken: Vec<(f64, f64)> = obstacles
        .iter()
        .map(|(top, bottom)| (sign * top).min(sign * bottom))
        .zip(
            obstacles
                .iter()
                .map(|(top, bottom)| (sign * top).max(sign * bottom)),
        )
        .collect();
    taken.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut near = sign * from + AIR;
    for (start, end) in taken {
        if start < near + height && end + AIR > near {
            near = end + AIR;
        }
    }
    if down { near } else { -near - height }
}

/// The vertical axis of all values, with so many units of paper free over and under them.
fn axis(bars: &Bars, (above, below): (f64, f64)) -> Axis {
    let all = || bars.series.iter().flat_map(|series| &series.bars);
    let solid = all().flat_map(|bar| [Some(bar.value), bar.reference]);
    let solid: Vec<f64> = solid.flatten().filter(|value| value.is_finite()).collect();
    let log = bars.log_y && !solid.is_empty() && solid.iter().all(|value| *value > 0.0);
    let ends = all().flat_map(|bar| [bar.low, bar.high]).flatten();
    let marks = ends.chain(all().flat_map(|bar| finite(&bar.runs)));
    let marks = marks.filter(|value| !log || *value > 0.0);
    let data = extent(solid.iter().copied().chain(marks)).unwrap_or((0.0, 1.0));
    let data = if log {
        data
    } else {
        (data.0.min(0.0), data.1.max(0.0))
    };
    let lines = bars.baselines.iter().map(|(_, value)| *value);
    let lines = lines.filter(|value| side_labels::near(*value, data, FAR, log));
    let (low, high) = extent(lines.chain([data.0, data.1])).unwrap_or(data);
    let most = (HEIGHT / 26.0) as usize;
    let shown = HEIGHT - above - below;
    let (above, below) = (above / shown, below / shown);
    if log {
        let low = 10f64.powf((0.8 * low).log10().floor());
        return Axis::logarithmic(low, high * (high / low).powf(above), most);
    }
    let (low, high) = if high > low { (low, high) } else { (0.0, 1.0) };
    let span = high - low;
    Axis::linear(low - below * span, high + above * span, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{charts::bars::BarSeries, marks::point_labels::overlap};

    #[test]
    fn a_value_takes_the_nearest_free_place() {
        assert_eq!(free(100.0, 10.0, &[], false), 87.0);
        assert_eq!(free(100.0, 10.0, &[], true), 103.0);
        // Over a mark that is too near, and between two marks where there is room.
        assert_eq!(free(100.0, 10.0, &[(90.0, 92.0)], false), 77.0);
        assert_eq!(
            free(100.0, 10.0, &[(60.0, 62.0), (80.0, 110.0)], false),
            67.0
        );
        assert_eq!(
            free(100.0, 10.0, &[(69.0, 71.0), (80.0, 110.0)], false),
            56.0
        );
        assert_eq!(free(100.0, 10.0, &[(95.0, 120.0)], true), 123.0);
    }

    /// Numbers in [0, 1), the same on every machine (an LCG with Knuth's constants).
    fn uniform(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// Bars with everything that can stand in a label's way.
    fn crowded(seed: u64, groups: usize, series: usize) -> Bars {
        let mut random = uniform(seed);
        let below = if seed.is_multiple_of(3) { 8.0 } else { 0.0 };
        let mut bar = |_| {
            let value = 20.0 * random() - below;
            Bar {
                value,
                low: Some(value - 6.0 * random()),
                high: Some(value + 6.0 * random()),
                runs: (0..5).map(|_| value + 8.0 * random() - 4.0).collect(),
                reference: Some(value + 10.0 * random() - 5.0),
            }
        };
        let mut one = |_| BarSeries {
            name: String::new(),
            bars: (0..groups).map(&mut bar).collect(),
        };
        Bars {
            series: (0..series).map(&mut one).collect(),
            baselines: vec![("a".into(), 5.0), ("b".into(), 9.0)],
            log_y: seed.is_multiple_of(2),
            ..Bars::default()
        }
    }

    #[test]
    fn values_cover_neither_each_other_nor_marks() {
        for seed in 0..60 {
            let (groups, series) = ([1, 3, 5, 12][seed as usize % 4], 1 + seed as usize % 5);
            let bars = crowded(seed, groups, series);
            let plot = BarPlot::of(&bars, Columns::of(&bars));
            let labels = plot.labels();
            assert_eq!(labels.len(), groups * series);
            for (index, (label, (bar, _, x))) in labels.iter().zip(plot.all()).enumerate() {
                let (place, frame) = (&label.place, &plot.frame);
                let free =
                    |(top, bottom): &(f64, f64)| *top >= place.bottom || *bottom <= place.top;
                assert!(
                    plot.obstacles(bar).iter().all(free),
                    "seed {seed}, bar {index}"
                );
                // Within its own column, where no other bar's marks are.
                let half = plot.columns.pitch / 2.0;
                assert!(
                    place.left >= x - half && place.right <= x + half,
                    "seed {seed}"
                );
                assert!(
                    place.top >= frame.top - 0.5 && place.bottom <= frame.bottom + 0.5,
                    "seed {seed}"
                );
                let apart = |other: &Label| !overlap(place, &other.place);
                assert!(
                    labels[..index].iter().all(apart),
                    "seed {seed}, bar {index}"
                );
            }
        }
    }

    #[test]
    fn bars_are_as_high_as_their_values() {
        let bars = Bars {
            series: vec![BarSeries {
                name: String::new(),
                bars: [1.0, 2.0, 4.0]
                    .map(|value| Bar {
                        value,
                        ..Bar::default()
                    })
                    .to_vec(),
            }],
            ..Bars::default()
        };
        let height = |bars: &Bars, value: f64| {
            let plot = BarPlot::of(bars, Columns::of(bars));
            plot.ground() - plot.at(value)
        };
        assert!((height(&bars, 4.0) / height(&bars, 1.0) - 4.0).abs() < 1e-9);
        assert_eq!(height(&bars, 0.0), 0.0);
        // On a logarithmic axis from 0.1: one, 1.3 and 1.6 decades.
        let log = Bars {
            log_y: true,
            ..bars
        };
        assert_eq!(height(&log, 0.1), 0.0);
        let ratio = height(&log, 4.0) / height(&log, 1.0);
        assert!((ratio - 40f64.log10()).abs() < 1e-9);
    }
}
