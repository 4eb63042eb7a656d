//! Files that `scripts/formats.py` wrote with pyarrow, pandas, Polars and Hugging Face `datasets`.

use super::*;
use crate::load;
use crate::source::{TargetColumn, TargetKind};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn frame(name: &str) -> Frame {
    let table = open(name.to_owned(), vec![path(name)]).expect("a whole file");
    let frame = table.frame(&Source::named(name), &table.leaves);
    frame.expect("columns that can be read")
}

#[track_caller]
fn numbers(frame: &Frame, name: &str, expected: &[f64]) {
    let bits = |numbers: &[f64]| Vec::from_iter(numbers.iter().map(|number| number.to_bits()));
    match cells(frame, name) {
        Cells::Numbers(numbers) => assert_eq!(bits(numbers), bits(expected), "{numbers:?}"),
        Cells::Words(words) => panic!("words: {words:?}"),
    }
}

#[track_caller]
fn words(frame: &Frame, name: &str, expected: &[Option<&str>]) {
    match cells(frame, name) {
        Cells::Numbers(numbers) => panic!("numbers: {numbers:?}"),
        Cells::Words(words) => {
            let found: Vec<_> = (0..frame.len()).map(|row| words.get(row)).collect();
            assert_eq!(found, expected);
        }
    }
}

fn cells<'a>(frame: &'a Frame, name: &str) -> &'a Cells {
    let column = frame.columns.iter().find(|column| column.name == name);
    &column.expect(name).cells
}

const NONE: f64 = f64::NAN;

#[test]
fn every_type_in_every_compression() {
    for name in ["snappy", "zstd", "gzip", "lz4", "none", "v2"] {
        let name = format!("pyarrow-{name}.parquet");
        let frame = frame(&name);
        assert_eq!(
            (frame.places.as_slice(), frame.is_named),
            (&[1, 2, 3][..], true)
        );
        assert_eq!(frame.at(1), format!("{name}: row 2"));
        numbers(&frame, "whole", &[1.0, -2.0, NONE]);
        numbers(&frame, "small", &[255.0, 0.0, NONE]);
        numbers(&frame, "large", &[18_446_744_073_709_551_615.0, 1.0, NONE]);
        numbers(&frame, "id", &[9_007_199_254_740_992.0, 2.0, NONE]);
        numbers(&frame, "float", &[0.1, -1e300, NONE]);
        numbers(&frame, "single", &[0.5, 3.25, NONE]);
        numbers(&frame, "half", &[1.5, -2.0, 65504.0]);
        words(&frame, "truth", &[Some("true"), Some("false"), None]);
        words(&frame, "word", &[Some("é"), Some(""), None]);
        words(&frame, "kind", &[Some("b"), Some("a"), None]);
        numbers(&frame, "day", &[1_709_164_800.0, -86_400.0, NONE]);
        numbers(&frame, "moment", &[1_709_164_800.123_456, 0.0, NONE]);
        numbers(&frame, "zoned", &[1_709_164_800.123, 0.0, NONE]);
        numbers(&frame, "money", &[12.34, -0.05, NONE]);
        numbers(&frame, "vector[0]", &[1.5, NONE, 3.5]);
        numbers(&frame, "vector[1]", &[2.5, NONE, NONE]);
        numbers(&frame, "fixed[0]", &[1.0, 3.0, 5.0]);
        numbers(&frame, "fixed[1]", &[2.0, 4.0, 6.0]);
        numbers(&frame, "nothing", &[NONE; 3]);
        numbers(&frame, "pair.a", &[1.0, 2.0, NONE]);
        words(&frame, "pair.b", &[Some("x"), Some("y"), None]);
        assert_eq!(frame.columns.len(), 21);
    }
}

#[test]
fn names_of_rows_keep_every_digit() {
    let name = "pyarrow-snappy.parquet";
    let asked = |index: &str| {
        let mut source = Source::named(name);
        source.columns.index = Some(index.to_owned());
        let table = open(name.to_owned(), vec![path(name)]).expect("a whole file");
        table.frame(&source, &table.leaves).expect("whole columns")
    };
    let ids = [Some("9007199254740993"), Some("2"), None];
    words(&asked("id"), "id", &ids);
    let days = [Some("2024-02-29"), Some("1969-12-31"), None];
    words(&asked("day"), "day", &days);
    let moments = [
        Some("2024-02-29T00:00:00.123456"),
        Some("1970-01-01T00:00:00"),
        None,
    ];
    words(&asked("moment"), "moment", &moments);
    let zoned = [
        Some("2024-02-29T00:00:00.123Z"),
        Some("1970-01-01T00:00:00Z"),
        None,
    ];
    words(&asked("zoned"), "zoned", &zoned);
}

