//! Convolutions with any window on the CPU, by matrix products.
//!
//! What an output sees is laid out as a row of numbers; all rows of a piece of the batch are a matrix that is multiplied by the weights. With samples n,
//! inputs c, outputs o, taps t of the window and pixels p that come out:
//!
//! ```text
//!   seen      S[(n, p), (t, c)] = x[n, c, place(p, t)], 0 beyond the edges
//!   forward   y[n, o, p]     = f(bias[o] + Σ_(t,c) S[(n, p), (t, c)] W[o, c, t])
//!   backward  dz[(n, p), o]  = dy[n, o, p] f'(z[n, o, p])                      f' is read off y
//!             dbias[o]       = Σ_(n,p) dz[(n, p), o]
//!             dW[o, c, t]    = Σ_(n,p) dz[(n, p), o] S[(n, p), (t, c)]
//!             dS[(n, p), (t, c)] = Σ_o dz[(n, p), o] W[o, c, t], whose numbers are added where they were seen
//! ```
//!
//! Inside, a pixel has its channels side by side: what a row of the window sees of an image is then one run of memory, however the window moves.
//! [`conv`](mod@crate::conv) needs no such rows, and is faster where channels are few, but knows one kind of window.

mod rows;

#[cfg(test)]
mod tests;

use std::iter::zip;

use crate::activation::Activation;
use crate::buffers;
use crate::gemm::{Matrix, Product, add, multiply_here};
use crate::scratch::Scratch;
use crate::threads;
use rows::{Frame, turn};

/// Rows that a piece of work has, about: a product of fewer does not reach full speed.
const ROWS: usize = 1024;
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

    fn is_empty(&self) -> bool {
        self.batch == 0 || self.input() == 0 || self.outputs() == 0
    }

    /// Samples of a piece of work. It depends on nothing but the sizes, so that the sums over pieces are the same on any machine; an even number of
    /// pieces keeps two threads busy to the end.
    fn piece(&self) -> usize {
        let pieces = (self.batch * self.pixels()).div_ceil(ROWS);
        let pieces = pieces.next_multiple_of(2).min(self.batch);
        self.batch.div_ceil(pieces)
    }

    fn check(&self, x: &[f32], weight: &[f32]) {
        let expected = "x is [batch, inputs, rows, columns]";
        assert_eq!(x.len(), self.batch * self.input(), "{expected}");
        let expected = "weight is [outputs, inputs, kernel rows, kernel columns]";
        assert_eq!(weight.len(), self.weights(), "{expected}");
        assert!(self.stride > 0, "a window moves by a pixel at least");
    }
}

/// Writes f(x ∗ weight + bias) to `y`.
///
/// - `x`: `[batch, inputs, size]`
/// - `weight`: `[outputs, inputs, kernel]`
/// - `bias`: `[outputs]`
/// - `y`: `[batch, outputs, output]`
///
/// # Panics
///
/// Where a slice has another length than that, or the window does not move.
pub fn forward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
    y: &mut [f32],
) {
    shape.check(x, weight);
    assert_eq!(bias.len(), shape.outputs, "bias is [outputs]");
    let expected = "y is [batch, outputs, rows, columns]";
    assert_eq!(y.len(), shape.batch * shape.outputs(), "{expected}");
    if shape.is_empty() {
        return;
    }
    let weight = channels_last(shape, weight);
    let samples = shape.piece();
    let pieces = zip(
        x.chunks(samples * shape.input()),
        y.chunks_mut(samples * shape.outputs()),
    );
    threads::each(pieces.collect(), |(x, y)| {
        let seen = Seen::of(shape, x);
        let mut z = Scratch::any(seen.rows * shape.outputs); // [rows, outputs]
        let weight = Matrix::new(&weight, shape.outputs, shape.seen());
        multiply_here(Product::new(seen.matrix(), weight.transposed()), &mut z);
        let pixels = shape.pixels();
        let of_samples = zip(z.chunks(shape.outputs()), y.chunks_mut(shape.outputs()));
        for (z, y) in of_samples {
            turn(z, (pixels, shape.outputs), shape.outputs, y, pixels);
            for (y, bias) in zip(y.chunks_mut(pixels), bias) {
                y.iter_mut().for_each(|y| *y += bias);
            }
        }
        activation.apply(y);
    });
    buffers::give(weight);
}

