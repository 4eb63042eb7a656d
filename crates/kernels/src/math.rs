//! Functions of single precision without branches and calls, which compilers turn into vectors.

/// 1.5 · 2²³: adding it rounds a number of less than 2²² to an integer, which stands in the low bits of the sum.
const ROUNDER: f32 = 12_582_912.0;
/// ln 2 in two parts, the first exact in a few bits (Cody and Waite 1980).
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Below it eˣ leaves the normal numbers.
const LOWEST: f32 = -87.0;
/// Above it eˣ leaves the finite numbers.
const HIGHEST: f32 = 88.0;

/// eˣ within 2 units in the last place; what lies outside -87 to 88 is taken for these ends. NaN stays NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // Comparisons as they stand let a NaN through.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    // The Taylor series on ±½ ln 2; its next term is below 2⁻²⁴.
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * (r * r) + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    p * power
}

/// ln(1 + x) for x in [0, 1], within 2 units in the last place: 2 artanh s with s = x / (2 + x), by its series.
#[inline(always)]
pub fn log1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let q = s * s;
    let p = 1.0 / 15.0;
    let p = p * q + 1.0 / 13.0;
    let p = p * q + 1.0 / 11.0;
    let p = p * q + 1.0 / 9.0;
    let p = p * q + 1.0 / 7.0;
    let p = p * q + 1.0 / 5.0;
    let p = p * q + 1.0 / 3.0;
    2.0 * (s + s * (q * p))
}

/// 1 / (1 + e⁻ˣ).
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    let s = 1.0 / (1.0 + e);
    if x < 0.0 { e * s } else { s }
}

/// tanh x within 4 units in the last place: e²ˣ - 1 over e²ˣ + 1, with a series where the difference would cancel.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let e = exp(-2.0 * size);
    let far = ((1.0 - e) / (1.0 + e)).copysign(x);
    // x - x³/3 + 2x⁵/15 - 17x⁷/315 + 62x⁹/2835 - 1382x¹¹/155925
    let q = x * x;
    let p = -1382.0 / 155_925.0;
    let p = p * q + 62.0 / 2835.0;
    let p = p * q - 17.0 / 315.0;
    let p = p * q + 2.0 / 15.0;
    let p = p * q - 1.0 / 3.0;
    let near = x + x * (q * p);
    if size < 0.3 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest relative error over a fine grid.
    fn worst(from: f32, to: f32, ours: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        let steps = 400_000;
        let grid = (0..=steps).map(|step| from + (to - from) * (step as f32 / steps as f32));
        let errors = grid.map(|x| {
            let exact = exact(f64::from(x));
            let scale = exact.abs().max(f64::from(f32::MIN_POSITIVE));
            (f64::from(ours(x)) - exact).abs() / scale
        });
        errors.fold(0.0, f64::max)
    }

    #[test]
    fn errors_are_a_few_units_in_the_last_place() {
        let unit = f64::from(f32::EPSILON);
        assert!(worst(-87.0, 88.0, exp, f64::exp) < 2.0 * unit);
        assert!(worst(0.0, 1.0, log1p, f64::ln_1p) < 2.0 * unit);
        assert!(worst(-12.0, 12.0, tanh, f64::tanh) < 4.0 * unit);
        assert!(worst(-80.0, 80.0, sigmoid, |x| 1.0 / (1.0 + (-x).exp())) < 4.0 * unit);
    }

    #[test]
    fn the_ends_are_kept() {
        assert_eq!((tanh(f32::INFINITY), tanh(f32::NEG_INFINITY)), (1.0, -1.0));
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
        assert!(sigmoid(f32::NEG_INFINITY) < 1e-37);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!((tanh(0.0), log1p(0.0), sigmoid(0.0)), (0.0, 0.0, 0.5));
        for f in [exp, tanh, sigmoid, log1p] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
