//! What each layer of a stack makes of samples, for those who ask whether its units are of use.

use burn::tensor::Tensor;

use crate::conv::Map;
use crate::{Activation, Layer, Layers};

/// The output of one layer.
#[derive(Clone, Debug)]
pub struct Hidden {
    /// The place of the layer among those with weights, counted from 1.
    pub layer: usize,
    /// The activation behind it.
    pub activation: Activation,
    /// Channels, height and width of a sample's values.
    pub map: Map,
    /// The values behind the activation: `[batch, values]`.
    pub values: Tensor<2>,
}

impl Layers {
    /// The outputs of every layer with an activation, and of the last whatever it has: `[batch, input]` in.
    pub fn trace(&self, x: Tensor<2>) -> (Vec<Hidden>, Tensor<2>) {
        let (mut place, mut map, mut x) = (0, self.input, x);
        let mut traced = Vec::new();
        let last = self.stack.len();
        for (index, (layer, activation)) in (1..).zip(self.stack.iter().zip(&self.activations)) {
            x = layer.activated(x, *activation); // [batch, outputs]
            map = layer.output().unwrap_or(map);
            place += usize::from(has_weights(layer));
            if *activation != Activation::Linear || index == last {
                traced.push(Hidden {
                    layer: place,
                    activation: *activation,
                    map,
                    values: x.clone(),
                });
            }
        }
        (traced, x)
    }
}

fn has_weights(layer: &Layer) -> bool {
    use Layer::{Conv, Embedding, Linear, Skip, Transposed};
    matches!(
        layer,
        Linear(_) | Conv(_) | Transposed(_) | Embedding(_) | Skip(_)
    )
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{Initializer, LayersConfig, seeded};

    #[test]
    fn a_trace_ends_in_what_the_layers_give() {
        let device = Device::flex();
        let config = LayersConfig::dense([4, 3, 2], Activation::Tanh, Activation::Linear);
        let layers = config.init(Initializer::Glorot, &mut seeded(1), &device);
        let (traced, end) = layers.trace(Tensor::ones([5, 4], &device));
        let values = |x: Tensor<2>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        assert_eq!(
            values(end),
            values(layers.forward(Tensor::ones([5, 4], &device)))
        );
        let places: Vec<_> = traced
            .iter()
            .map(|hidden| (hidden.layer, hidden.map))
            .collect();
        assert_eq!(places, [(1, [3, 1, 1]), (2, [2, 1, 1])]);
    }
}
