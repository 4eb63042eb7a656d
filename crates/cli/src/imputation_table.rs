//! Filled cells, and how well hidden ones come back, as CSV, as JSON and in sentences.

use std::fmt::Write as _;
use std::path::Path;

use espejo_train::{
    Calibration, ColumnKind, HideRule, ImputationMeasures, ImputationReport, Imputed, ImputedCell,
    ImputedColumn, MethodReport, cells_for_level, wilson,
};
use serde_json::{Value, json};

use crate::csv_cell::csv_field;
use crate::output::{counted, shown};

/// Width of the columns of numbers.
const WIDTH: usize = 11;

/// Each filled cell with its interval, in the table's own units.
pub fn as_csv(imputed: &Imputed) -> String {
    let mut text = "row,column,value,low,high\n".to_owned();
    for cell in &imputed.cells {
        let column = &imputed.columns[cell.column];
        let value = csv_field(&column.kind.text(cell.value));
        let end = |end: Option<f64>| end.map_or(String::new(), |end| column.kind.text(end));
        let (low, high) = (
            end(cell.interval.map(|ends| ends.0)),
            end(cell.interval.map(|ends| ends.1)),
        );
        let _ = writeln!(
            text,
            "{},{},{value},{low},{high}",
            cell.row,
            csv_field(&column.name)
        );
    }
    text
}

/// All that came of a table, as one object.
pub fn as_json(imputed: &Imputed, level: f64, to: Option<&Path>) -> Value {
    let calibration = imputed.calibration.as_ref();
    json!({
        "filled": imputed.cells.len(),
        "rounds": imputed.rounds,
        "rounds_chosen": imputed.is_chosen,
        "unsettled": imputed.unsettled,
        "level": level,
        "calibration_rows": calibration.map(|calibration| calibration.rows),
        "calibration_trained_on": calibration.map(|calibration| calibration.trained_on),
        "cells": imputed.cells.iter().map(|cell| cell_json(imputed, cell)).collect::<Vec<_>>(),
        "to": to.map(shown),
    })
}

fn cell_json(imputed: &Imputed, cell: &ImputedCell) -> Value {
    let column = &imputed.columns[cell.column];
    let value = |value: f64| match column.kind {
        ColumnKind::Number => json!(value),
        _ => json!(column.kind.text(value)),
    };
    json!({
        "row": cell.row,
        "column": column.name,
        "value": value(cell.value),
        "low": cell.interval.map(|ends| value(ends.0)),
        "high": cell.interval.map(|ends| value(ends.1)),
    })
}

/// What was filled, and what intervals come from.
pub fn summary(imputed: &Imputed, rows: usize, level: f64, is_drawn: bool) -> String {
    if imputed.cells.is_empty() {
        return "no cell is missing: the table is written as it is".to_owned();
    }
    let mut holed: Vec<u64> = imputed.cells.iter().map(|cell| cell.row).collect();
    holed.dedup();
    let cells = counted(imputed.cells.len(), "cell");
    let mut text = format!(
        "filled {cells} in {} of {}",
        holed.len(),
        counted(rows, "row")
    );
    let rounds = counted(imputed.rounds, "round");
    let _ = match (is_drawn, imputed.unsettled) {
        (true, _) => write!(text, " by draws, in {rounds}"),
        (false, 0) => write!(text, ", which settled within {rounds}"),
        (false, _) if imputed.is_chosen => {
            write!(
                text,
                " in {rounds}, as many as fill known cells of training rows best"
            )
        }
        (false, moving) => write!(
            text,
            "\nnote: {} still moved after {rounds}; `--rounds` gives them more",
            counted(moving, "row")
        ),
    };
    if let Some(calibration) = &imputed.calibration {
        text += &calibration_text(imputed, calibration, level);
    }
    text
}

fn calibration_text(imputed: &Imputed, calibration: &Calibration, level: f64) -> String {
    let rows = counted(calibration.rows, "row");
    let mut text = match calibration.trained_on {
        false => {
            format!("\nintervals of level {level} by hidden cells of {rows} that were held out")
        }
        true => format!(
            "\nnote: intervals of level {level} by hidden cells of {rows} that were trained on: they are too narrow; \
             train with `--test-fraction` for others"
        ),
    };
    for (column, cells) in imputed.columns.iter().zip(&calibration.cells) {
        let is_missing = |cell: &&ImputedCell| imputed.columns[cell.column].name == column.name;
        let wants_one =
            column.kind.is_number() && imputed.cells.iter().any(|cell| is_missing(&cell));
        if wants_one && *cells < cells_for_level(level) {
            let _ = write!(
                text,
                "\nnote: no intervals of column `{}`: {} of it hidden, and level {level} takes {}",
                column.name,
                counted(*cells, "known cell"),
                cells_for_level(level)
            );
        }
    }
    text
}

