//! How wide the vectors are that own code works with: as wide as the machine has them, or narrower where a run asks for that.
//!
//! A sum of numbers depends on its order, and vectors of another width add in another order. A run that is to give the same bytes on machines
//! with AVX-512 and without holds the narrower width on both.

use std::sync::atomic::{AtomicUsize, Ordering};

pub use pulp::Arch;

/// The width in bits that is held for this process; 0 is that of the machine.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// The widths that can be held, in bits: what every x86-64 processor has, AVX2 with FMA, AVX-512.
pub const WIDTHS: [usize; 3] = [128, 256, 512];

/// The instructions that own code is compiled for at this moment.
#[inline]
pub fn arch() -> Arch {
    match HELD.load(Ordering::Relaxed) {
        0 => Arch::new(),
        bits => of_width(bits).unwrap_or(Arch::Scalar),
    }
}

/// The width of the vectors that own code works with, in bits.
pub fn width() -> usize {
    match HELD.load(Ordering::Relaxed) {
        0 => widest(),
        bits => bits,
    }
}

/// The width of the machine's own vectors, in bits.
pub fn widest() -> usize {
    let has = |bits: &usize| of_width(*bits).is_some();
    WIDTHS.into_iter().rev().find(has).unwrap_or(WIDTHS[0])
}

/// Holds a width for all that this process computes from now on; 0 is that of the machine.
///
/// # Errors
///
/// The widest that the machine has, where it has none of this width.
pub fn hold(bits: usize) -> Result<(), usize> {
    if bits != 0 && of_width(bits).is_none() {
        return Err(widest());
    }
    HELD.store(bits, Ordering::Relaxed);
    Ok(())
}

/// The instructions with vectors of this width, where the machine has them.
#[cfg(target_arch = "x86_64")]
fn of_width(bits: usize) -> Option<Arch> {
    match bits {
        128 => Some(Arch::Scalar),
        256 => pulp::x86::V3::try_new().map(Arch::V3),
        512 => pulp::x86::V4::try_new().map(Arch::V4),
        _ => None,
    }
}
#[cfg(not(target_arch = "x86_64"))]
fn of_width(bits: usize) -> Option<Arch> {
    (bits == 128).then(Arch::new)
}

/// Whether products of matrices are to be computed with narrower vectors than the machine has.
#[cfg(target_arch = "x86_64")]
pub(crate) fn narrower() -> Option<Arch> {
    match HELD.load(Ordering::Relaxed) {
        0 => None,
        bits if bits == widest() => None,
        bits => of_width(bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_widths_of_the_machine_can_be_held() {
        for bits in [1, 64, 1024] {
            assert_eq!(hold(bits), Err(widest()));
        }
        assert!(of_width(128).is_some());
        assert!(WIDTHS.contains(&widest()));
        assert!(of_width(widest()).is_some());
    }
}
