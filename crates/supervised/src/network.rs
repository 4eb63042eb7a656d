//! A chain of layers trained to give a target: one-hot rows for a classifier, numbers for a regressor.
//!
//! - Classification: -Σ t ln softmax(logits), the categorical cross-entropy (Bishop 2006, section 4.3.4). Of two classes a single
//!   logit z is enough: -ln σ(z) for the second class, -ln σ(-z) for the first ([`Criterion::Bce`], section 4.3.2).
//! - Classification: -Σ t ln softmax(logits), the categorical cross-entropy (Bishop 2006, section 4.3.4).
//!   Smoothed labels give the part ε of each target to all classes alike, (1 - ε) t + ε / K, while training (C. Szegedy et al.,
//!   *Rethinking the Inception Architecture*, 2016); what is reported is the loss of the labels themselves.
//! - Regression: ½‖t - o‖², or another [`Criterion`].
//! - The first layers may come from another model and stay as they are (transfer learning: Yosinski et al., *How transferable
//!   are features in deep neural networks?*, NeurIPS 2014).

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use espejo_nets::{
    Batch, Criterion, Hidden, Initializer, LayerInfo, Layers, LayersConfig, Loss, Model, Term,
    half_squares, sums,
};
use rand::Rng;

/// What a net with targets is made of.
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// From samples to logits.
    pub layers: LayersConfig,
    /// How many of the first layers are not trained.
    pub frozen: usize,
    /// How first weights are drawn.
    pub initializer: Initializer,
    /// What outputs are held against targets by.
    pub criterion: Criterion,
    /// Weight of ½Σw² over the weights of all layers; 0 for none.
    pub weight_decay: f64,
    /// ε of smoothed labels, in [0, 1), for classification; 0 for labels as they are.
    pub label_smoothing: f64,
}

impl NetworkConfig {
    /// Layers that are all trained, Glorot weights, no weight decay.
    pub fn new(layers: LayersConfig, criterion: Criterion) -> Self {
        Self {
            layers,
            frozen: 0,
            initializer: Initializer::Glorot,
            criterion,
            weight_decay: 0.0,
            label_smoothing: 0.0,
        }
    }

    /// A model with first weights from `rng`.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Network {
        let layers = self.layers.init(self.initializer, rng, device);
        Network {
            layers: layers.freeze_first(self.frozen),
            criterion: self.criterion.clone(),
            weight_decay: self.weight_decay,
            label_smoothing: self.label_smoothing,
        }
    }
}

/// A net with targets and its weights.
#[derive(Module, Debug)]
pub struct Network {
    layers: Layers,
    #[module(skip)]
    criterion: Criterion,
    weight_decay: f64,
    label_smoothing: f64,
}

impl Model for Network {
    fn output(&self, inputs: Tensor<2>) -> Tensor<2> {
        if self.is_binary() {
            let logits = self.layers.forward_logits(inputs); // [batch, 1]
            // Both by the sigmoid: 1 - p of a p near 1 would have lost its digits.
            let both = Tensor::cat(vec![logits.clone().neg(), logits], 1);
            return activation::sigmoid(both); // [batch, 2]
        }
        self.criterion.outputs_of(&self.layers, inputs) // [batch, outputs]
    }

    fn loss(&self, batch: &Batch) -> Loss {
        let logits = self.layers.forward_logits(batch.inputs.clone()); // [batch, outputs]
        let (targets, output) = (batch.targets.clone(), self.layers.last_activation());
        let value = self.criterion.mean(logits.clone(), targets.clone(), output); // [1]
        let mut terms = vec![Term {
            optimised: self.smoothed(&logits, &targets),
            ..Term::new(self.term(), 1.0, value)
        }];
        if self.is_binary() {
            terms.push(Term::measure("accuracy", binary_accuracy(logits, targets)));
        } else if self.criterion == Criterion::SoftmaxCrossEntropy {
            terms.push(Term::measure("accuracy", accuracy(logits, targets)));
        }
        if self.weight_decay > 0.0 {
            let squares = half_squares(self.layers.stack());
            terms.push(Term::new("weight_decay", self.weight_decay, squares));
        }
        Loss(terms)
    }

    fn table(&self) -> Vec<(&'static str, LayerInfo)> {
        let rows = self.layers.table().into_iter();
        rows.map(|row| ("layers", row)).collect()
    }

    fn hidden(&self, inputs: Tensor<2>) -> Vec<(&'static str, Hidden)> {
        let (mut layers, _) = self.layers.trace(inputs);
        // The last is the output.
        layers.pop();
        let layers = layers.into_iter();
        layers.map(|hidden| ("layers", hidden)).collect()
    }
}

