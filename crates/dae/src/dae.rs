//! The denoising autoencoder: x̃ ~ q(x̃ | x), x̂ = g(f(x̃)), trained to make x̂ like the clean x.
//!
//! Vincent, Larochelle, Bengio and Manzagol, *Extracting and composing robust features with denoising autoencoders*,
//! ICML 2008. The network is an autoencoder; what differs is the batch: its inputs are the corrupted samples that
//! [`corrupt`] draws, its targets the clean ones.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use espejo_ae::{Ae, AeConfig};
use espejo_nets::{Autoencoder, Batch, Hidden, LayerInfo, Loss, Model, Noise, Range};
use rand::Rng;

/// A batch whose inputs are noisy copies of `clean` `[batch, values]`, drawn from the device's random numbers; `range` are the
/// ends of the pixel values, which some kinds of noise write.
pub fn corrupt(clean: Tensor<2>, noise: Noise, range: Range) -> Batch {
    let noisy = noise.apply(clean.clone(), range); // [batch, values]
    Batch::new(noisy, clean)
}

/// What a denoising autoencoder is made of.
#[derive(Clone, Debug)]
pub struct DaeConfig {
    /// The network.
    pub autoencoder: AeConfig,
}

impl DaeConfig {
    /// A model with first weights from `rng`.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Dae {
        Dae {
            autoencoder: self.autoencoder.init(rng, device),
        }
    }
}

/// A denoising autoencoder with its weights.
#[derive(Module, Debug)]
pub struct Dae {
    autoencoder: Ae,
}

impl Model for Dae {
    fn output(&self, inputs: Tensor<2>) -> Tensor<2> {
        self.autoencoder.output(inputs) // [batch, values]
    }

    fn loss(&self, batch: &Batch) -> Loss {
        self.autoencoder.loss(batch)
    }

    fn table(&self) -> Vec<(&'static str, LayerInfo)> {
        self.autoencoder.table()
    }

    fn hidden(&self, inputs: Tensor<2>) -> Vec<(&'static str, Hidden)> {
        self.autoencoder.hidden(inputs)
    }
}

impl Autoencoder for Dae {
    fn encode(&self, samples: Tensor<2>) -> Tensor<2> {
        self.autoencoder.encode(samples) // [batch, latent]
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<2> {
        self.autoencoder.decode(codes) // [batch, values]
    }

    fn loss_per_value(&self, codes: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
        self.autoencoder.loss_per_value(codes, targets) // [batch, values]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use espejo_nets::{Activation, seeded};

    #[test]
    fn the_loss_goes_from_the_noisy_inputs_to_the_clean_targets() {
        let device = Device::flex();
        let autoencoder = AeConfig::mirrored(35, &[], 12, Activation::Tanh);
        let model = DaeConfig { autoencoder }.init(&mut seeded(3), &device);
        let loss = |batch: &Batch| model.loss(batch).objective(1.0).into_scalar::<f32>();
        let clean = Tensor::<2>::zeros([8, 35], &device);
        // All-flipped samples are what flip noise of probability 1 makes.
        let flipped = Batch::new(clean.ones_like(), clean.clone());
        let drawn = corrupt(clean.clone(), Noise::Flip(1.0), Range::Unit);
        assert_eq!(loss(&drawn), loss(&flipped));
        assert_ne!(loss(&drawn), loss(&Batch::same(clean)));
    }
}
