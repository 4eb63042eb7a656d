//! Each pixel twice in both directions.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use crate::buffers;
use crate::in_memory::Host;
use crate::tensor::Map;
use crate::upsample;

pub(super) fn forward<B: Host>(x: &FloatTensor<B>, map: Map, size: [usize; 2]) -> FloatTensor<B> {
    let ([channels, height, width], batch) = (map, x.shape()[0]);
    let values = channels * size[0] * size[1];
    let mut y = buffers::take(batch * values);
    upsample::forward(
        batch * channels,
        [height, width],
        size,
        &B::numbers(x),
        &mut y,
    );
    B::tensor(y, [batch, values])
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    map: Map,
    size: [usize; 2],
) -> FloatTensor<Autodiff<B, C>> {
    let y = forward::<B>(x.primitive(), map, size);
    match Back.prepare::<C>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(State { map, size }, y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State {
    map: Map,
    size: [usize; 2],
}

impl<B: Host> Backward<B, 1> for Back {
    type State = State;

    fn backward(self, ops: Ops<State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([node], State { map, size }) = (ops.parents, ops.state);
        let dy = grads.consume::<B>(&ops.node);
        let Some(node) = node else { return };
        let ([channels, height, width], batch) = (map, dy.shape()[0]);
        let values = channels * height * width;
        let mut dx = buffers::take(batch * values);
        upsample::backward(
            batch * channels,
            [height, width],
            size,
            &B::numbers(&dy),
            &mut dx,
        );
        grads.register::<B>(node.id, B::tensor(dx, [batch, values]));
        B::recycle(dy);
    }
}
