//! What one gets without training: every model is shown beside these.

use espejo_data::Images;
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use serde_json::{Map, Value, json};

use crate::config::Kind;
use crate::spec::Spec;
use espejo_nets::Reconstruction;

/// Training pictures that the nearest-picture rule compares with, at most.
const MAX_NEAREST: usize = 1000;

/// One baseline, per picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Its key in `run.json`: `mean_image`, `pca`, `identity` or `nearest`.
    pub key: &'static str,
    /// Its name in figures.
    pub name: String,
    /// Components of `pca`.
    pub components: Option<usize>,
    /// ‖x - x̂‖² with pixels in [0, 1].
    pub squared_error: f64,
    /// Its reconstruction loss in the unit of the run, where that is defined for it.
    pub reconstruction: Option<f64>,
    /// Pixels on the wrong side of one half, for two-valued pictures.
    pub wrong_pixels_mean: Option<f64>,
}

/// The pictures that baselines are fitted on and measured with, values in [0, 1].
pub struct Measured<'a> {
    /// The training pictures.
    pub train: &'a Images,
    /// The pictures they are measured on, as they should come back.
    pub clean: Vec<Vec<f32>>,
    /// The same as a denoising model sees them.
    pub noisy: Option<Vec<Vec<f32>>>,
}

/// All baselines of a run.
pub fn baselines(measured: &Measured<'_>, spec: &Spec) -> Vec<Baseline> {
    let train = unit_rows(measured.train);
    let two_valued = measured.train.two_valued();
    let seen = measured.noisy.as_ref().unwrap_or(&measured.clean);
    let mean = mean_row(&train);
    let pca = Pca::fit(&train, &mean, spec.latent());
    let score = |key, name: String, components, outputs: Vec<Vec<f64>>| Baseline {
        key,
        name,
        components,
        squared_error: mean_of(&outputs, &measured.clean, squared_error),
        reconstruction: reconstruction(spec.reconstruction, &outputs, &measured.clean),
        wrong_pixels_mean: two_valued.then(|| mean_of(&outputs, &measured.clean, wrong_pixels)),
    };
    let components = pca.components.ncols();
    let mut all = vec![
        score(
            "mean_image",
            "mean image".into(),
            None,
            vec![mean.clone(); measured.clean.len()],
        ),
        score(
            "pca",
            format!("PCA-{components}"),
            Some(components),
            seen.iter().map(|row| pca.project(row)).collect(),
        ),
    ];
    if spec.kind == Kind::Dae {
        all.push(score(
            "identity",
            "identity".into(),
            None,
            seen.iter().map(|row| to_f64(row)).collect(),
        ));
        if train.len() <= MAX_NEAREST {
            let outputs = seen
                .iter()
                .map(|row| nearest(row, &train).to_vec())
                .collect();
            all.push(score("nearest", "nearest picture".into(), None, outputs));
        }
    }
    all
}

/// The baselines as they stand in `run.json`.
pub fn to_json(baselines: &[Baseline]) -> Value {
    let entries = baselines.iter().map(|baseline| {
        let mut map = Map::new();
        let numbers = [
            ("components", baseline.components.map(|k| json!(k))),
            ("squared_error", Some(json!(baseline.squared_error))),
            (
                "reconstruction",
                baseline.reconstruction.map(|value| json!(value)),
            ),
            (
                "wrong_pixels_mean",
                baseline.wrong_pixels_mean.map(|value| json!(value)),
            ),
        ];
        for (key, value) in numbers {
            if let Some(value) = value {
                map.insert(key.into(), value);
            }
        }
        (baseline.key.to_owned(), Value::Object(map))
    });
    Value::Object(entries.collect())
}

/// The pictures with pixels in [0, 1].
pub fn unit_rows(images: &Images) -> Vec<Vec<f64>> {
    let levels = f64::from(images.levels());
    (0..images.len())
        .map(|i| {
            images
                .image(i)
                .iter()
                .map(|pixel| f64::from(*pixel) / levels)
                .collect()
        })
        .collect()
}

fn to_f64(row: &[f32]) -> Vec<f64> {
    row.iter().map(|value| f64::from(*value)).collect()
}

fn mean_row(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut mean = vec![0.0; rows[0].len()];
    for row in rows {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += value / rows.len() as f64;
        }
    }
    mean
}

fn mean_of(outputs: &[Vec<f64>], targets: &[Vec<f32>], measure: fn(&[f64], &[f32]) -> f64) -> f64 {
    outputs
        .iter()
        .zip(targets)
        .map(|(output, target)| measure(output, target))
        .sum::<f64>()
        / targets.len() as f64
}

fn squared_error(output: &[f64], target: &[f32]) -> f64 {
    output
        .iter()
        .zip(target)
        .map(|(o, t)| (o - f64::from(*t)).powi(2))
        .sum()
}

