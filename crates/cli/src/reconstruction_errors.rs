//! How far reconstructions are from their targets, in the measures that suit the samples.

use espejo_data::Samples;
use espejo_train::{MAX_PSNR, Rows, SampleErrors, psnr, wrong_pixels};
use serde_json::{Value, json};

/// Errors of outputs against their targets: wrong pixels for two-valued images, else the squared error, for images with the PSNR. Where a
/// target is missing (NaN) there is nothing to hold the output against.
pub fn reconstruction_errors(samples: &Samples, outputs: &Rows, targets: &Rows) -> Value {
    if samples.two_valued() {
        return wrong(outputs, targets);
    }
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / targets.len() as f64;
    let squared = mean(SampleErrors::of(samples, outputs, targets).squared);
    let mut value = json!({ "squared_error": squared, "pictures": targets.len() });
    if !samples.is_table() {
        let pairs = outputs.iter().zip(targets);
        value["psnr"] = json!(mean(pairs.map(|(o, t)| psnr(o, t).min(MAX_PSNR)).collect()));
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
