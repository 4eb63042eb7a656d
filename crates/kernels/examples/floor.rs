//! What this machine does at best, as JSON: `cargo run --release -p espejo-kernels --example floor`.
//!
//! - `sgemm`: billions of operations a second in products of square matrices of 32-bit floats; a multiplication and an addition
//!   are two. The best of several sizes.
//! - `copy_from_memory`, `copy_in_cache`: billions of bytes a second, read plus written, where source and target together are
//!   `bytes`: more than any cache, and what a step of a small net touches.
//!
//! `one` is with one thread, `all` with `threads`, each on data of its own, as [`espejo_kernels::threads`] counts them; the best
//! of many tries in either case. `scripts/bench floor` makes floors of them.

use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

use espejo_kernels::threads;
use gemm::{Parallelism, gemm};

/// Sides of the matrices: from what fits into a core's own cache to what does not.
const SIDES: [usize; 5] = [256, 384, 512, 768, 1024];
/// Floats copied, all threads together; source and target are as large each.
const FROM_MEMORY: usize = 64 << 20;
const IN_CACHE: usize = 2 << 20;
/// What is measured takes at least this long, and is measured again until this much time is over.
const A_TRY: Duration = Duration::from_millis(10);
const TRIES: Duration = Duration::from_millis(600);

fn main() -> Result<(), Box<dyn Error>> {
    let all = threads::count();
    let rates = |size: usize, rate: fn(usize, usize) -> f64| (rate(size, 1), rate(size, all));
    let products = SIDES.map(|side| rates(side, sgemm));
    let best = |rate: fn(&(f64, f64)) -> f64| products.iter().map(rate).fold(0.0, f64::max);
    let (one, most) = (best(|rates| rates.0), best(|rates| rates.1));
    let (memory, cache) = (rates(FROM_MEMORY, copy), rates(IN_CACHE, copy));

    let mut out = std::io::stdout();
    writeln!(out, "{{\n  \"threads\": {all},")?;
    writeln!(
        out,
        "  \"sgemm\": {{ \"one\": {one:.1}, \"all\": {most:.1} }},"
    )?;
    for (name, floats, (one, all), end) in [
        ("from_memory", FROM_MEMORY, memory, ","),
        ("in_cache", IN_CACHE, cache, ""),
    ] {
        let bytes = 2 * size_of::<f32>() * floats;
        writeln!(
            out,
            "  \"copy_{name}\": {{ \"bytes\": {bytes}, \"one\": {one:.1}, \"all\": {all:.1} }}{end}"
        )?;
    }
    writeln!(out, "}}")?;
    Ok(())
}

/// Billions of operations a second.
fn sgemm(side: usize, threads: usize) -> f64 {
    let square = side * side;
    let work = 2.0 * (square * side) as f64;
    let mut matrices = vec![(vec![0.5; square], vec![0.25; square], vec![0.0; square]); threads];
    work * fastest(&mut matrices, |(a, b, c)| product(side, a, b, c))
}

/// Billions of bytes a second; `floats` are shared out among the threads.
fn copy(floats: usize, threads: usize) -> f64 {
    let length = floats / threads;
    let bytes = (2 * size_of::<f32>() * length) as f64;
    let mut pairs = vec![(vec![1.0_f32; length], vec![0.0_f32; length]); threads];
    bytes * fastest(&mut pairs, |(from, to)| to.copy_from_slice(from))
}

/// Calls a nanosecond of `action`, by all threads that have data, in the best try.
fn fastest<T: Send>(data: &mut [T], action: impl Fn(&mut T) + Sync) -> f64 {
    let seconds = |data: &mut [T], calls: usize| {
        let begun = Instant::now();
        threads::each(data.iter_mut().collect(), |mine| {
            (0..calls).for_each(|_| action(mine))
        });
        begun.elapsed()
    };
    let mut calls = 1;
    while seconds(data, calls) < A_TRY {
        calls *= 2;
    }
    let begun = Instant::now();
    let mut best = Duration::MAX;
    while begun.elapsed() < TRIES {
        best = best.min(seconds(data, calls));
    }
    (data.len() * calls) as f64 / best.as_secs_f64() / 1e9
}

/// `c = a b`, all `[side, side]` row by row.
fn product(side: usize, a: &[f32], b: &[f32], c: &mut [f32]) {
    assert!(
        [a.len(), b.len(), c.len()]
            .iter()
            .all(|length| *length == side * side)
    );
    let row = side.cast_signed();
    // SAFETY: the three slices have `side` rows of `side` floats, as asserted, and `c` is borrowed alone. The strides (of a
    // column, then of a row) stay within them.
    unsafe {
        gemm(
            side,
            side,
            side,
            c.as_mut_ptr(),
            1,
            row,
            false,
            a.as_ptr(),
            1,
            row,
            b.as_ptr(),
            1,
            row,
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
