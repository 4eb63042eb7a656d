//! From a configuration to a function of flat weights, without any device.

use espejo_data::Samples;
use espejo_mlp::{Descent, Fit, Limits, Loss, Minimum, Net, Progress, descend, minimize};
use espejo_nets::{Activation, Criterion, Initializer, Range, seeded};

use crate::Error;
use crate::classical::check::{check_model, check_values};
use crate::classical::method::Algorithm;
use crate::config::RunConfig;
use crate::kept::Kept;
use crate::prepare::load;
use crate::seed::{Purpose, stream};
use crate::spec::Spec;
use crate::task::Task;
use crate::tensors::Named;

/// A dense net, its first weights and its samples, ready for a method of [`espejo_mlp`].
#[derive(Clone, Debug)]
pub struct DenseFit {
    /// Encoder and decoder in one.
    pub net: Net,
    /// The loss of the net on the training samples, mean over them; of a `dae`, from their noisy copies.
    pub fit: Fit,
    /// What that loss is of one sample.
    pub loss: Loss,
    /// First weights: those that the configuration gives in single precision.
    pub start: Vec<f64>,
    /// The training samples as the net sees them, `[samples, values]` row by row.
    pub clean: Vec<f64>,
    /// Noisy copies of the samples, for a `dae`: `[copies * samples, values]`, copy by copy. What comes in is these, or else `clean`; what
    /// shall come out is always `clean`.
    pub noisy: Option<Vec<f64>>,
    /// Layers of the net from the samples to the code; [`Net::split`] takes it.
    pub encoder_layers: usize,
    /// The samples to learn from.
    pub train: Samples,
    /// The samples to measure with; those to learn from where none are held out.
    pub test: Samples,
    /// Whether they were kept out of training.
    pub held_out: bool,
    /// The ends of the pixel values that the net sees.
    pub range: Range,
}

/// Loads the data, checks the configuration and makes of both a function to minimise.
///
/// Its optimiser need not be one of double precision: [`method`](crate::method) tells.
///
/// # Errors
///
/// [`Error::Data`] where the data cannot be had, [`Error::Config`] naming the first key that cannot be used.
///
/// ```
/// use espejo_train::config::OptimizerKind;
/// use espejo_train::{RunConfig, dense_fit, method};
///
/// let mut config = RunConfig::default(); // fonts, 35-25-2-25-35
/// config.train.optimizer = OptimizerKind::Lbfgs;
/// config.train.max_evaluations = Some(100);
/// let mut dense = dense_fit(&config)?;
/// let (algorithm, limits) = method(&config.train)?;
/// let minimum = dense.run(&algorithm, &limits, &mut |_| true);
/// assert!(minimum.loss < 12.0 && minimum.counts.evaluations <= 100);
/// # Ok::<(), espejo_train::Error>(())
/// ```
pub fn dense_fit(config: &RunConfig) -> Result<DenseFit, Error> {
    let task = Task::of(config, false)?;
    check_model(config, task)?;
    let checked = load(config, Kept::default(), None, None)?;
    check_values(config, &checked.train)?;
    DenseFit::new(config, &checked.spec, &checked.train, &checked.test).map(|fit| DenseFit {
        held_out: checked.held_out,
        ..fit
    })
}

impl DenseFit {
    /// Makes it of a configuration that was checked against its data.
    pub(crate) fn new(
        config: &RunConfig,
        spec: &Spec,
        train: &Samples,
        test: &Samples,
    ) -> Result<Self, Error> {
        let (net, encoder_layers) = net(spec);
        let start = first_weights(&net, config.model.initializer, config.train.seed);
        let (clean, noisy) = rows(config, spec, train)?;
        let (clean, noisy) = (wide(&clean), noisy.as_deref().map(wide));
        let loss = loss(&spec.criterion);
        let fit = match &noisy {
            None => Fit::new(net.clone(), loss, &clean, &clean),
            Some(noisy) => {
                let targets = clean.repeat(config.noise.copies);
                Fit::new(net.clone(), loss, noisy, &targets)
            }
        };
        Ok(Self {
            net,
            fit,
            loss,
            start,
            clean,
            noisy,
            encoder_layers,
            train: train.clone(),
            test: test.clone(),
            held_out: false,
            range: spec.range,
        })
    }

