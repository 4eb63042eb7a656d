//! `espejo train`: the run it leaves, what it prints, and where its settings come from.

use std::fs;

use serde_json::Value;
use toml::Table;

use crate::program::Room;

/// Every key that `run.json` promises.
const REPORT: &str = "
version status command seed
device.requested device.used device.why
data.name data.sha256 data.train data.test data.shape
model.kind model.layers model.latent model.parameters
epochs.requested epochs.completed epochs.best
seconds.total seconds.first_epoch seconds.per_epoch_median
samples_per_second
metrics.train.loss metrics.train.reconstruction
metrics.train.wrong_pixels_mean metrics.train.wrong_pixels_max
metrics.test.loss metrics.test.reconstruction
metrics.test.wrong_pixels_mean metrics.test.wrong_pixels_max
baselines";

/// The value at `a.b.c`.
#[track_caller]
fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    let pointer = format!("/{}", path.replace('.', "/"));
    let found = value.pointer(&pointer);
    found.unwrap_or_else(|| panic!("no `{path}` in {value:#}"))
}

/// The only run folder in a room.
fn only_run(room: &Room) -> String {
    let entries = fs::read_dir(room.path("runs")).expect("runs");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string());
    let names: Vec<String> = names.map(|name| name.expect("a plain name")).collect();
    let [name] = names.as_slice() else {
        panic!("one run: {names:?}")
    };
    format!("runs/{name}")
}

#[test]
fn a_bare_train_gives_all_letters_back_and_leaves_a_whole_run() {
    let room = Room::new();
    let ran = room.run(&["train"]).ok();
    let run = only_run(&room);
    assert!(ran.stdout.contains(&format!("run     {run}\n")), "{ran:?}");
    assert!(ran.stdout.contains("\ntry next\n  espejo "), "{ran:?}");

    let report = room.json(&format!("{run}/run.json"));
    for key in REPORT.split_whitespace() {
        at(&report, key);
    }
    assert_eq!(report["version"], 1);
    assert_eq!(report["status"], "completed");
    assert_eq!(report["seed"], 42);
    assert_eq!(at(&report, "data.train"), 32);
    assert_eq!(at(&report, "data.shape"), &serde_json::json!([1, 7, 5]));
    assert_eq!(at(&report, "model.parameters"), 1937);
    assert_eq!(at(&report, "metrics.train.wrong_pixels_max"), 0.0);
    assert_eq!(at(&report, "metrics.test.wrong_pixels_mean"), 0.0);
    let samples = at(&report, "samples_per_second").as_f64();
    assert!(samples.is_some_and(|samples| samples > 0.0));

    for figure in ["loss", "reconstruction", "latent", "grid"] {
        check_figure(&room, &format!("{run}/figures/{figure}"));
    }
    for file in ["config.toml", "metrics.csv", "log.txt", "model.txt"] {
        assert!(!room.bytes(&format!("{run}/{file}")).is_empty(), "{file}");
    }
    let metrics = room.text(&format!("{run}/metrics.csv"));
    assert_eq!(metrics.lines().count(), 1 + 5000);
    assert!(room.text(&format!("{run}/model.txt")).contains("1937"));
}

/// A figure is a PNG, an SVG and the numbers behind both.
#[track_caller]
pub fn check_figure(room: &Room, stem: &str) {
    let png = room.bytes(&format!("{stem}.png"));
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{stem}");
    assert!(png.ends_with(b"IEND\xaeB\x60\x82"), "{stem}");
    let svg = room.text(&format!("{stem}.svg"));
    assert!(
        svg.contains("<svg") && svg.trim_end().ends_with("</svg>"),
        "{stem}"
    );
    let csv = room.text(&format!("{stem}.csv"));
    let columns = |line: &str| line.matches(',').count();
    let header = csv.lines().next().expect("a header");
    assert!(csv.lines().count() > 1 && columns(header) > 0, "{stem}");
}

