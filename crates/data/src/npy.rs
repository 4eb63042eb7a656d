//! Arrays as NumPy writes them: `.npy` files and `.npz` archives of such.
//!
//! The format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1 to 3.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use zip::ZipArchive;

use crate::array::{Array, Column, Held, Values};
use crate::classes::{self, Classes};
use crate::delimited_text::shown;
use crate::error::{content_of as content, unreadable};
use crate::source::{Parts, Source, TargetKind};
use crate::{Error, Facts, Samples, Targets};

/// The arrays that hold the samples of an archive, the first that is there.
const DATA: [&str; 4] = ["x", "X", "data", "images"];
/// The arrays that hold their labels.
const LABELS: [&str; 2] = ["y", "labels"];

/// Loads an array, or the arrays of an archive.
///
/// - Two dimensions, `[rows, columns]`, are a table with columns called by their number, counted from 1; where
///   `source.label` is such a number, that column becomes the classes; where `source.target` is, it becomes the classes or
///   the numbers to predict.
/// - Three, `[n, height, width]`, and four, `[n, height, width, channels]` or `[n, channels, height, width]` with 1 or 3
///   channels (the first where both would do), are images. Whole numbers are 0 to 255; floats are 0 to 1 and are rounded
///   to 255 levels. Where all are 0 or 1 the images are two-valued.
/// - The samples of an archive are its array `x`, `X`, `data` or `images`, or its only one; their labels, whole numbers,
///   are `y` or `labels`, or what `source.label` or `source.target` names. With `x_train` there, the parts are `x_train`,
///   `y_train` and `x_test`, `y_test`, as in the files that come with Keras; a target is then `y`, or a column.
///
/// Rows of a table that have a number that is not finite are an error, or left out and listed where `source.skip_bad`
/// says so.
///
/// # Errors
/// [`Error::Content`] with the file and array, [`Error::Selection`] for a label that is not there, or [`Error::Io`].
pub(crate) fn load(source: &Source, path: &Path) -> Result<Parts, Error> {
    let reading = |failure| unreadable(path, failure);
    let origin = path.display().to_string();
    let mut file = File::open(path).map_err(reading)?;
    let mut magic = Vec::new();
    let start = (&mut file).take(2).read_to_end(&mut magic);
    start.map_err(reading)?;
    if magic == *b"PK" {
        return archive(source, &origin, BufReader::new(file));
    }
    let data = Array::parse(origin, fs::read(path).map_err(reading)?)?;
    parts(source, Part { data, labels: None }, None)
}

/// Reads the bytes of an array or an archive, and forgets them.
pub(crate) fn try_bytes(bytes: &[u8]) -> Result<(), Error> {
    let source = Source::named("bytes");
    if bytes.starts_with(b"PK") {
        return archive(&source, "bytes", std::io::Cursor::new(bytes)).map(drop);
    }
    let data = Array::parse("bytes".to_owned(), bytes.to_vec())?;
    parts(&source, Part { data, labels: None }, None).map(drop)
}

/// The array or column that the targets are to come from.
struct Wanted<'a> {
    /// The field of [`Source`] that names it.
    field: &'static str,
    name: &'a str,
    /// What it was asked for as; nothing for a plain label.
    kind: Option<TargetKind>,
}

/// What `source` says of the targets.
fn wanted(source: &Source) -> Result<Option<Wanted<'_>>, Error> {
    let label = source.label.as_deref();
    let target = source.target.as_ref();
    match (label, target) {
        (Some(label), Some(target)) if label != target.column => {
            Err(source.two_targets(label, &target.column))
        }
        (_, Some(target)) => Ok(Some(Wanted {
            field: "target",
            name: &target.column,
            kind: Some(target.kind),
        })),
        (Some(name), None) => Ok(Some(Wanted {
            field: "label",
            name,
            kind: None,
        })),
        (None, None) => Ok(None),
    }
}

/// The arrays of one part.
struct Part {
    data: Array,
    labels: Option<Array>,
}

/// Bytes of an unpacked array, at most.
const LARGEST: u64 = 4 << 30;

