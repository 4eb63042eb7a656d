//! Animations as GIF.

use std::{collections::HashMap, path::Path};

use gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};

use crate::{
    Error, Figure,
    export::{
        frames::{Change, Frames, Pace},
        palette::{self, Palette},
    },
};

/// The index that leaves a pixel as it was in the frame before.
const UNCHANGED: u8 = 255;

/// Writes an animation that runs for ever, one pixel an SVG unit; where `pace`
/// rests, its last frame stands for two seconds. All figures
/// must be of one size. Colours are never dithered: they are exact where there are at most 255 of them, else each frame
/// has a palette of its own, exact where the frame changes to at most 255 colours. The file is written aside and renamed,
/// its folder made where it is missing.
pub fn gif(figures: &[Figure], pace: impl Into<Pace>, path: &Path) -> Result<(), Error> {
    write(&Frames::of(figures, path)?, pace.into(), path)
}

/// Packs frames and writes them.
pub(crate) fn write(frames: &Frames, pace: Pace, path: &Path) -> Result<(), Error> {
    let encoded = encode(frames, pace).map_err(|error| error.to_string());
    frames.write(path, encoded)
}

fn encode(frames: &Frames, pace: Pace) -> Result<Vec<u8>, EncodingError> {
    let common = common_palette(&frames.changes);
    let colours = common.as_ref().map_or(&[][..], |common| &common.colours);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(
        &mut bytes,
        frames.size.0 as u16,
        frames.size.1 as u16,
        colours.as_flattened(),
    )?;
    encoder.set_repeat(Repeat::Infinite)?;
    for (index, change) in frames.changes.iter().enumerate() {
        let mut frame = match &common {
            Some(common) => indexed(change, common, index > 0),
            None => with_palette(change, &Palette::of(&counted([change])), index > 0),
        };
        let delay = frames.delay(index, pace);
        frame.delay = (f64::from(delay) / 10.0).round() as u16;
        encoder.write_frame(&frame)?;
    }
    drop(encoder);
    Ok(bytes)
}

/// One palette for all frames, where it can be exact.
fn common_palette(changes: &[Change]) -> Option<Palette> {
    let counts = counted(changes);
    (counts.len() <= palette::MOST).then(|| Palette::of(&counts))
}

fn counted<'a>(changes: impl IntoIterator<Item = &'a Change>) -> HashMap<[u8; 3], u64> {
    let mut counts = HashMap::new();
    for change in changes {
        palette::count(&mut counts, &change.colours);
    }
    counts
}

fn with_palette(change: &Change, palette: &Palette, over: bool) -> Frame<'static> {
    Frame {
        palette: Some(palette.colours.as_flattened().to_vec()),
        ..indexed(change, palette, over)
    }
}

fn indexed(change: &Change, palette: &Palette, over: bool) -> Frame<'static> {
    let pixels = change.pixels();
    let mut buffer = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        let index = run[0].map_or(UNCHANGED, |colour| palette.index(colour));
        buffer.extend(std::iter::repeat_n(index, run.len()));
    }
    Frame {
        dispose: DisposalMethod::Keep,
        transparent: over.then_some(UNCHANGED),
        left: change.left as u16,
        top: change.top as u16,
        width: change.width as u16,
        height: change.height as u16,
        buffer: buffer.into(),
        ..Frame::default()
    }
}
