//! Evaluations and steps of small nets: `cargo bench -p espejo-mlp --bench fit`. Beside the evaluations stands the plainest form.

mod workloads;

use divan::{Bencher, black_box};
use espejo_mlp::{Descending, Descent, Fit, Loss, Objective, Rule};

use self::workloads::naive;

fn main() {
    divan::main();
}

fn value(bencher: Bencher, (mut fit, at): (Fit, Vec<f64>)) {
    bencher.bench_local(|| fit.value(black_box(&at)));
}

fn gradient(bencher: Bencher, (mut fit, at): (Fit, Vec<f64>)) {
    let mut gradient = vec![0.0; at.len()];
    bencher.bench_local(|| fit.gradient(black_box(&at), &mut gradient));
}

fn plain(bencher: Bencher, (fit, at): (Fit, Vec<f64>), loss: Loss) {
    let samples = workloads::glyphs();
    let mut gradient = vec![0.0; at.len()];
    bencher.bench_local(|| naive::gradient(&fit, loss, black_box(&at), &samples, &mut gradient));
}

/// An epoch.
fn epoch(bencher: Bencher, (mut fit, start): (Fit, Vec<f64>), descent: &Descent) {
    let mut descending = Descending::new(descent, &start);
    bencher.bench_local(|| descending.epoch(&mut fit));
}

#[divan::bench]
fn w3_value(bencher: Bencher) {
    value(bencher, workloads::w3());
}

#[divan::bench]
fn w3_gradient(bencher: Bencher) {
    gradient(bencher, workloads::w3());
}

#[divan::bench]
fn w3_gradient_plain(bencher: Bencher) {
    plain(bencher, workloads::w3(), Loss::Bce);
}

#[divan::bench]
fn w3_step(bencher: Bencher) {
    epoch(bencher, workloads::w3(), &workloads::momentum(0));
}

#[divan::bench]
fn w3_step_adam(bencher: Bencher) {
    let rule = Rule::Adam;
    epoch(
        bencher,
        workloads::w3(),
        &Descent {
            rule,
            ..workloads::momentum(0)
        },
    );
}

#[divan::bench]
fn w4_value(bencher: Bencher) {
    value(bencher, workloads::w4());
}

#[divan::bench]
fn w4_gradient(bencher: Bencher) {
    gradient(bencher, workloads::w4());
}

#[divan::bench]
fn w4_gradient_plain(bencher: Bencher) {
    plain(bencher, workloads::w4(), Loss::Mse);
}

/// 32 steps by a glyph each, and the loss after them.
#[divan::bench]
fn online_epoch(bencher: Bencher) {
    epoch(bencher, workloads::deep(), &workloads::momentum(1));
}

#[divan::bench]
fn online_epoch_adam(bencher: Bencher) {
    let rule = Rule::Adam;
    epoch(
        bencher,
        workloads::deep(),
        &Descent {
            rule,
            learning_rate: 1e-3,
            ..workloads::momentum(1)
        },
    );
}

/// Four steps by eight glyphs each, and the loss after them.
#[divan::bench]
fn batches_of_8_epoch(bencher: Bencher) {
    epoch(bencher, workloads::deep(), &workloads::momentum(8));
}

/// What comes after the 32 steps.
#[divan::bench]
fn deep_value(bencher: Bencher) {
    value(bencher, workloads::deep());
}
