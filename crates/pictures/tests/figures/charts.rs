//! Bars, ranges of curves, matrices, marks of grids, and figures put together.

use espejo_pictures::{
    Bar, BarSeries, Bars, Cell, Curves, Figure, Grid, Matrix, Panel, Series, Sheet, Tile, bars,
    compose, curves, grid, matrix, scatter, sheet,
};

use super::{decode, one_panel, pixels_of, point, series, tile};

fn bar(value: f64) -> Bar {
    Bar {
        value,
        ..Bar::default()
    }
}

fn one_series(name: &str, bars: Vec<Bar>) -> BarSeries {
    BarSeries {
        name: name.into(),
        bars,
    }
}

pub(super) fn names(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// The value of an attribute in one element.
pub(super) fn attribute(element: &str, name: &str) -> Option<f64> {
    let start = element.find(&format!(" {name}=\""))? + name.len() + 3;
    element[start..].split('"').next()?.parse().ok()
}

/// Left, top, width and height of the rectangles of a colour.
pub(super) fn rectangles(figure: &Figure, colour: &str) -> Vec<[f64; 4]> {
    let of_colour = |line: &&str| line.starts_with("<rect") && line.contains(colour);
    let sides = |line: &str| ["x", "y", "width", "height"].map(|name| attribute(line, name));
    let found = figure.svg().lines().filter(of_colour).map(sides);
    found
        .map(|sides| sides.map(|side| side.expect("a number")))
        .collect()
}

/// What the level texts of a figure cover: left, top, right and bottom, by DejaVu's widths; most letters are as wide as a digit.
pub(super) fn level_texts(figure: &Figure) -> Vec<(String, [f64; 4])> {
    let advance = |letter: char| match letter {
        '.' | ' ' | ',' => 0.32,
        '-' => 0.361,
        '−' => 0.838,
        'i' | 'j' | 'l' => 0.278,
        'f' | 'r' | 't' => 0.412,
        'c' | 's' | 'z' => 0.55,
        'm' | 'w' => 0.975,
        _ => 0.6365,
    };
    let place = |line: &str| {
        let text = line.split_once('>')?.1.strip_suffix("</text>")?.to_owned();
        let (x, y) = (attribute(line, "x")?, attribute(line, "y")?);
        let size = attribute(line, "font-size")?;
        let width = size * text.chars().map(advance).sum::<f64>();
        let left = match (line.contains("\"middle\""), line.contains("\"end\"")) {
            (true, _) => x - width / 2.0,
            (_, true) => x - width,
            _ => x,
        };
        Some((text, [left, y - 0.73 * size, left + width, y]))
    };
    figure.svg().lines().filter_map(place).collect()
}

/// No text covers another, and none leaves the paper.
pub(super) fn check_texts(figure: &Figure) {
    let texts = level_texts(figure);
    let (width, height) = figure.size();
    for (index, (text, a)) in texts.iter().enumerate() {
        let inside = a[0] >= 0.0 && a[2] <= width.into() && a[1] >= 0.0 && a[3] <= height.into();
        assert!(inside, "`{text}` at {a:?} in {width} x {height}");
        for (other, b) in &texts[..index] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "`{text}` at {a:?} covers `{other}` at {b:?}");
        }
    }
}

#[test]
fn the_csv_of_bars_has_every_number() {
    let full = Bar {
        low: Some(0.5),
        high: Some(1.0),
        reference: Some(0.87),
        ..bar(0.75)
    };
    let mut chart = Bars {
        groups: names(&["5 %", "a,b"]),
        series: vec![one_series("ours", vec![full.clone(), bar(f64::NAN)])],
        baselines: vec![("mean".into(), 0.25)],
        ..Bars::default()
    };
    let expected = "group,series,value,low,high,reference\n5 %,ours,0.75,0.5,1,0.87\n\
        \"a,b\",ours,NaN,,,\n,mean,0.25,,,\n";
    assert_eq!(bars(&chart).csv(), expected);
    chart.series[0].bars[0].runs = vec![0.5, 1.0];
    chart.groups.pop();
    let expected = "group,series,value,low,high,reference,runs\n5 %,ours,0.75,0.5,1,0.87,0.5 1\n\
        2,ours,NaN,,,,\n,mean,0.25,,,,\n";
    assert_eq!(bars(&chart).csv(), expected);
}

