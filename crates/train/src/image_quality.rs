//! How good a image looks beside its target: peak signal-to-noise ratio and structural similarity.

use espejo_kernels::correlation::correlate;

use crate::host_rows::squared_error;

/// The standard deviation of the Gaussian window, in pixels.
const DEVIATION: f64 = 1.5;
/// The window's side in pixels, where the image is as large.
const SIDE: usize = 11;
/// (K1 · range)² and (K2 · range)², which keep the quotient steady where a window is nearly constant.
const STEADY_MEAN: f64 = 0.01 * 0.01;
const STEADY_VARIANCE: f64 = 0.03 * 0.03;

/// The peak signal-to-noise ratio in dB of values in [0, 1]: 10 log₁₀(1 / mean squared error). Infinite where the two are equal.
///
/// # Panics
///
/// When the two differ in length.
pub fn psnr(output: &[f32], target: &[f32]) -> f64 {
    assert_eq!(output.len(), target.len(), "one output for each target");
    let mean = squared_error(output, target) / target.len() as f64;
    -10.0 * mean.log10()
}

/// The structural similarity of two images `[channels, height, width]` with values in [0, 1]: 1 where they are equal, about 0
/// where they have nothing in common, negative where one is the other's negative; the mean over windows and channels.
///
/// Wang, Bovik, Sheikh and Simoncelli 2004: Gaussian windows of 11 x 11 pixels with standard deviation 1.5, K1 = 0.01,
/// K2 = 0.03, only windows that lie wholly inside the image. In a image less than 11 pixels high or wide the window is
/// cut to the largest odd side that fits and its weights sum to one again, so such values compare only with images of the
/// same size.
///
/// # Panics
///
/// When a image has no pixel, or not `channels * height * width` values.
pub fn ssim(output: &[f32], target: &[f32], channels: usize, height: usize, width: usize) -> f64 {
    let size = height * width;
    assert!(channels * size > 0, "a picture has pixels");
    assert_eq!(output.len(), channels * size, "the output's values");
    assert_eq!(target.len(), channels * size, "the target's values");
    let window = gaussian(odd_side(height.min(width)));
    let pairs = output.chunks_exact(size).zip(target.chunks_exact(size));
    let similarity = |(o, t): (&[f32], &[f32])| plane_ssim(o, t, width, &window);
    pairs.map(similarity).sum::<f64>() / channels as f64
}

/// The largest odd side of a window that fits.
fn odd_side(shortest: usize) -> usize {
    SIDE.min((shortest - 1) / 2 * 2 + 1)
}

/// One side of the separable window; it sums to one.
fn gaussian(side: usize) -> Vec<f64> {
    let weight = |i: usize| {
        let distance = i as f64 - (side / 2) as f64;
        (-0.5 * (distance / DEVIATION).powi(2)).exp()
    };
    let sum: f64 = (0..side).map(weight).sum();
    (0..side).map(|i| weight(i) / sum).collect()
}

/// The mean similarity of two planes `[height, width]`.
fn plane_ssim(output: &[f32], target: &[f32], width: usize, window: &[f64]) -> f64 {
    let wide = |plane: &[f32]| -> Vec<f64> { plane.iter().map(|x| f64::from(*x)).collect() };
    let (output, target) = (wide(output), wide(target));
    let pairs = || output.iter().zip(&target);
    let blurred = |plane: Vec<f64>| blur(&plane, width, window);
    // The formula needs only the sum of the two variances, so three second moments become two.
    let squares = blurred(pairs().map(|(o, t)| o * o + t * t).collect());
    let products = blurred(pairs().map(|(o, t)| o * t).collect());
    let (first, second) = (blur(&output, width, window), blur(&target, width, window));
    let at = |i: usize| similarity(first[i], second[i], squares[i], products[i]);
    let columns = width - window.len() + 1;
    let rows = output.len() / width - window.len() + 1;
    let inside = (0..rows).flat_map(|y| y * width..y * width + columns);
    inside.map(at).sum::<f64>() / (rows * columns) as f64
}

/// The similarity of one window, from the weighted means of o, t, o² + t² and ot.
fn similarity(first: f64, second: f64, squares: f64, products: f64) -> f64 {
    let mean_product = first * second;
    let mean_squares = first * first + second * second;
    let means = (2.0 * mean_product + STEADY_MEAN) / (mean_squares + STEADY_MEAN);
    let covariance = products - mean_product;
    let variances = squares - mean_squares;
    means * (2.0 * covariance + STEADY_VARIANCE) / (variances + STEADY_VARIANCE)
}

