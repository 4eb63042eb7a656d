//! What a code holds: dimensions without use, posteriors that say nothing, different samples with the same code.

use super::words::{counted, listed, percent, short};
use super::{Facts, Finding, advice};

/// A dimension of a posterior is in use above this divergence, in nats: below it the decoder learns next to nothing from it.
const USED_NATS: f64 = 0.05;
/// A dimension of a code is constant where it varies less than this share of what the dimensions vary on average.
const CONSTANT: f64 = 0.01;
/// Two dimensions say the same where their correlation is above this.
const SAME: f64 = 0.999;
/// Correlations are taken up to so many dimensions.
const MAX_CORRELATED: usize = 64;
/// From this share of unused dimensions on the code is too wide; a few spare ones are the usual price of a choice made beforehand.
const MANY_UNUSED: f64 = 0.25;
/// Codes coincide where they are nearer than this share of what codes vary.
const NEAR: f64 = 1e-3;
/// Codes that coincide are a fault from this share of the samples on.
const MANY_COINCIDING: f64 = 0.05;
/// A code is saturated where this share of its values lies at the ends of its activation's range.
const SATURATED: f64 = 0.9;
/// Values this near to the end of a range of 1 are at it.
const AT_END: f32 = 0.01;

/// Statistics of the codes of some samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CodeUse {
    /// How many samples there are, and how many of them share their code with a different sample.
    pub samples: usize,
    pub coinciding: usize,
    /// The standard deviation of each dimension.
    pub deviations: Vec<f64>,
    /// The Kullback-Leibler divergence of each dimension in nats, where codes have a posterior.
    pub nats: Option<Vec<f64>>,
    /// Pairs of dimensions that say the same.
    pub twins: Vec<(usize, usize)>,
    /// The share of values at the ends of the activation's range, where it has such and nobody asked for it.
    pub at_ends: Option<f64>,
}

impl CodeUse {
    pub(super) fn of(
        codes: &[Vec<f32>],
        samples: &[Vec<f32>],
        log_variances: Option<&[Vec<f32>]>,
        range: Option<(f32, f32)>,
    ) -> Self {
        let (means, deviations) = moments(codes);
        Self {
            samples: codes.len(),
            coinciding: match log_variances {
                None => coinciding(codes, samples, &deviations),
                // Posteriors overlap as they are meant to.
                Some(_) => 0,
            },
            nats: log_variances.map(|variances| nats(codes, variances)),
            twins: twins(codes, &means, &deviations),
            at_ends: range.map(|range| at_ends(codes, range)),
            deviations,
        }
    }

    pub(super) fn dimensions(&self) -> usize {
        self.deviations.len()
    }

    /// The dimensions that tell samples apart no more, counted from 0.
    fn unused(&self) -> Vec<usize> {
        if let Some(nats) = &self.nats {
            return places(nats, |nats| nats < USED_NATS);
        }
        let squares = self
            .deviations
            .iter()
            .map(|deviation| deviation * deviation);
        let usual = (squares.sum::<f64>() / self.dimensions().max(1) as f64).sqrt();
        places(&self.deviations, |deviation| deviation <= CONSTANT * usual)
    }
}

fn places(values: &[f64], is_found: impl Fn(f64) -> bool) -> Vec<usize> {
    let numbered = values.iter().enumerate();
    let found = numbered.filter(|(_, value)| is_found(**value));
    found.map(|(place, _)| place).collect()
}

/// Mean and standard deviation of each dimension.
fn moments(codes: &[Vec<f32>]) -> (Vec<f64>, Vec<f64>) {
    let width = codes.first().map_or(0, Vec::len);
    let count = codes.len().max(1) as f64;
    let mut means = vec![0.0; width];
    for code in codes {
        let pairs = means.iter_mut().zip(code);
        pairs.for_each(|(mean, value)| *mean += f64::from(*value) / count);
    }
    let mut variances = vec![0.0; width];
    for code in codes {
        for (place, value) in code.iter().enumerate() {
            variances[place] += (f64::from(*value) - means[place]).powi(2) / count;
        }
    }
    (means, variances.into_iter().map(f64::sqrt).collect())
}

/// ½(σ² + μ² - 1 - ln σ²) of each dimension, mean over the samples.
fn nats(means: &[Vec<f32>], log_variances: &[Vec<f32>]) -> Vec<f64> {
    let mut sums = vec![0.0; means.first().map_or(0, Vec::len)];
    for (means, variances) in means.iter().zip(log_variances) {
        for (sum, (mean, variance)) in sums.iter_mut().zip(means.iter().zip(variances)) {
            let (mean, log) = (f64::from(*mean), f64::from(*variance));
            *sum += 0.5 * (log.exp() + mean * mean - 1.0 - log);
        }
    }
    sums.into_iter()
        .map(|sum| sum / means.len() as f64)
        .collect()
}

