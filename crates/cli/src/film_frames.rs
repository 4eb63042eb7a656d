//! The frames of a training's film, kept in a file, so that a resumed training has those of the sessions before it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use espejo_train::{Rows, read_plain, write_file};

/// Frames of a film, at most: above this number, every other one is dropped.
const MAX_FRAMES: usize = 200;
/// Bytes of the file, at most: it may be anybody's.
const LONGEST: u64 = 1 << 30;
/// How the file begins.
const MAGIC: &[u8; 16] = b"espejo frames 1\n";
/// Bytes of the head: the magic, images, values of an image, and whether there are noisy and drawn images.
const HEAD: usize = 26;

/// Images with values in [0, 1], a byte for each value, so that a film is the same whether its frames were in memory or in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByteRows {
    bytes: Vec<u8>,
    /// Values of an image.
    width: usize,
}

impl ByteRows {
    /// Only 0 and 1 themselves become the least and the greatest byte: two-valued images stay apart from those that nearly are.
    pub fn of(rows: &Rows) -> Self {
        let byte = |value: &f32| match *value {
            value if value >= 1.0 => u8::MAX,
            value if value > 0.0 => (value * 255.0).round().clamp(1.0, 254.0) as u8,
            _ => 0,
        };
        Self {
            bytes: rows.iter().flatten().map(byte).collect(),
            width: rows.first().map_or(0, Vec::len),
        }
    }

    /// The images as they are drawn.
    pub fn rows(&self) -> Rows {
        let row = |row: &[u8]| row.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        self.bytes.chunks(self.width.max(1)).map(row).collect()
    }

    fn images(&self) -> usize {
        self.bytes.len() / self.width.max(1)
    }
}

/// What is alike in all frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The images as they are.
    pub pictures: ByteRows,
    /// The noisy images that a denoising model sees.
    pub noisy: Option<ByteRows>,
    /// Whether the frames have images from the prior.
    pub has_drawn: bool,
}

/// What a model made of the images after an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The epoch.
    pub epoch: usize,
    /// What came back.
    pub outputs: ByteRows,
    /// What fixed draws from the prior decoded to.
    pub drawn: Option<ByteRows>,
}

/// The frames so far, in memory and in their file.
pub struct FilmFrames {
    path: PathBuf,
    /// Epochs from one set of images to the next.
    pace: usize,
    fixed: Option<Fixed>,
    /// Those of the film, and at the end the latest.
    frames: Vec<Frame>,
    /// One set of images in so many becomes a frame of the film.
    every: usize,
    file: Option<File>,
}

impl FilmFrames {
    /// The frames that earlier sessions of a run have left; none where there is no such file, or none that can be read. `pace`: the epochs
    /// from one set of images to the next, as the configuration says.
    pub fn open(run: &Path, pace: usize) -> Self {
        let path = run.join("animations").join("samples.frames");
        let kept = read_plain(&path, LONGEST)
            .ok()
            .and_then(|bytes| parsed(&bytes));
        let (fixed, frames) =
            kept.map_or((None, Vec::new()), |(fixed, frames)| (Some(fixed), frames));
        let mut all = Self {
            path,
            pace: pace.max(1),
            fixed,
            frames,
            every: 1,
            file: None,
        };
        if let [first, second, ..] = &all.frames[..] {
            all.every = (all.place(second) - all.place(first)).max(1);
        }
        all
    }

    /// What is alike in all frames, where there are any.
    pub fn fixed(&self) -> Option<&Fixed> {
        self.fixed.as_ref()
    }