#[test]
fn bars_stand_on_zero_and_are_as_high_as_their_values() {
    let figure = bars(&Bars {
        groups: names(&["1", "2"]),
        series: vec![
            one_series("a", vec![bar(1.0), bar(-2.0)]),
            one_series("b", vec![bar(4.0), bar(f64::NAN)]),
        ],
        ..Bars::default()
    });
    // The first rectangle of a colour is the key's.
    let first = rectangles(&figure, "#3f90da");
    let second = rectangles(&figure, "#ffa90e");
    assert_eq!((first.len(), second.len()), (3, 2));
    let [_, up, down] = [first[0], first[1], first[2]];
    let near = |a: f64, b: f64| (a - b).abs() < 0.03;
    assert!(near(up[3] * 2.0, down[3]) && near(up[3] * 4.0, second[1][3]));
    assert!(near(up[1] + up[3], down[1]) && near(up[1] + up[3], second[1][1] + second[1][3]));
    for value in ["1", "−2", "4"] {
        assert!(level_texts(&figure).iter().any(|(text, _)| text == value));
    }
    check_texts(&figure);
}

#[test]
fn the_key_explains_what_is_there() {
    let chart = |bar: Bar, count: usize| {
        let one = |index: usize| one_series(&format!("method {index}"), vec![bar.clone()]);
        bars(&Bars {
            groups: names(&["g"]),
            series: (0..count).map(one).collect(),
            interval_name: "95 % interval".into(),
            ..Bars::default()
        })
    };
    let check = |figure: &Figure, there: &[&str]| {
        let all = [
            "method 0",
            "method 1",
            "published",
            "95 % interval",
            "single runs",
        ];
        for text in all {
            let shown = figure.svg().contains(&format!(">{text}</text>"));
            assert_eq!(shown, there.contains(&text), "{text}");
        }
    };
    check(&chart(bar(1.0), 1), &[]);
    check(&chart(bar(1.0), 2), &["method 0", "method 1"]);
    let referred = Bar {
        reference: Some(1.5),
        ..bar(1.0)
    };
    check(&chart(referred, 1), &["method 0", "published"]);
    let full = Bar {
        low: Some(0.5),
        runs: vec![1.0],
        ..bar(1.0)
    };
    check(&chart(full, 1), &["95 % interval", "single runs"]);
}

#[test]
fn texts_of_bars_stay_apart_and_on_the_paper() {
    for (groups, count, log_y) in [(1, 1, false), (5, 4, true), (11, 1, false), (30, 3, false)] {
        let value = |group: usize, index: usize| 0.37 * ((group * 5 + index * 3) % 11 + 1) as f64;
        let one = |index: usize| {
            let bar = |group: usize| Bar {
                low: Some(0.8 * value(group, index)),
                high: Some(1.3 * value(group, index)),
                reference: Some(1.1 * value(group, index)),
                ..bar(value(group, index))
            };
            one_series(&"8".repeat(5 + 10 * index), (0..groups).map(bar).collect())
        };
        let figure = bars(&Bars {
            title: "1".repeat(200),
            note: Some("2".repeat(30)),
            x_label: "3".repeat(10),
            groups: (0..groups)
                .map(|group| "35-2-35 5".repeat(1 + group % 4))
                .collect(),
            series: (0..count).map(one).collect(),
            baselines: (0..6)
                .map(|at| ("9".repeat(40), 2.0 + 0.01 * f64::from(at)))
                .collect(),
            log_y,
            ..Bars::default()
        });
        check_texts(&figure);
    }
}

