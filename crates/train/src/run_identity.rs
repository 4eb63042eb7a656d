//! What a checkpoint and its run have in common: an identity in both, and a training state that the run can have reached.

use std::path::Path;

use crate::Error;
use crate::atomic_files::{group_exists, sha256};
use crate::checkpoint::STATE;
use crate::config::RunConfig;
use crate::folder::{Folder, Which};
use crate::plain_files::read_text;
use crate::run_report::RunReport;
use crate::training_state::TrainingState;

/// Hexadecimal digits of an identity.
const DIGITS: usize = 32;

/// An identity that no other run has: of when, where and as what a run is started.
pub(crate) fn new_identity(folder: &Folder, started: &str, config: &RunConfig) -> String {
    let place = folder.path().display();
    let process = std::process::id();
    let text = format!("{started}\n{place}\n{process}\n{}", config.to_toml());
    let mut digits = sha256(text.as_bytes());
    digits.truncate(DIGITS);
    digits
}

impl Folder {
    /// What the run says of the sessions before, where there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when `run.json` is damaged, or is gone while a checkpoint is there: nobody knows then what the run has
    /// learned from.
    pub(crate) fn report_to_go_on_from(&self) -> Result<Option<RunReport>, Error> {
        let report = self.report_if_there()?;
        if report.is_none() && group_exists(&self.checkpoint(Which::Last)) {
            let hint =
                "put it back, or start a new run with `--config` and this run's `config.toml`";
            return Err(Error::checkpoint(
                &self.path().join("run.json"),
                "is missing: without it nobody knows what this run has learned from",
                Some(hint.to_owned()),
            ));
        }
        Ok(report)
    }

    /// Refuses a training state of the checkpoint in `checkpoint` that is none of this run.
    ///
    /// # Errors
    ///
    /// [`Error::Checkpoint`] when it contradicts itself, is of more epochs than the run had, or of another run.
    pub(crate) fn check_state(
        &self,
        checkpoint: &Path,
        state: &TrainingState,
    ) -> Result<(), Error> {
        let refused = |message: String| {
            let hint = "was the checkpoint copied from another run, or edited?".to_owned();
            Err(Error::checkpoint(
                &checkpoint.join(STATE),
                message,
                Some(hint),
            ))
        };
        if let Some(problem) = state.problem() {
            return refused(problem);
        }
        let config = self.config()?.train;
        // A part of an iteration counts as one more.
        let asked = config.epochs.max(config.iterations()).saturating_add(1);
        // A run may have been told to train for fewer epochs than it had trained already.
        if state.epoch > asked && state.epoch > self.last_logged_epoch() {
            return refused(format!(
                "epoch {} is beyond the {} epochs of this run",
                state.epoch,
                asked - 1
            ));
        }
        let own = self.report_if_there()?.and_then(|report| report.identity);
        match (own, &state.run) {
            // Runs of before have none.
            (Some(own), Some(other)) if own != *other => refused(format!(
                "belongs to another run: its identity is `{other}`, and `run.json` has `{own}`"
            )),
            _ => Ok(()),
        }
    }

    /// The epoch of the last row of `metrics.csv`; 0 without one.
    fn last_logged_epoch(&self) -> usize {
        let text = read_text(&self.path().join("metrics.csv")).unwrap_or_default();
        let last = text
            .lines()
            .next_back()
            .and_then(|line| line.split(',').next());
        last.and_then(|cell| cell.parse().ok()).unwrap_or(0)
    }
}
