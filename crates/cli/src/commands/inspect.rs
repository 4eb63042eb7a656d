//! `espejo inspect`: the layers, metrics and configuration of a run.

use espejo_train::{Folder, layer_table};

use crate::open_run::{RunArgs, open};
use crate::output;
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;

/// Prints the layer table, the metrics and the configuration of a run, or with `json` its `run.json`.
pub fn inspect(args: &RunArgs, json: bool) -> anyhow::Result<()> {
    let folder = Folder::find(&args.run, &args.out)?;
    let report = folder.report()?;
    if json {
        return output::json(&report);
    }
    let (_, trained) = open(args)?;
    let mut text = layer_table(trained.prepared(), trained.model());
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("unknown").to_owned();
    text += &format!(
        "\nstatus   {}\nepochs   {} of {}, best {}\ndevice   {} ({})\ncommand  {}\n\n",
        word(&report["status"]),
        report["epochs"]["completed"],
        report["epochs"]["requested"],
        report["epochs"]["best"],
        word(&report["device"]["used"]),
        word(&report["device"]["why"]),
        word(&report["command"]),
    );
    if report["metrics"].is_object() {
        text += &results_table(
            &report["metrics"]["test"],
            &report["baselines"],
            SampleKind::of(trained.test()),
        );
        text.push('\n');
    }
    text += &trained.config().to_toml();
    output::text(&text)
}
