//! Reconstruction errors sample by sample, and those of each class.

use espejo_data::Samples;
use serde::Serialize;

use crate::host_rows::{Rows, squared_error, unit_targets, unit_values, wrong_pixels};
use crate::seed::Purpose;
use crate::{Error, Trained};

/// How far the reconstruction of each sample is from it.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleErrors {
    /// The squared error of each sample, over its known values.
    pub squared: Vec<f64>,
    /// The wrong pixels of each two-valued image; none for other samples.
    pub wrong_pixels: Option<Vec<f64>>,
}

/// How far the reconstructions of one class are from its samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassErrors {
    /// Name of the class.
    pub name: String,
    /// Samples of it.
    pub samples: usize,
    /// Mean squared error; none without a sample.
    pub squared_error: Option<f64>,
    /// Mean number of wrong pixels of two-valued images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrong_pixels: Option<f64>,
    /// The sample with the largest squared error.
    pub worst: Option<WorstSample>,
}

/// The sample of a class that is reconstructed worst.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstSample {
    /// Its place among the samples, counted from 0.
    pub index: usize,
    /// Its row in the file, counted from 0.
    pub row: u64,
    /// What it is called.
    pub caption: String,
    /// Its squared error.
    pub squared_error: f64,
}

impl SampleErrors {
    /// The errors of these outputs against their targets, NaN where a value is missing.
    pub fn of(samples: &Samples, outputs: &Rows, targets: &Rows) -> Self {
        let pairs = || outputs.iter().zip(targets);
        Self {
            squared: pairs().map(|(o, t)| squared_over_known(o, t)).collect(),
            wrong_pixels: samples
                .two_valued()
                .then(|| pairs().map(|(o, t)| wrong_pixels(o, t) as f64).collect()),
        }
    }

    /// Those of `samples` samples of which there are several noisy copies, copy by copy: the mean over the copies.
    fn over_copies(self, samples: usize) -> Self {
        let mean = |of: &Vec<f64>| {
            let copies = (of.len() / samples.max(1)).max(1) as f64;
            let sum = |index| of.iter().skip(index).step_by(samples).sum::<f64>();
            (0..samples).map(|index| sum(index) / copies).collect()
        };
        Self {
            squared: mean(&self.squared),
            wrong_pixels: self.wrong_pixels.as_ref().map(mean),
        }
    }
}

/// The squared error over the values that are known.
fn squared_over_known(output: &[f32], target: &[f32]) -> f64 {
    if !target.iter().any(|value| value.is_nan()) {
        return squared_error(output, target);
    }
    let pairs = output.iter().zip(target).filter(|(_, t)| !t.is_nan());
    let (output, target): (Vec<f32>, Vec<f32>) = pairs.map(|(o, t)| (*o, *t)).unzip();
    squared_error(&output, &target)
}

/// The errors of each class, in the order of the classes; empty where there are fewer than two.
pub fn class_errors(samples: &Samples, errors: &SampleErrors) -> Vec<ClassErrors> {
    if samples.classes().len() < 2 {
        return Vec::new();
    }
    let of_class = |(class, name): (usize, &String)| {
        let own = (0..samples.len()).filter(|index| samples.label(*index) == Some(class));
        one_class(name, samples, &own.collect::<Vec<_>>(), errors)
    };
    samples.classes().iter().enumerate().map(of_class).collect()
}

fn one_class(name: &str, samples: &Samples, own: &[usize], errors: &SampleErrors) -> ClassErrors {
    let mean = |of: &[f64]| {
        let sum: f64 = own.iter().map(|index| of[*index]).sum();
        (!own.is_empty()).then(|| sum / own.len() as f64)
    };
    // The first of equals, so that the answer does not change.
    let worst = own.iter().copied().reduce(|worst, index| {
        match errors.squared[index] > errors.squared[worst] {
            true => index,
            false => worst,
        }
    });
    ClassErrors {
        name: name.to_owned(),
        samples: own.len(),
        squared_error: mean(&errors.squared),
        wrong_pixels: errors.wrong_pixels.as_deref().and_then(mean),
        worst: worst.map(|index| WorstSample {
            index,
            row: samples.row(index),
            caption: samples.caption(index).to_owned(),
            squared_error: errors.squared[index],
        }),
    }
}

