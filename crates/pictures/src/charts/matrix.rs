//! Tables of numbers as coloured cells.

use std::fmt::Write as _;

use crate::{
    Figure,
    export::{
        csv::field,
        svg::{Anchor, Svg},
    },
    layout::{
        axis::extent,
        column_labels::Across,
        font, row_labels,
        theme::{INK, LABEL, MARGIN, SOFT_INK, TICK, heading_width},
        ticks,
    },
    marks::{
        colour::{self, Rgb},
        colour_bar,
    },
};

/// One number of a matrix.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// What the colour shows and the cell says, in three digits; one that is not finite is a dash on grey.
    pub value: f64,
    /// Small line under the value, such as an interval.
    pub text: Option<String>,
}

/// Tables of the same rows and columns beside each other, on one scale of colours.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Matrix {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Small line under the title.
    pub note: Option<String>,
    /// What the columns are.
    pub x_label: String,
    /// What the rows are.
    pub y_label: String,
    /// Name of each column, from left to right.
    pub columns: Vec<String>,
    /// Name of each row, from top to bottom.
    pub rows: Vec<String>,
    /// Title and cells `[row][column]` of each table.
    pub panels: Vec<(String, Vec<Vec<Cell>>)>,
    /// The values at the two ends of the scale; without it, the least and the greatest value. Where zero lies between them
    /// it is the white middle of a scale of two colours.
    pub range: Option<(f64, f64)>,
    /// What the values are, over the scale; may be empty.
    pub value_name: String,
}

/// Type size of the values.
const VALUE: f64 = TICK;
/// Type size of the line under a value.
const SMALL: f64 = 9.0;
/// A cell is at least this wide where there is room, and this high without or with a line under its value.
const LEAST_WIDTH: f64 = 40.0;
const HEIGHTS: (f64, f64) = (28.0, 38.0);
/// No table is wider or higher only because its cells are many: they shrink to this, and to the next at most.
const LARGEST: f64 = 900.0;
const SMALLEST_CELL: f64 = 6.0;
/// Tables stand beside each other up to this width.
const WIDEST: f64 = 1200.0;
const GAP: f64 = 22.0;
const LONGEST_NAME: f64 = 170.0;
const TITLE_ROOM: f64 = 20.0;
const NOTHING: &str = "#f0f0f0";

/// Draws tables of numbers, each cell in the colour of its value with the value in readable ink, on one scale for all
/// tables. Where cells are too small for their texts they only have colours.
/// The CSV is `panel,row,column,value,text`.
pub fn matrix(matrix: &Matrix) -> Figure {
    let layout = Layout::of(matrix);
    let scale = Scale::of(matrix);
    let mut svg = Svg::default();
    let top = svg.heading(&matrix.title, matrix.note.as_deref(), layout.width) + 4.0;
    let mut y = top;
    let numbered: Vec<Panel> = matrix.panels.iter().enumerate().collect();
    for row in numbered.chunks(layout.beside) {
        y = draw_row(&mut svg, matrix, row, &layout, &scale, y);
    }
    let titled = matrix.panels.iter().any(|(title, _)| !title.is_empty());
    let scale_top = top + if titled { TITLE_ROOM } else { 0.0 };
    let at = (layout.width - MARGIN - layout.scale_width, scale_top);
    let under = scale.draw(&mut svg, &matrix.value_name, at, &layout);
    Figure::new(
        svg,
        csv(matrix),
        (layout.width, y.max(under) + MARGIN / 2.0),
    )
}

/// A table and its index.
type Panel<'a> = (usize, &'a (String, Vec<Vec<Cell>>));

/// Sizes that all tables share.
struct Layout {
    columns: usize,
    rows: usize,
    /// Width and height of a cell with the gap to the next.
    cell: (f64, f64),
    column_names: Across,
    /// What each cell says, table by table and row by row.
    texts: Vec<Vec<Vec<String>>>,
    /// Tables beside each other.
    beside: usize,
    left: f64,
    scale_width: f64,
    width: f64,
}

impl Layout {
    fn of(matrix: &Matrix) -> Self {
        let tables = || matrix.panels.iter().map(|(_, rows)| rows);
        let rows = tables()
            .map(Vec::len)
            .max()
            .unwrap_or(0)
            .max(matrix.rows.len());
        let columns = tables().flatten().map(Vec::len).max().unwrap_or(0);
        let columns = columns.max(matrix.columns.len());
        let texts = texts(matrix);
        let cell = cell_size(matrix, &texts, (columns.max(1), rows.max(1)));
        let column_names = Across::of(&matrix.columns, cell.0);
        let names = row_labels::width(&matrix.rows, LONGEST_NAME);
        let label_room = if matrix.y_label.is_empty() {
            0.0
        } else {
            LABEL + 8.0
        };
        let left = (MARGIN + label_room + names + 8.0).max(MARGIN + column_names.overhang());
        let table = columns as f64 * cell.0 + GAP;
        let scale_width = colour_bar::WIDTH.max(colour_bar::text_width(&matrix.value_name));
        let fits = ((WIDEST - left - scale_width) / table) as usize;
        let beside = fits.clamp(1, matrix.panels.len().max(1));
        let width = left.ceil() + table * beside as f64 + scale_width + MARGIN;
        Self {
            columns,
            rows,
            cell,
            column_names,
            texts,
            beside,
            left: left.ceil(),
            scale_width,
            width: width.max(heading_width(&matrix.title, matrix.note.as_deref())),
        }
    }

