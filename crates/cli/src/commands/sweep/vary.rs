//! What a sweep varies: `KEY=VALUES`, from text to values of the configuration.

use espejo_train::merge::parse_assignment;
use toml::Value;

use crate::output::usage;

/// The key whose values are repetitions of a setting.
pub const SEED: &str = "train.seed";

/// Whole numbers that a range may have, at most.
const LONGEST_RANGE: i64 = 100_000;

/// A key with the values that it may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Varied {
    /// As in `train.learning_rate`.
    pub key: String,
    pub values: Values,
}

/// The values that a key may have.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// These.
    List(Vec<Value>),
    /// Any number between two, each as likely.
    Uniform(f64, f64),
    /// Any number between two positive ones, their logarithms each as likely.
    Logarithmic(f64, f64),
}

impl Varied {
    /// Reads `model.latent=2,8,32`, `train.seed=1..5`, `train.learning_rate=log:1e-4..1e-2`.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let Some((key, values)) = text.split_once('=') else {
            return Err(usage(
                format!("`--vary {text}` needs the form `section.key=values`"),
                "as in `--vary model.latent=2,8,32` or `--vary train.seed=1..5`",
            ));
        };
        Self::of_text(key.trim(), values.trim())
    }

    /// The values that a text lists.
    pub fn of_text(key: &str, text: &str) -> anyhow::Result<Self> {
        let values = match (text.strip_prefix("log:"), range(text)) {
            (Some(rest), _) => logarithmic(key, text, rest)?,
            (None, Some(ends)) => between(key, text, ends)?,
            (None, None) => Values::List(listed(text)),
        };
        Self::checked(key, values)
    }

    /// The values of a TOML file: a list of them, or a text as on the command line.
    pub fn of_toml(key: &str, value: &Value) -> anyhow::Result<Self> {
        match value {
            Value::Array(values) => Self::checked(key, Values::List(values.clone())),
            Value::String(text) => Self::of_text(key, text),
            single => Self::checked(key, Values::List(vec![single.clone()])),
        }
    }

    /// Refuses a key that no configuration has, values that it does not take, and a value that is there twice.
    fn checked(key: &str, values: Values) -> anyhow::Result<Self> {
        let examples = match &values {
            Values::List(values) => values.clone(),
            Values::Uniform(low, high) | Values::Logarithmic(low, high) => {
                vec![Value::Float(*low), Value::Float(*high)]
            }
        };
        if examples.is_empty() {
            return Err(usage(
                format!("`{key}` has no value to vary"),
                "give some, as in `--vary model.latent=2,8`",
            ));
        }
        for (place, value) in examples.iter().enumerate() {
            setting(key, value)?;
            if matches!(values, Values::List(_)) && examples[..place].contains(value) {
                return Err(usage(
                    format!("`{key}` has the value {} twice", shown_value(value)),
                    "give each value once; `--vary train.seed=1..5` repeats every setting",
                ));
            }
        }
        Ok(Self {
            key: key.to_owned(),
            values,
        })
    }
}

/// The table of a configuration with this one key.
pub fn setting(key: &str, value: &Value) -> anyhow::Result<toml::Table> {
    let table = parse_assignment(&format!("{key}={value}"), "--vary")?;
    let origin = format!("{key}={}", shown_value(value));
    let called = |key: &str| format!("`{key}` in `{origin}`");
    espejo_train::merge::into_config_called(table.clone(), &origin, &called)?;
    Ok(table)
}

/// A value as people read it: text without quotes, numbers without many zeros.
pub fn shown_value(value: &Value) -> String {
    const LONG: usize = 8;
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => match format!("{number}") {
            plain if plain.len() <= LONG => plain,
            plain => {
                let short = format!("{number:e}");
                if short.len() < plain.len() {
                    short
                } else {
                    plain
                }
            }
        },
        other => other.to_string(),
    }
}

/// The ends of `1..5`.
fn range(text: &str) -> Option<(&str, &str)> {
    let (low, high) = text.split_once("..")?;
    let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
    (is_number(low) && is_number(high)).then_some((low.trim(), high.trim()))
}

