//! Two distributions of each of several columns beside each other.

use std::fmt::Write as _;

use crate::{
    Figure,
    export::{
        csv::field,
        svg::{Anchor, Svg, push_number},
    },
    layout::{
        axis::{self, Axis, Frame, segment},
        font,
        theme::{self, INK, LABEL, MARGIN, SOFT_INK, TICK},
    },
    marks::mark_legend::{Key, Swatch},
};

/// One column.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Small title above the panel.
    pub title: String,
    /// What the bars stand for.
    pub bins: Bins,
    /// The share of each bar, in the first and in the second distribution.
    pub shares: [Vec<f64>; 2],
}

/// What the bars of a histogram stand for.
#[derive(Debug, Clone, PartialEq)]
pub enum Bins {
    /// Ranges of numbers, by their ends: one more than there are bars.
    Edges(Vec<f64>),
    /// Words.
    Words(Vec<String>),
}

/// Histograms of several columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Histograms {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Small line under the title.
    pub note: Option<String>,
    /// What the two distributions are.
    pub names: [String; 2],
    /// The columns, in reading order.
    pub panels: Vec<Histogram>,
}

/// Panels beside each other.
const ACROSS: usize = 4;
const PANEL: (f64, f64) = (190.0, 110.0);
/// Room around a panel's axes: left, above, right, under.
const AROUND: (f64, f64, f64, f64) = (40.0, 22.0, 10.0, 24.0);
/// The colour of the first distribution; the second is a line.
const GROUND: &str = "#cccccc";
/// Words that are written under their bars, at most.
const NAMED: usize = 6;

/// Draws histograms: the first distribution as grey bars, the second as an outline over them. Heights are shares, from 0.
///
/// The CSV is `column,low,high,word,first,second`.
pub fn histograms(histograms: &Histograms) -> Figure {
    let across = histograms.panels.len().clamp(1, ACROSS) as f64;
    let step = (AROUND.0 + PANEL.0 + AROUND.2, AROUND.1 + PANEL.1 + AROUND.3);
    let heading = theme::heading_width(&histograms.title, histograms.note.as_deref());
    let width = (2.0 * MARGIN + across * step.0).max(heading);
    let line = theme::colour(2);
    let entries = vec![
        (Swatch::Fill(GROUND), histograms.names[0].clone()),
        (Swatch::Line(line, ""), histograms.names[1].clone()),
    ];
    let key = Key::of(entries, width - 2.0 * MARGIN);
    let mut svg = Svg::default();
    let top = svg.heading(&histograms.title, histograms.note.as_deref(), width) + 4.0;
    key.draw(&mut svg, (MARGIN, top));
    let top = top + key.height();
    for (index, panel) in histograms.panels.iter().enumerate() {
        let (row, column) = ((index / ACROSS) as f64, (index % ACROSS) as f64);
        let left = MARGIN + column * step.0 + AROUND.0;
        let top = top + row * step.1 + AROUND.1;
        let frame = Frame {
            left,
            top,
            right: left + PANEL.0,
            bottom: top + PANEL.1,
        };
        draw(&mut svg, panel, &frame, line);
    }
    let rows = histograms.panels.len().div_ceil(ACROSS) as f64;
    Figure::new(svg, csv(histograms), (width, top + rows * step.1 + MARGIN))
}

fn draw(svg: &mut Svg, panel: &Histogram, frame: &Frame, line: &str) {
    let title = font::fit(&panel.title, LABEL, frame.width());
    let at = (frame.left, frame.top - 7.0);
    svg.text(at, &title, LABEL, INK, Anchor::Start);
    let shares = panel.shares.iter().flatten().copied();
    let most = shares.filter(|share| share.is_finite()).fold(0.0, f64::max);
    let y = Axis::linear(0.0, if most > 0.0 { 1.05 * most } else { 1.0 }, 4);
    axis::draw_y(svg, &y, frame, "", frame.left);
    let ends: Vec<f64> = match &panel.bins {
        Bins::Edges(edges) => {
            let x = x_axis(edges, frame);
            axis::draw_x(svg, &x, frame, true);
            edges.iter().map(|edge| x.x(*edge, frame)).collect()
        }
        Bins::Words(words) => draw_words(svg, words, frame),
    };
    let height = |share: &f64| y.y(share.max(0.0), frame);
    for (bar, share) in ends.windows(2).zip(&panel.shares[0]) {
        let top = height(share);
        svg.rect(
            bar[0] + 0.5,
            top,
            bar[1] - bar[0] - 1.0,
            frame.bottom - top,
            GROUND,
        );
    }
    let outline = outline(&ends, &panel.shares[1], frame.bottom, height);
    svg.stroke(&outline, line, 1.4, "");
}

