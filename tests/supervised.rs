//! Classifiers and regressors from outside: what they print, write and refuse.

use serde_json::Value;

use crate::program::{Ran, Room};

/// Two clouds of points with a class and a number each: `x,y,kind,height`, 60 rows.
fn clouds(room: &Room) {
    let mut text = "x,y,kind,height\n".to_owned();
    for i in 0..60 {
        let (class, middle) = if i % 2 == 0 {
            ("left", -2.0)
        } else {
            ("right", 2.0)
        };
        let turn = f64::from(i) * 0.7;
        let (x, y) = (middle + turn.cos(), turn.sin());
        text += &format!("{x:.4},{y:.4},{class},{:.4}\n", 100.0 + 3.0 * x - 2.0 * y);
    }
    room.write("clouds.csv", text);
}

const CLASSIFIER: [&str; 8] = [
    "clouds.csv",
    "--model",
    "classifier",
    "--target",
    "kind",
    "--set",
    "train.epochs=60",
    "--test-fraction=.25",
];

fn json(run: &Ran) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

#[test]
fn a_classifier_is_trained_evaluated_and_used() {
    let room = Room::new();
    clouds(&room);
    let trained = room.train("c", &[&CLASSIFIER[..], &["--json"]].concat());
    let report = json(&trained);
    assert_eq!(
        report["data"]["target"]["classes"],
        serde_json::json!(["left", "right"])
    );
    assert_eq!(
        report["data"]["targets_sha256"].as_str().map(str::len),
        Some(64)
    );
    assert!(
        report["metrics"]["test"]["accuracy"].as_f64() >= Some(0.9),
        "{report}"
    );
    // Three columns beside the target: x, y and height.
    assert_eq!(report["model"]["layers"], serde_json::json!([3, 32, 16, 2]));
    for key in ["majority", "linear", "nearest"] {
        assert!(report["baselines"][key]["accuracy"].is_number(), "{key}");
    }
    let evaluated = json(&room.run(&["eval", "c", "--json"]).ok());
    for key in [
        "loss",
        "cross_entropy",
        "accuracy",
        "accuracy_low",
        "calibration_error",
    ] {
        let (now, then) = (&evaluated["metrics"][key], &report["metrics"]["test"][key]);
        assert_eq!(now, then, "{key}");
    }
    for figure in ["loss", "confusion", "reliability"] {
        for ending in ["png", "svg", "csv"] {
            let path = room.path(&format!("runs/c/figures/{figure}.{ending}"));
            assert!(path.is_file(), "{}", path.display());
        }
    }
    let classes = evaluated["classes"].as_array().expect("classes");
    assert_eq!(classes.len(), 2);
    assert!(classes[0]["recall"].is_number() && classes[0]["precision"].is_number());
}

#[test]
fn predictions_have_a_class_and_probabilities_that_add_up() {
    let room = Room::new();
    clouds(&room);
    room.train("c", &CLASSIFIER);
    // New rows without the target: the columns that the net learned from are enough.
    room.write("new.csv", "x,y,height\n-2.5,0.1,92.3\n2.4,-0.3,107.8\n");
    let run = room.run(&["predict", "c", "--data", "new.csv"]).ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "sample,caption,class,probability,p(left),p(right),row"
    );
    assert_eq!(lines.len(), 3);
    for (line, class) in lines[1..].iter().zip(["left", "right"]) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[2], class, "{line}");
        let numbers: Vec<f64> = cells[3..]
            .iter()
            .map(|cell| cell.parse().expect("a number"))
            .collect();
        assert!((numbers[1] + numbers[2] - 1.0).abs() < 1e-5, "{line}");
        assert_eq!(numbers[0], numbers[1].max(numbers[2]), "{line}");
    }
    // Where the classes are known, the accuracy is told beside the results.
    let known = room.run(&["predict", "c", "--data", "clouds.csv"]).ok();
    assert!(known.stderr.contains("accuracy"), "{}", known.stderr);
    assert_eq!(known.stdout.lines().count(), 61);
}

