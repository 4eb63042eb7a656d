//! The fused operations against the plain composition: the same numbers and gradients on random data of many shapes. The fused
//! ones work in single precision; the composition, which takes whatever is not single, in double.

use std::sync::Arc;

use burn::tensor::{DType, Device, Tensor, TensorData};
use espejo_kernels::sparse_rows::SparseRows;
use espejo_kernels::{
    Activation, Inputs, SelfGated, Sliding, Step, Windows, batch_norm, batch_norm_inference, conv,
    cross_entropy, linear, max_pool, max_pool_of_windows, pooled_conv, self_gated, sum_of_squares,
    transposed_conv, upsample, upsampled_conv, window_conv,
};

const ACTIVATIONS: [Activation; 6] = [
    Activation::Linear,
    Activation::Relu,
    Activation::LeakyRelu,
    Activation::Elu,
    Activation::Tanh,
    Activation::Sigmoid,
];

/// Numbers and sizes, always the same ones (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn size(&mut self, most: usize) -> usize {
        1 + (self.next() * most as f64) as usize
    }

    /// Numbers that single precision holds exactly.
    fn numbers(&mut self, shape: &[usize], scale: f64) -> TensorData {
        let len = shape.iter().product();
        let numbers: Vec<f32> = (0..len)
            .map(|_| (scale * (2.0 * self.next() - 1.0)) as f32)
            .collect();
        TensorData::new(numbers, shape)
    }
}

fn devices() -> Vec<Device> {
    #[allow(unused_mut, reason = "builds without ndarray add none")]
    let mut devices = vec![Device::flex().autodiff()];
    #[cfg(feature = "ndarray")]
    #[allow(deprecated)]
    devices.push(Device::ndarray().autodiff());
    devices
}

fn double<const D: usize>(data: &TensorData) -> Tensor<D> {
    let tensor = Tensor::from_data(data.clone(), (&Device::flex().autodiff(), DType::F64));
    tensor.require_grad()
}

fn single<const D: usize>(data: &TensorData, device: &Device) -> Tensor<D> {
    Tensor::from_data(data.clone(), (device, DType::F32)).require_grad()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

/// Holds numbers in single precision against those in double.
#[track_caller]
fn check(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    let scale = expected
        .iter()
        .fold(1e-3, |most: f64, value| most.max(value.abs()));
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance * scale,
            "{what}, {index}: {found}, expected {expected}"
        );
    }
}

/// Whether a number is so near to the kink of a rectifier that rounding may take it to the other side.
fn at_a_kink(activation: Activation, a: Tensor<2>) -> bool {
    let kinked = matches!(activation, Activation::Relu | Activation::LeakyRelu);
    kinked && values(a).iter().any(|a| a.abs() < 1e-6)
}

/// Output and gradients of f(x W + b), given a gradient at the output.
fn through_linear(
    [x, weight]: [Tensor<2>; 2],
    bias: Tensor<1>,
    slope: Tensor<2>,
    activation: Activation,
) -> [Vec<f64>; 4] {
    let y = linear(x.clone(), weight.clone(), bias.clone(), activation);
    let gradients = (y.clone() * slope).sum().backward();
    let of = |tensor: &Tensor<2>| values(tensor.grad(&gradients).expect("a gradient"));
    [
        values(y),
        of(&x),
        of(&weight),
        values(bias.grad(&gradients).expect("a gradient")),
    ]
}

