//! A model beside what one gets without training.

use super::words::{listed, percent, short};
use super::{Facts, Finding, advice};
use crate::baselines::Baseline;
use crate::metrics::Metrics;

/// The findings that say how good a result is; the first of them opens a verdict.
pub(super) const HEADLINES: [&str; 9] = [
    "worse-than-pca",
    "better-than-pca",
    "like-pca",
    "no-better-than-mean",
    "better-than-mean",
    "no-better-than-largest-class",
    "worse-than-linear",
    "better-than-linear",
    "like-linear",
];
/// Errors that differ by less than this share are alike: other seeds differ by as much.
const ALIKE: f64 = 0.02;
/// A model that takes less than this share off the error of a constant answer has learned nothing to speak of.
const NOTHING_LEARNED: f64 = 0.03;
/// Classes that are never predicted count where the class has at least so many test samples: of fewer, chance may spare all.
const FEW_SAMPLES: u64 = 3;

/// Whether something simpler is better.
pub(super) fn is_beaten(facts: &Facts<'_>) -> bool {
    findings(facts).iter().any(Finding::is_bad)
}

/// The findings of a task.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    if facts.metrics.get("accuracy").is_some() {
        return classes(facts);
    }
    if facts.metrics.get("rmse").is_some() {
        return numbers(facts).into_iter().collect();
    }
    let mut findings: Vec<Finding> = reconstruction(facts).into_iter().collect();
    findings.extend(noisy_input(facts));
    findings.extend(simpler(facts));
    findings
}

fn baseline<'a>(facts: &Facts<'a>, key: &str) -> Option<&'a Baseline> {
    facts.baselines.iter().find(|baseline| baseline.key == key)
}

/// The error of a model and that of a constant answer, in the same unit.
pub(super) fn error_and_mean(metrics: &Metrics, baselines: &[Baseline]) -> Option<(f64, f64)> {
    let of = |key: &str, name: &str| {
        let mut found = baselines.iter().filter(|baseline| baseline.key == key);
        Some((metrics.get(name)?, found.next()?.get(name)?))
    };
    of("mean_image", "squared_error")
        .or_else(|| of("majority", "cross_entropy"))
        .or_else(|| of("mean", "rmse").map(|(model, mean)| (model * model, mean * mean)))
}

/// `12 % less` or `17 % more`.
fn change(model: f64, other: f64) -> String {
    if other <= 0.0 {
        return "more".to_owned();
    }
    match model < other {
        true => format!("{} less", percent(1.0 - model / other)),
        false => format!("{} more", percent(model / other - 1.0)),
    }
}

/// An autoencoder beside principal components of as many dimensions, and beside the mean.
fn reconstruction(facts: &Facts<'_>) -> Option<Finding> {
    let error = facts.metrics.get("squared_error")?;
    let mean = baseline(facts, "mean_image")?;
    let mean_error = mean.get("squared_error")?;
    let mean_name = mean.name(facts.sample);
    let numbered = |finding: Finding| {
        finding
            .number("squared_error", error)
            .number("mean", mean_error)
    };
    if error > (1.0 - NOTHING_LEARNED) * mean_error {
        let message = format!(
            "{} than the {mean_name} (squared error {} against {})",
            if error > (1.0 + ALIKE) * mean_error {
                "worse"
            } else {
                "no better"
            },
            short(error),
            short(mean_error),
        );
        let finding = Finding::warning("no-better-than-mean", message);
        return Some(numbered(finding).advise(without_cause(facts)));
    }
    let below_mean = percent(1.0 - error / mean_error);
    let Some((pca, pca_error)) = baseline(facts, "pca")
        .and_then(|pca| Some((pca.name(facts.sample), pca.get("squared_error")?)))
        // As many components as the data has dimensions leave nothing to be better at.
        .filter(|(_, error)| *error > 1e-9 * mean_error)
    else {
        let message = format!(
            "better than the {mean_name} (squared error {} against {}, {below_mean} less)",
            short(error),
            short(mean_error),
        );
        return Some(numbered(Finding::info("better-than-mean", message)));
    };
    let against = format!(
        "{pca} (squared error {} against {}, {})",
        short(error),
        short(pca_error),
        change(error, pca_error)
    );
    let than_mean = format!(
        "than the {mean_name} ({}, {below_mean} less)",
        short(mean_error)
    );
    let finding = match error / pca_error {
        ratio if ratio > 1.0 + ALIKE => {
            Finding::warning("worse-than-pca", format!("worse than {against}"))
                .advise(without_cause(facts))
        }
        ratio if ratio < 1.0 - ALIKE => {
            let message = format!("better than {against} and {than_mean}");
            Finding::info("better-than-pca", message)
        }
        _ => Finding::info(
            "like-pca",
            format!("as good as {against}, better {than_mean}"),
        ),
    };
    Some(numbered(finding).number("pca", pca_error))
}

/// What to try where no other finding names a cause.
fn without_cause(facts: &Facts<'_>) -> Option<String> {
    use crate::config::ScheduleKind::Cosine;
    let annealed = facts.config.train.schedule == Cosine;
    match facts.ended {
        None if annealed => advice::longer(facts),
        _ => advice::more_room(facts),
    }
}

