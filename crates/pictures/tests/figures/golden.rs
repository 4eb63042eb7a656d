//! Whole figures as they were when somebody last looked at them: the SVG, byte for byte.
//!
//! Coordinates are rounded to hundredths, and these figures need nothing but sums, products and quotients for them, so
//! that every platform writes the same bytes.

use std::{fs, path::Path};

use espejo_pictures::{
    Bar, BarSeries, Bars, Curves, Figure, Panel, Point, Scatter, Series, Sheet, Tile, Walk,
    WalkFrame, bars, curves, scatter, sheet, walk,
};

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
        key: "✓: none wrong".into(),
        tile: 0.0,
    });
    check(&figure, "sheet.svg");
}

#[test]
fn a_golden_running_mean_is_drawn_byte_for_byte() {
    let noisy: Vec<(f64, f64)> = (0..60)
        .map(|step| (f64::from(step), f64::from(60 - step + 13 * (step % 5))))
        .collect();
    let figure = curves(&Curves {
        title: "A noisy curve".into(),
        note: Some("strong line: running mean of 11 epochs".into()),
        x_label: "epoch".into(),
        panels: vec![Panel {
            y_label: "loss".into(),
            series: vec![Series {
                smooth: 11,
                colour: Some(1),
                ..series("test", &noisy)
            }],
            ..Panel::default()
        }],
        ..Curves::default()
    });
    check(&figure, "running-mean.svg");
}

/// A map with classes and the circles of a prior.
fn prior_map() -> Scatter {
    let point = |index: u32| Point {
        x: f64::from(index % 5) / 2.0 - 1.0,
        y: f64::from(index / 5) / 4.0 - 0.5,
        label: Some(format!("number {index}")),
        class: Some(index as usize % 10),
    };
    Scatter {
        title: "Latent space".into(),
        x_label: "z1".into(),
        y_label: "z2".into(),
        points: (0..20).map(point).collect(),
        classes: (0..10).map(|class| format!("class {class}")).collect(),
        circles: vec![1.0, 2.0],
        note: Some("circles: 1 and 2 standard deviations of the prior".into()),
        ..Scatter::default()
    }
}

#[test]
fn a_golden_map_is_drawn_byte_for_byte() {
    check(&scatter(&prior_map()), "map.svg");
}

#[test]
fn a_golden_walk_is_drawn_byte_for_byte() {
    let places = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];
    let frame = |(x, y): (f64, f64)| WalkFrame {
        tile: Tile {
            pixels: vec![1.0, 0.0, 0.0, 1.0],
            channels: 1,
            height: 2,
            width: 2,
            ink: true,
        },
        at: (x, y),
        text: format!("({x:.2}, {y:.2})"),
    };
    let frames = walk(&Walk {
        title: "A closed walk".into(),
        frames: places.map(frame).to_vec(),
        map: Some(prior_map()),
        closed: true,
    });
    check(&frames[2], "walk.svg");
}

#[test]
fn a_golden_bar_chart_is_drawn_byte_for_byte() {
    let bar = |value: f64, reference: Option<f64>| Bar {
        value,
        low: Some(value - 1.0),
        high: Some(value + 1.0),
        reference,
        ..Bar::default()
    };
    let figure = bars(&Bars {
        title: "Error by architecture".into(),
        groups: vec!["25-2".into(), "2".into()],
        series: vec![
            BarSeries {
                name: "as described".into(),
                bars: vec![bar(6.0, Some(4.0)), bar(8.0, Some(9.0))],
            },
            BarSeries {
                name: "today".into(),
                bars: vec![bar(2.0, None), bar(3.0, None)],
            },
        ],
        ..Bars::default()
    });
    check(&figure, "bars.svg");
}

#[test]
fn the_first_difference_of_two_texts_is_named() {
    let expected = "in line 2: found `b`, expected `c`";
    assert_eq!(first_difference("a\nb\nd", "a\nc\nd"), expected);
    let expected = "in line 2: found `b`, expected `nothing`";
    assert_eq!(first_difference("a\nb", "a"), expected);
}