#[test]
fn a_linear_layer_is_its_composition() {
    let mut random = Random(1);
    let mut round = 0;
    while round < 60 {
        // Every other one is large enough for several threads.
        let most = if round % 2 == 0 { 40 } else { 300 };
        let [batch, inputs, outputs] = [(); 3].map(|()| random.size(most));
        let activation = ACTIVATIONS[round % ACTIVATIONS.len()];
        let x = random.numbers(&[batch, inputs], 1.0);
        let weight = random.numbers(&[inputs, outputs], 1.0 / (inputs as f64).sqrt());
        let (bias, slope) = (
            random.numbers(&[outputs], 1.0),
            random.numbers(&[batch, outputs], 1.0),
        );
        if at_a_kink(
            activation,
            linear(
                double(&x),
                double(&weight),
                double(&bias),
                Activation::Linear,
            ),
        ) {
            continue;
        }
        round += 1;
        let expected = through_linear(
            [double(&x), double(&weight)],
            double(&bias),
            double(&slope),
            activation,
        );
        for device in devices() {
            let inputs_of = [single(&x, &device), single(&weight, &device)];
            let found = through_linear(
                inputs_of,
                single(&bias, &device),
                single(&slope, &device),
                activation,
            );
            for (what, (found, expected)) in ["y", "dx", "dW", "db"]
                .iter()
                .zip(found.iter().zip(&expected))
            {
                let what = format!("{what} of {activation:?}, {batch} x {inputs} x {outputs}");
                check(&what, found, expected, 2e-6 * (batch + inputs) as f64);
            }
        }
    }
}

/// Rows of which a tenth to a hundredth of the numbers are there, told without the zeros: a layer makes of them to the bit what it makes of all numbers,
/// which is what the composition makes of them.
#[test]
fn a_linear_layer_of_sparse_rows_is_that_of_all_numbers() {
    let mut random = Random(11);
    for (round, activation) in ACTIVATIONS.into_iter().enumerate() {
        // A last layer of one output, and widths beside those of a vector.
        let (batch, inputs) = (1 + 17 * round, 1024 + 500 * round);
        let outputs = [1, 7, 100][round % 3];
        let columns = |row: usize| (row % 29..inputs).step_by(31 + 40 * (row % 3));
        let mut x = vec![0.0_f32; batch * inputs];
        for row in 0..batch {
            columns(row).for_each(|column| x[row * inputs + column] = 1.0 + (column % 5) as f32);
        }
        let rows = SparseRows::gathered(batch, inputs, |row, entries| {
            entries.extend(columns(row).map(|column| (column as u32, x[row * inputs + column])));
        });
        let rows = Arc::new(rows.expect("sparse"));
        let x = TensorData::new(x.clone(), [batch, inputs]);
        let weight = random.numbers(&[inputs, outputs], 0.02);
        let (bias, slope) = (
            random.numbers(&[outputs], 1.0),
            random.numbers(&[batch, outputs], 1.0),
        );
        let through = |x: Inputs, weight: Tensor<2>, bias: Tensor<1>, slope: Tensor<2>| {
            let y = linear(x, weight.clone(), bias.clone(), activation);
            let gradients = (y.clone() * slope).sum().backward();
            let for_weight = weight.grad(&gradients).expect("a gradient");
            let for_bias = bias.grad(&gradients).expect("a gradient");
            [values(y), values(for_weight), values(for_bias)]
        };
        let exact = double::<2>(&x).detach().into();
        let expected = through(exact, double(&weight), double(&bias), double(&slope));
        for device in devices() {
            let of = |x: Inputs| {
                let (weight, bias) = (single(&weight, &device), single(&bias, &device));
                through(x, weight, bias, single(&slope, &device))
            };
            let sparse = Inputs::Sparse(rows.clone(), device.clone());
            assert_eq!(sparse.dims(), [batch, inputs]);
            assert_eq!(
                values(sparse.clone().into_tensor()),
                x.iter::<f64>().collect::<Vec<_>>()
            );
            let found = of(sparse);
            let dense = Tensor::<2>::from_data(x.clone(), (&device, DType::F32));
            assert!(found == of(dense.into()), "{activation:?}, {outputs}");
            let kinks = at_a_kink(
                activation,
                Tensor::from_data(
                    TensorData::new(expected[0].clone(), [batch, outputs]),
                    (&Device::flex(), DType::F64),
                ),
            );
            if !kinks {
                for (found, expected) in found.iter().zip(&expected) {
                    check(&format!("{activation:?}, {outputs}"), found, expected, 1e-5);
                }
            }
        }
    }
}

