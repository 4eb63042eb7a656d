//! How many rounds fill holes best, seen on known cells of training rows that are hidden.
//!
//! A fixed point follows the few known cells of a row wherever they lead, also to where the model never was; the first rounds keep a hole near the
//! mean that it starts from. To stop early is to shrink, as in any iteration that fits (Landweber; Hansen 1998, chapter 6).

use espejo_data::Samples;
use espejo_nets::seeded;

use super::calibration::hide_at_random;
use super::columns::Cells;
use super::filling::Statistics;
use super::{FOR_ROUNDS, SETTLING_ROUNDS, spread};
use crate::Error;
use crate::host_rows::unit_rows;
use crate::seed::{Purpose, stream};

/// Rounds that are tried.
const TRIED: [usize; 8] = [1, 2, 3, 5, 10, 30, 100, SETTLING_ROUNDS];
/// Training rows that they are tried on, at most, evenly spread, and the probability of a cell to be hidden.
const ROWS: usize = 500;
const HIDDEN: f64 = 0.1;

/// Training rows with hidden cells.
pub(crate) struct Trial {
    truth: Vec<f32>,
    rows: Vec<f32>,
    /// The places of the values that are hidden.
    hidden: Vec<usize>,
}

impl Trial {
    /// Hides cells of training rows.
    pub(crate) fn new(train: &Samples, cells: &Cells, seed: u64) -> Result<Self, Error> {
        let truth = unit_rows(&train.select(&spread(train.len(), ROWS)))?.concat();
        let mut rows = truth.clone();
        let mut rng = seeded(stream(seed, FOR_ROUNDS, Purpose::Use));
        hide_at_random(&mut rows, cells, HIDDEN, &mut rng);
        let is_hidden = |at: &usize| rows[*at].is_nan() && !truth[*at].is_nan();
        Ok(Self {
            hidden: (0..rows.len()).filter(is_hidden).collect(),
            truth,
            rows,
        })
    }

    /// The rounds after which hidden cells are nearest to what they were; of equals the most.
    pub(crate) fn best(
        &self,
        statistics: &Statistics,
        fill: impl Fn(Vec<f32>, usize) -> Result<Vec<f32>, Error>,
    ) -> Result<usize, Error> {
        let width = statistics.means.len();
        let mut best = (f64::INFINITY, SETTLING_ROUNDS);
        for rounds in TRIED {
            let filled = fill(self.rows.clone(), rounds)?;
            let square = |&at: &usize| {
                let error = f64::from(filled[at] - self.truth[at]);
                (error / statistics.deviations[at % width]).powi(2)
            };
            let error: f64 = self.hidden.iter().map(square).sum();
            if error <= best.0 {
                best = (error, rounds);
            }
        }
        Ok(best.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fill: impl Fn(usize) -> f32, expected: usize) {
        let trial = Trial {
            truth: vec![1.0, 5.0],
            rows: vec![f32::NAN, 5.0],
            hidden: vec![0],
        };
        let statistics = Statistics {
            means: vec![0.0; 2],
            deviations: vec![1.0; 2],
        };
        let fill = |rows: Vec<f32>, rounds| Ok(vec![fill(rounds), rows[1]]);
        assert_eq!(trial.best(&statistics, fill).expect("it fills"), expected);
    }

    #[test]
    fn the_nearest_rounds_are_taken_and_of_equals_the_most() {
        check(|rounds| rounds as f32 / 5.0, 5);
        check(|rounds| if rounds < 10 { 0.0 } else { 1.0 }, 500);
        check(|rounds| rounds as f32, 1);
        check(|_| f32::NAN, 500);
    }
}
