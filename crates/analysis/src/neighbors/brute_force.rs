//! All rows against all queries, by a matrix product in single precision that leaves over few rows, whose distances are then worked
//! out exactly.
//!
//! With rows b and queries a, both less the mean of the rows,
//!
//! ```text
//!   ½ ‖a - b‖² - ½ ‖a‖²  =  ½ ‖b‖² - a · b
//! ```
//!
//! The right side is one multiply-add a column. Where it lies above the left side at the limit of a query (the distance of the
//! k-th nearest row so far) by more than rounding can explain, the row is not among the nearest. Every other row's distance is
//! worked out in double precision and offered, so that the nearest are exact, and ties too.

use std::iter::zip;

use pulp::{Arch, Simd, WithSimd};

use super::Best;
use crate::Matrix;
use crate::distance::squared_distance;

/// Queries that are worked on together: they stay in the second cache while the rows go by.
pub(crate) const QUERIES: usize = 256;

/// Rows side by side: a multiple of what a tile takes on every machine.
const PANEL: usize = 96;

/// Of rows and queries farther out, squares may leave single precision: every distance is worked out exactly.
const LARGEST_REACH: f64 = 1e18;

/// Queries of a tile.
const TILE: usize = 4;

/// Rows as the product wants them: panels of 96 rows side by side, less the mean of all rows.
pub(crate) struct Panels<'a> {
    rows: Matrix<'a>,
    mean: Vec<f64>,
    /// `[panels, columns, 96]`
    values: Vec<f32>,
    /// ½ ‖b‖², `[panels, 96]`, infinite where there is no row any more.
    halves: Vec<f32>,
    /// The largest ‖b‖ of each panel.
    norms: Vec<f64>,
}

/// Queries as the product wants them.
struct Tiles {
    /// `[tiles, columns, 4]`, negated.
    values: Vec<f32>,
    /// ‖a‖
    norms: Vec<f64>,
}

impl<'a> Panels<'a> {
    /// The panels of these rows, of which there is at least one.
    pub(crate) fn new(rows: Matrix<'a>) -> Self {
        let columns = rows.columns();
        let panels = rows.len().div_ceil(PANEL);
        let mut made = Self {
            rows,
            mean: mean(rows),
            values: vec![0.0; panels * columns * PANEL],
            halves: vec![f32::INFINITY; panels * PANEL],
            norms: vec![0.0; panels],
        };
        let mut centered = vec![0.0; columns];
        for (index, row) in rows.rows().enumerate() {
            let (panel, lane) = (index / PANEL, index % PANEL);
            let squared = center(row, &made.mean, &mut centered);
            let slots = made.values[panel * columns * PANEL + lane..]
                .iter_mut()
                .step_by(PANEL);
            for (slot, value) in zip(slots, &centered) {
                *slot = *value;
            }
            made.halves[index] = (0.5 * squared) as f32;
            made.norms[panel] = made.norms[panel].max(squared.sqrt());
        }
        made
    }

    /// The `k` nearest rows of each query.
    pub(crate) fn nearest(&self, queries: &[&[f32]], k: usize) -> Vec<Best> {
        let tiles = Tiles::new(queries, &self.mean);
        let mut best = vec![Best::new(k); queries.len()];
        Arch::new().dispatch(Search {
            panels: self,
            tiles: &tiles,
            queries,
            best: &mut best,
        });
        best
    }

    /// Offers rows from `start` on to a query: those whose value is not above the limit.
    #[cold]
    fn offer(&self, start: usize, values: &[f32], limit: f32, query: &[f32], best: &mut Best) {
        for (index, value) in (start..self.rows.len()).zip(values) {
            if *value <= limit || value.is_nan() {
                best.offer(squared_distance(query, self.rows.row(index)), index);
            }
        }
    }

    /// What the value of a row that is among the nearest of a query cannot be above.
    #[inline(always)]
    fn limit(&self, panel: usize, norm: f64, best: &Best) -> f32 {
        // A sum of d products is off by at most d u Σ|a b| in any order, with u = 2⁻²⁴; taking the mean off, the halves of the norms
        // and this limit itself add a few u. Twice of all that, with d + 8, holds with room; numbers too small for single precision
        // are off by less than the least normal number.
        let reach = norm + self.norms[panel];
        if reach > LARGEST_REACH || reach.is_nan() {
            return f32::INFINITY;
        }
        let rounding = (self.rows.columns() + 8) as f64 * f64::from(f32::EPSILON) * reach * reach;
        let limit = 0.5 * (best.limit() - norm * norm) + rounding;
        (limit as f32 + f32::MIN_POSITIVE).next_up()
    }
}

