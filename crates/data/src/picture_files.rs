//! Many image files as the pixels of one set.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::{content, unreadable};
use crate::parallel;
use crate::picture::{Fit, Picture};
use crate::pixel_range::{Observed, PixelRange};
use crate::pixel_store::{Sink, Store};
use crate::{Error, Shape, Source};

/// How many images a thread reads before all are put into their place.
const AT_A_TIME: usize = 4;

/// The most bytes of an image file.
const LARGEST: u64 = 256 << 20;

/// Images of one shape.
pub(crate) struct Gathered {
    pub(crate) store: Store,
    pub(crate) shape: Shape,
    /// What the numbers of images of more than 8 bits became bytes by.
    pub(crate) range: Option<PixelRange>,
    /// Which of the files they are.
    pub(crate) kept: Vec<usize>,
    /// The files left out, and why.
    pub(crate) skipped: Vec<String>,
    /// What the user is to know of the range.
    pub(crate) note: Option<String>,
}

/// A file to read, and what it is called in messages.
#[derive(Clone, Debug)]
pub(crate) struct ImageFile {
    pub(crate) path: PathBuf,
    pub(crate) shown: PathBuf,
}

/// An image as it is found, still packed.
pub(crate) enum Packed {
    /// In a file of its own.
    File(PathBuf),
    /// These bytes, of a column of a table.
    #[cfg(any(feature = "parquet", feature = "arrow"))]
    Bytes(Vec<u8>),
    /// A row of a table without an image.
    #[cfg(any(feature = "parquet", feature = "arrow"))]
    Nothing,
}

/// Many packed images, which are handed out some at a time.
pub(crate) trait Images {
    /// How many there are, as far as that can be trusted: room is made for them.
    fn count(&self) -> usize;

    /// Where an image stands, for messages.
    fn shown(&self, index: usize) -> PathBuf;

    /// Hands out all in their order, about so many at a time.
    fn each(
        &self,
        at_a_time: usize,
        take: &mut dyn FnMut(Vec<Packed>) -> Result<(), Error>,
    ) -> Result<(), Error>;
}

impl Images for &[ImageFile] {
    fn count(&self) -> usize {
        self.len()
    }

    fn shown(&self, index: usize) -> PathBuf {
        self[index].shown.clone()
    }

    fn each(
        &self,
        at_a_time: usize,
        take: &mut dyn FnMut(Vec<Packed>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut files = self.chunks(at_a_time);
        files.try_for_each(|files| {
            let packed = files.iter().map(|file| Packed::File(file.path.clone()));
            take(packed.collect())
        })
    }
}

/// Reads these images, on all cores, in their order. Where some are grey and some in colour, all become colour.
///
/// Images of more than 8 bits are read twice where all of them together use only a part of what their type can say.
pub(crate) fn gather(source: &Source, images: &dyn Images) -> Result<Gathered, Error> {
    let (mut gathered, seen) = pass(source, images, source.pixel_range)?;
    let Some(observed) = seen.deep else {
        return Ok(gathered);
    };
    let reading = observed.reading(source.pixel_range);
    let plain = observed.plain();
    // Beside images of bytes, which use all they can say, 16 bits are taken to do so too.
    let is_plain = seen.has_bytes && plain == PixelRange::SIXTEEN_BITS;
    if source.pixel_range.is_none() && !is_plain && reading.range != plain {
        gathered = pass(source, images, Some(reading.range))?.0;
        gathered.note = reading.note;
    }
    gathered.range = match source.pixel_range {
        None if is_plain => Some(plain),
        _ => Some(reading.range),
    };
    Ok(gathered)
}

/// What a pass over all files has seen.
#[derive(Default)]
struct Seen {
    /// The numbers of images of more than 8 bits.
    deep: Option<Observed>,
    /// Whether there are other images.
    has_bytes: bool,
}

fn pass(
    source: &Source,
    images: &dyn Images,
    range: Option<PixelRange>,
) -> Result<(Gathered, Seen), Error> {
    let threads = parallel::threads();
    let how = How {
        fit: Fit::of(source),
        range,
    };
    let mut pile = Pile::new(source, images);
    let mut skipped = Vec::new();
    let mut seen = Seen::default();
    let mut index = 0;
    images.each(threads * AT_A_TIME, &mut |packed| {
        let packed: Vec<_> = packed
            .into_iter()
            .enumerate()
            .map(|(at, packed)| (images.shown(index + at), packed))
            .collect();
        for picture in read_together(&packed, how, threads) {
            match picture {
                Ok((picture, observed)) => {
                    pile.push(index, picture)?;
                    seen.take(observed);
                }
                Err(error) if source.skip_bad => skipped.push(error.to_string()),
                Err(error) => return Err(error),
            }
            index += 1;
        }
        Ok(())
    })?;
    let Some(shape) = pile.shape else {
        let found = match skipped.first() {
            Some(first) => format!("none in {index} files; {first}"),
            None => "none".to_owned(),
        };
        return Err(Error::Content {
            origin: source.name.clone(),
            expected: "an image that can be read".to_owned(),
            found,
        });
    };
    let gathered = Gathered {
        store: pile.sink.finish()?,
        shape,
        range: None,
        kept: pile.kept,
        skipped,
        note: None,
    };
    Ok((gathered, seen))
}

impl Seen {
    fn take(&mut self, observed: Option<Observed>) {
        match (&mut self.deep, observed) {
            (_, None) => self.has_bytes = true,
            (Some(deep), Some(observed)) => deep.merge(&observed),
            (deep, observed) => *deep = observed,
        }
    }
}

/// How each file becomes an image.
#[derive(Clone, Copy)]
struct How {
    fit: Fit,
    range: Option<PixelRange>,
}

/// An image, and what its numbers are like where it has more than 8 bits.
type Read = Result<(Picture, Option<Observed>), Error>;

/// Reads these images, each with its name for messages, a part of them on each thread.
fn read_together(images: &[(PathBuf, Packed)], how: How, threads: usize) -> Vec<Read> {
    let part = images.len().div_ceil(threads).max(1);
    let read_all = |images: &[(PathBuf, Packed)]| {
        Vec::from_iter(
            images
                .iter()
                .map(|(shown, packed)| read(shown, packed, how)),
        )
    };
    thread::scope(|scope| {
        let parts: Vec<_> = images
            .chunks(part)
            .map(|images| scope.spawn(move || read_all(images)))
            .collect();
        let parts = parts.into_iter().map(|part| part.join());
        parts
            .flat_map(|part| part.expect("reading an image does not panic"))
            .collect()
    })
}

fn read(shown: &Path, packed: &Packed, how: How) -> Read {
    match packed {
        Packed::File(path) => {
            let mut bytes = Vec::new();
            let opened = File::open(path);
            let read = opened.and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
            let length = read.map_err(|source| unreadable(shown, source))? as u64;
            if length > LARGEST {
                return Err(content(shown, format!("at most {LARGEST} bytes"), "more"));
            }
            decode(shown, &bytes, how)
        }
        #[cfg(any(feature = "parquet", feature = "arrow"))]
        Packed::Bytes(bytes) => decode(shown, bytes, how),
        #[cfg(any(feature = "parquet", feature = "arrow"))]
        Packed::Nothing => Err(content(shown, "an image that can be read", "none")),
    }
}

fn decode(shown: &Path, bytes: &[u8], how: How) -> Read {
    let (picture, observed) = Picture::decode(bytes, how.range)
        .map_err(|found| content(shown, "an image that can be read", found))?;
    let fitted = Picture {
        shape: how.fit.shape(picture.shape),
        pixels: how.fit.apply(picture.shape, &picture.pixels).into_owned(),
    };
    Ok((fitted, observed))
}

/// A size for images of these shapes and their like: a square that halves well and does not enlarge them, of 64 pixels at most, for a
/// net's first layer grows with the pixels.
fn common_size(one: Shape, other: Shape) -> String {
    let sides = [one, other].map(|shape| shape.height.min(shape.width));
    let side = match sides[0].min(sides[1]).min(64) {
        // Tiny drawings lose too much on the way to a power of two.
        side @ ..16 => side,
        side => 1 << side.ilog2(),
    };
    format!("{side}x{side}")
}

/// Images of one shape, as they come in.
struct Pile<'a> {
    images: &'a dyn Images,
    source: &'a Source,
    sink: Sink,
    shape: Option<Shape>,
    kept: Vec<usize>,
}

