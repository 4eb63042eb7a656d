//! Many settings at a glance: an axis for each of their values, a line for each setting (Inselberg, *The plane with parallel
//! coordinates*, The Visual Computer 1, 1985).

use std::fmt::Write as _;

use crate::{
    Figure,
    export::{
        csv::field,
        svg::{Anchor, Svg, pair},
    },
    layout::{
        axis::{Axis, Frame, extent, segment},
        font,
        theme::{AXIS, LABEL, MARGIN, MARK, SOFT_INK, TICK, heading_width},
    },
    marks::colour,
};

/// One axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Coordinate {
    /// What stands over it.
    pub name: String,
    /// What its values 0, 1, ... are called, the first at the bottom; empty for an axis of numbers.
    pub names: Vec<String>,
    /// Whether an axis of numbers, all positive, is logarithmic.
    pub log: bool,
}

/// Lines over several axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParallelCoordinates {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Small line under the title.
    pub note: Option<String>,
    /// The axes from left to right. The last is what the lines are coloured by.
    pub axes: Vec<Coordinate>,
    /// A value on each axis; a line with one that is not finite is not drawn.
    pub lines: Vec<Vec<f64>>,
    /// The line that is pointed out.
    pub best: Option<usize>,
}

const HEIGHT: f64 = 260.0;
/// Least room between two axes.
const APART: f64 = 96.0;
/// The widest label beside an axis, and the widest name over one.
const LONGEST: f64 = 110.0;
const MOST_TICKS: usize = 7;
/// White edge of labels, over which lines go.
const EDGE: f64 = 3.0;

/// Draws a line for each row of values, dark where its last value is great. The CSV has a column for each axis.
pub fn parallel_coordinates(chart: &ParallelCoordinates) -> Figure {
    let axes: Vec<Axis> = (0..chart.axes.len())
        .map(|place| axis(chart, place))
        .collect();
    let widths: Vec<f64> = chart
        .axes
        .iter()
        .zip(&axes)
        .map(|(coordinate, axis)| room(coordinate, axis))
        .collect();
    let mut svg = Svg::default();
    let wanted = 2.0 * MARGIN + widths.iter().sum::<f64>() + APART / 2.0;
    let width = wanted.max(heading_width(&chart.title, chart.note.as_deref()));
    let top = svg.heading(&chart.title, chart.note.as_deref(), width) + 2.0 * LABEL;
    let mut x = MARGIN;
    let frames: Vec<Frame> = widths
        .iter()
        .map(|width| {
            x += width;
            Frame {
                left: x,
                top,
                right: x,
                bottom: top + HEIGHT,
            }
        })
        .collect();
    draw_lines(&mut svg, chart, &axes, &frames);
    for ((coordinate, axis), frame) in chart.axes.iter().zip(&axes).zip(&frames) {
        draw_axis(&mut svg, &coordinate.name, axis, frame);
    }
    let height = top + HEIGHT + LABEL + MARGIN;
    Figure::new(svg, csv(chart), (width, height))
}

/// An axis that holds the values of its place in all lines.
fn axis(chart: &ParallelCoordinates, place: usize) -> Axis {
    let Coordinate { names, log, .. } = &chart.axes[place];
    if !names.is_empty() {
        let named = names.iter().enumerate();
        let ticks = named.map(|(value, name)| (value as f64, font::fit(name, TICK, LONGEST)));
        return Axis {
            ticks: ticks.collect(),
            ..Axis::linear(-0.5, names.len() as f64 - 0.5, 1)
        };
    }
    let values = shown(chart).filter_map(|(_, line)| line.get(place).copied());
    match extent(values) {
        Some((low, high)) if *log && low > 0.0 => Axis::logarithmic(low, high, MOST_TICKS),
        Some((low, high)) => Axis::linear(low, high, MOST_TICKS),
        None => Axis::linear(0.0, 1.0, MOST_TICKS),
    }
}

/// The lines that have a value on each axis.
fn shown(chart: &ParallelCoordinates) -> impl Iterator<Item = (usize, &Vec<f64>)> {
    let whole = |line: &&Vec<f64>| {
        line.len() == chart.axes.len() && line.iter().all(|value| value.is_finite())
    };
    let lines = chart.lines.iter().enumerate();
    lines.filter(move |(_, line)| whole(line))
}

/// Room for an axis and what stands to its left.
fn room(coordinate: &Coordinate, axis: &Axis) -> f64 {
    let name = font::width(&name_of(coordinate), LABEL);
    APART.max(axis.label_width() + 40.0).max(name + 16.0).ceil()
}

