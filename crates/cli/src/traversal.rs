//! A walk along each dimension of the latent code, one after the other, the others kept as they are.

use espejo_data::Samples;
use espejo_pictures::{Figure, Sheet, sheet};
use espejo_train::{Rows, Trained};

use crate::code_search;
use crate::csv_cell::csv_field;
use crate::decoded_rows::{columns, in_units};
use crate::figures::tile;
use crate::latent_figures::linspace;
use crate::normal_distribution::normal_quantile;
use crate::sample_columns::Chosen;
use crate::titles::subject;

/// Dimensions that are drawn, at most: the CSV has all.
pub const MAX_DRAWN_DIMENSIONS: usize = 64;

/// The codes of a walk along each dimension.
pub struct Traversal {
    /// The code that the other dimensions keep.
    base: Vec<f32>,
    /// The values of each dimension, `[dimension][step]`.
    values: Vec<Vec<f64>>,
    /// What the steps are, in words, for captions.
    captions: Vec<String>,
    /// Where the other dimensions are kept, in words.
    around: String,
}

impl Traversal {
    /// Along the quantiles 0.05 to 0.95 of the prior of a `vae`, else along the range of the codes of `samples`. The other dimensions keep the mean of
    /// these codes, or the code of the sample `around`.
    pub fn new(
        trained: &Trained,
        samples: Samples,
        steps: usize,
        around: Option<&str>,
    ) -> anyhow::Result<Self> {
        let codes = trained.encode(&samples)?;
        let (base, words) = match around {
            None => (mean(&codes), "the mean code".to_owned()),
            Some(id) => {
                let parts = [Chosen {
                    samples,
                    part: None,
                }];
                let (_, index) = code_search::query(&parts, id)?;
                (codes[index].clone(), format!("the code of `{id}`"))
            }
        };
        let (values, captions) = match trained.prior().is_some() {
            true => along_prior(trained.latent(), steps),
            false => along_range(&codes, steps),
        };
        Ok(Self {
            base,
            values,
            captions,
            around: words,
        })
    }

    /// The codes of all steps, dimension by dimension.
    fn codes(&self) -> Rows {
        let along = |(dimension, values): (usize, &Vec<f64>)| {
            let code = move |value: &f64| {
                let mut code = self.base.clone();
                code[dimension] = *value as f32;
                code
            };
            values.iter().map(code).collect::<Rows>()
        };
        self.values.iter().enumerate().flat_map(along).collect()
    }

    /// A sheet with a row for each dimension; the first ones where there are many.
    pub fn drawn(&self, trained: &Trained) -> anyhow::Result<Figure> {
        let steps = self.captions.len();
        let dimensions = self.values.len().min(MAX_DRAWN_DIMENSIONS);
        let codes = &self.codes()[..dimensions * steps];
        let decoded = trained.decode(codes)?;
        let ink = trained.test().two_valued();
        let mut tiles = decoded
            .iter()
            .map(|row| Some(tile(row, trained.shape(), ink)));
        let row = |dimension| {
            (
                format!("z{}", dimension + 1),
                tiles.by_ref().take(steps).collect(),
            )
        };
        let marks = |values: &Vec<f64>| values.iter().map(|value| Some(short(*value))).collect();
        Ok(sheet(&Sheet {
            title: format!("Traversal around {}, {}", self.around, subject(trained)),
            rows: (0..dimensions).map(row).collect(),
            captions: self.captions.clone(),
            marks: self.values[..dimensions].iter().map(marks).collect(),
            wrap: steps,
            key: "under an image: the value of the dimension at its row".to_owned(),
            ..Sheet::default()
        }))
    }

