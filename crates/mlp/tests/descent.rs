//! Descents against a plain one, their counts and their ends.

use espejo_mlp::{
    Activation, Adaptive, Descending, Descent, Ended, Fit, GradientKind, Initializer, Limits, Loss,
    Net, Objective, Rule, descend,
};

const SAMPLES: usize = 19;
/// So few that rounding does not grow into more.
const EPOCHS: usize = 12;

fn net() -> Net {
    Net::new(
        &[6, 9, 2, 6],
        &[Activation::Tanh, Activation::Linear, Activation::Sigmoid],
    )
}

fn samples(count: usize) -> Vec<f64> {
    (0..count * 6)
        .map(|k| f64::from(u8::from((k * k + k / 6) % 7 > 3)))
        .collect()
}

fn fit() -> Fit {
    Fit::new(net(), Loss::Bce, &samples(SAMPLES), &samples(SAMPLES))
}

fn start() -> Vec<f64> {
    net().init(Initializer::Glorot, 3)
}

fn descent(rule: Rule, batch: usize) -> Descent {
    let adaptive = None;
    Descent {
        rule,
        learning_rate: 0.02,
        adaptive,
        batch,
        shuffle: None,
    }
}

const MOMENTUM: Rule = Rule::Gradient { momentum: 0.8 };

/// The losses of some epochs of the plainest form: each batch is a fit of its own, and each weight is moved by itself.
fn plain(descent: &Descent, epochs: usize) -> Vec<f64> {
    let mut whole = fit();
    let samples = samples(SAMPLES);
    let batch = if descent.batch == 0 {
        SAMPLES
    } else {
        descent.batch
    };
    let (mut weights, mut rate) = (start(), descent.learning_rate);
    let mut moments = vec![(0.0, 0.0); weights.len()];
    let (mut steps, mut before, mut falling) = (0, f64::INFINITY, 0);
    let mut losses = Vec::new();
    for _ in 0..epochs {
        let first = whole.value(&weights);
        let mut follow = |loss: f64, rate: &mut f64| {
            let Some(adaptive) = descent.adaptive else {
                return;
            };
            if loss > before {
                *rate *= 1.0 - adaptive.lower;
            }
            falling = if loss < before && before < f64::INFINITY {
                falling + 1
            } else {
                0
            };
            if falling >= adaptive.after {
                *rate += adaptive.raise;
            }
            before = loss;
        };
        if descent.batch == 0 {
            follow(first, &mut rate);
        }
        for rows in samples.chunks(batch * 6) {
            let mut gradient = vec![0.0; weights.len()];
            Fit::new(net(), Loss::Bce, rows, rows).gradient(&weights, &mut gradient);
            steps += 1;
            for ((weight, g), (m, v)) in weights.iter_mut().zip(gradient).zip(&mut moments) {
                match descent.rule {
                    Rule::Gradient { momentum } => {
                        *m = momentum * *m + g;
                        *weight -= rate * *m;
                    }
                    Rule::Adam => {
                        *m = 0.9 * *m + 0.1 * g;
                        *v = 0.999 * *v + 0.001 * g * g;
                        let (m, v) = (
                            *m / (1.0 - 0.9_f64.powi(steps)),
                            *v / (1.0 - 0.999_f64.powi(steps)),
                        );
                        *weight -= rate * m / (v.sqrt() + 1e-8);
                    }
                    Rule::Rprop => {
                        let step = if steps == 1 { rate } else { *v };
                        let turned = *m * g;
                        (*m, *v) = if turned < 0.0 {
                            (0.0, (0.5 * step).max(1e-9))
                        } else if turned > 0.0 {
                            (g, (1.2 * step).min(5.0))
                        } else {
                            (g, step)
                        };
                        if *m != 0.0 {
                            *weight -= m.signum() * *v;
                        }
                    }
                }
            }
        }
        if descent.batch == 0 {
            losses.push(first);
        } else {
            losses.push(whole.value(&weights));
            follow(losses[losses.len() - 1], &mut rate);
        }
    }
    losses
}

