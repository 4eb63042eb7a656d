//! Marks by the thousand, as pixels: vectors would make files of megabytes and slow viewers.

use crate::{
    export::{
        raster::{self, Compression, Raster},
        svg::Svg,
    },
    layout::axis::Frame,
    marks::colour::Rgb,
};

/// Pixels a unit, as in a PNG, so that the layer is not resampled there.
const SCALE: f64 = 2.0;

/// Lines that are drawn at a time.
const BAND: usize = 64;

/// One mark: its place on the paper and its colour.
pub(crate) struct Mark {
    pub(crate) at: (f64, f64),
    pub(crate) colour: Rgb,
}

/// Draws half-transparent discs, in their order, as one image that covers `frame`.
pub(crate) fn draw(svg: &mut Svg, marks: &[Mark], radius: f64, alpha: f64, frame: &Frame) {
    let (width, height) = (
        (frame.width() * SCALE) as usize,
        (frame.height() * SCALE) as usize,
    );
    let mut bytes = vec![0; 4 * width * height];
    let mut layer = vec![[0f32; 4]; width * BAND.min(height)];
    // Some lines at a time, whose numbers fit a cache.
    for (band, bytes) in bytes.chunks_mut(4 * width.max(1) * BAND).enumerate() {
        let layer = &mut layer[..bytes.len() / 4];
        layer.fill([0.0; 4]);
        for mark in marks {
            let centre = (
                (mark.at.0 - frame.left) * SCALE,
                (mark.at.1 - frame.top) * SCALE - (band * BAND) as f64,
            );
            stamp(layer, width, centre, radius * SCALE, mark.colour, alpha);
        }
        let (pixels, _) = bytes.as_chunks_mut();
        (pixels.iter_mut().zip(&*layer)).for_each(|(bytes, pixel)| *bytes = straight(pixel));
    }
    let raster = Raster {
        width: width as u32,
        height: height as u32,
        channels: 4,
        bytes,
    };
    // Noise hardly compresses, so trying hard costs much and saves a sixth. Encoding in memory fails for no plot.
    if let Ok(png) = raster::encode(&raster, Compression::Fast) {
        svg.image(
            (frame.left, frame.top),
            (frame.width(), frame.height()),
            &png,
            false,
        );
    }
}

/// Lays one disc with a soft edge over the layer, whose colours are multiplied by their opacity.
fn stamp(
    layer: &mut [[f32; 4]],
    width: usize,
    (x, y): (f64, f64),
    radius: f64,
    colour: Rgb,
    alpha: f64,
) {
    let (reach, height) = (radius + 0.5, layer.len() / width);
    let columns =
        ((x - reach).floor().max(0.0) as usize)..((x + reach).ceil().max(0.0) as usize).min(width);
    let rows =
        ((y - reach).floor().max(0.0) as usize)..((y + reach).ceil().max(0.0) as usize).min(height);
    for row in rows {
        for column in columns.clone() {
            let (across, down) = (column as f64 + 0.5 - x, row as f64 + 0.5 - y);
            let distance = (across * across + down * down).sqrt();
            let opacity = (alpha * (reach - distance).clamp(0.0, 1.0)) as f32;
            let pixel = &mut layer[row * width + column];
            for (old, new) in pixel.iter_mut().zip(colour) {
                *old = *old * (1.0 - opacity) + f32::from(new) * opacity;
            }
            pixel[3] = pixel[3] * (1.0 - opacity) + opacity;
        }
    }
}

/// A pixel as PNG wants it: bytes, colour not multiplied.
fn straight(pixel: &[f32; 4]) -> [u8; 4] {
    let [red, green, blue, alpha] = *pixel;
    if alpha == 0.0 {
        return [0; 4];
    }
    // What is cut off rounds, for none of them is negative.
    let nearest = |value: f32| (value + 0.5) as u8;
    let [red, green, blue] = [red, green, blue].map(|value| nearest(value / alpha));
    [red, green, blue, nearest(alpha * 255.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_covers_its_area_and_keeps_its_colour() {
        let mut layer = vec![[0f32; 4]; 400];
        stamp(&mut layer, 20, (10.0, 10.0), 5.0, [200, 100, 50], 0.5);
        let covered: f32 = layer.iter().map(|pixel| pixel[3]).sum();
        let area = 0.5 * std::f32::consts::PI * 25.0;
        assert!((covered - area).abs() < 0.02 * area, "{covered} {area}");
        assert_eq!(straight(&layer[10 * 20 + 10]), [200, 100, 50, 128]);
        assert_eq!(straight(&layer[0]), [0; 4]);
    }

    #[test]
    fn discs_at_the_edge_are_cut() {
        let mut layer = vec![[0f32; 4]; 16];
        stamp(&mut layer, 4, (-1.0, 3.9), 2.0, [0; 3], 1.0);
        stamp(&mut layer, 4, (400.0, -300.0), 2.0, [0; 3], 1.0);
        assert!(layer[12][3] > 0.0 && layer[3][3] == 0.0);
    }
}
