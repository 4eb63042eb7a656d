//! Each fused operation, forward and backward pass, beside the plain composition of Burn's operations on the same CPU backend, and what the
//! machine can do: `cargo bench --bench kernels`. The sizes are those of the models that `scripts/bench peers` trains.
//!
//! `items` are multiplications with additions, or numbers where there are none.

use burn::tensor::module::{batch_norm_train, conv_transpose2d, conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{
    ConvOptions, ConvTransposeOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions,
};
use burn::tensor::{Device, Distribution, Tensor, activation};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use espejo_kernels::buffers;
use espejo_kernels::correlation::correlate;
use espejo_kernels::cross_entropy::{LogProbabilities, of_probabilities};
use espejo_kernels::gemm::{Matrix, Product, multiply};
use espejo_kernels::linear::Shape;
use espejo_kernels::{
    Activation, DenseNet, DenseParameters, Factors, FusedLoss, Law, ParameterGradient, SelfGated,
    Sliding, Step, batch_norm, conv, cross_entropy, linear, max_pool, normal_cdf, self_gated,
    transposed_conv, upsample, upsampled_conv, window_conv,
};

const BATCH: usize = 128;

/// Which of the two.
const WAYS: [Way; 2] = [Way::Fused, Way::Plain];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Fused,
    Plain,
}

impl std::fmt::Display for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

fn main() {
    divan::main();
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(
        shape,
        Distribution::Uniform(-1.0, 1.0),
        &Device::flex().autodiff(),
    )
}

/// A parameter.
fn tracked<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    random(shape).detach().require_grad()
}

/// Times the forward and the backward pass of what `forward` makes.
fn there_and_back<const D: usize>(bencher: Bencher, items: usize, forward: impl Fn() -> Tensor<D>) {
    let bencher = bencher.counter(ItemsCount::new(items));
    bencher.bench_local(|| forward().sum().backward());
}

/// The layers of the dense VAE: 784 to 256 and back.
#[divan::bench(args = WAYS, consts = [0, 1])]
fn dense<const DECODER: usize>(bencher: Bencher, way: Way) {
    let (inputs, outputs) = if DECODER == 1 { (256, 784) } else { (784, 256) };
    let x = if DECODER == 1 {
        tracked([BATCH, inputs])
    } else {
        random([BATCH, inputs])
    };
    let (weight, bias) = (tracked([inputs, outputs]), tracked([outputs]));
    there_and_back(bencher, (2 + DECODER) * BATCH * inputs * outputs, || {
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
        match way {
            Way::Fused => linear(x, weight, bias, Activation::Relu),
            Way::Plain => activation::relu(x.matmul(weight) + bias.unsqueeze()),
        }
    });
}

/// Products around a code of few numbers: rows, inner numbers and columns; there, at the weights and back.
const THIN: [[usize; 3]; 5] = [
    [128, 256, 2],
    [128, 2, 256],
    [256, 128, 2],
    [2, 128, 256],
    [1024, 256, 2],
];

#[divan::bench(consts = [0, 1, 2, 3, 4])]
fn thin<const SHAPE: usize>(bencher: Bencher) {
    let [m, k, n] = THIN[SHAPE];
    let numbers = |count: usize| -> Vec<f32> {
        let number = |at| (at % 97) as f32 / 97.0 - 0.5;
        (0..count).map(number).collect()
    };
    let (a, b) = (numbers(m * k), numbers(k * n));
    // The gradient at weights has the transposed inputs on its left.
    let left = match k == 128 {
        true => Matrix::new(&a, k, m).transposed(),
        false => Matrix::new(&a, m, k),
    };
    bencher.counter(ItemsCount::new(m * k * n)).bench_local(|| {
        let [out] = multiply([Product::new(left, Matrix::new(&b, k, n))]);
        buffers::give(black_box(out));
    });
}

/// The gradients of a fully connected layer, at its inputs too: samples, inputs and outputs.
const WAYS_BACK: [[usize; 3]; 5] = [
    [8, 1024, 1024],
    [32, 1024, 3200],
    [128, 1024, 3200],
    [128, 256, 784],
    [512, 256, 784],
];

