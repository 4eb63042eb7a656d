//! A scaling as text, a line for each column, as a run keeps it.

use super::{Scaling, ScalingKind};
use crate::Error;
use crate::csv_cells::{guarded, unguarded};
use crate::delimited_text::{Row, Rows, Separator, quoted, shown};
use crate::error::content_of as content;

/// The header of a scaling as text.
pub(super) const HEADER: &str = "column,shift,scale,scaling";
/// What is added to it where columns have knots.
pub(super) const KNOTS: &str = ",quantiles";

impl Scaling {
    /// The scaling as comma-separated text, a line a column, from which [`from_csv`](Self::from_csv) makes the very same.
    pub fn to_csv(&self) -> String {
        let has_knots = self.kind == ScalingKind::Quantile;
        let more = if has_knots { KNOTS } else { "" };
        let mut text = format!("{HEADER}{more}\n");
        for (place, column) in self.columns.iter().enumerate() {
            let (shift, scale) = (self.shift[place], self.scale[place]);
            let kind = self.kind.name();
            text += &format!("{},{shift},{scale},{kind}", quoted(&guarded(column)));
            if has_knots {
                let knots = self.knots[place].iter().map(f64::to_string);
                text += &format!(",{}", knots.collect::<Vec<_>>().join(" "));
            }
            text += "\n";
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
        let is_header = |row: &Row, more: &str| {
            let names = [HEADER, more].concat();
            row.fields().eq(names.split(',').map(str::as_bytes))
        };
        if !next(&mut row)? || !(is_header(&row, "") || is_header(&row, KNOTS)) {
            return Err(content(origin, format!("the header `{HEADER}`"), "another"));
        }
        let has_knots = is_header(&row, KNOTS);
        let mut scaling = Self {
            kind: ScalingKind::None,
            columns: Vec::new(),
            shift: Vec::new(),
            scale: Vec::new(),
            knots: Vec::new(),
        };
        while next(&mut row)? {
            if !scaling.take(&row) || has_knots != (scaling.kind == ScalingKind::Quantile) {
                let fields: Vec<_> = row.fields().collect();
                let expected = match has_knots {
                    true => {
                        "a column, a finite shift, a finite scale above 0, `quantile`, and ascending finite numbers"
                    }
                    false => {
                        "a column, a finite shift, a finite scale above 0, and one kind of scaling"
                    }
                };
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
        let Some([column, shift, scale, kind, knots @ ..]) = fields.as_deref() else {
            return false;
        };
        let finite = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
        let (Some(shift), Some(scale)) = (finite(shift), finite(scale)) else {
            return false;
        };
        let Some(kind) = ScalingKind::parse(kind) else {
            return false;
        };
        let is_quantile = kind == ScalingKind::Quantile;
        if knots.len() != usize::from(is_quantile) {
            return false;
        }
        let knots = knots
            .iter()
            .flat_map(|knots| knots.split_ascii_whitespace());
        let knots: Option<Vec<f64>> = knots.map(finite).collect();
        let Some(knots) = knots.filter(|knots| are_knots(knots)) else {
            return false;
        };
        if scale <= 0.0 || !(self.columns.is_empty() || self.kind == kind) {
            return false;
        }
        self.kind = kind;
        self.columns.push(unguarded(column).to_owned());
        self.shift.push(shift);
        self.scale.push(scale);
        self.knots.push(knots);
        true
    }
}

/// Whether these are the knots of a column: none, or ascending ones that are not all the same.
fn are_knots(knots: &[f64]) -> bool {
    let ascend = || knots.windows(2).all(|pair| pair[0] <= pair[1]);
    knots.is_empty() || knots[0] < knots[knots.len() - 1] && ascend()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_every_bit_and_any_name() {
        let scaling = Scaling {
            kind: ScalingKind::MinMax,
            columns: vec![
                "a,\"b\"".to_owned(),
                " two\nlines".to_owned(),
                "c".to_owned(),
            ],
            shift: vec![0.1, f64::MIN, 5e-324],
            scale: vec![1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX],
            knots: vec![Vec::new(); 3],
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
}
