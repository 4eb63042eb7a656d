//! The words of the training part that are most frequent, and both parts in numbers by them.

use std::collections::HashSet;
use std::sync::Arc;

use super::form::{FIRST_WORD, LENGTH, LONGEST, MOST_WORDS, TextForm, WORDS};
use crate::error::content_of as content;
use crate::source::{Loaded, Source};
use crate::{Error, Samples};

/// Texts in numbers, where the samples are texts; all else stays as it is.
///
/// # Errors
/// [`Error::Selection`] for a number of words or a length that cannot be served, [`Error::Content`] where the training part has no word.
pub(crate) fn numbered(source: &Source, loaded: Loaded) -> Result<Loaded, Error> {
    let Some(corpus) = loaded.train.corpus() else {
        return Ok(loaded);
    };
    let choice = &source.texts;
    let form = choice.form.unwrap_or(TextForm::Counts);
    let length = length(source, form)?;
    let words = match &choice.learned {
        Some(learned) => learned.clone(),
        None => {
            let frequent = corpus.frequent(loaded.train.corpus_texts());
            if frequent.is_empty() {
                return Err(content(loaded.train.name(), "a text with words", "none"));
            }
            let most = wanted(source, form)?.min(frequent.len());
            frequent[..most].iter().map(|&w| w.to_owned()).collect()
        }
    };
    let part = |samples: &Samples| samples.numbered(form, &words, length);
    let mut notes = loaded.notes;
    if choice.learned.is_none()
        && source
            .words
            .is_some_and(|asked| asked > words.len() + spare(form))
    {
        notes.push(format!(
            "the training part has {} different words, fewer than were asked for",
            words.len()
        ));
    }
    Ok(Loaded {
        train: part(&loaded.train)?,
        test: loaded.test.as_ref().map(part).transpose()?,
        notes,
        ..loaded
    })
}

/// Tokens that stand for no word.
fn spare(form: TextForm) -> usize {
    match form {
        TextForm::Sequence => FIRST_WORD as usize,
        TextForm::Binary | TextForm::Counts => 0,
    }
}

/// How many words are wanted: of a sequence as many tokens, those among them that stand for no word.
fn wanted(source: &Source, form: TextForm) -> Result<usize, Error> {
    let asked = source.words.unwrap_or(WORDS);
    let least = spare(form) + 1;
    if !(least..=MOST_WORDS).contains(&asked) {
        let expected = format!("{least} to {MOST_WORDS}");
        return Err(source.refuse("words", expected, asked.to_string()));
    }
    Ok(asked - spare(form))
}

/// The length of sequences.
fn length(source: &Source, form: TextForm) -> Result<usize, Error> {
    let asked = source.texts.length;
    if let (Some(asked), TextForm::Binary | TextForm::Counts) = (asked, form) {
        let expected = "none, for only texts as a `sequence` have one";
        return Err(source.refuse("text_length", expected, asked.to_string()));
    }
    let length = asked.unwrap_or(LENGTH);
    if !(1..=LONGEST).contains(&length) {
        let expected = format!("1 to {LONGEST}");
        return Err(source.refuse("text_length", expected, length.to_string()));
    }
    Ok(length)
}

/// How many tokens there are, those that stand for no word among them.
pub(crate) fn count(words: usize) -> usize {
    words + FIRST_WORD as usize
}

/// Refuses a vocabulary that has a word twice, or none: it may come from anywhere.
pub(crate) fn check(name: &str, words: &[String]) -> Result<Arc<[String]>, Error> {
    let distinct: HashSet<&String> = words.iter().collect();
    if words.is_empty() || words.len() > MOST_WORDS || distinct.len() < words.len() {
        let expected = format!("1 to {MOST_WORDS} words of a vocabulary, each once");
        let found = format!("{}, {} of them different", words.len(), distinct.len());
        return Err(content(name, expected, found));
    }
    Ok(words.into())
}
