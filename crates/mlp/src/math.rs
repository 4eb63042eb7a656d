//! Functions of double precision without branches and tables, for vectors of any width.

use std::f64::consts::{LOG2_E, SQRT_2};

use pulp::Simd;

use crate::simd_vector::Wide;

/// 1.5 · 2⁵²: adding it rounds a number of less than 2⁵¹ to an integer, which stands in the low bits of the sum.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts, the first so short that its products with exponents are exact (Cody and Waite 1980).
const LN_2_PARTS: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
/// Below it eˣ leaves the normal numbers.
const LOWEST: f64 = -708.0;
/// Above it eˣ leaves the finite numbers.
const HIGHEST: f64 = 709.0;
/// (eʳ - 1 - r) / r² for |r| ≤ ½ ln 2 within 2·10⁻¹⁷, by Remez' algorithm.
const EXP: [f64; 10] = [
    0.5000000000000004,
    0.16666666666666685,
    0.04166666666658206,
    0.008333333333315648,
    0.0013888888930171613,
    0.00019841269900914844,
    2.4801506690571535e-5,
    2.7557229710613978e-6,
    2.762554567171616e-7,
    2.5113953434871444e-8,
];
/// (ln((1 + s) / (1 - s)) - 2s) / s³ as a polynomial of s², for a quotient between √½ and √2, within 2·10⁻²⁰.
const LOG: [f64; 8] = [
    0.6666666666666666,
    0.40000000000003644,
    0.28571428569767504,
    0.22222222559628083,
    0.18181781738642425,
    0.1538685524105815,
    0.1325489540666247,
    0.1321180864477548,
];
/// (1 + a) eᵃ²ᐟ² Φ(-a) for a ≥ 0 as a polynomial of (a - 5) / (a + 5), within 2·10⁻¹⁶, by Chebyshev's points.
const NORMAL: [f64; 25] = [
    0.46151582985003775,
    -0.09155228183400904,
    0.03103036842596287,
    0.010002352385229773,
    -0.02640104296626822,
    0.024536963243668563,
    -0.01517041540326365,
    0.006522000667904395,
    -0.001676072337330067,
    7.791596609330128e-06,
    0.00018233410399827666,
    -5.360757786838257e-05,
    -9.895949424151274e-06,
    9.059816217341491e-06,
    -7.069866498564047e-08,
    -1.307434133136303e-06,
    1.2843607685400592e-07,
    1.9626196879482795e-07,
    -2.686974703571907e-08,
    -3.094072350503762e-08,
    4.014451142473779e-09,
    4.39665120645343e-09,
    -4.296994851384812e-10,
    -3.807990042384587e-10,
    2.458701601454827e-11,
];

/// eˣ within 2 units in the last place; what lies outside -708 to 709 is taken for these ends. NaN stays NaN.
#[inline(always)]
pub(crate) fn exp<S: Simd>(x: Wide<S>) -> Wide<S> {
    let (less_one, power) = split(clamp(x));
    (less_one + 1.0) * power
}

/// eˣ - 1 within 3 units in the last place, with the ends of [`exp`].
#[inline(always)]
pub(crate) fn exp_m1<S: Simd>(x: Wide<S>) -> Wide<S> {
    let (less_one, power) = split(clamp(x));
    less_one.mul_add(power, power - 1.0)
}

/// eˣ and eˣ - 1 at once.
#[inline(always)]
pub(crate) fn exp_and_m1<S: Simd>(x: Wide<S>) -> (Wide<S>, Wide<S>) {
    let (less_one, power) = split(clamp(x));
    (
        (less_one + 1.0) * power,
        less_one.mul_add(power, power - 1.0),
    )
}

/// What is too small or too large for eˣ as the last numbers that are not.
#[inline(always)]
fn clamp<S: Simd>(x: Wide<S>) -> Wide<S> {
    x.at_least(LOWEST).at_most(HIGHEST)
}

/// eʳ - 1 and 2ⁿ for x from -708 to 709, where x = n ln 2 + r and |r| ≤ ½ ln 2.
#[inline(always)]
fn split<S: Simd>(x: Wide<S>) -> (Wide<S>, Wide<S>) {
    let shifted = x.mul_add(x.like(LOG2_E), x.like(ROUNDER));
    let n = shifted - ROUNDER;
    let r = n.neg_mul_add(x.like(LN_2_PARTS[0]), x);
    let r = n.neg_mul_add(x.like(LN_2_PARTS[1]), r);
    let less_one = (r * r).mul_add(r.polynomial(&EXP), r);
    let power = shifted.map_bits(|bits| (bits << 52).wrapping_add(1.0_f64.to_bits()));
    (less_one, power)
}

