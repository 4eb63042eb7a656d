//! A k-d tree for few columns: halves of halves of the rows, each with the box that holds it.

use super::Best;
use crate::Matrix;
use crate::distance::{squared_distance, sum_of_squares};

/// Rows in a leaf, at most.
const LEAF: usize = 16;

/// A tree over rows of `D` columns.
pub(crate) struct Tree<const D: usize> {
    /// The rows with their indices, those of a node side by side.
    points: Vec<([f32; D], usize)>,
    /// Each node before its first half, and that before its second.
    nodes: Vec<Node<D>>,
}

struct Node<const D: usize> {
    low: [f32; D],
    high: [f32; D],
    start: usize,
    end: usize,
    /// The node of the second half; the first is the next node. None in a leaf.
    second: Option<usize>,
}

impl<const D: usize> Tree<D> {
    /// The tree of these rows, of which there is at least one.
    pub(crate) fn new(rows: Matrix) -> Self {
        let points = rows
            .rows()
            .map(|row| row.as_chunks().0[0])
            .zip(0..)
            .collect();
        let mut tree = Self {
            points,
            nodes: Vec::new(),
        };
        tree.grow(0, rows.len());
        tree
    }

    /// Adds the node of the points `start..end` and all below it.
    fn grow(&mut self, start: usize, end: usize) {
        let (low, high) = bounds(&self.points[start..end]);
        let node = self.nodes.len();
        self.nodes.push(Node {
            low,
            high,
            start,
            end,
            second: None,
        });
        if end - start <= LEAF {
            return;
        }
        let width = |column: &usize| high[*column] - low[*column];
        let widest = (0..D)
            .max_by(|a, b| width(a).total_cmp(&width(b)))
            .expect("a row has a column");
        let middle = (end - start) / 2;
        self.points[start..end]
            .select_nth_unstable_by(middle, |(a, _), (b, _)| a[widest].total_cmp(&b[widest]));
        self.grow(start, start + middle);
        self.nodes[node].second = Some(self.nodes.len());
        self.grow(start + middle, end);
    }

    /// The `k` rows nearest to a query.
    pub(crate) fn nearest(&self, query: &[f32], k: usize) -> Best {
        let mut best = Best::new(k);
        self.visit(0, &query.as_chunks().0[0], &mut best);
        best
    }

    /// Offers the rows of a node, but none of a box that is farther than the limit. A box at the limit is looked into: it may
    /// hold a row of equal distance and lower index.
    fn visit(&self, index: usize, query: &[f32; D], best: &mut Best) {
        let node = &self.nodes[index];
        let Some(second) = node.second else {
            for (point, index) in &self.points[node.start..node.end] {
                best.offer(squared_distance(query, point), *index);
            }
            return;
        };
        let mut halves =
            [index + 1, second].map(|half| (self.nodes[half].squared_distance(query), half));
        if halves[1].0 < halves[0].0 {
            halves.swap(0, 1);
        }
        for (squared, half) in halves {
            if squared <= best.limit() {
                self.visit(half, query, best);
            }
        }
    }
}

impl<const D: usize> Node<D> {
    /// The squared distance of a query to the box, no more than that to any row in it, after rounding too.
    #[inline(always)]
    fn squared_distance(&self, query: &[f32; D]) -> f64 {
        let outside = |column: usize| {
            let query = f64::from(query[column]);
            let below = f64::from(self.low[column]) - query;
            let above = query - f64::from(self.high[column]);
            // A maximum drops NaN: what is no number bounds nothing.
            below.max(above).max(0.0)
        };
        sum_of_squares(D, outside)
    }
}

/// The least and the greatest number of each column.
fn bounds<const D: usize>(points: &[([f32; D], usize)]) -> ([f32; D], [f32; D]) {
    let (mut low, mut high) = ([f32::INFINITY; D], [f32::NEG_INFINITY; D]);
    for (point, _) in points {
        for column in 0..D {
            low[column] = low[column].min(point[column]);
            high[column] = high[column].max(point[column]);
        }
    }
    (low, high)
}
