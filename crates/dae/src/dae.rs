//! The denoising autoencoder: x̃ ~ q(x̃ | x), x̂ = g(f(x̃)), trained to make x̂ like the clean x.
//!
//! Vincent, Larochelle, Bengio and Manzagol, *Extracting and composing robust features with denoising autoencoders*,
//! ICML 2008. The network is an autoencoder; what differs is what it sees while it learns.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use espejo_ae::{Ae, AeConfig};
use espejo_nets::{Batch, LayerInfo, Loss, Model, Noise, Range};
use rand::Rng;

/// What a denoising autoencoder is made of.
#[derive(Clone, Debug)]
pub struct DaeConfig {
    /// The network.
    pub autoencoder: AeConfig,
    /// The corruption q(x̃ | x), drawn anew for every batch that brings no noisy pictures of its own.
    pub noise: Noise,
    /// The ends of the pixel values, which some kinds of noise write.
    pub range: Range,
}

impl DaeConfig {
    /// A model with first weights from `rng`.
    pub fn init(&self, rng: &mut impl Rng, device: &Device) -> Dae {
        Dae {
            autoencoder: self.autoencoder.init(rng, device),
            noise: self.noise,
            range: self.range,
        }
    }
}

/// A denoising autoencoder with its weights.
#[derive(Module, Debug)]
pub struct Dae {
    autoencoder: Ae,
    #[module(skip)]
    noise: Noise,
    #[module(skip)]
    range: Range,
}

impl Model for Dae {
    fn encode(&self, pictures: Tensor<2>) -> Tensor<2> {
        self.autoencoder.encode(pictures) // [batch, latent]
    }

    fn decode(&self, codes: Tensor<2>) -> Tensor<2> {
        self.autoencoder.decode(codes) // [batch, pixels]
    }

    fn loss(&self, batch: &Batch) -> Loss {
        let clean = batch.clean.clone(); // [batch, pixels]
        let noisy = match &batch.noisy {
            Some(noisy) => noisy.clone(),
            None => self.noise.apply(clean.clone(), self.range),
        }; // [batch, pixels]
        self.autoencoder.loss_from(noisy, clean)
    }

    fn table(&self) -> Vec<(&'static str, LayerInfo)> {
        self.autoencoder.table()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use espejo_nets::{Activation, seeded};

    fn loss(noise: Noise, batch: &Batch) -> f32 {
        let device = Device::flex();
        let autoencoder = AeConfig::mirrored(35, &[], 12, Activation::Tanh);
        let config = DaeConfig {
            autoencoder,
            noise,
            range: Range::Unit,
        };
        config
            .init(&mut seeded(3), &device)
            .loss(batch)
            .objective(1.0)
            .into_scalar()
    }

    #[test]
    fn noisy_pictures_of_the_batch_are_used_as_they_are() {
        let device = Device::flex();
        let clean = Tensor::<2>::zeros([8, 35], &device);
        let noisy = Batch {
            clean: clean.clone(),
            noisy: Some(clean.ones_like()),
        };
        // All-flipped pictures are what flip noise of probability 1 makes.
        assert_eq!(
            loss(Noise::None, &noisy),
            loss(Noise::Flip(1.0), &Batch::clean(clean.clone()))
        );
        assert_ne!(
            loss(Noise::None, &noisy),
            loss(Noise::None, &Batch::clean(clean))
        );
    }
}
