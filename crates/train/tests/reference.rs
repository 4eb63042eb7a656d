//! Espejo's numbers against PyTorch's, on every CPU backend of the build; `tests/reference/README.md` says what they are.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use espejo_ae::{Ae, AeConfig};
use espejo_dae::DaeConfig;
use espejo_data::Shape;
use espejo_nets::{
    Activation, Autoencoder, Batch, Criterion, Initializer, Layer, LayerConfig, LayersConfig, Loss,
    Model, Penalties, seeded,
};
use espejo_train::config::{
    DownKind, ModelConfig, ModelKind, ObjectiveConfig, OptimizerKind, TrainConfig, UpKind,
};
use espejo_train::tensors::{self, Named};
use espejo_train::{AnyModel, Optimizer, RunConfig, Spec, device};
use espejo_vae::{Vae, VaeConfig};
use serde::Deserialize;
use serde_json::Value;

/// Relative for one number, of the largest magnitude for an array.
const TOLERANCE: f64 = 1e-5;

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

// What is read.

/// An array as it stands in the files, row-major.
#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

fn read(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference");
    let text = std::fs::read_to_string(folder.join(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

fn array(value: &Value) -> Array {
    Array::deserialize(value).expect("an array of shape and data")
}

fn tensor<const D: usize>(value: &Value, device: &Device) -> Tensor<D> {
    let Array { shape, data } = array(value);
    let values: Vec<f32> = data.iter().map(|value| *value as f32).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list");
    list.iter().map(number).collect()
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.as_object().expect("a map");
    map.iter().map(|(key, value)| (key.as_str(), value))
}

fn parameters(value: &Value) -> Vec<Named> {
    let named = entries(value).map(|(name, value)| {
        let Array { shape, data } = array(value);
        Named {
            name: name.to_owned(),
            shape,
            values: data.iter().map(|value| *value as f32).collect(),
        }
    });
    named.collect()
}

// What is computed.

fn cpu_devices() -> Vec<(&'static str, Device)> {
    let names = device::backends();
    let cpu = names
        .into_iter()
        .filter(|name| ["flex", "ndarray"].contains(name));
    cpu.map(|name| (name, device::choose(name).expect("in this build").device))
        .collect()
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    let data = tensor.to_data();
    data.iter::<f32>().map(f64::from).collect()
}

/// The gradients of a model, parameter by parameter, weights `[out, in]`.
struct Collect<'a> {
    gradients: &'a Gradients,
    found: Vec<Vec<f64>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let gradient = tensor
            .grad(self.gradients)
            .unwrap_or_else(|| tensor.inner().zeros_like());
        let gradient = if D == 2 {
            gradient.transpose()
        } else {
            gradient
        };
        self.found.push(values(&gradient));
    }
}

/// Holds the gradients of `value` against the expected ones; a parameter of which nothing is expected is passed over.
fn check_gradients<M: Module>(what: &str, model: &M, value: &Tensor<1>, expected: &Value) {
    let gradients = value.backward();
    let mut visitor = Collect {
        gradients: &gradients,
        found: Vec::new(),
    };
    model.visit(&mut visitor);
    let names = tensors::collect(model);
    let found: Vec<_> = names.iter().zip(&visitor.found).collect();
    for (name, expected) in entries(expected) {
        let (_, gradient) = found
            .iter()
            .find(|(named, _)| named.name == name)
            .expect("a parameter of that name");
        let what = format!("{what}, gradient of {name}");
        check(&what, gradient, &array(expected).data);
    }
}

fn term<'a>(loss: &'a Loss, name: &str) -> &'a Tensor<1> {
    let found = loss.0.iter().find(|term| term.name == name);
    &found.expect("a term of that name").value
}

fn scalar(tensor: &Tensor<1>) -> [f64; 1] {
    [f64::from(tensor.clone().into_scalar::<f32>())]
}

fn activation(name: &str) -> Activation {
    let name = name.replace('_', "-");
    let found = Activation::ALL
        .into_iter()
        .find(|activation| activation.name() == name);
    found.expect("an activation of that name")
}

// The files, one test each.

