//! One seed, many independent streams of random numbers.

/// What a stream of random numbers is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// First weights.
    Weights,
    /// The order of the images.
    Shuffle,
    /// Noise and posterior draws while training.
    Train,
    /// Noise and posterior draws while evaluating: the same in every epoch, so that losses compare.
    Evaluate,
    /// Noise while measuring the training images when training is over.
    Measure,
    /// Noisy copies that are drawn once.
    Copies,
    /// Samples and noise of the commands that use a run.
    Use,
    /// The order in which the values of a sample change places.
    Permutation,
    /// What a baseline draws.
    Baseline,
    /// What is drawn around the outputs of new samples.
    Output,
    /// Which samples' codes are recorded while training.
    Map,
    /// How images are changed while training.
    Augment,
    /// Which samples the draws of a bootstrap take.
    Bootstrap,
}

/// The seed of a stream: a function of the run's seed, the epoch and the purpose alone, so that a resumed run draws what
/// the uninterrupted one would have drawn.
pub fn stream(seed: u64, epoch: usize, purpose: Purpose) -> u64 {
    // The seed is mixed first, so that seed and purpose cannot change places.
    mix(mix(seed) ^ ((epoch as u64) << 8 | purpose as u64))
}

/// The seed of one part of a stream, such as one sample of an epoch: whoever draws it, and when, changes nothing.
pub(crate) fn part_of(stream: u64, part: u64) -> u64 {
    mix(stream.wrapping_add(mix(part)))
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn streams_differ_by_seed_epoch_and_purpose() {
        let mut seen = HashSet::new();
        for seed in 0..20 {
            for epoch in 0..200 {
                for purpose in [
                    Purpose::Weights,
                    Purpose::Shuffle,
                    Purpose::Train,
                    Purpose::Evaluate,
                    Purpose::Measure,
                    Purpose::Copies,
                    Purpose::Use,
                    Purpose::Permutation,
                    Purpose::Baseline,
                    Purpose::Output,
                    Purpose::Map,
                    Purpose::Augment,
                ] {
                    assert!(
                        seen.insert(stream(seed, epoch, purpose)),
                        "{seed} {epoch} {purpose:?} repeats"
                    );
                }
            }
        }
    }

    #[test]
    fn the_mixer_is_splitmix64() {
        // First output of SplitMix64 from state 0, as in the reference implementation.
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
    }
}
