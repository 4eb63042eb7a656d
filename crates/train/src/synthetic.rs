//! New rows of a table, as its file would have them: codes are drawn, decoded, and what the decoder leaves open is drawn around that.

use espejo_analysis::{Covariance, Matrix, Mixture};
use espejo_data::{CellKind, Samples, TableColumn};
use espejo_nets::{Criterion, seeded};
use rand::{Rng, RngExt};

use crate::Error;
use crate::host_rows::{Rows, normal, unit_rows};
use crate::prepare::source;
use crate::seed::{Purpose, stream};
use crate::trained::Trained;

/// Training rows whose codes a mixture is fitted to, at most, evenly spread: expectation maximisation goes over all of them many
/// times.
const FITTED: usize = 4_000;
/// Numbers of components that are tried; Ghosh et al. take 10.
const COMPONENTS: [usize; 5] = [1, 2, 4, 7, 10];
/// Dimensions of a code up to which a component may have any covariance; beyond that columns do not vary together.
const FULL: usize = 32;
/// Training rows that residuals are taken from, at most, evenly spread.
const RESIDUALS: usize = 20_000;

/// A table as its file has it, before any scaling.
#[derive(Clone, Debug)]
pub struct RawTable {
    /// Its columns that the run learned.
    pub columns: Vec<TableColumn>,
    /// The rows to learn from, in double precision.
    pub train: Samples,
    /// The rows that were held out, where there are such.
    pub held_out: Option<Samples>,
}

/// How new rows are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticRule {
    /// How many.
    pub count: usize,
    /// The seed of all that is drawn.
    pub seed: u64,
    /// Whether a row is what the decoder makes of its code, with nothing drawn around that.
    pub mean: bool,
}

/// Where codes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOrigin {
    /// The prior that training shaped.
    Prior,
    /// A Gaussian mixture fitted to the codes of training rows (ex-post density estimation, Ghosh et al. 2020), of as many components
    /// as have the least Bayesian information criterion.
    Mixture {
        /// How many components.
        components: usize,
        /// Training rows that it was fitted to.
        rows: usize,
    },
}

/// What is drawn around a decoded number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputDraw {
    /// Nothing, because it was not asked for.
    NotAsked,
    /// Nothing: the loss is no likelihood of numbers.
    NoLikelihood,
    /// A normal number, as the squared error has it; its deviation is the root of the mean squared residual of the column over
    /// training rows, the most likely one (Rybkin et al. 2021).
    Normal,
    /// A Laplace number, as the absolute error has it; its scale is the mean absolute residual of the column.
    Laplace,
}

/// New rows.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// What a model sees of them, unscaled, in the order of the file: `[rows][values]`. The words of a category are 0 but for one.
    pub rows: Vec<Vec<f64>>,
    /// Where their codes come from.
    pub codes: CodeOrigin,
    /// What was drawn around decoded numbers.
    pub draw: OutputDraw,
}

impl Trained {
    /// The table of the run as its file has it. It is read again: a run keeps what a model sees.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the run learned images or windows of a series, [`Error::Data`] where the file cannot be read.
    pub fn raw_table(&self) -> Result<RawTable, Error> {
        if !self.test().is_table() {
            let message = "this run learned images, of which there are no rows".to_owned();
            let hint = "leave `--csv` out for a figure of new images".to_owned();
            return Err(Error::config(message, Some(hint)));
        }
        if self.test().window().is_some() {
            let message = "this run learned windows of a series, of which there are no single rows";
            let hint = "train on its rows, without `--window`".to_owned();
            return Err(Error::config(message.to_owned(), Some(hint)));
        }
        let loaded = espejo_data::load(&source(self.config())?)?;
        Ok(RawTable {
            columns: TableColumn::of(&loaded.train, &loaded.columns),
            train: loaded.train,
            held_out: loaded.test,
        })
    }

