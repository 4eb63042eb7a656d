//! What a layer is made of, as a value: its sizes can be asked and checked before there are weights.

use burn::nn::{BatchNormConfig, DropoutConfig, GaussianNoiseConfig};
use burn::tensor::Device;
use rand::Rng;

use crate::conv::{Conv, Map, Transposed, halved};
use crate::embedding::Embedding;
use crate::mask::Mask;
use crate::resample::{MaxPool, Pool, Upsample};
use crate::skip::{Join, Skip};
use crate::window::Window;
use crate::{Initializer, Layer, LayersConfig};

/// What a layer is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerConfig {
    /// Fully connected.
    Linear {
        /// Values that come in.
        inputs: usize,
        /// Values that go out.
        outputs: usize,
    },
    /// A convolution; with a kernel of height 1 on maps of height 1, a 1-d convolution.
    Conv {
        /// Channels, height, width of what comes in.
        input: Map,
        /// Channels that go out.
        outputs: usize,
        /// The kernel and how it moves.
        window: Window,
    },
    /// A transposed convolution of stride 2.
    Transposed {
        /// Channels, height, width of what comes in.
        input: Map,
        /// Channels that go out.
        outputs: usize,
        /// Height and width of the kernel, odd.
        kernel: usize,
        /// Height and width of what goes out: twice what comes in, or one less.
        output: [usize; 2],
    },
    /// The maximum of each 2x2 square; an odd size ends in a narrower one.
    Pool {
        /// Channels, height, width of what comes in.
        input: Map,
    },
    /// The maximum of each window of any other kind.
    MaxPool {
        /// Channels, height, width of what comes in.
        input: Map,
        /// The window and how it moves.
        window: Window,
    },
    /// Each value twice in both directions.
    Upsample {
        /// Channels, height, width of what comes in.
        input: Map,
        /// Height and width of what goes out: twice what comes in, or one less.
        output: [usize; 2],
    },
    /// Batch normalisation (Ioffe and Szegedy 2015): over the batch while training, by running means afterwards.
    BatchNorm {
        /// Shape of what comes in; each channel has its mean and variance. Dense values are channels of 1x1.
        input: Map,
    },
    /// Inverted dropout (Srivastava et al. 2014): while training, each value becomes 0 with this probability and the others grow
    /// by 1 / (1 - rate), so that the mean stays; afterwards the identity.
    Dropout {
        /// Shape of what comes in.
        input: Map,
        /// Probability of 0, from 0 to less than 1.
        rate: f64,
    },
    /// Gaussian noise of mean 0, added to each value while training, afterwards the identity. Before the sigmoids of a code it makes
    /// them binary (Salakhutdinov and Hinton 2009, *Semantic hashing*).
    Noise {
        /// Shape of what comes in.
        input: Map,
        /// Standard deviation of the noise, 0 or more.
        deviation: f64,
    },
    /// The values of a row, NaN where one is missing, with 0 in place of these and behind them which they are: as many again, 1 or 0.
    Mask {
        /// Shape of what comes in.
        input: Map,
    },
    /// A learned vector for each token id of a row: `length` ids come in, a map of `dimension` channels, 1 high and `length` wide,
    /// goes out.
    Embedding {
        /// Token ids, from 0 to one less than this.
        vocabulary: usize,
        /// Values a token.
        dimension: usize,
        /// Ids a row.
        length: usize,
    },
    /// Layers whose input also goes around them and joins their output.
    Skip {
        /// The layers to go around.
        inner: Box<LayersConfig>,
        /// How the two ways come together.
        join: Join,
    },
}

/// The most words of a vocabulary: ids are floats, which hold no larger whole numbers one by one.
const MAX_VOCABULARY: usize = 1 << 24;

impl LayerConfig {
    /// Shape of what comes in; dense values are channels of 1x1.
    pub fn input(&self) -> Map {
        match self {
            Self::Linear { inputs, .. } => [*inputs, 1, 1],
            Self::Conv { input, .. }
            | Self::Transposed { input, .. }
            | Self::Pool { input }
            | Self::MaxPool { input, .. }
            | Self::Upsample { input, .. }
            | Self::BatchNorm { input }
            | Self::Dropout { input, .. }
            | Self::Noise { input, .. }
            | Self::Mask { input } => *input,
            Self::Embedding { length, .. } => [*length, 1, 1],
            Self::Skip { inner, .. } => inner.input,
        }
    }

    /// Shape of what comes out; dense values are channels of 1x1.
    pub fn output(&self) -> Map {
        match self {
            Self::Linear { outputs, .. } => [*outputs, 1, 1],
            Self::Conv {
                input,
                outputs,
                window,
            } => {
                let [height, width] = window.output([input[1], input[2]]);
                [*outputs, height, width]
            }
            Self::Transposed {
                outputs, output, ..
            } => [*outputs, output[0], output[1]],
            Self::Pool { input } => [input[0], halved(input[1]), halved(input[2])],
            Self::MaxPool { input, window } => {
                let [height, width] = window.output([input[1], input[2]]);
                [input[0], height, width]
            }
            Self::Upsample { input, output } => [input[0], output[0], output[1]],
            Self::BatchNorm { input } | Self::Dropout { input, .. } | Self::Noise { input, .. } => {
                *input
            }
            Self::Mask { input } => [2 * input.iter().product::<usize>(), 1, 1],
            Self::Embedding {
                dimension, length, ..
            } => [*dimension, 1, *length],
            Self::Skip { inner, join } => join.output(inner.input, inner.output()),
        }
    }