/// Samples whose code is that of another sample that differs.
fn coinciding(codes: &[Vec<f32>], samples: &[Vec<f32>], deviations: &[f64]) -> usize {
    let spread = deviations.iter().map(|d| d * d).sum::<f64>().sqrt();
    // Codes that are all alike to the last bits coincide, too.
    let size = codes
        .iter()
        .flatten()
        .fold(0.0_f64, |most, value| most.max(f64::from(value.abs())));
    let near = (NEAR * spread)
        .max(1e-6 * size)
        .max(f64::from(f32::MIN_POSITIVE));
    let widest = (0..deviations.len()).max_by(|a, b| deviations[*a].total_cmp(&deviations[*b]));
    let Some(axis) = widest else {
        return 0;
    };
    // Codes that are near are near on every axis: along the widest, few others are.
    let mut order: Vec<usize> = (0..codes.len()).collect();
    order.sort_by(|a, b| codes[*a][axis].total_cmp(&codes[*b][axis]));
    let mut shares = vec![false; codes.len()];
    for (place, &one) in order.iter().enumerate() {
        for &other in &order[place + 1..] {
            if f64::from(codes[other][axis] - codes[one][axis]) > near {
                break;
            }
            let known = shares[one] && shares[other];
            if !known
                && are_near(&codes[one], &codes[other], near)
                && differ(&samples[one], &samples[other])
            {
                (shares[one], shares[other]) = (true, true);
            }
        }
    }
    shares.into_iter().filter(|shares| *shares).count()
}

fn are_near(a: &[f32], b: &[f32], near: f64) -> bool {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>() <= near * near
}

/// Whether two samples are others, bit by bit: what is missing is alike.
fn differ(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.to_bits() != b.to_bits())
}

/// Pairs of dimensions whose correlation is 1 or -1, or so near to it that one of them would do.
fn twins(codes: &[Vec<f32>], means: &[f64], deviations: &[f64]) -> Vec<(usize, usize)> {
    let width = means.len();
    // Of as few samples as dimensions, any are correlated.
    if width > MAX_CORRELATED || codes.len() < 2 * width + 2 {
        return Vec::new();
    }
    let correlation = |a: usize, b: usize| {
        let products = codes
            .iter()
            .map(|code| (f64::from(code[a]) - means[a]) * (f64::from(code[b]) - means[b]));
        products.sum::<f64>() / codes.len() as f64 / (deviations[a] * deviations[b])
    };
    let pairs = (0..width).flat_map(|a| (a + 1..width).map(move |b| (a, b)));
    let vary = pairs.filter(|(a, b)| deviations[*a] > 0.0 && deviations[*b] > 0.0);
    vary.filter(|(a, b)| correlation(*a, *b).abs() > SAME)
        .collect()
}

fn at_ends(codes: &[Vec<f32>], (low, high): (f32, f32)) -> f64 {
    let edge = AT_END * (high - low);
    let values = codes.iter().flatten();
    let count = values.clone().count().max(1);
    let ends = values.filter(|value| **value < low + edge || **value > high - edge);
    ends.count() as f64 / count as f64
}

/// The findings about a code.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(code) = &facts.code else {
        return Vec::new();
    };
    let found = [
        dimensions(facts, code),
        twin_dimensions(code),
        saturated(code),
        same_codes(code, facts),
    ];
    found.into_iter().flatten().collect()
}

/// `z1, z3`, as figures call dimensions.
fn named(places: &[usize]) -> String {
    let names: Vec<String> = places
        .iter()
        .map(|place| format!("z{}", place + 1))
        .collect();
    listed(&names)
}

fn dimensions(facts: &Facts<'_>, code: &CodeUse) -> Option<Finding> {
    let (unused, all) = (code.unused(), code.dimensions());
    if unused.is_empty() {
        return None;
    }
    if unused.len() == all {
        return Some(nothing_used(facts, code));
    }
    let used = all - unused.len();
    let share = unused.len() as f64 / all as f64;
    let nats = code
        .nats
        .as_ref()
        .map(|nats| unused.iter().map(|place| nats[*place]).fold(0.0, f64::max));
    let why = match nats {
        Some(nats) => format!("KL divergence {} nats at most", short(nats)),
        None => "constant over the samples".to_owned(),
    };
    let verb = if unused.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} of {all} dimensions {verb} unused ({why})",
        named(&unused)
    );
    let finding = match share >= MANY_UNUSED {
        true => Finding::warning("unused-dimensions", message),
        false => Finding::info("unused-dimensions", message),
    };
    // One dimension of two is no choice: the divergence weighs too much for what there is to tell.
    let advice = match code.nats {
        Some(_) if used < 2 || all == 2 => advice::lower_beta(facts.config),
        _ => format!("--latent {used}"),
    };
    let finding = finding
        .number("unused", unused.len() as f64)
        .number("dimensions", all as f64);
    Some(finding.advise(advice))
}

