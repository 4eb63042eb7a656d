//! The methods that need values only: against scipy's counts (`scripts/reference_minimizers.py`), at their limits, on a net.

#[allow(dead_code)]
mod functions;

use espejo_mlp::{
    Activation, Ended, Fit, Initializer, Limits, Loss, Method, Minimum, Net, Objective, minimize,
};
use functions::{Function, functions};
use serde_json::Value;

const METHODS: [Method; 2] = [Method::Powell, Method::NelderMead];

fn function(name: &str) -> Function {
    let mut all = functions().into_iter();
    all.find(|function| function.name == name)
        .expect("a test function")
}

fn run(method: Method, objective: &mut Function, limits: &Limits) -> Minimum {
    let start = objective.start.clone();
    minimize(method, objective, &start, limits, &mut |_| true)
}

fn at_most(evaluations: usize) -> Limits {
    Limits {
        max_evaluations: Some(evaluations),
        ..Limits::default()
    }
}

/// The minimum, to `near` in each variable, in at most a fifth more evaluations than scipy spends with its own tolerances.
fn check(method: Method, name: &str, near: f64) {
    let mut objective = function(name);
    let found = run(method, &mut objective, &Limits::default());
    let pairs = found.at.iter().zip(&objective.minimum);
    let off = pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    assert!(off <= near, "{method:?} {name}: off by {off}, {found:?}");
    assert_eq!(found.ended, Ended::Converged, "{method:?} {name}");
    let most = scipy_evaluations(method, name) as f64 * 1.2;
    let evaluations = found.counts.evaluations;
    assert!(
        evaluations as f64 <= most,
        "{method:?} {name}: {evaluations} > {most}"
    );
}

fn scipy_evaluations(method: Method, name: &str) -> u64 {
    let reference = include_str!("reference/minimizers.json");
    let reference: Value = serde_json::from_str(reference).expect("JSON");
    let method = match method {
        Method::Powell => "Powell",
        _ => "Nelder-Mead",
    };
    let count = &reference["functions"][name]["methods"][method]["exact"]["nfev"];
    count.as_u64().expect("a count")
}

#[test]
fn powell_needs_no_more_evaluations_than_scipy() {
    check(Method::Powell, "rosenbrock-2", 1e-6);
    check(Method::Powell, "rosenbrock-10", 1e-6);
    check(Method::Powell, "quadratic", 1e-6);
    check(Method::Powell, "beale", 1e-6);
    check(Method::Powell, "powell", 1e-4);
}

#[test]
fn nelder_mead_needs_no_more_evaluations_than_scipy() {
    check(Method::NelderMead, "rosenbrock-2", 1e-4);
    check(Method::NelderMead, "rosenbrock-10", 1e-4);
    check(Method::NelderMead, "quadratic", 1e-4);
    check(Method::NelderMead, "beale", 1e-4);
    check(Method::NelderMead, "powell", 2e-2);
}

#[test]
fn evaluations_end_in_the_middle() {
    for method in METHODS {
        for most in (0..60).chain([100]) {
            let mut objective = function("powell");
            let found = run(method, &mut objective, &at_most(most));
            assert_eq!(found.counts.evaluations, most, "{method:?}");
            assert_eq!(found.ended, Ended::Evaluations, "{method:?}");
            if most > 0 {
                assert_eq!(objective.value(&found.at), found.loss, "{method:?}");
            }
        }
    }
}

#[test]
fn targets_iterations_and_watchers_end() {
    for method in METHODS {
        let mut objective = function("rosenbrock-2");
        let limits = Limits {
            target: Some(1e-3),
            ..Limits::default()
        };
        let found = run(method, &mut objective, &limits);
        assert_eq!(found.ended, Ended::Target, "{method:?}");
        assert!(found.loss <= 1e-3, "{method:?}");

        let limits = Limits {
            max_iterations: Some(3),
            ..Limits::default()
        };
        let found = run(method, &mut objective, &limits);
        assert_eq!(found.ended, Ended::Iterations, "{method:?}");
        assert_eq!(found.counts.iterations, 3, "{method:?}");

        let start = objective.start.clone();
        let mut watched = Vec::new();
        let found = minimize(
            method,
            &mut objective,
            &start,
            &Limits::default(),
            &mut |progress| {
                watched.push(progress.best_loss);
                progress.counts.iterations < 5
            },
        );
        assert_eq!(found.ended, Ended::Stopped, "{method:?}");
        assert_eq!(watched.len(), 5, "{method:?}");
        assert!(watched.is_sorted_by(|a, b| a >= b), "{method:?}");
    }
}

