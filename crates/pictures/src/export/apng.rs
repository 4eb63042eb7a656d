//! Animations as PNG, in full colour.

use std::path::Path;

use png::{BitDepth, BlendOp, ColorType, DisposeOp, Encoder, EncodingError};

use crate::{
    Error, Figure,
    export::{
        frames::{Frames, Pace},
        raster::Compression,
    },
};

/// Writes an animated PNG that runs for ever, one pixel an SVG unit, every colour exact; where `pace` rests, its
/// last frame stands for two seconds. All figures must be of one size. Programs that know no animations show the first frame. The file is written
/// aside and renamed, its folder made where it is missing.
pub fn apng(figures: &[Figure], pace: impl Into<Pace>, path: &Path) -> Result<(), Error> {
    write(&Frames::of(figures, path)?, pace.into(), path)
}

/// Packs frames and writes them.
pub(crate) fn write(frames: &Frames, pace: Pace, path: &Path) -> Result<(), Error> {
    let encoded = encode(frames, pace).map_err(|error| error.to_string());
    frames.write(path, encoded)
}

fn encode(frames: &Frames, pace: Pace) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let (width, height) = frames.size;
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_depth(BitDepth::Eight);
    // What stays as it was is transparent, which costs next to nothing.
    encoder.set_color(ColorType::Rgba);
    encoder.set_compression(Compression::Balanced);
    // No number of repetitions, which is for ever.
    encoder.set_animated(frames.changes.len() as u32, 0)?;
    let mut writer = encoder.write_header()?;
    writer.set_dispose_op(DisposeOp::None)?;
    writer.set_blend_op(BlendOp::Over)?;
    for (index, change) in frames.changes.iter().enumerate() {
        let delay = frames.delay(index, pace);
        writer.set_frame_delay(delay as u16, 1000)?;
        // From the corner every size fits; at the place of the frame before it might not.
        writer.set_frame_position(0, 0)?;
        writer.set_frame_dimension(change.width as u32, change.height as u32)?;
        writer.set_frame_position(change.left as u32, change.top as u32)?;
        let opaque = |[red, green, blue]: [u8; 3]| [red, green, blue, 255];
        let pixels = change.pixels().into_iter();
        let data: Vec<u8> = pixels
            .flat_map(|pixel| pixel.map_or([0; 4], opaque))
            .collect();
        writer.write_image_data(&data)?;
    }
    writer.finish()?;
    Ok(bytes)
}
