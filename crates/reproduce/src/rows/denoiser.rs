//! Document 001, the denoiser: the best subset of letters (S17), codes of noisy letters (S18), loss against noise (S19), the best
//! and the worst predictions (S20).

use espejo_pictures::{
    Curves, Figure, Panel, Point, Scatter, Series, Sheet, Tile, compose, curves, scatter, sheet,
};
use espejo_train::Error;
use rand::seq::index::sample;

use crate::glyphs::{Glyph, Glyphs, PIXELS, distance, generator, noisy, thresholded, tile, values};
use crate::lab::{Setup, baselines};
use crate::row::{Claim, Job, Outcome, Results, Scale, Section, Table};
use crate::statistics::{mean, number, rank_correlation};

use super::show::median_run;

/// Letters of the subsets.
const SIZES: [usize; 3] = [5, 7, 10];
/// Subsets of a job.
const SUBSETS: usize = 8;
/// The document's best.
const PUBLISHED: &str = "Q]^ZUGXYNP";
/// Streams of random numbers.
const DRAWN: u64 = 11;
const COPIED: u64 = 12;
const FRESH: u64 = 13;

pub fn subset_jobs(scale: &Scale) -> Vec<Job> {
    let mut jobs = scale.each(SIZES.map(|size| size.to_string()), 0.8);
    jobs.extend(scale.each([PUBLISHED], 0.1));
    jobs
}

pub fn subset_run(job: &Job) -> Result<Outcome, Error> {
    let glyphs = Glyphs::of("fonts:2")?;
    let seed = format!("train.seed={}", job.seed);
    let Ok(size) = job.case.parse::<usize>() else {
        let learned = Setup::of("s17", &[seed])?.learn();
        return Ok(Outcome::default().with("loss", 2.0 * learned.minimum.loss));
    };
    let mut rng = generator(job.seed, DRAWN + size as u64);
    let (mut losses, mut members) = (Vec::new(), Vec::new());
    for _ in 0..if job.scale.quick { 2 } else { SUBSETS } {
        let mut places = sample(&mut rng, glyphs.len(), size).into_vec();
        places.sort_unstable();
        let letters: String = places
            .iter()
            .map(|place| glyphs.names[*place].as_str())
            .collect();
        let letters = format!("data.letters={}", serde_json::json!(letters));
        let learned = Setup::of("s17", &[seed.clone(), letters])?.learn();
        losses.push(2.0 * learned.minimum.loss);
        members.extend(places.iter().map(|place| *place as f64));
    }
    Ok(Outcome::default()
        .with_list("losses", losses)
        .with_list("members", members))
}

pub fn subset_section(results: &Results) -> Result<Section, Error> {
    let glyphs = Glyphs::of("fonts:2")?;
    let mut found: Vec<(usize, f64, String)> = Vec::new();
    for size in SIZES {
        for run in results.of(&size.to_string()) {
            let sets = run.list("members").chunks_exact(size);
            for (loss, places) in run.list("losses").iter().zip(sets) {
                let names = places
                    .iter()
                    .map(|place| glyphs.names[*place as usize].as_str());
                found.push((size, *loss, names.collect::<Vec<_>>().join(" ")));
            }
        }
    }
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    let pairs: Vec<(f64, f64)> = found
        .iter()
        .map(|(size, loss, _)| (*size as f64, *loss))
        .collect();
    let rho = rank_correlation(&pairs);
    // Under no correlation, 95 of 100 samples of this many stay within it.
    let chance = 1.96 / (pairs.len() as f64 - 1.0).sqrt();
    let published = results.spread(PUBLISHED, "loss");
    let tens: Vec<f64> = found
        .iter()
        .filter(|found| found.0 == 10)
        .map(|found| found.1)
        .collect();
    let beaten = tens
        .iter()
        .filter(|loss| **loss > published.median())
        .count();
    let best = |size: usize| found.iter().filter(move |found| found.0 == size).take(3);
    let table = Table {
        title: "The three best subsets of each size".to_owned(),
        columns: ["letters", "mean ‖x - x̂‖² a letter", "subset"]
            .map(str::to_owned)
            .to_vec(),
        rows: SIZES
            .iter()
            .flat_map(|size| best(*size))
            .map(|(size, loss, names)| vec![size.to_string(), number(*loss, 3), names.clone()])
            .collect(),
    };
    Ok(Section {
        claims: vec![
            Claim {
                text: "The loss does not go with the size of the subset.".to_owned(),
                seen: format!(
                    "rank correlation {} over {} subsets; chance stays within ±{}",
                    number(rho, 2),
                    pairs.len(),
                    number(chance, 2)
                ),
                holds: rho.abs() <= chance,
            },
            Claim {
                text: "Q ] ^ Z U G X Y N P is the best subset.".to_owned(),
                seen: format!(
                    "{} a letter; {beaten} of {} random subsets of ten are worse",
                    published.text(2),
                    tens.len()
                ),
                holds: beaten == tens.len(),
            },
        ],
        tables: vec![table],
        figures: Vec::new(),
        ..Section::default()
    })
}

