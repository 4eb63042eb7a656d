//! Document 000, the "linear" autoencoder: structures (S2), optimisations (S3), and ever more letters (S4).

use espejo_pictures::{
    Curves, Figure, Grid, Panel, Point, Scatter, compose, curves, grid, scatter,
};
use espejo_train::Error;

use crate::glyphs::{Glyphs, PIXELS, thresholded, tile_of};
use crate::lab::{Learned, Setup};
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::statistics::{mean, number};

use super::show::{median_over_seeds, median_run};

/// The structures of the document, first the one with the largest published error.
const STRUCTURES: [(&str, &str); 4] = [
    ("35-5-3-2-3-5-35", "[35,5,3,2,3,5,35]"),
    ("35-3-2-3-35", "[35,3,2,3,35]"),
    ("35-2-35", "[35,2,35]"),
    ("35-16-2-16-35", "[35,16,2,16,35]"),
];
/// The way of the document, and today's within its budget.
const DESCRIBED: &str = "described";
const TODAY: &str = "Adam";
/// Epochs of the document.
const EPOCHS: f64 = 500.0;
/// The error E at which it stops.
const TARGET: f64 = 1.0;

/// The document's error: the entropic cost in decimal logarithms, summed over letters.
fn error_of(loss: f64, letters: usize) -> f64 {
    loss * letters as f64 / std::f64::consts::LN_10
}

/// What changes the preset's way into today's, which gets through flat places that stop momentum.
fn todays() -> Vec<String> {
    let sets = [
        "train.optimizer=adam",
        "train.precision=double",
        "train.batch_size=0",
        "train.learning_rate=0.01",
    ];
    sets.map(str::to_owned).to_vec()
}

/// Errors over epochs.
fn outcome(learned: &Learned, letters: usize) -> Outcome {
    let curve = &learned.curve;
    let error = error_of(learned.minimum.loss, letters);
    let reached = error <= TARGET;
    let epochs = learned.minimum.counts.iterations as f64;
    Outcome::default()
        .with("error", error)
        .with("epochs", if reached { epochs } else { EPOCHS })
        .with_list("x", curve.iterations.iter().copied())
        .with_list("y", curve.best.iter().map(|loss| error_of(*loss, letters)))
}

pub fn structures_jobs(scale: &Scale) -> Vec<Job> {
    let ways = [DESCRIBED, TODAY];
    let cases = STRUCTURES
        .iter()
        .flat_map(|(name, _)| ways.map(|way| format!("{name} {way}")));
    scale.each(cases, 0.05)
}

pub fn structures_run(job: &Job) -> Result<Outcome, Error> {
    let (name, way) = job.case.split_once(' ').unwrap_or((&job.case, TODAY));
    let layers = STRUCTURES.iter().find(|(other, _)| *other == name);
    let mut sets = vec![
        format!("model.layers={}", layers.map_or("[]", |(_, layers)| layers)),
        format!("train.seed={}", job.seed),
    ];
    if way == TODAY {
        sets.extend(todays());
    }
    let setup = Setup::of("s2", &sets)?;
    Ok(outcome(&setup.learn(), setup.glyphs.len()))
}

