//! Figures from the outside: files, sizes, numbers, animations, and inputs that have nothing to show.

use std::{fs, path::Path};

use espejo_pictures::{
    Curves, Error, Figure, Grid, Panel, Point, Scatter, Series, Sheet, Tile, Walk, WalkFrame, apng,
    curves, film, gif, grid, scatter, sheet, walk,
};

#[path = "figures/charts.rs"]
mod charts;
#[path = "figures/golden.rs"]
mod golden;
#[path = "figures/targets.rs"]
mod targets;

fn series(name: &str, points: &[(f64, f64)]) -> Series {
    Series {
        name: name.into(),
        points: points.to_vec(),
        dashed: false,
        ..Series::default()
    }
}

fn one_panel(panel: Panel) -> Figure {
    curves(&Curves {
        panels: vec![panel],
        ..Curves::default()
    })
}

fn point(x: f64, y: f64) -> Point {
    Point {
        x,
        y,
        ..Point::default()
    }
}

fn tile(pixels: &[f32], height: usize, width: usize) -> Tile {
    Tile {
        pixels: pixels.to_vec(),
        channels: 1,
        height,
        width,
        ink: true,
    }
}

/// Decodes a PNG: width, height, RGB bytes.
fn decode(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png))
        .read_info()
        .expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut bytes).expect("pixels");
    (info.width, info.height, bytes)
}

/// How many pixels of a figure's PNG have this colour.
fn pixels_of(figure: &Figure, colour: [u8; 3]) -> usize {
    let (_, _, bytes) = decode(&figure.png().expect("an image"));
    bytes
        .chunks_exact(3)
        .filter(|pixel| **pixel == colour)
        .count()
}

#[test]
fn the_csv_of_curves_has_every_number() {
    let figure = curves(&Curves {
        title: "t".into(),
        x_label: "epoch".into(),
        panels: vec![
            Panel {
                title: "loss, all".into(),
                series: vec![series("train", &[(1.0, 2.5), (2.0, f64::NAN)])],
                baselines: vec![("mean".into(), 3.0)],
                ..Panel::default()
            },
            Panel {
                series: vec![series("", &[(0.5, 1e-9)])],
                ..Panel::default()
            },
        ],
        ..Curves::default()
    });
    let expected = "panel,kind,name,x,y\n\"loss, all\",series,train,1,2.5\n\"loss, all\",series,train,2,NaN\n\
        \"loss, all\",baseline,mean,,3\n2,series,,0.5,0.000000001\n";
    assert_eq!(figure.csv(), expected);
}

#[test]
fn the_csv_of_a_map_has_every_point() {
    let figure = scatter(&Scatter {
        points: vec![
            Point {
                x: 0.5,
                y: -1.0,
                label: Some(",".into()),
                class: Some(1),
            },
            Point {
                x: f64::INFINITY,
                y: 0.0,
                label: None,
                class: Some(7),
            },
            point(1.0, 2.0),
        ],
        classes: vec!["a".into(), "b".into()],
        ..Scatter::default()
    });
    assert_eq!(
        figure.csv(),
        "x,y,label,class\n0.5,-1,\",\",b\ninf,0,,7\n1,2,,\n"
    );
    assert!(figure.svg().contains("1 point not shown"));
}

#[test]
fn the_csv_of_a_sheet_has_every_pixel() {
    let figure = sheet(&Sheet {
        rows: vec![("in".into(), vec![None, Some(tile(&[0.0, 0.25], 2, 1))])],
        captions: vec!["x".into(), "y".into()],
        ..Sheet::default()
    });
    assert_eq!(
        figure.csv(),
        "row,column,caption,y,x,channel,value\nin,1,y,0,0,0,0\nin,1,y,1,0,0,0.25\n"
    );
}

#[test]
fn a_png_has_two_pixels_a_unit_and_white_paper() {
    let figure = scatter(&Scatter::default());
    let (width, height, bytes) = decode(&figure.png().expect("an image"));
    assert_eq!((width, height), (2 * figure.size().0, 2 * figure.size().1));
    assert_eq!(bytes.len(), (3 * width * height) as usize);
    assert_eq!(bytes[..3], [255, 255, 255]);
}

