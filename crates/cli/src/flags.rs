//! From the command line to a configuration: flags over `--set` over the file over the preset over the defaults.

use std::path::Path;

use espejo_train::config::{OptimizerKind, ScheduleKind};
use espejo_train::merge::{into_config, overlay, parse, parse_set};
use espejo_train::{Folder, Preset, RunConfig};
use serde_json::Value as Json;
use toml::{Table, Value};

use crate::args::TrainArgs;
use crate::output::{self, message, shown};

/// The configuration of a new run.
pub fn merged(args: &TrainArgs) -> anyhow::Result<RunConfig> {
    let mut over = Table::new();
    for assignment in &args.sets {
        overlay(&mut over, parse_set(assignment)?);
    }
    overlay(&mut over, flags(args)?);
    let (preset, data) = match args.preset.as_deref() {
        // Data may stand where a preset does: `espejo train fonts:all`, `espejo train my-pictures/`.
        Some(word) => match Preset::find(word) {
            Err(_) if espejo_data::is_source(word) => (None, Some(data_name(word))),
            found => (Some(found?), None),
        },
        None => (None, None),
    };
    if let (Some(Value::String(first)), Some(second)) = (&data, text_of(&over, "data", "name")) {
        return Err(output::usage(
            format!("two data sets, `{first}` and `{second}`"),
            "give one of them",
        ));
    }
    if let (Some(name), None) = (&data, text_of(&over, "data", "name")) {
        let mut inner = Table::new();
        inner.insert("name".into(), name.clone());
        overlay(
            &mut over,
            Table::from_iter([("data".to_owned(), Value::Table(inner))]),
        );
    }
    let data = text_of(&over, "data", "name").unwrap_or_else(|| "fonts".into());
    let kind = text_of(&over, "model", "kind").unwrap_or_else(|| "ae".into());
    let mut base = match (preset, &args.config) {
        (Some(preset), _) => preset.table(),
        (None, Some(_)) => Table::new(),
        (None, None) => Preset::suited(&data, &kind).table(),
    };
    drop_architecture(&mut base, &over);
    drop_training(&mut base, &over);
    if let Some(path) = &args.config {
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
        overlay(&mut base, table);
    }
    overlay(&mut base, over);
    Ok(into_config(base, "the merged configuration")?)
}

/// The keys of `[model]` that say how a net is convolutional.
const CONV_KEYS: [&str; 5] = ["conv", "kernel", "down", "up", "batch_norm"];

/// What a preset says of its layers does not bind a net that is asked for in another way: a whole list of layers brings its
/// own waist, convolutions take the place of dense layers and the other way round.
fn drop_architecture(preset: &mut Table, over: &Table) {
    let empty = Table::new();
    let asked = over
        .get("model")
        .and_then(Value::as_table)
        .unwrap_or(&empty);
    let Some(Value::Table(model)) = preset.get_mut("model") else {
        return;
    };
    // Of a loss with an output of its own, too.
    let loss = text_of(over, "objective", "loss");
    if matches!(loss.as_deref(), Some("bce" | "entropic")) {
        model.remove("output_activation");
    }
    let layers = asked.get("layers").and_then(Value::as_array);
    let whole = layers.is_some_and(|layers| layers.len() >= 3 && layers.first() == layers.last());
    // Dense layers cannot do without a waist.
    let no_waist = model.get("latent").and_then(Value::as_integer) == Some(0);
    let was_conv = model.contains_key("conv");
    let conv = asked.contains_key("conv");
    if whole || (conv && !was_conv) || (no_waist && layers.is_some()) {
        model.remove("latent");
    }
    if conv {
        // A net without a dense waist stays one, whatever its convolutions.
        if was_conv && !model.contains_key("latent") {
            model.insert("latent".into(), Value::Integer(0));
        }
        model.remove("layers");
    } else if layers.is_some() {
        model.retain(|key, _| !CONV_KEYS.contains(&key));
    }
}

/// The keys of `[train]` that are for double precision alone.
const DOUBLE_KEYS: [&str; 7] = [
    "precision",
    "max_evaluations",
    "max_iterations",
    "gradient",
    "adaptive_raise",
    "adaptive_after",
    "adaptive_lower",
];

/// Nor does what a preset says of its own optimiser bind another that is asked for, which may have no use for it.
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
    table.get(section)?.get(key)?.as_str().map(str::to_owned)
}