    /// Width and height of a table.
    fn table(&self) -> (f64, f64) {
        (
            self.columns as f64 * self.cell.0,
            self.rows as f64 * self.cell.1,
        )
    }
}

/// What the cells of all tables say, with as many digits as each other.
fn texts(matrix: &Matrix) -> Vec<Vec<Vec<String>>> {
    let rows = || matrix.panels.iter().flat_map(|(_, rows)| rows);
    let values: Vec<f64> = rows().flatten().map(|cell| cell.value).collect();
    let mut all = ticks::brief(&values).into_iter();
    let mut next = |cell: &Cell| {
        let text = all.next().unwrap_or_default();
        if cell.value.is_finite() {
            text
        } else {
            "–".to_owned()
        }
    };
    let mut of_row = |row: &Vec<Cell>| row.iter().map(&mut next).collect();
    let mut of_table = |rows: &Vec<Vec<Cell>>| rows.iter().map(&mut of_row).collect();
    matrix
        .panels
        .iter()
        .map(|(_, rows)| of_table(rows))
        .collect()
}

/// Width and height of a cell: enough for its texts, less where there are very many.
fn cell_size(
    matrix: &Matrix,
    texts: &[Vec<Vec<String>>],
    (columns, rows): (usize, usize),
) -> (f64, f64) {
    let values = texts.iter().flatten().flatten();
    let values = values.map(|text| font::width(text, VALUE) + 12.0);
    let small = || matrix.panels.iter().flat_map(|(_, rows)| rows).flatten();
    let small = || small().filter_map(|cell| cell.text.as_deref());
    let widths = small().map(|text| font::width(&font::visible(text), SMALL) + 10.0);
    let width = values.chain(widths).fold(LEAST_WIDTH, f64::max).ceil();
    let height = if small().next().is_some() {
        HEIGHTS.1
    } else {
        HEIGHTS.0
    };
    let most = |count: usize| (LARGEST / count as f64).floor().max(SMALLEST_CELL);
    (width.min(most(columns)), height.min(most(rows)))
}

/// Draws tables beside each other from `y` on; returns where the next row begins.
fn draw_row(
    svg: &mut Svg,
    matrix: &Matrix,
    panels: &[Panel],
    layout: &Layout,
    scale: &Scale,
    y: f64,
) -> f64 {
    let titled = panels.iter().any(|(_, (title, _))| !title.is_empty());
    let top = y + if titled { TITLE_ROOM } else { 0.0 };
    let (width, height) = layout.table();
    for (place, (index, (title, rows))) in panels.iter().enumerate() {
        let left = layout.left + place as f64 * (width + GAP);
        let title = font::fit(title, LABEL, width + GAP - 4.0);
        svg.text((left, top - 7.0), &title, LABEL, INK, Anchor::Start);
        draw_cells(
            svg,
            rows,
            &layout.texts[*index],
            (left, top),
            layout.cell,
            scale,
        );
        layout.column_names.draw(svg, (left, top + height));
    }
    draw_row_names(svg, matrix, layout, top);
    let bottom = top + height + layout.column_names.height();
    if matrix.x_label.is_empty() {
        return bottom + GAP / 2.0;
    }
    let all = panels.len() as f64 * (width + GAP) - GAP;
    let label = font::fit(&matrix.x_label, LABEL, all.max(60.0));
    let at = (layout.left + all / 2.0, bottom + LABEL + 6.0);
    svg.text(at, &label, LABEL, SOFT_INK, Anchor::Middle);
    bottom + LABEL + 8.0 + GAP / 2.0
}

/// The names of the rows at the left of the first table, and what they are.
fn draw_row_names(svg: &mut Svg, matrix: &Matrix, layout: &Layout, top: f64) {
    let corner = (layout.left, top);
    row_labels::draw(svg, &matrix.rows, corner, layout.cell.1, LONGEST_NAME);
    let height = layout.table().1;
    let label = font::fit(&matrix.y_label, LABEL, height.max(60.0));
    let at = (MARGIN + LABEL * 0.8, top + height / 2.0);
    svg.upward_text(at, &label, LABEL, SOFT_INK);
}

