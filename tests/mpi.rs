//! One training shared among processes: the numbers of one process, to the bit the same each time, whoever is killed.
//!
//! Without the feature `mpi`, or where there is no `mpirun`, these tests say that they are skipped.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Ran, Room, ran};

/// Whether ranks can be started; says so where they cannot.
fn skipped() -> bool {
    let found = Command::new("mpirun").arg("--version").output().is_ok();
    let skipped = !cfg!(feature = "mpi") || !found;
    if skipped {
        eprintln!("skipped: the feature `mpi` or `mpirun` is missing");
    }
    skipped
}

/// The program in a room, about to start ranks, as root as well.
fn command(room: &Room, line: &str) -> Command {
    let mut command = room.command(&line.split_whitespace().collect::<Vec<_>>());
    command
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("RAYON_NUM_THREADS", "1");
    command
}

fn run(room: &Room, line: &str) -> Ran {
    ran(&mut command(room, line))
}

/// A room with `images.csv`: images of 8x8 pixels of four classes, as rows of a table.
fn room_with_images(rows: u32) -> Room {
    let room = Room::new();
    let mut text = String::from("class");
    (0..64).for_each(|pixel| text += &format!(",p{pixel}"));
    text += "\n";
    let mut state = 1_u32;
    for row in 0..rows {
        let class = row % 4;
        text += ["a", "b", "c", "d"][class as usize];
        for pixel in 0..64_u32 {
            // A linear congruential generator (Numerical Recipes), and a stripe for each class.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let stripe = if pixel / 16 == class { 155 } else { 0 };
            text += &format!(",{}", state % 101 + stripe);
        }
        text += "\n";
    }
    room.write("images.csv", text);
    room
}

const FLEX: &str = "train images.csv --shape 8x8 --device flex --no-figures";
const RANKS: &str = "train images.csv --shape 8x8 --devices flex,flex --no-figures";

/// A column of `metrics.csv`.
fn column(room: &Room, run: &str, name: &str) -> Vec<f64> {
    let text = room.text(&format!("runs/{run}/metrics.csv"));
    let header = text.lines().next().expect("a header");
    let place = header.split(',').position(|column| column == name);
    let place = place.unwrap_or_else(|| panic!("{name} in {header}"));
    let cell = |line: &str| line.split(',').nth(place)?.parse().ok();
    text.lines().skip(1).filter_map(cell).collect()
}

fn weights(room: &Room, run: &str, which: &str) -> Vec<u8> {
    room.bytes(&format!("runs/{run}/checkpoints/{which}/model.safetensors"))
}

fn relative(found: f64, expected: f64) -> f64 {
    (found - expected).abs() / expected.abs()
}

/// What is trained: models and nets whose loss is of rows, with draws of every kind.
const MODELS: [&str; 5] = [
    "--model ae --label class --layers 24 --latent 4",
    "--model dae --label class --layers 24,noise:.1 --latent 4 --noise gaussian:.2",
    "--model vae --label class --layers 24 --latent 4",
    "--model classifier --target class --layers 24,dropout:.3,16",
    "--model classifier --target class --conv 4,pool,8 --layers 16 --augment shift:.1,mixup:.2",
];
const CONVOLUTIONAL: [&str; 3] = [
    "--model ae --label class --conv 4,8 --layers 16 --latent 4",
    "--model dae --label class --conv 4,8 --layers 16 --latent 4 --noise flip:.1",
    "--model vae --label class --conv 4,8 --layers 16 --latent 4",
];

