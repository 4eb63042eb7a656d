//! The columns of a table brought to one scale, and back.

mod quantiles;
mod streamed;
mod text;

use serde::{Deserialize, Serialize};

use crate::error::content_of as content;
use crate::samples::statistics::ColumnStatistics;
use crate::{Error, Samples, parallel};

/// Rows that are scaled together: few enough for the cache, for they come by column and go by row.
const ROWS: usize = 256;
/// Blocks of rows that a thread takes at a time.
const BLOCKS: usize = 16;

/// How the columns of a table are scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScalingKind {
    /// Every number as it is.
    #[default]
    None,
    /// To a mean of 0 and a standard deviation of 1, that of the whole set of rows (n in the denominator), as scikit-learn's
    /// `StandardScaler`.
    Standardise,
    /// To 0 for the smallest and 1 for the largest number, as scikit-learn's `MinMaxScaler`.
    MinMax,
    /// To a median of 0 and a distance of 1 between the quartiles, as scikit-learn's `RobustScaler`: a few wild numbers do not
    /// squeeze the others together.
    Robust,
    /// To the part of the rows that lie below a number, 0 to 1, as scikit-learn's `QuantileTransformer`: whatever the column looks
    /// like, its numbers are spread evenly, and new ones beyond the smallest or largest become 0 or 1.
    Quantile,
}

impl ScalingKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::Standardise,
        Self::MinMax,
        Self::Robust,
        Self::Quantile,
    ];

    /// The name of the kind: `none`, `standardise`, `min-max`, `robust`, `quantile`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Standardise => "standardise",
            Self::MinMax => "min-max",
            Self::Robust => "robust",
            Self::Quantile => "quantile",
        }
    }

    /// Whether scaled numbers are 0 to 1, for the training rows at least.
    pub fn is_unit(self) -> bool {
        matches!(self, Self::MinMax | Self::Quantile)
    }

    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A scaling with the numbers it learned from the training rows: `x` becomes `(x - shift) / scale`, or goes through the
/// distribution function whose knots are kept.
///
/// Everything is worked out in double precision and rounded once, at the end: a column of seconds since 1970 keeps the differences
/// between its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// How it was learned.
    pub kind: ScalingKind,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The shift of each column, finite.
    pub shift: Vec<f64>,
    /// The scale of each column, finite and above 0; 1 for a column that never changes.
    pub scale: Vec<f64>,
    /// The quantiles of each column, evenly apart and ascending, for [`ScalingKind::Quantile`]; none for a column that never changes,
    /// which is shifted and scaled, and for other kinds.
    pub knots: Vec<Vec<f64>>,
}

impl Scaling {
    /// Learns a scaling from the known numbers of the training rows.
    ///
    /// # Errors
    /// [`Error::Content`] for images, or for a column whose range is beyond what `f64` holds.
    pub fn fit(samples: &Samples, kind: ScalingKind) -> Result<Self, Error> {
        let columns = samples.columns().to_vec();
        if columns.is_empty() {
            return Err(content(samples.name(), "rows of a table", "images"));
        }
        let statistics = samples.statistics()?;
        let places = 0..columns.len();
        let of_column = |place: usize| learned(samples, place, &statistics[place], kind);
        let learned: Vec<Learned> = match samples.stored_rows() {
            // One after another: for its quantiles a column is in memory whole.
            Some(_) => places.map(of_column).collect(),
            None => parallel::map(samples.len() * columns.len(), places.collect(), of_column),
        };
        let (mut shift, mut scale, mut knots) = (Vec::new(), Vec::new(), Vec::new());
        for (place, learned) in learned.into_iter().enumerate() {
            if !(learned.shift.is_finite() && learned.scale.is_finite()) {
                let ColumnStatistics { low, high, .. } = statistics[place];
                let expected = "numbers whose range a double-precision number holds";
                let found = format!("{low} to {high} in column `{}`", columns[place]);
                return Err(content(samples.name(), expected, found));
            }
            shift.push(learned.shift);
            scale.push(learned.scale);
            knots.push(learned.knots);
        }
        Ok(Self {
            kind,
            columns,
            shift,
            scale,
            knots,
        })
    }

    /// The scaling, but these columns stay as they are: the 0 and 1 of [categories](Samples::categories), say.
    ///
    /// # Panics
    /// Where a column is not there.
    pub fn except(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        for place in columns {
            (self.shift[place], self.scale[place]) = (0.0, 1.0);
            self.knots[place].clear();
        }
        self
    }

