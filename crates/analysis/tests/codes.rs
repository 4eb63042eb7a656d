//! Neighbours, codes, groups and comparisons beside scikit-learn's and scipy's: `scripts/reference_codes.py`.

use std::iter::zip;

use approx::assert_relative_eq;
use espejo_analysis::{
    BinaryCodes, Covariance, Matrix, Mixture, STARTS, adjusted_rand_index, contingency,
    correlation_difference, distances_to_nearest, k_means, kolmogorov_smirnov, nearest,
    neighbor_accuracy, normalized_mutual_information, silhouette,
};
use serde_json::Value;

const COLUMNS: usize = 4;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../../tests/reference/codes.json"))
        .expect("the reference is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

fn counts(value: &Value) -> Vec<usize> {
    numbers(value)
        .into_iter()
        .map(|number| number as usize)
        .collect()
}

fn iris(reference: &Value) -> (Vec<f32>, Vec<usize>) {
    let rows = numbers(&reference["rows"])
        .into_iter()
        .map(|number| number as f32);
    (rows.collect(), counts(&reference["labels"]))
}

/// The rows of some places.
fn rows_where(rows: &[f32], columns: usize, wanted: impl Fn(usize) -> bool) -> Vec<f32> {
    let rows = rows.chunks(columns).enumerate();
    rows.filter(|(place, _)| wanted(*place))
        .flat_map(|(_, row)| row.to_vec())
        .collect()
}

fn close(found: &[f64], expected: &[f64], epsilon: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in zip(found, expected) {
        assert_relative_eq!(*found, *expected, epsilon = epsilon, max_relative = epsilon);
    }
}

fn sorted(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    rows.sort_by(|a, b| a.partial_cmp(b).expect("finite"));
    rows.concat()
}

#[test]
fn distances_to_the_nearest_rows_are_those_of_scikit_learn() {
    let reference = reference();
    let (rows, _) = iris(&reference);
    for columns in [2, 4, 12] {
        let row = |row: &[f32]| {
            row.iter()
                .copied()
                .cycle()
                .take(columns)
                .collect::<Vec<_>>()
        };
        let tiled: Vec<f32> = rows.chunks(COLUMNS).flat_map(row).collect();
        let train = rows_where(&tiled, columns, |place| place % 3 != 0);
        let queries = rows_where(&tiled, columns, |place| place % 3 == 0);
        let found = nearest(
            Matrix::new(&train, columns),
            Matrix::new(&queries, columns),
            5,
        );
        let distances: Vec<f64> = found
            .iter()
            .flatten()
            .map(|neighbor| neighbor.distance)
            .collect();
        // Theirs are by ‖a‖² + ‖b‖² - 2 a · b where they use no tree, and so off by the root of the rounding.
        close(
            &distances,
            &numbers(&reference["neighbors"][columns.to_string()]),
            1e-6,
        );
    }
}

#[test]
fn accuracies_of_neighbours_are_those_of_scikit_learn() {
    let reference = reference();
    let (rows, labels) = iris(&reference);
    let part = |wanted: fn(usize) -> bool| {
        let labels: Vec<f32> = labels.iter().map(|label| *label as f32).collect();
        let labels = rows_where(&labels, 1, wanted)
            .into_iter()
            .map(|label| label as usize);
        (
            rows_where(&rows, COLUMNS, wanted),
            labels.collect::<Vec<_>>(),
        )
    };
    let (train, train_labels) = part(|place| place % 3 != 0);
    let (queries, query_labels) = part(|place| place % 3 == 0);
    for k in [1, 3, 7] {
        let (train, queries) = (Matrix::new(&train, COLUMNS), Matrix::new(&queries, COLUMNS));
        let found = neighbor_accuracy(train, &train_labels, queries, &query_labels, k);
        assert_eq!(
            found,
            reference["accuracies"][k.to_string()]
                .as_f64()
                .expect("a number"),
            "k {k}"
        );
    }
}

#[test]
fn hamming_distances_are_those_of_scikit_learn() {
    let reference = reference();
    let (rows, _) = iris(&reference);
    let column = |column: usize| rows.iter().skip(column).step_by(COLUMNS);
    let largest: Vec<f32> = (0..COLUMNS)
        .map(|index| column(index).copied().fold(0.0, f32::max))
        .collect();
    let scaled: Vec<f32> = zip(&rows, largest.iter().cycle())
        .map(|(value, largest)| value / largest)
        .collect();
    let row = |place: usize| &scaled[place * COLUMNS..][..COLUMNS];
    let activations: Vec<f32> = (0..150)
        .flat_map(|place| {
            let reversed: Vec<f32> = row(place).iter().rev().copied().collect();
            [row(place), row((place + 100) % 150), &reversed].concat()
        })
        .collect();
    let codes = BinaryCodes::from_activations(Matrix::new(&activations, 3 * COLUMNS));
    let found: Vec<f64> = codes
        .nearest(&codes, 7)
        .iter()
        .flatten()
        .map(|near| f64::from(near.distance))
        .collect();
    assert_eq!(found, numbers(&reference["hamming"]));
}

#[test]
fn groups_of_k_means_and_what_is_said_of_them_are_those_of_scikit_learn() {
    let reference = reference();
    let (rows, labels) = iris(&reference);
    let rows = Matrix::new(&rows, COLUMNS);
    for count in [2, 3, 5] {
        let expected = &reference["k_means"][count.to_string()];
        let number = |name: &str| expected[name].as_f64().expect("a number");
        let found = k_means(rows, count, 2 * STARTS, 0);
        assert_relative_eq!(found.inertia, number("inertia"), max_relative = 1e-9);
        close(&sorted(found.centers), &numbers(&expected["centers"]), 1e-9);
        let theirs = counts(&expected["labels"]);
        assert_eq!(adjusted_rand_index(&found.labels, &theirs), 1.0);

        assert_eq!(
            contingency(&labels, &theirs).concat(),
            counts(&expected["contingency"])
        );
        let agreement = [
            adjusted_rand_index(&labels, &theirs),
            normalized_mutual_information(&labels, &theirs),
        ];
        close(
            &agreement,
            &[
                number("adjusted_rand_index"),
                number("normalized_mutual_information"),
            ],
            1e-12,
        );
        let found = silhouette(rows, &theirs, 0).expect("groups");
        assert_relative_eq!(found, number("silhouette"), epsilon = 1e-9);
    }
    let found = silhouette(rows, &labels, 0).expect("groups");
    assert_relative_eq!(
        found,
        reference["silhouette"].as_f64().expect("a number"),
        epsilon = 1e-9
    );
}

#[test]
fn mixtures_are_those_of_scikit_learn() {
    let reference = reference();
    let (rows, _) = iris(&reference);
    let rows = Matrix::new(&rows, COLUMNS);
    for (name, covariance) in [("full", Covariance::Full), ("diag", Covariance::Diagonal)] {
        for count in 1..=3 {
            let expected = &reference["mixtures"][format!("{name} {count}")];
            let found = Mixture::fit(rows, count, covariance, 0);
            let found_numbers = [found.log_likelihood(rows), found.bic(rows)];
            close(
                &found_numbers,
                &[&expected["log_likelihood"], &expected["bic"]].map(|value| numbers(value)[0]),
                1e-5,
            );
            // The likelihood is flat around its maximum, so that the means are known less sharply.
            close(&sorted(found.means()), &numbers(&expected["means"]), 5e-3);
        }
    }
}

#[test]
fn comparisons_of_two_sets_of_rows_are_those_of_scipy() {
    let reference = reference();
    let (rows, _) = iris(&reference);
    let (first, second) = (
        Matrix::new(&rows[200..400], COLUMNS),
        Matrix::new(&rows[400..], COLUMNS),
    );
    let expected = &reference["two_sample"];
    close(
        &kolmogorov_smirnov(first, second),
        &numbers(&expected["kolmogorov_smirnov"]),
        1e-12,
    );
    let found = correlation_difference(first, second);
    let expected_difference =
        ["correlation_largest", "correlation_mean"].map(|name| numbers(&expected[name])[0]);
    close(&[found.largest, found.mean], &expected_difference, 1e-9);
    let found = distances_to_nearest(first, second).expect("rows");
    close(
        &found.quantiles,
        &numbers(&expected["distance_quantiles"]),
        1e-9,
    );
}
