//! The program `espejo`: flags in, runs and messages out. What it does is in the library crates.

mod accepted_words;
mod args;
mod augmented_figure;
mod calibration;
mod choose_samples;
mod clap_errors;
mod class_errors;
mod code_search;
mod commands;
mod compact_number;
mod completion;
mod csv_cell;
mod csv_lines;
mod curves;
mod decoded_rows;
mod detectors;
mod drawing;
mod event_counts;
mod exhaustion;
mod figure_file;
mod figure_name;
mod figures;
mod film_frames;
mod fold_figures;
mod folds_table;
mod hash_table;
mod imputation_table;
mod interrupt;
mod judgement;
mod known_values;
mod latent_figures;
mod latent_path;
mod latent_plane;
mod normal_distribution;
mod npy;
mod open_run;
mod outliers;
mod output;
mod page_args;
mod prediction_figures;
mod prediction_table;
mod printable;
mod progress;
mod reconstruction_errors;
mod results_table;
mod run_groups;
mod sample_columns;
mod sample_figures;
mod sample_kind;
mod score_figures;
mod score_table;
mod series_figure;
mod stored_threshold;
mod synthetic_table;
mod table;
mod table_flags;
mod terminal;
mod titles;
mod traversal;
mod verdict;
mod vulkan_environment;

use std::process::ExitCode;

use clap::Parser;
use espejo_kernels::allocator::{self, Allocator};

use args::{Args, Command};
use commands::{
    animate, cluster, compare, data, decode, denoise, doctor, encode, eval, export, forecast,
    generate, hash, impute, inspect, latent, morph, neighbours, predict, reconstruct, report,
    reproduce, runs, score, sweep, train,
};

/// Burn allocates a tensor an operation: with this allocator CPU training runs 1.3 to 1.6 times faster.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

fn main() -> ExitCode {
    allocator::give_back_soon();
    exhaustion::explain();
    // Before anything is written or started: a shell waits for the answer alone.
    completion::answer();
    vulkan_environment::settle();
    let args = Args::try_parse().unwrap_or_else(|error| refuse(error));
    if let Some((error, hint)) = too_many_threads() {
        return ExitCode::from(output::refused(&error, &hint));
    }
    if args.raw_csv {
        csv_cell::leave_as_they_are();
    }
    // What trains says itself when it begins.
    if !matches!(args.command, Command::Train(_) | Command::Score(_)) {
        allocator::give_back_as_usual();
    }
    match run(args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => ExitCode::from(output::report_last(&error)),
    }
}

/// Ends with what is wrong in the command line, or with the help that it asks for.
fn refuse(error: clap::Error) -> ! {
    // The words that it repeats may hold what steers a terminal: it is asked again with words that do not.
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let words = words.map(|word| printable::on_one_line(&word).into_owned());
    let error = Args::try_parse_from(words).err().unwrap_or(error);
    match clap_errors::in_plain_words(&error) {
        Some((message, hint)) => std::process::exit(output::refused(&message, &hint).into()),
        None => error.exit(),
    }
}

/// Threads that `RAYON_NUM_THREADS` may ask for, where the machine has no more: more only take memory, and starting them may fail.
const MOST_THREADS: usize = 1024;

/// What is wrong with the number of threads that the environment asks for, with its hint.
fn too_many_threads() -> Option<(String, String)> {
    const VARIABLE: &str = "RAYON_NUM_THREADS";
    let asked = std::env::var(VARIABLE).ok()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = MOST_THREADS.max(cores);
    // What is no number is left to those who read it: they take all cores then.
    let count: usize = asked.parse().ok()?;
    (count > most).then(|| {
        (
            format!("`{VARIABLE}` is `{asked}`, expected at most {most}"),
            "leave it out: all cores work then".to_owned(),
        )
    })
}

/// Runs a command; the exit code, 0 unless training was interrupted or numbers are not what they shall be.
fn run(args: Args) -> anyhow::Result<u8> {
    let json = args.json;
    match args.command {
        Command::Train(args) => return train::train(*args, json),
        Command::Sweep(args) => return sweep::sweep(*args, json),
        Command::Reproduce(args) => return reproduce::reproduce(&args, json),
        Command::Export(args) => return export::export(&args, json),
        Command::Eval(args) => eval::eval(&args, json)?,
        Command::Reconstruct(args) => reconstruct::reconstruct(&args, json)?,
        Command::Denoise(args) => denoise::denoise(&args, json)?,
        Command::Predict(args) => predict::predict(&args, json)?,
        Command::Forecast(args) => forecast::forecast(&args, json)?,
        Command::Encode(args) => encode::encode(&args, json)?,
        Command::Decode(args) => decode::decode(&args, json)?,
        Command::Neighbours(args) => neighbours::neighbours(&args, json)?,
        Command::Cluster(args) => cluster::cluster(&args, json)?,
        Command::Impute(args) => impute::impute(&args, json)?,
        Command::Report(args) => report::report(&args, json)?,
        Command::Score(args) => score::score(&args, json)?,
        Command::Hash(args) => hash::hash(&args, json)?,
        Command::Generate(args) => generate::generate(&args, json)?,
        Command::Latent(args) => latent::latent(&args, json)?,
        Command::Morph(args) => morph::morph(&args, json)?,
        Command::Animate(args) => animate::animate(&args, json)?,
        Command::Runs(args) => runs::runs(&args, json)?,
        Command::Compare(args) => compare::compare(&args, json)?,
        Command::Inspect(args) => inspect::inspect(&args, json)?,
        Command::Data(args) => data::data(&args.command, json)?,
        Command::Doctor(args) => doctor::doctor(&args, json)?,
        Command::Completions { shell } => {
            let script = completion::script(&shell.to_string());
            output::text(&script.expect("each shell of the list has one")?)?;
        }
    }
    Ok(0)
}
