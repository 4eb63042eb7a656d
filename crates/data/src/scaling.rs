//! The columns of a table brought to one scale, and back.

use serde::{Deserialize, Serialize};

use crate::delimited_text::{Row, Rows, Separator, quoted, shown};
use crate::error::content_of as content;
use crate::{Error, Samples};

/// The header of a scaling as text.
const HEADER: &str = "column,shift,scale,scaling";

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
}

impl ScalingKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::None, Self::Standardise, Self::MinMax];

    /// The name of the kind: `none`, `standardise`, `min-max`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Standardise => "standardise",
            Self::MinMax => "min-max",
        }
    }

    /// The kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A scaling with the numbers it learned from the training rows: `x` becomes `(x - shift) / scale`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// How it was learned.
    pub kind: ScalingKind,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The shift of each column, finite.
    pub shift: Vec<f32>,
    /// The scale of each column, finite and above 0; 1 for a column that never changes.
    pub scale: Vec<f32>,
}

impl Scaling {
    /// Learns a scaling from the training rows.
    ///
    /// # Errors
    /// [`Error::Content`] for images, or for a column whose range is beyond what `f32` holds.
    pub fn fit(samples: &Samples, kind: ScalingKind) -> Result<Self, Error> {
        let columns = samples.columns().to_vec();
        if columns.is_empty() {
            return Err(content(samples.name(), "rows of a table", "images"));
        }
        let mut ranges = vec![Range::default(); columns.len()];
        each_row(samples, |row| {
            for (range, &number) in ranges.iter_mut().zip(row) {
                range.add(f64::from(number));
            }
        })?;
        if kind == ScalingKind::Standardise {
            each_row(samples, |row| {
                for (range, &number) in ranges.iter_mut().zip(row) {
                    range.squares += (f64::from(number) - range.mean()).powi(2);
                }
            })?;
        }
        let mut scaling = Self {
            kind,
            columns,
            shift: Vec::new(),
            scale: Vec::new(),
        };
        for (range, column) in ranges.iter().zip(&scaling.columns) {
            let (shift, scale) = range.shift_and_scale(kind);
            if !scale.is_finite() {
                let found = format!("{} to {} in column `{column}`", range.low, range.high);
                let expected = format!("numbers no further apart than {:e}", f32::MAX);
                return Err(content(samples.name(), expected, found));
            }
            scaling.shift.push(shift);
            scaling.scale.push(scale);
        }
        Ok(scaling)
    }

    /// Scales the rows of a table.
    ///
    /// # Errors
    /// [`Error::Content`] where the columns are not those it was learned from, or a number becomes too large for `f32`.
    pub fn apply(&self, samples: &Samples) -> Result<Samples, Error> {
        self.check_columns(samples)?;
        let mut numbers = Vec::with_capacity(samples.len() * self.columns.len());
        samples.read(0..samples.len(), 0.0, &mut numbers)?;
        if self.kind == ScalingKind::None {
            return Ok(samples.with_numbers(numbers));
        }
        for (index, row) in numbers.chunks_exact_mut(self.columns.len()).enumerate() {
            for (place, number) in row.iter_mut().enumerate() {
                let shifted = f64::from(*number) - f64::from(self.shift[place]);
                let scaled = (shifted / f64::from(self.scale[place])) as f32;
                if !scaled.is_finite() {
                    let column = &self.columns[place];
                    let found = format!("{number} in row {}, column `{column}`", index + 1);
                    let expected = "numbers like those the scaling was learned from";
                    return Err(content(samples.name(), expected, found));
                }
                *number = scaled;
            }
        }
        Ok(samples.with_numbers(numbers))
    }

    /// Brings a scaled row back to the units of its columns.
    ///
    /// # Panics
    /// Where the row has not one number a column.
    pub fn invert_row(&self, row: &mut [f32]) {
        assert_eq!(row.len(), self.columns.len(), "one number a column");
        for (place, number) in row.iter_mut().enumerate() {
            *number = *number * self.scale[place] + self.shift[place];
        }
    }

