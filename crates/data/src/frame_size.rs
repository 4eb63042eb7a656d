//! How large a table may become in memory, so that a small file cannot fill it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;
use crate::error::content_of;

/// What every file may become.
const LEAST: u64 = 16 << 20;

/// How many bytes of memory a byte of a file may become, up to [`PLENTY`]: bits packed once more, or rows of zeros.
const PACKED: u64 = 4096;
const PLENTY: u64 = 4 << 30;

/// How many bytes of memory a byte of a larger file may become: a bit as a number.
const LOOSE: u64 = 64;

/// The bytes that a table takes so far, held against what its file may become.
///
/// A compressed file, or one of sparse rows, may hold a thousand times its size; a hostile one would not end.
#[derive(Debug)]
pub(crate) struct FrameSize {
    origin: String,
    bytes: AtomicU64,
    most: u64,
}

impl FrameSize {
    /// No bytes as yet, of a file of this length; the origin is for messages.
    pub(crate) fn of_file(origin: &str, length: u64) -> Self {
        Self {
            origin: origin.to_owned(),
            bytes: AtomicU64::new(0),
            most: most(length),
        }
    }

    /// How many bytes it may take at most.
    #[cfg(any(feature = "parquet", feature = "arrow"))]
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// Counts more bytes.
    ///
    /// # Errors
    /// [`Error::Content`] where they are too many.
    pub(crate) fn add(&self, bytes: u64) -> Result<(), Error> {
        let before = self
            .bytes
            .fetch_add(bytes.min(self.most + 1), Ordering::Relaxed);
        match before.saturating_add(bytes) <= self.most {
            true => Ok(()),
            false => {
                let expected = format!("a table of at most {} MiB in memory", self.most >> 20);
                Err(content_of(&self.origin, expected, "more"))
            }
        }
    }
}

fn most(length: u64) -> u64 {
    let packed = length.saturating_mul(PACKED).clamp(LEAST, PLENTY);
    packed.max(length.saturating_mul(LOOSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_file_does_not_fill_the_memory() {
        assert_eq!(most(0), 16 << 20);
        assert_eq!(most(1 << 16), 1 << 28);
        assert_eq!(most(1 << 24), 4 << 30);
        assert_eq!(most(1 << 30), 1 << 36);
        let size = FrameSize::of_file("a.arff", 100);
        size.add(16 << 20).expect("as much as any file");
        let error = size.add(1).expect_err("more");
        let message = "`a.arff`: expected a table of at most 16 MiB in memory, found more";
        assert_eq!(error.to_string(), message);
        size.add(u64::MAX).expect_err("still more");
    }
}