#[test]
fn a_regressor_predicts_in_the_unit_of_its_target() {
    let room = Room::new();
    clouds(&room);
    let text = room.text("clouds.csv");
    let without = text.lines().map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        format!("{},{},{}\n", cells[0], cells[1], cells[3])
    });
    room.write("heights.csv", without.collect::<String>());
    let more = [
        "heights.csv",
        "--model",
        "regressor",
        "--target",
        "height",
        "--json",
    ];
    let more = [
        &more[..],
        &["--set", "train.epochs=300", "--test-fraction", ".25"],
    ]
    .concat();
    let report = json(&room.train("r", &more));
    let test = &report["metrics"]["test"];
    assert!(test["r2"].as_f64() > Some(0.95), "{test}");
    assert!(test["rmse"].as_f64() < Some(2.0), "{test}");
    // The number is a linear function of the columns: nothing beats least squares.
    assert!(
        report["baselines"]["linear"]["r2"].as_f64() > Some(0.99),
        "{report}"
    );
    assert!(
        room.path("runs/r/figures").exists() || room.path("runs/r/target_scaling.csv").is_file()
    );
    room.write("new.csv", "x,y\n2.0,0.0\n");
    let run = room.run(&["predict", "r", "--data", "new.csv"]).ok();
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "sample,caption,height,row");
    let height: f64 = lines[1]
        .split(',')
        .nth(2)
        .and_then(|cell| cell.parse().ok())
        .expect("a number");
    assert!((height - 106.0).abs() < 2.0, "{height}");
}

#[test]
fn permuted_values_are_permuted_again_when_the_run_is_used() {
    let room = Room::new();
    clouds(&room);
    room.train("p", &[&CLASSIFIER[..], &["--permute"]].concat());
    let order = room.text("runs/p/permutation.csv");
    let mut places: Vec<usize> = order
        .lines()
        .skip(1)
        .map(|line| line.parse().expect("a place"))
        .collect();
    places.sort_unstable();
    assert_eq!(places, [0, 1, 2]);
    let before = room
        .run(&["predict", "p", "--data", "clouds.csv"])
        .ok()
        .stdout;
    // The file decides, not the seed: another order gives other predictions.
    let turned: Vec<&str> = order.lines().skip(1).collect();
    let other = format!("from\n{}\n{}\n{}\n", turned[1], turned[2], turned[0]);
    room.write("runs/p/permutation.csv", other);
    let after = room
        .run(&["predict", "p", "--data", "clouds.csv"])
        .ok()
        .stdout;
    assert_ne!(before, after);
    room.write("runs/p/permutation.csv", "from\n0\n0\n1\n");
    let damaged = room.run(&["predict", "p", "--data", "clouds.csv"]);
    assert!(
        damaged.code == Some(5) || damaged.code == Some(3),
        "{}",
        damaged.stderr
    );
}

#[test]
fn an_encoder_becomes_the_body_of_a_classifier_frozen_or_not() {
    let room = Room::new();
    let letters = ["fonts:all", "--layers", "16", "--latent", "4"];
    room.train("mirror", &letters);
    let classifier = [
        "fonts:all",
        "--model",
        "classifier",
        "--init-from",
        "mirror",
    ];
    room.train("tuned", &classifier);
    room.train("frozen", &[&classifier[..], &["--freeze"]].concat());
    let encoder = tensor(&room, "mirror", "encoder.0.weight");
    assert_eq!(tensor(&room, "frozen", "layers.0.weight"), encoder);
    assert_ne!(tensor(&room, "tuned", "layers.0.weight"), encoder);
    let report = room.json("runs/frozen/run.json");
    assert_eq!(report["model"]["layers"], serde_json::json!([35, 16, 4, 3]));
    // The run stands on its own: the other may go.
    std::fs::remove_dir_all(room.path("runs/mirror")).expect("it is there");
    room.run(&["eval", "frozen"]).ok();
}

fn tensor(room: &Room, run: &str, name: &str) -> Vec<u8> {
    let bytes = room.bytes(&format!("runs/{run}/checkpoints/best/model.safetensors"));
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    file.tensor(name).expect("it is there").data().to_vec()
}

