//! The figures of a cross-validation: mean and deviation curves over the folds, ROC and precision-recall curves.

use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{Baseline, Fold, Folder, Pooled, Rows, Trained, folds_of, pooled};

use crate::figures::Made;
use crate::sample_kind::SampleKind;
use crate::titles::subject;

/// Measures that have a panel: name within a curve, title, vertical axis.
const PANELS: [(&str, &str, &str); 4] = [
    ("accuracy", "accuracy", "share of the samples"),
    ("rmse", "root mean squared error", "units of the target"),
    ("r2", "R²", "share of the variance"),
    ("squared_error", "squared error", "‖x − x̂‖² per sample"),
];

/// Every figure of a cross-validation, by its file name; none where the run has no folds.
pub fn all(trained: &Trained, folder: &Folder) -> anyhow::Result<Vec<Made>> {
    let folds = folds_of(folder)?;
    if folds.is_empty() {
        return Ok(Vec::new());
    }
    let mut figures = vec![("folds", Ok(courses(trained, &folds)))];
    let seed = trained.config().train.seed;
    let of = |outputs: fn(&Fold) -> &Rows| pooled(&folds, trained.test(), seed, outputs);
    let Some(model) = of(|fold| &fold.outputs).filter(|found| found.curves.is_some()) else {
        return Ok(figures);
    };
    let linear = of(|fold| &fold.linear);
    let both = Both {
        trained,
        model: &model,
        linear: linear.as_ref(),
    };
    figures.push(("roc", Ok(both.roc())));
    figures.push(("precision-recall", Ok(both.precision_recall())));
    Ok(figures)
}

/// Loss and measures by epoch: the mean over the folds, one standard deviation to each side shaded.
fn courses(trained: &Trained, folds: &[Fold]) -> Figure {
    let kind = SampleKind::of(trained.test());
    let unit = trained.prepared().spec.criterion.unit();
    let loss = ("loss", "loss", unit);
    let panel = |(key, title, y_label): (&str, &str, &str)| {
        let series: Vec<Series> = [("train", false), ("test", true)]
            .into_iter()
            .enumerate()
            .filter_map(|(colour, (part, dashed))| {
                let column = format!("{part}_{key}");
                let name = if dashed { "held out" } else { "train" };
                mean_and_deviation(folds, &column, name).map(|series| Series {
                    dashed,
                    colour: Some(colour),
                    ..series
                })
            })
            .collect();
        (!series.is_empty()).then(|| Panel {
            title: title.to_owned(),
            y_label: y_label.to_owned(),
            series,
            baselines: baselines(folds, key, kind),
            log_y: false,
        })
    };
    let panels = std::iter::once(loss).chain(PANELS).filter_map(panel);
    curves(&Curves {
        title: format!("Cross-validation, {}", subject(trained)),
        note: Some(format!(
            "mean over {} held-out folds, shaded: one standard deviation to each side; train: mean over the batches of an epoch",
            folds.len()
        )),
        x_label: "epoch".into(),
        panels: panels.collect(),
        ..Curves::default()
    })
}

/// A column of the courses of all folds; none where a fold does not have it.
fn mean_and_deviation(folds: &[Fold], column: &str, name: &str) -> Option<Series> {
    let columns: Vec<&Vec<f64>> = folds
        .iter()
        .map(|fold| fold.curve.columns.get(column))
        .collect::<Option<_>>()?;
    let epochs = &folds.first()?.curve.epochs;
    let count = columns.len() as f64;
    let (mut points, mut band) = (Vec::new(), Vec::new());
    for (at, epoch) in epochs.iter().enumerate() {
        let values: Vec<f64> = columns
            .iter()
            .filter_map(|column| column.get(at).copied())
            .collect();
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
        let x = *epoch as f64;
        points.push((x, mean));
        band.push((x, mean - deviation, mean + deviation));
    }
    Some(Series {
        name: name.to_owned(),
        points,
        band,
        ..Series::default()
    })
}

