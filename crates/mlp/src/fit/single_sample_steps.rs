//! Steps by single samples, where the outputs of a layer are the lanes.
//!
//! The matrix of a layer is `[inputs + 1, outputs, padded]`, the biases its last row. What stands beside the outputs is zero
//! and stays zero.
//!
//! For a sample with inputs x, and for each layer from last to first, with deltas δ = ∂L/∂a of its products a = x · W + b:
//!
//! ```text
//!   next_i = Σ_j W_ij δ_j                       the deltas before it, by the old weights; times f' afterwards
//!   v_ij   ← momentum v_ij + x_i δ_j            x_i is 1 in the row of the biases
//!   W_ij   ← W_ij - rate v_ij
//! ```
//!
//! All three take one pass over W and v: for single samples reading the matrices is the work, not the arithmetic.

use pulp::{Arch, Simd, WithSimd};

use super::buffer::Buffer;
use crate::activation::{Activate, Slope};
use crate::loss::Score;
use crate::simd_vector::{Wide, padded, vectors, vectors_mut};
use crate::{Activation, Loss, Net};

/// Vectors of a matrix row that are worked on together, with their deltas in registers.
const VECTORS: usize = 6;

/// Weights, their velocity, and what a sample needs of memory.
#[derive(Clone, Debug)]
pub(crate) struct Online {
    layers: Vec<Space>,
    /// Deltas of a layer and of the one before: `[widest layer, padded]`.
    deltas: [Buffer; 2],
    /// Targets of a sample, padded: `[outputs, padded]`.
    targets: Buffer,
    losses: Buffer,
}

/// What belongs to a layer.
#[derive(Clone, Debug)]
struct Space {
    /// `[inputs + 1, outputs, padded]`.
    weights: Buffer,
    velocity: Buffer,
    /// `[outputs, padded]`.
    values: Buffer,
    /// Slopes `[outputs, padded]` where the activation needs them, else empty.
    slopes: Buffer,
}

/// How a step is made: v ← momentum · v + g, w ← w - rate · v.
#[derive(Clone, Copy)]
pub(crate) struct StepSize {
    pub(crate) rate: f64,
    pub(crate) momentum: f64,
}

impl Online {
    pub(crate) fn new(net: &Net, weights: &[f64]) -> Self {
        let widest = net.layers().iter().map(|layer| padded(layer.outputs)).max();
        let widest = widest.expect("a net has layers");
        let mut rest = weights;
        let spaces = net.layers().iter().map(|layer| {
            let width = padded(layer.outputs);
            let length = (layer.inputs + 1) * width;
            let mut weights = Buffer::new(length);
            for row in weights.chunks_exact_mut(width) {
                let (from, after) = rest.split_at(layer.outputs);
                row[..layer.outputs].copy_from_slice(from);
                rest = after;
            }
            let slopes = if layer.activation.is_invertible() {
                0
            } else {
                width
            };
            Space {
                weights,
                velocity: Buffer::new(length),
                values: Buffer::new(width),
                slopes: Buffer::new(slopes),
            }
        });
        Self {
            layers: spaces.collect(),
            deltas: [Buffer::new(widest), Buffer::new(widest)],
            targets: Buffer::new(padded(net.outputs())),
            losses: Buffer::new(padded(net.outputs())),
        }
    }

    /// The weights as a vector.
    pub(crate) fn copy_weights(&self, net: &Net, mut to: &mut [f64]) {
        for (space, layer) in self.layers.iter().zip(net.layers()) {
            for row in space.weights.chunks_exact(padded(layer.outputs)) {
                let (row_to, rest) = to.split_at_mut(layer.outputs);
                row_to.copy_from_slice(&row[..layer.outputs]);
                to = rest;
            }
        }
    }

