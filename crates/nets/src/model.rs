//! What every model can do, and the loss as a list of named terms.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::LayerInfo;

/// Some samples, ready for a model.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The pictures as they are: `[batch, pixels]`.
    pub clean: Tensor<2>,
    /// The pictures as the model shall see them, where noise was drawn beforehand: `[batch, pixels]`. Without it a denoising
    /// model draws fresh noise.
    pub noisy: Option<Tensor<2>>,
}

impl Batch {
    /// Pictures without noise drawn beforehand.
    pub fn clean(clean: Tensor<2>) -> Self {
        Self { clean, noisy: None }
    }
}

/// An autoencoder. Pictures are `[batch, pixels]`, codes `[batch, latent]`, whatever the layers are.
pub trait Model: Module {
    /// The code of each picture; for a variational model the posterior mean.
    fn encode(&self, pictures: Tensor<2>) -> Tensor<2>;

    /// The picture of each code, in the range of the data.
    fn decode(&self, codes: Tensor<2>) -> Tensor<2>;

    /// The objective on a batch, term by term.
    fn loss(&self, batch: &Batch) -> Loss;

    /// The layers, as (part, row) pairs in the order in which a picture meets them.
    fn table(&self) -> Vec<(&'static str, LayerInfo)>;
}

/// One named part of an objective.
#[derive(Clone, Debug)]
pub struct Term {
    /// Column name in logs, e.g. `reconstruction`.
    pub name: &'static str,
    /// Its weight in the loss.
    pub weight: f64,
    /// Its unweighted value, mean over the batch: `[1]`.
    pub value: Tensor<1>,
    /// What the optimiser sees in place of `value` where the two differ (free bits): `[1]`.
    pub optimised: Option<Tensor<1>>,
    /// Whether warm-up scales its weight.
    pub warms_up: bool,
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
    /// Without terms: every model has a reconstruction.
    pub fn objective(&self, warm_up: f64) -> Tensor<1> {
        let weighted = self.0.iter().map(|term| {
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