#[test]
fn every_source_pixel_is_a_sharp_square() {
    // A grey checkerboard keeps its two greys, and no mixture of them: 16 tiles' pixels, half of each kind.
    let pixels: Vec<f32> = (0..64)
        .map(|index| {
            if (index / 8 + index % 8) % 2 == 0 {
                0.2
            } else {
                0.6
            }
        })
        .collect();
    let one = Tile {
        ink: false,
        ..tile(&pixels, 8, 8)
    };
    let figures = [
        sheet(&Sheet {
            rows: vec![(String::new(), vec![Some(one.clone())])],
            ..Sheet::default()
        }),
        grid(&Grid {
            xs: vec![0.0],
            ys: vec![0.0],
            tiles: vec![one],
            ..Grid::default()
        }),
    ];
    for figure in figures {
        // 84 units allow 10 units a pixel, 20 in the PNG.
        assert_eq!(pixels_of(&figure, [51; 3]), 32 * 400);
        assert_eq!(pixels_of(&figure, [153; 3]), 32 * 400);
    }
}

#[test]
fn a_large_image_is_shown_pixel_for_pixel() {
    let pixels: Vec<f32> = (0..160 * 160)
        .map(|index| if index % 2 == 0 { 0.2 } else { 0.6 })
        .collect();
    let large = Tile {
        ink: false,
        ..tile(&pixels, 160, 160)
    };
    let figure = sheet(&Sheet {
        rows: vec![(String::new(), vec![Some(large)])],
        ..Sheet::default()
    });
    assert_eq!(pixels_of(&figure, [51; 3]), 80 * 160);
    assert_eq!(pixels_of(&figure, [153; 3]), 80 * 160);
}

#[test]
fn texts_are_escaped_and_drawn() {
    let map = |label: &str| {
        scatter(&Scatter {
            points: vec![Point {
                label: Some(label.into()),
                ..Point::default()
            }],
            ..Scatter::default()
        })
    };
    for (label, shown) in [
        ("<", "&lt;"),
        ("&", "&amp;"),
        ("\"", "&quot;"),
        (" ", "␣"),
        ("\u{7f}", "DEL"),
        ("\0", "^@"),
    ] {
        let figure = map(label);
        assert!(
            figure.svg().contains(&format!(">{shown}</text>")),
            "{label:?}"
        );
        // The label is drawn in ink, so its glyph is in the font.
        assert!(pixels_of(&figure, [0x22; 3]) > 0, "{label:?}");
    }
    assert_eq!(pixels_of(&map(""), [0x22; 3]), 0);
}

/// A cloud of points in one place, by turns of the given classes.
fn one_place(count: usize, class: impl Fn(usize) -> Option<usize>) -> Vec<Point> {
    let point = |index: usize| Point {
        label: Some("label".into()),
        class: class(index),
        ..point(1.0, 1.0)
    };
    (0..count).map(point).collect()
}

#[test]
fn no_class_of_a_cloud_covers_another() {
    // All of class 0, then all of class 1; drawn by turns, the last of opacity 0.75 over what is left of the others:
    // 0.75 / (1 - 0.25²) = 0.8 of the second colour.
    let figure = scatter(&Scatter {
        points: one_place(4000, |index| Some(index / 2000)),
        ..Scatter::default()
    });
    let mixed = [217, 164, 55];
    assert!(pixels_of(&figure, mixed) > 10);
}

#[test]
fn a_cloud_names_its_classes_and_no_points() {
    for count in [10, 26] {
        let names: Vec<String> = (0..count).map(|class| format!("class {class}")).collect();
        let figure = scatter(&Scatter {
            points: one_place(100_000, |index| Some(index % count)),
            classes: names.clone(),
            density: true,
            ..Scatter::default()
        });
        for name in names {
            let text = format!(">{name}</text>");
            // Once in the legend and once over its points.
            assert_eq!(figure.svg().matches(&text).count(), 2, "{name}");
        }
        assert!(!figure.svg().contains("label"));
        assert!(figure.svg().len() < 100_000);
    }
}

