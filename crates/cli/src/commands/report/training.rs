//! Sections on the training itself: results beside baselines, curves, folds, layers, how to repeat it.

use espejo_pictures::{Curves, Panel, Series};
use espejo_report::{Align, Curve, CurvePanel, Part, Section, Table};
use espejo_train::{Baseline, FoldMeasure, class_errors, layer_rows};

use super::Told;
use super::lead::{baseline_name, digits, whole};
use crate::curves::{course_of_loss, course_of_prediction};

/// Measures in the table of results, as far as a run has them: key and heading.
const MEASURES: [(&str, &str); 11] = [
    ("accuracy", "accuracy"),
    ("cross_entropy", "cross-entropy, nats"),
    ("rmse", "RMSE"),
    ("r2", "R²"),
    ("reconstruction", "reconstruction loss"),
    ("squared_error", "squared error"),
    ("wrong_pixels_mean", "wrong pixels"),
    ("psnr", "PSNR, dB"),
    ("ssim", "SSIM"),
    ("roc_auc", "ROC area"),
    ("average_precision", "average precision"),
];
/// Points of a curve in the page, at most.
const MOST_POINTS: usize = 2000;

/// The model beside its baselines.
pub fn results(told: &Told<'_>) -> Section {
    let title = told.say("How well");
    let Some(metrics) = &told.report.metrics else {
        let nothing = told.say("Nothing was measured: the training did not complete.");
        return Section::new(title, vec![Part::Text(nothing)]);
    };
    let shown: Vec<(&str, &str)> = MEASURES
        .into_iter()
        .filter(|(key, _)| metrics.test.get(key).is_some())
        .collect();
    let names = shown.iter().map(|(_, name)| told.say(name));
    let mut table = Table::new([String::new()].into_iter().chain(names));
    let mut add = |name: String, get: &dyn Fn(&str) -> Option<f64>| {
        let cells = shown.iter().map(|(key, _)| {
            get(key).map_or("–".to_owned(), |value| digits(value, told.language))
        });
        table.row([name].into_iter().chain(cells));
    };
    add(told.say("the model"), &|key| metrics.test.get(key));
    for baseline in told.report.baselines.iter().flatten() {
        add(baseline_name(told, baseline), &|key| baseline.get(key));
    }
    let train = told.say("the model on what it learned");
    if told.report.data.held_out {
        add(train, &|key| metrics.train.get(key));
    }
    table.own = vec![0];
    let mut parts = vec![Part::Table(table)];
    parts.extend(remarks(told).map(Part::Note));
    parts.extend(of_classes(told));
    Section::new(title, parts)
}

/// What the numbers of a few measures mean.
fn remarks(told: &Told<'_>) -> Option<String> {
    let test = &told.report.metrics.as_ref()?.test;
    let interval = test.get("accuracy_low").zip(test.get("accuracy_high"));
    if let Some((low, high)) = interval {
        let values = [low, high].map(|value| digits(value, told.language));
        return Some(told.fill(
            "The accuracy's 95 % interval goes from {} to {}.",
            &values.each_ref().map(String::as_str),
        ));
    }
    let (kl, active) = test.get("kl").zip(test.get("active_units"))?;
    let values = [
        digits(kl, told.language),
        whole(active as usize, told.language),
        whole(told.report.model.latent, told.language),
    ];
    Some(told.fill(
        "The code's divergence from the prior is {} nats; {} of {} dimensions are in use.",
        &values.each_ref().map(String::as_str),
    ))
}

/// How well each class does.
fn of_classes(told: &Told<'_>) -> Option<Part> {
    let language = told.language;
    let share =
        |value: Option<f64>| value.map_or("–".to_owned(), |value| digits(value, language));
    let mut table = Table::default();
    if told.trained.prepared().spec.task.has_targets() {
        if told.report.classes.is_empty() {
            return None;
        }
        table = Table::new(["class", "samples", "recall", "precision"].map(|name| told.say(name)));
        for class in &told.report.classes {
            let samples = whole(class.samples as usize, language);
            table.row([
                class.name.clone(),
                samples,
                share(class.recall),
                share(class.precision),
            ]);
        }
    } else if told.trained.test().classes().len() > 1 {
        let test = told.trained.test();
        let errors = class_errors(test, &told.trained.sample_errors(test).ok()?);
        table = Table::new(["class", "samples", "squared error"].map(|name| told.say(name)));
        for class in errors {
            let samples = whole(class.samples, language);
            table.row([class.name.clone(), samples, share(class.squared_error)]);
        }
    }
    table.title = told.say("By class");
    (!table.rows.is_empty()).then_some(Part::Table(table))
}

/// The course of the training.
pub fn curves(told: &Told<'_>) -> anyhow::Result<Section> {
    let baselines = told.report.baselines.as_deref().unwrap_or_default();
    let course = match told.trained.prepared().spec.task.has_targets() {
        true => course_of_prediction(told.trained, told.folder, baselines)?,
        false => course_of_loss(told.trained, told.folder, baselines)?,
    };
    let panels = course
        .panels
        .iter()
        .map(|panel| panel_of(told, &course, panel));
    let mut parts = vec![Part::Curves(panels.collect())];
    parts.extend(
        course
            .note
            .as_deref()
            .map(|note| Part::Note(note_of(told, note))),
    );
    Ok(Section::new(told.say("The course of the training"), parts))
}

