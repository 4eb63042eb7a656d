//! Rows with holes through a model until the holes are filled: to a fixed point, or by drawing.

use burn::tensor::{Tensor, TensorData};
use espejo_nets::{Autoencoder, seeded};
use rand::RngExt;

use super::columns::{Cells, ColumnKind};
use super::{FOR_DRAWS, FOR_RESIDUALS};
use crate::Error;
use crate::host_rows::{normal, numbers};
use crate::seed::{Purpose, stream};
use crate::trained::Trained;

/// Rows that go through the model at once, at most.
const BLOCK: usize = 512;
/// A cell has settled when it moves by no more than this part of the standard deviation of its column.
const TOLERANCE: f64 = 1e-5;
/// Codes drawn for each row to see how far it is from what it comes back as.
const RESIDUAL_DRAWS: usize = 8;

/// How holes are filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FillRule {
    /// Rounds at most until a row has settled, or those before the first draw.
    pub rounds: usize,
    /// Draws of each cell of a variational model.
    pub draws: usize,
    /// The share of these that an interval holds.
    pub level: f64,
    pub seed: u64,
}

/// Rows without holes.
pub(crate) struct Filled {
    /// All values, row by row.
    pub rows: Vec<f32>,
    /// The ends of the draws, where there were such; else the values themselves.
    pub ends: Option<[Vec<f32>; 2]>,
    /// The most rounds that a row took.
    pub rounds: usize,
    /// The rows that moved to the last round.
    pub unsettled: usize,
}

/// The mean and the standard deviation of each value of some rows, as far as they are known.
#[derive(Clone, Debug)]
pub(crate) struct Statistics {
    pub means: Vec<f32>,
    pub deviations: Vec<f64>,
}

impl Statistics {
    pub(crate) fn of(rows: &[f32], width: usize) -> Self {
        let means = espejo_analysis::known_means(espejo_analysis::Matrix::new(rows, width));
        let deviation = |(place, mean): (usize, &f64)| {
            let all = rows.iter().skip(place).step_by(width);
            let known = all.filter(|value| !value.is_nan());
            let (mut sum, mut count) = (0.0, 0.0);
            known.for_each(|value| {
                sum += (f64::from(*value) - mean).powi(2);
                count += 1.0;
            });
            if sum > 0.0 {
                f64::sqrt(sum / count)
            } else {
                1.0
            }
        };
        Self {
            deviations: means.iter().enumerate().map(deviation).collect(),
            means: means.iter().map(|mean| *mean as f32).collect(),
        }
    }
}

/// Puts the means in place of the holes, and says where these were.
pub(crate) fn fill_with_means(rows: &mut [f32], means: &[f32]) -> Vec<bool> {
    let holes: Vec<bool> = rows.iter().map(|value| value.is_nan()).collect();
    for row in rows.chunks_exact_mut(means.len()) {
        for (value, mean) in row
            .iter_mut()
            .zip(means)
            .filter(|(value, _)| value.is_nan())
        {
            *value = *mean;
        }
    }
    holes
}

/// The rows that have holes.
fn with_holes(holes: &[bool], width: usize) -> Vec<usize> {
    let rows = holes.chunks_exact(width).enumerate();
    let holed = rows.filter(|(_, holes)| holes.contains(&true));
    holed.map(|(row, _)| row).collect()
}

/// Rows as a model sees them that sees what is missing: with their holes, whatever stands there meanwhile.
fn with_nan(mut rows: Vec<f32>, is_hole: impl Fn(usize) -> bool) -> Vec<f32> {
    let values = rows.iter_mut().enumerate();
    let holes = values.filter(|(at, _)| is_hole(*at));
    holes.for_each(|(_, value)| *value = f32::NAN);
    rows
}

