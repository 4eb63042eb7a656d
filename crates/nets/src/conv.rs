//! Convolutions on pictures that travel as rows: `[batch, channels * height * width]` in and out.

use burn::module::{Module, Param};
use burn::tensor::module::{conv_transpose2d, conv2d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::{Device, Tensor};
use espejo_kernels::Activation as Fused;
use rand::Rng;

use crate::Initializer;
use crate::initializer::zeros;

/// Channels, height and width of a picture inside a net.
pub type Map = espejo_kernels::Map;

/// A convolution with an odd square kernel, padded with zeros: a stride of 1 keeps the size, a stride of 2 halves it,
/// rounded up.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[out, in, kernel, kernel]`
    pub weight: Param<Tensor<4>>,
    /// `[out]`
    pub bias: Param<Tensor<1>>,
    input: Map,
    stride: usize,
}

/// A transposed convolution of stride 2 with an odd square kernel: it undoes a halving, to exactly the size that was halved.
#[derive(Module, Debug)]
pub struct Transposed {
    /// `[in, out, kernel, kernel]`
    pub weight: Param<Tensor<4>>,
    /// `[out]`
    pub bias: Param<Tensor<1>>,
    input: Map,
    /// Height and width after it.
    output: [usize; 2],
}

/// The size after a halving.
pub(crate) fn halved(size: usize) -> usize {
    size.div_ceil(2)
}

impl Conv {
    /// First weights for maps of shape `input`.
    pub(crate) fn init(
        (input, outputs): (Map, usize),
        (kernel, stride): (usize, usize),
        initializer: Initializer,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Self {
        let (shape, area) = ([outputs, input[0], kernel, kernel], kernel * kernel);
        let fans = (input[0] * area, outputs * area);
        Self {
            weight: initializer.weights(shape, fans, rng, device),
            bias: zeros(outputs, device),
            input,
            stride,
        }
    }

    /// `[batch, in * height * width]` to `[batch, out * height' * width']`, with the activation that follows.
    pub fn forward(&self, x: Tensor<2>, activation: Fused) -> Tensor<2> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        if self.stride == 1 {
            let [_, height, width] = self.input;
            return espejo_kernels::conv(x, weight, bias, [height, width], activation);
        }
        let [_, _, kernel, _] = weight.dims();
        let options = ConvOptions::new([self.stride; 2], [kernel / 2; 2], [1, 1], 1);
        let y = conv2d(unfold(x, self.input), weight, Some(bias), options);
        activation.compose(y.flatten(1, 3)) // [batch, out * height' * width']
    }

    /// 1 or 2.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [_, height, width] = self.input;
        let [outputs, ..] = self.weight.dims();
        let size = |size: usize| size.div_ceil(self.stride);
        [outputs, size(height), size(width)]
    }
}

impl Transposed {
    /// First weights for maps of shape `input` that shall become `output` high and wide.
    pub(crate) fn init(
        (input, outputs): (Map, usize),
        (kernel, output): (usize, [usize; 2]),
        initializer: Initializer,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Self {
        let (shape, area) = ([input[0], outputs, kernel, kernel], kernel * kernel);
        let fans = (input[0] * area, outputs * area);
        Self {
            weight: initializer.weights(shape, fans, rng, device),
            bias: zeros(outputs, device),
            input,
            output,
        }
    }

    /// `[batch, in * height * width]` to `[batch, out * height' * width']`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let [_, _, kernel, _] = self.weight.dims();
        let [_, height, width] = self.input;
        // Without it 2 n - 1 rows come out of n: an even size lacks one.
        let missing = [
            self.output[0] + 1 - 2 * height,
            self.output[1] + 1 - 2 * width,
        ];
        let options = ConvTransposeOptions::new([2, 2], [kernel / 2; 2], missing, [1, 1], 1);
        let y = conv_transpose2d(
            unfold(x, self.input),
            self.weight.val(),
            Some(self.bias.val()),
            options,
        );
        y.flatten(1, 3) // [batch, out * height' * width']
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [_, outputs, ..] = self.weight.dims();
        [outputs, self.output[0], self.output[1]]
    }
}

/// Rows as maps: `[batch, channels * height * width]` to `[batch, channels, height, width]`.
pub(crate) fn unfold(x: Tensor<2>, [channels, height, width]: Map) -> Tensor<4> {
    let [batch, _] = x.dims();
    x.reshape([batch, channels, height, width])
}
