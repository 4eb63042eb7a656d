//! Draws one figure of each kind, with made-up numbers, into the folder given as argument, and says how long each took:
//! `cargo run --release -p espejo-pictures --example gallery -- FOLDER`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

#[path = "gallery/charts.rs"]
mod charts;
#[path = "gallery/targets.rs"]
mod targets;

use espejo_pictures::{
    Curves, Error, Figure, Grid, Panel, Point, Scatter, Series, Sheet, Tile, Walk, WalkFrame, apng,
    curves, gif, grid, scatter, sheet, walk,
};

fn main() -> Result<(), Error> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or(PathBuf::from("gallery"), PathBuf::from);
    // The first figure also reads the font; it is not timed.
    curves(&Curves::default()).png()?;
    save(&folder, "loss", losses)?;
    save(&folder, "loss-and-parts", panels)?;
    save(&folder, "noisy-curve", many_points)?;
    save(&folder, "one-epoch", one_epoch)?;
    save(&folder, "map-of-letters", || letters(0.0))?;
    save(&folder, "map-of-words", words)?;
    save(&folder, "all-in-one-place", || letters(f64::INFINITY))?;
    save(&folder, "map-of-24-classes", || scatter(&cloud(1_200, 24)))?;
    save(&folder, "cloud", || scatter(&cloud(10_000, 10)))?;
    save(&folder, "cloud-words", cloud_of_clothes)?;
    save(&folder, "cloud-letters", || scatter(&cloud(20_800, 26)))?;
    save(&folder, "cloud-47-classes", || scatter(&cloud(18_800, 47)))?;
    save(&folder, "cloud-60000", || scatter(&cloud(60_000, 10)))?;
    save(&folder, "cloud-100000", || scatter(&cloud(100_000, 10)))?;
    save(&folder, "cloud-shaded", || shaded_cloud(10_000))?;
    save(&folder, "density-10000", || unlabelled_cloud(10_000))?;
    save(&folder, "density-100000", || unlabelled_cloud(100_000))?;
    save(&folder, "sheet", || glyph_sheet(7, 5, 32))?;
    save(&folder, "sheet-28", || glyph_sheet(28, 28, 10))?;
    save(&folder, "sheet-colour", colour_sheet)?;
    save(&folder, "sheet-faces", faces)?;
    save(&folder, "grid", || latent_grid(20, 20, (28, 28), 0.0))?;
    save(&folder, "grid-small", || latent_grid(9, 15, (7, 5), 0.0))?;
    save(&folder, "sheet-50x37", || photo_sheet((50, 37), 1, 16))?;
    save(&folder, "sheet-64x50", || photo_sheet((64, 50), 3, 8))?;
    save(&folder, "sheet-243x320", || photo_sheet((243, 320), 1, 4))?;
    save(&folder, "sheet-243x320-8", || photo_sheet((243, 320), 1, 8))?;
    save(&folder, "grid-15", || latent_grid(15, 15, (28, 28), 0.0))?;
    save(&folder, "grid-colour", || photo_grid(15, (32, 32), 3))?;
    save(&folder, "grid-64x50", || photo_grid(15, (64, 50), 1))?;
    save(&folder, "grid-243x320", || photo_grid(5, (243, 320), 1))?;
    save(&folder, "bars", charts::architectures)?;
    save(&folder, "bars-groups", || charts::groups(false))?;
    save(&folder, "bars-logarithmic", || charts::groups(true))?;
    save(&folder, "race", charts::race)?;
    save(&folder, "error-bars", charts::loss_by_noise)?;
    save(&folder, "matrix", charts::shares)?;
    save(&folder, "matrix-two-sided", charts::correlations)?;
    save(&folder, "grid-marked", charts::new_letters)?;
    save(&folder, "triptychs", charts::triptychs)?;
    save(&folder, "composed", charts::together)?;
    for classes in [2, 10, 26, 100] {
        let stem = format!("confusion-{classes}");
        save(&folder, &stem, || targets::confusion(classes))?;
    }
    save(&folder, "confusion-long-names", targets::long_names)?;
    save(&folder, "reliability", targets::calibration)?;
    save(&folder, "parity", || targets::parity(300))?;
    save(&folder, "parity-5000", || targets::parity(5000))?;
    save(&folder, "learning-curves", targets::learning_curves)?;
    save(&folder, "accuracy-by-labels", targets::accuracy_by_labels)?;
    save(&folder, "mistakes", targets::mistakes)?;
    save(&folder, "empty", || scatter(&Scatter::default()))?;
    animations(&folder)
}

