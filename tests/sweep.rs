//! Sweeps: the same runs as one by one, whoever does them, whenever they are killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Ran, Room, ran};

/// What is swept: two settings, two seeds, with fresh noise in every batch.
const SWEEP: &str = "sweep letters --device cpu --model dae --noise flip:.1 --batch-size 8 --vary model.latent=2,3 --seeds 2 --out runs/s \
                     --set train.checkpoint_seconds=0.05";

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn sweep(room: &Room, more: &str) -> Ran {
    room.run(&words(&format!("{SWEEP} {more}")))
}

fn weights(room: &Room, run: &str) -> Vec<u8> {
    room.bytes(&format!("{run}/checkpoints/last/model.safetensors"))
}

/// What the tasks of the sweep are when each is trained by `espejo train`, by the name of its run.
fn one_by_one(room: &Room, epochs: &str) -> BTreeMap<String, Vec<u8>> {
    let mut trained = BTreeMap::new();
    for (number, (latent, seed)) in [(2, 1), (2, 2), (3, 1), (3, 2)].into_iter().enumerate() {
        let name = format!("task-000{}", number + 1);
        let line = format!(
            "train letters --device cpu --model dae --noise flip:.1 --batch-size 8 --latent {latent} --seed {seed} --epochs {epochs} \
             --no-figures --out alone --name {name}"
        );
        room.run(&words(&line)).ok();
        let found = weights(room, &format!("alone/{name}"));
        trained.insert(name, found);
    }
    trained
}

#[track_caller]
fn check_same(room: &Room, expected: &BTreeMap<String, Vec<u8>>) {
    for (name, expected) in expected {
        let report = room.json(&format!("runs/s/{name}/run.json"));
        assert_eq!(report["status"], "completed", "{name}");
        assert!(
            weights(room, &format!("runs/s/{name}")) == *expected,
            "{name} differs"
        );
    }
}

/// The files of the runs of the sweep.
fn runs(room: &Room) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let is_run = |path: &PathBuf| path.to_string_lossy().contains("/runs/s/task");
    room.tree()
        .into_iter()
        .filter(|(path, _)| is_run(path))
        .collect()
}

/// The task numbers that the messages say were done.
fn done(ran: &Ran) -> Vec<String> {
    let lines = ran.lines("task ");
    let number = |line: &&str| line.split('/').next().unwrap_or_default().to_owned();
    lines
        .iter()
        .filter(|line| line.ends_with(" s"))
        .map(number)
        .collect()
}

#[test]
fn a_sweep_trains_what_single_trainings_do_and_again_changes_nothing() {
    let room = Room::new();
    let first = sweep(&room, "--epochs 60").ok();
    assert_eq!(done(&first).len(), 4, "{first:?}");
    assert!(
        first.stdout.contains("squared error on the test samples"),
        "{first:?}"
    );
    assert!(first.stdout.contains("best    model.latent=3"), "{first:?}");
    check_same(&room, &one_by_one(&room, "60"));
    let tasks = room.text("runs/s/tasks.csv");
    assert_eq!(
        tasks.lines().next(),
        Some("task,run,model.latent,train.seed")
    );
    assert_eq!(tasks.lines().nth(3), Some("3,task-0003,3,1"));
    let results = room.text("runs/s/results.csv");
    assert_eq!(results.lines().count(), 5, "{results}");
    for file in [
        "settings.csv",
        "results.json",
        "figures/settings.png",
        "figures/settings.csv",
    ] {
        assert!(room.path(&format!("runs/s/{file}")).is_file(), "{file}");
    }
    let before = runs(&room);
    assert_eq!(done(&sweep(&room, "--epochs 60").ok()), [""; 0]);
    let tree = room.tree();
    room.run(&["sweep", "run", "runs/s", "2"]).ok();
    assert!(room.tree() == tree, "a completed task changed a file");
    assert!(runs(&room) == before);
    // The runs are runs as any others.
    room.run(&["encode", "s/task-0003"]).ok();
    let other = sweep(&room, "--epochs 61").failed(2);
    assert!(
        other.lines("error: ")[0].contains("`runs/s` holds another sweep"),
        "{other:?}"
    );
}

