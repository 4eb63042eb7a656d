//! Figures of scores: each sample beside the limit, and what the highest scores are made of.

use std::collections::HashSet;

use espejo_analysis::CurvePoint;
use espejo_pictures::{
    Bar, BarSeries, Bars, Curves, Figure, Panel, Series, Sheet, Tile, bars, compose, curves, sheet,
};
use espejo_train::{Trained, unit_rows};

use crate::detectors::Found;
use crate::figures::tile;
use crate::output::counted;
use crate::sample_columns::Chosen;
use crate::score_table::ScoreTable;
use crate::series_figure;

/// Samples of which each has its dot, and the grid that more of them are thinned by: a figure of millions of dots takes more memory than their scores.
const FEW: usize = 1 << 16;
const COLUMNS_OF_DOTS: usize = 512;
const ROWS_OF_DOTS: f64 = 256.0;
/// Images of the highest scores that are drawn.
const IMAGES: usize = 16;
/// Rows of the highest scores, and their columns with the greatest shares, that are drawn.
const ROWS: usize = 3;
const COLUMNS: usize = 12;

/// The figures that suit the samples; with known anomalies also how well each detector finds them.
pub fn all(
    trained: &Trained,
    table: &ScoreTable,
    found: &[Found],
) -> anyhow::Result<Vec<(&'static str, Figure)>> {
    let scores = match table.is_series {
        true => series_figure::over_time(trained, table)?,
        false => by_sample(table),
    };
    let mut figures = vec![("scores", scores)];
    if let (Some(labels), false) = (table.labels, found.is_empty()) {
        figures.push(("score-curves", detection(table, labels, found)));
    }
    if table.scores.shares.is_empty() {
        return Ok(figures);
    }
    figures.push(match table.names {
        [] => ("score-images", heat_maps(trained, table)?),
        _ => ("score-columns", columns(table)),
    });
    Ok(figures)
}

/// The score of each sample at its place, known anomalies apart from the others, and the limit. The order of samples means nothing: no
/// line joins them.
fn by_sample(table: &ScoreTable) -> Figure {
    let count = table.scores.values.len();
    let scores = || table.scores.values.iter().copied();
    let span = (
        scores().fold(f64::INFINITY, f64::min),
        scores().fold(f64::NEG_INFINITY, f64::max),
    );
    let cloud = |name: &str, anomalies: bool| {
        let is_anomaly = |index: usize| table.labels.is_some_and(|labels| labels[index]);
        let scores = table.scores.values.iter().enumerate();
        let own = scores.filter(|(index, _)| is_anomaly(*index) == anomalies);
        Series {
            name: name.to_owned(),
            points: dots(own.map(|(index, score)| (index, *score)), count, span),
            loose: true,
            ..Series::default()
        }
    };
    let series = match table.labels {
        None => vec![cloud("score", false)],
        Some(_) => vec![cloud("others", false), cloud("known anomalies", true)],
    };
    let limits = limits(table);
    curves(&Curves {
        title: format!("Scores, {}", table.subject),
        x_label: "sample".to_owned(),
        panels: vec![Panel {
            y_label: "score".to_owned(),
            series,
            baselines: limits,
            log_y: span.0 > 0.0,
            ..Panel::default()
        }],
        ..Curves::default()
    })
}

/// The places and scores of a figure: all of a few, of many the first in each cell of a grid, which is finer than what a figure shows. `span` is the
/// lowest and the highest score.
fn dots(
    scores: impl Iterator<Item = (usize, f64)>,
    count: usize,
    span: (f64, f64),
) -> Vec<(f64, f64)> {
    let height = |score: f64| if span.0 > 0.0 { score.ln() } else { score };
    let (low, high) = (height(span.0), height(span.1));
    let cell = |index: usize, score: f64| {
        let share = (height(score) - low) / (high - low).max(f64::MIN_POSITIVE);
        (
            index * COLUMNS_OF_DOTS / count,
            (share * ROWS_OF_DOTS) as usize,
        )
    };
    let mut taken = HashSet::new();
    let is_shown =
        |(index, score): &(usize, f64)| count <= FEW || taken.insert(cell(*index, *score));
    let shown = scores.filter(is_shown);
    shown.map(|(index, score)| (index as f64, score)).collect()
}

/// The ROC and the precision-recall curves of all detectors, one under the other.
fn detection(table: &ScoreTable, labels: &[bool], found: &[Found]) -> Figure {
    let anomalies = labels.iter().filter(|label| **label).count();
    let share = anomalies as f64 / labels.len() as f64;
    let series = |(name, points): (String, &[CurvePoint])| Series {
        name,
        points: points.to_vec(),
        ..Series::default()
    };
    let curve = |title: &str, labels: [&str; 2], series, baselines| {
        curves(&Curves {
            title: title.to_owned(),
            x_label: labels[0].to_owned(),
            panels: vec![Panel {
                y_label: labels[1].to_owned(),
                series,
                baselines,
                ..Panel::default()
            }],
            ..Curves::default()
        })
    };
    let chance = Series {
        name: "chance .5".to_owned(),
        points: vec![(0.0, 0.0), (1.0, 1.0)],
        dashed: true,
        ..Series::default()
    };
    let roc = found.iter().map(|found| series(found.roc()));
    let roc = curve(
        "ROC curves, area under them",
        ["false positive rate", "true positive rate"],
        roc.chain([chance]).collect(),
        Vec::new(),
    );
    let precision = found.iter().map(|found| series(found.precision_recall()));
    let precision = curve(
        "Precision-recall curves, average precision",
        ["recall", "precision"],
        precision.collect(),
        vec![(format!("share of anomalies {share:.3}"), share)],
    );
    let note = format!(
        "{anomalies} known anomalies among {}; 95 % intervals",
        counted(labels.len(), "sample")
    );
    let title = format!("Detection, {}", table.subject);
    compose(&title, Some(&note), &[vec![&roc], vec![&precision]])
}