#[test]
fn a_sum_of_squares_is_its_composition() {
    let mut random = Random(12);
    for shape in [[1, 1], [100, 10], [10_000, 100]] {
        let x = random.numbers(&shape, 1.0);
        let through = |x: Tensor<2>| {
            let sum = sum_of_squares(x.clone());
            let gradients = sum.clone().mul_scalar(0.3).backward();
            [values(sum), values(x.grad(&gradients).expect("a gradient"))]
        };
        let expected = through(double(&x));
        for device in devices() {
            let found = through(single(&x, &device));
            check("the sum", &found[0], &expected[0], 1e-6);
            check("its gradient", &found[1], &expected[1], 1e-6);
        }
    }
}

/// Output and gradients of a convolution, given a gradient at the output.
fn through_conv(
    x: Tensor<2>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    slope: Tensor<2>,
    (size, activation): ([usize; 2], Activation),
) -> [Vec<f64>; 4] {
    let y = conv(x.clone(), weight.clone(), bias.clone(), size, activation);
    with_gradients(y, slope, (&x, &weight, &bias))
}

/// What comes out of a convolution, and the gradients of its sum times `slope` at what went in.
fn with_gradients(
    y: Tensor<2>,
    slope: Tensor<2>,
    (x, weight, bias): (&Tensor<2>, &Tensor<4>, &Tensor<1>),
) -> [Vec<f64>; 4] {
    let gradients = (y.clone() * slope).sum().backward();
    [
        values(y),
        values(x.grad(&gradients).expect("a gradient")),
        values(weight.grad(&gradients).expect("a gradient")),
        values(bias.grad(&gradients).expect("a gradient")),
    ]
}

#[test]
fn a_convolution_is_its_composition() {
    let mut random = Random(4);
    let mut round = 0;
    while round < 36 {
        let [batch, inputs, outputs] = [(); 3].map(|()| random.size(11));
        let size = [(); 2].map(|()| random.size(18));
        let kernel = [3, 5, 1, 7][round % 4];
        let activation = ACTIVATIONS[round % ACTIVATIONS.len()];
        let pixels = size[0] * size[1];
        let fan = (inputs * kernel * kernel) as f64;
        let x = random.numbers(&[batch, inputs * pixels], 1.0);
        let weight = random.numbers(&[outputs, inputs, kernel, kernel], 1.0 / fan.sqrt());
        let bias = random.numbers(&[outputs], 1.0);
        let slope = random.numbers(&[batch, outputs * pixels], 1.0);
        let how = (size, activation);
        if at_a_kink(
            activation,
            conv(
                double(&x),
                double(&weight),
                double(&bias),
                size,
                Activation::Linear,
            ),
        ) {
            continue;
        }
        round += 1;
        let expected = through_conv(
            double(&x),
            double(&weight),
            double(&bias),
            double(&slope),
            how,
        );
        for device in devices() {
            let parameters = (single(&weight, &device), single(&bias, &device));
            let found = through_conv(
                single(&x, &device),
                parameters.0,
                parameters.1,
                single(&slope, &device),
                how,
            );
            for (what, (found, expected)) in ["y", "dx", "dW", "db"]
                .iter()
                .zip(found.iter().zip(&expected))
            {
                let what = format!(
                    "{what}, {inputs} to {outputs} at {size:?}, kernel {kernel}, {activation:?}"
                );
                check(&what, found, expected, 1e-5);
            }
        }
    }
}

