//! Which rows of a file these are.

use std::iter::repeat_n;

/// A number for each of some rows. Those that follow one another are kept as a run: the rows of a whole file take no memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowNumbers {
    len: usize,
    /// The index of the first row of each run, and its number.
    runs: Vec<(usize, u64)>,
}

impl RowNumbers {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of a row; none where there is no such row.
    pub fn get(&self, index: usize) -> Option<u64> {
        let run = self.runs.partition_point(|(start, _)| *start <= index);
        let (start, first) = *self.runs[..run].last()?;
        (index < self.len).then(|| first + (index - start) as u64)
    }

    /// All numbers in the order of the rows.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.runs()
            .flat_map(|(first, length)| first..first + length as u64)
    }

    /// The first number of each run, and how long it is.
    fn runs(&self) -> impl Iterator<Item = (u64, usize)> {
        let ends = self.runs.iter().skip(1).map(|(start, _)| *start);
        let runs = self.runs.iter().zip(ends.chain([self.len]));
        runs.map(|((start, first), end)| (*first, end - start))
    }

    /// Appends a number.
    pub(crate) fn push(&mut self, number: u64) {
        let last = self.runs.last();
        let next = last.map(|(start, first)| first + (self.len - start) as u64);
        if next != Some(number) {
            self.runs.push((self.len, number));
        }
        self.len += 1;
    }

    /// Appends the numbers of other rows, each greater by so much.
    pub(crate) fn append(&mut self, more: &Self, by: u64) {
        for (first, length) in more.runs() {
            self.push(first + by);
            self.len += length - 1;
        }
    }

    /// The numbers of these rows alone.
    ///
    /// # Panics
    /// Where there is no such row.
    pub(crate) fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let number = |index| self.get(index).expect("a row that is there");
        indices.into_iter().map(number).collect()
    }
}

impl Extend<u64> for RowNumbers {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, numbers: I) {
        numbers.into_iter().for_each(|number| self.push(number));
    }
}

impl FromIterator<u64> for RowNumbers {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut all = Self::default();
        all.extend(numbers);
        all
    }
}

/// Rows whose numbers follow one another.
impl From<std::ops::Range<u64>> for RowNumbers {
    fn from(numbers: std::ops::Range<u64>) -> Self {
        let len = usize::try_from(numbers.end.saturating_sub(numbers.start)).unwrap_or(usize::MAX);
        Self {
            len,
            runs: repeat_n((0, numbers.start), len.min(1)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_random::random;

    #[test]
    fn numbers_come_back_as_they_went_in() {
        let mut random = random();
        for _ in 0..200 {
            let mut number = random(5) as u64;
            let given: Vec<u64> = (0..random(40))
                .map(|_| {
                    number += 1 + (random(3) / 2 * random(9)) as u64;
                    number
                })
                .collect();
            let rows: RowNumbers = given.iter().copied().collect();
            assert_eq!(
                (rows.len(), rows.is_empty()),
                (given.len(), given.is_empty())
            );
            assert_eq!(Vec::from_iter(rows.iter()), given);
            let found = (0..=given.len()).map(|index| rows.get(index));
            assert!(found.eq((0..=given.len()).map(|index| given.get(index).copied())));
            let (half, rest) = given.split_at(given.len() / 2);
            let mut joined: RowNumbers = half.iter().copied().collect();
            joined.append(
                &rest.iter().map(|number| number - rest[0]).collect(),
                rest.first().copied().unwrap_or(0),
            );
            assert_eq!(joined, rows);
            let odd = (1..given.len()).step_by(2);
            let expected: Vec<u64> = odd.clone().map(|index| given[index]).collect();
            assert_eq!(Vec::from_iter(rows.select(odd).iter()), expected);
        }
    }

    #[test]
    fn rows_of_a_whole_file_are_one_run_however_they_came() {
        let whole = RowNumbers::from(7..1_000_007);
        assert_eq!(whole, (7..1_000_007).collect());
        assert_eq!((whole.len(), whole.runs.len()), (1_000_000, 1));
        assert_eq!(RowNumbers::from(3..3), RowNumbers::default());
    }

    #[test]
    fn numbers_may_descend_and_repeat() {
        let given = [5, 6, 2, 2, 3, 9];
        let rows: RowNumbers = given.into_iter().collect();
        assert_eq!(Vec::from_iter(rows.iter()), given);
        assert_eq!(rows.get(3), Some(2));
    }
}
