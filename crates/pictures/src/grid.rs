//! What a decoder makes of a plane of codes.

use crate::{
    Figure, Tile, font,
    svg::{Anchor, Svg},
    theme::{AXIS, LABEL, MARGIN, SOFT_INK, TICK},
    ticks,
    tile::{self, whole_scale},
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
}

/// A grid is at most this wide and this high, without its axes.
const LARGEST: f64 = 600.0;
const LARGEST_TILE: f64 = 84.0;
const SEPARATOR: &str = "#d4d4d4";

/// Draws decoded tiles at the places of their codes.
/// The CSV is `row,column,x_value,y_value,y,x,channel,value`.
pub fn grid(g: &Grid) -> Figure {
    let (columns, rows) = (g.xs.len(), g.ys.len());
    let tile_width = g
        .tiles
        .iter()
        .map(|tile| tile.width)
        .max()
        .unwrap_or(0)
        .max(1) as f64;
    let tile_height = g
        .tiles
        .iter()
        .map(|tile| tile.height)
        .max()
        .unwrap_or(0)
        .max(1) as f64;
    // Ink may reach the edge of its tile, and then letters would run together: half a pixel of paper all round keeps them
    // apart.
    let paper = if g.tiles.iter().any(|tile| tile.ink) {
        0.5
    } else {
        0.0
    };
    let most = tile::room(LARGEST_TILE, tile_width.max(tile_height));
    let largest =
        |count: usize, side: f64| (LARGEST / count.max(1) as f64).min(most) / (side + 2.0 * paper);
    let scale = whole_scale(largest(columns, tile_width).min(largest(rows, tile_height)));
    // One unit between tiles is the separator.
    let border = (paper * scale).ceil();
    let pitch = (
        (tile_width * scale).ceil() + 2.0 * border + 1.0,
        (tile_height * scale).ceil() + 2.0 * border + 1.0,
    );
    let size = (pitch.0 * columns as f64 + 1.0, pitch.1 * rows as f64 + 1.0);

    let (x_texts, y_texts) = (texts(&g.xs), texts(&g.ys));
    let widest = |texts: &[String]| {
        texts
            .iter()
            .map(|text| font::width(text, TICK))
            .fold(0.0, f64::max)
    };
    let label_room = if g.y_label.is_empty() {
        0.0
    } else {
        LABEL + 8.0
    };
    let left = (MARGIN + label_room + widest(&y_texts) + 8.0).ceil();
    let right_margin = MARGIN.max(widest(&x_texts) / 2.0 - pitch.0 / 2.0 + 4.0);
    let title_width = font::width(&g.title, crate::theme::TITLE) + 2.0 * MARGIN;
    let width = (left + size.0 + right_margin)
        .max(title_width.min(480.0))
        .ceil();

    let mut svg = Svg::default();
    let top = svg.heading(&g.title, g.note.as_deref(), width) + 2.0;
    svg.rect(left, top, size.0, size.1, SEPARATOR);
    for (index, tile) in g.tiles.iter().take(columns * rows).enumerate() {
        let (row, column) = (index / columns, index % columns);
        let at = (
            left + 1.0 + column as f64 * pitch.0,
            top + 1.0 + row as f64 * pitch.1,
        );
        if border > 0.0 {
            svg.rect(at.0, at.1, pitch.0 - 1.0, pitch.1 - 1.0, "#ffffff");
        }
        tile.draw(&mut svg, (at.0 + border, at.1 + border), scale);
    }
    let bottom = top + size.1;
    draw_x_values(
        &mut svg,
        &x_texts,
        (left, bottom),
        pitch.0,
        widest(&x_texts),
    );
    draw_y_values(&mut svg, &y_texts, (left, top), pitch.1);
    if !g.y_label.is_empty() {
        let label = font::fit(&g.y_label, LABEL, size.1.max(60.0));
        let at = (MARGIN + LABEL * 0.8, top + size.1 / 2.0);
        svg.upward_text(at, &label, LABEL, SOFT_INK);
    }
    let label = font::fit(&g.x_label, LABEL, size.0.max(60.0));
    let at = (left + size.0 / 2.0, bottom + 34.0);
    svg.text(at, &label, LABEL, SOFT_INK, Anchor::Middle);
    let under = if g.x_label.is_empty() { 20.0 } else { 38.0 };
    Figure::new(svg, csv(g), (width, bottom + under + MARGIN / 2.0))
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

fn csv(g: &Grid) -> String {
    let mut csv = String::from("row,column,x_value,y_value,y,x,channel,value\n");
    let columns = g.xs.len();
    for (index, tile) in g.tiles.iter().take(columns * g.ys.len()).enumerate() {
        let (row, column) = (index / columns, index % columns);
        tile.rows(
            &mut csv,
            &format!("{row},{column},{},{}", g.xs[column], g.ys[row]),
        );
    }
    csv
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