    /// The latest frame.
    pub fn last(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// The frames of the film.
    pub fn of_film(&self) -> impl Iterator<Item = &Frame> {
        self.frames.iter().filter(|frame| self.belongs(frame))
    }

    /// Adds a frame. Later ones, of a session that was killed and whose epochs are done again, are dropped.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written; in memory the frame is there.
    pub fn push(&mut self, fixed: Fixed, frame: Frame) -> Result<(), espejo_train::Error> {
        if self.fixed.as_ref() != Some(&fixed) {
            self.fixed = Some(fixed);
            self.frames.clear();
            self.file = None;
        }
        // What is in the file and is told again has to leave it.
        let again = self.of_film().any(|kept| kept.epoch >= frame.epoch);
        self.keep_those_of_film();
        self.frames.retain(|kept| kept.epoch < frame.epoch);
        let belongs = self.belongs(&frame);
        self.frames.push(frame);
        if !belongs {
            return Ok(());
        }
        let many = self.frames.len() > MAX_FRAMES;
        if many {
            self.every *= 2;
            self.keep_those_of_film();
        }
        if again || many {
            self.file = None;
        }
        self.write()
    }

    /// Adds the latest frame to the file, or writes all of it.
    fn write(&mut self) -> Result<(), espejo_train::Error> {
        let failed = |path: &Path, source| espejo_train::Error::Io {
            action: "write",
            path: path.to_owned(),
            source,
        };
        if let (Some(file), Some(latest)) = (&mut self.file, self.frames.last()) {
            return file
                .write_all(&record(latest))
                .map_err(|source| failed(&self.path, source));
        }
        let Some(fixed) = &self.fixed else {
            return Ok(());
        };
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
        }
        let mut bytes = head(fixed);
        self.of_film().for_each(|frame| bytes.extend(record(frame)));
        write_file(&self.path, &bytes)?;
        let file = File::options().append(true).open(&self.path);
        self.file = Some(file.map_err(|source| failed(&self.path, source))?);
        Ok(())
    }

    fn place(&self, frame: &Frame) -> usize {
        place(frame.epoch, self.pace)
    }

    /// Whether a frame is one of the film.
    fn belongs(&self, frame: &Frame) -> bool {
        self.place(frame).is_multiple_of(self.every)
    }

    fn keep_those_of_film(&mut self) {
        let (pace, every) = (self.pace, self.every);
        self.frames
            .retain(|frame| place(frame.epoch, pace).is_multiple_of(every));
    }
}

/// The number of a set of images, from 0.
fn place(epoch: usize, pace: usize) -> usize {
    epoch.saturating_sub(1) / pace
}

fn head(fixed: &Fixed) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((fixed.pictures.images() as u32).to_le_bytes());
    bytes.extend((fixed.pictures.width as u32).to_le_bytes());
    bytes.extend([u8::from(fixed.noisy.is_some()), u8::from(fixed.has_drawn)]);
    bytes.extend(&fixed.pictures.bytes);
    bytes.extend(fixed.noisy.iter().flat_map(|rows| &rows.bytes));
    bytes
}

fn record(frame: &Frame) -> Vec<u8> {
    let mut bytes = (frame.epoch as u64).to_le_bytes().to_vec();
    bytes.extend(&frame.outputs.bytes);
    bytes.extend(frame.drawn.iter().flat_map(|rows| &rows.bytes));
    bytes
}

