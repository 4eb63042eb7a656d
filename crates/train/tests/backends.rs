//! One training, the same numbers on every backend: same first weights, same pictures, same noise, all made on the host.
//!
//! A backend whose device is not on this machine is left out and named; with `ESPEJO_REQUIRE_WGPU=1` a missing wgpu fails.

use std::sync::LazyLock;

use burn::tensor::{Device, Tensor, TensorData};
use espejo_data::{Shape, Source};
use espejo_nets::{
    Activation, Batch, Initializer, Join, LayerConfig, LayersConfig, Loss, Model, Padding, Window,
    seeded,
};
use espejo_train::config::{DownKind, ModelConfig, ModelKind, RunConfig, TrainConfig, UpKind};
use espejo_train::{AnyModel, Optimizer, Spec, device, tensors};
use rand::{Rng, RngExt};

const STEPS: usize = 20;
const BATCH: usize = 16;
const PIXELS: usize = 35;
const GLYPH: Shape = Shape {
    channels: 1,
    height: 7,
    width: 5,
};
const LATENT: usize = 2;

/// The devices of the build that this machine has; the first is a CPU backend where there is one.
fn devices() -> &'static [(&'static str, Device)] {
    static DEVICES: LazyLock<Vec<(&str, Device)>> = LazyLock::new(find_devices);
    &DEVICES
}

fn find_devices() -> Vec<(&'static str, Device)> {
    let required = cfg!(feature = "wgpu")
        && std::env::var("ESPEJO_REQUIRE_WGPU").is_ok_and(|value| value == "1");
    let mut found = Vec::new();
    // A software adapter may compute wrong, but not on the small shapes of these tests.
    for name in ["flex", "ndarray", "wgpu!"] {
        match device::choose(name) {
            Ok(chosen) => found.push((name, chosen.device)),
            Err(error) => {
                assert_eq!(error.exit_code(), 4, "{error}");
                assert!(!(required && name == "wgpu!"), "{error}");
                eprintln!("skipped {name}: {error}");
            }
        }
    }
    found
}

fn config(kind: ModelKind) -> RunConfig {
    RunConfig {
        model: ModelConfig {
            kind,
            layers: vec![espejo_nets::DenseStep::Size(8)],
            latent: Some(LATENT),
            ..ModelConfig::default()
        },
        train: TrainConfig {
            learning_rate: 0.01,
            ..TrainConfig::default()
        },
        ..RunConfig::default()
    }
}

/// A standard normal number, by the sum of twelve uniform ones.
fn normal(rng: &mut impl Rng) -> f32 {
    let sum: f32 = (0..12).map(|_| rng.random::<f32>()).sum();
    sum - 6.0
}

fn upload(values: Vec<f32>, width: usize, device: &Device) -> Tensor<2> {
    let rows = values.len() / width;
    Tensor::from_data(TensorData::new(values, [rows, width]), device)
}

/// The loss of one step, with everything random drawn on the host from the number of the step.
fn loss(model: &AnyModel, pictures: &[f32], step: usize, device: &Device) -> Loss {
    let mut rng = seeded(step as u64);
    let half = (step % 2) * BATCH * PIXELS;
    let clean = pictures[half..half + BATCH * PIXELS].to_vec();
    let mut flip = |pixel: &f32| {
        if rng.random::<f32>() < 0.1 {
            1.0 - pixel
        } else {
            *pixel
        }
    };
    let noisy: Vec<f32> = clean.iter().map(&mut flip).collect();
    let eps: Vec<f32> = (0..BATCH * LATENT).map(|_| normal(&mut rng)).collect();
    let clean = upload(clean, PIXELS, device);
    match model {
        AnyModel::Vae(vae) => vae.loss_with(&Batch::same(clean), upload(eps, LATENT, device)),
        other => other.loss(&Batch::new(upload(noisy, PIXELS, device), clean)),
    }
}

/// The losses before each step and after the last one.
fn losses(config: &RunConfig, device: &Device) -> Vec<f64> {
    let device = device.clone().autodiff();
    let glyphs = espejo_data::load(&Source::named("fonts:2")).expect("built in");
    let glyphs = glyphs.train;
    let mut pictures = Vec::new();
    glyphs
        .read(0..glyphs.len(), 0.0, &mut pictures)
        .expect("in memory");
    let spec = Spec::new(config, GLYPH).expect("a good configuration");
    let mut model = spec.init(config, &device);
    let mut optimizer = Optimizer::new(&config.train);
    let mut found = Vec::new();
    for step in 0..=STEPS {
        let objective = loss(&model, &pictures, step, &device).objective(1.0);
        found.push(f64::from(objective.clone().into_scalar::<f32>()));
        if step < STEPS {
            model = optimizer.step(config.train.learning_rate, model, objective.backward());
        }
    }
    found
}

fn check(kind: ModelKind) {
    check_config(&config(kind));
}

/// The same nets from convolutions: 7x5 pixels are halved to odd sizes and come back.
fn check_conv(kind: ModelKind, change: impl Fn(&mut ModelConfig)) {
    let mut config = config(kind);
    config.model.layers = Vec::new();
    config.model.conv = Some("4,3".into());
    config.model.activation = Activation::Relu;
    config.train.learning_rate = 0.03;
    change(&mut config.model);
    check_config(&config);
}

