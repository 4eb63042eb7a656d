//! What a model makes of samples, measured the same way in training, at the end and by `espejo eval`.

use burn::tensor::Tensor;
use espejo_kernels::NetErrors;
use espejo_kernels::sums::{column_means, mean, row_sums};
use espejo_nets::{Autoencoder, Batch, Model, Range};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::batch_means::BatchMeans;
use crate::feed::Feed;
use crate::model::AnyModel;
use crate::own_steps::OwnErrors;
use crate::prepare::Prepared;
use crate::regression;
use crate::seed::{Purpose, stream};

/// A code dimension is active when its posterior mean varies more than this over the data (Burda, Grosse and Salakhutdinov
/// 2016).
pub const ACTIVE_VARIANCE: f64 = 0.01;

/// One evaluation: every number is per sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The whole objective: Σ weight · term.
    pub loss: f64,
    /// The terms of the objective, unweighted, in their order; and what is reported with them, as accuracy.
    pub terms: Vec<(String, f64)>,
    /// What the task measures beside its loss, in the order in which it is written.
    pub measures: Vec<Measure>,
}

/// A named number of an evaluation.
///
/// | name | of | what |
/// | --- | --- | --- |
/// | `squared_error` | autoencoders | ‖x - x̂‖² with pixels in [0, 1], mean over the samples |
/// | `wrong_pixels_mean`, `wrong_pixels_max` | two-valued images | pixels on the wrong side of one half: mean, worst image |
/// | `active_units` | models with a prior | code dimensions in use |
/// | `reconstruction_at_mean` | the same on images, after training | the loss of decoding the posterior mean |
/// | `psnr`, `ssim` | grey and colour images, after training | how alike image and output look, mean over the images |
/// | `psnr_pooled` | the same | the ratio of the mean squared error of all of them |
/// | `rmse`, `r2` | regressors | root of the mean squared error in the target's unit; share of the variance explained |
/// | `accuracy_low`, `accuracy_high` | classifiers, after training | 95 % interval of the accuracy (Wilson 1927) |
/// | `calibration_error` | the same | expected calibration error (Guo et al. 2017) |
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// Key in `run.json`.
    pub name: String,
    /// Value of the measure.
    pub value: f64,
    /// Whether it is a count, which is written without a decimal point.
    pub whole: bool,
}

impl Measure {
    /// A number that need not be whole.
    pub(crate) fn new(name: &str, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            whole: false,
        }
    }

    /// A count.
    pub(crate) fn count(name: &str, value: f64) -> Self {
        Self {
            whole: true,
            ..Self::new(name, value)
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match self.whole {
            // A count is exact in f64.
            true => json!(self.value as u64),
            false => json!(self.value),
        }
    }
}

impl Metrics {
    /// The measure or the term of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let measures = self.measures.iter();
        let mut measures = measures.map(|measure| (&measure.name, measure.value));
        let terms = self.terms.iter().map(|(name, value)| (name, *value));
        let found = measures.find(|(found, _)| *found == name);
        let found = found.or_else(|| terms.clone().find(|(found, _)| *found == name));
        found.map(|(_, value)| value)
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("loss".into(), json!(self.loss));
        for (name, value) in &self.terms {
            map.insert(name.clone(), json!(value));
        }
        for measure in &self.measures {
            map.insert(measure.name.clone(), measure.to_json());
        }
        Value::Object(map)
    }

    /// The metrics with what only the end of a training measures.
    pub(crate) fn with(mut self, more: Vec<Measure>) -> Self {
        self.measures.extend(more);
        self
    }

    /// The first number that is not finite, with its name.
    pub fn not_finite(&self) -> Option<(&str, f64)> {
        let terms = self.terms.iter();
        let terms = terms.map(|(name, value)| (name.as_str(), *value));
        let measures = self.measures.iter();
        let measures = measures.map(|measure| (measure.name.as_str(), measure.value));
        terms
            .chain([("loss", self.loss)])
            .chain(measures)
            .find(|(_, value)| !value.is_finite())
    }
}

