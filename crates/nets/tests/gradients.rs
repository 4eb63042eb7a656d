//! Gradients against central differences along random directions: through dense layers in f64, which Burn's flex backend
//! computes in as well, and through the contractive penalty in f32.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
use espejo_nets::{
    Activation, Common, ConvPlan, Criterion, Initializer, Layers, LayersConfig, Penalties, Style,
    seeded,
};
use rand::RngExt;

const DIRECTIONS: u64 = 4;

/// Holds the slope of `value`, a function of the weights of `layers`, along random directions against its gradient.
fn check(
    what: &str,
    layers: &Layers,
    dtype: DType,
    (step, tolerance): (f64, f64),
    value: impl Fn(&Layers) -> Tensor<1>,
) {
    let weights = weights(layers);
    let at = |weights: &[f64]| with_weights(layers.clone(), weights, dtype);
    let read = |weights: &[f64]| value(&at(weights)).into_scalar::<f64>();
    let here = at(&weights);
    let gradient = gradient(&here, &value(&here).backward());
    for seed in 0..DIRECTIONS {
        let direction = direction(weights.len(), seed);
        let moved = |step: f64| -> Vec<f64> {
            let pairs = weights.iter().zip(&direction);
            pairs.map(|(w, d)| w + step * d).collect()
        };
        let difference = (read(&moved(step)) - read(&moved(-step))) / (2.0 * step);
        let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let length = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        assert!(
            (difference - slope).abs() <= tolerance * length,
            "{what}: slope {slope}, difference {difference}, gradient of length {length}"
        );
    }
}

/// A random direction of length 1.
fn direction(size: usize, seed: u64) -> Vec<f64> {
    let mut rng = seeded(seed);
    let direction: Vec<f64> = (0..size).map(|_| rng.random_range(-1.0..1.0)).collect();
    let length = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
    direction.into_iter().map(|d| d / length).collect()
}

// Weights end to end, out of a model and into it.

#[derive(Default)]
struct Collect<'a> {
    gradients: Option<&'a Gradients>,
    found: Vec<f64>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        // Running means are measured, not trained.
        if !tensor.is_require_grad() {
            return;
        }
        let wanted = match self.gradients {
            Some(gradients) => tensor.grad(gradients).expect("the loss reaches it"),
            None => tensor,
        };
        self.found.extend(wanted.to_data().iter::<f64>());
    }
}

fn weights(layers: &Layers) -> Vec<f64> {
    let mut visitor = Collect::default();
    layers.visit(&mut visitor);
    visitor.found
}

fn gradient(layers: &Layers, gradients: &Gradients) -> Vec<f64> {
    let mut visitor = Collect {
        gradients: Some(gradients),
        ..Collect::default()
    };
    layers.visit(&mut visitor);
    visitor.found
}

struct Put<'a> {
    left: &'a [f64],
    dtype: DType,
}

impl ModuleMapper for Put<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        if !tensor.is_require_grad() {
            let same = Tensor::from_data(tensor.to_data(), (&tensor.device(), self.dtype));
            return Param::from_mapped_value(id, same, mapper);
        }
        let (values, left) = self.left.split_at(tensor.shape().num_elements());
        self.left = left;
        let data = TensorData::new(values.to_vec(), tensor.dims());
        let tensor = Tensor::from_data(data, (&tensor.device(), self.dtype));
        Param::from_mapped_value(id, tensor.require_grad(), mapper)
    }
}

fn with_weights(layers: Layers, weights: &[f64], dtype: DType) -> Layers {
    layers.map(&mut Put {
        left: weights,
        dtype,
    })
}

/// Numbers between `low` and `high`: `[rows, columns]`.
fn random([rows, columns]: [usize; 2], low: f64, high: f64, dtype: DType) -> Tensor<2> {
    let mut rng = seeded(7);
    let values = (0..rows * columns).map(|_| rng.random_range(low..high));
    let data = TensorData::new(values.collect::<Vec<f64>>(), [rows, columns]);
    Tensor::from_data(data, (&Device::flex().autodiff(), dtype))
}

