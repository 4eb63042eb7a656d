//! Forecasts of a series by its own past: each forecast is the past of the next.

use espejo_data::{Facts, Samples};

use crate::Error;
use crate::host_rows::{Rows, unit_rows};
use crate::trained::Trained;

/// Errors of a chaotic series grow until they are as large as the series itself: growth is measured where the typical error is under this
/// part of its standard deviation.
const STILL_SMALL: f64 = 0.1;
/// Steps that a slope is fitted to, at least.
const FEWEST_STEPS: usize = 3;

/// How far forecasts that go on from each other leave the series.
#[derive(Clone, Debug, PartialEq)]
pub struct ForecastReport {
    /// How many rows forecasts were begun at.
    pub starts: usize,
    /// What is known of each step ahead, from the first.
    pub steps: Vec<ForecastStep>,
    /// By how much the logarithm of the typical error grows with each step while the error is small, in nats: ln 2 = 0.693 is a doubling.
    /// None where fewer than three steps are that small.
    pub growth: Option<f64>,
}

/// The errors of forecasts so many steps ahead, in the unit of the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastStep {
    /// Root mean squared error.
    pub rmse: f64,
    /// Geometric mean of the absolute errors: the typical one where errors grow by factors.
    pub typical: f64,
    /// Root mean squared error of the last known value, repeated.
    pub persistence: f64,
}

impl Trained {
    /// Forecasts `steps` values behind each of these samples, which are rows of a series before a target: the first from known rows, the
    /// others from forecasts. In the unit of the series, `[samples][steps]`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the run sees more than the past of its target, or learned no series; [`Error::Data`] where the samples lie in a
    /// file that cannot be read.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, Trained, Which};
    ///
    /// let trained = Trained::open(&Folder::find("last", Path::new("runs"))?, Which::Best, None)?;
    /// let ahead = trained.forecast(trained.test(), 10)?;
    /// assert_eq!(ahead[0].len(), 10);
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn forecast(&self, samples: &Samples, steps: usize) -> Result<Vec<Vec<f64>>, Error> {
        self.check_own_past()?;
        let pasts = unit_rows(samples)?; // [samples][lags], as the model sees them
        self.forecast_from(pasts, steps)
    }

    /// Forecasts `steps` values behind the last row of the series that these samples were cut from.
    ///
    /// # Errors
    ///
    /// As [`forecast`](Self::forecast).
    pub fn forecast_on(&self, samples: &Samples, steps: usize) -> Result<Vec<f64>, Error> {
        self.check_own_past()?;
        let lags = samples.window().map_or(1, |window| window.length);
        let points = samples.points();
        let last: Vec<usize> = (points.len().saturating_sub(lags)..points.len()).collect();
        let past = unit_rows(&points.select(&last))?.concat();
        let mut ahead = self.forecast_from(vec![past], steps)?;
        Ok(ahead.pop().unwrap_or_default())
    }

    /// Goes on from pasts that are `[samples][lags]`.
    fn forecast_from(&self, mut pasts: Rows, steps: usize) -> Result<Vec<Vec<f64>>, Error> {
        let mut ahead = vec![Vec::with_capacity(steps); pasts.len()];
        for _ in 0..steps {
            let next = self.predict_numbers(&self.as_samples(&pasts)?)?; // [samples][1]
            let seen = self.as_inputs(&next)?;
            for (at, (numbers, seen)) in next.iter().zip(seen).enumerate() {
                ahead[at].extend(numbers);
                pasts[at].rotate_left(1);
                if let Some(last) = pasts[at].last_mut() {
                    *last = seen;
                }
            }
        }
        Ok(ahead)
    }

    /// Refuses a run that sees more than the past of its one target.
    fn check_own_past(&self) -> Result<(), Error> {
        let (inputs, targets) = (self.test().points().columns(), self.test().target_columns());
        let is_series = self.config().data.lags.is_some();
        if is_series && inputs == targets {
            return Ok(());
        }
        let (message, hint) = match is_series {
            false => (
                "this run learned no series: it has no past to forecast from".to_owned(),
                "train with `--model regressor --target COLUMN --lags N`",
            ),
            true => (
                format!(
                    "this run sees the columns `{}`, and forecasts `{}` alone: what the others will be is not known",
                    inputs.join("`, `"),
                    targets.join("`, `")
                ),
                "`espejo predict` gives one step ahead; for more train on the target's own past, with `--columns`",
            ),
        };
        Err(Error::config(message, Some(hint.to_owned())))
    }

    /// Pasts as samples.
    fn as_samples(&self, pasts: &Rows) -> Result<Samples, Error> {
        let columns = self.test().columns();
        let column = |place: usize| pasts.iter().map(|past| f64::from(past[place])).collect();
        let numbers = (0..columns.len()).map(column).collect();
        Ok(Samples::table(Facts::default(), columns.to_vec(), numbers)?)
    }

    /// Forecasts as the model sees values of the past.
    fn as_inputs(&self, next: &[Vec<f64>]) -> Result<Vec<f32>, Error> {
        let numbers: Vec<f64> = next.iter().flatten().copied().collect();
        let Some(scaling) = &self.prepared().scaling else {
            return Ok(numbers.into_iter().map(|number| number as f32).collect());
        };
        let table = Samples::table(Facts::default(), scaling.columns.clone(), vec![numbers])?;
        Ok(unit_rows(&scaling.apply(&table)?)?.concat())
    }

