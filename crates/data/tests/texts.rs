//! Texts in numbers against those of `scripts/reference_texts.py`, which makes them by hand, whatever they come in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use espejo_data::{Loaded, Samples, Source, TargetColumn, TargetKind, TextForm, load};
use serde_json::Value;

fn reference() -> Value {
    let text = include_str!("../../../tests/reference/texts.json");
    serde_json::from_str(text).expect("JSON")
}

/// The texts of a part with the names of their classes, in the order of the reference.
fn texts(reference: &Value, part: &str) -> Vec<(String, String)> {
    let classes = reference[part].as_object().expect("classes");
    let of_class = |(class, texts): (&String, &Value)| {
        let texts: Vec<String> = serde_json::from_value(texts.clone()).expect("texts");
        let class = class.clone();
        let pair = move |text| (class.clone(), text);
        texts.into_iter().map(pair).collect::<Vec<_>>()
    };
    classes.iter().flat_map(of_class).collect()
}

/// A folder with a file for each text, `train/bad/0.txt`.
fn folder(reference: &Value, root: &Path) {
    for part in ["train", "test"] {
        for (place, (class, text)) in texts(reference, part).iter().enumerate() {
            let folder = root.join(part).join(class);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(format!("{place}.txt")), text).expect("a file");
        }
    }
}

fn archive(folder: &Path, path: &Path) {
    let file = File::create(path).expect("a file");
    let packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    let mut archive = tar::Builder::new(packed);
    archive.append_dir_all("set", folder).expect("written");
    let packed = archive.into_inner().expect("written");
    packed.finish().expect("written");
}

/// The texts of both parts as a column of a table, those of the test part last.
fn table(reference: &Value, path: &Path) -> usize {
    let (train, test) = (texts(reference, "train"), texts(reference, "test"));
    let row =
        |(class, text): &(String, String)| format!("{class},7,\"{}\"\n", text.replace('"', "\"\""));
    let rows: String = train.iter().chain(&test).map(row).collect();
    fs::write(path, format!("kind,other,review\n{rows}")).expect("a file");
    test.len()
}

/// A source of each kind that gives the same parts.
fn sources(reference: &Value, root: &Path) -> Vec<Source> {
    let name = |path: PathBuf| path.display().to_string();
    folder(reference, &root.join("set"));
    archive(&root.join("set"), &root.join("set.tar.gz"));
    let held_out = table(reference, &root.join("set.csv"));
    let all = held_out + texts(reference, "train").len();
    let mut column = Source {
        hold_out: espejo_data::HoldOut::Last(held_out as f64 / all as f64),
        target: Some(TargetColumn {
            column: "kind".to_owned(),
            kind: TargetKind::Classes,
        }),
        ..Source::named(name(root.join("set.csv")))
    };
    column.texts.column = Some("review".to_owned());
    vec![
        Source::named(name(root.join("set"))),
        Source::named(name(root.join("set.tar.gz"))),
        column,
    ]
}

fn rows(samples: &Samples) -> Vec<Vec<f64>> {
    let mut values = Vec::new();
    let all = 0..samples.len();
    samples.read(all, 0.0, &mut values).expect("in memory");
    let width = samples.shape().pixels();
    // Dense, and number by number.
    let column = |column| samples.column(column).collect::<Vec<f64>>();
    let columns: Vec<_> = (0..width).map(column).collect();
    for (place, value) in values.iter().enumerate() {
        assert_eq!(f64::from(*value), columns[place % width][place / width]);
    }
    let rows = values.chunks_exact(width);
    rows.map(|row| row.iter().map(|value| f64::from(*value)).collect())
        .collect()
}

fn check(loaded: &Loaded, expected: &Value) {
    let test = loaded.test.as_ref().expect("a test part");
    for (part, samples) in [("train", &loaded.train), ("test", test)] {
        let expected: Vec<Vec<f64>> = serde_json::from_value(expected[part].clone()).expect("rows");
        assert_eq!(rows(samples), expected, "{part}");
    }
    assert_eq!(loaded.train.classes(), ["bad", "good"]);
    assert_eq!(loaded.train.label(0), Some(0));
}

