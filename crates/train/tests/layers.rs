//! Every kind of layer that convolutional autoencoders lack, and small nets that learn targets, against PyTorch's numbers, on
//! every CPU backend of the build; `tests/reference/README.md` says what they are.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use espejo_nets::{
    Activation, Common, ConvChain, DenseStep, Initializer, Join, LayerConfig, Layers, LayersConfig,
    seeded,
};
use espejo_train::config::{OptimizerKind, TrainConfig};
use espejo_train::tensors::{self, Named};
use espejo_train::{Optimizer, device};
use serde::Deserialize;
use serde_json::Value;

/// Of the largest magnitude of an array.
const TOLERANCE: f64 = 1e-5;

/// Layers under the name that they have in a net.
#[derive(Module, Debug)]
struct Net {
    layers: Layers,
}

fn check(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0, |max: f64, e| max.max(e.abs()));
    for (index, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f - e).abs() <= TOLERANCE * largest,
            "{what}, number {index}: {f}, expected {e}, of at most {largest}"
        );
    }
}

/// An array as it stands in the file, row-major.
#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

fn array(value: &Value) -> Array {
    Array::deserialize(value).expect("an array of shape and data")
}

/// An array as rows: `[batch, values]`.
fn rows(value: &Value, device: &Device) -> Tensor<2> {
    let Array { shape, data } = array(value);
    let size = [shape[0], shape[1..].iter().product()];
    let values: Vec<f32> = data.iter().map(|value| *value as f32).collect();
    Tensor::from_data(TensorData::new(values, size), device)
}

fn named((name, value): (&String, &Value)) -> Named {
    let Array { shape, data } = array(value);
    Named {
        name: name.clone(),
        shape,
        values: data.iter().map(|value| *value as f32).collect(),
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// The gradients of a model, parameter by parameter, weights `[out, in]`.
struct Collect<'a> {
    gradients: &'a Gradients,
    linear: bool,
    found: Vec<Vec<f64>>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.linear = container == "Struct:Linear";
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        // Running means are measured, not trained.
        if !tensor.is_require_grad() {
            return;
        }
        let gradient = tensor.grad(self.gradients).expect("it was reached");
        let turned = D == 2 && self.linear;
        self.found.push(numbers(match turned {
            true => gradient.transpose(),
            false => gradient,
        }));
    }
}

/// Layers for maps of shape `input`, by the steps of a chain.
fn chain(steps: &str, input: [usize; 3], activation: Activation) -> LayersConfig {
    let common = Common {
        kernel: 3,
        activation,
        batch_norm: false,
    };
    let chain: ConvChain = steps.parse().expect(steps);
    chain.layers(input, common).expect(steps)
}

/// What the script builds under this name.
fn layers(name: &str) -> LayersConfig {
    let (linear, relu) = (Activation::Linear, Activation::Relu);
    let skip = |inner, join, activation| {
        let inner = Box::new(inner);
        (LayerConfig::Skip { inner, join }, activation)
    };
    match name {
        "conv_even" => chain("3k2", [2, 5, 4], linear),
        "conv_even_strided" => chain("2k4s2", [1, 7, 6], linear),
        "conv_odd_strided_by_3" => chain("2s3", [2, 7, 8], linear),
        "conv_valid_strided" => chain("2k4s2v", [3, 9, 8], linear),
        "conv_valid" => chain("3v", [2, 5, 6], linear),
        "conv_oblong" => {
            let mut layers = chain("2", [2, 4, 5], linear);
            let LayerConfig::Conv { window, .. } = &mut layers.layers[0].0 else {
                panic!("a chain of one convolution");
            };
            window.kernel = [2, 3];
            layers
        }
        "conv1d" => {
            let mut layers = chain("3,pool3,2k2", [2, 1, 9], relu);
            layers.layers[2].1 = linear;
            layers
        }
        "pool_valid" => chain("3,pool3s1v", [2, 6, 7], linear),
        "pool_same" => chain("3,pool2s1", [2, 5, 4], linear),
        "pool_same_strided" => chain("3,pool3s2", [2, 6, 7], linear),
        "embedding" => {
            let mut layers = LayersConfig::new([6, 1, 1]);
            let table = LayerConfig::Embedding {
                vocabulary: 7,
                dimension: 4,
                length: 6,
            };
            layers.layers.push((table, linear));
            layers.append(chain("2", [4, 1, 6], linear));
            layers
        }
        "skip_concat" => {
            let inner = LayersConfig::dense([5, 4, 3], Activation::Tanh, linear);
            let mut layers = LayersConfig::new([5, 1, 1]);
            layers.layers.push(skip(inner, Join::Concat, linear));
            layers.push_linear(2, linear);
            layers
        }
        "skip_add" => {
            let mut layers = chain("3", [1, 4, 5], relu);
            let inner = chain("3", [3, 4, 5], linear);
            layers.layers.push(skip(inner, Join::Add, Activation::Tanh));
            layers
        }
        "skip_concat_maps" => {
            let mut layers = LayersConfig::new([2, 4, 5]);
            let inner = chain("3", [2, 4, 5], linear);
            layers.layers.push(skip(inner, Join::Concat, linear));
            layers.append(chain("2k2v", [5, 4, 5], linear));
            layers
        }
        other => panic!("no layers `{other}`"),
    }
}

fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    let text = std::fs::read_to_string(folder.join(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

fn cpu_devices() -> Vec<(&'static str, Device)> {
    let names = device::backends().into_iter();
    let cpu = names.filter(|name| ["flex", "ndarray"].contains(name));
    cpu.map(|name| (name, device::choose(name).expect("in this build").device))
        .collect()
}

#[test]
fn layers_and_their_gradients() {
    let file = read("layers.json");
    let cases = file.as_object().expect("a map");
    assert_eq!(cases.len(), 14);
    for (backend, device) in cpu_devices() {
        for (name, case) in cases {
            check_case(
                &format!("{name} on {backend}"),
                name,
                case,
                &device.clone().autodiff(),
            );
        }
    }
}

fn check_case(what: &str, name: &str, case: &Value, device: &Device) {
    let net = net(&layers(name), &case["parameters"], device);
    let input = rows(&case["input"], device).require_grad();
    let output = net.layers.forward(input.clone());
    check(what, &numbers(output.clone()), &array(&case["output"]).data);

    let value = (output * rows(&case["weights"], device)).sum();
    let gradients = value.backward();
    if let Some(expected) = case["gradients"].get("input") {
        let found = numbers(input.grad(&gradients).expect("it was reached"));
        let what = format!("{what}, gradient of the input");
        check(&what, &found, &array(expected).data);
    }
    check_gradients(what, &net, &gradients, &case["gradients"]);
}

/// A net with the weights of PyTorch's.
fn net(config: &LayersConfig, weights: &Value, device: &Device) -> Net {
    config.check().expect("it can be built");
    let net = Net {
        layers: config.init(Initializer::Glorot, &mut seeded(1), device),
    };
    let weights = weights.as_object().expect("a map");
    tensors::apply(net, weights.iter().map(named).collect()).expect("they fit")
}

/// Holds the gradient of every parameter that is trained against the expected.
fn check_gradients(what: &str, net: &Net, gradients: &Gradients, expected: &Value) {
    let mut visitor = Collect {
        gradients,
        linear: false,
        found: Vec::new(),
    };
    net.visit(&mut visitor);
    let trained = |name: &str| !name.contains("running_");
    let names = tensors::collect(net).into_iter().map(|named| named.name);
    let names: Vec<String> = names.filter(|name| trained(name)).collect();
    assert_eq!(names.len(), visitor.found.len(), "{what}");
    for (name, found) in names.iter().zip(&visitor.found) {
        let expected = array(&expected[name]).data;
        check(&format!("{what}, gradient of {name}"), found, &expected);
    }
}

// Nets that learn targets.

fn optimizer(name: &str, settings: &Value) -> (f64, Optimizer) {
    let kinds = [OptimizerKind::Adam, OptimizerKind::Momentum];
    let kind = kinds.into_iter().find(|kind| kind.name() == name);
    let config = TrainConfig {
        optimizer: kind.expect("an optimiser of that name"),
        momentum: settings["momentum"].as_f64().unwrap_or_default(),
        ..TrainConfig::default()
    };
    let rate = settings["lr"].as_f64().expect("a rate");
    (rate, Optimizer::new(&config))
}

/// Softmax cross-entropy in nats, mean over the rows: `[1]`.
fn cross_entropy(logits: Tensor<2>, target: Tensor<2>) -> Tensor<1> {
    -(log_softmax(logits, 1) * target).sum_dim(1).mean()
}

/// Half the squared error, summed over the outputs, mean over the rows: `[1]`.
fn half_squared_error(output: Tensor<2>, target: Tensor<2>) -> Tensor<1> {
    (output - target).square().sum_dim(1).mean().mul_scalar(0.5)
}

/// Holds one look, the gradients, and ten steps of each optimiser against the file.
fn check_training(
    file: &Value,
    config: &LayersConfig,
    loss: fn(Tensor<2>, Tensor<2>) -> Tensor<1>,
) {
    let losses = |run: &Value| array(&run["losses"]).data;
    let scalar = |tensor: &Tensor<1>| numbers(tensor.clone());
    for (backend, plain) in cpu_devices() {
        let device = plain.clone().autodiff();
        let given = |key: &str| rows(&file[key], &device);
        let start = || net(config, &file["parameters"], &device);
        let evaluate = |what: &str, net: &Net, expected: &Value| {
            let output = net.valid().layers.forward(rows(&file["input"], &plain));
            check(what, &numbers(output), &array(expected).data);
        };

        evaluate(backend, &start(), &file["evaluation"]);
        let first = start();
        let output = first.layers.forward(given("input"));
        check(
            backend,
            &numbers(output.clone()),
            &array(&file["output"]).data,
        );
        let value = loss(output, given("target"));
        let expected = file["loss"].as_f64().expect("a number");
        check(backend, &scalar(&value), &[expected]);
        check_gradients(backend, &first, &value.backward(), &file["gradients"]);

        let runs = file["runs"].as_object().expect("a map");
        assert_eq!(runs.len(), 2);
        for (name, run) in runs {
            let what = format!("{name} on {backend}");
            let (mut net, losses) = (start(), losses(run));
            let (rate, mut optimizer) = optimizer(name, &run["settings"]);
            for (step, expected) in losses.iter().enumerate() {
                let value = loss(net.layers.forward(given("input")), given("target"));
                let what = format!("{what}, loss after {step} steps");
                check(&what, &scalar(&value), &[*expected]);
                if step + 1 < losses.len() {
                    net = optimizer.step(rate, net, value.backward());
                }
            }
            // A training module shows its running statistics one step late; `valid` brings them up to date.
            let found = tensors::collect(&net.valid());
            let expected = run["final"].as_object().expect("a map");
            assert_eq!(found.len(), expected.len(), "{what}");
            for Named { name, values, .. } in found {
                let values: Vec<f64> = values.into_iter().map(f64::from).collect();
                let expected = array(&expected[&name]).data;
                check(&format!("{what}, {name}"), &values, &expected);
            }
            let what = format!("{what}, evaluated at the end");
            evaluate(&what, &net, &run["evaluation"]);
        }
    }
}

/// Layers on rows of 6 values.
fn dense(steps: &str, hidden: Activation) -> LayersConfig {
    let steps: Vec<DenseStep> = steps
        .split(',')
        .map(|step| step.parse().expect(step))
        .collect();
    let mut layers = LayersConfig::new([6, 1, 1]);
    layers.push_steps(&steps, hidden);
    layers.layers.last_mut().expect("there are layers").1 = Activation::Linear;
    layers
}

#[test]
fn ten_steps_of_a_classifier_with_batch_normalisation() {
    let file = read("classifier.json");
    let config = dense("5,bn,4,3", Activation::Relu);
    check_training(&file, &config, cross_entropy);
}

#[test]
fn ten_steps_of_a_regressor() {
    let file = read("regressor.json");
    let config = dense("5,2", Activation::Tanh);
    check_training(&file, &config, half_squared_error);
}
