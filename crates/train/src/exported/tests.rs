//! Every kind of layer through ONNX Runtime and through the net of a report's page, those among them that no configuration asks for yet.

use std::path::Path;
use std::process::Command;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use espejo_export::{Array, Graph, Numbers, Output, Signal, onnx};
use espejo_nets::{
    Activation, Initializer, Join, LayerConfig, Layers, LayersConfig, Padding, Window, seeded,
};
use espejo_report::{Check, Language, Net, Page, Part, Precision, SampleKind, Section, Space};
use rand::{Rng, RngExt};

use super::layers::stack;
use crate::tensors::{self, Named};

/// Runs `model.onnx` on `input.npy` of a folder into `output.bin`.
const RUN: &str = "
import sys, numpy, onnx, onnxruntime
folder = sys.argv[1]
onnx.checker.check_model(folder + '/model.onnx', full_check=True)
session = onnxruntime.InferenceSession(folder + '/model.onnx', providers=['CPUExecutionProvider'])
session.run(None, {'input': numpy.load(folder + '/input.npy')})[0].astype('<f4').tofile(folder + '/output.bin')
";
const BATCH: usize = 5;
const TOLERANCE: f32 = 1e-5;

/// A Python with ONNX Runtime, where there is one.
fn python() -> Option<String> {
    let python = std::env::var("ESPEJO_PYTHON").unwrap_or_else(|_| "python3".into());
    let probe = Command::new(&python)
        .args(["-c", "import numpy, onnx, onnxruntime"])
        .output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!(
        "skipped: `{python}` has no numpy, onnx and onnxruntime; ESPEJO_PYTHON names another one"
    );
    None
}

/// A device for tests; none in a build with wgpu alone.
fn device() -> Option<Device> {
    crate::device::choose("cpu")
        .ok()
        .map(|chosen| chosen.device)
}

/// Layers with weights, biases and running statistics that are all drawn: fresh biases are 0, which would hide a lost one.
fn drawn(config: &LayersConfig, device: &Device, rng: &mut impl Rng) -> Layers {
    let layers = config.init(Initializer::Glorot, rng, device);
    let named = tensors::collect(&layers).into_iter();
    let named: Vec<Named> = named
        .map(|mut tensor| {
            let is_variance = tensor.name.ends_with("running_var");
            for value in &mut tensor.values {
                let drawn = rng.random::<f32>();
                *value = if is_variance {
                    0.5 + drawn
                } else {
                    drawn - 0.4
                };
            }
            tensor
        })
        .collect();
    tensors::apply(layers, named)
        .expect("the same names")
        .valid()
}

#[track_caller]
fn check(name: &str, config: &LayersConfig, inputs: impl Fn(f32) -> f32) {
    let Some(device) = device() else {
        return;
    };
    config.check().expect("layers that can be built");
    let mut rng = seeded(7);
    let layers = drawn(config, &device, &mut rng);
    let width = config.input_size();
    let values: Vec<f32> = (0..BATCH * width)
        .map(|_| inputs(rng.random::<f32>()))
        .collect();
    let data = TensorData::new(values.clone(), [BATCH, width]);
    let expected = layers.forward(Tensor::from_data(data, &device)); // [batch, outputs]
    let expected: Vec<f32> = expected.into_data().iter().collect();

    let named = tensors::collect(&layers).into_iter();
    // The stack alone has no name before its layers.
    let mut weights = named
        .map(|tensor| {
            let values = espejo_export::Tensor::new(tensor.shape, tensor.values);
            (format!("net.{}", tensor.name), values)
        })
        .collect();
    let graph = Graph {
        name: name.to_owned(),
        input: Signal::plain("input", [width]),
        layers: stack("net", config, &mut weights),
        outputs: vec![Output {
            signal: Signal::plain("output", [config.output_size()]),
            head: None,
        }],
        tells_class: false,
        score: None,
    };
    assert!(weights.is_empty(), "{name}: every weight is in the graph");
    in_page(name, &graph, &values, &expected);
    let Some(python) = python() else {
        return;
    };
    let room = tempfile::tempdir().expect("a folder");
    let write = |file: &str, bytes: Vec<u8>| {
        std::fs::write(room.path().join(file), bytes).expect("it can be written");
    };
    write("model.onnx", onnx(&graph, &[]).expect("it is small"));
    let input = Array {
        shape: vec![BATCH, width],
        numbers: Numbers::Single(values),
    };
    write("input.npy", input.npy());
    let found = by_onnxruntime(&python, room.path());
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = (found.iter().zip(&expected))
        .map(|(found, expected)| (found - expected).abs() / expected.abs().max(1.0))
        .fold(0.0, f32::max);
    assert!(largest <= TOLERANCE, "{name}: {largest:e}");
    eprintln!("{name}: {largest:.1e}");
}

