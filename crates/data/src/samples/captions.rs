//! What samples are called: a text each, or a number that becomes a text when it is asked for.

use std::sync::{Arc, OnceLock};

use crate::Targets;

/// What samples are called.
#[derive(Clone, Debug)]
pub(super) enum Captions {
    /// A text for each sample.
    Texts(Arc<[Arc<str>]>),
    /// A number for each: a text for each of a million rows would take half as much as their values.
    Numbers(Arc<Numbered>),
}

/// Numbers, and their texts from when they are first asked for.
#[derive(Debug)]
pub(super) struct Numbered {
    /// The number of each sample; without it, its place.
    numbers: Option<Vec<u32>>,
    count: usize,
    texts: OnceLock<Texts>,
}

/// Texts laid end to end.
#[derive(Debug)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Captions {
    /// The captions given; else the class of each sample; else its number, counted from 0.
    pub(super) fn of(given: &[String], targets: &Targets, count: usize) -> Self {
        if !given.is_empty() {
            return Self::Texts(given.iter().map(|text| text.as_str().into()).collect());
        }
        let Targets::Classes { labels, names } = targets else {
            return Self::numbers(None, count);
        };
        let names: Vec<Arc<str>> = names.iter().map(|name| name.as_str().into()).collect();
        let names = labels
            .iter()
            .map(|&label| names[usize::from(label)].clone());
        Self::Texts(names.collect())
    }

    fn numbers(numbers: Option<Vec<u32>>, count: usize) -> Self {
        Self::Numbers(Arc::new(Numbered {
            numbers,
            count,
            texts: OnceLock::new(),
        }))
    }

    /// How many samples there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Numbers(numbered) => numbered.count,
        }
    }

    /// What a sample is called.
    ///
    /// # Panics
    /// Where there is no such sample.
    pub(super) fn get(&self, index: usize) -> &str {
        match self {
            Self::Texts(texts) => &texts[index],
            Self::Numbers(numbered) => numbered.get(index),
        }
    }

    /// What the samples at these indices are called.
    pub(super) fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::Texts(texts) => Self::Texts(indices.iter().map(|&i| texts[i].clone()).collect()),
            Self::Numbers(numbered) => {
                let numbers = indices.iter().map(|&index| numbered.number(index));
                Self::numbers(Some(numbers.collect()), indices.len())
            }
        }
    }
}

impl Numbered {
    fn number(&self, index: usize) -> u32 {
        match &self.numbers {
            Some(numbers) => numbers[index],
            None => {
                assert!(index < self.count, "sample {index} of {}", self.count);
                index as u32
            }
        }
    }

    fn get(&self, index: usize) -> &str {
        let Texts { text, ends } = self.texts.get_or_init(|| self.texts());
        let start = index.checked_sub(1).map_or(0, |before| ends[before]);
        &text[start..ends[index]]
    }

    fn texts(&self) -> Texts {
        let mut text = String::new();
        let ends = (0..self.count).map(|index| {
            text += &self.number(index).to_string();
            text.len()
        });
        let ends = ends.collect();
        Texts { text, ends }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_their_samples() {
        let all = Captions::of(&[], &Targets::None, 12);
        let some = all.select(&[11, 0, 9]);
        let again = some.select(&[2, 0]);
        let texts = |captions: &Captions| {
            let texts = (0..captions.len()).map(|index| captions.get(index).to_owned());
            texts.collect::<Vec<_>>()
        };
        assert_eq!((all.len(), all.get(10)), (12, "10"));
        assert_eq!(texts(&some), ["11", "0", "9"]);
        assert_eq!(texts(&again), ["9", "11"]);
        assert!(texts(&again.select(&[])).is_empty());
    }
}