fn nothing_used(facts: &Facts<'_>, code: &CodeUse) -> Finding {
    let all = code.dimensions() as f64;
    let Some(nats) = &code.nats else {
        let message = "the code is constant: it is the same for every sample".to_owned();
        let finding = Finding::warning("constant-code", message).number("dimensions", all);
        return finding.advise(advice::lower_rate(facts.config));
    };
    let message = format!(
        "posterior collapse: the code tells nothing of any {} (KL divergence {} nats in all)",
        facts.sample,
        short(nats.iter().sum()),
    );
    let finding = Finding::warning("posterior-collapse", message);
    let finding = finding
        .number("nats", nats.iter().sum())
        .number("dimensions", all);
    finding.advise(advice::lower_beta(facts.config))
}

fn twin_dimensions(code: &CodeUse) -> Option<Finding> {
    let (a, b) = *code.twins.first()?;
    let mut spare: Vec<usize> = code.twins.iter().map(|(_, spare)| *spare).collect();
    spare.sort_unstable();
    spare.dedup();
    let (left, all) = (code.dimensions() - spare.len(), code.dimensions());
    let share = spare.len() as f64 / all as f64;
    let message = match spare.len() {
        1 => format!(
            "dimensions z{} and z{} say the same (correlation ±1)",
            a + 1,
            b + 1
        ),
        count => format!("{count} of {all} dimensions repeat others (correlation ±1)"),
    };
    let finding = match share >= MANY_UNUSED {
        true => Finding::warning("collapsed-dimensions", message),
        false => Finding::info("collapsed-dimensions", message),
    };
    let finding = finding
        .number("repeated", spare.len() as f64)
        .number("dimensions", all as f64);
    Some(finding.advise(format!("--latent {left}")))
}

fn saturated(code: &CodeUse) -> Option<Finding> {
    let share = code.at_ends.filter(|share| *share > SATURATED)?;
    let message = format!(
        "the code is saturated: {} of its values are at the ends of its activation's range",
        percent(share)
    );
    let finding = Finding::warning("saturated-code", message).number("share", share);
    Some(finding.advise("--set model.latent_activation=linear".to_owned()))
}

fn same_codes(code: &CodeUse, facts: &Facts<'_>) -> Option<Finding> {
    let share = code.coinciding as f64 / code.samples.max(1) as f64;
    if share <= MANY_COINCIDING || code.unused().len() == code.dimensions() {
        return None;
    }
    let message = format!(
        "different samples have the same code: {} of {}",
        code.coinciding,
        counted(code.samples, facts.sample),
    );
    let finding = Finding::warning("coinciding-codes", message)
        .number("coinciding", code.coinciding as f64)
        .number("samples", code.samples as f64);
    Some(finding.advise(format!("--latent {}", 2 * code.dimensions().max(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(codes: &[Vec<f32>]) -> CodeUse {
        let samples: Vec<Vec<f32>> = (0..codes.len()).map(|place| vec![place as f32]).collect();
        CodeUse::of(codes, &samples, None, None)
    }

    #[test]
    fn a_constant_dimension_is_unused() {
        let codes: Vec<Vec<f32>> = (0..10).map(|i| vec![i as f32, 3.0]).collect();
        let found = of(&codes);
        assert_eq!(found.unused(), [1]);
        // Of 0 to 9 the variance is 8.25.
        assert!((found.deviations[0] - 8.25_f64.sqrt()).abs() < 1e-9);
        assert_eq!(found.coinciding, 0);
    }

    #[test]
    fn a_posterior_of_the_prior_holds_no_nat_and_a_mean_of_one_half_a_nat() {
        let (codes, zeros) = (vec![vec![0.0, 1.0]; 4], vec![vec![0.0; 2]; 4]);
        let found = CodeUse::of(&codes, &codes, Some(&zeros), None);
        assert_eq!(found.nats, Some(vec![0.0, 0.5]));
        assert_eq!(found.unused(), [0]);
    }

    #[test]
    fn codes_coincide_where_samples_differ() {
        let codes = vec![
            vec![1.0, 0.0],
            vec![1.0, 0.0],
            vec![-1.0, 1.0],
            vec![2.0, 5.0],
        ];
        assert_eq!(of(&codes).coinciding, 2);
        let alike = vec![vec![7.0], vec![7.0], vec![8.0], vec![9.0]];
        assert_eq!(CodeUse::of(&codes, &alike, None, None).coinciding, 0);
        assert_eq!(of(&vec![vec![0.5, 0.5]; 6]).coinciding, 6);
    }

    #[test]
    fn dimensions_that_repeat_others_are_found() {
        let codes: Vec<Vec<f32>> = (0..20)
            .map(|i| vec![i as f32, (i * 7 % 20) as f32, -2.0 * i as f32])
            .collect();
        assert_eq!(of(&codes).twins, [(0, 2)]);
    }

    #[test]
    fn ends_of_a_range_are_counted() {
        let codes = vec![vec![0.0, 0.5], vec![0.995, 1.0]];
        assert_eq!(at_ends(&codes, (0.0, 1.0)), 0.75);
    }
}