/// The mean of each baseline over the folds, as lines to compare with.
fn baselines(folds: &[Fold], key: &str, kind: SampleKind) -> Vec<(String, f64)> {
    let key = match key {
        "loss" => "cross_entropy",
        key => key,
    };
    let of = |fold: &Fold| fold.baselines.clone().unwrap_or_default();
    let first = folds.first().map(of).unwrap_or_default();
    let mean = |baseline: &Baseline| {
        let values: Option<Vec<f64>> = folds
            .iter()
            .map(|fold| {
                let found = fold.baselines.iter().flatten();
                found
                    .filter(|other| other.key == baseline.key)
                    .find_map(|other| other.get(key))
            })
            .collect();
        let values = values?;
        let sum: f64 = values.iter().sum();
        Some((baseline.name(kind.word()), sum / values.len() as f64))
    };
    first.iter().filter_map(mean).collect()
}

/// The net and the linear model, both on what they had not seen.
struct Both<'a> {
    trained: &'a Trained,
    model: &'a Pooled,
    linear: Option<&'a Pooled>,
}

impl Both<'_> {
    fn roc(&self) -> Figure {
        let series = |name: &str, pooled: &Pooled, is_model: bool| {
            let curves = pooled.curves.as_ref()?;
            Some(series(name, curves.roc_auc.value, &curves.roc, is_model))
        };
        let chance = Series {
            name: "chance".to_owned(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
            dashed: true,
            ..Series::default()
        };
        let mut all = self.series(&series);
        all.push(chance);
        self.figure(
            "ROC curve",
            ("false positive rate", "true positive rate"),
            all,
            Vec::new(),
        )
    }

    fn precision_recall(&self) -> Figure {
        let series = |name: &str, pooled: &Pooled, is_model: bool| {
            let curves = pooled.curves.as_ref()?;
            let (area, points) = (curves.average_precision.value, &curves.precision_recall);
            Some(series(name, area, points, is_model))
        };
        let counts = self.trained.test().class_counts();
        let share = counts[1] as f64 / counts.iter().sum::<usize>() as f64;
        let chance = vec![("chance".to_owned(), share)];
        let all = self.series(&series);
        self.figure("Precision and recall", ("recall", "precision"), all, chance)
    }

    /// The curve of the net, and that of the linear model.
    fn series(&self, of: &dyn Fn(&str, &Pooled, bool) -> Option<Series>) -> Vec<Series> {
        let model = of("model", self.model, true);
        let linear = self
            .linear
            .and_then(|linear| of("linear model", linear, false));
        model.into_iter().chain(linear).collect()
    }

    fn figure(
        &self,
        title: &str,
        (x, y): (&str, &str),
        series: Vec<Series>,
        baselines: Vec<(String, f64)>,
    ) -> Figure {
        let positive = &self.trained.test().classes()[1];
        curves(&Curves {
            title: format!("{title}, {}", subject(self.trained)),
            note: Some(format!(
                "ranked by p({positive}) of all held-out predictions; area beside the name; shaded: 95 % interval by {} draws of a \
                 bootstrap over samples",
                self.model.draws
            )),
            x_label: x.to_owned(),
            panels: vec![Panel {
                y_label: y.to_owned(),
                series,
                baselines,
                ..Panel::default()
            }],
            ..Curves::default()
        })
    }
}

/// A curve with its area beside its name; the interval is shaded for the model alone, so that both can be seen.
fn series(name: &str, area: f64, places: &[espejo_train::Place], is_model: bool) -> Series {
    let band = places.iter().filter(|_| is_model);
    Series {
        name: format!("{name} {area:.3}"),
        points: places.iter().map(|(x, y)| (*x, y.value)).collect(),
        band: band.map(|(x, y)| (*x, y.low, y.high)).collect(),
        ..Series::default()
    }
}
