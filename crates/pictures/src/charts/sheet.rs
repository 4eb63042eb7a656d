//! Rows of images with names: originals, noisy ones, outputs and the like.

use crate::{
    Figure, Tile,
    export::{
        csv::field,
        numbers::Numbers,
        svg::{Anchor, Svg, number, push_number},
    },
    layout::{
        font,
        theme::{FRAME, INK, LABEL, MARGIN, SOFT_INK, TICK},
    },
    marks::tile::{self, whole_scale},
};

/// Named rows of tiles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Title of the figure; may be empty.
    pub title: String,
    /// Name and tiles of each row; `None` leaves its place empty.
    pub rows: Vec<(String, Vec<Option<Tile>>)>,
    /// Text above each column, in two lines or in smaller type where it is wide; may be empty.
    pub captions: Vec<String>,
    /// Short text under a tile, such as ✓ or ✗, `[row][column]`; may be empty. One that begins with ✗ is red. It may have
    /// several lines, such as `9, not 4` over `97 %`; a line wider than its column is broken at blanks.
    pub marks: Vec<Vec<Option<String>>>,
    /// Columns in a block: what is longer continues in a block below, row names repeated. 0: no wrapping.
    pub wrap: usize,
    /// What the marks mean, in a small text under the sheet; may be empty.
    pub key: String,
    /// Longest side of a tile, in units. 0: 84, or 56 where a block has more than 8 columns.
    pub tile: f64,
}

const WIDEST: f64 = 880.0;
const LONGEST_NAME: f64 = 130.0;
/// No column is wider than this for a text.
const LONGEST_CAPTION: f64 = 84.0;
/// Type size of captions that do not fit two lines of the usual one.
const SMALL_CAPTION: f64 = 9.0;
const GAP: f64 = 6.0;
const MARK: f64 = 10.0;
/// From one line of a mark to the next.
const MARK_LINE: f64 = MARK + 2.0;
const WRONG: &str = "#bd1f01";

/// Draws rows of tiles; every source pixel is a sharp square.
/// The CSV is `row,column,caption,y,x,channel,value`.
pub fn sheet(sheet: &Sheet) -> Figure {
    let layout = Layout::of(sheet);
    let mut svg = Svg::default();
    let mut y = svg.heading(&sheet.title, None, layout.width) + 4.0;
    let mut frames = String::new();
    for start in (0..layout.columns).step_by(layout.block) {
        let columns = start..(start + layout.block).min(layout.columns);
        y = draw_block(&mut svg, &mut frames, sheet, &layout, columns, y);
    }
    // A hair line around each tile shows where white paper ends; one path for all.
    svg.raw(&format!(
        r#"<path d="{frames}" fill="{FRAME}" fill-rule="evenodd"/>"#
    ));
    let bottom = draw_key(&mut svg, &sheet.key, y - GAP, layout.width);
    let least = table(sheet)
        .map(|(start, tile)| tile.least_rows(&start))
        .sum();
    let kept = sheet.clone();
    Figure::new(
        svg,
        Numbers::later(least, move || csv(&kept)),
        (layout.width, bottom + MARGIN),
    )
}

/// What the marks mean; returns where the figure ends.
fn draw_key(svg: &mut Svg, key: &str, mut y: f64, width: f64) -> f64 {
    if key.is_empty() {
        return y;
    }
    y += 2.0;
    for line in font::lines(key, MARK, width - 2.0 * MARGIN, 4) {
        y += MARK_LINE;
        svg.text((MARGIN, y), &line, MARK, SOFT_INK, Anchor::Start);
    }
    y
}

/// Sizes that all blocks share.
struct Layout {
    columns: usize,
    block: usize,
    scale: f64,
    /// Height of the highest tile, scaled.
    tile_height: f64,
    column_width: f64,
    names_width: f64,
    width: f64,
    /// The lines of each caption and their type size.
    captions: Vec<(Vec<String>, f64)>,
}