#[test]
fn a_logarithmic_axis_of_bars_begins_under_the_least_value() {
    let chart = |least: f64| {
        bars(&Bars {
            groups: names(&["a", "b"]),
            series: vec![one_series("", vec![bar(least), bar(1000.0)])],
            log_y: true,
            ..Bars::default()
        })
    };
    // From 1: 5 is 0.7 decades high and 1000 is 3.
    let heights: Vec<f64> = rectangles(&chart(5.0), "#3f90da")
        .iter()
        .map(|bar| bar[3])
        .collect();
    assert!(
        (heights[1] / heights[0] - 3.0 / 5f64.log10()).abs() < 0.01,
        "{heights:?}"
    );
    // A zero has no place there: the axis is linear, and its bar has no height.
    let heights: Vec<f64> = rectangles(&chart(0.0), "#3f90da")
        .iter()
        .map(|bar| bar[3])
        .collect();
    assert_eq!(heights[0], 0.0);
}

/// Numbers of the path that has these words: pairs of x and y.
pub(super) fn path_of(figure: &Figure, words: &str) -> Vec<(f64, f64)> {
    let line = figure.svg().lines().find(|line| line.contains(words));
    let path = line
        .and_then(|line| line.split(" d=\"").nth(1))
        .or_else(|| line.and_then(|line| line.split("<path d=\"").nth(1)));
    let path = path
        .and_then(|path| path.split('"').next())
        .expect("a path");
    let pairs = path.trim_end_matches('z').split(['M', 'L']).skip(1);
    let number = |text: &str| text.parse::<f64>().expect("a number");
    pairs
        .filter_map(|pair| pair.split_once(' '))
        .map(|(x, y)| (number(x), number(y)))
        .collect()
}

#[test]
fn a_logarithmic_x_axis_has_even_decades() {
    let points = [(1.0, 1.0), (10.0, 2.0), (100.0, 4.0), (10_000.0, 3.0)];
    let chart = |first: f64| {
        let mut points = points;
        points[0].0 = first;
        curves(&Curves {
            panels: vec![Panel {
                series: vec![series("s", &points)],
                ..Panel::default()
            }],
            log_x: true,
            ..Curves::default()
        })
    };
    let path = path_of(&chart(1.0), "stroke-width=\"1.8\"");
    let decade = path[1].0 - path[0].0;
    assert!((path[2].0 - path[1].0 - decade).abs() < 0.02);
    assert!((path[3].0 - path[2].0 - 2.0 * decade).abs() < 0.02);
    for text in ["1", "10", "100", "1000", "10000"] {
        let label = format!(" text-anchor=\"middle\">{text}</text>");
        assert!(chart(1.0).svg().contains(&label), "{text}");
    }
    // With a zero the axis is linear.
    assert!(chart(0.0).svg().contains(">5000</text>"));
}

#[test]
fn a_band_goes_along_its_upper_and_back_along_its_lower_edge() {
    let range = vec![
        (0.0, 1.0, 3.0),
        (1.0, 0.5, 4.5),
        (2.0, f64::NAN, 9.0),
        (3.0, 1.0, 2.0),
    ];
    let figure = one_panel(Panel {
        series: vec![Series {
            band: range,
            ..series("s", &[(0.0, 2.0), (1.0, 2.0), (3.0, 1.5)])
        }],
        ..Panel::default()
    });
    let band = path_of(&figure, "fill-opacity");
    assert_eq!(band.len(), 6);
    // Over and under the same places, the upper edge first.
    for (over, under) in [(0, 5), (1, 4), (2, 3)] {
        assert_eq!(band[over].0, band[under].0);
        assert!(band[over].1 < band[under].1);
    }
    // From 0.5 to 4.5 is four times from 1 to 2.
    let ratio = (band[4].1 - band[1].1) / (band[3].1 - band[2].1);
    assert!((ratio - 4.0).abs() < 0.01, "{ratio}");
    let expected = "panel,kind,name,x,y\n1,series,s,0,2\n1,series,s,1,2\n1,series,s,3,1.5\n\
        1,band_low,s,0,1\n1,band_high,s,0,3\n1,band_low,s,1,0.5\n1,band_high,s,1,4.5\n\
        1,band_low,s,2,NaN\n1,band_high,s,2,9\n1,band_low,s,3,1\n1,band_high,s,3,2\n";
    assert_eq!(figure.csv(), expected);
}

