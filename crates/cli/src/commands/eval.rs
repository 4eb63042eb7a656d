//! `espejo eval`: the verdict on a run, its metrics, its baselines and its figures, computed again.

use espejo_train::baselines_json;
use serde_json::json;

use crate::figures;
use crate::open_run::{RunArgs, open};
use crate::output::{self, shown};
use crate::prediction_table::class_table;
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;
use crate::verdict::verdict_lines;

/// Evaluates the run again and draws its figures again.
pub fn eval(args: &RunArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(args)?;
    // Evaluation does not need the report, but a damaged one must be reported.
    folder.report()?;
    let results = trained.evaluate()?;
    let findings = trained.findings(&folder, &results)?;
    let (metrics, baselines, classes) = (results.metrics, results.baselines, results.classes);
    let drawn = figures::draw_all(&trained, &folder, &baselines)?;
    let kind = SampleKind::of(trained.test());
    if json {
        let value = json!({ "run": shown(folder.path()), "epoch": trained.epoch(), "metrics": metrics, "baselines": baselines_json(&baselines), "classes": classes, "findings": findings, "figures": drawn });
        output::json(&value)?;
    } else {
        output::text(&format!(
            "epoch {} of {}\n",
            trained.epoch(),
            shown(folder.path())
        ))?;
        output::text(&verdict_lines(&findings))?;
        output::text(&results_table(&metrics, &baselines, kind))?;
        output::text(&class_table(&classes))?;
        output::text(&output::figure_lines(&drawn))?;
    }
    Ok(())
}
