//! `espejo cluster`: groups of samples whose codes are near each other.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use espejo_analysis::{
    COUNTS, Covariance, Matrix, Mixture, STARTS, adjusted_rand_index, choose_count_by_bic,
    choose_count_by_silhouette, k_means, normalized_mutual_information, silhouette,
};
use espejo_data::Samples;
use espejo_pictures::{Figure, Sheet, sheet};
use espejo_train::{Rows, Trained, write_file};
use serde_json::{Value, json};

use crate::choose_samples::{SampleArgs, chosen_samples};
use crate::csv_cell::csv_field;
use crate::decoded_rows::{as_csv, in_units};
use crate::drawing::Drawn;
use crate::figure_file::OptionalFigureArgs;
use crate::figures::{sheet_columns, tile};
use crate::known_values::{filled, labels};
use crate::open_run::open_with_data;
use crate::output::{self, counted, usage};
use crate::sample_columns::Chosen;
use crate::titles::subject_on;

/// The arguments of `espejo cluster`.
#[derive(Args)]
pub struct ClusterArgs {
    #[command(flatten)]
    pub samples: SampleArgs,
    /// Number of clusters [default: the one of 1 to 12 that suits best, by silhouette or BIC]
    #[arg(short, long)]
    pub k: Option<usize>,
    /// Fit a Gaussian mixture in place of k-means
    #[arg(long)]
    pub mixture: bool,
    /// Seed of the first centres
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Write the decoded centres of a table to this CSV file, in its own units
    #[arg(long, value_name = "FILE")]
    pub centres: Option<PathBuf>,
    #[command(flatten)]
    pub figure: OptionalFigureArgs,
}

/// The cluster of each row, and the centre of each cluster.
struct Clusters {
    of: Vec<usize>,
    centres: Vec<Vec<f64>>,
}

/// How well clusters agree with the classes of their samples.
struct Agreement {
    /// What was clustered.
    by: &'static str,
    rand_index: f64,
    mutual_information: f64,
}

/// Prints the cluster of each sample as CSV, and decodes the centres.
pub fn cluster(args: &ClusterArgs, json: bool) -> anyhow::Result<()> {
    args.figure.file.check()?;
    let (folder, trained) = open_with_data(&args.samples)?;
    let samples = chosen_samples(&trained, &args.samples)?;
    check(args, &samples)?;
    let codes = trained.encode(&samples)?.concat();
    let rows = Matrix::new(&codes, trained.latent());
    let count = args.k.unwrap_or_else(|| best_count(args, rows));
    let clusters = clustered(args, rows, count);
    let single = |centre: &Vec<f64>| centre.iter().map(|number| *number as f32).collect();
    let codes_of_centres: Rows = clusters.centres.iter().map(single).collect();
    let decoded = trained.decode(&codes_of_centres)?;
    let is_table = samples.is_table();
    if is_table {
        args.figure.file.none()?;
    }
    let draw = || match is_table {
        true => Drawn::default(),
        false => args.figure.draw(&folder, || {
            let figure = drawn(&trained, &decoded, &args.samples.shown_data(&trained));
            Ok(vec![("centres", figure)])
        }),
    };
    let centres = in_units(&trained, &decoded);
    if let Some(path) = &args.centres {
        write_file(path, as_csv(&trained, &centres).as_bytes())?;
    }
    let quality = silhouette(rows, &clusters.of, args.seed);
    let agreement = agreement(args, &trained, &samples, &clusters)?;
    if json {
        let (centres, drawn) = (is_table.then_some(centres), draw());
        output::json(&json!({
            "clusters": clusters.of, "centre_codes": clusters.centres, "centres": centres, "silhouette": quality,
            "agreement": agreement.iter().map(Agreement::as_json).collect::<Vec<_>>(), "figures": drawn.files(),
        }))?;
        return drawn.end();
    }
    let mut summary = format!(
        "{} of {}",
        counted(count, "cluster"),
        counted(samples.len(), "sample")
    );
    if let Some(quality) = quality {
        let _ = write!(summary, ", mean silhouette {quality:.4}");
    }
    agreement.iter().for_each(|found| summary += &found.line());
    output::message(&summary);
    let chosen = Chosen {
        samples,
        part: None,
    };
    output::text(&lines(&chosen, &clusters.of))?;
    let drawn = draw();
    drawn.tell();
    drawn.end()
}

