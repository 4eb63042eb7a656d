//! Which samples are scored, and which ordinary ones their scores are held against.

use std::convert::Infallible;
use std::str::FromStr;

use espejo_analysis::halves;
use espejo_data::Samples;
use espejo_train::{Part, Trained};

use crate::choose_samples::{PartedArgs, chosen_parts, other_samples};
use crate::output::{message, usage};
use crate::sample_columns::Chosen;
use crate::sample_kind::SampleKind;

/// Where ordinary samples are taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calibration {
    /// The training part of the run.
    Train,
    /// The part that was held out of its training.
    Test,
    /// One half of the samples to score, which are then not scored themselves.
    Half,
    /// Other data.
    Data(String),
}

impl FromStr for Calibration {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "train" => Self::Train,
            "test" => Self::Test,
            "half" => Self::Half,
            _ => Self::Data(text.to_owned()),
        })
    }
}

/// What the arguments ask of the ordinary samples.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where they shall be taken from, if that is said.
    pub calibration: Option<Calibration>,
    /// Whether they must not have been trained on: p-values of samples that were are too small.
    pub needs_untrained: bool,
    /// The seed that draws a half.
    pub seed: u64,
}

/// Ordinary samples, against which others are held.
#[derive(Clone, Debug)]
pub struct Ordinary {
    /// The samples.
    pub samples: Samples,
    /// Where they come from, in words.
    pub origin: String,
    /// Whether the run was trained on them.
    pub trained_on: bool,
}

/// The samples to score, part by part, and the ordinary ones.
pub fn choose(
    trained: &Trained,
    args: &PartedArgs,
    asked: &Asked,
) -> anyhow::Result<(Vec<Chosen>, Ordinary)> {
    choose_for(trained, args, asked, chosen_parts(trained, args)?)
}

/// The parts that are scored, and the ordinary samples: half of a part alone asks for its values.
pub fn choose_for(
    trained: &Trained,
    args: &PartedArgs,
    asked: &Asked,
    parts: Vec<Chosen>,
) -> anyhow::Result<(Vec<Chosen>, Ordinary)> {
    let held_out = trained.prepared().held_out;
    let own = args.samples.is_own();
    let with_test = args.split || matches!(args.samples.part, Part::Test | Part::All);
    let scores_test = own && with_test && held_out;
    let default = match (scores_test, held_out) {
        (true, _) if asked.needs_untrained => Calibration::Half,
        (false, true) => Calibration::Test,
        _ => Calibration::Train,
    };
    let calibration = asked.calibration.clone().unwrap_or(default);
    match calibration {
        Calibration::Half => {
            let trained_on = own && !scores_test;
            if trained_on && asked.needs_untrained {
                return Err(trained_on_them());
            }
            halved(parts, asked.seed, trained_on)
        }
        Calibration::Test if !held_out => Err(usage(
            "this run held no samples out of its training",
            "calibrate by `--calibrate half` or other data, or train with `--test-fraction`",
        )),
        Calibration::Test if scores_test => Err(usage(
            "the held-out part would be scored and calibrate itself",
            "use `--calibrate half`, or score other data with `--data`",
        )),
        Calibration::Train if asked.needs_untrained => Err(trained_on_them()),
        Calibration::Train => Ok((parts, own_part(trained, true))),
        Calibration::Test => Ok((parts, own_part(trained, false))),
        Calibration::Data(name) => {
            let samples = other_samples(trained, &args.samples.of_data(&name))?;
            let ordinary = Ordinary {
                samples,
                origin: format!("of `{name}`"),
                trained_on: false,
            };
            Ok((parts, ordinary))
        }
    }
}

fn trained_on_them() -> anyhow::Error {
    usage(
        "p-values need ordinary samples that the run was not trained on",
        "calibrate by other data with `--calibrate FILE`, score other data with `--data`, or train with `--test-fraction`",
    )
}

fn own_part(trained: &Trained, trained_on: bool) -> Ordinary {
    match trained_on {
        true => Ordinary {
            samples: trained.prepared().train.clone(),
            origin: "of the training part".to_owned(),
            trained_on: true,
        },
        false => Ordinary {
            samples: trained.test().clone(),
            origin: "of the held-out part".to_owned(),
            trained_on: false,
        },
    }
}

/// The windows within the first half of the rows, and those within the second: windows of both share no row.
fn halves_of_rows(windows: &Samples) -> [Vec<usize>; 2] {
    let length = windows.window().map_or(1, |window| window.length);
    let rows = windows.covered();
    let middle = rows.get(rows.len() / 2).copied().unwrap_or(0);
    let all = 0..windows.len();
    let first = |index: &usize| windows.first_point(*index);
    [
        all.clone()
            .filter(|index| first(index) + length <= middle)
            .collect(),
        all.filter(|index| first(index) >= middle).collect(),
    ]
}

/// One half of the samples of a single part for calibration, the others to score, in their order.
fn halved(
    mut parts: Vec<Chosen>,
    seed: u64,
    trained_on: bool,
) -> anyhow::Result<(Vec<Chosen>, Ordinary)> {
    let [part] = parts.as_mut_slice() else {
        return Err(usage(
            "`--split` and `--part all` take the training part, whose samples cannot calibrate p-values",
            "leave `--split` and `--part all` out",
        ));
    };
    let count = part.samples.len();
    let is_series = part.samples.window().is_some();
    let [half, rest] = match is_series {
        true => halves_of_rows(&part.samples),
        false => halves(count, seed),
    };
    if half.is_empty() || rest.is_empty() {
        return Err(usage(
            format!(
                "`--calibrate half` of {}",
                SampleKind::of(&part.samples).count(count)
            ),
            "score more samples, or calibrate by other data",
        ));
    }
    let samples = part.samples.select(&half);
    part.samples = part.samples.select(&rest);
    let how = match is_series {
        true => "within the first half of the rows",
        false => "drawn by the seed",
    };
    message(&format!(
        "note: {}, {how}, calibrate; the other {} are scored",
        SampleKind::of(&samples).count(samples.len()),
        part.samples.len()
    ));
    let ordinary = Ordinary {
        samples,
        origin: "of the scored data".to_owned(),
        trained_on,
    };
    Ok((parts, ordinary))
}
