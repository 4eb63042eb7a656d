//! Parameters on another device: laid end to end, they are updated at once.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use espejo_kernels::{Step, sums};

use super::CLIP_EPSILON;

/// Parameters begin at multiples of so many numbers: 256 bytes, from which on devices bind memory. One that ends there, too, as most do, is then a view of
/// the vector, where it would else be copied out of it, one launch for each.
const ALIGNED: usize = 64;

/// What the model holds, end to end with gaps of zeros, and what is kept of the gradients so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Vectors {
    /// None before the first step.
    weights: Option<Tensor<1>>,
    /// Without gaps before the first step.
    moments: Vec<Tensor<1>>,
    /// Numbers of each parameter, and the zeros behind it, where there are any; empty before the first step.
    places: Vec<(usize, Option<Tensor<1>>)>,
}

impl Vectors {
    /// Those of an optimiser whose moments were read back, `[parameters]` each.
    pub fn with_moments(moments: Vec<Tensor<1>>) -> Self {
        Self {
            moments,
            ..Self::default()
        }
    }

    /// The moments without gaps, as [`with_moments`](Self::with_moments) takes them.
    pub fn moments(&self) -> Vec<Vec<f32>> {
        let read = |moment: &Tensor<1>| {
            let numbers: Vec<f32> = moment.to_data().iter().collect();
            if self.places.is_empty() {
                return numbers;
            }
            let mut rest = numbers.as_slice();
            let parts = self.places.iter().flat_map(|(size, _)| {
                let (part, after) = rest.split_at(size.next_multiple_of(ALIGNED));
                rest = after;
                &part[..*size]
            });
            parts.copied().collect()
        };
        self.moments.iter().map(read).collect()
    }

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
        let Gather {
            found,
            weights: kept,
            ..
        } = gather;
        if self.places.is_empty() {
            self.make_places(&found);
        }
        let gradient = clip(self.laid_out(found), clip_norm); // [numbers]
        let weights = self.weights.take();
        let weights = weights.unwrap_or_else(|| self.laid_out(kept)); // [numbers]
        let weights = step.compose(weights, gradient, &mut self.moments);
        self.weights = Some(weights.clone());
        model.map(&mut Scatter { weights, offset: 0 })
    }

    /// Finds where parameters of these sizes go, and lays the moments out alike.
    fn make_places(&mut self, parameters: &[Tensor<1>]) {
        let place = |parameter: &Tensor<1>| {
            let size = parameter.shape().num_elements();
            let gap = size.next_multiple_of(ALIGNED) - size;
            (
                size,
                (gap > 0).then(|| Tensor::zeros([gap], &parameter.device())),
            )
        };
        self.places = parameters.iter().map(place).collect();
        for moment in std::mem::take(&mut self.moments) {
            let mut start = 0;
            let parts = self.places.iter().map(|(size, _)| {
                start += size;
                moment.clone().slice(start - size..start)
            });
            let moment = self.laid_out(parts.collect());
            self.moments.push(moment);
        }
    }

    /// Parameters end to end, with the zeros behind each: `[numbers]`.
    fn laid_out(&self, parameters: Vec<Tensor<1>>) -> Tensor<1> {
        let pieces = parameters.into_iter().zip(&self.places);
        let pieces = pieces.flat_map(|(parameter, (_, gap))| [Some(parameter), gap.clone()]);
        Tensor::cat(pieces.flatten().collect(), 0)
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
        let size = shape.iter().product::<usize>();
        let part = self.weights.clone();
        let part = part.slice(self.offset..self.offset + size).reshape(shape);
        self.offset += size.next_multiple_of(ALIGNED);
        Param::from_mapped_value(id, Tensor::from_inner(part).require_grad(), mapper)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::super::{Gradient, Moments};
    use super::*;

    /// Parameters that end between two places, and one that ends at one.
    #[derive(Module, Debug)]
    struct Three {
        first: Param<Tensor<2>>,
        second: Param<Tensor<1>>,
        third: Param<Tensor<1>>,
    }

    fn processor() -> Device {
        crate::device::choose("cpu").expect("a CPU backend").device
    }

    fn three() -> Three {
        let device = processor().autodiff();
        let numbers = |count: usize| {
            let numbers = (0..count).map(|place| (place as f32 * 0.7).sin());
            TensorData::new(numbers.collect::<Vec<f32>>(), [count])
        };
        let tensor = |count| Tensor::<1>::from_data(numbers(count), &device);
        Three {
            first: Param::from_tensor(tensor(15).reshape([3, 5])),
            second: Param::from_tensor(tensor(2 * ALIGNED)),
            third: Param::from_tensor(tensor(7)),
        }
    }

    /// Gradients that depend on where the model stands.
    fn gradients(model: &Three) -> Gradients {
        let first = model.first.val().square().sum();
        let others = model.second.val().exp().sum() + model.third.val().cos().sum();
        (first + others).backward()
    }

    fn numbers(model: &Three) -> Vec<f32> {
        let [second, third] = [&model.second, &model.third].map(|param| param.val().into_data());
        let first = model.first.val().into_data();
        [first, second, third]
            .iter()
            .flat_map(TensorData::iter::<f32>)
            .collect()
    }

    #[test]
    fn steps_are_those_of_parameters_without_gaps_and_go_on_from_moments_read_back() {
        let adam = Step::Adam {
            rate: 0.1,
            betas: [0.9, 0.99],
            bias: 1.5,
            epsilon: 1e-8,
            shrink: 0.99,
        };
        for clip_norm in [0.0, 0.5] {
            let (mut model, mut vectors) = (three(), Vectors::default());
            let (mut expected, mut moments) = (three(), Moments(vec![vec![0.0; 150]; 2]));
            for step in 0..4 {
                let down = gradients(&model);
                model = vectors.step(&adam, clip_norm, model, down);
                let down = Gradient::Recorded(gradients(&expected));
                expected = moments.step(&adam, clip_norm, expected, down);
                for (found, expected) in numbers(&model).iter().zip(numbers(&expected)) {
                    assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
                }
                for (found, expected) in vectors.moments().iter().zip(&moments.0) {
                    assert_eq!(found.len(), expected.len());
                    let pairs = found.iter().zip(expected);
                    pairs.for_each(|(found, expected)| assert!((found - expected).abs() < 1e-6));
                }
                if step == 1 {
                    let read = vectors.moments().into_iter().map(|moment| {
                        let count = moment.len();
                        Tensor::from_data(TensorData::new(moment, [count]), &processor())
                    });
                    vectors = Vectors::with_moments(read.collect());
                }
            }
        }
    }
}