#[test]
fn same_bits_twice() {
    for method in METHODS {
        let minima = [(), ()].map(|()| run(method, &mut function("rosenbrock-10"), &at_most(777)));
        assert_eq!(minima[0], minima[1], "{method:?}");
    }
}

/// ln x + 1/x + ln y + 1/y with its minimum at (1, 1): not a number below zero, infinite at zero.
struct Walled;

impl Objective for Walled {
    fn dimension(&self) -> usize {
        2
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        at.iter().map(|x| x.ln() + 1.0 / x).sum()
    }

    fn gradient(&mut self, _: &[f64], _: &mut [f64]) -> f64 {
        unreachable!("values only")
    }
}

#[test]
fn values_that_are_not_finite_are_avoided() {
    for method in METHODS {
        for start in [[0.1, 0.3], [1e-3, 0.5], [2.0, 1e-6]] {
            let found = minimize(method, &mut Walled, &start, &at_most(20_000), &mut |_| true);
            let off = found.at.iter().map(|x| (x - 1.0).abs()).fold(0.0, f64::max);
            assert!(off < 1e-3, "{method:?} {start:?}: {found:?}");
        }
        let found = minimize(
            method,
            &mut Walled,
            &[-1.0, 1.0],
            &Limits::default(),
            &mut |_| true,
        );
        assert_eq!(found.ended, Ended::NotFinite, "{method:?}");
    }
}

/// (x - 2)⁴ + x².
struct Single;

impl Objective for Single {
    fn dimension(&self) -> usize {
        1
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        (at[0] - 2.0).powi(4) + at[0] * at[0]
    }

    fn gradient(&mut self, _: &[f64], _: &mut [f64]) -> f64 {
        unreachable!("values only")
    }
}

#[test]
fn one_variable() {
    for method in METHODS {
        let limits = at_most(1_000);
        let found = minimize(method, &mut Single, &[-3.0], &limits, &mut |_| true);
        let slope = 4.0 * (found.at[0] - 2.0).powi(3) + 2.0 * found.at[0];
        assert!(slope.abs() < 1e-2, "{method:?}: {found:?}");
        assert_eq!(found.ended, Ended::Converged, "{method:?}");
    }
}

/// The letters A to Z and the digits 0 to 5 in 7 rows of 5 pixels.
const LETTERS: &str = "0E11111F111111 1E11111E11111E 0E11101010110E 1C12111111121C 1F10101E10101F \
    1F10101E101010 0E11101711110F 1111111F111111 0E04040404040E 0702020202120C 11121418141211 \
    1010101010101F 111B1515111111 11111915131111 0E11111111110E 1E11111E101010 0E11111115120D \
    1E11111E141211 0F10100E01011E 1F040404040404 1111111111110E 11111111110A04 1111111515150A \
    11110A040A1111 1111110A040404 1F01020408101F 0E11131519110E 040C040404040E 0E11010204081F \
    1F02040201110E 02060A121F0202 1F101E0101110E";

/// `[32, 35]`.
fn letters() -> Vec<f64> {
    let rows = LETTERS.split_whitespace().flat_map(|letter| {
        (0..7).map(|row| u8::from_str_radix(&letter[2 * row..][..2], 16).expect("a row"))
    });
    rows.flat_map(|row| (0..5).map(move |column| f64::from(row >> (4 - column) & 1)))
        .collect()
}

/// 1,937 weights: scipy's Powell comes to 103 from this start, and a net that gives the mean of all letters to 110.
#[test]
fn powell_trains_a_net() {
    let net = Net::new(&[35, 25, 2, 25, 35], &[Activation::Sigmoid; 4]);
    let start = net.init(Initializer::Glorot, 1);
    let letters = letters();
    let mut fit = Fit::new(net, Loss::Mse, &letters, &letters).summed();
    let limits = at_most(10_000);
    let found = minimize(Method::Powell, &mut fit, &start, &limits, &mut |_| true);
    assert!(found.loss < 80.0, "{}", found.loss);
}
