//! Where the tasks of a sweep stand.

use serde_json::{Value, json};

use super::folder::{SweepFolder, TaskState};
use super::halving::stopped_settings;
use crate::output::{self, shown};
use crate::table::{Column, table};
use crate::terminal;

const COLUMNS: [Column; 4] = [
    Column::numbers("task"),
    Column::words("status"),
    Column::words("settings").cut_to(30),
    Column::words("what it says").cut_to(20),
];

/// The words for tasks of a setting that a successive halving has stopped.
pub const STOPPED_EARLY: &str = "stopped early";

/// A task with its word and what there is to say.
struct Line {
    number: usize,
    word: &'static str,
    says: String,
}

fn lines(sweep: &SweepFolder) -> Vec<Line> {
    let stopped = stopped_settings(sweep);
    let line = |number: usize| {
        let state = sweep.state(number);
        let early = stopped.contains(&sweep.plan.setting_of(number));
        let word = match state {
            TaskState::Unfinished(_) | TaskState::Open if early => STOPPED_EARLY,
            _ => state.word(),
        };
        let says = match state {
            TaskState::Unfinished(epochs) => format!("epoch {epochs}"),
            TaskState::Completed(report) => format!("{:.1} s", report.seconds.total),
            TaskState::Failed(failure) => failure.error,
            TaskState::Open | TaskState::Running => String::new(),
        };
        Line { number, word, says }
    };
    (1..=sweep.plan.len()).map(line).collect()
}

/// Prints where each task stands, and how many stand there.
pub fn status(sweep: &SweepFolder, json: bool) -> anyhow::Result<()> {
    let lines = lines(sweep);
    let words = [
        "completed",
        "failed",
        STOPPED_EARLY,
        "running",
        "unfinished",
        "open",
    ];
    let count = |word: &str| lines.iter().filter(|line| line.word == word).count();
    let counts: Vec<(&str, usize)> = words.into_iter().map(|word| (word, count(word))).collect();
    if json {
        let tasks: Vec<Value> = lines.iter().map(|line| as_json(sweep, line)).collect();
        let counts: serde_json::Map<String, Value> = counts
            .iter()
            .map(|(word, count)| (word.replace(' ', "_"), json!(count)))
            .collect();
        return output::json(
            &json!({ "sweep": shown(sweep.path()), "counts": counts, "tasks": tasks }),
        );
    }
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            vec![
                line.number.to_string(),
                line.word.to_owned(),
                sweep.plan.words(line.number),
                line.says.clone(),
            ]
        })
        .collect();
    let some = counts.iter().filter(|(_, count)| *count > 0);
    let summary: Vec<String> = some
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    let text = table(&COLUMNS, &rows, terminal::width());
    output::text(&format!(
        "{text}\n{} of {}\n",
        summary.join(", "),
        output::counted(lines.len(), "task")
    ))
}

fn as_json(sweep: &SweepFolder, line: &Line) -> Value {
    json!({
        "task": line.number, "run": sweep.name(line.number), "status": line.word,
        "settings": settings_json(sweep, line.number), "says": line.says,
    })
}

/// The settings of a task by key.
pub fn settings_json(sweep: &SweepFolder, number: usize) -> Value {
    let keys = sweep.plan.all_keys();
    let pairs = keys.iter().zip(sweep.plan.values_of(number));
    let pairs = pairs.map(|(key, value)| ((*key).to_owned(), json!(value)));
    Value::Object(pairs.collect())
}
