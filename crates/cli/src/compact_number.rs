//! Numbers that keep their column: with fixed digits where they are of usual size, else with an exponent.

/// A number with `digits` behind the point, or as `9.461e9` where it is too large for its column, or so small that nothing of it
/// would be left.
pub fn compact(value: f64, digits: usize) -> String {
    let least = 0.5 * 10_f64.powi(-(digits as i32));
    match value.abs() {
        size if !size.is_finite() => format!("{value}"),
        0.0 => format!("{value:.digits$}"),
        size if size < least => format!("{value:.1e}"),
        size if size >= 1e7 => format!("{value:.3e}"),
        _ => format!("{value:.digits$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_any_size_keeps_its_column() {
        for (value, expected) in [
            (0.0, "0.0000"),
            (1.5, "1.5000"),
            (-20.67271, "-20.6727"),
            (9_460_896_768.0, "9.461e9"),
            (0.0001, "0.0001"),
            (0.00002, "2.0e-5"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (1_234_567.0, "1234567.0000"),
            (f64::MAX, "1.798e308"),
        ] {
            assert_eq!(compact(value, 4), expected);
        }
        assert_eq!(compact(0.0, 2), "0.00");
    }
}
