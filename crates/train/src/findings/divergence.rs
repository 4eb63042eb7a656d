//! A training that ran away: losses that are no numbers, or finite ones that no result could have.

use super::words::short;
use super::{Facts, Finding, Severity, advice, comparison};
use crate::Error;
use crate::baselines::Baseline;
use crate::config::RunConfig;
use crate::metrics::Metrics;

use super::course::Course;

/// An error so many times that of the mean is no result. Loss on very sparse images can be far above that of the mean before the first
/// step, therefore the next condition as well.
const FAR_FROM_MEAN: f64 = 10.0;
/// A training that ends so many times above its first weights has made them worse.
const ABOVE_FIRST_WEIGHTS: f64 = 2.0;

/// The error of the last epoch where it is far above that of the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Runaway {
    pub epoch: f64,
    /// Error of the last epoch, of the mean and of the first weights, in one unit.
    pub last: f64,
    pub mean: f64,
    pub first_weights: f64,
}

/// A measure by which the last epoch, a baseline and the first weights are held against each other.
struct Yardstick {
    column: &'static str,
    baseline: &'static str,
    measure: &'static str,
    /// 2 where it is the root of an error.
    power: i32,
}

const YARDSTICKS: [Yardstick; 4] = [
    Yardstick {
        column: "test_reconstruction",
        baseline: "mean_image",
        measure: "reconstruction",
        power: 1,
    },
    Yardstick {
        column: "test_squared_error",
        baseline: "mean_image",
        measure: "squared_error",
        power: 1,
    },
    Yardstick {
        column: "test_cross_entropy",
        baseline: "majority",
        measure: "cross_entropy",
        power: 1,
    },
    Yardstick {
        column: "test_rmse",
        baseline: "mean",
        measure: "rmse",
        power: 2,
    },
];

/// The last epoch where its error is far above that of the mean; `first_weights` measures those, which few runs need.
pub(super) fn runaway(
    course: &Course,
    baselines: &[Baseline],
    first_weights: impl FnOnce() -> Result<Metrics, Error>,
) -> Result<Option<Runaway>, Error> {
    let found = YARDSTICKS.iter().find_map(|stick| {
        let mut baselines = baselines.iter().filter(|found| found.key == stick.baseline);
        let mean = baselines.next()?.get(stick.measure)?;
        Some((stick, course.last(stick.column)?, mean))
    });
    let Some((stick, (epoch, last), mean)) = found else {
        return Ok(None);
    };
    let (last, mean) = (last.powi(stick.power), mean.powi(stick.power));
    if mean <= 0.0 || last <= FAR_FROM_MEAN * mean {
        return Ok(None);
    }
    let first = first_weights()?.get(stick.measure);
    Ok(first.map(|first| Runaway {
        epoch,
        last,
        mean,
        first_weights: first.powi(stick.power),
    }))
}

/// A run that ended far above the mean and above its own first weights.
pub(super) fn diverged(facts: &Facts<'_>) -> Option<Finding> {
    let found = facts.runaway?;
    if found.last <= ABOVE_FIRST_WEIGHTS * found.first_weights {
        return None;
    }
    let kept = comparison::error_and_mean(facts.metrics, facts.baselines);
    let kept = match kept {
        Some((error, mean)) if error <= mean => "the best weights before that are kept",
        _ => "no epoch was better than the mean",
    };
    let message = format!(
        "diverged: at epoch {} the error is {}, {} times that of the mean; {kept}",
        found.epoch,
        short(found.last),
        short(found.last / found.mean),
    );
    let finding = Finding::new("diverged", Severity::Error, message)
        .number("epoch", found.epoch)
        .number("error", found.last)
        .number("mean", found.mean)
        .number("first_weights", found.first_weights);
    Some(finding.advise(advice::lower_rate(facts.config)))
}

/// The findings of a training that lost its numbers to infinity.
pub(crate) fn lost(error: &Error, config: &RunConfig) -> Vec<Finding> {
    let Error::Diverged { epoch, .. } = error else {
        return Vec::new();
    };
    let finding = Finding::new("diverged", Severity::Error, format!("diverged: {error}"));
    let finding = finding.number("epoch", *epoch as f64);
    vec![finding.advise(advice::lower_rate(config))]
}