/// A net with every weight and bias away from zero.
fn net(sizes: &[usize], hidden: Activation, last: Activation) -> Layers {
    let device = Device::flex().autodiff();
    let layers =
        LayersConfig::dense(sizes, hidden, last).init(Initializer::He, &mut seeded(3), &device);
    let count = weights(&layers).len();
    let mut rng = seeded(4);
    let drawn: Vec<f64> = (0..count).map(|_| rng.random_range(-0.8..0.8)).collect();
    with_weights(layers, &drawn, DType::F32)
}

#[test]
fn every_activation_through_every_loss() {
    let losses = [
        (Criterion::Bce, Activation::Sigmoid, 0.0),
        (Criterion::Mse, Activation::Sigmoid, 0.0),
        (Criterion::Mse, Activation::Linear, 0.0),
        (Criterion::Mae, Activation::Sigmoid, 0.0),
        (Criterion::LogCosh, Activation::Sigmoid, 0.0),
        (
            Criterion::Correntropy { width: 0.5 },
            Activation::Sigmoid,
            0.0,
        ),
        (Criterion::Mse, Activation::Tanh, -1.0),
        (Criterion::Entropic, Activation::Tanh, -1.0),
        (
            Criterion::Mixed {
                categories: std::iter::once(2..5).collect(),
            },
            Activation::Linear,
            0.0,
        ),
    ];
    let input = random([5, 7], -1.5, 1.5, DType::F64);
    for hidden in Activation::ALL {
        for (loss, output, low) in losses.clone() {
            let layers = net(&[7, 6, 3, 5, 7], hidden, output);
            let target = random([5, 7], low, 1.0, DType::F64);
            let what = format!("{} through {}", hidden.name(), loss.name());
            check(&what, &layers, DType::F64, (1e-6, 1e-7), |layers| {
                let logits = layers.forward_logits(input.clone());
                loss.mean(logits, target.clone(), output)
            });
        }
    }
}

/// A convolutional net for pictures of this shape, way down and way up in one stack, every weight and bias away from zero.
fn conv_net(plan: &str, picture: [usize; 3], style: Style, common: Common) -> Layers {
    let device = Device::flex().autodiff();
    let plan: ConvPlan = plan.parse().expect("a plan");
    let (mut all, decoder) = plan
        .layers(picture, style, common, Activation::Sigmoid)
        .expect("it leads back");
    all.layers.extend(decoder.layers);
    assert_eq!(all.output(), picture);
    let layers = all.init(Initializer::He, &mut seeded(3), &device);
    let count = weights(&layers).len();
    let mut rng = seeded(4);
    let drawn: Vec<f64> = (0..count).map(|_| rng.random_range(-0.6..0.6)).collect();
    with_weights(layers, &drawn, DType::F32)
}

#[test]
fn convolutions_pooling_upsampling_and_batch_normalisation() {
    let plain = Style {
        strided: false,
        transposed: false,
    };
    let (strided, transposed) = (
        Style {
            strided: true,
            ..plain
        },
        Style {
            transposed: true,
            ..plain
        },
    );
    let common = |kernel, batch_norm| Common {
        kernel,
        activation: Activation::Tanh,
        batch_norm,
    };
    for (plan, picture, style, common) in [
        ("3/1", [1, 4, 4], plain, common(3, false)),
        ("2/2", [2, 5, 3], plain, common(5, false)),
        ("2/2", [2, 5, 3], plain, common(1, false)),
        ("3,pool,2/2,up,1", [1, 4, 6], plain, common(3, false)),
        ("2,up,2,pool/2", [2, 3, 3], plain, common(3, false)),
        ("3,2", [1, 7, 5], plain, common(3, false)),
        ("3,2", [2, 7, 5], strided, common(3, false)),
        ("3,2", [1, 7, 6], transposed, common(3, false)),
        ("2,2", [1, 9, 4], transposed, common(5, false)),
        ("3,2", [1, 7, 5], plain, common(3, true)),
        ("2s,2t/2,1", [1, 6, 6], plain, common(3, true)),
    ] {
        let layers = conv_net(plan, picture, style, common);
        let values = picture.iter().product();
        let input = random([4, values], -1.5, 1.5, DType::F64);
        let target = random([4, values], 0.0, 1.0, DType::F64);
        let what = format!("{plan} on {picture:?}, {style:?}, {common:?}");
        check(&what, &layers, DType::F64, (1e-6, 1e-6), |layers| {
            let logits = layers.forward_logits(input.clone());
            Criterion::Bce.mean(logits, target.clone(), Activation::Sigmoid)
        });
    }
}

