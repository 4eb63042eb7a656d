//! Samples that are texts.

use std::sync::Arc;

use super::numbers::Numbers;
use super::{Facts, Samples, Shape, Values};
use crate::Error;
use crate::texts::{self, Corpus, TextForm, TextOutline, TextRows};

impl Samples {
    /// Texts as they stand in files, by their numbers in a corpus: they have no numbers until [`numbered`](Self::numbered).
    ///
    /// # Errors
    /// [`Error::Content`] where the facts are not of as many.
    pub(crate) fn texts(facts: Facts, corpus: Arc<Corpus>, texts: Vec<u32>) -> Result<Self, Error> {
        let count = texts.len();
        let values = Values::Numbers {
            columns: [].into(),
            numbers: Numbers::Corpus(corpus),
        };
        Ok(Self {
            places: Some(texts.into()),
            ..Self::of(facts, row_of(1), values, count)?
        })
    }

    /// The corpus that these texts are of, where they have no numbers yet.
    pub(crate) fn corpus(&self) -> Option<&Arc<Corpus>> {
        match &self.values {
            Values::Numbers {
                numbers: Numbers::Corpus(corpus),
                ..
            } => Some(corpus),
            _ => None,
        }
    }

    /// The numbers of the texts in their corpus, in the order of the samples.
    pub(crate) fn corpus_texts(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).map(|index| self.place(index))
    }

    /// Texts of a corpus in numbers, by a vocabulary; `length` is that of sequences.
    ///
    /// # Errors
    /// [`Error::Content`] where there is no text.
    ///
    /// # Panics
    /// Where they have numbers already.
    pub(crate) fn numbered(
        &self,
        form: TextForm,
        vocabulary: &Arc<[String]>,
        length: usize,
    ) -> Result<Self, Error> {
        let corpus = self.corpus().expect("texts as they left their files");
        let rows = TextRows::new(form, vocabulary.clone(), length);
        Ok(self.with_rows(rows.of_corpus(corpus, self.corpus_texts())))
    }

    /// The same samples with these rows for values, one for each in their order.
    fn with_rows(&self, rows: TextRows) -> Self {
        let columns = match rows.form() {
            TextForm::Binary | TextForm::Counts => rows.vocabulary().clone(),
            TextForm::Sequence => (1..=rows.width()).map(|place| place.to_string()).collect(),
        };
        Self {
            shape: row_of(rows.width()),
            values: Values::Numbers {
                columns,
                numbers: Numbers::Texts(Arc::new(rows)),
            },
            places: None,
            ..self.clone()
        }
    }

    fn text_rows(&self) -> Option<&TextRows> {
        match &self.values {
            Values::Numbers {
                numbers: Numbers::Texts(rows),
                ..
            } => Some(rows),
            _ => None,
        }
    }

    /// Whether these are texts.
    pub fn is_text(&self) -> bool {
        self.text_rows().is_some() || self.corpus().is_some()
    }

    /// How the texts became numbers; `None` where these are no texts.
    pub fn text_form(&self) -> Option<TextForm> {
        self.text_rows().map(TextRows::form)
    }

    /// The words that a model sees, the most frequent of the training part first; empty where these are no texts.
    pub fn vocabulary(&self) -> Arc<[String]> {
        let words = self.text_rows().map(|rows| rows.vocabulary().clone());
        words.unwrap_or_default()
    }

    /// How many different tokens sequences of words have, of 0 to one less; `None` where the samples are no sequences.
    pub fn tokens(&self) -> Option<usize> {
        let rows = self.text_rows()?;
        (rows.form() == TextForm::Sequence).then(|| texts::count(rows.vocabulary().len()))
    }

    /// The words of a text by their places in the [`vocabulary`](Self::vocabulary), ascending, and the number of each in the sample; `None` where the
    /// numbers of a sample are something else, or in another order.
    pub fn word_counts(&self, index: usize) -> Option<(&[u32], &[u16])> {
        let rows = self.text_rows().filter(|_| self.permuted.is_none())?;
        let has_counts = matches!(rows.form(), TextForm::Binary | TextForm::Counts);
        has_counts.then(|| rows.row(self.place(index)))
    }

    /// Writes the places in the [`vocabulary`](Self::vocabulary) of the words that a text has, each once and ascending; of a sequence those
    /// that fit into it.
    ///
    /// # Panics
    /// Where these are no texts, or `index` is not below [`len`](Self::len).
    pub fn words_of(&self, index: usize, out: &mut Vec<u32>) {
        let rows = self.text_rows().expect("texts in numbers");
        rows.words(self.place(index), out);
    }

    /// How the texts became numbers, with their vocabulary.
    pub(super) fn text_outline(&self) -> Option<TextOutline> {
        let rows = self.text_rows()?;
        Some(TextOutline {
            form: rows.form(),
            words: rows.vocabulary().to_vec(),
        })
    }

    /// One text without a word, like those that had this outline and width.
    pub(super) fn empty_text(
        facts: Facts,
        outline: &TextOutline,
        width: usize,
    ) -> Result<Self, Error> {
        let vocabulary = texts::check_vocabulary(&facts.name, &outline.words)?;
        let mut corpus = Corpus::default();
        corpus.push("");
        let text = Self::texts(facts, Arc::new(corpus), vec![0])?;
        text.numbered(outline.form, &vocabulary, width)
    }

    /// The texts of both parts as one, where they are texts of one kind.
    pub(super) fn joined_rows(&self, more: &Self) -> Option<TextRows> {
        let (first, second) = (self.text_rows()?, more.text_rows()?);
        let own = (0..self.len()).map(|index| (first, self.place(index)));
        let others = (0..more.len()).map(|index| (second, more.place(index)));
        Some(first.gathered(own.chain(others)))
    }

    /// Texts with these rows for values.
    pub(super) fn of_rows(facts: Facts, rows: TextRows, count: usize) -> Result<Self, Error> {
        let values = Values::Numbers {
            columns: [].into(),
            numbers: Numbers::Flags {
                width: 1,
                cells: [].into(),
            },
        };
        Ok(Self::of(facts, row_of(1), values, count)?.with_rows(rows))
    }

    /// The entries of each text, as bytes for a checksum; nothing where these are no texts.
    pub(super) fn text_bytes(&self, mut take: impl FnMut(&[u8])) -> bool {
        let Some(rows) = self.text_rows() else {
            return false;
        };
        for word in rows.vocabulary().iter() {
            take(&(word.len() as u64).to_le_bytes());
            take(word.as_bytes());
        }
        for index in 0..self.len() {
            let (entries, counts) = rows.row(self.place(index));
            take(&(entries.len() as u64).to_le_bytes());
            entries.iter().for_each(|entry| take(&entry.to_le_bytes()));
            counts.iter().for_each(|count| take(&count.to_le_bytes()));
        }
        true
    }

    /// Whether all texts have the same numbers; `None` where these are no texts.
    pub(super) fn equal_texts(&self) -> Option<bool> {
        let rows = self.text_rows()?;
        let row = |index| rows.row(self.place(index));
        Some((1..self.len()).all(|index| row(index) == row(0)))
    }
}

/// The shape of a row of so many numbers.
fn row_of(width: usize) -> Shape {
    Shape {
        channels: 1,
        height: 1,
        width,
    }
}
