//! What a person reads when training is over: the results, the files, and commands to try next.

use std::path::Path;

use espejo_data::Samples;
use espejo_train::{Outcome, Prepared, RunReport};

use super::shell_word;
use crate::folds_table::folds_table;
use crate::output::counted;
use crate::results_table::results_table;
use crate::sample_kind::SampleKind;
use crate::verdict::verdict_lines;

/// What a person reads when training is over, before the figures are drawn.
pub fn summary(prepared: &Prepared, outcome: &Outcome, path: &str) -> String {
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
    match &report.folds {
        Some(folds) => {
            text += "these are errors on the training set: this model learned every sample; what the configuration does with new ones is \
                     what the folds say\n";
            text += &folds_table(folds, samples);
        }
        None if !prepared.held_out => {
            text += "these are errors on the training set, because no test set was held out (`--test-fraction .2` holds one out)\n";
        }
        None => {}
    }
    text + &format!("\nrun     {path}\n")
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

pub fn next_commands(prepared: &Prepared, path: &str) -> String {
    let run = match Path::new(path).starts_with("runs") {
        true => "last".to_owned(),
        false => shell_word(path),
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
    let [first, second] = two_images(images);
    let mut next = vec![
        format!("latent {run}"),
        format!("morph {run} {first} {second}"),
        format!("generate {run}"),
    ];
    if prepared.spec.task.denoises() {
        next.insert(0, format!("denoise {run}"));
    }
    if prepared.spec.latent() == 2 {
        next.push(format!("animate {run}"));
    }
    if prepared.spec.kind.has_posterior() {
        next.push(format!("animate {run} --walk loop"));
    }
    listed(&next)
}

/// Two images as shell words that name them: both by caption, or both by number where a caption names another image or has a quote itself.
fn two_images(images: &Samples) -> [String; 2] {
    let places = [1, 2].map(|index: usize| index.min(images.len() - 1));
    let is_plain = |index: usize| {
        let caption = images.caption(index);
        // A caption in the form of a number would be taken for one.
        let is_word = !caption.is_empty() && !caption.contains('\'') && !caption.starts_with('#');
        is_word && images.position(caption) == Some(index)
    };
    match places.iter().all(|index| is_plain(*index)) {
        true => places.map(|index| shell_word(images.caption(index))),
        false => places.map(|index| format!("'#{index}'")),
    }
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

#[cfg(test)]
mod tests {
    use espejo_data::{Facts, Shape};

    use super::*;

    fn check(captions: &[&str], expected: [&str; 2]) {
        let facts = Facts {
            captions: captions
                .iter()
                .map(|caption| (*caption).to_owned())
                .collect(),
            ..Facts::default()
        };
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 1,
        };
        let pixels = vec![0; captions.len()];
        let images = Samples::pictures(facts, shape, 1, pixels).expect("the parts fit");
        assert_eq!(two_images(&images), expected);
    }

    #[test]
    fn two_images_are_proposed_in_one_form() {
        check(&["@", "A", "B"], ["A", "B"]);
        check(&["bag", "bag", "Trouser"], ["'#1'", "'#2'"]);
        check(&["Bag", "Trouser", "Bag"], ["'#1'", "'#2'"]);
        check(&["a", "Ankle boot", "it's"], ["'#1'", "'#2'"]);
        check(&["a", "Ankle boot", "$x"], ["'Ankle boot'", "'$x'"]);
        check(&["a"], ["a", "a"]);
    }
}
