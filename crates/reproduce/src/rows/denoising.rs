//! Denoising, tested on fresh noise by the thousand: the document's net (S5), and what is best possible.

use espejo_mlp::{Descending, Descent, Rule};
use espejo_pictures::{
    Bar, BarSeries, Bars, Cell, Figure, Matrix, Sheet, Tile, bars, matrix, sheet,
};
use espejo_train::Error;

use crate::glyphs::{Glyph, Glyphs, PIXELS, distance, generator, noisy, thresholded, tile, values};
use crate::lab::{Mirror, Setup};
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::statistics::{number, wilson};

/// Streams of random numbers.
const COPIED: u64 = 21;
const TESTED: u64 = 22;
const LEARNED: u64 = 23;

/// What counts as the right letter: every pixel, all but one, all but two, or being nearer to it than to any other letter.
const CRITERIA: [&str; 4] = ["exact", "≤ 1 pixel", "≤ 2 pixels", "nearest letter"];
/// The measure of the squared error.
const ERROR: &str = "error";
/// Ways to clean without a net that learned it.
const RULES: [&str; 3] = ["as it is", "nearest", "Bayes"];

/// Successes by [`CRITERIA`], the draws, and the summed squared error.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    hits: [f64; 4],
    error: f64,
    draws: f64,
}

impl Score {
    /// Takes in the answer to a noisy copy of letter `truth`; shades from 0 to 1.
    fn take(&mut self, shades: &[f64], truth: usize, letters: &Glyphs) {
        let answer = thresholded(shades, 0.0);
        let wrong = distance(&answer, &letters.pixels[truth]);
        // A letter as near as another one is no answer.
        let nearest = letters
            .pixels
            .iter()
            .enumerate()
            .all(|(at, other)| at == truth || distance(&answer, other) > wrong);
        let hits = [wrong == 0, wrong <= 1, wrong <= 2, nearest];
        for (sum, hit) in self.hits.iter_mut().zip(hits) {
            *sum += f64::from(u8::from(hit));
        }
        let wanted = letters.pixels[truth]
            .iter()
            .map(|ink| f64::from(u8::from(*ink)));
        self.error += shades
            .iter()
            .zip(wanted)
            .map(|(y, t)| (y - t) * (y - t))
            .sum::<f64>();
        self.draws += 1.0;
    }

    fn into(self, outcome: Outcome, name: &str) -> Outcome {
        let mut outcome = outcome.with_list(&format!("{name} {ERROR}"), [self.error / self.draws]);
        for (criterion, hits) in CRITERIA.iter().zip(self.hits) {
            outcome = outcome.with(&format!("{name} {criterion}"), hits / self.draws);
        }
        outcome.with(&format!("{name} draws"), self.draws)
    }
}

/// The net and the rules on the same `copies` fresh noisy copies of each letter.
fn tested(
    mirror: &Mirror,
    letters: &Glyphs,
    (p, copies): (f64, usize),
    seed: u64,
) -> Vec<(&'static str, Score)> {
    let seen = noisy(&letters.pixels, p, copies, &mut generator(seed, TESTED));
    let low = mirror.low();
    let mut scores = [Score::default(); 4];
    for (at, (glyph, output)) in seen.iter().zip(mirror.outputs(&seen)).enumerate() {
        let truth = at / copies;
        let shades: Vec<f64> = output
            .iter()
            .map(|y| ((y - low) / (1.0 - low)).clamp(0.0, 1.0))
            .collect();
        let as_values = |glyph: &Glyph| glyph.map(|ink| f64::from(u8::from(ink))).to_vec();
        let nearest = letters.pixels[letters.nearest(glyph).0];
        let answers = [
            shades,
            as_values(glyph),
            as_values(&nearest),
            letters.posterior_mean(glyph, p),
        ];
        for (score, answer) in scores.iter_mut().zip(answers) {
            score.take(&answer, truth, letters);
        }
    }
    let names = ["net", RULES[0], RULES[1], RULES[2]];
    names.into_iter().zip(scores).collect()
}

