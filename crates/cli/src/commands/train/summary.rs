//! What a person reads when training is over: the results, the files, and commands to try next.

use std::path::Path;

use espejo_train::{Outcome, Prepared, RunReport};

use crate::output::{self, counted};
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;
use crate::verdict::verdict_lines;

/// What a person reads when training is over.
pub fn summary(prepared: &Prepared, outcome: &Outcome, path: &str, figures: &[String]) -> String {
    let report = &outcome.report;
    let mut text = String::new();
    let kind = prepared.spec.kind.title();
    let samples = SampleKind::of(&prepared.train);
    let cost = cost(report);
    text += &format!(
        "{kind} {} on {} ({}): {} parameters, {cost} in {:.1} s\n",
        prepared.spec.architecture.title,
        prepared.config.data.name,
        samples.count(prepared.train.len()),
        report.model.parameters,
        report.seconds.total,
    );
    if let Some(reason) = &outcome.reason {
        text += &format!("ended early: {reason}\n");
    }
    text += &verdict_lines(&report.findings);
    if let Some(results) = &outcome.results {
        text += &results_table(&results.test, &results.baselines, samples);
    }
    if !prepared.held_out {
        text += "these are errors on the training set, because no test set was held out (`--test-fraction .2` holds one out)\n";
    }
    text += &format!("\nrun     {path}\n");
    text += &output::figure_lines(figures);
    text + &next_commands(prepared, path)
}

/// What a training has done: epochs, or in double precision iterations and evaluations of the loss.
fn cost(report: &RunReport) -> String {
    match &report.optimizer {
        None => counted(report.epochs.completed, "epoch"),
        Some(cost) => format!(
            "{}, {}",
            counted(cost.iterations, "iteration"),
            counted(cost.evaluations, "evaluation")
        ),
    }
}

/// The words that start the program, so that a proposed command can be copied.
pub fn program() -> &'static str {
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
    if prepared.spec.task.has_targets() {
        return listed(&[
            format!("predict {run} > predictions.csv"),
            format!("eval {run}"),
        ]);
    }
    let images = &prepared.test;
    if images.is_table() {
        return next_of_table(&run);
    }
    // The caption as one shell word; by its number where it has a quote itself.
    let word = |index: usize| {
        let index = index.min(images.len() - 1);
        let caption = images.caption(index);
        if caption.contains('\'') || images.position(caption) != Some(index) {
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
    if prepared.spec.task.denoises() {
        next.insert(0, format!("denoise {run}"));
    }
    if prepared.spec.latent() == 2 && images.len() <= 1000 {
        next.push(format!("animate {run}"));
    }
    if prepared.spec.kind.has_posterior() {
        next.push(format!("animate {run} --walk loop"));
    }
    listed(&next)
}

fn next_of_table(run: &str) -> String {
    listed(&[
        format!("encode {run} > codes.csv"),
        format!("score {run} > scores.csv"),
        format!("latent {run}"),
        format!("generate {run} --count 5"),
    ])
}

fn listed(next: &[String]) -> String {
    let lines = next.iter().map(|line| format!("  {} {line}\n", program()));
    format!("\ntry next\n{}", lines.collect::<String>())
}
