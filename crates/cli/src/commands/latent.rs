//! `espejo latent`: a plot of the latent space, and a grid of decoded codes.

use clap::Args;

use crate::figure_file::FigureArgs;
use crate::figure_name::figure_name;
use crate::latent_figures::{latent_grid, latent_map};
use crate::open_run::{RunArgs, open};
use crate::output::{self, drawn, usage};

/// The arguments of `espejo latent`.
#[derive(Args)]
pub struct LatentArgs {
    #[command(flatten)]
    pub run: RunArgs,
    /// Rows and columns of the grid of decoded codes
    #[arg(long, value_name = "RxC", default_value = GRID_SIZE)]
    pub grid: String,
    /// Range of the grid on both axes, as in `-2,2` [default: quantiles 0.05 to 0.95 of the prior of a `vae`, else the range
    /// of the codes]
    #[arg(long, value_name = "LOW,HIGH", allow_hyphen_values = true)]
    pub range: Option<String>,
    #[command(flatten)]
    pub figure: FigureArgs,
}

/// The grid that training draws.
const GRID_SIZE: &str = "15x15";

/// Draws the latent space and, where it has two dimensions, a grid of decoded codes.
pub fn latent(args: &LatentArgs, json: bool) -> anyhow::Result<()> {
    args.figure.check()?;
    let size = parse_grid(&args.grid)?;
    let range = args.range.as_deref().map(parse_range).transpose()?;
    let (folder, trained) = open(&args.run)?;
    let mut figures = vec![(
        figure_name("latent", &args.run.told()),
        latent_map(&trained)?,
    )];
    if trained.latent() == 2 && !trained.test().is_table() {
        let mut told = args.run.told();
        told.extend((args.grid != GRID_SIZE).then(|| args.grid.clone()));
        told.extend(args.range.as_ref().map(|range| format!("range-{range}")));
        let grid = latent_grid(&trained, size, range)?;
        figures.push((figure_name("grid", &told), grid));
    } else if trained.latent() != 2 {
        output::message(&format!(
            "drawing the latent space without a grid: a grid needs a latent code of 2 dimensions, and this run has {}",
            trained.latent()
        ));
    }
    drawn(&args.figure.save(&folder, &figures)?, json)
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
