//! One fold: a net trained without it, and measured on it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::module::Module;
use espejo_analysis::{average_precision, roc_auc};
use espejo_data::{Loaded, Samples};
use serde::{Deserialize, Serialize};

use super::Fold;
use crate::baselines::{self, Baseline};
use crate::config::RunConfig;
use crate::device::Chosen;
use crate::folder::Folder;
use crate::host_rows::Rows;
use crate::metrics::{Measure, Metrics, evaluate};
use crate::model::AnyModel;
use crate::prepare::{Prepared, prepare_loaded};
use crate::run_report::PartMetrics;
use crate::seed::Purpose;
use crate::session::check_finite;
use crate::task::Task;
use crate::{Error, epochs, prediction};

/// The class of two whose probability ranks samples.
pub(super) const POSITIVE: usize = 1;

/// Which fold it is.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub repeat: usize,
    pub fold: usize,
}

/// The data without a fold, and what it holds out.
pub(super) struct Parts {
    pub loaded: Loaded,
    rows: Vec<usize>,
}

/// The course of a training: a number for each epoch that was evaluated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FoldCurve {
    /// The epochs.
    pub epochs: Vec<usize>,
    /// What was measured, by the names of `metrics.csv`: `train_loss`, the mean over an epoch while weights change; `test_loss`, on
    /// the fold after it; and so on.
    pub columns: BTreeMap<String, Vec<f64>>,
}

impl FoldCurve {
    fn push(&mut self, epoch: usize, train: &Metrics, test: &Metrics, measures: &[&str]) {
        self.epochs.push(epoch);
        let mut put = |part: &str, name: &str, value: f64| {
            let column = self.columns.entry(format!("{part}_{name}"));
            column.or_default().push(value);
        };
        for (part, metrics) in [("train", train), ("test", test)] {
            put(part, "loss", metrics.loss);
            for (name, value) in &metrics.terms {
                put(part, name, *value);
            }
            for name in measures {
                if let Some(value) = metrics.get(name) {
                    put(part, name, value);
                }
            }
        }
    }
}

/// Splits a fold, counted from 1, off the whole data.
pub(super) fn parts(whole: &Loaded, assigned: &[usize], fold: usize) -> Parts {
    let (rows, left): (Vec<usize>, Vec<usize>) =
        (0..assigned.len()).partition(|&place| assigned[place] == fold - 1);
    Parts {
        loaded: Loaded {
            train: whole.train.select(&left),
            test: Some(whole.train.select(&rows)),
            ..whole.clone()
        },
        rows,
    }
}

/// Trains a net without the fold for all epochs, and measures it on the fold; none where it was interrupted.
pub(super) fn train(
    config: &RunConfig,
    Parts { loaded, rows }: Parts,
    chosen: Chosen,
    place: Place,
    (folder, stop): (&Folder, &AtomicBool),
) -> Result<Option<Fold>, Error> {
    let begun = Instant::now();
    let prepared = prepare_loaded(config, loaded, chosen)?;
    let Some((model, curve)) = all_epochs(&prepared, folder, stop)? else {
        return Ok(None);
    };
    let train = prepared.measured_data(&prepared.train, Purpose::Measure)?;
    let test = prepared.measured_data(&prepared.test, Purpose::Evaluate)?;
    let mut metrics = PartMetrics {
        train: evaluate(&model, &train, &prepared)?,
        test: evaluate(&model, &test, &prepared)?,
    };
    let mut held_out = held_out(&prepared, &model)?;
    let test = &prepared.test;
    metrics
        .test
        .measures
        .extend(ranking(test, &held_out.outputs));
    if let Some(linear) = held_out.baselines.iter_mut().find(|of| of.key == "linear") {
        linear.measures.extend(ranking(test, &held_out.linear));
    }
    Ok(Some(Fold {
        repeat: place.repeat,
        fold: place.fold,
        seed: config.train.seed,
        epochs: config.train.epochs,
        train: prepared.train.len(),
        rows,
        curve,
        metrics,
        outputs: in_own_units(&prepared, held_out.outputs),
        linear: in_own_units(&prepared, held_out.linear),
        baselines: Some(held_out.baselines),
        seconds: begun.elapsed().as_secs_f64(),
    }))
}

