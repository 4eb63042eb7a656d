//! How many glyphs a bottleneck can hold, by its size, the net around it and the method (S9).

use espejo_pictures::{Bar, BarSeries, Bars, Figure, bars, compose};
use espejo_train::Error;

use crate::glyphs::{Glyph, Glyphs};
use crate::lab::Setup;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::statistics::number;

/// Sets of glyphs: name on the command line, glyphs.
const SETS: [(&str, usize); 2] = [("fonts:2", 32), ("fonts:all", 96)];
/// Dimensions of the code.
const WAISTS: [usize; 4] = [1, 2, 3, 4];
/// Hidden layers on each side.
const NETS: [&str; 3] = ["25", "64", "64,32"];
/// Methods: name, what they set beside the preset.
const METHODS: [(&str, &[&str]); 4] = [
    (
        "Adam",
        &[
            "train.optimizer=adam",
            "train.precision=double",
            "train.batch_size=0",
            "train.learning_rate=0.01",
        ],
    ),
    (
        "Rprop",
        &["train.optimizer=rprop", "train.learning_rate=0.01"],
    ),
    ("L-BFGS", &["train.optimizer=lbfgs"]),
    ("truncated Newton", &["train.optimizer=truncated-newton"]),
];
/// Evaluations of each training.
const EVALUATIONS: usize = 10_000;

fn case(set: &str, waist: usize, net: &str, method: &str) -> String {
    format!("{set}; {waist}; {net}; {method}")
}

fn cases() -> impl Iterator<Item = (&'static str, usize, usize, &'static str, &'static str)> {
    let sets = SETS.into_iter();
    sets.flat_map(|(set, glyphs)| {
        WAISTS.into_iter().flat_map(move |waist| {
            NETS.into_iter().flat_map(move |net| {
                METHODS.map(move |(method, _)| (set, glyphs, waist, net, method))
            })
        })
    })
}

pub fn jobs(scale: &Scale) -> Vec<Job> {
    let few = |net: &str, method: &str| net == "25" && method == "L-BFGS";
    cases()
        .filter(|(.., net, method)| !scale.quick || few(net, method))
        .flat_map(|(set, glyphs, waist, net, method)| {
            let width = if net == "25" { 1.0 } else { 3.0 };
            scale.each(
                [case(set, waist, net, method)],
                0.01 * width * glyphs as f64,
            )
        })
        .collect()
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let mut parts = job.case.split("; ");
    let mut part = || parts.next().unwrap_or_default();
    let (set, waist, net, method) = (part(), part(), part(), part());
    let mut sets = vec![
        format!("data.name={set}"),
        format!("model.latent={waist}"),
        format!("model.layers=[{net}]"),
        format!("train.seed={}", job.seed),
        format!("train.max_evaluations={EVALUATIONS}"),
        format!("train.max_iterations={EVALUATIONS}"),
    ];
    let own = METHODS
        .iter()
        .find(|(name, _)| *name == method)
        .map_or(&[][..], |(_, own)| own);
    sets.extend(own.iter().map(|set| (*set).to_owned()));
    let mut setup = Setup::of("capacity", &sets)?;
    setup.limits.gradient_tolerance = 0.0;
    // A loss of a thousandth of a nat leaves no pixel in doubt.
    setup.limits.target = Some(1e-3);
    let learned = setup.learn();
    let wrong = learned
        .mirror
        .wrong(&setup.glyphs.pixels, &setup.glyphs.pixels);
    let count = |most: usize| wrong.iter().filter(|wrong| **wrong <= most).count() as f64;
    Ok(Outcome::default()
        .with("exact", count(0))
        .with("close", count(1))
        .with("loss", learned.minimum.loss)
        .with("evaluations", learned.minimum.counts.evaluations as f64)
        .with("seconds", learned.seconds))
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let mut figures = Vec::new();
    let mut tables = Vec::new();
    for (set, glyphs) in SETS {
        let known = Glyphs::of(set)?;
        let held = WAISTS
            .map(|waist| pca_exact(&known, waist).to_string())
            .join(", ");
        let ran = |net: &str| {
            METHODS
                .iter()
                .any(|(method, _)| results.first(&case(set, 2, net, method)).is_some())
        };
        let charts: Vec<[Figure; 2]> = NETS
            .into_iter()
            .filter(|net| ran(net))
            .map(|net| MEASURES.map(|measure| chart(results, (set, glyphs), net, measure)))
            .collect();
        let rows: Vec<Vec<&Figure>> = charts.iter().map(|row| row.iter().collect()).collect();
        let note =
            format!("Exact from as many principal components: {held}; from the mean image: 0.");
        figures.push((
            format!("capacity-{glyphs}"),
            format!("glyphs of {glyphs} reconstructed, by the size of the bottleneck, the hidden layers and the method: median and range of the seeds"),
            compose(&format!("Glyphs of {glyphs} that a bottleneck can hold (S9)"), Some(&note), &rows),
        ));
        tables.push(table_of(results, set, glyphs));
    }
    Ok(Section {
        claims: claims(results),
        tables,
        figures,
        ..Section::default()
    })
}