/// The flags as a table of the configuration.
fn flags(args: &TrainArgs) -> anyhow::Result<Table> {
    let integer = |flag: &str, value: Option<usize>| match value.map(i64::try_from) {
        Some(Err(_)) => Err(output::usage(
            format!("`{flag}` is too large"),
            format!("expected at most {}", i64::MAX),
        )),
        Some(Ok(value)) => Ok(Some(Value::Integer(value))),
        None => Ok(None),
    };
    let word = |value: &Option<String>| value.clone().map(Value::String);
    let switch = |on: bool| on.then_some(Value::Boolean(true));
    let seed = match args.seed.map(i64::try_from) {
        Some(Err(_)) => {
            return Err(output::usage(
                "`--seed` is too large",
                format!("expected at most {}", i64::MAX),
            ));
        }
        Some(Ok(seed)) => Some(Value::Integer(seed)),
        None => None,
    };
    let entries = [
        ("data", "name", args.data.as_deref().map(data_name)),
        ("data", "letters", word(&args.letters)),
        ("data", "first", integer("--first", args.first)?),
        ("data", "fraction", args.fraction.map(Value::Float)),
        ("data", "directory", args.data_dir.as_deref().map(absolute)),
        (
            "data",
            "classes",
            (!args.classes.is_empty())
                .then(|| Value::Array(args.classes.iter().cloned().map(Value::String).collect())),
        ),
        ("data", "subject", word(&args.subject)),
        ("data", "limit", integer("--limit", args.limit)?),
        (
            "data",
            "test_fraction",
            args.test_fraction.map(Value::Float),
        ),
        ("data", "size", word(&args.size)),
        ("data", "grey", switch(args.grey)),
        ("data", "label", word(&args.label)),
        ("data", "scale", word(&args.scale)),
        ("data", "skip_bad", switch(args.skip_bad)),
        ("model", "kind", word(&args.model)),
        (
            "model",
            "layers",
            args.layers.as_deref().map(layers).transpose()?,
        ),
        ("model", "conv", word(&args.conv)),
        ("model", "kernel", integer("--kernel", args.kernel)?),
        ("model", "down", word(&args.down)),
        ("model", "up", word(&args.up)),
        ("model", "batch_norm", switch(args.batch_norm)),
        ("model", "latent", integer("--latent", args.latent)?),
        ("model", "activation", word(&args.activation)),
        ("objective", "loss", word(&args.loss)),
        ("objective", "beta", args.beta.map(Value::Float)),
        (
            "objective",
            "kl_warmup",
            integer("--kl-warmup", args.kl_warmup)?,
        ),
        ("noise", "kind", word(&args.noise)),
        ("noise", "copies", integer("--copies", args.copies)?),
        ("train", "epochs", integer("--epochs", args.epochs)?),
        (
            "train",
            "batch_size",
            integer("--batch-size", args.batch_size)?,
        ),
        ("train", "learning_rate", args.lr.map(Value::Float)),
        ("train", "optimizer", word(&args.optimizer)),
        ("train", "precision", word(&args.precision)),
        (
            "train",
            "max_evaluations",
            integer("--max-evaluations", args.max_evaluations)?,
        ),
        (
            "train",
            "max_iterations",
            integer("--max-iterations", args.max_iterations)?,
        ),
        ("train", "gradient", word(&args.gradient)),
        ("train", "schedule", word(&args.schedule)),
        ("train", "patience", integer("--patience", args.patience)?),
        ("train", "target_loss", args.target_loss.map(Value::Float)),
        (
            "train",
            "samples_every",
            integer("--samples-every", args.samples_every)?,
        ),
        (
            "train",
            "device_memory",
            integer("--device-memory", args.device_memory)?,
        ),
        ("train", "seed", seed),
        ("train", "device", word(&args.device)),
    ];
    let mut table = Table::new();
    for (section, key, value) in entries {
        let Some(value) = value else { continue };
        let inner = table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(inner) = inner {
            inner.insert(key.into(), value);
        }
    }
    Ok(table)
}

/// The name of a data set; of a folder or file its absolute path, so that a run can be used from anywhere.
fn data_name(name: &str) -> Value {
    if let Some(set) = espejo_data::set_named(name) {
        return Value::String(set.name.to_owned());
    }
    // A misspelt name is no way to anywhere.
    if !name.contains(std::path::is_separator) && !Path::new(name).exists() {
        return Value::String(name.to_owned());
    }
    absolute(Path::new(name))
}

/// A path that is there, from the root on; another as it was given.
fn absolute(path: &Path) -> Value {
    let path = std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned());
    Value::String(path.to_string_lossy().into_owned())
}

/// `25` or `35,25,2,25,35`; an empty list for none.
fn layers(list: &str) -> anyhow::Result<Value> {
    let sizes = list
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| {
            size.parse::<i64>().map(Value::Integer).map_err(|_| {
                output::usage(
                    format!("`--layers {list}`: `{size}` is no size"),
                    "give whole numbers with commas, as in `--layers 35,25,2,25,35`",
                )
            })
        });
    Ok(Value::Array(sizes.collect::<anyhow::Result<_>>()?))
}

