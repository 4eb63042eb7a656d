//! Dense nets in a list of steps: `20`, `bn`, `dropout:.5`, `noise:16`, `concat`.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ParsePlanError;

/// One step of a dense net. As text a size, `bn`, `dropout:RATE`, `noise:SD` or `concat`; in a configuration file a size is a number:
/// `layers = [20, "bn", 10, "bn"]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DenseStep {
    /// A fully connected layer of so many outputs, and the activation.
    Size(usize),
    /// Batch normalisation of what is there.
    BatchNorm,
    /// Dropout of what is there, with this probability.
    Dropout(f64),
    /// Gaussian noise of this standard deviation on what is there, while training.
    Noise(f64),
    /// What came to the first of these steps, and beside it what is there.
    Concat,
}

/// The largest layer.
const MAX_SIZE: usize = 1 << 20;

impl DenseStep {
    fn size(size: u64) -> Result<Self, ParsePlanError> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if (1..=MAX_SIZE).contains(&size) {
            return Ok(Self::Size(size));
        }
        Err(ParsePlanError(format!(
            "layer size {size}, expected 1 to {MAX_SIZE}"
        )))
    }
}

impl FromStr for DenseStep {
    type Err = ParsePlanError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "bn" {
            return Ok(Self::BatchNorm);
        }
        if word == "concat" {
            return Ok(Self::Concat);
        }
        if let Some(rate) = dropout_rate(word) {
            return rate.map(Self::Dropout);
        }
        if let Some(deviation) = noise_deviation(word) {
            return deviation.map(Self::Noise);
        }
        match word.parse() {
            Ok(size) => Self::size(size),
            Err(_) => Err(ParsePlanError(format!(
                "`{word}` is no step of a dense net: expected a size (`20`), `bn`, `dropout:RATE`, `noise:SD` or `concat`"
            ))),
        }
    }
}

/// The rate in `dropout:RATE`; nothing where the word is none of this kind.
pub(crate) fn dropout_rate(word: &str) -> Option<Result<f64, ParsePlanError>> {
    let rest = word.strip_prefix("dropout")?;
    let rate = rest.strip_prefix(':').and_then(|rate| rate.parse().ok());
    let rate = rate.filter(|rate| (0.0..1.0).contains(rate));
    Some(rate.ok_or_else(|| {
        ParsePlanError(format!(
            "`{word}` has no usable rate: expected a probability from 0 to less than 1 (`dropout:.5`)"
        ))
    }))
}

/// The standard deviation in `noise:SD`; nothing where the word is none of this kind.
fn noise_deviation(word: &str) -> Option<Result<f64, ParsePlanError>> {
    let rest = word.strip_prefix("noise")?;
    let deviation = rest.strip_prefix(':').and_then(|rest| rest.parse().ok());
    let deviation = deviation.filter(|deviation: &f64| deviation.is_finite() && *deviation >= 0.0);
    Some(deviation.ok_or_else(|| {
        ParsePlanError(format!(
            "`{word}` has no usable standard deviation: expected 0 or more (`noise:16`)"
        ))
    }))
}

impl fmt::Display for DenseStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(size) => size.fmt(f),
            Self::BatchNorm => f.write_str("bn"),
            Self::Dropout(rate) => write!(f, "dropout:{rate}"),
            Self::Noise(deviation) => write!(f, "noise:{deviation}"),
            Self::Concat => f.write_str("concat"),
        }
    }
}

impl Serialize for DenseStep {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Size(size) => serializer.serialize_u64(*size as u64),
            word => serializer.collect_str(word),
        }
    }
}

impl<'de> Deserialize<'de> for DenseStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrWord)
    }
}

struct NumberOrWord;

impl Visitor<'_> for NumberOrWord {
    type Value = DenseStep;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a layer size, `\"bn\"`, `\"dropout:RATE\"`, `\"noise:SD\"` or `\"concat\"`")
    }

    fn visit_u64<E: Error>(self, size: u64) -> Result<DenseStep, E> {
        DenseStep::size(size).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, size: i64) -> Result<DenseStep, E> {
        match u64::try_from(size) {
            Ok(size) => self.visit_u64(size),
            Err(_) => Err(E::custom(format!(
                "layer size {size}, expected 1 to {MAX_SIZE}"
            ))),
        }
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<DenseStep, E> {
        word.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error as ValueError, I64Deserializer, StrDeserializer};

    /// What a configuration file would hold.
    struct Written(DenseStep);

    impl fmt::Display for Written {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    #[test]
    fn every_step_is_read_and_written() {
        for (text, step) in [
            ("20", DenseStep::Size(20)),
            ("bn", DenseStep::BatchNorm),
            ("dropout:0.5", DenseStep::Dropout(0.5)),
            ("noise:16", DenseStep::Noise(16.0)),
            ("concat", DenseStep::Concat),
        ] {
            assert_eq!(text.parse(), Ok(step));
            assert_eq!(step.to_string(), text);
            assert_eq!(Written(step).to_string(), text);
        }
        assert_eq!("dropout:.25".parse(), Ok(DenseStep::Dropout(0.25)));
        assert_eq!("dropout:0".parse(), Ok(DenseStep::Dropout(0.0)));
    }

    #[test]
    fn a_file_holds_sizes_as_numbers_and_the_rest_as_words() {
        let number: I64Deserializer<ValueError> = 20_i64.into_deserializer();
        assert_eq!(DenseStep::deserialize(number), Ok(DenseStep::Size(20)));
        let word: StrDeserializer<'_, ValueError> = "bn".into_deserializer();
        assert_eq!(DenseStep::deserialize(word), Ok(DenseStep::BatchNorm));
    }

    #[test]
    fn what_is_no_step_is_refused_in_words() {
        for (word, expected) in [
            ("0", "layer size 0, expected 1 to 1048576"),
            (
                "x",
                "`x` is no step of a dense net: expected a size (`20`), `bn`, `dropout:RATE`, `noise:SD` or `concat`",
            ),
            ("", "`` is no step"),
            ("2000000", "layer size 2000000"),
            ("-3", "`-3` is no step"),
            ("dropout", "`dropout` has no usable rate"),
            ("dropout:1", "from 0 to less than 1"),
            ("dropout:-.1", "`dropout:-.1` has no usable rate"),
            ("dropout:NaN", "no usable rate"),
            ("noise", "`noise` has no usable standard deviation"),
            ("noise:-1", "expected 0 or more"),
            ("noise:inf", "no usable standard deviation"),
        ] {
            let error = word.parse::<DenseStep>().expect_err("no step").to_string();
            assert!(error.contains(expected), "{word}: {error}");
        }
        let negative: I64Deserializer<ValueError> = (-3_i64).into_deserializer();
        let error = DenseStep::deserialize(negative).expect_err("no size");
        assert_eq!(error.to_string(), "layer size -3, expected 1 to 1048576");
    }
}