#[test]
fn error_bars_reach_from_low_to_high_and_marks_are_dots() {
    let points: Vec<(f64, f64)> = (0..30).map(|x| (f64::from(x), 5.0)).collect();
    let chart = |marks: bool| {
        one_panel(Panel {
            series: vec![Series {
                marks,
                bars: vec![(0.0, 2.0, 6.0), (29.0, 4.0, 5.0)],
                ..series("s", &points)
            }],
            ..Panel::default()
        })
    };
    assert_eq!(chart(true).svg().matches("<circle").count(), 30);
    assert_eq!(chart(false).svg().matches("<circle").count(), 0);
    let bars = path_of(&chart(true), "stroke=\"#3f90da\" stroke-width=\"1.2\"");
    // Two bars of a line and two caps.
    assert_eq!(bars.len(), 12);
    let ratio = (bars[1].1 - bars[0].1) / (bars[7].1 - bars[6].1);
    assert!((ratio - 4.0).abs() < 0.01, "{ratio}");
    assert!(
        chart(true)
            .csv()
            .contains("\n1,bar_low,s,29,4\n1,bar_high,s,29,5\n")
    );
}

#[test]
fn loose_points_are_dots_without_a_line_and_thinned_where_they_are_many() {
    let chart = |count: u32| {
        let points: Vec<(f64, f64)> = (0..count)
            .map(|x| (f64::from(x), f64::from(x % 7)))
            .collect();
        one_panel(Panel {
            series: vec![Series {
                loose: true,
                ..series("s", &points)
            }],
            ..Panel::default()
        })
    };
    // The last dot stands before the name.
    assert_eq!(chart(30).svg().matches("<circle").count(), 31);
    assert!(!chart(30).svg().contains("stroke-width=\"1.8\""));
    assert!(chart(200_000).svg().matches("<circle").count() < 6000);
    assert_eq!(chart(200_000).csv().lines().count(), 200_001);
}

#[test]
fn a_curve_without_a_name_has_none_beside_it_and_two_whole_places_have_their_numbers() {
    let figure = one_panel(Panel {
        series: vec![Series {
            bars: vec![(1.0, 3.0, 5.0), (2.0, 0.5, 1.5)],
            ..series("", &[(1.0, 4.0), (2.0, 1.0)])
        }],
        ..Panel::default()
    });
    assert!(figure.svg().contains(">1</text>") && figure.svg().contains(">2</text>"));
    // The curve alone, no sample of its line.
    assert_eq!(figure.svg().matches("stroke-width=\"1.8\"").count(), 1);
}

#[test]
fn a_range_down_to_zero_leaves_a_logarithmic_axis_logarithmic() {
    let figure = one_panel(Panel {
        series: vec![Series {
            band: vec![(0.0, -1.0, 20.0), (1.0, 1e-9, 2000.0)],
            ..series("s", &[(0.0, 10.0), (1.0, 1000.0)])
        }],
        log_y: true,
        ..Panel::default()
    });
    // To a tenth of the least point at most.
    assert!(figure.svg().contains(">100</text>") && !figure.svg().contains(">0.1</text>"));
    let band = path_of(&figure, "fill-opacity");
    assert!(band.iter().all(|(_, y)| *y <= figure.size().1.into()));
    // Both lower ends are at the bottom.
    assert_eq!(band[2].1, band[3].1);
}

#[test]
fn ten_names_beside_a_plot_stay_apart() {
    let one = |index: i32| {
        series(
            &format!("10{index}"),
            &[(1.0, 40.0), (9.0, 8.0 + 0.01 * f64::from(index))],
        )
    };
    let figure = curves(&Curves {
        panels: vec![Panel {
            series: (0..10).map(one).collect(),
            baselines: vec![("11".into(), 7.9)],
            ..Panel::default()
        }],
        log_x: true,
        ..Curves::default()
    });
    check_texts(&figure);
}

fn cells(values: &[&[f64]]) -> Vec<Vec<Cell>> {
    let cell = |value: &f64| Cell {
        value: *value,
        text: None,
    };
    values
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect()
}

