//! Cross-validation, classifiers of one output and filled cells from outside.

use serde_json::Value;

use crate::program::Room;

/// Rows of two classes with zeros that stand for missing cells in `a` and are numbers in `b`: `a,b,kind`.
fn rows(room: &Room) {
    let mut text = "a,b,kind\n".to_owned();
    for row in 0..90 {
        let (class, turn) = (row % 3 / 2, f64::from(row) * 0.7);
        let a = match row % 8 {
            0 => "0".to_owned(),
            _ => format!("{:.4}", 50.0 + 10.0 * f64::from(class) + 6.0 * turn.cos()),
        };
        let b = (3.0 * turn.sin()).round() + 3.0;
        text += &format!("{a},{b},{}\n", ["no", "yes"][class as usize]);
    }
    room.write("rows.csv", text);
}

const NET: [&str; 17] = [
    "rows.csv",
    "--model",
    "classifier",
    "--target",
    "kind",
    "--loss",
    "bce",
    "--layers",
    "8,bn",
    "--missing",
    "0",
    "--missing-in",
    "a",
    "--fill",
    "mean",
    "--batch-size",
    "16",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&NET[..], more].concat()
}

fn lines(text: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

#[test]
fn folds_are_trained_measured_drawn_and_reported() {
    let room = Room::new();
    rows(&room);
    let ran = room.run(
        &[
            &["train"][..],
            &with(&[
                "--folds",
                "4",
                "--repeats",
                "2",
                "--epochs",
                "12",
                "--device",
                "cpu",
                "--name",
                "c",
            ]),
        ]
        .concat(),
    );
    let ran = ran.ok();
    for words in [
        "over 8 held-out folds (4 folds, 2 repeats, each class in its proportion)",
        "this model learned every sample",
        "all held-out predictions, 95 % interval by 2000 draws of a bootstrap over samples",
        "areas are those of ranking by p(yes)",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }
    assert!(
        ran.stderr.contains("fold 8/8 (repeat 2, fold 4)"),
        "{}",
        ran.stderr
    );
    let report = room.json("runs/c/run.json");
    let folds = &report["folds"];
    assert_eq!((&folds["folds"], &folds["repeats"]), (&4.into(), &2.into()));
    assert_eq!(folds["stratified"], true);
    assert_eq!(folds["positive"], "yes");
    assert_eq!(folds["each"].as_array().map(Vec::len), Some(8));
    let accuracy = &folds["measures"]["accuracy"];
    let of_each = folds["each"].as_array().expect("folds").iter();
    let of_each: Vec<f64> = of_each
        .map(|fold| fold["metrics"]["accuracy"].as_f64().expect("a number"))
        .collect();
    let mean = of_each.iter().sum::<f64>() / 8.0;
    let squares: f64 = of_each.iter().map(|value| (value - mean).powi(2)).sum();
    let close = |found: &Value, expected: f64| {
        let found = found.as_f64().expect("a number");
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    };
    close(&accuracy["mean"], mean);
    close(&accuracy["sd"], (squares / 7.0).sqrt());
    // The share of right ones among all predictions, by the table of them.
    let predictions = lines(&room.text("runs/c/folds/predictions.csv"));
    assert_eq!(
        predictions[0].join(","),
        "repeat,fold,sample,class,p(no),p(yes),linear p(no),linear p(yes)"
    );
    assert_eq!(predictions.len(), 1 + 2 * 90);
    let right = predictions[1..].iter().filter(|cells| {
        let p: f64 = cells[5].parse().expect("a number");
        (p > 0.5) == (cells[3] == "yes")
    });
    close(&accuracy["pooled"], right.count() as f64 / 180.0);
    let (low, high) = (accuracy["low"].as_f64(), accuracy["high"].as_f64());
    assert!(low < accuracy["pooled"].as_f64() && accuracy["pooled"].as_f64() < high);
    // Every sample is held out once a repeat.
    for repeat in ["1", "2"] {
        let of_repeat = predictions[1..].iter().filter(|cells| cells[0] == repeat);
        let mut samples: Vec<usize> = of_repeat
            .map(|cells| cells[2].parse().expect("a place"))
            .collect();
        samples.sort_unstable();
        assert_eq!(samples, Vec::from_iter(0..90));
    }
    for key in ["majority", "linear", "nearest"] {
        assert!(
            folds["baselines"][key]["accuracy"]["mean"].is_number(),
            "{key}"
        );
    }
    assert!(folds["baselines"]["linear"]["roc_auc"]["low"].is_number());
    for figure in ["folds", "roc", "precision-recall"] {
        for ending in ["png", "svg", "csv"] {
            let path = room.path(&format!("runs/c/figures/{figure}.{ending}"));
            assert!(path.is_file(), "{}", path.display());
        }
    }
    assert_eq!(
        room.text("runs/c/folds/curves.csv").lines().count(),
        1 + 8 * 12
    );
    // The verdict is on the nets that had not seen the samples.
    let finding = &report["findings"][0]["numbers"];
    close(&finding["accuracy"], mean);
    // The model that is kept learned every sample, for all epochs.
    assert_eq!(report["data"]["train"], 90);
    assert_eq!(report["epochs"]["best"], 12);
    for command in ["eval", "inspect"] {
        let ran = room.run(&[command, "c"]).ok();
        assert!(
            ran.stdout.contains("over 8 held-out folds"),
            "{command}: {}",
            ran.stdout
        );
    }
    let listed = room.run(&["runs", "--json"]).ok().json();
    close(&listed["runs"][0]["result"]["value"], mean);
}

/// Fold 2 of the second repeat is the run with `--fold 2/4` and the next seed, to the bit.
#[test]
fn a_fold_is_the_run_that_holds_it_out_alone() {
    let room = Room::new();
    rows(&room);
    room.train(
        "all",
        &with(&["--folds", "4", "--repeats", "2", "--seed", "5"]),
    );
    room.train("one", &with(&["--fold", "2/4", "--seed", "6"]));
    let curves = lines(&room.text("runs/all/folds/curves.csv"));
    let metrics = lines(&room.text("runs/one/metrics.csv"));
    for name in ["train_loss", "train_accuracy", "test_loss", "test_accuracy"] {
        let place = |header: &[String]| header.iter().position(|cell| cell == name).expect(name);
        let (in_all, in_one) = (place(&curves[0]), place(&metrics[0]));
        let of_fold = curves[1..]
            .iter()
            .filter(|cells| cells[0] == "2" && cells[1] == "2");
        let of_fold: Vec<&String> = of_fold.map(|cells| &cells[in_all]).collect();
        let alone: Vec<&String> = metrics[1..].iter().map(|cells| &cells[in_one]).collect();
        assert_eq!(of_fold, alone, "{name}");
    }
}

#[test]
fn a_cross_validation_that_was_interrupted_goes_on_to_the_same_numbers() {
    let room = Room::new();
    rows(&room);
    let folds = ["--folds", "3"];
    room.train("whole", &with(&folds));
    room.train("again", &with(&folds));
    let whole = room.json("runs/whole/run.json");
    // As it was left behind by a process that was killed in the second fold.
    for file in [
        "folds/r1-f2.json",
        "folds/r1-f3.json",
        "folds/curves.csv",
        "run.json",
        "metrics.csv",
    ] {
        std::fs::remove_file(room.path(&format!("runs/again/{file}"))).expect(file);
    }
    std::fs::remove_dir_all(room.path("runs/again/checkpoints")).expect("checkpoints");
    let first = room.text("runs/again/folds/r1-f1.json");
    room.run(&["train", "--resume", "again", "--no-figures"])
        .ok();
    assert_eq!(
        room.text("runs/again/folds/r1-f1.json"),
        first,
        "it was kept"
    );
    let again = room.json("runs/again/run.json");
    for key in ["measures", "baselines"] {
        assert_eq!(again["folds"][key], whole["folds"][key], "{key}");
    }
    assert_eq!(again["metrics"], whole["metrics"]);
}

#[test]
fn zeros_of_some_columns_are_missing_and_new_rows_are_filled_as_in_training() {
    let room = Room::new();
    rows(&room);
    room.train("c", &with(&["--test-fraction", ".2"]));
    let report = room.json("runs/c/run.json");
    // Of 90 rows every eighth; the zeros of `b` are numbers.
    assert_eq!(report["data"]["missing"], serde_json::json!({ "a": 12 }));
    let fill = room.text("runs/c/fill.csv");
    let mean = fill
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').nth(1))
        .expect("a number");
    room.write("new.csv", format!("a,b\n0,0\n,0\n{mean},0\n60,0\n"));
    let ran = room.run(&["predict", "c", "--data", "new.csv"]).ok();
    let found = lines(&ran.stdout);
    assert_eq!(
        found[0].join(","),
        "sample,caption,class,probability,p(no),p(yes),row"
    );
    let probabilities = |row: usize| found[row][4..6].to_vec();
    assert_eq!(probabilities(1), probabilities(2));
    assert_eq!(probabilities(1), probabilities(3));
    assert_ne!(probabilities(1), probabilities(4));
    let sum: f64 = probabilities(4)
        .iter()
        .map(|p| p.parse::<f64>().expect("a number"))
        .sum();
    assert!((sum - 1.0).abs() < 1e-6);
    // The statistics of the training part, by hand: 72 of 90 rows.
    let kept = room.text("runs/c/scaling.csv");
    let shift = kept
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').nth(1))
        .expect("a number");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    assert!(
        (number(shift) - number(mean)).abs() < 1e-9,
        "filled by the mean, the mean stays"
    );
    std::fs::remove_file(room.path("runs/c/fill.csv")).expect("it is there");
    let damaged = room.run(&["predict", "c", "--data", "new.csv"]);
    assert_eq!(damaged.code, Some(5), "{}", damaged.stderr);
    assert!(
        damaged.stderr.contains("what stood for missing cells"),
        "{}",
        damaged.stderr
    );
}

#[test]
fn a_net_with_one_output_is_counted_and_evaluated() {
    let room = Room::new();
    rows(&room);
    let net = NET.map(|word| if word == "8,bn" { "24,bn,12,bn" } else { word });
    room.train("c", &[&net[..], &["--test-fraction", ".2"]].concat());
    let report = room.json("runs/c/run.json");
    // 2-24-bn-12-bn-1: with 8 columns these are 673.
    assert_eq!(report["parameters"], 673 - 6 * 24);
    assert_eq!(report["model"]["non_trainable"], 72);
    let test = &report["metrics"]["test"];
    for key in [
        "cross_entropy",
        "accuracy",
        "accuracy_low",
        "calibration_error",
    ] {
        assert!(test[key].is_number(), "{key}: {test}");
    }
    let evaluated: Value =
        serde_json::from_str(&room.run(&["eval", "c", "--json"]).ok().stdout).expect("JSON");
    assert_eq!(&evaluated["metrics"], test);
    // By the probabilities that `predict` gives, as by hand.
    let ran = room.run(&["predict", "c", "--part", "test"]).ok();
    let classes = lines(&room.text("rows.csv"));
    let nats: Vec<f64> = lines(&ran.stdout)[1..]
        .iter()
        .map(|cells| {
            let row: usize = cells[6].parse().expect("a row");
            let place = if classes[row + 1][2] == "yes" { 5 } else { 4 };
            -cells[place].parse::<f64>().expect("a number").ln()
        })
        .collect();
    let mean = nats.iter().sum::<f64>() / nats.len() as f64;
    let found = test["cross_entropy"].as_f64().expect("a number");
    assert!((found - mean).abs() < 1e-5, "{found} {mean}");
}

#[test]
fn a_regressor_and_an_autoencoder_have_folds_too() {
    let room = Room::new();
    rows(&room);
    let regressor = [
        "rows.csv",
        "--model",
        "regressor",
        "--target",
        "b",
        "--folds",
        "3",
    ];
    room.train("r", &regressor);
    let folds = &room.json("runs/r/run.json")["folds"];
    assert!(folds["measures"]["rmse"]["sd"].is_number(), "{folds}");
    assert!(folds["baselines"]["mean"]["rmse"]["mean"].is_number());
    assert_eq!(folds["stratified"], false);
    let header = room.text("runs/r/folds/predictions.csv");
    assert!(
        header.starts_with("repeat,fold,sample,true b,b,linear b\n"),
        "{header}"
    );
    room.train("a", &["rows.csv", "--label", "kind", "--folds", "3"]);
    let folds = &room.json("runs/a/run.json")["folds"];
    assert!(
        folds["measures"]["squared_error"]["sd"].is_number(),
        "{folds}"
    );
    assert_eq!(folds["stratified"], true);
    assert!(!room.path("runs/a/folds/predictions.csv").exists());
}

/// What is refused, with its exit code and a word of the message.
const REFUSED: [(&[&str], i32, &str); 12] = [
    (
        &["--folds", "1"],
        2,
        "`data.folds` is 1, expected 2 or more",
    ),
    (&["--repeats", "2"], 2, "there are no `data.folds`"),
    (&["--folds", "91"], 2, "expected 2 to 90 folds"),
    (&["--folds", "31"], 2, "for class `yes` has 30 samples"),
    (
        &["--folds", "3", "--fold", "1/3"],
        2,
        "another part is to be held out",
    ),
    (
        &["--folds", "3", "--patience", "4"],
        2,
        "goes by its test loss",
    ),
    (&["--folds", "3", "--optimizer", "bfgs"], 2, "double"),
    (&["--set", "data.missing_in=['c']"], 2, "`missing_in` of"),
    (
        &["--set", "data.missing=[]"],
        2,
        "words that stand for a missing cell",
    ),
    (&["--fill", "median"], 2, "`none` or `mean`"),
    (&["--target", "b"], 2, "is for two classes"),
    (&["--model", "ae", "--loss", "mse"], 2, "data.target"),
];

#[test]
fn what_cannot_be_is_refused() {
    let room = Room::new();
    rows(&room);
    for (more, code, words) in REFUSED {
        let mut args = vec!["train"];
        // A flag that is given again replaces the one of the net.
        let replaced = |flag: &str| {
            more.contains(&flag) || more.iter().any(|of| of.starts_with("data.missing"))
        };
        let mut words_of_net = NET.iter();
        while let Some(word) = words_of_net.next() {
            if word.starts_with("--")
                && replaced(word)
                && (more.contains(word) || word.starts_with("--missing"))
            {
                words_of_net.next();
                continue;
            }
            args.push(word);
        }
        if more.iter().any(|of| of.starts_with("data.missing_in")) {
            args.extend(["--missing", "0"]);
        } else if more.iter().any(|of| of.starts_with("data.missing=")) {
            args.extend(["--missing-in", "a"]);
        }
        args.extend(more);
        let ran = room.run(&args);
        assert_eq!(ran.code, Some(code), "{more:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{more:?}: {}", ran.stderr);
        assert!(!room.path("runs").exists(), "{more:?}");
    }
    let images = ["train", "--data", "fonts", "--fill", "mean"];
    let ran = room.run(&images);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("`data.fill` is for tables"),
        "{}",
        ran.stderr
    );
    room.write("short.csv", "a,kind\n1,x\n2,y\n3,x\n4,x\n5,x\n");
    let ran = room.run(&[
        "train",
        "short.csv",
        "--model",
        "classifier",
        "--target",
        "kind",
        "--folds",
        "2",
    ]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("expected at most 1 fold, for class `y` has 1 sample, found 2"),
        "{}",
        ran.stderr
    );
}
