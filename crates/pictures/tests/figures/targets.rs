//! Confusion matrices, reliability diagrams, parity plots, and the sheets and curves of nets with targets.

use espejo_pictures::{
    ConfusionMatrix, Curves, Figure, Panel, ParityPlot, Reliability, ReliabilityBin, Series, Sheet,
    confusion_matrix, curves, parity_plot, reliability, sheet,
};

use super::{
    charts::{attribute, check_texts, level_texts, names, path_of, rectangles},
    decode, pixels_of, tile,
};

fn confusion(classes: &[&str], counts: &[&[u64]]) -> Figure {
    confusion_matrix(&ConfusionMatrix {
        classes: names(classes),
        counts: counts.iter().map(|row| row.to_vec()).collect(),
        ..ConfusionMatrix::default()
    })
}

fn says(figure: &Figure, text: &str) -> bool {
    figure.svg().contains(&format!(">{text}</text>"))
}

/// Centres of the discs of a figure, in their order.
fn discs(figure: &Figure) -> Vec<(f64, f64)> {
    let centre = |line: &str| Some((attribute(line, "cx")?, attribute(line, "cy")?));
    figure.svg().lines().filter_map(centre).collect()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.03
}

#[test]
fn the_csv_of_a_confusion_matrix_has_every_count_with_its_share_of_the_true_class() {
    let figure = confusion(&["cat", "dog, big"], &[&[3, 1], &[0, 8]]);
    let expected = "true,predicted,count,share\ncat,cat,3,0.75\ncat,\"dog, big\",1,0.25\n\
        \"dog, big\",cat,0,0\n\"dog, big\",\"dog, big\",8,1\n";
    assert_eq!(figure.csv(), expected);
    // Classes that nobody named have their index, and one without samples has no share.
    let figure = confusion(&[], &[&[2], &[0, 0]]);
    assert_eq!(
        figure.csv(),
        "true,predicted,count,share\n0,0,2,1\n0,1,0,0\n1,0,0,\n1,1,0,\n"
    );
}

#[test]
fn a_cell_of_a_confusion_matrix_is_shaded_by_its_share_and_has_its_count() {
    let figure = confusion(&["a", "b"], &[&[0, 60], &[9, 0]]);
    // Both rows went to the wrong class as a whole: the dark end of the ramp, off the diagonal.
    let dark = rectangles(&figure, "#012550");
    assert_eq!(dark.len(), 2);
    assert!(dark[0][0] > dark[1][0] && dark[0][1] < dark[1][1]);
    for text in [
        "60",
        "9",
        "predicted class",
        "true class",
        "share of the true class",
    ] {
        assert!(says(&figure, text), "{text}");
    }
    check_texts(&figure);
}

#[test]
fn counts_are_written_for_up_to_26_classes() {
    let of = |classes: usize| {
        let row = |row: usize| (0..classes).map(move |column| if row == column { 7777 } else { 0 });
        confusion_matrix(&ConfusionMatrix {
            counts: (0..classes).map(|index| row(index).collect()).collect(),
            ..ConfusionMatrix::default()
        })
    };
    let count = |figure: &Figure| figure.svg().matches(">7777</text>").count();
    assert_eq!([2, 10, 26].map(|classes| count(&of(classes))), [2, 10, 26]);
    let (few, many) = (of(26), of(100));
    assert_eq!(count(&many), 0);
    // All classes have their names at both sides, the hundred too.
    for figure in [&few, &many] {
        assert_eq!(figure.svg().matches(">25</text>").count(), 2);
        check_texts(figure);
    }
    // 100 cells of 12 x 12 units are 24 x 24 pixels each; the frame's edge covers parts of the first and the last.
    let dark = pixels_of(&many, [0x01, 0x25, 0x50]);
    assert!((100 * 576 - 400..=100 * 576).contains(&dark), "{dark}");
}

#[test]
fn long_names_of_classes_are_not_cut() {
    let long = "an evening dress with long sleeves";
    for count in [2, 12, 40] {
        let mut classes: Vec<String> = (0..count).map(|class| class.to_string()).collect();
        classes[1] = long.to_owned();
        let figure = confusion_matrix(&ConfusionMatrix {
            classes,
            ..ConfusionMatrix::default()
        });
        assert!(says(&figure, long), "{count} classes");
        // Under the columns it may stand in several lines, but nothing ends in an ellipsis.
        assert!(!figure.svg().contains('…'), "{count} classes");
    }
}

