//! Forward and backward pass of a net over blocks of samples.
//!
//! Values and deltas of a block are `[neurons, width]`, a sample a lane. Below the values of a layer stands a row of ones, so
//! that the biases are the last row of its matrix, in products as in the vector of weights.
//!
//! With V₀ the inputs, and for layer l its values V, matrix W `[inputs + 1, outputs]`, activation f, products A and deltas Δ = ∂L/∂A:
//!
//! ```text
//!   forward    A_l = W_lᵀ [V_l-1; 1]              [outputs, width]        `Columns`
//!              V_l = f(A_l)                                               `Activate`
//!   loss       Δ_last = ∂L/∂V ⊙ f'(A_last)        [outputs, width]        `Score`, `Slope`
//!   backward   dW_l    = [V_l-1; 1] Δ_lᵀ          [inputs + 1, outputs]   `Rows`, after a transpose of Δ_l
//!              Δ_l-1   = (W_l Δ_l) ⊙ f'(A_l-1)    [inputs, width]         `Rows`, without the row of biases; `Slope`
//! ```
//!
//! ⊙ is the product element by element. A cross-entropy is taken from the logits: with its own activation Δ_last = f(A) - T.

use pulp::{Arch, Simd, WithSimd};

use super::buffer::Buffer;
use super::product::{Columns, Rows};
use super::samples::{BLOCK, Blocks, Transpose};
use crate::activation::{Activate, Slope};
use crate::loss::Score;
use crate::simd_vector::{Wide, padded, vectors};
use crate::{Loss, Net};

/// What a net needs of memory to work on a block.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    layers: Vec<Space>,
    /// Deltas of a layer and of the one before it: `[widest layer, BLOCK]`.
    deltas: [Buffer; 2],
    /// Transposed deltas: `[BLOCK, widest layer, padded]`.
    transposed: Buffer,
}

/// Memory of a layer.
#[derive(Clone, Debug)]
struct Space {
    /// `[outputs + 1, BLOCK]`.
    values: Buffer,
    /// `[outputs, BLOCK]` where the activation needs them, else empty.
    slopes: Buffer,
    /// `[inputs + 1, outputs, padded]`.
    gradient: Buffer,
}

/// Blocks of samples to evaluate a net on.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) net: &'a Net,
    pub(crate) loss: Loss,
    pub(crate) weights: &'a [f64],
    /// Inputs, with a column of ones.
    pub(crate) inputs: &'a Blocks,
    pub(crate) targets: &'a Blocks,
}

impl Pass {
    pub(crate) fn new(net: &Net) -> Self {
        let widest = net.layers().iter().map(|layer| layer.outputs).max();
        let widest = padded(widest.expect("a net has layers"));
        let spaces = net.layers().iter().map(|layer| Space {
            values: Buffer::new((layer.outputs + 1) * BLOCK),
            slopes: Buffer::new(if layer.activation.is_invertible() {
                0
            } else {
                layer.outputs * BLOCK
            }),
            gradient: Buffer::new((layer.inputs + 1) * padded(layer.outputs)),
        });
        Self {
            layers: spaces.collect(),
            deltas: [Buffer::new(widest * BLOCK), Buffer::new(widest * BLOCK)],
            transposed: Buffer::new(BLOCK * widest),
        }
    }

    /// The losses of the samples, less what [`Loss::entropy`] says, `[samples, padded]`.
    pub(crate) fn value(&mut self, arch: Arch, task: Task<'_>, losses: &mut [f64]) {
        let (pass, gradient) = (self, None);
        arch.dispatch(Run {
            pass,
            task,
            losses,
            gradient,
        });
    }

    /// Losses as those of [`value`](Self::value), and `scale` times the gradient of their sum.
    pub(crate) fn gradient(
        &mut self,
        arch: Arch,
        task: Task<'_>,
        losses: &mut [f64],
        (gradient, scale): (&mut [f64], f64),
    ) {
        let (pass, gradient) = (self, Some((gradient, scale)));
        arch.dispatch(Run {
            pass,
            task,
            losses,
            gradient,
        });
    }

    /// What comes out for a block of inputs `[inputs + 1, width]`: `[outputs, width]`.
    pub(crate) fn predict(
        &mut self,
        arch: Arch,
        net: &Net,
        weights: &[f64],
        inputs: &[f64],
    ) -> &[f64] {
        let width = inputs.len() / (net.inputs() + 1);
        arch.dispatch(Predict {
            pass: self,
            net,
            weights,
            inputs,
            width,
        });
        &self.layers[self.layers.len() - 1].values[..net.outputs() * width]
    }

    /// The values of all layers; the last ones stay as they come out of the product where `raw`.
    #[inline(always)]
    fn forward<S: Simd>(
        &mut self,
        simd: S,
        net: &Net,
        weights: &[f64],
        (inputs, width, raw): (&[f64], usize, bool),
    ) {
        let mut rest = weights;
        for (index, layer) in net.layers().iter().enumerate() {
            let (left, after) = rest.split_at(layer.parameters());
            rest = after;
            // A = Wᵀ [V; 1], where V are the values of the layer before, or the inputs.
            let (before, space) = self.layers.split_at_mut(index);
            let length = layer.outputs * width;
            let (values, ones) = space[0].values[..length + width].split_at_mut(length);
            simd.vectorize(Columns {
                left,
                right: before
                    .last()
                    .map_or(inputs, |space| &space.values[..(layer.inputs + 1) * width]),
                out: values,
                rows: layer.outputs,
                width,
            });
            // Every time, for the row lies elsewhere when the width of the block is another.
            ones.fill(1.0);
            // V = f(A); f' is kept where it cannot be had from V later.
            if !(raw && index + 1 == net.layers().len()) {
                let slopes = space[0].slopes.len().min(length);
                simd.vectorize(Activate {
                    activation: layer.activation,
                    values,
                    slopes: &mut space[0].slopes[..slopes],
                });
            }
        }
    }