#[test]
fn floats_and_whole_numbers_of_images_are_stretched_by_their_range() {
    for (name, pixels) in [("F", [43, 255]), ("I", [0, 255]), ("I16", [1, 255])] {
        let file = path(&format!("hub-tiff-{name}.parquet"));
        let loaded = load(&Source::named(file.display().to_string())).expect("a whole image");
        assert_eq!(loaded.train.pixels(0).expect("in memory"), pixels, "{name}");
    }
}

#[test]
fn a_table_becomes_samples_with_times_in_seconds() {
    let name = path("pandas.parquet").display().to_string();
    let loaded = load(&Source::named(name)).expect("a whole table");
    let train = &loaded.train;
    assert_eq!(
        train.columns(),
        ["x", "n", "kind=b", "kind=a", "when", "ok"]
    );
    assert_eq!(train.column(4).next(), Some(1_709_209_800.0));
    let note = "dates are seconds since 1970, times of the day since midnight: `when`";
    assert!(
        loaded.notes.iter().any(|said| said == note),
        "{:?}",
        loaded.notes
    );
}

#[test]
fn what_pandas_and_polars_write() {
    let pandas = frame("pandas.parquet");
    numbers(&pandas, "x", &[0.1, NONE, 3.0]);
    numbers(&pandas, "n", &[1.0, NONE, 3.0]);
    words(&pandas, "kind", &[Some("b"), Some("a"), None]);
    numbers(&pandas, "when", &[1_709_209_800.0, NONE, -86_400.0]);
    words(&pandas, "ok", &[Some("true"), Some("false"), Some("true")]);
    let polars = frame("polars.parquet");
    numbers(&polars, "x", &[0.1, NONE, 3.0]);
    numbers(&polars, "n", &[1.0, NONE, 3.0]);
    words(&polars, "kind", &[Some("b"), Some("a"), None]);
    numbers(&polars, "vector[1]", &[2.0, 4.0, 6.0]);
}

#[test]
fn arrays_and_classes_of_hugging_face() {
    let frame = frame("hub-array.parquet");
    numbers(&frame, "x[0][1]", &[2.0, 6.0]);
    numbers(&frame, "x[1][0]", &[3.0, 7.0]);
    let Cells::Words(label) = cells(&frame, "label") else {
        panic!("classes are words");
    };
    assert_eq!(label.codes, [1, MISSING]);
    assert_eq!(label.names, ["cat", "dog", "eel"]);
}

#[test]
fn images_come_with_their_parts_and_classes() {
    let folder = path("hub").display().to_string();
    let loaded = load(&Source::named(&*folder)).expect("whole images");
    let (train, test) = (loaded.train, loaded.test.expect("a test part"));
    assert_eq!((train.len(), test.len()), (3, 2));
    assert_eq!(train.shape().to_string(), "1x2x3");
    assert_eq!(train.classes(), ["cat", "dog", "eel"]);
    assert_eq!([0, 1, 2].map(|row| train.label(row)), [1, 0, 2].map(Some));
    assert_eq!([0, 1].map(|row| test.label(row)), [0, 2].map(Some));
    assert_eq!(train.pixels(2).expect("in memory"), [20; 6]);
    assert_eq!(test.pixels(1).expect("in memory"), [40; 6]);
    let target = TargetColumn {
        column: "label".to_owned(),
        kind: TargetKind::Classes,
    };
    let asked = Source {
        target: Some(target),
        size: Some([4, 4]),
        ..Source::named(&*folder)
    };
    let train = load(&asked).expect("whole images").train;
    assert_eq!((train.shape().height, train.classes().len()), (4, 3));
    let asked = Source {
        label: Some("kind".to_owned()),
        ..Source::named(&*folder)
    };
    let error = load(&asked).expect_err("no such column").to_string();
    assert!(
        error.ends_with("expected one of `image.bytes`, `image.path`, `label`, found `kind`"),
        "{error}"
    );
}

#[test]
fn bytes_that_are_no_file_are_refused_with_their_path() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let error = load_file(file.path());
    let expected = format!(
        "`{}`: expected a whole Parquet file, found ",
        file.path().display()
    );
    assert!(error.starts_with(&expected), "{error}");
}

fn load_file(path: &Path) -> String {
    let loaded = super::load(&Source::named("a"), path);
    loaded.err().expect("it is empty").to_string()
}
