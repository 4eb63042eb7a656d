//! One task of a sweep, which can be asked for any number of times: it trains, goes on, or does nothing.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use espejo_train::{
    Error, Event, Folder, Outcome, Prepared, RunConfig, Status, fit, prepare, prepare_shared,
    prepare_suited,
};

use super::folder::{Failure, SweepFolder, TaskState};
use super::plan::Plan;
use crate::commands::train::changed_data;
use crate::drawing::Drawn;
use crate::interrupt::{Twice, stop_on_interrupt};
use crate::output::{message, report, usage};
use crate::progress::Progress;
use crate::{figures, sample_figures::SampleFigures};

/// How a task is done.
#[derive(Clone, Debug, Default)]
pub struct TaskRules {
    /// The device, in place of that of the configuration.
    pub device: Option<String>,
    /// The share of its epochs after which it stops, to be resumed.
    pub until: Option<f64>,
    /// Whether a scheduler of this program started it: it tells its progress on stdout, and stops when stdin ends.
    pub attached: bool,
    /// The folder where the tasks that run now have what is large of their data.
    pub decoded: Option<PathBuf>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is done, or as far as it was to go.
    Done,
    /// It was done before; nothing was changed.
    Before,
    /// Another process is at it.
    Busy,
    /// It was told to stop, and can be resumed.
    Stopped,
    /// It failed for good.
    Failed(u8),
}

/// How often progress is told to the scheduler.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Does one task.
pub fn run_task(sweep: &SweepFolder, number: usize, rules: &TaskRules) -> anyhow::Result<Ended> {
    let ended = |state: TaskState| match state {
        TaskState::Completed(_) => Some(Ended::Before),
        TaskState::Failed(failure) => Some(told(&failure)),
        _ => None,
    };
    if let Some(ended) = ended(sweep.state(number)) {
        return Ok(ended);
    }
    let Some(_lock) = sweep.lock(number)? else {
        return Ok(Ended::Busy);
    };
    // Another process may have done it in between. It is not running: this process has it.
    if let Some(run) = sweep.run(number)
        && run
            .report()
            .is_ok_and(|report| report.status == Status::Completed)
    {
        return Ok(Ended::Before);
    }
    match trained(sweep, number, rules) {
        Ok(ended) => Ok(ended),
        Err(error) => match failure_of(&error) {
            None => Err(error),
            Some(failure) => {
                sweep.note_failure(number, &failure)?;
                Ok(told(&failure))
            }
        },
    }
}

/// Says why a task failed, as any command says its error.
fn told(failure: &Failure) -> Ended {
    let error = Error::Config {
        message: failure.error.clone(),
        hint: failure.hint.clone(),
    };
    report(&error.into());
    Ended::Failed(failure.exit_code)
}

/// The failure of an error that comes again with the same numbers; none of one that may pass, as of a full disk.
fn failure_of(error: &anyhow::Error) -> Option<Failure> {
    let error = error.downcast_ref::<Error>()?;
    let lasting = matches!(
        error,
        Error::Config { .. }
            | Error::Diverged { .. }
            | Error::FarWorse { .. }
            | Error::NotFinite { .. }
    );
    lasting.then(|| Failure {
        error: error.to_string(),
        hint: error.hint(),
        exit_code: error.exit_code(),
    })
}

/// Trains the run of a task from where it stands.
fn trained(sweep: &SweepFolder, number: usize, rules: &TaskRules) -> anyhow::Result<Ended> {
    let decoded = rules.decoded.as_deref();
    let (prepared, folder) = match sweep.run(number) {
        Some(folder) => resumed(folder, rules)?,
        None => {
            let prepared = prepared(&sweep.plan, number, rules.device.as_deref(), decoded)?;
            let name = sweep.name(number);
            let folder = Folder::create(sweep.path(), Some(&name), &prepared.config)?;
            (prepared, folder)
        }
    };
    if !rules.attached {
        let (device, why) = prepared.device_words();
        message(&format!("task {number}: {}", sweep.plan.words(number)));
        message(&format!("device {device}: {why}"));
    }
    let stop = stop_when_told(rules.attached)?;
    let command = format!("espejo sweep run {} {number}", sweep.path().display());
    let mut samples = sweep
        .plan
        .figures
        .then(|| SampleFigures::new(&prepared, &folder));
    let mut teller = Teller::new(rules.attached);
    let mut until = false;
    let outcome = fit(&prepared, &folder, &command, &stop, &mut |event| {
        teller.tell(&event);
        if let Event::Epoch { report, .. } = &event
            && let Some(share) = rules.until
            && (epoch_of(share, &prepared.config)..report.epochs).contains(&report.epoch)
        {
            until = true;
            stop.store(true, Ordering::Relaxed);
        }
        if let Some(samples) = &mut samples {
            samples.take(&event);
        }
    });
    teller.finish();
    if let (Err(_), Some(samples)) = (&outcome, &mut samples) {
        samples.write();
    }
    let outcome = outcome?;
    let mut drawn = Drawn::default();
    if let Some(samples) = samples {
        samples.finish(&mut drawn);
    }
    if outcome.status != Status::Stopped && sweep.plan.figures {
        drawn.join(draw(&outcome, &folder));
    }
    drawn.only()?;
    Ok(match outcome.status {
        Status::Stopped if !until => Ended::Stopped,
        _ => Ended::Done,
    })
}

