//! `espejo train`: from flags to a run folder with its pictures.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use espejo_train::config::ScheduleKind;
use espejo_train::merge::{into_config, overlay, parse, parse_set};
use espejo_train::{
    Folder, Outcome, Prepared, Preset, RunConfig, Status, data_json, fit, layer_table, model_json,
    prepare,
};
use serde_json::{Value as Json, json};
use toml::{Table, Value};

use crate::args::TrainArgs;
use crate::figures;
use crate::output::{self, message, shown};
use crate::progress::Progress;
use crate::table::results_table;

/// Trains; the exit code is 0, or 130 when interrupted after saving.
pub fn train(args: TrainArgs, json: bool) -> anyhow::Result<u8> {
    let (config, resumed) = match &args.resume {
        Some(run) => {
            let folder = Folder::find(run, &args.out)?;
            (resumed_config(&folder, &args)?, Some(folder))
        }
        None => (merged(&args)?, None),
    };
    if args.print_config {
        output::text(&config.to_toml())?;
        return Ok(0);
    }
    let prepared = prepare(config)?;
    if args.dry_run {
        return dry_run(&prepared, json).map(|()| 0);
    }
    let folder = match resumed {
        Some(folder) => folder,
        None => Folder::create(&args.out, args.name.as_deref(), &prepared.config)?,
    };
    let chosen = &prepared.chosen;
    message(&format!("device {}: {}", chosen.used, chosen.why));
    let outcome = watched(&prepared, &folder)?;
    let path = shown(folder.path());
    if outcome.status == Status::Stopped {
        message(&format!(
            "stopped after saving; go on with `{} train --resume {path}`",
            program()
        ));
        if json {
            output::json(&with_run(&outcome.report, &path, &[]))?;
        }
        return Ok(130);
    }
    let drawn = if args.no_figures {
        Vec::new()
    } else {
        figures::draw_all(&outcome.trained, &folder)?
    };
    if json {
        output::json(&with_run(&outcome.report, &path, &drawn))?;
    } else {
        output::text(&summary(&prepared, &outcome, &path, &drawn))?;
    }
    Ok(0)
}

/// Flags over `--set` over the file over the preset over the defaults.
fn merged(args: &TrainArgs) -> anyhow::Result<RunConfig> {
    let mut over = Table::new();
    for assignment in &args.sets {
        overlay(&mut over, parse_set(assignment)?);
    }
    overlay(&mut over, flags(args)?);
    let (preset, data) = match args.preset.as_deref() {
        // A data set may stand where a preset does: `espejo train fonts:all`.
        Some(word) if espejo_data::names().iter().any(|set| set.name == word) => {
            (None, Some(word.to_owned()))
        }
        Some(word) => (Some(Preset::find(word)?), None),
        None => (None, None),
    };
    if let (Some(name), None) = (&data, text_of(&over, "data", "name")) {
        overlay(&mut over, parse_set(&format!("data.name={name}"))?);
    }
    let data = text_of(&over, "data", "name").unwrap_or_else(|| "fonts".into());
    let kind = text_of(&over, "model", "kind").unwrap_or_else(|| "ae".into());
    let mut base = match (preset, &args.config) {
        (Some(preset), _) => preset.table(),
        (None, Some(_)) => Table::new(),
        (None, None) => Preset::suited(&data, &kind).table(),
    };
    drop_waist(&mut base, &over);
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

/// A whole list of layers brings its own waist: the code size of a preset does not bind it.
fn drop_waist(preset: &mut Table, over: &Table) {
    let model = over.get("model").and_then(Value::as_table);
    let layers = model
        .and_then(|model| model.get("layers"))
        .and_then(Value::as_array);
    let whole = layers.is_some_and(|layers| layers.len() >= 3 && layers.first() == layers.last());
    if whole && let Some(Value::Table(model)) = preset.get_mut("model") {
        model.remove("latent");
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
        ("data", "name", word(&args.data)),
        ("data", "letters", word(&args.letters)),
        ("data", "first", integer("--first", args.first)?),
        ("data", "fraction", args.fraction.map(Value::Float)),
        ("model", "kind", word(&args.model)),
        (
            "model",
            "layers",
            args.layers.as_deref().map(layers).transpose()?,
        ),
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
        ("train", "schedule", word(&args.schedule)),
        ("train", "patience", integer("--patience", args.patience)?),
        ("train", "target_loss", args.target_loss.map(Value::Float)),
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

/// The configuration of a run, for more epochs or another device if asked.
fn resumed_config(folder: &Folder, args: &TrainArgs) -> anyhow::Result<RunConfig> {
    let mut allowed = flags(args)?;
    let keep = |table: &mut Table| table.retain(|key, _| key != "epochs" && key != "device");
    if let Some(Value::Table(train)) = allowed.get_mut("train") {
        keep(train);
    }
    if let Some((section, Value::Table(inner))) = allowed
        .iter()
        .find(|(_, value)| value.as_table().is_some_and(|inner| !inner.is_empty()))
    {
        let key = inner.keys().next().map_or("", String::as_str);
        let hint = "only `--epochs` and `--device` may change; start a new run for anything else";
        return Err(output::usage(
            format!("a resumed run keeps its `{section}.{key}`"),
            hint,
        ));
    }
    let mut config = folder.config()?;
    if let Some(epochs) = args.epochs.filter(|epochs| *epochs != config.train.epochs) {
        if config.train.schedule == ScheduleKind::Cosine {
            let note = "the run is no longer one that its `config.toml` repeats";
            message(&format!(
                "the cosine schedule now ends at epoch {epochs}: {note}"
            ));
        }
        config.train.epochs = epochs;
    }
    if let Some(device) = &args.device {
        device.clone_into(&mut config.train.device);
    }
    let Ok(report) = folder.report() else {
        return Ok(config);
    };
    let done = report["epochs"]["completed"].as_u64().unwrap_or(0);
    let run = shown(folder.path());
    if report["status"] != "completed" && done <= config.train.epochs as u64 {
        return Ok(config);
    }
    if let Some(reason) = report["reason"].as_str() {
        let hint = format!("train anew with `--config {run}/config.toml` and what shall differ");
        return Err(output::usage(
            format!("run `{run}` is complete: {reason}"),
            hint,
        ));
    }
    if done >= config.train.epochs as u64 {
        let hint = format!("`--epochs {}` would go on", done * 2);
        return Err(output::usage(
            format!("run `{run}` is complete: {done} epochs"),
            hint,
        ));
    }
    Ok(config)
}

/// Trains with progress on stderr; Ctrl-C stops it after saving.
fn watched(prepared: &Prepared, folder: &Folder) -> anyhow::Result<Outcome> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            // Asked twice: leave at once, without saving. The last checkpoint, if there is one, is whole.
            std::process::exit(1);
        }
    })?;
    let words = std::env::args_os().map(|word| shell_word(&word.to_string_lossy()));
    let command = words.collect::<Vec<_>>().join(" ");
    let progress = Progress::new(prepared.config.train.epochs);
    let outcome = fit(prepared, folder, &command, &stop, &mut |event| {
        progress.show(&event)
    });
    progress.finish();
    Ok(outcome?)
}

