//! The maximum of each window of 2 x 2 pixels.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use crate::buffers;
use crate::in_memory::Host;
use crate::pool;
use crate::tensor::Map;

/// The maxima, and where each was.
pub(super) fn forward<B: Host>(x: &FloatTensor<B>, map: Map) -> (FloatTensor<B>, Vec<u8>) {
    let [channels, height, width] = map;
    let batch = x.shape()[0];
    let values = channels * pool::pooled(height) * pool::pooled(width);
    let (mut y, mut indices) = (
        buffers::take(batch * values),
        buffers::take_bytes(batch * values),
    );
    pool::forward(
        batch * channels,
        [height, width],
        &B::numbers(x),
        &mut y,
        &mut indices,
    );
    (B::tensor(y, [batch, values]), indices)
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    map: Map,
) -> FloatTensor<Autodiff<B, C>> {
    let (y, indices) = forward::<B>(x.primitive(), map);
    match Back.prepare::<C>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(
            State {
                indices: Arc::new(indices),
                map,
            },
            y,
        ),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State {
    indices: Arc<Vec<u8>>,
    map: Map,
}

impl<B: Host> Backward<B, 1> for Back {
    type State = State;

    fn backward(self, ops: Ops<State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([node], State { indices, map }) = (ops.parents, ops.state);
        let dy = grads.consume::<B>(&ops.node);
        let Some(node) = node else { return };
        let ([channels, height, width], batch) = (map, dy.shape()[0]);
        let values = channels * height * width;
        let mut dx = buffers::take(batch * values);
        pool::backward(
            batch * channels,
            [height, width],
            &B::numbers(&dy),
            &indices,
            &mut dx,
        );
        grads.register::<B>(node.id, B::tensor(dx, [batch, values]));
        B::recycle(dy);
        Arc::into_inner(indices)
            .into_iter()
            .for_each(buffers::give_bytes);
    }
}
