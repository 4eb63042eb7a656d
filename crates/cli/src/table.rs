//! Numbers as a table for people.

use std::fmt::Write as _;

use serde_json::Value;

/// The name of a baseline as people read it.
pub fn baseline_name(key: &str, entry: &Value) -> String {
    match (key, entry["components"].as_u64()) {
        ("pca", Some(components)) => format!("PCA-{components}"),
        ("mean_image", _) => "mean image".into(),
        ("nearest", _) => "nearest picture".into(),
        ("median", _) => "median 3x3".into(),
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
        let last = match (&entry["wrong_pixels_mean"], &entry["wrong_pixels_max"]) {
            (Value::Null, _) if metrics["psnr"].is_null() => String::new(),
            (Value::Null, _) => format!("{:>7}  {:>6}", number("psnr", 2), number("ssim", 4)),
            (_, Value::Null) => number("wrong_pixels_mean", 3),
            (_, max) => format!("{} (max {max})", number("wrong_pixels_mean", 3)),
        };
        let line = format!(
            "{name:<16}  {:>14}  {:>13}  {last}",
            number("reconstruction", 4),
            number("squared_error", 4)
        );
        format!("{}\n", line.trim_end())
    };
    let last = match (&metrics["wrong_pixels_mean"], &metrics["psnr"]) {
        (Value::Null, Value::Null) => "",
        (Value::Null, _) => "PSNR dB    SSIM",
        _ => "wrong pixels a picture",
    };
    let heading = format!(
        "{:<16}  {:>14}  {:>13}  {last}",
        "", "reconstruction", "squared error"
    );
    let mut text = format!("{}\n", heading.trim_end());
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
