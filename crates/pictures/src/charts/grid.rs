//! What a decoder makes of a plane of codes.

use crate::{
    Figure, Tile,
    export::{
        numbers::Numbers,
        svg::{Anchor, Svg, number},
    },
    layout::{
        font,
        theme::{AXIS, LABEL, MARGIN, MARK, SOFT_INK, TICK},
        ticks,
    },
    marks::{
        mark_legend::{self, Key, Swatch},
        tile::{self, whole_scale},
    },
};

/// Tiles on a plane, with the values along both axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Name of the horizontal axis.
    pub x_label: String,
    /// Name of the vertical axis.
    pub y_label: String,
    /// Value of each column, from left to right.
    pub xs: Vec<f64>,
    /// Value of each row, from top to bottom.
    pub ys: Vec<f64>,
    /// Row-major, `ys.len()` rows of `xs.len()` tiles.
    pub tiles: Vec<Tile>,
    /// Small line under the title.
    pub note: Option<String>,
    /// Which tiles have a coloured frame, in the order of the tiles; may be empty.
    pub marks: Vec<bool>,
    /// What a frame means, over the tiles; not explained where it is empty.
    pub mark_name: String,
}

/// A grid is at most this wide and this high, without its axes.
const LARGEST: f64 = 600.0;
const LARGEST_TILE: f64 = 84.0;
const SEPARATOR: &str = "#d4d4d4";

/// Draws decoded tiles at the places of their codes.
/// The CSV is `row,column,x_value,y_value,y,x,channel,value`, with a column `marked` (0 or 1) after `y_value` where there
/// are marks.
pub fn grid(grid: &Grid) -> Figure {
    let (x_texts, y_texts) = (texts(&grid.xs), texts(&grid.ys));
    let layout = Layout::of(grid);
    let (pitch, size) = (layout.pitch, layout.size);
    let label_room = if grid.y_label.is_empty() {
        0.0
    } else {
        LABEL + 8.0
    };
    let left = (MARGIN + label_room + widest(&y_texts) + 8.0).ceil();
    let right_margin = MARGIN.max(widest(&x_texts) / 2.0 - pitch.0 / 2.0 + 4.0);
    let title_width = font::width(&grid.title, crate::layout::theme::TITLE) + 2.0 * MARGIN;
    let key_width = mark_name(grid).map_or(0.0, mark_legend::entry_width) + 2.0 * MARGIN;
    let width = (left + size.0 + right_margin)
        .max(title_width.min(480.0))
        .max(key_width)
        .ceil();

    let mut svg = Svg::default();
    let entry = |name: &str| (Swatch::Ring(MARK), name.to_owned());
    let entries = mark_name(grid).map(entry).into_iter().collect();
    let key = Key::of(entries, width - 2.0 * MARGIN);
    let top = svg.heading(&grid.title, grid.note.as_deref(), width) + 2.0;
    key.draw(&mut svg, (MARGIN, top + 2.0));
    let top = top + key.height();
    draw_tiles(&mut svg, grid, &layout, (left, top));
    let bottom = top + size.1;
    let room = widest(&x_texts);
    draw_x_values(&mut svg, &x_texts, (left, bottom), pitch.0, room);
    draw_y_values(&mut svg, &y_texts, (left, top), pitch.1);
    if !grid.y_label.is_empty() {
        let label = font::fit(&grid.y_label, LABEL, size.1.max(60.0));
        let at = (MARGIN + LABEL * 0.8, top + size.1 / 2.0);
        svg.upward_text(at, &label, LABEL, SOFT_INK);
    }
    let label = font::fit(&grid.x_label, LABEL, size.0.max(60.0));
    let at = (left + size.0 / 2.0, bottom + 34.0);
    svg.text(at, &label, LABEL, SOFT_INK, Anchor::Middle);
    let under = if grid.x_label.is_empty() { 20.0 } else { 38.0 };
    Figure::new(svg, numbers(grid), (width, bottom + under + MARGIN / 2.0))
}

fn widest(texts: &[String]) -> f64 {
    let widths = texts.iter().map(|text| font::width(text, TICK));
    widths.fold(0.0, f64::max)
}

/// What a frame means, where there is one and it is told.
fn mark_name(grid: &Grid) -> Option<&str> {
    let told = grid.marks.contains(&true) && !grid.mark_name.is_empty();
    told.then_some(grid.mark_name.as_str())
}

