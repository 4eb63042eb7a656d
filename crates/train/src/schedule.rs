//! How the learning rate changes from epoch to epoch.

use crate::config::{ScheduleKind, TrainConfig};

/// The learning rate of an epoch, counted from 1; `reductions` is how often a plateau was met.
pub fn learning_rate(config: &TrainConfig, epoch: usize, reductions: usize) -> f64 {
    let done = (epoch - 1) as f64;
    let factor = match config.schedule {
        ScheduleKind::Constant => 1.0,
        ScheduleKind::Cosine => {
            0.5 * (1.0 + (std::f64::consts::PI * done / config.epochs as f64).cos())
        }
        ScheduleKind::Step => power(config.schedule_factor, (epoch - 1) / config.schedule_epochs),
        ScheduleKind::Plateau => power(config.schedule_factor, reductions),
    };
    config.learning_rate * factor
}

fn power(base: f64, exponent: usize) -> f64 {
    base.powi(i32::try_from(exponent).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: ScheduleKind, epoch: usize, reductions: usize, expected: f64) {
        let config = TrainConfig {
            epochs: 100,
            learning_rate: 0.4,
            schedule,
            ..TrainConfig::default()
        };
        let rate = learning_rate(&config, epoch, reductions);
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
}
