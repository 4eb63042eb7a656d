//! A net with targets beside what one gets without it: the largest class or the mean, a linear model, the nearest sample, of texts the naive
//! Bayes ratios of their words.

use burn::tensor::{Device, Tensor, TensorData};
use espejo_data::Samples;
use espejo_kernels::sums::row_sums;
use espejo_nets::{Activation, LayersConfig, Model, seeded};
use espejo_supervised::{Network, NetworkConfig};

use crate::Error;
use crate::baselines::{Baseline, FinalMeasures};
use crate::classification::Classification;
use crate::config::{OptimizerKind, TrainConfig};
use crate::feed::{Feed, training_batch};
use crate::host_rows::{self, Rows, fill_missing};
use crate::least_squares::{self, LeastSquares};
use crate::metrics::Measure;
use crate::model::AnyModel;
use crate::naive_bayes;
use crate::optimizer::Optimizer;
use crate::prepare::Prepared;
use crate::regression;
use crate::run_report::ClassReport;
use crate::seed::{Purpose, stream};
use crate::target_rows;
use crate::task::Task;

/// Training samples that the nearest-sample rule compares with, at most, evenly spread.
const MAX_NEAREST: usize = 5000;
/// Steps and samples per step of the linear model, and its learning rate in the first and in the second half.
const LINEAR_STEPS: usize = 2000;
const LINEAR_BATCH: usize = 128;
const LINEAR_RATES: [f64; 2] = [5e-3, 5e-4];

/// What a net with targets and its linear baseline give for its test samples, and what both are measured by.
pub(crate) struct HeldOut {
    /// Outputs of the net, `[samples][outputs]`: probabilities, or numbers scaled as it learned them.
    pub outputs: Rows,
    /// Those of the linear model.
    pub linear: Rows,
    /// Measures of the net, its baselines, its classes.
    pub measures: FinalMeasures,
}

/// Measures a net with targets and its baselines on its test samples.
pub(crate) fn measure(prepared: &Prepared, model: &AnyModel) -> Result<FinalMeasures, Error> {
    held_out(prepared, model).map(|found| found.measures)
}

/// What a net with targets and its baselines make of its test samples.
pub(crate) fn held_out(prepared: &Prepared, model: &AnyModel) -> Result<HeldOut, Error> {
    let outputs = outputs(prepared, model, &prepared.test)?;
    let found = match prepared.spec.task {
        Task::Classify => Some(held_against(&outputs, &prepared.test)),
        Task::Regress | Task::Reconstruct | Task::Denoise(_) => None,
    };
    let (baselines, linear) = baselines(prepared)?;
    Ok(HeldOut {
        outputs,
        linear,
        measures: FinalMeasures {
            model: found.as_ref().map(own_measures).unwrap_or_default(),
            baselines,
            classes: found.as_ref().map(class_reports).unwrap_or_default(),
        },
    })
}

/// The baselines of a net with targets, on its test samples; and the outputs of the linear one.
fn baselines(prepared: &Prepared) -> Result<(Vec<Baseline>, Rows), Error> {
    let targets = |samples: &Samples| target_values(prepared, samples);
    let (train, test) = (targets(&prepared.train)?, targets(&prepared.test)?);
    let entry = |key: &str, outputs: Rows| Baseline {
        key: key.to_owned(),
        measures: outputs_measures(prepared, &outputs, &test),
    };
    let constant = vec![constant(&train); test.len()];
    let key = match prepared.spec.task {
        Task::Classify => "majority",
        Task::Regress | Task::Reconstruct | Task::Denoise(_) => "mean",
    };
    let mut baselines = vec![entry(key, constant.clone())];
    // A token is a name, of which nothing is a linear function.
    let plain = match prepared.train.tokens() {
        None => Some(linear(prepared, &train)?),
        Some(_) => None,
    };
    baselines.extend(plain.clone().map(|outputs| entry("linear", outputs)));
    let by_words = match prepared.spec.task {
        Task::Classify if prepared.train.is_text() => {
            let outputs = naive_bayes::probabilities(&prepared.train, &prepared.test);
            Some(outputs)
        }
        _ => None,
    };
    baselines.extend(
        by_words
            .clone()
            .map(|outputs| entry("naive_bayes", outputs)),
    );
    if !prepared.train.is_text() {
        let (outputs, compared) = nearest(prepared, &train)?;
        let mut nearest = entry("nearest", outputs);
        // The distance gives a class and no probability.
        nearest
            .measures
            .retain(|measure| measure.name != "cross_entropy");
        nearest
            .measures
            .push(Measure::count("compared_with", compared as f64));
        baselines.push(nearest);
    }
    let linear = plain.or(by_words).unwrap_or(constant);
    if let Some(outputs) = persistence(prepared) {
        baselines.push(entry("persistence", outputs));
    }
    Ok((baselines, linear))
}