#[test]
fn a_cloud_without_classes_is_a_density() {
    let mut points = one_place(3000, |_| None);
    points.push(point(2.0, 2.0));
    let figure = scatter(&Scatter {
        points,
        ..Scatter::default()
    });
    assert!(figure.svg().contains(">points a cell</text>"));
    assert!(figure.svg().contains(">3000</text>"));
    // A cell of 5 units, and the ends of the scale: 12 units wide, one high.
    assert_eq!(pixels_of(&figure, [1, 37, 80]), 100 + 48);
    assert_eq!(pixels_of(&figure, [207, 227, 254]), 100 + 48);
}

#[test]
fn large_and_coloured_images_keep_their_pixels_and_shape() {
    let grey = |(height, width): (usize, usize), channels: usize| Tile {
        pixels: vec![0.4; channels * height * width],
        channels,
        height,
        width,
        ink: false,
    };
    for (size, channels, columns, expected) in [
        // Two PNG pixels a pixel where there is room, one where there is less, or one for a square of them.
        ((50, 37), 1, 16, (100, 74)),
        ((64, 50), 1, 4, (128, 100)),
        ((32, 32), 3, 20, (64, 64)),
        ((32, 32), 3, 8, (128, 128)),
        ((243, 320), 1, 4, (243, 320)),
        ((243, 320), 1, 8, (122, 160)),
    ] {
        let figure = sheet(&Sheet {
            rows: vec![("output".into(), vec![Some(grey(size, channels)); columns])],
            marks: vec![vec![Some("27.3 dB".into()); columns]],
            ..Sheet::default()
        });
        let area = expected.0 * expected.1;
        assert_eq!(pixels_of(&figure, [102; 3]), columns * area, "{size:?}");
        assert!(2 * figure.size().0 <= 2000);
        assert_eq!(figure.svg().matches(">27.3 dB</text>").count(), columns);
    }
}

#[test]
fn a_grid_has_thin_even_gaps() {
    let ink = Tile {
        pixels: vec![0.6; 28 * 28],
        ..tile(&[], 28, 28)
    };
    let places: Vec<f64> = (0..15).map(f64::from).collect();
    let figure = grid(&Grid {
        xs: places.clone(),
        ys: places,
        tiles: vec![ink; 225],
        ..Grid::default()
    });
    assert_eq!(pixels_of(&figure, [102; 3]), 225 * 56 * 56);
    // Lines of two pixels, every 62: 28 units, one of paper on each side, and the line.
    let side = 15 * 62 + 2;
    let lines = side * side - 225 * 60 * 60;
    // The soft edges of the texts have some of that grey too.
    assert!((lines..lines + 400).contains(&pixels_of(&figure, [0xd4; 3])));
}

#[test]
fn long_curves_are_thinned_but_keep_their_extremes() {
    let wave = |step: i32| {
        (
            f64::from(step),
            if step == 4321 {
                9.0
            } else {
                f64::from(step % 7)
            },
        )
    };
    let points: Vec<(f64, f64)> = (0..10_000).map(wave).collect();
    let figure = one_panel(Panel {
        series: vec![series("s", &points)],
        ..Panel::default()
    });
    let path = figure
        .svg()
        .lines()
        .find(|line| line.contains("stroke-width=\"1.8\""))
        .expect("a curve");
    let drawn = path.matches('L').count();
    assert!((1000..6000).contains(&drawn), "{drawn}");
    // The one peak is the top of the curve, and stands alone there.
    let heights = path
        .split(['M', 'L'])
        .filter_map(|pair| pair.split_once(' '))
        .map(|(_, y)| y);
    let heights: Vec<f64> = heights
        .filter_map(|y| y.split('"').next()?.parse().ok())
        .collect();
    let top = heights.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(heights.iter().filter(|y| **y < top + 20.0).count(), 1);
    assert_eq!(figure.csv().lines().count(), 10_001);
}

#[test]
fn far_baselines_are_told_at_the_edge() {
    let panel = |value| Panel {
        series: vec![series("s", &[(1.0, 10.0), (2.0, 11.0)])],
        baselines: vec![("PCA".into(), value)],
        ..Panel::default()
    };
    let near = one_panel(panel(40.0));
    assert!(near.svg().contains(">PCA</text>") && near.svg().contains(">40</text>"));
    let far = one_panel(panel(4000.0));
    assert!(far.svg().contains(">PCA 4000</text>") && far.svg().contains(">↑</text>"));
    let far = one_panel(panel(-4000.0));
    assert!(far.svg().contains(">PCA −4000</text>") && far.svg().contains(">↓</text>"));
}

