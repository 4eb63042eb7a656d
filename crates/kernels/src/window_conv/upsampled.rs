//! Convolutions of images that were made twice as high and wide before, without those images.
//!
//! A convolution of odd kernel K and "same" padding sees each pixel x\[q\] four times, so that what its taps t make of the channels is worked out for
//! the small image, and only that is shifted and added. With samples n, inputs i, outputs o, small pixels q and large pixels p:
//!
//! ```text
//!   forward   z[n, (o, t), q] = Σ_i W[o, i, t] x[n, i, q]
//!             y[n, o, p]      = Σ_t z[n, (o, t), ⌊(p + shift(t)) / 2⌋], where p + shift(t) lies in the image
//!   backward  D[n, (o, t), q] = Σ dz[n, o, p], over all p that z[n, (o, t), q] was added to
//!             dW[o, i, t]     = Σ_n Σ_q D[n, (o, t), q] x[n, i, q]
//!             dx[n, i, q]     = Σ_o Σ_t W[o, i, t] D[n, (o, t), q]
//! ```
//!
//! All three products are a quarter of those of the large images, which are neither written nor read, and nor are their gradients.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use super::products::Products;
use super::{Shape, Way};
use crate::gemm::{Matrix, Product, add, multiply_here};
use crate::scratch::Scratch;
use crate::vectors::arch;

/// Pixels of small images that a piece of work has, about.
const PIXELS: usize = 1024;

/// Whether there is such a convolution.
pub fn is_known(shape: &Shape) -> bool {
    let [rows, columns] = shape.kernel;
    let keeps_the_size = shape.zeros == [rows / 2; 2] && shape.output == shape.size;
    rows == columns
        && rows % 2 == 1
        && shape.stride == 1
        && keeps_the_size
        && shape.size.iter().all(|side| side.is_multiple_of(2))
}

pub struct Upsampled<'a> {
    shape: &'a Shape,
    small: Small,
    products: Products<'a>,
}

impl<'a> Upsampled<'a> {
    pub fn new(shape: &'a Shape, weight: &[f32]) -> Self {
        Self {
            shape,
            small: Small {
                size: shape.size.map(|side| side / 2),
                kernel: shape.kernel[0],
            },
            products: Products::new(shape, weight),
        }
    }

    /// Rows of z: taps of all outputs.
    fn taps(&self) -> usize {
        self.shape.outputs * self.small.taps()
    }

    /// The channels of a sample, `[inputs, small pixels]`.
    fn channels<'b>(&self, x: &'b [f32]) -> Matrix<'b> {
        Matrix::new(x, self.shape.inputs, self.small.pixels())
    }
}

impl Way for Upsampled<'_> {
    fn samples(&self) -> usize {
        self.shape.piece(self.small.pixels(), PIXELS)
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        let (pixels, taps) = (self.small.pixels(), self.small.taps());
        let mut z = Scratch::any(self.taps() * pixels);
        let samples = y.chunks_mut(self.shape.outputs());
        for (x, y) in zip(x.chunks(self.shape.inputs * pixels), samples) {
            multiply_here(Product::new(self.products.taps(), self.channels(x)), &mut z);
            for (z, y) in zip(z.chunks(taps * pixels), y.chunks_mut(4 * pixels)) {
                let small = self.small;
                arch().dispatch(Spread { small, z, y });
            }
        }
    }

    fn backward(&self, x: &[f32], dz: &[f32], mut dx: Option<&mut [f32]>, dweight: &mut [f32]) {
        let (pixels, taps) = (self.small.pixels(), self.small.taps());
        let mut gathered = Scratch::any(self.taps() * pixels);
        let mut of_sample = Scratch::any(dweight.len());
        dweight.fill(0.0);
        let input = self.shape.inputs * pixels;
        let samples = zip(x.chunks(input), dz.chunks(self.shape.outputs()));
        for (sample, (x, dz)) in samples.enumerate() {
            for (d, dz) in zip(gathered.chunks_mut(taps * pixels), dz.chunks(4 * pixels)) {
                let small = self.small;
                arch().dispatch(Gather { small, dz, d });
            }
            let d = Matrix::new(&gathered, self.taps(), pixels);
            multiply_here(
                Product::new(d, self.channels(x).transposed()),
                &mut of_sample,
            );
            add(dweight, &of_sample);
            if let Some(dx) = &mut dx {
                let dx = &mut dx[sample * input..][..input];
                multiply_here(Product::new(self.products.taps().transposed(), d), dx);
            }
        }
    }

    fn in_order(&self, weight: &[f32], ordered: &mut [f32]) {
        self.products.in_order(weight, ordered);
    }
}

