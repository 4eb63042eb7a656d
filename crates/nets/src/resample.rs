//! Halving and doubling of maps, without weights.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

use crate::conv::{Map, halved, unfold};
use crate::window::{Padding, Window};

/// The maximum of each 2x2 square; an odd size ends in a narrower one, so that nothing is left out.
#[derive(Module, Debug)]
pub struct Pool {
    input: Map,
}

/// The maximum of each window, of any size. Places beyond the edges are never the maximum.
#[derive(Module, Debug)]
pub struct MaxPool {
    input: Map,
    #[module(skip)]
    window: Window,
}

/// Each value twice in both directions, up to exactly the size wanted.
#[derive(Module, Debug)]
pub struct Upsample {
    input: Map,
    /// Height and width after it.
    output: [usize; 2],
}

impl Pool {
    /// Pooling of maps of shape `input`.
    pub(crate) fn new(input: Map) -> Self {
        Self { input }
    }

    /// `[batch, channels * height * width]` to `[batch, channels * ⌈height/2⌉ * ⌈width/2⌉]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        espejo_kernels::max_pool(x, self.input)
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [channels, height, width] = self.input;
        [channels, halved(height), halved(width)]
    }
}

impl MaxPool {
    /// Pooling of maps of shape `input`.
    pub(crate) fn new(input: Map, window: Window) -> Self {
        Self { input, window }
    }

    /// `[batch, channels * height * width]` to `[batch, channels * height' * width']`.
    ///
    /// A map with a NaN in it becomes NaN throughout: backends differ in whether a maximum passes over it, and a net that
    /// diverged must not look sound on one of them.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let maps = unfold(x, self.input); // [batch, channels, height, width]
        let broken = maps.clone().detach().sum_dims(&[2, 3]).is_nan(); // [batch, channels, 1, 1]
        let [_, height, width] = self.input;
        let options = MaxPoolOptions::new(self.window.kernel)
            .with_stride([self.window.stride; 2])
            .with_padding_pairs(self.window.places_around([height, width]));
        let y = max_pool2d(maps, options); // [batch, channels, height', width']
        let broken = broken.expand(y.dims());
        y.mask_fill(broken, f32::NAN).flatten(1, 3)
    }

    /// The window as it stands in a layer table, stride always named: pooling by steps of one pixel is the rarer kind.
    pub(crate) fn kind(&self) -> String {
        let Window {
            kernel: [rows, columns],
            stride,
            padding,
        } = self.window;
        let valid = if padding == Padding::Valid {
            " valid"
        } else {
            ""
        };
        format!("max pool {rows}x{columns} / {stride}{valid}")
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [channels, height, width] = self.input;
        let [height, width] = self.window.output([height, width]);
        [channels, height, width]
    }
}

impl Upsample {
    /// Upsampling of maps of shape `input` to `output` high and wide: twice the size, or one less.
    pub(crate) fn new(input: Map, output: [usize; 2]) -> Self {
        Self { input, output }
    }

    /// `[batch, channels * height * width]` to `[batch, channels * height' * width']`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        espejo_kernels::upsample(x, self.input, self.output)
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        [self.input[0], self.output[0], self.output[1]]
    }
}
