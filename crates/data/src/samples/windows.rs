//! Windows over the rows of a table that is a series: samples of consecutive rows.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Values;
use super::captions::Captions;
use super::numbers::Numbers;
use crate::selection::refuse;
use crate::{Error, Samples, Shape, Targets, times};

/// A step of time over so many usual ones is a gap.
const GAP: f64 = 5.0;
/// The share of steps that must not go back for a column to be a time.
const FORWARD: f64 = 0.95;

/// How windows are cut from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows that a window covers, at least 1.
    pub length: usize,
    /// Rows from the start of one window to that of the next, 1 to `length`.
    pub stride: usize,
    /// How many rows after the last of a window that row stands whose target it has; 0 where a window has none.
    #[serde(default)]
    pub ahead: usize,
}

/// The rows that windows were cut from.
#[derive(Clone, Debug)]
pub(super) struct Series {
    points: Samples,
    window: Window,
}

impl Window {
    /// Where windows over so many rows begin: one every `stride` rows, and one that ends with the last row that leaves room for its
    /// target, so that none is left out.
    fn starts(self, rows: usize) -> impl Iterator<Item = usize> {
        let last = rows.checked_sub(self.length + self.ahead);
        let even = last.map(|last| (0..=last).step_by(self.stride));
        let rest = last.filter(|last| last % self.stride != 0);
        even.into_iter().flatten().chain(rest)
    }

    /// The row, counted from the first of a window, that the window stands for: its first, or the one whose target it has.
    fn named_row(self) -> usize {
        match self.ahead {
            0 => 0,
            ahead => self.length + ahead - 1,
        }
    }
}

impl Samples {
    /// Windows over the rows of a table: each is one sample, row by row, in each row the columns in their order. The value of
    /// column `a` in the third row of a window is called `a[2]`.
    ///
    /// No window leaves its [stretch](Self::stretches). A window has the number and the name of its first row, and no targets; where
    /// it looks `ahead`, it has those of the row so many behind its last one, and that row's targets. The rows themselves are its
    /// [`points`](Self::points). Their numbers are shared: windows take no more memory than rows.
    ///
    /// # Errors
    /// [`Error::Selection`] where no stretch is as long as a window, or these are images.
    ///
    /// # Panics
    /// Where these are windows already, or the length or stride is 0.
    pub fn windows(&self, window: Window) -> Result<Self, Error> {
        assert!(self.series.is_none(), "windows are cut once");
        assert!(window.length > 0 && window.stride > 0, "windows move on");
        if !self.is_table() {
            return Err(refuse(self, "window", "rows of a table", "images"));
        }
        let stretches = self.stretches();
        let starts: Vec<usize> = stretches
            .iter()
            .flat_map(|stretch| {
                let starts = window.starts(stretch.len());
                starts.map(|start| stretch.start + start)
            })
            .collect();
        if starts.is_empty() {
            let longest = stretches.iter().map(Range::len).max().unwrap_or(0);
            let longest = longest.saturating_sub(window.ahead);
            let targets = match window.ahead {
                0 => "",
                _ => " before its target",
            };
            let expected = match stretches.len() {
                1 => format!("at most {longest}, as many rows as there are{targets}"),
                count => format!(
                    "at most {longest}, as many as the longest of {count} stretches of rows without a gap has{targets}"
                ),
            };
            let field = if window.ahead == 0 { "window" } else { "lags" };
            return Err(refuse(self, field, expected, window.length.to_string()));
        }
        let stood_for = starts.iter().map(|start| start + window.named_row());
        let stood_for: Vec<usize> = stood_for.collect();
        let step = self.shape.pixels();
        let columns = (0..window.length).flat_map(|row| {
            let names = self.columns().iter();
            names.map(move |name| format!("{name}[{row}]"))
        });
        let width = step * window.length;
        let categories = (0..window.length).flat_map(|row| {
            let of_row = self.categories().iter();
            of_row.map(move |of| of.start + row * step..of.end + row * step)
        });
        Ok(Self {
            name: self.name.clone(),
            shape: Shape {
                channels: 1,
                height: 1,
                width,
            },
            values: Values::Numbers {
                columns: columns.collect(),
                numbers: self.numbers_of_windows(window.length)?,
            },
            places: Some(starts.iter().map(|start| *start as u32).collect()),
            captions: Captions::of(&[], &Targets::None, starts.len()),
            targets: match window.ahead {
                0 => Targets::None,
                _ => self.targets.select(&stood_for),
            },
            identity: self.identity.clone(),
            origins: Some(stood_for.iter().map(|&at| self.origin(at) as u32).collect()),
            pixel_range: None,
            pixel_columns: [].into(),
            categories: categories.collect(),
            permuted: None,
            series: Some(Arc::new(Series {
                points: self.clone(),
                window,
            })),
        })
    }

