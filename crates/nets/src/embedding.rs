//! Learned vectors for the words of a vocabulary.

use burn::module::{Module, Param};
use burn::tensor::module::embedding;
use burn::tensor::{Device, Tensor};
use rand::Rng;

use crate::conv::Map;
use crate::initializer::uniform;

/// Bound of the first weights, that of Keras: small beside what training makes of them.
const BOUND: f32 = 0.05;

/// A table with one learned vector for each token id.
///
/// Ids are whole numbers from 0, held as floats, which are exact up to 2²⁴. What is no id of the vocabulary is refused where data
/// enters; what comes here all the same takes the nearest id, the whole part of a fraction, and 0 for NaN: a lookup outside of the
/// table would panic on some devices and read foreign memory on others.
#[derive(Module, Debug)]
pub struct Embedding {
    /// `[vocabulary, dimension]`
    pub weight: Param<Tensor<2>>,
    length: usize,
}

impl Embedding {
    /// First weights for rows of `length` ids below `vocabulary`.
    pub(crate) fn init(
        [vocabulary, dimension]: [usize; 2],
        length: usize,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Self {
        Self {
            weight: uniform([vocabulary, dimension], BOUND, rng, device),
            length,
        }
    }

    /// `[batch, length]` ids to `[batch, dimension * length]`: a map of `dimension` channels, 1 high and `length` wide, so that a
    /// convolution with a `[1, k]` kernel moves along the text.
    pub fn forward(&self, ids: Tensor<2>) -> Tensor<2> {
        let [vocabulary, dimension] = self.weight.dims();
        let [batch, length] = ids.dims();
        // Clamped as whole numbers: a float beyond them becomes some whole number, and which one depends on the device.
        let ids = ids.detach().int().clamp(0, vocabulary as i64 - 1); // [batch, length]
        let vectors = embedding(self.weight.val(), ids); // [batch, length, dimension]
        vectors
            .swap_dims(1, 2) // [batch, dimension, length]
            .reshape([batch, dimension * length])
    }

    /// Shape of what comes out.
    pub fn output(&self) -> Map {
        let [_, dimension] = self.weight.dims();
        [dimension, 1, self.length]
    }

    /// Words and values a word, as in a layer table.
    pub(crate) fn kind(&self) -> String {
        let [vocabulary, dimension] = self.weight.dims();
        format!("embedding {vocabulary}x{dimension}")
    }
}
