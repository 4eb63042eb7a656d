//! A column through its empirical distribution function, as scikit-learn's `QuantileTransformer` with a uniform output.
//!
//! The function is kept by its knots: as many quantiles, evenly apart, as there are rows, at most [`MOST`].

/// Knots of a column, at most.
const MOST: usize = 1000;

/// The quantiles of sorted numbers that come from so many rows; some of these may have no number.
pub(super) fn knots(sorted: &[f64], rows: usize) -> Vec<f64> {
    let count = rows.clamp(2, MOST);
    let last = (count - 1) as f64;
    // Multiplied first: where there are as many knots as numbers, they are these numbers to the bit.
    let knot = |at: usize| quantile(sorted, at as f64 * (sorted.len() - 1) as f64 / last);
    let mut greatest = f64::NEG_INFINITY;
    let ascending = (0..count).map(|at| {
        greatest = greatest.max(knot(at));
        greatest
    });
    ascending.collect()
}

/// What stands at a place of sorted numbers, between two of them in proportion, as NumPy's `quantile`.
pub(super) fn quantile(sorted: &[f64], place: f64) -> f64 {
    let (below, above) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}

/// The part of the rows that lie below a number, 0 to 1; of a number that many rows share the mean of those before and behind them.
pub(super) fn part(knots: &[f64], number: f64) -> f64 {
    let last = knots.len() - 1;
    if number.is_nan() {
        return number;
    }
    if number <= knots[0] {
        return 0.0;
    }
    if number >= knots[last] {
        return 1.0;
    }
    let below = knots.partition_point(|knot| *knot < number);
    let behind = knots.partition_point(|knot| *knot <= number);
    let place = if below < behind {
        (below + behind - 1) as f64 / 2.0
    } else {
        let (low, high) = (knots[below - 1], knots[below]);
        (below - 1) as f64 + (number - low) / (high - low)
    };
    place / last as f64
}

/// The number below which this part of the rows lies, and how much it changes for a part of 1.
pub(super) fn number(knots: &[f64], part: f64) -> (f64, f64) {
    let last = knots.len() - 1;
    let place = part.clamp(0.0, 1.0) * last as f64;
    let below = (place as usize).min(last - 1);
    let rise = knots[below + 1] - knots[below];
    let number = knots[below] + rise * (place - below as f64);
    (number, rise * last as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            let is_near = (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
            assert!(is_near, "{name}: {found} {expected}");
        }
    }

    fn sorted(mut numbers: Vec<f64>) -> Vec<f64> {
        numbers.sort_by(f64::total_cmp);
        numbers
    }

    const PARTS: [f64; 8] = [0.0, 0.1, 0.25, 0.5, 0.8, 1.0, -0.5, 2.0];

    /// By scikit-learn 1.9.1: `t = QuantileTransformer(n_quantiles=rows, subsample=None).fit(numbers)`, then `t.transform` of the
    /// first list and `t.inverse_transform` of `PARTS`.
    #[test]
    fn small_columns_are_those_of_another_implementation() {
        type Case<'a> = (&'a str, &'a [f64], usize, &'a [(f64, f64)], [f64; 8]);
        let cases: [Case; 3] = [
            (
                "no two alike",
                &[1.0, 2.0, 4.0, 8.0, 100.0],
                5,
                &[
                    (1.0, 0.0),
                    (2.0, 0.25),
                    (8.0, 0.75),
                    (100.0, 1.0),
                    (0.0, 0.0),
                    (1.5, 0.125),
                    (3.0, 0.375),
                    (50.0, 0.864_130_434_782_608_6),
                    (1000.0, 1.0),
                ],
                [
                    1.0,
                    1.4,
                    2.0,
                    4.0,
                    26.400_000_000_000_016,
                    100.0,
                    1.0,
                    100.0,
                ],
            ),
            (
                "ties in the middle and at the ends",
                &[1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 5.0, 5.0],
                8,
                &[
                    (3.0, 0.714_285_714_285_714_2),
                    (1.0, 0.0),
                    (2.0, 0.428_571_428_571_428_55),
                    (5.0, 1.0),
                    (1.5, 0.214_285_714_285_714_27),
                    (4.0, 0.785_714_285_714_285_7),
                    (6.0, 1.0),
                ],
                [1.0, 1.0, 1.75, 2.0, 4.2, 5.0, 1.0, 5.0],
            ),
            (
                "one of five rows has no number",
                &[1.0, 2.0, 4.0, 8.0],
                5,
                &[
                    (2.0, 0.3),
                    (4.0, 0.625),
                    (3.0, 0.5),
                    (6.0, 0.833_333_333_333_333_4),
                ],
                [1.0, 1.3, 1.75, 3.0, 5.6, 8.0, 1.0, 8.0],
            ),
        ];
        for (name, numbers, rows, forward, back) in cases {
            let knots = knots(numbers, rows);
            let found: Vec<f64> = forward.iter().map(|(x, _)| part(&knots, *x)).collect();
            let expected: Vec<f64> = forward.iter().map(|(_, y)| *y).collect();
            check(name, &found, &expected);
            check(name, &PARTS.map(|y| number(&knots, y).0), &back);
        }
    }

    /// By scikit-learn 1.9.1, of `i * 7919 % 3001 / 100` squared for i from 0 to 2999.
    #[test]
    fn more_rows_than_knots_are_as_in_another_implementation() {
        let numbers = (0..3000).map(|i| (f64::from(i * 7919 % 3001) / 100.0).powi(2));
        let knots = knots(&sorted(numbers.collect()), 3000);
        assert_eq!(knots.len(), MOST);
        let found = [0.0, 1.0, 10.5, 200.0, 450.25, 900.0, 1e6].map(|x| part(&knots, x));
        let expected = [
            0.0,
            0.033_341_142_994_112_23,
            0.108_048_012_272_284_57,
            0.471_228_061_626_091_93,
            0.707_205_378_234_681_3,
            1.0,
            1.0,
        ];
        check("parts", &found, &expected);
        let found = [0.0, 0.123, 0.5, 0.999].map(|y| number(&knots, y).0);
        check(
            "numbers",
            &found,
            &[
                0.0,
                13.607_139_874_774_77,
                225.150_250_400_400_4,
                898.201_500_5,
            ],
        );
    }

    #[test]
    fn numbers_of_any_size_stay_between_their_knots() {
        let wide = [-8e307, 5e-324, 1e-323, 8e307];
        let knots = knots(&wide, 4);
        assert_eq!(knots, wide);
        for at in -1000..=1000 {
            let x = f64::from(at) * 8e304;
            let y = part(&knots, x);
            assert!((0.0..=1.0).contains(&y), "{x} {y}");
            let back = number(&knots, y).0;
            assert!((back - x).abs() <= 1e-12 * 1.6e308, "{x} {back}");
        }
        assert!(part(&knots, f64::NAN).is_nan());
    }
}
