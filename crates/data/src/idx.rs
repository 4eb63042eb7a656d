//! The idx files of MNIST and of the sets made after it, as they are or packed with gzip.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread;

use flate2::bufread::MultiGzDecoder;

use crate::error::{content, missing, unreadable};
use crate::picture::Fit;
use crate::pixel_store::{Sink, budgets, fill};
use crate::source::{DataSet, Parts};
use crate::{Error, Facts, Samples, Shape, Source};

/// The first four bytes of a file of bytes with one dimension (labels) and with three (images), as a number.
const LABELS: u32 = 0x0801;
const PICTURES: u32 = 0x0803;

/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The most samples of a file: 24 times the largest set known. A header that claims more is refused.
const MOST: u32 = 1 << 24;

/// How many images are read at once.
const BLOCK: usize = 64;

/// What is said of a set by its official description, not by its files.
struct Kind {
    classes: Vec<String>,
    /// The label of the first class.
    first: u8,
    /// Whether images lie on their side: column by column.
    transposed: bool,
}

/// The images and the labels of one part.
struct Files {
    pictures: PathBuf,
    labels: PathBuf,
}

/// Both parts of a set.
pub(crate) fn load(source: &Source, set: &DataSet, folder: &Path) -> Result<Parts, Error> {
    let kind = kind(set.name);
    let [train, test] = files(set, folder)?;
    let part =
        |files, labels: &[u16], memory| read(source, set.shape, &kind, files, labels, memory);
    let train_labels = labels(&train, &kind)?;
    let test_labels = labels(&test, &kind)?;
    let size = Fit::of(source).shape(set.shape).pixels();
    let (for_train, for_test) = budgets(source.memory, (test_labels.len() * size) as u64);
    let (train, test) = thread::scope(|scope| {
        let test = scope.spawn(|| part(&test, &test_labels, for_test));
        let train = part(&train, &train_labels, for_train);
        (train, test.join().expect("reading images does not panic"))
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

/// The folder of a set: its own in the data directory, or else where torchvision lays its files (`MNIST/raw`).
pub(crate) fn folder(set: &DataSet, directory: &Path, own: &str) -> PathBuf {
    let own_folder = directory.join(own);
    let theirs = match set.name {
        "mnist" => "MNIST",
        "fashion" => "FashionMNIST",
        name if name.starts_with("emnist-") => "EMNIST",
        _ => return own_folder,
    };
    let places = [own, &own.to_uppercase(), theirs].map(|name| directory.join(name));
    let mut places = places
        .into_iter()
        .flat_map(|place| [place.join("raw"), place]);
    let is_there = |folder: &PathBuf| files(set, folder).is_ok();
    match files(set, &own_folder) {
        Ok(_) => own_folder,
        Err(_) => places.find(is_there).unwrap_or(own_folder),
    }
}

fn kind(set: &str) -> Kind {
    let classes = match set {
        "fashion" => "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
            .split(',')
            .map(str::to_owned)
            .collect(),
        "emnist-letters" => characters(&['A'..='Z']),
        "emnist-byclass" => characters(&['0'..='9', 'A'..='Z', 'a'..='z']),
        "emnist-balanced" | "emnist-bymerge" => {
            let mut classes = characters(&['0'..='9', 'A'..='Z']);
            // The small letters that do not look like their capitals.
            classes.extend("abdefghnqrt".chars().map(String::from));
            classes
        }
        _ => characters(&['0'..='9']),
    };
    Kind {
        classes,
        first: u8::from(set == "emnist-letters"),
        transposed: set.starts_with("emnist-"),
    }
}

fn characters(ranges: &[std::ops::RangeInclusive<char>]) -> Vec<String> {
    ranges.iter().cloned().flatten().map(String::from).collect()
}

/// The files of the training and of the test part.
fn files(set: &DataSet, folder: &Path) -> Result<[Files; 2], Error> {
    let parts = match set.name.starts_with("emnist-") {
        true => [format!("{}-train", set.name), format!("{}-test", set.name)],
        false => ["train", "t10k"].map(str::to_owned),
    };
    let names = parts.map(|part| {
        ["images-idx3-ubyte", "labels-idx1-ubyte"].map(|ending| format!("{part}-{ending}"))
    });
    let find = |name: &String| {
        let packed = format!("{name}.gz");
        let paths = [folder.join(name), folder.join(&packed)];
        let found = paths.into_iter().find(|path| path.is_file());
        found.ok_or_else(|| {
            let all: Vec<_> = names
                .as_flattened()
                .iter()
                .map(|name| format!("`{name}.gz`"))
                .collect();
            missing(set.name, folder, &packed, &all.join(", "))
        })
    };
    let find_both = |[pictures, labels]: &[String; 2]| {
        Ok(Files {
            pictures: find(pictures)?,
            labels: find(labels)?,
        })
    };
    Ok([find_both(&names[0])?, find_both(&names[1])?])
}

/// The labels of a part, counted from 0.
fn labels(files: &Files, kind: &Kind) -> Result<Vec<u16>, Error> {
    let path = &files.labels;
    read_labels(open(path)?, path, kind)
}

fn read_labels(mut file: impl Read, path: &Path, kind: &Kind) -> Result<Vec<u16>, Error> {
    let [count] = header(&mut file, path, LABELS, "labels")?;
    let mut bytes = Vec::new();
    let taken = file.by_ref().take(u64::from(count)).read_to_end(&mut bytes);
    taken.map_err(|source| unreadable(path, source))?;
    if bytes.len() != count as usize {
        return Err(content(
            path,
            format!("{count} labels"),
            bytes.len().to_string(),
        ));
    }
    ended(file, path)?;
    let label = |(index, byte): (usize, &u8)| {
        let label = byte.checked_sub(kind.first).map(u16::from);
        let known = label.filter(|&label| usize::from(label) < kind.classes.len());
        known.ok_or_else(|| {
            let last = usize::from(kind.first) + kind.classes.len() - 1;
            let expected = format!("labels of {} to {last}", kind.first);
            content(path, expected, format!("{byte} for image {index}"))
        })
    };
    bytes.iter().enumerate().map(label).collect()
}

/// The images of a part, which has these labels.
fn read(
    source: &Source,
    shape: Shape,
    kind: &Kind,
    files: &Files,
    labels: &[u16],
    memory: usize,
) -> Result<Samples, Error> {
    let fit = Fit::of(source);
    let mut sink = Sink::of(source, memory);
    // The labels are there, so their number is no mere claim.
    sink.reserve(labels.len() * fit.shape(shape).pixels());
    let mut upright = vec![0; shape.pixels()];
    let path = &files.pictures;
    read_pictures(open(path)?, path, shape, labels.len(), |picture| {
        if !kind.transposed {
            return sink.push(&fit.apply(shape, picture));
        }
        transpose(picture, shape, &mut upright);
        sink.push(&fit.apply(shape, &upright))
    })?;
    let facts = Facts {
        name: source.name.clone(),
        labels: labels.to_vec(),
        classes: kind.classes.clone(),
        ..Facts::default()
    };
    Samples::stored(facts, fit.shape(shape), 255, sink.finish()?)
}

/// Hands out `count` images of this shape, one after another.
fn read_pictures(
    mut file: impl Read,
    path: &Path,
    shape: Shape,
    count: usize,
    mut each: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let [claimed, height, width] = header(&mut file, path, PICTURES, "images")?;
    if [height as usize, width as usize] != [shape.height, shape.width] {
        let expected = format!("images of {}x{} pixels", shape.height, shape.width);
        return Err(content(path, expected, format!("{height}x{width}")));
    }
    if claimed as usize != count {
        let expected = format!("{count} images, as there are labels");
        return Err(content(path, expected, claimed.to_string()));
    }
    let size = shape.pixels();
    let mut block = vec![0; size * BLOCK];
    let mut left = count;
    while left > 0 {
        let block = &mut block[..size * left.min(BLOCK)];
        let bytes = fill(&mut file, block).map_err(|source| unreadable(path, source))?;
        if bytes < block.len() {
            let whole = count - left + bytes / size;
            return Err(content(path, format!("{count} images"), whole.to_string()));
        }
        block.chunks_exact(size).try_for_each(&mut each)?;
        left -= block.len() / size;
    }
    ended(file, path)
}

fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    let unreadable = |source| unreadable(path, source);
    let file = File::open(path).map_err(unreadable)?;
    unpack(BufReader::with_capacity(1 << 16, file)).map_err(unreadable)
}

/// A file as it is or unpacked, whatever its name says.
pub(crate) fn unpack<'a>(mut file: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    match file.fill_buf()?.starts_with(&GZIP) {
        true => Ok(Box::new(MultiGzDecoder::new(file))),
        false => Ok(Box::new(file)),
    }
}

