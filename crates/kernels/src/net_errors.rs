//! What a net makes of some samples, summed over them.

use crate::deviation::Deviation;

/// How far what an autoencoder gives out is from its targets, summed over rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetErrors {
    /// The loss; of a net with a posterior that of a draw of each row.
    pub loss: f64,
    /// Σ (o - t)² of decoded codes.
    pub squares: f64,
    /// Outputs of decoded codes that are not on the same side of one half as their target.
    pub wrong: usize,
    /// The most of them in one row.
    pub most_wrong: usize,
    /// What there is of a posterior N(μ, diag σ²), one number a dimension of the code; without one nothing.
    pub posterior: PosteriorSums,
}

/// What posteriors come to, one number a dimension of the code.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PosteriorSums {
    /// ½(σ² + μ² - 1 - ln σ²) in nats.
    pub divergences: Vec<f64>,
    /// μ
    pub means: Vec<f64>,
    /// μ²
    pub squared_means: Vec<f64>,
}

impl NetErrors {
    /// Rows of a net without a posterior.
    pub(crate) fn of(rows: &[Deviation]) -> Self {
        let mut all = Self::default();
        for row in rows {
            all.loss += row.loss;
            all.squares += row.squares;
            all.wrong += row.wrong;
            all.most_wrong = all.most_wrong.max(row.wrong);
        }
        all
    }

    /// What was found of more rows is added.
    pub fn add(&mut self, more: Self) {
        self.loss += more.loss;
        self.squares += more.squares;
        self.wrong += more.wrong;
        self.most_wrong = self.most_wrong.max(more.most_wrong);
        let (sums, more) = (&mut self.posterior, more.posterior);
        for (sums, more) in [
            (&mut sums.divergences, more.divergences),
            (&mut sums.means, more.means),
            (&mut sums.squared_means, more.squared_means),
        ] {
            sums.resize(more.len(), 0.0);
            (sums.iter_mut().zip(more)).for_each(|(sum, more)| *sum += more);
        }
    }
}
