//! Activations whose slope can be read off their output, so that nothing else has to be kept for the backward pass.

use crate::math::{exp, sigmoid, tanh};
use crate::simd_loops::{map, pairs};

/// An element-wise activation f of numbers a.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// f(a) = a.
    Linear,
    /// f(a) = max(0, a).
    Relu,
    /// f(a) = a where a > 0, else 0.01 a.
    LeakyRelu,
    /// f(a) = a where a > 0, else eᵃ - 1.
    Elu,
    /// f(a) = tanh a.
    Tanh,
    /// f(a) = 1 / (1 + e⁻ᵃ).
    Sigmoid,
}

/// Slope of the leaky rectifier on its negative side.
pub(crate) const LEAK: f32 = 0.01;

impl Activation {
    /// f, in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::Linear => {}
            Self::Relu => map(values, rectified),
            Self::LeakyRelu => map(values, |a| if a > 0.0 { a } else { LEAK * a }),
            Self::Elu => map(values, |a| if a > 0.0 { a } else { exp(a) - 1.0 }),
            Self::Tanh => map(values, tanh),
            Self::Sigmoid => map(values, sigmoid),
        }
    }

    /// Multiplies gradients at the outputs by the slope f', read off `outputs`, which makes them gradients at the inputs.
    ///
    /// # Panics
    ///
    /// Where there are not as many outputs as gradients.
    pub fn multiply_slope(self, gradients: &mut [f32], outputs: &[f32]) {
        assert_eq!(
            gradients.len(),
            outputs.len(),
            "one gradient for each output"
        );
        match self {
            Self::Linear => {}
            Self::Relu => pairs(gradients, outputs, |g, y| {
                *g *= if y > 0.0 { 1.0 } else { 0.0 }
            }),
            Self::LeakyRelu => pairs(gradients, outputs, |g, y| {
                *g *= if y > 0.0 { 1.0 } else { LEAK }
            }),
            Self::Elu => pairs(gradients, outputs, |g, y| {
                *g *= if y > 0.0 { 1.0 } else { y + 1.0 }
            }),
            Self::Tanh => pairs(gradients, outputs, |g, y| *g *= 1.0 - y * y),
            Self::Sigmoid => pairs(gradients, outputs, |g, y| *g *= y * (1.0 - y)),
        }
    }
}

/// max(0, a), NaN where a is.
#[inline(always)]
fn rectified(a: f32) -> f32 {
    if a < 0.0 { 0.0 } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Activation; 6] = [
        Activation::Linear,
        Activation::Relu,
        Activation::LeakyRelu,
        Activation::Elu,
        Activation::Tanh,
        Activation::Sigmoid,
    ];

    #[test]
    fn slopes_are_those_of_the_outputs() {
        let grid: Vec<f32> = (-80..80).map(|step| 0.05 * step as f32 + 0.013).collect();
        let applied = |activation: Activation, by: f32| {
            let mut values: Vec<f32> = grid.iter().map(|a| a + by).collect();
            activation.apply(&mut values);
            values
        };
        for activation in ALL {
            let (below, above) = (applied(activation, -1e-2), applied(activation, 1e-2));
            let mut slopes = vec![1.0; grid.len()];
            activation.multiply_slope(&mut slopes, &applied(activation, 0.0));
            for (index, slope) in slopes
                .iter()
                .enumerate()
                .filter(|(i, _)| grid[*i].abs() > 0.02)
            {
                let difference = (above[index] - below[index]) / 2e-2;
                assert!(
                    (slope - difference).abs() < 1e-3,
                    "{activation:?} at {}",
                    grid[index]
                );
            }
        }
    }

    #[test]
    fn a_nan_is_not_rectified_away() {
        let mut values = [f32::NAN];
        Activation::Relu.apply(&mut values);
        assert!(values[0].is_nan());
    }
}