/// A word as a shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+.,:/@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn dry_run(prepared: &Prepared, json: bool) -> anyhow::Result<()> {
    let model = prepared
        .spec
        .init(&prepared.config, &prepared.chosen.device);
    if json {
        output::json(
            &json!({ "data": data_json(prepared), "model": model_json(prepared, &model) }),
        )?;
    } else {
        output::text(&layer_table(prepared, &model))?;
    }
    Ok(())
}

fn with_run(report: &Json, path: &str, figures: &[String]) -> Json {
    let mut report = report.clone();
    report["run"] = json!(path);
    report["figures"] = json!(figures);
    report
}

/// What a person reads when training is over.
fn summary(prepared: &Prepared, outcome: &Outcome, path: &str, figures: &[String]) -> String {
    let report = &outcome.report;
    let mut text = String::new();
    let kind = prepared.spec.kind.title();
    let layers: Vec<String> = prepared
        .spec
        .layers()
        .iter()
        .map(ToString::to_string)
        .collect();
    text += &format!(
        "{kind} {} on {} ({} pictures): {} parameters, {} epochs in {:.1} s\n",
        layers.join("-"),
        prepared.config.data.name,
        prepared.train.len(),
        report["model"]["parameters"],
        report["epochs"]["completed"],
        report["seconds"]["total"].as_f64().unwrap_or(0.0),
    );
    if let Some(reason) = &outcome.reason {
        text += &format!("ended early: {reason}\n");
    }
    text += &results_table(&report["metrics"]["test"], &report["baselines"]);
    if !prepared.held_out {
        text += "measured on the pictures it learned: this data set has no held-out part\n";
    }
    text += &format!("\nrun      {path}\n");
    for figure in figures {
        text += &format!("picture  {figure}\n");
    }
    text + &next_commands(prepared, path)
}

/// How the program was started, so that the next command can be started alike.
fn program() -> &'static str {
    // Cargo sets this for what it runs.
    if std::env::var_os("CARGO_MANIFEST_DIR").is_some() {
        "cargo run --release --"
    } else {
        "espejo"
    }
}

fn next_commands(prepared: &Prepared, path: &str) -> String {
    let run = if Path::new(path).starts_with("runs") {
        "last".to_owned()
    } else {
        path.to_owned()
    };
    let images = &prepared.train;
    // The caption as one shell word; by its number where it has a quote itself.
    let word = |index: usize| {
        let index = index.min(images.len() - 1);
        let caption = images.caption(index);
        if caption.contains('\'') {
            format!("'#{index}'")
        } else {
            format!("'{caption}'")
        }
    };
    let (first, second) = (word(1), word(2));
    let mut next = vec![
        format!("latent {run}"),
        format!("morph {run} {first} {second}"),
        format!("generate {run}"),
    ];
    if prepared.spec.kind == espejo_train::config::Kind::Dae {
        next.insert(0, format!("denoise {run} --noise flip:.1"));
    }
    if prepared.spec.latent() == 2 {
        next.push(format!("animate {run}"));
    }
    format!(
        "\ntry next\n{}",
        next.iter()
            .map(|line| format!("  {} {line}\n", program()))
            .collect::<String>()
    )
}
