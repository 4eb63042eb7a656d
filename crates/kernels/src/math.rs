//! Functions without branches and calls, which compilers turn into vectors.

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
    let (r, power) = reduced(x);
    exp_near_zero(r) * power
}

/// x = n ln 2 + r with an integer n: r, at most ½ ln 2 in size, and 2ⁿ.
#[inline(always)]
fn reduced(x: f32) -> (f32, f32) {
    // Comparisons as they stand let a NaN through.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    (r, power)
}

/// eʳ by its Taylor series, whose next term is below 2⁻²⁴ on ±½ ln 2.
#[inline(always)]
fn exp_near_zero(r: f32) -> f32 {
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    p * (r * r) + r + 1.0
}

/// Beyond it, on either side, the tail of the normal distribution holds less than 10⁻³⁵, which is taken for 0.
const TAIL: f32 = 12.5;
/// ½ erfcx(x / √2) = t P(t) on 0 to 12.5 with t = 1 / (1 + 5/16 x), which is as in formula 26.2.17 of Abramowitz and Stegun (1964), but
/// relative to what it stands for: fitted in double precision by least squares that were weighted anew until the largest relative error was the
/// smallest (Lawson 1961), 9·10⁻⁹. The first coefficient is that of the lowest power.
const TAIL_SERIES: [f32; 10] = [
    0.124_661_53,
    0.124_824_4,
    0.111_272_77,
    0.092_913_41,
    0.047_459_066,
    0.012_344_726,
    0.056_604_6,
    -0.137_982_84,
    0.085_924_47,
    -0.018_022_138,
];

