//! Quantiles of the standard normal distribution.

/// Φ⁻¹(p) by bisection of the distribution function: 50 halvings of [-10, 10] leave no error that a figure could show.
pub fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if normal_cdf(middle) < p {
            low = middle
        } else {
            high = middle
        }
    }
    (low + high) / 2.0
}

/// Φ(x), by Simpson's rule on the density from 0.
fn normal_cdf(x: f64) -> f64 {
    const STEPS: usize = 200;
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let h = x / STEPS as f64;
    let weight = |i: usize| {
        if i == 0 || i == STEPS {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    0.5 + h / 3.0
        * (0..=STEPS)
            .map(|i| weight(i) * density(h * i as f64))
            .sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (p, expected) in [
            (0.5, 0.0),
            (0.95, 1.644_853_626_951),
            (0.025, -1.959_963_984_540),
        ] {
            assert!((normal_quantile(p) - expected).abs() < 1e-8, "{p}");
        }
    }
}
