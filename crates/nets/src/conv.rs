//! Convolutions on images that travel as rows: `[batch, channels * height * width]` in and out.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use espejo_kernels::{Activation as Fused, Sliding, images};
use rand::Rng;

use crate::Initializer;
use crate::initializer::zeros;
use crate::resample::Upsample;
use crate::window::{Padding, Window};

/// Channels, height and width of a image inside a net.
pub type Map = espejo_kernels::Map;

/// A convolution with any window. Padded with zeros, a stride of 1 keeps the size and a stride of 2 halves it, rounded up.
///
/// The zeros stand evenly around an odd kernel; an even one has the odd zero after (below and right), as in Keras.
#[derive(Module, Debug)]
pub struct Conv {
    /// `[out, in, kernel height, kernel width]`
    pub weight: Param<Tensor<4>>,
    /// `[out]`
    pub bias: Param<Tensor<1>>,
    input: Map,
    #[module(skip)]
    window: Window,
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
        window: Window,
        initializer: Initializer,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Self {
        let [rows, columns] = window.kernel;
        let (shape, area) = ([outputs, input[0], rows, columns], rows * columns);
        let fans = (input[0] * area, outputs * area);
        Self {
            weight: initializer.weights(shape, fans, rng, device),
            bias: zeros(outputs, device),
            input,
            window,
        }
    }

    /// `[batch, in * height * width]` to `[batch, out * height' * width']`, with the activation that follows.
    pub fn forward(&self, x: Tensor<2>, activation: Fused) -> Tensor<2> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let [_, height, width] = self.input;
        if self.keeps_the_size() {
            return espejo_kernels::conv(x, weight, bias, [height, width], activation);
        }
        espejo_kernels::window_conv(x, weight, bias, self.sliding(), activation)
    }

    /// [`forward`](Self::forward) of images as images: `[batch, height, width, in]` to `[batch, height', width', out]`.
    pub(crate) fn forward_images(&self, x: Tensor<4>, activation: Fused) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        images::conv(x, weight, bias, self.sliding(), activation)
    }

    fn sliding(&self) -> Sliding {
        let [_, height, width] = self.input;
        Sliding {
            size: [height, width],
            stride: self.window.stride,
            zeros: self.window.zeros_around([height, width]),
        }
    }

    /// What the maximum of each window of 2 x 2 pixels of [`forward`](Self::forward) is, as one operation where there is one.
    pub fn forward_pooled(&self, x: Tensor<2>, activation: Fused) -> Tensor<2> {
        if self.keeps_the_size() {
            let [_, height, width] = self.input;
            let (weight, bias) = (self.weight.val(), self.bias.val());
            return espejo_kernels::pooled_conv(x, weight, bias, [height, width], activation);
        }
        espejo_kernels::max_pool(self.forward(x, activation), self.output())
    }

    /// What [`forward`](Self::forward) gives behind an upsampling, as one operation where there is one.
    pub fn forward_upsampled(
        &self,
        upsample: &Upsample,
        x: Tensor<2>,
        activation: Fused,
    ) -> Tensor<2> {
        match upsample.doubled() {
            Some(size) if self.keeps_the_size() => {
                let (weight, bias) = (self.weight.val(), self.bias.val());
                espejo_kernels::upsampled_conv(x, weight, bias, size, activation)
            }
            _ => self.forward(upsample.forward(x), activation),
        }
    }

    /// Whether it is of the kind that the fused operation has: an odd square kernel, padded, that moves pixel by pixel.
    fn keeps_the_size(&self) -> bool {
        let [rows, columns] = self.window.kernel;
        let Window {
            stride, padding, ..
        } = self.window;
        rows == columns && rows % 2 == 1 && stride == 1 && padding == Padding::Same
    }

    /// Shape of what comes in.
    pub(crate) fn input(&self) -> Map {
        self.input
    }

    /// The window that slides over what comes in.
    pub fn window(&self) -> Window {
        self.window
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [_, height, width] = self.input;
        let [outputs, ..] = self.weight.dims();
        let [height, width] = self.window.output([height, width]);
        [outputs, height, width]
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

    /// `[batch, in * height * width]` to `[batch, out * height' * width']`, with the activation that follows.
    pub fn forward(&self, x: Tensor<2>, activation: Fused) -> Tensor<2> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        espejo_kernels::transposed_conv(x, weight, bias, self.halving(), activation)
    }

    /// [`forward`](Self::forward) of images as images: `[batch, height, width, in]` to `[batch, height', width', out]`.
    pub(crate) fn forward_images(&self, x: Tensor<4>, activation: Fused) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        images::transposed_conv(x, weight, bias, self.halving(), activation)
    }

    /// The convolution that it turns around.
    fn halving(&self) -> Sliding {
        let [_, _, kernel, _] = self.weight.dims();
        Sliding {
            size: self.output,
            stride: 2,
            zeros: [(kernel / 2, kernel / 2); 2],
        }
    }

    /// Shape of what comes in.
    pub(crate) fn input(&self) -> Map {
        self.input
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [_, outputs, ..] = self.weight.dims();
        [outputs, self.output[0], self.output[1]]
    }
}
