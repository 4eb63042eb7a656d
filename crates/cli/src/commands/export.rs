//! `espejo export`: half of an autoencoder on its own.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use espejo_train::Half;
use serde_json::json;

use crate::open_run::{RunArgs, open_without_data};
use crate::output::{self, shown};

/// The arguments of `espejo export`.
#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Half of the model: `encoder` (samples to codes) or `decoder` (codes to samples)
    #[arg(long, value_name = "PART", hide_possible_values = true)]
    pub part: Part,
    /// How it is written: `safetensors`, a folder that `espejo encode` or `espejo decode` opens as it opens a run
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "safetensors",
        hide_possible_values = true
    )]
    pub format: Format,
    /// Where it is written: a folder that does not exist yet
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// Half of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// From samples to codes.
    Encoder,
    /// From codes to samples.
    Decoder,
}

/// How a half is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A folder with weights in safetensors, configuration and scaling.
    Safetensors,
}

/// Writes half of a model, without the weights of the other half.
pub fn export(args: &ExportArgs, json: bool) -> anyhow::Result<()> {
    let (_, trained) = open_without_data(&args.run)?;
    let half = match args.part {
        Part::Encoder => Half::Encoder,
        Part::Decoder => Half::Decoder,
    };
    match args.format {
        Format::Safetensors => trained.export(half, &args.to)?,
    }
    let path = shown(&args.to);
    if json {
        return output::json(
            &json!({ "part": half.name(), "format": "safetensors", "path": path }),
        );
    }
    output::text(&format!("{:<7}  {path}\n", half.name()))
}