/// Draws the cells of one table with thin gaps between them.
fn draw_cells(
    svg: &mut Svg,
    rows: &[Vec<Cell>],
    texts: &[Vec<String>],
    (left, top): (f64, f64),
    size: (f64, f64),
    scale: &Scale,
) {
    for (row, (cells, texts)) in rows.iter().zip(texts).enumerate() {
        for (column, (cell, text)) in cells.iter().zip(texts).enumerate() {
            let at = (left + column as f64 * size.0, top + row as f64 * size.1);
            draw_cell(svg, cell, text, at, size, scale);
        }
    }
}

fn draw_cell(
    svg: &mut Svg,
    cell: &Cell,
    text: &str,
    (left, top): (f64, f64),
    (width, height): (f64, f64),
    scale: &Scale,
) {
    let (fill, ink) = match cell.value.is_finite() {
        true => {
            let colour = scale.colour(cell.value);
            (colour::hex(colour), colour::ink_on(colour))
        }
        false => (NOTHING.to_owned(), SOFT_INK),
    };
    svg.rect(left, top, width - 1.0, height - 1.0, &fill);
    let middle = (left + (width - 1.0) / 2.0, top + (height - 1.0) / 2.0);
    let fits = |text: &str, size: f64| font::width(text, size) <= width - 3.0;
    let small = cell.text.as_deref().map(font::visible);
    let small = small.filter(|small| fits(small, SMALL) && height >= VALUE + SMALL + 6.0);
    let shift = if small.is_some() {
        0.5 * SMALL + 1.0
    } else {
        0.0
    };
    if fits(text, VALUE) && height >= VALUE + 3.0 {
        let at = (middle.0, middle.1 + 0.36 * VALUE - shift);
        svg.text(at, text, VALUE, ink, Anchor::Middle);
    }
    if let Some(small) = small {
        let at = (middle.0, middle.1 + 0.36 * SMALL + 0.5 * VALUE + 1.0);
        svg.text(at, &small, SMALL, ink, Anchor::Middle);
    }
}

/// From values to colours.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(matrix: &Matrix) -> Self {
        let rows = matrix.panels.iter().flat_map(|(_, rows)| rows);
        let found = || extent(rows.flatten().map(|cell| cell.value));
        let given = matrix
            .range
            .filter(|(low, high)| low.is_finite() && high.is_finite() && low < high);
        let (low, high) = given.or_else(found).unwrap_or((0.0, 1.0));
        if low < 0.0 && high > 0.0 {
            let most = high.max(-low);
            return Self {
                low: -most,
                high: most,
            };
        }
        Self { low, high }
    }

    fn two_sided(&self) -> bool {
        self.low < 0.0 && self.high > 0.0
    }

    fn share(&self, value: f64) -> f64 {
        match self.high > self.low {
            true => (value - self.low) / (self.high - self.low),
            false => 0.5,
        }
    }

    fn colour(&self, value: f64) -> Rgb {
        self.of_share(self.share(value))
    }

    fn of_share(&self, share: f64) -> Rgb {
        match self.two_sided() {
            true => colour::two_sided(share),
            false => colour::ramp(share),
        }
    }

    /// Draws what the colours mean, where there is more than one; returns where it ends.
    fn draw(&self, svg: &mut Svg, title: &str, at: (f64, f64), layout: &Layout) -> f64 {
        if self.high <= self.low {
            return at.1;
        }
        let height = layout
            .table()
            .1
            .clamp(colour_bar::LEAST_HEIGHT, colour_bar::HEIGHT);
        let ticks = ticks::linear(self.low, self.high, (height / 20.0) as usize);
        let marks = ticks
            .into_iter()
            .map(|(value, text)| (self.share(value), text));
        let marks: Vec<(f64, String)> = marks.collect();
        colour_bar::draw(svg, title, &marks, |share| self.of_share(share), at, height)
    }
}

fn csv(matrix: &Matrix) -> String {
    let mut csv = String::from("panel,row,column,value,text\n");
    let name = |names: &[String], index: usize| {
        let name = names.get(index).filter(|name| !name.is_empty());
        name.map_or_else(|| (index + 1).to_string(), |name| field(name))
    };
    let titles: Vec<String> = matrix
        .panels
        .iter()
        .map(|(title, _)| title.clone())
        .collect();
    for (index, (_, rows)) in matrix.panels.iter().enumerate() {
        let title = name(&titles, index);
        for (row, cells) in rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (row, column) = (name(&matrix.rows, row), name(&matrix.columns, column));
                let text = cell.text.as_deref().map(field).unwrap_or_default();
                let _ = writeln!(csv, "{title},{row},{column},{},{text}", cell.value);
            }
        }
    }
    csv
}
