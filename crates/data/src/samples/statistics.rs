//! What the known numbers of each column of a table come to, by blocks of rows on all threads.

use std::ops::Range;

use super::Values;
use super::numbers::Numbers;
use crate::{Samples, parallel};

/// Rows that are summed together. It is fixed, and blocks are put together in their order, so that the number of threads changes no bit.
const BLOCK: usize = 4096;

/// What the known numbers of a column come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ColumnStatistics {
    /// How many are known.
    pub(crate) count: usize,
    /// The least, infinite where none is known.
    pub(crate) low: f64,
    /// The greatest, minus infinite where none is known.
    pub(crate) high: f64,
    /// Their mean; 0 where none is known.
    pub(crate) mean: f64,
    /// Σ (x - mean)².
    pub(crate) squares: f64,
}

/// The first two moments of some numbers, counted from the least number of their column on: large numbers that differ little keep
/// what they differ by.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: f64,
    /// Σ (x - low).
    sum: f64,
    /// Σ (x - mean)².
    squares: f64,
}

impl Moments {
    fn of(known: &[f64], low: f64) -> Self {
        if known.is_empty() {
            return Self::default();
        }
        let count = known.len() as f64;
        let sum: f64 = known.iter().map(|number| number - low).sum();
        let mean = low + sum / count;
        let squares = known.iter().map(|number| (number - mean).powi(2)).sum();
        Self {
            count,
            sum,
            squares,
        }
    }

    /// Those of both (Chan, Golub and LeVeque 1979).
    fn and(self, next: Self) -> Self {
        if self.count == 0.0 || next.count == 0.0 {
            return if next.count == 0.0 { self } else { next };
        }
        let count = self.count + next.count;
        let apart = next.sum / next.count - self.sum / self.count;
        Self {
            count,
            sum: self.sum + next.sum,
            squares: self.squares
                + next.squares
                + apart * apart * (self.count / count * next.count),
        }
    }
}

/// The least and the greatest known number, and how many are known.
pub(crate) fn range(numbers: &[f64]) -> (f64, f64, usize) {
    let start = (f64::INFINITY, f64::NEG_INFINITY, 0);
    numbers.iter().fold(start, |(low, high, count), &number| {
        (
            // No comparison holds of a missing number.
            if number < low { number } else { low },
            if number > high { number } else { high },
            count + usize::from(!number.is_nan()),
        )
    })
}

impl Samples {
    /// What the known numbers of each column of a table come to, in the order of [`columns`](Self::columns).
    ///
    /// # Panics
    /// Where these are images.
    pub(crate) fn statistics(&self) -> Vec<ColumnStatistics> {
        let columns = 0..self.columns().len();
        let blocks = |rows: usize| (0..rows).step_by(BLOCK);
        let block = |start: usize| start..(start + BLOCK).min(self.len());
        let blocks: Vec<Range<usize>> = blocks(self.len()).map(block).collect();
        let numbers = self.len() * columns.len();
        let ranges = parallel::map(numbers, blocks.clone(), |rows| {
            let mut room = Vec::new();
            let of = |column| range(self.column_block(column, rows.clone(), &mut room));
            columns.clone().map(of).collect::<Vec<_>>()
        });
        let none = (f64::INFINITY, f64::NEG_INFINITY, 0);
        let mut all = vec![none; columns.len()];
        for ranges in ranges {
            for ((low, high, count), (of_low, of_high, of_count)) in all.iter_mut().zip(ranges) {
                *low = low.min(of_low);
                *high = high.max(of_high);
                *count += of_count;
            }
        }
        let moments = parallel::map(numbers, blocks, |rows| {
            let (mut room, mut known) = (Vec::new(), Vec::new());
            let of = |column: usize| {
                let numbers = self.column_block(column, rows.clone(), &mut room);
                if numbers.iter().any(|number| number.is_nan()) {
                    known.clear();
                    known.extend(numbers.iter().copied().filter(|number| !number.is_nan()));
                    return Moments::of(&known, all[column].0);
                }
                Moments::of(numbers, all[column].0)
            };
            columns.clone().map(of).collect::<Vec<_>>()
        });
        let mut sums = vec![Moments::default(); columns.len()];
        for moments in moments {
            for (sum, next) in sums.iter_mut().zip(moments) {
                *sum = sum.and(next);
            }
        }
        let of = |((low, high, count), moments): ((f64, f64, usize), Moments)| ColumnStatistics {
            count,
            low,
            high,
            mean: match count {
                0 => 0.0,
                _ => low + moments.sum / count as f64,
            },
            squares: moments.squares,
        };
        all.into_iter().zip(sums).map(of).collect()
    }

