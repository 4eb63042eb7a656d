//! The elements of an array, block by block: some samples at a time, however they lie.

use std::ops::Range;
use std::sync::Arc;

use crate::Error;
use crate::array::Array;
use crate::pixel_store::Store;

/// Bytes of a block, about; in tests so few that there are several.
const BLOCK: usize = if cfg!(test) { 64 } else { 4 << 20 };

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
        let at_a_time = (BLOCK / (walk.size * self.element.size).max(1)).max(1);
        let (mut bytes, mut raw, mut block) = (Vec::new(), Vec::new(), Vec::new());
        // Elements from this one on, so many, as they lie.
        let mut read = |first: usize, count: usize, raw: &mut Vec<T>| -> Result<(), Error> {
            let size = self.element.size;
            bytes.resize(count * size, 0);
            self.store
                .read(self.start + (first * size) as u64, &mut bytes)?;
            raw.clear();
            convert(&bytes, raw);
            Ok(())
        };
        for start in (0..walk.count).step_by(at_a_time) {
            let samples = start..(start + at_a_time).min(walk.count);
            if walk.count == 1 || walk.stride >= walk.span {
                let elements = (samples.len() - 1) * walk.stride + walk.span;
                read(start * walk.stride, elements, &mut raw)?;
                walk.gather(samples.len(), &mut raw, &mut block);
            } else {
                walk.runs(samples, &mut block, |first, count| {
                    read(first, count, &mut raw)?;
                    Ok(std::mem::take(&mut raw))
                })?;
            }
            if !take(&block)? {
                break;
            }
        }
        Ok(())
    }
}

impl Walk {
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
