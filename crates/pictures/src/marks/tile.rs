//! One small image inside a figure.

use std::fmt::Write as _;

use crate::export::{
    raster::{self, Compression, Raster},
    svg::{Svg, push_number},
};

/// One image with values in \[0, 1\]; values beyond are clamped when drawn, missing ones are 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tile {
    /// Row-major `[channels, height, width]`.
    pub pixels: Vec<f32>,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// For one channel: whether 1 is dark ink on white paper; otherwise 1 is white on black.
    pub ink: bool,
}

/// Two-valued tiles of at most this many pixels are drawn as rectangles, which is smaller than any PNG.
const FEW_PIXELS: usize = 256;
/// A source pixel is never drawn smaller than this, in SVG units; larger tiles are averaged down first.
const FINEST: f64 = 0.5;
/// No image takes more room than this only because it has many pixels.
const LARGEST: f64 = 168.0;
/// Bytes of a tile that is packed without much ado.
const SMALL: usize = 1 << 12;

impl Tile {
    /// The value drawn at `[channel, y, x]`.
    fn value(&self, channel: usize, y: usize, x: usize) -> f32 {
        let index = (channel * self.height + y) * self.width + x;
        let value = self.pixels.get(index).copied().unwrap_or(0.0);
        if value.is_nan() {
            0.0
        } else {
            value.clamp(0.0, 1.0)
        }
    }

    /// Draws the tile with its upper left corner at `(x, y)`, `scale` units a pixel.
    pub(crate) fn draw(&self, svg: &mut Svg, (x, y): (f64, f64), scale: f64) {
        if self.width == 0 || self.height == 0 {
            return;
        }
        if scale >= 1.0 && self.two_valued() {
            return self.draw_ink(svg, (x, y), scale);
        }
        let raster = self.raster(step(scale));
        // A small one is packed sooner than tables of repetitions are set up.
        let compression = match raster.bytes.len() < SMALL {
            true => Compression::Fast,
            false => Compression::Balanced,
        };
        // Encoding bytes in memory fails for no tile that fits there.
        if let Ok(png) = raster::encode(&raster, compression) {
            svg.image((x, y), self.size(scale), &png, true);
        }
    }

    /// Width and height of the drawn tile, which ends with a whole square of averaged pixels.
    pub(crate) fn size(&self, scale: f64) -> (f64, f64) {
        let step = step(scale);
        let side = |pixels: usize| (pixels.div_ceil(step) * step) as f64 * scale;
        (side(self.width), side(self.height))
    }

    fn two_valued(&self) -> bool {
        let few = self.width * self.height <= FEW_PIXELS;
        let full = self.pixels.len() == self.width * self.height;
        let extreme = |value: &f32| *value == 0.0 || *value == 1.0;
        self.channels == 1 && few && full && self.pixels.iter().all(extreme)
    }

    /// A rectangle for the paper, and one path with a rectangle for each run of ones.
    fn draw_ink(&self, svg: &mut Svg, (left, top): (f64, f64), scale: f64) {
        let (paper, ink) = if self.ink {
            ("#ffffff", "#000000")
        } else {
            ("#000000", "#ffffff")
        };
        let (width, height) = (self.width as f64 * scale, self.height as f64 * scale);
        svg.rect(left, top, width, height, paper);
        let mut path = String::new();
        for (y, row) in self.pixels.chunks_exact(self.width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run[0] == 1.0 {
                    path.push('M');
                    push_number(&mut path, left + x as f64 * scale);
                    path.push(' ');
                    push_number(&mut path, top + y as f64 * scale);
                    path.push('h');
                    push_number(&mut path, run.len() as f64 * scale);
                    path.push('v');
                    push_number(&mut path, scale);
                    path.push('h');
                    push_number(&mut path, -(run.len() as f64) * scale);
                    path.push('z');
                }
                x += run.len();
            }
        }
        if !path.is_empty() {
            svg.raw(&format!(
                r#"<path d="{path}" fill="{ink}" shape-rendering="crispEdges"/>"#
            ));
        }
    }

    /// Bytes of the tile, each pixel the mean of `step` x `step` values.
    fn raster(&self, step: usize) -> Raster {
        let (width, height) = (self.width.div_ceil(step), self.height.div_ceil(step));
        let channels = if self.channels >= 3 { 3 } else { 1 };
        let mut bytes = Vec::with_capacity(width * height * channels);
        for y in 0..height {
            for x in 0..width {
                for channel in 0..channels {
                    let value = self.mean(channel, (y * step, x * step), step);
                    let light = if self.ink && channels == 1 {
                        1.0 - value
                    } else {
                        value
                    };
                    bytes.push((light * 255.0).round() as u8);
                }
            }
        }
        Raster {
            width: width as u32,
            height: height as u32,
            channels,
            bytes,
        }
    }

    fn mean(&self, channel: usize, (top, left): (usize, usize), step: usize) -> f32 {
        let rows = top..(top + step).min(self.height);
        let columns = left..(left + step).min(self.width);
        let count = (rows.len() * columns.len()) as f32;
        let cells = rows.flat_map(|y| columns.clone().map(move |x| (y, x)));
        cells.map(|(y, x)| self.value(channel, y, x)).sum::<f32>() / count
    }

    /// Bytes that [`rows`](Self::rows) appends at the least: four fields of one letter behind the start of each row.
    pub(crate) fn least_rows(&self, start: &str) -> usize {
        self.pixels.len() * (start.len() + ",0,0,0,0\n".len())
    }

    /// Appends a CSV row `start,y,x,channel,value` for each value.
    pub(crate) fn rows(&self, csv: &mut String, start: &str) {
        let area = self.width * self.height;
        for channel in 0..self.channels {
            // Sheets have a hundred thousand rows: only the value is formatted in each.
            let places = (0..self.width).map(|x| format!(",{x},{channel},"));
            let places: Vec<String> = places.collect();
            for y in 0..self.height {
                let start = format!("{start},{y}");
                let from = channel * area + y * self.width;
                for (value, place) in self.pixels.iter().skip(from).zip(&places) {
                    csv.push_str(&start);
                    csv.push_str(place);
                    match *value {
                        0.0 => csv.push('0'),
                        1.0 => csv.push('1'),
                        value => _ = write!(csv, "{value}"),
                    }
                    csv.push('\n');
                }
            }
        }
    }
}