/// 1 / (1 + e⁻ˣ) within 3 units in the last place.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(x: Wide<S>) -> Wide<S> {
    x.like(1.0) / (exp(-x) + 1.0)
}

/// tanh x within 4 units in the last place: e²ˣ - 1 over e²ˣ + 1.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(x: Wide<S>) -> Wide<S> {
    // Beyond 20 it rounds to one.
    let (less_one, power) = split((x + x).at_least(-40.0).at_most(40.0));
    let e = less_one.mul_add(power, power - 1.0);
    e / (e + 2.0)
}

/// ln(1 + x) for x from 0 to 10³⁰⁷ within 3 units in the last place.
#[inline(always)]
pub(crate) fn ln_1p<S: Simd>(x: Wide<S>) -> Wide<S> {
    const MANTISSA: u64 = (1 << 52) - 1;
    const HALF_ROOT: u64 = (SQRT_2 / 2.0).to_bits();
    let one = x.like(1.0);
    let sum = x + one;
    // What the sum has lost.
    let part = sum - one;
    let lost = (x - part) + (one - (sum - part));
    // sum = 2ⁿ m with m from √½ to √2.
    let moved = sum.map_bits(|bits| bits + (1.0_f64.to_bits() - HALF_ROOT));
    let m = moved.map_bits(|bits| (bits & MANTISSA) + HALF_ROOT);
    let n = moved.map_bits(|bits| (bits >> 52) | ROUND_BITS) - (TWO_52 + 1023.0);
    let inverse = moved.map_bits(|bits| (2046 << 52) - (bits & !MANTISSA));
    let f = lost.mul_add(inverse, m - one);
    let s = f / (f + 2.0);
    let square = s * s;
    let series = (s * square).mul_add(square.polynomial(&LOG), s + s);
    n.mul_add(
        x.like(LN_2_PARTS[0]),
        n.mul_add(x.like(LN_2_PARTS[1]), series),
    )
}

/// 2⁵², whose low bits count ones.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const ROUND_BITS: u64 = TWO_52.to_bits();

