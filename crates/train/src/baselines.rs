//! What one gets without training: every model is shown beside these.

use espejo_data::{Samples, Shape};
use espejo_kernels::buffers;
use espejo_nets::Autoencoder;
use serde_json::{Map, Value};

use crate::Error;
use crate::host_rows::{Rows, fill_missing, nearest, unit_rows, unit_targets, unit_values};
use crate::median::median_filter;
use crate::metrics::Measure;
use crate::model::AnyModel;
use crate::pca::Pca;
use crate::prediction;
use crate::prepare::Prepared;
use crate::reconstruction_errors::{ErrorRule, ReconstructionErrors, SameOutput};
use crate::run_report::ClassReport;
use crate::seed::Purpose;

/// Training samples that the nearest-sample rule compares with, at most.
const MAX_NEAREST: usize = 1000;
/// Values of all training samples together that the exact principal components are taken from, at most; more come in chunks.
const MAX_EXACT: usize = 1 << 22;
/// Values that baselines are learned from and measured on, at most about: a quarter of a million images of 32x32 pixels. More of them hardly
/// move what is found, and each of up to 17 passes would take as long as an epoch.
const MAX_VALUES: usize = 1 << 28;
/// Components that are looked for, at most: beside a wider code there is no such baseline.
const MAX_COMPONENTS: usize = 256;
/// Side of the median filter's window, in pixels.
const MEDIAN: usize = 3;

/// One baseline, per sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// Key in `run.json`: `mean_image`, `pca`, `identity`, `median` or `nearest` for an autoencoder; `majority`, `mean`, `linear`,
    /// `nearest`, `naive_bayes` or `persistence` for a net with targets.
    pub key: String,
    /// What is measured of it, by the names that the model's own measures have; `components` of `pca`.
    pub measures: Vec<Measure>,
}

impl Baseline {
    /// The name in figures and tables; `sample` is the word for a sample, `image` or `row`.
    pub fn name(&self, sample: &str) -> String {
        match (self.key.as_str(), self.get("components")) {
            ("pca", Some(components)) => format!("PCA-{components}"),
            ("mean_image", _) => format!("mean {sample}"),
            ("nearest", _) => format!("nearest {sample}"),
            ("identity", _) => "noisy input".to_owned(),
            ("median", _) => format!("median {MEDIAN}x{MEDIAN}"),
            ("majority", _) => "largest class".to_owned(),
            ("mean", _) => "mean of the target".to_owned(),
            ("linear", _) => "linear model".to_owned(),
            ("naive_bayes", _) => "naive Bayes, logistic".to_owned(),
            ("persistence", _) => "last known value".to_owned(),
            (other, _) => other.to_owned(),
        }
    }

    /// The measure of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let found = self.measures.iter().find(|measure| measure.name == name);
        found.map(|measure| measure.value)
    }
}

/// A way to bring samples back that needs no net.
enum Rule {
    Mean(SameOutput),
    Components(Pca),
    Identity,
    Median,
    Nearest(Rows),
}

/// What only the end of a training measures, on the test samples of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalMeasures {
    /// Of the model, beside its metrics.
    pub model: Vec<Measure>,
    /// What one gets without training.
    pub baselines: Vec<Baseline>,
    /// Of every class, for a classifier.
    pub classes: Vec<ClassReport>,
}

/// Measures `model` and all baselines of a run on its test samples.
///
/// # Errors
///
/// [`Error::Data`] where the samples lie in a file that cannot be read.
pub fn measure(prepared: &Prepared, model: &AnyModel) -> Result<FinalMeasures, Error> {
    match model.autoencoder() {
        Some(model) => reconstruction(prepared, model),
        None => prediction::measure(prepared, model),
    }
}

