//! New rows of a table, and what they are like beside the real ones: as text, as JSON, as a figure.

use std::fmt::Write as _;

use espejo_analysis::{DistanceSummary, Nearness, QUANTILES, TwoSample};
use espejo_data::CellKind;
use espejo_pictures::{Bins, Figure, Histogram, Histograms, histograms};
use espejo_train::{
    CodeOrigin, ColumnComparison, Content, CorrelationComparison, OutputDraw, RawTable, Synthetic,
    SyntheticReport, Trained, moments,
};
use serde_json::{Value, json};

use crate::csv_cell::csv_field;
use crate::titles::subject;

/// Columns that are told on the screen, at most: those that differ most.
const TOLD: usize = 20;
/// Columns that are drawn, at most.
const DRAWN: usize = 16;
/// Bars of a histogram of numbers, and whole numbers that have a bar each, at most.
const BARS: usize = 20;

/// New rows with all that is known of them.
pub struct SyntheticTable<'a> {
    pub trained: &'a Trained,
    pub table: &'a RawTable,
    pub synthetic: &'a Synthetic,
    pub report: &'a SyntheticReport,
}

impl SyntheticTable<'_> {
    /// The rows as the file of the table has them.
    pub fn csv(&self) -> String {
        let columns = &self.table.columns;
        let names: Vec<String> = columns
            .iter()
            .map(|column| csv_field(&column.name))
            .collect();
        let mut text = names.join(",") + "\n";
        for row in &self.synthetic.rows {
            let cells = columns.iter().map(|column| csv_field(&column.cell(row)));
            text += &cells.collect::<Vec<_>>().join(",");
            text.push('\n');
        }
        text
    }

    /// The rows as objects.
    pub fn rows_json(&self) -> Value {
        let columns = &self.table.columns;
        let row = |row: &Vec<f64>| {
            let cells = columns.iter().map(|column| {
                let value = match column.cells {
                    CellKind::Number { .. } => json!(row[column.places.start]),
                    _ => json!(column.cell(row)),
                };
                (column.name.clone(), value)
            });
            Value::Object(cells.collect())
        };
        self.synthetic.rows.iter().map(row).collect()
    }

    /// Where the rows come from, in a sentence.
    fn origin(&self) -> String {
        let codes = match self.synthetic.codes {
            CodeOrigin::Prior => "codes from the prior".to_owned(),
            CodeOrigin::Mixture { components, rows } => format!(
                "codes from a mixture of {} fitted to the codes of {rows} training rows (ex-post density estimation, Ghosh et al. 2020)",
                crate::output::counted(components, "normal distribution")
            ),
        };
        let draw = match self.synthetic.draw {
            OutputDraw::NotAsked => {
                "the likeliest row of each code, nothing drawn around it (`--mean`)"
            }
            OutputDraw::Normal => {
                "numbers drawn around the decoded ones with the standard deviation of each column's residuals on training rows, words by their decoded shares"
            }
            OutputDraw::Laplace => {
                "numbers drawn around the decoded ones with the mean absolute residual of each column on training rows, words by their decoded shares"
            }
            OutputDraw::NoLikelihood => {
                "numbers as decoded, for the loss is no likelihood of numbers; two-valued columns and words drawn by their decoded shares"
            }
        };
        format!("{} new rows: {codes}; {draw}", self.synthetic.rows.len())
    }

    /// What the rows are like, for people.
    pub fn summary(&self) -> String {
        let mut text = self.origin() + "\n" + &self.columns_text();
        let report = self.report;
        if let Some(found) = &report.correlations {
            text += &correlations_text(found);
        }
        if let Some(found) = &report.two_sample {
            text += &two_sample_text(found, self.real());
        }
        if let Some(found) = &report.nearness {
            text += &nearness_text(found, self.stand_in());
        }
        let (rows, copies) = (self.synthetic.rows.len(), report.copies);
        let _ = write!(
            text,
            "\nexact copies of a training row: {copies} of {rows} new rows"
        );
        if let (Some(copies), Some((all, _))) = (report.held_out_copies, report.rows.held_out) {
            let _ = write!(text, ", {copies} of {all} held-out ones");
        }
        let (all, whole) = report.rows.train;
        if whole < all {
            let _ = write!(
                text,
                "\nnote: {} of {all} training rows have missing cells and count in their columns alone",
                all - whole
            );
        }
        text
    }

    /// What new rows are held against all together.
    fn real(&self) -> &'static str {
        match self.report.rows.held_out {
            Some(_) => "held-out",
            None => "training",
        }
    }

    /// Whose distances those of new rows are held against.
    fn stand_in(&self) -> &'static str {
        match self.report.rows.held_out {
            Some(_) => "held-out rows",
            None => "training rows (to the nearest other one, for none were held out)",
        }
    }

    /// The columns that differ most, a line each.
    fn columns_text(&self) -> String {
        let mut order: Vec<&ColumnComparison> = self.report.columns.iter().collect();
        let difference = |column: &ColumnComparison| column.difference.unwrap_or(-1.0);
        if order.len() > TOLD {
            order.sort_by(|a, b| difference(b).total_cmp(&difference(a)));
            order.truncate(TOLD);
        }
        let width = order.iter().map(|column| column.name.chars().count());
        let width = width.max().unwrap_or(0).clamp(6, 30);
        let mut text = format!(
            "{:<width$}  {:>22}  {:>22}  {:>10}  {:>13}",
            "column", "real mean (sd)", "new mean (sd)", "difference", "of held out"
        );
        for column in &order {
            let name: String = column.name.chars().take(width).collect();
            let [real, new] = match &column.content {
                Content::Numbers { real, synthetic } => [real, synthetic].map(|all| mean_text(all)),
                Content::Words {
                    words,
                    real,
                    synthetic,
                } => [
                    word_text(words, real, real),
                    word_text(words, synthetic, real),
                ],
            };
            let number =
                |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
            let _ = write!(
                text,
                "\n{name:<width$}  {real:>22}  {new:>22}  {:>10}  {:>13}",
                number(column.difference),
                number(column.held_out_difference)
            );
        }
        let more = self.report.columns.len() - order.len();
        if more > 0 {
            let _ = write!(
                text,
                "\nand {more} columns that differ less (`--report FILE.json` has all)"
            );
        }
        text + "\ndifferences: Kolmogorov-Smirnov statistic of numbers, total variation of words; 0 for the same distribution, 1 for none in common"
    }

    /// What the rows are like, as one object.
    pub fn report_json(&self, figures: &[String]) -> Value {
        let report = self.report;
        json!({
            "rows": { "synthetic": report.rows.synthetic, "train": report.rows.train.0, "train_whole": report.rows.train.1,
                "held_out": report.rows.held_out.map(|rows| rows.0), "held_out_whole": report.rows.held_out.map(|rows| rows.1) },
            "origin": self.origin(),
            "columns": report.columns.iter().map(column_json).collect::<Vec<_>>(),
            "correlations": report.correlations.as_ref().map(|found| json!({
                "largest_difference": found.difference.largest,
                "mean_difference": found.difference.mean,
                "between": found.between,
                "held_out_largest_difference": found.held_out.map(|found| found.largest),
                "held_out_mean_difference": found.held_out.map(|found| found.mean),
            })),
            "two_sample": report.two_sample.map(|found| json!({
                "accuracy": found.accuracy,
                "low": found.interval.0,
                "high": found.interval.1,
                "rows": found.rows,
                "real": self.real(),
            })),
            "nearest_training_row": report.nearness.map(|found| json!({
                "quantiles": QUANTILES,
                "synthetic": found.synthetic.quantiles,
                "real": found.real.quantiles,
                "real_rows": self.stand_in(),
                "limit": found.limit,
                "nearer_than_limit": found.nearer,
                "low": found.interval.0,
                "high": found.interval.1,
            })),
            "copies": report.copies,
            "held_out_copies": report.held_out_copies,
            "figures": figures,
        })
    }

    /// Histograms of the columns beside each other.
    pub fn figure(&self) -> Figure {
        let columns = &self.report.columns;
        let difference = |place: usize| columns[place].difference.unwrap_or(-1.0);
        let mut shown: Vec<usize> = (0..columns.len()).collect();
        shown.sort_by(|a, b| difference(*b).total_cmp(&difference(*a)));
        shown.truncate(DRAWN);
        shown.sort_unstable();
        let note = match columns.len() > DRAWN {
            true => Some(format!(
                "the {DRAWN} of {} columns that differ most",
                columns.len()
            )),
            false => None,
        };
        let panel = |place: &usize| histogram(&columns[*place], &self.table.columns[*place].cells);
        histograms(&Histograms {
            title: format!("Real and new rows, {}", subject(self.trained)),
            note,
            names: ["training rows".to_owned(), "new rows".to_owned()],
            panels: shown.iter().map(panel).collect(),
        })
    }
}