/// Any window: strides, even and oblong kernels, zeros of one side; and the sizes that [`conv`] leaves to it.
#[test]
fn a_convolution_with_any_window_is_its_composition() {
    let mut random = Random(9);
    let mut round = 0;
    while round < 30 {
        let [batch, inputs, outputs] = [(); 3].map(|()| random.size(9));
        let size = [(); 2].map(|()| random.size(14));
        let kernel = size.map(|size| random.size(size.min(5)));
        let sliding = Sliding {
            size,
            stride: 1 + round % 3,
            zeros: [(); 2].map(|()| (random.size(3) - 1, random.size(3) - 1)),
        };
        let activation = ACTIVATIONS[round % ACTIVATIONS.len()];
        let fan = (inputs * kernel[0] * kernel[1]) as f64;
        let count: usize = sliding.output(kernel).iter().product();
        let x = random.numbers(&[batch, inputs * size[0] * size[1]], 1.0);
        let weight = random.numbers(&[outputs, inputs, kernel[0], kernel[1]], 1.0 / fan.sqrt());
        let bias = random.numbers(&[outputs], 1.0);
        let slope = random.numbers(&[batch, outputs * count], 1.0);
        let through = |x: Tensor<2>, weight: Tensor<4>, bias: Tensor<1>, slope: Tensor<2>| {
            let y = window_conv(x.clone(), weight.clone(), bias.clone(), sliding, activation);
            with_gradients(y, slope, (&x, &weight, &bias))
        };
        let linear = window_conv(
            double(&x),
            double(&weight),
            double(&bias),
            sliding,
            Activation::Linear,
        );
        if at_a_kink(activation, linear) {
            continue;
        }
        round += 1;
        let expected = through(double(&x), double(&weight), double(&bias), double(&slope));
        for device in devices() {
            let (weight, bias) = (single(&weight, &device), single(&bias, &device));
            let found = through(single(&x, &device), weight, bias, single(&slope, &device));
            for (found, expected) in found.iter().zip(&expected) {
                check(
                    &format!("{kernel:?}, {sliding:?}, {activation:?}"),
                    found,
                    expected,
                    1e-5,
                );
            }
        }
    }
}

/// Of any stride and kernel, to each of the sizes that a convolution brings to the same.
#[test]
fn a_transposed_convolution_is_its_composition() {
    let mut random = Random(13);
    let mut round = 0;
    while round < 30 {
        let [batch, inputs, outputs] = [(); 3].map(|()| random.size(9));
        let kernel = [(); 2].map(|()| random.size(5));
        let size = kernel.map(|kernel| kernel + random.size(10));
        let sliding = Sliding {
            size,
            stride: 1 + round % 3,
            zeros: kernel.map(|kernel| ((kernel - 1) / 2, (kernel - 1) / 2)),
        };
        let activation = ACTIVATIONS[round % ACTIVATIONS.len()];
        let fan = (inputs * kernel[0] * kernel[1]) as f64;
        let count: usize = sliding.output(kernel).iter().product();
        let x = random.numbers(&[batch, inputs * count], 1.0);
        let weight = random.numbers(&[inputs, outputs, kernel[0], kernel[1]], 1.0 / fan.sqrt());
        let bias = random.numbers(&[outputs], 1.0);
        let slope = random.numbers(&[batch, outputs * size[0] * size[1]], 1.0);
        let through = |x: Tensor<2>, weight: Tensor<4>, bias: Tensor<1>, slope: Tensor<2>| {
            let y = transposed_conv(x.clone(), weight.clone(), bias.clone(), sliding, activation);
            with_gradients(y, slope, (&x, &weight, &bias))
        };
        let linear = transposed_conv(
            double(&x),
            double(&weight),
            double(&bias),
            sliding,
            Activation::Linear,
        );
        if at_a_kink(activation, linear) {
            continue;
        }
        round += 1;
        let expected = through(double(&x), double(&weight), double(&bias), double(&slope));
        for device in devices() {
            let (weight, bias) = (single(&weight, &device), single(&bias, &device));
            let found = through(single(&x, &device), weight, bias, single(&slope, &device));
            for (found, expected) in found.iter().zip(&expected) {
                check(
                    &format!("{kernel:?}, {sliding:?}, {activation:?}"),
                    found,
                    expected,
                    1e-5,
                );
            }
        }
    }
}

