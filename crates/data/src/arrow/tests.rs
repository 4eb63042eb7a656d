//! Files that `scripts/formats.py` wrote with pyarrow, pandas, Polars and Hugging Face `datasets`.

use std::sync::Arc;

use arrow_array::types::{Float32Type, Int16Type};
use arrow_array::{
    Date32Array, DictionaryArray, FixedSizeListArray, Float64Array, Int64Array, StringArray,
};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::frame::{Cells, Frame, MISSING};
use crate::{Selection, load};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn read(source: &Source, name: &str, open: columnar::Open) -> Frame {
    let table = open("a table".to_owned(), vec![path(name)]).expect("a whole file");
    let frame = table.frame(source, &table.leaves);
    frame.expect("columns that can be read")
}

fn frame(name: &str) -> Frame {
    read(&Source::named(name), name, open)
}

fn cells<'a>(frame: &'a Frame, name: &str) -> &'a Cells {
    let column = frame.columns.iter().find(|column| column.name == name);
    &column.expect(name).cells
}

/// What a column holds, each value as it is written.
fn shown(frame: &Frame, name: &str) -> Vec<String> {
    let word = |row: usize| match cells(frame, name) {
        Cells::Numbers(numbers) => numbers[row].to_string(),
        Cells::Words(words) => words.get(row).unwrap_or("-").to_owned(),
        Cells::Stored(_) => panic!("a store for three rows of `{name}`"),
    };
    (0..frame.len()).map(word).collect()
}

#[track_caller]
fn check(frame: &Frame, name: &str, expected: [&str; 3]) {
    assert_eq!(shown(frame, name), expected, "{name}");
}

#[test]
fn every_type_in_files_and_streams_packed_or_not() {
    for name in ["none.arrow", "lz4.arrow", "zstd.arrow", "stream.arrows"] {
        let frame = frame(&format!("pyarrow-{name}"));
        assert_eq!(frame.at(1), "a table: row 2");
        check(&frame, "whole", ["1", "-2", "NaN"]);
        check(&frame, "small", ["255", "0", "NaN"]);
        check(&frame, "large", ["18446744073709552000", "1", "NaN"]);
        check(&frame, "id", ["9007199254740992", "2", "NaN"]);
        check(&frame, "single", ["0.5", "3.25", "NaN"]);
        check(&frame, "half", ["1.5", "-2", "65504"]);
        check(&frame, "truth", ["true", "false", "-"]);
        check(&frame, "word", ["é", "", "-"]);
        check(&frame, "kind", ["b", "a", "-"]);
        check(&frame, "day", ["1709164800", "-86400", "NaN"]);
        check(&frame, "moment", ["1709164800.123456", "0", "NaN"]);
        check(&frame, "zoned", ["1709164800.123", "0", "NaN"]);
        check(&frame, "money", ["12.34", "-0.05", "NaN"]);
        check(&frame, "vector[0]", ["1.5", "NaN", "3.5"]);
        check(&frame, "vector[1]", ["2.5", "NaN", "NaN"]);
        check(&frame, "fixed[1]", ["2", "4", "6"]);
        check(&frame, "nothing", ["NaN"; 3]);
        check(&frame, "pair.a", ["1", "2", "NaN"]);
        check(&frame, "pair.b", ["x", "y", "-"]);
        assert_eq!(frame.columns.len(), 21);
    }
}

fn without_map(name: &str) -> Source {
    let mut source = Source::named(name);
    // Parquet has a column for the keys of a map and one for its values.
    let names = ["map", "map.key_value.key", "map.key_value.value"];
    source.columns.drop = names.map(str::to_owned).to_vec();
    source
}