/// The last known value of the target, scaled as a net gives it, where samples are the past of a number.
fn persistence(prepared: &Prepared) -> Option<Rows> {
    let (target, test) = (prepared.target.as_ref()?, &prepared.test);
    let window = test.window()?;
    let row = |index| {
        let known = test.first_point(index) + window.length - 1;
        let known = test.points().target_row(known)?;
        let scaled = |(place, number): (usize, &f64)| {
            ((number - target.scaling.shift[place]) / target.scaling.scale[place]) as f32
        };
        Some(known.iter().enumerate().map(scaled).collect())
    };
    (0..test.len()).map(row).collect()
}

/// What the end of the training of a classifier measures beside its accuracy.
fn own_measures(found: &Classification) -> Vec<Measure> {
    let (low, high) = found.accuracy_interval();
    vec![
        Measure::new("accuracy_low", low),
        Measure::new("accuracy_high", high),
        Measure::new("calibration_error", found.calibration_error()),
    ]
}

/// Every class of the samples with its recall and precision.
fn class_reports(found: &Classification) -> Vec<ClassReport> {
    let shares = found.recall().into_iter().zip(found.precision());
    let classes = found.classes.iter().zip(&found.confusion).zip(shares);
    classes
        .map(|((name, row), (recall, precision))| ClassReport {
            name: name.clone(),
            samples: row.iter().sum(),
            recall,
            precision,
        })
        .collect()
}

/// Holds probabilities against the classes of samples.
pub(crate) fn held_against(probabilities: &Rows, samples: &Samples) -> Classification {
    let label = |index| {
        samples
            .label(index)
            .expect("a classifier's samples have labels")
    };
    let labels = (0..samples.len()).map(label);
    Classification::of(probabilities, labels, samples.classes())
}

/// What a model makes of samples: `[samples][outputs]`, numbers scaled as it learned them.
fn outputs(prepared: &Prepared, model: &impl Model, samples: &Samples) -> Result<Rows, Error> {
    let spec = &prepared.spec;
    let feed = prepared.passing(samples)?;
    let mut rows = Rows::with_capacity(samples.len());
    for batch in feed.in_order(spec.architecture.chunk()) {
        let output = model.output(batch?.inputs.into_tensor()); // [chunk, outputs]
        rows.extend(host_rows::rows(output));
    }
    Ok(rows)
}

/// The targets of samples as outputs are held against them: one-hot rows, or scaled numbers.
fn target_values(prepared: &Prepared, samples: &Samples) -> Result<Rows, Error> {
    let rows = match prepared.spec.task {
        Task::Classify => target_rows::classes(samples)?,
        Task::Regress | Task::Reconstruct | Task::Denoise(_) => {
            let rows = prepared.targets(samples)?;
            rows.expect("a net with targets has them")
        }
    };
    let row = |index| {
        let mut values = Vec::with_capacity(rows.width());
        rows.append(index, &mut values);
        values
    };
    Ok((0..samples.len()).map(row).collect())
}

