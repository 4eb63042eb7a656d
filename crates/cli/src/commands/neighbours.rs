//! `espejo neighbours`: the training samples whose codes are nearest.

use std::time::Instant;

use clap::Args;
use espejo_analysis::{Matrix, Neighbor, nearest, vote, wilson};
use espejo_data::{Samples, Window};
use espejo_train::Trained;
use serde_json::{Value, json};

use crate::choose_samples::{PartedArgs, chosen_parts};
use crate::csv_cell::csv_field;
use crate::known_values::{filled, labels};
use crate::open_run::open_with_data;
use crate::output::{self, counted, usage};
use crate::sample_columns::Chosen;

/// The arguments of `espejo neighbours`.
#[derive(Args)]
pub struct NeighboursArgs {
    #[command(flatten)]
    pub chosen: PartedArgs,
    /// Training samples to list for each sample
    #[arg(short, long, default_value_t = 5)]
    pub k: usize,
}

/// Prints the nearest training samples of each sample as CSV, and how well they vote where classes are known.
pub fn neighbours(args: &NeighboursArgs, json: bool) -> anyhow::Result<()> {
    let (_, trained) = open_with_data(&args.chosen.samples)?;
    let train = &trained.prepared().train;
    if !(1..=train.len()).contains(&args.k) {
        return Err(usage(
            format!("`-k` is {}", args.k),
            format!(
                "give 1 to {}, as many as there are training samples",
                train.len()
            ),
        ));
    }
    let codes = trained.encode(train)?.concat();
    let known = Matrix::new(&codes, trained.latent());
    let mut text = "sample,caption,rank,distance,nearest,nearest_caption".to_owned();
    let mut entries = Vec::new();
    let parts = chosen_parts(&trained, &args.chosen)?;
    text += &(parts[0].header() + "\n");
    for part in &parts {
        let found = search(&trained, args, part, known)?;
        if !part.samples.classes().is_empty() && part.samples.classes() == train.classes() {
            tell_accuracy(&trained, args.k, &part.samples, &found)?;
        }
        for (index, found) in found.iter().enumerate() {
            text += &lines(entries.len(), part, index, found, train);
            entries.push(as_json(part, index, found, train));
        }
    }
    match json {
        true => output::json(&json!({ "samples": entries })),
        false => output::text(&text),
    }
}

/// The nearest training samples of each sample by their codes. A training sample is not its own neighbour.
fn search(
    trained: &Trained,
    args: &NeighboursArgs,
    part: &Chosen,
    known: Matrix,
) -> anyhow::Result<Vec<Vec<Neighbor>>> {
    let codes = trained.encode(&part.samples)?.concat();
    let queries = Matrix::new(&codes, trained.latent());
    if !args.chosen.is_training(trained, part) {
        return Ok(nearest(known, queries, args.k));
    }
    let train = &trained.prepared().train;
    if let Some(window) = train.window() {
        return Ok(apart(train, part, known, queries, args.k, window));
    }
    let mut found = nearest(known, queries, (args.k + 1).min(train.len()));
    for (index, found) in found.iter_mut().enumerate() {
        let row = part.samples.row(index);
        match found
            .iter()
            .position(|neighbor| train.row(neighbor.index) == row)
        {
            Some(itself) => drop(found.remove(itself)),
            None => found.truncate(args.k),
        }
    }
    Ok(found)
}

/// The nearest training windows that share no row with each training window: those that do are near in any case.
fn apart(
    train: &Samples,
    part: &Chosen,
    known: Matrix,
    queries: Matrix,
    k: usize,
    window: Window,
) -> Vec<Vec<Neighbor>> {
    // Before and after, the window itself, and one that ends with the last row.
    let sharing = 2 * window.length.div_ceil(window.stride) + 2;
    let mut found = nearest(known, queries, (k + sharing).min(train.len()));
    for (index, found) in found.iter_mut().enumerate() {
        let row = part.samples.row(index);
        let shares = |other: u64| other.abs_diff(row) < window.length as u64;
        found.retain(|neighbor| !shares(train.row(neighbor.index)));
        found.truncate(k);
    }
    found
}

/// Says on stderr how often the nearest samples vote for the right class: by codes, and by the values themselves.
fn tell_accuracy(
    trained: &Trained,
    k: usize,
    samples: &Samples,
    by_codes: &[Vec<Neighbor>],
) -> anyhow::Result<()> {
    let train = &trained.prepared().train;
    let (known, wanted) = (labels(train), labels(samples));
    let right = |found: &[Vec<Neighbor>]| {
        let pairs = found.iter().zip(&wanted);
        pairs
            .filter(|(found, label)| vote(found, &known, train.classes().len()) == **label)
            .count()
    };
    let line = |what: &str, columns: usize, right: usize, seconds: Option<f64>| {
        let count = wanted.len();
        let (low, high) = wilson(right as f64, count as f64);
        let seconds = seconds.map_or(String::new(), |seconds| format!(", {seconds:.2} s"));
        output::message(&format!(
            "{k} nearest by {what}: accuracy {:.4} ({right} of {count}), 95 % interval {low:.4} to {high:.4}, {} KiB{seconds}",
            right as f64 / count as f64,
            (train.len() * columns * size_of::<f32>()).div_ceil(1024),
        ));
    };
    let codes = format!("codes of {}", counted(trained.latent(), "dimension"));
    line(&codes, trained.latent(), right(by_codes), None);
    let own_part = by_codes.iter().any(|found| found.len() != k);
    if own_part || !trained.prepared().held_out {
        return Ok(());
    }
    let (rows, queries) = (filled(train)?, filled(samples)?);
    let columns = train.shape().pixels();
    let begun = Instant::now();
    let found = nearest(
        Matrix::new(&rows, columns),
        Matrix::new(&queries, columns),
        k,
    );
    let seconds = begun.elapsed().as_secs_f64();
    let values = format!("all {columns} values");
    line(&values, columns, right(&found), Some(seconds));
    Ok(())
}

/// A line for each neighbour of a sample.
fn lines(
    number: usize,
    part: &Chosen,
    index: usize,
    found: &[Neighbor],
    train: &Samples,
) -> String {
    let caption = csv_field(part.samples.caption(index));
    let line = |(rank, neighbor): (usize, &Neighbor)| {
        format!(
            "{number},{caption},{},{},{},{}{}\n",
            rank + 1,
            neighbor.distance,
            train.row(neighbor.index),
            csv_field(train.caption(neighbor.index)),
            part.cells(index)
        )
    };
    found.iter().enumerate().map(line).collect()
}

fn as_json(part: &Chosen, index: usize, found: &[Neighbor], train: &Samples) -> Value {
    let neighbor = |neighbor: &Neighbor| {
        json!({
            "row": train.row(neighbor.index),
            "caption": train.caption(neighbor.index),
            "distance": neighbor.distance,
        })
    };
    json!({
        "caption": part.samples.caption(index),
        "row": part.samples.row(index),
        "neighbours": found.iter().map(neighbor).collect::<Vec<_>>(),
    })
}
