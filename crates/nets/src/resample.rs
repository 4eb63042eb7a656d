//! Halving and doubling of maps, without weights.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::conv::{Map, halved};

/// The maximum of each 2x2 square; an odd size ends in a narrower one, so that nothing is left out.
#[derive(Module, Debug)]
pub struct Pool {
    input: Map,
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
