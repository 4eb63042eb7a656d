//! `espejo forecast`: a series beyond its last row, or how far forecasts leave the rows that came.

use clap::Args;
use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{ForecastReport, Trained};
use serde_json::json;

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::csv_cell::csv_field;
use crate::figure_file::OptionalFigureArgs;
use crate::figure_name::figure_name;
use crate::open_run::open_for;
use crate::output::{self, usage};
use crate::titles::subject;

/// Known rows that are drawn before a forecast, at most.
const DRAWN: usize = 60;
/// Steps of a forecast, at most.
const MOST_STEPS: usize = 100_000;

/// The arguments of `espejo forecast`.
#[derive(Args)]
pub struct ForecastArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Rows to forecast, each from those before it
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub steps: usize,
    /// Begin at every known row, and compare with the rows that came
    #[arg(long)]
    pub evaluate: bool,
    #[command(flatten)]
    pub figure: OptionalFigureArgs,
}

/// Prints a forecast as CSV, or what is known of its errors.
pub fn forecast(args: &ForecastArgs, json: bool) -> anyhow::Result<()> {
    args.figure.file.check()?;
    if !(1..=MOST_STEPS).contains(&args.steps) {
        return Err(usage(
            format!("`--steps` is {}", args.steps),
            format!("give 1 to {MOST_STEPS}"),
        ));
    }
    let (folder, trained) = open_for(&args.samples)?;
    let samples = chosen_samples(&trained, &args.samples)?;
    if args.evaluate {
        let report = trained.forecast_report(&samples, args.steps)?;
        let draw = || {
            let name = figure_name("forecast-errors", &args.samples.told());
            let figures = || Ok(vec![(name, errors(&trained, &report))]);
            args.figure.draw(&folder, figures)
        };
        if json {
            let drawn = draw();
            output::json(&as_json(&report, drawn.files()))?;
            return drawn.end();
        }
        output::text(&(table(&report) + "\n"))?;
        let drawn = draw();
        output::text(&drawn.lines())?;
        return drawn.end();
    }
    let ahead = trained.forecast_on(&samples, args.steps)?;
    let points = samples.points();
    let last = points.row(points.len() - 1);
    let name = trained.test().target_columns().concat();
    let known: Vec<f64> = (points.len().saturating_sub(DRAWN)..points.len())
        .filter_map(|row| Some(points.target_row(row)?[0]))
        .collect();
    let draw = || {
        let figure = continued(&trained, &name, &known, last, &ahead);
        let stem = figure_name("forecast", &args.samples.told());
        args.figure.draw(&folder, || Ok(vec![(stem, figure)]))
    };
    if json {
        let drawn = draw();
        output::json(
            &json!({ "column": name, "last_row": last, "forecast": ahead, "figures": drawn.files() }),
        )?;
        return drawn.end();
    }
    let mut text = format!("step,row,{}\n", csv_field(&name));
    for (step, value) in (1..).zip(&ahead) {
        text += &format!("{step},{},{value}\n", last + step);
    }
    output::text(&text)?;
    let drawn = draw();
    drawn.tell();
    drawn.end()
}

/// The last known rows and those forecast, over the number of the row.
fn continued(trained: &Trained, name: &str, known: &[f64], last: u64, ahead: &[f64]) -> Figure {
    let first = last as f64 + 1.0 - known.len() as f64;
    let known: Vec<(f64, f64)> = (0..)
        .zip(known)
        .map(|(at, y)| (first + f64::from(at), *y))
        .collect();
    let joined = known.last().copied();
    let ahead = (1..)
        .zip(ahead)
        .map(|(step, y)| (last as f64 + f64::from(step), *y));
    let series = |name: &str, dashed, points| Series {
        name: name.to_owned(),
        points,
        dashed,
        ..Series::default()
    };
    curves(&Curves {
        title: format!("Forecast, {}", subject(trained)),
        x_label: "row of the file".to_owned(),
        panels: vec![Panel {
            y_label: name.to_owned(),
            series: vec![
                series("known", false, known.clone()),
                series("forecast", true, joined.into_iter().chain(ahead).collect()),
            ],
            ..Panel::default()
        }],
        ..Curves::default()
    })
}

/// The errors over the steps ahead.
fn errors(trained: &Trained, report: &ForecastReport) -> Figure {
    let over_steps = |name: &str, value: &dyn Fn(usize) -> f64| Series {
        name: name.to_owned(),
        points: (0..report.steps.len())
            .map(|at| ((at + 1) as f64, value(at)))
            .collect(),
        ..Series::default()
    };
    let steps = &report.steps;
    let y_label = match report.growth {
        Some(growth) => format!("error (typical error grows by {growth:.3} nats a step at first)"),
        None => "error".to_owned(),
    };
    curves(&Curves {
        title: format!("Errors of forecasts, {}", subject(trained)),
        x_label: "steps ahead".to_owned(),
        panels: vec![Panel {
            y_label,
            series: vec![
                over_steps("root mean square", &|at| steps[at].rmse),
                over_steps("typical", &|at| steps[at].typical),
                over_steps("last known value", &|at| steps[at].persistence),
            ],
            log_y: true,
            ..Panel::default()
        }],
        ..Curves::default()
    })
}

/// The errors of each step as a table for people.
fn table(report: &ForecastReport) -> String {
    let mut text = format!(
        "{:>5}  {:>16}  {:>13}  {:>16}\n",
        "steps", "root mean square", "typical error", "last known value"
    );
    for (step, of) in (1..).zip(&report.steps) {
        text += &format!(
            "{step:>5}  {:>16.6}  {:>13.6}  {:>16.6}\n",
            of.rmse, of.typical, of.persistence
        );
    }
    text += &format!(
        "from {} starting rows; `typical error` is the geometric mean, `last known value` the root mean square error of repeating it\n",
        report.starts
    );
    if let Some(growth) = report.growth {
        text += &format!(
            "while it is small the typical error grows by {growth:.3} nats a step: by a factor of {:.2} (ln 2 = 0.693 is a doubling)\n",
            growth.exp()
        );
    }
    text
}

fn as_json(report: &ForecastReport, figures: &[String]) -> serde_json::Value {
    let steps = (1..).zip(&report.steps).map(|(step, of)| {
        json!({ "steps": step, "rmse": of.rmse, "typical": of.typical, "persistence": of.persistence })
    });
    json!({
        "starts": report.starts,
        "growth": report.growth,
        "steps": Vec::from_iter(steps),
        "figures": figures,
    })
}
