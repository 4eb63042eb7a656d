//! Isolation forest (Liu, Ting, Zhou 2008): what random cuts soon set apart is an anomaly.
//!
//! Written here, since no crate would do: `isolation_forest` is of 2021, `extended-isolation-forest` wants the number of columns when
//! the program is compiled, and `rustyml` brings a library of neural networks along.

use std::ops::Range;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Matrix;
use crate::parallel::{cores, map_pieces};

/// Trees of a forest, as in the paper and in scikit-learn.
const TREES: usize = 100;
/// Training rows of a tree at most, drawn without putting back.
const ROWS: usize = 256;
/// Rows that walk through a tree together.
const BLOCK: usize = 256;
/// Euler and Mascheroni's constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// Trees of random cuts.
#[derive(Clone, Debug)]
pub struct IsolationForest {
    trees: Vec<Vec<Node>>,
    deepest: usize,
    columns: usize,
    // The mean path in a tree of all its rows, by which paths are divided.
    unit: f64,
}

/// A node of a tree. One where a path ends leads to itself, so that every path takes the same number of steps: a processor that need
/// not guess where a path ends walks several rows at once.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    column: u32,
    at: f32,
    // The node of what lies at or below the cut, and of what lies above it.
    next: [u32; 2],
    // How long the path is that ends here, with the cuts that the rows left together would take.
    path: f32,
}

impl IsolationForest {
    /// A forest of 100 trees of 256 rows each (or all, where there are fewer): a function of the rows, their order and `seed`.
    ///
    /// A cut goes through a column, drawn from those that are not constant, at a place drawn between its least and its greatest
    /// value. A tree is at most ⌈log2 of its rows⌉ cuts deep.
    ///
    /// # Panics
    ///
    /// Where there is no row.
    pub fn fit(rows: Matrix, seed: u64) -> Self {
        assert!(!rows.is_empty(), "there are training rows");
        let count = rows.len().min(ROWS);
        let depth = (count.max(2) as f64).log2().ceil() as usize;
        let tree = |place: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(place as u64);
            let mut drawn = draw(rows.len(), count, &mut rng);
            let mut tree = Vec::new();
            grow(&mut tree, rows, &mut drawn, (0, depth), &mut rng);
            tree
        };
        Self {
            trees: (0..TREES).map(tree).collect(),
            deepest: depth,
            columns: rows.columns(),
            unit: mean_path(count).max(f64::MIN_POSITIVE),
        }
    }

    /// The score of each row, 2^(-mean path / mean path in a tree of all its rows): towards 1 for anomalies, about .5 and less for normal rows.
    ///
    /// The score of a row is the same with any number of threads. These are the negatives of scikit-learn's `score_samples`.
    ///
    /// # Panics
    ///
    /// Where rows have another number of columns than those of training.
    pub fn scores(&self, rows: Matrix) -> Vec<f64> {
        self.scores_on(cores(), rows)
    }

    fn scores_on(&self, threads: usize, rows: Matrix) -> Vec<f64> {
        assert_eq!(rows.columns(), self.columns, "the columns of training");
        map_pieces(rows.len(), BLOCK, threads, |places| {
            self.score_block(rows, places)
        })
    }

    /// The scores of the rows from `first` on, tree by tree, so that a tree stays in the nearest memory.
    fn score_block(&self, rows: Matrix, places: Range<usize>) -> Vec<f64> {
        let mut scores = vec![0.0; places.len()];
        for tree in &self.trees {
            for (sum, place) in scores.iter_mut().zip(places.clone()) {
                *sum += f64::from(path(tree, self.deepest, rows.row(place)));
            }
        }
        for score in &mut scores {
            *score = (-*score / self.trees.len() as f64 / self.unit).exp2();
        }
        scores
    }
}

/// `count` different places below `of`, in random order.
fn draw(of: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut places: Vec<usize> = (0..of).collect();
    for k in 0..count {
        places.swap(k, rng.random_range(k..of));
    }
    places.truncate(count);
    places
}

/// Appends the tree of the rows `drawn`, which lies so many cuts deep of at most so many.
fn grow(
    tree: &mut Vec<Node>,
    rows: Matrix,
    drawn: &mut [usize],
    (depth, deepest): (usize, usize),
    rng: &mut ChaCha8Rng,
) {
    let cut = (depth < deepest)
        .then(|| draw_cut(rows, drawn, rng))
        .flatten();
    let place = tree.len();
    let here = place as u32;
    tree.push(Node {
        column: 0,
        at: 0.0,
        next: [here, here],
        path: (depth as f64 + mean_path(drawn.len())) as f32,
    });
    let Some((column, at)) = cut else { return };
    let middle = part(drawn, |row| rows.row(row)[column] <= at);
    let (below, above) = drawn.split_at_mut(middle);
    grow(tree, rows, below, (depth + 1, deepest), rng);
    (tree[place].column, tree[place].at) = (column as u32, at);
    tree[place].next = [here + 1, tree.len() as u32];
    grow(tree, rows, above, (depth + 1, deepest), rng);
}