impl Layout {
    fn of(sheet: &Sheet) -> Self {
        let columns = sheet
            .rows
            .iter()
            .map(|(_, tiles)| tiles.len())
            .max()
            .unwrap_or(0);
        let block = match sheet.wrap {
            0 => columns.max(1),
            wrap => wrap.min(columns.max(1)),
        };
        let tiles = || sheet.rows.iter().flat_map(|(_, tiles)| tiles).flatten();
        let tile_width = tiles().map(|tile| tile.width).max().unwrap_or(0).max(1) as f64;
        let tile_height = tiles().map(|tile| tile.height).max().unwrap_or(0).max(1) as f64;
        let names = sheet
            .rows
            .iter()
            .map(|(name, _)| font::width(&font::visible(name), LABEL));
        let names_width = match names.fold(0.0, f64::max) {
            0.0 => 0.0,
            width => width.min(LONGEST_NAME).ceil() + 10.0,
        };
        let room = (WIDEST - names_width) / block as f64 - GAP;
        let side = match sheet.tile {
            side if side > 0.0 => side,
            _ if block <= 8 => 84.0,
            _ => 56.0,
        };
        let longer = tile_height.max(tile_width);
        let side = tile::room(side, longer);
        // A column that is wide for the sake of its texts has a tile that fills it.
        let texts = texts_width(sheet).min(LONGEST_CAPTION).min(room);
        let side = side.max(texts * longer / tile_width);
        let scale = sheet_scale((side / longer).min(room / tile_width), sheet.tile);
        let column_width = (tile_width * scale).max(texts).ceil() + GAP;
        let captions = sheet.captions.iter();
        let captions = captions.map(|text| caption_lines(text, column_width - 2.0));
        let width = 2.0 * MARGIN + names_width + column_width * block as f64;
        Self {
            columns,
            block,
            scale,
            tile_height: (tile_height * scale).ceil(),
            column_width,
            names_width,
            captions: captions.collect(),
            // A title should not be cut because the tiles under it are few.
            width: width.max(
                (font::width(&sheet.title, crate::layout::theme::TITLE) + 2.0 * MARGIN).min(480.0),
            ),
        }
    }

    fn left(&self, place: usize) -> f64 {
        MARGIN + self.names_width + place as f64 * self.column_width
    }
}

/// Units a pixel where `most` would fill the room. A still sheet may have one and a half, three pixels of the PNG; a frame of a film, whose
/// tiles have a size of their own, has whole ones.
fn sheet_scale(most: f64, own_size: f64) -> f64 {
    match whole_scale(most) {
        1.0 if most >= 1.5 && own_size == 0.0 => 1.5,
        scale => scale,
    }
}

/// Width of the widest text that should not be broken: a word of a caption, or a line of a mark.
fn texts_width(sheet: &Sheet) -> f64 {
    let words = sheet.captions.iter().flat_map(|text| text.split(' '));
    let words = words.map(|word| font::width(&font::visible(word), TICK));
    let marks = sheet.marks.iter().flatten().flatten();
    let lines = marks.flat_map(|text| text.split('\n'));
    let lines = lines.map(|text| font::width(&font::visible(text), MARK));
    // Captions are drawn with a little air at both sides.
    words.chain(lines).fold(0.0, f64::max) + 2.0
}

/// A caption in two lines, or, where that is not enough, in three of smaller type.
fn caption_lines(caption: &str, room: f64) -> (Vec<String>, f64) {
    let lines = font::lines(caption, TICK, room, 3);
    match lines.len() {
        0..=2 => (lines, TICK),
        _ => (font::lines(caption, SMALL_CAPTION, room, 3), SMALL_CAPTION),
    }
}

/// The captions of a block, on the tiles under them; returns the height they took.
fn draw_captions(
    svg: &mut Svg,
    captions: &[(Vec<String>, f64)],
    y: f64,
    middle: impl Fn(usize) -> f64,
) -> f64 {
    if captions.iter().all(|(lines, _)| lines.concat().is_empty()) {
        return 0.0;
    }
    let pitch = |size: f64| size + 2.0;
    let heights = captions.iter();
    let heights = heights.map(|(lines, size)| size + (lines.len() - 1) as f64 * pitch(*size));
    let height = heights.fold(TICK, f64::max);
    for (place, (lines, size)) in captions.iter().enumerate() {
        for (index, line) in lines.iter().rev().enumerate() {
            let at = (middle(place), y + height - index as f64 * pitch(*size));
            svg.text(at, line, *size, SOFT_INK, Anchor::Middle);
        }
    }
    height + GAP
}

