//! The figures of a run, and sheets of images beside their reconstructions.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use anyhow::anyhow;
use espejo_data::{Samples, Shape};
use espejo_kernels::threads;
use espejo_pictures::{Figure, Sheet, Tile, sheet};
use espejo_train::{
    Baseline, Folder, MAX_PSNR, Rows, Trained, check_folder, psnr, unit_rows, wrong_pixels,
};

use crate::curves;
use crate::drawing::Drawn;
use crate::figure_file::has_ending;
use crate::figure_name::figure_name;
use crate::fold_figures;
use crate::latent_figures::{GRID, latent_grid, latent_map};
use crate::output;
use crate::prediction_figures;
use crate::titles::{data_name, subject_on};

/// Two-valued images on a sheet, at most.
const SHEET_TWO_VALUED: usize = 96;
/// Grey and colour images on a sheet, at most: they are larger.
const SHEET_GREY: usize = 32;
/// Images of more pixels than this on a side are drawn larger, and fewer beside each other.
const SMALL: usize = 16;
/// Rows, columns, images or steps that one command draws, at most.
pub const MAX_DRAWN: usize = 10_000;

/// Columns of a sheet of such images before it wraps.
pub fn sheet_columns(shape: Shape) -> usize {
    match shape.height.max(shape.width) {
        0..=SMALL => 16,
        _ => 8,
    }
}

