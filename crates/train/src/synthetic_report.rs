//! New rows held against the real ones: column by column, together, and as copies.

use std::collections::HashSet;
use std::ops::Range;

use espejo_analysis::{
    CorrelationDifference, Matrix, Nearness, TwoSample, correlation_difference,
    kolmogorov_smirnov_of, nearest_neighbor_two_sample, nearness, total_variation,
};
use espejo_data::{CellKind, Samples, TableColumn};

use crate::synthetic::RawTable;

/// Rows of each kind that are held against each other all together, at most, evenly spread.
const COMPARED: usize = 10_000;

/// What new rows are like, beside the real ones.
#[derive(Clone, Debug)]
pub struct SyntheticReport {
    /// Each column, in the order of the table.
    pub columns: Vec<ColumnComparison>,
    /// Correlations of training and new rows; none where fewer than two rows of a kind are whole.
    pub correlations: Option<CorrelationComparison>,
    /// Whether real and new rows can be told apart: held-out rows where there are such, else training rows.
    pub two_sample: Option<TwoSample>,
    /// How near new rows are to training rows, beside held-out ones or training rows without themselves.
    pub nearness: Option<Nearness>,
    /// New rows that are a training row in every cell.
    pub copies: usize,
    /// Held-out rows that are.
    pub held_out_copies: Option<usize>,
    /// How many rows of each kind there are, and how many of these without a missing cell.
    pub rows: RowCounts,
}

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows to learn from, and those without a missing cell.
    pub train: (usize, usize),
    /// Rows that were held out.
    pub held_out: Option<(usize, usize)>,
    /// New rows.
    pub synthetic: usize,
}

/// A column of training rows beside that of new ones.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnComparison {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub content: Content,
    /// The Kolmogorov-Smirnov statistic of numbers, the total variation distance of words: 0 for the same distribution, 1 for ones
    /// without overlap. None without a known cell.
    pub difference: Option<f64>,
    /// The difference between training and held-out rows, which is what chance makes of it.
    pub held_out_difference: Option<f64>,
}

/// What a column holds, in training and new rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Numbers or dates: the known ones of training rows, and the new ones.
    Numbers {
        /// Training rows.
        real: Vec<f64>,
        /// New rows.
        synthetic: Vec<f64>,
    },
    /// Words: the share of each among the known cells.
    Words {
        /// The words.
        words: Vec<String>,
        /// Training rows.
        real: Vec<f64>,
        /// New rows.
        synthetic: Vec<f64>,
    },
}

/// Correlations of training and new rows.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationComparison {
    /// The differences.
    pub difference: CorrelationDifference,
    /// The two columns whose correlations lie furthest apart, a word of a category being a column.
    pub between: Option<(String, String)>,
    /// The differences between training and held-out rows.
    pub held_out: Option<CorrelationDifference>,
}

/// Mean and standard deviation (n - 1 below), of numbers of which there are two at least.
pub fn moments(numbers: &[f64]) -> Option<(f64, f64)> {
    if numbers.len() < 2 {
        return None;
    }
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    Some((mean, (squares / (count - 1.0)).sqrt()))
}

