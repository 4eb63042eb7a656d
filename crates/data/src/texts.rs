//! Texts as samples: their words, the words that are frequent in the training part, and the numbers that come of them.
//!
//! Whatever holds texts gives samples of a [`Corpus`], as they stand in files. Once the parts are drawn, [`numbered`] finds the vocabulary
//! of the training part, or takes the one that a model learned, and makes numbers of both parts, which stay sparse.

mod archive;
mod corpus;
mod files;
mod form;
mod lines;
mod rows;
mod vocabulary;
mod words;

pub(crate) use archive::{load as load_archive, try_bytes as try_archive};
pub(crate) use corpus::Corpus;
pub(crate) use files::{checked, load_file, load_folder};
pub use form::{FIRST_WORD, PADDING, START, TextChoice, TextForm, TextOutline, UNKNOWN};
pub(crate) use lines::{load as load_lines, try_bytes as try_lines};
pub(crate) use rows::TextRows;
pub(crate) use vocabulary::{check as check_vocabulary, count, numbered};
pub(crate) use words::has_words;
