//! A few of many places, drawn by a seed.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// `wanted` of the places `0..count` in order, each as likely as any other; all of them where there are no more.
pub(crate) fn sample(count: usize, wanted: usize, seed: u64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    if wanted >= count {
        return places;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for slot in 0..wanted {
        let other = random.random_range(slot..count);
        places.swap(slot, other);
    }
    places.truncate(wanted);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_different_in_order_and_a_function_of_the_seed() {
        let places = sample(1_000, 100, 3);
        assert_eq!(places.len(), 100);
        assert!(places.is_sorted_by(|a, b| a < b) && places[99] < 1_000);
        assert_eq!(places, sample(1_000, 100, 3));
        assert_ne!(places, sample(1_000, 100, 4));
    }

    #[test]
    fn each_place_is_as_likely_as_any_other() {
        let mut counts = [0; 10];
        for seed in 0..1_000 {
            for place in sample(10, 3, seed) {
                counts[place] += 1;
            }
        }
        // 300 each, with a standard deviation of 14.5.
        assert!(
            counts.iter().all(|count| (240..360).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn all_places_where_there_are_no_more() {
        assert_eq!(sample(3, 3, 0), [0, 1, 2]);
        assert_eq!(sample(2, 9, 0), [0, 1]);
    }
}
