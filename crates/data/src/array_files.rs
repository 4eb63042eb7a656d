//! A folder of arrays, one file a sample: of one dimension rows of a table, of two and three images.

use std::path::Path;
use std::sync::Arc;

use crate::array::Array;
use crate::error::content;
use crate::folder::facts;
use crate::image_tree::{Images, Part};
use crate::npy;
use crate::picture::Fit;
use crate::picture_files::ImageFile;
use crate::pixel_range::{Observed, Reading};
use crate::pixel_store::Sink;
use crate::samples::Identity;
use crate::source::{Parts, Source};
use crate::{Error, Facts, Samples, Shape};

/// All arrays of a folder that is called `shown` in messages, as `found` there. All have one shape; a folder below is a class, and a
/// sample is called by its file.
///
/// Images are read twice, because what their numbers mean is told by all of them together.
///
/// # Errors
/// [`Error::Content`] with the file that cannot be read or has another shape; [`Error::Selection`] for what is asked of images where
/// there are rows.
pub(crate) fn load(source: &Source, shown: &Path, found: Images) -> Result<Parts, Error> {
    let mut seen = Seen::default();
    let train = seen.take(source, &found.train)?;
    let test = match &found.test {
        Some(part) => Some((part, seen.take(source, part)?)),
        None => None,
    };
    let known = |part: &Part, kept: &[usize]| Facts {
        identity: identity(shown, part, kept),
        ..facts(source, part, &found.classes, kept)
    };
    let reading = seen.observed.map(|seen| seen.reading(source.pixel_range));
    let shape = seen.shape;
    let samples = |part: &Part, taken: Taken| -> Result<Samples, Error> {
        let facts = known(part, &taken.kept);
        match (&reading, shape) {
            (Some(reading), Some(shape)) => images(source, part, &taken, (facts, shape), reading),
            _ => rows(source, taken, facts),
        }
    };
    let train = samples(&found.train, train)?;
    let test = match test {
        Some((part, taken)) => Some(samples(part, taken)?),
        None => None,
    };
    let mut notes = found.notes;
    notes.extend(reading.and_then(|reading| reading.note));
    Ok(Parts {
        train,
        test,
        skipped: seen.skipped,
        notes,
        columns: Vec::new(),
        unseen: None,
    })
}

/// Whether the arrays of a folder are rows of a table, by the header of the first of them that has one.
pub(crate) fn are_rows(found: &Images) -> bool {
    let mut arrays = found.train.files.iter().filter_map(|file| read(file).ok());
    arrays.next().is_some_and(|array| array.shape.len() == 1)
}

/// What is known of all files read so far.
#[derive(Default)]
struct Seen {
    /// The first file that could be read, and the shape of its array.
    first: Option<(String, Vec<usize>)>,
    /// What the numbers are like, where these are images.
    observed: Option<Observed>,
    /// The shape of an image.
    shape: Option<Shape>,
    skipped: Vec<String>,
}

/// The files of a part that could be read.
struct Taken {
    kept: Vec<usize>,
    /// The numbers of rows, column by column; none of images.
    columns: Vec<Vec<f64>>,
}

impl Seen {
    /// Looks at the files of a part.
    fn take(&mut self, source: &Source, part: &Part) -> Result<Taken, Error> {
        let (mut kept, mut columns) = (Vec::with_capacity(part.files.len()), Vec::new());
        for (index, file) in part.files.iter().enumerate() {
            match self.look(file, &mut columns) {
                Ok(()) => kept.push(index),
                Err(Bad::File(error)) if source.skip_bad => self.skipped.push(error.to_string()),
                Err(Bad::File(error) | Bad::Shape(error)) => return Err(error),
            }
        }
        match kept.is_empty() {
            false => Ok(Taken { kept, columns }),
            true => Err(Error::Content {
                origin: source.name.clone(),
                expected: "an array that can be read".to_owned(),
                found: format!("none in {} files; {}", part.files.len(), self.skipped[0]),
            }),
        }
    }

