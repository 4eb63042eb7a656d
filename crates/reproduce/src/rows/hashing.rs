//! Document 002's semantic hashing (S29): film reviews whose codes are bits, and whether near codes belong to reviews that are alike.

use std::sync::PoisonError;

use espejo_analysis::{BinaryCodes, Matrix, precision_at, saturation};
use espejo_data::Samples;
use espejo_pictures::{Bar, BarSeries, Bars, bars};
use espejo_train::{Error, Trained, unit_rows};

use crate::lab::configured;
use crate::row::{Claim, Job, Outcome, Results, Scale, Section};
use crate::rows::trained::{DEVICE, trained};
use crate::statistics::{Spread, mean, number};

/// The net of the document, and one whose noise comes right before the sigmoids, as in the paper.
pub const CASE: &str = "noise on 256";
pub const BEFORE: &str = "noise on the code";
/// Bits, and the epochs and reviews of a quick run.
const BITS: usize = 10;
const QUICK: [&str; 2] = ["train.epochs=5", "data.limit=2500"];
/// Test reviews that are searched for, evenly from both classes, and training reviews that count as found.
const QUERIES: usize = 1000;
const FOUND: usize = 10;
/// Training reviews that are nearest by their words.
const NEAREST: usize = 100;

pub fn jobs(scale: &Scale) -> Vec<Job> {
    scale.each([CASE, BEFORE], 150.0)
}

pub fn run(job: &Job) -> Result<Outcome, Error> {
    let _alone = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sets = vec![format!("train.seed={}", job.seed)];
    if job.case == BEFORE {
        sets.extend(["model.layers=[256]", "model.code_noise=16"].map(str::to_owned));
    }
    if job.scale.quick {
        sets.extend(QUICK.map(str::to_owned));
    }
    let mut config = configured("s29", &sets)?;
    // The last epoch counts, as in the document.
    config.train.eval_every = config.train.epochs;
    let ended = trained(config, &mut |_| ())?;
    measured(&ended.trained)
}

/// What the codes of the test reviews are like, and what a search finds by them.
fn measured(run: &Trained) -> Result<Outcome, Error> {
    let (train, test) = (&run.prepared().train, run.test());
    let numbers = run.encode(test)?.concat();
    let numbers = Matrix::new(&numbers, run.latent());
    let codes = BinaryCodes::from_activations(numbers);
    let rows = unit_rows(test)?.concat();
    let by_distance = codes.cosine_by_distance(Matrix::new(&rows, test.shape().pixels()));
    let cosine = |distance: usize| by_distance[distance].mean.unwrap_or(f64::NAN);
    let met = || by_distance.iter().filter(|at| at.mean.is_some());
    let balance = codes.balance();
    let outcome = Outcome::default()
        .with(
            "parameters",
            run.prepared().spec.architecture.weights() as f64,
        )
        .with("distinct", codes.distinct() as f64)
        .with("saturation", saturation(numbers, (0.0, 1.0)))
        .with("least used", least_used(&balance))
        .with("at 0", cosine(0))
        .with("at 1", cosine(1))
        .with("at 10", cosine(BITS))
        // A distance at which there is no pair has no bar.
        .with_list("distance", met().map(|at| f64::from(at.distance)))
        .with_list("cosine", met().filter_map(|at| at.mean))
        .with_list("pairs", met().map(|at| at.pairs as f64));
    let known = run.encode(train)?.concat();
    let known = BinaryCodes::from_activations(Matrix::new(&known, run.latent()));
    search(train, test, &known, &codes, outcome)
}

/// The smaller of the shares of zeros and ones of the bit that is least balanced.
fn least_used(balance: &[f64]) -> f64 {
    let rarer = balance.iter().map(|ones| ones.min(1.0 - ones));
    rarer.fold(f64::INFINITY, f64::min)
}

/// How many of the ten nearest training reviews are of the query's class, by codes and by words, and how many of those by codes
/// are among the hundred nearest by words.
fn search(
    train: &Samples,
    test: &Samples,
    known: &BinaryCodes,
    codes: &BinaryCodes,
    outcome: Outcome,
) -> Result<Outcome, Error> {
    let (words, queries) = (words(train)?, words(test)?);
    let ones = |of: &BinaryCodes, place: usize| f64::from(of.common(place, of, place));
    let lengths: Vec<f64> = (0..words.len()).map(|place| ones(&words, place)).collect();
    let step = (test.len() / QUERIES).max(1);
    let (mut by_codes, mut by_words, mut nearest) = (Vec::new(), Vec::new(), Vec::new());
    for query in (0..test.len()).step_by(step) {
        let near: Vec<f64> = (0..known.len())
            .map(|place| -f64::from(known.differing(place, codes, query)))
            .collect();
        let length = ones(&queries, query);
        let cosine = |place: usize| {
            let product = (lengths[place] * length).sqrt();
            f64::from(words.common(place, &queries, query)) / product.max(1.0)
        };
        let cosines: Vec<f64> = (0..words.len()).map(cosine).collect();
        let alike: Vec<bool> = (0..train.len())
            .map(|place| train.label(place) == test.label(query))
            .collect();
        let precision = |scores: &[f64], labels: &[bool]| {
            precision_at(scores, labels, FOUND).map_or(f64::NAN, |share| share.value)
        };
        by_codes.push(precision(&near, &alike));
        by_words.push(precision(&cosines, &alike));
        nearest.push(precision(&near, &highest(&cosines)));
    }
    Ok(outcome
        .with("sentiment by codes", mean(&by_codes))
        .with("sentiment by words", mean(&by_words))
        .with("nearest by words", mean(&nearest))
        .with(
            "by chance",
            NEAREST.min(train.len()) as f64 / train.len() as f64,
        ))
}

