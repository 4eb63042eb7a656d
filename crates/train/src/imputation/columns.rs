//! The columns of a table as people know them, and the way from a row that a model sees back to their cells.

use std::ops::Range;

use espejo_data::{ColumnFacts, ColumnRole, Samples, day_words};

use crate::prepare::Prepared;

/// A column that a run learned, with what its training part says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImputedColumn {
    /// Its name.
    pub name: String,
    /// What its cells hold.
    pub kind: ColumnKind,
    /// The values of a sample that it became, in the order of the table.
    pub(crate) values: Range<usize>,
    /// The least and the greatest number.
    pub range: (f64, f64),
    /// Whether all numbers are whole.
    pub is_whole: bool,
    /// The standard deviation of its numbers.
    pub deviation: f64,
}

/// What the cells of a column hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers.
    Number,
    /// Dates, as days since 1970-01-01.
    Date,
    /// Truth values in these words, that for false first.
    Flag([String; 2]),
    /// One of these words.
    Category(Vec<String>),
}

impl ColumnKind {
    /// Whether cells are numbers, which have errors and intervals; else they are right or wrong.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number | Self::Date)
    }

    /// A value as it stands in a table: a number, a date, a truth value of 0 or 1, or the place of a category.
    pub fn text(&self, value: f64) -> String {
        match self {
            Self::Number => value.to_string(),
            Self::Date => day_words(value),
            Self::Flag(words) => words[usize::from(value >= 0.5)].clone(),
            Self::Category(words) => words[value as usize].clone(),
        }
    }
}

impl ImputedColumn {
    /// The columns with these facts, by the numbers of the training part as their file holds them.
    pub(crate) fn all(facts: &[ColumnFacts], train: &Samples) -> Vec<Self> {
        let names = train.columns();
        match ColumnFacts::inputs(facts, names) {
            Some(inputs) => inputs
                .into_iter()
                .map(|facts| {
                    let (name, values) = (facts.name.clone(), facts.values.clone());
                    Self::of(name, kind(facts, names), values, train)
                })
                .collect(),
            None => names
                .iter()
                .enumerate()
                .map(|(at, name)| Self::of(name.clone(), ColumnKind::Number, at..at + 1, train))
                .collect(),
        }
    }

    fn of(name: String, kind: ColumnKind, values: Range<usize>, train: &Samples) -> Self {
        let known = || train.column(values.start).filter(|number| !number.is_nan());
        let count = known().count().max(1) as f64;
        let low = known().fold(f64::INFINITY, f64::min);
        let high = known().fold(f64::NEG_INFINITY, f64::max);
        // From the least number on: a sum of large numbers that differ little would lose what they differ by.
        let mean = low + known().map(|number| number - low).sum::<f64>() / count;
        let squares: f64 = known().map(|number| (number - mean).powi(2)).sum();
        Self {
            is_whole: known().all(|number| number.fract() == 0.0),
            range: (low, high),
            deviation: (squares / count).sqrt(),
            name,
            kind,
            values,
        }
    }

    /// Whether its numbers are truth values, written as 0 and 1 or in words.
    pub(crate) fn is_binary(&self) -> bool {
        let is_flag = matches!(self.kind, ColumnKind::Flag(_));
        is_flag || self.kind == ColumnKind::Number && self.is_whole && self.range == (0.0, 1.0)
    }

    /// A number as the column can hold it: whole and within what was learned, where all numbers were whole.
    fn valid(&self, number: f64) -> f64 {
        match self.is_whole && self.range.0 <= self.range.1 {
            true => number.round().clamp(self.range.0, self.range.1),
            false => number,
        }
    }
}

/// What the cells of a column hold, where `names` are those of all values.
fn kind(facts: &ColumnFacts, names: &[String]) -> ColumnKind {
    match (facts.role, &facts.truth_words) {
        (ColumnRole::Flag, Some(words)) => ColumnKind::Flag(words.clone()),
        (ColumnRole::Category, _) => ColumnKind::Category(facts.words_among(names)),
        (ColumnRole::Date, _) => ColumnKind::Date,
        _ => ColumnKind::Number,
    }
}

