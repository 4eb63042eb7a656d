//! What the system refuses: room on the disk, a reader on the other end, a device.

use std::process::Stdio;

use crate::program::{Ran, Room, npy, ran};

/// Runs the program where no file may grow past so many blocks of 512 bytes.
fn limited(room: &Room, blocks: u64, args: &[&str]) -> Ran {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let shell = [&["-c", &script, env!("CARGO_BIN_EXE_espejo")], args].concat();
    ran(&mut room.in_it("sh", &shell))
}

/// No group of files that was written aside is left in a run.
#[track_caller]
fn nothing_aside(room: &Room, run: &str) {
    let left = std::fs::read_dir(room.path(&format!("runs/{run}/checkpoints")));
    let left = left.into_iter().flatten().flatten();
    let names: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert!(
        names.iter().all(|name| name == "best" || name == "last"),
        "{names:?}"
    );
}

/// Runs the program where it gets no more address space than so many KiB.
fn cramped(room: &Room, kib: u64, args: &[&str]) -> Ran {
    let script = format!("ulimit -v {kib}; exec \"$0\" \"$@\"");
    let shell = [&["-c", &script, env!("CARGO_BIN_EXE_espejo")], args].concat();
    ran(&mut room.in_it("sh", &shell))
}

#[cfg(target_os = "linux")]
#[test]
fn an_array_of_3_gb_trains_in_less_memory_than_that() {
    let room = Room::new();
    let (count, size) = (2_929_687_u64, 1024);
    // One bright pixel, and behind it a hole that takes no room on the disk.
    room.write(
        "large.npy",
        npy("|u1", &format!("({count}, 32, 32)"), &[255]),
    );
    let start = room.bytes("large.npy").len() as u64 - 1;
    let file = std::fs::File::options()
        .write(true)
        .open(room.path("large.npy"));
    let grown = file.and_then(|file| file.set_len(start + count * size));
    grown.expect("a file may have a hole");
    let train = ["train", "large.npy", "--device", "cpu", "--no-figures"];
    let little = [
        "--limit", "100", "--epochs", "1", "--layers", "4", "--name", "some",
    ];
    cramped(&room, 2_000_000, &[&train[..], &little].concat()).ok();
    assert_eq!(room.json("runs/some/run.json")["data"]["train"], 100);
    // A table of floats, its first two rows of ones.
    let start = npy("<f4", "(7500000, 100)", &[]);
    let ones = [&start[..], &1f32.to_le_bytes().repeat(200)].concat();
    room.write("large.npy", ones);
    let file = std::fs::File::options()
        .write(true)
        .open(room.path("large.npy"));
    let grown = file.and_then(|file| file.set_len(start.len() as u64 + 3_000_000_000));
    grown.expect("a file may have a hole");
    let little = [&little[..7], &["table"]].concat();
    cramped(&room, 2_000_000, &[&train[..], &little].concat()).ok();
    assert_eq!(room.json("runs/table/run.json")["data"]["train"], 100);
}

#[test]
fn what_memory_shall_not_hold_and_the_disk_cannot_is_told() {
    let room = Room::new();
    let row = |row: u32| format!("{row},{},{},{},1.5\n", row * 7 % 11, row * 5 % 13, row % 17);
    room.write("long.csv", (0..20_000).map(row).collect::<String>());
    let args = [
        "train",
        "long.csv",
        "--device",
        "cpu",
        "--device-memory",
        "1",
    ];
    let ran = limited(&room, 200, &args).failed(1);
    let error = ran.lines("error: ")[0];
    assert!(
        error.contains("cannot write what memory shall not hold"),
        "{error}"
    );
    let hint = ran.lines("hint: ")[0];
    for word in ["TMPDIR", "--device-memory", "--limit"] {
        assert!(hint.contains(word), "{hint}");
    }
}

/// The first column of `metrics.csv`, its header left out.
fn epochs(room: &Room, run: &str) -> Vec<String> {
    let text = room.text(&format!("runs/{run}/metrics.csv"));
    let first = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    text.lines().skip(1).map(first).collect()
}

