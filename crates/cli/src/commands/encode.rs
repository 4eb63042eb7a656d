//! `espejo encode`: the latent code of each sample, as CSV.

use std::fmt::Write as _;

use clap::Args;
use espejo_pictures::csv_field;
use espejo_train::Rows;
use serde_json::json;

use crate::choose_samples::{SampleArgs, chosen_parts};
use crate::figures::captions;
use crate::open_run::open;
use crate::output::{self, usage};
use crate::sample_columns::Chosen;

/// The arguments of `espejo encode`.
#[derive(Args)]
pub struct EncodeArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Sample from the posterior of a `vae` in place of taking its mean
    #[arg(long)]
    pub sample: bool,
    /// Seed of --sample
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Prints the latent codes as CSV, one sample per line.
pub fn encode(args: &EncodeArgs, json: bool) -> anyhow::Result<()> {
    let (_, trained) = open(&args.samples.run)?;
    if args.sample && trained.prior().is_none() {
        return Err(usage(
            "only a `vae` has a posterior to sample from",
            "leave `--sample` out",
        ));
    }
    let parts = chosen_parts(&trained, &args.samples)?;
    let mut codes = Rows::new();
    for Chosen { samples, .. } in &parts {
        codes.extend(match args.sample {
            true => trained.sample(samples, args.seed)?,
            false => trained.encode(samples)?,
        });
    }
    if json {
        let captions: Vec<_> = parts
            .iter()
            .flat_map(|part| captions(&part.samples))
            .collect();
        let places = |part: &Chosen| {
            (0..part.samples.len())
                .map(|at| part.samples.row(at))
                .collect::<Vec<_>>()
        };
        let rows: Vec<u64> = parts.iter().flat_map(places).collect();
        return output::json(&json!({ "captions": captions, "codes": codes, "rows": rows }));
    }
    let mut text = "picture,caption".to_owned();
    (1..=trained.latent()).for_each(|dimension| text += &format!(",z{dimension}"));
    text += &parts[0].header();
    text.push('\n');
    let of_part = |part| std::iter::repeat(part).zip(0..);
    let samples = parts
        .iter()
        .flat_map(|part| of_part(part).take(part.samples.len()));
    for (number, ((part, index), code)) in samples.zip(&codes).enumerate() {
        let numbers: Vec<String> = code.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "{number},{},{}{}",
            csv_field(part.samples.caption(index)),
            numbers.join(","),
            part.cells(index)
        );
    }
    output::text(&text)
}
