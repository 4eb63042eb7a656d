//! Document 002's anomaly detection (S28): the Lorenz system, one of whose variables is out of order for ten seconds.

use std::sync::PoisonError;

use espejo_analysis::{Threshold, roc_auc};
use espejo_pictures::{Curves, Panel, Series, curves};
use espejo_train::{Error, ScoreKind, ScoreRule, Trained};

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::number;

/// The one case.
pub const CASE: &str = "25-16-25";
/// The time of the first test row, and from one row to the next, in seconds.
const FIRST: f64 = 70.1;
const STEP: f64 = 0.1;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each([CASE], 3.0)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = configured("s28", &[format!("train.seed={}", job.seed)])?;
    let ended = trained(config, &mut |_| ())?;
    let run = &ended.trained;
    let (train, test) = (
        scores(run, &run.prepared().train)?,
        scores(run, run.test())?,
    );
    let limit = Threshold::MeanSd(1.0)
        .limit(&train, None)
        .expect("there are training rows and no labels are needed");
    let labels: Vec<bool> = (0..test.len())
        .map(|row| run.test().label(row) == Some(1))
        .collect();
    let flagged = |wanted: bool| {
        let rows = || {
            labels
                .iter()
                .zip(&test)
                .filter(|(label, _)| **label == wanted)
        };
        rows().filter(|(_, score)| **score > limit).count() as f64 / rows().count() as f64
    };
    let auc = roc_auc(&test, &labels).map_or(f64::NAN, |auc| auc.value);
    Ok(Outcome::default()
        .with(
            "parameters",
            run.prepared().spec.architecture.weights() as f64,
        )
        .with("auc", auc)
        .with("inside", flagged(true))
        .with("outside", flagged(false))
        .with("limit", limit)
        .with_list("scores", test))
}

/// The mean squared error of each row, as the document has it.
fn scores(run: &Trained, samples: &espejo_data::Samples) -> Result<Vec<f64>, Error> {
    let rule = ScoreRule {
        kind: ScoreKind::SquaredError,
        draws: 1,
        seed: 1,
    };
    let scores = run.score(samples, rule, false)?.values;
    let columns = samples.shape().pixels() as f64;
    Ok(scores.into_iter().map(|score| score / columns).collect())
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let spread = |measure: &str| results.spread(CASE, measure);
    // Not every row: x often changes places with a value near its own, and a mixture of three variables leaves a linear code nothing
    // to notice. Found is a window whose rows are flagged at least five times as often as the others.
    let is_found =
        |outcome: &Outcome| outcome.get("inside") >= 5.0 * outcome.get("outside").max(1e-3);
    let found = results.of(CASE).filter(|outcome| is_found(outcome)).count();
    let all = results.of(CASE).count();
    Ok(Section {
        claims: vec![Claim {
            text: "The errors are high in the ten seconds in which x is out of order, and low elsewhere.".to_owned(),
            seen: format!(
                "in {found} of {all} seeds the window's rows are flagged at least five times as often as the others; \
                 flagged inside {}, outside {}",
                number(spread("inside").median(), 3),
                number(spread("outside").median(), 3)
            ),
            holds: found == all,
        }],
        tables: Vec::new(),
        figures: figure(results).into_iter().collect(),
        ..Section::default()
    })
}

/// The errors over time of the first seed.
fn figure(results: &Results) -> Option<(String, String, espejo_pictures::Figure)> {
    let outcome = results.first(CASE)?;
    let time = |row: usize| FIRST + STEP * row as f64;
    let scores = outcome.list("scores").iter().enumerate();
    let points: Vec<(f64, f64)> = scores.map(|(row, score)| (time(row), *score)).collect();
    // A row that is not of the window breaks the curve.
    let window = points
        .iter()
        .map(|(t, score)| match (80.05..90.05).contains(t) {
            true => (*t, *score),
            false => (*t, f64::NAN),
        });
    let series = |name: &str, points: Vec<(f64, f64)>| Series {
        name: name.to_owned(),
        points,
        ..Series::default()
    };
    let figure = curves(&Curves {
        title: "Reconstruction error of the Lorenz system (S28)".to_owned(),
        x_label: "t, s".to_owned(),
        panels: vec![Panel {
            y_label: "mean squared error".to_owned(),
            series: vec![
                series("in order", points.clone()),
                series("x shuffled", window.collect()),
            ],
            baselines: vec![("mean + sd of training".to_owned(), outcome.get("limit"))],
            ..Panel::default()
        }],
        ..Curves::default()
    });
    let about = "the error of each test row of the first seed, and the limit".to_owned();
    Some(("s28-errors".to_owned(), about, figure))
}
