//! Training in double precision: runs like all others, by the optimisers of `mlp`.

use serde_json::Value;

use crate::program::{Ran, Room};
use crate::train::check_figure;

const OPTIMIZERS: [&str; 7] = [
    "adaptive",
    "cg",
    "bfgs",
    "lbfgs",
    "truncated-newton",
    "powell",
    "nelder-mead",
];

/// Trains a run of the optimiser's name.
#[track_caller]
fn train(room: &Room, optimizer: &str, more: &[&str]) -> Ran {
    let start = ["train", "fonts", "--optimizer", optimizer];
    let named = ["--name", optimizer, "--device", "cpu", "--no-figures"];
    room.run(&[&start[..], &named, more].concat()).ok()
}

/// The `optimizer` part of a run's report.
fn cost(room: &Room, run: &str) -> Value {
    room.json(&format!("runs/{run}/run.json"))["optimizer"].clone()
}

fn loss(room: &Room, run: &str) -> f64 {
    let report = room.json(&format!("runs/{run}/run.json"));
    let loss = report["metrics"]["test"]["loss"].as_f64();
    loss.expect("a run that ran to its end is measured")
}

/// A column of `metrics.csv`.
fn column(room: &Room, run: &str, name: &str) -> Vec<String> {
    let text = room.text(&format!("runs/{run}/metrics.csv"));
    let mut lines = text.lines();
    let header = lines.next().expect("a header");
    let place = header.split(',').position(|column| column == name);
    let place = place.unwrap_or_else(|| panic!("no `{name}` in {header}"));
    let cell = |line: &str| line.split(',').nth(place).expect("a cell").to_owned();
    lines.map(cell).collect()
}

#[test]
fn every_optimiser_leaves_a_whole_run() {
    for optimizer in OPTIMIZERS {
        let room = Room::new();
        let start = ["train", "fonts", "--optimizer", optimizer, "--name", "run"];
        let ran = room
            .run(&[&start[..], &["--max-evaluations", "400"]].concat())
            .ok();
        assert!(
            ran.stderr
                .starts_with("device cpu (double precision, own code): "),
            "{ran:?}"
        );
        for figure in ["loss", "reconstruction", "latent", "grid"] {
            check_figure(&room, &format!("runs/run/figures/{figure}"));
        }
        let curves = room.text("runs/run/figures/loss.svg");
        assert!(curves.contains("evaluations"), "{optimizer}");

        let report = room.json("runs/run/run.json");
        let cost = &report["optimizer"];
        assert_eq!(report["status"], "completed");
        assert_eq!(cost["name"], optimizer);
        assert_eq!(cost["precision"], "double");
        assert_eq!(cost["gradient"], "exact");
        assert!(cost["ended"].is_string(), "{cost}");
        assert!(
            cost["evaluations"].as_u64() > Some(1) && cost["evaluations"].as_u64() <= Some(400)
        );
        let last = |name: &str| column(&room, "run", name).pop();
        for (name, key) in [("evaluations", "evaluations"), ("gradients", "gradients")] {
            assert_eq!(last(name), Some(cost[key].to_string()), "{optimizer}");
        }
        assert_eq!(
            last("epoch"),
            Some(report["epochs"]["completed"].to_string())
        );
        let first: f64 = column(&room, "run", "train_loss")[0]
            .parse()
            .expect("a number");
        assert!(loss(&room, "run") < first, "{optimizer}");
    }
}

#[test]
fn every_command_works_on_such_a_run() {
    let room = Room::new();
    train(&room, "bfgs", &["--max-evaluations", "300"]);
    for command in [
        "eval bfgs",
        "eval bfgs --checkpoint last",
        "reconstruct bfgs",
        "denoise bfgs --noise flip:.1 --copies 3",
        "encode bfgs",
        "generate bfgs --count 5",
        "latent bfgs",
        "morph bfgs A B",
        "animate bfgs",
        "inspect bfgs",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let ran = room.run(&words);
        assert_eq!(ran.code, Some(0), "{command}: {ran:?}");
    }
    let report = room.json("runs/bfgs/run.json");
    let value = room.run(&["eval", "bfgs", "--json"]).ok().json();
    assert_eq!(value["metrics"], report["metrics"]["test"]);
    let frames = room.run(&["animate", "bfgs", "--json"]).ok().json();
    assert!(frames["frames"].as_u64() > Some(5), "{frames}");
}