/// A figure by its kind, or why there is none.
pub type Made = (&'static str, anyhow::Result<Figure>);

/// Draws every figure that suits the run into `figures/`, and `more` behind them, and gives the PNG files written; a figure that fails leaves the
/// others. What a command was told in place of what training does stands behind their names.
pub fn draw_all(
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
    told: &[String],
    more: Vec<Made>,
) -> Drawn {
    let (mut drawn, mut figures) = (Drawn::default(), Vec::new());
    for made in [
        all(trained, folder, baselines),
        fold_figures::all(trained, folder),
        Ok(more),
    ] {
        match made {
            Ok(made) => figures.extend(made),
            Err(error) => drawn.fail(error),
        }
    }
    let mut named = Vec::new();
    for (kind, figure) in figures {
        match figure {
            Ok(figure) => named.push((figure_name(kind, told), figure)),
            Err(error) => drawn.fail(error),
        }
    }
    drawn.join(save_all(folder, &named));
    drawn
}

/// Every figure that suits the run, by its kind.
fn all(trained: &Trained, folder: &Folder, baselines: &[Baseline]) -> anyhow::Result<Vec<Made>> {
    if trained.prepared().spec.task.has_targets() {
        return prediction_figures::all(trained, folder, baselines);
    }
    let own = &data_name(trained);
    let mut figures = vec![("loss", curves::loss(trained, folder, baselines))];
    let has_images = !trained.test().is_table();
    if has_images {
        let shown = spread(trained.test());
        figures.push(if trained.prepared().spec.task.denoises() {
            let figure = denoising(trained, &shown, own, (trained.noise(), 1));
            ("denoising", figure)
        } else {
            ("reconstruction", reconstruction(trained, &shown, own))
        });
    }
    figures.push(("latent", latent_map(trained)));
    if has_images && trained.latent() == 2 {
        figures.push(("grid", latent_grid(trained, GRID, None)));
    }
    Ok(figures)
}

/// Writes figures into the run's `figures/`, each as PNG, SVG and a CSV that is not large, and gives the PNG files; one that fails leaves
/// the others.
pub fn save_all<S: AsRef<str> + Sync>(folder: &Folder, figures: &[(S, Figure)]) -> Drawn {
    let into = folder.path().join("figures");
    let mut drawn = Drawn::default();
    if let Err(error) = check_folder(&into) {
        drawn.fail(error.into());
        return drawn;
    }
    let mut saved: Vec<_> = figures.iter().map(|_| None).collect();
    // By the threads that computed what is drawn: new ones would each ask for memory of their own.
    let parts = figures.iter().zip(&mut saved).collect();
    threads::each(parts, |((stem, figure), saved): (&(S, Figure), &mut _)| {
        let save = AssertUnwindSafe(|| figure.save(&into, stem.as_ref()));
        *saved = Some(catch_unwind(save));
    });
    for ((stem, _), saved) in figures.iter().zip(saved) {
        drawn.add(match saved {
            Some(Ok(Ok(paths))) => Ok(pngs(&paths)),
            Some(Ok(Err(error))) => Err(error.into()),
            // What the panic said is on stderr.
            Some(Err(_)) | None => Err(anyhow!(
                "drawing `{}` failed in Espejo itself",
                stem.as_ref()
            )),
        });
    }
    drawn
}

/// Those files that a person looks at.
fn pngs(paths: &[PathBuf]) -> Vec<String> {
    let pngs = paths.iter().filter(|path| has_ending(path, &["png"]));
    pngs.map(|path| output::shown(path)).collect()
}

/// Images for a sheet, spread evenly over the classes and over each class.
pub fn spread(samples: &Samples) -> Samples {
    let count = if samples.two_valued() {
        SHEET_TWO_VALUED
    } else {
        SHEET_GREY
    };
    spread_over(samples, count)
}

/// `count` images at most, spread evenly over the classes and over each class.
pub fn spread_over(samples: &Samples, count: usize) -> Samples {
    if samples.len() <= count {
        return samples.clone();
    }
    let mut order: Vec<usize> = (0..samples.len()).collect();
    // Stable: within a class the order of the set.
    order.sort_by_key(|index| samples.label(*index));
    let picked: Vec<usize> = (0..count)
        .map(|place| order[(2 * place + 1) * samples.len() / (2 * count)])
        .collect();
    samples.select(&picked)
}

/// An image as it is drawn; with `ink`, dark on light paper.
pub fn tile(row: &[f32], shape: Shape, ink: bool) -> Tile {
    Tile {
        pixels: row.to_vec(),
        channels: shape.channels,
        height: shape.height,
        width: shape.width,
        ink,
    }
}

fn tiles(rows: &Rows, trained: &Trained) -> Vec<Option<Tile>> {
    let ink = trained.test().two_valued();
    rows.iter()
        .map(|row| Some(tile(row, trained.shape(), ink)))
        .collect()
}

/// Captions of the samples, in their order.
pub fn captions(images: &Samples) -> Vec<String> {
    (0..images.len())
        .map(|index| images.caption(index).to_owned())
        .collect()
}

/// Images of this data over their reconstructions, with the error of each.
pub fn reconstruction(trained: &Trained, images: &Samples, data: &str) -> anyhow::Result<Figure> {
    let clean = unit_rows(images)?;
    let output = trained.reconstruct(&clean)?;
    Ok(sheet(&Sheet {
        title: format!("Reconstruction, {}", subject_on(trained, data)),
        captions: captions(images),
        marks: marks(trained, &clean, &[None, Some(&output)]),
        rows: vec![
            ("original".into(), tiles(&clean, trained)),
            ("output".into(), tiles(&output, trained)),
        ],
        wrap: sheet_columns(images.shape()),
        key: key(trained),
        ..Sheet::default()
    }))
}

/// Images of this data, noisy copies and the outputs of the model, with the errors of both.
pub fn denoising(
    trained: &Trained,
    images: &Samples,
    data: &str,
    (noise, seed): (espejo_train::Noise, u64),
) -> anyhow::Result<Figure> {
    let clean = unit_rows(images)?;
    let noisy = trained.noisy(images, noise, 1, seed)?;
    let output = trained.reconstruct(&noisy)?;
    Ok(sheet(&Sheet {
        title: format!("Noise {noise}, {}", subject_on(trained, data)),
        captions: captions(images),
        marks: marks(trained, &clean, &[None, Some(&noisy), Some(&output)]),
        rows: vec![
            ("original".into(), tiles(&clean, trained)),
            ("noisy".into(), tiles(&noisy, trained)),
            ("output".into(), tiles(&output, trained)),
        ],
        wrap: sheet_columns(images.shape()),
        key: key(trained),
        ..Sheet::default()
    }))
}

/// What the marks under images mean.
fn key(trained: &Trained) -> String {
    match trained.test().two_valued() {
        true => format!(
            "Under an image: how many of its {} pixels are wrong; ✓: none",
            trained.shape().pixels()
        ),
        false => "Under an image: peak signal-to-noise ratio (PSNR) in decibels; more is better, \
                  3 dB are half the squared error; ✓: exact"
            .to_owned(),
    }
}

/// Mark under each image: the number of wrong pixels of a two-valued one, else the PSNR; a tick for no error.
fn marks(trained: &Trained, clean: &Rows, rows: &[Option<&Rows>]) -> Vec<Vec<Option<String>>> {
    let two_valued = trained.test().two_valued();
    let mark = |(output, target): (&Vec<f32>, &Vec<f32>)| {
        if !two_valued {
            return Some(match psnr(output, target) {
                ratio if ratio >= MAX_PSNR => "✓".to_owned(),
                ratio => format!("{ratio:.1} dB"),
            });
        }
        match wrong_pixels(output, target) {
            0 => Some("✓".to_owned()),
            wrong => Some(wrong.to_string()),
        }
    };
    let row = |outputs: &Option<&Rows>| match outputs {
        None => vec![None; clean.len()],
        Some(outputs) => outputs.iter().zip(clean).map(mark).collect(),
    };
    rows.iter().map(row).collect()
}