/// The baselines of an autoencoder.
fn reconstruction(prepared: &Prepared, model: &dyn Autoencoder) -> Result<FinalMeasures, Error> {
    let rules = rules(prepared)?;
    let chunk = prepared.spec.architecture.chunk();
    let test = spread(&prepared.test, chunk, MAX_VALUES);
    let feed = prepared.measured_data(&test, Purpose::Evaluate)?;
    let measured = ErrorRule::of(&prepared.spec, &test, feed.samples());
    let width = test.shape().pixels();
    let mut own = ReconstructionErrors::new(measured.clone());
    let mut tallies: Vec<ReconstructionErrors> = rules
        .iter()
        .map(|_| ReconstructionErrors::new(measured.clone()))
        .collect();
    for batch in feed.in_order(chunk) {
        let batch = batch?;
        let is_clean = batch.known.is_none() && !prepared.spec.task.denoises();
        let range = prepared.spec.range;
        let inputs = batch.inputs.into_tensor(); // [batch, values]
        let output = (measured.images.is_some())
            .then(|| unit_values(model.decode(model.encode(inputs.clone())), range));
        // Clean samples are what is wanted of them: one copy serves as both.
        let seen = (!is_clean).then(|| unit_values(inputs, range));
        let clean = unit_targets(batch.targets, batch.known, range);
        let seen = seen.as_ref().unwrap_or(&clean);
        output
            .iter()
            .for_each(|output| own.add(output, &clean, width));
        for (rule, tally) in rules.iter().zip(&mut tallies) {
            rule.measure(tally, [seen, &clean], test.shape());
        }
    }
    let baselines = rules.iter().zip(&tallies);
    let variational = model.prior().is_some() && measured.images.is_some();
    let at_mean = own.reconstruction().filter(|_| variational);
    let at_mean = at_mean.map(|value| Measure::new("reconstruction_at_mean", value));
    Ok(FinalMeasures {
        model: at_mean.into_iter().chain(own.quality()).collect(),
        baselines: baselines
            .map(|(rule, errors)| rule.baseline(errors))
            .collect(),
        classes: Vec::new(),
    })
}

/// The rules that suit a run.
fn rules(prepared: &Prepared) -> Result<Vec<Rule>, Error> {
    let (train, spec) = (&prepared.train, &prepared.spec);
    let width = train.shape().pixels();
    // With as many components as values, or as samples less one, the projection is the identity on what was learned.
    let wanted = spec.latent() < width && spec.latent() <= MAX_COMPONENTS;
    let pca = components(prepared, if wanted { spec.latent() } else { 1 })?;
    let mut rules = vec![Rule::Mean(pca.mean().into())];
    if wanted {
        rules.push(Rule::Components(pca));
    }
    if spec.task.denoises() {
        rules.push(Rule::Identity);
        if !train.is_table() && !train.two_valued() {
            rules.push(Rule::Median);
        }
        if train.len() <= MAX_NEAREST {
            rules.push(Rule::Nearest(filled_rows(train)?));
        }
    }
    Ok(rules)
}

/// The samples; where they are more than so many values, about as many in evenly spread chunks.
fn spread(samples: &Samples, chunk: usize, most: usize) -> Samples {
    let values = samples.len().saturating_mul(samples.shape().pixels());
    let one_in = values.div_ceil(most);
    if one_in <= 1 {
        return samples.clone();
    }
    let starts = (0..samples.len()).step_by(chunk * one_in);
    let places = starts.flat_map(|start| start..(start + chunk).min(samples.len()));
    samples.select(&places.collect::<Vec<_>>())
}

/// The leading principal components of the training samples.
fn components(prepared: &Prepared, count: usize) -> Result<Pca, Error> {
    let chunk = prepared.spec.architecture.chunk();
    let train = &spread(&prepared.train, chunk, MAX_VALUES);
    let width = train.shape().pixels();
    if train.len().saturating_mul(width) <= MAX_EXACT {
        return Ok(Pca::fit(&filled_rows(train)?, count));
    }
    let has_missing = train.has_missing();
    let found = Pca::fit_source((train.len(), width), count, |rows, out| {
        train.read_into(&rows.collect::<Vec<_>>(), 0.0, out)?;
        if has_missing {
            fill_missing(out);
        }
        Ok::<(), espejo_data::Error>(())
    });
    Ok(found?)
}

