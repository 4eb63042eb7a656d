//! Binary codes, packed, and their Hamming distances: the number of bits in which two differ.

use std::iter::zip;

use pulp::Arch;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Matrix;
use crate::parallel::{cores, map_pieces};

/// Queries that a thread takes at once.
const PIECE: usize = 64;

/// Codes of equally many bits, each in whole words of 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinaryCodes {
    bits: usize,
    /// Words in a code.
    width: usize,
    words: Vec<u64>,
}

/// A code that is near, and in how many bits it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CodeNeighbor {
    /// The number of bits that differ.
    pub distance: u32,
    /// Its place among the codes that were searched.
    pub index: usize,
}

/// The mean of a quantity over pairs of codes that are equally far apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanAtDistance {
    /// The number of bits in which the codes of each pair differ.
    pub distance: u32,
    /// How many pairs were met.
    pub pairs: usize,
    /// The mean over them, none where no pair was met.
    pub mean: Option<f64>,
}

impl BinaryCodes {
    /// The codes of activations between 0 and 1: a bit is set where its number is above one half.
    pub fn from_activations(activations: Matrix) -> Self {
        let bits = activations.columns();
        let words = |row: &[f32]| row.chunks(64).map(packed).collect::<Vec<_>>();
        Self {
            bits,
            width: bits.div_ceil(64),
            words: activations.rows().flat_map(words).collect(),
        }
    }

    /// The codes at these places.
    ///
    /// # Panics
    ///
    /// Where there is no such code.
    pub fn select(&self, places: &[usize]) -> Self {
        let words = places.iter().flat_map(|place| self.words(*place));
        Self {
            words: words.copied().collect(),
            ..*self
        }
    }

    /// The number of codes.
    pub fn len(&self) -> usize {
        self.words.len() / self.width
    }

    /// Whether there is no code.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Bits in a code.
    pub fn bits(&self) -> usize {
        self.bits
    }

    /// The words of a code: bit `i` is bit `i % 64` of word `i / 64`, and bits behind the last are 0.
    ///
    /// # Panics
    ///
    /// Where there is no such code.
    pub fn words(&self, index: usize) -> &[u64] {
        &self.words[index * self.width..][..self.width]
    }

    /// The number of bits in which two codes differ.
    ///
    /// # Panics
    ///
    /// Where there is no such code.
    pub fn distance(&self, first: usize, second: usize) -> u32 {
        differing_bits(self.words(first), self.words(second))
    }

    /// All codes that differ from each query in at most `radius` bits, the nearest first; of equal distances the lower index first.
    ///
    /// # Panics
    ///
    /// Where the queries have another number of bits.
    pub fn within(&self, queries: &Self, radius: u32) -> Vec<Vec<CodeNeighbor>> {
        self.for_each_query(cores(), queries, |query| {
            let mut near = Vec::new();
            self.scan(
                query,
                #[inline(always)]
                |neighbor| {
                    if neighbor.distance <= radius {
                        near.push(neighbor);
                    }
                },
            );
            near.sort_unstable();
            near
        })
    }

    /// The `k` codes nearest to each query, the nearest first; of equal distances the lower index first. All, where there are
    /// fewer.
    ///
    /// # Panics
    ///
    /// Where the queries have another number of bits.
    pub fn nearest(&self, queries: &Self, k: usize) -> Vec<Vec<CodeNeighbor>> {
        self.nearest_on(cores(), queries, k)
    }

    fn nearest_on(&self, threads: usize, queries: &Self, k: usize) -> Vec<Vec<CodeNeighbor>> {
        let k = k.min(self.len());
        if k == 0 {
            return vec![Vec::new(); queries.len()];
        }
        self.for_each_query(threads, queries, |query| {
            let mut best: Vec<CodeNeighbor> = Vec::with_capacity(k + 1);
            // Indices rise: a code at the limit comes behind those that are there.
            let mut limit = u32::MAX;
            self.scan(
                query,
                #[inline(always)]
                |neighbor| {
                    if neighbor.distance < limit {
                        best.insert(best.partition_point(|found| *found < neighbor), neighbor);
                        best.truncate(k);
                        if best.len() == k {
                            limit = best[k - 1].distance;
                        }
                    }
                },
            );
            best
        })
    }