#[test]
fn losses_and_their_gradients() {
    let file = read("losses.json");
    let width = number(&file["correntropy_width"]);
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        for (name, expected) in entries(&file["losses"]) {
            let (loss, output, target) = match name {
                "bce" => (Criterion::Bce, Activation::Sigmoid, "target01"),
                "mse" => (Criterion::Mse, Activation::Sigmoid, "target01"),
                "mae" => (Criterion::Mae, Activation::Sigmoid, "target01"),
                "log_cosh" => (Criterion::LogCosh, Activation::Sigmoid, "target01"),
                "correntropy" => (
                    Criterion::Correntropy { width },
                    Activation::Sigmoid,
                    "target01",
                ),
                "entropic" => (Criterion::Entropic, Activation::Tanh, "target_signed"),
                other => panic!("no loss `{other}`"),
            };
            let logits = tensor::<2>(&file["logits"], &device).require_grad();
            let value = loss.mean(logits.clone(), tensor(&file[target], &device), output);
            let what = format!("{name} on {backend}");
            check(&what, &scalar(&value), &[number(&expected["value"])]);
            let gradient = logits.grad(&value.backward()).expect("it was reached");
            let expected = array(&expected["gradient"]).data;
            check(&format!("{what}, gradient"), &values(&gradient), &expected);
        }
    }
}

#[test]
fn activations_and_their_derivatives() {
    let file = read("activations.json");
    assert_eq!(
        entries(&file["activations"]).count(),
        Activation::ALL.len(),
        "every activation has its numbers"
    );
    for (backend, device) in cpu_devices() {
        for (name, expected) in entries(&file["activations"]) {
            let function = activation(name);
            let input = tensor::<1>(&file["input"], &device.clone().autodiff()).require_grad();
            let output = function.forward(input.clone());
            let derivative = array(&expected["derivative"]).data;
            let what = format!("{name} on {backend}");
            check(&what, &values(&output), &array(&expected["value"]).data);
            let written = values(&function.derivative(input.clone()));
            check(&format!("{what}, derivative"), &written, &derivative);
            let gradients = output.sum().backward();
            let found = values(&input.grad(&gradients).expect("it was reached"));
            check(&format!("{what}, differentiated"), &found, &derivative);
        }
    }
}

/// The encoder 6-5-3 of `regularisers.json`, before a decoder of zeros that the file knows nothing of.
fn regularised(
    hidden: &str,
    latent: &str,
    penalties: Penalties,
    weights: &Value,
    device: &Device,
) -> Ae {
    let config = AeConfig {
        encoder: LayersConfig::dense([6, 5, 3], activation(hidden), activation(latent)),
        decoder: LayersConfig::dense([3, 6], Activation::Linear, Activation::Linear),
        penalties,
        ..AeConfig::mirrored(6, &[], 3, Activation::Linear)
    };
    let mut weights = parameters(weights);
    for (name, shape) in [
        ("decoder.0.weight", vec![6, 3]),
        ("decoder.0.bias", vec![6]),
    ] {
        weights.push(Named {
            name: name.to_owned(),
            values: vec![0.0; shape.iter().product()],
            shape,
        });
    }
    tensors::apply(config.init(&mut seeded(1), device), weights).expect("they fit")
}

#[test]
fn regularisers_and_their_gradients() {
    let file = read("regularisers.json");
    let penalties = Penalties {
        l1: 1.0,
        sparsity: 1.0,
        sparsity_target: number(&file["rho"]),
        contractive: 1.0,
        weight_decay: 1.0,
    };
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let batch = Batch::same(tensor(&file["input"], &device));
        let model = regularised("tanh", "sigmoid", penalties, &file["parameters"], &device);
        let code = model.encode(batch.inputs.clone().into_tensor());
        check("code", &values(&code), &array(&file["code"]).data);
        for (name, expected) in entries(&file["regularisers"]) {
            let loss = model.loss(&batch);
            let (what, value) = (format!("{name} on {backend}"), term(&loss, name));
            check(&what, &scalar(value), &[number(&expected["value"])]);
            check_gradients(&what, &model, value, &expected["gradients"]);
        }
    }
}