    /// Draws new rows.
    ///
    /// Codes come from the prior where training shaped one, else from a mixture of normal distributions fitted to the codes of training
    /// rows. Numbers are drawn around the decoded ones where the loss is a likelihood of numbers, values of which there are two
    /// and words by their decoded shares; with `rule.mean` all of them are the likeliest. Numbers keep to the decimals of
    /// their column, whole numbers and dates to its range.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the model has no code, [`Error::NotFinite`] where a number comes out as none, [`Error::Data`] where
    /// the samples lie in a file that cannot be read.
    ///
    /// ```no_run
    /// use std::path::Path;
    /// use espejo_train::{Folder, SyntheticRule, Trained, Which};
    ///
    /// let folder = Folder::find("last", Path::new("runs"))?;
    /// let trained = Trained::open(&folder, Which::Best, None)?;
    /// let table = trained.raw_table()?;
    /// let rule = SyntheticRule { count: 100, seed: 1, mean: false };
    /// let rows = trained.synthetic(&table, rule)?.rows;
    /// let first: Vec<String> = table.columns.iter().map(|column| column.cell(&rows[0])).collect();
    /// # Ok::<(), espejo_train::Error>(())
    /// ```
    pub fn synthetic(&self, table: &RawTable, rule: SyntheticRule) -> Result<Synthetic, Error> {
        self.whole()?;
        let (codes, origin) = self.new_codes(rule)?;
        let decoded = self.decode(&codes)?;
        let draw = match (rule.mean, &self.prepared().spec.criterion) {
            (true, _) => OutputDraw::NotAsked,
            (false, Criterion::Mse | Criterion::Mixed { .. }) => OutputDraw::Normal,
            (false, Criterion::Mae) => OutputDraw::Laplace,
            (false, _) => OutputDraw::NoLikelihood,
        };
        let scales = match draw {
            OutputDraw::Normal | OutputDraw::Laplace => self.residuals(draw, rule.seed)?,
            OutputDraw::NotAsked | OutputDraw::NoLikelihood => Vec::new(),
        };
        let mut random = seeded(stream(rule.seed, 0, Purpose::Output));
        let mut rows = Vec::with_capacity(decoded.len());
        for (number, decoded) in decoded.iter().enumerate() {
            let noisy = with_noise(decoded, &scales, draw, &mut random);
            let (mean, noisy) = (
                self.prepared().unscaled(decoded),
                self.prepared().unscaled(&noisy),
            );
            if let Some(value) = mean.iter().chain(&noisy).find(|value| !value.is_finite()) {
                return Err(Error::NotFinite {
                    what: "number of a new row",
                    row: number as u64,
                    value: *value,
                });
            }
            let mut row = vec![0.0; mean.len()];
            for column in &table.columns {
                fill(column, &mean, &noisy, rule.mean, &mut random, &mut row);
            }
            rows.push(row);
        }
        Ok(Synthetic {
            rows,
            codes: origin,
            draw,
        })
    }

    /// Codes of new rows.
    fn new_codes(&self, rule: SyntheticRule) -> Result<(Rows, CodeOrigin), Error> {
        if self.prior().is_some() {
            return Ok((self.random_codes(rule.count, rule.seed)?, CodeOrigin::Prior));
        }
        let known = self.encode(&spread(&self.prepared().train, FITTED))?;
        let latent = self.latent();
        // The mixture adds 1e-6 to each variance, which is little beside 1 and may be much beside the variance of a code.
        let scale = Standard::of(&known);
        let scaled: Vec<f32> = known.iter().flat_map(|code| scale.apply(code)).collect();
        let seed = stream(rule.seed, 0, Purpose::Use);
        let mixture = likeliest_mixture(Matrix::new(&scaled, latent), seed);
        let drawn = mixture.draw(rule.count, seed);
        let codes = drawn.chunks_exact(latent).map(|code| scale.undo(code));
        let origin = CodeOrigin::Mixture {
            components: mixture.weights().len(),
            rows: known.len(),
        };
        Ok((codes.collect(), origin))
    }