fn mean_text(numbers: &[f64]) -> String {
    match moments(numbers) {
        Some((mean, deviation)) => format!("{} ({})", digits(mean), digits(deviation)),
        None => "-".to_owned(),
    }
}

/// A number in five digits.
fn digits(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".to_owned(),
        _ if !(1e-4..1e9).contains(&size) => format!("{value:.3e}"),
        _ => {
            let whole = size.log10().floor() as i32;
            let places = (4 - whole).clamp(0, 8) as usize;
            format!("{value:.places$}")
        }
    }
}

/// The share of the word that is most frequent in `by`.
fn word_text(words: &[String], shares: &[f64], by: &[f64]) -> String {
    let largest = (0..by.len()).rev().max_by(|a, b| by[*a].total_cmp(&by[*b]));
    match largest.and_then(|place| Some((&words[place], shares.get(place)?))) {
        Some((word, share)) => {
            let word: String = word.chars().take(12).collect();
            format!("{word} {:.1} %", share * 100.0)
        }
        None => "-".to_owned(),
    }
}

fn correlations_text(found: &CorrelationComparison) -> String {
    let mut text = format!(
        "\ncorrelations differ by {:.3} at most, {:.3} on average",
        found.difference.largest, found.difference.mean
    );
    if let Some((one, other)) = &found.between {
        let _ = write!(text, " (most: `{one}` and `{other}`)");
    }
    if let Some(chance) = &found.held_out {
        let _ = write!(
            text,
            "; those of held-out rows by {:.3} and {:.3}",
            chance.largest, chance.mean
        );
    }
    text
}

