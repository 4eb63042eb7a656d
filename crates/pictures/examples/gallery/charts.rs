//! Bars, curves with ranges, matrices, marked grids, triptychs, and figures put together.

use espejo_pictures::{
    Bar, BarSeries, Bars, Cell, Curves, Figure, Grid, Matrix, Panel, Point, Scatter, Series, Sheet,
    Tile, bars, compose, curves, grid, matrix, scatter, sheet,
};

/// Errors by architecture: mean, range and runs of five seeds beside published values.
pub fn architectures() -> Figure {
    let published = [
        ("35-2-35", 4.2),
        ("35-25-2-25-35", 2.3),
        ("35-17-2-17-35", 2.4),
        ("35-17-8-2-8-17-35", 6.4),
        ("35-25-10-2-10-25-35", 7.1),
    ];
    let bar = |(index, (_, value)): (usize, &(&str, f64))| {
        let ours = value * (0.8 + 0.1 * index as f64);
        let runs: Vec<f64> = [0.9, 1.06, 0.84, 1.15, 1.05]
            .map(|share| share * ours)
            .to_vec();
        Bar {
            value: ours,
            low: Some(0.84 * ours),
            high: Some(1.15 * ours),
            runs,
            reference: Some(*value),
        }
    };
    bars(&Bars {
        title: "Error by architecture".into(),
        note: Some("1,500 epochs, mean of five seeds".into()),
        x_label: "architecture".into(),
        y_label: "mean ‖x − x̂‖² a glyph".into(),
        groups: published.map(|(name, _)| name.to_owned()).to_vec(),
        series: vec![BarSeries {
            name: "ours".into(),
            bars: published.iter().enumerate().map(bar).collect(),
        }],
        baselines: vec![
            ("mean glyph".into(), 8.9),
            ("PCA, 2 components".into(), 5.9),
            ("no learning".into(), 500.0),
        ],
        interval_name: "least to greatest".into(),
        ..Bars::default()
    })
}

/// Five groups of four bars with long names, on a linear or a logarithmic axis.
pub fn groups(log_y: bool) -> Figure {
    let groups = [
        "plain gradient descent",
        "entropic loss",
        "momentum 0.9 and a name that is too long to be shown",
        "adaptive",
        "Powell",
    ];
    let bar = |group: usize, series: usize| {
        let value = 0.0123 * 10f64.powf(0.7 * ((group * 3 + series * 5) % 7) as f64);
        Bar {
            value,
            low: Some(0.6 * value),
            high: Some(1.3 * value),
            runs: Vec::new(),
            reference: (group != 2).then_some(value * (0.9 + 0.1 * series as f64)),
        }
    };
    let series = |series: usize| BarSeries {
        name: format!("{} letters", 4 << series),
        bars: (0..groups.len()).map(|group| bar(group, series)).collect(),
    };
    bars(&Bars {
        title: "Five groups of four".into(),
        y_label: "error".into(),
        groups: groups.map(String::from).to_vec(),
        series: (0..4).map(series).collect(),
        baselines: vec![("one".into(), 1.0), ("a little more".into(), 1.05)],
        reference_name: "course document".into(),
        interval_name: "95 % interval".into(),
        log_y,
        ..Bars::default()
    })
}

/// Ten curves with ranges over a logarithmic axis.
pub fn race() -> Figure {
    let names = [
        "Powell",
        "L-BFGS-B",
        "BFGS",
        "conjugate gradients",
        "Nelder-Mead",
        "Adam",
        "momentum 0.9",
        "plain",
        "adaptive",
        "evolution strategy",
    ];
    let series = |(index, name): (usize, &&str)| {
        let index = index as f64;
        let point = |step: i32| {
            let x = (15_000f64.ln() * f64::from(step) / 90.0).exp();
            (x, 8.0 + 0.3 * index + 30.0 * x.powf(-0.2 - 0.04 * index))
        };
        let points: Vec<(f64, f64)> = (0..=90).map(point).collect();
        Series {
            name: (*name).to_owned(),
            band: points
                .iter()
                .map(|(x, y)| (*x, 0.95 * y, 1.06 * y))
                .collect(),
            points,
            ..Series::default()
        }
    };
    let panel = Panel {
        y_label: "mean ‖x − x̂‖² a glyph".into(),
        series: names.iter().enumerate().map(series).collect(),
        baselines: vec![("PCA, 2 components".into(), 8.1)],
        log_y: true,
        ..Panel::default()
    };
    curves(&Curves {
        title: "All methods".into(),
        x_label: "evaluations of the error".into(),
        panels: vec![panel],
        log_x: true,
        ..Curves::default()
    })
}

/// Few points with error bars.
pub fn loss_by_noise() -> Figure {
    let published = [0.6, 1.3, 2.05, 3.5, 5.2];
    let at = |index: usize| 5.0 * index as f64;
    let of = |name: &str, share: f64, error: f64| {
        let values = published.iter().enumerate();
        Series {
            name: name.into(),
            points: values.clone().map(|(i, y)| (at(i), share * y)).collect(),
            bars: values
                .filter(|_| error > 0.0)
                .map(|(i, y)| (at(i), share * y * (1.0 - error), share * y * (1.0 + error)))
                .collect(),
            marks: true,
            dashed: error == 0.0,
            ..Series::default()
        }
    };
    let panel = Panel {
        y_label: "mean ‖x − x̂‖² a glyph".into(),
        series: vec![
            of("published", 1.0, 0.0),
            of("noisy target", 0.9, 0.15),
            of("clean target", 0.7, 0.2),
        ],
        ..Panel::default()
    };
    curves(&Curves {
        title: "Loss by noise".into(),
        x_label: "pixels flipped, %".into(),
        panels: vec![panel],
        ..Curves::default()
    })
}