#[test]
fn a_convolution_of_many_channels_is_its_composition() {
    let mut random = Random(10);
    let (batch, inputs, outputs, size) = (5, 64, 65, [5, 6]);
    let x = random.numbers(&[batch, inputs * 30], 1.0);
    let weight = random.numbers(&[outputs, inputs, 3, 3], 0.04);
    let bias = random.numbers(&[outputs], 1.0);
    let slope = random.numbers(&[batch, outputs * 30], 1.0);
    let how = (size, Activation::Tanh);
    let expected = through_conv(
        double(&x),
        double(&weight),
        double(&bias),
        double(&slope),
        how,
    );
    let pooled = |x, weight, bias| values(pooled_conv(x, weight, bias, size, Activation::Tanh));
    let maxima = pooled(double(&x), double(&weight), double(&bias));
    for device in devices() {
        let [x, slope] = [&x, &slope].map(|data| single::<2>(data, &device));
        let (weight, bias): (Tensor<4>, Tensor<1>) =
            (single(&weight, &device), single(&bias, &device));
        check(
            "maxima",
            &pooled(x.clone(), weight.clone(), bias.clone()),
            &maxima,
            1e-5,
        );
        let found = through_conv(x, weight, bias, slope, how);
        for (found, expected) in found.iter().zip(&expected) {
            check("many channels", found, expected, 1e-5);
        }
    }
}

#[test]
fn pooling_of_any_window_is_its_composition() {
    let mut random = Random(11);
    for round in 0..30 {
        let [batch, channels] = [(); 2].map(|()| random.size(6));
        let size = [(); 2].map(|()| 1 + random.size(12));
        let kernel = size.map(|size| random.size(size.min(4)));
        let stride = 1 + round % 3;
        let before = kernel.map(|kernel| if round % 2 == 0 { 0 } else { (kernel - 1) / 2 });
        let output = [0, 1].map(|side| (before[side] + size[side] - kernel[side]) / stride + 1);
        let windows = Windows {
            size,
            kernel,
            stride,
            before,
            output,
        };
        let x = random.numbers(&[batch, channels * size[0] * size[1]], 1.0);
        let slope = random.numbers(&[batch, channels * output[0] * output[1]], 1.0);
        let through = |x: Tensor<2>, slope: Tensor<2>| {
            let y = max_pool_of_windows(x.clone(), windows);
            let gradients = (y.clone() * slope).sum().backward();
            [values(y), values(x.grad(&gradients).expect("a gradient"))]
        };
        let expected = through(double(&x), double(&slope));
        for device in devices() {
            let found = through(single(&x, &device), single(&slope, &device));
            for (found, expected) in found.iter().zip(&expected) {
                check(&format!("{windows:?}"), found, expected, 1e-6);
            }
        }
    }
}

#[test]
fn a_pooled_convolution_is_its_composition() {
    let mut random = Random(6);
    for round in 0..12 {
        let [batch, inputs, outputs] = [(); 3].map(|()| random.size(7));
        let size @ [height, width] = [(); 2].map(|()| 1 + random.size(14));
        let kernel = [1, 3, 5][round % 3];
        let activation = [Activation::Relu, Activation::Tanh][round % 2];
        let x = random.numbers(&[batch, inputs * height * width], 1.0);
        let weight = random.numbers(&[outputs, inputs, kernel, kernel], 0.5);
        let bias = random.numbers(&[outputs], 0.5);
        for device in devices() {
            let all = |pooled: bool| {
                let x: Tensor<2> = single(&x, &device);
                let (weight, bias): (Tensor<4>, Tensor<1>) =
                    (single(&weight, &device), single(&bias, &device));
                let leaves = (x.clone(), weight.clone(), bias.clone());
                let y = match pooled {
                    true => pooled_conv(x, weight, bias, size, activation),
                    false => max_pool(
                        conv(x, weight, bias, size, activation),
                        [outputs, height, width],
                    ),
                };
                let gradients = (y.clone() * y.clone()).sum().backward();
                let (x, weight, bias) = leaves;
                [
                    values(y),
                    values(x.grad(&gradients).expect("a gradient")),
                    values(weight.grad(&gradients).expect("a gradient")),
                    values(bias.grad(&gradients).expect("a gradient")),
                ]
            };
            for (found, expected) in all(true).iter().zip(&all(false)) {
                check("a pooled convolution", found, expected, 1e-6);
            }
        }
    }
}

