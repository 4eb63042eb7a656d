//! The training curves of a run, from `metrics.csv` and `run.json`.

use anyhow::Context;
use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{Baseline, Folder, Trained, read_text};

use crate::output::shown;
use crate::sample_kind::SampleKind;
use crate::titles::subject;

/// Column of the loss evaluations, which a training in double precision counts.
const EVALUATIONS: &str = "evaluations";

/// Points of a curve above which its running mean is drawn over it.
const MANY: usize = 1000;
/// Running means are taken over this share of a curve.
const SMOOTHED: usize = 100;
/// Colours of the two parts of the data, the same in every panel.
const TRAIN: usize = 0;
const TEST: usize = 1;

/// The course of a training as a figure: [`course_of_loss`].
pub fn loss(trained: &Trained, folder: &Folder, baselines: &[Baseline]) -> anyhow::Result<Figure> {
    Ok(curves(&course_of_loss(trained, folder, baselines)?))
}

/// The course of the training of a net with targets as a figure: [`course_of_prediction`].
pub fn prediction(
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
) -> anyhow::Result<Figure> {
    Ok(curves(&course_of_prediction(trained, folder, baselines)?))
}

/// Loss per epoch, its terms, and the squared error beside the baselines.
pub fn course_of_loss(
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
) -> anyhow::Result<Curves> {
    let table = Columns::read(folder)?;
    let prepared = trained.prepared();
    let held_out = prepared.held_out;
    let kind = SampleKind::of(trained.test());
    let baseline = |key: &str| lines(baselines, key, kind);
    let unit = prepared.spec.criterion.unit();
    let mut panels = vec![Panel {
        title: "loss".into(),
        y_label: unit.into(),
        series: table.both("loss", held_out),
        baselines: baseline("reconstruction"),
        log_y: true,
    }];
    let terms: Vec<String> = table.terms();
    if terms.len() > 1 {
        panels.extend(terms.iter().map(|term| Panel {
            title: format!("{}, a term of the loss, unweighted", term_name(term)),
            y_label: format!("per {}", kind.word()),
            series: table.both(term, held_out),
            baselines: Vec::new(),
            log_y: true,
        }));
    }
    // Measured after the epoch; where nothing was held out, on the samples that were learned.
    let measured = match held_out {
        true => ("test_squared_error", "test", TEST),
        false => ("test_squared_error", "train", TRAIN),
    };
    panels.push(Panel {
        title: "squared error".into(),
        y_label: format!("‖x − x̂‖² per {}", kind.word()),
        series: table.series(&[measured]),
        baselines: baseline("squared_error"),
        log_y: true,
    });
    Ok(Curves {
        title: format!("Training, {}", subject(trained)),
        note: Some(note(trained, &panels)).filter(|note| !note.is_empty()),
        x_label: table.x().into(),
        log_x: table.x() == EVALUATIONS,
        panels,
        ..Curves::default()
    })
}

/// A term of the loss as people read it.
fn term_name(term: &str) -> String {
    match term {
        "kl" => "KL divergence from the prior".to_owned(),
        _ => term.replace('_', " "),
    }
}

/// How the curves were measured, without which a reader takes differences of method for differences of the model.
fn note(trained: &Trained, panels: &[Panel]) -> String {
    let classical = trained.config().train.is_classical();
    let mut note = match (trained.prepared().held_out, classical) {
        (true, true) => String::new(),
        (true, false) => {
            "train: mean over the batches of an epoch, while the weights change; test: \
                          measured after the epoch, so that it can lie below train"
                .to_owned()
        }
        (false, true) => "no part was held out: all curves are of the training set".to_owned(),
        (false, false) => {
            "no part was held out: all curves are of the training set; the loss is the \
                           mean over the batches of an epoch, while the weights change"
                .to_owned()
        }
    };
    let windows = panels.iter().flat_map(|panel| &panel.series);
    if let Some(window) = windows.map(|series| series.smooth).max().filter(|w| *w > 1) {
        let sign = if note.is_empty() { "" } else { "; " };
        note += &format!("{sign}strong line: running mean of {window} epochs");
    }
    note
}

