//! Documents 000 and 001's variational autoencoders: letters of a font (S6), EMNIST's letters (S7), one face (S8).

use std::sync::PoisonError;

use espejo_pictures::{Sheet, Tile, sheet};
use espejo_train::{Baseline, Error, RunConfig, Trained};

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::number;

/// The cases of the three rows: the document's nets.
pub const LETTERS: &str = "35-16-2-16-35";
pub const HANDWRITTEN: &str = "784-256-2-256-784";
pub const FACES: &str = "1850-1024-2-1024-1850";
/// Codes on each side of the grid that is decoded, and how much of each axis of the prior it leaves out at either end.
const SIDE: usize = 6;
const EDGE: f64 = 0.05;
/// The quantiles of the standard normal distribution at 0.05, 0.23, 0.41, 0.59, 0.77, 0.95: z = Φ⁻¹(linspace(.05, .95, 6)).
const QUANTILES: [f32; SIDE] = [
    -1.644_853_6,
    -0.738_846_84,
    -0.227_544_98,
    0.227_544_98,
    0.738_846_84,
    1.644_853_6,
];

pub fn letters_jobs(scale: &Scale) -> Vec<Job> {
    scale.each([LETTERS], 2.0)
}

pub fn handwritten_jobs(scale: &Scale) -> Vec<Job> {
    scale.each([HANDWRITTEN], 60.0)
}

pub fn faces_jobs(scale: &Scale) -> Vec<Job> {
    scale.each([FACES], 20.0)
}

pub fn letters_run(job: &Job) -> Result<Outcome, Error> {
    run("s6", &[], job)
}

pub fn handwritten_run(job: &Job) -> Result<Outcome, Error> {
    run("s7", &["train.epochs=1", "data.limit=2000"], job)
}

pub fn faces_run(job: &Job) -> Result<Outcome, Error> {
    run("s8", &["train.epochs=10"], job)
}

/// A training of a preset, with its last epoch measured; `quick` is set where little is to be run.
fn run(preset: &str, quick: &[&str], job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sets = vec![format!("train.seed={}", job.seed)];
    if job.scale.quick {
        sets.extend(quick.iter().map(|set| (*set).to_owned()));
    }
    let config: RunConfig = configured(preset, &sets)?;
    let ended = trained(config, &mut |_| ())?;
    let parameters = ended.report.model.parameters as f64;
    Ok(measured(&ended.trained)?.with("parameters", parameters))
}

/// What a model makes of its test samples, beside what is had without one, and the grid that it decodes.
fn measured(run: &Trained) -> Result<Outcome, Error> {
    let evaluation = run.evaluate()?;
    let of = |name: &str| evaluation.metrics.get(name).unwrap_or(f64::NAN);
    let baseline = |key: &str| {
        let found = evaluation.baselines.iter().find(|found| found.key == key);
        let error = found.and_then(|found: &Baseline| found.get("squared_error"));
        error.unwrap_or(f64::NAN)
    };
    let codes: Vec<Vec<f32>> = QUANTILES
        .iter()
        .rev()
        .flat_map(|y| QUANTILES.map(|x| vec![x, *y]))
        .collect();
    let grid = run.decode(&codes)?.concat();
    let shape = run.shape();
    Ok(Outcome::default()
        .with("loss", evaluation.metrics.loss)
        .with("reconstruction", of("reconstruction"))
        .with("kl", of("kl"))
        .with("error", of("squared_error"))
        .with("mean error", baseline("mean_image"))
        .with_list("shape", [shape.height as f64, shape.width as f64])
        .with_list("grid", grid.into_iter().map(f64::from)))
}

pub fn letters_section(results: &Results) -> Result<Section, Error> {
    Ok(section(results, LETTERS, "s6-grid", "S6", true))
}

pub fn handwritten_section(results: &Results) -> Result<Section, Error> {
    Ok(section(results, HANDWRITTEN, "s7-grid", "S7", false))
}

pub fn faces_section(results: &Results) -> Result<Section, Error> {
    Ok(section(results, FACES, "s8-grid", "S8", false))
}

fn section(results: &Results, case: &str, stem: &str, row: &str, ink: bool) -> Section {
    let median = |measure: &str| results.spread(case, measure).median();
    let grid = sheet(&Sheet {
        title: format!("Codes decoded from the 5 % to the 95 % of the prior ({row})"),
        rows: rows_of_tiles(results, case, ink),
        wrap: SIDE,
        ..Sheet::default()
    });
    let about = format!(
        "a grid of {SIDE} x {SIDE} codes, from {EDGE} to {} of each axis of the prior, decoded; first seed",
        1.0 - EDGE
    );
    Section {
        claims: vec![Claim {
            text: "Two numbers, drawn near the prior, keep what tells the pictures apart."
                .to_owned(),
            seen: format!(
                "squared error a picture {}, of the mean picture {}; {} nats of divergence from the prior",
                number(median("error"), 3),
                number(median("mean error"), 3),
                number(median("kl"), 2)
            ),
            holds: median("error") < median("mean error"),
        }],
        figures: vec![(stem.to_owned(), about, grid)],
        ..Section::default()
    }
}

/// The grid of the first seed, row by row.
fn rows_of_tiles(results: &Results, case: &str, ink: bool) -> Vec<(String, Vec<Option<Tile>>)> {
    let Some(first) = results.first(case) else {
        return Vec::new();
    };
    let (shape, grid) = (first.list("shape"), first.list("grid"));
    let [height, width] = [0, 1].map(|at| shape.get(at).map_or(1, |side| *side as usize));
    let tile = |values: &[f64]| {
        Some(Tile {
            pixels: values.iter().map(|value| *value as f32).collect(),
            channels: 1,
            height,
            width,
            ink,
        })
    };
    grid.chunks_exact(SIDE * height * width)
        .map(|row| {
            let tiles = row.chunks_exact(height * width).map(tile).collect();
            (String::new(), tiles)
        })
        .collect()
}
