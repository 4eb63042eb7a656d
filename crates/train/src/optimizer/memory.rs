//! Parameters that lie in memory: each is updated in place.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use espejo_kernels::Step;

use super::CLIP_EPSILON;

/// What is kept of the gradients so far, `[parameters]` each.
#[derive(Clone, Debug)]
pub(super) struct Moments(pub Vec<Vec<f32>>);

impl Moments {
    /// Takes the step, with a gradient of at most `clip_norm`; 0 for any.
    pub fn step<M: Module>(
        &mut self,
        step: &Step,
        clip_norm: f64,
        model: M,
        mut gradients: Gradients,
    ) -> M {
        let scale = match clip_norm {
            0.0 => 1.0,
            most => {
                let mut sum = SquaredNorm {
                    gradients: &gradients,
                    sum: 0.0,
                };
                model.visit(&mut sum);
                (most / (sum.sum.sqrt() + CLIP_EPSILON)).min(1.0)
            }
        };
        model.map(&mut Update {
            step,
            scale: scale as f32,
            gradients: &mut gradients,
            moments: &mut self.0,
            offset: 0,
        })
    }
}

/// Adds up the squares of all gradients.
struct SquaredNorm<'a> {
    gradients: &'a Gradients,
    sum: f64,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            let gradient = gradient.into_data();
            let squares = numbers(&gradient).iter().map(|g| f64::from(*g).powi(2));
            self.sum += squares.sum::<f64>();
        }
    }
}

/// Updates one parameter after the other.
struct Update<'a> {
    step: &'a Step,
    scale: f32,
    gradients: &'a mut Gradients,
    moments: &'a mut [Vec<f32>],
    /// Where the moments of the next parameter begin.
    offset: usize,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        // Running means are measured, not trained.
        if !tensor.is_require_grad() {
            return Param::from_mapped_value(id, tensor, mapper);
        }
        let part = self.offset..self.offset + tensor.shape().num_elements();
        self.offset = part.end;
        // A parameter that the loss does not reach has no gradient: only its moments fade.
        let gradient = tensor.grad_remove(self.gradients);
        let (device, tensor) = (tensor.device().inner(), tensor.inner());
        let gradient = gradient.unwrap_or_else(|| tensor.zeros_like()).into_data();
        let mut weights = tensor.into_data();
        let mut moments = self
            .moments
            .iter_mut()
            .map(|moment| &mut moment[part.clone()]);
        let moments = [(); 2].map(|()| moments.next().unwrap_or_default());
        self.step.apply(
            numbers_mut(&mut weights),
            numbers(&gradient),
            self.scale,
            moments,
        );
        if let Ok(gradient) = gradient.try_into_vec() {
            espejo_kernels::buffers::give(gradient);
        }
        let tensor = Tensor::from_inner(Tensor::from_data(weights, &device));
        Param::from_mapped_value(id, tensor.require_grad(), mapper)
    }
}

fn numbers(data: &TensorData) -> &[f32] {
    data.as_slice().expect("tensors are of f32")
}

fn numbers_mut(data: &mut TensorData) -> &mut [f32] {
    data.as_mut_slice().expect("tensors are of f32")
}
