//! The weights on disk are all there is to a model: read elsewhere, they give the same numbers.

use std::fs;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::program::{Room, ran};

const MODEL: &str = "runs/letters/checkpoints/best/model.safetensors";
const PIXELS: usize = 35;
const TOLERANCE: f64 = 1e-5;

/// A linear layer: `weight` is `[outputs][inputs]`.
struct Linear {
    weight: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

impl Linear {
    fn read(file: &SafeTensors<'_>, name: &str, shape: [usize; 2]) -> Self {
        let [outputs, inputs] = shape;
        let read = |part: &str, shape: &[usize]| -> Vec<f64> {
            let tensor = file.tensor(&format!("{name}.{part}")).expect("named so");
            assert_eq!(tensor.shape(), shape, "{name}.{part}");
            let words = tensor.data().as_chunks::<4>().0;
            words
                .iter()
                .map(|w| f32::from_le_bytes(*w).into())
                .collect()
        };
        let weight = read("weight", &[outputs, inputs]);
        Self {
            weight: weight.chunks(inputs).map(<[f64]>::to_vec).collect(),
            bias: read("bias", &[outputs]),
        }
    }

    fn of(&self, input: &[f64], activation: fn(f64) -> f64) -> Vec<f64> {
        let sum = |row: &Vec<f64>| row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>();
        let rows = self.weight.iter().zip(&self.bias);
        rows.map(|(row, bias)| activation(sum(row) + bias))
            .collect()
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Codes and reconstructions of pictures: tanh, linear; tanh, sigmoid.
fn forward(bytes: &[u8], pictures: &[Vec<f64>]) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let file = SafeTensors::deserialize(bytes).expect("a safetensors file");
    assert_eq!(file.len(), 8);
    let layers = [
        Linear::read(&file, "encoder.0", [25, PIXELS]),
        Linear::read(&file, "encoder.1", [2, 25]),
        Linear::read(&file, "decoder.0", [25, 2]),
        Linear::read(&file, "decoder.1", [PIXELS, 25]),
    ];
    let encode = |x: &Vec<f64>| layers[1].of(&layers[0].of(x, f64::tanh), |x| x);
    let decode = |z: &Vec<f64>| layers[3].of(&layers[2].of(z, f64::tanh), sigmoid);
    let codes: Vec<Vec<f64>> = pictures.iter().map(encode).collect();
    let outputs = codes.iter().map(decode).collect();
    (codes, outputs)
}

/// The rows of `reconstruction.csv` that hold `what`, a picture each.
fn drawn(room: &Room, what: &str) -> Vec<Vec<f64>> {
    let text = room.text("runs/letters/figures/reconstruction.csv");
    let values: Vec<f64> = text
        .lines()
        .filter(|line| line.starts_with(what))
        .map(|line| line.rsplit(',').next().expect("a last cell"))
        .map(|cell| cell.parse().expect("a number"))
        .collect();
    assert_eq!(values.len(), 32 * PIXELS, "{what}");
    values.chunks(PIXELS).map(<[f64]>::to_vec).collect()
}

#[track_caller]
fn check(found: &[Vec<f64>], expected: &[Vec<f64>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
        let scale = expected.abs().max(1.0);
        assert!(
            (found - expected).abs() <= TOLERANCE * scale,
            "{found} is not {expected}"
        );
    }
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).expect("rows of numbers")
}

/// A trained run `letters` with its codes and its `reconstruction.csv`.
fn trained() -> (Room, Vec<Vec<f64>>) {
    let room = Room::new();
    room.train("letters", &["--epochs", "1000"]);
    room.run(&["reconstruct", "letters"]).ok();
    let codes = rows(&room.run(&["encode", "letters", "--json"]).ok().json()["codes"]);
    (room, codes)
}

#[test]
fn the_file_gives_the_codes_and_pictures_of_the_program() {
    let (room, codes) = trained();
    let (found_codes, found_pictures) = forward(&room.bytes(MODEL), &drawn(&room, "original"));
    check(&found_codes, &codes);
    check(&found_pictures, &drawn(&room, "output"));
}

#[test]
fn python_reads_the_file_without_this_program() {
    let python = std::env::var("ESPEJO_PYTHON").unwrap_or_else(|_| "python3".into());
    let (room, codes) = trained();
    let probe = room
        .in_it(&python, &["-c", "import numpy, safetensors.numpy"])
        .output();
    if !probe.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: `{python}` has no numpy or no safetensors; ESPEJO_PYTHON names another one"
        );
        return;
    }
    let pictures = drawn(&room, "original");
    room.write(
        "pictures.json",
        serde_json::to_vec(&pictures).expect("numbers"),
    );
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/forward.py");
    fs::copy(script, room.path("forward.py")).expect("there");
    let args = ["forward.py", MODEL, "pictures.json"];
    let result = ran(&mut room.in_it(&python, &args)).ok().json();
    check(&rows(&result["codes"]), &codes);
    check(&rows(&result["pictures"]), &drawn(&room, "output"));
}
