//! Scores of windows on the axis of time: each row of a series has the mean score of the windows that cover it.

use espejo_analysis::spread_over;
use espejo_data::{Samples, Window};

use crate::Error;
use crate::score::{ScoreKind, ScoreRule, Scores};
use crate::trained::Trained;

impl Trained {
    /// Scores the rows that samples are made of: of windows each of the [`covered`](Samples::covered) rows, which gets the mean over the
    /// windows that cover it, else the samples themselves, as [`score`](Self::score) does.
    ///
    /// The shares of a row are what each column adds in these windows, all of their rows together, and for the negative evidence lower
    /// bound each dimension of the code after them.
    ///
    /// # Errors
    ///
    /// As [`score`](Self::score).
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, ScoreKind, ScoreRule, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// let rule = ScoreRule { kind: ScoreKind::SquaredError, draws: 1, seed: 1 };
    /// let windows = trained.test();
    /// let scores = trained.score_rows(windows, rule, false)?;
    /// assert_eq!(scores.values.len(), windows.covered().len());
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn score_rows(
        &self,
        samples: &Samples,
        rule: ScoreRule,
        explain: bool,
    ) -> Result<Scores, Error> {
        let Some(window) = samples.window() else {
            return self.score(samples, rule, explain);
        };
        if rule.kind == ScoreKind::ImportanceWeighted {
            let scores = self.score(samples, rule, explain)?;
            return Ok(Scores {
                values: over_rows(samples, &scores.values),
                shares: Vec::new(),
            });
        }
        let columns = samples.points().columns().len();
        let mut of_windows: Vec<Vec<f64>> = Vec::new(); // [columns][windows]
        self.each_score(samples, rule, explain, |_, parts| {
            let sums = by_column(parts, columns, window);
            of_windows.resize(sums.len(), Vec::new());
            let pairs = of_windows.iter_mut().zip(sums);
            pairs.for_each(|(column, sum)| column.push(sum));
        })?;
        let of_rows = of_windows.iter().map(|scores| over_rows(samples, scores));
        let of_rows: Vec<Vec<f64>> = of_rows.collect(); // [columns][rows]
        let rows = of_rows.first().map_or(0, Vec::len);
        let shares = (0..rows).map(|row| of_rows.iter().map(|column| column[row]).collect());
        let shares: Vec<Vec<f64>> = shares.collect();
        Ok(Scores {
            // Of the shares, whether they are asked for or not: their sum is the score, to the bit.
            values: shares.iter().map(|shares| shares.iter().sum()).collect(),
            shares: if explain { shares } else { Vec::new() },
        })
    }
}

/// What scores of windows make of each row that they [cover](Samples::covered): the mean over the windows around it. Scores of samples
/// that are no windows stay as they are.
///
/// # Panics
///
/// Where there is not a score for each sample.
pub fn over_rows(samples: &Samples, scores: &[f64]) -> Vec<f64> {
    let Some(window) = samples.window() else {
        return scores.to_vec();
    };
    let firsts = (0..samples.len()).map(|index| samples.first_point(index));
    let firsts: Vec<usize> = firsts.collect();
    let rows = spread_over(&firsts, scores, window.length, samples.points().len());
    let covered = samples.covered().into_iter();
    covered.map(|row| rows[row]).collect()
}

/// What each column adds to the score of a window, whose values stand row by row, and what follows them.
fn by_column(parts: &[f64], columns: usize, window: Window) -> Vec<f64> {
    let (values, rest) = parts.split_at(columns * window.length);
    let sum = |column: usize| values.iter().skip(column).step_by(columns).sum();
    (0..columns).map(sum).chain(rest.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use espejo_data::Facts;

    use super::*;

    const WINDOW: Window = Window {
        length: 2,
        stride: 1,
        ahead: 0,
    };

    #[test]
    fn a_column_adds_what_its_values_add_in_all_rows() {
        let parts = [1.0, 10.0, 100.0, 2.0, 20.0, 200.0, 0.5];
        assert_eq!(by_column(&parts, 3, WINDOW), [3.0, 30.0, 300.0, 0.5]);
    }

    #[test]
    fn a_row_has_the_mean_of_the_windows_around_it() {
        let numbers = vec![vec![0.0; 4]];
        let rows = Samples::table(Facts::default(), vec!["a".to_owned()], numbers);
        let rows = rows.expect("a table");
        assert_eq!(
            over_rows(&rows, &[1.0, 2.0, 3.0, 4.0]),
            [1.0, 2.0, 3.0, 4.0]
        );
        let windows = rows.windows(WINDOW).expect("there are three");
        assert_eq!(over_rows(&windows, &[1.0, 3.0, 8.0]), [1.0, 2.0, 5.5, 8.0]);
        // Rows that no window covers have no score.
        assert_eq!(over_rows(&windows.select(&[2]), &[8.0]), [8.0, 8.0]);
    }
}