#[test]
fn further_types() {
    let frame = read(&without_map("a"), "pyarrow-more.feather", open);
    check(&frame, "day64", ["1709164800", "-86400", "NaN"]);
    check(&frame, "time_s", ["1", "86399", "NaN"]);
    check(&frame, "time_us", ["1.5", "0", "NaN"]);
    check(&frame, "view", ["short", "longer than twelve bytes", "-"]);
    check(&frame, "wide", ["12.34", "-0.05", "NaN"]);
    check(&frame, "codes", ["9", "7", "NaN"]);
    check(&frame, "grid[1][0]", ["3", "7", "NaN"]);
    check(&frame, "grid[1][1]", ["4", "NaN", "NaN"]);
    check(&frame, "points.x[1]", ["3", "NaN", "NaN"]);
    check(&frame, "pair.in.v[1]", ["2", "NaN", "NaN"]);
    check(&frame, "wait", ["5", "-5", "NaN"]);
    check(&frame, "map", ["NaN"; 3]);
}

#[test]
fn what_no_column_can_be_is_refused_by_name_unless_it_is_left_out() {
    let load = |source: &Source| {
        let table = open("a".to_owned(), vec![path("pyarrow-more.feather")]).expect("a whole file");
        table.frame(source, &table.leaves)
    };
    let error = load(&Source::named("a")).expect_err("a map").to_string();
    let expected = "`a: column `map``: expected numbers, words or times, found a map";
    assert_eq!(error, expected);
    let mut source = Source::named("a");
    source.columns.only = vec!["i8".to_owned()];
    assert!(load(&source).is_ok());
    source.columns.index = Some("map".to_owned());
    assert!(load(&source).is_err());
}

/// Both frames are one, but for missing numbers, which equal nothing.
#[cfg(feature = "parquet")]
#[track_caller]
fn same(arrow: &Frame, parquet: &Frame) {
    let names =
        |frame: &Frame| Vec::from_iter(frame.columns.iter().map(|column| column.name.clone()));
    assert_eq!(names(arrow), names(parquet));
    for (arrow, parquet) in arrow.columns.iter().zip(&parquet.columns) {
        match (&arrow.cells, &parquet.cells) {
            (Cells::Numbers(arrow_numbers), Cells::Numbers(numbers)) => {
                let bits =
                    |numbers: &[f64]| Vec::from_iter(numbers.iter().map(|number| number.to_bits()));
                assert_eq!(bits(arrow_numbers), bits(numbers), "{}", arrow.name);
            }
            (arrow_cells, cells) => assert_eq!(arrow_cells, cells, "{}", arrow.name),
        }
    }
    assert_eq!(
        (&arrow.places, &arrow.rows),
        (&parquet.places, &parquet.rows)
    );
}

#[cfg(feature = "parquet")]
#[test]
fn a_table_is_the_same_in_both_forms() {
    for (arrow_file, parquet_file) in [
        ("pyarrow-none.arrow", "pyarrow-none.parquet"),
        ("pyarrow-zstd.arrow", "pyarrow-v2.parquet"),
    ] {
        same(
            &frame(arrow_file),
            &read(&Source::named("a"), parquet_file, crate::parquet::open),
        );
    }
    // Categories have another order: Parquet does not say which.
    for (arrow_file, parquet_file) in [
        ("polars.ipc", "polars.parquet"),
        ("pandas.feather", "pandas.parquet"),
    ] {
        let arrow = frame(arrow_file);
        let parquet = read(&Source::named("a"), parquet_file, crate::parquet::open);
        for column in &parquet.columns {
            let name = &column.name;
            assert_eq!(shown(&arrow, name), shown(&parquet, name), "{name}");
        }
        assert_eq!(arrow.columns.len(), parquet.columns.len());
    }
    let mut source = without_map("a");
    for index in [
        None,
        Some("moment_ns"),
        Some("time_ns"),
        Some("day64"),
        Some("codes"),
    ] {
        source.columns.index = index.map(str::to_owned);
        let mut arrow = read(&source, "pyarrow-more.feather", open);
        let mut parquet = read(&source, "pyarrow-more.parquet", crate::parquet::open);
        // Parquet has a column for the keys of a map and one for its values.
        arrow
            .columns
            .retain(|column| !column.name.starts_with("map"));
        parquet
            .columns
            .retain(|column| !column.name.starts_with("map"));
        same(&arrow, &parquet);
    }
}