/// Loads an archive; the origin is for messages.
fn archive(source: &Source, origin: &str, reader: impl Read + Seek) -> Result<Parts, Error> {
    let damaged = |failure: zip::result::ZipError| {
        content(origin, "a zip archive of arrays", failure.to_string())
    };
    let mut archive = ZipArchive::new(reader).map_err(damaged)?;
    let files = archive.file_names();
    let mut names: Vec<_> = files
        .filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned()))
        .collect();
    names.sort();
    let has = |name: &str| names.iter().any(|known| known == name);
    let mut array = |name: &str| -> Result<Array, Error> {
        let origin = format!("{origin}: {name}");
        let mut entry = archive.by_name(&format!("{name}.npy")).map_err(damaged)?;
        let mut bytes = Vec::new();
        // An archive may unpack to far more than it is: what no array of a table needs is not taken in.
        match (&mut entry).take(LARGEST + 1).read_to_end(&mut bytes) {
            Ok(read) if read as u64 > LARGEST => {
                let expected = format!("an array of at most {} MiB", LARGEST >> 20);
                Err(content(&origin, expected, "more"))
            }
            Ok(_) => Array::parse(origin, bytes),
            Err(failure) => Err(content(&origin, "an array", failure.to_string())),
        }
    };
    let mut part = |data: &str, labels: Option<&str>| {
        Ok(Part {
            data: array(data)?,
            labels: labels.map(&mut array).transpose()?,
        })
    };
    if has("x_train") {
        // A target that is no array is a column, and then what lies beside the samples is not asked for.
        let beside = source.target.as_ref().map(|target| &*target.column);
        let beside = beside.is_none_or(|name| matches!(name, "y" | "y_train"));
        let given = |name: &'static str| (beside && has(name)).then_some(name);
        let train = part("x_train", given("y_train"))?;
        let test = match has("x_test") {
            true => Some(part("x_test", given("y_test"))?),
            false => None,
        };
        return parts(source, train, test);
    }
    let labels = label_array(source, &names)?;
    let data = data_array(origin, &names, labels)?;
    let part = part(data, labels)?;
    parts(source, part, None)
}

/// The array that holds the labels, if there is one. A label that is a number may also be a column.
fn label_array<'a>(source: &Source, names: &'a [String]) -> Result<Option<&'a str>, Error> {
    let known = |wanted: &str| names.iter().find(|name| *name == wanted);
    let Some(wanted) = wanted(source)? else {
        return Ok(LABELS.into_iter().find_map(known).map(String::as_str));
    };
    match known(wanted.name) {
        Some(name) => Ok(Some(name)),
        None if wanted.name.parse::<usize>().is_ok() => Ok(None),
        None => {
            let expected = format!("one of {}, or a column by its number", listed(names));
            Err(wanted.refuse(source, expected))
        }
    }
}

impl Wanted<'_> {
    fn refuse(&self, source: &Source, expected: impl Into<String>) -> Error {
        source.refuse(self.field, expected, format!("`{}`", self.name))
    }

    /// The column of a table with so many that is called by its number.
    fn column(&self, source: &Source, width: usize) -> Result<Column, Error> {
        match self.name.parse() {
            Ok(number @ 1usize..) if number <= width => Ok(Column {
                place: number - 1,
                kind: self.kind,
            }),
            _ => Err(self.refuse(source, format!("a column by its number, 1 to {width}"))),
        }
    }
}

/// The array that holds the samples.
fn data_array<'a>(
    origin: &str,
    names: &'a [String],
    labels: Option<&str>,
) -> Result<&'a str, Error> {
    let known = |wanted: &str| names.iter().find(|name| *name == wanted);
    let mut others = names.iter().filter(|name| Some(name.as_str()) != labels);
    match (
        DATA.into_iter().find_map(known),
        others.next(),
        others.next(),
    ) {
        (Some(data), _, _) | (None, Some(data), None) => Ok(data),
        _ => {
            let expected = "an array `x`, `X`, `data` or `images`, or one array only";
            Err(content(origin, expected, listed(names)))
        }
    }
}

fn listed(names: &[String]) -> String {
    let list: Vec<_> = names.iter().map(|name| shown(name.as_bytes())).collect();
    match list.is_empty() {
        true => "none".to_owned(),
        false => list.join(", "),
    }
}

