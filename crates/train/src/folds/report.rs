//! The `folds` part of `run.json`.

use std::collections::BTreeMap;

use espejo_analysis::Estimate;
use espejo_data::Samples;
use serde::{Deserialize, Serialize};

use super::training::POSITIVE;
use super::{Fold, Pooled, pooled};
use crate::baselines::Baseline;
use crate::config::RunConfig;
use crate::host_rows::Rows;
use crate::metrics::{Measure, Metrics};

/// Measures that are no number of a fold on its own.
const NO_MEASURES: [&str; 3] = ["compared_with", "accuracy_low", "accuracy_high"];

/// What a cross-validation says of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FoldsReport {
    /// Folds of a repeat.
    pub folds: usize,
    /// Repeats.
    pub repeats: usize,
    /// Whether each class is in each fold in its proportion.
    pub stratified: bool,
    /// The class whose probability ranks samples, of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive: Option<String>,
    /// Draws of the bootstrap over samples that intervals stand on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draws: Option<usize>,
    /// Seconds of all folds.
    pub seconds: f64,
    /// The nets on what was held out, by measure: `loss`, `accuracy`, `rmse`, ...
    pub measures: BTreeMap<String, FoldMeasure>,
    /// What one gets without training on the same folds, by baseline and measure.
    pub baselines: BTreeMap<String, BTreeMap<String, FoldMeasure>>,
    /// Every fold.
    pub each: Vec<FoldEntry>,
}

/// A measure over all folds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FoldMeasure {
    /// The mean over all folds of all repeats.
    pub mean: f64,
    /// The standard deviation over them, n - 1 below.
    pub sd: f64,
    /// That of the predictions of all folds together, mean over the repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooled: Option<f64>,
    /// The lower end of the 95 % interval of `pooled`, by the bootstrap over samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The upper end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// One fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldEntry {
    /// The repeat, counted from 1.
    pub repeat: usize,
    /// The fold in it, counted from 1.
    pub fold: usize,
    /// The seed: `--fold` with it trains this net alone.
    pub seed: u64,
    /// Samples that were learned.
    pub train: usize,
    /// Samples that were held out.
    pub test: usize,
    /// Seconds.
    pub seconds: f64,
    /// What was measured on what was held out.
    pub metrics: Metrics,
}

impl FoldsReport {
    /// The nets and their baselines on samples that they have not seen, as one evaluation: the means over the folds.
    pub fn means(&self) -> (Metrics, Vec<Baseline>) {
        let mean = |name: &str| self.measures.get(name).map(|measure| measure.mean);
        let terms = self
            .each
            .first()
            .map_or(&[][..], |fold| &fold.metrics.terms);
        let mut metrics = Metrics {
            loss: mean("loss").unwrap_or(f64::NAN),
            terms: terms
                .iter()
                .filter_map(|(name, _)| Some((name.clone(), mean(name)?)))
                .collect(),
            measures: means(&self.measures),
        };
        // What differs by less than the interval of all held-out predictions may be chance.
        if let Some(accuracy) = self.measures.get("accuracy") {
            let ends = [
                ("accuracy_low", accuracy.low),
                ("accuracy_high", accuracy.high),
            ];
            let ends = ends.map(|(name, end)| Some(Measure::new(name, end?)));
            metrics.measures.extend(ends.into_iter().flatten());
        }
        let baselines = self.baselines.iter().map(|(key, measures)| Baseline {
            key: key.clone(),
            measures: means(measures),
        });
        (metrics, baselines.collect())
    }
}

/// The means as measures.
fn means(measures: &BTreeMap<String, FoldMeasure>) -> Vec<Measure> {
    let named = measures.iter().filter(|(name, _)| *name != "loss");
    named
        .map(|(name, measure)| Measure::new(name, measure.mean))
        .collect()
}

impl FoldMeasure {
    /// The mean and the deviation of these numbers, of which there is one at least.
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            sd: (squares / (count - 1.0).max(1.0)).sqrt(),
            ..Self::default()
        }
    }

    fn with(&mut self, estimate: Estimate) {
        self.pooled = Some(estimate.value);
        (self.low, self.high) = (Some(estimate.low), Some(estimate.high));
    }
}