fn between(key: &str, text: &str, (low, high): (&str, &str)) -> anyhow::Result<Values> {
    if let (Ok(low), Ok(high)) = (low.parse::<i64>(), high.parse::<i64>()) {
        if low > high || high.saturating_sub(low) >= LONGEST_RANGE {
            return Err(usage(
                format!("`{key}={text}` is no range of up to {LONGEST_RANGE} whole numbers"),
                "give the lower end first, as in `1..5`",
            ));
        }
        return Ok(Values::List((low..=high).map(Value::Integer).collect()));
    }
    let (low, high) = ends(key, text, low, high)?;
    Ok(Values::Uniform(low, high))
}

fn logarithmic(key: &str, text: &str, rest: &str) -> anyhow::Result<Values> {
    let Some((low, high)) = range(rest) else {
        return Err(usage(
            format!("`{key}={text}` names no range"),
            "as in `log:1e-4..1e-2`",
        ));
    };
    let (low, high) = ends(key, text, low, high)?;
    if low <= 0.0 {
        return Err(usage(
            format!("`{key}={text}`: a logarithmic range begins above 0"),
            "as in `log:1e-4..1e-2`",
        ));
    }
    Ok(Values::Logarithmic(low, high))
}

fn ends(key: &str, text: &str, low: &str, high: &str) -> anyhow::Result<(f64, f64)> {
    match (low.parse::<f64>(), high.parse::<f64>()) {
        (Ok(low), Ok(high)) if low.is_finite() && high.is_finite() && low < high => Ok((low, high)),
        _ => Err(usage(
            format!("`{key}={text}` is no range"),
            "give two numbers, the lower one first, as in `0.1..0.5`",
        )),
    }
}

/// The values between commas; commas within brackets and quotes belong to a value.
fn listed(text: &str) -> Vec<Value> {
    let (mut depth, mut quoted, mut start) = (0_usize, false, 0);
    let mut parts = Vec::new();
    for (place, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(&text[start..place]);
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let parts = parts.into_iter().map(str::trim);
    parts.filter(|part| !part.is_empty()).map(value).collect()
}

/// A value as TOML has it; what is no TOML is a text, but for numbers that begin with the point.
fn value(text: &str) -> Value {
    let table = format!("value = {text}").parse::<toml::Table>();
    let value = table.ok().and_then(|mut table| table.remove("value"));
    value.unwrap_or_else(|| match text.parse() {
        Ok(number) if text.contains('.') => Value::Float(number),
        _ => Value::String(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        match Varied::parse(text).expect(text).values {
            Values::List(values) => values.iter().map(ToString::to_string).collect(),
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn lists_ranges_and_fractions_are_read() {
        for (text, expected) in [
            ("model.latent=2,8,32", &["2", "8", "32"][..]),
            ("train.seed=3..5", &["3", "4", "5"]),
            ("model.layers=[25],[50,25]", &["[25]", "[50, 25]"]),
            ("model.activation=relu, tanh", &["\"relu\"", "\"tanh\""]),
            ("train.learning_rate=.01,1e-3", &["0.01", "0.001"]),
            (
                "train.learning_rate=log:1e-4..1e-2",
                &["Logarithmic(0.0001, 0.01)"],
            ),
            ("train.learning_rate=0.1..0.5", &["Uniform(0.1, 0.5)"]),
            (
                "noise.kind=flip:.1,flip:.2",
                &["\"flip:.1\"", "\"flip:.2\""],
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_shown_in_their_shorter_form() {
        for (number, expected) in [
            (0.001, "0.001"),
            (1e-6, "0.000001"),
            (1e30, "1e30"),
            (2e-7, "2e-7"),
        ] {
            assert_eq!(shown_value(&Value::Float(number)), expected);
        }
    }

    #[test]
    fn what_no_configuration_takes_is_refused() {
        for (text, expected) in [
            (
                "latent",
                "`--vary latent` needs the form `section.key=values`",
            ),
            ("model.latnt=2", "unknown key `model.latnt`"),
            (
                "model.latent=two",
                "`model.latent` in `model.latent=two` is `two`",
            ),
            ("model.latent=2,2", "`model.latent` has the value 2 twice"),
            ("train.seed=5..1", "`train.seed=5..1` is no range of up to"),
            ("train.learning_rate=log:0..1", "begins above 0"),
            (
                "train.learning_rate=0.5..0.1",
                "`train.learning_rate=0.5..0.1` is no range",
            ),
            ("model.latent=", "`model.latent` has no value to vary"),
        ] {
            let error = Varied::parse(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
