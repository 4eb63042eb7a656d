//! First-order optimisers over all parameters.
//!
//! Where the numbers lie in memory each parameter is updated in place, in one pass over it. On other devices gradients are laid
//! end to end in one vector and updated at once: a net of a dozen small tensors takes a dozen operations a step and not a hundred.
//! Either way the state is a few vectors over all parameters, which a checkpoint stores by name. Burn's own optimisers keep theirs
//! by a random parameter id, and read them back through the default device, which panics where there is no adapter.

mod memory;
mod vector;

use std::borrow::Cow;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use espejo_kernels::{ParameterGradient, Step, in_memory};

use self::{memory::Moments, vector::Vectors};

use crate::config::{OptimizerKind, TrainConfig};
use crate::tensors::{Named, vectors_to_bytes};

/// Adam's decay rates and the guard against division by zero, as in PyTorch.
const BETAS: [f64; 2] = [0.9, 0.999];
const ADAM_EPSILON: f64 = 1e-8;
/// RMSprop's decay rate and guard: Keras's numbers, which the documents use. Keras 3.15.1 and optax have ε under the root,
/// g / √(v + ε), PyTorch beside it, g / (√v + ε): at a gradient of 1e-6 the first step of the latter is 760 times as long.
const RMSPROP_DECAY: f64 = 0.9;
const RMSPROP_EPSILON: f64 = 1e-7;
/// Keeps the factor of clipping finite, as in PyTorch.
const CLIP_EPSILON: f64 = 1e-6;

/// The names of what is kept from step to step.
const MOMENTS: [&str; 2] = ["moment_1", "moment_2"];

/// What a step goes down.
pub enum Gradient {
    /// By Burn's record of the operations.
    Recorded(Gradients),
    /// By own code: one for each parameter, in the order of a visit.
    Plain(std::vec::IntoIter<ParameterGradient>),
}

impl From<Gradients> for Gradient {
    fn from(gradients: Gradients) -> Self {
        Self::Recorded(gradients)
    }
}

impl From<Vec<ParameterGradient>> for Gradient {
    fn from(gradients: Vec<ParameterGradient>) -> Self {
        Self::Plain(gradients.into_iter())
    }
}

impl Gradient {
    /// How many numbers of a model it changes.
    fn len<M: Module>(&self, model: &M) -> usize {
        match self {
            Self::Recorded(_) => trained_numbers(model),
            Self::Plain(gradients) => {
                let gradients = gradients.as_slice().iter();
                gradients.map(ParameterGradient::len).sum()
            }
        }
    }
}

/// An optimiser with its state.
#[derive(Clone, Debug)]
pub struct Optimizer {
    kind: OptimizerKind,
    momentum: f64,
    decay: f64,
    clip_norm: f64,
    epsilon_inside: bool,
    steps: u32,
    state: State,
}

/// What is kept from step to step, and where.
#[derive(Clone, Debug)]
enum State {
    New,
    InMemory(Moments),
    OnDevice(Box<Vectors>),
}

impl Optimizer {
    /// An optimiser that has taken no step.
    pub fn new(config: &TrainConfig) -> Self {
        Self {
            kind: config.optimizer,
            momentum: config.momentum,
            decay: config.decay,
            clip_norm: config.clip_norm,
            epsilon_inside: config.epsilon_inside,
            steps: 0,
            state: State::New,
        }
    }

    /// One step down the gradient at learning rate `rate`. A model that shares its weights with no other keeps its memory. Without a record
    /// the model that comes back is one that nothing is recorded of.
    pub fn step<M: Module>(&mut self, rate: f64, model: M, gradient: impl Into<Gradient>) -> M {
        self.steps += 1;
        let (step, clip_norm, gradient) = (self.rule(rate), self.clip_norm, gradient.into());
        if let State::New = self.state {
            self.state = if model.devices().iter().all(in_memory) {
                let parameters = gradient.len(&model);
                State::InMemory(Moments(vec![vec![0.0; parameters]; step.moments()]))
            } else {
                State::OnDevice(Box::default())
            };
        }
        match (&mut self.state, gradient) {
            (State::InMemory(moments), gradient) => moments.step(&step, clip_norm, model, gradient),
            (State::OnDevice(vectors), Gradient::Recorded(gradients)) => {
                vectors.step(&step, clip_norm, model, gradients)
            }
            (State::OnDevice(_), Gradient::Plain(_)) => {
                unreachable!("own code finds gradients in memory alone")
            }
            (State::New, _) => unreachable!("it was made above"),
        }
    }

    /// The step that is now due.
    fn rule(&self, rate: f64) -> Step {
        let adam = |shrink| {
            let [bias_1, bias_2] = BETAS.map(|beta| 1.0 - beta.powf(f64::from(self.steps)));
            Step::Adam {
                rate: rate / bias_1,
                betas: BETAS,
                bias: 1.0 / bias_2.sqrt(),
                epsilon: ADAM_EPSILON,
                shrink,
            }
        };
        match self.kind {
            OptimizerKind::Sgd => Step::Sgd { rate },
            OptimizerKind::Momentum => Step::Momentum {
                rate,
                momentum: self.momentum,
            },
            OptimizerKind::Rmsprop => Step::Rmsprop {
                rate,
                decay: RMSPROP_DECAY,
                epsilon: RMSPROP_EPSILON,
                inside: self.epsilon_inside,
            },
            OptimizerKind::Adam => adam(1.0),
            OptimizerKind::Adamw => adam(1.0 - rate * self.decay),
            classical => unreachable!("`{}` trains without tensors", classical.name()),
        }
    }

