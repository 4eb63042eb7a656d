//! Vectors that are written over, step after step: fresh memory of this size would have to be asked from the system, and filled with
//! zeros, each time. Together that takes a fifth of the training step of a convolutional net.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Buffers below this length come from the allocator, which is fast for them.
const SMALL: usize = 1 << 16;
/// A buffer that nobody has taken while so many others came back is given up: more than a training step uses.
const PATIENCE: u64 = 128;

static FREE: Mutex<Free> = Mutex::new(Free {
    buffers: VecDeque::new(),
    given: 0,
});

struct Free {
    /// Each with the number that had come back before it, the oldest first.
    buffers: VecDeque<(u64, Vec<f32>)>,
    given: u64,
}

/// `len` numbers of any value, to be written over.
pub fn take(len: usize) -> Vec<f32> {
    if len >= SMALL {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |(_, buffer): &(u64, Vec<f32>)| buffer.len() == len;
        // The last that came back is the likeliest to be in a cache.
        if let Some((_, buffer)) =
            (free.buffers.iter().rposition(fits)).and_then(|place| free.buffers.remove(place))
        {
            return buffer;
        }
    }
    vec![0.0; len]
}

/// Keeps a buffer for the next who needs one of its length.
pub fn give(buffer: Vec<f32>) {
    if buffer.len() < SMALL {
        return;
    }
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let given = free.given;
    free.given += 1;
    free.buffers.push_back((given, buffer));
    while matches!(free.buffers.front(), Some((before, _)) if before + PATIENCE <= given) {
        free.buffers.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test: they are the buffers of the whole process.
    #[test]
    fn a_buffer_comes_back_to_who_needs_its_length_and_is_given_up_where_nobody_does() {
        let len = SMALL + 12_345;
        let mut buffer = take(len);
        buffer[7] = 3.0;
        let address = buffer.as_ptr();
        give(buffer);
        let (other, again, third) = (take(len + 1), take(len), take(len));
        assert_eq!((again.as_ptr(), again[7]), (address, 3.0));
        assert!(other.as_ptr() != address && third.as_ptr() != address);

        give(again);
        for _ in 0..PATIENCE {
            give(vec![0.0; SMALL]);
        }
        assert_eq!(take(len)[7], 0.0);
    }
}
