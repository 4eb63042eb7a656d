//! Which pictures a run has, drawn from its numbers.

use std::path::PathBuf;

use espejo_data::{Samples, Shape};
use espejo_pictures::{Figure, Grid, Point, Scatter, Sheet, Tile, grid, scatter, sheet};
use espejo_train::config::Kind;
use espejo_train::{
    Folder, MAX_PSNR, Rows, Trained, principal_plane, psnr, unit_rows, wrong_pixels,
};

use serde_json::Value;

use crate::curves;
use crate::output::shown;
use crate::titles::subject;

/// Pictures on a sheet, at most: two-valued ones, and others, which are larger.
const SHEET_PICTURES: usize = 96;
const SHEET_PHOTOGRAPHS: usize = 32;
/// With more points than this, a map names classes and no single pictures.
const MAX_NAMED: usize = 100;
/// Columns of a sheet before it wraps.
const SHEET_COLUMNS: usize = 16;
/// Columns of a sheet of generated images.
pub const GENERATED_COLUMNS: usize = 12;
/// Rows, columns, images or steps that one command draws, at most.
pub const MAX_DRAWN: usize = 10_000;
/// Rows and columns of a decoded grid.
pub const GRID: (usize, usize) = (15, 15);

/// Draws every picture that suits the run into `figures/`; the PNG files written.
pub fn draw_all(
    trained: &Trained,
    folder: &Folder,
    baselines: &Value,
) -> anyhow::Result<Vec<String>> {
    let mut figures = vec![("loss", curves::loss(trained, folder, baselines)?)];
    let pictures = !trained.test().is_table();
    if pictures {
        let images = spread(trained.test());
        figures.push(match trained.config().model.kind {
            Kind::Dae => (
                "denoising",
                denoising(trained, &images, trained.noise(), 1)?,
            ),
            _ => ("reconstruction", reconstruction(trained, &images)?),
        });
    }
    figures.push(("latent", latent_map(trained)?));
    if pictures && trained.latent() == 2 {
        figures.push(("grid", latent_grid(trained, GRID, None)?));
    }
    save_all(folder, &figures)
}

