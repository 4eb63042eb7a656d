//! A symmetric matrix that takes updates of rank two and multiplies vectors.

use crate::vector::{add, dot, wide};

/// Updates that wait: the matrix is written once for all of them, and only read by the products between.
const PENDING: usize = 16;
/// Rows that a product takes at once.
const ROWS: usize = 4;
/// Columns that it takes at once.
const LANES: usize = 16;

/// A symmetric matrix: its lower triangle, row by row, and the updates that are not in there yet.
pub(crate) struct Symmetric {
    size: usize,
    /// Row i has i + 1 values.
    rows: Vec<f64>,
    /// Pairs s, t of updates s tᵀ + t sᵀ, each a row: `[2 PENDING, size]`.
    pending: Vec<f64>,
    waiting: usize,
}

impl Symmetric {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            rows: vec![0.0; size * (size + 1) / 2],
            pending: vec![0.0; 2 * PENDING * size],
            waiting: 0,
        }
    }

    /// The unit matrix times a factor.
    pub(crate) fn reset(&mut self, factor: f64) {
        self.waiting = 0;
        self.rows.fill(0.0);
        let mut end = 0;
        for row in 0..self.size {
            end += row + 1;
            self.rows[end - 1] = factor;
        }
    }

    /// Adds s tᵀ + t sᵀ.
    pub(crate) fn update(&mut self, s: &[f64], t: &[f64]) {
        if self.waiting == PENDING {
            self.write();
        }
        let pair = &mut self.pending[2 * self.waiting * self.size..][..2 * self.size];
        pair[..self.size].copy_from_slice(s);
        pair[self.size..].copy_from_slice(t);
        self.waiting += 1;
    }

    /// product ← matrix · x.
    pub(crate) fn multiply(&self, x: &[f64], product: &mut [f64]) {
        product.fill(0.0);
        wide(
            #[inline(always)]
            || multiply(&self.rows, x, product),
        );
        for pair in self.pending.chunks_exact(2 * self.size).take(self.waiting) {
            let (s, t) = pair.split_at(self.size);
            let (along_s, along_t) = (dot(s, x), dot(t, x));
            add(product, along_t, s);
            add(product, along_s, t);
        }
    }

    /// Writes what waits into the matrix.
    fn write(&mut self) {
        let (size, rows) = (self.size, &mut self.rows);
        let pending = &self.pending[..2 * self.waiting * size];
        wide(
            #[inline(always)]
            || write(size, rows, pending),
        );
        self.waiting = 0;
    }
}

#[inline(always)]
fn write(size: usize, rows: &mut [f64], pending: &[f64]) {
    let mut rest = rows;
    for row in 0..size {
        let (values, next) = rest.split_at_mut(row + 1);
        rest = next;
        for pair in pending.chunks_exact(2 * size) {
            let (s, t) = pair.split_at(size);
            let (a, b) = (s[row], t[row]);
            for ((value, s), t) in values.iter_mut().zip(s).zip(t) {
                *value += a * t + b * s;
            }
        }
    }
}

/// product += the symmetric matrix of a lower triangle · x, a few rows at once.
#[inline(always)]
fn multiply(mut rows: &[f64], x: &[f64], product: &mut [f64]) {
    let whole = x.len() / ROWS * ROWS;
    for first in (0..whole).step_by(ROWS) {
        let mut band = [[].as_slice(); ROWS];
        for (offset, row) in band.iter_mut().enumerate() {
            let (this, rest) = rows.split_at(first + offset + 1);
            *row = this;
            rows = rest;
        }
        multiply_band(&band, first, x, product);
    }
    for row in whole..x.len() {
        let (this, rest) = rows.split_at(row + 1);
        multiply_corner(this, row, 0, x, product);
        rows = rest;
    }
}

/// The rows from `first` on.
#[inline(always)]
fn multiply_band(band: &[&[f64]; ROWS], first: usize, x: &[f64], product: &mut [f64]) {
    let mut factors = [0.0; ROWS];
    factors.copy_from_slice(&x[first..first + ROWS]);
    let mut sums = [[0.0; LANES]; ROWS];
    let whole = first / LANES * LANES;
    for column in (0..whole).step_by(LANES) {
        let x: &[f64; LANES] = x[column..].first_chunk().expect("the columns are there");
        let product: &mut [f64; LANES] = product[column..].first_chunk_mut().expect("as x");
        let mut totals = *product;
        for row in 0..ROWS {
            let values: &[f64; LANES] = band[row][column..].first_chunk().expect("as x");
            for lane in 0..LANES {
                sums[row][lane] += values[lane] * x[lane];
                totals[lane] += values[lane] * factors[row];
            }
        }
        *product = totals;
    }
    for row in 0..ROWS {
        product[first + row] += sums[row].iter().sum::<f64>();
        multiply_corner(band[row], first + row, whole, x, product);
    }
}

/// One row from a column on, with its diagonal.
#[inline(always)]
fn multiply_corner(values: &[f64], row: usize, from: usize, x: &[f64], product: &mut [f64]) {
    let mut sum = values[row] * x[row];
    for column in from..row {
        sum += values[column] * x[column];
        product[column] += values[column] * x[row];
    }
    product[row] += sum;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a whole matrix, for sizes around those of the blocks, and more updates than wait at a time.
    #[test]
    fn products_are_those_of_the_whole_matrix() {
        for size in [1, 3, 4, 17, 40] {
            let vector = |seed: usize| {
                (0..size)
                    .map(|k| ((seed + 3 * k) as f64).sin())
                    .collect::<Vec<_>>()
            };
            let mut matrix = Symmetric::new(size);
            matrix.reset(2.0);
            let mut whole = vec![0.0; size * size];
            (0..size).for_each(|row| whole[row * size + row] = 2.0);
            for step in 0..2 * PENDING + 3 {
                let (s, t, x) = (vector(step), vector(7 * step + 1), vector(11 * step + 2));
                matrix.update(&s, &t);
                for row in 0..size {
                    for column in 0..size {
                        whole[row * size + column] += s[row] * t[column] + t[row] * s[column];
                    }
                }
                let mut product = vec![f64::NAN; size];
                matrix.multiply(&x, &mut product);
                for (row, ours) in whole.chunks_exact(size).zip(&product) {
                    let theirs: f64 = row.iter().zip(&x).map(|(a, b)| a * b).sum();
                    assert!((ours - theirs).abs() < 1e-11, "{ours}, not {theirs}");
                }
            }
        }
    }
}
