//! Every command on a small trained run: it succeeds and writes what it says.

use crate::program::Room;
use crate::train::check_figure;

/// A room with a run `small` on the digits and punctuation, which hold a quote and a comma.
fn room() -> Room {
    let room = Room::new();
    room.train("small", &["--data", "fonts:1", "--epochs", "100"]);
    room
}

#[test]
fn commands_that_draw_write_the_figures_that_they_name() {
    let room = room();
    for (args, figures) in [
        ("reconstruct small", &["reconstruction"][..]),
        ("reconstruct last --letters 123", &["reconstruction-123"]),
        (
            "denoise small --noise flip:.1 --copies 3",
            &["denoising-flip_0.1"],
        ),
        ("generate small --count 5", &["generated"]),
        ("generate small --at=-1,2 --at 1,1", &["generated"]),
        ("latent small", &["latent", "grid"]),
        (
            "latent small --grid 3x4 --range=-2,2",
            &["latent", "grid-3x4-range--2,2"],
        ),
        ("morph small 1 2 --steps 5", &["morph"]),
        ("morph runs/small #0 #31", &["morph"]),
    ] {
        let _ = std::fs::remove_dir_all(room.path("runs/small/figures"));
        let args: Vec<&str> = args.split(' ').collect();
        let said = room.run(&args).ok();
        for figure in figures {
            let stem = format!("runs/small/figures/{figure}");
            check_figure(&room, &stem);
            assert!(
                said.stdout.contains(&format!("figure  {stem}.png\n")),
                "{said:?}"
            );
        }
        let value = room.run(&[&args[..], &["--json"]].concat()).ok().json();
        let count = value["figures"].as_array().map(Vec::len);
        assert_eq!(count, Some(figures.len()), "{args:?}");
    }
}

#[test]
fn generated_pictures_come_from_the_seed() {
    let room = room();
    let codes = |seed: &str| {
        let args = [
            "generate", "small", "--json", "--count", "3", "--seed", seed,
        ];
        room.run(&args).ok().json()["codes"].clone()
    };
    assert_eq!(codes("1"), codes("1"));
    assert_ne!(codes("1"), codes("2"));
    assert_eq!(codes("1").as_array().map(Vec::len), Some(3));
}

#[test]
fn animate_writes_a_gif() {
    let room = room();
    let ran = room.run(&["animate", "small"]).ok();
    let path = "runs/small/animations/training.gif";
    assert!(ran.stdout.contains(path), "{ran:?}");
    let gif = room.bytes(path);
    assert!(gif.starts_with(b"GIF89a") && gif.ends_with(b"\x3b"));
    let value = room.run(&["animate", "small", "--json"]).ok().json();
    assert!(value["frames"].as_u64() > Some(5), "{value}");
}

#[test]
fn encode_writes_csv_with_quotes_where_they_must_be() {
    let room = room();
    let csv = room.run(&["encode", "small"]).ok().stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "picture,caption,z1,z2,row");
    assert_eq!(lines.len(), 1 + 32);
    for (line, start) in [(1, "0,SPACE,"), (3, r#"2,"""","#), (13, r#"12,",","#)] {
        let numbers = lines[line].strip_prefix(start).expect(lines[line]);
        let numbers: Vec<f32> = numbers
            .split(',')
            .map(|cell| cell.parse().expect(lines[line]))
            .collect();
        // Two numbers of the code, and the row.
        assert_eq!(numbers.len(), 3);
    }
    let value = room.run(&["encode", "small", "--json"]).ok().json();
    assert_eq!(value["captions"][2], "\"");
    assert_eq!(value["codes"].as_array().map(Vec::len), Some(32));
}

#[test]
fn a_variational_code_can_be_drawn_from_its_posterior() {
    let room = Room::new();
    room.train("vae", &["--model", "vae"]);
    let encode = |more: &[&str]| room.run(&[&["encode", "vae"], more].concat()).ok().stdout;
    assert_eq!(encode(&["--sample"]), encode(&["--sample"]));
    assert_ne!(encode(&["--sample"]), encode(&["--sample", "--seed", "2"]));
    assert_ne!(encode(&["--sample"]), encode(&[]));
}

#[test]
fn eval_gives_the_numbers_of_the_run() {
    let room = room();
    let report = room.json("runs/small/run.json");
    let value = room.run(&["eval", "small", "--json"]).ok().json();
    assert_eq!(value["metrics"], report["metrics"]["test"]);
    assert_eq!(value["baselines"], report["baselines"]);
    assert_eq!(value["epoch"], report["epochs"]["best"]);
    let text = room
        .run(&["eval", "last", "--checkpoint", "last"])
        .ok()
        .stdout;
    for row in ["model", "mean image", "PCA-2"] {
        assert!(text.contains(row), "{text}");
    }
}

