//! A convolution that keeps the size, alone or with the maximum of each window of 2 x 2 pixels after it.

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
use crate::conv::{self, Outputs, Shape};
use crate::in_memory::Host;

/// A convolution to carry out, on images of `size`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conv {
    pub size: [usize; 2],
    pub activation: Activation,
    /// Whether only the maximum of each window of 2 x 2 pixels goes on.
    pub pooled: bool,
}

/// What comes out, and which pixel of its window each maximum was; empty without a pooling.
pub(super) fn forward<B: Host>(
    conv: Conv,
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
) -> (FloatTensor<B>, Vec<u8>) {
    let shape = sizes::<B>(x, weight, conv.size);
    let (x, weight, bias) = (B::numbers(x), B::numbers(weight), B::numbers(bias));
    let activation = conv.activation;
    if conv.pooled {
        let values = shape.pooled();
        let mut y = buffers::take(shape.batch * values);
        let mut indices = buffers::take_bytes(y.len());
        conv::forward_pooled(&shape, &x, &weight, &bias, activation, &mut y, &mut indices);
        return (B::tensor(y, [shape.batch, values]), indices);
    }
    let values = shape.output();
    let mut y = buffers::take(shape.batch * values);
    conv::forward(&shape, &x, &weight, &bias, activation, &mut y);
    (B::tensor(y, [shape.batch, values]), Vec::new())
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    conv: Conv,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [x.node(), weight.node(), bias.node()];
    let (x, weight) = (x.into_primitive(), weight.into_primitive());
    let (y, indices) = forward::<B>(conv, &x, &weight, bias.primitive());
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State {
                conv,
                x,
                weight,
                y: y.clone(),
                indices: Arc::new(indices),
            };
            prep.finish(state, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

fn sizes<B: Host>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    [height, width]: [usize; 2],
) -> Shape {
    let weight = weight.shape();
    Shape {
        batch: x.shape()[0],
        inputs: weight[1],
        outputs: weight[0],
        height,
        width,
        kernel: weight[2],
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State<B: Backend> {
    conv: Conv,
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
    indices: Arc<Vec<u8>>,
}

impl<B: Host> Backward<B, 3> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight, for_bias] = ops.parents.map(|node| node.map(|node| node.id));
        let State {
            conv,
            x,
            weight,
            y,
            indices,
        } = ops.state;
        let shape = sizes::<B>(&x, &weight, conv.size);
        let dy = grads.consume::<B>(&ops.node);
        let mut dx = for_x
            .as_ref()
            .map(|_| buffers::take(x.shape().num_elements()));
        let mut dweight = vec![0.0; weight.shape().num_elements()];
        let mut dbias = vec![0.0; shape.outputs];
        conv::backward(
            &shape,
            &B::numbers(&x),
            &B::numbers(&weight),
            conv.activation,
            Outputs {
                y: &B::numbers(&y),
                dy: &B::numbers(&dy),
                indices: conv.pooled.then_some(&indices[..]),
            },
            dx.as_deref_mut(),
            &mut dweight,
            &mut dbias,
        );
        let of_bias = [shape.outputs].into();
        register::<B, 3>(
            grads,
            [
                (for_x, dx, x.shape()),
                (for_weight, Some(dweight), weight.shape()),
                (for_bias, Some(dbias), of_bias),
            ],
        );
        for tensor in [x, y, dy] {
            B::recycle(tensor);
        }
        Arc::into_inner(indices)
            .into_iter()
            .for_each(buffers::give_bytes);
    }
}