/// Small images, and the kernel that sees them twice as large.
#[derive(Clone, Copy)]
struct Small {
    /// Rows and columns.
    size: [usize; 2],
    /// Rows and columns of the kernel.
    kernel: usize,
}

impl Small {
    fn pixels(self) -> usize {
        self.size[0] * self.size[1]
    }

    fn taps(self) -> usize {
        self.kernel * self.kernel
    }

    /// By how many small rows, or columns, a tap in this row, or column, of the kernel is off for large pixels of this parity.
    #[inline(always)]
    fn shift(self, parity: usize, tap: usize) -> isize {
        ((parity + tap) as isize - (self.kernel / 2) as isize).div_euclid(2)
    }

    /// Adds to each pixel of an image what another has so many rows below.
    #[inline(always)]
    fn add_rows(self, rows: isize, from: &[f32], to: &mut [f32]) {
        add_further(rows * self.size[1] as isize, from, to);
    }

    /// Adds to each pixel of an image what another has so many columns to the right; `line` has room for an image.
    #[inline(always)]
    fn add_columns(self, columns: isize, from: &[f32], to: &mut [f32], line: &mut [f32]) {
        if columns == 0 {
            return add_further(0, from, to);
        }
        // What would run into the row beside it becomes zero.
        let (width, count) = (self.size[1], columns.unsigned_abs().min(self.size[1]));
        line.copy_from_slice(from);
        for row in line.chunks_mut(width) {
            match columns > 0 {
                true => row[..count].fill(0.0),
                false => row[width - count..].fill(0.0),
            }
        }
        add_further(columns, line, to);
    }
}

/// Adds to each number what another list has so many places further on.
#[inline(always)]
fn add_further(places: isize, from: &[f32], to: &mut [f32]) {
    let count = places.unsigned_abs().min(to.len());
    let (from, to) = match places >= 0 {
        true => (&from[count..], to),
        false => (from, &mut to[count..]),
    };
    zip(to, from).for_each(|(to, from)| *to += *from);
}

/// From what the taps of one output make of a small image, `[kernel, kernel, small pixels]`, to the large image that is their sum.
struct Spread<'a> {
    small: Small,
    z: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { small, z, y } = self;
        let (pixels, kernel, width) = (small.pixels(), small.kernel, small.size[1]);
        let mut work = Scratch::any(4 * pixels);
        let (sums, rest) = work.split_at_mut(pixels);
        let (line, phases) = rest.split_at_mut(pixels);
        for parity in 0..2 {
            phases.fill(0.0);
            for column in 0..kernel {
                sums.fill(0.0);
                for row in 0..kernel {
                    let z = &z[(row * kernel + column) * pixels..][..pixels];
                    small.add_rows(small.shift(parity, row), z, sums);
                }
                for (of, phase) in phases.chunks_mut(pixels).enumerate() {
                    small.add_columns(small.shift(of, column), sums, phase, line);
                }
            }
            let (even, odd) = phases.split_at(pixels);
            let lines = zip(even.chunks(width), odd.chunks(width));
            for (y, (even, odd)) in zip(y.chunks_mut(4 * width), lines) {
                let y = &mut y[parity * 2 * width..][..2 * width];
                for (pair, (even, odd)) in zip(y.as_chunks_mut::<2>().0, zip(even, odd)) {
                    *pair = [*even, *odd];
                }
            }
        }
    }
}

/// The way back of [`Spread`]: from the gradient at the large image to those at what the taps make of the small one.
struct Gather<'a> {
    small: Small,
    dz: &'a [f32],
    d: &'a mut [f32],
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { small, dz, d } = self;
        let (pixels, kernel, width) = (small.pixels(), small.kernel, small.size[1]);
        let mut work = Scratch::any(4 * pixels);
        let (sums, rest) = work.split_at_mut(pixels);
        let (line, phases) = rest.split_at_mut(pixels);
        d.fill(0.0);
        for parity in 0..2 {
            let (even, odd) = phases.split_at_mut(pixels);
            let lines = zip(even.chunks_mut(width), odd.chunks_mut(width));
            for (dz, (even, odd)) in zip(dz.chunks(4 * width), lines) {
                let dz = &dz[parity * 2 * width..][..2 * width];
                for (pair, (even, odd)) in zip(dz.as_chunks::<2>().0, zip(even, odd)) {
                    [*even, *odd] = *pair;
                }
            }
            for column in 0..kernel {
                sums.fill(0.0);
                for (of, phase) in phases.chunks(pixels).enumerate() {
                    small.add_columns(-small.shift(of, column), phase, sums, line);
                }
                for row in 0..kernel {
                    let d = &mut d[(row * kernel + column) * pixels..][..pixels];
                    small.add_rows(-small.shift(parity, row), sums, d);
                }
            }
        }
    }
}
