//! Tables that lie in a store are to the bit those in memory.

use std::fs;
use std::path::Path;

use super::*;
use crate::{
    Fill, HoldOut, Loaded, Samples, Scaling, ScalingKind, Source, TargetColumn, TargetKind, Window,
    load,
};

/// The file of an array of two dimensions.
fn npy(descr: &str, is_fortran: bool, shape: [usize; 2], bytes: &[u8]) -> Vec<u8> {
    let order = if is_fortran { "True" } else { "False" };
    let [rows, columns] = shape;
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({rows}, {columns}), }}");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

fn floats(numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    numbers.flat_map(f32::to_le_bytes).collect()
}

fn bits(samples: &Samples, order: &[usize]) -> Vec<u32> {
    let mut values = Vec::new();
    let read = samples.read(order.iter().copied(), 0.0, &mut values);
    read.expect("it is there");
    values.into_iter().map(f32::to_bits).collect()
}

fn column_bits(samples: &Samples) -> Vec<Vec<u64>> {
    let bits = |column| samples.column(column).map(f64::to_bits).collect();
    (0..samples.columns().len()).map(bits).collect()
}

/// Rows in order, in reverse, and some of them twice.
fn order(samples: &Samples) -> Vec<usize> {
    let all = 0..samples.len();
    all.clone()
        .chain(all.clone().rev())
        .chain(all.step_by(7))
        .collect()
}

fn same_samples(memory: &Samples, stored: &Samples, what: &str) {
    assert!(!stored.in_memory() && memory.in_memory(), "{what}");
    assert_eq!(stored.len(), memory.len(), "{what}");
    assert_eq!(stored.columns(), memory.columns(), "{what}");
    assert_eq!(stored.categories(), memory.categories(), "{what}");
    assert_eq!(column_bits(stored), column_bits(memory), "{what}");
    let order = order(memory);
    assert_eq!(bits(stored, &order), bits(memory, &order), "{what}");
    assert_eq!(stored.has_missing(), memory.has_missing(), "{what}");
    assert_eq!(
        stored.all_equal().expect("there"),
        memory.all_equal().expect("there")
    );
    assert_eq!(
        stored.sha256().expect("there"),
        memory.sha256().expect("there")
    );
    for index in 0..memory.len() {
        assert_eq!(stored.row(index), memory.row(index), "{what}");
        assert_eq!(stored.row_name(index), memory.row_name(index), "{what}");
        assert_eq!(stored.label(index), memory.label(index), "{what}");
        assert_eq!(stored.target_row(index), memory.target_row(index), "{what}");
    }
}

/// Scaled, filled and cut into windows, they stay the same.
fn same_treatment(memory: &Samples, stored: &Samples, what: &str) {
    for kind in ScalingKind::ALL {
        let scaling = Scaling::fit(memory, kind).expect("a table");
        assert_eq!(
            Scaling::fit(stored, kind).expect("a table"),
            scaling,
            "{what} {kind:?}"
        );
        let both = [memory, stored].map(|samples| scaling.apply(samples).expect("it fits"));
        same_samples(&both[0], &both[1], what);
        let window = Window {
            length: 3,
            stride: 2,
            ahead: 0,
        };
        let [memory, stored] = both.map(|samples| samples.windows(window).expect("long enough"));
        let order = order(&memory);
        assert_eq!(bits(&stored, &order), bits(&memory, &order), "{what}");
        assert_eq!(column_bits(&stored), column_bits(&memory), "{what}");
    }
    let fill = Fill::fit(memory).expect("a table");
    assert_eq!(Fill::fit(stored).expect("a table"), fill, "{what}");
    let [memory, stored] = [memory, stored].map(|samples| fill.apply(samples).expect("it fits"));
    same_samples(&memory, &stored, what);
    let joined = stored.joined(&stored, usize::MAX).expect("alike");
    same_samples(
        &memory.joined(&memory, usize::MAX).expect("alike"),
        &joined,
        what,
    );
}

fn check(source: &Source, what: &str) -> [Loaded; 2] {
    let both = [usize::MAX, 0].map(|memory| {
        let source = Source {
            memory,
            ..source.clone()
        };
        load(&source).expect(what)
    });
    let [memory, stored] = &both;
    assert_eq!(stored.skipped, memory.skipped, "{what}");
    assert_eq!(stored.notes, memory.notes, "{what}");
    assert_eq!(stored.columns, memory.columns, "{what}");
    same_samples(&memory.train, &stored.train, what);
    same_treatment(&memory.train, &stored.train, what);
    assert_eq!(stored.test.is_some(), memory.test.is_some(), "{what}");
    if let (Some(memory), Some(stored)) = (&memory.test, &stored.test) {
        same_samples(memory, stored, what);
    }
    both
}

