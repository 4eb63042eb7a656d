//! `espejo denoise`: noise added and removed again, beside the baselines.

use clap::Args;
use espejo_data::Samples;
use espejo_train::{
    Folder, Noise, Rows, Trained, check_copies, median_filter, nearest, parse_noise, unit_rows,
};
use serde_json::{Value, json};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::compact_number::compact;
use crate::drawing::Drawn;
use crate::figure_file::OptionalFigureArgs;
use crate::figure_name::figure_name;
use crate::figures;
use crate::open_run::open_with_data;
use crate::output::{self, usage};
use crate::reconstruction_errors::reconstruction_errors;
use crate::results_table::baseline_name;
use crate::sample_kind::SampleKind;

/// The arguments of `espejo denoise`.
#[derive(Args)]
pub struct DenoiseArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    #[arg(long, value_name = "KIND:STRENGTH", help = format!("Noise to add, as in `salt-pepper:.1`: {} [default: that of the training]", Noise::NAMES.join(", ")))]
    pub noise: Option<String>,
    /// Noisy copies of each sample [default: up to 100, about 3200 in all]
    #[arg(long, value_name = "N")]
    pub copies: Option<usize>,
    /// Seed of the noise
    #[arg(long, default_value_t = SEED)]
    pub seed: u64,
    #[command(flatten)]
    pub figure: OptionalFigureArgs,
}

/// The seed of the noise in the figures of a training.
const SEED: u64 = 1;

/// Training samples that the nearest-neighbour baseline compares with, at most.
const MAX_NEAREST: usize = 1000;
/// Noisy samples that are measured by default, about.
const NOISY_SAMPLES: usize = 3200;
/// Noisy copies of each sample by default, at most.
const MAX_COPIES: usize = 100;

