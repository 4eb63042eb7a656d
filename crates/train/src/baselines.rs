//! What one gets without training: every model is shown beside these.

use burn::tensor::Tensor;
use espejo_data::Images;
use serde_json::{Map, Value, json};

use crate::config::Kind;
use crate::pca::Pca;
use crate::prepare::Prepared;
use crate::rows::{Rows, nearest, squared_error, unit_rows, wrong_pixels};
use crate::seed::Purpose;
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
struct Measured<'a> {
    /// The training pictures.
    train: &'a Images,
    /// The pictures they are measured on, as they should come back.
    clean: Rows,
    /// The same as a denoising model sees them.
    noisy: Option<Rows>,
}

/// All baselines of a run, on its test pictures.
pub fn of(prepared: &Prepared) -> Vec<Baseline> {
    let whole = prepared
        .measured_data(&prepared.test, Purpose::Evaluate)
        .whole();
    let low = prepared.spec.range.low();
    let unit = |pictures: Tensor<2>| -> Rows {
        let [_, pixels] = pictures.dims();
        let values: Vec<f32> = (pictures - low)
            .div_scalar(1.0 - low)
            .into_data()
            .iter()
            .collect();
        values.chunks_exact(pixels).map(<[f32]>::to_vec).collect()
    };
    let measured = Measured {
        train: &prepared.train,
        clean: unit(whole.clean),
        noisy: whole.noisy.map(unit),
    };
    baselines(&measured, &prepared.spec)
}

fn baselines(measured: &Measured<'_>, spec: &Spec) -> Vec<Baseline> {
    let train = unit_rows(measured.train);
    let clean = &measured.clean;
    let seen = measured.noisy.as_ref().unwrap_or(clean);
    let two_valued = measured.train.two_valued();
    let score = |key, name: String, components, outputs: Rows| Baseline {
        key,
        name,
        components,
        squared_error: mean_of(&outputs, clean, squared_error),
        reconstruction: reconstruction(spec, &outputs, clean),
        wrong_pixels_mean: two_valued
            .then(|| mean_of(&outputs, clean, |o, t| wrong_pixels(o, t) as f64)),
    };
    let pca = Pca::fit(&train, spec.latent());
    let (mean, k) = (vec![pca.mean(); clean.len()], pca.components());
    let projected = seen.iter().map(|row| pca.project(row)).collect();
    let mut all = vec![
        score("mean_image", "mean image".into(), None, mean),
        score("pca", format!("PCA-{k}"), Some(k), projected),
    ];
    if spec.kind == Kind::Dae {
        all.push(score("identity", "identity".into(), None, seen.clone()));
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

fn mean_of(outputs: &Rows, targets: &Rows, measure: impl Fn(&[f32], &[f32]) -> f64) -> f64 {
    outputs
        .iter()
        .zip(targets)
        .map(|(output, target)| measure(output, target))
        .sum::<f64>()
        / targets.len() as f64
}

/// The loss of a run, where it is defined: cross-entropy is for outputs in [0, 1] alone, which the mean image has and
/// projections on components have not.
fn reconstruction(spec: &Spec, outputs: &Rows, targets: &Rows) -> Option<f64> {
    let span = 1.0 - spec.range.low();
    let error: Box<dyn Fn(f64) -> f64> = match spec.reconstruction {
        Reconstruction::Mse => Box::new(|d| 0.5 * d * d),
        Reconstruction::Mae => Box::new(f64::abs),
        Reconstruction::LogCosh => Box::new(|d| d.cosh().ln()),
        Reconstruction::Correntropy { width } => {
            Box::new(move |d| width * width * (1.0 - (-0.5 * d * d / (width * width)).exp()))
        }
        Reconstruction::Bce | Reconstruction::Entropic => {
            let inside = outputs
                .iter()
                .flatten()
                .all(|output| (0.0..=1.0).contains(output));
            let value = mean_of(outputs, targets, cross_entropy);
            return (inside && value.is_finite()).then_some(value);
        }
    };
    let picture = |output: &[f32], target: &[f32]| {
        let differences = output
            .iter()
            .zip(target)
            .map(|(o, t)| span * (f64::from(*o) - f64::from(*t)));
        differences.map(&error).sum()
    };
    Some(mean_of(outputs, targets, picture))
}

/// -Σ t ln p + (1-t) ln(1-p), with 0 ln 0 = 0.
fn cross_entropy(output: &[f32], target: &[f32]) -> f64 {
    let nats = |p: f64, t: f64| if t == 0.0 { 0.0 } else { -t * p.ln() };
    let pixel = |(o, t): (&f32, &f32)| {
        let (o, t) = (f64::from(*o), f64::from(*t));
        nats(o, t) + nats(1.0 - o, 1.0 - t)
    };
    output.iter().zip(target).map(pixel).sum()
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
        let clean = unit_rows(&train);
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