fn two_sample_text(found: &TwoSample, real: &str) -> String {
    format!(
        "\nclassifier two-sample test: {:.3} ({:.3} to {:.3}) of {} {real} and as many new rows have a nearest other row of their own kind; \
         .5: cannot be told apart",
        found.accuracy, found.interval.0, found.interval.1, found.rows
    )
}

fn nearness_text(found: &Nearness, stand_in: &str) -> String {
    let middle = |summary: &DistanceSummary| summary.quantiles[3];
    format!(
        "\ndistance to the nearest training row: median {:.4} for new rows, {:.4} for {stand_in}; \
         {:.1} % ({:.1} to {:.1} %) of new rows are nearer than a twentieth of these are ({:.4}); far more than 5 % points to memorised rows, or to rows that vary less than real ones do",
        middle(&found.synthetic),
        middle(&found.real),
        100.0 * found.nearer,
        100.0 * found.interval.0,
        100.0 * found.interval.1,
        found.limit
    )
}

fn column_json(column: &ColumnComparison) -> Value {
    let mut value = json!({ "name": column.name });
    match &column.content {
        Content::Numbers { real, synthetic } => {
            let part = |moments: Option<(f64, f64)>| json!({ "mean": moments.map(|m| m.0), "sd": moments.map(|m| m.1) });
            value["real"] = part(moments(real));
            value["synthetic"] = part(moments(synthetic));
            value["kolmogorov_smirnov"] = json!(column.difference);
            value["held_out_kolmogorov_smirnov"] = json!(column.held_out_difference);
        }
        Content::Words {
            words,
            real,
            synthetic,
        } => {
            value["words"] = json!(words);
            value["real"] = json!(real);
            value["synthetic"] = json!(synthetic);
            value["total_variation"] = json!(column.difference);
            value["held_out_total_variation"] = json!(column.held_out_difference);
        }
    }
    value
}

