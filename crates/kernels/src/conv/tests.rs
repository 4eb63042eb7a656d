//! Against sums of `f64`, over random shapes.

use super::{Activation, Outputs, Shape, backward, forward, forward_pooled};
use crate::{pool, threads};

/// A linear congruential generator.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| self.next() as f32 / (1_u64 << 30) as f32 - 1.0)
            .collect()
    }
}

/// What goes into a layer.
struct Layer {
    shape: Shape,
    activation: Activation,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

/// What comes out of it.
#[derive(Debug, PartialEq)]
struct Results {
    y: Vec<f32>,
    dx: Vec<f32>,
    dweight: Vec<f32>,
    dbias: Vec<f32>,
}

impl Layer {
    fn random(shape: Shape, activation: Activation, random: &mut Random) -> Self {
        Self {
            shape,
            activation,
            x: random.numbers(shape.batch * shape.input()),
            weight: random.numbers(shape.weights()),
            bias: random.numbers(shape.outputs),
            dy: random.numbers(shape.batch * shape.output()),
        }
    }

    fn results(&self) -> Results {
        let Self {
            shape,
            activation,
            x,
            weight,
            bias,
            dy,
        } = self;
        // Nothing of what was there before may remain.
        let blank = |count| vec![f32::NAN; count];
        let (mut y, mut dx, mut dweight, mut dbias) = (
            blank(dy.len()),
            blank(x.len()),
            blank(weight.len()),
            blank(bias.len()),
        );
        forward(shape, x, weight, bias, *activation, &mut y);
        backward(
            shape,
            x,
            weight,
            *activation,
            Outputs {
                y: &y,
                dy,
                indices: None,
            },
            Some(&mut dx),
            &mut dweight,
            &mut dbias,
        );
        Results {
            y,
            dx,
            dweight,
            dbias,
        }
    }
}

/// Calls `visit` with the places in x, weight and y of each product of a convolution.
fn products(shape: &Shape, mut visit: impl FnMut(usize, usize, usize)) {
    let Shape {
        batch,
        inputs,
        outputs,
        height,
        width,
        kernel,
    } = *shape;
    let pad = kernel / 2;
    for place in 0..batch * outputs * inputs * height * width * kernel * kernel {
        let (rest, tap_column) = (place / kernel, place % kernel);
        let (rest, tap_row) = (rest / kernel, rest % kernel);
        let (rest, column) = (rest / width, rest % width);
        let (rest, row) = (rest / height, rest % height);
        let (rest, input) = (rest / inputs, rest % inputs);
        let (sample, output) = (rest / outputs, rest % outputs);
        let (from_row, from_column) = (row + tap_row, column + tap_column);
        if (pad..pad + height).contains(&from_row) && (pad..pad + width).contains(&from_column) {
            visit(
                ((sample * inputs + input) * height + from_row - pad) * width + from_column - pad,
                ((output * inputs + input) * kernel + tap_row) * kernel + tap_column,
                ((sample * outputs + output) * height + row) * width + column,
            );
        }
    }
}

fn check(name: &str, shape: &Shape, found: &[f32], expected: &[f64]) {
    let scale = expected
        .iter()
        .fold(1.0, |most: f64, value| most.max(value.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs() / scale;
        assert!(
            error < 1e-5,
            "{name}[{place}] of {shape:?} is {found}, not {expected}"
        );
    }
}

fn compare(layer: &Layer) {
    let Layer {
        shape,
        activation,
        x,
        weight,
        bias,
        dy,
    } = layer;
    let found = layer.results();
    let area = shape.height * shape.width;
    let channel = |place: usize| place / area % shape.outputs;

    let mut y: Vec<f64> = (0..dy.len())
        .map(|place| f64::from(bias[channel(place)]))
        .collect();
    products(shape, |i, j, k| {
        y[k] += f64::from(x[i]) * f64::from(weight[j])
    });
    let relu = *activation == Activation::Relu;
    let slopes: Vec<f64> = found
        .y
        .iter()
        .map(|y| if relu && *y <= 0.0 { 0.0 } else { 1.0 })
        .collect();
    let y: Vec<f64> = y
        .iter()
        .map(|a| if relu { a.max(0.0) } else { *a })
        .collect();
    check("y", shape, &found.y, &y);

    let dy: Vec<f64> = dy
        .iter()
        .zip(&slopes)
        .map(|(dy, slope)| f64::from(*dy) * slope)
        .collect();
    let (mut dx, mut dweight, mut dbias) = (
        vec![0.0; x.len()],
        vec![0.0; weight.len()],
        vec![0.0; bias.len()],
    );
    products(shape, |i, j, k| {
        dx[i] += dy[k] * f64::from(weight[j]);
        dweight[j] += dy[k] * f64::from(x[i]);
    });
    dy.iter()
        .enumerate()
        .for_each(|(place, dy)| dbias[channel(place)] += dy);
    check("dx", shape, &found.dx, &dx);
    check("dweight", shape, &found.dweight, &dweight);
    check("dbias", shape, &found.dbias, &dbias);
}

#[test]
fn random_shapes() {
    let mut random = Random(1);
    for _ in 0..150 {
        let mut shape = Shape {
            batch: 1 + random.below(5),
            inputs: 1 + random.below(20),
            outputs: 1 + random.below(20),
            height: 1 + random.below(33),
            width: 1 + random.below(33),
            kernel: [1, 3, 3, 5, 7][random.below(5)],
        };
        // The reference is slow: a shape that is large in one way is small in another.
        while shape.batch * shape.output() * shape.inputs * shape.kernel.pow(2) > 300_000 {
            let size = match random.below(4) {
                0 => &mut shape.inputs,
                1 => &mut shape.outputs,
                2 => &mut shape.height,
                _ => &mut shape.width,
            };
            *size = size.div_ceil(2);
        }
        let activation = [Activation::Linear, Activation::Relu][random.below(2)];
        compare(&Layer::random(shape, activation, &mut random));
    }
}

#[test]
fn few_channels() {
    let mut random = Random(2);
    for (inputs, outputs) in [(1, 1), (1, 32), (32, 1), (3, 32), (17, 2)] {
        for (kernel, height, width) in [(3, 28, 28), (5, 7, 7), (1, 5, 33)] {
            let shape = Shape {
                batch: 2,
                inputs,
                outputs,
                height,
                width,
                kernel,
            };
            compare(&Layer::random(shape, Activation::Relu, &mut random));
        }
    }
}

#[test]
fn a_kernel_of_one_in_the_middle_changes_nothing() {
    let shape = Shape {
        batch: 2,
        inputs: 1,
        outputs: 1,
        height: 5,
        width: 3,
        kernel: 3,
    };
    let x = Random(3).numbers(30);
    let weight = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0];
    let mut y = vec![f32::NAN; 30];
    forward(&shape, &x, &weight, &[0.0], Activation::Linear, &mut y);
    assert_eq!(x, y);
}

/// One operation gives the very bits of two: the sums are the same, in the same order.
#[test]
fn a_pooled_convolution_is_a_convolution_and_a_pooling() {
    let mut random = Random(5);
    let activations = [Activation::Relu, Activation::Linear, Activation::Tanh];
    for (round, activation) in activations.into_iter().cycle().take(60).enumerate() {
        let shape = Shape {
            batch: 1 + random.below(20),
            inputs: 1 + random.below(9),
            outputs: 1 + random.below(9),
            height: 1 + random.below(20),
            width: 1 + random.below(20),
            kernel: [1, 3, 5][random.below(3)],
        };
        let Layer {
            x, weight, bias, ..
        } = Layer::random(shape, activation, &mut random);
        let size = [shape.height, shape.width];
        let planes = shape.batch * shape.outputs;
        let mut whole = vec![f32::NAN; shape.batch * shape.output()];
        forward(&shape, &x, &weight, &bias, activation, &mut whole);
        let count = shape.batch * shape.pooled();
        let (mut expected, mut places) = (vec![f32::NAN; count], vec![9; count]);
        pool::forward(planes, size, &whole, &mut expected, &mut places);
        let (mut y, mut indices) = (vec![f32::NAN; count], vec![9; count]);
        forward_pooled(&shape, &x, &weight, &bias, activation, &mut y, &mut indices);
        assert_eq!((&y, &indices), (&expected, &places), "{shape:?}");

        let dy = random.numbers(count);
        let mut of_whole = vec![f32::NAN; whole.len()];
        pool::backward(planes, size, &dy, &places, &mut of_whole);
        let gradients = |outputs: Outputs| {
            let mut dx = vec![f32::NAN; x.len()];
            let (mut dweight, mut dbias) =
                (vec![f32::NAN; weight.len()], vec![f32::NAN; bias.len()]);
            let wanted = (round % 2 == 0).then_some(&mut dx[..]);
            backward(
                &shape,
                &x,
                &weight,
                activation,
                outputs,
                wanted,
                &mut dweight,
                &mut dbias,
            );
            let bits =
                |numbers: &[f32]| Vec::from_iter(numbers.iter().map(|number| number.to_bits()));
            (bits(&dx), bits(&dweight), bits(&dbias))
        };
        let one = gradients(Outputs {
            y: &y,
            dy: &dy,
            indices: Some(&indices),
        });
        let two = gradients(Outputs {
            y: &whole,
            dy: &of_whole,
            indices: None,
        });
        assert_eq!(one, two, "{shape:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let mut random = Random(4);
    for (inputs, outputs, size) in [(1, 32, 28), (16, 16, 7), (32, 1, 28)] {
        let shape = Shape {
            batch: 37,
            inputs,
            outputs,
            height: size,
            width: size,
            kernel: 3,
        };
        let layer = Layer::random(shape, Activation::Relu, &mut random);
        let (mut serial, parallel) = (None, layer.results());
        // Within work of the threads all work is done by one of them.
        threads::each(vec![&mut serial, &mut None], |result| {
            *result = Some(layer.results())
        });
        assert_eq!(serial.as_ref(), Some(&parallel));
    }
}

#[test]
fn an_empty_batch_has_no_gradient() {
    let shape = Shape {
        batch: 0,
        inputs: 1,
        outputs: 2,
        height: 3,
        width: 3,
        kernel: 1,
    };
    let (mut dweight, mut dbias) = ([f32::NAN; 2], [f32::NAN; 2]);
    forward(
        &shape,
        &[],
        &[1.0, 2.0],
        &[0.0, 0.0],
        Activation::Linear,
        &mut [],
    );
    backward(
        &shape,
        &[],
        &[1.0, 2.0],
        Activation::Linear,
        Outputs {
            y: &[],
            dy: &[],
            indices: None,
        },
        Some(&mut []),
        &mut dweight,
        &mut dbias,
    );
    assert_eq!((dweight, dbias), ([0.0, 0.0], [0.0, 0.0]));
}
