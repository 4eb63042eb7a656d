//! A set larger than its share of the device is read while it is used, and gives the very numbers of a resident one.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, MutexGuard, PoisonError};

use espejo_train::config::{
    AugmentConfig, DataConfig, LossKind, ModelConfig, ModelKind, NoiseConfig, RunConfig,
    TrainConfig,
};
use espejo_train::{Folder, Trained, Which, device, fit, prepare};
use rand::Rng;

/// 2,000 pictures: more than a MiB as bytes, six as floats.
const TRAIN: usize = 2000;
const TEST: usize = 500;
const PIXELS: usize = 28 * 28;

/// Random numbers of a device are one stream for the whole process: one test at a time.
static RUNNING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes made-up pictures where MNIST is looked for.
fn write_pictures(directory: &Path) {
    let folder = directory.join("mnist");
    fs::create_dir_all(&folder).expect("a folder");
    let mut rng = espejo_nets::seeded(5);
    for (part, count) in [("train", TRAIN), ("t10k", TEST)] {
        let number = |n: usize| (n as u32).to_be_bytes();
        let mut images = [[0, 0, 8, 3], number(count), number(28), number(28)].concat();
        let start = images.len();
        images.resize(start + count * PIXELS, 0);
        rng.fill_bytes(&mut images[start..]);
        let mut labels = [[0, 0, 8, 1], number(count)].concat();
        labels.extend((0..count).map(|index| (index % 10) as u8));
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).expect("written");
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).expect("written");
    }
}

fn config(directory: &Path, kind: ModelKind, device_memory: usize) -> RunConfig {
    RunConfig {
        data: DataConfig {
            name: "mnist".into(),
            directory: Some(directory.to_owned()),
            ..DataConfig::default()
        },
        model: ModelConfig {
            kind,
            layers: vec![espejo_nets::DenseStep::Size(8)],
            ..ModelConfig::default()
        },
        noise: NoiseConfig {
            kind: (kind == ModelKind::Dae).then(|| "gaussian:0.2".into()),
            copies: 0,
        },
        train: TrainConfig {
            epochs: 2,
            device: "cpu".into(),
            device_memory,
            ..TrainConfig::default()
        },
        ..RunConfig::default()
    }
}

/// The metrics and the weights of a training.
fn trained(config: RunConfig) -> (serde_json::Value, Vec<u8>, Vec<Vec<f32>>) {
    let out = tempfile::tempdir().expect("a folder");
    let prepared = prepare(config).expect("it can be run");
    let folder = Folder::create(out.path(), Some("run"), &prepared.config).expect("a new folder");
    let stop = AtomicBool::new(false);
    fit(&prepared, &folder, "test", &stop, &mut |_| ()).expect("it trains");
    let report = folder.report().expect("it was written").to_json();
    let weights = folder.path().join("checkpoints/best/model.safetensors");
    let trained = Trained::open(&folder, Which::Best, None).expect("it opens");
    let codes = trained.encode(trained.test()).expect("readable");
    (
        serde_json::json!([report["metrics"], report["baselines"], report["data"]]),
        fs::read(weights).expect("it was written"),
        codes,
    )
}

#[test]
fn streamed_and_resident_trainings_are_the_same() {
    let _guard = alone();
    if device::choose("cpu").is_err() {
        return; // a build with wgpu alone
    }
    let data = tempfile::tempdir().expect("a folder");
    write_pictures(data.path());
    for kind in [ModelKind::Ae, ModelKind::Dae, ModelKind::Vae] {
        let resident = trained(config(data.path(), kind, 1024));
        let streamed = trained(config(data.path(), kind, 1));
        assert_eq!(resident.0, streamed.0, "{}", kind.name());
        assert!(resident.1 == streamed.1, "{}: other weights", kind.name());
        assert!(resident.2 == streamed.2, "{}: other codes", kind.name());
    }
}