fn bin((low, high): (f64, f64), count: u64, means: (f64, f64)) -> ReliabilityBin {
    ReliabilityBin {
        low,
        high,
        count,
        confidence: means.0,
        accuracy: means.1,
        accuracy_interval: (means.1 - 0.1, means.1 + 0.1),
    }
}

fn two_bins() -> Reliability {
    Reliability {
        bins: vec![
            bin((0.0, 0.5), 1, (0.25, 0.25)),
            bin((0.5, 1.0), 3, (0.75, 0.5)),
            bin((1.0, 1.0), 0, (f64::NAN, f64::NAN)),
        ],
        calibration_error: 0.1875,
        ..Reliability::default()
    }
}

#[test]
fn the_csv_of_a_reliability_diagram_has_every_bin_and_the_error() {
    let expected = "kind,low,high,count,share,confidence,accuracy,accuracy_low,accuracy_high,value\n\
        bin,0,0.5,1,0.25,0.25,0.25,0.15,0.35,\nbin,0.5,1,3,0.75,0.75,0.5,0.4,0.6,\n\
        bin,1,1,0,0,NaN,NaN,NaN,NaN,\ncalibration_error,,,,,,,,,0.1875\n";
    assert_eq!(reliability(&two_bins()).csv(), expected);
}

#[test]
fn a_reliability_diagram_places_bins_by_confidence_accuracy_and_share() {
    let figure = reliability(&two_bins());
    let points = discs(&figure);
    assert_eq!(points.len(), 2);
    // Both axes are 340 units long: half of one to the right, a quarter up.
    assert!(near(points[1].0 - points[0].0, 170.0), "{points:?}");
    assert!(near(points[0].1 - points[1].1, 85.0), "{points:?}");
    // The first point is on the diagonal, which starts at the lower left corner of the plot.
    let bars = rectangles(&figure, "#3f90da");
    assert_eq!(bars.len(), 2);
    assert!(near(points[0].0 - (bars[0][0] - 0.5), 85.0), "{bars:?}");
    assert!(near(bars[1][3], 3.0 * bars[0][3]), "{bars:?}");
    for text in [
        "expected calibration error 0.188",
        "perfect calibration",
        "confidence",
    ] {
        assert!(says(&figure, text), "{text}");
    }
    check_texts(&figure);
}

#[test]
fn a_parity_plot_has_equal_axes() {
    let plot = ParityPlot {
        column: "price".into(),
        points: vec![(0.0, 0.0), (10.0, 0.0), (0.0, 10.0), (1.0, f64::NAN)],
        ..ParityPlot::default()
    };
    let figure = parity_plot(&plot);
    assert_eq!(figure.csv(), "target,prediction\n0,0\n10,0\n0,10\n1,NaN\n");
    let points = discs(&figure);
    let across = points[1].0 - points[0].0;
    assert!(near(across, points[0].1 - points[2].1) && near(across, 400.0 / 1.08));
    for text in ["price, target", "price, prediction", "1 point not shown"] {
        assert!(says(&figure, text), "{text}");
    }
    check_texts(&figure);
}

#[test]
fn thousands_of_predictions_are_one_image() {
    let figure = parity_plot(&ParityPlot {
        points: (0..3000)
            .map(|row| (f64::from(row), f64::from(row % 100)))
            .collect(),
        ..ParityPlot::default()
    });
    assert_eq!(discs(&figure).len(), 0);
    assert_eq!(figure.svg().matches("<image").count(), 1);
    assert_eq!(figure.csv().lines().count(), 3001);
}