/// Fills holes with what comes out of `through` at their places, again and again, until they stay as they are. A row that has settled
/// goes through no more, so that it is what it would be alone. `size` rows go through at once, at most. What `shows_holes` goes through
/// with its holes each time, and has settled with the second.
pub(crate) fn settle(
    mut rows: Vec<f32>,
    statistics: &Statistics,
    most: usize,
    (size, shows_holes): (usize, bool),
    mut through: impl FnMut(&[f32]) -> Vec<f32>,
) -> Filled {
    let width = statistics.means.len();
    let holes = fill_with_means(&mut rows, &statistics.means);
    let mut moving = with_holes(&holes, width);
    let mut rounds = 0;
    while !moving.is_empty() && rounds < most {
        rounds += 1;
        let mut still = Vec::new();
        for places in moving.chunks(size) {
            let indices = places.iter().flat_map(|row| row * width..(row + 1) * width);
            let seen = indices.map(|at| match shows_holes && holes[at] {
                true => f32::NAN,
                false => rows[at],
            });
            let seen: Vec<f32> = seen.collect();
            for (&row, output) in places.iter().zip(through(&seen).chunks_exact(width)) {
                let span = row * width..(row + 1) * width;
                if replace(&mut rows[span.clone()], &holes[span], output, statistics) {
                    still.push(row);
                }
            }
        }
        moving = still;
    }
    Filled {
        rows,
        ends: None,
        rounds,
        unsettled: moving.len(),
    }
}

/// Puts outputs into the holes of a row; whether one of them moved.
fn replace(row: &mut [f32], holes: &[bool], output: &[f32], statistics: &Statistics) -> bool {
    let mut moved = false;
    for (place, value) in row
        .iter_mut()
        .enumerate()
        .filter(|(place, _)| holes[*place])
    {
        let step = f64::from(output[place] - *value).abs();
        moved |= step > TOLERANCE * statistics.deviations[place];
        *value = output[place];
    }
    moved
}

/// The random numbers of one round, which all rows share: what comes of a row then depends on nothing but the row.
struct RoundNoise {
    /// Standard normal numbers: `[latent]`.
    code: Vec<f32>,
    /// Standard normal numbers, one for each value.
    values: Vec<f32>,
    /// Numbers of 0 to 1, one for each column.
    columns: Vec<f64>,
}

impl Trained {
    /// Fills the holes (NaN) of rows as the model sees them. `noise` is the standard deviation of each value around what is
    /// decoded, for a variational model.
    pub(crate) fn fill(
        &self,
        rows: Vec<f32>,
        cells: &Cells,
        statistics: &Statistics,
        noise: &[f32],
        rule: FillRule,
    ) -> Result<Filled, Error> {
        let model = self.whole()?;
        let size = self.chunk().min(BLOCK);
        if !self.prepared().spec.kind.has_posterior() {
            let through =
                |rows: &[f32]| self.through(rows, size, |x| model.decode(model.encode(x)));
            let how = (size, self.config().data.missing_mask);
            return Ok(settle(rows, statistics, rule.rounds, how, through));
        }
        Ok(self.draw(model, rows, cells, statistics, noise, rule))
    }

    /// What a model makes of rows, which are filled up with zeros to `size`: a matrix product of another size may add in another order.
    fn through(
        &self,
        rows: &[f32],
        size: usize,
        make: impl Fn(Tensor<2>) -> Tensor<2>,
    ) -> Vec<f32> {
        let width = self.shape().pixels();
        let mut padded = rows.to_vec();
        padded.resize(size * width, 0.0);
        let data = TensorData::new(padded, [size, width]);
        let output = make(Tensor::from_data(data, &self.device().device)); // [size, values]
        let mut output = numbers(output);
        output.truncate(rows.len());
        output
    }

    /// What comes of rows when their codes are drawn with these standard normal numbers: `[latent]`.
    fn through_draw(
        &self,
        model: &dyn Autoencoder,
        rows: &[f32],
        size: usize,
        noise: &[f32],
    ) -> Vec<f32> {
        let data = TensorData::new(noise.to_vec(), [1, noise.len()]);
        let noise: Tensor<2> = Tensor::from_data(data, &self.device().device); // [1, latent]
        self.through(rows, size, |x| {
            let mean = model.encode(x.clone()); // [size, latent]
            let log_variance = model.log_variance(x).expect("who draws has a posterior"); // [size, latent]
            model.decode(mean + log_variance.mul_scalar(0.5).exp() * noise.clone())
        })
    }