fn source(path: &Path) -> Source {
    Source::named(path.display().to_string())
}

/// Holds a table that stays in memory against the same file larger than memory; the name says the format.
#[cfg(any(feature = "parquet", feature = "arrow"))]
pub(crate) fn check_file(name: &str, bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("room");
    check(&source(&path), name);
}

/// Numbers that lose digits in single precision, with missing ones.
fn number(at: usize) -> f64 {
    match at % 31 {
        30 => f64::NAN,
        _ => 1.7e9 + (at * at % 1009) as f64 * 0.25,
    }
}

#[test]
fn arrays_larger_than_memory_are_the_same_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    for is_fortran in [false, true] {
        let doubles: Vec<u8> = (0..300).map(number).flat_map(f64::to_le_bytes).collect();
        fs::write(&path, npy("<f8", is_fortran, [60, 5], &doubles)).expect("room");
        check(&source(&path), "doubles");
        let singles = floats((0..300).map(|at| number(at) as f32 / 7.0));
        fs::write(&path, npy("<f4", is_fortran, [60, 5], &singles)).expect("room");
        let held_out = Source {
            hold_out: HoldOut::Fraction(0.25),
            ..source(&path)
        };
        check(&held_out, "singles in two parts");
        let bytes: Vec<u8> = (0..300).map(|at| (at * 7 % 13) as u8).collect();
        fs::write(&path, npy("|u1", is_fortran, [60, 5], &bytes)).expect("room");
        let labelled = Source {
            label: Some("2".to_owned()),
            ..source(&path)
        };
        check(&labelled, "bytes with labels");
    }
}

#[test]
fn bad_rows_of_an_array_are_left_out_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    let numbers = (0..300).map(|at| match at {
        17 | 18 | 290 => f32::INFINITY,
        at => at as f32,
    });
    fs::write(&path, npy("<f4", false, [60, 5], &floats(numbers))).expect("room");
    let bad = source(&path);
    let error = |memory| {
        let source = Source {
            memory,
            ..bad.clone()
        };
        load(&source).expect_err("row 4 is bad").to_string()
    };
    assert!(error(0).ends_with("row 4`: expected a finite number in column 3, found inf"));
    assert_eq!(error(0), error(usize::MAX));
    let skipping = Source {
        skip_bad: true,
        ..bad.clone()
    };
    let [_, stored] = check(&skipping, "two rows less");
    assert_eq!((stored.train.len(), stored.skipped.len()), (58, 2));
    assert_eq!(stored.train.row(3), 4);
}

#[test]
fn a_text_larger_than_memory_is_the_same_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.csv");
    let mut text = String::from("time,n,word,x,flag,constant\n");
    for row in 0..200 {
        let word = ["red", "green", "NA", "blue"][row % 4];
        let x = if row % 9 == 4 {
            String::new()
        } else {
            number(row).to_string()
        };
        text += &match row {
            50 | 120 => format!("{row},oops,{word},{x},yes,1\n"),
            _ => format!(
                "{row},{},{word},{x},{},1\n",
                row * row,
                ["yes", "no"][row % 2]
            ),
        };
    }
    fs::write(&path, text).expect("room");
    let skipping = Source {
        skip_bad: true,
        ..source(&path)
    };
    let mut named = skipping.clone();
    named.columns.index = Some("time".to_owned());
    let [_, stored] = check(&named, "named rows");
    // Words in the order that they come in, as in memory.
    assert_eq!(
        stored.train.columns(),
        [
            "n",
            "word=red",
            "word=green",
            "word=blue",
            "x",
            "flag",
            "constant"
        ]
    );
    let target = Source {
        target: Some(TargetColumn {
            column: "n".to_owned(),
            kind: TargetKind::Numbers,
        }),
        hold_out: HoldOut::Last(0.2),
        ..skipping.clone()
    };
    check(&target, "numbers to predict");
    let with_target = Source {
        target_is_input: true,
        ..target
    };
    check(&with_target, "a target that is an input");
    let labels = Source {
        label: Some("word".to_owned()),
        ..skipping
    };
    check(&labels, "classes, which some rows miss");
}