fn wrong_pixels(output: &[f64], target: &[f32]) -> f64 {
    output
        .iter()
        .zip(target)
        .filter(|(o, t)| (**o > 0.5) != (**t > 0.5))
        .count() as f64
}

/// Cross-entropy is defined for outputs in [0, 1] alone: the mean image has one, projections on components do not.
fn reconstruction(loss: Reconstruction, outputs: &[Vec<f64>], targets: &[Vec<f32>]) -> Option<f64> {
    match loss {
        Reconstruction::Mse => Some(0.5 * mean_of(outputs, targets, squared_error)),
        Reconstruction::Bce | Reconstruction::Entropic => {
            let inside = outputs
                .iter()
                .flatten()
                .all(|output| (0.0..=1.0).contains(output));
            let value = mean_of(outputs, targets, cross_entropy);
            (inside && value.is_finite()).then_some(value)
        }
        _ => None,
    }
}

fn cross_entropy(output: &[f64], target: &[f32]) -> f64 {
    let nats = |p: f64, t: f64| if t == 0.0 { 0.0 } else { -t * p.ln() };
    let pixels = output.iter().zip(target).map(|(o, t)| {
        let t = f64::from(*t);
        nats(*o, t) + nats(1.0 - o, 1.0 - t)
    });
    pixels.sum()
}

fn nearest<'a>(row: &[f32], pictures: &'a [Vec<f64>]) -> &'a [f64] {
    let distance = |picture: &&Vec<f64>| squared_error(picture, row);
    let nearest = pictures
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.expect("a data set is not empty")
}

/// The two principal components of each row, for maps of codes of more than two numbers.
pub fn principal_plane(rows: &[Vec<f32>]) -> Vec<(f64, f64)> {
    let wide: Vec<Vec<f64>> = rows.iter().map(|row| to_f64(row)).collect();
    let pca = Pca::fit(&wide, &mean_row(&wide), 2);
    let place = |row: &Vec<f32>| {
        let centred = DVector::from_iterator(row.len(), row.iter().map(|value| f64::from(*value)))
            - &pca.mean;
        let at = pca.components.transpose() * centred;
        (at[0], at[1])
    };
    rows.iter().map(place).collect()
}

/// Principal components of the training pictures (Pearson 1901), by the eigenvectors of their covariance.
struct Pca {
    mean: DVector<f64>,
    components: DMatrix<f64>, // [pixels, k]
}

impl Pca {
    fn fit(rows: &[Vec<f64>], mean: &[f64], k: usize) -> Self {
        let pixels = mean.len();
        let mean = DVector::from_column_slice(mean);
        let centred = DMatrix::from_fn(rows.len(), pixels, |i, j| rows[i][j] - mean[j]);
        let eigen = SymmetricEigen::new(centred.transpose() * &centred);
        let mut order: Vec<usize> = (0..pixels).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let columns: Vec<_> = order
            .iter()
            .take(k.min(pixels))
            .map(|i| eigen.eigenvectors.column(*i))
            .collect();
        Self {
            mean,
            components: DMatrix::from_columns(&columns),
        }
    }

    fn project(&self, row: &[f32]) -> Vec<f64> {
        let centred = DVector::from_iterator(row.len(), row.iter().map(|value| f64::from(*value)))
            - &self.mean;
        let projected = &self.components * (self.components.transpose() * centred) + &self.mean;
        projected.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use espejo_data::{Selection, load};

    use super::*;
    use crate::config::RunConfig;

    /// Mean image and PCA-2 of a font, against numbers computed once in numpy.
    fn check(name: &str, mean_image: f64, pca: f64) {
        let train = load(name, &Selection::default()).expect("built in");
        let spec = Spec::new(&RunConfig::default(), 35).expect("the default configuration runs");
        let clean: Vec<Vec<f32>> = unit_rows(&train)
            .iter()
            .map(|row| row.iter().map(|value| *value as f32).collect())
            .collect();
        let all = baselines(
            &Measured {
                train: &train,
                clean,
                noisy: None,
            },
            &spec,
        );
        assert!(
            (all[0].squared_error - mean_image).abs() < 5e-4,
            "{name}: {all:?}"
        );
        assert!((all[1].squared_error - pca).abs() < 5e-4, "{name}: {all:?}");
    }

    #[test]
    fn the_fonts_have_the_known_baselines() {
        check("fonts:1", 6.912, 4.535);
        check("fonts:2", 7.112, 4.397);
        check("fonts:3", 7.155, 5.220);
    }

    #[test]
    fn the_cross_entropy_of_an_undecided_mean_is_ln_2_a_pixel() {
        let value = cross_entropy(&[0.5, 0.5, 1.0], &[0.0, 1.0, 1.0]);
        assert!((value - 2.0 * std::f64::consts::LN_2).abs() < 1e-12);
    }
}
