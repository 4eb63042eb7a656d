//! `espejo decode`: latent codes to images, or to rows of a table.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use espejo_data::{ColumnChoice, Error as DataError, Samples, Source};
use espejo_pictures::{Sheet, sheet};
use espejo_train::{Error, Half, Rows, Trained, unit_rows, write_file};
use serde_json::json;

use crate::decoded_rows::{as_csv, columns, in_units};
use crate::figure_file::{has_ending, save_as};
use crate::figures::{MAX_DRAWN, save_all, sheet_columns, tile};
use crate::npy::npy;
use crate::open_run::{RunArgs, open_any};
use crate::output::{self, shown, usage};
use crate::sample_kind::SampleKind;
use crate::titles::{model_name, run_name};

/// The arguments of `espejo decode`.
#[derive(Args)]
pub struct DecodeArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// The codes: a table with the columns `z1`, `z2`, ..., as `espejo encode` writes it, or a `.npy` array [default: standard
    /// input]
    #[arg(
        long,
        value_name = "FILE",
        default_value = "-",
        hide_default_value = true
    )]
    pub codes: String,
    /// Write to this file: rows as `.csv`, images as `.png` or `.svg`, the numbers alone as `.npy` [default: rows to stdout, images to
    /// a figure of the run]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Decodes the codes of a file.
pub fn decode(args: &DecodeArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open_any(&args.run, false)?;
    trained.autoencoder()?;
    if trained.half() == Some(Half::Encoder) {
        // Said before codes are waited for.
        trained.decode(&[])?;
    }
    let codes = read(&args.codes, trained.latent())?;
    let decoded = trained.decode(&unit_rows(&codes)?)?;
    let is_table = trained.test().is_table();
    let rows = in_units(&trained, &decoded);
    let is_figure = |path: &&PathBuf| !is_table && has_ending(path, &["png", "svg"]);
    if let Some(path) = args.to.as_ref().filter(|path| !is_figure(path)) {
        let bytes = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") if is_table => as_csv(&trained, &rows).into_bytes(),
            Some("npy") => npy(&single(&rows)),
            _ => {
                let hint = match is_table {
                    true => "give a file ending in `.csv` or `.npy`",
                    false => "give a file ending in `.png`, `.svg` or `.npy`",
                };
                return Err(usage(format!("`--to` is `{}`", path.display()), hint));
            }
        };
        write_file(path, &bytes)?;
        return output::text(&format!("{}\n", shown(path)));
    }
    if is_table {
        return match json {
            true => output::json(&json!({ "columns": columns(&trained), "rows": rows })),
            false => output::text(&as_csv(&trained, &rows)),
        };
    }
    let figure = [("decoded", drawn(&trained, &decoded, &run_name(&folder))?)];
    let figures = match &args.to {
        Some(path) => save_as(path, &figure).into(),
        None => save_all(&folder, &figure),
    };
    if json {
        output::json(&json!({ "figures": figures.files() }))?;
    } else {
        let count = SampleKind::Image.count(decoded.len());
        output::text(&format!("{count}\n{}", figures.lines()))?;
    }
    figures.only()
}

/// Numbers in single precision, as arrays hold them.
fn single(rows: &[Vec<f64>]) -> Rows {
    let row = |row: &Vec<f64>| row.iter().map(|number| *number as f32).collect();
    rows.iter().map(row).collect()
}

/// A sheet of decoded images.
fn drawn(trained: &Trained, decoded: &Rows, run: &str) -> anyhow::Result<espejo_pictures::Figure> {
    if decoded.len() > MAX_DRAWN {
        return Err(usage(
            format!("{} codes are too many for one figure", decoded.len()),
            format!("give at most {MAX_DRAWN}, or write them to a file with `--to FILE.npy`"),
        ));
    }
    let ink = trained.test().two_valued();
    let tiles = decoded
        .iter()
        .map(|row| Some(tile(row, trained.shape(), ink)));
    Ok(sheet(&Sheet {
        title: format!("Decoded images, {}", model_name(trained)),
        rows: vec![(String::new(), tiles.collect())],
        captions: (0..decoded.len()).map(|row| row.to_string()).collect(),
        wrap: sheet_columns(trained.shape()),
        key: format!("Run {run}; over an image: the row of its code, from 0"),
        ..Sheet::default()
    }))
}

/// Reads codes of so many dimensions from a file, or from standard input.
fn read(name: &str, latent: usize) -> anyhow::Result<Samples> {
    if name != "-" {
        return read_file(name, name, latent);
    }
    // Kept in a file, because columns without names are found by a second look.
    let kept = tempfile::Builder::new().suffix(".csv").tempfile();
    let mut kept = kept.context("cannot keep standard input in a file")?;
    io::copy(&mut io::stdin().lock(), kept.as_file_mut()).context("cannot read standard input")?;
    read_file(&shown(kept.path()), "standard input", latent)
}

/// Reads codes from a file, which messages call `origin`: its columns `z1`, `z2`, ..., or all of them.
fn read_file(name: &str, origin: &str, latent: usize) -> anyhow::Result<Samples> {
    let source = |only| Source {
        columns: ColumnChoice {
            only,
            ..ColumnChoice::default()
        },
        ..Source::named(name)
    };
    let named = (1..=latent).map(|dimension| format!("z{dimension}"));
    let is_array = Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "npy");
    let loaded = match is_array {
        true => espejo_data::load(&source(Vec::new())),
        false => match espejo_data::load(&source(named.collect())) {
            Err(DataError::Selection { .. }) => espejo_data::load(&source(Vec::new())),
            loaded => loaded,
        },
    };
    let samples = loaded.map_err(Error::from)?.train;
    let [values, wanted] = [samples.shape().pixels(), latent];
    if !samples.is_table() || values != wanted {
        return Err(usage(
            format!(
                "`{origin}` has {values} numbers a row, and the codes of this run have {latent} dimensions"
            ),
            "give columns `z1`, `z2`, ..., one for each dimension, as `espejo encode` writes them",
        ));
    }
    if samples.has_missing() {
        return Err(usage(
            format!("a number is missing in `{origin}`"),
            "every dimension of a code needs its number",
        ));
    }
    Ok(samples)
}
