//! Values of a net in the units of the user's data, and how far two results are apart in these.

use crate::{Columns, Signal, Values};

impl Signal {
    /// A row of what the net sees or gives, in the order and units outside; NaN stays NaN.
    ///
    /// # Panics
    ///
    /// Where the row is not as long as the signal is wide.
    pub fn outside(&self, row: &[f32]) -> Vec<f64> {
        assert_eq!(row.len(), self.width(), "a row of the signal");
        let mut outside = vec![0.0; row.len()];
        for (place, &value) in row.iter().enumerate() {
            let at = self.order.get(place).copied().unwrap_or(place);
            outside[at] = f64::from(value);
        }
        match &self.values {
            Values::Plain => {}
            Values::Columns(columns) => {
                for (place, value) in outside.iter_mut().enumerate() {
                    *value = columns.outside(place, *value);
                }
            }
            Values::Pixels(pixels) => {
                let span = (pixels.high - pixels.low) / (1.0 - pixels.net_low);
                for value in &mut outside {
                    *value = pixels.low + (*value - pixels.net_low) * span;
                }
            }
        }
        outside
    }

    /// How far a number of the value at `place` is from what was expected, 0 for none: in parts of the scale of its column or of the range
    /// of pixels, so that columns of all units compare. Far from its usual values a number is compared by its digits: the difference is
    /// then a part of the number itself, as single precision is. NaN is at no distance from NaN, and infinitely far from all else.
    pub fn difference(&self, place: usize, expected: f64, found: f64) -> f64 {
        if expected.is_nan() || found.is_nan() {
            return match expected.is_nan() && found.is_nan() {
                true => 0.0,
                false => f64::INFINITY,
            };
        }
        let (shift, scale) = match &self.values {
            Values::Plain => (0.0, 1.0),
            Values::Columns(columns) => columns.shift_and_scale(place),
            Values::Pixels(pixels) => (pixels.low, pixels.high - pixels.low),
        };
        (found - expected).abs() / scale.abs().max((expected - shift).abs())
    }
}

impl Columns {
    /// A scaled number of the value at `place`, in its own unit.
    fn outside(&self, place: usize, scaled: f64) -> f64 {
        match &self.knots[place][..] {
            [] => scaled * self.scale[place] + self.shift[place],
            _ if scaled.is_nan() => scaled,
            knots => {
                let last = knots.len() - 1;
                let at = scaled.clamp(0.0, 1.0) * last as f64;
                let below = (at as usize).min(last - 1);
                knots[below] + (knots[below + 1] - knots[below]) * (at - below as f64)
            }
        }
    }

    fn shift_and_scale(&self, place: usize) -> (f64, f64) {
        match &self.knots[place][..] {
            [first, .., last] => (*first, last - first),
            _ => (self.shift[place], self.scale[place]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_comes_back_in_its_own_unit_and_place() {
        let columns = Columns {
            shift: vec![10.0, 0.0],
            scale: vec![4.0, 1.0],
            knots: vec![Vec::new(), vec![0.0, 1.0, 9.0]],
        };
        let signal = Signal {
            values: Values::Columns(columns),
            order: vec![1, 0],
            ..Signal::plain("input", [2])
        };
        assert_eq!(signal.outside(&[0.75, 2.0]), [18.0, 5.0]);
        // A millionth of the scale, whatever the unit is.
        assert!((signal.difference(0, 10.0, 10.000_004) - 1e-6).abs() < 1e-12);
        assert_eq!(signal.difference(0, f64::NAN, 1.0), f64::INFINITY);
    }
}
