//! `espejo score`: how unusual each sample is, held against a limit.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use espejo_analysis::Threshold;
use espejo_pictures::Figure;
use espejo_train::{Folder, ScoreKind, ScoreRule, Scores, Trained, write_file_by};

use crate::calibration::{self, Asked, Calibration, Ordinary};
use crate::choose_samples::{PartedArgs, scored_passing};
use crate::drawing::Drawn;
use crate::figure_file::{DrawArgs, has_ending, save_as};
use crate::judgement::{Judgement, Limit};
use crate::open_run::{open_for, open_with_data};
use crate::output::{self, shown, usage};
use crate::sample_columns::{Chosen, scored_rows};
use crate::score_table::ScoreTable;
use crate::titles::subject_on;
use crate::{detectors, figures, outliers, score_figures, stored_threshold};

/// Draws of the code where nobody says how many.
const DRAWS: usize = 64;

/// Limit for a run that has none yet.
const DEFAULT_THRESHOLD: Threshold = Threshold::Quantile(0.99);

/// What is said of p-values along a series.
const DEPENDENT: &str = "note: rows beside each other share windows, so that their p-values depend on each other: a rate is kept on average over many \
     series, and `--fdr` promises nothing";

/// The arguments of `espejo score`.
#[derive(Args)]
pub struct ScoreArgs {
    #[command(flatten)]
    pub chosen: PartedArgs,
    /// What is measured: `squared-error`, `loss` (the run's own, as cross-entropy in nats), and for a `vae` `elbo` (negative
    /// evidence lower bound) or `iw-bound` (importance-weighted)
    #[arg(long, value_name = "KIND", default_value = "squared-error")]
    pub score: ScoreKind,
    /// Draws of the code for `elbo` and `iw-bound` [default: 64]
    #[arg(long, value_name = "K")]
    pub draws: Option<usize>,
    /// Seed of these draws, and of `--calibrate half`
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Limit above which a sample is flagged: `quantile:.99`, `mean+sd`, `mean+3sd`, `mad:3.5`, `best-f1`, `conformal:.05`
    /// [default: that of the last time, else `quantile:.99`]
    #[arg(long, value_name = "RULE")]
    pub threshold: Option<Threshold>,
    /// Flag by p-values so that at most this share of the flagged are ordinary samples (Benjamini-Hochberg)
    #[arg(long, value_name = "RATE", conflicts_with = "threshold")]
    pub fdr: Option<f64>,
    /// Ordinary samples that the limit is made from: `train`, `test`, `half` (one half of the scored, drawn by the seed), or
    /// other data [default: the held-out part of the run where it is not scored itself, else `train`]
    #[arg(long, value_name = "PART|DATA")]
    pub calibrate: Option<Calibration>,
    /// Classes that are anomalies, to measure how well the score finds them, beside other detectors [default: of a series with
    /// `--label` the class `1`]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub outliers: Vec<String>,
    /// Print only the N samples with the highest scores, the highest first
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Add what each column adds to the score of a row; for images draw where their errors are
    #[arg(long)]
    pub explain: bool,
    /// Write the scores to this CSV file in place of stdout, or the figures to this file alone (`.png`, `.svg`)
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub draw: DrawArgs,
}

