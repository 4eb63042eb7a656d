//! The configuration of a new run: flags over `--set` over the file over the preset over the defaults.

use std::path::Path;

use espejo_data::FitKind;
use espejo_train::config::{ModelKind, OptimizerKind};
use espejo_train::merge::{into_config, into_config_called, overlay, parse, parse_set};
use espejo_train::{Folder, Preset, RunConfig};
use toml::{Table, Value};

use super::flags::{TrainArgs, data_name, flag_of};
use crate::output::{self, shown};

/// The configuration of a run, and how much of it stands.
pub struct Merged {
    pub config: RunConfig,
    /// The keys that were given, where the data may decide the others: no preset and no file has said them.
    pub said: Option<Table>,
}

impl From<RunConfig> for Merged {
    /// A configuration that stands as it is.
    fn from(config: RunConfig) -> Self {
        Self { config, said: None }
    }
}

/// What a configuration is merged from, the later over the earlier.
pub struct Layers {
    pub preset: Option<Preset>,
    /// The keys of a configuration file, where one was given.
    pub file: Option<Table>,
    /// The keys of `--set` and of the flags.
    pub over: Table,
}

/// The configuration of a new run.
pub fn merged(args: &TrainArgs) -> anyhow::Result<Merged> {
    let mut merged = layers_of(args)?.merged()?;
    if let Some(run) = &args.model.init_from {
        let folder = Folder::find(run, &args.run.out)?;
        merged.config.model.init_from(&folder)?;
    }
    Ok(merged)
}

/// What the arguments give, each checked on its own.
pub fn layers_of(args: &TrainArgs) -> anyhow::Result<Layers> {
    let mut over = Table::new();
    for assignment in &args.sets {
        let table = parse_set(assignment)?;
        // Each on its own first, so that what is wrong is told of what was typed.
        let called = |key: &str| format!("`{key}` in `--set {assignment}`");
        into_config_called(table.clone(), assignment, &called)?;
        overlay(&mut over, table);
    }
    let flags = args.table()?;
    into_config_called(flags.clone(), "the flags", &flag_of)?;
    overlay(&mut over, flags);
    let (preset, data) = match args.preset.as_deref() {
        Some(word) => preset_or_data(word)?,
        None => (None, None),
    };
    if let (Some(first), Some(second)) = (&data, text_of(&over, "data", "name")) {
        return Err(output::usage(
            format!("two data sets, `{first}` and `{second}`"),
            "give one of them",
        ));
    }
    if let (Some(name), None) = (&data, text_of(&over, "data", "name")) {
        let mut inner = Table::new();
        inner.insert("name".into(), Value::String(name.clone()));
        overlay(
            &mut over,
            Table::from_iter([("data".to_owned(), Value::Table(inner))]),
        );
    }
    let file = args.config.as_deref().map(read_file).transpose()?;
    Ok(Layers { preset, file, over })
}

/// The keys of a configuration file.
fn read_file(path: &Path) -> anyhow::Result<Table> {
    let origin = shown(path);
    let text = std::fs::read_to_string(path).map_err(|error| {
        output::usage(
            format!("cannot read `{origin}`: {error}"),
            "`--config` takes a file such as a run's `config.toml`",
        )
    })?;
    let table = parse(&text, &origin)?;
    // Read on its own first, so that what is wrong in the file is told of the file.
    into_config(table.clone(), &origin)?;
    Ok(table)
}

impl Layers {
    /// The configuration.
    pub fn merged(self) -> anyhow::Result<Merged> {
        let Self { preset, file, over } = self;
        let data = text_of(&over, "data", "name").unwrap_or_else(|| "fonts".into());
        let kind = kind_of(&over);
        let mut base = match (preset, &file) {
            (Some(preset), _) => preset.table(),
            (None, Some(_)) => Table::new(),
            // Rows with a shape are images.
            (None, None) if text_of(&over, "data", "shape").is_some() => {
                Preset::for_images(kind).table()
            }
            (None, None) if asks_texts(&over) || espejo_data::is_text_folder(&data) => texts(kind),
            (None, None) => Preset::suited(&data, kind).table(),
        };
        drop_architecture(&mut base, &over);
        drop_training(&mut base, &over);
        // The built-in fonts have presets of their own.
        let is_open = preset.is_none() && file.is_none() && !data.starts_with("fonts");
        let said = is_open.then(|| over.clone());
        let has_file = file.is_some();
        if let Some(table) = file {
            overlay(&mut base, table);
        }
        choose_fit(&mut base, &over, has_file);
        let fit_given = value_of(&over, "data", "fit").is_some();
        overlay(&mut base, over);
        let config = into_config(base, "the merged configuration")?;
        if fit_given && config.data.size.is_none() {
            return Err(output::usage(
                "`--fit` says how images are brought to a size, and no size is given",
                "add `--size 64x64`, or leave `--fit` out",
            ));
        }
        Ok(Merged { config, said })
    }
}

/// Whether flags or `--set` ask for texts.
fn asks_texts(over: &Table) -> bool {
    let mut keys = ["text", "text_as"].iter();
    keys.any(|key| value_of(over, "data", key).is_some())
}