    /// The numbers of a column in some rows, as they are stored or put into `room`.
    ///
    /// # Panics
    /// Where these are images, or there are no such rows or column.
    pub(crate) fn column_block<'a>(
        &'a self,
        column: usize,
        rows: Range<usize>,
        room: &'a mut Vec<f64>,
    ) -> &'a [f64] {
        let Values::Numbers { numbers, .. } = &self.values else {
            panic!("images have no columns");
        };
        let stored = self.stored_column(column);
        match (numbers, &self.places) {
            (Numbers::Raw(columns), None) => &columns[stored][rows],
            (Numbers::Raw(columns), Some(places)) => {
                let column = &columns[stored];
                room.clear();
                room.extend(places[rows].iter().map(|&place| column[place as usize]));
                room
            }
            _ => {
                room.clear();
                room.extend(rows.map(|row| self.number(row, stored)));
                room
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Facts;
    use crate::test_random::random;

    fn table(columns: Vec<Vec<f64>>) -> Samples {
        let names = (0..columns.len()).map(|place| place.to_string()).collect();
        Samples::table(Facts::default(), names, columns).expect("it is a table")
    }

    #[test]
    fn small_columns_have_the_known_statistics() {
        let nan = f64::NAN;
        let table = table(vec![vec![1.0, nan, 3.0, 8.0], vec![nan; 4], vec![7.0; 4]]);
        let found = table.statistics();
        let expected = |count, low, high, mean, squares| ColumnStatistics {
            count,
            low,
            high,
            mean,
            squares,
        };
        assert_eq!(found[0], expected(3, 1.0, 8.0, 4.0, 26.0));
        let none = expected(0, f64::INFINITY, f64::NEG_INFINITY, 0.0, 0.0);
        assert_eq!(found[1], none);
        assert_eq!(found[2], expected(4, 7.0, 7.0, 7.0, 0.0));
        let chosen = table.select(&[3, 1]).statistics();
        assert_eq!(chosen[0], expected(1, 8.0, 8.0, 8.0, 0.0));
    }

    /// Of 0 to n - 1, far from 0: the mean is (n - 1) / 2 and Σ (x - mean)² is (n³ - n) / 12, both exact; with every seventh number
    /// missing, in another order, and whatever the blocks.
    #[test]
    fn many_rows_far_from_zero_lose_no_digit() {
        let count = 3 * BLOCK + 17;
        let mut counted: Vec<f64> = (0..count).map(|row| 1.7e9 + row as f64).collect();
        let mut random = random();
        for at in 0..count {
            counted.swap(at, at + random(count - at));
        }
        let holed = counted.iter().enumerate().flat_map(|(row, number)| {
            let hole = (row % 7 == 0).then_some(f64::NAN);
            hole.into_iter().chain([*number])
        });
        let holed: Vec<f64> = holed.collect();
        let n = count as f64;
        for column in [counted.clone(), holed] {
            let found = table(vec![column]).statistics()[0];
            assert_eq!(found.count, count);
            assert_eq!((found.low, found.high), (1.7e9, 1.7e9 + n - 1.0));
            assert!((found.mean - 1.7e9 - (n - 1.0) / 2.0).abs() < 1e-6);
            let squares = (n * n * n - n) / 12.0;
            assert!((found.squares / squares - 1.0).abs() < 1e-12, "{found:?}");
        }
    }
}
