//! Weight initialisation.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Net;

/// How weights are initialised; biases start at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initializer {
    /// Uniform within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010).
    #[default]
    Glorot,
    /// Uniform within ±√(6 / inputs), for rectifiers (He et al. 2015).
    He,
}

impl Net {
    /// Initial weights from a seed: the same on every platform.
    pub fn init(&self, initializer: Initializer, seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut weights = Vec::with_capacity(self.parameters());
        for layer in self.layers() {
            let fan = match initializer {
                Initializer::Glorot => layer.inputs + layer.outputs,
                Initializer::He => layer.inputs,
            };
            let bound = (6.0 / fan as f64).sqrt();
            let count = layer.inputs * layer.outputs;
            weights.extend((0..count).map(|_| rng.random_range(-bound..bound)));
            weights.resize(weights.len() + layer.outputs, 0.0);
        }
        weights
    }
}
