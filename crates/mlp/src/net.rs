//! A dense net as a value: its sizes and activations. Its weights are a vector beside it.

use crate::Activation;

/// A dense layer: f(x W + b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Values that go in.
    pub inputs: usize,
    /// Values that come out.
    pub outputs: usize,
    /// The activation that the outputs go through.
    pub activation: Activation,
}

impl Layer {
    /// Weights and biases of the layer, counted.
    pub fn parameters(&self) -> usize {
        (self.inputs + 1) * self.outputs
    }
}

/// A stack of dense layers.
///
/// The weights of a net are one vector: layer after layer, the matrix `[inputs, outputs]` row by row, then the biases
/// `[outputs]`. An encoder and a decoder are the two parts of [`Net::split`], and their weights the two parts of the vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Net {
    layers: Vec<Layer>,
}

impl Net {
    /// A net of these sizes, the inputs first, with an activation for each layer.
    ///
    /// # Panics
    ///
    /// Without a layer, with a size of zero, or where there is not one activation for each layer.
    pub fn new(sizes: &[usize], activations: &[Activation]) -> Self {
        assert_eq!(sizes.len(), activations.len() + 1, "one activation a layer");
        assert!(
            !activations.is_empty() && sizes.iter().all(|size| *size > 0),
            "layers have sizes"
        );
        let layers = sizes.windows(2).zip(activations);
        Self {
            layers: layers
                .map(|(sizes, activation)| Layer {
                    inputs: sizes[0],
                    outputs: sizes[1],
                    activation: *activation,
                })
                .collect(),
        }
    }

    /// The layers, the first one first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Values of a sample that goes in.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs
    }

    /// Values of a sample that comes out.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].outputs
    }

    /// Weights and biases.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(Layer::parameters).sum()
    }

    /// The first `layers` layers and the others.
    ///
    /// # Panics
    ///
    /// Where one of the two would be empty.
    pub fn split(&self, layers: usize) -> (Self, Self) {
        assert!(0 < layers && layers < self.layers.len(), "both have layers");
        let (first, second) = self.layers.split_at(layers);
        let net = |layers: &[Layer]| Self {
            layers: layers.to_vec(),
        };
        (net(first), net(second))
    }
}