/// The document's conditions: letters, noise, its success.
const CONDITIONS: [(usize, f64, f64); 6] = [
    (8, 0.05, 0.875),
    (16, 0.05, 0.87),
    (8, 0.1, 0.5),
    (16, 0.1, 0.47),
    (8, 0.15, 0.5),
    (16, 0.15, 0.2),
];

fn condition(letters: usize, p: f64) -> String {
    format!("{letters} letters, {p}")
}

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each(CONDITIONS.map(|(letters, p, _)| condition(letters, p)), 0.3)
}

/// Fresh copies of a letter.
fn copies(scale: &Scale) -> usize {
    if scale.quick { 100 } else { 1000 }
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let (letters, p) = job.case.split_once(" letters, ").unwrap_or(("8", "0.1"));
    let count: f64 = letters.parse().unwrap_or(8.0);
    let p: f64 = p.parse().unwrap_or(0.1);
    // The document stops at E < 10, with three copies of each letter and decimal logarithms.
    let target = 10.0 * std::f64::consts::LN_10 / (3.0 * count);
    let sets = [
        format!("data.first={letters}"),
        format!("noise.kind=flip:{p}"),
        format!("train.seed={}", job.seed),
        format!("train.target_loss={target}"),
        "train.optimizer=adaptive".to_owned(),
    ];
    let setup = Setup::of("s5", &sets)?;
    let learned = setup.learn();
    let scores = tested(
        &learned.mirror,
        &setup.glyphs,
        (p, copies(&job.scale)),
        job.seed,
    );
    let shown = noisy(&setup.glyphs.pixels, p, 1, &mut generator(job.seed, COPIED));
    let answers = learned.mirror.mirrored(&shown);
    let outcome = scores
        .into_iter()
        .fold(Outcome::default(), |outcome, (name, score)| {
            score.into(outcome, name)
        });
    Ok(outcome
        .with_list("seen", values(&shown, 0.0))
        .with_list("answers", values(&answers, 0.0)))
}

/// A share over all seeds of a case with its Wilson interval.
fn share(results: &Results, case: &str, measure: &str, who: &str) -> (f64, f64, f64) {
    let hits: f64 = results
        .of(case)
        .map(|run| run.get(measure) * run.get(&format!("{who} draws")))
        .sum();
    let draws: f64 = results
        .of(case)
        .map(|run| run.get(&format!("{who} draws")))
        .sum();
    let (low, high) = wilson(hits, draws);
    (hits / draws, low, high)
}