/// Scores samples and prints them as CSV.
pub fn score(args: &ScoreArgs, json: bool) -> anyhow::Result<()> {
    let is_known = |path: &PathBuf| has_ending(path, &["csv", "png", "svg"]);
    if let Some(path) = args.to.as_ref().filter(|path| !is_known(path)) {
        let message = format!("`--to` is `{}`", path.display());
        let hint =
            "give a file ending in `.csv` for the scores, or in `.png` or `.svg` for the figures";
        return Err(usage(message, hint));
    }
    if args.draws.is_some() && !args.score.draws_codes() {
        let message = format!(
            "`--draws` is for `elbo` and `iw-bound`, and this is `{}`",
            args.score.name()
        );
        return Err(usage(message, "leave it out, or add `--score elbo`"));
    }
    let is_figure = |path: &&PathBuf| has_ending(path, &["png", "svg"]);
    let (figure_file, csv_file) = match &args.to {
        Some(path) if is_figure(&path) => (Some(path), None),
        to => (None, to.as_ref()),
    };
    if let Some(path) = figure_file.filter(|_| args.draw.no_figures) {
        let message = format!(
            "`--to {}` asks for a figure, and `--no-figures` for none",
            shown(path)
        );
        return Err(usage(message, "leave one of them out"));
    }
    let (folder, trained) = opened(args)?;
    let rule = ScoreRule {
        kind: args.score,
        draws: args.draws.unwrap_or(DRAWS),
        seed: args.seed,
    };
    let threshold = chosen_threshold(args, &folder)?;
    let asked = Asked {
        calibration: args.calibrate.clone(),
        needs_untrained: matches!(threshold, Threshold::Conformal(_)),
        seed: args.seed,
    };
    let (parts, scores, calibration) = chosen_and_scored(args, &trained, rule, &asked)?;
    let is_series = trained.test().window().is_some();
    let rows: Vec<Chosen> = parts.iter().map(on_rows).collect();
    let names = anomalies(args, &rows, is_series);
    let labels = outliers::of_parts(&names, &rows)?;
    let scores = match scores {
        Some(scores) => scores,
        None => scored(&trained, &parts, rule, args.explain)?,
    };
    let limit = Limit::of(&trained, &calibration, rule, threshold, &names)?;
    let judgement = Judgement::new(&scores.values, limit, args.fdr);
    let found = match &labels {
        Some(labels) => detectors::compare(&trained, &parts, &scores.values, labels)?,
        None => Vec::new(),
    };
    let table = ScoreTable {
        parts: &rows,
        is_series,
        scores: &scores,
        judgement: &judgement,
        labels: labels.as_deref(),
        names: &share_names(&trained, &scores),
        subject: &subject_on(&trained, &args.chosen.samples.shown_data(&trained)),
    };
    let order = table.order(args.top)?;
    let draw = || match (args.draw.no_figures, figure_file) {
        (true, _) => Drawn::default(),
        (false, path) => drawn(&folder, path, score_figures::all(&trained, &table, &found)),
    };
    // Kept once all is said. The false discovery rate is no rule for a limit.
    let keep = || match args.fdr {
        None => stored_threshold::write(&folder, rule.kind, &judgement.limit),
        Some(_) => Ok(()),
    };
    if json {
        let drawn = draw();
        output::json(&table.as_json(&order, rule, &found, drawn.files()))?;
        keep()?;
        return drawn.end();
    }
    output::message(&table.summary(rule.kind.name(), &found));
    if is_series && judgement.p.is_some() {
        output::message(DEPENDENT);
    }
    let write = |out: &mut dyn Write| table.write_csv(&order, out);
    match csv_file {
        None => output::written(write)?,
        Some(path) => {
            write_file_by(path, write)?;
            output::text(&format!("{}\n", shown(path)))?;
        }
    }
    keep()?;
    let drawn = draw();
    drawn.tell();
    drawn.end()
}

