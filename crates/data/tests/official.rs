//! The official files of the data sets, where `ESPEJO_DATA` names a folder that has them; otherwise these tests say so and pass.
//!
//! The sums are those of NumPy and Pillow over the same files, in the form that `Samples::sha256` documents.

use espejo_data::{Error, HoldOut, Loaded, Samples, Selection, Source, load};

/// A set, if its files are here.
fn found(source: &Source) -> Option<Loaded> {
    if std::env::var_os("ESPEJO_DATA").is_none() {
        eprintln!("`ESPEJO_DATA` is not set: `{}` is not tested", source.name);
        return None;
    }
    match load(source) {
        Err(Error::Missing { .. }) => {
            eprintln!("`{}` is not here and not tested", source.name);
            None
        }
        loaded => Some(loaded.expect("the files are whole")),
    }
}

fn histogram(samples: &Samples) -> Vec<usize> {
    let mut counts = vec![0; samples.classes().len()];
    for index in 0..samples.len() {
        counts[samples.label(index).expect("the set has classes")] += 1;
    }
    counts
}

/// The mean pixel, 0 to 1.
fn mean(samples: &Samples) -> f64 {
    let mut sum = 0;
    for index in 0..samples.len() {
        let pixels = samples.pixels(index).expect("they can be read");
        sum += pixels.iter().map(|&pixel| u64::from(pixel)).sum::<u64>();
    }
    sum as f64 / 255.0 / (samples.len() * samples.shape().pixels()) as f64
}

fn check(samples: &Samples, counts: &[usize], mean_pixel: f64, sha256: &str) {
    let name = samples.name();
    assert_eq!(histogram(samples), counts, "{name}");
    let mean = mean(samples);
    assert!((mean - mean_pixel).abs() < 5e-5, "{name}: {mean}");
    assert_eq!(
        samples.sha256().expect("they can be read"),
        sha256,
        "{name}"
    );
}

fn check_both(source: &Source, train: (&[usize], f64, &str), test: (&[usize], f64, &str)) {
    if let Some(loaded) = found(source) {
        check(&loaded.train, train.0, train.1, train.2);
        let part = loaded.test.expect("the set has a test part");
        check(&part, test.0, test.1, test.2);
    }
}

#[test]
fn fashion() {
    check_both(
        &Source::named("fashion"),
        (
            &[6000; 10],
            0.2860,
            "2490eeb3a3ee4afc3808363bd1e7014504c93e1d89b6412e4395028d86bb8728",
        ),
        (
            &[1000; 10],
            0.2868,
            "270c83387c811c7cdb9016bd3d796bbb43e6e525e6ce64711afc6a38437e5058",
        ),
    );
}

#[test]
fn mnist() {
    let train = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    let test = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    check_both(
        &Source::named("mnist"),
        (
            &train,
            0.1307,
            "d894806b172214584aba3df9d94921b72cf078d0e4fa578eb9ec147de98fcd40",
        ),
        (
            &test,
            0.1325,
            "0e3fff3a32e0bba9342778a2719e08183dd5a0dde6424b3b62555d78c0a40d47",
        ),
    );
}

/// The transposed files are upright here, also when they do not fit into memory.
#[test]
fn emnist_letters() {
    for memory in [1 << 30, 50 << 20] {
        let source = Source {
            memory,
            ..Source::named("emnist-letters")
        };
        check_both(
            &source,
            (
                &[4800; 26],
                0.1722,
                "0cc1fba5a7bc906158ebe9a157beb9ec76efe55969c67ae219eaae968eecda63",
            ),
            (
                &[800; 26],
                0.1722,
                "b84ea09117949efba4f8ecfbd25c06bbfdcbc32069e58a892f6db850b7447902",
            ),
        );
    }
}

const CIFAR_TRAIN: [usize; 10] = [1005, 974, 1032, 1016, 999, 937, 1030, 1001, 1025, 981];
const CIFAR_TEST: [usize; 10] = [103, 89, 100, 103, 90, 86, 112, 102, 106, 109];