    fn look(&mut self, file: &ImageFile, columns: &mut Vec<Vec<f64>>) -> Result<(), Bad> {
        let array = read(file)?;
        if let Some((first, shape)) = &self.first
            && array.shape != *shape
        {
            let expected = format!("an array of shape {shape:?} as in `{first}`");
            let found = format!("{:?}", array.shape);
            return Err(Bad::Shape(content(&file.shown, expected, found)));
        }
        let shape = array.shape.clone();
        match shape.len() {
            1 => append_row(file, &array, columns)?,
            2 | 3 => {
                let (shape, observed) = array.into_set_of_one().look()?;
                self.shape = Some(shape);
                match &mut self.observed {
                    Some(all) => all.merge(&observed),
                    None => self.observed = Some(observed),
                }
            }
            _ => {
                let expected =
                    "a row of 1 dimension, or an image of 2, or of 3 with 1 or 3 channels";
                let found = format!("the shape {shape:?}");
                return Err(Bad::Shape(content(&file.shown, expected, found)));
            }
        }
        if self.first.is_none() {
            let name = file.shown.file_name().unwrap_or_default();
            self.first = Some((name.to_string_lossy().into_owned(), shape));
        }
        Ok(())
    }
}

/// Why a file is no sample.
enum Bad {
    /// It cannot be read, and may be left out.
    File(Error),
    /// It has no place among the others.
    Shape(Error),
}

impl From<Error> for Bad {
    fn from(error: Error) -> Self {
        Self::File(error)
    }
}

fn read(file: &ImageFile) -> Result<Array, Error> {
    npy::array(&file.path, &file.shown)
}

/// Appends the numbers of an array to the columns of a table; NaN is a missing cell.
fn append_row(file: &ImageFile, array: &Array, columns: &mut Vec<Vec<f64>>) -> Result<(), Error> {
    let row = array.numbers()?;
    if let Some(place) = row.iter().position(|number| number.is_infinite()) {
        let expected = format!("a finite number at place {}", place + 1);
        return Err(content(&file.shown, expected, row[place].to_string()));
    }
    columns.resize_with(row.len(), Vec::new);
    let cells = columns.iter_mut().zip(row);
    cells.for_each(|(column, number)| column.push(number));
    Ok(())
}

/// The rows of a part, with columns called by their number.
fn rows(source: &Source, taken: Taken, facts: Facts) -> Result<Samples, Error> {
    let expected = "a set of grey or colour images";
    if let Some([height, width]) = source.size {
        let found = format!("{height}x{width} for arrays of one dimension");
        return Err(source.refuse("size", expected, found));
    }
    if source.grey {
        return Err(source.refuse("grey", expected, "arrays of one dimension"));
    }
    let names = (1..=taken.columns.len()).map(|number| number.to_string());
    Samples::table(facts, names.collect(), taken.columns)
}

/// The images of a part, whose files are read once more.
fn images(
    source: &Source,
    part: &Part,
    taken: &Taken,
    (facts, shape): (Facts, Shape),
    reading: &Reading,
) -> Result<Samples, Error> {
    let shape = Fit::of(source).shape(shape);
    let mut sink = Sink::of(source, source.memory);
    sink.reserve(taken.kept.len().saturating_mul(shape.pixels()));
    let mut levels = 255;
    for &index in &taken.kept {
        let array = read(&part.files[index])?.into_set_of_one();
        levels = array.append_pixels(source, reading, &mut sink)?;
    }
    let samples = Samples::stored(facts, shape, levels, sink.finish()?)?;
    Ok(samples.with_pixel_range(reading.range))
}