    /// A step by each of these samples, `[inputs]` and `[outputs]`.
    pub(crate) fn steps<'a>(
        &mut self,
        arch: Arch,
        net: &Net,
        loss: Loss,
        step_size: StepSize,
        samples: impl Iterator<Item = (&'a [f64], &'a [f64])>,
    ) {
        let online = self;
        arch.dispatch(Steps {
            online,
            net,
            loss,
            step_size,
            samples,
        });
    }

    #[inline(always)]
    fn step<S: Simd>(
        &mut self,
        simd: S,
        net: &Net,
        loss: Loss,
        step_size: StepSize,
        (inputs, targets): (&[f64], &[f64]),
    ) {
        // From the last layer to the first, each updated as soon as its deltas are there: `Back` takes those of the layer before
        // from the old weights, so that the gradient is that of one point.
        self.forward(simd, net, loss, inputs);
        self.score(simd, net, loss, targets);
        for (index, layer) in net.layers().iter().enumerate().rev() {
            let (before, space) = self.layers.split_at_mut(index);
            let [deltas, next] = &mut self.deltas;
            let (inputs, next) = match before.last() {
                Some(space) => (
                    &space.values[..layer.inputs],
                    &mut next[..padded(layer.inputs)],
                ),
                None => (inputs, &mut [][..]),
            };
            simd.vectorize(Back {
                inputs,
                weights: &mut space[0].weights,
                velocity: &mut space[0].velocity,
                deltas: &deltas[..padded(layer.outputs)],
                next: &mut *next,
                step_size,
            });
            if let Some(before) = before.last() {
                simd.vectorize(before.slope(net.layers()[index - 1].activation, next));
                self.deltas.swap(0, 1);
            }
        }
    }

    #[inline(always)]
    fn forward<S: Simd>(&mut self, simd: S, net: &Net, loss: Loss, inputs: &[f64]) {
        for (index, layer) in net.layers().iter().enumerate() {
            let (before, space) = self.layers.split_at_mut(index);
            let space = &mut space[0];
            let inputs = before.last().map_or(inputs, |space| &space.values);
            simd.vectorize(Forward {
                inputs: &inputs[..layer.inputs],
                weights: &space.weights,
                values: &mut space.values,
            });
            let raw = loss.output().is_some() && index + 1 == net.layers().len();
            if !raw {
                simd.vectorize(Activate {
                    activation: layer.activation,
                    values: &mut space.values,
                    slopes: &mut space.slopes,
                });
            }
        }
    }

    /// The deltas of the last layer's products.
    #[inline(always)]
    fn score<S: Simd>(&mut self, simd: S, net: &Net, loss: Loss, targets: &[f64]) {
        let layer = &net.layers()[net.layers().len() - 1];
        self.targets[..layer.outputs].copy_from_slice(targets);
        let deltas = &mut self.deltas[0][..padded(layer.outputs)];
        let last = &self.layers[self.layers.len() - 1];
        // An output a lane, as if they were samples of one output each.
        simd.vectorize(Score {
            loss,
            outputs: &last.values,
            targets: &self.targets,
            losses: &mut self.losses,
            deltas: Some(&mut *deltas),
        });
        // A sigmoid of nothing is ½, no output: without this the weights in the padding would start to move.
        deltas[layer.outputs..].fill(0.0);
        if loss.output().is_none() {
            simd.vectorize(last.slope(layer.activation, deltas));
        }
    }
}

impl Space {
    /// The last step of the backward pass to the deltas of this layer.
    fn slope<'a>(&'a self, activation: Activation, deltas: &'a mut [f64]) -> Slope<'a> {
        Slope {
            activation,
            values: &self.values,
            slopes: &self.slopes,
            deltas,
        }
    }
}

struct Steps<'a, I> {
    online: &'a mut Online,
    net: &'a Net,
    loss: Loss,
    step_size: StepSize,
    samples: I,
}

impl<'a, I: Iterator<Item = (&'a [f64], &'a [f64])>> WithSimd for Steps<'_, I> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for sample in self.samples {
            self.online
                .step(simd, self.net, self.loss, self.step_size, sample);
        }
    }
}

/// Calls `$block` with the vectors of a part of a row as a constant.
macro_rules! sized {
    ($vectors:expr, $block:ident $arguments:tt) => {
        match $vectors {
            1 => $block::<S, 1> $arguments,
            2 => $block::<S, 2> $arguments,
            3 => $block::<S, 3> $arguments,
            4 => $block::<S, 4> $arguments,
            5 => $block::<S, 5> $arguments,
            _ => $block::<S, VECTORS> $arguments,
        }
    };
}

/// values = inputs · weights + biases.
struct Forward<'a> {
    inputs: &'a [f64],
    weights: &'a [f64],
    values: &'a mut [f64],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let weights = vectors::<S>(self.weights);
        let values = vectors_mut::<S>(self.values);
        let width = values.len();
        for (part, values) in values.chunks_mut(VECTORS).enumerate() {
            let weights = &weights[part * VECTORS..];
            sized!(
                values.len(),
                forward(simd, self.inputs, weights, values, width)
            );
        }
    }
}

