//! CIFAR-10 in its binary form: records of a label and the pixels of an image.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;

use crate::error::{content, missing, unreadable};
use crate::picture::Fit;
use crate::pixel_store::{Sink, budgets, fill};
use crate::source::{DataSet, Parts};
use crate::{Error, Facts, Samples, Source};

const CLASSES: [&str; 10] = [
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
];

/// The official training files; a folder may hold fewer.
const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
const TEST: &str = "test_batch.bin";

/// How many records are read at once.
const BLOCK: usize = 64;

/// The official set, or as much of its training part as is there.
pub(crate) fn load(source: &Source, set: &DataSet, folder: &Path) -> Result<Parts, Error> {
    let files = format!("`{}` and `{TEST}`", TRAIN.join("`, `"));
    let absent = |file| missing(set.name, folder, file, &files);
    let train: Vec<_> = TRAIN.iter().map(|name| folder.join(name)).collect();
    let train: Vec<_> = train.into_iter().filter(|path| path.is_file()).collect();
    if train.is_empty() {
        return Err(absent(TRAIN[0]));
    }
    let test = test_files(folder)?;
    if test.is_empty() {
        return Err(absent(TEST));
    }
    let classes = classes(folder)?;
    let sizes = test
        .iter()
        .map(|path| path.metadata().map_or(0, |data| data.len()));
    let (for_train, for_test) = budgets(source.memory, sizes.sum());
    let part = |files: &[PathBuf], memory| read(source, set, &classes, files, memory);
    let (train, test) = thread::scope(|scope| {
        let test = scope.spawn(|| part(&test, for_test));
        let train = part(&train, for_train);
        (train, test.join().expect("reading records does not panic"))
    });
    Ok(Parts {
        train: train?,
        test: Some(test?),
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

/// The official test file, or else the parts of it: `test_batch*.bin`, by name.
fn test_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let whole = folder.join(TEST);
    if whole.is_file() {
        return Ok(vec![whole]);
    }
    let unreadable = |source| unreadable(folder, source);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("test_batch") && name.ends_with(".bin") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files that the test part is read from where the official one is not there.
pub(crate) fn other_test_files(folder: &Path) -> Vec<String> {
    let files = test_files(folder).unwrap_or_default();
    let names = files
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != TEST).collect()
}

/// The class names as the folder spells them.
fn classes(folder: &Path) -> Result<Vec<String>, Error> {
    let path = folder.join("batches.meta.txt");
    if !path.is_file() {
        return Ok(CLASSES.map(str::to_owned).to_vec());
    }
    let text = fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let classes: Vec<_> = lines.map(str::to_owned).collect();
    if classes.len() != CLASSES.len() {
        let expected = format!("{} names of classes", CLASSES.len());
        return Err(content(&path, expected, classes.len().to_string()));
    }
    Ok(classes)
}

/// The records of these files, one after another.
fn read(
    source: &Source,
    set: &DataSet,
    classes: &[String],
    files: &[PathBuf],
    memory: usize,
) -> Result<Samples, Error> {
    let mut records = Records {
        size: set.shape.pixels(),
        labels: Vec::new(),
        sink: Sink::of(source, memory),
    };
    let fit = Fit::of(source);
    for path in files {
        let file = File::open(path).map_err(|source| unreadable(path, source))?;
        records.read(path, file, |pixels| fit.apply(set.shape, pixels))?;
    }
    let facts = Facts {
        name: source.name.clone(),
        labels: records.labels,
        classes: classes.to_vec(),
        ..Facts::default()
    };
    Samples::stored(facts, fit.shape(set.shape), 255, records.sink.finish()?)
}

/// The records read so far.
struct Records {
    /// Pixels of a record.
    size: usize,
    labels: Vec<u16>,
    sink: Sink,
}

impl Records {
    /// Reads all records of a file.
    fn read(
        &mut self,
        path: &Path,
        mut file: impl Read,
        fit: impl Fn(&[u8]) -> Cow<'_, [u8]>,
    ) -> Result<(), Error> {
        let record = self.size + 1;
        let mut block = vec![0; record * BLOCK];
        let first = self.labels.len();
        loop {
            let bytes = fill(&mut file, &mut block).map_err(|source| unreadable(path, source))?;
            for record in block[..bytes].chunks_exact(record) {
                let label = record[0];
                if usize::from(label) >= CLASSES.len() {
                    let expected = format!("labels of 0 to {}", CLASSES.len() - 1);
                    let found = format!("{label} in record {}", self.labels.len() - first);
                    return Err(content(path, expected, found));
                }
                self.labels.push(u16::from(label));
                self.sink.push(&fit(&record[1..]))?;
            }
            if !bytes.is_multiple_of(record) {
                let found = format!("{} left over", bytes % record);
                return Err(content(path, format!("records of {record} bytes"), found));
            }
            if bytes < block.len() {
                return Ok(());
            }
        }
    }
}

/// Reads bytes as a file of records.
pub(crate) fn try_records(bytes: &[u8]) -> Result<(), Error> {
    let mut records = Records {
        size: 3072,
        labels: Vec::new(),
        sink: Sink::new(usize::MAX),
    };
    records.read(Path::new("bytes"), bytes, |pixels| pixels.into())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::load;

    /// A data directory with these files, each as labels of records whose pixels are 10, 20 and 30.
    fn directory(files: &[(&str, &[u8])]) -> TempDir {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let folder = directory.path().join("cifar-10-batches-bin");
        fs::create_dir(&folder).expect("a temporary folder");
        let pixels = [[10; 1024], [20; 1024], [30; 1024]].concat();
        for (name, labels) in files {
            let record = |label: &u8| [&[*label], &*pixels].concat();
            let bytes: Vec<_> = labels.iter().flat_map(record).collect();
            fs::write(folder.join(name), bytes).expect("a temporary file");
        }
        directory
    }

    fn source(directory: &TempDir) -> Source {
        Source {
            directory: Some(directory.path().to_owned()),
            ..Source::named("cifar10")
        }
    }

    #[test]
    fn the_files_that_are_there_are_read_in_order() {
        let directory = directory(&[
            ("data_batch_2.bin", &[3]),
            ("data_batch_1.bin", &[9, 0]),
            ("test_batch_first1000.bin", &[1]),
        ]);
        let loaded = load(&source(&directory)).expect("the files are whole");
        let captions = |part: &Samples| {
            let captions = (0..part.len()).map(|index| part.caption(index).to_owned());
            captions.collect::<Vec<_>>()
        };
        assert_eq!(captions(&loaded.train), ["truck", "airplane", "cat"]);
        assert_eq!(captions(&loaded.test.expect("both parts")), ["automobile"]);
        assert_eq!(loaded.train.shape().to_string(), "3x32x32");
        assert_eq!(
            loaded.notes,
            [
                "`cifar10` is incomplete: 4 of its 6 files, `data_batch_3.bin` to `test_batch.bin`, are not there, which leaves 3 of 50000 training \
              samples and 1 of 10000 test samples; its test part is `test_batch_first1000.bin` (`espejo data fetch cifar10` gets what is missing)"
            ]
        );
    }

    #[test]
    fn colour_becomes_grey_and_another_size_where_asked() {
        let directory = directory(&[("data_batch_1.bin", &[9]), ("test_batch.bin", &[1])]);
        let source = Source {
            grey: true,
            size: Some([4, 6]),
            ..source(&directory)
        };
        let train = load(&source).expect("the files are whole").train;
        assert_eq!(train.shape().to_string(), "1x4x6");
        // 0.299 * 10 + 0.587 * 20 + 0.114 * 30 is 18.15.
        assert_eq!(train.pixels(0).expect("in memory"), [18; 24]);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let directory = directory(&[("data_batch_1.bin", &[9, 10]), ("test_batch.bin", &[1])]);
        let path = directory
            .path()
            .join("cifar-10-batches-bin/data_batch_1.bin");
        let refused = |message: &str| {
            let error = load(&source(&directory)).expect_err(message);
            let message = format!("`{}`: expected {message}", path.display());
            assert_eq!(error.to_string(), message);
        };
        refused("labels of 0 to 9, found 10 in record 1");
        fs::write(&path, [0; 3100]).expect("a temporary file");
        refused("records of 3073 bytes, found 27 left over");
        fs::remove_file(&path).expect("a temporary file");
        let error = load(&source(&directory)).expect_err("nothing to train on");
        assert!(
            error
                .to_string()
                .ends_with("there is no `data_batch_1.bin`")
        );
    }

    #[test]
    fn class_names_are_those_of_the_folder() {
        let directory = directory(&[("data_batch_1.bin", &[9]), ("test_batch.bin", &[1])]);
        let path = directory
            .path()
            .join("cifar-10-batches-bin/batches.meta.txt");
        fs::write(&path, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n").expect("a temporary file");
        let train = load(&source(&directory))
            .expect("the files are whole")
            .train;
        assert_eq!(train.caption(0), "j");
        fs::write(&path, "a\n").expect("a temporary file");
        let error = load(&source(&directory)).expect_err("one name");
        let message = format!(
            "`{}`: expected 10 names of classes, found 1",
            path.display()
        );
        assert_eq!(error.to_string(), message);
    }
}
