//! Figures of the latent space: the codes of the samples as a scatter plot, and images decoded from a grid of codes.

use espejo_data::Samples;
use espejo_pictures::{Figure, Grid, Point, Scatter, grid, scatter};
use espejo_train::{Rows, Trained};

use crate::figures::tile;
use crate::latent_plane::LatentPlane;
use crate::normal_distribution::normal_quantile;
use crate::sample_kind::SampleKind;
use crate::titles::{class_names, subject};

/// Above this number of points, a scatter plot names classes but no single images.
const MAX_NAMED: usize = 100;

/// Rows and columns of the grid of decoded codes, by default.
pub const GRID: (usize, usize) = (15, 15);

/// Circles of the prior on a plot of codes, in standard deviations.
const CIRCLES: [f64; 2] = [1.0, 2.0];

/// Scatter plot of the latent codes of the test samples, by their first two principal components above two dimensions.
pub fn latent_map(trained: &Trained) -> anyhow::Result<Figure> {
    Ok(scatter(&latent_scatter(trained)?.0))
}

/// Scatter plot of the codes of these samples.
pub fn latent_map_of(trained: &Trained, samples: &Samples) -> anyhow::Result<Figure> {
    Ok(scatter(&latent_scatter_of(trained, samples)?.0))
}

/// The scatter plot before it is drawn, and the plane of its points.
pub fn latent_scatter(trained: &Trained) -> anyhow::Result<(Scatter, LatentPlane)> {
    latent_scatter_of(trained, &trained.mapped())
}

fn latent_scatter_of(
    trained: &Trained,
    images: &Samples,
) -> anyhow::Result<(Scatter, LatentPlane)> {
    let kind = SampleKind::of(images);
    let codes = trained.encode(images)?;
    let plane = LatentPlane::of(trained, &codes, kind);
    let classes = match images.classes().len() {
        0 | 1 => Vec::new(),
        _ => class_names(images.classes()),
    };
    let circles = match (trained.prior(), trained.latent()) {
        (Some(_), 2) => CIRCLES.to_vec(),
        _ => Vec::new(),
    };
    let scatter = Scatter {
        title: format!("Latent space, {}", subject(trained)),
        x_label: plane.x_label.clone(),
        y_label: plane.y_label.clone(),
        points: points(&plane.places(&codes), images, !classes.is_empty()),
        classes,
        note: Some(plane.note.clone()).filter(|note| !note.is_empty()),
        circles,
        ..Scatter::default()
    };
    Ok((scatter, plane))
}

/// Points of a scatter plot; up to 100 images are labelled with their captions.
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

/// Images decoded from a grid of codes, `(rows, columns)`, within `range` on both axes. Without a range, the axes are quantiles
/// of the prior of a `vae`, or span the codes of the test samples.
pub fn latent_grid(
    trained: &Trained,
    (rows, columns): (usize, usize),
    range: Option<(f64, f64)>,
) -> anyhow::Result<Figure> {
    let variational = trained.prior().is_some();
    let codes = match range.is_none() && !variational {
        true => trained.encode(&trained.mapped())?,
        false => Rows::new(),
    };
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
        None if variational => "grid points: quantiles 0.05 to 0.95 of the prior",
        None => "grid points: evenly spaced over the range of the codes",
        Some(_) => "grid points: evenly spaced",
    };
    Ok(grid(&Grid {
        title: format!("Decoded codes, {}", subject(trained)),
        x_label: "z1".into(),
        y_label: "z2".into(),
        xs,
        ys,
        tiles: trained
            .decode(&places)?
            .iter()
            .map(|row| tile(row, trained.shape(), ink))
            .collect(),
        note: Some(note.to_owned()),
        ..Grid::default()
    }))
}

/// Evenly spaced values from `low` to `high`, both included; a single value is the middle.
pub fn linspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    let value = |index: usize| match count {
        1 => (low + high) / 2.0,
        _ => low + (high - low) * index as f64 / (count - 1) as f64,
    };
    (0..count).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linspace_has_both_ends() {
        assert_eq!(linspace(-1.0, 1.0, 3), [-1.0, 0.0, 1.0]);
        assert_eq!(linspace(-1.0, 2.0, 1), [0.5]);
    }
}
