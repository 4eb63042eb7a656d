//! The columns of a table as its file has them, behind the columns that a model sees.

use std::ops::Range;

use crate::times;
use crate::{ColumnFacts, ColumnRole, Samples};

/// Digits after the point that a column is rounded to, at most; with more of them its numbers are left as they are.
const MOST_DECIMALS: usize = 9;
/// Seconds of a day, to which dates with a time of day are rounded.
const DAY: f64 = 86_400.0;

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableColumn {
    /// Its name in the file.
    pub name: String,
    /// What its cells may be.
    pub cells: CellKind,
    /// The columns that a model sees of it, counted from 0: one, or one for each word.
    pub places: Range<usize>,
}

/// What the cells of a column may be.
#[derive(Clone, Debug, PartialEq)]
pub enum CellKind {
    /// Numbers.
    Number {
        /// The most digits after the point, where there are at most nine; 0 for whole numbers.
        decimals: Option<usize>,
        /// The least and the greatest number.
        range: (f64, f64),
    },
    /// Days since 1970.
    Date {
        /// Whether no date has a time of day.
        is_whole: bool,
        /// The first and the last one.
        range: (f64, f64),
    },
    /// Two values alone: truth values, or numbers of which there are two.
    Pair {
        /// What a model sees of them, the smaller first.
        values: [f64; 2],
        /// How they are written.
        words: [String; 2],
    },
    /// One of some words, each of which is a column of 0 and 1 for a model.
    Category {
        /// The words, in the order of their columns.
        words: Vec<String>,
    },
}

impl TableColumn {
    /// The columns behind unscaled rows, with the facts of the file that they come from.
    ///
    /// # Panics
    /// Where these are images.
    pub fn of(samples: &Samples, facts: &[ColumnFacts]) -> Vec<Self> {
        let samples = samples.unpermuted();
        let names = samples.columns();
        let column = |name: &String, places: Range<usize>, facts: Option<&ColumnFacts>| Self {
            name: name.clone(),
            cells: match facts.filter(|facts| facts.role == ColumnRole::Category) {
                Some(facts) => CellKind::Category {
                    words: facts.words_among(names),
                },
                None => numbers(&samples, places.start, facts),
            },
            places,
        };
        match ColumnFacts::inputs(facts, names) {
            Some(inputs) => inputs
                .into_iter()
                .map(|facts| column(&facts.name, facts.values.clone(), Some(facts)))
                .collect(),
            None => names
                .iter()
                .enumerate()
                .map(|(place, name)| column(name, place..place + 1, None))
                .collect(),
        }
    }

    /// The value nearest to `value` that such a column may have: with as many decimals as the column has, whole numbers and dates
    /// within its range. Words are left as they are.
    pub fn settled(&self, value: f64) -> f64 {
        let within = |(low, high): (f64, f64), value: f64| value.clamp(low, high);
        match &self.cells {
            CellKind::Number {
                decimals: Some(decimals),
                range,
            } => {
                let unit = 10f64.powi(*decimals as i32);
                // What is too large for such a unit has no decimals.
                let rounded = match (value * unit).round() / unit {
                    rounded if rounded.is_finite() => rounded,
                    _ => value,
                };
                match *decimals == 0 || range.0 == range.1 {
                    true => within(*range, rounded) + 0.0,
                    false => rounded + 0.0,
                }
            }
            CellKind::Number { .. } => value,
            CellKind::Date { is_whole, range } => {
                let rounded = match is_whole {
                    true => value.round(),
                    false => (value * DAY).round() / DAY,
                };
                within(*range, rounded)
            }
            CellKind::Pair { .. } | CellKind::Category { .. } => value,
        }
    }

    /// The cell as the file would have it; `row` is what a model sees of it, unscaled. A cell that is missing is empty.
    ///
    /// # Panics
    /// Where the row has fewer numbers than the table has columns for a model.
    pub fn cell(&self, row: &[f64]) -> String {
        let seen = &row[self.places.clone()];
        if seen[0].is_nan() {
            return String::new();
        }
        match &self.cells {
            CellKind::Number { .. } => seen[0].to_string(),
            CellKind::Date { .. } => times::words(seen[0]),
            CellKind::Pair { values, words } => {
                let is_second = seen[0] > values[0].midpoint(values[1]);
                words[usize::from(is_second)].clone()
            }
            CellKind::Category { words } => {
                let largest = (0..seen.len())
                    .rev()
                    .max_by(|a, b| seen[*a].total_cmp(&seen[*b]));
                words[largest.expect("a category has words")].clone()
            }
        }
    }
}

