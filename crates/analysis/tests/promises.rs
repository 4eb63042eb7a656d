//! Rates that are promised, held in 200 simulated sets: levels of conformal p-values, and the false discovery rate.

use std::f64::consts::TAU;

use espejo_analysis::{Threshold, benjamini_hochberg, p_values};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SETS: usize = 200;
/// Quantile of the standard normal distribution for intervals of 99.9 %.
const NORMAL_999: f64 = 3.290_526_731_491_926;

/// Normal numbers around `mean`.
fn normal(count: usize, mean: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut draw = || {
        let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        mean + radius * (TAU * rng.random::<f64>()).cos()
    };
    (0..count).map(|_| draw()).collect()
}

/// Whole numbers up to 7, so that most scores are tied.
fn tied(scores: Vec<f64>) -> Vec<f64> {
    scores
        .into_iter()
        .map(|score| (score * 2.0).floor().clamp(-7.0, 7.0))
        .collect()
}

/// The ends of the central 99.9 % of a binomial distribution.
fn binomial_999(count: usize, share: f64) -> (usize, usize) {
    let mut probability = (1.0 - share).powi(count as i32);
    let (mut below, mut low) = (0.0, None);
    for hits in 0..=count {
        below += probability;
        if below > 0.0005 && low.is_none() {
            low = Some(hits);
        }
        if let (Some(low), true) = (low, below >= 0.9995) {
            return (low, hits);
        }
        probability *= (count - hits) as f64 / (hits + 1) as f64 * share / (1.0 - share);
    }
    (low.unwrap_or(count), count)
}

#[test]
fn a_known_binomial_interval() {
    // Ten throws of a coin: P(0) = 1/1024 > .0005, so that nothing can be left out.
    assert_eq!(binomial_999(10, 0.5), (0, 10));
    // Twenty: P(at most 2) = 211 / 2^20 = .0002, P(at most 3) = 1351 / 2^20 = .0013.
    assert_eq!(binomial_999(20, 0.5), (3, 17));
}

/// One new row of each set: the sets are independent, and each row is flagged with a probability of exactly the level, since 19 + 1
/// rows tell a twentieth.
#[test]
fn a_level_of_a_twentieth_flags_a_twentieth_of_normal_rows() {
    let (mut flagged, mut by_limit) = (0, 0);
    for set in 0..SETS {
        let mut rng = ChaCha8Rng::seed_from_u64(set as u64);
        let calibration = normal(19, 0.0, &mut rng);
        let row = normal(1, 0.0, &mut rng);
        flagged += usize::from(p_values(&calibration, &row)[0] <= 0.05);
        let limit = Threshold::Conformal(0.05)
            .limit(&calibration, None)
            .expect("enough rows");
        by_limit += usize::from(row[0] > limit);
    }
    let (low, high) = binomial_999(SETS, 0.05);
    assert!(
        (low..=high).contains(&flagged),
        "{flagged} not in {low}..={high}"
    );
    assert_eq!(flagged, by_limit);
}

/// Many rows of a set share its calibration rows: what is flagged of them is beta-binomial, of which the standard error is taken.
#[test]
fn many_rows_of_a_set_keep_the_level() {
    let (rows, count, level) = (500, 199, 0.05);
    let mut flagged = 0;
    for set in 0..SETS {
        let mut rng = ChaCha8Rng::seed_from_u64(1000 + set as u64);
        let calibration = normal(count, 0.0, &mut rng);
        let p = p_values(&calibration, &normal(rows, 0.0, &mut rng));
        flagged += p.iter().filter(|p| **p <= level).count();
    }
    // Beta(10, 190) gives the share that a set flags.
    let both = (count + 1) as f64;
    let of_a_set = level * (1.0 - level) / (both + 1.0);
    let of_rows = level * (1.0 - level) / rows as f64 * both / (both + 1.0);
    let error = ((of_a_set + of_rows) / SETS as f64).sqrt();
    let share = flagged as f64 / (SETS * rows) as f64;
    assert!(
        (share - level).abs() < NORMAL_999 * error,
        "{share} ± {error}"
    );
}

/// Ties count against: fewer are flagged, never more.
#[test]
fn ties_only_flag_fewer() {
    let mut flagged = 0;
    for set in 0..SETS {
        let mut rng = ChaCha8Rng::seed_from_u64(2000 + set as u64);
        let calibration = tied(normal(19, 0.0, &mut rng));
        let row = tied(normal(1, 0.0, &mut rng));
        flagged += usize::from(p_values(&calibration, &row)[0] <= 0.05);
    }
    let (_, high) = binomial_999(SETS, 0.05);
    assert!(flagged <= high, "{flagged} above {high}");
}

/// The mean share of normal rows among those flagged, over sets of 180 normal rows and 20 anomalies; and of anomalies found.
fn discoveries(flag: impl Fn(&[f64]) -> Vec<bool>) -> (f64, f64, f64) {
    let (mut shares, mut found) = (Vec::new(), 0);
    for set in 0..SETS {
        let mut rng = ChaCha8Rng::seed_from_u64(3000 + set as u64);
        let calibration = normal(999, 0.0, &mut rng);
        let mut scores = normal(180, 0.0, &mut rng);
        scores.extend(normal(20, 3.5, &mut rng));
        let flags = flag(&p_values(&calibration, &scores));
        let count = |flags: &[bool]| flags.iter().filter(|flag| **flag).count();
        let (all, right) = (count(&flags), count(&flags[180..]));
        shares.push((all - right) as f64 / all.max(1) as f64);
        found += right;
    }
    let mean = shares.iter().sum::<f64>() / SETS as f64;
    let squares: f64 = shares.iter().map(|share| (share - mean).powi(2)).sum();
    let error = (squares / (SETS - 1) as f64 / SETS as f64).sqrt();
    (mean, error, found as f64 / (20 * SETS) as f64)
}

#[test]
fn a_false_discovery_rate_of_a_tenth_holds_in_mixtures() {
    let (rate, error, found) = discoveries(|p| benjamini_hochberg(p, 0.1));
    assert!(rate <= 0.1 + NORMAL_999 * error, "{rate} ± {error}");
    // Not by flagging nothing: .9 of the rows are normal, so that .09 is what the rule uses up.
    assert!(rate >= 0.09 - NORMAL_999 * error, "{rate} ± {error}");
    assert!(found > 0.5, "{found}");
    // A level of a tenth without the rule would not hold it.
    let (rate, error, _) = discoveries(|p| p.iter().map(|p| *p <= 0.1).collect());
    assert!(rate > 0.1 + NORMAL_999 * error, "{rate} ± {error}");
}
