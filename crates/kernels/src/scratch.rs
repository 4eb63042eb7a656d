//! Memory that a thread works with and writes over, again and again.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Numbers in the longest vectors, and in a line of the cache.
pub(crate) const LINE: usize = 16;

/// Numbers that begin at a line of the cache, kept by the thread for the next who asks: fresh memory costs more than a sample.
pub(crate) struct Scratch {
    numbers: Vec<f32>,
    start: usize,
}

thread_local! {
    static KEPT: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

impl Scratch {
    /// `count` zeros.
    pub(crate) fn zeros(count: usize) -> Self {
        Self::of(count, true)
    }

    /// `count` numbers of any value, to be written over.
    pub(crate) fn any(count: usize) -> Self {
        Self::of(count, false)
    }

    fn of(count: usize, zeros: bool) -> Self {
        let mut numbers = KEPT.with_borrow_mut(Vec::pop).unwrap_or_default();
        if zeros {
            numbers.clear();
        }
        numbers.resize(count + LINE, 0.0);
        // A vector across two lines of the cache takes two loads; `Vec` only promises the alignment of one number.
        let start = numbers
            .as_ptr()
            .align_offset(LINE * size_of::<f32>())
            .min(LINE);
        numbers.truncate(start + count);
        Self { numbers, start }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        KEPT.with_borrow_mut(|kept| kept.push(std::mem::take(&mut self.numbers)));
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers[self.start..]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.start..]
    }
}
