//! What is written of a training in double precision while it goes on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use espejo_mlp::{Counts, Ended, Minimum, Net, Objective, Progress};

use crate::classical::dense::{DenseFit, named};
use crate::classical::solution::{Solution, ended_name};
use crate::config::OptimizerKind;
use crate::fit::{self, Event, Training};
use crate::report::{EpochReport, seconds_left};
use crate::session::Session;
use crate::{Error, Metrics, tensors};

/// Up to here each iteration has a row; from here on there are about so many rows for ten times as many iterations.
const EACH: usize = 100;
/// Evaluations within one iteration until a row is written all the same: a part of those before, and at least so many.
const WITHIN: f64 = 0.1;
const WITHIN_LEAST: usize = 100;

/// A training in double precision as it is logged, measured and saved.
pub(super) struct Record<'a> {
    session: Session<'a>,
    training: &'a mut Training,
    watch: &'a mut dyn FnMut(Event<'_>),
    stop: &'a AtomicBool,
    net: Net,
    encoder_layers: usize,
    samples: usize,
    /// What it has cost so far.
    counts: Counts,
    /// Evaluations when the last iteration ended.
    iterated: usize,
    /// The lowest loss so far with its weights; of a descent, the latest.
    best: (f64, Vec<f64>),
    /// The last loss that is no number.
    lost: Option<f64>,
    /// Evaluations when the last row was written, and the time of it.
    logged: usize,
    written: Instant,
    /// When the last iteration ended.
    ticked: Instant,
    /// The epoch of the checkpoint of a session before: until it is reached it is not replaced.
    ahead: usize,
    error: Option<Error>,
}

/// What a record is made of.
pub(super) struct Parts<'a> {
    pub session: Session<'a>,
    pub training: &'a mut Training,
    pub watch: &'a mut dyn FnMut(Event<'_>),
    pub stop: &'a AtomicBool,
    /// The epoch of the checkpoint of a session before.
    pub ahead: usize,
}

impl<'a> Record<'a> {
    /// Logs the first weights as epoch 0.
    pub(super) fn begin(parts: Parts<'a>, dense: &mut DenseFit) -> Result<Self, Error> {
        let mut record = Self {
            session: parts.session,
            training: parts.training,
            watch: parts.watch,
            stop: parts.stop,
            net: dense.net.clone(),
            encoder_layers: dense.encoder_layers,
            samples: dense.fit.samples(),
            counts: Counts::default(),
            iterated: 0,
            best: (f64::INFINITY, dense.start.clone()),
            lost: None,
            logged: 0,
            written: Instant::now(),
            ticked: Instant::now(),
            ahead: parts.ahead,
            error: None,
        };
        let loss = dense.fit.value(&dense.start);
        if loss.is_finite() {
            let tested = (record.session.measure(record.training)?, false);
            // It is known after one evaluation.
            record.counts.evaluations = 1;
            record.log(0, loss, tested, false)?;
            record.counts.evaluations = 0;
        }
        Ok(record)
    }

    /// Whether nothing shall be evaluated any more.
    pub(super) fn is_halted(&self) -> bool {
        self.error.is_some()
            || self.training.state.ended.is_some()
            || self.stop.load(Ordering::Relaxed)
    }

    /// Takes in one evaluation. A long iteration has rows of its own, of the lowest loss so far.
    pub(super) fn evaluated(&mut self, at: &[f64], loss: f64, with_gradient: bool) {
        self.counts.evaluations += 1;
        self.counts.gradients += usize::from(with_gradient);
        if loss < self.best.0 {
            self.best.0 = loss;
            self.best.1.copy_from_slice(at);
        }
        if !loss.is_finite() {
            self.lost = Some(loss);
        }
        let due = self.logged + WITHIN_LEAST.max((WITHIN * self.logged as f64) as usize);
        if self.counts.evaluations >= due && self.best.0.is_finite() {
            let (loss, at) = self.best.clone();
            self.note(self.counts.iterations + 1, &at, loss, false);
        }
    }

    /// Takes in one iteration; false where it shall be the last.
    pub(super) fn iterated(&mut self, progress: &Progress<'_>) -> bool {
        if self.is_halted() {
            return false;
        }
        self.counts = progress.counts;
        self.iterated = progress.counts.evaluations;
        self.tick();
        if !progress.loss.is_finite() {
            self.lost = Some(progress.loss);
            return true;
        }
        let config = &self.session.prepared.config.train;
        if config.optimizer.is_descent() {
            self.best.0 = progress.loss;
            self.best.1.copy_from_slice(progress.at);
        }
        let iteration = self.counts.iterations;
        let spent = config.max_evaluations;
        let last =
            iteration == config.iterations() || spent.is_some_and(|most| self.iterated >= most);
        let asked = config.target_loss.is_some() || config.patience > 0;
        let kept = config.checkpoint_every > 0 && iteration.is_multiple_of(config.checkpoint_every);
        if last || asked || kept || is_logged(iteration) {
            self.note(iteration, progress.at, progress.loss, last);
        }
        !self.is_halted()
    }

    /// Takes the time of an iteration.
    fn tick(&mut self) {
        let seconds = self.ticked.elapsed().as_secs_f64();
        self.ticked = Instant::now();
        self.training.epoch_seconds.push(seconds);
        if self.counts.iterations == 1 {
            self.training.state.first_epoch_seconds = seconds;
        }
    }

    /// Measures and logs weights; what fails is told when the method has ended.
    fn note(&mut self, epoch: usize, at: &[f64], loss: f64, last: bool) {
        if let Err(error) = self.try_note(epoch, at, loss, last) {
            self.error = Some(error);
        }
    }

