//! The figure of a scored series: its columns over time, the score of each row below, known events shaded.

use espejo_pictures::{Curves, Figure, Panel, Series, curves};
use espejo_train::{Trained, unit_rows};

use crate::event_counts;
use crate::score_figures::limits;
use crate::score_table::ScoreTable;

/// Columns that are drawn, at most: those that change together hide each other.
const COLUMNS: usize = 8;

/// The columns and the scores over the number of the row in its file.
pub fn over_time(trained: &Trained, table: &ScoreTable) -> anyhow::Result<Figure> {
    let rows = row_numbers(table);
    let x_label = match table.labels {
        Some(_) => "row of the file; known anomalies are shaded",
        None => "row of the file",
    };
    let scores = &table.scores.values;
    let score = Series {
        name: "score".to_owned(),
        points: rows.iter().copied().zip(scores.iter().copied()).collect(),
        ..Series::default()
    };
    Ok(curves(&Curves {
        title: format!("Scores, {}", table.subject),
        x_label: x_label.to_owned(),
        panels: vec![
            columns(trained, table, &rows)?,
            Panel {
                y_label: "score".to_owned(),
                series: vec![score],
                baselines: limits(table),
                log_y: scores.iter().all(|score| *score > 0.0),
                ..Panel::default()
            },
        ],
        shaded: shaded(table, &rows),
        ..Curves::default()
    }))
}

/// The number of each row in its file.
fn row_numbers(table: &ScoreTable) -> Vec<f64> {
    let parts = table.parts.iter().map(|part| &part.samples);
    let rows = parts.flat_map(|samples| (0..samples.len()).map(|index| samples.row(index) as f64));
    rows.collect()
}

/// The columns of the series; several of them as the model sees them, so that one axis serves them all.
fn columns(trained: &Trained, table: &ScoreTable, rows: &[f64]) -> anyhow::Result<Panel> {
    let names = trained.test().points().columns();
    let scaling = trained.prepared().scaling.as_ref();
    let in_units = scaling.filter(|_| names.len() == 1);
    let mut points = vec![Vec::with_capacity(rows.len()); names.len().min(COLUMNS)];
    let mut place = 0;
    for part in table.parts {
        for values in unit_rows(&part.samples)? {
            for (column, points) in points.iter_mut().enumerate() {
                let value = match in_units {
                    Some(scaling) => scaling.invert_row(&values)[column],
                    None => f64::from(values[column]),
                };
                points.push((rows[place], value));
            }
            place += 1;
        }
    }
    let y_label = match (names, scaling) {
        ([name], _) => name.clone(),
        (_, Some(_)) => "columns, scaled".to_owned(),
        (_, None) => "columns".to_owned(),
    };
    let title = match names.len() {
        count if count > COLUMNS => format!("the first {COLUMNS} of {count} columns"),
        _ => String::new(),
    };
    let series = names.iter().zip(points).map(|(name, points)| Series {
        name: name.clone(),
        points,
        ..Series::default()
    });
    Ok(Panel {
        title,
        y_label,
        series: series.collect(),
        ..Panel::default()
    })
}

/// Where known events begin and end.
fn shaded(table: &ScoreTable, rows: &[f64]) -> Vec<(f64, f64)> {
    let Some(labels) = table.labels else {
        return Vec::new();
    };
    let events = event_counts::events_of(table.parts, labels).into_iter();
    events
        .map(|event| (rows[event.start] - 0.5, rows[event.end - 1] + 0.5))
        .collect()
}
