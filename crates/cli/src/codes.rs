//! Commands on codes: encode, generate, latent, morph.

use std::fmt::Write as _;

use espejo_data::Samples;
use espejo_pictures::{Sheet, csv_field, sheet};
use espejo_train::config::Kind;
use espejo_train::{Rows, Trained};
use serde_json::json;

use crate::args::{EncodeArgs, GenerateArgs, LatentArgs, MorphArgs};
use crate::figures::{captions, latent_grid, latent_map, linspace, save_all, tile};
use crate::output::{self, usage};
use crate::using::{open, pictures};

/// Columns of a sheet of generated pictures.
const GENERATED_COLUMNS: usize = 12;
/// Rows, columns, pictures or steps that one command draws, at most.
const MAX_DRAWN: usize = 10_000;
/// Captions in a message, at most.
const MAX_CAPTIONS: usize = 100;

/// Writes codes as CSV.
pub fn encode(args: &EncodeArgs, json: bool) -> anyhow::Result<()> {
    let (_, trained) = open(&args.pictures.run)?;
    if args.sample && trained.config().model.kind != Kind::Vae {
        return Err(usage(
            "only a `vae` has a posterior to draw from",
            "leave `--sample` out",
        ));
    }
    let images = pictures(&trained, &args.pictures)?;
    let codes = if args.sample {
        trained.sample(&images, args.seed)?
    } else {
        trained.encode(&images)?
    };
    if json {
        return output::json(&json!({ "captions": captions(&images), "codes": codes }));
    }
    let mut text = "picture,caption".to_owned();
    (1..=trained.latent()).for_each(|dimension| text += &format!(",z{dimension}"));
    text.push('\n');
    for (index, code) in codes.iter().enumerate() {
        let numbers: Vec<String> = code.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "{index},{},{}",
            csv_field(images.caption(index)),
            numbers.join(",")
        );
    }
    output::text(&text)
}

/// Decodes codes that were given, or drawn: from the prior for a `vae`, else evenly over the span of the codes.
pub fn generate(args: &GenerateArgs, json: bool) -> anyhow::Result<()> {
    let (folder, trained) = open(&args.run)?;
    if args.at.is_empty() && !(1..=MAX_DRAWN).contains(&args.count) {
        return Err(usage(
            format!("`--count` is {}", args.count),
            format!("give 1 to {MAX_DRAWN}"),
        ));
    }
    let codes = match args.at.is_empty() {
        true => trained.random_codes(args.count, args.seed)?,
        false => args
            .at
            .iter()
            .map(|text| code(text, trained.latent()))
            .collect::<anyhow::Result<Rows>>()?,
    };
    let decoded = trained.decode(&codes);
    if trained.test().is_table() {
        return decoded_rows(&trained, &codes, &decoded, json);
    }
    let ink = trained.test().two_valued();
    let tiles: Vec<_> = decoded
        .iter()
        .map(|row| Some(tile(row, trained.shape(), ink)))
        .collect();
    let source = match (args.at.is_empty(), trained.config().model.kind) {
        (false, _) => "codes as given",
        (true, Kind::Vae) => "codes drawn from the prior",
        (true, _) => "codes drawn evenly over the span of the known ones",
    };
    let figure = sheet(&Sheet {
        title: format!("Generated pictures, {source}"),
        rows: vec![(String::new(), tiles)],
        captions: Vec::new(),
        marks: Vec::new(),
        wrap: GENERATED_COLUMNS,
    });
    let drawn = save_all(&folder, &[("generated", figure)])?;
    if json {
        return output::json(&json!({ "codes": codes, "figures": drawn }));
    }
    output::text(&format!(
        "{} pictures, {source}\npicture  {}\n",
        codes.len(),
        drawn.join("\npicture  ")
    ))
}

/// Rows decoded by a model of a table, in the table's own units, as CSV.
fn decoded_rows(trained: &Trained, codes: &Rows, decoded: &Rows, json: bool) -> anyhow::Result<()> {
    let mut rows = decoded.clone();
    if let Some(scaling) = &trained.prepared().scaling {
        rows.iter_mut().for_each(|row| scaling.invert_row(row));
    }
    if json {
        return output::json(&json!({ "codes": codes, "rows": rows }));
    }
    let columns = trained.test().columns().iter();
    let mut text = columns
        .map(|column| csv_field(column))
        .collect::<Vec<_>>()
        .join(",")
        + "\n";
    for row in rows {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        text += &(cells.join(",") + "\n");
    }
    output::text(&text)
}

/// A code written with commas.
fn code(text: &str, latent: usize) -> anyhow::Result<Vec<f32>> {
    let numbers = text.split(',').map(|number| {
        number
            .trim()
            .parse::<f32>()
            .ok()
            .filter(|number| number.is_finite())
    });
    match numbers.collect::<Option<Vec<f32>>>() {
        Some(numbers) if numbers.len() == latent => Ok(numbers),
        _ => Err(usage(
            format!("`--at {text}` is no code of this run"),
            format!("give {latent} numbers with commas"),
        )),
    }
}

