//! Successive halving (Jamieson and Talwalkar 2016): all settings are trained a little, and the better ones go on.
//!
//! A run that goes on is resumed, so that what is left at the end is, to the bit, what it would have been without.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use espejo_train::{MainMeasure, read_text};

use super::folder::{SweepFolder, TaskState};
use super::local::{self, Here, PoolEnd};
use super::open_tasks;
use super::plan::Plan;
use super::task::epoch_of;
use crate::compact_number::compact;
use crate::output::{message, usage};

/// The file with what was decided.
const FILE: &str = "halving.csv";

/// Refuses what cannot be stopped and resumed at an epoch, or has nothing to compare.
pub fn check(plan: &Plan) -> anyhow::Result<()> {
    let Some(kept) = plan.halving else {
        return Ok(());
    };
    if kept < 2 {
        return Err(usage(
            format!("`--halving {kept}` keeps all"),
            "give 2 or more, as in `--halving 3`, by which one in three goes on",
        ));
    }
    if plan.settings.len() < kept {
        return Err(usage(
            format!(
                "`--halving {kept}` needs {kept} settings or more, and there are {}",
                plan.settings.len()
            ),
            "vary more, or leave it out; seeds are no settings",
        ));
    }
    for setting in 0..plan.settings.len() {
        let merged = plan.merged(*plan.tasks_of(setting).start())?;
        if merged.config.train.is_classical() {
            return Err(usage(
                "`--halving` stops trainings at an epoch and resumes them, which double precision cannot",
                "leave `--halving` out, or choose `--optimizer adam`",
            ));
        }
    }
    Ok(())
}

/// The shares of the epochs after which settings are compared, and how many settings then go on.
fn steps(settings: usize, kept: usize) -> Vec<(f64, usize)> {
    let mut counts = Vec::new();
    let mut left = settings;
    while left >= kept {
        left = (left / kept).max(1);
        counts.push(left);
    }
    let rounds = counts.len() as i32;
    let share = |round: usize| (kept as f64).powi(round as i32 - rounds);
    counts
        .into_iter()
        .enumerate()
        .map(|(round, left)| (share(round), left))
        .collect()
}

/// Runs a sweep by successive halving.
pub fn run(sweep: &SweepFolder, here: &mut Here, stop: &AtomicBool) -> anyhow::Result<PoolEnd> {
    let plan = &sweep.plan;
    let kept = plan.halving.unwrap_or(2);
    let mut settings: Vec<usize> = (0..plan.settings.len()).collect();
    let mut table = "share,setting,value,goes_on\n".to_owned();
    for (share, left) in steps(settings.len(), kept) {
        let tasks = settings.iter().flat_map(|setting| plan.tasks_of(*setting));
        let tasks: Vec<usize> = open_tasks(sweep, tasks)
            .into_iter()
            .filter(|number| !has_reached(sweep, *number, share))
            .collect();
        let end = local::run(sweep, here, &tasks, Some(share), stop)?;
        if end != PoolEnd::Finished {
            return Ok(end);
        }
        let mut ranked = settings
            .iter()
            .map(|setting| Ok((*setting, value_at(sweep, *setting, share)?)))
            .collect::<anyhow::Result<Vec<(usize, Option<f64>)>>>()?;
        let measure = measure(sweep);
        ranked.sort_by(|(_, a), (_, b)| better_first(measure, *a, *b));
        for (place, (setting, value)) in ranked.iter().enumerate() {
            let value = value.map_or(String::new(), |value| value.to_string());
            table += &format!("{share},{setting},{value},{}\n", place < left);
        }
        tell(sweep, &ranked, share, left, measure);
        settings = ranked
            .iter()
            .take(left)
            .map(|(setting, _)| *setting)
            .collect();
        settings.sort_unstable();
        sweep.write(FILE, &table)?;
    }
    let tasks = settings.iter().flat_map(|setting| plan.tasks_of(*setting));
    let tasks = open_tasks(sweep, tasks);
    local::run(sweep, here, &tasks, None, stop)
}

/// The better value first, failures last.
fn better_first(
    measure: Option<MainMeasure>,
    a: Option<f64>,
    b: Option<f64>,
) -> std::cmp::Ordering {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (a, b) {
        (Some(a), Some(b)) if a == b => Equal,
        (Some(a), Some(b)) => match measure.is_none_or(|measure| measure.is_better(a, b)) {
            true => Less,
            false => Greater,
        },
        (Some(_), None) => Less,
        (None, Some(_)) => Greater,
        (None, None) => Equal,
    }
}

