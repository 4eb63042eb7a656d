//! Document 004, exercise 6 (S37): diabetes of Pima women by a small net with batch norm, cross-validated.

use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{
    Error, Fold, Folder, FoldsReport, Place, PooledCurves, Rows, fit, folds_of, pooled, prepare,
};

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::rows::trained::{DEVICE, on_processor, scratch};
use crate::statistics::number;

/// The cases: as the document corrects the data, as the file has it, and with dropout, which the document does not have.
pub const CORRECTED: &str = "zeros replaced by the mean";
pub const RECORDED: &str = "zeros as recorded";
pub const DROPOUT: &str = "zeros replaced, with dropout";

/// The file of the set, whose own reader takes its impossible zeros for missing cells.
const FILE: &str = "pima/pima-indians-diabetes.data.csv";
/// The measures of a fold that are kept.
const MEASURES: [&str; 4] = ["accuracy", "cross_entropy", "roc_auc", "average_precision"];

/// What reads the net's outputs of a fold, or the linear model's.
type Outputs = fn(&Fold) -> &Rows;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each([CORRECTED, RECORDED, DROPOUT], 5.0)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut config = configured("s37", &[format!("train.seed={}", job.seed)])?;
    match job.case.as_str() {
        RECORDED => {
            let file = espejo_data::directory_or(None)?.join(FILE);
            let set = [
                format!("data.name='{}'", file.display()),
                "data.target='9'".to_owned(),
                "data.missing=[]".to_owned(),
                "data.missing_in=[]".to_owned(),
                "data.fill='none'".to_owned(),
                format!("train.seed={}", job.seed),
            ];
            config = configured("s37", &set)?;
        }
        DROPOUT => {
            let set = [
                "model.layers=[24,'bn','dropout:0.4',12,'bn','dropout:0.2']".to_owned(),
                format!("train.seed={}", job.seed),
            ];
            config = configured("s37", &set)?;
        }
        _ => {}
    }
    let prepared = prepare(on_processor(config))?;
    let room = scratch()?;
    let folder = Folder::create(room.path(), None, &prepared.config)?;
    let stop = AtomicBool::new(false);
    let ended = fit(&prepared, &folder, "espejo reproduce", &stop, &mut |_| ())?;
    let (folds, report) = (folds_of(&folder)?, ended.report);
    let found = report.folds.unwrap_or_default();
    let outcome = Outcome::default()
        .with("parameters", report.model.parameters as f64)
        .with("non-trainable", report.model.non_trainable as f64);
    let outcome = with_measures(outcome, &found);
    let mut outcome = with_course(outcome, &folds);
    let both: [(&str, Outputs); 2] = [("", |fold| &fold.outputs), ("linear ", |fold| &fold.linear)];
    for (name, outputs) in both {
        let pooled = pooled(&folds, &prepared.train, job.seed, outputs);
        if let Some(curves) = pooled.and_then(|pooled| pooled.curves) {
            outcome = with_curves(outcome, name, &curves);
        }
    }
    Ok(outcome)
}

/// Means and deviations over the folds, of the net and of what one gets without it.
fn with_measures(mut outcome: Outcome, found: &FoldsReport) -> Outcome {
    let linear = found.baselines.get("linear");
    let majority = found.baselines.get("majority");
    for (who, measures) in [
        ("", Some(&found.measures)),
        ("linear ", linear),
        ("majority ", majority),
    ] {
        for name in MEASURES {
            let Some(measure) = measures.and_then(|measures| measures.get(name)) else {
                continue;
            };
            outcome = outcome
                .with(&format!("{who}{name}"), measure.mean)
                .with(&format!("{who}{name} sd"), measure.sd);
            if let (Some(low), Some(high)) = (measure.low, measure.high) {
                outcome = outcome
                    .with(&format!("{who}{name} low"), low)
                    .with(&format!("{who}{name} high"), high);
            }
        }
    }
    outcome
}

