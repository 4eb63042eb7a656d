//! Fully connected layers one behind the other, there and back at once: where the numbers lie in memory no record of operations is needed
//! to find the way back, which takes longer than a small net itself.

use std::borrow::Cow;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use burn::backend::DispatchTensorKind;
use burn::backend::{DispatchTensor, TensorMetadata};
use burn::tensor::{DType, Tensor};

use crate::activation::Activation;
use crate::deviation::{Deviation, FusedLoss};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::in_memory::Host;
use crate::linear::{self, Shape};
use crate::sparse_rows::SparseRows;
use crate::{buffers, threads};

/// Rows that a thread takes through all layers at a time, where nothing is kept for the way back.
const ROWS: usize = 256;

/// The parameters of fully connected layers, f(x W + b) each.
#[derive(Debug)]
pub struct DenseNet<'a> {
    /// f of each layer.
    activations: &'a [Activation],
    /// W `[inputs, outputs]` and b `[outputs]` of each layer.
    parameters: Vec<DispatchTensor>,
}

/// A layer where its numbers lie.
struct Numbers<'a> {
    shape: Shape,
    weight: Cow<'a, [f32]>,
    bias: Cow<'a, [f32]>,
    activation: Activation,
}

/// What the forward pass of a layer leaves for the way back.
struct Passed {
    y: Vec<f32>,
    sparse: Option<SparseRows>,
}

impl<'a> DenseNet<'a> {
    /// Layers with these activations, which get their parameters one by one.
    pub fn new(activations: &'a [Activation]) -> Self {
        Self {
            activations,
            parameters: Vec::with_capacity(2 * activations.len()),
        }
    }

    /// Adds the next parameter: the weight of a layer `[inputs, outputs]`, then its bias `[outputs]`. Nothing is recorded of it.
    pub fn push<const D: usize>(&mut self, parameter: Tensor<D>) {
        self.parameters.push(parameter.inner().into_dispatch());
    }

    /// [`gradients`](Self::gradients) of a loss beside `targets` `[batch, outputs]`, whose value, mean over the batch, comes with them.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other.
    pub fn loss_gradients(
        &self,
        loss: FusedLoss,
        inputs: Tensor<2>,
        targets: Tensor<2>,
    ) -> Option<(f32, Vec<Vec<f32>>)> {
        let [batch, _] = inputs.dims();
        let targets = targets.into_dispatch();
        let of_targets = numbers(&targets)?;
        let found = self.gradients(inputs, |mut values| {
            let value = loss.value_and_gradient(&mut values, &of_targets, batch);
            (value, values)
        });
        drop(of_targets);
        recycle(targets);
        found
    }

    /// How far what the layers make of each row of `inputs` `[batch, values]` is from its `targets` `[batch, outputs]`. All threads take some
    /// rows at a time through all layers, so that what lies between two layers stays in their caches.
    ///
    /// None where a tensor lies elsewhere than in memory, or is one that Burn records.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other, or parameters are missing.
    pub fn deviations(
        &self,
        loss: FusedLoss,
        inputs: Tensor<2>,
        targets: Tensor<2>,
    ) -> Option<Vec<Deviation>> {
        let ([batch, width], [_, outputs]) = (inputs.dims(), targets.dims());
        let samples = [inputs.into_dispatch(), targets.into_dispatch()];
        let [inputs, targets] = [numbers(&samples[0])?, numbers(&samples[1])?];
        let layers = self.layers(batch)?;
        let mut found = vec![Deviation::default(); batch];
        let parts = inputs.chunks(ROWS * width);
        let parts = parts.zip(targets.chunks(ROWS * outputs));
        let parts = parts.zip(found.chunks_mut(ROWS));
        threads::each(
            parts.collect(),
            |((inputs, targets), found): ((&[f32], &[f32]), &mut [Deviation])| {
                let values = values(&layers, inputs, found.len());
                loss.deviations(&values, targets, found);
                buffers::give(values);
            },
        );
        drop((inputs, targets));
        samples.into_iter().for_each(recycle);
        Some(found)
    }

