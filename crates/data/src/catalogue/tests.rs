use std::path::PathBuf;

use super::*;
use crate::Selection;
use crate::source::{ColumnChoice, TargetColumn, TargetKind};

#[test]
fn each_built_in_set_is_as_listed() {
    for set in names().iter().filter(|set| set.folder.is_none()) {
        let Loaded { train, test, .. } = load(&Source::named(set.name)).expect("built in");
        assert_eq!(train.name(), set.name);
        assert_eq!((train.len(), test.is_none()), (set.train, set.test == 0));
        assert_eq!(train.shape(), set.shape, "{}", set.name);
    }
}

#[test]
fn a_second_name_is_that_of_the_same_set() {
    let source = Source {
        directory: Some(PathBuf::from("/nowhere")),
        ..Source::named("fashion-mnist")
    };
    let error = load(&source).expect_err("it is not there").to_string();
    assert!(error.starts_with("`fashion` is not in "), "{error}");
}

#[test]
fn a_set_with_a_test_part_is_not_split() {
    for (hold_out, field, found) in [
        (HoldOut::Fraction(0.2), "test_fraction", "0.2"),
        (HoldOut::Fold { index: 1, of: 5 }, "folds", "5"),
    ] {
        let source = Source {
            hold_out,
            ..Source::named("fonts")
        };
        let train = parts(&source).expect("built in").train;
        let test = Some(train.clone());
        let error = split_off(&source, (train, test)).expect_err("it has one");
        let message = format!(
            "`{field}` of `fonts`: expected none, for the set has a test part of its own, found {found}"
        );
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn each_fold_holds_out_its_part_of_every_class() {
    let of_fold = |index| {
        let source = Source {
            hold_out: HoldOut::Fold { index, of: 4 },
            ..Source::named("fonts:all")
        };
        let Loaded { train, test, .. } = load(&source).expect("it splits");
        let test = test.expect("a fold is held out");
        assert_eq!(train.class_counts(), [24, 24, 24]);
        assert_eq!(test.class_counts(), [8, 8, 8]);
        (0..24).map(move |at| (test.label(at), test.caption(at).to_owned()))
    };
    let all: std::collections::BTreeSet<_> = (1..=4).flat_map(of_fold).collect();
    assert_eq!(all.len(), 96);
}

#[test]
fn a_test_part_is_split_off_before_first_and_limit() {
    let source = Source {
        selection: Selection {
            first: Some(20),
            limit: Some(15),
            ..Selection::default()
        },
        hold_out: HoldOut::Fraction(0.25),
        ..Source::named("fonts:all")
    };
    let loaded = load(&source).expect("there are enough");
    let sizes = |loaded: &Loaded| (loaded.train.len(), loaded.test.as_ref().map(Samples::len));
    assert_eq!(sizes(&loaded), (15, Some(15)));
    let whole = Source {
        selection: Selection::default(),
        ..source
    };
    assert_eq!(sizes(&load(&whole).expect("it splits")), (72, Some(24)));
}

/// What this kind of set cannot do is refused, not left out in silence.
#[test]
fn misplaced_options_are_refused() {
    let fonts = || Source::named("fonts");
    let zero = Selection {
        limit: Some(0),
        ..Selection::default()
    };
    let subject = Selection {
        subject: Some("1".to_owned()),
        ..Selection::default()
    };
    for (source, message) in [
        (
            Source {
                size: Some([14, 10]),
                ..fonts()
            },
            "`size` of `fonts`: expected a set of grey or colour images, found 14x10",
        ),
        (
            Source {
                size: Some([0, 10]),
                ..Source::named("mnist")
            },
            "`size` of `mnist`: expected 1 to 4096 pixels each way, found 0x10",
        ),
        (
            Source {
                words: Some(500),
                ..fonts()
            },
            "`words` of `fonts`: expected the set `imdb`, or other texts, found 500",
        ),
        (
            Source {
                grey: true,
                ..Source::named("satimage")
            },
            "`grey` of `satimage`: expected a set of images, found a table",
        ),
        (
            Source {
                label: Some("x".to_owned()),
                ..fonts()
            },
            "`label` of `fonts`: expected a `.csv`, `.arff`, `.parquet`, `.npy` or `.npz` file, found `x`",
        ),
        (
            Source {
                target: Some(TargetColumn {
                    column: "x".to_owned(),
                    kind: TargetKind::Classes,
                }),
                ..fonts()
            },
            "`target` of `fonts`: expected none, for the classes come from the set itself; `target` is for a `.csv`, \
             `.arff`, `.parquet`, `.npy` or `.npz` file, found `x`",
        ),
        (
            Source {
                selection: zero,
                ..fonts()
            },
            "`limit` of `fonts`: expected at least 1 sample, found 0",
        ),
        (
            Source {
                selection: subject,
                ..fonts()
            },
            "`subject` of `fonts`: expected the set `yale`, found `1`",
        ),
        (
            Source {
                grey: true,
                ..Source::named("lorenz")
            },
            "`grey` of `lorenz`: expected a set of images, found a table",
        ),
        (
            Source {
                columns: ColumnChoice {
                    drop: vec!["sensor1".to_owned()],
                    ..ColumnChoice::default()
                },
                ..Source::named("lorenz")
            },
            "`drop` of `lorenz`: expected a table with columns, found `sensor1`",
        ),
    ] {
        let error = load(&source).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
}