/// The normal distribution function Φ(x) and its density φ(x), within some units in the last place near zero; far from it
/// the error of x² grows into x² units.
#[inline(always)]
pub(crate) fn normal<S: Simd>(x: Wide<S>) -> (Wide<S>, Wide<S>) {
    const DENSITY: f64 = 0.398_942_280_401_432_7;
    let a = x.abs().at_most(38.0);
    let bell = exp(a * a * -0.5);
    let tail = ((a - 5.0) / (a + 5.0)).polynomial(&NORMAL) * bell / (a + 1.0);
    let below = x.less_than(x.like(0.0));
    (below.select(tail, -tail + 1.0), bell * DENSITY)
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;
    use crate::simd_vector::{LANES, vectors_mut};

    /// Which function of this file.
    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        ExpM1,
        Sigmoid,
        Tanh,
        Ln1p,
        Distribution,
        Density,
    }

    /// A function of each number, in place.
    struct Map<'a>(Function, &'a mut [f64]);

    impl WithSimd for Map<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            for value in vectors_mut::<S>(self.1) {
                let x = Wide(simd, *value);
                *value = match self.0 {
                    Function::Exp => exp(x),
                    Function::ExpM1 => exp_m1(x),
                    Function::Sigmoid => sigmoid(x),
                    Function::Tanh => tanh(x),
                    Function::Ln1p => ln_1p(x),
                    Function::Distribution => normal(x).0,
                    Function::Density => normal(x).1,
                }
                .1;
            }
        }
    }

    fn at(function: Function, x: f64) -> f64 {
        let mut values = [x; LANES];
        Arch::new().dispatch(Map(function, &mut values));
        values[0]
    }

    /// The largest relative error over a fine grid, in units in the last place.
    fn check(function: Function, [from, to]: [f64; 2], exact: fn(f64) -> f64, most: f64) {
        let steps = 1 << 18;
        let place = |step| from + (to - from) * (f64::from(step) / f64::from(steps - 1));
        let points: Vec<f64> = (0..steps).map(place).collect();
        let mut ours = points.clone();
        Arch::new().dispatch(Map(function, &mut ours));
        let mut narrow = points.clone();
        Map(function, &mut narrow).with_simd(pulp::Scalar);
        for ((x, ours), narrow) in points.iter().zip(&ours).zip(&narrow) {
            let exact = exact(*x);
            for ours in [ours, narrow] {
                let error = (ours - exact).abs() / exact.abs().max(1e-300) / f64::EPSILON;
                assert!(error <= most, "{error} units at {x}: {ours}, not {exact}");
            }
        }
    }

    #[test]
    fn errors_are_a_few_units_in_the_last_place() {
        check(Function::Exp, [-708.0, 709.0], f64::exp, 2.0);
        check(Function::Exp, [-1.0, 1.0], f64::exp, 2.0);
        check(Function::ExpM1, [-3.0, 3.0], f64::exp_m1, 3.0);
        check(Function::ExpM1, [-1e-3, 1e-3], f64::exp_m1, 2.0);
        check(Function::Tanh, [-22.0, 22.0], f64::tanh, 4.0);
        check(Function::Tanh, [-0.5, 0.5], f64::tanh, 4.0);
        check(
            Function::Sigmoid,
            [-700.0, 700.0],
            |x| 1.0 / (1.0 + (-x).exp()),
            4.0,
        );
        check(
            Function::Sigmoid,
            [-3.0, 3.0],
            |x| 1.0 / (1.0 + (-x).exp()),
            4.0,
        );
        check(Function::Ln1p, [0.0, 4.0], f64::ln_1p, 3.0);
        check(Function::Ln1p, [0.0, 1e-9], f64::ln_1p, 3.0);
        check(Function::Ln1p, [0.0, 1e300], f64::ln_1p, 3.0);
    }

    /// Against the exact numbers of mpmath.
    #[test]
    fn the_normal_distribution_is_as_exact() {
        let known = [
            (-30.0, 4.906713927148187e-198, 1.4736461348785476e-196),
            (-8.0, 6.220960574271784e-16, 5.052271083536892e-15),
            (-5.0, 2.866515718791939e-07, 1.4867195147342977e-06),
            (-2.0, 0.02275013194817921, 0.05399096651318805),
            (-1.0, 0.15865525393145705, 0.24197072451914334),
            (-0.25, 0.4012936743170763, 0.3866681168028492),
            (0.0, 0.5, 0.3989422804014327),
            (0.25, 0.5987063256829237, 0.3866681168028492),
            (0.5, 0.6914624612740131, 0.35206532676429947),
            (1.0, 0.8413447460685429, 0.24197072451914334),
            (2.0, 0.9772498680518208, 0.05399096651318805),
            (3.5, 0.9997673709209645, 0.00087268269504576),
            (6.0, 0.9999999990134123, 6.075882849823285e-09),
            (9.0, 1.0, 1.0279773571668915e-18),
        ];
        for (x, distribution, density) in known {
            let near = |ours: f64, exact: f64| {
                (ours / exact - 1.0_f64).abs() < (4.0 + x * x) * f64::EPSILON
            };
            assert!(near(at(Function::Distribution, x), distribution), "{x}");
            assert!(near(at(Function::Density, x), density), "{x}");
        }
    }

    #[test]
    fn the_ends_are_kept() {
        for (function, low, high) in [
            (Function::Tanh, -1.0, 1.0),
            (Function::Sigmoid, 0.0, 1.0),
            (Function::Distribution, 0.0, 1.0),
        ] {
            assert!((at(function, f64::NEG_INFINITY) - low).abs() < 1e-300);
            assert_eq!(at(function, f64::INFINITY), high);
            assert!(at(function, f64::NAN).is_nan());
        }
        assert_eq!(at(Function::Exp, 0.0), 1.0);
        assert_eq!(at(Function::Sigmoid, 0.0), 0.5);
        for zero in [Function::ExpM1, Function::Tanh, Function::Ln1p] {
            assert_eq!(at(zero, 0.0), 0.0);
        }
        for function in [Function::Exp, Function::ExpM1, Function::Ln1p] {
            assert!(at(function, f64::NAN).is_nan());
        }
    }
}
