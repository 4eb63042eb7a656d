//! How far reconstructions are from their targets, in the measures that suit the samples.

use espejo_data::Samples;
use espejo_train::{MAX_PSNR, Rows, psnr, squared_error, wrong_pixels};
use serde_json::{Value, json};

/// Errors of outputs against their targets: wrong pixels for two-valued images, else the squared error, for images with the PSNR.
pub fn reconstruction_errors(samples: &Samples, outputs: &Rows, targets: &Rows) -> Value {
    if samples.two_valued() {
        return wrong(outputs, targets);
    }
    let pairs = || outputs.iter().zip(targets);
    let mean = |measure: &dyn Fn(&[f32], &[f32]) -> f64| {
        pairs().map(|(o, t)| measure(o, t)).sum::<f64>() / targets.len() as f64
    };
    let squared = mean(&|o, t| squared_error(o, t));
    let mut value = json!({ "squared_error": squared, "pictures": targets.len() });
    if !samples.is_table() {
        value["psnr"] = json!(mean(&|o, t| psnr(o, t).min(MAX_PSNR)));
    }
    value
}

/// Mean and maximum number of wrong pixels, and the number of images without any.
fn wrong(outputs: &Rows, targets: &Rows) -> Value {
    let counts: Vec<usize> = outputs
        .iter()
        .zip(targets)
        .map(|(output, target)| wrong_pixels(output, target))
        .collect();
    let mean = counts.iter().sum::<usize>() as f64 / counts.len() as f64;
    let exact = counts.iter().filter(|count| **count == 0).count();
    json!({ "wrong_pixels_mean": mean, "wrong_pixels_max": counts.iter().max(), "exact": exact, "pictures": counts.len() })
}
