use super::*;
use crate::testing::numbers;

fn shape(batch: usize, channels: usize, area: usize) -> Shape {
    Shape {
        batch,
        channels,
        area,
    }
}

/// Dense rows, small maps, images with and without a remainder of a vector, and enough for several pieces and threads.
const SHAPES: [[usize; 3]; 9] = [
    [2, 1, 1],
    [7, 5, 1],
    [300, 70, 1],
    [6, 3, 4],
    [40, 6, 15],
    [3, 2, 16],
    [5, 3, 49],
    [64, 16, 49],
    [9, 2, 2500],
];

/// y, in double precision.
fn exact(shape: Shape, x: &[f64], gamma: &[f64], beta: &[f64], epsilon: f64) -> Vec<f64> {
    let channel_of = |place: usize| place / shape.area % shape.channels;
    let mut y = x.to_vec();
    for channel in 0..shape.channels {
        let own = || (0..x.len()).filter(|place| channel_of(*place) == channel);
        let count = own().count() as f64;
        let mean = own().map(|place| x[place]).sum::<f64>() / count;
        let variance = own().map(|place| (x[place] - mean).powi(2)).sum::<f64>() / count;
        for place in own() {
            let normal = (x[place] - mean) / (variance + epsilon).sqrt();
            y[place] = gamma[channel] * normal + beta[channel];
        }
    }
    y
}