/// The accuracy on held-out folds by epoch: mean and deviation, and the mean deviation over the epochs.
fn with_course(outcome: Outcome, folds: &[Fold]) -> Outcome {
    let Some(first) = folds.first() else {
        return outcome;
    };
    let column = |fold: &Fold, at: usize| {
        let column = fold.curve.columns.get("test_accuracy");
        column
            .and_then(|column| column.get(at))
            .copied()
            .unwrap_or(f64::NAN)
    };
    let count = folds.len() as f64;
    let (mut means, mut deviations) = (Vec::new(), Vec::new());
    for at in 0..first.curve.epochs.len() {
        let values = || folds.iter().map(|fold| column(fold, at));
        let mean = values().sum::<f64>() / count;
        let squares: f64 = values().map(|value| (value - mean).powi(2)).sum();
        means.push(mean);
        deviations.push((squares / (count - 1.0)).sqrt());
    }
    // How far the accuracy of one net goes up and down from epoch to epoch.
    let steps = means.len().saturating_sub(1).max(1) as f64;
    let jumps = folds.iter().map(|fold| {
        let jump = |at: usize| (column(fold, at) - column(fold, at - 1)).abs();
        (1..means.len()).map(jump).sum::<f64>() / steps
    });
    let noise = deviations.iter().sum::<f64>() / deviations.len() as f64;
    let jump = jumps.sum::<f64>() / count;
    let epochs = first.curve.epochs.iter().map(|epoch| *epoch as f64);
    outcome
        .with("deviation", noise)
        .with("jump", jump)
        .with_list("epoch", epochs)
        .with_list("accuracy by epoch", means)
        .with_list("deviation by epoch", deviations)
}

fn with_curves(outcome: Outcome, name: &str, curves: &PooledCurves) -> Outcome {
    let mut outcome = outcome;
    for (curve, places) in [
        ("roc", &curves.roc),
        ("precision", &curves.precision_recall),
    ] {
        let list = |of: fn(&Place) -> f64| places.iter().map(of).collect::<Vec<f64>>();
        outcome = outcome
            .with_list(&format!("{name}{curve} x"), list(|place| place.0))
            .with_list(&format!("{name}{curve} y"), list(|place| place.1.value))
            .with_list(&format!("{name}{curve} low"), list(|place| place.1.low))
            .with_list(&format!("{name}{curve} high"), list(|place| place.1.high));
    }
    outcome
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let median = |case: &str, measure: &str| results.spread(case, measure).median();
    let pair = |measure: &str, digits| {
        let of = |case| number(median(case, measure), digits);
        format!("{} against {}", of(CORRECTED), of(RECORDED))
    };
    let both = |measure: &str| (median(CORRECTED, measure), median(RECORDED, measure));
    let deviations = |case| results.of(case).map(|outcome| outcome.get("deviation"));
    let pairs = || deviations(CORRECTED).zip(deviations(RECORDED));
    let (seeds, less) = (pairs().count(), pairs().filter(|(a, b)| a < b).count());
    let noise = Claim {
        text: "With the zeros replaced the accuracy on validation data is less noisy.".to_owned(),
        seen: format!(
            "deviation between the nets, mean over the epochs: {}, less in {less} of {seeds} seeds; change of a net from one epoch to the \
             next: {}",
            pair("deviation", 4),
            pair("jump", 4)
        ),
        // What chance gives to every other seed is no effect.
        holds: less as f64 >= 0.8 * seeds as f64,
    };
    let (accuracy, recorded) = both("accuracy");
    let alike = Claim {
        text: "It is very similar all the same.".to_owned(),
        seen: format!(
            "accuracy {}, deviation between the nets {}",
            pair("accuracy", 3),
            pair("accuracy sd", 3)
        ),
        holds: (accuracy - recorded).abs() < median(CORRECTED, "accuracy sd"),
    };
    let mut figures = vec![(
        "s37-accuracy".to_owned(),
        "accuracy on held-out folds by epoch: mean over folds and seeds, one standard deviation of the folds to each side".to_owned(),
        course(results),
    )];
    for (stem, curve, about) in [
        ("s37-roc", "roc", "ROC curves"),
        ("s37-precision-recall", "precision", "precision over recall"),
    ] {
        let about = format!(
            "{about} of all held-out predictions of the first seed, with the 95 % interval of the net with dropout (bootstrap over the rows)"
        );
        figures.push((stem.to_owned(), about, ranking(results, curve)));
    }
    Ok(Section {
        claims: vec![noise, alike],
        tables: vec![table(results)],
        figures,
        ..Section::default()
    })
}