#[test]
fn names_beside_a_plot_do_not_overlap() {
    let baselines = (0..8)
        .map(|index| (format!("b{index}"), 5.0 + 0.001 * f64::from(index)))
        .collect();
    let figure = one_panel(Panel {
        series: vec![series("s", &[(0.0, 0.0), (1.0, 10.0)])],
        baselines,
        ..Panel::default()
    });
    let y_of = |line: &str| {
        line.split(" y=\"")
            .nth(1)?
            .split('"')
            .next()?
            .parse::<f64>()
            .ok()
    };
    let names = figure
        .svg()
        .lines()
        .filter(|line| line.contains(">b") && line.contains("<text"));
    let mut heights: Vec<f64> = names.filter_map(y_of).collect();
    heights.sort_by(f64::total_cmp);
    assert_eq!(heights.len(), 8);
    assert!(
        heights.windows(2).all(|pair| pair[1] - pair[0] > 14.9),
        "{heights:?}"
    );
}

#[test]
fn a_logarithmic_axis_falls_back_where_a_value_is_zero() {
    let panel = |least| Panel {
        series: vec![series("s", &[(0.0, least), (1.0, 1000.0)])],
        log_y: true,
        ..Panel::default()
    };
    assert!(one_panel(panel(1.0)).svg().contains(">10</text>"));
    assert!(one_panel(panel(0.0)).svg().contains(">400</text>"));
}

#[test]
fn nothing_to_show_is_still_a_figure() {
    let odd = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.0,
        -0.0,
        1e300,
        -1e300,
        1e-300,
        5.0,
    ];
    let all: Vec<(f64, f64)> = odd.iter().flat_map(|x| odd.map(|y| (*x, y))).collect();
    let mut figures = vec![
        curves(&Curves::default()),
        one_panel(Panel::default()),
        scatter(&Scatter::default()),
        sheet(&Sheet::default()),
        sheet(&Sheet {
            rows: vec![("x".repeat(500), vec![]), (String::new(), vec![None])],
            wrap: 3,
            ..Sheet::default()
        }),
        grid(&Grid::default()),
        grid(&Grid {
            xs: vec![f64::NAN, 1.0],
            ys: vec![1.0],
            tiles: vec![Tile::default(); 7],
            ..Grid::default()
        }),
        // Fewer values than the size promises, and channels nobody has.
        grid(&Grid {
            xs: vec![1.0],
            ys: vec![1.0],
            tiles: vec![Tile {
                channels: 2,
                ..tile(&[1.0], 3, 3)
            }],
            ..Grid::default()
        }),
    ];
    for values in [&all[..], &all[40..41], &[(3.0, 3.0); 5], &[(0.0, f64::NAN)]] {
        for log_y in [false, true] {
            let baselines = odd.map(|value| ("name".repeat(40), value)).to_vec();
            let series = vec![series(&"<&>".repeat(60), values), series("", &[])];
            figures.push(one_panel(Panel {
                title: "\u{1}".repeat(300),
                y_label: "y".repeat(300),
                series,
                baselines,
                log_y,
            }));
        }
        let points = values
            .iter()
            .map(|(x, y)| Point {
                label: Some("long ".repeat(30)),
                ..point(*x, *y)
            })
            .collect();
        figures.push(scatter(&Scatter {
            points,
            title: "t".repeat(900),
            range: Some([(1.0, 1.0), (f64::NAN, 2.0)]),
            ..Scatter::default()
        }));
    }
    // A cloud of classes nobody named, and a way over it that is nowhere.
    let map = Scatter {
        points: one_place(2500, |index| Some(usize::MAX - index)),
        classes: vec![String::new(); 11],
        ..Scatter::default()
    };
    let frame = |(x, y): &(f64, f64)| WalkFrame {
        at: (*x, *y),
        text: "t".repeat(900),
        ..WalkFrame::default()
    };
    figures.push(scatter(&map));
    for map in [None, Some(map)] {
        figures.extend(walk(&Walk {
            title: "t".repeat(900),
            frames: all[60..].iter().map(frame).collect(),
            map,
            closed: false,
        }));
    }
    for (index, figure) in figures.iter().enumerate() {
        let png = figure
            .png()
            .unwrap_or_else(|error| panic!("figure {index}: {error}"));
        assert_eq!(decode(&png).0, 2 * figure.size().0);
        assert!(
            !figure.svg().contains("NaN\"") && !figure.svg().contains("inf"),
            "figure {index}"
        );
    }
}