#[test]
fn ranks_have_the_losses_of_one_process_over_fifty_steps() {
    if skipped() {
        return;
    }
    for batch in [128, 129] {
        // Fifty whole batches, and one of seven rows.
        let room = room_with_images(50 * batch + 7);
        for (number, model) in MODELS.iter().chain(&CONVOLUTIONAL).enumerate() {
            let rest = format!("{model} --epochs 1 --batch-size {batch} --seed 3 --name");
            let (one, two) = (format!("one{number}"), format!("two{number}"));
            run(&room, &format!("{FLEX} {rest} {one}")).ok();
            run(&room, &format!("{RANKS} {rest} {two}")).ok();
            for name in ["train_loss", "test_loss"] {
                let [expected, found] = [&one, &two].map(|run| column(&room, run, name)[0]);
                let off = relative(found, expected);
                eprintln!("batch {batch}: {model}: {name} {expected}, off by {off:.1e}");
                assert!(
                    off <= 1e-6,
                    "{model}: {name} is {found}, expected {expected}"
                );
            }
            let report = room.json(&format!("runs/{two}/run.json"));
            assert_eq!(report["ranks"], 2);
            // One exchange a step: all gradients, the terms of the loss, the wish to stop.
            assert_eq!(report["exchange"]["steps"], 51);
            let numbers = report["parameters"].as_u64().expect("a number") * 4;
            let bytes = report["exchange"]["bytes"].as_u64().expect("a number");
            assert!(
                (8..=20).contains(&(bytes - numbers)),
                "{bytes} for {numbers}"
            );
            assert!(
                room.json(&format!("runs/{one}/run.json"))
                    .get("ranks")
                    .is_none()
            );
        }
    }
}

/// The numbers of all tensors of a safetensors file, in the order of the file.
fn numbers(bytes: &[u8]) -> Vec<f64> {
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("a length")) as usize;
    let values = bytes[8 + header..].chunks_exact(4);
    let number = |four: &[u8]| f64::from(f32::from_le_bytes(four.try_into().expect("four")));
    values.map(number).collect()
}

/// After one step of gradient descent from weights that are known the rest is the gradient: what ranks add up is that of one process.
#[test]
fn ranks_have_the_gradient_of_one_process() {
    if skipped() {
        return;
    }
    let room = room_with_images(129);
    for (number, model) in MODELS.iter().chain(&CONVOLUTIONAL).enumerate() {
        let step = |start: &str, rate: &str, name: String| {
            let rest = "--epochs 1 --batch-size 0 --optimizer sgd --set train.clip_norm=0 --lr";
            let ran = run(
                &room,
                &format!("{start} {model} {rest} {rate} --name {name}"),
            );
            // So long a step may ruin the model, which is an error; its weights are kept all the same.
            assert!(
                ran.code == Some(0) || ran.stderr.contains("diverged: at epoch 1"),
                "{ran:?}"
            );
            numbers(&weights(&room, &name, "last"))
        };
        let rate = 0.1;
        let first = step(FLEX, "1e-30", format!("first{number}"));
        let one = step(FLEX, "0.1", format!("one{number}"));
        let two = step(RANKS, "0.1", format!("two{number}"));
        let norm = |to: &[f64], from: &[f64]| {
            let squares = to.iter().zip(from).map(|(to, from)| (to - from).powi(2));
            squares.sum::<f64>().sqrt() / rate
        };
        let off = norm(&two, &one) / norm(&one, &first);
        eprintln!("{model}: gradient off by {off:.1e} of its norm");
        assert!(off <= 1e-6, "{model}: {off}");
    }
}

#[test]
fn the_same_ranks_give_the_same_bits_whatever_carries_them() {
    if skipped() {
        return;
    }
    let room = room_with_images(645);
    let rest = "--model vae --label class --layers 24 --latent 4 --epochs 5 --batch-size 32";
    let train = |name: &str, carried: &str, devices: &str| {
        let start = RANKS.replace("flex,flex", devices);
        let mut command = command(&room, &format!("{start} {rest} --name {name}"));
        ran(command.env("OMPI_MCA_btl", carried)).ok();
        weights(&room, name, "best")
    };
    let reference = train("vader", "self,vader", "flex,flex");
    assert!(train("again", "self,vader", "flex,flex") == reference);
    assert!(train("tcp", "self,tcp", "flex,flex") == reference);
    assert!(train("tcp2", "self,tcp", "flex,flex") == reference);
    let three = train("three", "self,vader", "flex,flex,flex");
    assert!(train("three2", "self,tcp", "flex,flex,flex") == three);
    assert_eq!(room.json("runs/three/run.json")["ranks"], 3);
}