/// The epoch at a share of all: the next that is tested.
pub fn epoch_of(share: f64, config: &RunConfig) -> usize {
    let (epochs, every) = (config.train.epochs, config.train.eval_every.max(1));
    let at_least = (epochs as f64 * share).round().max(1.0) as usize;
    at_least.next_multiple_of(every).min(epochs)
}

fn draw(outcome: &Outcome, folder: &Folder) -> Drawn {
    let baselines = outcome.report.baselines.as_deref().unwrap_or_default();
    figures::draw_all(&outcome.trained, folder, baselines, &[], Vec::new())
}

/// A task that has not begun.
pub fn prepared(
    plan: &Plan,
    number: usize,
    device: Option<&str>,
    decoded: Option<&Path>,
) -> anyhow::Result<Prepared> {
    let mut merged = plan.merged(number)?;
    if let Some(device) = device {
        device.clone_into(&mut merged.config.train.device);
    }
    Ok(match (decoded, merged.said) {
        (Some(folder), said) => prepare_shared(merged.config, said.as_ref(), folder)?,
        (None, None) => prepare(merged.config)?,
        (None, Some(said)) => prepare_suited(merged.config, &said)?,
    })
}

/// A task that has begun.
fn resumed(folder: Folder, rules: &TaskRules) -> anyhow::Result<(Prepared, Folder)> {
    let mut config = folder.config()?;
    if let Some(device) = &rules.device {
        device.clone_into(&mut config.train.device);
    }
    let prepared = match rules.decoded.as_deref() {
        Some(folder) => prepare_shared(config, None, folder)?,
        None => prepare(config)?,
    };
    match prepared.is_data_of(&folder)? {
        true => Ok((prepared, folder)),
        false => Err(changed_data(&folder)),
    }
}

/// Stops after saving when a signal asks for it; a task that is attached also where its scheduler is gone.
fn stop_when_told(attached: bool) -> anyhow::Result<Arc<AtomicBool>> {
    // The scheduler hears the same signals, and ends its tasks.
    let stop = stop_on_interrupt((!attached).then(Twice::training))?;
    if attached {
        let flag = stop.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 16];
            while std::io::stdin().read(&mut bytes).is_ok_and(|read| read > 0) {}
            flag.store(true, Ordering::Relaxed);
        });
    }
    Ok(stop)
}

/// Tells the progress of a task: to people, or to its scheduler.
struct Teller {
    progress: Option<Progress>,
    begun: Instant,
    told: Option<Instant>,
}

impl Teller {
    fn new(attached: bool) -> Self {
        Self {
            progress: (!attached).then(Progress::new),
            begun: Instant::now(),
            told: None,
        }
    }

    fn tell(&mut self, event: &Event<'_>) {
        if let Some(progress) = &self.progress {
            return progress.show(event);
        }
        let Event::Epoch { report, .. } = event else {
            return;
        };
        if self.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            return;
        }
        self.told = Some(Instant::now());
        let seconds = self.begun.elapsed().as_secs_f64();
        // Who does not listen any more will not be told; the end of stdin stops the training.
        let _ = writeln!(
            std::io::stdout(),
            "epoch {} {} {seconds}",
            report.epoch,
            report.epochs
        );
    }

    fn finish(&self) {
        if let Some(progress) = &self.progress {
            progress.finish();
        }
    }
}

/// The exit code of a task that was asked for by its number.
pub fn exit_code(sweep: &SweepFolder, number: usize, ended: Ended) -> anyhow::Result<u8> {
    match ended {
        Ended::Done => Ok(0),
        Ended::Before => {
            message(&format!(
                "task {number} is complete: {}",
                sweep.plan.words(number)
            ));
            Ok(0)
        }
        Ended::Stopped => {
            message(&format!(
                "task {number} stopped after saving; the same command goes on with it"
            ));
            Ok(130)
        }
        Ended::Failed(code) => Ok(code),
        Ended::Busy => Err(usage(
            format!(
                "task {number} of `{}` is being run by another process",
                sweep.path().display()
            ),
            "wait for it, or end it first",
        )),
    }
}

/// What an attached task says last, where its scheduler has to know more than an exit code.
pub const BUSY: &str = "busy";
/// As above.
pub const BEFORE: &str = "before";

/// Does one task for the scheduler that started this process.
pub fn attached(sweep: &SweepFolder, number: usize, rules: &TaskRules) -> anyhow::Result<u8> {
    let last = |word: &str| writeln!(std::io::stdout(), "{word}").context("cannot write to stdout");
    match run_task(sweep, number, rules)? {
        Ended::Done => Ok(0),
        Ended::Stopped => Ok(130),
        Ended::Failed(code) => Ok(code),
        Ended::Before => last(BEFORE).map(|()| 0),
        Ended::Busy => last(BUSY).map(|()| 0),
    }
}