#[test]
fn bfgs_learns_the_letters_by_heart() {
    let room = Room::new();
    train(&room, "bfgs", &["--max-evaluations", "4000"]);
    let report = room.json("runs/bfgs/run.json");
    assert!(loss(&room, "bfgs") < 0.5, "{report:#}");
    assert_eq!(report["metrics"]["test"]["wrong_pixels_max"], 0);
}

#[test]
fn evaluations_keep_to_their_limit() {
    for optimizer in OPTIMIZERS {
        let room = Room::new();
        let ran = train(&room, optimizer, &["--max-evaluations", "500"]);
        let cost = cost(&room, optimizer);
        let evaluations = cost["evaluations"].as_u64();
        assert!(evaluations <= Some(500), "{cost}");
        if cost["ended"] == "evaluations" && optimizer != "adaptive" {
            assert_eq!(evaluations, Some(500), "{cost}");
        }
        assert!(
            ran.stdout
                .contains(&format!("{} evaluations in ", cost["evaluations"])),
            "{ran:?}"
        );
    }
}

#[test]
fn iterations_keep_to_theirs() {
    let room = Room::new();
    for (more, expected) in [
        (&["--max-iterations", "7"][..], 7),
        (&["--epochs", "9"], 9),
        (&["--epochs", "9", "--max-iterations", "3"], 3),
    ] {
        let room = Room::new();
        train(&room, "bfgs", more);
        assert_eq!(cost(&room, "bfgs")["iterations"], expected);
        assert_eq!(cost(&room, "bfgs")["ended"], "iterations");
        let rows = column(&room, "bfgs", "epoch");
        let expected: Vec<String> = (0..=expected).map(|row| row.to_string()).collect();
        assert_eq!(rows, expected);
    }
    train(&room, "adaptive", &["--batch-size", "8", "--epochs", "5"]);
    assert_eq!(cost(&room, "adaptive")["iterations"], 5);
}

#[test]
fn a_finite_gradient_costs_an_evaluation_a_weight_and_one_more() {
    let room = Room::new();
    let evaluations = |run: &str, gradient: &str| {
        let small = ["--layers", "35,2,35", "--max-iterations", "3"];
        let more = ["--gradient", gradient, "--name", run];
        let start = ["train", "fonts", "--optimizer", "lbfgs", "--no-figures"];
        room.run(&[&start[..], &small, &more].concat()).ok();
        let cost = cost(&room, run);
        let numbers = [&cost["evaluations"], &cost["gradients"]];
        numbers.map(|number| number.as_u64().expect("a count"))
    };
    let [exact, gradients] = evaluations("exact", "exact");
    assert_eq!(exact, gradients, "a value comes with each gradient");
    // 35 · 2 + 2 weights down, 2 · 35 + 35 up; a gradient at the start and after each of three line searches, which take values.
    let [finite, gradients] = evaluations("finite", "finite");
    assert_eq!(gradients, 0);
    let values = finite
        .checked_sub(4 * (177 + 1))
        .expect("each difference is counted");
    assert!((6..120).contains(&values), "{values} on three lines");
}

#[test]
fn the_target_is_one_of_the_test_loss() {
    let room = Room::new();
    let ran = train(&room, "bfgs", &["--target-loss", "10"]);
    assert!(ran.stdout.contains("ended early: test loss "), "{ran:?}");
    assert_eq!(cost(&room, "bfgs")["ended"], "test loss");
    assert!(loss(&room, "bfgs") <= 10.0);
    let losses = column(&room, "bfgs", "test_loss");
    let reached = losses
        .iter()
        .filter(|loss| loss.parse::<f64>().expect("a number") <= 10.0);
    assert_eq!(reached.count(), 1, "it stops at once");
}

#[test]
fn double_precision_takes_the_usual_optimisers_too() {
    for optimizer in ["sgd", "momentum", "adam"] {
        let room = Room::new();
        for batch in ["0", "1", "8"] {
            let name = [
                "--name",
                batch,
                "--precision",
                "double",
                "--batch-size",
                batch,
            ];
            let start = ["train", "fonts", "--optimizer", optimizer, "--no-figures"];
            room.run(&[&start[..], &name, &["--epochs", "20"]].concat())
                .ok();
            let first: f64 = column(&room, batch, "train_loss")[0]
                .parse()
                .expect("a number");
            assert!(loss(&room, batch) < first, "{optimizer} {batch}");
            assert_eq!(column(&room, batch, "epoch").len(), 21);
        }
    }
}

