//! Texts as sets of words, and the words that are frequent.

use std::collections::HashMap;

/// What breaks a line in texts out of web pages.
const LINE_BREAK: &str = "<br />";

/// Texts as the different words in each, which are numbers: those of equal words are equal.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    numbers: HashMap<Box<str>, u32>,
    /// How often each word was met in texts that count.
    frequencies: Vec<u64>,
    /// The words of all texts, each text's once and in ascending order.
    words: Vec<u32>,
    /// Where the words of each text end.
    ends: Vec<usize>,
}

impl Texts {
    /// Takes a text; its words count towards what is frequent, or they do not.
    pub(crate) fn push(&mut self, text: &str, counts: bool) {
        let start = self.words.len();
        each_word(text, |word| {
            let number = self.number(word);
            self.frequencies[number as usize] += u64::from(counts);
            self.words.push(number);
        });
        let own = &mut self.words[start..];
        own.sort_unstable();
        let mut kept = start;
        for place in start..self.words.len() {
            if place == start || self.words[place] != self.words[kept - 1] {
                self.words[kept] = self.words[place];
                kept += 1;
            }
        }
        self.words.truncate(kept);
        self.ends.push(kept);
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.frequencies.len() as u32;
        self.numbers.insert(word.into(), number);
        self.frequencies.push(0);
        number
    }

    /// The words of those texts that count, the most frequent first; of equally frequent ones the first in the alphabet.
    pub(crate) fn frequent(&self) -> Vec<&str> {
        let met = self.numbers.iter().filter_map(|(word, number)| {
            let frequency = self.frequencies[*number as usize];
            (frequency > 0).then_some((frequency, &**word))
        });
        let mut met: Vec<_> = met.collect();
        met.sort_unstable_by(|(a, first), (b, second)| b.cmp(a).then(first.cmp(second)));
        met.into_iter().map(|(_, word)| word).collect()
    }

    /// For each of these texts, by their places, and each word 1 where the text has it and 0 where not: `[texts, words]`.
    pub(crate) fn bags(&self, texts: &[usize], words: &[&str]) -> Vec<u8> {
        let mut columns = vec![None; self.frequencies.len()];
        for (column, word) in words.iter().enumerate() {
            columns[self.numbers[*word] as usize] = Some(column);
        }
        let mut bags = vec![0; texts.len() * words.len()];
        for (text, bag) in texts.iter().zip(bags.chunks_mut(words.len())) {
            let start = text.checked_sub(1).map_or(0, |before| self.ends[before]);
            let own = &self.words[start..self.ends[*text]];
            own.iter()
                .filter_map(|word| columns[*word as usize])
                .for_each(|column| bag[column] = 1);
        }
        bags
    }
}

/// Gives each word of a text in small letters. A word is a run of letters, digits and apostrophes, without apostrophes at its ends:
/// `don't` is one, `well-made` are two, and of `'so'` the marks fall off. Line breaks of web pages are blanks.
fn each_word(text: &str, mut take: impl FnMut(&str)) {
    let is_apostrophe = |letter| matches!(letter, '\'' | '’');
    let mut lower = String::new();
    for line in text.split(LINE_BREAK) {
        let words = line.split(|letter: char| !letter.is_alphanumeric() && !is_apostrophe(letter));
        for word in words.map(|word| word.trim_matches(is_apostrophe)) {
            if word.is_empty() {
                continue;
            }
            lower.clear();
            for letter in word.chars() {
                match is_apostrophe(letter) {
                    true => lower.push('\''),
                    false => lower.extend(letter.to_lowercase()),
                }
            }
            take(&lower);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_letters_digits_and_apostrophes_within() {
        for (text, expected) in [
            (
                "It's a well-made film.<br /><br />10/10!",
                "it's a well made film 10 10",
            ),
            ("'Tis \"SO\" 'good', isn’t it?", "tis so good isn't it"),
            ("Amélie ÀGE naïve", "amélie àge naïve"),
            ("'' - ... ''", ""),
            ("", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn the_most_frequent_words_of_what_counts_come_first() {
        let mut texts = Texts::default();
        texts.push("b a b c", true);
        texts.push("a c d d d d", false);
        texts.push("c a", true);
        // a, b and c twice each in what counts, d never.
        assert_eq!(texts.frequent(), ["a", "b", "c"]);
    }

    #[test]
    fn a_bag_has_each_word_once() {
        let mut texts = Texts::default();
        texts.push("b a b", true);
        texts.push("", true);
        texts.push("c x a c", false);
        let bags = texts.bags(&[2, 0, 1], &["c", "a", "b"][..2]);
        assert_eq!(bags, [1, 1, 0, 1, 0, 0]);
    }
}