    /// The codes as CSV, a line a step, and of a table the decoded rows in its own units.
    pub fn as_csv(&self, trained: &Trained) -> anyhow::Result<String> {
        let codes = self.codes();
        let rows = match trained.test().is_table() {
            true => in_units(trained, &trained.decode(&codes)?),
            false => vec![Vec::new(); codes.len()],
        };
        let mut header = vec!["dimension".to_owned(), "step".to_owned()];
        header.extend((1..=self.base.len()).map(|dimension| format!("z{dimension}")));
        if trained.test().is_table() {
            header.extend(columns(trained).iter().map(|column| csv_field(column)));
        }
        let mut text = header.join(",") + "\n";
        let steps = self.captions.len();
        for (at, (code, row)) in codes.iter().zip(&rows).enumerate() {
            let mut cells = vec![(at / steps + 1).to_string(), (at % steps + 1).to_string()];
            cells.extend(code.iter().map(ToString::to_string));
            cells.extend(row.iter().map(ToString::to_string));
            text += &(cells.join(",") + "\n");
        }
        Ok(text)
    }

    /// How many dimensions the code has.
    pub fn dimensions(&self) -> usize {
        self.values.len()
    }
}

/// The mean of each dimension.
fn mean(codes: &Rows) -> Vec<f32> {
    let count = codes.len() as f64;
    let width = codes.first().map_or(0, Vec::len);
    let of = |place: usize| codes.iter().map(|code| f64::from(code[place])).sum::<f64>();
    (0..width).map(|place| (of(place) / count) as f32).collect()
}

/// Quantiles of the prior, alike for each dimension.
fn along_prior(latent: usize, steps: usize) -> (Vec<Vec<f64>>, Vec<String>) {
    let shares = linspace(0.05, 0.95, steps);
    let values: Vec<f64> = shares.iter().map(|share| normal_quantile(*share)).collect();
    let captions = shares.iter().map(|share| format!("{:.0} %", 100.0 * share));
    (vec![values; latent], captions.collect())
}

/// From the least to the greatest value that the codes have in each dimension.
fn along_range(codes: &Rows, steps: usize) -> (Vec<Vec<f64>>, Vec<String>) {
    let width = codes.first().map_or(0, Vec::len);
    let range = |place: usize| {
        let values = codes.iter().map(|code| f64::from(code[place]));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        linspace(low, high, steps)
    };
    let shares = linspace(0.0, 1.0, steps);
    let captions = shares.iter().map(|share| format!("{:.0} %", 100.0 * share));
    ((0..width).map(range).collect(), captions.collect())
}

/// A value of a code under its tile.
fn short(value: f64) -> String {
    // Without the sign of a zero.
    format!("{:.2}", (100.0 * value).round() / 100.0 + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_dimension_goes_from_its_least_to_its_greatest_value() {
        let codes = vec![vec![0.0, 5.0], vec![2.0, 5.0], vec![1.0, -1.0]];
        let (values, captions) = along_range(&codes, 3);
        assert_eq!(values, [[0.0, 1.0, 2.0], [-1.0, 2.0, 5.0]]);
        assert_eq!(captions, ["0 %", "50 %", "100 %"]);
        assert_eq!(mean(&codes), [1.0, 3.0]);
    }

    #[test]
    fn one_dimension_moves_and_the_others_stay() {
        let traversal = Traversal {
            base: vec![1.0, 3.0],
            values: vec![vec![0.0, 2.0], vec![-1.0, 5.0]],
            captions: vec!["0 %".to_owned(), "100 %".to_owned()],
            around: String::new(),
        };
        let expected = [[0.0, 3.0], [2.0, 3.0], [1.0, -1.0], [1.0, 5.0]];
        assert_eq!(traversal.codes(), expected);
    }

    #[test]
    fn the_prior_is_walked_by_its_quantiles() {
        let (values, captions) = along_prior(2, 3);
        assert_eq!(values.len(), 2);
        assert!((values[0][0] + 1.644_853).abs() < 1e-5 && values[0][1].abs() < 1e-9);
        assert_eq!(captions, ["5 %", "50 %", "95 %"]);
    }
}
