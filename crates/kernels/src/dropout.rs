//! Numbers dropped at random on the CPU: which ones is worked out from a seed and their places, on all threads, and again in the backward pass, so that
//! nothing is kept.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use crate::random_numbers::random;
use crate::threads;
use crate::vectors::arch;

/// Numbers that one piece of work reads, about.
const PIECE: usize = 32 << 10;

/// What is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Of the random numbers.
    pub seed: [u32; 2],
    /// The share that stays, above 0 and at most 1.
    pub kept: f64,
    /// The place of the first number: those of a part of a batch are dropped as they are in the whole. Places count modulo 2³².
    pub first: usize,
}

/// Divides each number by the share that is kept, or makes it 0, for good and all: NaN stays NaN.
pub fn apply(rule: Rule, values: &mut [f32]) {
    let pieces = values.chunks_mut(PIECE).enumerate();
    threads::each(pieces.collect(), |(index, values)| {
        arch().dispatch(Piece {
            seed: rule.seed,
            // At most 2³² - 1 of 2³²: 1 in four thousand millions of those that are kept is dropped where none should be.
            below: (rule.kept * 2.0_f64.powi(32)) as u32,
            scale: (1.0 / rule.kept) as f32,
            first: (rule.first + index * PIECE) as u32,
            values,
        });
    });
}

struct Piece<'a> {
    seed: [u32; 2],
    /// Kept is what has a random number below this.
    below: u32,
    scale: f32,
    first: u32,
    values: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (place, value) in zip(0_u32.., self.values) {
            let random = random(self.seed, self.first.wrapping_add(place));
            // Multiplied, not chosen: a net that diverged must not look sound.
            *value *= if random < self.below { self.scale } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(seed: [u32; 2], kept: f64) -> Rule {
        Rule {
            seed,
            kept,
            first: 0,
        }
    }

    fn ones(rule: Rule, count: usize) -> Vec<f32> {
        let mut values = vec![1.0; count];
        apply(rule, &mut values);
        values
    }

    /// Within five standard deviations, for several shares and seeds, over all numbers and over those of one column of many rows.
    #[test]
    fn the_share_that_stays_is_the_one_that_was_asked_for() {
        for (number, kept) in [0.5, 0.9, 0.1, 0.75].into_iter().enumerate() {
            for seed in [[0, 0], [1, 0], [0, 1], [0xffff_ffff, 7 + number as u32]] {
                let values = ones(rule(seed, kept), 1 << 20);
                assert!(
                    values
                        .iter()
                        .all(|value| *value == 0.0 || *value == (1.0 / kept) as f32)
                );
                for step in [1, 100, 512, 8000] {
                    let of = values.iter().step_by(step);
                    let count = of.len() as f64;
                    let stay = of.filter(|value| **value > 0.0).count() as f64;
                    let deviation = (count * kept * (1.0 - kept)).sqrt();
                    assert!(
                        (stay - count * kept).abs() < 5.0 * deviation,
                        "{kept}, {seed:?}, every {step}"
                    );
                }
            }
        }
    }

    /// What is dropped says nothing of what is dropped beside it, a row further, or with a seed that differs in one bit.
    #[test]
    fn neighbours_rows_and_seeds_do_not_depend_on_each_other() {
        const COUNT: usize = 1 << 18;
        let of = |seed| ones(rule(seed, 0.5), COUNT + 8000);
        let values = of([3, 4]);
        let others = [of([2, 4]), of([3, 5])];
        let shifted = [1, 2, 16, 100, 8000].map(|shift| values[shift..][..COUNT].to_vec());
        for other in shifted.iter().chain(&others) {
            let alike = zip(&values[..COUNT], other).filter(|(a, b)| a == b).count() as f64;
            assert!((alike - COUNT as f64 / 2.0).abs() < 5.0 * (COUNT as f64 / 4.0).sqrt());
        }
    }

    #[test]
    fn a_part_is_dropped_as_it_is_in_the_whole_and_nan_is_never() {
        let whole = ones(rule([5, 6], 0.7), 3 * PIECE);
        let first = PIECE + 123;
        let part = Rule {
            first,
            ..rule([5, 6], 0.7)
        };
        assert!(ones(part, PIECE) == whole[first..][..PIECE]);
        assert!(
            ones(rule([5, 6], 1.0), 1000)
                .iter()
                .all(|value| *value == 1.0)
        );
        let mut values = [f32::NAN; 64];
        apply(rule([1, 2], 0.5), &mut values);
        assert!(values.iter().all(|value| value.is_nan()));
    }
}
