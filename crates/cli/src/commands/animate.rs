//! `espejo animate`: the latent space during training, or a walk through it.

use clap::Args;
use espejo_pictures::{Figure, Pace, Scatter, apng, gif, scatter};
use espejo_train::{Folder, MAX_MAPPED, Trained};
use serde_json::json;

use crate::latent_figures::points;
use crate::latent_path::{Way, walk_frames, wrong_dimensions};
use crate::open_run::{RunArgs, open};
use crate::output::{self, shown, usage};
use crate::titles::data_name;

/// The arguments of `espejo animate`.
#[derive(Args)]
pub struct AnimateArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Frames per second
    #[arg(long, default_value_t = 12.0)]
    pub fps: f64,
    /// Walk through the latent space: `loop` (a closed smooth curve) or `spiral` (inwards, over all of a code of 2 dimensions)
    #[arg(long, value_name = "WAY", hide_possible_values = true)]
    pub walk: Option<Way>,
    /// Number of frames of a walk
    #[arg(long, value_name = "N", default_value_t = 120, requires = "walk")]
    pub frames: usize,
}

/// Animates a walk, or the codes of the samples at the epochs at which they were recorded.
pub fn animate(args: &AnimateArgs, json: bool) -> anyhow::Result<()> {
    if !(0.1..=50.0).contains(&args.fps) {
        return Err(usage(format!("`--fps` is {}", args.fps), "give 0.1 to 50"));
    }
    let (folder, trained) = open(&args.run)?;
    trained.autoencoder()?;
    if let Some(way) = args.walk {
        let frames = walk_frames(&trained, way, args.frames)?;
        let stem = match way {
            Way::Loop => "walk-loop",
            Way::Spiral => "walk-spiral",
        };
        let pace = Pace {
            frames_per_second: args.fps,
            rests: way != Way::Loop,
        };
        return animated(&folder, stem, &frames, pace, json);
    }
    if trained.latent() != 2 {
        return Err(usage(
            wrong_dimensions(trained.latent()),
            "an animation of the training needs 2 dimensions; `--walk loop` needs any number",
        ));
    }
    if trained.test().len() > MAX_MAPPED {
        return Err(usage(
            format!(
                "the codes of {} samples were not recorded during training",
                trained.test().len()
            ),
            "codes are recorded for up to 1,000 samples; `--walk loop` animates a walk through the latent space",
        ));
    }
    let history = folder.code_history(trained.test().len())?;
    let frames = frames(&trained, &history);
    animated(&folder, "training", &frames, args.fps.into(), json)
}

/// Writes frames as GIF and APNG, and says where.
fn animated(
    folder: &Folder,
    stem: &str,
    frames: &[Figure],
    pace: Pace,
    json: bool,
) -> anyhow::Result<()> {
    let into = folder.path().join("animations");
    let (path, full) = (
        into.join(format!("{stem}.gif")),
        into.join(format!("{stem}.png")),
    );
    gif(frames, pace, &path)?;
    apng(frames, pace, &full)?;
    if json {
        let value =
            json!({ "animation": shown(&path), "apng": shown(&full), "frames": frames.len() });
        return output::json(&value);
    }
    output::text(&format!(
        "animation  {} ({} frames)\nanimation  {} (in full colour)\n",
        shown(&path),
        frames.len(),
        shown(&full)
    ))
}

/// One scatter plot per recorded epoch, all on the same axes.
fn frames(trained: &Trained, history: &[(usize, Vec<(f64, f64)>)]) -> Vec<Figure> {
    let all = || history.iter().flat_map(|(_, plane)| plane);
    let range = [
        span(all().map(|point| point.0)),
        span(all().map(|point| point.1)),
    ];
    let images = trained.test();
    let coloured = images.classes().len() > 1;
    let frame = |(epoch, plane): &(usize, Vec<(f64, f64)>)| {
        scatter(&Scatter {
            title: format!("Latent space during training, {}", data_name(trained)),
            x_label: "z1".into(),
            y_label: "z2".into(),
            points: points(plane, images, coloured),
            classes: if coloured {
                images.classes().to_vec()
            } else {
                Vec::new()
            },
            range: Some(range),
            density: false,
            note: Some(format!("epoch {epoch}")),
        })
    };
    history.iter().map(frame).collect()
}

/// Lowest and highest value, with a margin of 5 % on both sides.
fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    });
    let margin = 0.05 * (high - low).max(1e-6);
    (low - margin, high + margin)
}
