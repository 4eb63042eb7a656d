//! The elements of an array, block by block: some samples at a time, however they lie.

use std::ops::Range;
use std::sync::Arc;

use crate::Error;
use crate::array::Array;
use crate::parallel;
use crate::pixel_store::Store;

/// Bytes of a block, about; in tests so few that there are several.
const BLOCK: usize = if cfg!(test) { 64 } else { 4 << 20 };

/// Bytes of a block that a thread makes something of before the next is read: few enough for its cache.
const SMALL: usize = if cfg!(test) { 64 } else { 256 << 10 };

/// Small blocks that a thread takes at a time, and how many of these are handed out before what came of them is taken.
const AT_A_TIME: usize = 16;
const WAVE: usize = 32;

/// Whether to go on with the next block.
pub(crate) type GoOn = Result<bool, Error>;

/// How the elements of samples lie, counted in elements.
struct Walk {
    /// How many samples there are, and how far it is from one to the next.
    count: usize,
    stride: usize,
    /// How many places each further axis has, and how far it is from one to the next.
    lengths: Vec<usize>,
    strides: Vec<usize>,
    /// Elements of a sample.
    size: usize,
    /// From the first of its elements to behind its last.
    span: usize,
}

impl Array {
    /// Hands on all elements as numbers, with the axes in this order, the last of them running fastest: some places of the first axis at
    /// a time, for as long as `take` says to go on.
    ///
    /// # Errors
    /// What `take` says, and [`Error::Io`] where the elements lie in a file that cannot be read.
    pub(crate) fn blocks(
        &self,
        axes: &[usize],
        take: &mut dyn FnMut(&[f64]) -> GoOn,
    ) -> Result<(), Error> {
        let element = self.element;
        self.each_block(axes, &|bytes, out| element.append(bytes, out), take)
    }

