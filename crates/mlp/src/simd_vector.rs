//! Vectors of numbers, as wide as the machine has them, with the operators of numbers.
//!
//! Whatever takes one is inlined into a loop that pulp compiled for these vectors: a call would know nothing of them.

use std::ops::{Add, Div, Mul, Neg, Sub};

use pulp::{Simd, bytemuck};

/// The most lanes that a vector has: what is padded to them is padded for every machine.
pub(crate) const LANES: usize = 8;

/// A vector: as many numbers as a register holds.
#[derive(Clone, Copy)]
pub(crate) struct Wide<S: Simd>(pub(crate) S, pub(crate) S::f64s);

/// The least multiple of [`LANES`] that holds `count` numbers.
pub(crate) fn padded(count: usize) -> usize {
    count.next_multiple_of(LANES)
}

/// Padded numbers as vectors.
#[inline(always)]
pub(crate) fn vectors<S: Simd>(values: &[f64]) -> &[S::f64s] {
    S::as_simd_f64s(values).0
}

/// Padded numbers as vectors.
#[inline(always)]
pub(crate) fn vectors_mut<S: Simd>(values: &mut [f64]) -> &mut [S::f64s] {
    S::as_mut_simd_f64s(values).0
}

impl<S: Simd> Wide<S> {
    /// A number in every lane.
    #[inline(always)]
    pub(crate) fn splat(simd: S, value: f64) -> Self {
        Self(simd, simd.splat_f64s(value))
    }

    /// A vector like this one with one number in every lane.
    #[inline(always)]
    pub(crate) fn like(self, value: f64) -> Self {
        Self::splat(self.0, value)
    }

    /// self · factor + addend, rounded once where the machine can.
    #[inline(always)]
    pub(crate) fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(self.0, self.0.mul_add_e_f64s(self.1, factor.1, addend.1))
    }

    /// addend - self · factor, rounded once where the machine can.
    #[inline(always)]
    pub(crate) fn neg_mul_add(self, factor: Self, addend: Self) -> Self {
        let product = self.0.negate_mul_add_e_f64s(self.1, factor.1, addend.1);
        Self(self.0, product)
    }

    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self(self.0, self.0.abs_f64s(self.1))
    }

    /// What is below `least` becomes it; NaN stays NaN.
    #[inline(always)]
    pub(crate) fn at_least(self, least: f64) -> Self {
        let least = self.like(least);
        if S::IS_SCALAR {
            return self.less_than(least).select(least, self);
        }
        // Of a number and a NaN, x86 takes the second and the others the NaN.
        Self(self.0, self.0.max_f64s(least.1, self.1))
    }

    /// What is above `most` becomes it; NaN stays NaN.
    #[inline(always)]
    pub(crate) fn at_most(self, most: f64) -> Self {
        let most = self.like(most);
        if S::IS_SCALAR {
            return most.less_than(self).select(most, self);
        }
        Self(self.0, self.0.min_f64s(most.1, self.1))
    }

    /// Where this is less than `other`.
    #[inline(always)]
    pub(crate) fn less_than(self, other: Self) -> Mask<S> {
        Mask(self.0, self.0.less_than_f64s(self.1, other.1))
    }

    /// Where this is above zero.
    #[inline(always)]
    pub(crate) fn positive(self) -> Mask<S> {
        self.like(0.0).less_than(self)
    }

    /// Changes the bits of the numbers, lane by lane.
    #[inline(always)]
    pub(crate) fn map_bits(mut self, change: impl Fn(u64) -> u64) -> Self {
        let lanes: &mut [u64] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut self.1));
        for lane in lanes {
            *lane = change(*lane);
        }
        self
    }

    /// c₀ + c₁ x + c₂ x² + …
    #[inline(always)]
    pub(crate) fn polynomial<const N: usize>(self, coefficients: &[f64; N]) -> Self {
        let mut sum = self.like(coefficients[N - 1]);
        for coefficient in coefficients[..N - 1].iter().rev() {
            sum = sum.mul_add(self, self.like(*coefficient));
        }
        sum
    }

    /// The sum of the lanes.
    #[inline(always)]
    pub(crate) fn sum(self) -> f64 {
        self.0.reduce_sum_f64s(self.1)
    }
}

/// Yes or no in every lane.
#[derive(Clone, Copy)]
pub(crate) struct Mask<S: Simd>(S, S::m64s);

impl<S: Simd> Mask<S> {
    /// `yes` where it is set, else `no`.
    #[inline(always)]
    pub(crate) fn select(self, yes: Wide<S>, no: Wide<S>) -> Wide<S> {
        Wide(self.0, self.0.select_f64s(self.1, yes.1, no.1))
    }
}

impl<S: Simd> Neg for Wide<S> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0, self.0.neg_f64s(self.1))
    }
}

/// An operator between vectors, and between a vector and a number.
macro_rules! operator {
    ($name:ident, $function:ident, $simd:ident) => {
        impl<S: Simd> $name for Wide<S> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                Self(self.0, self.0.$simd(self.1, other.1))
            }
        }

        impl<S: Simd> $name<f64> for Wide<S> {
            type Output = Self;

            #[inline(always)]
            fn $function(self, other: f64) -> Self {
                self.$function(self.like(other))
            }
        }
    };
}

operator!(Add, add, add_f64s);
operator!(Sub, sub, sub_f64s);
operator!(Mul, mul, mul_f64s);
operator!(Div, div, div_f64s);
