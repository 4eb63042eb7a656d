//! A run from its first epoch to its report, in either precision.

use std::cell::OnceCell;
use std::sync::atomic::AtomicBool;

use burn::module::Module;
use burn::tensor::Device;

use crate::average::Average;
use crate::before::Before;
use crate::classical::{self, Solution};
use crate::device::check_half_precision;
use crate::exchange::check_vectors;
use crate::findings::{self, Finding, Measured};
use crate::folder::Folder;
use crate::folds::{self, Fold, FoldsReport};
use crate::host_rows::Rows;
use crate::metrics::{Metrics, evaluate};
use crate::model::AnyModel;
use crate::optimizer::Optimizer;
use crate::own_steps::OwnSteps;
use crate::prepare::Prepared;
use crate::report::{EpochReport, Results, RunFacts, data_report, layer_table, run_report};
use crate::run_identity::new_identity;
use crate::run_report::{ExchangeReport, RunReport, Status};
use crate::seed::Purpose;
use crate::session::rescue;
use crate::trained::Trained;
use crate::training_state::TrainingState;
use crate::{Error, baselines, epochs};

/// What a training has to tell while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// The device is about to compile its kernels, which may take a while the first time.
    Compiling,
    /// An epoch is done; `due` when a line of it should be logged.
    Epoch {
        /// The epoch.
        report: &'a EpochReport,
        /// Whether enough time has passed since the last line, or this is the first or last epoch.
        due: bool,
    },
    /// A fold of a cross-validation was trained and measured.
    Fold {
        /// The fold.
        fold: &'a Fold,
        /// How many are done.
        done: usize,
        /// Of how many.
        all: usize,
    },
    /// Fixed images as the model makes them now; every `train.samples_every` epochs and after the last.
    Samples {
        /// The epoch.
        epoch: usize,
        /// The images as they are, with values in [0, 1], as all that follow.
        pictures: Rows,
        /// The noisy images that a denoising model sees.
        noisy: Option<Rows>,
        /// What comes back.
        outputs: Rows,
        /// For a `vae`: what fixed draws from the prior decode to.
        drawn: Option<Rows>,
    },
}

/// How a training ended without an error.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Completed or stopped.
    pub status: Status,
    /// Why it ended before its last epoch, if it did.
    pub reason: Option<String>,
    /// The numbers of the best model; none where training was stopped.
    pub results: Option<Results>,
    /// What was written to `run.json`.
    pub report: RunReport,
    /// The best model, ready to use.
    pub trained: Trained,
}

/// What has changed from epoch to epoch.
pub(crate) struct Training {
    pub model: AnyModel,
    /// What takes its steps without Burn's record; none where the record is needed.
    pub own_steps: Option<OwnSteps>,
    /// What steps from epoch to epoch; none in double precision.
    pub optimizer: Option<Optimizer>,
    /// The average of the weights, where there is one.
    pub average: Option<Average>,
    pub best: AnyModel,
    /// What was measured of the best model, where it was found in this session.
    pub best_metrics: Option<Metrics>,
    pub state: TrainingState,
    pub epoch_seconds: Vec<f64>,
    /// What was exchanged with other ranks, where there are some.
    pub exchanged: Exchanged,
    /// Where a training in double precision stands.
    pub solution: Option<Solution>,
}

/// What one session has exchanged with other ranks.
#[derive(Debug, Default)]
pub(crate) struct Exchanged {
    /// Seconds of each exchange, with the way of the numbers to it and back; one a step.
    pub seconds: Vec<f32>,
    /// Numbers of the last one.
    pub numbers: usize,
}

impl Exchanged {
    /// The part of `run.json`; none of who was alone.
    fn report(&self) -> Option<ExchangeReport> {
        let seconds: Vec<f64> = self.seconds.iter().copied().map(f64::from).collect();
        Some(ExchangeReport {
            steps: seconds.len(),
            bytes: self.numbers * size_of::<f32>(),
            milliseconds: median(&seconds)? * 1e3,
            least_milliseconds: seconds.iter().copied().fold(f64::INFINITY, f64::min) * 1e3,
        })
    }
}

impl Training {
    /// The model that is evaluated and saved: the average of the weights where there is one, else the weights as they are.
    pub(crate) fn used(&self) -> &AnyModel {
        self.average
            .as_ref()
            .map_or(&self.model, |average| &average.0)
    }

    /// The best model; before the first evaluation, the latest.
    fn best(&self) -> &AnyModel {
        if self.state.best_epoch == 0 {
            self.used()
        } else {
            &self.best
        }
    }
}

