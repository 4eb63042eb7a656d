//! All methods on two nets of 32 letters: `cargo run --release -p espejo-mlp --example race -- [w4|s12] [STARTS] [EVALUATIONS] [METHOD...]`.
//!
//! `w4` is 35-25-2-25-35 with sigmoids, half the squared error summed over the letters; `s12` 35-35-25-2-25-35 with tanh, the squared
//! error a letter. A line a method: losses of the starts, the cost of the median one.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use espejo_mlp::{Descent, Initializer, Limits, Method, Minimum, Rule, descend, minimize};

#[path = "../tests/letters/mod.rs"]
mod letters;

const METHODS: [(&str, Option<Method>); 7] = [
    ("rprop", None),
    ("cg", Some(Method::ConjugateGradient)),
    ("lbfgs", Some(Method::Lbfgs)),
    ("bfgs", Some(Method::Bfgs)),
    ("truncated-newton", Some(Method::TruncatedNewton)),
    ("powell", Some(Method::Powell)),
    ("nelder-mead", Some(Method::NelderMead)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |index: usize, usual: &str| words.get(index).cloned().unwrap_or(usual.to_owned());
    let (problem, starts, evaluations) = (
        word(0, "w4"),
        word(1, "5").parse()?,
        word(2, "15000").parse()?,
    );
    let mut out = std::io::stdout();
    writeln!(
        out,
        "method             median     least  greatest  evaluations  gradients  iterations  seconds"
    )?;
    for (name, method) in METHODS {
        if words.len() <= 3 || words[3..].iter().any(|word| word == name) {
            let runs = (0..starts)
                .map(|seed| run(&problem, method, seed, evaluations))
                .collect();
            writeln!(
                out,
                "{name:16} {}",
                line(runs, if problem == "s12" { 2.0 } else { 1.0 })
            )?;
        }
    }
    Ok(())
}

/// A minimisation from the start of a seed, and its seconds; without a method by Rprop.
fn run(problem: &str, method: Option<Method>, seed: u64, evaluations: usize) -> (Minimum, f64) {
    let mut fit = if problem == "s12" {
        letters::s12()
    } else {
        letters::w4()
    };
    let start = fit.net().init(Initializer::Glorot, seed);
    let limits = Limits {
        max_evaluations: Some(evaluations),
        gradient_tolerance: 0.0,
        ..Limits::default()
    };
    let begun = Instant::now();
    let minimum = match method {
        Some(method) => minimize(method, &mut fit, &start, &limits, &mut |_| true),
        None => descend(&RPROP, &mut fit, &start, &limits, &mut |_| true),
    };
    (minimum, begun.elapsed().as_secs_f64())
}

const RPROP: Descent = Descent {
    rule: Rule::Rprop,
    learning_rate: 0.1,
    adaptive: None,
    batch: 0,
    shuffle: None,
};

fn line(mut runs: Vec<(Minimum, f64)>, factor: f64) -> String {
    runs.sort_by(|a, b| a.0.loss.total_cmp(&b.0.loss));
    let loss = |index: usize| factor * runs[index].0.loss;
    let (middle, last) = (runs.len() / 2, runs.len() - 1);
    let (Minimum { counts, .. }, seconds) = &runs[middle];
    format!(
        "{:8.3}  {:8.3}  {:8.3}  {:11}  {:9}  {:10}  {seconds:7.2}",
        loss(middle),
        loss(0),
        loss(last),
        counts.evaluations,
        counts.gradients,
        counts.iterations
    )
}
