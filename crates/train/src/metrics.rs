//! What a model makes of pictures, measured the same way in training, at the end and by `espejo eval`.

use burn::tensor::{ElementConversion, Tensor};
use espejo_nets::{Model, Range};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::baselines::Own;
use crate::batch::Feed;
use crate::prepare::Prepared;
use crate::seed::{Purpose, stream};
use crate::spec::AnyModel;
use crate::tally::Quality;

/// A code dimension is active when its posterior mean varies more than this over the data (Burda, Grosse and Salakhutdinov
/// 2016).
const ACTIVE_VARIANCE: f64 = 0.01;

/// One evaluation: every number is per picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The whole objective: Σ weight · term.
    pub loss: f64,
    /// The terms of the objective, unweighted, in their order.
    pub terms: Vec<(String, f64)>,
    /// ‖x - x̂‖² with pixels in [0, 1], mean over the pictures.
    pub squared_error: f64,
    /// For two-valued pictures: pixels on the wrong side of one half, mean over the pictures.
    pub wrong_pixels_mean: Option<f64>,
    /// The same, of the worst picture.
    pub wrong_pixels_max: Option<f64>,
    /// For a `vae`: code dimensions in use.
    pub active_units: Option<usize>,
    /// For a `vae` on grey or colour pictures, measured when training is over: the reconstruction loss of decoding the
    /// posterior mean, where the objective decodes a draw.
    pub reconstruction_at_mean: Option<f64>,
    /// For grey and colour pictures: how alike picture and output look, measured when training is over.
    pub quality: Option<Quality>,
}

impl Metrics {
    /// As it stands in `run.json`.
    pub fn to_json(&self) -> Value {
        let mut map = Map::new();
        map.insert("loss".into(), json!(self.loss));
        for (name, value) in &self.terms {
            map.insert(name.clone(), json!(value));
        }
        map.insert("squared_error".into(), json!(self.squared_error));
        if let (Some(mean), Some(max)) = (self.wrong_pixels_mean, self.wrong_pixels_max) {
            map.insert("wrong_pixels_mean".into(), json!(mean));
            // A count of pixels, exact in f64.
            map.insert("wrong_pixels_max".into(), json!(max as u64));
        }
        if let Some(active) = self.active_units {
            map.insert("active_units".into(), json!(active));
        }
        if let Some(value) = self.reconstruction_at_mean {
            map.insert("reconstruction_at_mean".into(), json!(value));
        }
        if let Some(quality) = self.quality {
            quality.insert_into(&mut map);
        }
        Value::Object(map)
    }

    /// The same numbers with what only the end of a training measures.
    pub(crate) fn with(self, own: Own) -> Self {
        Self {
            reconstruction_at_mean: own.reconstruction_at_mean,
            quality: own.quality,
            ..self
        }
    }

    /// The first number that is not finite, with its name.
    pub fn not_finite(&self) -> Option<(&str, f64)> {
        let terms = self
            .terms
            .iter()
            .map(|(name, value)| (name.as_str(), *value));
        terms
            .chain([("loss", self.loss), ("squared_error", self.squared_error)])
            .find(|(_, value)| !value.is_finite())
    }
}

/// What is added up over the batches of an evaluation, on the device.
struct Sums {
    terms: Vec<Tensor<1>>,
    squared_error: Tensor<1>,
    wrong: Tensor<1>,
    wrong_max: Tensor<1>,
    codes: Tensor<2>,         // [1, latent]
    codes_squared: Tensor<2>, // [1, latent]
}

