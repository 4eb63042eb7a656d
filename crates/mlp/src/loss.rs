//! Reconstruction losses: summed over the outputs of a sample.

/// How far an output is from its target; every value is per sample, summed over its outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Bernoulli cross-entropy in nats, for targets in [0, 1] and a sigmoid output.
    Bce,
    /// ½‖x - x̂‖².
    Mse,
    /// Σ|x - x̂|.
    Mae,
    /// Σ ln cosh(x - x̂).
    LogCosh,
    /// Σ σ²(1 - exp(-(x - x̂)² / 2σ²)) (Liu, Pokharel and Príncipe 2007).
    Correntropy {
        /// Kernel width σ.
        width: f64,
    },
    /// Σ ½(1+x) ln((1+x)/(1+x̂)) + ½(1-x) ln((1-x)/(1-x̂)) in nats, for targets in [-1, 1] and a tanh output.
    Entropic,
}
