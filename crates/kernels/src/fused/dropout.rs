//! Numbers dropped at random.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, TensorMetadata};

use crate::dropout::{self, Rule};
use crate::in_memory::Host;

pub(super) fn forward<B: Host>(x: FloatTensor<B>, rule: Rule) -> FloatTensor<B> {
    let shape = x.shape();
    let mut values = B::into_numbers(x);
    dropout::apply(rule, &mut values);
    B::tensor(values, shape)
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    x: FloatTensor<Autodiff<B, C>>,
    rule: Rule,
) -> FloatTensor<Autodiff<B, C>> {
    let node = x.node();
    let y = forward::<B>(x.into_primitive(), rule);
    match Back.prepare::<C>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(rule, y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

#[derive(Debug)]
struct Back;

impl<B: Host> Backward<B, 1> for Back {
    type State = Rule;

    fn backward(self, ops: Ops<Rule, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let ([node], rule) = (ops.parents, ops.state);
        let dy = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, forward::<B>(dy, rule));
        }
    }
}
