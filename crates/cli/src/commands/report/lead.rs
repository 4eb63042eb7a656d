//! What was trained and how well, in two sentences, and the facts beside them.

use espejo_report::Language;
use espejo_train::{Baseline, MainMeasure, Metrics, Task};

use super::Told;
use crate::compact_number::compact;
use crate::sample_kind::SampleKind;
use crate::titles::data_name;

/// What was trained, and how well.
pub fn sentences(told: &Told<'_>) -> Vec<String> {
    vec![trained(told), measured(told)]
}

fn trained(told: &Told<'_>) -> String {
    let (report, trained) = (told.report, told.trained);
    let values = [
        family(told),
        whole(report.parameters, told.language),
        report.model.architecture.clone(),
        samples(told, report.data.train),
        data_name(trained),
        whole(report.epochs.completed, told.language),
        duration(report.seconds.total, told.language),
    ];
    let words = match trained.config().train.is_classical() {
        true => "{} with {} weights ({}) learned {} of {} in {} iterations, which took {}.",
        false => "{} with {} weights ({}) learned {} of {} in {} epochs, which took {}.",
    };
    told.fill(words, &values.each_ref().map(String::as_str))
}

/// The family in words: by what the model does, for that is what tells families apart.
pub fn family(told: &Told<'_>) -> String {
    let trained = told.trained;
    let task = trained.prepared().spec.task;
    let words = if task == Task::Classify {
        "A classifier"
    } else if task.has_targets() {
        "A regressor"
    } else if task.denoises() {
        "A denoising autoencoder"
    } else if trained.prior().is_some() {
        "A variational autoencoder"
    } else {
        "An autoencoder"
    };
    told.say(words)
}

fn measured(told: &Told<'_>) -> String {
    let report = told.report;
    let Some(metrics) = &report.metrics else {
        let status = told.say(report.status.name());
        return told.fill(
            "Its training is not complete ({}), so that nothing was measured.",
            &[&status],
        );
    };
    let folds = report.folds.as_ref().map(|folds| (folds, folds.means()));
    let (test, baselines): (&Metrics, &[Baseline]) = match &folds {
        Some((_, (test, baselines))) => (test, baselines.as_slice()),
        None => (
            &metrics.test,
            report.baselines.as_deref().unwrap_or_default(),
        ),
    };
    let Some(measure) = MainMeasure::of(test) else {
        return String::new();
    };
    let value = test.get(measure.key()).unwrap_or(f64::NAN);
    let on = match (&folds, report.data.held_out) {
        (Some((folds, _)), _) => told.fill(
            "Over {} folds that it had not seen",
            &[&(folds.folds * folds.repeats).to_string()],
        ),
        (None, true) => told.fill(
            "On {} that it had not seen",
            &[&samples(told, report.data.test)],
        ),
        (None, false) => told.fill(
            "On the {} that it learned",
            &[&samples(told, report.data.test)],
        ),
    };
    let values = [
        on,
        told.say(measure.name()),
        number(measure, value, told.language),
    ];
    let mut sentence = told.fill("{}, its {} is {}", &values.each_ref().map(String::as_str));
    let others: Vec<(String, f64)> = baselines
        .iter()
        .filter_map(|baseline| Some((baseline_name(told, baseline), baseline.get(measure.key())?)))
        .collect();
    if others.is_empty() {
        return sentence + ".";
    }
    let listed: Vec<String> = others
        .iter()
        .map(|(name, other)| format!("{name} {}", number(measure, *other, told.language)))
        .collect();
    sentence += &told.fill("; without a net one gets: {}.", &[&listed.join(", ")]);
    let beaten = others
        .iter()
        .filter(|(_, other)| measure.is_better(value, *other))
        .count();
    let verdict = match beaten {
        all if all == others.len() => "It is better than each of these.",
        0 => "It is better than none of these.",
        _ => "It is better than some of these.",
    };
    sentence + " " + &told.say(verdict)
}

/// The name of a baseline in the language of the page.
pub fn baseline_name(told: &Told<'_>, baseline: &Baseline) -> String {
    told.say(&baseline.name(told.kind.word()))
}

fn number(measure: MainMeasure, value: f64, language: Language) -> String {
    match measure {
        MainMeasure::Accuracy => language.number(&format!("{:.1} %", 100.0 * value)),
        MainMeasure::Rmse | MainMeasure::SquaredError => digits(value, language),
    }
}

/// Some digits of a number.
pub fn digits(value: f64, language: Language) -> String {
    let after = match value.abs() {
        size if size >= 100.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.01 => 4,
        _ => 6,
    };
    language.number(&compact(value, after))
}

/// A number of samples, with the word for them.
pub fn samples(told: &Told<'_>, count: usize) -> String {
    let one = count == 1;
    let word = match told.kind {
        SampleKind::Image if one => "image",
        SampleKind::Image => "images",
        SampleKind::Row if one => "row",
        SampleKind::Row => "rows",
        SampleKind::Window if one => "window",
        SampleKind::Window => "windows",
        SampleKind::Text if one => "text",
        SampleKind::Text => "texts",
    };
    format!("{} {}", whole(count, told.language), told.say(word))
}

/// A whole number with its thousands apart.
pub fn whole(count: usize, language: Language) -> String {
    let digits = count.to_string();
    let start = digits.len() % 3;
    let mut parts: Vec<&str> = Vec::new();
    if start > 0 {
        parts.push(&digits[..start]);
    }
    parts.extend(
        (start..digits.len())
            .step_by(3)
            .map(|at| &digits[at..at + 3]),
    );
    parts.join(language.thousands())
}

fn duration(seconds: f64, language: Language) -> String {
    match seconds {
        short if short < 10.0 => language.number(&format!("{short:.1} s")),
        some if some < 120.0 => format!("{some:.0} s"),
        long if long < 7200.0 => format!("{:.0} min", long / 60.0),
        days => language.number(&format!("{:.1} h", days / 3600.0)),
    }
}

/// What a reader wants to see at a glance.
pub fn facts(told: &Told<'_>) -> Vec<(String, String)> {
    let report = told.report;
    let language = told.language;
    let mut facts = vec![
        (told.say("learned"), samples(told, report.data.train)),
        (
            told.say(if report.data.held_out {
                "tested"
            } else {
                "measured"
            }),
            samples(told, report.data.test),
        ),
        (told.say("weights"), whole(report.parameters, language)),
    ];
    if report.model.latent > 0 {
        facts.push((
            told.say("numbers of a code"),
            whole(report.model.latent, language),
        ));
    }
    let epochs = told.fill(
        "{} (best: {})",
        &[
            &whole(report.epochs.completed, language),
            &whole(told.trained.epoch(), language),
        ],
    );
    facts.push((told.say("epochs"), epochs));
    facts.push((told.say("time"), duration(report.seconds.total, language)));
    facts.push((told.say("device"), report.device.used.clone()));
    facts.push((told.say("seed"), report.seed.to_string()));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let said = [7, 123, 1234, 404_244, 1_000_000].map(|count| whole(count, Language::English));
        assert_eq!(said, ["7", "123", "1,234", "404,244", "1,000,000"]);
        assert_eq!(whole(404_244, Language::Spanish), "404\u{202f}244");
    }

    #[test]
    fn a_duration_has_the_unit_that_suits_it() {
        let said = [1.26, 75.4, 600.0, 9000.0].map(|seconds| duration(seconds, Language::Spanish));
        assert_eq!(said, ["1,3 s", "75 s", "10 min", "2,5 h"]);
    }
}