/// The note of the figure, clause by clause, for each has its translation.
fn note_of(told: &Told<'_>, note: &str) -> String {
    let clauses: Vec<String> = note.split("; ").map(|clause| told.say(clause)).collect();
    clauses.join("; ")
}

fn panel_of(told: &Told<'_>, course: &Curves, panel: &Panel) -> CurvePanel {
    let title = match panel.title.split_once(", ") {
        Some((title, more)) => format!("{}, {}", told.say(title), told.say(more)),
        None => told.say(&panel.title),
    };
    let unit = match panel.y_label.is_empty() {
        true => String::new(),
        false => format!(" ({})", told.say(&panel.y_label)),
    };
    CurvePanel {
        title: title + &unit,
        x: told.say(&course.x_label),
        whole: true,
        series: panel
            .series
            .iter()
            .enumerate()
            .map(|one| curve(told, one))
            .collect(),
        baselines: panel
            .baselines
            .iter()
            .map(|(name, value)| (told.say(name), *value))
            .collect(),
        log: panel.log_y,
        diagonal: false,
    }
}

fn curve(told: &Told<'_>, (place, series): (usize, &Series)) -> Curve {
    let finite = series
        .points
        .iter()
        .filter(|(x, y)| x.is_finite() && y.is_finite());
    let step = series.points.len().div_ceil(MOST_POINTS).max(1);
    Curve {
        name: told.say(&series.name),
        points: finite.copied().step_by(step).collect(),
        band: series.band.clone(),
        colour: series.colour.unwrap_or(place),
        dashed: series.dashed,
        dots: false,
    }
}

/// What a cross-validation says.
pub fn folds(told: &Told<'_>) -> Option<Section> {
    let report = told.report.folds.as_ref()?;
    let shown: Vec<(&str, &str)> = MEASURES
        .into_iter()
        .filter(|(key, _)| report.measures.contains_key(*key))
        .collect();
    let names = shown.iter().map(|(_, name)| told.say(name));
    let mut table = Table::new([String::new()].into_iter().chain(names));
    let mut add = |name: String, get: &dyn Fn(&str) -> Option<FoldMeasure>| {
        let cells = shown.iter().map(|(key, _)| {
            get(key).map_or("–".to_owned(), |found| {
                format!(
                    "{} ± {}",
                    digits(found.mean, told.language),
                    digits(found.sd, told.language)
                )
            })
        });
        table.row([name].into_iter().chain(cells));
    };
    add(told.say("the model"), &|key| {
        report.measures.get(key).copied()
    });
    for (key, measures) in &report.baselines {
        let baseline = Baseline {
            key: key.clone(),
            measures: Vec::new(),
        };
        add(baseline_name(told, &baseline), &|key| {
            measures.get(key).copied()
        });
    }
    table.own = vec![0];
    let values = [report.folds, report.repeats].map(|count| count.to_string());
    let words = "Mean ± standard deviation over {} folds in {} repeats: each fold is measured by a net that has not seen it.";
    let note = told.fill(words, &values.each_ref().map(String::as_str));
    Some(Section::new(
        told.say("Cross-validation"),
        vec![Part::Text(note), Part::Table(table)],
    ))
}

/// The layers.
pub fn layers(told: &Told<'_>) -> Section {
    let mut table =
        Table::new(["part", "layer", "output", "parameters"].map(|name| told.say(name)));
    table.columns[1].1 = Align::Left;
    table.columns[2].1 = Align::Left;
    for [part, layer, output, parameters] in layer_rows(told.trained.model()) {
        let parameters = parameters
            .parse()
            .map_or(parameters, |count| whole(count, told.language));
        table.row([told.say(&part), layer, output, parameters]);
    }
    let total = whole(told.report.parameters, told.language);
    table.row([told.say("together"), String::new(), String::new(), total]);
    table.own = vec![table.rows.len() - 1];
    Section::new(told.say("The layers"), vec![Part::Table(table)])
}

/// How the run comes again.
pub fn repeat(told: &Told<'_>) -> Section {
    let report = told.report;
    let mut table = Table::new(["", ""]).of_words();
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            table.row([told.say(name), value]);
        }
    };
    add("Espejo", report.espejo.clone());
    add("started", report.started.clone());
    add("seed", report.seed.to_string());
    add(
        "device",
        format!("{} ({})", report.device.used, report.device.why),
    );
    add("data", report.data.name.clone());
    add(
        "SHA-256 of the training samples",
        report.data.sha256.clone().unwrap_or_default(),
    );
    add(
        "SHA-256 of the test samples",
        report.data.test_sha256.clone().unwrap_or_default(),
    );
    let words = "The same version on the same kind of device gives the same numbers again, with this command:";
    Section::new(
        told.say("How to repeat it"),
        vec![
            Part::Text(told.say(words)),
            Part::Code(report.command.clone()),
            Part::Table(table),
            Part::Folded(
                told.say("The whole configuration"),
                told.trained.config().to_toml(),
            ),
        ],
    )
}
