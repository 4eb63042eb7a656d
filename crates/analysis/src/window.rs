//! Windows over a series: how long they should be, and scores of windows as scores of points.

/// Longest lag that is looked at for a window.
const LONGEST: usize = 2000;
/// What a peak may lack of the highest and still be the one.
const NEAR_THE_HIGHEST: f64 = 0.8;
/// How many standard errors of noise, 1 / √n, the autocorrelation must reach.
const BEYOND_NOISE: f64 = 5.0;

/// The autocorrelation of a series at lags of 0 to `max_lag`: Σ d(t) d(t + lag) / Σ d(t)², d being the deviation from the mean.
///
/// All lags are divided alike (the biased estimate, statsmodels' `acf`), so that long lags shrink towards 0. A constant series has none
/// but at lag 0, where it is 1.
pub fn autocorrelation(series: &[f64], max_lag: usize) -> Vec<f64> {
    correlation_of(&deviations(series), max_lag)
}

fn deviations(series: &[f64]) -> Vec<f64> {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    series.iter().map(|value| value - mean).collect()
}

fn correlation_of(deviations: &[f64], max_lag: usize) -> Vec<f64> {
    let all = dot(deviations, deviations);
    let at = |lag: usize| match lag {
        0 => 1.0,
        _ if all == 0.0 || lag >= deviations.len() => 0.0,
        _ => dot(&deviations[lag..], deviations) / all,
    };
    (0..=max_lag).map(at).collect()
}

/// The sum of products, as far as both go, in eight sums that the machine can keep side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len().min(b.len());
    let (a, b) = (a[..count].chunks_exact(8), b[..count].chunks_exact(8));
    let rest = a.remainder().iter().zip(b.remainder());
    let rest: f64 = rest.map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 8];
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// The period of a series as the length of a window; none where it shows none.
///
/// McLeod and Wyvill's rule (2005, "A smarter way to find pitch"), up to half the series and at most 2,000 lags. The
/// correlation of a lag is 2 Σ d(t) d(t + lag) / Σ (d(t)² + d(t + lag)²), which is 1 where the series repeats. Of each stretch above
/// zero, after the first fall below it, the highest lag is a peak; the first peak of at least .8 of the highest one is the
/// period. Noise has peaks as well: the [`autocorrelation`] there must reach 5 / √n. What wanders without a period, such as a
/// random walk, can still be taken for one.
pub fn suggest_window(series: &[f64]) -> Option<usize> {
    let deviations = deviations(series);
    let longest = (series.len() / 2).min(LONGEST);
    let biased = correlation_of(&deviations, longest);
    let correlation = repetition(&deviations, &biased);
    let peaks = peaks(&correlation);
    let highest = peaks
        .iter()
        .map(|lag| correlation[*lag])
        .fold(0.0, f64::max);
    let near = |lag: &usize| correlation[*lag] >= NEAR_THE_HIGHEST * highest;
    let noise = BEYOND_NOISE / (series.len() as f64).sqrt();
    let beyond_noise = |lag: &usize| biased[*lag] >= noise;
    peaks.into_iter().find(near).filter(beyond_noise)
}

/// The correlation of each lag over the squares of the points that it pairs: McLeod and Wyvill's normalised square difference.
fn repetition(deviations: &[f64], biased: &[f64]) -> Vec<f64> {
    let all = dot(deviations, deviations);
    let mut paired = 2.0 * all;
    let mut found = Vec::with_capacity(biased.len());
    for (lag, value) in biased.iter().enumerate() {
        found.push(2.0 * value * all / paired);
        if lag < deviations.len() {
            // The next lag leaves one more point at each end alone.
            let (first, last) = (deviations[lag], deviations[deviations.len() - 1 - lag]);
            paired -= first * first + last * last;
        }
    }
    found
}

/// The highest lag of each stretch above zero but the first; the last stretch counts only where it has begun to fall.
fn peaks(correlation: &[f64]) -> Vec<usize> {
    let mut peaks = Vec::new();
    let mut lag = 0;
    for stretch in correlation.chunk_by(|a, b| (*a > 0.0) == (*b > 0.0)) {
        let highest = (lag..lag + stretch.len()).reduce(|a, b| {
            if correlation[b] > correlation[a] {
                b
            } else {
                a
            }
        });
        lag += stretch.len();
        let rises = stretch[0] > 0.0 && lag > stretch.len();
        peaks.extend(highest.filter(|peak| rises && peak + 1 < correlation.len()));
    }
    peaks
}