    /// Holds forecasts up to `steps` ahead against the rows that came, from each sample behind which so many are known.
    ///
    /// # Errors
    ///
    /// As [`forecast`](Self::forecast), and [`Error::Config`] where no sample has so many rows behind it.
    pub fn forecast_report(
        &self,
        samples: &Samples,
        steps: usize,
    ) -> Result<ForecastReport, Error> {
        let starts = starts(samples, steps);
        if starts.is_empty() {
            let message = format!(
                "`{}` has no place with {steps} known rows in a row behind it",
                samples.name()
            );
            let hint = "give fewer `--steps`, or longer data".to_owned();
            return Err(Error::config(message, hint));
        }
        let ahead = self.forecast(&samples.select(&starts), steps)?;
        let value = |index: usize| samples.target_row(index).map_or(f64::NAN, |row| row[0]);
        let last_known = |start: usize| {
            let lags = samples.window().map_or(1, |window| window.length);
            let points = samples.points();
            let row = points.target_row(samples.first_point(start) + lags - 1);
            row.map_or(f64::NAN, |row| row[0])
        };
        let steps: Vec<ForecastStep> = (0..steps)
            .map(|step| {
                let errors = starts.iter().zip(&ahead);
                let errors = errors.map(|(start, ahead)| ahead[step] - value(start + step));
                let held = starts.iter();
                let held = held.map(|start| last_known(*start) - value(start + step));
                let errors: Vec<f64> = errors.collect();
                ForecastStep {
                    rmse: root_mean_square(errors.iter().copied()),
                    typical: geometric_mean(&errors),
                    persistence: root_mean_square(held),
                }
            })
            .collect();
        let known: Vec<f64> = (0..samples.len()).map(value).collect();
        Ok(ForecastReport {
            starts: starts.len(),
            growth: growth(&steps, STILL_SMALL * deviation(&known)),
            steps,
        })
    }
}

/// The samples behind which `steps` rows follow each other, each the target of the next sample.
fn starts(samples: &Samples, steps: usize) -> Vec<usize> {
    let follows = |start: usize| {
        let first = samples.first_point(start);
        (1..steps).all(|step| samples.first_point(start + step) == first + step)
    };
    let last = (samples.len() + 1).saturating_sub(steps);
    (0..last).filter(|start| follows(*start)).collect()
}

fn root_mean_square(errors: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = errors.len() as f64;
    (errors.map(|error| error * error).sum::<f64>() / count).sqrt()
}

/// The geometric mean of absolute errors; those of 0 are left out, as long as there are others.
fn geometric_mean(errors: &[f64]) -> f64 {
    let logarithms: Vec<f64> = errors
        .iter()
        .filter(|error| **error != 0.0)
        .map(|error| error.abs().ln())
        .collect();
    match logarithms.len() {
        0 => 0.0,
        count => (logarithms.iter().sum::<f64>() / count as f64).exp(),
    }
}

fn deviation(numbers: &[f64]) -> f64 {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares = numbers.iter().map(|number| (number - mean).powi(2));
    (squares.sum::<f64>() / count).sqrt()
}

/// The slope of the logarithm of the typical error over the first steps, as long as it stays under `limit` (least squares).
fn growth(steps: &[ForecastStep], limit: f64) -> Option<f64> {
    let small = steps.iter().take_while(|step| step.typical < limit);
    let logarithms: Vec<f64> = small
        .map(|step| step.typical.ln())
        .filter(|logarithm| logarithm.is_finite())
        .collect();
    let count = logarithms.len();
    if count < FEWEST_STEPS {
        return None;
    }
    let middle = (count - 1) as f64 / 2.0;
    let pairs = logarithms.iter().enumerate();
    let (above, below) = pairs.fold((0.0, 0.0), |(above, below), (step, logarithm)| {
        let from_middle = step as f64 - middle;
        (
            above + from_middle * logarithm,
            below + from_middle * from_middle,
        )
    });
    Some(above / below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use espejo_data::{Targets, Window};

    fn step(typical: f64) -> ForecastStep {
        ForecastStep {
            rmse: typical,
            typical,
            persistence: 1.0,
        }
    }

    #[test]
    fn an_error_that_doubles_grows_by_ln_2_until_it_is_as_large_as_the_series() {
        let doubling: Vec<_> = (0..20)
            .map(|n| step((1e-3 * 2f64.powi(n)).min(0.5)))
            .collect();
        let found = growth(&doubling, 0.05).expect("there are enough steps");
        assert!((found - 2f64.ln()).abs() < 1e-12, "{found}");
        assert_eq!(growth(&doubling, 3e-3), None);
    }

    #[test]
    fn means_are_those_of_absolute_errors() {
        assert_eq!(root_mean_square([3.0, -4.0].into_iter()), 12.5_f64.sqrt());
        assert!((geometric_mean(&[2.0, -8.0, 0.0]) - 4.0).abs() < 1e-12);
        assert_eq!(geometric_mean(&[0.0]), 0.0);
    }

    #[test]
    fn forecasts_begin_where_all_their_steps_are_known() {
        let facts = Facts::default();
        let numbers: Vec<f64> = (0..6).map(f64::from).collect();
        let rows = Samples::table(facts, vec!["x".to_owned()], vec![numbers.clone()]);
        let targets = Targets::Numbers {
            columns: ["x".to_owned()].into(),
            values: numbers.into(),
        };
        let rows = rows
            .and_then(|rows| rows.with_targets(targets))
            .expect("a table");
        let window = Window {
            length: 2,
            stride: 1,
            ahead: 1,
        };
        let samples = rows.windows(window).expect("four samples");
        assert_eq!(starts(&samples, 2), [0, 1, 2]);
        assert_eq!(starts(&samples, 4), [0]);
        assert!(starts(&samples, 5).is_empty());
        // Another row is missing between the samples that are left.
        assert_eq!(starts(&samples.select(&[0, 2, 3]), 2), [1]);
    }
}