#[inline(always)]
fn forward<S: Simd, const V: usize>(
    simd: S,
    inputs: &[f64],
    weights: &[S::f64s],
    values: &mut [S::f64s],
    width: usize,
) {
    let row = |index: usize| {
        let row = weights[index * width..].first_chunk::<V>();
        row.expect("a row is as wide")
    };
    // Two sums, so that one need not wait for the other.
    let mut even = row(inputs.len()).map(|bias| Wide(simd, bias));
    let mut odd = [Wide::splat(simd, 0.0); V];
    let (pairs, rest) = inputs.as_chunks::<2>();
    for (index, [first, second]) in pairs.iter().enumerate() {
        accumulate(&mut even, *first, row(2 * index));
        accumulate(&mut odd, *second, row(2 * index + 1));
    }
    for input in rest {
        accumulate(&mut even, *input, row(inputs.len() - 1));
    }
    for ((value, even), odd) in values.iter_mut().zip(even).zip(odd) {
        *value = (even + odd).1;
    }
}

#[inline(always)]
fn accumulate<S: Simd, const V: usize>(sums: &mut [Wide<S>; V], input: f64, row: &[S::f64s; V]) {
    let input = sums[0].like(input);
    for (sum, weight) in sums.iter_mut().zip(row) {
        *sum = input.mul_add(Wide(input.0, *weight), *sum);
    }
}

/// The step of a layer, and into `next`, if there is room, its deltas times the matrix as it was before: one way through both.
struct Back<'a> {
    inputs: &'a [f64],
    weights: &'a mut [f64],
    velocity: &'a mut [f64],
    deltas: &'a [f64],
    /// `[inputs, padded]`, or empty.
    next: &'a mut [f64],
    step_size: StepSize,
}

impl WithSimd for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            inputs,
            next,
            step_size,
            ..
        } = self;
        let weights = vectors_mut::<S>(self.weights);
        let velocity = vectors_mut::<S>(self.velocity);
        let deltas = vectors::<S>(self.deltas);
        let width = deltas.len();
        // Parts of a row add to it one after the other; what is behind the inputs stays zero.
        next.fill(0.0);
        for (part, deltas) in deltas.chunks(VECTORS).enumerate() {
            let begin = part * VECTORS;
            let matrices = (&mut weights[begin..], &mut velocity[begin..]);
            sized!(
                deltas.len(),
                back(
                    simd,
                    (inputs, &mut *next),
                    matrices,
                    deltas,
                    width,
                    step_size
                )
            );
        }
    }
}

#[inline(always)]
fn back<S: Simd, const V: usize>(
    simd: S,
    (inputs, next): (&[f64], &mut [f64]),
    (weights, velocity): (&mut [S::f64s], &mut [S::f64s]),
    deltas: &[S::f64s],
    width: usize,
    step_size: StepSize,
) {
    let deltas = deltas.first_chunk::<V>().expect("as many as asked for");
    let deltas = deltas.map(|delta| Wide(simd, delta));
    let (rate, momentum) = (
        Wide::splat(simd, step_size.rate),
        Wide::splat(simd, step_size.momentum),
    );
    let rows = weights.chunks_mut(width).zip(velocity.chunks_mut(width));
    for (index, (weights, velocity)) in rows.enumerate() {
        // The last row is that of the biases.
        let input = Wide::splat(simd, inputs.get(index).copied().unwrap_or(1.0));
        let mut sum = input.like(0.0);
        let weights = weights.first_chunk_mut::<V>().expect("a row is as wide");
        let velocity = velocity.first_chunk_mut::<V>().expect("a row is as wide");
        for ((weight, velocity), delta) in weights.iter_mut().zip(velocity).zip(deltas) {
            // One read of W serves both uses: the sum for the deltas before, and the step.
            let before = Wide(simd, *weight);
            sum = delta.mul_add(before, sum);
            let speed = momentum.mul_add(Wide(simd, *velocity), input * delta);
            *velocity = speed.1;
            *weight = rate.neg_mul_add(speed, before).1;
        }
        // Not for the biases, which no layer feeds, and not for the first layer, before which there is none.
        if index < inputs.len().min(next.len()) {
            next[index] += sum.sum();
        }
    }
}
