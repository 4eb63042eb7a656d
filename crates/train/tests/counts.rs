//! How many numbers a net has to learn, counted by hand.

use burn::module::Module;
use espejo_ae::AeConfig;
use espejo_dae::DaeConfig;
use espejo_data::Shape;
use espejo_nets::{Activation, Model, seeded};
use espejo_train::{Layout, Preset, RunConfig, Spec, device, merge};
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

/// Holds the net of a preset for pictures of this shape against `expected`.
fn check_preset(name: &str, (channels, height, width): (usize, usize, usize), expected: usize) {
    let shape = Shape {
        channels,
        height,
        width,
    };
    let preset = Preset::find(name).expect(name);
    let config = merge::into_config(preset.table(), name).expect(name);
    let spec = Spec::new(&config, shape).expect(name);
    check(|device| spec.init(&config, device), expected);
}

#[test]
fn the_presets_have_the_counts_of_the_documents() {
    check_preset("s5", (1, 7, 5), 887);
    check_preset("s6", (1, 7, 5), 1_287);
    check_preset("s7", (1, 28, 28), 404_244);
    check_preset("s22", (1, 28, 28), 404_244);
    check_preset("s8", (1, 50, 37), 3_798_846);
    check_preset("s27", (3, 32, 32), 3_203);
    check_preset("s33", (1, 28, 28), 12_537);
    check_preset("s33b", (1, 28, 28), 12_537);
    // 320 + 4,624 + 2,320 + 4,640 + 289
    check_preset("fashion-dae", (1, 28, 28), 12_193);
}

/// Holds the whole of a classifier's preset, and how many of it are not trained, against the numbers of the document.
fn check_classifier(name: &str, expected: usize, non_trainable: usize) {
    let preset = Preset::find(name).expect(name);
    let config = merge::into_config(preset.table(), name).expect(name);
    let shape = Shape {
        channels: 3,
        height: 32,
        width: 32,
    };
    let photographs = Layout {
        outputs: 100,
        ..Layout::from(shape)
    };
    let spec = Spec::new(&config, photographs).expect(name);
    check(
        |device| {
            let model = spec.init(&config, device);
            let rows = model.table().into_iter();
            let fixed: usize = rows.map(|(_, row)| row.non_trainable).sum();
            assert_eq!(fixed, non_trainable, "{name}, non-trainable");
            model
        },
        expected,
    );
}

#[test]
fn the_classifiers_of_exercise_10_have_the_counts_of_document_004() {
    check_classifier("s36-alexnet", 5_744_964, 4_800);
    check_classifier("s36-vgg", 5_799_440, 4_486);
}

#[test]
fn the_net_of_document_002_that_hashes_has_its_count() {
    let preset = Preset::find("s29").expect("a preset");
    let config = merge::into_config(preset.table(), "s29").expect("it is right");
    let shape = Shape {
        channels: 1,
        height: 1,
        width: 1000,
    };
    let words = Layout {
        table: true,
        ..Layout::from(shape)
    };
    let spec = Spec::new(&config, words).expect("it fits");
    // 1000 * 256 + 256, 256 * 10 + 10, 10 * 256 + 256, 256 * 1000 + 1000; noise has none.
    let expected = 256_256 + 2_570 + 2_816 + 257_000;
    assert_eq!(expected, 518_642);
    check(|device| spec.init(&config, device), expected);
}

/// A preset of film reviews, for samples of this width; `tokens` where they are sequences.
fn check_reviews(name: &str, width: usize, tokens: Option<usize>, expected: usize) {
    let preset = Preset::find(name).expect("a preset");
    let config = merge::into_config(preset.table(), name).expect("it is right");
    let shape = Shape {
        channels: 1,
        height: 1,
        width,
    };
    let reviews = Layout {
        table: true,
        outputs: 1,
        tokens,
        ..Layout::from(shape)
    };
    let spec = Spec::new(&config, reviews).expect("it fits");
    check(|device| spec.init(&config, device), expected);
}

#[test]
fn the_nets_of_document_004_that_read_have_their_counts() {
    // 10,000 * 100 + 100, 100 * 10 + 10, (10,000 + 10) * 1 + 1; four numbers for each of 110 channels of batch normalisation.
    let plain = 1_000_100 + 1_010 + 10_011;
    assert_eq!(plain, 1_011_121);
    check_reviews("s39-bow", 10_000, None, plain);
    check_reviews("s39-bow-dropout", 10_000, None, plain);
    check_reviews("s39-bow-batchnorm", 10_000, None, plain + 440);
    // As published.
    check_reviews("s39-embedding", 500, Some(10_000), 1_937_121);
    check_reviews("s39-conv", 500, Some(10_000), 172_305);
}

#[test]
fn batch_normalisation_has_four_numbers_a_channel() {
    let mut config = RunConfig::default();
    config.model.layers = Vec::new();
    config.model.conv = Some("4".into());
    config.model.batch_norm = true;
    let shape = Shape {
        channels: 1,
        height: 7,
        width: 5,
    };
    let spec = Spec::new(&config, shape).expect("a good configuration");
    // Down: conv 40, norm 16, waist 4*4*3 * 2 + 2; up: 2 * 48 + 48, conv 148, norm 16, conv 37.
    check(
        |device| spec.init(&config, device),
        40 + 16 + 98 + 144 + 148 + 16 + 37,
    );
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
    };
    check(|device| config.init(&mut seeded(1), device), 887);
}