/// Draws one block of columns from `y` on; returns where the next begins.
fn draw_block(
    svg: &mut Svg,
    frames: &mut String,
    sheet: &Sheet,
    layout: &Layout,
    columns: std::ops::Range<usize>,
    mut y: f64,
) -> f64 {
    let room = layout.column_width - 2.0;
    let middle = |place: usize| layout.left(place) + (layout.column_width - GAP) / 2.0;
    let captions = layout.captions.get(columns.clone());
    let captions = captions.or_else(|| layout.captions.get(columns.start..));
    y += draw_captions(svg, captions.unwrap_or_default(), y, middle);
    for (row, (name, tiles)) in sheet.rows.iter().enumerate() {
        let name = font::fit(name, LABEL, LONGEST_NAME);
        let at = (
            MARGIN + layout.names_width - 10.0,
            y + layout.tile_height / 2.0 + 4.0,
        );
        svg.text(at, &name, LABEL, INK, Anchor::End);
        for (place, column) in columns.clone().enumerate() {
            let Some(Some(tile)) = tiles.get(column) else {
                continue;
            };
            let (width, height) = tile.size(layout.scale);
            let x = (middle(place) - width / 2.0).round();
            let top = (y + (layout.tile_height - height) / 2.0).round();
            tile.draw(svg, (x, top), layout.scale);
            outline(frames, (x, top), (width, height));
        }
        y += layout.tile_height + GAP;
        y += draw_marks(svg, sheet.marks.get(row), &columns, (room, y - 3.0), middle);
    }
    y + GAP
}

/// Texts under the tiles of a row; returns the height they took.
fn draw_marks(
    svg: &mut Svg,
    marks: Option<&Vec<Option<String>>>,
    columns: &std::ops::Range<usize>,
    (room, y): (f64, f64),
    middle: impl Fn(usize) -> f64,
) -> f64 {
    let Some(marks) = marks.filter(|marks| marks.iter().any(Option::is_some)) else {
        return 0.0;
    };
    let mut most = 1;
    for (place, column) in columns.clone().enumerate() {
        let Some(Some(mark)) = marks.get(column) else {
            continue;
        };
        let ink = if mark.starts_with('✗') {
            WRONG
        } else {
            SOFT_INK
        };
        let lines = mark_lines(mark, room);
        for (index, line) in lines.iter().enumerate() {
            let at = (middle(place), y + MARK - 1.0 + index as f64 * MARK_LINE);
            svg.text(at, line, MARK, ink, Anchor::Middle);
        }
        most = most.max(lines.len());
    }
    MARK + 4.0 + (most - 1) as f64 * MARK_LINE
}

/// The lines of a mark, none wider than `room`.
fn mark_lines(mark: &str, room: f64) -> Vec<String> {
    let lines = |line| font::lines(line, MARK, room, 4);
    mark.split('\n').flat_map(lines).collect()
}

/// A line of half a unit around a tile, as an area: a stroke so thin would bleed into the tile's own pixels.
fn outline(path: &mut String, (x, y): (f64, f64), (width, height): (f64, f64)) {
    for grown in [0.5, 0.0] {
        path.push('M');
        push_number(path, x - grown);
        path.push(' ');
        push_number(path, y - grown);
        let width = number(width + 2.0 * grown);
        let height = number(height + 2.0 * grown);
        path.push_str(&format!("h{width}v{height}h-{width}z"));
    }
}

fn csv(sheet: &Sheet) -> String {
    let mut csv = String::from("row,column,caption,y,x,channel,value\n");
    table(sheet).for_each(|(start, tile)| tile.rows(&mut csv, &start));
    csv
}

/// Each tile with how its rows begin in the CSV.
fn table(sheet: &Sheet) -> impl Iterator<Item = (String, &Tile)> {
    let caption = |column: usize| sheet.captions.get(column).map(|text| field(text));
    sheet.rows.iter().flat_map(move |(name, tiles)| {
        let there = tiles.iter().enumerate();
        there.filter_map(move |(column, tile)| {
            let caption = caption(column).unwrap_or_default();
            Some((
                format!("{},{column},{caption}", field(name)),
                tile.as_ref()?,
            ))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_sheet_may_have_three_png_pixels_a_pixel() {
        let still = [1.4, 1.5, 1.75, 2.2].map(|most| sheet_scale(most, 0.0));
        assert_eq!(still, [1.0, 1.5, 1.5, 2.0]);
        assert_eq!(sheet_scale(1.75, 56.0), 1.0);
    }
}