#[divan::bench(consts = [0, 1, 2, 3, 4])]
fn way_back<const LAYER: usize>(bencher: Bencher) {
    let [batch, inputs, outputs] = WAYS_BACK[LAYER];
    let numbers = |count: usize| -> Vec<f32> {
        let number = |at| (at % 97) as f32 / 97.0 - 0.5;
        (0..count).map(number).collect()
    };
    let (x, weight) = (numbers(batch * inputs), numbers(inputs * outputs));
    let y = numbers(batch * outputs);
    let mut dy = y.clone();
    let shape = Shape {
        batch,
        inputs,
        outputs,
    };
    bencher
        .counter(ItemsCount::new(2 * batch * inputs * outputs))
        .bench_local(|| {
            let (weights, of_y) = ((&x[..], &weight[..]), (&y[..], Activation::Linear));
            let found = espejo_kernels::linear::backward(shape, weights, None, of_y, &mut dy, true);
            buffers::give(found.weight);
            found.x.into_iter().for_each(buffers::give);
        });
}

#[divan::bench(args = WAYS)]
fn cross_entropy_of_logits(bencher: Bencher, way: Way) {
    let (logits, targets) = (tracked([BATCH, 784]), random([BATCH, 784]).abs());
    there_and_back(bencher, BATCH * 784, || {
        let (z, t) = (logits.clone(), targets.clone());
        match way {
            Way::Fused => cross_entropy(z, t),
            Way::Plain => {
                let size = z.clone().abs();
                let nats = z * (-t + 0.5) + size.clone().mul_scalar(0.5) + (-size).exp().log1p();
                nats.sum_dim(1).mean()
            }
        }
    });
}

/// Of 1,000 images beside one row of probabilities, whose logarithms are taken for each of them, or once.
#[divan::bench(args = [false, true])]
fn cross_entropy_of_probabilities(bencher: Bencher, once: bool) {
    let numbers = |count: usize| -> Vec<f32> {
        let number = |at| (at % 97) as f32 / 97.0;
        (0..count).map(number).collect()
    };
    let (probabilities, targets) = (numbers(784), numbers(1000 * 784));
    let logarithms = LogProbabilities::new(&probabilities);
    let nats = |targets: &[f32]| match once {
        true => logarithms.cross_entropy(targets),
        false => of_probabilities(&probabilities, targets),
    };
    let bencher = bencher.counter(ItemsCount::new(targets.len()));
    bencher.bench_local(|| targets.chunks(784).map(nats).sum::<f64>());
}

/// The window of the SSIM along the columns of an image of 28x28, and along its rows.
#[divan::bench(args = [28, 1])]
fn correlation(bencher: Bencher, step: usize) {
    let values: Vec<f64> = (0..784).map(|at| f64::from(at % 97)).collect();
    let window = [0.1; 11];
    let items = (values.len() - 10 * step) * window.len();
    let bencher = bencher.counter(ItemsCount::new(items));
    bencher.bench_local(|| correlate(black_box(&values), step, &window));
}

/// Inputs and outputs, rows and columns, rows and columns of the kernel, stride, zeros around.
type WindowSizes = ([usize; 2], [usize; 2], [usize; 2], usize, [usize; 2]);