/// Loss and accuracy of a classifier by epoch, or loss and error of a regressor, beside the baselines.
pub fn course_of_prediction(
    trained: &Trained,
    folder: &Folder,
    baselines: &[Baseline],
) -> anyhow::Result<Curves> {
    let table = Columns::read(folder)?;
    let kind = SampleKind::of(trained.test());
    let spec = &trained.prepared().spec;
    let held_out = trained.prepared().held_out;
    let mut panels = vec![Panel {
        title: "loss".into(),
        y_label: spec.criterion.unit().into(),
        series: table.both("loss", held_out),
        baselines: lines(baselines, "cross_entropy", kind),
        log_y: true,
    }];
    let measures = [
        ("accuracy", "accuracy", "share of the samples"),
        ("rmse", "root mean squared error", "units of the target"),
    ];
    for (key, title, y_label) in measures {
        let series = table.both(key, held_out);
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
    Ok(Curves {
        title: format!("Training, {}", subject(trained)),
        note: Some(note(trained, &panels)).filter(|note| !note.is_empty()),
        x_label: table.x().into(),
        log_x: false,
        panels,
        ..Curves::default()
    })
}

/// What the baselines have of a measure, as lines to compare with.
fn lines(baselines: &[Baseline], key: &str, kind: SampleKind) -> Vec<(String, f64)> {
    let line = |baseline: &Baseline| Some((baseline.name(kind.word()), baseline.get(key)?));
    baselines.iter().filter_map(line).collect()
}

/// A measure of the test samples over the epochs of a run, as `(epoch, value)`; empty where it was not noted.
pub fn course(folder: &Folder, measure: &str) -> anyhow::Result<Vec<(f64, f64)>> {
    let table = Columns::read(folder)?;
    let column = format!("test_{measure}");
    let found = table.series(&[(column.as_str(), "", TEST)]).into_iter();
    Ok(found.flat_map(|series| series.points).collect())
}

/// The columns of `metrics.csv`.
struct Columns {
    names: Vec<String>,
    rows: Vec<Vec<Option<f64>>>,
}

impl Columns {
    fn read(folder: &Folder) -> anyhow::Result<Self> {
        let path = folder.path().join("metrics.csv");
        let text = read_text(&path).with_context(|| format!("cannot read `{}`", shown(&path)))?;
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

    /// The curves of a measure: of the training part, and of the test part where one was held out.
    fn both(&self, measure: &str, held_out: bool) -> Vec<Series> {
        let (train, test) = (format!("train_{measure}"), format!("test_{measure}"));
        let columns = [
            (train.as_str(), "train", TRAIN),
            (test.as_str(), "test", TEST),
        ];
        let mut series = self.series(&columns[..1 + usize::from(held_out)]);
        if series.is_empty() {
            // Measured after the epoch alone: on the samples that were learned, where no others are there.
            series = self.series(&[(test.as_str(), "train", TRAIN)]);
        }
        series
    }

    /// One curve for each (column, name, colour); that of the test part is dashed.
    fn series(&self, columns: &[(&str, &str, usize)]) -> Vec<Series> {
        let find = |column: &str| self.names.iter().position(|name| name == column);
        let x = find(self.x()).unwrap_or(0);
        let curve = |(column, name, colour): &(&str, &str, usize)| {
            let index = find(column)?;
            let point = |row: &Vec<Option<f64>>| Some(((*row.get(x)?)?, (*row.get(index)?)?));
            let points: Vec<(f64, f64)> = self.rows.iter().filter_map(point).collect();
            let smooth = match points.len() {
                count if count > MANY && self.x() != EVALUATIONS => (count / SMOOTHED) | 1,
                _ => 0,
            };
            Some(Series {
                name: (*name).to_owned(),
                points,
                dashed: *colour == TEST,
                colour: Some(*colour),
                smooth,
                ..Series::default()
            })
        };
        columns.iter().filter_map(curve).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(series: &[Series]) -> Vec<(&str, Option<usize>)> {
        let of = |series: &'_ Series| series.colour;
        series
            .iter()
            .map(|one| (one.name.as_str(), of(one)))
            .collect()
    }

    #[test]
    fn test_is_named_only_where_a_part_was_held_out() {
        let table =
            Columns::parse("epoch,train_loss,test_loss,test_accuracy\n1,3,2,0.5\n2,2,1,1\n");
        let both = [("train", Some(TRAIN)), ("test", Some(TEST))];
        assert_eq!(names(&table.both("loss", true)), both);
        assert_eq!(names(&table.both("loss", false)), both[..1]);
        assert_eq!(names(&table.both("accuracy", false)), both[..1]);
    }

    #[test]
    fn long_curves_are_smoothed() {
        let rows =
            |count: usize| -> String { (0..count).map(|row| format!("{row},1\n")).collect() };
        let smooth = |count: usize| {
            let table = Columns::parse(&format!("epoch,train_loss\n{}", rows(count)));
            table.both("loss", false)[0].smooth
        };
        assert_eq!([1000, 5000].map(smooth), [0, 51]);
    }
}
