//! A run is a value: the same configuration gives the same bytes, in one go or interrupted and resumed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use espejo_nets::Activation;
use espejo_train::config::{
    AugmentConfig, DataConfig, ModelConfig, ModelKind, NoiseConfig, ObjectiveConfig, OptimizerKind,
    Precision, RunConfig, ScheduleKind, TrainConfig,
};
use espejo_train::{
    Event, Folder, Prepared, Status, Trained, Which, device, fit, prepare, unit_rows,
};

const EPOCHS: usize = 30;

/// Random numbers of a device are one stream for the whole process: one run at a time.
static RUNNING: Mutex<()> = Mutex::new(());

/// Calls `test` with the CPU backends of the build, one run at a time.
fn on_each_backend(test: impl Fn(&str)) {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let backends = device::backends();
    for name in backends {
        if ["flex", "ndarray"].contains(&name) {
            test(name);
        }
    }
}

// The runs.

/// Ten letters through a small net, in two batches of five.
fn small(kind: ModelKind, backend: &str) -> RunConfig {
    RunConfig {
        data: DataConfig {
            first: Some(10),
            ..DataConfig::default()
        },
        model: ModelConfig {
            kind,
            layers: vec![espejo_nets::DenseStep::Size(8)],
            ..ModelConfig::default()
        },
        train: TrainConfig {
            epochs: EPOCHS,
            batch_size: 5,
            learning_rate: 0.01,
            device: backend.to_owned(),
            ..TrainConfig::default()
        },
        ..RunConfig::default()
    }
}

/// One run of each kind that keeps something of its own from epoch to epoch.
fn variety(backend: &str) -> Vec<(&'static str, RunConfig)> {
    let ae = small(ModelKind::Ae, backend);
    let mut whole_batch = ae.clone();
    whole_batch.train.batch_size = 0;
    let mut plateau = ae.clone();
    plateau.train.optimizer = OptimizerKind::Momentum;
    plateau.train.learning_rate = 0.2;
    plateau.train.schedule = ScheduleKind::Plateau;
    plateau.train.schedule_epochs = 2;
    plateau.train.clip_norm = 1.0;
    let mut cosine = ae.clone();
    cosine.train.optimizer = OptimizerKind::Rmsprop;
    cosine.train.schedule = ScheduleKind::Cosine;
    cosine.train.eval_every = 4;
    let mut sgd = ae.clone();
    sgd.train.optimizer = OptimizerKind::Sgd;
    let mut penalised = ae.clone();
    penalised.train.optimizer = OptimizerKind::Adamw;
    penalised.objective = ObjectiveConfig {
        contractive: 0.01,
        l1: 0.01,
        weight_decay: 1e-3,
        ..ObjectiveConfig::default()
    };
    let mut vae = small(ModelKind::Vae, backend);
    vae.objective.kl_warmup = 20;
    vae.objective.free_bits = 0.1;
    let mut conv = small(ModelKind::Vae, backend);
    conv.model.layers = Vec::new();
    conv.model.conv = Some("3,2".into());
    conv.model.batch_norm = true;
    let mut copies = small(ModelKind::Dae, backend);
    copies.noise = NoiseConfig {
        kind: Some("gaussian:0.3".into()),
        copies: 2,
    };
    let mut noisy = ae.clone();
    noisy.model.layers.push(espejo_nets::DenseStep::Noise(0.3));
    noisy.model.latent_activation = Activation::Sigmoid;
    noisy.model.code_noise = 4.0;
    let mut averaged = conv.clone();
    averaged.train.ema = 0.9;
    averaged.train.warmup = 3;
    let mut augmented = ae.clone();
    augmented.train.ema = 0.99;
    augmented.train.schedule = ScheduleKind::OneCycle;
    augmented.augment = AugmentConfig {
        shift: 0.2,
        rotate: 10.0,
        flip: true,
        cutout: 2,
        mixup: 0.4,
    };
    let mut whole_augmented = augmented.clone();
    whole_augmented.train.batch_size = 0;
    let mut noisy_dae = noisy.clone();
    noisy_dae.model.kind = ModelKind::Dae;
    let mut half = vae.clone();
    half.train.precision = Some(Precision::Half);
    // Where it is not checked that a device gains by it.
    half.train.device.push('!');
    let mut runs = vec![
        ("ae, noise on the code", noisy),
        ("dae, noise on the code", noisy_dae),
        ("ae", ae),
        ("ae, whole batch", whole_batch),
        ("ae, momentum on a plateau", plateau),
        ("ae, rmsprop down a cosine", cosine),
        ("ae, sgd", sgd),
        ("ae, adamw with penalties", penalised),
        ("vae", vae),
        ("dae", small(ModelKind::Dae, backend)),
        ("dae, copies", copies),
        ("vae, convolutions with batch normalisation", conv),
        ("vae, the same, averaged after a warm-up", averaged),
        ("ae, augmented, averaged, in one cycle", augmented),
        ("ae, the same, whole batch", whole_augmented),
    ];
    if backend == "flex" {
        runs.push(("vae, in half precision", half));
    }
    runs
}

