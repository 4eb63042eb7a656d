//! The training loop.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::module::Module;
use burn::tensor::{ElementConversion, Tensor};
use espejo_nets::{Loss, Model};

use crate::baselines;
use crate::batch::{Feed, training_batch, upload};
use crate::checkpoint::Rest;
use crate::course::Course;
use crate::files::group_exists;
use crate::folder::{Folder, SCALING, Which};
use crate::logs::{Logs, is_frame};
use crate::metrics::{Metrics, evaluate};
use crate::optimizer::Optimizer;
use crate::prepare::Prepared;
use crate::report::{EpochReport, Facts, Results, Status, data_json, layer_table, run_json};
use crate::rows::Rows;
use crate::schedule::learning_rate;
use crate::seed::{Purpose, stream};
use crate::shown::Shown;
use crate::spec::AnyModel;
use crate::trained::Trained;
use crate::{Error, checkpoint, tensors};

/// Seconds that an epoch may go on when it was told to stop.
const PATIENCE: f64 = 1.0;
/// With more pictures than this, the map of their codes is not noted while training.
pub const MAX_MAPPED: usize = 1000;

/// A term of the training loss: name, weight, value.
type Term = (&'static str, f64, f64);

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
    /// Fixed pictures as the model makes them now; every `train.samples_every` epochs and after the last.
    Samples {
        /// The epoch.
        epoch: usize,
        /// The pictures as they are, with values in [0, 1], as all that follow.
        pictures: Rows,
        /// The noisy pictures that a denoising model sees.
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
    pub report: serde_json::Value,
    /// The best model, ready to use.
    pub trained: Trained,
}

/// What has changed from epoch to epoch.
struct State {
    model: AnyModel,
    optimizer: Optimizer,
    best: AnyModel,
    course: Course,
    epoch_seconds: Vec<f64>,
}

impl State {
    /// The best model; before the first evaluation, the latest.
    fn best(&self) -> &AnyModel {
        if self.course.best_epoch == 0 {
            &self.model
        } else {
            &self.best
        }
    }
}

/// Trains into a folder, from its last checkpoint if it has one, until the last epoch, an early stop, or `stop`.
///
/// # Errors
///
/// [`Error::Diverged`] when a loss or a weight is no longer finite, [`Error::Io`] when a file cannot be written; `run.json`
/// then says `failed` and the last good checkpoint stays.
pub fn fit(
    prepared: &Prepared,
    folder: &Folder,
    command: &str,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Error> {
    let _lock = folder.lock()?;
    let (started, command) = origin(folder, command);
    let mut state = begin(prepared, folder)?;
    folder.write("config.toml", &prepared.config.to_toml())?;
    folder.write("model.txt", &layer_table(prepared, &state.model))?;
    if let Some(scaling) = &prepared.scaling {
        folder.write(SCALING, &scaling.to_csv())?;
    }
    let data = data_json(prepared)?;
    let end = |state: &State, status, reason: Option<&str>, results: Option<&Results>| {
        let facts = Facts {
            prepared,
            model: &state.model,
            command: &command,
            started: &started,
            course: &state.course,
            epoch_median: median(&state.epoch_seconds),
            data: &data,
        };
        let report = run_json(&facts, status, reason, results);
        folder.write_report(&report).map(|()| report)
    };
    end(&state, Status::Running, None, None)?;
    let ended = train(prepared, folder, &mut state, stop, watch).and_then(|ended| {
        Ok(match ended {
            Ended::Interrupted => (Status::Stopped, Some("interrupted".to_owned()), None),
            Ended::Finished(reason) => {
                let results = results(prepared, state.best())?;
                (Status::Completed, reason, Some(results))
            }
        })
    });
    let (status, reason, results) = match ended {
        Ok(ended) => ended,
        Err(error) => {
            // The error itself matters more than a checkpoint or a report that cannot be written either.
            if matches!(error, Error::Diverged { .. }) {
                let _ = rescue(folder, &state);
            }
            let _ = end(&state, Status::Failed, Some(&error.to_string()), None);
            return Err(error);
        }
    };
    let report = end(&state, status, reason.as_deref(), results.as_ref())?;
    let trained = Trained::new(
        prepared.clone(),
        state.best().valid(),
        state.course.best_epoch,
    );
    Ok(Outcome {
        status,
        reason,
        results,
        report,
        trained,
    })
}

/// When and by which command the run was started: this one, unless it goes on from before.
fn origin(folder: &Folder, command: &str) -> (String, String) {
    let before = folder.report().ok();
    let word = |key: &str| {
        before
            .as_ref()
            .and_then(|report| report[key].as_str())
            .map(str::to_owned)
    };
    let started = word("started").unwrap_or_else(|| jiff::Timestamp::now().to_string());
    (
        started,
        word("command").unwrap_or_else(|| command.to_owned()),
    )
}

enum Ended {
    Interrupted,
    Finished(Option<String>),
}

/// First weights, or those of the last checkpoint.
fn begin(prepared: &Prepared, folder: &Folder) -> Result<State, Error> {
    let model = prepared
        .spec
        .init(&prepared.config, &prepared.chosen.device.clone().autodiff());
    let last = folder.checkpoint(Which::Last);
    if !group_exists(&last) {
        let (optimizer, best) = (Optimizer::new(&prepared.config.train), own_copy(&model));
        return Ok(State {
            model,
            optimizer,
            best,
            course: Course::default(),
            epoch_seconds: Vec::new(),
        });
    }
    let best = checkpoint::load_best(&last, own_copy(&model))?;
    let (model, course) = checkpoint::load_model(&last, model)?;
    let optimizer = checkpoint::load_optimizer(&last, prepared, &model)?;
    Ok(State {
        model,
        optimizer,
        best,
        course,
        epoch_seconds: Vec::new(),
    })
}

/// What one session of training works with.
struct Session<'a> {
    prepared: &'a Prepared,
    folder: &'a Folder,
    data: Feed,
    test: Feed,
    /// The pictures that are shown while training, where they are.
    shown: Option<Shown>,
    /// The pictures whose codes are noted for the animation, where they are: `[pictures, pixels]`.
    mapped: Option<Tensor<2>>,
    logs: Logs,
    begun: Instant,
    first: usize,
    saved: Instant,
    written_best: usize,
    /// Seconds of the sessions before.
    seconds: f64,
}

impl<'a> Session<'a> {
    fn begin(prepared: &'a Prepared, folder: &'a Folder, course: &Course) -> Result<Self, Error> {
        let most = MAX_MAPPED.min(prepared.spec.architecture.chunk());
        let mapped = prepared.spec.latent() == 2 && prepared.test.len() <= most;
        let (range, device) = (prepared.spec.range, &prepared.chosen.device);
        let upload = || upload(&prepared.test, 0..prepared.test.len(), range, device);
        Ok(Self {
            prepared,
            folder,
            data: prepared.training_data()?,
            test: prepared.measured_data(&prepared.test, Purpose::Evaluate)?,
            shown: Shown::of(prepared)?,
            mapped: mapped.then(upload).transpose()?,
            logs: Logs::open(folder, course.epoch)?,
            begun: Instant::now(),
            first: course.epoch + 1,
            saved: Instant::now(),
            // `best` may be ahead of `last` after a kill between the two: it is written again.
            written_best: 0,
            seconds: course.seconds,
        })
    }
}

/// Epoch after epoch, until the last, an early stop, or `stop`.
fn train(
    prepared: &Prepared,
    folder: &Folder,
    state: &mut State,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Ended, Error> {
    let config = &prepared.config.train;
    let mut session = Session::begin(prepared, folder, &state.course)?;
    if prepared.chosen.used.starts_with("wgpu") || prepared.chosen.used == "cuda" {
        watch(Event::Compiling);
    }
    while state.course.epoch < config.epochs && state.course.ended.is_none() {
        if stop.load(Ordering::Relaxed) {
            save(&mut session, state)?;
            return Ok(Ended::Interrupted);
        }
        let begun = Instant::now();
        let epoch = state.course.epoch + 1;
        let rate = learning_rate(config, epoch, state.course.reductions);
        let Some(terms) = one_epoch(prepared, state, &session.data, epoch, rate, stop)? else {
            save(&mut session, state)?;
            return Ok(Ended::Interrupted);
        };
        check_finite(
            epoch,
            terms.iter().map(|(name, _, value)| (*name, *value)),
            folder.path(),
        )?;
        state.course.epoch = epoch;
        let tested = test(&session, state)?;
        let seconds = begun.elapsed().as_secs_f64();
        if epoch == 1 {
            state.course.first_epoch_seconds = seconds;
        }
        let report = report(&session, state, (rate, seconds), &terms, tested);
        log(&mut session, state, &report, watch)?;
        keep(&mut session, state)?;
        // Pictures and checkpoints are no part of training.
        state.epoch_seconds.push(seconds);
    }
    Ok(Ended::Finished(state.course.ended.clone()))
}

/// Measures the epoch just done, where it is due, and takes the best model and an early stop from it.
fn test(session: &Session<'_>, state: &mut State) -> Result<Option<(Metrics, bool)>, Error> {
    let config = &session.prepared.config.train;
    let epoch = state.course.epoch;
    if epoch != config.epochs && !epoch.is_multiple_of(config.eval_every) {
        return Ok(None);
    }
    let metrics = measure(session.prepared, &state.model.valid(), &session.test)?;
    check_finite(epoch, metrics.not_finite(), session.folder.path())?;
    let best = state.course.evaluated(metrics.loss, config);
    if best {
        state.best = own_copy(&state.model);
    }
    state.course.ended = state.course.early_stop(metrics.loss, config);
    Ok(Some((metrics, best)))
}

fn report(
    session: &Session<'_>,
    state: &State,
    (rate, seconds): (f64, f64),
    terms: &[Term],
    test: Option<(Metrics, bool)>,
) -> EpochReport {
    let epochs = session.prepared.config.train.epochs;
    let epoch = state.course.epoch;
    let pace = session.begun.elapsed().as_secs_f64() / (epoch + 1 - session.first) as f64;
    EpochReport {
        epoch,
        epochs,
        learning_rate: rate,
        seconds,
        loss: terms.iter().map(|(_, weight, value)| weight * value).sum(),
        terms: terms
            .iter()
            .map(|(name, _, value)| ((*name).to_owned(), *value))
            .collect(),
        test,
        samples_per_second: session.data.samples() as f64 / seconds,
        latent: session.prepared.spec.latent(),
        eta: pace * (epochs - epoch) as f64,
    }
}

/// Writes what is known of the epoch, and tells it.
fn log(
    session: &mut Session<'_>,
    state: &State,
    report: &EpochReport,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<(), Error> {
    let ends = over(session, state);
    let due = session.logs.write(report, ends)?;
    if let Some(pictures) = session
        .mapped
        .as_ref()
        .filter(|_| ends || is_frame(report.epoch, report.epochs))
    {
        let codes = state.model.valid().encode(pictures.clone()); // [pictures, 2]
        let codes: Vec<f32> = codes.into_data().iter().collect();
        session.logs.write_codes(report.epoch, &codes)?;
    }
    watch(Event::Epoch { report, due });
    let every = session.prepared.config.train.samples_every;
    if let Some(shown) = session
        .shown
        .as_ref()
        .filter(|_| ends || report.epoch.is_multiple_of(every.max(1)))
    {
        watch(shown.event(report.epoch, &state.model.valid(), session.prepared));
    }
    Ok(())
}

fn over(session: &Session<'_>, state: &State) -> bool {
    state.course.epoch == session.prepared.config.train.epochs || state.course.ended.is_some()
}

/// Writes the checkpoints that are due.
fn keep(session: &mut Session<'_>, state: &mut State) -> Result<(), Error> {
    let config = &session.prepared.config.train;
    let epoch = state.course.epoch;
    if config.checkpoint_every > 0 && epoch.is_multiple_of(config.checkpoint_every) {
        let kept = session.folder.checkpoint(Which::Epoch(epoch));
        let weights = finite_weights(&state.model, epoch, session.folder.path())?;
        let rest = Rest {
            optimizer: &state.optimizer,
            best: None,
        };
        checkpoint::save(&kept, &weights, Some(&rest), &state.course)?;
    }
    state.course.seconds = session.seconds + session.begun.elapsed().as_secs_f64();
    if over(session, state) || session.saved.elapsed().as_secs_f64() >= config.checkpoint_seconds {
        session.logs.sync()?;
        save(session, state)?;
        session.saved = Instant::now();
    }
    Ok(())
}

/// One pass over the training samples; none when it was interrupted, and then nothing has changed.
fn one_epoch(
    prepared: &Prepared,
    state: &mut State,
    data: &Feed,
    epoch: usize,
    rate: f64,
    stop: &AtomicBool,
) -> Result<Option<Vec<Term>>, Error> {
    let config = &prepared.config;
    let batches = data.shuffled(config.train.batch_size, config.train.seed, epoch);
    // A short epoch is ended before anybody loses patience; a copy of its start would cost more than it.
    let short = state
        .epoch_seconds
        .last()
        .is_some_and(|seconds| *seconds < PATIENCE);
    let before =
        (!short && !batches.is_one()).then(|| (own_copy(&state.model), state.optimizer.clone()));
    // Taken out, so that each step finds weights that nobody else holds, and updates them in place.
    let mut model = std::mem::replace(&mut state.model, state.best.clone());
    prepared
        .chosen
        .device
        .seed(stream(config.train.seed, epoch, Purpose::Train));
    let warm_up = match config.objective.kl_warmup {
        0 => 1.0,
        epochs => ((epoch - 1) as f64 / epochs as f64).min(1.0),
    };
    let mut names: Vec<(&'static str, f64)> = Vec::new();
    let mut sums: Vec<Tensor<1>> = Vec::new();
    for batch in batches {
        if let Some(before) = before.as_ref().filter(|_| stop.load(Ordering::Relaxed)) {
            (state.model, state.optimizer) = before.clone();
            return Ok(None);
        }
        let batch = batch?;
        let [samples, _] = batch.clean.dims();
        let loss = model.loss(&training_batch(batch));
        let gradients = loss.objective(warm_up).backward();
        model = state.optimizer.step(rate, model, gradients);
        names = loss.0.iter().map(|term| (term.name, term.weight)).collect();
        let share = samples as f64 / data.samples() as f64;
        sums = add_share(sums, loss, share);
    }
    state.model = model;
    let values = Tensor::cat(sums, 0).into_data();
    let values = values.iter::<f32>().map(ElementConversion::elem::<f64>);
    Ok(Some(
        names
            .into_iter()
            .zip(values)
            .map(|((name, weight), value)| (name, weight, value))
            .collect(),
    ))
}

/// The sums of the terms so far, with a share of those of a batch. They stay on the device until the epoch is over: one read an
/// epoch.
fn add_share(sums: Vec<Tensor<1>>, loss: Loss, share: f64) -> Vec<Tensor<1>> {
    let terms = loss.0.into_iter();
    let values = terms.map(|term| term.value.inner().mul_scalar(share));
    if sums.is_empty() {
        return values.collect();
    }
    sums.into_iter()
        .zip(values)
        .map(|(sum, value)| sum + value)
        .collect()
}

/// A copy that shares nothing with the model: a plain clone shares the running means of batch normalisation, which training
/// goes on to change.
fn own_copy(model: &AnyModel) -> AnyModel {
    model.valid().train()
}

fn measure(prepared: &Prepared, model: &AnyModel, data: &Feed) -> Result<Metrics, Error> {
    evaluate(model, data, prepared)
}

/// The numbers of the best model, beside the baselines.
fn results(prepared: &Prepared, best: &AnyModel) -> Result<Results, Error> {
    let best = best.valid();
    let test = prepared.measured_data(&prepared.test, Purpose::Evaluate)?;
    let train = match prepared.config.noise.copies {
        0 => prepared.measured_data(&prepared.train, Purpose::Measure)?,
        _ => prepared.training_data()?,
    };
    let (own, baselines) = baselines::measure(prepared, &best)?;
    Ok(Results {
        train: measure(prepared, &best, &train)?,
        test: measure(prepared, &best, &test)?.with(own),
        baselines,
    })
}

fn check_finite<'a>(
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

/// Writes the checkpoints `best`, if it is new, and `last`.
fn save(session: &mut Session<'_>, state: &State) -> Result<(), Error> {
    let folder = session.folder;
    let Course {
        epoch, best_epoch, ..
    } = state.course;
    let weights = finite_weights(&state.model, epoch, folder.path())?;
    let best = match best_epoch {
        0 => None,
        best if best == epoch => None,
        _ => Some(tensors::collect(&state.best.valid())),
    };
    if best_epoch == 0
        || session.written_best != best_epoch
        || !group_exists(&folder.checkpoint(Which::Best))
    {
        let best = best.as_ref().unwrap_or(&weights);
        checkpoint::save(&folder.checkpoint(Which::Best), best, None, &state.course)?;
        session.written_best = best_epoch;
    }
    let rest = Rest {
        optimizer: &state.optimizer,
        best,
    };
    checkpoint::save(
        &folder.checkpoint(Which::Last),
        &weights,
        Some(&rest),
        &state.course,
    )
}

/// Keeps the best model of a training that diverged.
fn rescue(folder: &Folder, state: &State) -> Result<(), Error> {
    if state.course.best_epoch == 0 {
        return Ok(());
    }
    let weights = finite_weights(&state.best, state.course.best_epoch, folder.path())?;
    checkpoint::save(
        &folder.checkpoint(Which::Best),
        &weights,
        None,
        &state.course,
    )
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
