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
            // No comparison holds of a missing number; of 0 and -0 the first stays.
            low: if next.low < self.low {
                next.low
            } else {
                self.low
            },
            high: if next.high > self.high {
                next.high
            } else {
                self.high
            },
        }
    }

    /// The least and the greatest number, where one is known.
    pub(crate) fn range(&self) -> Option<(f64, f64)> {
        (self.known > 0).then_some((self.low, self.high))
    }
}

/// Takes in rows, one after another, of a number for each of these columns.
pub(crate) fn take_rows(summaries: &mut [Summary], rows: &[f64]) {
    for row in rows.chunks_exact(summaries.len()) {
        let columns = summaries.iter_mut().zip(row);
        columns.for_each(|(summary, number)| summary.take(*number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
