//! `espejo inspect`: the layers, configuration and metrics of a run.

use clap::Args;
use espejo_train::merge::into_config;
use espejo_train::{KEYS, Preset, RunConfig, RunReport, Trained, default_of, layer_table};

use crate::folds_table::folds_table;
use crate::open_run::{RunArgs, open_to_look};
use crate::output;
use crate::prediction_table::class_table;
use crate::printable::short_numbers;
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;
use crate::verdict::verdict_lines;

/// The arguments of `espejo inspect`.
#[derive(Args)]
pub struct InspectArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Print the whole configuration, in place of what differs from the defaults
    #[arg(long)]
    pub config: bool,
}

/// Prints the layer table, the configuration and the metrics of a run, or with `json` its `run.json`.
pub fn inspect(args: &InspectArgs, json: bool) -> anyhow::Result<()> {
    let RunArgs { run, out, .. } = &args.run;
    let report = espejo_train::Folder::find(run, out)?.report()?;
    if json {
        return output::json(&report.to_json());
    }
    let (_, trained) = open_to_look(&args.run)?;
    let mut text = layer_table(trained.prepared(), trained.model());
    text += &match args.config {
        true => format!("\n{}", trained.config().to_toml()),
        false => differences(&trained),
    };
    // What is wanted most stands last, where it does not scroll away.
    text += &facts(&report);
    if let Some(metrics) = &report.metrics {
        let baselines = report.baselines.as_deref().unwrap_or_default();
        let kind = SampleKind::of(trained.test());
        text += &class_table(&report.classes);
        text += "\n";
        text += &verdict_lines(&report.findings);
        text += &results_table(&metrics.test, baselines, kind);
        if let Some(folds) = &report.folds {
            text += &folds_table(folds, kind);
        }
    }
    output::text(&text)
}

fn facts(report: &RunReport) -> String {
    format!(
        "\nstatus   {}\nepochs   {} of {}, best {}\nseconds  {:.1}\ndevice   {} ({})\ncommand  {}\n",
        report.status.name(),
        report.epochs.completed,
        report.epochs.requested,
        report.epochs.best,
        report.seconds.total,
        report.device.used,
        report.device.why,
        report.command,
    )
}

/// The keys that have another value than a run of this model on this data has by itself.
fn differences(trained: &Trained) -> String {
    let config = trained.config();
    let Ok(usual) = usual(trained) else {
        return format!("\n{}", config.to_toml());
    };
    let keys = KEYS.iter().filter(|key| key.path() != "data.name");
    let differing = keys.filter_map(|key| {
        let (own, usual) = (default_of(key, config), default_of(key, &usual));
        (own != usual).then(|| format!("{} = {own} (default {usual})\n", key.path()))
    });
    let differing: Vec<String> = differing.collect();
    let told = match differing.is_empty() {
        true => "every key has its default".to_owned(),
        false => format!("keys that differ from the defaults, of {}", KEYS.len()),
    };
    let differing = differing.concat();
    let differing = short_numbers(&differing);
    format!("\n{told} (`--config` prints all):\n{differing}")
}

/// The configuration that a run of this model on data of this kind has by itself.
fn usual(trained: &Trained) -> anyhow::Result<RunConfig> {
    let (name, kind) = (&trained.config().data.name, trained.config().model.kind);
    let is_known = name.starts_with("fonts") || espejo_data::set_named(name).is_some();
    let preset = match (is_known, trained.test().is_table()) {
        (true, _) => Preset::suited(name, kind),
        // Any table will do: what suits one depends on its ending alone.
        (false, true) => Preset::suited("table.csv", kind),
        (false, false) => Preset::for_images(kind),
    };
    Ok(into_config(preset.table(), preset.name)?)
}
