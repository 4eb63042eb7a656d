//! The maximum of each window of any size.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use crate::buffers;
use crate::in_memory::Host;
use crate::window_pool::{self, Windows};

/// The maxima, and where each was.
pub(super) fn forward<B: Host>(x: &FloatTensor<B>, windows: Windows) -> (FloatTensor<B>, Vec<u32>) {
    let batch = x.shape()[0];
    let [rows, columns] = windows.size;
    let values = x.shape()[1] / (rows * columns) * windows.count();
    let (mut y, mut places) = (buffers::take(batch * values), vec![0; batch * values]);
    window_pool::forward(&windows, &B::numbers(x), &mut y, &mut places);
    (B::tensor(y, [batch, values]), places)
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    windows: Windows,
) -> FloatTensor<Autodiff<B, C>> {
    let (y, places) = forward::<B>(x.primitive(), windows);
    let values = x.primitive().shape()[1];
    match Back.prepare::<C>([x.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(
            State {
                places: places.into(),
                windows,
                values,
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
    places: Arc<[u32]>,
    windows: Windows,
    /// Numbers in one sample that came in.
    values: usize,
}

impl<B: Host> Backward<B, 1> for Back {
    type State = State;

    fn backward(self, ops: Ops<State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([node], state) = (ops.parents, ops.state);
        let dy = grads.consume::<B>(&ops.node);
        let Some(node) = node else { return };
        let shape = [dy.shape()[0], state.values];
        let mut dx = buffers::take(shape[0] * shape[1]);
        window_pool::backward(&state.windows, &B::numbers(&dy), &state.places, &mut dx);
        grads.register::<B>(node.id, B::tensor(dx, shape));
        B::recycle(dy);
    }
}