    /// The gradients that follow from the deltas of the last layer's products, in `deltas[0]`; added to those before where
    /// `add`.
    #[inline(always)]
    fn backward<S: Simd>(
        &mut self,
        simd: S,
        task: Task<'_>,
        (inputs, count, width): (&[f64], usize, usize),
        add: bool,
    ) {
        let mut end = task.weights.len();
        for (index, layer) in task.net.layers().iter().enumerate().rev() {
            let begin = end - layer.parameters();
            let weights = &task.weights[begin..end];
            end = begin;
            // Δᵀ: with an output a lane, dW comes in whole vectors, and the sum runs over samples instead of across lanes.
            let [deltas, next] = &mut self.deltas;
            let deltas = &deltas[..layer.outputs * width];
            simd.vectorize(Transpose {
                from: deltas,
                to: &mut self.transposed,
                width,
            });
            // dW = [V; 1] Δᵀ, over the samples that there are: in the lanes behind them stand numbers of no sample.
            let (before, space) = self.layers.split_at_mut(index);
            simd.vectorize(Rows {
                left: before.last().map_or(inputs, |space| &space.values[..]),
                stride: width,
                steps: count,
                right: &self.transposed,
                out: &mut space[0].gradient,
                rows: layer.inputs + 1,
                width: padded(layer.outputs),
                add,
            });
            if let Some(before) = before.last() {
                // W Δ; the biases, the last row, are fed by no layer. Then ⊙ f' of the layer before. The inputs need no deltas.
                let length = layer.inputs * width;
                simd.vectorize(Rows {
                    left: weights,
                    stride: layer.outputs,
                    steps: layer.outputs,
                    right: deltas,
                    out: &mut next[..length],
                    rows: layer.inputs,
                    width,
                    add: false,
                });
                simd.vectorize(
                    before.slope(task.net.layers()[index - 1].activation, &mut next[..length]),
                );
                self.deltas.swap(0, 1);
            }
        }
    }
}

impl Space {
    /// The last step of the backward pass to the deltas of this layer.
    fn slope<'a>(&'a self, activation: crate::Activation, deltas: &'a mut [f64]) -> Slope<'a> {
        Slope {
            activation,
            values: &self.values[..deltas.len()],
            slopes: &self.slopes[..self.slopes.len().min(deltas.len())],
            deltas,
        }
    }
}

/// All blocks of a task: the forward pass and, with a gradient, the backward pass.
struct Run<'a> {
    pass: &'a mut Pass,
    task: Task<'a>,
    losses: &'a mut [f64],
    gradient: Option<(&'a mut [f64], f64)>,
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { pass, task, .. } = self;
        let (net, loss) = (task.net, task.loss);
        let last = net.layers().len() - 1;
        let raw = loss.output().is_some();
        let mut begin = 0;
        for ((count, inputs), (_, targets)) in task.inputs.iter().zip(task.targets.iter()) {
            let width = padded(count);
            pass.forward(simd, net, task.weights, (inputs, width, raw));
            let length = net.outputs() * width;
            // Each block goes forward and back before the next: its values are still in the cache when they are needed again.
            let deltas = &mut pass.deltas[0][..length];
            simd.vectorize(Score {
                loss,
                outputs: &pass.layers[last].values[..length],
                targets,
                losses: &mut self.losses[begin..][..width],
                deltas: self.gradient.is_some().then_some(&mut *deltas),
            });
            if self.gradient.is_some() {
                // A loss of the logits has given its slope by them; any other by the values, and f' is still to come.
                if !raw {
                    simd.vectorize(pass.layers[last].slope(net.layers()[last].activation, deltas));
                }
                pass.backward(simd, task, (inputs, count, width), begin > 0);
            }
            begin += BLOCK;
        }
        if let Some((gradient, scale)) = self.gradient {
            simd.vectorize(Collect {
                pass,
                net,
                gradient,
                scale,
            });
        }
    }
}

/// The gradients of the layers as one vector, times `scale`.
struct Collect<'a> {
    pass: &'a Pass,
    net: &'a Net,
    gradient: &'a mut [f64],
    scale: f64,
}

impl WithSimd for Collect<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let scale = Wide::splat(simd, self.scale);
        let mut rest = self.gradient;
        for (space, layer) in self.pass.layers.iter().zip(self.net.layers()) {
            for row in space.gradient.chunks_exact(padded(layer.outputs)) {
                // Out of rows padded to whole vectors into rows one after the other, as the weights lie in their vector.
                let (to, after) = rest.split_at_mut(layer.outputs);
                let (wide, narrow) = S::as_mut_simd_f64s(to);
                let begin = wide.len() * S::F64_LANES;
                for (to, from) in wide.iter_mut().zip(vectors::<S>(row)) {
                    *to = (Wide(simd, *from) * scale).1;
                }
                for (to, from) in narrow.iter_mut().zip(&row[begin..]) {
                    *to = *from * self.scale;
                }
                rest = after;
            }
        }
    }
}

/// Forward pass of a block.
struct Predict<'a> {
    pass: &'a mut Pass,
    net: &'a Net,
    weights: &'a [f64],
    inputs: &'a [f64],
    width: usize,
}

impl WithSimd for Predict<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.pass.forward(
            simd,
            self.net,
            self.weights,
            (self.inputs, self.width, false),
        );
    }
}
