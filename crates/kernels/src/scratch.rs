//! Memory that a thread works with and writes over, again and again.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut, Range};

/// Numbers in the longest vectors, and in a line of the cache.
pub(crate) const LINE: usize = 16;

/// Numbers that begin at a line of the cache, kept by the thread for the next who asks: fresh memory costs more than a sample.
pub(crate) struct Scratch {
    /// As many as were ever asked for of it, all of some value: to lengthen it is to write.
    numbers: Vec<f32>,
    range: Range<usize>,
}

thread_local! {
    static KEPT: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

impl Scratch {
    /// `count` zeros.
    pub(crate) fn zeros(count: usize) -> Self {
        let mut numbers = Self::any(count);
        numbers.fill(0.0);
        numbers
    }

    /// `count` numbers of any value, to be written over.
    pub(crate) fn any(count: usize) -> Self {
        let mut numbers = KEPT.with_borrow_mut(|kept| take(kept, count + LINE));
        if numbers.len() < count + LINE {
            // What is in it need not be copied.
            numbers.clear();
            numbers.resize(count + LINE, 0.0);
        }
        // A vector across two lines of the cache takes two loads; `Vec` only promises the alignment of one number.
        let start = numbers
            .as_ptr()
            .align_offset(LINE * size_of::<f32>())
            .min(LINE);
        Self {
            numbers,
            range: start..start + count,
        }
    }
}

/// The shortest that is long enough, else the longest, which will be.
fn take(kept: &mut Vec<Vec<f32>>, count: usize) -> Vec<f32> {
    let fits = |(_, numbers): &(usize, &Vec<f32>)| numbers.len() >= count;
    let all = || kept.iter().enumerate();
    let shortest = all().filter(fits).min_by_key(|(_, numbers)| numbers.len());
    let chosen = shortest.or_else(|| all().max_by_key(|(_, numbers)| numbers.len()));
    match chosen.map(|(index, _)| index) {
        Some(index) => kept.swap_remove(index),
        None => Vec::new(),
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
        &self.numbers[self.range.clone()]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.range.clone()]
    }
}
