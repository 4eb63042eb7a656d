//! Reconstruction error of outputs on the host, summed over samples.

use std::ops::Range;

use espejo_data::Shape;
use espejo_kernels::cross_entropy::{LogProbabilities, of_probabilities};
use espejo_kernels::threads;
use espejo_nets::Criterion;

use crate::host_rows::{squared_error, wrong_pixels};
use crate::image_quality::{psnr, ssim};
use crate::metrics::Measure;
use crate::spec::Spec;

/// The ratio that stands for an exact image, in dB.
pub const MAX_PSNR: f64 = 100.0;
/// Images whose quality is measured, about: evenly spread over the set.
const QUALITY_PICTURES: usize = 1000;

/// Samples that a thread measures at a time.
const ROWS: usize = 64;

/// The errors of one kind of output so far.
#[derive(Clone, Debug)]
pub(crate) struct ReconstructionErrors {
    rule: ErrorRule,
    samples: usize,
    squared_error: f64,
    reconstruction: f64,
    /// Whether every output had a reconstruction loss.
    defined: bool,
    wrong_pixels: f64,
    quality: Quality,
}

/// Sums over the images whose quality is measured.
#[derive(Clone, Copy, Debug, Default)]
struct Quality {
    count: usize,
    /// Of the peak signal-to-noise ratio of each, in dB.
    psnr: f64,
    /// Of the mean squared error of each.
    squared_error: f64,
    ssim: f64,
}

/// What is measured of each sample.
#[derive(Clone, Debug)]
pub(crate) struct ErrorRule {
    pub criterion: Criterion,
    /// The width of the range that losses see: 2 for pixels of -1 to 1.
    pub span: f64,
    pub two_valued: bool,
    /// The shape of grey and colour images, whose quality is measured.
    pub images: Option<Shape>,
    /// One sample in so many has its quality measured.
    pub every: usize,
}

/// What is measured of one sample.
#[derive(Clone, Debug, Default)]
struct OfSample {
    /// None where the loss is not defined, or not finite.
    reconstruction: Option<f64>,
    squared_error: f64,
    wrong_pixels: usize,
    quality: Option<Quality>,
}

/// An output that is the same for every sample.
#[derive(Clone, Debug)]
pub(crate) struct SameOutput {
    values: Vec<f32>,
    /// Where they are probabilities.
    logarithms: Option<LogProbabilities>,
}

impl From<Vec<f32>> for SameOutput {
    fn from(values: Vec<f32>) -> Self {
        let logarithms = inside(&values).then(|| LogProbabilities::new(&values));
        Self { values, logarithms }
    }
}

/// The output for a sample, and its logarithms where they are known.
#[derive(Clone, Copy)]
struct Output<'a> {
    values: &'a [f32],
    logarithms: Option<&'a LogProbabilities>,
}

impl<'a> From<&'a [f32]> for Output<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self {
            values,
            logarithms: None,
        }
    }
}

impl Output<'_> {
    /// Of outputs in [0, 1].
    fn cross_entropy(&self, target: &[f32]) -> f64 {
        match self.logarithms {
            Some(known) => known.cross_entropy(target),
            None => of_probabilities(self.values, target),
        }
    }
}

impl ErrorRule {
    /// What suits a run measured on `samples` samples.
    pub(crate) fn of(spec: &Spec, samples: &espejo_data::Samples, count: usize) -> Self {
        let grey = !samples.is_table() && !samples.two_valued();
        Self {
            criterion: spec.criterion.clone(),
            span: 1.0 - spec.range.low(),
            two_valued: samples.two_valued(),
            images: grey.then(|| samples.shape()),
            every: count.div_ceil(QUALITY_PICTURES).max(1),
        }
    }

