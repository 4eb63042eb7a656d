//! Sets of records of fixed length beside CIFAR-10: CIFAR-100 with its two kinds of labels, and STL-10.
//!
//! A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; A. Coates, H. Lee and A. Y. Ng, An Analysis of
//! Single-Layer Networks in Unsupervised Feature Learning, AISTATS 2011.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use crate::cifar100_names::{COARSE, FINE};
use crate::error::{content, missing, unreadable};
use crate::picture::Fit;
use crate::pixel_store::{Sink, budgets, fill};
use crate::source::{DataSet, Parts};
use crate::{Error, Facts, Samples, Shape, Source};

/// What `label` may be of CIFAR-100, the file with the names of its classes, and the names where that is not there.
const KINDS: [(&str, &str, &[&str]); 2] = [
    ("coarse", "coarse_label_names.txt", &COARSE),
    ("fine", "fine_label_names.txt", &FINE),
];
/// The classes of STL-10, likewise.
const STL_CLASSES: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// A file of records: some labels, and the pixels of an image.
struct Records<'a> {
    path: &'a Path,
    shape: Shape,
    /// Bytes before the pixels of a record.
    labels: usize,
    /// Whether each plane lies column by column.
    is_transposed: bool,
}

/// CIFAR-100: `train.bin` and `test.bin`, with fine labels or, where `source.label` says so, coarse ones.
///
/// # Errors
/// [`Error::Missing`] where a file is not there, [`Error::Content`] where one is damaged, [`Error::Selection`] for another
/// label, or [`Error::Io`].
pub(crate) fn cifar100(source: &Source, set: &DataSet, folder: &Path) -> Result<Parts, Error> {
    let asked = source.label.as_deref().unwrap_or("fine");
    let kind = KINDS.iter().position(|(name, ..)| *name == asked);
    let Some(place) = kind else {
        return Err(source.refuse("label", "`fine` or `coarse`", format!("`{asked}`")));
    };
    let (_, file, names) = KINDS[place];
    let files = "`train.bin`, `test.bin`";
    let classes = class_names(&folder.join(file), names)?;
    let load = |name: &str, memory| {
        let path = folder.join(name);
        if !path.is_file() {
            return Err(missing(set.name, folder, name, files));
        }
        let records = Records {
            path: &path,
            shape: set.shape,
            labels: KINDS.len(),
            is_transposed: false,
        };
        let (labels, store) = records.read(source, memory, open(&path)?)?;
        let labels = labels.into_iter().map(|labels| labels[place]);
        samples(source, set, &path, labels.collect(), &classes, store)
    };
    let (for_train, for_test) = memory(source, &folder.join("test.bin"));
    let train = load("train.bin", for_train)?;
    Ok(Parts {
        train,
        test: Some(load("test.bin", for_test)?),
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

/// STL-10: images of its labelled parts; the unlabelled one is a file of its own.
///
/// # Errors
/// [`Error::Missing`] where a file is not there, [`Error::Content`] where one is damaged, or [`Error::Io`].
pub(crate) fn stl10(source: &Source, set: &DataSet, folder: &Path) -> Result<Parts, Error> {
    let files = "`train_X.bin`, `train_y.bin`, `test_X.bin`, `test_y.bin`";
    let there = |name: &str| {
        let path = folder.join(name);
        match path.is_file() {
            true => Ok(path),
            false => Err(missing(set.name, folder, name, files)),
        }
    };
    let classes = class_names(&folder.join("class_names.txt"), &STL_CLASSES)?;
    let load = |part: &str, memory| {
        let (images, labels) = (
            there(&format!("{part}_X.bin"))?,
            there(&format!("{part}_y.bin"))?,
        );
        let records = Records {
            path: &images,
            shape: set.shape,
            labels: 0,
            is_transposed: true,
        };
        let (records, store) = records.read(source, memory, open(&images)?)?;
        let mut numbers = Vec::new();
        let read = open(&labels)?
            .take(records.len() as u64 + 1)
            .read_to_end(&mut numbers);
        read.map_err(|failure| unreadable(&labels, failure))?;
        if numbers.len() != records.len() {
            let expected = format!("{} labels, as there are images", records.len());
            return Err(content(&labels, expected, numbers.len().to_string()));
        }
        // They are counted from 1.
        let numbers = numbers.iter().map(|label| label.wrapping_sub(1));
        samples(source, set, &labels, numbers.collect(), &classes, store)
    };
    let (for_train, for_test) = memory(source, &folder.join("test_X.bin"));
    let train = load("train", for_train)?;
    let unlabelled = folder.join("unlabeled_X.bin").is_file();
    let note = "left out the images of `unlabeled_X.bin`".to_owned();
    Ok(Parts {
        train,
        test: Some(load("test", for_test)?),
        skipped: Vec::new(),
        notes: Vec::from_iter(unlabelled.then_some(note)),
        columns: Vec::new(),
        unseen: None,
    })
}

fn open(path: &Path) -> Result<BufReader<File>, Error> {
    let file = File::open(path).map_err(|failure| unreadable(path, failure))?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

fn memory(source: &Source, test: &Path) -> (usize, usize) {
    budgets(source.memory, test.metadata().map_or(0, |data| data.len()))
}

/// The names of a file, one a line; the `usual` ones where the file is not there.
fn class_names(path: &Path, usual: &[&str]) -> Result<Vec<String>, Error> {
    if !path.is_file() {
        return Ok(usual.iter().map(|name| (*name).to_owned()).collect());
    }
    let count = usual.len();
    let text = fs::read_to_string(path).map_err(|failure| unreadable(path, failure))?;
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<_> = names.map(str::to_owned).collect();
    match names.len() == count {
        true => Ok(names),
        false => {
            let expected = format!("{count} names of classes");
            Err(content(path, expected, names.len().to_string()))
        }
    }
}

fn samples(
    source: &Source,
    set: &DataSet,
    path: &Path,
    labels: Vec<u8>,
    classes: &[String],
    store: crate::pixel_store::Store,
) -> Result<Samples, Error> {
    let bad = labels
        .iter()
        .position(|&label| usize::from(label) >= classes.len());
    if let Some(record) = bad {
        let expected = format!("labels of {} classes", classes.len());
        let found = format!("class {} in record {record}", labels[record]);
        return Err(content(path, expected, found));
    }
    let facts = Facts {
        name: source.name.clone(),
        labels: labels.into_iter().map(u16::from).collect(),
        classes: classes.to_vec(),
        ..Facts::default()
    };
    Samples::stored(facts, Fit::of(source).shape(set.shape), 255, store)
}

impl Records<'_> {
    /// The labels of each record, and the pixels of all.
    fn read(
        &self,
        source: &Source,
        memory: usize,
        mut file: impl Read,
    ) -> Result<(Vec<Vec<u8>>, crate::pixel_store::Store), Error> {
        let fit = Fit::of(source);
        let mut sink = Sink::of(source, memory);
        let mut labels = Vec::new();
        let mut record = vec![0; self.labels + self.shape.pixels()];
        loop {
            let bytes =
                fill(&mut file, &mut record).map_err(|failure| unreadable(self.path, failure))?;
            if bytes == 0 {
                break;
            }
            if bytes < record.len() {
                let expected = format!("records of {} bytes", record.len());
                return Err(content(self.path, expected, format!("{bytes} left over")));
            }
            let (own, pixels) = record.split_at_mut(self.labels);
            labels.push(own.to_vec());
            if self.is_transposed {
                transpose(pixels, self.shape);
            }
            sink.push(&fit.apply(self.shape, pixels))?;
        }
        match labels.is_empty() {
            true => Err(content(self.path, "at least one record", "none")),
            false => Ok((labels, sink.finish()?)),
        }
    }
}

/// Swaps rows and columns of each plane of a square image.
fn transpose(pixels: &mut [u8], shape: Shape) {
    let side = shape.width;
    for plane in pixels.chunks_exact_mut(side * side) {
        for y in 0..side {
            for x in 0..y {
                plane.swap(y * side + x, x * side + y);
            }
        }
    }
}

/// Reads bytes as records of CIFAR-100.
pub(crate) fn try_records(bytes: &[u8]) -> Result<(), Error> {
    let records = Records {
        path: Path::new("bytes"),
        shape: Shape {
            channels: 3,
            height: 32,
            width: 32,
        },
        labels: 2,
        is_transposed: true,
    };
    records
        .read(&Source::named("bytes"), usize::MAX, bytes)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::load;

    fn directory(folder: &str, files: &[(&str, Vec<u8>)]) -> TempDir {
        let directory = tempfile::tempdir().expect("a folder");
        fs::create_dir(directory.path().join(folder)).expect("a folder");
        for (name, bytes) in files {
            fs::write(directory.path().join(folder).join(name), bytes).expect("a file");
        }
        directory
    }

    fn source(set: &str, directory: &TempDir) -> Source {
        Source {
            directory: Some(directory.path().to_owned()),
            ..Source::named(set)
        }
    }

    /// Records of a coarse and a fine label, whose pixels are 10, 20 and 30.
    fn cifar(labels: &[[u8; 2]]) -> Vec<u8> {
        let pixels = [[10; 1024], [20; 1024], [30; 1024]].concat();
        let record = |labels: &[u8; 2]| [&labels[..], &pixels].concat();
        labels.iter().flat_map(record).collect()
    }

    #[test]
    fn coarse_and_fine_labels() {
        let names = (0..20)
            .map(|number| format!("kind{number}\n"))
            .collect::<String>();
        let directory = directory(
            "cifar-100-binary",
            &[
                ("train.bin", cifar(&[[11, 49], [3, 33]])),
                ("test.bin", cifar(&[[19, 99]])),
                ("coarse_label_names.txt", names.into_bytes()),
            ],
        );
        let fine = load(&source("cifar100", &directory)).expect("it is whole");
        assert_eq!(
            (fine.train.caption(0), fine.train.classes().len()),
            ("mountain", 100)
        );
        assert_eq!(
            fine.train.pixels(1).expect("in memory")[1024..1026],
            [20; 2]
        );
        let asked = |label: &str| Source {
            label: Some(label.to_owned()),
            ..source("cifar100", &directory)
        };
        let coarse = load(&asked("coarse")).expect("it is whole");
        assert_eq!(coarse.train.caption(0), "kind11");
        assert_eq!(coarse.test.expect("a test part").caption(0), "kind19");
        assert_eq!(
            load(&asked("both")).expect_err("no such label").to_string(),
            "`label` of `cifar100`: expected `fine` or `coarse`, found `both`"
        );
        let path = directory.path().join("cifar-100-binary/test.bin");
        fs::write(&path, cifar(&[[20, 99]])).expect("a file");
        let error = load(&asked("coarse"))
            .expect_err("no such class")
            .to_string();
        assert!(
            error.ends_with("expected labels of 20 classes, found class 20 in record 0"),
            "{error}"
        );
        fs::write(&path, [0; 3075]).expect("a file");
        let error = load(&asked("fine")).expect_err("too long").to_string();
        assert!(
            error.ends_with("expected records of 3074 bytes, found 1 left over"),
            "{error}"
        );
    }

    #[test]
    fn columns_become_rows() {
        let mut image = vec![0; 3 * 96 * 96];
        // The second pixel of the first column, and the third of the second in the last plane.
        image[1] = 9;
        image[2 * 96 * 96 + 96 + 2] = 7;
        let files = [
            ("train_X.bin", image.clone()),
            ("train_y.bin", vec![10]),
            ("test_X.bin", image.repeat(2)),
            ("test_y.bin", vec![1, 2]),
            ("unlabeled_X.bin", image),
        ];
        let directory = directory("stl10_binary", &files);
        let loaded = load(&source("stl10", &directory)).expect("it is whole");
        let pixels = loaded.train.pixels(0).expect("in memory");
        assert_eq!([pixels[96], pixels[2 * 96 * 96 + 2 * 96 + 1]], [9, 7]);
        assert_eq!(
            (loaded.train.caption(0), loaded.test.map(|test| test.len())),
            ("9", Some(2))
        );
        assert_eq!(loaded.notes.len(), 1);
        fs::write(directory.path().join("stl10_binary/test_y.bin"), [1]).expect("a file");
        let error = load(&source("stl10", &directory))
            .expect_err("one label")
            .to_string();
        assert!(
            error.ends_with("expected 2 labels, as there are images, found 1"),
            "{error}"
        );
    }
}