/// Convolutions by products, and what else there is: those of AlexNet and VGG for small pictures, and those along a text.
const WINDOWS: [WindowSizes; 12] = [
    ([3, 96], [32, 32], [4, 4], 2, [0, 0]),
    ([96, 256], [13, 13], [3, 3], 2, [0, 0]),
    ([256, 384], [5, 5], [3, 3], 1, [1, 1]),
    ([384, 384], [5, 5], [3, 3], 1, [1, 1]),
    ([16, 16], [1, 500], [1, 3], 1, [0, 1]),
    ([16, 64], [1, 250], [1, 3], 1, [0, 1]),
    ([32, 32], [32, 32], [3, 3], 1, [1, 1]),
    ([64, 64], [16, 16], [3, 3], 1, [1, 1]),
    ([128, 128], [8, 8], [3, 3], 1, [1, 1]),
    ([256, 256], [4, 4], [3, 3], 1, [1, 1]),
    ([128, 128], [15, 15], [3, 3], 1, [1, 1]),
    ([256, 256], [14, 14], [3, 3], 1, [1, 1]),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Windowed {
    /// By products.
    Products,
    /// By what `conv` chooses, which knows some of them alone.
    Same,
    Plain,
}

#[divan::bench(args = [Windowed::Products, Windowed::Same, Windowed::Plain], consts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])]
fn window<const LAYER: usize>(bencher: Bencher, way: &Windowed) {
    let ([inputs, outputs], size, kernel, stride, zeros) = WINDOWS[LAYER];
    let is_known = kernel == [3, 3] && stride == 1;
    if *way == Windowed::Same && !is_known {
        return bencher.bench_local(|| ());
    }
    let sliding = Sliding {
        size,
        stride,
        zeros: zeros.map(|zeros| (zeros, zeros)),
    };
    let output: usize = sliding.output(kernel).iter().product();
    let x = tracked([BATCH, inputs * size[0] * size[1]]);
    let weight = tracked([outputs, inputs, kernel[0], kernel[1]]);
    let bias = tracked([outputs]);
    let seen = inputs * kernel[0] * kernel[1];
    there_and_back(bencher, 3 * BATCH * output * outputs * seen, || {
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
        match way {
            Windowed::Products => window_conv(x, weight, bias, sliding, Activation::Relu),
            Windowed::Same => conv(x, weight, bias, size, Activation::Relu),
            Windowed::Plain => {
                let x = x.reshape([BATCH, inputs, size[0], size[1]]);
                let options = ConvOptions::new([stride; 2], zeros, [1, 1], 1);
                activation::relu(conv2d(x, weight, Some(bias), options)).flatten(1, 3)
            }
        }
    });
}

/// The five convolutions of the denoiser, in order: channels in and out, side.
const CONVOLUTIONS: [[usize; 3]; 5] = [
    [1, 32, 28],
    [32, 16, 14],
    [16, 16, 7],
    [16, 32, 14],
    [32, 1, 28],
];

#[divan::bench(args = WAYS, consts = [0, 1, 2, 3, 4])]
fn convolution<const LAYER: usize>(bencher: Bencher, way: Way) {
    let [inputs, outputs, side] = CONVOLUTIONS[LAYER];
    let shape = [BATCH, inputs * side * side];
    // Nobody asks for the gradient at the images.
    let x = if LAYER == 0 {
        random(shape)
    } else {
        tracked(shape)
    };
    let (weight, bias) = (tracked([outputs, inputs, 3, 3]), tracked([outputs]));
    let ways = if LAYER == 0 { 2 } else { 3 };
    there_and_back(
        bencher,
        ways * BATCH * inputs * outputs * 9 * side * side,
        || {
            let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
            match way {
                Way::Fused => conv(x, weight, bias, [side; 2], Activation::Relu),
                Way::Plain => {
                    let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
                    let x = x.reshape([BATCH, inputs, side, side]);
                    activation::relu(conv2d(x, weight, Some(bias), options)).flatten(1, 3)
                }
            }
        },
    );
}

#[divan::bench(args = WAYS)]
fn pooling(bencher: Bencher, way: Way) {
    let x = tracked([BATCH, 32 * 28 * 28]);
    there_and_back(bencher, BATCH * 32 * 28 * 28, || match way {
        Way::Fused => max_pool(x.clone(), [32, 28, 28]),
        Way::Plain => {
            let options = MaxPoolOptions::new([2, 2]).with_stride([2, 2]);
            max_pool2d(x.clone().reshape([BATCH, 32, 28, 28]), options).flatten(1, 3)
        }
    });
}

/// After both poolings of the classifier, and after a dense layer: channels and their values.
const NORMALIZED: [[usize; 2]; 3] = [[32, 14 * 14], [16, 7 * 7], [256, 1]];

#[divan::bench(args = WAYS, consts = [0, 1, 2])]
fn batch_normalization<const LAYER: usize>(bencher: Bencher, way: Way) {
    let [channels, area] = NORMALIZED[LAYER];
    let (x, gamma, beta) = (
        tracked([BATCH, channels * area]),
        tracked([channels]),
        tracked([channels]),
    );
    there_and_back(bencher, BATCH * channels * area, || {
        let (x, gamma, beta) = (x.clone(), gamma.clone(), beta.clone());
        match way {
            Way::Fused => batch_norm(x, gamma, beta, 1e-5).0,
            Way::Plain => {
                let maps = x.reshape([BATCH, channels, area]);
                let found = batch_norm_train(maps, gamma, beta, 1e-5);
                found.output.flatten(1, 2)
            }
        }
    });
}

/// The way up of a denoiser that halves and doubles by its convolutions: channels in and out, side of what comes in.
const TRANSPOSED: [[usize; 3]; 2] = [[32, 16, 7], [16, 1, 14]];

#[divan::bench(args = WAYS, consts = [0, 1])]
fn transposed_convolution<const LAYER: usize>(bencher: Bencher, way: Way) {
    let [inputs, outputs, side] = TRANSPOSED[LAYER];
    let x = tracked([BATCH, inputs * side * side]);
    let (weight, bias) = (tracked([inputs, outputs, 3, 3]), tracked([outputs]));
    let sliding = Sliding {
        size: [2 * side; 2],
        stride: 2,
        zeros: [(1, 1); 2],
    };
    let products = 3 * BATCH * inputs * outputs * 9 * side * side;
    there_and_back(bencher, products, || {
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
        match way {
            Way::Fused => transposed_conv(x, weight, bias, sliding, Activation::Relu),
            Way::Plain => {
                let options = ConvTransposeOptions::new([2, 2], [1, 1], [1, 1], [1, 1], 1);
                let x = x.reshape([BATCH, inputs, side, side]);
                activation::relu(conv_transpose2d(x, weight, Some(bias), options)).flatten(1, 3)
            }
        }
    });
}

/// Behind the dense layers of the VAE and behind a pooling of the classifier: values of a sample.
const GATED: [usize; 2] = [784, 32 * 14 * 14];

#[divan::bench(args = WAYS, consts = [0, 1])]
fn gelu<const LAYER: usize>(bencher: Bencher, way: Way) {
    let x = tracked([BATCH, GATED[LAYER]]);
    there_and_back(bencher, BATCH * GATED[LAYER], || match way {
        Way::Fused => self_gated(x.clone(), SelfGated::Gelu),
        Way::Plain => x.clone() * normal_cdf(x.clone()),
    });
}

#[divan::bench(args = WAYS, consts = [0, 1])]
fn silu<const LAYER: usize>(bencher: Bencher, way: Way) {
    let x = tracked([BATCH, GATED[LAYER]]);
    there_and_back(bencher, BATCH * GATED[LAYER], || match way {
        Way::Fused => self_gated(x.clone(), SelfGated::Silu),
        Way::Plain => activation::silu(x.clone()),
    });
}

#[divan::bench(args = WAYS)]
fn upsampling(bencher: Bencher, way: Way) {
    let x = tracked([BATCH, 32 * 14 * 14]);
    there_and_back(bencher, BATCH * 32 * 28 * 28, || match way {
        Way::Fused => upsample(x.clone(), [32, 14, 14], [28, 28]),
        Way::Plain => {
            let options =
                InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([28, 28]);
            interpolate(x.clone().reshape([BATCH, 32, 14, 14]), options).flatten(1, 3)
        }
    });
}

/// The end of the denoiser's way up: both operations as one, and one after the other.
#[divan::bench(args = WAYS)]
fn upsampling_and_convolution(bencher: Bencher, way: Way) {
    let x = tracked([BATCH, 32 * 14 * 14]);
    let (weight, bias) = (tracked([1, 32, 3, 3]), tracked([1]));
    there_and_back(bencher, BATCH * 32 * 28 * 28 * 9, || {
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.clone());
        match way {
            Way::Fused => upsampled_conv(x, weight, bias, [14, 14], Activation::Linear),
            Way::Plain => {
                let x = upsample(x, [32, 14, 14], [28, 28]);
                conv(x, weight, bias, [28, 28], Activation::Linear)
            }
        }
    });
}