    /// How far training rows are from what the decoder makes of their codes, for each value: the root of the mean square, or the
    /// mean absolute difference. Cells that are missing are left out.
    fn residuals(&self, draw: OutputDraw, seed: u64) -> Result<Vec<f64>, Error> {
        let known = spread(&self.prepared().train, RESIDUALS);
        let outputs = self.decode(&self.sample(&known, seed)?)?;
        let rows = unit_rows(&known)?;
        let of = |value: usize| {
            let pairs = rows.iter().zip(&outputs);
            let off = pairs.map(|(row, output)| f64::from(row[value]) - f64::from(output[value]));
            let off: Vec<f64> = off.filter(|off| !off.is_nan()).collect();
            let count = off.len().max(1) as f64;
            match draw {
                OutputDraw::Laplace => off.iter().map(|off| off.abs()).sum::<f64>() / count,
                _ => (off.iter().map(|off| off * off).sum::<f64>() / count).sqrt(),
            }
        };
        Ok((0..self.shape().pixels()).map(of).collect())
    }
}

/// A decoded row with something drawn around each number of a certain scale.
fn with_noise(row: &[f32], scales: &[f64], draw: OutputDraw, random: &mut impl Rng) -> Vec<f32> {
    if scales.is_empty() {
        return row.to_vec();
    }
    let noisy = row.iter().zip(scales).map(|(value, scale)| {
        let noise = match draw {
            OutputDraw::Laplace => laplace(random),
            _ => f64::from(normal(random)),
        };
        (f64::from(*value) + scale * noise) as f32
    });
    noisy.collect()
}

/// A Laplace number of scale 1: an exponential one with a sign.
fn laplace(random: &mut impl Rng) -> f64 {
    let size = -(1.0 - random.random::<f64>()).ln();
    if random.random::<bool>() { size } else { -size }
}

/// Fills in what a model would see of a column.
fn fill(
    column: &TableColumn,
    mean: &[f64],
    noisy: &[f64],
    likeliest: bool,
    random: &mut impl Rng,
    row: &mut [f64],
) {
    let first = column.places.start;
    match &column.cells {
        CellKind::Number { .. } | CellKind::Date { .. } => {
            row[first] = column.settled(noisy[first]);
        }
        CellKind::Pair {
            values: [low, high],
            ..
        } => {
            // Their mean says how often the second one occurs.
            let share = ((mean[first] - low) / (high - low)).clamp(0.0, 1.0);
            let limit = if likeliest { 0.5 } else { random.random() };
            row[first] = if share > limit { *high } else { *low };
        }
        CellKind::Category { .. } => {
            let place = match likeliest {
                true => largest(&mean[column.places.clone()]),
                false => by_share(&mean[column.places.clone()], random.random()),
            };
            row[first + place] = 1.0;
        }
    }
}

/// The place of the largest share, the first of equals.
fn largest(shares: &[f64]) -> usize {
    let places = (0..shares.len()).rev();
    let largest = places.max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
    largest.expect("a category has words")
}

/// The place that a number from 0 to 1 falls on, by shares that need not add up to 1; those below 0 count as 0, and where none is above
/// it, the largest is taken.
fn by_share(shares: &[f64], at: f64) -> usize {
    let shares = || shares.iter().map(|share| share.max(0.0));
    let total: f64 = shares().sum();
    let mut sum = 0.0;
    let found = shares().position(|share| {
        sum += share;
        at * total < sum
    });
    found.unwrap_or_else(|| largest(&shares().collect::<Vec<_>>()))
}

/// Samples, evenly spread, at most so many.
fn spread(samples: &Samples, most: usize) -> Samples {
    if samples.len() <= most {
        return samples.clone();
    }
    let places: Vec<usize> = (0..most).map(|i| i * samples.len() / most).collect();
    samples.select(&places)
}

/// The mixture with the least Bayesian information criterion.
fn likeliest_mixture(codes: Matrix, seed: u64) -> Mixture {
    let covariance = match codes.columns() <= FULL {
        true => Covariance::Full,
        false => Covariance::Diagonal,
    };
    let counts = COMPONENTS.into_iter().filter(|count| *count <= codes.len());
    let mixtures = counts.map(|count| Mixture::fit(codes, count, covariance, seed));
    let scored = mixtures.map(|mixture| (mixture.bic(codes), mixture));
    let best = scored.min_by(|a, b| a.0.total_cmp(&b.0));
    best.expect("one component is always tried").1
}