impl ImageFile {
    /// A file that is called by its path.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self {
            shown: path.clone(),
            path,
        }
    }
}

impl<'a> Pile<'a> {
    fn new(source: &'a Source, images: &'a dyn Images) -> Self {
        Self {
            images,
            source,
            sink: Sink::of(source, source.memory),
            shape: None,
            kept: Vec::new(),
        }
    }

    /// Takes the image of a file.
    fn push(&mut self, index: usize, picture: Picture) -> Result<(), Error> {
        let Some(shape) = self.shape else {
            self.shape = Some(picture.shape);
            self.reserve(picture.shape);
            return self.store(index, &picture);
        };
        let size = |shape: Shape| format!("{}x{}", shape.height, shape.width);
        if size(shape) != size(picture.shape) {
            let first = self.images.shown(self.kept[0]);
            let first = first.file_name().unwrap_or_default();
            return Err(Error::Sizes {
                path: self.images.shown(index),
                first: first.to_string_lossy().into_owned(),
                expected: size(shape),
                found: size(picture.shape),
                common: common_size(shape, picture.shape),
            });
        }
        if picture.shape.channels > shape.channels {
            self.widen(shape, picture.shape)?;
        }
        match shape.channels {
            3 => self.store(index, &picture.in_colour()),
            _ => self.store(index, &picture),
        }
    }

    fn store(&mut self, index: usize, picture: &Picture) -> Result<(), Error> {
        self.kept.push(index);
        self.sink.push(&picture.pixels)
    }

    fn reserve(&mut self, shape: Shape) {
        self.sink
            .reserve(shape.pixels().saturating_mul(self.images.count()));
    }

    /// Turns the grey images so far into colour ones.
    fn widen(&mut self, grey: Shape, colour: Shape) -> Result<(), Error> {
        let wider = Sink::of(self.source, self.source.memory);
        let store = std::mem::replace(&mut self.sink, wider).finish()?;
        self.shape = Some(colour);
        self.reserve(colour);
        let mut pixels = vec![0; grey.pixels()];
        for place in 0..self.kept.len() {
            store.read((place * pixels.len()) as u64, &mut pixels)?;
            self.sink.push(&pixels.repeat(3))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(one: [usize; 2], other: [usize; 2], expected: &str) {
        let shapes = [one, other].map(|[height, width]| Shape {
            channels: 3,
            height,
            width,
        });
        assert_eq!(common_size(shapes[0], shapes[1]), expected);
    }

    #[test]
    fn the_size_that_is_proposed_is_a_square_that_halves_well() {
        check([110, 148], [96, 130], "64x64");
        check([3000, 4000], [4000, 3000], "64x64");
        check([60, 80], [64, 64], "32x32");
        check([28, 28], [16, 40], "16x16");
        check([7, 5], [9, 6], "5x5");
    }
}
