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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::{Mutex, PoisonError};

    use espejo_data::{Fill, Loaded, Scaling};

    use super::*;
    use crate::merge::{into_config, parse};
    use crate::tensors;

    /// Random numbers of a device are one stream for the whole process: one training at a time.
    static TRAINING: Mutex<()> = Mutex::new(());

    const ROWS: usize = 60;

    /// Two clouds with holes, and what `change` makes of the numbers of a row: `x,y,kind`.
    fn table(change: impl Fn(usize, [f64; 2]) -> [Option<f64>; 2]) -> String {
        let mut text = "x,y,kind\n".to_owned();
        for row in 0..ROWS {
            let (class, turn) = (row % 3 % 2, row as f64 * 0.7);
            let numbers = change(row, [class as f64 * 2.0 + turn.cos(), turn.sin()]);
            let [x, y] = numbers.map(|number| number.map(|n| n.to_string()).unwrap_or_default());
            let _ = writeln!(text, "{x},{y},{class}");
        }
        text
    }

    fn with_holes(row: usize, [x, y]: [f64; 2]) -> [Option<f64>; 2] {
        [
            (!row.is_multiple_of(7)).then_some(x),
            (row % 11 != 3).then_some(y),
        ]
    }

    fn config(file: &std::path::Path, more: &str) -> RunConfig {
        let text = format!(
            "data.name = '{}'\ndata.target = 'kind'\ndata.fill = 'mean'\ndata.scale = 'standardise'\ndata.folds = 5\n\
             model.kind = 'classifier'\nmodel.layers = [6, 'bn', 'dropout:0.2']\nobjective.loss = 'bce'\n\
             train.epochs = 7\ntrain.batch_size = 8\ntrain.device = 'cpu'\n{more}",
            file.display()
        );
        into_config(parse(&text, "test").expect("TOML"), "test").expect("a configuration")
    }

    /// What is learned without a fold: filling, scaling, weights and the course of the training.
    type Learned = (
        Option<Fill>,
        Option<Scaling>,
        Vec<tensors::Named>,
        FoldCurve,
    );

    fn learned(folder: &Folder, whole: &Loaded, config: &RunConfig, fold: usize) -> Learned {
        let assigned = whole.train.folds(5, config.train.seed, 2).expect("folds");
        let chosen = crate::device::choose("cpu").expect("a CPU backend");
        let alone = config.of_fold(1, fold);
        let parts = training::parts(whole, &assigned, fold);
        let prepared =
            crate::prepare::prepare_loaded(&alone, parts.loaded, chosen).expect("it fits");
        let (model, curve) = training::all_epochs(&prepared, folder, &AtomicBool::new(false))
            .expect("it trains")
            .expect("nobody stops it");
        let weights = tensors::collect(&model);
        (prepared.fill, prepared.scaling, weights, curve)
    }

    /// The numbers of the held-out rows become huge, or are taken out: nothing that is learned without them may change in a bit.
    #[test]
    fn nothing_leaks_from_a_fold_that_is_held_out() {
        let _alone = TRAINING.lock().unwrap_or_else(PoisonError::into_inner);
        let room = tempfile::tempdir().expect("a folder");
        let file = room.path().join("rows.csv");
        let config = config(&file, "");
        let folder = Folder::at(room.path());
        let load = |text: String| {
            std::fs::write(&file, text).expect("it is writable");
            espejo_data::load(&source(&config).expect("a source")).expect("a table")
        };
        let whole = load(table(with_holes));
        let assigned = whole.train.folds(5, config.train.seed, 2).expect("folds");
        for fold in [1, 4] {
            let wild = load(table(|row, numbers| {
                match (assigned[row] == fold - 1, row % 2) {
                    (false, _) => with_holes(row, numbers),
                    (true, 0) => [Some(1e6 * (row as f64 + 1.0)), None],
                    (true, _) => [None, Some(-1e9)],
                }
            }));
            let before = learned(&folder, &whole, &config, fold);
            let after = learned(&folder, &wild, &config, fold);
            assert_eq!(before.0, after.0, "filling");
            assert_eq!(before.1, after.1, "scaling");
            assert_eq!(before.2, after.2, "weights");
            let (before, after) = (before.3, after.3);
            let (train, test): (Vec<&String>, Vec<&String>) = before
                .columns
                .keys()
                .partition(|name| name.starts_with("train_"));
            assert_eq!((train.len(), test.len()), (3, 3));
            for name in train {
                assert_eq!(before.columns[name], after.columns[name], "{name}");
            }
            // What is measured on the fold does change, or this test could not fail.
            assert_ne!(before.columns["test_loss"], after.columns["test_loss"]);
            // And the other folds, which learn those rows, see them.
            let other = fold % 5 + 1;
            let (seen, changed) = (
                learned(&folder, &whole, &config, other),
                learned(&folder, &wild, &config, other),
            );
            assert_ne!(seen.0, changed.0, "filling of fold {other}");
            assert_ne!(seen.2, changed.2, "weights of fold {other}");
        }
    }

    #[test]
    fn each_fold_is_the_run_that_takes_it_out_alone() {
        let config = config(
            std::path::Path::new("rows.csv"),
            "data.repeats = 3\ntrain.seed = 9",
        );
        let alone = config.of_fold(3, 2);
        assert_eq!(alone.data.fold.as_deref(), Some("2/5"));
        assert_eq!((alone.data.folds, alone.data.repeats), (None, None));
        assert_eq!(alone.train.seed, 11);
        assert_eq!(config.of_fold(1, 2).train.seed, 9);
    }

    #[test]
    fn folds_that_would_see_what_is_held_out_are_refused() {
        for (more, expected) in [
            (
                "train.patience = 5",
                "a training that goes by its test loss",
            ),
            (
                "train.target_loss = 0.1",
                "a training that goes by its test loss",
            ),
            (
                "train.schedule = 'plateau'",
                "a training that goes by its test loss",
            ),
            ("data.fold = '1/5'", "another part is to be held out"),
            ("data.test_fraction = 0.2", "another part is to be held out"),
            ("data.repeats = 0", "`data.repeats` is 0"),
            ("train.optimizer = 'bfgs'", "trains in double"),
        ] {
            let error = check(&config(std::path::Path::new("rows.csv"), more)).expect_err(more);
            assert!(error.to_string().contains(expected), "{more}: {error}");
        }
        let mut lonely = RunConfig::default();
        lonely.data.repeats = Some(2);
        let error = check(&lonely).expect_err("no folds");
        assert!(
            error.to_string().contains("there are no `data.folds`"),
            "{error}"
        );
    }
}
