//! `espejo runs`: the runs that there are, with their main measure beside what one gets without training.

use std::path::PathBuf;

use clap::Args;
use espejo_train::{Compared, ListedRun, RunNames, listed_run};
use serde_json::{Value, json};

use crate::compact_number::compact;
use crate::csv_cell::csv_line;
use crate::output::{self, shown};
use crate::table::{Column, table};
use crate::terminal;

/// The arguments of `espejo runs`.
#[derive(Args)]
pub struct RunsArgs {
    /// Parent directory of the run folders
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Print the list as CSV, with more columns and nothing cut
    #[arg(long)]
    pub csv: bool,
}

/// The columns for people. What is left out first is what a name that was made of time and configuration says as well.
const COLUMNS: [Column; 11] = [
    Column::words("name").cut_to(20),
    Column::words("started").dropped(0),
    Column::words("status").dropped(6),
    Column::words("data").cut_to(8),
    Column::words("model").cut_to(10).dropped(5),
    Column::numbers("epochs").dropped(2),
    Column::words("measure").dropped(3),
    Column::numbers("test"),
    Column::words("baseline"),
    Column::words("beats it").dropped(4),
    Column::numbers("seconds").dropped(1),
];

const CSV: [&str; 15] = [
    "name",
    "run",
    "started",
    "status",
    "reason",
    "data",
    "model",
    "architecture",
    "parameters",
    "epochs",
    "seconds",
    "measure",
    "value",
    "baseline",
    "baseline_value",
];

/// Lists the runs, newest first.
pub fn runs(args: &RunsArgs, json: bool) -> anyhow::Result<()> {
    if !args.out.is_dir() {
        return Err(output::usage(
            format!("no folder `{}`", args.out.display()),
            "`espejo train` makes runs in `runs`; `--out DIR` names another folder",
        ));
    }
    let names = RunNames::below(&args.out);
    let runs: Vec<ListedRun> = names.runs.iter().map(listed_run).collect();
    let foreign: Vec<String> = names.foreign.iter().map(|path| shown(path)).collect();
    if json {
        return output::json(&as_json(&args.out, &runs, &foreign));
    }
    tell_odd(&runs, &foreign);
    if args.csv {
        return output::text(&as_csv(&runs));
    }
    if runs.is_empty() {
        output::message(&format!(
            "no run in `{}` yet: train one with `espejo train`",
            args.out.display()
        ));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    output::text(&table(&COLUMNS, &rows, terminal::width()))
}

/// Names what is no run, and what is damaged.
fn tell_odd(runs: &[ListedRun], foreign: &[String]) {
    for run in runs.iter().filter(|run| run.status == "damaged") {
        let reason = run.reason.as_deref().unwrap_or("it cannot be read");
        output::message(&format!("note: `{}`: {reason}", run.run));
    }
    for path in foreign {
        output::message(&format!(
            "note: `{path}` is no run folder: it has no `config.toml`"
        ));
    }
}

fn as_json(out: &std::path::Path, runs: &[ListedRun], foreign: &[String]) -> Value {
    json!({ "out": shown(out), "runs": runs, "foreign": foreign })
}

fn row(run: &ListedRun) -> Vec<String> {
    let none = || "–".to_owned();
    let result = run.result.as_ref();
    let model = format!("{} {}", run.model, run.architecture);
    vec![
        run.name.clone(),
        run.started.as_deref().map_or_else(none, local_time),
        run.status.clone(),
        run.data.clone(),
        model.trim_end().to_owned(),
        run.epochs.map_or_else(none, |epochs| epochs.to_string()),
        result.map_or_else(none, |result| result.measure.name().to_owned()),
        result.map_or_else(none, |result| compact(result.value, 4)),
        result.and_then(baseline).unwrap_or_else(none),
        result.and_then(beats).map_or_else(none, str::to_owned),
        run.seconds
            .map_or_else(none, |seconds| format!("{seconds:.1}")),
    ]
}

/// The same measure of the baseline and its name, as in `4.3972 PCA-2`.
fn baseline(result: &Compared) -> Option<String> {
    let (name, value) = (result.baseline.as_ref()?, result.baseline_value?);
    Some(format!("{} {name}", compact(value, 4)))
}

/// Whether the model beats its baseline.
fn beats(result: &Compared) -> Option<&'static str> {
    result
        .better
        .map(|better| if better { "yes" } else { "no" })
}

/// A time of `run.json` on the clock of this machine, to the minute.
fn local_time(text: &str) -> String {
    let time = text.parse::<jiff::Timestamp>();
    let local = time.map(|time| time.to_zoned(jiff::tz::TimeZone::system()));
    local.map_or_else(
        |_| text.to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

fn as_csv(runs: &[ListedRun]) -> String {
    let line = |run: &ListedRun| {
        let result = run.result.as_ref();
        let number =
            |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let count = |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
        csv_line([
            run.name.clone(),
            run.run.clone(),
            run.started.clone().unwrap_or_default(),
            run.status.clone(),
            run.reason.clone().unwrap_or_default(),
            run.data.clone(),
            run.model.clone(),
            run.architecture.clone(),
            count(run.parameters),
            count(run.epochs),
            number(run.seconds),
            result
                .map(|result| result.measure.key().to_owned())
                .unwrap_or_default(),
            number(result.map(|result| result.value)),
            result
                .and_then(|result| result.baseline.clone())
                .unwrap_or_default(),
            number(result.and_then(|result| result.baseline_value)),
        ])
    };
    let header = csv_line(CSV);
    [header].into_iter().chain(runs.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use espejo_train::MainMeasure;

    use super::*;

    #[test]
    fn a_row_says_whether_the_baseline_is_beaten() {
        let result = Compared {
            measure: MainMeasure::SquaredError,
            value: 133.0,
            baseline: Some("PCA-2".to_owned()),
            baseline_value: Some(114.25),
            better: Some(false),
        };
        let run = ListedRun {
            result: Some(result),
            ..ListedRun::default()
        };
        let expected = ["squared error", "133.0000", "114.2500 PCA-2", "no"];
        assert_eq!(row(&run)[6..10], expected);
    }

    #[test]
    fn a_run_that_says_little_has_dashes() {
        let run = ListedRun {
            name: "a".to_owned(),
            status: "damaged".to_owned(),
            ..ListedRun::default()
        };
        let expected = ["a", "–", "damaged", "", "", "–", "–", "–", "–", "–", "–"];
        assert_eq!(row(&run), expected);
        let csv = as_csv(&[run]);
        assert_eq!(csv.lines().nth(1), Some("a,,,damaged,,,,,,,,,,,"));
    }
}