pub fn section(results: &Results) -> Result<Section, Error> {
    let table = Table {
        title: "Success on fresh noise, all seeds together, with Wilson's 95 % intervals"
            .to_owned(),
        columns: [
            "letters, noise",
            "published",
            "exact",
            "≤ 1 pixel",
            "≤ 2 pixels",
            "nearest letter",
            "as it is, nearest",
            "nearest rule, exact",
            "Bayes, exact",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: CONDITIONS
            .iter()
            .map(|(letters, p, published)| {
                let case = condition(*letters, *p);
                let text = |who: &str, criterion: &str| {
                    let (middle, low, high) =
                        share(results, &case, &format!("{who} {criterion}"), who);
                    format!("{middle:.3} ({low:.3} to {high:.3})")
                };
                let mut cells = vec![case.clone(), number(*published, 3)];
                cells.extend(CRITERIA.map(|criterion| text("net", criterion)));
                cells.extend([
                    text(RULES[0], CRITERIA[3]),
                    text(RULES[1], CRITERIA[0]),
                    text(RULES[2], CRITERIA[0]),
                ]);
                cells
            })
            .collect(),
    };
    let series = CRITERIA.map(|criterion| BarSeries {
        name: criterion.to_owned(),
        bars: CONDITIONS
            .iter()
            .map(|(letters, p, published)| {
                let (value, low, high) = share(
                    results,
                    &condition(*letters, *p),
                    &format!("net {criterion}"),
                    "net",
                );
                Bar {
                    value,
                    low: Some(low),
                    high: Some(high),
                    runs: Vec::new(),
                    reference: (criterion == CRITERIA[3]).then_some(*published),
                }
            })
            .collect(),
    });
    let chart = bars(&Bars {
        title: "Letters cleaned by 35-12-35 (S5)".to_owned(),
        x_label: "letters learned, pixels flipped".to_owned(),
        y_label: "share of fresh copies".to_owned(),
        groups: CONDITIONS
            .iter()
            .map(|(letters, p, _)| format!("{letters}, {:.0} %", 100.0 * p))
            .collect(),
        series: series.to_vec(),
        reference_name: "published, by eye".to_owned(),
        ..Bars::default()
    });
    let nearest = |letters: usize, p: f64| {
        share(results, &condition(letters, p), "net nearest letter", "net").0
    };
    Ok(Section {
        claims: vec![
            Claim {
                text: "A denoising autoencoder removes salt and pepper well.".to_owned(),
                seen: format!("the right letter is the nearest in {:.0} % of the copies with 5 % noise, in {:.0} % with 15 %, of 8 letters", 100.0 * nearest(8, 0.05), 100.0 * nearest(8, 0.15)),
                holds: nearest(8, 0.05) > 0.875,
            },
            Claim {
                text: "Success falls with noise, and with the number of letters.".to_owned(),
                seen: format!("nearest letter, 8 and 16 letters: {} and {} at 5 %, {} and {} at 15 %", number(nearest(8, 0.05), 3), number(nearest(16, 0.05), 3), number(nearest(8, 0.15), 3), number(nearest(16, 0.15), 3)),
                holds: [8, 16].iter().all(|letters| nearest(*letters, 0.15) < nearest(*letters, 0.05)) && nearest(16, 0.15) < nearest(8, 0.15),
            },
        ],
        tables: vec![table],
        figures: vec![
            ("s5-success".to_owned(), "share of fresh noisy copies cleaned, by four criteria, with Wilson's intervals".to_owned(), chart),
            ("s5-triptychs".to_owned(), "original, noisy and output of the first seed, 16 letters with 10 % noise; a tick where the letter is the nearest".to_owned(), triptychs(results)?),
        ],
        ..Section::default()
    })
}

fn triptychs(results: &Results) -> Result<Figure, Error> {
    let letters = Glyphs::of("fonts:2")?.select(&(0..16).collect::<Vec<_>>());
    let run = results
        .first("16 letters, 0.1")
        .cloned()
        .unwrap_or_default();
    let of = |name: &str| {
        run.list(name)
            .chunks_exact(PIXELS)
            .map(|row| thresholded(row, 0.0))
            .collect::<Vec<Glyph>>()
    };
    let (seen, answers) = (of("seen"), of("answers"));
    let tiles = |glyphs: &[Glyph]| {
        glyphs
            .iter()
            .map(|glyph| Some(tile(glyph)))
            .collect::<Vec<Option<Tile>>>()
    };
    let mark = |(at, answer): (usize, &Glyph)| {
        let (nearest, _) = letters.nearest(answer);
        Some(if nearest == at { "✓" } else { "✗" }.to_owned())
    };
    Ok(sheet(&Sheet {
        title: "Original, noisy, output (S5)".to_owned(),
        rows: vec![
            ("original".to_owned(), tiles(&letters.pixels)),
            ("noisy".to_owned(), tiles(&seen)),
            ("output".to_owned(), tiles(&answers)),
        ],
        captions: letters.names.clone(),
        marks: vec![
            Vec::new(),
            Vec::new(),
            answers.iter().enumerate().map(mark).collect(),
        ],
        wrap: 16,
        ..Sheet::default()
    }))
}

/// Noise while learning; the last learns all of them.
const LEARNING: [f64; 4] = [0.05, 0.1, 0.15, 0.2];
/// Noise while testing.
const TESTING: [f64; 6] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.3];
/// The document's net with three copies of each letter; a wider one with fresh noise in every step.
const NETS: [&str; 2] = ["3 copies", "fresh noise"];

