//! Measures the use of a trained run, and prints it as JSON:
//! `cargo run --release -p espejo-train --example infer -- RUN [REPEATS]`.
//!
//! Each time is that of one call of the library on one process's data, after a first call that is not counted:
//!
//! - `encode_seconds`: all samples of the run, those to learn from and those kept out, become codes. The pixels lie in memory
//!   as bytes; the time has their way to the device, the encoder, and the way of the codes back.
//! - `decode_seconds`: a grid of 20 by 20 codes becomes pictures, values in [0, 1] in memory.
//!
//! `cross_entropy` is that of the test pictures with what comes back when the code is the posterior mean, in nats a picture:
//! `metrics.test` of a run's `run.json` has it for codes drawn from the posterior. REPEATS is 5 when left out; with 0 only the
//! loss is measured. The weights are the last ones.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use espejo_train::{Folder, Trained, Which, unit_rows};
use serde_json::json;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Codes along each side of the grid.
const SIDE: usize = 20;
/// The grid spans so much to both sides of 0 on its first two axes; the others stay at 0.
const REACH: f32 = 2.0;
/// Outputs are kept this far from 0 and 1, where the logarithm is not finite.
const EDGE: f64 = 1e-7;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (run, repeats) = match arguments.as_slice() {
        [run] => (run, 5),
        [run, repeats] => (run, repeats.parse()?),
        _ => return Err("expected a run and, if you like, how often".into()),
    };
    let trained = Trained::open(&Folder::find(run, Path::new("runs"))?, Which::Last, None)?;
    let prepared = trained.prepared();
    let mut parts = vec![&prepared.train];
    if prepared.held_out {
        parts.push(trained.test());
    }
    let encode = || {
        parts
            .iter()
            .try_for_each(|samples| trained.encode(samples).map(drop))
    };
    let grid = grid(trained.latent());
    let report = json!({
        "device": trained.device().used,
        "samples": parts.iter().map(|samples| samples.len()).sum::<usize>(),
        "encode_seconds": times(repeats, encode)?,
        "codes": grid.len(),
        "decode_seconds": times(repeats, || {
            let pictures = trained.decode(&grid)?;
            assert_eq!(pictures.len(), grid.len());
            Ok(())
        })?,
        "cross_entropy": cross_entropy(&trained)?,
    });
    writeln!(std::io::stdout(), "{report:#}")?;
    Ok(())
}

/// Seconds of each of `repeats` calls, after one that is not counted.
fn times(
    repeats: usize,
    mut action: impl FnMut() -> Result<(), espejo_train::Error>,
) -> Result<Vec<f64>, espejo_train::Error> {
    if repeats > 0 {
        action()?;
    }
    (0..repeats)
        .map(|_| {
            let begun = Instant::now();
            action()?;
            Ok(begun.elapsed().as_secs_f64())
        })
        .collect()
}

/// Codes row by row over the plane of the first two axes: `[SIDE * SIDE][latent]`.
fn grid(latent: usize) -> Vec<Vec<f32>> {
    let place = |index: usize| REACH * (2.0 * index as f32 / (SIDE - 1) as f32 - 1.0);
    (0..SIDE * SIDE)
        .map(|index| {
            let mut code = vec![0.0; latent];
            let axes = [place(index % SIDE), place(index / SIDE)];
            for (value, axis) in code.iter_mut().zip(axes) {
                *value = axis;
            }
            code
        })
        .collect()
}

/// Nats a picture, summed over its pixels, mean over the test pictures; none for a table.
fn cross_entropy(trained: &Trained) -> Result<Option<f64>, espejo_train::Error> {
    if trained.test().is_table() {
        return Ok(None);
    }
    let targets = unit_rows(trained.test())?;
    let outputs = trained.reconstruct(&targets)?;
    let nats: f64 = targets
        .iter()
        .flatten()
        .zip(outputs.iter().flatten())
        .map(|(target, output)| {
            let (x, p) = (
                f64::from(*target),
                f64::from(*output).clamp(EDGE, 1.0 - EDGE),
            );
            -(x * p.ln() + (1.0 - x) * (-p).ln_1p())
        })
        .sum();
    Ok(Some(nats / targets.len() as f64))
}