#[test]
fn the_written_derivative_is_the_slope_of_each_activation() {
    let h = 1e-6;
    let device = Device::flex();
    // Twelve places on either side of the kinks at 0.
    let places: Vec<f64> = (-12..12).map(|i| f64::from(i) / 3.0 + 0.17).collect();
    let at = |shift: f64| {
        let moved: Vec<f64> = places.iter().map(|place| place + shift).collect();
        let count = moved.len();
        Tensor::<1>::from_data(TensorData::new(moved, [count]), (&device, DType::F64))
    };
    for activation in Activation::ALL {
        let difference = (activation.forward(at(h)) - activation.forward(at(-h))) / (2.0 * h);
        let difference: Vec<f64> = difference.into_data().iter().collect();
        let slope: Vec<f64> = activation.derivative(at(0.0)).into_data().iter().collect();
        for ((d, s), place) in difference.iter().zip(&slope).zip(&places) {
            assert!(
                (d - s).abs() < 1e-6,
                "{} at {place}: {s}, difference {d}",
                activation.name()
            );
        }
    }
}

#[test]
fn the_contractive_penalty_of_every_activation() {
    let penalties = Penalties {
        contractive: 1.0,
        ..Penalties::default()
    };
    let input = random([5, 7], -1.5, 1.5, DType::F32);
    for hidden in Activation::ALL {
        for latent in [Activation::Linear, Activation::Sigmoid] {
            let layers = net(&[7, 6, 3], hidden, latent);
            let what = format!("contractive, {} and {}", hidden.name(), latent.name());
            check(&what, &layers, DType::F32, (3e-3, 3e-3), |layers| {
                let code = layers.forward(input.clone());
                let terms = penalties.terms(layers, layers, input.clone(), code);
                // A sum that reaches every bias, so that each has a gradient.
                terms[0].value.clone() + layers.forward(input.clone()).sum().mul_scalar(1e-3)
            });
        }
    }
}

#[test]
fn the_jacobian_norm_is_that_of_differences_of_the_output() {
    let h = 1e-2;
    let input = random([4, 6], -1.0, 1.0, DType::F32);
    let layers = net(&[6, 5, 3], Activation::Tanh, Activation::Sigmoid);
    let mut squares = vec![0.0; 4];
    for pixel in 0..6 {
        let shift = Tensor::<2>::zeros([4, 6], &input.device());
        let ones = Tensor::<2>::ones([4, 1], &input.device()).mul_scalar(h);
        let shift = shift.slice_assign([0..4, pixel..pixel + 1], ones);
        let ahead = layers.forward(input.clone() + shift.clone());
        let behind = layers.forward(input.clone() - shift);
        let difference = (ahead - behind).div_scalar(2.0 * h); // [batch, outputs]
        let values = difference.square().sum_dim(1).into_data();
        for (sum, value) in squares.iter_mut().zip(values.iter::<f64>()) {
            *sum += value;
        }
    }
    let found = layers.jacobian_norm_squared(input).into_data();
    for (found, expected) in found.iter::<f64>().zip(squares) {
        assert!(
            (found / expected - 1.0).abs() < 1e-3,
            "{found}, differences {expected}"
        );
    }
}

/// Layers that no autoencoder has: each kind behind others with weights, so that its own gradient must pass through.
mod layers_of_other_nets {
    use burn::tensor::{DType, Device, Tensor};
    use espejo_nets::{
        Activation, Common, ConvChain, Initializer, Join, LayerConfig, Layers, LayersConfig, seeded,
    };
    use rand::RngExt;

    use super::{check, random, weights, with_weights};

    const PRECISE: (f64, f64) = (1e-6, 1e-6);

    /// A net with every weight and bias away from zero.
    fn net(config: &LayersConfig) -> Layers {
        config.check().expect("it can be built");
        let device = Device::flex().autodiff();
        let layers = config.init(Initializer::He, &mut seeded(3), &device);
        let count = weights(&layers).len();
        let mut rng = seeded(4);
        let drawn: Vec<f64> = (0..count).map(|_| rng.random_range(-0.6..0.6)).collect();
        with_weights(layers, &drawn, DType::F32)
    }

