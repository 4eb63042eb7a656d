//! Gradient at the weights: dW[o, i, t] = Σ_n Σ_p dz[n, o, p] x[n, i, p + shift(t)], for outputs o, inputs i and taps t.
//!
//! This is a matrix product of images and shifted images over all pixels of all samples, whose result is small and whose sums
//! are long. So a tile keeps its sums in registers over all samples of a block, and adds across the vectors at the very end.

use std::array::from_fn;
use std::iter::zip;

use pulp::{Simd, WithSimd};

use super::shifted_copies::Grid;
use super::weights::split;

/// Rows whose sums are worked out at once, where there are registers enough.
pub const ROWS: usize = 8;
/// Shifts whose sums are worked out at once.
pub const SHIFTS: usize = 3;

/// Sums over samples and pixels of the product of each channel of one kind, the rows, with each shift of one of another kind.
///
/// Rows are what there is more of: a shift, read across two lines of the cache, is then loaded once for many rows.
pub struct WeightGradient<'a> {
    grid: &'a Grid,
    rows: usize,
    channels: usize,
    /// `[channels, kernel, kernel]`
    taps: Vec<usize>,
}

impl<'a> WeightGradient<'a> {
    pub fn new(grid: &'a Grid, rows: usize, channels: usize) -> Self {
        Self {
            grid,
            rows,
            channels,
            taps: grid.taps(channels),
        }
    }

    /// Numbers in the copies of one sample.
    pub fn copies(&self) -> usize {
        self.channels * self.grid.copies()
    }

    /// Adds to `sums`, `[rows, channels, kernel, kernel]`.
    ///
    /// - `images`: `[samples, rows, flat]`
    /// - `copies`: `[samples, channels, kernel, copy]`
    #[inline(always)]
    pub fn add<S: Simd>(&self, simd: S, images: &[f32], copies: &[f32], sums: &mut [f32]) {
        simd.vectorize(Addition {
            weight_gradient: self,
            images,
            copies,
            sums,
        });
    }
}

struct Addition<'a> {
    weight_gradient: &'a WeightGradient<'a>,
    images: &'a [f32],
    copies: &'a [f32],
    sums: &'a mut [f32],
}

impl WithSimd for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            weight_gradient,
            images,
            copies,
            sums,
        } = self;
        // Beside a sum for each row and shift there is room for the shifts and one row: 8 · 3 + 3 + 1 = 28 registers of 32, or
        // 4 · 3 + 3 + 1 = 16 of 16.
        let most = if S::REGISTER_COUNT >= 32 {
            ROWS
        } else {
            ROWS / 2
        };
        for rows in split(weight_gradient.rows, most) {
            for shifts in split(weight_gradient.taps.len(), SHIFTS) {
                let tile = Tile {
                    weight_gradient,
                    row: rows.start,
                    shift: shifts.start,
                    images,
                    copies,
                };
                match shifts.len() {
                    1 => tile.of_shifts::<S, 1>(simd, rows.len(), sums),
                    2 => tile.of_shifts::<S, 2>(simd, rows.len(), sums),
                    _ => tile.of_shifts::<S, 3>(simd, rows.len(), sums),
                }
            }
        }
    }
}

/// Sums of a few rows and shifts.
struct Tile<'a> {
    weight_gradient: &'a WeightGradient<'a>,
    row: usize,
    shift: usize,
    images: &'a [f32],
    copies: &'a [f32],
}

impl Tile<'_> {
    #[inline(always)]
    fn of_shifts<S: Simd, const C: usize>(&self, simd: S, rows: usize, sums: &mut [f32]) {
        match rows {
            1 => self.add::<S, 1, C>(simd, sums),
            2 => self.add::<S, 2, C>(simd, sums),
            3 => self.add::<S, 3, C>(simd, sums),
            4 => self.add::<S, 4, C>(simd, sums),
            5 => self.add::<S, 5, C>(simd, sums),
            6 => self.add::<S, 6, C>(simd, sums),
            7 => self.add::<S, 7, C>(simd, sums),
            _ => self.add::<S, 8, C>(simd, sums),
        }
    }

    /// sums[row, shift] += Σ over samples and pixels, for R rows and C shifts.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const C: usize>(&self, simd: S, out: &mut [f32]) {
        let taps = &self.weight_gradient.taps;
        let sums = self.sum::<S, R, C>(simd);
        for (row, sums) in sums.iter().enumerate() {
            let out = &mut out[(self.row + row) * taps.len() + self.shift..];
            for (out, sum) in zip(out, sums) {
                *out += simd.reduce_sum_f32s(*sum);
            }
        }
    }

    #[inline(always)]
    fn sum<S: Simd, const R: usize, const C: usize>(&self, simd: S) -> [[S::f32s; C]; R] {
        let WeightGradient {
            grid,
            rows,
            channels,
            ref taps,
        } = *self.weight_gradient;
        let (flat, from, to) = (grid.flat(), rows * grid.flat(), channels * grid.copies());
        let samples = self.images.len() / from;
        // Image and shift begin at pixel 0 of their rows; the next sample is `from` and `to` numbers further on.
        let images: [&[f32]; R] =
            from_fn(|row| &self.images[(self.row + row) * flat..][..(samples - 1) * from + flat]);
        let shifts: [&[f32]; C] =
            from_fn(|shift| &self.copies[taps[self.shift + shift]..][..(samples - 1) * to + flat]);
        let mut sums = [[simd.splat_f32s(0.0); C]; R];
        for sample in 0..samples {
            let images: [&[S::f32s]; R] =
                from_fn(|row| vectors::<S>(&images[row][sample * from..], flat));
            let shifts: [&[S::f32s]; C] =
                from_fn(|shift| vectors::<S>(&shifts[shift][sample * to..], flat));
            // Up to `flat`, not `image`: behind its last pixel an image is zero, so what a shift has there adds nothing.
            for vector in 0..flat / S::F32_LANES {
                let shifts: [S::f32s; C] = from_fn(|shift| shifts[shift][vector]);
                for (sums, image) in zip(&mut sums, images) {
                    let image = image[vector];
                    for (sum, shift) in zip(sums, shifts) {
                        *sum = simd.mul_add_e_f32s(image, shift, *sum);
                    }
                }
            }
        }
        sums
    }
}

/// The first `count` numbers as vectors. That all slices are as long spares a check for each vector.
#[inline(always)]
fn vectors<S: Simd>(numbers: &[f32], count: usize) -> &[S::f32s] {
    &S::as_simd_f32s(&numbers[..count]).0[..count / S::F32_LANES]
}