/// Sizes of the tiles and of all of them.
struct Layout {
    /// Units a pixel.
    scale: f64,
    /// Paper around each tile.
    border: f64,
    /// From one tile to the next.
    pitch: (f64, f64),
    /// Width and height of the whole grid.
    size: (f64, f64),
}

impl Layout {
    fn of(grid: &Grid) -> Self {
        let longest = |side: fn(&Tile) -> usize| {
            let sides = grid.tiles.iter().map(side);
            sides.max().unwrap_or(0).max(1) as f64
        };
        let (tile_width, tile_height) = (longest(|tile| tile.width), longest(|tile| tile.height));
        // Ink may reach the edge of its tile, and then letters would run together: half a pixel of paper all round keeps
        // them apart.
        let paper = if grid.tiles.iter().any(|tile| tile.ink) {
            0.5
        } else {
            0.0
        };
        let most = tile::room(LARGEST_TILE, tile_width.max(tile_height));
        let largest = |count: usize, side: f64| {
            (LARGEST / count.max(1) as f64).min(most) / (side + 2.0 * paper)
        };
        let (columns, rows) = (grid.xs.len(), grid.ys.len());
        let scale = whole_scale(largest(columns, tile_width).min(largest(rows, tile_height)));
        // Frames stand on paper, whatever the tiles are.
        let least = if grid.marks.contains(&true) { 2.0 } else { 0.0 };
        let border = (paper * scale).ceil().max(least);
        // One unit between tiles is the separator.
        let pitch = (
            (tile_width * scale).ceil() + 2.0 * border + 1.0,
            (tile_height * scale).ceil() + 2.0 * border + 1.0,
        );
        Self {
            scale,
            border,
            pitch,
            size: (pitch.0 * columns as f64 + 1.0, pitch.1 * rows as f64 + 1.0),
        }
    }
}

