//! Figures one after the other: what changes from each to the next, for every kind of animation.

use std::{fs, ops::Range, path::Path, thread};

use crate::{
    Error, Figure,
    export::{figure::write_aside, raster::Raster},
};

/// How fast an animation runs; a plain number of frames a second rests on the last frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Frames a second.
    pub frames_per_second: f64,
    /// Whether the last frame stands for two seconds; a way that comes back to its start should not.
    pub rests: bool,
}

impl From<f64> for Pace {
    fn from(frames_per_second: f64) -> Self {
        Self {
            frames_per_second,
            rests: true,
        }
    }
}

/// How long the last frame stands, in milliseconds.
const LAST: u32 = 2000;

/// The frames of an animation, one pixel an SVG unit.
pub(crate) struct Frames {
    /// Width and height of every frame.
    pub(crate) size: (u32, u32),
    /// The whole first frame, then what changes in each of the others.
    pub(crate) changes: Vec<Change>,
}

impl Frames {
    /// Renders figures, on all cores: rendering is most of the time an animation takes. A frame that is smaller than others, because its title or
    /// a number in it is shorter, has paper beside it.
    pub(crate) fn of(figures: &[Figure], path: &Path) -> Result<Self, Error> {
        let size = largest_size(figures, path)?;
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let share = figures.len().div_ceil(workers);
        let parts = (0..figures.len()).step_by(share);
        let parts = parts.map(|start| start..(start + share).min(figures.len()));
        let changes: Result<Vec<Vec<Change>>, Error> = thread::scope(|scope| {
            let spawn = |part| scope.spawn(move || changes(figures, part, size));
            let threads: Vec<_> = parts.map(spawn).collect();
            let join = |part: thread::ScopedJoinHandle<'_, _>| {
                part.join().expect("rendering does not panic")
            };
            threads.into_iter().map(join).collect()
        });
        let changes = changes?.into_iter().flatten().collect();
        Ok(Self { size, changes })
    }

    /// How long frame `index` stands, in milliseconds: 20 (browsers slow down below) to 10,000; the last one two
    /// seconds where the animation rests there.
    pub(crate) fn delay(&self, index: usize, pace: Pace) -> u32 {
        if pace.rests && index + 1 == self.changes.len() {
            return LAST;
        }
        (1000.0 / pace.frames_per_second.max(0.01))
            .round()
            .clamp(20.0, 10_000.0) as u32
    }

    /// Writes an encoded animation aside and renames it; its folder is made where it is missing.
    pub(crate) fn write(&self, path: &Path, encoded: Result<Vec<u8>, String>) -> Result<(), Error> {
        let (width, height) = self.size;
        let bytes = encoded.map_err(|reason| Error::Render {
            width,
            height,
            reason,
        })?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| Error::Io {
                path: path.to_owned(),
                source,
            })?;
        }
        write_aside(path, &bytes)
    }
}

/// Width and height that hold every frame.
fn largest_size(figures: &[Figure], path: &Path) -> Result<(u32, u32), Error> {
    let sizes = figures.iter().map(Figure::size);
    let largest = sizes.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)));
    largest.ok_or_else(|| Error::NoFrames {
        path: path.to_owned(),
    })
}

/// A frame of this size: at the right and below it has the colour of its last pixel, which is its paper.
fn padded(frame: Raster, (width, height): (u32, u32)) -> Raster {
    if (frame.width, frame.height) == (width, height) {
        return frame;
    }
    let (pixels, _) = frame.bytes.as_chunks::<3>();
    let paper = pixels.last().copied().unwrap_or([u8::MAX; 3]);
    let mut bytes = Vec::with_capacity(width as usize * height as usize * 3);
    for row in pixels.chunks(frame.width as usize) {
        bytes.extend_from_slice(row.as_flattened());
        let missing = (width - frame.width) as usize;
        bytes.extend(std::iter::repeat_n(paper, missing).flatten());
    }
    let below = (height - frame.height) as usize * width as usize;
    bytes.extend(std::iter::repeat_n(paper, below).flatten());
    Raster {
        width,
        height,
        channels: 3,
        bytes,
    }
}

/// The changes of some figures in a row. Only two frames are in memory at a time: animations have hundreds.
fn changes(figures: &[Figure], part: Range<usize>, size: (u32, u32)) -> Result<Vec<Change>, Error> {
    let render = |index: usize| Ok::<_, Error>(padded(figures[index].render(1)?, size));
    let mut before = match part.start {
        0 => None,
        start => Some(render(start - 1)?),
    };
    part.map(|index| {
        let after = render(index)?;
        let change = Change::between(before.as_ref(), &after);
        before = Some(after);
        Ok(change)
    })
    .collect()
}

