//! Document 001, the autoencoder: architectures (S10), the map of its codes (S11), and new letters from it (S21).

use std::collections::BTreeMap;

use espejo_pictures::{
    Bar, BarSeries, Bars, Figure, Grid, Point, Scatter, bars, compose, grid, scatter,
};
use espejo_train::Error;

use crate::glyphs::{Glyph, Glyphs, PIXELS, thresholded, tile, values};
use crate::lab::{Setup, baselines};
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::statistics::{mean, number};

use super::show::median_run;

/// The architectures: the document's name, the layers behind its first layer of 35, its error.
const NETS: [(&str, &str, f64); 5] = [
    ("35-2-35", "[35,35,2,35]", 4.2),
    ("35-25-2-25-35", "[35,35,25,2,25,35]", 2.3),
    ("35-17-2-17-35", "[35,35,17,2,17,35]", 2.4),
    ("35-17-8-2-8-17-35", "[35,35,17,8,2,8,17,35]", 6.4),
    ("35-25-10-2-10-25-35", "[35,35,25,10,2,10,25,35]", 7.1),
];
/// The document's way, and today's within as many passes over the letters.
const WAYS: [&str; 2] = ["described", "L-BFGS"];
/// The document's way from the first weights of its code.
const POSITIVE: &str = "positive";

