//! A run that is killed, interrupted or torn goes on to the very numbers of the one that was not.

use std::fs;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Ran, Room, ran};

/// The settings of a run of some seconds with many checkpoints, with its noise fresh in every batch.
const SETTINGS: &str = "train --device cpu --no-figures --model dae --latent 2 --batch-size 8 \
    --set train.eval_every=10 --set train.checkpoint_seconds=0.05 --epochs";
const KILLS: usize = 20;

/// Numbers from 0 to 1, always the same ones (Knuth's MMIX generator).
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        let Self(state) = self;
        *state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn start<'a>(epochs: &'a str, name: &'a str) -> Vec<&'a str> {
    let settings = SETTINGS.split_whitespace();
    settings.chain([epochs, "--name", name]).collect()
}

/// The command that begins a run, or goes on with it where its folder is.
fn begin_or_resume<'a>(room: &Room, epochs: &'a str, name: &'a str) -> Vec<&'a str> {
    if room.path("runs").join(name).exists() {
        vec!["train", "--no-figures", "--resume", name]
    } else {
        start(epochs, name)
    }
}

fn is_complete(room: &Room, name: &str) -> bool {
    let report = room.path("runs").join(name).join("run.json");
    report.exists() && room.json(&format!("runs/{name}/run.json"))["status"] == "completed"
}

