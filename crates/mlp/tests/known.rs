//! Exact values first, then numpy's numbers (`scripts/reference_mlp.py`).

use approx::assert_relative_eq;
use espejo_mlp::{Activation, Descending, Descent, Fit, Loss, Net, Objective, Rule};
use serde_json::Value;

const LN_2: f64 = std::f64::consts::LN_2;

/// The net, the loss and the formulas of the script.
fn problem(case: &Value, width: f64) -> (Fit, Vec<f64>) {
    let sizes: Vec<usize> = list(&case["sizes"])
        .iter()
        .map(|size| *size as usize)
        .collect();
    let names = array(&case["activations"]);
    let activations: Vec<Activation> = names.iter().map(|name| activation(text(name))).collect();
    let loss = match text(&case["loss"]) {
        "bce" => Loss::Bce,
        "mse" => Loss::Mse,
        "mae" => Loss::Mae,
        "log-cosh" => Loss::LogCosh,
        "correntropy" => Loss::Correntropy { width },
        "entropic" => Loss::Entropic,
        other => panic!("{other}"),
    };
    let samples = number(&case["samples"]) as usize;
    let net = Net::new(&sizes, &activations);
    let place = |k: usize, times: usize, of: usize| (k * times % of) as f64;
    let inputs: Vec<f64> = (0..samples * net.inputs())
        .map(|k| place(k, 37, 101) / 101.0)
        .collect();
    let spread = |t: f64| {
        if loss == Loss::Entropic {
            2.0 * t - 1.0
        } else {
            t
        }
    };
    let targets = (0..samples * net.outputs()).map(|k| spread(place(k, 53, 89) / 88.0));
    let targets: Vec<f64> = targets.collect();
    let weights = (0..net.parameters())
        .map(|k| (place(k, 7919, 1000) - 499.5) / 600.0)
        .collect();
    (Fit::new(net, loss, &inputs, &targets), weights)
}

fn activation(name: &str) -> Activation {
    let names = [
        "linear",
        "relu",
        "leaky-relu",
        "elu",
        "gelu",
        "silu",
        "tanh",
        "sigmoid",
    ];
    let index = names.iter().position(|other| *other == name);
    Activation::ALL[index.expect("a known activation")]
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn list(values: &Value) -> Vec<f64> {
    array(values).iter().map(number).collect()
}

fn reference() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/reference/mlp.json"
    );
    let text = std::fs::read_to_string(path).expect("the script wrote it");
    serde_json::from_str(&text).expect("as JSON")
}

/// The loss of a net with these weights on these samples.
fn check(net: Net, loss: Loss, weights: &[f64], samples: (&[f64], &[f64]), expected: f64) {
    let mut fit = Fit::new(net, loss, samples.0, samples.1);
    assert_relative_eq!(
        fit.value(weights),
        expected,
        max_relative = 1e-15,
        epsilon = 1e-300
    );
}

#[test]
fn cross_entropies_at_zero_logits_are_ln_2_an_output() {
    let ones: Vec<f64> = (0..70).map(|k| f64::from(k * k % 3 % 2)).collect();
    let signs: Vec<f64> = ones.iter().map(|one| 2.0 * one - 1.0).collect();
    let net = |last| Net::new(&[35, 2, 35], &[Activation::Tanh, last]);
    let zeros = vec![0.0; net(Activation::Sigmoid).parameters()];
    check(
        net(Activation::Sigmoid),
        Loss::Bce,
        &zeros,
        (&ones, &ones),
        35.0 * LN_2,
    );
    check(
        net(Activation::Tanh),
        Loss::Entropic,
        &zeros,
        (&ones, &signs),
        35.0 * LN_2,
    );
}

#[test]
fn a_perfect_net_has_no_loss_and_no_slope() {
    let samples = [1.0, 2.0, -3.0, 0.5, 0.25, -7.0];
    let identity = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    for loss in [
        Loss::Mse,
        Loss::Mae,
        Loss::LogCosh,
        Loss::Correntropy { width: 2.0 },
    ] {
        let net = Net::new(&[2, 2], &[Activation::Linear]);
        let mut gradient = [f64::NAN; 6];
        assert_eq!(net.predict(&identity, &samples), samples);
        assert_eq!(
            Fit::new(net, loss, &samples, &samples).gradient(&identity, &mut gradient),
            0.0
        );
        assert_eq!(gradient, [0.0; 6]);
    }
}

