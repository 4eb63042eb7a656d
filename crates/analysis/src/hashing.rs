//! Hashing by codes: what a set of binary codes is like, and whether codes that are near belong to rows that are alike.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::zip;

use crate::Matrix;
use crate::hamming::{BinaryCodes, MeanAtDistance, differing_bits};

impl BinaryCodes {
    /// The codes of activations: a bit is set where its number is above the threshold of its column.
    ///
    /// # Panics
    ///
    /// Where there is not a threshold for each column.
    pub fn above(activations: Matrix, thresholds: &[f32]) -> Self {
        assert_eq!(
            activations.columns(),
            thresholds.len(),
            "a threshold for each column"
        );
        let bits = activations.rows().flat_map(|row| {
            let above = |(number, threshold): (&f32, &f32)| f32::from(number > threshold);
            zip(row, thresholds).map(above)
        });
        let bits: Vec<f32> = bits.collect();
        Self::from_activations(Matrix::new(&bits, thresholds.len()))
    }

    /// Whether a bit of a code is set.
    ///
    /// # Panics
    ///
    /// Where there is no such code or bit.
    pub fn bit(&self, index: usize, bit: usize) -> bool {
        assert!(bit < self.bits(), "bit {bit} of {}", self.bits());
        self.words(index)[bit / 64] >> (bit % 64) & 1 == 1
    }

    /// A code in bytes as `numpy.packbits` gives them: the first bit is the highest of the first byte, and zeros fill the last up.
    pub fn packed(&self, index: usize) -> Vec<u8> {
        // Within a word bit 0 is the lowest.
        let bytes = self.words(index).iter().flat_map(|word| word.to_le_bytes());
        let bytes = bytes.map(u8::reverse_bits);
        bytes.take(self.bits().div_ceil(8)).collect()
    }

    /// The share of codes in which each bit is set; NaN without codes.
    pub fn balance(&self) -> Vec<f64> {
        let ones = |bit| (0..self.len()).filter(|code| self.bit(*code, bit)).count();
        let share = |bit| ones(bit) as f64 / self.len() as f64;
        (0..self.bits()).map(share).collect()
    }

    /// How many different codes there are.
    pub fn distinct(&self) -> usize {
        let codes: BTreeSet<_> = (0..self.len()).map(|code| self.words(code)).collect();
        codes.len()
    }

    /// The number of bits that are set in both of two codes, of which the second may be of another set.
    ///
    /// # Panics
    ///
    /// Where there is no such code.
    pub fn common(&self, index: usize, others: &Self, other: usize) -> u32 {
        let pairs = zip(self.words(index), others.words(other));
        pairs.map(|(a, b)| (a & b).count_ones()).sum()
    }

    /// The number of bits in which two codes differ, of which the second may be of another set.
    ///
    /// # Panics
    ///
    /// Where there is no such code.
    pub fn differing(&self, index: usize, others: &Self, other: usize) -> u32 {
        differing_bits(self.words(index), others.words(other))
    }

    /// The mean cosine distance between rows whose codes differ in so many bits, for each number of bits: the mean over the pairs of
    /// groups of equal codes, each of which counts by the mean over its pairs of rows, however many these are.
    ///
    /// At a distance of 0 it is the mean over the groups of at least two rows of the distance between two different rows of the
    /// group. A row of zeros has a distance of 1 to every other.
    ///
    /// # Panics
    ///
    /// Where there is not a row for each code.
    pub fn cosine_by_distance(&self, rows: Matrix) -> Vec<MeanAtDistance> {
        let groups = self.groups(rows);
        let mut sums = vec![(0, 0.0); self.bits() + 1];
        let mut add = |distance: u32, cosine: f64| {
            let (pairs, sum) = &mut sums[distance as usize];
            *pairs += 1;
            *sum += 1.0 - cosine;
        };
        for (place, (first, one)) in groups.iter().enumerate() {
            if one.count > 1 {
                let count = one.count as f64;
                // Of all ordered pairs those of a row with itself are left out.
                let within = (one.dot(one) - one.with_itself) / (count * (count - 1.0));
                add(0, within);
            }
            for (second, other) in &groups[place + 1..] {
                let pairs = (one.count * other.count) as f64;
                add(self.distance(*first, *second), one.dot(other) / pairs);
            }
        }
        let mean = |(distance, (pairs, sum)): (u32, (usize, f64))| MeanAtDistance {
            distance,
            pairs,
            mean: (pairs > 0).then(|| sum / pairs as f64),
        };
        zip(0.., sums).map(mean).collect()
    }

    /// The rows of each group of equal codes, with the place of one of its codes.
    fn groups(&self, rows: Matrix) -> Vec<(usize, Group)> {
        assert_eq!(self.len(), rows.len(), "a row for each code");
        let mut groups: BTreeMap<&[u64], (usize, Group)> = BTreeMap::new();
        for (place, row) in rows.rows().enumerate() {
            let (_, group) = groups
                .entry(self.words(place))
                .or_insert_with(|| (place, Group::empty(rows.columns())));
            group.add(row);
        }
        groups.into_values().collect()
    }
}

/// Rows of one code.
#[derive(Clone, Debug)]
struct Group {
    /// How many.
    count: usize,
    /// The sum of the rows, each brought to a length of 1.
    sum: Vec<f64>,
    /// How many rows are not zero: the sum of the products of the rows with themselves.
    with_itself: f64,
}

impl Group {
    fn empty(columns: usize) -> Self {
        Self {
            count: 0,
            sum: vec![0.0; columns],
            with_itself: 0.0,
        }
    }