/// The limit as a line to compare with; none where the false discovery rate decides, for then there is no one limit.
pub fn limits(table: &ScoreTable) -> Vec<(String, f64)> {
    let limit = &table.judgement.limit;
    match table.judgement.fdr {
        None => vec![(limit.threshold.to_string(), limit.value)],
        Some(_) => Vec::new(),
    }
}

/// The columns that add most to the highest scores.
fn columns(table: &ScoreTable) -> Figure {
    let highest = table.highest(ROWS);
    let shares = |column: usize| {
        let shares = highest
            .iter()
            .map(|index| table.scores.shares[*index][column]);
        shares.fold(f64::NEG_INFINITY, f64::max)
    };
    let mut order: Vec<usize> = (0..table.names.len()).collect();
    order.sort_by(|a, b| shares(*b).total_cmp(&shares(*a)));
    order.truncate(COLUMNS);
    let series = |index: &usize| BarSeries {
        name: caption(table, *index),
        bars: order
            .iter()
            .map(|column| Bar {
                value: table.scores.shares[*index][*column],
                ..Bar::default()
            })
            .collect(),
    };
    bars(&Bars {
        title: format!("What adds most to the highest scores, {}", table.subject),
        x_label: "column".to_owned(),
        y_label: "share of the score".to_owned(),
        groups: order
            .iter()
            .map(|column| table.names[*column].clone())
            .collect(),
        series: highest.iter().map(series).collect(),
        ..Bars::default()
    })
}

/// The images of the highest scores, their reconstructions, and where their errors are.
fn heat_maps(trained: &Trained, table: &ScoreTable) -> anyhow::Result<Figure> {
    let highest = table.highest(IMAGES);
    let mut images = Vec::with_capacity(highest.len());
    for index in &highest {
        let (part, place) = table.place(*index);
        images.extend(unit_rows(&part.samples.select(&[place]))?);
    }
    let outputs = trained.reconstruct(&images)?;
    let shape = trained.shape();
    let ink = trained.test().two_valued();
    let tiles = |rows: &[Vec<f32>]| -> Vec<Option<Tile>> {
        rows.iter().map(|row| Some(tile(row, shape, ink))).collect()
    };
    // Each map goes from no share to the greatest of all that are drawn, so that maps compare.
    let shares: Vec<&[f64]> = highest
        .iter()
        .map(|index| &table.scores.shares[*index][..shape.pixels()])
        .collect();
    let most = shares.iter().flat_map(|shares| shares.iter().copied());
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let map = |shares: &&[f64]| -> Vec<f32> {
        shares
            .iter()
            .map(|share| (share / most).sqrt() as f32)
            .collect()
    };
    let maps: Vec<Vec<f32>> = shares.iter().map(map).collect();
    let marks = highest
        .iter()
        .map(|index| Some(format!("{:.4}", table.scores.values[*index])));
    let none = vec![None; highest.len()];
    Ok(sheet(&Sheet {
        title: format!("The highest scores, {}", table.subject),
        captions: highest.iter().map(|index| caption(table, *index)).collect(),
        marks: vec![none.clone(), none, marks.collect()],
        rows: vec![
            ("image".to_owned(), tiles(&images)),
            ("output".to_owned(), tiles(&outputs)),
            ("share of score".to_owned(), tiles(&maps)),
        ],
        wrap: IMAGES / 2,
        key: "Under an image: its score. Bright: pixels that add much to it, the square root of their share".to_owned(),
        ..Sheet::default()
    }))
}

/// What a sample is called: a row by what names it, or by its number, an image by its caption.
fn caption(table: &ScoreTable, index: usize) -> String {
    let (Chosen { samples, .. }, place) = table.place(index);
    match (samples.row_name(place), samples.is_table()) {
        (Some(name), _) => name.to_owned(),
        (None, true) => format!("row {}", samples.row(place)),
        (None, false) => samples.caption(place).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_scores_one_is_drawn_in_each_cell() {
        let scores = |count: usize| (0..count).map(|index| (index, 1.0 + (index % 100) as f64));
        let of = |count| dots(scores(count), count, (1.0, 100.0));
        assert_eq!(of(FEW).len(), FEW);
        let many = of(16 * FEW);
        assert_eq!(many[..2], [(0.0, 1.0), (1.0, 2.0)]);
        // A hundred heights in each column; the lowest and the highest of all are among them.
        assert!(many.len() <= 100 * COLUMNS_OF_DOTS);
        for height in [1.0, 100.0] {
            assert!(many.iter().any(|(_, score)| *score == height));
        }
        // Scores that are all alike have no height.
        let alike = dots(
            (0..2 * FEW).map(|index| (index, -3.0)),
            2 * FEW,
            (-3.0, -3.0),
        );
        assert_eq!(alike.len(), COLUMNS_OF_DOTS);
    }
}
