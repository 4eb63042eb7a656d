//! Whether a training was long enough, or too long.

use super::course::{Point, mean_between};
use super::words::{counted, percent, short};
use super::{Facts, Finding, advice, comparison};
use crate::config::ScheduleKind;

/// Fewer steps than this are hardly a training: 20 epochs of 243 images in batches of 128 are 40, and lose to principal components
/// that 300 epochs beat.
const FEW_STEPS: usize = 500;
/// The loss is compared over tenths of the training: shorter parts are noise, longer ones hide how it flattens.
const PART: f64 = 0.1;
/// Epochs that are needed to tell a fall from a jump.
const LEAST_EPOCHS: f64 = 5.0;
/// A training is still falling where as many epochs again would take more than this share off the loss, if it goes on to flatten as
/// it did.
const CLEAR_FALL: f64 = 0.1;
/// A fall counts where it is this many times what the loss jumps by anyway.
const CLEAR_OF_NOISE: f64 = 2.0;
/// Below this share of the error of the mean there is little left to gain, however steadily it falls; unless a baseline is still better.
const LITTLE_LEFT: f64 = 0.1;
/// The test loss has risen where it ends so much above its lowest.
const CLEAR_RISE: f64 = 0.15;
/// The best epoch of an overfitted run lies before this part of it; what comes later is the noise of the last epochs.
const EARLY_BEST: f64 = 0.8;
/// A test loss so many times the training loss is that of samples learned by heart.
const WIDE_GAP: f64 = 3.0;

/// Too few steps, or a loss that was still falling; of both the first.
pub(super) fn too_short(facts: &Facts<'_>) -> Option<Finding> {
    let little_left = facts.remaining().is_some_and(|share| share < LITTLE_LEFT);
    if facts.ended.is_some() || (little_left && !comparison::is_beaten(facts)) {
        return None;
    }
    let falling = falling(facts);
    let few = facts
        .steps
        .filter(|steps| steps * epochs(facts) < FEW_STEPS);
    // A net that has found all there is in a few steps was trained for long enough; a learning rate that ends at zero flattens any.
    let annealed = facts.config.train.schedule == ScheduleKind::Cosine;
    let flat = falling.is_none() && !annealed && epochs(facts) as f64 >= LEAST_EPOCHS;
    let Some(steps) = few.filter(|_| !flat) else {
        return falling;
    };
    let all = steps * epochs(facts);
    let message = format!(
        "only {} of the optimizer ({} of {steps})",
        counted(all, "step"),
        counted(epochs(facts), "epoch"),
    );
    let finding = Finding::warning("too-few-steps", message).number("steps", all as f64);
    let finding = finding.number("epochs", epochs(facts) as f64);
    Some(finding.advise(advice::longer(facts)))
}

/// Epochs that are done.
fn epochs(facts: &Facts<'_>) -> usize {
    facts
        .course
        .last("train_loss")
        .map_or(0, |(epoch, _)| epoch as usize)
}

/// The losses that a training is judged by: of held-out samples where there are enough evaluations, else of the training.
fn judged(facts: &Facts<'_>) -> (&'static str, Vec<Point>) {
    let test = facts.course.series("test_loss");
    match facts.held_out && test.len() as f64 >= 1.0 / PART {
        true => ("test", test),
        false => ("training", facts.course.series("train_loss")),
    }
}

fn falling(facts: &Facts<'_>) -> Option<Finding> {
    let (which, losses) = judged(facts);
    let fall = Fall::of(&losses)?;
    let gain = fall.gain();
    let clear = fall.latest > CLEAR_OF_NOISE * fall.noise;
    if !clear || gain < CLEAR_FALL * fall.end.abs() {
        return None;
    }
    let share = gain / fall.end.abs();
    let message = format!(
        "the {which} loss was still falling ({}, and by about {} in as many epochs again)",
        short(fall.end),
        percent(share.min(0.99)),
    );
    let finding = Finding::warning("still-falling", message)
        .number("loss", fall.end)
        .number("fall_of_last_tenth", fall.latest)
        .number("expected_fall", gain);
    Some(finding.advise(advice::longer(facts)))
}

/// How a loss falls over the last three tenths of a training.
struct Fall {
    /// Its mean over the last tenth.
    end: f64,
    /// By how much it fell from the tenth before.
    latest: f64,
    /// By how much that one had fallen.
    before: f64,
    /// The standard error of a tenth's mean.
    noise: f64,
}

impl Fall {
    fn of(losses: &[Point]) -> Option<Self> {
        let (epochs, _) = *losses.last()?;
        if epochs < LEAST_EPOCHS {
            return None;
        }
        let part = (PART * epochs).max(1.0);
        let mean =
            |ago: f64| mean_between(losses, epochs - (ago + 1.0) * part, epochs - ago * part);
        let (third, second, end) = (mean(2.0)?, mean(1.0)?, mean(0.0)?);
        let tail = losses
            .iter()
            .filter(|(epoch, _)| *epoch > epochs - 3.0 * part);
        let tail: Vec<f64> = tail.map(|(_, loss)| *loss).collect();
        Some(Self {
            end,
            latest: second - end,
            before: third - second,
            noise: jitter(&tail) / (tail.len() as f64 / 3.0).max(1.0).sqrt(),
        })
    }