    /// Trains from the first weights.
    pub fn run(
        &mut self,
        algorithm: &Algorithm,
        limits: &Limits,
        watch: &mut dyn FnMut(&Progress<'_>) -> bool,
    ) -> Minimum {
        let (algorithm, start) = (self.suited(algorithm), &self.start);
        match algorithm {
            Algorithm::Minimize(method) => minimize(method, &mut self.fit, start, limits, watch),
            Algorithm::Descend(descent) => descend(&descent, &mut self.fit, start, limits, watch),
        }
    }

    /// An algorithm that suits these samples: with all samples at once where a batch holds them all.
    pub(crate) fn suited(&self, algorithm: &Algorithm) -> Algorithm {
        match *algorithm {
            Algorithm::Descend(descent) if descent.batch >= self.fit.samples() => {
                Algorithm::Descend(Descent {
                    batch: 0,
                    ..descent
                })
            }
            other => other,
        }
    }
}

/// The layers as `mlp` has them, and how many of them make the code.
fn net(spec: &Spec) -> (Net, usize) {
    let mirror = spec.architecture.mirror();
    let mirror = mirror.expect("nets with targets are refused before");
    let stacks = [&mirror.encoder, &mirror.decoder];
    let mut sizes = vec![stacks[0].input.iter().product()];
    let mut activations = Vec::new();
    for (layer, after) in stacks.iter().flat_map(|stack| &stack.layers) {
        sizes.push(layer.output_size());
        activations.push(activation(*after));
    }
    (Net::new(&sizes, &activations), stacks[0].layers.len())
}

fn activation(activation: Activation) -> espejo_mlp::Activation {
    use espejo_mlp::Activation as Mlp;
    match activation {
        Activation::Linear => Mlp::Linear,
        Activation::Relu => Mlp::Relu,
        Activation::LeakyRelu => Mlp::LeakyRelu,
        Activation::Elu => Mlp::Elu,
        Activation::Gelu => Mlp::Gelu,
        Activation::Silu => Mlp::Silu,
        Activation::Tanh => Mlp::Tanh,
        Activation::Sigmoid => Mlp::Sigmoid,
    }
}

fn loss(criterion: &Criterion) -> espejo_mlp::Loss {
    use espejo_mlp::Loss as Mlp;
    match criterion {
        Criterion::Bce => Mlp::Bce,
        Criterion::Mse => Mlp::Mse,
        Criterion::Mae => Mlp::Mae,
        Criterion::LogCosh => Mlp::LogCosh,
        Criterion::Correntropy { width } => Mlp::Correntropy { width: *width },
        Criterion::Entropic => Mlp::Entropic,
        Criterion::SoftmaxCrossEntropy | Criterion::Mixed { .. } => {
            unreachable!("classes and categories are refused before")
        }
    }
}

/// First weights as [`Spec::init`] draws them, layer after layer from one stream.
fn first_weights(net: &Net, initializer: Initializer, seed: u64) -> Vec<f64> {
    let mut rng = seeded(stream(seed, 0, Purpose::Weights));
    let mut weights = Vec::with_capacity(net.parameters());
    for layer in net.layers() {
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let drawn = initializer.draw(inputs * outputs, (inputs, outputs), &mut rng);
        weights.extend(drawn.into_iter().map(f64::from));
        weights.resize(weights.len() + outputs, 0.0);
    }
    weights
}

/// The samples as a model sees them, `[samples, values]` row by row, and the noisy copies that a `dae` learns from,
/// `[copies * samples, values]`. The noise is drawn on the host: the same on every machine.
pub(crate) fn rows(
    config: &RunConfig,
    spec: &Spec,
    train: &Samples,
) -> Result<(Vec<f32>, Option<Vec<f32>>), Error> {
    let mut clean = Vec::with_capacity(train.len() * train.shape().pixels());
    train.read(0..train.len(), spec.range.low() as f32, &mut clean)?;
    let noisy = spec.task.denoises().then(|| {
        let mut noisy = clean.repeat(config.noise.copies);
        let mut rng = seeded(stream(config.train.seed, 0, Purpose::Copies));
        spec.noise().apply_to(&mut noisy, spec.range, &mut rng);
        noisy
    });
    Ok((clean, noisy))
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// Flat weights as the tensors of a checkpoint, `[outputs, inputs]` each matrix, rounded to single precision.
pub(crate) fn named(net: &Net, encoder_layers: usize, weights: &[f64]) -> Vec<Named> {
    let mut tensors = Vec::new();
    let mut rest = weights;
    for (place, layer) in net.layers().iter().enumerate() {
        let (part, index) = match place.checked_sub(encoder_layers) {
            None => ("encoder", place),
            Some(index) => ("decoder", index),
        };
        let (inputs, outputs) = (layer.inputs, layer.outputs);
        let (matrix, after) = rest.split_at(inputs * outputs);
        let (biases, after) = after.split_at(outputs);
        rest = after;
        let columns = (0..outputs).flat_map(|to| (0..inputs).map(move |from| (from, to)));
        let single = |value: &f64| *value as f32;
        tensors.push(Named {
            name: format!("{part}.{index}.weight"),
            shape: vec![outputs, inputs],
            values: columns
                .map(|(from, to)| single(&matrix[from * outputs + to]))
                .collect(),
        });
        tensors.push(Named {
            name: format!("{part}.{index}.bias"),
            shape: vec![outputs],
            values: biases.iter().map(single).collect(),
        });
    }
    tensors
}
