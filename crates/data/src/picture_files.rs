//! Many image files as the pixels of one set.

use std::fs::File;
use std::io::Read as _;
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use crate::error::{content, unreadable};
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

/// Reads these files, on all cores, in their order. Where some are grey and some in colour, all become colour.
///
/// Images of more than 8 bits are read twice where all of them together use only a part of what their type can say.
pub(crate) fn gather(source: &Source, files: &[ImageFile]) -> Result<Gathered, Error> {
    let (mut gathered, seen) = pass(source, files, source.pixel_range)?;
    let Some(observed) = seen.deep else {
        return Ok(gathered);
    };
    let reading = observed.reading(source.pixel_range);
    let plain = observed.plain();
    // Beside images of bytes, which use all they can say, 16 bits are taken to do so too.
    let is_plain = seen.has_bytes && plain == PixelRange::SIXTEEN_BITS;
    if source.pixel_range.is_none() && !is_plain && reading.range != plain {
        gathered = pass(source, files, Some(reading.range))?.0;
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
    files: &[ImageFile],
    range: Option<PixelRange>,
) -> Result<(Gathered, Seen), Error> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let how = How {
        fit: Fit::of(source),
        range,
    };
    let mut pile = Pile::new(source.memory, files);
    let mut skipped = Vec::new();
    let mut seen = Seen::default();
    let mut index = 0;
    for files in files.chunks(threads * AT_A_TIME) {
        for picture in read_together(files, how, threads) {
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
    }
    let Some(shape) = pile.shape else {
        return Err(Error::Content {
            origin: source.name.clone(),
            expected: "an image that can be read".to_owned(),
            found: format!("none in {} files; {}", files.len(), skipped[0]),
        });
    };
    let gathered = Gathered {
        store: pile.sink.finish(),
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

/// Reads these files, a part of them on each thread.
fn read_together(files: &[ImageFile], how: How, threads: usize) -> Vec<Read> {
    let part = files.len().div_ceil(threads).max(1);
    let read_all = |files: &[ImageFile]| Vec::from_iter(files.iter().map(|file| read(file, how)));
    thread::scope(|scope| {
        let parts: Vec<_> = files
            .chunks(part)
            .map(|files| scope.spawn(move || read_all(files)))
            .collect();
        let parts = parts.into_iter().map(|part| part.join());
        parts
            .flat_map(|part| part.expect("reading an image does not panic"))
            .collect()
    })
}

fn read(file: &ImageFile, how: How) -> Read {
    let shown = &file.shown;
    let mut bytes = Vec::new();
    let opened = File::open(&file.path);
    let read = opened.and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    let length = read.map_err(|source| unreadable(shown, source))? as u64;
    if length > LARGEST {
        return Err(content(shown, format!("at most {LARGEST} bytes"), "more"));
    }
    let (picture, observed) = Picture::decode(&bytes, how.range)
        .map_err(|found| content(shown, "an image that can be read", found))?;
    let fitted = Picture {
        shape: how.fit.shape(picture.shape),
        pixels: how.fit.apply(picture.shape, &picture.pixels).into_owned(),
    };
    Ok((fitted, observed))
}

/// Images of one shape, as they come in.
struct Pile<'a> {
    files: &'a [ImageFile],
    memory: usize,
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
    fn new(memory: usize, files: &'a [ImageFile]) -> Self {
        Self {
            files,
            memory,
            sink: Sink::new(memory),
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
            let first = self.files[self.kept[0]]
                .shown
                .file_name()
                .unwrap_or_default();
            return Err(Error::Sizes {
                path: self.files[index].shown.clone(),
                first: first.to_string_lossy().into_owned(),
                expected: size(shape),
                found: size(picture.shape),
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
            .reserve(shape.pixels().saturating_mul(self.files.len()));
    }

    /// Turns the grey images so far into colour ones.
    fn widen(&mut self, grey: Shape, colour: Shape) -> Result<(), Error> {
        let store = std::mem::replace(&mut self.sink, Sink::new(self.memory)).finish();
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
