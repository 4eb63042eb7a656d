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
        kind: Kind::Plain,
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

/// All kinds: those shapes as they are and turned around, and images that are made larger before.
fn shapes() -> impl Iterator<Item = Shape> {
    let of_kind = |kind| move |shape: &Shape| Shape { kind, ..*shape };
    let plain = SHAPES.iter().copied();
    let transposed = SHAPES.iter().map(of_kind(Kind::Transposed));
    let upsampled = RAISED.iter().map(of_kind(Kind::Upsampled));
    plain.chain(transposed).chain(upsampled)
}

/// Calls `each` with the places of a number that goes out, one that comes in and a weight that belong together.
fn each_of_kind(shape: &Shape, mut each: impl FnMut(usize, usize, usize)) {
    let [height, width] = shape.size;
    each_product(shape, |output, input, weight| match shape.kind {
        Kind::Plain => each(output, input, weight),
        Kind::Transposed => each(input, output, weight),
        Kind::Upsampled => {
            let image = input / (height * width);
            let (row, column) = (input / width % height / 2, input % width / 2);
            each(
                output,
                (image * height / 2 + row) * width / 2 + column,
                weight,
            );
        }
    });
}

struct Case {
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

fn case(shape: &Shape) -> Case {
    let ends = shape.ends();
    Case {
        x: numbers(shape.batch * ends.input, 1),
        weight: numbers(shape.weights(), 2),
        bias: numbers(ends.outputs, 3),
        dy: numbers(shape.batch * ends.outputs * ends.pixels, 4),
    }
}

/// The channel that a number that goes out belongs to.
fn channel(shape: &Shape, at: usize) -> usize {
    let ends = shape.ends();
    at / ends.pixels % ends.outputs
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
    for shape in shapes() {
        let case = case(&shape);
        let bias = |at: usize| f64::from(case.bias[channel(&shape, at)]);
        let mut expected: Vec<f64> = (0..case.dy.len()).map(bias).collect();
        each_of_kind(&shape, |y, x, weight| {
            expected[y] += f64::from(case.x[x]) * f64::from(case.weight[weight]);
        });
        let found = values(&shape, &case, Activation::Linear);
        check(&shape, &found, &expected, "y");
        let rectified: Vec<f64> = expected.iter().map(|y| y.max(0.0)).collect();
        let found = values(&shape, &case, Activation::Relu);
        check(&shape, &found, &rectified, "relu");
    }
}

#[test]
fn gradients_are_the_sums_that_define_them() {
    for (shape, activation) in shapes().flat_map(|shape| {
        [Activation::Linear, Activation::Relu, Activation::Tanh]
            .map(|activation| (shape, activation))
    }) {
        let case = case(&shape);
        let y = values(&shape, &case, activation);
        let mut dz = case.dy.clone();
        activation.multiply_slope(&mut dz, &y);
        let mut dx = vec![0.0_f64; case.x.len()];
        let mut dweight = vec![0.0_f64; case.weight.len()];
        let mut dbias = vec![0.0_f64; case.bias.len()];
        for (at, dz) in dz.iter().enumerate() {
            dbias[channel(&shape, at)] += f64::from(*dz);
        }
        each_of_kind(&shape, |y, x, weight| {
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
            backward(
                &shape,
                &case.x,
                &case.weight,
                activation,
                outputs,
                gradients,
            );
        };
        gradients(&mut found, true);
        check(&shape, &found[0], &dx, "dx");
        check(&shape, &found[1], &dweight, "dweight");
        check(&shape, &found[2], &dbias, "dbias");
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