    /// The numbers of windows of so many rows, which begin with any row.
    fn numbers_of_windows(&self, length: usize) -> Result<Numbers, Error> {
        let step = self.shape.pixels();
        // In a store rows are found one after another only where none is left out before.
        if let Some(rows) = self
            .stored_rows()
            .filter(|_| self.places.is_none() && self.permuted.is_none())
        {
            return Ok(Numbers::Rows(rows.windows(length)));
        }
        let mut rows = Vec::with_capacity(self.len() * step);
        self.read(0..self.len(), 0.0, &mut rows)?;
        Ok(Numbers::Scaled {
            width: step * length,
            step,
            rows: Arc::new(rows),
        })
    }

    /// How these windows were cut; `None` where each sample is a row or an image.
    pub fn window(&self) -> Option<Window> {
        self.series.as_ref().map(|series| series.window)
    }

    /// The rows that these windows were cut from, those that no window covers among them; the samples themselves where they are no windows.
    pub fn points(&self) -> &Self {
        self.series.as_ref().map_or(self, |series| &series.points)
    }

    /// The place of the first row of a window among the [`points`](Self::points).
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub fn first_point(&self, index: usize) -> usize {
        match self.window() {
            Some(_) => self.place(index),
            None => index,
        }
    }

    /// The places of the [`points`](Self::points) that windows cover, with the row whose target they have, ascending.
    pub fn covered(&self) -> Vec<usize> {
        let length = self
            .window()
            .map_or(1, |window| window.length + window.ahead);
        let mut is_covered = vec![false; self.points().len()];
        for index in 0..self.len() {
            let first = self.first_point(index);
            is_covered[first..first + length].fill(true);
        }
        let places = is_covered.into_iter().enumerate();
        places.filter_map(|(at, is)| is.then_some(at)).collect()
    }

    /// Ranges of samples that follow each other: their rows stand one after the other in the file and are of one group, and time does
    /// not [jump](Self::time_gaps) between them.
    pub fn stretches(&self) -> Vec<Range<usize>> {
        let gaps = self.time_gaps();
        let mut gaps = gaps.into_iter().peekable();
        let mut stretches = Vec::new();
        let mut begin = 0;
        for next in 1..self.len() {
            let jumps = gaps.next_if_eq(&next).is_some();
            let follows = self.row(next) == self.row(next - 1) + 1
                && self.group(next) == self.group(next - 1);
            if jumps || !follows {
                stretches.push(begin..next);
                begin = next;
            }
        }
        if !self.is_empty() {
            stretches.push(begin..self.len());
        }
        stretches
    }

    /// The places of samples before which time jumps: by over 5 usual (median) steps, or back. None where no column names the rows,
    /// or that column is no time: its words are neither numbers nor dates, or 5 % of its steps go back.
    pub fn time_gaps(&self) -> Vec<usize> {
        let Some(moments) = self.moments() else {
            return Vec::new();
        };
        let steps: Vec<f64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mut forward: Vec<f64> = steps.iter().copied().filter(|step| *step > 0.0).collect();
        let back = steps.iter().filter(|step| **step < 0.0).count();
        if forward.is_empty() || back as f64 > (1.0 - FORWARD) * steps.len() as f64 {
            return Vec::new();
        }
        forward.sort_by(f64::total_cmp);
        let longest = GAP * forward[forward.len() / 2];
        let is_gap = |step: f64| step < 0.0 || step > longest;
        let steps = steps.into_iter().enumerate();
        steps
            .filter_map(|(at, step)| is_gap(step).then_some(at + 1))
            .collect()
    }

