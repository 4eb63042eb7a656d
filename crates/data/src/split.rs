//! Random parts of a set, with each class in its proportion.
//!
//! What does not divide evenly is drawn, too: which classes give the odd rows is for the seed to say, never for their order.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::selection::refuse;
use crate::{Error, Samples};

/// How a part is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    /// [`Source::rules`](crate::Source::rules).
    pub(crate) rules: u8,
}

/// Splits a set in two at random: what is left, and `fraction` of it (above 0, under 1), rounded, at least one sample on
/// each side. Both keep the order of the set. Samples of one group stay together, and the part is then as near to its size as they
/// allow.
pub(crate) fn split(
    samples: &Samples,
    fraction: f64,
    draw: Draw,
) -> Result<(Samples, Samples), Error> {
    let count = part(samples, "test_fraction", fraction)?;
    let taken = match draw.grouped(samples, count) {
        Some(taken) => taken,
        None => draw.of(samples, count),
    };
    if taken.len() == samples.len() || taken.is_empty() {
        let found = "one group of all samples";
        return Err(refuse(
            samples,
            "group",
            "at least 2 groups to split",
            found,
        ));
    }
    Ok(parted(samples, &taken))
}

/// Splits the last part of a set off, as for rows in the order of time.
pub(crate) fn last(samples: &Samples, fraction: f64) -> Result<(Samples, Samples), Error> {
    let count = part(samples, "test_fraction", fraction)?;
    let taken: Vec<_> = (samples.len() - count..samples.len()).collect();
    Ok(parted(samples, &taken))
}

/// How many samples a part of a set has, at least one on each side.
fn part(samples: &Samples, field: &'static str, fraction: f64) -> Result<usize, Error> {
    if !(fraction > 0.0 && fraction < 1.0) {
        let expected = "a number above 0 and under 1";
        return Err(refuse(samples, field, expected, fraction.to_string()));
    }
    let all = samples.len();
    if all < 2 {
        let expected = "at least 2 samples to split";
        return Err(refuse(samples, field, expected, all.to_string()));
    }
    let count = (fraction * all as f64).round() as usize;
    Ok(count.clamp(1, all - 1))
}

/// What is left, and the samples at these indices, which ascend.
fn parted(samples: &Samples, taken: &[usize]) -> (Samples, Samples) {
    let mut rest = taken.iter().copied().peekable();
    let left: Vec<_> = (0..samples.len())
        .filter(|&index| rest.next_if_eq(&index).is_none())
        .collect();
    (samples.select(&left), samples.select(taken))
}

/// At most `count` samples, drawn at random, in the order of the set.
pub(crate) fn limit(samples: Samples, count: usize, draw: Draw) -> Samples {
    match count < samples.len() {
        true => samples.select(&draw.of(&samples, count)),
        false => samples,
    }
}

impl Samples {
    /// At most `count` of these samples, drawn by the seed with each class in its proportion, in the order of the set.
    pub fn drawn(&self, count: usize, seed: u64) -> Self {
        limit(self.clone(), count, Draw { seed, rules: 2 })
    }
}