impl Network {
    /// Whether it tells two classes apart by a single logit, that of the second one.
    fn is_binary(&self) -> bool {
        self.criterion == Criterion::Bce
    }

    /// The name of the loss in the logs: nats of the true class have one name, by whichever output they are had.
    fn term(&self) -> &'static str {
        match self.is_binary() {
            true => Criterion::SoftmaxCrossEntropy.term(),
            false => self.criterion.term(),
        }
    }

    /// The loss that is minimised where labels are smoothed: `[1]`. Logits and targets are `[batch, classes]`, or `[batch, 1]` of two
    /// classes.
    fn smoothed(&self, logits: &Tensor<2>, targets: &Tensor<2>) -> Option<Tensor<1>> {
        let part = self.label_smoothing;
        if part == 0.0 {
            return None;
        }
        let [_, outputs] = targets.dims();
        // One output is the probability of one of two classes.
        let even = part / outputs.max(2) as f64;
        let targets = targets.clone().mul_scalar(1.0 - part).add_scalar(even); // [batch, classes]
        let output = self.layers.last_activation();
        Some(self.criterion.mean(logits.clone(), targets, output))
    }
}

/// The share of the samples on whose side of 0 their logit is: `[1]`. Both are `[batch, 1]`; a logit of 0 is for the first class.
fn binary_accuracy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let (predicted, wanted) = (logits.greater_elem(0.0), targets.greater_elem(0.5)); // [batch, 1]
    sums::mean(predicted.equal(wanted).float())
}

