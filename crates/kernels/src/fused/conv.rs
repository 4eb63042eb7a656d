//! A convolution that keeps the size.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};

use crate::activation::Activation;
use crate::buffers;
use crate::conv::{self, Shape};
use crate::in_memory::Host;

pub(super) fn forward<B: Host>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    size: [usize; 2],
    activation: Activation,
) -> FloatTensor<B> {
    let shape = sizes::<B>(x, weight, size);
    let (x, weight, bias) = (B::numbers(x), B::numbers(weight), B::numbers(bias));
    let values = shape.outputs * shape.height * shape.width;
    let mut y = buffers::take(shape.batch * values);
    conv::forward(&shape, &x, &weight, &bias, activation, &mut y);
    B::tensor(y, [shape.batch, values])
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    size: [usize; 2],
    activation: Activation,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [x.node(), weight.node(), bias.node()];
    let (x, weight) = (x.into_primitive(), weight.into_primitive());
    let y = forward::<B>(&x, &weight, bias.primitive(), size, activation);
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State {
                x,
                weight,
                y: y.clone(),
                size,
                activation,
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
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
    size: [usize; 2],
    activation: Activation,
}

impl<B: Host> Backward<B, 3> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight, for_bias] = ops.parents;
        let State {
            x,
            weight,
            y,
            size,
            activation,
        } = ops.state;
        let shape = sizes::<B>(&x, &weight, size);
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
            &B::numbers(&y),
            activation,
            &B::numbers(&dy),
            dx.as_deref_mut(),
            &mut dweight,
            &mut dbias,
        );
        if let (Some(node), Some(dx)) = (for_x, dx) {
            grads.register::<B>(node.id, B::tensor(dx, x.shape()));
        }
        if let Some(node) = for_weight {
            grads.register::<B>(node.id, B::tensor(dweight, weight.shape()));
        }
        if let Some(node) = for_bias {
            grads.register::<B>(node.id, B::tensor(dbias, [shape.outputs]));
        }
        for tensor in [x, y, dy] {
            B::recycle(tensor);
        }
    }
}
