//! `espejo hash`: the latent code of each sample as bits, and the training samples whose bits are nearly the same.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use espejo_analysis::{BinaryCodes, Matrix, medians, saturation};
use espejo_data::Samples;
use espejo_train::{Error, Trained, write_file};
use serde_json::{Value, json};

use crate::choose_samples::{PartedArgs, chosen_parts};
use crate::code_search::{self, Found};
use crate::hash_table::{as_csv, as_json, hex};
use crate::npy::npy_bytes;
use crate::open_run::open_with_data;
use crate::output::{self, counted, shown, usage};
use crate::sample_columns::Chosen;

/// Bits within which samples are near where nobody says how many.
const RADIUS: u32 = 2;

/// The arguments of `espejo hash`.
#[derive(Args)]
pub struct HashArgs {
    #[command(flatten)]
    pub chosen: PartedArgs,
    /// Set a bit where its number is above this, or above the `median` of the training samples [default: 0.5 for sigmoid codes,
    /// 0 for tanh codes]
    #[arg(long, value_name = "VALUE|median", allow_hyphen_values = true)]
    pub at: Option<Cut>,
    /// List the training samples that differ from each sample in at most this many bits [default: 2 with --near]
    #[arg(long, value_name = "BITS")]
    pub radius: Option<u32>,
    /// Search near this sample alone: its `row`, its name or its caption
    #[arg(long, value_name = "ID")]
    pub near: Option<String>,
    /// Write to this file in place of stdout: `.csv`, or `.npy` for the packed bits alone
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Above what a bit is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// One number for all.
    Value(f32),
    /// The median of each dimension over the training samples.
    Median,
}

impl FromStr for Cut {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "median" {
            return Ok(Self::Median);
        }
        let value = word.parse().ok().filter(|value: &f32| value.is_finite());
        value
            .map(Self::Value)
            .ok_or_else(|| "expected a number or `median`".to_owned())
    }
}

/// What is written.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Csv,
    Npy,
}

/// Prints the binary code of each sample as CSV, or the training samples near it.
pub fn hash(args: &HashArgs, json: bool) -> anyhow::Result<()> {
    let form = form(args)?;
    let (_, trained) = open_with_data(&args.chosen.samples)?;
    trained.autoencoder()?;
    let thresholds = thresholds(&trained, args.at)?;
    let parts = chosen_parts(&trained, &args.chosen)?;
    if args.radius.is_some() || args.near.is_some() {
        return search(args, &trained, &parts, &thresholds, json);
    }
    let mut numbers = Vec::new();
    for part in &parts {
        numbers.extend(encoded(&trained, &part.samples)?);
    }
    let numbers = Matrix::new(&numbers, trained.latent());
    let all = BinaryCodes::above(numbers, &thresholds);
    let saturated = trained.code_range().map(|ends| saturation(numbers, ends));
    if json {
        let mut value = as_json(&parts, &all);
        value["thresholds"] = json!(thresholds);
        value["balance"] = json!(all.balance());
        value["distinct"] = json!(all.distinct());
        value["saturation"] = json!(saturated);
        return output::json(&value);
    }
    tell(&all, saturated);
    let csv = || as_csv(&parts, &all);
    let Some(path) = &args.to else {
        return output::text(&csv());
    };
    let bytes = match form {
        Form::Csv => csv().into_bytes(),
        Form::Npy => npy_bytes(
            &(0..all.len())
                .map(|code| all.packed(code))
                .collect::<Vec<_>>(),
        ),
    };
    write_file(path, &bytes)?;
    output::text(&format!("{}\n", shown(path)))
}

/// The form that the ending of `--to` asks for.
fn form(args: &HashArgs) -> anyhow::Result<Form> {
    let Some(path) = &args.to else {
        return Ok(Form::Csv);
    };
    let searches = args.radius.is_some() || args.near.is_some();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok(Form::Csv),
        Some("npy") if !searches => Ok(Form::Npy),
        _ => {
            let message = format!("`--to` is `{}`", path.display());
            let hint = match searches {
                true => "give a file ending in `.csv`",
                false => "give a file ending in `.csv` or `.npy`",
            };
            Err(usage(message, hint))
        }
    }
}

