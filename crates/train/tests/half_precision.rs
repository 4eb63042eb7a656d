//! Trainings in half precision: what they learn, and where there are none.

#![cfg(feature = "flex")]

use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use espejo_train::config::{ModelConfig, ModelKind, Precision, RunConfig, TrainConfig};
use espejo_train::{Error, Folder, fit, prepare};

/// Random numbers of a device are one stream for the whole process: one run at a time.
static RUNNING: Mutex<()> = Mutex::new(());

/// A net that learns the letters. A processor has half precision only where nothing is checked.
fn letters(kind: ModelKind, precision: Precision, device: &str) -> RunConfig {
    RunConfig {
        model: ModelConfig {
            kind,
            layers: vec![espejo_nets::DenseStep::Size(16)],
            ..ModelConfig::default()
        },
        train: TrainConfig {
            epochs: 300,
            learning_rate: 0.01,
            precision: Some(precision),
            device: device.to_owned(),
            ..TrainConfig::default()
        },
        ..RunConfig::default()
    }
}

/// The loss of the letters before the last epoch, and after it as the whole run measures it, which is in single precision.
fn losses(config: RunConfig) -> (f64, f64) {
    let scratch = tempfile::tempdir().expect("a folder");
    let prepared = prepare(config).expect("it is prepared");
    let folder = Folder::create(scratch.path(), Some("run"), &prepared.config).expect("a folder");
    let mut last = f64::NAN;
    let outcome = fit(
        &prepared,
        &folder,
        "test",
        &AtomicBool::new(false),
        &mut |event| {
            if let espejo_train::Event::Epoch { report, .. } = event {
                last = report.loss;
            }
        },
    );
    let results = outcome.expect("it trains").results.expect("it is finished");
    (last, results.test.loss)
}

#[test]
fn the_letters_are_learned_as_well() {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for kind in [ModelKind::Ae, ModelKind::Vae] {
        let (in_half, half) = losses(letters(kind, Precision::Half, "flex!"));
        let (in_single, single) = losses(letters(kind, Precision::Single, "flex!"));
        // Not the same training, and no worse: its steps are rounded.
        assert_ne!(in_half, in_single);
        assert!((half / single - 1.0).abs() < 0.1, "{half} for {single}");
    }
}

#[test]
fn a_processor_is_refused_before_anything_is_written() {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = tempfile::tempdir().expect("a folder");
    let prepared = prepare(letters(ModelKind::Ae, Precision::Half, "flex")).expect("prepared");
    let folder = Folder::create(scratch.path(), Some("run"), &prepared.config).expect("a folder");
    let files = || {
        std::fs::read_dir(folder.path())
            .map(Iterator::count)
            .expect("it is there")
    };
    let before = files();
    let refused = fit(
        &prepared,
        &folder,
        "test",
        &AtomicBool::new(false),
        &mut |_| (),
    );
    assert!(matches!(refused, Err(Error::Device { .. })), "{refused:?}");
    assert_eq!(files(), before);
}

#[test]
fn methods_of_double_precision_have_none() {
    let mut config = letters(ModelKind::Ae, Precision::Half, "flex!");
    config.train.optimizer = espejo_train::config::OptimizerKind::Bfgs;
    let refused = prepare(config).expect_err("it is refused").to_string();
    assert!(refused.contains("`train.precision` is `half`"), "{refused}");
}
