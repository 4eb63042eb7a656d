//! `espejo reconstruct`: samples beside their reconstructions.

use espejo_data::Samples;
use espejo_train::{Folder, Trained, unit_rows};
use serde_json::{Value, json};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::compact_number::compact;
use crate::figures;
use crate::open_run::open_for;
use crate::output;
use crate::reconstruction_errors::reconstruction_errors;
use crate::sample_kind::SampleKind;

/// Measures reconstructions, and draws images beside theirs.
pub fn reconstruct(args: &SampleArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open_for(args)?;
    let samples = chosen_samples(&trained, args)?;
    let clean = unit_rows(&samples)?;
    let errors = reconstruction_errors(&samples, &trained.reconstruct(&clean)?, &clean);
    let drawn = draw(&folder, &trained, &samples)?;
    if json {
        return output::json(&json!({ "figures": drawn, "model": errors }));
    }
    let count = SampleKind::of(&samples).count(samples.len());
    output::text(&(sentence(&count, &errors) + &output::figure_lines(&drawn)))
}

/// Draws images beside their reconstructions; nothing for a table.
fn draw(folder: &Folder, trained: &Trained, samples: &Samples) -> anyhow::Result<Vec<String>> {
    if samples.is_table() {
        return Ok(Vec::new());
    }
    let figure = figures::reconstruction(trained, &figures::spread(samples))?;
    figures::save_all(folder, &[("reconstruction", figure)])
}

/// How well the samples were reconstructed; `count` is their number in words.
fn sentence(count: &str, errors: &Value) -> String {
    // A JSON value itself would be printed with all its digits.
    let number = |key: &str| errors[key].as_f64();
    let squared = |digits| compact(number("squared_error").unwrap_or(f64::NAN), digits);
    match (errors["exact"].as_u64(), number("psnr")) {
        (Some(exact), _) => format!("{exact} of {count} reconstructed exactly\n"),
        (None, Some(psnr)) => {
            format!(
                "{count} reconstructed with {psnr:.2} dB PSNR, squared error {}\n",
                squared(3)
            )
        }
        (None, None) => format!("{count} reconstructed with squared error {}\n", squared(4)),
    }
}