/// The losses of [`plain`], an epoch at a time and all at once, and what `descend` counts and keeps.
fn check(descent: &Descent) {
    let expected = plain(descent, EPOCHS);
    let near = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-11 * theirs.abs();
    let mut descending = Descending::new(descent, &start());
    let mut fit = fit();
    for (epoch, loss) in expected.iter().enumerate() {
        let ours = descending.epoch(&mut fit);
        assert!(
            near(ours, *loss),
            "{ours}, not {loss}, after {epoch} epochs of {descent:?}"
        );
    }
    let limits = Limits {
        max_iterations: Some(EPOCHS),
        ..Limits::default()
    };
    let mut seen = Vec::new();
    let minimum = descend(descent, &mut fit, &start(), &limits, &mut |progress| {
        assert_eq!(fit_value(progress.at).to_bits(), progress.loss.to_bits());
        assert_eq!(
            fit_value(progress.best).to_bits(),
            progress.best_loss.to_bits()
        );
        seen.push(progress.loss);
        true
    });
    assert!(
        seen.iter()
            .zip(&expected)
            .all(|(ours, theirs)| near(*ours, *theirs))
    );
    assert_eq!(
        minimum.loss,
        seen.iter().copied().fold(f64::INFINITY, f64::min)
    );
    assert_eq!(fit_value(&minimum.at).to_bits(), minimum.loss.to_bits());
    let passes = if descent.batch == 0 { 1 } else { 2 };
    let counts = minimum.counts;
    assert_eq!(
        (counts.evaluations, counts.gradients, counts.iterations),
        (EPOCHS * passes, EPOCHS, EPOCHS)
    );
    assert_eq!(minimum.ended, Ended::Iterations);
}

fn fit_value(at: &[f64]) -> f64 {
    fit().value(at)
}

#[test]
fn every_rule_and_batch() {
    let plain = Rule::Gradient { momentum: 0.0 };
    for rule in [MOMENTUM, plain, Rule::Adam, Rule::Rprop] {
        for batch in [0, 1, 2, 8, 18, 19, 40] {
            check(&descent(rule, batch));
        }
    }
}

#[test]
fn the_learning_rate_follows_the_loss() {
    for batch in [0, 1, 5] {
        for after in [1, 3] {
            let adaptive = Some(Adaptive {
                raise: 0.02,
                after,
                lower: 0.4,
            });
            check(&Descent {
                adaptive,
                ..descent(MOMENTUM, batch)
            });
        }
    }
    let adaptive = Some(Adaptive {
        raise: 0.5,
        after: 2,
        lower: 0.5,
    });
    let mut descending = Descending::new(
        &Descent {
            adaptive,
            learning_rate: 0.01,
            ..descent(MOMENTUM, 0)
        },
        &start(),
    );
    let rates: Vec<f64> = (0..4)
        .map(|_| {
            descending.epoch(&mut fit());
            descending.learning_rate()
        })
        .collect();
    // The first loss has nothing to fall from, the third is the second that fell, and the great step after it went up.
    assert_eq!(rates, [0.01, 0.01, 0.51, 0.255]);
}

#[test]
fn a_step_by_one_sample_is_a_step_by_all_of_one() {
    use Activation::{Elu, Gelu, Linear, Sigmoid, Silu, Tanh};
    for (sizes, activations, loss) in [
        (vec![5, 3], vec![Sigmoid], Loss::Mse),
        (
            vec![35, 35, 25, 2, 25, 35],
            vec![Tanh, Gelu, Silu, Elu, Tanh],
            Loss::Entropic,
        ),
        (vec![7, 60, 100, 9], vec![Elu, Silu, Sigmoid], Loss::Bce),
        (
            vec![1, 1, 49],
            vec![Linear, Gelu],
            Loss::Correntropy { width: 0.5 },
        ),
        (vec![8, 16, 8], vec![Linear, Silu], Loss::LogCosh),
        (vec![3, 4, 5], vec![Tanh, Tanh], Loss::Mae),
    ] {
        let net = Net::new(&sizes, &activations);
        let numbers = |count: usize| {
            (0..count)
                .map(|k| (k as f64 * 1.7).sin().abs())
                .collect::<Vec<_>>()
        };
        let mut fit = Fit::new(
            net.clone(),
            loss,
            &numbers(net.inputs()),
            &numbers(net.outputs()),
        );
        let start = net.init(Initializer::Glorot, 9);
        let mut online = Descending::new(&descent(MOMENTUM, 1), &start);
        let mut whole = Descending::new(&descent(MOMENTUM, 0), &start);
        for _ in 0..5 {
            online.epoch(&mut fit);
            whole.epoch(&mut fit);
            for (ours, theirs) in online.weights().iter().zip(whole.weights()) {
                assert!(
                    (ours - theirs).abs() < 1e-13,
                    "{ours}, not {theirs}, in {sizes:?}"
                );
            }
        }
    }
}