    /// Half the squared distance of the output from numbers that it does not reach.
    fn distance(output: Tensor<2>) -> Tensor<1> {
        let target = random(output.dims(), 2.0, 3.0, DType::F64);
        (output - target).square().sum().mul_scalar(0.5)
    }

    fn check_on(what: &str, config: &LayersConfig, input: &Tensor<2>) {
        check(what, &net(config), DType::F64, PRECISE, |layers| {
            distance(layers.forward(input.clone()))
        });
    }

    fn chain(steps: &str, input: [usize; 3], activation: Activation) -> LayersConfig {
        let common = Common {
            kernel: 3,
            activation,
            batch_norm: false,
        };
        let chain: ConvChain = steps.parse().expect(steps);
        chain.layers(input, common).expect(steps)
    }

    #[test]
    fn windows_of_every_kind() {
        for (steps, input) in [
            ("3k2,2", [2, 5, 4]),
            ("3k4,2k2s2", [1, 5, 7]),
            ("3k4s2,2k4s3", [2, 7, 8]),
            ("3v,2k2v", [2, 5, 6]),
            ("3k4s2v,2k3s2v", [1, 13, 14]),
            ("2s3,2", [2, 7, 8]),
            ("3,pool3s1v,2", [1, 6, 5]),
            ("3,pool2s1,2", [1, 5, 4]),
            ("3,pool3s2,2", [2, 6, 7]),
            ("3,pool3v,2", [1, 8, 9]),
            ("3,poolv,2", [1, 5, 7]),
            ("3,bn,pool2s1v,dropout:0", [1, 5, 5]),
            ("3,pool3,2k2", [2, 1, 9]),
            ("3k4s3v,bn,2k5", [2, 1, 11]),
        ] {
            let values = input.iter().product();
            let rows = random([4, values], -1.5, 1.5, DType::F64);
            let config = chain(steps, input, Activation::Tanh);
            check_on(&format!("{steps} on {input:?}"), &config, &rows);
        }
    }

    #[test]
    fn skips() {
        let tanh = Activation::Tanh;
        let rows = random([4, 18], -1.5, 1.5, DType::F64);
        for (what, inner, join) in [
            (
                "concat",
                LayersConfig::dense([36, 5, 4], tanh, tanh),
                Join::Concat,
            ),
            (
                "add",
                LayersConfig::dense([36, 5, 36], tanh, tanh),
                Join::Add,
            ),
            ("concat of maps", chain("3", [4, 3, 3], tanh), Join::Concat),
            ("add of maps", chain("3,bn,4", [4, 3, 3], tanh), Join::Add),
        ] {
            let mut config = chain("4", [2, 3, 3], tanh);
            let inner = Box::new(inner);
            config
                .layers
                .push((LayerConfig::Skip { inner, join }, tanh));
            config.push_linear(3, Activation::Linear);
            check_on(what, &config, &rows);
        }
    }

    #[test]
    fn an_embedding() {
        let mut config = LayersConfig::new([6, 1, 1]);
        let table = LayerConfig::Embedding {
            vocabulary: 5,
            dimension: 3,
            length: 6,
        };
        config.layers.push((table, Activation::Linear));
        config.append(chain("2,pool3s1,2k2", [3, 1, 6], Activation::Tanh));
        // Every id occurs, some in several places.
        let ids = random([4, 6], 0.0, 5.0, DType::F64).floor();
        check_on("embedding", &config, &ids);
    }

    /// The one test here that draws from the device, whose random numbers are one stream for the whole process.
    #[test]
    fn dropout_and_noise_of_fixed_draws() {
        let mut config = chain("3,dropout:.3", [1, 4, 4], Activation::Tanh);
        config.push_linear(4, Activation::Linear);
        let rows = random([4, 16], -1.5, 1.5, DType::F64);
        let device = rows.device();
        check("dropout", &net(&config), DType::F64, PRECISE, |layers| {
            device.seed(5);
            distance(layers.forward(rows.clone()))
        });
        let sigmoid = Activation::Sigmoid;
        let mut config = LayersConfig::dense([16, 5, 4], Activation::Tanh, sigmoid);
        config.add_noise_before_last_activation(2.0);
        check("noise", &net(&config), DType::F64, PRECISE, |layers| {
            device.seed(5);
            distance(layers.forward(rows.clone()))
        });
    }
}
