//! What one gets without training: every model is shown beside these.

use burn::tensor::Tensor;
use espejo_nets::{Model, Range};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::config::Kind;
use crate::median::median_filter;
use crate::pca::Pca;
use crate::prepare::Prepared;
use crate::rows::{Rows, nearest, unit_rows};
use crate::seed::Purpose;
use crate::spec::AnyModel;
use crate::tally::{Measure, Quality, Tally};

/// Training pictures that the nearest-picture rule compares with, at most.
const MAX_NEAREST: usize = 1000;
/// Values of all training samples together that the exact principal components are taken from, at most; more come in chunks.
const MAX_EXACT: usize = 1 << 22;
/// Components that are looked for, at most: beside a wider code there is no such baseline.
const MAX_COMPONENTS: usize = 256;
/// Side of the median filter's window, in pixels.
const MEDIAN: usize = 3;

/// One baseline, per sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Its key in `run.json`: `mean_image`, `pca`, `identity`, `median` or `nearest`.
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
    /// How alike picture and output look, for grey and colour pictures.
    pub quality: Option<Quality>,
}

/// A way to bring samples back that needs no net.
enum Rule {
    Mean(Vec<f32>),
    Components(Pca),
    Identity,
    Median,
    Nearest(Rows),
}

/// What is measured of the model itself beside its baselines.
pub struct Own {
    /// How alike picture and output look, for grey and colour pictures.
    pub quality: Option<Quality>,
    /// Of a `vae` on pictures: the reconstruction loss of decoding the posterior mean, where the objective decodes a draw.
    pub reconstruction_at_mean: Option<f64>,
}

/// All baselines of a run, on its test samples, and the picture quality of `model` on the same.
///
/// # Errors
///
/// [`Error::Data`] where the samples lie in a file that cannot be read.
pub fn measure(prepared: &Prepared, model: &AnyModel) -> Result<(Own, Vec<Baseline>), Error> {
    let rules = rules(prepared)?;
    let feed = prepared.measured_data(&prepared.test, Purpose::Evaluate)?;
    let measure = Measure::of(&prepared.spec, &prepared.test, feed.samples());
    let mut own = Tally::new(measure);
    let mut tallies: Vec<Tally> = rules.iter().map(|_| Tally::new(measure)).collect();
    for batch in feed.in_order(prepared.spec.architecture.chunk()) {
        let batch = batch?;
        let seen = batch.noisy.unwrap_or_else(|| batch.clean.clone()); // [batch, values]
        let range = prepared.spec.range;
        let clean = unit(batch.clean, range);
        if measure.pictures.is_some() {
            let output = unit(model.decode(model.encode(seen.clone())), range);
            add(&mut own, &output, &clean, prepared);
        }
        let seen = unit(seen, range);
        for (rule, tally) in rules.iter().zip(&mut tallies) {
            add(tally, &rule.outputs(&seen, prepared), &clean, prepared);
        }
    }
    let baselines = rules.iter().zip(&tallies);
    let variational = prepared.spec.kind == Kind::Vae && measure.pictures.is_some();
    let own = Own {
        quality: own.quality(),
        reconstruction_at_mean: own.reconstruction().filter(|_| variational),
    };
    Ok((
        own,
        baselines
            .map(|(rule, tally)| rule.baseline(tally))
            .collect(),
    ))
}

/// Adds a chunk of samples laid end to end.
fn add(tally: &mut Tally, outputs: &[f32], targets: &[f32], prepared: &Prepared) {
    let width = prepared.test.shape().pixels();
    let pairs = outputs.chunks_exact(width).zip(targets.chunks_exact(width));
    pairs.for_each(|(output, target)| tally.add(output, target));
}

/// Values of pictures in [0, 1], laid end to end.
fn unit(samples: Tensor<2>, range: Range) -> Vec<f32> {
    let low = range.low();
    (samples - low)
        .div_scalar(1.0 - low)
        .into_data()
        .iter()
        .collect()
}

