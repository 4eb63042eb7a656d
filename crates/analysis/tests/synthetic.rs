//! Comparisons of real and synthetic rows beside scipy's and numpy's: `scripts/reference_synthetic.py`.

use std::iter::zip;

use approx::assert_relative_eq;
use espejo_analysis::{
    Matrix, correlation_difference, kolmogorov_smirnov_of, nearness, total_variation,
};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("../../../tests/reference/synthetic.json"))
        .expect("the reference is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn single(value: &Value) -> Vec<f32> {
    numbers(value)
        .into_iter()
        .map(|value| value as f32)
        .collect()
}

#[test]
fn statistics_of_columns_are_scipys() {
    let reference = reference();
    let columns = reference["columns"].as_array().expect("a list");
    assert_eq!(columns.len(), 4);
    for column in columns {
        let (real, synthetic) = (numbers(&column["real"]), numbers(&column["synthetic"]));
        let found = kolmogorov_smirnov_of(&real, &synthetic).expect("there are numbers");
        assert_relative_eq!(found, number(&column["ks"]), epsilon = 1e-12);
    }
}

#[test]
fn the_distance_of_shares_is_numpys() {
    let shares = &reference()["shares"];
    let found = total_variation(&numbers(&shares["first"]), &numbers(&shares["second"]));
    assert_relative_eq!(found, number(&shares["total_variation"]), epsilon = 1e-12);
}

#[test]
fn correlations_and_distances_are_numpys_and_scipys() {
    let tables = &reference()["tables"];
    let rows = ["train", "held_out", "synthetic"].map(|name| single(&tables[name]));
    let [train, held_out, synthetic] = [0, 1, 2].map(|part| Matrix::new(&rows[part], 3));
    let found = correlation_difference(train, synthetic);
    assert_relative_eq!(found.largest, number(&tables["largest"]), epsilon = 1e-9);
    assert_relative_eq!(found.mean, number(&tables["mean"]), epsilon = 1e-9);
    let close = |found: &[f64], name: &str| {
        for (found, expected) in zip(found, numbers(&tables[name])) {
            assert_relative_eq!(*found, expected, epsilon = 1e-9);
        }
    };
    let found = nearness(train, Some(held_out), synthetic).expect("there are rows");
    close(&found.real.quantiles, "real_quantiles");
    close(&found.synthetic.quantiles, "synthetic_quantiles");
    assert_eq!(found.nearer, number(&tables["nearer"]));
    assert_eq!(found.synthetic.copies, number(&tables["copies"]));
    let found = nearness(train, None, synthetic).expect("there are rows");
    close(&found.real.quantiles, "other_quantiles");
    assert_eq!(found.nearer, number(&tables["nearer_than_others"]));
}
