//! A fully connected layer.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};

use super::register;
use crate::activation::Activation;
use crate::buffers;
use crate::in_memory::Host;
use crate::linear::{self, Shape};
use crate::sparse_rows::SparseRows;

pub(super) fn forward<B: Host>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    activation: Activation,
) -> (FloatTensor<B>, Option<SparseRows>) {
    let shape = sizes::<B>(x, weight);
    let parameters = (&*B::numbers(weight), &*B::numbers(bias));
    let (y, sparse) = linear::forward(shape, &B::numbers(x), parameters, activation);
    (B::tensor(y, [shape.batch, shape.outputs]), sparse)
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    activation: Activation,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [x.node(), weight.node(), bias.node()];
    let (x, weight) = (x.into_primitive(), weight.into_primitive());
    let (y, sparse) = forward::<B>(&x, &weight, bias.primitive(), activation);
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State {
                x,
                weight,
                sparse,
                y: kept::<B>(&y, activation),
                activation,
            };
            prep.finish(state, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

pub(super) fn sparse_forward<B: Host>(
    rows: &SparseRows,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    activation: Activation,
) -> FloatTensor<B> {
    let shape = sparse_sizes(rows, &weight.shape());
    let parameters = (&*B::numbers(weight), &*B::numbers(bias));
    let y = linear::sparse_forward(shape, rows, parameters, activation);
    B::tensor(y, [shape.batch, shape.outputs])
}

pub(super) fn sparse_tracked<B: Host, C: CheckpointStrategy>(
    rows: Arc<SparseRows>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    activation: Activation,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [weight.node(), bias.node()];
    let y = sparse_forward::<B>(&rows, weight.primitive(), bias.primitive(), activation);
    match SparseBack.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = SparseState {
                shape: sparse_sizes(&rows, &weight.shape()),
                rows,
                y: kept::<B>(&y, activation),
                activation,
            };
            prep.finish(state, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

/// The output, where the slope of an activation is to be read off it.
fn kept<B: Host>(y: &FloatTensor<B>, activation: Activation) -> Option<FloatTensor<B>> {
    (activation != Activation::Linear).then(|| y.clone())
}

fn sparse_sizes(rows: &SparseRows, weight: &burn::tensor::Shape) -> Shape {
    let [batch, inputs] = rows.dims();
    Shape {
        batch,
        inputs,
        outputs: weight[1],
    }
}

fn sizes<B: Host>(x: &FloatTensor<B>, weight: &FloatTensor<B>) -> Shape {
    let (x, weight) = (x.shape(), weight.shape());
    Shape {
        batch: x[0],
        inputs: weight[0],
        outputs: weight[1],
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State<B: Backend> {
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    sparse: Option<SparseRows>,
    y: Option<FloatTensor<B>>,
    activation: Activation,
}

impl<B: Host> Backward<B, 3> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight, for_bias] = ops.parents.map(|node| node.map(|node| node.id));
        let State {
            x,
            weight,
            sparse,
            y,
            activation,
        } = ops.state;
        let shape = sizes::<B>(&x, &weight);
        let mut dy = B::into_numbers(grads.consume::<B>(&ops.node));
        let found = {
            let y = y.as_ref().map(B::numbers).unwrap_or_default();
            let inputs = (&*B::numbers(&x), &*B::numbers(&weight));
            let (output, with_x) = ((&*y, activation), for_x.is_some());
            linear::backward(shape, inputs, sparse.as_ref(), output, &mut dy, with_x)
        };
        buffers::give(dy);
        B::recycle(x);
        y.into_iter().for_each(B::recycle);
        let Shape {
            batch,
            inputs,
            outputs,
        } = shape;
        register::<B, 3>(
            grads,
            [
                (for_x, found.x, [batch, inputs].into()),
                (for_weight, Some(found.weight), [inputs, outputs].into()),
                (for_bias, Some(found.bias), [outputs].into()),
            ],
        );
    }
}

#[derive(Debug)]
struct SparseBack;

#[derive(Clone, Debug)]
struct SparseState<B: Backend> {
    rows: Arc<SparseRows>,
    shape: Shape,
    y: Option<FloatTensor<B>>,
    activation: Activation,
}

impl<B: Host> Backward<B, 2> for SparseBack {
    type State = SparseState<B>;

    fn backward(self, ops: Ops<SparseState<B>, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_weight, for_bias] = ops.parents.map(|node| node.map(|node| node.id));
        let SparseState {
            rows,
            shape,
            y,
            activation,
        } = ops.state;
        let mut dy = B::into_numbers(grads.consume::<B>(&ops.node));
        let found = {
            let y = y.as_ref().map(B::numbers).unwrap_or_default();
            linear::sparse_backward(shape, &rows, (&y, activation), &mut dy)
        };
        buffers::give(dy);
        y.into_iter().for_each(B::recycle);
        let weight = [shape.inputs, shape.outputs].into();
        register::<B, 2>(
            grads,
            [
                (for_weight, Some(found.weight), weight),
                (for_bias, Some(found.bias), [shape.outputs].into()),
            ],
        );
    }
}