fn check(args: &ClusterArgs, samples: &Samples) -> anyhow::Result<()> {
    if let Some(k) = args.k.filter(|k| !(1..=samples.len()).contains(k)) {
        return Err(usage(
            format!("`-k` is {k}"),
            format!("give 1 to {}, as many as there are samples", samples.len()),
        ));
    }
    if args.centres.is_some() && !samples.is_table() {
        return Err(usage(
            "`--centres` is for tables",
            "the centres of images are drawn into a figure",
        ));
    }
    Ok(())
}

/// How well the clusters of codes, and those of the values themselves, agree with the classes, where there are such.
fn agreement(
    args: &ClusterArgs,
    trained: &Trained,
    samples: &Samples,
    by_codes: &Clusters,
) -> anyhow::Result<Vec<Agreement>> {
    if samples.classes().is_empty() {
        return Ok(Vec::new());
    }
    let values = filled(samples)?;
    let rows = Matrix::new(&values, trained.shape().pixels());
    let by_values = clustered(args, rows, by_codes.centres.len());
    let classes = labels(samples);
    let held = |by: &'static str, found: &Clusters| Agreement {
        by,
        rand_index: adjusted_rand_index(&classes, &found.of),
        mutual_information: normalized_mutual_information(&classes, &found.of),
    };
    Ok(vec![
        held("codes", by_codes),
        held("all values", &by_values),
    ])
}

impl Agreement {
    fn line(&self) -> String {
        format!(
            "\nby {}: adjusted Rand index {:.4}, normalised mutual information {:.4} with the classes",
            self.by, self.rand_index, self.mutual_information
        )
    }

    fn as_json(&self) -> Value {
        json!({ "by": self.by, "adjusted_rand_index": self.rand_index, "nmi": self.mutual_information })
    }
}

/// The number of clusters that suits best; 1 where nothing speaks for more.
fn best_count(args: &ClusterArgs, rows: Matrix) -> usize {
    let (found, _) = match args.mixture {
        true => choose_count_by_bic(rows, COUNTS, Covariance::Full, args.seed),
        false => choose_count_by_silhouette(rows, COUNTS, args.seed),
    };
    found.unwrap_or(1)
}

fn clustered(args: &ClusterArgs, rows: Matrix, count: usize) -> Clusters {
    if args.mixture {
        let mixture = Mixture::fit(rows, count, Covariance::Full, args.seed);
        return Clusters {
            of: mixture.labels(rows),
            centres: mixture.means(),
        };
    }
    let found = k_means(rows, count, STARTS, args.seed);
    Clusters {
        of: found.labels,
        centres: found.centers,
    }
}

/// A sheet of decoded centres.
fn drawn(trained: &Trained, decoded: &Rows, data: &str) -> Figure {
    let ink = trained.test().two_valued();
    let tiles = decoded
        .iter()
        .map(|row| Some(tile(row, trained.shape(), ink)));
    sheet(&Sheet {
        title: format!(
            "Decoded centres of the clusters, {}",
            subject_on(trained, data)
        ),
        rows: vec![(String::new(), tiles.collect())],
        captions: (0..decoded.len())
            .map(|cluster| cluster.to_string())
            .collect(),
        wrap: sheet_columns(trained.shape()),
        ..Sheet::default()
    })
}

/// A line a sample.
fn lines(chosen: &Chosen, clusters: &[usize]) -> String {
    let mut text = format!("sample,caption,cluster{}\n", chosen.header());
    for (index, cluster) in clusters.iter().enumerate() {
        let _ = writeln!(
            text,
            "{index},{},{cluster}{}",
            csv_field(chosen.samples.caption(index)),
            chosen.cells(index)
        );
    }
    text
}