#[test]
fn the_csv_of_a_matrix_has_every_cell() {
    let mut one = cells(&[&[0.5, f64::NAN]]);
    one[0][0].text = Some("0.4, 0.6".into());
    let figure = matrix(&Matrix {
        columns: names(&["5 %"]),
        rows: names(&["net"]),
        panels: vec![
            ("a,b".into(), one),
            (String::new(), cells(&[&[1.0], &[2.0]])),
        ],
        ..Matrix::default()
    });
    let expected = "panel,row,column,value,text\n\"a,b\",net,5 %,0.5,\"0.4, 0.6\"\n\"a,b\",net,2,NaN,\n\
        2,net,5 %,1,\n2,2,5 %,2,\n";
    assert_eq!(figure.csv(), expected);
    assert!(figure.svg().contains(">0.4, 0.6</text>") && figure.svg().contains(">–</text>"));
}

#[test]
fn cells_have_the_colours_of_one_scale() {
    // The ends of the ramp, each in both tables.
    let both = cells(&[&[0.0, 8.0], &[8.0, 0.0]]);
    let figure = matrix(&Matrix {
        panels: vec![("a".into(), both.clone()), ("b".into(), both)],
        ..Matrix::default()
    });
    let fills = |colour: &str| rectangles(&figure, colour).len();
    assert_eq!((fills("#cfe3fe"), fills("#012550")), (4, 4));
    let texts = |ink: &str| {
        let of_ink = |line: &&str| line.contains(&format!("fill=\"{ink}\" text-anchor=\"middle\""));
        figure.svg().lines().filter(of_ink).count()
    };
    assert_eq!((texts("#222222"), texts("#ffffff")), (4, 4));
    // The range decides, not the values.
    let figure = matrix(&Matrix {
        panels: vec![("a".into(), cells(&[&[1.0, 2.0]]))],
        range: Some((0.0, 4.0)),
        ..Matrix::default()
    });
    assert_eq!(rectangles(&figure, "#cfe3fe").len(), 0);
    for value in ["0", "1", "2", "3", "4"] {
        assert!(
            figure.svg().contains(&format!(">{value}</text>")),
            "{value}"
        );
    }
    check_texts(&figure);
}

#[test]
fn zero_is_white_where_values_have_both_signs() {
    let figure = matrix(&Matrix {
        panels: vec![(String::new(), cells(&[&[-1.0, 0.0, 4.0]]))],
        ..Matrix::default()
    });
    assert_eq!(rectangles(&figure, "#f5f5f5").len(), 1);
    // The scale is as long on both sides.
    for value in ["−4", "−2", "0", "2", "4"] {
        let text = format!(">{value}</text>");
        assert!(figure.svg().contains(&text), "{value}");
    }
}

#[test]
fn texts_of_a_matrix_stay_apart_and_on_the_paper() {
    for (size, count, small) in [
        (1, 1, true),
        (6, 2, true),
        (6, 5, false),
        (26, 1, false),
        (90, 2, true),
    ] {
        let cell = |row: usize, column: usize| Cell {
            value: (row * 7 + column * 3) as f64 / 8.0,
            text: small.then(|| "0.123 - 0.456".to_owned()),
        };
        let row = |row: usize| (0..size).map(|column| cell(row, column)).collect();
        let table = |index: usize| ("7".repeat(30 * index), (0..size).map(row).collect());
        let figure = matrix(&Matrix {
            title: "1".repeat(100),
            x_label: "2".repeat(90),
            columns: (0..size).map(|at| "3".repeat(1 + at % 5)).collect(),
            rows: (0..size).map(|at| "4".repeat(1 + 6 * (at % 7))).collect(),
            panels: (0..count).map(table).collect(),
            value_name: "5".repeat(12),
            ..Matrix::default()
        });
        check_texts(&figure);
    }
}

/// A grid of 3 x 2 images of 8 x 8 pixels, some framed.
fn marked(marks: Vec<bool>, ink: bool) -> Figure {
    let one = Tile {
        ink,
        ..tile(&[0.6; 64], 8, 8)
    };
    grid(&Grid {
        xs: vec![0.0, 1.0, 2.0],
        ys: vec![1.0, 0.0],
        tiles: vec![one; 6],
        marks,
        ..Grid::default()
    })
}

