//! Noise by its statistics, each within five standard errors, and noise as words.

use std::sync::{Mutex, PoisonError};

use burn::tensor::{Device, Tensor, TensorData};
use espejo_nets::{Noise, Range, seeded};

const ROWS: usize = 1000;
const COLUMNS: usize = 500;
const COUNT: f64 = (ROWS * COLUMNS) as f64;

/// Random numbers of a device are one stream for the whole process.
static DRAWING: Mutex<()> = Mutex::new(());

/// Pictures of one value, made noisy on a device, number after number.
fn on_device(noise: Noise, value: f64, range: Range) -> Vec<f64> {
    made(value, |clean| noise.apply(clean, range))
}

/// The same, each number by its place.
fn by_place(noise: Noise, value: f64, range: Range) -> Vec<f64> {
    made(value, |clean| noise.apply_by_place(clean, range))
}

fn made(value: f64, noisy: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Vec<f64> {
    let _guard = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    let device = Device::flex();
    device.seed(1);
    let clean = Tensor::<2>::full([ROWS, COLUMNS], value, &device);
    noisy(clean).into_data().iter().collect()
}

/// The same on the host.
fn on_host(noise: Noise, value: f64, range: Range) -> Vec<f64> {
    let mut values = vec![value as f32; ROWS * COLUMNS];
    noise.apply_to(&mut values, range, &mut seeded(1));
    values.into_iter().map(f64::from).collect()
}

/// How noise is drawn.
type Draw = fn(Noise, f64, Range) -> Vec<f64>;

const WAYS: [Draw; 3] = [on_device, by_place, on_host];

/// Holds an estimate against what is expected, give or take five standard errors.
fn check(what: &str, found: f64, expected: f64, standard_error: f64) {
    assert!(
        (found - expected).abs() <= 5.0 * standard_error,
        "{what}: {found}, expected {expected} ± {standard_error}"
    );
}

/// Holds the share of values for which `is` holds against a probability.
fn check_share(what: &str, values: &[f64], is: impl Fn(f64) -> bool, probability: f64) {
    let share = values.iter().filter(|value| is(**value)).count() as f64 / COUNT;
    let standard_error = (probability * (1.0 - probability) / COUNT).sqrt();
    check(what, share, probability, standard_error);
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / COUNT
}

const RANGES: [Range; 2] = [Range::Unit, Range::Signed];

const KINDS: [fn(f64) -> Noise; 7] = [
    Noise::SaltPepper,
    Noise::Flip,
    Noise::Mask,
    Noise::Ones,
    Noise::Gaussian,
    Noise::Uniform,
    Noise::Cauchy,
];

#[test]
fn strength_zero_is_the_identity() {
    let _guard = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    let device = Device::flex();
    let values: Vec<f32> = (0..100_000)
        .map(|i| (i as f32 / 40_000.0) - 1.25)
        .chain([0.0, 1.0, -1.0, 1e-30])
        .collect();
    let data = TensorData::new(values.clone(), [4, values.len() / 4]);
    let clean = Tensor::<2>::from_data(data, &device);
    let zeros = KINDS.map(|kind| kind(0.0));
    for noise in zeros.into_iter().chain([Noise::None]) {
        for range in RANGES {
            let found: Vec<f32> = noise
                .apply(clean.clone(), range)
                .into_data()
                .iter()
                .collect();
            assert!(found == values, "{noise} changes a picture");
            let found = noise.apply_by_place(clean.clone(), range).into_data();
            let found: Vec<f32> = found.iter().collect();
            assert!(found == values, "{noise} changes a picture by place");
            let mut found = values.clone();
            noise.apply_to(&mut found, range, &mut seeded(1));
            assert!(found == values, "{noise} changes a picture on the host");
        }
    }
}

#[test]
fn salt_and_pepper_come_in_equal_parts() {
    for noisy in WAYS {
        for range in RANGES {
            let low = range.low();
            let found = noisy(Noise::SaltPepper(0.3), 0.25, range);
            check_share("salt", &found, |value| value == 1.0, 0.15);
            check_share("pepper", &found, |value| value == low, 0.15);
            check_share("neither", &found, |value| value == 0.25, 0.7);
            let kinds = [1.0, low, 0.25];
            assert!(found.iter().all(|value| kinds.contains(value)));
        }
    }
}

#[test]
fn flip_takes_each_end_of_the_range_to_the_other() {
    for noisy in WAYS {
        for range in RANGES {
            for (from, to) in [(range.low(), 1.0), (1.0, range.low())] {
                let found = noisy(Noise::Flip(0.2), from, range);
                check_share("flipped", &found, |value| value == to, 0.2);
                assert!(found.iter().all(|value| [from, to].contains(value)));
            }
        }
    }
}

#[test]
fn mask_and_ones_write_one_end_of_the_range() {
    for noisy in WAYS {
        for range in RANGES {
            for (noise, to) in [(Noise::Mask(0.4), range.low()), (Noise::Ones(0.4), 1.0)] {
                let found = noisy(noise, 0.25, range);
                check_share(noise.to_string().as_str(), &found, |value| value == to, 0.4);
                assert!(found.iter().all(|value| [0.25, to].contains(value)));
            }
        }
    }
}

#[test]
fn probability_one_hits_every_pixel() {
    for noisy in WAYS {
        for range in RANGES {
            let low = range.low();
            let all = |noise, from, to| noisy(noise, from, range).iter().all(|value| *value == to);
            assert!(all(Noise::Flip(1.0), low, 1.0));
            assert!(all(Noise::Mask(1.0), 1.0, low));
            assert!(all(Noise::Ones(1.0), low, 1.0));
            let found = noisy(Noise::SaltPepper(1.0), 0.25, range);
            check_share("salt", &found, |value| value == 1.0, 0.5);
            assert!(found.iter().all(|value| [low, 1.0].contains(value)));
        }
    }
}

#[test]
fn pixels_are_hit_independently_of_their_neighbours() {
    for noisy in WAYS {
        let found = noisy(Noise::Flip(0.2), 0.0, Range::Unit);
        let pairs: Vec<f64> = (0..found.len())
            .map(|i| found[i] * found[(i + 1) % found.len()])
            .collect();
        let below: Vec<f64> = (0..found.len())
            .map(|i| found[i] * found[(i + COLUMNS) % found.len()])
            .collect();
        check_share("two in a row", &pairs, |both| both == 1.0, 0.04);
        check_share("two in a column", &below, |both| both == 1.0, 0.04);
    }
}

#[test]
fn gaussian_noise_has_the_mean_and_the_deviation() {
    for noisy in WAYS {
        let (sd, offset) = (0.3, 0.5);
        let found = noisy(Noise::Gaussian(sd), offset, Range::Unit);
        check(
            "mean",
            mean(found.iter().copied()),
            offset,
            sd / COUNT.sqrt(),
        );
        let variance = mean(found.iter().map(|value| (value - offset).powi(2)));
        check(
            "variance",
            variance,
            sd * sd,
            sd * sd * (2.0 / COUNT).sqrt(),
        );
        // Φ(1) - Φ(-1) and Φ(2) - Φ(-2).
        check_share(
            "within one",
            &found,
            |v| (v - offset).abs() < sd,
            0.682_689_5,
        );
        check_share(
            "within two",
            &found,
            |v| (v - offset).abs() < 2.0 * sd,
            0.954_499_7,
        );
    }
}

#[test]
fn uniform_noise_fills_its_bounds_evenly() {
    for noisy in WAYS {
        let bound = 0.4;
        let found = noisy(Noise::Uniform(bound), 0.0, Range::Unit);
        assert!(found.iter().all(|value| value.abs() <= bound + 1e-7));
        let variance = bound * bound / 3.0;
        check(
            "mean",
            mean(found.iter().copied()),
            0.0,
            (variance / COUNT).sqrt(),
        );
        let squares = mean(found.iter().map(|value| value * value));
        check(
            "variance",
            squares,
            variance,
            bound * bound * (4.0 / 45.0 / COUNT).sqrt(),
        );
        for quarter in 1..4 {
            let q = f64::from(quarter) / 4.0;
            check_share("quarter", &found, |v| v < bound * (2.0 * q - 1.0), q);
        }
    }
}

#[test]
fn cauchy_noise_has_its_quartiles_at_the_scale() {
    for noisy in WAYS {
        let scale = 0.2;
        let found = noisy(Noise::Cauchy(scale), 0.0, Range::Unit);
        check_share("lower quartile", &found, |v| v < -scale, 0.25);
        check_share("median", &found, |v| v < 0.0, 0.5);
        check_share("upper quartile", &found, |v| v < scale, 0.75);
        // The tails: F(10) = ½ + atan(10) / π.
        let tail = 0.5 - 10.0_f64.atan() / std::f64::consts::PI;
        check_share("upper tail", &found, |v| v > 10.0 * scale, tail);
        check_share("lower tail", &found, |v| v < -10.0 * scale, tail);
        assert!(found.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn the_same_seed_draws_the_same_noise() {
    for noisy in WAYS {
        for kind in KINDS {
            let noise = kind(0.5);
            let draw = || noisy(noise, 0.25, Range::Unit);
            assert!(draw() == draw(), "{noise}");
        }
    }
}

// Noise as words.

#[test]
fn what_is_printed_is_read_back() {
    for strength in [0.0, 0.1, 0.25, 1.0, 1e-7] {
        for kind in KINDS {
            let noise = kind(strength);
            assert_eq!(noise.to_string().parse(), Ok(noise));
        }
    }
    assert_eq!("none".parse(), Ok(Noise::None));
    assert_eq!(Noise::None.to_string(), "none");
    assert_eq!(Noise::SaltPepper(0.1).to_string(), "salt-pepper:0.1");
    assert_eq!("salt-pepper:.1".parse(), Ok(Noise::SaltPepper(0.1)));
    assert_eq!("gaussian:3".parse(), Ok(Noise::Gaussian(3.0)));
    assert_eq!(Noise::Gaussian(1e30).to_string(), "gaussian:1e30");
    assert_eq!("gaussian:1e30".parse(), Ok(Noise::Gaussian(1e30)));
}

#[test]
fn every_name_is_read() {
    for name in Noise::NAMES {
        let text = if name == "none" {
            name.to_owned()
        } else {
            format!("{name}:0.5")
        };
        let noise: Noise = text.parse().expect(name);
        assert_eq!(noise.to_string(), text);
    }
}

fn refused(text: &str, expected: &str) {
    let error = text.parse::<Noise>().expect_err(text);
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn what_is_no_noise_is_refused_with_what_would_be() {
    let names = "`none`, `salt-pepper`, `flip`, `mask`, `ones`, `gaussian`, `uniform`, `cauchy`";
    for (text, kind) in [("salt:.1", "salt"), ("", ""), ("Flip:.1", "Flip")] {
        refused(
            text,
            &format!("unknown noise `{kind}`, expected one of {names}"),
        );
    }
    for text in [
        "gaussian",
        "gaussian:",
        "gaussian:-1",
        "gaussian:inf",
        "gaussian:much",
    ] {
        refused(
            text,
            &format!(
                "noise `{text}` needs a number of 0 or more after the colon, as in `gaussian:0.1`"
            ),
        );
    }
    for (text, kind) in [
        ("flip:1.5", "flip"),
        ("flip:nan", "flip"),
        ("mask:-1", "mask"),
        ("ones:0.1:0.2", "ones"),
        ("salt-pepper", "salt-pepper"),
    ] {
        refused(
            text,
            &format!(
                "noise `{text}` needs a probability from 0 to 1 after the colon, as in `{kind}:0.1`"
            ),
        );
    }
}
