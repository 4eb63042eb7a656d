//! Texts in files, one a file; the folders that they lie in are their classes.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::corpus::Corpus;
use crate::error::{content, unreadable};
use crate::folder::facts;
use crate::image_tree::{self, Images, Part};
use crate::picture_files::ImageFile;
use crate::source::{Parts, Source};
use crate::{Error, Facts, Samples};

/// The largest text, in bytes.
pub(super) const LARGEST: u64 = 16 << 20;

/// Why a text cannot be learned from, and the line in it.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) line: Option<u64>,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Fault {
    /// The error of a text that lies here.
    pub(super) fn error(&self, place: &str) -> Error {
        let origin = match self.line {
            Some(line) => format!("{place}:{line}"),
            None => place.to_owned(),
        };
        Error::Content {
            origin,
            expected: self.expected.clone(),
            found: format!("{} (`--skip-bad` leaves the text out)", self.found),
        }
    }

    /// The same in words, where the text was left out.
    pub(super) fn skipped(&self, place: &str) -> String {
        let line = self.line.map_or(String::new(), |line| format!(":{line}"));
        format!(
            "{place}{line}: expected {}, found {}",
            self.expected, self.found
        )
    }
}

/// The bytes of a text as what they should be.
pub(crate) fn checked(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|failure| {
        let at = failure.valid_up_to();
        let before = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        Fault {
            line: Some(before as u64 + 1),
            expected: "text in UTF-8".to_owned(),
            found: format!("the byte {:#04x}", bytes[at]),
        }
    })
}

/// Takes a text in, unless it cannot be learned from.
pub(super) fn push(corpus: &mut Corpus, bytes: &[u8]) -> Result<(), Fault> {
    if bytes.len() as u64 > LARGEST {
        return Err(Fault {
            line: None,
            expected: format!("a text of at most {LARGEST} bytes"),
            found: "more".to_owned(),
        });
    }
    if corpus.push(checked(bytes)?) > 0 {
        return Ok(());
    }
    corpus.pop();
    Err(Fault {
        line: None,
        expected: "a text with words".to_owned(),
        found: "none".to_owned(),
    })
}

/// All texts of a folder, whose names end in `.txt`.
///
/// # Errors
/// [`Error::Content`] with the file and line, or [`Error::Io`].
pub(crate) fn load_folder(source: &Source, folder: &Path) -> Result<Parts, Error> {
    let texts = image_tree::find_texts(folder)?;
    let mut corpus = Corpus::default();
    let mut bytes = Vec::new();
    let parts = gather(source, texts, &mut |file| {
        read(file, &mut bytes)?;
        let number = corpus.len() as u32;
        Ok(push(&mut corpus, &bytes).map(|()| number))
    })?;
    parts.with(corpus)
}

/// One file, as a set of one.
pub(crate) fn load_file(source: &Source, path: &Path) -> Result<Parts, Error> {
    let stem = path.file_stem().unwrap_or_default();
    let alone = Part {
        files: vec![ImageFile::at(path.to_owned())],
        labels: Vec::new(),
        names: vec![stem.to_string_lossy().into_owned()],
    };
    let texts = Images {
        train: alone,
        test: None,
        classes: Vec::new(),
        are_arrays: false,
        notes: Vec::new(),
    };
    let mut corpus = Corpus::default();
    let mut bytes = Vec::new();
    let parts = gather(source, texts, &mut |file| {
        read(file, &mut bytes)?;
        Ok(push(&mut corpus, &bytes).map(|()| 0))
    })?;
    parts.with(corpus)
}

/// The bytes of a file; one more than the most where there are more.
fn read(file: &ImageFile, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let reading = |failure| unreadable(&file.shown, failure);
    bytes.clear();
    let opened = File::open(&file.path).map_err(reading)?;
    let read = opened.take(LARGEST + 1).read_to_end(bytes);
    read.map(drop).map_err(reading)
}

/// Finds the number of the text of a file in a corpus, or why it has none.
pub(super) type Take<'a> = &'a mut dyn FnMut(&ImageFile) -> Result<Result<u32, Fault>, Error>;

/// The texts of both parts by their numbers in a corpus.
pub(super) struct Gathered {
    train: (Facts, Vec<u32>),
    test: Option<(Facts, Vec<u32>)>,
    skipped: Vec<String>,
    notes: Vec<String>,
}

/// Takes the texts of all files.
pub(super) fn gather(source: &Source, texts: Images, take: Take) -> Result<Gathered, Error> {
    let mut skipped = Vec::new();
    let mut part = |part: &Part| {
        let (mut kept, mut numbers) = (Vec::new(), Vec::new());
        for (place, file) in part.files.iter().enumerate() {
            match take(file)? {
                Ok(number) => {
                    kept.push(place);
                    numbers.push(number);
                }
                Err(fault) if source.skip_bad => {
                    skipped.push(fault.skipped(&file.shown.display().to_string()));
                }
                Err(fault) => return Err(fault.error(&file.shown.display().to_string())),
            }
        }
        if kept.is_empty() {
            let path = Path::new(&source.name);
            let found = format!("none among {} texts", part.files.len());
            return Err(content(path, "a text that can be read", found));
        }
        let names = kept.iter().map(|at| part.files[*at].shown.display());
        let names = names.map(|name| name.to_string().into()).collect();
        let mut facts = facts(source, part, &texts.classes, &kept);
        facts.identity.names = Some(("file".to_owned(), names));
        Ok((facts, numbers))
    };
    Ok(Gathered {
        train: part(&texts.train)?,
        test: texts.test.as_ref().map(part).transpose()?,
        skipped,
        notes: texts.notes,
    })
}

impl Gathered {
    /// The samples of both parts.
    pub(super) fn with(self, corpus: Corpus) -> Result<Parts, Error> {
        let corpus = Arc::new(corpus);
        let part = |(facts, texts)| Samples::texts(facts, corpus.clone(), texts);
        Ok(Parts {
            train: part(self.train)?,
            test: self.test.map(part).transpose()?,
            skipped: self.skipped,
            notes: self.notes,
            columns: Vec::new(),
            unseen: None,
        })
    }
}
