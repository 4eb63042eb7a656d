//! Products of rows with rows: x\[b, i\] = Σ_o y\[b, o\] w\[i, o\].
//!
//! The way back through a fully connected layer, whose weights `[inputs, outputs]` are summed along their rows. `gemm` wants columns that lie side by
//! side, and for a few rows of y to turn all weights takes longer than the product does. Here both are read as they lie: a tile of four rows of
//! w and six of y has a vector of sums for each pair, so that ten vectors that are loaded serve 24 products.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::buffers;
use crate::conv::split;
use crate::threads;
use crate::turning::turn;
use crate::vectors::arch;

/// Rows of w in a tile.
pub(crate) const ROWS: usize = 4;
/// Numbers of a row that pass by before the next tile: so many of ten rows fit the first-level cache.
const RUN: usize = 1024;
/// Rows of w in a piece of work.
const PIECE: usize = 32;

/// x `[batch, inputs]` of y `[batch, outputs]` and w `[inputs, outputs]`. The order of each sum depends on the width of vectors alone.
///
/// # Panics
///
/// Where a slice has no such length, or there are less than four inputs.
pub fn rows_by_rows(y: &[f32], w: &[f32], outputs: usize) -> Vec<f32> {
    let (batch, inputs) = (y.len() / outputs, w.len() / outputs);
    assert!(inputs >= ROWS, "a tile has {ROWS} rows");
    let mut turned = buffers::take(batch * inputs); // [inputs, batch]
    let pieces = turned
        .chunks_mut(PIECE * batch)
        .zip(w.chunks(PIECE * outputs));
    // The last piece may have less rows than a tile, which then begins before it.
    let pieces = pieces.enumerate().map(|(index, (sums, rows))| {
        let missing = ROWS.saturating_sub(rows.len() / outputs);
        let start = (index * PIECE - missing) * outputs;
        let rows = &w[start..][..rows.len() + missing * outputs];
        (sums, rows)
    });
    threads::each(pieces.collect(), |(sums, w)| {
        arch().dispatch(Piece {
            y,
            w,
            outputs,
            sums,
        });
    });
    let mut x = buffers::take(turned.len());
    turn(&turned, (inputs, batch), batch, &mut x, inputs);
    buffers::give(turned);
    x
}

/// Some rows of w, and the sums of the last of them, `[rows, batch]`.
pub(crate) struct Piece<'a> {
    pub y: &'a [f32],
    pub w: &'a [f32],
    pub outputs: usize,
    pub sums: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Beside a sum for each pair there is room for the vectors of one side and one of the other: 24 + 4 + 1 registers of 32, or 12 + 3 + 1 of 16.
        let most = if S::REGISTER_COUNT >= 32 { 6 } else { 3 };
        let Self {
            y,
            w,
            outputs,
            sums,
        } = self;
        let (batch, rows) = (y.len() / outputs, w.len() / outputs);
        let mut of_tile = vec![0.0; ROWS * batch];
        let left_out = rows - sums.len() / batch;
        let mut first = 0;
        while first < rows {
            // The last tile has rows in common with the one before, and the same sums of them.
            first = first.min(rows - ROWS);
            of_tile.fill(0.0);
            for start in (0..outputs).step_by(RUN) {
                let run = start..outputs.min(start + RUN);
                let tile = Tile {
                    w: std::array::from_fn(|row| &w[(first + row) * outputs..][run.clone()]),
                    y,
                    outputs,
                    run,
                };
                for some in split(batch, most) {
                    let sums = &mut of_tile[..];
                    match some.len() {
                        1 => tile.add::<S, 1>(simd, some, sums, batch),
                        2 => tile.add::<S, 2>(simd, some, sums, batch),
                        3 => tile.add::<S, 3>(simd, some, sums, batch),
                        4 => tile.add::<S, 4>(simd, some, sums, batch),
                        5 => tile.add::<S, 5>(simd, some, sums, batch),
                        _ => tile.add::<S, 6>(simd, some, sums, batch),
                    }
                }
            }
            for (row, of_row) in (first..).zip(of_tile.chunks(batch)) {
                if row >= left_out {
                    sums[(row - left_out) * batch..][..batch].copy_from_slice(of_row);
                }
            }
            first += ROWS;
        }
    }
}

/// A part of four rows of w, and where the same part of the rows of y lies.
struct Tile<'a> {
    w: [&'a [f32]; ROWS],
    y: &'a [f32],
    outputs: usize,
    run: Range<usize>,
}

impl Tile<'_> {
    /// Adds the products with some rows of y to `sums`, `[4, batch]`.
    #[inline(always)]
    fn add<S: Simd, const N: usize>(
        &self,
        simd: S,
        some: Range<usize>,
        sums: &mut [f32],
        batch: usize,
    ) {
        let row = |place: usize| &self.y[(some.start + place) * self.outputs..][self.run.clone()];
        let y: [&[f32]; N] = std::array::from_fn(row);
        let count = self.run.len() / S::F32_LANES;
        let w: [&[S::f32s]; ROWS] =
            std::array::from_fn(|row| &S::as_simd_f32s(self.w[row]).0[..count]);
        let ys: [&[S::f32s]; N] = std::array::from_fn(|row| &S::as_simd_f32s(y[row]).0[..count]);
        let mut totals = [[simd.splat_f32s(0.0); N]; ROWS];
        for at in 0..count {
            let mut vectors = [simd.splat_f32s(0.0); N];
            for (vector, y) in vectors.iter_mut().zip(ys) {
                *vector = y[at];
            }
            for (totals, w) in totals.iter_mut().zip(w) {
                let w = w[at];
                for (total, y) in totals.iter_mut().zip(vectors) {
                    *total = simd.mul_add_e_f32s(w, y, *total);
                }
            }
        }
        for (row, totals) in totals.iter().enumerate() {
            for (place, total) in totals.iter().enumerate() {
                let mut sum = simd.reduce_sum_f32s(*total);
                let rest = count * S::F32_LANES;
                for (w, y) in self.w[row][rest..].iter().zip(&y[place][rest..]) {
                    sum += w * y;
                }
                sums[row * batch + some.start + place] += sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn products_are_the_sums_of_double_precision_on_any_number_of_threads() {
        for (batch, inputs, outputs) in [
            (1, 4, 1),
            (7, 33, 19),
            (32, 35, 1030),
            (13, 70, 2100),
            (6, 64, 16),
        ] {
            let (y, w) = (numbers(batch * outputs, 1), numbers(inputs * outputs, 2));
            let x = rows_by_rows(&y, &w, outputs);
            for (place, found) in x.iter().enumerate() {
                let (of_y, of_w) = (place / inputs, place % inputs);
                let pairs = y[of_y * outputs..][..outputs]
                    .iter()
                    .zip(&w[of_w * outputs..]);
                let (mut sum, mut sizes) = (0.0, 0.0);
                for (y, w) in pairs {
                    let product = f64::from(*y) * f64::from(*w);
                    (sum, sizes) = (sum + product, sizes + product.abs());
                }
                let error = (f64::from(*found) - sum).abs();
                assert!(error <= 1e-6 * sizes, "{found} for {sum} at {place}");
            }
            let alone = threads::alone(|| rows_by_rows(&y, &w, outputs));
            assert!(alone == x, "on one thread they are the same");
        }
    }
}
