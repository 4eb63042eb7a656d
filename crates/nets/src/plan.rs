//! Convolutional nets in a line of text: `32,16` or `32,pool,16,pool/16,up,32,up,1`.

use std::fmt;
use std::str::FromStr;

use crate::conv::{Map, halved};
use crate::{Activation, LayerConfig, LayersConfig, Window};

/// What the layers of a convolutional net are, from the image to the code and back.
///
/// As text, either the channels of each level, from the image down (`32,16`): each is a convolution and a halving, and
/// the way up mirrors them and ends in the channels of the image. Or the whole list of steps with a `/` where the code is:
/// a number is a convolution with so many channels, `32s` one that halves by its stride, `32t` a transposed one that doubles;
/// `pool` halves, `up` doubles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvPlan {
    down: Vec<Step>,
    up: Vec<Step>,
    /// Whether the way up was derived, and ends in the channels of the image.
    mirrored: bool,
}

/// How the levels of a mirrored net halve and double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// By the stride of the convolution in place of pooling.
    pub strided: bool,
    /// By a transposed convolution in place of upsampling and a convolution.
    pub transposed: bool,
}

/// What all convolutions of a net have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// Height and width of the kernels; odd in a [`ConvPlan`].
    pub kernel: usize,
    /// Activation after each convolution but the last of the decoder.
    pub activation: Activation,
    /// Whether batch normalisation stands between each of these convolutions and its activation.
    pub batch_norm: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Conv(usize),
    Strided(usize),
    Transposed(usize),
    Pool,
    Up,
}

/// A text that is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsePlanError(pub(crate) String);

impl fmt::Display for ParsePlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParsePlanError {}

/// The most channels of a convolution.
pub(crate) const MAX_CHANNELS: usize = 4096;

impl FromStr for ConvPlan {
    type Err = ParsePlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = |steps: &str| -> Result<Vec<Step>, ParsePlanError> {
            steps.split(',').map(|word| word.trim().parse()).collect()
        };
        if let Some((down, up)) = text.split_once('/') {
            return Ok(Self {
                down: parse(down)?,
                up: parse(up)?,
                mirrored: false,
            });
        }
        let channels = parse(text)?;
        if channels.iter().any(|step| !matches!(step, Step::Conv(_))) {
            return Err(ParsePlanError(format!(
                "`{text}` has steps other than channels and no `/` where the code is"
            )));
        }
        let level = |step: &Step| [*step, Step::Pool];
        let mirror = |step: &Step| [*step, Step::Up];
        Ok(Self {
            down: channels.iter().flat_map(level).collect(),
            up: channels.iter().rev().flat_map(mirror).collect(),
            mirrored: true,
        })
    }
}

impl FromStr for Step {
    type Err = ParsePlanError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let channels = |digits: &str| {
            let count = digits.parse().ok();
            count
                .filter(|count| (1..=MAX_CHANNELS).contains(count))
                .ok_or_else(|| {
                    ParsePlanError(format!(
                        "`{word}` is no step: expected channels of 1 to {MAX_CHANNELS} (`32`, `32s`, `32t`), `pool` or `up`"
                    ))
                })
        };
        Ok(match word {
            "pool" => Self::Pool,
            "up" => Self::Up,
            _ => match (word.strip_suffix('s'), word.strip_suffix('t')) {
                (Some(digits), _) => Self::Strided(channels(digits)?),
                (_, Some(digits)) => Self::Transposed(channels(digits)?),
                _ => Self::Conv(channels(word)?),
            },
        })
    }
}

impl ConvPlan {
    /// Whether only the channels of the levels were given.
    pub fn is_mirrored(&self) -> bool {
        self.mirrored
    }