#[test]
fn curves_over_a_logarithmic_axis_have_their_intervals() {
    let figure = curves(&Curves {
        panels: vec![Panel {
            series: vec![Series {
                name: "frozen encoder".into(),
                points: vec![(10.0, 0.5), (100.0, 0.75), (1000.0, 1.0)],
                bars: vec![(10.0, 0.25, 0.75), (100.0, 0.5, 1.0)],
                ..Series::default()
            }],
            ..Panel::default()
        }],
        log_x: true,
        ..Curves::default()
    });
    let points = discs(&figure);
    assert!(near(points[1].0 - points[0].0, points[2].0 - points[1].0));
    // An interval of 0.5 is as high as the way from 0.5 to 1, and stands at its point.
    let height = points[0].1 - points[2].1;
    let whiskers = path_of(&figure, "stroke-width=\"1.2\"");
    let [top, bottom] = [whiskers[0], whiskers[1]];
    assert!(near(top.0, points[0].0) && near(bottom.0, points[0].0));
    assert!(near(top.1, points[0].1 - height / 2.0) && near(bottom.1, points[0].1 + height / 2.0));
    for row in [
        "1,bar_low,frozen encoder,10,0.25",
        "1,bar_high,frozen encoder,100,1",
    ] {
        assert!(figure.csv().contains(row), "{row}");
    }
}

#[test]
fn intervals_of_several_curves_stand_apart_each_at_its_own_points() {
    let of = |value: f64| Series {
        points: vec![(1.0, value), (2.0, value)],
        bars: vec![(1.0, value - 0.1, value + 0.1)],
        ..Series::default()
    };
    let figure = curves(&Curves {
        panels: vec![Panel {
            series: vec![of(0.5), of(0.5)],
            ..Panel::default()
        }],
        ..Curves::default()
    });
    let points = discs(&figure);
    assert!(near(points[2].0 - points[0].0, 4.0), "{points:?}");
    let whiskers = path_of(&figure, "stroke-width=\"1.2\"");
    assert!(near(whiskers[0].0, points[0].0), "{whiskers:?}");
}

#[test]
fn a_mark_under_a_tile_may_have_several_lines() {
    let of = |marks: &[&str]| {
        let marks = marks.iter().map(|mark| Some((*mark).to_owned()));
        sheet(&Sheet {
            rows: vec![(String::new(), vec![Some(tile(&[0.0; 784], 28, 28)); 2])],
            marks: vec![marks.collect()],
            ..Sheet::default()
        })
    };
    let two = of(&["9, not 4\n97 %", "✗"]);
    let texts = level_texts(&two);
    let at = |text: &str| {
        texts
            .iter()
            .find(|(found, _)| found == text)
            .expect("a line")
            .1
    };
    assert!(near(at("97 %")[3] - at("9, not 4")[3], 12.0));
    assert_eq!(two.size().1, of(&["97 %", "✗"]).size().1 + 12);
    check_texts(&two);
    // A line that is wider than its column is broken at blanks.
    let broken = of(&["Ankle boot, not T-shirt/top\n97 %", "✗"]);
    for line in ["Ankle boot, not", "T-shirt/top", "97 %"] {
        assert!(says(&broken, line), "{line}");
    }
}

#[test]
fn odd_numbers_of_nets_with_targets_are_still_figures() {
    let odd = [f64::NAN, f64::INFINITY, -1e300, 1e300, 0.0, 7.0];
    let pairs: Vec<(f64, f64)> = odd.iter().flat_map(|a| odd.map(|b| (*a, b))).collect();
    let bins = pairs.iter().map(|pair| bin(*pair, u64::MAX, *pair));
    let figures = [
        confusion_matrix(&ConfusionMatrix::default()),
        confusion(
            &["", &"<&>".repeat(200)],
            &[&[u64::MAX, u64::MAX], &[], &[1, 2, 3]],
        ),
        confusion_matrix(&ConfusionMatrix {
            title: "t".repeat(900),
            counts: vec![vec![1; 300]; 2],
            ..ConfusionMatrix::default()
        }),
        reliability(&Reliability::default()),
        reliability(&Reliability {
            bins: bins.collect(),
            calibration_error: f64::NAN,
            title: "t".repeat(900),
            note: Some(String::new()),
        }),
        parity_plot(&ParityPlot::default()),
        parity_plot(&ParityPlot {
            column: "c".repeat(900),
            points: pairs,
            ..ParityPlot::default()
        }),
    ];
    for (index, figure) in figures.iter().enumerate() {
        let png = figure
            .png()
            .unwrap_or_else(|error| panic!("figure {index}: {error}"));
        assert_eq!(decode(&png).0, 2 * figure.size().0);
        let odd = figure.svg().contains("NaN\"") || figure.svg().contains("inf");
        assert!(!odd, "figure {index}");
    }
}
