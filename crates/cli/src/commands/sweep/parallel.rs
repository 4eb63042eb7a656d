//! The settings of a sweep in parallel coordinates: which values the good ones have in common.

use espejo_pictures::{Coordinate, Figure, ParallelCoordinates, parallel_coordinates};
use espejo_train::MainMeasure;

use super::results::{Results, WIDE, number};
use super::vary::shown_value;

/// Keys that a figure has axes for, at most.
const MOST_AXES: usize = 10;

/// An axis for each key that was varied and one for the measure, a line for each setting; none where there is little to see: with one key,
/// which curves or bars show, or with one setting.
pub(super) fn parallel(results: &Results<'_>) -> Option<Figure> {
    let plan = &results.sweep.plan;
    let measured = results
        .groups
        .iter()
        .map(|group| group.measured(results.key()));
    let means: Vec<f64> = measured
        .map(|measured| measured.map_or(f64::NAN, |measured| measured.mean))
        .collect();
    let known = means.iter().filter(|mean| mean.is_finite()).count();
    if results.apart.is_some() || known < 2 || !(2..=MOST_AXES).contains(&plan.keys.len()) {
        return None;
    }
    let mut lines = vec![Vec::new(); means.len()];
    let mut axes = Vec::new();
    for (place, key) in plan.keys.iter().enumerate() {
        let values = plan.settings.iter().map(|setting| &setting[place]);
        let (axis, values) = axis(key, &values.collect::<Vec<_>>());
        axes.push(axis);
        lines
            .iter_mut()
            .zip(values)
            .for_each(|(line, value)| line.push(value));
    }
    lines
        .iter_mut()
        .zip(&means)
        .for_each(|(line, mean)| line.push(*mean));
    axes.push(Coordinate {
        name: format!("test {}", results.measure.map_or("loss", MainMeasure::name)),
        ..Coordinate::default()
    });
    let settings = match plan.repeats() {
        1 => "a line a setting".to_owned(),
        seeds => format!("a line a setting, mean over up to {seeds} seeds"),
    };
    let best = results.ranked.first().copied();
    Some(parallel_coordinates(&ParallelCoordinates {
        title: results.title(),
        note: Some(match best {
            Some(_) => settings + "; the best in pink",
            None => settings,
        }),
        axes,
        lines,
        best,
    }))
}

/// The axis of a key, and where the value of each setting stands on it: as a number, else as one of a few words.
fn axis(key: &str, values: &[&toml::Value]) -> (Coordinate, Vec<f64>) {
    let name = key.to_owned();
    let numbers: Option<Vec<f64>> = values.iter().map(|value| number(value)).collect();
    if let Some(numbers) = numbers {
        let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
        let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log = least > 0.0 && most / least >= WIDE;
        let axis = Coordinate {
            name,
            log,
            ..Coordinate::default()
        };
        return (axis, numbers);
    }
    let mut names: Vec<String> = Vec::new();
    let places = values.iter().map(|value| {
        let word = shown_value(value);
        let known = names.iter().position(|name| *name == word);
        let place = known.unwrap_or_else(|| {
            names.push(word);
            names.len() - 1
        });
        place as f64
    });
    let places = places.collect();
    let axis = Coordinate {
        name,
        names,
        log: false,
    };
    (axis, places)
}
