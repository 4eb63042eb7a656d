//! Convolutional nets without a way back, in a line of text: `32,pool,bn,16,pool,bn`.

use std::fmt;
use std::str::FromStr;

use crate::conv::Map;
use crate::plan::{MAX_CHANNELS, push_conv};
use crate::steps::dropout_rate;
use crate::{Activation, Common, LayerConfig, LayersConfig, Padding, ParsePlanError, Window};

/// A chain of convolutions and what stands between them, for nets that end in something other than an image.
///
/// As text, a list of steps:
/// - `32` is a convolution with so many channels, and the activation. `k4` after it gives the kernel, `s2` the stride (`s` alone is
///   2), `v` stands for no padding (valid): `96k4s2v`.
/// - `pool` is the maximum of each 2x2 square; `pool3s1v` that of 3x3 windows with stride 1 and no padding. Without `s` the stride
///   is the size of the window.
/// - `bn` is batch normalisation and `dropout:.25` dropout of what is there.
///
/// On maps of height 1 (series, embedded texts) all windows are 1 high, which makes 1-d convolutions and pooling.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvChain {
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Conv {
        outputs: usize,
        kernel: Option<usize>,
        stride: usize,
        padding: Padding,
    },
    Pool {
        kernel: usize,
        stride: usize,
        padding: Padding,
    },
    BatchNorm,
    Dropout(f64),
}

/// The largest window and the largest stride.
const MAX_WINDOW: usize = 64;

impl FromStr for ConvChain {
    type Err = ParsePlanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps = text.split(',').map(|word| word.trim().parse());
        Ok(Self {
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}

impl FromStr for Step {
    type Err = ParsePlanError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "bn" {
            return Ok(Self::BatchNorm);
        }
        if let Some(rate) = dropout_rate(word) {
            return rate.map(Self::Dropout);
        }
        let step = match word.strip_prefix("pool") {
            Some(rest) => pool(rest),
            None => conv(word),
        };
        step.ok_or_else(|| {
            ParsePlanError(format!(
                "`{word}` is no step of a chain: expected channels of 1 to {MAX_CHANNELS} (`32`, `96k4s2v`), `pool` (`pool3s1v`), \
                 `bn` or `dropout:RATE`, with windows and strides of 1 to {MAX_WINDOW}"
            ))
        })
    }
}

/// `CHANNELS[kKERNEL][s[STRIDE]][v]`.
fn conv(mut word: &str) -> Option<Step> {
    let outputs = number(&mut word, MAX_CHANNELS)?;
    let kernel = match letter(&mut word, 'k') {
        true => Some(number(&mut word, MAX_WINDOW)?),
        false => None,
    };
    let (stride, padding) = stride_and_padding(word)?;
    Some(Step::Conv {
        outputs,
        kernel,
        stride: stride.unwrap_or(1),
        padding,
    })
}

/// What follows `pool`: `[WINDOW][s[STRIDE]][v]`.
fn pool(mut rest: &str) -> Option<Step> {
    let kernel = match rest.starts_with(|first: char| first.is_ascii_digit()) {
        true => number(&mut rest, MAX_WINDOW)?,
        false => 2,
    };
    let (stride, padding) = stride_and_padding(rest)?;
    Some(Step::Pool {
        kernel,
        stride: stride.unwrap_or(kernel),
        padding,
    })
}

/// The end of a step: `[s[STRIDE]][v]`.
fn stride_and_padding(mut rest: &str) -> Option<(Option<usize>, Padding)> {
    let stride = match letter(&mut rest, 's') {
        true if rest.is_empty() || rest == "v" => Some(2),
        true => Some(number(&mut rest, MAX_WINDOW)?),
        false => None,
    };
    let padding = match letter(&mut rest, 'v') {
        true => Padding::Valid,
        false => Padding::Same,
    };
    rest.is_empty().then_some((stride, padding))
}

/// Takes a whole number of 1 to `most` off the front.
fn number(text: &mut &str, most: usize) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    *text = rest;
    let number = digits.parse().ok()?;
    (1..=most).contains(&number).then_some(number)
}

/// Takes a letter off the front, where it is there.
fn letter(text: &mut &str, letter: char) -> bool {
    let rest = text.strip_prefix(letter);
    *text = rest.unwrap_or(text);
    rest.is_some()
}

