//! Folds for cross-validation, with each class in its proportion.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::selection::refuse;
use crate::split::{Draw, groups, shuffle, units};
use crate::{Error, Samples};

/// Splits a set in two: what is left, and the fold with this number, 1 to `of`. Both keep the order of the set.
///
/// # Errors
/// [`Error::Selection`] for fewer than 2 folds, more folds than samples, or a number that no fold has.
pub(crate) fn fold(
    samples: &Samples,
    index: usize,
    of: usize,
    draw: Draw,
) -> Result<(Samples, Samples), Error> {
    let all = samples.len();
    if all < 2 {
        let expected = "at least 2 samples to split";
        return Err(refuse(samples, "folds", expected, all.to_string()));
    }
    if !(2..=all).contains(&of) {
        let expected = format!("2 to {all} folds, for there are {all} samples");
        return Err(refuse(samples, "folds", expected, of.to_string()));
    }
    if !(1..=of).contains(&index) {
        let expected = format!("a fold of 1 to {of}");
        return Err(refuse(samples, "fold", expected, index.to_string()));
    }
    let folds = assign(samples, of, draw);
    let (held_out, left): (Vec<_>, Vec<_>) = (0..all).partition(|&at| folds[at] == index - 1);
    Ok((samples.select(&left), samples.select(&held_out)))
}