#[test]
fn activations_that_keep_their_input_are_their_compositions() {
    let mut random = Random(12);
    // The last is large enough for several threads.
    for shape in [[1, 1, 1], [3, 5, 7], [9, 40, 100]] {
        let (x, slope) = (random.numbers(&shape, 6.0), random.numbers(&shape, 1.0));
        for activation in [SelfGated::Gelu, SelfGated::Silu] {
            let through = |x: Tensor<3>, slope: Tensor<3>| {
                let y = self_gated(x.clone(), activation);
                let gradients = (y.clone() * slope).sum().backward();
                [values(y), values(x.grad(&gradients).expect("a gradient"))]
            };
            let expected = through(double(&x), double(&slope));
            for device in devices() {
                let found = through(single(&x, &device), single(&slope, &device));
                for (found, expected) in found.iter().zip(&expected) {
                    check(&format!("{activation:?}"), found, expected, 1e-6);
                }
                let inner = device.clone().inner();
                let alone: Tensor<3> = Tensor::from_data(x.clone(), (&inner, DType::F32));
                assert_eq!(values(self_gated(alone, activation)), found[0]);
            }
        }
    }
}

#[test]
fn pooling_and_upsampling_are_their_compositions() {
    let mut random = Random(5);
    for _ in 0..40 {
        let [batch, channels] = [(); 2].map(|()| random.size(9));
        let size @ [height, width] = [(); 2].map(|()| 1 + random.size(18));
        let halved = size.map(|size| size.div_ceil(2));
        let large = random.numbers(&[batch, channels * height * width], 1.0);
        let small = random.numbers(&[batch, channels * halved[0] * halved[1]], 1.0);
        let through = |large: Tensor<2>, small: Tensor<2>| {
            let pooled = max_pool(large.clone(), [channels, height, width]);
            let raised = upsample(small.clone(), [channels, halved[0], halved[1]], size);
            let loss = (pooled.clone() * small.clone().detach()).sum()
                + (raised.clone() * large.clone().detach()).sum();
            let gradients = loss.backward();
            let slopes = [large.grad(&gradients), small.grad(&gradients)];
            let [down, up] = slopes.map(|slopes| values(slopes.expect("a gradient")));
            [values(pooled), values(raised), down, up]
        };
        let expected = through(double(&large), double(&small));
        for device in devices() {
            let found = through(single(&large, &device), single(&small, &device));
            for (found, expected) in found.iter().zip(&expected) {
                check("pooling and upsampling", found, expected, 1e-6);
            }
        }
    }
}

#[test]
fn a_convolution_of_upsampled_images_is_its_composition() {
    let mut random = Random(17);
    for round in 0..40 {
        let [batch, inputs, height, width] = [9, 12, 9, 9].map(|most| random.size(most));
        // The last are by tiles behind an upsampling of their own.
        let (inputs, outputs) = match round % 4 {
            3 => (16, 32),
            _ => (inputs, random.size(5)),
        };
        let kernel = [1, 3, 5][random.size(3) - 1];
        let x = random.numbers(&[batch, inputs * height * width], 1.0);
        let weight = random.numbers(&[outputs, inputs, kernel, kernel], 1.0);
        let bias = random.numbers(&[outputs], 1.0);
        let slope = random.numbers(&[batch, outputs * 4 * height * width], 1.0);
        for activation in [Activation::Linear, Activation::Relu, Activation::Sigmoid] {
            let through = |x: Tensor<2>, weight: Tensor<4>, bias: Tensor<1>, slope: Tensor<2>| {
                let (of_weight, of_bias) = (weight.clone(), bias.clone());
                let y = upsampled_conv(x.clone(), of_weight, of_bias, [height, width], activation);
                let gradients = (y.clone() * slope.detach()).sum().backward();
                [
                    values(y),
                    values(x.grad(&gradients).expect("a gradient")),
                    values(weight.grad(&gradients).expect("a gradient")),
                    values(bias.grad(&gradients).expect("a gradient")),
                ]
            };
            let expected = through(double(&x), double(&weight), double(&bias), double(&slope));
            for device in devices() {
                let found = through(
                    single(&x, &device),
                    single(&weight, &device),
                    single(&bias, &device),
                    single(&slope, &device),
                );
                for (found, expected) in found.iter().zip(&expected) {
                    let what = format!("upsampled convolution, {activation:?}");
                    check(&what, found, expected, 1e-5);
                }
            }
        }
    }
}

