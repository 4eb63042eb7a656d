//! Element-wise activations and their slopes.

/// An element-wise activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// f(a) = a.
    Linear,
    /// f(a) = max(0, a).
    Relu,
    /// f(a) = a where a > 0, else 0.01 a.
    LeakyRelu,
    /// f(a) = a where a > 0, else eᵃ - 1 (Clevert et al. 2015).
    Elu,
    /// f(a) = a Φ(a), with the exact normal distribution function Φ (Hendrycks and Gimpel 2016).
    Gelu,
    /// f(a) = a σ(a), also called swish (Elfwing et al. 2017).
    Silu,
    /// f(a) = tanh a, in (-1, 1).
    Tanh,
    /// f(a) = σ(a) = 1 / (1 + e⁻ᵃ), in (0, 1).
    Sigmoid,
}
