//! Weights in the order in which [`correlate`](super::correlate) reads them.

use std::ops::Range;

/// Rows that are worked out together.
pub const ROWS: usize = 4;

/// Weights of a correlation, by tiles of up to [`ROWS`] rows: `[taps, rows]` each.
pub struct Packed {
    numbers: Vec<f32>,
    rows: usize,
    taps: usize,
}

impl Packed {
    /// `weight`: `[rows, taps]`.
    pub fn new(rows: usize, weight: &[f32]) -> Self {
        let taps = weight.len() / rows;
        let mut numbers = Vec::with_capacity(weight.len());
        for tile in split(rows, ROWS) {
            // Taps outermost: the weights that meet one shifted image lie side by side, and the tile reads straight on.
            for tap in 0..taps {
                numbers.extend(tile.clone().map(|row| weight[row * taps + tap]));
            }
        }
        Self {
            numbers,
            rows,
            taps,
        }
    }

    /// The rows of the largest tile.
    pub fn most(&self) -> usize {
        ROWS.min(self.rows)
    }

    /// Each tile's rows, and its weights `[taps, rows]`.
    pub fn tiles(&self) -> impl Iterator<Item = (Range<usize>, &[f32])> {
        split(self.rows, ROWS).map(|rows| {
            (
                rows.clone(),
                &self.numbers[rows.start * self.taps..rows.end * self.taps],
            )
        })
    }
}

/// Weights `[a, b, kernel, kernel]` transposed to `[b, a, kernel, kernel]`, the kernels rotated by 180°.
pub fn rotated_transpose(weight: &[f32], a: usize, b: usize) -> Vec<f32> {
    let taps = weight.len() / (a * b);
    // The tap opposite to (row, column) is (kernel - 1 - row, kernel - 1 - column): in a row of kernel² numbers, the same place
    // counted from the end.
    let kernel = |i: usize, j: usize| weight[(i * b + j) * taps..][..taps].iter().rev().copied();
    (0..b)
        .flat_map(|j| (0..a).flat_map(move |i| kernel(i, j)))
        .collect()
}

/// Cuts `0..count` into as few ranges of up to `most` as cover it, none longer than another by more than one.
#[inline(always)]
pub fn split(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    // 13 by up to 4 are 3, 3, 3, 4 and not 4, 4, 4, 1: a tile of one row keeps few additions under way.
    let parts = count.div_ceil(most);
    (0..parts).map(move |part| count * part / parts..count * (part + 1) / parts)
}
