//! Logistic regression on the words of a text, each weighted by how much more often one class has it: a baseline of a classifier of texts.
//!
//! Wang and Manning, *Baselines and bigrams: simple, good sentiment and topic classification*, ACL 2012, with single words and logistic
//! regression in place of their support vector machine.

use espejo_data::Samples;
use espejo_mlp::{Limits, Method, Objective, minimize};

use crate::host_rows::Rows;

/// Texts of a class that are thought to have every word once (α of the paper).
const SMOOTHING: f64 = 1.0;
/// Weight of the losses beside half the squared weights (C of the paper).
const COST: f64 = 1.0;
/// Iterations of L-BFGS, at most.
const ITERATIONS: usize = 100;

/// What the regression gives for the test samples, `[samples][classes]`. Of more than two classes each is held against the rest.
///
/// # Panics
///
/// Where the samples are no texts, or have no classes.
pub(crate) fn probabilities(train: &Samples, test: &Samples) -> Rows {
    let classes = train.classes().len();
    let (known, new) = (Bags::of(train), Bags::of(test));
    let labels: Vec<usize> = (0..train.len())
        .map(|index| train.label(index).expect("texts with classes"))
        .collect();
    let of_class = |class: usize| {
        let wanted: Vec<bool> = labels.iter().map(|label| *label == class).collect();
        Regression::fit(&known, &wanted).predict(&new)
    };
    if classes == 2 {
        let second = of_class(1);
        return second.iter().map(|p| vec![1.0 - p, *p]).collect();
    }
    let each: Vec<Vec<f32>> = (0..classes).map(of_class).collect();
    let row = |index: usize| {
        let own: Vec<f32> = each.iter().map(|of| of[index]).collect();
        let sum: f32 = own.iter().sum();
        own.iter().map(|p| p / sum.max(f32::MIN_POSITIVE)).collect()
    };
    (0..test.len()).map(row).collect()
}

/// The words that each text has, whatever their number.
struct Bags {
    vocabulary: usize,
    words: Vec<u32>,
    ends: Vec<usize>,
}

impl Bags {
    fn of(samples: &Samples) -> Self {
        let (mut words, mut ends, mut own) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..samples.len() {
            samples.words_of(index, &mut own);
            words.extend_from_slice(&own);
            ends.push(words.len());
        }
        Self {
            vocabulary: samples.vocabulary().len(),
            words,
            ends,
        }
    }

    fn texts(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let places = starts.zip(&self.ends);
        places.map(|(start, end)| &self.words[*start..*end])
    }
}

/// A fitted regression.
struct Regression {
    /// The log-ratio of each word by its weight.
    weights: Vec<f64>,
    bias: f64,
}

impl Regression {
    fn fit(bags: &Bags, wanted: &[bool]) -> Self {
        let ratios = log_ratios(bags, wanted);
        let mut losses = Losses {
            bags,
            wanted,
            ratios: &ratios,
        };
        let start = vec![0.0; losses.dimension()];
        let limits = Limits {
            max_iterations: Some(ITERATIONS),
            gradient_tolerance: 1e-3,
            ..Limits::default()
        };
        let found = minimize(Method::Lbfgs, &mut losses, &start, &limits, &mut |_| true);
        let (bias, weights) = found.at.split_last().expect("there is a bias");
        let pairs = weights.iter().zip(&ratios);
        Self {
            weights: pairs.map(|(weight, ratio)| weight * ratio).collect(),
            bias: *bias,
        }
    }

    /// The probability of the class that was wanted, for each text.
    fn predict(&self, bags: &Bags) -> Vec<f32> {
        let score = |words: &[u32]| -> f64 {
            let sum: f64 = words.iter().map(|word| self.weights[*word as usize]).sum();
            self.bias + sum
        };
        let probability = |words| (1.0 / (1.0 + (-score(words)).exp())) as f32;
        bags.texts().map(probability).collect()
    }
}

