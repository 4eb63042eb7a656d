//! `espejo reconstruct`: samples beside their reconstructions.

use clap::Args;
use espejo_data::Samples;
use espejo_train::{Folder, Trained, unit_rows};
use serde_json::{Value, json};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::figure_file::FigureArgs;
use crate::figure_name::figure_name;
use crate::figures;
use crate::open_run::open_for;
use crate::output;
use crate::reconstruction_errors::reconstruction_errors;
use crate::sample_kind::SampleKind;

/// The arguments of `espejo reconstruct`.
#[derive(Args)]
pub struct ReconstructArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    #[command(flatten)]
    pub figure: FigureArgs,
}

/// Measures reconstructions, and draws images beside theirs.
pub fn reconstruct(args: &ReconstructArgs, json: bool) -> anyhow::Result<()> {
    args.figure.check()?;
    let (folder, trained) = open_for(&args.samples)?;
    let samples = chosen_samples(&trained, &args.samples)?;
    let clean = unit_rows(&samples)?;
    let errors = reconstruction_errors(&samples, &trained.reconstruct(&clean)?, &clean);
    let drawn = draw(args, &folder, &trained, &samples)?;
    if json {
        return output::json(&json!({ "figures": drawn, "model": errors }));
    }
    let count = SampleKind::of(&samples).count(samples.len());
    output::text(&(sentence(&count, &errors) + &output::figure_lines(&drawn)))
}

/// Draws images beside their reconstructions; nothing for a table.
fn draw(
    args: &ReconstructArgs,
    folder: &Folder,
    trained: &Trained,
    samples: &Samples,
) -> anyhow::Result<Vec<String>> {
    if samples.is_table() {
        return args.figure.none();
    }
    let data = args.samples.shown_data(trained);
    let figure = figures::reconstruction(trained, &figures::spread(samples), &data)?;
    let name = figure_name("reconstruction", &args.samples.told());
    args.figure.save(folder, &[(name, figure)])
}

/// How well the samples were reconstructed; `count` is their number in words.
fn sentence(count: &str, errors: &Value) -> String {
    // A JSON value itself would be printed with all its digits.
    let number = |key: &str| errors[key].as_f64();
    let squared = number("squared_error").unwrap_or(f64::NAN);
    match (errors["exact"].as_u64(), number("psnr")) {
        (Some(exact), _) => format!("{exact} of {count} reconstructed exactly\n"),
        (None, Some(psnr)) => {
            format!("{count} reconstructed with {psnr:.2} dB PSNR, squared error {squared:.3}\n")
        }
        (None, None) => format!("{count} reconstructed with squared error {squared:.4}\n"),
    }
}
