//! The examination of one device, in a process of its own.
//!
//! The process prints a line of JSON for each thing it finds, so that what it found is known when its time is up.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use espejo_train::{Error, Event, Folder, RunConfig, device, fit, prepare};
use serde_json::{Value, json};

use crate::output;

/// How long a device is waited for.
pub const LIMIT: Duration = Duration::from_secs(2);
/// Length of the training on each device, about, from its first step on.
const TRAINING: Duration = Duration::from_millis(500);

/// What was found of a device.
#[derive(Debug, Default)]
pub struct Examination {
    /// What was opened and computes right.
    pub used: Option<String>,
    /// Why this one.
    pub why: Option<String>,
    /// Seconds until that was known, the start of the process included.
    pub check_seconds: Option<f64>,
    /// Training steps in a second, and the seconds to the first.
    pub training: Option<(f64, f64)>,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Whether it was done before its time was up.
    pub in_time: bool,
}

/// Examines a device, no longer than [`LIMIT`] unless it may take as long as it takes.
pub fn examine(name: &str, train: bool, patient: bool) -> anyhow::Result<Examination> {
    let begun = Instant::now();
    let mut command = Command::new(std::env::current_exe().context("cannot find the program")?);
    command.args(["doctor", "--examine", name]);
    if !train {
        command.arg("--untrained");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .context("cannot start a process for a device")?;
    let lines = lines(&mut child);
    let mut found = Examination::default();
    loop {
        let left = LIMIT.saturating_sub(begun.elapsed());
        let line = match patient {
            true => lines.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => lines.recv_timeout(left),
        };
        match line {
            Ok(line) => found.note(&line, begun.elapsed().as_secs_f64()),
            Err(RecvTimeoutError::Timeout) => {
                // It may just have ended by itself.
                let _ = child.kill();
                child.wait().context("cannot end a process")?;
                return Ok(found);
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().context("cannot wait for a process")?;
    found.in_time = true;
    if !status.success() && found.problem.is_none() {
        found.problem = Some(format!("its driver ended the process: {status}"));
    }
    Ok(found)
}

/// The lines that a process prints, as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let (send, lines) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    return;
                }
            }
        });
    }
    lines
}

impl Examination {
    /// Takes in a line, after so many seconds.
    fn note(&mut self, line: &str, seconds: f64) {
        // What is not from `here` is a driver's own chatter.
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            return;
        };
        let word = |key: &str| line[key].as_str().map(str::to_owned);
        if let Some(used) = word("used") {
            (self.used, self.why) = (Some(used), word("why"));
            self.check_seconds = Some(seconds);
        }
        if let (Some(rate), Some(first)) = (
            line["steps_per_second"].as_f64(),
            line["first_step_seconds"].as_f64(),
        ) {
            self.training = Some((rate, first));
        }
        self.problem = self.problem.take().or(word("error"));
    }
}

/// Examines a device in this process: whether it computes right, and how fast it trains.
pub fn here(name: &str, train: bool) -> anyhow::Result<()> {
    let say = |found: &Value| output::text(&format!("{found}\n"));
    match device::choose(name) {
        Ok(chosen) => say(&json!({ "used": chosen.used, "why": chosen.why }))?,
        Err(error) => return say(&json!({ "error": error.to_string() })),
    }
    if !train {
        return Ok(());
    }
    match measure(name) {
        Ok((rate, first)) => say(&json!({ "steps_per_second": rate, "first_step_seconds": first })),
        Err(error) => say(&json!({ "error": error.to_string() })),
    }
}

/// Trains the letters for a moment: steps in a second after the first one, and the seconds to it.
fn measure(name: &str) -> Result<(f64, f64), Error> {
    let mut config = RunConfig::default();
    config.train.device = name.to_owned();
    config.train.epochs = 1_000_000;
    config.train.eval_every = 1_000_000;
    config.train.batch_size = 0;
    let begun = Instant::now();
    let prepared = prepare(config)?;
    let scratch = tempfile::tempdir().map_err(|source| Error::Io {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })?;
    let folder = Folder::create(scratch.path(), Some("doctor"), &prepared.config)?;
    let stop = AtomicBool::new(false);
    let (mut steps, mut first) = (0, None);
    let outcome = fit(&prepared, &folder, "doctor", &stop, &mut |event| {
        if let Event::Epoch { .. } = event {
            let first = *first.get_or_insert_with(|| begun.elapsed());
            steps += 1;
            if begun.elapsed() > first + TRAINING {
                stop.store(true, Ordering::Relaxed);
            }
        }
    })?;
    let first = first.map_or(0.0, |first: Duration| first.as_secs_f64());
    let seconds = &outcome.report.seconds;
    let seconds = seconds.total - seconds.first_epoch;
    let rate = match seconds > 0.0 {
        true => f64::from(steps - 1) / seconds,
        false => 0.0,
    };
    Ok((rate, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_before_the_end_is_kept() {
        let mut found = Examination::default();
        found.note("a driver's chatter", 0.1);
        found.note(r#"{"used":"wgpu:0 (a card)","why":"asked for"}"#, 0.2);
        found.note(r#"{"error":"device is lost"}"#, 0.3);
        assert_eq!(found.used.as_deref(), Some("wgpu:0 (a card)"));
        assert_eq!(found.check_seconds, Some(0.2));
        assert_eq!(found.problem.as_deref(), Some("device is lost"));
        assert_eq!(found.training, None);
    }
}
