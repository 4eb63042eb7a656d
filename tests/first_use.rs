//! What a person meets in the first hour: samples chosen alike by every command, sets that are half there, proposals that run.

use std::fs;

use serde_json::Value;

use crate::program::{Ran, Room};

/// A table of 60 rows in two classes, the second with larger numbers.
fn measured() -> String {
    let row = |i: usize| {
        let (class, scale) = if i.is_multiple_of(3) {
            ("odd", 9.0)
        } else {
            ("even", 1.0)
        };
        let a = (i * 37 % 60) as f64;
        format!(
            "{a},{},{},{class}\n",
            a * 0.5 + scale,
            (i * 7 % 11) as f64 * scale
        )
    };
    "a,b,c,kind\n".to_owned() + &(0..60).map(row).collect::<String>()
}

/// A room with a run `rows` on a table with a held-out quarter, and `letters` on the letters.
fn room() -> Room {
    let room = Room::new();
    room.write("rows.csv", measured());
    room.train(
        "rows",
        &["rows.csv", "--label", "kind", "--test-fraction=.25"],
    );
    room.train("letters", &[]);
    room
}

fn run(room: &Room, line: &str) -> Ran {
    room.run(&line.split_whitespace().collect::<Vec<_>>())
}

fn lines(ran: &Ran) -> usize {
    ran.stdout.lines().count()
}

#[test]
fn every_command_that_takes_samples_takes_them_by_the_same_flags() {
    let room = room();
    let counts = |command: &str, more: &str| {
        let ran = run(&room, &format!("{command} rows {more}")).ok();
        lines(&ran) - 1
    };
    for command in ["encode", "score", "cluster -k 2", "neighbours -k 1"] {
        assert_eq!(counts(command, ""), 15, "{command}");
        assert_eq!(counts(command, "--part train"), 45, "{command}");
        assert_eq!(counts(command, "--part all --limit 12"), 12, "{command}");
        assert_eq!(counts(command, "--part all --first 50"), 50, "{command}");
        assert_eq!(counts(command, "--part all"), 60, "{command}");
        assert_eq!(counts(command, "--classes odd"), 5, "{command}");
        assert_eq!(counts(command, "--first 4"), 4, "{command}");
        assert_eq!(counts(command, "--limit 6"), 6, "{command}");
        assert_eq!(
            counts(command, "--data rows.csv --skip-bad"),
            60,
            "{command}"
        );
    }
    for command in [
        "eval",
        "reconstruct",
        "denoise --noise gaussian:.1 --copies 1",
    ] {
        let count = |more: &str| {
            let value = run(&room, &format!("{command} rows --json {more}"))
                .ok()
                .json();
            let at = |key: &str| value[key].as_u64();
            at("samples").or_else(|| value["model"]["pictures"].as_u64())
        };
        let found = [
            "",
            "--part train",
            "--part all",
            "--first 4",
            "--limit 6",
            "--data rows.csv --skip-bad",
        ]
        .map(count);
        assert_eq!(found, [15, 45, 60, 4, 6, 60].map(Some), "{command}");
    }
    for command in ["latent", "morph A B", "reconstruct", "eval"] {
        let (name, more) = command.split_once(' ').unwrap_or((command, ""));
        let line = format!("{name} letters {more} --part all --limit 32 --skip-bad --data fonts");
        run(&room, &line).ok();
    }
}

#[test]
fn other_samples_are_evaluated_without_touching_the_figures_of_the_run() {
    let room = room();
    let before = room.tree();
    let ran = run(&room, "eval letters --data fonts:1").ok();
    assert!(ran.stdout.contains(", on 32 images\n"), "{ran:#?}");
    assert_eq!(room.tree(), before);
    let [own, part] = ["eval letters --json", "eval letters --part train --json"]
        .map(|line| run(&room, line).ok().json()["metrics"]["squared_error"].as_f64());
    assert_eq!(own, part);
    assert!(own.is_some());
}