/// Reads bytes as a file of labels and as one of two images.
pub(crate) fn try_both(bytes: &[u8]) -> [Result<(), Error>; 2] {
    let path = Path::new("bytes");
    let unpacked = || unpack(bytes).map_err(|source| unreadable(path, source));
    let shape = Shape {
        channels: 1,
        height: 28,
        width: 28,
    };
    [
        unpacked().and_then(|file| read_labels(file, path, &kind("mnist")).map(drop)),
        unpacked().and_then(|file| read_pictures(file, path, shape, 2, |_| Ok(()))),
    ]
}

/// The sizes in a header, after checking what it says of its kind; the first counts the samples.
fn header<const N: usize>(
    file: &mut impl Read,
    path: &Path,
    magic: u32,
    what: &str,
) -> Result<[u32; N], Error> {
    let mut bytes = [0; 16];
    let bytes = &mut bytes[..4 * (N + 1)];
    let read = fill(file, bytes).map_err(|source| unreadable(path, source))?;
    let (numbers, _) = bytes.as_chunks::<4>();
    let number = |index: usize| u32::from_be_bytes(numbers[index]);
    if read < bytes.len() || number(0) != magic {
        let found = format!("`{}`", hexadecimal(&bytes[..read]));
        return Err(content(
            path,
            format!("{what} in idx form, starting with `{magic:08x}`"),
            found,
        ));
    }
    let sizes = std::array::from_fn(|index| number(index + 1));
    if sizes[0] > MOST {
        return Err(content(
            path,
            format!("at most {MOST} {what}"),
            sizes[0].to_string(),
        ));
    }
    Ok(sizes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let bytes = bytes.iter().take(4);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Nothing may follow.
fn ended(mut file: impl Read, path: &Path) -> Result<(), Error> {
    let more = fill(&mut file, &mut [0]).map_err(|source| unreadable(path, source))?;
    match more {
        0 => Ok(()),
        _ => Err(content(
            path,
            "the end of the file after all samples",
            "more",
        )),
    }
}

/// Swaps rows and columns of a square image.
fn transpose(picture: &[u8], shape: Shape, upright: &mut [u8]) {
    for (y, row) in upright.chunks_exact_mut(shape.width).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = picture[x * shape.height + y];
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tempfile::TempDir;

    use super::*;
    use crate::load;

    /// A file of bytes in idx form.
    fn idx(magic: u32, sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
        let numbers = [&[magic], sizes].concat();
        let head: Vec<_> = numbers.iter().flat_map(|n| n.to_be_bytes()).collect();
        [&head, bytes].concat()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).expect("in memory");
        packed.finish().expect("in memory")
    }

    /// Three images whose first row is 0, 1, 2, ... and all else 9.
    fn pictures() -> Vec<u8> {
        let mut picture = [9; 784];
        (0..28).for_each(|x| picture[x] = x as u8);
        idx(PICTURES, &[3, 28, 28], &picture.repeat(3))
    }

    /// A data directory with a set of three and three samples, the files named and packed as the function says.
    fn directory(set: &str, file: impl Fn(&str, Vec<u8>) -> (String, Vec<u8>)) -> TempDir {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let (folder, parts) = match set {
            "emnist-letters" => (set, ["emnist-letters-train", "emnist-letters-test"]),
            _ => (set, ["train", "t10k"]),
        };
        let folder = directory.path().join(folder);
        fs::create_dir(&folder).expect("a temporary folder");
        for part in parts {
            let labels = idx(LABELS, &[3], &[1, 2, 9]);
            for (ending, bytes) in [("images-idx3", pictures()), ("labels-idx1", labels)] {
                let (name, bytes) = file(&format!("{part}-{ending}-ubyte"), bytes);
                fs::write(folder.join(name), bytes).expect("a temporary file");
            }
        }
        directory
    }

    fn source(set: &str, directory: &TempDir) -> Source {
        Source {
            directory: Some(directory.path().to_owned()),
            ..Source::named(set)
        }
    }

    fn check(set: &str, directory: &TempDir, classes: [&str; 3], row: &[u8]) {
        for memory in [0, 3000, 1 << 20] {
            let source = Source {
                memory,
                ..source(set, directory)
            };
            let loaded = load(&source).expect("the files are whole");
            for part in [&loaded.train, &loaded.test.expect("both parts")] {
                assert_eq!((part.len(), part.name()), (3, set));
                assert_eq!([0, 1, 2].map(|index| part.caption(index)), classes);
                assert_eq!(part.pixels(2).expect("it is there")[..3], *row);
            }
        }
    }

    #[test]
    fn files_are_read_packed_or_not_whatever_their_name_says() {
        let digits = ["1", "2", "9"];
        let whole = directory("mnist", |name, bytes| (name.to_owned(), bytes));
        check("mnist", &whole, digits, &[0, 1, 2]);
        let packed = directory("mnist", |name, bytes| (format!("{name}.gz"), gzip(&bytes)));
        check("mnist", &packed, digits, &[0, 1, 2]);
        let misnamed = directory("mnist", |name, bytes| (format!("{name}.gz"), bytes));
        check("mnist", &misnamed, digits, &[0, 1, 2]);
    }

    #[test]
    fn letters_stand_upright_and_are_counted_from_one() {
        let letters = directory("emnist-letters", |name, bytes| (name.to_owned(), bytes));
        check("emnist-letters", &letters, ["A", "B", "I"], &[0, 9, 9]);
    }

    #[test]
    fn sets_have_their_published_classes() {
        for (set, count, at, class) in [
            ("mnist", 10, 9, "9"),
            ("fashion", 10, 9, "Ankle boot"),
            ("emnist-letters", 26, 25, "Z"),
            ("emnist-digits", 10, 3, "3"),
            ("emnist-balanced", 47, 38, "d"),
            ("emnist-bymerge", 47, 46, "t"),
            ("emnist-byclass", 62, 36, "a"),
        ] {
            let classes = kind(set).classes;
            assert_eq!((classes.len(), &*classes[at]), (count, class), "{set}");
        }
    }

    /// What a file of `mnist` must not hold, and what is said of it.
    fn check_refused(name: &str, bytes: &[u8], message: &str) {
        let directory = directory("mnist", |own, whole| match own == name {
            true => (own.to_owned(), bytes.to_vec()),
            false => (own.to_owned(), whole),
        });
        let error = load(&source("mnist", &directory)).expect_err(message);
        let path = directory.path().join("mnist").join(name);
        let message = format!("`{}`: expected {message}", path.display());
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_header_that_lies_is_refused() {
        let labels = |count, bytes: &[u8], message| {
            check_refused(
                "train-labels-idx1-ubyte",
                &idx(LABELS, &[count], bytes),
                message,
            );
        };
        labels(4, &[1, 2, 3], "4 labels, found 3");
        labels(
            2,
            &[1, 2, 3],
            "the end of the file after all samples, found more",
        );
        labels(u32::MAX, &[1], "at most 16777216 labels, found 4294967295");
        labels(3, &[1, 2, 10], "labels of 0 to 9, found 10 for image 2");
        let pictures = |sizes: [u32; 3], message| {
            let bytes = idx(PICTURES, &sizes, &[0; 784 * 3]);
            check_refused("t10k-images-idx3-ubyte", &bytes, message);
        };
        pictures([4, 28, 28], "3 images, as there are labels, found 4");
        let huge = "images of 28x28 pixels, found 4294967295x4294967295";
        pictures([3, u32::MAX, u32::MAX], huge);
        pictures([3, 28, 27], "images of 28x28 pixels, found 28x27");
        let short = &self::pictures()[..2000];
        check_refused("train-images-idx3-ubyte", short, "3 images, found 2");
        let other = idx(LABELS, &[3], &[0; 3]);
        let message = "images in idx form, starting with `00000803`, found `00000801`";
        check_refused("train-images-idx3-ubyte", &other, message);
        check_refused(
            "train-labels-idx1-ubyte",
            &[],
            "labels in idx form, starting with `00000801`, found ``",
        );
    }

    #[test]
    fn a_damaged_packing_is_refused() {
        let mut packed = gzip(&pictures());
        let half = packed.len() / 2;
        check_refused(
            "train-images-idx3-ubyte",
            &packed[..half],
            "a whole file, found incomplete deflate stream",
        );
        let sum = packed.len() - 8;
        packed[sum] ^= 1;
        let message = "a whole file, found corrupt gzip stream does not have a matching checksum";
        check_refused("train-images-idx3-ubyte", &packed, message);
    }

    #[test]
    fn a_missing_file_is_named_with_all_that_belong_there() {
        let directory = directory("mnist", |name, bytes| (name.replace("t10k", "test"), bytes));
        let error = load(&source("mnist", &directory)).expect_err("half is missing");
        let folder = directory.path().join("mnist");
        let message = format!(
            "`mnist` is not in `{}`: there is no `t10k-images-idx3-ubyte.gz`",
            folder.display()
        );
        assert_eq!(error.to_string(), message);
        let hint = "`espejo data fetch mnist` gets them: `train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`, \
                    `t10k-images-idx3-ubyte.gz`, `t10k-labels-idx1-ubyte.gz`";
        assert_eq!(error.hint().as_deref(), Some(hint));
    }
}
