//! Numbers of scikit-learn, statsmodels and scipy (`scripts/reference_analysis.py`).

use approx::assert_relative_eq;
use espejo_analysis::{
    IsolationForest, Mahalanobis, Matrix, Threshold, adjusted_p_values, autocorrelation,
    average_precision, benjamini_hochberg, best_f1, nearest, precision_recall_curve, ranks,
    roc_auc, roc_curve, wilson,
};
use serde_json::Value;

fn reference() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/reference/analysis.json"
    );
    let text = std::fs::read_to_string(path).expect("the script wrote it");
    serde_json::from_str(&text).expect("as JSON")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn count(value: &Value) -> usize {
    value.as_u64().expect("a whole number") as usize
}

fn list(values: &Value) -> Vec<f64> {
    array(values).iter().map(number).collect()
}

fn check(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_relative_eq!(
            *found,
            *expected,
            max_relative = tolerance,
            epsilon = tolerance
        );
    }
}

/// The scores and labels of the script.
fn ranked(count: usize, ties: bool) -> (Vec<f64>, Vec<bool>) {
    let labels: Vec<bool> = (0..count).map(|k| k * 53 % 89 < 13).collect();
    let score = |k: usize| {
        let score = (k * 7919 % 1009) as f64 / 1009.0 + 0.4 * f64::from(u8::from(labels[k]));
        if ties { (score * 10.0).floor() } else { score }
    };
    ((0..count).map(score).collect(), labels)
}

#[test]
fn rankings_are_those_of_scikit_learn_with_ties_and_without() {
    let flat = |points: Vec<(f64, f64)>| -> Vec<f64> {
        points.into_iter().flat_map(|(x, y)| [x, y]).collect()
    };
    for case in array(&reference()["rankings"]) {
        let ties = case["ties"].as_bool().expect("yes or no");
        let (scores, labels) = ranked(count(&case["count"]), ties);
        let expected: Vec<usize> = array(&case["ranks"]).iter().map(count).collect();
        assert_eq!(ranks(&scores), expected);
        let auc = roc_auc(&scores, &labels).expect("both classes");
        check(&[auc.value, auc.low, auc.high], &list(&case["auc"]), 1e-12);
        let precision = average_precision(&scores, &labels).expect("anomalies");
        let best = best_f1(&scores, &labels).expect("anomalies").f1;
        let expected = [number(&case["average_precision"]), number(&case["best_f1"])];
        check(&[precision, best], &expected, 1e-12);
        let expected = |name: &str| array(&case[name]).iter().flat_map(list).collect::<Vec<_>>();
        let roc = roc_curve(&scores, &labels).expect("both classes");
        check(&flat(roc), &expected("roc"), 1e-12);
        let curve = precision_recall_curve(&scores, &labels).expect("anomalies");
        check(&flat(curve), &expected("precision_recall"), 1e-12);
    }
}

#[test]
fn limits_are_those_of_numpy() {
    let reference = reference();
    for (rows, limits) in reference["limits"].as_object().expect("an object") {
        let (scores, _) = ranked(rows.parse().expect("a count"), false);
        for (threshold, expected) in limits.as_object().expect("an object") {
            let threshold: Threshold = threshold.parse().expect("a threshold");
            let found = threshold.limit(&scores, None).expect("a limit");
            check(&[found], &[number(expected)], 1e-12);
        }
    }
}

#[test]
fn discoveries_are_those_of_statsmodels() {
    for case in array(&reference()["discoveries"]) {
        let p_value = |k: usize| {
            let weight = if k.is_multiple_of(5) { 0.02 } else { 1.0 };
            (k * 37 % 101 + 1) as f64 / 102.0 * weight
        };
        let p: Vec<f64> = (0..count(&case["count"])).map(p_value).collect();
        check(&adjusted_p_values(&p), &list(&case["adjusted"]), 1e-12);
        let flagged: Vec<Value> = benjamini_hochberg(&p, 0.1)
            .into_iter()
            .map(Value::from)
            .collect();
        assert_eq!(flagged, array(&case["flagged"]));
    }
}

#[test]
fn intervals_and_autocorrelations_are_those_of_statsmodels() {
    let reference = reference();
    for share in array(&reference["wilson"]).iter().map(list) {
        let (low, high) = wilson(share[0], share[1]);
        check(&[low, high], &share[2..], 1e-12);
    }
    let value = |k: u32| (f64::from(k) / 7.0).sin() + f64::from(k * 37 % 101) / 101.0;
    let series: Vec<f64> = (0..300).map(value).collect();
    check(
        &autocorrelation(&series, 60),
        &list(&reference["acf"]),
        1e-10,
    );
}

/// SplitMix64 at a place, as a number from 0 to 1.
fn uniform(place: usize) -> f64 {
    let z = (place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

const COLUMNS: usize = 5;
const TRAINING: usize = 600;
const QUERIES: usize = 400;
const ANOMALIES: usize = 80;

/// The rows of the script: about normal, each column leaning on the one before; the first rows spread more.
fn table(first: usize, count: usize, anomalies: usize) -> Vec<f32> {
    let mut rows = Vec::new();
    for row in 0..count {
        let mut before = 0.0;
        for column in 0..COLUMNS {
            let place = ((first + row) * COLUMNS + column) * 4;
            let sum = uniform(place) + uniform(place + 1) + uniform(place + 2) + uniform(place + 3);
            before = 0.6 * before + (sum - 2.0) * if row < anomalies { 1.6 } else { 1.0 };
            rows.push(before as f32);
        }
    }
    rows
}

#[test]
fn other_detectors_find_what_scikit_learns_find() {
    let reference = &reference()["detectors"];
    let (training, queries) = (table(0, TRAINING, 0), table(TRAINING, QUERIES, ANOMALIES));
    let (training, queries) = (
        Matrix::new(&training, COLUMNS),
        Matrix::new(&queries, COLUMNS),
    );
    let labels: Vec<bool> = (0..QUERIES).map(|row| row < ANOMALIES).collect();
    let area = |scores: &[f64]| roc_auc(scores, &labels).expect("both classes").value;
    let some = |scores: &[f64]| -> Vec<f64> { scores.iter().copied().step_by(20).collect() };

    let fifth = nearest(training, queries, 5).into_iter();
    let fifth: Vec<f64> = fifth.map(|found| found[4].distance).collect();
    check(&some(&fifth), &list(&reference["nearest"]), 1e-9);
    check(&[area(&fifth)], &[number(&reference["nearest_auc"])], 1e-12);

    let fitted = Mahalanobis::fit(training);
    let distance = fitted.scores(queries);
    check(&some(&distance), &list(&reference["mahalanobis"]), 1e-9);
    check(
        &[area(&distance)],
        &[number(&reference["mahalanobis_auc"])],
        1e-12,
    );

    let forests = (0..20).map(|seed| IsolationForest::fit(training, seed).scores(queries));
    let forests: Vec<Vec<f64>> = forests.collect();
    let mean = |of: &dyn Fn(&Vec<f64>) -> f64| forests.iter().map(of).sum::<f64>() / 20.0;
    let scores: Vec<f64> = (0..QUERIES)
        .map(|row| mean(&|forest| forest[row]))
        .collect();
    check(&some(&scores), &list(&reference["forest"]), 0.015);
    let difference = mean(&|forest| area(forest)) - number(&reference["forest_auc"]);
    assert!(difference.abs() < 0.01, "{difference}");
}
