//! A running average of the weights, which is evaluated and used in place of the latest ones (B. T. Polyak and A. B. Juditsky, 1992;
//! exponential as in M. Tan and Q. V. Le, *EfficientNet*, 2019).

use std::collections::VecDeque;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::fit::own_copy;
use crate::model::AnyModel;

/// The average: a model of its own, with running means of batch normalisation that are averaged, too.
#[derive(Debug)]
pub(crate) struct Average(pub AnyModel);

impl Average {
    /// The weights as they are now.
    pub fn of(model: &AnyModel) -> Self {
        Self(own_copy(model))
    }

    /// Moves by 1 - d towards the weights after `step` steps, d as [`decay_after`] gives it.
    pub fn follow(self, model: &AnyModel, decay: f64, step: usize) -> Self {
        let mut weights = Weights(VecDeque::new());
        // Running means are behind by a step until they are asked for in this way.
        model.valid().visit(&mut weights);
        Self(self.0.map(&mut Move {
            weights: weights.0,
            part: 1.0 - decay_after(decay, step),
        }))
    }

    /// A copy that shares nothing with it.
    pub fn copy(&self) -> Self {
        Self::of(&self.0)
    }
}

/// The decay at a step, counted from 1: at first an average of few steps, so that the weights of the start fade, as
/// TensorFlow's `ExponentialMovingAverage` has it.
fn decay_after(decay: f64, step: usize) -> f64 {
    let step = step as f64;
    decay.min((1.0 + step) / (10.0 + step))
}

/// The numbers of a model, parameter by parameter, outside of what is differentiated.
struct Weights(VecDeque<Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val().inner(); // any shape
        let count = tensor.shape().num_elements();
        self.0.push_back(tensor.reshape([count]));
    }
}

/// Moves each parameter by a part of the way to the weights.
struct Move {
    weights: VecDeque<Tensor<1>>,
    part: f64,
}

impl ModuleMapper for Move {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let is_trained = tensor.is_require_grad();
        let average = tensor.inner();
        let weights = self.weights.pop_front().expect("both are of one model");
        let way = weights.reshape(average.shape()) - average.clone();
        let average = average + way.mul_scalar(self.part);
        let tensor = Tensor::from_inner(average).set_require_grad(is_trained);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decay_rises_to_what_was_asked_for() {
        assert_eq!(decay_after(0.9, 1), 2.0 / 11.0);
        assert_eq!(decay_after(0.9, 10), 11.0 / 20.0);
        assert_eq!(decay_after(0.9, 80), 0.9);
        assert_eq!(decay_after(0.9, 81), 0.9);
    }
}
