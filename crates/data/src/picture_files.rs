//! Many image files as the pixels of one set.

use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::{content, unreadable};
use crate::picture::{Fit, Picture};
use crate::pixel_store::{Sink, Store};
use crate::{Error, Shape, Source};

/// How many images a thread reads before all are put into their place.
pub(crate) const AT_A_TIME: usize = 4;

/// The most bytes of an image file.
const LARGEST: u64 = 256 << 20;

/// Images of one shape.
pub(crate) struct Gathered {
    pub(crate) store: Store,
    pub(crate) shape: Shape,
    /// Which of the files they are.
    pub(crate) kept: Vec<usize>,
    /// The files left out, and why.
    pub(crate) skipped: Vec<String>,
}

/// Reads these files, on all cores, in their order. Where some are grey and some in colour, all become colour.
pub(crate) fn gather(source: &Source, files: &[PathBuf]) -> Result<Gathered, Error> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let fit = Fit::of(source);
    let name = |index: usize| files[index].clone();
    let mut pile = Pile::new(source.memory, files.len(), &name);
    let mut skipped = Vec::new();
    let mut index = 0;
    for files in files.chunks(threads * AT_A_TIME) {
        for picture in read_together(files, threads, |path| read(path, fit)) {
            match picture {
                Ok(picture) => pile.push(index, picture)?,
                Err(error) if source.skip_bad => skipped.push(error.to_string()),
                Err(error) => return Err(error),
            }
            index += 1;
        }
    }
    match pile.shape {
        Some(shape) => Ok(Gathered {
            store: pile.sink.finish(),
            shape,
            kept: pile.kept,
            skipped,
        }),
        None => Err(Error::Content {
            origin: source.name.clone(),
            expected: "an image that can be read".to_owned(),
            found: format!("none in {} files; {}", files.len(), skipped[0]),
        }),
    }
}

/// Reads these images, a part of them on each thread.
pub(crate) fn read_together<T: Sync>(
    images: &[T],
    threads: usize,
    read: impl Fn(&T) -> Result<Picture, Error> + Sync,
) -> Vec<Result<Picture, Error>> {
    let part = images.len().div_ceil(threads).max(1);
    let read_all = |images: &[T]| Vec::from_iter(images.iter().map(&read));
    thread::scope(|scope| {
        let parts: Vec<_> = images
            .chunks(part)
            .map(|images| scope.spawn(|| read_all(images)))
            .collect();
        let parts = parts.into_iter().map(|part| part.join());
        parts
            .flat_map(|part| part.expect("reading an image does not panic"))
            .collect()
    })
}

fn read(path: &Path, fit: Fit) -> Result<Picture, Error> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    let length = read.map_err(|source| unreadable(path, source))? as u64;
    if length > LARGEST {
        return Err(content(path, format!("at most {LARGEST} bytes"), "more"));
    }
    decode(&bytes, fit).map_err(|found| content(path, "an image that can be read", found))
}

/// The image of these bytes, brought to what is asked for; or what is wrong with them, in words.
pub(crate) fn decode(bytes: &[u8], fit: Fit) -> Result<Picture, String> {
    let picture = Picture::decode(bytes)?;
    Ok(Picture {
        shape: fit.shape(picture.shape),
        pixels: fit.apply(picture.shape, &picture.pixels).into_owned(),
    })
}

/// Images of one shape, as they come in.
pub(crate) struct Pile<'a> {
    /// Where an image stands, for messages.
    name: &'a dyn Fn(usize) -> PathBuf,
    /// How many images may come.
    count: usize,
    memory: usize,
    pub(crate) sink: Sink,
    pub(crate) shape: Option<Shape>,
    /// Which of the images are in it.
    pub(crate) kept: Vec<usize>,
}

impl<'a> Pile<'a> {
    pub(crate) fn new(memory: usize, count: usize, name: &'a dyn Fn(usize) -> PathBuf) -> Self {
        Self {
            name,
            count,
            memory,
            sink: Sink::new(memory),
            shape: None,
            kept: Vec::new(),
        }
    }

    /// Takes in the image of this number.
    pub(crate) fn push(&mut self, index: usize, picture: Picture) -> Result<(), Error> {
        let Some(shape) = self.shape else {
            self.shape = Some(picture.shape);
            self.reserve(picture.shape);
            return self.store(index, &picture);
        };
        let size = |shape: Shape| format!("{}x{}", shape.height, shape.width);
        if size(shape) != size(picture.shape) {
            let first = (self.name)(self.kept[0]);
            let first = first.file_name().unwrap_or_default();
            return Err(Error::Sizes {
                path: (self.name)(index),
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
        self.sink.reserve(shape.pixels().saturating_mul(self.count));
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
