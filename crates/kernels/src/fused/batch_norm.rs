//! Batch normalisation, by the statistics of the batch or by given ones.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, TensorMetadata};

use crate::batch_norm::{self, Shape, Statistics};
use crate::buffers;
use crate::host::Host;

/// What is normalised: x `[batch, channels * area]`, and γ and β, `[channels]` both.
pub(super) struct Input<B: Backend> {
    pub x: FloatTensor<B>,
    pub gamma: FloatTensor<B>,
    pub beta: FloatTensor<B>,
}

/// y, and the mean and the biased variance of each channel: `[batch, channels * area]`, `[channels]`, `[channels]`.
pub(super) type Output<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>);

/// By the statistics of the batch, which are told as well.
pub(super) fn forward<B: Host>(input: &Input<B>, epsilon: f64) -> (Output<B>, Statistics) {
    let shape = sizes::<B>(&input.x, &input.gamma);
    let statistics = batch_norm::statistics(shape, &B::numbers(&input.x));
    let y = by::<B>(input, shape, &statistics, epsilon);
    let single = |numbers: &[f64]| numbers.iter().map(|number| *number as f32).collect();
    let [mean, variance] = [&statistics.mean, &statistics.variance]
        .map(|numbers| B::tensor(single(numbers), [shape.channels]));
    ((y, mean, variance), statistics)
}

/// By a given mean and variance, `[channels]` both.
pub(super) fn inference<B: Host>(
    input: &Input<B>,
    mean: &FloatTensor<B>,
    variance: &FloatTensor<B>,
    epsilon: f64,
) -> FloatTensor<B> {
    let double = |tensor| B::numbers(tensor).iter().copied().map(f64::from).collect();
    let statistics = Statistics {
        mean: double(mean),
        variance: double(variance),
    };
    by::<B>(
        input,
        sizes::<B>(&input.x, &input.gamma),
        &statistics,
        epsilon,
    )
}

fn by<B: Host>(
    input: &Input<B>,
    shape: Shape,
    statistics: &Statistics,
    epsilon: f64,
) -> FloatTensor<B> {
    let (gamma, beta) = (B::numbers(&input.gamma), B::numbers(&input.beta));
    let x = B::numbers(&input.x);
    let mut y = buffers::take(x.len());
    batch_norm::normalize(shape, &x, statistics, (&gamma, &beta), epsilon, &mut y);
    B::tensor(y, input.x.shape())
}

pub(super) fn tracked<B: Host, C: CheckpointStrategy>(
    input: Input<Autodiff<B, C>>,
    epsilon: f64,
) -> Output<Autodiff<B, C>> {
    let nodes = [input.x.node(), input.gamma.node(), input.beta.node()];
    let input = Input::<B> {
        x: input.x.into_primitive(),
        gamma: input.gamma.into_primitive(),
        beta: input.beta.into_primitive(),
    };
    let ((y, mean, variance), statistics) = forward::<B>(&input, epsilon);
    let y = match Back.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State {
                x: input.x,
                gamma: input.gamma,
                statistics: statistics.into(),
                epsilon,
            };
            prep.finish(state, y)
        }
        OpsKind::UnTracked(prep) => prep.finish(y),
    };
    let [mean, variance] = [mean, variance].map(<Autodiff<B, C> as AutodiffBackend>::from_inner);
    (y, mean, variance)
}

fn sizes<B: Host>(x: &FloatTensor<B>, gamma: &FloatTensor<B>) -> Shape {
    let (x, channels) = (x.shape(), gamma.shape()[0]);
    assert!(
        x[1].is_multiple_of(channels),
        "x is [batch, channels * area]"
    );
    Shape {
        batch: x[0],
        channels,
        area: x[1] / channels,
    }
}

#[derive(Debug)]
struct Back;

#[derive(Clone, Debug)]
struct State<B: Backend> {
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    statistics: Arc<Statistics>,
    epsilon: f64,
}

impl<B: Host> Backward<B, 3> for Back {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [for_x, for_gamma, for_beta] = ops.parents;
        let State {
            x,
            gamma,
            statistics,
            epsilon,
        } = ops.state;
        let shape = sizes::<B>(&x, &gamma);
        // The gradient at y becomes that at x where it lies.
        let mut dy = B::into_numbers(grads.consume::<B>(&ops.node));
        let found = batch_norm::backward(
            shape,
            &B::numbers(&x),
            &statistics,
            &B::numbers(&gamma),
            epsilon,
            &mut dy,
            for_x.is_some(),
        );
        match for_x {
            Some(node) => grads.register::<B>(node.id, B::tensor(dy, x.shape())),
            None => buffers::give(dy),
        }
        if let Some(node) = for_gamma {
            grads.register::<B>(node.id, B::tensor(found.gamma, [shape.channels]));
        }
        if let Some(node) = for_beta {
            grads.register::<B>(node.id, B::tensor(found.beta, [shape.channels]));
        }
        B::recycle(x);
    }
}