/// The mean target: of one-hot rows the shares of the classes.
fn constant(targets: &Rows) -> Vec<f32> {
    let mut sums = vec![0.0_f64; targets[0].len()];
    for row in targets {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    let count = targets.len() as f64;
    sums.into_iter().map(|sum| (sum / count) as f32).collect()
}

/// The measures of outputs that are held against the test samples.
fn outputs_measures(prepared: &Prepared, outputs: &Rows, targets: &Rows) -> Vec<Measure> {
    match &prepared.target {
        None => {
            let found = held_against(outputs, &prepared.test);
            vec![
                Measure::new("accuracy", found.accuracy()),
                Measure::new("cross_entropy", found.cross_entropy),
            ]
        }
        Some(target) => {
            let mut errors = vec![0.0; target.units.len()];
            for (output, wanted) in outputs.iter().zip(targets) {
                for (place, (o, t)) in output.iter().zip(wanted).enumerate() {
                    errors[place] +=
                        ((f64::from(*o) - f64::from(*t)) * target.units[place]).powi(2);
                }
            }
            let count = outputs.len() as f64;
            errors.iter_mut().for_each(|error| *error /= count);
            regression::measures(&errors, &target.test_variances)
        }
    }
}

/// What a linear model with the same loss gives for the test samples: logistic regression, or least squares, which are exact unless there are
/// very many columns.
fn linear(prepared: &Prepared, targets: &Rows) -> Result<Rows, Error> {
    let outputs_of = prepared.test.shape().pixels();
    if prepared.spec.task == Task::Regress && outputs_of <= least_squares::MOST_COLUMNS {
        return LeastSquares::fit(&prepared.train, targets)?.predict(&prepared.test);
    }
    let width = prepared
        .targets(&prepared.train)?
        .map_or(0, |rows| rows.width());
    let device = &prepared.chosen.device;
    let seed = stream(prepared.config.train.seed, 0, Purpose::Baseline);
    let layers = LayersConfig::dense(
        [outputs_of, width],
        Activation::Linear,
        prepared.spec.output,
    );
    let network = NetworkConfig::new(layers, prepared.spec.criterion.clone());
    let mut model = network.init(&mut seeded(seed), &device.clone().autodiff());
    let feed = prepared.measured_data(&prepared.train, Purpose::Measure)?;
    let per_epoch = feed.samples().div_ceil(LINEAR_BATCH);
    let mut optimizer = Optimizer::new(&TrainConfig {
        optimizer: OptimizerKind::Adam,
        ..TrainConfig::default()
    });
    for (half, rate) in LINEAR_RATES.into_iter().enumerate() {
        for epoch in 0..(LINEAR_STEPS / 2).div_ceil(per_epoch) {
            for batch in feed.shuffled(LINEAR_BATCH, seed, half << 16 | epoch) {
                model = step(model, &mut optimizer, rate, batch?);
            }
        }
    }
    outputs(
        prepared,
        &burn::module::Module::valid(&model),
        &prepared.test,
    )
}

fn step(
    model: Network,
    optimizer: &mut Optimizer,
    rate: f64,
    batch: espejo_nets::Batch,
) -> Network {
    let loss = model.loss(&training_batch(batch));
    let gradients = loss.objective(1.0).backward();
    optimizer.step(rate, model, gradients)
}

/// The target of the nearest training sample, for each test sample; and how many it was compared with.
fn nearest(prepared: &Prepared, targets: &Rows) -> Result<(Rows, usize), Error> {
    let (train, test) = (&prepared.train, &prepared.test);
    let device = &prepared.chosen.device;
    let count = train.len().min(MAX_NEAREST);
    let places: Vec<usize> = (0..count).map(|i| i * train.len() / count).collect();
    let known = upload(&train.select(&places), device)?; // [known, values]
    let squares = row_sums(known.clone().square()).transpose(); // [1, known]
    let turned = known.transpose(); // [values, known]
    let feed = Feed::new(test, espejo_nets::Range::Unit, device, 0)?;
    let mut found = Rows::with_capacity(test.len());
    for batch in feed.in_order(prepared.spec.architecture.chunk()) {
        let samples = batch?.inputs.into_tensor(); // [chunk, values]
        // ‖x - k‖² less ‖x‖², which is the same for every k.
        let distances = squares.clone() - samples.matmul(turned.clone()).mul_scalar(2.0); // [chunk, known]
        let nearest = distances.argmin(1).into_data();
        let nearest = nearest.iter::<i64>();
        found.extend(nearest.map(|index| targets[places[index as usize]].clone()));
    }
    Ok((found, count))
}

/// All of these samples on the device, values in [0, 1]: `[samples, values]`.
fn upload(samples: &Samples, device: &Device) -> Result<Tensor<2>, Error> {
    let shape = [samples.len(), samples.shape().pixels()];
    let mut values = Vec::with_capacity(shape[0] * shape[1]);
    samples.read(0..shape[0], 0.0, &mut values)?;
    fill_missing(&mut values);
    Ok(Tensor::from_data(TensorData::new(values, shape), device))
}