#[test]
fn each_class_has_its_error_and_its_worst_sample() {
    let room = room();
    let classes = |line: &str| run(&room, line).ok().json();
    let check = |value: &Value, whole: f64| {
        let classes = value["class_errors"].as_array().expect("a list");
        assert_eq!(classes.len(), 2);
        let number = |class: &Value, key: &str| class[key].as_f64().expect("a number");
        let sum = |of: &dyn Fn(&Value) -> f64| classes.iter().map(of).sum::<f64>();
        let samples = sum(&|class| number(class, "samples"));
        let mean =
            sum(&|class| number(class, "samples") * number(class, "squared_error")) / samples;
        assert!((mean - whole).abs() < 1e-4 * whole, "{mean} and {whole}");
        for class in classes {
            let worst = class["worst"]["squared_error"].as_f64();
            assert!(worst >= Some(number(class, "squared_error")), "{class}");
        }
    };
    let value = classes("eval rows --json");
    check(
        &value,
        value["metrics"]["squared_error"]
            .as_f64()
            .expect("a number"),
    );
    let value = classes("reconstruct rows --part all --json");
    check(
        &value,
        value["model"]["squared_error"].as_f64().expect("a number"),
    );
    let text = run(&room, "reconstruct rows").ok().stdout;
    assert!(
        text.contains("class  samples  squared error  worst sample\n"),
        "{text}"
    );
    assert!(text.contains("even "), "{text}");
    // The letters are of one class, and have no such table.
    let letters = run(&room, "eval letters").ok().stdout;
    assert!(!letters.contains("worst sample"), "{letters}");
}

#[test]
fn a_reconstructed_table_is_written_in_its_own_units() {
    let room = room();
    run(&room, "reconstruct rows --part all --csv out.csv").ok();
    let text = room.text("out.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["a", "b", "c", "squared_error", "row"]);
    assert_eq!(rows.len(), 61);
    let column = |place: usize| {
        rows[1..]
            .iter()
            .map(move |row| row[place].parse::<f64>().expect("a number"))
    };
    // Not standardised: the mean of the column is about that of the file, 29.5.
    let mean = column(0).sum::<f64>() / 60.0;
    assert!((20.0..40.0).contains(&mean), "{mean}");
    assert!(column(3).all(|error| error >= 0.0));
    let mut places: Vec<u64> = column(4).map(|row| row as u64).collect();
    places.sort_unstable();
    assert_eq!(places, (0..60).collect::<Vec<u64>>());
}

#[test]
fn a_table_with_holes_is_reconstructed_and_its_holes_are_counted() {
    let room = Room::new();
    let without = |line: &str, cell: usize| {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[cell] = "";
        cells.join(",") + "\n"
    };
    let hole = |(at, line): (usize, &str)| match at {
        3 | 6 => without(line, 0),
        9 => without(line, 1),
        _ => format!("{line}\n"),
    };
    let holes: String = measured().lines().enumerate().map(hole).collect();
    room.write("holes.csv", holes);
    room.train("holes", &["holes.csv", "--label", "kind"]);
    let value = run(&room, "reconstruct holes --json").ok().json();
    assert!(value["model"]["squared_error"].is_f64(), "{value}");
    let refused = run(&room, "train holes.csv --label kind --optimizer lbfgs").failed(2);
    assert!(
        refused
            .stderr
            .contains(": 2 of 60 in column `a`, 1 of 60 in column `b`\n"),
        "{refused:#?}"
    );
}

#[test]
fn nothing_is_said_of_images_where_there_is_a_table() {
    let room = Room::new();
    room.write("rows.csv", measured());
    let mut said = String::new();
    for line in [
        "train rows.csv --label kind --device cpu --test-fraction=.25 --name rows --set train.epochs=5",
        "eval rows",
        "reconstruct rows --csv out.csv",
        "denoise rows --noise gaussian:.1",
        "encode rows --first 2",
        "score rows",
        "cluster rows -k 2",
        "neighbours rows -k 1",
        "latent rows",
        "latent rows --traverse",
        "generate rows --count 2",
        "animate rows",
        "inspect rows",
        "data show rows.csv",
    ] {
        let ran = run(&room, line).ok();
        // The first column of `encode` has its name from before there were tables.
        said += &(ran.stdout.replace("picture,caption", "") + &ran.stderr);
    }
    let lower = said.to_lowercase();
    for word in ["image", "img", "pixel", "picture", "psnr"] {
        let line = lower.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "`{word}`");
    }
    assert!(
        lower.contains("rows/s") && lower.contains("mean row"),
        "{said}"
    );
}