impl Trained {
    /// The reconstruction error of each sample as [`evaluate`](Self::evaluate) measures it: of a denoising model by noisy copies, of a variational one at
    /// the mean of its posterior.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the samples lie in a file that cannot be read, [`Error::Config`] where the model has no code.
    pub fn sample_errors(&self, samples: &Samples) -> Result<SampleErrors, Error> {
        let model = self.autoencoder()?;
        let prepared = self.prepared();
        let (range, width) = (prepared.spec.range, samples.shape().pixels());
        let feed = prepared.measured_data(samples, Purpose::Evaluate)?;
        let (mut outputs, mut targets) = (Rows::new(), Rows::new());
        let mut all = SampleErrors {
            squared: Vec::new(),
            wrong_pixels: samples.two_valued().then(Vec::new),
        };
        for batch in feed.in_order(self.chunk()) {
            let batch = batch?;
            let clean = unit_targets(batch.targets, batch.known, range);
            let output = unit_values(
                model.decode(model.encode(batch.inputs.into_tensor())),
                range,
            );
            outputs.clear();
            targets.clear();
            outputs.extend(output.chunks_exact(width).map(<[f32]>::to_vec));
            targets.extend(clean.chunks_exact(width).map(<[f32]>::to_vec));
            let more = SampleErrors::of(samples, &outputs, &targets);
            all.squared.extend(more.squared);
            if let (Some(all), Some(more)) = (&mut all.wrong_pixels, more.wrong_pixels) {
                all.extend(more);
            }
        }
        Ok(all.over_copies(samples.len()))
    }
}

#[cfg(test)]
mod tests {
    use espejo_data::{Facts, Shape};

    use super::*;

    fn images(labels: &[u16]) -> Samples {
        let facts = Facts {
            name: "mine".to_owned(),
            captions: (0..labels.len())
                .map(|index| format!("image {index}"))
                .collect(),
            labels: labels.to_vec(),
            classes: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            ..Facts::default()
        };
        let shape = Shape {
            channels: 1,
            height: 1,
            width: 2,
        };
        Samples::pictures(facts, shape, 1, vec![0; 2 * labels.len()]).expect("the parts fit")
    }

    #[test]
    fn each_class_has_its_mean_and_its_worst_sample() {
        let samples = images(&[0, 1, 0]);
        let targets = vec![vec![0.0, 0.0]; 3];
        let outputs = vec![vec![0.0, 0.5], vec![1.0, 1.0], vec![1.0, 0.0]];
        let errors = SampleErrors::of(&samples, &outputs, &targets);
        assert_eq!(errors.squared, [0.25, 2.0, 1.0]);
        assert_eq!(errors.wrong_pixels, Some(vec![0.0, 2.0, 1.0]));
        let classes = class_errors(&samples, &errors);
        let mean = |at: usize| (classes[at].samples, classes[at].squared_error);
        assert_eq!(mean(0), (2, Some(0.625)));
        assert_eq!(mean(1), (1, Some(2.0)));
        assert_eq!(mean(2), (0, None));
        assert_eq!(classes[0].wrong_pixels, Some(0.5));
        let worst = classes[0].worst.as_ref().expect("it has samples");
        assert_eq!((worst.index, worst.caption.as_str()), (2, "image 2"));
        assert_eq!(classes[2].worst, None);
    }

    #[test]
    fn missing_values_add_nothing() {
        assert_eq!(squared_over_known(&[1.0, 9.0], &[0.0, f32::NAN]), 1.0);
    }

    #[test]
    fn noisy_copies_count_as_one_sample() {
        let errors = SampleErrors {
            squared: vec![1.0, 10.0, 3.0, 20.0],
            wrong_pixels: None,
        };
        assert_eq!(errors.over_copies(2).squared, [2.0, 15.0]);
    }
}
