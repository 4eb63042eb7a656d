//! The folder of a sweep: its plan, its runs, what became of each task, and a lock for each.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context;
use espejo_train::{Error, Folder, RunReport, Status, append, check_folder, read_text, write_file};
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::vary::shown_value;
use crate::csv_cell::csv_field;
use crate::output::{shown, usage};

const PLAN: &str = "sweep.toml";

/// A sweep that was planned.
pub struct SweepFolder {
    path: PathBuf,
    pub plan: Plan,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskState {
    /// Not begun.
    Open,
    /// A process is at it.
    Running,
    /// Begun, and to be resumed; epochs that its report counts.
    Unfinished(usize),
    /// Done.
    Completed(Box<RunReport>),
    /// Ended by an error that comes again with the same numbers.
    Failed(Failure),
}

/// Why a task failed for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub error: String,
    pub hint: Option<String>,
    /// The exit code of the error.
    pub exit_code: u8,
}

impl TaskState {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Unfinished(_) => "unfinished",
            Self::Completed(_) => "completed",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether nothing is left to do.
    pub fn is_ended(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::Failed(_))
    }
}

impl SweepFolder {
    /// The folder with this plan in it: a new one, or one that has the very plan already.
    pub fn create(path: &Path, plan: Plan) -> anyhow::Result<Self> {
        let file = path.join(PLAN);
        if let Ok(text) = read_text(&file) {
            let found = Self::open(path)?;
            if found.plan != plan && text != plan.to_toml() {
                return Err(usage(
                    format!("`{}` holds another sweep", shown(path)),
                    format!(
                        "choose another folder with `--out`, or go on with that one by `espejo sweep run {}`",
                        shown(path)
                    ),
                ));
            }
            return Ok(found);
        }
        if path.join("config.toml").exists() {
            return Err(usage(
                format!("`{}` is the folder of a run", shown(path)),
                "choose another folder with `--out`",
            ));
        }
        make(&path.join("tasks"))?;
        let folder = Self {
            path: path.to_owned(),
            plan,
        };
        write_file(&path.join("tasks.csv"), folder.task_list().as_bytes())?;
        // Last, so that whoever sees it sees a whole sweep.
        write_file(&file, folder.plan.to_toml().as_bytes())?;
        Ok(folder)
    }

    /// A sweep that was planned before.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let file = path.join(PLAN);
        let text = read_text(&file).map_err(|error| {
            usage(
                format!(
                    "`{}` is no folder of a sweep: `{PLAN}`: {error}",
                    shown(path)
                ),
                "`espejo sweep PRESET --vary KEY=VALUES` plans one",
            )
        })?;
        Ok(Self {
            path: path.to_owned(),
            plan: Plan::read(&text, &shown(&file))?,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `tasks.csv`: the number of each task, the name of its run, and its settings.
    fn task_list(&self) -> String {
        let keys = self.plan.all_keys();
        let header = ["task", "run"].into_iter().chain(keys.iter().copied());
        let mut text = header.collect::<Vec<_>>().join(",") + "\n";
        for number in 1..=self.plan.len() {
            let values = self.plan.values_of(number);
            let values = values.iter().map(|value| csv_field(&shown_value(value)));
            let cells = [number.to_string(), self.name(number)];
            let cells: Vec<String> = cells.into_iter().chain(values).collect();
            text += &(cells.join(",") + "\n");
        }
        text
    }

    /// The name of a task's run.
    pub fn name(&self, number: usize) -> String {
        format!("task-{}", self.digits(number))
    }

    fn digits(&self, number: usize) -> String {
        let width = self.plan.len().to_string().len().max(4);
        format!("{number:0width$}")
    }

    /// Refuses a number that no task has.
    pub fn check_number(&self, number: usize) -> anyhow::Result<()> {
        let count = self.plan.len();
        match (1..=count).contains(&number) {
            true => Ok(()),
            false => Err(usage(
                format!("`{}` has no task {number}", shown(&self.path)),
                format!("its tasks are 1 to {count}, as `tasks.csv` lists them"),
            )),
        }
    }

    /// The run of a task, where it has begun.
    pub fn run(&self, number: usize) -> Option<Folder> {
        let path = self.path.join(self.name(number));
        let has_run = path.join("config.toml").is_file();
        let found = has_run.then(|| Folder::find(&shown(&path), &self.path));
        found.and_then(Result::ok)
    }

    /// Where a task stands.
    pub fn state(&self, number: usize) -> TaskState {
        if let Some(failure) = self.failure(number) {
            return TaskState::Failed(failure);
        }
        let report = self.run(number).map(|run| run.report().ok());
        match report {
            Some(Some(report)) if report.status == Status::Completed => {
                TaskState::Completed(Box::new(report))
            }
            _ if self.is_busy(number) => TaskState::Running,
            Some(report) => {
                TaskState::Unfinished(report.map_or(0, |report| report.epochs.completed))
            }
            None => TaskState::Open,
        }
    }

    fn record(&self, number: usize, ending: &str) -> PathBuf {
        let name = format!("{}.{ending}", self.digits(number));
        self.path.join("tasks").join(name)
    }

    fn failure(&self, number: usize) -> Option<Failure> {
        let text = read_text(&self.record(number, "failed.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Notes that a task fails for good.
    pub fn note_failure(&self, number: usize, failure: &Failure) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(failure)?;
        Ok(write_file(&self.record(number, "failed.json"), &text)?)
    }

    /// Takes a task for this process until the file is dropped; none where another process has it.
    pub fn lock(&self, number: usize) -> anyhow::Result<Option<File>> {
        let path = self.record(number, "lock");
        let tasks = self.path.join("tasks");
        check_folder(&tasks)?;
        make(&tasks)?;
        let file = append(&path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks cannot tell; the lock of the run's own folder is the next.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
        }
    }

    /// Whether a process is at a task; false where the file system cannot tell.
    pub fn is_busy(&self, number: usize) -> bool {
        let file = File::open(self.record(number, "lock"));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Writes a file of the sweep.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.path.join(name);
        write_file(&path, text.as_bytes())?;
        Ok(path)
    }

    /// The folder as an absolute path, for scripts that start elsewhere.
    pub fn absolute(&self) -> anyhow::Result<String> {
        let path = std::path::absolute(&self.path).context("cannot tell the current folder")?;
        Ok(shown(&path))
    }
}

fn make(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| io_error("create", path, source))
}

fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
