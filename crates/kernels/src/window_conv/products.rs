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

use super::rows::Frame;
use super::{Shape, Way};
use crate::buffers;
use crate::gemm::{Matrix, Product, add, multiply_here};
use crate::scratch::{LINE, Scratch};
use crate::threads;
use crate::turning::turn;

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

    pub fn weight(&self) -> Matrix<'_> {
        Matrix::new(&self.weight, self.shape.outputs, self.shape.seen())
    }

    /// The weights with a row for each tap of each output, `[(outputs, kernel), inputs]`.
    pub fn taps(&self) -> Matrix<'_> {
        let inputs = self.shape.inputs;
        Matrix::new(&self.weight, self.weight.len() / inputs, inputs)
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
        take_rows(shape, &z, y);
    }

    fn backward(&self, x: &[f32], dz: &[f32], dx: Option<&mut [f32]>, dweight: &mut [f32]) {
        let shape = self.shape;
        let mut seen = Seen::of(shape, x);
        let rows = rows(shape, dz);
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

/// Images of some samples, `[samples, outputs, output]`, as rows of channels: `[rows, outputs]`.
pub fn rows(shape: &Shape, images: &[f32]) -> Scratch {
    let pixels = shape.pixels();
    let mut rows = Scratch::any(images.len());
    let of_samples = zip(
        images.chunks(shape.outputs()),
        rows.chunks_mut(shape.outputs()),
    );
    for (image, rows) in of_samples {
        turn(image, (shape.outputs, pixels), pixels, rows, shape.outputs);
    }
    rows
}

/// Writes rows of channels, `[rows, outputs]`, as images: `[samples, outputs, output]`.
pub fn take_rows(shape: &Shape, rows: &[f32], images: &mut [f32]) {
    let pixels = shape.pixels();
    let of_samples = zip(
        rows.chunks(shape.outputs()),
        images.chunks_mut(shape.outputs()),
    );
    for (rows, image) in of_samples {
        turn(rows, (pixels, shape.outputs), shape.outputs, image, pixels);
    }
}

/// What all outputs of some samples see.
pub struct Seen {
    /// `[rows, seen]`
    pub numbers: Scratch,
    /// One for each sample and pixel that goes out.
    pub rows: usize,
    columns: usize,
}

impl Seen {
    /// Any numbers, to be written over.
    pub fn any(shape: &Shape, samples: usize) -> Self {
        let (rows, columns) = (samples * shape.pixels(), shape.seen());
        Self {
            numbers: Scratch::any(rows * columns),
            rows,
            columns,
        }
    }

    pub fn of(shape: &Shape, x: &[f32]) -> Self {
        let mut seen = Self::any(shape, x.len() / shape.input());
        let frame = Frame::new(shape);
        let mut framed = Scratch::zeros(frame.len());
        let of_samples = seen.numbers.chunks_mut(shape.pixels() * seen.columns);
        for (x, numbers) in zip(x.chunks(shape.input()), of_samples) {
            frame.set(x, &mut framed);
            let mut runs = numbers.chunks_exact_mut(frame.run);
            frame.each_run(|start| {
                if let Some(run) = runs.next() {
                    copy_run(run, &framed[start..][..frame.run]);
                }
            });
        }
        seen
    }

    pub fn matrix(&self) -> Matrix<'_> {
        Matrix::new(&self.numbers, self.rows, self.columns)
    }

    /// Writes the sum of all numbers that stand where an input was seen to its place in `dx`, `[samples, inputs, size]`.
    pub fn add_where_seen(&self, shape: &Shape, dx: &mut [f32]) {
        let frame = Frame::new(shape);
        let mut framed = Scratch::any(frame.len());
        let of_samples = self.numbers.chunks(shape.pixels() * self.columns);
        for (numbers, dx) in zip(of_samples, dx.chunks_mut(shape.input())) {
            framed.fill(0.0);
            let mut runs = numbers.chunks_exact(frame.run);
            frame.each_run(|start| {
                if let Some(run) = runs.next() {
                    add_run(&mut framed[start..][..frame.run], run);
                }
            });
            frame.take(&framed, dx);
        }
    }
}

/// Copies a run; a call would take longer than a short one.
#[inline(always)]
fn copy_run(to: &mut [f32], run: &[f32]) {
    if run.len() < LINE {
        zip(to, run).for_each(|(to, number)| *to = *number);
    } else {
        to.copy_from_slice(run);
    }
}

/// Adds a run; a call would take longer than a short one.
#[inline(always)]
fn add_run(sum: &mut [f32], run: &[f32]) {
    if run.len() < LINE {
        zip(sum, run).for_each(|(sum, number)| *sum += *number);
    } else {
        add(sum, run);
    }
}
