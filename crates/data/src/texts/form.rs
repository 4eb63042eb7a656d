//! How texts become numbers, as a value.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Words that are looked for where nobody says how many.
pub(super) const WORDS: usize = 10_000;
/// Words of a sequence where nobody says how many.
pub(super) const LENGTH: usize = 500;
/// The most words, and the longest sequence, that may be asked for.
pub(super) const MOST_WORDS: usize = 1 << 20;
pub(super) const LONGEST: usize = 1 << 16;

/// The token that fills a sequence up.
pub const PADDING: u32 = 0;
/// The token before the first word of a text.
pub const START: u32 = 1;
/// The token of every word outside of the vocabulary.
pub const UNKNOWN: u32 = 2;
/// The token of the most frequent word; the next one has the next. 3 stands for nothing, as in `keras.datasets.imdb`.
pub const FIRST_WORD: u32 = 4;

/// How a text becomes the numbers of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextForm {
    /// For each word of the vocabulary 1 where the text has it, else 0.
    Binary,
    /// For each word of the vocabulary how often the text has it, 65,535 at most.
    Counts,
    /// The words in order, as the tokens of `keras.datasets.imdb.load_data`, brought to one length as `pad_sequences` does: 0 fills up, 1
    /// stands before the text, 2 is a word outside of the vocabulary, 4 the most frequent word. What is too long loses its start, what
    /// is too short is filled up in front.
    Sequence,
}

impl TextForm {
    /// The name in configurations and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Counts => "counts",
            Self::Sequence => "sequence",
        }
    }
}

/// What is asked of texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextChoice {
    /// The column of a table that holds them, by its name or its number counted from 1.
    pub column: Option<String>,
    /// How they become numbers; counts where nobody says it.
    pub form: Option<TextForm>,
    /// Tokens of a sequence; 500 where nobody says it.
    pub length: Option<usize>,
    /// The words that a model learned, the most frequent first; without it they are those of the training part.
    pub learned: Option<Arc<[String]>>,
}

impl TextChoice {
    /// Whether texts are asked for.
    pub(crate) fn is_asked(&self) -> bool {
        self.column.is_some() || self.form.is_some()
    }
}

/// How the texts of a run became numbers: enough to do the same with others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextOutline {
    /// How a text became the numbers of a sample.
    pub form: TextForm,
    /// The words of the vocabulary, the most frequent first.
    pub words: Vec<String>,
}