#[test]
fn losses_of_one_error() {
    let net = || Net::new(&[1, 1], &[Activation::Linear]);
    for (d, loss, expected) in [
        (3.0, Loss::Mse, 4.5),
        (-3.0, Loss::Mae, 3.0),
        (1e-6, Loss::LogCosh, 0.5e-12),
        (-1000.0, Loss::LogCosh, 1000.0 - LN_2),
        (1e-6, Loss::Correntropy { width: 3.0 }, 0.5e-12),
        (1e6, Loss::Correntropy { width: 3.0 }, 9.0),
    ] {
        let mut fit = Fit::new(net(), loss, &[d], &[0.0]);
        assert_relative_eq!(fit.value(&[1.0, 0.0]), expected, max_relative = 1e-12);
    }
}

#[test]
fn saturated_logits_stay_finite_and_exact() {
    let bce = |logit: f64, target: f64| {
        let net = Net::new(&[1, 1], &[Activation::Sigmoid]);
        Fit::new(net, Loss::Bce, &[1.0], &[target]).value(&[logit, 0.0])
    };
    assert_eq!(bce(1e4, 0.0), 1e4);
    assert!(bce(1e4, 1.0) < 1e-300);
    assert_relative_eq!(bce(40.0, 1.0), (-40.0_f64).exp(), max_relative = 1e-14);
}

#[test]
fn predictions_row_by_row() {
    let net = Net::new(&[3, 5, 2], &[Activation::Gelu, Activation::Tanh]);
    let weights: Vec<f64> = (0..net.parameters()).map(|k| (k as f64).sin()).collect();
    let inputs: Vec<f64> = (0..3 * 101).map(|k| (k as f64).cos()).collect();
    let all = net.predict(&weights, &inputs);
    assert_eq!(all.len(), 202);
    for (inputs, outputs) in inputs.chunks(3).zip(all.chunks(2)) {
        assert_eq!(net.predict(&weights, inputs), outputs);
    }
    assert!(net.predict(&weights, &[]).is_empty());
}

#[test]
fn evaluations_are_those_of_numpy() {
    let reference = reference();
    for case in array(&reference["evaluations"]) {
        let (mut fit, at) = problem(case, number(&reference["width"]));
        let mut gradient = vec![0.0; at.len()];
        let value = fit.gradient(&at, &mut gradient);
        assert_relative_eq!(value, number(&case["value"]), max_relative = 1e-12);
        let every = number(&case["every"]) as usize;
        let scale = gradient
            .iter()
            .fold(0.0_f64, |most, slope| most.max(slope.abs()));
        for (ours, theirs) in gradient.iter().step_by(every).zip(list(&case["gradient"])) {
            assert_relative_eq!(*ours, theirs, max_relative = 1e-12, epsilon = 1e-12 * scale);
        }
    }
}

#[test]
fn descents_are_those_of_numpy() {
    let reference = reference();
    let sizes = serde_json::json!({
        "sizes": [35, 16, 2, 16, 35], "activations": ["tanh", "tanh", "tanh", "sigmoid"], "loss": "bce", "samples": 32
    });
    for case in array(&reference["descents"]) {
        let (mut fit, start) = problem(&sizes, 1.0);
        let descent = Descent {
            rule: match text(&case["rule"]) {
                "momentum" => Rule::Gradient { momentum: 0.9 },
                "rprop" => Rule::Rprop,
                _ => Rule::Adam,
            },
            learning_rate: number(&case["rate"]),
            adaptive: None,
            batch: number(&case["batch"]) as usize,
            shuffle: None,
        };
        let mut descending = Descending::new(&descent, &start);
        for expected in list(&case["losses"]) {
            assert_relative_eq!(descending.epoch(&mut fit), expected, max_relative = 1e-11);
        }
    }
}
