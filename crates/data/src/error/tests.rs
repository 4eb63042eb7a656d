//! Messages and hints, word by word.

use super::*;
use crate::{Facts, Loaded, Samples, Selection, Shape, Source, fonts, load};

const CAPITALS: &str = r"@ A B C D E F G H I J K L M N O P Q R S T U V W X Y Z [ \ ] ^ _";
const NAMES: &str = "`fonts`, `fonts:1`, `fonts:2`, `fonts:3`, `fonts:all`, `lorenz`, `logistic-map`, `mnist`, `fashion`, `emnist-letters`, \
    `emnist-balanced`, `emnist-byclass`, `emnist-bymerge`, `emnist-digits`, `emnist-mnist`, `yale`, `cifar10`, `cifar100`, `stl10`, \
    `satimage`, `boston`, `pima`, `imdb`, a folder of images, or a `.csv`, `.arff`, `.parquet`, `.npy` or `.npz` file";

fn check<T: std::fmt::Debug>(result: Result<T, Error>, message: &str, hint: Option<&str>) {
    let error = result.expect_err(message);
    assert_eq!(error.to_string(), message);
    assert_eq!(error.hint().as_deref(), hint, "{message}");
}

fn letters(letters: &str) -> Selection {
    Selection {
        letters: Some(letters.to_owned()),
        ..Selection::default()
    }
}

fn part(first: Option<usize>, fraction: Option<f64>) -> Selection {
    Selection {
        first,
        fraction,
        ..Selection::default()
    }
}

fn take(name: &str, selection: Selection) -> Result<Loaded, Error> {
    load(&Source {
        selection,
        ..Source::named(name)
    })
}

#[test]
fn unknown_names_list_the_known_and_suggest_the_nearest() {
    for (name, hint) in [
        ("font", "did you mean `fonts`?"),
        ("FONTS", "did you mean `fonts`?"),
        ("font1", "did you mean `fonts:1`?"),
        ("Font3", "did you mean `fonts:3`?"),
        ("fonts-all", "did you mean `fonts:all`?"),
        ("fonts:4", "did you mean `fonts`?"),
        ("", "`espejo data list` shows what each data set holds"),
        ("fashoin", "did you mean `fashion`?"),
        ("cifar", "did you mean `cifar10`?"),
        ("yalefaces", "did you mean `yale`?"),
        ("cats", "`espejo data list` shows what each data set holds"),
    ] {
        check(
            load(&Source::named(name)),
            &format!("no data set `{name}`: expected {NAMES}"),
            Some(hint),
        );
    }
}

#[test]
fn a_way_to_nowhere_is_no_unknown_name() {
    let message = "cannot read `no/such.csv`: there is no such file or folder";
    check(
        load(&Source::named("no/such.csv")),
        message,
        Some("there is no folder `no` either"),
    );
    let refused = |name: &str| load(&Source::named(name)).expect_err(name).to_string();
    assert_eq!(
        refused("absent.csv"),
        "cannot read `absent.csv`: there is no such file or folder"
    );
    assert_eq!(
        refused("absent.npz:images"),
        "cannot read `absent.npz:images`: there is no such file or folder"
    );
}

#[test]
fn refused_selections_say_what_is_accepted() {
    let fraction_hint = Some("`first` takes a number of samples, `fraction` a part of them");
    for (set, selection, message, hint) in [
        (
            "fonts",
            letters("Ab"),
            format!("no glyph `b` in `fonts`, which has {CAPITALS}"),
            Some("`fonts:all` has every letter of `Ab`"),
        ),
        (
            "fonts:2",
            letters("abc"),
            format!("no glyph `a` in `fonts:2`, which has {CAPITALS}"),
            Some("`fonts:3` has every letter of `abc`"),
        ),
        (
            "fonts",
            letters("A B"),
            format!("no glyph `SPACE` in `fonts`, which has {CAPITALS}"),
            Some("`fonts:all` has every letter of `A B`"),
        ),
        (
            "fonts",
            letters("Ñ"),
            format!("no glyph `Ñ` in `fonts`, which has {CAPITALS}"),
            None,
        ),
        (
            "fonts",
            letters("\n"),
            format!(r"no glyph `\n` in `fonts`, which has {CAPITALS}"),
            None,
        ),
        (
            "fonts",
            letters("ABA"),
            "`letters` of `fonts`: expected each letter once, found `A` again in `ABA`".into(),
            None,
        ),
        (
            "fonts",
            letters(""),
            "`letters` of `fonts`: expected at least one letter, found none".into(),
            None,
        ),
        (
            "fonts:all",
            part(Some(0), None),
            "`first` of `fonts:all`: expected 1 to 96 samples, found 0".into(),
            None,
        ),
        (
            "fonts",
            part(Some(33), None),
            "`first` of `fonts`: expected 1 to 32 samples, found 33".into(),
            None,
        ),
        (
            "fonts",
            Selection {
                first: Some(3),
                ..letters("AB")
            },
            "`first` of `fonts`: expected 1 to 2 samples, found 3".into(),
            None,
        ),
        (
            "fonts",
            part(None, Some(0.0)),
            "`fraction` of `fonts`: expected a number above 0 and up to 1, found 0".into(),
            fraction_hint,
        ),
        (
            "fonts",
            part(None, Some(1.5)),
            "`fraction` of `fonts`: expected a number above 0 and up to 1, found 1.5".into(),
            fraction_hint,
        ),
        (
            "fonts",
            part(None, Some(f64::NAN)),
            "`fraction` of `fonts`: expected a number above 0 and up to 1, found NaN".into(),
            fraction_hint,
        ),
        (
            "fonts",
            part(Some(8), Some(0.5)),
            "`fraction` of `fonts`: expected either `first` or `fraction`, found both, 8 and 0.5"
                .into(),
            fraction_hint,
        ),
    ] {
        check(take(set, selection), &message, hint);
    }
}