#[test]
fn rows_that_are_images_are_the_same_pixels() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    let numbers = (0..300).map(|at| (at % 17) as f32);
    fs::write(&path, npy("<f4", false, [50, 6], &floats(numbers))).expect("room");
    let images = |memory| {
        let source = Source {
            memory,
            shape: Some("2x3".parse().expect("a shape")),
            ..source(&path)
        };
        let loaded = load(&source).expect("images");
        (loaded.train.sha256().expect("there"), loaded.notes)
    };
    assert_eq!(images(0), images(usize::MAX));
}

#[test]
fn a_number_too_large_for_single_precision_is_told_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    let numbers = (0..60).map(|at| if at == 31 { 1e300 } else { f64::from(at) });
    let bytes: Vec<u8> = numbers.flat_map(f64::to_le_bytes).collect();
    fs::write(&path, npy("<f8", false, [20, 3], &bytes)).expect("room");
    let error = |memory| {
        let source = Source {
            memory,
            ..source(&path)
        };
        let train = load(&source).expect("finite").train;
        let scaling = Scaling::fit(&train, ScalingKind::None).expect("a table");
        scaling.apply(&train).expect_err("1e300").to_string()
    };
    assert!(error(0).contains("row 11, column `2`"), "{}", error(0));
    assert_eq!(error(0), error(usize::MAX));
}

/// Sums go by blocks of 4,096 rows, whatever the blocks that rows are read in: here there are three and a part, for all rows and for some.
#[test]
fn statistics_of_several_blocks_are_the_same_to_the_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.csv");
    let row = |row: usize| match row % 11 {
        3 => format!(",{},1e9\n", row as f64 / 3.0),
        _ => format!("{},-0,{}\n", (row as f64).sin(), 1e9 + row as f64 * 0.1),
    };
    let text = (0..3 * 4096 + 17).map(row).collect::<String>();
    fs::write(&path, format!("a,b,c\n{text}")).expect("a file");
    let both = [usize::MAX, 0].map(|memory| {
        let source = Source {
            memory,
            ..source(&path)
        };
        load(&source).expect("a table").train
    });
    let some: Vec<usize> = (0..both[0].len()).rev().step_by(2).collect();
    let chosen = both.each_ref().map(|samples| samples.select(&some));
    for [memory, stored] in [&both, &chosen] {
        assert!(memory.in_memory() && !stored.in_memory());
        for kind in ScalingKind::ALL {
            let [expected, found] =
                [memory, stored].map(|samples| Scaling::fit(samples, kind).expect("a table"));
            let bits = |numbers: &[f64]| numbers.iter().map(|of| of.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&found.shift), bits(&expected.shift), "{kind:?}");
            assert_eq!(bits(&found.scale), bits(&expected.scale), "{kind:?}");
            assert_eq!(found.knots, expected.knots, "{kind:?}");
        }
        let [expected, found] = [memory, stored].map(|samples| Fill::fit(samples).expect("one"));
        assert_eq!(found, expected);
    }
}

#[test]
fn no_room_says_what_may_be_done() {
    let error = Error::NoRoom {
        folder: Path::new("/tmp").to_owned(),
        source: std::io::Error::other("no space left"),
    };
    let message =
        "cannot write what memory shall not hold to a temporary file in `/tmp`: no space left";
    assert_eq!(error.to_string(), message);
    let hint = error.hint().expect("there is one");
    for word in ["TMPDIR", "--limit", "--device-memory"] {
        assert!(hint.contains(word), "{hint}");
    }
}

#[test]
fn a_header_tells_what_reading_all_tells() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut told = [0; 2];
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("readable").path();
        let Ok(loaded) = load(&source(&path)) else {
            continue;
        };
        let is_table = loaded.train.is_table();
        let name = path.display().to_string();
        assert_eq!(crate::is_table(&name), is_table, "{name}");
        told[usize::from(is_table)] += 1;
    }
    assert!(told[0] > 3 && told[1] > 0, "{told:?}");
    for (name, is_table) in [
        ("satimage", true),
        ("fashion", false),
        ("-", true),
        ("nowhere.csv", true),
        ("nowhere.npy", false),
        ("nowhere", false),
    ] {
        assert_eq!(crate::is_table(name), is_table, "{name}");
    }
}

