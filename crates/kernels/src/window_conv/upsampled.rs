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

use super::{Ends, Gradients, Outputs, Shape, Way, backward_by, check_gradients, forward_by};
use crate::activation::Activation;
use crate::gemm::{Matrix, Product, add, multiply_here};
use crate::scratch::Scratch;
use crate::turning::turn;
use crate::vectors::arch;

/// Pixels of small images that a piece of work has, about.
const PIXELS: usize = 1024;
/// Inputs from which on the products that are saved are worth the shifts.
const INPUTS: usize = 4;

/// Whether a convolution of images that were made twice as large is known this way: its shape is that of the large images.
pub fn is_known(shape: &Shape) -> bool {
    let [rows, columns] = shape.kernel;
    let pad = rows / 2;
    rows == columns
        && rows % 2 == 1
        && shape.stride == 1
        && shape.zeros == [pad; 2]
        && shape.output == shape.size
        && shape.size.iter().all(|side| side.is_multiple_of(2))
        && shape.inputs >= INPUTS
}

/// Writes f(up(x) ∗ weight + bias) to `y`, where up(x) has each pixel of x twice in both directions; the shape is that of the convolution.
///
/// - `x`: `[batch, inputs, size / 2]`
/// - `weight`: `[outputs, inputs, kernel]`
/// - `bias`: `[outputs]`
/// - `y`: `[batch, outputs, size]`
///
/// # Panics
///
/// Where a slice has another length than that, or the shape is not one that [`is_known`].
pub fn forward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
    y: &mut [f32],
) {
    check(shape, x, y, weight);
    assert_eq!(bias.len(), shape.outputs, "bias is [outputs]");
    if !shape.is_empty() {
        let way = Upsampled::new(shape, weight);
        forward_by(&way, ends(shape), x, bias, activation, y);
    }
}

/// Backward pass of [`forward`]; gradients and outputs are as `x`, `weight`, `bias` and `y` are there.
///
/// # Panics
///
/// Where a slice has another length than that, or the shape is not one that [`is_known`].
pub fn backward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    activation: Activation,
    outputs: Outputs,
    gradients: Gradients,
) {
    check(shape, x, outputs.y, weight);
    check_gradients(x, weight, shape.outputs, outputs, &gradients);
    if shape.is_empty() {
        return gradients.clear();
    }
    let way = Upsampled::new(shape, weight);
    backward_by(&way, ends(shape), x, activation, outputs, gradients);
}

fn check(shape: &Shape, x: &[f32], y: &[f32], weight: &[f32]) {
    assert!(is_known(shape), "no such convolution: {shape:?}");
    let (small, large) = (ends(shape).input, shape.outputs());
    assert_eq!(
        x.len(),
        shape.batch * small,
        "x is [batch, inputs, size / 2]"
    );
    assert_eq!(y.len(), shape.batch * large, "y is [batch, outputs, size]");
    let expected = "weight is [outputs, inputs, kernel]";
    assert_eq!(weight.len(), shape.weights(), "{expected}");
}

/// What goes in and out here.
fn ends(shape: &Shape) -> Ends {
    Ends {
        input: shape.input() / 4,
        outputs: shape.outputs,
        pixels: shape.pixels(),
    }
}

struct Upsampled<'a> {
    shape: &'a Shape,
    small: Small,
    /// `[outputs, kernel, inputs]`
    weight: Vec<f32>,
}

impl<'a> Upsampled<'a> {
    fn new(shape: &'a Shape, weight: &[f32]) -> Self {
        let (inputs, seen) = (shape.inputs, shape.seen());
        let mut turned = vec![0.0; weight.len()];
        for (weight, turned) in zip(weight.chunks(seen), turned.chunks_mut(seen)) {
            turn(
                weight,
                (inputs, seen / inputs),
                seen / inputs,
                turned,
                inputs,
            );
        }
        Self {
            shape,
            small: Small {
                size: shape.size.map(|side| side / 2),
                kernel: shape.kernel[0],
            },
            weight: turned,
        }
    }

    /// Rows of z: taps of all outputs.
    fn taps(&self) -> usize {
        self.shape.outputs * self.small.taps()
    }

    fn weight(&self) -> Matrix<'_> {
        Matrix::new(&self.weight, self.taps(), self.shape.inputs)
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
            multiply_here(Product::new(self.weight(), self.channels(x)), &mut z);
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
                multiply_here(Product::new(self.weight().transposed(), d), dx);
            }
        }
    }

    fn in_order(&self, weight: &[f32], ordered: &mut [f32]) {
        let (inputs, seen) = (self.shape.inputs, self.shape.seen());
        for (weight, ordered) in zip(weight.chunks(seen), ordered.chunks_mut(seen)) {
            turn(
                weight,
                (seen / inputs, inputs),
                inputs,
                ordered,
                seen / inputs,
            );
        }
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
