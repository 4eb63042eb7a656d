//! Values and gradients held against the sums that define them, in double precision.

use super::*;
use crate::testing::numbers;

const SHAPES: [Shape; 11] = [
    // AlexNet's first layer in small: an even kernel that jumps, without zeros.
    shape(5, (3, 4), ([9, 8], [4, 4], 2), [0, 0], [3, 3]),
    // A halving with an odd kernel, rounded up.
    shape(3, (4, 5), ([7, 6], [3, 3], 2), [1, 1], [4, 3]),
    // Along a text.
    shape(2, (16, 6), ([1, 21], [1, 3], 1), [0, 1], [1, 21]),
    // An even kernel that keeps the size: the odd zero comes after.
    shape(2, (2, 3), ([4, 5], [2, 2], 1), [0, 0], [4, 5]),
    // A window that leaves the last pixels out, and one that moves beyond itself.
    shape(4, (1, 1), ([8, 8], [3, 2], 3), [0, 0], [2, 3]),
    shape(3, (2, 2), ([7, 7], [1, 1], 3), [0, 0], [3, 3]),
    // More rows than a piece has, and some pieces.
    shape(9, (17, 33), ([20, 20], [3, 3], 1), [1, 1], [20, 20]),
    // By tiles of 3x3 and of 4x4 that end with the image, and of both that reach beyond it; one without zeros around.
    shape(5, (32, 48), ([6, 6], [3, 3], 1), [1, 1], [6, 6]),
    shape(70, (48, 32), ([8, 8], [3, 3], 1), [1, 1], [8, 8]),
    shape(3, (16, 32), ([5, 9], [3, 3], 1), [1, 1], [5, 9]),
    shape(3, (32, 32), ([15, 7], [3, 3], 1), [0, 0], [13, 5]),
];

const fn shape(
    batch: usize,
    (inputs, outputs): (usize, usize),
    (size, kernel, stride): ([usize; 2], [usize; 2], usize),
    zeros: [usize; 2],
    output: [usize; 2],
) -> Shape {
    Shape {
        batch,
        inputs,
        outputs,
        size,
        kernel,
        stride,
        zeros,
        output,
    }
}

/// Calls `each` with the places of an output, an input and a weight that belong together.
fn each_product(shape: &Shape, mut each: impl FnMut(usize, usize, usize)) {
    let ([height, width], [rows, columns]) = (shape.size, shape.kernel);
    let [high, wide] = shape.output;
    let mut out = 0;
    for sample in 0..shape.batch {
        for output in 0..shape.outputs {
            for place in 0..high * wide {
                for weight in 0..shape.seen() {
                    let (input, tap) = (weight / (rows * columns), weight % (rows * columns));
                    let row = place / wide * shape.stride + tap / columns;
                    let column = place % wide * shape.stride + tap % columns;
                    let (row, column) = (
                        row.wrapping_sub(shape.zeros[0]),
                        column.wrapping_sub(shape.zeros[1]),
                    );
                    if row < height && column < width {
                        let x = ((sample * shape.inputs + input) * height + row) * width + column;
                        each(out, x, output * shape.seen() + weight);
                    }
                }
                out += 1;
            }
        }
    }
}

