//! The metrics of a run beside its baselines, as a table for people.

use std::fmt::Write as _;

use espejo_train::{Baseline, Metrics};

use crate::compact_number::compact;
use crate::prediction_table::prediction_table;
use crate::sample_kind::SampleKind;

/// The name of a baseline as people read it.
pub fn baseline_name(key: &str, kind: SampleKind) -> String {
    let baseline = Baseline {
        key: key.to_owned(),
        measures: Vec::new(),
    };
    baseline.name(kind.word())
}

/// The metrics of a run beside its baselines.
pub fn results_table(metrics: &Metrics, baselines: &[Baseline], kind: SampleKind) -> String {
    if metrics.get("reconstruction").is_none() {
        return prediction_table(metrics, baselines, kind);
    }
    let measure = LastColumn::of(metrics);
    let mut text = line(
        "",
        "reconstruction",
        "squared error",
        measure.heading(kind).as_str(),
    );
    text += &row("model", &|key| metrics.get(key), measure);
    for baseline in baselines {
        let name = baseline.name(kind.word());
        text += &row(&name, &|key| baseline.get(key), measure);
    }
    if let (Some(kl), Some(active)) = (metrics.get("kl"), metrics.get("active_units")) {
        let loss = metrics.loss;
        let _ = writeln!(
            text,
            "kl {} nats, loss {}, active units {active}",
            compact(kl, 4),
            compact(loss, 4)
        );
    }
    text
}

/// A measure by its name.
type Get<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// The measure in the last column.
#[derive(Clone, Copy)]
enum LastColumn {
    /// The measure of two-valued images.
    WrongPixels,
    /// PSNR and SSIM, the measures of grey and colour images.
    Quality,
    /// Tables have no measure beside the errors.
    None,
}

impl LastColumn {
    fn of(metrics: &Metrics) -> Self {
        match (metrics.get("wrong_pixels_mean"), metrics.get("psnr")) {
            (None, None) => Self::None,
            (None, Some(_)) => Self::Quality,
            (Some(_), _) => Self::WrongPixels,
        }
    }

    fn heading(self, kind: SampleKind) -> String {
        match self {
            Self::WrongPixels => format!("wrong pixels per {}", kind.word()),
            Self::Quality => "PSNR dB    SSIM".to_owned(),
            Self::None => String::new(),
        }
    }

    fn cell(self, get: Get<'_>) -> String {
        match (self, get("wrong_pixels_max")) {
            (Self::None, _) => String::new(),
            (Self::Quality, _) => {
                format!(
                    "{:>7}  {:>6}",
                    number(get, "psnr", 2),
                    number(get, "ssim", 4)
                )
            }
            (Self::WrongPixels, None) => number(get, "wrong_pixels_mean", 3),
            (Self::WrongPixels, Some(max)) => {
                format!("{} (max {max})", number(get, "wrong_pixels_mean", 3))
            }
        }
    }
}

fn row(name: &str, get: Get<'_>, measure: LastColumn) -> String {
    line(
        name,
        &number(get, "reconstruction", 4),
        &number(get, "squared_error", 4),
        &measure.cell(get),
    )
}

fn number(get: Get<'_>, key: &str, digits: usize) -> String {
    get(key).map_or("–".to_owned(), |value| compact(value, digits))
}

fn line(name: &str, reconstruction: &str, squared_error: &str, last: &str) -> String {
    let line = format!("{name:<16}  {reconstruction:>14}  {squared_error:>13}  {last}");
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use espejo_train::Measure;

    use super::*;

    fn measures(pairs: &[(&str, f64)]) -> Vec<Measure> {
        let measure = |(name, value): &(&str, f64)| Measure {
            name: (*name).to_owned(),
            value: *value,
            whole: false,
        };
        pairs.iter().map(measure).collect()
    }

    fn metrics(pairs: &[(&str, f64)]) -> Metrics {
        Metrics {
            measures: measures(pairs),
            ..Metrics::default()
        }
    }

    #[test]
    fn a_table_is_told_nothing_of_images() {
        let pairs = [("reconstruction", 1.5), ("squared_error", 3.0)];
        let baselines = ["mean_image", "nearest"].map(|key| Baseline {
            key: key.to_owned(),
            measures: measures(&pairs),
        });
        let text = results_table(&metrics(&pairs), &baselines, SampleKind::Row);
        assert!(text.contains("mean row"), "{text}");
        assert!(text.contains("nearest row"), "{text}");
        assert!(!text.contains("image") && !text.contains("pixel"), "{text}");
    }

    #[test]
    fn a_number_of_any_size_keeps_its_column() {
        let model = [("reconstruction", 9_460_896_768.0), ("squared_error", 2e-7)];
        let text = results_table(&metrics(&model), &[], SampleKind::Row);
        let widths = text.lines().map(|line| line.chars().count());
        assert!(
            widths.clone().all(|width| width == 16 + 2 + 14 + 2 + 13),
            "{text}"
        );
        assert!(
            text.contains("9.461e9") && text.contains("2.0e-7"),
            "{text}"
        );
    }

    #[test]
    fn the_worst_image_stands_beside_the_mean() {
        let pairs = [
            ("reconstruction", 1.5),
            ("squared_error", 3.0),
            ("wrong_pixels_mean", 0.25),
            ("wrong_pixels_max", 4.0),
        ];
        let text = results_table(&metrics(&pairs), &[], SampleKind::Image);
        assert!(text.contains("wrong pixels per image"), "{text}");
        assert!(text.ends_with("0.250 (max 4)\n"), "{text}");
    }
}
