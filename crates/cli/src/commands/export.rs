//! `espejo export`: a model for other programs, or half of an autoencoder on its own.

mod certificate;
mod check;
mod facts;
mod portable;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use espejo_train::Half;
use serde_json::json;

use crate::open_run::{RunArgs, open_without_data};
use crate::output::{self, shown, usage};

/// The arguments of `espejo export`.
#[derive(Args)]
pub struct ExportArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// What of the model: `encoder` (samples to codes), `decoder` (codes to samples) or `whole` [default: whole; `safetensors` is for
    /// halves]
    #[arg(long, value_name = "PART", hide_possible_values = true)]
    pub part: Option<Part>,
    /// How it is written: `onnx`, `torch` (a Python file beside safetensors), `json` (weights as numbers, up to 100,000), or
    /// `safetensors`, a folder that `espejo encode` or `espejo decode` opens as it opens a run
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "safetensors",
        hide_possible_values = true
    )]
    pub format: Format,
    /// Where it is written: a folder that does not exist yet; with --check the folder of an export
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Values as the net works on them, in place of columns in their own units and pixels as they stand in files
    #[arg(long)]
    pub normalised: bool,
    /// Test samples that are written beside the model, with Espejo's own results; 0 needs no data [default: 64]
    #[arg(long, value_name = "N")]
    pub samples: Option<usize>,
    /// Compare the results of another program with Espejo's: an .npy file called as the output is, or a folder of such; the largest
    /// differences are printed and kept in the certificate
    #[arg(long, value_name = "FILE|DIR", conflicts_with_all = ["format", "part", "normalised", "samples"])]
    pub check: Option<PathBuf>,
    /// What the results of --check come from, for the certificate, as in `"onnxruntime 1.23"`
    #[arg(long, value_name = "NAME", requires = "check")]
    pub runtime: Option<String>,
}

/// A part of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// From samples to codes.
    Encoder,
    /// From codes to samples.
    Decoder,
    /// All of it.
    Whole,
}

impl Part {
    /// Which half it is.
    fn half(self) -> Option<Half> {
        match self {
            Self::Encoder => Some(Half::Encoder),
            Self::Decoder => Some(Half::Decoder),
            Self::Whole => None,
        }
    }

    /// The name on the command line.
    fn name(self) -> &'static str {
        self.half().map_or("whole", Half::name)
    }
}

/// How a model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A folder with weights in safetensors, configuration and scaling.
    Safetensors,
    /// An ONNX graph.
    Onnx,
    /// A module of PyTorch.
    Torch,
    /// All numbers as text.
    Json,
}

impl Format {
    /// The name on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Onnx => "onnx",
            Self::Torch => "torch",
            Self::Json => "json",
        }
    }
}

/// Writes a model for other programs, or compares what these make of it; the exit code.
pub fn export(args: &ExportArgs, json: bool) -> anyhow::Result<u8> {
    if let Some(results) = &args.check {
        return check::check(args, results, json);
    }
    match args.format {
        Format::Safetensors => safetensors(args, json)?,
        _ => portable::write(args, json)?,
    }
    Ok(0)
}

/// Writes half of a model, without the weights of the other half.
fn safetensors(args: &ExportArgs, json: bool) -> anyhow::Result<()> {
    let for_others = "`--format onnx`, `torch` or `json`";
    let Some(half) = args.part.and_then(Part::half) else {
        let message = "`--format safetensors` writes half of a model, and no half is named";
        let hint = format!(
            "add `--part encoder` or `--part decoder`, or {for_others}; a whole run is a folder already, with its weights in `checkpoints/best`"
        );
        return Err(usage(message, hint));
    };
    if args.normalised || args.samples.is_some() {
        let message = "`--normalised` and `--samples` are for other formats than `safetensors`";
        return Err(usage(
            message,
            format!("leave them out, or add {for_others}"),
        ));
    }
    let (_, trained) = open_without_data(&args.run)?;
    trained.export(half, &args.to)?;
    let path = shown(&args.to);
    if json {
        return output::json(
            &json!({ "part": half.name(), "format": "safetensors", "path": path }),
        );
    }
    output::text(&format!("{:<7}  {path}\n", half.name()))
}