#[test]
fn marks_frame_tiles_and_cover_none() {
    const MARK: [u8; 3] = [0xe0, 0x21, 0x8a];
    for (ink, grey, border) in [(true, 102, 5), (false, 153, 2)] {
        let plain = marked(vec![], ink);
        let tiles = pixels_of(&plain, [grey; 3]);
        assert_eq!(pixels_of(&plain, MARK), 0);
        assert_eq!(plain, marked(vec![false; 6], ink));
        // 84 units are 9 a pixel for ink, which has paper around it, and 10 for others.
        let scale = if ink { 9 } else { 10 };
        let side = 8 * scale + 2 * border + 2;
        let frame = 4 * (side * side - (side - 4) * (side - 4));
        let one = marked(vec![false, true], ink);
        assert_eq!(pixels_of(&one, MARK), frame);
        assert_eq!(pixels_of(&one, [grey; 3]), tiles);
        // Neighbours share a line.
        let two = marked(vec![true, true], ink);
        assert_eq!(pixels_of(&two, MARK), 2 * frame - 4 * side);
    }
    let figure = marked(vec![true], true);
    let rows: Vec<&str> = figure.csv().lines().collect();
    assert_eq!(
        rows[0],
        "row,column,x_value,y_value,marked,y,x,channel,value"
    );
    assert_eq!(
        (rows[1], rows[65]),
        ("0,0,0,1,1,0,0,0,0.6", "0,1,1,1,0,0,0,0,0.6")
    );
}

#[test]
fn a_mark_is_explained_over_the_grid() {
    let chart = |marks: Vec<bool>| {
        grid(&Grid {
            xs: vec![0.0],
            ys: vec![0.0],
            tiles: vec![tile(&[0.0; 35], 7, 5)],
            marks,
            mark_name: "new letter".into(),
            ..Grid::default()
        })
    };
    assert!(chart(vec![true]).svg().contains(">new letter</text>"));
    assert!(!chart(vec![false]).svg().contains(">new letter</text>"));
}

#[test]
fn a_hundred_small_letters_keep_their_pixels() {
    // 25 x 25 glyphs of 7 x 5: three units a pixel.
    let places: Vec<f64> = (0..25).map(f64::from).collect();
    let figure = grid(&Grid {
        xs: places.clone(),
        ys: places,
        tiles: vec![tile(&[1.0; 35], 7, 5); 625],
        ..Grid::default()
    });
    assert_eq!(pixels_of(&figure, [0; 3]), 625 * 35 * 36);
    let (width, height) = figure.size();
    assert!(width < 600 && height < 720, "{width} x {height}");
}

#[test]
fn a_composed_figure_has_the_pixels_of_its_parts() {
    let map = scatter(&espejo_pictures::Scatter {
        title: "map".into(),
        points: vec![point(0.0, 0.0), point(1.0, 1.0)],
        ..espejo_pictures::Scatter::default()
    });
    let small = marked(vec![true], true);
    let whole = compose("", None, &[vec![&map, &small], vec![&small]]);
    let (width, height) = whole.size();
    assert_eq!(width, map.size().0 + small.size().0 + 4);
    assert_eq!(height, map.size().1 + small.size().1 + 8);
    let (columns, _, pixels) = decode(&whole.png().expect("an image"));
    let below = (0, map.size().1 + 4);
    for (part, (left, top)) in [
        (&map, (0, 0)),
        (&small, (map.size().0 + 4, 0)),
        (&small, below),
    ] {
        let (part_columns, rows, part) = decode(&part.png().expect("an image"));
        for row in 0..rows {
            let from = (3 * ((2 * top + row) * columns + 2 * left)) as usize;
            let bytes = (3 * part_columns) as usize;
            let own = &part[row as usize * bytes..][..bytes];
            assert_eq!(own, &pixels[from..][..bytes], "row {row}");
        }
    }
    assert!(
        compose("Title", Some("note"), &[vec![&map]])
            .svg()
            .contains(">note</text>")
    );
}