/// The mean and the deviation of each dimension of codes.
struct Standard {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl Standard {
    fn of(codes: &Rows) -> Self {
        let count = codes.len() as f64;
        let latent = codes.first().map_or(0, Vec::len);
        let mean_of =
            |value: &dyn Fn(&Vec<f32>) -> f64| codes.iter().map(value).sum::<f64>() / count;
        let mean: Vec<f64> = (0..latent)
            .map(|j| mean_of(&|code| f64::from(code[j])))
            .collect();
        let deviation = (0..latent).map(|j| {
            let deviation = mean_of(&|code| (f64::from(code[j]) - mean[j]).powi(2)).sqrt();
            // A dimension that never changes is left as it is.
            if deviation > 0.0 { deviation } else { 1.0 }
        });
        Self {
            deviation: deviation.collect(),
            mean,
        }
    }

    fn apply(&self, code: &[f32]) -> Vec<f32> {
        let numbers = code.iter().zip(self.mean.iter().zip(&self.deviation));
        numbers
            .map(|(number, (mean, deviation))| ((f64::from(*number) - mean) / deviation) as f32)
            .collect()
    }

    fn undo(&self, code: &[f32]) -> Vec<f32> {
        let numbers = code.iter().zip(self.mean.iter().zip(&self.deviation));
        numbers
            .map(|(number, (mean, deviation))| (f64::from(*number) * deviation + mean) as f32)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_drawn_by_their_shares() {
        let shares = [0.2, -0.1, 0.6];
        assert_eq!(by_share(&shares, 0.0), 0);
        assert_eq!(by_share(&shares, 0.24), 0);
        assert_eq!(by_share(&shares, 0.26), 2);
        assert_eq!(by_share(&shares, 0.999), 2);
        assert_eq!(by_share(&[-1.0, -0.5], 0.3), 0);
        assert_eq!(largest(&[0.1, 0.4, 0.4]), 1);
    }

    #[test]
    fn noise_has_the_scale_of_its_column() {
        let mut random = seeded(1);
        let mut deviation = |draw| {
            let rows = (0..4_000).map(|_| with_noise(&[5.0, 5.0], &[2.0, 0.0], draw, &mut random));
            let off: Vec<f64> = rows
                .map(|row| {
                    assert_eq!(row[1], 5.0);
                    f64::from(row[0]) - 5.0
                })
                .collect();
            (off.iter().map(|off| off * off).sum::<f64>() / off.len() as f64).sqrt()
        };
        assert!((deviation(OutputDraw::Normal) - 2.0).abs() < 0.1);
        // The deviation of a Laplace number is √2 times its scale.
        assert!((deviation(OutputDraw::Laplace) - 8.0_f64.sqrt()).abs() < 0.2);
    }

    #[test]
    fn a_mixture_finds_two_groups_of_codes() {
        let codes: Vec<f32> = (0..400)
            .map(|row| (row % 2 * 20) as f32 + (row / 2 % 7) as f32 * 0.1)
            .collect();
        let mixture = likeliest_mixture(Matrix::new(&codes, 1), 1);
        let drawn = mixture.draw(200, 1);
        assert!(mixture.weights().len() >= 2);
        let is_near = |code: &f32| (-1.5..2.0).contains(code) || (18.5..22.0).contains(code);
        assert!(drawn.iter().filter(|code| is_near(code)).count() >= 195);
    }

    #[test]
    fn codes_keep_their_place_through_a_scale() {
        let codes: Rows = vec![vec![1.0, 7.0], vec![3.0, 7.0]];
        let scale = Standard::of(&codes);
        assert_eq!(scale.apply(&codes[1]), [1.0, 0.0]);
        assert_eq!(scale.undo(&[1.0, 0.0]), codes[1]);
    }
}
