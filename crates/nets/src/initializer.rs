//! Where first weights come from.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A generator of host random numbers: the same seed gives the same numbers on every device and platform.
pub fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// How first weights are drawn; biases start at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initializer {
    /// Uniform within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010).
    #[default]
    Glorot,
    /// Uniform within ±√(6 / inputs), for rectifiers (He et al. 2015).
    He,
}

impl Initializer {
    /// Every initialiser, in the order in which messages list them.
    pub const ALL: [Self; 2] = [Self::Glorot, Self::He];

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glorot => "glorot",
            Self::He => "he",
        }
    }

    /// A linear layer with weights `[inputs, outputs]`, drawn on the host so that every device starts alike.
    pub fn linear(
        self,
        inputs: usize,
        outputs: usize,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Linear {
        Linear {
            weight: self.weights([inputs, outputs], (inputs, outputs), rng, device),
            bias: Some(zeros(outputs, device)),
        }
    }

    /// Weights of a layer in which each output hangs on `inputs` values and each input reaches `outputs` values.
    pub(crate) fn weights<const D: usize>(
        self,
        shape: [usize; D],
        fans: (usize, usize),
        rng: &mut impl Rng,
        device: &Device,
    ) -> Param<Tensor<D>> {
        let weights = self.draw(shape.iter().product(), fans, rng);
        Param::from_tensor(Tensor::from_data(TensorData::new(weights, shape), device))
    }

    /// The numbers behind such weights: `count` of them, for whoever has no tensors.
    pub fn draw(
        self,
        count: usize,
        (inputs, outputs): (usize, usize),
        rng: &mut impl Rng,
    ) -> Vec<f32> {
        let fan = match self {
            Self::Glorot => inputs + outputs,
            Self::He => inputs,
        };
        within((6.0 / fan as f64).sqrt() as f32, count, rng)
    }
}

/// Uniform numbers within ± `bound`.
fn within(bound: f32, count: usize, rng: &mut impl Rng) -> Vec<f32> {
    let draws = (0..count).map(|_| rng.random_range(-bound..bound));
    draws.collect()
}

/// Weights that are uniform within ± `bound`.
pub(crate) fn uniform<const D: usize>(
    shape: [usize; D],
    bound: f32,
    rng: &mut impl Rng,
    device: &Device,
) -> Param<Tensor<D>> {
    let weights = within(bound, shape.iter().product(), rng);
    Param::from_tensor(Tensor::from_data(TensorData::new(weights, shape), device))
}

/// Biases as they start.
pub(crate) fn zeros(outputs: usize, device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::zeros([outputs], device))
}