#[test]
fn saving_writes_three_files_and_leaves_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("run/figures");
    let figure = scatter(&Scatter::default());
    let files = figure
        .save(&inner, "map")
        .expect("a folder that can be written");
    assert_eq!(
        files,
        ["map.png", "map.svg", "map.csv"].map(|name| inner.join(name))
    );
    assert_eq!(
        fs::read_to_string(&files[1]).expect("the SVG"),
        figure.svg()
    );
    assert_eq!(
        fs::read_to_string(&files[2]).expect("the CSV"),
        figure.csv()
    );
    figure
        .save(&inner, "map")
        .expect("files that can be replaced");
    assert_eq!(fs::read_dir(&inner).expect("the folder").count(), 3);
}

#[test]
fn a_large_csv_is_left_out_and_an_older_one_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let sheet_of = |side: usize| {
        sheet(&Sheet {
            rows: vec![(
                String::new(),
                vec![Some(tile(&vec![0.5; side * side], side, side))],
            )],
            ..Sheet::default()
        })
    };
    let csv = folder.path().join("sheet.csv");
    let files = sheet_of(20).save(folder.path(), "sheet").expect("files");
    assert!(files.contains(&csv) && csv.is_file());
    // 90,000 values are more than a MiB.
    let large = sheet_of(300);
    let files = large.save(folder.path(), "sheet").expect("files");
    assert!(files.len() == 2 && !csv.exists(), "{files:?}");
    // Asked for by name it is written whole.
    large.save_as(&csv).expect("a file");
    assert_eq!(
        fs::read_to_string(&csv).expect("the CSV").lines().count(),
        90_001
    );
    large
        .save_as(&folder.path().join("one.svg"))
        .expect("a file");
    let svg = fs::read_to_string(folder.path().join("one.svg")).expect("the SVG");
    assert_eq!(svg, large.svg());
}

#[test]
fn long_titles_and_captions_are_whole() {
    let long = "Codes sampled uniformly from the range of the codes of all images, autoencoder 784-256-128-64-8-64-128-256-784";
    let figures = [
        sheet(&Sheet {
            title: long.into(),
            rows: vec![(String::new(), vec![Some(tile(&[0.5; 784], 28, 28)); 2])],
            captions: vec!["T-shirt/top, worn".into(), "beach_holiday_0017".into()],
            key: long.into(),
            ..Sheet::default()
        }),
        one_panel(Panel {
            series: vec![series("truncated Newton, exact gradients", &[(1.0, 2.0)])],
            ..Panel::default()
        }),
        curves(&Curves {
            title: long.into(),
            note: Some(long.repeat(2)),
            ..Curves::default()
        }),
    ];
    for figure in figures {
        assert!(!figure.svg().contains('…'));
    }
}

#[test]
fn names_of_many_points_yield_to_the_legend() {
    let map = |count: usize, label: &str| {
        let point = |index: usize| Point {
            label: Some(label.into()),
            class: Some(index % 2),
            ..point(index as f64, 0.0)
        };
        let figure = scatter(&Scatter {
            points: (0..count).map(point).collect(),
            classes: vec!["a".into(), "b".into()],
            ..Scatter::default()
        });
        figure.svg().matches(&format!(">{label}</text>")).count()
    };
    assert_eq!(map(40, "beach"), 40);
    assert_eq!(map(41, "beach"), 0);
    // Letters are as short as their marks.
    assert_eq!(map(41, "Q"), 41);
}