fn check_config(config: &RunConfig) {
    let kind = config.model.kind;
    let mut devices = devices().iter();
    let Some((first, device)) = devices.next() else {
        return;
    };
    let expected = losses(config, device);
    assert!(
        expected[STEPS] < 0.9 * expected[0],
        "it learns: {expected:?}"
    );
    for (name, device) in devices {
        let found = losses(config, device);
        let apart = found
            .iter()
            .zip(&expected)
            .map(|(f, e)| (f / e - 1.0).abs());
        let apart = apart.fold(0.0, f64::max);
        eprintln!("{}, {name}: {apart:.1e} from {first}", kind.name());
        assert!(
            apart < 1e-4,
            "{}, {name}: {found:?}, but {first}: {expected:?}",
            kind.name()
        );
    }
}

#[test]
fn first_weights_are_the_very_same() {
    for kind in [ModelKind::Ae, ModelKind::Dae, ModelKind::Vae] {
        let config = config(kind);
        let spec = Spec::new(&config, GLYPH).expect("a good configuration");
        let weights: Vec<_> = devices()
            .iter()
            .map(|(_, device)| tensors::collect(&spec.init(&config, device)))
            .collect();
        for other in &weights[1.min(weights.len())..] {
            assert_eq!(*other, weights[0]);
        }
    }
}

#[test]
fn a_device_can_be_chosen_more_than_once() {
    for (name, _) in devices() {
        let again = device::choose(name).expect("it was there before");
        let two = Tensor::<1>::ones([2], &again.device).sum();
        assert_eq!(two.into_scalar::<f32>(), 2.0, "{name}");
    }
}

/// A device is either right on long sums, or refused with what is wrong and what to do.
#[test]
fn a_device_that_computes_wrong_is_refused() {
    for (name, _) in devices() {
        let checked = name.trim_end_matches('!');
        match device::choose(checked) {
            Ok(chosen) => {
                let long = Tensor::<2>::ones([1 << 18, 80], &chosen.device).sum_dim(0);
                let sums = long.into_data();
                assert!(sums.iter::<f64>().all(|sum| sum == f64::from(1 << 18)));
            }
            Err(error) => {
                assert!(checked.starts_with("wgpu"), "{error}");
                assert_eq!(error.exit_code(), 4);
                let text = error.to_string();
                assert!(text.contains("` computes wrong: "), "{text}");
                assert!(text.contains(", expected "), "{text}");
                let hint = error.hint().expect("what to do");
                assert!(hint.starts_with("use `--device flex`"), "{hint}");
                // Not only the first time.
                let again = device::choose(checked).expect_err("it is as wrong as before");
                assert_eq!(again.to_string(), text);
            }
        }
    }
}

#[test]
fn an_autoencoder_trains_alike() {
    check(ModelKind::Ae);
}

#[test]
fn a_denoising_autoencoder_trains_alike() {
    check(ModelKind::Dae);
}

#[test]
fn a_variational_autoencoder_trains_alike() {
    check(ModelKind::Vae);
}

#[test]
fn convolutions_with_pooling_train_alike() {
    check_conv(ModelKind::Vae, |_| ());
}

#[test]
fn strided_and_transposed_convolutions_with_batch_normalisation_train_alike() {
    check_conv(ModelKind::Dae, |model| {
        model.latent = Some(0);
        model.down = DownKind::Stride;
        model.up = UpKind::Transpose;
        model.batch_norm = true;
    });
}

#[test]
fn activations_have_the_same_slopes() {
    let mut expected: Option<Vec<f64>> = None;
    for (name, device) in devices() {
        let mut slopes = Vec::new();
        for activation in Activation::ALL {
            let places = [-6.0, -2.0, -0.5, 0.0, 0.5, 2.0, 6.0];
            let a = Tensor::<1>::from_floats(places, &device.clone().autodiff()).require_grad();
            let gradients = activation.forward(a.clone()).sum().backward();
            let slope = a.grad(&gradients).expect("it was reached");
            slopes.extend(slope.into_data().iter::<f64>());
        }
        let expected = expected.get_or_insert_with(|| slopes.clone());
        for (index, (found, expected)) in slopes.iter().zip(expected.iter()).enumerate() {
            let activation = Activation::ALL[index / 7].name();
            assert!(
                (found - expected).abs() < 1e-5,
                "{activation} on {name}, place {}: {found}, expected {expected}",
                index % 7
            );
        }
    }
}

