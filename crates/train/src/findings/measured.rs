//! The numbers that only the model itself gives: its codes, hidden layers and outputs on a few samples.

use burn::tensor::Tensor;
use espejo_data::Samples;
use espejo_nets::{Activation, Batch, Hidden, Model};

use super::code::CodeUse;
use super::course::Course;
use super::units::{LayerUse, Spread, layer_name};
use super::{Facts, Measured, divergence};
use crate::Error;
use crate::feed::Feed;
use crate::host_rows::{Rows, rows};
use crate::metrics::{Metrics, evaluate};
use crate::prepare::Prepared;
use crate::seed::Purpose;

/// Samples that are looked at, at most: enough to tell a share of 5 % from none, and a few milliseconds.
const SAMPLES: usize = 1000;
/// Values of all of them, at most.
const VALUES: usize = 1 << 22;
/// Samples that go through at once: all layers are held side by side.
const CHUNK: usize = 250;
/// A value within this share of an activation's range of its end is at it.
const AT_END: f64 = 0.01;

/// The facts of a run.
pub(super) fn facts<'a>(measured: &Measured<'a>, course: &'a Course) -> Result<Facts<'a>, Error> {
    let prepared = measured.prepared;
    let few = some(&prepared.test);
    let seen = see(measured, &few)?;
    let train = &prepared.config.train;
    let samples = prepared.train.len() * prepared.config.noise.copies.max(1);
    let batch = match train.batch_size {
        0 => samples,
        size => size,
    };
    Ok(Facts {
        config: &prepared.config,
        sample: match (prepared.train.window(), prepared.train.is_table()) {
            (Some(_), _) => "window",
            (None, true) => "row",
            (None, false) => "image",
        },
        values: prepared.train.shape().pixels(),
        is_image: !prepared.train.is_table(),
        held_out: prepared.held_out,
        steps: (!train.is_classical()).then(|| samples.div_ceil(batch)),
        ended: measured.ended,
        metrics: measured.metrics,
        baselines: measured.baselines,
        classes: measured.classes,
        course,
        code: seen.code,
        layers: seen.layers,
        outputs: seen.outputs,
        runaway: divergence::runaway(course, measured.baselines, || first_weights(prepared, &few))?,
    })
}

/// The samples, or so many of them, evenly spread.
fn some(samples: &Samples) -> Samples {
    let most = (VALUES / samples.shape().pixels().max(1)).clamp(2, SAMPLES);
    if samples.len() <= most {
        return samples.clone();
    }
    let spread: Vec<usize> = (0..most).map(|i| i * samples.len() / most).collect();
    samples.select(&spread)
}

/// What the first weights make of samples.
fn first_weights(prepared: &Prepared, samples: &Samples) -> Result<Metrics, Error> {
    let model = prepared
        .spec
        .init(&prepared.config, &prepared.chosen.device);
    let feed = prepared.measured_data(samples, Purpose::Evaluate)?;
    evaluate(&model, &feed, prepared)
}

/// What was seen of a model.
#[derive(Default)]
struct Seen {
    code: Option<CodeUse>,
    layers: Vec<LayerUse>,
    outputs: Option<Spread>,
}

/// Lets samples through the model, clean as they are.
fn see(measured: &Measured<'_>, samples: &Samples) -> Result<Seen, Error> {
    let (prepared, model) = (measured.prepared, measured.model);
    let chunk = prepared.spec.architecture.chunk().min(CHUNK);
    let (mut layers, mut outputs, mut targets) =
        (Layers::default(), Moments::default(), Moments::default());
    let (mut codes, mut inputs, mut variances) = (Rows::new(), Rows::new(), Rows::new());
    for batch in clean(prepared, samples)?.in_order(chunk) {
        let Batch {
            inputs: x,
            targets: wanted,
            ..
        } = batch?;
        let x = x.into_tensor();
        layers.add(model.hidden(x.clone()));
        let output = match model.autoencoder() {
            None => model.output(x),
            Some(autoencoder) => {
                let code = autoencoder.encode(x.clone()); // [chunk, latent]
                codes.extend(rows(code.clone()));
                let variance = autoencoder.log_variance(x.clone());
                variances.extend(variance.into_iter().flat_map(rows));
                inputs.extend(rows(x));
                autoencoder.decode(code)
            }
        };
        outputs.add(output);
        targets.add(wanted);
    }
    let code = model.autoencoder().map(|_| {
        let log_variances = (!variances.is_empty()).then_some(&*variances);
        CodeUse::of(&codes, &inputs, log_variances, code_range(prepared))
    });
    Ok(Seen {
        code,
        layers: layers.finish(samples.len()),
        outputs: Some(Spread {
            outputs: outputs.variance(),
            targets: targets.variance(),
        }),
    })
}

/// Samples without noise, with their targets.
fn clean(prepared: &Prepared, samples: &Samples) -> Result<Feed, Error> {
    let feed = prepared.passing(samples)?;
    Ok(match prepared.targets(samples)? {
        Some(targets) => feed.with_targets(targets),
        None => feed,
    })
}

