use super::*;
use crate::{Source, load};

/// Two images of two grey pixels, without labels.
fn grey(name: &str) -> Samples {
    let shape = Shape {
        channels: 1,
        height: 2,
        width: 1,
    };
    let facts = Facts {
        name: name.to_owned(),
        captions: vec!["left".to_owned(), "right".to_owned()],
        ..Facts::default()
    };
    Samples::pictures(facts, shape, 255, vec![0, 7, 255, 9]).expect("the parts fit")
}

fn fonts(name: &str) -> Samples {
    load(&Source::named(name)).expect("built in").train
}

fn pixels(images: &Samples, index: usize) -> Vec<u8> {
    images.pixels(index).expect("in memory")
}

fn check_sha256(images: &Samples, expected: &str) {
    assert_eq!(
        images.sha256().expect("in memory"),
        expected,
        "{}",
        images.name()
    );
}

#[test]
fn truth_values_are_a_table() -> Result<(), Error> {
    let columns = || ["a", "b"].map(str::to_owned).to_vec();
    let flags = Samples::flags(Facts::default(), columns(), vec![0, 1, 1, 1, 0, 0])?;
    let numbers = vec![vec![0.0, 1.0, 0.0], vec![1.0, 1.0, 0.0]];
    let table = Samples::table(Facts::default(), columns(), numbers)?;
    assert_eq!(flags.sha256()?, table.sha256()?);
    assert_eq!(
        (flags.len(), flags.is_table(), flags.two_valued()),
        (3, true, false)
    );
    assert_eq!(flags.column(1).collect::<Vec<_>>(), [1.0, 1.0, 0.0]);
    let permuted = flags.permuted([1, 0].into())?;
    let mut row = Vec::new();
    permuted.read([0], 0.0, &mut row)?;
    assert_eq!(row, [1.0, 0.0]);
    for (cells, message) in [
        (
            vec![0, 2],
            "expected truth values, 0 or 1, found 2 in row 1, column `b`",
        ),
        (vec![0, 1, 1], "found 3 values for 2 columns"),
        (Vec::new(), "found 0 values for 2 columns"),
    ] {
        let error = Samples::flags(Facts::default(), columns(), cells).expect_err(message);
        assert!(error.to_string().ends_with(message), "{error}");
    }
    Ok(())
}

#[test]
fn parts_come_out_as_they_went_in() {
    let images = grey("mine");
    assert_eq!((images.name(), images.len()), ("mine", 2));
    assert_eq!((images.levels(), images.two_valued()), (255, false));
    assert_eq!(
        (pixels(&images, 0), pixels(&images, 1)),
        (vec![0, 7], vec![255, 9])
    );
    assert_eq!((images.caption(1), images.label(1)), ("right", None));
    assert_eq!(
        (images.position("right"), images.position("up")),
        (Some(1), None)
    );
}

#[test]
fn select_keeps_pixels_captions_and_labels_together() {
    let all = fonts("fonts:all");
    let some = all.select(&[95, 33, 95]);
    assert_eq!(some.len(), 3);
    assert_eq!((some.caption(0), some.caption(1)), ("DEL", "A"));
    assert_eq!((some.label(0), some.label(1)), (Some(2), Some(1)));
    assert_eq!(pixels(&some, 2), [1; 35]);
    assert_eq!(some.classes(), all.classes());
    assert!(all.select(&[]).is_empty() && !all.is_empty());
}

