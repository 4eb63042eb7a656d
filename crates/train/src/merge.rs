//! From tables to a configuration: flags over `--set` over the file over the preset over the defaults.

use toml::{Table, Value};

use crate::Error;
use crate::config::{
    AugmentConfig, DataConfig, LossKind, ModelConfig, NoiseConfig, ObjectiveConfig, RunConfig,
    TrainConfig,
};
use crate::error::OTHER_VERSION;
use crate::key_names::keys_of;
use crate::suggest::{hint, nearest_word};

/// The sections of a configuration and their keys, as their types name them.
pub(crate) fn sections() -> [(&'static str, &'static [&'static str]); 6] {
    [
        ("data", keys_of::<DataConfig>()),
        ("model", keys_of::<ModelConfig>()),
        ("objective", keys_of::<ObjectiveConfig>()),
        ("noise", keys_of::<NoiseConfig>()),
        ("augment", keys_of::<AugmentConfig>()),
        ("train", keys_of::<TrainConfig>()),
    ]
}

/// Lays `over` on `base`, key by key.
pub fn overlay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(table)) => overlay(inner, table),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The table of a TOML text; `origin` names it in errors.
///
/// # Errors
///
/// When the text is no TOML, or has keys that no configuration has.
pub fn parse(text: &str, origin: &str) -> Result<Table, Error> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        Error::config(
            format!("`{origin}` is not TOML: {}", error.message().trim()),
            None,
        )
    })?;
    check_keys(&table, origin)?;
    Ok(table)
}

/// The table of one `section.key=value`, whose value is read as TOML and, failing that, as a string.
///
/// # Errors
///
/// When it has no such form, or no configuration has this key.
pub fn parse_set(assignment: &str) -> Result<Table, Error> {
    parse_assignment(assignment, "--set")
}

/// The table of one `section.key=value` that a flag was given.
///
/// # Errors
///
/// As [`parse_set`]; the error names the flag.
pub fn parse_assignment(assignment: &str, flag: &str) -> Result<Table, Error> {
    let form = || {
        Error::config(
            format!("`{flag} {assignment}` needs the form `section.key=value`"),
            Some(format!("as in `{flag} train.epochs=100`")),
        )
    };
    let (path, value) = assignment.split_once('=').ok_or_else(form)?;
    let (section, key) = path.trim().split_once('.').ok_or_else(form)?;
    let value = match format!("value = {value}").parse::<Table>() {
        Ok(mut table) => table.remove("value").ok_or_else(form)?,
        // TOML wants a digit before the point; flags do not.
        Err(_) => match value.trim().parse() {
            Ok(number) if value.contains('.') => Value::Float(number),
            _ => Value::String(value.trim().to_owned()),
        },
    };
    let mut inner = Table::new();
    inner.insert(key.trim().to_owned(), value);
    let mut table = Table::new();
    table.insert(section.trim().to_owned(), Value::Table(inner));
    check_keys(&table, &format!("{flag} {assignment}"))?;
    Ok(table)
}

/// The configuration that a merged table describes.
///
/// # Errors
///
/// When a value has the wrong type or is no accepted word; the error names the key.
pub fn into_config(table: Table, origin: &str) -> Result<RunConfig, Error> {
    into_config_called(table, origin, &|key| format!("`{key}` in `{origin}`"))
}

/// The configuration that a merged table describes; `called` is how messages call a key such as `train.epochs`.
///
/// # Errors
///
/// As [`into_config`].
pub fn into_config_called(
    table: Table,
    origin: &str,
    called: &dyn Fn(&str) -> String,
) -> Result<RunConfig, Error> {
    let version = match table.get("version") {
        None => RunConfig::default().version.into(),
        Some(Value::Integer(version @ (1 | 2))) => *version,
        Some(other) => {
            return Err(Error::config(
                format!("`{origin}` has version {other}, expected 1 or 2"),
                Some(OTHER_VERSION.to_owned()),
            ));
        }
    };
    let mut table = table;
    table.insert("version".into(), Value::Integer(version));
    // The dense layers that a dense net starts from are none of a convolutional one's.
    if let Some(Value::Table(model)) = table.get_mut("model")
        && model.contains_key("conv")
        && !model.contains_key("layers")
    {
        model.insert("layers".into(), Value::Array(Vec::new()));
    }
    let objective = table.get("objective").and_then(Value::as_table);
    let has_loss = objective.is_some_and(|objective| objective.contains_key("loss"));
    let config = serde_path_to_error::deserialize(Value::Table(table));
    let mut config: RunConfig = config.map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner();
        unusable(&called(&path), reason.message().trim())
    })?;
    config.train.complete();
    if !has_loss {
        config.objective.loss = LossKind::usual(config.model.kind);
    }
    Ok(config)
}