/// The ends of the range of a code's values, unless noise was to bring them there.
fn code_range(prepared: &Prepared) -> Option<(f32, f32)> {
    let model = &prepared.config.model;
    if model.kind.has_posterior() || model.code_noise > 0.0 {
        return None;
    }
    match model.latent_activation {
        Activation::Sigmoid => Some((0.0, 1.0)),
        Activation::Tanh => Some((-1.0, 1.0)),
        _ => None,
    }
}

/// The mean of each value over the samples so far, and its squared deviations from it (Welford 1962): in double precision, for values
/// far from 0 that differ little would lose what they differ by.
#[derive(Default)]
struct Moments {
    count: f64,
    means: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn add(&mut self, values: Tensor<2>) {
        for row in rows(values) {
            self.count += 1.0;
            self.means.resize(row.len(), 0.0);
            self.squares.resize(row.len(), 0.0);
            let moments = self.means.iter_mut().zip(&mut self.squares);
            for ((mean, squares), value) in moments.zip(row) {
                let apart = f64::from(value) - *mean;
                *mean += apart / self.count;
                *squares += apart * (f64::from(value) - *mean);
            }
        }
    }

    /// The variances of all values, added up.
    fn variance(&self) -> f64 {
        let each = self.squares.iter();
        each.map(|squares| squares / self.count).sum()
    }
}

/// What is added up of each hidden layer.
#[derive(Default)]
struct Layers(Vec<LayerSums>);

struct LayerSums {
    name: String,
    activation: Activation,
    /// Values of a unit: those of a channel's image.
    area: usize,
    /// The largest of each value.
    maxima: Vec<f32>,
    /// Values at the ends of the range, over all samples.
    at_ends: f64,
}

impl Layers {
    fn add(&mut self, hidden: Vec<(&'static str, Hidden)>) {
        let known = |hidden: &&(&str, Hidden)| {
            use Activation::{Relu, Sigmoid, Tanh};
            matches!(hidden.1.activation, Relu | Sigmoid | Tanh)
        };
        for (place, (part, hidden)) in hidden.iter().filter(known).enumerate() {
            if self.0.len() == place {
                self.0.push(LayerSums::new(part, hidden));
            }
            self.0[place].add(&hidden.values);
        }
    }

    fn finish(self, samples: usize) -> Vec<LayerUse> {
        self.0
            .into_iter()
            .map(|sums| sums.finish(samples))
            .collect()
    }
}

impl LayerSums {
    fn new(part: &str, hidden: &Hidden) -> Self {
        let [_, height, width] = hidden.map;
        Self {
            name: layer_name(part, hidden.layer),
            activation: hidden.activation,
            area: (height * width).max(1),
            maxima: vec![f32::NEG_INFINITY; hidden.values.dims()[1]],
            at_ends: 0.0,
        }
    }

    fn add(&mut self, values: &Tensor<2>) {
        let Some((low, high)) = ends(self.activation) else {
            let found: Vec<f32> = values.clone().max_dim(0).into_data().iter().collect();
            let pairs = self.maxima.iter_mut().zip(found);
            pairs.for_each(|(most, value)| *most = most.max(value));
            return;
        };
        let edge = AT_END * (high - low);
        let middle = (high + low) / 2.0;
        let far = values.clone().sub_scalar(middle).abs(); // [batch, values]
        let at_ends = far.greater_scalar((high - low) / 2.0 - edge);
        let at_ends = espejo_kernels::sums::sum(at_ends.float()); // [1]
        self.at_ends += f64::from(at_ends.into_scalar::<f32>());
    }

    fn finish(self, samples: usize) -> LayerUse {
        let values = self.maxima.len();
        let units = values / self.area;
        let dead = match ends(self.activation) {
            Some(_) => 0,
            None => {
                let channels = self.maxima.chunks(self.area);
                channels
                    .filter(|channel| channel.iter().all(|most| *most <= 0.0))
                    .count()
            }
        };
        LayerUse {
            name: self.name,
            units,
            dead,
            saturated: self.at_ends / (values * samples).max(1) as f64,
        }
    }
}

/// The ends of an activation's range, where it has two.
fn ends(activation: Activation) -> Option<(f64, f64)> {
    match activation {
        Activation::Sigmoid => Some((0.0, 1.0)),
        Activation::Tanh => Some((-1.0, 1.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares of a million in single precision differ by 65,536 at least.
    #[test]
    fn values_near_a_million_keep_their_variance() {
        let Ok(chosen) = crate::device::choose("cpu") else {
            return; // a build with wgpu alone
        };
        let values: Vec<f32> = (0..1000).map(|i| 1e6 + (i % 2) as f32).collect();
        let mut moments = Moments::default();
        for chunk in values.chunks(250) {
            let chunk = Tensor::<1>::from_floats(chunk, &chosen.device);
            moments.add(chunk.reshape([250, 1]));
        }
        assert!((moments.variance() - 0.25).abs() < 1e-9);
    }
}
