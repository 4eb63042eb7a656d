//! Document 004, exercises 3 and 4 (S39): film reviews by the words that they have, and by words in order with learned vectors.

use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::Error;

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::rows::show::curve_over;
use crate::rows::supervised::classified;
use crate::statistics::number;

pub const L2: &str = "counts, L2";
pub const DROPOUT: &str = "counts, dropout + L2";
pub const BATCH_NORM: &str = "counts, batch norm + L2";
pub const EMBEDDING: &str = "embedding, dense";
pub const CONV: &str = "embedding, convolutions";

/// A net of the document: its case, its preset, the document's figure of it, about how many seconds it takes.
const NETS: [(&str, &str, &str, f64); 5] = [
    (L2, "s39-bow", "5", 20.0),
    (DROPOUT, "s39-bow-dropout", "6", 25.0),
    (BATCH_NORM, "s39-bow-batchnorm", "7", 25.0),
    (EMBEDDING, "s39-embedding", "8", 70.0),
    (CONV, "s39-conv", "9", 110.0),
];
/// Epochs of a quick run.
const QUICK_EPOCHS: usize = 2;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    let each = NETS.iter();
    each.flat_map(|(case, _, _, cost)| scale.each([*case], *cost))
        .collect()
}

/// What counts is the net after its last epoch: the best one is chosen by the test reviews.
pub fn run(job: &Job) -> Result<Outcome, Error> {
    let net = NETS.iter().find(|(case, ..)| *case == job.case);
    let (_, preset, ..) = net.expect("a case of this row");
    let mut config = configured(preset, &[format!("train.seed={}", job.seed)])?;
    if job.scale.quick {
        config.train.epochs = QUICK_EPOCHS;
    }
    let outcome = classified(config)?;
    let last = |list: &str| outcome.list(list).last().copied().unwrap_or(f64::NAN);
    let (test, learned) = (last("test accuracy"), last("train accuracy"));
    let kept = outcome.get("accuracy");
    Ok(outcome
        .with("accuracy", test)
        .with("training accuracy", learned)
        .with("kept accuracy", kept))
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let figures = NETS.iter().map(|(case, preset, figure, _)| {
        let about = format!(
            "the document's figure {figure}: {case}, training (dashed) and test, median and range over the seeds"
        );
        ((*preset).to_owned(), about, by_epoch(results, case))
    });
    let columns = [
        "net",
        "parameters",
        "test accuracy, last epoch",
        "at the least test loss",
        "training accuracy, last epoch",
        "logistic regression on naive Bayes ratios",
        "logistic regression",
    ];
    let rows = NETS.iter().map(|(case, ..)| {
        let spread = |measure: &str| results.spread(case, measure).text(4);
        vec![
            (*case).to_owned(),
            number(results.spread(case, "parameters").median(), 0),
            spread("accuracy"),
            spread("kept accuracy"),
            spread("training accuracy"),
            spread("naive Bayes"),
            // Tokens are no numbers that it could weigh.
            match results.spread(case, "linear").median().is_nan() {
                true => "–".to_owned(),
                false => spread("linear"),
            },
        ]
    });
    Ok(Section {
        claims: claims(results),
        tables: vec![Table {
            title: "Accuracy, median (least to greatest) over the seeds; the baselines know the same words".to_owned(),
            columns: columns.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }],
        figures: figures.collect(),
        ..Section::default()
    })
}

/// What the document says of its curves.
fn claims(results: &Results) -> Vec<Claim> {
    let median = |case: &str, measure: &str| results.spread(case, measure).median();
    let test = |case: &str| median(case, "accuracy");
    let train = |case: &str| median(case, "training accuracy");
    let gap = |case: &str| train(case) - test(case);
    let first = |case: &str| {
        let seeds = results.of(case);
        let first = seeds.filter_map(|run| run.list("test accuracy").first().copied());
        crate::statistics::Spread::of(first.collect()).median()
    };
    let said = |values: &[(&str, f64)]| {
        let each = values
            .iter()
            .map(|(name, value)| format!("{name} {}", number(*value, 3)));
        each.collect::<Vec<_>>().join(", ")
    };
    vec![
        Claim {
            text: "L2 alone still overfits.".to_owned(),
            seen: said(&[("training accuracy", train(L2)), ("test", test(L2))]),
            holds: gap(L2) > 0.02,
        },
        Claim {
            text: "With dropout there is a little less overfitting, and the net does worse than with L2 alone.".to_owned(),
            seen: format!(
                "training less test accuracy: {}; test accuracy: {}",
                said(&[("L2", gap(L2)), ("dropout", gap(DROPOUT))]),
                said(&[("L2", test(L2)), ("dropout", test(DROPOUT))])
            ),
            holds: gap(DROPOUT) < gap(L2) && test(DROPOUT) < test(L2),
        },
        Claim {
            text: "Batch normalisation gives the highest training accuracy of the three and overfits the most.".to_owned(),
            seen: format!(
                "training accuracy: {}; training less test: {}",
                said(&[("L2", train(L2)), ("dropout", train(DROPOUT)), ("batch norm", train(BATCH_NORM))]),
                said(&[("L2", gap(L2)), ("dropout", gap(DROPOUT)), ("batch norm", gap(BATCH_NORM))])
            ),
            holds: train(BATCH_NORM) > train(L2).max(train(DROPOUT)) && gap(BATCH_NORM) > gap(L2).max(gap(DROPOUT)),
        },
        Claim {
            text: "The embedding with dense layers learns nothing in its first epochs, and overfits less than the counts with dropout.".to_owned(),
            seen: format!(
                "test accuracy after the first epoch {}; training less test accuracy: {}",
                number(first(EMBEDDING), 3),
                said(&[("embedding", gap(EMBEDDING)), ("counts, dropout", gap(DROPOUT))])
            ),
            holds: first(EMBEDDING) < 0.6 && gap(EMBEDDING) < gap(DROPOUT),
        },
        Claim {
            text: "With convolutions the embedding learns faster and reaches a higher accuracy than with dense layers, and overfits more.".to_owned(),
            seen: format!(
                "test accuracy after the first epoch: {}; after the last: {}; training less test: {}",
                said(&[("convolutions", first(CONV)), ("dense", first(EMBEDDING))]),
                said(&[("convolutions", test(CONV)), ("dense", test(EMBEDDING))]),
                said(&[("convolutions", gap(CONV)), ("dense", gap(EMBEDDING))])
            ),
            holds: first(CONV) > first(EMBEDDING) && test(CONV) > test(EMBEDDING) && gap(CONV) > gap(EMBEDDING),
        },
    ]
}

/// Accuracy and cross-entropy of a net over its epochs.
fn by_epoch(results: &Results, case: &str) -> Figure {
    let panel = |label: &str, train: &str, test: &str| Panel {
        y_label: label.to_owned(),
        series: vec![
            Series {
                dashed: true,
                ..curve_over(results, case, "epoch", train, "training")
            },
            curve_over(results, case, "epoch", test, "test"),
        ],
        ..Panel::default()
    };
    curves(&Curves {
        title: format!("Film reviews, {case} (S39)"),
        x_label: "epoch".to_owned(),
        panels: vec![
            panel("accuracy", "train accuracy", "test accuracy"),
            panel("cross-entropy, nats per review", "train loss", "test loss"),
        ],
        ..Curves::default()
    })
}