#[test]
fn each_dimension_is_drawn_by_itself_with_its_codes() {
    let room = room();
    room.train("vae", &["--model", "vae", "--latent", "3", "--conv", "4"]);
    for (name, latent) in [("letters", 2), ("vae", 3)] {
        let ran = run(&room, &format!("latent {name} --traverse --steps 5")).ok();
        crate::train::check_figure(&room, &format!("runs/{name}/figures/traversal"));
        assert!(ran.stdout.contains("traversal.csv"), "{ran:#?}");
        let text = room.text(&format!("runs/{name}/traversal.csv"));
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), 1 + 5 * latent);
        assert_eq!(rows[0].len(), 2 + latent);
        assert_eq!(&rows[0][..3], ["dimension", "step", "z1"]);
        // In the lines of the first dimension the others stay.
        assert!(rows[1..=5].iter().all(|row| row[3] == rows[1][3]));
        assert_ne!(rows[1][2], rows[5][2]);
    }
    let text = room.text("runs/vae/traversal.csv");
    let first: f64 = text
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').nth(2))
        .expect("a cell")
        .parse()
        .expect("a number");
    assert!((first + 1.644_85).abs() < 1e-4, "{first}");
    run(&room, "latent rows --traverse").ok();
    let text = room.text("runs/rows/traversal.csv");
    assert!(text.starts_with("dimension,step,z1,z2,a,b,c\n"), "{text}");
    let around = |id: &str| {
        run(
            &room,
            &format!("latent letters --traverse --around {id} --json"),
        )
        .ok();
        room.text("runs/letters/traversal.csv")
    };
    assert_ne!(around("A"), around("M"));
}

#[test]
fn a_set_that_is_half_there_says_so_everywhere() {
    let room = Room::new();
    let folder = "data/cifar-10-batches-bin";
    fs::create_dir_all(room.path(folder)).expect("the room is writable");
    let record = |class: u8| [vec![class], vec![7 * class + 1; 3072]].concat();
    let records: Vec<u8> = (0..10).flat_map(record).collect();
    room.write(&format!("{folder}/data_batch_1.bin"), &records);
    room.write(&format!("{folder}/test_batch_first10.bin"), &records);
    let in_it = |args: &[&str]| {
        crate::program::ran(room.command(args).env("ESPEJO_DATA", room.path("data")))
    };
    let list = in_it(&["data", "list"]).ok().stdout;
    let line = list
        .lines()
        .find(|line| line.starts_with("cifar10 "))
        .expect("it is listed");
    assert!(line.contains(" 1 of 6 "), "{line}");
    let value = in_it(&["data", "list", "--json"]).ok().json();
    let sets = value["sets"].as_array().expect("a list");
    let set = sets
        .iter()
        .find(|set| set["name"] == "cifar10")
        .expect("it is listed");
    assert_eq!(set["files"]["there"], 1);
    assert_eq!(set["files"]["of"], 6);

    for args in [&["data", "verify"][..], &["data", "verify", "cifar10"]] {
        let verified = in_it(args).failed(3);
        // What the training reads is known, though it is no official file.
        assert!(
            verified.stdout.contains("test_batch_first10.bin"),
            "{verified:#?}"
        );
        assert!(
            verified.stdout.contains("data_batch_2.bin"),
            "{verified:#?}"
        );
    }

    let words = "train cifar10 --device cpu --no-figures --layers 4 --epochs 1 --name c";
    let trained = in_it(&words.split(' ').collect::<Vec<_>>()).ok();
    let note = "`cifar10` is incomplete: 5 of its 6 files, `data_batch_2.bin` to `test_batch.bin`, are not there, which leaves 10 of 50000 training samples";
    let said = trained.stderr.find(note).expect("it says so");
    let began = trained.stderr.find("ep ").expect("it trains");
    assert!(said < began, "{trained:#?}");
    let notes = room.json("runs/c/run.json")["data"]["notes"].to_string();
    assert!(notes.contains(note), "{notes}");
}