    /// The state, as the bytes of a safetensors file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let steps = split(self.steps);
        let moments = match &self.state {
            State::New => Cow::default(),
            State::InMemory(Moments(moments)) => Cow::Borrowed(&moments[..]),
            State::OnDevice(vectors) => Cow::Owned(vectors.moments()),
        };
        let moments = MOMENTS.into_iter().zip(&*moments);
        let moments = moments.map(|(name, values)| (name, &values[..]));
        vectors_to_bytes(std::iter::once(("steps", &steps[..])).chain(moments))
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
        device: &Device,
    ) -> Result<Self, String> {
        let find = |name: &str| tensors.iter().find(|tensor| tensor.name == name);
        let steps = find("steps").ok_or("has no `steps`")?;
        self.steps = join(&steps.values).ok_or_else(|| {
            let found = &steps.values;
            format!("`steps` is {found:?}, expected two whole numbers of 0 to 65535")
        })?;
        let count = match self.steps {
            0 => 0,
            _ => self.rule(0.0).moments(),
        };
        let names = &MOMENTS[..count];
        let is_own =
            |tensor: &&Named| tensor.name == "steps" || names.contains(&tensor.name.as_str());
        if let Some(other) = tensors.iter().find(|tensor| !is_own(tensor)) {
            let kind = self.kind.name();
            return Err(format!("has a tensor `{}` that `{kind}` lacks", other.name));
        }
        if self.steps == 0 {
            return Ok(self);
        }
        let moments = names.iter().map(|name| {
            let moment = find(name)
                .ok_or_else(|| format!("has no `{name}`, which `{}` needs", self.kind.name()))?;
            if moment.shape != [parameters] {
                let shape = &moment.shape;
                return Err(format!(
                    "`{name}` has shape {shape:?}, expected [{parameters}]"
                ));
            }
            Ok(moment.values.clone())
        });
        let moments = moments.collect::<Result<Vec<_>, _>>()?;
        self.state = if in_memory(device) {
            State::InMemory(Moments(moments))
        } else {
            let upload = |values| Tensor::from_data(TensorData::new(values, [parameters]), device);
            let moments = moments.into_iter().map(upload).collect();
            State::OnDevice(Box::new(Vectors::with_moments(moments)))
        };
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

fn join(values: &[f32]) -> Option<u32> {
    let whole = |value: f32| {
        (value.fract() == 0.0 && (0.0..=65535.0).contains(&value)).then_some(value as u32)
    };
    match *values {
        [high, low] => Some((whole(high)? << 16) | whole(low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_whole_or_not_at_all() {
        for steps in [0, 1, 65_535, 65_536, u32::MAX] {
            assert_eq!(join(&split(steps)), Some(steps));
        }
        for bad in [
            &[0.0][..],
            &[0.0, 0.5],
            &[0.0, -1.0],
            &[65_536.0, 0.0],
            &[0.0; 3],
        ] {
            assert_eq!(join(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_state_of_another_optimiser_is_refused() {
        let named = |name: &str, values: Vec<f32>| Named {
            name: name.to_owned(),
            shape: vec![values.len()],
            values,
        };
        let with = |moments: usize| {
            let moments =
                (1..=moments).map(|index| named(&format!("moment_{index}"), vec![0.0; 4]));
            let steps = named("steps", split(7));
            let tensors: Vec<Named> = std::iter::once(steps).chain(moments).collect();
            let device = crate::device::choose("cpu").expect("a CPU backend").device;
            Optimizer::new(&TrainConfig::default())
                .with_named(&tensors, 4, &device)
                .map(|optimizer| optimizer.steps)
        };
        assert_eq!(with(2), Ok(7));
        assert_eq!(
            with(1),
            Err("has no `moment_2`, which `adam` needs".to_owned())
        );
        assert_eq!(
            with(3),
            Err("has a tensor `moment_3` that `adam` lacks".to_owned())
        );
    }

    /// The first step of Keras 3.15.1's `RMSprop(1e-3)` and of PyTorch 2.15.0's `RMSprop(lr=1e-3, alpha=0.9, eps=1e-7)` at a weight
    /// with this gradient.
    #[test]
    fn the_first_step_of_rmsprop_is_that_of_keras_or_of_pytorch() {
        let first = |gradient: f32, epsilon_inside| {
            let optimizer = Optimizer::new(&TrainConfig {
                optimizer: OptimizerKind::Rmsprop,
                epsilon_inside,
                ..TrainConfig::default()
            });
            let (mut weights, mut moment) = ([0.0], [0.0]);
            optimizer
                .rule(1e-3)
                .apply(&mut weights, &[gradient], 1.0, [&mut moment, &mut []]);
            f64::from(-weights[0])
        };
        for (gradient, keras, torch) in [
            (1e-6, 3.162_275e-6, 2.402_531e-3),
            (1.0, 3.162_276e-3, 3.162_277e-3),
        ] {
            assert!(
                (first(gradient, true) / keras - 1.0).abs() < 1e-5,
                "{gradient}"
            );
            assert!(
                (first(gradient, false) / torch - 1.0).abs() < 1e-5,
                "{gradient}"
            );
        }
    }
}
