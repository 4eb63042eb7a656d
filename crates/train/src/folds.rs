//! Repeated cross-validation: a net is trained without each fold in turn and measured on it, and the model of the run on all samples.
//!
//! Each fold is the run that `data.fold` makes of the same configuration, with the seed of its repeat: whatever is learned of the data
//! (fillings, scalings, weights) is learned of the other folds alone. A net is measured as it is after its last epoch, because the
//! best epoch would be chosen by the fold that was held out (Kohavi, *A study of cross-validation and bootstrap for accuracy
//! estimation*, IJCAI 1995; Varma and Simon, *Bias in error estimation when using cross-validation for model selection*, 2006).

mod check;
mod files;
mod pooled;
mod report;
mod training;

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::baselines::Baseline;
use crate::config::RunConfig;
use crate::fit::Event;
use crate::folder::Folder;
use crate::host_rows::Rows;
use crate::prepare::{Prepared, source};
use crate::run_report::{PartMetrics, baseline_map};

pub(crate) use check::{check, check_data};
pub use files::folds_of;
pub use pooled::{Pooled, pooled};
pub use report::{FoldEntry, FoldMeasure, FoldsReport};
pub use training::FoldCurve;

/// A fold that was held out, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// The repeat, counted from 1.
    pub repeat: usize,
    /// The fold in it, counted from 1.
    pub fold: usize,
    /// The seed of the repeat: that of the run for the first one, one more for each after it.
    pub seed: u64,
    /// Epochs that its net was trained for.
    pub epochs: usize,
    /// Samples that it learned.
    pub train: usize,
    /// The places of the samples that were held out, in the order of the data.
    pub rows: Vec<usize>,
    /// The course of the training.
    pub curve: FoldCurve,
    /// The net after its last epoch, on what it learned and on what was held out; of two classes with `roc_auc` and
    /// `average_precision`.
    pub metrics: PartMetrics,
    /// What one gets without training, on what was held out.
    #[serde(with = "baseline_map")]
    pub baselines: Option<Vec<Baseline>>,
    /// What a net with targets gives for what was held out, `[rows][outputs]`: the probability of each class, or numbers in the units of
    /// their columns. Empty for an autoencoder.
    pub outputs: Rows,
    /// The same of the linear model.
    pub linear: Rows,
    /// How long it took.
    pub seconds: f64,
}

impl RunConfig {
    /// Repeats and folds of its cross-validation; none where there is none.
    pub fn folds(&self) -> Option<(usize, usize)> {
        let folds = self.data.folds?;
        Some((self.data.repeats.unwrap_or(1), folds))
    }

    /// The configuration of one of its folds, which trains alone what the cross-validation trains: both counted from 1.
    pub fn of_fold(&self, repeat: usize, fold: usize) -> Self {
        let mut config = self.clone();
        let of = config.data.folds.take().unwrap_or(0);
        config.data.repeats = None;
        config.data.fold = Some(format!("{fold}/{of}"));
        config.train.seed = seed(self, repeat);
        config
    }
}

/// The seed of a repeat.
fn seed(config: &RunConfig, repeat: usize) -> u64 {
    config.train.seed.wrapping_add(repeat as u64 - 1)
}

/// Trains and measures every fold that the folder does not have yet; none where it was interrupted, or where the configuration has
/// no folds.
///
/// # Errors
///
/// [`Error::Diverged`] where a loss is no longer finite, [`Error::Data`] where the data cannot be read again, [`Error::Io`] where a
/// file cannot be written.
pub(crate) fn cross_validate(
    prepared: &Prepared,
    folder: &Folder,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Option<FoldsReport>, Error> {
    let config = &prepared.config;
    let Some((repeats, of)) = config.folds() else {
        return Ok(None);
    };
    // As it is in its file: what the run has prepared was treated by the statistics of all samples.
    let whole = espejo_data::load(&source(config)?)?;
    let mut folds: Vec<Fold> = Vec::with_capacity(repeats * of);
    for repeat in 1..=repeats {
        let seed = seed(config, repeat);
        let assigned = whole.train.folds(of, seed, config.version as u8)?;
        for fold in 1..=of {
            let kept = files::kept(folder, config, (repeat, fold));
            let fold = match kept {
                Some(kept) => kept,
                None => {
                    let parts = training::parts(&whole, &assigned, fold);
                    let config = config.of_fold(repeat, fold);
                    let place = training::Place { repeat, fold };
                    let chosen = prepared.chosen.clone();
                    let trained = training::train(&config, parts, chosen, place, (folder, stop));
                    let Some(trained) = trained? else {
                        return Ok(None);
                    };
                    files::keep(folder, &trained)?;
                    trained
                }
            };
            folds.push(fold);
            let all = repeats * of;
            watch(Event::Fold {
                fold: &folds[folds.len() - 1],
                done: folds.len(),
                all,
            });
        }
    }
    files::write_tables(folder, &folds, &prepared.train)?;
    Ok(Some(report::report(config, &folds, &prepared.train)))
}
