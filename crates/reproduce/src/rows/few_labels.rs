//! Document 002's "better classification" (S30): an encoder that learned without labels as the body of a classifier that has few.

use std::sync::PoisonError;

use espejo_pictures::{Curves, Panel, Series, curves};
use espejo_train::{Error, Folder, Prepared, RunConfig, prepare};
use rand::seq::SliceRandom;

use crate::glyphs::generator;
use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::rows::trained::{DEVICE, fit_in, on_processor, scratch};
use crate::statistics::number;

/// How the classifier starts.
const WAYS: [(&str, &str); 3] = [
    ("scratch", "from scratch"),
    ("frozen", "encoder, frozen"),
    ("tuned", "encoder, fine-tuned"),
];
/// Labelled images, all classes alike in number.
const LABELS: [usize; 3] = [10, 100, 1000];
/// Steps of a classifier's training, about, whatever the number of its labels.
const STEPS: usize = 600;
const BATCH: usize = 64;
const STREAM: u64 = 41;
/// The one case: all trainings of a seed share an encoder.
pub const CASE: &str = "784-256-32";

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each([CASE], 120.0)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = scratch()?;
    let sets = [format!("train.seed={}", job.seed)];
    let mut config = configured("s30", &sets)?;
    if job.scale.quick {
        config.train.epochs = 1;
    }
    let prepared = prepare(on_processor(config))?;
    let encoder = Folder::create(scratch.path(), Some("encoder"), &prepared.config)?;
    fit_in(&prepared, &encoder, &mut |_| ())?;
    let mut outcome = Outcome::default();
    for labels in LABELS {
        for (way, _) in WAYS {
            let mut prepared = prepare(classifier(&prepared.config, &encoder, way, labels)?)?;
            take(&mut prepared, labels, job.seed);
            let name = format!("{way}-{labels}");
            let folder = Folder::create(scratch.path(), Some(&name), &prepared.config)?;
            let ended = fit_in(&prepared, &folder, &mut |_| ())?;
            let results = ended.results.expect("nobody stopped it");
            let accuracy = results.test.get("accuracy").unwrap_or(f64::NAN);
            outcome = outcome.with(&name, accuracy);
            if way == "scratch" {
                let nearest = results
                    .baselines
                    .iter()
                    .find(|baseline| baseline.key == "nearest");
                let nearest = nearest.and_then(|baseline| baseline.get("accuracy"));
                outcome = outcome.with(&format!("nearest-{labels}"), nearest.unwrap_or(f64::NAN));
            }
        }
    }
    Ok(outcome)
}

/// A classifier with the layers of the encoder, which starts from its weights or not.
fn classifier(
    source: &RunConfig,
    encoder: &Folder,
    way: &str,
    labels: usize,
) -> Result<RunConfig, Error> {
    let mut config = configured("classifier", &[])?;
    config.data = source.data.clone();
    config.model.init_from(encoder)?;
    if way == "scratch" {
        config.model.init_from = None;
    }
    config.model.freeze = way == "frozen";
    config.train = source.train.clone();
    config.train.batch_size = BATCH;
    config.train.learning_rate = 1e-3;
    config.train.epochs = STEPS / labels.div_ceil(BATCH).max(1);
    // What is best on the test part is not known to somebody with few labels: the last epoch counts.
    config.train.eval_every = config.train.epochs;
    Ok(config)
}

/// Leaves as many training samples as there shall be labels, of each class as many, drawn by the seed.
fn take(prepared: &mut Prepared, labels: usize, seed: u64) {
    let train = &prepared.train;
    let classes = train.classes().len();
    let mut picked = Vec::with_capacity(labels);
    let mut rng = generator(seed, STREAM);
    for class in 0..classes {
        let mut members: Vec<usize> = (0..train.len())
            .filter(|index| train.label(*index) == Some(class))
            .collect();
        members.shuffle(&mut rng);
        picked.extend_from_slice(&members[..labels / classes]);
    }
    picked.sort_unstable();
    prepared.train = train.select(&picked);
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let spread = |way: &str, labels: usize| results.spread(CASE, &format!("{way}-{labels}"));
    let curve = |(way, name): &(&str, &str)| {
        let at = LABELS.map(|labels| (labels as f64, spread(way, labels)));
        Series {
            name: (*name).to_owned(),
            points: at.iter().map(|(x, spread)| (*x, spread.median())).collect(),
            bars: at
                .iter()
                .map(|(x, spread)| (*x, spread.low(), spread.high()))
                .collect(),
            marks: true,
            ..Series::default()
        }
    };
    let ways: Vec<(&str, &str)> = WAYS
        .into_iter()
        .chain([("nearest", "nearest labelled image")])
        .collect();
    let figure = curves(&Curves {
        title: "Test accuracy with few labels (S30)".to_owned(),
        x_label: "labelled images".to_owned(),
        panels: vec![Panel {
            y_label: "test accuracy".to_owned(),
            series: ways.iter().map(curve).collect(),
            ..Panel::default()
        }],
        log_x: true,
        ..Curves::default()
    });
    let medians = |way: &str| {
        LABELS
            .map(|labels| number(spread(way, labels).median(), 3))
            .join(", ")
    };
    let better = |labels: usize| {
        let of = |way: &str| spread(way, labels).median();
        of("frozen").max(of("tuned")) > of("scratch")
    };
    let rows = ways.iter().map(|(way, name)| {
        let cells = LABELS.map(|labels| spread(way, labels).text(3));
        [vec![(*name).to_owned()], cells.to_vec()].concat()
    });
    Ok(Section {
        claims: vec![Claim {
            text: "An encoder that learned without labels makes a better classifier where labels are few.".to_owned(),
            seen: WAYS
                .iter()
                .map(|(way, name)| format!("{name}: {} with 10, 100, 1,000 labels", medians(way)))
                .collect::<Vec<_>>()
                .join("; "),
            holds: LABELS.into_iter().all(better),
        }],
        tables: vec![Table {
            title: "Test accuracy, median (least to greatest) over the seeds".to_owned(),
            columns: ["start", "10 labels", "100 labels", "1,000 labels"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }],
        figures: vec![(
            "s30-few-labels".to_owned(),
            "test accuracy against the number of labels, median and range over the seeds".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}
