//! Two halves of some rows, drawn at random.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The places of `count` rows in two halves, each in order; the first has the smaller number where they are odd.
pub fn halves(count: usize, seed: u64) -> [Vec<usize>; 2] {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let rest = order.split_off(count / 2);
    [order, rest].map(|mut half| {
        half.sort_unstable();
        half
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_half_and_the_seed_decides_in_which() {
        let [first, rest] = halves(7, 1);
        assert_eq!((first.len(), rest.len()), (3, 4));
        assert!(first.is_sorted() && rest.is_sorted());
        let mut all = [first.clone(), rest].concat();
        all.sort_unstable();
        assert_eq!(all, Vec::from_iter(0..7));
        assert_eq!(halves(7, 1)[0], first);
        let others = (2..40).map(|seed| halves(7, seed)[0].clone());
        assert!(others.into_iter().any(|half| half != first));
    }
}
