//! Convolutions with any window on the CPU, by matrix products.
//!
//! With samples n, inputs c, outputs o, taps t of the window and pixels p that come out:
//!
//! ```text
//!   forward   y[n, o, p]     = f(bias[o] + Σ_(t,c) x[n, c, place(p, t)] W[o, c, t])      0 beyond the edges
//!   backward  dz[n, o, p]    = dy[n, o, p] f'(z[n, o, p])                               f' is read off y
//!             dbias[o]       = Σ_(n,p) dz[n, o, p]
//!             dW[o, c, t]    = Σ_(n,p) dz[n, o, p] x[n, c, place(p, t)]
//!             dx[n, c, q]    = Σ_(o,p,t) dz[n, o, p] W[o, c, t], where q = place(p, t)
//! ```
//!
//! There are several ways to the sums, which find them for pieces of the batch: `products` for any window, `winograd` for most of 3x3; `transposed` for a
//! convolution that is turned around, `upsampled` for one of images that were made larger before.
//! [`conv`](mod@crate::conv) needs no products, and is faster where channels are few, but knows one kind of window.

mod products;
mod rows;
mod transposed;
mod upsampled;
mod winograd;

#[cfg(test)]
mod tests;

use std::iter::zip;

use crate::activation::Activation;
use crate::buffers;
use crate::gemm::add;
use crate::scratch::Scratch;
use crate::simd_loops::{map, total};
use crate::threads;
use products::Products;
use transposed::Transposed;
use upsampled::Upsampled;
pub(crate) use winograd::is_faster as in_tiles;

/// Weights that a thread sums up over the pieces at a time.
const WEIGHTS: usize = 1 << 14;

/// The sizes of a convolution from `[batch, inputs, size]` to `[batch, outputs, output]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Samples.
    pub batch: usize,
    /// Channels that come in.
    pub inputs: usize,
    /// Channels that go out.
    pub outputs: usize,
    /// Rows and columns of an image that comes in.
    pub size: [usize; 2],
    /// Rows and columns of the window.
    pub kernel: [usize; 2],
    /// Pixels by which the window moves in both directions; at least 1.
    pub stride: usize,
    /// Rows of zeros above an image, and columns of zeros before it. After it there are as many as the last window wants.
    pub zeros: [usize; 2],
    /// Rows and columns of an image that goes out.
    pub output: [usize; 2],
    /// What is done with it.
    pub kind: Kind,
}

/// How a convolution is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Plain,
    /// Turned around: what it gives comes in, and it slides over what goes out.
    Transposed,
    /// Of images each of whose pixels becomes two by two before, so that what comes in has half the rows and columns that it slides over. It has a square
    /// window of odd side, which moves by one pixel and keeps the size, and even rows and columns.
    Upsampled,
}

impl Shape {
    /// Numbers in one sample that comes in.
    fn input(&self) -> usize {
        self.inputs * self.size[0] * self.size[1]
    }