#[test]
fn a_denoising_net_learns_from_copies_that_stay() {
    let room = Room::new();
    let noise = ["--model", "dae", "--noise", "flip:.1", "--copies", "10"];
    train(
        &room,
        "lbfgs",
        &[&noise[..], &["--max-evaluations", "300"]].concat(),
    );
    let report = room.json("runs/lbfgs/run.json");
    let rows = column(&room, "lbfgs", "train_loss");
    let last: f64 = rows[rows.len() - 1].parse().expect("a number");
    let best = report["epochs"]["best"].as_u64().expect("an epoch");
    let measured = report["metrics"]["train"]["loss"].as_f64().expect("a loss");
    // The very copies are measured; of the best model, which need not be the last.
    let row: f64 = rows[best as usize].parse().expect("a number");
    assert!(
        (measured - row).abs() < 1e-4 * row,
        "{measured}, {row}, {last}"
    );
    let value = room.run(&["denoise", "lbfgs", "--json"]).ok().json();
    let wrong = |who: &str| value[who]["wrong_pixels_mean"].as_f64();
    assert!(wrong("model") < wrong("identity"), "{value:#}");
}

#[test]
fn a_run_repeats_itself_to_the_byte() {
    let weights = |room: &Room, run: &str| {
        let checkpoint =
            |which: &str| room.bytes(&format!("runs/{run}/checkpoints/{which}/model.safetensors"));
        ["best", "last"].map(checkpoint)
    };
    for optimizer in OPTIMIZERS {
        let room = Room::new();
        let limit = ["--max-evaluations", "300"];
        train(&room, optimizer, &limit);
        let again = format!("runs/{optimizer}/config.toml");
        let args = [
            "train",
            "--config",
            &again,
            "--name",
            "again",
            "--no-figures",
        ];
        room.run(&args).ok();
        assert!(
            weights(&room, optimizer) == weights(&room, "again"),
            "{optimizer}"
        );
    }
}

#[test]
fn a_raised_limit_goes_on_to_the_numbers_of_the_longer_run() {
    let room = Room::new();
    let long = ["--max-evaluations", "600"];
    for optimizer in ["bfgs", "powell"] {
        train(&room, optimizer, &["--max-evaluations", "200"]);
        let start = [
            "train",
            "fonts",
            "--optimizer",
            optimizer,
            "--device",
            "cpu",
        ];
        let args = [&start[..], &long, &["--no-figures", "--name", "long"]].concat();
        room.run(&args).ok();
        let resume = ["train", "--no-figures", "--resume", optimizer];
        let ran = room.run(&resume).failed(2);
        assert_eq!(
            ran.lines("hint: "),
            [format!(
                "`--max-evaluations 400` would resume it; `espejo eval runs/{optimizer}` draws its figures"
            )]
        );
        let ran = room.run(&[&resume[..], &long].concat()).ok();
        assert!(
            ran.stderr.contains("starts again from its initial weights"),
            "{ran:?}"
        );
        let weights =
            |run: &str| room.bytes(&format!("runs/{run}/checkpoints/last/model.safetensors"));
        assert!(weights(optimizer) == weights("long"), "{optimizer}");
        assert_eq!(
            column(&room, optimizer, "train_loss"),
            column(&room, "long", "train_loss")
        );
        std::fs::remove_dir_all(room.path("runs/long")).expect("writable");
    }
}

#[test]
fn a_training_that_diverges_keeps_its_best_and_fails() {
    let room = Room::new();
    let args = "train fonts --optimizer sgd --precision double --lr 1e200 --loss mse --name bad \
                --set model.output_activation=linear --set model.activation=linear --no-figures";
    let ran = room
        .run(&args.split_whitespace().collect::<Vec<_>>())
        .failed(1);
    assert!(ran.lines("error: ")[0].starts_with("epoch "), "{ran:?}");
    assert!(
        ran.lines("hint: ")[0].contains("--lr") && !ran.stderr.contains("clip_norm"),
        "{ran:?}"
    );
    assert_eq!(room.json("runs/bad/run.json")["status"], "failed");
}
