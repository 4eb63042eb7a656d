//! The scaling of a table that is more than memory shall hold: its numbers are scaled when they are read.

use super::Scaling;
use crate::{Error, Samples};

/// The table, whose numbers are scaled when they are read; none where it lies in memory.
///
/// # Errors
/// [`Error::Content`](crate::Error::Content) where a number becomes too large for single precision.
pub(super) fn apply(scaling: &Scaling, samples: &Samples) -> Result<Option<Samples>, Error> {
    let Some(rows) = samples.stored_rows() else {
        return Ok(None);
    };
    let is_infinite = |place: usize, number: f64| scaling.scaled(place, number).is_infinite();
    // What lies between two numbers that stay finite stays so, too.
    let stays_finite = |place: usize| {
        let range = rows.range(place);
        range.is_some_and(|(low, high)| !is_infinite(place, low) && !is_infinite(place, high))
    };
    if !(0..samples.columns().len()).all(stays_finite) {
        let width = samples.columns().len();
        samples.visit_stored(&mut |first, block| {
            for (at, row) in block.chunks_exact(width).enumerate() {
                let mut numbers = row.iter().enumerate();
                let bad = numbers.find(|(place, number)| is_infinite(*place, **number));
                if let Some((place, number)) = bad {
                    return Err(scaling.too_large(samples, first + at, place, *number));
                }
            }
            Ok(true)
        })?;
    }
    Ok(samples.scaled_when_read(scaling))
}
