//! Which pictures a run has, drawn from its numbers.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use espejo_data::{Images, Shape};
use espejo_pictures::{
    Curves, Figure, Grid, Panel, Point, Scatter, Series, Sheet, Tile, curves, grid, scatter, sheet,
};
use espejo_train::config::Kind;
use espejo_train::{Folder, Rows, Trained, principal_plane};
use serde_json::Value;

use crate::output::shown;

/// Pictures on a sheet, at most.
const SHEET_PICTURES: usize = 96;
/// Columns of a sheet before it wraps.
const SHEET_COLUMNS: usize = 16;
/// Rows and columns of a decoded grid.
pub const GRID: (usize, usize) = (15, 15);

/// Draws every picture that suits the run into `figures/`; the PNG files written.
pub fn draw_all(trained: &Trained, folder: &Folder) -> anyhow::Result<Vec<String>> {
    let images = first(trained.images(), SHEET_PICTURES);
    let mut figures = vec![("loss", loss(trained, folder)?)];
    figures.push(match trained.config().model.kind {
        Kind::Dae => ("denoising", denoising(trained, &images, trained.noise(), 1)),
        _ => ("reconstruction", reconstruction(trained, &images)),
    });
    figures.push(("latent", latent_map(trained)));
    if trained.latent() == 2 {
        figures.push(("grid", latent_grid(trained, GRID, None)));
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

/// The first pictures of a set.
fn first(images: &Images, count: usize) -> Images {
    let indices: Vec<usize> = (0..images.len().min(count)).collect();
    images.select(&indices)
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
    let ink = trained.images().two_valued();
    rows.iter()
        .map(|row| Some(tile(row, trained.shape(), ink)))
        .collect()
}

/// Captions of pictures.
pub fn captions(images: &Images) -> Vec<String> {
    (0..images.len())
        .map(|index| images.caption(index).to_owned())
        .collect()
}

/// Name of the model, its layers and its data, for titles.
fn subject(trained: &Trained) -> String {
    let prepared = trained.prepared();
    let layers: Vec<String> = prepared
        .spec
        .layers()
        .iter()
        .map(ToString::to_string)
        .collect();
    format!(
        "{} {} on {}",
        trained.config().model.kind.title(),
        layers.join("-"),
        trained.config().data.name
    )
}

/// Originals over reconstructions, with the wrong pixels of each.
pub fn reconstruction(trained: &Trained, images: &Images) -> Figure {
    let clean = trained.clean(images);
    let output = trained.reconstruct(&clean);
    sheet(&Sheet {
        title: format!("Reconstruction, {}", subject(trained)),
        captions: captions(images),
        marks: marks(trained, &clean, &[None, Some(&output)]),
        rows: vec![
            ("original".into(), tiles(&clean, trained)),
            ("output".into(), tiles(&output, trained)),
        ],
        wrap: SHEET_COLUMNS,
    })
}

/// Originals, noisy copies and what the model makes of them, with the wrong pixels of both.
pub fn denoising(
    trained: &Trained,
    images: &Images,
    noise: espejo_train::Noise,
    seed: u64,
) -> Figure {
    let clean = trained.clean(images);
    let noisy = trained.noisy(images, noise, 1, seed);
    let output = trained.reconstruct(&noisy);
    sheet(&Sheet {
        title: format!("Denoising ({noise}), {}", subject(trained)),
        captions: captions(images),
        marks: marks(trained, &clean, &[None, Some(&noisy), Some(&output)]),
        rows: vec![
            ("original".into(), tiles(&clean, trained)),
            ("noisy".into(), tiles(&noisy, trained)),
            ("output".into(), tiles(&output, trained)),
        ],
        wrap: SHEET_COLUMNS,
    })
}

/// Under each two-valued picture its wrong pixels, or a tick.
fn marks(trained: &Trained, clean: &Rows, rows: &[Option<&Rows>]) -> Vec<Vec<Option<String>>> {
    if !trained.images().two_valued() {
        return Vec::new();
    }
    let mark = |(output, target): (&Vec<f32>, &Vec<f32>)| match wrong_pixels(output, target) {
        0 => Some("✓".to_owned()),
        wrong => Some(wrong.to_string()),
    };
    let row = |outputs: &Option<&Rows>| match outputs {
        None => vec![None; clean.len()],
        Some(outputs) => outputs.iter().zip(clean).map(mark).collect(),
    };
    rows.iter().map(row).collect()
}

/// Pixels on the wrong side of one half.
pub fn wrong_pixels(output: &[f32], target: &[f32]) -> usize {
    output
        .iter()
        .zip(target)
        .filter(|(o, t)| (**o > 0.5) != (**t > 0.5))
        .count()
}

/// The codes of the training pictures on a plane: as they are for two numbers, else their two principal components.
pub fn latent_map(trained: &Trained) -> Figure {
    let images = trained.images();
    let codes = trained.encode(images);
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
    scatter(&Scatter {
        title: format!("Codes, {}", subject(trained)),
        x_label,
        y_label,
        points: points(&plane, images, !classes.is_empty()),
        classes,
        range: None,
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

/// Labelled points; the caption of each picture is its label.
pub fn points(plane: &[(f64, f64)], images: &Images, coloured: bool) -> Vec<Point> {
    let point = |(index, (x, y)): (usize, &(f64, f64))| Point {
        x: *x,
        y: *y,
        label: Some(images.caption(index).to_owned()),
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
) -> Figure {
    let codes = trained.encode(trained.images());
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
    let ink = trained.images().two_valued();
    let note = match range {
        None if variational => "places are quantiles 0.05 to 0.95 of the prior",
        None => "places span the codes of the training pictures",
        Some(_) => "places are evenly spaced",
    };
    grid(&Grid {
        title: "Decoded codes".into(),
        x_label: "z1".into(),
        y_label: "z2".into(),
        xs,
        ys,
        tiles: trained
            .decode(&places)
            .iter()
            .map(|row| tile(row, trained.shape(), ink))
            .collect(),
        note: Some(format!("{}, {note}", subject(trained))),
    })
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
fn normal_quantile(p: f64) -> f64 {
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

/// Loss by epoch, its terms, and the squared error beside the baselines.
pub fn loss(trained: &Trained, folder: &Folder) -> anyhow::Result<Figure> {
    let path = folder.path().join("metrics.csv");
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("cannot read `{}`", shown(&path)))?;
    let table = Columns::parse(&text);
    let report = folder.report()?;
    let baselines = report["baselines"].as_object().cloned().unwrap_or_default();
    let baseline = |key: &str| {
        let named = baselines
            .iter()
            .filter_map(|(name, entry)| Some((baseline_name(name, entry), entry[key].as_f64()?)));
        named.collect::<Vec<_>>()
    };
    let unit = trained.prepared().spec.reconstruction.unit();
    let mut panels = vec![Panel {
        title: "loss".into(),
        y_label: unit.into(),
        series: table.series(&[("train_loss", "train", false), ("test_loss", "test", true)]),
        baselines: baseline("reconstruction"),
        log_y: true,
    }];
    let terms: Vec<String> = table.terms();
    if terms.len() > 1 {
        let names: Vec<_> = terms
            .iter()
            .map(|term| (format!("train_{term}"), term.clone()))
            .collect();
        let columns: Vec<(&str, &str, bool)> = names
            .iter()
            .map(|(column, term)| (column.as_str(), term.as_str(), false))
            .collect();
        panels.push(Panel {
            title: "terms of the training loss, unweighted".into(),
            y_label: "a picture".into(),
            series: table.series(&columns),
            baselines: Vec::new(),
            log_y: true,
        });
    }
    panels.push(Panel {
        title: "squared error".into(),
        y_label: "‖x − x̂‖² a picture".into(),
        series: table.series(&[("test_squared_error", "test", true)]),
        baselines: baseline("squared_error"),
        log_y: true,
    });
    Ok(curves(&Curves {
        title: format!("Training, {}", subject(trained)),
        x_label: "epoch".into(),
        panels,
    }))
}

/// The name of a baseline as people read it.
pub fn baseline_name(key: &str, entry: &Value) -> String {
    match (key, entry["components"].as_u64()) {
        ("pca", Some(components)) => format!("PCA-{components}"),
        ("mean_image", _) => "mean image".into(),
        ("nearest", _) => "nearest picture".into(),
        (other, _) => other.into(),
    }
}

/// The columns of `metrics.csv`.
struct Columns {
    names: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
}

impl Columns {
    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let names = lines
            .next()
            .unwrap_or("")
            .split(',')
            .map(str::to_owned)
            .collect();
        let rows = lines
            .map(|line| line.split(',').map(|cell| cell.parse().ok()).collect())
            .collect();
        Self { names, rows }
    }

    /// The terms of the objective, from the column names.
    fn terms(&self) -> Vec<String> {
        let terms = self
            .names
            .iter()
            .filter_map(|name| name.strip_prefix("train_"));
        terms
            .filter(|term| *term != "loss")
            .map(str::to_owned)
            .collect()
    }

    /// (column, name, dashed) as curves over epochs.
    fn series(&self, columns: &[(&str, &str, bool)]) -> Vec<Series> {
        let find = |column: &str| self.names.iter().position(|name| name == column);
        let curve = |(column, name, dashed): &(&str, &str, bool)| {
            let index = find(column)?;
            let point = |row: &Vec<Option<f64>>| Some(((*row.first()?)?, (*row.get(index)?)?));
            Some(Series {
                name: (*name).to_owned(),
                points: self.rows.iter().filter_map(point).collect(),
                dashed: *dashed,
            })
        };
        columns.iter().filter_map(curve).collect()
    }
}

/// The numbers of a run beside its baselines, as a table for people.
pub fn results_table(metrics: &Value, baselines: &Value) -> String {
    let empty = serde_json::Map::new();
    let row = |name: &str, entry: &Value| {
        let number = |key: &str, digits: usize| {
            entry[key]
                .as_f64()
                .map_or("–".to_owned(), |v| format!("{v:.digits$}"))
        };
        let wrong = match entry["wrong_pixels_max"].as_f64() {
            Some(max) => format!("{} (max {max})", number("wrong_pixels_mean", 3)),
            None => number("wrong_pixels_mean", 3),
        };
        format!(
            "{name:<16}  {:>14}  {:>13}  {wrong}\n",
            number("reconstruction", 4),
            number("squared_error", 4)
        )
    };
    let mut text = format!(
        "{:<16}  {:>14}  {:>13}  {}\n",
        "", "reconstruction", "squared error", "wrong pixels a picture"
    );
    text += &row("model", metrics);
    for (key, entry) in baselines.as_object().unwrap_or(&empty) {
        text += &row(&baseline_name(key, entry), entry);
    }
    if let Some(kl) = metrics["kl"].as_f64() {
        let _ = writeln!(
            text,
            "kl {kl:.4} nats, loss {:.4}, active units {}",
            metrics["loss"].as_f64().unwrap_or(f64::NAN),
            metrics["active_units"]
        );
    }
    text
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