/// The noises of the document.
const NOISES: [f64; 5] = [0.0, 0.05, 0.1, 0.15, 0.2];
/// Noisy copies of each letter.
const COPIES: usize = 3;
/// Trained towards the letters; and, as the document's code, towards the noisy images themselves.
const CLEAN: &str = "clean target";
const NOISY: &str = "noisy target";
/// Fresh noisy copies of a letter that are tested.
const TESTED: usize = 1000;

fn case(p: f64, target: &str) -> String {
    format!("{p}, {target}")
}

pub fn noise_jobs(scale: &Scale) -> Vec<Job> {
    let cases = NOISES
        .iter()
        .flat_map(|p| [CLEAN, NOISY].map(|target| case(*p, target)));
    scale.each(cases, 0.4)
}

pub fn noise_run(job: &Job) -> Result<Outcome, Error> {
    let (p, target) = job.case.split_once(", ").unwrap_or(("0", CLEAN));
    let p: f64 = p.parse().unwrap_or(0.0);
    let setup = Setup::of("s17", &[format!("train.seed={}", job.seed)])?;
    let letters = &setup.glyphs.pixels;
    let copies = noisy(letters, p, COPIES, &mut generator(job.seed, COPIED));
    let clean: Vec<Glyph> = letters
        .iter()
        .flat_map(|letter| [*letter; COPIES])
        .collect();
    let wanted = if target == CLEAN { &clean } else { &copies };
    let learned = setup.train(setup.fit(&copies, wanted));
    let mirror = &learned.mirror;
    let tested = if job.scale.quick { 100 } else { TESTED };
    let fresh = noisy(letters, p, tested, &mut generator(job.seed, FRESH));
    let truth: Vec<Glyph> = letters
        .iter()
        .flat_map(|letter| std::iter::repeat_n(*letter, tested))
        .collect();
    let wrong: Vec<f64> = mirror
        .wrong(&fresh, &truth)
        .into_iter()
        .map(|wrong| wrong as f64)
        .collect();
    let example: Vec<Glyph> = fresh.iter().step_by(tested).copied().collect();
    let answers = mirror.mirrored(&example);
    Ok(Outcome::default()
        .with("loss", mean(&mirror.squared_errors(&copies, wanted)))
        .with("fresh loss", mean(&mirror.squared_errors(&fresh, &truth)))
        .with("wrong", mean(&wrong))
        .with_list("letters", wrong.chunks_exact(tested).map(mean))
        .with_list("codes", mirror.encode(&copies).into_iter().flatten())
        .with_list("noisy", values(&example, 0.0))
        .with_list("answers", values(&answers, 0.0)))
}