/// The horizontal axis of numbers, with as many ticks as stand apart.
fn x_axis(edges: &[f64], frame: &Frame) -> Axis {
    let (low, high) = axis::extent(edges.iter().copied()).unwrap_or((0.0, 1.0));
    let with = |most| Axis::linear(low, high, most);
    let open = (2..=5)
        .rev()
        .map(with)
        .find(|axis| !axis.crowded(frame.width()));
    open.unwrap_or_else(|| with(1))
}

/// Names of words under their bars, or how many words there are; the ends of the bars.
fn draw_words(svg: &mut Svg, words: &[String], frame: &Frame) -> Vec<f64> {
    let slot = frame.width() / words.len().max(1) as f64;
    let ends: Vec<f64> = (0..=words.len())
        .map(|word| frame.left + slot * word as f64)
        .collect();
    let base = frame.bottom + 7.0 + TICK * 0.75;
    if words.len() <= NAMED {
        for (word, left) in words.iter().zip(&ends) {
            let word = font::fit(word, TICK, slot - 3.0);
            svg.text(
                (left + slot / 2.0, base),
                &word,
                TICK,
                SOFT_INK,
                Anchor::Middle,
            );
        }
    } else {
        let middle = frame.left + frame.width() / 2.0;
        let text = format!("{} words", words.len());
        svg.text((middle, base), &text, TICK, SOFT_INK, Anchor::Middle);
    }
    let mut ground = String::new();
    segment(
        &mut ground,
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    );
    svg.stroke(&ground, theme::AXIS, 1.0, "");
    ends
}

/// A line along the tops of bars.
fn outline(ends: &[f64], shares: &[f64], bottom: f64, height: impl Fn(&f64) -> f64) -> String {
    let mut path = String::new();
    let mut push = |command: char, x: f64, y: f64| {
        path.push(command);
        push_number(&mut path, x);
        path.push(' ');
        push_number(&mut path, y);
    };
    push('M', ends[0], bottom);
    for (bar, share) in ends.windows(2).zip(shares) {
        let top = height(share);
        push('L', bar[0], top);
        push('L', bar[1], top);
    }
    push('L', ends[ends.len() - 1], bottom);
    path
}

fn csv(histograms: &Histograms) -> String {
    let mut csv = String::from("column,low,high,word,first,second\n");
    for panel in &histograms.panels {
        let title = field(&panel.title);
        let shares = panel.shares[0].iter().zip(&panel.shares[1]);
        for (place, (first, second)) in shares.enumerate() {
            let bar = match &panel.bins {
                Bins::Edges(edges) => format!("{},{},", edges[place], edges[place + 1]),
                Bins::Words(words) => format!(",,{}", field(&words[place])),
            };
            let _ = writeln!(csv, "{title},{bar},{first},{second}");
        }
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_has_its_line() {
        let numbers = Histogram {
            title: "age, years".to_owned(),
            bins: Bins::Edges(vec![0.0, 1.0, 2.5]),
            shares: [vec![0.25, 0.75], vec![0.5, 0.5]],
        };
        let words = Histogram {
            title: "city".to_owned(),
            bins: Bins::Words(vec!["Rome".to_owned()]),
            shares: [vec![1.0], vec![1.0]],
        };
        let figure = histograms(&Histograms {
            title: "Rows".to_owned(),
            note: None,
            names: ["real".to_owned(), "new".to_owned()],
            panels: vec![numbers, words],
        });
        let lines: Vec<&str> = figure.csv().lines().collect();
        assert_eq!(
            lines,
            [
                "column,low,high,word,first,second",
                "\"age, years\",0,1,,0.25,0.5",
                "\"age, years\",1,2.5,,0.75,0.5",
                "city,,,Rome,1,1"
            ]
        );
        assert!(figure.svg().contains("Rome"));
    }

    #[test]
    fn an_outline_goes_along_the_tops_and_comes_back_to_the_ground() {
        let path = outline(&[0.0, 10.0, 20.0], &[0.5, 1.0], 100.0, |share| {
            100.0 * (1.0 - share)
        });
        assert_eq!(path, "M0 100L0 50L10 50L10 0L20 0L20 100");
    }
}
