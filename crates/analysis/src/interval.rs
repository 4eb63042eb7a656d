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
