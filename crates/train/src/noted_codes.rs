//! The samples whose codes are recorded while a model trains, so that one sees its latent space form.

use espejo_data::Samples;
use espejo_nets::seeded;
use rand::seq::SliceRandom;

use crate::prepare::Prepared;
use crate::seed::{Purpose, stream};

/// Samples whose codes are recorded, at most.
const MAX_NOTED: usize = 1000;

/// Whether codes are recorded at all: they are drawn on a plane, as they are.
pub(crate) fn are_noted(prepared: &Prepared) -> bool {
    prepared.spec.kind.has_code() && prepared.spec.latent() == 2
}

/// The test samples, or of many some that the run's seed chooses, in their order in the set.
pub(crate) fn noted(prepared: &Prepared) -> Samples {
    let (test, seed) = (&prepared.test, prepared.config.train.seed);
    let most = MAX_NOTED.min(prepared.spec.architecture.chunk());
    match test.len() <= most {
        true => test.clone(),
        false => test.select(&chosen(test.len(), most, seed)),
    }
}

/// So many different places out of `count`, ascending.
fn chosen(count: usize, most: usize, seed: u64) -> Vec<usize> {
    let mut rng = seeded(stream(seed, 0, Purpose::Map));
    let mut places: Vec<usize> = (0..count).collect();
    places.shuffle(&mut rng);
    places.truncate(most);
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_different_ascending_and_those_of_the_seed() {
        let places = chosen(10_000, MAX_NOTED, 7);
        assert_eq!(places.len(), MAX_NOTED);
        assert!(places.is_sorted_by(|a, b| a < b) && places[MAX_NOTED - 1] < 10_000);
        assert_eq!(places, chosen(10_000, MAX_NOTED, 7));
        assert_ne!(places, chosen(10_000, MAX_NOTED, 8));
        // From the whole set: about as many of its second half as of its first.
        let late = places.iter().filter(|place| **place >= 5000).count();
        assert!((400..600).contains(&late), "{late}");
    }
}