    /// What as many epochs again would take off, if each tenth takes off the share of the one before that the last did.
    fn gain(&self) -> f64 {
        let ratio = match self.before > 0.0 {
            true => (self.latest / self.before).clamp(0.0, 1.0),
            false => 0.0,
        };
        let tenths = (1.0 / PART).round() as i32;
        (1..=tenths)
            .map(|tenth| self.latest * ratio.powi(tenth))
            .sum()
    }
}

/// The standard deviation of numbers about a smooth curve, from their second differences, which a straight line does not have.
fn jitter(values: &[f64]) -> f64 {
    let bends: Vec<f64> = values
        .windows(3)
        .map(|w| w[0] - 2.0 * w[1] + w[2])
        .collect();
    if bends.len() < 3 {
        return 0.0;
    }
    // The variance of a - 2b + c is six times that of each.
    (bends.iter().map(|bend| bend * bend).sum::<f64>() / bends.len() as f64 / 6.0).sqrt()
}

/// A test loss that rose again, or one far above that of the training samples.
pub(super) fn overfitted(facts: &Facts<'_>) -> Option<Finding> {
    if !facts.held_out {
        return None;
    }
    risen(facts).or_else(|| gap(facts))
}

fn risen(facts: &Facts<'_>) -> Option<Finding> {
    let test = facts.course.series("test_loss");
    let (last, _) = *test.last()?;
    let (best, lowest) = *test.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let end = mean_between(&test, (1.0 - PART) * last, last)?;
    let train = facts.course.series("train_loss");
    let (_, at_best) = *train.iter().find(|(epoch, _)| *epoch >= best)?;
    let (_, at_end) = *train.last()?;
    let rose = end - lowest > CLEAR_RISE * lowest.abs();
    if last < LEAST_EPOCHS || !rose || best > EARLY_BEST * last || at_end >= at_best {
        return None;
    }
    let message = format!(
        "overfitted since epoch {best}: the test loss rose from {} to {} while the training loss fell; the weights of epoch {best} are kept",
        short(lowest),
        short(end),
    );
    let finding = match facts.ended {
        // It was ended for that, and is as good as it gets.
        Some(_) => Finding::info("overfitted", message),
        None => Finding::warning("overfitted", message).advise(advice::less_room(facts)),
    };
    let finding = finding
        .number("epoch", best)
        .number("lowest_test_loss", lowest);
    Some(finding.number("last_test_loss", end))
}

fn gap(facts: &Facts<'_>) -> Option<Finding> {
    // A classifier that is sure of what it knows has a training loss near zero, and may be as good as any.
    if facts.metrics.get("accuracy").is_some() {
        return None;
    }
    // Warm-up and noise of single epochs aside, the last tenth of the training tells.
    let (train, test) = (
        facts.course.series("train_loss"),
        facts.course.series("test_loss"),
    );
    let (last, _) = *test.last()?;
    let from = (1.0 - PART) * last;
    let (train, test) = (
        mean_between(&train, from, last)?,
        mean_between(&test, from, last)?,
    );
    let much_left = facts.remaining().is_none_or(|share| share > LITTLE_LEFT);
    if train <= 0.0 || test < WIDE_GAP * train || !much_left {
        return None;
    }
    let message = format!(
        "overfitted: the test loss is {}, {} times the training loss ({})",
        short(test),
        short(test / train),
        short(train),
    );
    let finding = Finding::warning("overfitted", message).advise(advice::less_room(facts));
    Some(
        finding
            .number("test_loss", test)
            .number("training_loss", train),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(loss: impl Fn(f64) -> f64, epochs: usize) -> Vec<Point> {
        (1..=epochs)
            .map(|epoch| (epoch as f64, loss(epoch as f64)))
            .collect()
    }

    #[test]
    fn a_straight_fall_goes_on_as_it_did() {
        let fall = Fall::of(&losses(|epoch| 200.0 - epoch, 100)).expect("enough epochs");
        assert!((fall.latest - 10.0).abs() < 1e-9 && fall.noise < 1e-9);
        assert!((fall.gain() - 100.0).abs() < 1e-6);
    }

    #[test]
    fn a_fall_that_halves_each_tenth_has_as_much_ahead_as_the_last_one_took() {
        let fall = Fall::of(&losses(|epoch| 100.0 * 0.5_f64.powf(epoch / 10.0), 100));
        let fall = fall.expect("enough epochs");
        assert!((fall.gain() / fall.latest - 1.0).abs() < 2e-3);
    }

    #[test]
    fn a_few_epochs_tell_no_fall() {
        assert!(Fall::of(&losses(|epoch| -epoch, 4)).is_none());
    }

    #[test]
    fn a_straight_line_has_no_jitter_and_a_zigzag_has_its_own() {
        assert_eq!(jitter(&[4.0, 3.0, 2.0, 1.0, 0.0]), 0.0);
        // Second differences of 0, 1, 0, 1, ... are -2, 2, ...
        assert!((jitter(&[0.0, 1.0, 0.0, 1.0, 0.0]) - (4.0_f64 / 6.0).sqrt()).abs() < 1e-12);
    }
}