/// The rules that suit a run.
fn rules(prepared: &Prepared) -> Result<Vec<Rule>, Error> {
    let (train, spec) = (&prepared.train, &prepared.spec);
    let width = train.shape().pixels();
    // With as many components as values, or as samples less one, the projection is the identity on what was learned.
    let wanted = spec.latent() < width && spec.latent() <= MAX_COMPONENTS;
    let pca = components(prepared, if wanted { spec.latent() } else { 1 })?;
    let mut rules = vec![Rule::Mean(pca.mean())];
    if wanted {
        rules.push(Rule::Components(pca));
    }
    if spec.kind == Kind::Dae {
        rules.push(Rule::Identity);
        if !train.is_table() && !train.two_valued() {
            rules.push(Rule::Median);
        }
        if train.len() <= MAX_NEAREST {
            rules.push(Rule::Nearest(unit_rows(train)?));
        }
    }
    Ok(rules)
}

/// The leading principal components of the training samples.
fn components(prepared: &Prepared, count: usize) -> Result<Pca, Error> {
    let train = &prepared.train;
    let width = train.shape().pixels();
    if train.len().saturating_mul(width) <= MAX_EXACT {
        return Ok(Pca::fit(&unit_rows(train)?, count));
    }
    let chunk = prepared.spec.architecture.chunk();
    Pca::fit_chunks(width, count, |take: &mut dyn FnMut(&[f32])| {
        let mut values = Vec::with_capacity(chunk * width);
        for start in (0..train.len()).step_by(chunk) {
            values.clear();
            train.read(start..(start + chunk).min(train.len()), 0.0, &mut values)?;
            take(&values);
        }
        Ok(())
    })
}

impl Rule {
    /// What it makes of samples laid end to end.
    fn outputs(&self, seen: &[f32], prepared: &Prepared) -> Vec<f32> {
        let shape = prepared.test.shape();
        let rows = || seen.chunks_exact(shape.pixels());
        match self {
            Self::Mean(mean) => mean.repeat(rows().len()),
            Self::Components(pca) => {
                let mut outputs = vec![0.0; seen.len()];
                pca.project_into(seen, &mut outputs);
                outputs
            }
            Self::Identity => seen.to_vec(),
            Self::Median => rows()
                .flat_map(|row| {
                    median_filter(row, shape.channels, shape.height, shape.width, MEDIAN)
                })
                .collect(),
            Self::Nearest(known) => rows()
                .flat_map(|row| nearest(row, known).to_vec())
                .collect(),
        }
    }

    fn baseline(&self, tally: &Tally) -> Baseline {
        let (key, name, components) = match self {
            Self::Mean(_) => ("mean_image", "mean image".to_owned(), None),
            Self::Components(pca) => {
                let k = pca.components();
                ("pca", format!("PCA-{k}"), Some(k))
            }
            Self::Identity => ("identity", "identity".to_owned(), None),
            Self::Median => ("median", format!("median {MEDIAN}x{MEDIAN}"), None),
            Self::Nearest(_) => ("nearest", "nearest picture".to_owned(), None),
        };
        Baseline {
            key,
            name,
            components,
            squared_error: tally.squared_error(),
            reconstruction: tally.reconstruction(),
            wrong_pixels_mean: tally.wrong_pixels_mean(),
            quality: tally.quality(),
        }
    }
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
        if let Some(quality) = baseline.quality {
            quality.insert_into(&mut map);
        }
        (baseline.key.to_owned(), Value::Object(map))
    });
    Value::Object(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;
    use crate::prepare::prepare;

    /// Mean image and PCA-2 of a font, against numbers computed once in numpy.
    fn check(name: &str, mean_image: f64, pca: f64) {
        let mut config = RunConfig::default();
        config.data.name = name.into();
        config.train.device = "cpu".into();
        // A build with wgpu alone may have no device here.
        let Ok(prepared) = prepare(config) else {
            return;
        };
        let model = prepared
            .spec
            .init(&prepared.config, &prepared.chosen.device);
        let (_, all) = measure(&prepared, &model).expect("the fonts are built in");
        for (baseline, expected) in all.iter().zip([mean_image, pca]) {
            assert!(
                (baseline.squared_error - expected).abs() < 5e-4,
                "{name}: {all:?}"
            );
        }
    }

    #[test]
    fn the_fonts_have_the_known_baselines() {
        check("fonts:1", 6.912, 4.535);
        check("fonts:2", 7.112, 4.397);
        check("fonts:3", 7.155, 5.220);
    }
}