/// Lets the program run for a while, then kills it; what it said if it ended first.
fn killed_after(room: &Room, args: &[&str], time: Duration) -> Option<Ran> {
    let mut command = room.command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("starts");
    let end = Instant::now() + time;
    while Instant::now() < end {
        if child.try_wait().expect("a child").is_some() {
            return Some(child.wait_with_output().expect("ended").into());
        }
        sleep(Duration::from_millis(1).min(end - Instant::now().min(end)));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("dead");
    None
}

/// `metrics.csv` without the seconds.
fn metrics(room: &Room, name: &str) -> Vec<String> {
    let without_seconds = |line: &str| {
        let mut cells: Vec<&str> = line.split(',').collect();
        if cells.len() > 2 {
            cells.remove(2);
        }
        cells.join(",")
    };
    let text = room.text(&format!("runs/{name}/metrics.csv"));
    text.lines().map(without_seconds).collect()
}

/// Holds a run against the one that ran through.
#[track_caller]
fn check_same(room: &Room, name: &str, reference: &str) {
    assert_eq!(
        room.json(&format!("runs/{name}/run.json"))["status"],
        "completed"
    );
    for checkpoint in ["best", "last"] {
        let [found, expected] = [name, reference].map(|run| {
            room.bytes(&format!(
                "runs/{run}/checkpoints/{checkpoint}/model.safetensors"
            ))
        });
        assert!(found == expected, "{checkpoint} of {name} differs");
    }
    let (found, expected) = (metrics(room, name), metrics(room, reference));
    let differs = found
        .iter()
        .zip(&expected)
        .find(|(found, expected)| found != expected);
    assert_eq!(differs, None, "metrics of {name}");
    assert_eq!(found.len(), expected.len(), "rows of {name}");
    let results = |run: &str| room.json(&format!("runs/{run}/run.json"))["metrics"].clone();
    assert_eq!(results(name), results(reference));
}

#[test]
fn a_run_killed_at_twenty_moments_reaches_the_same_numbers() {
    const EPOCHS: &str = "10000";
    let room = Room::new();
    let begun = Instant::now();
    room.run(&start(EPOCHS, "reference")).ok();
    let whole = begun.elapsed().as_secs_f64();
    let mut moments = Moments(42);
    let mut kills = 0;
    for attempt in 0.. {
        let name = format!("killed{attempt}");
        // A kill may also come after the last words of a run.
        while !is_complete(&room, &name) {
            let args = begin_or_resume(&room, EPOCHS, &name);
            if kills == KILLS {
                let ran = room.run(&args);
                assert!(!ran.stderr.contains("ep     1/10000 "), "nothing was saved");
                ran.ok();
                break;
            }
            // On a usual machine from about 50 to 300 ms.
            let time = Duration::from_secs_f64(whole * (0.02 + 0.1 * moments.next()));
            match killed_after(&room, &args, time) {
                Some(ended) => drop(ended.ok()),
                None => kills += 1,
            }
        }
        check_same(&room, &name, "reference");
        if kills == KILLS {
            break;
        }
    }
}

#[test]
fn a_run_killed_as_it_starts_can_be_started_or_resumed() {
    const EPOCHS: &str = "40";
    let room = Room::new();
    room.run(&start(EPOCHS, "reference")).ok();
    let mut moments = Moments(7);
    for attempt in 0..2 * KILLS {
        let name = format!("killed{attempt}");
        let time = Duration::from_secs_f64(0.04 * moments.next());
        let ended = killed_after(&room, &start(EPOCHS, &name), time);
        if ended.is_none() {
            let args = begin_or_resume(&room, EPOCHS, &name);
            let ran = room.run(&args);
            // Killed between its last file and its exit, it is complete.
            if !ran.stderr.contains("is complete: 40 epochs") {
                ran.ok();
            }
        }
        check_same(&room, &name, "reference");
    }
}

#[test]
fn an_interrupted_run_is_saved_and_goes_on_to_the_same_numbers() {
    const EPOCHS: &str = "2000";
    let room = Room::new();
    room.run(&start(EPOCHS, "reference")).ok();
    for (name, signal) in [("asked", "-INT"), ("told", "-TERM")] {
        let mut command = room.command(&start(EPOCHS, name));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = child.spawn().expect("starts");
        wait_for_rows(&room, name, 2000);
        ran(&mut room.in_it("kill", &[signal, &child.id().to_string()])).ok();
        let ran = Ran::from(child.wait_with_output().expect("ends"));
        assert_eq!(ran.code, Some(130), "{ran:#?}");
        let resume = format!("espejo train --resume runs/{name}`");
        assert!(ran.stderr.contains(&resume), "{ran:#?}");
        let report = room.json(&format!("runs/{name}/run.json"));
        assert_eq!(report["status"], "stopped");
        assert!(report["epochs"]["completed"].as_u64() < Some(2000));
        assert!(!ran.stderr.contains("panicked"), "{ran:#?}");
        room.run(&begin_or_resume(&room, EPOCHS, name)).ok();
        check_same(&room, name, "reference");
    }
}

#[test]
fn signals_within_half_a_second_are_one() {
    const EPOCHS: &str = "20000";
    let room = Room::new();
    for (name, pause) in [("at-once", 0), ("soon", 1), ("later", 200)] {
        let mut command = room.command(&start(EPOCHS, name));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = child.spawn().expect("starts");
        wait_for_rows(&room, name, 2000);
        let id = child.id().to_string();
        let repeated = format!(
            "kill -INT {id}; sleep {}; kill -INT {id}",
            f64::from(pause) / 1000.0
        );
        // By the second signal it may be gone.
        ran(&mut room.in_it("sh", &["-c", &repeated]));
        let ran = Ran::from(child.wait_with_output().expect("ends"));
        assert_eq!(ran.code, Some(130), "{ran:#?}");
        let report = room.json(&format!("runs/{name}/run.json"));
        assert_eq!(report["status"], "stopped");
        room.run(&["eval", name, "--no-figures"]).ok();
    }
}

/// Makes a run look as if its last session had been killed after it wrote its last checkpoint.
fn pretend_killed(room: &Room, name: &str) {
    let path = format!("runs/{name}/run.json");
    let text = room.text(&path);
    room.write(&path, text.replacen("\"completed\"", "\"running\"", 1));
}

#[test]
fn a_run_killed_after_its_early_stop_stops_there() {
    let room = Room::new();
    let more = ["--target-loss", "10", "--set", "train.eval_every=10"];
    let long = ["--epochs", "5000"];
    for name in ["reference", "killed"] {
        room.train(name, &[&more[..], &long].concat());
    }
    pretend_killed(&room, "killed");
    room.run(&begin_or_resume(&room, "", "killed")).ok();
    check_same(&room, "killed", "reference");
}

#[test]
fn a_run_killed_between_two_renames_goes_on() {
    const EPOCHS: &str = "200";
    let room = Room::new();
    room.run(&start(EPOCHS, "reference")).ok();
    room.run(&start(EPOCHS, "killed")).ok();
    pretend_killed(&room, "killed");
    for checkpoint in ["best", "last"] {
        let folder = room.path(&format!("runs/killed/checkpoints/{checkpoint}"));
        fs::rename(&folder, folder.with_extension("old")).expect("writable");
    }
    room.run(&["eval", "killed"]).ok();
    let resume = ["train", "--no-figures", "--resume"];
    for name in ["killed", "reference"] {
        room.run(&[&resume[..], &[name, "--epochs", "300"]].concat())
            .ok();
    }
    check_same(&room, "killed", "reference");
}

#[test]
fn a_row_torn_by_a_power_cut_is_dropped() {
    let room = Room::new();
    room.train("torn", &[]);
    let log = "runs/torn/metrics.csv";
    let text = room.text(log);
    // The start of row 21, which reads as row 2.
    room.write(log, text.clone() + "2");
    room.run(&[
        "train",
        "--no-figures",
        "--resume",
        "torn",
        "--epochs",
        "30",
    ])
    .ok();
    let rows = metrics(&room, "torn");
    let epochs: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split(',').next())
        .collect();
    let expected: Vec<String> = (1..=30).map(|epoch: u32| epoch.to_string()).collect();
    assert_eq!(epochs[1..], expected);
}

