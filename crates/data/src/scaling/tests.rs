use super::text::{HEADER, KNOTS};
use super::*;
use crate::{Facts, Shape};

/// A table of numbers that are given row by row.
fn table(columns: &[&str], numbers: &[f64]) -> Samples {
    let facts = Facts {
        name: "mine".to_owned(),
        ..Facts::default()
    };
    let width = columns.len();
    let column = |place| numbers.iter().skip(place).step_by(width).copied().collect();
    let numbers = (0..width).map(column).collect();
    let columns = columns.iter().map(|&name| name.to_owned()).collect();
    Samples::table(facts, columns, numbers).expect("it is a table")
}

fn numbers(samples: &Samples) -> Vec<f32> {
    let mut numbers = Vec::new();
    let indices = 0..samples.len();
    samples.read(indices, 0.0, &mut numbers).expect("in memory");
    numbers
}

/// Columns 1, 2, 3, 4 (mean 2.5, deviation the root of 1.25) and 7, 7, 7, 7.
fn small() -> Samples {
    table(&["a", "b"], &[1.0, 7.0, 2.0, 7.0, 3.0, 7.0, 4.0, 7.0])
}

#[test]
fn scaled_numbers_are_exact() {
    for (kind, shift, scale, expected) in [
        (
            ScalingKind::None,
            [0.0, 0.0],
            [1.0, 1.0],
            [1.0, 2.0, 3.0, 4.0],
        ),
        (
            ScalingKind::Standardise,
            [2.5, 7.0],
            [1.118_034, 1.0],
            // By scikit-learn's StandardScaler.
            [-1.341_640_8, -0.447_213_6, 0.447_213_6, 1.341_640_8],
        ),
        (
            ScalingKind::MinMax,
            [1.0, 7.0],
            [3.0, 1.0],
            [0.0, 0.333_333_34, 0.666_666_7, 1.0],
        ),
    ] {
        let scaling = Scaling::fit(&small(), kind).expect("it is a table");
        let pairs = scaling
            .shift
            .iter()
            .chain(&scaling.scale)
            .zip(shift.iter().chain(&scale));
        pairs.for_each(|(found, expected): (&f64, &f64)| assert!((found - expected).abs() < 1e-6));
        let scaled = scaling.apply(&small()).expect("the same columns");
        let scaled = numbers(&scaled);
        let first: Vec<_> = scaled.iter().step_by(2).copied().collect();
        for (found, expected) in first.iter().zip(expected) {
            assert!(
                (found - expected).abs() < 1e-6,
                "{kind:?}: {found} {expected}"
            );
        }
        let row = scaling.invert_row(&scaled[6..8]);
        assert!((row[0] - 4.0).abs() < 1e-6);
        assert_eq!(row[1], 7.0);
        let again = Scaling::from_csv(&scaling.to_csv(), "scaling.csv").expect("as written");
        assert_eq!(again, scaling);
        assert_eq!(ScalingKind::parse(kind.name()), Some(kind));
    }
    assert_eq!(ScalingKind::parse("minmax"), None);
}