#[test]
fn the_configuration_of_a_run_repeats_it() {
    let room = Room::new();
    let more = ["--epochs", "200", "--batch-size", "8", "--seed", "7"];
    room.train("one", &more);
    let again = ["train", "--config", "runs/one/config.toml", "--name", "two"];
    room.run(&[&again[..], &["--no-figures"]].concat()).ok();
    for file in [
        "config.toml",
        "model.txt",
        "checkpoints/best/model.safetensors",
    ] {
        let [one, two] = ["one", "two"].map(|run| room.bytes(&format!("runs/{run}/{file}")));
        assert!(one == two, "{file}");
    }
    room.train("three", &[&more[..4], &["--seed", "8"]].concat());
    let [one, three] = ["one", "three"]
        .map(|run| room.bytes(&format!("runs/{run}/checkpoints/best/model.safetensors")));
    assert!(one != three, "another seed gives other weights");
}

#[test]
fn every_model_repeats_itself() {
    for model in ["dae", "vae"] {
        let room = Room::new();
        for run in ["one", "two"] {
            room.train(run, &["--model", model, "--batch-size", "8"]);
        }
        let [one, two] = ["one", "two"]
            .map(|run| room.bytes(&format!("runs/{run}/checkpoints/last/model.safetensors")));
        assert!(one == two, "{model}");
    }
}

#[test]
fn flags_stand_over_set_over_the_file_over_the_preset() {
    let room = Room::new();
    room.write("a.toml", "[train]\nepochs = 7\nseed = 7\nbatch_size = 7\n");
    let print = |args: &[&str]| -> Table {
        let args = [&["train", "letters", "--print-config"], args].concat();
        let text = room.run(&args).ok().stdout;
        text.parse().expect("TOML")
    };
    let epochs = |args: &[&str]| print(args)["train"]["epochs"].as_integer();
    let file = ["--config", "a.toml"];
    let set = ["--config", "a.toml", "--set", "train.epochs=8"];
    let flag = [&set[..], &["--epochs", "9"]].concat();
    assert_eq!(epochs(&[]), Some(5000));
    assert_eq!(epochs(&file), Some(7));
    assert_eq!(epochs(&set), Some(8));
    assert_eq!(epochs(&flag), Some(9));

    let merged = print(&flag);
    assert_eq!(merged["train"]["seed"].as_integer(), Some(7));
    assert_eq!(merged["train"]["schedule"].as_str(), Some("cosine"));
    assert_eq!(merged["model"]["layers"].to_string(), "[25]");
    assert_eq!(merged["version"].as_integer(), Some(2));
    assert!(!room.path("runs").exists());
}

#[test]
fn what_a_preset_says_of_its_optimiser_binds_no_other() {
    let room = Room::new();
    let train = |args: &str| -> Table {
        let args: Vec<&str> = args.split(' ').collect();
        let args = [&["train", "--print-config"], &args[..]].concat();
        let merged: Table = room.run(&args).ok().stdout.parse().expect("TOML");
        merged["train"].as_table().expect("a section").clone()
    };
    assert_eq!(
        train("letters --optimizer rmsprop")["schedule"].as_str(),
        Some("cosine")
    );
    for double in ["--optimizer bfgs", "--precision double"] {
        let merged = train(&format!("letters {double}"));
        assert_eq!(merged["schedule"].as_str(), Some("constant"), "{double}");
    }
    assert!(train("s13")["max_evaluations"].is_integer());
    assert_eq!(train("s13")["gradient"].as_str(), Some("finite"));
    assert!(!train("s13 --optimizer powell").contains_key("gradient"));
    let single = train("s13 --optimizer adam");
    assert!(!single.contains_key("gradient") && !single.contains_key("max_evaluations"));
    // What `adaptive` takes where nothing is said stands there all the same.
    assert_eq!(
        train("letters --optimizer adaptive")["adaptive_after"].as_integer(),
        Some(3)
    );
}

#[test]
fn what_is_printed_as_configuration_is_what_runs() {
    let room = Room::new();
    let printed = room
        .run(&["train", "s6", "--device", "cpu", "--print-config"])
        .ok();
    room.write("s6.toml", &printed.stdout);
    let again = room
        .run(&["train", "--config", "s6.toml", "--print-config"])
        .ok();
    assert_eq!(again.stdout, printed.stdout);
}