pub fn jobs(scale: &Scale) -> Vec<Job> {
    let ways = [WAYS[0], WAYS[1], POSITIVE];
    let cases = NETS
        .iter()
        .flat_map(|(name, ..)| ways.map(|way| format!("{name} {way}")));
    scale.each(cases, 0.3)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let (name, way) = job.case.split_once(' ').unwrap_or((&job.case, WAYS[0]));
    let layers = NETS
        .iter()
        .find(|(other, ..)| *other == name)
        .map_or("[]", |(_, layers, _)| layers);
    let mut sets = vec![
        format!("model.layers={layers}"),
        format!("train.seed={}", job.seed),
    ];
    if way == "L-BFGS" {
        sets.extend(["train.optimizer=lbfgs", "train.max_evaluations=1500"].map(str::to_owned));
    }
    let mut setup = Setup::of("s10", &sets)?;
    if way == POSITIVE {
        setup = setup.with_positive_weights(job.seed);
    }
    let learned = setup.learn();
    let letters = &setup.glyphs.pixels;
    let wrong = learned.mirror.wrong(letters, letters);
    Ok(Outcome::default()
        .with("error", 2.0 * learned.minimum.loss)
        .with(
            "exact",
            wrong.iter().filter(|wrong| **wrong == 0).count() as f64,
        )
        .with_list(
            "codes",
            learned.mirror.encode(letters).into_iter().flatten(),
        ))
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let glyphs = Glyphs::of("fonts:2")?;
    let ways = [
        (WAYS[0], "as described"),
        (POSITIVE, "from first weights all positive"),
        (WAYS[1], "L-BFGS, 1,500 evaluations"),
    ];
    let series = ways.map(|(way, name)| BarSeries {
        name: name.to_owned(),
        bars: NETS
            .iter()
            .map(|(name, _, published)| {
                let spread = results.spread(&format!("{name} {way}"), "error");
                Bar {
                    value: spread.median(),
                    low: Some(spread.low()),
                    high: Some(spread.high()),
                    runs: spread.values,
                    // The published value is that of the described way: beside the others it would stand twice.
                    reference: (way == WAYS[0]).then_some(*published),
                }
            })
            .collect(),
    });
    let figure = bars(&Bars {
        title: "Error by architecture (S10)".to_owned(),
        x_label: "architecture, behind a layer of 35".to_owned(),
        y_label: "mean ‖x - x̂‖² a letter".to_owned(),
        groups: NETS.iter().map(|(name, ..)| (*name).to_owned()).collect(),
        series: series.to_vec(),
        baselines: baselines(&glyphs, 2).to_vec(),
        reference_name: "published".to_owned(),
        ..Bars::default()
    });
    let errors = |way: &str| {
        NETS.map(|(name, ..)| results.spread(&format!("{name} {way}"), "error").median())
    };
    let (described, positive) = (errors(WAYS[0]), errors(POSITIVE));
    let listed = |errors: [f64; 5]| errors.map(|error| number(error, 2)).join(", ");
    let ranked = |[shallow, wide, narrow, deep, deepest]: [f64; 5]| {
        wide.max(narrow) < shallow && shallow < deep.min(deepest)
    };
    Ok(Section {
        claims: vec![
            Claim {
                text: "One hidden layer on each side is best; none is worse, and two are worse still.".to_owned(),
                seen: format!("in the order of the table: {}", listed(described)),
                holds: ranked(described),
            },
            Claim {
                text: "The published ranking is that of first weights that are all positive.".to_owned(),
                seen: format!("from such weights, as the code draws them: {}", listed(positive)),
                holds: ranked(positive),
            },
        ],
        figures: vec![(
            "s10-architectures".to_owned(),
            "error of each architecture: median and range of the seeds, the published value, the mean image and PCA-2".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

/// The pairs that the document finds next to each other.
const PAIRS: [(&str, &str); 4] = [("F", "P"), ("I", "T"), ("[", "]"), ("]", "J")];
/// Neighbours that count as near.
const NEAR: usize = 5;

/// A letter and its distance in codes: the rank of the second among the neighbours of the first, or the other way round, from 1.
fn rank(codes: &[Vec<f64>], a: usize, b: usize) -> usize {
    let one = |from: usize, to: usize| {
        let away = |other: usize| {
            let pairs = codes[from].iter().zip(&codes[other]);
            pairs.map(|(p, q)| (p - q) * (p - q)).sum::<f64>()
        };
        let closer = (0..codes.len()).filter(|other| *other != from && away(*other) < away(to));
        closer.count() + 1
    };
    one(a, b).min(one(b, a))
}

pub fn map_jobs(scale: &Scale) -> Vec<Job> {
    scale.each(WAYS, 0.4)
}

pub fn map_run(job: &Job) -> Result<Outcome, Error> {
    let case = format!("{} {}", NETS[1].0, job.case);
    let outcome = run(&Job {
        case,
        ..job.clone()
    })?;
    let glyphs = Glyphs::of("fonts:2")?;
    let codes: Vec<Vec<f64>> = outcome
        .list("codes")
        .chunks_exact(2)
        .map(<[f64]>::to_vec)
        .collect();
    let place = |name: &str| {
        glyphs
            .names
            .iter()
            .position(|other| other == name)
            .unwrap_or(0)
    };
    let ranks: Vec<f64> = PAIRS
        .map(|(a, b)| rank(&codes, place(a), place(b)) as f64)
        .to_vec();
    let near = ranks.iter().filter(|rank| **rank <= NEAR as f64).count() as f64;
    Ok(outcome
        .with("near", near / PAIRS.len() as f64)
        .with_list("ranks", ranks))
}

pub fn map_section(results: &Results) -> Result<Section, Error> {
    let glyphs = Glyphs::of("fonts:2")?;
    let mut maps = Vec::new();
    for way in WAYS {
        if let Some(run) = median_run(results, way, "error") {
            let title = format!("{way}, error {}", number(run.get("error"), 2));
            maps.push(map(&title, run.list("codes"), &glyphs.names));
        }
    }
    let row: Vec<&Figure> = maps.iter().collect();
    let ranks = |way: &str| {
        let runs: Vec<_> = results.of(way).collect();
        let pairs = PAIRS.iter().enumerate().map(|(at, (a, b))| {
            let near = runs.iter().filter(|run| {
                run.list("ranks")
                    .get(at)
                    .is_some_and(|rank| *rank <= NEAR as f64)
            });
            format!("{a}-{b} {} of {}", near.count(), runs.len())
        });
        pairs.collect::<Vec<_>>().join(", ")
    };
    let share = |way: &str| mean(&results.spread(way, "near").values);
    Ok(Section {
        claims: vec![Claim {
            text: "Letters alike lie side by side: F-P, I-T, [-]-J.".to_owned(),
            seen: format!(
                "one among the {NEAR} nearest of the other (by chance in about {} of 100): as described {}; L-BFGS {}",
                100 * 2 * NEAR / 31 - 100 * NEAR * NEAR / (31 * 31),
                ranks(WAYS[0]),
                ranks(WAYS[1])
            ),
            holds: share(WAYS[0]) > 0.5,
        }],
        figures: vec![(
            "s11-map".to_owned(),
            "codes of the 32 letters, the seed with the median error of each way".to_owned(),
            compose("Codes of 32 letters (S11)", None, &[row]),
        )],
        ..Section::default()
    })
}

fn map(title: &str, codes: &[f64], names: &[String]) -> Figure {
    scatter(&Scatter {
        title: title.to_owned(),
        x_label: "z1".to_owned(),
        y_label: "z2".to_owned(),
        points: codes
            .chunks_exact(2)
            .zip(names)
            .map(|(code, name)| Point {
                x: code[0],
                y: code[1],
                label: Some(name.clone()),
                class: None,
            })
            .collect(),
        ..Scatter::default()
    })
}

/// Cells a side of the grid of new letters, and the part of each axis that it spans.
const CELLS: usize = 25;
const SPAN: (f64, f64) = (0.05, 0.95);
/// A new letter differs from every known glyph in so many pixels, and fills so many cells.
const NEW_PIXELS: usize = 3;
const NEW_CELLS: usize = 3;

/// Where a cell lies, in parts of the range of the codes.
fn part(index: usize) -> f64 {
    SPAN.0 + (SPAN.1 - SPAN.0) * index as f64 / (CELLS - 1) as f64
}

pub fn invent_jobs(scale: &Scale) -> Vec<Job> {
    scale.each(["grid"], 0.5)
}

pub fn invent_run(job: &Job) -> Result<Outcome, Error> {
    let sets = [
        format!("train.seed={}", job.seed),
        "train.optimizer=lbfgs".to_owned(),
        "train.max_evaluations=1500".to_owned(),
    ];
    let setup = Setup::of("s10", &sets)?;
    let learned = setup.learn();
    let codes = learned.mirror.encode(&setup.glyphs.pixels);
    let end = |axis: usize| {
        let values = codes.iter().map(|code| code[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        })
    };
    let at = |axis: usize, index: usize| {
        let (low, high) = end(axis);
        low + (high - low) * part(index)
    };
    let cells = (0..CELLS)
        .rev()
        .flat_map(|row| (0..CELLS).map(move |column| (row, column)));
    let cells: Vec<Vec<f64>> = cells
        .map(|(row, column)| vec![at(0, column), at(1, row)])
        .collect();
    let drawn: Vec<Glyph> = learned
        .mirror
        .decode(&cells)
        .iter()
        .map(|row| thresholded(row, 0.0))
        .collect();
    let new = invented(&drawn, &Glyphs::of("fonts:all")?);
    let known = drawn
        .iter()
        .filter(|glyph| setup.glyphs.nearest(glyph).1 == 0)
        .count();
    let mut kinds = drawn.clone();
    kinds.sort_unstable();
    kinds.dedup();
    Ok(Outcome::default()
        .with("new", new.len() as f64)
        .with("known", known as f64 / drawn.len() as f64)
        .with("kinds", kinds.len() as f64)
        .with_list("marks", new.into_iter().map(|place| place as f64))
        .with_list("grid", values(&drawn, 0.0))
        .with_list("codes", codes.into_iter().flatten()))
}

/// The middle cell of each region of at least [`NEW_CELLS`] equal cells whose image is none of the known glyphs nor close to one.
fn invented(drawn: &[Glyph], known: &Glyphs) -> Vec<usize> {
    let mut regions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut region = vec![usize::MAX; drawn.len()];
    for start in 0..drawn.len() {
        if region[start] != usize::MAX || known.nearest(&drawn[start]).1 < NEW_PIXELS {
            continue;
        }
        let mut open = vec![start];
        region[start] = start;
        while let Some(cell) = open.pop() {
            regions.entry(start).or_default().push(cell);
            for next in neighbours(cell) {
                if region[next] == usize::MAX && drawn[next] == drawn[cell] {
                    region[next] = start;
                    open.push(next);
                }
            }
        }
    }
    let large = regions
        .into_values()
        .filter(|cells| cells.len() >= NEW_CELLS);
    // A image that fills two regions is one invention.
    let mut seen = Vec::new();
    large
        .filter_map(|mut cells| {
            cells.sort_unstable();
            let middle = cells[cells.len() / 2];
            (!seen.contains(&drawn[middle])).then(|| {
                seen.push(drawn[middle]);
                middle
            })
        })
        .collect()
}

fn neighbours(cell: usize) -> impl Iterator<Item = usize> {
    let (row, column) = (cell / CELLS, cell % CELLS);
    let inside = [
        (row > 0).then(|| cell - CELLS),
        (row + 1 < CELLS).then_some(cell + CELLS),
        (column > 0).then(|| cell - 1),
        (column + 1 < CELLS).then_some(cell + 1),
    ];
    inside.into_iter().flatten()
}

pub fn invent_section(results: &Results) -> Result<Section, Error> {
    let glyphs = Glyphs::of("fonts:2")?;
    let runs: Vec<&Outcome> = results.of("grid").take(2).collect();
    let drawn: Vec<(Figure, Figure)> = runs
        .iter()
        .enumerate()
        .map(|(at, run)| {
            let title = format!("run {}", at + 1);
            (
                new_grid(&title, run),
                map(&title, run.list("codes"), &glyphs.names),
            )
        })
        .collect();
    let rows: Vec<Vec<&Figure>> = drawn.iter().map(|(grid, map)| vec![grid, map]).collect();
    let figure = compose("New letters between the known ones (S21)", None, &rows);
    let table = Table {
        title: "625 cells a seed".to_owned(),
        columns: [
            "seed",
            "different pictures",
            "cells with a known letter",
            "new letters",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: results
            .of("grid")
            .enumerate()
            .map(|(at, run)| {
                let share = format!("{:.0} %", 100.0 * run.get("known"));
                vec![
                    (at + 1).to_string(),
                    number(run.get("kinds"), 0),
                    share,
                    number(run.get("new"), 0),
                ]
            })
            .collect(),
    };
    let new = results.spread("grid", "new");
    Ok(Section {
        claims: vec![Claim {
            text: "The decoder makes letters that nobody drew.".to_owned(),
            seen: format!("{} regions a grid with a picture {NEW_PIXELS} or more pixels from all 96 glyphs, median of {} seeds", new.text(0), new.values.len()),
            holds: new.low() >= 1.0,
        }],
        tables: vec![table],
        figures: vec![(
            "s21-new-letters".to_owned(),
            "what two nets decode on a 25 x 25 grid over the middle 90 % of their codes, new letters marked, and the codes of the known ones".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

fn new_grid(title: &str, run: &Outcome) -> Figure {
    let cells = run.list("grid").chunks_exact(PIXELS);
    let mut marks = vec![false; CELLS * CELLS];
    for place in run.list("marks") {
        marks[*place as usize] = true;
    }
    grid(&Grid {
        title: title.to_owned(),
        x_label: "z1, part of its range".to_owned(),
        y_label: "z2, part of its range".to_owned(),
        xs: (0..CELLS).map(part).collect(),
        ys: (0..CELLS).rev().map(part).collect(),
        tiles: cells
            .map(|cell| tile(&std::array::from_fn(|at| cell[at] > 0.5)))
            .collect(),
        marks,
        mark_name: "new letter".to_owned(),
        ..Grid::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_of_new_pictures_is_marked_once() {
        let known = Glyphs::of("fonts:all").expect("built in");
        let letter = known.pixels[33];
        let mut new = letter;
        (0..35).step_by(4).for_each(|at| new[at] ^= true);
        assert!(
            known.nearest(&new).1 >= NEW_PIXELS,
            "the test's picture is new"
        );
        let mut drawn = vec![letter; CELLS * CELLS];
        for cell in [30, 31, 55, 200, 201] {
            drawn[cell] = new; // a region of three, and one of two
        }
        assert_eq!(invented(&drawn, &known), [31]);
    }

    #[test]
    fn ranks_count_from_the_nearest() {
        let line: Vec<Vec<f64>> = [0.0, 1.0, 3.0, 7.0].map(|x| vec![x, 0.0]).to_vec();
        assert_eq!(rank(&line, 0, 1), 1);
        assert_eq!(rank(&line, 0, 2), 2);
    }
}
