//! Random numbers by their place: each is worked out from a seed and where it stands, so that all threads can draw, and any number of them draws the same.

use std::iter::zip;

use pulp::{Simd, WithSimd};

use crate::math::log1p;
use crate::threads;
use crate::vectors::arch;

/// Numbers of one piece of work.
const PIECE: usize = 16 << 10;
/// The square root of 2.
const ROOT_2: f32 = std::f32::consts::SQRT_2;

/// How numbers are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// All of [0, 1) alike: multiples of 2⁻²⁴.
    Uniform,
    /// The standard normal distribution, out to 5.4 standard deviations, beyond which 1 of 15 million numbers lies.
    Normal,
}

/// Writes random numbers, the first of which has place 0. Places count modulo 2³².
pub fn fill(law: Law, seed: [u32; 2], out: &mut [f32]) {
    let pieces = out.chunks_mut(PIECE).enumerate();
    threads::each(pieces.collect(), |(index, out)| {
        arch().dispatch(Piece {
            law,
            seed,
            first: (index * PIECE) as u32,
            out,
        });
    });
}

struct Piece<'a> {
    law: Law,
    seed: [u32; 2],
    first: u32,
    out: &'a mut [f32],
}

impl WithSimd for Piece<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let places = zip(0_u32.., self.out);
        let bits = |place: u32| random(self.seed, self.first.wrapping_add(place));
        match self.law {
            Law::Uniform => places.for_each(|(place, out)| *out = uniform(bits(place))),
            Law::Normal => places.for_each(|(place, out)| *out = normal(bits(place))),
        }
    }
}

/// A random number of a place: the place is mixed with one half of the seed, and what comes out with the other.
#[inline(always)]
pub(crate) fn random(seed: [u32; 2], place: u32) -> u32 {
    mixed(mixed(place ^ seed[0]).wrapping_add(seed[1]))
}

/// A bijection of 32 bits in which each bit of the input changes each of the output with a chance of a half (`triple32` of Wellons' hash-prospector).
#[inline(always)]
fn mixed(mut x: u32) -> u32 {
    x ^= x >> 17;
    x = x.wrapping_mul(0xed5a_d4bb);
    x ^= x >> 11;
    x = x.wrapping_mul(0xac4c_1b51);
    x ^= x >> 15;
    x = x.wrapping_mul(0x3184_8bab);
    x ^ (x >> 14)
}