/// Every net beside logistic regression and the largest class.
fn table(results: &Results) -> Table {
    let cell = |case: &str, who: &str, measure: &str| {
        let median = |of: &str| {
            results
                .spread(case, &format!("{who}{measure}{of}"))
                .median()
        };
        match median("").is_finite() {
            true => format!("{} ± {}", number(median(""), 3), number(median(" sd"), 3)),
            false => "–".to_owned(),
        }
    };
    let interval = |case: &str, who: &str| {
        let end = |of: &str| results.spread(case, &format!("{who}roc_auc{of}")).median();
        match end(" low").is_finite() {
            true => format!("{} to {}", number(end(" low"), 3), number(end(" high"), 3)),
            false => "–".to_owned(),
        }
    };
    let row = |name: &str, case: &str, who: &str| {
        let mut row = vec![name.to_owned()];
        row.extend(MEASURES.map(|measure| cell(case, who, measure)));
        row.push(interval(case, who));
        row
    };
    Table {
        title: "Mean ± standard deviation over the 15 held-out folds, medians over the seeds; the interval is that of the ROC area of all \
                held-out predictions"
            .to_owned(),
        columns: ["", "accuracy", "cross-entropy, nats", "ROC area", "average precision", "95 % of the ROC area"]
            .map(str::to_owned)
            .to_vec(),
        rows: vec![
            row("net, zeros replaced", CORRECTED, ""),
            row("net, zeros as recorded", RECORDED, ""),
            row("net with dropout .4 and .2", DROPOUT, ""),
            row("logistic regression", CORRECTED, "linear "),
            row("logistic regression, zeros as recorded", RECORDED, "linear "),
            row("largest class", CORRECTED, "majority "),
        ],
    }
}

/// The mean of a list over the seeds of a case.
fn mean_list(results: &Results, case: &str, name: &str) -> Vec<f64> {
    let lists: Vec<&[f64]> = results.of(case).map(|outcome| outcome.list(name)).collect();
    let length = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let mean = |at: usize| lists.iter().map(|list| list[at]).sum::<f64>() / lists.len() as f64;
    (0..length).map(mean).collect()
}

fn course(results: &Results) -> Figure {
    let panel = |case: &str| {
        let list = |name: &str| mean_list(results, case, name);
        let (epochs, means, deviations) = (
            list("epoch"),
            list("accuracy by epoch"),
            list("deviation by epoch"),
        );
        let places = || epochs.iter().copied().zip(means.iter().copied());
        let band = places().zip(&deviations);
        let baseline = results.spread(case, "linear accuracy").median();
        Panel {
            title: case.to_owned(),
            y_label: "accuracy".to_owned(),
            series: vec![Series {
                name: "held out".to_owned(),
                points: places().collect(),
                band: band.map(|((x, y), sd)| (x, y - sd, y + sd)).collect(),
                ..Series::default()
            }],
            baselines: vec![("logistic regression".to_owned(), baseline)],
            ..Panel::default()
        }
    };
    curves(&Curves {
        title: "Diabetes, accuracy on held-out folds (S37)".to_owned(),
        x_label: "epoch".to_owned(),
        panels: [CORRECTED, RECORDED, DROPOUT].map(panel).to_vec(),
        ..Curves::default()
    })
}

/// The curves of a kind, `roc` or `precision`, of the first seed.
fn ranking(results: &Results, curve: &str) -> Figure {
    let series = |name: &str, case: &str, who: &str, has_band: bool| {
        let outcome = results.first(case)?;
        let list = |part: &str| {
            outcome
                .list(&format!("{who}{curve} {part}"))
                .iter()
                .copied()
        };
        let band = list("x").zip(list("low").zip(list("high")));
        Some(Series {
            name: name.to_owned(),
            points: list("x").zip(list("y")).collect(),
            band: band
                .filter(|_| has_band)
                .map(|(x, (low, high))| (x, low, high))
                .collect(),
            ..Series::default()
        })
    };
    let (x_label, y_label, title) = match curve {
        "roc" => ("false positive rate", "true positive rate", "ROC curves"),
        _ => ("recall", "precision", "Precision and recall"),
    };
    curves(&Curves {
        title: format!("Diabetes, {title} (S37)"),
        x_label: x_label.to_owned(),
        panels: vec![Panel {
            y_label: y_label.to_owned(),
            series: [
                series("net", CORRECTED, "", false),
                series("net with dropout", DROPOUT, "", true),
                series("logistic regression", CORRECTED, "linear ", false),
            ]
            .into_iter()
            .flatten()
            .collect(),
            ..Panel::default()
        }],
        ..Curves::default()
    })
}
