//! Planted faults are named, and healthy runs are not accused.
//!
//! Each row below is a small training with something wrong with it, or nothing. `ESPEJO_SEEDS=20 cargo test --release -p espejo-train
//! --test findings -- --nocapture` (`scripts/findings`) prints the table of docs/results.md; without it two seeds are enough for a
//! test.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use espejo_nets::{Activation, DenseStep, seeded};
use espejo_train::config::{ModelKind, OptimizerKind, RunConfig};
use espejo_train::{Finding, Folder, Preset, device, fit, merge, prepare};
use rand::RngExt;

/// A row of the table: what is trained, and the names of which one has to be found; none for a healthy run.
struct Case {
    name: &'static str,
    expected: &'static [&'static str],
    config: fn(&Path, u64) -> RunConfig,
}

// The data.

/// A standard normal number, by summing twelve even ones.
fn normal(rng: &mut impl rand::Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

/// Writes a table, and gives its path.
fn table(
    folder: &Path,
    name: &str,
    header: &str,
    rows: usize,
    row: &mut dyn FnMut() -> Vec<String>,
) -> String {
    let path = folder.join(name);
    let mut text = format!("{header}\n");
    for _ in 0..rows {
        let _ = writeln!(text, "{}", row().join(","));
    }
    std::fs::write(&path, text).expect("the folder is writable");
    path.display().to_string()
}

fn texts(values: impl IntoIterator<Item = f64>) -> Vec<String> {
    values
        .into_iter()
        .map(|value| format!("{value:.4}"))
        .collect()
}

/// Eight columns that two factors give, one of them bent, in units of `unit`, with a little noise.
fn sensors(folder: &Path, rows: usize, unit: f64, seed: u64) -> String {
    let mut rng = seeded(seed);
    let header: Vec<String> = (1..=8).map(|column| format!("c{column}")).collect();
    table(folder, "sensors.csv", &header.join(","), rows, &mut || {
        let (a, b) = (normal(&mut rng), normal(&mut rng));
        let curves = [a, b, a + b, a * a, a * b, (2.0 * a).sin(), b * b, a - b];
        texts(curves.map(|value| unit * (value + 0.05 * normal(&mut rng))))
    })
}

/// Eight columns that know nothing of each other: whatever is learned of them beside their means is learned by heart.
fn without_structure(folder: &Path, rows: usize, seed: u64) -> String {
    let mut rng = seeded(seed);
    let header: Vec<String> = (1..=8).map(|column| format!("c{column}")).collect();
    table(folder, "noise.csv", &header.join(","), rows, &mut || {
        texts((0..8).map(|_| normal(&mut rng)))
    })
}

/// Spots on images of 8 by 8: three numbers say all.
fn spots(folder: &Path, count: usize, seed: u64) -> String {
    let mut rng = seeded(seed);
    let header: Vec<String> = (0..64).map(|pixel| format!("p{pixel}")).collect();
    table(folder, "spots.csv", &header.join(","), count, &mut || {
        let mut even = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
        let (x, y) = (even(1.0, 6.0), even(1.0, 6.0));
        let pixel = |place: usize| {
            let (i, j) = ((place % 8) as f64, (place / 8) as f64);
            255.0 * (-((i - x).powi(2) + (j - y).powi(2)) / 3.0).exp()
        };
        (0..64)
            .map(|place| format!("{:.0}", pixel(place)))
            .collect()
    })
}

/// Three clouds in four columns with a class each, or with classes that have nothing to do with them; `rare` of them are a fourth
/// class that lies where the first does.
fn clouds(folder: &Path, shuffled: bool, rare: f64, seed: u64) -> String {
    let mut rng = seeded(seed);
    table(folder, "clouds.csv", "a,b,c,d,kind", 600, &mut || {
        let cloud = rng.random_range(0..3);
        let centre = [0.0, 3.0, -3.0][cloud];
        let mut row = texts((0..4).map(|column| {
            let away = if column == cloud { centre } else { 0.0 };
            away + normal(&mut rng)
        }));
        let class = match shuffled {
            true => rng.random_range(0..3),
            false => cloud,
        };
        let is_rare = cloud == 0 && rng.random::<f64>() < rare;
        row.push(["one", "two", "three", "rare"][if is_rare { 3 } else { class }].to_owned());
        row
    })
}

/// A number that follows from three columns, or does not.
fn slopes(folder: &Path, shuffled: bool, seed: u64) -> String {
    let mut rng = seeded(seed);
    table(folder, "slopes.csv", "a,b,c,y", 600, &mut || {
        let x = [normal(&mut rng), normal(&mut rng), normal(&mut rng)];
        let y = match shuffled {
            true => normal(&mut rng),
            false => x[0] * x[1] + 2.0 * x[2] + 0.1 * normal(&mut rng),
        };
        texts(x.into_iter().chain([y]))
    })
}

// The trainings.

/// A preset on the processor.
fn preset(name: &str, seed: u64) -> RunConfig {
    let table = Preset::find(name).expect("a built-in name").table();
    let mut config = merge::into_config(table, name).expect("presets are tested");
    config.version = 2;
    config.train.seed = seed;
    config.train.device = "cpu".into();
    config
}

/// Letters through a small net.
fn letters(seed: u64, epochs: usize) -> RunConfig {
    let mut config = preset("letters", seed);
    config.train.epochs = epochs;
    config.train.eval_every = 1;
    config
}

/// The preset of tables on 500 rows, a fifth of them held out.
fn sensor_table(folder: &Path, seed: u64, unit: f64) -> RunConfig {
    let mut config = preset("table", seed);
    config.data.name = sensors(folder, 500, unit, seed);
    config.data.test_fraction = Some(0.2);
    config
}

/// The preset of pictures on spots, a fifth of them held out.
fn spot_images(folder: &Path, name: &str, count: usize, seed: u64) -> RunConfig {
    let mut config = preset(name, seed);
    config.data.name = spots(folder, count, seed);
    config.data.shape = Some("8x8".into());
    config.data.test_fraction = Some(0.2);
    config.model.layers = vec![DenseStep::Size(64)];
    config.train.samples_every = 0;
    config.train.epochs = 300;
    config.train.learning_rate = 3e-3;
    config
}

fn classes(folder: &Path, shuffled: bool, rare: f64, seed: u64) -> RunConfig {
    let mut config = preset("classifier-table", seed);
    config.data.name = clouds(folder, shuffled, rare, seed);
    config.data.target = Some("kind".into());
    config.data.test_fraction = Some(0.3);
    config.train.epochs = 15;
    config
}

fn numbers(folder: &Path, shuffled: bool, seed: u64) -> RunConfig {
    let mut config = preset("regressor", seed);
    config.data.name = slopes(folder, shuffled, seed);
    config.data.target = Some("y".into());
    config.data.test_fraction = Some(0.3);
    config.train.epochs = 60;
    config
}

/// What is wrong with a run, on purpose.
const FAULTS: [Case; 19] = [
    Case {
        name: "images, 6 epochs of 2 steps",
        expected: &["too-few-steps", "still-falling"],
        config: |folder, seed| {
            let mut config = spot_images(folder, "pictures", 300, seed);
            config.train.epochs = 6;
            config
        },
    },
    Case {
        name: "letters, 300 of 5,000 epochs at a tenth of the rate",
        expected: &["too-few-steps", "still-falling"],
        config: |_, seed| {
            let mut config = letters(seed, 300);
            config.train.schedule = espejo_train::config::ScheduleKind::Constant;
            config.train.learning_rate = 1e-3;
            config
        },
    },
    Case {
        name: "letters, learning rate 1e9",
        expected: &["diverged"],
        config: |_, seed| {
            let mut config = letters(seed, 100);
            config.train.learning_rate = 1e9;
            config
        },
    },
    Case {
        name: "table, gradient descent with rate 100",
        expected: &["diverged"],
        config: |folder, seed| {
            let mut config = sensor_table(folder, seed, 1.0);
            config.train.optimizer = OptimizerKind::Sgd;
            config.train.learning_rate = 100.0;
            config
        },
    },
    Case {
        name: "letters, VAE with beta 50",
        expected: &["posterior-collapse"],
        config: |_, seed| {
            let mut config = preset("letters-vae", seed);
            config.objective.beta = 50.0;
            config.train.epochs = 500;
            config
        },
    },
    Case {
        name: "table of two factors, VAE with 16 dimensions",
        expected: &["unused-dimensions"],
        config: |folder, seed| {
            let mut config = sensor_table(folder, seed, 1.0);
            config.model.kind = ModelKind::Vae;
            config.model.latent = Some(16);
            config
        },
    },
    Case {
        name: "letters, code of 16 rectifiers with an L1 penalty",
        expected: &["unused-dimensions", "constant-code"],
        config: |_, seed| {
            let mut config = letters(seed, 500);
            config.model.latent = Some(16);
            config.model.latent_activation = Activation::Relu;
            config.objective.l1 = 1.0;
            config
        },
    },
    Case {
        name: "letters, rectifiers at learning rate 1",
        expected: &["dead-units"],
        config: |_, seed| {
            let mut config = letters(seed, 300);
            config.model.activation = Activation::Relu;
            config.train.learning_rate = 1.0;
            config
        },
    },
    Case {
        name: "table in units of 10,000, not scaled",
        expected: &["saturated-units"],
        config: |folder, seed| {
            let mut config = sensor_table(folder, seed, 1e4);
            config.data.scale = espejo_data::ScalingKind::None;
            config.train.epochs = 30;
            config
        },
    },
    Case {
        name: "letters, code of sigmoids at learning rate 1",
        expected: &["saturated-code"],
        config: |_, seed| {
            let mut config = letters(seed, 300);
            config.model.latent_activation = Activation::Sigmoid;
            config.train.learning_rate = 1.0;
            config
        },
    },
    Case {
        name: "30 rows without any structure, 256 hidden units",
        expected: &["overfitted"],
        config: |folder, seed| {
            let mut config = sensor_table(folder, seed, 1.0);
            config.data.name = without_structure(folder, 40, seed);
            config.data.test_fraction = Some(0.25);
            config.model.layers = vec![DenseStep::Size(256)];
            config.model.latent = Some(4);
            config.train.epochs = 600;
            config
        },
    },
    Case {
        name: "letters, code of one rectifier",
        expected: &["coinciding-codes", "constant-code"],
        config: |_, seed| {
            let mut config = letters(seed, 300);
            config.model.latent = Some(1);
            config.model.latent_activation = Activation::Relu;
            config
        },
    },
    Case {
        name: "letters, contractive penalty of weight 100",
        expected: &["swamping-term"],
        config: |_, seed| {
            let mut config = letters(seed, 300);
            config.objective.contractive = 100.0;
            config
        },
    },
    Case {
        name: "letters, weight decay of 10",
        expected: &["constant-outputs"],
        config: |_, seed| {
            let mut config = letters(seed, 500);
            config.objective.weight_decay = 10.0;
            config
        },
    },
    Case {
        name: "images through a hidden layer of 1",
        expected: &["worse-than-pca", "no-better-than-mean"],
        config: |folder, seed| {
            let mut config = spot_images(folder, "pictures", 300, seed);
            config.model.layers = vec![DenseStep::Size(1)];
            config.model.activation = Activation::Tanh;
            config
        },
    },
    Case {
        name: "letters, denoiser of light noise with one dimension",
        expected: &["no-better-than-noisy-input"],
        config: |_, seed| {
            let mut config = preset("letters-dae", seed);
            config.model.latent = Some(1);
            config.noise.kind = Some("salt-pepper:0.01".into());
            config.train.epochs = 500;
            config
        },
    },
    Case {
        name: "classifier, shuffled classes",
        expected: &["no-better-than-largest-class"],
        config: |folder, seed| classes(folder, true, 0.0, seed),
    },
    Case {
        name: "classifier, a rare class that looks like another",
        expected: &["class-never-predicted"],
        config: |folder, seed| classes(folder, false, 0.15, seed),
    },
    Case {
        name: "regressor, shuffled target",
        expected: &["no-better-than-mean"],
        config: |folder, seed| numbers(folder, true, seed),
    },
];

/// Runs that are as they should be.
const HEALTHY: [Case; 8] = [
    Case {
        name: "`espejo train`: letters",
        expected: &[],
        config: |_, seed| preset("letters", seed),
    },
    Case {
        name: "letters, VAE",
        expected: &[],
        config: |_, seed| preset("letters-vae", seed),
    },
    Case {
        name: "letters, denoiser",
        expected: &[],
        config: |_, seed| preset("letters-dae", seed),
    },
    Case {
        name: "table of 500 rows, 300 epochs",
        expected: &[],
        config: |folder, seed| {
            let mut config = sensor_table(folder, seed, 1.0);
            config.train.epochs = 300;
            config
        },
    },
    Case {
        name: "300 images of 8x8, 600 epochs",
        expected: &[],
        config: |folder, seed| {
            let mut config = spot_images(folder, "pictures", 300, seed);
            config.train.epochs = 600;
            config
        },
    },
    Case {
        name: "300 images of 8x8, VAE, 600 epochs",
        expected: &[],
        config: |folder, seed| {
            let mut config = spot_images(folder, "pictures-vae", 300, seed);
            config.train.epochs = 600;
            config
        },
    },
    Case {
        name: "classifier of a table",
        expected: &[],
        config: |folder, seed| {
            let mut config = classes(folder, false, 0.0, seed);
            config.train.epochs = 60;
            config
        },
    },
    Case {
        name: "regressor of a table",
        expected: &[],
        config: |folder, seed| numbers(folder, false, seed),
    },
];

/// The findings of a training, as its `run.json` has them.
fn findings(case: &Case, seed: u64) -> Vec<Finding> {
    let room = tempfile::tempdir().expect("a temporary folder");
    let config = (case.config)(room.path(), seed);
    let prepared = prepare(config).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    let folder = Folder::create(room.path(), Some("run"), &prepared.config).expect("a new folder");
    let result = fit(
        &prepared,
        &folder,
        "test",
        &AtomicBool::new(false),
        &mut |_| (),
    );
    let report = folder.report().expect("it was written");
    let failed = report.findings.iter().any(Finding::is_error);
    assert_eq!(
        result.is_err(),
        failed,
        "{}: a run without a result fails",
        case.name
    );
    report.findings
}

/// Each case with its seeds: a row of the table, and how many were as they should be.
fn measured(case: &Case, seeds: u64) -> (String, u64) {
    let (mut right, mut others) = (0, Vec::new());
    for seed in 1..=seeds {
        let found = findings(case, seed);
        let bad = found.iter().filter(|finding| finding.is_bad());
        let names: Vec<&str> = bad.map(|finding| finding.name.as_str()).collect();
        let named = case.expected.iter().any(|name| names.contains(name));
        let is_right = if case.expected.is_empty() {
            names.is_empty()
        } else {
            named
        };
        right += u64::from(is_right);
        if !is_right {
            others.push(format!("{seed}: {}", names.join(" ")));
        }
    }
    let row = format!(
        "| {} | {} | {right} of {seeds} | {} |",
        case.name,
        case.expected.join(", "),
        others.join("; ")
    );
    (row, right)
}

/// Prints a line of the table, where somebody asked for it.
fn tell(line: &str) {
    if std::env::var_os("ESPEJO_SEEDS").is_some() {
        writeln!(std::io::stdout(), "{line}").expect("stdout is there");
    }
}

#[test]
fn faults_are_named_and_healthy_runs_are_not_accused() {
    if device::choose("cpu").is_err() {
        return; // a build with wgpu alone
    }
    let seeds = std::env::var("ESPEJO_SEEDS").ok();
    let seeds: u64 = seeds.and_then(|seeds| seeds.parse().ok()).unwrap_or(2);
    let only = std::env::var("ESPEJO_CASE").unwrap_or_default();
    let mut wrong = Vec::new();
    tell("| run | findings of which one is expected | as expected | otherwise |");
    tell("| --- | --- | --- | --- |");
    let (mut faults, mut healthy) = (0, 0);
    for case in FAULTS
        .iter()
        .chain(&HEALTHY)
        .filter(|case| case.name.contains(&only))
    {
        let (row, right) = measured(case, seeds);
        tell(&row);
        match case.expected.is_empty() {
            true => healthy += right,
            false => faults += right,
        }
        // 95 % of 20 seeds are 19; of fewer, all.
        if right < seeds - seeds / 20 {
            wrong.push(row);
        }
    }
    let all = |cases: usize| seeds * cases as u64;
    tell(&format!(
        "faults named {faults} of {}, healthy runs without a warning {healthy} of {}",
        all(FAULTS.len()),
        all(HEALTHY.len())
    ));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Losses of a training are needed to be judged: the same findings come from the folder alone.
#[test]
fn a_run_that_is_opened_again_has_the_same_findings() {
    if device::choose("cpu").is_err() {
        return; // a build with wgpu alone
    }
    let room = tempfile::tempdir().expect("a temporary folder");
    let prepared = prepare(letters(3, 60)).expect("it is valid");
    let folder = Folder::create(room.path(), Some("run"), &prepared.config).expect("a new folder");
    let stop = AtomicBool::new(false);
    let outcome = fit(&prepared, &folder, "test", &stop, &mut |_| ()).expect("it trains");
    let trained = espejo_train::Trained::open(&folder, espejo_train::Which::Best, None);
    let trained = trained.expect("it opens");
    let evaluation = trained.evaluate().expect("in memory");
    let again = trained.findings(&folder, &evaluation).expect("in memory");
    assert!(!again.is_empty());
    assert_eq!(again, outcome.report.findings);
}