#[inline(always)]
fn uniform(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// √2 erf⁻¹(x) of a number x with a sign of its own, whose size is an odd multiple of 2⁻²⁴ below 1: exact, as is 1 - |x|.
#[inline(always)]
fn normal(bits: u32) -> f32 {
    let size = ((bits >> 9) as f32 + 0.5) * (1.0 / 8_388_608.0);
    let sign = f32::from_bits(1.0_f32.to_bits() | (bits & 1) << 31);
    // -ln(1 - x²), by the exponent and the rest of 1 - x².
    let y = (1.0 - size) * (1.0 + size);
    let exponent = (y.to_bits() >> 23) as i32 - 127;
    let rest = f32::from_bits(y.to_bits() & 0x007f_ffff | 1.0_f32.to_bits());
    let w = -(exponent as f32 * std::f32::consts::LN_2 + log1p(rest - 1.0));
    sign * (ROOT_2 * size * of_logarithm(w))
}

/// erf⁻¹(x) / x by w = -ln(1 - x²): the approximations in single precision of Giles, Approximating the erfinv function, GPU Computing Gems Jade
/// Edition, 2011. The first coefficient is that of the highest power.
#[inline(always)]
fn of_logarithm(w: f32) -> f32 {
    const NEAR: [f32; 9] = [
        2.810_226_4e-8,
        3.432_739_4e-7,
        -3.523_387_7e-6,
        -4.391_506_5e-6,
        2.185_808_7e-4,
        -1.253_725e-3,
        -4.177_681_6e-3,
        0.246_640_73,
        1.501_409_4,
    ];
    const FAR: [f32; 9] = [
        -2.002_142_6e-4,
        1.009_505_6e-4,
        1.349_343_2e-3,
        -3.673_428_4e-3,
        5.739_507_7e-3,
        -7.622_461_3e-3,
        9.438_870_5e-3,
        1.001_674,
        2.832_976_8,
    ];
    let at = |series: [f32; 9], t: f32| series.into_iter().fold(0.0, |p, next| p * t + next);
    // The root of a number below 0 is never looked at.
    let (near, far) = (at(NEAR, w - 2.5), at(FAR, w.max(0.0).sqrt() - 3.0));
    if w < 5.0 { near } else { far }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;

    fn drawn(law: Law, seed: [u32; 2], count: usize) -> Vec<f32> {
        let mut out = vec![0.0; count];
        fill(law, seed, &mut out);
        out
    }

    /// Chi-squared over 64 parts of the same probability, for several seeds, over all numbers and over columns of rows of several widths: 63 degrees
    /// of freedom, beyond 130 once in a million times.
    #[test]
    fn numbers_are_distributed_as_they_should_be() {
        for seed in [[0, 0], [1, 0], [0, 1], [0xffff_ffff, 7]] {
            for law in [Law::Uniform, Law::Normal] {
                let values = drawn(law, seed, 1 << 20);
                for step in [1, 35, 100, 784, 3072] {
                    let mut counts = [0_u32; 64];
                    let of = values.iter().step_by(step);
                    let expected = of.len() as f64 / 64.0;
                    for value in of {
                        let part = match law {
                            Law::Uniform => *value,
                            Law::Normal => math::normal(*value).0,
                        };
                        counts[(64.0 * part) as usize] += 1;
                    }
                    let apart = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
                    let chi_squared: f64 = counts.iter().map(apart).sum();
                    assert!(
                        chi_squared < 130.0,
                        "{law:?} {seed:?} {step}: {chi_squared}"
                    );
                }
            }
        }
    }

    /// The first four moments of 4 million numbers, within five standard errors.
    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        const COUNT: usize = 1 << 22;
        let values = drawn(Law::Normal, [8, 9], COUNT);
        for (power, expected, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)]
        {
            let sum: f64 = values.iter().map(|x| f64::from(*x).powi(power)).sum();
            let apart = sum / COUNT as f64 - expected;
            let error = (variance / COUNT as f64 * f64::from(variance > 0.0)).sqrt();
            assert!(apart.abs() < 5.0 * error, "moment {power}: {apart}");
        }
    }

    /// Φ of a number gives back the probability that it was made of, over all of its range.
    #[test]
    fn a_normal_number_is_the_quantile_of_its_bits() {
        for high in 0..1 << 16 {
            for sign in [0, 1] {
                let bits = high << 16 | (high & 0x7f) << 9 | sign;
                let size = (f64::from(bits >> 9) + 0.5) / 8_388_608.0;
                let tail = 0.5 * (1.0 - size);
                let found = normal(bits);
                assert_eq!(found.is_sign_negative(), sign == 1);
                let below = f64::from(math::normal(-found.abs()).0);
                assert!((below / tail - 1.0).abs() < 5e-6, "{below} for {tail}");
            }
        }
        assert!(normal(u32::MAX).is_finite() && normal(0) > 0.0);
    }

    #[test]
    fn a_piece_has_the_numbers_of_its_places_and_seeds_differ() {
        let whole = drawn(Law::Normal, [5, 6], 3 * PIECE + 17);
        assert!(drawn(Law::Normal, [5, 6], PIECE + 5) == whole[..PIECE + 5]);
        let at = 2 * PIECE + 3;
        assert_eq!(whole[at], normal(random([5, 6], at as u32)));
        let other = drawn(Law::Normal, [5, 7], whole.len());
        let product = zip(&whole, &other).map(|(a, b)| f64::from(a * b));
        let error = (whole.len() as f64).sqrt();
        assert!(product.sum::<f64>().abs() < 5.0 * error);
    }
}