impl Tiles {
    fn new(queries: &[&[f32]], mean: &[f64]) -> Self {
        let columns = mean.len();
        let mut values = vec![0.0; queries.len().div_ceil(TILE) * columns * TILE];
        let mut norms = Vec::with_capacity(queries.len());
        let mut centered = vec![0.0; columns];
        for (index, query) in queries.iter().enumerate() {
            norms.push(center(query, mean, &mut centered).sqrt());
            let slots = values[index / TILE * columns * TILE + index % TILE..]
                .iter_mut()
                .step_by(TILE);
            for (slot, value) in zip(slots, &centered) {
                *slot = -value;
            }
        }
        Self { values, norms }
    }
}

/// The mean of each column.
fn mean(rows: Matrix) -> Vec<f64> {
    let mut mean = vec![0.0; rows.columns()];
    for row in rows.rows() {
        for (mean, value) in zip(&mut mean, row) {
            *mean += f64::from(*value);
        }
    }
    mean.iter().map(|sum| sum / rows.len() as f64).collect()
}

/// Writes a row less the mean, and gives the squared norm of what was written.
fn center(row: &[f32], mean: &[f64], centered: &mut [f32]) -> f64 {
    let mut squared = 0.0;
    for (slot, (value, mean)) in zip(centered, zip(row, mean)) {
        *slot = (f64::from(*value) - mean) as f32;
        squared += f64::from(*slot) * f64::from(*slot);
    }
    squared
}

/// All panels against all tiles.
struct Search<'a> {
    panels: &'a Panels<'a>,
    tiles: &'a Tiles,
    queries: &'a [&'a [f32]],
    best: &'a mut [Best],
}

impl WithSimd for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = self.panels.rows.columns();
        let panels = self.panels.values.chunks_exact(columns * PANEL);
        for (panel, rows) in panels.enumerate() {
            for (tile, values) in self.tiles.values.chunks_exact(columns * TILE).enumerate() {
                // 4 · 6 sums, 6 vectors and a weight fill 31 of 32 registers; 4 · 3 sums fill 16 of 16.
                if S::REGISTER_COUNT >= 32 {
                    self.tile::<S, 6>(simd, panel, rows, tile, values);
                } else {
                    self.tile::<S, 3>(simd, panel, rows, tile, values);
                }
            }
        }
    }
}

impl Search<'_> {
    /// One tile of queries against one panel of rows.
    #[inline(always)]
    fn tile<S: Simd, const V: usize>(
        &mut self,
        simd: S,
        panel: usize,
        rows: &[f32],
        tile: usize,
        queries: &[f32],
    ) {
        let halves = &self.panels.halves[panel * PANEL..][..PANEL];
        let first = tile * TILE;
        let count = (self.queries.len() - first).min(TILE);
        let mut limits = [f32::NEG_INFINITY; TILE];
        for (limit, index) in zip(&mut limits[..count], first..) {
            *limit = self
                .panels
                .limit(panel, self.tiles.norms[index], &self.best[index]);
        }
        for start in (0..PANEL).step_by(V * S::F32_LANES) {
            let sums = product::<S, V>(simd, &rows[start..], &halves[start..], queries);
            for (query, index) in (0..count).zip(first..) {
                if any_not_above(simd, &sums[query], limits[query]) {
                    let mut values = [0.0; PANEL];
                    let values = &mut values[..V * S::F32_LANES];
                    S::as_mut_simd_f32s(values).0.copy_from_slice(&sums[query]);
                    let limit = limits[query];
                    let (query, best) = (self.queries[index], &mut self.best[index]);
                    self.panels
                        .offer(panel * PANEL + start, values, limit, query, best);
                }
            }
        }
    }
}

/// ½ ‖b‖² - a · b of V vectors of rows and a tile of queries.
#[inline(always)]
fn product<S: Simd, const V: usize>(
    simd: S,
    rows: &[f32],
    halves: &[f32],
    queries: &[f32],
) -> [[S::f32s; V]; TILE] {
    let mut vectors = [simd.splat_f32s(0.0); V];
    vectors.copy_from_slice(S::as_simd_f32s(&halves[..V * S::F32_LANES]).0);
    let mut sums = [vectors; TILE];
    for (rows, queries) in zip(rows.chunks(PANEL), queries.as_chunks::<TILE>().0) {
        vectors.copy_from_slice(S::as_simd_f32s(&rows[..V * S::F32_LANES]).0);
        for (sums, query) in zip(&mut sums, queries) {
            let query = simd.splat_f32s(*query);
            for (sum, row) in zip(sums, vectors) {
                *sum = simd.mul_add_e_f32s(query, row, *sum);
            }
        }
    }
    sums
}

/// Whether any number is not above the limit, or no number.
#[inline(always)]
fn any_not_above<S: Simd>(simd: S, vectors: &[S::f32s], limit: f32) -> bool {
    let limit = simd.splat_f32s(limit);
    let above = |vector: &S::f32s| simd.greater_than_f32s(*vector, limit);
    let all = vectors[1..].iter().fold(above(&vectors[0]), |all, vector| {
        simd.and_m32s(all, above(vector))
    });
    simd.first_true_m32s(simd.not_m32s(all)) < S::F32_LANES
}