/// The samples as rows, with 0 for what is missing.
fn filled_rows(samples: &Samples) -> Result<Rows, Error> {
    let mut rows = unit_rows(samples)?;
    rows.iter_mut().for_each(|row| fill_missing(row));
    Ok(rows)
}

impl Rule {
    /// Adds the errors of what it makes of the samples that are seen, laid end to end as those are that are wanted of them.
    fn measure(&self, tally: &mut ReconstructionErrors, [seen, wanted]: [&[f32]; 2], shape: Shape) {
        let rows = || seen.chunks_exact(shape.pixels());
        let outputs: Vec<f32> = match self {
            Self::Mean(mean) => return tally.add_same(mean, wanted),
            Self::Identity => return tally.add(seen, wanted, shape.pixels()),
            Self::Components(pca) => {
                let mut outputs = buffers::take(seen.len());
                pca.project_into(seen, &mut outputs);
                outputs
            }
            Self::Median => rows()
                .flat_map(|row| {
                    median_filter(row, shape.channels, shape.height, shape.width, MEDIAN)
                })
                .collect(),
            Self::Nearest(known) => rows()
                .flat_map(|row| nearest(row, known).to_vec())
                .collect(),
        };
        tally.add(&outputs, wanted, shape.pixels());
        buffers::give(outputs);
    }

    fn baseline(&self, errors: &ReconstructionErrors) -> Baseline {
        let (key, components) = match self {
            Self::Mean(_) => ("mean_image", None),
            Self::Components(pca) => ("pca", Some(pca.components() as f64)),
            Self::Identity => ("identity", None),
            Self::Median => ("median", None),
            Self::Nearest(_) => ("nearest", None),
        };
        let squared = Some(errors.squared_error());
        let numbers = [
            components.map(|count| Measure::count("components", count)),
            squared.map(|value| Measure::new("squared_error", value)),
            errors
                .reconstruction()
                .map(|value| Measure::new("reconstruction", value)),
            errors
                .wrong_pixels_mean()
                .map(|value| Measure::new("wrong_pixels_mean", value)),
        ];
        Baseline {
            key: key.to_owned(),
            measures: numbers
                .into_iter()
                .flatten()
                .chain(errors.quality())
                .collect(),
        }
    }
}

/// The baselines as they stand in `run.json`.
pub fn to_json(baselines: &[Baseline]) -> Value {
    let entries = baselines.iter().map(|baseline| {
        let measures = baseline.measures.iter();
        let map: Map<String, Value> = measures
            .map(|measure| (measure.name.clone(), measure.to_json()))
            .collect();
        (baseline.key.clone(), Value::Object(map))
    });
    Value::Object(entries.collect())
}

#[cfg(test)]
mod tests {
    use espejo_data::Facts;

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
        let found = measure(&prepared, &model).expect("the fonts are built in");
        let all = found.baselines;
        for (baseline, expected) in all.iter().zip([mean_image, pca]) {
            assert!(
                (baseline.get("squared_error").expect("it is measured") - expected).abs() < 5e-4,
                "{name}: {all:?}"
            );
        }
    }

    #[test]
    fn very_many_samples_are_thinned_to_evenly_spread_chunks() {
        let numbers = vec![(0..10).map(f64::from).collect(), vec![0.0; 10]];
        let names = vec!["row".to_owned(), "zero".to_owned()];
        let rows = Samples::table(Facts::default(), names, numbers).expect("a table");
        let firsts = |most| {
            let some = unit_rows(&spread(&rows, 2, most)).expect("in memory");
            some.iter().map(|row| row[0]).collect::<Vec<_>>()
        };
        assert_eq!(firsts(20).len(), 10);
        assert_eq!(firsts(19), [0.0, 1.0, 4.0, 5.0, 8.0, 9.0]);
        assert_eq!(firsts(8), [0.0, 1.0, 6.0, 7.0]);
    }

    #[test]
    fn the_fonts_have_the_known_baselines() {
        check("fonts:1", 6.912, 4.535);
        check("fonts:2", 7.112, 4.397);
        check("fonts:3", 7.155, 5.220);
    }
}