#[test]
fn an_error_names_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = folder.path().join("taken");
    fs::write(&taken, "a file").expect("a file");
    let error = scatter(&Scatter::default())
        .save(&taken, "map")
        .expect_err("a file is no folder");
    assert!(error.to_string().contains("taken"), "{error}");
    let error = gif(&[scatter(&Scatter::default())], 5.0, &taken.join("a.gif"))
        .expect_err("a file is no folder");
    assert!(error.to_string().contains("a.gif"), "{error}");
}

/// A square that moves over a row of `columns` pixels.
fn frame(columns: usize, at: usize) -> Figure {
    let pixels: Vec<f32> = (0..columns)
        .map(|column| if column == at { 0.5 } else { 0.0 })
        .collect();
    sheet(&Sheet {
        rows: vec![("row".into(), vec![Some(tile(&pixels, 1, columns))])],
        ..Sheet::default()
    })
}

/// What a viewer shows of an animation: the screen after each frame in RGBA bytes, and how long it stands, in seconds.
struct Shown {
    size: (u32, u32),
    screens: Vec<Vec<u8>>,
    delays: Vec<f64>,
}

impl Shown {
    fn new(size: (u32, u32)) -> Self {
        Self {
            size,
            screens: Vec::new(),
            delays: Vec::new(),
        }
    }

    /// Lays the opaque pixels of a frame over the screen before.
    fn lay(&mut self, (left, top, columns): (usize, usize, usize), pixels: &[u8], delay: f64) {
        let width = self.size.0 as usize;
        let empty = || vec![0u8; 4 * width * self.size.1 as usize];
        let mut screen = self.screens.last().cloned().unwrap_or_else(empty);
        let opaque = |(_, pixel): &(usize, &[u8])| pixel[3] == 255;
        for (index, pixel) in pixels.chunks_exact(4).enumerate().filter(opaque) {
            let at = (top + index / columns) * width + left + index % columns;
            screen[4 * at..][..4].copy_from_slice(pixel);
        }
        self.screens.push(screen);
        self.delays.push(delay);
    }
}

fn decode_gif(path: &Path) -> Shown {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let file = fs::File::open(path).expect("the file");
    let mut reader = options.read_info(file).expect("a GIF");
    let mut shown = Shown::new((reader.width().into(), reader.height().into()));
    while let Some(frame) = reader.read_next_frame().expect("a frame") {
        let place = [frame.left, frame.top, frame.width].map(usize::from);
        let delay = f64::from(frame.delay) / 100.0;
        shown.lay(place.into(), &frame.buffer, delay);
    }
    assert_eq!(reader.repeat(), gif::Repeat::Infinite);
    shown
}

