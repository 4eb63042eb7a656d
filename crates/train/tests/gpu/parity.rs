//! Every kind of layer, activation, loss and optimiser on the device beside a CPU backend: the same weights and rows, all made on the host.
//!
//! `backends.rs` has whole models beside each other. Here each kind stands alone, so that a wrong one is named; what a device draws by
//! itself, dropout and noise, is held to what it says it is.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use espejo_kernels::half_precision;
use espejo_nets::{
    Activation, Criterion, Initializer, Join, LayerConfig, Layers, LayersConfig, Padding, Window,
    seeded,
};
use espejo_train::config::{OptimizerKind, TrainConfig};
use espejo_train::{Accepted, KEYS, Optimizer, accepted_by, device, tensors};
use rand::RngExt;
use serde_json::json;

use crate::{RUNNING, measured, opened};

/// Rows of each batch.
const BATCH: usize = 16;
/// Of the largest magnitude of an array.
const TOLERANCE: f64 = 1e-4;
/// The same where what is multiplied has eleven bits.
const HALF_TOLERANCE: f64 = 4e-3;
/// Standard errors that a mean of random numbers may be off.
const ERRORS: f64 = 5.0;

/// What a device makes of a case, and how far it is from the CPU, or from what it should be.
struct Sides {
    device: Device,
    cpu: Device,
    tolerance: f64,
    wrong: Vec<String>,
}

impl Sides {
    /// Both, where the machine has them.
    fn find() -> Option<Self> {
        let device = opened()?.autodiff();
        let cpu = match device::choose("cpu") {
            Ok(chosen) => chosen.device.autodiff(),
            Err(error) => {
                eprintln!("skipped: {error}");
                return None;
            }
        };
        Some(Self {
            device,
            cpu,
            tolerance: TOLERANCE,
            wrong: Vec::new(),
        })
    }

    /// Holds all arrays of a case on the device to those on the CPU.
    fn compare(&mut self, what: &str, name: &str, run: impl Fn(&Device) -> Vec<Vec<f32>>) {
        let expected = run(&self.cpu);
        self.judge(what, name, |device| {
            let found = run(device);
            assert_eq!(found.len(), expected.len(), "{what} {name}");
            let arrays = found.iter().zip(&expected);
            arrays.map(|(f, e)| apart(f, e)).fold(0.0, most)
        });
    }

    /// Notes how far off a case is on the device. One that panics there is wrong, and the next ones are tried all the same.
    fn judge(&mut self, what: &str, name: &str, off: impl Fn(&Device) -> f64) {
        let off = catch_unwind(AssertUnwindSafe(|| off(&self.device)));
        let off = off.unwrap_or(f64::INFINITY);
        let (tolerance, ok) = (self.tolerance, off <= self.tolerance);
        measured(
            &json!({ "parity": what, "name": name, "apart": off, "tolerance": tolerance, "ok": ok }),
        );
        if !ok {
            self.wrong.push(format!("{what} {name}: {off:.1e}"));
        }
    }

    fn check(self) {
        let (wrong, tolerance) = (self.wrong.join(", "), self.tolerance);
        assert!(wrong.is_empty(), "more than {tolerance} apart: {wrong}");
    }
}

/// The larger one; what is no number is larger than all.
fn most(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        return f64::INFINITY;
    }
    a.max(b)
}

/// The largest difference, as a part of the largest magnitude.
fn apart(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let magnitude = expected
        .iter()
        .fold(0.0_f64, |max, e| most(max, f64::from(e.abs())));
    let pairs = found.iter().zip(expected);
    let difference = pairs.fold(0.0, |max, (f, e)| most(max, f64::from(f - e).abs()));
    difference / magnitude.max(f64::from(f32::MIN_POSITIVE))
}

/// Runs the cases of a kind of thing, alone.
fn compare_all(cases: impl FnOnce(&mut Sides)) {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(mut sides) = Sides::find() {
        cases(&mut sides);
        sides.check();
    }
}