/// What came out of a forward pass, and its gradient: both `[batch, outputs, output]`.
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
    /// At the inputs, `[batch, inputs, size]`, where it is wanted.
    pub x: Option<&'a mut [f32]>,
    /// At the weights, `[outputs, inputs, kernel]`.
    pub weight: &'a mut [f32],
    /// At the biases, `[outputs]`.
    pub bias: &'a mut [f32],
}

/// Backward pass of [`forward`].
///
/// # Panics
///
/// Where a slice has another length than is said of it, or the window does not move.
pub fn backward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    activation: Activation,
    outputs: Outputs,
    gradients: Gradients,
) {
    let (dx, dweight, dbias) = (gradients.x, gradients.weight, gradients.bias);
    shape.check(x, weight);
    let expected = "y and dy are [batch, outputs, rows, columns]";
    assert_eq!(outputs.y.len(), shape.batch * shape.outputs(), "{expected}");
    assert_eq!(outputs.dy.len(), outputs.y.len(), "{expected}");
    assert!(
        dx.as_ref().is_none_or(|dx| dx.len() == x.len()),
        "dx is as x"
    );
    assert_eq!(dweight.len(), weight.len(), "dweight is as weight");
    assert_eq!(dbias.len(), shape.outputs, "dbias is [outputs]");
    dbias.fill(0.0);
    if shape.is_empty() {
        return dweight.fill(0.0);
    }
    let weight = channels_last(shape, weight);
    let samples = shape.piece();
    let (input, output) = (samples * shape.input(), samples * shape.outputs());
    let count = shape.batch.div_ceil(samples);
    // Sums over the batch: each piece has its own, which are added in the order of the pieces, whichever thread was done first.
    let mut dweights = buffers::take(count * shape.weights());
    let mut dbiases = vec![0.0; count * shape.outputs];
    let mut dxs = dx.map(|dx| dx.chunks_mut(input));
    let sums = zip(
        dweights.chunks_mut(shape.weights()),
        dbiases.chunks_mut(shape.outputs),
    );
    let ends = zip(outputs.y.chunks(output), outputs.dy.chunks(output));
    let pieces = zip(zip(x.chunks(input), ends), sums).map(|((x, (y, dy)), (dweight, dbias))| {
        let dx = dxs.as_mut().and_then(Iterator::next);
        let outputs = Outputs { y, dy };
        let (weight, bias) = (dweight, dbias);
        (
            x,
            outputs,
            Gradients {
                x: dx,
                weight,
                bias,
            },
        )
    });
    threads::each(pieces.collect(), |(x, outputs, gradients)| {
        backward_of_piece(shape, &weight, activation, x, outputs, gradients);
    });
    dbiases
        .chunks(shape.outputs)
        .for_each(|part| add(dbias, part));
    // The first piece takes the sum.
    let (sums, others) = dweights.split_at_mut(shape.weights());
    let pieces = sums.chunks_mut(WEIGHTS).enumerate();
    threads::each(pieces.collect(), |(index, sum)| {
        for part in others.chunks(shape.weights()) {
            add(sum, &part[index * WEIGHTS..][..sum.len()]);
        }
    });
    // `[kernel, inputs]` of each output back to `[inputs, kernel]`.
    let (taps, seen) = (shape.seen() / shape.inputs, shape.seen());
    for (sums, dweight) in zip(sums.chunks(seen), dweight.chunks_mut(seen)) {
        turn(sums, (taps, shape.inputs), shape.inputs, dweight, taps);
    }
    buffers::give(dweights);
    buffers::give(weight);
}

