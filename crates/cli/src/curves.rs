//! The training curves of a run, from `metrics.csv` and `run.json`.

use anyhow::Context;
use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{Baseline, Folder, Trained};

use crate::output::shown;
use crate::sample_kind::SampleKind;
use crate::titles::subject;

/// Column of the loss evaluations, which a training in double precision counts.
const EVALUATIONS: &str = "evaluations";

/// Loss per epoch, its terms, and the squared error beside the baselines.
pub fn loss(trained: &Trained, folder: &Folder, baselines: &[Baseline]) -> anyhow::Result<Figure> {
    let table = Columns::read(folder)?;
    let kind = SampleKind::of(trained.test());
    let baseline = |key: &str| lines(baselines, key, kind);
    let unit = trained.prepared().spec.criterion.unit();
    let mut panels = vec![Panel {
        title: "loss".into(),
        y_label: unit.into(),
        series: table.series(&[("train_loss", "train", false), ("test_loss", "test", true)]),
        baselines: baseline("reconstruction"),
        log_y: true,
    }];
    let terms: Vec<String> = table.terms();
    if terms.len() > 1 {
        let names: Vec<_> = terms
            .iter()
            .map(|term| (format!("train_{term}"), term.clone()))
            .collect();
        let columns: Vec<(&str, &str, bool)> = names
            .iter()
            .map(|(column, term)| (column.as_str(), term.as_str(), false))
            .collect();
        panels.push(Panel {
            title: "terms of the training loss, without their weights".into(),
            y_label: format!("per {}", kind.word()),
            series: table.series(&columns),
            baselines: Vec::new(),
            log_y: true,
        });
    }
    panels.push(Panel {
        title: "squared error".into(),
        y_label: format!("‖x − x̂‖² per {}", kind.word()),
        series: table.series(&[("test_squared_error", "test", true)]),
        baselines: baseline("squared_error"),
        log_y: true,
    });
    Ok(curves(&Curves {
        title: format!("Training, {}", subject(trained)),
        x_label: table.x().into(),
        log_x: table.x() == EVALUATIONS,
        panels,
        ..Curves::default()
    }))
}

/// Loss and accuracy of a classifier by epoch, or loss and error of a regressor, beside the baselines.
pub fn prediction(
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
) -> anyhow::Result<Figure> {
    let table = Columns::read(folder)?;
    let kind = SampleKind::of(trained.test());
    let spec = &trained.prepared().spec;
    let mut panels = vec![Panel {
        title: "loss".into(),
        y_label: spec.criterion.unit().into(),
        series: table.series(&[("train_loss", "train", false), ("test_loss", "test", true)]),
        baselines: lines(baselines, "cross_entropy", kind),
        log_y: true,
    }];
    let measures = [
        ("accuracy", "accuracy", "share of the samples"),
        ("rmse", "root mean squared error", "units of the target"),
    ];
    for (key, title, y_label) in measures {
        let (train, test) = (format!("train_{key}"), format!("test_{key}"));
        let columns = [
            (train.as_str(), "train", false),
            (test.as_str(), "test", true),
        ];
        let series = table.series(&columns);
        if !series.is_empty() {
            panels.push(Panel {
                title: title.into(),
                y_label: y_label.into(),
                series,
                baselines: lines(baselines, key, kind),
                log_y: false,
            });
        }
    }
    Ok(curves(&Curves {
        title: format!("Training, {}", subject(trained)),
        x_label: table.x().into(),
        log_x: false,
        panels,
        ..Curves::default()
    }))
}

/// What the baselines have of a measure, as lines to compare with.
fn lines(baselines: &[Baseline], key: &str, kind: SampleKind) -> Vec<(String, f64)> {
    let line = |baseline: &Baseline| Some((baseline.name(kind.word()), baseline.get(key)?));
    baselines.iter().filter_map(line).collect()
}

/// The columns of `metrics.csv`.
struct Columns {
    names: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
}

impl Columns {
    fn read(folder: &Folder) -> anyhow::Result<Self> {
        let path = folder.path().join("metrics.csv");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", shown(&path)))?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        let names = lines
            .next()
            .unwrap_or("")
            .split(',')
            .map(str::to_owned)
            .collect();
        let rows = lines
            .map(|line| line.split(',').map(|cell| cell.parse().ok()).collect())
            .collect();
        Self { names, rows }
    }

    /// The terms of the objective, from the column names.
    fn terms(&self) -> Vec<String> {
        let terms = self
            .names
            .iter()
            .filter_map(|name| name.strip_prefix("train_"));
        terms
            .filter(|term| *term != "loss")
            .map(str::to_owned)
            .collect()
    }

    /// Column of the x axis: epochs, or loss evaluations where they are counted.
    fn x(&self) -> &'static str {
        let costs = self.names.iter().any(|name| name == EVALUATIONS);
        if costs { EVALUATIONS } else { "epoch" }
    }

    /// One curve for each (column, name, dashed).
    fn series(&self, columns: &[(&str, &str, bool)]) -> Vec<Series> {
        let find = |column: &str| self.names.iter().position(|name| name == column);
        let x = find(self.x()).unwrap_or(0);
        let curve = |(column, name, dashed): &(&str, &str, bool)| {
            let index = find(column)?;
            let point = |row: &Vec<Option<f64>>| Some(((*row.get(x)?)?, (*row.get(index)?)?));
            Some(Series {
                name: (*name).to_owned(),
                points: self.rows.iter().filter_map(point).collect(),
                dashed: *dashed,
                ..Series::default()
            })
        };
        columns.iter().filter_map(curve).collect()
    }
}