#[test]
fn the_cross_entropy_is_its_composition() {
    let mut random = Random(2);
    for round in 0..40 {
        let [batch, width] = [
            random.size(200),
            random.size(if round % 2 == 0 { 40 } else { 900 }),
        ];
        let (logits, targets) = (
            random.numbers(&[batch, width], 15.0),
            random.numbers(&[batch, width], 1.0),
        );
        // A factor other than 1 takes another branch of the backward pass.
        for factor in [1.0, 0.25] {
            let through = |logits: Tensor<2>, targets: Tensor<2>| {
                let loss = cross_entropy(logits.clone(), targets.abs().detach());
                let gradients = loss.clone().mul_scalar(factor).backward();
                [
                    values(loss),
                    values(logits.grad(&gradients).expect("a gradient")),
                ]
            };
            let expected = through(double(&logits), double(&targets));
            for device in devices() {
                let found = through(single(&logits, &device), single(&targets, &device));
                check("loss", &found[0], &expected[0], 1e-6);
                let [found, expected] = [&found[1], &expected[1]].map(|slopes| -> Vec<f64> {
                    slopes.iter().map(|slope| slope * batch as f64).collect()
                });
                check("gradient", &found, &expected, 1e-6);
            }
        }
    }
}

/// Output, statistics and gradients of a batch normalisation, given a gradient at the output.
fn through_batch_norm(
    x: Tensor<2>,
    [gamma, beta]: [Tensor<1>; 2],
    slope: Tensor<2>,
) -> [Vec<f64>; 6] {
    let (y, mean, variance) = batch_norm(x.clone(), gamma.clone(), beta.clone(), 1e-3);
    assert!(!mean.is_require_grad() && !variance.is_require_grad());
    let gradients = (y.clone() * slope).sum().backward();
    [
        values(y),
        values(mean),
        values(variance),
        values(x.grad(&gradients).expect("a gradient")),
        values(gamma.grad(&gradients).expect("a gradient")),
        values(beta.grad(&gradients).expect("a gradient")),
    ]
}

#[test]
fn batch_normalisation_is_its_composition() {
    let mut random = Random(7);
    for round in 0..40 {
        // Dense values, maps smaller than a vector, and images; every fourth is large enough for several threads.
        let area = match round % 3 {
            0 => 1,
            1 => random.size(15),
            _ => 15 + random.size(200),
        };
        let (most, channels) = (if round % 4 == 0 { 200 } else { 9 }, random.size(20));
        let batch = 1 + random.size(most);
        let x = random.numbers(&[batch, channels * area], 2.0);
        let slope = random.numbers(&[batch, channels * area], 1.0);
        let parameters = [(); 2].map(|()| random.numbers(&[channels], 1.0));
        let [gamma, beta] = &parameters;
        let expected =
            through_batch_norm(double(&x), [double(gamma), double(beta)], double(&slope));
        for device in devices() {
            let single_of = |data: &TensorData| single::<1>(data, &device);
            let found = through_batch_norm(
                single(&x, &device),
                [single_of(gamma), single_of(beta)],
                single(&slope, &device),
            );
            let names = ["y", "mean", "variance", "dx", "dgamma", "dbeta"];
            for (what, (found, expected)) in names.iter().zip(found.iter().zip(&expected)) {
                let what = format!("{what}, {batch} x {channels} x {area}");
                check(&what, found, expected, 2e-5);
            }
        }
    }
}