/// Draws the tiles on their paper, the separators, and the frames of marked tiles.
fn draw_tiles(svg: &mut Svg, grid: &Grid, layout: &Layout, (left, top): (f64, f64)) {
    let (columns, rows) = (grid.xs.len(), grid.ys.len());
    let (pitch, border) = (layout.pitch, layout.border);
    svg.rect(left, top, layout.size.0, layout.size.1, SEPARATOR);
    let mut frames = String::new();
    for (index, tile) in grid.tiles.iter().take(columns * rows).enumerate() {
        let (row, column) = (index / columns, index % columns);
        let at = (
            left + 1.0 + column as f64 * pitch.0,
            top + 1.0 + row as f64 * pitch.1,
        );
        if border > 0.0 {
            svg.rect(at.0, at.1, pitch.0 - 1.0, pitch.1 - 1.0, "#ffffff");
        }
        tile.draw(svg, (at.0 + border, at.1 + border), layout.scale);
        if grid.marks.get(index) == Some(&true) {
            frame(&mut frames, (at.0 - 1.0, at.1 - 1.0), pitch);
        }
    }
    if !frames.is_empty() {
        svg.raw(&format!(r#"<path d="{frames}" fill="{MARK}"/>"#));
    }
}

/// The values of an axis with as many decimals as tell neighbours apart, three at most.
fn texts(values: &[f64]) -> Vec<String> {
    let steps = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let least = steps
        .filter(|step| *step > 0.0)
        .fold(f64::INFINITY, f64::min);
    let exact = |decimals: usize| {
        let unit = 10f64.powi(decimals as i32);
        values
            .iter()
            .all(|value| (value * unit - (value * unit).round()).abs() < 1e-6)
    };
    let needed = (0..3).find(|decimals| exact(*decimals)).unwrap_or(3);
    let apart = if least.is_finite() {
        (1.0 - least.log10()).ceil().clamp(0.0, 3.0)
    } else {
        2.0
    };
    let decimals = needed.min(apart as usize);
    let write = |value: &f64| match value.abs() {
        size if size < 1e5 => ticks::plain(*value, decimals),
        _ => ticks::short(*value),
    };
    values.iter().map(write).collect()
}

/// Every how many places a text stands so that none touches the next; a middle one of an odd number is kept.
fn stride(count: usize, pitch: f64, room: f64) -> (usize, usize) {
    let stride = (room / pitch).ceil().max(1.0) as usize;
    (stride, (count / 2) % stride)
}

fn draw_x_values(
    svg: &mut Svg,
    texts: &[String],
    (left, bottom): (f64, f64),
    pitch: f64,
    widest: f64,
) {
    let (stride, first) = stride(texts.len(), pitch, widest + 8.0);
    for (column, text) in texts.iter().enumerate().skip(first).step_by(stride) {
        let x = left + 0.5 + (column as f64 + 0.5) * pitch;
        svg.line([(x, bottom), (x, bottom + 4.0)], AXIS, 1.0, "");
        let at = (x, bottom + 6.0 + TICK * 0.75);
        svg.text(at, text, TICK, SOFT_INK, Anchor::Middle);
    }
}

fn draw_y_values(svg: &mut Svg, texts: &[String], (left, top): (f64, f64), pitch: f64) {
    let (stride, first) = stride(texts.len(), pitch, TICK + 5.0);
    for (row, text) in texts.iter().enumerate().skip(first).step_by(stride) {
        let y = top + 0.5 + (row as f64 + 0.5) * pitch;
        svg.line([(left - 4.0, y), (left, y)], AXIS, 1.0, "");
        svg.text(
            (left - 7.0, y + 0.36 * TICK),
            text,
            TICK,
            SOFT_INK,
            Anchor::End,
        );
    }
}

/// Adds the frame of a tile, as an area of two units: the lines around it and one unit of paper within them.
fn frame(frames: &mut String, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let [x, y, outer_width, outer_height] = [left, top, width + 1.0, height + 1.0].map(number);
    frames.push_str(&format!(
        "M{x} {y}h{outer_width}v{outer_height}h-{outer_width}z"
    ));
    // The hole goes round the other way, so that frames may share lines.
    let [x, y, inner_width, inner_height] =
        [left + 2.0, top + 2.0, width - 3.0, height - 3.0].map(number);
    frames.push_str(&format!(
        "M{x} {y}v{inner_height}h{inner_width}v-{inner_height}z"
    ));
}

fn numbers(grid: &Grid) -> Numbers {
    let least = table(grid)
        .map(|(start, tile)| tile.least_rows(&start))
        .sum();
    let grid = grid.clone();
    Numbers::later(least, move || csv(&grid))
}

fn csv(grid: &Grid) -> String {
    let marked = grid.marks.contains(&true);
    let mut csv = String::from("row,column,x_value,y_value,");
    csv.push_str(if marked { "marked," } else { "" });
    csv.push_str("y,x,channel,value\n");
    table(grid).for_each(|(start, tile)| tile.rows(&mut csv, &start));
    csv
}

/// Each tile with how its rows begin in the CSV.
fn table(grid: &Grid) -> impl Iterator<Item = (String, &Tile)> {
    let (columns, marked) = (grid.xs.len(), grid.marks.contains(&true));
    let tiles = grid.tiles.iter().take(columns * grid.ys.len()).enumerate();
    tiles.map(move |(index, tile)| {
        let (row, column) = (index / columns, index % columns);
        let mark = match (marked, grid.marks.get(index)) {
            (false, _) => "",
            (true, Some(true)) => ",1",
            (true, _) => ",0",
        };
        let start = format!("{row},{column},{},{}{mark}", grid.xs[column], grid.ys[row]);
        (start, tile)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_decimals_they_need() {
        assert_eq!(texts(&[-3.0, 0.0, 3.0]), ["−3", "0", "3"]);
        assert_eq!(texts(&[-1.5, 0.0, 1.5]), ["−1.5", "0.0", "1.5"]);
        assert_eq!(
            texts(&[-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0]),
            ["−1.00", "−0.33", "0.33", "1.00"]
        );
        assert_eq!(texts(&[0.0]), ["0"]);
    }

    #[test]
    fn crowded_values_are_left_out_but_not_the_middle_one() {
        assert_eq!(stride(21, 30.0, 28.0), (1, 0));
        assert_eq!(stride(21, 10.0, 28.0), (3, 1));
    }

    #[test]
    fn csv_has_a_row_a_pixel() {
        let tile = Tile {
            pixels: vec![0.5, 1.0],
            channels: 1,
            height: 1,
            width: 2,
            ink: true,
        };
        let g = Grid {
            xs: vec![-1.0, 1.0],
            ys: vec![0.5],
            tiles: vec![tile.clone(), tile],
            ..Grid::default()
        };
        let expected = "row,column,x_value,y_value,y,x,channel,value\n\
            0,0,-1,0.5,0,0,0,0.5\n0,0,-1,0.5,0,1,0,1\n0,1,1,0.5,0,0,0,0.5\n0,1,1,0.5,0,1,0,1\n";
        assert_eq!(grid(&g).csv(), expected);
    }
}
