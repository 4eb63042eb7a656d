//! How well known cells come back that were hidden, beside ways to fill them that need no net.

use espejo_analysis::halves;
use espejo_nets::seeded;

use super::calibration::{FilledRow, hide_at_random, margin};
use super::columns::{Cells, ColumnKind, ImputedColumn};
use super::filling::{Filled, Statistics};
use super::methods::Method;
use super::rounds::Trial;
use super::{FOR_REPEATS, ImputeRule, spread};
use crate::Error;
use crate::host_rows::unit_rows;
use crate::seed::{Purpose, stream};
use crate::trained::Trained;

/// Rows whose cells are hidden, and training rows that the other methods learn from, at most, evenly spread.
const MEASURED_ROWS: usize = 2000;
const METHOD_ROWS: usize = 5000;

/// What is hidden, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HideRule {
    /// The probability of each known cell to be hidden.
    pub share: f64,
    /// How often cells are hidden anew.
    pub repeats: usize,
}

/// How well hidden cells came back.
#[derive(Clone, Debug, PartialEq)]
pub struct ImputationReport {
    /// The columns of the run.
    pub columns: Vec<ImputedColumn>,
    /// The rows whose cells were hidden.
    pub rows: usize,
    /// The rows that there were to hide cells of.
    pub rows_in_all: usize,
    /// Whether the run was trained on these rows.
    pub trained_on: bool,
    /// The training rows that the other methods learned from.
    pub compared_with: usize,
    /// The cells that were hidden, in all repeats together.
    pub hidden: usize,
    /// Rounds that a row goes through the model, at most; of a variational one those before the first draw.
    pub rounds: usize,
    /// The share of true numbers that intervals shall hold.
    pub level: f64,
    /// The model first, then the others.
    pub methods: Vec<MethodReport>,
}

/// How well one method fills hidden cells.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodReport {
    /// `model`, `mean`, `nearest` or `pca`.
    pub key: String,
    /// The name in tables.
    pub name: String,
    /// What is measured of each column.
    pub columns: Vec<ImputationMeasures>,
    /// What is measured of all columns together.
    pub all: ImputationMeasures,
    /// The error of all columns together, in standard deviations, in each repeat; none where no number was hidden.
    pub repeats: Vec<Option<f64>>,
}

/// What is measured of some hidden cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImputationMeasures {
    /// How many were hidden.
    pub cells: usize,
    /// The root mean squared error of numbers, in the unit of their column; not for several columns together.
    pub rmse: Option<f64>,
    /// The same, each error in standard deviations of its column in the training part.
    pub rmse_in_deviations: Option<f64>,
    /// The share of truth values and categories that are right.
    pub accuracy: Option<f64>,
    /// Numbers that have an interval, and how many of these hold the true number.
    pub intervals: usize,
    /// How many of these hold the true number.
    pub covered: usize,
    /// The mean width of these intervals, in standard deviations.
    pub width: Option<f64>,
}

impl ImputationMeasures {
    /// The share of intervals that hold the true number; nothing without an interval.
    pub fn coverage(&self) -> Option<f64> {
        (self.intervals > 0).then(|| self.covered as f64 / self.intervals as f64)
    }
}

/// Sums over hidden cells.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    numbers: usize,
    squares: f64,
    scaled_squares: f64,
    words: usize,
    right: usize,
    intervals: usize,
    covered: usize,
    widths: f64,
}

impl Tally {
    fn add(&mut self, column: &ImputedColumn, value: f64, truth: f64) {
        if column.kind.is_number() {
            self.numbers += 1;
            self.squares += (value - truth).powi(2);
            self.scaled_squares += ((value - truth) / unit(column)).powi(2);
        } else {
            self.words += 1;
            self.right += usize::from(value == truth);
        }
    }

    fn add_interval(&mut self, column: &ImputedColumn, (low, high): (f64, f64), truth: f64) {
        self.intervals += 1;
        self.covered += usize::from(low <= truth && truth <= high);
        self.widths += (high - low) / unit(column);
    }

    fn with(mut self, other: &Self) -> Self {
        self.numbers += other.numbers;
        self.squares += other.squares;
        self.scaled_squares += other.scaled_squares;
        self.words += other.words;
        self.right += other.right;
        self.intervals += other.intervals;
        self.covered += other.covered;
        self.widths += other.widths;
        self
    }

