//! The missing cells of a table filled by what its training part says of their columns.

use serde::{Deserialize, Serialize};

use crate::csv_cells::{guarded, unguarded};
use crate::delimited_text::{Row, Rows, Separator, quoted, shown};
use crate::error::content_of as content;
use crate::scaling::check_columns;
use crate::{Error, Samples};

/// The header of a filling as text.
const HEADER: &str = "column,fill";

/// What stands for a missing cell of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FillKind {
    /// 0 after scaling.
    #[default]
    None,
    /// The mean of the column's known cells, before scaling, as scikit-learn's `SimpleImputer`.
    Mean,
}

/// What stands for the missing cells of each column.
#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// A number for each, finite.
    pub values: Vec<f64>,
}

impl Fill {
    /// The mean of the known cells of each column of the training rows; 0 where none is known.
    ///
    /// # Errors
    /// [`Error::Content`] for images, or for a column whose sum is beyond what `f64` holds.
    pub fn fit(samples: &Samples) -> Result<Self, Error> {
        let columns = samples.columns().to_vec();
        if columns.is_empty() {
            return Err(content(samples.name(), "rows of a table", "images"));
        }
        let mut values = Vec::with_capacity(columns.len());
        for (name, statistics) in columns.iter().zip(samples.statistics()) {
            let mean = statistics.mean;
            if !mean.is_finite() {
                let expected = "numbers whose sum a double-precision number holds";
                return Err(content(
                    samples.name(),
                    expected,
                    format!("column `{name}`"),
                ));
            }
            values.push(mean);
        }
        Ok(Self { columns, values })
    }

    /// The rows with no cell missing.
    ///
    /// # Errors
    /// [`Error::Content`] where the columns are not those it was learned from.
    pub fn apply(&self, samples: &Samples) -> Result<Samples, Error> {
        check_columns(&self.columns, samples, "filling")?;
        Ok(samples.filled(&self.values))
    }

    /// The filling as comma-separated text, a line a column, from which [`from_csv`](Self::from_csv) makes the very same.
    pub fn to_csv(&self) -> String {
        let pairs = self.columns.iter().zip(&self.values);
        let lines = pairs.map(|(column, value)| format!("{},{value}\n", quoted(&guarded(column))));
        format!("{HEADER}\n{}", lines.collect::<String>())
    }

    /// The filling from its text; `origin` is the file, for messages.
    ///
    /// # Errors
    /// [`Error::Content`] with the line that is damaged.
    pub fn from_csv(text: &str, origin: &str) -> Result<Self, Error> {
        let mut rows = Rows::new(text.as_bytes(), Separator::Byte(b','));
        let mut row = Row::default();
        let mut next = |row: &mut Row| {
            let read = rows.next(row);
            read.map_err(|failure| content(origin, "a filling", failure.to_string()))
        };
        if !next(&mut row)? || !row.fields().eq(HEADER.split(',').map(str::as_bytes)) {
            return Err(content(origin, format!("the header `{HEADER}`"), "another"));
        }
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        while next(&mut row)? {
            let fields: Vec<_> = row.fields().collect();
            let text = |field: &[u8]| std::str::from_utf8(field).ok().map(str::to_owned);
            let number = |field: &[u8]| {
                text(field)?
                    .parse()
                    .ok()
                    .filter(|value: &f64| value.is_finite())
            };
            let pair = match fields[..] {
                [column, value] => text(column)
                    .map(|column| unguarded(&column).to_owned())
                    .zip(number(value)),
                _ => None,
            };
            let Some((column, value)) = pair else {
                let origin = format!("{origin}:{}", row.line);
                let found = shown(&fields.join(&b','));
                return Err(content(&origin, "a column and a finite number", found));
            };
            columns.push(column);
            values.push(value);
        }
        match columns.is_empty() {
            true => Err(content(origin, "at least one column", "none")),
            false => Ok(Self { columns, values }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Facts;

    const NAN: f64 = f64::NAN;

    fn table(columns: Vec<Vec<f64>>) -> Samples {
        let facts = Facts {
            name: "mine".to_owned(),
            ..Facts::default()
        };
        let names = (0..columns.len())
            .map(|place| format!("c{place}"))
            .collect();
        Samples::table(facts, names, columns).expect("it is a table")
    }

    #[test]
    fn a_missing_cell_becomes_the_mean_of_the_known_ones() {
        let train = table(vec![vec![1.0, NAN, 4.0, 4.0], vec![NAN; 4]]);
        let fill = Fill::fit(&train).expect("a table");
        assert_eq!(fill.values, [3.0, 0.0]);
        let other = table(vec![vec![NAN, 7.0], vec![5.0, NAN]]).select(&[1, 0]);
        let filled = fill.apply(&other).expect("the same columns");
        let column = |place| filled.column(place).collect::<Vec<f64>>();
        assert_eq!((column(0), column(1)), (vec![7.0, 3.0], vec![0.0, 5.0]));
        assert!(!filled.has_missing());
    }

    #[test]
    fn text_keeps_every_bit_and_damage_is_refused() {
        let fill = Fill {
            columns: vec!["a,\"b\"".to_owned(), "c".to_owned()],
            values: vec![0.1, -1.0 / 3.0],
        };
        let again = Fill::from_csv(&fill.to_csv(), "fill.csv").expect("as written");
        assert_eq!(again, fill);
        for bad in [
            "",
            "column,fill\n",
            "column,fill\na\n",
            "column,fill\na,inf\n",
            "a,1\n",
        ] {
            let error = Fill::from_csv(bad, "fill.csv").expect_err(bad);
            assert!(error.to_string().contains("fill.csv"), "{error}");
        }
    }

    #[test]
    fn other_columns_are_refused() {
        let fill = Fill::fit(&table(vec![vec![1.0]])).expect("a table");
        let error = fill
            .apply(&table(vec![vec![1.0], vec![2.0]]))
            .expect_err("two");
        let message = "`mine`: expected 1 columns as in the filling, found 2";
        assert_eq!(error.to_string(), message);
    }
}