    /// The scaling as comma-separated text, a line a column, from which [`from_csv`](Self::from_csv) makes the very same.
    pub fn to_csv(&self) -> String {
        let mut text = format!("{HEADER}\n");
        for (place, column) in self.columns.iter().enumerate() {
            let (shift, scale) = (self.shift[place], self.scale[place]);
            let kind = self.kind.name();
            text += &format!("{},{shift},{scale},{kind}\n", quoted(column));
        }
        text
    }

    /// The scaling from its text; `origin` is the file, for messages.
    ///
    /// # Errors
    /// [`Error::Content`] with the line that is damaged.
    pub fn from_csv(text: &str, origin: &str) -> Result<Self, Error> {
        let mut rows = Rows::new(text.as_bytes(), Separator::Byte(b','));
        let mut row = Row::default();
        let mut next = |row: &mut Row| {
            let read = rows.next(row);
            read.map_err(|failure| content(origin, "a scaling", failure.to_string()))
        };
        if !next(&mut row)? || !row.fields().eq(HEADER.split(',').map(str::as_bytes)) {
            return Err(content(origin, format!("the header `{HEADER}`"), "another"));
        }
        let mut scaling = Self {
            kind: ScalingKind::None,
            columns: Vec::new(),
            shift: Vec::new(),
            scale: Vec::new(),
        };
        while next(&mut row)? {
            if !scaling.take(&row) {
                let fields: Vec<_> = row.fields().collect();
                let expected =
                    "a column, a finite shift, a finite scale above 0, and one kind of scaling";
                let origin = format!("{origin}:{}", row.line);
                return Err(content(&origin, expected, shown(&fields.join(&b','))));
            }
        }
        match scaling.columns.is_empty() {
            true => Err(content(origin, "at least one column", "none")),
            false => Ok(scaling),
        }
    }

    /// Takes a line of the text in; false where it is damaged.
    fn take(&mut self, row: &Row) -> bool {
        let fields: Option<Vec<_>> = row
            .fields()
            .map(|field| std::str::from_utf8(field).ok())
            .collect();
        let Some([column, shift, scale, kind]) = fields.as_deref() else {
            return false;
        };
        let finite = |text: &str| text.parse().ok().filter(|number: &f32| number.is_finite());
        let (Some(shift), Some(scale)) = (finite(shift), finite(scale)) else {
            return false;
        };
        let Some(kind) = ScalingKind::parse(kind) else {
            return false;
        };
        if scale <= 0.0 || !(self.columns.is_empty() || self.kind == kind) {
            return false;
        }
        self.kind = kind;
        self.columns.push((*column).to_owned());
        self.shift.push(shift);
        self.scale.push(scale);
        true
    }

    /// Columns agree by their count and, where both sides have names, by name. A name that is a number is none: files
    /// without a header get such.
    fn check_columns(&self, samples: &Samples) -> Result<(), Error> {
        let found = samples.columns();
        if found.len() != self.columns.len() {
            let expected = format!("{} columns as in the scaling", self.columns.len());
            return Err(content(samples.name(), expected, found.len().to_string()));
        }
        let named = |columns: &[String]| columns.iter().any(|name| name.parse::<usize>().is_err());
        if !(named(found) && named(&self.columns)) {
            return Ok(());
        }
        match self.columns.iter().zip(found).find(|(a, b)| a != b) {
            Some((expected, found)) => {
                let expected = format!("column `{expected}` as in the scaling");
                Err(content(samples.name(), expected, format!("`{found}`")))
            }
            None => Ok(()),
        }
    }
}

/// Hands on every row in order.
fn each_row(samples: &Samples, mut take: impl FnMut(&[f32])) -> Result<(), Error> {
    let mut row = Vec::new();
    for index in 0..samples.len() {
        row.clear();
        samples.read([index], 0.0, &mut row)?;
        take(&row);
    }
    Ok(())
}