impl SyntheticReport {
    /// Holds new rows, as [`Trained::synthetic`](crate::Trained::synthetic) gives them, against the rows of their table.
    ///
    /// Distances are those of rows whose numbers are in standard deviations of the training rows, and in which two different words, or two
    /// different values of a pair, lie 1 apart. Rows with missing cells count in their columns alone.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), espejo_train::Error> {
    /// # let folder = espejo_train::Folder::find("last", std::path::Path::new("runs"))?;
    /// # let trained = espejo_train::Trained::open(&folder, espejo_train::Which::Best, None)?;
    /// use espejo_train::{SyntheticReport, SyntheticRule};
    ///
    /// let table = trained.raw_table()?;
    /// let rows = trained.synthetic(&table, SyntheticRule { count: 500, seed: 1, mean: false })?.rows;
    /// let report = SyntheticReport::new(&table, &rows, 1);
    /// assert_eq!(report.columns.len(), table.columns.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(table: &RawTable, synthetic: &[Vec<f64>], seed: u64) -> Self {
        let train = rows_of(&table.train);
        let held_out = table.held_out.as_ref().map(rows_of);
        let held_out = held_out.as_deref();
        let columns = table.columns.iter();
        let columns = columns.map(|column| compared(column, &train, held_out, synthetic));
        let space = Space::of(&table.columns, &train);
        let placed = |rows: &[Vec<f64>]| space.place(rows);
        let (whole, new) = (placed(&train), placed(synthetic));
        let other = held_out.map(placed);
        let [real, fake] = [&whole, &new].map(|rows| space.matrix(rows));
        let other = other.as_ref().map(|rows| space.matrix(rows));
        let some_new = evenly(fake, COMPARED);
        let some_new = space.matrix(&some_new);
        let some_other = other.map(|rows| evenly(rows, COMPARED));
        let some_other = some_other.as_ref().map(|rows| space.matrix(rows));
        let counts = |all: usize, whole: Matrix| (all, whole.len());
        let known = Copies::of(&train);
        Self {
            columns: columns.collect(),
            correlations: correlations(&space, real, other, fake),
            two_sample: two_sample(some_other.unwrap_or(real), some_new, seed),
            nearness: nearness(real, some_other, some_new),
            copies: known.among(synthetic),
            held_out_copies: held_out.map(|rows| known.among(rows)),
            rows: RowCounts {
                train: counts(train.len(), real),
                held_out: held_out
                    .map(|rows| rows.len())
                    .zip(other)
                    .map(|(all, rows)| counts(all, rows)),
                synthetic: synthetic.len(),
            },
        }
    }
}

fn two_sample(real: Matrix, synthetic: Matrix, seed: u64) -> Option<TwoSample> {
    let some = evenly(real, COMPARED);
    let real = Matrix::new(&some, real.columns());
    let are_there = !real.is_empty() && !synthetic.is_empty();
    are_there.then(|| nearest_neighbor_two_sample(real, synthetic, seed))
}

fn correlations(
    space: &Space,
    real: Matrix,
    held_out: Option<Matrix>,
    synthetic: Matrix,
) -> Option<CorrelationComparison> {
    let enough = |rows: &Matrix| rows.len() >= 2;
    if !enough(&real) || !enough(&synthetic) {
        return None;
    }
    let difference = correlation_difference(real, synthetic);
    let name = |place: usize| space.names[place].clone();
    Some(CorrelationComparison {
        between: difference.between.map(|(a, b)| (name(a), name(b))),
        difference,
        held_out: held_out
            .filter(enough)
            .map(|rows| correlation_difference(real, rows)),
    })
}

/// The rows of a table in double precision.
fn rows_of(samples: &Samples) -> Vec<Vec<f64>> {
    let samples = samples.unpermuted();
    let width = samples.shape().pixels();
    let mut rows = vec![Vec::with_capacity(width); samples.len()];
    for place in 0..width {
        rows.iter_mut()
            .zip(samples.column(place))
            .for_each(|(row, number)| row.push(number));
    }
    rows
}

/// A column of each kind of rows.
fn compared(
    column: &TableColumn,
    train: &[Vec<f64>],
    held_out: Option<&[Vec<f64>]>,
    synthetic: &[Vec<f64>],
) -> ColumnComparison {
    let first = column.places.start;
    let known = |rows: &[Vec<f64>]| -> Vec<f64> {
        let numbers = rows.iter().map(|row| row[first]);
        numbers.filter(|number| !number.is_nan()).collect()
    };
    let (content, difference, held_out_difference) = match &column.cells {
        CellKind::Number { .. } | CellKind::Date { .. } => {
            let (real, synthetic) = (known(train), known(synthetic));
            let difference = kolmogorov_smirnov_of(&real, &synthetic);
            let chance = held_out.and_then(|rows| kolmogorov_smirnov_of(&real, &known(rows)));
            (Content::Numbers { real, synthetic }, difference, chance)
        }
        CellKind::Pair { words, .. } => words_compared(column, words, train, held_out, synthetic),
        CellKind::Category { words } => words_compared(column, words, train, held_out, synthetic),
    };
    ColumnComparison {
        name: column.name.clone(),
        content,
        difference,
        held_out_difference,
    }
}

