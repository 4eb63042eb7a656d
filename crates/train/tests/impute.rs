//! Missing cells filled by trained models: exactly where there is one answer, and with intervals that hold what they promise.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use espejo_nets::seeded;
use espejo_train::{Folder, HideRule, ImputeRule, RunConfig, Trained, device, fit, prepare};
use rand::{Rng, RngExt};

/// Whether the build has a device for these tests.
fn has_processor() -> bool {
    device::choose("cpu").is_ok()
}

/// Trains on a table with these lines of configuration.
fn trained(room: &Path, table: &str, more: &str) -> Trained {
    let path = room.join("table.csv");
    fs::write(&path, table).expect("the room is writable");
    let text = format!(
        "data.scale = 'standardise'\nmodel.output_activation = 'linear'\nobjective.loss = 'mse'\ntrain.device = 'cpu'\n{more}"
    );
    let mut config = RunConfig::from_toml(&text, "test").expect("every key is known");
    config.data.name = path.display().to_string();
    let prepared = prepare(config).expect("it can be trained");
    let folder = Folder::create(room, Some("run"), &prepared.config).expect("a run");
    let stop = AtomicBool::new(false);
    let outcome = fit(&prepared, &folder, "test", &stop, &mut |_| ());
    outcome.expect("it is trained").trained
}

fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

/// Rows of five columns that two hidden numbers make, with noise of half a unit.
fn rows(count: usize, seed: u64) -> Vec<[f64; 5]> {
    let mut rng = seeded(seed);
    let row = |_| {
        let (x, y) = (normal(&mut rng), normal(&mut rng));
        [x, y, x + y, x - y, 2.0 * x].map(|mean| mean + 0.5 * normal(&mut rng))
    };
    (0..count).map(row).collect()
}

/// A table of rows, in which the cells of `is_hole` are missing.
fn table(rows: &[[f64; 5]], mut is_hole: impl FnMut() -> bool) -> String {
    let mut text = "a,b,c,d,e\n".to_owned();
    for row in rows {
        let cells = row.map(|cell| {
            if is_hole() {
                "NA".to_owned()
            } else {
                format!("{cell:.6}")
            }
        });
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}

/// A linear autoencoder that knows the line on which all rows lie has one answer for a hole.
#[test]
fn a_table_of_rank_one_is_refilled_exactly() {
    if !has_processor() {
        return;
    }
    let room = tempfile::tempdir().expect("a room");
    let line = |t: f64| [t, 2.0 * t + 1.0, -t, 0.5 * t, 3.0 - t];
    let whole: Vec<[f64; 5]> = (0..80).map(|at| line(f64::from(at) / 10.0 - 4.0)).collect();
    let run = trained(
        room.path(),
        &table(&whole, || false),
        "model.layers = []\nmodel.latent = 1\ntrain.optimizer = 'bfgs'\ntrain.batch_size = 0\ntrain.max_evaluations = 3000",
    );
    let new: Vec<[f64; 5]> = [-3.33, 0.271, 2.5].map(line).to_vec();
    let settling = ImputeRule {
        rounds: Some(500),
        ..ImputeRule::default()
    };
    for holes in [&[0][..], &[1, 4], &[0, 2, 3, 4]] {
        let mut at = 0;
        let text = table(&new, || {
            at += 1;
            holes.contains(&((at - 1) % 5))
        });
        let path = room.path().join("holes.csv");
        fs::write(&path, text).expect("the room is writable");
        let holed = run.holed_table(path.to_str()).expect("a table");
        let imputed = run.impute(&holed.samples, settling).expect("it is filled");
        assert_eq!(
            (imputed.cells.len(), imputed.unsettled),
            (3 * holes.len(), 0)
        );
        for cell in &imputed.cells {
            let truth = new[cell.row as usize][cell.column];
            assert!((cell.value - truth).abs() < 2e-3, "{cell:?} {truth}");
        }
    }
}

/// Intervals of new rows, and those of the evaluation, hold nine tenths of the true numbers: of six tables together, within the 99.9 %
/// interval of as many throws. It is wider than the binomial one by √2: the calibration cells, about as many, are drawn, too.
fn check_coverage(more: &str, rule: ImputeRule) {
    if !has_processor() {
        return;
    }
    let [mut new, mut evaluated] = [(0, 0); 2];
    for seed in 1..=6 {
        let room = tempfile::tempdir().expect("a room");
        let more =
            format!("data.test_fraction = 0.5\nmodel.latent = 2\ntrain.seed = {seed}\n{more}");
        let run = trained(room.path(), &table(&rows(600, seed), || false), &more);
        let truth = rows(300, 1000 + seed);
        let mut rng = seeded(seed);
        let path = room.path().join("holes.csv");
        fs::write(&path, table(&truth, || rng.random::<f64>() < 0.2))
            .expect("the room is writable");
        let holed = run.holed_table(path.to_str()).expect("a table");
        let imputed = run
            .impute(&holed.samples, ImputeRule { seed, ..rule })
            .expect("it is filled");
        assert!(imputed.cells.len() > 200);
        for cell in &imputed.cells {
            let (low, high) = cell.interval.expect("enough hidden cells");
            let truth = truth[cell.row as usize][cell.column];
            new.0 += usize::from(low <= truth && truth <= high);
            new.1 += 1;
            assert!(low <= cell.value && cell.value <= high, "{cell:?}");
        }
        let hide = HideRule {
            share: 0.2,
            repeats: 1,
        };
        let report = run
            .evaluate_imputation(ImputeRule { seed, ..rule }, hide)
            .expect("it is measured");
        let own = report.methods[0].all;
        evaluated = (evaluated.0 + own.covered, evaluated.1 + own.intervals);
        // Two hidden numbers are seen in what is left of a row: better than the mean by far.
        let error = |at: usize| report.methods[at].all.rmse_in_deviations.expect("numbers");
        assert!(error(0) < 0.8 * error(1), "{} {}", error(0), error(1));
    }
    for (covered, count) in [new, evaluated] {
        let share = covered as f64 / count as f64;
        let error = (0.9 * 0.1 * 2.0 / count as f64).sqrt();
        assert!((share - 0.9).abs() < 3.29 * error, "{covered} of {count}");
    }
}

#[test]
fn intervals_of_an_autoencoder_hold_what_they_promise() {
    let rule = ImputeRule {
        level: Some(0.9),
        ..ImputeRule::default()
    };
    check_coverage(
        "model.layers = []\ntrain.epochs = 60\ntrain.batch_size = 64\ntrain.learning_rate = 0.02",
        rule,
    );
}

#[test]
fn intervals_of_a_variational_autoencoder_hold_what_they_promise() {
    let rule = ImputeRule {
        level: Some(0.9),
        rounds: Some(20),
        draws: Some(40),
        ..ImputeRule::default()
    };
    check_coverage(
        "model.kind = 'vae'\nmodel.layers = [8]\nobjective.beta = 0.2\ntrain.epochs = 60\ntrain.batch_size = 64\ntrain.learning_rate = 0.02",
        rule,
    );
}