#[test]
fn the_csv_of_a_composed_figure_numbers_its_parts() {
    let map = |x: f64| {
        scatter(&espejo_pictures::Scatter {
            points: vec![point(x, 0.0)],
            ..espejo_pictures::Scatter::default()
        })
    };
    let (a, b) = (map(1.0), map(2.0));
    let table = matrix(&Matrix {
        panels: vec![("two\nlines".into(), cells(&[&[3.0]]))],
        ..Matrix::default()
    });
    let inner = compose("", None, &[vec![&a, &table]]);
    let expected = "figure,x,y,label,class\n1,1,0,,\n\nfigure,panel,row,column,value,text\n\
        2,\"two\nlines\",1,1,3,\n";
    assert_eq!(inner.csv(), expected);
    let outer = compose("", None, &[vec![&a], vec![&b, &inner]]);
    let expected = "figure,x,y,label,class\n1,1,0,,\n2,2,0,,\n3.1,1,0,,\n\n\
        figure,panel,row,column,value,text\n3.2,\"two\nlines\",1,1,3,\n";
    assert_eq!(outer.csv(), expected);
    assert_eq!(compose("", None, &[]).csv(), "");
}

#[test]
fn a_cross_under_a_tile_is_red() {
    let figure = sheet(&Sheet {
        rows: vec![(String::new(), vec![Some(tile(&[0.0; 35], 7, 5)); 2])],
        marks: vec![vec![Some("✓".into()), Some("✗ 2 px".into())]],
        ..Sheet::default()
    });
    let line = |text: &str| {
        let with = |line: &&str| line.ends_with(&format!(">{text}</text>"));
        figure.svg().lines().find(with).expect("a mark").to_owned()
    };
    assert!(line("✓").contains("#555555") && line("✗ 2 px").contains("#bd1f01"));
}

#[test]
fn charts_of_odd_numbers_are_still_figures() {
    let odd = [
        f64::NAN,
        f64::INFINITY,
        0.0,
        -0.0,
        1e300,
        -1e300,
        1e-300,
        5.0,
    ];
    let mut figures = vec![
        bars(&Bars::default()),
        matrix(&Matrix::default()),
        compose("", None, &[]),
        compose("t", Some("n"), &[vec![]]),
    ];
    for values in [&odd[..], &odd[2..4], &odd[6..], &odd[..1]] {
        for log in [false, true] {
            let bar = |value: &f64| Bar {
                value: *value,
                low: values.first().copied(),
                high: Some(1e300),
                runs: values.to_vec(),
                reference: values.last().copied(),
            };
            let lines = odd.map(|value| ("name".repeat(30), value)).to_vec();
            figures.push(bars(&Bars {
                groups: vec!["<&>".repeat(90); 2],
                series: vec![one_series("s", values.iter().map(bar).collect()); 12],
                baselines: lines.clone(),
                log_y: log,
                ..Bars::default()
            }));
            let ranges: Vec<(f64, f64, f64)> = values.iter().map(|v| (*v, -*v, *v)).collect();
            figures.push(curves(&Curves {
                panels: vec![Panel {
                    series: vec![Series {
                        band: ranges.clone(),
                        bars: ranges,
                        marks: true,
                        ..Series::default()
                    }],
                    baselines: lines,
                    log_y: log,
                    ..Panel::default()
                }],
                log_x: log,
                ..Curves::default()
            }));
        }
        figures.push(matrix(&Matrix {
            columns: vec!["c".repeat(400)],
            panels: vec![
                (String::new(), cells(&[values, &[1.0]])),
                ("p".into(), vec![]),
            ],
            range: Some((f64::NAN, 1.0)),
            ..Matrix::default()
        }));
    }
    for (index, figure) in figures.iter().enumerate() {
        let png = figure
            .png()
            .unwrap_or_else(|error| panic!("figure {index}: {error}"));
        assert_eq!(decode(&png).0, 2 * figure.size().0);
        let odd = figure.svg().contains("NaN\"") || figure.svg().contains("inf");
        assert!(!odd, "figure {index}");
    }
}
