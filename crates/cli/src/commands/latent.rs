//! `espejo latent`: a plot of the latent space, and a grid of decoded codes.

use clap::Args;
use espejo_data::Samples;
use espejo_train::{Folder, Trained, write_file};
use serde_json::json;

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::drawing::Drawn;
use crate::figure_file::FigureArgs;
use crate::figure_name::figure_name;
use crate::latent_figures::{GRID, latent_grid, latent_map, latent_map_of};
use crate::open_run::open_with_data;
use crate::output::{self, drawn, shown, usage};
use crate::traversal::{MAX_DRAWN_DIMENSIONS, Traversal};

/// The arguments of `espejo latent`.
#[derive(Args)]
pub struct LatentArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Rows and columns of the grid of decoded codes [default: 15x15]
    #[arg(long, value_name = "RxC")]
    pub grid: Option<String>,
    /// Range of the grid on both axes, as in `-2,2` [default: quantiles 0.05 to 0.95 of the prior of a `vae`, else the range
    /// of the codes]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub range: Option<String>,
    /// Draw each dimension of the code by itself in place of the map and the grid: along quantiles 0.05 to 0.95 of the prior of a
    /// `vae`, else along the range of the codes; the codes are written as CSV, for a table with the decoded rows
    #[arg(long, conflicts_with_all = ["grid", "range"])]
    pub traverse: bool,
    /// With --traverse: steps along each dimension
    #[arg(long, value_name = "N", default_value_t = 9, requires = "traverse")]
    pub steps: usize,
    /// With --traverse: keep the other dimensions at the code of this sample: its `row`, its name or its caption [default: the mean
    /// of the codes]
    #[arg(
        long,
        value_name = "ID",
        requires = "traverse",
        allow_hyphen_values = true
    )]
    pub around: Option<String>,
    #[command(flatten)]
    pub figure: FigureArgs,
}

/// Steps along a dimension, at most.
const MAX_STEPS: usize = 100;

/// Draws the latent space and, where it has two dimensions, a grid of decoded codes.
pub fn latent(args: &LatentArgs, json: bool) -> anyhow::Result<()> {
    args.figure.check()?;
    let size = args.grid.as_deref().map_or(Ok(GRID), parse_grid)?;
    let range = args.range.as_deref().map(parse_range).transpose()?;
    if !(2..=MAX_STEPS).contains(&args.steps) {
        return Err(usage(
            format!("`--steps` is {}", args.steps),
            format!("give 2 to {MAX_STEPS}"),
        ));
    }
    let (folder, trained) = open_with_data(&args.samples)?;
    trained.autoencoder()?;
    let has_grid = trained.latent() == 2 && !trained.test().is_table();
    if !has_grid && (args.grid.is_some() || range.is_some()) {
        return Err(no_grid(&trained));
    }
    let samples = chosen_samples(&trained, &args.samples)?;
    if args.traverse {
        return traverse(args, &folder, &trained, samples, json);
    }
    let map = match args.samples.is_test_part() {
        true => latent_map(&trained)?,
        false => latent_map_of(&trained, &samples)?,
    };
    let mut figures = vec![(figure_name("latent", &args.samples.told()), map)];
    if has_grid {
        let mut told = args.samples.run.told();
        told.extend((size != GRID).then(|| format!("{}x{}", size.0, size.1)));
        told.extend(args.range.as_ref().map(|range| format!("range-{range}")));
        let grid = latent_grid(&trained, size, range)?;
        figures.push((figure_name("grid", &told), grid));
    } else if trained.latent() != 2 {
        output::message(&format!(
            "drawing the latent space without a grid: a grid needs a latent code of 2 dimensions, and this run has {}",
            trained.latent()
        ));
    }
    drawn(args.figure.save(&folder, &figures), json)
}

/// Draws each dimension by itself, and writes the codes.
fn traverse(
    args: &LatentArgs,
    folder: &Folder,
    trained: &Trained,
    samples: Samples,
    json: bool,
) -> anyhow::Result<()> {
    let traversal = Traversal::new(trained, samples, args.steps, args.around.as_deref())?;
    let path = folder.path().join("traversal.csv");
    write_file(&path, traversal.as_csv(trained)?.as_bytes())?;
    let figures = match trained.test().is_table() {
        true => Drawn::default(),
        false => {
            let name = figure_name("traversal", &args.samples.told());
            let figure = traversal.drawn(trained)?;
            args.figure.save(folder, &[(name, figure)])
        }
    };
    let is_cut = traversal.dimensions() > MAX_DRAWN_DIMENSIONS && !figures.files().is_empty();
    if is_cut {
        output::message(&format!(
            "the figure has the first {MAX_DRAWN_DIMENSIONS} of {} dimensions, the CSV all of them",
            traversal.dimensions()
        ));
    }
    match json {
        true => output::json(&json!({ "figures": figures.files(), "codes": shown(&path) }))?,
        false => output::text(&(figures.lines() + &format!("codes   {}\n", shown(&path))))?,
    }
    figures.only()
}

/// The error of asking for a grid where none is drawn.
fn no_grid(trained: &Trained) -> anyhow::Error {
    let why = match trained.latent() {
        2 => "a table has no images to draw".to_owned(),
        latent => format!("its latent code has {latent} dimensions, and a grid needs 2"),
    };
    usage(
        format!("`--grid` and `--range` are of no use for this run: {why}"),
        "leave them out, or add `--traverse` in their stead: each dimension by itself",
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
            format!("`--grid {text}` is not a grid"),
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
            format!("`--range {text}` is not a range"),
            "give the lower and the upper end, as in `--range=-2,2`",
        )),
    }
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