/// What a column was seen to hold.
#[derive(Clone, Debug)]
struct Range {
    count: f64,
    sum: f64,
    low: f64,
    high: f64,
    /// The sum of squared distances from the mean, which needs a second pass.
    squares: f64,
}

impl Default for Range {
    fn default() -> Self {
        Self {
            count: 0.0,
            sum: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            squares: 0.0,
        }
    }
}

impl Range {
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        self.sum += number;
        self.low = self.low.min(number);
        self.high = self.high.max(number);
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    fn shift_and_scale(&self, kind: ScalingKind) -> (f32, f32) {
        let (shift, scale) = match kind {
            ScalingKind::None => return (0.0, 1.0),
            // The mean of equal numbers may be off by a rounding, and their deviation then tiny, but not 0.
            _ if self.low >= self.high => (self.low, 1.0),
            ScalingKind::Standardise => (self.mean(), (self.squares / self.count).sqrt()),
            ScalingKind::MinMax => (self.low, self.high - self.low),
        };
        // A scale that f32 cannot tell from 0 would make infinities of the next rows.
        let scale = scale as f32;
        (
            shift as f32,
            if scale < f32::MIN_POSITIVE {
                1.0
            } else {
                scale
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Shape};

    fn table(columns: &[&str], numbers: &[f32]) -> Samples {
        let facts = Facts {
            name: "mine".to_owned(),
            ..Facts::default()
        };
        let columns = columns.iter().map(|&name| name.to_owned()).collect();
        Samples::table(facts, columns, numbers.to_vec()).expect("it is a table")
    }

    fn numbers(samples: &Samples) -> Vec<f32> {
        let mut numbers = Vec::new();
        let indices = 0..samples.len();
        samples.read(indices, 0.0, &mut numbers).expect("in memory");
        numbers
    }

    /// Columns 1, 2, 3, 4 (mean 2.5, deviation the root of 1.25) and 7, 7, 7, 7.
    fn small() -> Samples {
        table(&["a", "b"], &[1.0, 7.0, 2.0, 7.0, 3.0, 7.0, 4.0, 7.0])
    }

    #[test]
    fn scaled_numbers_are_exact() {
        for (kind, shift, scale, expected) in [
            (
                ScalingKind::None,
                [0.0, 0.0],
                [1.0, 1.0],
                [1.0, 2.0, 3.0, 4.0],
            ),
            (
                ScalingKind::Standardise,
                [2.5, 7.0],
                [1.118_034, 1.0],
                // By scikit-learn's StandardScaler.
                [-1.341_640_8, -0.447_213_6, 0.447_213_6, 1.341_640_8],
            ),
            (
                ScalingKind::MinMax,
                [1.0, 7.0],
                [3.0, 1.0],
                [0.0, 0.333_333_34, 0.666_666_7, 1.0],
            ),
        ] {
            let scaling = Scaling::fit(&small(), kind).expect("it is a table");
            assert_eq!(
                (&scaling.shift[..], &scaling.scale[..]),
                (&shift[..], &scale[..])
            );
            let scaled = scaling.apply(&small()).expect("the same columns");
            let scaled = numbers(&scaled);
            let first: Vec<_> = scaled.iter().step_by(2).copied().collect();
            for (found, expected) in first.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{kind:?}: {found} {expected}"
                );
            }
            let mut row = [scaled[6], scaled[7]];
            scaling.invert_row(&mut row);
            assert!((row[0] - 4.0).abs() < 1e-6);
            assert_eq!(row[1], 7.0);
            let again = Scaling::from_csv(&scaling.to_csv(), "scaling.csv").expect("as written");
            assert_eq!(again, scaling);
            assert_eq!(ScalingKind::parse(kind.name()), Some(kind));
        }
        assert_eq!(ScalingKind::parse("minmax"), None);
    }