fn words_compared(
    column: &TableColumn,
    words: &[String],
    train: &[Vec<f64>],
    held_out: Option<&[Vec<f64>]>,
    synthetic: &[Vec<f64>],
) -> (Content, Option<f64>, Option<f64>) {
    let [real, new] = [train, synthetic].map(|rows| shares(column, words, rows));
    let difference =
        |other: &Option<Vec<f64>>| Some(total_variation(real.as_ref()?, other.as_ref()?));
    let chance = held_out.and_then(|rows| difference(&shares(column, words, rows)));
    let content = Content::Words {
        words: words.to_vec(),
        real: real.clone().unwrap_or_default(),
        synthetic: new.clone().unwrap_or_default(),
    };
    (content, difference(&new), chance)
}

/// The share of each word among the known cells of a column; none where there is no such cell. What is none of the words counts
/// as a cell all the same.
fn shares(column: &TableColumn, words: &[String], rows: &[Vec<f64>]) -> Option<Vec<f64>> {
    let mut counts = vec![0.0; words.len()];
    let mut known = 0.0;
    for row in rows.iter().filter(|row| !row[column.places.start].is_nan()) {
        known += 1.0;
        if let Some(word) = word_of(column, row) {
            counts[word] += 1.0;
        }
    }
    (known > 0.0).then(|| counts.iter().map(|count| count / known).collect())
}

/// The place of a row's word among those of its column.
fn word_of(column: &TableColumn, row: &[f64]) -> Option<usize> {
    let seen = &row[column.places.clone()];
    match &column.cells {
        CellKind::Pair { values, .. } => values.iter().position(|value| *value == seen[0]),
        _ => seen.iter().position(|value| *value == 1.0),
    }
}

/// Where rows lie for distances and correlations.
struct Space {
    /// Shift and scale of each value that a model sees.
    axes: Vec<(f64, f64)>,
    names: Vec<String>,
}

impl Space {
    fn of(columns: &[TableColumn], train: &[Vec<f64>]) -> Self {
        let (mut axes, mut names) = (Vec::new(), Vec::new());
        for column in columns {
            let Range { start, end } = column.places.clone();
            match &column.cells {
                CellKind::Number { .. } | CellKind::Date { .. } => {
                    let known = train.iter().map(|row| row[start]);
                    let known: Vec<f64> = known.filter(|number| !number.is_nan()).collect();
                    let (mean, deviation) = moments(&known).unwrap_or((0.0, 1.0));
                    axes.push((mean, if deviation > 0.0 { deviation } else { 1.0 }));
                    names.push(column.name.clone());
                }
                CellKind::Pair { values, .. } => {
                    axes.push((values[0], values[1] - values[0]));
                    names.push(column.name.clone());
                }
                CellKind::Category { words } => {
                    // Two words differ in two of these columns: ½ + ½ is the square of 1.
                    axes.extend((start..end).map(|_| (0.0, 2f64.sqrt())));
                    names.extend(words.iter().map(|word| format!("{}={word}", column.name)));
                }
            }
        }
        Self { axes, names }
    }

    /// The places of those rows that have no missing cell.
    fn place(&self, rows: &[Vec<f64>]) -> Vec<f32> {
        let whole = rows
            .iter()
            .filter(|row| row.iter().all(|number| !number.is_nan()));
        let placed = whole.flat_map(|row| {
            let numbers = row.iter().zip(&self.axes);
            numbers.map(|(number, (shift, scale))| ((number - shift) / scale) as f32)
        });
        placed.collect()
    }

    fn matrix<'a>(&self, rows: &'a [f32]) -> Matrix<'a> {
        Matrix::new(rows, self.axes.len())
    }
}

/// Rows, evenly spread, at most so many.
fn evenly(rows: Matrix, most: usize) -> Vec<f32> {
    let count = rows.len().min(most);
    let places = (0..count).map(|i| i * rows.len() / count);
    places.flat_map(|place| rows.row(place).to_vec()).collect()
}