/// What counts: the measure, and what it is.
const MEASURES: [(&str, &str); 2] = [("exact", "exact"), ("close", "at most one wrong pixel")];

/// The methods on one net.
fn chart(
    results: &Results,
    (set, glyphs): (&str, usize),
    net: &str,
    (measure, what): (&str, &str),
) -> Figure {
    let series = METHODS
        .iter()
        .filter(|(method, _)| results.first(&case(set, 2, net, method)).is_some());
    let bar = |waist: &usize, method: &str| {
        let spread = results.spread(&case(set, *waist, net, method), measure);
        Bar {
            value: spread.median(),
            low: Some(spread.low()),
            high: Some(spread.high()),
            runs: spread.values,
            reference: None,
        }
    };
    let series = series.map(|(method, _)| BarSeries {
        name: (*method).to_owned(),
        bars: WAISTS.iter().map(|waist| bar(waist, method)).collect(),
    });
    bars(&Bars {
        title: format!("{net} hidden, {what}"),
        x_label: "dimensions of the code".to_owned(),
        y_label: "glyphs".to_owned(),
        groups: WAISTS.map(|waist| waist.to_string()).to_vec(),
        series: series.collect(),
        baselines: vec![("all".to_owned(), glyphs as f64)],
        ..Bars::default()
    })
}

/// Glyphs that come back exact from their principal components.
fn pca_exact(glyphs: &Glyphs, components: usize) -> usize {
    let rows: Vec<Vec<f32>> = glyphs
        .pixels
        .iter()
        .map(|glyph| glyph.map(|ink| f32::from(u8::from(ink))).to_vec())
        .collect();
    let pca = espejo_train::Pca::fit(&rows, components);
    let exact = |(row, glyph): (&Vec<f32>, &Glyph)| {
        pca.project(row)
            .iter()
            .zip(glyph)
            .all(|(value, ink)| (*value > 0.5) == *ink)
    };
    rows.iter()
        .zip(&glyphs.pixels)
        .filter(|pair| exact(*pair))
        .count()
}

fn table_of(results: &Results, set: &str, glyphs: usize) -> Table {
    let mut columns = vec!["hidden".to_owned(), "method".to_owned()];
    columns.extend(WAISTS.iter().map(|waist| format!("{waist}: exact")));
    columns.extend(WAISTS.iter().map(|waist| format!("{waist}: ≤ 1 wrong")));
    columns.push("seconds".to_owned());
    let rows = NETS
        .iter()
        .flat_map(|net| METHODS.map(|(method, _)| (*net, method)));
    let rows = rows.filter(|(net, method)| results.first(&case(set, 2, net, method)).is_some());
    let rows = rows.map(|(net, method)| {
        let of = |waist: &usize, measure| results.spread(&case(set, *waist, net, method), measure);
        let mut cells = vec![net.to_owned(), method.to_owned()];
        cells.extend(WAISTS.iter().map(|waist| of(waist, "exact").text(0)));
        cells.extend(WAISTS.iter().map(|waist| of(waist, "close").text(0)));
        cells.push(number(of(&2, "seconds").median(), 2));
        cells
    });
    Table {
        title: format!(
            "{glyphs} glyphs: median and range of the seeds, by the dimensions of the code"
        ),
        columns,
        rows: rows.collect(),
    }
}

/// The most glyphs of a set that any net and method reconstructs exactly through a bottleneck: the median and the best of the seeds.
fn most(results: &Results, set: &str, waist: usize) -> (f64, f64) {
    let spreads = NETS.iter().flat_map(|net| {
        METHODS.map(|(method, _)| results.spread(&case(set, waist, net, method), "exact"))
    });
    spreads.fold((0.0, 0.0), |(median, best), spread| {
        (spread.median().max(median), spread.high().max(best))
    })
}

fn claims(results: &Results) -> Vec<Claim> {
    let seen = WAISTS.map(|waist| number(most(results, SETS[1].0, waist).0, 0));
    let (two, one) = (most(results, SETS[1].0, 2), most(results, SETS[0].0, 1));
    vec![
        Claim {
            text: "How many samples are learned depends on the latent space.".to_owned(),
            seen: format!(
                "of 96 glyphs the best median brings back {} through 1, 2, 3, 4 numbers",
                seen.join(", ")
            ),
            holds: most(results, SETS[1].0, 1).0 < two.0,
        },
        Claim {
            text: "Two numbers hold all 96 glyphs.".to_owned(),
            seen: format!(
                "exact: {} in the median of the best net and method, {} with the best seed",
                number(two.0, 0),
                number(two.1, 0)
            ),
            holds: two.1 >= 96.0,
        },
        Claim {
            text: "A single number holds the 32 capitals.".to_owned(),
            seen: format!(
                "exact: {} in the median of the best net and method, {} with the best seed",
                number(one.0, 0),
                number(one.1, 0)
            ),
            holds: one.1 >= 32.0,
        },
    ]
}
