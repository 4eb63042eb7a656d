//! A training that blows up says so and leaves its last good checkpoint.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use espejo_nets::Activation;
use espejo_train::config::{
    DataConfig, LossKind, ModelConfig, ObjectiveConfig, OptimizerKind, RunConfig, TrainConfig,
};
use espejo_train::{Error, Folder, Status, Trained, Which, device, fit, prepare, unit_rows};

/// A net with squared error and gradient descent; sizes are small, the learning rate need not be.
fn config(output: Activation, learning_rate: f64) -> RunConfig {
    RunConfig {
        data: DataConfig {
            first: Some(10),
            ..DataConfig::default()
        },
        model: ModelConfig {
            layers: vec![espejo_nets::DenseStep::Size(8)],
            output_activation: Some(output),
            ..ModelConfig::default()
        },
        objective: ObjectiveConfig {
            loss: LossKind::Mse,
            ..ObjectiveConfig::default()
        },
        train: TrainConfig {
            epochs: 20,
            batch_size: 5,
            optimizer: OptimizerKind::Sgd,
            learning_rate,
            checkpoint_seconds: 0.0,
            device: "cpu".into(),
            ..TrainConfig::default()
        },
        ..RunConfig::default()
    }
}

fn run(config: RunConfig, folder: &Folder) -> Result<(), Error> {
    let prepared = prepare(config)?;
    let stop = AtomicBool::new(false);
    fit(&prepared, folder, "test", &stop, &mut |_| ()).map(|_| ())
}

/// Holds the failure of a run and what it leaves against what they have to be: of a run that was complete before, that run.
fn check(result: Result<(), Error>, folder: &Folder, before: Option<Status>) {
    let error = result.expect_err("it diverges");
    let Error::Diverged { value, run, .. } = &error else {
        panic!("another failure: {error}");
    };
    assert!(!value.is_finite());
    assert_eq!(run, folder.path());
    assert_eq!(error.exit_code(), 1);
    let report = folder.report().expect("written");
    assert_eq!(report.status, before.unwrap_or(Status::Failed));
    assert_eq!(report.reason, before.is_none().then(|| error.to_string()));
    for which in [Which::Best, Which::Last] {
        if folder.checkpoint(which).exists() {
            let trained = Trained::open(folder, which, None).expect("a good checkpoint");
            let rows = unit_rows(trained.test()).expect("in memory");
            let pictures = trained.reconstruct(&rows).expect("an autoencoder");
            let finite = pictures.iter().flatten().all(|value| value.is_finite());
            assert!(finite, "the checkpoint {} is ruined", which.name());
        }
    }
}

/// A folder for a run, unless the build has no CPU backend to run on.
fn folder(out: &Path, config: &RunConfig) -> Option<Folder> {
    device::choose("cpu").ok()?;
    Some(Folder::create(out, Some("run"), config).expect("an empty folder"))
}

#[test]
fn a_learning_rate_out_of_this_world_diverges() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let config = config(Activation::Linear, 1e30);
    let Some(folder) = folder(out.path(), &config) else {
        return;
    };
    check(run(config, &folder), &folder, None);
}

/// A saturated sigmoid has no slope: whether weights of 1e30 stay finite then depends on the backend, but never is a number
/// that is not finite passed over in silence.
#[test]
fn a_saturated_output_diverges_or_has_a_finite_loss() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let config = config(Activation::Sigmoid, 1e30);
    let Some(folder) = folder(out.path(), &config) else {
        return;
    };
    match run(config, &folder) {
        Ok(()) => {
            let report = folder.report().expect("written");
            let loss = report.metrics.as_ref().map(|metrics| metrics.test.loss);
            assert!(loss.is_some_and(f64::is_finite), "{report:?}");
        }
        failed => check(failed, &folder, None),
    }
}

/// Makes a run one of before identities: its next session would write its training state in another way.
fn without_identity(folder: &Folder) {
    let without = |path: &Path, key: &str| {
        let text = std::fs::read_to_string(path).expect("written");
        let mut value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let kept = value.as_object_mut().expect("an object");
        kept.remove(key).expect("it is there");
        std::fs::write(path, value.to_string()).expect("writable");
    };
    without(&folder.path().join("run.json"), "identity");
    for which in [Which::Best, Which::Last] {
        let checkpoint = folder.checkpoint(which);
        without(&checkpoint.join("course.json"), "run");
        let sums = checkpoint.join("SHA256SUMS");
        let text = std::fs::read_to_string(&sums).expect("written");
        let names = text.lines().filter_map(|line| line.split_once("  "));
        let line = |(_, name): (&str, &str)| {
            let bytes = std::fs::read(checkpoint.join(name)).expect("written");
            format!("{}  {name}\n", espejo_train::sha256(&bytes))
        };
        std::fs::write(&sums, names.map(line).collect::<String>()).expect("writable");
    }
}

#[test]
fn the_last_good_checkpoint_stays_as_it_was() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let mut config = config(Activation::Linear, 0.01);
    let Some(folder) = folder(out.path(), &config) else {
        return;
    };
    run(config.clone(), &folder).expect("it trains");
    let weights = || {
        [Which::Best, Which::Last].map(|which| {
            std::fs::read(folder.checkpoint(which).join("model.safetensors")).expect("written")
        })
    };
    let good = weights();
    without_identity(&folder);
    config.train.epochs = 40;
    config.train.learning_rate = 1e30;
    check(run(config, &folder), &folder, Some(Status::Completed));
    assert!(weights() == good, "a checkpoint was replaced");
    let trained = Trained::open(&folder, Which::Last, None).expect("it is whole");
    assert_eq!(trained.epoch(), 20);
}