    /// Pixels of an image that goes out.
    fn pixels(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Numbers in one sample that goes out.
    fn outputs(&self) -> usize {
        self.outputs * self.pixels()
    }

    /// Numbers that an output sees.
    fn seen(&self) -> usize {
        self.inputs * self.kernel[0] * self.kernel[1]
    }

    /// Numbers in the weights, `[outputs, inputs, kernel rows, kernel columns]`.
    fn weights(&self) -> usize {
        self.outputs * self.seen()
    }

    /// What goes in and out of it.
    pub(crate) fn ends(&self) -> Ends {
        let (outputs, pixels) = (self.outputs, self.pixels());
        match self.kind {
            Kind::Plain => Ends {
                input: self.input(),
                outputs,
                pixels,
            },
            Kind::Transposed => Ends {
                input: self.outputs(),
                outputs: self.inputs,
                pixels: self.size[0] * self.size[1],
            },
            Kind::Upsampled => Ends {
                input: self.input() / 4,
                outputs,
                pixels,
            },
        }
    }

    fn is_empty(&self) -> bool {
        self.batch == 0 || self.input() == 0 || self.outputs() == 0
    }

    /// Samples of a piece of work, where each has so many rows of a product that wants `rows` of them. It depends on nothing but the sizes, so that the
    /// sums over pieces are the same on any machine; an even number of pieces keeps two threads busy to the end.
    fn piece(&self, of_sample: usize, rows: usize) -> usize {
        let pieces = (self.batch * of_sample).div_ceil(rows);
        let pieces = pieces.next_multiple_of(2).min(self.batch);
        self.batch.div_ceil(pieces)
    }

    fn check(&self, x: &[f32], y: &[f32], weight: &[f32], biases: usize) {
        let ends = self.ends();
        assert_eq!(x.len(), self.batch * ends.input, "x is what comes in");
        let values = ends.outputs * ends.pixels;
        assert_eq!(y.len(), self.batch * values, "y is what goes out");
        let expected = "weight is [outputs, inputs, kernel rows, kernel columns]";
        assert_eq!(weight.len(), self.weights(), "{expected}");
        assert_eq!(
            biases, ends.outputs,
            "a bias for each channel that goes out"
        );
        assert!(self.stride > 0, "a window moves by a pixel at least");
        let known = self.kind != Kind::Upsampled || upsampled::is_known(self);
        assert!(known, "no convolution of larger images: {self:?}");
    }
}

/// What goes in and out of one sample.
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    /// Numbers that come in.
    pub input: usize,
    /// Channels that go out.
    pub outputs: usize,
    /// Pixels of each.
    pub pixels: usize,
}

/// A way to the sums of a convolution whose weights it has.
trait Way: Sync {
    /// Samples of a piece of work, which depends on nothing but the sizes.
    fn samples(&self) -> usize;

    /// Writes x ∗ weight to `y`, of some samples: `x` is `[samples, inputs, size]`, `y` `[samples, outputs, output]`.
    fn forward(&self, x: &[f32], y: &mut [f32]);

    /// Writes the gradients of some samples, of `dz`, the one at what [`forward`](Self::forward) writes: at `x` to `dx`, where it is wanted, and at the
    /// weights to `dweight`, in an order of its own.
    fn backward(&self, x: &[f32], dz: &[f32], dx: Option<&mut [f32]>, dweight: &mut [f32]);

    /// Writes weights of that order as `[outputs, inputs, kernel]`.
    fn in_order(&self, weight: &[f32], ordered: &mut [f32]);
}

/// The way to what it gives, the faster one where there are two.
fn way<'a>(shape: &'a Shape, weight: &[f32]) -> Box<dyn Way + 'a> {
    match shape.kind {
        Kind::Plain if in_tiles([shape.inputs, shape.outputs], shape.kernel, shape.stride) => {
            winograd::of(shape, weight)
        }
        Kind::Plain => Box::new(Products::new(shape, weight)),
        Kind::Transposed => Box::new(Transposed::new(shape, weight)),
        Kind::Upsampled => Box::new(Upsampled::new(shape, weight)),
    }
}

/// Writes f(x ∗ weight + bias) to `y`, of the kind that the shape says; sizes are those of the convolution that slides.
///
/// - `x`: `[batch, inputs, size]`; `[batch, outputs, output]` where it is turned around, `[batch, inputs, size / 2]` before an upsampling
/// - `weight`: `[outputs, inputs, kernel]`
/// - `bias`: `[outputs]`; `[inputs]` where it is turned around
/// - `y`: `[batch, outputs, output]`; `[batch, inputs, size]` where it is turned around
///
/// # Panics
///
/// Where a slice has another length than that, or the window does not move, or is none of its kind.
pub fn forward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
    y: &mut [f32],
) {
    shape.check(x, y, weight, bias.len());
    if shape.is_empty() {
        return;
    }
    let (way, ends) = (way(shape, weight), shape.ends());
    let samples = way.samples();
    let pieces = zip(
        x.chunks(samples * ends.input),
        y.chunks_mut(samples * ends.outputs * ends.pixels),
    );
    threads::each(pieces.collect(), |(x, y)| {
        way.forward(x, y);
        for (y, bias) in zip(y.chunks_mut(ends.pixels), bias.iter().cycle()) {
            map(y, |y| y + bias);
        }
        activation.apply(y);
    });
}

