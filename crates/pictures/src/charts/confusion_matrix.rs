//! What a classifier takes the samples of each class for.

use std::fmt::Write as _;

use crate::{
    Figure,
    export::{
        csv::field,
        raster::{self, Compression, Raster},
        svg::{Anchor, Svg},
    },
    layout::{
        column_labels::Across,
        font, row_labels,
        theme::{AXIS, LABEL, MARGIN, RULE, SOFT_INK, TICK, heading_width},
    },
    marks::{
        colour::{self, Rgb},
        colour_bar,
    },
};

/// How often each true class was predicted as each class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfusionMatrix {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Name of each class; a class without a name is shown by its index.
    pub classes: Vec<String>,
    /// Samples, `[true class][predicted class]`; missing entries are 0.
    pub counts: Vec<Vec<u64>>,
    /// Small line under the title.
    pub note: Option<String>,
}

/// Counts are written into the cells of at most this many classes; more are shading alone, a pixel a cell.
const MOST_COUNTED: usize = 26;
/// Side of a cell without counts: one line of text, so that every row and column has its name.
const NAMED_CELL: f64 = 12.0;
/// A table without counts shrinks its cells to be no wider than this.
const WIDEST_SHADING: f64 = 1200.0;
/// A cell is never wider than this for the sake of its count.
const WIDEST_CELL: f64 = 52.0;
/// Type sizes of a count: the first at which it fits.
const SIZES: [f64; 4] = [TICK, 10.0, 9.0, 8.0];
/// A longer name of a class ends in an ellipsis.
const LONGEST_NAME: f64 = 260.0;
/// The cells of few classes grow to this width, so that names stand level under them.
const WIDEST_NAMED: f64 = 100.0;
const GAP: f64 = 22.0;
/// A class that no sample belongs to, and a cell that no sample fell into.
const ABSENT: Rgb = [0xf0; 3];
const EMPTY: Rgb = [255; 3];
const SCALE_TITLE: &str = "share of the true class";
/// Shares marked on the colour bar.
const MARKS: [(f64, &str); 6] = [
    (0.0, "0"),
    (0.02, "2 %"),
    (0.1, "10 %"),
    (0.25, "25 %"),
    (0.5, "50 %"),
    (1.0, "100 %"),
];

/// Draws a confusion matrix: a row for each true class, a column for each predicted class. A cell's shade is the share
/// of its row, darker with the square root of the share, so that rare mistakes are seen; a cell without samples is
/// white and, off the diagonal, says nothing. The row of a class without samples is grey.
///
/// The CSV is `true,predicted,count,share`; a class without samples has no share.
pub fn confusion_matrix(confusion: &ConfusionMatrix) -> Figure {
    let table = Table::of(confusion);
    let layout = Layout::of(confusion, &table);
    let mut svg = Svg::default();
    let top = svg.heading(&confusion.title, confusion.note.as_deref(), layout.width) + 4.0;
    let corner = (layout.left, top);
    let side = layout.side();
    if table.size() <= MOST_COUNTED {
        draw_cells(&mut svg, &table, corner, layout.cell);
    } else {
        draw_shading(&mut svg, &table, corner, side);
    }
    row_labels::draw(&mut svg, &table.names, corner, layout.cell, LONGEST_NAME);
    layout
        .column_names
        .draw(&mut svg, (layout.left, top + side));
    let names = top + side + layout.column_names.height();
    draw_axis_names(&mut svg, corner, side, names);
    let at = (layout.left + side + GAP, top);
    let under = draw_scale(&mut svg, at, side);
    let bottom = (names + LABEL + 8.0).max(under) + MARGIN;
    Figure::new(svg, csv(&table), (layout.width, bottom))
}

/// The counts as a square table.
struct Table {
    names: Vec<String>,
    /// `[true class][predicted class]`.
    counts: Vec<Vec<u64>>,
    /// Samples of each true class.
    totals: Vec<u64>,
}