/// The net after its last epoch, and how it got there.
pub(super) fn all_epochs(
    prepared: &Prepared,
    folder: &Folder,
    stop: &AtomicBool,
) -> Result<Option<(AnyModel, FoldCurve)>, Error> {
    let config = &prepared.config.train;
    let data = prepared.training_data()?;
    let test = prepared.measured_data(&prepared.test, Purpose::Evaluate)?;
    let mut training = epochs::fresh(prepared)?;
    let mut curve = FoldCurve::default();
    for epoch in 1..=config.epochs {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let begun = Instant::now();
        let Some((_, terms)) = epochs::one_epoch(prepared, &mut training, &data, epoch, stop)?
        else {
            return Ok(None);
        };
        let finite = terms.iter().map(|(name, _, value)| (*name, *value));
        check_finite(epoch, finite, folder.path())?;
        training.epoch_seconds.push(begun.elapsed().as_secs_f64());
        if epoch != config.epochs && !epoch.is_multiple_of(config.eval_every) {
            continue;
        }
        let metrics = evaluate(&training.used().valid(), &test, prepared)?;
        check_finite(epoch, metrics.not_finite(), folder.path())?;
        let learned = Metrics {
            loss: terms.iter().map(|(_, weight, value)| weight * value).sum(),
            terms: terms
                .iter()
                .map(|(name, _, value)| ((*name).to_owned(), *value))
                .collect(),
            measures: Vec::new(),
        };
        curve.push(epoch, &learned, &metrics, prepared.spec.task.columns());
    }
    Ok(Some((training.used().valid(), curve)))
}

/// What the net and the linear model give for what is held out, and the baselines.
struct HeldOut {
    outputs: Rows,
    linear: Rows,
    baselines: Vec<Baseline>,
}

fn held_out(prepared: &Prepared, model: &AnyModel) -> Result<HeldOut, Error> {
    if !prepared.spec.task.has_targets() {
        return Ok(HeldOut {
            outputs: Rows::new(),
            linear: Rows::new(),
            baselines: baselines::measure(prepared, model)?.baselines,
        });
    }
    let found = prediction::held_out(prepared, model)?;
    Ok(HeldOut {
        outputs: found.outputs,
        linear: found.linear,
        baselines: found.measures.baselines,
    })
}

/// How well the probability of the second of two classes ranks samples; nothing for other targets.
fn ranking(samples: &Samples, outputs: &Rows) -> Vec<Measure> {
    if samples.classes().len() != 2 || outputs.is_empty() {
        return Vec::new();
    }
    let scores: Vec<f64> = outputs.iter().map(|row| f64::from(row[POSITIVE])).collect();
    let labels: Vec<bool> = (0..samples.len())
        .map(|index| samples.label(index) == Some(POSITIVE))
        .collect();
    let area = roc_auc(&scores, &labels).map(|area| Measure::new("roc_auc", area.value));
    let precision = average_precision(&scores, &labels);
    let precision = precision.map(|value| Measure::new("average_precision", value));
    area.into_iter().chain(precision).collect()
}

/// Outputs in the units of their columns; probabilities as they are.
fn in_own_units(prepared: &Prepared, outputs: Rows) -> Rows {
    match (prepared.spec.task, &prepared.target) {
        (Task::Regress, Some(target)) => {
            let row = |row: Vec<f32>| {
                let numbers = target.scaling.invert_row(&row).into_iter();
                numbers.map(|number| number as f32).collect()
            };
            outputs.into_iter().map(row).collect()
        }
        _ => outputs,
    }
}
