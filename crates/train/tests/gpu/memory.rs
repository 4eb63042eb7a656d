//! The device's memory over many epochs.

use std::sync::PoisonError;

use espejo_train::config::{ModelConfig, ModelKind, RunConfig, TrainConfig};
use espejo_train::{Prepared, prepare};
use serde_json::json;

use crate::{RUNNING, device_word, measured, opened, train, vae};

/// Trains for 200 epochs and holds the memory of the device after them to that after 20.
fn check_memory(what: &str, prepared: impl FnOnce() -> Prepared) {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if opened().is_none() {
        return;
    }
    let prepared = prepared();
    let usage = || {
        prepared
            .chosen
            .device
            .memory_pool_usage()
            .expect("it is told")
    };
    // Seeds and corrections of moments are new arguments in every step. cubecl keeps the last 512 on the device: more than that first.
    let mut first = prepared.clone();
    first.config.train.epochs = 150;
    train(&first, |_| ());
    let (mut early, mut late) = (None, None);
    train(&prepared, |epoch| match epoch {
        20 => early = Some(usage()),
        200 => late = Some(usage()),
        _ => {}
    });
    let (early, late) = (early.expect("epoch 20"), late.expect("epoch 200"));
    let [early_found, late_found] = [&early, &late].map(|usage| {
        json!({ "tensors": usage.number_allocs, "in_use": usage.bytes_in_use, "reserved": usage.bytes_reserved })
    });
    measured(&json!({ "memory": what, "after_20": early_found, "after_200": late_found }));
    // A tensor kept from each epoch, however small, would be 180 more.
    assert!(
        late.number_allocs <= early.number_allocs + 32,
        "{early:?}, {late:?}"
    );
    assert!(
        late.bytes_in_use <= early.bytes_in_use + (256 << 10),
        "{early:?}, {late:?}"
    );
    assert!(
        late.bytes_reserved <= early.bytes_reserved + (1 << 20),
        "{early:?}, {late:?}"
    );
}

#[test]
fn memory_stays_flat_over_200_epochs_of_a_variational_autoencoder() {
    // In batches that another test has compiled kernels for.
    check_memory("dense vae", || {
        vae(
            256,
            TrainConfig {
                epochs: 201,
                ..TrainConfig::default()
            },
        )
    });
}

#[test]
fn memory_stays_flat_over_200_epochs_of_a_convolutional_denoiser() {
    check_memory("convolutional denoiser", || {
        let mut config = RunConfig {
            model: ModelConfig {
                kind: ModelKind::Dae,
                layers: Vec::new(),
                conv: Some("4".into()),
                latent: Some(0),
                ..ModelConfig::default()
            },
            train: TrainConfig {
                epochs: 201,
                batch_size: 5,
                device: device_word(),
                ..TrainConfig::default()
            },
            ..RunConfig::default()
        };
        config.data.first = Some(10);
        config.noise.kind = Some("gaussian:0.2".into());
        prepare(config).expect("it is prepared")
    });
}
