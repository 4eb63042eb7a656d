//! Activations that keep what came in.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, TensorMetadata};

use crate::buffers;
use crate::in_memory::Host;
use crate::self_gated::{self, SelfGated};

pub(super) fn forward<B: Host>(x: &FloatTensor<B>, activation: SelfGated) -> FloatTensor<B> {
    let shape = x.shape();
    let mut y = buffers::take(shape.num_elements());
    self_gated::forward(activation, &B::numbers(x), &mut y);
    B::tensor(y, shape)
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    activation: SelfGated,
) -> FloatTensor<Autodiff<B, C>> {
    let node = x.node();
    let x = x.into_primitive();
    let y = forward::<B>(&x, activation);
    match Back.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(State { activation, x }, y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State<B: Backend> {
    activation: SelfGated,
    x: FloatTensor<B>,
}

impl<B: Host> Backward<B, 1> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([node], State { activation, x }) = (ops.parents, ops.state);
        let dy = grads.consume::<B>(&ops.node);
        let Some(node) = node else { return };
        let mut gradients = B::into_numbers(dy);
        self_gated::multiply_slope(activation, &mut gradients, &B::numbers(&x));
        grads.register::<B>(node.id, B::tensor(gradients, x.shape()));
        B::recycle(x);
    }
}
