//! What a run gives where something has no room: the numbers first, then the error; and what stays as it was.

use std::fs;
use std::process::Stdio;

use crate::program::{Ran, Room, Tree, npy, ran};

/// An array of so many images of 8x8 pixels.
fn images(room: &Room, name: &str, count: usize) {
    let values: Vec<u8> = (0..count * 64).map(|at| (at * 53 % 256) as u8).collect();
    room.write(name, npy("|u1", &format!("({count}, 8, 8)"), &values));
}

/// Trains `r` on 12 images, with its figures.
fn drawn_run(room: &Room, more: &str) {
    images(room, "p.npy", 12);
    let args = format!("train p.npy --device cpu --name r --latent 2 --samples-every 1 {more}");
    room.run(&args.split_whitespace().collect::<Vec<_>>()).ok();
}

/// Puts a file where a command would make the folder of figures.
fn block_figures(room: &Room) {
    let figures = room.path("runs/r/figures");
    fs::remove_dir_all(&figures).expect("drawn");
    fs::write(figures, "in the way").expect("writable");
}

/// What is below a folder, by the names relative to it.
fn below(room: &Room, folder: &str) -> Tree {
    let folder = room.path(folder);
    let inside = room.tree().into_iter();
    let inside = inside
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&folder).ok()?.to_owned(), bytes)));
    inside.collect()
}

#[test]
fn numbers_are_printed_where_no_figure_can_be_written() {
    let room = Room::new();
    drawn_run(&room, "--epochs 5");
    block_figures(&room);
    for command in [
        "eval r",
        "reconstruct r",
        "denoise r --noise gaussian:.1",
        "score r",
        "cluster r -k 2",
    ] {
        let args: Vec<&str> = command.split(' ').collect();
        let numbers = room.run(&[&args[..], &["--no-figures"]].concat()).ok();
        assert!(numbers.stdout.lines().count() >= 1, "{numbers:?}");
        // A file in the place of a folder is a run that nobody should write to; the numbers are told all the same.
        let failed = room.run(&args).failed(5);
        assert_eq!(failed.stdout, numbers.stdout, "{command}");
        assert!(
            failed.lines("error: ")[0].contains("runs/r/figures"),
            "{failed:?}"
        );
        let json = room.run(&[&args[..], &["--json"]].concat()).failed(5);
        assert_eq!(
            json.json()["figures"].as_array().map(Vec::len),
            Some(0),
            "{json:?}"
        );
    }
}

#[test]
fn a_training_whose_figures_fail_is_complete_and_has_said_its_numbers() {
    let room = Room::new();
    drawn_run(&room, "--epochs 5");
    let figure = room.path("runs/r/figures/loss.png");
    fs::remove_file(&figure).expect("drawn");
    // No file can take the place of a folder with something in it.
    fs::create_dir_all(figure.join("in-the-way")).expect("writable");
    let resume = ["train", "--resume", "r", "--epochs", "6"];
    let failed = room.run(&resume).failed(1);
    assert!(failed.stdout.contains("squared error"), "{failed:?}");
    assert_eq!(room.json("runs/r/run.json")["status"], "completed");
}

#[test]
fn a_figure_that_fails_leaves_the_others() {
    let room = Room::new();
    drawn_run(&room, "--epochs 5");
    fs::remove_dir_all(room.path("runs/r/figures")).expect("drawn");
    // No file can take the place of a folder with something in it.
    fs::create_dir_all(room.path("runs/r/figures/latent.png/in-the-way")).expect("writable");
    let failed = room.run(&["eval", "r"]).failed(1);
    assert!(
        failed.lines("error: ")[0].contains("latent.png"),
        "{failed:?}"
    );
    for figure in ["loss", "reconstruction", "grid"] {
        let path = format!("runs/r/figures/{figure}.png");
        assert!(
            failed.stdout.contains(&format!("figure  {path}\n")),
            "{failed:?}"
        );
        assert!(room.path(&path).is_file());
    }
}

#[test]
fn a_full_disk_names_the_flag_that_leaves_figures_out() {
    let room = Room::new();
    room.train("r", &[]);
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$0\" eval r";
    let ran = ran(&mut room.in_it("sh", &["-c", script, env!("CARGO_BIN_EXE_espejo")])).failed(1);
    assert!(ran.stdout.starts_with("epoch "), "{ran:?}");
    let hint = ran.lines("hint: ")[0];
    assert_eq!(
        hint,
        "free some space; `--no-figures` gives the numbers without pictures"
    );
}

