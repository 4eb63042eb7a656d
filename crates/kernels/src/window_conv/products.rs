//! Convolutions with any window by one product of matrices a piece.
//!
//! What an output sees is laid out as a row of numbers; all rows of a piece of the batch are a matrix that is multiplied by the weights:
//!
//! ```text
//!   seen      S[(n, p), (t, c)] = x[n, c, place(p, t)], 0 beyond the edges
//!   forward   z[(n, p), o]  = Σ_(t,c) S[(n, p), (t, c)] W[o, (t, c)]
//!   backward  dW[o, (t, c)] = Σ_(n,p) dz[(n, p), o] S[(n, p), (t, c)]
//!             dS[(n, p), (t, c)] = Σ_o dz[(n, p), o] W[o, (t, c)], whose numbers are added where they were seen
//! ```
//!
//! Inside, a pixel has its channels side by side: what a row of the window sees of an image is then one run of memory, however the window moves.

use std::iter::zip;

use super::rows::{Frame, turn};
use super::{Shape, Way};
use crate::buffers;
use crate::gemm::{Matrix, Product, add, multiply_here};
use crate::scratch::Scratch;
use crate::threads;

/// Rows that a piece of work has, about: a product of fewer does not reach full speed.
const ROWS: usize = 1024;

pub struct Products<'a> {
    shape: &'a Shape,
    /// `[outputs, kernel, inputs]`
    weight: Vec<f32>,
}

impl<'a> Products<'a> {
    pub fn new(shape: &'a Shape, weight: &[f32]) -> Self {
        let (taps, seen) = (shape.seen() / shape.inputs, shape.seen());
        let mut turned = buffers::take(weight.len());
        let of_outputs = zip(weight.chunks(seen), turned.chunks_mut(seen));
        threads::each(of_outputs.collect(), |(weight, turned)| {
            turn(weight, (shape.inputs, taps), taps, turned, shape.inputs);
        });
        Self {
            shape,
            weight: turned,
        }
    }

    fn weight(&self) -> Matrix<'_> {
        Matrix::new(&self.weight, self.shape.outputs, self.shape.seen())
    }
}

impl Drop for Products<'_> {
    fn drop(&mut self) {
        buffers::give(std::mem::take(&mut self.weight));
    }
}

impl Way for Products<'_> {
    fn samples(&self) -> usize {
        self.shape.piece(self.shape.pixels(), ROWS)
    }

    fn forward(&self, x: &[f32], y: &mut [f32]) {
        let shape = self.shape;
        let seen = Seen::of(shape, x);
        let mut z = Scratch::any(seen.rows * shape.outputs); // [rows, outputs]
        let product = Product::new(seen.matrix(), self.weight().transposed());
        multiply_here(product, &mut z);
        let pixels = shape.pixels();
        let of_samples = zip(z.chunks(shape.outputs()), y.chunks_mut(shape.outputs()));
        for (z, y) in of_samples {
            turn(z, (pixels, shape.outputs), shape.outputs, y, pixels);
        }
    }

    fn backward(&self, x: &[f32], dz: &[f32], dx: Option<&mut [f32]>, dweight: &mut [f32]) {
        let shape = self.shape;
        let mut seen = Seen::of(shape, x);
        let pixels = shape.pixels();
        let mut rows = Scratch::any(dz.len()); // [rows, outputs]
        let of_samples = zip(dz.chunks(shape.outputs()), rows.chunks_mut(shape.outputs()));
        for (dz, rows) in of_samples {
            turn(dz, (shape.outputs, pixels), pixels, rows, shape.outputs);
        }
        let dz = Matrix::new(&rows, seen.rows, shape.outputs);
        multiply_here(Product::new(dz.transposed(), seen.matrix()), dweight);
        if let Some(dx) = dx {
            // What was seen is not needed any more: its gradient takes its place.
            multiply_here(Product::new(dz, self.weight()), &mut seen.numbers);
            seen.add_where_seen(shape, dx);
        }
    }

    fn in_order(&self, weight: &[f32], ordered: &mut [f32]) {
        let (inputs, seen) = (self.shape.inputs, self.shape.seen());
        let taps = seen / inputs;
        for (weight, ordered) in zip(weight.chunks(seen), ordered.chunks_mut(seen)) {
            turn(weight, (taps, inputs), inputs, ordered, taps);
        }
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