#[test]
fn inspect_shows_layers_numbers_and_configuration() {
    let room = room();
    let text = room.run(&["inspect", "small"]).ok().stdout;
    for part in [
        room.text("runs/small/model.txt"),
        "train.epochs = 100 (default ".into(),
        "status   completed".into(),
    ] {
        assert!(text.contains(&part), "{part}\nin\n{text}");
    }
    assert!(
        !text.contains("train.learning_rate"),
        "it is as usual: {text}"
    );
    let last = text.lines().last().expect("lines");
    assert!(
        last.starts_with("PCA-2"),
        "what is wanted most stands last: {text}"
    );
    let text = room.run(&["inspect", "small", "--config"]).ok().stdout;
    assert!(
        text.contains(&room.text("runs/small/config.toml")),
        "{text}"
    );
    let value = room.run(&["inspect", "small", "--json"]).ok().json();
    assert_eq!(value, room.json("runs/small/run.json"));
}

#[test]
fn a_run_is_found_by_path_by_name_and_as_the_last() {
    let room = Room::new();
    room.train("one", &["--out", "there"]);
    room.train("two", &["--out", "there"]);
    let found = |run: &str| {
        let ran = room.run(&["eval", run, "--out", "there", "--json"]).ok();
        ran.json()["run"].clone()
    };
    assert_eq!(found("there/one"), "there/one");
    assert_eq!(found("one"), "there/one");
    assert_eq!(found("last"), "there/two");
}

#[test]
fn data_sets_are_listed_and_shown() {
    let room = Room::new();
    let list = room.run(&["data", "list"]).ok().stdout;
    let sets = room.run(&["data", "list", "--json"]).ok().json()["sets"].clone();
    for set in sets.as_array().expect("sets") {
        let name = set["name"].as_str().expect("a name");
        assert!(list.contains(name), "{name}");
        // The others need their files.
        if !name.starts_with("fonts") {
            continue;
        }
        let shown = room.run(&["data", "show", name, "--json"]).ok().json();
        assert_eq!(shown["pictures"], set["pictures"]);
        assert_eq!(shown["sha256"].as_str().map(str::len), Some(64));
    }
    let letter =
        "A\n    ██\n  ██  ██\n██      ██\n██      ██\n██████████\n██      ██\n██      ██\n";
    let args = ["data", "show", "fonts", "--letters", "A"];
    assert_eq!(room.run(&args).ok().stdout, letter);
    room.run(&["data", "show", "fonts", "--png", "sheet.png"])
        .ok();
    assert!(room.bytes("sheet.png").starts_with(b"\x89PNG"));
}

#[test]
fn a_sheet_that_cannot_be_written_is_named_once() {
    let room = Room::new();
    let args = ["data", "show", "fonts", "--png", "absent/sheet.png"];
    let ran = room.run(&args).failed(1);
    let error = ran.lines("error: ")[0];
    assert!(
        error.starts_with("cannot write `absent/sheet.png`"),
        "{error}"
    );
    assert_eq!(error.matches("(os error").count(), 1, "{error}");
}

#[test]
fn doctor_tries_every_device_and_says_which_one_is_taken() {
    let room = Room::new();
    let value = room.run(&["doctor", "--json"]).ok().json();
    for device in value["devices"].as_array().expect("devices") {
        let is_software = device["about"]
            .as_str()
            .expect("words")
            .contains("software");
        match device["skipped"].as_str() {
            // A software graphics adapter compiles for a minute, and is not trained on unless it is asked for.
            Some(why) => assert!(
                is_software || why.starts_with("not done within 2 s"),
                "{device}"
            ),
            // Some of them compute wrong.
            None if is_software => {
                assert_eq!(device["ok"], false, "{device}");
                let error = device["error"].as_str().expect("why");
                assert!(error.contains("` computes wrong: "), "{device}");
            }
            None => {
                assert_eq!(device["ok"], true, "{device}");
                assert!(device["check_seconds"].as_f64() > Some(0.0), "{device}");
                assert!(device["steps_per_second"].as_f64() > Some(0.0), "{device}");
            }
        }
    }
    assert!(value["auto"]["used"].is_string(), "{value}");
    assert!(room.tree().is_empty());
}

#[test]
fn completions_ask_the_program() {
    let room = Room::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = room.run(&["completions", shell]).ok().stdout;
        assert!(script.contains("ESPEJO_COMPLETE"), "{shell}: {script}");
    }
}

#[test]
fn every_help_shows_an_example() {
    let room = Room::new();
    for command in [
        "train",
        "eval",
        "reconstruct",
        "denoise",
        "encode",
        "generate",
        "latent",
        "morph",
        "animate",
        "inspect",
        "doctor",
        "data",
        "completions",
    ] {
        let help = room.run(&[command, "--help"]).ok().stdout;
        assert!(help.contains("Example"), "{command}");
        assert!(help.contains(&format!("\n  espejo {command}")), "{command}");
    }
    assert!(room.run(&["--help"]).ok().stdout.contains("`espejo train`"));
}
