//! Loads files and says how many rows and columns they have, how long that took and how much memory it needed at most (Linux).
//!
//! `cargo run --release -p espejo-data --features parquet,arrow --example load FILE...`

use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::time::Instant;

use espejo_data::{Source, load};

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    for file in std::env::args().skip(1) {
        // What was needed at most is counted anew, where the system allows it.
        let _ = fs::write("/proc/self/clear_refs", "5");
        let before = Instant::now();
        let loaded = load(&Source::named(&*file))?;
        let seconds = before.elapsed().as_secs_f64();
        let (rows, columns) = (loaded.train.len(), loaded.train.columns().len());
        let peak = peak()?;
        writeln!(
            out,
            "{file}: {rows} rows, {columns} columns, {seconds:.3} s, {peak} MiB at most"
        )?;
    }
    Ok(())
}

/// The most memory that the program had so far, in MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kibibytes.ok_or("no VmHWM")?.parse::<u64>()? >> 10)
}
