//! Whether weights of 16 bits are enough for the net in the page.

use espejo_report::Precision;
use espejo_train::{Rows, Trained};

/// The largest difference that rounding may make, in parts of the range.
const MOST: f64 = 1e-3;

/// How weights are kept, and the largest difference that it makes to what `run` gives, in parts of the range of each value. `wanted` in
/// place of what that difference says, if given.
pub fn choose(
    trained: &Trained,
    wanted: Option<Precision>,
    ranges: &[f32],
    run: impl Fn(&Trained) -> Result<Rows, espejo_train::Error>,
) -> anyhow::Result<(Precision, f64)> {
    if wanted == Some(Precision::Single) {
        return Ok((Precision::Single, 0.0));
    }
    let rounded = trained.with_weights(|weight| Precision::Half.kept(weight))?;
    let difference = largest(&run(trained)?, &run(&rounded)?, ranges);
    let enough = wanted == Some(Precision::Half) || difference < MOST;
    Ok(match enough {
        true => (Precision::Half, difference),
        false => (Precision::Single, 0.0),
    })
}

/// The largest difference between rows, each value in parts of its range; infinite where a number came out for none.
fn largest(rows: &Rows, others: &Rows, ranges: &[f32]) -> f64 {
    let pairs = rows.iter().flatten().zip(others.iter().flatten());
    let ranges = ranges.iter().cycle();
    pairs
        .zip(ranges)
        .map(|((a, b), range)| f64::from((a - b).abs() / range))
        .map(|one| if one.is_nan() { f64::INFINITY } else { one })
        .fold(0.0, f64::max)
}

/// The span of each value over some rows, 1 where it never changes.
pub fn ranges(rows: &Rows) -> Vec<f32> {
    let width = rows.first().map_or(0, Vec::len);
    let span = |place: usize| {
        let known = rows
            .iter()
            .map(|row| row[place])
            .filter(|value| value.is_finite());
        let (low, high) = known.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        if high > low { high - low } else { 1.0 }
    };
    (0..width).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_in_parts_of_the_range_of_each_value() {
        let rows = vec![vec![0.0, 100.0], vec![1.0, 300.0]];
        assert_eq!(ranges(&rows), [1.0, 200.0]);
        let others = vec![vec![0.0, 101.0], vec![1.0, 300.0]];
        assert_eq!(
            largest(&rows, &others, &ranges(&rows)),
            f64::from(1.0f32 / 200.0)
        );
        let lost = vec![vec![f32::NAN, 100.0], vec![1.0, 300.0]];
        assert_eq!(largest(&rows, &lost, &ranges(&rows)), f64::INFINITY);
        assert_eq!(ranges(&vec![vec![f32::NAN], vec![2.0]]), [1.0]);
    }
}
