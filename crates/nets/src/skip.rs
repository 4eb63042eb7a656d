//! Layers with a way around them.

use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::Tensor;
use espejo_kernels::{Activation as Fused, Inputs};

use crate::conv::Map;
use crate::{Layers, LayersConfig};

/// From so many values on that go around, it pays not to copy them.
const WIDE: usize = 1024;

/// How the two ways of a [`Skip`] come together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The input, then the output beside it: channels of maps of one size, else values.
    Concat,
    /// The sum of input and output, which have equally many values (He et al. 2015).
    Add,
}

/// Layers whose input also goes around them and joins their output.
#[derive(Module, Debug)]
pub struct Skip {
    inner: Layers,
    #[module(skip)]
    join: Join,
}

impl Join {
    /// The name in a layer table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concat => "concat",
            Self::Add => "add",
        }
    }

    /// Shape of what comes out of layers that make `output` of `input`.
    pub(crate) fn output(self, input: Map, output: Map) -> Map {
        let size = |map: Map| map.iter().product::<usize>();
        match self {
            Self::Add => output,
            // Rows hold one channel after the other, so that rows end to end are the channels of both.
            Self::Concat if input[1..] == output[1..] => {
                [input[0] + output[0], output[1], output[2]]
            }
            Self::Concat => [size(input) + size(output), 1, 1],
        }
    }

    /// What is wrong with joining what goes around `inner` with what goes through it.
    ///
    /// # Errors
    ///
    /// In words, where there is nothing to go around, or sizes differ that are to be added.
    pub(crate) fn check(self, inner: &LayersConfig) -> Result<(), String> {
        if inner.layers.is_empty() {
            return Err("goes around nothing, expected layers inside".to_owned());
        }
        let (input, output) = (inner.input_size(), inner.output_size());
        if self == Self::Add && input != output {
            return Err(format!(
                "adds {input} values that go around its layers to {output} that come out of them, expected equally many; \
                 concatenate them, or end the layers in {input} values"
            ));
        }
        Ok(())
    }
}

impl Skip {
    /// A way around `inner`.
    pub(crate) fn new(inner: Layers, join: Join) -> Self {
        Self { inner, join }
    }

    /// `[batch, inputs]` to `[batch, inputs + outputs]`, or to their sum `[batch, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let y = self.inner.forward(x.clone()); // [batch, outputs]
        match self.join {
            Join::Concat => Tensor::cat(vec![x, y], 1),
            Join::Add => x + y,
        }
    }

    /// Whether a fully connected layer behind it is better run by [`Skip::before_linear`].
    pub(crate) fn is_wide(&self) -> bool {
        self.join == Join::Concat && self.inner.input().iter().product::<usize>() >= WIDE
    }

    /// What a fully connected layer gives behind a concatenation, without putting the two together: x W₁ + y W₂ + b, with the rows
    /// of the weights that belong to each. `[batch, inputs]` to `[batch, outputs of the layer]`.
    pub(crate) fn before_linear(&self, linear: &Linear, x: Inputs) -> Tensor<2> {
        let bias = linear.bias.as_ref().expect("every layer has one").val(); // [outputs]
        let (weight, [_, around]) = (linear.weight.val(), x.dims());
        let [of_x, of_y] = [weight.clone().slice([..around]), weight.slice([around..])];
        let y = self.inner.forward(x.clone()); // [batch, inner outputs]
        let none = bias.zeros_like();
        espejo_kernels::linear(x, of_x, none, Fused::Linear)
            + espejo_kernels::linear(y, of_y, bias, Fused::Linear)
    }

    /// The layers that the way goes around.
    pub fn inner(&self) -> &Layers {
        &self.inner
    }

    /// How the two ways come together.
    pub fn join(&self) -> Join {
        self.join
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        self.join.output(self.inner.input(), self.inner.output())
    }
}
