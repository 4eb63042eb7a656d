//! Document 001, optimisers of scipy (S12 to S16), and an honest race of all methods.

use espejo_mlp::Ended;
use espejo_pictures::{Bar, BarSeries, Bars, Curves, Panel, Series, bars, curves};
use espejo_train::Error;
use serde_json::Value;

use crate::glyphs::Glyphs;
use crate::lab::{Learned, Setup, baselines};
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::statistics::{Spread, number};

use super::show::{curve_over_seeds, median_over_seeds};

/// The document's four: row, preset, name, its error, the error of its bar chart.
const FOUR: [(&str, &str, &str, f64, f64); 4] = [
    ("S12", "s12", "L-BFGS", 8.65, 9.00),
    ("S13", "s13", "BFGS", 7.19, 9.20),
    ("S14", "s14", "Powell", 6.13, 8.40),
    ("S15", "s15", "conjugate gradients", 7.10, 12.20),
];
/// With differences in place of gradients, as the document; and with exact gradients.
const FINITE: &str = "as published";
const EXACT: &str = "exact gradients";
/// What is best on this net today.
const TODAY: &str = "truncated Newton, exact gradients";
/// Iterations of BFGS with exact gradients: each goes over a matrix of 3,197 x 3,197.
const BFGS_ITERATIONS: usize = 1000;

fn jobs_of(scale: &Scale, method: &str) -> Vec<Job> {
    let ways: &[&str] = if method == "Powell" {
        &[FINITE]
    } else {
        &[FINITE, EXACT]
    };
    let cost = if method == "BFGS" { 8.0 } else { 0.6 };
    scale.each(ways.iter().map(|way| format!("{method}, {way}")), cost)
}

pub fn lbfgs_jobs(scale: &Scale) -> Vec<Job> {
    let mut jobs = jobs_of(scale, "L-BFGS");
    jobs.extend(scale.each([TODAY], 0.6));
    jobs
}

pub fn bfgs_jobs(scale: &Scale) -> Vec<Job> {
    jobs_of(scale, "BFGS")
}

pub fn powell_jobs(scale: &Scale) -> Vec<Job> {
    jobs_of(scale, "Powell")
}

pub fn cg_jobs(scale: &Scale) -> Vec<Job> {
    jobs_of(scale, "conjugate gradients")
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let (name, way) = job.case.split_once(", ").unwrap_or((&job.case, FINITE));
    let preset = FOUR
        .iter()
        .find(|(_, _, method, ..)| *method == name)
        .map_or("s12", |four| four.1);
    let mut sets = vec![format!("train.seed={}", job.seed)];
    if way == EXACT {
        let iterations = if name == "BFGS" {
            BFGS_ITERATIONS
        } else {
            15_000
        };
        sets.extend([
            "train.gradient=exact".to_owned(),
            format!("train.max_iterations={iterations}"),
        ]);
    }
    if job.case == TODAY {
        sets.push("train.optimizer=truncated-newton".to_owned());
    }
    let mut setup = Setup::of(preset, &sets)?;
    setup.limits.gradient_tolerance = 0.0;
    let learned = setup.learn();
    let letters = &setup.glyphs.pixels;
    let wrong = learned.mirror.wrong(letters, letters);
    // The document's error is the squared error, ours half of it.
    Ok(course(&learned, 2.0)
        .with(
            "exact",
            wrong.iter().filter(|wrong| **wrong == 0).count() as f64,
        )
        .with(
            "close",
            wrong.iter().filter(|wrong| **wrong <= 1).count() as f64,
        ))
}

