//! Samples brought to the channels of others, and whether they differ at all.

use super::Values;
use crate::pixel_store::Sink;
use crate::{Error, Samples, Shape};

impl Samples {
    /// Grey images in colour, with three channels that are alike; up to `memory` bytes of them stay in memory. Images in colour, and
    /// rows of a table, stay as they are.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read or written.
    ///
    /// # Panics
    /// Where values are [permuted](Self::permuted): channels would no longer be channels.
    pub fn in_colour(&self, memory: usize) -> Result<Self, Error> {
        if self.is_table() || self.shape.channels != 1 {
            return Ok(self.clone());
        }
        assert!(self.permuted.is_none(), "images as they are stored");
        let shape = Shape {
            channels: 3,
            ..self.shape
        };
        let mut sink = Sink::new(memory);
        sink.reserve(self.len().saturating_mul(shape.pixels()));
        for index in 0..self.len() {
            sink.push(&self.pixels(index)?.repeat(3))?;
        }
        Ok(Self {
            shape,
            values: Values::Pixels {
                levels: self.levels(),
                store: sink.finish()?.into(),
            },
            places: None,
            ..self.clone()
        })
    }

    /// Whether all samples have the same values, so that there is nothing to tell them apart by.
    ///
    /// # Errors
    /// [`Error::Io`] where they lie in a file that cannot be read.
    pub fn all_equal(&self) -> Result<bool, Error> {
        if self.is_empty() {
            return Ok(true);
        }
        if let Some(equal) = self.equal_texts() {
            return Ok(equal);
        }
        if self.stored_rows().is_some() {
            return self.equal_in_store();
        }
        if self.is_table() {
            // In double precision: single precision would make large numbers alike that differ little.
            let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
            let is_constant = |place: usize| {
                let mut numbers = self.column(place);
                let first = numbers.next().unwrap_or_default();
                numbers.all(|number| same(first, number))
            };
            return Ok((0..self.shape.pixels()).all(is_constant));
        }
        let first = self.pixels(0)?;
        for index in 1..self.len() {
            if self.pixels(index)? != first {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Samples {
    /// Whether all rows of a table that lies in a store are the same.
    fn equal_in_store(&self) -> Result<bool, Error> {
        let width = self.shape.pixels();
        let (mut first, mut equal) = (Vec::new(), true);
        self.visit_stored(&mut |_, block| {
            if first.is_empty() {
                first.extend_from_slice(&block[..width]);
            }
            let same = |(a, b): (&f64, &f64)| a == b || a.is_nan() && b.is_nan();
            equal = block
                .chunks_exact(width)
                .all(|row| row.iter().zip(&first).all(same));
            Ok(equal)
        })?;
        Ok(equal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Facts;

    fn images(pixels: &[u8]) -> Samples {
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 2,
        };
        let facts = Facts {
            captions: (0..pixels.len() / 2)
                .map(|at| format!("{at}.png"))
                .collect(),
            ..Facts::default()
        };
        Samples::pictures(facts, shape, 255, pixels.to_vec()).expect("images")
    }

    #[test]
    fn a_grey_image_has_three_channels_alike_in_colour() {
        let grey = images(&[1, 2, 3, 4, 5, 6]).select(&[2, 0]);
        for memory in [1 << 10, 4] {
            let colour = grey.in_colour(memory).expect("in memory");
            assert_eq!(colour.shape().to_string(), "3x1x2");
            assert_eq!(colour.pixels(0).expect("there"), [5, 6, 5, 6, 5, 6]);
            assert_eq!((colour.caption(1), colour.row(1)), ("0.png", 0));
            assert_eq!(colour.pixels(1).expect("there"), [1, 2, 1, 2, 1, 2]);
            let again = colour.in_colour(memory).expect("as it is");
            assert_eq!(again.shape(), colour.shape());
        }
    }

    #[test]
    fn equal_samples_are_told() {
        for (pixels, expected) in [
            (&[1, 2][..], true),
            (&[1, 2, 1, 2], true),
            (&[1, 2, 1, 2, 1, 3], false),
        ] {
            assert_eq!(images(pixels).all_equal().expect("in memory"), expected);
        }
        let rows = |numbers: &[f64]| {
            let columns = vec!["a".to_owned()];
            Samples::table(Facts::default(), columns, vec![numbers.to_vec()]).expect("a table")
        };
        assert!(rows(&[f64::NAN, f64::NAN]).all_equal().expect("in memory"));
        assert!(!rows(&[f64::NAN, 0.0]).all_equal().expect("in memory"));
        assert!(!rows(&[1.7e9, 1.7e9 + 1.0]).all_equal().expect("in memory"));
    }
}