    /// Fills holes by iterated conditional sampling (pseudo-Gibbs): a code is drawn for the row as it stands, the row for the code, and
    /// of it what is missing is kept (Rezende, Mohamed and Wierstra 2014, appendix F). The posterior of the encoder is not the model's own, so that
    /// the draws are only about those of the model (Mattei and Frellsen 2018).
    ///
    /// A cell becomes the mean of what is decoded in the rounds that count, its ends quantiles of the draws.
    fn draw(
        &self,
        model: &dyn Autoencoder,
        mut rows: Vec<f32>,
        cells: &Cells,
        statistics: &Statistics,
        noise: &[f32],
        rule: FillRule,
    ) -> Filled {
        let width = cells.width();
        let size = self.chunk().min(BLOCK);
        let holes = fill_with_means(&mut rows, &statistics.means);
        let drawn = self.round_noise(cells, rule);
        let mut ends = [rows.clone(), rows.clone()];
        for places in with_holes(&holes, width).chunks(size) {
            let indices = |row: &usize| (row * width..(row + 1) * width).collect::<Vec<_>>();
            let indices: Vec<usize> = places.iter().flat_map(indices).collect();
            let holes: Vec<usize> = (0..indices.len())
                .filter(|at| holes[indices[*at]])
                .collect();
            let mut current: Vec<f32> = indices.iter().map(|index| rows[*index]).collect();
            let holed = with_nan(current.clone(), |at| holes.binary_search(&at).is_ok());
            let mut sums = vec![0.0; holes.len()];
            let mut draws = vec![Vec::with_capacity(rule.draws); holes.len()];
            for (round, random) in drawn.iter().enumerate() {
                let decoded = match self.config().data.missing_mask {
                    true => self.through_draw(model, &holed, size, &random.code),
                    false => self.through_draw(model, &current, size, &random.code),
                };
                let mut output = decoded.clone();
                for row in output.chunks_exact_mut(width) {
                    draw_row(row, cells, noise, random);
                }
                for (at, &place) in holes.iter().enumerate() {
                    current[place] = output[place];
                    if round >= rule.rounds {
                        sums[at] += f64::from(decoded[place]);
                        draws[at].push(output[place]);
                    }
                }
            }
            for ((place, sum), mut draws) in holes.into_iter().zip(sums).zip(draws) {
                draws.sort_unstable_by(f32::total_cmp);
                let index = indices[place];
                rows[index] = (sum / rule.draws as f64) as f32;
                ends[0][index] = quantile(&draws, (1.0 - rule.level) / 2.0);
                ends[1][index] = quantile(&draws, (1.0 + rule.level) / 2.0);
            }
        }
        Filled {
            rows,
            ends: Some(ends),
            rounds: rule.rounds + rule.draws,
            unsettled: 0,
        }
    }

    /// The random numbers of every round.
    fn round_noise(&self, cells: &Cells, rule: FillRule) -> Vec<RoundNoise> {
        let mut rng = seeded(stream(rule.seed, FOR_DRAWS, Purpose::Use));
        let mut round = |_| RoundNoise {
            code: (0..self.latent()).map(|_| normal(&mut rng)).collect(),
            values: (0..cells.width()).map(|_| normal(&mut rng)).collect(),
            columns: cells.columns.iter().map(|_| rng.random()).collect(),
        };
        (0..rule.rounds + rule.draws).map(&mut round).collect()
    }

    /// How far the known values of rows are from what is decoded of codes drawn for them: the standard deviation of each value, by which
    /// a likelihood of squared errors has its noise. Empty for a model that draws no codes.
    pub(crate) fn residual_deviations(
        &self,
        mut rows: Vec<f32>,
        statistics: &Statistics,
        seed: u64,
    ) -> Result<Vec<f32>, Error> {
        let model = self.whole()?;
        if !self.prepared().spec.kind.has_posterior() {
            return Ok(Vec::new());
        }
        let width = statistics.means.len();
        let size = self.chunk().min(BLOCK);
        let holes = fill_with_means(&mut rows, &statistics.means);
        let (mut sums, mut counts) = (vec![0.0; width], vec![0.0; width]);
        let mut rng = seeded(stream(seed, FOR_RESIDUALS, Purpose::Use));
        for (rows, holes) in rows.chunks(size * width).zip(holes.chunks(size * width)) {
            let seen = match self.config().data.missing_mask {
                true => with_nan(rows.to_vec(), |at| holes[at]),
                false => rows.to_vec(),
            };
            for _ in 0..RESIDUAL_DRAWS {
                let noise: Vec<f32> = (0..self.latent()).map(|_| normal(&mut rng)).collect();
                let output = self.through_draw(model, &seen, size, &noise);
                for at in (0..rows.len()).filter(|at| !holes[*at]) {
                    sums[at % width] += f64::from(output[at] - rows[at]).powi(2);
                    counts[at % width] += 1.0;
                }
            }
        }
        let deviation = |(sum, count): (&f64, &f64)| (sum / f64::max(*count, 1.0)).sqrt() as f32;
        Ok(sums.iter().zip(&counts).map(deviation).collect())
    }
}