/// Puts the parts together; both share their classes, and whether their images are two-valued.
fn parts(source: &Source, train: Part, test: Option<Part>) -> Result<Parts, Error> {
    let wanted = wanted(source)?;
    let mut parts = vec![train];
    parts.extend(test);
    let mut classes = Classes::default();
    let mut values = Vec::new();
    let mut skipped = Vec::new();
    let mut counts = Vec::new();
    let mut to_predict = Vec::new();
    for part in &parts {
        let (value, held) = part.values(source, wanted.as_ref(), &mut skipped)?;
        match held {
            Held::Classes(labels) => {
                counts.push(labels.len());
                push_all(&mut classes, &part.data.origin, &labels)?;
            }
            Held::Numbers(numbers) => {
                counts.push(0);
                to_predict.push(numbers);
            }
        }
        values.push(value);
    }
    same_shape(&parts, &values)?;
    two_valued(&mut values);
    let (mut labels, classes) = classes.sorted();
    let test_labels = labels.split_off(counts[0]);
    let mut samples = values.into_iter().zip([labels, test_labels]);
    let mut to_predict = to_predict.into_iter();
    let mut next = || {
        let facts = |labels| Facts {
            name: source.name.clone(),
            captions: Vec::new(),
            labels,
            classes: classes.clone(),
            ..Facts::default()
        };
        let (values, labels) = samples.next()?;
        let samples = values.samples(facts(labels));
        Some(match (&wanted, to_predict.next()) {
            (Some(wanted), Some(numbers)) => {
                samples.and_then(|samples| with_numbers(samples, wanted.name, numbers))
            }
            _ => samples,
        })
    };
    let train = next().expect("there is always a training part")?;
    Ok(Parts {
        train,
        test: next().transpose()?,
        skipped,
        notes: Vec::new(),
        columns: Vec::new(),
    })
}

/// Takes in the classes of a part.
fn push_all(classes: &mut Classes, origin: &str, labels: &[String]) -> Result<(), Error> {
    match labels.iter().find(|label| !classes.push(label)) {
        None => Ok(()),
        Some(label) => {
            let expected = format!("at most {} classes", classes::MOST);
            Err(content(origin, expected, format!("another, `{label}`")))
        }
    }
}

fn with_numbers(samples: Samples, column: &str, numbers: Vec<f64>) -> Result<Samples, Error> {
    samples.with_targets(Targets::Numbers {
        columns: [column.to_owned()].into(),
        values: numbers.into(),
    })
}

fn same_shape(parts: &[Part], values: &[Values]) -> Result<(), Error> {
    let [_, test] = parts else { return Ok(()) };
    let shapes: Vec<_> = values.iter().map(Values::shape).collect();
    match shapes[0] == shapes[1] {
        true => Ok(()),
        false => {
            let expected = format!("samples of shape {} as in training", shapes[0]);
            Err(content(&test.data.origin, expected, shapes[1].to_string()))
        }
    }
}

/// Makes images two-valued where none of them has a third value.
fn two_valued(values: &mut [Values]) {
    let full = |values: &Values| match values {
        Values::Pixels { full, .. } => *full,
        Values::Numbers { .. } => None,
    };
    if values.iter().any(|values| full(values).is_none()) {
        return;
    }
    for values in values {
        if let Values::Pixels { pixels, levels, .. } = values {
            *levels = 1;
            pixels.iter_mut().for_each(|pixel| *pixel = (*pixel).min(1));
        }
    }
}