/// What the cells of a column of numbers may be.
fn numbers(samples: &Samples, place: usize, facts: Option<&ColumnFacts>) -> CellKind {
    if let Some(words) = facts.and_then(|facts| facts.truth_words.clone()) {
        return CellKind::Pair {
            values: [0.0, 1.0],
            words,
        };
    }
    let known = || samples.column(place).filter(|number| !number.is_nan());
    let range = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    if facts.is_some_and(|facts| facts.role == ColumnRole::Date) {
        let is_whole = known().all(|days| days.fract() == 0.0);
        return CellKind::Date { is_whole, range };
    }
    if range.0 < range.1 && known().all(|number| number == range.0 || number == range.1) {
        return CellKind::Pair {
            values: [range.0, range.1],
            words: [range.0.to_string(), range.1.to_string()],
        };
    }
    let decimals = known().try_fold(0, |most, number| {
        let found = decimals(number);
        (found <= MOST_DECIMALS).then_some(found.max(most))
    });
    CellKind::Number { decimals, range }
}

/// Digits after the point of the shortest decimal number that is this one.
fn decimals(number: f64) -> usize {
    let text = number.to_string();
    text.split_once('.').map_or(0, |(_, digits)| digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, load};

    fn columns(text: &str) -> (Samples, Vec<TableColumn>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("it is writable");
        let mut source = Source::named(path.display().to_string());
        source.columns.dates = vec!["day".to_owned()];
        let loaded = load(&source).expect("it loads");
        let columns = TableColumn::of(&loaded.train, &loaded.columns);
        (loaded.train, columns)
    }

    const TABLE: &str = "\
day,age,price,kind,smoker,pair\n\
2024-01-31,30,1.25,\"a,b\",Yes,3\n\
2024-02-02,41,,c,No,5\n\
2024-02-01,35,10.5,c,,3\n\
2024-02-01,35,2,=d,No,3\n";

    #[test]
    fn cells_come_back_as_they_stood_there() {
        let (samples, columns) = columns(TABLE);
        let width = samples.shape().pixels();
        assert_eq!(width, 8);
        let cells = |row: usize| {
            let numbers: Vec<f64> = (0..width)
                .map(|place| samples.column(place).nth(row).expect("there is a row"))
                .collect();
            let cells = columns.iter().map(|column| column.cell(&numbers));
            cells.collect::<Vec<_>>().join("|")
        };
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["day", "age", "price", "kind", "smoker", "pair"]);
        assert_eq!(cells(0), "2024-01-31|30|1.25|a,b|Yes|3");
        assert_eq!(cells(1), "2024-02-02|41||c|No|5");
        assert_eq!(cells(2), "2024-02-01|35|10.5|c||3");
        assert_eq!(cells(3), "2024-02-01|35|2|=d|No|3");
    }

    #[test]
    fn values_settle_on_what_a_column_may_have() {
        let (_, columns) = columns(TABLE);
        let settled = |place: usize, value: f64| columns[place].settled(value);
        // Whole numbers within the range, the other ones with their decimals.
        assert_eq!(settled(1, 33.4), 33.0);
        assert_eq!([settled(1, 99.0), settled(1, -9.0)], [41.0, 30.0]);
        assert_eq!([settled(2, 7.24159), settled(2, -0.0001)], [7.24, 0.0]);
        assert_eq!(settled(2, -0.0001).to_string(), "0");
        assert_eq!(settled(0, 19_755.4), 19_755.0);
        assert_eq!(settled(0, 1e9), 19_755.0);
    }

    #[test]
    fn a_column_that_never_changes_stays_what_it_is() {
        let (_, columns) =
            columns("a,b,day\n0.5,1,2024-01-01\n0.5,2,2024-01-01\n0.5,3,2024-01-01\n");
        assert_eq!(columns[0].settled(0.9), 0.5);
    }

    #[test]
    fn a_word_with_an_equals_sign_belongs_to_the_column_that_has_all_its_words() {
        let (_, columns) =
            columns("day,a,a=b\n2024-01-01,b=c,x\n2024-01-01,z,y\n2024-01-01,b=c,w\n");
        let found: Vec<(&str, usize)> = columns
            .iter()
            .map(|column| (column.name.as_str(), column.places.len()))
            .collect();
        assert_eq!(found, [("day", 1), ("a", 2), ("a=b", 3)]);
    }
}
