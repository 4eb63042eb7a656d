//! `espejo impute`: the missing cells of a table filled, or how well known ones are that are hidden.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_train::{HideRule, HoledTable, ImputeRule, Imputed, Trained, write_file};

use crate::csv_cell::csv_word;
use crate::imputation_table::{as_csv, as_json, evaluation_json, evaluation_text, summary};
use crate::open_run::{RunArgs, open};
use crate::output::{self, shown, tell_data, usage};

/// The arguments of `espejo impute`.
#[derive(Args)]
pub struct ImputeArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// The table with missing cells: a text file, or `-` for standard input [default: that of the training]
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    /// Rounds until cells have settled, at most [default: 1 to 500, as many as fill known cells of training rows best]; of a
    /// `vae` those before the first draw [default: 50]
    #[arg(long, value_name = "N")]
    pub rounds: Option<usize>,
    /// Draws of each cell, for a `vae` [default: 100]
    #[arg(long, value_name = "N")]
    pub draws: Option<usize>,
    /// The share of true numbers that intervals shall hold
    #[arg(long, value_name = "SHARE", default_value_t = 0.9)]
    pub level: f64,
    /// Seed of the draws, and of the cells that are hidden
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write the table to this file in place of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Write each filled cell with its interval to this CSV file
    #[arg(long, value_name = "FILE")]
    pub intervals: Option<PathBuf>,
    /// Hide known cells of the held-out part and measure how well they are filled, beside the mean, the nearest rows and PCA
    #[arg(long, conflicts_with_all = ["data", "to", "intervals"])]
    pub evaluate: bool,
    /// The probability of each cell to be hidden, for --evaluate
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.1,
        requires = "evaluate"
    )]
    pub hide: f64,
    /// How often cells are hidden anew, for --evaluate
    #[arg(long, value_name = "N", default_value_t = 5, requires = "evaluate")]
    pub repeats: usize,
}

/// Fills the missing cells of a table and prints it, or measures how well a run does that.
pub fn impute(args: &ImputeArgs, json: bool) -> anyhow::Result<()> {
    check_ending(args.intervals.as_deref())?;
    let (_, trained) = open(&args.run)?;
    let rule = ImputeRule {
        rounds: args.rounds,
        draws: args.draws,
        level: (args.evaluate || json || args.intervals.is_some()).then_some(args.level),
        seed: args.seed,
    };
    if args.evaluate {
        return evaluate(&trained, args, rule, json);
    }
    let table = trained.holed_table(args.data.as_deref())?;
    tell_data(&table.skipped, &table.notes);
    let imputed = trained.impute(&table.samples, rule)?;
    let filled = table.refilled(&imputed, csv_word)?;
    if let Some(path) = &args.intervals {
        write_file(path, as_csv(&imputed).as_bytes())?;
    }
    if let Some(path) = &args.to {
        write_file(path, &filled)?;
    }
    tell(&trained, &table, &imputed, args.level);
    match (json, &args.to) {
        (true, to) => output::json(&as_json(&imputed, args.level, to.as_deref())),
        (false, Some(path)) => output::text(&format!("{}\n", shown(path))),
        (false, None) => output::bytes(&filled),
    }
}

/// Refuses a file of intervals that is not called so.
fn check_ending(path: Option<&Path>) -> anyhow::Result<()> {
    let is_csv = |path: &&Path| path.extension().is_some_and(|ending| ending == "csv");
    match path.filter(|path| !is_csv(path)) {
        None => Ok(()),
        Some(path) => Err(usage(
            format!("`--intervals` is `{}`", shown(path)),
            "give a file ending in `.csv`",
        )),
    }
}

/// Says what was filled, and how.
fn tell(trained: &Trained, table: &HoledTable, imputed: &Imputed, level: f64) {
    output::message(&summary(
        imputed,
        table.samples.len(),
        level,
        trained.prior().is_some(),
    ));
    if table.is_packed() {
        output::message("note: the file was packed by gzip, and the table is written unpacked");
    }
    let missing = &trained.config().data.missing;
    let reads_as_missing = imputed.cells.iter().filter(|cell| {
        let text = imputed.columns[cell.column].kind.text(cell.value);
        missing
            .iter()
            .any(|word| *word == text || word.parse() == Ok(cell.value))
    });
    match reads_as_missing.count() {
        0 => {}
        count => output::message(&format!(
            "note: {} filled with what stands for a missing cell in this run, `{}`",
            output::counted(count, "cell"),
            missing.join("`, `")
        )),
    }
}

/// Measures how well hidden cells come back.
fn evaluate(
    trained: &Trained,
    args: &ImputeArgs,
    rule: ImputeRule,
    json: bool,
) -> anyhow::Result<()> {
    let hide = HideRule {
        share: args.hide,
        repeats: args.repeats,
    };
    let report = trained.evaluate_imputation(rule, hide)?;
    if report.trained_on {
        output::message(
            "note: this run held no rows out: it was trained on those whose cells are hidden, which flatters it",
        );
    }
    match json {
        true => output::json(&evaluation_json(&report, hide)),
        false => output::text(&evaluation_text(&report, hide)),
    }
}
