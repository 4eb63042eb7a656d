//! Evaluation, logging and checkpointing between epochs, in either precision.

use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Tensor;

use crate::atomic_files::group_exists;
use crate::checkpoint::ResumeState;
use crate::feed::{Feed, upload};
use crate::fit::{Event, Training, own_copy};
use crate::fixed_samples::FixedSamples;
use crate::folder::{Folder, Which};
use crate::host_rows::numbers;
use crate::logs::{Logs, is_frame};
use crate::metrics::{Metrics, evaluate};
use crate::model::AnyModel;
use crate::noted_codes::{are_noted, noted};
use crate::prepare::Prepared;
use crate::report::EpochReport;
use crate::seed::Purpose;
use crate::training_state::TrainingState;
use crate::{Error, checkpoint, tensors};

/// What one session of training works with.
pub(crate) struct Session<'a> {
    pub prepared: &'a Prepared,
    pub folder: &'a Folder,
    /// The first epoch of this session.
    pub first: usize,
    test: Feed,
    /// The images that are shown while training, where they are.
    shown: Option<FixedSamples>,
    /// The images whose codes are noted for the animation, where they are: `[images, pixels]`.
    mapped: Option<Tensor<2>>,
    /// The epoch at which they were noted last.
    noted: Option<usize>,
    logs: Logs,
    begun: Instant,
    saved: Instant,
    written_best: usize,
    /// Seconds of the sessions before.
    before: f64,
}

impl<'a> Session<'a> {
    pub(crate) fn begin(
        prepared: &'a Prepared,
        folder: &'a Folder,
        state: &TrainingState,
    ) -> Result<Self, Error> {
        let mapped = are_noted(prepared);
        let (range, device) = (prepared.spec.range, &prepared.chosen.device);
        let upload = || {
            let noted = noted(prepared);
            let rows = upload(&noted, 0..noted.len(), range, device)?;
            Ok::<_, Error>(prepared.seen(rows))
        };
        Ok(Self {
            prepared,
            folder,
            first: state.epoch + 1,
            test: prepared.measured_data(&prepared.test, Purpose::Evaluate)?,
            shown: FixedSamples::of(prepared)?,
            mapped: mapped.then(upload).transpose()?,
            noted: (state.epoch > 0).then_some(state.epoch),
            logs: Logs::open(folder, state.epoch, mapped)?,
            begun: Instant::now(),
            saved: Instant::now(),
            // `best` may be ahead of `last` after a kill between the two: it is written again.
            written_best: 0,
            before: state.seconds,
        })
    }

