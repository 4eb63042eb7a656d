//! The scaling of a table that is more than memory shall hold: statistics of all its columns at once, block by block of its rows, and numbers
//! that are scaled when they are read. Sums run over the rows in their order, as in memory, so that they are the same to the bit.

use super::{Scaling, ScalingKind, shift_and_scale as of_column, usable};
use crate::row_store::Summary;
use crate::{Error, Samples};

/// What each column is shifted and scaled by; none where the table lies in memory.
pub(super) fn shift_and_scale(
    samples: &Samples,
    kind: ScalingKind,
) -> Result<Option<Vec<(f64, f64)>>, Error> {
    if samples.stored_rows().is_none() {
        return Ok(None);
    }
    let width = samples.columns().len();
    // Quartiles need the numbers of a column together.
    if kind == ScalingKind::Robust {
        let columns = (0..width).map(|column| of_column(samples, column, kind));
        return Ok(Some(columns.collect()));
    }
    let summaries = summaries(samples)?;
    let means = match kind {
        ScalingKind::Standardise => means(samples, &summaries)?,
        _ => vec![0.0; width],
    };
    let squares = match kind {
        ScalingKind::Standardise => squares(samples, &means)?,
        _ => vec![0.0; width],
    };
    let column = |(place, of): (usize, &Summary)| {
        let (shift, scale) = match kind {
            ScalingKind::None => (0.0, 1.0),
            _ if of.known == 0 => (0.0, 1.0),
            _ if of.low >= of.high => (of.low, 1.0),
            ScalingKind::Standardise => (means[place], (squares[place] / of.known as f64).sqrt()),
            _ => (of.low, of.high - of.low),
        };
        (shift, usable(scale))
    };
    Ok(Some(summaries.iter().enumerate().map(column).collect()))
}

/// How many numbers are known, the least and the greatest: of the whole store as they are known already, else of these samples.
fn summaries(samples: &Samples) -> Result<Vec<Summary>, Error> {
    let width = samples.columns().len();
    if let Some(rows) = samples.stored_rows().filter(|_| samples.are_all_stored()) {
        let known: Option<Vec<_>> = (0..width).map(|column| rows.summary(column)).collect();
        if let Some(known) = known {
            return Ok(known);
        }
    }
    let mut summaries = vec![Summary::NONE; width];
    each_row(samples, |row| {
        let columns = summaries.iter_mut().zip(row);
        columns.for_each(|(summary, number)| summary.take(*number));
    })?;
    Ok(summaries)
}

/// The means of the known numbers, taken from the least of each column on.
fn means(samples: &Samples, summaries: &[Summary]) -> Result<Vec<f64>, Error> {
    let lows: Vec<f64> = summaries.iter().map(|summary| summary.low).collect();
    let sums = sums(samples, &lows, |distance| distance)?;
    let columns = sums.iter().zip(summaries);
    Ok(columns
        .map(|(sum, of)| of.low + sum / of.known as f64)
        .collect())
}

/// The sums of the squared distances from the means.
fn squares(samples: &Samples, means: &[f64]) -> Result<Vec<f64>, Error> {
    sums(samples, means, |distance| distance * distance)
}

/// The sum of what `term` makes of the distance of each known number from that of its column.
fn sums(samples: &Samples, from: &[f64], term: impl Fn(f64) -> f64) -> Result<Vec<f64>, Error> {
    let mut sums = vec![0.0; from.len()];
    each_row(samples, |row| {
        for ((sum, from), number) in sums.iter_mut().zip(from).zip(row) {
            let term = term(number - from);
            // Nothing for a missing number, without a branch.
            *sum += if term.is_nan() { 0.0 } else { term };
        }
    })?;
    Ok(sums)
}

/// Hands on every row in double precision.
fn each_row(samples: &Samples, mut take: impl FnMut(&[f64])) -> Result<(), Error> {
    let width = samples.columns().len();
    samples.visit_stored(&mut |_, block| {
        block.chunks_exact(width).for_each(&mut take);
        Ok(true)
    })
}

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
                    let name = &samples.columns()[place];
                    return Err(scaling.too_large(samples, first + at, name, *number));
                }
            }
            Ok(true)
        })?;
    }
    Ok(samples.scaled_when_read(scaling))
}