/// What changes no number of a run, but for those that follow.
const RESUMABLE: [(&str, &[&str]); 2] = [
    (
        "train",
        &[
            "epochs",
            "max_evaluations",
            "max_iterations",
            "device",
            "device_memory",
        ],
    ),
    ("data", &["directory"]),
];

/// The configuration of a run, for more epochs or another device if asked.
pub fn resumed_config(folder: &Folder, args: &TrainArgs) -> anyhow::Result<RunConfig> {
    check_resumable(args)?;
    let config = changed(folder.config()?, args)?;
    let Ok(report) = folder.report() else {
        return Ok(config);
    };
    if report["status"] == "completed" || is_past(&config, &report) {
        refuse_complete(folder, &config, &report)?;
    }
    Ok(config)
}

/// Refuses flags that would make another run of it.
fn check_resumable(args: &TrainArgs) -> anyhow::Result<()> {
    let mut allowed = flags(args)?;
    for (section, keys) in RESUMABLE {
        if let Some(Value::Table(inner)) = allowed.get_mut(section) {
            inner.retain(|key, _| !keys.contains(&key));
        }
    }
    let left = allowed
        .iter()
        .find(|(_, value)| value.as_table().is_some_and(|inner| !inner.is_empty()));
    let Some((section, Value::Table(inner))) = left else {
        return Ok(());
    };
    let key = inner.keys().next().map_or("", String::as_str);
    let hint = "only `--epochs`, `--max-evaluations`, `--max-iterations`, `--device`, `--device-memory` and `--data-dir` may change; start a new run for anything else";
    Err(output::usage(
        format!("a resumed run keeps its `{section}.{key}`"),
        hint,
    ))
}

/// The configuration of a run with what may change.
fn changed(mut config: RunConfig, args: &TrainArgs) -> anyhow::Result<RunConfig> {
    if let Some(epochs) = args.epochs.filter(|epochs| *epochs != config.train.epochs) {
        if config.train.schedule == ScheduleKind::Cosine {
            let note = "the run is no longer one that its `config.toml` repeats";
            message(&format!(
                "the cosine schedule now ends at epoch {epochs}: {note}"
            ));
        }
        config.train.epochs = epochs;
    }
    let train = &mut config.train;
    train.max_evaluations = args.max_evaluations.or(train.max_evaluations);
    train.max_iterations = args.max_iterations.or(train.max_iterations);
    if let Some(device) = &args.device {
        device.clone_into(&mut train.device);
    }
    if let Some(memory) = args.device_memory {
        train.device_memory = memory;
    }
    if let Some(directory) = &args.data_dir {
        config.data.directory = Some(std::path::absolute(directory)?);
    }
    Ok(config)
}

/// Epochs, iterations and evaluations that a run has done.
fn done(report: &Json) -> (u64, Option<u64>, Option<u64>) {
    let optimizer = &report["optimizer"];
    (
        report["epochs"]["completed"].as_u64().unwrap_or(0),
        optimizer["iterations"].as_u64(),
        optimizer["evaluations"].as_u64(),
    )
}

/// Whether a run that did not complete has done more than is asked for.
fn is_past(config: &RunConfig, report: &Json) -> bool {
    let (epochs, iterations, _) = done(report);
    iterations.is_none() && epochs > config.train.epochs as u64
}

/// Refuses to go on with a run that is complete.
fn refuse_complete(folder: &Folder, config: &RunConfig, report: &Json) -> anyhow::Result<()> {
    let run = shown(folder.path());
    if let Some(reason) = report["reason"].as_str() {
        let hint = format!("train anew with `--config {run}/config.toml` and what shall differ");
        return Err(output::usage(
            format!("run `{run}` is complete: {reason}"),
            hint,
        ));
    }
    let complete = |what: &str, count: u64, flag: &str| {
        let hint = format!("`--{flag} {}` would go on", count * 2);
        Err(output::usage(
            format!("run `{run}` is complete: {count} {what}"),
            hint,
        ))
    };
    let train = &config.train;
    match done(report) {
        (_, _, Some(count))
            if train
                .max_evaluations
                .is_some_and(|most| count >= most as u64) =>
        {
            complete("evaluations", count, "max-evaluations")
        }
        (_, Some(count), _) if count >= train.iterations() as u64 => {
            let flag = match train.max_iterations {
                Some(_) => "max-iterations",
                None => "epochs",
            };
            complete("iterations", count, flag)
        }
        (count, None, _) if count >= train.epochs as u64 => complete("epochs", count, "epochs"),
        _ => Ok(()),
    }
}
