//! Numbers as a table for people.

use std::fmt::Write as _;

use serde_json::Value;

/// The name of a baseline as people read it.
pub fn baseline_name(key: &str, entry: &Value) -> String {
    match (key, entry["components"].as_u64()) {
        ("pca", Some(components)) => format!("PCA-{components}"),
        ("mean_image", _) => "mean image".into(),
        ("nearest", _) => "nearest picture".into(),
        (other, _) => other.into(),
    }
}

/// The numbers of a run beside its baselines, as a table for people.
pub fn results_table(metrics: &Value, baselines: &Value) -> String {
    let empty = serde_json::Map::new();
    let row = |name: &str, entry: &Value| {
        let number = |key: &str, digits: usize| {
            entry[key]
                .as_f64()
                .map_or("–".to_owned(), |v| format!("{v:.digits$}"))
        };
        let wrong = match entry["wrong_pixels_max"].as_f64() {
            Some(max) => format!("{} (max {max})", number("wrong_pixels_mean", 3)),
            None => number("wrong_pixels_mean", 3),
        };
        format!(
            "{name:<16}  {:>14}  {:>13}  {wrong}\n",
            number("reconstruction", 4),
            number("squared_error", 4)
        )
    };
    let mut text = format!(
        "{:<16}  {:>14}  {:>13}  {}\n",
        "", "reconstruction", "squared error", "wrong pixels a picture"
    );
    text += &row("model", metrics);
    for (key, entry) in baselines.as_object().unwrap_or(&empty) {
        text += &row(&baseline_name(key, entry), entry);
    }
    if let Some(kl) = metrics["kl"].as_f64() {
        let _ = writeln!(
            text,
            "kl {kl:.4} nats, loss {:.4}, active units {}",
            metrics["loss"].as_f64().unwrap_or(f64::NAN),
            metrics["active_units"]
        );
    }
    text
}