impl Draw {
    fn random(self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// The indices of `count` samples, ascending. Each class gives its share; where there are fewer samples to draw than
    /// classes, they are drawn from all alike.
    fn of(self, samples: &Samples, count: usize) -> Vec<usize> {
        let mut random = self.random();
        let mut groups = groups(samples);
        let classes = groups.iter().filter(|group| !group.is_empty()).count();
        if self.rules != 1 && count < classes {
            groups = vec![(0..samples.len()).collect()];
        }
        let sizes: Vec<_> = groups.iter().map(Vec::len).collect();
        let shares = match self.rules {
            1 => first_shares(&sizes, count),
            _ => shares(&sizes, count, &mut random),
        };
        let mut taken = Vec::with_capacity(count);
        for (group, share) in groups.iter_mut().zip(shares) {
            shuffle(group, share, &mut random);
            taken.extend_from_slice(&group[..share]);
        }
        taken.sort_unstable();
        taken
    }

    /// The indices of about `count` samples, ascending, of whole groups; none where the samples have no groups.
    fn grouped(self, samples: &Samples, count: usize) -> Option<Vec<usize>> {
        let mut units = units(samples)?;
        let all = units.len();
        shuffle(&mut units, all, &mut self.random());
        let mut taken: Vec<usize> = Vec::new();
        for unit in units {
            // Whole groups, as long as each brings the part nearer to its size.
            let after = taken.len() + unit.len();
            if !taken.is_empty() && after.abs_diff(count) > taken.len().abs_diff(count) {
                continue;
            }
            taken.extend(unit);
        }
        taken.sort_unstable();
        Some(taken)
    }
}

/// The indices of the samples of each group; none where the samples have no groups.
pub(crate) fn units(samples: &Samples) -> Option<Vec<Vec<usize>>> {
    let mut units: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for index in 0..samples.len() {
        units.entry(samples.group(index)?).or_default().push(index);
    }
    Some(units.into_values().collect())
}

/// The indices of the samples of each class; one group of all where there are no labels.
pub(crate) fn groups(samples: &Samples) -> Vec<Vec<usize>> {
    let mut groups = vec![Vec::new(); samples.classes().len().max(1)];
    for index in 0..samples.len() {
        groups[samples.label(index).unwrap_or(0)].push(index);
    }
    groups
}

/// Puts a random choice of `count` of a group to its start, in random order.
pub(crate) fn shuffle<T>(group: &mut [T], count: usize, random: &mut ChaCha8Rng) {
    for at in 0..count {
        let other = at + below(random, group.len() - at);
        group.swap(at, other);
    }
}

/// How many to take of groups of these sizes, in proportion, `count` (at most all) together.
///
/// Each group gives the whole part of its share. What remains of all shares is laid end to end in random order, and as many evenly
/// spaced marks as samples are missing fall on it from a random start: a group gives one more with just the probability that is its
/// remainder (systematic sampling; Madow 1949).
fn shares(sizes: &[usize], count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let all = sizes.iter().sum::<usize>().max(1);
    let exact = |size: usize| count as u128 * size as u128;
    let whole = |&size: &usize| (exact(size) / all as u128) as usize;
    let mut shares: Vec<_> = sizes.iter().map(whole).collect();
    let mut order: Vec<_> = (0..sizes.len()).collect();
    let groups = order.len();
    shuffle(&mut order, groups, random);
    let mut mark = below(random, all) as u128;
    let mut end = 0;
    for group in order {
        end += exact(sizes[group]) % all as u128;
        if mark < end {
            shares[group] += 1;
            mark += all as u128;
        }
    }
    shares
}

/// The shares of the first rules, by which older runs find their parts again: the largest remainders go up, of equal ones the first.
fn first_shares(sizes: &[usize], count: usize) -> Vec<usize> {
    let all = sizes.iter().sum::<usize>().max(1) as u128;
    let exact = |size: usize| count as u128 * size as u128;
    let mut shares: Vec<_> = sizes
        .iter()
        .map(|&size| (exact(size) / all) as usize)
        .collect();
    let missing = count - shares.iter().sum::<usize>();
    let mut order: Vec<_> = (0..sizes.len()).collect();
    order.sort_by_key(|&group| std::cmp::Reverse(exact(sizes[group]) % all));
    order[..missing]
        .iter()
        .for_each(|&group| shares[group] += 1);
    shares
}

/// A random number below `bound`, the same on every machine and with every version of a library.
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    // The high half of a 64 by 64 bit product; the bias is below bound / 2^64.
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Shape};

    /// Samples of two classes, captioned by number: `of_first` of the first, the others of the second.
    fn samples(count: usize, of_first: usize) -> Samples {
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 1,
        };
        let facts = Facts {
            name: "mine".to_owned(),
            captions: (0..count).map(|index| index.to_string()).collect(),
            labels: (0..count)
                .map(|index| u16::from(index >= of_first))
                .collect(),
            classes: vec!["a".to_owned(), "b".to_owned()],
            ..Facts::default()
        };
        Samples::pictures(facts, shape, 1, vec![0; count]).expect("the parts fit")
    }

    fn captions(samples: &Samples) -> Vec<usize> {
        let captions = (0..samples.len()).map(|index| samples.caption(index));
        captions
            .map(|text| text.parse().expect("a number"))
            .collect()
    }

    const DRAW: Draw = Draw { seed: 1, rules: 2 };

    fn check_shares(sizes: &[usize], count: usize, expected: &[usize]) {
        assert_eq!(first_shares(sizes, count), expected, "{sizes:?} {count}");
        let drawn = shares(sizes, count, &mut DRAW.random());
        assert_eq!(drawn.iter().sum::<usize>(), count, "{sizes:?} {count}");
        for (drawn, &size) in drawn.iter().zip(sizes) {
            let exact = count as f64 * size as f64 / sizes.iter().sum::<usize>() as f64;
            assert!((*drawn as f64 - exact).abs() < 1.0, "{sizes:?} {count}");
        }
    }

    /// 100 patients of 4 rows each, one row in ten: each patient gives a row to about 40 of 100 test parts, whatever its place.
    #[test]
    fn odd_rows_are_drawn_from_every_class() {
        let mut given = [0; 100];
        for seed in 0..100 {
            let shares = shares(&[4; 100], 40, &mut Draw { seed, rules: 2 }.random());
            assert!(shares.iter().all(|&share| share <= 1));
            given
                .iter_mut()
                .zip(shares)
                .for_each(|(sum, share)| *sum += share);
        }
        // Five standard deviations of a binomial distribution, 100 times 0.4, are 24.5.
        assert!(
            given.iter().all(|&count| (16..=64).contains(&count)),
            "{given:?}"
        );
    }

    /// Samples in groups of four, captioned by number.
    fn grouped(count: usize) -> Samples {
        let groups = (0..count).map(|index| format!("p{}", index / 4).as_str().into());
        let facts = Facts {
            captions: (0..count).map(|index| index.to_string()).collect(),
            identity: crate::Identity {
                groups: Some(groups.collect()),
                ..crate::Identity::default()
            },
            ..Facts::default()
        };
        Samples::table(facts, vec!["x".to_owned()], vec![vec![0.0; count]]).expect("a table")
    }

    #[test]
    fn a_group_is_never_split() {
        for seed in 0..20 {
            let draw = Draw { seed, rules: 2 };
            let (train, test) = split(&grouped(40), 0.2, draw).expect("it splits");
            assert_eq!((train.len(), test.len()), (32, 8));
            let groups = |samples: &Samples| {
                captions(samples)
                    .iter()
                    .map(|at| at / 4)
                    .collect::<Vec<_>>()
            };
            assert!(
                groups(&test)
                    .iter()
                    .all(|group| !groups(&train).contains(group))
            );
        }
        let error = split(&grouped(4), 0.2, DRAW).expect_err("one group");
        assert!(error.to_string().contains("at least 2 groups"), "{error}");
    }

    #[test]
    fn the_last_part_is_the_last() {
        let (train, test) = last(&samples(10, 5), 0.25).expect("it splits");
        assert_eq!(
            (captions(&train), captions(&test)),
            (Vec::from_iter(0..7), vec![7, 8, 9])
        );
    }

    #[test]
    fn fewer_samples_than_classes_are_drawn_from_all() {
        let (_, test) = split(&samples(100, 1), 0.01, DRAW).expect("it splits");
        assert_eq!(test.len(), 1);
    }

    #[test]
    fn shares_are_proportional_and_add_up() {
        check_shares(&[60, 30, 10], 10, &[6, 3, 1]);
        check_shares(&[5, 5, 5], 4, &[2, 1, 1]);
        check_shares(&[9, 1], 1, &[1, 0]);
        check_shares(&[0, 3], 3, &[0, 3]);
        check_shares(&[7, 8], 15, &[7, 8]);
        check_shares(&[7, 8], 0, &[0, 0]);
    }

    #[test]
    fn a_split_shares_out_every_sample_once_in_order() {
        let (train, test) = split(&samples(100, 80), 0.25, DRAW).expect("it splits");
        assert_eq!((train.len(), test.len()), (75, 25));
        let first = |samples: &Samples| captions(samples).iter().filter(|&&i| i < 80).count();
        assert_eq!((first(&train), first(&test)), (60, 20));
        assert!(captions(&train).is_sorted() && captions(&test).is_sorted());
        let mut both = [captions(&train), captions(&test)].concat();
        both.sort_unstable();
        assert_eq!(both, Vec::from_iter(0..100));
    }

    #[test]
    fn the_seed_alone_decides_the_split() {
        let test = |seed| {
            let split = split(&samples(100, 50), 0.1, Draw { seed, rules: 1 });
            captions(&split.expect("it splits").1)
        };
        assert_eq!(test(1), test(1));
        assert_ne!(test(1), test(2));
        // Recorded: a run must find its split again years later.
        assert_eq!(test(42), [17, 22, 32, 34, 47, 57, 64, 66, 89, 90]);
    }

    #[test]
    fn each_side_has_a_sample() {
        let sizes = |fraction| {
            let (train, test) = split(&samples(4, 2), fraction, DRAW).expect("it splits");
            (train.len(), test.len())
        };
        assert_eq!(sizes(1e-9), (3, 1));
        assert_eq!(sizes(0.999), (1, 3));
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        for (count, fraction, message) in [
            (4, 0.0, "a number above 0 and under 1, found 0"),
            (4, 1.0, "a number above 0 and under 1, found 1"),
            (4, f64::NAN, "a number above 0 and under 1, found NaN"),
            (1, 0.5, "at least 2 samples to split, found 1"),
        ] {
            let error = split(&samples(count, 1), fraction, DRAW).expect_err(message);
            let message = format!("`test_fraction` of `mine`: expected {message}");
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_limit_keeps_the_proportions_and_may_be_more_than_there_is() {
        let some = limit(samples(100, 80), 10, DRAW);
        let captions = captions(&some);
        assert_eq!(some.len(), 10);
        assert_eq!(captions.iter().filter(|&&index| index < 80).count(), 8);
        assert!(captions.is_sorted());
        assert_eq!(limit(samples(5, 2), 5, DRAW).len(), 5);
        assert_eq!(limit(samples(5, 2), 9, DRAW).len(), 5);
    }
}
