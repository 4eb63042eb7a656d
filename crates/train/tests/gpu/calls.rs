//! The calls that reach the device: launches, reads, waits and uploads.
//!
//! They are counted inside wgpu, which logs every call it gets: a read or a wait hidden in Burn counts like one of our own.

use std::path::Path;
use std::sync::{Mutex, Once, PoisonError};

use espejo_nets::{Activation, DenseStep};
use espejo_train::config::{ModelConfig, ModelKind, OptimizerKind, RunConfig, TrainConfig};
use espejo_train::{Prepared, prepare};
use serde_json::json;

use crate::{RUNNING, device_word, measured, opened, train, vae};

/// A call that reaches the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// A kernel.
    Launch,
    /// Numbers from the host: data, or the arguments of a kernel that were never used before.
    Write,
    /// Numbers back to the host, which waits for them.
    Read,
    /// The host waits for all work to be done.
    Wait,
}

/// The calls since somebody took them, in their order.
static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());

/// Takes in what wgpu logs.
struct Calls;

impl log::Log for Calls {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("wgpu_core")
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        let known = [
            ("ComputePass::dispatch", Call::Launch),
            ("Queue::write_buffer", Call::Write),
            // The other way to write, of numbers that end between two multiples of four bytes.
            ("Queue::create_staging_buffer", Call::Write),
            ("Buffer::map_async", Call::Read),
            ("Queue::on_submitted_work_done", Call::Wait),
        ];
        if let Some((_, call)) = known.iter().find(|(name, _)| text.starts_with(name)) {
            CALLS
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(*call);
        }
    }

    fn flush(&self) {}
}

fn take_calls() -> Vec<Call> {
    std::mem::take(&mut *CALLS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Steps of an epoch here.
const STEPS: usize = 3;
/// Epochs until kernels are compiled and tuned.
const SETTLED: usize = 5;
/// Epochs that are counted after them.
const COUNTED: usize = 4;

/// How it is trained to be counted.
fn counted(batch_size: usize, optimizer: OptimizerKind) -> TrainConfig {
    TrainConfig {
        epochs: SETTLED + COUNTED,
        batch_size,
        optimizer,
        eval_every: 2,
        checkpoint_seconds: 1e9,
        device: device_word(),
        ..TrainConfig::default()
    }
}

/// The calls of each epoch that is counted, and its number.
fn settled(prepared: &Prepared) -> Vec<(usize, Vec<Call>)> {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| log::set_logger(&Calls).expect("the first logger"));
    log::set_max_level(log::LevelFilter::Trace);
    let mut settled = Vec::new();
    take_calls();
    train(prepared, |epoch| {
        let calls = take_calls();
        if epoch >= SETTLED {
            settled.push((epoch, calls));
        }
    });
    log::set_max_level(log::LevelFilter::Off);
    assert_eq!(settled.len(), COUNTED);
    settled
}

fn count(calls: &[Call], call: Call) -> usize {
    calls.iter().filter(|other| **other == call).count()
}

/// Holds the calls of epochs, evaluated every second time, to: one write of the order and `arguments` a step, one read, and one
/// more read of an evaluation.
fn check_calls(batch_size: usize, optimizer: OptimizerKind, arguments: usize) {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if opened().is_none() {
        return;
    }
    let prepared = vae(STEPS * batch_size, counted(batch_size, optimizer));
    for (epoch, calls) in settled(&prepared) {
        let count = |call: Call| count(&calls, call);
        eprintln!(
            "batch {batch_size}, epoch {epoch}: {} launches",
            count(Call::Launch)
        );
        let measured = usize::from(epoch % 2 == 0);
        assert!(count(Call::Launch) > 10 * STEPS, "epoch {epoch}: {calls:?}");
        assert_eq!(count(Call::Read), 1 + measured, "reads of epoch {epoch}");
        assert_eq!(count(Call::Wait), 0, "waits of epoch {epoch}");
        assert_eq!(
            count(Call::Write),
            1 + STEPS * arguments,
            "writes of epoch {epoch}"
        );
        // The order goes up before the first kernel, and nothing is read before the last one, or before an evaluation.
        assert_eq!(calls.first(), Some(&Call::Write));
        assert_eq!(calls.last(), Some(&Call::Read));
    }
}

#[test]
fn batches_of_128_are_gathered_on_the_device_and_read_once_an_epoch() {
    // The seed of the posterior draws is another number in every step.
    check_calls(128, OptimizerKind::Momentum, 1);
}

#[test]
fn batches_of_4096_are_gathered_on_the_device_and_read_once_an_epoch() {
    // And so is Adam's correction of its moments.
    check_calls(4096, OptimizerKind::Adam, 2);
}

/// Made-up images of 28x28 for so many steps, in a file of NumPy's.
fn write_images(path: &Path, images: usize) {
    let header =
        format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({images}, 28, 28), }}");
    // Ten bytes come before it, and all shall be a multiple of 64.
    let width = (header.len() + 11).next_multiple_of(64) - 11;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(
        u16::try_from(width + 1)
            .expect("a short header")
            .to_le_bytes(),
    );
    bytes.extend(format!("{header:width$}\n").bytes());
    bytes.extend((0..images * 784).map(|place| (place * place / 7 % 256) as u8));
    std::fs::write(path, bytes).expect("it is written");
}

