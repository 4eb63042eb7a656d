//! A task in a process of its own, as the scheduler on this machine sees it.
//!
//! A process, and no thread: the random stream of a device and the number of threads are those of a process, and one that runs out
//! of memory takes no other task with it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::time::Instant;

use anyhow::Context;

use super::task::{BEFORE, BUSY};

/// What a task tells.
pub enum News {
    /// It has done so many epochs of so many, in so many seconds.
    Epoch { number: usize, at: At },
    /// Its process has ended.
    Ended { number: usize, end: End },
}

/// A moment of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    pub epoch: usize,
    pub epochs: usize,
    /// Seconds since the process began to train.
    pub seconds: f64,
}

/// How a process ended.
pub struct End {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Whether another process is at the task.
    pub busy: bool,
    /// Whether the task was done before.
    pub before: bool,
    /// Its messages.
    pub stderr: String,
}

/// How a process is started.
pub struct Start<'a> {
    pub sweep: &'a Path,
    pub number: usize,
    pub until: Option<f64>,
    pub device: Option<&'a str>,
    pub threads: usize,
    pub decoded: Option<&'a Path>,
}

/// A task that runs.
pub struct RunningTask {
    pub number: usize,
    pub begun: Instant,
    /// The first and the latest moment that it told.
    pub first: Option<At>,
    pub latest: Option<At>,
    /// Its end asks the process to save and stop.
    stdin: Option<ChildStdin>,
    /// The place it takes, which says its device.
    pub slot: usize,
}

impl RunningTask {
    /// Starts a process, whose news go to `news`.
    pub fn start(start: &Start<'_>, slot: usize, news: &Sender<News>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe().context("cannot find the program")?);
        command.args(["sweep", "run"]).arg(start.sweep);
        command.arg(start.number.to_string()).arg("--attached");
        if let Some(until) = start.until {
            command.args(["--until", &until.to_string()]);
        }
        if let Some(device) = start.device {
            command.args(["--devices", device]);
        }
        if let Some(decoded) = start.decoded {
            command.arg("--decoded").arg(decoded);
        }
        command
            .env("RAYON_NUM_THREADS", start.threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .context("cannot start a process for a task")?;
        let stdin = child.stdin.take();
        let (number, news) = (start.number, news.clone());
        std::thread::spawn(move || listen(child, number, &news));
        Ok(Self {
            number,
            begun: Instant::now(),
            first: None,
            latest: None,
            stdin,
            slot,
        })
    }

    /// Asks the process to save and stop.
    pub fn stop(&mut self) {
        self.stdin = None;
    }

    /// Takes in a moment.
    pub fn note(&mut self, at: At) {
        self.first.get_or_insert(at);
        self.latest = Some(at);
    }

    /// Epochs in a second between the first and the latest moment that were told.
    pub fn rate(&self) -> Option<f64> {
        let (first, latest) = (self.first?, self.latest?);
        let seconds = latest.seconds - first.seconds;
        (latest.epoch > first.epoch && seconds > 0.0)
            .then(|| (latest.epoch - first.epoch) as f64 / seconds)
    }
}

/// Passes on what a process says, until it ends.
fn listen(mut child: Child, number: usize, news: &Sender<News>) {
    let stderr = child.stderr.take();
    let messages = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            // What was read until an error is told all the same.
            let _ = stderr.read_to_end(&mut text);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let (mut busy, mut before) = (false, false);
    let lines = child
        .stdout
        .take()
        .map(|stdout| BufReader::new(stdout).lines());
    for line in lines.into_iter().flatten().map_while(Result::ok) {
        busy |= line == BUSY;
        before |= line == BEFORE;
        if let Some(at) = moment(&line) {
            // The scheduler may have ended already.
            let _ = news.send(News::Epoch { number, at });
        }
    }
    let code = child.wait().ok().and_then(|status| status.code());
    let stderr = messages.join().unwrap_or_default();
    let end = End {
        code,
        busy,
        before,
        stderr,
    };
    let _ = news.send(News::Ended { number, end });
}

/// The moment in `epoch 12 5000 0.25`.
fn moment(line: &str) -> Option<At> {
    let mut words = line.strip_prefix("epoch ")?.split(' ');
    Some(At {
        epoch: words.next()?.parse().ok()?,
        epochs: words.next()?.parse().ok()?,
        seconds: words.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read() {
        let at = At {
            epoch: 12,
            epochs: 5000,
            seconds: 0.25,
        };
        assert_eq!(moment("epoch 12 5000 0.25"), Some(at));
        assert_eq!(moment("busy"), None);
        assert_eq!(moment("epoch 12"), None);
    }
}