    /// Measures the sample with this number.
    fn measure(&self, index: usize, output: Output<'_>, target: &[f32]) -> OfSample {
        let reconstruction = reconstruction(self, output, target);
        let output = output.values;
        // Without an end before the last, so that it is done in vectors.
        let whole = (target.iter()).fold(true, |whole, value| whole & !value.is_nan());
        let has_quality = index.is_multiple_of(self.every);
        OfSample {
            reconstruction: reconstruction.filter(|value| value.is_finite()),
            squared_error: match whole {
                true => squared_error(output, target),
                false => {
                    let (output, target): (Vec<f32>, Vec<f32>) = known(output, target).unzip();
                    squared_error(&output, &target)
                }
            },
            wrong_pixels: match self.two_valued {
                true => wrong_pixels(output, target),
                false => 0,
            },
            quality: self.images.filter(|_| has_quality).map(|shape| Quality {
                count: 1,
                psnr: psnr(output, target).min(MAX_PSNR),
                squared_error: squared_error(output, target) / target.len() as f64,
                ssim: ssim(output, target, shape.channels, shape.height, shape.width),
            }),
        }
    }
}

impl ReconstructionErrors {
    pub(crate) fn new(rule: ErrorRule) -> Self {
        Self {
            rule,
            samples: 0,
            squared_error: 0.0,
            reconstruction: 0.0,
            defined: true,
            wrong_pixels: 0.0,
            quality: Quality::default(),
        }
    }

    /// Adds samples laid end to end, with values in [0, 1] for images; all threads measure them, and they are added up in their order.
    ///
    /// Where the target is missing (NaN) there is nothing to hold the output against.
    pub(crate) fn add(&mut self, outputs: &[f32], targets: &[f32], width: usize) {
        let of_row = |row: usize| Output::from(&outputs[row * width..][..width]);
        self.add_each(of_row, targets, width);
    }

    /// [`add`](Self::add) of an output that all samples have.
    pub(crate) fn add_same(&mut self, output: &SameOutput, targets: &[f32]) {
        let of_each = Output {
            values: &output.values,
            logarithms: output.logarithms.as_ref(),
        };
        self.add_each(|_| of_each, targets, output.values.len());
    }

    fn add_each<'a>(
        &mut self,
        output: impl Fn(usize) -> Output<'a> + Sync,
        targets: &[f32],
        width: usize,
    ) {
        let (rule, before) = (&self.rule, self.samples);
        let mut found = vec![OfSample::default(); targets.len() / width];
        let parts = found.chunks_mut(ROWS).zip(targets.chunks(ROWS * width));
        let parts = parts.enumerate().collect();
        threads::each(
            parts,
            |(part, (found, targets)): (usize, (&mut [_], &[f32]))| {
                let rows = found.iter_mut().zip(targets.chunks_exact(width));
                for (row, (found, target)) in (part * ROWS..).zip(rows) {
                    *found = rule.measure(before + row, output(row), target);
                }
            },
        );
        found.iter().for_each(|found| self.count(found));
    }

    fn count(&mut self, found: &OfSample) {
        match found.reconstruction {
            Some(value) => self.reconstruction += value,
            None => self.defined = false,
        }
        self.samples += 1;
        self.squared_error += found.squared_error;
        self.wrong_pixels += found.wrong_pixels as f64;
        if let Some(next) = found.quality {
            let quality = &mut self.quality;
            quality.count += next.count;
            quality.psnr += next.psnr;
            quality.squared_error += next.squared_error;
            quality.ssim += next.ssim;
        }
    }

    pub(crate) fn squared_error(&self) -> f64 {
        self.squared_error / self.samples as f64
    }

    /// The loss of a run, where it is defined for each of the outputs.
    pub(crate) fn reconstruction(&self) -> Option<f64> {
        self.defined
            .then(|| self.reconstruction / self.samples as f64)
    }

    pub(crate) fn wrong_pixels_mean(&self) -> Option<f64> {
        self.rule
            .two_valued
            .then(|| self.wrong_pixels / self.samples as f64)
    }

    /// How alike grey and colour images and outputs look, mean over the images.
    pub(crate) fn quality(&self) -> Vec<Measure> {
        let quality = self.quality;
        let count = quality.count as f64;
        let pooled = -10.0 * (quality.squared_error / count).log10();
        match quality.count {
            0 => Vec::new(),
            _ => vec![
                Measure::new("psnr", quality.psnr / count),
                Measure::new("ssim", quality.ssim / count),
                Measure::new("psnr_pooled", pooled.min(MAX_PSNR)),
            ],
        }
    }
}

