//! Loops over numbers, compiled for the widest vectors that the machine has.
//!
//! Each is a `WithSimd` of its own: a closure handed to `Arch::dispatch` may end as a function that is called, and that knows
//! nothing of wide vectors.

use pulp::{Simd, WithSimd};

use crate::vectors::arch;

/// value ← f(value)
#[inline(always)]
pub(crate) fn map(values: &mut [f32], f: impl Fn(f32) -> f32) {
    arch().dispatch(Map { values, f });
}

/// f(a, b) for each pair.
#[inline(always)]
pub(crate) fn pairs(a: &mut [f32], b: &[f32], f: impl Fn(&mut f32, f32)) {
    arch().dispatch(Pairs { a, b, f });
}

/// f(a, b, c) for each three, as far as all of them go.
#[inline(always)]
pub fn triples(a: &mut [f32], b: &[f32], c: &mut [f32], f: impl Fn(&mut f32, f32, &mut f32)) {
    arch().dispatch(Triples { a, b, c, f });
}

/// f(a, b, c, d) for each four.
#[inline(always)]
pub(crate) fn fours(
    a: &mut [f32],
    b: &[f32],
    [c, d]: [&mut [f32]; 2],
    f: impl Fn(&mut f32, f32, &mut f32, &mut f32),
) {
    arch().dispatch(Fours { a, b, c, d, f });
}

/// The sum of numbers, whose order is the same for vectors of any width.
pub(crate) fn total(values: &[f32]) -> f32 {
    arch().dispatch(Total { values })
}

/// Sums that run beside each other: one alone would wait for each addition before it can begin the next.
const SUMS: usize = 64;

struct Total<'a> {
    values: &'a [f32],
}

impl WithSimd for Total<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let (lines, rest) = self.values.as_chunks::<SUMS>();
        let mut sums = [0.0; SUMS];
        for line in lines {
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += value;
            }
        }
        sums.iter().chain(rest).sum()
    }
}

struct Map<'a, F> {
    values: &'a mut [f32],
    f: F,
}

impl<F: Fn(f32) -> f32> WithSimd for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for value in self.values {
            *value = (self.f)(*value);
        }
    }
}

struct Pairs<'a, F> {
    a: &'a mut [f32],
    b: &'a [f32],
    f: F,
}

impl<F: Fn(&mut f32, f32)> WithSimd for Pairs<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (a, b) in self.a.iter_mut().zip(self.b) {
            (self.f)(a, *b);
        }
    }
}

struct Triples<'a, F> {
    a: &'a mut [f32],
    b: &'a [f32],
    c: &'a mut [f32],
    f: F,
}

impl<F: Fn(&mut f32, f32, &mut f32)> WithSimd for Triples<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((a, b), c) in self.a.iter_mut().zip(self.b).zip(self.c) {
            (self.f)(a, *b, c);
        }
    }
}

struct Fours<'a, F> {
    a: &'a mut [f32],
    b: &'a [f32],
    c: &'a mut [f32],
    d: &'a mut [f32],
    f: F,
}

impl<F: Fn(&mut f32, f32, &mut f32, &mut f32)> WithSimd for Fours<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (((a, b), c), d) in self.a.iter_mut().zip(self.b).zip(self.c).zip(self.d) {
            (self.f)(a, *b, c, d);
        }
    }
}