/// The noise of a batch of images.
#[divan::bench(args = WAYS)]
fn normal_numbers(bencher: Bencher, way: Way) {
    let like = random([BATCH, 784]).inner();
    let bencher = bencher.counter(ItemsCount::new(BATCH * 784));
    bencher.bench_local(|| match way {
        Way::Fused => espejo_kernels::random(&like, Law::Normal, || [1, 2]).expect("in memory"),
        Way::Plain => like.random_like(Distribution::Normal(0.0, 1.0)),
    });
}

/// A step of Adam.
const ADAM: Step = Step::Adam {
    rate: 1e-3,
    betas: [0.9, 0.999],
    bias: 1.0,
    epsilon: 1e-8,
    shrink: 1.0,
};

/// A large layer of the faces' VAE, 32 samples: the gradient at its weight and a step down it, at once or one after the other.
#[divan::bench(args = WAYS)]
fn step_down_factors(bencher: Bencher, way: Way) {
    let shape = Shape {
        batch: 32,
        inputs: 3200,
        outputs: 1024,
    };
    let Shape {
        batch,
        inputs,
        outputs,
    } = shape;
    let (x, da) = (vec![0.1; batch * inputs], vec![0.1; batch * outputs]);
    let [mut weights, mut mean, mut square] = [(); 3].map(|()| vec![0.1_f32; inputs * outputs]);
    let bencher = bencher.counter(ItemsCount::new(inputs * outputs));
    bencher.bench_local(|| {
        let factors = Factors::new(shape, x.clone(), da.clone());
        match way {
            Way::Fused => {
                ADAM.apply_product(&mut weights, &factors, 1.0, [&mut mean, &mut square]);
            }
            Way::Plain => {
                let gradient = ParameterGradient::Factors(factors).into_numbers();
                ADAM.apply(&mut weights, &gradient, 1.0, [&mut mean, &mut square]);
                buffers::give(gradient);
            }
        }
    });
}

