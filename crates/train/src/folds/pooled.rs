//! The predictions of all folds together: each sample as the net that had not seen it gives it, once a repeat.

use espejo_analysis::{Bootstrap, Estimate, PooledCurves};
use espejo_data::Samples;

use super::Fold;
use super::training::POSITIVE;
use crate::classification::{SMALLEST, largest};
use crate::host_rows::Rows;
use crate::seed::{Purpose, stream};

/// How good the probabilities of a classifier are over all folds, with 95 % intervals by the bootstrap over samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// The share of the samples that are given their own class.
    pub accuracy: Estimate,
    /// Mean of -ln p of the true class, in nats.
    pub cross_entropy: Estimate,
    /// How well the probability of the second class ranks the samples; none unless there are two classes.
    pub curves: Option<PooledCurves>,
    /// How many draws the intervals stand on.
    pub draws: usize,
}

/// What the folds of a classifier say of `samples`, which are those that were dealt out; `outputs` reads the net's or the linear
/// model's. None where there are no classes, or folds are missing.
pub fn pooled(
    folds: &[Fold],
    samples: &Samples,
    seed: u64,
    outputs: impl Fn(&Fold) -> &Rows,
) -> Option<Pooled> {
    let repeats = folds.iter().map(|fold| fold.repeat).max()?;
    let labels: Vec<usize> = (0..samples.len())
        .map(|index| samples.label(index))
        .collect::<Option<_>>()?;
    let mut rounds: Vec<Vec<Option<&[f32]>>> = vec![vec![None; labels.len()]; repeats];
    for fold in folds {
        let round = &mut rounds[fold.repeat - 1];
        for (place, row) in fold.rows.iter().zip(outputs(fold)) {
            *round.get_mut(*place)? = Some(row);
        }
    }
    let rounds: Vec<Vec<&[f32]>> = rounds
        .into_iter()
        .map(|round| round.into_iter().collect::<Option<_>>())
        .collect::<Option<_>>()?;
    let bootstrap = Bootstrap::new(labels.len(), stream(seed, 0, Purpose::Bootstrap));
    // A sample counts once, however often it was predicted.
    let each = |value: &dyn Fn(&[f32], usize) -> f64| {
        let of = |place: usize| {
            let values = rounds
                .iter()
                .map(|round| value(round[place], labels[place]));
            values.sum::<f64>() / repeats as f64
        };
        let numbers: Vec<f64> = (0..labels.len()).map(of).collect();
        bootstrap.mean(&numbers)
    };
    let scores = |round: &Vec<&[f32]>| round.iter().map(|row| f64::from(row[POSITIVE])).collect();
    let is_positive: Vec<bool> = labels.iter().map(|label| *label == POSITIVE).collect();
    let curves = match samples.classes().len() {
        2 => bootstrap.curves(&rounds.iter().map(scores).collect::<Vec<_>>(), &is_positive),
        _ => None,
    };
    Some(Pooled {
        accuracy: each(&|row, label| f64::from(u8::from(largest(row) == label))),
        cross_entropy: each(&|row, label| -f64::from(row[label]).max(SMALLEST).ln()),
        curves,
        draws: bootstrap.draws(),
    })
}