    fn scaled_error(&self) -> Option<f64> {
        (self.numbers > 0).then(|| (self.scaled_squares / self.numbers as f64).sqrt())
    }

    fn measures(&self, is_one_column: bool) -> ImputationMeasures {
        let has_unit = is_one_column && self.numbers > 0;
        ImputationMeasures {
            cells: self.numbers + self.words,
            rmse: has_unit.then(|| (self.squares / self.numbers as f64).sqrt()),
            rmse_in_deviations: self.scaled_error(),
            accuracy: (self.words > 0).then(|| self.right as f64 / self.words as f64),
            intervals: self.intervals,
            covered: self.covered,
            width: (self.intervals > 0).then(|| self.widths / self.intervals as f64),
        }
    }
}

/// What an error is told in: the standard deviation of a column, or 1 where it never changes.
fn unit(column: &ImputedColumn) -> f64 {
    if column.deviation > 0.0 {
        column.deviation
    } else {
        1.0
    }
}

/// The sums of one method: by column, and of each repeat.
struct Sums {
    key: String,
    name: String,
    columns: Vec<Tally>,
    repeats: Vec<Option<f64>>,
}

impl Sums {
    fn new(key: &str, name: String, columns: usize) -> Self {
        Self {
            key: key.to_owned(),
            name,
            columns: vec![Tally::default(); columns],
            repeats: Vec::new(),
        }
    }

    /// Takes one repeat in, column by column.
    fn add(&mut self, repeat: &[Tally]) {
        self.repeats.push(together(repeat).scaled_error());
        for (sum, tally) in self.columns.iter_mut().zip(repeat) {
            *sum = sum.with(tally);
        }
    }

    fn report(self) -> MethodReport {
        MethodReport {
            all: together(&self.columns).measures(false),
            columns: self
                .columns
                .iter()
                .map(|tally| tally.measures(true))
                .collect(),
            key: self.key,
            name: self.name,
            repeats: self.repeats,
        }
    }
}

fn together(tallies: &[Tally]) -> Tally {
    tallies.iter().fold(Tally::default(), Tally::with)
}

/// A hidden cell, and what stood there.
struct HiddenCell {
    row: usize,
    column: usize,
    truth: f64,
}

impl Trained {
    /// Hides known cells of the held-out part at random, fills them, and measures how well: beside the mean of each column, the mean of
    /// the nearest training rows, and as many principal components as the code has dimensions.
    ///
    /// Intervals of one half of the rows are made by the hidden cells of the other half, which are not trained on either.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the run learned no table, or the rules cannot be followed; [`Error::Data`] where the run's own data is gone.
    pub fn evaluate_imputation(
        &self,
        rule: ImputeRule,
        hide: HideRule,
    ) -> Result<ImputationReport, Error> {
        check(hide)?;
        let fill = self.fill_rule(rule)?;
        let cells = Cells::new(self.prepared(), self.table_columns()?);
        let count = cells.columns.len();
        let all = self.test();
        let truth = unit_rows(&all.select(&spread(all.len(), MEASURED_ROWS)))?;
        let train = &self.prepared().train;
        let statistics = Statistics::of(&unit_rows(train)?.concat(), cells.width());
        let fill = self.with_rounds(rule, fill, &cells, &statistics)?;
        let compared = spread(train.len(), METHOD_ROWS);
        let known = unit_rows(&train.select(&compared))?.concat();
        let trial = Trial::new(train, &cells, rule.seed)?;
        let methods = Method::all(&known, &statistics, self.latent(), &trial)?;
        let noise = self.residual_deviations(truth.concat(), &statistics, rule.seed)?;
        let mut model = Sums::new("model", "this run".to_owned(), count);
        let mut others: Vec<Sums> = methods
            .iter()
            .map(|method| Sums::new(method.key(), method.name(), count))
            .collect();
        for repeat in 0..hide.repeats {
            let seed = stream(rule.seed, FOR_REPEATS + repeat, Purpose::Use);
            let mut rows = truth.concat();
            let hidden = hidden(&mut rows, &cells, &truth, hide.share, seed);
            let filled = self.fill(rows.clone(), &cells, &statistics, &noise, fill)?;
            let mut tallies = errors(&cells, &filled.rows, &hidden);
            add_intervals(
                &mut tallies,
                &cells,
                &filled,
                &hidden,
                (truth.len(), fill.level, seed),
            );
            model.add(&tallies);
            for (method, sums) in methods.iter().zip(&mut others) {
                let filled = method.fill(rows.clone(), &statistics);
                sums.add(&errors(&cells, &filled, &hidden));
            }
        }
        let methods: Vec<MethodReport> = std::iter::once(model)
            .chain(others)
            .map(Sums::report)
            .collect();
        Ok(ImputationReport {
            rows: truth.len(),
            rows_in_all: all.len(),
            trained_on: !self.prepared().held_out,
            compared_with: compared.len(),
            hidden: methods[0].all.cells,
            rounds: fill.rounds,
            level: fill.level,
            columns: cells.columns,
            methods,
        })
    }
}

