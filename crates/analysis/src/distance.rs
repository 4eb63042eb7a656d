//! Distances between rows, in double precision.

/// The squared Euclidean distance of two rows of equal length: infinite where a number is not one (NaN).
#[inline(always)]
pub(crate) fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    let b = &b[..a.len()];
    let sum = sum_of_squares(a.len(), |column| {
        f64::from(a[column]) - f64::from(b[column])
    });
    if sum.is_nan() { f64::INFINITY } else { sum }
}

/// The sum of the squares of `difference(0)`, `difference(1)`, ..., always added in the same order: four sums of every fourth square, which
/// do not wait for each other, then what is left.
///
/// Each step of it grows with each absolute difference, after rounding too. So a sum of lower bounds is no more than the sum
/// of what they bound.
#[inline(always)]
pub(crate) fn sum_of_squares(count: usize, difference: impl Fn(usize) -> f64) -> f64 {
    let mut lanes = [0.0; 4];
    let whole = count / 4 * 4;
    for start in (0..whole).step_by(4) {
        for (lane, sum) in lanes.iter_mut().enumerate() {
            let difference = difference(start + lane);
            *sum += difference * difference;
        }
    }
    let mut sum = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    for column in whole..count {
        let difference = difference(column);
        sum += difference * difference;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_and_four_make_five() {
        assert_eq!(squared_distance(&[1.0, 1.0], &[4.0, 5.0]), 25.0);
    }

    #[test]
    fn every_column_counts() {
        for columns in 1..20 {
            let (zeros, ones) = (vec![0.0; columns], vec![1.0; columns]);
            assert_eq!(squared_distance(&zeros, &ones), columns as f64);
        }
    }

    #[test]
    fn what_is_no_number_is_far_away() {
        assert_eq!(squared_distance(&[f32::NAN], &[0.0]), f64::INFINITY);
    }
}