/// Refuses keys that no configuration has.
fn check_keys(table: &Table, origin: &str) -> Result<(), Error> {
    let known = sections();
    let names: Vec<&str> = known.iter().map(|(section, _)| *section).collect();
    for (section, value) in table {
        if section == "version" {
            continue;
        }
        let Some((_, keys)) = known.iter().find(|(name, _)| name == section) else {
            return Err(unknown("section", section, &names, origin));
        };
        let Value::Table(inner) = value else {
            return Err(Error::config(
                format!("`{section}` in `{origin}` must be a section, `[{section}]`"),
                None,
            ));
        };
        if let Some(key) = inner.keys().find(|key| !keys.contains(&key.as_str())) {
            return Err(unknown("key", &format!("{section}.{key}"), keys, origin));
        }
    }
    Ok(())
}

fn unknown(what: &str, found: &str, accepted: &[&str], origin: &str) -> Error {
    let word = found.rsplit('.').next().unwrap_or(found);
    Error::config(
        format!("unknown {what} `{found}` in `{origin}`"),
        hint(word, accepted),
    )
}

/// The error of a value that a key does not take, from the parser's own words.
fn unusable(key: &str, reason: &str) -> Error {
    let unknown = reason.strip_prefix("unknown variant `");
    if let Some((word, expected)) = unknown.and_then(|rest| rest.split_once("`, ")) {
        let accepted: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        let near = nearest_word(word, &accepted);
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        return Error::config(format!("{key} is `{word}`, {expected}"), hint);
    }
    let reason = plain(reason);
    let invalid = ["invalid type: ", "invalid value: "];
    let rest = invalid.iter().find_map(|kind| reason.strip_prefix(kind));
    let message = match rest.and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => format!("{key} is {}, expected {expected}", found_value(found)),
        None => format!("{key}: {reason}"),
    };
    Error::config(message, None)
}

/// A value that was found, without the parser's word for its type.
fn found_value(found: &str) -> String {
    let kinds = ["string ", "integer ", "floating point ", "boolean "];
    let value = kinds.iter().find_map(|kind| found.strip_prefix(kind));
    match (value, found) {
        (Some(value), _) => format!("`{}`", value.trim_matches(['"', '`'])),
        (None, "sequence") => "a list".to_owned(),
        (None, "map") => "a section".to_owned(),
        (None, other) => other.to_owned(),
    }
}