    /// The gradient at each parameter, in their order. `loss` gets what the layers make of `inputs` `[batch, values]`, `batch` times `outputs`
    /// numbers, and gives its gradient there, with anything else. The numbers are to the bit those of [`crate::linear()`] and Burn's way back.
    ///
    /// None where a tensor lies elsewhere than in memory, or is one that Burn records.
    ///
    /// # Panics
    ///
    /// Where the sizes do not fit each other, or parameters are missing.
    pub fn gradients<T>(
        &self,
        inputs: Tensor<2>,
        loss: impl FnOnce(Vec<f32>) -> (T, Vec<f32>),
    ) -> Option<(T, Vec<Vec<f32>>)> {
        let [batch, _] = inputs.dims();
        let inputs = inputs.into_dispatch();
        let inputs = numbers(&inputs)?;
        let layers = self.layers(batch)?;
        let mut passed = forward(&layers, &inputs);
        let outputs = std::mem::take(&mut passed.last_mut()?.y);
        let kept = match layers.last()?.activation {
            // A slope of 1 needs no output.
            Activation::Linear => Vec::new(),
            _ => outputs.clone(),
        };
        passed.last_mut()?.y = kept;
        let (found, gradient) = loss(outputs);
        Some((found, backward(&layers, &inputs, passed, gradient)))
    }

    fn layers(&self, batch: usize) -> Option<Vec<Numbers<'_>>> {
        let count = self.activations.len();
        assert_eq!(self.parameters.len(), 2 * count, "two parameters a layer");
        let pairs = self.parameters.chunks_exact(2).zip(self.activations);
        let layers = pairs.map(|(pair, activation)| {
            let shape = pair[0].shape();
            Some(Numbers {
                shape: Shape {
                    batch,
                    inputs: shape[0],
                    outputs: shape[1],
                },
                weight: numbers(&pair[0])?,
                bias: numbers(&pair[1])?,
                activation: *activation,
            })
        });
        layers.collect()
    }
}

/// The numbers of a tensor, where they lie in memory and nothing is recorded.
fn numbers(tensor: &DispatchTensor) -> Option<Cow<'_, [f32]>> {
    if tensor.dtype() != DType::F32 {
        return None;
    }
    match &tensor.kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(tensor) => Some(burn::backend::Flex::numbers(tensor.as_float())),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "it is still a backend of ours")]
        DispatchTensorKind::NdArray(tensor) => {
            Some(burn::backend::NdArray::numbers(tensor.as_float()))
        }
        _ => None,
    }
}

/// What the layers make of so many rows.
fn values(layers: &[Numbers<'_>], inputs: &[f32], rows: usize) -> Vec<f32> {
    let mut x = Vec::new();
    for (index, layer) in layers.iter().enumerate() {
        let shape = Shape {
            batch: rows,
            ..layer.shape
        };
        let before = if index == 0 { inputs } else { &x };
        let parameters = (&*layer.weight, &*layer.bias);
        let (y, _) = linear::forward(shape, before, parameters, layer.activation);
        buffers::give(std::mem::replace(&mut x, y));
    }
    x
}

/// Keeps the memory of samples that were gone through for the next, where nobody else holds them.
fn recycle(samples: DispatchTensor) {
    match samples.kind {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(tensor) => burn::backend::Flex::recycle(tensor.float()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated, reason = "it is still a backend of ours")]
        DispatchTensorKind::NdArray(tensor) => burn::backend::NdArray::recycle(tensor.float()),
        _ => {}
    }
}

fn forward(layers: &[Numbers<'_>], inputs: &[f32]) -> Vec<Passed> {
    let mut passed: Vec<Passed> = Vec::with_capacity(layers.len());
    for layer in layers {
        let x = passed.last().map_or(inputs, |before| &before.y);
        let parameters = (&*layer.weight, &*layer.bias);
        let (y, sparse) = linear::forward(layer.shape, x, parameters, layer.activation);
        passed.push(Passed { y, sparse });
    }
    passed
}

/// The gradients at the parameters, of the one at the output.
fn backward(
    layers: &[Numbers<'_>],
    inputs: &[f32],
    passed: Vec<Passed>,
    mut gradient: Vec<f32>,
) -> Vec<Vec<f32>> {
    let mut gradients = Vec::with_capacity(2 * layers.len());
    for (index, layer) in layers.iter().enumerate().rev() {
        let (before, from) = passed.split_at(index);
        let x = before.last().map_or(inputs, |before| &before.y);
        let Passed { y, sparse } = &from[0];
        let found = linear::backward(
            layer.shape,
            (x, &layer.weight),
            sparse.as_ref(),
            (y, layer.activation),
            &mut gradient,
            index > 0,
        );
        gradients.extend([found.bias, found.weight]);
        let behind = std::mem::replace(&mut gradient, found.x.unwrap_or_default());
        buffers::give(behind);
    }
    passed
        .into_iter()
        .for_each(|passed| buffers::give(passed.y));
    gradients.reverse();
    gradients
}
