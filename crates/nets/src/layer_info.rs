//! Rows of a layer table.

use burn::module::Module;

use crate::conv::Map;
use crate::{Activation, Layer};

/// One row of a layer table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerInfo {
    /// What it is, e.g. `linear + tanh`.
    pub kind: String,
    /// Shape of what comes out for one sample.
    pub output: Vec<usize>,
    /// Numbers in it.
    pub parameters: usize,
    /// How many of them are no part of the gradient: the running means and variances of batch normalisation.
    pub non_trainable: usize,
}

impl Layer {
    /// The row of this layer in a table, all that is inside of it included; `before` is the shape of what comes in.
    pub fn describe(&self, activation: Activation, before: Map) -> LayerInfo {
        let output = self.output().unwrap_or(before);
        let kind = match activation {
            Activation::Linear => self.kind(),
            activation => format!("{} + {}", self.kind(), activation.name()),
        };
        let flat = output[1..] == [1, 1];
        LayerInfo {
            kind,
            output: if flat {
                vec![output[0]]
            } else {
                output.to_vec()
            },
            parameters: self.num_params(),
            non_trainable: self.non_trainable(),
        }
    }

    /// The rows of this layer in a table whose sums are those of the net: a skip has one for each layer inside, indented, and then
    /// its own without their parameters.
    pub(crate) fn rows(&self, activation: Activation, before: Map) -> Vec<LayerInfo> {
        let row = self.describe(activation, before);
        let Self::Skip(skip) = self else {
            return vec![row];
        };
        let inside = skip.inner().table().into_iter().map(|row| LayerInfo {
            kind: format!("  {}", row.kind),
            ..row
        });
        let join = LayerInfo {
            parameters: 0,
            non_trainable: 0,
            ..row
        };
        inside.chain([join]).collect()
    }

    /// What it is, without the activation that follows.
    fn kind(&self) -> String {
        match self {
            Self::Linear(_) => "linear".to_owned(),
            Self::Conv(conv) => format!("conv {}", conv.window()),
            Self::Transposed(conv) => {
                let [_, _, k, _] = conv.weight.dims();
                format!("transposed conv {k}x{k} * 2")
            }
            Self::Pool(_) => "max pool 2x2".to_owned(),
            Self::MaxPool(pool) => pool.kind(),
            Self::Upsample(_) => "upsample * 2".to_owned(),
            Self::BatchNorm(_) => "batch norm".to_owned(),
            Self::Dropout(dropout) => format!("dropout {}", dropout.prob),
            Self::Noise(noise) => format!("noise {}", noise.std),
            Self::Mask(_) => "values and which are missing".to_owned(),
            Self::Embedding(embedding) => embedding.kind(),
            Self::Skip(skip) => format!("{} with input", skip.join().name()),
        }
    }

    /// Numbers that are no part of the gradient.
    fn non_trainable(&self) -> usize {
        match self {
            Self::BatchNorm(norm) => 2 * norm.gamma.dims()[0],
            Self::Skip(skip) => skip
                .inner()
                .table()
                .iter()
                .map(|row| row.non_trainable)
                .sum(),
            _ => 0,
        }
    }
}
