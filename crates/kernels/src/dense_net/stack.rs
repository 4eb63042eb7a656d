//! Layers one behind the other, where their numbers lie.

use std::borrow::Cow;

use burn::backend::{DispatchTensor, TensorMetadata};

use crate::activation::Activation;
use crate::buffers;
use crate::dispatched::numbers;
use crate::linear::{self, Shape};
use crate::parameter_gradient::{Factors, ParameterGradient};
use crate::sparse_rows::SparseRows;

/// A layer where its numbers lie.
pub(crate) struct Layer<'a> {
    shape: Shape,
    weight: Cow<'a, [f32]>,
    bias: Cow<'a, [f32]>,
    activation: Activation,
}

/// What the forward pass of a layer leaves for the way back.
pub(crate) struct Passed {
    pub y: Vec<f32>,
    sparse: Option<SparseRows>,
}

/// What a way back has found.
pub(crate) struct Found {
    /// The gradient at each parameter, in their order.
    pub parameters: Vec<ParameterGradient>,
    /// The gradient at the inputs, where it was asked for and there is a layer.
    pub inputs: Vec<f32>,
}

/// The layers with these activations and parameters, weight and bias of each, for `batch` rows; none where a parameter lies elsewhere than in
/// memory, or is one that Burn records.
///
/// # Panics
///
/// Where there are not two parameters a layer.
pub(crate) fn layers<'a>(
    activations: &[Activation],
    parameters: &'a [DispatchTensor],
    batch: usize,
) -> Option<Vec<Layer<'a>>> {
    let count = activations.len();
    assert_eq!(parameters.len(), 2 * count, "two parameters a layer");
    let pairs = parameters.chunks_exact(2).zip(activations);
    let layers = pairs.map(|(pair, activation)| {
        let shape = pair[0].shape();
        Some(Layer {
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

impl Layer<'_> {
    /// Numbers of a row that comes out.
    pub(crate) fn outputs(&self) -> usize {
        self.shape.outputs
    }
}

/// What the layers make of so many rows, where nothing is kept for the way back.
///
/// # Panics
///
/// Without a layer, or where the sizes do not fit each other.
pub(crate) fn values(layers: &[Layer<'_>], inputs: &[f32], rows: usize) -> Vec<f32> {
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

/// What each layer makes of what the one before it gives out.
pub(crate) fn forward(layers: &[Layer<'_>], inputs: &[f32]) -> Vec<Passed> {
    let mut passed: Vec<Passed> = Vec::with_capacity(layers.len());
    for layer in layers {
        let x = passed.last().map_or(inputs, |before| &before.y);
        let parameters = (&*layer.weight, &*layer.bias);
        let (y, sparse) = linear::forward(layer.shape, x, parameters, layer.activation);
        passed.push(Passed { y, sparse });
    }
    passed
}

/// There and back: `loss` gets what the layers make of `inputs`, and gives its gradient there, with anything else. None without a layer.
///
/// # Panics
///
/// Where the sizes do not fit each other.
pub(crate) fn through<T>(
    layers: &[Layer<'_>],
    inputs: &[f32],
    loss: impl FnOnce(Vec<f32>) -> (T, Vec<f32>),
    with_inputs: bool,
) -> Option<(T, Found)> {
    let mut passed = forward(layers, inputs);
    let outputs = std::mem::take(&mut passed.last_mut()?.y);
    let kept = match layers.last()?.activation {
        // A slope of 1 needs no output.
        Activation::Linear => Vec::new(),
        _ => outputs.clone(),
    };
    passed.last_mut()?.y = kept;
    let (value, gradient) = loss(outputs);
    let found = backward(layers, inputs, passed, gradient, with_inputs);
    Some((value, found))
}

/// The gradients, of the one at the output; that at the inputs where `with_inputs`.
pub(crate) fn backward(
    layers: &[Layer<'_>],
    inputs: &[f32],
    passed: Vec<Passed>,
    mut gradient: Vec<f32>,
    with_inputs: bool,
) -> Found {
    let mut parameters = Vec::with_capacity(2 * layers.len());
    for (index, layer) in layers.iter().enumerate().rev() {
        let (before, from) = passed.split_at(index);
        let x = before.last().map_or(inputs, |before| &before.y);
        let with_x = with_inputs || index > 0;
        let behind = layer.backward(x, &from[0], &mut gradient, with_x);
        let da = std::mem::replace(&mut gradient, behind.x.unwrap_or_default());
        let weight = match behind.weight {
            Some(weight) => {
                buffers::give(da);
                ParameterGradient::Numbers(weight)
            }
            None => ParameterGradient::Factors(Factors::new(layer.shape, x.to_vec(), da)),
        };
        parameters.extend([ParameterGradient::Numbers(behind.bias), weight]);
    }
    passed
        .into_iter()
        .for_each(|passed| buffers::give(passed.y));
    parameters.reverse();
    Found {
        parameters,
        inputs: gradient,
    }
}

/// What the way back through a layer finds.
struct Behind {
    /// None of a weight whose gradient is kept as factors.
    weight: Option<Vec<f32>>,
    bias: Vec<f32>,
    x: Option<Vec<f32>>,
}

impl Layer<'_> {
    /// Of the gradient `dy` at the output, which becomes that before the activation.
    fn backward(&self, x: &[f32], passed: &Passed, dy: &mut [f32], with_x: bool) -> Behind {
        let (weight, y) = (&*self.weight, (&*passed.y, self.activation));
        if passed.sparse.is_none() && Factors::suit(self.shape) {
            let (bias, x) = linear::backward_around_weight(self.shape, weight, y, dy, with_x);
            return Behind {
                weight: None,
                bias,
                x,
            };
        }
        let sparse = passed.sparse.as_ref();
        let found = linear::backward(self.shape, (x, weight), sparse, y, dy, with_x);
        Behind {
            weight: Some(found.weight),
            bias: found.bias,
            x: found.x,
        }
    }
}
