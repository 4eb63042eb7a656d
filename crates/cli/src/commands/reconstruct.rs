//! `espejo reconstruct`: samples beside their reconstructions.

use std::path::PathBuf;

use clap::Args;
use espejo_data::Samples;
use espejo_train::{Folder, Rows, SampleErrors, Trained, class_errors, unit_rows, write_file};
use serde_json::{Value, json};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::class_errors::class_error_table;
use crate::compact_number::compact;
use crate::csv_cell::csv_field;
use crate::decoded_rows::{columns, in_units};
use crate::drawing::Drawn;
use crate::figure_file::OptionalFigureArgs;
use crate::figure_name::figure_name;
use crate::figures;
use crate::open_run::open_for;
use crate::output::{self, shown, usage};
use crate::reconstruction_errors::reconstruction_errors;
use crate::sample_columns::Chosen;
use crate::sample_kind::SampleKind;

/// The arguments of `espejo reconstruct`.
#[derive(Args)]
pub struct ReconstructArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Write the reconstructed rows of a table to this CSV file, in its own units, each with its error
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
    #[command(flatten)]
    pub figure: OptionalFigureArgs,
}

/// Measures reconstructions, and draws images beside theirs or writes the rows of a table.
pub fn reconstruct(args: &ReconstructArgs, json: bool) -> anyhow::Result<()> {
    args.figure.file.check()?;
    let (folder, trained) = open_for(&args.samples)?;
    let samples = chosen_samples(&trained, &args.samples)?;
    check_csv(args, &samples)?;
    let clean = unit_rows(&samples)?;
    let outputs = trained.reconstruct(&clean)?;
    let errors = reconstruction_errors(&samples, &outputs, &clean);
    let each = SampleErrors::of(&samples, &outputs, &clean);
    let classes = class_errors(&samples, &each);
    if samples.is_table() {
        args.figure.file.none()?;
    }
    let draw = || match samples.is_table() {
        true => Drawn::default(),
        false => draw(args, &folder, &trained, &samples),
    };
    if let Some(path) = &args.csv {
        let csv = as_csv(&trained, samples.clone(), &outputs, &each);
        write_file(path, csv.as_bytes())?;
    }
    if json {
        let drawn = draw();
        let mut value =
            json!({ "figures": drawn.files(), "model": errors, "class_errors": classes });
        if let Some(path) = &args.csv {
            value["csv"] = json!(shown(path));
        }
        output::json(&value)?;
        return drawn.end();
    }
    let count = SampleKind::of(&samples).count(samples.len());
    let mut text = sentence(&count, &errors) + &class_error_table(&classes);
    match &args.csv {
        Some(path) => text += &format!("rows    {}\n", shown(path)),
        None if samples.is_table() => {
            output::message(
                "`--csv FILE` writes the reconstructed rows, in the units of the table",
            );
        }
        None => {}
    }
    output::text(&text)?;
    let drawn = draw();
    output::text(&drawn.lines())?;
    drawn.end()
}

/// Refuses a file of rows where there are images, or by another ending.
fn check_csv(args: &ReconstructArgs, samples: &Samples) -> anyhow::Result<()> {
    let Some(path) = &args.csv else {
        return Ok(());
    };
    if !samples.is_table() {
        return Err(usage(
            "`--csv` is for tables, and these are images",
            "leave it out: images are drawn beside their reconstructions",
        ));
    }
    match path.extension().is_some_and(|ending| ending == "csv") {
        true => Ok(()),
        false => Err(usage(
            format!("`--csv` is `{}`", shown(path)),
            "give a file ending in `.csv`",
        )),
    }
}

/// The reconstructed rows in the units of their table, each with its squared error and with what joins it to its sample.
fn as_csv(trained: &Trained, samples: Samples, outputs: &Rows, errors: &SampleErrors) -> String {
    let names = columns(trained).into_iter().map(|name| csv_field(&name));
    let mut header: Vec<String> = names.collect();
    header.push("squared_error".to_owned());
    let chosen = Chosen {
        samples,
        part: None,
    };
    let mut text = header.join(",") + &chosen.header() + "\n";
    let rows = in_units(trained, outputs);
    for (index, (row, error)) in rows.iter().zip(&errors.squared).enumerate() {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &format!("{},{error}{}\n", cells.join(","), chosen.cells(index));
    }
    text
}

/// Draws images beside their reconstructions.
fn draw(args: &ReconstructArgs, folder: &Folder, trained: &Trained, samples: &Samples) -> Drawn {
    args.figure.draw(folder, || {
        let data = args.samples.shown_data(trained);
        let figure = figures::reconstruction(trained, &figures::spread(samples), &data)?;
        let name = figure_name("reconstruction", &args.samples.told());
        Ok(vec![(name, figure)])
    })
}

/// How well the samples were reconstructed; `count` is their number in words.
fn sentence(count: &str, errors: &Value) -> String {
    // A JSON value itself would be printed with all its digits.
    let number = |key: &str| errors[key].as_f64();
    let squared = |digits| compact(number("squared_error").unwrap_or(f64::NAN), digits);
    match (errors["exact"].as_u64(), number("psnr")) {
        (Some(exact), _) => format!("{exact} of {count} reconstructed exactly\n"),
        (None, Some(psnr)) => {
            format!(
                "{count} reconstructed with {psnr:.2} dB PSNR, squared error {}\n",
                squared(3)
            )
        }
        (None, None) => format!("{count} reconstructed with squared error {}\n", squared(4)),
    }
}