impl Part {
    /// The values and, where there are such, the target of each sample.
    fn values(
        &self,
        source: &Source,
        wanted: Option<&Wanted>,
        skipped: &mut Vec<String>,
    ) -> Result<(Values, Held), Error> {
        let kind = wanted.and_then(|wanted| wanted.kind);
        let held = match &self.labels {
            Some(labels) => {
                let samples = self.data.shape.first().copied().unwrap_or(0);
                let name = wanted.map_or("", |wanted| wanted.name);
                labels.targets(samples, kind, name)?
            }
            None => Held::none(None),
        };
        let wanted = wanted.filter(|_| self.labels.is_none());
        if let [_, width] = self.data.shape[..] {
            let column = wanted.map(|wanted| wanted.column(source, width));
            return self.data.table(source, column.transpose()?, &held, skipped);
        }
        if let Some(wanted) = wanted {
            let expected = "none for images without an array of labels";
            return Err(wanted.refuse(source, expected));
        }
        Ok((self.data.pictures()?, held))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::TargetColumn;

    // Written by NumPy 2.4.6:
    // `numpy.savez_compressed(f, x=array([[0.5, 1.5], [2.5, -3.5], [4, 5]], '<f4'), y=array([7, 3, 7], 'i8'))`
    const COMPRESSED: &str = "\
        504b03042d000000080000002100f1794473ffffffffffffffff05001400782e6e70790100100098000000000000005c00000000000000\
        9bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402\
        f91ac63a0a469a3a0ab50a64032e0606067b06860340ace0c0c090708081a101482f700000504b03042d000000080000002100875c4a14\
        ffffffffffffffff05001400792e6e70790100100098000000000000004c000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca4\
        6ea5a06e9369a1aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a9a3a0ab50a14002e7606086086d2\
        303e00504b01022d032d000000080000002100f17944735c00000098000000050000000000000000000000800100000000782e6e707950\
        4b01022d032d000000080000002100875c4a144c00000098000000050000000000000000000000800193000000792e6e7079504b050600\
        0000000200020066000000160100000000";
    // The same with x_train=(arange(8, dtype='u1') * 30).reshape(2, 2, 2), y_train=array([1, 0], 'u1'),
    // x_test=full((1, 2, 2), 9, 'u1'), y_test=array([2], 'u1').
    const KERAS: &str = "\
        504b03042d000000080000002100cdb4eed1ffffffffffffffff0b001400785f747261696e2e6e70790100100088000000000000004f00\
        0000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e536aa8aea3a09e965f54529498179f5f94920a12774bcc294e058a\
        17672416a402f91a463a0a20a4a9a350ab401ee06290b389aa98b6e51200504b03042d0000000800000021004e636bb1ffffffffffffff\
        ff0b001400795f747261696e2e6e707901001000820000000000000046000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46e\
        a5a05e536aa8aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a463a9a3a0ab50a14002e460600504b0304\
        2d000000080000002100aff44c1affffffffffffffff0a001400785f746573742e6e70790100100084000000000000004a000000000000\
        009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e536aa8aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a4\
        02f91a863a0a4640a4a9a350ab401ee0e2040200504b03042d000000080000002100c1e3af59ffffffffffffffff0a001400795f746573\
        742e6e707901001000810000000000000045000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e536aa8aea3a09e96\
        5f54529498179f5f94920a12774bcc294e058a17672416a402f91a863a9a3a0ab50a14002e2600504b01022d032d000000080000002100\
        cdb4eed14f000000880000000b0000000000000000000000800100000000785f747261696e2e6e7079504b01022d032d00000008000000\
        21004e636bb146000000820000000b000000000000000000000080018c000000795f747261696e2e6e7079504b01022d032d0000000800\
        00002100aff44c1a4a000000840000000a000000000000000000000080010f010000785f746573742e6e7079504b01022d032d00000008\
        0000002100c1e3af5945000000810000000a0000000000000000000000800195010000795f746573742e6e7079504b0506000000000400\
        0400e2000000160200000000";
    // `numpy.save(f, numpy.asfortranarray(array([[1, 2, 3], [4, 5, 6]], '>f8')))`
    const FORTRAN: &str = "\
        934e554d5059010076007b276465736372273a20273e6638272c2027666f727472616e5f6f72646572273a20547275652c202773686170\
        65273a2028322c2033292c207d202020202020202020202020202020202020202020202020202020202020202020202020202020202020\
        20202020202020202020202020202020200a3ff00000000000004010000000000000400000000000000040140000000000004008000000\
        0000004018000000000000";
    fn bytes(hex: &str) -> Vec<u8> {
        let digits = hex.as_bytes().chunks(2);
        let byte = |pair| {
            let text = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(text, 16).expect("digits")
        };
        digits.map(byte).collect()
    }

    /// An array file as NumPy lays it out.
    fn npy(descr: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        let padding = 63 - (10 + text.len()) % 64;
        let text = format!("{text}{}\n", " ".repeat(padding));
        let mut file = b"\x93NUMPY\x01\x00".to_vec();
        file.extend((text.len() as u16).to_le_bytes());
        file.extend(text.as_bytes());
        file.extend(elements);
        file
    }

    fn load(file: Vec<u8>, label: Option<&str>, skip_bad: bool) -> Result<Parts, Error> {
        let source = Source {
            label: label.map(str::to_owned),
            skip_bad,
            ..Source::named("a.npy")
        };
        load_from(&source, file)
    }

    fn load_from(source: &Source, file: Vec<u8>) -> Result<Parts, Error> {
        if file.starts_with(b"PK") {
            return archive(source, "a.npz", std::io::Cursor::new(file));
        }
        let data = Array::parse("a.npy".to_owned(), file)?;
        parts(source, Part { data, labels: None }, None)
    }

    fn values(samples: &Samples) -> Vec<f32> {
        let mut values = Vec::new();
        let indices = 0..samples.len();
        samples.read(indices, 0.0, &mut values).expect("in memory");
        values
    }

    fn labels(samples: &Samples) -> Vec<&str> {
        let labels = (0..samples.len()).filter_map(|sample| samples.label(sample));
        labels.map(|label| &*samples.classes()[label]).collect()
    }

    fn fails(file: Vec<u8>, label: Option<&str>, message: &str) {
        let error = load(file, label, false).err().expect(message);
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn every_kind_of_element_is_read() {
        for (descr, elements, expected) in [
            ("|u1", &[1, 255][..], [1.0, 255.0]),
            ("|i1", &[1, 255], [1.0, -1.0]),
            ("|b1", &[1, 0], [1.0, 0.0]),
            ("<u2", &[1, 2, 255, 255], [513.0, 65535.0]),
            (">u2", &[1, 2, 255, 255], [258.0, 65535.0]),
            ("<i2", &[1, 2, 254, 255], [513.0, -2.0]),
            (">i4", &[0, 0, 1, 0, 255, 255, 255, 253], [256.0, -3.0]),
            ("<u4", &[0, 0, 0, 128, 7, 0, 0, 0], [2147483648.0, 7.0]),
            // 1.5, and the smallest subnormal, 2^-24.
            ("<f2", &[0x00, 0x3e, 1, 0], [1.5, 5.9604645e-8]),
            (">f2", &[0xc0, 0x00, 0x7b, 0xff], [-2.0, 65504.0]),
            ("<f4", &[0, 0, 0x20, 0x40, 0, 0, 0x80, 0xbf], [2.5, -1.0]),
        ] {
            let parts = load(npy(descr, "(1, 2)", elements), None, false).expect(descr);
            assert_eq!(values(&parts.train), expected, "{descr}");
            assert_eq!(parts.train.columns(), ["1", "2"]);
        }
        for (descr, bits) in [("<i8", -5i64 as u64), ("<u8", 5), ("<f8", 0.1f64.to_bits())] {
            let parts = load(npy(descr, "(1, 1)", &bits.to_le_bytes()), None, false);
            let expected = [("<i8", -5.0), ("<u8", 5.0), ("<f8", 0.1)];
            let expected = expected.iter().find(|(kind, _)| *kind == descr);
            let found = values(&parts.expect(descr).train);
            assert_eq!(Some(&found[0]), expected.map(|(_, value)| value));
        }
        let fortran = load(bytes(FORTRAN), None, false).expect("NumPy wrote it");
        assert_eq!(values(&fortran.train), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn archives_bring_labels_and_parts() {
        let parts = load(bytes(COMPRESSED), None, false).expect("NumPy wrote it");
        assert_eq!(values(&parts.train), [0.5, 1.5, 2.5, -3.5, 4.0, 5.0]);
        assert_eq!(labels(&parts.train), ["7", "3", "7"]);
        assert_eq!(parts.train.classes(), ["3", "7"]);
        let named = load(bytes(COMPRESSED), Some("y"), false).expect("it is there");
        assert_eq!(labels(&named.train), ["7", "3", "7"]);

        let parts = load(bytes(KERAS), None, false).expect("NumPy wrote it");
        let test = parts.test.expect("there is a test part");
        assert_eq!(parts.train.shape().to_string(), "1x2x2");
        assert_eq!(
            parts.train.pixels(1).expect("in memory"),
            [120, 150, 180, 210]
        );
        assert_eq!(labels(&parts.train), ["1", "0"]);
        assert_eq!(test.pixels(0).expect("in memory"), [9; 4]);
        assert_eq!(
            (labels(&test), test.classes()),
            (vec!["2"], parts.train.classes())
        );
        fails(
            bytes(COMPRESSED),
            Some("z"),
            "`label` of `a.npy`: expected one of `x`, `y`, or a column by its number, found `z`",
        );
    }

    #[test]
    fn a_column_of_a_table_may_be_the_label() {
        let file = npy("|u1", "(2, 3)", &[1, 9, 2, 3, 8, 4]);
        let parts = load(file.clone(), Some("2"), false).expect("it is there");
        assert_eq!(values(&parts.train), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(parts.train.columns(), ["1", "3"]);
        assert_eq!(labels(&parts.train), ["9", "8"]);
        fails(
            file,
            Some("4"),
            "`label` of `a.npy`: expected a column by its number, 1 to 3, found `4`",
        );
    }

    fn load_target(file: Vec<u8>, column: &str, kind: TargetKind) -> Result<Parts, Error> {
        let source = Source {
            target: Some(TargetColumn {
                column: column.to_owned(),
                kind,
            }),
            ..Source::named("a.npy")
        };
        load_from(&source, file)
    }

    fn targets(samples: &Samples) -> Vec<f64> {
        let rows = (0..samples.len()).filter_map(|sample| samples.target_row(sample));
        rows.flatten().copied().collect()
    }

    fn floats(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    #[test]
    fn a_column_of_a_table_may_be_the_target() {
        let file = npy("<f4", "(2, 3)", &floats(&[1.0, 9.0, 2.5, 3.0, 8.0, -4.5]));
        let parts = load_target(file.clone(), "3", TargetKind::Numbers);
        let train = parts.expect("it is there").train;
        assert_eq!(values(&train), [1.0, 9.0, 3.0, 8.0]);
        assert_eq!(train.target_columns(), ["3"]);
        assert_eq!(targets(&train), [2.5, -4.5]);
        let parts = load_target(file.clone(), "2", TargetKind::Classes);
        assert_eq!(labels(&parts.expect("it is there").train), ["9", "8"]);
        for (column, kind, message) in [
            (
                "3",
                TargetKind::Classes,
                "`a.npy: row 1`: expected a class (a word or a whole number) in column `3`, found `2.5`",
            ),
            (
                "y",
                TargetKind::Numbers,
                "`target` of `a.npy`: expected a column by its number, 1 to 3, found `y`",
            ),
        ] {
            let error = load_target(file.clone(), column, kind)
                .err()
                .expect(message);
            assert_eq!(error.to_string(), message);
        }
        let pictures = load_target(npy("|u1", "(1, 1, 2)", &[0, 1]), "1", TargetKind::Classes);
        let error = pictures.err().expect("images have no column");
        let message =
            "`target` of `a.npy`: expected none for images without an array of labels, found `1`";
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn an_array_beside_the_samples_may_be_the_target() {
        let parts = load_target(bytes(COMPRESSED), "y", TargetKind::Numbers);
        let train = parts.expect("it is there").train;
        assert_eq!(train.target_columns(), ["y"]);
        assert_eq!(targets(&train), [7.0, 3.0, 7.0]);
        assert!(train.classes().is_empty());
        let parts = load_target(bytes(COMPRESSED), "y", TargetKind::Classes);
        assert_eq!(parts.expect("it is there").train.classes(), ["3", "7"]);
        // A column of the table: the array beside it is left alone.
        let parts = load_target(bytes(COMPRESSED), "2", TargetKind::Numbers);
        let train = parts.expect("it is there").train;
        assert_eq!(
            (values(&train), targets(&train)),
            (vec![0.5, 2.5, 4.0], vec![1.5, -3.5, 5.0])
        );
        let parts = load_target(bytes(KERAS), "y", TargetKind::Numbers).expect("both are there");
        assert_eq!(targets(&parts.train), [1.0, 0.0]);
        assert_eq!(targets(&parts.test.expect("a test part")), [2.0]);
        let error = load_target(bytes(COMPRESSED), "z", TargetKind::Numbers);
        assert_eq!(
            error.err().expect("no such array").to_string(),
            "`target` of `a.npy`: expected one of `x`, `y`, or a column by its number, found `z`"
        );
    }

    /// An archive of these arrays.
    fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, file) in arrays {
            let options = zip::write::SimpleFileOptions::default()
                .compression_method(zip::CompressionMethod::Deflated);
            let name = format!("{name}.npy");
            writer.start_file(name, options).expect("in memory");
            std::io::Write::write_all(&mut writer, file).expect("in memory");
        }
        writer.finish().expect("in memory").into_inner()
    }

    #[test]
    fn rows_whose_number_to_predict_is_not_finite_are_refused_or_left_out() {
        let file = npz(&[
            ("x", npy("<f4", "(3, 1)", &floats(&[1.0, 2.0, 3.0]))),
            ("y", npy("<f4", "(3, 1)", &floats(&[0.5, f32::NAN, -1.5]))),
        ]);
        let error = load_target(file.clone(), "y", TargetKind::Numbers).err();
        assert_eq!(
            error.expect("the second is no number").to_string(),
            "`a.npz: x: row 2`: expected a finite number to predict, found NaN"
        );
        let source = Source {
            target: Some(TargetColumn {
                column: "y".to_owned(),
                kind: TargetKind::Numbers,
            }),
            skip_bad: true,
            ..Source::named("a.npy")
        };
        let parts = load_from(&source, file).expect("two rows are good");
        assert_eq!(values(&parts.train), [1.0, 3.0]);
        assert_eq!(targets(&parts.train), [0.5, -1.5]);
        let skipped = "a.npz: x: row 2: expected a finite number to predict, found NaN";
        assert_eq!(parts.skipped, [skipped]);
    }

    #[test]
    fn an_array_of_numbers_with_fractions_is_no_array_of_classes() {
        let file = npz(&[
            ("x", npy("|u1", "(2, 1, 2)", &[0, 1, 1, 0])),
            ("y", npy("<f4", "(2,)", &floats(&[2.0, 2.75]))),
        ]);
        let error = load_target(file.clone(), "y", TargetKind::Classes).err();
        assert_eq!(
            error.expect("a fraction").to_string(),
            "`a.npz: y: row 2`: expected a class (a word or a whole number) in column `y`, found `2.75`"
        );
        let train = load_target(file, "y", TargetKind::Numbers)
            .expect("pictures may have numbers")
            .train;
        assert!(train.two_valued());
        assert_eq!(targets(&train), [2.0, 2.75]);
    }

    #[test]
    fn numbers_to_predict_that_are_not_finite_are_refused() {
        let file = npy("<f4", "(2, 2)", &floats(&[1.0, 2.0, 3.0, f32::INFINITY]));
        let error = load_target(file, "2", TargetKind::Numbers).err();
        assert_eq!(
            error.expect("infinity").to_string(),
            "`a.npy: row 2`: expected a finite number in column 2, found inf"
        );
    }

    #[test]
    fn pictures_of_one_or_three_channels_either_way() {
        let check = |shape: &str, expected: &str, pixels: [u8; 6]| {
            let file = npy("|u1", shape, &[10, 20, 30, 40, 50, 60]);
            let train = load(file, None, false).expect(shape).train;
            assert_eq!(train.shape().to_string(), expected, "{shape}");
            assert_eq!(train.pixels(0).expect("in memory"), pixels, "{shape}");
            assert_eq!(train.levels(), 255);
        };
        check("(1, 2, 3)", "1x2x3", [10, 20, 30, 40, 50, 60]);
        check("(1, 2, 1, 3)", "3x2x1", [10, 40, 20, 50, 30, 60]);
        check("(1, 3, 1, 2)", "3x1x2", [10, 20, 30, 40, 50, 60]);
        check("(1, 6, 1, 1)", "1x6x1", [10, 20, 30, 40, 50, 60]);
        let floats: Vec<_> = [0.0f32, 0.5, 0.25, 1.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let train = load(npy("<f4", "(1, 2, 2)", &floats), None, false)
            .expect("0 to 1")
            .train;
        assert_eq!(train.pixels(0).expect("in memory"), [0, 128, 64, 255]);
        let ones: Vec<_> = [0.0f32, 1.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let train = load(npy("<f4", "(1, 1, 2)", &ones), None, false)
            .expect("0 or 1")
            .train;
        assert!(train.two_valued());
        assert_eq!(train.pixels(0).expect("in memory"), [0, 1]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_file() {
        for (file, message) in [
            (
                npy("|u1", "(9, 9)", &[1]),
                "`a.npy`: expected 81 bytes for the shape [9, 9], found 1 bytes",
            ),
            (
                npy("<f8", "(4294967296, 4294967296)", &[]),
                "`a.npy`: expected a shape that fits memory, not [4294967296, 4294967296], found 0 bytes",
            ),
            (
                npy("|u1", "(0, 3)", &[]),
                "`a.npy`: expected at least one sample, found the shape [0, 3]",
            ),
            (
                npy("|O", "(1,)", &[1]),
                "`a.npy`: expected an array of whole numbers or floats of up to 8 bytes, found `|O`",
            ),
            (
                npy("|u1", "(3,)", &[1, 2, 3]),
                "`a.npy`: expected a table of 2 dimensions, or images of 3, or of 4 with 1 or 3 channels, \
                 found the shape [3]",
            ),
            (
                npy("|i1", "(1, 1, 2)", &[1, 255]),
                "`a.npy: image 1`: expected pixels of 0 to 255, found -1",
            ),
            (
                npy("<f4", "(1, 1, 1)", &2.0f32.to_le_bytes()),
                "`a.npy: image 1`: expected pixels of 0 to 1, found 2",
            ),
            (
                npy("<f4", "(1, 1)", &f32::NAN.to_le_bytes()),
                "`a.npy: row 1`: expected a finite number in column 1, found NaN",
            ),
            (
                npy("<f8", "(1, 1)", &f64::INFINITY.to_le_bytes()),
                "`a.npy: row 1`: expected a finite number in column 1, found inf",
            ),
            (
                b"\x93NUMPY\x04\x00".to_vec(),
                "`a.npy`: expected a NumPy array, found no header of version 1 to 3",
            ),
            (
                b"PK\x03\x04".to_vec(),
                "`a.npz`: expected a zip archive of arrays, found invalid Zip archive: Could not find EOCD",
            ),
        ] {
            fails(file, None, message);
        }
    }

    #[test]
    fn bad_rows_are_left_out_and_listed_where_allowed() {
        let numbers: Vec<_> = [1.0f32, 2.0, f32::NAN, 4.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let parts = load(npy("<f4", "(2, 2)", &numbers), None, true).expect("one is good");
        assert_eq!(values(&parts.train), [1.0, 2.0]);
        assert_eq!(
            parts.skipped,
            ["a.npy: row 2: expected a finite number in column 1, found NaN"]
        );
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut random = crate::test_random::random();
        let valid = [
            bytes(COMPRESSED),
            bytes(KERAS),
            bytes(FORTRAN),
            npy("|u1", "(1, 2, 1, 3)", &[1; 6]),
        ];
        for round in 0..40_000 {
            let mut file = valid[round % valid.len()].clone();
            for _ in 0..=random(4) {
                let at = random(file.len());
                match random(4) {
                    0 => file[at] = random(256) as u8,
                    1 => file[at] ^= 1 << random(8),
                    2 => file[at] = b"0123456789(),'{}: L"[random(19)],
                    _ => file.truncate(at.max(8)),
                }
            }
            for label in [None, Some("1"), Some("y")] {
                let _ = load(file.clone(), label, random(2) == 0);
            }
            let kind = [TargetKind::Classes, TargetKind::Numbers][round % 2];
            let _ = load_target(file, ["1", "y"][random(2)], kind);
        }
    }
}
