//! `espejo inspect`: the layers, metrics and configuration of a run.

use espejo_train::{Folder, layer_table};

use crate::open_run::{RunArgs, open_without_data};
use crate::output;
use crate::prediction_table::class_table;
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;
use crate::verdict::verdict_lines;

/// Prints the layer table, the metrics and the configuration of a run, or with `json` its `run.json`.
pub fn inspect(args: &RunArgs, json: bool) -> anyhow::Result<()> {
    let folder = Folder::find(&args.run, &args.out)?;
    let report = folder.report()?;
    if json {
        return output::json(&report.to_json());
    }
    let (_, trained) = open_without_data(args)?;
    let mut text = layer_table(trained.prepared(), trained.model());
    text += &format!(
        "\nstatus   {}\nepochs   {} of {}, best {}\ndevice   {} ({})\ncommand  {}\n\n",
        report.status.name(),
        report.epochs.completed,
        report.epochs.requested,
        report.epochs.best,
        report.device.used,
        report.device.why,
        report.command,
    );
    text += &verdict_lines(&report.findings);
    if let Some(metrics) = &report.metrics {
        let baselines = report.baselines.as_deref().unwrap_or_default();
        let kind = SampleKind::of(trained.test());
        text += &results_table(&metrics.test, baselines, kind);
        text += &class_table(&report.classes);
        text.push('\n');
    }
    text += &trained.config().to_toml();
    output::text(&text)
}