/// The preset of a kind for texts, whose numbers are not scaled.
fn texts(kind: ModelKind) -> Table {
    let mut base = Preset::for_texts(kind).table();
    if let Some(Value::Table(data)) = base.get_mut("data") {
        data.remove("scale");
    }
    base
}

/// Lets a size that is new cut images to its form; a preset or a file that names a size was made with images stretched to it.
fn choose_fit(base: &mut Table, over: &Table, has_file: bool) {
    let is_new =
        value_of(over, "data", "size").is_some() && value_of(base, "data", "size").is_none();
    if is_new && !has_file {
        let data = base.entry("data").or_insert(Value::Table(Table::new()));
        if let Value::Table(data) = data {
            data.insert("fit".into(), Value::String(FitKind::Crop.name().into()));
        }
    }
}

/// The preset of this name; or data, which may stand where a preset does: `espejo train fonts:all`, `espejo train my-pictures/`.
fn preset_or_data(word: &str) -> anyhow::Result<(Option<Preset>, Option<String>)> {
    use espejo_data::Error as DataError;
    if let Some(preset) = Preset::named(word) {
        return Ok((Some(preset), None));
    }
    // Not read yet: that takes as long as all that follows where the data is large.
    match espejo_data::check_source(word) {
        Ok(()) => Ok((None, Some(data_name(word)))),
        // Neither a preset nor a data set: both are listed.
        Err(DataError::UnknownDataSet { .. }) => Ok((Some(Preset::find(word)?), None)),
        Err(other) => Err(espejo_train::Error::from(other).into()),
    }
}

/// The family of models that flags or `--set` ask for; a word that is none was refused with its flag.
fn kind_of(over: &Table) -> ModelKind {
    let word = text_of(over, "model", "kind");
    let kind = word.and_then(|word| Value::String(word).try_into().ok());
    kind.unwrap_or_default()
}

/// Keys of `[model]` that are for convolutional networks alone.
const CONV_KEYS: [&str; 5] = ["conv", "kernel", "down", "up", "batch_norm"];

/// Drops the preset's layers where the flags ask for other ones: a whole list of layers has its own bottleneck, and
/// convolutional layers replace dense ones and the other way round.
fn drop_architecture(preset: &mut Table, over: &Table) {
    let empty = Table::new();
    let asked = over
        .get("model")
        .and_then(Value::as_table)
        .unwrap_or(&empty);
    let own = text_of(preset, "model", "kind");
    let kind = text_of(over, "model", "kind").or(own).unwrap_or_default();
    // A word that is no family is refused with the whole configuration.
    let kind: ModelKind = Value::String(kind).try_into().unwrap_or_default();
    let Some(Value::Table(model)) = preset.get_mut("model") else {
        return;
    };
    // These losses have an output activation of their own.
    let loss = text_of(over, "objective", "loss");
    if matches!(loss.as_deref(), Some("bce" | "entropic")) {
        model.remove("output_activation");
    }
    let layers = asked.get("layers").and_then(Value::as_array);
    let whole = layers.is_some_and(|layers| layers.len() >= 3 && layers.first() == layers.last());
    // Dense layers need a bottleneck.
    let no_bottleneck = model.get("latent").and_then(Value::as_integer) == Some(0);
    let was_conv = model.contains_key("conv");
    let conv = asked.contains_key("conv");
    if whole || (conv && !was_conv) || (no_bottleneck && layers.is_some()) {
        model.remove("latent");
    }
    if conv {
        // A network without a dense bottleneck stays one, whatever its convolutions; a chain has none in any case.
        if was_conv && !model.contains_key("latent") && kind.has_code() {
            model.insert("latent".into(), Value::Integer(0));
        }
        model.remove("layers");
    } else if layers.is_some() {
        model.retain(|key, _| !CONV_KEYS.contains(&key));
    }
}

/// Keys of `[train]` that are for double precision alone.
const DOUBLE_KEYS: [&str; 7] = [
    "precision",
    "max_evaluations",
    "max_iterations",
    "gradient",
    "adaptive_raise",
    "adaptive_after",
    "adaptive_lower",
];

/// Drops the preset's settings of an optimizer where the flags ask for another one, which may not know them.
fn drop_training(preset: &mut Table, over: &Table) {
    let optimizer = text_of(over, "train", "optimizer");
    let precision = text_of(over, "train", "precision");
    let Some(Value::Table(train)) = preset.get_mut("train") else {
        return;
    };
    let kind = optimizer.and_then(|name| Value::String(name).try_into::<OptimizerKind>().ok());
    let classical = kind.is_some_and(OptimizerKind::is_classical);
    if classical || precision.as_deref() == Some("double") {
        train.retain(|key, _| !key.starts_with("schedule") && key != "clip_norm");
    } else if kind.is_some() || precision.is_some() {
        train.retain(|key, _| !DOUBLE_KEYS.contains(&key));
    }
    if matches!(
        kind,
        Some(OptimizerKind::Powell | OptimizerKind::NelderMead)
    ) {
        train.remove("gradient");
    }
}

fn text_of(table: &Table, section: &str, key: &str) -> Option<String> {
    value_of(table, section, key)?.as_str().map(str::to_owned)
}

fn value_of<'a>(table: &'a Table, section: &str, key: &str) -> Option<&'a Value> {
    table.get(section)?.get(key)
}