    /// When each row was, where the column that names the rows says it: as numbers, or as days.
    fn moments(&self) -> Option<Vec<f64>> {
        self.index_column()?;
        let words = || (0..self.len()).filter_map(|index| self.row_name(index));
        let all = |moment: &dyn Fn(&str) -> Option<f64>| words().map(moment).collect();
        let number = |word: &str| word.parse().ok().filter(|number: &f64| number.is_finite());
        let numbers: Option<Vec<f64>> = all(&number);
        numbers
            .or_else(|| all(&|word| times::read(word)?.day_first))
            .or_else(|| all(&|word| times::read(word)?.month_first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Identity};

    /// Two columns of counted numbers, `x` from 0 and `y` from 100, and what tells the rows apart.
    fn table(count: usize, identity: Identity) -> Samples {
        let facts = Facts {
            name: "mine".to_owned(),
            identity,
            ..Facts::default()
        };
        let columns = ["x", "y"].map(str::to_owned).to_vec();
        let from = |first: usize| (first..first + count).map(|number| number as f64).collect();
        Samples::table(facts, columns, vec![from(0), from(100)]).expect("the parts fit")
    }

    fn window(length: usize, stride: usize) -> Window {
        Window {
            length,
            stride,
            ahead: 0,
        }
    }

    fn read(samples: &Samples) -> Vec<f32> {
        let mut values = Vec::new();
        let all = 0..samples.len();
        samples.read(all, 0.0, &mut values).expect("in memory");
        values
    }

    fn named(words: &[&str]) -> Identity {
        let names = words.iter().map(|&word| word.into()).collect();
        Identity {
            names: Some(("t".to_owned(), names)),
            ..Identity::default()
        }
    }

    #[test]
    fn a_window_is_read_row_by_row() {
        let rows = table(4, named(&["a", "b", "c", "d"]));
        let windows = rows.windows(window(2, 1)).expect("there are three");
        assert_eq!(
            (windows.len(), windows.shape().to_string()),
            (3, "1x1x4".to_owned())
        );
        assert_eq!(windows.columns(), ["x[0]", "y[0]", "x[1]", "y[1]"]);
        assert_eq!(
            read(&windows),
            [
                0.0, 100.0, 1.0, 101.0, 1.0, 101.0, 2.0, 102.0, 2.0, 102.0, 3.0, 103.0
            ]
        );
        assert_eq!(windows.column(3).collect::<Vec<_>>(), [101.0, 102.0, 103.0]);
        assert_eq!((windows.row(2), windows.row_name(2)), (2, Some("c")));
        let last = windows.select(&[2]);
        assert_eq!(read(&last), [2.0, 102.0, 3.0, 103.0]);
        assert_eq!((last.first_point(0), last.covered()), (2, vec![2, 3]));
        assert_eq!((windows.points().len(), windows.covered().len()), (4, 4));
    }

    #[test]
    fn the_last_window_ends_with_the_last_row() {
        let firsts = |count: usize, length, stride| {
            let windows = table(count, Identity::default()).windows(window(length, stride));
            let windows = windows.expect("it is long enough");
            Vec::from_iter((0..windows.len()).map(|index| windows.first_point(index)))
        };
        assert_eq!(firsts(7, 3, 2), [0, 2, 4]);
        assert_eq!(firsts(8, 3, 2), [0, 2, 4, 5]);
        assert_eq!(firsts(3, 3, 3), [0]);
    }

    #[test]
    fn a_window_that_looks_ahead_has_the_target_and_the_name_of_the_row_behind_it() {
        let rows = table(5, named(&["a", "b", "c", "d", "e"]));
        let targets = Targets::Numbers {
            columns: ["y".to_owned()].into(),
            values: [100.0, 101.0, 102.0, 103.0, 104.0].into(),
        };
        let rows = rows.with_targets(targets).expect("one a row");
        let lagged = Window {
            length: 2,
            stride: 1,
            ahead: 1,
        };
        let lags = rows.windows(lagged).expect("there are three");
        assert_eq!(
            read(&lags),
            [
                0.0, 100.0, 1.0, 101.0, 1.0, 101.0, 2.0, 102.0, 2.0, 102.0, 3.0, 103.0
            ]
        );
        let target = |index| lags.target_row(index).map(<[f64]>::to_vec);
        assert_eq!(
            (target(0), target(2)),
            (Some(vec![102.0]), Some(vec![104.0]))
        );
        assert_eq!((lags.row(0), lags.row_name(2)), (2, Some("e")));
        let last = lags.select(&[2]);
        assert_eq!((last.first_point(0), last.row(0)), (2, 4));
        let again = Samples::of_outline(&lags.outline()).expect("it is whole");
        assert_eq!(
            (again.len(), again.target_columns()),
            (1, lags.target_columns())
        );
        let error = rows.windows(Window {
            length: 5,
            ..lagged
        });
        assert_eq!(
            error.expect_err("too long").to_string(),
            "`lags` of `mine`: expected at most 4, as many rows as there are before its target, found 5"
        );
    }

    #[test]
    fn no_window_crosses_rows_that_are_missing_or_another_group() {
        let rows = table(
            7,
            Identity {
                rows: [0, 1, 2, 4, 5, 6, 7].into_iter().collect(),
                groups: Some(["a", "a", "a", "a", "a", "b", "b"].map(Into::into).into()),
                ..Identity::default()
            },
        );
        assert_eq!(rows.stretches(), [0..3, 3..5, 5..7]);
        let windows = rows.windows(window(3, 1)).expect("there is one");
        assert_eq!((windows.len(), windows.covered()), (1, vec![0, 1, 2]));
        let error = rows.windows(window(4, 1)).expect_err("too long");
        assert_eq!(
            error.to_string(),
            "`window` of `mine`: expected at most 3, as many as the longest of 3 stretches of rows without a gap has, found 4"
        );
        let error = table(3, Identity::default()).windows(window(4, 1));
        assert_eq!(
            error.expect_err("too long").to_string(),
            "`window` of `mine`: expected at most 3, as many rows as there are, found 4"
        );
    }

    #[test]
    fn a_jump_in_time_is_a_gap() {
        let gaps = |words: &[&str]| table(words.len(), named(words)).time_gaps();
        assert_eq!(gaps(&["1", "2", "3", "9", "10"]), [3]);
        assert!(gaps(&["1", "2", "3", "8", "9"]).is_empty());
        let minutes = ["00", "01", "02", "30", "31"].map(|at| format!("2026-11-29 10:{at}:00"));
        assert_eq!(gaps(&minutes.each_ref().map(String::as_str)), [3]);
        let days = ["30.11.2026", "01.12.2026", "02.12.2026", "20.12.2026"];
        assert_eq!(gaps(&days), [3]);
        // A series after another begins at an earlier time.
        let twice: Vec<String> = (0..40).map(|row| (row % 20).to_string()).collect();
        let twice: Vec<&str> = twice.iter().map(String::as_str).collect();
        assert_eq!(gaps(&twice), [20]);
        // No times: names, and numbers in no order.
        assert!(gaps(&["a", "b", "c"]).is_empty());
        assert!(gaps(&["7", "3", "900", "1"]).is_empty());
        assert!(table(3, Identity::default()).time_gaps().is_empty());
    }

    #[test]
    fn a_category_is_one_in_each_row() {
        let rows = table(3, Identity::default()).with_categories(std::iter::once(0..2).collect());
        let windows = rows.windows(window(2, 1)).expect("there are two");
        assert_eq!(windows.categories(), [0..2, 2..4]);
    }

    #[test]
    fn missing_cells_stay_missing_in_every_window() {
        let facts = Facts::default();
        let numbers = vec![vec![0.0, f64::NAN, 2.0]];
        let rows = Samples::table(facts, vec!["x".to_owned()], numbers).expect("a table");
        let windows = rows.windows(window(2, 1)).expect("there are two");
        let values = read(&windows);
        assert!(values[1].is_nan() && values[2].is_nan() && windows.has_missing());
        assert_eq!((values[0], values[3]), (0.0, 2.0));
    }
}
