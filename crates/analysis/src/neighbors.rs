//! Nearest rows by Euclidean distance, exactly, and classification by the vote of the nearest.

mod brute_force;
mod tree;

use crate::Matrix;
use crate::parallel::{cores, map_pieces};

/// A row that is near, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neighbor {
    /// Its place among the rows that were searched.
    pub index: usize,
    /// The Euclidean distance.
    pub distance: f64,
}

/// The `k` rows of `train` nearest to each row of `queries`, the nearest first; of equal distances the lower index first.
///
/// Distances are exact (differences and sums in double precision), and neither the number of threads nor which other queries
/// come along changes a bit. With fewer than `k` rows in `train`, all of them are given. A distance to a row with NaN is infinite.
///
/// Up to six columns a k-d tree finds them; beyond that a tree visits most of its leaves, and a matrix product in
/// single precision is faster, which leaves over few rows whose distances are then worked out exactly.
///
/// # Panics
///
/// Where `train` and `queries` have different numbers of columns.
pub fn nearest(train: Matrix, queries: Matrix, k: usize) -> Vec<Vec<Neighbor>> {
    nearest_on(cores(), train, queries, k)
}

fn nearest_on(threads: usize, train: Matrix, queries: Matrix, k: usize) -> Vec<Vec<Neighbor>> {
    assert_eq!(
        train.columns(),
        queries.columns(),
        "rows to search and queries have different numbers of columns"
    );
    let k = k.min(train.len());
    if k == 0 {
        return vec![Vec::new(); queries.len()];
    }
    match train.columns() {
        1 => in_tree::<1>(threads, train, queries, k),
        2 => in_tree::<2>(threads, train, queries, k),
        3 => in_tree::<3>(threads, train, queries, k),
        4 => in_tree::<4>(threads, train, queries, k),
        5 => in_tree::<5>(threads, train, queries, k),
        6 => in_tree::<6>(threads, train, queries, k),
        _ => by_brute_force(threads, train, queries, k),
    }
}

fn in_tree<const D: usize>(
    threads: usize,
    train: Matrix,
    queries: Matrix,
    k: usize,
) -> Vec<Vec<Neighbor>> {
    let tree = tree::Tree::<D>::new(train);
    map_pieces(queries.len(), 64, threads, |places| {
        places
            .map(|place| tree.nearest(queries.row(place), k).into_neighbors())
            .collect()
    })
}

fn by_brute_force(threads: usize, train: Matrix, queries: Matrix, k: usize) -> Vec<Vec<Neighbor>> {
    let panels = brute_force::Panels::new(train);
    map_pieces(queries.len(), brute_force::QUERIES, threads, |places| {
        let rows: Vec<&[f32]> = places.map(|place| queries.row(place)).collect();
        let found = panels.nearest(&rows, k);
        found.into_iter().map(Best::into_neighbors).collect()
    })
}

/// The nearest rows so far.
#[derive(Clone, Debug)]
struct Best {
    k: usize,
    /// Squared distances and indices, in order.
    found: Vec<(f64, usize)>,
}

impl Best {
    fn new(k: usize) -> Self {
        Self {
            k,
            found: Vec::with_capacity(k + 1),
        }
    }

    /// The squared distance above which no row can be among the nearest any more.
    #[inline(always)]
    fn limit(&self) -> f64 {
        match self.found.last() {
            Some((squared, _)) if self.found.len() == self.k => *squared,
            _ => f64::INFINITY,
        }
    }

    /// Takes a row in, if it is among the nearest.
    #[inline(always)]
    fn offer(&mut self, squared: f64, index: usize) {
        if squared <= self.limit() {
            self.insert(squared, index);
        }
    }

    fn insert(&mut self, squared: f64, index: usize) {
        let place = self
            .found
            .partition_point(|found| *found < (squared, index));
        self.found.insert(place, (squared, index));
        self.found.truncate(self.k);
    }

    fn into_neighbors(self) -> Vec<Neighbor> {
        let neighbor = |(squared, index): (f64, usize)| Neighbor {
            index,
            distance: squared.sqrt(),
        };
        self.found.into_iter().map(neighbor).collect()
    }
}

/// The class that most of the neighbours have, which are in order, the nearest first; of equally many, that of the nearest.
///
/// `labels` are those of all rows that were searched, each below `classes`.
///
/// # Panics
///
/// Where there is no neighbour, or a label is not below `classes`.
pub fn vote(neighbors: &[Neighbor], labels: &[usize], classes: usize) -> usize {
    let mut counts = vec![0_usize; classes];
    for neighbor in neighbors {
        counts[labels[neighbor.index]] += 1;
    }
    let classes = neighbors
        .iter()
        .rev()
        .map(|neighbor| labels[neighbor.index]);
    // The last of equals is taken, which is the nearest: the order is reversed.
    classes
        .max_by_key(|class| counts[*class])
        .expect("a vote has voters")
}

/// The share of queries whose class is what the `k` nearest rows of `train` vote for.
///
/// # Panics
///
/// Where rows and labels are not equally many, there are no rows, `k` is 0, or the numbers of columns differ.
pub fn neighbor_accuracy(
    train: Matrix,
    train_labels: &[usize],
    queries: Matrix,
    query_labels: &[usize],
    k: usize,
) -> f64 {
    assert_eq!(train.len(), train_labels.len(), "each row has a label");
    assert_eq!(queries.len(), query_labels.len(), "each query has a label");
    let classes = train_labels.iter().max().map_or(0, |largest| largest + 1);
    let found = nearest(train, queries, k);
    let right = |(neighbors, label): &(&Vec<Neighbor>, &usize)| {
        vote(neighbors, train_labels, classes) == **label
    };
    let hits = found.iter().zip(query_labels).filter(right).count();
    hits as f64 / queries.len() as f64
}

#[cfg(test)]
mod tests;
