//! How the learning rate changes: from epoch to epoch, and with a warm-up or one cycle from step to step.

use std::f64::consts::PI;

use crate::config::{ScheduleKind, TrainConfig};

/// Where one cycle starts and ends, as parts of its peak, and how much of it is the way up: the defaults of PyTorch's `OneCycleLR`.
const CYCLE_START: f64 = 1.0 / 25.0;
const CYCLE_END: f64 = CYCLE_START / 1e4;
const CYCLE_RISE: f64 = 0.3;

/// A step of a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepPlace {
    /// Its epoch, counted from 1.
    pub epoch: usize,
    /// Its place in the epoch, counted from 0.
    pub step: usize,
    /// Steps of each epoch, at least 1.
    pub steps: usize,
}

impl StepPlace {
    /// Steps before this one.
    fn done(self) -> usize {
        (self.epoch - 1) * self.steps + self.step
    }
}

/// The learning rate of a step; `reductions` is how often a plateau was met.
///
/// - A warm-up of W steps takes the part (s + 1) / W of what the schedule says for step s, counted from 0 (P. Goyal et al.,
///   *Accurate, Large Minibatch SGD*, 2017).
/// - One cycle is that of L. N. Smith and N. Topin, *Super-Convergence*, 2018, in PyTorch's form: two halves of cosines over all steps
///   of the training. Momentum stays as it is.
pub fn learning_rate(config: &TrainConfig, at: StepPlace, reductions: usize) -> f64 {
    let warmup = (config.warmup * at.steps) as f64;
    let warm = (at.done() as f64 + 1.0) / warmup.max(1.0);
    config.learning_rate * scheduled(config, at, reductions) * warm.min(1.0)
}

/// The part of the learning rate that the schedule leaves.
fn scheduled(config: &TrainConfig, at: StepPlace, reductions: usize) -> f64 {
    let epoch = at.epoch;
    let done = (epoch - 1) as f64;
    match config.schedule {
        ScheduleKind::Constant => 1.0,
        ScheduleKind::Cosine => 0.5 * (1.0 + (PI * done / config.epochs as f64).cos()),
        ScheduleKind::Step => power(config.schedule_factor, (epoch - 1) / config.schedule_epochs),
        ScheduleKind::Plateau => power(config.schedule_factor, reductions),
        ScheduleKind::OneCycle => one_cycle(at.done() as f64, (config.epochs * at.steps) as f64),
    }
}

/// The part of the peak at a step, counted from 0, of so many.
fn one_cycle(step: f64, steps: f64) -> f64 {
    let (peak, last) = (CYCLE_RISE * steps - 1.0, steps - 1.0);
    let between =
        |from: f64, to: f64, part: f64| to + (from - to) / 2.0 * ((PI * part).cos() + 1.0);
    if peak > 0.0 && step <= peak {
        between(CYCLE_START, 1.0, step / peak)
    } else {
        between(1.0, CYCLE_END, (step - peak) / (last - peak))
    }
}

fn power(base: f64, exponent: usize) -> f64 {
    base.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first step of an epoch of a hundred.
    fn first(epoch: usize) -> StepPlace {
        StepPlace {
            epoch,
            step: 0,
            steps: 100,
        }
    }

    fn check(schedule: ScheduleKind, epoch: usize, reductions: usize, expected: f64) {
        let config = TrainConfig {
            epochs: 100,
            learning_rate: 0.4,
            schedule,
            ..TrainConfig::default()
        };
        let rate = learning_rate(&config, first(epoch), reductions);
        assert!(
            (rate - expected).abs() < 1e-12,
            "{schedule:?} at {epoch}: {rate}, expected {expected}"
        );
    }

    #[test]
    fn known_values() {
        check(ScheduleKind::Constant, 77, 3, 0.4);
        check(ScheduleKind::Cosine, 1, 0, 0.4);
        check(ScheduleKind::Cosine, 51, 0, 0.2);
        check(ScheduleKind::Step, 10, 0, 0.4);
        check(ScheduleKind::Step, 11, 0, 0.04);
        check(ScheduleKind::Step, 21, 0, 0.004);
        check(ScheduleKind::Plateau, 50, 2, 0.004);
    }

    /// The rates of all steps of a training of 2 epochs of 5 steps.
    fn rates(config: TrainConfig) -> Vec<f64> {
        let config = TrainConfig {
            epochs: 2,
            learning_rate: 0.4,
            ..config
        };
        let places = (0..10).map(|step| StepPlace {
            epoch: 1 + step / 5,
            step: step % 5,
            steps: 5,
        });
        places.map(|at| learning_rate(&config, at, 0)).collect()
    }

    /// `OneCycleLR(optimizer, max_lr=.4, total_steps=10, cycle_momentum=False)` of PyTorch: by its formula the peak is at step 2, and step
    /// 2 + k has the end plus half of what lies above it times 1 + cos(πk/7).
    #[test]
    fn one_cycle_is_that_of_pytorch() {
        let found = rates(TrainConfig {
            schedule: ScheduleKind::OneCycle,
            ..TrainConfig::default()
        });
        let expected = [
            0.016,
            0.208,
            0.4,
            0.380_193_853,
            0.324_698_262,
            0.244_504_809,
            0.155_496_791,
            0.075_303_338,
            0.019_807_747,
            1.6e-6,
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-8,
                "{found}, expected {expected}"
            );
        }
    }

    #[test]
    fn a_cycle_of_few_steps_has_rates_above_0() {
        for steps in 1..6 {
            for step in 0..steps {
                let part = one_cycle(f64::from(step), f64::from(steps));
                assert!(part > 0.0 && part <= 1.0, "step {step} of {steps}: {part}");
            }
        }
    }

    #[test]
    fn a_warm_up_rises_by_the_step_and_then_leaves_the_schedule_alone() {
        let found = rates(TrainConfig {
            warmup: 1,
            ..TrainConfig::default()
        });
        let expected = [0.08, 0.16, 0.24, 0.32, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4];
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-12,
                "{found}, expected {expected}"
            );
        }
        let cosine = rates(TrainConfig {
            warmup: 1,
            schedule: ScheduleKind::Cosine,
            ..TrainConfig::default()
        });
        assert!(
            (cosine[4] - 0.4).abs() < 1e-12 && (cosine[5] - 0.2).abs() < 1e-12,
            "{cosine:?}"
        );
    }
}