pub fn structures_section(results: &Results) -> Result<Section, Error> {
    let panel = |way: &str, title: &str| Panel {
        title: title.to_owned(),
        y_label: "error E, 4 letters".to_owned(),
        series: STRUCTURES
            .iter()
            .map(|(name, _)| median_over_seeds(results, &format!("{name} {way}"), "x", name))
            .collect(),
        baselines: vec![("mean image".to_owned(), mean_error("fonts:1", 1..5))],
        log_y: true,
    };
    let figure = curves(&Curves {
        title: "Error by structure (S2)".to_owned(),
        x_label: "epoch".to_owned(),
        panels: vec![
            panel(DESCRIBED, "as described, with the right gradient"),
            panel(TODAY, "Adam, all letters in a step"),
        ],
        ..Curves::default()
    });
    let best = |case: &str| results.spread(&format!("{case} {TODAY}"), "error").median();
    let wide = best("35-16-2-16-35");
    let seen = format!(
        "medians with Adam: {} for 16-2-16, {} for 2, {} for 3-2-3, {} for 5-3-2-3-5",
        number(wide, 2),
        number(best("35-2-35"), 2),
        number(best("35-3-2-3-35"), 2),
        number(best("35-5-3-2-3-5-35"), 2)
    );
    let described = |case: &str| {
        results
            .spread(&format!("{case} {DESCRIBED}"), "error")
            .median()
    };
    let narrow = ["35-2-35", "35-3-2-3-35", "35-5-3-2-3-5-35"];
    Ok(Section {
        claims: vec![
            Claim {
                text:
                    "The structure decides: 16-2-16 learns best, as trained by the document's rule."
                        .to_owned(),
                seen: format!(
                    "described rule: {} for 16-2-16, {} for the best other",
                    number(described("35-16-2-16-35"), 2),
                    number(
                        narrow
                            .map(described)
                            .into_iter()
                            .fold(f64::INFINITY, f64::min),
                        2
                    )
                ),
                holds: narrow
                    .iter()
                    .all(|case| described("35-16-2-16-35") <= described(case)),
            },
            Claim {
                text: "The narrow structures cannot learn the four letters.".to_owned(),
                seen,
                holds: narrow.iter().all(|case| best(case) > TARGET),
            },
        ],
        tables: Vec::new(),
        figures: vec![(
            "s2-structures".to_owned(),
            "error per structure, median of the seeds".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

/// The document's error of the mean image of some letters.
fn mean_error(set: &str, places: std::ops::Range<usize>) -> f64 {
    let Ok(glyphs) = Glyphs::of(set) else {
        return f64::NAN;
    };
    let glyphs = glyphs.select(&places.collect::<Vec<_>>());
    let mean = glyphs.mean();
    let cost = |ink: bool, share: f64| -(if ink { share } else { 1.0 - share }).log10();
    let letters = glyphs.pixels.iter();
    letters
        .map(|glyph| (0..PIXELS).map(|at| cost(glyph[at], mean[at])).sum::<f64>())
        .sum()
}

/// The steps of the ablation: name, what each sets beside the preset.
const STEPS: [(&str, &[&str]); 5] = [
    (
        "plain",
        &[
            "objective.loss=mse",
            "model.output_activation=tanh",
            "train.optimizer=sgd",
        ],
    ),
    ("entropic", &["train.optimizer=sgd"]),
    ("+ momentum", &["train.optimizer=momentum"]),
    ("+ adaptive", &[]),
    (
        TODAY,
        &[
            "train.optimizer=adam",
            "train.batch_size=0",
            "train.learning_rate=0.01",
        ],
    ),
];

pub fn optimisations_jobs(scale: &Scale) -> Vec<Job> {
    scale.each(STEPS.map(|(name, _)| name), 0.05)
}

pub fn optimisations_run(job: &Job) -> Result<Outcome, Error> {
    let step = STEPS.iter().find(|(name, _)| *name == job.case);
    let mut sets: Vec<String> = step
        .map_or(&[][..], |(_, sets)| sets)
        .iter()
        .map(|set| (*set).to_owned())
        .collect();
    sets.push(format!("train.seed={}", job.seed));
    let mut setup = Setup::of("s3", &sets)?;
    let letters = setup.glyphs.len();
    if job.case != "plain" {
        return Ok(outcome(&setup.learn(), letters));
    }
    // Squared errors are no entropic cost: E is measured on the way, and decides when it is over.
    setup.limits.target = None;
    let entropic = Setup::of("s3", &[format!("train.seed={}", job.seed)])?;
    let mut measure = entropic.fit(&setup.glyphs.pixels, &setup.glyphs.pixels);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let fit = setup.dense.fit.clone();
    let _ = setup.watched(fit, &mut |progress| {
        x.push(progress.counts.iterations as f64);
        y.push(error_of(
            espejo_mlp::Objective::value(&mut measure, progress.at),
            letters,
        ));
        y.last().is_some_and(|error| *error > TARGET)
    });
    let last = y.last().copied().unwrap_or(f64::NAN);
    let needed = if last <= TARGET {
        x.len() as f64
    } else {
        EPOCHS
    };
    Ok(Outcome::default()
        .with("error", last)
        .with("epochs", needed)
        .with_list("x", x)
        .with_list("y", y))
}

pub fn optimisations_section(results: &Results) -> Result<Section, Error> {
    let series = STEPS.map(|(name, _)| median_over_seeds(results, name, "x", name));
    let figure = curves(&Curves {
        title: "Error by optimisation (S3)".to_owned(),
        x_label: "epoch".to_owned(),
        panels: vec![Panel {
            y_label: "error E, 4 letters".to_owned(),
            series: series.to_vec(),
            baselines: vec![("mean image".to_owned(), mean_error("fonts:1", 1..5))],
            log_y: true,
            ..Panel::default()
        }],
        ..Curves::default()
    });
    let errors = STEPS.map(|(name, _)| results.spread(name, "error").median());
    let epochs = STEPS.map(|(name, _)| results.spread(name, "epochs").median());
    let seen = STEPS.iter().zip(errors.iter().zip(&epochs));
    let seen = seen.map(|((name, _), (error, epochs))| {
        format!("{name}: E {} in {epochs:.0}", number(*error, 2))
    });
    Ok(Section {
        claims: vec![Claim {
            text: "Each optimisation gives a smaller error, or the same in fewer epochs."
                .to_owned(),
            seen: seen.collect::<Vec<_>>().join("; "),
            holds: errors
                .windows(2)
                .zip(epochs.windows(2))
                .take(3)
                .all(|(error, epochs)| {
                    error[1] < error[0] || (error[1] <= TARGET && epochs[1] <= epochs[0])
                }),
        }],
        tables: Vec::new(),
        figures: vec![(
            "s3-optimisations".to_owned(),
            "error per optimisation, median of the seeds".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

/// Letters of the training sets of S4.
const SIZES: [usize; 4] = [4, 8, 16, 24];
/// Cells a side of the decoded grid.
const CELLS: usize = 10;
/// A code beyond this is saturated.
const SATURATED: f64 = 0.9;

pub fn letters_jobs(scale: &Scale) -> Vec<Job> {
    let cases = SIZES
        .iter()
        .flat_map(|size| [DESCRIBED, TODAY].map(|way| format!("{size} {way}")));
    scale.each(cases, 0.3)
}

fn letters_of(size: &str) -> Result<String, Error> {
    let size: usize = size.parse().unwrap_or(4);
    let glyphs = Glyphs::of("fonts:1")?;
    let letters = &glyphs.names[1..=size];
    Ok(format!(
        "data.letters={}",
        serde_json::json!(letters.concat())
    ))
}

pub fn letters_run(job: &Job) -> Result<Outcome, Error> {
    let (size, way) = job.case.split_once(' ').unwrap_or((&job.case, TODAY));
    let mut sets = vec![letters_of(size)?, format!("train.seed={}", job.seed)];
    if way == TODAY {
        sets.extend(todays());
    }
    let setup = Setup::of("s4", &sets)?;
    let learned = setup.learn();
    let letters = &setup.glyphs.pixels;
    let wrong = learned.mirror.wrong(letters, letters);
    let codes = learned.mirror.encode(letters);
    let grid = learned.mirror.decode(&plane());
    let known = grid
        .iter()
        .filter(|shades| setup.glyphs.nearest(&thresholded(shades, 0.0)).1 <= 1);
    let saturated = codes
        .iter()
        .flatten()
        .filter(|value| value.abs() > SATURATED)
        .count();
    let exact = wrong.iter().filter(|wrong| **wrong == 0).count() as f64;
    Ok(Outcome::default()
        .with("error a letter", error_of(learned.minimum.loss, 1))
        .with("exact", exact / letters.len() as f64)
        .with(
            "wrong",
            mean(&wrong.iter().map(|wrong| *wrong as f64).collect::<Vec<_>>()),
        )
        .with("saturated", saturated as f64 / (2 * letters.len()) as f64)
        .with("known", known.count() as f64 / grid.len() as f64)
        .with_list("codes", codes.into_iter().flatten())
        .with_list("grid", grid.into_iter().flatten()))
}

/// The document's grid of codes on [-1, 1]², row by row from the top.
fn plane() -> Vec<Vec<f64>> {
    let at = |index: usize| -1.0 + 2.0 * index as f64 / (CELLS - 1) as f64;
    let rows = (0..CELLS).rev();
    rows.flat_map(|row| (0..CELLS).map(move |column| vec![at(column), at(row)]))
        .collect()
}

pub fn letters_section(results: &Results) -> Result<Section, Error> {
    let mut panels = Vec::new();
    for size in SIZES {
        let case = format!("{size} {TODAY}");
        let Some(run) = median_run(results, &case, "wrong") else {
            continue;
        };
        panels.push((map_of(size, run)?, grid_of(size, run)));
    }
    let rows: Vec<Vec<&Figure>> = panels.iter().map(|(map, grid)| vec![map, grid]).collect();
    let figure = compose(
        "Codes and what is decoded between them, by letters learned (S4)",
        None,
        &rows,
    );
    let median = |size: usize, way: &str, measure| {
        results.spread(&format!("{size} {way}"), measure).median()
    };
    let table = Table {
        title: "Medians over the seeds".to_owned(),
        columns: [
            "letters",
            "way",
            "E a letter",
            "letters exact",
            "wrong pixels a letter",
            "codes beyond ±0.9",
            "grid within 1 pixel of a letter",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: SIZES
            .iter()
            .flat_map(|size| [DESCRIBED, TODAY].map(|way| (*size, way)))
            .map(|(size, way)| {
                let shown = ["error a letter", "exact", "wrong", "saturated", "known"];
                let shown = shown.map(|measure| number(median(size, way, measure), 2));
                [vec![size.to_string(), way.to_owned()], shown.to_vec()].concat()
            })
            .collect(),
    };
    let saturated = SIZES.map(|size| median(size, TODAY, "saturated"));
    let known = SIZES.map(|size| median(size, TODAY, "known"));
    Ok(Section {
        claims: vec![
            Claim {
                text: "The codes saturate at the four corners (±1, ±1).".to_owned(),
                seen: format!("share of code values beyond ±0.9, 4 to 24 letters: {}", listed(&saturated)),
                holds: saturated[0] > 0.5,
            },
            Claim {
                text: "Generation degrades as the letters grow in number.".to_owned(),
                seen: format!("share of the grid within one pixel of a learned letter: {}", listed(&known)),
                holds: known[0] > known[3],
            },
        ],
        tables: vec![table],
        figures: vec![(
            "s4-letters".to_owned(),
            "codes of 4, 8, 16 and 24 letters and the 10 x 10 grid decoded on [-1, 1]², Adam, the seed with the median of wrong pixels".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

fn listed(values: &[f64]) -> String {
    values
        .iter()
        .map(|value| number(*value, 2))
        .collect::<Vec<_>>()
        .join(", ")
}

fn map_of(size: usize, run: &Outcome) -> Result<Figure, Error> {
    let names = Glyphs::of("fonts:1")?.names;
    let points = run.list("codes").chunks_exact(2).zip(&names[1..]);
    Ok(scatter(&Scatter {
        title: format!("{size} letters"),
        x_label: "z1".to_owned(),
        y_label: "z2".to_owned(),
        points: points
            .map(|(code, name)| Point {
                x: code[0],
                y: code[1],
                label: Some(name.clone()),
                class: None,
            })
            .collect(),
        range: Some([(-1.05, 1.05), (-1.05, 1.05)]),
        ..Scatter::default()
    }))
}

fn grid_of(size: usize, run: &Outcome) -> Figure {
    let at = |index: usize| -1.0 + 2.0 * index as f64 / (CELLS - 1) as f64;
    grid(&Grid {
        title: format!("decoded, {size} letters"),
        x_label: "z1".to_owned(),
        y_label: "z2".to_owned(),
        xs: (0..CELLS).map(at).collect(),
        ys: (0..CELLS).rev().map(at).collect(),
        tiles: run
            .list("grid")
            .chunks_exact(PIXELS)
            .map(|row| tile_of(row.iter().copied()))
            .collect(),
        ..Grid::default()
    })
}
