//! Batches whose channels have few values: rows of `[channels * area]`, of which every column is summed for itself.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use super::{Affine, Moments, Slope};

/// The moments of each column of some rows.
pub struct Sums<'a> {
    pub x: &'a [f32],
    /// `[columns]`
    pub moments: &'a mut [Moments],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { x, moments } = self;
        let width = moments.len();
        let rows = x.len() / width;
        let mut pivots = vec![0.0; width];
        for row in x.chunks_exact(width) {
            zip(&mut pivots, row).for_each(|(sum, x)| *sum += x);
        }
        pivots.iter_mut().for_each(|sum| *sum /= rows as f32);
        let (mut sums, mut squares) = (vec![0.0; width], vec![0.0; width]);
        for row in x.chunks_exact(width) {
            for ((sum, square), (x, pivot)) in zip(zip(&mut sums, &mut squares), zip(row, &pivots))
            {
                let apart = x - pivot;
                *sum += apart;
                *square += apart * apart;
            }
        }
        for (moments, (pivot, (sum, square))) in zip(moments, zip(pivots, zip(sums, squares))) {
            *moments = Moments::around(pivot, rows, [f64::from(sum), f64::from(square)]);
        }
    }
}

/// y of some rows.
pub struct Apply<'a> {
    /// `[columns]`
    pub affine: &'a [Affine],
    pub x: &'a [f32],
    pub y: &'a mut [f32],
}

impl WithSimd for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { affine, x, y } = self;
        let width = affine.len();
        for (x, y) in zip(x.chunks_exact(width), y.chunks_exact_mut(width)) {
            for ((x, y), affine) in zip(zip(x, y), affine) {
                *y = (x - affine.pivot) * affine.scale + affine.shift;
            }
        }
    }
}

/// Σ dy and Σ dy (x - pivot) for each column of some rows.
pub struct Products<'a> {
    /// `[columns]`
    pub pivots: &'a [f32],
    pub x: &'a [f32],
    pub dy: &'a [f32],
    /// `[columns]`
    pub sums: &'a mut [[f64; 2]],
}

impl WithSimd for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self {
            pivots,
            x,
            dy,
            sums: out,
        } = self;
        let width = pivots.len();
        let (mut sums, mut products) = (vec![0.0; width], vec![0.0; width]);
        for (x, dy) in zip(x.chunks_exact(width), dy.chunks_exact(width)) {
            let read = zip(zip(x, dy), pivots);
            for ((sum, product), ((x, dy), pivot)) in zip(zip(&mut sums, &mut products), read) {
                *sum += dy;
                *product += dy * (x - pivot);
            }
        }
        for (out, (sum, product)) in zip(out, zip(sums, products)) {
            *out = [f64::from(sum), f64::from(product)];
        }
    }
}

/// Turns the gradients at y of some rows into those at x.
pub struct Back<'a> {
    /// `[columns]`
    pub slopes: &'a [Slope],
    pub x: &'a [f32],
    pub dy: &'a mut [f32],
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { slopes, x, dy } = self;
        let width = slopes.len();
        for (x, dy) in zip(x.chunks_exact(width), dy.chunks_exact_mut(width)) {
            for ((x, dy), slope) in zip(zip(x, dy), slopes) {
                *dy = slope.scale * *dy + (slope.slope * (x - slope.pivot) + slope.shift);
            }
        }
    }
}
