//! `espejo runs`: the runs that there are, with their main measure beside what one gets without training.

use std::path::PathBuf;

use clap::Args;
use espejo_pictures::csv_field;
use espejo_train::{Compared, ListedRun, RunNames, listed_run};
use serde_json::{Value, json};

use crate::compact_number::compact;
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

/// The columns for people. The name is what is typed elsewhere, so that it is cut last; a run named by itself has the time in it.
const COLUMNS: [Column; 9] = [
    Column::words("name").cut_to(24),
    Column::words("started").dropped(0),
    Column::words("status"),
    Column::words("data").cut_to(8),
    Column::words("model").cut_to(10),
    Column::numbers("epochs").dropped(2),
    Column::words("test result"),
    Column::words("baseline"),
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
    vec![
        run.name.clone(),
        run.started.as_deref().map_or_else(none, local_time),
        run.status.clone(),
        run.data.clone(),
        format!("{} {}", run.model, run.architecture)
            .trim_end()
            .to_owned(),
        run.epochs.map_or_else(none, |epochs| epochs.to_string()),
        result.map_or_else(none, value),
        result.and_then(baseline).unwrap_or_else(none),
        run.seconds
            .map_or_else(none, |seconds| format!("{seconds:.1}")),
    ]
}

/// The measure of a run, as in `squared error 1.2034`.
fn value(result: &Compared) -> String {
    format!("{} {}", result.measure.name(), compact(result.value, 4))
}

/// The baseline beside it, as in `PCA-2 4.3972`, marked where it is not worse.
fn baseline(result: &Compared) -> Option<String> {
    let (name, value) = (result.baseline.as_ref()?, result.baseline_value?);
    let better = match result.better {
        Some(false) => " (not beaten)",
        _ => "",
    };
    Some(format!("{name} {}{better}", compact(value, 4)))
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

/// A line of CSV.
fn csv_row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| csv_field(cell)).collect();
    cells.join(",") + "\n"
}

fn as_csv(runs: &[ListedRun]) -> String {
    let line = |run: &ListedRun| {
        let result = run.result.as_ref();
        let number =
            |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
        let count = |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
        csv_row(&[
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
    let header = csv_row(&CSV.map(str::to_owned));
    [header].into_iter().chain(runs.iter().map(line)).collect()
}

#[cfg(test)]
mod tests {
    use espejo_train::MainMeasure;

    use super::*;

    #[test]
    fn a_row_names_the_measure_and_a_baseline_that_is_not_beaten() {
        let result = Compared {
            measure: MainMeasure::SquaredError,
            value: 133.0,
            baseline: Some("PCA-2".to_owned()),
            baseline_value: Some(114.25),
            better: Some(false),
        };
        assert_eq!(value(&result), "squared error 133.0000");
        assert_eq!(
            baseline(&result).as_deref(),
            Some("PCA-2 114.2500 (not beaten)")
        );
    }

    #[test]
    fn a_run_that_says_little_has_dashes() {
        let run = ListedRun {
            name: "a".to_owned(),
            status: "damaged".to_owned(),
            ..ListedRun::default()
        };
        assert_eq!(row(&run), ["a", "–", "damaged", "", "", "–", "–", "–", "–"]);
        let csv = as_csv(&[run]);
        assert_eq!(csv.lines().nth(1), Some("a,,,damaged,,,,,,,,,,,"));
    }
}