/// GELU is a Φ(a), and so is its slope: that of the tanh approximation, which some of Burn's backends have, is up to 1e-3 off.
#[test]
fn gelu_has_the_slope_of_its_own_values() {
    const STEP: f32 = 1.0 / 64.0;
    let places: Vec<f32> = (-16..=16).map(|place| place as f32 / 4.0).collect();
    for (name, device) in devices() {
        let device = device.clone().autodiff();
        let at = |by: f32| {
            let moved: Vec<f32> = places.iter().map(|place| place + by).collect();
            let a = Tensor::<1>::from_floats(moved.as_slice(), &device);
            let values = Activation::Gelu.forward(a).into_data();
            values.iter::<f64>().collect::<Vec<f64>>()
        };
        // Of the fourth order: values two steps away take out the curvature.
        let near = at(STEP).into_iter().zip(at(-STEP));
        let far = at(2.0 * STEP).into_iter().zip(at(-2.0 * STEP));
        let differences = near.zip(far).map(|((up, down), (far_up, far_down))| {
            (8.0 * (up - down) - (far_up - far_down)) / (12.0 * f64::from(STEP))
        });
        let a = Tensor::<1>::from_floats(places.as_slice(), &device).require_grad();
        let gradients = Activation::Gelu.forward(a.clone()).sum().backward();
        let slopes = a.grad(&gradients).expect("it is reached").into_data();
        for ((place, slope), difference) in places.iter().zip(slopes.iter::<f64>()).zip(differences)
        {
            assert!(
                (slope - difference).abs() < 1e-4,
                "{name} at {place}: {slope}, difference {difference}"
            );
        }
    }
}

/// Windows without padding and with a stride, pooling of any window, skip connections and batch normalisation, in one chain.
#[test]
fn layers_of_supervised_nets_give_alike_outputs_and_slopes() {
    let window = |kernel, stride, padding| Window {
        kernel,
        stride,
        padding,
    };
    let mut config = LayersConfig::new([2, 9, 8]);
    let push = |config: &mut LayersConfig, layer: LayerConfig, activation| {
        config.layers.push((layer, activation));
    };
    let conv = LayerConfig::Conv {
        input: config.output(),
        outputs: 4,
        window: window([4, 3], 2, Padding::Valid),
    };
    push(&mut config, conv, Activation::Tanh);
    let pool = LayerConfig::MaxPool {
        input: config.output(),
        window: window([2, 3], 1, Padding::Same),
    };
    push(&mut config, pool, Activation::Linear);
    for join in [Join::Add, Join::Concat] {
        let mut inner = LayersConfig::new(config.output());
        let conv = LayerConfig::Conv {
            input: inner.output(),
            outputs: 4,
            window: Window::same(3, 1),
        };
        push(&mut inner, conv, Activation::Tanh);
        let inner = Box::new(inner);
        push(
            &mut config,
            LayerConfig::Skip { inner, join },
            Activation::Linear,
        );
    }
    let norm = LayerConfig::BatchNorm {
        input: config.output(),
    };
    push(&mut config, norm, Activation::Linear);
    config.push_linear(5, Activation::Tanh);
    check_layers(&config);
}

#[test]
fn embeddings_and_convolutions_of_series_give_alike_outputs() {
    let mut config = LayersConfig::new([1, 1, 6]);
    let embedding = LayerConfig::Embedding {
        vocabulary: 2,
        dimension: 3,
        length: 6,
    };
    config.layers.push((embedding, Activation::Linear));
    let conv = LayerConfig::Conv {
        input: config.output(),
        outputs: 4,
        window: Window {
            kernel: [1, 3],
            stride: 1,
            padding: Padding::Valid,
        },
    };
    config.layers.push((conv, Activation::Tanh));
    config.push_linear(3, Activation::Linear);
    check_layers(&config);
}

/// Outputs of a chain, and the gradient of the sum of their squares at the inputs, which are between 0 and 1.
fn check_layers(config: &LayersConfig) {
    config.check().expect("the sizes fit");
    let mut rng = seeded(11);
    let inputs: Vec<f32> = (0..BATCH * config.input_size())
        .map(|_| rng.random::<f32>())
        .collect();
    let run = |device: &Device| {
        let device = device.clone().autodiff();
        let layers = config.init(Initializer::Glorot, &mut seeded(5), &device);
        let inputs = upload(inputs.clone(), config.input_size(), &device).require_grad(); // [batch, values]
        let outputs = layers.forward(inputs.clone()); // [batch, outputs]
        let slopes = inputs.grad(&outputs.clone().square().sum().backward());
        let slopes = slopes.map(|slopes| slopes.into_data().iter::<f32>().collect::<Vec<_>>());
        (
            outputs.into_data().iter::<f32>().collect::<Vec<_>>(),
            slopes,
        )
    };
    let mut found = devices().iter().map(|(name, device)| (name, run(device)));
    let Some((_, (outputs, slopes))) = found.next() else {
        return;
    };
    for (name, (other_outputs, other_slopes)) in found {
        assert_close(name, &other_outputs, &outputs);
        match (&slopes, &other_slopes) {
            (Some(slopes), Some(other)) => assert_close(name, other, slopes),
            // Nothing learns where token ids come from.
            (slopes, other) => assert_eq!(slopes.is_none(), other.is_none(), "{name}"),
        }
    }
}

fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (found, expected) in found.iter().zip(expected) {
        let tolerance = 1e-4 * (1.0 + expected.abs());
        assert!(
            (found - expected).abs() <= tolerance,
            "{name}: {found} {expected}"
        );
    }
}
