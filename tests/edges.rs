//! Runs at the edge of what a configuration may say: they work, or they are refused, and never panic.

use std::fs;

use crate::program::Room;

/// Trains two epochs with every picture drawn.
#[track_caller]
fn works(more: &[&str]) {
    let room = Room::new();
    let ran = room.run(&[&["train", "--device", "cpu", "--epochs", "2"], more].concat());
    assert_eq!(ran.code, Some(0), "{more:?}: {ran:?}");
}

#[test]
fn unusual_nets_and_small_sets_train_and_are_drawn() {
    works(&[
        "--model",
        "vae",
        "--layers",
        "35,2,35",
        "--set",
        "objective.weight_decay=0.01",
    ]);
    works(&["--first", "1"]);
    works(&["--first", "1", "--model", "dae"]);
    works(&["--latent", "1"]);
    works(&["--latent", "3000"]);
    for loss in ["mse", "mae", "log-cosh", "correntropy", "entropic"] {
        works(&["--loss", loss]);
    }
}

#[test]
fn a_checkpoint_that_was_kept_is_opened_by_its_number() {
    let room = Room::new();
    let every = [
        "--set",
        "train.checkpoint_every=2",
        "--set",
        "train.eval_every=1",
    ];
    room.train("kept", &every);
    let eval = |which: &str| room.run(&["eval", "kept", "--checkpoint", which, "--json"]);
    let four: serde_json::Value = serde_json::from_str(&eval("4").stdout).expect("JSON");
    assert_eq!(four["epoch"], 4);
    let twenty: serde_json::Value = serde_json::from_str(&eval("20").stdout).expect("JSON");
    assert!(four["metrics"]["loss"].as_f64() > twenty["metrics"]["loss"].as_f64());
    assert_eq!(eval("5").code, Some(5), "5 was not kept");
    assert_eq!(eval("worst").code, Some(2));
}

#[test]
fn a_run_that_diverges_keeps_its_best_weights() {
    let room = Room::new();
    let diverges = [
        "--optimizer",
        "sgd",
        "--loss",
        "mse",
        "--set",
        "model.output_activation=linear",
    ];
    let run = [
        "train",
        "--device",
        "cpu",
        "--no-figures",
        "--name",
        "kept",
        "--set",
        "train.eval_every=1",
    ];
    let long = ["--lr", "5", "--schedule", "constant", "--epochs", "3000"];
    let ran = room.run(&[&run[..], &diverges, &long].concat());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr.contains("the last good checkpoint stays in"),
        "{ran:?}"
    );
    assert_eq!(room.run(&["eval", "kept"]).code, Some(0));
}

#[test]
fn a_map_of_codes_with_a_row_too_many_is_refused() {
    let room = Room::new();
    room.train("run", &[]);
    let path = room.path("runs/run/codes.csv");
    let text = fs::read_to_string(&path).expect("it was written");
    fs::write(&path, format!("{text}20,32,0,0\n")).expect("the room is writable");
    let ran = room.run(&["animate", "run"]);
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("has 33 codes, expected 32"), "{ran:?}");
}
