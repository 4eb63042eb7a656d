//! What is drawn has no favourites, and what is left out shifts no row: over many seeds, for every way to draw a part.

use std::fs;
use std::path::Path;

use espejo_data::{ColumnChoice, HoldOut, Samples, Selection, Source, load, permutation};

const SEEDS: u64 = 200;

/// Times that each of `counts.len()` things was drawn, against the same chance `p` for all of them: above 1 where chi-squared is beyond
/// what one fair draw in 100,000 gives (Wilson and Hilferty's approximation of its quantile).
fn unfairness(counts: &[u32], p: f64) -> f64 {
    let (all, expected) = (counts.len() as f64, SEEDS as f64 * p);
    let deviations = counts
        .iter()
        .map(|&count| (f64::from(count) - expected).powi(2));
    let chi_squared = deviations.sum::<f64>() / (expected * (1.0 - p)) * (all - 1.0) / all;
    let ninth = 2.0 / (9.0 * (all - 1.0));
    let limit = (all - 1.0) * (1.0 - ninth + 4.265 * ninth.sqrt()).powi(3);
    chi_squared / limit
}

/// Sums over neighbours, six parts of the whole: a preference for the front or the back adds up in them.
fn by_sixths(counts: &[u32]) -> Vec<f64> {
    let part = counts.len() / 6;
    let sums = counts
        .chunks_exact(part)
        .map(|chunk| chunk.iter().sum::<u32>());
    sums.map(|sum| f64::from(sum) / part as f64).collect()
}

/// Draws with each seed and holds how often each of `all` was taken against its share `p`.
fn check_fair(what: &str, all: usize, p: f64, draw: impl Fn(u64) -> Vec<usize>) {
    let mut counts = vec![0; all];
    for seed in 0..SEEDS {
        draw(seed).into_iter().for_each(|index| counts[index] += 1);
    }
    let unfair = unfairness(&counts, p);
    assert!(unfair < 1.0, "{what}: {unfair:.2} of the limit, {counts:?}");
    let deviation = (p * (1.0 - p) * SEEDS as f64 / (all / 6) as f64).sqrt();
    for sixth in by_sixths(&counts) {
        let off = (sixth - p * SEEDS as f64) / deviation;
        assert!(off.abs() < 4.5, "{what}: {off:.1} deviations, {counts:?}");
    }
}

/// A table of 60 rows: classes of unequal sizes, one after the other; 15 groups of four.
fn table(folder: &Path) -> Source {
    let class = |row| match row {
        0..7 => "a",
        7..20 => "b",
        20..21 => "c",
        _ => "d",
    };
    let rows = (0..60).map(|row| format!("{row},{},{},{}\n", row % 9, class(row), row / 4));
    let path = folder.join("table.csv");
    fs::write(
        &path,
        format!("id,x,class,group\n{}", rows.collect::<String>()),
    )
    .expect("room");
    Source::named(path.display().to_string())
}

/// The places that the samples had, by their numbers.
fn places(samples: &Samples) -> Vec<usize> {
    let row = |index| samples.row(index) as usize;
    (0..samples.len()).map(row).collect()
}

/// The part that is held out, of a table in one of the three forms.
fn held_out(source: &Source, form: &str, hold_out: HoldOut, seed: u64) -> Vec<usize> {
    let mut source = Source {
        hold_out,
        seed,
        ..source.clone()
    };
    let mut drop = vec!["class".to_owned(), "group".to_owned()];
    match form {
        "classes" => {
            source.label = Some("class".to_owned());
            drop.remove(0);
        }
        "groups" => {
            source.columns.group = Some("group".to_owned());
            drop.remove(1);
        }
        _ => {}
    }
    source.columns = ColumnChoice {
        drop,
        ..source.columns
    };
    let loaded = load(&source).expect("a table");
    places(&loaded.test.expect("a part is held out"))
}

#[test]
fn held_out_rows_are_drawn_alike() {
    let folder = tempfile::tempdir().expect("room");
    let source = table(folder.path());
    for form in ["rows", "classes", "groups"] {
        for fraction in [0.1_f64, 0.2, 0.5] {
            let p = match form {
                // As many whole groups as come nearest.
                "groups" => (15.0 * fraction).round() / 15.0,
                _ => fraction,
            };
            let draw = |seed| held_out(&source, form, HoldOut::Fraction(fraction), seed);
            match form {
                "groups" => check_fair("groups", 15, p, |seed| {
                    let mut groups: Vec<_> = draw(seed).iter().map(|place| place / 4).collect();
                    groups.dedup();
                    groups
                }),
                _ => check_fair(&format!("{form}, {fraction}"), 60, p, draw),
            }
        }
        for index in [1, 4] {
            let fold = HoldOut::Fold { index, of: 4 };
            let draw = |seed| held_out(&source, form, fold, seed);
            if form != "groups" {
                check_fair(&format!("{form}, fold {index}"), 60, 0.25, draw);
            }
        }
    }
}

