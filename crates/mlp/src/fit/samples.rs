//! Samples as the products want them: the samples of a block side by side.

use pulp::{Simd, WithSimd};

use super::buffer::Buffer;
use crate::simd_vector::{LANES, Wide, padded, vectors, vectors_mut};

/// Samples that are worked on together: their values through a small net stay in the first cache.
pub(crate) const BLOCK: usize = 32;

/// Rows of numbers, block after block of up to [`BLOCK`] rows, each transposed: `[columns, width]`, where the width is the count
/// of the rows padded for vectors.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    values: Buffer,
    columns: usize,
    /// With a column of ones, for biases.
    ones: bool,
    room: usize,
    count: usize,
}

impl Blocks {
    /// Room for `count` rows.
    pub(crate) fn new(count: usize, columns: usize, ones: bool) -> Self {
        let width = count / BLOCK * BLOCK + padded(count % BLOCK);
        Self {
            values: Buffer::new(width * (columns + usize::from(ones))),
            columns,
            ones,
            room: count,
            count,
        }
    }

    /// Rows that it has room for.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Takes these rows of `columns` numbers each, in place of what it had.
    pub(crate) fn fill<'a>(&mut self, rows: impl ExactSizeIterator<Item = &'a [f64]>) {
        self.count = rows.len();
        let (mut begin, mut rows) = (0, rows);
        while rows.len() > 0 {
            let count = rows.len().min(BLOCK);
            let width = padded(count);
            let block = &mut self.values[begin..];
            // Row `index` becomes lane `index`. What lanes behind the last row had before stays: nobody counts them.
            for (index, row) in rows.by_ref().take(count).enumerate() {
                for (value, slot) in row.iter().zip(block[index..].iter_mut().step_by(width)) {
                    *slot = *value;
                }
            }
            if self.ones {
                block[self.columns * width..][..width].fill(1.0);
            }
            begin += width * (self.columns + usize::from(self.ones));
        }
    }

    /// The blocks, each with the count of its rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let full = BLOCK * (self.columns + usize::from(self.ones));
        (0..self.count.div_ceil(BLOCK)).map(move |index| {
            let count = (self.count - index * BLOCK).min(BLOCK);
            let length = padded(count) * (self.columns + usize::from(self.ones));
            (count, &self.values[index * full..][..length])
        })
    }
}

/// The transpose of `[rows, width]`: `[width, rows, padded]`.
pub(crate) struct Transpose<'a> {
    pub(crate) from: &'a [f64],
    pub(crate) to: &'a mut [f64],
    pub(crate) width: usize,
}

impl WithSimd for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let stride = padded(self.from.len() / self.width) / S::F64_LANES;
        let width = self.width / S::F64_LANES;
        let (from, to) = (vectors::<S>(self.from), vectors_mut::<S>(self.to));
        // Tile by tile, as many rows as a vector has lanes: each tile is read and written in whole vectors.
        for (row, from) in from.chunks(S::F64_LANES * width).enumerate() {
            for column in 0..width {
                let mut tile = [simd.splat_f64s(0.0); LANES];
                for (lane, slot) in tile.iter_mut().enumerate().take(S::F64_LANES) {
                    // Zeros in place of rows that are not there.
                    if let Some(vector) = from.get(lane * width + column) {
                        *slot = *vector;
                    }
                }
                transpose_tile(simd, &mut tile);
                for (lane, vector) in tile.iter().enumerate().take(S::F64_LANES) {
                    to[(column * S::F64_LANES + lane) * stride + row] = *vector;
                }
            }
        }
    }
}

/// Transposes as many vectors as they have lanes: for each bit of their places, what has it in one of row and column alone
/// changes sides (Eklundh 1972).
#[inline(always)]
fn transpose_tile<S: Simd>(simd: S, tile: &mut [S::f64s; LANES]) {
    // With two lanes the one step is     a b        a c
    //                                    c d   to   b d : `set` is lane 1, b and c change places.
    // With more lanes blocks of 1, 2, 4 numbers do, and log₂ of the lanes steps transpose the tile.
    for bit in [1, 2, 4] {
        if bit >= S::F64_LANES {
            return;
        }
        let set: [f64; LANES] = std::array::from_fn(|lane| f64::from(u8::from(lane & bit != 0)));
        let set = Wide(simd, vectors::<S>(&set)[0]).positive();
        for row in (0..S::F64_LANES).filter(|row| row & bit == 0) {
            let (above, below) = (tile[row], tile[row + bit]);
            let from_below = simd.rotate_right_f64s(below, bit);
            let from_above = simd.rotate_left_f64s(above, bit);
            tile[row] = set.select(Wide(simd, from_below), Wide(simd, above)).1;
            tile[row + bit] = set.select(Wide(simd, below), Wide(simd, from_above)).1;
        }
    }
}