/// How well hidden cells come back, as a table for people.
pub fn evaluation_text(report: &ImputationReport, hide: HideRule) -> String {
    let part = if report.trained_on {
        "trained on"
    } else {
        "held out"
    };
    let some = match report.rows < report.rows_in_all {
        true => format!(" (of {})", report.rows_in_all),
        false => String::new(),
    };
    let mut text = format!(
        "{} of {}{some} {part} were hidden, each known cell with probability {}, {}; {} of this run; the other methods learned from {}\n\n",
        counted(report.hidden, "cell"),
        counted(report.rows, "row"),
        hide.share,
        counted(hide.repeats, "time"),
        counted(report.rounds, "round"),
        counted(report.compared_with, "training row"),
    );
    let names = report
        .columns
        .iter()
        .map(|column| column.name.chars().count());
    let width = names.max().unwrap_or(0).clamp(8, 32);
    let heads = report.methods.iter().map(|method| method.name.clone());
    let heads: Vec<String> = heads
        .chain(["coverage".to_owned(), "width, sd".to_owned()])
        .collect();
    text += &line("", "", width, heads.iter().cloned());
    for (place, column) in report.columns.iter().enumerate() {
        text += &column_line(report, place, column, width);
    }
    text += &all_lines(report, hide, width);
    let own = &report.methods[0].all;
    if let Some(coverage) = own.coverage() {
        let (low, high) = wilson(own.covered as f64, own.intervals as f64);
        let _ = writeln!(
            text,
            "\nintervals of level {} hold {coverage:.4} of {} hidden numbers, 95 % interval {low:.4} to {high:.4}",
            report.level, own.intervals
        );
    } else {
        let _ = writeln!(
            text,
            "\nno intervals of level {}: half of the rows have too few hidden cells of a column to tell them by; raise `--hide`, or lower `--level`",
            report.level
        );
    }
    text
}

/// The measure of a column by each method, with what its intervals hold.
fn column_line(
    report: &ImputationReport,
    place: usize,
    column: &ImputedColumn,
    width: usize,
) -> String {
    let measures = |method: &MethodReport| method.columns[place];
    let (what, get): (_, fn(ImputationMeasures) -> Option<f64>) = match column.kind.is_number() {
        true => ("RMSE", |measures| measures.rmse),
        false => ("accuracy", |measures| measures.accuracy),
    };
    let cells = report
        .methods
        .iter()
        .map(|method| number(get(measures(method))));
    let own = measures(&report.methods[0]);
    let ends = [number(own.coverage()), number(own.width)];
    line(&column.name, what, width, cells.chain(ends))
}

/// The measures of all columns together, and the least and greatest error of the repeats.
fn all_lines(report: &ImputationReport, hide: HideRule, width: usize) -> String {
    let row = |name: &str, what: &str, get: &dyn Fn(&MethodReport) -> Option<f64>| {
        let cells: Vec<Option<f64>> = report.methods.iter().map(get).collect();
        match cells.iter().all(Option::is_none) {
            true => String::new(),
            false => line(name, what, width, cells.into_iter().map(number)),
        }
    };
    let fold = |method: &MethodReport, best: fn(f64, f64) -> f64| {
        method.repeats.iter().flatten().copied().reduce(best)
    };
    let mut text = row("all", "RMSE, sd", &|method| method.all.rmse_in_deviations);
    if hide.repeats > 1 {
        text += &row("", "least", &|method| fold(method, f64::min));
        text += &row("", "greatest", &|method| fold(method, f64::max));
    }
    text + &row("all", "accuracy", &|method| method.all.accuracy)
}

fn line(name: &str, what: &str, width: usize, cells: impl Iterator<Item = String>) -> String {
    let name: String = name.chars().take(width).collect();
    let mut text = format!("{name:<width$}  {what:<8}");
    cells.for_each(|cell| {
        let _ = write!(text, "  {cell:>WIDTH$}");
    });
    format!("{}\n", text.trim_end())
}

fn number(value: Option<f64>) -> String {
    let digits = |value: f64| match value.abs() {
        large if large >= 1000.0 => 1,
        large if large >= 10.0 => 2,
        _ => 4,
    };
    value.map_or("–".to_owned(), |value| {
        format!("{value:.*}", digits(value))
    })
}

/// How well hidden cells come back, as one object.
pub fn evaluation_json(report: &ImputationReport, hide: HideRule) -> Value {
    let kind = |column: &ImputedColumn| match column.kind {
        ColumnKind::Number => "number",
        ColumnKind::Date => "date",
        ColumnKind::Flag(_) => "flag",
        ColumnKind::Category(_) => "category",
    };
    let columns = report.columns.iter().map(|column| {
        json!({ "name": column.name, "kind": kind(column), "whole": column.is_whole, "deviation": column.deviation })
    });
    json!({
        "rows": report.rows,
        "rows_in_all": report.rows_in_all,
        "held_out": !report.trained_on,
        "compared_with": report.compared_with,
        "hide": hide.share,
        "repeats": hide.repeats,
        "hidden": report.hidden,
        "rounds": report.rounds,
        "level": report.level,
        "columns": columns.collect::<Vec<_>>(),
        "methods": report.methods.iter().map(method_json).collect::<Vec<_>>(),
    })
}

fn method_json(method: &MethodReport) -> Value {
    json!({
        "method": method.key,
        "name": method.name,
        "all": measures_json(&method.all),
        "columns": method.columns.iter().map(measures_json).collect::<Vec<_>>(),
        "repeats": method.repeats,
    })
}

fn measures_json(measures: &ImputationMeasures) -> Value {
    json!({
        "cells": measures.cells,
        "rmse": measures.rmse,
        "rmse_in_deviations": measures.rmse_in_deviations,
        "accuracy": measures.accuracy,
        "intervals": measures.intervals,
        "coverage": measures.coverage(),
        "width": measures.width,
    })
}
