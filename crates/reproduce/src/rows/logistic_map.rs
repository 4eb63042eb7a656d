//! Document 004, exercise 5 (S38): the logistic map, learned from pairs of values that follow each other.

use std::sync::PoisonError;

use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::Error;

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::show::curve_over;
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::number;

/// The one case.
pub const CASE: &str = "1-16-1";
/// Steps that forecasts go on from each other.
const STEPS: usize = 20;
/// How far from ln 2 the growth of the error may be to count as a doubling.
const NEAR: f64 = 0.1;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each([CASE], 10.0)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = configured("s38", &[format!("train.seed={}", job.seed)])?;
    let ended = trained(config, &mut |_| ())?;
    let results = ended.results.as_ref().expect("nobody stopped it");
    let run = &ended.trained;
    let test = run.test();
    let report = run.forecast_report(test, STEPS)?;
    let baseline = |key: &str| results.baseline(key, "rmse").unwrap_or(f64::NAN);
    let values: Vec<f64> = (0..test.len())
        .filter_map(|row| Some(test.target_row(row)?[0]))
        .collect();
    let one_step: Vec<f64> = run.predict_numbers(test)?.concat();
    let free = run.forecast(&test.select(&[0]), STEPS)?.concat();
    let steps = 1..=STEPS;
    Ok(Outcome::default()
        .with("rmse", results.test.get("rmse").unwrap_or(f64::NAN))
        .with("r2", results.test.get("r2").unwrap_or(f64::NAN))
        .with("linear", baseline("linear"))
        .with("persistence", baseline("persistence"))
        .with("growth", report.growth.unwrap_or(f64::NAN))
        .with_list("step", steps.map(|step| step as f64))
        .with_list("typical", report.steps.iter().map(|step| step.typical))
        .with_list("exact", exact(&values))
        .with_list("values", values)
        .with_list("one step", one_step)
        .with_list("free", free))
}

/// The typical error of the map itself, begun from values in single precision: geometric means over all starts.
fn exact(values: &[f64]) -> Vec<f64> {
    let starts = values.len().saturating_sub(STEPS);
    let mut sums = vec![(0.0, 0.0); STEPS];
    for start in 0..starts {
        let mut x = f64::from(values[start] as f32);
        for (step, (sum, count)) in sums.iter_mut().enumerate() {
            x = 4.0 * x * (1.0 - x);
            let error = (x - values[start + step + 1]).abs();
            if error > 0.0 {
                *sum += error.ln();
                *count += 1.0;
            }
        }
    }
    let typical = |(sum, count): (f64, f64)| f64::exp(sum / count);
    sums.into_iter().map(typical).collect()
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let median = |measure: &str| results.spread(CASE, measure).median();
    let growth = median("growth");
    let doubling = Claim {
        text: "What is learned is chaotic as the map itself: a small error doubles with each step of a forecast that goes on from itself \
               (its Lyapunov exponent is ln 2 = 0.693)."
            .to_owned(),
        seen: format!("the typical error grows by {} nats a step", number(growth, 3)),
        holds: (growth - 2f64.ln()).abs() < NEAR,
    };
    let perfect = Claim {
        text: "The prediction one step ahead is almost perfect.".to_owned(),
        seen: format!(
            "root mean squared error {}, R² {}; the last known value repeated has {}, a linear model {}",
            number(median("rmse"), 4),
            number(median("r2"), 5),
            number(median("persistence"), 3),
            number(median("linear"), 3)
        ),
        holds: median("r2") > 0.999,
    };
    let mut figures = vec![(
        "s38-errors".to_owned(),
        "typical error by steps ahead, median and range over the seeds, and that of the map itself begun from single precision".to_owned(),
        errors(results),
    )];
    figures.extend(results.first(CASE).map(|outcome| {
        let about =
            "the first test values of the first seed, one step ahead and running free".to_owned();
        ("s38-forecast".to_owned(), about, forecast(outcome))
    }));
    Ok(Section {
        claims: vec![perfect, doubling],
        figures,
        ..Section::default()
    })
}

fn errors(results: &Results) -> Figure {
    let exact = Series {
        dashed: true,
        band: Vec::new(),
        ..curve_over(results, CASE, "step", "exact", "the map itself")
    };
    curves(&Curves {
        title: "Forecasts of the logistic map (S38)".to_owned(),
        x_label: "steps ahead".to_owned(),
        panels: vec![Panel {
            y_label: "typical error".to_owned(),
            series: vec![curve_over(results, CASE, "step", "typical", CASE), exact],
            log_y: true,
            ..Panel::default()
        }],
        ..Curves::default()
    })
}

fn forecast(outcome: &Outcome) -> Figure {
    let series = |name: &str, list: &str, dashed| Series {
        name: name.to_owned(),
        points: (1..=STEPS)
            .map(|step| step as f64)
            .zip(outcome.list(list).iter().copied())
            .collect(),
        dashed,
        ..Series::default()
    };
    curves(&Curves {
        title: "The first test values of the logistic map (S38)".to_owned(),
        x_label: "t".to_owned(),
        panels: vec![Panel {
            y_label: "x(t)".to_owned(),
            series: vec![
                series("x", "values", false),
                series("one step ahead", "one step", true),
                series("running free", "free", true),
            ],
            ..Panel::default()
        }],
        ..Curves::default()
    })
}
