//! The tasks of a sweep on this machine, each in a process of its own, until all have ended.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::child::{End, News, RunningTask, Start};
use super::folder::{SweepFolder, TaskState};
use super::sharing::{Choice, Sharing};
use crate::compact_number::compact;
use crate::output::{counted, message};

/// How often the scheduler looks around when no task tells anything.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How tasks are run here.
#[derive(Clone, Debug)]
pub struct Here {
    /// How they share the machine.
    pub choice: Choice,
    /// The devices of the places, in turn; those of the configuration where there are none.
    pub devices: Vec<String>,
    /// Whether tasks may have large data in common.
    pub may_share: bool,
    /// The folder where tasks have what is large of their data; without it, each has its own.
    pub decoded: Option<PathBuf>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolEnd {
    /// All tasks have ended, or have come as far as they were to go.
    Finished,
    /// Told to stop; what runs was saved.
    Interrupted,
    /// A task ended by an error that is not its own, such as a full disk; with its exit code.
    Broken(u8),
}

/// Runs tasks, up to a share of their epochs where one is given.
pub fn run(
    sweep: &SweepFolder,
    here: &mut Here,
    tasks: &[usize],
    until: Option<f64>,
    stop: &AtomicBool,
) -> anyhow::Result<PoolEnd> {
    let (news, heard) = channel();
    let mut pool = Pool {
        sweep,
        here,
        until,
        waiting: tasks.iter().copied().collect(),
        running: Vec::new(),
        elsewhere: Vec::new(),
        broken: None,
        lost: false,
        draining: false,
        told_elsewhere: false,
        news,
    };
    let end = pool.work(&heard, stop)?;
    Ok(end)
}

struct Pool<'a> {
    sweep: &'a SweepFolder,
    here: &'a mut Here,
    until: Option<f64>,
    waiting: VecDeque<usize>,
    running: Vec<RunningTask>,
    /// Tasks that another process is at.
    elsewhere: Vec<usize>,
    broken: Option<u8>,
    /// Whether a process was ended by a signal, as by the system where memory is short.
    lost: bool,
    /// Whether all that runs was asked to stop, to go on in another way.
    draining: bool,
    told_elsewhere: bool,
    news: Sender<News>,
}