/// Trains into a folder, from its last checkpoint if it has one, until the last epoch, an early stop, or `stop`; where the configuration has
/// folds, a net without each of them before the model itself.
///
/// # Errors
///
/// [`Error::Device`] where half precision is asked of a device without it, before anything is written; [`Error::Diverged`] when a loss or a
/// weight is no longer finite, [`Error::FarWorse`] when it ends finite and absurd, [`Error::Io`] when a file cannot be written; `run.json` then
/// says `failed` and the last good checkpoint stays.
pub fn fit(
    prepared: &Prepared,
    folder: &Folder,
    command: &str,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Error> {
    check_half_precision(prepared)?;
    let _lock = folder.lock()?;
    let before = Before::of(folder, folder.report_to_go_on_from()?);
    let origin = origin(prepared, folder, before.report.as_ref(), command);
    let ended = go_on(prepared, folder, (&before, origin), stop, watch);
    if ended.is_err() {
        before.put_back(folder);
        // The error of the session is the one to tell.
        let _ = folder.call_failed();
    }
    ended
}

/// One session, from what the run was before it.
fn go_on(
    prepared: &Prepared,
    folder: &Folder,
    (before, origin): (&Before, Origin),
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Error> {
    let Origin {
        started,
        command,
        identity,
    } = origin;
    let classical = prepared.config.train.is_classical();
    let mut training = match classical {
        true => classical::begin(prepared),
        false => epochs::begin(prepared, folder)?,
    };
    check_together(prepared, &training)?;
    training.state.run = Some(identity);
    folder.write("config.toml", &prepared.config.to_toml())?;
    folder.write("model.txt", &layer_table(prepared, &training.model))?;
    prepared.kept().write(folder)?;
    let data = data_report(prepared)?;
    let folds = OnceCell::new();
    let end = |training: &Training,
               status,
               reason: Option<&str>,
               results: Option<&Results>,
               findings: &[Finding]| {
        let facts = RunFacts {
            prepared,
            model: &training.model,
            command: &command,
            started: &started,
            state: &training.state,
            epoch_median: median(&training.epoch_seconds),
            exchange: training.exchanged.report(),
            solution: training.solution.as_ref(),
            data: &data,
            folds: folds.get(),
        };
        let report = run_report(&facts, status, reason, results, findings);
        let report = before.with_numbers(report, &training.state);
        folder.write_report(&report).map(|()| report)
    };
    end(&training, Status::Running, None, None, &[])?;
    let train = match classical {
        true => classical::train,
        false => epochs::train,
    };
    let ended = match folds::cross_validate(prepared, folder, stop, watch) {
        Err(error) => Err(error),
        Ok(None) if prepared.config.folds().is_some() => Ok(Ended::Interrupted),
        Ok(report) => {
            report.into_iter().for_each(|report| {
                let _ = folds.set(report);
            });
            train(prepared, folder, &mut training, stop, watch)
        }
    };
    let ended = ended.and_then(|ended| {
        Ok(match ended {
            Ended::Interrupted => (Status::Stopped, Some("interrupted".to_owned()), None),
            Ended::Finished(reason) => {
                let results = results(prepared, &training)?;
                (Status::Completed, reason, Some(results))
            }
        })
    });
    let (status, reason, results) = match ended {
        Ok(ended) => ended,
        Err(error) => {
            // The error itself matters more than a checkpoint or a report that cannot be written either.
            if matches!(error, Error::Diverged { .. }) {
                let _ = rescue(folder, &training);
            }
            let findings = findings::lost(&error, &prepared.config);
            let reason = error.to_string();
            let _ = end(&training, Status::Failed, Some(&reason), None, &findings);
            let _ = findings::log(folder, &findings);
            return Err(error);
        }
    };
    let (given, numbers) = (reason.as_deref(), results.as_ref());
    let findings = found(
        prepared,
        folder,
        training.best(),
        numbers,
        (given, folds.get()),
    )?;
    findings::log(folder, &findings)?;
    if let Some(error) = findings::far_worse(&findings, folder) {
        let reason = error.to_string();
        end(&training, Status::Failed, Some(&reason), numbers, &findings)?;
        return Err(error);
    }
    let report = end(&training, status, given, numbers, &findings)?;
    let trained = Trained::new(
        prepared.clone(),
        training.best().valid(),
        training.state.best_epoch,
    );
    Ok(Outcome {
        status,
        reason,
        results,
        report,
        trained,
    })
}

/// Trains along with rank 0, which alone measures, decides and writes: what each other rank does in place of [`fit`]. `folder` is that of a
/// run that is resumed, which this rank reads as well.
///
/// # Errors
///
/// Where this rank cannot read what rank 0 has read.
pub fn follow(
    prepared: &Prepared,
    folder: Option<&Folder>,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let mut training = match folder {
        Some(folder) => epochs::begin(prepared, folder)?,
        None => epochs::fresh(prepared)?,
    };
    check_together(prepared, &training)?;
    epochs::follow(prepared, &mut training, stop)
}

/// Whether this rank goes on from where rank 0 does, on the same data, and takes the same steps to the bit; waits for all ranks.
fn check_together(prepared: &Prepared, training: &Training) -> Result<(), Error> {
    let exchange = prepared.exchange;
    if !exchange.is_shared() {
        return Ok(());
    }
    let samples = (prepared.train.sha256()?, prepared.train.targets_sha256());
    if exchange.broadcast(samples.clone()) != samples {
        let hint = "give all machines the same files, or a folder that all of them see";
        return Err(Error::config(
            format!("rank {} has other samples than rank 0", exchange.rank()),
            Some(hint.to_owned()),
        ));
    }
    let width = prepared.chosen.vector_width();
    check_vectors(exchange.rank(), width, exchange.broadcast(width))?;
    let epoch = training.state.epoch;
    let first = exchange.broadcast(epoch);
    if first != epoch {
        let message = format!(
            "rank {} reads epoch {epoch}, and rank 0 epoch {first}",
            exchange.rank()
        );
        let hint = "resume a run in a folder that all machines see";
        return Err(Error::config(message, Some(hint.to_owned())));
    }
    // Rank 0 writes from here on what the others have read.
    exchange.barrier();
    Ok(())
}

/// When and by which command a run was started, and its identity.
struct Origin {
    started: String,
    command: String,
    identity: String,
}

/// The origin of the run: now and anew, unless it goes on from before.
fn origin(
    prepared: &Prepared,
    folder: &Folder,
    before: Option<&RunReport>,
    command: &str,
) -> Origin {
    let said = |text: fn(&RunReport) -> Option<&String>| {
        let said = before.and_then(text).filter(|text| !text.is_empty());
        said.cloned()
    };
    let started = said(|report| Some(&report.started));
    let started = started.unwrap_or_else(|| jiff::Timestamp::now().to_string());
    let command = said(|report| Some(&report.command)).unwrap_or_else(|| command.to_owned());
    let identity = said(|report| report.identity.as_ref());
    let identity = identity.unwrap_or_else(|| new_identity(folder, &started, &prepared.config));
    Origin {
        started,
        command,
        identity,
    }
}

pub(crate) enum Ended {
    Interrupted,
    Finished(Option<String>),
}

/// A copy that shares nothing with the model: a plain clone shares the running means of batch normalisation, which training
/// goes on to change. What is not recorded stays so: it has no running means, and Burn would keep note of each copy.
pub(crate) fn own_copy(model: &AnyModel) -> AnyModel {
    let is_recorded = model.devices().iter().any(Device::is_autodiff);
    match is_recorded {
        true => model.valid().train(),
        false => model.valid(),
    }
}

/// The numbers of the best model, beside the baselines.
fn results(prepared: &Prepared, training: &Training) -> Result<Results, Error> {
    let best = training.best().valid();
    let of_test = match &training.best_metrics {
        Some(metrics) => metrics.clone(),
        None => {
            let test = prepared.measured_data(&prepared.test, Purpose::Evaluate)?;
            evaluate(&best, &test, prepared)?
        }
    };
    let copies = prepared.config.noise.copies;
    let of_train = match copies {
        // The same samples, and nothing is drawn for them anew.
        0 if !prepared.held_out && !prepared.spec.task.denoises() => of_test.clone(),
        0 => {
            let train = prepared.measured_data(&prepared.train, Purpose::Measure)?;
            evaluate(&best, &train, prepared)?
        }
        _ => evaluate(&best, &prepared.training_data()?, prepared)?,
    };
    let found = baselines::measure(prepared, &best)?;
    Ok(Results {
        train: of_train,
        test: of_test.with(found.model),
        baselines: found.baselines,
        classes: found.classes,
    })
}

/// What is to be said of a model whose training came to its end; nothing of one that was interrupted.
fn found(
    prepared: &Prepared,
    folder: &Folder,
    best: &AnyModel,
    results: Option<&Results>,
    (ended, folds): (Option<&str>, Option<&FoldsReport>),
) -> Result<Vec<Finding>, Error> {
    let Some(results) = results else {
        return Ok(Vec::new());
    };
    // A model that learned every sample is judged by the nets that had not.
    let means = folds.map(FoldsReport::means);
    let (metrics, baselines) = match &means {
        Some((metrics, baselines)) => (metrics, baselines),
        None => (&results.test, &results.baselines),
    };
    let measured = Measured {
        prepared,
        model: &best.valid(),
        metrics,
        baselines,
        classes: &results.classes,
        ended,
    };
    findings::of_run(&measured, folder)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
