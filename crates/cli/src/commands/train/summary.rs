//! What a person reads when training is over: the results, the files, and commands to try next.

use std::path::Path;

use espejo_train::{Outcome, Prepared};
use serde_json::Value;

use crate::model_kind::{denoises, has_prior};
use crate::output::{self, counted};
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;

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
        report["model"]["parameters"],
        report["seconds"]["total"].as_f64().unwrap_or(0.0),
    );
    if let Some(reason) = &outcome.reason {
        text += &format!("ended early: {reason}\n");
    }
    text += &results_table(&report["metrics"]["test"], &report["baselines"], samples);
    if !prepared.held_out {
        text += "these are errors on the training set, because no test set was held out (`--test-fraction .2` holds one out)\n";
    }
    text += &format!("\nrun     {path}\n");
    text += &output::figure_lines(figures);
    text + &next_commands(prepared, path)
}

/// What a training has done: epochs, or in double precision iterations and evaluations of the loss.
fn cost(report: &Value) -> String {
    let count = |value: &Value, noun: &str| counted(value.as_u64().unwrap_or(0), noun);
    let optimizer = &report["optimizer"];
    if optimizer["evaluations"].is_null() {
        return count(&report["epochs"]["completed"], "epoch");
    }
    let iterations = count(&optimizer["iterations"], "iteration");
    format!(
        "{iterations}, {}",
        count(&optimizer["evaluations"], "evaluation")
    )
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
    if denoises(prepared.spec.kind) {
        next.insert(0, format!("denoise {run}"));
    }
    if prepared.spec.latent() == 2 && images.len() <= 1000 {
        next.push(format!("animate {run}"));
    }
    if has_prior(prepared.spec.kind) {
        next.push(format!("animate {run} --walk loop"));
    }
    listed(&next)
}

fn next_of_table(run: &str) -> String {
    listed(&[
        format!("encode {run} > codes.csv"),
        format!("latent {run}"),
        format!("generate {run} --count 5"),
    ])
}

fn listed(next: &[String]) -> String {
    let lines = next.iter().map(|line| format!("  {} {line}\n", program()));
    format!("\ntry next\n{}", lines.collect::<String>())
}