#[test]
fn a_resume_that_fails_leaves_a_completed_run_as_it_was() {
    let room = Room::new();
    room.train("r", &["--schedule", "constant", "--epochs", "400"]);
    let but_the_log = |mut tree: Tree| {
        tree.retain(|path, _| !path.ends_with("log.txt"));
        tree
    };
    let before = but_the_log(below(&room, "runs/r"));
    // Room for the configuration and the report, but not for a longer table of epochs.
    let blocks = room.bytes("runs/r/metrics.csv").len() / 512 + 2;
    let script =
        format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" train --resume r --epochs 999999");
    let shell = ["-c", &script, env!("CARGO_BIN_EXE_espejo")];
    ran(&mut room.in_it("sh", &shell)).failed(1);
    assert_eq!(room.json("runs/r/run.json")["status"], "completed");
    let after = but_the_log(below(&room, "runs/r"));
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before));
    for (path, bytes) in &before {
        assert!(after[path] == *bytes, "{} was changed", path.display());
    }
}

#[test]
fn numbers_stay_in_the_report_while_the_best_model_is_the_one_they_are_of() {
    let room = Room::new();
    // A rate of nearly nothing: no later epoch is better.
    let more = [
        "--model",
        "vae",
        "--lr",
        "1e-30",
        "--set",
        "train.checkpoint_seconds=0",
    ];
    room.train("r", &more);
    let before = room.json("runs/r/run.json");
    let args = [
        "train",
        "--resume",
        "r",
        "--no-figures",
        "--epochs",
        "200000",
    ];
    let mut command = room.command(&args);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    while room.json("runs/r/run.json")["status"] != "running" {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("dead");
    let after = room.json("runs/r/run.json");
    assert_eq!(after["epochs"]["best"], before["epochs"]["best"]);
    assert_eq!(after["metrics"], before["metrics"]);
    assert_eq!(after["baselines"], before["baselines"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_without_memory_says_so_and_has_an_exit_code_for_it() {
    let room = Room::new();
    // The weights between the two layers alone are 800 MB.
    let script = "ulimit -v 500000; exec \"$0\" train fonts --device cpu --layers 20000,10000";
    let shell = ["-c", script, env!("CARGO_BIN_EXE_espejo")];
    let ran = ran(&mut room.in_it("sh", &shell)).failed(7);
    assert_eq!(ran.lines("error: "), ["out of memory"], "{ran:?}");
    assert!(ran.lines("hint: ")[0].contains("`--limit N`"), "{ran:?}");
}

#[test]
fn a_name_given_twice_at_once_is_refused_once() {
    let room = Room::new();
    for round in 0..10 {
        let name = format!("twice{round}");
        let args = [
            "train",
            "--device",
            "cpu",
            "--no-figures",
            "--epochs",
            "2",
            "--name",
            &name,
        ];
        let start = || {
            let mut command = room.command(&args);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
            child.spawn().expect("starts")
        };
        let both = [start(), start()];
        let both = both.map(|child| Ran::from(child.wait_with_output().expect("ends")));
        let mut codes = both.each_ref().map(|ran| ran.code);
        codes.sort_unstable();
        assert_eq!(codes, [Some(0), Some(2)], "{both:#?}");
        let refused = both.iter().find(|ran| ran.code == Some(2)).expect("one is");
        assert!(
            refused.lines("error: ")[0].contains("exists already"),
            "{refused:?}"
        );
        assert!(!room.path(&format!("runs/{name}-2")).exists());
    }
}

#[test]
fn figures_that_a_kill_left_undrawn_are_drawn_by_what_the_hint_names() {
    let room = Room::new();
    drawn_run(&room, "--epochs 8");
    let before = below(&room, "runs/r");
    fs::remove_dir_all(room.path("runs/r/figures")).expect("drawn");
    for film in ["samples.gif", "samples.png"] {
        fs::remove_file(room.path("runs/r/animations").join(film)).expect("drawn");
    }
    let refused = room.run(&["train", "--resume", "r"]).failed(2);
    assert!(
        refused.lines("hint: ")[0].contains("`espejo eval runs/r` draws its figures"),
        "{refused:?}"
    );
    room.run(&["eval", "runs/r"]).ok();
    let after = below(&room, "runs/r");
    for (path, bytes) in &before {
        assert!(after.get(path) == Some(bytes), "{}", path.display());
    }
}

#[test]
fn a_film_holds_the_frames_of_all_sessions() {
    let room = Room::new();
    images(&room, "p.npy", 12);
    let args = "train p.npy --device cpu --latent 2 --samples-every 1 --schedule constant --epochs";
    let args: Vec<&str> = args.split(' ').collect();
    room.run(&[&args[..], &["12", "--name", "through"]].concat())
        .ok();
    room.run(&[&args[..], &["5", "--name", "twice"]].concat())
        .ok();
    room.run(&["train", "--resume", "twice", "--epochs", "12"])
        .ok();
    for film in ["samples.gif", "samples.png", "samples.frames"] {
        let [through, twice] =
            ["through", "twice"].map(|run| room.bytes(&format!("runs/{run}/animations/{film}")));
        assert!(
            through == twice,
            "{film}: {} and {} bytes",
            through.len(),
            twice.len()
        );
    }
}

#[test]
fn one_image_one_row_and_one_column_are_trained_and_measured() {
    let room = Room::new();
    images(&room, "one.npy", 1);
    room.write("row.csv", "a,b,c\n1,2,3\n");
    room.write("column.csv", "a\n1\n2\n4\n8\n16\n3\n5\n7\n9\n11\n");
    for (data, samples) in [("one.npy", 1), ("row.csv", 1), ("column.csv", 10)] {
        let args = [
            "train", data, "--device", "cpu", "--epochs", "60", "--name", data,
        ];
        let ran = room.run(&args).ok();
        let report = room.json(&format!("runs/{data}/run.json"));
        assert_eq!(report["status"], "completed");
        let counts = &report["data"];
        let count = |part: &str| counts[part].as_u64().expect("a number");
        let all = match counts["held_out"].as_bool() {
            Some(true) => count("train") + count("test"),
            _ => count("train"),
        };
        assert_eq!(all, samples, "{data}");
        for part in ["train", "test"] {
            let error = &report["metrics"][part]["squared_error"];
            assert!(
                error.as_f64().is_some_and(f64::is_finite),
                "{data}: {report:#}"
            );
        }
        assert!(ran.stdout.contains("squared error"), "{ran:?}");
        assert!(
            room.path(&format!("runs/{data}/figures/loss.png"))
                .is_file()
        );
    }
}

#[test]
fn a_width_of_vectors_that_is_held_gives_the_same_bytes_and_another_one_others() {
    let room = Room::new();
    images(&room, "p.npy", 12);
    let weights = |name: &str, width: &str| {
        let width = format!("train.vector_width={width}");
        let args =
            "train p.npy --device flex --no-figures --epochs 30 --layers 40 --latent 3 --name";
        let args: Vec<&str> = args.split(' ').chain([name, "--set", &width]).collect();
        room.run(&args).ok();
        room.bytes(&format!("runs/{name}/checkpoints/last/model.safetensors"))
    };
    let width =
        |name: &str| room.json(&format!("runs/{name}/run.json"))["device"]["vector_width"].as_u64();
    let widest = weights("widest", "0");
    let narrow = weights("narrow", "128");
    assert_eq!(width("narrow"), Some(128));
    assert!(weights("again", "128") == narrow);
    let machine = width("widest").expect("a processor");
    assert!(weights("named", &machine.to_string()) == widest);
    // Without the switch every width would be that of the machine.
    assert_eq!(narrow == widest, machine == 128, "{machine} bits");
    let args = ["train", "--dry-run", "--device", "flex", "--set"];
    let refused = room
        .run(&[&args[..], &["train.vector_width=100"]].concat())
        .failed(2);
    assert!(
        refused.lines("error: ")[0].contains("0, 128, 256 or 512"),
        "{refused:?}"
    );
    if machine < 512 {
        room.run(&[&args[..], &["train.vector_width=512"]].concat())
            .failed(4);
    }
}