    fn for_each_query<T: Send>(
        &self,
        threads: usize,
        queries: &Self,
        search: impl Fn(&[u64]) -> T + Sync,
    ) -> Vec<T> {
        assert_eq!(
            self.bits, queries.bits,
            "codes to search and queries have different numbers of bits"
        );
        map_pieces(queries.len(), PIECE, threads, |places| {
            places.map(|place| search(queries.words(place))).collect()
        })
    }

    /// Tells `found` of each code in order. The machine's own instruction counts bits, where it has one.
    #[inline(always)]
    fn scan(&self, query: &[u64], mut found: impl FnMut(CodeNeighbor)) {
        Arch::new().dispatch(
            #[inline(always)]
            || match *query {
                [word] => {
                    for (index, code) in self.words.iter().enumerate() {
                        found(CodeNeighbor {
                            distance: (word ^ code).count_ones(),
                            index,
                        });
                    }
                }
                [first, second] => {
                    for (index, code) in self.words.as_chunks::<2>().0.iter().enumerate() {
                        let distance =
                            (first ^ code[0]).count_ones() + (second ^ code[1]).count_ones();
                        found(CodeNeighbor { distance, index });
                    }
                }
                _ => {
                    for (index, code) in self.words.chunks_exact(self.width).enumerate() {
                        found(CodeNeighbor {
                            distance: differing_bits(query, code),
                            index,
                        });
                    }
                }
            },
        );
    }

    /// The mean of `quantity` over random pairs of different codes, for each Hamming distance from 0 to `largest`.
    ///
    /// `pairs` pairs of places are drawn, each as likely as any other, by `seed`; those farther apart than `largest` are not asked for
    /// their quantity. It tells, for example, whether the cosine distance of two texts grows with the Hamming distance of their codes.
    pub fn by_distance(
        &self,
        largest: u32,
        pairs: usize,
        seed: u64,
        quantity: impl Fn(usize, usize) -> f64,
    ) -> Vec<MeanAtDistance> {
        let mut sums = vec![(0, 0.0); largest as usize + 1];
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let pairs = if self.len() < 2 { 0 } else { pairs };
        for _ in 0..pairs {
            let first = random.random_range(0..self.len());
            let second = random.random_range(0..self.len() - 1);
            let second = second + usize::from(second >= first);
            if let Some((pairs, sum)) = sums.get_mut(self.distance(first, second) as usize) {
                *pairs += 1;
                *sum += quantity(first, second);
            }
        }
        let mean = |(distance, (pairs, sum)): (u32, (usize, f64))| MeanAtDistance {
            distance,
            pairs,
            mean: (pairs > 0).then(|| sum / pairs as f64),
        };
        (0..).zip(sums).map(mean).collect()
    }
}

/// Up to 64 bits of a code.
fn packed(activations: &[f32]) -> u64 {
    let bits = activations.iter().enumerate();
    bits.fold(0, |word, (bit, activation)| {
        word | u64::from(*activation > 0.5) << bit
    })
}

