//! A column whose values come in one after another.

use std::collections::HashMap;

use crate::frame::{Cells, MISSING, Words};

/// Whole numbers beyond this are not all to be told apart in 64-bit floats.
const EXACT: u64 = 1 << 53;

/// A column as it grows.
#[derive(Debug)]
pub(crate) enum Growing {
    Numbers(Vec<f64>),
    Words(WordsSoFar),
}

/// Words as they come, each kept once.
#[derive(Debug, Default)]
pub(crate) struct WordsSoFar {
    codes: Vec<u32>,
    known: HashMap<String, u32>,
    names: Vec<String>,
}

impl Growing {
    /// A column of numbers without any as yet.
    pub(crate) fn numbers() -> Self {
        Self::Numbers(Vec::new())
    }

    /// A column of words without any as yet.
    pub(crate) fn words() -> Self {
        Self::Words(WordsSoFar::default())
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Words(words) => words.codes.len(),
        }
    }

    /// Takes in a value that is missing.
    pub(crate) fn push_missing(&mut self) {
        match self {
            Self::Numbers(numbers) => numbers.push(f64::NAN),
            Self::Words(words) => words.codes.push(MISSING),
        }
    }

    /// Takes in a number; one of a column of words as it is written.
    pub(crate) fn push_number(&mut self, number: f64) {
        match self {
            Self::Numbers(numbers) => numbers.push(number),
            Self::Words(words) => words.push(&number.to_string()),
        }
    }

    /// Takes in a whole number. One that no 64-bit float holds makes the column one of words, in which every digit stays:
    /// it is a name, not a quantity.
    pub(crate) fn push_whole(&mut self, whole: i128) {
        if let Self::Numbers(numbers) = self {
            let number = whole as f64;
            if whole.unsigned_abs() <= u128::from(EXACT) || number as i128 == whole {
                return numbers.push(number);
            }
            let mut words = WordsSoFar::default();
            for &number in numbers.iter() {
                match number.is_nan() {
                    true => words.codes.push(MISSING),
                    false => words.push(&(number as i128).to_string()),
                }
            }
            *self = Self::Words(words);
        }
        self.push_word(&whole.to_string());
    }

    /// Takes in a word.
    pub(crate) fn push_word(&mut self, word: &str) {
        match self {
            Self::Words(words) => words.push(word),
            // No reader gives words to a column of numbers.
            Self::Numbers(numbers) => numbers.push(f64::NAN),
        }
    }

    /// The values that came in.
    pub(crate) fn finish(self) -> Cells {
        match self {
            Self::Numbers(numbers) => Cells::Numbers(numbers),
            Self::Words(words) => Cells::Words(Words {
                codes: words.codes,
                names: words.names,
            }),
        }
    }
}

impl WordsSoFar {
    fn push(&mut self, word: &str) {
        let code = match self.known.get(word) {
            Some(&code) => code,
            None => {
                let code = self.names.len() as u32;
                self.known.insert(word.to_owned(), code);
                self.names.push(word.to_owned());
                code
            }
        };
        self.codes.push(code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_every_digit() {
        let mut column = Growing::numbers();
        column.push_whole(-3);
        column.push_whole(1 << 60);
        column.push_missing();
        assert!(
            matches!(&column, Growing::Numbers(numbers) if numbers[..2] == [-3.0, (1u64 << 60) as f64])
        );
        column.push_whole((1 << 53) + 1);
        column.push_whole(-3);
        assert_eq!(column.len(), 5);
        let names = ["-3", "1152921504606846976", "9007199254740993"];
        let expected = Words {
            codes: vec![0, 1, MISSING, 2, 0],
            names: names.map(str::to_owned).to_vec(),
        };
        assert_eq!(column.finish(), Cells::Words(expected));
    }
}