/// Two tables of shares with intervals.
pub fn shares() -> Figure {
    let noise: Vec<String> = (0..6).map(|step| format!("{} %", 5 * step)).collect();
    let cell = |row: usize, column: usize, loss: f64| {
        let value = (1.0 - loss * column as f64 + 0.03 * row as f64).clamp(0.0, 1.0);
        let (low, high) = ((value - 0.06).max(0.0), (value + 0.05).min(1.0));
        Cell {
            value,
            text: Some(format!("{low:.3} – {high:.3}")),
        }
    };
    let table = |loss: f64| {
        let row = |row: usize| (0..6).map(|column| cell(row, column, loss)).collect();
        (0..6).map(row).collect()
    };
    matrix(&Matrix {
        title: "Share of letters cleaned".into(),
        note: Some("Wilson's 95 % intervals under the shares".into()),
        x_label: "noise while testing".into(),
        y_label: "noise while learning".into(),
        columns: noise.clone(),
        rows: noise,
        panels: vec![
            ("35-12-35".into(), table(0.17)),
            ("35-25-12-25-35".into(), table(0.12)),
        ],
        range: Some((0.0, 1.0)),
        value_name: "share".into(),
    })
}

/// Five tables of values of both signs, one of them with gaps.
pub fn correlations() -> Figure {
    let value = |table: usize, row: usize, column: usize| match (row == column, row, table) {
        (true, ..) => 1.0,
        (_, 1, 2) => f64::NAN,
        _ => ((3 * row + 5 * column + table) % 9) as f64 / 5.0 - 0.9,
    };
    let table = |table: usize| {
        let row = |row: usize| {
            let cell = |column: usize| Cell {
                value: value(table, row, column),
                text: None,
            };
            (0..5).map(cell).collect()
        };
        (format!("epoch {}", 10 * table), (0..5).map(row).collect())
    };
    matrix(&Matrix {
        title: "Correlations of the codes".into(),
        columns: (0..5)
            .map(|at| format!("component {at} of the code"))
            .collect(),
        rows: (0..5).map(|at| format!("z{at}")).collect(),
        panels: (0..5).map(table).collect(),
        value_name: "correlation".into(),
        ..Matrix::default()
    })
}

/// A glyph of 7 x 5 pixels, as different as the number.
fn glyph(number: usize) -> Tile {
    let ink = |pixel: usize| {
        let (y, x) = (pixel / 5, pixel % 5);
        (x * (number % 5 + 1) + y * (number / 25 % 7 + 1)) % 5 < 2
    };
    Tile {
        pixels: (0..35)
            .map(|pixel| f32::from(u8::from(ink(pixel))))
            .collect(),
        channels: 1,
        height: 7,
        width: 5,
        ink: true,
    }
}

/// 25 x 25 glyphs, some of them framed.
pub fn new_letters() -> Figure {
    let at = |index: usize| 0.05 + 0.9 * index as f64 / 24.0;
    grid(&Grid {
        title: "Between the known letters".into(),
        x_label: "z1".into(),
        y_label: "z2".into(),
        xs: (0..25).map(at).collect(),
        ys: (0..25).rev().map(at).collect(),
        tiles: (0..625).map(glyph).collect(),
        marks: (0..625).map(|index| index % 37 < 2).collect(),
        mark_name: "a letter that is not in the font".into(),
        ..Grid::default()
    })
}

/// Original, noisy and output beside each other, with a tick or a cross.
pub fn triptychs() -> Figure {
    // Every fourth column stays empty.
    let row = |letter: usize| {
        let tile = |column: usize| (column % 4 != 3).then(|| glyph(30 * letter + column));
        (format!("letter {letter}"), (0..11).map(tile).collect())
    };
    let mark = |letter: usize, column: usize| match (column % 4, (letter + column) % 3) {
        (2, 0) => Some("✗ 2 px".to_owned()),
        (2, _) => Some("✓".to_owned()),
        _ => None,
    };
    let marks = |letter: usize| (0..11).map(|column| mark(letter, column)).collect();
    let captions = ["original", "noisy", "output", ""];
    sheet(&Sheet {
        title: "Three noisy copies of each letter".into(),
        rows: (0..5).map(row).collect(),
        captions: (0..11)
            .map(|column| captions[column % 4].to_owned())
            .collect(),
        marks: (0..5).map(marks).collect(),
        wrap: 0,
        ..Sheet::default()
    })
}

/// Four maps and a grid in one figure.
pub fn together() -> Figure {
    let point = |index: usize, noise: usize| Point {
        x: (1.7 * (index * noise + 3) as f64).sin(),
        y: (0.9 * (index * noise + 3) as f64).cos(),
        label: Some(char::from(b'a' + (index % 26) as u8).to_string()),
        class: None,
    };
    let map = |noise: usize| {
        scatter(&Scatter {
            title: format!("noise {noise} %"),
            x_label: "z1".into(),
            y_label: "z2".into(),
            points: (0..30).map(|index| point(index, noise)).collect(),
            range: Some([(-1.1, 1.1); 2]),
            ..Scatter::default()
        })
    };
    let maps = [5, 10, 15, 20].map(map);
    let letters = new_letters();
    let rows: Vec<Vec<&Figure>> = maps.chunks(2).map(|row| row.iter().collect()).collect();
    let note = "four noises, and one grid";
    compose(
        "Codes of noisy letters",
        Some(note),
        &[rows, vec![vec![&letters]]].concat(),
    )
}
