//! Figures of nets with targets: confusion matrices, calibration, regression, learning curves, mistakes.

use espejo_pictures::{
    ConfusionMatrix, Curves, Figure, Panel, ParityPlot, Reliability, ReliabilityBin, Series, Sheet,
    Tile, confusion_matrix, curves, parity_plot, reliability, sheet,
};

use super::{CLOTHES, bell, image, ring, uniform};

/// Made-up counts: most on the diagonal, the rest with neighbours and a few others.
fn counts(classes: usize, samples: u64) -> Vec<Vec<u64>> {
    let cell = |row: usize, column: usize| match (row + 7 * column) % 5 {
        _ if row == column => samples - samples / 9 * (row as u64 % 3),
        0 if row.abs_diff(column) < 3 => samples / 12,
        1 => samples / 300,
        _ => 0,
    };
    let row = |row: usize| (0..classes).map(|column| cell(row, column)).collect();
    (0..classes).map(row).collect()
}

pub fn confusion(classes: usize) -> Figure {
    let name = |class: usize| match classes {
        2 => ["benign", "malignant"][class].to_owned(),
        10 => class.to_string(),
        26 => char::from(b'A' + class as u8).to_string(),
        _ => format!("sort of plant {class}"),
    };
    confusion_matrix(&ConfusionMatrix {
        title: format!("{classes} classes"),
        classes: (0..classes).map(name).collect(),
        counts: counts(classes, 1000),
        note: Some("accuracy 89.3 % of the test samples".into()),
    })
}

/// Long names, a class without samples, and large counts.
pub fn long_names() -> Figure {
    let mut counts = counts(11, 70_000);
    counts[10] = vec![0; 11];
    let mut classes = CLOTHES.map(String::from).to_vec();
    classes[3] = "an evening dress with long sleeves".into();
    classes.push("A class without samples".into());
    confusion_matrix(&ConfusionMatrix {
        title: "Clothes".into(),
        classes,
        counts,
        note: None,
    })
}

/// A net that is too sure of itself.
pub fn calibration() -> Figure {
    let bin = |index: usize| {
        let low = 0.1 * index as f64;
        let confidence = low + 0.06;
        let accuracy = confidence - 0.12 * confidence * confidence;
        let reach = 0.11 - 0.01 * index as f64;
        ReliabilityBin {
            low,
            high: low + 0.1,
            count: (4 * index * index * index) as u64,
            confidence,
            accuracy,
            accuracy_interval: (accuracy - reach, accuracy + 0.8 * reach),
        }
    };
    reliability(&Reliability {
        title: "Calibration on Fashion-MNIST".into(),
        bins: (0..10).map(bin).collect(),
        calibration_error: 0.0824,
        note: Some("10 bins, 8,100 test samples, 95 % intervals".into()),
    })
}

pub fn parity(count: usize) -> Figure {
    let mut random = uniform(11);
    let mut point = |_| {
        let target = 22.0 + 9.0 * bell(&mut random);
        (target, 3.0 + 0.85 * target + 3.0 * bell(&mut random))
    };
    let mut points: Vec<(f64, f64)> = (0..count).map(&mut point).collect();
    points[0].1 = f64::NAN;
    parity_plot(&ParityPlot {
        title: "House prices".into(),
        column: "median value, 1,000 $".into(),
        points,
        note: Some("root mean squared error 3.2, R² 0.87".into()),
    })
}

/// Loss and accuracy over the same epochs.
pub fn learning_curves() -> Figure {
    let over_epochs = |name: &str, value: &dyn Fn(f64) -> f64, dashed: bool| Series {
        name: name.into(),
        points: (1..=40)
            .map(|epoch| (f64::from(epoch), value(f64::from(epoch))))
            .collect(),
        dashed,
        ..Series::default()
    };
    let loss = Panel {
        y_label: "cross-entropy, nats per sample".into(),
        series: vec![
            over_epochs(
                "training",
                &|epoch| 2.3 * (-0.2 * epoch).exp() + 0.05,
                false,
            ),
            over_epochs(
                "validation",
                &|epoch| 2.2 * (-0.2 * epoch).exp() + 0.3,
                true,
            ),
        ],
        baselines: vec![("class frequencies".into(), 10f64.ln())],
        ..Panel::default()
    };
    let accuracy = Panel {
        y_label: "accuracy".into(),
        series: vec![
            over_epochs(
                "training",
                &|epoch| 0.99 - 0.9 * (-0.3 * epoch).exp(),
                false,
            ),
            over_epochs(
                "validation",
                &|epoch| 0.91 - 0.8 * (-0.3 * epoch).exp(),
                true,
            ),
        ],
        baselines: vec![("most frequent class".into(), 0.1)],
        ..Panel::default()
    };
    curves(&Curves {
        title: "A classifier".into(),
        x_label: "epoch".into(),
        panels: vec![loss, accuracy],
        ..Curves::default()
    })
}

/// One line a method over a logarithmic axis, with intervals.
pub fn accuracy_by_labels() -> Figure {
    let labels = [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0];
    let method = |(index, name): (usize, &&str)| {
        let accuracy = |count: f64| 0.97 - (0.75 - 0.12 * index as f64) * (10.0 / count).sqrt();
        let reach = |count: f64| 0.3 / count.sqrt() + 0.004;
        let interval = |count: f64| {
            let (value, reach) = (accuracy(count), reach(count));
            (count, value - reach, (value + 0.8 * reach).min(1.0))
        };
        Series {
            name: (*name).into(),
            points: labels.map(|count| (count, accuracy(count))).to_vec(),
            bars: labels.map(interval).to_vec(),
            ..Series::default()
        }
    };
    let names = [
        "from scratch",
        "frozen encoder",
        "fine-tuned encoder",
        "nearest codes",
    ];
    curves(&Curves {
        title: "Few labels".into(),
        x_label: "labelled samples".into(),
        panels: vec![Panel {
            y_label: "accuracy (95 % Wilson interval)".into(),
            series: names.iter().enumerate().map(method).collect(),
            ..Panel::default()
        }],
        log_x: true,
        ..Curves::default()
    })
}

/// The most confident mistakes, in rows of eight.
pub fn mistakes() -> Figure {
    let tile = |index: usize| -> Option<Tile> {
        let radius = 0.2 + 0.03 * index as f64;
        Some(image(28, 28, false, ring(radius, 0.2)))
    };
    let mark = |index: usize| {
        let taken = CLOTHES[(7 * index + 3) % 10];
        let text = match index {
            0..8 => format!("{}, not {}", index, (index + 4) % 10),
            _ => format!("{}, not {taken}", CLOTHES[index % 10]),
        };
        Some(format!("{text}\n{} %", 99 - index))
    };
    sheet(&Sheet {
        title: "Most confident mistakes: predicted, not true class, and its probability".into(),
        rows: vec![(String::new(), (0..16).map(tile).collect())],
        marks: vec![(0..16).map(mark).collect()],
        wrap: 8,
        ..Sheet::default()
    })
}