#[test]
fn batch_normalisation_by_given_statistics_is_its_composition() {
    let mut random = Random(8);
    for area in [1, 4, 49, 100] {
        let (batch, channels) = (random.size(150), random.size(20));
        let x = random.numbers(&[batch, channels * area], 2.0);
        let [mean, variance, gamma, beta] = [(); 4].map(|()| random.numbers(&[channels], 1.0));
        let through = |x: Tensor<2>, [mean, variance, gamma, beta]: [Tensor<1>; 4]| {
            batch_norm_inference(x, mean, variance.abs(), gamma, beta, 1e-3)
        };
        let expected = through(double(&x), [&mean, &variance, &gamma, &beta].map(double));
        for device in devices() {
            // With gradients, through Burn's operations, and without, through own code.
            for device in [device.clone(), device.inner()] {
                let at = |data: &TensorData| Tensor::from_data(data.clone(), (&device, DType::F32));
                let found = through(
                    Tensor::from_data(x.clone(), (&device, DType::F32)),
                    [&mean, &variance, &gamma, &beta].map(at),
                );
                check("y", &values(found), &values(expected.clone()), 2e-6);
            }
        }
    }
}

#[test]
fn without_gradients_the_values_are_the_same() {
    let mut random = Random(3);
    let (x, weight) = (
        random.numbers(&[50, 30], 1.0),
        random.numbers(&[30, 20], 1.0),
    );
    let (bias, targets) = (random.numbers(&[20], 1.0), random.numbers(&[50, 20], 1.0));
    for device in devices() {
        let loss = |device: &Device| {
            let at = (device, DType::F32);
            let (x, weight) = (
                Tensor::from_data(x.clone(), at),
                Tensor::from_data(weight.clone(), at),
            );
            let y = linear(
                x,
                weight,
                Tensor::from_data(bias.clone(), at),
                Activation::Tanh,
            );
            values(cross_entropy(
                y,
                Tensor::<2>::from_data(targets.clone(), at).abs(),
            ))
        };
        assert_eq!(loss(&device), loss(&device.clone().inner()));
    }
}

#[test]
fn steps_of_optimisers_are_their_compositions() {
    let adam = |shrink| Step::Adam {
        rate: 0.01,
        betas: [0.9, 0.999],
        bias: 20.0,
        epsilon: 1e-8,
        shrink,
    };
    let steps = [
        Step::Sgd { rate: 0.1 },
        Step::Momentum {
            rate: 0.1,
            momentum: 0.9,
        },
        Step::Rmsprop {
            rate: 0.01,
            decay: 0.9,
            epsilon: 1e-7,
            inside: false,
        },
        Step::Rmsprop {
            rate: 0.01,
            decay: 0.9,
            epsilon: 1e-3,
            inside: true,
        },
        adam(1.0),
        adam(0.99),
    ];
    let mut random = Random(6);
    for step in steps {
        // The second is large enough for several threads.
        for len in [37, 100_001] {
            let first = random.numbers(&[len], 1.0);
            let mut weights: Vec<f32> = first.iter().collect();
            let mut kept =
                [1, 2].map(|moment| vec![0.0; if moment <= step.moments() { len } else { 0 }]);
            let mut composed = double::<1>(&first).inner();
            let mut moments = Vec::new();
            for _ in 0..5 {
                let gradient = random.numbers(&[len], 3.0);
                let numbers: Vec<f32> = gradient.iter().collect();
                let [m, v] = &mut kept;
                step.apply(&mut weights, &numbers, 0.5, [m, v]);
                let scaled = double::<1>(&gradient).inner().mul_scalar(0.5);
                composed = step.compose(composed, scaled, &mut moments);
            }
            let found: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
            check(&format!("{step:?}"), &found, &values(composed), 2e-6);
        }
    }
}
