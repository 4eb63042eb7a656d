use super::*;
use crate::Samples;
use crate::source::{TargetColumn, TargetKind};

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
        let file = std::io::Cursor::new(file);
        return archive(source, Path::new("a.npz"), file, named_arrays::load);
    }
    alone(source, parse("a.npy".to_owned(), file)?)
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
        "`a.npz: x: row 2`: expected a number in column `y`, found a missing cell"
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
    let skipped = "a.npz: x: row 2: expected a number in column `y`, found a missing cell";
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
        let file = npy("|u1", shape, &[10, 20, 30, 40, 50, 160]);
        let train = load(file, None, false).expect(shape).train;
        assert_eq!(train.shape().to_string(), expected, "{shape}");
        assert_eq!(train.pixels(0).expect("in memory"), pixels, "{shape}");
        assert_eq!(train.levels(), 255);
    };
    check("(1, 2, 3)", "1x2x3", [10, 20, 30, 40, 50, 160]);
    check("(1, 2, 1, 3)", "3x2x1", [10, 40, 20, 50, 30, 160]);
    check("(1, 3, 1, 2)", "3x1x2", [10, 20, 30, 40, 50, 160]);
    check("(1, 6, 1, 1)", "1x6x1", [10, 20, 30, 40, 50, 160]);
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
            npy("<f4", "(1, 1, 1)", &f32::INFINITY.to_le_bytes()),
            "`a.npy: image 1`: expected finite pixels, found inf",
        ),
        (
            npy("<f4", "(1, 1)", &f32::NAN.to_le_bytes()),
            "`a.npy`: expected a column with a known number or word, found none",
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
    let numbers: Vec<_> = [1.0f32, 2.0, f32::INFINITY, 4.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let parts = load(npy("<f4", "(2, 2)", &numbers), None, true).expect("one is good");
    assert_eq!(values(&parts.train), [1.0, 2.0]);
    assert_eq!(
        parts.skipped,
        ["a.npy: row 2: expected a finite number in column 1, found inf"]
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
    for round in 0..8_000 {
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
