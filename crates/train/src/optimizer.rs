//! First-order optimisers over all parameters at once.
//!
//! Gradients are laid end to end in one vector and updated in one pass, whatever the number of layers: a net of a dozen small
//! tensors takes a dozen operations a step and not a hundred. The state is a few such vectors, which a checkpoint stores by
//! name. Burn's own optimisers keep theirs by a random parameter id, and read them back through the default device, which
//! panics where there is no adapter.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

use crate::config::{OptimizerKind, TrainConfig};
use crate::tensors::Named;

/// Adam's decay rates and the guard against division by zero, as in PyTorch.
const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const ADAM_EPSILON: f64 = 1e-8;
/// RMSprop's decay rate and guard: Keras's numbers, which the documents use, in PyTorch's formula g / (√v + ε). Keras has ε
/// under the root, which damps steps along tiny gradients more.
const RMSPROP_DECAY: f64 = 0.9;
const RMSPROP_EPSILON: f64 = 1e-7;

/// An optimiser with its state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    kind: OptimizerKind,
    momentum: f64,
    decay: f64,
    clip_norm: f64,
    steps: u32,
    weights: Option<Tensor<1>>, // [parameters], what the model holds, end to end
    moments: Vec<Tensor<1>>,    // [parameters] each
}

impl Optimizer {
    /// An optimiser that has taken no step.
    pub fn new(config: &TrainConfig) -> Self {
        Self {
            kind: config.optimizer,
            momentum: config.momentum,
            decay: config.decay,
            clip_norm: config.clip_norm,
            steps: 0,
            weights: None,
            moments: Vec::new(),
        }
    }

    /// One step down the gradient at learning rate `rate`.
    pub fn step<M: Module>(&mut self, rate: f64, model: M, mut gradients: Gradients) -> M {
        let mut gather = Gather {
            gradients: &mut gradients,
            found: Vec::new(),
            weights: Vec::new(),
            keep: self.weights.is_none(),
        };
        model.visit(&mut gather);
        let Gather { found, weights, .. } = gather;
        let gradient = self.clip(Tensor::cat(found, 0)); // [parameters]
        let weights = self
            .weights
            .take()
            .unwrap_or_else(|| Tensor::cat(weights, 0)); // [parameters]
        self.steps += 1;
        let weights = self.update(rate, weights, gradient);
        self.weights = Some(weights.clone());
        model.map(&mut Scatter { weights, offset: 0 })
    }

    /// Scales a gradient longer than `clip_norm` down to it (Pascanu et al. 2013), without asking the device how long it is.
    fn clip(&self, gradient: Tensor<1>) -> Tensor<1> {
        if self.clip_norm == 0.0 {
            return gradient;
        }
        let norm = gradient.clone().square().sum().sqrt(); // [1]
        let factor = (norm + 1e-6)
            .recip()
            .mul_scalar(self.clip_norm)
            .clamp_max(1.0);
        gradient * factor
    }

    fn update(&mut self, rate: f64, weights: Tensor<1>, gradient: Tensor<1>) -> Tensor<1> {
        match self.kind {
            OptimizerKind::Sgd => weights - gradient.mul_scalar(rate),
            OptimizerKind::Momentum => {
                weights - self.blend(0, self.momentum, 1.0, gradient).mul_scalar(rate)
            }
            OptimizerKind::Rmsprop => {
                // Hinton, lecture 6e of Neural networks for machine learning, 2012.
                let mean_square = self.blend(
                    0,
                    RMSPROP_DECAY,
                    1.0 - RMSPROP_DECAY,
                    gradient.clone().square(),
                );
                weights - gradient.mul_scalar(rate) / (mean_square.sqrt() + RMSPROP_EPSILON)
            }
            OptimizerKind::Adam => weights - self.adam(rate, gradient),
            // Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
            OptimizerKind::Adamw => {
                weights.mul_scalar(1.0 - rate * self.decay) - self.adam(rate, gradient)
            }
        }
    }