/// What a training cost and reached, its losses times `factor`.
fn course(learned: &Learned, factor: f64) -> Outcome {
    let curve = &learned.curve;
    let scaled = |values: &[f64]| values.iter().map(|loss| loss * factor).collect::<Vec<_>>();
    let counts = learned.minimum.counts;
    // A value alone is a third of a value with its gradient: one product of each layer in place of three.
    let passes = curve
        .gradients
        .iter()
        .zip(&curve.evaluations)
        .map(|(gradients, all)| gradients + (all - gradients) / 3.0);
    Outcome::default()
        .with("error", factor * learned.minimum.loss)
        .with("evaluations", counts.evaluations as f64)
        .with("gradients", counts.gradients as f64)
        .with("iterations", counts.iterations as f64)
        .with("seconds", learned.seconds)
        .with(
            "stalled",
            f64::from(u8::from(learned.minimum.ended == Ended::Stalled)),
        )
        .with_list("x", curve.evaluations.iter().copied())
        .with_list("passes", passes)
        .with_list("time", curve.seconds.iter().copied())
        .with_list("y", scaled(&curve.best))
}

/// The baselines, and the least error that the document has for this row.
fn beside_published(id: &str, baselines: [(String, f64); 2]) -> Vec<(String, f64)> {
    let published = FOUR.iter().find(|four| four.0 == id);
    let published = published.map(|(.., error, _)| (format!("published {error}"), *error));
    baselines.into_iter().chain(published).collect()
}

fn section_of(results: &Results, id: &str, method: &str) -> Result<Section, Error> {
    let mut ways = [FINITE, EXACT]
        .map(|way| format!("{method}, {way}"))
        .to_vec();
    ways.extend((id == "S12").then(|| TODAY.to_owned()));
    let series = ways.iter().filter(|case| results.first(case).is_some());
    let panel = Panel {
        y_label: "mean ‖x - x̂‖² a letter".to_owned(),
        series: series
            .map(|case| curve_over_seeds(results, case, case))
            .collect(),
        baselines: beside_published(id, baselines(&Glyphs::of("fonts:2")?, 2)),
        log_y: true,
        ..Panel::default()
    };
    let exact = |measure| results.spread(&ways[1], measure);
    let mut claims = Vec::new();
    if results.first(&ways[1]).is_some() {
        claims.push(Claim {
            text: format!("{method} tends downwards."),
            seen: format!(
                "with exact gradients {} after {} evaluations; {} of 32 letters exact, {} with at most one wrong pixel",
                exact("error").text(3), exact("evaluations").text(0), exact("exact").text(0), exact("close").text(0)
            ),
            holds: exact("error").high() < 7.112,
        });
    }
    Ok(Section {
        claims,
        figures: vec![(
            format!("{}-error", id.to_lowercase()),
            "best error so far against evaluations: median of the seeds with their range"
                .to_owned(),
            curves(&Curves {
                title: format!("{method} on 3,197 weights ({id})"),
                x_label: "evaluations of the error".to_owned(),
                panels: vec![panel],
                log_x: true,
                ..Curves::default()
            }),
        )],
        ..Section::default()
    })
}

pub fn lbfgs_section(results: &Results) -> Result<Section, Error> {
    section_of(results, "S12", "L-BFGS")
}

pub fn bfgs_section(results: &Results) -> Result<Section, Error> {
    section_of(results, "S13", "BFGS")
}

pub fn powell_section(results: &Results) -> Result<Section, Error> {
    section_of(results, "S14", "Powell")
}

pub fn cg_section(results: &Results) -> Result<Section, Error> {
    section_of(results, "S15", "conjugate gradients")
}

/// S16 has no training of its own.
pub fn no_jobs(_: &Scale) -> Vec<Job> {
    Vec::new()
}