impl Table {
    fn of(confusion: &ConfusionMatrix) -> Self {
        let widest = confusion.counts.iter().map(Vec::len).max().unwrap_or(0);
        let size = confusion
            .classes
            .len()
            .max(confusion.counts.len())
            .max(widest);
        let name = |class: usize| match confusion.classes.get(class) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => class.to_string(),
        };
        let row = |class: usize| {
            let mut row = confusion.counts.get(class).cloned().unwrap_or_default();
            row.resize(size, 0);
            row
        };
        let counts: Vec<Vec<u64>> = (0..size).map(row).collect();
        let total = |row: &Vec<u64>| {
            row.iter()
                .fold(0, |sum: u64, count| sum.saturating_add(*count))
        };
        Self {
            names: (0..size).map(name).collect(),
            totals: counts.iter().map(total).collect(),
            counts,
        }
    }

    fn size(&self) -> usize {
        self.names.len()
    }

    /// The part of a true class that was predicted as another; `None` for a class without samples.
    fn share(&self, row: usize, column: usize) -> Option<f64> {
        let total = self.totals[row];
        (total > 0).then(|| self.counts[row][column] as f64 / total as f64)
    }

    fn colour(&self, row: usize, column: usize) -> Rgb {
        match self.share(row, column) {
            None => ABSENT,
            Some(0.0) => EMPTY,
            Some(share) => shade(share),
        }
    }

    /// What the cell says.
    fn text(&self, row: usize, column: usize) -> String {
        match self.counts[row][column] {
            0 if row != column => String::new(),
            count => count.to_string(),
        }
    }
}

fn shade(share: f64) -> Rgb {
    colour::ramp(share.sqrt())
}

struct Layout {
    classes: usize,
    /// Side of a cell with the line to the next.
    cell: f64,
    column_names: Across,
    left: f64,
    width: f64,
}

impl Layout {
    fn of(confusion: &ConfusionMatrix, table: &Table) -> Self {
        let cell = cell_side(table);
        let column_names = Across::within(&table.names, cell, LONGEST_NAME);
        let names = row_labels::width(&table.names, LONGEST_NAME);
        let left = (MARGIN + LABEL + 8.0 + names + 8.0).max(MARGIN + column_names.overhang());
        let scale = colour_bar::WIDTH.max(colour_bar::text_width(SCALE_TITLE));
        let width = left.ceil() + cell * table.size() as f64 + GAP + scale + MARGIN;
        Self {
            classes: table.size(),
            cell,
            column_names,
            left: left.ceil(),
            width: width.max(heading_width(&confusion.title, confusion.note.as_deref())),
        }
    }

    /// Side of the whole table.
    fn side(&self) -> f64 {
        self.cell * self.classes as f64
    }
}

/// Side of a cell: enough for its count, and more where classes are few.
fn cell_side(table: &Table) -> f64 {
    let size = table.size();
    if size > MOST_COUNTED {
        return NAMED_CELL.min(WIDEST_SHADING / size as f64);
    }
    let usual: f64 = match size {
        0..=5 => Across::level_pitch(&table.names).clamp(52.0, WIDEST_NAMED),
        6..=12 => 42.0,
        _ => 30.0,
    };
    let texts = (0..size).flat_map(|row| (0..size).map(move |column| table.text(row, column)));
    let widths = texts.map(|text| font::width(&text, TICK) + 8.0);
    widths
        .fold(usual, f64::max)
        .min(WIDEST_CELL.max(usual))
        .ceil()
}

fn draw_cells(svg: &mut Svg, table: &Table, (left, top): (f64, f64), cell: f64) {
    let side = cell * table.size() as f64;
    svg.rect(left - 1.0, top - 1.0, side + 1.0, side + 1.0, RULE);
    for row in 0..table.size() {
        for column in 0..table.size() {
            let at = (left + column as f64 * cell, top + row as f64 * cell);
            let colour = table.colour(row, column);
            svg.rect(at.0, at.1, cell - 1.0, cell - 1.0, &colour::hex(colour));
            draw_count(svg, &table.text(row, column), at, cell - 1.0, colour);
        }
    }
}

/// Writes a count in the middle of its cell, where it fits in some size.
fn draw_count(svg: &mut Svg, text: &str, (left, top): (f64, f64), side: f64, colour: Rgb) {
    let fits = |size: &f64| font::width(text, *size) <= side - 2.0;
    if let Some(size) = SIZES.into_iter().find(fits) {
        let at = (left + side / 2.0, top + side / 2.0 + 0.36 * size);
        svg.text(at, text, size, colour::ink_on(colour), Anchor::Middle);
    }
}