    /// Hands on what `make` makes of all elements as numbers, with the axes in this order, the last of them running fastest: of some places
    /// of the first axis at a time, the first of which it is told, on all threads. What it makes comes in the order of the places, for as
    /// long as `take` says to go on.
    ///
    /// # Errors
    /// As [`blocks`](Self::blocks).
    pub(crate) fn made_of_blocks<R: Send>(
        &self,
        axes: &[usize],
        make: impl Fn(usize, &[f64]) -> R + Sync,
        take: &mut dyn FnMut(R) -> GoOn,
    ) -> Result<(), Error> {
        let (element, walk) = (self.element, self.walk(axes));
        let convert = move |bytes: &[u8], out: &mut Vec<f64>| element.append(bytes, out);
        // What lies interleaved is read in runs, which should be long.
        let (bytes, blocks) = match walk.is_apart() {
            true => (SMALL, AT_A_TIME),
            false => (BLOCK, 1),
        };
        let size = walk.samples_of(bytes, element.size);
        let item = size * blocks;
        let starts: Vec<usize> = (0..walk.count).step_by(item).collect();
        for some in starts.chunks(WAVE) {
            let numbers = some.len() * item * walk.size;
            let made = parallel::map(numbers, some.to_vec(), |start| {
                let mut reader = Reader::new(self, &walk, &convert);
                let end = (start + item).min(walk.count);
                let made = (start..end).step_by(size).map(|first| {
                    let block = reader.block(first..(first + size).min(end))?;
                    Ok(make(first, block))
                });
                made.collect::<Result<Vec<R>, Error>>()
            });
            for made in made {
                for made in made? {
                    if !take(made)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Hands on all elements, which are a byte each, as [`blocks`](Self::blocks) does.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn byte_blocks(
        &self,
        axes: &[usize],
        take: &mut dyn FnMut(&[u8]) -> GoOn,
    ) -> Result<(), Error> {
        assert_eq!(self.element.size, 1, "a byte each");
        self.each_block(axes, &|bytes, out| out.extend_from_slice(bytes), take)
    }

    /// All numbers, the last axis running fastest.
    ///
    /// # Errors
    /// [`Error::Io`] where the elements lie in a file that cannot be read.
    pub(crate) fn numbers(&self) -> Result<Vec<f64>, Error> {
        let axes: Vec<_> = (0..self.shape.len()).collect();
        let mut numbers = Vec::with_capacity(self.shape.iter().product());
        self.blocks(&axes, &mut |block| {
            numbers.extend_from_slice(block);
            Ok(true)
        })?;
        Ok(numbers)
    }

    /// Whether the elements lie one after another with the axes in this order.
    pub(crate) fn is_in_order(&self, axes: &[usize]) -> bool {
        let walk = self.walk(axes);
        walk.is_in_order() && (walk.count == 1 || walk.stride == walk.size)
    }

    /// Where the rows of a table lie, if they lie one after another.
    pub(crate) fn rows_in_order(&self) -> Option<(Arc<Store>, u64)> {
        let is_so = self.is_table() && self.is_in_order(&[0, 1]);
        is_so.then(|| (self.store.clone(), self.start))
    }

    fn walk(&self, axes: &[usize]) -> Walk {
        let length = |axis: &usize| self.shape[*axis];
        let stride = |axis: &usize| self.strides[*axis] / self.element.size;
        // A single number has no axis, and is the one sample.
        let (first, further) = match axes.split_first() {
            Some((first, further)) => (Some(first), further),
            None => (None, axes),
        };
        let lengths: Vec<_> = further.iter().map(length).collect();
        let strides: Vec<_> = further.iter().map(stride).collect();
        let reach = lengths.iter().zip(&strides);
        let reach = reach.map(|(length, stride)| (length - 1) * stride);
        Walk {
            count: first.map_or(1, length),
            stride: first.map_or(1, stride),
            size: lengths.iter().product(),
            span: 1 + reach.sum::<usize>(),
            lengths,
            strides,
        }
    }

    fn each_block<T: Copy + Default>(
        &self,
        axes: &[usize],
        convert: &dyn Fn(&[u8], &mut Vec<T>),
        take: &mut dyn FnMut(&[T]) -> GoOn,
    ) -> Result<(), Error> {
        let walk = self.walk(axes);
        let at_a_time = walk.samples_of(BLOCK, self.element.size);
        let mut reader = Reader::new(self, &walk, convert);
        for start in (0..walk.count).step_by(at_a_time) {
            let samples = start..(start + at_a_time).min(walk.count);
            if !take(reader.block(samples)?)? {
                break;
            }
        }
        Ok(())
    }
}

/// Reads the elements of some samples at a time.
struct Reader<'a, T> {
    array: &'a Array,
    walk: &'a Walk,
    convert: &'a dyn Fn(&[u8], &mut Vec<T>),
    bytes: Vec<u8>,
    raw: Vec<T>,
    block: Vec<T>,
}

impl<'a, T: Copy + Default> Reader<'a, T> {
    fn new(array: &'a Array, walk: &'a Walk, convert: &'a dyn Fn(&[u8], &mut Vec<T>)) -> Self {
        Self {
            array,
            walk,
            convert,
            bytes: Vec::new(),
            raw: Vec::new(),
            block: Vec::new(),
        }
    }

    /// The elements of these samples, one sample after another.
    fn block(&mut self, samples: Range<usize>) -> Result<&[T], Error> {
        let walk = self.walk;
        if walk.is_apart() {
            let elements = (samples.len() - 1) * walk.stride + walk.span;
            self.read(samples.start * walk.stride, elements)?;
            walk.gather(samples.len(), &mut self.raw, &mut self.block);
        } else {
            let mut block = std::mem::take(&mut self.block);
            walk.runs(samples, &mut block, |first, count| {
                self.read(first, count)?;
                Ok(std::mem::take(&mut self.raw))
            })?;
            self.block = block;
        }
        Ok(&self.block)
    }

    /// Reads so many elements from this one on, as they lie.
    fn read(&mut self, first: usize, count: usize) -> Result<(), Error> {
        let size = self.array.element.size;
        self.bytes.resize(count * size, 0);
        let start = self.array.start + (first * size) as u64;
        self.array.store.read(start, &mut self.bytes)?;
        self.raw.clear();
        (self.convert)(&self.bytes, &mut self.raw);
        Ok(())
    }
}

impl Walk {
    /// How many samples take about so many bytes, with elements of this size; at least one.
    fn samples_of(&self, bytes: usize, element: usize) -> usize {
        (bytes / (self.size * element).max(1)).max(1)
    }

    /// Whether each sample ends before the next begins.
    fn is_apart(&self) -> bool {
        self.count == 1 || self.stride >= self.span
    }

    /// Whether the elements of each sample lie one after another.
    fn is_in_order(&self) -> bool {
        let mut faster = 1;
        let axes = self.lengths.iter().zip(&self.strides).rev();
        let mut axes = axes.map(|(&length, &stride)| {
            let is_so = stride == faster || length == 1;
            faster *= length;
            is_so
        });
        axes.all(|is_so| is_so)
    }

    /// Makes a block of so many samples that lie one after another, from their first element on.
    fn gather<T: Copy>(&self, samples: usize, raw: &mut Vec<T>, block: &mut Vec<T>) {
        if self.is_in_order() && (self.stride == self.size || samples == 1) {
            std::mem::swap(raw, block);
            return;
        }
        block.clear();
        for sample in 0..samples {
            gather(
                &raw[sample * self.stride..],
                &self.lengths,
                &self.strides,
                block,
            );
        }
    }

    /// Makes a block of samples that lie interleaved, in which the same element of all follows one another: one run of these at a time.
    fn runs<T: Copy + Default>(
        &self,
        samples: Range<usize>,
        block: &mut Vec<T>,
        mut read: impl FnMut(usize, usize) -> Result<Vec<T>, Error>,
    ) -> Result<(), Error> {
        block.clear();
        block.resize(samples.len() * self.size, T::default());
        let mut places = vec![0];
        for (&length, &stride) in self.lengths.iter().zip(&self.strides) {
            let more = |place: usize| (0..length).map(move |index| place + index * stride);
            places = places.into_iter().flat_map(more).collect();
        }
        let elements = (samples.len() - 1) * self.stride + 1;
        for (at, place) in places.into_iter().enumerate() {
            let run = read(samples.start * self.stride + place, elements)?;
            let run = run.iter().step_by(self.stride);
            let out = block[at..].iter_mut().step_by(self.size);
            out.zip(run).for_each(|(out, element)| *out = *element);
        }
        Ok(())
    }
}

/// Appends the elements of these axes, the last of them running fastest.
fn gather<T: Copy>(raw: &[T], lengths: &[usize], strides: &[usize], out: &mut Vec<T>) {
    match (lengths, strides) {
        ([length], [stride]) => out.extend((0..*length).map(|at| raw[at * stride])),
        ([length, lengths @ ..], [stride, strides @ ..]) => {
            (0..*length).for_each(|at| gather(&raw[at * stride..], lengths, strides, out));
        }
        _ => out.push(raw[0]),
    }
}
