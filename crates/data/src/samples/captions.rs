//! What samples are called.

use std::fmt::Write;
use std::sync::Arc;

/// A caption for each sample.
#[derive(Clone, Debug)]
pub(super) enum Captions {
    Words(Arc<[Arc<str>]>),
    /// Each is a number: that of the sample when the set was made.
    Numbers {
        /// All numbers from 0 on, one behind the other: an allocation for each would take more room than a row of a table.
        digits: Arc<str>,
        /// The number of each sample; without it, all in order.
        numbers: Option<Arc<[u32]>>,
        count: usize,
    },
}

impl Captions {
    /// The numbers from 0 on, so many.
    pub(super) fn numbers(count: usize) -> Self {
        let mut digits = String::with_capacity(place(count as u64).0);
        for number in 0..count {
            // Writing to a string does not fail.
            let _ = write!(digits, "{number}");
        }
        Self::Numbers {
            digits: digits.into(),
            numbers: None,
            count,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Words(words) => words.len(),
            Self::Numbers { count, .. } => *count,
        }
    }

    /// The caption of a sample.
    ///
    /// # Panics
    /// Where `index` is not below [`len`](Self::len).
    pub(super) fn get(&self, index: usize) -> &str {
        match self {
            Self::Words(words) => &words[index],
            Self::Numbers {
                digits,
                numbers,
                count,
            } => {
                assert!(index < *count, "sample {index} of {count}");
                let number = numbers.as_ref().map_or(index, |of| of[index] as usize);
                let (start, length) = place(number as u64);
                &digits[start..start + length]
            }
        }
    }

    /// Those of these samples.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Self::len).
    pub(super) fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::Words(words) => {
                Self::Words(indices.iter().map(|&index| words[index].clone()).collect())
            }
            Self::Numbers {
                digits,
                numbers,
                count,
            } => {
                let number = |&index: &usize| {
                    assert!(index < *count, "sample {index} of {count}");
                    numbers.as_ref().map_or(index as u32, |of| of[index])
                };
                Self::Numbers {
                    digits: digits.clone(),
                    numbers: Some(indices.iter().map(number).collect()),
                    count: indices.len(),
                }
            }
        }
    }
}

/// Where a number starts among all numbers from 0 on, written one behind the other, and how many digits it has.
fn place(number: u64) -> (usize, usize) {
    let (mut start, mut first, mut behind, mut length) = (0, 0, 10, 1);
    while number >= behind {
        start += (behind - first) * length;
        (first, behind) = (behind, behind * 10);
        length += 1;
    }
    (
        (start + (number - first) * length) as usize,
        length as usize,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_among_all() {
        let captions = Captions::numbers(12_345);
        for number in 0..12_345 {
            assert_eq!(captions.get(number), number.to_string());
        }
        let some = captions.select(&[12_344, 0, 99, 100]).select(&[3, 0]);
        assert_eq!((some.len(), some.get(0), some.get(1)), (2, "100", "12344"));
    }
}