/// How many pixels of a row become one, at `scale` units a pixel.
fn step(scale: f64) -> usize {
    (FINEST / scale).round().max(1.0) as usize
}

/// The room for a tile whose longer side has so many pixels: the usual one, or, for a large image, enough to show it
/// pixel for pixel in a PNG.
pub(crate) fn room(usual: f64, pixels: f64) -> f64 {
    usual.max((FINEST * pixels).min(LARGEST))
}

/// Units a pixel, where `most` would fill the room: whole, so that every pixel is as large as its neighbour, and rather
/// a little more than `most` than half a unit, which is a PNG pixel. Where not even that fits, a PNG pixel is the mean of
/// a whole square of pixels, so that none is resampled.
pub(crate) fn whole_scale(most: f64) -> f64 {
    match most {
        scale if scale >= 1.0 => scale.floor(),
        scale if scale >= 0.7 => 1.0,
        scale if scale >= FINEST => FINEST,
        scale if scale > 0.0 => FINEST / (FINEST / scale).ceil(),
        _ => FINEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(pixels: &[f32], channels: usize, width: usize, ink: bool) -> Tile {
        let height = pixels.len() / channels / width;
        Tile {
            pixels: pixels.to_vec(),
            channels,
            height,
            width,
            ink,
        }
    }

    #[test]
    fn bytes_are_clamped_and_ink_is_dark() {
        let pixels = [0.0, 0.5, 1.0, 2.0, -1.0, f32::NAN];
        assert_eq!(
            tile(&pixels, 1, 3, false).raster(1).bytes,
            [0, 128, 255, 255, 0, 0]
        );
        assert_eq!(
            tile(&pixels, 1, 3, true).raster(1).bytes,
            [255, 128, 0, 0, 255, 255]
        );
    }

    #[test]
    fn channels_are_interleaved() {
        let pixels = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
        assert_eq!(
            tile(&pixels, 3, 2, true).raster(1).bytes,
            [255, 0, 0, 0, 255, 0]
        );
    }

    #[test]
    fn shrinking_averages() {
        // Means of 0 1 / 1 0 and of the last column, 1 / 0.
        let small = tile(&[0.0, 1.0, 1.0, 1.0, 0.0, 0.0], 1, 3, false).raster(2);
        assert_eq!((small.width, small.height), (2, 1));
        assert_eq!(small.bytes, [128, 128]);
    }

    #[test]
    fn scales_fall_on_whole_pixels() {
        let scales = [3.9, 1.0, 0.8, 0.6, 0.4, 0.26, 0.1, 0.0].map(whole_scale);
        assert_eq!(scales[..4], [3.0, 1.0, 1.0, 0.5]);
        assert_eq!(scales[4..], [0.25, 0.25, 0.1, 0.5]);
        assert_eq!(
            [28.0, 200.0, 900.0].map(|side| room(84.0, side)),
            [84.0, 100.0, 168.0]
        );
    }

    #[test]
    fn a_glyph_is_one_path_of_its_runs() {
        let mut svg = Svg::default();
        tile(&[1.0, 1.0, 0.0, 0.0, 0.0, 1.0], 1, 3, true).draw(&mut svg, (10.0, 20.0), 4.0);
        let text = svg.body();
        assert!(
            text.contains(r##"<path d="M10 20h8v4h-8zM18 24h4v4h-4z" fill="#000000""##),
            "{text}"
        );
    }

    #[test]
    fn csv_keeps_what_the_image_clamps() {
        let mut csv = String::new();
        tile(&[0.25, 2.0], 1, 2, true).rows(&mut csv, "a");
        assert_eq!(csv, "a,0,0,0,0.25\na,0,1,0,2\n");
        let (zeros, mut least) = (tile(&[0.0; 6], 1, 3, true), String::new());
        zeros.rows(&mut least, "a,7");
        assert_eq!(least.len(), zeros.least_rows("a,7"));
    }
}
