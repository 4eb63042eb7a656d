//! What a training asks of a GPU beside speed: calls, memory, and the numbers that flex has. Software Vulkan is enough for that.
//!
//! The device is the first adapter, or what `ESPEJO_TEST_DEVICE` says as `--device` does. A machine without it leaves these tests out and
//! says so; with `ESPEJO_REQUIRE_WGPU=1` it fails. `scripts/gpu` carries this program to a machine with a card, and reads the lines that
//! begin with `measured`.

#![cfg(feature = "wgpu")]

mod calls;
mod memory;
mod parity;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use espejo_train::config::{ModelConfig, ModelKind, RunConfig, TrainConfig};
use espejo_train::{Event, Folder, Prepared, device, fit, prepare};
use serde_json::Value;

/// One at a time: calls and memory are those of the whole process.
static RUNNING: Mutex<()> = Mutex::new(());

/// The device as `--device` takes it. Whatever it computes: software adapters are wrong in long sums, of which there are none here.
fn device_word() -> String {
    std::env::var("ESPEJO_TEST_DEVICE").unwrap_or_else(|_| "wgpu!".to_owned())
}

/// The device, where the machine has it.
fn opened() -> Option<Device> {
    let required = std::env::var("ESPEJO_REQUIRE_WGPU").is_ok_and(|value| value == "1");
    match device::choose(&device_word()) {
        Ok(chosen) => Some(chosen.device),
        Err(error) => {
            assert!(!required, "{error}");
            eprintln!("skipped: {error}");
            None
        }
    }
}

/// A line for `scripts/gpu`.
fn measured(found: &Value) {
    eprintln!("measured {found}");
}

/// Trains until the last epoch is over, without what follows, and calls `watch` after each epoch.
fn train(prepared: &Prepared, mut watch: impl FnMut(usize)) {
    let scratch = tempfile::tempdir().expect("a folder");
    let folder = Folder::create(scratch.path(), Some("run"), &prepared.config).expect("a folder");
    let stop = AtomicBool::new(false);
    fit(prepared, &folder, "test", &stop, &mut |event| {
        if let Event::Epoch { report, .. } = event {
            watch(report.epoch);
            stop.store(report.epoch + 1 == report.epochs, Ordering::Relaxed);
        }
    })
    .expect("it trains");
}

/// A dense VAE on so many glyphs.
fn vae(samples: usize, train: TrainConfig) -> Prepared {
    let config = RunConfig {
        model: ModelConfig {
            kind: ModelKind::Vae,
            layers: vec![espejo_nets::DenseStep::Size(8)],
            // The codes of two dimensions are noted for a film, which reads them.
            latent: Some(3),
            ..ModelConfig::default()
        },
        train: TrainConfig {
            device: device_word(),
            ..train
        },
        ..RunConfig::default()
    };
    let mut prepared = prepare(config).expect("it is prepared");
    let glyphs = prepared.train.len();
    let again = |count: usize| (0..count).map(|index| index % glyphs).collect::<Vec<_>>();
    prepared.test = prepared.train.select(&again(128));
    prepared.train = prepared.train.select(&again(samples));
    prepared
}
