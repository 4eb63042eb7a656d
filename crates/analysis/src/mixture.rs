//! Gaussian mixtures, fitted by expectation maximisation.

use std::f64::consts::PI;
use std::iter::zip;

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Matrix, k_means};

/// Added to each variance, so that no component shrinks to a point.
const REGULARIZATION: f64 = 1e-6;
/// The mean log-likelihood of a row grows by less than this in the last round.
const TOLERANCE: f64 = 1e-6;
const ROUNDS: usize = 1_000;

/// Which covariances a component may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covariance {
    /// Any.
    Full,
    /// Columns do not vary together.
    Diagonal,
}

/// A sum of normal distributions.
#[derive(Clone, Debug)]
pub struct Mixture {
    covariance: Covariance,
    components: Vec<Component>,
}

#[derive(Clone, Debug)]
struct Component {
    weight: f64,
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
    factor: Cholesky<f64, Dyn>,
}

impl Mixture {
    /// The mixture of `count` components that expectation maximisation finds from the groups of k-means (ten starts by `seed`), with 1e-6
    /// added to each variance. It ends when a round adds less than 1e-6 to the mean log-likelihood of a row, or after 1,000.
    ///
    /// # Panics
    ///
    /// Where there is no row, a number is not finite, or `count` is 0.
    pub fn fit(rows: Matrix, count: usize, covariance: Covariance, seed: u64) -> Self {
        let groups = k_means(rows, count, crate::STARTS, seed);
        let one_hot = |label: &usize| {
            (0..count)
                .map(|group| f64::from(u8::from(group == *label)))
                .collect()
        };
        let mut shares: Vec<Vec<f64>> = groups.labels.iter().map(one_hot).collect();
        let mut before = f64::NEG_INFINITY;
        let mut mixture = Self::of_shares(rows, &shares, covariance);
        for _ in 0..ROUNDS {
            let likelihood;
            (shares, likelihood) = mixture.shares(rows);
            if likelihood - before < TOLERANCE {
                break;
            }
            before = likelihood;
            mixture = Self::of_shares(rows, &shares, covariance);
        }
        mixture
    }

    /// The maximisation: weight, mean and covariance of each component from its share in each row, `[rows, components]`.
    fn of_shares(rows: Matrix, shares: &[Vec<f64>], covariance: Covariance) -> Self {
        let component = |index: usize| {
            let shares: Vec<f64> = shares.iter().map(|shares| shares[index]).collect();
            Component::of_shares(rows, &shares, covariance)
        };
        Self {
            covariance,
            components: (0..shares[0].len()).map(component).collect(),
        }
    }

    /// The expectation: the share of each component in each row, and the mean log-likelihood of a row.
    fn shares(&self, rows: Matrix) -> (Vec<Vec<f64>>, f64) {
        let mut total = 0.0;
        let shares = rows.rows().map(|row| {
            let logs = self.log_densities(row);
            let sum = log_sum(&logs);
            total += sum;
            logs.iter().map(|log| (log - sum).exp()).collect()
        });
        let shares = shares.collect();
        (shares, total / rows.len() as f64)
    }

    /// The logarithms of weight times density, of each component.
    fn log_densities(&self, row: &[f32]) -> Vec<f64> {
        self.components
            .iter()
            .map(|component| component.log_density(row))
            .collect()
    }

    /// The sum of the logarithms of the densities of these rows, in nats.
    pub fn log_likelihood(&self, rows: Matrix) -> f64 {
        rows.rows()
            .map(|row| log_sum(&self.log_densities(row)))
            .sum()
    }

    /// The Bayesian information criterion, parameters · ln(rows) - 2 · log-likelihood: the less, the better.
    pub fn bic(&self, rows: Matrix) -> f64 {
        self.parameters() as f64 * (rows.len() as f64).ln() - 2.0 * self.log_likelihood(rows)
    }

    /// Free parameters: means, covariances, and all weights but one.
    pub fn parameters(&self) -> usize {
        let columns = self.components[0].mean.len();
        let covariance = match self.covariance {
            Covariance::Full => columns * (columns + 1) / 2,
            Covariance::Diagonal => columns,
        };
        self.components.len() * (columns + covariance + 1) - 1
    }

    /// The component that most likely gave each row.
    pub fn labels(&self, rows: Matrix) -> Vec<usize> {
        let likeliest = |row: &[f32]| {
            let logs = self.log_densities(row);
            (0..logs.len())
                .rev()
                .max_by(|a, b| logs[*a].total_cmp(&logs[*b]))
                .expect("there is a component")
        };
        rows.rows().map(likeliest).collect()
    }