/// The pixels of a frame that differ from the frame before.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    /// The smallest rectangle that holds them all; one pixel where nothing changes.
    pub(crate) left: usize,
    pub(crate) top: usize,
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Red, green and blue of the changed pixels, row by row.
    pub(crate) colours: Vec<u8>,
    /// Column, row and length of each run of changed pixels.
    runs: Vec<(usize, usize, usize)>,
}

impl Change {
    /// From one frame to the next of the same size; without one before, all pixels change.
    fn between(before: Option<&Raster>, after: &Raster) -> Self {
        let width = after.width as usize;
        let (pixels, _) = after.bytes.as_chunks::<3>();
        let old = before.map(|before| before.bytes.as_chunks::<3>().0);
        let changed = |at: usize| old.is_none_or(|old| old[at] != pixels[at]);
        let (mut runs, mut colours) = (Vec::new(), Vec::new());
        for row in 0..after.height as usize {
            let columns: Vec<usize> = (0..width).collect();
            let mut start = row * width;
            for run in columns.chunk_by(|a, b| changed(row * width + a) == changed(row * width + b))
            {
                if changed(start) {
                    runs.push((run[0], row, run.len()));
                    colours.extend_from_slice(pixels[start..start + run.len()].as_flattened());
                }
                start += run.len();
            }
        }
        let left = runs.iter().map(|run| run.0).min().unwrap_or(0);
        let right = runs.iter().map(|run| run.0 + run.2).max().unwrap_or(1);
        let top = runs.first().map_or(0, |run| run.1);
        let bottom = runs.last().map_or(0, |run| run.1);
        Self {
            left,
            top,
            width: right - left,
            height: bottom + 1 - top,
            colours,
            runs,
        }
    }

    /// The pixels of the rectangle, row by row; `None` where one stays as it was.
    pub(crate) fn pixels(&self) -> Vec<Option<[u8; 3]>> {
        let mut pixels = vec![None; self.width * self.height];
        let (mut colours, _) = self.colours.as_chunks::<3>();
        for (column, row, length) in &self.runs {
            let start = (row - self.top) * self.width + column - self.left;
            let (run, rest) = colours.split_at(*length);
            for (pixel, colour) in pixels[start..].iter_mut().zip(run) {
                *pixel = Some(*colour);
            }
            colours = rest;
        }
        pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Greys, three pixels a row.
    fn frame(greys: [u8; 9]) -> Raster {
        Raster {
            width: 3,
            height: 3,
            channels: 3,
            bytes: greys.iter().flat_map(|grey| [*grey; 3]).collect(),
        }
    }

    fn check(before: Option<[u8; 9]>, after: [u8; 9], place: [usize; 4], pixels: &[Option<u8>]) {
        let change = Change::between(before.map(frame).as_ref(), &frame(after));
        let found = [change.left, change.top, change.width, change.height];
        assert_eq!(found, place);
        let grey = |grey: &Option<u8>| grey.map(|grey| [grey; 3]);
        let expected: Vec<Option<[u8; 3]>> = pixels.iter().map(grey).collect();
        assert_eq!(change.pixels(), expected);
    }

    #[test]
    fn only_what_changes_is_kept() {
        let before = [0; 9];
        let after = [0, 0, 0, 0, 1, 0, 0, 0, 2];
        check(
            Some(before),
            after,
            [1, 1, 2, 2],
            &[Some(1), None, None, Some(2)],
        );
        check(Some(after), after, [0, 0, 1, 1], &[None]);
        check(None, after, [0, 0, 3, 3], &after.map(Some));
    }

    #[test]
    fn a_smaller_frame_has_paper_beside_and_below_it() {
        let padded = padded(frame([1, 2, 3, 4, 5, 6, 7, 8, 9]), (4, 5));
        assert_eq!((padded.width, padded.height), (4, 5));
        let greys: Vec<u8> = padded.bytes.iter().step_by(3).copied().collect();
        let beside: [u8; 12] = [1, 2, 3, 9, 4, 5, 6, 9, 7, 8, 9, 9];
        assert_eq!(greys, [&beside[..], &[9; 8]].concat());
        assert_eq!(padded.bytes.len(), 60);
    }

    #[test]
    fn delays_are_bounded_and_the_last_is_long() {
        let change = || Change::between(None, &frame([0; 9]));
        let frames = Frames {
            size: (3, 3),
            changes: vec![change(), change()],
        };
        let delays = [10.0, 24.0, 1000.0, 0.0, f64::NAN].map(|fps| frames.delay(0, fps.into()));
        assert_eq!(delays, [100, 42, 20, 10_000, 10_000]);
        assert_eq!(frames.delay(1, 10.0.into()), 2000);
    }
}