#[test]
fn refused_content_says_what_belongs_there() {
    let shape = Shape {
        channels: 1,
        height: 1,
        width: 2,
    };
    let flat = Shape { height: 0, ..shape };
    let mine = |shape, levels, pixels: &[u8], captions, labels: &[u16]| {
        let facts = Facts {
            name: "mine".to_owned(),
            captions: vec![String::new(); captions],
            labels: labels.to_vec(),
            classes: vec!["only".to_owned()],
            ..Facts::default()
        };
        Samples::pictures(facts, shape, levels, pixels.to_vec())
    };
    for (images, message) in [
        (
            mine(flat, 1, &[0, 1], 1, &[]),
            "at least one pixel an image, found shape 1x0x2",
        ),
        (
            mine(shape, 0, &[0, 0], 1, &[]),
            "a largest pixel value of 1 to 255, found 0",
        ),
        (
            mine(shape, 1, &[], 0, &[]),
            "at least one image, found none",
        ),
        (
            mine(shape, 1, &[0, 1, 1], 1, &[]),
            "a multiple of 2 pixels (shape 1x1x2), found 3",
        ),
        (
            mine(shape, 1, &[0, 1, 1, 2], 2, &[]),
            "pixels of 0 to 1, found 2 in image 1",
        ),
        (
            mine(shape, 1, &[0, 1], 2, &[]),
            "one caption a sample or none at all, found 2 captions for 1 samples",
        ),
        (
            mine(shape, 1, &[0, 1], 1, &[0, 0]),
            "one label a sample or none at all, found 2 labels for 1 samples",
        ),
        (
            mine(shape, 1, &[0, 1, 1, 1], 2, &[0, 1]),
            "labels below 1, found 1 for sample 1",
        ),
    ] {
        check(images, &format!("`mine`: expected {message}"), None);
    }
}

#[test]
fn a_damaged_font_file_is_refused_with_its_line() {
    for (line, from, to, message) in [
        (1, "index", "place", "the header `font,index,"),
        (
            4,
            "\"\"\"\"",
            "\"",
            "a row starting with `font1,2,0x22,\"\"\"\",`, found",
        ),
        (6, "0x1e,0x04", "0x1e", "7 rows of pixels, found 6"),
        (
            6,
            "0x1e",
            "0x20",
            "a row of pixels of 0x00 to 0x1f, found `0x20`",
        ),
        (
            6,
            "0x1e",
            "0x+e",
            "a row of pixels of 0x00 to 0x1f, found `0x+e`",
        ),
        (
            6,
            "0x1e",
            "0x1E",
            "a row of pixels of 0x00 to 0x1f, found `0x1E`",
        ),
        (
            97,
            "font3,31",
            "font3,32",
            "a row starting with `font3,31,0x7f,DEL,`, found",
        ),
    ] {
        let damaged: Vec<_> = (1..)
            .zip(fonts::CSV.lines())
            .map(|(number, text)| match number == line {
                true => text.replacen(from, to, 1),
                false => text.to_owned(),
            })
            .collect();
        let error = fonts::parse(&damaged.join("\n")).expect_err(message);
        let start = format!("`datasets/fonts7x5.csv:{line}`: expected {message}");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
    let short = fonts::CSV.rsplit_once("font3,31").expect("the last row").0;
    check(
        fonts::parse(short),
        "`datasets/fonts7x5.csv`: expected 96 glyphs, found 95",
        None,
    );
    check(
        fonts::parse(&format!("{}font4,0", fonts::CSV)),
        "`datasets/fonts7x5.csv`: expected 96 glyphs, found 97",
        None,
    );
}

#[test]
fn memory_that_there_is_not_is_no_damage() {
    let read = |kind: std::io::ErrorKind| unreadable(Path::new("t.npy"), kind.into());
    let error = read(std::io::ErrorKind::OutOfMemory);
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let hint = error.hint().expect("there is something to do");
    assert!(
        hint.contains("`--limit N`") && hint.contains("`--device-memory MIB`"),
        "{hint}"
    );
    assert!(matches!(
        read(std::io::ErrorKind::UnexpectedEof),
        Error::Content { .. }
    ));
}

#[test]
fn a_full_folder_of_temporary_files_names_the_variable_that_moves_it() {
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    let hint = room_hint(&std::env::temp_dir().join("spilled"), &full);
    assert!(hint.expect("a hint").contains("TMPDIR"));
    assert_eq!(room_hint(Path::new("runs/r/run.json"), &full), None);
}