pub fn noise_section(results: &Results) -> Result<Section, Error> {
    let published = [0.6, 1.3, 2.05, 3.5, 5.2];
    let ten = Setup::of("s17", &[])?.glyphs;
    let over = |name: &str, target: &str, measure: &str| {
        let spreads = NOISES.map(|p| (p, results.spread(&case(p, target), measure)));
        Series {
            name: name.to_owned(),
            points: spreads
                .iter()
                .map(|(p, spread)| (100.0 * p, spread.median()))
                .collect(),
            bars: spreads
                .iter()
                .map(|(p, spread)| (100.0 * p, spread.low(), spread.high()))
                .collect(),
            marks: true,
            ..Series::default()
        }
    };
    let theirs = Series {
        name: "published".to_owned(),
        points: NOISES
            .iter()
            .zip(published)
            .map(|(p, loss)| (100.0 * p, loss))
            .collect(),
        dashed: true,
        marks: true,
        ..Series::default()
    };
    let figure = curves(&Curves {
        title: "Loss by noise (S19)".to_owned(),
        x_label: "pixels flipped, %".to_owned(),
        panels: vec![Panel {
            y_label: "mean ‖x - x̂‖² a letter".to_owned(),
            series: vec![
                theirs,
                over("trained copies, noisy target", NOISY, "loss"),
                over("trained copies, clean target", CLEAN, "loss"),
                over("fresh noise, clean target", CLEAN, "fresh loss"),
            ],
            baselines: baselines(&ten, 2).to_vec(),
            ..Panel::default()
        }],
        ..Curves::default()
    });
    let medians = |target: &str, measure: &str| {
        NOISES.map(|p| results.spread(&case(p, target), measure).median())
    };
    let fresh = medians(CLEAN, "fresh loss");
    let pairs: Vec<(f64, f64)> = NOISES.into_iter().zip(fresh).collect();
    let listed = |values: [f64; 5]| values.map(|value| number(value, 2)).join(", ");
    Ok(Section {
        claims: vec![
            Claim {
                text: "More noise in the input, more loss a letter.".to_owned(),
                seen: format!("on fresh noise of 0, 5, 10, 15, 20 %: {}", listed(fresh)),
                holds: rank_correlation(&pairs) > 0.99,
            },
            Claim {
                text: "The published losses are those of a net that copies its noisy input."
                    .to_owned(),
                seen: format!(
                    "with the noisy picture as target: {}; with the letter: {}",
                    listed(medians(NOISY, "loss")),
                    listed(medians(CLEAN, "loss"))
                ),
                holds: medians(NOISY, "loss")[4] > medians(CLEAN, "loss")[4],
            },
        ],
        figures: vec![(
            "s19-noise".to_owned(),
            "loss against noise: median and range of the seeds".to_owned(),
            figure,
        )],
        ..Section::default()
    })
}

pub fn codes_section(results: &Results) -> Result<Section, Error> {
    let ten = Setup::of("s17", &[])?.glyphs;
    let mut maps = Vec::new();
    for p in NOISES {
        let case = case(p, CLEAN);
        if let Some(run) = median_run(results, &case, "loss") {
            maps.push(map(p, run.list("codes"), &ten));
        }
    }
    let rows: Vec<Vec<&Figure>> = maps.chunks(3).map(|row| row.iter().collect()).collect();
    let apart = |target: &str| {
        NOISES.map(|p| {
            let case = case(p, target);
            let spreads = results.of(&case).map(|run| separation(run.list("codes")));
            mean(&spreads.collect::<Vec<_>>())
        })
    };
    let (clean, noisy) = (apart(CLEAN), apart(NOISY));
    let listed = |apart: [f64; 5]| apart.map(|apart| format!("{apart:.3}")).join(", ");
    Ok(Section {
        claims: vec![Claim {
            text: "A net that is trained towards the letters gives the copies of a letter one code.".to_owned(),
            seen: format!(
                "spread of a letter's copies in parts of the whole map's, 0 to 20 % noise: {}; trained towards the noisy copies: {}",
                listed(clean), listed(noisy)
            ),
            holds: clean.iter().zip(&noisy).skip(1).all(|(clean, noisy)| clean < noisy),
        }],
        figures: vec![(
            "s18-codes".to_owned(),
            "codes of three noisy copies of ten letters, trained towards the letters, the seed with the median loss".to_owned(),
            compose("Codes of noisy letters (S18)", None, &rows),
        )],
        ..Section::default()
    })
}

/// The spread of a letter's codes as a share of that of all codes: root mean square distances from the means.
fn separation(codes: &[f64]) -> f64 {
    let points: Vec<&[f64]> = codes.chunks_exact(2).collect();
    let spread = |points: &[&[f64]]| {
        let middle = [0, 1]
            .map(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / points.len() as f64);
        let square =
            |point: &&[f64]| (point[0] - middle[0]).powi(2) + (point[1] - middle[1]).powi(2);
        points.iter().map(square).sum::<f64>()
    };
    let within: f64 = points.chunks(COPIES).map(spread).sum();
    (within / spread(&points)).sqrt()
}

fn map(p: f64, codes: &[f64], letters: &Glyphs) -> Figure {
    let points = codes.chunks_exact(2).enumerate().map(|(at, code)| Point {
        x: code[0],
        y: code[1],
        // One name for the copies of a letter.
        label: at
            .is_multiple_of(COPIES)
            .then(|| letters.names[at / COPIES].clone()),
        class: Some(at / COPIES),
    });
    scatter(&Scatter {
        title: format!("{:.0} % flipped", 100.0 * p),
        x_label: "z1".to_owned(),
        y_label: "z2".to_owned(),
        points: points.collect(),
        range: Some([(-1.1, 1.1), (-1.1, 1.1)]),
        ..Scatter::default()
    })
}

