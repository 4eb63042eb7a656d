//! The training loop.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{ElementConversion, Tensor};
use espejo_nets::Model;

use crate::baselines::{Measured, baselines};
use crate::batch::Resident;
use crate::course::Course;
use crate::error::AtPath;
use crate::folder::{Folder, Which};
use crate::metrics::{Metrics, evaluate};
use crate::optimizer::Optimizer;
use crate::prepare::Prepared;
use crate::report::{EpochReport, Facts, Results, Status, layer_table, run_json};
use crate::schedule::learning_rate;
use crate::seed::{Purpose, stream};
use crate::spec::AnyModel;
use crate::trained::Trained;
use crate::{Error, checkpoint, tensors};

/// Progress lines come no faster than this where they are appended to a log.
const LINE_EVERY: Duration = Duration::from_millis(500);
/// The codes of the training pictures at some epochs, for the animation of how their map formed.
pub(crate) const CODES: &str = "codes.csv";
/// How often they are noted, about.
const FRAMES: f64 = 60.0;
/// With more pictures than this they are not.
const MAX_MAPPED: usize = 1000;

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

/// The files that grow while training.
struct Logs {
    metrics: Growing,
    codes: Growing,
    log: Growing,
    last_line: Option<Instant>,
}

/// A text file that lines are added to.
struct Growing {
    file: File,
    path: PathBuf,
    empty: bool,
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
    let started = jiff::Timestamp::now().to_string();
    let mut state = begin(prepared, folder)?;
    folder.write("config.toml", &prepared.config.to_toml())?;
    folder.write("model.txt", &layer_table(prepared, &state.model))?;
    let end = |state: &State, status, reason: Option<&str>, results: Option<&Results>| {
        let facts = Facts {
            prepared,
            model: &state.model,
            command,
            started: &started,
            course: &state.course,
            epoch_median: median(&state.epoch_seconds),
        };
        let report = run_json(&facts, status, reason, results);
        folder.write_report(&report).map(|()| report)
    };
    let trained = |state: &State| {
        Trained::new(
            prepared.clone(),
            state.best.valid(),
            state.course.best_epoch,
        )
    };
    end(&state, Status::Running, None, None)?;
    match train(prepared, folder, &mut state, stop, watch) {
        Ok(Ended::Interrupted) => {
            let reason = Some("interrupted".to_owned());
            let report = end(&state, Status::Stopped, reason.as_deref(), None)?;
            Ok(Outcome {
                status: Status::Stopped,
                reason,
                results: None,
                report,
                trained: trained(&state),
            })
        }
        Ok(Ended::Finished(reason)) => {
            let results = results(prepared, &state.best);
            let report = end(&state, Status::Completed, reason.as_deref(), Some(&results))?;
            Ok(Outcome {
                status: Status::Completed,
                reason,
                results: Some(results),
                report,
                trained: trained(&state),
            })
        }
        Err(error) => {
            // The error itself matters more than a report that cannot be written either.
            let _ = end(&state, Status::Failed, Some(&error.to_string()), None);
            Err(error)
        }
    }
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
    if !crate::files::group_exists(&last) {
        let (optimizer, best) = (Optimizer::new(&prepared.config.train), model.clone());
        return Ok(State {
            model,
            optimizer,
            best,
            course: Course::default(),
            epoch_seconds: Vec::new(),
        });
    }
    let (best, _) = checkpoint::load_model(&folder.checkpoint(Which::Best), model.clone())?;
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

fn train(
    prepared: &Prepared,
    folder: &Folder,
    state: &mut State,
    stop: &AtomicBool,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Ended, Error> {
    let config = &prepared.config.train;
    let data = prepared.training_data();
    let test = prepared.measured_data(&prepared.test, Purpose::Evaluate);
    let mut logs = Logs::open(folder, state.course.epoch)?;
    let session = Instant::now();
    let mut saved = Instant::now();
    let mut written_best = state.course.best_epoch;
    let mut map: Option<Tensor<2>> = None;
    if prepared.chosen.used.starts_with("wgpu") || prepared.chosen.used == "cuda" {
        watch(Event::Compiling);
    }
    let first = state.course.epoch + 1;
    for epoch in first..=config.epochs {
        let begun = Instant::now();
        let rate = learning_rate(config, epoch, state.course.reductions);
        let Some(terms) = one_epoch(prepared, state, &data, epoch, rate, stop) else {
            save(folder, state, &mut written_best)?;
            return Ok(Ended::Interrupted);
        };
        check_finite(
            epoch,
            terms.iter().map(|(name, _, value)| (*name, *value)),
            folder.path(),
        )?;
        state.course.epoch = epoch;
        let last = epoch == config.epochs;
        let tested = (last || epoch % config.eval_every == 0).then(|| {
            let metrics = measure(prepared, &state.model.valid(), &test);
            let best =
                metrics.not_finite().is_none() && state.course.evaluated(metrics.loss, config);
            (metrics, best)
        });
        if let Some((metrics, best)) = &tested {
            check_finite(epoch, metrics.not_finite(), folder.path())?;
            if *best {
                state.best = state.model.clone();
            }
        }
        let early = tested
            .as_ref()
            .and_then(|(metrics, _)| state.course.early_stop(metrics.loss, config));
        let seconds = begun.elapsed().as_secs_f64();
        state.course.seconds += seconds;
        state.epoch_seconds.push(seconds);
        if epoch == 1 {
            state.course.first_epoch_seconds = seconds;
        }
        let report = EpochReport {
            epoch,
            epochs: config.epochs,
            learning_rate: rate,
            seconds,
            loss: terms.iter().map(|(_, weight, value)| weight * value).sum(),
            terms: terms
                .iter()
                .map(|(name, _, value)| ((*name).to_owned(), *value))
                .collect(),
            test: tested,
            samples_per_second: data.samples() as f64 / seconds,
            latent: prepared.spec.latent(),
            eta: session.elapsed().as_secs_f64() / (epoch + 1 - first) as f64
                * (config.epochs - epoch) as f64,
        };
        let ends = last || early.is_some();
        let due = logs.write(&report, ends)?;
        if prepared.spec.latent() == 2
            && prepared.train.len() <= MAX_MAPPED
            && (ends || is_frame(epoch, config.epochs))
        {
            let pictures = map.get_or_insert_with(|| {
                Resident::upload(
                    &prepared.train,
                    prepared.spec.range,
                    &prepared.chosen.device,
                )
                .whole()
                .clean
            });
            let codes: Vec<f32> = state
                .model
                .valid()
                .encode(pictures.clone())
                .into_data()
                .iter()
                .collect();
            logs.write_codes(epoch, &codes)?;
        }
        watch(Event::Epoch {
            report: &report,
            due,
        });
        let keep = config.checkpoint_every > 0 && epoch % config.checkpoint_every == 0;
        if keep {
            let kept = folder
                .path()
                .join("checkpoints")
                .join(format!("epoch-{epoch:06}"));
            checkpoint::save(
                &kept,
                &finite_weights(&state.model, epoch, folder.path())?,
                None,
                &state.course,
            )?;
        }
        if ends || saved.elapsed().as_secs_f64() >= config.checkpoint_seconds {
            logs.sync()?;
            save(folder, state, &mut written_best)?;
            saved = Instant::now();
        }
        if ends {
            return Ok(Ended::Finished(early));
        }
    }
    Ok(Ended::Finished(None))
}

/// One pass over the training samples; none when it was interrupted, and then nothing has changed.
fn one_epoch(
    prepared: &Prepared,
    state: &mut State,
    data: &Resident,
    epoch: usize,
    rate: f64,
    stop: &AtomicBool,
) -> Option<Vec<(&'static str, f64, f64)>> {
    let config = &prepared.config;
    let parts = data.shuffled(config.train.batch_size, config.train.seed, epoch);
    let before = (parts.len() > 1).then(|| (state.model.clone(), state.optimizer.clone()));
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
    for part in &parts {
        if stop.load(Ordering::Relaxed) {
            if let Some((model, optimizer)) = before {
                (state.model, state.optimizer) = (model, optimizer);
            }
            return None;
        }
        let loss = state.model.loss(&part.training_batch());
        let gradients = loss.objective(warm_up).backward();
        state.model = state.optimizer.step(rate, state.model.clone(), gradients);
        // The sums stay on the device until the epoch is over: one read an epoch.
        let share = part.samples() as f64 / data.samples() as f64;
        names = loss.0.iter().map(|term| (term.name, term.weight)).collect();
        let values = loss
            .0
            .into_iter()
            .map(|term| term.value.inner().mul_scalar(share));
        sums = if sums.is_empty() {
            values.collect()
        } else {
            sums.into_iter().zip(values).map(|(a, b)| a + b).collect()
        };
    }
    let values = Tensor::cat(sums, 0).into_data();
    let values = values.iter::<f32>().map(ElementConversion::elem::<f64>);
    Some(
        names
            .into_iter()
            .zip(values)
            .map(|((name, weight), value)| (name, weight, value))
            .collect(),
    )
}

fn measure(prepared: &Prepared, model: &AnyModel, data: &Resident) -> Metrics {
    evaluate(
        model,
        data,
        prepared.spec.range,
        prepared.train.two_valued(),
        prepared.config.train.seed,
    )
}

/// The numbers of the best model, beside the baselines.
fn results(prepared: &Prepared, best: &AnyModel) -> Results {
    let best = best.valid();
    let test_data = prepared.measured_data(&prepared.test, Purpose::Evaluate);
    let train_data = prepared.measured_data(&prepared.train, Purpose::Copies);
    let whole = test_data.whole();
    let measured = Measured {
        train: &prepared.train,
        clean: unit(whole.clean, prepared),
        noisy: whole.noisy.map(|noisy| unit(noisy, prepared)),
    };
    Results {
        train: measure(prepared, &best, &train_data),
        test: measure(prepared, &best, &test_data),
        baselines: baselines(&measured, &prepared.spec),
    }
}

/// Pictures on the host with values in [0, 1], or around it where noise took them out.
fn unit(pictures: Tensor<2>, prepared: &Prepared) -> Vec<Vec<f32>> {
    let low = prepared.spec.range.low();
    let [_, pixels] = pictures.dims();
    let values: Vec<f32> = ((pictures - low).div_scalar(1.0 - low))
        .into_data()
        .iter()
        .collect();
    values.chunks_exact(pixels).map(<[f32]>::to_vec).collect()
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
    let weights = tensors::collect(model);
    let bad = weights
        .iter()
        .flat_map(|tensor| &tensor.values)
        .find(|value| !value.is_finite());
    check_finite(epoch, bad.map(|value| ("weights", f64::from(*value))), run)?;
    Ok(weights)
}

/// Writes the checkpoints `best`, if it is new, and `last`.
fn save(folder: &Folder, state: &State, written_best: &mut usize) -> Result<(), Error> {
    let Course {
        epoch, best_epoch, ..
    } = state.course;
    let weights = finite_weights(&state.model, epoch, folder.path())?;
    let best = folder.checkpoint(Which::Best);
    if best_epoch == 0 {
        // Nothing was evaluated yet: the latest weights are the best known.
        checkpoint::save(&best, &weights, None, &state.course)?;
    } else if *written_best != best_epoch || !crate::files::group_exists(&best) {
        let weights = finite_weights(&state.best, best_epoch, folder.path())?;
        checkpoint::save(&best, &weights, None, &state.course)?;
        *written_best = best_epoch;
    }
    checkpoint::save(
        &folder.checkpoint(Which::Last),
        &weights,
        Some(&state.optimizer),
        &state.course,
    )
}

impl Logs {
    /// Opens the logs; rows of epochs after `epoch`, written by a session that was killed, are dropped.
    fn open(folder: &Folder, epoch: usize) -> Result<Self, Error> {
        for name in ["metrics.csv", CODES] {
            let kept = match std::fs::read_to_string(folder.path().join(name)) {
                Ok(text) if epoch > 0 => {
                    let number = |line: &str| {
                        line.split(',')
                            .next()
                            .and_then(|cell| cell.parse::<usize>().ok())
                    };
                    let keep = |line: &&str| number(line).is_none_or(|row| row <= epoch);
                    // A line that a crash cut short ends the file without its line end.
                    let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
                    whole
                        .lines()
                        .filter(keep)
                        .map(|line| format!("{line}\n"))
                        .collect()
                }
                _ => String::new(),
            };
            folder.write(name, &kept)?;
        }
        let open = |name: &str| Growing::open(folder.path().join(name));
        Ok(Self {
            metrics: open("metrics.csv")?,
            codes: open(CODES)?,
            log: open("log.txt")?,
            last_line: None,
        })
    }

    /// Writes the row of an epoch and, where it is due, its line; says whether it was.
    fn write(&mut self, report: &EpochReport, last: bool) -> Result<bool, Error> {
        let header = self.metrics.empty.then(|| report.csv_header());
        self.metrics
            .lines(header.into_iter().chain([report.csv_row()]))?;
        let due = last
            || self
                .last_line
                .is_none_or(|line| line.elapsed() >= LINE_EVERY);
        if due {
            self.last_line = Some(Instant::now());
            self.log.lines([report.line()])?;
        }
        Ok(due)
    }

    /// Notes where the pictures lie on the map of the codes.
    fn write_codes(&mut self, epoch: usize, codes: &[f32]) -> Result<(), Error> {
        let header = self.codes.empty.then(|| "epoch,picture,z1,z2".to_owned());
        let rows = codes
            .chunks_exact(2)
            .enumerate()
            .map(|(picture, z)| format!("{epoch},{picture},{},{}", z[0], z[1]));
        self.codes.lines(header.into_iter().chain(rows))
    }

    fn sync(&self) -> Result<(), Error> {
        [&self.metrics, &self.codes]
            .into_iter()
            .try_for_each(|log| log.file.sync_data().at("write", &log.path))
    }
}

impl Growing {
    fn open(path: PathBuf) -> Result<Self, Error> {
        let file = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .at("write", &path)?;
        let empty = file.metadata().at("read", &path)?.len() == 0;
        Ok(Self { file, path, empty })
    }

    fn lines(&mut self, lines: impl IntoIterator<Item = String>) -> Result<(), Error> {
        let text: String = lines.into_iter().map(|line| line + "\n").collect();
        self.empty = false;
        self.file.write_all(text.as_bytes()).at("write", &self.path)
    }
}

/// Whether the map of the codes is noted after this epoch: about [`FRAMES`] times, closer together at the start, where most
/// happens.
fn is_frame(epoch: usize, epochs: usize) -> bool {
    let place = |epoch: usize| ((epoch as f64).ln() / (epochs as f64).ln() * FRAMES).floor();
    epoch == 1 || epoch == epochs || place(epoch) > place(epoch - 1)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}
