//! The interval of a share.

/// Quantile of the standard normal distribution for intervals of 95 %.
pub const NORMAL_95: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a share, `hits` of `count` (Wilson 1927); (0, 1) where there is nothing to count.
pub fn wilson(hits: f64, count: f64) -> (f64, f64) {
    if count == 0.0 {
        return (0.0, 1.0);
    }
    let (n, z) = (count, NORMAL_95);
    let share = hits / n;
    let middle = share + z * z / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (
        ((middle - half) / scale).max(0.0),
        ((middle + half) / scale).min(1.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wilson's interval for 8 of 10 as R's `prop.test(8, 10, correct = FALSE)` gives it.
    #[test]
    fn known_intervals() {
        let (low, high) = wilson(8.0, 10.0);
        assert!((low - 0.490_162_5).abs() < 1e-6, "{low}");
        assert!((high - 0.943_317_8).abs() < 1e-6, "{high}");
        assert_eq!(wilson(0.0, 0.0), (0.0, 1.0));
        assert_eq!(wilson(0.0, 5.0).0, 0.0);
        assert_eq!(wilson(5.0, 5.0).1, 1.0);
    }
}
