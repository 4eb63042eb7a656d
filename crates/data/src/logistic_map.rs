//! The logistic map x(t) = 4 x(t-1) (1 - x(t-1)): a series whose next value is a simple function of its last one, and whose far future
//! nobody can tell, for a small error doubles with each step.
//!
//! R. M. May, *Simple mathematical models with very complicated dynamics*, Nature 261, 1976.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::frame::Frame;
use crate::source::{Parts, Source};
use crate::{Error, columns};

/// Rows, from t = 0 on.
const ROWS: usize = 1000;
/// The first so many rows are learned from, the others are the test part.
const LEARNED: usize = 700;

/// The training part and the test part that follows it, with the columns `t`, which names the rows, and `x`; the seed draws x(0).
///
/// # Errors
/// Those of [`columns::parts`].
pub(crate) fn load(source: &Source) -> Result<Parts, Error> {
    let series = series(ChaCha8Rng::seed_from_u64(source.seed).random_range(0.1..0.9));
    let mut source = source.clone();
    source.columns.index.get_or_insert_with(|| "t".to_owned());
    let frame = |rows: std::ops::Range<usize>| {
        let times = rows.clone().map(|row| row as f64).collect();
        let columns = vec![("t", times), ("x", series[rows.clone()].to_vec())];
        Frame::numbered("logistic-map", columns, rows.start as u64)
    };
    columns::parts(&source, frame(0..LEARNED), Some(frame(LEARNED..ROWS)))
}

fn series(first: f64) -> Vec<f64> {
    let next = |x: &f64| Some(4.0 * x * (1.0 - x));
    std::iter::successors(Some(first), next)
        .take(ROWS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load;

    #[test]
    fn each_value_follows_from_the_one_before() {
        let known = series(0.25);
        assert_eq!(known[..3], [0.25, 0.75, 0.75]);
        let known = series(0.1);
        // By hand: 4 * .1 * .9, 4 * .36 * .64.
        assert!((known[1] - 0.36).abs() < 1e-15 && (known[2] - 0.9216).abs() < 1e-15);
        assert!(known.iter().all(|x| (0.0..=1.0).contains(x)));
    }

    #[test]
    fn the_test_part_goes_on_where_the_training_part_ends() {
        let loaded = load(&Source::named("logistic-map")).expect("it is built in");
        let test = loaded.test.expect("it has a test part");
        assert_eq!((loaded.train.len(), test.len()), (LEARNED, ROWS - LEARNED));
        let (last, first) = (loaded.train.column(0).last(), test.column(0).next());
        let (last, first) = (last.expect("a row"), first.expect("a row"));
        assert_eq!(4.0 * last * (1.0 - last), first);
        assert_eq!((test.row(0), test.row_name(0)), (700, Some("700")));
    }
}
