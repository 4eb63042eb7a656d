//! Texts as a model sees them, kept sparse: a row of numbers is made when it is read.

use std::sync::Arc;

use super::corpus::Corpus;
use super::form::{FIRST_WORD, START, TextForm, UNKNOWN};

/// Texts by the words of a vocabulary.
#[derive(Clone, Debug)]
pub(crate) struct TextRows {
    form: TextForm,
    vocabulary: Arc<[String]>,
    /// How many numbers a sample has.
    width: usize,
    /// Of each text the places of its words in the vocabulary, ascending; of a sequence its tokens in order, without padding.
    entries: Vec<u32>,
    /// How often each of them is there; nothing for sequences.
    counts: Vec<u16>,
    /// Where the entries of each text end.
    ends: Vec<usize>,
}

impl TextRows {
    /// No text yet. `length` is that of sequences.
    pub(crate) fn new(form: TextForm, vocabulary: Arc<[String]>, length: usize) -> Self {
        Self {
            width: match form {
                TextForm::Binary | TextForm::Counts => vocabulary.len(),
                TextForm::Sequence => length,
            },
            form,
            vocabulary,
            entries: Vec::new(),
            counts: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// These texts of a corpus, by its numbers.
    pub(crate) fn of_corpus(self, corpus: &Corpus, texts: impl Iterator<Item = usize>) -> Self {
        let places = corpus.places(&self.vocabulary);
        let mut rows = self;
        let mut own = Vec::new();
        for text in texts {
            let words = corpus.words(text).iter();
            let places = words.map(|word| places[*word as usize]);
            match rows.form {
                TextForm::Sequence => rows.push_sequence(places),
                TextForm::Binary | TextForm::Counts => {
                    own.clear();
                    own.extend(places.flatten());
                    rows.push_bag(&mut own);
                }
            }
        }
        rows.entries.shrink_to_fit();
        rows.counts.shrink_to_fit();
        rows
    }

    /// Takes the words of a text, by their places, and sorts them.
    fn push_bag(&mut self, words: &mut [u32]) {
        words.sort_unstable();
        for same in words.chunk_by(|a, b| a == b) {
            let count = match self.form {
                TextForm::Binary => 1,
                TextForm::Counts | TextForm::Sequence => {
                    u16::try_from(same.len()).unwrap_or(u16::MAX)
                }
            };
            self.entries.push(same[0]);
            self.counts.push(count);
        }
        self.ends.push(self.entries.len());
    }

    /// Takes the words of a text in order, by their places; the last ones where there are more than fit.
    fn push_sequence(&mut self, words: impl ExactSizeIterator<Item = Option<u32>>) {
        let tokens = 1 + words.len();
        let dropped = tokens.saturating_sub(self.width);
        if dropped == 0 {
            self.entries.push(START);
        }
        let kept = words.skip(dropped.saturating_sub(1));
        self.entries
            .extend(kept.map(|place| place.map_or(UNKNOWN, |place| place + FIRST_WORD)));
        self.ends.push(self.entries.len());
    }

    /// The same texts as those of `rows`, each a pair of rows and the place in them, one after the other; all are of one form,
    /// vocabulary and width.
    pub(crate) fn gathered<'a>(&self, rows: impl Iterator<Item = (&'a Self, usize)>) -> Self {
        let mut all = Self::new(self.form, self.vocabulary.clone(), self.width);
        for (rows, row) in rows {
            let (entries, counts) = rows.row(row);
            all.entries.extend_from_slice(entries);
            all.counts.extend_from_slice(counts);
            all.ends.push(all.entries.len());
        }
        all
    }

    pub(crate) fn form(&self) -> TextForm {
        self.form
    }

