//! Training in double precision is training of the very nets that `nets` has: same first weights, same loss, same gradient.

#![cfg(feature = "flex")]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use espejo_mlp::Objective;
use espejo_nets::{Activation, Batch, DenseStep, Initializer, Model};
use espejo_train::config::{
    GradientSource, LossKind, ModelKind, OptimizerKind, Precision, RunConfig, TrainConfig,
};
use espejo_train::{Algorithm, AnyModel, DenseFit, Layout, Spec, dense_fit, method};

/// Ten letters through a small net.
fn small() -> RunConfig {
    let mut config = RunConfig::default();
    config.data.first = Some(10);
    config.model.layers = vec![DenseStep::Size(7)];
    config.train.optimizer = OptimizerKind::Bfgs;
    config
}

/// The same in single precision: the model with its first weights.
fn model(config: &RunConfig, dense: &DenseFit) -> AnyModel {
    let spec = Spec::new(
        config,
        Layout {
            shape: dense.train.shape(),
            table: dense.train.is_table(),
            outputs: 0,
            categories: Vec::new(),
            tokens: None,
            missing_mask: false,
        },
    )
    .expect("it is sound");
    spec.init(config, &Device::flex().autodiff())
}

/// The numbers of parameters laid end to end as `mlp` has them: `[inputs, outputs]` each matrix, then the biases.
#[derive(Default)]
struct Flat<'a> {
    gradients: Option<&'a Gradients>,
    numbers: Vec<f64>,
}

impl ModuleVisitor for Flat<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let tensor = match self.gradients {
            Some(gradients) => value.grad(gradients).expect("every parameter has one"),
            None => value.inner(),
        };
        self.numbers.extend(tensor.into_data().iter::<f64>());
    }
}

fn flat(model: &AnyModel, gradients: Option<&Gradients>) -> Vec<f64> {
    let mut flat = Flat {
        gradients,
        numbers: Vec::new(),
    };
    model.visit(&mut flat);
    flat.numbers
}

/// The training samples as Burn sees them: clean, and for a `dae` the very noisy copies.
fn batch(dense: &DenseFit) -> Batch {
    let copies = dense.fit.samples() / dense.train.len();
    let rows = |values: &[f64]| {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        let shape = [dense.fit.samples(), dense.net.inputs()];
        Tensor::<2>::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
    };
    let targets = rows(&dense.clean.repeat(copies)); // [copies * samples, values]
    let noisy = dense.noisy.as_deref().map(rows);
    Batch::new(noisy.unwrap_or_else(|| targets.clone()), targets)
}

/// Holds the loss and the gradient at the first weights against those of `nets`.
#[track_caller]
fn check(config: &RunConfig) {
    let what = format!("{:?} {:?}", config.model, config.objective.loss);
    let mut dense = dense_fit(config).expect("it is sound");
    let model = model(config, &dense);
    let start = flat(&model, None);
    assert_eq!(dense.start, start, "first weights, {what}");

    let mut gradient = vec![0.0; start.len()];
    let value = dense.fit.gradient(&start, &mut gradient);
    let loss = model.loss(&batch(&dense)).objective(1.0);
    let expected: f64 = loss.clone().into_scalar();
    let error = (value - expected).abs() / expected.abs();
    assert!(error < 1e-5, "{what}: loss {value}, expected {expected}");

    let expected = flat(&model, Some(&loss.backward()));
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let apart = norm(&mut gradient.iter().zip(&expected).map(|(a, b)| a - b));
    let error = apart / norm(&mut expected.iter().copied());
    assert!(error < 1e-5, "{what}: gradients {error} apart");
}

#[test]
fn every_loss_is_that_of_the_tensors() {
    for loss in [
        LossKind::Bce,
        LossKind::Mse,
        LossKind::Mae,
        LossKind::LogCosh,
        LossKind::Correntropy,
        LossKind::Entropic,
    ] {
        let mut config = small();
        config.objective.loss = loss;
        check(&config);
    }
}

#[test]
fn every_activation_is_that_of_the_tensors() {
    for activation in Activation::ALL {
        let mut config = small();
        config.model.activation = activation;
        config.model.latent_activation = activation;
        config.model.initializer = Initializer::He;
        check(&config);
        config.objective.loss = LossKind::Mse;
        config.model.output_activation = Some(activation);
        check(&config);
    }
}

#[test]
fn a_denoising_net_learns_from_its_kept_copies() {
    for noise in ["flip:0.1", "salt-pepper:0.2", "gaussian:0.3"] {
        let mut config = small();
        config.model.kind = ModelKind::Dae;
        config.noise.kind = Some(noise.into());
        config.noise.copies = 4;
        check(&config);
        let dense = dense_fit(&config).expect("it is sound");
        let noisy = dense.noisy.expect("it has copies");
        assert_eq!(dense.fit.samples(), 40);
        let clean = dense.clean.repeat(4);
        let changed = noisy.iter().zip(&clean).filter(|(a, b)| a != b).count();
        assert!(changed > 0 && changed < clean.len() + 1, "{noise}");
        config.objective.loss = LossKind::Entropic;
        check(&config);
    }
}

#[test]
fn the_code_is_where_the_net_is_split() {
    let mut config = small();
    config.model.layers = [35, 9, 3, 8, 35].map(DenseStep::Size).to_vec();
    let dense = dense_fit(&config).expect("it is sound");
    let (encoder, decoder) = dense.net.split(dense.encoder_layers);
    assert_eq!((encoder.inputs(), encoder.outputs()), (35, 3));
    assert_eq!((decoder.inputs(), decoder.outputs()), (3, 35));
}

fn train(optimizer: OptimizerKind) -> TrainConfig {
    TrainConfig {
        optimizer,
        ..TrainConfig::default()
    }
}

#[test]
fn an_optimiser_is_a_method_with_limits() {
    let config = TrainConfig {
        epochs: 7,
        max_evaluations: Some(500),
        gradient: GradientSource::Finite,
        ..train(OptimizerKind::Bfgs)
    };
    let (algorithm, limits) = method(&config).expect("it is sound");
    let bfgs = espejo_mlp::Method::Bfgs;
    assert_eq!(algorithm, Algorithm::Minimize(bfgs));
    assert_eq!(limits.max_evaluations, Some(500));
    assert_eq!(limits.max_iterations, Some(7));
    assert_eq!(limits.gradient, espejo_mlp::GradientKind::Finite);

    let (algorithm, _) = method(&train(OptimizerKind::Adaptive)).expect("it is sound");
    let Algorithm::Descend(descent) = algorithm else {
        panic!("{algorithm:?}")
    };
    assert_eq!(descent.rule, espejo_mlp::Rule::Gradient { momentum: 0.9 });
    let adaptive = espejo_mlp::Adaptive {
        raise: 1e-4,
        after: 3,
        lower: 1e-5,
    };
    assert_eq!(descent.adaptive, Some(adaptive));
}

#[test]
fn single_precision_has_no_method() {
    for optimizer in [OptimizerKind::Adam, OptimizerKind::Rmsprop] {
        assert!(method(&train(optimizer)).is_err());
    }
    let double = |optimizer| TrainConfig {
        precision: Some(Precision::Double),
        ..train(optimizer)
    };
    assert!(method(&double(OptimizerKind::Adam)).is_ok());
    assert!(method(&double(OptimizerKind::Adamw)).is_err());
}
