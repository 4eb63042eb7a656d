//! Files that `scripts/formats.py` wrote with pyarrow, pandas, Polars and Hugging Face `datasets`.

use std::sync::Arc;

use ::parquet::basic::{Compression, GzipLevel, ZstdLevel};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::frame::{Cells, Frame, MISSING};
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
        others => panic!("{others:?}"),
    }
}

#[track_caller]
fn words(frame: &Frame, name: &str, expected: &[Option<&str>]) {
    match cells(frame, name) {
        Cells::Numbers(_) | Cells::Stored(_) => panic!("numbers in `{name}`"),
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
            (Vec::from_iter(frame.places.iter()), frame.is_named),
            (vec![1, 2, 3], true)
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

/// A file whose first page says that it becomes 2 GiB, of the same length.
fn lying(name: &str) -> Vec<u8> {
    let path = path(name);
    let file = Bounded::open(&path).expect("a whole file");
    let chunk = file.metadata().row_group(0).column(0);
    let start = chunk.dictionary_page_offset();
    let start = start.unwrap_or(chunk.data_page_offset()) as usize;
    let end = start + chunk.compressed_size() as usize;
    let mut bytes = std::fs::read(&path).expect("a file");
    // The type, both sizes of at most 63 bytes: a byte for each field and one for its number.
    let [0x15, _, 0x15, whole, 0x15, packed] = bytes[start..start + 6] else {
        panic!("another header");
    };
    assert!(whole < 0x80 && packed < 0x80, "larger sizes");
    let most = [0xfe, 0xff, 0xff, 0xff, 0x0f];
    bytes.splice(start + 3..start + 4, most);
    // Four bytes more in the header, four fewer in what follows.
    bytes[start + 9] -= 2 * 4;
    bytes.drain(end..end + 4);
    bytes
}

#[test]
fn a_page_that_claims_gigabytes_is_refused_before_room_is_made() {
    for name in ["pyarrow-snappy.parquet", "pyarrow-zstd.parquet"] {
        let error = try_bytes(&lying(name)).expect_err("a lie").to_string();
        let length = std::fs::metadata(path(name)).expect("a file").len();
        let most = (4096 * length).max(16 << 20);
        let expected = format!("expected a page of at most {most} bytes, found 2147483647");
        assert!(error.ends_with(&expected), "{error}");
    }
}

/// Random tables of numbers, whole numbers and words, some missing, in any compression and pages of any length.
#[test]
fn what_the_writer_writes_comes_back() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..60 {
        let rows = random.next_u32() as usize % 300 + 1;
        let doubles = some(&mut random, rows, |random| {
            f64::from(random.next_u32()) / 3.0
        });
        let whole = some(&mut random, rows, |random| random.next_u64() as i64);
        let text = some(&mut random, rows, |random| {
            format!("w{}", random.next_u32() % 9)
        });
        let bytes = written(&mut random, &doubles, &whole, &text);
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file, &bytes).expect("room for it");
        let table = open("a".to_owned(), vec![file.path().to_owned()]).expect("a whole file");
        let mut source = Source::named("a");
        source.columns.index = Some("whole".to_owned());
        let frame = table.frame(&source, &table.leaves).expect("whole columns");
        let expected = doubles.iter().map(|value| value.unwrap_or(f64::NAN));
        numbers(&frame, "double", &Vec::from_iter(expected));
        let whole: Vec<_> = whole
            .iter()
            .map(|value| value.map(|value| value.to_string()))
            .collect();
        words(
            &frame,
            "whole",
            &Vec::from_iter(whole.iter().map(Option::as_deref)),
        );
        words(
            &frame,
            "text",
            &Vec::from_iter(text.iter().map(Option::as_deref)),
        );
    }
}

/// Values of which some are missing.
fn some<T>(
    random: &mut ChaCha8Rng,
    count: usize,
    value: impl Fn(&mut ChaCha8Rng) -> T,
) -> Vec<Option<T>> {
    let value = |_| (!random.next_u32().is_multiple_of(5)).then(|| value(random));
    (0..count).map(value).collect()
}

/// The bytes of a file with these columns.
fn written(
    random: &mut ChaCha8Rng,
    doubles: &[Option<f64>],
    whole: &[Option<i64>],
    text: &[Option<String>],
) -> Vec<u8> {
    let schema =
        "message a { optional double double; optional int64 whole; optional binary text (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let compressions = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::ZSTD(ZstdLevel::default()),
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4_RAW,
    ];
    let versions = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];
    let properties = WriterProperties::builder()
        .set_compression(compressions[random.next_u32() as usize % 5])
        .set_writer_version(versions[random.next_u32() as usize % 2])
        .set_dictionary_enabled(random.next_u32().is_multiple_of(2))
        .set_data_page_row_count_limit(random.next_u32() as usize % 100 + 1)
        .set_write_batch_size(16)
        .build();
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect("a writer");
    // Two groups of rows, the first perhaps empty.
    let middle = random.next_u32() as usize % doubles.len();
    for range in [0..middle, middle..doubles.len()] {
        let mut group = writer.next_row_group().expect("a group");
        let text = text[range.clone()]
            .iter()
            .map(|text| text.as_deref().map(ByteArray::from));
        column::<DoubleType>(&mut group, &doubles[range.clone()]);
        column::<Int64Type>(&mut group, &whole[range]);
        column::<ByteArrayType>(&mut group, &Vec::from_iter(text));
        group.close().expect("a whole group");
    }
    writer.into_inner().expect("in memory")
}

fn column<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: &[Option<T::T>]) {
    let levels: Vec<_> = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    let known: Vec<_> = values.iter().flatten().cloned().collect();
    let mut column = group.next_column().expect("a place").expect("a column");
    let typed = column.typed::<T>();
    typed
        .write_batch(&known, Some(&levels), None)
        .expect("as many levels");
    column.close().expect("a whole column");
}

#[test]
fn tables_larger_than_memory_are_the_same() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for rows in [30, 64, 257] {
        let number = |random: &mut ChaCha8Rng| f64::from(random.next_u32()) / 3.0;
        let doubles = some(&mut random, rows, number);
        let whole = some(&mut random, rows, |random| random.next_u32().into());
        let word = |random: &mut ChaCha8Rng| format!("w{}", random.next_u32() % 3);
        let text = some(&mut random, rows, word);
        let bytes = written(&mut random, &doubles, &whole, &text);
        crate::row_store::tests::check_file("a.parquet", &bytes);
    }
}
