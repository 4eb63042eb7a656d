//! A column whose values come in one after another.

use std::collections::HashMap;

use crate::frame::{Cells, MISSING, Words};

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
            Self::Words(words) => {
                words.push(&number.to_string());
            }
        }
    }

    /// Takes in a whole number: the nearest one that a 64-bit float holds, or every digit in a column of words.
    pub(crate) fn push_whole(&mut self, whole: i128) {
        match self {
            Self::Numbers(numbers) => numbers.push(whole as f64),
            Self::Words(words) => {
                words.push(&whole.to_string());
            }
        }
    }

    /// Takes in a time: its seconds, or how it is written in a column of words.
    pub(crate) fn push_time(&mut self, seconds: f64, written: impl FnOnce() -> String) {
        match self {
            Self::Numbers(numbers) => numbers.push(seconds),
            Self::Words(words) => {
                words.push(&written());
            }
        }
    }

    /// Takes in a word, and says whether it is a new one.
    pub(crate) fn push_word(&mut self, word: &str) -> bool {
        match self {
            Self::Words(words) => words.push(word),
            // No reader gives words to a column of numbers.
            Self::Numbers(numbers) => {
                numbers.push(f64::NAN);
                false
            }
        }
    }

    /// Says which words there may be, before any of them comes in; they keep this order.
    #[cfg(feature = "arrow")]
    pub(crate) fn declare(&mut self, word: &str) -> (u32, bool) {
        match self {
            Self::Words(words) => words.code(word),
            Self::Numbers(_) => (MISSING, false),
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
    /// Takes in a word, and says whether it is a new one.
    fn push(&mut self, word: &str) -> bool {
        let (code, is_new) = self.code(word);
        self.codes.push(code);
        is_new
    }

    /// The code of a word, and whether it is a new one.
    fn code(&mut self, word: &str) -> (u32, bool) {
        if let Some(&code) = self.known.get(word) {
            return (code, false);
        }
        let code = self.names.len() as u32;
        self.known.insert(word.to_owned(), code);
        self.names.push(word.to_owned());
        (code, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_every_digit_as_words() {
        let (mut numbers, mut words) = (Growing::numbers(), Growing::words());
        for column in [&mut numbers, &mut words] {
            column.push_whole((1 << 53) + 1);
            column.push_missing();
            column.push_whole(-3);
            column.push_time(1.5, || "now".to_owned());
        }
        let Cells::Numbers(numbers) = numbers.finish() else {
            panic!("these are numbers");
        };
        assert_eq!((numbers[0], numbers[2]), (9_007_199_254_740_992.0, -3.0));
        assert!(numbers[1].is_nan() && numbers[3] == 1.5);
        let names = ["9007199254740993", "-3", "now"];
        let expected = Words {
            codes: vec![0, MISSING, 1, 2],
            names: names.map(str::to_owned).to_vec(),
        };
        assert_eq!(words.finish(), Cells::Words(expected));
    }
}
