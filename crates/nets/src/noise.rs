//! Corruption of images, for denoising models.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{Distribution, Tensor};
use espejo_kernels::Law;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::part::drawn_seed;

/// The two ends of the pixel values in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Range {
    /// Background 0, ink 1.
    #[default]
    Unit,
    /// Background -1, ink +1.
    Signed,
}

impl Range {
    /// The value of background.
    pub fn low(self) -> f64 {
        match self {
            Self::Unit => 0.0,
            Self::Signed => -1.0,
        }
    }

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Signed => "signed",
        }
    }
}

/// A kind of noise with its strength.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Noise {
    /// Images stay as they are.
    #[default]
    None,
    /// Each pixel, with this probability, becomes background or ink, one as likely as the other.
    SaltPepper(f64),
    /// Each pixel, with this probability, changes to the other end of the range.
    Flip(f64),
    /// Each pixel, with this probability, becomes background.
    Mask(f64),
    /// Each pixel, with this probability, becomes ink.
    Ones(f64),
    /// Normal noise of this standard deviation, in pixel values, is added; values may leave the range.
    Gaussian(f64),
    /// Uniform noise within ± this bound, in pixel values, is added.
    Uniform(f64),
    /// Cauchy noise of this scale, in pixel values, is added.
    Cauchy(f64),
}

impl Noise {
    /// The names of the kinds, as parsed and printed.
    pub const NAMES: [&'static str; 8] = [
        "none",
        "salt-pepper",
        "flip",
        "mask",
        "ones",
        "gaussian",
        "uniform",
        "cauchy",
    ];

    /// A noisy copy of `clean` `[batch, pixels]`, drawn from the device's random numbers. Strength 0 is the identity.
    pub fn apply(self, clean: Tensor<2>, range: Range) -> Tensor<2> {
        self.drawn(clean.clone(), range, |distribution| {
            clean.random_like(distribution)
        })
    }

    /// [`apply`](Self::apply) with other draws: on the processor each number follows from its place and a seed that is drawn from the device,
    /// so that all threads draw.
    pub fn apply_by_place(self, clean: Tensor<2>, range: Range) -> Tensor<2> {
        self.drawn(clean.clone(), range, |distribution| {
            by_place(&clean, distribution)
        })
    }

    /// A noisy copy of `clean` by numbers of its form.
    fn drawn(
        self,
        clean: Tensor<2>,
        range: Range,
        draw: impl Fn(Distribution) -> Tensor<2>,
    ) -> Tensor<2> {
        let low = range.low();
        let hit = |p: f64| draw(Distribution::Uniform(0.0, 1.0)).lower_scalar(p); // [batch, pixels]
        match self {
            Self::None => clean,
            Self::SaltPepper(p) => {
                let u = draw(Distribution::Uniform(0.0, 1.0));
                let salt = u.clone().lower_scalar(p / 2.0);
                let pepper = u.lower_scalar(p);
                clean.mask_fill(pepper, low).mask_fill(salt, 1.0)
            }
            Self::Flip(p) => {
                let mask = hit(p);
                let flipped = -clean.clone() + (low + 1.0);
                clean.mask_where(mask, flipped)
            }
            Self::Mask(p) => {
                let mask = hit(p);
                clean.mask_fill(mask, low)
            }
            Self::Ones(p) => {
                let mask = hit(p);
                clean.mask_fill(mask, 1.0)
            }
            Self::Gaussian(sd) => {
                let noise = draw(Distribution::Normal(0.0, 1.0));
                clean + noise.mul_scalar(sd)
            }
            Self::Uniform(bound) => {
                let noise = draw(Distribution::Uniform(-1.0, 1.0));
                clean + noise.mul_scalar(bound)
            }
            Self::Cauchy(scale) => {
                // The quantile function of the Cauchy distribution at uniform places, kept off its two poles.
                let u = draw(Distribution::Uniform(-0.5, 0.5)).clamp(-0.499_999, 0.499_999);
                clean + u.mul_scalar(std::f64::consts::PI).tan().mul_scalar(scale)
            }
        }
    }

