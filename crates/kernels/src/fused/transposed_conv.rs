//! A transposed convolution.

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
use crate::tensor::Sliding;
use crate::window_conv::transposed;
use crate::window_conv::{Gradients as Written, Outputs, Shape};

pub(super) fn forward<B: Host>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    (sliding, activation): (Sliding, Activation),
) -> FloatTensor<B> {
    let shape = sizes::<B>(x, weight, sliding);
    let (x, weight, bias) = (B::numbers(x), B::numbers(weight), B::numbers(bias));
    let values = shape.inputs * shape.size[0] * shape.size[1];
    let mut y = buffers::take(shape.batch * values);
    transposed::forward(&shape, &x, &weight, &bias, activation, &mut y);
    B::tensor(y, [shape.batch, values])
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    how: (Sliding, Activation),
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [x.node(), weight.node(), bias.node()];
    let (x, weight) = (x.into_primitive(), weight.into_primitive());
    let y = forward::<B>(&x, &weight, bias.primitive(), how);
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State {
                how,
                x,
                weight,
                y: y.clone(),
            };
            prep.finish(state, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

/// Those of the convolution that is turned around.
fn sizes<B: Host>(x: &FloatTensor<B>, weight: &FloatTensor<B>, sliding: Sliding) -> Shape {
    let weight = weight.shape();
    let kernel = [weight[2], weight[3]];
    Shape {
        batch: x.shape()[0],
        inputs: weight[1],
        outputs: weight[0],
        size: sliding.size,
        kernel,
        stride: sliding.stride,
        zeros: sliding.zeros.map(|(before, _)| before),
        output: sliding.output(kernel),
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State<B: Backend> {
    how: (Sliding, Activation),
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
}

impl<B: Host> Backward<B, 3> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight, for_bias] = ops.parents.map(|node| node.map(|node| node.id));
        let State {
            how: (sliding, activation),
            x,
            weight,
            y,
        } = ops.state;
        let shape = sizes::<B>(&x, &weight, sliding);
        let dy = grads.consume::<B>(&ops.node);
        let mut dx = for_x
            .as_ref()
            .map(|_| buffers::take(x.shape().num_elements()));
        let mut dweight = vec![0.0; weight.shape().num_elements()];
        let mut dbias = vec![0.0; shape.inputs];
        transposed::backward(
            &shape,
            &B::numbers(&x),
            &B::numbers(&weight),
            activation,
            Outputs {
                y: &B::numbers(&y),
                dy: &B::numbers(&dy),
            },
            Written {
                x: dx.as_deref_mut(),
                weight: &mut dweight,
                bias: &mut dbias,
            },
        );
        let of_bias = [shape.inputs].into();
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
    }
}
