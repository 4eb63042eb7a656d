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

use pulp::{Simd, WithSimd};

use crate::activation::Activation;
use crate::scratch::Scratch;
use crate::vectors::arch;
use crate::{pool, threads};
use backward::{Piece, Plan};
use correlate::Correlation;
use shifted_copies::Grid;
use weights::rotated_transpose;
pub(crate) use weights::split;

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
    pub(crate) fn output(&self) -> usize {
        self.outputs * self.height * self.width
    }

    /// Windows of 2 x 2 pixels in one image that goes out.
    fn windows(&self) -> usize {
        pool::pooled(self.height) * pool::pooled(self.width)
    }

    /// Numbers in what is pooled of one sample that goes out.
    pub(crate) fn pooled(&self) -> usize {
        self.outputs * self.windows()
    }

    /// Numbers in the weights, `[outputs, inputs, kernel, kernel]`.
    fn weights(&self) -> usize {
        self.outputs * self.inputs * self.kernel * self.kernel
    }

    fn is_empty(&self) -> bool {
        self.batch == 0 || self.input() == 0 || self.output() == 0
    }

    fn check(&self, x: &[f32], weight: &[f32]) {
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
    let expected = "y is [batch, outputs, height, width]";
    assert_eq!(y.len(), shape.batch * shape.output(), "{expected}");
    run(shape, x, weight, bias, activation, y, None);
}

/// Writes the maximum of each window of 2 x 2 pixels of f(x ∗ weight + bias) to `y`, and which pixel it was to `indices`, as
/// [`pool::forward`] does after [`forward`], but for the images in between, which are never written: of each sample, one part of the
/// cache holds them.
///
/// - `x`, `weight`, `bias`: as for [`forward`]
/// - `y`, `indices`: `[batch, outputs, pooled(height), pooled(width)]`
///
/// # Panics
///
/// Where a slice has another length than that, or the kernel is even.
pub fn forward_pooled(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
    y: &mut [f32],
    indices: &mut [u8],
) {
    let expected = "y is [batch, outputs, pooled height, pooled width]";
    assert_eq!(y.len(), shape.batch * shape.pooled(), "{expected}");
    assert_eq!(indices.len(), y.len(), "indices are as many as y");
    run(shape, x, weight, bias, activation, y, Some(indices));
}

/// Either forward pass.
fn run(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    activation: Activation,
    y: &mut [f32],
    indices: Option<&mut [u8]>,
) {
    shape.check(x, weight);
    assert_eq!(bias.len(), shape.outputs, "bias is [outputs]");
    if shape.is_empty() {
        return;
    }
    let grid = Grid::new(shape);
    let correlation = Correlation::forward(&grid, shape, weight);
    // No sum runs over samples here, so the pieces may depend on the number of threads: four each, so that who is done early
    // takes more.
    let samples = shape.batch.div_ceil(4 * threads::count());
    let output = samples * y.len() / shape.batch;
    let indices = parts(
        indices.map(|indices| indices.chunks_mut(output)),
        shape.batch,
    );
    let pieces = zip(
        x.chunks(samples * shape.input()),
        zip(y.chunks_mut(output), indices),
    );
    threads::each(pieces.collect(), |(x, (y, indices))| {
        arch().dispatch(Forward {
            shape,
            correlation: &correlation,
            bias,
            activation,
            x,
            y,
            indices,
        });
    });
}

/// Each part of what may not be there, `count` of them at least.
fn parts<T>(chunks: Option<impl Iterator<Item = T>>, count: usize) -> Vec<Option<T>> {
    match chunks {
        Some(chunks) => chunks.map(Some).collect(),
        None => (0..count).map(|_| None).collect(),
    }
}

/// What came out of a forward pass, and its gradient.
///
/// After [`forward`], `y` and `dy` are `[batch, outputs, height, width]`; after [`forward_pooled`] they and its `indices` are
/// `[batch, outputs, pooled(height), pooled(width)]`.
#[derive(Clone, Copy, Debug)]
pub struct Outputs<'a> {
    /// What came out.
    pub y: &'a [f32],
    /// The gradient of the loss at each of these.
    pub dy: &'a [f32],
    /// Which pixel of its window each was, where it is a maximum.
    pub indices: Option<&'a [u8]>,
}

