//! Vectors that are written over, step after step: fresh memory of this size would have to be asked from the system, and filled with
//! zeros, each time. Together that takes a fifth of the training step of a convolutional net.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Buffers below this length come from the allocator, which is fast for them.
const SMALL: usize = 1 << 13;
/// A buffer that nobody has taken while so many others came back is given up: more than a training step uses.
const PATIENCE: u64 = 128;

static NUMBERS: Mutex<Free<f32>> = Mutex::new(Free::new());
static BYTES: Mutex<Free<u8>> = Mutex::new(Free::new());

/// `len` numbers of any value, to be written over.
pub fn take(len: usize) -> Vec<f32> {
    take_from(&NUMBERS, len)
}

/// Keeps a buffer for the next who needs one of its length, or somewhat less.
pub fn give(buffer: Vec<f32>) {
    give_to(&NUMBERS, buffer);
}

/// `len` bytes of any value, to be written over.
pub fn take_bytes(len: usize) -> Vec<u8> {
    take_from(&BYTES, len)
}

/// Keeps a buffer of bytes as [`give`] does one of numbers.
pub fn give_bytes(buffer: Vec<u8>) {
    give_to(&BYTES, buffer);
}

struct Free<T> {
    /// Each with the number that had come back before it, the oldest first.
    buffers: VecDeque<(u64, Vec<T>)>,
    given: u64,
}

impl<T> Free<T> {
    const fn new() -> Self {
        Self {
            buffers: VecDeque::new(),
            given: 0,
        }
    }

    /// The place of the smallest buffer with room for `len` values and at most a quarter more; of those alike the last that came back, which is the
    /// likeliest to be in a cache.
    fn best_place(&self, len: usize) -> Option<usize> {
        let room = self.buffers.iter().map(|(_, buffer)| buffer.capacity());
        let fits = room
            .enumerate()
            .rev()
            .filter(|(_, room)| (len..=len + len / 4).contains(room));
        fits.min_by_key(|(_, room)| *room).map(|(place, _)| place)
    }
}

fn take_from<T: Copy + Default>(free: &Mutex<Free<T>>, len: usize) -> Vec<T> {
    let fresh = || vec![T::default(); len];
    if len < SMALL {
        return fresh();
    }
    let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
    let place = free.best_place(len);
    let found = place.and_then(|place| free.buffers.remove(place));
    drop(free);
    found.map_or_else(fresh, |(_, mut buffer)| {
        buffer.resize(len, T::default());
        buffer
    })
}

fn give_to<T>(free: &Mutex<Free<T>>, buffer: Vec<T>) {
    if buffer.len() < SMALL {
        return;
    }
    let mut free = free.lock().unwrap_or_else(PoisonError::into_inner);
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