/// Numbers between two ends, by a seed: so many rows of so many.
fn uniform(seed: u64, values: usize, ends: [f32; 2]) -> Vec<f32> {
    let mut rng = seeded(seed);
    let numbers = (0..BATCH * values).map(|_| rng.random::<f32>());
    numbers
        .map(|number| ends[0] + (ends[1] - ends[0]) * number)
        .collect()
}

/// `[batch, values]`
fn rows(values: Vec<f32>, device: &Device) -> Tensor<2> {
    let width = values.len() / BATCH;
    Tensor::from_data(TensorData::new(values, [BATCH, width]), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

fn plain_descent() -> Optimizer {
    Optimizer::new(&TrainConfig {
        optimizer: OptimizerKind::Sgd,
        ..TrainConfig::default()
    })
}

// ------------------------------------------------------------------ layers

/// The name of each kind of layer and cases of it. A kind that is not here does not compile.
macro_rules! kinds {
    ($($kind:ident => [$($case:expr),+ $(,)?],)+) => {
        fn kind_of(layer: &LayerConfig) -> &'static str {
            match layer {
                $(LayerConfig::$kind { .. } => stringify!($kind),)+
            }
        }

        fn layer_cases() -> Vec<(&'static str, LayerConfig)> {
            vec![$($((stringify!($kind), $case),)+)+]
        }
    };
}

const MAP: [usize; 3] = [2, 7, 6];

kinds! {
    Linear => [LayerConfig::Linear { inputs: 9, outputs: 5 }],
    Conv => [
        LayerConfig::Conv { input: MAP, outputs: 4, window: Window::same(3, 1) },
        LayerConfig::Conv { input: MAP, outputs: 4, window: Window::same(3, 2) },
        LayerConfig::Conv { input: MAP, outputs: 3, window: window([4, 3], 2, Padding::Valid) },
        LayerConfig::Conv { input: [2, 1, 9], outputs: 3, window: window([1, 3], 1, Padding::Same) },
    ],
    Transposed => [
        LayerConfig::Transposed { input: [3, 4, 3], outputs: 2, kernel: 3, output: [8, 6] },
        LayerConfig::Transposed { input: [3, 4, 3], outputs: 2, kernel: 5, output: [7, 5] },
    ],
    Pool => [LayerConfig::Pool { input: MAP }],
    MaxPool => [
        LayerConfig::MaxPool { input: MAP, window: window([3, 3], 2, Padding::Valid) },
        LayerConfig::MaxPool { input: MAP, window: window([2, 3], 1, Padding::Same) },
    ],
    Upsample => [LayerConfig::Upsample { input: [2, 4, 3], output: [7, 6] }],
    BatchNorm => [
        LayerConfig::BatchNorm { input: MAP },
        LayerConfig::BatchNorm { input: [6, 1, 1] },
    ],
    Dropout => [LayerConfig::Dropout { input: [4, 16, 16], rate: 0.25 }],
    Noise => [LayerConfig::Noise { input: [4, 16, 16], deviation: 0.5 }],
    Mask => [LayerConfig::Mask { input: [9, 1, 1] }],
    Embedding => [LayerConfig::Embedding { vocabulary: 5, dimension: 3, length: 8 }],
    Skip => [
        LayerConfig::Skip { inner: Box::new(inner(3)), join: Join::Concat },
        LayerConfig::Skip { inner: Box::new(inner(MAP[0])), join: Join::Add },
    ],
}

fn window(kernel: [usize; 2], stride: usize, padding: Padding) -> Window {
    Window {
        kernel,
        stride,
        padding,
    }
}

/// A convolution to go around.
fn inner(outputs: usize) -> LayersConfig {
    let mut inner = LayersConfig::new(MAP);
    let window = Window::same(3, 1);
    let conv = LayerConfig::Conv {
        input: MAP,
        outputs,
        window,
    };
    inner.layers.push((conv, Activation::Tanh));
    inner
}

/// The layer alone, with first weights from the host.
fn alone(layer: &LayerConfig, device: &Device) -> Layers {
    let mut config = LayersConfig::new(layer.input());
    config.layers.push((layer.clone(), Activation::Linear));
    config.check().expect("the sizes fit");
    config.init(Initializer::Glorot, &mut seeded(5), device)
}

/// Rows as the layer wants them.
fn inputs(layer: &LayerConfig) -> Vec<f32> {
    let width = layer.input().iter().product();
    let ids = |vocabulary: usize| uniform(3, width, [0.0, vocabulary as f32 - 0.01]);
    match layer {
        LayerConfig::Embedding { vocabulary, .. } => {
            ids(*vocabulary).into_iter().map(f32::floor).collect()
        }
        LayerConfig::Mask { .. } => {
            let mut values = uniform(3, width, [-1.0, 1.0]);
            values
                .iter_mut()
                .step_by(5)
                .for_each(|value| *value = f32::NAN);
            values
        }
        _ => uniform(3, width, [-1.0, 1.0]),
    }
}

/// Outputs while training, slopes of a weighted sum of them at the inputs, weights after a step, outputs afterwards.
fn run_layer(layer: &LayerConfig, device: &Device) -> Vec<Vec<f32>> {
    let layers = alone(layer, device);
    let plain = device.clone().inner();
    let given = rows(inputs(layer), device).require_grad(); // [batch, inputs]
    let outputs = layers.forward(given.clone()); // [batch, outputs]
    let weights = rows(uniform(4, layer.output_size(), [-1.0, 1.0]), device); // [batch, outputs]
    let mut found = vec![numbers(outputs.clone())];
    let gradients = (outputs * weights).sum().backward();
    // Nothing learns where token ids come from.
    found.extend(given.grad(&gradients).map(numbers));
    if layer.parameters() == 0 {
        return found;
    }
    let layers = plain_descent().step(0.1, layers, gradients).valid();
    found.extend(
        tensors::collect(&layers)
            .into_iter()
            .map(|named| named.values),
    );
    found.push(numbers(layers.forward(rows(inputs(layer), &plain))));
    found
}

/// How far a layer that draws random numbers is from its definition, on one device; infinite where its numbers are unlikely.
fn check_random(layer: &LayerConfig, device: &Device) -> f64 {
    let width = layer.input().iter().product();
    let values = uniform(3, width, [0.5, 1.5]);
    let given = rows(values.clone(), device).require_grad(); // [batch, inputs]
    let layers = alone(layer, device);
    let outputs = layers.forward(given.clone()); // [batch, inputs]
    let gradients = outputs.clone().sum().backward();
    let slopes = numbers(given.grad(&gradients).expect("it is reached"));
    let outputs = numbers(outputs);
    let plain = rows(values.clone(), &device.clone().inner());
    let used = apart(&numbers(layers.valid().forward(plain)), &values);
    let count = values.len() as f64;
    let (off, likely) = match layer {
        LayerConfig::Dropout { rate, .. } => {
            let kept = (1.0 / (1.0 - rate)) as f32;
            let whole = slopes
                .iter()
                .map(|slope| slope.abs().min((slope - kept).abs()));
            let dropped = slopes.iter().filter(|slope| **slope == 0.0).count() as f64 / count;
            let products: Vec<f32> = values
                .iter()
                .zip(&slopes)
                .map(|(value, slope)| value * slope)
                .collect();
            let off = whole.fold(0.0, |max, off| most(max, f64::from(off)));
            let error = (rate * (1.0 - rate) / count).sqrt();
            (
                off.max(apart(&outputs, &products)),
                (dropped - rate).abs() < ERRORS * error,
            )
        }
        LayerConfig::Noise { deviation, .. } => {
            let noise = outputs
                .iter()
                .zip(&values)
                .map(|(output, value)| f64::from(output - value));
            let noise: Vec<f64> = noise.collect();
            let mean = noise.iter().sum::<f64>() / count;
            let spread = (noise.iter().map(|noise| noise * noise).sum::<f64>() / count).sqrt();
            let likely = mean.abs() < ERRORS * deviation / count.sqrt()
                && (spread / deviation - 1.0).abs() < ERRORS / (2.0 * count).sqrt();
            (apart(&slopes, &vec![1.0; slopes.len()]), likely)
        }
        other => panic!("{other:?} draws nothing"),
    };
    if likely {
        most(off, used)
    } else {
        f64::INFINITY
    }
}

#[test]
fn parity_of_every_kind_of_layer() {
    compare_all(|sides| {
        for (name, layer) in layer_cases() {
            assert_eq!(kind_of(&layer), name);
            // As in a layer table; of a skip the last row is its own.
            let table = alone(&layer, &sides.cpu).table();
            let word = table.last().expect("one layer").kind.clone();
            match layer {
                LayerConfig::Dropout { .. } | LayerConfig::Noise { .. } => {
                    sides.judge("layer", &word, |device| check_random(&layer, device));
                }
                _ => sides.compare("layer", &word, |device| run_layer(&layer, device)),
            }
        }
    });
}

/// A dense layer, beside single precision on the CPU.
#[test]
fn parity_of_dense_layers_in_half_precision() {
    compare_all(|sides| {
        if !sides.device.supports_dtype(FloatDType::F16) {
            eprintln!("skipped: the device has no floats of 16 bits");
            return;
        }
        sides.tolerance = HALF_TOLERANCE;
        for (inputs, outputs) in [(9, 5), (130, 70)] {
            let layer = LayerConfig::Linear { inputs, outputs };
            sides.compare(
                "half precision",
                &format!("dense {inputs} to {outputs}"),
                |device| {
                    let half = !espejo_kernels::in_memory(device);
                    half_precision::within(half, || run_layer(&layer, device))
                },
            );
        }
    });
}

// ------------------------------------------------------------------ activations

#[test]
fn parity_of_every_activation() {
    compare_all(|sides| {
        for activation in Activation::ALL {
            sides.compare("activation", activation.name(), |device| {
                let a = rows(uniform(6, 9, [-6.0, 6.0]), device).require_grad(); // [batch, 9]
                let values = activation.forward(a.clone());
                let gradients = values.clone().sum().backward();
                let slopes = a.grad(&gradients).expect("it is reached");
                vec![numbers(values), numbers(slopes)]
            });
        }
    });
}

// ------------------------------------------------------------------ losses

/// Values of a row that losses are taken of.
const OUTPUTS: usize = 9;

/// The loss of this name, the activation before it, and targets that it takes.
fn loss_case(name: &str) -> (Criterion, Activation, Vec<f32>) {
    let unit = || uniform(8, OUTPUTS, [0.0, 1.0]);
    let one_hot = |length: usize| {
        let of_row = move |row: usize| {
            (0..length).map(move |place| f32::from(u8::from(place == row % length)))
        };
        (0..BATCH).map(move |row| of_row(row).collect::<Vec<_>>())
    };
    let linear = Activation::Linear;
    match name {
        "bce" => (Criterion::Bce, Activation::Sigmoid, unit()),
        "mse" => (Criterion::Mse, Activation::Sigmoid, unit()),
        "mae" => (Criterion::Mae, Activation::Sigmoid, unit()),
        "log-cosh" => (Criterion::LogCosh, linear, unit()),
        "correntropy" => (Criterion::Correntropy { width: 0.5 }, linear, unit()),
        "entropic" => (
            Criterion::Entropic,
            Activation::Tanh,
            uniform(8, OUTPUTS, [-1.0, 1.0]),
        ),
        "cross-entropy" => {
            let targets = one_hot(OUTPUTS).flatten().collect();
            (Criterion::SoftmaxCrossEntropy, linear, targets)
        }
        "mixed" => {
            let (first, second) = (2..5, 6..OUTPUTS);
            let mut targets = unit();
            for (row, category) in targets.chunks_mut(OUTPUTS).zip(one_hot(3)) {
                row[first.clone()].copy_from_slice(&category);
                row[second.clone()].copy_from_slice(&category);
            }
            let categories = vec![first, second];
            (Criterion::Mixed { categories }, linear, targets)
        }
        other => panic!("the loss `{other}` has no case here"),
    }
}

#[test]
fn parity_of_every_loss() {
    compare_all(|sides| {
        for name in Criterion::NAMES {
            let (criterion, output, targets) = loss_case(name);
            assert_eq!(criterion.name(), name);
            sides.compare("loss", name, |device| {
                let logits = rows(uniform(7, OUTPUTS, [-3.0, 3.0]), device).require_grad(); // [batch, outputs]
                let targets = rows(targets.clone(), device); // [batch, outputs]
                let mean = criterion.mean(logits.clone(), targets.clone(), output);
                let slopes = logits.grad(&mean.backward()).expect("it is reached");
                let each = criterion.per_sample(logits.clone(), targets, output);
                let outputs = criterion.outputs(logits, output);
                vec![
                    numbers(mean),
                    numbers(slopes),
                    numbers(each),
                    numbers(outputs),
                ]
            });
        }
    });
}

// ------------------------------------------------------------------ optimisers

/// The optimisers that work with tensors; the others train on the processor, whatever the device.
fn optimizers() -> Vec<OptimizerKind> {
    let key = KEYS
        .iter()
        .find(|key| (key.section, key.name) == ("train", "optimizer"));
    let Accepted::Words(words) = accepted_by(key.expect("there is such a key")) else {
        panic!("`train.optimizer` takes words");
    };
    let kinds = words
        .iter()
        .map(|word| serde_json::from_value(json!(word)).expect("its own word"));
    kinds
        .filter(|kind: &OptimizerKind| !kind.is_classical())
        .collect()
}

/// The losses of twenty steps of a small net, and its weights after them.
fn trained(config: &TrainConfig, device: &Device) -> Vec<Vec<f32>> {
    let mut net = inner(3);
    net.push_linear(5, Activation::Linear);
    let mut layers = net.init(Initializer::Glorot, &mut seeded(5), device);
    let mut optimizer = Optimizer::new(config);
    let given = rows(uniform(3, net.input_size(), [-1.0, 1.0]), device); // [batch, inputs]
    let targets = rows(uniform(4, 5, [-1.0, 1.0]), device); // [batch, 5]
    let mut losses = Vec::new();
    for _ in 0..20 {
        let outputs = layers.forward(given.clone()); // [batch, 5]
        let loss = Criterion::Mse.mean(outputs, targets.clone(), Activation::Linear);
        losses.extend(numbers(loss.clone()));
        layers = optimizer.step(config.learning_rate, layers, loss.backward());
    }
    assert!(losses[19] < 0.9 * losses[0], "it learns: {losses:?}");
    let weights = tensors::collect(&layers)
        .into_iter()
        .map(|named| named.values);
    std::iter::once(losses).chain(weights).collect()
}

#[test]
fn parity_of_every_optimizer() {
    compare_all(|sides| {
        for optimizer in optimizers() {
            for clip_norm in [0.0, 0.5] {
                let clipped = if clip_norm > 0.0 { ", clipped" } else { "" };
                let config = TrainConfig {
                    optimizer,
                    clip_norm,
                    learning_rate: 0.01,
                    decay: 0.01,
                    ..TrainConfig::default()
                };
                let name = format!("{}{clipped}", optimizer.name());
                sides.compare("optimizer", &name, |device| trained(&config, device));
            }
        }
    });
}
