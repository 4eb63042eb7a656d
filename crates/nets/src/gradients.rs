//! Losses of dense nets with their gradients, found at once by own code.

use burn::tensor::Tensor;
use espejo_kernels::{Activation, cross_entropy_gradients};

use crate::{Batch, Layers};

/// The gradient at each parameter, in the order in which a module's parameters are visited.
pub type Gradients = Vec<Vec<f32>>;

/// The mean Bernoulli cross-entropy `[1]` of the logits that the stacks, one behind the other, make of a batch, and its gradient at their
/// parameters; none where a stack is not dense, its numbers do not lie in memory, or not all targets are known.
pub fn dense_cross_entropy(stacks: &[&Layers], batch: &Batch) -> Option<(Tensor<1>, Gradients)> {
    if batch.known.is_some() {
        return None;
    }
    let layers = stacks.iter().map(|stack| stack.dense());
    let mut layers = layers.collect::<Option<Vec<_>>>()?.concat();
    layers.last_mut()?.activation = Activation::Linear;
    let (inputs, targets) = (batch.inputs.clone(), batch.targets.clone());
    let device = inputs.device();
    let (value, gradients) = cross_entropy_gradients(&layers, inputs, targets)?;
    Some((Tensor::from_floats([value], &device), gradients))
}
