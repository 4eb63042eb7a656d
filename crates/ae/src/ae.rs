//! The autoencoder: h = f(x), x̂ = g(h), trained to make x̂ like x.
//!
//! - Plain: Hinton and Salakhutdinov, *Reducing the dimensionality of data with neural networks*, Science 313, 2006.
//! - Sparse (`l1`, `sparsity`): Ng, *Sparse autoencoder*, CS294A lecture notes, 2011.
//! - Contractive (`contractive`): Rifai et al., *Contractive auto-encoders*, ICML 2011.
//! - Robust (correntropy loss): Qi et al., *Robust feature learning by stacked autoencoder with maximum correntropy
//!   criterion*, ICASSP 2014.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use espejo_nets::{
    Activation, Autoencoder, Batch, Criterion, Hidden, Initializer, LayerInfo, Layers,
    LayersConfig, Loss, Model, Penalties, Term,
};
use rand::Rng;

/// What an autoencoder is made of.
#[derive(Clone, Debug)]
pub struct AeConfig {
    /// From images to codes.
    pub encoder: LayersConfig,
    /// From codes to images.
    pub decoder: LayersConfig,
    /// How first weights are drawn.
    pub initializer: Initializer,
    /// The reconstruction loss.
    pub criterion: Criterion,
    /// Penalties on code and weights.
    pub penalties: Penalties,
}

impl AeConfig {
    /// `pixels`-`hidden`-`latent`-`hidden` mirrored-`pixels`, linear code, sigmoid output, cross-entropy.
    pub fn mirrored(
        pixels: usize,
        hidden: &[usize],
        latent: usize,
        activation: Activation,
    ) -> Self {
        let down: Vec<usize> = [&[pixels], hidden, &[latent]].concat();
        let up: Vec<usize> = down.iter().rev().copied().collect();
        Self {
            encoder: LayersConfig::dense(down, activation, Activation::Linear),
            decoder: LayersConfig::dense(up, activation, Activation::Sigmoid),
            initializer: Initializer::Glorot,
            criterion: Criterion::Bce,
            penalties: Penalties::default(),
        }
    }

    /// A model with first weights from `rng`.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Ae {
        Ae {
            encoder: self.encoder.init(self.initializer, rng, device),
            decoder: self.decoder.init(self.initializer, rng, device),
            criterion: self.criterion.clone(),
            penalties: self.penalties,
        }
    }
}

/// An autoencoder with its weights.
#[derive(Module, Debug)]
pub struct Ae {
    encoder: Layers,
    decoder: Layers,
    #[module(skip)]
    criterion: Criterion,
    #[module(skip)]
    penalties: Penalties,
}

impl Model for Ae {
    fn output(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.decode(self.encode(inputs)) // [batch, values]
    }

    fn loss(&self, batch: &Batch) -> Loss {
        let code = self.encoder.outputs(batch.inputs.clone()); // [batch, latent]
        let logits = self.decoder.forward_logits(code.clone()); // [batch, values]
        let output = self.decoder.last_activation();
        let reconstruction = self.criterion.of_batch(logits, batch, output); // [1]
        let mut terms = vec![Term::new("reconstruction", 1.0, reconstruction)];
        let (encoder, decoder) = (&self.encoder, &self.decoder);
        let inputs = batch.inputs.clone(); // [batch, values]
        terms.extend(self.penalties.terms(encoder, decoder, inputs, code));
        Loss(terms)
    }

    fn table(&self) -> Vec<(&'static str, LayerInfo)> {
        let encoder = self.encoder.table().into_iter().map(|row| ("encoder", row));
        encoder
            .chain(self.decoder.table().into_iter().map(|row| ("decoder", row)))
            .collect()
    }

    fn hidden(&self, inputs: Tensor<2>) -> Vec<(&'static str, Hidden)> {
        let (mut encoder, code) = self.encoder.trace(inputs);
        let (mut decoder, _) = self.decoder.trace(code);
        // The last of each are the code and the output.
        encoder.pop();
        decoder.pop();
        let encoder = encoder.into_iter().map(|hidden| ("encoder", hidden));
        let decoder = decoder.into_iter().map(|hidden| ("decoder", hidden));
        encoder.chain(decoder).collect()
    }
}

impl Autoencoder for Ae {
    fn encode(&self, samples: Tensor<2>) -> Tensor<2> {
        self.encoder.forward(samples) // [batch, latent]
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<2> {
        self.criterion.outputs_of(&self.decoder, codes) // [batch, values]
    }

    fn loss_per_value(&self, codes: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
        let logits = self.decoder.forward_logits(codes); // [batch, values]
        let output = self.decoder.last_activation();
        self.criterion.per_value(logits, targets, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use espejo_nets::seeded;

    fn value(term: &Term) -> f32 {
        term.value.clone().into_scalar()
    }

    #[test]
    fn zero_weights_give_the_cross_entropy_of_undecided_pixels() {
        let device = Device::flex();
        let config = AeConfig::mirrored(35, &[16], 2, Activation::Tanh);
        let zeros = Tensor::<2>::zeros([4, 35], &device);
        // Biases start at zero, so a zero image gives zero logits whatever the weights.
        let loss = config
            .init(&mut seeded(1), &device)
            .loss(&Batch::same(zeros));
        assert_relative_eq!(
            value(&loss.0[0]),
            35.0 * std::f32::consts::LN_2,
            epsilon = 1e-4
        );
    }

    #[test]
    fn penalties_are_terms_of_their_own() {
        let device = Device::flex();
        let mut config = AeConfig::mirrored(6, &[5], 3, Activation::Tanh);
        config.encoder = LayersConfig::dense([6, 5, 3], Activation::Tanh, Activation::Sigmoid);
        config.penalties = Penalties {
            l1: 0.1,
            sparsity: 0.2,
            sparsity_target: 0.1,
            contractive: 0.3,
            weight_decay: 0.4,
        };
        let pictures = Tensor::<2>::ones([4, 6], &device);
        let loss = config
            .init(&mut seeded(1), &device)
            .loss(&Batch::same(pictures));
        let names: Vec<_> = loss.0.iter().map(|term| term.name).collect();
        assert_eq!(
            names,
            [
                "reconstruction",
                "l1",
                "sparsity",
                "contractive",
                "weight_decay"
            ]
        );
        let sum: f64 = loss
            .0
            .iter()
            .map(|term| term.weight * f64::from(value(term)))
            .sum();
        let objective = f64::from(loss.objective(1.0).into_scalar::<f32>());
        assert_relative_eq!(objective, sum, max_relative = 1e-6);
    }
}
