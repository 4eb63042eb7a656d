//! Document 004, exercises 1 and 2 (S40): the value of homes in Boston by a linear net; XOR and parity are in [`parity`].

use std::sync::PoisonError;

use espejo_pictures::{Curves, Panel, ParityPlot, curves, parity_plot};
use espejo_train::{Error, Event};

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::parity;
use crate::rows::show::curve_over;
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::number;

/// The one case.
pub const CASE: &str = "13-1, linear";

pub fn jobs(scale: &Scale) -> Vec<Job> {
    let mut jobs = scale.each([CASE], 5.0);
    jobs.extend(parity::jobs(scale));
    jobs
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    if parity::has(job) {
        return parity::run(job);
    }
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = configured("s40", &[format!("train.seed={}", job.seed)])?;
    let mut epochs: Vec<[f64; 3]> = Vec::new();
    let ended = trained(config, &mut |event| {
        let Event::Epoch { report, .. } = event else {
            return;
        };
        if let Some((test, _)) = &report.test {
            epochs.push([report.epoch as f64, report.loss, test.loss]);
        }
    })?;
    let results = ended.results.as_ref().expect("nobody stopped it");
    let run = &ended.trained;
    let baseline = |key: &str| results.baseline(key, "rmse").unwrap_or(f64::NAN);
    let targets = (0..run.test().len()).filter_map(|row| Some(run.test().target_row(row)?[0]));
    let targets: Vec<f64> = targets.collect();
    let column = |place: usize| epochs.iter().map(move |row| row[place]);
    Ok(Outcome::default()
        .with("parameters", ended.report.model.parameters as f64)
        .with("rmse", results.test.get("rmse").unwrap_or(f64::NAN))
        .with("r2", results.test.get("r2").unwrap_or(f64::NAN))
        .with("least squares", baseline("linear"))
        .with("mean", baseline("mean"))
        .with_list("targets", targets)
        .with_list("predictions", run.predict_numbers(run.test())?.concat())
        .with_list("epoch", column(0))
        .with_list("train loss", column(1))
        .with_list("test loss", column(2)))
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let median = |measure: &str| results.spread(CASE, measure).median();
    let claim = Claim {
        text: "The model learns, and its prediction is not very good in the end.".to_owned(),
        seen: format!(
            "root mean squared error {} thousand dollars, R² {}; ordinary least squares {}, the mean {}",
            number(median("rmse"), 2),
            number(median("r2"), 3),
            number(median("least squares"), 2),
            number(median("mean"), 2)
        ),
        holds: median("rmse") < median("mean") && median("r2") < 0.9,
    };
    let loss = curves(&Curves {
        title: "Loss by epoch (S40)".to_owned(),
        x_label: "epoch".to_owned(),
        panels: vec![Panel {
            y_label: "½ squared error of the standardised value".to_owned(),
            series: vec![
                curve_over(results, CASE, "epoch", "train loss", "training"),
                curve_over(results, CASE, "epoch", "test loss", "test"),
            ],
            ..Panel::default()
        }],
        ..Curves::default()
    });
    let mut figures = vec![(
        "s40-loss".to_owned(),
        "training and test loss, median and range over the seeds".to_owned(),
        loss,
    )];
    figures.extend(results.first(CASE).map(|outcome| {
        let pairs = outcome
            .list("targets")
            .iter()
            .zip(outcome.list("predictions"));
        let figure = parity_plot(&ParityPlot {
            title: "Value of homes in Boston (S40)".to_owned(),
            column: "thousand dollars".to_owned(),
            points: pairs.map(|(target, given)| (*target, *given)).collect(),
            note: None,
        });
        let about = "predictions over the true values of the first seed's test part".to_owned();
        ("s40-predictions".to_owned(), about, figure)
    }));
    figures.push((
        "s40-parity".to_owned(),
        "accuracy and loss of XOR and parity, median and range over the seeds".to_owned(),
        parity::figure(results),
    ));
    Ok(Section {
        claims: vec![claim],
        tables: vec![parity::starts_table(results)],
        figures,
        ..Section::default()
    })
}
