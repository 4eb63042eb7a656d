//! The random numbers of tests that damage files.

/// Numbers below a bound, the same in every run: a linear congruential generator with the constants of Knuth's MMIX.
pub(crate) fn random() -> impl FnMut(usize) -> usize {
    let mut state = 1u64;
    move |below| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    }
}