#[test]
fn the_contractive_penalty_takes_every_layer_into_account() {
    let file = read("regularisers.json");
    let penalties = Penalties {
        contractive: 1.0,
        ..Penalties::default()
    };
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let batch = Batch::same(tensor(&file["input"], &device));
        for (pair, expected) in entries(&file["contractive"]) {
            let (hidden, latent) = pair.split_once('-').expect("two activations");
            let model = regularised(hidden, latent, penalties, &file["parameters"], &device);
            let loss = model.loss(&batch);
            let (what, value) = (format!("{pair} on {backend}"), term(&loss, "contractive"));
            check(&what, &scalar(value), &[number(&expected["value"])]);
            check_gradients(&what, &model, value, &expected["gradients"]);
        }
    }
}

fn vae(file: &Value, device: &Device) -> Vae {
    let config = VaeConfig {
        beta: number(&file["beta"]),
        ..VaeConfig::mirrored(35, &[16], 2, Activation::Relu)
    };
    let weights = parameters(&file["parameters"]);
    tensors::apply(config.init(&mut seeded(1), device), weights).expect("they fit")
}

#[test]
fn a_variational_autoencoder() {
    let file = read("vae.json");
    let outputs = &file["outputs"];
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let model = vae(&file, &device);
        let pictures = tensor::<2>(&file["input"], &device);
        let loss = model.loss_with(
            &Batch::same(pictures.clone()),
            tensor(&file["eps"], &device),
        );
        for name in ["reconstruction", "kl"] {
            let what = format!("{name} on {backend}");
            check(&what, &scalar(term(&loss, name)), &[number(&file[name])]);
        }
        let objective = loss.objective(1.0);
        check("objective", &scalar(&objective), &[number(&file["loss"])]);
        check_gradients(
            &format!("vae on {backend}"),
            &model,
            &objective,
            &file["gradients"],
        );

        let (mean, log_variance) = model.posterior(pictures);
        let expected = |name: &str| array(&outputs[name]).data;
        check("mean", &values(&mean), &expected("mean"));
        let found = values(&log_variance);
        check("log variance", &found, &expected("log_variance"));
        let decoded = model.decode(tensor(&outputs["code"], &device));
        let logits = Activation::Sigmoid.forward(tensor::<2>(&outputs["logits"], &device));
        check("pictures", &values(&decoded), &values(&logits));
    }
}

fn optimizer(name: &str, settings: &Value) -> (f64, Optimizer) {
    let kinds = [
        OptimizerKind::Adam,
        OptimizerKind::Adamw,
        OptimizerKind::Rmsprop,
        OptimizerKind::Sgd,
        OptimizerKind::Momentum,
    ];
    let kind = kinds.into_iter().find(|kind| kind.name() == name);
    let setting = |key: &str| settings[key].as_f64().unwrap_or_default();
    let config = TrainConfig {
        optimizer: kind.expect("an optimiser of that name"),
        momentum: setting("momentum"),
        decay: setting("weight_decay"),
        ..TrainConfig::default()
    };
    (number(&settings["lr"]), Optimizer::new(&config))
}

/// Trains for as many steps as there are losses but one, and holds each term against the expected before every step and
/// after the last one; gives back the trained model.
fn check_training<M: Module>(
    what: &str,
    mut model: M,
    (rate, mut optimizer): (f64, Optimizer),
    loss: impl Fn(&M, usize) -> Loss,
    expected: &[(&str, Vec<f64>)],
) -> M {
    let last = expected[0].1.len() - 1;
    for step in 0..=last {
        let now = loss(&model, step);
        let objective = now.objective(1.0);
        for (name, expected) in expected {
            let value = match *name {
                "loss" => &objective,
                name => term(&now, name),
            };
            let what = format!("{what}, {name} after {step} steps");
            check(&what, &scalar(value), &[expected[step]]);
        }
        if step < last {
            model = optimizer.step(rate, model, objective.backward());
        }
    }
    model
}

