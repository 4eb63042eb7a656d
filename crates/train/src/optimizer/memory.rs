//! Parameters that lie in memory: each is updated in place.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use espejo_kernels::{ParameterGradient, Step, buffers};

use super::{CLIP_EPSILON, Gradient};

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
        mut gradient: Gradient,
    ) -> M {
        if clip_norm > 0.0 {
            gradient = worked_out(gradient);
        }
        let scale = match clip_norm {
            0.0 => 1.0,
            most => (most / (squared_norm(&model, &gradient).sqrt() + CLIP_EPSILON)).min(1.0),
        };
        model.map(&mut Update {
            step,
            scale: scale as f32,
            gradient: &mut gradient,
            moments: &mut self.0,
            offset: 0,
        })
    }
}

/// The gradient with all of its numbers, as its length needs them.
fn worked_out(gradient: Gradient) -> Gradient {
    match gradient {
        Gradient::Plain(gradients) => {
            let numbers = gradients.map(ParameterGradient::into_numbers);
            let numbers = numbers.map(ParameterGradient::Numbers);
            numbers.collect::<Vec<_>>().into()
        }
        recorded => recorded,
    }
}

/// The sum of the squares of all gradients, of which all numbers are there.
fn squared_norm<M: Module>(model: &M, gradient: &Gradient) -> f64 {
    struct Squares<'a> {
        gradients: &'a burn::tensor::Gradients,
        sum: f64,
    }
    impl ModuleVisitor for Squares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.gradients) {
                self.sum += squares(numbers(&gradient.into_data()));
            }
        }
    }
    match gradient {
        Gradient::Plain(gradients) => {
            let numbers = gradients.as_slice().iter().map(|gradient| match gradient {
                ParameterGradient::Numbers(numbers) => squares(numbers),
                ParameterGradient::Factors(_) => unreachable!("they were worked out"),
            });
            numbers.sum()
        }
        Gradient::Recorded(gradients) => {
            let mut squares = Squares {
                gradients,
                sum: 0.0,
            };
            model.visit(&mut squares);
            squares.sum
        }
    }
}

fn squares(numbers: &[f32]) -> f64 {
    numbers.iter().map(|g| f64::from(*g).powi(2)).sum()
}

/// Updates one parameter after the other.
struct Update<'a> {
    step: &'a Step,
    scale: f32,
    gradient: &'a mut Gradient,
    moments: &'a mut [Vec<f32>],
    /// Where the moments of the next parameter begin.
    offset: usize,
}

impl Update<'_> {
    /// Updates the numbers of the next parameter; `apply` gets them, how the gradient is scaled, and their moments.
    fn apply(
        &mut self,
        weights: &mut TensorData,
        apply: impl FnOnce(&Step, &mut [f32], f32, [&mut [f32]; 2]),
    ) {
        let weights = weights.as_mut_slice().expect("tensors are of f32");
        let part = self.offset..self.offset + weights.len();
        self.offset = part.end;
        let mut moments = self
            .moments
            .iter_mut()
            .map(|moment| &mut moment[part.clone()]);
        let moments = [(); 2].map(|()| moments.next().unwrap_or_default());
        apply(self.step, weights, self.scale, moments);
    }
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let recorded = match self.gradient {
            Gradient::Plain(gradients) => {
                let gradient = gradients.next().expect("a gradient for each parameter");
                let device = tensor.device().inner();
                let mut weights = tensor.inner().into_data();
                self.apply(
                    &mut weights,
                    |step, weights, scale, moments| match &gradient {
                        ParameterGradient::Numbers(numbers) => {
                            step.apply(weights, numbers, scale, moments);
                        }
                        ParameterGradient::Factors(factors) => {
                            step.apply_product(weights, factors, scale, moments);
                        }
                    },
                );
                gradient.give();
                return Param::from_mapped_value(id, Tensor::from_data(weights, &device), mapper);
            }
            // Running means are measured, not trained.
            Gradient::Recorded(_) if !tensor.is_require_grad() => {
                return Param::from_mapped_value(id, tensor, mapper);
            }
            // A parameter that the loss does not reach has no gradient: only its moments fade.
            Gradient::Recorded(gradients) => tensor.grad_remove(gradients),
        };
        let (device, tensor) = (tensor.device().inner(), tensor.inner());
        let gradient = recorded.unwrap_or_else(|| tensor.zeros_like()).into_data();
        let mut weights = tensor.into_data();
        self.apply(&mut weights, |step, weights, scale, moments| {
            step.apply(weights, numbers(&gradient), scale, moments);
        });
        if let Ok(gradient) = gradient.try_into_vec() {
            buffers::give(gradient);
        }
        let tensor = Tensor::from_inner(Tensor::from_data(weights, &device));
        Param::from_mapped_value(id, tensor.require_grad(), mapper)
    }
}

fn numbers(data: &TensorData) -> &[f32] {
    data.as_slice().expect("tensors are of f32")
}
