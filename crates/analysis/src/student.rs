//! The interval of a mean by Student's t distribution.

use std::f64::consts::{FRAC_PI_2, PI};

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeanInterval {
    /// How many values it is of.
    pub count: usize,
    /// The mean.
    pub mean: f64,
    /// The ends of the 95 % interval of the mean, by Student's t distribution (1908); none of a single value.
    pub interval: Option<(f64, f64)>,
}

/// The mean of some values with its 95 % interval, for values that scatter about normally; `None` without values, or where one is not
/// finite.
pub fn mean_interval(values: &[f64]) -> Option<MeanInterval> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let interval = (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let error = (squares / (count - 1.0) / count).sqrt();
        let half = student_95(values.len() - 1) * error;
        (mean - half, mean + half)
    });
    Some(MeanInterval {
        count: values.len(),
        mean,
        interval,
    })
}

/// The number of standard errors around a mean that hold 95 % of Student's t distribution with so many degrees of freedom (1 or more).
fn student_95(degrees: usize) -> f64 {
    let (mut low, mut high) = (1.0, 13.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        match within(middle, degrees.max(1)) < 0.95 {
            true => low = middle,
            false => high = middle,
        }
    }
    f64::midpoint(low, high)
}

/// The probability that a t of so many degrees of freedom lies within ±t: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
fn within(t: f64, degrees: usize) -> f64 {
    let n = degrees as f64;
    let angle = (t / n.sqrt()).atan();
    let square = angle.cos().powi(2);
    // Each term is the one before, times cos² and a ratio of whole numbers.
    let sum = |first: f64, start: usize| {
        let terms = (start..degrees - 1).step_by(2);
        let series = terms.fold((first, first), |(sum, term), k| {
            let term = term * square * k as f64 / (k + 1) as f64;
            (sum + term, term)
        });
        series.0
    };
    match degrees {
        1 => angle / FRAC_PI_2,
        odd if odd % 2 == 1 => 2.0 / PI * (angle + angle.sin() * sum(angle.cos(), 2)),
        _ => angle.sin() * sum(1.0, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `scipy.stats.t.ppf(0.975, n)` and R's `qt` give them.
    #[test]
    fn known_quantiles() {
        for (degrees, expected) in [
            (1, 12.706_204_736),
            (2, 4.302_652_730),
            (3, 3.182_446_305),
            (4, 2.776_445_105),
            (5, 2.570_581_836),
            (9, 2.262_157_163),
            (30, 2.042_272_456),
            (100, 1.983_971_519),
        ] {
            let found = student_95(degrees);
            assert!((found - expected).abs() < 1e-7, "{degrees}: {found}");
        }
    }

    /// As R's `t.test(c(1, 2, 4))` gives it.
    #[test]
    fn a_known_interval() {
        let found = mean_interval(&[1.0, 2.0, 4.0]).expect("three values");
        let (low, high) = found.interval.expect("more than one");
        assert!((found.mean - 7.0 / 3.0).abs() < 1e-12);
        assert!((low - -1.461_25).abs() < 1e-4, "{low}");
        assert!((high - 6.127_92).abs() < 1e-4, "{high}");
        assert_eq!(mean_interval(&[2.0]).expect("one").interval, None);
        assert_eq!(mean_interval(&[]), None);
        assert_eq!(mean_interval(&[1.0, f64::NAN]), None);
    }
}