#[test]
fn a_dry_run_checks_and_counts_and_writes_nothing() {
    let room = Room::new();
    let dry = |args: &[&str]| {
        let args = [&["train", "--device", "cpu", "--dry-run"], args].concat();
        room.run(&args).ok()
    };
    for (preset, kind, parameters) in [("s5", "dae", 887), ("s6", "vae", 1287)] {
        let value = dry(&[preset, "--json"]).json();
        let keys: Vec<&String> = value.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["data", "model"]);
        assert_eq!(at(&value, "model.parameters"), parameters, "{preset}");
        assert_eq!(at(&value, "model.kind"), kind);
        assert!(
            dry(&[preset])
                .stdout
                .contains(&format!("parameters {parameters} "))
        );
    }
    assert!(room.tree().is_empty());
}

#[test]
fn json_is_one_object_on_stdout_and_talk_is_on_stderr() {
    let room = Room::new();
    let ran = room.train("one", &["--json"]);
    let mut value = ran.json();
    assert_eq!(value["run"], "runs/one");
    assert!(ran.stderr.contains("ep 20/20"), "{ran:?}");
    let object = value.as_object_mut().expect("an object");
    object.retain(|key, _| !["run", "figures", "animations"].contains(&key.as_str()));
    assert_eq!(value, room.json("runs/one/run.json"));
}

#[test]
fn a_variational_run_shows_its_terms_apart() {
    let room = Room::new();
    room.train("vae", &["--model", "vae"]);
    let metrics = room.text("runs/vae/metrics.csv");
    let header = metrics.lines().next().expect("a header");
    assert!(
        header.contains(",train_reconstruction,train_kl,"),
        "{header}"
    );
    assert!(header.contains(",test_reconstruction,test_kl,"), "{header}");
    let report = room.json("runs/vae/run.json");
    for part in ["train", "test"] {
        let number = |key: &str| at(&report, &format!("metrics.{part}.{key}")).as_f64();
        let sum = number("reconstruction")
            .zip(number("kl"))
            .map(|(a, b)| a + b);
        let loss = number("loss");
        assert!(
            sum.zip(loss)
                .is_some_and(|(sum, loss)| (sum - loss).abs() < 1e-4),
            "{sum:?} {loss:?}"
        );
    }
}

#[test]
fn a_denoising_model_beats_doing_nothing_and_stands_beside_the_nearest_picture() {
    let room = Room::new();
    room.train("dae", &["--model", "dae", "--epochs", "1000"]);
    let value = room.run(&["denoise", "dae", "--json"]).ok().json();
    let wrong = |who: &str| at(&value, &format!("{who}.wrong_pixels_mean")).as_f64();
    assert!(wrong("model") < wrong("identity"), "{value:#}");
    assert!(wrong("nearest") < wrong("identity"), "{value:#}");
    assert_eq!(at(&value, "model.pictures"), 3200);
    let baselines = &room.json("runs/dae/run.json")["baselines"];
    assert!(baselines["identity"].is_object(), "{baselines:#}");
}

#[test]
fn an_early_stop_is_a_completed_run_and_says_why() {
    let room = Room::new();
    let more = ["--epochs", "5000", "--target-loss", "10"];
    let ran = room.train(
        "early",
        &[&more[..], &["--set", "train.eval_every=10"]].concat(),
    );
    assert!(ran.stdout.contains("ended early: test loss "), "{ran:?}");
    let report = room.json("runs/early/run.json");
    assert_eq!(report["status"], "completed");
    let loss = at(&report, "metrics.test.loss").as_f64();
    assert!(loss.is_some_and(|loss| loss <= 10.0), "{loss:?}");
}

#[test]
fn training_that_diverges_fails_and_says_so() {
    let room = Room::new();
    let args = ["train", "--device", "cpu", "--name", "bad", "--loss", "mse"];
    let wild = ["--optimizer", "sgd", "--lr", "1e30", "--no-figures"];
    let linear = ["--set", "model.output_activation=linear"];
    let ran = room.run(&[&args[..], &wild, &linear].concat()).failed(1);
    assert!(ran.lines("error: ")[0].starts_with("epoch "), "{ran:?}");
    assert!(ran.lines("hint: ")[0].contains("--lr"), "{ran:?}");
    assert_eq!(room.json("runs/bad/run.json")["status"], "failed");
}

#[test]
fn runs_without_a_name_get_names_of_their_own() {
    let room = Room::new();
    let args = ["train", "--device", "cpu", "--no-figures", "--epochs", "1"];
    (0..3).for_each(|_| drop(room.run(&args).ok()));
    let runs = fs::read_dir(room.path("runs")).expect("runs");
    assert_eq!(runs.count(), 3);
}
