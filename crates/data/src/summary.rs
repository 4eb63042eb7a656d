//! What a column of numbers is like at a glance: how many are known, and between which two they lie.

/// What is known of the numbers of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// How many are known.
    pub(crate) known: usize,
    /// The least and the greatest of them; infinite where none is known.
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Summary {
    /// Nothing as yet.
    pub(crate) const NONE: Self = Self {
        known: 0,
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
    };

    /// That of these numbers.
    pub(crate) fn of(numbers: &[f64]) -> Self {
        let mut summary = Self::NONE;
        numbers.iter().for_each(|number| summary.take(*number));
        summary
    }

    /// Takes in a number; NaN is a missing one.
    pub(crate) fn take(&mut self, number: f64) {
        let known = usize::from(!number.is_nan());
        let (low, high) = (number, number);
        *self = self.and(Self { known, low, high });
    }

    /// That of these numbers and of those behind them.
    pub(crate) fn and(self, next: Self) -> Self {
        Self {
            known: self.known + next.known,
            low: lesser(self.low, next.low),
            high: greater(self.high, next.high),
        }
    }

    /// The least and the greatest number, where one is known.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        (self.known > 0).then_some((self.low, self.high))
    }
}

/// The lesser of two numbers. No comparison holds of a missing number; of 0 and -0 the first stays.
fn lesser(low: f64, next: f64) -> f64 {
    if next < low { next } else { low }
}

/// The greater of two numbers, likewise.
fn greater(high: f64, next: f64) -> f64 {
    if next > high { next } else { high }
}

/// Takes in rows, one after another, of a number for each of these columns.
///
/// # Panics
/// Where there is no column.
pub(crate) fn take_rows(summaries: &mut [Summary], rows: &[f64]) {
    let width = summaries.len();
    let mut lows: Vec<f64> = summaries.iter().map(|of| of.low).collect();
    let mut highs: Vec<f64> = summaries.iter().map(|of| of.high).collect();
    let mut missing = vec![0u64; width];
    // Column beside column, so that numbers of several are looked at at once; some rows of each, so that little is stored.
    let mut some = rows.chunks_exact(4 * width);
    for four in &mut some {
        let (first, second) = four.split_at(2 * width);
        let ((a, b), (c, d)) = (first.split_at(width), second.split_at(width));
        for at in 0..width {
            for number in [a[at], b[at], c[at], d[at]] {
                lows[at] = lesser(lows[at], number);
                highs[at] = greater(highs[at], number);
                missing[at] += u64::from(number.is_nan());
            }
        }
    }
    for row in some.remainder().chunks_exact(width) {
        for (at, &number) in row.iter().enumerate() {
            lows[at] = lesser(lows[at], number);
            highs[at] = greater(highs[at], number);
            missing[at] += u64::from(number.is_nan());
        }
    }
    let count = rows.len() / width;
    for (at, summary) in summaries.iter_mut().enumerate() {
        (summary.low, summary.high) = (lows[at], highs[at]);
        summary.known += count - missing[at] as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_random::random;

    #[test]
    fn missing_numbers_change_nothing_and_parts_add_up() {
        let numbers = [3.0, f64::NAN, -1.0, 8.0, f64::NAN];
        let all = Summary {
            known: 3,
            low: -1.0,
            high: 8.0,
        };
        assert_eq!(Summary::of(&numbers), all);
        for at in 0..=numbers.len() {
            let (start, rest) = numbers.split_at(at);
            assert_eq!(Summary::of(start).and(Summary::of(rest)), all);
        }
        assert_eq!(Summary::of(&[f64::NAN]).range(), None);
        assert_eq!(all.range(), Some((-1.0, 8.0)));
    }

    #[test]
    fn rows_are_taken_column_by_column() {
        let mut summaries = [Summary::NONE; 2];
        take_rows(&mut summaries, &[1.0, f64::NAN, 2.0, 7.0]);
        assert_eq!(summaries.map(|of| of.known), [2, 1]);
        assert_eq!(summaries[1].range(), Some((7.0, 7.0)));
    }

    #[test]
    fn rows_at_once_are_what_they_are_one_by_one() {
        let mut random = random();
        for width in 1..7 {
            let numbers: Vec<f64> = (0..width * random(40))
                .map(|_| [0.0, -0.0, f64::NAN, f64::INFINITY, 3.5, -7.0][random(6)])
                .collect();
            let mut summaries = vec![Summary::NONE; width];
            take_rows(&mut summaries, &numbers);
            for (at, summary) in summaries.iter().enumerate() {
                let column: Vec<f64> = numbers.iter().skip(at).step_by(width).copied().collect();
                let expected = Summary::of(&column);
                let bits = |of: &Summary| (of.known, of.low.to_bits(), of.high.to_bits());
                assert_eq!(bits(summary), bits(&expected));
            }
        }
    }
}
