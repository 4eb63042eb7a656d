//! A convolution with any window: as it is, turned around, or of images that were made twice as large before.

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
use crate::window_conv::{self, Kind, Outputs, Shape};

/// A convolution to carry out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WindowConv {
    pub sliding: Sliding,
    pub activation: Activation,
    pub kind: Kind,
}

pub(super) fn forward<B: Host>(
    x: &FloatTensor<B>,
    weight: &FloatTensor<B>,
    bias: &FloatTensor<B>,
    conv: WindowConv,
) -> FloatTensor<B> {
    let shape = sizes::<B>(x, weight, conv);
    let (x, weight, bias) = (B::numbers(x), B::numbers(weight), B::numbers(bias));
    let ends = shape.ends();
    let values = ends.outputs * ends.pixels;
    let mut y = buffers::take(shape.batch * values);
    window_conv::forward(&shape, &x, &weight, &bias, conv.activation, &mut y);
    B::tensor(y, [shape.batch, values])
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    weight: FloatTensor<Autodiff<B, C>>,
    bias: FloatTensor<Autodiff<B, C>>,
    conv: WindowConv,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [x.node(), weight.node(), bias.node()];
    let (x, weight) = (x.into_primitive(), weight.into_primitive());
    let y = forward::<B>(&x, &weight, bias.primitive(), conv);
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State {
                conv,
                x,
                weight,
                y: y.clone(),
            };
            prep.finish(state, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

fn sizes<B: Host>(x: &FloatTensor<B>, weight: &FloatTensor<B>, conv: WindowConv) -> Shape {
    let (weight, sliding) = (weight.shape(), conv.sliding);
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
        kind: conv.kind,
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State<B: Backend> {
    conv: WindowConv,
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    y: FloatTensor<B>,
}

impl<B: Host> Backward<B, 3> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_weight, for_bias] = ops.parents.map(|node| node.map(|node| node.id));
        let State { conv, x, weight, y } = ops.state;
        let shape = sizes::<B>(&x, &weight, conv);
        let dy = grads.consume::<B>(&ops.node);
        let mut dx = for_x
            .as_ref()
            .map(|_| buffers::take(x.shape().num_elements()));
        let mut dweight = vec![0.0; weight.shape().num_elements()];
        let mut dbias = vec![0.0; shape.ends().outputs];
        let of_bias = [dbias.len()].into();
        window_conv::backward(
            &shape,
            &B::numbers(&x),
            &B::numbers(&weight),
            conv.activation,
            Outputs {
                y: &B::numbers(&y),
                dy: &B::numbers(&dy),
            },
            window_conv::Gradients {
                x: dx.as_deref_mut(),
                weight: &mut dweight,
                bias: &mut dbias,
            },
        );
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
