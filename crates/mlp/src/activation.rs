//! Element-wise activations and their slopes.

use pulp::{Simd, WithSimd};

use crate::math;
use crate::simd_vector::{Wide, vectors, vectors_mut};

/// An element-wise activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// f(a) = a.
    Linear,
    /// f(a) = max(0, a).
    Relu,
    /// f(a) = a where a > 0, else 0.01 a.
    LeakyRelu,
    /// f(a) = a where a > 0, else eᵃ - 1 (Clevert et al. 2015).
    Elu,
    /// f(a) = a Φ(a), with the exact normal distribution function Φ (Hendrycks and Gimpel 2016).
    Gelu,
    /// f(a) = a σ(a), also called swish (Elfwing et al. 2017).
    Silu,
    /// f(a) = tanh a, in (-1, 1).
    Tanh,
    /// f(a) = σ(a) = 1 / (1 + e⁻ᵃ), in (0, 1).
    Sigmoid,
}

/// Slope of the leaky rectifier on its negative side.
const LEAK: f64 = 0.01;

impl Activation {
    /// Every activation, in the order in which messages list them.
    pub const ALL: [Self; 8] = [
        Self::Linear,
        Self::Relu,
        Self::LeakyRelu,
        Self::Elu,
        Self::Gelu,
        Self::Silu,
        Self::Tanh,
        Self::Sigmoid,
    ];

    /// Whether f'(a) follows from f(a) alone.
    pub(crate) fn is_invertible(self) -> bool {
        !matches!(self, Self::Gelu | Self::Silu)
    }
}

/// values ← f(values); `slopes` takes f' where it does not follow from f, and is left alone elsewhere.
pub(crate) struct Activate<'a> {
    pub(crate) activation: Activation,
    pub(crate) values: &'a mut [f64],
    pub(crate) slopes: &'a mut [f64],
}

impl WithSimd for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let values = vectors_mut::<S>(self.values);
        let slopes = vectors_mut::<S>(self.slopes);
        match self.activation {
            Activation::Linear => {}
            Activation::Relu => map(
                simd,
                values,
                #[inline(always)]
                |a| a.at_least(0.0),
            ),
            Activation::LeakyRelu => map(
                simd,
                values,
                #[inline(always)]
                |a| a.positive().select(a, a * LEAK),
            ),
            Activation::Elu => map(
                simd,
                values,
                #[inline(always)]
                |a| a.positive().select(a, math::exp_m1(a)),
            ),
            Activation::Gelu => both(
                simd,
                values,
                slopes,
                #[inline(always)]
                |a| gelu(a),
            ),
            Activation::Silu => both(
                simd,
                values,
                slopes,
                #[inline(always)]
                |a| silu(a),
            ),
            Activation::Tanh => map(
                simd,
                values,
                #[inline(always)]
                |a| math::tanh(a),
            ),
            Activation::Sigmoid => map(
                simd,
                values,
                #[inline(always)]
                |a| math::sigmoid(a),
            ),
        }
    }
}

/// a Φ(a) and its slope Φ(a) + a φ(a).
#[inline(always)]
fn gelu<S: Simd>(a: Wide<S>) -> (Wide<S>, Wide<S>) {
    let (distribution, density) = math::normal(a);
    (a * distribution, a.mul_add(density, distribution))
}

/// a σ(a) and its slope σ + a σ (1 - σ).
#[inline(always)]
fn silu<S: Simd>(a: Wide<S>) -> (Wide<S>, Wide<S>) {
    let s = math::sigmoid(a);
    let value = a * s;
    (value, value.mul_add(-s + 1.0, s))
}

/// deltas ← deltas · f', where `values` are f and `slopes` those of [`Activate`].
pub(crate) struct Slope<'a> {
    pub(crate) activation: Activation,
    pub(crate) values: &'a [f64],
    pub(crate) slopes: &'a [f64],
    pub(crate) deltas: &'a mut [f64],
}

impl WithSimd for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let values = vectors::<S>(self.values);
        let slopes = vectors::<S>(self.slopes);
        let deltas = vectors_mut::<S>(self.deltas);
        match self.activation {
            Activation::Linear => {}
            Activation::Relu => scale(
                simd,
                deltas,
                values,
                #[inline(always)]
                |y| y.positive().select(y.like(1.0), y.like(0.0)),
            ),
            Activation::LeakyRelu => scale(
                simd,
                deltas,
                values,
                #[inline(always)]
                |y| y.positive().select(y.like(1.0), y.like(LEAK)),
            ),
            Activation::Elu => scale(
                simd,
                deltas,
                values,
                #[inline(always)]
                |y| y.positive().select(y.like(1.0), y + 1.0),
            ),
            Activation::Gelu | Activation::Silu => scale(
                simd,
                deltas,
                slopes,
                #[inline(always)]
                |slope| slope,
            ),
            Activation::Tanh => scale(
                simd,
                deltas,
                values,
                #[inline(always)]
                |y| y.neg_mul_add(y, y.like(1.0)),
            ),
            Activation::Sigmoid => scale(
                simd,
                deltas,
                values,
                #[inline(always)]
                |y| y.neg_mul_add(y, y),
            ),
        }
    }
}

/// value ← f(value)
#[inline(always)]
fn map<S: Simd>(simd: S, values: &mut [S::f64s], f: impl Fn(Wide<S>) -> Wide<S>) {
    for value in values {
        *value = f(Wide(simd, *value)).1;
    }
}

/// (value, slope) ← f(value)
#[inline(always)]
fn both<S: Simd>(
    simd: S,
    values: &mut [S::f64s],
    slopes: &mut [S::f64s],
    f: impl Fn(Wide<S>) -> (Wide<S>, Wide<S>),
) {
    for (value, slope) in values.iter_mut().zip(slopes) {
        let (y, dy) = f(Wide(simd, *value));
        (*value, *slope) = (y.1, dy.1);
    }
}

/// delta ← delta · f(value)
#[inline(always)]
fn scale<S: Simd>(
    simd: S,
    deltas: &mut [S::f64s],
    values: &[S::f64s],
    f: impl Fn(Wide<S>) -> Wide<S>,
) {
    for (delta, value) in deltas.iter_mut().zip(values) {
        *delta = (Wide(simd, *delta) * f(Wide(simd, *value))).1;
    }
}