/// The noise at which predictions are ranked.
const RANKED: f64 = 0.1;

pub fn predictions_section(results: &Results) -> Result<Section, Error> {
    let ten = Setup::of("s17", &[])?.glyphs;
    let case = case(RANKED, CLEAN);
    let runs: Vec<&Outcome> = results.of(&case).collect();
    let wrong = |letter: usize| {
        mean(
            &runs
                .iter()
                .map(|run| run.list("letters")[letter])
                .collect::<Vec<_>>(),
        )
    };
    let mut ranked: Vec<(f64, usize)> = (0..ten.len())
        .map(|letter| (wrong(letter), letter))
        .collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let name = |place: usize| ten.names[ranked[place].1].as_str();
    let order: Vec<&str> = (0..ranked.len()).map(name).collect();
    let place = |name: &str| order.iter().position(|other| *other == name).unwrap_or(0);
    let table = Table {
        title: format!(
            "Wrong pixels a letter on fresh noise of {:.0} %, the best first",
            100.0 * RANKED
        ),
        columns: ["letter", "wrong pixels"].map(str::to_owned).to_vec(),
        rows: ranked
            .iter()
            .map(|(wrong, letter)| vec![ten.names[*letter].clone(), number(*wrong, 2)])
            .collect(),
    };
    let shown = [ranked[0], ranked[1], ranked[8], ranked[9]].map(|(_, letter)| letter);
    Ok(Section {
        claims: vec![Claim {
            text: "N and Z are predicted best, U and ^ worst.".to_owned(),
            seen: format!("from best to worst: {}", order.join(" ")),
            holds: place("N").max(place("Z")) < place("U").min(place("^")),
        }],
        tables: vec![table],
        figures: vec![(
            "s20-predictions".to_owned(),
            "the two best and the two worst letters, the first fresh copy of the seed with the median of wrong pixels".to_owned(),
            panels(&ten, &shown, median_run(results, &case, "wrong")),
        )],
        ..Section::default()
    })
}

/// Original, noise and prediction of letters.
fn panels(letters: &Glyphs, shown: &[usize], run: Option<&Outcome>) -> Figure {
    let of = |name: &str| {
        let list = run.map_or(&[][..], |run| run.list(name));
        let glyph = |letter: &usize| -> Option<Glyph> {
            let row = list.chunks_exact(PIXELS).nth(*letter)?;
            Some(thresholded(row, 0.0))
        };
        shown.iter().map(glyph).collect::<Vec<_>>()
    };
    let tiles = |glyphs: &[Option<Glyph>]| {
        glyphs
            .iter()
            .map(|glyph| glyph.as_ref().map(tile))
            .collect::<Vec<Option<Tile>>>()
    };
    let (seen, answers) = (of("noisy"), of("answers"));
    let originals: Vec<Option<Glyph>> = shown
        .iter()
        .map(|letter| Some(letters.pixels[*letter]))
        .collect();
    let marks = |glyphs: &[Option<Glyph>]| {
        let pairs = glyphs.iter().zip(&originals);
        let wrong = |(a, b): (&Option<Glyph>, &Option<Glyph>)| {
            Some(format!("{}", distance(a.as_ref()?, b.as_ref()?)))
        };
        pairs.map(wrong).collect::<Vec<_>>()
    };
    sheet(&Sheet {
        title: "Best and worst predictions, wrong pixels under each (S20)".to_owned(),
        rows: vec![
            ("original".to_owned(), tiles(&originals)),
            ("noise".to_owned(), tiles(&seen)),
            ("prediction".to_owned(), tiles(&answers)),
        ],
        captions: shown
            .iter()
            .map(|letter| letters.names[*letter].clone())
            .collect(),
        marks: vec![Vec::new(), marks(&seen), marks(&answers)],
        wrap: 0,
        ..Sheet::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_that_coincide_have_no_spread() {
        let codes = [[0.0, 0.0]; 3]
            .iter()
            .chain(&[[1.0, 0.5]; 3])
            .flatten()
            .copied();
        assert_eq!(separation(&codes.collect::<Vec<_>>()), 0.0);
        let codes = [0.0, 0.0, 1.0, 0.0, 0.5, 1.0].repeat(2);
        assert!((separation(&codes) - 1.0).abs() < 1e-12);
    }
}