    #[test]
    fn text_keeps_every_bit_and_any_name() {
        let scaling = Scaling {
            kind: ScalingKind::MinMax,
            columns: vec![
                "a,\"b\"".to_owned(),
                " two\nlines".to_owned(),
                "c".to_owned(),
            ],
            shift: vec![0.1, -3.402_823_5e38, 1e-45],
            scale: vec![1.0 / 3.0, 1.175_494_4e-38, 3.402_823_5e38],
        };
        let again = Scaling::from_csv(&scaling.to_csv(), "scaling.csv");
        assert_eq!(again.expect("as written"), scaling);
        for (text, message) in [
            (
                "a\n",
                "`s.csv`: expected the header `column,shift,scale,scaling`, found another",
            ),
            (
                "column,shift,scale,scaling\n",
                "`s.csv`: expected at least one column, found none",
            ),
            (
                "column,shift,scale,scaling\na,0,0,none\n",
                "`s.csv:2`: expected a column, a finite shift, a finite scale above 0, and one kind of scaling, \
                 found `a,0,0,none`",
            ),
        ] {
            let error = Scaling::from_csv(text, "s.csv").expect_err(message);
            assert_eq!(error.to_string(), message);
        }
        for bad in [
            "a,0,1",
            "a,inf,1,none",
            "a,0,NaN,none",
            "a,0,1,other",
            "a,0,1,none\nb,0,1,min-max",
        ] {
            let text = format!("{HEADER}\n{bad}\n");
            assert!(Scaling::from_csv(&text, "s.csv").is_err(), "{bad}");
        }
    }

    #[test]
    fn other_columns_are_refused() {
        let scaling = Scaling::fit(&small(), ScalingKind::Standardise).expect("a table");
        for (columns, message) in [
            (
                &["a"][..],
                "`mine`: expected 2 columns as in the scaling, found 1",
            ),
            (
                &["a", "c"],
                "`mine`: expected column `b` as in the scaling, found `c`",
            ),
        ] {
            let other = table(columns, &vec![1.0; columns.len()]);
            let error = scaling.apply(&other).expect_err(message);
            assert_eq!(error.to_string(), message);
        }
        assert!(scaling.apply(&table(&["1", "2"], &[1.0, 2.0])).is_ok());
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 1,
        };
        let picture = Samples::pictures(Facts::default(), shape, 1, vec![1]).expect("an image");
        let error = Scaling::fit(&picture, ScalingKind::None).expect_err("no table");
        assert_eq!(
            error.to_string(),
            "``: expected rows of a table, found images"
        );
    }

    #[test]
    fn extremes_stay_finite_or_are_refused() {
        let wide = table(&["a"], &[f32::MAX, -f32::MAX]);
        let error = Scaling::fit(&wide, ScalingKind::MinMax).expect_err("too wide");
        assert!(
            error
                .to_string()
                .contains("no further apart than 3.4028235e38"),
            "{error}"
        );
        // Mean 0 and deviation f32::MAX still fit.
        let scaling = Scaling::fit(&wide, ScalingKind::Standardise).expect("it fits");
        assert_eq!(
            numbers(&scaling.apply(&wide).expect("it fits")),
            [1.0, -1.0]
        );
        let near = table(&["a"], &[0.0, 1e-45]);
        let scaling = Scaling::fit(&near, ScalingKind::MinMax).expect("it fits");
        assert_eq!(scaling.scale, [1.0]);
        let small = table(&["a"], &[0.0, 2e-38]);
        let scaling = Scaling::fit(&small, ScalingKind::MinMax).expect("it fits");
        let error = scaling
            .apply(&table(&["a"], &[1e30]))
            .expect_err("too large");
        assert_eq!(
            error.to_string(),
            "`mine`: expected numbers like those the scaling was learned from, found 1000000000000000000000000000000 \
             in row 1, column `a`"
        );
    }
}