/// The values whose target is known.
fn known(output: &[f32], target: &[f32]) -> impl Iterator<Item = (f32, f32)> {
    let pairs = output.iter().copied().zip(target.iter().copied());
    pairs.filter(|(_, target)| !target.is_nan())
}

/// The loss of a sample, where it is defined: a cross-entropy is for outputs in [0, 1] alone, which the mean image has and
/// projections on components have not.
fn reconstruction(rule: &ErrorRule, of: Output<'_>, target: &[f32]) -> Option<f64> {
    let output = of.values;
    let sum = |error: &dyn Fn(f64) -> f64| {
        let differences =
            known(output, target).map(|(o, t)| rule.span * (f64::from(o) - f64::from(t)));
        Some(differences.map(error).sum())
    };
    match &rule.criterion {
        Criterion::Mse => sum(&|d| 0.5 * d * d),
        Criterion::Mae => sum(&f64::abs),
        Criterion::LogCosh => sum(&|d| d.cosh().ln()),
        Criterion::Correntropy { width } => {
            sum(&|d| width * width * (1.0 - (-0.5 * d * d / (width * width)).exp()))
        }
        Criterion::Bce => inside(output).then(|| of.cross_entropy(target)),
        // The entropic cost is the cross-entropy less the entropy of the target.
        Criterion::Entropic => {
            inside(output).then(|| of.cross_entropy(target) - of_probabilities(target, target))
        }
        Criterion::Mixed { categories } => {
            let defined = categories.iter().all(|of| inside(&output[of.clone()]));
            defined.then(|| mixed(categories, output, target))
        }
        // Classes are nothing to reconstruct.
        Criterion::SoftmaxCrossEntropy => None,
    }
}

/// Whether all are in [0, 1]; in vectors, too.
fn inside(values: &[f32]) -> bool {
    let values = values.iter();
    values.fold(true, |all, value| all & (0.0..=1.0).contains(value))
}

/// ½(t - o)² of each number, and -t ln p of each one-hot value of a category.
fn mixed(categories: &[Range<usize>], output: &[f32], target: &[f32]) -> f64 {
    let value = |place: usize| {
        let (o, t) = (f64::from(output[place]), f64::from(target[place]));
        if t.is_nan() {
            0.0
        } else if categories.iter().any(|of| of.contains(&place)) {
            nats(o, t)
        } else {
            0.5 * (o - t).powi(2)
        }
    };
    (0..target.len()).map(value).sum()
}