/// Each rank steps by itself: one that rounds otherwise would end with other weights.
#[test]
fn ranks_that_round_otherwise_are_refused() {
    if skipped() {
        return;
    }
    let room = room_with_images(40);
    run(
        &room,
        &format!("{FLEX} --label class --epochs 1 --name alone"),
    )
    .ok();
    if room.json("runs/alone/run.json")["device"]["vector_width"] == 128 {
        eprintln!("skipped: this processor has vectors of 128 bits alone");
        return;
    }
    let program = env!("CARGO_BIN_EXE_espejo");
    let rank = format!("-np 1 {program} {FLEX} --label class --epochs 1");
    let line = format!("{rank} --name two : {rank} --set train.vector_width=128");
    let mut mpirun = room.in_it("mpirun", &line.split_whitespace().collect::<Vec<_>>());
    mpirun
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1");
    let refused = ran(&mut mpirun);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let expected = "rank 1 computes with vectors of 128 bits, and rank 0 with vectors of";
    assert!(refused.stderr.contains(expected), "{refused:?}");
    assert!(!room.path("runs/two/checkpoints").exists());
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let is_child = |stat: &str| {
        // The name may hold anything; behind it are the state and the parent.
        let rest = stat.rsplit(')').next().unwrap_or_default();
        rest.split_whitespace().nth(1) == Some(&parent.to_string())
    };
    let entries = fs::read_dir("/proc").expect("proc").flatten();
    let child = |path: PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).ok()?;
        let pid = path.file_name()?.to_str()?.parse().ok()?;
        is_child(&stat).then_some(pid)
    };
    let mut found: Vec<u32> = entries.filter_map(|entry| child(entry.path())).collect();
    found.sort_unstable();
    found
}

/// Whether a process computes or waits; one that has ended may be listed until somebody asks how.
fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

/// A training of many checkpoints.
const LONG: &str = "--model dae --label class --layers 24 --latent 4 --noise flip:.1 --batch-size 32 --set train.eval_every=10 \
                    --set train.checkpoint_seconds=0.05";

