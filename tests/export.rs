//! Models for other programs: run by ONNX Runtime and PyTorch, they give what the program itself gives.

use std::path::Path;

use serde_json::Value;

use crate::program::{Ran, Room, npy, ran};

/// The largest difference that is rounding.
const TOLERANCE: f64 = 1e-5;

/// A Python that can import these modules, where there is one.
fn python(room: &Room, modules: &str) -> Option<String> {
    let python = std::env::var("ESPEJO_PYTHON").unwrap_or_else(|_| "python3".into());
    let import = format!("import {modules}");
    let probe = room.in_it(&python, &["-c", &import]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    eprintln!("skipped: `{python}` cannot import {modules}; ESPEJO_PYTHON names another one");
    None
}

/// Exports a run into the folder `to`.
#[track_caller]
fn export(room: &Room, run: &str, to: &str, more: &[&str]) -> Ran {
    let args = [&["export", run, "--device", "cpu", "--to", to], more].concat();
    room.run(&args).ok()
}

/// Exports parts of a run in both formats, has them run where that can be, and holds all of their results against the program's.
#[track_caller]
fn check(room: &Room, run: &str, parts: &[&[&str]]) {
    for (format, modules) in [
        ("onnx", "numpy, onnxruntime"),
        ("torch", "numpy, torch, safetensors"),
    ] {
        let python = python(room, modules);
        for (place, part) in parts.iter().enumerate() {
            let to = format!("{run}-{format}-{place}");
            export(room, run, &to, &[&["--format", format], *part].concat());
            if let Some(python) = &python {
                let script = format!("{to}/check.py");
                ran(&mut room.in_it(python, &[&script])).ok();
                compared(room, run, &to);
            }
        }
    }
}

/// Holds the results in an export's folder against the program's.
#[track_caller]
fn compared(room: &Room, run: &str, to: &str) {
    let results = format!("{to}/outputs");
    let args = ["export", run, "--to", to, "--check", &results, "--json"];
    let args = [&args[..], &["--device", "cpu", "--runtime", "a runtime"]].concat();
    let ran = room.run(&args).ok();
    let found = ran.json();
    let certificate = room.json(&format!("{to}/certificate.json"));
    let outputs = certificate["outputs"].as_array().expect("outputs").len();
    let checks = found["checks"].as_array().expect("checks");
    assert_eq!(checks.len(), outputs, "every output is compared");
    for check in checks {
        let largest = check["largest_difference"]["value"].as_f64();
        eprintln!("{to} {}: {largest:?}", check["output"]);
        assert!(largest.expect("a number") <= TOLERANCE, "{check}");
    }
    let kept = room.json(&format!("{to}/certificate.json"));
    let kept = kept["checks"].as_array().expect("checks").clone();
    let of_runtime = |check: &&Value| check["runtime"] == "a runtime";
    let kept: Vec<&Value> = kept.iter().filter(of_runtime).collect();
    assert_eq!(kept, checks.iter().collect::<Vec<_>>());
}

/// Rows of numbers, a word and holes.
fn table(room: &Room, name: &str, rows: u32) {
    let mut text = "seconds,a,colour,b,y\n".to_owned();
    for row in 0..rows {
        let turn = f64::from(row) * 0.37;
        let (a, b) = (
            3.0 + 2.0 * turn.sin(),
            1e-4 * (turn.cos() + 0.3 * (3.0 * turn).sin()),
        );
        let colour = ["red", "green", "blue"][row as usize % 3];
        let seconds = 1_700_000_000 + row * 61;
        let a = if row % 17 == 5 {
            String::new()
        } else {
            format!("{a:.3}")
        };
        text += &format!(
            "{seconds},{a},{colour},{b:.7},{:.3}\n",
            100.0 * turn.sin() + 5.0
        );
    }
    room.write(name, text);
}

const PARTS: [&[&str]; 3] = [&[], &["--part", "encoder"], &["--part", "decoder"]];

#[test]
fn dense_nets_with_every_activation() {
    let room = Room::new();
    for activation in [
        "linear",
        "relu",
        "leaky-relu",
        "elu",
        "gelu",
        "silu",
        "tanh",
        "sigmoid",
    ] {
        let more = ["--layers", "9", "--activation", activation];
        room.train(activation, &more);
        check(&room, activation, &PARTS[..1]);
    }
}

#[test]
fn convolutions_of_odd_sizes_with_batch_normalisation() {
    let room = Room::new();
    let conv = ["--conv", "3,4", "--latent", "3", "--batch-norm"];
    room.train("pooled", &[&conv[..], &["--model", "vae"]].concat());
    check(
        &room,
        "pooled",
        &[PARTS[0], PARTS[1], PARTS[2], &["--normalised"]],
    );
    let strided = [
        "--down",
        "stride",
        "--up",
        "transpose",
        "--loss",
        "entropic",
    ];
    room.train("strided", &[&conv[..], &strided].concat());
    check(&room, "strided", &PARTS);
    room.train("open", &["--conv", "3,4", "--latent", "0", "--permute"]);
    check(&room, "open", &PARTS);
}

/// Pixels that Espejo reads as 256 steps are given as the file has them, and rounded in the graph.
#[test]
fn images_of_numbers_with_a_range() {
    let room = Room::new();
    let pixel = |at: u16| -5.0 + f32::from(at * 37 % 101) * 0.15;
    let pixels = (0..40 * 7 * 5).flat_map(|at: u16| pixel(at).to_le_bytes());
    let pixels: Vec<u8> = pixels.collect();
    room.write("x.npy", npy("<f4", "(40, 7, 5)", &pixels));
    room.train("ranged", &["x.npy", "--pixel-range=-5,10", "--layers", "9"]);
    check(&room, "ranged", &PARTS);
    let metadata = export(&room, "ranged", "j", &["--format", "json"]);
    assert!(metadata.stdout.contains("model.json"), "{metadata:#?}");
    let range = &room.json("j/model.json")["metadata"]["espejo.pixel_range"];
    assert_eq!(*range, serde_json::json!([-5.0, 10.0]));
}

#[test]
fn classifiers_of_images_by_a_chain() {
    let room = Room::new();
    let chain = "5k4s1,pool3s1,bn,4k2s2v,pool2v,dropout:.3";
    let more = [
        "--data",
        "fonts:all",
        "--model",
        "classifier",
        "--conv",
        chain,
    ];
    room.train("chain", &[&more[..], &["--layers", "12,bn"]].concat());
    check(&room, "chain", &[&[], &["--normalised"]]);
    let own = room.run(&["predict", "chain", "--device", "cpu"]).ok();
    assert!(own.stdout.lines().count() > 64);
}

#[test]
fn tables_in_their_own_units() {
    let room = Room::new();
    table(&room, "t.csv", 150);
    for (name, more) in [
        ("standard", ["--scale", "standardise"]),
        ("minmax", ["--scale", "min-max"]),
        ("quantile", ["--scale", "quantile"]),
        ("robust", ["--scale", "robust"]),
    ] {
        let model = [
            "t.csv",
            "--layers",
            "8",
            "--latent",
            "3",
            "--test-fraction=.3",
        ];
        room.train(name, &[&model[..], &more].concat());
        check(&room, name, &PARTS);
    }
    let model = ["t.csv", "--model", "regressor", "--target", "y"];
    room.train("numbers", &[&model[..], &["--columns", "a,b,y"]].concat());
    check(&room, "numbers", &[&[], &["--normalised"]]);
    let series = ["t.csv", "--window", "4", "--columns", "b,y"];
    room.train("series", &series);
    check(&room, "series", &PARTS[..2]);
}

/// Of a single output both probabilities go out, and the class is that of `predict`.
#[test]
fn a_single_output_tells_two_classes() {
    let room = Room::new();
    let mut text = "a,b,kind\n".to_owned();
    for row in 0..90 {
        let turn = f64::from(row) * 0.7;
        let a = if row % 7 == 3 {
            String::new()
        } else {
            format!("{:.3}", 50.0 + turn.sin())
        };
        let kind = if turn.sin() + 0.3 * turn.cos() > 0.0 {
            "up"
        } else {
            "down"
        };
        text += &format!("{a},{:.3},{kind}\n", turn.cos());
    }
    room.write("two.csv", &text);
    let model = [
        "two.csv",
        "--model",
        "classifier",
        "--target",
        "kind",
        "--loss",
        "bce",
        "--layers",
        "6",
    ];
    for (name, more) in [
        ("known", &["--fill", "mean"][..]),
        ("ranged", &["--fill", "mean", "--scale", "min-max"]),
    ] {
        room.train(name, &[&model[..], more].concat());
        check(&room, name, &[&[], &["--normalised"]]);
    }
    export(
        &room,
        "known",
        "two",
        &["--format", "json", "--samples", "90"],
    );
    let graph = room.json("two/model.json").to_string();
    assert!(graph.contains("both_classes"), "{graph}");
}

#[test]
fn flags_are_those_of_score() {
    let room = Room::new();
    table(&room, "t.csv", 150);
    let model = [
        "t.csv", "--drop", "colour", "--layers", "8", "--latent", "2",
    ];
    room.train("rows", &[&model[..], &["--test-fraction=.3"]].concat());
    room.train("letters", &["--model", "dae"]);
    for (run, kind) in [
        ("rows", "squared-error"),
        ("rows", "loss"),
        ("letters", "loss"),
    ] {
        let own = ["score", run, "--device", "cpu", "--score", kind];
        let own = [&own[..], &["--threshold", "quantile:.6", "--json"]].concat();
        let own = room.run(&own).ok().json();
        let to = format!("{run}-{kind}");
        export(&room, run, &to, &["--format", "onnx", "--samples", "1000"]);
        let certificate = room.json(&format!("{to}/certificate.json"));
        assert_eq!(certificate["score"]["kind"], kind);
        let samples = own["samples"].as_array().expect("samples");
        let flags: Vec<u8> = samples
            .iter()
            .map(|sample| u8::from(sample["flag"].as_bool().expect("a flag")))
            .collect();
        assert!(flags.contains(&1) && flags.contains(&0), "both kinds");
        // The flags of `score`, given as the results of another program, are those of the export.
        room.write(
            "flag.npy",
            npy("|b1", &format!("({},)", flags.len()), &flags),
        );
        let args = ["export", run, "--device", "cpu", "--to", &to];
        room.run(&[&args[..], &["--check", "flag.npy"]].concat())
            .ok();
        // One flag the other way round is found.
        let mut wrong = flags.clone();
        wrong[3] ^= 1;
        room.write(
            "flag.npy",
            npy("|b1", &format!("({},)", flags.len()), &wrong),
        );
        let failed = room.run(&[&args[..], &["--check", "flag.npy"]].concat());
        assert_eq!(failed.code, Some(6), "{failed:#?}");
        assert!(failed.stdout.contains("sample 3"), "{failed:#?}");
        if let Some(python) = python(&room, "numpy, onnxruntime") {
            ran(&mut room.in_it(&python, &[&format!("{to}/check.py")])).ok();
            compared(&room, run, &to);
        }
    }
    // What no graph says is left out, and said.
    room.train("v", &["--model", "vae"]);
    room.run(&["score", "v", "--score", "elbo"]).ok();
    let told = export(&room, "v", "v-onnx", &["--format", "onnx"]);
    assert!(
        told.stderr.contains("no score among the outputs"),
        "{told:#?}"
    );
    assert_eq!(
        room.json("v-onnx/certificate.json")["outputs"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_graph_says_what_its_numbers_mean() {
    let room = Room::new();
    table(&room, "t.csv", 60);
    room.train("r", &["t.csv", "--layers", "8"]);
    export(&room, "r", "net", &["--format", "json", "--samples", "0"]);
    let written = room.json("net/model.json");
    let metadata = &written["metadata"];
    let columns = metadata["espejo.columns"].as_array().expect("columns");
    assert_eq!(columns.len(), 7, "{metadata}");
    assert_eq!(columns[1], "a");
    assert_eq!(
        metadata["espejo.categories"].as_array().map(Vec::len),
        Some(1)
    );
    let input = &written["net"]["input"];
    assert_eq!(
        input["values"]["columns"]["shift"].as_array().map(Vec::len),
        Some(7)
    );
    let first = &written["net"]["layers"][0];
    assert_eq!(first["name"], "encoder.0");
    assert_eq!(
        first["kind"]["dense"]["weight"]["shape"],
        serde_json::json!([8, 7])
    );
    assert!(
        !Path::new(&room.path("net/input.npy")).exists(),
        "no samples were asked for"
    );
    let certificate = room.json("net/certificate.json");
    assert_eq!(certificate["samples"], 0);
    assert!(
        certificate["files"]["model.json"]
            .as_str()
            .is_some_and(|sum| sum.len() == 64)
    );
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let room = Room::new();
    room.train("r", &["--layers", "9"]);
    room.train("large", &["--layers", "1300,100"]);
    room.train(
        "c",
        &[
            "--data",
            "fonts:all",
            "--model",
            "classifier",
            "--layers",
            "9",
        ],
    );
    let export = |more: &[&str]| room.run(&[&["export"], more].concat());
    let refused = |more: &[&str], code: i32, words: &str| {
        let before = room.tree().len();
        let failed = export(more).failed(code);
        assert!(failed.stderr.contains(words), "{failed:#?}");
        assert_eq!(room.tree().len(), before, "nothing is left behind");
    };
    refused(&["r", "--to", "x"], 2, "no half is named");
    refused(
        &["r", "--to", "x", "--part", "whole"],
        2,
        "no half is named",
    );
    refused(
        &["r", "--to", "x", "--part", "encoder", "--normalised"],
        2,
        "other formats",
    );
    refused(&["large", "--to", "x", "--format", "json"], 2, "100000");
    refused(
        &["c", "--to", "x", "--format", "onnx", "--part", "encoder"],
        2,
        "no latent code",
    );
    refused(
        &["r", "--to", "runs", "--format", "onnx"],
        2,
        "exists already",
    );
    refused(&["r", "--to", "runs", "--check", "x.npy"], 2, "no export");
    export(&["r", "--to", "x", "--format", "onnx"]).ok();
    export(&["large", "--to", "l", "--format", "onnx"]).ok();
    refused(
        &["large", "--to", "x", "--check", "x/output.npy"],
        2,
        "other weights",
    );
    refused(
        &["r", "--to", "x", "--check", "x/absent.npy"],
        3,
        "absent.npy",
    );
    room.write("output.npy", npy("<f4", "(2, 2)", &[0; 16]));
    refused(&["r", "--to", "x", "--check", "output.npy"], 3, "[2, 2]");
    // Espejo's own results are at no difference from themselves.
    let same = export(&["r", "--to", "x", "--check", "x/output.npy", "--json"]).ok();
    assert_eq!(same.json()["checks"][0]["largest_difference"]["value"], 0.0);
    // Results that are other than the certificate says are no measure.
    room.write("x/output.npy", npy("<f4", "(2, 2)", &[0; 16]));
    refused(
        &["r", "--to", "x", "--check", "output.npy"],
        5,
        "not what the certificate says",
    );
}
