//! Texts as the words they are made of, and the words that are frequent.

use std::collections::HashMap;

use super::words::each_word;

/// Texts as their words in order, which are numbers: those of equal words are equal.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    numbers: HashMap<Box<str>, u32>,
    /// The words of all texts, end to end.
    words: Vec<u32>,
    /// Where the words of each text end.
    ends: Vec<usize>,
}

impl Corpus {
    /// Takes a text, and says how many words it has.
    pub(crate) fn push(&mut self, text: &str) -> usize {
        let start = self.words.len();
        let (numbers, words) = (&mut self.numbers, &mut self.words);
        each_word(text, |word| {
            let number = match numbers.get(word) {
                Some(number) => *number,
                None => {
                    let number = numbers.len() as u32;
                    numbers.insert(word.into(), number);
                    number
                }
            };
            words.push(number);
        });
        self.ends.push(self.words.len());
        self.words.len() - start
    }

    /// Forgets the last text, but not its words.
    pub(crate) fn pop(&mut self) {
        self.ends.pop();
        self.words.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// How many texts there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The words of a text, in order.
    pub(crate) fn words(&self, text: usize) -> &[u32] {
        let start = text.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.words[start..self.ends[text]]
    }

    /// The words of these texts, the most frequent first; of equally frequent ones the first in the alphabet.
    pub(crate) fn frequent(&self, texts: impl IntoIterator<Item = usize>) -> Vec<&str> {
        let mut frequencies = vec![0_u64; self.numbers.len()];
        for text in texts {
            for word in self.words(text) {
                frequencies[*word as usize] += 1;
            }
        }
        let met = self.numbers.iter().filter_map(|(word, number)| {
            let frequency = frequencies[*number as usize];
            (frequency > 0).then_some((frequency, &**word))
        });
        let mut met: Vec<_> = met.collect();
        met.sort_unstable_by(|(a, first), (b, second)| b.cmp(a).then(first.cmp(second)));
        met.into_iter().map(|(_, word)| word).collect()
    }

    /// The place among `vocabulary` of each word, by its number; none for words that are not in it.
    pub(crate) fn places<S: AsRef<str>>(&self, vocabulary: &[S]) -> Vec<Option<u32>> {
        let mut places = vec![None; self.numbers.len()];
        for (place, word) in (0..).zip(vocabulary) {
            if let Some(number) = self.numbers.get(word.as_ref()) {
                places[*number as usize] = Some(place);
            }
        }
        places
    }

    /// For each of these texts, by their places, and each word 1 where the text has it and 0 where not: `[texts, words]`.
    pub(crate) fn bags(&self, texts: &[usize], words: &[&str]) -> Vec<u8> {
        let columns = self.places(words);
        let mut bags = vec![0; texts.len() * words.len()];
        for (text, bag) in texts.iter().zip(bags.chunks_mut(words.len())) {
            let own = self.words(*text).iter();
            own.filter_map(|word| columns[*word as usize])
                .for_each(|column| bag[column as usize] = 1);
        }
        bags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(texts: &[&str]) -> Corpus {
        let mut corpus = Corpus::default();
        for text in texts {
            corpus.push(text);
        }
        corpus
    }

    #[test]
    fn the_most_frequent_words_of_what_counts_come_first() {
        let texts = corpus(&["b a b c", "a c d d d d", "c a"]);
        // a, b and c twice each in what counts, d never.
        assert_eq!(texts.frequent([0, 2]), ["a", "b", "c"]);
        assert_eq!(texts.frequent([1]), ["d", "a", "c"]);
    }

    #[test]
    fn a_bag_has_each_word_once() {
        let texts = corpus(&["b a b", "", "c x a c"]);
        let bags = texts.bags(&[2, 0, 1], &["c", "a"]);
        assert_eq!(bags, [1, 1, 0, 1, 0, 0]);
    }

    #[test]
    fn words_keep_their_order_and_a_text_can_be_forgotten() {
        let mut texts = corpus(&["b a b", "", "c a"]);
        assert_eq!(texts.words(0), [0, 1, 0]);
        assert!(texts.words(1).is_empty());
        assert_eq!(texts.words(2), [2, 1]);
        texts.pop();
        assert_eq!((texts.len(), texts.push("a")), (2, 1));
        assert_eq!(texts.words(2), [1]);
    }
}