#[test]
fn a_sweep_killed_at_any_moment_reaches_the_same_weights() {
    const EPOCHS: &str = "3000";
    let room = Room::new();
    let expected = one_by_one(&room, EPOCHS);
    let line = format!("{SWEEP} --epochs {EPOCHS}");
    let mut kills = 0;
    for milliseconds in [60, 150, 300, 90, 500, 210].into_iter().cycle() {
        let mut command = room.command(&words(&line));
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        let end =
            Instant::now() + Duration::from_millis(if kills < 12 { milliseconds } else { 600_000 });
        let ended = loop {
            match child.try_wait().expect("a child") {
                Some(status) => break Some(status),
                None if Instant::now() > end => break None,
                None => sleep(Duration::from_millis(2)),
            }
        };
        match ended {
            Some(status) => {
                assert!(status.success(), "{status}");
                break;
            }
            None => {
                child.kill().expect("SIGKILL");
                child.wait().expect("dead");
                kills += 1;
            }
        }
    }
    assert!(kills > 2, "{kills} kills");
    check_same(&room, &expected);
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_told_to_stop_saves_and_goes_on() {
    let room = Room::new();
    let line = format!("{SWEEP} --epochs 3000");
    let mut command = room.command(&words(&line));
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let end = Instant::now() + Duration::from_secs(60);
    while !room.path("runs/s/task-0001/metrics.csv").exists() && Instant::now() < end {
        sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    ran(&mut room.in_it("kill", &["-TERM", &id])).ok();
    let stopped = Ran::from(child.wait_with_output().expect("ends"));
    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    assert!(
        stopped.stderr.contains("`espejo sweep run runs/s` goes on"),
        "{stopped:?}"
    );
    assert_eq!(room.json("runs/s/task-0001/run.json")["status"], "stopped");
    room.run(&["sweep", "run", "runs/s"]).ok();
    check_same(&room, &one_by_one(&room, "3000"));
}

#[test]
fn two_schedulers_at_once_do_no_task_twice() {
    let room = Room::new();
    let line = format!("{SWEEP} --epochs 1500");
    let both = [0, 1].map(|_| {
        let mut command = room.command(&words(&line));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts")
    });
    let mut all: Vec<String> = Vec::new();
    for child in both {
        let ran = Ran::from(child.wait_with_output().expect("ends")).ok();
        all.extend(done(&ran));
    }
    let in_sweep = |number: &String| number.parse::<usize>().expect("a number");
    let mut numbers: Vec<usize> = all.iter().map(in_sweep).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4]);
    check_same(&room, &one_by_one(&room, "1500"));
}

#[test]
fn a_task_that_diverges_is_recorded_and_stops_no_other() {
    let room = Room::new();
    let line = "sweep letters --device cpu --epochs 40 --vary train.learning_rate=1e-3,1e30 --set train.optimizer=sgd --set train.clip_norm=0 --out runs/s";
    let found = room.run(&words(line)).ok();
    assert!(
        found
            .stderr
            .contains("task 2/2  train.learning_rate=1e30  failed"),
        "{found:?}"
    );
    assert!(found.stderr.contains("failed: 1 task"), "{found:?}");
    assert_eq!(
        room.json("runs/s/task-0001/run.json")["status"],
        "completed"
    );
    let before = runs(&room);
    let again = room.run(&["sweep", "run", "runs/s", "2"]).failed(1);
    assert!(again.lines("error: ")[0].contains("epoch"), "{again:?}");
    assert!(runs(&room) == before, "it was trained again");
    let status = room
        .run(&["sweep", "status", "runs/s", "--json"])
        .ok()
        .json();
    assert_eq!(status["counts"]["failed"], 1);
    assert_eq!(status["tasks"][1]["status"], "failed");
}

