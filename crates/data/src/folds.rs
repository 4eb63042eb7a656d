//! Folds for cross-validation, with each class in its proportion.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::selection::refuse;
use crate::split::{Draw, groups, shuffle, units};
use crate::{Error, Samples, counted};

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
    check_count(samples, of)?;
    let all = samples.len();
    if !(1..=of).contains(&index) {
        let expected = format!("a fold of 1 to {of}");
        return Err(refuse(samples, "fold", expected, index.to_string()));
    }
    let folds = assign(samples, of, draw);
    let (held_out, left): (Vec<_>, Vec<_>) = (0..all).partition(|&at| folds[at] == index - 1);
    Ok((samples.select(&left), samples.select(&held_out)))
}

impl Samples {
    /// The fold of each sample, counted from 0, as [`HoldOut::Fold`](crate::HoldOut::Fold) takes them out with this seed and these
    /// [rules](crate::Source::rules).
    ///
    /// # Errors
    /// [`Error::Selection`] for fewer than 2 folds, more folds than samples, groups, or samples of a class, or where groups leave a
    /// class out of a fold, or hold all of it together.
    pub fn folds(&self, of: usize, seed: u64, rules: u8) -> Result<Vec<usize>, Error> {
        check_count(self, of)?;
        let mut counts = self.classes().iter().zip(self.class_counts());
        if let Some((class, count)) = counts.find(|(_, count)| (1..of).contains(count)) {
            let (folds, samples) = (counted(count, "fold"), counted(count, "sample"));
            let expected = format!("at most {folds}, for class `{class}` has {samples}");
            return Err(refuse(self, "folds", expected, of.to_string()));
        }
        if let Some(units) = units(self).filter(|units| units.len() < of) {
            let count = units.len();
            let expected = format!("at most {count} folds, for there are {count} groups");
            return Err(refuse(self, "folds", expected, of.to_string()));
        }
        let folds = assign(self, of, Draw { seed, rules });
        self.check_classes(&folds, of)?;
        Ok(folds)
    }

    /// Refuses folds in which a class is missing: groups go whole to one of them.
    fn check_classes(&self, folds: &[usize], of: usize) -> Result<(), Error> {
        let mut counts = vec![vec![0; of]; self.classes().len()];
        for (index, fold) in folds.iter().enumerate() {
            if let Some(label) = self.label(index) {
                counts[label][*fold] += 1;
            }
        }
        for (class, counts) in self.classes().iter().zip(counts) {
            let is_there = counts.iter().any(|count| *count > 0);
            if let Some(fold) = counts.iter().position(|count| is_there && *count == 0) {
                let expected = "samples of each class in each fold; take fewer folds, another seed, or no groups";
                let found = format!("none of class `{class}` in fold {}", fold + 1);
                return Err(refuse(self, "folds", expected, found));
            }
        }
        Ok(())
    }
}

/// Refuses fewer than 2 folds, or more than samples.
fn check_count(samples: &Samples, of: usize) -> Result<(), Error> {
    let all = samples.len();
    if all < 2 {
        let expected = "at least 2 samples to split";
        return Err(refuse(samples, "folds", expected, all.to_string()));
    }
    if !(2..=all).contains(&of) {
        let expected = format!("2 to {all} folds, for there are {all} samples");
        return Err(refuse(samples, "folds", expected, of.to_string()));
    }
    Ok(())
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
    fn all_folds_at_once_are_those_that_are_taken_out_one_by_one() {
        let samples = classes(&[12, 8]);
        let folds = samples.folds(4, 42, 2).expect("it splits");
        for index in 1..=4 {
            let (_, held_out) = fold(&samples, index, 4, draw(42)).expect("it splits");
            let places = (0..20).filter(|&at| folds[at] == index - 1);
            assert_eq!(captions(&held_out), places.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_class_that_cannot_be_in_each_fold_is_refused() {
        for (counts, of, message) in [
            (
                &[9, 3][..],
                4,
                "`folds` of `mine`: expected at most 3 folds, for class `1` has 3 samples, found 4",
            ),
            (
                &[3, 3],
                7,
                "`folds` of `mine`: expected 2 to 6 folds, for there are 6 samples, found 7",
            ),
        ] {
            let error = classes(counts).folds(of, 1, 2).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
        // A class that no sample has need not be in a fold.
        assert!(classes(&[4, 0, 4]).folds(2, 1, 2).is_ok());
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