    fn add(&mut self, row: &[f32]) {
        self.count += 1;
        let squares: f64 = row.iter().map(|number| f64::from(*number).powi(2)).sum();
        if squares == 0.0 {
            return;
        }
        self.with_itself += 1.0;
        let length = squares.sqrt();
        for (sum, number) in zip(&mut self.sum, row) {
            *sum += f64::from(*number) / length;
        }
    }

    fn dot(&self, other: &Self) -> f64 {
        zip(&self.sum, &other.sum).map(|(a, b)| a * b).sum()
    }
}

/// The median of each column, between the two middle numbers of an even count.
///
/// # Panics
///
/// Where there is no row.
pub fn medians(rows: Matrix) -> Vec<f32> {
    assert!(!rows.is_empty(), "a median is of something");
    let median = |column: usize| {
        let mut numbers: Vec<f32> = rows.rows().map(|row| row[column]).collect();
        numbers.sort_unstable_by(f32::total_cmp);
        let (low, high) = ((numbers.len() - 1) / 2, numbers.len() / 2);
        numbers[low].midpoint(numbers[high])
    };
    (0..rows.columns()).map(median).collect()
}

/// The share of numbers that are within a tenth of the range `low` to `high` of either of its ends; NaN without numbers.
pub fn saturation(numbers: Matrix, (low, high): (f32, f32)) -> f64 {
    let margin = 0.1 * (high - low);
    let (count, all) = (numbers.len() * numbers.columns(), numbers.rows().flatten());
    let is_near = |number: &&f32| **number <= low + margin || **number >= high - margin;
    all.filter(is_near).count() as f64 / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(rows: &[&str]) -> BinaryCodes {
        let bits: Vec<f32> = rows
            .concat()
            .bytes()
            .map(|bit| f32::from(bit - b'0'))
            .collect();
        BinaryCodes::from_activations(Matrix::new(&bits, rows[0].len()))
    }

    #[test]
    fn bytes_are_those_of_packbits() {
        // numpy.packbits([[1,0,1,0,0,0,0,0,1,1], ...], axis=1)
        let codes = codes(&["1010000011", "0000000100", "1111111111"]);
        assert_eq!(codes.packed(0), [0xa0, 0xc0]);
        assert_eq!(codes.packed(1), [0x01, 0x00]);
        assert_eq!(codes.packed(2), [0xff, 0xc0]);
        let long = "1".to_owned() + &"0".repeat(69);
        assert_eq!(
            self::codes(&[&long]).packed(0),
            [0x80, 0, 0, 0, 0, 0, 0, 0, 0]
        );
    }

    #[test]
    fn each_column_has_its_threshold() {
        let numbers = [0.2, -1.0, 0.4, 3.0, 0.6, 0.0, 0.9, 5.0];
        let rows = Matrix::new(&numbers, 2);
        assert_eq!(medians(rows), [0.5, 1.5]);
        assert_eq!(
            medians(Matrix::new(&[1.0, 9.0, 2.0, 8.0, 7.0, 7.0], 2)),
            [2.0, 8.0]
        );
        let codes = BinaryCodes::above(rows, &[0.5, 0.0]);
        assert_eq!(codes, self::codes(&["00", "01", "10", "11"]));
        assert_eq!(codes.balance(), [0.5, 0.5]);
        assert!(codes.bit(1, 1) && !codes.bit(1, 0));
    }

    #[test]
    fn codes_are_counted_once() {
        assert_eq!(codes(&["01", "10", "01", "01"]).distinct(), 2);
        let (one, other) = (codes(&["110", "011"]), codes(&["011"]));
        assert_eq!(
            (one.common(0, &other, 0), one.differing(0, &other, 0)),
            (1, 2)
        );
    }

    #[test]
    fn numbers_near_either_end_are_saturated() {
        let numbers = [0.0, 0.1, 0.11, 0.89, 0.9, 1.0];
        let share = |ends| saturation(Matrix::new(&numbers, 2), ends);
        assert_eq!(share((0.0, 1.0)), 4.0 / 6.0);
        // Within .2 of -1 or 1.
        assert_eq!(share((-1.0, 1.0)), 3.0 / 6.0);
    }

    #[test]
    fn groups_count_alike_and_pairs_of_a_row_with_itself_not_at_all() {
        // Two groups a bit apart, and one two bits from the first.
        let codes = codes(&["00", "00", "01", "11", "11"]);
        let rows = [
            1.0, 0.0, // the first group: at right angles
            0.0, 3.0, //
            2.0, 0.0, // the second
            0.0, 1.0, // the third: equal
            0.0, 5.0,
        ];
        let found = codes.cosine_by_distance(Matrix::new(&rows, 2));
        let of = |distance: usize| (found[distance].pairs, found[distance].mean);
        // Within: 1 and 0. A bit apart: (0 + 1) / 2 between the first two, 1 between the last two. Two apart: (1 + 0) / 2.
        assert_eq!(of(0), (2, Some(0.5)));
        assert_eq!(of(1), (2, Some(0.75)));
        assert_eq!(of(2), (1, Some(0.5)));
    }

    #[test]
    fn a_row_of_zeros_is_far_from_all() {
        let codes = codes(&["0", "0", "1"]);
        let found = codes.cosine_by_distance(Matrix::new(&[0.0, 1.0, 1.0], 1));
        assert_eq!(found[0].mean, Some(1.0));
        assert_eq!(found[1].mean, Some(0.5));
    }
}