    /// Values that come out.
    pub fn output_size(&self) -> usize {
        self.output().iter().product()
    }

    /// Numbers in it, `usize::MAX` where they cannot be counted.
    pub fn parameters(&self) -> usize {
        let weights = |inputs: usize, outputs: usize, area: usize| {
            inputs
                .saturating_mul(outputs)
                .saturating_mul(area)
                .saturating_add(outputs)
        };
        match self {
            Self::Linear { inputs, outputs } => weights(*inputs, *outputs, 1),
            Self::Conv {
                input,
                outputs,
                window,
            } => {
                let [rows, columns] = window.kernel;
                weights(input[0], *outputs, rows.saturating_mul(columns))
            }
            Self::Transposed {
                input,
                outputs,
                kernel,
                ..
            } => weights(input[0], *outputs, kernel.saturating_mul(*kernel)),
            Self::Pool { .. }
            | Self::MaxPool { .. }
            | Self::Upsample { .. }
            | Self::Dropout { .. }
            | Self::Noise { .. }
            | Self::Mask { .. } => 0,
            Self::BatchNorm { input } => input[0].saturating_mul(4),
            Self::Embedding {
                vocabulary,
                dimension,
                ..
            } => vocabulary.saturating_mul(*dimension),
            Self::Skip { inner, .. } => inner.parameters(),
        }
    }

    /// Whether it has weights of its own, that is, more than the scale and shift of batch normalisation.
    pub(crate) fn is_weighted(&self) -> bool {
        match self {
            Self::Linear { .. }
            | Self::Conv { .. }
            | Self::Transposed { .. }
            | Self::Embedding { .. } => true,
            Self::Skip { inner, .. } => inner.layers.iter().any(|(layer, _)| layer.is_weighted()),
            Self::Pool { .. }
            | Self::MaxPool { .. }
            | Self::Upsample { .. }
            | Self::BatchNorm { .. }
            | Self::Dropout { .. }
            | Self::Noise { .. }
            | Self::Mask { .. } => false,
        }
    }

    /// What cannot be built of it, in words that follow its name.
    ///
    /// # Errors
    ///
    /// Where a size is 0, a window does not fit, a rate is no probability, a standard deviation is negative, or a skip does not join.
    pub fn check(&self) -> Result<(), String> {
        if self.input().contains(&0) {
            let [channels, height, width] = self.input();
            return Err(format!(
                "takes {channels}x{height}x{width} values, expected at least one"
            ));
        }
        match self {
            Self::Conv { input, window, .. } | Self::MaxPool { input, window } => {
                window.check([input[1], input[2]])?;
            }
            Self::Dropout { rate, .. } if !(0.0..1.0).contains(rate) => {
                return Err(format!(
                    "has the rate {rate}, expected a probability from 0 to less than 1"
                ));
            }
            Self::Noise { deviation, .. } if !(deviation.is_finite() && *deviation >= 0.0) => {
                return Err(format!(
                    "has noise of standard deviation {deviation}, expected 0 or more"
                ));
            }
            Self::Embedding { vocabulary, .. } if !(1..=MAX_VOCABULARY).contains(vocabulary) => {
                return Err(format!(
                    "has a vocabulary of {vocabulary}, expected 1 to {MAX_VOCABULARY}"
                ));
            }
            Self::Skip { inner, join } => {
                inner
                    .check()
                    .map_err(|reason| format!("goes around layers of which {reason}"))?;
                join.check(inner)?;
            }
            _ => {}
        }
        if self.output().contains(&0) {
            return Err("gives nothing, expected at least one value".to_owned());
        }
        Ok(())
    }

    /// The layer with first weights from `rng`.
    ///
    /// # Panics
    ///
    /// With a rate of dropout that is no probability, or noise of a negative standard deviation: configurations are checked before.
    pub fn init(&self, initializer: Initializer, rng: &mut impl Rng, device: &Device) -> Layer {
        match self {
            Self::Linear { inputs, outputs } => {
                Layer::Linear(initializer.linear(*inputs, *outputs, rng, device))
            }
            Self::Conv {
                input,
                outputs,
                window,
            } => {
                let sizes = (*input, *outputs);
                Layer::Conv(Conv::init(sizes, *window, initializer, rng, device))
            }
            Self::Transposed {
                input,
                outputs,
                kernel,
                output,
            } => {
                let (sizes, steps) = ((*input, *outputs), (*kernel, *output));
                Layer::Transposed(Transposed::init(sizes, steps, initializer, rng, device))
            }
            Self::Pool { input } => Layer::Pool(Pool::new(*input)),
            Self::MaxPool { input, window } => Layer::MaxPool(MaxPool::new(*input, *window)),
            Self::Upsample { input, output } => Layer::Upsample(Upsample::new(*input, *output)),
            Self::BatchNorm { input } => {
                Layer::BatchNorm(BatchNormConfig::new(input[0]).init(device))
            }
            Self::Dropout { rate, .. } => Layer::Dropout(DropoutConfig::new(*rate).init()),
            Self::Noise { deviation, .. } => {
                Layer::Noise(GaussianNoiseConfig::new(*deviation).init())
            }
            Self::Mask { input } => Layer::Mask(Mask::new(input.iter().product())),
            Self::Embedding {
                vocabulary,
                dimension,
                length,
            } => {
                let table = [*vocabulary, *dimension];
                Layer::Embedding(Embedding::init(table, *length, rng, device))
            }
            Self::Skip { inner, join } => {
                Layer::Skip(Skip::new(inner.init(initializer, rng, device), *join))
            }
        }
    }
}
