//! A few numbers that stand for many.

pub use espejo_train::wilson;

/// A measure over its seeds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    /// In ascending order; what is not a number is left out.
    pub values: Vec<f64>,
}

impl Spread {
    /// The spread of these values.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.retain(|value| !value.is_nan());
        values.sort_by(f64::total_cmp);
        Self { values }
    }

    /// The middle value, between the two middle ones of an even count; NaN without values.
    pub fn median(&self) -> f64 {
        let count = self.values.len();
        if count == 0 {
            return f64::NAN;
        }
        (self.values[(count - 1) / 2] + self.values[count / 2]) / 2.0
    }

    /// The least value; NaN without values.
    pub fn low(&self) -> f64 {
        self.values.first().copied().unwrap_or(f64::NAN)
    }

    /// The greatest value; NaN without values.
    pub fn high(&self) -> f64 {
        self.values.last().copied().unwrap_or(f64::NAN)
    }

    /// `median (low to high)`.
    pub fn text(&self, digits: usize) -> String {
        let number = |value: f64| number(value, digits);
        match self.values.len() {
            0 => "–".to_owned(),
            1 => number(self.median()),
            _ => format!(
                "{} ({} to {})",
                number(self.median()),
                number(self.low()),
                number(self.high())
            ),
        }
    }
}

/// A number with so many digits after the point; small ones that would vanish keep two that count.
pub fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let plain = format!("{value:.digits$}");
    if value != 0.0 && plain.chars().all(|c| matches!(c, '0' | '.' | '-')) {
        return format!("{value:.1e}");
    }
    plain
}

/// The mean; NaN without values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Spearman's rank correlation (1904) of pairs; equal values share their middle rank. NaN where one side is constant.
pub fn rank_correlation(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (x, y) = (ranks(&x), ranks(&y));
    let (mx, my) = (mean(&x), mean(&y));
    let sum = |f: &dyn Fn(f64, f64) -> f64| {
        x.iter()
            .zip(&y)
            .map(|(a, b)| f(a - mx, b - my))
            .sum::<f64>()
    };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let under = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        under as f64 + (equal as f64 - 1.0) / 2.0
    };
    values.iter().map(rank).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        let spread = Spread::of(vec![3.0, f64::NAN, 1.0, 2.0, 10.0]);
        assert_eq!(
            (spread.low(), spread.median(), spread.high()),
            (1.0, 2.5, 10.0)
        );
        assert_eq!(spread.text(1), "2.5 (1.0 to 10.0)");
        assert_eq!(Spread::default().text(2), "–");
    }

    #[test]
    fn small_numbers_do_not_vanish() {
        assert_eq!(number(0.000_012, 2), "1.2e-5");
        assert_eq!(number(0.0, 2), "0.00");
    }

    /// The intervals that Wilson's paper leads to, as R's `prop.test(correct = FALSE)` prints them.
    #[test]
    fn the_intervals_of_eight_and_of_fifteen_draws() {
        let close = |(low, high): (f64, f64), l: f64, h: f64| {
            assert!(
                (low - l).abs() < 5e-3 && (high - h).abs() < 5e-3,
                "{low} {high}"
            );
        };
        close(wilson(4.0, 8.0), 0.22, 0.78);
        close(wilson(13.0, 15.0), 0.62, 0.96);
        assert_eq!(wilson(0.0, 10.0).0, 0.0);
    }

    #[test]
    fn ranks_correlate() {
        let up: Vec<(f64, f64)> = (0..5).map(|i| (f64::from(i), f64::from(i * i))).collect();
        assert!((rank_correlation(&up) - 1.0).abs() < 1e-12);
        let down: Vec<(f64, f64)> = up.iter().map(|(x, y)| (*x, -y)).collect();
        assert!((rank_correlation(&down) + 1.0).abs() < 1e-12);
        // Ties take the middle rank: scipy.stats.spearmanr([1, 2, 2, 3], [1, 2, 3, 4]) is 0.9486832980505138.
        let tied = [(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (3.0, 4.0)];
        assert!((rank_correlation(&tied) - 0.948_683_298_050_513_8).abs() < 1e-12);
    }
}
