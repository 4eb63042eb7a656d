//! What a training in double precision has cost and why it ended, for `run.json`.

use espejo_mlp::{Counts, Ended};

use crate::config::TrainConfig;
use crate::run_report::OptimizerReport;

/// Where a training in double precision stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Solution {
    /// What it has cost.
    pub counts: Counts,
    /// Why it ended, once it has.
    pub ended: Option<&'static str>,
}

impl Solution {
    /// The `optimizer` part of `run.json`.
    pub(crate) fn report(self, train: &TrainConfig) -> OptimizerReport {
        OptimizerReport {
            name: train.optimizer.name().to_owned(),
            precision: "double".to_owned(),
            gradient: train.gradient.name().to_owned(),
            evaluations: self.counts.evaluations,
            gradients: self.counts.gradients,
            iterations: self.counts.iterations,
            ended: self.ended.map(str::to_owned),
        }
    }
}

/// Why a method ended, in the word of `run.json`.
pub(crate) fn ended_name(ended: Ended) -> &'static str {
    match ended {
        Ended::Converged => "converged",
        Ended::Stalled => "stalled",
        Ended::Evaluations => "evaluations",
        Ended::Iterations => "iterations",
        Ended::Target => "target",
        Ended::Stopped => "interrupted",
        Ended::NotFinite => "not finite",
    }
}