/// A denoising model beside what it was given.
fn noisy_input(facts: &Facts<'_>) -> Option<Finding> {
    let error = facts.metrics.get("squared_error")?;
    let input = baseline(facts, "identity")?.get("squared_error")?;
    if input == 0.0 || error < (1.0 - NOTHING_LEARNED) * input {
        return None;
    }
    let message = format!(
        "removes no noise: the noisy input itself is as close to the clean {} (squared error {} against {})",
        facts.sample,
        short(input),
        short(error),
    );
    let finding = Finding::warning("no-better-than-noisy-input", message);
    let finding = finding
        .number("squared_error", error)
        .number("noisy_input", input);
    let latent = facts.code.as_ref().map(|code| 2 * code.dimensions().max(1));
    Some(finding.advise(latent.map(|latent| format!("--latent {latent}"))))
}

/// A denoising model beside rules that need no training.
fn simpler(facts: &Facts<'_>) -> Option<Finding> {
    let error = facts.metrics.get("squared_error")?;
    let rules = ["median", "nearest"].iter();
    let rules = rules.filter_map(|key| baseline(facts, key));
    let rules = rules.filter_map(|rule| Some((rule, rule.get("squared_error")?)));
    let (rule, best) = rules.min_by(|a, b| a.1.total_cmp(&b.1))?;
    if best >= (1.0 - ALIKE) * error {
        return None;
    }
    let message = format!(
        "a simpler rule is better here: {} (squared error {} against {})",
        rule.name(facts.sample),
        short(best),
        short(error),
    );
    let finding = Finding::info("simpler-rule-is-better", message);
    Some(finding.number("squared_error", error).number("rule", best))
}

/// A classifier beside the largest class and a linear model, and the classes that it never predicts.
fn classes(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = accuracy(facts).into_iter().collect();
    let never = facts.classes.iter();
    let never = never.filter(|class| class.samples >= FEW_SAMPLES && class.precision.is_none());
    let names: Vec<String> = never.map(|class| class.name.clone()).collect();
    if !names.is_empty() {
        let plural = if names.len() == 1 { "class" } else { "classes" };
        let message = format!("{plural} never predicted: {}", listed(&names));
        let finding = Finding::warning("class-never-predicted", message);
        let finding = finding.number("classes", names.len() as f64);
        findings.push(finding.advise(advice::longer(facts)));
    }
    findings
}

fn accuracy(facts: &Facts<'_>) -> Option<Finding> {
    let accuracy = facts.metrics.get("accuracy")?;
    let low = facts.metrics.get("accuracy_low").unwrap_or(accuracy);
    let high = facts.metrics.get("accuracy_high").unwrap_or(accuracy);
    let of = |key: &str| baseline(facts, key)?.get("accuracy");
    let largest = of("majority")?;
    // Of texts there are two linear models, and the better one counts.
    let linear = [of("linear"), of("naive_bayes")];
    let linear = linear.into_iter().flatten().reduce(f64::max);
    let numbered = |finding: Finding| {
        let finding = finding
            .number("accuracy", accuracy)
            .number("largest_class", largest);
        finding.number("linear", linear.unwrap_or(f64::NAN))
    };
    // Within the 95 % interval the difference may be chance.
    if low <= largest {
        let message = format!(
            "no better than always naming the largest class (accuracy {} against {})",
            short(accuracy),
            short(largest),
        );
        let finding = Finding::warning("no-better-than-largest-class", message);
        return Some(numbered(finding).advise(advice::longer(facts)));
    }
    let linear = linear?;
    let against = format!(
        "a linear model (accuracy {} against {})",
        short(accuracy),
        short(linear)
    );
    let than_largest = format!("than the largest class ({})", short(largest));
    Some(numbered(match () {
        () if high < linear => {
            Finding::warning("worse-than-linear", format!("worse than {against}"))
                .advise(advice::longer(facts))
        }
        () if low > linear => {
            let message = format!("better than {against} and {than_largest}");
            Finding::info("better-than-linear", message)
        }
        () => Finding::info(
            "like-linear",
            format!("about as good as {against}, better {than_largest}"),
        ),
    }))
}

/// A regressor beside the mean of its target and a linear model.
fn numbers(facts: &Facts<'_>) -> Option<Finding> {
    let error = facts.metrics.get("rmse")?;
    let of = |key: &str| baseline(facts, key)?.get("rmse");
    let mean = of("mean")?;
    let numbered = |finding: Finding| finding.number("rmse", error).number("mean", mean);
    if error * error > (1.0 - NOTHING_LEARNED) * mean * mean {
        let message = format!(
            "{} than the mean of the target (root mean squared error {} against {})",
            if error > (1.0 + ALIKE) * mean {
                "worse"
            } else {
                "no better"
            },
            short(error),
            short(mean),
        );
        let finding = Finding::warning("no-better-than-mean", message);
        return Some(numbered(finding).advise(advice::longer(facts)));
    }
    let linear = of("linear")?;
    let against = format!(
        "a linear model (root mean squared error {} against {}, {})",
        short(error),
        short(linear),
        change(error, linear)
    );
    let than_mean = format!("than the mean ({})", short(mean));
    let finding = match error / linear {
        ratio if ratio > 1.0 + ALIKE => {
            Finding::warning("worse-than-linear", format!("worse than {against}"))
                .advise(advice::longer(facts))
        }
        ratio if ratio < 1.0 - ALIKE => {
            let message = format!("better than {against} and {than_mean}");
            Finding::info("better-than-linear", message)
        }
        _ => Finding::info(
            "like-linear",
            format!("as good as {against}, better {than_mean}"),
        ),
    };
    Some(numbered(finding).number("linear", linear))
}
