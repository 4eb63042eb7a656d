//! What the known numbers of each column of a table come to, by blocks of rows on all threads.

use std::ops::Range;

use super::Values;
use super::numbers::{Numbers, READABLE};
use crate::summary::{Summary, take_rows};
use crate::{Error, Samples, parallel};

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

    /// Those of each column of some rows, one row after another, which have a number for each of `lows`: to the bit what [`of`](Self::of)
    /// makes of the known numbers of each, for they are added in the same order.
    fn of_rows(rows: &[f64], lows: &[f64]) -> Vec<Self> {
        let width = lows.len();
        let count = (rows.len() / width) as f64;
        let firsts = sums(rows, lows, |apart| apart);
        // So is a sum where a number is missing.
        if firsts.iter().any(|sum| sum.is_nan()) {
            let known = |at: usize| {
                rows.iter()
                    .skip(at)
                    .step_by(width)
                    .copied()
                    .filter(|number| !number.is_nan())
            };
            let of_column = |(at, low): (usize, &f64)| Self::of(&Vec::from_iter(known(at)), *low);
            return lows.iter().enumerate().map(of_column).collect();
        }
        let means = lows.iter().zip(&firsts).map(|(low, sum)| low + sum / count);
        let squares = sums(rows, &means.collect::<Vec<_>>(), |apart| apart * apart);
        let both = firsts.into_iter().zip(squares);
        both.map(|(sum, squares)| Self {
            count,
            sum,
            squares,
        })
        .collect()
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

/// What `of` makes of how far each number of a column is from one, summed for each column of some rows, one row after another.
fn sums(rows: &[f64], from: &[f64], of: impl Fn(f64) -> f64) -> Vec<f64> {
    let width = from.len();
    // The sum of none, as the standard library has it.
    let mut sums = vec![-0.0; width];
    // Column beside column, so that no sum waits for the one before; some rows of each, so that little is stored.
    let mut some = rows.chunks_exact(4 * width);
    for four in &mut some {
        let (first, second) = four.split_at(2 * width);
        let ((a, b), (c, d)) = (first.split_at(width), second.split_at(width));
        for at in 0..width {
            for number in [a[at], b[at], c[at], d[at]] {
                sums[at] += of(number - from[at]);
            }
        }
    }
    for row in some.remainder().chunks_exact(width) {
        for ((sum, number), from) in sums.iter_mut().zip(row).zip(from) {
            *sum += of(number - from);
        }
    }
    sums
}

impl Samples {
    /// What the known numbers of each column of a table come to, in the order of [`columns`](Self::columns).
    ///
    /// # Errors
    /// [`Error::Io`] where the numbers lie in a file that cannot be read.
    ///
    /// # Panics
    /// Where these are images.
    pub(crate) fn statistics(&self) -> Result<Vec<ColumnStatistics>, Error> {
        let all = self.summaries()?;
        let mut sums = vec![Moments::default(); all.len()];
        let lows: Vec<f64> = all.iter().map(|of| of.low).collect();
        self.by_blocks(
            &lows,
            Moments::of_rows,
            |column, numbers| {
                if numbers.iter().any(|number| number.is_nan()) {
                    let known = numbers.iter().copied().filter(|number| !number.is_nan());
                    return Moments::of(&known.collect::<Vec<_>>(), all[column].low);
                }
                Moments::of(numbers, all[column].low)
            },
            |moments| {
                for (sum, next) in sums.iter_mut().zip(moments) {
                    *sum = sum.and(next);
                }
            },
        )?;
        let of = |(Summary { known, low, high }, moments): (Summary, Moments)| ColumnStatistics {
            count: known,
            low,
            high,
            mean: match known {
                0 => 0.0,
                _ => low + moments.sum / known as f64,
            },
            squares: moments.squares,
        };
        Ok(all.into_iter().zip(sums).map(of).collect())
    }

    /// The least and the greatest known number of each column, and how many are known.
    fn summaries(&self) -> Result<Vec<Summary>, Error> {
        let columns = 0..self.columns().len();
        if let Some(rows) = self.stored_rows().filter(|_| self.are_all_stored()) {
            let known = columns.clone();
            let known = known.map(|column| rows.summary(self.stored_column(column)));
            if let Some(known) = known.collect() {
                return Ok(known);
            }
        }
        let mut all = vec![Summary::NONE; columns.len()];
        self.by_blocks(
            &vec![0.0; columns.len()],
            |rows, columns| {
                let mut summaries = vec![Summary::NONE; columns.len()];
                take_rows(&mut summaries, rows);
                summaries
            },
            |_, numbers| Summary::of(numbers),
            |next| {
                for (all, next) in all.iter_mut().zip(next) {
                    *all = all.and(next);
                }
            },
        )?;
        Ok(all)
    }

    /// Hands on what `of` makes of the numbers of each column in a block of rows, block by block in their order. Where rows lie in a store,
    /// `of_rows` makes it of all columns at once, with what `known` has for each.
    fn by_blocks<T: Copy + Send>(
        &self,
        known: &[f64],
        of_rows: impl Fn(&[f64], &[f64]) -> Vec<T> + Sync,
        of: impl Fn(usize, &[f64]) -> T + Sync,
        mut take: impl FnMut(Vec<T>),
    ) -> Result<(), Error> {
        let columns = 0..self.columns().len();
        let starts = (0..self.len()).step_by(BLOCK);
        let blocks = starts.map(|start| start..(start + BLOCK).min(self.len()));
        let numbers = self.len() * columns.len();
        if self.stored_rows().is_some() {
            let stored: Vec<usize> = columns.map(|column| self.stored_column(column)).collect();
            let mut as_stored = vec![0.0; known.len()];
            (stored.iter().zip(known)).for_each(|(place, known)| as_stored[*place] = *known);
            let made = parallel::map(numbers, blocks.collect(), |rows: Range<usize>| {
                self.of_stored(rows, |rows| of_rows(rows, &as_stored))
            });
            for made in made {
                let made = made?;
                take(stored.iter().map(|place| made[*place]).collect());
            }
            return Ok(());
        }
        let made = parallel::map(numbers, blocks.collect(), |rows: Range<usize>| {
            let mut room = Vec::new();
            let of_column = |column| of(column, self.column_block(column, rows.clone(), &mut room));
            columns.clone().map(of_column).collect::<Vec<_>>()
        });
        made.into_iter().for_each(take);
        Ok(())
    }

    /// What `of` makes of some rows of a table that lies in a store.
    fn of_stored<T>(&self, rows: Range<usize>, of: impl Fn(&[f64]) -> T) -> Result<T, Error> {
        let stored = self.stored_rows().expect("rows in a store");
        let numbers = rows.len() * self.columns().len();
        let (mut whole, mut block) = (None, Vec::new());
        let place = |at| self.place(rows.start + at);
        stored.visit(rows.len(), &place, &mut |_, some| {
            match some.len() == numbers {
                true => whole = Some(of(some)),
                false => block.extend_from_slice(some),
            }
            Ok(true)
        })?;
        Ok(whole.unwrap_or_else(|| of(&block)))
    }

    /// The numbers of a column in some rows, as they are stored or put into `room`.
    ///
    /// # Panics
    /// Where these are images, or there are no such rows or column; or where the numbers lie in a file that can no longer be read.
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
            (Numbers::Rows(numbers), _) => {
                room.clear();
                let width = self.columns().len();
                let place = |at| self.place(rows.start + at);
                let read = numbers.visit(rows.len(), &place, &mut |_, block| {
                    room.extend(block.iter().skip(stored).step_by(width));
                    Ok(true)
                });
                read.expect(READABLE);
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
        let found = table.statistics().expect("in memory");
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
        let chosen = table.select(&[3, 1]).statistics().expect("in memory");
        assert_eq!(chosen[0], expected(1, 8.0, 8.0, 8.0, 0.0));
    }

    #[test]
    fn moments_of_rows_are_to_the_bit_those_of_their_columns() {
        let mut random = random();
        for round in 0..200 {
            let width = 1 + random(5);
            let rows: Vec<f64> = (0..width * (1 + random(40)))
                .map(|_| match random(60) {
                    0 if round % 2 == 0 => f64::NAN,
                    1 => -0.0,
                    _ => (random(1 << 20) as f64 - 5e5) * 0.1,
                })
                .collect();
            let column = |at| {
                Vec::from_iter(
                    rows.iter()
                        .skip(at)
                        .step_by(width)
                        .copied()
                        .filter(|x| !x.is_nan()),
                )
            };
            let lows: Vec<f64> = (0..width).map(|at| Summary::of(&column(at)).low).collect();
            let found = Moments::of_rows(&rows, &lows);
            for (at, found) in found.into_iter().enumerate() {
                let expected = Moments::of(&column(at), lows[at]);
                let bits = |of: Moments| [of.count, of.sum, of.squares].map(f64::to_bits);
                assert_eq!(bits(found), bits(expected), "{round}");
            }
        }
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
            let found = table(vec![column]).statistics().expect("in memory")[0];
            assert_eq!(found.count, count);
            assert_eq!((found.low, found.high), (1.7e9, 1.7e9 + n - 1.0));
            assert!((found.mean - 1.7e9 - (n - 1.0) / 2.0).abs() < 1e-6);
            let squares = (n * n * n - n) / 12.0;
            assert!((found.squares / squares - 1.0).abs() < 1e-12, "{found:?}");
        }
    }
}