impl ConvChain {
    /// The layers for maps of shape `input`. Each convolution is followed by what `common` says, whose kernel is that of the steps
    /// that name none.
    ///
    /// # Errors
    ///
    /// In words that name the step, where a window does not fit into what reaches it.
    pub fn layers(&self, input: Map, common: Common) -> Result<LayersConfig, String> {
        let mut layers = LayersConfig::new(input);
        for step in &self.steps {
            let known = layers.layers.len();
            step.push(&mut layers, input[1] == 1, common);
            for (layer, _) in &layers.layers[known..] {
                layer
                    .check()
                    .map_err(|reason| format!("step `{step}` {reason}"))?;
            }
        }
        Ok(layers)
    }
}

impl Step {
    /// Adds its layers; `flat` are maps of height 1.
    fn push(self, layers: &mut LayersConfig, flat: bool, common: Common) {
        let input = layers.output();
        let window = |kernel, stride, padding| Window {
            kernel: [if flat { 1 } else { kernel }, kernel],
            stride,
            padding,
        };
        let layer = match self {
            Self::Conv {
                outputs,
                kernel,
                stride,
                padding,
            } => {
                let window = window(kernel.unwrap_or(common.kernel), stride, padding);
                let layer = LayerConfig::Conv {
                    input,
                    outputs,
                    window,
                };
                return push_conv(layers, layer, common);
            }
            Self::Pool {
                kernel,
                stride,
                padding,
            } => pooling(input, window(kernel, stride, padding)),
            Self::BatchNorm => LayerConfig::BatchNorm { input },
            Self::Dropout(rate) => LayerConfig::Dropout { input, rate },
        };
        layers.layers.push((layer, Activation::Linear));
    }
}

/// The maximum of each window, by the fused operation where the windows are 2x2 squares side by side.
fn pooling(input: Map, window: Window) -> LayerConfig {
    let [_, height, width] = input;
    // On a map of height 1 a window 1 high holds all that a square would.
    let square = window.kernel == [2, 2] || height == 1 && window.kernel == [1, 2];
    // Without padding an odd last row or column is left out; padded, it makes a narrower window, as in the fused operation.
    let whole = (height == 1 || height.is_multiple_of(2)) && width.is_multiple_of(2);
    if square && window.stride == 2 && (whole || window.padding == Padding::Same) {
        return LayerConfig::Pool { input };
    }
    LayerConfig::MaxPool { input, window }
}