#[test]
fn ten_steps_of_each_optimiser() {
    let file = read("training_ae.json");
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let batch = Batch::same(tensor(&file["input"], &device));
        let config = AeConfig::mirrored(35, &[16], 2, Activation::Tanh);
        let weights = parameters(&file["parameters"]);
        let model =
            tensors::apply(config.init(&mut seeded(1), &device), weights).expect("they fit");
        let first = model.loss(&batch).objective(1.0);
        check_gradients(
            &format!("ae on {backend}"),
            &model,
            &first,
            &file["gradients"],
        );
        assert_eq!(entries(&file["runs"]).count(), 5, "every optimiser has one");
        for (name, run) in entries(&file["runs"]) {
            let trained = check_training(
                &format!("{name} on {backend}"),
                model.clone(),
                optimizer(name, &run["settings"]),
                |model, _| model.loss(&batch),
                &[("loss", numbers_of(&run["losses"]))],
            );
            if let Some(expected) = run.get("final") {
                check_weights(&format!("{name} on {backend}"), &trained, expected);
            }
        }
    }
}

fn numbers_of(value: &Value) -> Vec<f64> {
    if value.is_array() {
        numbers(value)
    } else {
        array(value).data
    }
}

fn check_weights<M: Module>(what: &str, model: &M, expected: &Value) {
    let found = tensors::collect(model);
    assert_eq!(found.len(), entries(expected).count(), "{what}");
    for Named { name, values, .. } in found {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let expected = array(&expected[&name]).data;
        check(&format!("{what}, {name}"), &values, &expected);
    }
}

#[test]
fn ten_steps_of_a_variational_autoencoder() {
    let file = read("training_vae.json");
    let expected: Vec<_> = entries(&file["losses"])
        .map(|(name, losses)| (name, numbers_of(losses)))
        .collect();
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let pictures = tensor::<2>(&file["input"], &device);
        let eps = tensor::<3>(&file["eps"], &device); // [steps + 1, batch, latent]
        let [_, batch, latent] = eps.dims();
        let noise = |step: usize| {
            let drawn = eps.clone().slice(step..step + 1);
            drawn.reshape([batch, latent])
        };
        check_training(
            &format!("vae on {backend}"),
            vae(&file, &device),
            optimizer("adam", &file["settings"]),
            |model, step| model.loss_with(&Batch::same(pictures.clone()), noise(step)),
            &expected,
        );
    }
}

#[test]
fn ten_steps_of_a_denoising_autoencoder() {
    let file = read("training_dae.json");
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let batch = Batch::new(
            tensor(&file["input"], &device),
            tensor(&file["target"], &device),
        );
        let mut autoencoder = AeConfig::mirrored(35, &[], 12, Activation::Tanh);
        autoencoder.encoder = LayersConfig::dense([35, 12], Activation::Tanh, Activation::Tanh);
        let config = DaeConfig { autoencoder };
        let weights = parameters(&file["parameters"]);
        let model =
            tensors::apply(config.init(&mut seeded(1), &device), weights).expect("they fit");
        check_training(
            &format!("dae on {backend}"),
            model,
            optimizer("adam", &file["settings"]),
            |model, _| model.loss(&batch),
            &[("loss", numbers_of(&file["losses"]))],
        );
    }
}

// Convolutional nets, from the keys of a configuration and not from layers put together here.

/// `conv = "4,3"` on the pictures of `conv.json`, with first weights that have nothing to do with it.
fn convolutional(kind: ModelKind, device: &Device) -> AnyModel {
    let (shape, model) = match kind {
        ModelKind::Vae => {
            let model = ModelConfig {
                latent: Some(2),
                activation: Activation::Relu,
                ..ModelConfig::default()
            };
            ([1, 7, 5], model)
        }
        _ => {
            let model = ModelConfig {
                latent: Some(0),
                activation: Activation::Tanh,
                latent_activation: Activation::Tanh,
                down: DownKind::Stride,
                up: UpKind::Transpose,
                batch_norm: true,
                ..ModelConfig::default()
            };
            ([2, 6, 9], model)
        }
    };
    let config = RunConfig {
        model: ModelConfig {
            kind,
            conv: Some("4,3".into()),
            layers: Vec::new(),
            ..model
        },
        objective: ObjectiveConfig {
            beta: number(&read("conv.json")["vae"]["beta"]),
            ..ObjectiveConfig::default()
        },
        ..RunConfig::default()
    };
    let [channels, height, width] = shape;
    let shape = Shape {
        channels,
        height,
        width,
    };
    let spec = Spec::new(&config, shape).expect("a good configuration");
    spec.init(&config, device)
}