pub fn best_section(results: &Results) -> Result<Section, Error> {
    let bar = |case: &str, reference: Option<f64>| {
        let spread = results.spread(case, "error");
        Bar {
            value: spread.median(),
            low: Some(spread.low()),
            high: Some(spread.high()),
            runs: spread.values,
            reference,
        }
    };
    let series = [FINITE, EXACT].map(|way| BarSeries {
        name: way.to_owned(),
        bars: FOUR
            .iter()
            .map(|(.., method, _, published)| {
                bar(
                    &format!("{method}, {way}"),
                    (way == FINITE).then_some(*published),
                )
            })
            .collect(),
    });
    let error = |method: &str, way: &str| {
        results
            .spread(&format!("{method}, {way}"), "error")
            .median()
    };
    let others = ["L-BFGS", "BFGS", "conjugate gradients"];
    let listed = |way: &str| {
        others
            .map(|method| number(error(method, way), 2))
            .join(", ")
    };
    let best = others.map(|method| error(method, EXACT));
    let best = best.into_iter().fold(f64::INFINITY, f64::min);
    let powell = error("Powell", FINITE);
    Ok(Section {
        claims: vec![Claim {
            text: "Powell's method is the best of the four.".to_owned(),
            seen: format!(
                "with differences Powell, which needs none, reaches {}, the others {}; with the gradient of each evaluation they reach {}",
                number(powell, 2),
                listed(FINITE),
                listed(EXACT)
            ),
            holds: powell < best,
        }],
        figures: vec![(
            "s16-best".to_owned(),
            "least error within 15,000 evaluations: median and range of the seeds, the published value, mean image and PCA-2".to_owned(),
            bars(&Bars {
                title: "Best within 15,000 evaluations (S16)".to_owned(),
                y_label: "mean ‖x - x̂‖² a letter".to_owned(),
                groups: FOUR.iter().map(|four| four.2.to_owned()).collect(),
                series: series.to_vec(),
                baselines: baselines(&Glyphs::of("fonts:2")?, 2).to_vec(),
                reference_name: "published".to_owned(),
                ..Bars::default()
            }),
        )],
        ..Section::default()
    })
}

/// The methods of the race: name, what they set beside the preset, about how long they take.
const RACERS: [(&str, &[&str], f64); 11] = [
    (
        "gradient descent",
        &[
            "train.optimizer=sgd",
            "train.precision=double",
            "train.batch_size=0",
            "train.learning_rate=5",
        ],
        0.4,
    ),
    (
        "momentum",
        &[
            "train.optimizer=momentum",
            "train.precision=double",
            "train.batch_size=0",
            "train.learning_rate=1",
        ],
        0.4,
    ),
    (
        "adaptive",
        &[
            "train.optimizer=adaptive",
            "train.batch_size=0",
            "train.learning_rate=1",
            "train.adaptive_raise=0.01",
            "train.adaptive_lower=0.1",
        ],
        0.4,
    ),
    (
        "Adam",
        &[
            "train.optimizer=adam",
            "train.precision=double",
            "train.batch_size=0",
            "train.learning_rate=0.01",
        ],
        0.5,
    ),
    (
        "Rprop",
        &["train.optimizer=rprop", "train.learning_rate=0.1"],
        0.2,
    ),
    ("conjugate gradients", &["train.optimizer=cg"], 0.4),
    ("L-BFGS", &["train.optimizer=lbfgs"], 0.6),
    ("BFGS", &["train.optimizer=bfgs"], 30.0),
    (
        "truncated Newton",
        &["train.optimizer=truncated-newton"],
        0.5,
    ),
    ("Powell", &["train.optimizer=powell"], 0.2),
    ("Nelder-Mead", &["train.optimizer=nelder-mead"], 0.5),
];
/// What scipy reaches from the same starts (`scripts/reference_race.py`), for the methods that it has.
fn scipy(method: &str) -> Option<Spread> {
    let reference = include_str!("../../../../tests/reference/race.json");
    let reference: Value = serde_json::from_str(reference).ok()?;
    let runs = reference["methods"][method].as_array()?;
    Some(Spread::of(
        runs.iter().filter_map(|run| run["loss"].as_f64()).collect(),
    ))
}

pub fn race_jobs(scale: &Scale) -> Vec<Job> {
    let racers = RACERS
        .iter()
        .filter(|(name, ..)| !scale.quick || *name != "BFGS");
    racers
        .flat_map(|(name, _, cost)| scale.each([*name], *cost))
        .collect()
}