#[test]
fn other_columns_are_refused() {
    let scaling = Scaling::fit(&small(), ScalingKind::Standardise).expect("a table");
    for (columns, message) in [
        (
            &["a"][..],
            "`mine`: expected 2 columns as in the scaling, found 1",
        ),
        (
            &["a", "c"],
            "`mine`: expected column `b` as in the scaling, found `c`",
        ),
    ] {
        let other = table(columns, &vec![1.0; columns.len()]);
        let error = scaling.apply(&other).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
    assert!(scaling.apply(&table(&["1", "2"], &[1.0, 2.0])).is_ok());
    let shape = Shape {
        channels: 1,
        height: 1,
        width: 1,
    };
    let picture = Samples::pictures(Facts::default(), shape, 1, vec![1]).expect("an image");
    let error = Scaling::fit(&picture, ScalingKind::None).expect_err("no table");
    assert_eq!(
        error.to_string(),
        "``: expected rows of a table, found images"
    );
}

#[test]
fn extremes_stay_finite_or_are_refused() {
    let wide = table(&["a"], &[f64::MAX, -f64::MAX]);
    let error = Scaling::fit(&wide, ScalingKind::MinMax).expect_err("too wide");
    assert!(
        error
            .to_string()
            .contains("whose range a double-precision number holds"),
        "{error}"
    );
    let wide = table(&["a"], &[1e300, -1e300]);
    let scaling = Scaling::fit(&wide, ScalingKind::MinMax).expect("it fits");
    assert_eq!(numbers(&scaling.apply(&wide).expect("it fits")), [1.0, 0.0]);
    let error = Scaling::fit(&wide, ScalingKind::None).and_then(|none| none.apply(&wide));
    let error = error.expect_err("beyond single precision");
    assert!(
        error.to_string().contains("a number within ±3.4028235e38"),
        "{error}"
    );
    let near = table(&["a"], &[0.0, 1e-45]);
    let scaling = Scaling::fit(&near, ScalingKind::MinMax).expect("it fits");
    assert_eq!(scaling.scale, [1.0]);
    let small = table(&["a"], &[0.0, 2e-38]);
    let scaling = Scaling::fit(&small, ScalingKind::MinMax).expect("it fits");
    let error = scaling
        .apply(&table(&["a"], &[1e30]))
        .expect_err("too large");
    assert_eq!(
        error.to_string(),
        "`mine`: expected numbers like those the scaling was learned from, found 1000000000000000000000000000000 \
         in row 1, column `a`"
    );
}

/// Seconds since 1970: the differences between rows survive, as they do for scikit-learn's `StandardScaler`.
#[test]
fn large_numbers_keep_their_digits() {
    let offset: Vec<f64> = (0..1000).map(|row| 1.7e9 + f64::from(row)).collect();
    let plain: Vec<f64> = (0..1000).map(f64::from).collect();
    for kind in [
        ScalingKind::Standardise,
        ScalingKind::MinMax,
        ScalingKind::Robust,
    ] {
        let scaled = |numbers: &[f64]| {
            let table = table(&["time"], numbers);
            let scaling = Scaling::fit(&table, kind).expect("a table");
            let scaled = super::tests::numbers(&scaling.apply(&table).expect("the same"));
            let back: Vec<f64> = scaled
                .iter()
                .flat_map(|&x| scaling.invert_row(&[x]))
                .collect();
            (scaled, back)
        };
        let ((a, back), (b, _)) = (scaled(&offset), scaled(&plain));
        assert!(
            a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6),
            "{kind:?}"
        );
        assert!(
            back.iter().zip(&offset).all(|(a, b)| (a - b).abs() < 1e-3),
            "{kind:?}"
        );
    }
}

#[test]
fn missing_cells_are_no_part_of_a_scaling_and_stay_missing() {
    let holes = table(&["a"], &[1.0, f64::NAN, 3.0]);
    let scaling = Scaling::fit(&holes, ScalingKind::Standardise).expect("a table");
    assert_eq!((scaling.shift[0], scaling.scale[0]), (2.0, 1.0));
    let scaled = numbers(&scaling.apply(&holes).expect("the same"));
    assert_eq!((scaled[0], scaled[2]), (-1.0, 1.0));
    assert!(scaled[1].is_nan());
}

