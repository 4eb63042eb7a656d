//! The Lorenz system seen through 25 sensors, a part of it out of order: a table in which anomalies are known.
//!
//! - E. N. Lorenz, *Deterministic nonperiodic flow*, J. Atmos. Sci. 20, 1963.
//! - M. Sakurada and T. Yairi, *Anomaly detection using autoencoders with nonlinear dimensionality reduction*, MLSDA 2014, whose
//!   artificial data it is made after.

use std::sync::Arc;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::source::{Parts, Source};
use crate::{Error, Facts, Identity, Samples};

/// Rows, one each tenth of a second, from t = 0.1 to 100.
const ROWS: usize = 1000;
/// The first so many rows are learned from, the others are the test part.
const LEARNED: usize = 700;
/// Columns: each is a mixture of the three variables.
const SENSORS: usize = 25;
/// Places of the rows in which the first variable is out of order: t = 80.1 to 90.
const SHUFFLED: std::ops::Range<usize> = 800..900;
/// Steps of integration from one row to the next.
const STEPS: usize = 20;

/// The training part, and the test part with its anomalies; the seed draws the mixture and the disorder.
///
/// # Errors
/// [`Error::Content`] where what was made is no table, which cannot be.
pub(crate) fn load(source: &Source) -> Result<Parts, Error> {
    let mut states = states();
    let mut rng = ChaCha8Rng::seed_from_u64(source.seed);
    let mut firsts: Vec<f64> = states[SHUFFLED].iter().map(|state| state[0]).collect();
    firsts.shuffle(&mut rng);
    for (state, first) in states[SHUFFLED].iter_mut().zip(firsts) {
        state[0] = first;
    }
    let mixture: Vec<[f64; 3]> = (0..SENSORS)
        .map(|_| std::array::from_fn(|_| rng.random_range(-5.0..5.0)))
        .collect();
    Ok(Parts {
        train: part(source, &states, &mixture, 0..LEARNED)?,
        test: Some(part(source, &states, &mixture, LEARNED..ROWS)?),
        skipped: Vec::new(),
        notes: Vec::new(),
        columns: Vec::new(),
        unseen: None,
    })
}

fn part(
    source: &Source,
    states: &[[f64; 3]],
    mixture: &[[f64; 3]],
    rows: std::ops::Range<usize>,
) -> Result<Samples, Error> {
    let sensor = |weights: &[f64; 3]| {
        let mixed = |state: &[f64; 3]| weights.iter().zip(state).map(|(w, x)| w * x).sum();
        states[rows.clone()].iter().map(mixed).collect()
    };
    let time = |row: usize| Arc::from(format!("{:.1}", (row + 1) as f64 / 10.0));
    let facts = Facts {
        name: source.name.clone(),
        labels: rows
            .clone()
            .map(|row| u16::from(SHUFFLED.contains(&row)))
            .collect(),
        classes: ["in order", "shuffled"].map(str::to_owned).to_vec(),
        identity: Identity {
            rows: (rows.start as u64..rows.end as u64).into(),
            names: Some(("t".to_owned(), rows.clone().map(time).collect())),
            groups: None,
        },
        ..Facts::default()
    };
    let columns = (1..=SENSORS).map(|sensor| format!("sensor{sensor}"));
    Samples::table(
        facts,
        columns.collect(),
        mixture.iter().map(sensor).collect(),
    )
}

/// x, y and z of dx/dt = 10 (y - x), dy/dt = x (28 - z) - y, dz/dt = x y - 8/3 z from (1, 1, 1), by the classical Runge-Kutta method.
fn states() -> Vec<[f64; 3]> {
    let slope = |[x, y, z]: [f64; 3]| [10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z];
    let moved = |state: [f64; 3], by: f64, slope: [f64; 3]| -> [f64; 3] {
        std::array::from_fn(|i| state[i] + by * slope[i])
    };
    let step = 0.1 / STEPS as f64;
    let mut state = [1.0; 3];
    let mut row = || {
        for _ in 0..STEPS {
            let first = slope(state);
            let second = slope(moved(state, step / 2.0, first));
            let third = slope(moved(state, step / 2.0, second));
            let fourth = slope(moved(state, step, third));
            state = std::array::from_fn(|i| {
                state[i] + step / 6.0 * (first[i] + 2.0 * (second[i] + third[i]) + fourth[i])
            });
        }
        state
    };
    (0..ROWS).map(|_| row()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of SciPy 1.17.1, `solve_ivp` by DOP853 with tolerances of 1e-12, at t = 0.1, 0.5, 1 and 5. Small errors grow with
    /// time, as they do in this system.
    #[test]
    fn the_first_states_are_those_of_another_integrator() {
        let states = states();
        assert_eq!(states.len(), ROWS);
        let known = [
            (0, [2.133_107_618, 4.471_420_177, 1.113_898_885], 1e-5),
            (4, [1.198_272_968, -8.867_197_729, 32.454_740_211], 1e-4),
            (9, [-9.378_570_010, -8.357_033_788, 29.362_325_337], 1e-4),
            (49, [-6.512_113_699, -6.974_042_788, 23.924_129_571], 1e-2),
        ];
        for (row, known, tolerance) in known {
            for (found, known) in states[row].iter().zip(known) {
                assert!((found - known).abs() < tolerance, "{row}: {found} {known}");
            }
        }
        assert!(states.iter().flatten().all(|number| number.abs() < 60.0));
    }

    #[test]
    fn only_the_shuffled_rows_depend_on_the_order_of_the_first_variable() -> Result<(), Error> {
        let load = |seed| {
            load(&Source {
                seed,
                ..Source::named("lorenz")
            })
        };
        let parts = load(1)?;
        let test = parts.test.expect("it has a test part");
        assert_eq!((parts.train.len(), test.len()), (700, 300));
        assert_eq!(test.columns().len(), SENSORS);
        let shuffled: Vec<u64> = (0..300)
            .filter(|row| test.label(*row) == Some(1))
            .map(|row| test.row(row))
            .collect();
        assert_eq!((shuffled.len(), shuffled[0], shuffled[99]), (100, 800, 899));
        assert_eq!(test.row_name(100), Some("80.1"));
        assert_ne!(load(2)?.train.sha256()?, parts.train.sha256()?);
        assert_eq!(load(1)?.train.sha256()?, parts.train.sha256()?);
        Ok(())
    }
}