pub fn race_run(job: &Job) -> Result<Outcome, Error> {
    let racer = RACERS.iter().find(|(name, ..)| *name == job.case);
    let mut sets: Vec<String> = racer
        .map_or(&[][..], |racer| racer.1)
        .iter()
        .map(|set| (*set).to_owned())
        .collect();
    sets.push(format!("train.seed={}", job.seed));
    let mut setup = Setup::of("race", &sets)?;
    setup.limits.gradient_tolerance = 0.0;
    let letters = setup.glyphs.len() as f64;
    let learned = setup.learn();
    let wrong = learned
        .mirror
        .wrong(&setup.glyphs.pixels, &setup.glyphs.pixels);
    let exact = wrong.iter().filter(|wrong| **wrong == 0).count() as f64;
    Ok(course(&learned, letters).with("exact", exact))
}

pub fn race_section(results: &Results) -> Result<Section, Error> {
    let ran = || {
        RACERS
            .iter()
            .filter(|(name, ..)| results.first(name).is_some())
    };
    let [(mean, mean_error), (pca, pca_error)] = baselines(&Glyphs::of("fonts:2")?, 2);
    let panel = |title: &str, series: Vec<Series>| Panel {
        title: title.to_owned(),
        y_label: "½ squared error, 32 letters".to_owned(),
        series,
        baselines: vec![
            (mean.clone(), 16.0 * mean_error),
            (pca.clone(), 16.0 * pca_error),
        ],
        log_y: true,
    };
    let over = |x: &'static str| {
        ran()
            .map(move |(name, ..)| median_over_seeds(results, name, x, name))
            .collect::<Vec<_>>()
    };
    let race = |stem: &str, x: &str, x_label: &str, what: &str| {
        let figure = curves(&Curves {
            title: format!("All methods on 35-25-2-25-35, {what}"),
            x_label: x_label.to_owned(),
            panels: vec![panel(
                "",
                over(if x == "passes" { "passes" } else { "time" }),
            )],
            log_x: true,
            ..Curves::default()
        });
        (
            stem.to_owned(),
            format!("best loss so far against {x_label}, median of the seeds"),
            figure,
        )
    };
    let median = |name: &str, measure: &str| results.spread(name, measure).median();
    let table = Table {
        title:
            "15,000 evaluations from the same starts; medians, losses with the range of the seeds"
                .to_owned(),
        columns: [
            "method",
            "½ squared error",
            "scipy",
            "letters exact",
            "evaluations",
            "gradients",
            "iterations",
            "seconds",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: ran()
            .map(|(name, ..)| {
                vec![
                    (*name).to_owned(),
                    results.spread(name, "error").text(2),
                    scipy(name).map_or("–".to_owned(), |scipy| scipy.text(2)),
                    number(median(name, "exact"), 0),
                    number(median(name, "evaluations"), 0),
                    number(median(name, "gradients"), 0),
                    number(median(name, "iterations"), 0),
                    number(median(name, "seconds"), 2),
                ]
            })
            .collect(),
    };
    let best = ran()
        .map(|(name, ..)| (median(name, "error"), *name))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let best = best.map_or((f64::NAN, ""), |best| best);
    let compared =
        ran().filter_map(|(name, ..)| Some((*name, median(name, "error"), scipy(name)?.median())));
    let compared: Vec<(&str, f64, f64)> = compared.collect();
    let beside: Vec<String> = compared
        .iter()
        .map(|(name, ours, theirs)| {
            format!("{name} {} beside {}", number(*ours, 1), number(*theirs, 1))
        })
        .collect();
    Ok(Section {
        claims: vec![Claim {
            text: "From the same starts each method does at least as well as its like in scipy."
                .to_owned(),
            seen: format!(
                "{}; best is {} with {}",
                beside.join(", "),
                best.1,
                number(best.0, 2)
            ),
            holds: compared.iter().all(|(_, ours, theirs)| ours <= theirs),
        }],
        tables: vec![table],
        figures: vec![
            race(
                "race-evaluations",
                "passes",
                "evaluations with gradient (a value alone counts a third)",
                "by evaluations",
            ),
            race("race-seconds", "time", "seconds, one core", "by seconds"),
        ],
        ..Section::default()
    })
}