/// Says which settings go on, and which are stopped.
fn tell(
    sweep: &SweepFolder,
    ranked: &[(usize, Option<f64>)],
    share: f64,
    left: usize,
    measure: Option<MainMeasure>,
) {
    const TOLD: usize = 10;
    let part = (1.0 / share).round();
    message(&format!(
        "after 1/{part} of the epochs {left} of {} settings go on",
        ranked.len()
    ));
    let name = measure.map_or("value", MainMeasure::name);
    let value = |value: &Option<f64>| match value {
        Some(value) => format!("{name} {}", compact(*value, 4)),
        None => "failed".to_owned(),
    };
    for (place, (setting, found)) in ranked.iter().enumerate().take(TOLD) {
        let what = if place < left { "goes on" } else { "stopped" };
        message(&format!(
            "  {what}  {}  {}",
            sweep.plan.setting_words(*setting),
            value(found)
        ));
    }
    if ranked.len() > TOLD {
        message(&format!("  and {} more in `{FILE}`", ranked.len() - TOLD));
    }
}

/// Whether a task has come as far as this share of its epochs.
fn has_reached(sweep: &SweepFolder, number: usize, share: f64) -> bool {
    match sweep.state(number) {
        TaskState::Completed(_) | TaskState::Failed(_) => true,
        TaskState::Unfinished(epoch) => {
            let config = sweep.run(number).and_then(|run| run.config().ok());
            config.is_some_and(|config| epoch >= epoch_of(share, &config))
        }
        TaskState::Open | TaskState::Running => false,
    }
}

/// The measure that is compared: that which the tasks note.
fn measure(sweep: &SweepFolder) -> Option<MainMeasure> {
    let header = (1..=sweep.plan.len()).find_map(|number| {
        let text = read_text(&sweep.run(number)?.path().join("metrics.csv")).ok()?;
        text.lines().next().map(str::to_owned)
    })?;
    let columns: Vec<&str> = header.split(',').collect();
    let has = |measure: &MainMeasure| columns.contains(&format!("test_{}", measure.key()).as_str());
    MainMeasure::ALL.into_iter().find(has)
}

/// The mean over the seeds of what a setting has reached at a share of its epochs; none where one of its runs failed, or was not tested.
fn value_at(sweep: &SweepFolder, setting: usize, share: f64) -> anyhow::Result<Option<f64>> {
    let Some(measure) = measure(sweep) else {
        return Ok(None);
    };
    let column = format!("test_{}", measure.key());
    let mut sum = 0.0;
    for number in sweep.plan.tasks_of(setting) {
        let (TaskState::Completed(_) | TaskState::Unfinished(_), Some(run)) =
            (sweep.state(number), sweep.run(number))
        else {
            return Ok(None);
        };
        let epoch = epoch_of(share, &run.config()?);
        let text = read_text(&run.path().join("metrics.csv")).unwrap_or_default();
        let Some(value) = best_by(&text, &column, epoch) else {
            return Ok(None);
        };
        sum += value;
    }
    Ok(Some(sum / sweep.plan.repeats() as f64))
}

/// The value of a column where the test loss was lowest, up to an epoch.
fn best_by(metrics: &str, column: &str, epoch: usize) -> Option<f64> {
    let mut lines = metrics.lines();
    let header: Vec<&str> = lines.next()?.split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name);
    let (loss, value) = (place("test_loss")?, place(column)?);
    let read = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |place: usize| cells.get(place)?.parse::<f64>().ok();
        let row: usize = cells.first()?.parse().ok()?;
        (row <= epoch).then_some(())?;
        Some((number(loss)?, number(value)?))
    };
    let best = lines
        .filter_map(read)
        .min_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, value)| value)
}

/// The settings that were stopped, by what was decided.
pub fn stopped_settings(sweep: &SweepFolder) -> BTreeSet<usize> {
    let text = read_text(&sweep.path().join(FILE)).unwrap_or_default();
    let stopped = text.lines().filter(|line| line.ends_with(",false"));
    stopped
        .filter_map(|line| line.split(',').nth(1)?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_three_goes_on_three_times_as_long() {
        let shares = |settings, kept| {
            let steps = steps(settings, kept).into_iter();
            steps
                .map(|(share, left)| ((1.0 / share).round(), left))
                .collect::<Vec<_>>()
        };
        assert_eq!(shares(9, 3), [(9.0, 3), (3.0, 1)]);
        assert_eq!(shares(10, 3), [(9.0, 3), (3.0, 1)]);
        assert_eq!(shares(3, 3), [(3.0, 1)]);
        assert_eq!(shares(8, 2), [(8.0, 4), (4.0, 2), (2.0, 1)]);
    }

    #[test]
    fn the_value_is_that_of_the_best_model_so_far() {
        let text =
            "epoch,train_loss,test_loss,test_squared_error\n1,9,8,80\n2,5,,\n3,4,3,30\n4,4,1,10\n";
        assert_eq!(best_by(text, "test_squared_error", 3), Some(30.0));
        assert_eq!(best_by(text, "test_squared_error", 2), Some(80.0));
        assert_eq!(best_by(text, "test_accuracy", 2), None);
    }

    #[test]
    fn failures_come_last_and_greater_accuracy_first() {
        let mut values = [None, Some(0.5), Some(0.9)];
        values.sort_by(|a, b| better_first(Some(MainMeasure::Accuracy), *a, *b));
        assert_eq!(values, [Some(0.9), Some(0.5), None]);
    }
}
