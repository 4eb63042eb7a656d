//! Missing cells beside scikit-learn's imputers: `scripts/reference_impute.py`.

use approx::assert_relative_eq;
use espejo_analysis::{Matrix, impute_nearest, known_means};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().expect("an array");
    values
        .iter()
        .map(|value| value.as_f64().unwrap_or(f64::NAN))
        .collect()
}

fn single(value: &Value) -> Vec<f32> {
    numbers(value)
        .into_iter()
        .map(|number| number as f32)
        .collect()
}

#[test]
fn filled_cells_are_those_of_another_implementation() {
    let text = include_str!("../../../tests/reference/impute.json");
    let reference: Value = serde_json::from_str(text).expect("the reference is JSON");
    let columns = reference["columns"].as_u64().expect("a count") as usize;
    let (train, queries) = (single(&reference["train"]), single(&reference["queries"]));
    let (train, rows) = (Matrix::new(&train, columns), Matrix::new(&queries, columns));
    let holes = queries.iter().filter(|value| value.is_nan()).count();
    assert!(holes > 20, "{holes}");
    for k in [1, 5, 100] {
        let expected = numbers(&reference["nearest"][k.to_string()]);
        let found = impute_nearest(train, rows, k);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_relative_eq!(f64::from(*found), expected, epsilon = 1e-6);
        }
    }
    let means = known_means(train);
    for (place, expected) in numbers(&reference["mean"]).into_iter().enumerate() {
        if queries[place].is_nan() {
            assert_relative_eq!(means[place % columns], expected, epsilon = 1e-9);
        }
    }
}