/// The file that each sample comes from, below the folder.
fn identity(shown: &Path, part: &Part, kept: &[usize]) -> Identity {
    let path = |&index: &usize| -> Arc<str> {
        let file = &part.files[index].shown;
        let path = file.strip_prefix(shown).unwrap_or(file);
        path.to_string_lossy().replace('\\', "/").into()
    };
    Identity {
        names: Some(("file".to_owned(), kept.iter().map(path).collect())),
        ..Identity::default()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::{Loaded, load};

    /// The file of an array of these little-endian numbers.
    fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
        let header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}");
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(bytes);
        file
    }

    fn floats(shape: &str, numbers: &[f32]) -> Vec<u8> {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        npy("<f4", shape, &bytes)
    }

    fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("in the folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        folder
    }

    fn source(folder: &TempDir) -> Source {
        Source::named(folder.path().display().to_string())
    }

    fn loaded(files: &[(&str, Vec<u8>)]) -> Loaded {
        load(&source(&folder(files))).expect("arrays")
    }

    fn captions(samples: &Samples) -> Vec<&str> {
        let all = 0..samples.len();
        all.map(|index| samples.caption(index)).collect()
    }

    fn refused(files: &[(&str, Vec<u8>)], message: &str) {
        let folder = folder(files);
        let error = load(&source(&folder)).expect_err(message);
        let path = folder.path().display().to_string();
        assert_eq!(error.to_string(), message.replace("FOLDER", &path));
    }

    #[test]
    fn an_array_is_an_image_called_by_its_file() {
        let loaded = loaded(&[
            ("b.npy", floats("2, 3", &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0])),
            ("a.npy", npy("|u1", "2, 3", &[0, 1, 1, 0, 0, 1])),
            ("notes.txt", Vec::new()),
        ]);
        let train = &loaded.train;
        assert_eq!(train.shape().to_string(), "1x2x3");
        assert_eq!(captions(train), ["a", "b"]);
        assert_eq!(
            (train.index_column(), train.row_name(1)),
            (Some("file"), Some("b.npy"))
        );
        assert_eq!(
            train.pixels(0).expect("in memory"),
            [0, 255, 255, 0, 0, 255]
        );
        assert_eq!(
            train.pixels(1).expect("in memory"),
            [0, 51, 102, 153, 204, 255]
        );
        assert_eq!((loaded.test.is_none(), train.classes().len()), (true, 0));
        assert_eq!(
            loaded.notes,
            ["left out 1 file: `.txt` cannot be read as arrays"]
        );
    }

    #[test]
    fn folders_are_parts_and_classes_that_share_what_numbers_mean() {
        let of = |bytes: [u8; 3]| npy("|u1", "1, 3", &bytes);
        let loaded = loaded(&[
            ("train/cat/1.npy", of([0, 3, 6])),
            ("train/dog/1.npy", of([1, 1, 1])),
            ("test/dog/1.npy", of([12, 0, 0])),
        ]);
        let test = loaded.test.expect("a test part");
        assert_eq!(captions(&loaded.train), ["cat/1", "dog/1"]);
        assert_eq!(loaded.train.classes(), ["cat", "dog"]);
        assert_eq!(
            (test.label(0), test.row_name(0)),
            (Some(1), Some("test/dog/1.npy"))
        );
        assert_eq!(loaded.train.pixels(0).expect("in memory"), [0, 64, 128]);
        assert_eq!(test.pixels(0).expect("in memory"), [255, 0, 0]);
        assert_eq!(
            loaded.notes,
            ["pixels of 0 to 12 are stretched to 0 to 255"]
        );
    }

    #[test]
    fn colour_has_its_channels_first_or_last_and_two_values_stay_two() {
        let colour: Vec<u8> = (0..24).map(|value| value * 10).collect();
        let last = loaded(&[("a.npy", npy("|u1", "2, 4, 3", &colour))]).train;
        assert_eq!(last.shape().to_string(), "3x2x4");
        assert_eq!(last.pixels(0).expect("in memory")[..3], [0, 30, 60]);
        let first = loaded(&[("a.npy", npy("|u1", "3, 2, 4", &colour))]).train;
        assert_eq!(first.pixels(0).expect("in memory"), colour);
        let truth = loaded(&[("a.npy", npy("|b1", "2, 2", &[0, 1, 1, 0]))]).train;
        assert!(truth.two_valued());
    }

    #[test]
    fn arrays_of_one_dimension_are_rows_of_a_table() {
        let loaded = loaded(&[
            ("x/1.npy", floats("2,", &[1.5, -2.0])),
            (
                "y/1.npy",
                npy(
                    "<i8",
                    "2,",
                    &[7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0],
                ),
            ),
            ("y/2.npy", floats("2,", &[f32::NAN, 0.0])),
        ]);
        let train = &loaded.train;
        assert!(train.is_table() && train.has_missing());
        assert_eq!(train.columns(), ["1", "2"]);
        assert_eq!(Vec::from_iter(train.column(1)), [-2.0, 8.0, 0.0]);
        assert_eq!(
            (train.class_counts(), train.row_name(2)),
            (vec![1, 2], Some("y/2.npy"))
        );
    }

    #[test]
    fn what_does_not_belong_is_named() {
        let plain = || floats("1, 2", &[0.0, 1.0]);
        refused(
            &[("0.npy", plain()), ("1.npy", floats("2, 1", &[0.0, 1.0]))],
            "`FOLDER/1.npy`: expected an array of shape [1, 2] as in `0.npy`, found [2, 1]",
        );
        refused(
            &[("0.npy", floats("", &[0.0]))],
            "`FOLDER/0.npy`: expected a row of 1 dimension, or an image of 2, or of 3 with 1 or 3 channels, found the shape []",
        );
        refused(
            &[("0.npy", plain()), ("1.npy", b"text".to_vec())],
            "`FOLDER/1.npy`: expected a NumPy array, found no header of version 1 to 3",
        );
        refused(
            &[("0.npy", floats("2,", &[0.0, f32::INFINITY]))],
            "`FOLDER/0.npy`: expected a finite number at place 2, found inf",
        );
        let endings = "`.png`, `.jpg`, `.jpeg`, `.jfif`, `.gif`, `.bmp`, `.dib`, `.tif`, `.tiff`, `.pgm`, `.ppm`, `.pbm`, `.pnm`, `.webp`";
        refused(
            &[("a.mat", Vec::new()), ("b.mat", Vec::new())],
            &format!(
                "`FOLDER`: expected images, with names in {endings}, or arrays in `.npy`, found none (left out 2 files: `.mat` cannot be \
                 read as images; a `.mat` file is a data set of its own: give its path in place of the folder's)"
            ),
        );
        let mixed = folder(&[
            ("0.npy", plain()),
            ("1.npy", b"text".to_vec()),
            ("2.npy", plain()),
        ]);
        let skipping = Source {
            skip_bad: true,
            ..source(&mixed)
        };
        let loaded = load(&skipping).expect("two are good");
        assert_eq!(
            (captions(&loaded.train), loaded.skipped.len()),
            (vec!["0", "2"], 1)
        );
    }

    #[test]
    fn images_are_brought_to_a_size_in_memory_and_out_of_it() {
        let files: Vec<(String, Vec<u8>)> = (0..20)
            .map(|at| (format!("{at:02}.npy"), npy("|u1", "2, 2", &[at * 10; 4])))
            .collect();
        let files: Vec<(&str, Vec<u8>)> =
            files.iter().map(|(n, b)| (n.as_str(), b.clone())).collect();
        let folder = folder(&files);
        for memory in [1 << 20, 10] {
            let source = Source {
                size: Some([1, 1]),
                memory,
                ..source(&folder)
            };
            let train = load(&source).expect("arrays").train;
            for at in 0..20 {
                assert_eq!(train.pixels(at).expect("it is there"), [at as u8 * 10]);
            }
        }
    }
}