#[cfg(unix)]
#[test]
fn the_commands_that_a_training_proposes_run() {
    let room = Room::new();
    // Names with blanks, quotes and a dollar, two of them alike but for their class.
    for (class, names) in [("it's", ["one", "two"]), ("big $x", ["one", "three 3"])] {
        let folder = room.path(&format!("zoo/{class}"));
        fs::create_dir_all(&folder).expect("the room is writable");
        for (at, name) in names.iter().enumerate() {
            let sheet = room.path("sheet.png");
            let letters = ["A", "B"][at];
            let words = [
                "data",
                "show",
                "fonts",
                "--letters",
                letters,
                "--png",
                "sheet.png",
            ];
            room.run(&words).ok();
            fs::copy(&sheet, folder.join(format!("{name}.png"))).expect("it is there");
        }
    }
    for data in ["fonts:1", "fonts:all", "zoo"] {
        let args = ["train", data, "--device", "cpu", "--set", "train.epochs=3"];
        let size = ["--size", "16x16"];
        let more = if data == "zoo" { &size[..] } else { &[] };
        let said = room.run(&[&args[..], more].concat()).ok().stdout;
        let (_, next) = said.split_once("try next\n").expect("it proposes commands");
        let commands: Vec<&str> = next.lines().map(str::trim).collect();
        assert!(
            commands.iter().any(|line| line.starts_with("espejo morph")),
            "{commands:?}"
        );
        for line in commands {
            let line = line.replacen("espejo", env!("CARGO_BIN_EXE_espejo"), 1);
            crate::program::ran(&mut room.in_it("sh", &["-c", &line])).ok();
        }
    }
}

#[test]
fn a_checkpoint_that_was_not_kept_is_answered_with_those_that_were() {
    let room = Room::new();
    room.train("kept", &["--set", "train.checkpoint_every=5"]);
    let refused = run(&room, "eval kept --checkpoint 7").failed(5);
    let hint = refused.lines("hint: ")[0];
    assert!(
        hint.starts_with("kept are `--checkpoint best`, `last`, `5`, `10`, `15`, `20`;"),
        "{hint}"
    );
    run(&room, "eval kept --checkpoint 10").ok();
}

#[test]
fn keys_that_a_preset_a_file_or_set_leaves_idle_are_no_mistake() {
    let room = Room::new();
    let dry =
        |more: &[&str]| room.run(&[&["train", "--dry-run", "--device", "cpu"], more].concat());
    dry(&["--set", "objective.beta=4"]).ok();
    dry(&["--set", "objective.kl_warmup=4"]).ok();
    dry(&["--set", "train.samples_every=4", "--no-figures"]).ok();
    dry(&["letters-vae", "--model", "ae"]).ok();
    room.write("a.toml", "[objective]\nbeta = 4.0\n");
    dry(&["--config", "a.toml"]).ok();
    dry(&["--set", "model.layers=[35, 12]"]).ok();
    dry(&["--layers", "35,35,12,35,35"]).ok();
    dry(&["--layers", "12", "--device-memory", "10"]).ok();
}

#[test]
fn a_folder_that_can_be_trained_can_be_shown() {
    let room = Room::new();
    fs::create_dir(room.path("mine")).expect("the room is writable");
    for (name, letters) in [("a", "A"), ("b", "BC"), ("c", "DEF")] {
        let file = format!("mine/{name}.png");
        room.run(&[
            "data",
            "show",
            "fonts",
            "--letters",
            letters,
            "--png",
            &file,
        ])
        .ok();
    }
    room.write("mine/d.png", "no image");
    let flags = ["--size", "12x12", "--grey", "--skip-bad"];
    let shown = room
        .run(&[&["data", "show", "mine"], &flags[..]].concat())
        .ok();
    assert!(shown.stderr.contains("skipped 1:"), "{shown:#?}");
    let value = room
        .run(&[&["data", "show", "mine", "--json"], &flags[..]].concat())
        .ok()
        .json();
    assert_eq!(value["pictures"], 3);
    room.train("mine", &[&["mine"], &flags[..]].concat());
    for line in [
        "reconstruct mine --data mine --skip-bad",
        "encode mine --data mine --skip-bad",
    ] {
        run(&room, line).ok();
    }
    let parts = |part: &str| {
        let args = ["data", "show", "lorenz", "--json", "--part", part];
        room.run(&args).ok().json()["pictures"].as_u64()
    };
    assert_eq!(
        ["train", "test", "all"].map(parts),
        [700, 300, 1000].map(Some)
    );
}