/// What a batch adds to an evaluation, on the device.
struct OfBatch {
    /// Its shares of means over the samples: terms of the loss first, then measures. Each is a vector.
    shares: Vec<Tensor<1>>,
    /// Its largest values.
    maxima: Vec<Tensor<1>>,
}

/// Measures `model`, on a plain device, over all samples.
///
/// Posterior draws come from the seed of the run, the same at every call, so that losses of different epochs compare. The squared
/// error and the wrong pixels are those of decoding the code itself (the posterior mean).
///
/// # Errors
///
/// [`Error::Data`] where the samples lie in a file that cannot be read.
pub fn evaluate(model: &AnyModel, data: &Feed, prepared: &Prepared) -> Result<Metrics, Error> {
    let seed = prepared.config.train.seed;
    data.device().seed(stream(seed, 0, Purpose::Evaluate));
    match OwnErrors::of(prepared, model).filter(|_| !data.has_missing()) {
        Some(own) => by_own_code(&own, model, data, prepared),
        None => by_operations(model, data, prepared),
    }
}

/// What Burn's operations find of any model.
fn by_operations(model: &AnyModel, data: &Feed, prepared: &Prepared) -> Result<Metrics, Error> {
    let (range, chunk) = (prepared.spec.range, prepared.spec.architecture.chunk());
    let mut names: Vec<(&'static str, f64)> = Vec::new();
    let (mut means, mut maxima) = (BatchMeans::default(), Vec::new());
    for batch in data.in_order(chunk) {
        let batch = batch?;
        let [samples, _] = batch.inputs.dims();
        let share = samples as f64 / data.samples() as f64;
        let loss = model.loss(&batch);
        names = loss.0.iter().map(|term| (term.name, term.weight)).collect();
        let terms = loss.0.into_iter();
        let terms = terms.map(|term| term.value.mul_scalar(share)).collect();
        let next = match model.autoencoder() {
            Some(model) => reconstruction_sums(model, batch, range, share, terms),
            None if prepared.target.is_some() => prediction_sums(model, batch, share, terms),
            // A classifier has its accuracy among the terms.
            None => OfBatch {
                shares: terms,
                maxima: Vec::new(),
            },
        };
        means.add(next.shares);
        maxima = largest(maxima, next.maxima);
    }
    let (mut terms, maxima) = means.read(maxima);
    let means = terms.split_off(names.len());
    let terms = terms.concat();
    let measures = match model.autoencoder() {
        Some(model) => {
            let variational = model.prior().is_some();
            reconstruction_measures(&means, &maxima, variational, prepared.train.two_valued())
        }
        None => prediction_measures(&means, prepared),
    };
    let weighted = names.iter().zip(&terms);
    Ok(Metrics {
        loss: weighted.map(|((_, weight), value)| weight * value).sum(),
        terms: names
            .iter()
            .zip(&terms)
            .map(|((name, _), value)| ((*name).to_owned(), *value))
            .collect(),
        measures,
    })
}

/// What own code finds of an autoencoder, in double precision from sample to sample.
fn by_own_code(
    own: &OwnErrors,
    model: &AnyModel,
    data: &Feed,
    prepared: &Prepared,
) -> Result<Metrics, Error> {
    let mut all = NetErrors::default();
    for batch in data.in_order(prepared.spec.architecture.chunk()) {
        all.add(own.of_batch(model, batch?));
    }
    let mean = |sum: &f64| sum / data.samples() as f64;
    let means = |sums: &[f64]| sums.iter().map(mean).collect::<Vec<_>>();
    let two_valued = prepared.train.two_valued();
    let wrong = (mean(&(all.wrong as f64)), all.most_wrong as f64);
    let mut found = Metrics {
        loss: mean(&all.loss),
        terms: vec![("reconstruction".to_owned(), mean(&all.loss))],
        measures: image_measures(mean(&all.squares), wrong, two_valued),
    };
    if let Some(beta) = own.beta() {
        let of = &all.posterior;
        let nats = means(&of.divergences).iter().sum();
        found.loss += beta * nats;
        found.terms.push(("kl".to_owned(), nats));
        let codes = (means(&of.means), means(&of.squared_means));
        found.measures.push(active_units(&codes.0, &codes.1));
    }
    Ok(found)
}

/// What an autoencoder makes of a batch: squared error, wrong pixels, and the first two moments of its codes.
fn reconstruction_sums(
    model: &dyn Autoencoder,
    batch: Batch,
    range: Range,
    share: f64,
    terms: Vec<Tensor<1>>,
) -> OfBatch {
    let code = model.encode(batch.inputs.into_tensor()); // [batch, latent]
    let output = model.decode(code.clone()); // [batch, values]
    let wrong = wrong_pixels(output.clone(), batch.targets.clone(), range); // [batch, 1]
    let span = 1.0 - range.low();
    let squared = (output - batch.targets).div_scalar(span).square(); // [batch, values]
    let squared = match batch.known {
        Some(known) => squared * known,
        None => squared,
    };
    let squared = row_sums(squared); // [batch, 1]
    let moment = |codes: Tensor<2>| column_means(codes).mul_scalar(share).reshape([-1]); // [latent]
    let mut shares = terms;
    shares.extend([
        mean(squared).mul_scalar(share),
        mean(wrong.clone()).mul_scalar(share),
        moment(code.clone()),
        moment(code.square()),
    ]);
    OfBatch {
        shares,
        maxima: vec![wrong.max()],
    }
}

fn reconstruction_measures(
    means: &[Vec<f64>],
    maxima: &[Vec<f64>],
    variational: bool,
    two_valued: bool,
) -> Vec<Measure> {
    let [squared_error, wrong, codes, codes_squared] = means else {
        unreachable!("four means of an autoencoder")
    };
    let mut measures = image_measures(squared_error[0], (wrong[0], maxima[0][0]), two_valued);
    if variational {
        measures.push(active_units(codes, codes_squared));
    }
    measures
}

/// Dimensions in use, by the first two moments of the codes.
fn active_units(codes: &[f64], codes_squared: &[f64]) -> Measure {
    let moments = codes.iter().zip(codes_squared);
    let variances = moments.map(|(mean, square)| square - mean * mean);
    let active = variances.filter(|variance| *variance > ACTIVE_VARIANCE);
    Measure::count("active_units", active.count() as f64)
}

/// The measures of every autoencoder: the squared error, and of images with two values the pixels that are wrong, mean and most.
fn image_measures(squared_error: f64, (wrong, most): (f64, f64), two_valued: bool) -> Vec<Measure> {
    let mut measures = vec![Measure::new("squared_error", squared_error)];
    if two_valued {
        measures.push(Measure::new("wrong_pixels_mean", wrong));
        measures.push(Measure::count("wrong_pixels_max", most));
    }
    measures
}

/// What a regressor makes of a batch: the squared error of each scaled column.
fn prediction_sums(model: &AnyModel, batch: Batch, share: f64, terms: Vec<Tensor<1>>) -> OfBatch {
    let error = model.output(batch.inputs.into_tensor()) - batch.targets; // [batch, outputs]
    let mut shares = terms;
    shares.push(column_means(error.square()).mul_scalar(share).reshape([-1])); // [outputs]
    OfBatch {
        shares,
        maxima: Vec::new(),
    }
}

/// The measures of a regressor, from the mean squared error of each scaled column.
fn prediction_measures(means: &[Vec<f64>], prepared: &Prepared) -> Vec<Measure> {
    let (Some(target), Some(errors)) = (&prepared.target, means.last()) else {
        return Vec::new();
    };
    let errors: Vec<f64> = errors
        .iter()
        .zip(&target.units)
        .map(|(error, unit)| error * unit * unit)
        .collect();
    regression::measures(&errors, &target.test_variances)
}

/// Pixels on the wrong side of the middle, one number a sample: `[batch, 1]`.
fn wrong_pixels(output: Tensor<2>, target: Tensor<2>, range: Range) -> Tensor<2> {
    let middle = (1.0 + range.low()) / 2.0;
    let wrong = output
        .greater_scalar(middle)
        .not_equal(target.greater_scalar(middle));
    row_sums(wrong.float())
}

/// The larger of each two values; `next` where there are none yet.
fn largest(before: Vec<Tensor<1>>, next: Vec<Tensor<1>>) -> Vec<Tensor<1>> {
    if before.is_empty() {
        return next;
    }
    let pairs = before.into_iter().zip(next);
    pairs.map(|(most, next)| most.max_pair(next)).collect()
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, ModuleMapper, Param};
    use espejo_nets::{Activation, DenseStep};

    use super::*;
    use crate::config::{LossKind, ModelKind, RunConfig};
    use crate::prepare::prepare;

    /// Makes the posterior of a net with one hidden layer so narrow that draws from it do not differ.
    struct Certain(usize);

    impl ModuleMapper for Certain {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            self.0 += 1;
            let is_log_variance = self.0 == 6 && param.val().dims() == [LATENT].as_slice();
            param.map(|tensor| match is_log_variance {
                true => tensor - 100.0,
                false => tensor,
            })
        }
    }

    const LATENT: usize = 2;

    #[test]
    fn own_code_finds_what_the_operations_find() {
        if crate::device::choose("cpu").is_err() {
            return; // a build with wgpu alone
        }
        for (kind, code_noise) in [
            (ModelKind::Ae, 0.0),
            (ModelKind::Dae, 0.5),
            (ModelKind::Vae, 0.0),
        ] {
            for (loss, output) in [
                (LossKind::Bce, Activation::Sigmoid),
                (LossKind::Mse, Activation::Linear),
            ] {
                let mut config = RunConfig::default();
                config.data.name = "fonts:1".into();
                config.train.device = "cpu".into();
                config.model.kind = kind;
                config.model.layers = vec![DenseStep::Size(16)];
                if kind != ModelKind::Vae {
                    config.model.layers.push(DenseStep::Noise(0.3));
                    config.model.latent_activation = Activation::Sigmoid;
                }
                config.model.code_noise = code_noise;
                config.model.output_activation = Some(output);
                config.objective.loss = loss;
                let prepared = prepare(config).expect("a run on a font");
                let device = &prepared.chosen.device;
                let model = prepared.spec.init(&prepared.config, device);
                let model = model.map(&mut Certain(0));
                let data = prepared.measured_data(&prepared.test, Purpose::Evaluate);
                let data = data.expect("a font");
                let own = OwnErrors::of(&prepared, &model).expect("a dense net in memory");
                let found = by_own_code(&own, &model, &data, &prepared).expect("a font");
                let expected = by_operations(&model, &data, &prepared).expect("a font");
                let numbers = |of: &Metrics| {
                    let terms = of.terms.iter().map(|(name, value)| (name.clone(), *value));
                    let measures = of.measures.iter();
                    let measures = measures.map(|of| (of.name.clone(), of.value));
                    terms.chain(measures).collect::<Vec<_>>()
                };
                let pairs = numbers(&found).into_iter().zip(numbers(&expected));
                assert_eq!(found.measures.len(), expected.measures.len());
                for ((name, found), (expected_name, expected)) in pairs {
                    assert_eq!(name, expected_name);
                    let apart = (found / expected - 1.0).abs();
                    assert!(apart < 1e-5, "{kind:?} {name}: {found} for {expected}");
                }
            }
        }
    }
}