impl Pool<'_> {
    fn work(&mut self, heard: &Receiver<News>, stop: &AtomicBool) -> anyhow::Result<PoolEnd> {
        let mut stopping = false;
        loop {
            if !stopping && (stop.load(Ordering::Relaxed) || self.broken.is_some()) {
                stopping = true;
                self.stop_all();
            }
            if !stopping {
                self.fill()?;
                self.look_elsewhere();
            }
            if self.running.is_empty() {
                match (stopping, self.broken) {
                    (_, Some(code)) => return Ok(PoolEnd::Broken(code)),
                    (true, None) => return Ok(PoolEnd::Interrupted),
                    (false, None) if self.waiting.is_empty() && self.elsewhere.is_empty() => {
                        return Ok(match self.lost {
                            true => PoolEnd::Broken(1),
                            false => PoolEnd::Finished,
                        });
                    }
                    (false, None) => {}
                }
            }
            match heard.recv_timeout(LOOK_EVERY) {
                Ok(News::Epoch { number, at }) => {
                    let running = self.running.iter_mut().find(|task| task.number == number);
                    running.into_iter().for_each(|task| task.note(at));
                }
                Ok(News::Ended { number, end }) => self.ended(number, &end, stopping),
                // There is nothing new; the sender is this pool's own.
                Err(_) => {}
            }
            if !stopping && !self.draining {
                self.choose();
            }
        }
    }

    /// Starts tasks until all places are taken.
    fn fill(&mut self) -> anyhow::Result<()> {
        if self.draining {
            if !self.running.is_empty() {
                return Ok(());
            }
            self.draining = false;
        }
        let Sharing { jobs, threads } = self.here.choice.now();
        while self.running.len() < jobs {
            let Some(number) = self.next_waiting() else {
                return Ok(());
            };
            let taken = |slot: &usize| self.running.iter().any(|task| task.slot == *slot);
            let slot = (0..jobs).find(|slot| !taken(slot)).unwrap_or(0);
            let devices = &self.here.devices;
            let start = Start {
                sweep: self.sweep.path(),
                number,
                until: self.until,
                device: devices.get(slot % devices.len().max(1)).map(String::as_str),
                threads,
                decoded: self.here.decoded.as_deref(),
            };
            self.running
                .push(RunningTask::start(&start, slot, &self.news)?);
        }
        Ok(())
    }

    /// The task that comes next.
    fn next_waiting(&mut self) -> Option<usize> {
        if let Choice::AllCores { number, .. } = self.here.choice
            && let Some(place) = self.waiting.iter().position(|other| *other == number)
        {
            return self.waiting.remove(place);
        }
        self.waiting.pop_front()
    }

    /// Takes tasks back that no other process is at any more.
    fn look_elsewhere(&mut self) {
        if !self.waiting.is_empty() || self.elsewhere.is_empty() {
            return;
        }
        if !self.told_elsewhere {
            self.told_elsewhere = true;
            let count = counted(self.elsewhere.len(), "task");
            message(&format!("another process is at {count}: waiting for it"));
        }
        let sweep = self.sweep;
        let (busy, free): (Vec<_>, Vec<_>) = self
            .elsewhere
            .drain(..)
            .partition(|number| sweep.is_busy(*number));
        self.elsewhere = busy;
        // One that is done by now ends at once.
        self.waiting.extend(free);
    }

    fn stop_all(&mut self) {
        self.running.iter_mut().for_each(RunningTask::stop);
    }

    /// Decides how tasks share the machine, as soon as something is seen.
    fn choose(&mut self) {
        let waiting = self.waiting.len();
        let Some(next) = self.here.choice.next(&self.running, waiting) else {
            return;
        };
        let (before, after) = (self.here.choice.now(), next.now());
        self.here.choice = next;
        match next {
            Choice::Made(sharing) => message(&told(sharing)),
            Choice::AllCores { .. } => message("trying one run at a time on all cores"),
            Choice::EachCore { .. } => {}
        }
        if before != after {
            self.draining = true;
            self.stop_all();
        }
    }

    /// Takes in that a task's process has ended.
    fn ended(&mut self, number: usize, end: &End, stopping: bool) {
        self.running.retain(|task| task.number != number);
        let words = || self.sweep.plan.words(number);
        let label = format!("task {number}/{}", self.sweep.plan.len());
        match end.code {
            _ if end.busy => self.elsewhere.push(number),
            Some(0) if end.before => message(&format!("{label}  {}  done elsewhere", words())),
            Some(0) => {
                self.here.choice = self.here.choice.after_an_end();
                message(&format!("{label}  {}  {}", words(), self.outcome(number)));
            }
            // It was asked to stop, to go on in another way.
            Some(130) => self.waiting.push_front(number),
            code => self.failed(number, code, &end.stderr, stopping),
        }
        // The last task of those that were to be compared has gone.
        if self.running.is_empty() && !self.draining && self.waiting.is_empty() {
            self.here.choice = self.here.choice.after_an_end();
        }
    }

    /// Says why a task failed; where that is no fault of its own, all is over.
    fn failed(&mut self, number: usize, code: Option<i32>, stderr: &str, stopping: bool) {
        let words = self.sweep.plan.words(number);
        message(&format!(
            "task {number}/{}  {words}  failed",
            self.sweep.plan.len()
        ));
        let is_error = |line: &&str| line.starts_with("error: ") || line.starts_with("hint: ");
        let said: Vec<&str> = stderr.lines().filter(is_error).collect();
        if said.is_empty() {
            message(&format!("  its process was ended ({})", how(code)));
        }
        let lasting = matches!(self.sweep.state(number), TaskState::Failed(_));
        // That of a task alone stands below its line, one that ends the sweep as any error does.
        let indent = if lasting { "  " } else { "" };
        said.iter()
            .for_each(|line| message(&format!("{indent}{line}")));
        match code {
            None => self.lost = true,
            Some(code) if !lasting && !stopping => {
                self.broken = Some(u8::try_from(code).unwrap_or(1));
            }
            Some(_) => self.here.choice = self.here.choice.after_an_end(),
        }
    }

    /// What came of a task, in a few words.
    fn outcome(&self, number: usize) -> String {
        let TaskState::Completed(report) = self.sweep.state(number) else {
            return "as far as it was to go".to_owned();
        };
        let test = report.metrics.as_ref().map(|metrics| &metrics.test);
        let measure = test.and_then(|test| {
            let measure = espejo_train::MainMeasure::of(test)?;
            Some(format!(
                "{} {}  ",
                measure.name(),
                compact(test.get(measure.key())?, 4)
            ))
        });
        format!(
            "{}{:.1} s",
            measure.unwrap_or_default(),
            report.seconds.total
        )
    }
}

fn how(code: Option<i32>) -> String {
    code.map_or("by a signal".to_owned(), |code| format!("exit code {code}"))
}

/// How tasks share the machine, in words.
fn told(sharing: Sharing) -> String {
    match (sharing.jobs, sharing.threads) {
        (1, threads) => format!("one run at a time, on {}", counted(threads, "thread")),
        (jobs, 1) => format!("{jobs} runs at a time, one a core"),
        (jobs, threads) => format!("{jobs} runs at a time, {} each", counted(threads, "thread")),
    }
}