/// -t ln p, with 0 ln 0 = 0.
fn nats(p: f64, t: f64) -> f64 {
    if t == 0.0 { 0.0 } else { -t * p.ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(criterion: Criterion) -> ErrorRule {
        ErrorRule {
            criterion,
            span: 1.0,
            two_valued: true,
            images: None,
            every: 1,
        }
    }

    #[test]
    fn the_cross_entropy_of_an_undecided_mean_is_ln_2_a_pixel() {
        let value = of_probabilities(&[0.5, 0.5, 1.0], &[0.0, 1.0, 1.0]);
        assert!((value - 2.0 * std::f64::consts::LN_2).abs() < 1e-12);
    }

    #[test]
    fn means_are_over_the_samples() {
        let mut errors = ReconstructionErrors::new(rule(Criterion::Mse));
        errors.add(&[0.0, 1.0], &[1.0, 1.0], 2);
        errors.add(&[1.0, 1.0], &[1.0, 1.0], 2);
        assert_eq!(errors.squared_error(), 0.5);
        assert_eq!(errors.reconstruction(), Some(0.25));
        assert_eq!(errors.wrong_pixels_mean(), Some(0.5));
        assert_eq!(errors.quality(), []);
    }

    #[test]
    fn one_output_for_all_has_the_errors_of_as_many_copies() {
        let targets = [0.0, 0.25, 1.0, 1.0, 0.5, f32::NAN];
        for output in [[0.5, 0.0, 0.75], [0.5, 1.25, 0.75]] {
            for criterion in [Criterion::Bce, Criterion::Entropic, Criterion::Mae] {
                let of = |add: &dyn Fn(&mut ReconstructionErrors)| {
                    let mut errors = ReconstructionErrors::new(rule(criterion.clone()));
                    add(&mut errors);
                    (errors.squared_error(), errors.reconstruction())
                };
                let same = SameOutput::from(output.to_vec());
                let found = of(&|errors| errors.add_same(&same, &targets));
                assert_eq!(
                    found,
                    of(&|errors| errors.add(&output.repeat(2), &targets, 3))
                );
            }
        }
    }

    #[test]
    fn one_output_without_a_loss_leaves_the_mean_undefined() {
        let mut errors = ReconstructionErrors::new(rule(Criterion::Bce));
        errors.add(&[0.5], &[1.0], 1);
        assert!(errors.reconstruction().is_some());
        errors.add(&[1.2], &[1.0], 1);
        assert_eq!(errors.reconstruction(), None);
    }

    /// Two images of one pixel, errors of 0.1 and 0.01: 20 and 40 dB, and 10 log₁₀(1 / 0.00505) of both together. torchmetrics 1.9.0 gives the same by
    /// `peak_signal_noise_ratio(output, target, data_range=1)`, which pools, and with `dim=1, reduction="elementwise_mean"`, which does not.
    #[test]
    fn the_ratio_is_a_mean_over_images_or_one_of_all() {
        let rule = ErrorRule {
            images: Some(Shape {
                channels: 1,
                height: 1,
                width: 1,
            }),
            ..rule(Criterion::Mse)
        };
        let mut errors = ReconstructionErrors::new(rule);
        errors.add(&[0.1], &[0.0], 1);
        errors.add(&[0.01], &[0.0], 1);
        let quality = errors.quality();
        let get = |name: &str| {
            quality
                .iter()
                .find(|found| found.name == name)
                .map(|found| found.value)
        };
        assert!((get("psnr").expect("images") - 30.0).abs() < 1e-5);
        assert!((get("psnr_pooled").expect("images") - 22.967_086).abs() < 1e-5);
    }

    /// ½ (0.5)² of the number and -ln 0.25 of the category; a missing number and a missing category add nothing.
    #[test]
    fn a_category_counts_in_nats() {
        let criterion = Criterion::Mixed {
            categories: std::iter::once(1..3).collect(),
        };
        let loss = |target: [f32; 3]| {
            let output = [0.5, 0.25, 0.75];
            reconstruction(&rule(criterion.clone()), output[..].into(), &target)
        };
        let nats = 4f64.ln();
        assert_eq!(loss([1.0, 1.0, 0.0]), Some(0.125 + nats));
        assert_eq!(loss([f32::NAN, 1.0, 0.0]), Some(nats));
        assert_eq!(loss([1.0, f32::NAN, f32::NAN]), Some(0.125));
        // A projection on components may leave the range of probabilities.
        assert_eq!(
            reconstruction(
                &rule(criterion),
                [0.5, -0.1, 1.1][..].into(),
                &[1.0, 1.0, 0.0]
            ),
            None
        );
    }

    /// What is missing of a target is no error.
    #[test]
    fn a_missing_value_is_left_out() {
        let mut errors = ReconstructionErrors::new(rule(Criterion::Mse));
        errors.add(&[1.0, 5.0], &[0.0, f32::NAN], 2);
        assert_eq!(
            (errors.squared_error(), errors.reconstruction()),
            (1.0, Some(0.5))
        );
    }

    #[test]
    fn ten_million_samples_have_the_mean_of_double_precision() {
        let mut errors = ReconstructionErrors::new(rule(Criterion::Mse));
        (0..10_000).for_each(|_| errors.add(&[0.1; 1000], &[0.0; 1000], 1));
        let expected = f64::from(0.1_f32).powi(2);
        assert!((errors.squared_error() / expected - 1.0).abs() < 1e-9);
        let reconstruction = errors.reconstruction().expect("it is defined");
        assert!((reconstruction / (0.5 * expected) - 1.0).abs() < 1e-9);
    }
}