#[test]
fn counts_are_those_made_by_hand() {
    let reference = reference();
    let root = tempfile::tempdir().expect("a folder");
    for source in sources(&reference, root.path()) {
        for expected in reference["counts"].as_array().expect("some") {
            let mut source = source.clone();
            source.words = expected["words"].as_u64().map(|words| words as usize);
            source.texts.form = Some(TextForm::Counts);
            let loaded = load(&source).expect("texts");
            let words: Vec<String> =
                serde_json::from_value(expected["vocabulary"].clone()).expect("words");
            assert_eq!(*loaded.train.vocabulary(), *words, "{}", source.name);
            assert_eq!(loaded.train.columns(), words);
            check(&loaded, expected);
            source.texts.form = Some(TextForm::Binary);
            let binary = load(&source).expect("texts").train;
            let counted = rows(&loaded.train);
            let known = |row: &Vec<f64>| row.iter().map(|count| count.min(1.0)).collect();
            let expected: Vec<Vec<f64>> = counted.iter().map(known).collect();
            assert_eq!(rows(&binary), expected);
        }
    }
}

#[test]
fn sequences_are_those_that_keras_makes() {
    let reference = reference();
    let root = tempfile::tempdir().expect("a folder");
    for source in sources(&reference, root.path()) {
        for expected in reference["sequences"].as_array().expect("some") {
            let mut source = source.clone();
            source.words = expected["words"].as_u64().map(|words| words as usize);
            source.texts.form = Some(TextForm::Sequence);
            source.texts.length = expected["length"].as_u64().map(|length| length as usize);
            let loaded = load(&source).expect("texts");
            check(&loaded, expected);
            let tokens = loaded.train.tokens().expect("sequences");
            let mut values = rows(&loaded.train).concat();
            values.extend(rows(loaded.test.as_ref().expect("a test part")).concat());
            assert!(values.iter().all(|token| *token < tokens as f64));
        }
    }
}

/// What a run keeps is enough to read the texts of another file as its own.
#[test]
fn a_learned_vocabulary_makes_the_same_numbers_of_other_texts() {
    let reference = reference();
    let root = tempfile::tempdir().expect("a folder");
    for source in sources(&reference, root.path()) {
        for form in [TextForm::Counts, TextForm::Sequence] {
            let mut source = source.clone();
            (source.words, source.texts.form) = (Some(12), Some(form));
            source.texts.length = (form == TextForm::Sequence).then_some(7);
            let loaded = load(&source).expect("texts");
            let test = loaded.test.expect("a test part");
            let outline = loaded.train.outline();
            let stand_in = Samples::of_outline(&outline).expect("it is whole");
            assert_eq!((stand_in.len(), stand_in.outline()), (1, outline));
            assert_eq!(stand_in.shape(), test.shape());
            let other = root.path().join("set/test").display().to_string();
            let mut other = Source::named(other);
            other.texts.form = Some(form);
            other.texts.length = source.texts.length;
            other.texts.learned = Some(stand_in.vocabulary());
            let other = load(&other).expect("texts").train;
            assert_eq!(rows(&other), rows(&test));
            assert_eq!(other.sha256().ok(), test.sha256().ok());
            let joined = loaded.train.joined(&test, 0).expect("of one kind");
            assert_eq!(joined.len(), loaded.train.len() + test.len());
            let both = [rows(&loaded.train), rows(&test)].concat();
            assert_eq!(rows(&joined), both);
            assert_eq!(
                rows(&joined.select(&[9, 0])),
                [both[9].clone(), both[0].clone()]
            );
        }
    }
}

#[test]
fn what_is_asked_of_texts_is_refused_where_there_are_none() {
    let fonts = |change: fn(&mut Source)| {
        let mut source = Source::named("fonts");
        change(&mut source);
        load(&source).expect_err("no texts").to_string()
    };
    for (error, field) in [
        (
            fonts(|source| source.texts.form = Some(TextForm::Counts)),
            "text_as",
        ),
        (
            fonts(|source| source.texts.column = Some("a".into())),
            "text",
        ),
        (fonts(|source| source.texts.length = Some(3)), "text_length"),
        (fonts(|source| source.words = Some(3)), "words"),
    ] {
        assert!(
            error.starts_with(&format!("`{field}` of `fonts`: expected ")),
            "{error}"
        );
    }
}