/// The errors of the model or of a baseline, with its key.
type NamedErrors = (&'static str, Value);

/// Adds noise, removes it with the model and with the baselines, and measures what is left.
pub fn denoise(args: &DenoiseArgs, json: bool) -> anyhow::Result<()> {
    args.figure.file.check()?;
    // The nearest training sample is one of the baselines.
    let (folder, trained) = open_with_data(&args.samples)?;
    trained.autoencoder()?;
    let samples = chosen_samples(&trained, &args.samples)?;
    let noise = chosen_noise(args, &trained)?;
    let copies = chosen_copies(args, &samples)?;
    let errors = measured(
        &trained,
        &samples,
        trained.noisy(&samples, noise, copies, args.seed)?,
    )?;
    if samples.is_table() {
        args.figure.file.none()?;
    }
    let draw = || match samples.is_table() {
        true => Drawn::default(),
        false => draw(args, &folder, &trained, &samples),
    };
    if json {
        let drawn = draw();
        let (noise, figures) = (noise.to_string(), drawn.files());
        let mut value = json!({ "noise": noise, "copies": copies, "figures": figures });
        for (name, entry) in errors {
            value[name] = entry;
        }
        output::json(&value)?;
        return drawn.end();
    }
    let kind = SampleKind::of(&samples);
    let heading = format!(
        "noise {noise}, {copies} noisy copies of {}\n",
        kind.count(samples.len())
    );
    let table = if samples.two_valued() {
        wrong_pixels_table(&errors, kind)
    } else {
        squared_error_table(&errors, kind)
    };
    output::text(&(heading + &table))?;
    let drawn = draw();
    output::text(&drawn.lines())?;
    drawn.end()
}

/// The noise that was asked for, or the noise of the run.
fn chosen_noise(args: &DenoiseArgs, trained: &Trained) -> anyhow::Result<Noise> {
    match &args.noise {
        None if trained.noise() == Noise::None => Err(usage(
            "this run was trained without noise",
            "say which to add, as in `--noise gaussian:.2`",
        )),
        None => Ok(trained.noise()),
        Some(text) => Ok(parse_noise(text)?),
    }
}

/// Noisy copies of each sample, as many as were asked for and as fit the memory.
fn chosen_copies(args: &DenoiseArgs, samples: &Samples) -> anyhow::Result<usize> {
    let copies = args
        .copies
        .unwrap_or_else(|| NOISY_SAMPLES.div_ceil(samples.len()).min(MAX_COPIES));
    if copies == 0 {
        return Err(usage("`--copies` is 0", "give 1 or more"));
    }
    check_copies("--copies", copies, samples.len(), samples.shape().pixels())?;
    Ok(copies)
}

/// The errors of the model, of the noisy input and of the other baselines, in this order.
fn measured(trained: &Trained, samples: &Samples, noisy: Rows) -> anyhow::Result<Vec<NamedErrors>> {
    let clean = unit_rows(samples)?
        .into_iter()
        .cycle()
        .take(noisy.len())
        .collect::<Rows>();
    let errors = |outputs: &Rows| reconstruction_errors(samples, outputs, &clean);
    let mut all = vec![
        ("model", errors(&trained.reconstruct(&noisy)?)),
        ("identity", errors(&noisy)),
    ];
    let learned = &trained.prepared().train;
    if learned.len() <= MAX_NEAREST {
        let known = unit_rows(learned)?;
        let rows = noisy.iter().map(|row| nearest(row, &known).to_vec());
        all.push(("nearest", errors(&rows.collect())));
    }
    if !samples.is_table() && !samples.two_valued() {
        let shape = samples.shape();
        let filter =
            |row: &Vec<f32>| median_filter(row, shape.channels, shape.height, shape.width, 3);
        all.push(("median", errors(&noisy.iter().map(filter).collect())));
    }
    Ok(all)
}

/// Draws images, noisy images and outputs.
fn draw(args: &DenoiseArgs, folder: &Folder, trained: &Trained, samples: &Samples) -> Drawn {
    args.figure.draw(folder, || {
        let noise = chosen_noise(args, trained)?;
        let mut told = args.samples.told();
        told.extend((noise != trained.noise()).then(|| noise.to_string()));
        told.extend((args.seed != SEED).then(|| format!("seed-{}", args.seed)));
        let data = args.samples.shown_data(trained);
        let shown = figures::spread(samples);
        let figure = figures::denoising(trained, &shown, &data, (noise, args.seed))?;
        Ok(vec![(figure_name("denoising", &told), figure)])
    })
}

/// Model and baselines, a row each, for tables and for grey and colour images.
fn squared_error_table(errors: &[NamedErrors], kind: SampleKind) -> String {
    let psnr_heading = match kind {
        SampleKind::Image => "PSNR dB",
        SampleKind::Row | SampleKind::Window | SampleKind::Text => "",
    };
    let mut text = row(format!(
        "{:<16}  {:>13}  {psnr_heading:>8}",
        "", "squared error"
    ));
    for (name, entry) in errors {
        let name = baseline_name(name, kind);
        let squared = entry["squared_error"].as_f64().unwrap_or(f64::NAN);
        let squared = compact(squared, 4);
        let psnr = entry["psnr"].as_f64();
        let psnr = psnr.map_or(String::new(), |psnr| format!("{psnr:.2}"));
        text += &row(format!("{name:<16}  {squared:>13}  {psnr:>8}"));
    }
    text
}

/// Model and baselines, a row each, for two-valued images.
fn wrong_pixels_table(errors: &[NamedErrors], kind: SampleKind) -> String {
    let mut text = row(format!(
        "{:<16}  {:>12}  {:>5}  {:>14}",
        "", "wrong pixels", "worst", "exact images"
    ));
    for (name, entry) in errors {
        let name = baseline_name(name, kind);
        let number = |key: &str| entry[key].as_f64().unwrap_or(f64::NAN);
        let share = 100.0 * number("exact") / number("pictures");
        let (mean, worst) = (number("wrong_pixels_mean"), &entry["wrong_pixels_max"]);
        text += &row(format!(
            "{name:<16}  {mean:>12.3}  {worst:>5}  {share:>12.1} %"
        ));
    }
    text
}

fn row(text: String) -> String {
    format!("{}\n", text.trim_end())
}
