//! The sum of squared numbers.

use burn::backend::Autodiff;
use burn::backend::TensorMetadata;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;

use super::register;
use crate::in_memory::Host;
use crate::squares;

pub(super) fn value<B: Host>(x: &FloatTensor<B>) -> FloatTensor<B> {
    B::tensor(vec![squares::value(&B::numbers(x))], [1])
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [x.node()];
    let x = x.into_primitive();
    let sum = value::<B>(&x);
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(x, sum),
        OpsKind::UnTracked(prep) => prep.finish(sum),
    }
}

#[derive(Debug)]
struct Back;

impl<B: Host> Backward<B, 1> for Back {
    /// The numbers.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<FloatTensor<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x] = ops.parents.map(|node| node.map(|node| node.id));
        let slope = B::numbers(&grads.consume::<B>(&ops.node))[0];
        let x = ops.state;
        let found = squares::gradient(&B::numbers(&x), slope);
        register::<B, 1>(grads, [(for_x, Some(found), x.shape())]);
    }
}
