//! The Large Movie Review Dataset: reviews of films that are negative or positive, each as the set of its frequent words.
//!
//! Maas, Daly, Pham, Huang, Ng and Potts, *Learning word vectors for sentiment analysis*, ACL 2011.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use tar::Archive;

use crate::error::{content, missing, unreadable};
use crate::idx::unpack;
use crate::source::{Parts, Source};
use crate::texts::Corpus;
use crate::{Error, Facts, Identity, Samples, tar_stream};

/// The official archive, and one of its labelled reviews alone, which serves as well.
const ARCHIVES: [&str; 2] = ["aclImdb_v1.tar.gz", "aclImdb_labelled.tar.gz"];
/// Words that are looked for where nobody says how many.
const WORDS: usize = 1000;
/// The most words that may be asked for: a byte for each review.
const MOST_WORDS: usize = 20_000;
/// The largest review and all together, in bytes, and how many there may be; the official ones are under 14 KiB, 66 MB and 50,000.
const LARGEST: u64 = 1 << 20;
const LARGEST_IN_ALL: u64 = 256 << 20;
const MOST: usize = 1 << 20;
/// The parts and classes as the folders are called, and the names of the classes.
const PARTS: [&str; 2] = ["train", "test"];
const CLASSES: [(&str, &str); 2] = [("neg", "negative"), ("pos", "positive")];

/// A review by where it lies in the archive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Review {
    part: usize,
    class: usize,
    /// The number before the `_` of its name.
    number: u64,
    /// As in `train/pos/0_9`.
    name: String,
}

/// Loads the reviews out of the archive in a folder, in the order of part, class and number. Nothing is unpacked to disk.
///
/// # Errors
/// [`Error::Missing`] where no archive is there, [`Error::Content`] where it is damaged, [`Error::Selection`] for more words
/// than there are, or [`Error::Io`].
pub(crate) fn load(source: &Source, folder: &Path) -> Result<Parts, Error> {
    let there = ARCHIVES.iter().map(|name| folder.join(name));
    let Some(path) = there.into_iter().find(|path| path.is_file()) else {
        let name = ARCHIVES[0];
        return Err(missing("imdb", folder, name, &format!("`{name}`")));
    };
    read(source, &path, tar_stream::open(&path)?)
}

/// Reads the bytes of an archive, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let path = Path::new("bytes");
    let file = unpack(bytes).map_err(|failure| unreadable(path, failure))?;
    read(&Source::named("imdb"), path, file).map(drop)
}