/// The number of each dimension above which its bit is set.
fn thresholds(trained: &Trained, at: Option<Cut>) -> anyhow::Result<Vec<f32>> {
    let middle = trained.code_range().map(|(low, high)| low.midpoint(high));
    match (at, middle) {
        (Some(Cut::Median), _) => {
            let codes = encoded(trained, &trained.prepared().train)?;
            Ok(medians(Matrix::new(&codes, trained.latent())))
        }
        (Some(Cut::Value(value)), _) | (None, Some(value)) => Ok(vec![value; trained.latent()]),
        (None, None) => {
            let model = &trained.config().model;
            let codes = match model.kind.has_posterior() {
                true => "the means of a `vae`".to_owned(),
                false => format!("`{}` codes", model.latent_activation.name()),
            };
            Err(usage(
                format!("{codes} have no ends, and so no middle above which a bit is set"),
                "give `--at median` or `--at VALUE`, or train with \
                 `--set model.latent_activation=sigmoid --code-noise 16`",
            ))
        }
    }
}

/// The numbers of all codes, one after the other; what is no number makes no bit.
fn encoded(trained: &Trained, samples: &Samples) -> Result<Vec<f32>, Error> {
    let numbers = trained.encode(samples)?.concat();
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(numbers),
        Some(place) => Err(Error::NotFinite {
            what: "code",
            row: samples.row(place / trained.latent()),
            value: numbers[place].into(),
        }),
    }
}

fn codes_of(
    trained: &Trained,
    samples: &Samples,
    thresholds: &[f32],
) -> anyhow::Result<BinaryCodes> {
    let numbers = encoded(trained, samples)?;
    Ok(BinaryCodes::above(
        Matrix::new(&numbers, trained.latent()),
        thresholds,
    ))
}

/// Says on stderr what the codes are like.
fn tell(codes: &BinaryCodes, saturated: Option<f64>) {
    let shares: Vec<String> = codes
        .balance()
        .iter()
        .map(|share| format!("{share:.3}"))
        .collect();
    output::message(&format!(
        "{} of {} for {}",
        counted(codes.distinct(), "distinct code"),
        counted(codes.bits(), "bit"),
        counted(codes.len(), "sample")
    ));
    output::message(&format!("share of ones by bit: {}", shares.join(" ")));
    if let Some(saturated) = saturated {
        output::message(&format!(
            "saturation: {:.1} % of the codes' numbers are within a tenth of the range of either end",
            100.0 * saturated
        ));
    }
}

/// Prints the training samples within the radius of each sample.
fn search(
    args: &HashArgs,
    trained: &Trained,
    parts: &[Chosen],
    thresholds: &[f32],
    json: bool,
) -> anyhow::Result<()> {
    let bits = trained.latent() as u32;
    let radius = args.radius.unwrap_or(RADIUS.min(bits));
    if radius > bits {
        return Err(usage(
            format!("`--radius` is {radius}"),
            format!("give 0 to {bits}, as many as there are bits"),
        ));
    }
    let queries = match &args.near {
        Some(id) => vec![code_search::query(parts, id)?],
        None => code_search::all(parts),
    };
    let train = &trained.prepared().train;
    let known = codes_of(trained, train, thresholds)?;
    let codes = parts
        .iter()
        .map(|part| codes_of(trained, &part.samples, thresholds))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let own = |part: &Chosen| args.chosen.is_training(trained, part);
    let found = code_search::within((&known, train), (parts, &codes, &queries), radius, own)?;
    if json {
        let samples: Vec<Value> = found
            .iter()
            .map(|found| search_as_json(found, parts, &codes, train))
            .collect();
        return output::json(&json!({ "bits": bits, "radius": radius, "samples": samples }));
    }
    let count: usize = found.iter().map(|found| found.near.len()).sum();
    output::message(&format!(
        "{count} training samples within {radius} of {bits} bits of {}",
        output::counted(found.len(), "sample")
    ));
    let csv = code_search::as_csv(&found, parts, train);
    let Some(path) = &args.to else {
        return output::text(&csv);
    };
    write_file(path, csv.as_bytes())?;
    output::text(&format!("{}\n", shown(path)))
}

fn search_as_json(
    found: &Found,
    parts: &[Chosen],
    codes: &[BinaryCodes],
    train: &Samples,
) -> Value {
    let samples = &parts[found.part].samples;
    let near = found.near.iter().map(|near| {
        json!({
            "row": train.row(near.index),
            "caption": train.caption(near.index),
            "distance": near.distance,
        })
    });
    json!({
        "caption": samples.caption(found.index),
        "row": samples.row(found.index),
        "hash": hex(&codes[found.part], found.index),
        "near": near.collect::<Vec<_>>(),
    })
}
