//! Halving and doubling of maps, without weights.

use burn::module::Module;
use burn::tensor::Tensor;
use espejo_kernels::{Windows, images};

use crate::conv::{Map, halved};
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

    /// Shape of what comes in.
    pub(crate) fn input(&self) -> Map {
        self.input
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

    /// `[batch, channels * height * width]` to `[batch, channels * height' * width']`. A map with a NaN in it becomes NaN throughout.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        espejo_kernels::max_pool_of_windows(x, self.windows())
    }

    /// [`forward`](Self::forward) of images as images: `[batch, height, width, channels]` to `[batch, height', width', channels]`.
    pub(crate) fn forward_images(&self, x: Tensor<4>) -> Tensor<4> {
        images::max_pool_of_windows(x, self.windows())
    }

    fn windows(&self) -> Windows {
        let [_, height, width] = self.input;
        let size = [height, width];
        Windows {
            size,
            kernel: self.window.kernel,
            stride: self.window.stride,
            before: self.window.places_around(size).map(|(before, _)| before),
            output: self.window.output(size),
        }
    }

    /// Shape of what comes in.
    pub(crate) fn input(&self) -> Map {
        self.input
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

    /// [`forward`](Self::forward) of images as images: `[batch, height, width, channels]` to `[batch, height', width', channels]`.
    pub(crate) fn forward_images(&self, x: Tensor<4>) -> Tensor<4> {
        images::upsample(x, self.output)
    }

    /// Shape of what comes in.
    pub(crate) fn input(&self) -> Map {
        self.input
    }

    /// Height and width of what comes in, where both are doubled in whole.
    pub(crate) fn doubled(&self) -> Option<[usize; 2]> {
        let [_, height, width] = self.input;
        (self.output == [2 * height, 2 * width]).then_some([height, width])
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        [self.input[0], self.output[0], self.output[1]]
    }
}