    /// Kingma and Ba, Adam, ICLR 2015.
    fn adam(&mut self, rate: f64, gradient: Tensor<1>) -> Tensor<1> {
        let mean = self.blend(0, BETA_1, 1.0 - BETA_1, gradient.clone());
        let square = self.blend(1, BETA_2, 1.0 - BETA_2, gradient.square());
        let steps = f64::from(self.steps);
        let (bias_1, bias_2) = (1.0 - BETA_1.powf(steps), 1.0 - BETA_2.powf(steps));
        let spread = square.sqrt().mul_scalar(1.0 / bias_2.sqrt()) + ADAM_EPSILON;
        mean.mul_scalar(rate / bias_1) / spread
    }

    /// Moment `index` becomes `keep` of itself plus `take` of `new`.
    fn blend(&mut self, index: usize, keep: f64, take: f64, new: Tensor<1>) -> Tensor<1> {
        let new = if take == 1.0 {
            new
        } else {
            new.mul_scalar(take)
        };
        if index < self.moments.len() {
            let old = self.moments[index].extract();
            self.moments[index] = old.mul_scalar(keep) + new;
        } else {
            self.moments.push(new);
        }
        self.moments[index].clone()
    }

    /// The state, as named tensors.
    pub fn to_named(&self) -> Vec<Named> {
        let steps = Named {
            name: "steps".into(),
            shape: vec![2],
            values: split(self.steps),
        };
        let moments = self
            .moments
            .iter()
            .enumerate()
            .map(|(index, moment)| Named {
                name: format!("moment_{}", index + 1),
                shape: moment.dims().to_vec(),
                values: moment.to_data().iter::<f32>().collect(),
            });
        std::iter::once(steps).chain(moments).collect()
    }

    /// The optimiser with a state read back, for a model of `parameters` numbers on the plain `device`.
    ///
    /// # Errors
    ///
    /// What does not fit, in words.
    pub fn with_named(
        mut self,
        tensors: &[Named],
        parameters: usize,
        device: &burn::tensor::Device,
    ) -> Result<Self, String> {
        let find = |name: &str| tensors.iter().find(|tensor| tensor.name == name);
        let steps = find("steps")
            .filter(|steps| steps.values.len() == 2)
            .ok_or("has no `steps`")?;
        self.steps = join(&steps.values);
        let expected = match (self.steps, self.kind) {
            (0, _) | (_, OptimizerKind::Sgd) => 0,
            (_, OptimizerKind::Momentum | OptimizerKind::Rmsprop) => 1,
            (_, OptimizerKind::Adam | OptimizerKind::Adamw) => 2,
        };
        for index in 1..=expected {
            let name = format!("moment_{index}");
            let moment = find(&name)
                .ok_or_else(|| format!("has no `{name}`, which `{}` needs", self.kind.name()))?;
            if moment.shape != [parameters] {
                return Err(format!(
                    "`{name}` has shape {:?}, expected [{parameters}]",
                    moment.shape
                ));
            }
            self.moments.push(Tensor::from_data(
                TensorData::new(moment.values.clone(), [parameters]),
                device,
            ));
        }
        Ok(self)
    }
}

/// How many numbers of a model an optimiser changes; the rest, if any, is measured.
pub fn trained_numbers<M: Module>(model: &M) -> usize {
    struct Count(usize);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            if tensor.is_require_grad() {
                self.0 += tensor.shape().num_elements();
            }
        }
    }
    let mut count = Count(0);
    model.visit(&mut count);
    count.0
}

/// A counter as two floats that hold 16 bits each exactly.
fn split(steps: u32) -> Vec<f32> {
    vec![(steps >> 16) as f32, (steps & 0xffff) as f32]
}

fn join(values: &[f32]) -> u32 {
    ((values[0] as u32) << 16) | (values[1] as u32)
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