    fn try_note(&mut self, epoch: usize, at: &[f64], loss: f64, last: bool) -> Result<(), Error> {
        let tested = self.test(epoch, at)?;
        let last = last || self.training.state.ended.is_some();
        if last || is_logged(epoch) || epoch > self.counts.iterations {
            self.log(epoch, loss, tested, last)?;
        }
        if epoch >= self.ahead {
            self.session.keep(self.training, last)?;
        }
        Ok(())
    }

    /// Measures weights.
    fn test(&mut self, epoch: usize, at: &[f64]) -> Result<(Metrics, bool), Error> {
        self.place(at);
        self.training.state.epoch = epoch;
        self.session.test(self.training)
    }

    /// Writes a row.
    fn log(
        &mut self,
        epoch: usize,
        loss: f64,
        tested: (Metrics, bool),
        last: bool,
    ) -> Result<(), Error> {
        let report = self.report(epoch, loss, tested);
        self.session.log(self.training, &report, last, self.watch)?;
        self.logged = self.counts.evaluations;
        self.written = Instant::now();
        Ok(())
    }

    /// Puts flat weights into the model.
    fn place(&mut self, at: &[f64]) {
        let tensors = named(&self.net, self.encoder_layers, at);
        let model = self.training.model.clone();
        self.training.model = tensors::apply(model, tensors).expect("the net is the model's");
    }

    fn report(&self, epoch: usize, loss: f64, tested: (Metrics, bool)) -> EpochReport {
        let prepared = self.session.prepared;
        let config = &prepared.config.train;
        let epochs = config.iterations();
        let seconds = self.written.elapsed().as_secs_f64();
        let evaluations = self.counts.evaluations.saturating_sub(self.logged);
        let of = |count: usize, most: usize| (count as f64 / most as f64).min(1.0);
        let spent = config.max_evaluations;
        let spent = spent.map_or(0.0, |most| of(self.counts.evaluations, most));
        let part = spent.max(of(self.counts.iterations, epochs));
        let follows = matches!(
            config.optimizer,
            OptimizerKind::Adaptive | OptimizerKind::Rprop
        );
        let constant = config.optimizer.is_descent() && !follows;
        EpochReport {
            epoch,
            epochs,
            counts: Some(self.counts),
            learning_rate: constant.then_some(config.learning_rate),
            seconds,
            loss,
            terms: vec![("reconstruction".to_owned(), loss)],
            test: Some(tested),
            columns: prepared.spec.task.columns(),
            unit: prepared.sample_unit(),
            samples_per_second: (self.samples * evaluations) as f64 / seconds,
            latent: prepared.spec.latent(),
            steps: None,
            part,
            eta: seconds_left(self.session.seconds(), part, 1.0 - part),
        }
    }

    /// Logs and saves what came of it.
    pub(super) fn end(mut self, minimum: &Minimum) -> Result<fit::Ended, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let early = self.training.state.ended.is_some();
        let interrupted = !early && self.is_halted();
        if !early && !interrupted {
            self.counts = minimum.counts;
        }
        self.training.solution = Some(Solution {
            counts: self.counts,
            ended: Some(match (early, interrupted) {
                (true, _) => "test loss",
                (_, true) => "interrupted",
                _ => ended_name(minimum.ended),
            }),
        });
        if minimum.ended == Ended::NotFinite && !early && !interrupted {
            return Err(self.diverged());
        }
        if !early {
            self.close(interrupted)?;
        }
        if interrupted {
            return Ok(fit::Ended::Interrupted);
        }
        if !early {
            self.training.state.ended = self.reason(minimum.ended);
        }
        Ok(fit::Ended::Finished(self.training.state.ended.clone()))
    }

    fn diverged(&self) -> Error {
        Error::Diverged {
            epoch: self.counts.iterations.max(1),
            term: "reconstruction".to_owned(),
            value: self.lost.unwrap_or(f64::NAN),
            run: self.session.folder.path().to_owned(),
            double: true,
        }
    }

    /// Why a method ended before its limits, if it did.
    fn reason(&self, ended: Ended) -> Option<String> {
        match ended {
            Ended::Converged => Some("converged".to_owned()),
            Ended::Stalled => {
                let optimizer = self.session.prepared.config.train.optimizer.name();
                Some(format!("`{optimizer}` finds no lower loss"))
            }
            _ => None,
        }
    }

    /// Logs the weights that it ends with, unless the last row is theirs, and saves them.
    fn close(&mut self, interrupted: bool) -> Result<(), Error> {
        let cut = self.counts.evaluations > self.iterated;
        let epoch = self.counts.iterations + usize::from(cut);
        if self.counts.evaluations > self.logged && self.best.0.is_finite() {
            let (loss, at) = self.best.clone();
            let tested = self.test(epoch, &at)?;
            // It has ended by itself already.
            self.training.state.ended = None;
            self.log(epoch, loss, tested, true)?;
        } else {
            self.session.conclude(self.training, self.watch)?;
        }
        match interrupted && epoch < self.ahead {
            true => Ok(()),
            false => self.session.keep(self.training, true),
        }
    }
}

/// Whether an iteration has a row.
fn is_logged(iteration: usize) -> bool {
    let place = |iteration: usize| ((iteration as f64).log10() * EACH as f64).floor();
    iteration <= EACH || place(iteration) > place(iteration - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_all_at_first_and_few_later() {
        let rows = |from: usize, to: usize| (from..=to).filter(|i| is_logged(*i)).count();
        assert_eq!(rows(1, 100), 100);
        assert_eq!(rows(1001, 10_000), 100);
        assert_eq!(rows(10_001, 100_000), 100);
    }
}
