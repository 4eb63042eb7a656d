//! Activations that weigh a number by a gate that opens with it, on the CPU: one pass there and one back, on all threads. Their slope cannot be read
//! off the output, because two numbers have the same; what came in is kept.

use std::iter::zip;

use crate::math::{normal, sigmoid};
use crate::simd_loops::pairs;
use crate::threads;

/// Numbers of a piece of work.
const PIECE: usize = 8 << 10;

/// An activation f(a) = a g(a) with a gate g between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfGated {
    /// f(a) = a Φ(a), with the exact normal distribution function Φ (Hendrycks and Gimpel 2016).
    Gelu,
    /// f(a) = a σ(a), also called swish (Elfwing et al. 2017).
    Silu,
}

/// Below it σ leaves the normal numbers, and is taken for 0: the smallest of them is still much, times a number that is large enough.
const CLOSED: f32 = -87.0;

/// Writes f(a) for each of `inputs` to `outputs`.
///
/// # Panics
///
/// Where there are not as many inputs as outputs.
pub fn forward(activation: SelfGated, inputs: &[f32], outputs: &mut [f32]) {
    by_pieces(outputs, inputs, |outputs, inputs| match activation {
        SelfGated::Gelu => pairs(outputs, inputs, |y, a| *y = a * normal(a).0),
        SelfGated::Silu => pairs(outputs, inputs, |y, a| *y = a * gate(a)),
    });
}

/// Multiplies gradients at the outputs by the slope f' at `inputs`, which makes them gradients at these.
///
/// # Panics
///
/// Where there are not as many inputs as gradients.
pub fn multiply_slope(activation: SelfGated, gradients: &mut [f32], inputs: &[f32]) {
    by_pieces(gradients, inputs, |gradients, inputs| match activation {
        SelfGated::Gelu => pairs(gradients, inputs, |g, a| {
            let (cdf, density) = normal(a);
            *g *= cdf + a * density;
        }),
        SelfGated::Silu => pairs(gradients, inputs, |g, a| {
            let s = gate(a);
            *g *= s + a * (s * (1.0 - s));
        }),
    });
}

/// σ(a).
#[inline(always)]
fn gate(a: f32) -> f32 {
    if a < CLOSED { 0.0 } else { sigmoid(a) }
}

fn by_pieces(written: &mut [f32], inputs: &[f32], work: impl Fn(&mut [f32], &[f32]) + Sync) {
    assert_eq!(written.len(), inputs.len(), "one number for each input");
    let pieces = zip(written.chunks_mut(PIECE), inputs.chunks(PIECE));
    threads::each(pieces.collect(), |(written, inputs)| work(written, inputs));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(activation: SelfGated, inputs: &[f32]) -> Vec<f32> {
        let mut outputs = vec![f32::NAN; inputs.len()];
        forward(activation, inputs, &mut outputs);
        outputs
    }

    fn slopes(activation: SelfGated, inputs: &[f32]) -> Vec<f32> {
        let mut slopes = vec![1.0; inputs.len()];
        multiply_slope(activation, &mut slopes, inputs);
        slopes
    }

    #[test]
    fn values_are_known_ones() {
        // Φ(1) and Φ(-3) of a table; σ(1) and σ(-3).
        let inputs = [0.0, 1.0, -3.0];
        for (activation, expected) in [
            (SelfGated::Gelu, [0.0, 0.841_344_8, -3.0 * 0.001_349_898]),
            (SelfGated::Silu, [0.0, 0.731_058_6, -3.0 * 0.047_425_874]),
        ] {
            for (found, expected) in zip(values(activation, &inputs), expected) {
                assert!(
                    (found - expected).abs() <= 1e-6 * expected.abs(),
                    "{activation:?}"
                );
            }
        }
    }

    /// On more numbers than a piece has.
    #[test]
    fn slopes_are_those_of_the_values() {
        let grid: Vec<f32> = (-10_000..10_000).map(|step| 1e-3 * step as f32).collect();
        let moved = |by: f32| grid.iter().map(|a| a + by).collect::<Vec<f32>>();
        for activation in [SelfGated::Gelu, SelfGated::Silu] {
            let (below, above) = (
                values(activation, &moved(-1e-2)),
                values(activation, &moved(1e-2)),
            );
            let ends = zip(below, above);
            for ((slope, (below, above)), a) in zip(zip(slopes(activation, &grid), ends), &grid) {
                let difference = (above - below) / 2e-2;
                assert!(
                    (slope - difference).abs() < 2e-4,
                    "{activation:?} at {a}: {slope}, {difference}"
                );
            }
        }
    }

    #[test]
    fn far_out_it_is_the_identity_or_nothing_and_nan_stays() {
        let inputs = [1e30, f32::INFINITY, -1e30, f32::NAN];
        for activation in [SelfGated::Gelu, SelfGated::Silu] {
            let found = values(activation, &inputs);
            assert_eq!(found[..3], [1e30, f32::INFINITY, 0.0]);
            assert!(found[3].is_nan());
            let found = slopes(activation, &[1e30, -1e30, f32::NAN]);
            assert_eq!(found[..2], [1.0, 0.0]);
            assert!(found[2].is_nan());
        }
    }
}
