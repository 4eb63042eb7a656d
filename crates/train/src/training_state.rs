//! The training state between two epochs: what a resumed run has to know beside weights and moments.

use serde::{Deserialize, Serialize};

use crate::config::{ScheduleKind, TrainConfig, is_false};

/// What a training has done so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingState {
    /// Epochs completed.
    pub epoch: usize,
    /// The epoch with the lowest test loss; 0 before the first evaluation.
    pub best_epoch: usize,
    /// The lowest test loss.
    pub best_loss: Option<f64>,
    /// Evaluations since then.
    pub evaluations_since_best: usize,
    /// Times the learning rate was reduced on a plateau.
    pub reductions: usize,
    /// The epoch of the last reduction or best loss, from which the next plateau counts.
    pub plateau_start: usize,
    /// Seconds of training, over all sessions.
    pub seconds: f64,
    /// Seconds of the first epoch, which on a GPU compiles kernels.
    pub first_epoch_seconds: f64,
    /// Why training ended before its last epoch, once it has.
    pub ended: Option<String>,
    /// The identity of the run; checkpoints of before, and those of exported halves, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Whether fresh noise is drawn by its place; trainings of before drew one number after the other, and go on so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub noise_by_place: bool,
}

/// Seconds of a training, at most: some 30,000 years.
const MOST_SECONDS: f64 = 1e12;

impl TrainingState {
    /// What no training leaves behind, in words, if there is such.
    pub(crate) fn problem(&self) -> Option<String> {
        // Within an iteration of double precision an epoch counts as one more.
        let most = self.epoch.saturating_add(1);
        let counts = [
            ("best_epoch", self.best_epoch),
            ("plateau_start", self.plateau_start),
            ("reductions", self.reductions),
        ];
        if let Some((name, count)) = counts.into_iter().find(|(_, count)| *count > most) {
            return Some(format!("`{name}` is {count} at epoch {}", self.epoch));
        }
        let seconds = [
            ("seconds", self.seconds),
            ("first_epoch_seconds", self.first_epoch_seconds),
        ];
        let mut wrong = seconds
            .into_iter()
            .filter(|(_, seconds)| !(0.0..=MOST_SECONDS).contains(seconds));
        let (name, seconds) = wrong.next()?;
        Some(format!(
            "`{name}` is {seconds:e}, expected 0 to {MOST_SECONDS:e}"
        ))
    }

    /// Takes in the test loss of the epoch just completed; true when it is the best so far.
    pub fn evaluated(&mut self, loss: f64, config: &TrainConfig) -> bool {
        let better = self.best_loss.is_none_or(|best| loss < best);
        if better {
            self.best_loss = Some(loss);
            self.best_epoch = self.epoch;
            self.evaluations_since_best = 0;
            self.plateau_start = self.epoch;
        } else {
            self.evaluations_since_best += 1;
        }
        if config.schedule == ScheduleKind::Plateau
            && self.epoch - self.plateau_start >= config.schedule_epochs
        {
            self.reductions += 1;
            self.plateau_start = self.epoch;
        }
        better
    }

    /// Why training ends before its last epoch, if it does.
    pub fn early_stop(&self, loss: f64, config: &TrainConfig) -> Option<String> {
        if let Some(target) = config.target_loss.filter(|target| loss <= *target) {
            return Some(format!("test loss {loss:.6} reached the target {target}"));
        }
        let patience = config.patience;
        (patience > 0 && self.evaluations_since_best >= patience).then(|| {
            format!(
                "no better test loss in {patience} evaluations since epoch {}",
                self.best_epoch
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(losses: &[f64], config: &TrainConfig) -> TrainingState {
        let mut state = TrainingState::default();
        for loss in losses {
            state.epoch += 1;
            state.evaluated(*loss, config);
        }
        state
    }

    #[test]
    fn what_no_training_leaves_behind_is_told() {
        assert_eq!(TrainingState::default().problem(), None);
        assert_eq!(after(&[3.0, 2.0], &TrainConfig::default()).problem(), None);
        type Change = fn(&mut TrainingState);
        let cases: [(Change, &str); 5] = [
            (|state| state.best_epoch = 4, "`best_epoch` is 4 at epoch 2"),
            (
                |state| state.plateau_start = 4,
                "`plateau_start` is 4 at epoch 2",
            ),
            (|state| state.reductions = 9, "`reductions` is 9 at epoch 2"),
            (
                |state| state.seconds = -1.0,
                "`seconds` is -1e0, expected 0 to 1e12",
            ),
            (
                |state| state.first_epoch_seconds = 1e300,
                "`first_epoch_seconds` is 1e300, expected 0 to 1e12",
            ),
        ];
        for (change, expected) in cases {
            let mut state = after(&[3.0, 2.0], &TrainConfig::default());
            change(&mut state);
            assert_eq!(state.problem().as_deref(), Some(expected));
        }
    }

    #[test]
    fn patience_counts_evaluations_without_a_better_loss() {
        let config = TrainConfig {
            patience: 2,
            ..TrainConfig::default()
        };
        let state = after(&[3.0, 2.0, 2.0], &config);
        assert_eq!((state.best_epoch, state.evaluations_since_best), (2, 1));
        assert_eq!(state.early_stop(2.0, &config), None);
        assert!(
            after(&[3.0, 2.0, 2.0, 2.5], &config)
                .early_stop(2.5, &config)
                .is_some()
        );
    }

    #[test]
    fn a_plateau_reduces_once_and_starts_anew() {
        let config = TrainConfig {
            schedule: ScheduleKind::Plateau,
            schedule_epochs: 2,
            ..TrainConfig::default()
        };
        let reductions = |losses: &[f64]| after(losses, &config).reductions;
        assert_eq!(reductions(&[1.0, 1.0]), 0);
        assert_eq!(reductions(&[1.0, 1.0, 1.0]), 1);
        assert_eq!(reductions(&[1.0, 1.0, 1.0, 1.0]), 1);
        assert_eq!(reductions(&[1.0, 1.0, 1.0, 1.0, 1.0]), 2);
    }

    #[test]
    fn the_target_is_at_or_under() {
        let config = TrainConfig {
            target_loss: Some(0.5),
            ..TrainConfig::default()
        };
        assert!(TrainingState::default().early_stop(0.5, &config).is_some());
        assert!(TrainingState::default().early_stop(0.51, &config).is_none());
    }
}