/// Writes figures into the run's `figures/`, each as PNG, SVG and CSV; the PNG files.
pub fn save_all(folder: &Folder, figures: &[(&str, Figure)]) -> anyhow::Result<Vec<String>> {
    let into = folder.path().join("figures");
    let saved: Vec<Result<Vec<PathBuf>, espejo_pictures::Error>> = std::thread::scope(|scope| {
        let into = &into;
        let threads: Vec<_> = figures
            .iter()
            .map(|(stem, figure)| scope.spawn(move || figure.save(into, stem)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("drawing does not panic"))
            .collect()
    });
    let mut pngs = Vec::new();
    for paths in saved {
        pngs.extend(
            paths?
                .iter()
                .filter(|path| path.extension().is_some_and(|e| e == "png"))
                .map(|path| shown(path)),
        );
    }
    Ok(pngs)
}

/// Pictures for a sheet, spread evenly over the classes and each class.
pub fn spread(samples: &Samples) -> Samples {
    let count = if samples.two_valued() {
        SHEET_PICTURES
    } else {
        SHEET_PHOTOGRAPHS
    };
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

/// A picture as it is drawn: two-valued ones as ink on paper.
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

/// Captions of pictures.
pub fn captions(images: &Samples) -> Vec<String> {
    (0..images.len())
        .map(|index| images.caption(index).to_owned())
        .collect()
}

/// Originals over reconstructions, with the wrong pixels of each.
pub fn reconstruction(trained: &Trained, images: &Samples) -> anyhow::Result<Figure> {
    let clean = unit_rows(images)?;
    let output = trained.reconstruct(&clean);
    Ok(sheet(&Sheet {
        title: format!("Reconstruction, {}", subject(trained)),
        captions: captions(images),
        marks: marks(trained, &clean, &[None, Some(&output)]),
        rows: vec![
            ("original".into(), tiles(&clean, trained)),
            ("output".into(), tiles(&output, trained)),
        ],
        wrap: SHEET_COLUMNS,
    }))
}

/// Originals, noisy copies and what the model makes of them, with the wrong pixels of both.
pub fn denoising(
    trained: &Trained,
    images: &Samples,
    noise: espejo_train::Noise,
    seed: u64,
) -> anyhow::Result<Figure> {
    let clean = unit_rows(images)?;
    let noisy = trained.noisy(images, noise, 1, seed)?;
    let output = trained.reconstruct(&noisy);
    Ok(sheet(&Sheet {
        title: format!("Noise {noise}, {}", subject(trained)),
        captions: captions(images),
        marks: marks(trained, &clean, &[None, Some(&noisy), Some(&output)]),
        rows: vec![
            ("original".into(), tiles(&clean, trained)),
            ("noisy".into(), tiles(&noisy, trained)),
            ("output".into(), tiles(&output, trained)),
        ],
        wrap: SHEET_COLUMNS,
    }))
}

/// Under each two-valued picture its wrong pixels, or a tick; under others the noise ratio.
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

/// The codes of the test samples on a plane: as they are for two numbers, else their two principal components.
pub fn latent_map(trained: &Trained) -> anyhow::Result<Figure> {
    Ok(scatter(&latent_scatter(trained)?))
}

/// The map before it is drawn.
pub fn latent_scatter(trained: &Trained) -> anyhow::Result<Scatter> {
    let images = &trained.mapped();
    let codes = trained.encode(images)?;
    let (plane, note) = match trained.latent() {
        2 => (
            codes
                .iter()
                .map(|code| (f64::from(code[0]), f64::from(code[1])))
                .collect(),
            None,
        ),
        1 => (
            codes
                .iter()
                .enumerate()
                .map(|(i, code)| (f64::from(code[0]), i as f64))
                .collect(),
            Some("one number a picture; height is the picture's place in the set".to_owned()),
        ),
        latent => (
            principal_plane(&codes),
            Some(format!(
                "the two principal components of {latent} numbers a picture"
            )),
        ),
    };
    let classes = if images.classes().len() > 1 {
        images.classes().to_vec()
    } else {
        Vec::new()
    };
    let (x_label, y_label) = axis_labels(trained.latent());
    Ok(Scatter {
        title: format!("Codes, {}", subject(trained)),
        x_label,
        y_label,
        points: points(&plane, images, !classes.is_empty()),
        classes,
        range: None,
        density: false,
        note,
    })
}

fn axis_labels(latent: usize) -> (String, String) {
    let (x, y) = match latent {
        1 => ("z1", "picture"),
        2 => ("z1", "z2"),
        _ => ("component 1", "component 2"),
    };
    (x.into(), y.into())
}

/// Points of samples; where they are few, the caption of each is its label.
pub fn points(plane: &[(f64, f64)], images: &Samples, coloured: bool) -> Vec<Point> {
    let named = images.len() <= MAX_NAMED && !images.is_table();
    let point = |(index, (x, y)): (usize, &(f64, f64))| Point {
        x: *x,
        y: *y,
        label: named.then(|| images.caption(index).to_owned()),
        class: if coloured { images.label(index) } else { None },
    };
    plane.iter().enumerate().map(point).collect()
}

/// Decoded codes over the plane: `(rows, columns)`, within `range` on both axes; without one, the quantiles of the prior for
/// a `vae` and the span of the codes for the others.
pub fn latent_grid(
    trained: &Trained,
    (rows, columns): (usize, usize),
    range: Option<(f64, f64)>,
) -> anyhow::Result<Figure> {
    let codes = trained.encode(&trained.mapped())?;
    let variational = trained.config().model.kind == Kind::Vae;
    let axis = |dimension: usize, count: usize| match range {
        Some((low, high)) => linspace(low, high, count),
        None if variational => linspace(0.05, 0.95, count)
            .into_iter()
            .map(normal_quantile)
            .collect(),
        None => {
            let values = codes.iter().map(|code| f64::from(code[dimension]));
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
            linspace(low, high, count)
        }
    };
    let xs = axis(0, columns);
    let ys: Vec<f64> = axis(1, rows).into_iter().rev().collect();
    let places: Rows = ys
        .iter()
        .flat_map(|y| xs.iter().map(|x| vec![*x as f32, *y as f32]))
        .collect();
    let ink = trained.test().two_valued();
    let note = match range {
        None if variational => "places are quantiles 0.05 to 0.95 of the prior",
        None => "places span the codes of the pictures",
        Some(_) => "places are evenly spaced",
    };
    Ok(grid(&Grid {
        title: format!("Decoded codes, {}", subject(trained)),
        x_label: "z1".into(),
        y_label: "z2".into(),
        xs,
        ys,
        tiles: trained
            .decode(&places)
            .iter()
            .map(|row| tile(row, trained.shape(), ink))
            .collect(),
        note: Some(note.to_owned()),
        ..Grid::default()
    }))
}

/// `count` places from `low` to `high`, both included; one place is the middle.
pub fn linspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    let place = |index: usize| match count {
        1 => (low + high) / 2.0,
        _ => low + (high - low) * index as f64 / (count - 1) as f64,
    };
    (0..count).map(place).collect()
}

/// Φ⁻¹(p) by bisection of the distribution function: 50 halvings of [-10, 10] leave no error that a picture could show.
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if normal_cdf(middle) < p {
            low = middle
        } else {
            high = middle
        }
    }
    (low + high) / 2.0
}

/// Φ(x), by Simpson's rule on the density from 0.
fn normal_cdf(x: f64) -> f64 {
    const STEPS: usize = 200;
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let h = x / STEPS as f64;
    let weight = |i: usize| {
        if i == 0 || i == STEPS {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    0.5 + h / 3.0
        * (0..=STEPS)
            .map(|i| weight(i) * density(h * i as f64))
            .sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (p, expected) in [
            (0.5, 0.0),
            (0.95, 1.644_853_626_951),
            (0.025, -1.959_963_984_540),
        ] {
            assert!((normal_quantile(p) - expected).abs() < 1e-8, "{p}");
        }
    }

    #[test]
    fn linspace_has_both_ends() {
        assert_eq!(linspace(-1.0, 1.0, 3), [-1.0, 0.0, 1.0]);
        assert_eq!(linspace(-1.0, 2.0, 1), [0.5]);
    }
}
