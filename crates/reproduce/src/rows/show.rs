//! What several figures share.

use espejo_pictures::Series;

use crate::row::{Outcome, Results};
use crate::statistics::Spread;

/// A median curve without the range, where many curves share a panel.
pub fn median_over_seeds(results: &Results, case: &str, x: &str, name: &str) -> Series {
    Series {
        band: Vec::new(),
        ..curve_over(results, case, x, "y", name)
    }
}

/// The curve `x`, `y` of a case: at each place the median of its seeds, a seed that has ended keeping its last value, with the
/// range of the seeds around it.
pub fn curve_over_seeds(results: &Results, case: &str, name: &str) -> Series {
    curve_over(results, case, "x", "y", name)
}

/// The curve of the lists `x` and `y` of a case, as [`curve_over_seeds`] draws it.
pub fn curve_over(results: &Results, case: &str, x: &str, y: &str, name: &str) -> Series {
    let runs: Vec<(&[f64], &[f64])> = results
        .of(case)
        .map(|run| (run.list(x), run.list(y)))
        .filter(|(x, _)| !x.is_empty())
        .collect();
    let mut places: Vec<f64> = runs.iter().flat_map(|(x, _)| *x).copied().collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let at = |place: f64| {
        let values = runs.iter().filter_map(|(x, y)| {
            let after = x.partition_point(|x| *x <= place);
            (after > 0).then(|| y[after - 1])
        });
        Spread::of(values.collect())
    };
    // Where a seed has not begun, its absence would move the median.
    let begun = runs.iter().map(|(x, _)| x[0]).fold(0.0, f64::max);
    places.retain(|place| *place >= begun);
    let spreads: Vec<(f64, Spread)> = places.into_iter().map(|place| (place, at(place))).collect();
    Series {
        name: name.to_owned(),
        points: spreads
            .iter()
            .map(|(x, spread)| (*x, spread.median()))
            .collect(),
        band: spreads
            .iter()
            .map(|(x, spread)| (*x, spread.low(), spread.high()))
            .collect(),
        ..Series::default()
    }
}

/// The seed whose measure is the (lower) median: the one to show.
pub fn median_run<'a>(results: &'a Results, case: &'a str, measure: &str) -> Option<&'a Outcome> {
    let mut runs: Vec<&Outcome> = results.of(case).collect();
    runs.sort_by(|a, b| a.get(measure).total_cmp(&b.get(measure)));
    runs.get(runs.len().saturating_sub(1) / 2).copied()
}