/// A step over the parameters of the dense VAE.
#[divan::bench(args = WAYS)]
fn adam(bencher: Bencher, way: Way) {
    const PARAMETERS: usize = 404_244;
    let bencher = bencher.counter(ItemsCount::new(PARAMETERS));
    if way == Way::Fused {
        let [mut weights, mut mean, mut square] = [(); 3].map(|()| vec![0.1_f32; PARAMETERS]);
        let gradient = vec![0.1; PARAMETERS];
        bencher.bench_local(|| ADAM.apply(&mut weights, &gradient, 1.0, [&mut mean, &mut square]));
    } else {
        let gradient: Tensor<1> = random([PARAMETERS]).inner();
        let (mut weights, mut moments) = (gradient.clone(), Vec::new());
        bencher.bench_local(|| {
            weights = ADAM.compose(weights.clone(), gradient.clone(), &mut moments)
        });
    }
}

/// 32 samples through 35-16-2-16-35 and back, at once or by Burn's record of the fused operations.
#[divan::bench(args = WAYS)]
fn dense_net(bencher: Bencher, way: Way) {
    const SIZES: [usize; 5] = [35, 16, 2, 16, 35];
    use Activation::{Linear, Tanh};
    const ACTIVATIONS: [Activation; 4] = [Tanh, Tanh, Tanh, Linear];
    let layers: Vec<(Tensor<2>, Tensor<1>)> = (SIZES.windows(2))
        .map(|sizes| (tracked([sizes[0], sizes[1]]), tracked([sizes[1]])))
        .collect();
    let samples = random::<2>([32, 35]);
    let products = SIZES.windows(2).map(|sizes| 3 * 32 * sizes[0] * sizes[1]);
    let bencher = bencher.counter(ItemsCount::new(products.sum::<usize>()));
    match way {
        Way::Plain => bencher.bench_local(|| {
            let through =
                |x, ((weight, bias), activation): (&(Tensor<2>, Tensor<1>), Activation)| {
                    linear(x, weight.clone(), bias.clone(), activation)
                };
            let logits = (layers.iter().zip(ACTIVATIONS)).fold(samples.clone(), through);
            cross_entropy(logits, samples.clone()).backward()
        }),
        Way::Fused => {
            let samples = samples.inner();
            bencher.bench_local(|| {
                let mut parameters = DenseParameters::default();
                for (weight, bias) in &layers {
                    parameters.push(weight.clone());
                    parameters.push(bias.clone());
                }
                let net = DenseNet::new(&ACTIVATIONS, parameters);
                let found =
                    net.loss_gradients(FusedLoss::CrossEntropy, samples.clone(), samples.clone());
                found.expect("it lies in memory")
            })
        }
    }
}

/// The floor of the dense layers: a product of the size of theirs, and nothing else.
#[divan::bench]
fn floor_of_products(bencher: Bencher) {
    let (left, right) = (vec![0.5; BATCH * 784], vec![0.5; 784 * 256]);
    let product = Product::new(
        Matrix::new(&left, BATCH, 784),
        Matrix::new(&right, 784, 256),
    );
    let bencher = bencher.counter(ItemsCount::new(BATCH * 784 * 256));
    bencher.bench_local(|| multiply([black_box(product)]));
}

/// The floor of what only passes over numbers: one thread copies as many as a layer of the denoiser has.
#[divan::bench]
fn floor_of_copies(bencher: Bencher) {
    let from = vec![0.5_f32; BATCH * 32 * 28 * 28];
    let mut to = from.clone();
    bencher
        .counter(ItemsCount::new(from.len()))
        .bench_local(|| to.copy_from_slice(black_box(&from)));
}