fn read(source: &Source, path: &Path, file: impl Read) -> Result<Parts, Error> {
    let (reviews, texts) = reviews(path, file)?;
    let mut order: Vec<usize> = (0..reviews.len()).collect();
    order.sort_unstable_by_key(|place| &reviews[*place]);
    let learned = order.partition_point(|place| reviews[*place].part == 0);
    let (train, test) = order.split_at(learned);
    for (part, found) in PARTS.iter().zip([train, test]) {
        if found.is_empty() {
            let expected = format!("reviews in `{part}/neg` and `{part}/pos`");
            return Err(content(path, expected, "none"));
        }
    }
    if source.texts.is_asked() {
        return as_texts(source, &reviews, texts, train, test);
    }
    let frequent = texts.frequent(train.iter().copied());
    let words = &frequent[..count(source, path, frequent.len())?];
    let part = |first: usize, places: &[usize]| {
        let facts = facts(source, &reviews, places, first as u64);
        let columns = words.iter().map(|word| (*word).to_owned()).collect();
        Samples::flags(facts, columns, texts.bags(places, words))
    };
    Ok(Parts {
        train: part(0, train)?,
        test: Some(part(learned, test)?),
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

/// Both parts as texts, whose vocabulary is found once they are drawn.
fn as_texts(
    source: &Source,
    reviews: &[Review],
    texts: Corpus,
    train: &[usize],
    test: &[usize],
) -> Result<Parts, Error> {
    if let Some(column) = &source.texts.column {
        let expected = "none, for `imdb` is no table";
        return Err(source.refuse("text", expected, format!("`{column}`")));
    }
    let texts = Arc::new(texts);
    let part = |first: usize, places: &[usize]| {
        let numbers = places.iter().map(|place| *place as u32).collect();
        let facts = facts(source, reviews, places, first as u64);
        Samples::texts(facts, texts.clone(), numbers)
    };
    Ok(Parts {
        train: part(0, train)?,
        test: Some(part(train.len(), test)?),
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

/// As many words as are asked for, of so many that there are.
fn count(source: &Source, path: &Path, there: usize) -> Result<usize, Error> {
    let most = there.min(MOST_WORDS);
    match source.words {
        // A small archive without as many is taken as it is.
        None if most > 0 => Ok(WORDS.min(most)),
        Some(count) if (1..=most).contains(&count) => Ok(count),
        None => Err(content(path, "words in its training part", "none")),
        Some(count) => {
            let expected = format!("1 to {most}, of the words of its training part");
            Err(source.refuse("words", expected, count.to_string()))
        }
    }
}

fn facts(source: &Source, reviews: &[Review], places: &[usize], first: u64) -> Facts {
    let own = || places.iter().map(|place| &reviews[*place]);
    Facts {
        name: source.name.clone(),
        labels: own().map(|review| review.class as u16).collect(),
        classes: CLASSES.map(|(_, name)| name.to_owned()).to_vec(),
        identity: Identity {
            rows: (first..first + places.len() as u64).into(),
            names: Some((
                "review".to_owned(),
                own().map(|review| Arc::from(&*review.name)).collect(),
            )),
            groups: None,
        },
        ..Facts::default()
    }
}

/// The labelled reviews of an archive with their words, as they come.
fn reviews(path: &Path, file: impl Read) -> Result<(Vec<Review>, Corpus), Error> {
    let damaged = |failure| tar_stream::damaged(path, failure);
    let (mut reviews, mut texts) = (Vec::new(), Corpus::default());
    let (mut bytes, mut left) = (Vec::new(), LARGEST_IN_ALL);
    for entry in Archive::new(file).entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let review = match entry.header().entry_type().is_file() {
            true => review(&String::from_utf8_lossy(&entry.path_bytes())),
            false => None,
        };
        let Some(review) = review else {
            continue;
        };
        bytes.clear();
        let most = LARGEST.min(left);
        let read = (&mut entry).take(most + 1).read_to_end(&mut bytes);
        let read = read.map_err(damaged)? as u64;
        if read > most || reviews.len() == MOST {
            let expected =
                format!("at most {MOST} reviews of {LARGEST} bytes, {LARGEST_IN_ALL} in all");
            return Err(content(
                path,
                expected,
                format!("more at `{}`", review.name),
            ));
        }
        left -= read;
        let text = std::str::from_utf8(&bytes).map_err(|failure| {
            let found = format!("other bytes in `{}`: {failure}", review.name);
            content(path, "reviews in UTF-8", found)
        })?;
        texts.push(text);
        reviews.push(review);
    }
    Ok((reviews, texts))
}

/// What review a member of the archive is, as `aclImdb/train/pos/0_9.txt`; none where it is something else.
fn review(member: &str) -> Option<Review> {
    let mut words = member.rsplit('/');
    let file = words.next()?.strip_suffix(".txt")?;
    let (class, part) = (words.next()?, words.next()?);
    Some(Review {
        part: PARTS.iter().position(|name| *name == part)?,
        class: CLASSES.iter().position(|(name, _)| *name == class)?,
        number: file.split('_').next()?.parse().ok()?,
        name: format!("{part}/{class}/{file}"),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// A packed archive of these files.
    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let packed = GzEncoder::new(Vec::new(), Compression::fast());
        let mut archive = tar::Builder::new(packed);
        for (name, bytes) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            archive
                .append_data(&mut header, name, *bytes)
                .expect("written");
        }
        archive
            .into_inner()
            .and_then(GzEncoder::finish)
            .expect("packed")
    }

    const SMALL: [(&str, &[u8]); 7] = [
        ("aclImdb/README", b"word word word word"),
        ("aclImdb/test/pos/3_10.txt", b"A new word, good!"),
        ("aclImdb/test/neg/0_1.txt", b"nothing known"),
        ("aclImdb/train/pos/10_7.txt", b"good good film"),
        ("aclImdb/train/pos/2_9.txt", b"Good<br /><br />film"),
        ("aclImdb/train/neg/0_3.txt", b"bad film"),
        ("aclImdb/train/unsup/0_0.txt", b"bad bad bad bad bad bad"),
    ];

    fn load_bytes(bytes: &[u8], words: Option<usize>) -> Result<Parts, Error> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = File::create(folder.path().join(ARCHIVES[1])).expect("created");
        file.write_all(bytes).expect("written");
        let source = Source {
            words,
            ..Source::named("imdb")
        };
        load(&source, folder.path())
    }

    #[test]
    fn reviews_come_by_class_and_number_and_columns_by_frequency() -> Result<(), Error> {
        let Parts { train, test, .. } = load_bytes(&archive(&SMALL), None)?;
        let test = test.expect("it has a test part");
        assert_eq!(train.columns(), ["film", "good", "bad"]);
        let names: Vec<_> = (0..3).filter_map(|row| train.row_name(row)).collect();
        assert_eq!(names, ["train/neg/0_3", "train/pos/2_9", "train/pos/10_7"]);
        assert_eq!(train.class_counts(), [1, 2]);
        assert_eq!(train.classes(), ["negative", "positive"]);
        let mut numbers = Vec::new();
        train.read(0..3, 0.0, &mut numbers)?;
        assert_eq!(numbers, [1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
        numbers.clear();
        test.read(0..2, 0.0, &mut numbers)?;
        assert_eq!(numbers, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!((test.row(0), test.row(1)), (3, 4));
        assert_eq!(train.column(2).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
        Ok(())
    }

    #[test]
    fn as_many_words_as_are_asked_for_and_there() {
        let small = archive(&SMALL);
        let columns = |words| load_bytes(&small, words).map(|parts| parts.train.columns().to_vec());
        assert_eq!(columns(Some(2)).expect("there are"), ["film", "good"]);
        for wanted in [0, 4] {
            let error = columns(Some(wanted)).expect_err("too many").to_string();
            let message = format!(
                "`words` of `imdb`: expected 1 to 3, of the words of its training part, found {wanted}"
            );
            assert_eq!(error, message);
        }
    }

    #[test]
    fn what_is_no_archive_of_reviews_is_named() {
        let whole = archive(&SMALL);
        let latin: (&str, &[u8]) = ("aclImdb/train/neg/1_1.txt", b"caf\xe9");
        for (bytes, expected) in [
            (whole[..whole.len() / 2].to_vec(), "expected a whole"),
            (b"no archive".to_vec(), "expected a whole tar archive"),
            (
                archive(&SMALL[..1]),
                "expected reviews in `train/neg` and `train/pos`",
            ),
            (
                archive(&SMALL[3..]),
                "expected reviews in `test/neg` and `test/pos`, found none",
            ),
            (
                archive(&[&SMALL[..], &[latin]].concat()),
                "expected reviews in UTF-8, found other bytes in `train/neg/1_1`",
            ),
        ] {
            let error = load_bytes(&bytes, None).err().expect(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
        let empty = tempfile::tempdir().expect("a folder");
        let error = load(&Source::named("imdb"), empty.path()).err();
        let error = error.expect("missing").to_string();
        assert!(
            error.ends_with("there is no `aclImdb_v1.tar.gz`"),
            "{error}"
        );
    }
}
