//! What a run was before a session went on with it: a session that fails leaves a completed run as it was.

use crate::atomic_files::{group_sums, put_back};
use crate::folder::{CODES, Folder, Which};
use crate::plain_files::{LONGEST_TEXT, read_plain};
use crate::run_report::{RunReport, Status};
use crate::training_state::TrainingState;

/// The files that a session changes beside the checkpoints, the most telling first.
const FILES: [&str; 5] = ["run.json", "config.toml", "model.txt", "metrics.csv", CODES];

/// A run as it was found.
pub(crate) struct Before {
    /// Its report, where there is one.
    pub report: Option<RunReport>,
    /// Its files; none of a run that was not complete, which has nothing to be put back.
    files: Vec<(&'static str, Vec<u8>)>,
    checkpoints: [Option<Vec<u8>>; 2],
}

impl Before {
    /// The run in a folder, as it is now, with its report.
    pub(crate) fn of(folder: &Folder, report: Option<RunReport>) -> Self {
        let is_complete = report
            .as_ref()
            .is_some_and(|report| report.status == Status::Completed);
        let bytes = |name| {
            Some((
                name,
                read_plain(&folder.path().join(name), LONGEST_TEXT).ok()?,
            ))
        };
        Self {
            report,
            files: match is_complete {
                true => FILES.into_iter().filter_map(bytes).collect(),
                false => Vec::new(),
            },
            checkpoints: checkpoints(folder),
        }
    }

    /// Puts the files of a completed run back after a session that failed, unless it has replaced a checkpoint, which the files would no longer
    /// fit. Where even this fails, what could not be put back stays as it is: the error of the session is the one to tell.
    pub(crate) fn put_back(&self, folder: &Folder) {
        if checkpoints(folder) != self.checkpoints {
            return;
        }
        for (name, bytes) in &self.files {
            let path = folder.path().join(name);
            if !read_plain(&path, LONGEST_TEXT).is_ok_and(|found| found == *bytes) {
                let _ = put_back(&path, bytes);
            }
        }
    }

    /// A report with the numbers of the one before, where it has none of its own and the best model is still the one that they were measured
    /// on.
    pub(crate) fn with_numbers(&self, report: RunReport, state: &TrainingState) -> RunReport {
        let before = self
            .report
            .as_ref()
            .filter(|before| state.best_epoch > 0 && before.epochs.best == state.best_epoch);
        match before {
            Some(before) if report.metrics.is_none() && report.optimizer.is_none() => RunReport {
                metrics: before.metrics.clone(),
                baselines: before.baselines.clone(),
                classes: before.classes.clone(),
                ..report
            },
            _ => report,
        }
    }
}

fn checkpoints(folder: &Folder) -> [Option<Vec<u8>>; 2] {
    [Which::Best, Which::Last].map(|which| group_sums(&folder.checkpoint(which)))
}
