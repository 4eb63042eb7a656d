//! The training loop in single precision: epochs of batches on the device.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use burn::tensor::{Gradients, Tensor};
use espejo_kernels::half_precision;
use espejo_nets::{Batch, Loss, Model, Part};

use crate::atomic_files::group_exists;
use crate::average::Average;
use crate::batch_means::BatchMeans;
use crate::exchange::add_up;
use crate::feed::{Feed, training_batch};
use crate::fit::{Ended, Event, Exchanged, Training, own_copy};
use crate::folder::{Folder, Which};
use crate::init_from::initialised;
use crate::metrics::Metrics;
use crate::model::AnyModel;
use crate::optimizer::{Gradient, Optimizer};
use crate::own_steps::OwnSteps;
use crate::prepare::Prepared;
use crate::report::{EpochReport, seconds_left};
use crate::schedule::{StepPlace, learning_rate};
use crate::seed::{Purpose, stream};
use crate::session::{Session, check_finite};
use crate::training_state::TrainingState;
use crate::{Error, checkpoint};

/// Seconds that an epoch may go on when it was told to stop.
const PATIENCE: f64 = 1.0;

/// A term of the training loss: name, weight, value.
pub(crate) type Term = (&'static str, f64, f64);

/// First weights, or those of the last checkpoint.
pub(crate) fn begin(prepared: &Prepared, folder: &Folder) -> Result<Training, Error> {
    let last = folder.checkpoint(Which::Last);
    if !group_exists(&last) {
        return fresh(prepared);
    }
    let model = first_model(prepared);
    let best = checkpoint::load_best(&last, own_copy(&model))?;
    let average = own_copy(&model);
    let (mut model, state) = checkpoint::load_model(&last, model)?;
    folder.check_state(&last, &state)?;
    let average = match prepared.config.train.ema > 0.0 {
        true => {
            let trained = checkpoint::load_trained(&last, average)?;
            Some(Average(std::mem::replace(&mut model, trained)))
        }
        false => None,
    };
    let optimizer = checkpoint::load_optimizer(&last, prepared, &model)?;
    Ok(Training {
        own_steps: OwnSteps::of(prepared, &model),
        model,
        optimizer: Some(optimizer),
        average,
        best,
        best_metrics: None,
        state,
        epoch_seconds: Vec::new(),
        exchanged: Exchanged::default(),
        solution: None,
    })
}

/// First weights.
pub(crate) fn fresh(prepared: &Prepared) -> Result<Training, Error> {
    let model = initialised(prepared, first_model(prepared))?;
    let best = own_copy(&model);
    let averages = prepared.config.train.ema > 0.0;
    Ok(Training {
        average: averages.then(|| Average::of(&model)),
        own_steps: OwnSteps::of(prepared, &model),
        model,
        optimizer: Some(Optimizer::new(&prepared.config.train)),
        best,
        best_metrics: None,
        state: TrainingState {
            noise_by_place: true,
            ..TrainingState::default()
        },
        epoch_seconds: Vec::new(),
        exchanged: Exchanged::default(),
        solution: None,
    })
}

fn first_model(prepared: &Prepared) -> AnyModel {
    let device = prepared.chosen.device.clone().autodiff();
    prepared.spec.init(&prepared.config, &device)
}

/// Epoch after epoch, until the last, an early stop, or `stop`.
pub(crate) fn train(
    prepared: &Prepared,
    folder: &Folder,
    training: &mut Training,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Ended, Error> {
    let config = &prepared.config.train;
    let data = prepared.training_data()?;
    let data = data.drawing(training.state.noise_by_place);
    let mut session = Session::begin(prepared, folder, &training.state)?;
    session.warn_of_compiling(watch);
    while training.state.epoch < config.epochs && training.state.ended.is_none() {
        if stop.load(Ordering::Relaxed) {
            tell(prepared, None);
            session.save(training)?;
            return Ok(Ended::Interrupted);
        }
        tell(prepared, Some(training.state.reductions));
        let begun = Instant::now();
        let epoch = training.state.epoch + 1;
        let Some((rate, terms)) = one_epoch(prepared, training, &data, epoch, stop)? else {
            session.save(training)?;
            return Ok(Ended::Interrupted);
        };
        check_finite(
            epoch,
            terms.iter().map(|(name, _, value)| (*name, *value)),
            folder.path(),
        )?;
        training.state.epoch = epoch;
        let tested = test(&mut session, training)?;
        let seconds = begun.elapsed().as_secs_f64();
        if epoch == 1 {
            training.state.first_epoch_seconds = seconds;
        }
        let last = epoch == config.epochs || training.state.ended.is_some();
        let report = report(&session, &data, training, (rate, seconds), &terms, tested);
        session.log(training, &report, last, watch)?;
        session.keep(training, last)?;
        // Figures and checkpoints are no part of training.
        training.epoch_seconds.push(seconds);
    }
    tell(prepared, None);
    Ok(Ended::Finished(training.state.ended.clone()))
}

/// Epoch after epoch, as long as rank 0 says so.
pub(crate) fn follow(
    prepared: &Prepared,
    training: &mut Training,
    stop: &AtomicBool,
) -> Result<(), Error> {
    let data = prepared.training_data()?;
    let data = data.drawing(training.state.noise_by_place);
    while let Some(reductions) = tell(prepared, None) {
        training.state.reductions = reductions;
        let epoch = training.state.epoch + 1;
        if one_epoch(prepared, training, &data, epoch, stop)?.is_none() {
            break;
        }
        training.state.epoch = epoch;
    }
    Ok(())
}

/// What rank 0 has decided before an epoch: how often the learning rate was reduced, or that there is no other epoch.
fn tell(prepared: &Prepared, decided: Option<usize>) -> Option<usize> {
    prepared.exchange.broadcast(decided)
}

/// Measures the epoch just done, where it is due.
fn test(
    session: &mut Session<'_>,
    training: &mut Training,
) -> Result<Option<(Metrics, bool)>, Error> {
    let config = &session.prepared.config.train;
    let epoch = training.state.epoch;
    let due = epoch == config.epochs || epoch.is_multiple_of(config.eval_every);
    due.then(|| session.test(training)).transpose()
}

fn report(
    session: &Session<'_>,
    data: &Feed,
    training: &Training,
    (rate, seconds): (f64, f64),
    terms: &[Term],
    test: Option<(Metrics, bool)>,
) -> EpochReport {
    let epochs = session.prepared.config.train.epochs;
    let epoch = training.state.epoch;
    let done = (epoch + 1 - session.first) as f64;
    let each = steps_an_epoch(session.prepared, data);
    EpochReport {
        epoch,
        epochs,
        counts: None,
        learning_rate: Some(rate),
        seconds,
        loss: terms.iter().map(|(_, weight, value)| weight * value).sum(),
        terms: terms
            .iter()
            .map(|(name, _, value)| ((*name).to_owned(), *value))
            .collect(),
        test,
        columns: session.prepared.spec.task.columns(),
        unit: session.prepared.sample_unit(),
        samples_per_second: data.samples() as f64 / seconds,
        latent: session.prepared.spec.latent(),
        steps: (each > 1).then_some((epoch * each, epochs * each)),
        part: epoch as f64 / epochs as f64,
        eta: seconds_left(session.seconds(), done, (epochs - epoch) as f64),
    }
}

fn steps_an_epoch(prepared: &Prepared, data: &Feed) -> usize {
    match prepared.config.train.batch_size {
        0 => 1,
        size => data.samples().div_ceil(size),
    }
}

/// One pass over the training samples, with the learning rate of its last step; none when it was interrupted, and then nothing has
/// changed.
pub(crate) fn one_epoch(
    prepared: &Prepared,
    training: &mut Training,
    data: &Feed,
    epoch: usize,
    stop: &AtomicBool,
) -> Result<Option<(f64, Vec<Term>)>, Error> {
    let (config, exchange) = (&prepared.config, prepared.exchange);
    let batches = data.shuffled(config.train.batch_size, config.train.seed, epoch);
    // A short epoch is ended before anybody loses patience; a copy of its start would cost more than it.
    let short = training
        .epoch_seconds
        .last()
        .is_some_and(|seconds| *seconds < PATIENCE);
    let optimizer = training.optimizer.as_mut().expect("it trains on a device");
    let keeps_start = exchange.broadcast(!short && !batches.is_one());
    let mut before = keeps_start.then(|| {
        let average = training.average.as_ref().map(Average::copy);
        (own_copy(&training.model), optimizer.clone(), average)
    });
    // Taken out, so that each step finds weights that nobody else holds, and updates them in place.
    let mut model = std::mem::replace(&mut training.model, training.best.clone());
    prepared
        .chosen
        .device
        .seed(stream(config.train.seed, epoch, Purpose::Train));
    let warm_up = match config.objective.kl_warmup {
        0 => 1.0,
        epochs => ((epoch - 1) as f64 / epochs as f64).min(1.0),
    };
    let mut names: Vec<(&'static str, f64)> = Vec::new();
    let mut means = BatchMeans::default();
    let mut rate = config.train.learning_rate;
    let mut at = StepPlace {
        epoch,
        step: 0,
        steps: steps_an_epoch(prepared, data),
    };
    let mut told = false;
    for batch in batches {
        // Ranks that stop stop after the same step, whoever was told to.
        told = match exchange.is_shared() {
            true => told,
            false => stop.load(Ordering::Relaxed),
        };
        if told && let Some(before) = before.take() {
            (training.model, *optimizer, training.average) = before;
            return Ok(None);
        }
        rate = learning_rate(&config.train, at, training.state.reductions);
        at.step += 1;
        let batch = batch?;
        let [samples, _] = batch.inputs.dims();
        let found = match &training.own_steps {
            Some(own) => {
                let (loss, gradient) = own.step(&model, batch, warm_up);
                Found::new(loss, gradient)
            }
            None => {
                let exchanged = &mut training.exchanged;
                recorded(prepared, exchanged, &model, (batch, warm_up), stop)
            }
        };
        told |= found.stop;
        names = found.names;
        model = optimizer.step(rate, model, found.gradient);
        if let Some(average) = training.average.take() {
            let step = (epoch - 1) * at.steps + at.step;
            training.average = Some(average.follow(&model, config.train.ema, step));
        }
        let share = samples as f64 / data.samples() as f64;
        let shares = found.terms.into_iter().map(|term| term.mul_scalar(share));
        means.add(shares.collect());
    }
    training.model = model;
    // One read an epoch.
    let (values, _) = means.read(Vec::new());
    let terms = names.into_iter().zip(values.concat());
    let terms = terms.map(|((name, weight), value)| (name, weight, value));
    Ok(Some((rate, terms.collect())))
}

/// What a step has found on its batch.
struct Found {
    /// Name and weight of each term.
    names: Vec<(&'static str, f64)>,
    /// Value of each term: `[1]`.
    terms: Vec<Tensor<1>>,
    gradient: Gradient,
    /// Whether a rank has been told to stop.
    stop: bool,
}

impl Found {
    fn new(loss: Loss, gradient: Gradient) -> Self {
        Self {
            names: loss.0.iter().map(|term| (term.name, term.weight)).collect(),
            terms: loss.0.into_iter().map(|term| term.value.inner()).collect(),
            gradient,
            stop: false,
        }
    }
}

/// The loss of a batch and its gradient by Burn's record of the operations; together with the other ranks, where there are some.
fn recorded(
    prepared: &Prepared,
    exchanged: &mut Exchanged,
    model: &AnyModel,
    (batch, warm_up): (Batch, f64),
    stop: &AtomicBool,
) -> Found {
    let exchange = prepared.exchange;
    let [samples, _] = batch.inputs.dims();
    let part = exchange.part(samples);
    let half = prepared.config.train.has_half_products();
    let loss = || model.loss(&training_batch(part.select(batch)));
    let loss = part.within(|| half_precision::within(half, loss));
    let gradients = weighted(loss.objective(warm_up), &part).backward();
    let mut found = Found::new(loss, Gradient::Recorded(gradients));
    if let (true, Gradient::Recorded(gradients)) = (exchange.is_shared(), &mut found.gradient) {
        let terms = (found.terms, &part);
        (found.terms, found.stop) = join_ranks(prepared, exchanged, model, gradients, terms, stop);
    }
    found
}

/// Makes of the gradients of this rank's rows, and of the terms of their loss, those of the whole batch; the terms, and whether a rank has been
/// told to stop, which then all have.
fn join_ranks(
    prepared: &Prepared,
    exchanged: &mut Exchanged,
    model: &AnyModel,
    gradients: &mut Gradients,
    (terms, part): (Vec<Tensor<1>>, &Part),
    stop: &AtomicBool,
) -> (Vec<Tensor<1>>, bool) {
    let begun = Instant::now();
    let terms = terms.into_iter().map(|term| weighted(term, part));
    let own = stop.load(Ordering::Relaxed);
    let step = add_up(prepared.exchange, model, gradients, terms.collect(), own);
    if step.stop {
        stop.store(true, Ordering::Relaxed);
    }
    exchanged.numbers = step.numbers;
    exchanged.seconds.push(begun.elapsed().as_secs_f32());
    let terms = step.terms.iter();
    let terms = terms.map(|term| Tensor::from_floats([*term], &prepared.chosen.device));
    (terms.collect(), step.stop)
}

/// What a mean over a part of a batch adds to that over the whole batch.
fn weighted(mean: Tensor<1>, part: &Part) -> Tensor<1> {
    match part.weight {
        1.0 => mean,
        weight => mean.mul_scalar(weight),
    }
}
