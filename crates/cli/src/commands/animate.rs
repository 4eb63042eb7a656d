//! `espejo animate`: the latent space during training, or a walk through it.

use std::path::{Path, PathBuf};

use clap::Args;
use espejo_data::Samples;
use espejo_pictures::{Figure, Pace, Scatter, apng, film, gif, scatter};
use espejo_train::{Folder, Trained, check_folder};
use serde_json::json;

use crate::figure_file::has_ending;
use crate::latent_figures::points;
use crate::latent_path::{Way, walk_frames, wrong_dimensions};
use crate::open_run::{RunArgs, open};
use crate::output::{self, shown, usage};
use crate::titles::{class_names, subject};

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
    /// Write the animation to this file alone: `.gif`, or in full colour `.png` or `.apng` [default: both, into the run's
    /// `animations/`]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Animates a walk, or the codes of the samples at the epochs at which they were recorded.
pub fn animate(args: &AnimateArgs, json: bool) -> anyhow::Result<()> {
    if !(0.1..=50.0).contains(&args.fps) {
        return Err(usage(format!("`--fps` is {}", args.fps), "give 0.1 to 50"));
    }
    let is_animation = |path: &PathBuf| has_ending(path, &["gif", "png", "apng"]);
    if let Some(path) = args.to.as_ref().filter(|path| !is_animation(path)) {
        return Err(usage(
            format!("`--to` is `{}`", shown(path)),
            "give a file ending in `.gif`, `.png` or `.apng`",
        ));
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
        return animated(args, &folder, stem, &frames, pace, json);
    }
    if trained.latent() != 2 {
        return Err(usage(
            wrong_dimensions(trained.latent()),
            "an animation of the training needs 2 dimensions; `--walk loop` needs any number",
        ));
    }
    let samples = trained.noted();
    let history = folder.code_history(samples.len())?;
    let frames = frames(&trained, &samples, &history);
    animated(args, &folder, "training", &frames, args.fps.into(), json)
}

/// Writes frames as GIF and APNG, and says where.
fn animated(
    args: &AnimateArgs,
    folder: &Folder,
    stem: &str,
    frames: &[Figure],
    pace: Pace,
    json: bool,
) -> anyhow::Result<()> {
    if let Some(path) = &args.to {
        return one_file(path, frames, pace, json);
    }
    let into = folder.path().join("animations");
    check_folder(&into)?;
    let (path, full) = (
        into.join(format!("{stem}.gif")),
        into.join(format!("{stem}.png")),
    );
    film(frames, pace, &path, &full)?;
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

/// Writes frames to the file that was asked for.
fn one_file(path: &Path, frames: &[Figure], pace: Pace, json: bool) -> anyhow::Result<()> {
    match has_ending(path, &["gif"]) {
        true => gif(frames, pace, path)?,
        false => apng(frames, pace, path)?,
    }
    if json {
        return output::json(&json!({ "animation": shown(path), "frames": frames.len() }));
    }
    let line = format!("animation  {} ({} frames)\n", shown(path), frames.len());
    output::text(&line)
}

/// One scatter plot per recorded epoch, all on the same axes.
fn frames(
    trained: &Trained,
    images: &Samples,
    history: &[(usize, Vec<(f64, f64)>)],
) -> Vec<Figure> {
    let all = || history.iter().flat_map(|(_, plane)| plane);
    let range = [
        span(all().map(|point| point.0)),
        span(all().map(|point| point.1)),
    ];
    let shown = match trained.test().len() {
        all if all > images.len() => format!(", {} of {all} samples", images.len()),
        _ => String::new(),
    };
    let coloured = images.classes().len() > 1;
    let frame = |(epoch, plane): &(usize, Vec<(f64, f64)>)| {
        scatter(&Scatter {
            title: format!("Latent space during training, {}", subject(trained)),
            x_label: "z1".into(),
            y_label: "z2".into(),
            points: points(plane, images, coloured),
            classes: if coloured {
                class_names(images.classes())
            } else {
                Vec::new()
            },
            range: Some(range),
            note: Some(format!("epoch {epoch}{shown}")),
            ..Scatter::default()
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