/// Φ(x), the standard normal distribution function ½ (1 + erf(x / √2)), and its density φ(x), both within 4 units in the last place.
#[inline(always)]
pub fn normal(x: f32) -> (f32, f32) {
    let size = x.abs();
    // Comparisons as they stand let a NaN through.
    let near = if size > TAIL { TAIL } else { size };
    // x² = high² + (x - high) (x + high): 12 bits of x have an exact square. The rounding of x² would be one of e^(-x²/2) 100 times as large.
    let high = f32::from_bits(near.to_bits() & 0xffff_f000);
    let (r, power) = reduced(-0.5 * (high * high));
    let e = exp_near_zero(r - 0.5 * ((near - high) * (near + high))) * power;
    let e = if size > TAIL { 0.0 } else { e };
    let t = 1.0 / (1.0 + 0.3125 * near);
    let [first, others @ ..] = TAIL_SERIES;
    let p = others.iter().rev().fold(0.0, |p, next| (p + next) * t) + first;
    let tail = e * (t * p);
    let cdf = if x < 0.0 { tail } else { 1.0 - tail };
    (
        cdf,
        e * (0.5 * std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::FRAC_1_SQRT_2),
    )
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

/// The bits of 2⁵², below which an integer stands in the low bits of a double.
const WHOLE: u64 = 0x4330_0000_0000_0000;
/// Bits of a double behind its exponent.
const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
/// ln 2 in two parts, the first exact when it is taken up to 2¹⁰ times (Cody and Waite 1980).
const LN_2_DOUBLE: [f64; 2] = [
    f64::from_bits(0x3fe6_2e42_fee0_0000),
    f64::from_bits(0x3dea_39ef_3579_3c76),
];

/// ln x in double precision for normal numbers above 0 and 0 itself, within 2 units in the last place: x = 2ᵏ z with z in [√½, √2), and 2 artanh s
/// with s = (z - 1) / (z + 1) by its series.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let half_root = std::f64::consts::FRAC_1_SQRT_2.to_bits() & ((1 << FRACTION) - 1);
    // Of k what an exponent of a double has, so that it is never negative.
    let raised = bits.wrapping_add((1 << FRACTION) - half_root) >> FRACTION;
    let z = f64::from_bits(
        bits.wrapping_sub(raised << FRACTION)
            .wrapping_add(1.0_f64.to_bits()),
    );
    let k = f64::from_bits(raised | WHOLE) - (f64::from_bits(WHOLE) + 1023.0);
    let s = (z - 1.0) / (z + 1.0);
    let q = s * s;
    let p = 1.0 / 19.0;
    let p = p * q + 1.0 / 17.0;
    let p = p * q + 1.0 / 15.0;
    let p = p * q + 1.0 / 13.0;
    let p = p * q + 1.0 / 11.0;
    let p = p * q + 1.0 / 9.0;
    let p = p * q + 1.0 / 7.0;
    let p = p * q + 1.0 / 5.0;
    let p = p * q + 1.0 / 3.0;
    let of_z = 2.0 * s + (2.0 * s * (q * p) + k * LN_2_DOUBLE[1]);
    let found = k * LN_2_DOUBLE[0] + of_z;
    if x > 0.0 { found } else { f64::NEG_INFINITY }
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
    fn logarithms_of_doubles_are_those_of_the_library() {
        let numbers = (0..400_000).map(|step| f64::from(step) / 400_000.0);
        let ends = [
            1.0,
            f64::from(f32::from_bits(1)),
            1.0 - f64::EPSILON,
            3e5,
            1e300,
        ];
        for x in numbers.skip(1).chain(ends) {
            let apart = (ln(x) - x.ln()).abs();
            assert!(apart <= 2.0 * f64::EPSILON * x.ln().abs(), "{x}: {apart}");
        }
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
    }

    /// erfc x for x >= 0 in double precision: by the series of erf near 0 (formula 7.1.6 of Abramowitz and Stegun), else by the continued fraction 7.1.14
    /// from its far end.
    fn erfc(x: f64) -> f64 {
        let density = std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp();
        if x < 2.0 {
            let terms = (0..80).scan(x, |term, n| {
                let this = *term;
                *term *= 2.0 * x * x / f64::from(2 * n + 3);
                Some(this)
            });
            return 1.0 - density * terms.sum::<f64>();
        }
        let fraction = (1..=200)
            .rev()
            .fold(x, |rest, n| x + 0.5 * f64::from(n) / rest);
        0.5 * density / fraction
    }

    fn exact_cdf(x: f64) -> f64 {
        let tail = 0.5 * erfc(x.abs() * std::f64::consts::FRAC_1_SQRT_2);
        if x < 0.0 { tail } else { 1.0 - tail }
    }

    fn exact_density(x: f64) -> f64 {
        (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
    }

    #[test]
    fn the_double_precision_that_the_normal_distribution_is_held_against_is_right() {
        // Table 7.1 of Abramowitz and Stegun, and their example of erfc.
        for (x, expected) in [
            (0.0, 1.0),
            (0.5, 1.0 - 0.520_499_877_8),
            (1.0, 1.0 - 0.842_700_792_9),
            (1.999_999_999, 0.004_677_734_98),
            (2.0, 0.004_677_734_98),
            (4.0, 1.541_725_79e-8),
        ] {
            assert!(
                (erfc(x) - expected).abs() <= 1e-7 * expected + 1e-10 * x.min(1.0),
                "{x}"
            );
        }
    }

    #[test]
    fn the_normal_distribution_is_right_to_a_few_units_in_the_last_place_out_to_its_tails() {
        let unit = f64::from(f32::EPSILON);
        for (from, to) in [(-12.5, 12.5), (-1.0, 1.0), (-1e-3, 1e-3)] {
            let error = worst(from, to, |x| normal(x).0, exact_cdf);
            assert!(error < 4.0 * unit, "Φ: {} units", error / unit);
            let error = worst(from, to, |x| normal(x).1, exact_density);
            assert!(error < 4.0 * unit, "φ: {} units", error / unit);
        }
        for x in [12.6, 1e3, 1e30, f32::INFINITY] {
            assert_eq!((normal(x), normal(-x)), ((1.0, 0.0), (0.0, 0.0)));
        }
        assert!(normal(f32::NAN).0.is_nan() && normal(f32::NAN).1.is_nan());
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