/// Rows of a table, to find the same ones among others.
struct Copies(HashSet<Vec<u64>>);

impl Copies {
    fn of(rows: &[Vec<f64>]) -> Self {
        Self(rows.iter().map(|row| bits(row)).collect())
    }

    /// How many of these rows are one of them in every cell.
    fn among(&self, rows: &[Vec<f64>]) -> usize {
        rows.iter()
            .filter(|row| self.0.contains(&bits(row)))
            .count()
    }
}

/// A row as bits: -0 is 0.
fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|number| (number + 0.0).to_bits()).collect()
}

#[cfg(test)]
mod tests {
    use espejo_data::{Source, load};

    use super::*;

    /// Ten rows of a number, a word and a truth value.
    fn table(text: &str) -> RawTable {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("it is writable");
        let loaded = load(&Source::named(path.display().to_string())).expect("it loads");
        RawTable {
            columns: TableColumn::of(&loaded.train, &loaded.columns),
            train: loaded.train,
            held_out: None,
        }
    }

    const TABLE: &str = "n,w,t\n1,a,yes\n2,a,no\n3,b,yes\n4,c,no\n5,c,no\n";

    #[test]
    fn training_rows_that_come_back_are_copies_in_all_that_is_measured() {
        let table = table(TABLE);
        let rows = rows_of(&table.train);
        let report = SyntheticReport::new(&table, &rows, 1);
        assert_eq!(report.copies, 5);
        assert!(
            report
                .columns
                .iter()
                .all(|column| column.difference == Some(0.0))
        );
        let nearness = report.nearness.expect("there are rows");
        assert_eq!((nearness.nearer, nearness.synthetic.copies), (1.0, 1.0));
        assert_eq!(report.two_sample.expect("there are rows").accuracy, 0.0);
        assert_eq!(
            report
                .correlations
                .expect("there are rows")
                .difference
                .largest,
            0.0
        );
    }

    #[test]
    fn columns_are_held_against_each_other_by_what_they_hold() {
        let table = table(TABLE);
        // n, w=a, w=b, w=c, t: all of one word, and one number more.
        let new = |n: f64| vec![n, 1.0, 0.0, 0.0, 1.0];
        let report = SyntheticReport::new(&table, &[new(1.0), new(6.0)], 1);
        let [n, w, t] = &report.columns[..] else {
            panic!("three columns: {report:?}");
        };
        assert_eq!(n.difference, Some(0.5));
        // Two fifths are of that word, so are two fifths yes.
        assert!((w.difference.expect("known") - 0.6).abs() < 1e-12);
        assert!((t.difference.expect("known") - 0.6).abs() < 1e-12);
        assert_eq!(report.copies, 1);
        assert_eq!(report.rows.train, (5, 5));
    }

    #[test]
    fn words_lie_one_apart_and_numbers_are_in_deviations() {
        let table = table(TABLE);
        let rows = rows_of(&table.train);
        let space = Space::of(&table.columns, &rows);
        let placed = space.place(&[vec![1.0, 1.0, 0.0, 0.0, 1.0], vec![1.0, 0.0, 0.0, 1.0, 1.0]]);
        let squared: f32 = (0..5).map(|at| (placed[at] - placed[5 + at]).powi(2)).sum();
        assert!((squared - 1.0).abs() < 1e-6);
        let (_, deviation) = moments(&[1.0, 2.0, 3.0, 4.0, 5.0]).expect("five numbers");
        assert_eq!(space.axes[0], (3.0, deviation));
        assert_eq!(space.names, ["n", "w=a", "w=b", "w=c", "t"]);
    }

    #[test]
    fn rows_with_missing_cells_count_in_their_columns_alone() {
        let table = table("n,w\n1,a\n,a\n3,\n4,b\n");
        let report = SyntheticReport::new(&table, &[vec![1.0, 1.0, 0.0], vec![4.0, 0.0, 1.0]], 1);
        assert_eq!(report.rows.train, (4, 2));
        let Content::Numbers { real, .. } = &report.columns[0].content else {
            panic!("numbers: {report:?}");
        };
        assert_eq!(real, &[1.0, 3.0, 4.0]);
    }
}