/// Weighted means of the windows that start at each pixel, rows `width` apart. A window that would start in a row's last
/// columns runs on into the next row, and its mean means nothing: long runs without a border are worth these few lost values.
fn blur(plane: &[f64], width: usize, window: &[f64]) -> Vec<f64> {
    correlate(&correlate(plane, width, window), 1, window)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A image that looks random: `((i*i*7 + i*13*seed + seed) % 101) / 100` in f32.
    fn picture(values: usize, seed: usize) -> Vec<f32> {
        (0..values)
            .map(|i| ((i * i * 7 + i * 13 * seed + seed) % 101) as f32 / 100.0)
            .collect()
    }

    /// The image of seed 1, and three quarters of it with a quarter of seed 2.
    fn pair(values: usize) -> (Vec<f32>, Vec<f32>) {
        let (target, other) = (picture(values, 1), picture(values, 2));
        let output = target.iter().zip(&other).map(|(t, o)| t * 0.75 + o * 0.25);
        (output.collect(), target)
    }

    fn check(channels: usize, height: usize, width: usize, expected: f64) {
        let (output, target) = pair(channels * height * width);
        let found = ssim(&output, &target, channels, height, width);
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        let other_way = ssim(&target, &output, channels, height, width);
        assert!((found - other_way).abs() < 1e-12);
        let itself = ssim(&target, &target, channels, height, width);
        assert!((itself - 1.0).abs() < 1e-9, "{itself}");
    }

    /// scikit-image 0.26.0, the images as float64: `structural_similarity(output, target, channel_axis=0, data_range=1,
    /// gaussian_weights=True, sigma=1.5, use_sample_covariance=False)`.
    #[test]
    fn similarity_of_scikit_image() {
        check(1, 28, 28, 0.9195873360772443);
        check(3, 32, 32, 0.9201356794412215);
        check(2, 11, 13, 0.9169266267411054);
    }

    /// pytorch-msssim 1.0.0 in double precision: `ssim(output, target, data_range=1, win_size=11)`, whose window has weights in single precision.
    #[test]
    fn similarity_of_pytorch_msssim() {
        for (channels, height, width, theirs) in [
            (1, 28, 28, 0.919_587_355_904_501_8),
            (3, 32, 32, 0.920_135_699_617_257_4),
            (2, 11, 13, 0.916_926_651_811_634_4),
        ] {
            let (output, target) = pair(channels * height * width);
            let found = ssim(&output, &target, channels, height, width);
            assert!((found - theirs).abs() < 1e-6, "{found} {theirs}");
        }
    }

    /// torchmetrics 1.9.0 in double precision: `structural_similarity_index_measure(output, target, data_range=1)`, whose windows reach beyond the edges of
    /// the image, mirrored there. Ours do not, and the two differ by more than rounding.
    #[test]
    fn similarity_is_not_that_of_torchmetrics() {
        for (channels, height, width, theirs) in [
            (1, 28, 28, 0.919_097_334_042_104_9),
            (3, 32, 32, 0.920_241_127_839_212_8),
            (2, 11, 13, 0.915_603_859_552_440_7),
        ] {
            let (output, target) = pair(channels * height * width);
            let found = ssim(&output, &target, channels, height, width);
            assert!(
                (1e-4..2e-3).contains(&(found - theirs).abs()),
                "{found} {theirs}"
            );
        }
    }

    /// This formula on scipy 1.17.1's `gaussian_filter(plane, 1.5, truncate=2/1.5)[2:-2, 2:-2]`, a window of 5 x 5.
    #[test]
    fn small_pictures_have_a_smaller_window() {
        check(1, 7, 5, 0.9177517590613182);
        check(1, 6, 8, 0.8962402186314855);
    }

    /// A window of one pixel has no variance: what remains is (2ot + C1) / (o² + t² + C1).
    #[test]
    fn one_pixel_compares_brightness() {
        let found = ssim(&[0.5], &[1.0], 1, 1, 1);
        assert!((found - 1.0001 / 1.2501).abs() < 1e-12, "{found}");
    }

    /// (C1 / (1 + C1)) for black beside white: nothing in common.
    #[test]
    fn black_and_white_have_nothing_in_common() {
        let found = ssim(&[0.0; 144], &[1.0; 144], 1, 12, 12);
        assert!((found - 0.0001 / 1.0001).abs() < 1e-12, "{found}");
    }

    #[test]
    fn known_noise_ratios() {
        assert_eq!(psnr(&[0.0, 1.0], &[1.0, 0.0]), 0.0);
        assert!((psnr(&[0.5, 0.5], &[0.4, 0.6]) - 20.0).abs() < 1e-5);
        assert_eq!(psnr(&[0.3, 0.4], &[0.3, 0.4]), f64::INFINITY);
        // scikit-image 0.26.0: `peak_signal_noise_ratio(target, output, data_range=1)`
        let (output, target) = pair(784);
        assert!((psnr(&output, &target) - 19.908248757305245).abs() < 1e-9);
    }
}