/// What a file holds; none where it is no such file. A record that a kill cut short is left out.
fn parsed(bytes: &[u8]) -> Option<(Fixed, Vec<Frame>)> {
    let number = |at: usize| {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    if !bytes.starts_with(MAGIC) {
        return None;
    }
    let (images, width) = (number(16)?, number(20)?);
    let (has_noisy, has_drawn) = (bytes.get(24)? == &1, bytes.get(25)? == &1);
    let size = images.checked_mul(width).filter(|size| *size > 0)?;
    let mut rest = bytes.get(HEAD..)?;
    let mut take = || {
        let (taken, others) = rest.split_at_checked(size)?;
        rest = others;
        Some(ByteRows {
            bytes: taken.to_vec(),
            width,
        })
    };
    let fixed = Fixed {
        pictures: take()?,
        noisy: match has_noisy {
            true => Some(take()?),
            false => None,
        },
        has_drawn,
    };
    let length = size
        .checked_mul(1 + usize::from(has_drawn))?
        .checked_add(8)?;
    let rows = |bytes: &[u8]| ByteRows {
        bytes: bytes.to_vec(),
        width,
    };
    let frame = |record: &[u8]| {
        let (epoch, images) = record.split_at(8);
        let epoch = u64::from_le_bytes(epoch.try_into().ok()?);
        let (outputs, drawn) = images.split_at(size);
        Some(Frame {
            epoch: usize::try_from(epoch).ok()?,
            outputs: rows(outputs),
            drawn: has_drawn.then(|| rows(drawn)),
        })
    };
    let frames: Option<Vec<Frame>> = rest.chunks_exact(length).map(frame).collect();
    let frames = frames?;
    // Epochs rise, whoever wrote the file.
    frames
        .is_sorted_by(|a, b| a.epoch < b.epoch)
        .then_some((fixed, frames))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(value: f32) -> ByteRows {
        ByteRows::of(&vec![vec![value, 1.0, 0.0]; 2])
    }

    fn fixed() -> Fixed {
        Fixed {
            pictures: rows(0.5),
            noisy: Some(rows(0.25)),
            has_drawn: true,
        }
    }

    fn frame(epoch: usize) -> Frame {
        Frame {
            epoch,
            outputs: rows(epoch as f32 / 1000.0),
            drawn: Some(rows(0.75)),
        }
    }

    fn epochs(frames: &FilmFrames) -> Vec<usize> {
        frames.of_film().map(|frame| frame.epoch).collect()
    }

    #[test]
    fn only_the_ends_become_the_ends() {
        let bytes = ByteRows::of(&vec![vec![0.0, 1e-6, 0.5, 0.999_999, 1.0, -1.0, f32::NAN]]);
        assert_eq!(bytes.bytes, [0, 1, 128, 254, 255, 0, 0]);
        assert_eq!(bytes.rows()[0][4], 1.0);
    }

    #[test]
    fn frames_of_a_killed_session_are_those_of_one_that_ran_through() {
        for (last, killed, from) in [(60, 43, 30), (500, 350, 340), (2000, 1100, 310), (12, 5, 0)] {
            let room = tempfile::tempdir().expect("a temporary folder");
            let mut through = FilmFrames::open(&room.path().join("through"), 2);
            let run = room.path().join("killed");
            let mut first = FilmFrames::open(&run, 2);
            for epoch in (2..=last).step_by(2) {
                through.push(fixed(), frame(epoch)).expect("writable");
                if epoch <= killed {
                    first.push(fixed(), frame(epoch)).expect("writable");
                }
            }
            drop(first);
            // Torn in the middle of a record.
            let mut bytes = std::fs::read(run.join("animations/samples.frames")).expect("written");
            bytes.truncate(bytes.len() - 3);
            std::fs::write(run.join("animations/samples.frames"), bytes).expect("writable");
            let mut second = FilmFrames::open(&run, 2);
            for epoch in (2..=last).step_by(2).filter(|epoch| *epoch > from) {
                second.push(fixed(), frame(epoch)).expect("writable");
            }
            assert_eq!(epochs(&second), epochs(&through), "{last} {killed} {from}");
            let third = FilmFrames::open(&run, 2);
            assert_eq!(epochs(&third), epochs(&through), "in the file");
            assert_eq!(third.fixed(), Some(&fixed()));
        }
    }

    #[test]
    fn a_file_of_anything_is_no_frames() {
        let mut whole = head(&fixed());
        whole.extend(record(&frame(1)));
        whole.extend(record(&frame(2)));
        assert_eq!(parsed(&whole).expect("whole").1.len(), 2);
        for length in 0..head(&fixed()).len() {
            assert!(parsed(&whole[..length]).is_none(), "{length} bytes");
        }
        let mut huge = whole.clone();
        huge[16..24].fill(0xff);
        assert!(parsed(&huge).is_none());
    }
}