#[test]
fn a_full_disk_ends_the_run_and_names_the_file() {
    let room = Room::new();
    let args = ["train", "--device", "cpu", "--name", "full"];
    let ran = limited(&room, 8, &args).failed(1);
    let error = ran.lines("error: ")[0];
    assert!(error.contains("cannot write `runs/full/"), "{error}");
    assert_eq!(error.matches("(os error").count(), 1, "{error}");
    assert!(ran.lines("hint: ")[0].contains("free some space"));
    assert_eq!(room.json("runs/full/run.json")["status"], "failed");
    nothing_aside(&room, "full");
}

#[test]
fn a_full_disk_leaves_the_old_checkpoint_whole_and_the_run_goes_on_later() {
    let room = Room::new();
    let more = ["--latent", "3", "--schedule", "constant"];
    room.train("good", &[&more[..], &["--epochs", "400"]].concat());
    let last = ["encode", "good", "--checkpoint", "last"];
    let before = room.run(&last).ok().stdout;
    // The log of 400 epochs is larger than any other file of the run: the limit hits it first, in the middle of a row.
    let blocks = room.bytes("runs/good/metrics.csv").len() as u64 / 512 + 2;
    let resume = ["train", "--resume", "good", "--no-figures", "--epochs"];
    let ran = limited(&room, blocks, &[&resume[..], &["800"]].concat()).failed(1);
    assert!(ran.lines("error: ")[0].contains("metrics.csv"), "{ran:?}");
    assert_eq!(room.run(&last).ok().stdout, before);
    room.run(&[&resume[..], &["800"]].concat()).ok();
    let expected: Vec<String> = (1..=800).map(|epoch: u32| epoch.to_string()).collect();
    assert_eq!(epochs(&room, "good"), expected);
}

#[test]
fn a_checkpoint_that_does_not_fit_leaves_the_old_one_whole() {
    let room = Room::new();
    room.train("good", &["--latent", "3"]);
    let last = ["encode", "good", "--checkpoint", "last"];
    let before = room.run(&last).ok().stdout;
    // Three epochs of log fit, the moments of the optimiser do not.
    let resume = ["train", "--resume", "good", "--epochs", "23"];
    let ran = limited(&room, 20, &resume).failed(1);
    assert!(ran.lines("error: ")[0].contains("optimizer.safetensors"));
    assert_eq!(room.run(&last).ok().stdout, before);
    nothing_aside(&room, "good");
}

#[test]
fn a_folder_that_takes_no_files_is_named() {
    let room = Room::new();
    let ran = room.run(&["train", "--out", "/proc/espejo"]).failed(1);
    assert!(ran.lines("error: ")[0].contains("`/proc/espejo`"));
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_an_error_and_no_panic() {
    let room = Room::new();
    for args in [
        ["data", "list"],
        ["completions", "bash"],
        ["train", "--help"],
    ] {
        let full = std::fs::File::create("/dev/full").expect("every Linux has it");
        let ran = ran(room.command(&args).stdout(full));
        assert!(!ran.stderr.contains("panicked"), "{ran:?}");
        if args[0] != "train" {
            let error = ran.failed(1);
            assert!(error.lines("error: ")[0].contains("stdout"), "{error:?}");
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let room = Room::new();
    room.train("small", &[]);
    for args in [
        &["data", "show", "fonts:all"][..],
        &["encode", "small"],
        &["inspect", "small", "--json"],
        &["completions", "zsh"],
    ] {
        let mut command = room.command(args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("starts");
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().expect("ends")).ok();
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn a_device_that_is_not_there_is_an_error_of_its_own() {
    let room = Room::new();
    let ask = |device: &str| room.run(&["train", "--dry-run", "--device", device]);
    if !cfg!(feature = "cuda") {
        let ran = ask("cuda").failed(4);
        assert_eq!(
            ran.lines("error: "),
            ["device `cuda` is not in this build"],
            "{ran:?}"
        );
        assert!(ran.lines("hint: ")[0].ends_with("build with `--features cuda`"));
    }
    let gpu = ask("gpu");
    if gpu.code != Some(0) {
        let ran = gpu.failed(4);
        assert!(
            ran.lines("hint: ")[0].contains("`espejo doctor`"),
            "{ran:?}"
        );
    }
    ask("auto").ok();
    ask("cpu").ok();
    // A device that is used whatever it computes.
    ask("cpu!").ok();
    let ran = ask("auto!").failed(2);
    assert_eq!(ran.lines("error: "), ["unknown device `auto`"], "{ran:?}");
}
