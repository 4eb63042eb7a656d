//! Whole figures as they were when somebody last looked at them: the SVG, byte for byte.
//!
//! Coordinates are rounded to hundredths, and these figures need nothing but sums, products and quotients for them, so
//! that every platform writes the same bytes.

use std::{fs, path::Path};

use espejo_pictures::{Curves, Figure, Panel, Series, Sheet, Tile, curves, sheet};

use super::series;

/// Compares a figure with its file; with `ESPEJO_BLESS=1` in the environment, writes the file.
fn check(figure: &Figure, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("ESPEJO_BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, figure.svg()).expect("a folder that can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if figure.svg() == expected {
        return;
    }
    let place = first_difference(figure.svg(), &expected);
    panic!(
        "the figure differs from {} {place}; look at it, and if it is as it should be, renew the file: \
         ESPEJO_BLESS=1 cargo test --release -p espejo-pictures --test figures golden",
        path.display()
    );
}

/// The first line in which two texts differ, and how it begins in both.
fn first_difference(found: &str, expected: &str) -> String {
    let (mut found, mut expected) = (found.split('\n'), expected.split('\n'));
    for line in 1.. {
        let (ours, theirs) = (found.next(), expected.next());
        if ours != theirs {
            let start = |text: Option<&str>| match text {
                Some(text) => text.chars().take(160).collect(),
                None => "nothing".to_owned(),
            };
            return format!(
                "in line {line}: found `{}`, expected `{}`",
                start(ours),
                start(theirs)
            );
        }
        if ours.is_none() {
            break;
        }
    }
    "nowhere".to_owned()
}

#[test]
fn a_golden_chart_is_drawn_byte_for_byte() {
    let loss = Panel {
        title: "Loss".into(),
        y_label: "nats per sample".into(),
        series: vec![
            Series {
                band: vec![
                    (1.0, 300.0, 320.0),
                    (2.0, 275.0, 288.0),
                    (4.0, 268.0, 276.0),
                ],
                ..series("training", &[(1.0, 310.0), (2.0, 281.5), (4.0, 272.0)])
            },
            Series {
                dashed: true,
                bars: vec![(2.0, 280.0, 290.0)],
                ..series("test", &[(1.0, 312.0), (2.0, 285.0), (4.0, 279.5)])
            },
        ],
        baselines: vec![("mean image".into(), 338.7), ("far away".into(), 1e6)],
        ..Panel::default()
    };
    let accuracy = Panel {
        y_label: "accuracy".into(),
        series: vec![series("test", &[(1.0, 0.5), (2.0, 0.75), (4.0, 0.875)])],
        ..Panel::default()
    };
    let figure = curves(&Curves {
        title: "Two panels & <one> axis".into(),
        x_label: "epoch".into(),
        panels: vec![loss, accuracy],
        ..Curves::default()
    });
    check(&figure, "curves.svg");
}

#[test]
fn a_golden_sheet_is_drawn_byte_for_byte() {
    // Pixels of two values are drawn as paths, so that the file does not depend on how a PNG is compressed.
    let glyph = |step: usize| Tile {
        pixels: (0..35)
            .map(|pixel| {
                if (pixel * step).is_multiple_of(3) {
                    1.0
                } else {
                    0.0
                }
            })
            .collect(),
        channels: 1,
        height: 7,
        width: 5,
        ink: true,
    };
    let row = |from: usize| {
        (from..from + 5)
            .map(|step| (step != 3).then(|| glyph(step)))
            .collect()
    };
    let mark = |text: &str| Some(text.to_owned());
    let figure = sheet(&Sheet {
        title: "Glyphs".into(),
        rows: vec![("original".into(), row(1)), ("output".into(), row(2))],
        captions: ["a", "b", "c", "&", "\u{7f}"].map(String::from).to_vec(),
        marks: vec![
            vec![],
            vec![mark("✓"), mark("✗ 2 px"), None, mark("9, not 4\n97 %")],
        ],
        wrap: 3,
    });
    check(&figure, "sheet.svg");
}

#[test]
fn the_first_difference_of_two_texts_is_named() {
    let expected = "in line 2: found `b`, expected `c`";
    assert_eq!(first_difference("a\nb\nd", "a\nc\nd"), expected);
    let expected = "in line 2: found `b`, expected `nothing`";
    assert_eq!(first_difference("a\nb", "a"), expected);
}
