#!/usr/bin/env bash
# A closure in pulp 0.22.3's `WithSimd::with_simd` that is called at two places runs 14 times as long as when it is called at one.
#
# `with_simd` is inlined into a function for which the compiler knows the wide vectors, and so is a closure that is called once. One that is called
# at two places, and is not short, becomes a function of its own, which no attribute tells of those vectors: each operation in it is then a call
# of an intrinsic, with its vectors in memory. The results are the same, no warning is given, and closures that stand within a function with
# `#[target_feature]` itself are compiled for its features, so that one expects the same here. `#[inline(always)]` on functions, or one place, help.
#
# Seen with pulp 0.22.3, Rust 1.95, on a processor with AVX2 and FMA: 165 µs at one place, 2,357 µs at two, 14.3 times as long. Fails where that
# changes: less than 3 times as long. Needs cargo, crates.io and an x86-64 processor with AVX2.
set -euo pipefail
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mkdir "$room/src"
cat > "$room/Cargo.toml" <<'TOML'
[package]
name = "closures"
version = "0.1.0"
edition = "2024"
[dependencies]
pulp = "=0.22.3"
TOML
cat > "$room/src/main.rs" <<'RUST'
use std::hint::black_box;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};

const TERMS: usize = 48;

/// A polynomial of each number of `x`, by a closure that is called at one place, or at two.
struct Polynomial<'a, const PLACES: usize> {
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<const PLACES: usize> WithSimd for Polynomial<'_, PLACES> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let coefficients: [S::f32s; TERMS] = std::array::from_fn(|at| simd.splat_f32s(1.0 / (at + 1) as f32));
        let work = |x: &[f32], y: &mut [f32]| {
            let (x, y) = (S::as_simd_f32s(x).0, S::as_mut_simd_f32s(y).0);
            for (x, y) in x.iter().zip(y) {
                let mut sum = simd.splat_f32s(0.0);
                for at in 0..TERMS {
                    sum = simd.mul_add_e_f32s(sum, *x, coefficients[at]);
                    sum = simd.add_f32s(sum, coefficients[TERMS - 1 - at]);
                    sum = simd.mul_f32s(sum, *x);
                }
                let lower = simd.splat_f32s(-1.0);
                *y = simd.select_f32s(simd.less_than_f32s(sum, lower), lower, sum);
            }
        };
        if PLACES == 1 {
            return work(self.x, self.y);
        }
        let half = self.x.len() / 2;
        work(&self.x[..half], &mut self.y[..half]);
        work(&self.x[half..], &mut self.y[half..]);
    }
}

fn seconds<const PLACES: usize>(x: &[f32], y: &mut [f32]) -> f64 {
    let best = |best: f64, _| {
        let start = Instant::now();
        Arch::new().dispatch(Polynomial::<PLACES> { x: black_box(x), y: black_box(y) });
        best.min(start.elapsed().as_secs_f64())
    };
    (0..200).fold(f64::MAX, best)
}

fn main() {
    let (x, mut y) = (vec![0.5; 1 << 14], vec![0.0; 1 << 14]);
    let (one, two) = (seconds::<1>(&x, &mut y), seconds::<2>(&x, &mut y));
    println!("one place {:.1} µs, two places {:.1} µs, {:.1} times as long", 1e6 * one, 1e6 * two, two / one);
    assert!(two > 3.0 * one, "closures are compiled otherwise now");
}
RUST
cargo run --quiet --release --manifest-path "$room/Cargo.toml"
