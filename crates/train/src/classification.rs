//! How good the probabilities of a classifier are, from its outputs on the host.

use espejo_analysis::wilson;

use crate::host_rows::Rows;

/// Bins of confidence, from 0 to 1, in which calibration is measured (Guo et al. 2017).
const BINS: usize = 15;
/// The probability that stands for one that was rounded to zero, so that a cross-entropy stays finite.
pub(crate) const SMALLEST: f64 = f32::MIN_POSITIVE as f64;

/// What a classifier does with samples whose classes are known.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// Samples of each class (outer) by the class they were given (inner).
    pub confusion: Vec<Vec<u64>>,
    /// Mean of -ln p of the true class, in nats.
    pub cross_entropy: f64,
    /// Samples by their confidence: the probability of the class they were given.
    pub bins: Vec<ConfidenceBin>,
}

/// Samples of like confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ConfidenceBin {
    /// How many there are.
    pub samples: u64,
    /// How many of them are right.
    pub right: u64,
    /// The sum of their confidences.
    pub confidence: f64,
}

impl Classification {
    /// Holds `probabilities` `[samples][classes]` against the class of each sample.
    ///
    /// # Panics
    ///
    /// When there are no samples, or not as many labels.
    pub fn of(
        probabilities: &Rows,
        labels: impl ExactSizeIterator<Item = usize>,
        classes: &[String],
    ) -> Self {
        assert_eq!(probabilities.len(), labels.len(), "a label for each sample");
        assert!(!probabilities.is_empty(), "there are samples");
        let mut found = Self {
            classes: classes.to_vec(),
            confusion: vec![vec![0; classes.len()]; classes.len()],
            cross_entropy: 0.0,
            bins: vec![ConfidenceBin::default(); BINS],
        };
        for (row, label) in probabilities.iter().zip(labels) {
            let given = largest(row);
            found.confusion[label][given] += 1;
            found.cross_entropy -= f64::from(row[label]).max(SMALLEST).ln();
            let confidence = f64::from(row[given]);
            // A confidence of 1 belongs to the last bin.
            let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
            let bin = &mut found.bins[bin];
            bin.samples += 1;
            bin.right += u64::from(given == label);
            bin.confidence += confidence;
        }
        found.cross_entropy /= probabilities.len() as f64;
        found
    }

    /// How many samples there are.
    pub fn samples(&self) -> u64 {
        self.confusion.iter().flatten().sum()
    }

    /// How many of them are given their own class.
    pub fn right(&self) -> u64 {
        (0..self.classes.len())
            .map(|class| self.confusion[class][class])
            .sum()
    }

    /// The share of the samples that are given their own class.
    pub fn accuracy(&self) -> f64 {
        self.right() as f64 / self.samples() as f64
    }

    /// The 95 % interval of the accuracy.
    pub fn accuracy_interval(&self) -> (f64, f64) {
        wilson(self.right() as f64, self.samples() as f64)
    }

    /// The share of each class that is given this class; none where there is no sample of it.
    pub fn recall(&self) -> Vec<Option<f64>> {
        let recall = |(class, row): (usize, &Vec<u64>)| {
            let samples: u64 = row.iter().sum();
            (samples > 0).then(|| row[class] as f64 / samples as f64)
        };
        self.confusion.iter().enumerate().map(recall).collect()
    }

    /// The share of what is given each class that is of this class; none where nothing is.
    pub fn precision(&self) -> Vec<Option<f64>> {
        let precision = |class: usize| {
            let given: u64 = self.confusion.iter().map(|row| row[class]).sum();
            (given > 0).then(|| self.confusion[class][class] as f64 / given as f64)
        };
        (0..self.classes.len()).map(precision).collect()
    }

    /// The expected calibration error: |accuracy - confidence| of each bin, weighted by its samples.
    pub fn calibration_error(&self) -> f64 {
        let gaps = self.bins.iter();
        let gaps = gaps.map(|bin| (bin.right as f64 - bin.confidence).abs());
        gaps.sum::<f64>() / self.samples() as f64
    }
}

/// The place of the largest number; the first of several.
pub fn largest(row: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_classes() -> Classification {
        let rows = vec![
            vec![0.9, 0.1],
            vec![0.6, 0.4],
            vec![0.2, 0.8],
            vec![0.7, 0.3],
        ];
        let names = ["no".to_owned(), "yes".to_owned()];
        Classification::of(&rows, [0, 1, 1, 0].into_iter(), &names)
    }

    #[test]
    fn known_counts_and_shares() {
        let found = two_classes();
        assert_eq!(found.confusion, [[2, 0], [1, 1]]);
        assert_eq!((found.samples(), found.right()), (4, 3));
        assert_eq!(found.accuracy(), 0.75);
        assert_eq!(found.recall(), [Some(1.0), Some(0.5)]);
        assert_eq!(found.precision(), [Some(2.0 / 3.0), Some(1.0)]);
        let nats: f64 = [0.9, 0.4, 0.8, 0.7].iter().map(|p: &f64| -p.ln()).sum();
        assert!((found.cross_entropy - nats / 4.0).abs() < 1e-7);
    }

    /// By hand: confidences 0.9, 0.6, 0.8, 0.7 fall into four bins, right, wrong, right, right.
    #[test]
    fn the_calibration_error_weighs_each_bin_by_its_samples() {
        let expected = (0.1 + 0.6 + 0.2 + 0.3) / 4.0;
        assert!((two_classes().calibration_error() - expected).abs() < 1e-7);
    }

    #[test]
    fn a_class_without_samples_has_no_recall() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let rows = vec![vec![0.5, 0.5, 0.0]];
        let found = Classification::of(&rows, [1].into_iter(), &names);
        // Of equal probabilities the first class is given.
        assert_eq!(found.recall(), [None, Some(0.0), None]);
        assert_eq!(found.precision(), [Some(0.0), None, None]);
    }
}
