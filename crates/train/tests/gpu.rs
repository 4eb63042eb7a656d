//! What a training asks of a GPU beside computing: reads, waits, uploads and memory. Software Vulkan is enough to count them.
//!
//! They are counted inside wgpu, which logs every call it gets: a read or a wait hidden in Burn counts like one of our own. A machine
//! without an adapter leaves these tests out and says so; with `ESPEJO_REQUIRE_WGPU=1` it fails.

#![cfg(feature = "wgpu")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use espejo_train::config::{ModelConfig, ModelKind, OptimizerKind, RunConfig, TrainConfig};
use espejo_train::{Event, Folder, Prepared, device, fit, prepare};

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

/// Whatever it computes: software adapters are wrong in long sums, of which there are none here.
const DEVICE: &str = "wgpu!";

/// Whether there is an adapter.
fn adapter() -> bool {
    let required = std::env::var("ESPEJO_REQUIRE_WGPU").is_ok_and(|value| value == "1");
    match device::choose(DEVICE) {
        Ok(_) => true,
        Err(error) => {
            assert!(!required, "{error}");
            eprintln!("skipped: {error}");
            false
        }
    }
}

/// One training at a time: calls and memory are those of the whole process.
static RUNNING: Mutex<()> = Mutex::new(());

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
            device: DEVICE.into(),
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

/// Holds the calls of epochs, evaluated every second time, to: one write of the order and `arguments` a step, one read, and one
/// more read of an evaluation.
fn check_calls(batch_size: usize, optimizer: OptimizerKind, arguments: usize) {
    const STEPS: usize = 3;
    /// Kernels are compiled and tuned before.
    const SETTLED: usize = 5;
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if !adapter() {
        return;
    }
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| log::set_logger(&Calls).expect("the first logger"));
    log::set_max_level(log::LevelFilter::Trace);
    let prepared = vae(
        STEPS * batch_size,
        TrainConfig {
            epochs: SETTLED + 4,
            batch_size,
            optimizer,
            eval_every: 2,
            checkpoint_seconds: 1e9,
            ..TrainConfig::default()
        },
    );
    let mut settled = Vec::new();
    train(&prepared, |epoch| {
        let calls = take_calls();
        if epoch >= SETTLED {
            settled.push((epoch, calls));
        }
    });
    log::set_max_level(log::LevelFilter::Off);
    assert_eq!(settled.len(), 4);
    for (epoch, calls) in settled {
        let count = |call: Call| calls.iter().filter(|other| **other == call).count();
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

/// Trains for 200 epochs and holds the memory of the device after them to that after 20.
fn check_memory(prepared: impl FnOnce() -> Prepared) {
    let _guard = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if !adapter() {
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
    eprintln!("after 20 epochs {early:?}, after 200 {late:?}");
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
    check_memory(|| {
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
    check_memory(|| {
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
                device: DEVICE.into(),
                ..TrainConfig::default()
            },
            ..RunConfig::default()
        };
        config.data.first = Some(10);
        config.noise.kind = Some("gaussian:0.2".into());
        prepare(config).expect("it is prepared")
    });
}