// The sums are those of Python's hashlib over the same bytes.
#[test]
fn sha256_is_of_the_pictures_and_stays() {
    check_sha256(
        &fonts("fonts"),
        "1cad475ee5b6b816277d369175799a647640df53aaaf8d12a5a883a68279c883",
    );
    check_sha256(
        &fonts("fonts:1"),
        "62cba1b78ad84c1ef03bba8d5cb82ddcf3ac3f692d3cfc2f1b6bcf912d6c0b98",
    );
    check_sha256(
        &fonts("fonts:2"),
        "1cad475ee5b6b816277d369175799a647640df53aaaf8d12a5a883a68279c883",
    );
    check_sha256(
        &fonts("fonts:3"),
        "935cd235f67cb6a9e3ab46d597a0f08990474da62d238f4af8064ce4c2765fb2",
    );
    check_sha256(
        &fonts("fonts:all"),
        "4a3e0997454bc05be10aa5edb3c921799cba0a471c7c0a2c5b02240ff2044d48",
    );
    check_sha256(
        &grey("mine"),
        "517136c03f01d0bc42515c6166cd6e47cd23f144b2632f116391ee6b70524bda",
    );
    check_sha256(
        &grey("yours"),
        "517136c03f01d0bc42515c6166cd6e47cd23f144b2632f116391ee6b70524bda",
    );
}

#[test]
fn a_shape_too_large_to_count_fits_no_pixels() {
    let shape = Shape {
        channels: 3,
        height: usize::MAX,
        width: 2,
    };
    assert_eq!(shape.pixels(), usize::MAX);
    let images = Samples::pictures(Facts::default(), shape, 1, vec![0]);
    assert!(images.is_err());
}

#[test]
fn pixels_become_numbers_up_to_one() {
    let images = grey("mine");
    let mut numbers = Vec::new();
    images.read([1, 0], 0.0, &mut numbers).expect("in memory");
    check_close(&numbers, &[1.0, 9.0 / 255.0, 0.0, 7.0 / 255.0]);
    numbers.clear();
    let second = images.select(&[1]);
    second.read([0], -1.0, &mut numbers).expect("in memory");
    check_close(&numbers, &[1.0, 18.0 / 255.0 - 1.0]);
}

fn check_close(numbers: &[f32], expected: &[f32]) {
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
    assert_eq!(numbers.len(), expected.len());
    assert!(numbers.iter().zip(expected).all(close), "{numbers:?}");
}

#[test]
fn without_captions_samples_are_called_by_their_class_or_number() {
    let shape = Shape {
        channels: 1,
        height: 1,
        width: 1,
    };
    let captions = |labels: &[u16]| {
        let facts = Facts {
            labels: labels.to_vec(),
            classes: vec!["cat".to_owned(), "dog".to_owned()],
            ..Facts::default()
        };
        let images = Samples::pictures(facts, shape, 1, vec![0, 1]).expect("the parts fit");
        [0, 1].map(|index| images.caption(index).to_owned())
    };
    assert_eq!(captions(&[1, 0]), ["dog", "cat"]);
    assert_eq!(captions(&[]), ["0", "1"]);
}

#[test]
fn a_table_keeps_its_numbers() {
    let facts = Facts {
        name: "mine".to_owned(),
        ..Facts::default()
    };
    let columns = vec!["a".to_owned(), "b".to_owned()];
    let table = |numbers| Samples::table(facts.clone(), columns.clone(), numbers);
    let rows = table(vec![vec![1.0, 3.5], vec![-2.0, 0.0]]).expect("two rows");
    assert_eq!(
        (rows.len(), rows.is_table(), rows.two_valued()),
        (2, true, false)
    );
    assert_eq!(
        (rows.shape().to_string(), rows.columns()),
        ("1x1x2".to_owned(), &columns[..])
    );
    let mut numbers = Vec::new();
    let scaled = rows.select(&[1]).with_scaled(vec![7.0, 8.0]);
    scaled.read([0], 0.0, &mut numbers).expect("in memory");
    rows.read([1], 0.0, &mut numbers).expect("in memory");
    assert_eq!(numbers, [7.0, 8.0, 3.5, 0.0]);
    assert!(table(vec![vec![1.0, 2.0], vec![3.0]]).is_err());
    assert!(table(vec![vec![1.0]]).is_err());
    assert!(
        table(vec![vec![1.0], vec![f64::NAN]])
            .expect("a hole")
            .has_missing()
    );
    let error = table(vec![vec![1.0], vec![f64::INFINITY]]).expect_err("not finite");
    let message = "`mine`: expected finite numbers, found inf in row 1, column `b`";
    assert_eq!(error.to_string(), message);
}