#[test]
fn a_resumed_classifier_gives_the_numbers_of_the_uninterrupted_one() {
    let room = Room::new();
    clouds(&room);
    let more = |epochs: &'static str| {
        let mut more = CLASSIFIER.to_vec();
        more[6] = epochs;
        [
            &more[..],
            &["--layers", "8,bn,dropout:.2,4", "--batch-size", "16"],
        ]
        .concat()
    };
    room.train("whole", &more("train.epochs=12"));
    room.train("parts", &more("train.epochs=6"));
    room.run(&[
        "train",
        "--resume",
        "parts",
        "--epochs",
        "12",
        "--device",
        "cpu",
        "--no-figures",
    ])
    .ok();
    for part in ["train", "test"] {
        let of = |run: &str| room.json(&format!("runs/{run}/run.json"))["metrics"][part].clone();
        assert_eq!(of("whole"), of("parts"), "{part}");
    }
}

#[test]
fn a_class_that_the_run_has_not_learned_is_refused() {
    let room = Room::new();
    clouds(&room);
    room.train("c", &CLASSIFIER);
    let text = room.text("clouds.csv").replace("right", "above");
    room.write("other.csv", text);
    let run = room.run(&["predict", "c", "--data", "other.csv"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(
        run.stderr.contains("`above`") && run.stderr.contains("`left`"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "");
}

/// What is refused, with its exit code and a word of the message.
const REFUSED: [(&[&str], i32, &str); 11] = [
    (&["--model", "classifier"], 2, "has no classes to learn"),
    (
        &["--model", "regressor", "--label", "kind"],
        2,
        "no numbers to predict",
    ),
    (
        &["--model", "classifier", "--target", "colour"],
        2,
        "colour",
    ),
    (&["--model", "regressor", "--target", "kind"], 3, "kind"),
    (&["--target", "kind"], 2, "`ae`"),
    (
        &["--model", "classifier", "--target", "kind", "--loss", "mse"],
        2,
        "probabilities",
    ),
    (
        &[
            "--model",
            "regressor",
            "--target",
            "height",
            "--label",
            "kind",
            "--loss",
            "bce",
        ],
        2,
        "target",
    ),
    (
        &[
            "--model",
            "classifier",
            "--target",
            "kind",
            "--noise",
            "gaussian:.1",
        ],
        2,
        "denoising",
    ),
    (
        &[
            "--model",
            "classifier",
            "--target",
            "kind",
            "--optimizer",
            "bfgs",
        ],
        2,
        "double precision",
    ),
    (
        &["--model", "classifier", "--target", "kind", "--fold", "3"],
        2,
        "--fold 2/5",
    ),
    (
        &[
            "--model",
            "classifier",
            "--target",
            "kind",
            "--fold",
            "1/2",
            "--test-fraction",
            ".2",
        ],
        2,
        "test_fraction",
    ),
];

#[test]
fn what_cannot_be_learned_is_refused_in_words() {
    let room = Room::new();
    clouds(&room);
    for (more, code, word) in REFUSED {
        let run = room.run(&[&["train", "clouds.csv", "--device", "cpu"], more].concat());
        assert_eq!(run.code, Some(code), "{more:?}: {}", run.stderr);
        assert!(run.stderr.contains(word), "{more:?}: {}", run.stderr);
    }
    assert!(!room.path("runs").exists(), "nothing is left behind");
    room.write("heights.csv", "x,height\n1,2.75\n2,3.5\n");
    let numbers = [
        "train",
        "heights.csv",
        "--model",
        "classifier",
        "--target",
        "height",
    ];
    let run = room.run(&[&numbers[..], &["--device", "cpu"]].concat());
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    let expected = "a class (a word or a whole number) in column `height`, found `2.75`";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let one = room.text("clouds.csv").replace("right", "left");
    room.write("clouds.csv", one);
    let run = room.run(&[&["train", "--device", "cpu"], &CLASSIFIER[..]].concat());
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("1 class"), "{}", run.stderr);
}
