//! `espejo generate`: new samples, decoded from latent codes.

use std::path::PathBuf;

use clap::Args;
use espejo_pictures::{Sheet, sheet};
use espejo_train::{Rows, SyntheticReport, SyntheticRule, Trained, write_file};
use serde_json::json;

use crate::decoded_rows::{as_csv, in_units};
use crate::figures::{GENERATED_COLUMNS, MAX_DRAWN, save_all, tile};
use crate::open_run::{RunArgs, open, open_without_data};
use crate::output::{self, shown, usage};
use crate::sample_kind::SampleKind;
use crate::synthetic_table::SyntheticTable;

/// The arguments of `espejo generate`.
#[derive(Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Number of samples to generate
    #[arg(long, value_name = "N", default_value_t = 24, conflicts_with = "at")]
    pub count: usize,
    /// Seed of the random latent codes
    #[arg(long, default_value_t = 1, conflicts_with = "at")]
    pub seed: u64,
    /// Decode this latent code, as in `0.5,-1.2`; may be repeated
    #[arg(long, value_name = "CODE", allow_hyphen_values = true)]
    pub at: Vec<String>,
    /// Write new rows of the table as its file has them, words and whole numbers included, and hold them against the real ones
    #[arg(long, conflicts_with = "at")]
    pub csv: bool,
    /// With `--csv`: the likeliest row of each code, with nothing drawn around what the decoder gives
    #[arg(long, requires = "csv")]
    pub mean: bool,
    /// With `--csv`: write the rows to this CSV file in place of stdout
    #[arg(long, value_name = "FILE", requires = "csv")]
    pub to: Option<PathBuf>,
    /// With `--csv`: write what the rows are like beside the real ones to this JSON file
    #[arg(long, value_name = "FILE", requires = "csv")]
    pub report: Option<PathBuf>,
}

/// New rows of a table, at most.
const MAX_ROWS: usize = 1_000_000;

/// Decodes given codes, or random ones: from the prior of a `vae`, else uniform over the range of the data's codes.
pub fn generate(args: &GenerateArgs, json: bool) -> anyhow::Result<()> {
    if args.csv {
        return synthetic_rows(args, json);
    }
    let (folder, trained) = match open_without_data(&args.run)? {
        // Without a prior, codes are drawn from the range of the data's own.
        (_, trained) if args.at.is_empty() && trained.prior().is_none() => open(&args.run)?,
        opened => opened,
    };
    if args.at.is_empty() && !(1..=MAX_DRAWN).contains(&args.count) {
        return Err(usage(
            format!("`--count` is {}", args.count),
            format!("give 1 to {MAX_DRAWN}"),
        ));
    }
    let codes = match args.at.is_empty() {
        true => trained.random_codes(args.count, args.seed)?,
        false => args
            .at
            .iter()
            .map(|text| code(text, trained.latent()))
            .collect::<anyhow::Result<Rows>>()?,
    };
    let decoded = trained.decode(&codes)?;
    if trained.test().is_table() {
        return decoded_rows(&trained, &codes, &decoded, json);
    }
    let ink = trained.test().two_valued();
    let tiles: Vec<_> = decoded
        .iter()
        .map(|row| Some(tile(row, trained.shape(), ink)))
        .collect();
    let source = match (args.at.is_empty(), trained.prior().is_some()) {
        (false, _) => "codes as given",
        (true, true) => "codes sampled from the prior",
        (true, false) => "codes sampled uniformly from the range of the data's codes",
    };
    let figure = sheet(&Sheet {
        title: format!("Generated images, {source}"),
        rows: vec![(String::new(), tiles)],
        captions: Vec::new(),
        marks: Vec::new(),
        wrap: GENERATED_COLUMNS,
    });
    let drawn = save_all(&folder, &[("generated", figure)])?;
    if json {
        return output::json(&json!({ "codes": codes, "figures": drawn }));
    }
    output::text(&format!(
        "{}, {source}\n{}",
        SampleKind::Image.count(codes.len()),
        output::figure_lines(&drawn)
    ))
}

/// Writes new rows of a table, and what they are like beside the real ones.
fn synthetic_rows(args: &GenerateArgs, json: bool) -> anyhow::Result<()> {
    if !(1..=MAX_ROWS).contains(&args.count) {
        return Err(usage(
            format!("`--count` is {}", args.count),
            format!("give 1 to {MAX_ROWS}"),
        ));
    }
    let endings = [("to", &args.to, "csv"), ("report", &args.report, "json")];
    for (flag, path, ending) in endings {
        if let Some(path) = path
            .as_ref()
            .filter(|path| path.extension().is_none_or(|found| found != ending))
        {
            return Err(usage(
                format!("`--{flag}` is `{}`", shown(path)),
                format!("give a file ending in `.{ending}`"),
            ));
        }
    }
    let (folder, trained) = open(&args.run)?;
    let table = trained.raw_table()?;
    let rule = SyntheticRule {
        count: args.count,
        seed: args.seed,
        mean: args.mean,
    };
    let synthetic = trained.synthetic(&table, rule)?;
    let report = SyntheticReport::new(&table, &synthetic.rows, args.seed);
    let told = SyntheticTable {
        trained: &trained,
        table: &table,
        synthetic: &synthetic,
        report: &report,
    };
    let drawn = save_all(&folder, &[("synthetic", told.figure())])?;
    let mut value = told.report_json(&drawn);
    if let Some(path) = &args.report {
        write_file(path, format!("{value:#}\n").as_bytes())?;
    }
    if let Some(path) = &args.to {
        write_file(path, told.csv().as_bytes())?;
    }
    if json {
        match &args.to {
            Some(path) => value["rows_file"] = json!(shown(path)),
            None => value["rows"] = told.rows_json(),
        }
        return output::json(&value);
    }
    output::message(&told.summary());
    drawn
        .iter()
        .for_each(|figure| output::message(&format!("figure  {figure}")));
    match &args.to {
        Some(path) => output::text(&format!("{}\n", shown(path))),
        None => output::text(&told.csv()),
    }
}

/// Prints the decoded rows of a table as CSV, in the table's own units.
fn decoded_rows(trained: &Trained, codes: &Rows, decoded: &Rows, json: bool) -> anyhow::Result<()> {
    let rows = in_units(trained, decoded);
    match json {
        true => output::json(&json!({ "codes": codes, "rows": rows })),
        false => output::text(&as_csv(trained, &rows)),
    }
}

/// A latent code written as numbers with commas.
fn code(text: &str, latent: usize) -> anyhow::Result<Vec<f32>> {
    let numbers = text.split(',').map(|number| {
        number
            .trim()
            .parse::<f32>()
            .ok()
            .filter(|number| number.is_finite())
    });
    match numbers.collect::<Option<Vec<f32>>>() {
        Some(numbers) if numbers.len() == latent => Ok(numbers),
        _ => Err(usage(
            format!("`--at {text}` is not a latent code of this run"),
            format!("give {latent} numbers with commas, one per dimension"),
        )),
    }
}
