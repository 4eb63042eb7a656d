//! `espejo runs`, and the names by which every command finds a run.

use std::fs;

use crate::program::{Room, ran};

/// A room with three runs, `third` the newest, and things beside them that are none.
fn room() -> Room {
    let room = Room::new();
    room.train("first", &[]);
    room.train("second", &["--model", "vae"]);
    room.train("third", &["--data", "fonts:1"]);
    fs::create_dir(room.path("runs/notes")).expect("writable");
    room.write("runs/readme.txt", "no folder at all");
    room
}

#[test]
fn runs_are_listed_newest_first_with_their_result_beside_a_baseline() {
    let room = room();
    let listed = room.run(&["runs"]).ok();
    let lines: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{listed:?}");
    for (line, words) in [
        (
            lines[0],
            &[
                "name", "started", "status", "data", "model", "baseline", "seconds",
            ][..],
        ),
        (
            lines[1],
            &[
                "third",
                "completed",
                "fonts:1",
                "ae ",
                "squared error",
                "PCA-2",
            ],
        ),
        (lines[2], &["second", "completed", "fonts", "vae "]),
        (lines[3], &["first", "completed", "35-25-2-25-35", "20"]),
    ] {
        words
            .iter()
            .for_each(|word| assert!(line.contains(word), "{word}: {listed:?}"));
    }
    assert_eq!(
        listed.lines("note: "),
        ["`runs/notes` is no run folder: it has no `config.toml`"]
    );
}

