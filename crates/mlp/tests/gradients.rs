//! Exact gradients against central differences, whatever the net, the loss and the count of samples.

use espejo_mlp::{Activation, Fit, Initializer, Loss, Net, Objective};

const LOSSES: [Loss; 6] = [
    Loss::Bce,
    Loss::Mse,
    Loss::Mae,
    Loss::LogCosh,
    Loss::Correntropy { width: 0.6 },
    Loss::Entropic,
];

/// Numbers in [0, 1) that look like chance.
fn numbers(count: usize, seed: usize) -> Vec<f64> {
    let fraction =
        |k: usize| ((k + 7 * seed) as f64 * 0.618_033_988_749_894_9 + seed as f64 * 0.37).fract();
    (0..count)
        .map(|k| (fraction(k) * fraction(k + 3) * 97.0).fract())
        .collect()
}

/// A fit of such numbers, biases and all, and a point.
fn problem(
    sizes: &[usize],
    activations: &[Activation],
    loss: Loss,
    samples: usize,
) -> (Fit, Vec<f64>) {
    let net = Net::new(sizes, activations);
    let mut at = net.init(Initializer::Glorot, samples as u64);
    let noise = numbers(at.len(), samples);
    at.iter_mut()
        .zip(noise)
        .for_each(|(weight, noise)| *weight += 0.4 * noise - 0.2);
    let inputs = numbers(samples * net.inputs(), 1);
    let mut targets = numbers(samples * net.outputs(), 2);
    if loss == Loss::Entropic {
        targets
            .iter_mut()
            .for_each(|target| *target = 2.0 * *target - 1.0);
    }
    (Fit::new(net, loss, &inputs, &targets), at)
}

/// Each part of the gradient against a central difference, relative to the largest part; the loss against [`Fit::losses`].
fn check(sizes: &[usize], activations: &[Activation], loss: Loss, samples: usize, summed: bool) {
    let (mut fit, mut at) = problem(sizes, activations, loss, samples);
    if summed {
        fit = fit.summed();
    }
    let mut gradient = vec![0.0; at.len()];
    let value = fit.gradient(&at, &mut gradient);
    assert_eq!(
        value.to_bits(),
        fit.value(&at).to_bits(),
        "the same both ways"
    );
    let total: f64 = fit.losses(&at).iter().sum();
    let mean = if summed {
        total
    } else {
        total / samples as f64
    };
    assert!(
        (value - mean).abs() <= 1e-13 * value.abs(),
        "{value}, {mean}"
    );
    let scale = gradient
        .iter()
        .fold(0.0_f64, |most, slope| most.max(slope.abs()));
    let h = 2e-6;
    for index in (0..at.len()).step_by(1 + at.len() / 150) {
        let here = at[index];
        at[index] = here + h;
        let above = fit.value(&at);
        at[index] = here - h;
        let slope = (above - fit.value(&at)) / (2.0 * h);
        at[index] = here;
        let error = (slope - gradient[index]).abs() / scale;
        assert!(
            error < 1e-7,
            "{error:e} in {index} of {sizes:?} {activations:?} {loss:?} {samples}"
        );
    }
}

/// The last activations that go with a loss.
fn lasts(loss: Loss) -> Vec<Activation> {
    match loss {
        Loss::Bce => vec![Activation::Sigmoid],
        Loss::Entropic => vec![Activation::Tanh],
        _ => Activation::ALL.to_vec(),
    }
}

#[test]
fn every_loss_with_every_activation() {
    for loss in LOSSES {
        for last in lasts(loss) {
            for hidden in Activation::ALL {
                check(&[5, 7, 3], &[hidden, last], loss, 9, false);
            }
        }
    }
}

#[test]
fn every_count_of_samples() {
    for samples in [1, 2, 3, 7, 8, 9, 16, 25, 31, 32, 33, 40, 64, 100] {
        for summed in [false, true] {
            check(
                &[5, 4, 2, 6],
                &[Activation::Tanh, Activation::Silu, Activation::Sigmoid],
                Loss::Bce,
                samples,
                summed,
            );
        }
    }
}

#[test]
fn every_size_of_a_layer() {
    use Activation::{Elu, Linear, Sigmoid, Tanh};
    for size in 1..=50 {
        check(&[3, size, 2], &[Tanh, Linear], Loss::Mse, 5, false);
        check(&[size, 51 - size], &[Sigmoid], Loss::LogCosh, 33, true);
    }
    check(
        &[130, 70, 3, 600],
        &[Elu, Linear, Sigmoid],
        Loss::Bce,
        40,
        false,
    );
    check(&[35, 25, 2, 25, 35], &[Sigmoid; 4], Loss::Mse, 32, true);
}

#[test]
fn the_same_again_and_after_other_points() {
    for samples in [1, 32, 100] {
        let sizes = [35, 16, 2, 35];
        let activations = [Activation::Gelu, Activation::Tanh, Activation::Sigmoid];
        let (mut fit, at) = problem(&sizes, &activations, Loss::Bce, samples);
        let mut first = vec![0.0; at.len()];
        let value = fit.gradient(&at, &mut first);
        let mut again = vec![f64::NAN; at.len()];
        let far = vec![1e200; at.len()];
        fit.gradient(&far, &mut again);
        let same = fit.clone().gradient(&at, &mut again);
        assert_eq!(value.to_bits(), same.to_bits());
        assert_eq!(first, again);
        assert_eq!(value.to_bits(), fit.gradient(&at, &mut again).to_bits());
        assert_eq!(first, again);
    }
}

#[test]
fn what_is_not_a_number_is_not_hidden() {
    for loss in LOSSES {
        for last in lasts(loss) {
            let (mut fit, mut at) = problem(&[4, 5, 3], &[Activation::Tanh, last], loss, 9);
            let mut gradient = vec![0.0; at.len()];
            at[1] = f64::NAN;
            assert!(fit.value(&at).is_nan(), "{loss:?} {last:?}");
            assert!(fit.gradient(&at, &mut gradient).is_nan());
        }
    }
}
