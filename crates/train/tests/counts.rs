//! How many numbers a net has to learn, counted by hand.

use burn::module::Module;
use espejo_ae::AeConfig;
use espejo_dae::DaeConfig;
use espejo_nets::{Activation, Model, Noise, Range, seeded};
use espejo_train::device;
use espejo_vae::VaeConfig;

/// Holds the whole and the sum of the layer table against `expected`; a build without a CPU backend has nothing to count on.
fn check<M: Model>(init: impl FnOnce(&burn::tensor::Device) -> M, expected: usize) {
    let Ok(chosen) = device::choose("cpu") else {
        return;
    };
    let model = init(&chosen.device);
    assert_eq!(Module::num_params(&model), expected);
    let rows = model.table().into_iter().map(|(_, row)| row.parameters);
    assert_eq!(rows.sum::<usize>(), expected, "the layer table");
}

fn vae<'a>(
    pixels: usize,
    hidden: &'a [usize],
) -> impl FnOnce(&burn::tensor::Device) -> espejo_vae::Vae + 'a {
    move |device| {
        VaeConfig::mirrored(pixels, hidden, 2, Activation::Relu).init(&mut seeded(1), device)
    }
}

#[test]
fn a_variational_autoencoder_of_letters_has_1_287() {
    // 35 * 16 + 16, twice 16 * 2 + 2, 2 * 16 + 16, 16 * 35 + 35
    check(vae(35, &[16]), 576 + 68 + 48 + 595);
    check(vae(35, &[16]), 1_287);
}

#[test]
fn a_variational_autoencoder_of_digits_has_404_244() {
    check(vae(784, &[256]), 404_244);
}

#[test]
fn a_variational_autoencoder_of_faces_has_3_798_846() {
    check(vae(1850, &[1024]), 3_798_846);
}

#[test]
fn an_autoencoder_without_hidden_layers_has_887() {
    let config = AeConfig::mirrored(35, &[], 12, Activation::Tanh);
    check(|device| config.init(&mut seeded(1), device), 887);
}

#[test]
fn a_denoising_autoencoder_has_those_of_its_network() {
    let config = DaeConfig {
        autoencoder: AeConfig::mirrored(35, &[], 12, Activation::Tanh),
        noise: Noise::SaltPepper(0.1),
        range: Range::Unit,
    };
    check(|device| config.init(&mut seeded(1), device), 887);
}