/// The weights as `[outputs, kernel, inputs]`.
fn channels_last(shape: &Shape, weight: &[f32]) -> Vec<f32> {
    let (taps, seen) = (shape.seen() / shape.inputs, shape.seen());
    let mut turned = buffers::take(weight.len());
    let of_outputs = zip(weight.chunks(seen), turned.chunks_mut(seen));
    threads::each(of_outputs.collect(), |(weight, turned)| {
        turn(weight, (shape.inputs, taps), taps, turned, shape.inputs);
    });
    turned
}

fn backward_of_piece(
    shape: &Shape,
    weight: &[f32],
    activation: Activation,
    x: &[f32],
    outputs: Outputs,
    gradients: Gradients,
) {
    let mut seen = Seen::of(shape, x);
    let pixels = shape.pixels();
    let mut dz = Scratch::any(seen.rows * shape.outputs); // [rows, outputs]
    let mut slopes = Scratch::any(shape.outputs());
    let of_samples = zip(
        zip(
            outputs.y.chunks(shape.outputs()),
            outputs.dy.chunks(shape.outputs()),
        ),
        dz.chunks_mut(shape.outputs()),
    );
    for ((y, dy), dz) in of_samples {
        slopes.copy_from_slice(dy);
        activation.multiply_slope(&mut slopes, y);
        for (sum, slopes) in zip(&mut *gradients.bias, slopes.chunks(pixels)) {
            *sum += slopes.iter().sum::<f32>();
        }
        turn(&slopes, (shape.outputs, pixels), pixels, dz, shape.outputs);
    }
    let dz = Matrix::new(&dz, seen.rows, shape.outputs);
    multiply_here(
        Product::new(dz.transposed(), seen.matrix()),
        gradients.weight,
    );
    if let Some(dx) = gradients.x {
        let weight = Matrix::new(weight, shape.outputs, shape.seen());
        // What was seen is not needed any more: its gradient takes its place.
        multiply_here(Product::new(dz, weight), &mut seen.numbers);
        seen.add_where_seen(shape, dx);
    }
}

/// What all outputs of some samples see.
struct Seen {
    /// `[rows, seen]`
    numbers: Scratch,
    /// One for each sample and pixel that goes out.
    rows: usize,
    columns: usize,
}

impl Seen {
    fn of(shape: &Shape, x: &[f32]) -> Self {
        let samples = x.len() / shape.input();
        let (rows, columns) = (samples * shape.pixels(), shape.seen());
        let mut numbers = Scratch::any(rows * columns);
        let frame = Frame::new(shape);
        let mut framed = Scratch::zeros(frame.len());
        let of_samples = numbers.chunks_mut(shape.pixels() * columns);
        for (x, numbers) in zip(x.chunks(shape.input()), of_samples) {
            frame.set(x, &mut framed);
            let runs = zip(frame.runs(), numbers.chunks_mut(frame.run));
            runs.for_each(|(start, run)| run.copy_from_slice(&framed[start..][..frame.run]));
        }
        Self {
            numbers,
            rows,
            columns,
        }
    }

    fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.numbers, self.rows, self.columns)
    }

    /// Writes the sum of all numbers that stand where an input was seen to its place in `dx`, `[samples, inputs, size]`.
    fn add_where_seen(&self, shape: &Shape, dx: &mut [f32]) {
        let frame = Frame::new(shape);
        let mut framed = Scratch::any(frame.len());
        let of_samples = self.numbers.chunks(shape.pixels() * self.columns);
        for (numbers, dx) in zip(of_samples, dx.chunks_mut(shape.input())) {
            framed.fill(0.0);
            let runs = zip(frame.runs(), numbers.chunks(frame.run));
            runs.for_each(|(start, run)| add(&mut framed[start..][..frame.run], run));
            frame.take(&framed, dx);
        }
    }
}
