//! How unusual samples are to a trained autoencoder: one number each, and what each of their values adds to it.
//!
//! A score depends on nothing but its sample and the weights: samples go through the model in blocks of one size, filled up with
//! zeros, because a matrix product of another size may add in another order; and all samples share their random draws.

use std::str::FromStr;

use burn::tensor::{Tensor, TensorData};
use espejo_data::Samples;
use espejo_kernels::sums::row_sums;
use espejo_nets::{Autoencoder, Batch, seeded};

use crate::Error;
use crate::host_rows::{normal, numbers};
use crate::seed::{Purpose, stream};
use crate::trained::Trained;

/// Samples that are scored at once, at most.
const BLOCK: usize = 512;

/// What a score measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreKind {
    /// ‖x - x̂‖² between a sample and its reconstruction; pixels of images are in [0, 1].
    SquaredError,
    /// The reconstruction loss that the run was trained with, as the cross-entropy in nats.
    Loss,
    /// The negative evidence lower bound of a `vae` in nats, -E_q ln p(x | z) + KL(q ‖ p): the mean over draws of the code.
    NegativeElbo,
    /// The importance-weighted bound -ln (1/K) Σ_k p(x | z_k) p(z_k) / q(z_k | x) of a `vae` in nats, which K = 1 draw makes the
    /// negative evidence lower bound and more draws lower (Burda, Grosse and Salakhutdinov 2016).
    ImportanceWeighted,
}

impl ScoreKind {
    /// Every kind, in the order in which messages list them.
    pub const ALL: [Self; 4] = [
        Self::SquaredError,
        Self::Loss,
        Self::NegativeElbo,
        Self::ImportanceWeighted,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::SquaredError => "squared-error",
            Self::Loss => "loss",
            Self::NegativeElbo => "elbo",
            Self::ImportanceWeighted => "iw-bound",
        }
    }

    /// Whether it needs a posterior to draw codes from.
    pub fn draws_codes(self) -> bool {
        matches!(self, Self::NegativeElbo | Self::ImportanceWeighted)
    }
}

impl FromStr for ScoreKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join("`, `");
            format!("`{text}`: expected one of `{names}`")
        })
    }
}

/// How samples are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoreRule {
    /// What is measured.
    pub kind: ScoreKind,
    /// Draws of the code, for the bounds of a `vae`; at least 1.
    pub draws: usize,
    /// The seed of these draws.
    pub seed: u64,
}

/// The scores of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The score of each sample; the higher, the more unusual.
    pub values: Vec<f64>,
    /// What each value of a sample adds to its score, `[samples][values]`, and for the negative evidence lower bound what each
    /// dimension of the code adds, after them. Added from left to right they are the score, to the bit. Empty where they
    /// were not asked for.
    pub shares: Vec<Vec<f64>>,
}

impl Trained {
    /// Scores samples, and says what each of their values adds where `explain`. Missing values add nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the model has no code, or no posterior for a bound, or where the importance-weighted bound shall be
    /// explained, which is no sum over values; [`Error::NotFinite`] where a score is no number; [`Error::Data`] where the samples
    /// lie in a file that cannot be read.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, ScoreKind, ScoreRule, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// let rule = ScoreRule { kind: ScoreKind::SquaredError, draws: 1, seed: 1 };
    /// let scores = trained.score(trained.test(), rule, false)?;
    /// assert_eq!(scores.values.len(), trained.test().len());
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn score(
        &self,
        samples: &Samples,
        rule: ScoreRule,
        explain: bool,
    ) -> Result<Scores, Error> {
        let mut scores = Scores {
            values: Vec::with_capacity(samples.len()),
            shares: Vec::new(),
        };
        self.each_score(samples, rule, explain, |score, parts| {
            scores.values.push(score);
            if explain {
                scores.shares.push(parts.to_vec());
            }
        })?;
        Ok(scores)
    }

    /// Hands the score of each sample on, in their order, with what it is made of: what each value adds, or the logarithm of each
    /// draw's weight.
    ///
    /// # Errors
    ///
    /// As [`score`](Self::score).
    pub(crate) fn each_score(
        &self,
        samples: &Samples,
        rule: ScoreRule,
        explain: bool,
        mut take: impl FnMut(f64, &[f64]),
    ) -> Result<(), Error> {
        let model = self.whole()?;
        self.check_score(rule, explain)?;
        let noise = self.draws(rule);
        let size = self.chunk().min(BLOCK);
        let feed = self.prepared().passing(samples)?;
        let mut parts = Vec::new();
        let mut place = 0;
        for batch in feed.in_order(size) {
            let batch = batch?;
            let [count, _] = batch.inputs.dims();
            let values = self.parts(model, &filled_up(batch, size), rule.kind, &noise); // [size, parts]
            let [_, width] = values.dims();
            let values = numbers(values);
            for values in values.chunks_exact(width).take(count) {
                parts.clear();
                parts.extend(values.iter().copied().map(f64::from));
                let score = match rule.kind {
                    ScoreKind::ImportanceWeighted => -log_mean_exp(&parts),
                    _ => parts.iter().sum(),
                };
                if !score.is_finite() {
                    return Err(Error::NotFinite {
                        what: "score",
                        row: samples.row(place),
                        value: score,
                    });
                }
                take(score, &parts);
                place += 1;
            }
        }
        Ok(())
    }