    /// Seconds of this session.
    pub(crate) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    /// Says that a GPU is about to compile, where there is one.
    pub(crate) fn warn_of_compiling(&self, watch: &mut dyn FnMut(Event<'_>)) {
        if !self.prepared.chosen.is_processor() {
            watch(Event::Compiling);
        }
    }

    /// Measures the model as it is, and leaves the training state as it is.
    pub(crate) fn measure(&self, training: &Training) -> Result<Metrics, Error> {
        let metrics = evaluate(&training.used().valid(), &self.test, self.prepared)?;
        check_finite(
            training.state.epoch,
            metrics.not_finite(),
            self.folder.path(),
        )?;
        Ok(metrics)
    }

    /// Measures the epoch just done, and takes the best model and an early stop from it; the numbers, and whether they are the
    /// best.
    pub(crate) fn test(&mut self, training: &mut Training) -> Result<(Metrics, bool), Error> {
        let config = &self.prepared.config.train;
        let metrics = self.measure(training)?;
        // The nets of a cross-validation are measured after their last epoch, and the model that they speak for is taken there, too.
        let has_folds = self.prepared.config.folds().is_some();
        if has_folds {
            training.state.best_loss = None;
        }
        let best = training.state.evaluated(metrics.loss, config);
        if best {
            training.best = own_copy(training.used());
            training.best_metrics = Some(metrics.clone());
            self.written_best = 0;
        }
        training.state.ended = training.state.early_stop(metrics.loss, config);
        Ok((metrics, best && !has_folds))
    }

    /// Writes what is known of an epoch, and tells it.
    pub(crate) fn log(
        &mut self,
        training: &Training,
        report: &EpochReport,
        last: bool,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let due = self.logs.write(report, last)?;
        let frame = !report.is_within() && is_frame(report.epoch, self.noted, report.epochs);
        if last || frame {
            self.note_codes(training, report.epoch)?;
        }
        watch(Event::Epoch { report, due });
        let every = self.prepared.config.train.samples_every;
        if last || report.epoch.is_multiple_of(every.max(1)) {
            self.show(training, report.epoch, watch);
        }
        Ok(())
    }

    /// Notes where the test images lie on the map of the codes, once an epoch.
    pub(crate) fn note_codes(&mut self, training: &Training, epoch: usize) -> Result<(), Error> {
        let Some(images) = &self.mapped else {
            return Ok(());
        };
        let model = training.used().valid();
        let Some(model) = model.autoencoder() else {
            return Ok(());
        };
        let codes = model.encode(images.clone()); // [images, 2]
        self.noted = Some(epoch);
        self.logs.write_codes(epoch, &numbers(codes))
    }

    /// Notes and shows the last epoch once it has turned out to be the last.
    pub(crate) fn conclude(
        &mut self,
        training: &Training,
        watch: &mut dyn FnMut(Event<'_>),
    ) -> Result<(), Error> {
        let epoch = training.state.epoch;
        if self.noted != Some(epoch) {
            self.note_codes(training, epoch)?;
        }
        self.show(training, epoch, watch);
        Ok(())
    }

    /// Tells what the model makes of the images that are shown.
    pub(crate) fn show(&self, training: &Training, epoch: usize, watch: &mut dyn FnMut(Event<'_>)) {
        if let Some(shown) = &self.shown {
            watch(shown.event(epoch, &training.used().valid(), self.prepared));
        }
    }

    /// Writes the checkpoints that are due.
    pub(crate) fn keep(&mut self, training: &mut Training, last: bool) -> Result<(), Error> {
        let config = &self.prepared.config.train;
        let epoch = training.state.epoch;
        if config.checkpoint_every > 0 && epoch > 0 && epoch.is_multiple_of(config.checkpoint_every)
        {
            let kept = self.folder.checkpoint(Which::Epoch(epoch));
            let weights = finite_weights(training.used(), epoch, self.folder.path())?;
            checkpoint::save(
                &kept,
                &weights,
                training.rest(None).as_ref(),
                &training.state,
            )?;
        }
        training.state.seconds = self.before + self.seconds();
        if last || self.saved.elapsed().as_secs_f64() >= config.checkpoint_seconds {
            self.save(training)?;
            self.saved = Instant::now();
        }
        Ok(())
    }

    /// Writes the checkpoints `best`, if it is new, and `last`.
    pub(crate) fn save(&mut self, training: &Training) -> Result<(), Error> {
        let folder = self.folder;
        let TrainingState {
            epoch,
            best_epoch,
            evaluations_since_best,
            ..
        } = training.state;
        let weights = finite_weights(training.used(), epoch, folder.path())?;
        // A checkpoint is of no epoch that the log does not have.
        self.logs.sync()?;
        let best = match best_epoch {
            0 => None,
            // An iteration may have several rows: the latest of them need not be the best.
            best if best == epoch && evaluations_since_best == 0 => None,
            _ => Some(tensors::collect(&training.best.valid())),
        };
        if best_epoch == 0
            || self.written_best != best_epoch
            || !group_exists(&folder.checkpoint(Which::Best))
        {
            let best = best.as_ref().unwrap_or(&weights);
            checkpoint::save(&folder.checkpoint(Which::Best), best, None, &training.state)?;
            self.written_best = best_epoch;
        }
        let last = folder.checkpoint(Which::Last);
        checkpoint::save(
            &last,
            &weights,
            training.rest(best).as_ref(),
            &training.state,
        )
    }
}

impl Training {
    /// What an optimiser that steps from epoch to epoch needs to go on; one of double precision begins anew.
    fn rest(&self, best: Option<Vec<tensors::Named>>) -> Option<ResumeState<'_>> {
        let optimizer = self.optimizer.as_ref()?;
        let average = self.average.as_ref();
        let trained = average.map(|_| tensors::collect(&self.model.valid()));
        Some(ResumeState {
            optimizer,
            best,
            trained,
        })
    }
}

/// Refuses a number that is none.
pub(crate) fn check_finite<'a>(
    epoch: usize,
    values: impl IntoIterator<Item = (&'a str, f64)>,
    run: &Path,
) -> Result<(), Error> {
    match values.into_iter().find(|(_, value)| !value.is_finite()) {
        None => Ok(()),
        Some((term, value)) => Err(Error::Diverged {
            epoch,
            term: term.to_owned(),
            value,
            run: run.to_owned(),
            double: false,
        }),
    }
}

/// The weights on the host, none of them lost to infinity: a loss is measured before the step that may ruin them.
fn finite_weights(
    model: &AnyModel,
    epoch: usize,
    run: &Path,
) -> Result<Vec<tensors::Named>, Error> {
    let weights = tensors::collect(&model.valid());
    let bad = weights
        .iter()
        .flat_map(|tensor| &tensor.values)
        .find(|value| !value.is_finite());
    check_finite(epoch, bad.map(|value| ("weights", f64::from(*value))), run)?;
    Ok(weights)
}

/// Keeps the best model of a training that diverged.
pub(crate) fn rescue(folder: &Folder, training: &Training) -> Result<(), Error> {
    let TrainingState { best_epoch, .. } = training.state;
    let path = folder.checkpoint(Which::Best);
    // What is there already stays as it is to the byte: by that a run that was complete before is known to be unchanged.
    let is_there =
        || checkpoint::load_state(&path).is_some_and(|kept| kept.best_epoch == best_epoch);
    if best_epoch == 0 || is_there() {
        return Ok(());
    }
    let weights = finite_weights(&training.best, best_epoch, folder.path())?;
    checkpoint::save(&path, &weights, None, &training.state)
}