/// Draws each cell of a decoded row around what was decoded: a category by the shares of its words, a truth value by its share, a number
/// with normal noise.
fn draw_row(row: &mut [f32], cells: &Cells, noise: &[f32], random: &RoundNoise) {
    for (column, facts) in cells.columns.iter().enumerate() {
        let places = cells.places(column);
        let is_category = matches!(facts.kind, ColumnKind::Category(_));
        if !is_category && !facts.is_binary() {
            row[places[0]] += noise[places[0]] * random.values[places[0]];
            continue;
        }
        let shares = cells.shares(column, row);
        let chosen = match is_category {
            true => Some(chosen(&shares, random.columns[column])),
            false => (random.columns[column] < shares[0]).then_some(0),
        };
        for (at, &place) in places.iter().enumerate() {
            let (zero, one) = cells.ends(column, at);
            row[place] = if chosen == Some(at) { one } else { zero };
        }
    }
}

/// The place at which a number of 0 to 1 falls among shares; what is below 0 has none.
fn chosen(shares: &[f64], at: f64) -> usize {
    let shares: Vec<f64> = shares.iter().map(|share| share.max(0.0)).collect();
    let mut left = at * shares.iter().sum::<f64>();
    for (place, share) in shares.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return place;
        }
    }
    shares.len() - 1
}

/// A quantile of ascending numbers, linear between two of them.
fn quantile(sorted: &[f32], share: f64) -> f32 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    low + (high - low) * place.fract() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The projection on the direction (1, 2, -1) / √6, as a linear autoencoder of one dimension or a principal component does it.
    fn on_a_line(rows: &[f32]) -> Vec<f32> {
        let line = [1.0, 2.0, -1.0];
        let project = |row: &[f32]| {
            let along: f32 = row.iter().zip(line).map(|(value, part)| value * part).sum();
            line.map(|part| part * along / 6.0)
        };
        rows.chunks_exact(3).flat_map(project).collect()
    }

    fn check(row: [f32; 3], expected: [f32; 3]) {
        let statistics = Statistics {
            means: vec![0.5; 3],
            deviations: vec![1.0; 3],
        };
        let filled = settle(row.to_vec(), &statistics, 500, (4, false), on_a_line);
        assert_eq!(filled.unsettled, 0);
        for (found, expected) in filled.rows.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{:?}", filled.rows);
        }
    }

    #[test]
    fn a_table_of_rank_one_is_filled_exactly() {
        check([f32::NAN, 6.0, -3.0], [3.0, 6.0, -3.0]);
        check([1.5, f32::NAN, -1.5], [1.5, 3.0, -1.5]);
        check([f32::NAN, f32::NAN, 2.0], [-2.0, -4.0, 2.0]);
        // What is known stays, even where the line does not go through it.
        check([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]);
    }

    #[test]
    fn rows_that_do_not_settle_are_counted() {
        let statistics = Statistics {
            means: vec![0.0; 2],
            deviations: vec![1.0; 2],
        };
        let grow = |rows: &[f32]| rows.iter().map(|value| value + 1.0).collect();
        let filled = settle(
            vec![1.0, f32::NAN, 2.0, 3.0],
            &statistics,
            7,
            (4, false),
            grow,
        );
        assert_eq!((filled.rounds, filled.unsettled), (7, 1));
        assert_eq!(filled.rows, [1.0, 7.0, 2.0, 3.0]);
    }

    #[test]
    fn a_category_is_chosen_by_its_share() {
        for (at, expected) in [(0.0, 0), (0.24, 0), (0.26, 2), (0.99, 2)] {
            assert_eq!(chosen(&[0.25, -0.5, 0.75], at), expected, "{at}");
        }
        assert_eq!(chosen(&[-1.0, 0.0], 0.5), 1);
    }

    #[test]
    fn known_statistics_and_quantiles() {
        let statistics = Statistics::of(&[1.0, f32::NAN, 3.0, f32::NAN, f32::NAN, f32::NAN], 2);
        assert_eq!(statistics.means, [2.0, 0.0]);
        assert_eq!(statistics.deviations, [1.0, 1.0]);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[1.0], 0.95), 1.0);
    }
}
