//! The configuration of a run that is resumed.

use espejo_train::config::ScheduleKind;
use espejo_train::{Folder, RunConfig, RunReport, Status};
use toml::Value;

use super::flags::TrainArgs;
use crate::output::{self, message, shown};

/// Keys that may change in a resumed run, because they change none of its numbers so far.
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

/// The configuration of a run, with more epochs or another device where they are asked for.
pub fn resumed_config(folder: &Folder, args: &TrainArgs) -> anyhow::Result<RunConfig> {
    check_resumable(args)?;
    let config = changed(folder.config()?, args)?;
    let Some(report) = folder.report_if_there()? else {
        return Ok(config);
    };
    if report.status == Status::Completed || is_past(&config, &report) {
        refuse_complete(folder, &config, &report)?;
    }
    Ok(config)
}

/// Refuses flags that would change what the run has computed so far.
fn check_resumable(args: &TrainArgs) -> anyhow::Result<()> {
    let mut allowed = args.table()?;
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

/// Applies the flags that may change to the configuration of a run.
fn changed(mut config: RunConfig, args: &TrainArgs) -> anyhow::Result<RunConfig> {
    if let Some(epochs) = args
        .train
        .epochs
        .filter(|epochs| *epochs != config.train.epochs)
    {
        let schedule = match config.train.schedule {
            ScheduleKind::Cosine => Some("cosine"),
            ScheduleKind::OneCycle => Some("one-cycle"),
            _ => None,
        };
        if let Some(schedule) = schedule {
            let note = "training with its `config.toml` no longer repeats this run";
            message(&format!(
                "the {schedule} schedule now ends at epoch {epochs}: {note}"
            ));
        }
        config.train.epochs = epochs;
    }
    let train = &mut config.train;
    train.max_evaluations = args.train.max_evaluations.or(train.max_evaluations);
    train.max_iterations = args.train.max_iterations.or(train.max_iterations);
    if let Some(device) = &args.train.device {
        device.clone_into(&mut train.device);
    }
    if let Some(memory) = args.train.device_memory {
        train.device_memory = memory;
    }
    if let Some(directory) = &args.data.data_dir {
        config.data.directory = Some(std::path::absolute(directory)?);
    }
    Ok(config)
}

/// Epochs, iterations and evaluations that a run has done.
fn done(report: &RunReport) -> (usize, Option<usize>, Option<usize>) {
    let cost = report.optimizer.as_ref();
    (
        report.epochs.completed,
        cost.map(|cost| cost.iterations),
        cost.map(|cost| cost.evaluations),
    )
}

/// Whether a run that did not complete has done more epochs than are asked for.
fn is_past(config: &RunConfig, report: &RunReport) -> bool {
    let (epochs, iterations, _) = done(report);
    iterations.is_none() && epochs > config.train.epochs
}

/// How the figures of a complete run come to be where there are none: it was killed after its last epoch, or trained without.
fn undrawn(folder: &Folder, run: &str) -> String {
    match folder.path().join("figures").join("loss.png").exists() {
        true => String::new(),
        false => format!("; `espejo eval {run}` draws its figures"),
    }
}

/// Refuses to resume a run that is complete.
fn refuse_complete(folder: &Folder, config: &RunConfig, report: &RunReport) -> anyhow::Result<()> {
    let run = shown(folder.path());
    if let Some(reason) = &report.reason {
        let undrawn = undrawn(folder, &run);
        let hint = format!(
            "train a new run with `--config {run}/config.toml` and the flags that differ{undrawn}"
        );
        return Err(output::usage(
            format!("run `{run}` is complete: {reason}"),
            hint,
        ));
    }
    let undrawn = undrawn(folder, &run);
    let complete = |what: &str, count: usize, flag: &str| {
        let hint = format!("`--{flag} {}` would resume it{undrawn}", count * 2);
        Err(output::usage(
            format!("run `{run}` is complete: {count} {what}"),
            hint,
        ))
    };
    let train = &config.train;
    match done(report) {
        (_, _, Some(count)) if train.max_evaluations.is_some_and(|most| count >= most) => {
            complete("evaluations", count, "max-evaluations")
        }
        (_, Some(count), _) if count >= train.iterations() => {
            let flag = match train.max_iterations {
                Some(_) => "max-iterations",
                None => "epochs",
            };
            complete("iterations", count, flag)
        }
        (count, None, _) if count >= train.epochs => complete("epochs", count, "epochs"),
        _ => Ok(()),
    }
}