fn name_of(coordinate: &Coordinate) -> String {
    font::fit(&coordinate.name, LABEL, LONGEST + 40.0)
}

fn draw_lines(svg: &mut Svg, chart: &ParallelCoordinates, axes: &[Axis], frames: &[Frame]) {
    let Some(measure) = axes.last() else { return };
    let mut lines: Vec<(usize, &Vec<f64>)> = shown(chart).collect();
    // What is pointed out lies on top.
    lines.sort_by_key(|(place, _)| chart.best == Some(*place));
    for (place, line) in lines {
        let mut path = String::new();
        for ((value, axis), frame) in line.iter().zip(axes).zip(frames) {
            let command = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(
                path,
                "{command}{}",
                pair((frame.left, axis.y(*value, frame)))
            );
        }
        let share = line.last().map_or(0.0, |value| measure.share(*value));
        match chart.best == Some(place) {
            true => svg.stroke(&path, MARK, 2.4, ""),
            // The palest end of the ramp would be lost on white.
            false => svg.stroke(
                &path,
                &colour::hex(colour::ramp(0.2 + 0.8 * share)),
                1.2,
                "",
            ),
        }
    }
}

fn draw_axis(svg: &mut Svg, name: &str, axis: &Axis, frame: &Frame) {
    let mut marks = String::new();
    segment(
        &mut marks,
        (frame.left, frame.top),
        (frame.left, frame.bottom),
    );
    for (value, text) in &axis.ticks {
        let y = axis.y(*value, frame).round();
        segment(&mut marks, (frame.left - 4.0, y), (frame.left, y));
        let middle = frame.left - 7.0 - font::width(text, TICK) / 2.0;
        svg.text_over_in(SOFT_INK, (middle, y + 0.36 * TICK), text, TICK, EDGE);
    }
    svg.stroke(&marks, AXIS, 1.0, "");
    let coordinate = Coordinate {
        name: name.to_owned(),
        ..Coordinate::default()
    };
    let at = (frame.left + 4.0, frame.top - 9.0);
    svg.text(at, &name_of(&coordinate), LABEL, SOFT_INK, Anchor::End);
}

fn csv(chart: &ParallelCoordinates) -> String {
    let header: Vec<String> = chart.axes.iter().map(|axis| field(&axis.name)).collect();
    let mut csv = header.join(",") + "\n";
    for line in &chart.lines {
        let cell = |(value, axis): (&f64, &Coordinate)| match axis.names.get(*value as usize) {
            Some(name) => field(name),
            None => value.to_string(),
        };
        let cells: Vec<String> = line.iter().zip(&chart.axes).map(cell).collect();
        csv += &(cells.join(",") + "\n");
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> ParallelCoordinates {
        let axis = |name: &str, names: &[&str], log| Coordinate {
            name: name.into(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            log,
        };
        ParallelCoordinates {
            axes: vec![
                axis("train.learning_rate", &[], true),
                axis("model.activation", &["tanh", "relu"], false),
                axis("loss", &[], false),
            ],
            lines: vec![
                vec![1e-4, 0.0, 5.0],
                vec![1e-2, 1.0, 3.0],
                vec![1e-3, 1.0, f64::NAN],
            ],
            best: Some(1),
            ..ParallelCoordinates::default()
        }
    }

    #[test]
    fn each_line_meets_each_axis_at_its_value() {
        let chart = chart();
        let axes: Vec<Axis> = (0..3).map(|place| axis(&chart, place)).collect();
        assert_eq!((axes[0].low, axes[0].high), (1e-4, 1e-2));
        assert!((axes[0].share(1e-3) - 0.5).abs() < 1e-12);
        assert_eq!([axes[1].share(0.0), axes[1].share(1.0)], [0.25, 0.75]);
        assert_eq!((axes[2].low, axes[2].high), (3.0, 5.0));
        let figure = parallel_coordinates(&chart);
        // Three axes, and two of three lines, for the third has no value on the last.
        assert_eq!(figure.svg().matches("<path").count(), 5);
        assert_eq!(figure.svg().matches(MARK).count(), 1);
        assert_eq!(
            figure.csv(),
            "train.learning_rate,model.activation,loss\n0.0001,tanh,5\n0.01,relu,3\n0.001,relu,NaN\n"
        );
    }

    #[test]
    fn nothing_to_show_is_still_a_figure() {
        let figure = parallel_coordinates(&ParallelCoordinates::default());
        assert_eq!(figure.csv(), "\n");
    }
}
