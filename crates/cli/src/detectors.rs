//! How well the score finds known anomalies, beside detectors that need no autoencoder.

use std::fmt::Write as _;

use espejo_analysis::{
    CurvePoint, IsolationForest, Mahalanobis, Matrix, Neighbor, average_precision,
    average_precision_interval, nearest, precision_at, precision_recall_curve, roc_auc, roc_curve,
};
use espejo_data::Samples;
use espejo_train::{Pca, Rows, Trained, over_rows, squared_error};
use serde_json::{Value, json};

use crate::known_values::filled;
use crate::output::usage;
use crate::sample_columns::Chosen;

/// Training samples that other detectors learn from, at most, evenly spread: distances to all of many take minutes.
const LEARNED: usize = 20_000;
/// The neighbour whose distance is a score.
const NEIGHBOR: usize = 5;
/// The seed of the isolation forest.
const SEED: u64 = 1;

/// How well one detector finds known anomalies.
#[derive(Clone, Debug)]
pub struct Found {
    name: String,
    auc: (f64, f64, f64),
    average_precision: (f64, f64, f64),
    /// The ROC curve and the precision-recall curve.
    curves: [Vec<CurvePoint>; 2],
    /// The share of anomalies among as many of the highest scores as there are anomalies, with its interval.
    precision: (f64, f64, f64),
}

impl Found {
    fn of(name: &str, scores: &[f64], labels: &[bool]) -> Option<Self> {
        let auc = roc_auc(scores, labels)?;
        let anomalies = labels.iter().filter(|label| **label).count();
        let precision = precision_at(scores, labels, anomalies)?;
        let average_precision = average_precision(scores, labels)?;
        let (low, high) = average_precision_interval(average_precision, anomalies);
        Some(Self {
            name: name.to_owned(),
            auc: (auc.value, auc.low, auc.high),
            average_precision: (average_precision, low, high),
            curves: [
                roc_curve(scores, labels)?,
                precision_recall_curve(scores, labels)?,
            ],
            precision: (precision.value, precision.low, precision.high),
        })
    }

    /// The ROC curve, and its name with the area under it.
    pub fn roc(&self) -> (String, &[CurvePoint]) {
        (self.named(self.auc), &self.curves[0])
    }

    /// The precision-recall curve, and its name with the average precision.
    pub fn precision_recall(&self) -> (String, &[CurvePoint]) {
        (self.named(self.average_precision), &self.curves[1])
    }

    /// The name with a number and its interval, short enough to stand beside a curve.
    fn named(&self, (value, low, high): (f64, f64, f64)) -> String {
        let name = match self.name.as_str() {
            "isolation forest" => "forest",
            "k-nearest neighbours" => "neighbours",
            "Mahalanobis distance" => "Mahalanobis",
            "PCA of as many dimensions" => "PCA",
            name => name,
        };
        let [value, low, high] = [value, low, high].map(short);
        format!("{name} {value} ({low}–{high})")
    }

    /// The numbers as one object.
    pub fn as_json(&self) -> Value {
        json!({
            "detector": self.name,
            "roc_auc": self.auc.0,
            "roc_auc_low": self.auc.1,
            "roc_auc_high": self.auc.2,
            "average_precision": self.average_precision.0,
            "average_precision_low": self.average_precision.1,
            "average_precision_high": self.average_precision.2,
            "precision": self.precision.0,
            "precision_low": self.precision.1,
            "precision_high": self.precision.2,
        })
    }
}

/// A share in three digits, without the 0 before the point.
fn short(share: f64) -> String {
    let text = format!("{share:.3}");
    text.strip_prefix('0').unwrap_or(&text).to_owned()
}

