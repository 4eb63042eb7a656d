//! The metrics of a run beside its baselines, as a table for people.

use std::fmt::Write as _;

use serde_json::Value;

use crate::sample_kind::SampleKind;

/// The name of a baseline as people read it.
pub fn baseline_name(key: &str, entry: &Value, kind: SampleKind) -> String {
    match (key, entry["components"].as_u64()) {
        ("pca", Some(components)) => format!("PCA-{components}"),
        ("mean_image", _) => format!("mean {}", kind.word()),
        ("nearest", _) => format!("nearest {}", kind.word()),
        ("identity", _) => "noisy input".into(),
        ("median", _) => "median 3x3".into(),
        (other, _) => other.into(),
    }
}

/// The metrics of a run beside its baselines.
pub fn results_table(metrics: &Value, baselines: &Value, kind: SampleKind) -> String {
    let measure = Measure::of(metrics);
    let mut text = line(
        "",
        "reconstruction",
        "squared error",
        measure.heading(kind).as_str(),
    );
    text += &row("model", metrics, measure);
    for (key, entry) in baselines.as_object().into_iter().flatten() {
        text += &row(&baseline_name(key, entry, kind), entry, measure);
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

/// The measure in the last column.
#[derive(Clone, Copy)]
enum Measure {
    /// The measure of two-valued images.
    WrongPixels,
    /// PSNR and SSIM, the measures of grey and colour images.
    Quality,
    /// Tables have no measure beside the errors.
    None,
}

impl Measure {
    fn of(metrics: &Value) -> Self {
        match (&metrics["wrong_pixels_mean"], &metrics["psnr"]) {
            (Value::Null, Value::Null) => Self::None,
            (Value::Null, _) => Self::Quality,
            _ => Self::WrongPixels,
        }
    }

    fn heading(self, kind: SampleKind) -> String {
        match self {
            Self::WrongPixels => format!("wrong pixels per {}", kind.word()),
            Self::Quality => "PSNR dB    SSIM".to_owned(),
            Self::None => String::new(),
        }
    }

    fn cell(self, entry: &Value) -> String {
        match (self, &entry["wrong_pixels_max"]) {
            (Self::None, _) => String::new(),
            (Self::Quality, _) => {
                format!(
                    "{:>7}  {:>6}",
                    number(entry, "psnr", 2),
                    number(entry, "ssim", 4)
                )
            }
            (Self::WrongPixels, Value::Null) => number(entry, "wrong_pixels_mean", 3),
            (Self::WrongPixels, max) => {
                format!("{} (max {max})", number(entry, "wrong_pixels_mean", 3))
            }
        }
    }
}

fn row(name: &str, entry: &Value, measure: Measure) -> String {
    line(
        name,
        &number(entry, "reconstruction", 4),
        &number(entry, "squared_error", 4),
        &measure.cell(entry),
    )
}

fn number(entry: &Value, key: &str, digits: usize) -> String {
    entry[key]
        .as_f64()
        .map_or("–".to_owned(), |value| format!("{value:.digits$}"))
}

fn line(name: &str, reconstruction: &str, squared_error: &str, last: &str) -> String {
    let line = format!("{name:<16}  {reconstruction:>14}  {squared_error:>13}  {last}");
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_told_nothing_of_images() {
        let metrics = json!({ "reconstruction": 1.5, "squared_error": 3.0 });
        let baselines = json!({ "mean_image": metrics, "nearest": metrics });
        let text = results_table(&metrics, &baselines, SampleKind::Row);
        assert!(text.contains("mean row"), "{text}");
        assert!(text.contains("nearest row"), "{text}");
        assert!(!text.contains("image") && !text.contains("pixel"), "{text}");
    }

    #[test]
    fn the_worst_image_stands_beside_the_mean() {
        let metrics = json!({ "reconstruction": 1.5, "squared_error": 3.0, "wrong_pixels_mean": 0.25, "wrong_pixels_max": 4 });
        let text = results_table(&metrics, &json!({}), SampleKind::Image);
        assert!(text.contains("wrong pixels per image"), "{text}");
        assert!(text.ends_with("0.250 (max 4)\n"), "{text}");
    }
}
