//! What is known of a row beside which of it is missing.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::conv::Map;

/// The values of a row, and behind them which of them are missing: a 0 that stands for nothing is then told from one that was measured.
#[derive(Module, Debug)]
pub struct Mask {
    values: usize,
}

impl Mask {
    /// For rows of so many values.
    pub(crate) fn new(values: usize) -> Self {
        Self { values }
    }

    /// `[batch, values]`, NaN where one is missing, to `[batch, 2 * values]`: first the values, 0 where they are missing, then 1 for each
    /// that is missing and 0 for each that is known.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let missing = x.clone().is_nan(); // [batch, values]
        let values = x.mask_fill(missing.clone(), 0.0); // [batch, values]
        Tensor::cat(vec![values, missing.float()], 1) // [batch, 2 * values]
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        [2 * self.values, 1, 1]
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{Activation, Initializer, LayerConfig, LayersConfig, seeded};

    fn rows(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().iter().collect()
    }

    #[test]
    fn what_is_missing_is_0_and_told() {
        let device = Device::flex();
        let nan = f32::NAN;
        let x = Tensor::from_data([[1.5, nan, 0.0], [nan, nan, -2.0]], &device);
        let y = Mask::new(3).forward(x);
        let expected = [
            [1.5, 0.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, -2.0, 1.0, 1.0, 0.0],
        ];
        assert_eq!(rows(y), expected.concat());
    }

    /// A dense layer behind it has weights for both, so that a hole is not a 0.
    #[test]
    fn a_layer_behind_it_takes_twice_as_many_values() {
        let device = Device::flex();
        let input = [2, 1, 1];
        let mut config = LayersConfig::new(input);
        config
            .layers
            .push((LayerConfig::Mask { input }, Activation::Linear));
        config.push_linear(3, Activation::Linear);
        assert_eq!(config.check(), Ok(()));
        assert_eq!((config.parameters(), config.sizes()), (4 * 3 + 3, vec![3]));
        let layers = config.init(Initializer::default(), &mut seeded(1), &device);
        let weights = match &layers.stack()[1] {
            crate::Layer::Linear(linear) => rows(linear.weight.val()), // [4, 3]
            other => panic!("a dense layer, not {other:?}"),
        };
        let x = Tensor::from_data([[0.5, f32::NAN], [0.5, 0.0], [0.0, 0.0]], &device);
        let y = rows(layers.forward(x)); // [3, 3]
        for output in 0..3 {
            // Of a hole in the second value the fourth row of weights is added.
            let of_hole = y[output] - y[3 + output];
            assert!((of_hole - weights[9 + output]).abs() < 1e-6);
            let of_first = y[3 + output] - y[6 + output];
            assert!((of_first - 0.5 * weights[output]).abs() < 1e-6);
        }
    }
}