#[test]
fn another_order_in_each_epoch_and_the_same_again() {
    let run = |shuffle, batch| {
        let mut descending = Descending::new(
            &Descent {
                shuffle,
                ..descent(MOMENTUM, batch)
            },
            &start(),
        );
        let mut fit = fit();
        [(); 3].map(|()| descending.epoch(&mut fit).to_bits())
    };
    for batch in [1, 4] {
        assert_eq!(run(Some(1), batch), run(Some(1), batch));
        assert_ne!(run(Some(1), batch), run(Some(2), batch));
        assert_ne!(run(Some(1), batch), run(None, batch));
    }
    // All samples at once have no order.
    assert_eq!(run(Some(1), 0), run(None, 0));
}

#[test]
fn inputs_may_change_between_epochs() {
    let noisy: Vec<f64> = samples(SAMPLES).iter().map(|x| x + 0.1).collect();
    for batch in [0, 1, 4] {
        let mut changed = fit();
        changed.set_inputs(&noisy);
        let mut made = Fit::new(net(), Loss::Bce, &noisy, &samples(SAMPLES));
        let [mut first, mut second] =
            [(); 2].map(|()| Descending::new(&descent(MOMENTUM, batch), &start()));
        assert_eq!(
            first.epoch(&mut changed).to_bits(),
            second.epoch(&mut made).to_bits()
        );
        assert_eq!(first.weights(), second.weights());
    }
}

#[test]
fn differences_go_the_same_way_and_are_counted() {
    for batch in [0, 1, 8] {
        let run = |gradient| {
            let limits = Limits {
                max_iterations: Some(5),
                gradient,
                ..Limits::default()
            };
            descend(
                &descent(MOMENTUM, batch),
                &mut fit(),
                &start(),
                &limits,
                &mut |_| true,
            )
        };
        let (exact, finite) = (run(GradientKind::Exact), run(GradientKind::Finite));
        assert!((exact.loss / finite.loss - 1.0).abs() < 1e-5);
        let measured = usize::from(batch != 0);
        assert_eq!(
            finite.counts.evaluations,
            5 * (1 + start().len() + measured)
        );
        assert_eq!((exact.counts.gradients, finite.counts.gradients), (5, 0));
    }
}

#[test]
fn every_end() {
    let end = |limits: Limits, batch, rate| {
        let descent = Descent {
            learning_rate: rate,
            ..descent(MOMENTUM, batch)
        };
        descend(&descent, &mut fit(), &start(), &limits, &mut |progress| {
            progress.counts.iterations < 400
        })
    };
    for batch in [0, 1, 4] {
        let limits = Limits {
            max_evaluations: Some(9),
            ..Limits::default()
        };
        let minimum = end(limits, batch, 0.02);
        assert_eq!(minimum.ended, Ended::Evaluations);
        assert_eq!(minimum.counts.evaluations, if batch == 0 { 9 } else { 8 });
        let limits = Limits {
            target: Some(3.9),
            ..Limits::default()
        };
        let minimum = end(limits, batch, 0.02);
        assert!(
            minimum.ended == Ended::Target && minimum.loss <= 3.9,
            "{minimum:?}"
        );
        assert_eq!(end(Limits::default(), batch, 0.02).ended, Ended::Stopped);
    }
    let limits = Limits {
        gradient_tolerance: 10.0,
        ..Limits::default()
    };
    assert_eq!(end(limits, 0, 0.02).ended, Ended::Converged);
}

#[test]
fn what_leaves_the_numbers_ends_with_the_best() {
    let net = Net::new(&[6, 6], &[Activation::Linear]);
    let mut fit = Fit::new(net.clone(), Loss::Mse, &samples(SAMPLES), &samples(SAMPLES));
    for batch in [0, 1, 4] {
        let descent = Descent {
            learning_rate: 1e3,
            ..descent(MOMENTUM, batch)
        };
        let minimum = descend(
            &descent,
            &mut fit,
            &vec![0.1; net.parameters()],
            &Limits::default(),
            &mut |_| true,
        );
        assert_eq!(minimum.ended, Ended::NotFinite);
        assert_eq!(
            minimum.loss.is_finite(),
            minimum.at.iter().all(|weight| weight.is_finite())
        );
        assert_eq!(fit.value(&minimum.at), minimum.loss);
    }
}
