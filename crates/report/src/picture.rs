//! Pictures as PNG within the page.

use crate::escape::escaped;
use crate::numbers::base64;

/// A picture of numbers in [0, 1], `[channels, height, width]`, of one channel or three.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// 1 or 3.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// The values.
    pub values: Vec<f32>,
    /// Whether it is drawn dark on light paper.
    pub ink: bool,
}

impl Picture {
    /// The bytes of a PNG file; several pictures of one shape below each other, a line of background between them.
    pub fn png(stack: &[Self]) -> Vec<u8> {
        let Some(first) = stack.first() else {
            return Vec::new();
        };
        let gap = 1 + first.height / 28;
        let (width, height) = (first.width, stack.len() * (first.height + gap) - gap);
        let mut pixels = vec![0u8; width * height * 4];
        for (place, picture) in stack.iter().enumerate() {
            let top = place * (first.height + gap);
            for at in 0..picture.height * picture.width {
                let into = 4 * ((top + at / width) * width + at % width);
                let colour = [0, 1, 2].map(|channel| picture.byte(channel, at));
                pixels[into..into + 3].copy_from_slice(&colour);
                pixels[into + 3] = 255;
            }
        }
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder
            .write_header()
            .expect("a vector takes what is written");
        writer
            .write_image_data(&pixels)
            .expect("as many bytes as there are pixels");
        drop(writer);
        bytes
    }

    fn byte(&self, channel: usize, at: usize) -> u8 {
        let area = self.height * self.width;
        let channel = if self.channels == 3 { channel } else { 0 };
        let value = self.values.get(channel * area + at).copied().unwrap_or(0.0);
        let value = value.clamp(0.0, 1.0) * 255.0;
        if self.ink {
            (255.0 - 0.92 * value).round() as u8
        } else {
            value.round() as u8
        }
    }
}

/// An image within the page with what it shows; `kind` is that of its file, as `png`.
pub fn image(kind: &str, bytes: &[u8], (width, height): (usize, usize), what: &str) -> String {
    let what = escaped(what);
    format!(
        "<figure><img width=\"{width}\" height=\"{height}\" alt=\"{what}\" src=\"data:image/{kind};base64,{}\"><figcaption>{what}</figcaption></figure>\n",
        base64(bytes)
    )
}