/// One image for all cells, a pixel each: thousands of rectangles would make a slow file.
fn draw_shading(svg: &mut Svg, table: &Table, (left, top): (f64, f64), side: f64) {
    let size = table.size();
    let pixel = |index: usize| {
        let [red, green, blue] = table.colour(index / size, index % size);
        [red, green, blue, 255]
    };
    let raster = Raster {
        width: size as u32,
        height: size as u32,
        channels: 4,
        bytes: (0..size * size).flat_map(pixel).collect(),
    };
    // Encoding in memory fails for no table that fits there.
    if let Ok(png) = raster::encode(&raster, Compression::Balanced) {
        svg.image((left, top), (side, side), &png, true);
    }
    let (right, bottom) = (left + side, top + side);
    let frame = [
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
        (left, top),
    ];
    for edge in frame.windows(2) {
        svg.line([edge[0], edge[1]], AXIS, 0.7, "");
    }
}

fn draw_axis_names(svg: &mut Svg, (left, top): (f64, f64), side: f64, names: f64) {
    let at = (left + side / 2.0, names + LABEL + 6.0);
    svg.text(at, "predicted class", LABEL, SOFT_INK, Anchor::Middle);
    let at = (MARGIN + LABEL * 0.8, top + side / 2.0);
    svg.upward_text(at, "true class", LABEL, SOFT_INK);
}

/// Draws what the shades mean; returns where it ends.
fn draw_scale(svg: &mut Svg, at: (f64, f64), side: f64) -> f64 {
    let height = side.clamp(colour_bar::LEAST_HEIGHT, colour_bar::HEIGHT);
    let mark = |(share, text): (f64, &str)| (share.sqrt(), text.to_owned());
    let marks = MARKS.map(mark);
    colour_bar::draw(svg, SCALE_TITLE, &marks, colour::ramp, at, height)
}

fn csv(table: &Table) -> String {
    let mut csv = String::from("true,predicted,count,share\n");
    let names: Vec<String> = table.names.iter().map(|name| field(name)).collect();
    for (row, counts) in table.counts.iter().enumerate() {
        for (column, count) in counts.iter().enumerate() {
            let share = table.share(row, column);
            let share = share.map(|share| share.to_string()).unwrap_or_default();
            let _ = writeln!(csv, "{},{},{count},{share}", names[row], names[column]);
        }
    }
    csv
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(counts: &[&[u64]]) -> Table {
        Table::of(&ConfusionMatrix {
            counts: counts.iter().map(|row| row.to_vec()).collect(),
            ..ConfusionMatrix::default()
        })
    }

    #[test]
    fn shares_are_of_the_true_class() {
        let table = table(&[&[3, 1], &[0, 0, 5], &[]]);
        assert_eq!(table.size(), 3);
        assert_eq!(table.totals, [4, 5, 0]);
        let shares = |row: usize| [0, 1, 2].map(|column| table.share(row, column));
        assert_eq!(shares(0), [Some(0.75), Some(0.25), Some(0.0)]);
        assert_eq!(shares(1), [Some(0.0), Some(0.0), Some(1.0)]);
        assert_eq!(shares(2), [None; 3]);
    }

    #[test]
    fn the_shade_is_darkest_for_the_whole_class_and_white_without_samples() {
        let table = table(&[&[4, 0], &[0, 0]]);
        assert_eq!(table.colour(0, 0), colour::ramp(1.0));
        assert_eq!(table.colour(0, 1), EMPTY);
        assert_eq!(table.colour(1, 1), ABSENT);
        assert_eq!(shade(0.25), colour::ramp(0.5));
    }

    #[test]
    fn only_the_diagonal_says_zero() {
        let table = table(&[&[0, 0], &[7, 0]]);
        assert_eq!(
            (table.text(0, 0), table.text(0, 1)),
            ("0".into(), String::new())
        );
        assert_eq!(table.text(1, 0), "7");
    }
}
