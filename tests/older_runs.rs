//! Runs of the version before tasks open, evaluate and go on; they lie in `tests/data/runs-before-tasks`, one of each kind.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::Room;

/// A run of before, and the test loss that its own version reached when it went on to 60 epochs; a training in double precision is
/// repeated, and ends where it ended.
const RUNS: [(&str, Option<f64>); 4] = [
    ("ae", Some(14.310365676879883)),
    ("dae", Some(15.270490646362305)),
    ("vae-conv", Some(20.77180290222168)),
    ("bfgs", None),
];

fn copied(room: &Room, name: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/runs-before-tasks");
    copy(&kept.join(name), &room.path(&format!("runs/{name}")));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("it is kept") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).expect("it copies")),
        }
    }
}

/// Close enough for another backend, and far closer than another training would be.
#[track_caller]
fn close(found: &Value, expected: &Value, tolerance: f64, what: &str) {
    let (found, expected) = (found.as_f64(), expected.as_f64());
    let (Some(found), Some(expected)) = (found, expected) else {
        panic!("{what}: {found:?} beside {expected:?}");
    };
    let apart = (found - expected).abs() / expected.abs().max(1e-6);
    assert!(apart < tolerance, "{what}: {found} beside {expected}");
}

/// The device of these runs with how close numbers must come, or another one, whose noise and draws are others.
fn device() -> (&'static str, f64) {
    let room = Room::new();
    let probe = room.run(&["train", "--device", "flex", "--dry-run"]);
    match probe.code {
        Some(0) => ("flex", 1.0),
        _ => ("cpu", 10.0),
    }
}

#[test]
fn a_run_of_the_version_before_gives_its_own_metrics() {
    let (device, slack) = device();
    for (name, _) in RUNS {
        let room = Room::new();
        copied(&room, name);
        let noted = room.json(&format!("runs/{name}/run.json"));
        let run = room.run(&["eval", name, "--json", "--device", device]).ok();
        let found: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let metrics = noted["metrics"]["test"].as_object().expect("it completed");
        for (key, expected) in metrics {
            // Another processor adds up in another order; a pixel at the threshold may fall on the other side.
            let tolerance = slack * if key.starts_with("wrong") { 0.06 } else { 1e-3 };
            close(
                &found["metrics"][key],
                expected,
                tolerance,
                &format!("{name}, {key}"),
            );
        }
        let inspected = room.run(&["inspect", name, "--device", device]).ok();
        assert!(
            inspected.stdout.contains("completed"),
            "{}",
            inspected.stdout
        );
    }
}

#[test]
fn a_run_of_the_version_before_goes_on_where_it_stopped() {
    let (device, slack) = device();
    for (name, expected) in RUNS {
        let Some(expected) = expected else { continue };
        let room = Room::new();
        copied(&room, name);
        let resume = [
            "train", "--resume", name, "--epochs", "60", "--device", device,
        ];
        room.run(&[&resume[..], &["--no-figures"]].concat()).ok();
        let report = room.json(&format!("runs/{name}/run.json"));
        assert_eq!(report["epochs"]["completed"], 60, "{name}");
        let rows = room.text(&format!("runs/{name}/metrics.csv"));
        let header: Vec<&str> = rows.lines().next().expect("a header").split(',').collect();
        let place = header.iter().position(|column| *column == "test_loss");
        let last = rows
            .lines()
            .last()
            .expect("rows")
            .split(',')
            .nth(place.expect("a column"));
        let loss: f64 = last.and_then(|cell| cell.parse().ok()).expect("a loss");
        close(&loss.into(), &expected.into(), 0.02 * slack, name);
        assert_eq!(rows.lines().count(), 61, "{name}: a row an epoch");
    }
}