    pub(crate) fn vocabulary(&self) -> &Arc<[String]> {
        &self.vocabulary
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The entries of a text, and how often each is there.
    pub(crate) fn row(&self, row: usize) -> (&[u32], &[u16]) {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let own = start..self.ends[row];
        match self.form {
            TextForm::Sequence => (&self.entries[own], &[]),
            TextForm::Binary | TextForm::Counts => (&self.entries[own.clone()], &self.counts[own]),
        }
    }

    /// Writes the numbers of a text.
    pub(crate) fn read(&self, row: usize, out: &mut [f32]) {
        assert_eq!(out.len(), self.width, "room for a row");
        let (entries, counts) = self.row(row);
        match self.form {
            TextForm::Sequence => {
                let (padding, tokens) = out.split_at_mut(self.width - entries.len());
                // PADDING is 0.
                padding.fill(0.0);
                for (out, token) in tokens.iter_mut().zip(entries) {
                    *out = *token as f32;
                }
            }
            TextForm::Binary | TextForm::Counts => {
                out.fill(0.0);
                for (place, count) in entries.iter().zip(counts) {
                    out[*place as usize] = f32::from(*count);
                }
            }
        }
    }

    /// One number of a text.
    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        let (entries, counts) = self.row(row);
        match self.form {
            TextForm::Sequence => {
                let place = (column + entries.len()).checked_sub(self.width);
                place.map_or(0.0, |place| f64::from(entries[place]))
            }
            TextForm::Binary | TextForm::Counts => entries
                .binary_search(&(column as u32))
                .map_or(0.0, |place| f64::from(counts[place])),
        }
    }

    /// The places in the vocabulary of the words that a text has, each once and ascending. Of a sequence those that fit into it.
    pub(crate) fn words(&self, row: usize, out: &mut Vec<u32>) {
        out.clear();
        let (entries, _) = self.row(row);
        match self.form {
            TextForm::Binary | TextForm::Counts => out.extend_from_slice(entries),
            TextForm::Sequence => {
                let words = entries.iter().filter(|token| **token >= FIRST_WORD);
                out.extend(words.map(|token| token - FIRST_WORD));
                out.sort_unstable();
                out.dedup();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(form: TextForm, words: &[&str], length: usize, texts: &[&str]) -> Vec<Vec<f32>> {
        let mut corpus = Corpus::default();
        for text in texts {
            corpus.push(text);
        }
        let vocabulary: Arc<[String]> = words.iter().map(|&word| word.to_owned()).collect();
        let rows = TextRows::new(form, vocabulary, length).of_corpus(&corpus, 0..texts.len());
        let row = |row| {
            let mut out = vec![9.0; rows.width()];
            rows.read(row, &mut out);
            let each = (0..rows.width()).map(|column| rows.at(row, column) as f32);
            assert_eq!(each.collect::<Vec<_>>(), out, "row {row}");
            out
        };
        (0..texts.len()).map(row).collect()
    }

    #[test]
    fn counts_are_of_the_vocabulary_alone() {
        let texts = ["a b a c", "", "c c", "b"];
        assert_eq!(
            rows(TextForm::Counts, &["b", "a"], 0, &texts),
            [[1.0, 2.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
        );
        assert_eq!(
            rows(TextForm::Binary, &["b", "a"], 0, &texts)[0],
            [1.0, 1.0]
        );
    }

    // What `keras.datasets.imdb.load_data(num_words=6)` and `pad_sequences(maxlen=4)` make of the ranks [1, 2, 3], [2], [] and
    // [1, 3, 2, 2, 1].
    #[test]
    fn sequences_are_padded_and_cut_in_front_as_keras_does() {
        let texts = ["a b c", "b", "", "a c b b a"];
        assert_eq!(
            rows(TextForm::Sequence, &["a", "b"], 4, &texts),
            [
                [1.0, 4.0, 5.0, 2.0],
                [0.0, 0.0, 1.0, 5.0],
                [0.0, 0.0, 0.0, 1.0],
                [2.0, 5.0, 5.0, 4.0],
            ]
        );
    }

    #[test]
    fn a_text_that_has_a_word_too_often_has_the_most() {
        let text = "a ".repeat(70_000);
        assert_eq!(rows(TextForm::Counts, &["a"], 0, &[&text])[0], [65_535.0]);
    }
}