pub fn matrix_jobs(scale: &Scale) -> Vec<Job> {
    let cases = NETS
        .iter()
        .flat_map(|net| LEARNING.map(|p| format!("{net}, {p}")));
    scale.each(cases, 1.5)
}

pub fn matrix_run(job: &Job) -> Result<Outcome, Error> {
    let (net, p) = job.case.split_once(", ").unwrap_or((NETS[1], "0.1"));
    let p: f64 = p.parse().unwrap_or(0.1);
    let seed = format!("train.seed={}", job.seed);
    let mirror = if net == NETS[0] {
        let sets = [
            seed,
            "data.first=32".to_owned(),
            format!("noise.kind=flip:{p}"),
            "train.optimizer=adaptive".to_owned(),
        ];
        let setup = Setup::of("s5", &sets)?;
        (setup.glyphs.clone(), setup.learn().mirror)
    } else {
        fresh(p, job, seed)?
    };
    let (letters, mirror) = mirror;
    let mut outcome = Outcome::default();
    for tested_p in TESTING {
        for (who, score) in tested(&mirror, &letters, (tested_p, copies(&job.scale)), job.seed) {
            outcome = score.into(outcome, &format!("{who} {tested_p}"));
        }
    }
    Ok(outcome)
}

/// Copies of each letter in a step, and steps.
const STEP_COPIES: usize = 4;
const STEPS: usize = 8000;

/// A net that never sees the same noise twice.
fn fresh(p: f64, job: &Job, seed: String) -> Result<(Glyphs, Mirror), Error> {
    let sets = [
        seed,
        format!("noise.kind=flip:{p}"),
        format!("noise.copies={STEP_COPIES}"),
    ];
    let setup = Setup::of("denoising", &sets)?;
    let letters = &setup.glyphs;
    let mut rng = generator(job.seed, LEARNED);
    let clean: Vec<Glyph> = letters
        .pixels
        .iter()
        .flat_map(|letter| [*letter; STEP_COPIES])
        .collect();
    let mut fit = setup.fit(&clean, &clean);
    let descent = |learning_rate| Descent {
        rule: Rule::Adam,
        learning_rate,
        adaptive: None,
        batch: 0,
        shuffle: None,
    };
    let steps = if job.scale.quick { STEPS / 4 } else { STEPS };
    let mut descending = Descending::new(&descent(RATE), &setup.dense.start);
    for step in 0..steps {
        // Half a cosine.
        let part = step as f64 / steps as f64;
        descending.set_learning_rate(0.5 * RATE * (1.0 + (std::f64::consts::PI * part).cos()));
        let seen = noisy(&letters.pixels, p, STEP_COPIES, &mut rng);
        fit.set_inputs(&values(&seen, setup.low()));
        descending.epoch(&mut fit);
    }
    Ok((setup.glyphs.clone(), setup.mirror(descending.weights())))
}

/// The first learning rate.
const RATE: f64 = 0.005;