/// The fold of each sample, counted from 0.
///
/// The samples of a class are shuffled and dealt out like cards, the next class going on where the last one ended: so the
/// folds differ by at most one sample in each class, and by at most one altogether. Classes and folds come in random order. Where
/// samples are in groups, each group goes whole to the fold that has the fewest samples so far, the largest groups first.
fn assign(samples: &Samples, of: usize, draw: Draw) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(draw.seed);
    let mut folds = vec![0; samples.len()];
    if let Some(mut units) = units(samples) {
        let count = units.len();
        shuffle(&mut units, count, &mut random);
        units.sort_by_key(|unit| std::cmp::Reverse(unit.len()));
        let mut sizes = vec![0; of];
        for unit in units {
            let fold = (0..of).min_by_key(|&fold| sizes[fold]).unwrap_or(0);
            sizes[fold] += unit.len();
            unit.into_iter().for_each(|index| folds[index] = fold);
        }
        return folds;
    }
    let (mut groups, mut order) = (groups(samples), Vec::from_iter(0..of));
    if draw.rules != 1 {
        let count = groups.len();
        shuffle(&mut groups, count, &mut random);
        shuffle(&mut order, of, &mut random);
    }
    let mut dealt = 0;
    for mut group in groups {
        let count = group.len();
        shuffle(&mut group, count, &mut random);
        for index in group {
            folds[index] = order[dealt % of];
            dealt += 1;
        }
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Targets};

    fn draw(seed: u64) -> Draw {
        Draw { seed, rules: 2 }
    }

    /// A table of this many rows, captioned by number, without targets.
    fn plain(rows: usize) -> Samples {
        let facts = Facts {
            name: "mine".to_owned(),
            ..Facts::default()
        };
        Samples::table(facts, vec!["x".to_owned()], vec![vec![0.0; rows]]).expect("the parts fit")
    }

    /// A table with so many rows of each class, one class after another.
    fn classes(counts: &[usize]) -> Samples {
        let labels = (0..)
            .zip(counts)
            .flat_map(|(label, &count)| vec![label; count]);
        let targets = Targets::Classes {
            labels: labels.collect(),
            names: (0..counts.len()).map(|class| class.to_string()).collect(),
        };
        let rows = plain(counts.iter().sum());
        rows.with_targets(targets).expect("the targets fit")
    }

    fn captions(samples: &Samples) -> Vec<usize> {
        let captions = (0..samples.len()).map(|index| samples.caption(index));
        captions
            .map(|text| text.parse().expect("a number"))
            .collect()
    }

    /// Every sample is in one fold, and left where it is not held out; in each class sizes differ by at most one.
    fn check(samples: &Samples, of: usize, sizes: &[usize]) {
        let mut seen = Vec::new();
        let (mut counts, mut found) = (Vec::new(), Vec::new());
        for index in 1..=of {
            let (left, held_out) = fold(samples, index, of, draw(7)).expect("it splits");
            found.push(held_out.len());
            assert!(captions(&left).is_sorted() && captions(&held_out).is_sorted());
            let mut both = [captions(&left), captions(&held_out)].concat();
            both.sort_unstable();
            assert_eq!(both, Vec::from_iter(0..samples.len()));
            counts.push(held_out.class_counts());
            seen.extend(captions(&held_out));
        }
        // Which folds are the larger ones is drawn.
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, sizes);
        seen.sort_unstable();
        assert_eq!(seen, Vec::from_iter(0..samples.len()));
        for class in 0..samples.classes().len() {
            let of_class = counts.iter().map(|counts| counts[class]);
            let spread = of_class.clone().max().expect("folds") - of_class.min().expect("folds");
            assert!(spread <= 1, "class {class}: {counts:?}");
        }
    }

    #[test]
    fn every_sample_is_in_exactly_one_fold() {
        check(&plain(10), 3, &[4, 3, 3]);
        check(&plain(5), 5, &[1; 5]);
        check(&classes(&[7, 3, 1]), 3, &[4, 4, 3]);
        check(&classes(&[50, 25, 25]), 5, &[20; 5]);
        check(&classes(&[0, 4]), 2, &[2, 2]);
    }

    #[test]
    fn classes_are_dealt_out_in_their_proportion() {
        let held_out = |index| {
            fold(&classes(&[50, 25, 25]), index, 5, draw(1))
                .expect("it splits")
                .1
        };
        for index in 1..=5 {
            assert_eq!(held_out(index).class_counts(), [10, 5, 5]);
        }
    }

    #[test]
    fn the_seed_alone_decides_the_folds() {
        let held_out = |seed| {
            captions(
                &fold(&classes(&[12, 8]), 2, 4, draw(seed))
                    .expect("it splits")
                    .1,
            )
        };
        assert_eq!(held_out(1), held_out(1));
        assert_ne!(held_out(1), held_out(2));
        // Recorded: a run must find its folds again years later.
        assert_eq!(held_out(42), [1, 8, 10, 12, 14]);
    }

    #[test]
    fn numbers_to_predict_are_dealt_out_at_random() {
        let targets = Targets::Numbers {
            columns: vec!["y".to_owned()].into(),
            values: (0..9u16).map(f64::from).collect(),
        };
        let samples = plain(9).with_targets(targets).expect("the targets fit");
        check(&samples, 4, &[3, 2, 2, 2]);
        let (_, held_out) = fold(&samples, 1, 4, draw(7)).expect("it splits");
        for (at, row) in captions(&held_out).into_iter().enumerate() {
            assert_eq!(held_out.target_row(at), Some(&[row as f64][..]));
        }
    }

    #[test]
    fn folds_that_cannot_be_are_refused() {
        for (rows, index, of, message) in [
            (
                4,
                1,
                1,
                "`folds` of `mine`: expected 2 to 4 folds, for there are 4 samples, found 1",
            ),
            (
                4,
                1,
                5,
                "`folds` of `mine`: expected 2 to 4 folds, for there are 4 samples, found 5",
            ),
            (
                1,
                1,
                2,
                "`folds` of `mine`: expected at least 2 samples to split, found 1",
            ),
            (
                4,
                0,
                2,
                "`fold` of `mine`: expected a fold of 1 to 2, found 0",
            ),
            (
                4,
                3,
                2,
                "`fold` of `mine`: expected a fold of 1 to 2, found 3",
            ),
        ] {
            let error = fold(&plain(rows), index, of, draw(1)).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
    }
}