/// Trains in a folder until the end, or until the epoch `until` is done.
fn train(prepared: &Prepared, folder: &Folder, until: usize) -> Status {
    let stop = AtomicBool::new(false);
    let mut watch = |event: Event<'_>| {
        if let Event::Epoch { report, .. } = event {
            stop.store(report.epoch >= until, Ordering::Relaxed);
        }
    };
    let outcome = fit(prepared, folder, "test", &stop, &mut watch).expect("it trains");
    outcome.status
}

/// What a run leaves behind that has to be the same: its checkpoints and its logs but for the seconds.
#[derive(PartialEq)]
struct Left {
    files: Vec<(String, Vec<u8>)>,
    metrics: Vec<String>,
}

fn left(folder: &Folder) -> Left {
    let read = |path: &Path| std::fs::read(path).expect("it was written");
    let mut files = vec![(
        "codes.csv".to_owned(),
        read(&folder.path().join("codes.csv")),
    )];
    for (which, name) in [
        (Which::Last, "model.safetensors"),
        (Which::Last, "optimizer.safetensors"),
        (Which::Best, "model.safetensors"),
    ] {
        let path = folder.checkpoint(which).join(name);
        files.push((format!("{} {name}", which.name()), read(&path)));
    }
    let metrics = String::from_utf8(read(&folder.path().join("metrics.csv"))).expect("text");
    Left {
        files,
        metrics: metrics.lines().map(without_seconds).collect(),
    }
}

fn without_seconds(row: &str) -> String {
    let mut cells: Vec<&str> = row.split(',').collect();
    cells.remove(2);
    cells.join(",")
}

fn check(what: &str, found: &Left, expected: &Left) {
    for (found, expected) in found.metrics.iter().zip(&expected.metrics) {
        assert_eq!(found, expected, "{what}");
    }
    assert_eq!(found.metrics.len(), expected.metrics.len(), "{what}");
    assert_eq!(expected.metrics.len(), 1 + EPOCHS, "{what}");
    for ((name, found), (_, expected)) in found.files.iter().zip(&expected.files) {
        assert!(found == expected, "{what}: {name} differs");
    }
    assert!(found == expected, "{what}");
}

/// A new run in a folder of its own, which lives as long as what is given back first.
fn new(config: &RunConfig) -> (tempfile::TempDir, Folder, Prepared) {
    let out = tempfile::tempdir().expect("a temporary folder");
    let prepared = prepare(config.clone()).expect("a good configuration");
    let folder = Folder::create(out.path(), Some("run"), config).expect("an empty folder");
    (out, folder, prepared)
}

fn in_one_go(config: &RunConfig) -> Left {
    let (_out, folder, prepared) = new(config);
    let status = train(&prepared, &folder, usize::MAX);
    assert_eq!(status, Status::Completed);
    left(&folder)
}

// What has to hold.