impl fmt::Display for ConvChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.steps.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{step}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |f: &mut fmt::Formatter<'_>, stride: usize, usual: usize, padding: Padding| {
            if stride != usual {
                write!(f, "s{stride}")?;
            }
            f.write_str(if padding == Padding::Valid { "v" } else { "" })
        };
        match *self {
            Self::Conv {
                outputs,
                kernel,
                stride,
                padding,
            } => {
                write!(f, "{outputs}")?;
                if let Some(kernel) = kernel {
                    write!(f, "k{kernel}")?;
                }
                end(f, stride, 1, padding)
            }
            Self::Pool {
                kernel,
                stride,
                padding,
            } => {
                f.write_str("pool")?;
                if kernel != 2 {
                    write!(f, "{kernel}")?;
                }
                end(f, stride, kernel, padding)
            }
            Self::BatchNorm => f.write_str("bn"),
            Self::Dropout(rate) => write!(f, "dropout:{rate}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: Common = Common {
        kernel: 3,
        activation: Activation::Relu,
        batch_norm: false,
    };

    fn chain(text: &str) -> ConvChain {
        text.parse().expect(text)
    }

    #[test]
    fn a_chain_is_written_as_it_was_read() {
        for text in [
            "32,pool,bn,16,pool,bn",
            "96k4s2v,pool3s1v,bn,dropout:0.25",
            "64s2,pool3,pool2s1",
        ] {
            let written = chain(text).to_string();
            assert_eq!(chain(&written), chain(text));
        }
        assert_eq!(
            chain("64s, pool2s1v ,poolv").to_string(),
            "64s2,pools1v,poolv"
        );
    }

    #[test]
    fn each_step_makes_its_layers() {
        let input = [3, 9, 8];
        let conv = |kernel: usize, stride, padding| LayerConfig::Conv {
            input,
            outputs: 5,
            window: Window {
                kernel: [kernel; 2],
                stride,
                padding,
            },
        };
        let pool = |kernel: usize, stride, padding| LayerConfig::MaxPool {
            input,
            window: Window {
                kernel: [kernel; 2],
                stride,
                padding,
            },
        };
        for (text, layer, activation) in [
            ("5", conv(3, 1, Padding::Same), Activation::Relu),
            ("5k4s2v", conv(4, 2, Padding::Valid), Activation::Relu),
            ("5s", conv(3, 2, Padding::Same), Activation::Relu),
            ("5sv", conv(3, 2, Padding::Valid), Activation::Relu),
            ("5s3", conv(3, 3, Padding::Same), Activation::Relu),
            ("pool", LayerConfig::Pool { input }, Activation::Linear),
            ("pool2s2", LayerConfig::Pool { input }, Activation::Linear),
            ("poolv", pool(2, 2, Padding::Valid), Activation::Linear),
            ("pool3", pool(3, 3, Padding::Same), Activation::Linear),
            ("pool3s1v", pool(3, 1, Padding::Valid), Activation::Linear),
            ("pool2s1", pool(2, 1, Padding::Same), Activation::Linear),
            ("bn", LayerConfig::BatchNorm { input }, Activation::Linear),
            (
                "dropout:.25",
                LayerConfig::Dropout { input, rate: 0.25 },
                Activation::Linear,
            ),
        ] {
            let layers = chain(text).layers(input, COMMON).expect(text);
            assert_eq!(layers.layers, [(layer, activation)], "{text}");
        }
    }

    #[test]
    fn whole_squares_without_padding_are_those_with_padding() {
        let input = [3, 8, 6];
        let layers = chain("poolv").layers(input, COMMON).expect("it fits");
        let (layer, _) = &layers.layers[0];
        assert_eq!(*layer, LayerConfig::Pool { input });
    }

    #[test]
    fn batch_normalisation_of_all_convolutions_stands_before_the_activation() {
        let common = Common {
            batch_norm: true,
            ..COMMON
        };
        let layers = chain("5").layers([1, 4, 4], common).expect("it fits");
        let norm = LayerConfig::BatchNorm { input: [5, 4, 4] };
        assert_eq!(layers.layers[0].1, Activation::Linear);
        assert_eq!(layers.layers[1], (norm, Activation::Relu));
    }

    #[test]
    fn windows_on_maps_of_height_1_are_1_high() {
        let layers = chain("5,pool3").layers([3, 1, 9], COMMON).expect("it fits");
        let windows: Vec<_> = layers
            .layers
            .iter()
            .map(|(layer, _)| match layer {
                LayerConfig::Conv { window, .. } | LayerConfig::MaxPool { window, .. } => {
                    window.kernel
                }
                other => panic!("{other:?} has no window"),
            })
            .collect();
        assert_eq!(windows, [[1, 3], [1, 3]]);
        assert_eq!(layers.output(), [5, 1, 3]);
    }

    #[test]
    fn what_is_no_step_is_refused_with_the_steps_there_are() {
        for text in [
            "",
            "32,,16",
            "0",
            "4097",
            "32t",
            "up",
            "32/16",
            "k3",
            "32k",
            "32k0",
            "32k65",
            "32s0",
            "32vs",
            "32k3x",
            "pool0",
            "pools0",
            "poolx",
            "pool3s1vv",
            "-3",
            "bn2",
            "99999999999999999999",
        ] {
            let error = text.parse::<ConvChain>().expect_err(text).to_string();
            assert!(error.contains("is no step of a chain: expected"), "{error}");
        }
        let error = "dropout:2".parse::<ConvChain>().expect_err("no rate");
        assert!(error.to_string().contains("dropout:2"));
    }

    #[test]
    fn a_window_that_does_not_fit_names_its_step() {
        let error = chain("8,pool5v").layers([1, 4, 4], COMMON);
        assert_eq!(
            error.expect_err("too large"),
            "step `pool5v` has a kernel of 5x5 that does not fit into a 4x4 map, expected a smaller kernel, or padding that \
             keeps the size (leave the `v` out)"
        );
    }
}
