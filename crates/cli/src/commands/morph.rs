//! `espejo morph`: the decoded path between the latent codes of two images.

use clap::Args;
use espejo_data::Samples;
use espejo_pictures::{Sheet, sheet};
use espejo_train::{Rows, unit_rows};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::figure_file::FigureArgs;
use crate::figures::{MAX_DRAWN, tile};
use crate::latent_figures::linspace;
use crate::open_run::open_with_data;
use crate::output::{drawn, usage};
use crate::sample_kind::SampleKind;
use crate::titles::{code_text, run_name, subject};

/// The arguments of `espejo morph`.
#[derive(Args)]
pub struct MorphArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// The first image, by its caption (`A`) or its index (`#0`)
    #[arg(allow_hyphen_values = true)]
    pub from: String,
    /// The last image
    #[arg(allow_hyphen_values = true)]
    pub to: String,
    /// Number of images, both ends included
    #[arg(long, value_name = "N", default_value_t = 11)]
    pub steps: usize,
    #[command(flatten)]
    pub figure: FigureArgs,
}

/// Columns of the sheet before it wraps: the usual steps and the two images themselves.
const COLUMNS: usize = 13;

/// Captions in a message, at most.
const MAX_CAPTIONS: usize = 100;

/// Draws images decoded along the straight line between the codes of two images.
pub fn morph(args: &MorphArgs, json: bool) -> anyhow::Result<()> {
    args.figure.check()?;
    if !(2..=MAX_DRAWN).contains(&args.steps) {
        return Err(usage(
            format!("`--steps` is {}", args.steps),
            format!("give 2 to {MAX_DRAWN}"),
        ));
    }
    let (folder, trained) = open_with_data(&args.samples)?;
    trained.autoencoder()?;
    let images = &chosen_samples(&trained, &args.samples)?;
    if images.is_table() {
        return Err(usage(
            "a table has no images to draw",
            "use `encode` and `generate`, which print rows",
        ));
    }
    let ends = images.select(&[position(images, &args.from)?, position(images, &args.to)?]);
    let codes = trained.encode(&ends)?;
    let shares = linspace(0.0, 1.0, args.steps);
    let between = |share: &f64| -> Vec<f32> {
        codes[0]
            .iter()
            .zip(&codes[1])
            .map(|(from, to)| from + (to - from) * *share as f32)
            .collect()
    };
    let path: Rows = shares.iter().map(between).collect();
    let ink = images.two_valued();
    let decoded = trained.decode(&path)?;
    let originals = unit_rows(&ends)?;
    // The two images stand at the ends, outside of what the decoder makes of their codes.
    let rows = originals.iter().take(1).chain(&decoded);
    let rows = rows.chain(originals.iter().skip(1));
    let tiles = rows.map(|row| Some(tile(row, trained.shape(), ink)));
    let original = |end: usize| vec![format!("{} original", ends.caption(end))];
    let steps = shares.iter().map(|share| format!("{:.0} %", share * 100.0));
    let figure = sheet(&Sheet {
        title: format!(
            "From {} to {}, {}",
            ends.caption(0),
            ends.caption(1),
            subject(&trained)
        ),
        rows: vec![(String::new(), tiles.collect())],
        captions: [original(0), steps.collect(), original(1)].concat(),
        wrap: COLUMNS,
        key: format!(
            "Run {}; between the originals: decoded from codes on the straight line from {} to {}",
            run_name(&folder),
            code_text(&codes[0]),
            code_text(&codes[1])
        ),
        ..Sheet::default()
    });
    drawn(args.figure.save(&folder, &[("morph", figure)]), json)
}

/// Index of the image with this caption, or with this index after `#`.
fn position(images: &Samples, text: &str) -> anyhow::Result<usize> {
    let number = text
        .strip_prefix('#')
        .and_then(|number| number.parse::<usize>().ok())
        .filter(|n| *n < images.len());
    images.position(text).or(number).ok_or_else(|| {
        let hint = format!(
            "this run has {}, `#0` to `#{}`: {}",
            SampleKind::Image.count(images.len()),
            images.len() - 1,
            some_captions(images)
        );
        usage(format!("no image `{text}` in this run"), hint)
    })
}

/// Distinct captions, as many as a message can hold.
fn some_captions(images: &Samples) -> String {
    let mut different: Vec<&str> = Vec::new();
    for caption in (0..images.len()).map(|index| images.caption(index)) {
        if different.len() == MAX_CAPTIONS {
            different.push("…");
            break;
        }
        if !different.contains(&caption) {
            different.push(caption);
        }
    }
    different.join(" ")
}