#[test]
fn noise_of_zero_gives_the_run_without_it() {
    on_each_backend(|backend| {
        let plain = small(ModelKind::Ae, backend);
        let mut quiet = plain.clone();
        quiet.model.layers.push(espejo_nets::DenseStep::Noise(0.0));
        quiet.model.code_noise = 0.0;
        let (plain, quiet) = (in_one_go(&plain), in_one_go(&quiet));
        // The weights are called by their places, which the noise moves; numbers and codes are the same.
        assert!(plain.metrics == quiet.metrics, "{backend}: a loss differs");
        assert!(
            plain.files[0] == quiet.files[0],
            "{backend}: a code differs"
        );
    });
}

/// What is measured knows no noise: the loss is that of the codes that the weights alone give, asked again and again.
#[test]
fn noise_is_for_training_alone() {
    on_each_backend(|backend| {
        let mut config = small(ModelKind::Ae, backend);
        config.model.latent_activation = Activation::Sigmoid;
        config.model.code_noise = 16.0;
        let (_out, folder, prepared) = new(&config);
        train(&prepared, &folder, usize::MAX);
        let trained = Trained::open(&folder, Which::Best, None).expect("it was trained");
        let codes = || trained.encode(trained.test()).expect("it has codes");
        let (once, again) = (codes(), codes());
        assert_eq!(once, again);
        let outputs = trained.decode(&once).expect("it has a decoder").concat();
        let wanted = unit_rows(trained.test()).expect("letters").concat();
        let nats = |(output, wanted): (&f32, &f32)| {
            -f64::from(wanted * output.ln() + (1.0 - wanted) * (1.0 - output).ln())
        };
        let by_hand: f64 = outputs.iter().zip(&wanted).map(nats).sum::<f64>() / 10.0;
        let measured = trained.evaluate().expect("it can be measured").metrics.loss;
        assert!(
            (by_hand - measured).abs() < 1e-3 * by_hand,
            "{backend}: {by_hand} {measured}"
        );
    });
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    on_each_backend(|backend| {
        for (name, config) in variety(backend) {
            let what = format!("{name} on {backend}");
            let expected = in_one_go(&config);
            check(&what, &in_one_go(&config), &expected);
            let mut other = config.clone();
            other.train.seed += 1;
            assert!(in_one_go(&other) != expected, "{what}: the seed matters");
        }
    });
}

#[test]
fn a_run_that_is_stopped_and_resumed_gives_the_numbers_of_one_that_is_not() {
    on_each_backend(|backend| {
        for (name, config) in variety(backend) {
            let expected = in_one_go(&config);
            for stops in [[1, 7, 8], [3, 21, 29]] {
                let what = format!("{name} on {backend}, stopped after {stops:?}");
                let (_out, folder, prepared) = new(&config);
                for stop in stops {
                    assert_eq!(train(&prepared, &folder, stop), Status::Stopped, "{what}");
                    let report = folder.report().expect("written");
                    assert_eq!(report.status, Status::Stopped, "{what}");
                }
                let status = train(&prepared, &folder, usize::MAX);
                assert_eq!(status, Status::Completed, "{what}");
                check(&what, &left(&folder), &expected);
            }
        }
    });
}

/// The tensors of a file of a checkpoint, end to end.
fn weights(folder: &Folder, which: Which, name: &str) -> Vec<f32> {
    let bytes = std::fs::read(folder.checkpoint(which).join(name)).expect("it was written");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("safetensors");
    let mut tensors = file.tensors();
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let bytes = tensors
        .iter()
        .flat_map(|(_, view)| view.data().chunks_exact(4));
    bytes
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect()
}