#[test]
fn a_training_in_double_precision_is_repeated_to_the_same_numbers() {
    let room = Room::new();
    let settings = "train fonts --optimizer cg --device cpu --no-figures --epochs 8000 \
                    --set train.checkpoint_seconds=0.05 --name";
    let start = |name| -> Vec<&str> { settings.split_whitespace().chain([name]).collect() };
    room.run(&start("reference")).ok();
    for (name, signal) in [("killed", "-KILL"), ("asked", "-INT")] {
        let mut command = room.command(&start(name));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = child.spawn().expect("starts");
        wait_for_rows(&room, name, 20_000);
        ran(&mut room.in_it("kill", &[signal, &child.id().to_string()])).ok();
        let ran = Ran::from(child.wait_with_output().expect("ends"));
        if signal == "-INT" {
            assert_eq!(ran.code, Some(130), "{ran:#?}");
            let how = "which starts again from the initial weights";
            assert!(ran.stderr.contains(how), "{ran:#?}");
            let report = room.json(&format!("runs/{name}/run.json"));
            assert_eq!(report["status"], "stopped");
            assert_eq!(report["optimizer"]["ended"], "interrupted");
            room.run(&["eval", name]).ok();
        }
        room.run(&["train", "--no-figures", "--resume", name]).ok();
        check_same(&room, name, "reference");
    }
}

/// Waits until so many bytes of `metrics.csv` are written.
fn wait_for_rows(room: &Room, name: &str, bytes: u64) {
    let log = room.path(&format!("runs/{name}/metrics.csv"));
    let begun = Instant::now();
    while fs::metadata(&log).map_or(0, |log| log.len()) < bytes {
        let patience = Duration::from_secs(20);
        assert!(begun.elapsed() < patience, "it never trained");
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_long_iteration_stops_when_it_is_asked_to() {
    let room = Room::new();
    let start = "train fonts --optimizer powell --layers 400 --device cpu --no-figures --name long";
    let mut command = room.command(&start.split_whitespace().collect::<Vec<_>>());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn().expect("starts");
    sleep(Duration::from_millis(700));
    let begun = Instant::now();
    ran(&mut room.in_it("kill", &["-INT", &child.id().to_string()])).ok();
    let ran = Ran::from(child.wait_with_output().expect("ends"));
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    let report = room.json("runs/long/run.json");
    assert_eq!(report["optimizer"]["iterations"], 0, "{report:#}");
    room.run(&["eval", "long"]).ok();
}