/// The way between rows as a model sees them and the cells of their table.
pub(crate) struct Cells<'a> {
    prepared: &'a Prepared,
    pub columns: Vec<ImputedColumn>,
    /// The place in a row of each value of the table: another one where values change places.
    places: Vec<usize>,
    /// What 0 and 1 become in each value of the table.
    ends: Vec<(f32, f32)>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(prepared: &'a Prepared, columns: Vec<ImputedColumn>) -> Self {
        let width = prepared.train.shape().pixels();
        let mut places: Vec<usize> = (0..width).collect();
        if let Some(order) = &prepared.permutation {
            for (place, &from) in order.iter().enumerate() {
                places[from as usize] = place;
            }
        }
        let ends = (0..width).map(|value| match &prepared.scaling {
            Some(scaling) if scaling.knots[value].is_empty() => {
                let scaled = |x: f64| ((x - scaling.shift[value]) / scaling.scale[value]) as f32;
                (scaled(0.0), scaled(1.0))
            }
            _ => (0.0, 1.0),
        });
        Self {
            ends: ends.collect(),
            prepared,
            columns,
            places,
        }
    }

    /// How many values a row has.
    pub(crate) fn width(&self) -> usize {
        self.places.len()
    }

    /// The places in a row of the values of a column.
    pub(crate) fn places(&self, column: usize) -> &[usize] {
        &self.places[self.columns[column].values.clone()]
    }

    /// Whether a row misses the cell of a column.
    pub(crate) fn is_missing(&self, column: usize, row: &[f32]) -> bool {
        row[self.places(column)[0]].is_nan()
    }

    /// The columns whose cells a row misses.
    pub(crate) fn missing(&self, row: &[f32]) -> Vec<usize> {
        let columns = 0..self.columns.len();
        columns
            .filter(|column| self.is_missing(*column, row))
            .collect()
    }

    /// Takes the cell of a column out of a row.
    pub(crate) fn hide(&self, column: usize, row: &mut [f32]) {
        for &place in self.places(column) {
            row[place] = f32::NAN;
        }
    }

    /// What 0 and 1 are, as a model sees them, in the `at`-th value of a column.
    pub(crate) fn ends(&self, column: usize, at: usize) -> (f32, f32) {
        self.ends[self.columns[column].values.start + at]
    }

    /// How far each value of a column of truth values or categories is from 0 to 1: the share of its word.
    pub(crate) fn shares(&self, column: usize, row: &[f32]) -> Vec<f64> {
        let share = |(at, &place): (usize, &usize)| {
            let (zero, one) = self.ends(column, at);
            f64::from((row[place] - zero) / (one - zero))
        };
        self.places(column).iter().enumerate().map(share).collect()
    }

    /// The numbers of a row in the units of the table, value by value in its order.
    pub(crate) fn in_units(&self, row: &[f32]) -> Vec<f64> {
        self.prepared.unscaled(row)
    }

    /// The cell of a column of a row whose numbers are `units`: a number, valid in this column, 0 or 1, or the place of the most
    /// probable category, the first of equals.
    pub(crate) fn value(&self, column: usize, row: &[f32], units: &[f64]) -> f64 {
        let facts = &self.columns[column];
        match &facts.kind {
            ColumnKind::Number | ColumnKind::Date => facts.valid(units[facts.values.start]),
            ColumnKind::Flag(_) => f64::from(u8::from(self.shares(column, row)[0] >= 0.5)),
            ColumnKind::Category(_) => {
                let shares = self.shares(column, row);
                let best = (0..shares.len())
                    .rev()
                    .max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
                best.unwrap_or(0) as f64
            }
        }
    }

    /// The number of a column in the units of the table, as it is.
    pub(crate) fn number(&self, column: usize, units: &[f64]) -> f64 {
        units[self.columns[column].values.start]
    }
}
