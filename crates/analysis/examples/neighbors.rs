//! Seconds of one search, for `scripts/benchmark/peer_neighbors.py`.
//!
//! ```sh
//! neighbors rows 64 train.f32 queries.f32       # the five nearest rows of each query
//! neighbors codes 64 train.f32 queries.f32      # the five nearest binary codes
//! ```
//!
//! Prints the seconds and the sum of all distances found, which tells whether two programs found the same.

use std::time::Instant;

use espejo_analysis::{BinaryCodes, Matrix, nearest};

const NEIGHBORS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, columns, train, queries] = arguments.as_slice() else {
        return Err("expected: rows|codes COLUMNS TRAIN QUERIES".into());
    };
    let (columns, train, queries) = (columns.parse()?, numbers(train)?, numbers(queries)?);
    let (train, queries) = (Matrix::new(&train, columns), Matrix::new(&queries, columns));
    let start;
    let sum: f64 = if kind == "codes" {
        let [train, queries] = [train, queries].map(BinaryCodes::from_activations);
        start = Instant::now();
        let found = train.nearest(&queries, NEIGHBORS);
        found
            .iter()
            .flatten()
            .map(|near| f64::from(near.distance))
            .sum()
    } else {
        start = Instant::now();
        let found = nearest(train, queries, NEIGHBORS);
        found.iter().flatten().map(|near| near.distance).sum()
    };
    let seconds = start.elapsed().as_secs_f64();
    std::io::Write::write_all(
        &mut std::io::stdout(),
        format!("{seconds} {sum}\n").as_bytes(),
    )?;
    Ok(())
}

/// The single-precision numbers of a file, the lowest byte first.
fn numbers(path: &str) -> std::io::Result<Vec<f32>> {
    let bytes = std::fs::read(path)?;
    Ok(bytes
        .as_chunks()
        .0
        .iter()
        .map(|bytes| f32::from_le_bytes(*bytes))
        .collect())
}