#[test]
fn an_array_that_cannot_be_learned_from_is_a_table_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    let numbers = [f32::NAN, f32::INFINITY, 0.0, 1.0].into_iter();
    fs::write(&path, npy("<f4", false, [2, 2], &floats(numbers))).expect("room");
    assert!(load(&source(&path)).is_err());
    assert!(crate::is_table(&path.display().to_string()));
}

/// The source with a limit, whose samples lie in memory or in a store.
fn limited(source: &Source, limit: usize, memory: usize) -> Result<Loaded, Error> {
    let mut source = source.clone();
    source.selection.limit = Some(limit);
    load(&Source { memory, ..source })
}

/// What a limit draws of an array of which nothing else is read is what it draws of one that was read whole.
#[test]
fn a_limit_draws_the_same_rows_whether_all_of_them_are_read_or_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    let numbers = (0..600).map(|at| if at % 5 == 3 { f64::NAN } else { number(at) });
    let bytes: Vec<u8> = numbers.flat_map(f64::to_le_bytes).collect();
    fs::write(&path, npy("<f8", false, [120, 5], &bytes)).expect("room");
    for hold_out in [
        HoldOut::Official,
        HoldOut::Fraction(0.25),
        HoldOut::Last(0.5),
    ] {
        let source = Source {
            hold_out,
            ..source(&path)
        };
        let whole = load(&source).expect("a table");
        for memory in [usize::MAX, 600, 0] {
            let found = limited(&source, 20, memory).expect("a table");
            let expected = whole.train.drawn(20, source.seed);
            assert_eq!(
                found.train.columns(),
                ["1", "2", "3", "5"],
                "a column without a number is none"
            );
            assert_eq!(found.train.in_memory(), memory > 600);
            let all: Vec<usize> = (0..20).collect();
            assert_eq!(bits(&found.train, &all), bits(&expected, &all));
            assert_eq!(column_bits(&found.train), column_bits(&expected));
            let rows =
                |samples: &Samples| all.iter().map(|at| samples.row(*at)).collect::<Vec<_>>();
            assert_eq!(rows(&found.train), rows(&expected));
            assert_eq!(found.train.has_missing(), expected.has_missing());
            assert_eq!(
                found.test.map(|test| test.sha256().expect("there")),
                whole
                    .test
                    .as_ref()
                    .map(|test| test.drawn(20, source.seed).sha256().expect("there"))
            );
            // What is said of the columns is said of these rows.
            let missing = |at: usize| expected.column(at).filter(|number| number.is_nan()).count();
            assert_eq!(found.columns[0].missing, missing(0));
            assert_eq!(
                (found.columns[3].missing, found.columns[3].range),
                (20, None)
            );
            assert_eq!(found.notes[0], "left out, without a known cell: `4`");
        }
    }
}

#[test]
fn a_bad_row_is_told_where_it_is_drawn_or_all_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.npy");
    let write = |bad: usize| {
        let numbers = (0..600).map(|at| {
            if at / 5 == bad {
                f32::INFINITY
            } else {
                at as f32
            }
        });
        fs::write(&path, npy("<f4", false, [120, 5], &floats(numbers))).expect("room");
    };
    write(usize::MAX);
    let drawn = limited(&source(&path), 20, 0).expect("all good").train;
    let drawn: Vec<usize> = (0..drawn.len()).map(|at| drawn.row(at) as usize).collect();
    let other = (0..120)
        .find(|row| !drawn.contains(row))
        .expect("a hundred");
    let labelled = Source {
        label: Some("2".to_owned()),
        ..source(&path)
    };
    for memory in [usize::MAX, 0] {
        write(drawn[7]);
        let error = limited(&source(&path), 20, memory)
            .expect_err("it is drawn")
            .to_string();
        let expected = format!(
            "row {}`: expected a finite number in column 1, found inf",
            drawn[7] + 1
        );
        assert!(error.ends_with(&expected), "{error}");
        write(other);
        assert!(
            limited(&source(&path), 20, memory).is_ok(),
            "nobody looks at it"
        );
        for whole in [
            limited(&source(&path), 120, memory),
            limited(&labelled, 20, memory),
        ] {
            let error = whole.expect_err("all are read").to_string();
            assert!(error.contains(&format!("row {}`", other + 1)), "{error}");
        }
        let skipping = Source {
            skip_bad: true,
            ..source(&path)
        };
        let loaded = limited(&skipping, 20, memory).expect("one row less");
        assert_eq!(loaded.skipped.len(), 1);
    }
}
