//! The posterior N(μ, diag σ²) of a variational autoencoder: draws from it, and its divergence from the standard normal distribution.
//!
//! Rows hold one number a dimension of the code: μ, ln σ², and the standard normal ε of the draw μ + σ ε. There are few of them beside the
//! layers' own numbers, so that one thread and the exact exponential do.

use crate::net_errors::PosteriorSums;

/// What a draw comes of.
#[derive(Clone, Copy)]
pub(crate) struct Posterior<'a> {
    /// μ
    pub mean: &'a [f32],
    /// ln σ²
    pub log_variance: &'a [f32],
    /// ε
    pub noise: &'a [f32],
    /// Numbers of a row.
    pub latent: usize,
}

/// What the divergence counts for in an objective.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// β, warmed up.
    pub weight: f64,
    /// Nats a dimension that cost nothing, on the batch mean; 0 for none.
    pub free_bits: f64,
}

impl Posterior<'_> {
    /// μ + σ ε
    pub(crate) fn draws(&self) -> Vec<f32> {
        let rows = self.mean.iter().zip(self.log_variance).zip(self.noise);
        rows.map(|((mean, log_variance), noise)| mean + (log_variance * 0.5).exp() * noise)
            .collect()
    }

    /// ½(σ² + μ² - 1 - ln σ²) of each dimension in nats, summed over the rows.
    pub(crate) fn divergences(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.latent];
        let rows = self.mean.chunks_exact(self.latent);
        for (means, log_variances) in rows.zip(self.log_variance.chunks_exact(self.latent)) {
            let numbers = means.iter().zip(log_variances);
            for (sum, (mean, log_variance)) in sums.iter_mut().zip(numbers) {
                let twice = log_variance.exp() + mean * mean - 1.0 - log_variance;
                *sum += f64::from(0.5 * twice);
            }
        }
        sums
    }

    /// What the posteriors come to.
    pub(crate) fn sums(&self) -> PosteriorSums {
        let mut means = vec![0.0; self.latent];
        let mut squared_means = means.clone();
        for code in self.mean.chunks_exact(self.latent) {
            let sums = means.iter_mut().zip(&mut squared_means);
            for ((sum, squares), mean) in sums.zip(code) {
                *sum += f64::from(*mean);
                *squares += f64::from(*mean).powi(2);
            }
        }
        PosteriorSums {
            divergences: self.divergences(),
            means,
            squared_means,
        }
    }

    /// The divergence, mean over the rows, and the gradients at μ and ln σ², of that at the draws and of what the divergence counts for.
    pub(crate) fn backward(
        &self,
        at_draws: &[f32],
        divergence: Divergence,
    ) -> (f32, [Vec<f32>; 2]) {
        let rows = self.mean.len() / self.latent.max(1);
        let means: Vec<f64> = (self.divergences().iter())
            .map(|sum| sum / rows as f64)
            .collect();
        let share = (divergence.weight / rows as f64) as f32;
        let counts = |nats: &f64| *nats > divergence.free_bits || divergence.free_bits <= 0.0;
        let shares: Vec<f32> = (means.iter())
            .map(|nats| if counts(nats) { share } else { 0.0 })
            .collect();
        let numbers =
            (self.mean.iter().zip(self.log_variance)).zip(self.noise.iter().zip(at_draws));
        let (at_mean, at_log_variance) = numbers
            .zip(shares.iter().cycle())
            .map(|(((mean, log_variance), (noise, at_draw)), share)| {
                let deviation = (log_variance * 0.5).exp();
                let pull = 0.5 * (log_variance.exp() - 1.0);
                (
                    at_draw + share * mean,
                    0.5 * (at_draw * noise * deviation) + share * pull,
                )
            })
            .unzip();
        (means.iter().sum::<f64>() as f32, [at_mean, at_log_variance])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// Σ of draws times `at_draws`, and of the divergence, in double precision.
    fn objective(
        [mean, log_variance, noise, at_draws]: [&[f32]; 4],
        latent: usize,
        divergence: Divergence,
    ) -> f64 {
        let rows = (mean.len() / latent) as f64;
        let mut nats = vec![0.0; latent];
        let mut sum = 0.0;
        for at in 0..mean.len() {
            let [m, v, e, d] = [mean, log_variance, noise, at_draws].map(|of| f64::from(of[at]));
            sum += d * (m + (0.5 * v).exp() * e);
            nats[at % latent] += 0.5 * (v.exp() + m * m - 1.0 - v) / rows;
        }
        let counted = nats.into_iter().map(|nats| nats.max(divergence.free_bits));
        sum + divergence.weight * counted.sum::<f64>()
    }

    #[test]
    fn gradients_are_finite_differences() {
        for (rows, latent) in [(1, 1), (7, 2), (128, 5)] {
            for free_bits in [0.0, 0.1, 100.0] {
                let divergence = Divergence {
                    weight: 0.7,
                    free_bits,
                };
                let drawn = [1, 2, 3, 4].map(|seed| numbers(rows * latent, seed));
                let [mean, log_variance, noise, at_draws] = drawn.each_ref().map(|of| &of[..]);
                let posterior = Posterior {
                    mean,
                    log_variance,
                    noise,
                    latent,
                };
                let (_, found) = posterior.backward(at_draws, divergence);
                for (which, found) in found.iter().enumerate() {
                    for at in [0, rows * latent / 2, rows * latent - 1] {
                        let moved = |by: f32| {
                            let mut moved = drawn.clone();
                            moved[which][at] += by;
                            let parts = moved.each_ref().map(|of| &of[..]);
                            objective(parts, latent, divergence)
                        };
                        let step =
                            f64::from(drawn[which][at] + 1e-2) - f64::from(drawn[which][at] - 1e-2);
                        let difference = (moved(1e-2) - moved(-1e-2)) / step;
                        let apart = f64::from(found[at]) - difference;
                        assert!(apart.abs() < 1e-4 * (1.0 + difference.abs()), "{apart}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_prior_is_no_way_from_itself_and_an_infinite_variance_is_told() {
        let of = |log_variance: f32| {
            let posterior = Posterior {
                mean: &[0.0],
                log_variance: &[log_variance],
                noise: &[1.0],
                latent: 1,
            };
            (posterior.divergences()[0], posterior.draws()[0])
        };
        assert_eq!(of(0.0), (0.0, 1.0));
        assert_eq!(of(1e4), (f64::INFINITY, f32::INFINITY));
    }
}