/// The same model with the weights of `torch.nn`.
fn with_weights(kind: ModelKind, expected: &Value, device: &Device) -> AnyModel {
    let weights = parameters(&expected["parameters"]);
    tensors::apply(convolutional(kind, device), weights).expect("they fit")
}

#[test]
fn names_and_shapes_of_a_convolutional_net_are_those_of_torch_nn() {
    let file = read("conv.json");
    let (_, device) = cpu_devices().remove(0);
    for kind in [ModelKind::Vae, ModelKind::Dae] {
        let saved = tensors::to_bytes(&tensors::collect(&convolutional(kind, &device)));
        let found: BTreeMap<_, _> = tensors::from_bytes(&saved)
            .expect("just written")
            .into_iter()
            .map(|tensor| (tensor.name, tensor.shape))
            .collect();
        // The file's are those of a `state_dict`, of modules that stand at the same numbers.
        let expected: BTreeMap<_, _> = entries(&file[kind.name()]["parameters"])
            .map(|(name, value)| (name.to_owned(), array(value).shape))
            .collect();
        assert_eq!(found, expected, "{}", kind.name());
    }
}

#[test]
fn a_convolutional_variational_autoencoder_and_ten_steps_of_it() {
    let file = &read("conv.json")["vae"];
    let expected: Vec<_> = entries(&file["losses"])
        .map(|(name, losses)| (name, numbers_of(losses)))
        .collect();
    for (backend, device) in cpu_devices() {
        let what = format!("convolutional vae on {backend}");
        let device = device.autodiff();
        let AnyModel::Vae(model) = with_weights(ModelKind::Vae, file, &device) else {
            panic!("a configuration of a vae");
        };
        let pictures = tensor::<2>(&file["input"], &device);
        let eps = tensor::<3>(&file["eps"], &device); // [steps + 1, batch, latent]
        let [_, batch, latent] = eps.dims();
        let noise = |step: usize| {
            let drawn = eps.clone().slice(step..step + 1);
            drawn.reshape([batch, latent])
        };
        let outputs = |name: &str| array(&file["outputs"][name]).data;
        let (mean, log_variance) = model.posterior(pictures.clone());
        check(&what, &values(&mean), &outputs("mean"));
        check(&what, &values(&log_variance), &outputs("log_variance"));
        let decoded = model.decode(tensor(&file["outputs"]["code"], &device));
        let logits = tensor::<2>(&file["outputs"]["logits"], &device);
        let expected_pictures = values(&Activation::Sigmoid.forward(logits));
        check(&what, &values(&decoded), &expected_pictures);

        let objective = model
            .loss_with(&Batch::same(pictures.clone()), noise(0))
            .objective(1.0);
        check_gradients(&what, &model, &objective, &file["gradients"]);
        check_training(
            &what,
            model,
            optimizer("adam", &file["settings"]),
            |model, step| model.loss_with(&Batch::same(pictures.clone()), noise(step)),
            &expected,
        );
    }
}