#[test]
fn names_of_rows_keep_every_digit() {
    let name = "pyarrow-lz4.arrow";
    let asked = |index: &str| {
        let mut source = Source::named(name);
        source.columns.index = Some(index.to_owned());
        read(&source, name, open)
    };
    check(&asked("id"), "id", ["9007199254740993", "2", "-"]);
    check(&asked("day"), "day", ["2024-02-29", "1969-12-31", "-"]);
    let moments = ["2024-02-29T00:00:00.123456", "1970-01-01T00:00:00", "-"];
    check(&asked("moment"), "moment", moments);
    let zoned = ["2024-02-29T00:00:00.123Z", "1970-01-01T00:00:00Z", "-"];
    check(&asked("zoned"), "zoned", zoned);
}

#[test]
fn words_of_a_dictionary_keep_its_order() {
    for name in ["pandas.feather", "polars.ipc"] {
        let frame = frame(name);
        check(&frame, "kind", ["b", "a", "-"]);
        let Cells::Words(words) = cells(&frame, "kind") else {
            panic!("these are words");
        };
        assert_eq!(words.codes, [1, 0, MISSING], "{name}");
        assert_eq!(words.names, ["a", "b"], "{name}");
    }
    let loaded = load(&Source::named(path("pandas.feather").display().to_string()));
    let train = loaded.expect("a whole table").train;
    assert_eq!(
        train.columns(),
        ["x", "n", "kind=a", "kind=b", "when", "ok"]
    );
}

#[cfg(feature = "parquet")]
#[test]
fn dates_become_days_where_they_are_asked_for() {
    for name in ["pandas.feather", "pandas.parquet"] {
        let mut source = Source::named(path(name).display().to_string());
        source.columns.dates = vec!["when".to_owned()];
        let train = load(&source).expect("a whole table").train;
        let when = train.columns().iter().position(|column| column == "when");
        let mut days = train.column(when.expect("a column"));
        assert_eq!(days.next(), Some(19_782.0 + 12.5 / 24.0), "{name}");
        assert_eq!(days.nth(1), Some(-1.0), "{name}");
    }
}

#[test]
fn what_datasets_saves_on_disk() {
    let folder = path("hub-saved").display().to_string();
    let loaded = load(&Source::named(&*folder)).expect("whole images");
    let (train, test) = (loaded.train, loaded.test.expect("a test part"));
    assert_eq!((train.len(), test.len()), (3, 2));
    assert_eq!(train.shape().to_string(), "1x2x3");
    assert_eq!(train.classes(), ["cat", "dog", "eel"]);
    assert_eq!([0, 1, 2].map(|row| train.label(row)), [1, 0, 2].map(Some));
    assert_eq!([0, 1].map(|row| test.label(row)), [0, 2].map(Some));
    assert_eq!(train.pixels(2).expect("in memory"), [20; 6]);
    assert_eq!(test.pixels(1).expect("in memory"), [40; 6]);
    let frame = frame("hub-array-saved/data-00000-of-00001.arrow");
    assert_eq!(shown(&frame, "x[0][1]"), ["2", "6"]);
    assert_eq!(shown(&frame, "x[1][0]"), ["3", "7"]);
    assert_eq!(shown(&frame, "label"), ["dog", "-"]);
    let array = path("hub-array-saved").display().to_string();
    let selection = Selection {
        limit: Some(1),
        ..Selection::default()
    };
    let source = Source {
        selection,
        ..Source::named(array)
    };
    assert_eq!(load(&source).expect("a whole folder").train.len(), 1);
}

fn refused(bytes: &[u8]) -> String {
    let error = try_bytes(bytes).expect_err("damage").to_string();
    let (_, error) = error.split_once("expected ").expect("what is expected");
    error.to_owned()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).expect("a file")
}

