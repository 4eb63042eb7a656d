//! Figures one after the other, as GIF.

use std::{borrow::Cow, collections::HashMap, fs, path::Path, thread};

use gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};

use crate::{Error, Figure, figure::write_aside, palette, palette::Palette, raster::Raster};

/// The index that leaves a pixel as it was in the frame before.
const UNCHANGED: u8 = 255;
/// How long the last frame stands, in hundredths of a second.
const LAST: u16 = 200;

/// Writes an animation that runs for ever, one pixel an SVG unit; its last frame stands for two seconds. All figures
/// must be of one size. The file is written aside and renamed, its folder made where it is missing.
pub fn gif(figures: &[Figure], frames_per_second: f64, path: &Path) -> Result<(), Error> {
    let Some(first) = figures.first() else {
        return Err(Error::NoFrames {
            path: path.to_owned(),
        });
    };
    let expected = first.size();
    let odd = figures.iter().position(|figure| figure.size() != expected);
    if let Some(index) = odd {
        return Err(Error::FrameSize {
            path: path.to_owned(),
            index,
            expected,
            found: figures[index].size(),
        });
    }
    let frames = render(figures)?;
    let bytes = encode(&frames, delay(frames_per_second)).map_err(|error| Error::Render {
        width: expected.0,
        height: expected.1,
        reason: error.to_string(),
    })?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
    }
    write_aside(path, &bytes)
}

/// Hundredths of a second a frame stands; browsers slow down below two.
fn delay(frames_per_second: f64) -> u16 {
    (100.0 / frames_per_second.max(0.01))
        .round()
        .clamp(2.0, 1000.0) as u16
}

/// Renders all figures, on all cores: rendering is most of the time an animation takes.
fn render(figures: &[Figure]) -> Result<Vec<Raster>, Error> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let share = figures.len().div_ceil(workers);
    thread::scope(|scope| {
        let work = |figures: &'_ [Figure]| figures.iter().map(|figure| figure.render(1)).collect();
        let spawn = |part| scope.spawn(move || -> Vec<Result<Raster, Error>> { work(part) });
        let parts: Vec<_> = figures.chunks(share).map(spawn).collect();
        let join =
            |part: thread::ScopedJoinHandle<'_, _>| part.join().expect("rendering does not panic");
        parts.into_iter().flat_map(join).collect()
    })
}

fn encode(frames: &[Raster], delay: u16) -> Result<Vec<u8>, EncodingError> {
    let mut counts = HashMap::new();
    for frame in frames {
        palette::count(&mut counts, &frame.bytes);
    }
    let palette = Palette::of(&counts);
    let (width, height) = (frames[0].width as usize, frames[0].height as usize);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(
        &mut bytes,
        width as u16,
        height as u16,
        palette.colours.as_flattened(),
    )?;
    encoder.set_repeat(Repeat::Infinite)?;
    let mut shown: Vec<u8> = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let pixels = indices(frame, &palette);
        let mut change = difference(&shown, &pixels, (width, height));
        change.delay = if index + 1 == frames.len() {
            LAST
        } else {
            delay
        };
        encoder.write_frame(&change)?;
        shown = pixels;
    }
    drop(encoder);
    Ok(bytes)
}

fn indices(frame: &Raster, palette: &Palette) -> Vec<u8> {
    let (pixels, _) = frame.bytes.as_chunks::<3>();
    let mut indices = Vec::with_capacity(pixels.len());
    for run in pixels.chunk_by(|a, b| a == b) {
        indices.extend(std::iter::repeat_n(palette.index(run[0]), run.len()));
    }
    indices
}

/// The smallest rectangle that holds all changes, unchanged pixels in it transparent.
fn difference(before: &[u8], after: &[u8], (width, height): (usize, usize)) -> Frame<'static> {
    let whole = before.len() != after.len();
    let changed =
        |row: &usize| whole || before[row * width..][..width] != after[row * width..][..width];
    let top = (0..height).find(changed).unwrap_or(0);
    let bottom = (0..height).rev().find(changed).unwrap_or(0);
    let differs = |column: &usize| {
        whole
            || (top..=bottom).any(|row| before[row * width + column] != after[row * width + column])
    };
    let left = (0..width).find(differs).unwrap_or(0);
    let right = (0..width).rev().find(differs).unwrap_or(0);
    let mut buffer = Vec::with_capacity((bottom + 1 - top) * (right + 1 - left));
    for row in top..=bottom {
        for at in row * width + left..=row * width + right {
            let same = !whole && before[at] == after[at];
            buffer.push(if same { UNCHANGED } else { after[at] });
        }
    }
    Frame {
        dispose: DisposalMethod::Keep,
        transparent: (!whole).then_some(UNCHANGED),
        left: left as u16,
        top: top as u16,
        width: (right + 1 - left) as u16,
        height: (bottom + 1 - top) as u16,
        buffer: Cow::Owned(buffer),
        ..Frame::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_written() {
        let before = [0, 0, 0, 0, 0, 0, 0, 0, 0];
        let after = [0, 0, 0, 0, 1, 0, 0, 0, 2];
        let frame = difference(&before, &after, (3, 3));
        assert_eq!(
            (frame.left, frame.top, frame.width, frame.height),
            (1, 1, 2, 2)
        );
        assert_eq!(frame.buffer[..], [1, UNCHANGED, UNCHANGED, 2]);
        let same = difference(&after, &after, (3, 3));
        assert_eq!(
            (same.width, same.height, &same.buffer[..]),
            (1, 1, &[UNCHANGED][..])
        );
    }

    #[test]
    fn delays_are_hundredths_of_a_second() {
        assert_eq!(
            [10.0, 24.0, 1000.0, 0.0, f64::NAN].map(delay),
            [10, 4, 2, 1000, 1000]
        );
    }
}
