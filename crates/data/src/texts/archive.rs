//! Texts in a tar archive, packed with gzip or not, laid out as in a folder. Nothing is unpacked to disk.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use tar::Archive;

use super::corpus::Corpus;
use super::files::{Fault, LARGEST, gather, push};
use crate::Error;
use crate::error::{content, unreadable};
use crate::idx::unpack;
use crate::image_tree;
use crate::source::{Parts, Source};
use crate::tar_images::inside;
use crate::tar_stream;

/// Bytes of all texts of an archive, and how many there may be.
const LARGEST_IN_ALL: u64 = 4 << 30;
const MOST: usize = 1 << 24;

/// Loads the texts of an archive as those of a folder of its contents.
///
/// # Errors
/// [`Error::Content`] with the file, the place in it and the line, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    load_from(source, path, tar_stream::open(path)?)
}

/// Reads the bytes of an archive, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let path = Path::new("bytes");
    let file = unpack(bytes).map_err(|failure| unreadable(path, failure))?;
    load_from(&Source::named("bytes"), path, file).map(drop)
}

fn load_from(source: &Source, path: &Path, file: impl Read) -> Result<Parts, Error> {
    let (corpus, found) = texts(path, file)?;
    let names = found.keys().cloned().collect();
    let tree = image_tree::texts_of_paths(names, path)?;
    let parts = gather(source, tree, &mut |file| Ok(found[&file.path].clone()))?;
    parts.with(corpus)
}

/// The number of each text by its path in the archive, or what is wrong with it: whether it counts is not known before all paths are.
type Found = HashMap<PathBuf, Result<u32, Fault>>;

fn texts(path: &Path, file: impl Read) -> Result<(Corpus, Found), Error> {
    let damaged = |failure| tar_stream::damaged(path, failure);
    let (mut corpus, mut found) = (Corpus::default(), Found::new());
    let (mut bytes, mut left) = (Vec::new(), LARGEST_IN_ALL);
    let mut archive = Archive::new(file);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let place = match entry.header().entry_type().is_file() {
            true => entry.path().ok().and_then(|name| inside(&name)),
            false => None,
        };
        let Some(place) = place.filter(|place| image_tree::is_text(place)) else {
            continue;
        };
        bytes.clear();
        let most = LARGEST.min(left);
        let read = (&mut entry).take(most + 1).read_to_end(&mut bytes);
        let read = read.map_err(damaged)? as u64;
        if read > left || found.len() == MOST {
            let expected = format!("at most {MOST} texts of {LARGEST_IN_ALL} bytes in all");
            return Err(content(path, expected, "more"));
        }
        left -= read;
        let number = corpus.len() as u32;
        let text = push(&mut corpus, &bytes).map(|()| number);
        found.insert(place, text);
    }
    Ok((corpus, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, bytes) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            archive
                .append_data(&mut header, name, *bytes)
                .expect("in memory");
        }
        archive.into_inner().expect("in memory")
    }

    fn load(bytes: &[u8], skip_bad: bool) -> Result<Parts, Error> {
        let source = Source {
            skip_bad,
            ..Source::named("a.tar")
        };
        load_from(&source, Path::new("a.tar"), bytes)
    }

    const REVIEWS: [(&str, &[u8]); 8] = [
        ("aclImdb/README", b"of the set"),
        ("aclImdb/imdbEr.txt", b"0.5 0.25"),
        ("aclImdb/train/urls_pos.txt", b"\xff"),
        ("aclImdb/train/unsup/0_0.txt", b"nobody knows"),
        ("aclImdb/train/pos/0_9.txt", b"good film"),
        ("aclImdb/train/neg/0_1.txt", b"bad film"),
        ("aclImdb/test/pos/0_9.txt", b"very good"),
        ("aclImdb/test/neg/7_1.txt", b"very bad"),
    ];

    #[test]
    fn the_official_layout_has_two_parts_and_two_classes() {
        let parts = load(&archive(&REVIEWS), false).expect("reviews");
        let test = parts.test.expect("a test part");
        assert_eq!(parts.train.classes(), ["neg", "pos"]);
        assert_eq!((parts.train.len(), test.len()), (2, 2));
        assert_eq!((test.label(0), test.caption(0)), (Some(0), "7_1"));
        assert_eq!(
            parts.notes,
            [
                "texts are those of the folder `aclImdb`",
                "left out 1 text of `aclImdb/train/unsup`: it is a folder of texts without a class",
                "left out 2 texts beside folders of texts, as `aclImdb/imdbEr.txt`",
            ]
        );
    }

    #[test]
    fn a_bad_text_is_named_with_its_line_or_counted() {
        let bad: [(&str, &[u8]); 2] = [
            ("aclImdb/train/neg/1_1.txt", b"first\nsec\xe9nd"),
            ("aclImdb/train/neg/2_1.txt", b" ... "),
        ];
        let whole = archive(&[&REVIEWS[..], &bad].concat());
        let error = load(&whole, false).err().expect("it is refused");
        assert_eq!(
            error.to_string(),
            "`a.tar/aclImdb/train/neg/1_1.txt:2`: expected text in UTF-8, found the byte 0xe9 (`--skip-bad` leaves the text out)"
        );
        let parts = load(&whole, true).expect("the others are good");
        assert_eq!(parts.train.len(), 2);
        assert_eq!(
            parts.skipped,
            [
                "a.tar/aclImdb/train/neg/1_1.txt:2: expected text in UTF-8, found the byte 0xe9",
                "a.tar/aclImdb/train/neg/2_1.txt: expected a text with words, found none",
            ]
        );
    }

    #[test]
    fn an_archive_without_texts_says_so() {
        let error = load(&archive(&[("a/1.png", b"")]), false)
            .err()
            .expect("none");
        assert_eq!(
            error.to_string(),
            "`a.tar`: expected texts, with names in `.txt`, found none"
        );
    }
}
