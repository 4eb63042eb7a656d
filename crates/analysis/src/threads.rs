//! Work on rows, by several threads.

use std::ops::Range;
use std::thread;

/// Rows that a thread takes at a time at least, so that starting it pays.
const FEWEST_ROWS: usize = 64;

/// One number for each of `count` rows: `fill` gets a range of rows and their numbers to write, in at most `threads` threads.
///
/// What is written for a row must depend on the row alone; the ranges depend on `threads`.
pub(crate) fn for_rows(
    count: usize,
    threads: usize,
    fill: impl Fn(Range<usize>, &mut [f64]) + Sync,
) -> Vec<f64> {
    let mut found = vec![0.0; count];
    let part = count.div_ceil(threads.max(1)).max(FEWEST_ROWS);
    if part >= count {
        fill(0..count, &mut found);
        return found;
    }
    thread::scope(|scope| {
        for (place, numbers) in found.chunks_mut(part).enumerate() {
            let begin = place * part;
            let fill = &fill;
            scope.spawn(move || fill(begin..begin + numbers.len(), numbers));
        }
    });
    found
}