/// What came out of a forward pass, and its gradient.
#[derive(Clone, Copy, Debug)]
pub struct Outputs<'a> {
    /// What came out.
    pub y: &'a [f32],
    /// The gradient of the loss at each of these.
    pub dy: &'a [f32],
}

/// The gradients that a backward pass writes.
#[derive(Debug)]
pub struct Gradients<'a> {
    /// At what came in, where it is wanted.
    pub x: Option<&'a mut [f32]>,
    /// At the weights, `[outputs, inputs, kernel]`.
    pub weight: &'a mut [f32],
    /// At the biases.
    pub bias: &'a mut [f32],
}

impl Gradients<'_> {
    /// What they are of a batch of nothing.
    fn clear(self) {
        self.weight.fill(0.0);
        self.bias.fill(0.0);
    }
}

/// Backward pass of [`forward`]; gradients are as what they are of.
///
/// # Panics
///
/// Where a slice has another length than is said of it, or the window does not move, or is none of its kind.
pub fn backward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    activation: Activation,
    outputs: Outputs,
    gradients: Gradients,
) {
    shape.check(x, outputs.y, weight, gradients.bias.len());
    assert_eq!(outputs.dy.len(), outputs.y.len(), "dy is as y");
    let dx = gradients.x.as_ref();
    assert!(dx.is_none_or(|dx| dx.len() == x.len()), "dx is as x");
    assert_eq!(gradients.weight.len(), weight.len(), "dweight is as weight");
    if shape.is_empty() {
        return gradients.clear();
    }
    let (way, ends) = (way(shape, weight), shape.ends());
    let (dx, dweight, dbias) = (gradients.x, gradients.weight, gradients.bias);
    let (samples, weights, of_sample) = (way.samples(), dweight.len(), ends.outputs * ends.pixels);
    let (input, output) = (samples * ends.input, samples * of_sample);
    let count = x.len().div_ceil(input);
    // Sums over the batch: each piece has its own, which are added in the order of the pieces, whichever thread was done first.
    let mut dweights = buffers::take(count * weights);
    let mut dbiases = vec![0.0; count * ends.outputs];
    let mut dxs = dx.map(|dx| dx.chunks_mut(input));
    let sums = zip(
        dweights.chunks_mut(weights),
        dbiases.chunks_mut(ends.outputs),
    );
    let both = zip(outputs.y.chunks(output), outputs.dy.chunks(output));
    let pieces = zip(zip(x.chunks(input), both), sums);
    let pieces = pieces.map(|(ends, sums)| (ends, sums, dxs.as_mut().and_then(Iterator::next)));
    threads::each(pieces.collect(), |((x, (y, dy)), (dweight, dbias), dx)| {
        let mut dz = Scratch::any(dy.len());
        dz.copy_from_slice(dy);
        activation.multiply_slope(&mut dz, y);
        for of_sample in dz.chunks(of_sample) {
            for (sum, dz) in zip(&mut *dbias, of_sample.chunks(ends.pixels)) {
                *sum += total(dz);
            }
        }
        way.backward(x, &dz, dx, dweight);
    });
    dbias.fill(0.0);
    dbiases
        .chunks(ends.outputs)
        .for_each(|part| add(dbias, part));
    // The first piece takes the sum.
    let (sums, others) = dweights.split_at_mut(weights);
    let pieces = sums.chunks_mut(WEIGHTS).enumerate();
    threads::each(pieces.collect(), |(index, sum)| {
        for part in others.chunks(weights) {
            add(sum, &part[index * WEIGHTS..][..sum.len()]);
        }
    });
    way.in_order(sums, dweight);
    buffers::give(dweights);
}
