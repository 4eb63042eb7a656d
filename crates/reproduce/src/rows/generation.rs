//! Document 001, conclusions (S25): a variational autoencoder generates better than a plain one.

use std::sync::PoisonError;

use espejo_pictures::{Bar, BarSeries, Bars, Sheet, bars, sheet};
use espejo_train::Error;

use crate::glyphs::{Glyph, Glyphs, PIXELS, generator, thresholded, tile, values};
use crate::lab::{Setup, configured};
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::{mean, number};
use rand::RngExt;

/// Drawn evenly over the span of the codes, of the document's net and of the preset `letters`; and from the prior, of
/// `letters-vae`.
const MODELS: [&str; 3] = ["AE of S10", "AE", "VAE"];
const DRAWS: usize = 1000;
const STREAM: u64 = 31;
/// Drawn letters that are shown.
const SHOWN: usize = 32;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each(MODELS, 2.0)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let letters = Glyphs::of("fonts:2")?;
    let drawn = match job.case.as_str() {
        "VAE" => drawn_by_vae(job)?,
        "AE" => drawn_by_ae(
            "letters",
            &[
                "train.optimizer=lbfgs",
                "train.schedule=constant",
                "train.max_evaluations=5000",
            ],
            job,
        )?,
        _ => drawn_by_ae("s10", &[], job)?,
    };
    let apart: Vec<(usize, usize)> = drawn.iter().map(|glyph| letters.nearest(glyph)).collect();
    let share = |most: usize| {
        apart.iter().filter(|(_, apart)| *apart <= most).count() as f64 / apart.len() as f64
    };
    let mut reached: Vec<usize> = apart
        .iter()
        .filter(|(_, apart)| *apart <= 1)
        .map(|(at, _)| *at)
        .collect();
    reached.sort_unstable();
    reached.dedup();
    Ok(Outcome::default()
        .with("exact", share(0))
        .with("close", share(1))
        .with(
            "apart",
            mean(
                &apart
                    .iter()
                    .map(|(_, apart)| *apart as f64)
                    .collect::<Vec<_>>(),
            ),
        )
        .with("reached", reached.len() as f64)
        .with_list("drawn", values(&drawn[..SHOWN.min(drawn.len())], 0.0)))
}

fn drawn_by_ae(preset: &str, sets: &[&str], job: &Job) -> Result<Vec<Glyph>, Error> {
    let mut sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    sets.push(format!("train.seed={}", job.seed));
    let setup = Setup::of(preset, &sets)?;
    let mirror = setup.learn().mirror;
    let codes = mirror.encode(&setup.glyphs.pixels);
    let span = |axis: usize| {
        let values = codes.iter().map(|code| code[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        })
    };
    let spans = [span(0), span(1)];
    let mut rng = generator(job.seed, STREAM);
    let draws: Vec<Vec<f64>> = (0..DRAWS)
        .map(|_| {
            spans
                .map(|(low, high)| low + (high - low) * rng.random::<f64>())
                .to_vec()
        })
        .collect();
    Ok(mirror
        .decode(&draws)
        .iter()
        .map(|row| thresholded(row, 0.0))
        .collect())
}

fn drawn_by_vae(job: &Job) -> Result<Vec<Glyph>, Error> {
    let config = configured("letters-vae", &[format!("train.seed={}", job.seed)])?;
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let trained = trained(config, &mut |_| ())?.trained;
    let codes = trained.random_codes(DRAWS, job.seed)?;
    let rows = trained.decode(&codes)?;
    let glyph =
        |row: &Vec<f32>| thresholded(&row.iter().copied().map(f64::from).collect::<Vec<_>>(), 0.0);
    Ok(rows.iter().map(glyph).collect())
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let share = |model: &str, measure: &str| results.spread(model, measure);
    let bar = |model: &str, measure: &str, most: f64| {
        let spread = share(model, measure);
        let scaled = |value: f64| value / most;
        Bar {
            value: scaled(spread.median()),
            low: Some(scaled(spread.low())),
            high: Some(scaled(spread.high())),
            runs: spread.values.iter().map(|value| scaled(*value)).collect(),
            reference: None,
        }
    };
    let chart = bars(&Bars {
        title: "1,000 random codes, decoded (S25)".to_owned(),
        y_label: "share".to_owned(),
        groups: [
            "a known letter, exact",
            "within one pixel of one",
            "of the 32 letters reached",
        ]
        .map(str::to_owned)
        .to_vec(),
        series: MODELS
            .iter()
            .map(|model| BarSeries {
                name: (*model).to_owned(),
                bars: vec![
                    bar(model, "exact", 1.0),
                    bar(model, "close", 1.0),
                    bar(model, "reached", 32.0),
                ],
            })
            .collect(),
        ..Bars::default()
    });
    let rows = MODELS.iter().map(|model| {
        let list = results
            .first(model)
            .map_or(&[][..], |run| run.list("drawn"));
        let tiles = list
            .chunks_exact(PIXELS)
            .map(|row| Some(tile(&thresholded(row, 0.0))));
        ((*model).to_owned(), tiles.collect())
    });
    let drawn = sheet(&Sheet {
        title: "The first random letters (S25)".to_owned(),
        rows: rows.collect(),
        wrap: 16,
        ..Sheet::default()
    });
    let text = |model: &str| {
        format!(
            "{model}: {} % within one pixel of a letter, {} pixels from the nearest, {} of 32 letters reached",
            number(100.0 * share(model, "close").median(), 0),
            number(share(model, "apart").median(), 2),
            number(share(model, "reached").median(), 0)
        )
    };
    Ok(Section {
        claims: vec![Claim {
            text: "A variational autoencoder generates better than a plain one.".to_owned(),
            seen: MODELS.map(text).join("; "),
            holds: MODELS[..2].iter().all(|model| share("VAE", "close").median() > share(model, "close").median()),
        }],
        figures: vec![
            ("s25-generation".to_owned(), "random codes decoded: of the AE evenly over the span of its codes, of the VAE from its prior".to_owned(), chart),
            ("s25-letters".to_owned(), "the first 32 random letters of each, first seed".to_owned(), drawn),
        ],
        ..Section::default()
    })
}
