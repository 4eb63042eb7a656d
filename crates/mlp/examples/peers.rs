//! Times what other programs are timed at, as JSON: `cargo run --release -p espejo-mlp --example peers -- WORKLOAD`.
//!
//! - `w3`: a step of 35-16-2-16-35 by all 32 glyphs, with momentum.
//! - `w4-value`, `w4-evaluation`: the loss of 35-25-2-25-35 on 32 glyphs, alone and with its gradient.
//! - `online`, `online-adam`: a step of 35-35-25-2-25-35 by one glyph.
//!
//! `us` are microseconds of one of these, the median of the repeats and their range; `loss` is the last one.

use std::error::Error;
use std::io::Write as _;
use std::time::Instant;

use espejo_mlp::{Descending, Descent, Fit, Objective, Rule};

#[path = "../benches/workloads/mod.rs"]
mod workloads;

const NAMES: [&str; 5] = ["w3", "w4-value", "w4-evaluation", "online", "online-adam"];
/// How often a repeat does it, and how many repeats there are.
const TIMES: usize = 20_000;
const REPEATS: usize = 15;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_default();
    let (mut us, loss) = match name.as_str() {
        "w3" => epochs(workloads::w3(), &workloads::momentum(0)),
        "w4-value" => evaluations(workloads::w4(), |fit, at, _| fit.value(at)),
        "w4-evaluation" => evaluations(workloads::w4(), |fit, at, gradient| {
            fit.gradient(at, gradient)
        }),
        "online" => epochs(workloads::deep(), &workloads::momentum(1)),
        "online-adam" => {
            let rule = Rule::Adam;
            epochs(
                workloads::deep(),
                &Descent {
                    rule,
                    learning_rate: 1e-3,
                    ..workloads::momentum(1)
                },
            )
        }
        _ => return Err(format!("workload `{name}`: expected one of {}", NAMES.join(", ")).into()),
    };
    us.sort_by(f64::total_cmp);
    let (median, min, max) = (us[REPEATS / 2], us[0], us[REPEATS - 1]);
    writeln!(
        std::io::stdout(),
        "{{ \"workload\": \"{name}\", \"times\": {TIMES}, \"repeats\": {REPEATS}, \
         \"us\": {{ \"median\": {median:.3}, \"min\": {min:.3}, \"max\": {max:.3} }}, \"loss\": {loss} }}"
    )?;
    Ok(())
}

/// Microseconds of a step in each repeat. With more than one step an epoch, the loss after it is in them.
fn epochs((mut fit, start): (Fit, Vec<f64>), descent: &Descent) -> (Vec<f64>, f64) {
    let steps = if descent.batch == 0 {
        1
    } else {
        fit.samples().div_ceil(descent.batch)
    };
    repeat(|| {
        let mut descending = Descending::new(descent, &start);
        let mut loss = f64::NAN;
        for _ in 0..TIMES / steps {
            loss = descending.epoch(&mut fit);
        }
        loss
    })
}

/// Microseconds of an evaluation in each repeat, at a point that moves a little.
fn evaluations(
    (mut fit, start): (Fit, Vec<f64>),
    evaluate: impl Fn(&mut Fit, &[f64], &mut [f64]) -> f64,
) -> (Vec<f64>, f64) {
    let mut gradient = vec![0.0; start.len()];
    repeat(|| {
        let mut at = start.clone();
        let mut loss = f64::NAN;
        for _ in 0..TIMES {
            loss = evaluate(&mut fit, &at, &mut gradient);
            at[0] += 1e-6;
        }
        loss
    })
}

fn repeat(mut times: impl FnMut() -> f64) -> (Vec<f64>, f64) {
    let mut loss = f64::NAN;
    let us = (0..REPEATS).map(|_| {
        let begun = Instant::now();
        loss = times();
        begun.elapsed().as_secs_f64() * 1e6 / TIMES as f64
    });
    (us.collect(), loss)
}