/// The reviews as bits, one for each word.
fn words(samples: &Samples) -> Result<BinaryCodes, Error> {
    let rows = unit_rows(samples)?.concat();
    Ok(BinaryCodes::from_activations(Matrix::new(
        &rows,
        samples.shape().pixels(),
    )))
}

/// Which scores are the highest; of equal ones the first.
fn highest(scores: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut highest = vec![false; scores.len()];
    order
        .iter()
        .take(NEAREST)
        .for_each(|place| highest[*place] = true);
    highest
}

pub fn section(results: &Results) -> Result<Section, Error> {
    Ok(Section {
        animations: Vec::new(),
        claims: vec![rises(results, CASE), rises(results, BEFORE), finds(results)],
        tables: Vec::new(),
        figures: vec![(
            "s29-hamming".to_owned(),
            "mean cosine distance between the test reviews of two codes against the bits in which the codes differ; at 0 within a code"
                .to_owned(),
            figure(results),
        )],
    })
}

/// Whether the distance between groups rises with every bit, in each seed.
fn rises(results: &Results, case: &str) -> Claim {
    let all: Vec<&[f64]> = results
        .of(case)
        .map(|outcome| outcome.list("cosine"))
        .collect();
    // Where codes are alike the greatest distances never occur; of a few bars alone nothing is said.
    let met = |bars: &&[f64]| bars.len() > BITS / 2;
    let (wide, rising) = (
        all.iter().filter(|bars| met(bars)).count(),
        all.iter()
            .filter(|bars| met(bars) && bars.is_sorted_by(|a, b| a < b))
            .count(),
    );
    let farthest = |outcome: &Outcome| outcome.list("distance").last().copied();
    let farthest = Spread::of(results.of(case).filter_map(farthest).collect());
    let within = results.spread(case, "at 0").median();
    let end = Spread::of(all.iter().filter_map(|bars| bars.last().copied()).collect()).median();
    Claim {
        text: format!(
            "Mean cosine distance between groups rises with their Hamming distance ({case})."
        ),
        seen: format!(
            "with {wide} of {} seeds more than {} of the distances from 0 to {BITS} occur, and it rises at every step with {rising} of them; the greatest is {} bits; \
             median {} within a group, {} at the greatest",
            all.len(),
            BITS / 2,
            farthest.text(0),
            number(within, 3),
            number(end, 3)
        ),
        holds: rising == all.len() && rising > 0,
    }
}

/// Whether a search by codes finds reviews that are alike.
fn finds(results: &Results) -> Claim {
    let median = |case: &str, measure: &str| results.spread(case, measure).median();
    let seen = [CASE, BEFORE].map(|case| {
        format!(
            "{case}: {} of the ten nearest by codes have the query's sentiment ({} by words), and {} are among the {NEAREST} nearest \
             by words (chance {})",
            number(median(case, "sentiment by codes"), 3),
            number(median(case, "sentiment by words"), 3),
            number(median(case, "nearest by words"), 4),
            number(median(case, "by chance"), 4),
        )
    });
    let above = |case: &str| {
        let mut all = results.of(case);
        all.all(|run| run.get("nearest by words") > run.get("by chance"))
    };
    Claim {
        text: "Similar instances get similar hashes.".to_owned(),
        seen: seen.join("; "),
        holds: above(CASE) && above(BEFORE),
    }
}

/// The mean at a distance, where there were pairs.
fn at(outcome: &Outcome, distance: usize) -> Option<f64> {
    let pairs = outcome.list("distance").iter().zip(outcome.list("cosine"));
    let mut found = pairs.filter(|(at, _)| **at == distance as f64);
    found.next().map(|(_, mean)| *mean)
}

fn figure(results: &Results) -> espejo_pictures::Figure {
    let bar = |case: &str, distance: usize| {
        let runs: Vec<f64> = results
            .of(case)
            .filter_map(|outcome| at(outcome, distance))
            .collect();
        Bar {
            value: Spread::of(runs.clone()).median(),
            runs,
            ..Bar::default()
        }
    };
    bars(&Bars {
        title: "Cosine distance between reviews by the distance of their hashes (S29)".to_owned(),
        x_label: "Hamming distance between hashes".to_owned(),
        y_label: "mean cosine distance".to_owned(),
        groups: (0..=BITS).map(|distance| distance.to_string()).collect(),
        series: [CASE, BEFORE]
            .map(|case| BarSeries {
                name: case.to_owned(),
                bars: (0..=BITS).map(|distance| bar(case, distance)).collect(),
            })
            .to_vec(),
        ..Bars::default()
    })
}
