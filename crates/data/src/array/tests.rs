//! Elements of every type in every layout, in memory and in a file, against a reading of one element after another.

use std::fs::File;
use std::io::Write;

use super::*;
use crate::test_random::random;

/// The element that is written in these bytes.
fn value(element: Element, bytes: &[u8]) -> f64 {
    let mut little = [0; 8];
    little[..element.size].copy_from_slice(bytes);
    if element.big_endian {
        little[..element.size].reverse();
    }
    let bits = u64::from_le_bytes(little);
    let unused = 64 - 8 * element.size as u32;
    match (element.kind, element.size) {
        (Kind::Bool | Kind::Unsigned, _) => bits as f64,
        (Kind::Signed, _) => ((bits << unused) as i64 >> unused) as f64,
        (Kind::Brain, _) => f64::from(f32::from_bits((bits as u32) << 16)),
        (Kind::Float, 2) => half(bits as u16),
        (Kind::Float, 4) => f64::from(f32::from_bits(bits as u32)),
        (Kind::Float, _) => f64::from_bits(bits),
    }
}

fn elements() -> Vec<Element> {
    let of = |kind, sizes: &[usize]| {
        let both = |&size: &usize| [false, true].map(|big_endian| (size, big_endian));
        let element = |(size, big_endian)| Element {
            kind,
            size,
            big_endian,
        };
        sizes.iter().flat_map(both).map(element).collect::<Vec<_>>()
    };
    [
        of(Kind::Bool, &[1]),
        of(Kind::Unsigned, &[1, 2, 4, 8]),
        of(Kind::Signed, &[1, 2, 4, 8]),
        of(Kind::Float, &[2, 4, 8]),
        of(Kind::Brain, &[2]),
    ]
    .concat()
}

/// All places of these axes, the last running fastest, as the number of an element in the file.
fn places(shape: &[usize], is_fortran: bool, axes: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in 0..shape.len() {
        let faster = if is_fortran {
            &shape[..axis]
        } else {
            &shape[axis + 1..]
        };
        strides[axis] = faster.iter().product();
    }
    let mut places = vec![0];
    for &axis in axes {
        let more = |place: usize| (0..shape[axis]).map(move |at| (place, at));
        let stride = strides[axis];
        let all = places.into_iter().flat_map(more);
        places = all.map(|(place, at)| place + at * stride).collect();
    }
    places
}

fn check(element: Element, shape: &[usize], is_fortran: bool, axes: &[usize], is_in_file: bool) {
    let count: usize = shape.iter().product();
    let mut random = random();
    let bytes = (0..count * element.size).map(|_| random(256) as u8);
    let bytes: Vec<u8> = bytes.collect();
    let offset = 5;
    let whole = [&[7; 5][..], &bytes].concat();
    let store = if is_in_file {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&whole).expect("room");
        let open = File::open(file.path()).expect("it is there");
        Store::given(open, file.path(), 2, whole.len() as u64 - 2).expect("it is as long")
    } else {
        Store::Memory(whole[2..].to_vec())
    };
    let store = (store, offset - 2);
    let array = Array::new("a".to_owned(), element, shape.to_vec(), is_fortran, store);
    let array = array.expect("as many bytes as the shape says");
    let expected = places(shape, is_fortran, axes).into_iter();
    let expected = expected.map(|at| value(element, &bytes[at * element.size..][..element.size]));
    let (mut found, mut blocks) = (Vec::new(), 0);
    array
        .blocks(axes, &mut |block| {
            found.extend_from_slice(block);
            blocks += 1;
            Ok(true)
        })
        .expect("it is there");
    let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
    assert_eq!(
        bits(found),
        bits(expected.collect()),
        "{element:?} {shape:?} {is_fortran} {axes:?} {is_in_file}"
    );
    let is_one = shape.first().is_none_or(|&samples| samples == 1);
    assert!(blocks > 1 || is_one || count * element.size < 128);
}

#[test]
fn every_type_in_every_layout_is_read_as_one_element_after_another() {
    let cases: [(&[usize], &[usize]); 8] = [
        (&[], &[]),
        (&[40], &[0]),
        (&[1, 50], &[0, 1]),
        (&[50, 1], &[0, 1]),
        (&[23, 7], &[0, 1]),
        (&[9, 5, 4], &[0, 2, 1]),
        (&[11, 3, 4, 3], &[0, 3, 1, 2]),
        (&[11, 3, 4, 2], &[0, 1, 2, 3]),
    ];
    for element in elements() {
        for (shape, axes) in cases {
            for is_fortran in [false, true] {
                check(element, shape, is_fortran, axes, false);
                check(element, shape, is_fortran, axes, true);
            }
        }
    }
}

#[test]
fn a_block_may_be_the_last() {
    let element = Element::little(Kind::Unsigned, 1);
    let store = (Store::Memory((0..200).collect()), 0);
    let array = Array::new("a".to_owned(), element, vec![200], false, store).expect("200 bytes");
    let mut seen = 0;
    let all = array.byte_blocks(&[0], &mut |block| {
        seen += block.len();
        Ok(seen < 100)
    });
    all.expect("in memory");
    assert_eq!(seen, 128);
}

#[test]
fn a_file_that_is_written_to_meanwhile_is_told() {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&[1; 100]).expect("room");
    let open = || File::open(file.path()).expect("it is there");
    assert!(Store::given(open(), file.path(), 50, 51).is_err());
    let store = Store::given(open(), file.path(), 50, 50).expect("it is as long");
    store.check().expect("as it was");
    file.write_all(&[2]).expect("room");
    let error = store.check().expect_err("it is longer");
    let message = "expected the file as it was when it was opened (it is read while it is used), found one written to since";
    assert!(error.to_string().ends_with(message), "{error}");
}