    pub(crate) fn check_score(&self, rule: ScoreRule, explain: bool) -> Result<(), Error> {
        let name = rule.kind.name();
        if rule.kind.draws_codes() && !self.prepared().spec.kind.has_posterior() {
            let message = format!("only a `vae` has the bound `{name}`");
            let hint = "use `--score squared-error` or `--score loss`";
            return Err(Error::config(message, Some(hint.to_owned())));
        }
        if explain && rule.kind == ScoreKind::ImportanceWeighted {
            let message = format!("`{name}` is no sum over the values of a sample");
            let hint = "use `--score elbo` to see what each value adds";
            return Err(Error::config(message, Some(hint.to_owned())));
        }
        match rule.draws {
            0 => Err(Error::config(
                "0 draws of the code",
                "give 1 or more".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// Standard normal numbers, the same for every sample: `[draws]`, each `[1, latent]`.
    fn draws(&self, rule: ScoreRule) -> Vec<Tensor<2>> {
        let mut rng = seeded(stream(rule.seed, 0, Purpose::Use));
        let latent = self.latent();
        let draw = |_| {
            let numbers: Vec<f32> = (0..latent).map(|_| normal(&mut rng)).collect();
            let data = TensorData::new(numbers, [1, latent]);
            Tensor::from_data(data, self.device_of_samples()) // [1, latent]
        };
        match rule.kind.draws_codes() {
            true => (0..rule.draws).map(draw).collect(),
            false => Vec::new(),
        }
    }

    /// What the score of each sample is made of: its values `[batch, values]`, with the dimensions of the code after them for the
    /// negative evidence lower bound, or the logarithm of each draw's weight `[batch, draws]`.
    fn parts(
        &self,
        model: &dyn Autoencoder,
        batch: &Batch,
        kind: ScoreKind,
        noise: &[Tensor<2>],
    ) -> Tensor<2> {
        let known = |values: Tensor<2>| match &batch.known {
            Some(known) => values * known.clone(), // [batch, values]
            None => values,
        };
        let (inputs, targets) = (batch.inputs.clone().into_tensor(), batch.targets.clone());
        let mean = model.encode(inputs.clone()); // [batch, latent]
        let loss = |codes| known(model.loss_per_value(codes, targets.clone())); // [batch, values]
        match kind {
            ScoreKind::SquaredError => {
                let span = 1.0 - self.range().low();
                let error = (model.decode(mean) - targets.clone()).div_scalar(span); // [batch, values]
                known(error.square())
            }
            ScoreKind::Loss => loss(mean),
            ScoreKind::NegativeElbo | ScoreKind::ImportanceWeighted => {
                let log_variance = model
                    .log_variance(inputs)
                    .expect("a bound is refused where there is no posterior"); // [batch, latent]
                let deviation = log_variance.clone().mul_scalar(0.5).exp(); // [batch, latent]
                let code = |noise: &Tensor<2>| mean.clone() + deviation.clone() * noise.clone();
                if kind == ScoreKind::NegativeElbo {
                    let losses = noise.iter().map(|noise| loss(code(noise)));
                    let sum = losses.reduce(|sum, loss| sum + loss);
                    let loss = sum.expect("there is a draw").div_scalar(noise.len() as f64); // [batch, values]
                    let kl =
                        log_variance.clone().exp() + mean.clone().square() - 1.0 - log_variance;
                    return Tensor::cat(vec![loss, kl.mul_scalar(0.5)], 1);
                }
                // ln p(z) - ln q(z | x) = Σ ½(ε² + ln σ² - z²), the constants of both being the same.
                let weight = |noise: &Tensor<2>| {
                    let code = code(noise);
                    let ratio =
                        noise.clone().square() + log_variance.clone() - code.clone().square(); // [batch, latent]
                    row_sums(ratio.mul_scalar(0.5)) - row_sums(loss(code)) // [batch, 1]
                };
                Tensor::cat(noise.iter().map(weight).collect(), 1) // [batch, draws]
            }
        }
    }

    fn device_of_samples(&self) -> &burn::tensor::Device {
        &self.device().device
    }
}

/// A batch with zeros behind it, up to `size` samples.
fn filled_up(batch: Batch, size: usize) -> Batch {
    let fill = |rows: Tensor<2>| {
        let [count, width] = rows.dims();
        match size - count {
            0 => rows,
            more => {
                let zeros = Tensor::zeros([more, width], &rows.device());
                Tensor::cat(vec![rows, zeros], 0) // [size, width]
            }
        }
    };
    Batch {
        inputs: fill(batch.inputs.into_tensor()).into(),
        targets: fill(batch.targets),
        known: batch.known.map(fill),
    }
}

/// ln (1/n) Σ e^x, without overflow.
fn log_mean_exp(numbers: &[f64]) -> f64 {
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = numbers.iter().map(|number| (number - most).exp()).sum();
    most + (sum / numbers.len() as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_of_a_mean_does_not_overflow() {
        let one_in_two = log_mean_exp(&[0.0, f64::NEG_INFINITY]);
        assert!((one_in_two + std::f64::consts::LN_2).abs() < 1e-15);
        assert_eq!(log_mean_exp(&[-1e4, -1e4]), -1e4);
        assert!(log_mean_exp(&[f64::NAN, 0.0]).is_nan());
    }

    #[test]
    fn every_kind_has_the_name_it_is_read_by() {
        for kind in ScoreKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("mse".parse::<ScoreKind>().is_err());
    }
}