/// An augmentation of everything there is.
const AUGMENT: AugmentConfig = AugmentConfig {
    shift: 0.2,
    rotate: 20.0,
    flip: true,
    cutout: 5,
    mixup: 0.5,
};

#[test]
fn augmented_trainings_from_memory_and_from_disk_are_the_same() {
    let _guard = alone();
    if device::choose("cpu").is_err() {
        return; // a build with wgpu alone
    }
    let data = tempfile::tempdir().expect("a folder");
    write_pictures(data.path());
    let augmented = |device_memory| {
        let mut config = config(data.path(), ModelKind::Ae, device_memory);
        config.augment = AUGMENT;
        config
    };
    let resident = trained(augmented(1024));
    let streamed = trained(augmented(1));
    assert_eq!(resident.0, streamed.0);
    assert!(resident.1 == streamed.1, "other weights");
    let plain = trained(config(data.path(), ModelKind::Ae, 1024));
    assert!(plain.1 != resident.1, "nothing was changed");
}

/// What is measured are images and labels as they are.
#[test]
fn augmentation_and_smoothing_are_for_training_alone() {
    let _guard = alone();
    if device::choose("cpu").is_err() {
        return;
    }
    let data = tempfile::tempdir().expect("a folder");
    write_pictures(data.path());
    let mut config = config(data.path(), ModelKind::Classifier, 1024);
    config.data.limit = Some(60);
    config.objective.loss = LossKind::CrossEntropy;
    config.objective.label_smoothing = 0.2;
    config.augment = AUGMENT;
    config.train.epochs = 30;
    config.train.batch_size = 10;
    let out = tempfile::tempdir().expect("a folder");
    let learned = |config: &RunConfig, name: &str| {
        let prepared = prepare(config.clone()).expect("it can be run");
        let folder = Folder::create(out.path(), Some(name), config).expect("a new folder");
        let stop = AtomicBool::new(false);
        fit(&prepared, &folder, "test", &stop, &mut |_| ()).expect("it trains");
        folder
    };
    let folder = learned(&config, "changed");
    let run = Trained::open(&folder, Which::Best, None).expect("it was trained");
    let outputs = run.predict(run.test()).expect("it predicts");
    let nats = |(index, row): (usize, &Vec<f32>)| {
        -f64::from(row[run.test().label(index).expect("a class")].ln())
    };
    let by_hand = outputs.iter().enumerate().map(nats).sum::<f64>() / outputs.len() as f64;
    let measured = run.evaluate().expect("it can be measured").metrics.loss;
    assert!(
        (by_hand / measured - 1.0).abs() < 1e-4,
        "{by_hand} {measured}"
    );
    // Images that stay the same, with labels that are sure, are learned by heart.
    let plain = RunConfig {
        augment: AugmentConfig::default(),
        ..config
    };
    let losses = [folder, learned(&plain, "plain")].map(|folder| {
        let metrics = folder.report().expect("written").metrics;
        metrics.expect("it completed").train.loss
    });
    assert!(losses[1] < losses[0], "{losses:?}");
}

#[test]
fn kept_copies_that_do_not_fit_are_refused() {
    let _guard = alone();
    if device::choose("cpu").is_err() {
        return;
    }
    let data = tempfile::tempdir().expect("a folder");
    write_pictures(data.path());
    let mut config = config(data.path(), ModelKind::Dae, 8);
    config.noise.copies = 3;
    let prepared = prepare(config).expect("each part is sound");
    let out = tempfile::tempdir().expect("a folder");
    let folder = Folder::create(out.path(), None, &prepared.config).expect("a new folder");
    let stop = AtomicBool::new(false);
    let error = fit(&prepared, &folder, "test", &stop, &mut |_| ()).expect_err("too much");
    assert_eq!(error.exit_code(), 2, "{error}");
    assert!(error.to_string().contains("24 MiB"), "{error}");
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("--device-memory"))
    );
}
