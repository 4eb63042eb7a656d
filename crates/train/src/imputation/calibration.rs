//! How wide an interval has to be, seen on known cells that were hidden: split conformal prediction.

use espejo_analysis::Threshold;
use rand::RngExt;

use super::columns::Cells;
use super::filling::Filled;

/// What is needed of the interval of a cell before it is widened: the cell itself for a model that gives one value, else the ends of its draws.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Raw {
    /// How far a true value lies outside, below 0 where it is inside (Romano, Patterson and Candès 2019). For one value it is its distance.
    pub(crate) fn shortfall(self, truth: f64) -> f64 {
        (self.low - truth).max(truth - self.high)
    }

    /// The interval, wider by `margin` to both sides; of whole numbers its ends are whole.
    pub(crate) fn widened(self, margin: f64, is_whole: bool) -> (f64, f64) {
        let (low, high) = (self.low - margin, self.high + margin);
        // A margin below 0 may take more than there is.
        let middle = (low + high) / 2.0;
        let (low, high) = (
            low.min(middle).min(self.value),
            high.max(middle).max(self.value),
        );
        if !is_whole {
            return (low, high);
        }
        // What is a whole number but for its last digits stays one.
        let slack = 1e-9 * (1.0 + low.abs().max(high.abs()));
        ((low - slack).ceil(), (high + slack).floor())
    }
}

/// A filled row in the units of its table.
pub(crate) struct FilledRow<'a> {
    cells: &'a Cells<'a>,
    values: &'a [f32],
    units: Vec<f64>,
    /// The ends of its draws, where there were such.
    ends: Option<[Vec<f64>; 2]>,
}

impl<'a> FilledRow<'a> {
    /// The row at a place among those that were filled.
    pub(crate) fn of(cells: &'a Cells, filled: &'a Filled, row: usize) -> Self {
        let span = row * cells.width()..(row + 1) * cells.width();
        let ends = filled.ends.as_ref();
        Self {
            ends: ends.map(|ends| [0, 1].map(|end| cells.in_units(&ends[end][span.clone()]))),
            ..Self::plain(cells, &filled.rows[span])
        }
    }

    /// A row that has one value for each cell.
    pub(crate) fn plain(cells: &'a Cells, values: &'a [f32]) -> Self {
        Self {
            units: cells.in_units(values),
            cells,
            values,
            ends: None,
        }
    }

    /// The cell of a column.
    pub(crate) fn value(&self, column: usize) -> f64 {
        self.cells.value(column, self.values, &self.units)
    }

    /// The cell of a column with what its interval is made from.
    pub(crate) fn raw(&self, column: usize) -> Raw {
        let value = self.value(column);
        let [low, high] = match &self.ends {
            Some(ends) => [0, 1].map(|end| self.cells.number(column, &ends[end])),
            None => [value, value],
        };
        Raw { value, low, high }
    }
}

/// The margin that holds `level` of new cells, from the shortfalls of hidden ones; nothing where there are too few of them.
pub(crate) fn margin(shortfalls: &[f64], level: f64) -> Option<f64> {
    // 1 - .9 is .09999999999999998, by which nine cells would be one too few.
    let miss = ((1.0 - level) * 1e9).round() / 1e9;
    Threshold::Conformal(miss).limit(shortfalls, None).ok()
}

/// The fewest hidden cells that give a margin.
pub fn cells_for_level(level: f64) -> usize {
    let enough = |count: &usize| margin(&vec![0.0; *count], level).is_some();
    (1..100_000).find(enough).unwrap_or(100_000)
}

/// Hides cells of rows in the manner of others, of which `patterns` has the columns that each misses: each row takes over what a row
/// drawn at random misses. Gives the hidden cells by row and column.
pub(crate) fn hide_like(
    rows: &mut [f32],
    cells: &Cells,
    patterns: &[Vec<usize>],
    rng: &mut impl RngExt,
) -> Vec<(usize, usize)> {
    let mut hidden = Vec::new();
    for (place, row) in rows.chunks_exact_mut(cells.width()).enumerate() {
        let pattern = &patterns[rng.random_range(0..patterns.len())];
        let known = pattern
            .iter()
            .filter(|column| !cells.is_missing(**column, row));
        let known: Vec<usize> = known.copied().collect();
        for column in known {
            cells.hide(column, row);
            hidden.push((place, column));
        }
    }
    hidden
}

/// Hides each known cell of rows with a probability. Gives the hidden cells by row and column.
pub(crate) fn hide_at_random(
    rows: &mut [f32],
    cells: &Cells,
    share: f64,
    rng: &mut impl RngExt,
) -> Vec<(usize, usize)> {
    let mut hidden = Vec::new();
    for (place, row) in rows.chunks_exact_mut(cells.width()).enumerate() {
        for column in 0..cells.columns.len() {
            let is_chosen = rng.random::<f64>() < share;
            if is_chosen && !cells.is_missing(column, row) {
                cells.hide(column, row);
                hidden.push((place, column));
            }
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(value: f64, low: f64, high: f64) -> Raw {
        Raw { value, low, high }
    }

    #[test]
    fn an_interval_grows_and_shrinks_by_its_margin() {
        assert_eq!(raw(1.0, 1.0, 1.0).shortfall(3.5), 2.5);
        assert_eq!(raw(1.0, 0.0, 2.0).shortfall(1.5), -0.5);
        assert_eq!(raw(1.0, 0.0, 2.0).widened(0.5, false), (-0.5, 2.5));
        assert_eq!(raw(1.0, 0.0, 2.0).widened(-0.5, false), (0.5, 1.5));
        // A margin may close an interval, never turn it round, and the value stays inside.
        assert_eq!(raw(1.5, 0.0, 2.0).widened(-3.0, false), (1.0, 1.5));
        assert_eq!(raw(4.0, 4.0, 4.0).widened(1.5, true), (3.0, 5.0));
        assert_eq!(raw(4.0, 4.0, 4.0).widened(2.0 - 1e-15, true), (2.0, 6.0));
    }

    #[test]
    fn nine_cells_give_an_interval_of_nine_tenths() {
        assert_eq!(cells_for_level(0.9), 9);
        assert_eq!(cells_for_level(0.95), 19);
        let shortfalls: Vec<f64> = (1..=9).map(f64::from).collect();
        assert_eq!(margin(&shortfalls, 0.9), Some(9.0));
        assert_eq!(margin(&shortfalls, 0.8), Some(8.0));
        assert_eq!(margin(&shortfalls[1..], 0.9), None);
    }
}