/// Holds the scores of the run and of other detectors, which learn from the training part, against known anomalies. Of windows over a series the
/// scores and labels are those of the rows that they cover, also of the other detectors.
pub fn compare(
    trained: &Trained,
    parts: &[Chosen],
    scores: &[f64],
    labels: &[bool],
) -> anyhow::Result<Vec<Found>> {
    let Some(own) = Found::of("this run", scores, labels) else {
        return Err(usage(
            "all of the scored samples are known anomalies, or none is",
            "score samples of both kinds, or leave `--outliers` out",
        ));
    };
    let learned = spread(&trained.prepared().train);
    let train = filled(&learned)?;
    let mut rows = Vec::new();
    for part in parts {
        rows.extend(filled(&part.samples)?);
    }
    let columns = trained.shape().pixels();
    let (matrix, other) = (Matrix::new(&train, columns), Matrix::new(&rows, columns));
    let others = [
        (
            "isolation forest",
            IsolationForest::fit(matrix, SEED).scores(other),
        ),
        (
            "k-nearest neighbours",
            farthest(nearest(matrix, other, NEIGHBOR)),
        ),
        (
            "Mahalanobis distance",
            Mahalanobis::fit(matrix).scores(other),
        ),
        (
            "PCA of as many dimensions",
            beside_components(trained.latent(), matrix, other),
        ),
    ];
    let found = others
        .iter()
        .filter_map(|(name, scores)| Found::of(name, &on_rows(parts, scores), labels));
    Ok([own].into_iter().chain(found).collect())
}

/// Scores of the samples of all parts, brought to the rows that they cover.
fn on_rows(parts: &[Chosen], scores: &[f64]) -> Vec<f64> {
    let mut rest = scores;
    let mut all = Vec::with_capacity(scores.len());
    for Chosen { samples, .. } in parts {
        let (of_part, others) = rest.split_at(samples.len());
        all.extend(over_rows(samples, of_part));
        rest = others;
    }
    all
}

/// The distance of the farthest of each row's nearest ones.
fn farthest(neighbors: Vec<Vec<Neighbor>>) -> Vec<f64> {
    let distance = |found: Vec<Neighbor>| found.last().map_or(0.0, |neighbor| neighbor.distance);
    neighbors.into_iter().map(distance).collect()
}

/// What projections on `count` principal components of the training rows leave of each row.
fn beside_components(count: usize, train: Matrix, rows: Matrix) -> Vec<f64> {
    let train: Rows = train.rows().map(<[f32]>::to_vec).collect();
    let pca = Pca::fit(&train, count);
    rows.rows()
        .map(|row| squared_error(&pca.project(row), row))
        .collect()
}

/// Samples, evenly spread, as many as other detectors learn from.
fn spread(samples: &Samples) -> Samples {
    if samples.len() <= LEARNED {
        return samples.clone();
    }
    let places: Vec<usize> = (0..LEARNED).map(|i| i * samples.len() / LEARNED).collect();
    samples.select(&places)
}

/// The numbers of all detectors, a line each.
pub fn table(found: &[Found]) -> String {
    let width = found
        .iter()
        .map(|found| found.name.len())
        .max()
        .unwrap_or(0);
    let mut text = format!(
        "{:<width$}  {:>26}  {:>26}  {:>26}",
        "", "ROC AUC (95 % interval)", "average precision", "precision at as many"
    );
    for Found {
        name,
        auc,
        average_precision,
        precision,
        ..
    } in found
    {
        let interval =
            |(value, low, high): (f64, f64, f64)| format!("{value:.4} ({low:.4} to {high:.4})");
        let _ = write!(
            text,
            "\n{name:<width$}  {:>26}  {:>26}  {:>26}",
            interval(*auc),
            interval(*average_precision),
            interval(*precision)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_beside_a_curve_has_its_whole_interval() {
        let labels = [true, true, false, false];
        let found = Found::of("Mahalanobis distance", &[4.0, 3.0, 2.0, 1.0], &labels);
        let found = found.expect("both classes are there");
        assert_eq!(found.roc().0, "Mahalanobis 1.000 (1.000–1.000)");
        assert_eq!(short(0.0624), ".062");
    }
}