#[test]
fn the_same_task_twice_at_once_is_refused() {
    let room = Room::new();
    sweep(&room, "--epochs 1000000 --plan").ok();
    let task = ["sweep", "run", "runs/s", "1"];
    let mut first = room.command(&task);
    let mut first = first
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let end = Instant::now() + Duration::from_secs(60);
    while !room.path("runs/s/task-0001/run.json").exists() && Instant::now() < end {
        sleep(Duration::from_millis(5));
    }
    let second = room.run(&task).failed(2);
    assert_eq!(
        second.lines("error: "),
        ["task 1 of `runs/s` is being run by another process"]
    );
    let status = room
        .run(&["sweep", "status", "runs/s", "--json"])
        .ok()
        .json();
    assert_eq!(status["tasks"][0]["status"], "running");
    first.kill().expect("SIGKILL");
    first.wait().expect("dead");
    // Half a sweep says what is missing.
    let half = room.run(&["sweep", "collect", "runs/s"]).ok();
    assert!(half.stderr.contains("missing: 4 tasks"), "{half:?}");
    let beyond = room.run(&["sweep", "run", "runs/s", "5"]).failed(2);
    assert_eq!(beyond.lines("error: "), ["`runs/s` has no task 5"]);
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_sweep_and_it_goes_on_later() {
    let room = Room::new();
    let line = format!("{SWEEP} --epochs 400 --jobs 1");
    let script = "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\"";
    let shell = [
        &["-c", script, env!("CARGO_BIN_EXE_espejo")],
        &words(&line)[..],
    ]
    .concat();
    let full = ran(&mut room.in_it("sh", &shell)).failed(1);
    assert!(
        full.lines("error: ")[0].contains("cannot write `runs/s/task-0001/"),
        "{full:?}"
    );
    assert!(
        full.lines("hint: ")[0].contains("free some space"),
        "{full:?}"
    );
    assert!(!room.path("runs/s/task-0002").exists(), "it went on");
    sweep(&room, "--epochs 400").ok();
    check_same(&room, &one_by_one(&room, "400"));
}

#[test]
fn halving_stops_the_poorer_settings_and_leaves_the_best_as_it_would_have_been() {
    let room = Room::new();
    let line = "sweep letters --device cpu --epochs 90 --set train.schedule=cosine --set train.eval_every=5 --vary train.learning_rate=1e-6,1e-2,1e-5,1e-4,3e-3,1e-3,2e-6,2e-5,2e-4 --halving 3 --out runs/s";
    let found = room.run(&words(line)).ok();
    assert!(
        found
            .stderr
            .contains("after 1/9 of the epochs 3 of 9 settings go on"),
        "{found:?}"
    );
    assert!(
        found
            .stderr
            .contains("after 1/3 of the epochs 1 of 3 settings go on"),
        "{found:?}"
    );
    let epochs = |number: usize| {
        room.json(&format!("runs/s/task-000{number}/run.json"))["epochs"]["completed"].clone()
    };
    assert_eq!(epochs(1), 10);
    let completed: Vec<usize> = (1..=9).filter(|number| epochs(*number) == 90).collect();
    assert_eq!((1..=9).filter(|number| epochs(*number) == 30).count(), 2);
    let [best] = completed[..] else {
        panic!("one setting is left: {completed:?}")
    };
    let rate = [
        "1e-6", "1e-2", "1e-5", "1e-4", "3e-3", "1e-3", "2e-6", "2e-5", "2e-4",
    ][best - 1];
    let alone = format!(
        "train letters --device cpu --epochs 90 --schedule cosine --set train.eval_every=5 --lr {rate} --no-figures --name alone"
    );
    room.run(&words(&alone)).ok();
    assert!(weights(&room, "runs/alone") == weights(&room, &format!("runs/s/task-000{best}")));
    let status = room
        .run(&["sweep", "status", "runs/s", "--json"])
        .ok()
        .json();
    assert_eq!(status["counts"]["stopped_early"], 8);
    let before = runs(&room);
    room.run(&words(line)).ok();
    assert!(runs(&room) == before, "what was stopped was trained");
}

#[test]
fn a_file_holds_a_sweep_beside_the_sections_of_a_run() {
    let room = Room::new();
    room.write(
        "my.toml",
        "[train]\nepochs = 10\ndevice = \"cpu\"\n[sweep]\nseeds = 2\n[sweep.grid]\n\"model.latent\" = [1, 2]\n",
    );
    let found = room
        .run(&["sweep", "my.toml", "--out", "s", "--json"])
        .ok()
        .json();
    assert_eq!(found["tasks"].as_array().expect("a list").len(), 4);
    assert_eq!(found["settings"][1]["settings"]["model.latent"], 2);
    assert_eq!(found["settings"][1]["test"]["count"], 2);
    assert_eq!(room.json("s/task-0004/run.json")["seed"], 2);
    // What was written is such a file, too.
    let planned = room
        .run(&["sweep", "s/sweep.toml", "--out", "again", "--plan"])
        .ok();
    assert!(planned.stdout.contains("4 open of 4 tasks"), "{planned:?}");
    assert_eq!(room.text("again/tasks.csv"), room.text("s/tasks.csv"));
}

/// Images that are more than a task keeps for itself lie in one file for all tasks that run, and the sweep removes it in the end.
#[test]
fn tasks_have_large_data_once_and_train_what_single_trainings_do() {
    const IMAGES: u32 = 22_000;
    let room = Room::new();
    let head = [0x0803, IMAGES, 28, 28].map(u32::to_be_bytes).concat();
    let pixel = |at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8;
    let pixels: Vec<u8> = (0..IMAGES * 784).map(pixel).collect();
    let file = room.path("noise-images-idx3-ubyte");
    fs::write(&file, [head, pixels].concat()).expect("a file");
    let rest = "noise-images-idx3-ubyte --device cpu --model ae --layers 8 --limit 200 --batch-size 50 --epochs 2";
    let run = |line: String| room.run(&words(&line)).ok();
    let vary = "--vary model.latent=2,3";
    run(format!("sweep {rest} {vary} --jobs 2 --out runs/s"));
    assert!(!room.path("runs/s/decoded").exists(), "it is left");
    // As a sweep leaves it that is killed.
    fs::create_dir(room.path("runs/s/decoded")).expect("a folder");
    room.write("runs/s/decoded/abc.bytes", "abc");
    run("sweep run runs/s".to_owned());
    assert!(!room.path("runs/s/decoded").exists(), "it is left for good");
    run(format!("sweep {rest} {vary} --plan --out runs/t"));
    for task in ["1", "2"] {
        run(format!("sweep run runs/t {task} --decoded runs/t/decoded"));
        let files = fs::read_dir(room.path("runs/t/decoded")).expect("a folder");
        let size = |file: std::io::Result<fs::DirEntry>| file.and_then(|file| file.metadata());
        let sizes: Vec<u64> = files
            .map(|file| size(file).expect("a file").len())
            .collect();
        assert_eq!(sizes, [u64::from(IMAGES) * 784], "after task {task}");
    }
    for (task, latent) in [("task-0001", 2), ("task-0002", 3)] {
        run(format!(
            "train {rest} --latent {latent} --no-figures --out alone --name {task}"
        ));
        let alone = weights(&room, &format!("alone/{task}"));
        for sweep in ["s", "t"] {
            let found = weights(&room, &format!("runs/{sweep}/{task}"));
            assert!(found == alone, "{sweep}/{task} differs");
        }
    }
}

/// A program that stands in for one that need not be installed.
#[cfg(unix)]
fn stand_in(room: &Room, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::create_dir_all(room.path("bin")).expect("writable");
    room.write(&format!("bin/{name}"), script);
    let all = fs::Permissions::from_mode(0o755);
    fs::set_permissions(room.path(&format!("bin/{name}")), all).expect("writable");
}

#[cfg(unix)]
fn with_bin(room: &Room, line: &str) -> Ran {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", room.path("bin").display());
    ran(room.command(&words(line)).env("PATH", path))
}

#[cfg(unix)]
#[test]
fn slurm_gets_arrays_below_its_limit_and_each_task_trains_its_run() {
    let room = Room::new();
    stand_in(&room, "sbatch", "#!/bin/sh\necho \"$@\" >> submitted\n");
    let many = "sweep letters --device cpu --epochs 5 --vary train.seed=1..1200 --out many --on slurm:8 --submit";
    with_bin(&room, many).ok();
    assert_eq!(
        room.text("submitted"),
        "many/sweep-1.sbatch\nmany/sweep-2.sbatch\n"
    );
    assert!(
        room.text("many/sweep-1.sbatch")
            .contains("#SBATCH --array=1-1000%8\n")
    );
    assert!(
        room.text("many/sweep-2.sbatch")
            .contains("#SBATCH --array=1-200%8\n")
    );
    let task = |script: &str, number: &str| {
        let mut command = room.in_it("sh", &[script]);
        ran(command.env("SLURM_ARRAY_TASK_ID", number))
    };
    task("many/sweep-2.sbatch", "7").ok();
    assert_eq!(room.json("many/task-1007/run.json")["seed"], 1007);
    let found = room.run(&["sweep", "status", "many"]).ok();
    assert!(
        found
            .stdout
            .contains("1 completed, 1199 open of 1200 tasks"),
        "{}",
        found.stdout.lines().last().unwrap_or("")
    );
}

#[cfg(unix)]
#[test]
fn gnu_parallel_gets_a_line_that_runs_every_task() {
    let room = Room::new();
    // Takes the options that the script gives, and runs the command for each argument, as the real one does.
    let script = "#!/bin/sh\necho \"$@\" > given\nshift 3\nwhile [ \"$1\" != ::: ]; do command=\"$command $1\"; shift; done\nshift\n\
                  for number; do sh -c \"$(echo \"$command\" | sed \"s/{}/$number/\")\" || exit 1; done\n";
    stand_in(&room, "parallel", script);
    let line =
        "sweep letters --device cpu --epochs 5 --vary model.latent=1,2 --out few --on parallel";
    let told = with_bin(&room, line).ok();
    assert_eq!(told.stdout, "sh few/parallel.sh\n");
    with_bin(&room, &format!("{line} --submit")).ok();
    assert!(
        room.text("given").starts_with("--joblog "),
        "{}",
        room.text("given")
    );
    for number in [1, 2] {
        assert_eq!(
            room.json(&format!("few/task-000{number}/run.json"))["status"],
            "completed"
        );
    }
}

#[test]
fn runs_are_compared_by_seed_and_only_where_that_means_something() {
    let room = Room::new();
    let line =
        "sweep letters --device cpu --epochs 30 --vary model.latent=1,3 --seeds 3 --out runs/s";
    room.run(&words(line)).ok();
    room.train("others", &["--letters", "ABCDEFGH"]);
    room.train("loss", &["--loss", "mse"]);
    let value = room.run(&words("compare s others loss --json")).ok().json();
    let groups = value["groups"].as_array().expect("a list");
    assert_eq!(groups.len(), 4);
    assert_eq!(groups[0]["seeds"], serde_json::json!([1, 2, 3]));
    assert_eq!(groups[1]["settings"]["model.latent"], "3");
    // Paired by hand.
    let error = |task: usize| {
        room.json(&format!("runs/s/task-000{task}/run.json"))["metrics"]["test"]["squared_error"]
            .as_f64()
            .expect("a number")
    };
    let differences: Vec<f64> = (1..=3).map(|seed| error(seed + 3) - error(seed)).collect();
    let mean = differences.iter().sum::<f64>() / 3.0;
    let above = &groups[1]["above_first"]["squared_error"];
    assert!(
        (above["mean"].as_f64().expect("a number") - mean).abs() < 1e-9,
        "{above}"
    );
    let deviation = (differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    // Student's t of 2 degrees of freedom, 95 %.
    let low = mean - 4.302_652_73 * deviation / 3f64.sqrt();
    assert!(
        (above["low"].as_f64().expect("a number") - low).abs() < 1e-6,
        "{above}"
    );
    assert_eq!(groups[2]["not_compared"], "measured on other samples");
    assert_eq!(groups[2]["above_first"], serde_json::json!({}));
    assert_eq!(groups[3]["same_loss"], false);
    let ran = room.run(&words("compare s others --csv")).ok();
    assert!(
        ran.lines("note: ")[0].contains("`others` are not held against those of"),
        "{ran:?}"
    );
    let header = ran.stdout.lines().next().expect("a header").to_owned();
    assert!(header.starts_with("runs,count,data.letters,"), "{header}");
    assert!(
        header.contains(",test_squared_error,test_squared_error_low,"),
        "{header}"
    );
    room.run(&words("compare s --to curves.svg")).ok();
    let svg = room.text("curves.svg");
    assert!(svg.contains("task-0001 (3 seeds)") && svg.contains("task-0004 (3 seeds)"));
    let text = room.run(&words("compare s/task-0001 s/task-0004")).ok();
    assert!(text.stdout.contains("model.latent"), "{text:?}");
    assert!(text.stderr.contains("one seed each"), "{text:?}");
}