#[test]
fn ten_steps_of_a_convolutional_denoising_autoencoder_with_batch_normalisation() {
    let file = &read("conv.json")["dae"];
    let evaluation = numbers_of(&file["evaluation"]);
    for (backend, device) in cpu_devices() {
        let what = format!("convolutional dae on {backend}");
        let batch = |device: &Device| {
            Batch::new(
                tensor(&file["input"], device),
                tensor(&file["target"], device),
            )
        };
        let (plain, device) = (batch(&device), device.autodiff());
        let training = batch(&device);
        let evaluate = |what: &str, model: &AnyModel, expected: f64| {
            let found = model.valid().loss(&plain).objective(1.0);
            check(what, &scalar(&found), &[expected]);
        };

        let model = with_weights(ModelKind::Dae, file, &device);
        let objective = model.loss(&training).objective(1.0);
        check_gradients(&what, &model, &objective, &file["gradients"]);
        let first = format!("{what}, evaluated after one look");
        evaluate(&first, &model, evaluation[0]);

        // A model of its own: the look above has moved the running means of that one.
        let trained = check_training(
            &what,
            with_weights(ModelKind::Dae, file, &device),
            optimizer("momentum", &file["settings"]),
            |model, _| model.loss(&training),
            &[("loss", numbers_of(&file["losses"]))],
        );
        let last = evaluation.last().expect("one a step");
        evaluate(&format!("{what}, evaluated at the end"), &trained, *last);
        check_weights(&what, &trained, &file["final"]);
    }
}

fn layer(config: LayerConfig, device: &Device) -> Layer {
    config.init(Initializer::Glorot, &mut seeded(1), device)
}

#[test]
fn odd_sizes_are_halved_and_restored_as_in_pytorch() {
    let file = &read("conv.json")["resampling"];
    let halving = [[3, 7, 5], [3, 4, 3]].map(|input| LayerConfig::Pool { input });
    let doubling = [([3, 2, 2], [4, 3]), ([3, 4, 3], [7, 5])]
        .map(|(input, output)| LayerConfig::Upsample { input, output });
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        let rows = |value: &Value| tensor::<4>(value, &device).flatten::<2>(1, 3); // [batch, pixels]
        for (input, last, steps) in [
            (
                "input",
                "halved",
                halving.clone().map(|layer| (layer, "half")),
            ),
            (
                "small",
                "doubled",
                doubling.clone().map(|layer| (layer, "double")),
            ),
        ] {
            let leaf = rows(&file[input]).require_grad();
            let [(first, between), (second, _)] = steps;
            let middle = layer(first, &device).forward(leaf.clone());
            let output = layer(second, &device).forward(middle.clone());
            // What is only moved about is the same to the last bit.
            for (name, found) in [(between, &middle), (last, &output)] {
                let expected = values(&rows(&file["outputs"][name]));
                assert_eq!(values(found), expected, "{name} on {backend}");
            }
            let sum = (output * rows(&file["weights"][last])).sum();
            let gradient = leaf.grad(&sum.backward()).expect("it was reached");
            let expected = array(&file["gradients"][input]).data;
            let what = format!("gradient of {input} on {backend}");
            check(&what, &values(&gradient), &expected);
        }
    }
}

/// The script holds PyTorch to the same rule, up to the same size.
#[test]
fn every_size_is_doubled_by_the_rule_of_pytorch() {
    for (backend, device) in cpu_devices() {
        let device = device.autodiff();
        for size in (1..=64).chain([127, 128, 255, 256, 511, 512, 1023, 1024]) {
            for wanted in [2 * size, 2 * size - 1] {
                let config = LayerConfig::Upsample {
                    input: [1, 1, size],
                    output: [1, wanted],
                };
                let numbered: Vec<f32> = (0..size).map(|index| index as f32).collect();
                let row = Tensor::<2>::from_data(TensorData::new(numbered, [1, size]), &device)
                    .require_grad();
                let doubled = layer(config, &device).forward(row.clone());
                let expected: Vec<f64> = (0..wanted).map(|index| (index / 2) as f64).collect();
                assert_eq!(
                    values(&doubled),
                    expected,
                    "{size} to {wanted} on {backend}"
                );
                // The way back follows the same rule: each pixel has the gradients of those made of it.
                let numbered: Vec<f32> = (0..wanted).map(|index| (index % 7) as f32).collect();
                let weights = Tensor::from_data(TensorData::new(numbered, [1, wanted]), &device);
                let gradients = (doubled * weights).sum().backward();
                let gradient = row.grad(&gradients).expect("it was reached");
                let mut expected = vec![0.0; size];
                for index in 0..wanted {
                    expected[index / 2] += (index % 7) as f64;
                }
                assert_eq!(
                    values(&gradient),
                    expected,
                    "{size} from {wanted} on {backend}"
                );
            }
        }
    }
}