#[inline(always)]
pub(crate) fn differing_bits(first: &[u64], second: &[u64]) -> u32 {
    zip(first, second)
        .map(|(first, second)| (first ^ second).count_ones())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(count: usize, bits: usize, seed: u64) -> BinaryCodes {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let activations: Vec<f32> = (0..count * bits).map(|_| random.random()).collect();
        BinaryCodes::from_activations(Matrix::new(&activations, bits))
    }

    #[test]
    fn a_bit_is_set_above_one_half() {
        let activations = [0.5, 0.51, 1.0, 0.0];
        let codes = BinaryCodes::from_activations(Matrix::new(&activations, 4));
        assert_eq!(codes.words(0), [0b0110]);
    }

    #[test]
    fn bits_that_differ_are_counted_over_all_words() {
        for bits in [1, 63, 64, 65, 128, 129, 200] {
            let activations: Vec<f32> = [vec![0.0; bits], vec![1.0; bits]].concat();
            let codes = BinaryCodes::from_activations(Matrix::new(&activations, bits));
            assert_eq!((codes.len(), codes.bits()), (2, bits));
            assert_eq!(codes.distance(0, 1), bits as u32);
            assert_eq!(codes.distance(1, 1), 0);
        }
    }

    #[test]
    fn both_searches_give_what_a_sort_of_all_distances_gives() {
        for bits in [3, 32, 64, 100, 128, 150] {
            let (all, queries) = (codes(500, bits, 1), codes(70, bits, 2));
            let radius = bits as u32 / 2;
            let (within, nearest) = (all.within(&queries, radius), all.nearest(&queries, 7));
            for query in 0..queries.len() {
                let distance = |index| differing_bits(queries.words(query), all.words(index));
                let mut sorted: Vec<_> = (0..500)
                    .map(|index| CodeNeighbor {
                        distance: distance(index),
                        index,
                    })
                    .collect();
                sorted.sort();
                assert_eq!(nearest[query], sorted[..7], "{bits} bits");
                sorted.retain(|neighbor| neighbor.distance <= radius);
                assert_eq!(within[query], sorted, "{bits} bits");
            }
        }
    }

    #[test]
    fn of_equal_codes_the_lower_indices_are_given() {
        let same = BinaryCodes::from_activations(Matrix::new(&[1.0; 30], 3));
        let indices: Vec<usize> = same.nearest(&same, 4)[9]
            .iter()
            .map(|near| near.index)
            .collect();
        assert_eq!(indices, [0, 1, 2, 3]);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let (all, queries) = (codes(300, 40, 3), codes(200, 40, 4));
        let alone = all.nearest_on(1, &queries, 5);
        for threads in [2, 5] {
            assert_eq!(alone, all.nearest_on(threads, &queries, 5));
        }
    }

    #[test]
    fn fewer_codes_than_wanted_are_all_given() {
        let (few, none) = (
            codes(3, 8, 5),
            BinaryCodes::from_activations(Matrix::new(&[], 8)),
        );
        assert_eq!(few.nearest(&few, 9)[0].len(), 3);
        assert!(none.nearest(&few, 9)[0].is_empty());
    }

    #[test]
    fn means_by_distance_are_those_of_the_pairs() {
        // Codes 0000, 0001, 0011, 0111, 1111: two of them differ in as many bits as their places.
        let rows: Vec<f32> = (0..5)
            .flat_map(|ones| (0..4).map(move |bit| if bit < ones { 1.0 } else { 0.0 }))
            .collect();
        let codes = BinaryCodes::from_activations(Matrix::new(&rows, 4));
        let means = codes.by_distance(3, 2_000, 1, |first, second| {
            10.0 * first.abs_diff(second) as f64
        });
        let found: Vec<_> = means.iter().map(|at| (at.distance, at.mean)).collect();
        assert_eq!(
            found,
            [(0, None), (1, Some(10.0)), (2, Some(20.0)), (3, Some(30.0))]
        );
        // 8, 6 and 4 of the 20 ordered pairs.
        for (at, share) in means[1..].iter().zip([0.4, 0.3, 0.2]) {
            assert!((at.pairs as f64 / 2_000.0 - share).abs() < 0.05, "{at:?}");
        }
        assert_eq!(
            means,
            codes.by_distance(3, 2_000, 1, |first, second| 10.0
                * first.abs_diff(second) as f64)
        );
    }
}