#[test]
fn limits_draw_rows_alike() {
    let folder = tempfile::tempdir().expect("room");
    let mut source = table(folder.path());
    source.columns.drop = vec!["group".to_owned()];
    for (label, limit) in [
        (None, 7),
        (None, 30),
        (Some("class"), 3),
        (Some("class"), 30),
    ] {
        source.label = label.map(str::to_owned);
        if label.is_none() {
            source.columns.drop.push("class".to_owned());
        }
        let draw = |seed| {
            let selection = Selection {
                limit: Some(limit),
                ..Selection::default()
            };
            let limited = Source {
                selection,
                seed,
                ..source.clone()
            };
            places(&load(&limited).expect("a table").train)
        };
        check_fair(
            &format!("{label:?}, {limit}"),
            60,
            limit as f64 / 60.0,
            draw,
        );
        source.columns.drop.truncate(1);
    }
}

/// The odd rows of classes that do not divide evenly go to any of them. By the first rules they went to the first.
#[test]
fn odd_rows_go_to_any_class_and_did_not_by_the_first_rules() {
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("pairs.csv");
    let rows = (0..60).map(|row| format!("{row},class-{:02}\n", row / 3));
    fs::write(&path, format!("x,class\n{}", rows.collect::<String>())).expect("room");
    let unfair = |rules| {
        let mut counts = vec![0; 20];
        for seed in 0..SEEDS {
            let selection = Selection {
                limit: Some(30),
                ..Selection::default()
            };
            let source = Source {
                selection,
                seed,
                rules,
                label: Some("class".to_owned()),
                ..Source::named(path.display().to_string())
            };
            let drawn = load(&source).expect("a table").train;
            let odd = drawn
                .class_counts()
                .into_iter()
                .map(|count| count as u32 - 1);
            counts
                .iter_mut()
                .zip(odd)
                .for_each(|(sum, odd)| *sum += odd);
        }
        unfairness(&counts, 0.5)
    };
    assert!(unfair(2) < 1.0);
    assert!(unfair(1) > 10.0);
}

/// Each place gets each value as often.
#[test]
fn permutations_send_every_value_anywhere() {
    for value in [0, 17, 35] {
        let draw = |seed| {
            let order = permutation(36, seed);
            order
                .iter()
                .position(|&from| from == value)
                .into_iter()
                .collect()
        };
        check_fair("permutation", 36, 1.0 / 36.0, draw);
    }
}

/// Whatever is left out, in whichever order rows stand and however a part is drawn: a sample is the row of the file whose number it bears.
#[test]
fn a_sample_is_the_row_whose_number_it_bears() {
    let folder = tempfile::tempdir().expect("room");
    let path = folder.path().join("mixed.csv");
    for seed in 0..SEEDS / 4 {
        // Rows that cannot be read stand anywhere.
        let order = permutation(60, seed);
        let mut text = "id,value,class\n".to_owned();
        for &at in order.iter() {
            text += &match at % 10 {
                3 => format!("{at},word,a\n"),
                7 => format!("{at},1\n"),
                _ => format!(
                    "{at},{},{}\n",
                    f64::from(at) / 8.0,
                    ["a", "b"][at as usize % 2]
                ),
            };
        }
        fs::write(&path, &text).expect("room");
        let hold_outs = [
            HoldOut::Official,
            HoldOut::Fraction(0.3),
            HoldOut::Fold { index: 2, of: 5 },
        ];
        for (hold_out, limit) in hold_outs
            .into_iter()
            .flat_map(|part| [(part, None), (part, Some(9))])
        {
            let selection = Selection {
                limit,
                classes: ["a", "b"][..seed as usize % 3 % 2]
                    .iter()
                    .map(|&class| class.to_owned())
                    .collect(),
                ..Selection::default()
            };
            let source = Source {
                hold_out,
                seed,
                selection,
                skip_bad: true,
                label: Some("class".to_owned()),
                ..Source::named(path.display().to_string())
            };
            let loaded = load(&source).expect("most of it can be read");
            assert!(!loaded.skipped.is_empty());
            let lines: Vec<&str> = text.lines().skip(1).collect();
            for part in [Some(loaded.train), loaded.test].into_iter().flatten() {
                let mut values = [0.0; 2];
                for index in 0..part.len() {
                    let line = lines[part.row(index) as usize];
                    part.read_one(index, 0.0, &mut values).expect("in memory");
                    let class = &part.classes()[part.label(index).expect("a class")];
                    assert_eq!(format!("{},{},{class}", values[0], values[1]), line);
                }
            }
        }
    }
}