/// The share of the samples whose largest logit is that of their class: `[1]`. Both are `[batch, classes]`.
fn accuracy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let (predicted, wanted) = (logits.argmax(1), targets.argmax(1)); // [batch, 1]
    sums::mean(predicted.equal(wanted).float())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use espejo_nets::{Activation, Layer, seeded};

    fn tensor<const R: usize, const C: usize>(rows: [[f32; C]; R]) -> Tensor<2> {
        Tensor::from_data(rows, &Device::flex())
    }

    #[test]
    fn accuracy_is_the_share_of_largest_logits_that_are_right() {
        let logits = tensor([[0.1, 0.3], [2.0, -1.0], [0.0, 0.5], [1.0, 0.0]]);
        let targets = tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]);
        assert_eq!(accuracy(logits, targets).into_scalar::<f32>(), 0.75);
    }

    #[test]
    fn a_logit_on_the_right_side_of_zero_is_right() {
        let logits = tensor([[0.1], [-2.0], [0.0], [3.0]]);
        let targets = tensor([[1.0], [0.0], [0.0], [0.0]]);
        let found = binary_accuracy(logits, targets);
        assert_eq!(found.into_scalar::<f32>(), 0.75);
    }

    /// By hand, as PyTorch's `BCEWithLogitsLoss` defines it: ln(1 + e^-z) for the second class, ln(1 + e^z) for the first.
    #[test]
    fn a_single_output_gives_two_probabilities_and_their_cross_entropy() {
        let layers = LayersConfig::dense([1, 1], Activation::Relu, Activation::Sigmoid);
        let config = NetworkConfig::new(layers, Criterion::Bce);
        let model = config.init(&mut seeded(1), &Device::flex());
        let weight = match model.layers.stack().first() {
            Some(Layer::Linear(linear)) => linear.weight.val().into_scalar::<f32>(),
            other => panic!("a dense layer, not {other:?}"),
        };
        let logits = [1.5_f32, -0.5, 40.0];
        let inputs = tensor(logits.map(|logit| [logit / weight]));
        let output: Vec<f32> = model.output(inputs.clone()).into_data().iter().collect();
        for (row, logit) in output.chunks(2).zip(logits) {
            let logit = f64::from(logit);
            let expected = [1.0 / (1.0 + logit.exp()), 1.0 / (1.0 + (-logit).exp())];
            for (found, expected) in row.iter().zip(expected) {
                assert_relative_eq!(f64::from(*found), expected, max_relative = 1e-5);
            }
        }
        let loss = model.loss(&Batch::new(inputs, tensor([[1.0], [1.0], [0.0]])));
        let nats = [-1.5, 0.5, 40.0].map(|z: f64| z.exp().ln_1p());
        let expected = nats.iter().sum::<f64>() / 3.0;
        let names: Vec<_> = loss.0.iter().map(|term| term.name).collect();
        assert_eq!(names, ["cross_entropy", "accuracy"]);
        let found = loss.objective(1.0).into_scalar::<f32>();
        assert_relative_eq!(f64::from(found), expected, max_relative = 1e-6);
    }

    #[test]
    fn accuracy_is_reported_and_no_part_of_the_loss() {
        let layers = LayersConfig::dense([2, 2], Activation::Relu, Activation::Linear);
        let config = NetworkConfig {
            weight_decay: 0.1,
            ..NetworkConfig::new(layers, Criterion::SoftmaxCrossEntropy)
        };
        let model = config.init(&mut seeded(1), &Device::flex());
        let (inputs, targets) = (tensor([[1.0, 2.0]]), tensor([[0.0, 1.0]]));
        let loss = model.loss(&Batch::new(inputs, targets));
        let names: Vec<_> = loss.0.iter().map(|term| term.name).collect();
        assert_eq!(names, ["cross_entropy", "accuracy", "weight_decay"]);
        let value = |index: usize| loss.0[index].value.clone().into_scalar::<f32>();
        let objective = loss.objective(1.0).into_scalar::<f32>();
        assert_relative_eq!(objective, value(0) + 0.1 * value(2), max_relative = 1e-6);
    }

    /// `torch.nn.functional.cross_entropy` of PyTorch with `label_smoothing=.2` is (1 - .2) · 0.4952 + .2 · the mean of -ln p.
    #[test]
    fn smoothed_labels_are_minimised_and_true_ones_reported() {
        let mut layers = LayersConfig::new([4, 1, 1]);
        layers.push_linear(4, Activation::Linear);
        let config = NetworkConfig {
            label_smoothing: 0.2,
            ..NetworkConfig::new(layers, Criterion::SoftmaxCrossEntropy)
        };
        let model = config.init(&mut seeded(1), &Device::flex());
        let logits = tensor([[1.0, 2.0, -1.0, 0.5]]);
        let targets = tensor([[0.0, 1.0, 0.0, 0.0]]);
        let smoothed = model.smoothed(&logits, &targets).expect("it is on");
        assert_relative_eq!(
            smoothed.into_scalar::<f32>(),
            0.770_181_9,
            max_relative = 1e-6
        );
        let loss = model.loss(&Batch::new(logits.clone(), targets.clone()));
        let plain = Network {
            label_smoothing: 0.0,
            ..model.clone()
        };
        let reported = loss.0[0].value.clone().into_scalar::<f32>();
        let true_ones = plain.loss(&Batch::new(logits.clone(), targets.clone()));
        assert_eq!(reported, true_ones.objective(1.0).into_scalar::<f32>());
        let objective = loss.objective(1.0).into_scalar::<f32>();
        let outputs = model.layers.forward_logits(logits);
        let expected = model.smoothed(&outputs, &targets).expect("it is on");
        assert_eq!(objective, expected.into_scalar::<f32>());
    }

    /// Of two classes each has a half of what is shared out: .9 of -ln σ(z) and .1 of -ln σ(-z).
    #[test]
    fn smoothed_labels_of_a_single_logit_are_those_of_two_classes() {
        let mut layers = LayersConfig::new([1, 1, 1]);
        layers.push_linear(1, Activation::Sigmoid);
        let config = NetworkConfig {
            label_smoothing: 0.2,
            ..NetworkConfig::new(layers, Criterion::Bce)
        };
        let model = config.init(&mut seeded(1), &Device::flex());
        let one = |value: f32| Tensor::from_data([[value]], &Device::flex());
        let smoothed = model.smoothed(&one(0.7), &one(1.0)).expect("it is on");
        assert_relative_eq!(
            smoothed.into_scalar::<f32>(),
            0.473_186_05,
            max_relative = 1e-5
        );
    }

    #[test]
    fn frozen_layers_get_no_gradient() {
        let device = Device::flex().autodiff();
        let layers = LayersConfig::dense([2, 3, 1], Activation::Tanh, Activation::Linear);
        let config = NetworkConfig {
            frozen: 1,
            ..NetworkConfig::new(layers, Criterion::Mse)
        };
        let model = config.init(&mut seeded(1), &device);
        let rows = |values: [[f32; 2]; 1]| Tensor::<2>::from_data(values, &device);
        let targets = rows([[1.0, 2.0]]).slice([0..1, 0..1]);
        let batch = Batch::new(rows([[1.0, 2.0]]), targets);
        let gradients = model.loss(&batch).objective(1.0).backward();
        let is_reached = |layer: &Layer| match layer {
            Layer::Linear(linear) => linear.weight.val().grad(&gradients).is_some(),
            other => panic!("a dense layer, not {other:?}"),
        };
        let reached: Vec<bool> = model.layers.stack().iter().map(is_reached).collect();
        assert_eq!(reached, [false, true]);
    }
}