#[test]
fn what_is_cut_off_or_no_arrow_is_refused() {
    let feather = refused(b"FEA1....");
    assert!(
        feather
            .starts_with("Arrow, or Feather of version 2, found Feather of version 1 (`pyarrow."),
        "{feather}"
    );
    assert_eq!(
        refused(b""),
        "a whole Arrow file or stream, found no schema at its start"
    );
    assert_eq!(
        refused(b"ARROW1"),
        "a whole Arrow file or stream, found no footer at its end"
    );
    let file = bytes("pyarrow-none.arrow");
    let cut = refused(&file[..file.len() / 2]);
    assert!(cut.ends_with("found no footer at its end"), "{cut}");
    let stream = bytes("pyarrow-stream.arrows");
    let cut = refused(&stream[..stream.len() - 100]);
    assert!(
        cut.contains("a message that goes on past its end at byte "),
        "{cut}"
    );
}

/// A file in which every packed buffer, which starts so, claims to become 4 TiB.
fn claiming(name: &str, magic: &[u8]) -> Vec<u8> {
    let mut bytes = bytes(name);
    let starts = (8..bytes.len() - 8).step_by(8);
    let starts: Vec<_> = starts
        .filter(|&at| bytes[at..].starts_with(magic))
        .collect();
    assert!(!starts.is_empty(), "no packed buffer");
    for at in starts {
        bytes[at - 8..at].copy_from_slice(&(1i64 << 42).to_le_bytes());
    }
    bytes
}

#[test]
fn a_packed_buffer_that_claims_terabytes_is_refused_before_room_is_made() {
    let zstd = refused(&claiming("pyarrow-zstd.arrow", b"\x28\xb5\x2f\xfd"));
    let most = (4096 * bytes("pyarrow-zstd.arrow").len()) >> 20;
    assert_eq!(
        zstd,
        format!("at most {most} MiB once unpacked, found more")
    );
    let lz4 = refused(&claiming("pyarrow-lz4.arrow", b"\x04\x22\x4d\x18"));
    let expected = "packed ones, found 4398046511104";
    assert!(
        lz4.starts_with("at most ") && lz4.ends_with(expected),
        "{lz4}"
    );
}

/// A random table of these kinds of columns, written as a file or stream, packed or not.
#[test]
fn what_the_writer_writes_comes_back() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..60 {
        let rows = random.next_u32() as usize % 200 + 1;
        let numbers: Vec<Option<f64>> = (0..rows)
            .map(|_| {
                (!random.next_u32().is_multiple_of(4))
                    .then(|| f64::from(random.next_u32()) / 3.0 - 1e8)
            })
            .collect();
        let whole: Vec<Option<i64>> = (0..rows)
            .map(|_| (!random.next_u32().is_multiple_of(5)).then(|| random.next_u64() as i64))
            .collect();
        let words: Vec<Option<String>> = (0..rows)
            .map(|_| {
                (!random.next_u32().is_multiple_of(6))
                    .then(|| format!("w{}", random.next_u32() % 9))
            })
            .collect();
        let days: Vec<Option<i32>> = (0..rows)
            .map(|_| {
                (!random.next_u32().is_multiple_of(7)).then(|| random.next_u32() as i32 % 40_000)
            })
            .collect();
        let list = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
            (0..rows).map(|row| Some([row, row + 1].map(|value| Some(value as f32)))),
            2,
        );
        let dictionary: DictionaryArray<Int16Type> =
            words.iter().map(|word| word.as_deref()).collect();
        let columns: [(&str, ArrayRef); 6] = [
            ("numbers", Arc::new(Float64Array::from(numbers.clone()))),
            ("whole", Arc::new(Int64Array::from(whole.clone()))),
            ("words", Arc::new(StringArray::from(words.clone()))),
            ("dictionary", Arc::new(dictionary)),
            ("days", Arc::new(Date32Array::from(days.clone()))),
            ("list", Arc::new(list)),
        ];
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.map(|(name, array)| (name, array, true)),
        );
        let bytes = written(&batch.expect("columns of one length"), &mut random);
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::io::Write::write_all(&mut file, &bytes).expect("room for it");
        let table = open("a".to_owned(), vec![file.path().to_owned()]).expect("a whole file");
        let mut source = Source::named("a");
        source.columns.index = Some("whole".to_owned());
        let frame = table.frame(&source, &table.leaves).expect("whole columns");
        let text =
            |value: Option<String>, missing: &str| value.unwrap_or_else(|| missing.to_owned());
        let expect =
            |name: &str, values: Vec<String>| assert_eq!(shown(&frame, name), values, "{name}");
        expect(
            "numbers",
            numbers
                .iter()
                .map(|value| text(value.map(|value| value.to_string()), "NaN"))
                .collect(),
        );
        expect(
            "whole",
            whole
                .iter()
                .map(|value| text(value.map(|value| value.to_string()), "-"))
                .collect(),
        );
        expect(
            "words",
            words.iter().map(|value| text(value.clone(), "-")).collect(),
        );
        expect(
            "dictionary",
            words.iter().map(|value| text(value.clone(), "-")).collect(),
        );
        let seconds = |day: i32| (f64::from(day) * 86_400.0).to_string();
        expect(
            "days",
            days.iter()
                .map(|value| text(value.map(seconds), "NaN"))
                .collect(),
        );
        expect("list[1]", (1..=rows).map(|row| row.to_string()).collect());
    }
}