/// With one step an epoch each kept checkpoint holds an average and the weights that it follows:
/// a ← a + (1 - min(d, (1 + t) / (10 + t))) (w - a) after step t. What is measured of the epoch is the average.
#[test]
fn the_average_follows_the_weights_and_is_what_is_measured() {
    on_each_backend(|backend| {
        let mut config = small(ModelKind::Vae, backend);
        config.model.layers = Vec::new();
        config.model.conv = Some("3,2".into());
        config.model.batch_norm = true;
        config.train.batch_size = 0;
        config.train.ema = 0.6;
        config.train.checkpoint_every = 1;
        let (_out, folder, prepared) = new(&config);
        train(&prepared, &folder, usize::MAX);
        let average = |epoch| weights(&folder, Which::Epoch(epoch), "model.safetensors");
        let mut expected = average(1);
        for epoch in 2..=EPOCHS {
            let step = epoch as f64;
            let part = 1.0 - f64::min(0.6, (1.0 + step) / (10.0 + step));
            let trained = weights(&folder, Which::Epoch(epoch), "trained.safetensors");
            for (average, weight) in expected.iter_mut().zip(trained) {
                *average += part as f32 * (weight - *average);
            }
            let found = average(epoch);
            for (found, expected) in found.iter().zip(&expected) {
                let near = 1e-5 * (1.0 + expected.abs());
                assert!(
                    (found - expected).abs() < near,
                    "{backend}, {epoch}: {found} {expected}"
                );
            }
            expected = found;
        }
        let metrics = std::fs::read_to_string(folder.path().join("metrics.csv")).expect("text");
        let mut lines = metrics
            .lines()
            .map(|line| line.split(',').collect::<Vec<_>>());
        let header = lines.next().expect("a header");
        let column = header.iter().position(|name| *name == "test_loss");
        let logged: f64 = lines.nth(6).expect("epoch 7")[column.expect("a column")]
            .parse()
            .expect("a number");
        let seventh = Trained::open(&folder, Which::Epoch(7), None).expect("it was kept");
        let measured = seventh.evaluate().expect("it can be measured").metrics.loss;
        assert!(
            (logged / measured - 1.0).abs() < 1e-9,
            "{backend}: {logged} {measured}"
        );
    });
}

#[test]
fn a_run_that_is_stopped_in_the_middle_of_epochs_is_resumed_the_same() {
    on_each_backend(|backend| {
        let mut config = small(ModelKind::Vae, backend);
        config.train.batch_size = 1;
        config.train.ema = 0.9;
        let expected = in_one_go(&config);
        let (_out, folder, prepared) = new(&config);
        // Each session may take longer than the one before, so that a slow machine gets to the end as well.
        let mut sessions = 1;
        while !within(Duration::from_millis(5 + sessions), &prepared, &folder) {
            sessions += 1;
        }
        let what = format!("{backend}, {sessions} sessions");
        eprintln!("{what}");
        check(&what, &left(&folder), &expected);
    });
}

/// Trains until the end or for so long, whatever happens at that moment; says whether the run is complete.
fn within(time: Duration, prepared: &Prepared, folder: &Folder) -> bool {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(time);
            stop.store(true, Ordering::Relaxed);
        });
        let outcome = fit(prepared, folder, "test", &stop, &mut |_| ()).expect("it trains");
        outcome.status == Status::Completed
    })
}

#[test]
fn a_run_that_died_goes_on_from_its_last_checkpoint() {
    on_each_backend(|backend| {
        for kind in [ModelKind::Ae, ModelKind::Dae, ModelKind::Vae] {
            let mut config = small(kind, backend);
            // A checkpoint after every epoch; the death comes before that of epoch 11, after its row of metrics.
            config.train.checkpoint_seconds = 0.0;
            let expected = in_one_go(&config);
            let (_out, folder, prepared) = new(&config);
            let died = std::panic::catch_unwind(|| {
                let die = &mut |event: Event<'_>| {
                    if let Event::Epoch { report, .. } = event {
                        assert!(report.epoch < 11, "a death on purpose");
                    }
                };
                fit(&prepared, &folder, "test", &AtomicBool::new(false), die)
            });
            assert!(died.is_err());
            assert_eq!(folder.report().expect("written").status, Status::Running);
            assert_eq!(train(&prepared, &folder, usize::MAX), Status::Completed);
            let what = format!("{} on {backend}", kind.name());
            check(&what, &left(&folder), &expected);
        }
    });
}
