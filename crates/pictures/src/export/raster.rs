//! Pixels: rendering an SVG, and encoding PNG.

pub(crate) use png::Compression;
use png::DeflateCompression;

use std::sync::{Arc, OnceLock};

use resvg::{
    tiny_skia::{IntSize, Pixmap, Transform},
    usvg::{Options, Tree, fontdb},
};

use crate::{Error, layout::font};

/// Eight-bit pixels, row-major.
#[derive(Debug)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// 1 grey, 3 RGB or 4 RGBA bytes a pixel.
    pub(crate) channels: usize,
    pub(crate) bytes: Vec<u8>,
}

/// The renderer's settings: our font, and no other.
fn options() -> &'static Options<'static> {
    static OPTIONS: OnceLock<Options<'static>> = OnceLock::new();
    OPTIONS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(font::TTF.to_vec());
        fonts.set_sans_serif_family(font::FAMILY);
        Options {
            font_family: font::FAMILY.to_owned(),
            fontdb: Arc::new(fonts),
            ..Options::default()
        }
    })
}

/// Renders an SVG of `width` x `height` units as RGB, with `scale` pixels a unit.
pub(crate) fn render(svg: &str, (width, height): (u32, u32), scale: u32) -> Result<Raster, Error> {
    let pixmap = Pixmap::new(width * scale, height * scale);
    onto(pixmap, svg, (width, height), scale)
}

/// Renders an SVG without paper over pixels of its size, one pixel a unit.
pub(crate) fn render_over(svg: &str, ground: &Raster) -> Result<Raster, Error> {
    let (pixels, _) = ground.bytes.as_chunks::<3>();
    let opaque = pixels.iter().flat_map(|&[r, g, b]| [r, g, b, 255]);
    let size = IntSize::from_wh(ground.width, ground.height);
    let pixmap = size.and_then(|size| Pixmap::from_vec(opaque.collect(), size));
    onto(pixmap, svg, (ground.width, ground.height), 1)
}

fn onto(
    pixmap: Option<Pixmap>,
    svg: &str,
    (width, height): (u32, u32),
    scale: u32,
) -> Result<Raster, Error> {
    let fail = |reason: String| Error::Render {
        width,
        height,
        reason,
    };
    let tree = Tree::from_str(svg, options()).map_err(|error| fail(error.to_string()))?;
    let mut pixmap = pixmap.ok_or_else(|| fail("no image of this size".to_owned()))?;
    let transform = Transform::from_scale(scale as f32, scale as f32);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    let (width, height) = (pixmap.width(), pixmap.height());
    // The paper is opaque, so colours are not premultiplied by anything and alpha can go; where it stood, for images are large.
    let mut bytes = pixmap.take();
    let pixels = bytes.len() / 4;
    for pixel in 0..pixels {
        let [red, green, blue] = [0, 1, 2].map(|channel| bytes[4 * pixel + channel]);
        bytes[3 * pixel..][..3].copy_from_slice(&[red, green, blue]);
    }
    bytes.truncate(3 * pixels);
    Ok(Raster {
        width,
        height,
        channels: 3,
        bytes,
    })
}

/// Of deflate: figures take half the time of level 6, which `png` takes for balanced, and up to 8 % more bytes.
const LEVEL: u8 = 3;

/// Encodes PNG.
pub(crate) fn encode(
    raster: &Raster,
    compression: Compression,
) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, raster.width, raster.height);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_color(match raster.channels {
        1 => png::ColorType::Grayscale,
        3 => png::ColorType::Rgb,
        _ => png::ColorType::Rgba,
    });
    encoder.set_compression(compression);
    if let Compression::Balanced = compression {
        encoder.set_deflate_compression(DeflateCompression::Level(LEVEL));
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&raster.bytes)?;
    writer.finish()?;
    Ok(out)
}