    /// The way down and the way up for pictures of shape `picture`, without dense layers between them.
    ///
    /// Every convolution but the decoder's last is followed by what `common` says; the last has `output`.
    ///
    /// # Errors
    ///
    /// In words, where the way up does not lead back to the shape of the image.
    pub fn layers(
        &self,
        picture: Map,
        style: Style,
        common: Common,
        output: Activation,
    ) -> Result<(LayersConfig, LayersConfig), String> {
        let (down, up) = self.steps(picture[0], style);
        let mut sizes = Vec::new();
        let mut encoder = LayersConfig::new(picture);
        for step in &down {
            push(&mut encoder, *step, common, &mut sizes);
        }
        let mut decoder = LayersConfig::new(encoder.output());
        for step in &up {
            push(&mut decoder, *step, common, &mut sizes);
        }
        if decoder.output() != picture {
            let shape = |[channels, height, width]: Map| format!("{channels}x{height}x{width}");
            return Err(format!(
                "leads from {} to {}",
                shape(picture),
                shape(decoder.output())
            ));
        }
        end(&mut decoder, output)?;
        Ok((encoder, decoder))
    }

    /// The steps, with the last convolution of a mirrored net added and its halvings and doublings in the style wanted.
    fn steps(&self, channels: usize, style: Style) -> (Vec<Step>, Vec<Step>) {
        if !self.mirrored {
            return (self.down.clone(), self.up.clone());
        }
        let merge = |steps: &[Step], wanted: bool, single: fn(usize) -> Step| {
            let pairs = steps.chunks(2);
            let merged = pairs.flat_map(|pair| match pair[0] {
                Step::Conv(channels) if wanted => vec![single(channels)],
                _ => pair.to_vec(),
            });
            merged.collect::<Vec<Step>>()
        };
        let down = merge(&self.down, style.strided, Step::Strided);
        let mut up = merge(&self.up, style.transposed, Step::Transposed);
        up.push(Step::Conv(channels));
        (down, up)
    }
}

/// Adds one step; `sizes` holds the sizes that were halved and not yet restored, so that doubling gives them back exactly.
fn push(layers: &mut LayersConfig, step: Step, common: Common, sizes: &mut Vec<[usize; 2]>) {
    let input = layers.output();
    let [_, height, width] = input;
    let kernel = common.kernel;
    let (plain, conv) = (Activation::Linear, |outputs, stride| LayerConfig::Conv {
        input,
        outputs,
        window: Window::same(kernel, stride),
    });
    // What was halved to this size was either twice as large or one less; a size never halved is doubled.
    let mut restored = || {
        let fits = |[h, w]: &[usize; 2]| (halved(*h), halved(*w)) == (height, width);
        match sizes.pop().filter(fits) {
            Some(size) => size,
            None => [2 * height, 2 * width],
        }
    };
    match step {
        Step::Pool => {
            sizes.push([height, width]);
            layers.layers.push((LayerConfig::Pool { input }, plain));
        }
        Step::Up => {
            let output = restored();
            layers
                .layers
                .push((LayerConfig::Upsample { input, output }, plain));
        }
        Step::Conv(outputs) => push_conv(layers, conv(outputs, 1), common),
        Step::Strided(outputs) => {
            sizes.push([height, width]);
            push_conv(layers, conv(outputs, 2), common);
        }
        Step::Transposed(outputs) => {
            let output = restored();
            let layer = LayerConfig::Transposed {
                input,
                outputs,
                kernel,
                output,
            };
            push_conv(layers, layer, common);
        }
    }
}

/// Adds a convolution with its batch normalisation, if any, and its activation.
pub(crate) fn push_conv(layers: &mut LayersConfig, layer: LayerConfig, common: Common) {
    if common.batch_norm {
        let norm = LayerConfig::BatchNorm {
            input: layer.output(),
        };
        layers.layers.push((layer, Activation::Linear));
        layers.layers.push((norm, common.activation));
    } else {
        layers.layers.push((layer, common.activation));
    }
}

/// Makes the last convolution the output: its activation, and no batch normalisation.
fn end(decoder: &mut LayersConfig, output: Activation) -> Result<(), String> {
    if let Some((LayerConfig::BatchNorm { .. }, _)) = decoder.layers.last() {
        decoder.layers.pop();
    }
    match decoder.layers.last_mut() {
        Some((LayerConfig::Conv { .. } | LayerConfig::Transposed { .. }, activation)) => {
            *activation = output;
            Ok(())
        }
        _ => Err("does not end in a convolution".to_owned()),
    }
}