/// Measures `model`, on a plain device, over all samples.
///
/// Posterior draws come from the seed of the run, the same at every call, so that losses of different epochs compare. The squared error
/// and the wrong pixels are those of decoding the code itself (the posterior mean).
///
/// # Errors
///
/// [`Error::Data`] where the samples lie in a file that cannot be read.
pub fn evaluate(model: &AnyModel, data: &Feed, prepared: &Prepared) -> Result<Metrics, Error> {
    let (range, chunk) = (prepared.spec.range, prepared.spec.architecture.chunk());
    let (two_valued, seed) = (prepared.train.two_valued(), prepared.config.train.seed);
    data.device().seed(stream(seed, 0, Purpose::Evaluate));
    let mut names: Vec<(&'static str, f64)> = Vec::new();
    let mut sums: Option<Sums> = None;
    for batch in data.in_order(chunk) {
        let batch = batch?;
        let [samples, _] = batch.clean.dims();
        let loss = model.loss(&batch);
        names = loss.0.iter().map(|term| (term.name, term.weight)).collect();
        let code = model.encode(batch.noisy.unwrap_or_else(|| batch.clean.clone())); // [batch, latent]
        let output = model.decode(code.clone()); // [batch, pixels]
        let wrong = wrong_pixels(output.clone(), batch.clean.clone(), range); // [batch, 1]
        let span = 1.0 - range.low();
        let squared = (output - batch.clean).div_scalar(span).square().sum_dim(1); // [batch, 1]
        let share = samples as f64 / data.samples() as f64;
        let next = Sums {
            terms: loss
                .0
                .into_iter()
                .map(|term| term.value.mul_scalar(share))
                .collect(),
            squared_error: squared.mean().mul_scalar(share),
            wrong: wrong.clone().mean().mul_scalar(share),
            wrong_max: wrong.max(),
            codes: code.clone().mean_dim(0).mul_scalar(share),
            codes_squared: code.square().mean_dim(0).mul_scalar(share),
        };
        sums = Some(match sums {
            None => next,
            Some(sums) => sums.add(next),
        });
    }
    let sums = sums.expect("a data set is not empty");
    Ok(sums.read(&names, matches!(model, AnyModel::Vae(_)), two_valued))
}

/// Pixels on the wrong side of the middle, one number a sample: `[batch, 1]`.
fn wrong_pixels(output: Tensor<2>, target: Tensor<2>, range: Range) -> Tensor<2> {
    let middle = (1.0 + range.low()) / 2.0;
    output
        .greater_scalar(middle)
        .not_equal(target.greater_scalar(middle))
        .float()
        .sum_dim(1)
}

impl Sums {
    fn add(self, next: Self) -> Self {
        Self {
            terms: self
                .terms
                .into_iter()
                .zip(next.terms)
                .map(|(sum, term)| sum + term)
                .collect(),
            squared_error: self.squared_error + next.squared_error,
            wrong: self.wrong + next.wrong,
            wrong_max: self.wrong_max.max_pair(next.wrong_max),
            codes: self.codes + next.codes,
            codes_squared: self.codes_squared + next.codes_squared,
        }
    }

    /// One read from the device for everything.
    fn read(self, names: &[(&'static str, f64)], variational: bool, two_valued: bool) -> Metrics {
        let variance = (self.codes_squared - self.codes.square()).reshape([-1]); // [latent]
        let mut parts = self.terms;
        parts.extend([self.squared_error, self.wrong, self.wrong_max, variance]);
        let values: Vec<f64> = Tensor::cat(parts, 0)
            .into_data()
            .iter::<f32>()
            .map(ElementConversion::elem)
            .collect();
        let (terms, rest) = values.split_at(names.len());
        let (squared_error, wrong, wrong_max, variances) = (rest[0], rest[1], rest[2], &rest[3..]);
        Metrics {
            loss: names
                .iter()
                .zip(terms)
                .map(|((_, weight), value)| weight * value)
                .sum(),
            terms: names
                .iter()
                .zip(terms)
                .map(|((name, _), value)| ((*name).to_owned(), *value))
                .collect(),
            squared_error,
            wrong_pixels_mean: two_valued.then_some(wrong),
            wrong_pixels_max: two_valued.then_some(wrong_max),
            active_units: variational
                .then(|| variances.iter().filter(|v| **v > ACTIVE_VARIANCE).count()),
            reconstruction_at_mean: None,
            quality: None,
        }
    }
}