fn save(folder: &Path, stem: &str, draw: impl Fn() -> Figure) -> Result<(), Error> {
    let start = Instant::now();
    let figure = draw();
    let drawn = start.elapsed();
    let png = figure.png()?;
    let encoded = start.elapsed() - drawn;
    figure.save(folder, stem)?;
    say(&format!(
        "{stem:18} draw {:6.1} ms  png {:6.1} ms  svg {:5} kB  png {:5} kB  csv {:5} kB",
        drawn.as_secs_f64() * 1e3,
        encoded.as_secs_f64() * 1e3,
        figure.svg().len() / 1000,
        png.len() / 1000,
        figure.csv().len() / 1000,
    ));
    Ok(())
}

fn say(line: &str) {
    // A closed pipe is no reason to stop drawing.
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn animations(folder: &Path) -> Result<(), Error> {
    let start = Instant::now();
    let frames: Vec<Figure> = (0..40)
        .map(|step| letters(f64::from(step) / 39.0))
        .collect();
    gif(&frames, 12.0, &folder.join("letters.gif"))?;
    let maps = start.elapsed();
    let frames: Vec<Figure> = (0..24)
        .map(|step| latent_grid(12, 12, (28, 28), f64::from(step) / 8.0))
        .collect();
    gif(&frames, 8.0, &folder.join("grid.gif"))?;
    say(&format!(
        "gif of 40 maps {:.0} ms, of 24 grids {:.0} ms",
        maps.as_secs_f64() * 1e3,
        (start.elapsed() - maps).as_secs_f64() * 1e3
    ));
    let letters = Some(cloud(20_800, 26));
    walk_through(folder, "walk", Some(cloud(10_000, 10)), |at| {
        image(28, 28, false, ring(0.5 + 0.1 * at.0, 0.25 + 0.03 * at.1))
    })?;
    walk_through(folder, "walk-colour", letters, |at| photo((32, 32), 3, at))?;
    walk_through(folder, "walk-alone", None, |at| photo((64, 50), 1, at))
}

/// A spiral of 225 places, as GIF and as APNG.
fn walk_through(
    folder: &Path,
    stem: &str,
    map: Option<Scatter>,
    tile: impl Fn((f64, f64)) -> Tile,
) -> Result<(), Error> {
    let frame = |index: i32| {
        let share = f64::from(index) / 224.0;
        let (sine, cosine) = (12.0 * share).sin_cos();
        let at = (4.0 * share * cosine, 4.0 * share * sine);
        WalkFrame {
            tile: tile(at),
            at,
            text: format!("{:.0} % of the way", 100.0 * share),
        }
    };
    let way = Walk {
        title: "A walk through the codes".into(),
        frames: (0..225).map(frame).collect(),
        map,
        closed: false,
    };
    let start = Instant::now();
    let frames = walk(&way);
    let drawn = start.elapsed();
    gif(&frames, 15.0, &folder.join(format!("{stem}.gif")))?;
    let as_gif = start.elapsed() - drawn;
    apng(&frames, 15.0, &folder.join(format!("{stem}.apng")))?;
    let as_apng = start.elapsed() - drawn - as_gif;
    frames[150].save(folder, stem)?;
    say(&format!(
        "{stem}: drawn {:.0} ms, gif {:.0} ms, apng {:.0} ms",
        drawn.as_secs_f64() * 1e3,
        as_gif.as_secs_f64() * 1e3,
        as_apng.as_secs_f64() * 1e3
    ));
    Ok(())
}

/// Pseudo-random numbers in [0, 1).
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn bell(random: &mut impl FnMut() -> f64) -> f64 {
    (0..12).map(|_| random()).sum::<f64>() - 6.0
}

fn decay(name: &str, (from, to): (f64, f64), rate: f64, dashed: bool) -> Series {
    let point = |epoch: i32| {
        let epoch = f64::from(epoch);
        (
            epoch,
            to + (from - to) * (-epoch * rate).exp() + (epoch * 1.7).sin() * 0.002 * to,
        )
    };
    Series {
        name: name.into(),
        points: (1..=50).map(point).collect(),
        dashed,
        ..Series::default()
    }
}

fn losses() -> Figure {
    let panel = Panel {
        y_label: "nats per sample".into(),
        series: vec![
            decay("train", (420.0, 262.0), 0.25, false),
            decay("test", (410.0, 268.0), 0.25, true),
        ],
        baselines: vec![
            ("mean image".into(), 338.7),
            ("PCA, 2 components".into(), 291.0),
            ("PCA, 3 components".into(), 288.5),
            ("identity".into(), 2.9e6),
        ],
        ..Panel::default()
    };
    curves(&Curves {
        title: "VAE on Fashion-MNIST, seed 42".into(),
        x_label: "epoch".into(),
        panels: vec![panel],
        ..Curves::default()
    })
}

fn panels() -> Figure {
    let loss = Panel {
        title: "Loss".into(),
        y_label: "nats per sample".into(),
        series: vec![
            decay("train", (420.0, 262.0), 0.15, false),
            decay("test", (410.0, 268.0), 0.15, true),
        ],
        baselines: vec![("mean image".into(), 338.7)],
        log_y: false,
    };
    let parts = Panel {
        title: "Kullback-Leibler divergence".into(),
        y_label: "nats".into(),
        series: (0..6)
            .map(|part| {
                decay(
                    &format!("z{part}"),
                    (0.1, 4.0 + 0.05 * f64::from(part * part)),
                    0.1,
                    part > 2,
                )
            })
            .collect(),
        ..Panel::default()
    };
    let error = Panel {
        title: "Wrong pixels".into(),
        y_label: "pixels a glyph".into(),
        series: vec![
            decay("Adam", (17.0, 0.002), 0.3, false),
            decay("momentum", (17.0, 0.4), 0.1, false),
        ],
        baselines: vec![("one pixel".into(), 1.0)],
        log_y: true,
    };
    curves(&Curves {
        title: "Three panels over one axis".into(),
        x_label: "epoch".into(),
        panels: vec![loss, parts, error],
        ..Curves::default()
    })
}

fn many_points() -> Figure {
    let mut random = uniform(1);
    let points = (0..10_000).map(|step| {
        (
            f64::from(step),
            300.0 / (1.0 + f64::from(step) / 500.0) + 8.0 * bell(&mut random).abs(),
        )
    });
    let series = vec![Series {
        name: "batch loss".into(),
        points: points.collect(),
        dashed: false,
        ..Series::default()
    }];
    let panel = Panel {
        y_label: "nats per sample".into(),
        series,
        log_y: true,
        ..Panel::default()
    };
    curves(&Curves {
        title: "Ten thousand steps".into(),
        x_label: "step".into(),
        panels: vec![panel],
        ..Curves::default()
    })
}

fn one_epoch() -> Figure {
    let series = |name: &str, y| Series {
        name: name.into(),
        points: vec![(1.0, y)],
        dashed: false,
        ..Series::default()
    };
    let panel = Panel {
        y_label: "a very long name of an axis that cannot possibly stand beside this panel".into(),
        series: vec![
            series("train & <test> with a name that is far too long", 271.8),
            series("test", 272.3),
        ],
        baselines: vec![("not a number".into(), f64::NAN)],
        ..Panel::default()
    };
    curves(&Curves {
        x_label: "epoch".into(),
        panels: vec![panel, Panel::default()],
        ..Curves::default()
    })
}

fn letters(time: f64) -> Figure {
    let mut random = uniform(7);
    let spread = if time.is_finite() { 1.0 } else { 0.0 };
    let time = if time.is_finite() { time } else { 0.0 };
    let point = |code: u8| {
        let (x, y) = (bell(&mut random), bell(&mut random));
        let (dx, dy) = (bell(&mut random), bell(&mut random));
        Point {
            x: spread * (x + time * dx),
            y: spread * (y + time * dy),
            label: Some(char::from(code).to_string()),
            class: None,
        }
    };
    scatter(&Scatter {
        title: "Codes of 96 glyphs".into(),
        x_label: "z₁".into(),
        y_label: "z₂".into(),
        points: (32..128).map(point).collect(),
        range: (spread > 0.0).then_some([(-3.2, 3.2), (-3.2, 3.2)]),
        note: Some(format!(
            "epoch {}, test loss 0.61 nats per sample",
            (time * 40.0).round()
        )),
        ..Scatter::default()
    })
}

const CLOTHES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

fn words() -> Figure {
    let mut random = uniform(3);
    let point = |index: usize| Point {
        x: 40.0 * bell(&mut random),
        y: 0.01 * bell(&mut random),
        label: Some(CLOTHES[index % 10].into()),
        class: Some(index % 10),
    };
    scatter(&Scatter {
        title: "Forty words".into(),
        x_label: "first component".into(),
        y_label: "second component".into(),
        points: (0..40).map(point).collect(),
        classes: CLOTHES.map(String::from).to_vec(),
        ..Scatter::default()
    })
}

fn cloud(count: usize, classes: usize) -> Scatter {
    let mut random = uniform(5);
    let point = |index: usize| {
        let class = index * classes / count;
        let angle = class as f64 * 2.4;
        let distance = 0.5 * (class as f64).sqrt() * (40.0 / classes as f64).min(2.0);
        Point {
            x: distance * angle.cos() + 0.45 * bell(&mut random),
            y: distance * angle.sin() + 0.45 * bell(&mut random),
            label: None,
            class: Some(class),
        }
    };
    let name = |class: usize| {
        if classes == 10 {
            format!("digit {class}")
        } else {
            char::from(b'A' + class as u8).to_string()
        }
    };
    Scatter {
        title: format!("{count} codes of the test images"),
        x_label: "z₁".into(),
        y_label: "z₂".into(),
        points: (0..count).map(point).collect(),
        classes: (0..classes).map(name).collect(),
        range: Some([(-5.0, 5.0), (-5.0, 5.0)]),
        note: Some("β = 1, 10 epochs".into()),
        density: false,
        ..Scatter::default()
    }
}

fn cloud_of_clothes() -> Figure {
    scatter(&Scatter {
        classes: CLOTHES.map(String::from).to_vec(),
        ..cloud(10_000, 10)
    })
}

fn shaded_cloud(count: usize) -> Figure {
    scatter(&Scatter {
        density: true,
        ..cloud(count, 10)
    })
}

fn unlabelled_cloud(count: usize) -> Figure {
    let mut map = cloud(count, 10);
    for point in &mut map.points {
        point.class = None;
    }
    scatter(&Scatter {
        classes: Vec::new(),
        ..map
    })
}

fn image(height: usize, width: usize, ink: bool, value: impl Fn(f64, f64) -> f64) -> Tile {
    let pixel = |index: usize| {
        let (y, x) = (index / width, index % width);
        let centred = |at: usize, size: usize| (at as f64 + 0.5) / size as f64 * 2.0 - 1.0;
        value(centred(x, width), centred(y, height)) as f32
    };
    Tile {
        pixels: (0..height * width).map(pixel).collect(),
        channels: 1,
        height,
        width,
        ink,
    }
}

fn ring(radius: f64, width: f64) -> impl Fn(f64, f64) -> f64 {
    move |x, y| 1.0 / (1.0 + (((x.hypot(y) - radius).abs() - width) * 12.0).exp())
}

fn glyph_sheet(height: usize, width: usize, columns: usize) -> Figure {
    let mut random = uniform(9);
    let step = |value: f64| if height < 10 { value.round() } else { value };
    let radius = |column: usize| 0.2 + 0.7 * column as f64 / columns as f64;
    let originals: Vec<Tile> = (0..columns)
        .map(|column| {
            image(height, width, true, |x, y| {
                step(ring(radius(column), 0.25)(x, y))
            })
        })
        .collect();
    let noisy: Vec<Tile> = originals
        .iter()
        .map(|tile| {
            let flip = |value: &f32| if random() < 0.1 { 1.0 - value } else { *value };
            Tile {
                pixels: tile.pixels.iter().map(flip).collect(),
                ..tile.clone()
            }
        })
        .collect();
    let outputs = (0..columns).map(|column| image(height, width, true, ring(radius(column), 0.22)));
    let marks = |column: usize| {
        column
            .is_multiple_of(3)
            .then(|| format!("{} px", column % 5))
    };
    sheet(&Sheet {
        title: "Glyphs, what noise made of them, and what the network made of that".into(),
        rows: vec![
            (
                "original".into(),
                originals.iter().cloned().map(Some).collect(),
            ),
            (
                "noisy, 10 % flipped".into(),
                noisy.into_iter().map(Some).collect(),
            ),
            ("output".into(), outputs.map(Some).collect()),
        ],
        captions: (0..columns)
            .map(|column| char::from(b'`' + column as u8).to_string())
            .collect(),
        marks: vec![vec![], vec![], (0..columns).map(marks).collect()],
        wrap: 16,
        ..Sheet::default()
    })
}

fn colour_sheet() -> Figure {
    let tile = |index: usize| {
        let planes: Vec<Tile> = (0..3)
            .map(|channel| {
                image(
                    32,
                    32,
                    false,
                    ring(0.2 * channel as f64 + 0.05 * index as f64, 0.3),
                )
            })
            .collect();
        Tile {
            pixels: planes
                .iter()
                .flat_map(|plane| plane.pixels.clone())
                .collect(),
            channels: 3,
            height: 32,
            width: 32,
            ink: false,
        }
    };
    let row = |from: usize| {
        (from..from + 100)
            .map(|index| (index % 7 != 3).then(|| tile(index % 12)))
            .collect()
    };
    sheet(&Sheet {
        title: "Samples".into(),
        rows: vec![("a name too long for its place".into(), row(0))],
        wrap: 20,
        ..Sheet::default()
    })
}

fn faces() -> Figure {
    let face = |radius: f64| {
        Some(image(192, 168, false, move |x, y| {
            ring(radius, 0.1)(x, y) * (0.7 + 0.3 * x)
        }))
    };
    let row = |scale: f64| {
        (1..=6)
            .map(|index| face(scale * f64::from(index) / 6.0))
            .collect()
    };
    let captions = (1..=6).map(|index| format!("person {index:02}")).collect();
    sheet(&Sheet {
        title: "Large images".into(),
        rows: vec![("input".into(), row(0.9)), ("output".into(), row(0.8))],
        captions,
        ..Sheet::default()
    })
}

/// A soft image with fine lines, in which a resampled pixel would show.
fn photo((height, width): (usize, usize), channels: usize, (x, y): (f64, f64)) -> Tile {
    let plane = |channel: usize| {
        let (shift, phase) = (0.15 * channel as f64, channel as f64);
        let shade = move |u: f64, v: f64| {
            let face = ring(0.1 * x, 0.55)(u, v * 0.8 + shift);
            let lines = 0.12 * ((30.0 + y) * (u + v) + phase).sin();
            face * (0.75 + 0.2 * (u + phase).sin()) + lines
        };
        image(height, width, false, shade).pixels
    };
    Tile {
        pixels: (0..channels).flat_map(plane).collect(),
        channels,
        height,
        width,
        ink: false,
    }
}

fn photo_sheet(size: (usize, usize), channels: usize, columns: usize) -> Figure {
    let row = |shift: f64| -> Vec<Option<Tile>> {
        let at = |column: usize| (column as f64 * 0.2, shift);
        (0..columns)
            .map(|c| Some(photo(size, channels, at(c))))
            .collect()
    };
    let quality = |column: usize| Some(format!("{:.1} dB", 27.3 + column as f64));
    sheet(&Sheet {
        title: format!("Images of {} x {}", size.0, size.1),
        rows: vec![("original".into(), row(0.0)), ("output".into(), row(1.0))],
        captions: (0..columns).map(|c| format!("person {c}")).collect(),
        marks: vec![vec![], (0..columns).map(quality).collect()],
        wrap: 16,
        ..Sheet::default()
    })
}

fn photo_grid(count: usize, size: (usize, usize), channels: usize) -> Figure {
    let at = |index: usize| -3.0 + 6.0 * index as f64 / (count - 1) as f64;
    let tile = |index: usize| photo(size, channels, (at(index % count), at(index / count)));
    grid(&Grid {
        title: format!("Decoded images of {} x {}", size.0, size.1),
        x_label: "z₁".into(),
        y_label: "z₂".into(),
        xs: (0..count).map(at).collect(),
        ys: (0..count).rev().map(at).collect(),
        tiles: (0..count * count).map(tile).collect(),
        ..Grid::default()
    })
}

fn latent_grid(rows: usize, columns: usize, (height, width): (usize, usize), phase: f64) -> Figure {
    let at = |index: usize, count: usize| -3.0 + 6.0 * index as f64 / (count - 1) as f64;
    let tile = |index: usize| {
        let (x, y) = (at(index % columns, columns), at(index / columns, rows));
        image(
            height,
            width,
            true,
            ring(0.5 + 0.12 * x + 0.05 * phase.sin(), 0.2 + 0.03 * y),
        )
    };
    grid(&Grid {
        title: "What the decoder makes of the plane".into(),
        x_label: "z₁".into(),
        y_label: "z₂".into(),
        xs: (0..columns).map(|column| at(column, columns)).collect(),
        ys: (0..rows).rev().map(|row| at(row, rows)).collect(),
        tiles: (0..rows * columns).map(tile).collect(),
        ..Grid::default()
    })
}