/// Holds the launches of a step to `most`, where nothing else runs: the tuner picks now and then, beside other work mostly, kernels of ten launches and more in place of two. `ESPEJO_TEST_BATCH` images are in a batch, else 8; on software Vulkan 128 are a few launches
/// more or less, for long sums have stages.
fn check_launches(what: &str, model: ModelConfig, noise: Option<&str>, most: usize) {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if opened().is_none() {
        return;
    }
    let batch =
        std::env::var("ESPEJO_TEST_BATCH").map_or(8, |batch| batch.parse().expect("images"));
    let scratch = tempfile::tempdir().expect("a folder");
    let images = scratch.path().join("images.npy");
    write_images(&images, STEPS * batch);
    let mut config = RunConfig {
        model: ModelConfig {
            activation: Activation::Relu,
            ..model
        },
        train: TrainConfig {
            learning_rate: 1e-3,
            ..counted(batch, OptimizerKind::Adam)
        },
        ..RunConfig::default()
    };
    config.data.name = images.display().to_string();
    config.noise.kind = noise.map(str::to_owned);
    let prepared = prepare(config).expect("it is prepared");
    let epochs = settled(&prepared).into_iter();
    // An evaluation has launches of its own.
    let launches: Vec<usize> = epochs
        .filter(|(epoch, _)| epoch % 2 == 1)
        .map(|(_, calls)| count(&calls, Call::Launch))
        .collect();
    let a_step = launches.iter().sum::<usize>() as f64 / (launches.len() * STEPS) as f64;
    measured(&json!({ "launches": what, "a_step": a_step, "batch": batch, "epochs": launches }));
    assert!(a_step > 10.0, "{what}: are launches counted at all?");
    assert!(
        a_step <= most as f64,
        "{what}: {launches:?} launches in {STEPS} steps"
    );
}

#[test]
#[ignore = "a measurement, of scripts/gpu: kernels are picked by their time, and so is how many launches they are"]
fn launches_of_the_dense_vae_of_the_benchmarks() {
    let model = ModelConfig {
        kind: ModelKind::Vae,
        layers: vec![DenseStep::Size(256)],
        latent: Some(2),
        ..ModelConfig::default()
    };
    check_launches("w1", model, None, 90);
}

#[test]
#[ignore = "a measurement, of scripts/gpu: kernels are picked by their time, and so is how many launches they are"]
fn launches_of_the_convolutional_denoiser_of_the_benchmarks() {
    let model = ModelConfig {
        kind: ModelKind::Dae,
        layers: Vec::new(),
        conv: Some("32,16".into()),
        latent: Some(0),
        ..ModelConfig::default()
    };
    check_launches("w2", model, Some("gaussian:0.3"), 100);
}