#[test]
fn the_list_as_json_and_csv_has_the_numbers_of_run_json() {
    let room = room();
    let value = room.run(&["runs", "--json"]).ok().json();
    let names: Vec<&str> = value["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .filter_map(|run| run["name"].as_str())
        .collect();
    assert_eq!(names, ["third", "second", "first"]);
    assert_eq!(value["foreign"][0], "runs/notes");
    let report = room.json("runs/third/run.json");
    let run = &value["runs"][0];
    assert_eq!(
        run["result"]["value"],
        report["metrics"]["test"]["squared_error"]
    );
    assert_eq!(
        run["result"]["baseline_value"],
        report["baselines"]["pca"]["squared_error"]
    );
    assert_eq!(run["seconds"], report["seconds"]["total"]);
    let rows = room.run(&["runs", "--csv"]).rows();
    assert_eq!(rows.len(), 4);
    let column = |name: &str| rows[0].iter().position(|title| title == name).expect(name);
    assert_eq!(rows[1][column("name")], "third");
    assert_eq!(rows[1][column("value")], run["result"]["value"].to_string());
    assert_eq!(rows[3][column("epochs")], "20");
}

#[test]
fn a_damaged_or_killed_run_stops_no_list() {
    let room = room();
    room.write("runs/first/config.toml", "no = [toml");
    let killed = room
        .text("runs/second/run.json")
        .replace("\"completed\"", "\"running\"");
    room.write("runs/second/run.json", killed);
    let value = room.run(&["runs", "--json"]).ok().json();
    let status = |name: &str| {
        let runs = value["runs"].as_array().expect("runs");
        let run = runs.iter().find(|run| run["name"] == name).expect(name);
        run["status"].as_str().expect("a word").to_owned()
    };
    assert_eq!(
        ["first", "second", "third"].map(status),
        ["damaged", "killed", "completed"]
    );
    let listed = room.run(&["runs"]).ok();
    assert!(listed.stderr.contains("note: `runs/first`:"), "{listed:?}");
}

#[test]
fn the_list_fits_the_terminal() {
    let room = room();
    for columns in ["60", "80", "120"] {
        let listed = ran(room.command(&["runs"]).env("COLUMNS", columns))
            .ok()
            .stdout;
        let width: usize = columns.parse().expect("a number");
        let widest = listed.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{columns}: {listed}");
        assert!(listed.contains("third"), "{listed}");
    }
}

#[test]
fn no_runs_is_no_error_and_no_folder_is_one() {
    let room = Room::new();
    let failed = room.run(&["runs"]).failed(2);
    assert_eq!(failed.lines("error: "), ["no folder `runs`"]);
    fs::create_dir(room.path("runs")).expect("writable");
    let listed = room.run(&["runs"]).ok();
    assert_eq!(listed.stdout, "");
    assert!(listed.stderr.contains("`espejo train`"), "{listed:?}");
    assert_eq!(
        room.run(&["runs", "--json"]).ok().json()["runs"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}

#[test]
fn a_run_is_found_by_its_place_and_by_a_part_of_its_name() {
    let room = room();
    let name = |run: &str| {
        let text = room.run(&["inspect", run]).ok().stdout;
        let mut lines = text.lines();
        let command = lines.find(|line| line.starts_with("command"));
        command.expect("a command").to_owned()
    };
    for (run, expected) in [
        ("last", "third"),
        ("last~1", "second"),
        ("last~2", "first"),
        ("fir", "first"),
        ("con", "second"),
        ("runs/thi", "third"),
    ] {
        assert!(name(run).contains(&format!("--name {expected}")), "{run}");
    }
    let several = room.run(&["inspect", "ir"]).failed(2);
    assert_eq!(several.lines("error: "), ["`ir` stands for 2 runs"]);
    assert_eq!(
        several.lines("hint: "),
        ["type more of one name: `third`, `first`"]
    );
    let beyond = room.run(&["inspect", "last~3"]).failed(2);
    assert_eq!(
        beyond.lines("error: "),
        ["no run `last~3`: `runs` has 3 runs"]
    );
    let unknown = room.run(&["inspect", "secnod"]).failed(2);
    assert!(
        unknown.lines("hint: ")[0].starts_with("did you mean `second`?"),
        "{unknown:?}"
    );
    let name = room
        .run(&["train", "--device", "cpu", "--name", "last~1"])
        .failed(2);
    assert!(name.stderr.contains("cannot name a run"), "{name:?}");
}

#[test]
fn runs_in_a_folder_of_their_own_are_found() {
    let room = Room::new();
    for seed in ["1", "2"] {
        let name = format!("seed-{seed}");
        room.train(&name, &["--out", "runs/sweep", "--seed", seed]);
    }
    let rows = room.run(&["runs", "--csv"]).rows();
    assert_eq!(
        (rows[1][0].as_str(), rows[2][0].as_str()),
        ("sweep/seed-2", "sweep/seed-1")
    );
    for run in ["last", "sweep/seed-2", "seed-2"] {
        let text = room.run(&["inspect", run]).ok().stdout;
        assert!(text.contains("--name seed-2"), "{run}: {text}");
    }
}

#[test]
fn every_key_is_listed_with_what_it_accepts() {
    let room = Room::new();
    let text = room.run(&["train", "--keys"]).ok().stdout;
    for line in [
        "[objective] what to minimise: loss and penalties",
        "  objective.contractive = 0.0",
        "      accepts pool, stride",
        "  train.seed = 42",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    for word in [
        "Sparse autoencoder",
        "Contractive autoencoder",
        "Robust autoencoder",
    ] {
        assert!(text.contains(word), "{word}");
    }
    let keys = room.run(&["train", "--keys", "--json"]).ok().json();
    let keys = keys["keys"].as_array().expect("keys").clone();
    let config = room.run(&["train", "--print-config"]).ok().stdout;
    let config: toml::Table = config.parse().expect("TOML");
    for (section, table) in config.iter().filter(|(name, _)| *name != "version") {
        for (name, value) in table.as_table().expect("a section") {
            let path = format!("{section}.{name}");
            let key = keys
                .iter()
                .find(|key| key["key"] == path.as_str())
                .expect(&path);
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(key["default"], value.as_str(), "{path}");
        }
    }
    let vae = room.run(&["train", "--model", "vae", "--keys"]).ok().stdout;
    assert!(
        vae.contains("  model.kind = vae\n"),
        "defaults are those of the command"
    );
}