/// The histogram of a column.
fn histogram(column: &ColumnComparison, cells: &CellKind) -> Histogram {
    let is_whole = matches!(
        cells,
        CellKind::Number {
            decimals: Some(0),
            ..
        }
    );
    let unit = match cells {
        CellKind::Date { .. } => ", days since 1970",
        _ => "",
    };
    let title = match column.difference {
        Some(difference) => format!("{}{unit} ({difference:.3})", column.name),
        None => column.name.clone(),
    };
    match &column.content {
        Content::Words {
            words,
            real,
            synthetic,
        } => Histogram {
            title,
            bins: Bins::Words(words.clone()),
            shares: [real.clone(), synthetic.clone()],
        },
        Content::Numbers { real, synthetic } => {
            let edges = edges(real, synthetic, is_whole);
            let shares = [real, synthetic].map(|numbers| binned(numbers, &edges));
            Histogram {
                title,
                bins: Bins::Edges(edges),
                shares,
            }
        }
    }
}

/// Ends of the bars: evenly spread over all numbers but the outermost two hundredths, which the outer bars take in; whole numbers that
/// are few have a bar each.
fn edges(real: &[f64], synthetic: &[f64], is_whole: bool) -> Vec<f64> {
    let mut all: Vec<f64> = real.iter().chain(synthetic).copied().collect();
    all.sort_unstable_by(f64::total_cmp);
    let (Some(least), Some(most)) = (all.first().copied(), all.last().copied()) else {
        return vec![0.0, 1.0];
    };
    if is_whole && most - least < BARS as f64 {
        let count = (most - least) as usize + 1;
        return (0..=count).map(|bar| least - 0.5 + bar as f64).collect();
    }
    let at = |share: f64| all[(share * (all.len() - 1) as f64).round() as usize];
    let (low, high) = match (at(0.01), at(0.99)) {
        (low, high) if low < high => (low, high),
        _ if least < most => (least, most),
        _ => (least - 0.5, least + 0.5),
    };
    (0..=BARS)
        .map(|bar| low + (high - low) * bar as f64 / BARS as f64)
        .collect()
}

/// The share of the numbers in each bar; those beyond the ends count in the outer ones.
fn binned(numbers: &[f64], edges: &[f64]) -> Vec<f64> {
    let bars = edges.len() - 1;
    let mut counts = vec![0.0; bars];
    for number in numbers {
        let after = edges.partition_point(|edge| edge <= number);
        counts[after.saturating_sub(1).min(bars - 1)] += 1.0;
    }
    let total = numbers.len().max(1) as f64;
    counts.iter().map(|count| count / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beyond_the_ends_count_in_the_outer_bars() {
        assert_eq!(
            binned(&[-9.0, 0.0, 1.0, 1.5, 2.0, 9.0], &[0.0, 1.0, 2.0]),
            [2.0 / 6.0, 4.0 / 6.0]
        );
        assert_eq!(binned(&[], &[0.0, 1.0]), [0.0]);
    }

    #[test]
    fn few_whole_numbers_have_a_bar_each() {
        assert_eq!(edges(&[1.0, 3.0], &[2.0], true), [0.5, 1.5, 2.5, 3.5]);
        assert_eq!(edges(&[1.0, 1.0], &[1.0], false).len(), BARS + 1);
        assert_eq!(edges(&[], &[], false), [0.0, 1.0]);
    }

    #[test]
    fn numbers_are_told_in_five_digits() {
        assert_eq!(digits(1234.5678), "1234.6");
        assert_eq!(digits(0.012345678), "0.012346");
        assert_eq!(digits(1.7e9), "1.700e9");
    }
}