/// The logarithm of how often a text of the class has each word, over how often another has it, each as a share of its words.
fn log_ratios(bags: &Bags, wanted: &[bool]) -> Vec<f64> {
    let mut counts = [
        vec![SMOOTHING; bags.vocabulary],
        vec![SMOOTHING; bags.vocabulary],
    ];
    for (words, wanted) in bags.texts().zip(wanted) {
        let counts = &mut counts[usize::from(*wanted)];
        words.iter().for_each(|word| counts[*word as usize] += 1.0);
    }
    let [others, own] = counts;
    let (of_others, of_own) = (others.iter().sum::<f64>(), own.iter().sum::<f64>());
    let pairs = own.iter().zip(&others);
    pairs
        .map(|(own, other)| ((own / of_own) / (other / of_others)).ln())
        .collect()
}

/// The losses of a regression, as a function of its weights and, last, its bias.
struct Losses<'a> {
    bags: &'a Bags,
    wanted: &'a [bool],
    ratios: &'a [f64],
}

impl Objective for Losses<'_> {
    fn dimension(&self) -> usize {
        self.ratios.len() + 1
    }

    fn value(&mut self, at: &[f64]) -> f64 {
        let mut gradient = vec![0.0; at.len()];
        self.gradient(at, &mut gradient)
    }

    fn gradient(&mut self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let (bias, weights) = at.split_last().expect("there is a bias");
        let scaled: Vec<f64> = weights
            .iter()
            .zip(self.ratios)
            .map(|(w, r)| w * r)
            .collect();
        let (of_bias, slopes) = gradient.split_last_mut().expect("there is a bias");
        slopes.fill(0.0);
        *of_bias = 0.0;
        let mut loss = 0.0;
        for (words, wanted) in self.bags.texts().zip(self.wanted) {
            let sign = if *wanted { 1.0 } else { -1.0 };
            let sum: f64 = words.iter().map(|word| scaled[*word as usize]).sum();
            let margin = sign * (bias + sum);
            // ln(1 + e^-m), without an overflow.
            loss += (-margin.abs()).exp().ln_1p() + (-margin).max(0.0);
            let slope = -sign / (1.0 + margin.exp());
            *of_bias += COST * slope;
            words
                .iter()
                .for_each(|word| slopes[*word as usize] += slope);
        }
        let mut squares = 0.0;
        for ((slope, weight), ratio) in slopes.iter_mut().zip(weights).zip(self.ratios) {
            *slope = COST * *slope * ratio + weight;
            squares += weight * weight;
        }
        COST * loss + 0.5 * squares
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bags(texts: &[&[u32]]) -> Bags {
        let mut ends = Vec::new();
        let mut end = 0;
        for text in texts {
            end += text.len();
            ends.push(end);
        }
        Bags {
            vocabulary: 3,
            words: texts.concat(),
            ends,
        }
    }

    // By hand: the class has word 0 twice, 1 once, 2 never; the others 0 once, 1 never, 2 once; one is added to each.
    #[test]
    fn ratios_are_those_of_the_paper() {
        let bags = bags(&[&[0, 1], &[0], &[0, 2]]);
        let found = log_ratios(&bags, &[true, true, false]);
        let expected = [
            (3.0 / 6.0) / (2.0 / 5.0),
            (2.0 / 6.0) / (1.0 / 5.0),
            (1.0 / 6.0) / (2.0 / 5.0),
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - f64::ln(expected)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        let bags = bags(&[&[0, 1], &[], &[0, 2]]);
        let ratios = [0.5, -1.0, 2.0];
        let mut losses = Losses {
            bags: &bags,
            wanted: &[true, false, false],
            ratios: &ratios,
        };
        let at = [0.3, -0.2, 0.7, 0.1];
        let mut gradient = [0.0; 4];
        losses.gradient(&at, &mut gradient);
        for place in 0..4 {
            let mut moved = |by: f64| {
                let mut at = at;
                at[place] += by;
                losses.value(&at)
            };
            let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
            assert!((slope - gradient[place]).abs() < 1e-7, "{place}");
        }
    }

    #[test]
    fn words_of_one_class_tell_it() {
        let known = bags(&[&[0, 1], &[0], &[1, 2], &[2]]);
        let found = Regression::fit(&known, &[true, true, false, false]);
        let given = found.predict(&bags(&[&[0], &[2], &[]]));
        assert!(given[0] > 0.6 && given[1] < 0.4, "{given:?}");
        assert!((given[2] - 0.5).abs() < 0.1, "{given:?}");
    }
}