impl Outputs<'_> {
    fn check(&self, shape: &Shape) {
        let (expected, values) = match self.indices {
            None => ("y is [batch, outputs, height, width]", shape.output()),
            Some(_) => (
                "y is [batch, outputs, pooled height, pooled width]",
                shape.pooled(),
            ),
        };
        assert_eq!(self.y.len(), shape.batch * values, "{expected}");
        assert_eq!(self.dy.len(), self.y.len(), "dy is as y");
        let indices = self.indices.map_or(self.y.len(), <[u8]>::len);
        assert_eq!(indices, self.y.len(), "indices are as many as y");
    }
}

/// Backward pass of [`forward`] or [`forward_pooled`].
///
/// - `x`, `dx`: `[batch, inputs, height, width]`; without `dx` the gradient at the input is not worked out
/// - `weight`, `dweight`: `[outputs, inputs, kernel, kernel]`
/// - `dbias`: `[outputs]`
///
/// `dx`, `dweight` and `dbias` are written, not added to.
///
/// # Panics
///
/// Where a slice has another length than that, or the kernel is even.
#[expect(clippy::too_many_arguments, reason = "two tensors, three gradients")]
pub fn backward(
    shape: &Shape,
    x: &[f32],
    weight: &[f32],
    activation: Activation,
    outputs: Outputs,
    dx: Option<&mut [f32]>,
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    shape.check(x, weight);
    outputs.check(shape);
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
    let Outputs { y, dy, indices } = outputs;
    let (input, output) = (PIECE * shape.input(), PIECE * y.len() / shape.batch);
    let count = shape.batch.div_ceil(PIECE);
    let mut dweights = vec![0.0; count * shape.weights()];
    let mut dbiases = vec![0.0; count * shape.outputs];
    let dxs = parts(dx.map(|dx| dx.chunks_mut(input)), count);
    let indices = parts(indices.map(|indices| indices.chunks(output)), count);
    let sums = zip(
        dweights.chunks_mut(shape.weights()),
        dbiases.chunks_mut(shape.outputs),
    );
    let ends = zip(indices, zip(y.chunks(output), dy.chunks(output)));
    let outputs = ends.map(|(indices, (y, dy))| Outputs { y, dy, indices });
    let read = zip(x.chunks(input), outputs);
    let pieces = zip(zip(read, dxs), sums).map(|(((x, outputs), dx), (dweight, dbias))| {
        let plan = &plan;
        Piece {
            plan,
            x,
            outputs,
            dx,
            dweight,
            dbias,
        }
    });
    threads::each(pieces.collect(), |piece: Piece| arch().dispatch(piece));
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
    /// Where maxima come from, if these are what is wanted.
    indices: Option<&'a mut [u8]>,
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
            indices,
        } = self;
        let mut source = Scratch::zeros(correlation.source());
        let mut work = Scratch::zeros(correlation.work());
        // ReLU costs nothing where the sums are stored; any other activation is a second pass over y, still in the cache.
        let lowest = if activation == Activation::Relu {
            0.0
        } else {
            f32::NEG_INFINITY
        };
        let mut whole = indices.is_some().then(|| Scratch::any(shape.output()));
        let of_sample = match whole {
            Some(_) => shape.pooled(),
            None => shape.output(),
        };
        let indices = parts(
            indices.map(|indices| indices.chunks_mut(of_sample)),
            shape.batch,
        );
        let samples = zip(
            x.chunks(shape.input()),
            zip(y.chunks_mut(of_sample), indices),
        );
        for (x, (y, indices)) in samples {
            // One place for both kinds, which a compiler puts in here: a closure of its own would know nothing of the vectors.
            let images = match &mut whole {
                Some(whole) => &mut **whole,
                None => &mut *y,
            };
            let source = correlation.prepare(simd, x, &mut source);
            correlation.run(simd, source, bias, lowest, &mut work, images);
            if activation != Activation::Relu {
                activation.apply(images);
            }
            if let (Some(whole), Some(indices)) = (&whole, indices) {
                let size = [shape.height, shape.width];
                pool::Forward {
                    size,
                    x: whole,
                    y,
                    indices,
                }
                .with_simd(simd);
            }
        }
    }
}
