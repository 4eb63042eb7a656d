//! `espejo encode`: the latent code of each sample, as CSV.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use espejo_train::{Rows, write_file};
use serde_json::{Value, json};

use crate::choose_samples::{PartedArgs, chosen_parts};
use crate::csv_cell::csv_field;
use crate::figures::captions;
use crate::npy::npy;
use crate::open_run::open_half_or_whole;
use crate::output::{self, shown, usage};
use crate::sample_columns::Chosen;

/// The arguments of `espejo encode`.
#[derive(Args)]
pub struct EncodeArgs {
    #[command(flatten)]
    pub chosen: PartedArgs,
    /// Sample from the posterior of a `vae` in place of taking its mean
    #[arg(long)]
    pub sample: bool,
    /// Seed of --sample
    #[arg(long, default_value_t = 1, requires = "sample")]
    pub seed: u64,
    /// Add the log-variances of the posterior of a `vae`, a column `v1`, `v2`, ... for each dimension
    #[arg(long)]
    pub log_variances: bool,
    /// Write to this file in place of stdout: `.csv`, or `.npy` for the numbers alone
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Prints the latent codes as CSV, one sample per line.
pub fn encode(args: &EncodeArgs, json: bool) -> anyhow::Result<()> {
    let samples = &args.chosen.samples;
    let (_, trained) = open_half_or_whole(samples, samples.data.is_none())?;
    if trained.half().is_some() && samples.data.is_none() {
        return Err(usage(
            format!("`{}` is half of a run and has no data", samples.run.run),
            "say what to encode with `--data DATA`",
        ));
    }
    if args.sample && trained.prior().is_none() {
        return Err(usage(
            "only a `vae` has a posterior to sample from",
            "leave `--sample` out",
        ));
    }
    let parts = chosen_parts(&trained, &args.chosen)?;
    let (mut codes, mut variances) = (Rows::new(), Rows::new());
    for Chosen { samples, .. } in &parts {
        codes.extend(match args.sample {
            true => trained.sample(samples, args.seed)?,
            false => trained.encode(samples)?,
        });
        if args.log_variances {
            variances.extend(trained.log_variances(samples)?);
        }
    }
    if json {
        return output::json(&as_json(&parts, &codes, &variances));
    }
    let Some(path) = &args.to else {
        return output::text(&as_csv(&parts, &codes, &variances));
    };
    let bytes = match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => as_csv(&parts, &codes, &variances).into_bytes(),
        Some("npy") => npy(&joined(&codes, &variances)),
        _ => {
            let message = format!("`--to` is `{}`", path.display());
            return Err(usage(message, "give a file ending in `.csv` or `.npy`"));
        }
    };
    write_file(path, &bytes)?;
    output::text(&format!("{}\n", shown(path)))
}

fn as_json(parts: &[Chosen], codes: &Rows, variances: &Rows) -> Value {
    let captions: Vec<_> = parts
        .iter()
        .flat_map(|part| captions(&part.samples))
        .collect();
    let samples = parts.iter().map(|part| &part.samples);
    let rows = samples.flat_map(|samples| (0..samples.len()).map(|at| samples.row(at)));
    let rows: Vec<u64> = rows.collect();
    let mut value = json!({ "captions": captions, "codes": codes, "rows": rows });
    if !variances.is_empty() {
        value["log_variances"] = json!(variances);
    }
    value
}

fn as_csv(parts: &[Chosen], codes: &Rows, variances: &Rows) -> String {
    let mut text = "picture,caption".to_owned();
    for (letter, rows) in [("z", codes), ("v", variances)] {
        let width = rows.first().map_or(0, Vec::len);
        (1..=width).for_each(|dimension| text += &format!(",{letter}{dimension}"));
    }
    text += &parts[0].header();
    text.push('\n');
    let samples = parts
        .iter()
        .flat_map(|part| (0..part.samples.len()).map(move |index| (part, index)));
    for (number, ((part, index), numbers)) in samples.zip(joined(codes, variances)).enumerate() {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "{number},{},{}{}",
            csv_field(part.samples.caption(index)),
            numbers.join(","),
            part.cells(index)
        );
    }
    text
}

/// Codes, each followed by its log-variances where there are such.
fn joined(codes: &Rows, variances: &Rows) -> Rows {
    let mut rows = codes.clone();
    for (row, variances) in rows.iter_mut().zip(variances) {
        row.extend(variances);
    }
    rows
}