/// A column and a place in it, at least one row at or below and one above; none where all rows are equal.
fn draw_cut(rows: Matrix, drawn: &[usize], rng: &mut ChaCha8Rng) -> Option<(usize, f32)> {
    let mut columns: Vec<usize> = (0..rows.columns()).collect();
    while !columns.is_empty() {
        let column = columns.swap_remove(rng.random_range(0..columns.len()));
        let values = || drawn.iter().map(|row| rows.row(*row)[column]);
        let (low, high) = (
            values().fold(f32::INFINITY, f32::min),
            values().fold(f32::NEG_INFINITY, f32::max),
        );
        if low < high {
            let at = low + rng.random::<f32>() * (high - low);
            // A rounding to the greatest value would leave nothing above; an endless range would leave NaN.
            return Some((column, if at < high { at } else { low }));
        }
    }
    None
}

/// Brings what `first` holds of to the front; returns how many.
fn part(places: &mut [usize], first: impl Fn(usize) -> bool) -> usize {
    let mut middle = 0;
    for k in 0..places.len() {
        if first(places[k]) {
            places.swap(middle, k);
            middle += 1;
        }
    }
    middle
}

fn path(tree: &[Node], deepest: usize, row: &[f32]) -> f32 {
    let mut node = &tree[0];
    for _ in 0..deepest {
        let above = row[node.column as usize] > node.at;
        node = &tree[node.next[usize::from(above)] as usize];
    }
    node.path
}

/// The mean path of an unsuccessful search in a binary tree of `rows`.
fn mean_path(rows: usize) -> f64 {
    let n = rows as f64;
    match rows {
        0 | 1 => 0.0,
        2 => 1.0,
        _ => 2.0 * ((n - 1.0).ln() + EULER) - 2.0 * (n - 1.0) / n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_mean_paths() {
        assert_eq!([mean_path(1), mean_path(2)], [0.0, 1.0]);
        // 2 (ln 2 + γ) - 4 / 3
        assert!((mean_path(3) - 1.207_392_357_589_622_7).abs() < 1e-12);
        assert!((mean_path(256) - 10.244_770_920_119_917).abs() < 1e-12);
    }

    /// The first cut of every tree sets the one row apart; the other 255 are equal and end there.
    #[test]
    fn one_row_among_equal_ones_has_a_path_of_one() {
        let mut values = [0.0; 256];
        values[99] = 1.0;
        let forest = IsolationForest::fit(Matrix::new(&values, 1), 3);
        let scores = forest.scores_on(1, Matrix::new(&[1.0, 0.0, 50.0], 1));
        let expected = |path: f64| (-path / mean_path(256)).exp2();
        assert!((scores[0] - expected(1.0)).abs() < 1e-7);
        assert!((scores[1] - expected(1.0 + mean_path(255))).abs() < 1e-7);
        assert_eq!(scores[2], scores[0]);
    }

    #[test]
    fn scores_are_the_same_with_any_number_of_threads_and_for_a_row_alone() {
        let values: Vec<f32> = (0..4000).map(|k| (k * k % 1009) as f32).collect();
        let rows = Matrix::new(&values, 4);
        let forest = IsolationForest::fit(rows, 1);
        let one = forest.scores_on(1, rows);
        assert_eq!(one, forest.scores_on(3, rows));
        let alone = forest.scores_on(1, Matrix::new(rows.row(707), 4));
        assert_eq!(alone, one[707..708]);
        assert_ne!(one, IsolationForest::fit(rows, 2).scores_on(1, rows));
    }

    /// Rows that no cut parts end at once, at the mean path of all: 2^-1.
    #[test]
    fn equal_training_rows_give_a_half() {
        let values = [7.0; 30];
        let forest = IsolationForest::fit(Matrix::new(&values, 3), 0);
        let scores = forest.scores_on(1, Matrix::new(&[7.0, 7.0, 7.0, 0.0, 1.0, 2.0], 3));
        assert!(scores.iter().all(|score| (score - 0.5).abs() < 1e-7));
        let single = IsolationForest::fit(Matrix::new(&[1.0], 1), 0);
        assert!(single.scores_on(1, Matrix::new(&[2.0], 1))[0].is_finite());
    }
}
