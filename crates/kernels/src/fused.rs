//! The operations as Burn sees them: an extension of the backends that keep their numbers in memory, with the way back written by
//! hand.
// Burn's ndarray backend is deprecated in 0.22, but still one of ours.
#![allow(deprecated)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata, backend_extension};

use crate::activation::Activation;
use crate::host::Host;
use crate::{cross_entropy, linear};

/// What is computed in one piece.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Autodiff
)]
pub(crate) trait Fused: Backend {
    /// f(x W + b): `[batch, inputs]` to `[batch, outputs]`.
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;

    /// The mean cross-entropy of rows of logits: `[batch, width]` to `[1]`. Gradients reach the logits alone.
    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self>;
}

#[cfg(feature = "flex")]
impl Fused for burn::backend::Flex {
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        linear_forward::<Self>(&x, &weight, &bias, activation)
    }

    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self> {
        cross_entropy_value::<Self>(&logits, &targets)
    }
}

#[cfg(feature = "ndarray")]
impl Fused for burn::backend::NdArray {
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        linear_forward::<Self>(&x, &weight, &bias, activation)
    }

    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self> {
        cross_entropy_value::<Self>(&logits, &targets)
    }
}

impl<B: Host, C: CheckpointStrategy> Fused for Autodiff<B, C> {
    fn linear(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let y = linear_forward::<B>(&x, &weight, bias.primitive(), activation);
        match LinearBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                // A slope of 1 needs no output.
                let kept = (activation != Activation::Linear).then(|| y.clone());
                prep.finish(
                    LinearState {
                        x,
                        weight,
                        y: kept,
                        activation,
                    },
                    y,
                )
            }
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn cross_entropy(logits: FloatTensor<Self>, targets: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [logits.node()];
        let (logits, targets) = (logits.into_primitive(), targets.into_primitive());
        match CrossEntropyBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let shape = logits.shape();
                let mut gradient = B::into_numbers(logits);
                let value = cross_entropy::value_and_gradient(
                    &mut gradient,
                    &B::numbers(&targets),
                    shape[0],
                );
                prep.finish(B::tensor(gradient, shape), B::tensor(vec![value], [1]))
            }
            OpsKind::UnTracked(prep) => prep.finish(cross_entropy_value::<B>(&logits, &targets)),
        }
    }
}

fn sizes<B: Host>(x: &FloatTensor<B>, weight: &FloatTensor<B>) -> linear::Shape {
    let (x, weight) = (x.shape(), weight.shape());
    linear::Shape {
        batch: x[0],
        inputs: weight[0],
        outputs: weight[1],
    }
}

fn linear_forward<B: Host>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    activation: Activation,
) -> FloatTensor<B> {
    let shape = sizes::<B>(x, weight);
    let y = linear::forward(
        shape,
        &B::numbers(x),
        (&B::numbers(weight), &B::numbers(bias)),
        activation,
    );
    B::tensor(y, [shape.batch, shape.outputs])
}

#[derive(Debug)]
struct LinearBackward;

#[derive(Clone, Debug)]
struct LinearState<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    y: Option<FloatTensor<B>>,
    activation: Activation,
}

impl<B: Host> Backward<B, 3> for LinearBackward {
    type State = LinearState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight, for_bias] = ops.parents;
        let LinearState {
            x,
            weight,
            y,
            activation,
        } = ops.state;
        let shape = sizes::<B>(&x, &weight);
        let dy = B::into_numbers(grads.consume::<B>(&ops.node));
        let y = y.as_ref().map(B::numbers).unwrap_or_default();
        let inputs = (&*B::numbers(&x), &*B::numbers(&weight));
        let found = linear::backward(shape, inputs, (&y, activation), dy, for_x.is_some());
        let linear::Shape {
            batch,
            inputs,
            outputs,
        } = shape;
        if let (Some(node), Some(dx)) = (for_x, found.x) {
            grads.register::<B>(node.id, B::tensor(dx, [batch, inputs]));
        }
        if let Some(node) = for_weight {
            grads.register::<B>(node.id, B::tensor(found.weight, [inputs, outputs]));
        }
        if let Some(node) = for_bias {
            grads.register::<B>(node.id, B::tensor(found.bias, [outputs]));
        }
    }
}

fn cross_entropy_value<B: Host>(
    logits: &FloatTensor<B>,
    targets: &FloatTensor<B>,
) -> FloatTensor<B> {
    let rows = logits.shape()[0];
    let value = cross_entropy::value(&B::numbers(logits), &B::numbers(targets), rows);
    B::tensor(vec![value], [1])
}

#[derive(Debug)]
struct CrossEntropyBackward;

impl<B: Host> Backward<B, 1> for CrossEntropyBackward {
    /// The gradient at the logits, where the one at the value is 1.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let scale = B::numbers(&grads.consume::<B>(&ops.node))[0];
        let Some(node) = node else { return };
        let gradient = if scale == 1.0 {
            ops.state
        } else {
            B::float_mul_scalar(ops.state, scale.into())
        };
        grads.register::<B>(node.id, gradient);
    }
}
