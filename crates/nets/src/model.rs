//! The [`Model`] and [`Autoencoder`] traits, and a loss as named terms.

use burn::module::Module;
use burn::tensor::Tensor;
use espejo_kernels::Inputs;

use crate::{Hidden, LayerInfo};

/// Some samples, ready for a model.
///
/// What a model is trained for is the difference between the two: an autoencoder has its inputs as targets, a denoising one the
/// clean samples behind them, a classifier one-hot rows, a regressor numbers.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The samples as the model sees them: `[batch, values]`.
    pub inputs: Inputs,
    /// What shall come out: `[batch, outputs]`; any finite number where it is not known.
    pub targets: Tensor<2>,
    /// Where only some targets are known, 1 for each of these and 0 for the others: `[batch, outputs]`.
    pub known: Option<Tensor<2>>,
}

impl Batch {
    /// Samples and all of their targets.
    pub fn new(inputs: impl Into<Inputs>, targets: Tensor<2>) -> Self {
        Self {
            inputs: inputs.into(),
            targets,
            known: None,
        }
    }

    /// Samples that shall come back as they are.
    pub fn same(samples: Tensor<2>) -> Self {
        Self::new(samples.clone(), samples)
    }
}

/// A net that can be trained: `[batch, values]` in, `[batch, outputs]` out, whatever the layers are.
pub trait Model: Module {
    /// What the model makes of inputs, in the range of its targets; a variational model decodes the posterior mean, a classifier
    /// gives the probability of each class.
    fn output(&self, inputs: Tensor<2>) -> Tensor<2>;

    /// The objective on a batch, term by term.
    fn loss(&self, batch: &Batch) -> Loss;

    /// The layers, as (part, row) pairs in the order in which a sample meets them.
    fn table(&self) -> Vec<(&'static str, LayerInfo)>;

    /// What the hidden layers make of inputs, with the part that each belongs to; the code and the output are left out.
    fn hidden(&self, _inputs: Tensor<2>) -> Vec<(&'static str, Hidden)> {
        Vec::new()
    }
}

/// A model with a latent code between an encoder and a decoder.
pub trait Autoencoder {
    /// The code of each sample, `[batch, latent]`; for a variational model the posterior mean.
    fn encode(&self, samples: Tensor<2>) -> Tensor<2>;

    /// The sample of each code, `[batch, values]`, in the range of the data.
    fn decode(&self, codes: Tensor<2>) -> Tensor<2>;

    /// The reconstruction loss of each value, given the codes of the samples that shall come out: `[batch, latent]` and
    /// `[batch, values]` to `[batch, values]`.
    fn loss_per_value(&self, codes: Tensor<2>, targets: Tensor<2>) -> Tensor<2>;

    /// The distribution from which codes can be drawn; none where training shapes no such distribution.
    fn prior(&self) -> Option<Prior> {
        None
    }

    /// The log-variance of each sample's posterior, `[batch, latent]`; none where the encoder is deterministic.
    fn log_variance(&self, _samples: Tensor<2>) -> Option<Tensor<2>> {
        None
    }

    /// A draw from the posterior of each sample, `[batch, latent]`; the code itself where the encoder is deterministic.
    fn sample(&self, samples: Tensor<2>) -> Tensor<2> {
        self.encode(samples)
    }
}

/// A distribution of latent codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prior {
    /// N(0, I).
    StandardNormal,
}

/// One named part of an objective.
#[derive(Clone, Debug)]
pub struct Term {
    /// Column name in logs, e.g. `reconstruction`.
    pub name: &'static str,
    /// Weight of the term in the loss.
    pub weight: f64,
    /// Unweighted value of the term, mean over the batch: `[1]`.
    pub value: Tensor<1>,
    /// What the optimiser sees in place of `value` where the two differ (free bits): `[1]`.
    pub optimised: Option<Tensor<1>>,
    /// Whether warm-up scales its weight.
    pub warms_up: bool,
    /// Whether it is reported and no part of the loss, as the accuracy of a classifier.
    pub is_measure: bool,
}

impl Term {
    /// A term that is optimised as it is reported.
    pub fn new(name: &'static str, weight: f64, value: Tensor<1>) -> Self {
        Self {
            name,
            weight,
            value,
            optimised: None,
            warms_up: false,
            is_measure: false,
        }
    }

    /// A number that is reported beside the loss, whose weight in it is 0.
    pub fn measure(name: &'static str, value: Tensor<1>) -> Self {
        Self {
            is_measure: true,
            ..Self::new(name, 0.0, value)
        }
    }
}

/// The loss of a batch: Σ weight · value over its terms, the same in training and evaluation.
#[derive(Clone, Debug)]
pub struct Loss(pub Vec<Term>);

impl Loss {
    /// What an optimiser minimises: `[1]`. `warm_up` in [0, 1] scales the terms that warm up.
    ///
    /// # Panics
    ///
    /// Without a term that is optimised: every model has one.
    pub fn objective(&self, warm_up: f64) -> Tensor<1> {
        let optimised = self.0.iter().filter(|term| !term.is_measure);
        let weighted = optimised.map(|term| {
            let weight = if term.warms_up {
                term.weight * warm_up
            } else {
                term.weight
            };
            let value = term.optimised.as_ref().unwrap_or(&term.value).clone();
            if weight == 1.0 {
                value
            } else {
                value.mul_scalar(weight)
            }
        });
        weighted
            .reduce(|sum, next| sum + next)
            .expect("a loss has terms")
    }
}