pub fn matrix_section(results: &Results) -> Result<Section, Error> {
    let who = |net: &str, p: f64| format!("{net}, {p}");
    let measure =
        |case: &str, who: &str, p: f64, criterion: &str| share_at(results, case, who, p, criterion);
    let panel = |net: &str, criterion: &str| {
        let rows = LEARNING.iter().map(|learned| {
            TESTING
                .iter()
                .map(|p| {
                    let (value, low, high) = measure(&who(net, *learned), "net", *p, criterion);
                    Cell {
                        value,
                        text: Some(format!("{low:.3} – {high:.3}")),
                    }
                })
                .collect()
        });
        let rules = RULES.iter().map(|rule| {
            TESTING
                .iter()
                .map(|p| Cell {
                    value: measure(&who(NETS[1], 0.1), rule, *p, criterion).0,
                    text: None,
                })
                .collect::<Vec<Cell>>()
        });
        rows.chain(rules).collect::<Vec<Vec<Cell>>>()
    };
    let row_names: Vec<String> = LEARNING
        .iter()
        .map(|p| format!("learned {:.0} %", 100.0 * p))
        .chain(RULES.map(str::to_owned))
        .collect();
    let columns: Vec<String> = TESTING
        .iter()
        .map(|p| format!("{:.0} %", 100.0 * p))
        .collect();
    let mut figures = Vec::new();
    for (at, criterion) in CRITERIA.iter().enumerate() {
        let figure = matrix(&Matrix {
            title: format!("Share of fresh copies cleaned: {criterion}"),
            x_label: "noise while testing".to_owned(),
            y_label: "noise while learning, and rules".to_owned(),
            columns: columns.clone(),
            rows: row_names.clone(),
            panels: NETS
                .iter()
                .map(|net| ((*net).to_owned(), panel(net, criterion)))
                .collect(),
            range: Some((0.0, 1.0)),
            ..Matrix::default()
        });
        figures.push((
            format!("denoising-{}", at + 1),
            format!("{criterion}: all seeds together, Wilson's intervals under the shares"),
            figure,
        ));
    }
    let table = Table {
        title: "Mean squared error a letter on fresh noise, and the least that any rule can expect"
            .to_owned(),
        columns: [
            "noise",
            "3 copies",
            "fresh noise",
            "as it is",
            "nearest rule",
            "Bayes (least possible)",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: LEARNING
            .iter()
            .map(|p| {
                let error = |case: String, name: &str| {
                    number(
                        results
                            .spread(&case, &format!("{name} {p} {ERROR}"))
                            .median(),
                        3,
                    )
                };
                let other = |name: &str| error(who(NETS[1], *p), name);
                vec![
                    format!("{:.0} %", 100.0 * p),
                    error(who(NETS[0], *p), "net"),
                    other("net"),
                    other(RULES[0]),
                    other(RULES[1]),
                    other(RULES[2]),
                ]
            })
            .collect(),
    };
    let errors = LEARNING.map(|p| {
        let error = |name: &str| {
            results
                .spread(&who(NETS[1], p), &format!("{name} {p} {ERROR}"))
                .median()
        };
        (p, error("net"), error(RULES[1]), error(RULES[2]))
    });
    let listed =
        errors.map(|(p, net, _, least)| format!("{:.0} %: {net:.3} of {least:.3}", 100.0 * p));
    Ok(Section {
        claims: vec![Claim {
            text: "A net that sees fresh noise beats the nearest letter from 10 % noise on, and comes close to the least error possible.".to_owned(),
            seen: format!("squared error, net of Bayes: {}", listed.join(", ")),
            holds: errors[1..].iter().all(|(_, net, nearest, _)| net < nearest),
        }],
        tables: vec![table],
        figures,
        ..Section::default()
    })
}

fn share_at(results: &Results, case: &str, who: &str, p: f64, criterion: &str) -> (f64, f64, f64) {
    let who = format!("{who} {p}");
    share(results, case, &format!("{who} {criterion}"), &who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_between_letters_is_no_success() {
        let letters = Glyphs::of("fonts:2").expect("built in").select(&[3, 7]); // C and G, three pixels apart
        let mut score = Score::default();
        let shades = |glyph: &Glyph| glyph.map(|ink| f64::from(u8::from(ink)));
        score.take(&shades(&letters.pixels[0]), 0, &letters);
        assert_eq!(score.hits, [1.0; 4]);
        assert_eq!(score.error, 0.0);
        score.take(&shades(&letters.pixels[1]), 0, &letters);
        assert_eq!((score.hits, score.error, score.draws), ([1.0; 4], 3.0, 2.0));
        // One pixel from two letters that are two apart.
        let mut two = letters.clone();
        two.pixels[1] = two.pixels[0];
        two.pixels[1][0] ^= true;
        two.pixels[1][1] ^= true;
        let mut between = two.pixels[0];
        between[0] ^= true;
        let mut score = Score::default();
        score.take(&shades(&between), 0, &two);
        assert_eq!(score.hits, [0.0, 1.0, 1.0, 0.0]);
    }
}