/// A browser, where there is one.
fn chromium() -> Option<String> {
    let named = std::env::var("ESPEJO_CHROMIUM").ok();
    let usual = ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned);
    let mut programs = named.into_iter().chain(usual);
    let found = programs.find(|program| {
        let probe = Command::new(program).arg("--version").output();
        probe.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        eprintln!("skipped: there is no Chromium; ESPEJO_CHROMIUM names one");
    }
    found
}

/// Holds what the net in a page gives against ours: the page itself does so when it is opened.
#[track_caller]
fn in_page(name: &str, graph: &Graph, inputs: &[f32], expected: &[f32]) {
    let Some(chromium) = chromium() else {
        return;
    };
    let (inside, outputs) = (inputs.len() / BATCH, expected.len() / BATCH);
    let span = expected
        .iter()
        .fold(1.0, |most: f32, value| most.max(value.abs()));
    let space = Space {
        kind: SampleKind::Row,
        names: (0..inside).map(|place| place.to_string()).collect(),
        codes: inputs.to_vec(),
        captions: Vec::new(),
        classes: Vec::new(),
        labels: vec![u16::MAX; BATCH],
        given: None,
        net: Net {
            layers: graph.layers.clone(),
            precision: Precision::Single,
        },
        signal: graph.outputs[0].signal.clone(),
        shape: [1, 1, outputs],
        ink: false,
        columns: (0..outputs).map(|place| place.to_string()).collect(),
        spans: vec![(-1.0, 1.0); outputs],
        pictures: None,
        rows: None,
        says: None,
        prior: false,
        as_columns: false,
        check: Check {
            codes: inputs.to_vec(),
            expected: expected.to_vec(),
            ranges: vec![span],
        },
        captions_of: ("decoded at the ring", "its reconstruction"),
    };
    let page = Page {
        sections: vec![Section::new(name, vec![Part::Space])],
        space: Some(space),
        ..Page::new(Language::English)
    };
    let room = tempfile::tempdir().expect("a folder");
    let path = room.path().join("page.html");
    std::fs::write(&path, page.html()).expect("it can be written");
    let profile = format!("--user-data-dir={}", room.path().join("profile").display());
    let address = format!("file://{}", path.display());
    let ran = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--virtual-time-budget=5000",
        ])
        .args([profile.as_str(), "--dump-dom", &address])
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&ran.stdout);
    let difference = dom.split("data-difference=\"").nth(1);
    let difference = difference.and_then(|rest| rest.split('"').next()?.parse::<f32>().ok());
    let errors = String::from_utf8_lossy(&ran.stderr);
    let difference = difference.unwrap_or_else(|| panic!("{name}: the page ran no net: {errors}"));
    assert!(
        difference <= TOLERANCE,
        "{name} in the page: {difference:e}"
    );
    eprintln!("{name} in the page: {difference:.1e}");
}

