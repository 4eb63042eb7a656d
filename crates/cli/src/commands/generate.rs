//! `espejo generate`: new samples, decoded from latent codes.

use std::path::PathBuf;

use clap::Args;
use espejo_pictures::{Sheet, sheet};
use espejo_train::{Rows, SyntheticReport, SyntheticRule, Trained, write_file};
use serde_json::json;

use crate::decoded_rows::{as_csv, in_units};
use crate::drawing::Drawn;
use crate::figure_file::{has_ending, no_images, save_as};
use crate::figures::{MAX_DRAWN, save_all, sheet_columns, tile};
use crate::open_run::{RunArgs, open, open_without_data};
use crate::output::{self, shown, usage};
use crate::sample_kind::SampleKind;
use crate::synthetic_table::SyntheticTable;
use crate::titles::{code_text, run_name, subject};

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
    /// Write the figure of images to this file alone (`.png`, `.svg`), or with `--csv` the rows to this CSV file in place of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// With `--csv`: write what the rows are like beside the real ones to this JSON file
    #[arg(long, value_name = "FILE", requires = "csv")]
    pub report: Option<PathBuf>,
    /// With `--csv`: draw nothing
    #[arg(long, requires = "csv")]
    pub no_figures: bool,
}

/// Numbers of a code over its image, at most.
const CAPTION_DIMENSIONS: usize = 2;
/// New rows of a table, at most.
const MAX_ROWS: usize = 1_000_000;

/// Decodes given codes, or random ones: from the prior of a `vae`, else uniform over the range of the data's codes.
pub fn generate(args: &GenerateArgs, json: bool) -> anyhow::Result<()> {
    if args.csv {
        return synthetic_rows(args, json);
    }
    let is_figure = |path: &PathBuf| has_ending(path, &["png", "svg"]);
    if let Some(path) = args.to.as_ref().filter(|path| !is_figure(path)) {
        return Err(usage(
            format!("`--to` is `{}`", shown(path)),
            "give a file ending in `.png` or `.svg` for images; for rows of a table add `--csv`",
        ));
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
        if args.to.is_some() {
            return Err(no_images());
        }
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
    let figure = [(
        "generated",
        sheet(&Sheet {
            title: format!("Generated images, {}", subject(&trained)),
            rows: vec![(String::new(), tiles)],
            captions: captions(&codes),
            wrap: sheet_columns(trained.shape()),
            key: format!(
                "Run {}; {source}; {}",
                run_name(&folder),
                seen_above(args, trained.latent())
            ),
            ..Sheet::default()
        }),
    )];
    let drawn = match &args.to {
        Some(path) => save_as(path, &figure).into(),
        None => save_all(&folder, &figure),
    };
    if json {
        output::json(&json!({ "codes": codes, "figures": drawn.files() }))?;
    } else {
        let count = SampleKind::Image.count(codes.len());
        output::text(&format!("{count}, {source}\n{}", drawn.lines()))?;
    }
    drawn.only()
}

/// The code over each image, or its number where codes are too long for that.
fn captions(codes: &Rows) -> Vec<String> {
    let caption = |(index, code): (usize, &Vec<f32>)| match code.len() {
        0..=CAPTION_DIMENSIONS => code_text(code),
        _ => (index + 1).to_string(),
    };
    codes.iter().enumerate().map(caption).collect()
}

/// What stands over the images, and how to have the same ones again.
fn seen_above(args: &GenerateArgs, latent: usize) -> String {
    let captions = match latent {
        0..=CAPTION_DIMENSIONS => "over each image its code",
        _ => "`--json` has their codes",
    };
    match args.at.is_empty() {
        true => format!("{captions}; `--seed {}`", args.seed),
        false => captions.to_owned(),
    }
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
    if let Some(path) = &args.to {
        write_file(path, told.csv().as_bytes())?;
    }
    if !json {
        output::message(&told.summary());
        match &args.to {
            Some(path) => output::text(&format!("{}\n", shown(path)))?,
            None => output::text(&told.csv())?,
        }
    }
    let drawn = match args.no_figures {
        true => Drawn::default(),
        false => save_all(&folder, &[("synthetic", told.figure())]),
    };
    let mut value = told.report_json(drawn.files());
    if let Some(path) = &args.report {
        write_file(path, format!("{value:#}\n").as_bytes())?;
    }
    if json {
        match &args.to {
            Some(path) => value["rows_file"] = json!(shown(path)),
            None => value["rows"] = told.rows_json(),
        }
        output::json(&value)?;
    } else {
        drawn.tell();
    }
    drawn.end()
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