    /// New rows, drawn by `seed`, one after the other: a component by its weight, then a row of its normal distribution.
    pub fn draw(&self, count: usize, seed: u64) -> Vec<f32> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let columns = self.components[0].mean.len();
        let mut rows = Vec::with_capacity(count * columns);
        for _ in 0..count {
            let component = self.component_at(random.random());
            let noise = DVector::from_fn(columns, |_, _| normal(&mut random));
            let row = &component.mean + component.factor.l() * noise;
            rows.extend(row.iter().map(|value| *value as f32));
        }
        rows
    }

    /// The component at a share of the weights, 0 to 1.
    fn component_at(&self, share: f64) -> &Component {
        let mut sum = 0.0;
        let last = self.components.last().expect("there is a component");
        let mut components = self.components.iter();
        let found = components.find(|component| {
            sum += component.weight;
            share < sum
        });
        // Rounded weights may sum to a little less than 1.
        found.unwrap_or(last)
    }

    /// The weight of each component; they sum to 1.
    pub fn weights(&self) -> Vec<f64> {
        self.components
            .iter()
            .map(|component| component.weight)
            .collect()
    }

    /// The mean of each component.
    pub fn means(&self) -> Vec<Vec<f64>> {
        self.components
            .iter()
            .map(|component| component.mean.as_slice().to_vec())
            .collect()
    }

    /// The covariance of each component, row by row.
    pub fn covariances(&self) -> Vec<Vec<f64>> {
        // Column by column is row by row: it is symmetric.
        self.components
            .iter()
            .map(|component| component.covariance.as_slice().to_vec())
            .collect()
    }
}

impl Component {
    fn of_shares(rows: Matrix, shares: &[f64], kind: Covariance) -> Self {
        let columns = rows.columns();
        // No share at all would be a division by zero.
        let total = shares.iter().sum::<f64>() + 10.0 * f64::EPSILON;
        let mut mean = DVector::zeros(columns);
        for (row, share) in rows.rows().zip(shares) {
            mean.axpy(share / total, &in_double(row), 1.0);
        }
        let mut covariance = DMatrix::zeros(columns, columns);
        for (row, share) in rows.rows().zip(shares).filter(|(_, share)| **share > 0.0) {
            let off = in_double(row) - &mean;
            match kind {
                Covariance::Full => covariance.ger(share / total, &off, &off, 1.0),
                Covariance::Diagonal => {
                    for (column, off) in off.iter().enumerate() {
                        covariance[(column, column)] += share / total * off * off;
                    }
                }
            }
        }
        for column in 0..columns {
            covariance[(column, column)] += REGULARIZATION;
        }
        let (covariance, factor) = factored(covariance);
        Self {
            weight: total / rows.len() as f64,
            mean,
            covariance,
            factor,
        }
    }

    /// The logarithm of weight times density.
    fn log_density(&self, row: &[f32]) -> f64 {
        let lower = self.factor.l_dirty();
        let mut off = in_double(row) - &self.mean;
        let solved = lower.solve_lower_triangular_mut(&mut off);
        debug_assert!(solved, "the diagonal of a factor is above 0");
        let log_determinant: f64 =
            2.0 * lower.diagonal().iter().map(|value| value.ln()).sum::<f64>();
        self.weight.ln()
            - 0.5 * (row.len() as f64 * (2.0 * PI).ln() + log_determinant + off.norm_squared())
    }
}

/// A covariance and its Cholesky factor. Where rounding made it indefinite, which large numbers beside small variances do, the diagonal grows
/// until it is not.
fn factored(mut covariance: DMatrix<f64>) -> (DMatrix<f64>, Cholesky<f64, Dyn>) {
    let mut more = REGULARIZATION.max(covariance.amax() * f64::EPSILON);
    loop {
        if let Some(factor) = Cholesky::new(covariance.clone()) {
            return (covariance, factor);
        }
        assert!(more.is_finite(), "a mixture is fitted to finite numbers");
        for column in 0..covariance.nrows() {
            covariance[(column, column)] += more;
        }
        more *= 10.0;
    }
}

fn in_double(row: &[f32]) -> DVector<f64> {
    DVector::from_iterator(row.len(), row.iter().map(|value| f64::from(*value)))
}

/// A standard normal number (Box and Muller 1958).
fn normal(random: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (2.0 * PI * random.random::<f64>()).cos()
}

