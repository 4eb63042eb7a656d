//! The methods that need gradients: against scipy's counts (`scripts/reference_minimizers.py`), at their limits, with differences.

#[allow(dead_code)]
mod functions;

use espejo_mlp::{Ended, GradientKind, Limits, Method, Minimum, minimize};
use functions::{Function, functions};
use serde_json::Value;

const METHODS: [(Method, &str); 4] = [
    (Method::ConjugateGradient, "CG"),
    (Method::Bfgs, "BFGS"),
    (Method::Lbfgs, "L-BFGS-B"),
    (Method::TruncatedNewton, "TNC"),
];
/// A value at which a minimum of zero counts as reached, where scipy goes further.
const REACHED: f64 = 1e-9;

fn run(method: Method, function: &mut Function, limits: &Limits) -> Minimum {
    let start = function.start.clone();
    minimize(method, function, &start, limits, &mut |_| true)
}

/// What scipy says of a method on a function with exact gradients.
fn scipy(peer: &str, function: &Function) -> (f64, f64) {
    let reference = include_str!("reference/minimizers.json");
    let reference: Value = serde_json::from_str(reference).expect("JSON");
    let said = &reference["functions"][function.name]["methods"][peer]["exact"];
    let number = |key: &str| said[key].as_f64().expect("a number");
    (number("fun"), number("nfev"))
}

/// scipy's value, or [`REACHED`], in at most a fifth more evaluations than it takes.
#[test]
fn the_minima_are_reached_within_scipys_evaluations() {
    for (method, peer) in METHODS {
        for mut function in functions() {
            let (value, evaluations) = scipy(peer, &function);
            let limits = Limits {
                target: Some(value.max(REACHED)),
                max_evaluations: Some(10_000),
                gradient_tolerance: 0.0,
                ..Limits::default()
            };
            let found = run(method, &mut function, &limits);
            let name = function.name;
            assert_eq!(found.ended, Ended::Target, "{method:?} {name}: {found:?}");
            let ours = found.counts.evaluations as f64;
            assert!(
                ours <= 1.2 * evaluations,
                "{method:?} {name}: {ours}, scipy {evaluations}"
            );
        }
    }
}

/// With the usual tolerance the method itself says that it is there.
#[test]
fn a_flat_gradient_ends_the_search() {
    for (method, _) in METHODS {
        for mut function in functions() {
            let found = run(method, &mut function, &Limits::default());
            assert_eq!(
                found.ended,
                Ended::Converged,
                "{method:?} {}",
                function.name
            );
            assert!(
                found.loss < 1e-6,
                "{method:?} {}: {}",
                function.name,
                found.loss
            );
        }
    }
}

#[test]
fn differences_reach_them_too_and_are_counted() {
    for (method, _) in METHODS {
        let mut function = functions().remove(0);
        let limits = Limits {
            gradient: GradientKind::Finite,
            gradient_tolerance: 1e-4,
            ..Limits::default()
        };
        let found = run(method, &mut function, &limits);
        assert!(found.loss < 1e-6, "{method:?}: {found:?}");
        assert_eq!(found.counts.gradients, 0, "the objective gave none");
        // A gradient of two variables is three evaluations, and none of these methods has a value without its gradient.
        assert_eq!(
            found.counts.evaluations % 3,
            0,
            "{method:?}: {:?}",
            found.counts
        );
    }
}

#[test]
fn limits_hold_in_the_middle_of_a_step() {
    for (method, _) in METHODS {
        for most in 1..40 {
            let mut function = functions().remove(1);
            let limits = Limits {
                max_evaluations: Some(most),
                ..Limits::default()
            };
            let found = run(method, &mut function, &limits);
            assert_eq!(
                (found.counts.evaluations, found.ended),
                (most, Ended::Evaluations),
                "{method:?}"
            );
        }
        let mut function = functions().remove(0);
        let limits = Limits {
            max_iterations: Some(3),
            ..Limits::default()
        };
        let found = run(method, &mut function, &limits);
        assert_eq!(
            (found.counts.iterations, found.ended),
            (3, Ended::Iterations),
            "{method:?}"
        );
    }
}

#[test]
fn whoever_watches_may_end_it() {
    for (method, _) in METHODS {
        let mut function = functions().remove(0);
        let start = function.start.clone();
        let mut seen = 0;
        let found = minimize(
            method,
            &mut function,
            &start,
            &Limits::default(),
            &mut |progress| {
                seen += 1;
                assert!(progress.best_loss <= progress.loss);
                seen < 4
            },
        );
        assert_eq!((seen, found.ended), (4, Ended::Stopped), "{method:?}");
    }
}

#[test]
fn the_same_numbers_again() {
    for (method, _) in METHODS {
        let limits = Limits::default();
        let mut function = functions().remove(1);
        let (first, second) = (
            run(method, &mut function, &limits),
            run(method, &mut function, &limits),
        );
        assert_eq!(first, second, "{method:?}");
    }
}
