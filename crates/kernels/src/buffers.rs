//! Vectors that are written over, step after step: fresh memory of this size would have to be asked from the system, and filled with
//! zeros, each time. Together that takes a fifth of the training step of a convolutional net.

use std::sync::{Mutex, PoisonError};

/// Buffers below this length come from the allocator, which is fast for them.
const SMALL: usize = 1 << 16;
/// Numbers that are kept, at most: 256 MiB, more than a step of the nets here has.
const KEPT: usize = 1 << 26;

static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// `len` numbers of any value, to be written over.
pub(crate) fn take(len: usize) -> Vec<f32> {
    if len >= SMALL {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        // The last that came back is the likeliest to be in a cache.
        if let Some(place) = free.iter().rposition(|buffer| buffer.len() == len) {
            return free.remove(place);
        }
    }
    vec![0.0; len]
}

/// Keeps a buffer for the next who needs one of its length, and drops the oldest where they are too many.
pub fn give(buffer: Vec<f32>) {
    if !(SMALL..=KEPT).contains(&buffer.len()) {
        return;
    }
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    free.push(buffer);
    let mut kept: usize = free.iter().map(Vec::len).sum();
    free.retain(|buffer| {
        let stays = kept <= KEPT;
        kept -= if stays { 0 } else { buffer.len() };
        stays
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_comes_back_to_who_needs_its_length() {
        let len = SMALL + 12_345;
        let mut buffer = take(len);
        buffer[7] = 3.0;
        let address = buffer.as_ptr();
        give(buffer);
        let (other, again, third) = (take(len + 1), take(len), take(len));
        assert_eq!((again.as_ptr(), again[7]), (address, 3.0));
        assert!(other.as_ptr() != address && third.as_ptr() != address);
    }
}
