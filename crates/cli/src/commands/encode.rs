//! `espejo encode`: the latent code of each sample, as CSV.

use std::fmt::Write as _;

use clap::Args;
use espejo_pictures::csv_field;
use serde_json::json;

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::figures::captions;
use crate::open_run::open;
use crate::output::{self, usage};

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
    let images = chosen_samples(&trained, &args.samples)?;
    let codes = if args.sample {
        trained.sample(&images, args.seed)?
    } else {
        trained.encode(&images)?
    };
    if json {
        return output::json(&json!({ "captions": captions(&images), "codes": codes }));
    }
    let mut text = "picture,caption".to_owned();
    (1..=trained.latent()).for_each(|dimension| text += &format!(",z{dimension}"));
    text.push('\n');
    for (index, code) in codes.iter().enumerate() {
        let numbers: Vec<String> = code.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "{index},{},{}",
            csv_field(images.caption(index)),
            numbers.join(",")
        );
    }
    output::text(&text)
}