/// What a value should be, in words that are not Rust's.
fn plain(message: &str) -> String {
    let words = [
        ("expected usize", "expected a whole number of 0 or more"),
        ("expected u64", "expected a whole number of 0 or more"),
        ("expected u32", "expected a whole number of 0 or more"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected a list such as `[25]`"),
        ("expected a boolean", "expected `true` or `false`"),
        ("expected string or map", "expected a word in quotes"),
    ];
    words.iter().fold(message.to_owned(), |text, (from, to)| {
        text.replace(from, to)
    })
}

impl RunConfig {
    /// The whole configuration as TOML; `espejo train --config` on it repeats the run.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration is plain values")
    }

    /// The configuration in a TOML text; `origin` names it in errors.
    ///
    /// # Errors
    ///
    /// When the text is no TOML, or has unknown keys or unusable values.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, Error> {
        into_config(parse(text, origin)?, origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key of every struct, optional ones filled in.
    fn full() -> RunConfig {
        let text = r#"
            [data]
            letters = "AB"
            first = 1
            fraction = 0.5
            directory = "data"
            classes = ["A"]
            subject = "1"
            limit = 10
            test_fraction = 0.2
            fold = "1/5"
            folds = 5
            repeats = 3
            size = "50x37"
            fit = "pad"
            grey = true
            label = "class"
            target = "price"
            columns = ["a"]
            drop = ["b"]
            index = "id"
            group = "patient"
            header = true
            missing = ["-999"]
            missing_in = ["age"]
            fill = "mean"
            missing_mask = true
            dates = ["day"]
            shape = "28x28"
            split = "time"
            pixel_range = [0.0, 16.0]
            permute = true
            scale = "standardise"
            words = 500
            text = "review"
            text_as = "sequence"
            text_length = 40
            window = 25
            stride = 5
            lags = 12
            skip_bad = true
            [model]
            conv = "32,16"
            embedding = 8
            latent = 2
            output_activation = "sigmoid"
            range = "unit"
            code_noise = 1.0
            init_from = "runs/first"
            freeze = true
            [objective]
            label_smoothing = 0.1
            [noise]
            kind = "none"
            [augment]
            flip = true
            [train]
            warmup = 1
            ema = 0.99
            target_loss = 1.0
            epsilon_inside = true
            precision = "double"
            vector_width = 256
            max_evaluations = 10
            max_iterations = 10
            gradient = "finite"
            adaptive_raise = 1e-4
            adaptive_after = 3
            adaptive_lower = 1e-5
        "#;
        RunConfig::from_toml(text, "test").expect("every key is known")
    }

    #[test]
    fn the_key_list_is_the_structs() {
        let table: Table = full().to_toml().parse().expect("own output parses");
        for (section, keys) in sections() {
            let Value::Table(inner) = &table[section] else {
                panic!("{section} is a section")
            };
            let mut found: Vec<&str> = inner.keys().map(String::as_str).collect();
            let mut expected = keys.to_vec();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "[{section}]");
        }
    }

    #[test]
    fn a_configuration_survives_the_file() {
        let config = full();
        assert_eq!(
            RunConfig::from_toml(&config.to_toml(), "test").expect("own output parses"),
            config
        );
        let default = RunConfig::default();
        assert_eq!(
            RunConfig::from_toml(&default.to_toml(), "test").expect("own output parses"),
            default
        );
    }

    #[test]
    fn later_layers_win_key_by_key() {
        let mut base = parse("[train]\nepochs = 5\nseed = 1", "a").expect("valid");
        overlay(&mut base, parse("[train]\nepochs = 7", "b").expect("valid"));
        overlay(&mut base, parse_set("train.seed=9").expect("valid"));
        overlay(&mut base, parse_set("noise.kind=flip:.1").expect("valid"));
        let config = into_config(base, "merged").expect("valid");
        assert_eq!((config.train.epochs, config.train.seed), (7, 9));
        assert_eq!(config.noise.kind.as_deref(), Some("flip:.1"));
    }

    #[test]
    fn a_value_that_a_key_does_not_take_is_told_in_plain_words() {
        let refused = |text: &str| {
            let error = RunConfig::from_toml(text, "a.toml").expect_err(text);
            (error.to_string(), error.hint())
        };
        assert_eq!(
            refused("[train]\ngradient = \"exat\""),
            (
                "`train.gradient` in `a.toml` is `exat`, expected `exact` or `finite`".to_owned(),
                Some("did you mean `exact`?".to_owned())
            )
        );
        assert_eq!(
            refused("[train]\nepochs = \"ten\"").0,
            "`train.epochs` in `a.toml` is `ten`, expected a whole number of 0 or more"
        );
        assert_eq!(
            refused("[model]\nlayers = 25").0,
            "`model.layers` in `a.toml` is `25`, expected a list such as `[25]`"
        );
        let (message, hint) = refused("[model]\nkind = \"gan\"");
        assert!(
            message.starts_with("`model.kind` in `a.toml` is `gan`, expected one of `ae`, `dae`"),
            "{message}"
        );
        assert_eq!(hint, None);
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let error = parse("[train]\nlearning_rat = 1", "x.toml").expect_err("unknown key");
        assert_eq!(
            error.to_string(),
            "unknown key `train.learning_rat` in `x.toml`"
        );
        assert!(
            error
                .hint()
                .expect("has a hint")
                .starts_with("did you mean `learning_rate`?")
        );
    }
}