    /// Scales the rows of a table to single precision; what is missing stays so.
    ///
    /// # Errors
    /// [`Error::Content`] where the columns are not those it was learned from, or a number becomes too large for `f32`.
    pub fn apply(&self, samples: &Samples) -> Result<Samples, Error> {
        check_columns(&self.columns, samples, "scaling")?;
        if let Some(scaled) = streamed::apply(self, samples)? {
            return Ok(scaled);
        }
        let width = self.columns.len();
        let mut scaled = vec![0.0; samples.len() * width];
        let numbers = scaled.len();
        let pieces = scaled.chunks_mut(BLOCKS * ROWS * width).enumerate();
        let infinite = parallel::map(numbers, Vec::from_iter(pieces), |(at, out)| {
            let blocks = out.chunks_mut(ROWS * width).enumerate();
            let mut room = Vec::new();
            let infinite = blocks.filter_map(|(block, out)| {
                let start = (at * BLOCKS + block) * ROWS;
                self.apply_to_block(samples, start, out, &mut room)
            });
            infinite.min()
        });
        if let Some((place, row)) = infinite.into_iter().flatten().min() {
            let number = samples.column(place).nth(row).unwrap_or(f64::NAN);
            return Err(self.too_large(samples, row, place, number));
        }
        Ok(samples.with_scaled(scaled))
    }

    /// Scales the rows from `start` on to `out`, which is as long as so many rows; the first column and its first row that single precision
    /// does not hold, where there is one.
    fn apply_to_block(
        &self,
        samples: &Samples,
        start: usize,
        out: &mut [f32],
        room: &mut Vec<f64>,
    ) -> Option<(usize, usize)> {
        let width = self.columns.len();
        let rows = start..start + out.len() / width;
        let mut infinite = None;
        for place in 0..width {
            let numbers = samples.column_block(place, rows.clone(), room);
            let (shift, scale) = (self.shift[place], self.scale[place]);
            let cells = out.iter_mut().skip(place).step_by(width).zip(numbers);
            let mut is_infinite = false;
            match &self.knots[place][..] {
                [] => cells.for_each(|(cell, number)| {
                    *cell = ((number - shift) / scale) as f32;
                    is_infinite |= cell.is_infinite();
                }),
                knots => {
                    cells.for_each(|(cell, number)| *cell = quantiles::part(knots, *number) as f32)
                }
            }
            if is_infinite && infinite.is_none() {
                let mut cells = out.iter().skip(place).step_by(width);
                let row = cells.position(|cell| cell.is_infinite());
                infinite = row.map(|row| (place, start + row));
            }
        }
        infinite
    }

    /// A number of a column as a model sees it, rounded once; NaN stays so.
    pub(crate) fn scaled(&self, place: usize, number: f64) -> f32 {
        match &self.knots[place][..] {
            [] => ((number - self.shift[place]) / self.scale[place]) as f32,
            knots => quantiles::part(knots, number) as f32,
        }
    }

    /// Writes a row as a model sees it.
    ///
    /// # Panics
    /// Where the row has more numbers than there are columns.
    pub(crate) fn scale_row(&self, row: &[f64], out: &mut [f32]) {
        if self.kind != ScalingKind::Quantile {
            let by = self.shift.iter().zip(&self.scale);
            for ((out, number), (shift, scale)) in out.iter_mut().zip(row).zip(by) {
                *out = ((number - shift) / scale) as f32;
            }
            return;
        }
        for (place, (out, number)) in out.iter_mut().zip(row).enumerate() {
            *out = self.scaled(place, *number);
        }
    }

    /// Says that a number is too large for single precision.
    fn too_large(&self, samples: &Samples, row: usize, place: usize, number: f64) -> Error {
        let name = &self.columns[place];
        let found = format!("{number} in row {}, column `{name}`", row + 1);
        let expected = match self.kind {
            ScalingKind::None => format!("a number within ±{:e}", f32::MAX),
            _ => "numbers like those the scaling was learned from".to_owned(),
        };
        content(samples.name(), expected, found)
    }

