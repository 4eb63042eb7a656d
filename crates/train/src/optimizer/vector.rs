//! Parameters on another device: laid end to end, they are updated at once.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use espejo_kernels::{Step, sums};

use super::CLIP_EPSILON;

/// What the model holds, end to end, and what is kept of the gradients so far: `[parameters]` each.
#[derive(Clone, Debug, Default)]
pub(super) struct Vectors {
    /// None before the first step.
    pub weights: Option<Tensor<1>>,
    pub moments: Vec<Tensor<1>>,
}

impl Vectors {
    /// Takes the step, with a gradient of at most `clip_norm`; 0 for any.
    pub fn step<M: Module>(
        &mut self,
        step: &Step,
        clip_norm: f64,
        model: M,
        mut gradients: Gradients,
    ) -> M {
        let mut gather = Gather {
            gradients: &mut gradients,
            found: Vec::new(),
            weights: Vec::new(),
            keep: self.weights.is_none(),
        };
        model.visit(&mut gather);
        let Gather { found, weights, .. } = gather;
        let gradient = clip(Tensor::cat(found, 0), clip_norm); // [parameters]
        let weights = self
            .weights
            .take()
            .unwrap_or_else(|| Tensor::cat(weights, 0)); // [parameters]
        let weights = step.compose(weights, gradient, &mut self.moments);
        self.weights = Some(weights.clone());
        model.map(&mut Scatter { weights, offset: 0 })
    }
}

/// Scales a gradient longer than `clip_norm` down to it (Pascanu et al. 2013), without asking the device how long it is.
fn clip(gradient: Tensor<1>, clip_norm: f64) -> Tensor<1> {
    if clip_norm == 0.0 {
        return gradient;
    }
    let squares = gradient.clone().square().unsqueeze(); // [1, parameters]
    let norm = sums::sum(squares).sqrt(); // [1]
    let factor = (norm + CLIP_EPSILON)
        .recip()
        .mul_scalar(clip_norm)
        .clamp_max(1.0);
    gradient * factor
}

/// Lays gradients (and, once, parameters) end to end.
struct Gather<'a> {
    gradients: &'a mut Gradients,
    found: Vec<Tensor<1>>,
    weights: Vec<Tensor<1>>,
    keep: bool,
}

impl ModuleVisitor for Gather<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if !tensor.is_require_grad() {
            return;
        }
        let size = tensor.shape().num_elements();
        // A parameter that the loss does not reach has no gradient, and stays.
        let gradient = tensor
            .grad_remove(self.gradients)
            .map(|gradient| gradient.reshape([size]));
        self.found
            .push(gradient.unwrap_or_else(|| Tensor::zeros([size], &tensor.device().inner())));
        if self.keep {
            self.weights.push(tensor.inner().reshape([size]));
        }
    }
}

/// Hands each parameter its part of the vector.
struct Scatter {
    weights: Tensor<1>,
    offset: usize,
}

impl ModuleMapper for Scatter {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        // Running means are measured, not trained.
        if !tensor.is_require_grad() {
            return Param::from_mapped_value(id, tensor, mapper);
        }
        let shape = tensor.dims();
        let end = self.offset + shape.iter().product::<usize>();
        let part = self.weights.clone().slice(self.offset..end).reshape(shape);
        self.offset = end;
        Param::from_mapped_value(id, Tensor::from_inner(part).require_grad(), mapper)
    }
}