#[test]
fn quantiles_spread_a_column_evenly_and_stay_with_the_run() {
    let nan = f64::NAN;
    let mixed = table(
        &["a", "flat", "none"],
        &[
            1.0, 7.0, nan, 100.0, 7.0, nan, nan, 7.0, nan, 2.0, 7.0, nan, 2.0, 7.0, nan, 4.0, 7.0,
            nan,
        ],
    );
    let scaling = Scaling::fit(&mixed, ScalingKind::Quantile).expect("a table");
    let scaled = numbers(&scaling.apply(&mixed).expect("the same"));
    let first: Vec<_> = scaled.iter().step_by(3).copied().collect();
    // By scikit-learn 1.9.1, `QuantileTransformer(n_quantiles=6)`.
    let expected = [0.0, 1.0, f32::NAN, 0.4, 0.4, 0.611_764_7];
    for (found, expected) in first.iter().zip(expected) {
        let is_same = found.is_nan() && expected.is_nan() || (found - expected).abs() < 1e-6;
        assert!(is_same, "{first:?}");
    }
    assert!(scaled[1..].iter().step_by(3).all(|flat| *flat == 0.0));
    let again = Scaling::from_csv(&scaling.to_csv(), "scaling.csv").expect("as written");
    assert_eq!(again, scaling);
    for (row, original) in [(0, 1.0), (1, 100.0), (3, 2.0), (5, 4.0)] {
        let back = again.invert_row(&scaled[row * 3..][..3]);
        assert_eq!(back[..2], [original, 7.0], "{row}");
    }
    assert_eq!(again.invert_row(&[-3.0, 0.0, 0.0])[0], 1.0);
    assert_eq!(again.invert_row(&[3.0, 0.0, 0.0])[0], 100.0);
    for bad in ["2 1", "1 1", "3", "1 inf", "1 x"] {
        let text = format!("{HEADER}{KNOTS}\na,0,1,quantile,{bad}\n");
        assert!(Scaling::from_csv(&text, "s.csv").is_err(), "{bad}");
    }
    for bad in [
        format!("{HEADER}\na,0,1,quantile\n"),
        format!("{HEADER}{KNOTS}\na,0,1,robust,\n"),
        format!("{HEADER}{KNOTS}\na,0,1,quantile,1 2,3\n"),
    ] {
        assert!(Scaling::from_csv(&bad, "s.csv").is_err(), "{bad}");
    }
}

/// By scikit-learn 1.9.1: `RobustScaler().fit([[1], [2], [3], [4], [100]])` has centre 3 and scale 2.
#[test]
fn a_wild_number_does_not_squeeze_the_others() {
    let wild = table(&["a"], &[1.0, 2.0, 3.0, 4.0, 100.0]);
    let scaling = Scaling::fit(&wild, ScalingKind::Robust).expect("a table");
    assert_eq!((scaling.shift[0], scaling.scale[0]), (3.0, 2.0));
}

#[test]
fn inverted_numbers_have_the_digits_that_single_precision_gives() {
    let of = |shift: f64, scale: f64| Scaling {
        kind: ScalingKind::Standardise,
        columns: vec!["a".to_owned()],
        shift: vec![shift],
        scale: vec![scale],
        knots: vec![Vec::new()],
    };
    let scaled = ((3.5 - 2.0) / 3.0) as f32;
    assert_eq!(of(2.0, 3.0).invert_row(&[scaled]), [3.5]);
    // A column that never changes keeps its number, however small; and time its seconds.
    assert_eq!(of(1e-12, 1.0).invert_row(&[0.0]), [1e-12]);
    assert!((of(1.7e9, 300.0).invert_row(&[0.1])[0] - 1_700_000_030.0).abs() < 1e-4);
    assert_eq!(of(0.0, 1e300).invert_row(&[1.0]), [1e300]);
}

/// Squares of such numbers are 10¹⁸ and differ by 10⁹: the variance is lost where it is taken from their sums.
#[test]
fn ten_million_rows_near_a_billion_are_standardised_by_their_own_spread() {
    let numbers: Vec<f64> = (0..10_000_000)
        .map(|row| 1e9 + f64::from(row % 2))
        .collect();
    let table = Samples::table(Facts::default(), vec!["a".to_owned()], vec![numbers]);
    let table = table.expect("it is a table");
    let scaling = Scaling::fit(&table, ScalingKind::Standardise).expect("it is finite");
    let (shift, scale) = (scaling.shift[0], scaling.scale[0]);
    assert!((shift - (1e9 + 0.5)).abs() < 1e-6, "{shift}");
    assert!((scale - 0.5).abs() < 1e-9, "{scale}");
}
