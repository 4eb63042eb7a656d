//! Finished figures beside and under each other.

use crate::{
    Figure,
    export::{
        csv,
        numbers::Numbers,
        svg::{Svg, pair},
    },
    layout::theme::heading_width,
};

/// Between two figures; each has white space around it.
const GAP: f64 = 4.0;
/// The column of the figures' numbers, with its comma.
const COLUMN: &str = "figure,";

/// Puts finished figures into one: each row of figures from left to right, the rows from top to bottom, under a title and
/// a small line, both of which may be missing.
///
/// In the CSV each row of a figure's table begins with the number of the figure, from 1 in reading order, in a column
/// `figure`; a figure that was composed itself brings numbers such as 2.1. Figures whose columns are the same share one table; before other columns there is an empty line and the
/// next table begins.
pub fn compose(title: &str, note: Option<&str>, rows: &[Vec<&Figure>]) -> Figure {
    let widths = rows.iter().map(|row| row_width(row));
    let width = widths.fold(heading_width(title, note), f64::max);
    let mut svg = Svg::default();
    let mut y = 0.0;
    if !title.is_empty() || note.is_some() {
        y = svg.heading(title, note, width).ceil();
    }
    for row in rows {
        let mut x = 0.0;
        for figure in row {
            let body = figure.body();
            svg.raw(&format!(
                "<g transform=\"translate({})\">\n{body}</g>",
                pair((x, y))
            ));
            x += f64::from(figure.size().0) + GAP;
        }
        let heights = row.iter().map(|figure| f64::from(figure.size().1));
        y += heights.fold(0.0, f64::max) + GAP;
    }
    let figures: Vec<Figure> = rows.iter().flatten().copied().cloned().collect();
    let least = figures.iter().map(Figure::least_csv).sum();
    Figure::new(
        svg,
        Numbers::later(least, move || csv(&figures)),
        (width, y),
    )
}

fn row_width(row: &[&Figure]) -> f64 {
    let widths = row.iter().map(|figure| f64::from(figure.size().0) + GAP);
    widths.sum::<f64>() - GAP
}

/// The tables of all figures, those with the same columns joined.
fn csv(figures: &[Figure]) -> String {
    let mut csv = String::new();
    let mut columns = None;
    for (index, figure) in figures.iter().enumerate() {
        let rows: Vec<&str> = csv::rows(figure.csv()).collect();
        for table in rows.split(|row| row.is_empty()) {
            let Some((header, rows)) = table.split_first() else {
                continue;
            };
            // The figures of a composed figure are numbered already: 2.1 is the first figure of the second.
            let (header, end) = match header.strip_prefix(COLUMN) {
                Some(header) => (header, "."),
                None => (*header, ","),
            };
            if columns != Some(header) {
                let start = if csv.is_empty() { "" } else { "\n" };
                csv.push_str(&format!("{start}{COLUMN}{header}\n"));
                columns = Some(header);
            }
            for row in rows {
                csv.push_str(&format!("{}{end}{row}\n", index + 1));
            }
        }
    }
    csv
}
