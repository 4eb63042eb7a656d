//! Where a training step of the convolutional classifier of `scripts/bench peers` (w7) spends its time, without an optimiser:
//! `cargo run --release -p espejo-nets --example classifier_step [STEPS]`, alone or under `perf record`.
//!
//! Each layer is timed as the difference between nets that end before and after it, forward and backward, on random images.

use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

use burn::tensor::{Device, Distribution, Tensor, activation};
use espejo_nets::{Activation, Initializer, LayerConfig, Layers, LayersConfig, Window, seeded};

const BATCH: usize = 128;

fn main() -> Result<(), Box<dyn Error>> {
    let steps = std::env::args()
        .nth(1)
        .map_or(Ok(100), |text| text.parse())?;
    let device = Device::flex().autodiff();
    let whole = classifier();
    let mut out = std::io::stdout();
    let mut before = Duration::ZERO;
    for count in 1..=whole.layers.len() {
        let mut config = whole.clone();
        config.layers.truncate(count);
        let layers = config.init(Initializer::He, &mut seeded(1), &device);
        let time = fastest(&layers, steps, &device);
        let (added, total) = (millis(time) - millis(before), millis(time));
        let (layer, after) = &config.layers[count - 1];
        writeln!(
            out,
            "{added:7.3} ms, {total:7.3} in all: {layer:?}, {after:?}"
        )?;
        before = time;
    }
    Ok(())
}

/// conv 32, pool, batch norm, conv 16, pool, batch norm, dense 10.
fn classifier() -> LayersConfig {
    let mut config = LayersConfig::new([1, 28, 28]);
    for outputs in [32, 16] {
        let input = config.output();
        let conv = LayerConfig::Conv {
            input,
            outputs,
            window: Window::same(3, 1),
        };
        config.layers.push((conv, Activation::Relu));
        let input = config.output();
        config
            .layers
            .push((LayerConfig::Pool { input }, Activation::Linear));
        let input = config.output();
        config
            .layers
            .push((LayerConfig::BatchNorm { input }, Activation::Linear));
    }
    config.push_linear(10, Activation::Linear);
    config
}

/// The fastest of some steps, forward and backward.
fn fastest(layers: &Layers, steps: usize, device: &Device) -> Duration {
    let images = Tensor::<2>::random([BATCH, 784], Distribution::Uniform(0.0, 1.0), device); // [batch, pixels]
    let times = (0..steps).map(|_| {
        let begun = Instant::now();
        let outputs = layers.forward(images.clone()); // [batch, outputs]
        drop(loss(outputs).backward());
        begun.elapsed()
    });
    times.min().unwrap_or_default()
}

/// The mean softmax cross-entropy of the first class; after hidden layers, whose outputs are no logits, their sum, whose gradient
/// costs least.
fn loss(outputs: Tensor<2>) -> Tensor<1> {
    if outputs.dims()[1] != 10 {
        return outputs.sum();
    }
    let log = activation::log_softmax(outputs, 1); // [batch, 10]
    -log.slice([0..BATCH, 0..1]).mean()
}

fn millis(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}