/// Draws the map of the codes and the decoded grid.
pub fn latent(args: &LatentArgs, json: bool) -> anyhow::Result<()> {
    let size = parse_grid(&args.grid)?;
    let range = args.range.as_deref().map(parse_range).transpose()?;
    let (folder, trained) = open(&args.run)?;
    let mut figures = vec![("latent", latent_map(&trained)?)];
    if trained.latent() == 2 && !trained.test().is_table() {
        figures.push(("grid", latent_grid(&trained, size, range)?));
    } else if trained.latent() != 2 {
        output::message(&format!(
            "a grid needs a code of 2 numbers, this run has {}: drawing the map alone",
            trained.latent()
        ));
    }
    drawn(&save_all(&folder, &figures)?, json)
}

fn drawn(figures: &[String], json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&json!({ "figures": figures }));
    }
    output::text(
        &figures
            .iter()
            .map(|figure| format!("picture  {figure}\n"))
            .collect::<String>(),
    )
}

fn parse_grid(text: &str) -> anyhow::Result<(usize, usize)> {
    let size = text
        .split_once('x')
        .and_then(|(rows, columns)| Some((rows.parse().ok()?, columns.parse().ok()?)));
    match size {
        Some((rows, columns)) if (1..=100).contains(&rows) && (1..=100).contains(&columns) => {
            Ok((rows, columns))
        }
        _ => Err(usage(
            format!("`--grid {text}` is no grid"),
            "give rows and columns from 1 to 100, as in `--grid 15x15`",
        )),
    }
}

fn parse_range(text: &str) -> anyhow::Result<(f64, f64)> {
    let ends = text
        .split_once(',')
        .and_then(|(low, high)| Some((low.trim().parse().ok()?, high.trim().parse().ok()?)));
    match ends {
        Some((low, high)) if low < high && f64::is_finite(low) && f64::is_finite(high) => {
            Ok((low, high))
        }
        _ => Err(usage(
            format!("`--range {text}` is no range"),
            "give the lower and the upper end, as in `--range=-2,2`",
        )),
    }
}

/// Draws the decoded path between the codes of two pictures.
pub fn morph(args: &MorphArgs, json: bool) -> anyhow::Result<()> {
    if !(2..=MAX_DRAWN).contains(&args.steps) {
        return Err(usage(
            format!("`--steps` is {}", args.steps),
            format!("give 2 to {MAX_DRAWN}"),
        ));
    }
    let (folder, trained) = open(&args.run)?;
    let images = trained.test();
    if images.is_table() {
        return Err(usage(
            "a table has no pictures to draw",
            "use `encode` and `generate`",
        ));
    }
    let ends = images.select(&[position(images, &args.from)?, position(images, &args.to)?]);
    let codes = trained.encode(&ends)?;
    let shares = linspace(0.0, 1.0, args.steps);
    let between = |share: &f64| -> Vec<f32> {
        codes[0]
            .iter()
            .zip(&codes[1])
            .map(|(from, to)| from + (to - from) * *share as f32)
            .collect()
    };
    let path: Rows = shares.iter().map(between).collect();
    let ink = images.two_valued();
    let tiles = trained
        .decode(&path)
        .iter()
        .map(|row| Some(tile(row, trained.shape(), ink)))
        .collect();
    let figure = sheet(&Sheet {
        title: format!(
            "From {} to {}, a straight line between their codes",
            ends.caption(0),
            ends.caption(1)
        ),
        rows: vec![(String::new(), tiles)],
        captions: shares
            .iter()
            .map(|share| format!("{:.0} %", share * 100.0))
            .collect(),
        marks: Vec::new(),
        wrap: GENERATED_COLUMNS,
    });
    drawn(&save_all(&folder, &[("morph", figure)])?, json)
}

/// The picture with this caption, or with this number after `#`.
fn position(images: &Samples, text: &str) -> anyhow::Result<usize> {
    let number = text
        .strip_prefix('#')
        .and_then(|number| number.parse::<usize>().ok())
        .filter(|n| *n < images.len());
    images.position(text).or(number).ok_or_else(|| {
        let hint = format!(
            "this run has {} pictures, `#0` to `#{}`: {}",
            images.len(),
            images.len() - 1,
            some_captions(images)
        );
        usage(format!("no picture `{text}` in this run"), hint)
    })
}

/// The captions, each once, as many as a message can hold.
fn some_captions(images: &Samples) -> String {
    let mut different: Vec<&str> = Vec::new();
    for caption in (0..images.len()).map(|index| images.caption(index)) {
        if different.len() == MAX_CAPTIONS {
            different.push("…");
            break;
        }
        if !different.contains(&caption) {
            different.push(caption);
        }
    }
    different.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_and_ranges() {
        assert_eq!(parse_grid("15x7").expect("a grid"), (15, 7));
        assert!(
            ["15", "0x3", "3x101", "ax3"]
                .iter()
                .all(|text| parse_grid(text).is_err())
        );
        assert_eq!(parse_range("-2,2").expect("a range"), (-2.0, 2.0));
        assert!(
            ["2,-2", "1", "nan,1", "0,inf"]
                .iter()
                .all(|text| parse_range(text).is_err())
        );
    }
}