#[track_caller]
fn by_onnxruntime(python: &str, folder: &Path) -> Vec<f32> {
    let folder_name = folder.display().to_string();
    let ran = Command::new(python)
        .args(["-c", RUN, &folder_name])
        .output()
        .expect("Python starts");
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let bytes = std::fs::read(folder.join("output.bin")).expect("it was written");
    let words = bytes.as_chunks::<4>().0;
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

fn of(input: [usize; 3], layers: Vec<(LayerConfig, Activation)>) -> LayersConfig {
    LayersConfig { input, layers }
}

fn signed(value: f32) -> f32 {
    4.0 * value - 2.0
}

#[test]
fn activations() {
    for activation in Activation::ALL {
        let config = LayersConfig::dense([6, 5, 4], activation, activation);
        check(activation.name(), &config, signed);
    }
}

#[test]
fn convolutions_and_pooling_of_odd_sizes() {
    let input = [2, 7, 5];
    for (kernel, stride, padding) in [
        ([3, 3], 1, Padding::Same),
        ([3, 3], 2, Padding::Same),
        ([5, 3], 2, Padding::Valid),
        ([2, 4], 1, Padding::Same),
        ([4, 4], 2, Padding::Same),
        ([4, 2], 3, Padding::Valid),
        ([2, 2], 3, Padding::Same),
    ] {
        let window = Window {
            kernel,
            stride,
            padding,
        };
        let conv = LayerConfig::Conv {
            input,
            outputs: 3,
            window,
        };
        let name = format!("convolution {window}");
        check(&name, &of(input, vec![(conv, Activation::Relu)]), signed);
        let pool = LayerConfig::MaxPool { input, window };
        let name = format!("pooling {window}");
        check(&name, &of(input, vec![(pool, Activation::Linear)]), signed);
    }
    let pool = (LayerConfig::Pool { input }, Activation::Tanh);
    check("pooling by halves", &of(input, vec![pool]), signed);
}

#[test]
fn upsampling_and_transposed_convolutions_to_odd_sizes() {
    let input = [2, 4, 3];
    for output in [[8, 6], [7, 5], [8, 5]] {
        let up = LayerConfig::Upsample { input, output };
        let name = format!("upsampling to {output:?}");
        check(&name, &of(input, vec![(up, Activation::Linear)]), signed);
        for kernel in [1, 3, 5] {
            let transposed = LayerConfig::Transposed {
                input,
                outputs: 3,
                kernel,
                output,
            };
            let name = format!("transposed {kernel} to {output:?}");
            let layers = vec![(transposed, Activation::Elu)];
            check(&name, &of(input, layers), signed);
        }
    }
}

#[test]
fn normalisation_dropout_and_noise() {
    let (map, row) = ([3, 5, 4], [60, 1, 1]);
    let layers = vec![
        (LayerConfig::BatchNorm { input: map }, Activation::Relu),
        (
            LayerConfig::Dropout {
                input: map,
                rate: 0.5,
            },
            Activation::Linear,
        ),
        (LayerConfig::BatchNorm { input: row }, Activation::Linear),
        (
            LayerConfig::Noise {
                input: row,
                deviation: 2.0,
            },
            Activation::Sigmoid,
        ),
    ];
    check("normalisation", &of(map, layers), signed);
}

#[test]
fn embeddings_and_convolutions_along_a_text() {
    let (vocabulary, dimension, length) = (11, 4, 9);
    let map = [dimension, 1, length];
    let layers = vec![
        (
            LayerConfig::Embedding {
                vocabulary,
                dimension,
                length,
            },
            Activation::Linear,
        ),
        (
            LayerConfig::Conv {
                input: map,
                outputs: 5,
                window: Window {
                    kernel: [1, 3],
                    stride: 2,
                    padding: Padding::Same,
                },
            },
            Activation::Relu,
        ),
        (
            LayerConfig::Linear {
                inputs: 25,
                outputs: 3,
            },
            Activation::Linear,
        ),
    ];
    // Ids with fractions, below the first and beyond the last: the nearest id, the whole part of a fraction.
    let ids = |value: f32| 14.0 * value - 1.0;
    check("embedding", &of([length, 1, 1], layers), ids);
}

#[test]
fn skips() {
    let map = [2, 5, 3];
    let conv = |input: [usize; 3], outputs| LayerConfig::Conv {
        input,
        outputs,
        window: Window::same(3, 1),
    };
    for join in [Join::Add, Join::Concat] {
        let inner = of(
            map,
            vec![
                (conv(map, 3), Activation::Relu),
                (
                    LayerConfig::BatchNorm { input: [3, 5, 3] },
                    Activation::Tanh,
                ),
                (conv([3, 5, 3], 2), Activation::Linear),
            ],
        );
        let skip = LayerConfig::Skip {
            inner: Box::new(inner),
            join,
        };
        let behind = conv(skip.output(), 2);
        let layers = vec![(skip, Activation::Relu), (behind, Activation::Linear)];
        check(join.name(), &of(map, layers), signed);
    }
}
