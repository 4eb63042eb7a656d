//! Vectors that are written over, step after step: fresh memory of this size would have to be asked from the system, and filled with
//! zeros, each time. Together that takes a fifth of the training step of a convolutional net.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Buffers below this length come from the allocator, which is fast for them.
const SMALL: usize = 1 << 13;
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
    if len < SMALL {
        return vec![0.0; len];
    }
    let mut buffer = {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let place = best_place(&free.buffers, len);
        let found = place.and_then(|place| free.buffers.remove(place));
        found.map_or_else(Vec::new, |(_, buffer)| buffer)
    };
    match buffer.len() {
        0 => vec![0.0; len],
        _ => {
            buffer.resize(len, 0.0);
            buffer
        }
    }
}

/// The place of the smallest buffer with room for `len` numbers and at most a quarter more; of those alike the last that came back, which is the
/// likeliest to be in a cache.
fn best_place(buffers: &VecDeque<(u64, Vec<f32>)>, len: usize) -> Option<usize> {
    let room = buffers.iter().map(|(_, buffer)| buffer.capacity());
    let fits = room
        .enumerate()
        .rev()
        .filter(|(_, room)| (len..=len + len / 4).contains(room));
    fits.min_by_key(|(_, room)| *room).map(|(place, _)| place)
}

/// Keeps a buffer for the next who needs one of its length, or somewhat less.
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

        // The last batch of an epoch is shorter, and the next one whole again.
        give(again);
        let shorter = take(len - 1000);
        assert_eq!((shorter.as_ptr(), shorter.len()), (address, len - 1000));
        give(shorter);
        let much_shorter = take(len / 2);
        let again = take(len);
        assert_eq!((again.as_ptr(), again.len()), (address, len));
        assert!(much_shorter.as_ptr() != address);

        give(again);
        for _ in 0..PATIENCE {
            give(vec![0.0; SMALL]);
        }
        assert_eq!(take(len)[7], 0.0);
    }
}
