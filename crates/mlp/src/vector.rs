//! Sums and products of vectors, with the widest instructions that the machine has.
//!
//! Sums run in [`LANES`] partial sums that are added in one order, without fused multiplication: a vector has the same dot
//! product, bit for bit, on every machine.

use pulp::Arch;

/// Partial sums of a sum.
const LANES: usize = 32;

/// Runs `work` compiled for the machine.
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    struct Wide<F>(F);
    impl<R, F: FnOnce() -> R> pulp::NullaryFnOnce for Wide<F> {
        type Output = R;

        #[inline(always)]
        fn call(self) -> R {
            (self.0)()
        }
    }
    Arch::new().dispatch(Wide(work))
}

/// Σ aᵢ bᵢ.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    wide(
        #[inline(always)]
        || dot_here(a, b),
    )
}

/// [`dot`] inside of [`wide`].
#[inline(always)]
pub(crate) fn dot_here(a: &[f64], b: &[f64]) -> f64 {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[lane] += a * b;
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

/// a ← a + factor b.
pub(crate) fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    wide(
        #[inline(always)]
        || {
            for (a, b) in a.iter_mut().zip(b) {
                *a += factor * b;
            }
        },
    );
}

/// to ← a + factor b.
pub(crate) fn sum(to: &mut [f64], a: &[f64], factor: f64, b: &[f64]) {
    wide(
        #[inline(always)]
        || {
            for ((to, a), b) in to.iter_mut().zip(a).zip(b) {
                *to = a + factor * b;
            }
        },
    );
}

/// a ← factor a.
pub(crate) fn scale(a: &mut [f64], factor: f64) {
    a.iter_mut().for_each(|a| *a *= factor);
}

/// The length of a vector.
pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// The largest |aᵢ|; not a number where a part is none.
pub(crate) fn largest(a: &[f64]) -> f64 {
    a.iter()
        .fold(0.0, |most, a| if a.abs() <= most { most } else { a.abs() })
}