/// The bytes of a batch in pieces, of a file or a stream, packed one way or the other.
fn written(batch: &RecordBatch, random: &mut ChaCha8Rng) -> Vec<u8> {
    let packing = [
        None,
        Some(CompressionType::LZ4_FRAME),
        Some(CompressionType::ZSTD),
    ];
    let packing = packing[random.next_u32() as usize % 3];
    let options = IpcWriteOptions::default()
        .try_with_compression(packing)
        .expect("such a form");
    let first = random.next_u32() as usize % (batch.num_rows() + 1);
    // All pieces have one dictionary, which a file cannot replace.
    let pieces = [
        batch.slice(0, first),
        batch.slice(first, batch.num_rows() - first),
    ];
    let schema = batch.schema();
    if random.next_u32().is_multiple_of(2) {
        let mut writer =
            FileWriter::try_new_with_options(Vec::new(), &schema, options).expect("a writer");
        pieces
            .iter()
            .for_each(|piece| writer.write(piece).expect("a piece"));
        writer.into_inner().expect("in memory")
    } else {
        let mut writer =
            StreamWriter::try_new_with_options(Vec::new(), &schema, options).expect("a writer");
        pieces
            .iter()
            .for_each(|piece| writer.write(piece).expect("a piece"));
        writer.into_inner().expect("in memory")
    }
}

/// Doubles and words, some missing, and days, in several pieces.
#[test]
fn tables_larger_than_memory_are_the_same() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for rows in [30, 64, 257] {
        let numbers: Float64Array = (0..rows)
            .map(|row| (row % 7 > 0).then(|| f64::from(row) / 3.0))
            .collect();
        let days: Date32Array = (0..rows).map(|row| Some(row * row % 900)).collect();
        let words: StringArray = (0..rows)
            .map(|row| (row % 5 > 0).then(|| format!("w{}", row % 3)))
            .collect();
        let columns: [(&str, ArrayRef); 3] = [
            ("numbers", Arc::new(numbers)),
            ("words", Arc::new(words)),
            ("days", Arc::new(days)),
        ];
        let columns = columns.map(|(name, array)| (name, array, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns);
        let bytes = written(&batch.expect("columns of one length"), &mut random);
        let ending = match bytes.starts_with(b"ARROW1") {
            true => "a.arrow",
            false => "a.arrows",
        };
        crate::row_store::tests::check_file(ending, &bytes);
    }
}