/// The score of each point of a series of `length`: the mean over the windows that cover it, NaN where none does.
///
/// The k-th window covers `window` points from `k · stride` on.
///
/// # Panics
///
/// Where `window` or `stride` is 0, or a window reaches beyond the series.
pub fn spread_back(window_scores: &[f64], window: usize, stride: usize, length: usize) -> Vec<f64> {
    assert!(stride > 0, "windows have a stride");
    let starts: Vec<usize> = (0..window_scores.len()).map(|k| k * stride).collect();
    spread_over(&starts, window_scores, window, length)
}

/// The score of each point of a series of `length`, as [`spread_back`] has it, of windows that begin at `starts`.
///
/// # Panics
///
/// Where `window` is 0, a window reaches beyond the series, or there is not a start for each score.
pub fn spread_over(
    starts: &[usize],
    window_scores: &[f64],
    window: usize,
    length: usize,
) -> Vec<f64> {
    assert!(window > 0, "windows have a length");
    assert_eq!(starts.len(), window_scores.len(), "a start for each score");
    let mut sums = vec![(0.0, 0_u32); length];
    for (&begin, score) in starts.iter().zip(window_scores) {
        assert!(
            begin + window <= length,
            "the window from {begin} ends within {length} points"
        );
        for (sum, windows) in &mut sums[begin..begin + window] {
            *sum += score;
            *windows += 1;
        }
    }
    // Nothing by nothing is NaN.
    let mean = |(sum, windows): (f64, u32)| sum / f64::from(windows);
    sums.into_iter().map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::f64::consts::TAU;

    fn noise(count: usize, seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| rng.random::<f64>() - 0.5).collect()
    }

    fn sine(count: usize, period: f64) -> Vec<f64> {
        (0..count)
            .map(|t| (TAU * t as f64 / period).sin())
            .collect()
    }

    /// Deviations -1.5, -0.5, 0.5, 1.5: 5 at lag 0, 1.25 at 1, -1.5 at 2, -2.25 at 3.
    #[test]
    fn autocorrelations_by_hand() {
        let found = autocorrelation(&[1.0, 2.0, 3.0, 4.0], 5);
        assert_eq!(found, [1.0, 0.25, -0.3, -0.45, 0.0, 0.0]);
        assert_eq!(autocorrelation(&[3.0; 4], 2), [1.0, 0.0, 0.0]);
        assert_eq!(autocorrelation(&[], 1), [1.0, 0.0]);
    }

    #[test]
    fn a_window_over_a_sine_is_as_long_as_its_period() {
        for period in [4, 25, 100, 487] {
            let series = sine(6 * period + 78, period as f64);
            assert_eq!(suggest_window(&series), Some(period));
        }
    }

    #[test]
    fn noise_on_a_sine_does_not_hide_its_period() {
        let series: Vec<f64> = sine(2000, 50.0)
            .iter()
            .zip(noise(2000, 4))
            .map(|(s, n)| s + 2.0 * n)
            .collect();
        let found = suggest_window(&series).expect("a period");
        assert!((48..=52).contains(&found), "{found}");
    }

    #[test]
    fn a_weak_overtone_is_not_the_period() {
        let tone = sine(4000, 60.0);
        let overtone = sine(4000, 20.0);
        let series: Vec<f64> = tone
            .iter()
            .zip(overtone)
            .map(|(a, b)| a + 0.7 * b)
            .collect();
        assert_eq!(suggest_window(&series), Some(60));
    }

    #[test]
    fn noise_has_no_period() {
        for seed in 0..100 {
            assert_eq!(suggest_window(&noise(1000, seed)), None, "{seed}");
        }
    }

    #[test]
    fn a_series_without_change_or_points_has_none() {
        assert_eq!(suggest_window(&[2.0; 500]), None);
        assert_eq!(suggest_window(&[1.0, 2.0]), None);
        assert_eq!(suggest_window(&[]), None);
        assert_eq!(suggest_window(&[1.0, f64::NAN, 3.0, 1.0, 2.0]), None);
        let line: Vec<f64> = (0..500).map(f64::from).collect();
        assert_eq!(suggest_window(&line), None);
    }

    #[test]
    fn a_point_has_the_mean_of_the_windows_that_cover_it() {
        assert_eq!(
            spread_back(&[1.0, 3.0, 8.0], 3, 1, 5),
            [1.0, 2.0, 4.0, 5.5, 8.0]
        );
        let found = spread_back(&[1.0, 3.0], 2, 3, 6);
        assert_eq!(found[..2], [1.0, 1.0]);
        assert!(found[2].is_nan() && found[5].is_nan());
        assert_eq!(found[3..5], [3.0, 3.0]);
        assert!(spread_back(&[], 2, 1, 2).iter().all(|score| score.is_nan()));
        assert_eq!(
            spread_over(&[0, 2, 3], &[1.0, 3.0, 5.0], 2, 5),
            [1.0, 1.0, 3.0, 4.0, 5.0]
        );
    }
}
