//! `espejo eval`: the verdict on a run, its metrics, its baselines and its figures, computed again, or the metrics of other samples.

use clap::Args;
use espejo_train::{Baseline, Folder, Trained, baselines_json, class_errors};
use serde_json::json;

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::class_errors::class_error_table;
use crate::drawing::Drawn;
use crate::figure_file::DrawArgs;
use crate::figures;
use crate::folds_table::folds_table;
use crate::open_run::open_with_data;
use crate::output::{self, shown};
use crate::prediction_table::class_table;
use crate::results_table::results_table;
use crate::sample_figures::SampleFigures;
use crate::sample_kind::SampleKind;
use crate::verdict::verdict_lines;

/// The arguments of `espejo eval`.
#[derive(Args)]
pub struct EvalArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    #[command(flatten)]
    pub draw: DrawArgs,
}

/// Evaluates the run again. Its figures are drawn again where it is measured by its own test part.
pub fn eval(args: &EvalArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open_with_data(&args.samples)?;
    // Evaluation does not need the report, but a damaged one must be reported.
    let report = folder.report()?;
    let samples = chosen_samples(&trained, &args.samples)?;
    let results = trained.evaluate_on(&samples)?;
    // A verdict is on the training, whose curves say nothing of other samples.
    let findings = match args.samples.is_test_part() {
        true => trained.findings(&folder, &results)?,
        false => Vec::new(),
    };
    let (metrics, baselines, classes) = (results.metrics, results.baselines, results.classes);
    let by_class = match trained.prepared().spec.task.has_targets() {
        true => Vec::new(),
        false if samples.classes().len() < 2 => Vec::new(),
        false => class_errors(&samples, &trained.sample_errors(&samples)?),
    };
    let draw = || match args.samples.is_test_part() && !args.draw.no_figures {
        true => drawn(args, &trained, &folder, &baselines),
        false => (Drawn::default(), None),
    };
    let kind = SampleKind::of(&samples);
    if json {
        let (drawn, animation) = draw();
        let value = json!({
            "run": shown(folder.path()), "epoch": trained.epoch(), "samples": samples.len(), "metrics": metrics,
            "baselines": baselines_json(&baselines), "classes": classes, "class_errors": by_class,
            "findings": findings, "figures": drawn.files(), "animations": Vec::from_iter(animation),
        });
        output::json(&value)?;
        return drawn.end();
    }
    let mut text = format!("epoch {} of {}", trained.epoch(), shown(folder.path()));
    if !args.samples.is_test_part() {
        text += &format!(", on {}", kind.count(samples.len()));
    }
    text.push('\n');
    text += &verdict_lines(&findings);
    text += &results_table(&metrics, &baselines, kind);
    text += &class_table(&classes);
    text += &class_error_table(&by_class);
    if let Some(folds) = report.folds.filter(|_| args.samples.is_test_part()) {
        text += &folds_table(&folds, kind);
    }
    output::text(&text)?;
    let (drawn, animation) = draw();
    output::text(&(drawn.lines() + &output::animation_line(animation)))?;
    drawn.end()
}

/// Draws the run's figures again, and those of its training that a kill has left undrawn, its film among them.
fn drawn(
    args: &EvalArgs,
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
) -> (Drawn, Option<String>) {
    let mut drawn = figures::draw_all(trained, folder, baselines, &args.samples.told(), Vec::new());
    let samples = SampleFigures::new(trained.prepared(), folder).heal(&mut drawn);
    drawn.add(Ok(samples.figure));
    (drawn, samples.animation)
}