/// ln Σ exp
fn log_sum(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest
        + zip(logs, std::iter::repeat(largest))
            .map(|(log, largest)| (log - largest).exp())
            .sum::<f64>()
            .ln()
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    #[test]
    fn one_component_has_the_mean_and_the_covariance_of_the_rows() {
        let rows = [0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 8.0];
        let rows = Matrix::new(&rows, 2);
        let full = Mixture::fit(rows, 1, Covariance::Full, 0);
        assert_eq!(
            (full.weights()[0], full.parameters()),
            (1.0 + 2.5 * f64::EPSILON, 5)
        );
        let close = |found: &[f64], expected: &[f64]| {
            for (found, expected) in zip(found, expected) {
                assert_relative_eq!(*found, *expected, epsilon = 1e-12);
            }
        };
        close(&full.means()[0], &[1.0, 3.0]);
        close(&full.covariances()[0], &[1.0 + 1e-6, 1.0, 1.0, 11.0 + 1e-6]);
        let diagonal = Mixture::fit(rows, 1, Covariance::Diagonal, 0);
        close(
            &diagonal.covariances()[0],
            &[1.0 + 1e-6, 0.0, 0.0, 11.0 + 1e-6],
        );
        assert_eq!(diagonal.parameters(), 4);
    }

    #[test]
    fn the_density_of_the_standard_normal_distribution() {
        // Variance 1 less the regularisation: ln density at the mean is -½ ln 2π.
        let deviation = (1.0_f64 - REGULARIZATION).sqrt() as f32;
        let rows = [-deviation, deviation];
        let mixture = Mixture::fit(Matrix::new(&rows, 1), 1, Covariance::Full, 0);
        let found = mixture.log_likelihood(Matrix::new(&[0.0], 1));
        assert_relative_eq!(found, -0.5 * (2.0 * PI).ln(), epsilon = 1e-7);
    }

    #[test]
    fn equal_rows_are_no_trouble() {
        let rows = [3.0; 20];
        let mixture = Mixture::fit(Matrix::new(&rows, 2), 2, Covariance::Full, 0);
        assert!(mixture.bic(Matrix::new(&rows, 2)).is_finite());
    }

    #[test]
    fn drawn_rows_have_the_means_and_the_covariance_of_the_mixture() {
        let rows = [0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 8.0];
        let mixture = Mixture::fit(Matrix::new(&rows, 2), 1, Covariance::Full, 0);
        let drawn = mixture.draw(20_000, 1);
        assert_eq!(drawn, mixture.draw(20_000, 1));
        assert_ne!(drawn, mixture.draw(20_000, 2));
        let found = Mixture::fit(Matrix::new(&drawn, 2), 1, Covariance::Full, 0);
        // Standard errors of the means: 0.007 and 0.023; of the variance 11: 0.11.
        for (found, expected) in zip(&found.means()[0], [1.0, 3.0]) {
            assert_relative_eq!(*found, expected, epsilon = 0.1);
        }
        for (found, expected) in zip(&found.covariances()[0], [1.0, 1.0, 1.0, 11.0]) {
            assert_relative_eq!(*found, expected, epsilon = 0.45);
        }
    }

    #[test]
    fn each_component_is_drawn_by_its_weight() {
        let rows: Vec<f32> = (0..400)
            .map(|row| if row % 4 == 0 { 50.0 } else { 0.0 })
            .collect();
        let mixture = Mixture::fit(Matrix::new(&rows, 1), 2, Covariance::Diagonal, 3);
        let drawn = mixture.draw(4_000, 5);
        let far = drawn.iter().filter(|value| **value > 25.0).count();
        // A quarter, with a standard deviation of 27.
        assert!((900..1_100).contains(&far), "{far}");
    }

    #[test]
    fn two_far_groups_are_two_components() {
        let rows: Vec<f32> = (0..100)
            .map(|row| (row % 2 * 50) as f32 + (row / 2 % 5) as f32)
            .collect();
        let rows = Matrix::new(&rows, 1);
        let mixture = Mixture::fit(rows, 2, Covariance::Diagonal, 3);
        let labels = mixture.labels(rows);
        assert!((2..100).all(|row| labels[row] == labels[row % 2]) && labels[0] != labels[1]);
        let mut means = mixture.means().concat();
        means.sort_by(f64::total_cmp);
        assert_relative_eq!(means[0], 2.0, epsilon = 1e-9);
        assert_relative_eq!(means[1], 52.0, epsilon = 1e-9);
    }
}