fn decode_apng(path: &Path) -> Shown {
    let file = std::io::BufReader::new(fs::File::open(path).expect("the file"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let info = reader.info();
    let control = info.animation_control.expect("an animation");
    // No number of plays is for ever.
    assert_eq!(control.num_plays, 0);
    let mut shown = Shown::new((info.width, info.height));
    for _ in 0..control.num_frames {
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let output = reader.next_frame(&mut bytes).expect("pixels");
        let frame = reader.info().frame_control.expect("a frame");
        assert_eq!(frame.blend_op, png::BlendOp::Over);
        let place = [frame.x_offset, frame.y_offset, frame.width].map(|at| at as usize);
        let delay = f64::from(frame.delay_num) / f64::from(frame.delay_den);
        shown.lay(place.into(), &bytes[..output.buffer_size()], delay);
    }
    shown
}

/// Writes figures in both formats and decodes them: GIF, APNG.
fn animated(figures: &[Figure]) -> [Shown; 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["new/a.gif", "new/a.png"].map(|name| folder.path().join(name));
    gif(figures, 10.0, &paths[0]).expect("an animation");
    apng(figures, 10.0, &paths[1]).expect("an animation");
    // Both at once are the same files.
    let both = ["both/a.gif", "both/a.png"].map(|name| folder.path().join(name));
    film(figures, 10.0, &both[0], &both[1]).expect("an animation");
    for (one, other) in paths.iter().zip(&both) {
        assert!(std::fs::read(one).expect("a file") == std::fs::read(other).expect("a file"));
    }
    [decode_gif(&paths[0]), decode_apng(&paths[1])]
}

#[test]
fn an_animation_shows_its_figures_for_ever() {
    let figures: Vec<Figure> = (0..5).map(|at| frame(5, at)).collect();
    for shown in animated(&figures) {
        assert_eq!(shown.size, figures[0].size());
        assert_eq!(shown.delays, [0.1, 0.1, 0.1, 0.1, 2.0]);
        let width = shown.size.0 as usize;
        let grey = |screen: &[u8]| {
            let pixels: Vec<&[u8]> = screen.chunks_exact(4).collect();
            let grey = [128, 128, 128, 255];
            let square = pixels.windows(3).position(|three| three == [grey; 3]);
            square.expect("a grey square") % width
        };
        let columns: Vec<usize> = shown.screens.iter().map(|screen| grey(screen)).collect();
        // 84 units are 16 a pixel for five of them.
        let expected = [0, 16, 32, 48, 64].map(|shift| columns[0] + shift);
        assert_eq!(columns, expected);
    }
}

#[test]
fn all_greys_survive_a_gif() {
    // Two images with each of the 256 greys, the second from dark to light.
    let greys: Vec<f32> = (0..256).map(|grey| grey as f32 / 255.0).collect();
    let figure = |pixels: Vec<f32>| {
        sheet(&Sheet {
            rows: vec![(String::new(), vec![Some(tile(&pixels, 16, 16))])],
            ..Sheet::default()
        })
    };
    let reversed = greys.iter().rev().copied().collect();
    let [found, exact] = animated(&[figure(greys), figure(reversed)]);
    assert_eq!((found.screens.len(), exact.screens.len()), (2, 2));
    for (found, exact) in found.screens.iter().zip(&exact.screens) {
        let distance = |(a, b): (&u8, &u8)| a.abs_diff(*b);
        // One index is left to what stays, so two of the greys share a colour.
        assert!(found.iter().zip(exact).map(distance).max() <= Some(1));
        let exact: std::collections::HashSet<u8> = exact.iter().copied().collect();
        assert_eq!(exact.len(), 256);
    }
}

#[test]
fn a_walk_shows_each_image_and_the_way_to_it() {
    let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
    let place = |(index, colour): (usize, &[u8; 3])| WalkFrame {
        tile: Tile {
            pixels: colour.map(|value| f32::from(value) / 255.0).to_vec(),
            channels: 3,
            height: 1,
            width: 1,
            ink: false,
        },
        at: (index as f64, 0.5),
        text: format!("number {index}"),
    };
    let points = (0..3000).map(|index| point(f64::from(index % 3), f64::from(index / 1500)));
    let figures = walk(&Walk {
        title: "A walk".into(),
        frames: colours.iter().enumerate().map(place).collect(),
        map: Some(Scatter {
            points: points.collect(),
            ..Scatter::default()
        }),
        closed: false,
    });
    assert_eq!(figures[1].csv(), "frame,x,y\n0,0,0.5\n1,1,0.5\n");
    assert!(figures[2].svg().contains(">number 2</text>"));
    assert_eq!(figures[0], figures[0].clone());
    assert_ne!(figures[0], figures[1]);
    for shown in animated(&figures) {
        let count = |screen: &[u8], [red, green, blue]: [u8; 3]| {
            let pixels = screen.chunks_exact(4);
            pixels
                .filter(|pixel| **pixel == [red, green, blue, 255])
                .count()
        };
        for (screen, colour) in shown.screens.iter().zip(colours) {
            // An image beside a map is at most 336 units wide.
            assert_eq!(count(screen, colour), 336 * 336);
        }
        // The mark of the present place moves; the way to it grows.
        let ink = |screen: &Vec<u8>| count(screen, [0x22; 3]);
        let inks: Vec<usize> = shown.screens.iter().map(ink).collect();
        assert!(inks[0] < inks[1] && inks[1] < inks[2], "{inks:?}");
        assert!(count(&shown.screens[2], [0xe0, 0x21, 0x8a]) > 50);
    }
    assert!(walk(&Walk::default()).is_empty());
}

#[test]
fn a_film_needs_a_frame() {
    let path = Path::new("never-written.gif");
    assert!(matches!(gif(&[], 10.0, path), Err(Error::NoFrames { .. })));
    assert!(matches!(apng(&[], 10.0, path), Err(Error::NoFrames { .. })));
    assert!(!path.exists());
}