/// What the folds of a run say together; `samples` are those that were dealt out.
pub(super) fn report(config: &RunConfig, folds: &[Fold], samples: &Samples) -> FoldsReport {
    let (repeats, of) = config.folds().unwrap_or_default();
    let mut report = FoldsReport {
        folds: of,
        repeats,
        stratified: samples.classes().len() > 1 && config.data.group.is_none(),
        seconds: folds.iter().map(|fold| fold.seconds).sum(),
        measures: measures(folds, &|fold| named(&fold.metrics.test)),
        each: folds.iter().map(entry).collect(),
        ..FoldsReport::default()
    };
    let known = folds.first().and_then(|fold| fold.baselines.as_ref());
    for key in known.into_iter().flatten().map(|baseline| &baseline.key) {
        let of_baseline = measures(folds, &|fold| {
            let mut found = fold.baselines.iter().flatten();
            let found = found.find(|baseline| baseline.key == *key);
            let measures = found.into_iter().flat_map(|baseline| &baseline.measures);
            measures
                .map(|measure| (measure.name.clone(), measure.value))
                .collect()
        });
        report.baselines.insert(key.clone(), of_baseline);
    }
    let of = |outputs: fn(&Fold) -> &Rows| pooled(folds, samples, config.train.seed, outputs);
    if let Some(found) = of(|fold| &fold.outputs) {
        add(&mut report.measures, &found);
        report.draws = Some(found.draws);
        if found.curves.is_some() {
            report.positive = samples.classes().get(POSITIVE).cloned();
        }
        let linear = report.baselines.get_mut("linear");
        if let Some((measures, found)) = linear.zip(of(|fold| &fold.linear)) {
            add(measures, &found);
        }
    }
    report
}

/// Puts what all predictions together say beside the means.
fn add(measures: &mut BTreeMap<String, FoldMeasure>, found: &Pooled) {
    let curves = found.curves.as_ref();
    let estimates = [
        ("accuracy", Some(found.accuracy)),
        ("cross_entropy", Some(found.cross_entropy)),
        ("roc_auc", curves.map(|curves| curves.roc_auc)),
        (
            "average_precision",
            curves.map(|curves| curves.average_precision),
        ),
    ];
    for (name, estimate) in estimates {
        if let Some((measure, estimate)) = measures.get_mut(name).zip(estimate) {
            measure.with(estimate);
        }
    }
}

/// Numbers by name.
type Named = Vec<(String, f64)>;

/// Every measure that each fold has, over the folds.
fn measures(folds: &[Fold], of: &dyn Fn(&Fold) -> Named) -> BTreeMap<String, FoldMeasure> {
    let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, value) in folds.iter().flat_map(of) {
        columns.entry(name).or_default().push(value);
    }
    let whole = columns.into_iter().filter(|(name, values)| {
        values.len() == folds.len() && !NO_MEASURES.contains(&name.as_str())
    });
    whole
        .map(|(name, values)| (name, FoldMeasure::of(&values)))
        .collect()
}

fn named(metrics: &Metrics) -> Named {
    let terms = metrics.terms.iter().cloned();
    let measures = metrics.measures.iter();
    let measures = measures.map(|measure| (measure.name.clone(), measure.value));
    let loss = ("loss".to_owned(), metrics.loss);
    std::iter::once(loss).chain(terms).chain(measures).collect()
}

fn entry(fold: &Fold) -> FoldEntry {
    FoldEntry {
        repeat: fold.repeat,
        fold: fold.fold,
        seed: fold.seed,
        train: fold.train,
        test: fold.rows.len(),
        seconds: fold.seconds,
        metrics: fold.metrics.test.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let found = FoldMeasure::of(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(found.mean, 3.0);
        assert!((found.sd - (14.0_f64 / 3.0).sqrt()).abs() < 1e-15);
        assert_eq!(FoldMeasure::of(&[4.0]).sd, 0.0);
    }
}