    /// A scaled row in the units of its columns, with the digits that single precision has at their scale: 3.5, not
    /// 3.4999998211860657.
    ///
    /// # Panics
    /// Where the row has not one number a column.
    pub fn invert_row(&self, row: &[f32]) -> Vec<f64> {
        assert_eq!(row.len(), self.columns.len(), "one number a column");
        let cell = |(place, &number): (usize, &f32)| {
            let (exact, scale) = match &self.knots[place][..] {
                [] => {
                    let scale = self.scale[place];
                    (f64::from(number) * scale + self.shift[place], scale)
                }
                knots => quantiles::number(knots, f64::from(number)),
            };
            // What single precision may be off by: decimals below that say nothing.
            let error = f64::from(number).abs() * scale * f64::from(f32::EPSILON) / 2.0;
            let decimals = -error.log10().ceil();
            // Greater powers of ten are no exact numbers.
            if !(0.0..=22.0).contains(&decimals) {
                return exact;
            }
            let unit = 10f64.powi(decimals as i32);
            (exact * unit).round() / unit
        };
        row.iter().enumerate().map(cell).collect()
    }

    /// The scaling with its numbers rounded to single precision, as runs of configuration version 1 learned it.
    pub fn single(mut self) -> Self {
        let all = [&mut self.shift, &mut self.scale].into_iter();
        for numbers in all.chain(&mut self.knots) {
            numbers
                .iter_mut()
                .for_each(|number| *number = f64::from(*number as f32));
        }
        self
    }
}

/// Columns agree with those that `what` was learned from by their count and, where both sides have names, by name. A name that is a
/// number is none: files without a header get such.
pub(crate) fn check_columns(
    learned: &[String],
    samples: &Samples,
    what: &str,
) -> Result<(), Error> {
    let found = samples.columns();
    if found.len() != learned.len() {
        let expected = format!("{} columns as in the {what}", learned.len());
        return Err(content(samples.name(), expected, found.len().to_string()));
    }
    let named = |columns: &[String]| columns.iter().any(|name| name.parse::<usize>().is_err());
    if !(named(found) && named(learned)) {
        return Ok(());
    }
    match learned.iter().zip(found).find(|(a, b)| a != b) {
        Some((expected, found)) => {
            let expected = format!("column `{expected}` as in the {what}");
            Err(content(samples.name(), expected, format!("`{found}`")))
        }
        None => Ok(()),
    }
}

/// What is learned of a column.
struct Learned {
    shift: f64,
    scale: f64,
    knots: Vec<f64>,
}

/// What a column is shifted and scaled by, from the numbers that are known: 0 and 1 where there are none; and its knots, where it
/// has some.
fn learned(
    samples: &Samples,
    column: usize,
    statistics: &ColumnStatistics,
    kind: ScalingKind,
) -> Learned {
    let &ColumnStatistics {
        count,
        low,
        high,
        mean,
        squares,
    } = statistics;
    let mut knots = Vec::new();
    let (shift, scale) = match kind {
        _ if count == 0 => (0.0, 1.0),
        ScalingKind::None => (0.0, 1.0),
        // The mean of equal numbers may be off by a rounding, and their deviation then tiny, but not 0.
        _ if low >= high => (low, 1.0),
        ScalingKind::Standardise => (mean, (squares / count as f64).sqrt()),
        ScalingKind::MinMax => (low, high - low),
        ScalingKind::Quantile => {
            knots = quantiles::knots(&sorted(samples, column), samples.len());
            (low, high - low)
        }
        ScalingKind::Robust => {
            let sorted = sorted(samples, column);
            let last = (sorted.len() - 1) as f64;
            let quantile = |at: f64| quantiles::quantile(&sorted, at * last);
            let [lower, median, upper] = [0.25, 0.5, 0.75].map(quantile);
            // Where half of all numbers are equal there is no range between the quartiles: the whole one stands for it.
            match upper > lower {
                true => (median, upper - lower),
                false => (median, high - low),
            }
        }
    };
    // A scale that single precision cannot tell from 0 would make infinities of the next rows.
    let is_usable = scale >= f64::from(f32::MIN_POSITIVE);
    Learned {
        shift,
        scale: if is_usable { scale } else { 1.0 },
        knots,
    }
}

/// The known numbers of a column, ascending.
fn sorted(samples: &Samples, column: usize) -> Vec<f64> {
    let known = samples.column(column).filter(|number| !number.is_nan());
    let mut sorted: Vec<f64> = known.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests;