fn check(hide: HideRule) -> Result<(), Error> {
    let share = hide.share;
    if !(share > 0.0 && share < 1.0) {
        let hint = "give a share between 0 and 1, as in `--hide .1`".to_owned();
        return Err(Error::config(format!("`--hide` is {share}"), hint));
    }
    match hide.repeats {
        0 => Err(Error::config(
            "`--repeats` is 0",
            "give 1 or more".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Hides cells of rows, and keeps what stood there; row by row.
fn hidden(
    rows: &mut [f32],
    cells: &Cells,
    truth: &[Vec<f32>],
    share: f64,
    seed: u64,
) -> Vec<HiddenCell> {
    let places = hide_at_random(rows, cells, share, &mut seeded(seed));
    let mut hidden = Vec::with_capacity(places.len());
    for places in places.chunk_by(|a, b| a.0 == b.0) {
        let values = &truth[places[0].0];
        let units = cells.in_units(values);
        hidden.extend(places.iter().map(|&(row, column)| HiddenCell {
            row,
            column,
            truth: match cells.columns[column].kind {
                ColumnKind::Number | ColumnKind::Date => cells.number(column, &units),
                ColumnKind::Flag(_) | ColumnKind::Category(_) => {
                    cells.value(column, values, &units)
                }
            },
        }));
    }
    hidden
}

/// Hidden cells row by row.
fn by_row(hidden: &[HiddenCell]) -> impl Iterator<Item = (usize, &[HiddenCell])> {
    let rows = hidden.chunk_by(|a, b| a.row == b.row);
    rows.map(|hidden| (hidden[0].row, hidden))
}

/// How far filled rows are from what was hidden, by column.
fn errors(cells: &Cells, filled: &[f32], hidden: &[HiddenCell]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); cells.columns.len()];
    for (row, hidden) in by_row(hidden) {
        let filled = FilledRow::plain(cells, &filled[row * cells.width()..][..cells.width()]);
        for cell in hidden {
            let column = cell.column;
            tallies[column].add(&cells.columns[column], filled.value(column), cell.truth);
        }
    }
    tallies
}

/// Adds the intervals of hidden numbers: those of each half of the rows have the margins of the other half.
fn add_intervals(
    tallies: &mut [Tally],
    cells: &Cells,
    filled: &Filled,
    hidden: &[HiddenCell],
    (rows, level, seed): (usize, f64, u64),
) {
    let [first, _] = halves(rows, seed);
    let mut half = vec![1; rows];
    first.iter().for_each(|row| half[*row] = 0);
    let mut shortfalls = vec![[Vec::new(), Vec::new()]; tallies.len()];
    let mut numbers = Vec::new();
    for (row, hidden) in by_row(hidden) {
        let filled = FilledRow::of(cells, filled, row);
        let is_number = |cell: &&HiddenCell| cells.columns[cell.column].kind.is_number();
        for cell in hidden.iter().filter(is_number) {
            let raw = filled.raw(cell.column);
            shortfalls[cell.column][half[row]].push(raw.shortfall(cell.truth));
            numbers.push((cell, raw));
        }
    }
    let margins: Vec<[Option<f64>; 2]> = shortfalls
        .iter()
        .map(|[first, second]| [margin(second, level), margin(first, level)])
        .collect();
    for (cell, raw) in numbers {
        let facts = &cells.columns[cell.column];
        if let Some(margin) = margins[cell.column][half[cell.row]] {
            let interval = raw.widened(margin, facts.is_whole);
            tallies[cell.column].add_interval(facts, interval, cell.truth);
        }
    }
}