    /// Makes `values` on the host noisy, by numbers from `rng`.
    pub fn apply_to(self, values: &mut [f32], range: Range, rng: &mut impl Rng) {
        let low = range.low();
        let mut each = |change: &mut dyn FnMut(f64, &mut dyn FnMut() -> f64) -> f64| {
            for value in values.iter_mut() {
                *value = change(f64::from(*value), &mut || rng.random::<f64>()) as f32;
            }
        };
        match self {
            Self::None => {}
            Self::SaltPepper(p) => each(&mut |x, draw| match draw() {
                u if u < p / 2.0 => 1.0,
                u if u < p => low,
                _ => x,
            }),
            Self::Flip(p) => each(&mut |x, draw| if draw() < p { low + 1.0 - x } else { x }),
            Self::Mask(p) => each(&mut |x, draw| if draw() < p { low } else { x }),
            Self::Ones(p) => each(&mut |x, draw| if draw() < p { 1.0 } else { x }),
            Self::Gaussian(sd) => each(&mut |x, draw| x + sd * normal(draw(), draw())),
            Self::Uniform(bound) => each(&mut |x, draw| x + bound * (2.0 * draw() - 1.0)),
            Self::Cauchy(scale) => each(&mut |x, draw| {
                let u = (draw() - 0.5).clamp(-0.499_999, 0.499_999);
                x + scale * (std::f64::consts::PI * u).tan()
            }),
        }
    }

    fn parts(self) -> (&'static str, Option<f64>) {
        match self {
            Self::None => ("none", None),
            Self::SaltPepper(p) => ("salt-pepper", Some(p)),
            Self::Flip(p) => ("flip", Some(p)),
            Self::Mask(p) => ("mask", Some(p)),
            Self::Ones(p) => ("ones", Some(p)),
            Self::Gaussian(sd) => ("gaussian", Some(sd)),
            Self::Uniform(bound) => ("uniform", Some(bound)),
            Self::Cauchy(scale) => ("cauchy", Some(scale)),
        }
    }
}

/// A standard normal number from two uniform ones of [0, 1), by Box and Muller (1958).
fn normal(u: f64, v: f64) -> f64 {
    (-2.0 * (1.0 - u).ln()).sqrt() * (2.0 * std::f64::consts::PI * v).cos()
}

/// Numbers of the form of `like`: uniform between two bounds, or of the standard normal distribution.
fn by_place(like: &Tensor<2>, distribution: Distribution) -> Tensor<2> {
    let seed = || drawn_seed(&like.device());
    let found = match distribution {
        Distribution::Uniform(low, high) => espejo_kernels::random(like, Law::Uniform, seed)
            .map(|numbers| numbers.mul_scalar(high - low) + low),
        _ => espejo_kernels::random(like, Law::Normal, seed),
    };
    found.unwrap_or_else(|| like.random_like(distribution))
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (name, None) => f.write_str(name),
            // With an exponent where digits would fill the line.
            (name, Some(strength)) if strength.abs() >= 1e16 => write!(f, "{name}:{strength:e}"),
            (name, Some(strength)) => write!(f, "{name}:{strength}"),
        }
    }
}

/// Why a noise description was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseNoiseError(String);

impl fmt::Display for ParseNoiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseNoiseError {}

impl FromStr for Noise {
    type Err = ParseNoiseError;

    /// Reads `none` or `KIND:STRENGTH`, e.g. `salt-pepper:.1`; probabilities lie in [0, 1], scales are 0 or more.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.split(':').next() == Some("none") {
            let strength = ParseNoiseError(format!("noise `{text}`: `none` takes no strength"));
            return if text == "none" {
                Ok(Self::None)
            } else {
                Err(strength)
            };
        }
        let (kind, strength) = text.split_once(':').unwrap_or((text, ""));
        let (make, probability): (fn(f64) -> Self, bool) = match kind {
            "salt-pepper" => (Self::SaltPepper, true),
            "flip" => (Self::Flip, true),
            "mask" => (Self::Mask, true),
            "ones" => (Self::Ones, true),
            "gaussian" => (Self::Gaussian, false),
            "uniform" => (Self::Uniform, false),
            "cauchy" => (Self::Cauchy, false),
            _ => {
                let names = Self::NAMES.join("`, `");
                return Err(ParseNoiseError(format!(
                    "unknown noise `{kind}`, expected one of `{names}`"
                )));
            }
        };
        let expected = if probability {
            "a probability from 0 to 1"
        } else {
            "a number of 0 or more"
        };
        match strength.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 && (!probability || value <= 1.0) => {
                Ok(make(value))
            }
            _ => Err(ParseNoiseError(format!(
                "noise `{text}` needs {expected} after the colon, as in `{kind}:0.1`"
            ))),
        }
    }
}
