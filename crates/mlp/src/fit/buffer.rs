//! Memory for vectors.

use std::ops::{Deref, DerefMut};

use crate::simd_vector::LANES;

/// Numbers that begin at a cache line, so that no vector of a padded row crosses one.
#[derive(Debug)]
pub(crate) struct Buffer {
    values: Vec<f64>,
    begin: usize,
    length: usize,
}

impl Buffer {
    /// Zeros.
    pub(crate) fn new(length: usize) -> Self {
        let values = vec![0.0; length + LANES - 1];
        // In numbers, not bytes, and at most 7 of them: a cache line is 8 numbers. The allocation does not move afterwards.
        let begin = values.as_ptr().align_offset(64).min(LANES - 1);
        Self {
            values,
            begin,
            length,
        }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        // A derived clone would keep `begin`, which is right for the address of the original alone.
        let mut clone = Self::new(self.length);
        clone.copy_from_slice(self);
        clone
    }
}

impl Deref for Buffer {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values[self.begin..][..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.values[self.begin..][..self.length]
    }
}
