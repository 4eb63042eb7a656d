//! The cross-entropy of logits: its gradient is known with its value.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use crate::cross_entropy;
use crate::in_memory::Host;

pub(super) fn value<B: Host>(logits: &FloatTensor<B>, targets: &FloatTensor<B>) -> FloatTensor<B> {
    let rows = logits.shape()[0];
    let value = cross_entropy::value(&B::numbers(logits), &B::numbers(targets), rows);
    B::tensor(vec![value], [1])
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    logits: FloatTensor<Autodiff<B, C>>,
    targets: FloatTensor<Autodiff<B, C>>,
) -> FloatTensor<Autodiff<B, C>> {
    let nodes = [logits.node()];
    let (logits, targets) = (logits.into_primitive(), targets.into_primitive());
    match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let shape = logits.shape();
            let (mut gradient, rows) = (B::into_numbers(logits), shape[0]);
            let value =
                cross_entropy::value_and_gradient(&mut gradient, &B::numbers(&targets), rows);
            prep.finish(B::tensor(gradient, shape), B::tensor(vec![value], [1]))
        }
        OpsKind::UnTracked(prep) => prep.finish(value::<B>(&logits, &targets)),
    }
}

#[derive(Debug)]
struct Back;

impl<B: Host> Backward<B, 1> for Back {
    /// The gradient at the logits, where the one at the value is 1.
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<FloatTensor<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let scale = B::numbers(&grads.consume::<B>(&ops.node))[0];
        let Some(node) = node else { return };
        let gradient = match scale {
            1.0 => ops.state,
            _ => B::float_mul_scalar(ops.state, scale.into()),
        };
        grads.register::<B>(node.id, gradient);
    }
}