/// The first training file and the first 1,000 test images.
#[test]
fn cifar10() {
    let source = Source::named("cifar10");
    let grey = Source {
        grey: true,
        ..source.clone()
    };
    let is_part = |loaded: Loaded| {
        loaded.train.len() == 10_000 && loaded.test.is_some_and(|test| test.len() == 1000)
    };
    if !found(&source).is_some_and(is_part) {
        return;
    }
    check_both(
        &source,
        (
            &CIFAR_TRAIN,
            0.4747,
            "4b27e37f8ea0a8e6b29700a98c7e2b9b2b392bf8d483ddf939185edb8d4126b4",
        ),
        (
            &CIFAR_TEST,
            0.4781,
            "ddaac9acc4f988113613b00ae07b6db1136b78cab69843ddc4ceb62df51c1cae",
        ),
    );
    check_both(
        &grey,
        (
            &CIFAR_TRAIN,
            0.4823,
            "2a32765c27aba3b7058fd91a99ebd6c932b442b679f4c4bfe7ba0245a7b5d71b",
        ),
        (
            &CIFAR_TEST,
            0.4856,
            "745065d434e3c4975fa3bd0d5b175a7c7a0920e99613c071ad93ae0f7f3553eb",
        ),
    );
}

/// The sums are those of a script in Python that splits the texts with a regular expression and counts with `collections.Counter`.
#[test]
fn imdb() {
    let Some(Loaded { train, test, .. }) = found(&Source::named("imdb")) else {
        return;
    };
    let test = test.expect("the set has a test part");
    let words = train.columns();
    assert_eq!(words[..5], ["the", "and", "a", "of", "to"]);
    assert_eq!(words[997..], ["various", "portrayed", "co"]);
    for (part, ones, sum) in [
        (
            &train,
            2_305_029.0,
            "113227663d2f57f066b0b49c5d095fd947669275d4f0eb9d1472b0df9f00b448",
        ),
        (
            &test,
            2_268_005.0,
            "07cc9974571f4f434b3098ba86969085cdd379584a653799be3881cf38f4a8a9",
        ),
    ] {
        assert_eq!(histogram(part), [12_500; 2]);
        let found: f64 = (0..1000).map(|word| part.column(word).sum::<f64>()).sum();
        assert_eq!(found, ones);
        assert_eq!(part.sha256().expect("they can be read"), sum);
    }
    assert_eq!(train.row_name(0), Some("train/neg/0_3"));
    assert_eq!(
        (test.row(0), test.row_name(0)),
        (25_000, Some("test/neg/0_2"))
    );
}

#[test]
fn yale() {
    let source = Source::named("yale");
    let Some(Loaded { train, test, .. }) = found(&source) else {
        return;
    };
    assert_eq!((train.len(), test.is_none()), (165, true));
    assert_eq!(train.caption(0), "subject01.centerlight");
    let sum = "33150cd98edb87945f33c352992f7a202eb953fc2f32c8c748e9db4c1cba8d9d";
    check(&train, &[15; 11], 0.6966, sum);
    let of_one = |subject: &str| {
        let selection = Selection {
            subject: Some(subject.to_owned()),
            ..Selection::default()
        };
        let source = Source {
            selection,
            size: Some([50, 37]),
            ..source.clone()
        };
        load(&source).expect("all subjects are there").train
    };
    let one = of_one("15");
    assert_eq!((one.len(), one.caption(10)), (11, "wink"));
    assert_eq!(one.shape().to_string(), "1x50x37");
    assert_eq!(one.sha256().ok(), of_one("subject15").sha256().ok());
}

/// A fifth of the faces, three of each expression.
#[test]
fn yale_split() {
    let source = Source {
        hold_out: HoldOut::Fraction(0.2),
        ..Source::named("yale")
    };
    if let Some(loaded) = found(&source) {
        assert_eq!(histogram(&loaded.train), [12; 11]);
        assert_eq!(histogram(&loaded.test.expect("it was split off")), [3; 11]);
    }
}
