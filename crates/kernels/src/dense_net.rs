//! A chain of fully connected layers with its loss, there and back at once: where the numbers lie in memory no record of operations is
//! needed to find the way back, which takes longer than a small net itself.

use std::borrow::Cow;

use burn::backend::{DispatchTensor, DispatchTensorKind, TensorMetadata};
use burn::tensor::{DType, Tensor};

use crate::activation::Activation;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::in_memory::Host;
use crate::linear::{self, Shape};
use crate::sparse_rows::SparseRows;
use crate::{buffers, cross_entropy};

/// A layer: f(x W + b).
#[derive(Clone, Debug)]
pub struct DenseLayer {
    /// W: `[inputs, outputs]`
    pub weight: Tensor<2>,
    /// b: `[outputs]`
    pub bias: Tensor<1>,
    /// f
    pub activation: Activation,
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

/// The value of [`crate::cross_entropy`] of what the layers make of `inputs` `[batch, values]`, whose logits are for `targets`
/// `[batch, outputs]`, and its gradient at the weight and the bias of each layer, in this order. The numbers are to the bit those of
/// [`crate::linear`] and of Burn's way back.
///
/// None where there is no layer, where a tensor lies elsewhere than in memory, or where Burn records what is done with it.
///
/// # Panics
///
/// Where the sizes do not fit each other, or the last layer, which gives out the logits, has an activation.
pub fn cross_entropy_gradients(
    layers: &[DenseLayer],
    inputs: Tensor<2>,
    targets: Tensor<2>,
) -> Option<(f32, Vec<Vec<f32>>)> {
    let [batch, _] = inputs.dims();
    let last = layers.last()?.activation;
    assert_eq!(last, Activation::Linear, "logits have no activation");
    let (inputs, targets) = (inputs.into_dispatch(), targets.into_dispatch());
    let tensors: Vec<_> = layers.iter().map(dispatched).collect();
    let layers = layers.iter().zip(&tensors).map(|(layer, [weight, bias])| {
        let [inputs, outputs] = layer.weight.dims();
        Some(Numbers {
            shape: Shape {
                batch,
                inputs,
                outputs,
            },
            weight: numbers(weight)?,
            bias: numbers(bias)?,
            activation: layer.activation,
        })
    });
    let layers: Vec<_> = layers.collect::<Option<_>>()?;
    there_and_back(&layers, &numbers(&inputs)?, &numbers(&targets)?)
}

fn dispatched(layer: &DenseLayer) -> [DispatchTensor; 2] {
    let DenseLayer { weight, bias, .. } = layer;
    [weight.clone().into_dispatch(), bias.clone().into_dispatch()]
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

fn there_and_back(
    layers: &[Numbers<'_>],
    inputs: &[f32],
    targets: &[f32],
) -> Option<(f32, Vec<Vec<f32>>)> {
    let batch = layers.first()?.shape.batch;
    let mut passed: Vec<Passed> = Vec::with_capacity(layers.len());
    for layer in layers {
        let x = passed.last().map_or(inputs, |before| &before.y);
        let parameters = (&*layer.weight, &*layer.bias);
        let (y, sparse) = linear::forward(layer.shape, x, parameters, layer.activation);
        passed.push(Passed { y, sparse });
    }
    let mut gradient = std::mem::take(&mut passed.last_mut()?.y);
    let value = cross_entropy::value_and_gradient(&mut gradient, targets, batch);
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
    Some((value, gradients))
}