fn double(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

#[track_caller]
fn check(what: &str, found: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in zip(found, expected).enumerate() {
        assert!(
            (f64::from(*found) - expected).abs() <= tolerance * (1.0 + expected.abs()),
            "{what}, {index}: {found}, expected {expected}"
        );
    }
}

/// The statistics and y.
fn forward(shape: Shape, x: &[f32], gamma: &[f32], beta: &[f32]) -> (Statistics, Vec<f32>) {
    let (statistics, mut y) = (statistics(shape, x), vec![f32::NAN; x.len()]);
    normalize(shape, x, &statistics, (gamma, beta), 0.0, &mut y);
    (statistics, y)
}

#[test]
fn values_by_hand() {
    // Channels of one value: 1 and 3 have mean 2 and variance 1, 4 and 8 have mean 6 and variance 4.
    let (found, y) = forward(
        shape(2, 2, 1),
        &[1.0, 4.0, 3.0, 8.0],
        &[1.0, 3.0],
        &[0.0, 5.0],
    );
    assert_eq!(
        (&found.mean[..], &found.variance[..]),
        (&[2.0, 6.0][..], &[1.0, 4.0][..])
    );
    assert_eq!(y, [-1.0, 2.0, 1.0, 8.0]);

    // Images: the first has as many zeros as twos, the second is always 7.
    let x: Vec<f32> = (0..64)
        .map(|place| {
            if place / 32 == 1 {
                7.0
            } else {
                (place % 2 * 2) as f32
            }
        })
        .collect();
    let found = statistics(shape(1, 2, 32), &x);
    assert_eq!(
        (&found.mean[..], &found.variance[..]),
        (&[1.0, 7.0][..], &[1.0, 0.0][..])
    );
    let mut y = vec![f32::NAN; 64];
    normalize(
        shape(1, 2, 32),
        &x,
        &found,
        (&[3.0, 2.0], &[0.5, -4.0]),
        3.0,
        &mut y,
    );
    let expected = |place| match place {
        // 3 · ±1 / √(1 + 3) + ½
        0..32 => 0.5 + 1.5 * if place % 2 == 0 { -1.0 } else { 1.0 },
        _ => -4.0,
    };
    assert_eq!(y, (0..64).map(expected).collect::<Vec<f32>>());
}

#[test]
fn a_gradient_by_hand() {
    // x̂ is -1 and 1, so dβ = 1 + 5, dγ = 5 - 1, and what is left of dy without its mean and its part along x̂ is nothing.
    let (shape, x) = (shape(2, 1, 1), [1.0, 3.0]);
    let found = statistics(shape, &x);
    let mut dy = [1.0, 5.0];
    let gradients = backward(shape, &x, &found, &[2.0], 0.0, &mut dy, true);
    assert_eq!((gradients.gamma, gradients.beta), (vec![4.0], vec![6.0]));
    assert_eq!(dy, [0.0, 0.0]);

    // With ε = 3: x̂ = ±½, dγ = 2, and dx = 2 / 2 (dy - 3 - x̂ 2 / 2) = -2 + ½, 2 - ½.
    let mut dy = [1.0, 5.0];
    let gradients = backward(shape, &x, &found, &[2.0], 3.0, &mut dy, true);
    assert_eq!((gradients.gamma, gradients.beta), (vec![2.0], vec![6.0]));
    assert_eq!(dy, [-1.5, 1.5]);

    let mut dy = [1.0, 5.0];
    backward(shape, &x, &found, &[2.0], 3.0, &mut dy, false);
    assert_eq!(dy, [1.0, 5.0], "nobody asked for the gradient at x");
}

/// Values near a million that differ by a half, whose variance in single precision is anything from 0 to 10⁴.
#[test]
fn ten_million_rows_near_a_million_have_known_moments() {
    for shape in [shape(10_000_000, 1, 1), shape(12_756, 1, 784)] {
        let near = |place: usize| 1e6 + if place.is_multiple_of(2) { 0.0 } else { 0.5 };
        let x: Vec<f32> = (0..shape.batch * shape.area).map(near).collect();
        let found = statistics(shape, &x);
        assert!((found.mean[0] - 1_000_000.25).abs() < 1e-6, "{found:?}");
        assert!((found.variance[0] - 0.0625).abs() < 1e-7, "{found:?}");
    }
}

#[test]
fn values_are_those_of_double_precision() {
    for sizes in SHAPES {
        let shape = shape(sizes[0], sizes[1], sizes[2]);
        let x = numbers(shape.batch * shape.row(), 1);
        let (gamma, beta) = (numbers(shape.channels, 2), numbers(shape.channels, 3));
        let (found, epsilon) = (statistics(shape, &x), 1e-5);
        let mut y = vec![f32::NAN; x.len()];
        normalize(shape, &x, &found, (&gamma, &beta), epsilon, &mut y);
        let expected = exact(shape, &double(&x), &double(&gamma), &double(&beta), epsilon);
        check(&format!("{sizes:?}"), &y, &expected, 1e-6);
    }
}

#[test]
fn gradients_are_finite_differences() {
    let (epsilon, step) = (1e-3, 1e-5);
    for sizes in SHAPES {
        let shape = shape(sizes[0], sizes[1], sizes[2]);
        let x = numbers(shape.batch * shape.row(), 4);
        let (gamma, beta) = (numbers(shape.channels, 5), numbers(shape.channels, 6));
        let dy = numbers(x.len(), 7);
        let found = statistics(shape, &x);
        let mut dx = dy.clone();
        let gradients = backward(shape, &x, &found, &gamma, epsilon, &mut dx, true);
        let objective = |values: &[Vec<f64>; 3]| -> f64 {
            let y = exact(shape, &values[0], &values[1], &values[2], epsilon);
            zip(y, &dy).map(|(y, dy)| y * f64::from(*dy)).sum()
        };
        let start = [double(&x), double(&gamma), double(&beta)];
        for (which, gradient) in [&dx, &gradients.gamma, &gradients.beta].iter().enumerate() {
            // First, last, and two between.
            for part in 0..4 {
                let place = part * (gradient.len() - 1) / 3;
                let moved = |by: f64| {
                    let mut values = start.clone();
                    values[which][place] += by;
                    objective(&values)
                };
                let difference = (moved(step) - moved(-step)) / (2.0 * step);
                let what = format!("{sizes:?}, gradient {which} at {place}");
                check(&what, &gradient[place..=place], &[difference], 2e-5);
            }
        }
    }
}

#[test]
fn the_mean_of_many_ones_is_one() {
    let x = vec![1.0; 1 << 25];
    for shape in [
        shape(1 << 25, 1, 1),
        shape(1 << 24, 2, 1),
        shape(1 << 4, 1, 1 << 21),
    ] {
        let found = statistics(shape, &x);
        assert!(
            found.mean.iter().all(|mean| *mean == 1.0),
            "{shape:?}: {found:?}"
        );
        assert!(
            found.variance.iter().all(|variance| *variance == 0.0),
            "{shape:?}: {found:?}"
        );
    }
}

#[test]
fn a_small_deviation_from_a_million_keeps_its_digits() {
    // Sixteenths, which single precision holds at a million: 0 to 15 of them, in any order.
    let sixteenth = |place: usize| 1e6 + (place * 7 % 16) as f32 / 16.0;
    let x: Vec<f32> = (0..64 * 1024).map(sixteenth).collect();
    let (mean, variance) = (1e6 + 7.5 / 16.0, (16.0 * 16.0 - 1.0) / 12.0 / 256.0);
    for shape in [
        shape(64 * 1024, 1, 1),
        shape(64, 1, 1024),
        shape(16, 64, 64),
    ] {
        let (found, y) = forward(
            shape,
            &x,
            &vec![1.0; shape.channels],
            &vec![0.0; shape.channels],
        );
        for (found, expected) in [(&found.mean, mean), (&found.variance, variance)] {
            assert!(
                found
                    .iter()
                    .all(|found| (found / expected - 1.0).abs() < 1e-6),
                "{shape:?}: {found:?}, expected {expected}"
            );
        }
        let expected: Vec<f64> = x
            .iter()
            .map(|x| (f64::from(*x) - mean) / variance.sqrt())
            .collect();
        check(&format!("{shape:?}"), &y, &expected, 1e-6);
    }
}

#[test]
fn one_outlier_leaves_the_variance_right() {
    for shape in [shape(2048, 1, 1), shape(8, 1, 256)] {
        let mut x = numbers(2048, 8);
        x[0] = 1e4;
        let exact_of = double(&x);
        let mean = exact_of.iter().sum::<f64>() / 2048.0;
        let variance = exact_of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2048.0;
        let found = statistics(shape, &x).variance[0];
        assert!(
            (found / variance - 1.0).abs() < 1e-6,
            "{shape:?}: {found}, expected {variance}"
        );
    }
}

#[test]
fn a_nan_is_not_normalized_away() {
    for shape in [shape(3, 2, 1), shape(3, 2, 20)] {
        let mut x = numbers(3 * shape.row(), 9);
        x[0] = f32::NAN;
        let (found, y) = forward(shape, &x, &[1.0; 2], &[0.0; 2]);
        assert!(found.mean[0].is_nan() && found.variance[0].is_nan());
        assert!(found.mean[1].is_finite() && found.variance[1].is_finite());
        for (place, y) in y.iter().enumerate() {
            assert_eq!(
                y.is_nan(),
                place / shape.area % 2 == 0,
                "{shape:?}, {place}"
            );
        }
    }
}

#[test]
fn no_sample_has_no_mean() {
    let (found, y) = forward(shape(0, 3, 4), &[], &[1.0; 3], &[0.0; 3]);
    assert!(found.mean.iter().all(|mean| mean.is_nan()) && y.is_empty());
    let gradients = backward(shape(0, 3, 4), &[], &found, &[1.0; 3], 1e-5, &mut [], true);
    assert_eq!(gradients.beta, [0.0; 3]);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for shape in [shape(128, 32, 196), shape(700, 90, 1)] {
        let (x, dy) = (
            numbers(shape.batch * shape.row(), 10),
            numbers(shape.batch * shape.row(), 11),
        );
        let parameters = (numbers(shape.channels, 12), numbers(shape.channels, 13));
        let all = || {
            let (found, y) = forward(shape, &x, &parameters.0, &parameters.1);
            let mut dx = dy.clone();
            let gradients = backward(shape, &x, &found, &parameters.0, 1e-5, &mut dx, true);
            (found, y, dx, gradients)
        };
        let (mut serial, parallel) = (None, all());
        // Within work of the threads all work is done by one of them.
        threads::each(vec![&mut serial, &mut None], |result| *result = Some(all()));
        assert!(serial == Some(parallel), "{shape:?}");
    }
}