/// Writes figures into the run, or to the file that was asked for.
fn drawn(
    folder: &Folder,
    to: Option<&PathBuf>,
    figures: anyhow::Result<Vec<(&'static str, Figure)>>,
) -> Drawn {
    match (figures, to) {
        (Err(error), _) => Drawn::failed(error),
        (Ok(figures), None) => figures::save_all(folder, &figures),
        (Ok(figures), Some(path)) => save_as(path, &figures).into(),
    }
}

/// The samples to score and the ordinary ones, and the scores where rows were scored as they were read: nothing but those is kept of them.
fn chosen_and_scored(
    args: &ScoreArgs,
    trained: &Trained,
    rule: ScoreRule,
    asked: &Asked,
) -> anyhow::Result<(Vec<Chosen>, Option<Scores>, Ordinary)> {
    // Shares, other detectors and a half that calibrates need the rows themselves.
    let needs_rows =
        args.explain || !args.outliers.is_empty() || asked.calibration == Some(Calibration::Half);
    let passed = match needs_rows {
        true => None,
        false => scored_passing(trained, &args.chosen, rule)?,
    };
    let Some(passed) = passed else {
        let (parts, ordinary) = calibration::choose(trained, &args.chosen, asked)?;
        return Ok((parts, None, ordinary));
    };
    let rows = Chosen {
        samples: passed.data.samples,
        part: None,
    };
    let (parts, ordinary) = calibration::choose_for(trained, &args.chosen, asked, vec![rows])?;
    let scores = Scores {
        values: passed.scores,
        shares: Vec::new(),
    };
    Ok((parts, Some(scores), ordinary))
}

/// Opens the run; its own data need not be there where nothing of it is asked for.
fn opened(args: &ScoreArgs) -> anyhow::Result<(Folder, Trained)> {
    let elsewhere = matches!(
        args.calibrate,
        Some(Calibration::Half | Calibration::Data(_))
    );
    let compared = args.chosen.samples.label.is_some() || !args.outliers.is_empty();
    match elsewhere && !compared {
        true => open_for(&args.chosen.samples),
        false => open_with_data(&args.chosen.samples),
    }
}

/// The rule of the arguments, else that of the last time, else the default.
fn chosen_threshold(args: &ScoreArgs, folder: &Folder) -> anyhow::Result<Threshold> {
    match (args.fdr, args.threshold) {
        (Some(rate), _) if !(rate > 0.0 && rate < 1.0) => Err(usage(
            format!("`--fdr` is {rate}"),
            "give a share between 0 and 1, as in `--fdr .1`",
        )),
        // The p-values of this rule are used, and not its limit.
        (Some(rate), _) => Ok(Threshold::Conformal(rate)),
        (None, Some(threshold)) => Ok(threshold),
        (None, None) => {
            Ok(stored_threshold::read(folder, args.score)?.unwrap_or(DEFAULT_THRESHOLD))
        }
    }
}

/// The samples that get a score each.
fn on_rows(part: &Chosen) -> Chosen {
    Chosen {
        samples: scored_rows(&part.samples),
        part: part.part,
    }
}

/// The classes that are anomalies: those named, or of a series that of 1 in the column that was asked for.
fn anomalies(args: &ScoreArgs, rows: &[Chosen], is_series: bool) -> Vec<String> {
    if !args.outliers.is_empty() || !is_series || args.chosen.samples.label.is_none() {
        return args.outliers.clone();
    }
    let names = outliers::usual(rows);
    output::message(&match names.first() {
        Some(name) => format!("note: rows of class `{name}` are taken for anomalies"),
        None => "note: no anomalies are known: name their class with `--outliers`".to_owned(),
    });
    names
}

/// The scores of all parts, one after the other.
fn scored(
    trained: &Trained,
    parts: &[Chosen],
    rule: ScoreRule,
    explain: bool,
) -> anyhow::Result<Scores> {
    let mut all = Scores {
        values: Vec::new(),
        shares: Vec::new(),
    };
    for part in parts {
        let scores = trained.score_rows(&part.samples, rule, explain)?;
        all.values.extend(scores.values);
        all.shares.extend(scores.shares);
    }
    Ok(all)
}

/// What each share of a score belongs to: the columns of a table or series, and the dimensions of the code after them. Empty
/// for images, and where shares were not asked for.
fn share_names(trained: &Trained, scores: &Scores) -> Vec<String> {
    let columns = trained.test().points().columns();
    match scores.shares.first() {
        Some(shares) if !columns.is_empty() => {
            let codes =
                (1..=shares.len() - columns.len()).map(|dimension| format!("kl of z{dimension}"));
            columns.iter().cloned().chain(codes).collect()
        }
        _ => Vec::new(),
    }
}
