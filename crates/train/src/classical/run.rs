//! A run in double precision, from its first weights to its end.

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;

use espejo_mlp::{Fit, Limits, Minimum, Objective, Progress, descend, minimize};

use crate::Error;
use crate::checkpoint::load_state;
use crate::classical::dense::DenseFit;
use crate::classical::method::{Algorithm, method};
use crate::classical::record::{Parts, Record};
use crate::classical::solution::Solution;
use crate::fit::{Ended, Event, Exchanged, Training};
use crate::folder::{Folder, Which};
use crate::prepare::Prepared;
use crate::session::Session;
use crate::training_state::TrainingState;

/// First weights, also of a run that goes on: its methods give the same numbers again.
pub(crate) fn begin(prepared: &Prepared) -> Training {
    let model = prepared
        .spec
        .init(&prepared.config, &prepared.chosen.device);
    Training {
        best: model.clone(),
        best_metrics: None,
        own_steps: None,
        model,
        optimizer: None,
        average: None,
        state: TrainingState::default(),
        epoch_seconds: Vec::new(),
        exchanged: Exchanged::default(),
        solution: Some(Solution::default()),
    }
}

/// Trains until the method or a limit ends it, or `stop`.
pub(crate) fn train(
    prepared: &Prepared,
    folder: &Folder,
    training: &mut Training,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Ended, Error> {
    let (algorithm, limits) = method(&prepared.config.train)?;
    // The target is one of the test loss.
    let limits = Limits {
        target: None,
        ..limits
    };
    let Prepared { config, spec, .. } = prepared;
    let mut dense = DenseFit::new(config, spec, &prepared.train, &prepared.test)?;
    if prepared.config.noise.copies > 0 {
        // Measured at the end: what does not fit the device shall be told now.
        prepared.training_data()?;
    }
    let session = Session::begin(prepared, folder, &training.state)?;
    session.warn_of_compiling(watch);
    let last = folder.checkpoint(Which::Last);
    let before = load_state(&last);
    if let Some(state) = &before {
        folder.check_state(&last, state)?;
    }
    let parts = Parts {
        session,
        training,
        watch,
        stop,
        ahead: before.map_or(0, |state| state.epoch),
    };
    let record = Record::begin(parts, &mut dense)?;
    let record = RefCell::new(record);
    let algorithm = dense.suited(&algorithm);
    let minimum = solve(&mut dense, &algorithm, &limits, &record);
    record.into_inner().end(&minimum)
}

fn solve(
    dense: &mut DenseFit,
    algorithm: &Algorithm,
    limits: &Limits,
    record: &RefCell<Record<'_>>,
) -> Minimum {
    let mut seen = |progress: &Progress<'_>| record.borrow_mut().iterated(progress);
    let DenseFit { fit, start, .. } = dense;
    match algorithm {
        Algorithm::Minimize(method) => {
            let mut watched = Watched { fit, record };
            minimize(*method, &mut watched, start, limits, &mut seen)
        }
        Algorithm::Descend(descent) => descend(descent, fit, start, limits, &mut seen),
    }
}

/// The loss with every evaluation told. Once training shall end it is infinite everywhere and costs nothing, so that a method
/// is soon through with its iteration, however long.
struct Watched<'a, 'r> {
    fit: &'a mut Fit,
    record: &'a RefCell<Record<'r>>,
}

impl Objective for Watched<'_, '_> {
    fn dimension(&self) -> usize {
        self.fit.dimension()
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        if self.record.borrow().is_halted() {
            return f64::INFINITY;
        }
        let value = self.fit.value(at);
        self.record.borrow_mut().evaluated(at, value, false);
        value
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        if self.record.borrow().is_halted() {
            gradient.fill(0.0);
            return f64::INFINITY;
        }
        let value = self.fit.gradient(at, gradient);
        self.record.borrow_mut().evaluated(at, value, true);
        value
    }
}