struct Case {
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

fn case(shape: &Shape) -> Case {
    Case {
        x: numbers(shape.batch * shape.input(), 1),
        weight: numbers(shape.weights(), 2),
        bias: numbers(shape.outputs, 3),
        dy: numbers(shape.batch * shape.outputs(), 4),
    }
}

fn values(shape: &Shape, case: &Case, activation: Activation) -> Vec<f32> {
    let mut y = vec![f32::NAN; case.dy.len()];
    forward(shape, &case.x, &case.weight, &case.bias, activation, &mut y);
    y
}

/// Holds numbers against the exact ones, by the largest of them; tiles lose a digit (see [`winograd`]).
fn check(shape: &Shape, found: &[f32], expected: &[f64], what: &str) {
    let rounding = if in_tiles([shape.inputs, shape.outputs], shape.kernel, shape.stride) {
        1e-5
    } else {
        2e-6
    };
    let largest = expected
        .iter()
        .fold(1.0, |most: f64, value| most.max(value.abs()));
    for (found, expected) in zip(found, expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(
            error <= rounding * largest,
            "{what}: {found} for {expected}"
        );
    }
}

#[test]
fn values_are_the_sums_that_define_them() {
    for shape in &SHAPES {
        let case = case(shape);
        let pixels = shape.pixels();
        let bias = |at: usize| f64::from(case.bias[at / pixels % shape.outputs]);
        let mut expected: Vec<f64> = (0..case.dy.len()).map(bias).collect();
        each_product(shape, |y, x, weight| {
            expected[y] += f64::from(case.x[x]) * f64::from(case.weight[weight]);
        });
        check(
            shape,
            &values(shape, &case, Activation::Linear),
            &expected,
            "y",
        );
        let rectified: Vec<f64> = expected.iter().map(|y| y.max(0.0)).collect();
        check(
            shape,
            &values(shape, &case, Activation::Relu),
            &rectified,
            "relu",
        );
    }
}

#[test]
fn gradients_are_the_sums_that_define_them() {
    for (shape, activation) in SHAPES.iter().flat_map(|shape| {
        [Activation::Linear, Activation::Relu, Activation::Tanh]
            .map(|activation| (shape, activation))
    }) {
        let case = case(shape);
        let y = values(shape, &case, activation);
        let mut dz = case.dy.clone();
        activation.multiply_slope(&mut dz, &y);
        let mut dx = vec![0.0_f64; case.x.len()];
        let mut dweight = vec![0.0_f64; case.weight.len()];
        let mut dbias = vec![0.0_f64; case.bias.len()];
        for (at, dz) in dz.iter().enumerate() {
            dbias[at / shape.pixels() % shape.outputs] += f64::from(*dz);
        }
        each_product(shape, |y, x, weight| {
            dx[x] += f64::from(dz[y]) * f64::from(case.weight[weight]);
            dweight[weight] += f64::from(dz[y]) * f64::from(case.x[x]);
        });
        let mut found =
            [case.x.len(), case.weight.len(), case.bias.len()].map(|len| vec![f32::NAN; len]);
        let gradients = |found: &mut [Vec<f32>; 3], with_x: bool| {
            let [x, weight, bias] = found;
            let x = with_x.then_some(x.as_mut_slice());
            let outputs = Outputs {
                y: &y,
                dy: &case.dy,
            };
            let gradients = Gradients { x, weight, bias };
            backward(shape, &case.x, &case.weight, activation, outputs, gradients);
        };
        gradients(&mut found, true);
        check(shape, &found[0], &dx, "dx");
        check(shape, &found[1], &dweight, "dweight");
        check(shape, &found[2], &dbias, "dbias");
        let before = found.clone();
        gradients(&mut found, false);
        assert!(
            found[1..] == before[1..],
            "without dx the others are the same"
        );
    }
}

/// Of the same sizes, turned around: what came out comes in.
#[test]
fn transposed_values_and_gradients_are_the_sums_that_define_them() {
    for (shape, activation) in SHAPES.iter().flat_map(|shape| {
        [Activation::Linear, Activation::Relu].map(|activation| (shape, activation))
    }) {
        let Case {
            x: dy,
            dy: x,
            weight,
            ..
        } = case(shape);
        let (bias, pixels) = (numbers(shape.inputs, 3), shape.size[0] * shape.size[1]);
        let channel = |at: usize| at / pixels % shape.inputs;
        let mut y = vec![f32::NAN; dy.len()];
        transposed::forward(shape, &x, &weight, &bias, activation, &mut y);
        let mut sums: Vec<f64> = (0..dy.len())
            .map(|at| f64::from(bias[channel(at)]))
            .collect();
        each_product(shape, |small, large, tap| {
            sums[large] += f64::from(x[small]) * f64::from(weight[tap]);
        });
        if activation == Activation::Relu {
            sums.iter_mut().for_each(|sum| *sum = sum.max(0.0));
        }
        check(shape, &y, &sums, "y");

        let mut dz = dy.clone();
        activation.multiply_slope(&mut dz, &y);
        let [mut dx, mut dweight] = [x.len(), weight.len()].map(|len| vec![0.0_f64; len]);
        let mut dbias = vec![0.0_f64; bias.len()];
        for (at, dz) in dz.iter().enumerate() {
            dbias[channel(at)] += f64::from(*dz);
        }
        each_product(shape, |small, large, tap| {
            dx[small] += f64::from(dz[large]) * f64::from(weight[tap]);
            dweight[tap] += f64::from(dz[large]) * f64::from(x[small]);
        });
        let mut found = [x.len(), weight.len(), bias.len()].map(|len| vec![f32::NAN; len]);
        let gradients = |found: &mut [Vec<f32>; 3], with_x: bool| {
            let [of_x, of_weight, of_bias] = found;
            let gradients = Gradients {
                x: with_x.then_some(of_x.as_mut_slice()),
                weight: of_weight,
                bias: of_bias,
            };
            let outputs = Outputs { y: &y, dy: &dy };
            transposed::backward(shape, &x, &weight, activation, outputs, gradients);
        };
        gradients(&mut found, true);
        check(shape, &found[0], &dx, "dx");
        check(shape, &found[1], &dweight, "dweight");
        check(shape, &found[2], &dbias, "dbias");
        let before = found.clone();
        gradients(&mut found, false);
        assert!(
            found[1..] == before[1..],
            "without dx the others are the same"
        );
        let all = before;
        threads::alone(|| gradients(&mut found, true));
        assert!(found == all, "on one thread they are the same");
    }
}

/// Kernels of all sides, narrow and long images, more samples than a piece has.
const RAISED: [Shape; 6] = [
    keeping(3, (4, 1), [8, 6], 3),
    keeping(33, (5, 3), [2, 4], 3),
    keeping(2, (32, 1), [12, 16], 3),
    keeping(3, (6, 2), [6, 10], 5),
    keeping(2, (4, 2), [4, 4], 7),
    keeping(9, (7, 2), [12, 2], 1),
];

const fn keeping(
    batch: usize,
    (inputs, outputs): (usize, usize),
    size: [usize; 2],
    kernel: usize,
) -> Shape {
    let zeros = [kernel / 2; 2];
    shape(
        batch,
        (inputs, outputs),
        (size, [kernel, kernel], 1),
        zeros,
        size,
    )
}

/// Each pixel of the large images, and the one of the small ones that it is.
fn raised(shape: &Shape) -> impl Fn(usize) -> usize {
    let [height, width] = shape.size;
    move |at| {
        let (image, row, column) = (at / (height * width), at / width % height, at % width);
        (image * height / 2 + row / 2) * width / 2 + column / 2
    }
}

#[test]
fn values_and_gradients_of_images_that_were_made_larger_are_those_of_the_larger_images() {
    for (shape, activation) in RAISED.iter().flat_map(|shape| {
        [Activation::Linear, Activation::Relu].map(|activation| (shape, activation))
    }) {
        assert!(upsampled::is_known(shape));
        let Case {
            weight, bias, dy, ..
        } = case(shape);
        let (small, x) = (raised(shape), numbers(shape.batch * shape.input() / 4, 1));
        let mut y = vec![f32::NAN; dy.len()];
        upsampled::forward(shape, &x, &weight, &bias, activation, &mut y);
        let channel = |at: usize| at / shape.pixels() % shape.outputs;
        let mut sums: Vec<f64> = (0..dy.len())
            .map(|at| f64::from(bias[channel(at)]))
            .collect();
        each_product(shape, |out, large, tap| {
            sums[out] += f64::from(x[small(large)]) * f64::from(weight[tap]);
        });
        if activation == Activation::Relu {
            sums.iter_mut().for_each(|sum| *sum = sum.max(0.0));
        }
        check(shape, &y, &sums, "y");

        let mut dz = dy.clone();
        activation.multiply_slope(&mut dz, &y);
        let [mut dx, mut dweight] = [x.len(), weight.len()].map(|len| vec![0.0_f64; len]);
        let mut dbias = vec![0.0_f64; bias.len()];
        for (at, dz) in dz.iter().enumerate() {
            dbias[channel(at)] += f64::from(*dz);
        }
        each_product(shape, |out, large, tap| {
            dx[small(large)] += f64::from(dz[out]) * f64::from(weight[tap]);
            dweight[tap] += f64::from(dz[out]) * f64::from(x[small(large)]);
        });
        let mut found = [x.len(), weight.len(), bias.len()].map(|len| vec![f32::NAN; len]);
        let gradients = |found: &mut [Vec<f32>; 3], with_x: bool| {
            let [of_x, of_weight, of_bias] = found;
            let gradients = Gradients {
                x: with_x.then_some(of_x.as_mut_slice()),
                weight: of_weight,
                bias: of_bias,
            };
            let outputs = Outputs { y: &y, dy: &dy };
            upsampled::backward(shape, &x, &weight, activation, outputs, gradients);
        };
        gradients(&mut found, true);
        check(shape, &found[0], &dx, "dx");
        check(shape, &found[1], &dweight, "dweight");
        check(shape, &found[2], &dbias, "dbias");
        let all = found.clone();
        gradients(&mut found, false);
        assert!(found[1..] == all[1..], "without dx the others are the same");
        threads::alone(|| gradients(&mut found, true));
        assert!(found == all, "on one thread they are the same");
    }
}

#[test]
fn a_batch_of_nothing_has_gradients_of_zero() {
    let empty = Shape {
        batch: 0,
        ..SHAPES[0]
    };
    forward(
        &empty,
        &[],
        &numbers(empty.weights(), 1),
        &[0.0; 4],
        Activation::Relu,
        &mut [],
    );
    let (mut weight, mut bias) = (vec![1.0; empty.weights()], vec![1.0; 4]);
    let gradients = Gradients {
        x: Some(&mut []),
        weight: &mut weight,
        bias: &mut bias,
    };
    let weights = numbers(empty.weights(), 1);
    backward(
        &empty,
        &[],
        &weights,
        Activation::Relu,
        Outputs { y: &[], dy: &[] },
        gradients,
    );
    assert!(weight.iter().chain(&bias).all(|gradient| *gradient == 0.0));
}
