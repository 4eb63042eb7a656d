//! Convolutions on the CPU: stride 1, an odd square kernel, and "same" padding with zeros.
//!
//! All shifts of an image that a kernel sees are laid out so that each is one run of numbers: a convolution is then a sum of
//! such runs, each times one weight, whose result needs no rearranging.

mod backward;
mod correlate;
mod shifted_copies;
mod weight_gradient;
mod weights;

#[cfg(test)]
mod tests;

use std::iter::zip;

use pulp::{Arch, Simd, WithSimd};

use crate::activation::Activation;
use crate::threads;
use backward::{Piece, Plan};
use correlate::Correlation;
use shifted_copies::{Grid, Scratch};
use weights::rotated_transpose;

/// Samples whose gradients are summed by one piece of work, so that the sums are the same on any machine.
const PIECE: usize = 8;

/// The sizes of a convolution from `[batch, inputs, height, width]` to `[batch, outputs, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Samples.
    pub batch: usize,
    /// Channels that come in.
    pub inputs: usize,
    /// Channels that go out.
    pub outputs: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Rows and columns of the kernel; odd.
    pub kernel: usize,
}

impl Shape {
    /// Numbers in one sample that comes in.
    fn input(&self) -> usize {
        self.inputs * self.height * self.width
    }

    /// Numbers in one sample that goes out.
    fn output(&self) -> usize {
        self.outputs * self.height * self.width
    }

    /// Numbers in the weights, `[outputs, inputs, kernel, kernel]`.
    fn weights(&self) -> usize {
        self.outputs * self.inputs * self.kernel * self.kernel
    }

    fn is_empty(&self) -> bool {
        self.batch == 0 || self.input() == 0 || self.output() == 0
    }

    fn check(&self, x: &[f32], weight: &[f32], y: &[f32]) {
        assert!(
            self.kernel % 2 == 1,
            "a kernel of {} has no middle",
            self.kernel
        );
        assert_eq!(
            x.len(),
            self.batch * self.input(),
            "x is [batch, inputs, height, width]"
        );
        assert_eq!(
            y.len(),
            self.batch * self.output(),
            "y is [batch, outputs, height, width]"
        );
        assert_eq!(
            weight.len(),
            self.weights(),
            "weight is [outputs, inputs, kernel, kernel]"
        );
    }
}

/// Writes f(x ∗ weight + bias) to `y`.
///
/// - `x`: `[batch, inputs, height, width]`
/// - `weight`: `[outputs, inputs, kernel, kernel]`
/// - `bias`: `[outputs]`
/// - `y`: `[batch, outputs, height, width]`
///
/// # Panics
///
/// Where a slice has another length than that, or the kernel is even.
pub fn forward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
    y: &mut [f32],
) {
    shape.check(x, weight, y);
    assert_eq!(bias.len(), shape.outputs, "bias is [outputs]");
    if shape.is_empty() {
        return;
    }
    let grid = Grid::new(shape);
    let correlation = Correlation::forward(&grid, shape, weight);
    // No sum runs over samples here, so the pieces may depend on the number of threads: four each, so that who is done early
    // takes more.
    let samples = shape.batch.div_ceil(4 * threads::count());
    let pieces = x
        .chunks(samples * shape.input())
        .zip(y.chunks_mut(samples * shape.output()));
    threads::each(pieces.collect(), |(x, y)| {
        Arch::new().dispatch(Forward {
            shape,
            correlation: &correlation,
            bias,
            activation,
            x,
            y,
        });
    });
}

/// Backward pass of [`forward`], from the gradient `dy` at its output `y`.
///
/// - `x`, `dx`: `[batch, inputs, height, width]`; without `dx` the gradient at the input is not worked out
/// - `weight`, `dweight`: `[outputs, inputs, kernel, kernel]`
/// - `dbias`: `[outputs]`
/// - `y`, `dy`: `[batch, outputs, height, width]`
///
/// `dx`, `dweight` and `dbias` are written, not added to.
///
/// # Panics
///
/// Where a slice has another length than that, or the kernel is even.
#[expect(clippy::too_many_arguments, reason = "three tensors, three gradients")]
pub fn backward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    y: &[f32],
    activation: Activation,
    dy: &[f32],
    dx: Option<&mut [f32]>,
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    shape.check(x, weight, y);
    assert_eq!(dy.len(), y.len(), "dy is [batch, outputs, height, width]");
    assert!(
        dx.as_ref().is_none_or(|dx| dx.len() == x.len()),
        "dx is [batch, inputs, height, width]"
    );
    assert_eq!(
        dweight.len(),
        weight.len(),
        "dweight is [outputs, inputs, kernel, kernel]"
    );
    assert_eq!(dbias.len(), shape.outputs, "dbias is [outputs]");
    dweight.fill(0.0);
    dbias.fill(0.0);
    if shape.is_empty() {
        return;
    }
    let grid = Grid::new(shape);
    let plan = Plan::new(shape, &grid, weight, activation, dx.is_some());
    // dW and dbias are sums over the batch. Each piece has sums of its own, which are added in the order of the pieces below,
    // whichever thread was done first: floating point sums depend on their order.
    let (input, output) = (PIECE * shape.input(), PIECE * shape.output());
    let count = shape.batch.div_ceil(PIECE);
    let mut dweights = vec![0.0; count * shape.weights()];
    let mut dbiases = vec![0.0; count * shape.outputs];
    let dxs: Vec<Option<&mut [f32]>> = match dx {
        Some(dx) => dx.chunks_mut(input).map(Some).collect(),
        None => (0..count).map(|_| None).collect(),
    };
    let sums = zip(
        dweights.chunks_mut(shape.weights()),
        dbiases.chunks_mut(shape.outputs),
    );
    let read = zip(x.chunks(input), zip(y.chunks(output), dy.chunks(output)));
    let pieces = zip(zip(read, dxs), sums).map(|(((x, (y, dy)), dx), (dweight, dbias))| {
        let plan = &plan;
        Piece {
            plan,
            x,
            y,
            dy,
            dx,
            dweight,
            dbias,
        }
    });
    threads::each(pieces.collect(), |piece: Piece| Arch::new().dispatch(piece));
    dweights
        .chunks(shape.weights())
        .for_each(|part| add(dweight, part));
    dbiases
        .chunks(shape.outputs)
        .for_each(|part| add(dbias, part));
    if plan.inputs_are_rows() {
        dweight.copy_from_slice(&rotated_transpose(dweight, shape.inputs, shape.outputs));
    }
}

fn add(sum: &mut [f32], part: &[f32]) {
    zip(sum, part).for_each(|(sum, part)| *sum += part);
}

/// Forward pass of some samples.
struct Forward<'a> {
    shape: &'a Shape,
    correlation: &'a Correlation<'a>,
    bias: &'a [f32],
    activation: Activation,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            shape,
            correlation,
            bias,
            activation,
            x,
            y,
        } = self;
        let mut source = Scratch::zeros(correlation.source());
        let mut work = Scratch::zeros(correlation.work());
        // ReLU costs nothing where the sums are stored; any other activation is a second pass over y, still in the cache.
        let lowest = if activation == Activation::Relu {
            0.0
        } else {
            f32::NEG_INFINITY
        };
        for (x, y) in zip(x.chunks(shape.input()), y.chunks_mut(shape.output())) {
            let source = correlation.prepare(simd, x, &mut source);
            correlation.run(simd, source, bias, lowest, &mut work, y);
            if activation != Activation::Relu {
                activation.apply(y);
            }
        }
    }
}