/// Starts a command, and waits until its run has a checkpoint of this session and its ranks are there.
fn begun(room: &Room, line: &str, name: &str) -> (Child, Vec<u32>) {
    let last = room.path(&format!("runs/{name}/checkpoints/last/course.json"));
    let before = fs::metadata(&last).and_then(|file| file.modified()).ok();
    let mut command = command(room, line);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().expect("starts");
    for _ in 0..6000 {
        let now = fs::metadata(&last).and_then(|file| file.modified()).ok();
        if now.is_some() && now != before {
            let ranks = children(child.id());
            return (child, ranks);
        }
        assert_eq!(child.try_wait().expect("a child"), None, "it ended at once");
        sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    panic!("no checkpoint of {name} within 30 s");
}

fn signal(room: &Room, signal: &str, pid: u32) {
    ran(&mut room.in_it("kill", &[signal, &pid.to_string()])).ok();
}

#[test]
fn a_rank_that_is_killed_ends_all_and_the_run_goes_on_to_the_same_bits() {
    if skipped() {
        return;
    }
    let room = room_with_images(320);
    // Long enough to be killed ten times, on a quiet machine as well: each time it has a quarter of a second or less.
    let long = format!("{RANKS} {LONG} --epochs 2000 --name");
    run(&room, &format!("{long} whole")).ok();
    let mut line = format!("{long} killed");
    let pauses = [3, 40, 11, 90, 27, 60, 5, 120, 17, 75];
    for (kills, pause) in pauses.into_iter().enumerate() {
        let (child, ranks) = begun(&room, &line, "killed");
        assert_eq!(ranks.len(), 2, "{ranks:?}");
        sleep(Duration::from_millis(pause));
        signal(&room, "-9", ranks[kills % 2]);
        let begun = Instant::now();
        let ended: Ran = child.wait_with_output().expect("ended").into();
        eprintln!(
            "killed rank {}: all ended after {:?} with {:?}",
            kills % 2,
            begun.elapsed(),
            ended.code
        );
        assert_ne!(ended.code, Some(0), "{ended:?}");
        while ranks.iter().any(|rank| is_alive(*rank)) {
            assert!(begun.elapsed() < Duration::from_secs(30), "a rank lives on");
            sleep(Duration::from_millis(5));
        }
        line = "train --resume killed --devices flex,flex --no-figures".to_owned();
    }
    run(&room, &line).ok();
    for which in ["best", "last"] {
        assert!(
            weights(&room, "killed", which) == weights(&room, "whole", which),
            "{which}"
        );
    }
}

#[test]
fn a_rank_that_is_told_to_stop_stops_all_after_the_same_epoch() {
    if skipped() {
        return;
    }
    let room = room_with_images(320);
    let long = format!("{RANKS} {LONG} --epochs 400 --name");
    run(&room, &format!("{long} whole")).ok();
    let (child, ranks) = begun(&room, &format!("{long} told"), "told");
    signal(&room, "-TERM", *ranks.last().expect("two ranks"));
    let ended: Ran = child.wait_with_output().expect("ended").into();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(
        ended.stderr.matches("stopped after saving epoch").count(),
        1
    );
    let report = room.json("runs/told/run.json");
    assert_eq!(
        (&report["status"], &report["ranks"]),
        (&"stopped".into(), &2.into())
    );
    let epochs = column(&room, "told", "epoch");
    assert_eq!(report["epochs"]["completed"], epochs.len());
    let again = run(
        &room,
        "train --resume told --devices flex,flex --no-figures",
    )
    .ok();
    assert!(!again.stderr.contains("goes on with"), "{again:?}");
    for which in ["best", "last"] {
        assert!(
            weights(&room, "told", which) == weights(&room, "whole", which),
            "{which}"
        );
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_ranks_and_says_so() {
    if skipped() {
        return;
    }
    let room = room_with_images(320);
    let rest = "--model ae --label class --layers 24 --latent 4 --batch-size 32 --epochs";
    run(&room, &format!("{FLEX} {rest} 4 --name whole")).ok();
    run(&room, &format!("{RANKS} {rest} 2 --name other")).ok();
    let resumed = run(
        &room,
        "train --resume other --epochs 4 --device flex --no-figures",
    )
    .ok();
    assert!(
        resumed
            .stderr
            .contains("trained by 2 ranks, and goes on with 1 rank"),
        "{resumed:?}"
    );
    for (found, expected) in
        column(&room, "other", "train_loss")
            .iter()
            .zip(column(&room, "whole", "train_loss"))
    {
        assert!(relative(*found, expected) < 1e-6, "{found} {expected}");
    }
    assert!(room.json("runs/other/run.json").get("ranks").is_none());
}

#[test]
fn what_ranks_cannot_share_is_refused_before_training() {
    let room = room_with_images(40);
    let error = |line: &str| {
        let refused = run(&room, line).failed(2);
        assert_eq!(refused.lines("hint: ").len(), 1, "{refused:?}");
        assert!(!room.path("runs").exists(), "{line} made a folder");
        refused.lines("error: ")[0].to_owned()
    };
    if !cfg!(feature = "mpi") {
        for flag in ["--devices flex,flex", "--nodes 2"] {
            let found = error(&format!("train {flag}"));
            assert!(found.contains("needs the feature `mpi`"), "{found}");
        }
        let mut one = command(&room, "train --device cpu");
        let refused = ran(one.env("OMPI_COMM_WORLD_SIZE", "2")).failed(2);
        assert!(
            refused.stderr.contains("one of 2 processes of an MPI"),
            "{refused:?}"
        );
        return;
    }
    for (rest, expected) in [
        (
            "--model ae --label class --conv 4,8 --batch-norm",
            "batch normalisation",
        ),
        (
            "--model classifier --target class --layers 8,bn",
            "batch normalisation",
        ),
        (
            "--model ae --label class --layers 8 --set objective.sparsity=.1 --set model.latent_activation=sigmoid",
            "`objective.sparsity`",
        ),
        (
            "--model vae --label class --set objective.free_bits=.1",
            "`objective.free_bits`",
        ),
        (
            "--model ae --label class --optimizer bfgs --layers 8",
            "`bfgs` trains in double precision",
        ),
        (
            "--model ae --label class --batch-size 1",
            "2 ranks share batches of 1 row",
        ),
        (
            "--model classifier --target class --folds 4",
            "cross-validation",
        ),
    ] {
        let found = error(&format!("{RANKS} {rest}"));
        assert!(found.contains(expected), "{rest}: {found}");
    }
    let line = run(&room, &format!("{RANKS} --label class --nodes 2"))
        .ok()
        .stdout;
    assert!(
        line.starts_with(
            "sbatch --nodes=2 --ntasks-per-node=2 --signal=TERM@60 --wrap='srun --mpi=pmix "
        ),
        "{line}"
    );
    assert!(
        !line.contains("--nodes 2") && line.contains("--devices flex,flex"),
        "{line}"
    );
    assert!(!room.path("runs").exists());
}
